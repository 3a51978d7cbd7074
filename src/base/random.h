// The random seam: jitter, ids and everything else that must be repeatable in a simulation.
#pragma once

#include <cstdint>
#include <mutex>
#include <random>
#include <string>

#include "base/time.h"

namespace cosell {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;

  // Uniform in [0, bound). `bound` must be positive.
  std::uint64_t below(std::uint64_t bound);
  // A random (version 4) UUID in lower case.
  std::string uuid();
  // A UUID that sorts by the moment it was made for (version 7, RFC 9562), to the millisecond; the rest is random. What
  // is kept in the order of its ids grows at its end.
  std::string uuid_in_order(Instant at);
};

// Cryptographically strong numbers from the operating system (OpenSSL).
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;
};

// A repeatable sequence for tests, emulators and simulation; several threads may draw from it.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t next() override {
    const std::lock_guard lock(mutex_);
    return engine_();
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace cosell
