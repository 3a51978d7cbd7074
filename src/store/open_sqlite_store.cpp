// The three ways to open a store: to work on it, to look at it while another process works on it, and to try things
// out on a copy that disappears. Who may only read the store looks at such a copy as well.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/for_owner.h"
#include "store/opening.h"
#include "store/schema.h"
#include "store/sqlite_store_impl.h"
#include "store/store_file.h"

namespace cosell::store {
namespace {

Error refused(const std::string& path, const std::string& found, const std::string& remedy) {
  return make_error(ErrorClass::store_damaged, path + " " + found + ". Nothing was changed. " + remedy);
}

Error missing(const std::string& path) {
  return make_error(ErrorClass::not_found, "There is no store " + path + " yet. The first sync makes it.");
}

bool has_content(const std::string& path) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  return !failed && size > 0;
}

void apply_settings(Connection& connection) {
  // FULL: a power cut must not forget what was sent. The log is written back every 8,000 pages (32 MB): more often
  // costs time, more seldom disk. FAST wipes deleted content where that costs no extra write. What a single statement
  // may have to undo is kept in small pieces of memory instead of 64 KB at a time.
  connection.script(
      "PRAGMA foreign_keys = ON;"
      "PRAGMA synchronous = FULL;"
      "PRAGMA wal_autocheckpoint = 8000;"
      "PRAGMA cache_size = -12000;"
      "PRAGMA temp_store = MEMORY;"
      "PRAGMA secure_delete = FAST;"
      "PRAGMA trusted_schema = OFF;");
}

Result<void> check_identity(Connection& connection, const std::string& named, const std::string& pair) {
  if (connection.integer("PRAGMA application_id") != kApplicationId) {
    return refused(named, "is not a store of cosell: it is a SQLite file of another program",
                   "Name another file as the store in the configuration.");
  }
  const std::int64_t version = connection.integer("PRAGMA user_version");
  if (version > newest_version()) {
    return refused(named,
                   "was written by a newer cosell (store version " + std::to_string(version) +
                       "; this program knows up to " + std::to_string(newest_version()) + ")",
                   use_the_newer_program);
  }
  const std::string owner = connection.text("SELECT value FROM properties WHERE name = 'store:pair'");
  if (!pair.empty() && owner != pair) {
    return refused(named, "belongs to the pair \"" + owner + "\", not to \"" + pair + "\"",
                   "Give each pair a store of its own in the configuration; if the pair was only renamed, call it \"" +
                       owner + "\" again.");
  }
  return {};
}

// A process that was killed leaves its mark; only then is the whole file looked through.
Result<void> check_after_unclean_stop(Connection& connection, const std::string& named) {
  if (connection.integer("SELECT count(*) FROM properties WHERE name = 'store:open'") == 0) return {};
  const std::string verdict = connection.text("PRAGMA quick_check(1)");
  if (verdict != "ok") return damage_found(named, verdict);
  return {};
}

bool is_old(Connection& connection) { return connection.integer("PRAGMA user_version") < newest_version(); }

void bring_up_to_date(Connection& connection) {
  if (!is_old(connection)) return;
  migrate(connection, connection.integer("PRAGMA user_version"), migrations());
  // So that the version in the file's header, which an older program looks at, is the new one at once.
  connection.script("PRAGMA wal_checkpoint(TRUNCATE)");
}

void fill(Connection& connection, const std::string& pair) {
  connection.script("BEGIN IMMEDIATE");
  create_schema(connection);
  connection.query("INSERT INTO properties (name, value) VALUES ('store:pair', ?)").with(pair).run();
  connection.script("COMMIT");
}

void remove_with_companions(const std::string& file) {
  for (const char* companion : {"", "-journal", "-wal", "-shm"}) ::unlink((file + companion).c_str());
}

// Made under another name and renamed when complete and on disk, so that a half-made store never carries the store's
// name; until then nothing needs to be safe.
Result<void> create(const std::string& file, const OpenOptions& options) {
  const std::string unfinished = file + ".new";
  remove_with_companions(unfinished);
  const int descriptor = new_file_for_owner(unfinished, file);
  if (descriptor < 0) return refused_by_system("cannot be created", unfinished, errno);
  ::close(descriptor);
  Result<void> filled = attempt(file, [&]() -> Result<void> {
    Connection connection(unfinished, options.vfs);
    connection.script("PRAGMA synchronous = OFF");
    fill(connection, options.pair);
    connection.script("PRAGMA journal_mode = WAL");
    return {};
  });
  if (filled) filled = flush_to_disk(unfinished);
  if (filled && ::rename(unfinished.c_str(), file.c_str()) != 0) {
    filled = refused_by_system("cannot be created", file, errno);
  }
  if (!filled) {
    remove_with_companions(unfinished);
    return filled;
  }
  return flush_folder_of(file);
}

using Opened = Result<std::unique_ptr<SqliteStore>>;

std::unique_ptr<SqliteStore> store_of(SqliteStore::Parts parts) {
  return std::make_unique<SqliteStore>(std::move(parts));
}

Opened open_exclusive(const std::string& path, const OpenOptions& options, Clock& clock) {
  const std::string file = real_path(path);
  const auto before = inspect(file, newest_version());
  if (!before) return before.error();
  if (!before->exists && !options.create) return missing(path);
  auto lock = FileLock::take(file, clock);
  if (!lock) return lock.error();
  // Looked at again: the process that had the lock until now may have made the store.
  const auto facts = inspect(file, newest_version());
  if (!facts) return facts.error();
  if (!facts->exists) {
    if (auto created = create(file, options); !created) return created.error();
  }
  const bool log_in_use = has_content(file + "-wal");
  auto connection = connect({file, path}, options);
  if (!connection) return connection.error();
  return attempt(path, [&]() -> Opened {
    Connection& c = **connection;
    c.leave_files_alone(log_in_use);
    if (auto fit = check_after_unclean_stop(c, path); !fit) return fit.error();
    c.leave_files_alone(false);
    bring_up_to_date(c);
    c.script("PRAGMA journal_mode = WAL");
    c.query("INSERT OR REPLACE INTO properties (name, value) VALUES ('store:open', ?)")
        .with(to_string(clock.now()))
        .run();
    return store_of({path, options.mode, std::move(*lock), std::move(*connection)});
  });
}

// The copy has no name any more once this returns: its folder is gone, and what is undone is kept in memory.
Result<std::unique_ptr<Connection>> connect_to_copy(const std::string& path, const OpenOptions& options) {
  auto folder = TemporaryFolder::make();
  if (!folder) return folder.error();
  const std::string copy = folder->path() + "/store.db";
  if (auto copied = copy_as_of_one_moment(real_path(path), copy); !copied) return copied.error();
  auto connection = connect({copy, path}, options);
  if (!connection) return connection;
  return attempt(path, [&]() -> Result<std::unique_ptr<Connection>> {
    (*connection)->script("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY;");
    if (auto fit = check_after_unclean_stop(**connection, path); !fit) return fit.error();
    return std::move(*connection);
  });
}

Result<std::unique_ptr<Connection>> connect_to_nothing(const std::string& path, const OpenOptions& options) {
  return attempt(path, [&]() -> Result<std::unique_ptr<Connection>> {
    auto connection = std::make_unique<Connection>("", options.vfs);
    apply_settings(*connection);
    connection->script("PRAGMA journal_mode = MEMORY");
    fill(*connection, options.pair);
    return connection;
  });
}

Opened open_scratch(const std::string& path, const OpenOptions& options) {
  const auto facts = inspect(real_path(path), newest_version());
  if (!facts) return facts.error();
  auto connection = facts->exists ? connect_to_copy(path, options) : connect_to_nothing(path, options);
  if (!connection) return connection.error();
  return attempt(path, [&]() -> Opened {
    (*connection)->script("PRAGMA synchronous = OFF");
    bring_up_to_date(**connection);
    return store_of({path, options.mode, FileLock(), std::move(*connection)});
  });
}

}  // namespace

