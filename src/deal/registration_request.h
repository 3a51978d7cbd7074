// The registration of a won deal with Microsoft: what a person states of the contract, the rules by which Partner
// Center takes or refuses it (G-1..G-5, partner-center-referrals 2.9), and the columns in which it travels. Pure;
// whether the deal itself may be registered is in registration.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deal/deal.h"
#include "deal/rule_pack.h"

namespace cosell {

// Columns of a referral that hold its registration; the same when it is stated, sent and read.
namespace registration_column {
inline constexpr const char* value = "registration_value";              // Money: of the contract
inline constexpr const char* signed_on = "registration_signed";         // Date
inline constexpr const char* starts = "registration_starts";            // Date
inline constexpr const char* ends = "registration_ends";                // Date; blank: a contract without end
inline constexpr const char* solution = "registration_solution";        // text: SOL-…
inline constexpr const char* solution_value = "registration_part";      // Money: the solution's share of the contract
inline constexpr const char* on_azure = "registration_on_azure";        // bool
inline constexpr const char* deployed_at = "registration_deployed_at";  // text: "Customer", "Partner"
inline constexpr const char* pricing = "registration_pricing";          // text: "PayAsYouGo", "Other"
inline constexpr const char* marketplace_date = "registration_marketplace";  // Date; blank: not sold there
inline constexpr const char* reason = "registration_reason";                 // text, read only: why it is as it is
}  // namespace registration_column

// Status texts that Partner Center shows (2.9; no list of them is published).
inline constexpr const char* registration_action_required = "ActionRequired";

// Every column that a registration may send, in the order in which people read them.
const std::vector<std::string>& registration_columns();
// "contract signed on"; the name itself for a column of something else. Also knows the fields of a deal.
std::string label_of_column(const std::string& name);
// Only the columns of a registration; empty when the referral shows none.
Columns registration_in(const Columns& referral);

// What a registration lacks before it can be sent, in words: "the day on which the contract was signed". A blank end
// means that there is none; that it has to be stated is why the column has to be there.
std::vector<std::string> missing_in_registration(const Columns& registration);

struct Objection {
  std::string rule;         // "2.9", "G-3"
  std::string text;         // for people
  bool warns_only = false;  // Microsoft may still take it
};

// Why Partner Center would refuse this registration, or may. `registration` lacks nothing. `referral` with what
// Microsoft's half adds to it; `invited`: when Microsoft was asked to join, if it was.
std::vector<Objection> objections_to_registration(const Columns& registration, const Deal& referral,
                                                  std::optional<Instant> invited, Date today, const RulePack& rules);

// Why these parts of a registration that exists cannot be corrected through the API; empty when they can.
std::vector<Objection> objections_to_correction(const Columns& shown, const Columns& changes,
                                                const std::string& status);

}  // namespace cosell
