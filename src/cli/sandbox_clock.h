// The clock of a sandbox, followed: real time plus the offset that the sandbox tells. Only for configurations of which
// every side is on this machine.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/time.h"
#include "net/transport.h"

namespace cosell::cli {

class FollowedClock final : public Clock {
 public:
  // `url`: "http://127.0.0.1:8080/_sandbox/clock". Asked at once, and about once a second while sleeping.
  FollowedClock(Clock& real, net::Transport& transport, std::string url);
  Instant now() override;
  // Ends when this clock has come so far: an advanced sandbox wakes a sleeper.
  bool sleep_for(Duration d) override;
  // Asks the sandbox for its offset; keeps the last one when there is no answer.
  void ask();

 private:
  Clock& real_;
  net::Transport& transport_;
  const std::string url_;
  std::mutex mutex_;
  Duration offset_{};
  Instant asked_at_{};  // by the real clock
};

}  // namespace cosell::cli
