// `cosell deals link` and `deals unlink`: a person says which opportunity and which referral are one deal.
#include "base/text.h"
#include "cli/chosen_deals.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/find_deal.h"
#include "cli/hand_over.h"
#include "cli/inbox.h"
#include "engine/link.h"

namespace cosell::cli {

namespace {

PairAnswer change_links(Session& session, const PairConfig& config, const LinkOptions& options) {
  auto made = Workplace::make(session, config, Workplace::Login::not_needed);
  if (!made) return failed(session, &config, made.error());
  Workplace& place = **made;
  auto own = open_or_share(place);
  if (!own) return failed(session, &config, own.error());
  auto deal = find_deal(place.pair(), options.deal);
  if (!deal) return failed(session, &config, deal.error());
  std::vector<store::DealRow> rows = {*deal};
  if (!options.referral.empty()) {
    auto referral = find_deal(place.pair(), options.referral);
    if (!referral) return failed(session, &config, referral.error());
    rows.push_back(std::move(*referral));
  }
  const std::string command = options.unlink ? "unlink" : options.none ? "match-none" : "link";
  const json::Value arguments = arguments_for(rows).done();
  if (!*own) return hand_over(session, place, command, arguments, 1);
  auto told = carry_out(place, command, arguments);
  if (!told) return failed(session, &config, told.error());
  session.output.line(told->text);
  PairAnswer answer;
  answer.json = std::move(told->report);
  return answer;
}

}  // namespace

Result<std::string> link_or_unlink(const engine::Pair& pair, const std::string& command,
                                   const std::vector<DealId>& deals) {
  if (deals.empty() || (command == "link" && deals.size() < 2)) {
    return make_error(ErrorClass::config, "The deals to link are not named.");
  }
  auto row = pair.store->deal(deals.front());
  if (!row) return row.error();
  const std::string title = *row ? (*row)->title : "The deal";
  if (command == "unlink") {
    if (auto done = engine::unlink_deal(pair, deals.front()); !done) return done.error();
    return title + ": taken apart; both records are left as they are until they are linked again.";
  }
  if (command == "match-none") {
    if (auto done = engine::match_with_none(pair, deals.front()); !done) return done.error();
    return title + ": syncs as a deal of its own from the next sync on.";
  }
  // Either may be named first.
  const bool turned = *row && (*row)->crm.record_id.empty();
  auto linked = engine::link_deals(pair, deals[turned ? 1 : 0], deals[turned ? 0 : 1]);
  if (!linked) return linked.error();
  return linked->title + ": opportunity " + linked->crm.record_id + " and referral " +
         linked->partner_center.record_id +
         " are one deal from now on. What the next sync would write: cosell plan --deal " + linked->crm.record_id;
}

int link_command(Session& session, const LinkOptions& options) {
  if (!options.unlink && options.none == !options.referral.empty()) {
    return failed(session, nullptr,
                  make_error(ErrorClass::config, "Name the opportunity and its referral, or one deal with --none."))
        .code;
  }
  return for_each_pair(session, pair_that_knows(session, options.pair, options.deal),
                       [&](const PairConfig& config) { return change_links(session, config, options); });
}

}  // namespace cosell::cli
