// Reading a result row column by column, from left to right. A stored choice that this program does not know throws
// Refusal: the row is damaged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/codec.h"
#include "store/connection.h"

namespace cosell::store {

class RowReader {
 public:
  explicit RowReader(const Query& query) : query_(query) {}

  std::string text() { return query_.text(next_++); }
  std::int64_t integer() { return query_.integer(next_++); }
  Instant time() { return query_.time(next_++); }
  std::optional<Instant> time_if_any() { return query_.time_if_any(next_++); }
  template <class Id>
  Id id() {
    return Id(integer());
  }

  void skip(int columns) { next_ += columns; }

  // A choice from a closed list: choice(deal_state_from).
  template <class Parse>
  auto choice(Parse parse) {
    const std::string name = text();
    const auto parsed = parse(name);
    if (!parsed)
      throw Refusal{make_error(ErrorClass::store_damaged, "The store holds an unknown word: \"" + name + "\".")};
    return *parsed;
  }

  Columns columns() {
    auto decoded = decode_columns(text());
    if (!decoded) throw Refusal{decoded.error()};
    return std::move(*decoded);
  }

 private:
  const Query& query_;
  int next_ = 0;
};

}  // namespace cosell::store
