// `cosell sync`: one cycle. While a service holds the store, it is the service's next one.
#include "cli/commands.h"
#include "cli/cycle_report.h"
#include "cli/exit.h"
#include "cli/find_deal.h"
#include "cli/hand_over.h"
#include "cli/inbox.h"
#include "cli/service_note.h"
#include "store/file_lock.h"

namespace cosell::cli {

namespace {

// Before there is a store: is it a deal of either side? Looked up in a copy that disappears, so that a slip in the name
// leaves no store behind.
std::optional<PairAnswer> refused_before_a_store(Session& session, Workplace& place, const std::string& deal,
                                                 DealOfSomePair& of_some_pair) {
  if (place.open_store(StoreMode::shared, false)) return std::nullopt;
  if (auto opened = place.open_store(StoreMode::scratch, false); !opened) {
    return failed(session, &place.config(), opened.error());
  }
  if (auto renewed = place.renew_allowances(); !renewed) return failed(session, &place.config(), renewed.error());
  engine::CycleOptions look;
  look.command = "plan";
  look.plan_only = true;
  look.progress = progress_of(session);
  AskedDeal asked(place.pair(), deal);
  look.only = [&asked](const store::DealRow& row) { return asked.is(row); };
  auto report = engine::run_cycle(place.pair(), look);
  session.output.end_progress();
  if (!report) return failed(session, &place.config(), report.error());
  const bool one_side_down = report->stopped && report->stopped->kind != ErrorClass::guard;
  if (one_side_down) return failed(session, &place.config(), told_stop(place, *report));
  return of_some_pair.look_at(session, place.config(), asked.found());
}

// Whoever only hands it over needs no secret. A command that holds the store for a while is waited for by the person.
std::optional<PairAnswer> handed_to_a_service(Session& session, const PairConfig& config, const SyncOptions& options) {
  const bool of_some_deals = !options.deal.empty() || options.limit > 0;
  if (of_some_deals || !store::FileLock::holder(config.store)) return std::nullopt;
  auto beside =
      Workplace::make(session, config, Workplace::Login::not_needed, Workplace::MappingUsed::own_told_by_command);
  if (!beside || !(*beside)->open_store(StoreMode::shared, false)) return std::nullopt;
  const auto service = running_service(**beside);
  if (!service || !*service) return std::nullopt;
  json::Value allow = json::Value::array();
  for (const std::string& name : options.allow) allow.append(json::Value::string(name));
  return hand_over(session, **beside, "sync", Object().value("allow", std::move(allow)).done(), 0);
}

PairAnswer sync_pair(Session& session, const PairConfig& config, const SyncOptions& options,
                     DealOfSomePair& of_some_pair) {
  if (auto handed = handed_to_a_service(session, config, options)) return std::move(*handed);
  auto place = Workplace::make(session, config, Workplace::Login::needed);
  if (!place) return failed(session, &config, place.error());
  if (auto apart = (*place)->keeps_apart(); !apart) return failed(session, &config, apart.error());
  const bool one = !options.deal.empty();
  if (one) {
    auto refused = refused_before_a_store(session, **place, options.deal, of_some_pair);
    (*place)->close_store();
    if (refused) return std::move(*refused);
  }
  if (auto opened = (*place)->open_store(StoreMode::exclusive, true); !opened) {
    return failed(session, &config, opened.error());
  }
  if (auto renewed = (*place)->renew_allowances(); !renewed) return failed(session, &config, renewed.error());
  engine::CycleOptions cycle;
  cycle.command = one ? "sync --deal" : options.limit > 0 ? "sync --limit" : "sync";  // of all deals: `status --alert`
  cycle.limit = options.limit;
  cycle.allow = options.allow;
  cycle.wait_for_lost_creates = true;
  cycle.progress = progress_of(session);
  AskedDeal asked((*place)->pair(), options.deal);
  if (one) cycle.only = [&asked](const store::DealRow& row) { return asked.is(row); };
  const Instant begun = session.clock().now();
  auto report = engine::run_cycle((*place)->pair(), cycle);
  session.output.end_progress();
  if (!report) return failed(session, &config, report.error());
  if (one && !report->stopped) {
    if (auto done = of_some_pair.look_at(session, config, asked.found())) return std::move(*done);
  }
  print_sync(session, **place, *report, session.clock().now() - begun);
  auto worked_off =
      work_off_inbox(**place, AskedSyncs::withdrawn, [&](const std::string& text) { session.output.line(text); });
  if (!worked_off) return failed(session, &config, worked_off.error());
  PairAnswer answer;
  answer.code = exit_code_of_sync(**place, *report);
  answer.json = json_of(**place, *report);
  if (one && !report->stopped) {
    if (auto told = asked.tell(session.output, answer.json); !told) return failed(session, &config, told.error());
  }
  return answer;
}

}  // namespace

int sync_command(Session& session, const SyncOptions& options) {
  const auto pair = pair_that_knows(session, options.pair, options.deal);
  DealOfSomePair of_some_pair(session, pair);
  return for_each_pair(session, pair,
                       [&](const PairConfig& config) { return sync_pair(session, config, options, of_some_pair); });
}

}  // namespace cosell::cli
