// Reading times that people write.
#include "cli/when.h"

#include <array>
#include <vector>

#include "base/text.h"

namespace cosell::cli {

namespace {

// "14:30" or "14:30:05" as time since midnight.
std::optional<Duration> time_of_day(const std::string& written) {
  const auto parts = text::split(written, ':');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  std::array<int, 3> numbers{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool digits = parts[i].find_first_not_of("0123456789") == std::string::npos;
    if (!digits || parts[i].empty() || parts[i].size() > 2) return std::nullopt;
    numbers[i] = std::stoi(parts[i]);
  }
  if (numbers[0] > 23 || numbers[1] > 59 || numbers[2] > 59) return std::nullopt;
  return hours(numbers[0]) + minutes(numbers[1]) + seconds(numbers[2]);
}

// Monday is 0; empty when it is no day of the week. At least three letters.
std::optional<int> weekday(const std::string& written) {
  static const std::vector<std::string> names = {"monday", "tuesday",  "wednesday", "thursday",
                                                 "friday", "saturday", "sunday"};
  const std::string lower = text::lower_ascii(written);
  if (lower.size() < 3) return std::nullopt;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (text::starts_with(names[i], lower)) return static_cast<int>(i);
  }
  return std::nullopt;
}

int weekday_of(Date day) {
  const std::int64_t since_a_monday = days_between(Date{2024, 1, 1}, day);
  return static_cast<int>(((since_a_monday % 7) + 7) % 7);
}

std::optional<Instant> on_day(const std::string& day, Duration time, Instant now) {
  const Date today = date_of(now);
  if (const auto date = parse_date(day)) return start_of(*date) + time;
  if (text::equals_ignore_case(day, "today")) return start_of(today) + time;
  if (text::equals_ignore_case(day, "yesterday")) return start_of(add_days(today, -1)) + time;
  const auto wanted = weekday(day);
  if (!wanted) return std::nullopt;
  const int back = (weekday_of(today) - *wanted + 7) % 7;
  const Instant at = start_of(add_days(today, -back)) + time;
  return at <= now ? at : at - days(7);
}

}  // namespace

std::optional<Instant> parse_when(const std::string& written, Instant now) {
  const std::string trimmed = text::trim(written);
  if (const auto ago = parse_duration(trimmed)) return now - *ago;
  if (const auto at = parse_instant(trimmed)) return at;
  if (const auto time = time_of_day(trimmed)) {
    const Instant at = start_of(date_of(now)) + *time;
    return at <= now ? at : at - days(1);
  }
  const auto space = trimmed.find_first_of(" T");
  const bool day_and_time = space != std::string::npos && trimmed.find(':') != std::string::npos;
  if (!day_and_time) return on_day(trimmed, Duration{}, now);
  const auto last = trimmed.find_last_of(" T");
  const auto time = time_of_day(trimmed.substr(last + 1));
  if (!time) return std::nullopt;
  return on_day(text::trim(trimmed.substr(0, last)), *time, now);
}

Result<std::optional<Instant>> when_of(const std::string& option, const std::string& written, Instant now) {
  if (written.empty()) return std::optional<Instant>{};
  if (const auto at = parse_when(written, now)) return std::optional<Instant>{*at};
  return make_error(ErrorClass::config, option +
                                            " needs a time (UTC): 2h (two hours ago), \"Sat 02:00\", 2026-11-20, or " +
                                            "2026-11-20T08:00:00Z; not \"" + written + "\".");
}

}  // namespace cosell::cli
