// How many requests may be under way at once: grows by one with each success until the server asks to slow down for the
// first time, then by one after a full window of successes; halves when the server asks to slow down. Pure; who asks
// for it and what counts as success is the caller's matter.
#pragma once

#include <algorithm>

namespace cosell::net {

class AdaptiveLimit {
 public:
  struct Bounds {
    int start = 4;
    int min = 1;
    int max = 16;
  };

  AdaptiveLimit() : AdaptiveLimit(Bounds()) {}
  explicit AdaptiveLimit(Bounds bounds)
      : min_(std::max(1, bounds.min)), max_(std::max(min_, bounds.max)), now_(std::clamp(bounds.start, min_, max_)) {}

  int current() const { return now_; }
  // How often it was halved.
  int times_slowed() const { return times_slowed_; }

  void succeeded() {
    if (same_burst_ > 0) --same_burst_;
    if (was_throttled_ && ++successes_ < now_) return;
    successes_ = 0;
    now_ = std::min(max_, now_ + 1);
  }

  // 429 or 503. Refusals of requests that were under way together count once.
  void throttled() {
    was_throttled_ = true;
    successes_ = 0;
    if (same_burst_ > 0) {
      --same_burst_;
      return;
    }
    same_burst_ = now_ - 1;
    ++times_slowed_;
    now_ = std::max(min_, now_ / 2);
  }

 private:
  int min_;
  int max_;
  int now_;
  int successes_ = 0;
  bool was_throttled_ = false;
  int times_slowed_ = 0;
  int same_burst_ = 0;  // replies still to come from the burst that was halved
};

}  // namespace cosell::net
