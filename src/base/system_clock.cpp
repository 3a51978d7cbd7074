// The real clock, and the stop signal that ends its sleeps. This is the only place that asks the
// operating system for the time.
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>

#include "base/time.h"

namespace cosell {
namespace {

// Both are lock-free, so that a signal handler may touch them.
std::atomic<bool> stop_asked{false};
std::atomic<int> stop_fd{-1};

// Becomes readable when the process is asked to stop, and stays so. Made by the first sleep: a stop that
// came earlier is seen in `stop_asked`, which is read after the descriptor is published.
int wake_descriptor() {
  int fd = stop_fd.load();
  if (fd >= 0) return fd;
  const int made = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (made < 0) return -1;
  if (stop_fd.compare_exchange_strong(fd, made)) return made;
  close(made);
  return fd;
}

}  // namespace

Instant SystemClock::now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since).count()};
}

bool SystemClock::sleep_for(Duration d) {
  using std::chrono::steady_clock;
  constexpr std::int64_t kLongest = 3'600'000;  // one poll; longer waits take several
  pollfd wake{wake_descriptor(), POLLIN, 0};
  const auto begin = steady_clock::now();
  std::int64_t left = d.ms;
  while (!interrupted() && left > 0) {
    const int ready = poll(&wake, 1, static_cast<int>(std::min(left, kLongest)));
    if (ready > 0 && !interrupted()) {
      // A child process that shares the descriptor was asked to stop, not this one.
      std::uint64_t ignored = 0;
      if (read(wake.fd, &ignored, sizeof ignored) < 0 && errno != EAGAIN) return !interrupted();
    }
    if (ready < 0 && errno != EINTR) return !interrupted();
    left = d.ms - std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin).count();
  }
  return !interrupted();
}

void SystemClock::interrupt() {
  const int saved_errno = errno;
  stop_asked.store(true);
  const int fd = stop_fd.load();
  const std::uint64_t one = 1;
  if (fd >= 0 && write(fd, &one, sizeof one) < 0) {
    // The counter is full, so it is readable already.
  }
  errno = saved_errno;
}

bool SystemClock::interrupted() { return stop_asked.load(); }

}  // namespace cosell
