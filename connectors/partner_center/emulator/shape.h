// Which members the emulated service knows and of which type they are. Reads what a client sent the way a .NET
// service does: names without regard to case, unknown members dropped, numbers also accepted as text.
#pragma once

#include <string>

#include "connectors/emulator/toolkit.h"
#include "connectors/partner_center/emulator/problem.h"

namespace cosell::emulator::partner_center {

// A shape is an object of shapes, an array with one shape, or one of the words
// "string", "number", "boolean", "date" and "any".
const Json& referral_shape();  // what a create may carry
const Json& member_shape();    // one person of a team
const Json& solution_shape();
const Json& registration_shape();

// A referral with every member that the service answers, in the order in which it answers them.
const Json& blank_referral();

// `value` in the known spelling, or the first type error; `target` names the value in that error.
Outcome<Json> conform(const Json& value, const Json& shape, const std::string& target);

// Puts the members of `over` into `base`, object by object; a null leaves objects and lists as they are.
void overlay(Json& base, const Json& over);

}  // namespace cosell::emulator::partner_center
