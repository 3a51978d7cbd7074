// `cosell replay` and `cosell approve`: what a person does about deals that failed or wait. While `cosell run` holds
// the store, the wish is left in its inbox.
#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/cycle_report.h"
#include "cli/exit.h"
#include "cli/find_deal.h"
#include "cli/inbox.h"
#include "cli/wording.h"
#include "engine/approve.h"
#include "engine/replay.h"

namespace cosell::cli {

namespace {

using store::DealRow;

// "2026-11-20", "2026-11-20T08:00:00Z", or "2h" for two hours ago.
Result<std::optional<Instant>> since_of(const std::string& written, Instant now) {
  if (written.empty()) return std::optional<Instant>{};
  if (const auto ago = parse_duration(written)) return std::optional<Instant>{now - *ago};
  if (const auto at = parse_instant(written)) return std::optional<Instant>{*at};
  if (const auto day = parse_date(written)) return std::optional<Instant>{start_of(*day)};
  return make_error(
      ErrorClass::config,
      "--since needs a day (2026-11-20), a time (2026-11-20T08:00:00Z) or how long ago (2h), not \"" + written + "\".");
}

bool may_be_replayed(const DealRow& row) {
  const bool retries = row.state == store::DealState::waiting && row.marks.count("attempts") > 0;
  return row.state == store::DealState::failed || retries;
}

Result<std::vector<DealRow>> all_deals(store::Store& store, const std::function<bool(const DealRow&)>& which) {
  std::vector<DealRow> out;
  store::DealFilter filter;
  filter.include_skipped = false;
  while (true) {
    auto rows = store.deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) return out;
    filter.after = rows->back().id;
    for (DealRow& row : *rows) {
      if (which(row)) out.push_back(std::move(row));
    }
  }
}

Result<std::vector<DealRow>> named_deals(const engine::Pair& pair, const std::vector<std::string>& names) {
  std::vector<DealRow> out;
  for (const std::string& name : names) {
    auto row = find_deal(pair, name);
    if (!row) return row.error();
    out.push_back(std::move(*row));
  }
  return out;
}

std::vector<DealId> ids_of(const std::vector<DealRow>& rows) {
  std::vector<DealId> ids;
  for (const DealRow& row : rows) ids.push_back(row.id);
  return ids;
}

// Opens the store to write; when another process holds it, to leave the wish there.
Result<bool> open_or_share(Workplace& place) {
  auto opened = place.open_store(StoreMode::exclusive, false);
  if (opened) return true;
  if (opened.error().kind != ErrorClass::store_busy) return opened.error();
  if (auto shared = place.open_store(StoreMode::shared, false); !shared) return shared.error();
  return false;
}

PairAnswer left_in_inbox(Session& session, const PairConfig& config, Workplace& place, const std::string& command,
                         const std::vector<DealRow>& rows) {
  if (auto left = leave_in_inbox(place, command, ids_of(rows)); !left) return failed(session, &config, left.error());
  session.output.line("Another cosell works on this pair; it was handed " + text::count_of(rows.size(), "deal") +
                      " and takes care of it in a moment. See: cosell todo");
  PairAnswer answer;
  answer.json.set("handed_over", json::Value::integer(static_cast<std::int64_t>(rows.size())));
  return answer;
}

PairAnswer told(Session& session, Workplace& place, const engine::ReplayReport& report, bool dry_run) {
  json::Value list = json::Value::array();
  for (const auto& one : report.deals) {
    session.output.line(session.output.styled(one.title, Style::strong));
    if (one.already_done) {
      session.output.line("  already done: both sides agree");
    } else {
      session.output.line("  before: " + one.before);
      for (const std::string& change : one.changes)
        session.output.line("  " + std::string(dry_run ? "would write to " : "wrote to ") + shortened(change, 160));
      session.output.line("  " + std::string(dry_run ? "then:   " : "now:    ") + one.after);
    }
    list.append(Object()
                    .text("deal", one.title)
                    .text("before", one.before)
                    .text("after", one.after)
                    .number("writes", one.writes)
                    .flag("already_done", one.already_done)
                    .done());
  }
  session.output.line();
  session.output.line((dry_run ? "Nothing was written anywhere. " : "") + calls_line(place));
  PairAnswer answer;
  if (report.cycle.stopped) answer = failed(session, &place.config(), *report.cycle.stopped);
  answer.code = exit_code_of(report.cycle);
  answer.json.set("deals", std::move(list));
  return answer;
}

PairAnswer replay_pair(Session& session, const PairConfig& config, const ReplayOptions& options) {
  auto since = since_of(options.since, session.clock().now());
  if (!since) return failed(session, &config, since.error());
  auto made = Workplace::make(session, config, Workplace::Login::needed);
  if (!made) return failed(session, &config, made.error());
  Workplace& place = **made;
  bool own = true;
  if (options.dry_run) {
    if (auto opened = place.open_store(StoreMode::scratch, false); !opened)
      return failed(session, &config, opened.error());
  } else {
    auto opened = open_or_share(place);
    if (!opened) return failed(session, &config, opened.error());
    own = *opened;
  }
  auto rows = options.deals.empty()
                  ? all_deals(place.store(),
                              [&](const DealRow& row) {
                                const bool kind = options.kind.empty()
                                                      ? may_be_replayed(row)
                                                      : todo_kind(row) == options.kind && waits_for_a_person(row);
                                const bool reason = !options.kind.empty() && row.reason == options.kind;
                                return (kind || reason) && (!*since || row.since >= **since);
                              })
                  : named_deals(place.pair(), options.deals);
  if (!rows) return failed(session, &config, rows.error());
  if (rows->empty()) {
    session.output.line("There is nothing to replay.");
    PairAnswer answer;
    answer.json.set("deals", json::Value::array());
    return answer;
  }
  if (!own) return left_in_inbox(session, config, place, "replay", *rows);
  engine::CycleOptions cycle;
  cycle.command = "replay";
  cycle.plan_only = options.dry_run;
  cycle.progress = progress_of(session);
  auto report = engine::replay(place.pair(), ids_of(*rows), cycle);
  session.output.end_progress();
  if (!report) return failed(session, &config, report.error());
  return told(session, place, *report, options.dry_run);
}

PairAnswer approve_pair(Session& session, const PairConfig& config, const ApproveOptions& options) {
  auto made = Workplace::make(session, config, Workplace::Login::needed);
  if (!made) return failed(session, &config, made.error());
  Workplace& place = **made;
  auto own = open_or_share(place);
  if (!own) return failed(session, &config, own.error());
  auto rows = options.all ? all_deals(place.store(), [](const DealRow& row) { return row.reason == "approval"; })
                          : named_deals(place.pair(), options.deals);
  if (!rows) return failed(session, &config, rows.error());
  if (rows->empty()) session.output.line("Nothing waits for your approval.");
  if (!rows->empty() && !*own) return left_in_inbox(session, config, place, "approve", *rows);
  json::Value list = json::Value::array();
  bool any = false;
  for (const DealRow& row : *rows) {
    auto approved = engine::approve(place.pair(), row.id);
    if (!approved) return failed(session, &config, approved.error());
    any = any || !approved->steps.empty();
    session.output.line(approval_text(approved->title, approved->steps));
    json::Value steps = json::Value::array();
    for (const Irreversible step : approved->steps) steps.append(json::Value::string(name_of(step)));
    list.append(Object().text("deal", approved->title).value("approved", std::move(steps)).done());
  }
  if (any) session.output.line("It leaves with the next sync: cosell sync");
  PairAnswer answer;
  answer.json.set("deals", std::move(list));
  return answer;
}

int usage(Session& session, const std::string& message) {
  return failed(session, nullptr, make_error(ErrorClass::config, message)).code;
}

}  // namespace

int replay_command(Session& session, const ReplayOptions& options) {
  const bool chosen = options.all || !options.kind.empty() || !options.since.empty();
  if (options.deals.empty() && !chosen) {
    return usage(session,
                 "Name deals, or choose with --all, --kind or --since. What failed: cosell todo --kind failed");
  }
  if (!options.deals.empty() && chosen)
    return usage(session, "Either name deals or choose with --all, --kind and --since.");
  const std::string pair =
      options.deals.empty() ? options.pair : pair_that_knows(session, options.pair, options.deals.front());
  return for_each_pair(session, pair, [&](const PairConfig& config) { return replay_pair(session, config, options); });
}

int approve_command(Session& session, const ApproveOptions& options) {
  if (options.deals.empty() == !options.all) {
    return usage(session, "Name the deals to approve, or use --all. What waits: cosell todo --kind approval");
  }
  const std::string pair =
      options.deals.empty() ? options.pair : pair_that_knows(session, options.pair, options.deals.front());
  return for_each_pair(session, pair, [&](const PairConfig& config) { return approve_pair(session, config, options); });
}

}  // namespace cosell::cli
