// Counts what the bridge asks of each side, as an admin pays for it: API calls with their repetitions, and logins
// apart; and keeps what a side tells of the calls that it grants, how many requests at once it bore, and whether it
// asked to wait. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace cosell::net {

enum class CallKind { api, login };

struct Calls {
  std::map<std::string, std::uint64_t> by_method = {};  // API calls, repetitions included
  std::uint64_t logins = 0;                             // token requests

  std::uint64_t total() const;
  // "12 API calls (GET 4, POST 8), 1 login"
  std::string to_text() const;
};

// What a side told last of the calls that it grants in 24 hours, to all its clients together.
struct Granted {
  std::int64_t used = 0;
  std::int64_t limit = 0;
};

// How many requests were let under way at once last, and whether the side asked to slow down before that.
struct InFlight {
  int now = 0;
  bool slowed_down = false;
};

class CallMeter {
 public:
  void count(const std::string& side, const std::string& method, CallKind kind = CallKind::api);
  Calls of(const std::string& side) const;
  std::map<std::string, Calls> all() const;
  void tell_granted(const std::string& side, Granted granted);
  std::optional<Granted> granted(const std::string& side) const;  // since the last reset
  // `slowed_down`: since the last time this was told. Once true it stays so until the reset.
  void tell_in_flight(const std::string& side, InFlight in_flight);
  std::optional<InFlight> in_flight(const std::string& side) const;  // since the last reset
  // The side asked to wait before more is sent (429 and the like), be it about one part of a request.
  void tell_asked_to_wait(const std::string& side);
  bool asked_to_wait(const std::string& side) const;  // since the last reset
  void reset();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Calls> sides_;
  std::map<std::string, Granted> granted_;
  std::map<std::string, InFlight> in_flight_;
  std::set<std::string> asked_to_wait_;
};

}  // namespace cosell::net
