// SOQL as text and as a tree. Responsible for syntax only; which fields exist is decided when the query is bound
// to the schema (query.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connectors/salesforce/emulator/state.h"
#include "connectors/salesforce/emulator/values.h"

namespace cosell::emulator::salesforce::soql {

struct Path {
  std::vector<std::string> names = {};
  std::size_t at = 0;  // offset in the text of the query
};

struct Literal {
  enum class Kind { null, boolean, number, text, date, datetime, range };
  Kind kind = Kind::null;
  Value value = {};
  std::string range = {};  // TODAY, LAST_N_DAYS
  std::int64_t range_n = 0;
  std::size_t at = 0;
};

enum class Op { equal, not_equal, less, less_equal, greater, greater_equal, like, in, not_in };

struct Condition {
  enum class Kind { all, any, negate, compare };
  Kind kind = Kind::compare;
  std::vector<Condition> parts = {};
  Path field = {};
  Op op = Op::equal;
  std::vector<Literal> values = {};
};

struct OrderKey {
  Path field = {};
  bool descending = false;
  std::optional<bool> nulls_last = {};
};

struct Query {
  std::string text = {};
  bool count = false;
  std::vector<Path> fields = {};
  std::string fields_macro = {};  // ALL, STANDARD, CUSTOM
  std::string from = {};
  std::size_t from_at = 0;
  std::optional<Condition> where = {};
  std::vector<OrderKey> order = {};
  std::optional<std::int64_t> limit = {};
  std::optional<std::int64_t> offset = {};
};

Outcome<Query> parse(const std::string& text);

// A message in the form of Salesforce: the surroundings, a caret, the column, the sentence.
std::string located(const std::string& text, std::size_t at, const std::string& sentence);

enum class TokenKind { name, text, number, date, datetime, symbol, end };
struct Token {
  TokenKind kind = TokenKind::end;
  std::string text = {};  // strings: decoded, backslashes before % and _ kept for LIKE
  std::size_t at = 0;
};
Outcome<std::vector<Token>> tokens_of(const std::string& text);

}  // namespace cosell::emulator::salesforce::soql
