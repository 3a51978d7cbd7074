// `cosell replay` and `cosell approve`: what a person does about deals that failed or wait. While `cosell run` holds
// the store, the wish is left in its inbox.
#include <algorithm>

#include "base/text.h"
#include "cli/choices.h"
#include "cli/chosen_deals.h"
#include "cli/commands.h"
#include "cli/cycle_report.h"
#include "cli/exit.h"
#include "cli/find_deal.h"
#include "cli/hand_over.h"
#include "cli/inbox.h"
#include "cli/when.h"
#include "cli/wording.h"
#include "engine/approve.h"
#include "engine/marks.h"
#include "engine/replay.h"

namespace cosell::cli {

namespace {

using store::DealRow;

bool may_be_replayed(const DealRow& row) {
  const bool retries = row.state == store::DealState::waiting && engine::has_mark(row, engine::attempts_mark);
  return row.state == store::DealState::failed || retries;
}

// Did a side get a write of this deal in that sync, and refuse it?
Result<bool> was_refused(store::Store& store, DealId deal, RunId run) {
  store::OperationFilter filter;
  filter.deal = deal;
  auto operations = store.operations(filter);
  if (!operations) return operations.error();
  return std::any_of(operations->begin(), operations->end(), [run](const store::OperationRow& op) {
    return op.run == run && op.state == store::OperationState::rejected;
  });
}

PairAnswer told(Session& session, Workplace& place, const engine::ReplayReport& report, bool dry_run) {
  for (const auto& one : report.deals) {
    session.output.line(session.output.styled(one.title, Style::strong));
    if (one.already_done) {
      session.output.line("  already done: both sides agree");
    } else {
      const bool unchanged = one.writes == 0 && one.before == one.after;
      const auto refused = was_refused(place.store(), one.deal, report.cycle.run);
      if (!refused) return failed(session, &place.config(), refused.error());
      if (unchanged) {
        session.output.line((*refused ? "  sent again and refused again: " : "  nothing to send; as before: ") +
                            one.after);
      }
      if (!unchanged) session.output.line("  before: " + one.before);
      for (const std::string& change : one.changes)
        session.output.line("  " + std::string(dry_run ? "would write to " : "wrote to ") + shortened(change, 160));
      if (!unchanged) session.output.line("  " + std::string(dry_run ? "then:   " : "now:    ") + one.after);
    }
  }
  session.output.line();
  session.output.line((dry_run ? "Nothing was written anywhere. " : "") + calls_line(place));
  PairAnswer answer;
  if (report.cycle.stopped) answer = failed(session, &place.config(), *report.cycle.stopped);
  answer.code = exit_code_of(report.cycle);
  answer.json.set("deals", json_of(report.deals));
  return answer;
}

struct Opened {
  std::unique_ptr<Workplace> place;
  bool own = true;  // false: a running service has it, and gets the wish
};

Result<Opened> opened_as_copy(Session& session, const PairConfig& config) {
  auto place = Workplace::make(session, config, Workplace::Login::needed, Workplace::MappingUsed::own_from_copy);
  if (!place) return place.error();
  if (auto opened = (*place)->open_store(StoreMode::scratch, false); !opened) return opened.error();
  return Opened{std::move(*place), true};
}

// Whoever only hands the wish over needs no secret: often the service alone may read them.
Result<Opened> opened_for_replay(Session& session, const PairConfig& config) {
  {
    auto beside =
        Workplace::make(session, config, Workplace::Login::not_needed, Workplace::MappingUsed::own_told_by_command);
    if (!beside) return beside.error();
    auto own = open_or_share(**beside);
    if (!own) return own.error();
    if (!*own) return Opened{std::move(*beside), false};
  }
  auto place = Workplace::make(session, config, Workplace::Login::needed);
  if (!place) return place.error();
  auto own = open_or_share(**place);
  if (!own) return own.error();
  return Opened{std::move(*place), *own};
}

PairAnswer replay_pair(Session& session, const PairConfig& config, const ReplayOptions& options) {
  auto since = when_of("--since", options.since, session.clock().now());
  if (!since) return failed(session, &config, since.error());
  auto opened = options.dry_run ? opened_as_copy(session, config) : opened_for_replay(session, config);
  if (!opened) return failed(session, &config, opened.error());
  Workplace& place = *opened->place;
  if (auto apart = place.keeps_apart(); !apart) return failed(session, &config, apart.error());
  auto rows = options.deals.empty()
                  ? all_deals(place.store(),
                              [&](const DealRow& row) {
                                const bool waits = waits_for_a_person(row) || row.reason == options.kind;
                                const bool chosen = options.kind.empty() ? may_be_replayed(row)
                                                                         : waits && is_of_kind(row, options.kind);
                                return chosen && (!*since || row.since >= **since);
                              })
                  : named_deals(place.pair(), options.deals);
  if (!rows) return failed(session, &config, rows.error());
  if (rows->empty()) {
    session.output.line("There is nothing to replay.");
    PairAnswer answer;
    answer.json.set("deals", json::Value::array());
    return answer;
  }
  if (!opened->own) return hand_over(session, place, "replay", arguments_for(*rows).done(), rows->size());
  engine::CycleOptions cycle;
  cycle.command = "replay";
  cycle.plan_only = options.dry_run;
  cycle.progress = progress_of(session);
  auto report = engine::replay(place.pair(), ids_of(*rows), cycle);
  session.output.end_progress();
  if (!report) return failed(session, &config, report.error());
  return told(session, place, *report, options.dry_run);
}

// What each deal waits for as it is now: the service approves nothing else when its turn comes.
json::Value steps_seen(const engine::Pair& pair, const std::vector<DealRow>& rows, engine::Approvable which) {
  json::Value seen = json::Value::object();
  for (const DealRow& row : rows) {
    const auto steps = engine::steps_to_approve(pair, row, which);
    if (!steps) continue;  // it takes a question to a side, which the service asks
    json::Value names = json::Value::array();
    for (const Irreversible step : *steps) names.append(json::Value::string(name_of(step)));
    seen.set(std::to_string(row.id.value), std::move(names));
  }
  return seen;
}

bool waits_for_approval(const DealRow& row) {
  const auto reasons = engine::reasons_of(row);
  return std::find(reasons.begin(), reasons.end(), "approval") != reasons.end();
}

PairAnswer approve_pair(Session& session, const PairConfig& config, const ApproveOptions& options) {
  auto made = Workplace::make(session, config, Workplace::Login::not_needed);
  if (!made) return failed(session, &config, made.error());
  Workplace& place = **made;
  auto own = open_or_share(place);
  if (!own) return failed(session, &config, own.error());
  // Who asks for all means what waits for an answer; a deal that is named need not wait for its time, either.
  const auto which = options.all ? engine::Approvable::asked_about : engine::Approvable::all_that_wait;
  auto rows = options.all ? all_deals(place.store(), [](const DealRow& row) { return waits_for_approval(row); })
                          : named_deals(place.pair(), options.deals);
  if (!rows) return failed(session, &config, rows.error());
  if (rows->empty()) session.output.line("Nothing waits for your approval.");
  if (!rows->empty() && !*own) {
    auto arguments = arguments_for(*rows);
    arguments.value("steps", steps_seen(place.pair(), *rows, which)).flag("only_asked", options.all);
    return hand_over(session, place, "approve", arguments.done(), rows->size());
  }
  PairAnswer answer;
  json::Value list = json::Value::array();
  bool any = false;
  for (const DealRow& row : *rows) {
    auto approved = engine::approve(place.pair(), row.id, which);
    if (!approved) {
      answer.code = worse(answer.code, failed(session, &config, approved.error()).code);
      list.append(Object().text("deal", row.title).text("error", approved.error().message).done());
      continue;
    }
    any = any || !approved->steps.empty();
    session.output.line(approval_text(approved->title, approved->steps));
    list.append(json_of(*approved));
  }
  if (any) session.output.line("It leaves with the next sync: cosell sync");
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
  if (const auto wrong = cannot_choose(session, options.pair, ChosenBy::deal_kind, options.kind)) {
    return failed(session, nullptr, *wrong).code;
  }
  const auto pair = pair_that_knows(session, options.pair, options.deals.empty() ? "" : options.deals.front());
  return for_each_pair(session, pair, [&](const PairConfig& config) { return replay_pair(session, config, options); });
}

int approve_command(Session& session, const ApproveOptions& options) {
  if (options.deals.empty() == !options.all) {
    return usage(session, "Name the deals to approve, or use --all. What waits: cosell todo --kind approval");
  }
  const auto pair = pair_that_knows(session, options.pair, options.deals.empty() ? "" : options.deals.front());
  return for_each_pair(session, pair, [&](const PairConfig& config) { return approve_pair(session, config, options); });
}

}  // namespace cosell::cli
