// The one deal that the pilot makes: private, and named so that whoever meets it knows what it is.
#pragma once

#include <string>

#include "base/json.h"
#include "connectors/pilot.h"

namespace cosell::partner_center {

inline constexpr const char* kPilotName = "cosell test deal, please ignore";
inline constexpr const char* kPilotCrmId = "cosell-pilot";
inline constexpr int kPilotValue = 1000;  // of the currency's whole units
inline constexpr const char* kPilotIntent = "HaveNotDecided";

// The body of the create, without a sales stage.
json::Value pilot_body(const PilotDeal& deal);

// The value of the deal's additional attributes.
json::Value intent_attributes(const std::string& intent);

}  // namespace cosell::partner_center
