// The registration of a won deal on the wire (2.9): read as columns of its referral, and written by the two forms of a
// patch that the public connector definition shows: one `add` for a new registration, one per part for a correction.
#pragma once

#include "base/json.h"
#include "connectors/connector.h"

namespace cosell::partner_center {

// Adds the columns of the first registration; nothing when the referral has none.
void read_registration(const json::Value& referral, Columns& columns);
// Its status: "ReviewPending"; "" when the deal is not registered.
std::string registration_status(const json::Value& referral);

// Verb::create: a new registration with all columns. Verb::update: the changed ones of the first registration.
Result<json::Value> registration_patch(const Operation& operation);

}  // namespace cosell::partner_center
