// What every command starts from: the configuration, the clock and the output; and running a command for one pair or
// all of them, with one exit code.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "cli/config.h"
#include "cli/output.h"
#include "net/transport.h"

namespace cosell::cli {

struct Globals {
  std::string config;
  OutputOptions output;
};

class Session {
 public:
  explicit Session(Output& speaks_to) : output(speaks_to) {}

  // Reads the configuration and sets the clock. Prints what is wrong and returns its exit code otherwise.
  std::optional<int> start(const std::string& config_file);

  Output& output;
  Config config;
  Clock& clock() { return *clock_; }
  std::function<void(const std::string&)> log;  // empty without --verbose

 private:
  SystemClock system_clock_;
  std::unique_ptr<net::Transport> clock_transport_;
  std::unique_ptr<Clock> followed_;
  Clock* clock_ = &system_clock_;
};

// A list behind the other members of an answer for programs, found row by row while it is written.
struct AnswerRows {
  std::string name;
  std::function<Result<void>(const std::function<void(const json::Value&)>& row)> find;
};

struct PairAnswer {
  int code = 0;
  json::Value json = json::Value::object();
  std::optional<AnswerRows> rows = {};
  bool is_said = false;  // what was asked for stands on standard output already, and nothing may follow it
};

// Tells people the error, with what the server said, and gives the answer for it, which is a part of what programs get.
// `pair` may be null.
PairAnswer failed_part(Session& session, const PairConfig* pair, const Error& error);
// The same; without a pair it is the whole answer, and programs get it at once.
PairAnswer failed(Session& session, const PairConfig* pair, const Error& error);

enum class PairName : std::uint8_t { heading, shown_by_command };

// Runs `work` for the named pair, or for all where it is ""; an unknown name is a usage error, and one that could not
// be told (pair_that_knows) ends the command with why. With --json the answers come out as { "pairs": [ … ] }.
int for_each_pair(Session& session, const Result<std::string>& which,
                  const std::function<PairAnswer(const PairConfig&)>& work, PairName named = PairName::heading);

// --verbose: lines on standard error, without secrets.
std::function<void(const std::string&)> make_log(std::ostream& err);

}  // namespace cosell::cli
