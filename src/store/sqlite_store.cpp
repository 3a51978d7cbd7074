// Transactions: all or nothing, also when a failed change was not noticed by the caller.
#include <utility>

#include "store/sqlite_store_impl.h"

namespace cosell::store {

SqliteStore::~SqliteStore() {
  if (parts_.mode != OpenOptions::Mode::exclusive || suspicious_ || !parts_.connection) return;
  // A failure here only means that the next opening checks the file.
  auto left = attempt(parts_.path, [&]() -> Result<void> {
    parts_.connection->script("DELETE FROM properties WHERE name = 'store:open'");
    parts_.connection->script("PRAGMA wal_checkpoint(TRUNCATE)");
    return {};
  });
  if (!left) suspicious_ = true;
}

Result<void> SqliteStore::may_write() const {
  if (parts_.mode != OpenOptions::Mode::shared || inbox_only_) return {};
  return make_error(ErrorClass::bug, parts_.path + " is open for reading only; nothing was changed.");
}

void SqliteStore::note_failure(const Error& error) {
  if (error.kind == ErrorClass::store_damaged) suspicious_ = true;
}

Result<void> SqliteStore::begin() {
  return read([&]() -> Result<void> {
    if (parts_.mode == OpenOptions::Mode::exclusive && parts_.connection->has_moved()) {
      // The files beside it are named after it: they belong to what is there now.
      parts_.connection->leave_files_alone(true);
      Error error = make_error(ErrorClass::store_damaged,
                               parts_.path +
                                   " was moved away or replaced while cosell was working with it. Nothing more "
                                   "is written to it. See that the right file is there, then start again.");
      error.rule = "moved";
      return error;
    }
    query("BEGIN IMMEDIATE").run();
    return {};
  });
}

Result<void> SqliteStore::commit() {
  return read([&]() -> Result<void> {
    tell_untold_footings();
    store_journal_head();
    query("COMMIT").run();
    return {};
  });
}

void SqliteStore::roll_back() {
  head_.reset();
  untold_.clear();
  forget_known();
  // SQLite has rolled back by itself after some failures (disk full). If this fails, so does the next BEGIN.
  if (!parts_.connection->in_transaction()) return;
  auto rolled_back = read([&]() -> Result<void> {
    query("ROLLBACK").run();
    return {};
  });
  if (!rolled_back) suspicious_ = true;
}

Result<void> SqliteStore::transaction(const std::function<Result<void>()>& work) {
  if (open_transaction_) {
    if (failure_) return *failure_;
    Result<void> part = attempt(parts_.path, work);
    if (!part && !failure_) failure_ = part.error();
    return part;
  }
  if (auto allowed = may_write(); !allowed) return allowed;
  if (auto begun = begin(); !begun) return begun;
  open_transaction_ = true;
  failure_.reset();
  Result<void> done = attempt(parts_.path, work);
  if (failure_) done = *failure_;
  if (done) done = commit();
  if (!done) roll_back();
  open_transaction_ = false;
  return done;
}

}  // namespace cosell::store
