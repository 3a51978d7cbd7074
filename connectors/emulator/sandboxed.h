// Everything that a sandbox adds around an emulator core: the control API under /_sandbox/, request
// statistics, scripted faults, latency and the shared clock. Still pure: what must happen on the wire (a delay,
// a dropped connection, a truncated body) is described in the Delivery, and carried out by whoever delivers it.
//
// Control API (JSON, no token): GET /_sandbox/ lists what this system can be asked and told, docs/sandbox.md what for.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "connectors/emulator/emulator.h"

namespace cosell::emulator {

// Real time plus an offset that the control API moves; one for all servers of a sandbox. Thread-safe.
class SandboxClock final : public Clock {
 public:
  explicit SandboxClock(Clock& real) : real_(real) {}
  Instant now() override;
  bool sleep_for(Duration d) override { return real_.sleep_for(d); }
  Duration offset() const;
  void advance(Duration d);

 private:
  Clock& real_;
  mutable std::mutex mutex_;
  Duration offset_{};
};

// An answer and how it travels.
struct Delivery {
  http::Response response;
  Duration delay{};                        // before anything is sent
  bool drop = false;                       // close the connection without an answer
  std::optional<std::size_t> truncate_to;  // send this many bytes of the body, then close
};

// Thread-safe: one request at a time reaches the core.
class Sandboxed {
 public:
  Sandboxed(std::unique_ptr<Emulator> core, SandboxClock& clock, std::uint64_t seed);
  ~Sandboxed();
  Delivery handle(const http::Request& request);
  Emulator& core();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cosell::emulator
