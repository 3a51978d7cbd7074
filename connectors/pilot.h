// What a pilot learns: one private test deal on a live system, by which the answers to what its documents leave open
// are found out. Neutral, so that the command line can show and keep it.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"

namespace cosell {

// What the test deal cannot be made without.
struct PilotDeal {
  std::string location;  // PartnerID
  std::string solution;  // "SOL-…", of the partner's own published ones
  std::string currency = "USD";
  Date close_date{};
};

struct PilotAnswer {
  std::string question;  // "Which form of the sales stage does it take?"
  std::string answer;    // in words
  std::string setting;   // of the connector, that the answer decides; "" when it is only worth knowing
  json::Value value;     // of the setting
};

struct PilotReport {
  std::string record;  // id of the test deal; "" when none was made
  std::string link;
  bool closed = false;
  std::vector<PilotAnswer> answers;
  std::string trouble;  // why it ended early; "" when all was asked
  ErrorClass trouble_kind = ErrorClass::rejected;
};

}  // namespace cosell
