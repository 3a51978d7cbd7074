// The rows of the emulated organisation: immutable row versions, the index of changes, tombstones, alternate keys and
// savepoints. Responsible for keeping rows and finding them; which values a write may set is decided in records.h.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "connectors/dynamics365/emulator/schema.h"
#include "connectors/dynamics365/emulator/values.h"

namespace cosell::emulator::dynamics365 {

struct Cell {
  std::uint16_t column = 0;
  Value value;
};

// One version of one row. A write makes a new version.
struct Row {
  Guid id;
  std::uint32_t position = 0;  // order of creation
  std::int64_t version = 0;
  Instant created{};
  Instant modified{};
  Guid created_by;
  Guid modified_by;
  std::vector<Cell> cells = {};  // ordered by column, null values left out

  const Value& cell(std::uint16_t column) const;
  void put(std::uint16_t column, Value value);
  // Any column of the table, system columns too.
  Value read(const Column& column, std::uint16_t index, std::uint16_t user_table) const;
};
using RowPtr = std::shared_ptr<const Row>;

class Rows {
 public:
  explicit Rows(const Table& table) : table_(&table), keys_(table.keys.size()) {}

  const Table& table() const { return *table_; }
  // By position; empty where a row was deleted.
  const std::vector<RowPtr>& all() const { return rows_; }
  std::size_t count() const { return by_id_.size(); }
  RowPtr by_id(const Guid& id) const;
  // Versions after `from`, oldest first: version to position.
  const std::map<std::int64_t, std::uint32_t>& by_version() const { return by_version_; }
  const std::map<std::int64_t, Guid>& tombstones() const { return tombstones_; }

  // The value of an alternate key; empty when one of its columns is null, which switches its uniqueness off.
  std::string key_of(std::size_t key, const Row& row) const;
  RowPtr by_key(std::size_t key, const std::string& value) const;

  std::uint32_t take_position();
  void put(RowPtr row);
  void remove(const Guid& id);
  void bury(const Guid& id, std::int64_t version);
  void unbury(const Guid& id);
  std::optional<std::int64_t> buried(const Guid& id) const;
  void clear();
  // After keys were added.
  void reindex();

 private:
  void index(const Row& row);
  void unindex(const Row& row);

  const Table* table_;
  std::vector<RowPtr> rows_;
  std::unordered_map<Guid, std::uint32_t, GuidHash> by_id_;
  std::map<std::int64_t, std::uint32_t> by_version_;
  std::map<std::int64_t, Guid> tombstones_;
  std::unordered_map<Guid, std::int64_t, GuidHash> buried_;
  std::vector<std::unordered_map<std::string, std::uint32_t>> keys_;
};

class Model {
 public:
  Model();

  Schema& schema() { return schema_; }
  const Schema& schema() const { return schema_; }
  Rows& rows(const Table& table) { return *rows_[table.place]; }
  const Rows& rows(const Table& table) const { return *rows_[table.place]; }
  Rows& rows(std::string_view table) { return rows(schema_.get(table)); }
  const Rows& rows(std::string_view table) const { return rows(schema_.get(table)); }
  RowPtr find(const Ref& ref) const { return rows_[ref.table]->by_id(ref.id); }

  // One counter for all tables; it never goes back.
  std::int64_t next_version() { return ++version_; }
  std::int64_t version() const { return version_; }
  void raise_version(std::int64_t at_least) { version_ = std::max(version_, at_least); }

  // All writes pass here, so that a savepoint can take them back.
  void put(const Table& table, RowPtr row);
  void remove(const Table& table, const Guid& id);  // leaves a tombstone
  std::size_t savepoint();                          // every savepoint needs release or roll_back
  void release(std::size_t savepoint);              // keeps the writes
  void roll_back(std::size_t savepoint);

  // Forgets opportunities, accounts, contacts and what belongs to them, tombstones too.
  void clear_records();

 private:
  struct Undo {
    std::uint16_t table = 0;
    Guid id;
    RowPtr before;
    std::optional<std::int64_t> buried;
  };
  void remember(const Table& table, const Guid& id);

  Schema schema_;
  std::vector<std::unique_ptr<Rows>> rows_;
  std::vector<Undo> undo_;
  int savepoints_ = 0;
  std::int64_t version_ = 1'000'000;
};

}  // namespace cosell::emulator::dynamics365
