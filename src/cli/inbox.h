// Commands that a person gives while a running `cosell run` holds the store: put into its inbox, worked off between two
// cycles.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/cycle_report.h"
#include "cli/exit.h"
#include "cli/workplace.h"
#include "engine/approve.h"
#include "engine/replay.h"
#include "engine/resolve.h"

namespace cosell::cli {

// What came of a command: its entry is answered with it, and a command of one's own ends with it.
struct CarriedOut {
  std::string text;
  int exit_code = exit_done;
  json::Value report = json::Value::object();  // the members of its answer to programs
  bool refused = false;                        // part of it was not carried out; the text says why
};
CarriedOut refusal(const Error& why);

// Carries a command out as it stands in the inbox. The store is open exclusively, unless the command only looks.
Result<CarriedOut> carry_out(Workplace& place, const std::string& command, const json::Value& arguments);

// Syncs that were asked for beside a service: left to it, whose next sync they are, or withdrawn, because nobody is
// left to do them as they were meant.
enum class AskedSyncs : std::uint8_t { left, withdrawn };

// Works off what is in the inbox; `say` tells what became of each. The store is open exclusively.
//
// After a kill -9 an entry is either answered or open, and an open one is carried out by whoever has the store next:
// what only changes the store is carried out and answered in one transaction, so that an open entry has done nothing. A
// replay and a sync write to both sides and are no transaction. A replay is done again, which is right at any time: it
// reads both sides anew and sends what is right then, never what it sent before. A sync is not done again, because what
// was allowed with it was allowed for what there was to do then; its entry is answered with that, and what it wrote is
// in the journal.
Result<void> work_off_inbox(Workplace& place, AskedSyncs syncs, const std::function<void(const std::string&)>& say);

// An entry whose holder of the store ended without answering, by the command that waits for it: what needs no login is
// carried out, a replay and a sync are withdrawn. The store is open exclusively.
Result<void> take_back(Workplace& place, const store::InboxItem& item);

struct AskedSync {
  std::vector<std::int64_t> entries;  // of the inbox; empty: none was asked for
  std::set<std::string> allow;        // the guards that it lets through
};
// All that were asked for become one, which is begun with this.
Result<AskedSync> begin_asked_sync(Workplace& place);
// Answers all that asked for it.
Result<void> answer_sync(Workplace& place, const AskedSync& asked, const CarriedOut& answer);
// Those that were asked of a service that ended: what they would do now, nobody has looked at.
Result<void> withdraw_asked_syncs(Workplace& place);
// What came of a cycle, for whoever asked for it.
CarriedOut told_cycle(Workplace& place, const engine::CycleReport& report);

// The parts of reports that a command of one's own makes, too.
json::Value json_of(const engine::Approved& approved);
json::Value json_of(const engine::Resolved& resolved);
json::Value json_of(const std::vector<engine::Replayed>& deals);

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
