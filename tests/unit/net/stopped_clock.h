// A clock on which somebody presses Ctrl-C during the first wait.
#pragma once

#include "base/time.h"

namespace cosell::net {

struct StoppedClock final : Clock {
  Instant now() override { return {0}; }
  bool sleep_for(Duration) override { return false; }
};

}  // namespace cosell::net
