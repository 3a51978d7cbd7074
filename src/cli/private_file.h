// Files that tell of people and deals: journals and bundles that are handed to somebody.
#pragma once

#include <fstream>
#include <string>

namespace cosell::cli {

// Empties or makes the file, readable for its owner alone; a stream that is not good when that fails. What is no
// ordinary file, such as a pipe, keeps its permissions.
std::ofstream file_for_its_owner(const std::string& file);

}  // namespace cosell::cli
