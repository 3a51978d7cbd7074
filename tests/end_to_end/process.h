// Child processes of the tests: the real `cosell`, started with fork and exec, its output captured without pipes, every
// wait bounded. Knows nothing about what the program does.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace cosell::end_to_end {

using Arguments = std::vector<std::string>;

struct Ended {
  bool in_time = true;  // false: it had to be killed
  int signal = 0;       // that ended it, or 0
  int code = -1;        // exit code, when no signal ended it
  std::string out;
  std::string err;
};

struct ProcessOptions {
  std::string folder;                              // to start in; "" is the present one
  std::map<std::string, std::string> environment;  // added to the present one
  std::string input = {};                          // what stands on its standard input, which ends there
  bool typed = false;                              // what it reads comes later, by type()
  std::string output = {};                         // a file that is its standard output; "" keeps it for `out()`
  bool output_closed = false;                      // it has none
};

// A running `cosell`. Killed when it goes out of scope, and when the test program itself dies.
class Process {
 public:
  explicit Process(const Arguments& arguments, const ProcessOptions& options = {});
  Process(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  Process& operator=(Process&&) = delete;
  ~Process();

  pid_t id() const { return id_; }
  bool running();
  void send(int signal) const;
  void type(const std::string& text) const;
  std::string out() const;
  std::string err() const;
  // The first line of its standard output; "" when it ended or the time ran out before.
  std::string first_line(int limit_s = 60);
  Ended wait(int limit_s = 120);

 private:
  bool collect(bool block);

  pid_t id_ = -1;
  bool ended_ = false;
  int status_ = 0;
  int out_ = -1;  // files in memory that the child writes to
  int err_ = -1;
  int typed_ = -1;  // the end of a pipe that is its standard input
};

Ended run_cosell(const Arguments& arguments, const ProcessOptions& options = {});

void pause_ms(int milliseconds);

// Asks again and again until it is so; false when the time ran out.
template <class Condition>
bool eventually(Condition condition, int limit_s = 60) {
  for (int waited_ms = 0; waited_ms < limit_s * 1000; waited_ms += 50) {
    if (condition()) return true;
    pause_ms(50);
  }
  return condition();
}

}  // namespace cosell::end_to_end
