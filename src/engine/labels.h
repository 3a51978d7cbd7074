// The labels of the CRM's columns, as the CRM told them last: people find a column by its label, not by its name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/pair.h"

namespace cosell::engine {

using Labels = std::map<std::string, std::string>;  // by the column's name

// Keeps those of the columns that the mapping reads. Inside a transaction.
Result<void> note_labels(const Pair& pair, const std::vector<ColumnInfo>& columns);
Result<Labels> known_labels(store::Store& store);

}  // namespace cosell::engine
