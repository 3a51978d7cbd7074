// Forms of values: ids with check characters, dates as Salesforce and HTTP write them.
#include "connectors/salesforce/emulator/values.h"

#include <array>
#include <cstdio>

#include "base/text.h"

namespace cosell::emulator::salesforce {

namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kCheck = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
char upper(char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

std::string make_id(std::string_view prefix, std::uint64_t number) {
  std::string id(15, '0');
  id.replace(0, prefix.size(), prefix);
  // Characters 4 and 5 name the instance of the org in real ids.
  id[3] = 'K';
  id[4] = 'o';
  for (std::size_t i = 14; number > 0 && i > 4; --i, number /= 62) id[i] = kDigits[number % 62];
  return id;
}

std::string to_18(std::string_view id15) {
  std::string out(id15);
  if (id15.size() != 15) return out;
  for (std::size_t group = 0; group < 3; ++group) {
    std::size_t bits = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      if (is_upper(id15[group * 5 + i])) bits |= std::size_t{1} << i;
    }
    out += kCheck[bits];
  }
  return out;
}

std::optional<std::string> parse_id(std::string_view text) {
  if (text.size() != 15 && text.size() != 18) return std::nullopt;
  for (char c : text) {
    if (!is_upper(c) && !is_lower(c) && !is_digit(c)) return std::nullopt;
  }
  std::string id(text.substr(0, 15));
  if (text.size() == 15) return id;
  for (std::size_t group = 0; group < 3; ++group) {
    const std::size_t bits = kCheck.find(upper(text[15 + group]));
    if (bits == std::string_view::npos) return std::nullopt;
    for (std::size_t i = 0; i < 5; ++i) {
      char& c = id[group * 5 + i];
      const bool want_upper = ((bits >> i) & 1U) != 0;
      if (want_upper && is_digit(c)) return std::nullopt;
      c = want_upper ? upper(c) : lower(c);
    }
  }
  return id;
}

int compare_values(const Value& a, const Value& b) {
  if (a.index() != b.index()) return a.index() < b.index() ? -1 : 1;
  if (const auto* text = std::get_if<std::string>(&a)) return compare_text(*text, std::get<std::string>(b));
  if (a == b) return 0;
  return a < b ? -1 : 1;
}

bool like(std::string_view text, std::string_view pattern) {
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    if (p < pattern.size() && !escaped && pattern[p] == '%') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && !escaped && pattern[p] == '_') {
      // One character may be several bytes.
      ++t;
      while (t < text.size() && (static_cast<unsigned char>(text[t]) & 0xC0U) == 0x80U) ++t;
      ++p;
    } else if (p < pattern.size() && pattern[p + (escaped ? 1 : 0)] == text[t]) {
      p += escaped ? 2 : 1;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

std::size_t count_characters(std::string_view utf8) {
  std::size_t n = 0;
  for (char c : utf8) {
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++n;
  }
  return n;
}

std::string stamp_text(Instant t) {
  std::string text = to_string_seconds(t);
  if (!text.empty()) text.pop_back();
  return text + ".000+0000";
}

std::optional<Instant> parse_http_date(std::string_view text) {
  const std::string copy(text);
  std::array<char, 4> month{};
  int day = 0;
  int year = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (std::sscanf(copy.c_str(), "%*3s, %2d %3s %4d %2d:%2d:%2d", &day, month.data(), &year, &hour, &minute, &second) !=
      6) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (std::string_view(kMonths[i]) != month.data()) continue;
    std::array<char, 16> date{};
    std::snprintf(date.data(), date.size(), "%04d-%02d-%02d", year % 10000, static_cast<int>(i + 1), day % 100);
    const auto parsed = parse_date(date.data());
    if (!parsed || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    return start_of(*parsed) + seconds(hour * 3600 + minute * 60 + second);
  }
  return std::nullopt;
}

}  // namespace cosell::emulator::salesforce
