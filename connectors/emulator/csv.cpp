// The CSV reader: one pass over the text, errors with the line they begin in.
#include "connectors/emulator/csv.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "connectors/emulator/plain_values.h"

namespace cosell::emulator {

namespace {

Error malformed(std::size_t line, const std::string& what) {
  return make_error(ErrorClass::config, "The CSV file is malformed at line " + std::to_string(line) + ": " + what);
}

char delimiter_of(std::string_view text) {
  std::array<std::size_t, 3> counts{};
  constexpr std::array<char, 3> kDelimiters = {',', ';', '\t'};
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (c == '\n' && !quoted) break;
    for (std::size_t i = 0; i < kDelimiters.size(); ++i) {
      if (c == kDelimiters[i] && !quoted) ++counts[i];
    }
  }
  const auto most = std::max_element(counts.begin(), counts.end());
  return kDelimiters[static_cast<std::size_t>(most - counts.begin())];
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text), delimiter_(delimiter_of(text)) {}

  // Rows as they stand in the file, the header among them.
  Result<std::vector<CsvRow>> run() {
    std::vector<CsvRow> rows;
    while (at_ < text_.size()) {
      CsvRow row;
      row.line = line_;
      bool more = true;
      while (more) {
        std::string cell;
        const Result<void> read = cell_into(cell, more);
        if (!read) return read.error();
        row.cells.push_back(std::move(cell));
      }
      const bool blank = row.cells.size() == 1 && text::trim(row.cells[0]).empty();
      if (!blank) rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  // Reads one cell and what ends it; `more` tells whether the row goes on.
  Result<void> cell_into(std::string& cell, bool& more) {
    if (at_ < text_.size() && text_[at_] == '"') {
      const Result<void> read = quoted_into(cell);
      if (!read) return read;
    } else {
      while (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '\n' && text_[at_] != '\r') {
        cell += text_[at_++];
      }
    }
    more = at_ < text_.size() && text_[at_] == delimiter_;
    if (more) {
      ++at_;
      return {};
    }
    return end_of_line();
  }

  Result<void> quoted_into(std::string& cell) {
    const std::size_t begun = line_;
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\n') ++line_;
      if (c != '"') {
        cell += c;
      } else if (at_ < text_.size() && text_[at_] == '"') {
        cell += '"';
        ++at_;
      } else {
        const bool ends = at_ == text_.size() || text_[at_] == delimiter_ || text_[at_] == '\n' || text_[at_] == '\r';
        if (ends) return {};
        return malformed(line_, "text follows a closing quote");
      }
    }
    return malformed(begun, "a quote is opened and never closed");
  }

  Result<void> end_of_line() {
    if (at_ == text_.size()) return {};
    if (text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] == '\n') ++at_;
    ++line_;
    return {};
  }

  std::string_view text_;
  char delimiter_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

std::optional<std::size_t> line_that_is_not_utf8(std::string_view text) {
  std::size_t line = 1;
  for (const std::string& part : text::split(text, '\n')) {
    if (!text::is_valid_utf8(part)) return line;
    ++line;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::size_t> CsvFile::column(std::string_view name) const {
  const std::string wanted = text::trim(name);
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (text::equals_ignore_case(header[i], wanted)) return i;
  }
  return std::nullopt;
}

Result<CsvFile> read_csv(std::string_view text) {
  if (text::starts_with(text, "\xEF\xBB\xBF")) text.remove_prefix(3);
  if (const auto line = line_that_is_not_utf8(text)) return malformed(*line, "the text is not UTF-8");
  auto rows = Reader(text).run();
  if (!rows) return rows.error();
  if (rows->empty()) return malformed(1, "there is no header row");
  CsvFile file;
  for (const std::string& name : rows->front().cells) {
    if (!text::trim(name).empty() && file.column(name)) {
      return malformed(rows->front().line, "the column \"" + text::trim(name) + "\" appears twice");
    }
    file.header.push_back(text::trim(name));
  }
  for (std::size_t i = 1; i < rows->size(); ++i) {
    CsvRow& row = (*rows)[i];
    if (row.cells.size() != file.header.size()) {
      return malformed(row.line, text::count_of(row.cells.size(), "cell") + " where the header has " +
                                     std::to_string(file.header.size()));
    }
    file.rows.push_back(std::move(row));
  }
  return file;
}

namespace {

// A date of three numbers with `mark` between them; the year stands last.
std::optional<Date> national_date(const std::string& cell, char mark, bool month_first) {
  const std::vector<std::string> parts = text::split(cell, mark);
  if (parts.size() != 3 || parts[0].size() > 2 || parts[1].size() > 2 || parts[2].size() != 4) return std::nullopt;
  const auto two = [](const std::string& digits) { return digits.size() == 1 ? "0" + digits : digits; };
  const std::string& month = month_first ? parts[0] : parts[1];
  const std::string& day = month_first ? parts[1] : parts[0];
  return parse_date(parts[2] + "-" + two(month) + "-" + two(day));
}

}  // namespace

std::optional<Date> read_date_cell(const std::string& cell) {
  const bool alone = cell.size() <= 10 || cell[10] == 'T' || cell[10] == ' ';
  if (const auto iso = parse_date(cell.substr(0, 10)); iso && alone) return iso;
  if (const auto american = national_date(cell, '/', true)) return american;
  return national_date(cell, '.', false);
}

std::optional<double> read_number_cell(const std::string& cell) {
  std::string digits;
  for (const char c : cell) {
    const bool part = (c >= '0' && c <= '9') || c == '.' || c == ',' || c == '-';
    const bool sign = c == ' ' || c == '$' || c == '%' || c == '\'' || static_cast<unsigned char>(c) >= 0x80;
    if (part) digits += c;
    if (!part && !sign) return parse_number(cell);
  }
  const std::size_t comma = digits.rfind(',');
  const std::size_t dot = digits.rfind('.');
  if (comma != std::string::npos) {
    // A comma before a dot, or before exactly three digits, separates thousands.
    const bool thousands = dot != std::string::npos ? comma < dot : digits.size() - comma == 4;
    if (thousands) {
      digits = text::replace_all(digits, ",", "");
    } else {
      digits = text::replace_all(text::replace_all(digits, ".", ""), ",", ".");
    }
  }
  return parse_number(digits);
}

std::optional<bool> read_tick_cell(const std::string& cell) {
  const std::string s = text::lower_ascii(cell);
  for (const char* yes : {"true", "1", "yes", "y", "x"}) {
    if (s == yes) return true;
  }
  for (const char* no : {"false", "0", "no", "n"}) {
    if (s == no) return false;
  }
  return std::nullopt;
}

}  // namespace cosell::emulator
