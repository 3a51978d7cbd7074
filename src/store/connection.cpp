// Preparing statements, the text functions that queries use, and SQLite's failures in words.
#include "store/connection.h"

#include <sqlite3.h>

#include <mutex>

#include "base/text.h"
#include "store/store_file.h"

namespace cosell::store {
namespace {

// How long a statement waits for another process's lock (an inbox line, a backup) before it gives up.
constexpr int kBusyTimeoutMs = 10'000;

// SQL function folded(text): the form in which names are compared.
void folded(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  try {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_value_text(arguments[0]));
    const auto size = static_cast<std::size_t>(sqlite3_value_bytes(arguments[0]));
    const std::string result = bytes == nullptr ? "" : text::folded(std::string_view(bytes, size));
    sqlite3_result_text(context, result.data(), static_cast<int>(result.size()), SQLITE_TRANSIENT);
  } catch (const std::exception&) {
    sqlite3_result_error_nomem(context);
  }
}

Error described(ErrorClass kind, std::string message, const char* rule) {
  Error error = make_error(kind, std::move(message));
  error.rule = rule;
  return error;
}

// One thread at a time works with a connection, so that SQLite need not lock it for every value; and nobody asks how
// much memory SQLite uses, which it would lock for as well. Without effect once SQLite has begun its work.
int flags_for(const std::string& file, Connection::Use use) {
  static std::once_flag once;
  std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
  if (use == Connection::Use::reading_only) return SQLite::OPEN_READONLY | SQLite::OPEN_URI | SQLite::OPEN_NOMUTEX;
  return SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX | (file.empty() ? SQLite::OPEN_CREATE : 0);
}

// The file as SQLite is to open it.
std::string named_for(const std::string& file, Connection::Use use) {
  if (use != Connection::Use::reading_only) return file;
  std::string uri = "file:";
  for (const char c : file) {
    if (c == '%') uri += "%25";
    if (c == '?') uri += "%3f";
    if (c == '#') uri += "%23";
    if (c != '%' && c != '?' && c != '#') uri += c;
  }
  return uri + "?readonly_shm=1";
}

}  // namespace

Connection::Connection(const std::string& file, const std::string& vfs, Use use)
    : database_(named_for(file, use), flags_for(file, use), kBusyTimeoutMs, vfs) {
  database_.createFunction("folded", 1, true, nullptr, folded);
}

Query Connection::query(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    std::string text(sql);
    auto statement = std::make_unique<SQLite::Statement>(database_, text);
    found = statements_.emplace(std::move(text), std::move(statement)).first;
  }
  return Query(*found->second);
}

void Connection::script(std::string_view sql) { database_.exec(std::string(sql)); }

std::int64_t Connection::integer(std::string_view sql) {
  SQLite::Statement statement(database_, std::string(sql));
  return statement.executeStep() ? statement.getColumn(0).getInt64() : 0;
}

std::string Connection::text(std::string_view sql) {
  SQLite::Statement statement(database_, std::string(sql));
  return statement.executeStep() ? statement.getColumn(0).getString() : "";
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(database_.getHandle()) == 0; }

bool Connection::has_moved() {
  int moved = 0;
  return sqlite3_file_control(handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

void Connection::leave_files_alone(bool on) {
  sqlite3_db_config(database_.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on ? 1 : 0, nullptr);
}

Error error_from(const SQLite::Exception& failure, const std::string& path) {
  Error error;
  const int extended = failure.getExtendedErrorCode();
  switch (extended == SQLITE_IOERR_NOMEM ? SQLITE_NOMEM : failure.getErrorCode() & 0xff) {
    case SQLITE_FULL:
      error = described(
          ErrorClass::store_damaged,
          "The disk is full: nothing more can be stored in " + path +
              ". What was stored before is safe. Free some space; a service then goes on by itself, a command is "
              "given again.",
          "disk_full");
      break;
    case SQLITE_IOERR:
      error = described(ErrorClass::store_damaged,
                        "Reading or writing " + path +
                            " failed. What was stored before is safe. Look at the disk (full, removed, faulty?); a "
                            "service then goes on by itself, a command is given again.",
                        "disk_failed");
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      error = described(ErrorClass::store_busy,
                        "Another program keeps " + path + " locked. Wait until it is done (a backup?) and try again.",
                        "locked");
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      error = described(ErrorClass::store_damaged, path + " is damaged. " + restore_or_begin_anew, "damaged");
      break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      error = described(ErrorClass::config,
                        path + " cannot be opened for writing. Check who owns the file and its folder.", "permission");
      break;
    case SQLITE_CANTOPEN:
      error = described(ErrorClass::config,
                        path +
                            " cannot be opened. Check who owns the file and its folder, and whether the process may "
                            "open more files (ulimit -n).",
                        "permission");
      break;
    case SQLITE_NOMEM:
      error = make_error(ErrorClass::bug, "The memory is used up; nothing of this step was stored.");
      break;
    case SQLITE_CONSTRAINT:
      error = make_error(ErrorClass::bug, "A row that breaks the rules of " + path + " was refused.");
      break;
    default:
      error = make_error(ErrorClass::bug, "An unexpected failure of the database " + path + ".");
      break;
  }
  error.detail = failure.what();
  return error;
}

}  // namespace cosell::store
