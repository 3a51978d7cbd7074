// The world around a connector under test: one clock that moves when told, an emulated system behind a wire that can
// fail, and a record of everything that went out. Knows no system; what is particular to one is in its target.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "net/in_process_transport.h"
#include "net/retry.h"

namespace cosell::emulator {
class Emulator;
class Sandboxed;
class SandboxClock;
}  // namespace cosell::emulator

namespace cosell::conformance {

// Time moves by sleeping and when told, backwards too: servers have been set wrong before.
class BenchClock final : public Clock {
 public:
  Instant now() override { return now_; }
  bool sleep_for(Duration d) override {
    stopped = stopped || stop_at_next_sleep;
    stop_at_next_sleep = false;
    if (stopped) return false;
    now_ = now_ + d;
    return true;
  }
  void move(Duration d) { now_ = now_ + d; }

  bool stopped = false;  // the process was asked to stop
  bool stop_at_next_sleep = false;

 private:
  Instant now_{1'795'000'000'000};  // 2026-11-18
};

// Which requests a trouble meets: by method and the beginning of the path, or the whole of it where it is a template
// ("/api/{id}").
struct Route {
  std::string method;
  std::string path;

  bool leads(const std::string& sent_method, const std::string& sent_path) const;
};

struct Trouble {
  enum class Kind { status, drop_before, drop_after, truncate, throttle, unreachable, echo, change };
  std::string name = {};  // "503", "web page": as the tables of expectations call it
  Kind kind = Kind::status;
  int status = 503;
  std::string body = {};
  std::string content_type = "application/json";
  int retry_after = 0;                               // seconds; throttle
  int times = 0;                                     // 0: without end
  std::function<void(http::Response&)> change = {};  // what becomes of the system's own answer
};

struct Sent {
  std::string method;
  std::string path;
  Duration timeout{};
  Instant at{};
  bool login = false;
};

class Bench {
 public:
  explicit Bench(std::string login_path_part);
  ~Bench();

  // The system behind the wire; a second call puts another one in its place.
  void put_in(std::unique_ptr<emulator::Emulator> system, std::uint64_t seed);
  // POST /_sandbox/<verb>, or GET when there is no body.
  std::string control(const std::string& verb, const std::string& body = "");
  void set(const std::string& name, const std::string& json) { control("settings", "{\"" + name + "\":" + json + "}"); }

  // Meets the requests of the routes until it is used up or taken away.
  void trouble(const std::vector<Route>& routes, const Trouble& what);
  void no_trouble();
  // As when the operator presses Ctrl-C: nothing more is sent, no wait is finished.
  void stop(bool stopped) { clock.stopped = stopped; }

  Call call();
  net::Lane lane();
  std::size_t requests() const;  // of the API, logins apart
  std::vector<Sent> sent_since(std::size_t mark) const;
  std::size_t mark() const { return sent_.size(); }
  // Every token that came over the wire so far.
  const std::set<std::string>& tokens_seen() const { return tokens_; }

  BenchClock clock;
  SeededRandom random{11};
  net::CallMeter meter;
  std::vector<std::string> log_lines;
  Duration timeout = seconds(60);
  int max_in_flight = 4;
  int most_at_once = 0;  // requests that were under way together so far

 private:
  class Wire;
  net::Delivered deliver(const http::Request& request);
  bool is_login(const std::string& path) const;
  bool met(const http::Request& request) const;
  void note_tokens(const http::Request& request, const http::Response& response);

  std::string login_path_part_;
  SeededRandom disorder_{6};
  std::unique_ptr<emulator::SandboxClock> system_clock_;
  std::unique_ptr<emulator::Sandboxed> system_;
  net::InProcessTransport line_;
  std::unique_ptr<Wire> wire_;
  std::vector<Sent> sent_;
  std::set<std::string> tokens_;
  std::vector<Route> met_routes_;  // of troubles that the wire makes itself
  Trouble trouble_;
};

}  // namespace cosell::conformance
