// Where a value comes from: columns, constants, value tables, and defaults that are worked out once. Texts in, texts
// out; which deal field it is for, and of what type, is not known here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "deal/columns.h"
#include "mapping/tree.h"

namespace cosell::mapping {

// CRM value -> value of the deal, in file order. Keys are compared in NFC without blanks around them.
class ValueTable {
 public:
  void add(std::string from, std::string to);
  bool empty() const { return entries_.empty(); }
  const std::string* find(std::string_view from) const;
  // The first CRM value that means `to`; nullptr when none does.
  const std::string* inverse(std::string_view to) const;
  // A value that more than one CRM value means; "" when the table can be read backwards without a choice.
  std::string ambiguous() const;
  const std::vector<std::pair<std::string, std::string>>& entries() const { return entries_; }

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
  std::unordered_map<std::string, std::size_t> by_key_;
};

struct Source {
  std::vector<std::string> columns;  // the first that is not blank counts, the first of all is written
  bool joined = false;               // "join": all of them count, and none is written
  ValueTable table;
  std::optional<std::string> otherwise;  // "else": for values that the table does not have
  std::optional<std::string> constant;
  std::optional<std::string> fallback;  // a part's "default": when all columns are blank
  bool trim = false;
  bool strip_marks = false;    // a tick or cross around the text is no part of it
  std::size_t max_length = 0;  // UTF-16 units that are written; 0: all of them
  Origin at;

  bool has_column() const { return !columns.empty(); }
  // A column of the record itself, not of a parent.
  bool is_writable() const { return has_column() && !joined && columns.front().find('.') == std::string::npos; }
};

// A scalar column value as text: a tick is "true", a date "2026-11-30"; "" when blank.
std::string plain_text(const Value& v);

// The first column of `source` that is not blank; a blank value when all are.
const Value& first_value(const Source& source, const Columns& columns);

// Without the ticks and crosses that Microsoft's connectors write around a deal's name.
std::string without_marks(std::string_view s);
// What of a UTF-8 text fits into `most` UTF-16 units, which is how CRMs count: whole characters, without a blank at the
// end; all of it when `most` is 0.
std::string cut(std::string_view s, std::size_t most);

// The text that `source` gives. `known` is false when the table has no entry for a value that is there; `written`
// is then what the CRM shows.
struct TextRead {
  std::string text;
  bool known = true;
  std::string written;
};
TextRead read_text(const Source& source, const Columns& columns);

// "today + 90d", "{Column} - 3d", "2026-11-30", a text with {Column} in it, or a table on another column.
class Default {
 public:
  static Default of_text(std::string pattern);
  // Empty when the text is no date rule.
  static std::optional<Default> of_date(std::string_view rule);
  static Default of_table(Source source);

  // Empty when a column that it needs is blank or is no date.
  std::optional<std::string> evaluate(const Columns& columns, Date today) const;
  std::vector<std::string> columns() const;
  // As the file says it: "today + 90d". Of a table: by which columns it goes.
  std::string written() const;
  // Nothing in it unless it is one.
  const Source& table() const { return table_; }

 private:
  enum class Kind : std::uint8_t { text, date, table } kind_ = Kind::text;
  std::string written_;      // text, date
  std::string pattern_;      // text
  std::string date_column_;  // date; "" when it counts from today or is fixed
  std::optional<Date> fixed_;
  std::int64_t days_ = 0;
  Source table_;
};

// A date from a date column, an instant (its UTC date) or text.
std::optional<Date> date_from(const Value& v);

}  // namespace cosell::mapping
