// Starting, watching and ending child processes. See process.h.
#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace cosell::end_to_end {

namespace {

std::string content_of(int file) {
  struct stat facts {};
  if (::fstat(file, &facts) != 0) return "";
  std::string text(static_cast<std::size_t>(facts.st_size), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::pread(file, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  text.resize(done);
  return text;
}

// A file in memory that a child reads from its beginning.
int file_with(const std::string& text) {
  const int file = ::memfd_create("in", MFD_CLOEXEC);
  const bool there = file >= 0 && ::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  if (!there) throw std::runtime_error("no standard input for the child");
  return file;
}

// Everything that the child needs is made before the fork.
std::vector<std::string> environment_of(const ProcessOptions& options) {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    all[text.substr(0, text.find('='))] = text.substr(std::min(text.size(), text.find('=') + 1));
  }
  for (const auto& [name, value] : options.environment) all[name] = value;
  std::vector<std::string> out;
  for (const auto& [name, value] : all) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

void pause_ms(int milliseconds) {
  timespec left{milliseconds / 1000, (milliseconds % 1000) * 1'000'000L};
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

Process::Process(const Arguments& arguments, const ProcessOptions& options) {
  out_ = ::memfd_create("out", MFD_CLOEXEC);
  err_ = ::memfd_create("err", MFD_CLOEXEC);
  std::vector<std::string> words = {COSELL_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment = environment_of(options);
  const std::vector<char*> argv = pointers_to(words);
  const std::vector<char*> envp = pointers_to(environment);
  int pipe[2] = {-1, -1};
  if (options.typed && ::pipe2(pipe, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  typed_ = pipe[1];
  const int in = options.typed ? pipe[0] : file_with(options.input);
  const int elsewhere = options.output.empty() ? -1 : ::open(options.output.c_str(), O_WRONLY | O_CLOEXEC);
  const int out = elsewhere < 0 ? out_ : elsewhere;
  const pid_t parent = ::getpid();
  id_ = ::fork();
  if (id_ != 0) ::close(in);
  if (id_ != 0 && elsewhere >= 0) ::close(elsewhere);
  if (id_ < 0) throw std::runtime_error("fork failed");
  if (id_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const bool orphan = ::getppid() != parent;
  const bool wired =
      ::dup2(in, STDIN_FILENO) >= 0 && ::dup2(out, STDOUT_FILENO) >= 0 && ::dup2(err_, STDERR_FILENO) >= 0;
  if (options.output_closed) ::close(STDOUT_FILENO);
  const bool there = options.folder.empty() || ::chdir(options.folder.c_str()) == 0;
  if (!orphan && wired && there) ::execve(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

Process::Process(Process&& other) noexcept
    : id_(std::exchange(other.id_, -1)),
      ended_(other.ended_),
      status_(other.status_),
      out_(std::exchange(other.out_, -1)),
      err_(std::exchange(other.err_, -1)),
      typed_(std::exchange(other.typed_, -1)) {}

Process::~Process() {
  if (id_ > 0 && !ended_) {
    send(SIGKILL);
    collect(true);
  }
  if (out_ >= 0) ::close(out_);
  if (err_ >= 0) ::close(err_);
  if (typed_ >= 0) ::close(typed_);
}

void Process::type(const std::string& text) const {
  if (::write(typed_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error("nobody reads what is typed");
  }
}

bool Process::collect(bool block) {
  if (ended_ || id_ <= 0) return true;
  pid_t got = 0;
  do {
    got = ::waitpid(id_, &status_, block ? 0 : WNOHANG);
  } while (got < 0 && errno == EINTR);
  ended_ = got != 0;
  return ended_;
}

bool Process::running() { return !collect(false); }

void Process::send(int signal) const {
  if (id_ > 0 && !ended_) ::kill(id_, signal);
}

std::string Process::out() const { return content_of(out_); }
std::string Process::err() const { return content_of(err_); }

std::string Process::first_line(int limit_s) {
  std::string line;
  eventually(
      [&] {
        const bool over = !running();
        const std::string text = out();
        const std::size_t end = text.find('\n');
        if (end != std::string::npos) line = text.substr(0, end);
        return over || end != std::string::npos;
      },
      limit_s);
  return line;
}

Ended Process::wait(int limit_s) {
  Ended result;
  for (int waited_ms = 0; running() && waited_ms < limit_s * 1000; waited_ms += 10) pause_ms(10);
  result.in_time = !running();
  if (!result.in_time) {
    send(SIGKILL);
    collect(true);
  }
  if (WIFEXITED(status_)) result.code = WEXITSTATUS(status_);
  if (WIFSIGNALED(status_)) result.signal = WTERMSIG(status_);
  result.out = out();
  result.err = err();
  return result;
}

Ended run_cosell(const Arguments& arguments, const ProcessOptions& options) {
  return Process(arguments, options).wait();
}

}  // namespace cosell::end_to_end
