// `cosell status --alert`: one line for a monitoring system, and an exit code that says the same.
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/service_note.h"
#include "cli/wording.h"
#include "cli/workplace.h"
#include "engine/deadline.h"
#include "store/file_lock.h"

namespace cosell::cli {

namespace {

constexpr Duration quiet_max = days(1);  // without a sync that went well
constexpr int broken_off_at_most = 3;    // a machine that stops once is none of our business
constexpr int runs_looked_at = 20;
constexpr std::size_t runs_that_tell = 10;   // so many syncs say how often there is one
constexpr std::int64_t missed_at_least = 4;  // a service that is started anew or a slow side is none of our business
constexpr Duration missed_for = hours(1);
constexpr Duration deadline_near = days(2);  // an answer or a registration is due

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

// Syncs in a row, up to the last one, that a defect, a full disk or a kill broke off.
Result<int> broken_off(Workplace& place) {
  auto runs = place.store().runs(runs_looked_at);  // newest first
  if (!runs) return runs.error();
  int in_a_row = 0;
  bool may_be_under_way = store::FileLock::holder(place.config().store).has_value();
  for (const store::RunRow& run : *runs) {
    const bool under_way = std::exchange(may_be_under_way, false) && !run.finished_at;
    if (under_way || !is_of_all_deals(run)) continue;
    if (run.finished_at) break;
    ++in_a_row;
  }
  return in_a_row;
}

// How often there was a sync of late: a service or a timer that stopped is told by it long before a day is over.
// Nothing where too few tell, or one is under way.
struct Rhythm {
  Instant last{};
  Duration usual{};
};
Result<std::optional<Rhythm>> rhythm(Workplace& place) {
  auto runs = place.store().runs(runs_looked_at);  // newest first
  if (!runs) return runs.error();
  std::vector<Instant> begun;
  for (const store::RunRow& run : *runs) {
    if (is_of_all_deals(run)) begun.push_back(run.started_at);
  }
  const bool under_way = !runs->empty() && !runs->front().finished_at && store::FileLock::holder(place.config().store);
  if (begun.size() < runs_that_tell || under_way) return std::optional<Rhythm>();
  std::vector<Duration> between;
  for (std::size_t i = 1; i < begun.size(); ++i) between.push_back(begun[i - 1] - begun[i]);
  const Duration newest = between.front();  // where they come less often now, that counts at once
  std::sort(between.begin(), between.end());
  return std::optional<Rhythm>({begun.front(), std::max(newest, between[between.size() / 2])});
}

std::string about(Duration d) {
  const std::int64_t unit = d >= hours(2) ? hours(1).ms : minutes(1).ms;
  return in_words({std::max(unit, (d.ms + unit / 2) / unit * unit)});
}

Result<void> look_at_rhythm(Workplace& place, Instant now, Alert& alert) {
  const auto known = rhythm(place);
  if (!known) return known.error();
  if (!*known) return {};
  const auto& [last, usual] = **known;
  const Duration missed = now - last;
  if (missed <= missed_for || missed.ms <= usual.ms * missed_at_least) return {};
  alert.raise(exit_failures, "no sync began since " + to_string_minutes(last) + " UTC, before that one every " +
                                 about(usual) + ": does the service or the timer run?");
  return {};
}

Result<void> look_at_runs(Workplace& place, Instant now, Alert& alert) {
  auto good = place.store().last_good_run();
  if (!good) return good.error();
  if (!*good) {
    alert.raise(exit_failures, "no sync went well yet");
  } else if (now - *(*good)->finished_at > quiet_max) {
    alert.raise(exit_failures, "no sync went well since " + to_string_minutes(*(*good)->finished_at) + " UTC");
  }
  if (auto done = look_at_rhythm(place, now, alert); !done) return done;
  const auto broken = broken_off(place);
  if (!broken) return broken.error();
  if (*broken >= broken_off_at_most) {
    alert.raise(exit_failures, "the last " + std::to_string(*broken) + " syncs broke off (cosell status)");
  }
  auto stopped = stopped_by_guard(place.store());
  if (!stopped) return stopped.error();
  if (*stopped) {
    alert.raise(exit_failures, "a guard stopped the last sync (cosell todo --kind guard)");
  }
  return {};
}

// Deals with the same thing to do soon; the first of them is named.
struct Due {
  std::size_t deals = 0;
  std::string first;
  Instant until{};

  void add(const store::DealRow& row, Instant at) {
    if (deals == 0 || at < until) {
      first = row.title;
      until = at;
    }
    ++deals;
  }
  std::string text(const std::string& what) const {
    const std::string end = " until " + to_string_minutes(until) + " UTC";
    if (deals == 1) return first + " must be " + what + end;
    return std::to_string(deals) + " deals must be " + what + " soon, first " + first + end;
  }
};

Result<void> look_at_deals(Workplace& place, Instant now, Alert& alert) {
  std::size_t failed_deals = 0;
  std::string failed_first;
  Due answers;
  Due registrations;
  store::DealFilter filter;
  filter.include_skipped = false;
  while (true) {
    auto rows = place.store().deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) break;
    filter.after = rows->back().id;
    for (const auto& row : *rows) {
      if (row.state == store::DealState::failed && ++failed_deals == 1) failed_first = row.title;
      auto deadline = engine::deadline_of(place.pair(), row);
      if (!deadline) return deadline.error();
      if (!*deadline || (*deadline)->at - now >= deadline_near) continue;
      const bool answer = (*deadline)->kind == engine::Deadline::Kind::answer;
      (answer ? answers : registrations).add(row, (*deadline)->at);
    }
  }
  if (failed_deals == 1) alert.raise(exit_failures, failed_first + " failed (cosell todo --kind failed)");
  if (failed_deals > 1) {
    alert.raise(exit_failures, std::to_string(failed_deals) + " deals failed, among them " + failed_first +
                                   " (cosell todo --kind failed)");
  }
  if (answers.deals > 0) {
    alert.raise(exit_failures, answers.text("accepted or declined") + " (cosell todo --kind deadline)");
  }
  if (registrations.deals > 0) {
    alert.raise(exit_failures, registrations.text("registered with Microsoft") + " (cosell todo --kind deadline)");
  }
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
  if (auto apart = place.keeps_apart(); !apart) alert.raise(exit_usage, apart.error().message);
  const auto changed = is_configuration_changed(place);
  if (!changed) return changed.error();
  if (*changed) {
    alert.raise(exit_failures, "the configuration was changed and counts when the service is started again");
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
  for (std::string& line : lines) line = text::replace_all(line, "\n", "; ");  // a monitor reads one line
  const std::string said = lines.empty() ? "OK" : "LOOK: " + text::join(lines, "; ");
  if (session.output.options().json) {
    session.output.json(Object().flag("ok", lines.empty()).text("text", said).done());
  } else {
    session.output.answer(said);
  }
  return code;
}

}  // namespace cosell::cli
