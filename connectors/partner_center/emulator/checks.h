// Checks of single values that create and patch share. Each returns the refusal, or nothing when the value is fine;
// `target` names the value in the refusal.
#pragma once

#include <string>

#include "connectors/partner_center/emulator/call.h"
#include "connectors/partner_center/emulator/problem.h"
#include "connectors/partner_center/emulator/vocabulary.h"

namespace cosell::emulator::partner_center {

// A change that breaks a rule: the refusal with the status that is set for those.
Problem refused_by_rule(const Call& call, Problem problem);

// Null, a blank text, an empty list or an empty object.
bool is_blank(const Json& value);

Check check_word(const Json& value, const Words& words, const std::string& target);
Check check_deal_value(const Json& value, const std::string& target);
Check check_currency(const Json& value, const std::string& target);
Check check_close_date(const Call& call, const Json& value, const std::string& target);
Check check_country(const Json& value, const std::string& target);
// One person with all four fields, or a list of up to 50 of them.
Check check_member(const Json& member, const std::string& target);
Check check_members(const Json& members, const std::string& target);
// One solution with an id, or a list of up to 50 of them.
Check check_solution(const Call& call, const Json& solution, const std::string& target);
Check check_solutions(const Call& call, const Json& solutions, const std::string& target);

// The stage as it will be stored: checked by the switches, rounded when they say so.
Outcome<Json> accepted_stage(const Call& call, const Json& value, const std::string& target);

}  // namespace cosell::emulator::partner_center
