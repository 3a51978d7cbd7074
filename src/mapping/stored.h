// Reading a mapping back from the text that a run kept of it (Mapping::text()): the file and what it extends, one after
// the other, each under a line with its name.
#pragma once

#include <string>

#include "mapping/mapping.h"

namespace cosell::mapping {

Loaded read_stored_mapping(const std::string& text);

// The file that a person wrote, without what it extends.
struct StoredFile {
  std::string name;
  std::string text;
};
StoredFile stored_file(const std::string& text);

}  // namespace cosell::mapping
