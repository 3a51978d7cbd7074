// Commands that a person gives while a running `cosell run` holds the store: put into its inbox, worked off between two
// cycles.
#pragma once

#include <string>
#include <vector>

#include "cli/cycle_report.h"
#include "cli/workplace.h"

namespace cosell::cli {

// Into the inbox of the process that holds the store. The store is open in shared mode.
Result<void> leave_in_inbox(Workplace& place, const std::string& command, const std::vector<DealId>& deals);

// Works off what is in the inbox; `say` tells what became of each. The store is open exclusively.
Result<void> work_off_inbox(Workplace& place, const std::function<void(const std::string&)>& say);

// "Approved: close as won", or why not.
std::string approval_text(const std::string& title, const std::vector<Irreversible>& steps);

}  // namespace cosell::cli
