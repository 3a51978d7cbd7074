// Forms of values: GUIDs, folding, numbers.
#include "connectors/dynamics365/emulator/values.h"

#include <utf8proc.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/text.h"

namespace cosell::emulator::dynamics365 {

namespace {

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
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

std::string fold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  std::size_t i = 0;
  while (i < text.size()) {
    if (is_ascii(text[i])) {
      out += lower(text[i++]);
      continue;
    }
    utf8proc_int32_t point = 0;
    const auto length = utf8proc_iterate(bytes + i, static_cast<utf8proc_ssize_t>(text.size() - i), &point);
    if (length <= 0) {
      out += text[i++];
      continue;
    }
    std::array<utf8proc_uint8_t, 4> encoded{};
    const auto written = utf8proc_encode_char(utf8proc_tolower(point), encoded.data());
    out.append(reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(written));
    i += static_cast<std::size_t>(length);
  }
  return out;
}

int compare_text(std::string_view a, std::string_view b) {
  const std::size_t n = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < n; ++i) {
    if (!is_ascii(a[i]) || !is_ascii(b[i])) return fold(a).compare(fold(b));
    const char x = lower(a[i]);
    const char y = lower(b[i]);
    if (x != y) return x < y ? -1 : 1;
  }
  return order(a.size(), b.size());
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

Instant whole_seconds(Instant t) { return {t.ms - ((t.ms % 1000) + 1000) % 1000}; }

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (text.empty() || result.ec != std::errc() || result.ptr != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (text.empty() || result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

double round_to(double value, int scale) {
  const double factor = std::pow(10.0, scale);
  const double scaled = value * factor;
  // Above 2^53 there is no fraction left to round.
  if (std::fabs(scaled) > 9.0e15) return value;
  return std::round(scaled) / factor;
}

}  // namespace cosell::emulator::dynamics365
