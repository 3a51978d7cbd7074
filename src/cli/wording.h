// How commands word states, reasons and writes, so that all of them say the same. The engine's own sentences are in
// engine/words.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"
#include "engine/cycle.h"
#include "engine/pair.h"

namespace cosell::cli {

// "waiting for the seller: something is missing"; from the reason codes of the engine and of mapping files.
std::string reason_text(const std::string& reason);
// "the seller", "an admin", "Microsoft"
std::string waits_for_text(store::WaitFor who);
// The kind under which `todo` and `replay` know a deal: "failed", "conflict", "approval", "missing", "answer", …
std::string todo_kind(const store::DealRow& row);
// The reason itself, or one that `todo` puts under this kind.
bool is_reason_of_kind(const std::string& reason, const std::string& kind);
// Of this kind or reason, by the first thing that it waits for or by one behind it.
bool is_of_kind(const store::DealRow& row, const std::string& kind);
const std::vector<std::string>& todo_kinds();
// Of these, the kinds of deals; the others are of deadlines and of a whole side.
const std::vector<std::string>& deal_kinds();
// The last sync, when a guard stopped it; nothing is written until a person lets it through. Its note says what to do.
Result<std::optional<store::RunRow>> stopped_by_guard(store::Store& store);
// The reasons that the bridge itself gives. A system's own codes come on top.
const std::vector<std::string>& known_reasons();
// Waits for a person, or failed.
bool is_a_person(store::WaitFor who);
bool waits_for_a_person(const store::DealRow& row);
// A note that keeps nothing back: a warning, or that Microsoft's answer could not be read.
bool has_a_note(const store::DealRow& row);

// How a sync ended: "went well". `somebody_works`: the store is held, so that one without an end may be under way.
std::string outcome_text(const store::RunRow& run, bool somebody_works);
// "3 new referrals", from "partner_center.referral.create".
std::string write_text(const engine::Pair& pair, const std::string& kind, std::int64_t count);
Style style_of(const store::DealRow& row);
json::Value json_of(const std::map<std::string, std::int64_t>& counts);
json::Value json_of(const store::DealRow& row);
json::Value json_of(const std::vector<store::StateCount>& states);
json::Value json_of(const net::Calls& calls);

// One block per state with its reasons: "waiting for the seller   12", "  something is missing   12".
void print_states(Output& output, const std::vector<store::StateCount>& states, const std::string& indent);

}  // namespace cosell::cli
