// The program `cosell`: signals and terminals; everything else is in the library.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "base/time.h"
#include "cli/app.h"

namespace {

void stop(int) { cosell::SystemClock::interrupt(); }

void install_signals() {
  struct sigaction action = {};
  action.sa_handler = stop;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A reader that went away (`cosell todo | head`) ends the output, not the work.
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  install_signals();
  cosell::cli::Terminal terminal;
  terminal.out = isatty(STDOUT_FILENO) == 1;
  terminal.err = isatty(STDERR_FILENO) == 1;
  const char* no_color = std::getenv("NO_COLOR");
  terminal.no_color = no_color != nullptr && *no_color != '\0';
  return cosell::cli::run(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr, terminal);
}
