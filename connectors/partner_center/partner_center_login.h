// Partner Center's part of a configuration ("partner_center"): read and checked, and the login that it describes.
#pragma once

#include <memory>
#include <optional>

#include "base/error.h"
#include "base/json.h"
#include "connectors/connector.h"
#include "connectors/login_part.h"
#include "connectors/pilot.h"

namespace cosell {

// Reads the part without touching anything.
std::optional<Error> check_partner_center(const json::Value& part);
// Errors also when a secret cannot be read.
Result<std::unique_ptr<Connector>> make_partner_center(const json::Value& part, const Surroundings& s);
Result<LoginFacts> partner_center_login_facts(const json::Value& part, const Surroundings& s);
// One private test deal that answers what the documents leave open.
Result<PilotReport> pilot_partner_center(Call& call, const json::Value& part, const Surroundings& s,
                                         const PilotDeal& deal);

}  // namespace cosell
