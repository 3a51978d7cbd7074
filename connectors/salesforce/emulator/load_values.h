// Cells of a CSV export as values that a request could carry: dates, amounts and ticks as people's exports write them.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "connectors/emulator/emulator.h"
#include "connectors/salesforce/emulator/schema.h"

namespace cosell::emulator::salesforce {

// The error is a short reason that names field and cell.
tl::expected<Json, std::string> read_cell(const Field& field, const std::string& cell);

}  // namespace cosell::emulator::salesforce
