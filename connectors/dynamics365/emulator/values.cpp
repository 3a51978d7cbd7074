// Forms of values: GUIDs, whole numbers.
#include "connectors/dynamics365/emulator/values.h"

#include <charconv>

#include "base/text.h"

namespace cosell::emulator::dynamics365 {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

std::optional<double> number_in(const Value& v) {
  if (const auto* whole = std::get_if<std::int64_t>(&v)) return static_cast<double>(*whole);
  if (const auto* decimal = std::get_if<double>(&v)) return *decimal;
  return std::nullopt;
}

std::optional<Instant> moment_in(const Value& v) {
  if (const auto* t = std::get_if<Instant>(&v)) return *t;
  if (const auto* d = std::get_if<Date>(&v)) return start_of(*d);
  return std::nullopt;
}

std::optional<Guid> id_in(const Value& v) {
  if (const auto* g = std::get_if<Guid>(&v)) return *g;
  if (const auto* r = std::get_if<Ref>(&v)) return r->id;
  return std::nullopt;
}

template <class T>
int order(const T& a, const T& b) {
  if (a < b) return -1;
  return b < a ? 1 : 0;
}

}  // namespace

std::optional<Guid> parse_guid(std::string_view text) {
  if (text.size() == 38 && text.front() == '{' && text.back() == '}') text = text.substr(1, 36);
  if (text.size() != 36) return std::nullopt;
  Guid guid;
  int digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const int digit = digit_of(text[i]);
    if (dash ? text[i] != '-' : digit < 0) return std::nullopt;
    if (dash) continue;
    std::uint64_t& half = digits < 16 ? guid.high : guid.low;
    half = (half << 4U) | static_cast<std::uint64_t>(digit);
    ++digits;
  }
  return guid;
}

std::string to_string(const Guid& guid) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) text += '-';
    const std::uint64_t half = i < 16 ? guid.high : guid.low;
    text += kDigits[(half >> static_cast<unsigned>(60 - 4 * (i % 16))) & 0xFU];
  }
  return text;
}

Guid new_guid(Random& random) { return parse_guid(random.uuid()).value_or(Guid{}); }

Guid guid_of(std::string_view text) {
  const std::string hex = text::sha256_hex(text);
  Guid guid;
  for (std::size_t i = 0; i < 32; ++i) {
    std::uint64_t& half = i < 16 ? guid.high : guid.low;
    half = (half << 4U) | static_cast<std::uint64_t>(digit_of(hex[i]));
  }
  return guid;
}

int compare_values(const Value& a, const Value& b) {
  if (const auto* x = std::get_if<std::string>(&a), *y = std::get_if<std::string>(&b); x != nullptr && y != nullptr) {
    return compare_text(*x, *y);
  }
  if (const auto x = number_in(a), y = number_in(b); x && y) return order(*x, *y);
  if (const auto x = moment_in(a), y = moment_in(b); x && y) return order(*x, *y);
  if (const auto x = id_in(a), y = id_in(b); x && y) return order(*x, *y);
  if (const auto* x = std::get_if<bool>(&a), *y = std::get_if<bool>(&b); x != nullptr && y != nullptr) {
    return order(*x, *y);
  }
  return order(a.index(), b.index());
}

std::size_t count_units(std::string_view utf8) {
  std::size_t n = 0;
  for (char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) != 0x80U) ++n;
    if (byte >= 0xF0U) ++n;  // outside the basic plane: a pair of surrogates
  }
  return n;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (text.empty() || result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

}  // namespace cosell::emulator::dynamics365
