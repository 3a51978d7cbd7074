// Finding the rows of a query: candidates from an index when a condition allows it, then conditions, order, limits.
#include <algorithm>

#include "connectors/salesforce/emulator/query.h"
#include "connectors/salesforce/emulator/records.h"

namespace cosell::emulator::salesforce {

namespace {

using soql::Op;

// The rows of one record, slot by slot, while conditions are checked. Parents are looked up when first needed.
class Candidate {
 public:
  Candidate(const State& state, const std::vector<Slot>& slots) : state_(state), slots_(slots), rows_(slots.size()) {}

  void set(const RowPtr& row) {
    for (RowPtr& r : rows_) r = nullptr;
    rows_[0] = row;
    for (std::size_t i = 1; i < slots_.size(); ++i) {
      const Slot& slot = slots_[i];
      const RowPtr& parent = rows_[slot.parent];  // an earlier slot: resolved already
      if (parent == nullptr) continue;
      Value scratch;
      const Object& from = *slots_[slot.parent].object;
      const Value& reference = parent->read(from.fields[slot.reference], slot.reference, scratch);
      const auto* id = std::get_if<std::string>(&reference);
      if (id == nullptr) continue;
      RowPtr found = state_.model.table(*slot.object).by_id(*id);
      if (found != nullptr && !found->deleted && !is_hidden(state_, *id)) rows_[i] = std::move(found);
    }
  }

  const Value& value(const BoundField& field, Value& scratch) const {
    const RowPtr& row = rows_[field.slot];
    if (row == nullptr) {
      scratch = Value{};
      return scratch;
    }
    return row->read(slots_[field.slot].object->fields[field.index], field.index, scratch);
  }

  const Field& field(const BoundField& f) const { return slots_[f.slot].object->fields[f.index]; }
  const std::vector<RowPtr>& rows() const { return rows_; }

