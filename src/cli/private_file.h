// Files that tell of people and deals: journals and bundles that are handed to somebody.
#pragma once

#include <fstream>
#include <string>

#include "base/error.h"

namespace cosell::cli {

// Makes the file, readable for its owner alone; one that is there already is refused, never written over. What is no
// ordinary file, such as a pipe, is opened as it is.
Result<std::ofstream> file_for_its_owner(const std::string& file);

// Takes a file away that was begun and is of no use. What is no ordinary file stays.
void take_away(const std::string& file);

// Takes a file away that could not be written to its end, and says why. What is no ordinary file stays.
Error not_written(const std::string& file);

}  // namespace cosell::cli
