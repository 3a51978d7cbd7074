// Pairs that work with one Partner Center organisation have to share its referrals out between them. Whether they do is
// judged from their configuration and mapping files alone; what other configurations or machines do is not seen.
#pragma once

#include <optional>
#include <string>

#include "cli/config.h"
#include "mapping/mapping.h"

namespace cosell::cli {

// What two pairs both take, and what separates them.
struct Overlap {
  std::string text;
  std::string remedy;
};

// The first other pair that would take referrals of this one. `in_use`: the mapping that counts for `pair`; of the
// others their files as they are now. A file that cannot be used is no matter of this pair.
std::optional<Overlap> overlap_with_another_pair(const Config& config, const PairConfig& pair,
                                                 const mapping::Mapping& in_use);

}  // namespace cosell::cli
