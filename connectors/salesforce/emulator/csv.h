// Reading CSV (RFC 4180): quotes, doubled quotes, line breaks inside quotes, CR LF, a byte-order mark.
// Knows nothing of what the columns mean.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace cosell::emulator::salesforce {

struct CsvRow {
  std::size_t line = 0;  // where the row begins, 1-based
  std::vector<std::string> cells;
};

struct CsvFile {
  std::vector<std::string> header;
  std::vector<CsvRow> rows;
  // Column by name, blanks around it and case ignored.
  std::optional<std::size_t> column(std::string_view name) const;
};

// Every row must have as many cells as the header; empty lines are skipped. The delimiter is the one of comma,
// semicolon and tab that the header uses.
Result<CsvFile> read_csv(std::string_view text);

}  // namespace cosell::emulator::salesforce
