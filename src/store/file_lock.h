// The lock that keeps a second writing process away from a store: flock on `<store>.lock`. The kernel drops it when
// the process ends, however it ends; what is written in the file only names the holder for people.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "base/time.h"

namespace cosell::store {

class FileLock {
 public:
  FileLock() = default;
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

  // store_busy, naming the holder, when another process (or this one) has the lock.
  static Result<FileLock> take(const std::string& store, Clock& clock);
  // Under any name of the store: "process 4711, since 2026-11-21 03:41 UTC"; none when nobody has it. It is taken for
  // an instant to look.
  static std::optional<std::string> holder(const std::string& store);

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace cosell::store
