// How many writes go into one request: grows while the server is quick, halves when it is not. Until the server was
// slow or asked to wait for the first time, it grows as fast as the pace allows, then it doubles at most. Pure; who
// asks for it and what counts as too much is the caller's matter.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace cosell::net {

class BatchSize {
 public:
  struct Bounds {
    int start = 100;
    int min = 10;
    int max = 1000;
  };

  explicit BatchSize(Bounds bounds)
      : max_(std::max(1, bounds.max)),
        min_(std::clamp(bounds.min, 1, max_)),
        now_(std::clamp(bounds.start, min_, max_)) {}

  int current() const { return now_; }

  // `full`: the request held as many as it may, or more did not fit; of others nothing follows for larger ones.
  void went_well(bool full, Duration took) {
    if (took >= slow) return too_much();
    if (!full || took >= quick) return;
    // As many as would take half of a quick request at this pace.
    const std::int64_t pace = quick.ms / 2 / std::max<std::int64_t>(1, took.ms);
    const std::int64_t times = std::clamp<std::int64_t>(pace, 2, was_too_much_ ? 2 : 10);
    now_ = static_cast<int>(std::min<std::int64_t>(max_, now_ * times));
  }

  // 429 or 503, or an answer that was lost.
  void too_much() {
    was_too_much_ = true;
    now_ = std::max(min_, now_ / 2);
  }

 private:
  static constexpr Duration quick = seconds(10);
  static constexpr Duration slow = seconds(30);

  int max_;
  int min_;
  int now_;
  bool was_too_much_ = false;
};

}  // namespace cosell::net
