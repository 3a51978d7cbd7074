// The read position of a pull, as text that the engine keeps without looking inside.
//
// Between pulls it says up to which moment of the server everything was read, and which rows of the last minutes
// were already delivered, so that the overlap does not deliver them again. Within a pull it also names the next
// page. It belongs to one organisation and one set of columns.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/strong.h"
#include "base/time.h"
#include "connectors/salesforce/salesforce_wire.h"

namespace cosell::salesforce {

struct ReadPosition {
  std::string shape;             // of the columns
  std::string environment;       // organisation and host
  std::optional<Instant> since;  // everything committed up to here was read; empty: nothing yet
  TextTypes types;               // of the organisation's own columns that hold dates or times
  bool has_currency = true;      // CurrencyIsoCode exists
  std::set<std::string> seen;    // digests of rows that were delivered and lie within the overlap

  // Only within a pull:
  std::string next;              // path of the next page
  std::string selected;          // print of the columns that its rows show
  std::optional<Instant> began;  // the server's time at the first page: the next `since`
  std::optional<Instant> top;    // the highest stamp so far
  std::set<std::string> fresh;   // digests of this pull, for the next one

  bool within_pull() const { return !next.empty(); }
};

// At most this many digests are kept. Rows beyond are delivered again, which costs a comparison and harms nothing.
constexpr std::size_t kDigestsKept = 20'000;

// A short text that differs when `text` does.
std::string print_of(const std::string& text);
std::string shape_of(std::vector<std::string> columns, const std::string& key_column);
Cursor write_cursor(const ReadPosition& position);
// `cursor_invalid` when the text is damaged or made by another version.
Result<ReadPosition> read_cursor(const Cursor& cursor);

// Whether a position made in `then` can be used in `now`; a part that either does not know is not compared.
bool same_environment(const std::string& then, const std::string& now);

}  // namespace cosell::salesforce