 private:
  const State& state_;
  const std::vector<Slot>& slots_;
  std::vector<RowPtr> rows_;
};

bool exact(const Field& field) {
  return field.type == Type::id || field.type == Type::reference || field.case_sensitive;
}

int compare(const Field& field, const Value& a, const Value& b) {
  const auto* x = std::get_if<std::string>(&a);
  const auto* y = std::get_if<std::string>(&b);
  if (x != nullptr && y != nullptr && exact(field)) return x->compare(*y);
  return compare_values(a, b);
}

bool is_member(const Field& field, const BoundCondition& c, const Value& value) {
  if (is_null(value)) return c.with_null;
  if (const auto* text = std::get_if<std::string>(&value)) return c.texts.count(exact(field) ? *text : fold(*text)) > 0;
  return std::any_of(c.values.begin(), c.values.end(), [&](const Value& v) { return compare_values(v, value) == 0; });
}

bool in_range(const BoundCondition& c, const Value& value) {
  if (is_null(value)) return c.op == Op::not_equal;
  const bool before = compare_values(value, c.range->first) < 0;
  const bool after = compare_values(value, c.range->second) >= 0;
  switch (c.op) {
    case Op::equal:
      return !before && !after;
    case Op::not_equal:
      return before || after;
    case Op::less:
      return before;
    case Op::less_equal:
      return !after;
    case Op::greater:
      return after;
    default:
      return !before;
  }
}

bool compares(const Field& field, const BoundCondition& c, const Value& value) {
  if (c.range) return in_range(c, value);
  if (c.op == Op::in) return is_member(field, c, value);
  if (c.op == Op::not_in) return !is_member(field, c, value);
  if (c.op == Op::like) {
    const auto* text = std::get_if<std::string>(&value);
    return text != nullptr && like(fold(*text), c.pattern);
  }
  if (c.op == Op::equal) return compare(field, value, c.value) == 0;
  if (c.op == Op::not_equal) return compare(field, value, c.value) != 0;
  if (is_null(value) || is_null(c.value)) return false;
  const int order = compare(field, value, c.value);
  if (c.op == Op::less) return order < 0;
  if (c.op == Op::less_equal) return order <= 0;
  if (c.op == Op::greater) return order > 0;
  return order >= 0;
}

bool matches(const BoundCondition& c, const Candidate& candidate) {
  const auto part_matches = [&](const BoundCondition& part) { return matches(part, candidate); };
  switch (c.kind) {
    case soql::Condition::Kind::all:
      return std::all_of(c.parts.begin(), c.parts.end(), part_matches);
    case soql::Condition::Kind::any:
      return std::any_of(c.parts.begin(), c.parts.end(), part_matches);
    case soql::Condition::Kind::negate:
      return !matches(c.parts.front(), candidate);
    case soql::Condition::Kind::compare:
      break;
  }
  Value scratch;
  return compares(candidate.field(c.field), c, candidate.value(c.field, scratch));
}

std::vector<Value> wanted_values(const BoundCondition& c) {
  return c.op == Op::equal ? std::vector<Value>{c.value} : c.values;
}

// Positions that can satisfy the condition, from an index; empty optional when no index helps.
std::optional<std::vector<std::uint32_t>> from_index(const Table& table, const BoundCondition& c) {
  if (c.kind == soql::Condition::Kind::all) {
    std::optional<std::vector<std::uint32_t>> best;
    for (const BoundCondition& part : c.parts) {
      auto found = from_index(table, part);
      if (found && (!best || found->size() < best->size())) best = std::move(found);
    }
    return best;
  }
  if (c.kind != soql::Condition::Kind::compare || c.field.slot != 0 || c.range) return std::nullopt;
  const Field& field = table.object().fields[c.field.index];
  const bool by_value = c.op == Op::equal || (c.op == Op::in && !c.with_null);
  const bool lower_bound = c.op == Op::greater || c.op == Op::greater_equal || c.op == Op::equal;
  if (field.system == System::stamp && lower_bound && !is_null(c.value)) {
    return table.since(std::get<Instant>(c.value));
  }
  if (!by_value || (field.system != System::id && !(field.system == System::none && field.indexed()))) {
    return std::nullopt;
  }
  std::vector<std::uint32_t> out;
  for (const Value& wanted : wanted_values(c)) {
    const auto* text = std::get_if<std::string>(&wanted);
    if (text == nullptr) return std::nullopt;
    if (field.system == System::id) {
      if (const RowPtr row = table.by_id(*text)) out.push_back(row->position);
      continue;
    }
    const auto found = table.with_value(c.field.index, *text);
    out.insert(out.end(), found.begin(), found.end());
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

bool shown(const Row& row, const RunOptions& options) {
  return !row.deleted || (options.with_deleted && in_recycle_bin(row, options.now));
}

// Sorts records of `width` pointers each.
void sort_rows(const BoundQuery& query, std::vector<RowPtr>& rows) {
  const std::size_t width = query.slots.size();
  std::vector<std::size_t> order(rows.size() / width);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto value = [&](std::size_t record, const BoundField& f, Value& scratch) -> const Value& {
    const RowPtr& row = rows[record * width + f.slot];
    if (row == nullptr) {
      scratch = Value{};
      return scratch;
    }
    return row->read(query.slots[f.slot].object->fields[f.index], f.index, scratch);
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    for (const BoundOrder& key : query.order) {
      Value x_scratch;
      Value y_scratch;
      const Value& x = value(a, key.field, x_scratch);
      const Value& y = value(b, key.field, y_scratch);
      if (is_null(x) || is_null(y)) {
        if (is_null(x) == is_null(y)) continue;
        return is_null(x) != key.nulls_last;
      }
      const int c = compare(query.slots[key.field.slot].object->fields[key.field.index], x, y);
      if (c != 0) return key.descending ? c > 0 : c < 0;
    }
    return false;
  });
  std::vector<RowPtr> sorted;
  sorted.reserve(rows.size());
  for (const std::size_t record : order) {
    for (std::size_t s = 0; s < width; ++s) sorted.push_back(std::move(rows[record * width + s]));
  }
  rows = std::move(sorted);
}

void cut(const BoundQuery& query, std::vector<RowPtr>& rows) {
  const std::size_t width = query.slots.size();
  const std::size_t skip = std::min(rows.size(), static_cast<std::size_t>(query.offset) * width);
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(skip));
  if (query.limit && static_cast<std::size_t>(*query.limit) < rows.size() / width) {
    rows.resize(static_cast<std::size_t>(*query.limit) * width);
  }
}

}  // namespace

ResultSet run(const State& state, BoundQuery query, const RunOptions& options) {
  const Table& table = state.model.table(*query.slots[0].object);
  ResultSet result;
  Candidate candidate(state, query.slots);
  const auto consider = [&](const RowPtr& row) {
    if (row == nullptr || !shown(*row, options) || is_hidden(state, row->id)) return;
    candidate.set(row);
    if (query.where && !matches(*query.where, candidate)) return;
    result.rows.insert(result.rows.end(), candidate.rows().begin(), candidate.rows().end());
  };
  const auto positions = query.where ? from_index(table, *query.where) : std::nullopt;
  if (positions) {
    for (const std::uint32_t position : *positions) consider(table.rows()[position]);
  } else {
    for (const RowPtr& row : table.rows()) consider(row);
  }
  if (!query.order.empty() && !query.count) sort_rows(query, result.rows);
  cut(query, result.rows);
  result.total = result.rows.size() / query.slots.size();
  if (query.count) result.rows.clear();
  result.query = std::move(query);
  return result;
}

ResultSet resolve(const State& state, BoundQuery query, const std::vector<RowPtr>& rows) {
  ResultSet result;
  Candidate candidate(state, query.slots);
  for (const RowPtr& row : rows) {
    candidate.set(row);
    result.rows.insert(result.rows.end(), candidate.rows().begin(), candidate.rows().end());
  }
  result.total = rows.size();
  result.query = std::move(query);
  return result;
}

}  // namespace cosell::emulator::salesforce
