// The program `cosell`: signals and terminals; everything else is in the library.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#ifdef COSELL_MIMALLOC
#include <mimalloc.h>
#endif

#include "base/time.h"
#include "cli/app.h"
#include "cli/exit.h"

namespace {

volatile std::sig_atomic_t hung_up = 0;

void stop(int signal) {
  if (signal == SIGHUP) hung_up = 1;
  cosell::SystemClock::interrupt();
}

void install_signals() {
  struct sigaction action = {};
  action.sa_handler = stop;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // The terminal went away; under nohup that is nobody's wish.
  struct sigaction before = {};
  sigaction(SIGHUP, nullptr, &before);
  if (before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
  // A reader that went away (`cosell todo | head`) ends the output, not the work.
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
}

// Freed memory goes back after 10 ms instead of 100: the peak of a first sync is a fifth lower, its time the same.
void return_memory_early() {
#ifdef COSELL_MIMALLOC
#if MI_MALLOC_VERSION >= 210
  mi_option_set(mi_option_purge_delay, 10);
#else
  mi_option_set(mi_option_decommit_delay, 10);
#endif
#endif
}

// A standard stream that is closed would lend its number to the next file or socket, and answers would be written into
// that. Opened for reading only, it goes on refusing what is written, so that nobody takes the answer for given.
void fill_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const bool closed = ::fcntl(stream, F_GETFD) < 0 && errno == EBADF;
    if (closed && ::open("/dev/null", O_RDONLY) != stream) std::abort();
  }
}

bool reader_left() {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
}

std::size_t columns_of_terminal() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace

int main(int argc, char** argv) {
  fill_closed_streams();
  return_memory_early();
  install_signals();
  cosell::cli::Terminal terminal;
  terminal.out = isatty(STDOUT_FILENO) == 1;
  terminal.err = isatty(STDERR_FILENO) == 1;
  if (terminal.out) terminal.width = columns_of_terminal();
  terminal.reader_left = reader_left;
  const char* no_color = std::getenv("NO_COLOR");
  terminal.no_color = no_color != nullptr && *no_color != '\0';
  using cosell::cli::Exit;
  const int code = cosell::cli::run(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr, terminal);
  return hung_up != 0 && code == Exit::exit_done ? Exit::exit_hung_up : code;
}
