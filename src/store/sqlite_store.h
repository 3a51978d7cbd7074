// The store in one SQLite file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "store/store.h"

namespace cosell::store {

struct OpenOptions {
  // exclusive: for cycles and commands that write; a second process gets store_busy naming the holder.
  // shared: for status, todo, deals and the like; works while a cycle runs; writes only the inbox. Who may read the
  // file but not write it looks at it beside its owner, or at a copy of this moment, and the inbox is refused.
  // scratch: a private copy in a temporary file that disappears; the original (which may be missing) is only read.
  enum class Mode : std::uint8_t { exclusive, shared, scratch } mode = Mode::exclusive;
  std::string pair;      // a store belongs to one pair; another pair's file is refused
  bool create = true;    // exclusive: make a new one when the file is missing
  std::string vfs = {};  // SQLite's file layer; "" is the usual one
};

// Opens the store in the file `path`. A missing file is not_found, unless it may be created or the mode is scratch.
// Newer, foreign or damaged files are refused untouched: ErrorClass::store_damaged with what was found.
Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path, const OpenOptions& options, Clock& clock);

// Reads the whole store and says what it found ("1,200 deals, … no damage"); damage is store_damaged. Works while
// another process writes.
Result<std::string> verify_sqlite_store(const std::string& path, const OpenOptions& options, Clock& clock);

// Writes a copy of the store, as of one moment, to the new file `destination` (0600). Works while another process
// writes; refuses to replace a file.
Result<void> back_up_sqlite_store(const std::string& path, const std::string& destination, const OpenOptions& options,
                                  Clock& clock);

struct Restored {
  std::string found;    // what was read through, as verify_sqlite_store says it
  std::string kept_as;  // the store of before, with its log beside it; "" when there was none
};

// Puts the copy `backup` in the place of the store, with a line in its history; the copy itself is only read. Refused
// with nothing changed: store_busy while another process holds the store, store_damaged or config for a copy that is
// damaged, newer, another pair's or none. A restore that broke off is simply done again.
Result<Restored> restore_sqlite_store(const std::string& path, const std::string& backup, const OpenOptions& options,
                                      Clock& clock);

}  // namespace cosell::store
