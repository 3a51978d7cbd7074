// Commands that a person gives while a running `cosell run` holds the store: put into its inbox, worked off between two
// cycles.
#pragma once

#include <optional>
#include <set>
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

// Syncs that were asked for beside a service: left to it, whose next sync they are, or withdrawn, because nobody is
// left to do them as they were meant.
enum class AskedSyncs : std::uint8_t { left, withdrawn };

// Works off what is in the inbox; `say` tells what became of each. The store is open exclusively.
Result<void> work_off_inbox(Workplace& place, AskedSyncs syncs, const std::function<void(const std::string&)>& say);

struct AskedSync {
  std::vector<std::int64_t> entries;  // of the inbox; empty: none was asked for
  std::set<std::string> allow;        // the guards that it lets through
};
Result<AskedSync> asked_sync(store::Store& store);
// Answers all that asked for it, with the exit code that the sync would have had for a person.
Result<void> answer_sync(Workplace& place, const AskedSync& asked, const CarriedOut& answer, int exit_code);
// Those that were asked of a service that ended: what they would do now, nobody has looked at.
Result<void> withdraw_asked_syncs(Workplace& place);
// Nothing when the entry was no sync, or a later one was answered since.
Result<std::optional<int>> exit_code_of_asked_sync(store::Store& store, std::int64_t entry);
// What came of a cycle, for whoever asked for it.
CarriedOut told_cycle(Workplace& place, const engine::CycleReport& report);

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
