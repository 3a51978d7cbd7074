// The store in one SQLite file.
#pragma once

#include <memory>
#include <string>

#include "store/store.h"

namespace cosell::store {

struct OpenOptions {
  // exclusive: for cycles and commands that write; a second process gets store_busy naming the holder.
  // shared: for status, todo, deals and the like; works while a cycle runs; writes only the inbox.
  // scratch: a private copy in a temporary file that disappears; the original (which may be missing) is only read.
  enum class Mode : std::uint8_t { exclusive, shared, scratch } mode = Mode::exclusive;
  std::string pair;        // a store belongs to one pair; another pair's file is refused
  bool create = true;      // exclusive: make a new one when the file is missing
};

// Newer, foreign or damaged files are refused untouched: ErrorClass::store_damaged with what was found.
Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path, const OpenOptions& options, Clock& clock);

}  // namespace cosell::store
