// Filling the org: a CSV export of a CRM, or made-up deals.
#pragma once

#include <string_view>

#include "base/random.h"
#include "connectors/salesforce/emulator/salesforce_emulator.h"
#include "connectors/salesforce/emulator/state.h"

namespace cosell::emulator::salesforce {

struct LoadRequest {
  std::string_view csv;
  const SalesforceEmulator::Pairs& map;
  const SalesforceEmulator::Pairs& set;
  Instant now;
};
Result<LoadReport> load_csv(State& state, const LoadRequest& request);

void seed_deals(State& state, std::size_t count, const SeedOptions& options, Instant now, Random& random);

// The list that the stages of a file give, waiting stage first; stages in use stay.
std::vector<Stage> stages_from(const State& state, const std::vector<std::string>& names);

}  // namespace cosell::emulator::salesforce
