// Salesforce's part of a configuration ("crm"): read and checked, and the login that it describes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "connectors/connector.h"
#include "connectors/login_part.h"

namespace cosell {

// Reads the part without touching anything.
std::optional<Error> check_salesforce(const json::Value& part);
// Errors also when a secret cannot be read.
Result<std::unique_ptr<Connector>> make_salesforce(const json::Value& part, const Surroundings& s);
// The login service that a signed login is meant for where none is named: a sandbox, told by its My Domain address, has
// one of its own.
std::string usual_audience(std::string_view url);
Result<LoginFacts> salesforce_login_facts(const json::Value& part, const Surroundings& s);

}  // namespace cosell
