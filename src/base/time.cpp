// Civil dates, ISO 8601 texts and durations, by the Gregorian calendar in UTC. Zones, locales and
// daylight saving are not known here; the real clock is in system_clock.cpp.
#include "base/time.h"

#include <array>
#include <charconv>

#include "base/text.h"

namespace cosell {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0); }

// Days since 1970-01-01, counted in 400-year eras that begin on March 1st so that the leap day is last.
std::int64_t day_number(Date d) {
  const std::int64_t y = d.month <= 2 ? d.year - 1 : d.year;
  const std::int64_t era = floor_div(y, 400);
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t month_from_march = (d.month + 9) % 12;
  const std::int64_t day_of_year = (153 * month_from_march + 2) / 5 + d.day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

Date date_from_day_number(std::int64_t n) {
  n += 719'468;
  const std::int64_t era = floor_div(n, 146'097);
  const std::int64_t day_of_era = n - era * 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  Date d;
  d.day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  d.month = static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  d.year = static_cast<int>(year_of_era + era * 400 + (d.month <= 2 ? 1 : 0));
  return d;
}

int days_in_month(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

// Takes texts apart from left to right; each step says whether the text went on as expected.
struct Scanner {
  std::string_view rest;

  bool number(std::size_t digits, int& out) {
    if (rest.size() < digits) return false;
    out = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest[i] < '0' || rest[i] > '9') return false;
      out = out * 10 + (rest[i] - '0');
    }
    rest.remove_prefix(digits);
    return true;
  }
  bool any_of(std::string_view chars) {
    if (rest.empty() || chars.find(rest.front()) == std::string_view::npos) return false;
    rest.remove_prefix(1);
    return true;
  }
  bool date(Date& out) {
    return number(4, out.year) && any_of("-") && number(2, out.month) && any_of("-") && number(2, out.day) &&
           out.year >= 1 && out.month >= 1 && out.month <= 12 && out.day >= 1 &&
           out.day <= days_in_month(out.year, out.month);
  }
  // 1 to 9 digits, cut to milliseconds.
  bool fraction_ms(int& out) {
    out = 0;
    int digits = 0;
    for (; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; ++digits, rest.remove_prefix(1)) {
      if (digits < 3) out = out * 10 + (rest.front() - '0');
    }
    if (digits == 0 || digits > 9) return false;
    for (int i = digits; i < 3; ++i) out *= 10;
    return true;
  }
  bool offset_minutes(int& out) {
    out = 0;
    if (any_of("Zz")) return true;
    if (rest.empty()) return false;
    const bool west = rest.front() == '-';
    int hour = 0;
    int minute = 0;
    if (!any_of("+-") || !number(2, hour)) return false;
    any_of(":");
    if (!number(2, minute) || hour > 23 || minute > 59) return false;
    out = (west ? -1 : 1) * (hour * 60 + minute);
    return true;
  }
};

struct Civil {
  Date date;
  int hour;
  int minute;
  int second;
  int ms;
};

Civil civil_of(Instant t) {
  const std::int64_t day = floor_div(t.ms, kDayMs);
  const auto in_day = static_cast<int>(t.ms - day * kDayMs);
  return {date_from_day_number(day), in_day / 3'600'000, in_day / 60'000 % 60, in_day / 1000 % 60, in_day % 1000};
}

// As "%0*d" would write it, which takes ten times as long.
void put(std::string& out, int n, std::size_t width) {
  std::array<char, 12> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), n);
  const std::string_view number(text.data(), static_cast<std::size_t>(written.ptr - text.data()));
  const std::size_t sign = n < 0 ? 1 : 0;
  out.append(number.substr(0, sign));
  if (number.size() < width) out.append(width - number.size(), '0');
  out.append(number.substr(sign));
}

void put(std::string& out, Date d) {
  put(out, d.year, 4);
  out += '-';
  put(out, d.month, 2);
  out += '-';
  put(out, d.day, 2);
}

void put_minutes(std::string& out, const Civil& c) {
  put(out, c.hour, 2);
  out += ':';
  put(out, c.minute, 2);
}

