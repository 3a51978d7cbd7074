// The control verbs of the emulator and the records that an operator looks at.
#pragma once

#include <optional>
#include <string>

#include "base/random.h"
#include "connectors/dynamics365/emulator/state.h"
#include "net/http.h"

namespace cosell::emulator::dynamics365 {

std::vector<ControlVerb> control_verbs();
// Empty when there is no such verb.
std::optional<http::Response> control(State& state, const std::string& verb, const http::Request& request, Instant now,
                                      Random& random);
// {"opportunities": […], "accounts": […], "contacts": […], "users": […], "opportunitycloses": […]}
Json all_records(const State& state);

}  // namespace cosell::emulator::dynamics365
