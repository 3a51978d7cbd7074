// Reading cells: ISO dates and the two usual national forms, amounts with separators and signs, yes and no.
#include "connectors/salesforce/emulator/load_values.h"

#include <array>
#include <cstdio>

#include "base/text.h"

namespace cosell::emulator::salesforce {

namespace {

tl::unexpected<std::string> not_a(const Field& field, const std::string& cell, const char* what) {
  return tl::unexpected<std::string>(field.name + " \"" + cell + "\" is not " + what);
}

std::optional<Date> date_from(int year, int month, int day) {
  std::array<char, 32> iso{};
  std::snprintf(iso.data(), iso.size(), "%04d-%02d-%02d", year, month, day);
  return parse_date(iso.data());
}

// 2026-11-30, 11/30/2026 (month first), 30.11.2026, or a date-time.
std::optional<Date> read_date(const std::string& cell) {
  if (const auto iso = parse_date(cell.substr(0, 10));
      iso && (cell.size() == 10 || cell[10] == 'T' || cell[10] == ' ')) {
    return iso;
  }
  int a = 0;
  int b = 0;
  int year = 0;
  int used = 0;
  if (std::sscanf(cell.c_str(), "%2d/%2d/%4d%n", &a, &b, &year, &used) == 3 && used == static_cast<int>(cell.size())) {
    return date_from(year, a, b);
  }
  if (std::sscanf(cell.c_str(), "%2d.%2d.%4d%n", &a, &b, &year, &used) == 3 && used == static_cast<int>(cell.size())) {
    return date_from(year, b, a);
  }
  return std::nullopt;
}

// "1,054.50", "1.054,50", "$ 1054", "75 %".
std::optional<double> read_number(const std::string& cell) {
  std::string digits;
  for (const char c : cell) {
    const bool part = (c >= '0' && c <= '9') || c == '.' || c == ',' || c == '-';
    const bool sign = c == ' ' || c == '$' || c == '%' || c == '\'' || static_cast<unsigned char>(c) >= 0x80;
    if (part) digits += c;
    if (!part && !sign) return parse_number(cell);
  }
  const std::size_t comma = digits.rfind(',');
  const std::size_t dot = digits.rfind('.');
  if (comma != std::string::npos) {
    // A comma before a dot, or before exactly three digits, separates thousands.
    const bool thousands = dot != std::string::npos ? comma < dot : digits.size() - comma == 4;
    if (thousands) {
      digits = text::replace_all(digits, ",", "");
    } else {
      digits = text::replace_all(text::replace_all(digits, ".", ""), ",", ".");
    }
  }
  return parse_number(digits);
}

std::optional<bool> read_tick(const std::string& cell) {
  const std::string s = text::lower_ascii(cell);
  for (const char* yes : {"true", "1", "yes", "y", "x"}) {
    if (s == yes) return true;
  }
  for (const char* no : {"false", "0", "no", "n"}) {
    if (s == no) return false;
  }
  return std::nullopt;
}

}  // namespace

tl::expected<Json, std::string> read_cell(const Field& field, const std::string& cell) {
  if (field.is_number()) {
    const auto number = read_number(cell);
    if (!number) return not_a(field, cell, "a number");
    return Json(*number);
  }
  if (field.type == Type::date) {
    const auto date = read_date(cell);
    if (!date) return not_a(field, cell, "a date");
    return Json(to_string(*date));
  }
  if (field.type == Type::boolean) {
    const auto tick = read_tick(cell);
    if (!tick) return not_a(field, cell, "true or false");
    return Json(*tick);
  }
  return Json(cell);
}

}  // namespace cosell::emulator::salesforce
