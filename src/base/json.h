// JSON as the bridge reads it: every value knows its line and column, numbers keep the text that was
// written (money is never a double), duplicate keys and trailing rubbish are refused, depth and size are
// bounded. Comments (`//`, `/* */`) are allowed only where asked for (configuration and mapping files).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"

namespace cosell::json {

struct Position {
  std::uint32_t line = 0;    // 1-based; 0: made by the program, not read
  std::uint32_t column = 0;  // 1-based, in bytes
};

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

class Value;
struct Member;

class Value {
 public:
  // Defined below Member, which a vector needs complete (clang).
  Value();
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  static Value null();
  static Value boolean(bool b);
  static Value number(std::string text);  // must be a JSON number; kept as written
  static Value integer(std::int64_t n);
  static Value string(std::string s);
  static Value array();
  static Value object();

  Kind kind() const { return kind_; }
  Position at() const { return at_; }
  void set_position(Position p) { at_ = p; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_bool() const { return kind_ == Kind::boolean; }
  bool is_number() const { return kind_ == Kind::number; }
  bool is_string() const { return kind_ == Kind::string; }
  bool is_array() const { return kind_ == Kind::array; }
  bool is_object() const { return kind_ == Kind::object; }

  bool as_bool() const { return bool_; }                           // false unless boolean
  const std::string& text() const { return part<std::string>(); }  // string value or number text, else ""
  std::optional<std::int64_t> as_integer() const;                  // number without fraction within 64 bit
  std::string take_text();                                         // the same, moved out
  // Array elements, else empty.
  const std::vector<Value>& items() const { return part<std::vector<Value>>(); }
  // Object members in file order.
  const std::vector<Member>& members() const { return part<std::vector<Member>>(); }

  // Member by exact key; nullptr when absent or when this is no object.
  const Value* find(std::string_view key) const;
  // Member reached by a path of keys ("details", "currency"); nullptr when a step is absent.
  const Value* at_path(std::initializer_list<std::string_view> keys) const;
  // Text of a string member; empty when absent, null or no string.
  std::string text_of(std::string_view key) const;

  Value& append(Value v);                // arrays
  Value& set(std::string key, Value v);  // objects: replaces or appends

  bool operator==(const Value& other) const;  // ignores positions; objects compare without order

 private:
  friend class Builder;
  // A page of answers holds a hundred thousand values: no room for parts that most of them do not have.
  using Content = std::variant<std::string, std::vector<Value>, std::vector<Member>>;
  // What the content is, or an empty one of that kind.
  template <class Part>
  const Part& part() const {
    static const Part none;
    const Part* own = std::get_if<Part>(&content_);
    return own == nullptr ? none : *own;
  }
  template <class Part>
  Part& own() {
    return *std::get_if<Part>(&content_);
  }

  Kind kind_ = Kind::null;
  bool bool_ = false;
  Position at_{};
  Content content_;
};

struct Member {
  std::string key;
  Position at;  // of the key
  Value value;
};

inline Value::Value() = default;
inline Value::Value(const Value&) = default;
inline Value::Value(Value&&) noexcept = default;
inline Value& Value::operator=(const Value&) = default;
inline Value& Value::operator=(Value&&) noexcept = default;
inline Value::~Value() = default;
inline Value Value::null() { return {}; }

struct ReadOptions {
  bool comments = false;
  std::size_t max_bytes = 64U << 20;
  int max_depth = 64;
};

struct ReadError {
  Position at;
  std::string message;  // "duplicate key \"stages\" (first at line 3)", "expected ',' or '}'"
};

// Reads one JSON text (UTF-8, a BOM is skipped).
tl::expected<Value, ReadError> read(std::string_view text, const ReadOptions& options = {});

// Compact text with members in the order they have; `canonical` sorts keys, so that equal values give
// equal bytes. Invalid UTF-8 is replaced by U+FFFD.
std::string write(const Value& v);
std::string canonical(const Value& v);
std::string write_pretty(const Value& v);  // two spaces, for people

}  // namespace cosell::json
