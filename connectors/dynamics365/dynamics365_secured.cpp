// Which columns are under security is asked along with what pages refer to, or by itself once a minute; whether the
// user may read them only where one looks empty.
#include "connectors/dynamics365/dynamics365_secured.h"

#include <algorithm>

#include "connectors/dynamics365/dynamics365_errors.h"
#include "connectors/dynamics365/dynamics365_privileges.h"

namespace cosell::dynamics365 {
namespace {

constexpr Duration kReadableFresh = minutes(1);
// So long a column that showed something is taken for readable where nobody tells; a clear is lost if it is too short,
// and values are if it is too long.
constexpr Duration kShownTrusted = days(7);

// Tables that the columns lead to; whoever reads currencies may read their codes.
std::set<std::string> tables_behind(const RowShape& shape) {
  std::set<std::string> tables;
  for (const PlannedColumn& c : shape.columns) {
    if (c.from == PlannedColumn::From::related && c.name != kCurrencyColumn) tables.insert(c.facts.table);
  }
  return tables;
}

// As a read position keeps them: those of other tables behind the table's name and a point.
Dynamics365Schema::Secured secured_for(Dynamics365Schema& schema, const RowShape& shape) {
  auto all = schema.secured("opportunity");
  for (const std::string& table : tables_behind(shape)) {
    for (const auto& [name, id] : schema.secured(table)) all[table + "." + name] = id;
  }
  return all;
}

void recall_secured(Dynamics365Schema& schema, const Dynamics365Schema::Secured& kept) {
  std::map<std::string, Dynamics365Schema::Secured> by_table;
  for (const auto& [name, id] : kept) {
    const std::size_t dot = name.find('.');
    const bool own = dot == std::string::npos;
    by_table[own ? "opportunity" : name.substr(0, dot)][own ? name : name.substr(dot + 1)] = id;
  }
  by_table["opportunity"];
  for (const auto& [table, secured] : by_table) schema.recall_secured(table, secured);
}

// The organisation understood the question and does not answer it. What makes no sense, or comes later, is no refusal.
bool is_refusal(const Error& e) { return e.kind != ErrorClass::bad_response && !comes_later(e); }

}  // namespace

Dynamics365Secured::Dynamics365Secured(Dynamics365Client& client, Dynamics365Schema& schema,
                                       Dynamics365Related& related)
    : client_(client), schema_(schema), related_(related) {}

void Dynamics365Secured::recall(const ReadPosition& position) {
  recall_secured(schema_, position.secured);
  for (const auto& [id, at] : position.shown_secured) shown_[id] = std::max(shown_[id], at);
}

void Dynamics365Secured::keep_in(ReadPosition& position, const RowShape& shape) const {
  position.secured = secured_for(schema_, shape);
  position.shown_secured.clear();
  for (const auto& [name, id] : position.secured) {
    if (const auto shown = shown_.find(id); shown != shown_.end()) position.shown_secured.insert(*shown);
  }
}

void Dynamics365Secured::begin_read(Call& call, const RowShape& shape, bool first) {
  ask_along(shape, first);
  if (first) asked_at_ = call.clock.now();
}

std::vector<Dynamics365Secured::Column> Dynamics365Secured::secured_and_empty(const RowShape& shape,
                                                                              std::vector<Row>& rows, Instant now) {
  std::vector<Column> found;
  const auto note = [&](const std::string& table, const std::string& column, Column noted, const auto& is_empty) {
    const auto& secured = schema_.secured(table);
    const auto it = secured.find(column);
    if (it == secured.end()) return;
    noted.id = it->second;
    for (Row& row : rows) {
      if (row.seen.existence != Existence::live) continue;
      const std::optional<bool> empty = is_empty(row);
      if (empty && *empty) noted.empty_in.push_back(&row);
      if (empty && !*empty) shown_[it->second] = now;
    }
    if (!noted.empty_in.empty()) found.push_back(std::move(noted));
  };
  for (const PlannedColumn& c : shape.columns) {
    const bool own = c.from == PlannedColumn::From::own;
    const bool related = c.from == PlannedColumn::From::related;
    if (!own && !related) continue;
    const std::string column_here = c.facts.lookup.empty() ? c.name : c.facts.lookup;
    const auto blank = [&](const Row& row) { return is_blank(column(row.seen.columns, c.name)); };
    const auto leads_nowhere = [&](const Row& row) { return row.other_id(c).empty(); };
    note("opportunity", column_here, {c.name, column_here, "", {}},
         [&](const Row& row) { return std::optional<bool>(own ? blank(row) : leads_nowhere(row)); });
    if (!related) continue;
    note(c.facts.table, c.column, {c.name, c.name, "", {}},
         [&](const Row& row) { return leads_nowhere(row) ? std::nullopt : std::optional<bool>(blank(row)); });
  }
  return found;
}

Result<void> Dynamics365Secured::check_secured(Call& call, const RowShape& shape, std::vector<Row>& rows) {
  if (shape.table->kind != RecordKind::opportunity) return {};
  note_untold(shape, rows);
  const Instant now = call.clock.now();
  const auto empty = secured_and_empty(shape, rows, now);
  if (empty.empty()) return {};
  const auto shown_lately = [&](const std::string& id) {
    const auto shown = shown_.find(id);
    return shown != shown_.end() && now - shown->second < kShownTrusted;
  };
  if (!readable_asked_at_ || call.clock.now() - *readable_asked_at_ >= kReadableFresh) {
    auto asked = readable_secured_columns(call, client_);
    if (!asked && !is_refusal(asked.error())) return std::move(asked.error());
    readable_ = asked ? std::optional(*std::move(asked)) : std::nullopt;
    readable_asked_at_ = call.clock.now();
  }
  for (const Column& c : empty) {
    if (readable_ ? readable_->count(c.id) > 0 : shown_lately(c.id)) continue;
    if (!readable_) {
      // Nobody tells whether the user may read it, and it has shown nothing lately.
      for (Row* row : c.empty_in) row->seen.hidden.push_back(c.column);
      continue;
    }
    Error e = make_error(ErrorClass::schema_drift,
                         "The bridge's user may not read the column " + c.title +
                             " in Dynamics 365: it is under column security, and would look as if somebody had emptied "
                             "it. Give the user a column security profile that may read it.");
    e.fields = {c.title};
    return e;
  }
  return {};
}

Result<void> Dynamics365Secured::fill(Call& call, const RowShape& shape, std::vector<Row>& rows, FillRelated how) {
  const bool due = is_due(call, shape, rows);
  if (due) ask_along(shape, false);
  const auto along = due ? Dynamics365Related::Along::by_itself_too : Dynamics365Related::Along::with_others;
  if (auto filled = (related_.*how)(call, shape, rows, along); !filled) {
    asked_at_.reset();
    return filled;
  }
  if (due) asked_at_ = call.clock.now();
  auto readable = check_secured(call, shape, rows);
  if (!readable) related_.forget();
  return readable;
}

bool Dynamics365Secured::is_due(Call& call, const RowShape& shape, const std::vector<Row>& rows) const {
  const auto may_be_secured = [](const PlannedColumn& c) {
    return c.from == PlannedColumn::From::own || c.from == PlannedColumn::From::related;
  };
  const auto is_live = [](const Row& row) { return row.seen.existence == Existence::live; };
  return shape.table->kind == RecordKind::opportunity &&
         (!asked_at_ || call.clock.now() - *asked_at_ >= kReadableFresh) &&
         std::any_of(shape.columns.begin(), shape.columns.end(), may_be_secured) &&
         std::any_of(rows.begin(), rows.end(), is_live);
}

// Somebody may have put a column under security since; a first page has just described those of its own table.
void Dynamics365Secured::ask_along(const RowShape& shape, bool first) {
  std::set<std::string> tables = tables_behind(shape);
  if (first) untold_.erase(shape.table->name);
  if (!first) tables.insert(shape.table->name);
  related_.ask_nothing_along();
  for (const std::string& table : tables) {
    related_.ask_along(schema_.secured_read(table),
                       [this, table](const Result<http::Response>& answer) { return learn_secured(table, answer); });
  }
}

Result<void> Dynamics365Secured::learn_secured(const std::string& table, const Result<http::Response>& answer) {
  if (!answer && !is_refusal(answer.error())) return answer.error();
  auto learnt = answer ? schema_.learn_secured(table, *answer) : Result<void>{};
  if (!answer) untold_.insert(table);
  if (answer && learnt) untold_.erase(table);
  return learnt;
}

// What was told before of a column that is secured still holds; any other may be secured since.
bool Dynamics365Secured::is_untold(const std::string& table, const std::string& column) const {
  return untold_.count(table) > 0 && schema_.secured(table).count(column) == 0;
}

void Dynamics365Secured::note_untold(const RowShape& shape, std::vector<Row>& rows) const {
  for (const PlannedColumn& c : shape.columns) {
    const bool related = c.from == PlannedColumn::From::related;
    if (!related && c.from != PlannedColumn::From::own) continue;
    const bool here = is_untold("opportunity", c.facts.lookup.empty() ? c.name : c.facts.lookup);
    const bool there = related && is_untold(c.facts.table, c.column);
    for (Row& row : rows) {
      const bool live = row.seen.existence == Existence::live;
      if (!live || !is_blank(column(row.seen.columns, c.name))) continue;
      const bool names_one = related && !row.other_id(c).empty();
      if (names_one ? there : here) row.seen.perhaps_hidden.push_back(c.name);
    }
  }
}

}  // namespace cosell::dynamics365
