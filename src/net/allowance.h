// What a side may be asked: a transport that sends at most so many requests a minute, evenly, and none beyond the
// day's. Stands in front of the real one; who counts what was used before is the caller's matter. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/time.h"
#include "net/transport.h"

namespace cosell::net {

// Absent: as many as wanted.
struct Allowance {
  std::optional<int> per_minute = {};
  std::optional<std::int64_t> per_day = {};
};

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

  // Waits for its turn before each request. What the day does not allow is answered with an Error of class
  // `throttled`, not sent, with `not_before`.
  void stream(const Next& next, const Done& done, const Limit& max_in_flight) override;

 private:
  // One call of the day's, or why there is none.
  std::optional<Reply> refusal();
  bool wait_for_turn();

  Transport& inner_;
  Clock& clock_;
  std::mutex mutex_;
  std::string who_;
  std::optional<Duration> apart_ = {};  // between the beginnings of two requests
  Instant next_turn_ = {};
  std::optional<DayLeft> left_ = {};
};

}  // namespace cosell::net
