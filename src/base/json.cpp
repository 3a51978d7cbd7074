// JSON values and how they are written: compact, canonical (equal values, equal bytes) and for people.
// Reading is in json_read.cpp.
#include "base/json.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <utility>

#include "base/json_plain.h"
#include "base/json_text.h"

namespace cosell::json {
namespace {

// Length of the valid UTF-8 sequence at `i`, 0 when there is none.
std::size_t utf8_length(std::string_view s, std::size_t i) {
  const auto byte = [&](std::size_t k) { return k < s.size() ? static_cast<unsigned char>(s[k]) : 0U; };
  const auto follows = [&](std::size_t k) { return (byte(k) & 0xC0U) == 0x80U; };
  const unsigned b0 = byte(i);
  const unsigned b1 = byte(i + 1);
  if (b0 < 0x80) return 1;
  if (b0 >= 0xC2 && b0 <= 0xDF) return follows(i + 1) ? 2 : 0;
  if (b0 >= 0xE0 && b0 <= 0xEF) {
    const bool overlong = b0 == 0xE0 && b1 < 0xA0;
    const bool surrogate = b0 == 0xED && b1 > 0x9F;
    return !overlong && !surrogate && follows(i + 1) && follows(i + 2) ? 3 : 0;
  }
  if (b0 >= 0xF0 && b0 <= 0xF4) {
    const bool overlong = b0 == 0xF0 && b1 < 0x90;
    const bool beyond = b0 == 0xF4 && b1 > 0x8F;
    return !overlong && !beyond && follows(i + 1) && follows(i + 2) && follows(i + 3) ? 4 : 0;
  }
  return 0;
}

void write_escaped(unsigned char c, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
  }
}

void write_checked(std::string_view s, std::string& out) {
  const char* const end = s.data() + s.size();
  std::size_t plain_from = 0;
  for (std::size_t i = 0;;) {
    i = static_cast<std::size_t>(plain_end(s.data() + i, end) - s.data());
    if (i == s.size()) break;
    const auto c = static_cast<unsigned char>(s[i]);
    const std::size_t length = c < 0x80 ? 0 : utf8_length(s, i);
    if (length > 0) {
      i += length;
      continue;
    }
    out.append(s, plain_from, i - plain_from);
    if (c < 0x80) {
      write_escaped(c, out);
    } else {
      out += "\xEF\xBF\xBD";
    }
    plain_from = ++i;
  }
  out.append(s, plain_from, s.size() - plain_from);
}

void write_string(std::string_view s, std::string& out) {
  std::array<char, 64> piece;
  if (s.size() + 2 <= piece.size() && all_plain(s)) {
    // Nearly every text; added with its quotes in one piece.
    piece[0] = '"';
    s.copy(piece.data() + 1, s.size());
    piece[s.size() + 1] = '"';
    out.append(piece.data(), s.size() + 2);
    return;
  }
  out += '"';
  write_checked(s, out);
  out += '"';
}

struct Style {
  bool sorted = false;
  bool indented = false;
};

class Writer {
 public:
  Writer(Style style, std::string& out) : style_(style), out_(out) {}

  void value(const Value& v) {
    switch (v.kind()) {
      case Kind::null:
        out_ += "null";
        break;
      case Kind::boolean:
        out_ += v.as_bool() ? "true" : "false";
        break;
      case Kind::number:
        out_ += v.text();
        break;
      case Kind::string:
        write_string(v.text(), out_);
        break;
      case Kind::array:
        array(v);
        break;
      case Kind::object:
        object(v);
        break;
    }
  }

 private:
  void array(const Value& v) {
    out_ += '[';
    bool first = true;
    ++level_;
    for (const Value& item : v.items()) {
      separate(first);
      value(item);
    }
    close(first, ']');
  }

  void object(const Value& v) {
    const std::vector<Member>& members = v.members();
    const auto by_key = [](const Member& a, const Member& b) { return a.key < b.key; };
    out_ += '{';
    bool first = true;
    ++level_;
    if (style_.sorted && !std::is_sorted(members.begin(), members.end(), by_key)) {
      std::vector<const Member*> sorted;
      sorted.reserve(members.size());
      for (const Member& m : members) sorted.push_back(&m);
      std::sort(sorted.begin(), sorted.end(), [&](const Member* a, const Member* b) { return by_key(*a, *b); });
      for (const Member* m : sorted) member(*m, first);
    } else {
      for (const Member& m : members) member(m, first);
    }
    close(first, '}');
  }

