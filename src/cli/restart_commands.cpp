// `cosell deals restart` and `cosell deals leave`: what a person decides about a referral that is closed or was
// declined. A running service that holds the store is handed the decision.
#include "cli/chosen_deals.h"
#include "cli/commands.h"
#include "cli/find_deal.h"
#include "cli/inbox.h"
#include "engine/restart.h"

namespace cosell::cli {

namespace {

int decide_in_its_pair(Session& session, const std::string& pair, const std::string& deal, const std::string& command) {
  return for_each_pair(session, pair_that_knows(session, pair, deal),
                       [&](const PairConfig& config) { return carry_out_on_deal(session, config, deal, {command}); });
}

}  // namespace

Result<std::string> restart_or_leave(const engine::Pair& pair, const std::string& command, DealId deal) {
  auto row = pair.store->deal(deal);
  if (!row) return row.error();
  const std::string title = *row ? (*row)->title : "The deal";
  const bool restarts = command == "restart";
  if (auto done = restarts ? engine::restart(pair, deal) : engine::leave_as_is(pair, deal); !done) return done.error();
  if (restarts) {
    return title + ": gets a new referral with the next sync (cosell sync). The old one stays as it is; if it is " +
           "still open, close it in Partner Center.";
  }
  return title + ": is left as it is; the bridge asks no more, until it changes again.";
}

int deals_restart_command(Session& session, const std::string& pair, const std::string& deal) {
  return decide_in_its_pair(session, pair, deal, "restart");
}

int deals_leave_command(Session& session, const std::string& pair, const std::string& deal) {
  return decide_in_its_pair(session, pair, deal, "leave");
}

}  // namespace cosell::cli
