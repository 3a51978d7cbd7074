// Folding by Unicode's tables, numbers by the C++ library.
#include "connectors/emulator/plain_values.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace cosell::emulator {

namespace {

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

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
  if (a.size() == b.size()) return 0;
  return a.size() < b.size() ? -1 : 1;
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (text.empty() || result.ec != std::errc() || result.ptr != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

double round_to(double value, int scale) {
  const double factor = std::pow(10.0, scale);
  const double scaled = value * factor;
  // Above 2^53 there is no fraction left to round.
  if (std::fabs(scaled) > 9.0e15) return value;
  return std::round(scaled) / factor;
}

Instant whole_seconds(Instant t) { return {t.ms - ((t.ms % 1000) + 1000) % 1000}; }

}  // namespace cosell::emulator
