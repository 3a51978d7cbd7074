// The deals that a command like `replay`, `resolve` or `approve` is about, and who carries the command out: this
// process, or the one that holds the store (hand_over.h).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/session.h"
#include "cli/workplace.h"

namespace cosell::cli {

// Every deal that takes part and fits, in the order in which they became known.
Result<std::vector<store::DealRow>> all_deals(store::Store& store,
                                              const std::function<bool(const store::DealRow&)>& which);
// Each named as find_deal() understands it; the first that is not found is the error.
Result<std::vector<store::DealRow>> named_deals(const engine::Pair& pair, const std::vector<std::string>& names);
std::vector<DealId> ids_of(const std::vector<store::DealRow>& rows);

// Opens the store to write and answers true; when another process holds it, opens it to leave the wish there and
// answers false.
Result<bool> open_or_share(Workplace& place);

// {"deals": [1, 2]}
Object arguments_for(const std::vector<store::DealRow>& rows);

// A command about one deal. It is named and carried out as the inbox names it and carries it out.
struct DealCommand {
  std::string name;
  // What goes with it besides the deal; nothing when absent.
  std::function<Result<void>(const engine::Pair&, const store::DealRow&, Object& arguments)> complete = {};
  bool only_looks = false;  // can be answered while another process holds the store
};

// Finds the deal, carries the command out, here or in the process that holds the store, and tells what came of it. A
// refusal names the deal and the reason; it is a matter of what was asked for.
PairAnswer carry_out_on_deal(Session& session, const PairConfig& config, const std::string& deal,
                             const DealCommand& command);

}  // namespace cosell::cli
