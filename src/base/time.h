// Time as the bridge sees it: UTC instants, civil dates, and the clock seam.
//
// Nothing outside a Clock implementation may ask the operating system for the time or sleep; that
// is what makes every wait simulable.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cosell {

// A UTC instant, milliseconds since 1970-01-01T00:00:00Z. Finer fractions are cut, never rounded.
struct Instant {
  std::int64_t ms = 0;
  auto operator<=>(const Instant&) const = default;
};

// A duration in milliseconds.
struct Duration {
  std::int64_t ms = 0;
  auto operator<=>(const Duration&) const = default;
};

constexpr Duration milliseconds(std::int64_t n) { return {n}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1000}; }
constexpr Duration minutes(std::int64_t n) { return {n * 60'000}; }
constexpr Duration hours(std::int64_t n) { return {n * 3'600'000}; }
constexpr Duration days(std::int64_t n) { return {n * 86'400'000}; }

constexpr Instant operator+(Instant t, Duration d) { return {t.ms + d.ms}; }
constexpr Instant operator-(Instant t, Duration d) { return {t.ms - d.ms}; }
constexpr Duration operator-(Instant a, Instant b) { return {a.ms - b.ms}; }
constexpr Duration operator+(Duration a, Duration b) { return {a.ms + b.ms}; }

// A civil date without a zone (a close date). Never shifted by a time zone.
struct Date {
  int year = 1970;
  int month = 1;  // 1..12
  int day = 1;    // 1..31
  auto operator<=>(const Date&) const = default;
};

// "2026-11-30"; empty when the text is not a real date (2026-02-30 is refused).
std::optional<Date> parse_date(std::string_view text);
std::string to_string(Date d);
Date add_days(Date d, std::int64_t n);
std::int64_t days_between(Date from, Date to);
Date date_of(Instant t);   // the UTC date
Instant start_of(Date d);  // midnight UTC

// Accepts the ISO 8601 forms of the three systems: `Z`, `+00:00`, `+0000`; fraction of 0 to 9 digits.
// Empty when the text has no offset or is not a time of the years 1 to 9999 in UTC.
std::optional<Instant> parse_instant(std::string_view text);
std::string to_string(Instant t);          // "2026-11-21T03:41:07.250Z" (milliseconds always)
std::string to_string_seconds(Instant t);  // "2026-11-21T03:41:07Z" (fraction cut)
std::string to_string_minutes(Instant t);  // "2026-11-21 03:41" for people (UTC)

// "90s", "10m", "2h", "3d", "250ms"; empty when it is none of these, negative, or above a century.
std::optional<Duration> parse_duration(std::string_view text);
std::string to_string(Duration d);  // shortest exact form: "90s", "10m", "2h"
std::string in_words(Duration d);   // for people: "72 hours", "60 days", "45 minutes"

// The clock seam.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() = 0;
  // Waits in this clock's time. Returns false when the wait was cut short because the process was
  // asked to stop (SIGINT, SIGTERM).
  virtual bool sleep_for(Duration d) = 0;
};

// The real clock. `interrupt()` is async-signal-safe and ends every present and future sleep.
class SystemClock final : public Clock {
 public:
  Instant now() override;
  bool sleep_for(Duration d) override;
  static void interrupt();
  static bool interrupted();
};

// A clock for tests: time moves only when told, or by sleeping. Any thread may look and sleep.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start) : now_ms_(start.ms) {}
  Instant now() override { return Instant{now_ms_}; }
  bool sleep_for(Duration d) override {
    advance(d);
    return true;
  }
  void advance(Duration d) { now_ms_ += d.ms; }

 private:
  std::atomic<std::int64_t> now_ms_;
};

}  // namespace cosell
