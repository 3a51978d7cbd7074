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
// Do two checked parts lead to the same organisation? By address and tenant; by the organisation's id where both name
// it. A tenant that is written once by its domain and once by its id is not recognised.
bool same_partner_center_organization(const json::Value& part, const json::Value& other);
// Errors also when a secret cannot be read.
Result<std::unique_ptr<Connector>> make_partner_center(const json::Value& part, const Surroundings& s);
Result<LoginFacts> partner_center_login_facts(const json::Value& part, const Surroundings& s);
// One private test deal that answers what the documents leave open.
Result<PilotReport> pilot_partner_center(Call& call, const json::Value& part, const Surroundings& s,
                                         const PilotDeal& deal);

}  // namespace cosell
