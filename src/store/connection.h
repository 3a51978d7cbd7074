// One connection to one SQLite file with its prepared statements, and SQLite's failures in words. Inside this folder
// SQLite's exceptions are let through to `attempt`; nothing beyond it sees them.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/strong.h"
#include "base/time.h"

namespace cosell::store {

// How a text is bound when it is not plain text.
struct Blob {
  const std::string& bytes;
};
struct TextOrNull {
  const std::string& text;  // "" becomes NULL
};

// One execution of a prepared statement: bind with `with`, then `next` row by row or `run`. Ends with the object.
class Query {
 public:
  explicit Query(SQLite::Statement& statement) : statement_(&statement) {}
  Query(Query&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  Query& operator=(Query&&) = delete;
  ~Query() {
    if (statement_ != nullptr) statement_->tryReset();
  }

  // Binds parameters 1, 2, … to copies of the values. Absent numbers and times become NULL.
  template <class... Values>
  Query& with(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }

  bool next() { return statement_->executeStep(); }
  int run() { return statement_->exec(); }

  bool is_null(int i) const { return statement_->isColumnNull(i); }
  std::string text(int i) const { return is_null(i) ? "" : statement_->getColumn(i).getString(); }
  std::int64_t integer(int i) const { return statement_->getColumn(i).getInt64(); }
  Instant time(int i) const { return {integer(i)}; }
  std::optional<Instant> time_if_any(int i) const {
    return is_null(i) ? std::nullopt : std::optional<Instant>(time(i));
  }

 private:
  void bind(int i, const std::string& v) { statement_->bind(i, v); }
  void bind(int i, const char* v) { statement_->bind(i, v); }
  void bind(int i, std::int64_t v) { statement_->bind(i, v); }
  void bind(int i, int v) { statement_->bind(i, v); }
  void bind(int i, bool v) { statement_->bind(i, v ? 1 : 0); }
  void bind(int i, Instant v) { statement_->bind(i, v.ms); }
  void bind(int i, const std::optional<Instant>& v) {
    if (v) {
      statement_->bind(i, v->ms);
    } else {
      statement_->bind(i);
    }
  }
  template <class Tag>
  void bind(int i, const StrongInt<Tag>& v) {
    if (v.valid()) {
      statement_->bind(i, v.value);
    } else {
      statement_->bind(i);
    }
  }
  void bind(int i, const Blob& v) { statement_->bind(i, v.bytes.data(), static_cast<int>(v.bytes.size())); }
  void bind(int i, const TextOrNull& v) {
    if (v.text.empty()) {
      statement_->bind(i);
    } else {
      statement_->bind(i, v.text);
    }
  }

  SQLite::Statement* statement_;
};

class Connection {
 public:
  // reading_only: of a file that others write; neither it nor the files beside it are made or changed.
  enum class Use { reading_and_writing, reading_only };
  // Opens an existing file ("" makes a nameless temporary one). `vfs`: "" the usual one.
  Connection(const std::string& file, const std::string& vfs, Use use = Use::reading_and_writing);

  // A statement for `sql`, prepared once.
  Query query(std::string_view sql);
  void script(std::string_view sql);
  std::int64_t integer(std::string_view sql);
  std::string text(std::string_view sql);

  // The number that the last inserted row got.
  std::int64_t last_id() const { return database_.getLastInsertRowid(); }

  bool in_transaction() const;
  // Is the file no longer where it was opened? Somebody moved it away, or put another one in its place.
  bool has_moved();
  // While on, closing the last connection leaves the file and its write-ahead log as they are.
  void leave_files_alone(bool on);
  sqlite3* handle() { return database_.getHandle(); }

 private:
  SQLite::Database database_;
  struct HashOfText {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      constexpr std::size_t end = 48;
      return std::hash<std::string_view>()(text.size() > end ? text.substr(text.size() - end) : text) + text.size();
    }
  };
  // Hashed by their ends: statements about one table begin alike and are long.
  std::unordered_map<std::string, std::unique_ptr<SQLite::Statement>, HashOfText, std::equal_to<>> statements_;
};

// SQLite's failure on the store file `path`, in words and with its class.
Error error_from(const SQLite::Exception& failure, const std::string& path);

// Carries an Error out of a deep call inside this folder.
struct Refusal {
  Error error;
};

// Runs `work` (which returns a Result) and turns every exception into an Error.
template <class Work>
auto attempt(const std::string& path, Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const SQLite::Exception& failure) {
    return error_from(failure, path);
  } catch (const Refusal& refusal) {
    return refusal.error;
  } catch (const std::bad_alloc&) {
    return make_error(ErrorClass::bug, "The memory is used up; nothing of this step was stored.");
  } catch (const std::exception& failure) {
    Error error = make_error(ErrorClass::bug, "An unexpected failure while working with " + path + ".");
    error.detail = failure.what();
    return error;
  }
}

}  // namespace cosell::store
