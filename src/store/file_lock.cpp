// Taking and naming the lock. The lock file stays when the lock is given back: deleting it would let two processes
// hold locks on two files of the same name.
#include "store/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/for_owner.h"
#include "store/store_file.h"

namespace cosell::store {
namespace {

constexpr int looks_max = 5;

std::string read_holder(int descriptor) {
  std::array<char, 128> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

// "process 4711, since 2026-11-21 03:41" from what the holder wrote; it may not have written yet.
std::string holder_in_words(const std::string& holder) {
  const std::size_t gap = holder.find(' ');
  const std::size_t end = holder.find('\n');
  if (gap == std::string::npos || end == std::string::npos || gap > end) return "another process";
  const auto since = parse_instant(std::string_view(holder).substr(gap + 1, end - gap - 1));
  return "process " + holder.substr(0, gap) + (since ? ", since " + to_string_minutes(*since) + " UTC" : "");
}

// 0 when the lock is taken; EWOULDBLOCK when another process has it.
int try_to_lock(int descriptor, int how) {
  while (::flock(descriptor, how | LOCK_NB) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

Error busy(const std::string& store, const std::string& holder) {
  Error error = make_error(ErrorClass::store_busy, "Another cosell holds " + store + " (" + holder_in_words(holder) +
                                                       "). Wait until it is done, or stop it.");
  error.rule = "held";
  error.detail = holder;
  return error;
}

// Who may read the store may see who works on it. Another owner of the lock file has seen to that already.
void show_to_readers_of(const std::string& store, int descriptor) {
  struct stat facts {};
  constexpr mode_t owners = 0600;
  constexpr mode_t reading = 0444;
  if (::stat(store.c_str(), &facts) != 0) return;
  if (::fchmod(descriptor, owners | (facts.st_mode & reading)) != 0) return;
}

// Written over the old text before it is cut, so that a reader never finds the file empty.
void write_holder(int descriptor, Instant now) {
  const std::string text = std::to_string(::getpid()) + " " + to_string_seconds(now) + "\n";
  const ssize_t written = ::pwrite(descriptor, text.data(), text.size(), 0);
  // Only for people: the lock holds without it.
  if (written == static_cast<ssize_t>(text.size()) && ::ftruncate(descriptor, written) != 0) return;
}

}  // namespace

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<FileLock> FileLock::take(const std::string& store, Clock& clock) {
  const std::string file = store + ".lock";
  const int descriptor = lock_file_for_owner(file, store);
  if (descriptor < 0) return refused_by_system("cannot be opened for writing", file, errno);
  FileLock lock(descriptor);
  int failed = try_to_lock(descriptor, LOCK_EX);
  // Who only looks at the lock has it for an instant.
  for (int looks = 0; failed == EWOULDBLOCK && looks < looks_max && clock.sleep_for(milliseconds(10)); ++looks) {
    failed = try_to_lock(descriptor, LOCK_EX);
  }
  if (failed == EWOULDBLOCK) return busy(store, read_holder(descriptor));
  if (failed != 0) return refused_by_system("cannot be locked", file, failed);
  show_to_readers_of(store, descriptor);
  write_holder(descriptor, clock.now());
  return lock;
}

std::optional<std::string> FileLock::holder(const std::string& store) {
  const int descriptor = ::open((real_path(store) + ".lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  const FileLock looks(descriptor);  // with the lock, should nobody have it
  if (try_to_lock(descriptor, LOCK_SH) != EWOULDBLOCK) return std::nullopt;
  return holder_in_words(read_holder(descriptor));
}

}  // namespace cosell::store
