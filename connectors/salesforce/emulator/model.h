// The records of the emulated org: immutable row versions, indexes, transactions and savepoints.
// Responsible for keeping rows and finding them; which values a write may set is decided in records.h.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "connectors/salesforce/emulator/schema.h"
#include "connectors/salesforce/emulator/values.h"

namespace cosell::emulator::salesforce {

struct Cell {
  std::uint16_t field = 0;
  Value value;
};

// One version of one record. A write makes a new version; result sets keep the old ones alive.
struct Row {
  std::string id;  // 15 characters
  std::uint32_t position = 0;
  bool deleted = false;
  Instant deleted_at{};
  bool purged = false;  // taken out of the recycle bin before its time
  Instant created{};
  Instant modified{};
  Instant stamp{};
  std::string created_by = {};
  std::string modified_by = {};
  std::vector<Cell> cells = {};  // ordered by field, null values left out

  const Value& cell(std::uint16_t field) const;
  void put(std::uint16_t field, Value value);
  // Any field of the object, system fields too; `scratch` holds those that are no cells.
  const Value& read(const Field& field, std::uint16_t index, Value& scratch) const;
};
using RowPtr = std::shared_ptr<const Row>;

class Table {
 public:
  explicit Table(const Object& object) : object_(&object) {}

  const Object& object() const { return *object_; }
  // By position; empty where an insert was rolled back.
  const std::vector<RowPtr>& rows() const { return rows_; }
  RowPtr by_id(std::string_view id15) const;
  // Positions of rows that hold the value in an indexed field, deleted rows included.
  std::vector<std::uint32_t> with_value(std::uint16_t field, std::string_view value) const;
  // Positions of rows whose stamp is at or after `from`, in order of stamp.
  std::vector<std::uint32_t> since(Instant from) const;
  std::size_t live() const;

  // A place that no other record gets, and the id that belongs to it.
  std::uint32_t take_position();
  std::string id_at(std::uint32_t position) const { return make_id(object_->prefix, position + std::uint64_t{1}); }
  void put(RowPtr row);
  // Takes a row out altogether: an insert that was rolled back.
  void forget(std::uint32_t position);
  void clear();
  // Fills the index of a field that was added after rows existed.
  void reindex();

 private:
  void index(const Row& row);
  void unindex(const Row& row);

  const Object* object_;
  std::vector<RowPtr> rows_;
  std::unordered_map<std::string, std::uint32_t> by_id_;
  std::set<std::pair<std::int64_t, std::uint32_t>> by_stamp_;
  std::map<std::uint16_t, std::unordered_multimap<std::string, std::uint32_t>> by_value_;
};

// Writes that were made, stamped, and are not visible yet.
struct Transaction {
  std::string id;
  Instant begun{};
  std::vector<std::pair<std::string, RowPtr>> rows = {};  // object name, newest version; one entry for each record
};

class Model {
 public:
  Model();

  Schema& schema() { return schema_; }
  const Schema& schema() const { return schema_; }
  Table& table(const Object& object);
  const Table& table(const Object& object) const;
  Table& table(std::string_view object) { return table(schema_.get(object)); }

  // Row by id in whichever object its prefix names; empty when there is none.
  RowPtr find(std::string_view id15) const;

  // All writes pass here, so that a savepoint can take them back.
  void put(const Object& object, RowPtr row);
  std::size_t savepoint();              // begins remembering; every savepoint needs release or roll_back
  void release(std::size_t savepoint);  // keeps the writes
  void roll_back(std::size_t savepoint);

  // Open transactions, oldest first.
  std::deque<Transaction>& transactions() { return transactions_; }
  const std::deque<Transaction>& transactions() const { return transactions_; }
  // True when an open transaction other than `mine` has written the record.
  bool is_locked(std::string_view id15, const Transaction* mine) const;

  // Forgets opportunities, accounts, contacts and what belongs to them.
  void clear_records();

 private:
  struct Undo {
    const Object* object = nullptr;
    std::uint32_t position = 0;
    RowPtr before;
  };
  Schema schema_;
  std::vector<std::pair<const Object*, std::unique_ptr<Table>>> tables_;
  std::vector<Undo> undo_;
  int savepoints_ = 0;
  std::deque<Transaction> transactions_;
};

}  // namespace cosell::emulator::salesforce
