// Looking after a store as a whole: reading it through for damage, and copying it to a backup.
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <vector>

#include "base/text.h"
#include "store/codec.h"
#include "store/digest.h"
#include "store/opening.h"
#include "store/sqlite_store_impl.h"
#include "store/store_file.h"

namespace cosell::store {
namespace {

Result<void> check_file(Connection& connection, const std::string& path) {
  const std::string verdict = connection.text("PRAGMA integrity_check(1)");
  if (verdict != "ok") return damage_found(path, verdict);
  const std::string stray = connection.text("PRAGMA foreign_key_check");
  if (!stray.empty()) return damage_found(path, "a row of " + stray + " refers to one that is missing");
  return {};
}

// Every image must be readable and have the content that its hash says.
Result<std::int64_t> check_images(Connection& connection, Store& store, const std::string& path) {
  Query images = connection.query("SELECT id, hash FROM images ORDER BY id");
  std::int64_t count = 0;
  for (; images.next(); ++count) {
    const std::string which = "image " + std::to_string(images.integer(0));
    const auto columns = store.image(ImageId(images.integer(0)));
    if (!columns) return damage_found(path, which + ": " + columns.error().message);
    if (sha256_bytes(encode(*columns)) != images.text(1)) {
      return damage_found(path, which + " is not as it was written");
    }
  }
  return count;
}

// What runs worked with must be what its hash says: no later run under the true text could begin.
Result<void> check_texts(Connection& connection, const std::string& path) {
  Query texts = connection.query("SELECT hash, text FROM mapping_texts ORDER BY id");
  while (texts.next()) {
    if (text::sha256_hex(texts.text(1)) == texts.text(0)) continue;
    return damage_found(path, "the mapping or the settings " + texts.text(0) + " are not as they were written");
  }
  return {};
}

// All pages in one step: one moment, however much another process writes meanwhile.
Result<void> copy_pages(Connection& from, const std::string& to, const std::string& vfs) {
  Connection target(to, vfs);
  sqlite3_backup* backup = sqlite3_backup_init(target.handle(), "main", from.handle(), "main");
  if (backup == nullptr) throw SQLite::Exception(target.handle());
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped != SQLITE_DONE) throw SQLite::Exception(target.handle(), stepped);
  if (finished != SQLITE_OK) throw SQLite::Exception(target.handle(), finished);
  return {};
}

// A hard link, unlike renaming, never replaces a file that is there. Where the disk knows none (FAT, many network
// drives), the name is taken first.
Result<void> give_name(const std::string& unfinished, const std::string& destination) {
  int failed = ::link(unfinished.c_str(), destination.c_str()) == 0 ? 0 : errno;
  if (failed == EPERM || failed == EOPNOTSUPP || failed == ENOSYS) {
    const int taken = ::open(destination.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    failed = taken >= 0 ? 0 : errno;
    if (taken >= 0) ::close(taken);
    if (taken >= 0 && ::rename(unfinished.c_str(), destination.c_str()) != 0) failed = errno;
  }
  if (failed == 0) return {};
  if (failed == EEXIST) return make_error(ErrorClass::config, destination + " exists already. Name a new file.");
  return refused_by_system("cannot be created", destination, failed);
}

}  // namespace

Result<std::string> verify_sqlite_store(const std::string& path, const OpenOptions& options, Clock& clock) {
  auto store = open_to_look(path, options, clock);
  if (!store) return store.error();
  Connection& connection = (*store)->connection();
  return attempt(path, [&]() -> Result<std::string> {
    connection.script("BEGIN");  // everything as of one moment; it ends with the connection
    if (auto fit = check_file(connection, path); !fit) return fit.error();
    const auto images = check_images(connection, **store, path);
    if (!images) return images.error();
    if (auto fit = check_texts(connection, path); !fit) return fit.error();
    const auto entries = (*store)->verify_journal();
    if (!entries) return entries.error();
    return text::grouped(connection.integer("SELECT count(*) FROM deals")) + " deals, " +
           text::grouped(connection.integer("SELECT count(*) FROM operations")) + " writes, " + text::grouped(*images) +
           " images and " + text::grouped(*entries) + " history entries: no damage found.";
  });
}

Result<void> back_up_sqlite_store(const std::string& path, const std::string& destination, const OpenOptions& options,
                                  Clock& clock) {
  auto store = open_to_look(path, options, clock);
  if (!store) return store.error();
  std::string unfinished = destination + ".XXXXXX";  // no file of a person is ever in its way
  const int descriptor = ::mkostemp(unfinished.data(), O_CLOEXEC);
  if (descriptor < 0) return refused_by_system("cannot be created", unfinished, errno);
  ::close(descriptor);
  auto copied = attempt(destination, [&] { return copy_pages((*store)->connection(), unfinished, options.vfs); });
  if (copied) copied = flush_to_disk(unfinished);
  if (copied) copied = give_name(unfinished, destination);
  ::unlink(unfinished.c_str());
  if (!copied) return copied;
  return flush_folder_of(destination);
}

}  // namespace cosell::store
