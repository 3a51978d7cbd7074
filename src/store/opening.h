// Opening a store's file and finding it fit, before anything is read from or written to it.
#pragma once

#include <memory>
#include <string>

#include "store/connection.h"
#include "store/sqlite_store.h"

namespace cosell::store {

// What is opened and how it is called: a copy keeps the name of its original in messages.
struct Place {
  std::string file;   // what SQLite opens
  std::string named;  // what people know
};

// Connects to an existing file and checks that it is a store of `options.pair` and not of a newer version. When it is
// refused, its files are left as they were.
Result<std::unique_ptr<Connection>> connect(const Place& place, const OpenOptions& options);

class SqliteStore;

// OpenOptions::Mode::shared, whatever `options` say.
Result<std::unique_ptr<SqliteStore>> open_to_look(const std::string& path, const OpenOptions& options, Clock& clock);

// The error for damage found in the store `path`.
Error damage_found(const std::string& path, const std::string& what);

}  // namespace cosell::store
