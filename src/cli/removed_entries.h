// What is said of a deal whose history does not go back to its beginning any more.
#pragma once

#include <string>

#include "base/error.h"
#include "engine/pair.h"

namespace cosell::cli {

// That older entries were removed and when; "" where the history is whole.
Result<std::string> removed_entries_note(const engine::Pair& pair, DealId deal);

}  // namespace cosell::cli
