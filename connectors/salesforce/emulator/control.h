// The org's own control verbs: what a person does in the CRM, transactions that stay open, new fields and stages.
#pragma once

#include <optional>
#include <string>

#include "connectors/salesforce/emulator/state.h"
#include "net/http.h"

namespace cosell::emulator::salesforce {

std::vector<ControlVerb> control_verbs();
// Empty when there is no such verb.
std::optional<http::Response> control(State& state, const std::string& verb, const http::Request& request, Instant now);

// Every record as an operator would like to see it.
Json all_records(const State& state);

}  // namespace cosell::emulator::salesforce
