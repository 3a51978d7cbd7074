// Putting a copy in a store's place. The copy is read through under another name first; what stood there is kept beside
// it with its log, which would otherwise be read as the copy's own last changes.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/for_owner.h"
#include "base/text.h"
#include "store/opening.h"
#include "store/sqlite_store_impl.h"
#include "store/store_file.h"

namespace cosell::store {
namespace {

// The copy while it is looked through. It disappears with the object unless it was given the store's name.
class Unfinished {
 public:
  explicit Unfinished(std::string file) : file_(std::move(file)) { remove(); }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() { remove(); }
  const std::string& file() const { return file_; }

 private:
  void remove() const {
    for (const char* companion : {"", "-wal", "-shm", ".lock"}) ::unlink((file_ + companion).c_str());
  }
  std::string file_;
};

// People know the copy by its own name, and what mends a store in its place mends no copy.
Error about_copy(Error error, const std::string& unfinished, const std::string& backup) {
  error.message = text::replace_all(error.message, unfinished, backup);
  error.detail = text::replace_all(error.detail, unfinished, backup);
  const bool newer = text::ends_with(error.message, use_the_newer_program);
  if (error.kind != ErrorClass::store_damaged || newer || !text::starts_with(error.message, backup)) return error;
  error.message = error.message.substr(0, error.message.find(". ", backup.size())) +
                  ". Nothing was changed. Name a whole copy of this pair's store.";
  return error;
}

// Who restores may be another user than the one whose service works with the store.
Result<void> belong_to_the_same(const std::string& file, const std::string& unfinished) {
  struct stat facts {};
  const bool stands = ::stat(file.c_str(), &facts) == 0;
  const std::string folder = std::filesystem::path(file).parent_path().string();
  if (!stands && ::stat(folder.empty() ? "." : folder.c_str(), &facts) != 0) {
    return refused_by_system("cannot be read", folder, errno);
  }
  if (stands && ::chmod(unfinished.c_str(), facts.st_mode & 0777) != 0) {
    return refused_by_system("cannot be given its rights", unfinished, errno);
  }
  if (::geteuid() == 0 && ::chown(unfinished.c_str(), facts.st_uid, facts.st_gid) != 0) {
    return refused_by_system("cannot be given to its user", unfinished, errno);
  }
  return {};
}

// The store first: should the process end in between, its log alone is refused by every other command.
Result<void> put_aside(const std::string& file, const std::string& aside) {
  for (const char* companion : {"", "-wal", "-shm"}) {
    if (::rename((file + companion).c_str(), (aside + companion).c_str()) != 0 && errno != ENOENT) {
      return refused_by_system("cannot be put aside", file + companion, errno);
    }
  }
  return {};
}

}  // namespace

Result<Restored> restore_sqlite_store(const std::string& path, const std::string& backup, const OpenOptions& options,
                                      Clock& clock) {
  const std::string file = real_path(path);
  const std::string source = real_path(backup);
  if (source == file) return make_error(ErrorClass::config, backup + " is the store itself. Name a copy of it.");
  std::error_code none;
  if (!std::filesystem::exists(source, none)) return make_error(ErrorClass::config, "There is no file " + backup + ".");
  const std::string folder = std::filesystem::path(file).parent_path().string();
  if (const auto failed = make_folders_for_owner(folder)) {
    return refused_by_system("cannot be made", folder, failed.value());
  }
  auto lock = FileLock::take(file, clock);
  if (!lock) return lock.error();
  const Unfinished copy(file + ".restoring");
  if (auto copied = copy_as_of_one_moment(source, copy.file()); !copied) return copied.error();
  auto found = verify_sqlite_store(copy.file(), options, clock);
  if (!found) return about_copy(found.error(), copy.file(), backup);
  {
    OpenOptions alone = options;
    alone.mode = OpenOptions::Mode::exclusive;
    alone.create = false;
    auto store = open_sqlite_store(copy.file(), alone, clock);
    if (!store) return about_copy(store.error(), copy.file(), backup);
    JournalEntry entry;
    entry.at = clock.now();
    entry.kind = JournalKind::person;
    entry.summary = "The store was put back from the copy " + backup;
    auto noted = (*store)->transaction([&] { return (*store)->journal(entry); });
    if (!noted) return about_copy(noted.error(), copy.file(), backup);
  }
  if (auto same = belong_to_the_same(file, copy.file()); !same) return same.error();
  if (auto flushed = flush_to_disk(copy.file()); !flushed) return flushed.error();

  Restored restored;
  restored.found = std::move(*found);
  std::error_code ignored;
  const bool stood = std::filesystem::exists(file, ignored) || std::filesystem::exists(file + "-wal", ignored);
  if (stood) {
    const std::string when = text::replace_all(text::replace_all(to_string(clock.now()), ":", ""), ".", "");
    restored.kept_as = file + ".before-" + when;
    if (auto done = put_aside(file, restored.kept_as); !done) return done.error();
  }
  if (::rename(copy.file().c_str(), file.c_str()) != 0) return refused_by_system("cannot be created", file, errno);
  if (auto flushed = flush_folder_of(file); !flushed) return flushed.error();
  return restored;
}

}  // namespace cosell::store