Error damage_found(const std::string& path, const std::string& what) {
  std::string remedy = restore_or_begin_anew;
  if (has_content(real_path(path) + "-wal")) {
    remedy += " If it has just been put back from a backup, " + path + "-wal and " + path +
              "-shm are of the file of before: cosell store restore puts it back without them.";
  }
  Error error = refused(path, "is damaged", remedy);
  error.detail = what;
  error.rule = "damaged";
  return error;
}

Result<std::unique_ptr<Connection>> connect(const Place& place, const OpenOptions& options) {
  return attempt(place.named, [&]() -> Result<std::unique_ptr<Connection>> {
    // What a killed process left in the log stays there if the store is refused.
    const bool log_in_use = has_content(place.file + "-wal");
    auto connection = std::make_unique<Connection>(place.file, options.vfs);
    connection->leave_files_alone(log_in_use);
    if (auto fit = check_identity(*connection, place.named, options.pair); !fit) return fit.error();
    apply_settings(*connection);
    connection->leave_files_alone(false);
    return connection;
  });
}

namespace {

// For who may read the store but not write it, while somebody who may write has it open: SQLite reads it with the files
// that are beside it then. Nothing where they are not, or where this process could make files that the owner cannot
// use.
std::unique_ptr<Connection> connect_beside_its_owner(const Place& place, const OpenOptions& options) {
  const auto may = [](const std::string& path, int what) { return ::access(path.c_str(), what) == 0; };
  const std::string folder = std::filesystem::path(place.file).parent_path().string();
  const bool beside = may(place.file + "-wal", R_OK) && may(place.file + "-shm", R_OK);
  if (!beside || may(folder.empty() ? std::string(".") : folder, W_OK)) return nullptr;
  auto connected = attempt(place.named, [&]() -> Result<std::unique_ptr<Connection>> {
    auto connection = std::make_unique<Connection>(place.file, options.vfs, Connection::Use::reading_only);
    connection->leave_files_alone(true);
    if (auto fit = check_identity(*connection, place.named, options.pair); !fit) return fit.error();
    apply_settings(*connection);
    return is_old(*connection) ? nullptr : std::move(connection);
  });
  return connected ? std::move(*connected) : nullptr;
}

// For looking only. Who may not write the store reads it as it is while somebody else has it open, and else a copy as
// of this moment, because SQLite cannot do without the files beside it. Either takes no write.
Result<std::unique_ptr<Connection>> connect_to_look(const Place& place, const OpenOptions& options) {
  if (::access(place.file.c_str(), W_OK) == 0) {
    auto connection = connect(place, options);
    if (connection || connection.error().rule != "permission") return connection;
  }
  if (auto beside = connect_beside_its_owner(place, options)) return beside;
  auto copy = connect_to_copy(place.named, options);
  if (!copy) return copy;
  return attempt(place.named, [&]() -> Result<std::unique_ptr<Connection>> {
    (*copy)->script("PRAGMA synchronous = OFF");
    bring_up_to_date(**copy);
    // What was written here would be lost with the copy.
    (*copy)->script("PRAGMA query_only = ON");
    return std::move(*copy);
  });
}

}  // namespace

