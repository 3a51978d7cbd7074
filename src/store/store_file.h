// What can be said and done about a store's files without SQLite: is this file a store of ours that this program may
// touch, and a consistent copy of a store that another process may be writing. Never changes an existing file.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace cosell::store {

// "application_id" in the header of every store ("CSBr").
constexpr std::int64_t kApplicationId = 0x43534272;

// What helps, for people.
inline constexpr const char* use_the_newer_program = "Use the newer program.";
inline constexpr const char* restore_or_begin_anew =
    "Restore it from a backup (cosell store restore FILE), or move it away (with its -wal and -shm files) and sync "
    "again: the deals find each other anew.";

struct FileFacts {
  bool exists = false;
  std::int64_t version = 0;  // as of the file's header; a write-ahead log may hold a newer one
};

// Refuses, with what was found and what to do, a file that is no store, is cut off, empty, or of a newer version than
// `newest`, and a write-ahead log without its store.
Result<FileFacts> inspect(const std::string& path, std::int64_t newest);

// The path with symbolic links resolved, so that every name of a store leads to the same lock.
std::string real_path(const std::string& path);

// A private folder that disappears with the object.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> make();
  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Copies the store and its write-ahead log to `target`, byte for byte and as of one moment, although another process
// may be writing; opening the copy with SQLite gives the state after some committed transaction.
Result<void> copy_as_of_one_moment(const std::string& path, const std::string& target);

// The error for a folder or file operation that the system refused.
Error refused_by_system(const std::string& what, const std::string& path, int code);

// Makes the content of a file survive a power cut, and the names in its folder.
Result<void> flush_to_disk(const std::string& path);
Result<void> flush_folder_of(const std::string& path);

}  // namespace cosell::store
