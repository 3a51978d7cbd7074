// Small helpers of the mapping tests: reading texts as mappings and findings as lines.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "mapping/mapping.h"

namespace cosell::mapping {

inline std::string t(const char* s) { return s; }

inline std::string file_text(const std::string& path) {
  std::ifstream in(std::string(SOURCE_DIR) + "/" + path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

using Beside = std::map<std::string, std::string>;  // files beside the one that is read

inline Loaded read_text_as(const std::string& name, const std::string& text, const Beside& beside = {}) {
  return read_mapping(name, text, [&beside](const std::string& wanted) -> Result<std::string> {
    const auto found = beside.find(wanted);
    if (found == beside.end()) return make_error(ErrorClass::config, "there is no file " + wanted);
    return found->second;
  });
}

// "12:7 unknown-stage" per line, warnings with a leading '~'.
inline std::string findings_of(const std::vector<FileFinding>& findings) {
  std::string out;
  for (const FileFinding& f : findings) {
    if (!out.empty()) out += "\n";
    if (f.severity == FileFinding::Severity::warning) out += "~";
    out += std::to_string(f.line) + ":" + std::to_string(f.column) + " " + f.code;
  }
  return out;
}
inline std::string findings_of(const Loaded& loaded) { return findings_of(loaded.findings); }

inline std::string texts_of(const std::vector<FileFinding>& findings) {
  std::string out;
  for (const FileFinding& f : findings) out += to_string(f) + "\n";
  return out;
}

// A mapping that must be readable.
inline Mapping mapping_from(const std::string& text, const Beside& beside = {}) {
  Loaded loaded = read_text_as("acme.jsonc", text, beside);
  EXPECT_TRUE(loaded.mapping.has_value()) << texts_of(loaded.findings);
  return loaded.mapping ? *std::move(loaded.mapping) : Mapping();
}

inline std::string problems_of(const std::vector<ReadDeal::Problem>& problems) {
  std::string out;
  for (const auto& p : problems) out += (out.empty() ? "" : " ") + p.code + ":" + info(p.field).name;
  return out;
}

inline std::string shown(const Columns& columns) {
  std::string out;
  for (const auto& [name, value] : columns) out += (out.empty() ? "" : ", ") + name + "=" + display(value);
  return out;
}

}  // namespace cosell::mapping
