// `cosell deals restart` and `cosell deals leave`: what a person decides about a referral that is closed or was
// declined.
#include "cli/commands.h"
#include "cli/find_deal.h"
#include "cli/wording.h"
#include "cli/workplace.h"
#include "engine/restart.h"

namespace cosell::cli {

namespace {

using Decide = Result<void> (*)(const engine::Pair&, DealId);

PairAnswer decide(Session& session, const PairConfig& config, const std::string& deal, Decide how,
                  const std::string& said) {
  auto made = Workplace::make(session, config, Workplace::Login::not_needed);
  if (!made) return failed(session, &config, made.error());
  Workplace& place = **made;
  if (auto opened = place.open_store(StoreMode::exclusive, false); !opened) {
    return failed(session, &config, opened.error());
  }
  auto row = find_deal(place.pair(), deal);
  if (!row) return failed(session, &config, row.error());
  if (auto done = how(place.pair(), row->id); !done) {
    // A refusal names the deal and the reason; it is a matter of what was asked for.
    return failed(session, &config, make_error(ErrorClass::config, done.error().message));
  }
  session.output.line(row->title + ": " + said);
  PairAnswer answer;
  answer.json.set("deal", json::Value::string(row->title));
  answer.json.set("done", json::Value::string(said));
  return answer;
}

}  // namespace

int deals_restart_command(Session& session, const std::string& pair, const std::string& deal) {
  return for_each_pair(session, pair_that_knows(session, pair, deal), [&](const PairConfig& config) {
    return decide(
        session, config, deal, engine::restart,
        "gets a new referral with the next sync (cosell sync). The old one stays as it is; if it is still open, "
        "close it in Partner Center.");
  });
}

int deals_leave_command(Session& session, const std::string& pair, const std::string& deal) {
  return for_each_pair(session, pair_that_knows(session, pair, deal), [&](const PairConfig& config) {
    return decide(session, config, deal, engine::leave_as_is,
                  "is left as it is; the bridge asks no more, until it changes again.");
  });
}

}  // namespace cosell::cli
