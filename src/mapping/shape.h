// Checks the shape of one file (keys, types, fixed vocabularies) against the JSON Schema that editors use, so that the
// editor and the program say the same. What only a whole mapping can show is checked where it is read.
#pragma once

#include "mapping/tree.h"

namespace cosell::mapping {

// Adds a finding for every part of `file` that mapping.schema.json does not allow.
void check_shape(const Node& file, Findings& findings);

}  // namespace cosell::mapping
