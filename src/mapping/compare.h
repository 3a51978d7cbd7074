// Two mappings side by side: what the second says differently, and what that changes for one opportunity.
#pragma once

#include <string>
#include <vector>

#include "mapping/mapping.h"

namespace cosell::mapping {

struct Difference {
  std::string what;    // "stage \"Pilot\"", "value"
  std::string before;  // in words; "" when it was not there
  std::string after;
  std::string place;  // in the second file, or in the first for what is gone
};

std::vector<Difference> differences(const Mapping& before, const Mapping& after);

// What one opportunity would mean under the two: "stage: Qualified (20 %) becomes Developed (40 %)". Empty: the same.
std::vector<std::string> differences_for(const Mapping& before, const Mapping& after, const Columns& opportunity);

}  // namespace cosell::mapping
