// Keeping rows: one vector per table in order of creation, with indexes by id, version and alternate key.
#include "connectors/dynamics365/emulator/model.h"

#include <algorithm>

namespace cosell::emulator::dynamics365 {

namespace {

const Value kNull;

std::string key_text(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return fold(*text);
  if (const auto* ref = std::get_if<Ref>(&value)) return to_string(ref->id);
  if (const auto* id = std::get_if<Guid>(&value)) return to_string(*id);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&value)) return std::to_string(*number);
  if (const auto* t = std::get_if<Instant>(&value)) return to_string_seconds(*t);
  if (const auto* d = std::get_if<Date>(&value)) return cosell::to_string(*d);
  return "";
}

}  // namespace

const Value& Row::cell(std::uint16_t column) const {
  const auto it = std::lower_bound(cells.begin(), cells.end(), column,
                                   [](const Cell& c, std::uint16_t wanted) { return c.column < wanted; });
  return it == cells.end() || it->column != column ? kNull : it->value;
}

void Row::put(std::uint16_t column, Value value) {
  const auto it = std::lower_bound(cells.begin(), cells.end(), column,
                                   [](const Cell& c, std::uint16_t wanted) { return c.column < wanted; });
  const bool present = it != cells.end() && it->column == column;
  if (is_null(value)) {
    if (present) cells.erase(it);
  } else if (present) {
    it->value = std::move(value);
  } else {
    cells.insert(it, Cell{column, std::move(value)});
  }
}

Value Row::read(const Column& column, std::uint16_t index, std::uint16_t user_table) const {
  switch (column.system) {
    case System::none:
      return cell(index);
    case System::id:
      return id;
    case System::created_on:
      return created;
    case System::created_by:
      return Ref{created_by, user_table};
    case System::modified_on:
      return modified;
    case System::modified_by:
      return Ref{modified_by, user_table};
    case System::version:
      return version;
  }
  return {};
}

RowPtr Rows::by_id(const Guid& id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : rows_[it->second];
}

std::string Rows::key_of(std::size_t key, const Row& row) const {
  std::string text;
  for (const std::uint16_t column : table_->keys[key].columns) {
    const Value& value = row.cell(column);
    if (is_null(value)) return "";
    text += key_text(value) + '\x1f';
  }
  return text;
}

RowPtr Rows::by_key(std::size_t key, const std::string& value) const {
  const auto it = keys_[key].find(value);
  return it == keys_[key].end() ? nullptr : rows_[it->second];
}

std::uint32_t Rows::take_position() {
  rows_.push_back(nullptr);
  return static_cast<std::uint32_t>(rows_.size() - 1);
}

void Rows::index(const Row& row) {
  by_id_[row.id] = row.position;
  by_version_[row.version] = row.position;
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    std::string value = key_of(k, row);
    if (!value.empty()) keys_[k][std::move(value)] = row.position;
  }
}

void Rows::unindex(const Row& row) {
  by_id_.erase(row.id);
  by_version_.erase(row.version);
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    const auto it = keys_[k].find(key_of(k, row));
    if (it != keys_[k].end() && it->second == row.position) keys_[k].erase(it);
  }
}

void Rows::put(RowPtr row) {
  if (row->position >= rows_.size()) rows_.resize(row->position + 1);
  RowPtr& place = rows_[row->position];
  if (place != nullptr) unindex(*place);
  place = std::move(row);
  index(*place);
}

void Rows::remove(const Guid& id) {
  const RowPtr row = by_id(id);
  if (row == nullptr) return;
  unindex(*row);
  rows_[row->position] = nullptr;
}

void Rows::bury(const Guid& id, std::int64_t version) {
  unbury(id);
  tombstones_[version] = id;
  buried_[id] = version;
}

void Rows::unbury(const Guid& id) {
  const auto it = buried_.find(id);
  if (it == buried_.end()) return;
  tombstones_.erase(it->second);
  buried_.erase(it);
}

std::optional<std::int64_t> Rows::buried(const Guid& id) const {
  const auto it = buried_.find(id);
  if (it == buried_.end()) return std::nullopt;
  return it->second;
}

void Rows::clear() {
  rows_.clear();
  by_id_.clear();
  by_version_.clear();
  tombstones_.clear();
  buried_.clear();
  for (auto& key : keys_) key.clear();
}

void Rows::reindex() {
  keys_.assign(table_->keys.size(), {});
  for (const RowPtr& row : rows_) {
    if (row != nullptr) index(*row);
  }
}

Model::Model() {
  for (const Table& table : schema_.tables()) rows_.push_back(std::make_unique<Rows>(table));
}

void Model::remember(const Table& table, const Guid& id) {
  if (savepoints_ == 0) return;
  Undo undo;
  undo.table = table.place;
  undo.id = id;
  undo.before = rows(table).by_id(id);
  undo.buried = rows(table).buried(id);
  undo_.push_back(std::move(undo));
}

void Model::put(const Table& table, RowPtr row) {
  remember(table, row->id);
  // A row that is made again must not be followed by its own deletion in a delta read.
  rows(table).unbury(row->id);
  rows(table).put(std::move(row));
}

void Model::remove(const Table& table, const Guid& id) {
  remember(table, id);
  rows(table).remove(id);
  rows(table).bury(id, next_version());
}

std::size_t Model::savepoint() {
  ++savepoints_;
  return undo_.size();
}

void Model::release(std::size_t) {
  if (--savepoints_ == 0) undo_.clear();
}

void Model::roll_back(std::size_t savepoint) {
  while (undo_.size() > savepoint) {
    const Undo undo = std::move(undo_.back());
    undo_.pop_back();
    Rows& table = *rows_[undo.table];
    table.remove(undo.id);
    table.unbury(undo.id);
    if (undo.before != nullptr) table.put(undo.before);
    if (undo.buried) table.bury(undo.id, *undo.buried);
  }
  release(savepoint);
}

void Model::clear_records() {
  for (const char* name : {"opportunity", "account", "contact", "opportunityclose", "opportunitysalesprocess",
                           "leadtoopportunitysalesprocess"}) {
    rows(name).clear();
  }
}

}  // namespace cosell::emulator::dynamics365
