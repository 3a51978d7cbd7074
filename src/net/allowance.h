// What a side may be asked: a transport that sends at most so many requests a minute, evenly, none beyond the day's,
// and none that would take the last calls which the side grants to all its clients together. Stands in front of the
// real one; who counts what was used before is the caller's matter. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/time.h"
#include "net/call_meter.h"
#include "net/transport.h"

namespace cosell::net {

// Absent: as many as wanted.
struct Allowance {
  std::optional<int> per_minute = {};
  std::optional<std::int64_t> per_day = {};
  // Of the calls that the side itself grants in 24 hours, as far as it tells: left to its other clients. 0: none.
  int reserve_percent = reserve_percent_usual;

  static constexpr int reserve_percent_usual = 5;

  bool operator==(const Allowance&) const = default;
};

// How many of the granted calls are kept back.
constexpr std::int64_t reserve_of(std::int64_t limit, int percent) {
  return percent <= 0 ? 0 : limit * percent / 100 > 1 ? limit * percent / 100 : 1;
}

// How much of a day's allowance is left, and when there will be more.
struct DayLeft {
  std::int64_t calls = 0;
  Instant more_at = {};
};

class AllowanceTransport final : public Transport {
 public:
  // `who` as messages name the side.
  AllowanceTransport(Transport& inner, Clock& clock) : inner_(inner), clock_(clock) {}

  // From now on; `left` is absent without an allowance for the day.
  void allow(std::string who, std::optional<int> per_minute, std::optional<DayLeft> left);
  // Sends nothing more while the meter knows that the side has granted all but `percent` of its calls. The first
  // request after the meter's reset always goes out: its answer tells how many are left now.
  void keep_back(const CallMeter& meter, std::string side, int percent);

  // Waits for its turn before each request; a long wait only while none is under way, whose time would run out
  // meanwhile. What the day does not allow is answered with an Error of class
  // `throttled`, not sent, with `not_before`.
  void stream(const Next& next, const Done& done, const Limit& max_in_flight) override;

 private:
  // One call of the day's, or why there is none.
  std::optional<Reply> refusal();
  std::optional<Reply> reserve_reached() const;
  bool wait_for_turn();
  bool has_long_to_wait();

  Transport& inner_;
  Clock& clock_;
  std::mutex mutex_;
  std::string who_;
  std::optional<Duration> apart_ = {};  // between the beginnings of two requests
  Instant next_turn_ = {};
  std::optional<DayLeft> left_ = {};
  const CallMeter* meter_ = nullptr;
  std::string side_;  // as the meter names it
  int reserve_percent_ = 0;
};

}  // namespace cosell::net
