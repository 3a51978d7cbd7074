// Looking at the lock of a store (src/store/file_lock.h) without taking it.
#include "cli/store_holder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/time.h"

namespace cosell::cli {

std::optional<std::string> holder_of(const std::string& store) {
  const int lock = ::open((store + ".lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (lock < 0) return std::nullopt;
  const bool held = ::flock(lock, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  std::array<char, 128> written{};
  const ssize_t size = held ? ::pread(lock, written.data(), written.size(), 0) : 0;
  ::close(lock);  // with a lock that was taken by looking
  if (!held) return std::nullopt;
  const std::string text(written.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::size_t gap = text.find(' ');
  const std::size_t end = text.find('\n');
  if (gap == std::string::npos || end == std::string::npos || gap > end) return "another process";
  const auto since = parse_instant(text.substr(gap + 1, end - gap - 1));
  return "process " + text.substr(0, gap) + (since ? ", since " + to_string_minutes(*since) + " UTC" : "");
}

}  // namespace cosell::cli
