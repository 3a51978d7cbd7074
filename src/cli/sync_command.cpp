// `cosell sync`: one cycle.
#include "cli/commands.h"
#include "cli/cycle_report.h"
#include "cli/exit.h"
#include "cli/find_deal.h"
#include "cli/inbox.h"

namespace cosell::cli {

namespace {

PairAnswer sync_pair(Session& session, const PairConfig& config, const SyncOptions& options) {
  auto place = Workplace::make(session, config, Workplace::Login::needed);
  if (!place) return failed(session, &config, place.error());
  if (auto opened = (*place)->open_store(StoreMode::exclusive, true); !opened) {
    return failed(session, &config, opened.error());
  }
  if (auto renewed = (*place)->renew_allowances(); !renewed) return failed(session, &config, renewed.error());
  engine::CycleOptions cycle;
  cycle.command = "sync";
  cycle.limit = options.limit;
  cycle.allow = options.allow;
  cycle.wait_for_lost_creates = true;
  cycle.progress = progress_of(session);
  if (!options.deal.empty()) {
    auto deal = find_deal((*place)->pair(), options.deal);
    if (!deal) return failed(session, &config, deal.error());
    cycle.only = [id = deal->id](const store::DealRow& row) { return row.id == id; };
  }
  const Instant begun = session.clock().now();
  auto report = engine::run_cycle((*place)->pair(), cycle);
  session.output.end_progress();
  if (!report) return failed(session, &config, report.error());
  print_sync(session, **place, *report, session.clock().now() - begun);
  auto worked_off = work_off_inbox(**place, [&](const std::string& text) { session.output.line(text); });
  if (!worked_off) return failed(session, &config, worked_off.error());
  PairAnswer answer;
  answer.code = exit_code_of(*report);
  // Done, but a person has to look at the file.
  if (!(*place)->mapping_choice().refused.empty()) answer.code = worse(answer.code, exit_failures);
  answer.json = json_of(**place, *report);
  return answer;
}

}  // namespace

int sync_command(Session& session, const SyncOptions& options) {
  return for_each_pair(session, options.pair,
                       [&](const PairConfig& config) { return sync_pair(session, config, options); });
}

}  // namespace cosell::cli
