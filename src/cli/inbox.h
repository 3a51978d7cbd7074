// Commands that a person gives while a running `cosell run` holds the store: put into its inbox, worked off between two
// cycles.
#pragma once

#include <string>
#include <vector>

#include "cli/cycle_report.h"
#include "cli/workplace.h"

namespace cosell::cli {

// What came of a command. `refused`: part of it was not carried out; the text says why.
struct CarriedOut {
  std::string text;
  bool refused = false;
};

// Carries a command out as it stands in the inbox. The store is open exclusively, unless the command only looks.
Result<CarriedOut> carry_out(Workplace& place, const std::string& command, const json::Value& arguments);

// Works off what is in the inbox; `say` tells what became of each. The store is open exclusively.
Result<void> work_off_inbox(Workplace& place, const std::function<void(const std::string&)>& say);

// Carries out "link", "unlink" or "match-none" and says what came of it.
Result<std::string> link_or_unlink(const engine::Pair& pair, const std::string& command,
                                   const std::vector<DealId>& deals);

// Returns to an earlier mapping that ran, by its hash, until the file is edited; says what counts from now on.
Result<std::string> return_to_mapping(Workplace& place, const std::string& version);

// Registers a won deal with the next sync, and says so with what will be sent and what speaks against it. `keep`: false
// only tells.
Result<std::string> register_deal(const engine::Pair& pair, DealId deal, const Columns& given, bool keep);
Result<std::string> cancel_registration(const engine::Pair& pair, DealId deal);

// Carries out "restart" or "leave" and says what came of it.
Result<std::string> restart_or_leave(const engine::Pair& pair, const std::string& command, DealId deal);

// "Alder Foods: approved to close the deal as won", or why not.
std::string approval_text(const std::string& title, const std::vector<Irreversible>& steps);

}  // namespace cosell::cli