  void member(const Member& m, bool& first) {
    separate(first);
    write_string(m.key, out_);
    out_ += ':';
    if (style_.indented) out_ += ' ';
    value(m.value);
  }

  void separate(bool& first) {
    if (!first) out_ += ',';
    first = false;
    new_line();
  }

  void close(bool empty, char bracket) {
    --level_;
    if (!empty) new_line();
    out_ += bracket;
  }

  void new_line() {
    if (!style_.indented) return;
    out_ += '\n';
    out_.append(level_ * 2, ' ');
  }

  Style style_;
  std::string& out_;
  std::size_t level_ = 0;
};

std::string written(const Value& v, Style style) {
  // Written where there is room already and copied once, instead of growing step by step.
  constexpr std::size_t kKept = 64U << 10;
  thread_local std::string room;
  room.clear();
  Writer(style, room).value(v);
  if (room.capacity() > kKept) return std::exchange(room, {});
  return room;
}

bool is_number_text(std::string_view s) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t from = i;
    while (i < s.size() && s[i] >= '0' && s[i] <= '9') ++i;
    return i - from;
  };
  if (i < s.size() && s[i] == '-') ++i;
  const bool zero = i < s.size() && s[i] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (i < s.size() && s[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < s.size() && (s[i] == 'e' || s[i] == 'E')) {
    ++i;
    if (i < s.size() && (s[i] == '+' || s[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == s.size();
}

}  // namespace

Value Value::boolean(bool b) {
  Value v;
  v.kind_ = Kind::boolean;
  v.bool_ = b;
  return v;
}

Value Value::number(std::string text) {
  assert(is_number_text(text));
  Value v;
  v.kind_ = Kind::number;
  v.content_ = std::move(text);
  return v;
}

Value Value::integer(std::int64_t n) { return number(std::to_string(n)); }

Value Value::string(std::string s) {
  Value v;
  v.kind_ = Kind::string;
  v.content_ = std::move(s);
  return v;
}

Value Value::array() {
  Value v;
  v.kind_ = Kind::array;
  v.content_.emplace<std::vector<Value>>();
  return v;
}

Value Value::object() {
  Value v;
  v.kind_ = Kind::object;
  v.content_.emplace<std::vector<Member>>();
  return v;
}

std::string Value::take_text() {
  auto* text = std::get_if<std::string>(&content_);
  return text == nullptr ? std::string() : std::move(*text);
}

std::optional<std::int64_t> Value::as_integer() const {
  if (kind_ != Kind::number) return std::nullopt;
  std::int64_t n = 0;
  const std::string& digits = text();
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, n);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return n;
}

const Value* Value::find(std::string_view key) const {
  for (const Member& m : members()) {
    if (m.key == key) return &m.value;
  }
  return nullptr;
}

const Value* Value::at_path(std::initializer_list<std::string_view> keys) const {
  const Value* at = this;
  for (const std::string_view key : keys) {
    at = at->find(key);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::string Value::text_of(std::string_view key) const {
  const Value* v = find(key);
  return v != nullptr && v->is_string() ? v->text() : "";
}

Value& Value::append(Value v) {
  assert(kind_ == Kind::array);
  auto& items = own<std::vector<Value>>();
  items.push_back(std::move(v));
  return items.back();
}

Value& Value::set(std::string key, Value v) {
  assert(kind_ == Kind::object);
  auto& members = own<std::vector<Member>>();
  for (Member& m : members) {
    if (m.key == key) return m.value = std::move(v);
  }
  if (members.empty()) members.reserve(8);
  Member& added = members.emplace_back();
  added.key = std::move(key);
  return added.value = std::move(v);
}

bool Value::operator==(const Value& other) const {
  if (kind_ != other.kind_ || bool_ != other.bool_ || text() != other.text()) return false;
  if (items() != other.items() || members().size() != other.members().size()) return false;
  return std::all_of(members().begin(), members().end(), [&](const Member& m) {
    const Value* theirs = other.find(m.key);
    return theirs != nullptr && m.value == *theirs;
  });
}

void append_string(std::string_view text, std::string& out) { write_string(text, out); }
std::string write(const Value& v) { return written(v, {}); }
std::string canonical(const Value& v) { return written(v, {.sorted = true}); }
std::string write_pretty(const Value& v) { return written(v, {.indented = true}); }

}  // namespace cosell::json
