// `cosell status --alert`: one line for a monitoring system, and an exit code that says the same.
#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/wording.h"
#include "cli/workplace.h"
#include "engine/deadline.h"

namespace cosell::cli {

namespace {

constexpr Duration quiet_max = days(1);      // without a sync that went well
constexpr Duration deadline_near = days(2);  // an answer is due

struct Alert {
  int code = exit_done;
  std::vector<std::string> parts;

  void raise(int with, std::string what) {
    code = worse(code, with);
    parts.push_back(std::move(what));
  }
};

Result<void> look_at_sides(Workplace& place, Alert& alert) {
  for (const store::Side side : {store::Side::crm, store::Side::partner_center}) {
    auto stored = place.store().property(std::string("incident.") + store::name_of(side));
    if (!stored) return stored.error();
    if (!stored->empty()) alert.raise(exit_unreachable, place.pair().title(side) + " cannot be used");
  }
  return {};
}

Result<void> look_at_runs(Workplace& place, Instant now, Alert& alert) {
  auto runs = place.store().runs(500);
  if (!runs) return runs.error();
  const auto good = std::find_if(runs->begin(), runs->end(), [](const store::RunRow& r) {
    return r.finished_at && (r.outcome == "ok" || r.outcome == "failures");
  });
  if (good == runs->end()) {
    alert.raise(exit_failures, "no sync went well yet");
  } else if (now - *good->finished_at > quiet_max) {
    alert.raise(exit_failures, "no sync went well since " + to_string_minutes(*good->finished_at) + " UTC");
  }
  return {};
}

Result<void> look_at_deals(Workplace& place, Instant now, Alert& alert) {
  std::size_t failed_deals = 0;
  std::size_t due = 0;
  store::DealFilter filter;
  filter.include_skipped = false;
  while (true) {
    auto rows = place.store().deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) break;
    filter.after = rows->back().id;
    for (const auto& row : *rows) {
      if (row.state == store::DealState::failed) ++failed_deals;
      if (row.state != store::DealState::waiting) continue;
      auto deadline = engine::deadline_of(place.pair(), row);
      if (!deadline) return deadline.error();
      if (*deadline && (*deadline)->at - now < deadline_near) ++due;
    }
  }
  if (failed_deals > 0) alert.raise(exit_failures, text::count_of(failed_deals, "deal") + " failed");
  if (due > 0) alert.raise(exit_failures, text::count_of(due, "deal") + " must be answered within two days");
  return {};
}

Result<void> look(Session& session, const PairConfig& config, Alert& alert) {
  auto made =
      Workplace::make(session, config, Workplace::Login::not_needed, Workplace::MappingUsed::own_told_by_command);
  if (!made) return made.error();
  Workplace& place = **made;
  auto opened = place.open_store(StoreMode::shared, false);
  if (!opened && opened.error().kind == ErrorClass::not_found) {
    alert.raise(exit_failures, "never synced");
    return {};
  }
  if (!opened) return opened;
  if (!place.mapping_choice().refused.empty()) {
    alert.raise(exit_usage, "the mapping file cannot be used, the one of before stays in use");
  }
  const Instant now = session.clock().now();
  if (auto done = look_at_sides(place, alert); !done) return done;
  if (auto done = look_at_runs(place, now, alert); !done) return done;
  return look_at_deals(place, now, alert);
}

}  // namespace

int alert_command(Session& session, const std::string& pair) {
  if (!pair.empty() && session.config.find(pair) == nullptr) {
    return for_each_pair(session, pair, [](const PairConfig&) { return PairAnswer{}; });
  }
  int code = exit_done;
  std::vector<std::string> lines;
  for (const PairConfig& config : session.config.pairs) {
    if (!pair.empty() && config.name != pair) continue;
    Alert alert;
    if (auto done = look(session, config, alert); !done) {
      alert.raise(exit_code_of(done.error().kind), done.error().message);
    }
    code = worse(code, alert.code);
    if (!alert.parts.empty()) lines.push_back(config.name + ": " + text::join(alert.parts, ", "));
  }
  const std::string said = lines.empty() ? "OK" : "LOOK: " + text::join(lines, "; ");
  if (session.output.options().json) {
    session.output.json(Object().flag("ok", lines.empty()).text("text", said).done());
  } else {
    session.output.answer(said);
  }
  return code;
}

}  // namespace cosell::cli
