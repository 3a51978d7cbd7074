// Reading CSV (RFC 4180): quotes, doubled quotes, line breaks inside quotes, CR LF, a byte-order mark.
// And cells as people and spreadsheets write them. Knows nothing of what the columns mean.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace cosell::emulator {

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

// 2026-11-30, 11/30/2026 (month first), 30.11.2026, or a date-time.
std::optional<Date> read_date_cell(const std::string& cell);
// "1,054.50", "1.054,50", "$ 1054", "75 %".
std::optional<double> read_number_cell(const std::string& cell);
// true, 1, yes, y, x; false, 0, no, n.
std::optional<bool> read_tick_cell(const std::string& cell);

}  // namespace cosell::emulator
