// The command line as a whole: takes the arguments apart and runs one command.
#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace cosell::cli {

struct Terminal {
  bool out = false;       // standard output is a terminal: tables may be coloured
  bool err = false;       // standard error is a terminal: a progress line may be shown
  bool no_color = false;  // NO_COLOR is set
  std::size_t width = 0;  // columns of a terminal on standard output; 0: not known
  // Whether nobody reads standard output any more (`cosell todo | head`), which is no failure.
  std::function<bool()> reader_left = [] { return false; };
};

// Returns the exit code (exit.h). `args` without the program's name.
int run(const std::vector<std::string>& args, std::ostream& out, std::ostream& err, const Terminal& terminal);

}  // namespace cosell::cli
