// Filling the organisation: a CSV export of a CRM, or made-up deals.
#pragma once

#include <string_view>

#include "base/random.h"
#include "connectors/dynamics365/emulator/dynamics365_emulator.h"
#include "connectors/dynamics365/emulator/state.h"

namespace cosell::emulator::dynamics365 {

struct LoadRequest {
  std::string_view csv;
  const Dynamics365Emulator::Pairs& map;
  const Dynamics365Emulator::Pairs& set;
  Instant now;
  Random& random;
};
Result<LoadReport> load_csv(State& state, const LoadRequest& request);

void seed_deals(State& state, std::size_t count, const SeedOptions& options, Instant now, Random& random);

}  // namespace cosell::emulator::dynamics365