// "2026-01-31T09:30:00", what follows is the caller's.
std::string seconds_of(const Civil& c) {
  std::string out;
  out.reserve(sizeof("2026-01-31T09:30:00.000Z") - 1);
  put(out, c.date);
  out += 'T';
  put_minutes(out, c);
  out += ':';
  put(out, c.second, 2);
  return out;
}

struct Unit {
  std::string_view suffix;
  std::int64_t ms;
};
// A century: a moment so far from now can still be written.
constexpr Duration kLongest = days(36'525);
constexpr std::array<Unit, 5> kUnits = {{{"d", kDayMs}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

}  // namespace

std::optional<Date> parse_date(std::string_view text) {
  Scanner scan{text};
  Date d;
  if (!scan.date(d) || !scan.rest.empty()) return std::nullopt;
  return d;
}

std::string to_string(Date d) {
  std::string out;
  put(out, d);
  return out;
}

Date add_days(Date d, std::int64_t n) { return date_from_day_number(day_number(d) + n); }
std::int64_t days_between(Date from, Date to) { return day_number(to) - day_number(from); }
Date date_of(Instant t) { return date_from_day_number(floor_div(t.ms, kDayMs)); }
Instant start_of(Date d) { return {day_number(d) * kDayMs}; }

std::optional<Instant> parse_instant(std::string_view text) {
  Scanner scan{text};
  Date date;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int ms = 0;
  int offset = 0;
  if (!scan.date(date) || !scan.any_of("Tt")) return std::nullopt;
  if (!scan.number(2, hour) || !scan.any_of(":") || !scan.number(2, minute) || !scan.any_of(":")) return std::nullopt;
  if (!scan.number(2, second)) return std::nullopt;
  if (scan.any_of(".") && !scan.fraction_ms(ms)) return std::nullopt;
  if (!scan.offset_minutes(offset) || !scan.rest.empty()) return std::nullopt;
  // Second 60 is a leap second and counts as the first second of the next minute.
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const Instant at{start_of(date).ms + ((hour * 60LL + minute - offset) * 60 + second) * 1000 + ms};
  // An offset or a leap second may lead out of the years that can be written, and what is written has to be read again.
  const int year = date_of(at).year;
  return year >= 1 && year <= 9999 ? std::optional(at) : std::nullopt;
}

std::string to_string(Instant t) {
  const Civil c = civil_of(t);
  std::string out = seconds_of(c);
  out += '.';
  put(out, c.ms, 3);
  out += 'Z';
  return out;
}

std::string to_string_seconds(Instant t) { return seconds_of(civil_of(t)) + "Z"; }

std::string to_string_minutes(Instant t) {
  const Civil c = civil_of(t);
  std::string out;
  put(out, c.date);
  out += ' ';
  put_minutes(out, c);
  return out;
}

std::optional<Duration> parse_duration(std::string_view text) {
  std::size_t digits = 0;
  std::int64_t n = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    if (n > (INT64_MAX - 9) / 10) return std::nullopt;
    n = n * 10 + (text[digits] - '0');
  }
  if (digits == 0) return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (text.substr(digits) != unit.suffix) continue;
    if (n > kLongest.ms / unit.ms) return std::nullopt;
    return Duration{n * unit.ms};
  }
  return std::nullopt;
}

std::string to_string(Duration d) {
  if (d.ms == 0) return "0s";
  for (const Unit& unit : kUnits) {
    if (d.ms % unit.ms == 0) return std::to_string(d.ms / unit.ms) + std::string(unit.suffix);
  }
  return std::to_string(d.ms) + "ms";
}

std::string in_words(Duration d) {
  // Up to four days people count hours.
  if (d.ms % days(1).ms == 0 && d > hours(96))
    return text::count_of(static_cast<std::size_t>(d.ms / days(1).ms), "day");
  if (d.ms % hours(1).ms == 0) return text::count_of(static_cast<std::size_t>(d.ms / hours(1).ms), "hour");
  if (d.ms % minutes(1).ms == 0) return text::count_of(static_cast<std::size_t>(d.ms / minutes(1).ms), "minute");
  return to_string(d);
}

}  // namespace cosell