Result<std::unique_ptr<SqliteStore>> open_to_look(const std::string& path, const OpenOptions& options, Clock& clock) {
  const std::string file = real_path(path);
  const auto facts = inspect(file, newest_version());
  if (!facts) return facts.error();
  if (!facts->exists) return missing(path);
  const bool nobody_works = !FileLock::holder(file);
  const bool log_in_use = has_content(file + "-wal");
  auto connection = connect_to_look({file, path}, options);
  if (!connection) return connection.error();
  return attempt(path, [&]() -> Opened {
    if (nobody_works) {
      // What a killed process left in the log takes the next sync up: a look must not write it into a file that it may
      // not belong to.
      (*connection)->leave_files_alone(log_in_use);
      if (auto fit = check_after_unclean_stop(**connection, path); !fit) return fit.error();
    }
    if (is_old(**connection)) {
      // Bringing it up to date needs the store alone for a moment.
      OpenOptions alone = options;
      alone.mode = OpenOptions::Mode::exclusive;
      if (auto opened = open_exclusive(path, alone, clock); !opened) return opened.error();
    }
    return store_of({path, OpenOptions::Mode::shared, FileLock(), std::move(*connection)});
  });
}

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path, const OpenOptions& options, Clock& clock) {
  const auto as_port = [](Opened opened) -> Result<std::unique_ptr<Store>> {
    if (!opened) return opened.error();
    return std::unique_ptr<Store>(std::move(*opened));
  };
  switch (options.mode) {
    case OpenOptions::Mode::exclusive:
      return as_port(open_exclusive(path, options, clock));
    case OpenOptions::Mode::shared:
      return as_port(open_to_look(path, options, clock));
    case OpenOptions::Mode::scratch:
      return as_port(open_scratch(path, options));
  }
  return make_error(ErrorClass::bug, "Unknown way to open a store.");
}

}  // namespace cosell::store
