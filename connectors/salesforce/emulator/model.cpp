// Keeping rows and their indexes in step, and taking writes back.
#include "connectors/salesforce/emulator/model.h"

#include <algorithm>

namespace cosell::emulator::salesforce {

namespace {

const Value kNull{};

std::vector<Cell>::const_iterator place_of(const std::vector<Cell>& cells, std::uint16_t field) {
  return std::lower_bound(cells.begin(), cells.end(), field,
                          [](const Cell& c, std::uint16_t f) { return c.field < f; });
}

std::string index_key(const Field& field, const std::string& value) {
  return field.case_sensitive ? value : fold(value);
}

}  // namespace

const Value& Row::cell(std::uint16_t field) const {
  const auto it = place_of(cells, field);
  return it != cells.end() && it->field == field ? it->value : kNull;
}

void Row::put(std::uint16_t field, Value value) {
  const auto found = place_of(cells, field);
  const auto it = cells.begin() + (found - cells.cbegin());
  const bool present = it != cells.end() && it->field == field;
  if (is_null(value)) {
    if (present) cells.erase(it);
    return;
  }
  if (present) {
    it->value = std::move(value);
  } else {
    cells.insert(it, Cell{field, std::move(value)});
  }
}

const Value& Row::read(const Field& field, std::uint16_t index, Value& scratch) const {
  switch (field.system) {
    case System::none:
      return cell(index);
    case System::id:
      scratch = id;
      break;
    case System::created_date:
      scratch = created;
      break;
    case System::created_by:
      scratch = created_by;
      break;
    case System::modified_date:
      scratch = modified;
      break;
    case System::modified_by:
      scratch = modified_by;
      break;
    case System::stamp:
      scratch = stamp;
      break;
    case System::deleted:
      scratch = deleted;
      break;
  }
  return scratch;
}

RowPtr Table::by_id(std::string_view id15) const {
  const auto it = by_id_.find(std::string(id15));
  return it == by_id_.end() ? nullptr : rows_[it->second];
}

std::vector<std::uint32_t> Table::with_value(std::uint16_t field, std::string_view value) const {
  std::vector<std::uint32_t> out;
  const auto index = by_value_.find(field);
  if (index == by_value_.end()) return out;
  const auto range = index->second.equal_range(index_key(object_->fields[field], std::string(value)));
  for (auto it = range.first; it != range.second; ++it) out.push_back(it->second);
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::uint32_t> Table::since(Instant from) const {
  std::vector<std::uint32_t> out;
  for (auto it = by_stamp_.lower_bound({from.ms, 0}); it != by_stamp_.end(); ++it) out.push_back(it->second);
  return out;
}

std::size_t Table::live() const {
  return static_cast<std::size_t>(
      std::count_if(rows_.begin(), rows_.end(), [](const RowPtr& r) { return r != nullptr && !r->deleted; }));
}

void Table::index(const Row& row) {
  by_id_[row.id] = row.position;
  by_stamp_.insert({row.stamp.ms, row.position});
  for (const Cell& c : row.cells) {
    const Field& f = object_->fields[c.field];
    const auto* text = std::get_if<std::string>(&c.value);
    if (text != nullptr && f.indexed()) by_value_[c.field].emplace(index_key(f, *text), row.position);
  }
}

void Table::unindex(const Row& row) {
  by_id_.erase(row.id);
  by_stamp_.erase({row.stamp.ms, row.position});
  for (const Cell& c : row.cells) {
    const Field& f = object_->fields[c.field];
    const auto* text = std::get_if<std::string>(&c.value);
    if (text == nullptr || !f.indexed()) continue;
    auto& values = by_value_[c.field];
    const auto range = values.equal_range(index_key(f, *text));
    const auto it = std::find_if(range.first, range.second, [&](const auto& e) { return e.second == row.position; });
    if (it != range.second) values.erase(it);
  }
}

std::uint32_t Table::take_position() {
  rows_.emplace_back();
  return static_cast<std::uint32_t>(rows_.size() - 1);
}

void Table::put(RowPtr row) {
  const std::uint32_t position = row->position;
  if (position >= rows_.size()) rows_.resize(position + 1);
  if (rows_[position] != nullptr) unindex(*rows_[position]);
  index(*row);
  rows_[position] = std::move(row);
}

void Table::forget(std::uint32_t position) {
  if (position >= rows_.size() || rows_[position] == nullptr) return;
  unindex(*rows_[position]);
  rows_[position] = nullptr;
}

void Table::clear() {
  // Positions are not used again, so that an id never names two records.
  for (RowPtr& row : rows_) row = nullptr;
  by_id_.clear();
  by_stamp_.clear();
  by_value_.clear();
}

void Table::reindex() {
  by_id_.clear();
  by_stamp_.clear();
  by_value_.clear();
  for (const RowPtr& row : rows_) {
    if (row != nullptr) index(*row);
  }
}

Model::Model() {
  for (const Object& o : schema_.objects()) tables_.emplace_back(&o, std::make_unique<Table>(o));
}

Table& Model::table(const Object& object) {
  for (auto& entry : tables_) {
    if (entry.first == &object) return *entry.second;
  }
  return *tables_.front().second;
}

const Table& Model::table(const Object& object) const {
  for (const auto& entry : tables_) {
    if (entry.first == &object) return *entry.second;
  }
  return *tables_.front().second;
}

RowPtr Model::find(std::string_view id15) const {
  const Object* object = id15.size() < 3 ? nullptr : schema_.find_by_prefix(id15.substr(0, 3));
  return object == nullptr ? nullptr : table(*object).by_id(id15);
}

void Model::put(const Object& object, RowPtr row) {
  Table& t = table(object);
  if (savepoints_ > 0) {
    Undo undo;
    undo.object = &object;
    undo.position = row->position;
    if (row->position < t.rows().size()) undo.before = t.rows()[row->position];
    undo_.push_back(std::move(undo));
  }
  t.put(std::move(row));
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
    Undo undo = std::move(undo_.back());
    undo_.pop_back();
    Table& t = table(*undo.object);
    if (undo.before == nullptr) {
      t.forget(undo.position);
    } else {
      t.put(std::move(undo.before));
    }
  }
  release(savepoint);
}

bool Model::is_locked(std::string_view id15, const Transaction* mine) const {
  for (const Transaction& t : transactions_) {
    if (&t == mine) continue;
    for (const auto& entry : t.rows) {
      if (entry.second->id == id15) return true;
    }
  }
  return false;
}

void Model::clear_records() {
  transactions_.clear();
  for (const char* name : {"Opportunity", "Account", "Contact", "OpportunityHistory"}) table(name).clear();
}

}  // namespace cosell::emulator::salesforce
