// Reads of records, and the position that a pull leaves behind.
#include "connectors/dynamics365/dynamics365_reads.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_errors.h"
#include "connectors/dynamics365/dynamics365_odata.h"
#include "connectors/dynamics365/dynamics365_privileges.h"
#include "connectors/dynamics365/dynamics365_write_row.h"

namespace cosell::dynamics365 {
namespace {

// Pages without rows may come; so many in a row are told, and the next pull goes on behind them.
constexpr int kEmptyPagesAllowed = 300;
constexpr int kPagesMost = 10'000;
constexpr int kFewestRows = 50;  // to which a page that is too large is made smaller
constexpr Duration kReadableFresh = minutes(1);
// So long a column that showed something is taken for readable where nobody tells; a clear is lost if it is too short,
// and values are if it is too long.
constexpr Duration kShownTrusted = days(7);
// Enough to see that a customer is not unique.
constexpr const char* kRelatedRows = "50";

Error endless(const std::string& what) {
  return make_error(ErrorClass::bad_response, "Dynamics 365's pages do not end: " + what + ".");
}

std::string owner_column(const std::string& name) {
  if (text::equals_ignore_case(name, "email")) return "internalemailaddress";
  if (text::equals_ignore_case(name, "id")) return "systemuserid";
  return name;
}

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

// Customers and people who left are not offered.
std::string active_condition(RecordKind kind) {
  return kind == RecordKind::owner ? "isdisabled eq false" : "statecode eq 0";
}

}  // namespace

Result<std::string> organisation_in(const Result<http::Response>& answer) {
  if (!answer) return answer.error();
  const auto root = read_body(answer->body, kWhoAmI.name);
  if (!root) return root.error();
  std::string id = normal_guid(root->text_of("OrganizationId"));
  if (id.empty()) return not_understood(kWhoAmI.name, "it does not say which organisation it is.");
  return id;
}

Dynamics365Reads::Dynamics365Reads(const Dynamics365Settings& settings, Dynamics365Client& client,
                                   Dynamics365Schema& schema, Dynamics365Related& related,
                                   Dynamics365Processes& processes)
    : settings_(settings), client_(client), schema_(schema), related_(related), processes_(processes) {}

Result<RowShape> Dynamics365Reads::shape_for(Call& call, RecordKind kind, const std::vector<std::string>& columns) {
  if (auto sound = check_columns(columns); !sound) return std::move(sound.error());
  RowShape shape;
  shape.table = table_of(kind);
  if (shape.table == nullptr) return make_error(ErrorClass::bug, "Dynamics 365 has no records of this kind.");
  const bool deal = kind == RecordKind::opportunity;
  if (deal) shape.key_column = settings_.key_column;
  shape.stage = StageColumn(settings_.stage_column);
  std::vector<std::string> names;
  for (const std::string& c : columns) {
    const bool stage = deal && c == kStageColumn;
    const bool process = deal && c == kProcessColumn && shape.stage.is_process();
    if (!stage && !process && c != shape.table->id) names.push_back(c.substr(0, c.find('.')));
  }
  auto facts = schema_.facts_of(call, shape.table->name, names);
  if (!facts) return std::move(facts.error());
  for (const std::string& c : columns) {
    PlannedColumn plan;
    plan.name = c;
    plan.property = c;
    const std::size_t dot = c.find('.');
    if (deal && c == kStageColumn) {
      plan.from = PlannedColumn::From::stage;
    } else if (deal && c == kProcessColumn && shape.stage.is_process()) {
      plan.from = PlannedColumn::From::process;
    } else if (c == shape.table->id) {
      plan.facts.type = ColumnType::text;
    } else {
      plan.facts = (*facts)[c.substr(0, dot)];
      const bool lookup = plan.facts.type == ColumnType::lookup;
      if (lookup) plan.property = "_" + plan.facts.lookup + "_value";
      if (dot != std::string::npos) {
        if (!lookup || plan.facts.set.empty()) {
          return make_error(ErrorClass::config, "\"" + c + "\": " + c.substr(0, dot) + " of " + shape.table->name +
                                                    " does not lead to one other table in Dynamics 365.");
        }
        plan.from = PlannedColumn::From::related;
        plan.column = c.substr(dot + 1);
        const auto same = std::find_if(shape.columns.begin(), shape.columns.end(), [&plan](const PlannedColumn& p) {
          return p.from == PlannedColumn::From::related && p.property == plan.property;
        });
        plan.lookup = same == shape.columns.end() ? shape.lookups++ : same->lookup;
      }
    }
    shape.columns.push_back(std::move(plan));
  }
  return shape;
}

// ---- pull

Result<ReadPosition> Dynamics365Reads::first_position(Call& call, const PullRequest& request) {
  // The one moment where columns are described: later pulls find the types in the position. A sync that has just
  // described everything need not ask for the same again.
  if (client_.organisation().empty() || !schema_.is_fresh(call, "opportunity")) {
    std::vector<Read> reads = {kWhoAmI};
    for (Read& r : schema_.column_reads("opportunity")) reads.push_back(std::move(r));
    const auto answers = client_.read_all(call, reads);
    auto organisation = organisation_in(answers.front());
    if (!organisation) return std::move(organisation.error());
    if (auto learnt = schema_.learn(call, "opportunity", answers, 1); !learnt) return std::move(learnt.error());
    client_.set_organisation(*std::move(organisation));
  }
  ReadPosition position;
  position.shape = shape_of(request.columns, settings_);
  if (processes_.in_use()) {
    auto known = processes_.now_known(call);
    if (!known) return std::move(known.error());
    position.moves = *std::move(known);
  }
  position.environment = client_.environment();
  return position;
}

Result<ReadPosition> Dynamics365Reads::position_of(Call& call, const PullRequest& request) {
  if (request.cursor.empty()) return first_position(call, request);
  auto position = read_cursor(request.cursor);
  if (!position) return position;
  if (position->shape != shape_of(request.columns, settings_)) {
    return make_error(ErrorClass::cursor_invalid,
                      "The columns read from Dynamics 365 have changed; everything is read again and compared.");
  }
  if (!same_environment(position->environment, client_.environment())) {
    return make_error(ErrorClass::cursor_invalid,
                      "The kept read position belongs to another Dynamics 365 organisation (" + position->environment +
                          ", now " + client_.environment() + "); everything is read again and compared.");
  }
  schema_.recall("opportunity", position->facts);
  recall_secured(schema_, position->secured);
  for (const auto& [id, at] : position->shown_secured) shown_secured_[id] = std::max(shown_secured_[id], at);
  if (position->rows_that_fit > 0) rows_that_fit_ = std::min(rows_that_fit_, position->rows_that_fit);
  return position;
}

Result<Page> Dynamics365Reads::take(Call& call, const RowShape& shape, ReadPosition position,
                                    const http::Response& answer) {
  auto rows = read_page(answer.body, shape, "GET opportunities");
  if (!rows) return std::move(rows.error());
  if (auto completed = complete_page(call, shape, rows->rows, position.moves); !completed) {
    return std::move(completed.error());
  }
  position.secured = secured_for(schema_, shape);
  position.shown_secured.clear();
  for (const auto& [name, id] : position.secured) {
    if (const auto shown = shown_secured_.find(id); shown != shown_secured_.end())
      position.shown_secured.insert(*shown);
  }
  Page page;
  page.full_listing = position.full_listing;
  page.caught_up = rows->next.empty();
  if (page.caught_up && rows->delta.empty()) {
    return make_error(
        ErrorClass::bad_response,
        "Dynamics 365 does not say how to read later changes of opportunities; check that change tracking "
        "is switched on for the table.");
  }
  auto link = client_.own_path(page.caught_up ? rows->delta : rows->next, "GET opportunities");
  if (!link) return std::move(link.error());
  empty_pages_ = page.caught_up || !rows->rows.empty() ? 0 : empty_pages_ + 1;
  if (page.caught_up) {
    position.full_listing = false;
  } else if (*link == position.link) {
    return endless("a page names itself as the next one");
  } else if (empty_pages_ > kEmptyPagesAllowed) {
    empty_pages_ = 0;
    return endless(std::to_string(kEmptyPagesAllowed) + " pages in a row without records");
  }
  // The pages of one read are asked for in one size.
  position.rows_that_fit = page.caught_up || rows_that_fit_ == kAnyNumber ? 0 : rows_that_fit_;
  position.link = *std::move(link);
  page.seen.reserve(rows->rows.size());
  for (Row& row : rows->rows) page.seen.push_back(std::move(row.seen));
  // A full listing has just read every process; moves on earlier pages meanwhile are found by the next pull.
  if (page.caught_up && !page.full_listing && shape.shows_process()) {
    if (auto found = processes_.find_moved(call, position.moves); !found) return std::move(found.error());
    std::set<std::string> told;
    for (const Observation& o : page.seen) told.insert(o.id.value);
    std::erase_if(position.moves.pending, [&](const std::string& id) { return told.count(id) > 0; });
    page.caught_up = position.moves.pending.empty();
  }
  page.next = write_cursor(position);
  return page;
}

std::vector<Dynamics365Reads::SecuredColumn> Dynamics365Reads::secured_and_empty(const RowShape& shape,
                                                                                 std::vector<Row>& rows, Instant now) {
  std::vector<SecuredColumn> found;
  const auto note = [&](const std::string& table, const std::string& column, SecuredColumn noted,
                        const auto& is_empty) {
    const auto& secured = schema_.secured(table);
    const auto it = secured.find(column);
    if (it == secured.end()) return;
    noted.id = it->second;
    for (Row& row : rows) {
      if (row.seen.existence != Existence::live) continue;
      const std::optional<bool> empty = is_empty(row);
      if (empty && *empty) noted.empty_in.push_back(&row);
      if (empty && !*empty) shown_secured_[it->second] = now;
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

Result<void> Dynamics365Reads::check_secured(Call& call, const RowShape& shape, std::vector<Row>& rows) {
  if (shape.table->kind != RecordKind::opportunity) return {};
  note_untold(shape, rows);
  const Instant now = call.clock.now();
  const auto empty = secured_and_empty(shape, rows, now);
  if (empty.empty()) return {};
  const auto shown_lately = [&](const std::string& id) {
    const auto shown = shown_secured_.find(id);
    return shown != shown_secured_.end() && now - shown->second < kShownTrusted;
  };
  if (!readable_asked_at_ || call.clock.now() - *readable_asked_at_ >= kReadableFresh) {
    auto asked = readable_secured_columns(call, client_);
    if (!asked && !is_refusal(asked.error())) return std::move(asked.error());
    readable_ = asked ? std::optional(*std::move(asked)) : std::nullopt;
    readable_asked_at_ = call.clock.now();
  }
  for (const SecuredColumn& c : empty) {
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

Result<void> Dynamics365Reads::complete_page(Call& call, const RowShape& shape, std::vector<Row>& rows,
                                             MovesKnown& known) {
  const auto filled = fill(call, shape, rows, &Dynamics365Related::fill_page);
  return filled ? processes_.fill(call, shape, rows, &known) : filled;
}

Result<void> Dynamics365Reads::complete_rows(Call& call, const RowShape& shape, std::vector<Row>& rows) {
  const auto filled = fill(call, shape, rows, &Dynamics365Related::fill);
  return filled ? processes_.fill(call, shape, rows, nullptr) : filled;
}

Result<void> Dynamics365Reads::fill(Call& call, const RowShape& shape, std::vector<Row>& rows, FillRelated how) {
  const bool due = is_due_what_is_secured(call, shape, rows);
  if (due) ask_what_is_secured(shape, false);
  const auto along = due ? Dynamics365Related::Along::by_itself_too : Dynamics365Related::Along::with_others;
  if (auto filled = (related_.*how)(call, shape, rows, along); !filled) {
    secured_asked_at_.reset();
    return filled;
  }
  if (due) secured_asked_at_ = call.clock.now();
  auto readable = check_secured(call, shape, rows);
  if (!readable) related_.forget();
  return readable;
}

Result<Page> Dynamics365Reads::take_moved(Call& call, const RowShape& shape, ReadPosition position, int limit) {
  std::vector<std::string>& pending = position.moves.pending;
  const auto some = std::min(pending.size(), static_cast<std::size_t>(std::max(1, limit)));
  std::vector<std::string> ids(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(some));
  pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(some));
  auto rows = rows_of(call, shape, reads_by_id(shape, std::move(ids)));
  if (!rows) return std::move(rows.error());
  Page page;
  page.seen = *std::move(rows);
  page.caught_up = pending.empty();
  page.next = write_cursor(position);
  return page;
}

bool Dynamics365Reads::is_due_what_is_secured(Call& call, const RowShape& shape, const std::vector<Row>& rows) const {
  const auto may_be_secured = [](const PlannedColumn& c) {
    return c.from == PlannedColumn::From::own || c.from == PlannedColumn::From::related;
  };
  const auto is_live = [](const Row& row) { return row.seen.existence == Existence::live; };
  return shape.table->kind == RecordKind::opportunity &&
         (!secured_asked_at_ || call.clock.now() - *secured_asked_at_ >= kReadableFresh) &&
         std::any_of(shape.columns.begin(), shape.columns.end(), may_be_secured) &&
         std::any_of(rows.begin(), rows.end(), is_live);
}

// Somebody may have put a column under security since; a first page has just described those of its own table.
void Dynamics365Reads::ask_what_is_secured(const RowShape& shape, bool first) {
  std::set<std::string> tables = tables_behind(shape);
  if (first) untold_.erase(shape.table->name);
  if (!first) tables.insert(shape.table->name);
  related_.ask_nothing_along();
  for (const std::string& table : tables) {
    related_.ask_along(schema_.secured_read(table),
                       [this, table](const Result<http::Response>& answer) { return learn_secured(table, answer); });
  }
}

Result<void> Dynamics365Reads::learn_secured(const std::string& table, const Result<http::Response>& answer) {
  if (!answer && !is_refusal(answer.error())) return answer.error();
  auto learnt = answer ? schema_.learn_secured(table, *answer) : Result<void>{};
  if (!answer) untold_.insert(table);
  if (answer && learnt) untold_.erase(table);
  return learnt;
}

// What was told before of a column that is secured still holds; any other may be secured since.
bool Dynamics365Reads::is_untold(const std::string& table, const std::string& column) const {
  return untold_.count(table) > 0 && schema_.secured(table).count(column) == 0;
}

void Dynamics365Reads::note_untold(const RowShape& shape, std::vector<Row>& rows) const {
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

Result<Page> Dynamics365Reads::pull(Call& call, const PullRequest& request) {
  if (auto sound = check_columns(request.columns); !sound) return std::move(sound.error());
  auto position = position_of(call, request);
  if (!position) return std::move(position.error());
  const bool begins = request.cursor.empty() || request.cursor != goes_on_at_;
  if (begins) related_.forget_customers();
  goes_on_at_ = Cursor{};
  auto shape = shape_for(call, RecordKind::opportunity, request.columns);
  if (!shape) return std::move(shape.error());
  if (begins) ask_what_is_secured(*shape, request.cursor.empty());
  if (request.cursor.empty()) secured_asked_at_ = call.clock.now();
  for (const PlannedColumn& c : shape->columns) {
    const std::string name = c.name.substr(0, c.name.find('.'));
    const bool has_facts = c.from == PlannedColumn::From::own || c.from == PlannedColumn::From::related;
    if (has_facts && !standard_facts("opportunity", name)) position->facts[name] = c.facts;
  }
  if (!position->moves.pending.empty()) return take_moved(call, *shape, *std::move(position), request.page_limit);
  Read ask;
  ask.name = "GET opportunities";
  ask.path = position->link.empty() ? resource("opportunities", {{"$select", shape->select()}}) : position->link;
  auto answer = read_rows(call, std::move(ask), std::max(1, request.page_limit));
  if (!answer) {
    Error& e = answer.error();
    // A link that the server does not understand any more: it was restored from a copy, or the page has gone.
    const bool stale = e.kind == ErrorClass::rejected || e.kind == ErrorClass::not_found;
    if (stale && !position->link.empty()) e.kind = ErrorClass::cursor_invalid;
    return std::move(e);
  }
  auto page = take(call, *shape, *std::move(position), *answer);
  if (page && !page->caught_up) goes_on_at_ = page->next;
  return page;
}

// A page of long texts may be larger than an answer may be; then fewer rows are asked for, from here on.
Result<http::Response> Dynamics365Reads::read_rows(Call& call, Read ask, int most) {
  for (;;) {
    const int rows = std::min({most, settings_.page_size, rows_that_fit_});
    // Repeated on every page and with every link: without it the server would forget that the read is tracked.
    ask.prefer = "odata.track-changes,odata.maxpagesize=" + std::to_string(rows);
    auto answer = client_.read(call, ask);
    if (answer || answer.error().rule != net::kTooLarge) return answer;
    if (rows <= kFewestRows) {
      answer.error().message += " Not even " +
                                text::count_of(static_cast<std::size_t>(rows), "opportunity", "opportunities") +
                                " fit: set \"page_size\" to fewer, or take long texts out of the mapping.";
      return answer;
    }
    rows_that_fit_ = std::max(kFewestRows, rows / 2);
  }
}

// ---- fetch and related

std::vector<Read> Dynamics365Reads::reads_by_id(const RowShape& shape, std::vector<std::string> ids) const {
  std::vector<Read> reads;
  for (const auto& group : in_groups(std::move(ids), kIdsInOneRead)) {
    reads.push_back({resource(shape.table->set, {{"$select", shape.select()}, {"$filter", in(shape.table->id, group)}}),
                     "GET " + shape.table->set});
  }
  return reads;
}

Result<std::vector<Observation>> Dynamics365Reads::rows_of(Call& call, const RowShape& shape,
                                                           const std::vector<Read>& reads) {
  std::vector<Row> rows;
  std::set<RecordId> met;
  for (Result<http::Response>& first : client_.read_all(call, reads)) {
    Result<http::Response> answer = std::move(first);
    for (int pages = 0;; ++pages) {
      if (!answer) return std::move(answer.error());
      if (pages == kPagesMost) return endless("more than 10,000");
      auto page = read_page(answer->body, shape, "GET " + shape.table->set);
      if (!page) return std::move(page.error());
      for (Row& row : page->rows) {
        if (met.insert(row.seen.id).second) rows.push_back(std::move(row));
      }
      if (page->next.empty()) break;
      auto path = client_.own_path(page->next, "GET " + shape.table->set);
      if (!path) return std::move(path.error());
      answer = client_.read(call, {*path, "GET " + shape.table->set});
    }
  }
  if (auto completed = complete_rows(call, shape, rows); !completed) return std::move(completed.error());
  std::vector<Observation> seen;
  seen.reserve(rows.size());
  for (Row& row : rows) seen.push_back(std::move(row.seen));
  return seen;
}

Result<std::vector<Observation>> Dynamics365Reads::fetch(Call& call, std::span<const RecordRef> refs,
                                                         const std::vector<std::string>& columns) {
  std::map<RecordKind, std::vector<std::string>> ids;
  std::vector<std::string> keys;
  for (const RecordRef& ref : refs) {
    if (table_of(ref.kind) == nullptr) {
      return make_error(ErrorClass::bug, "Dynamics 365 has no records of this kind.");
    }
    if (!ref.id.empty()) {
      // What is no id names no record; asking would fail the whole read.
      if (std::string id = normal_guid(ref.id.value); !id.empty()) ids[ref.kind].push_back(std::move(id));
    } else if (ref.kind == RecordKind::opportunity && !ref.key.empty()) {
      keys.push_back(ref.key.value);
    }
  }
  if (!keys.empty()) ids[RecordKind::opportunity];
  std::vector<Observation> all;
  for (auto& [kind, of_kind] : ids) {
    auto shape = shape_for(call, kind, columns);
    if (!shape) return std::move(shape.error());
    std::vector<Read> reads = reads_by_id(*shape, std::move(of_kind));
    if (kind == RecordKind::opportunity) {
      for (const auto& group : text_groups(keys)) {
        const std::string filter = equals_one_of(settings_.key_column, group);
        reads.push_back({resource(shape->table->set, {{"$select", shape->select()}, {"$filter", filter}}),
                         "GET " + shape->table->set});
      }
    }
    auto rows = rows_of(call, *shape, reads);
    if (!rows) return rows;
    std::move(rows->begin(), rows->end(), std::back_inserter(all));
  }
  return all;
}

Result<std::vector<Observation>> Dynamics365Reads::related(Call& call, const RelatedQuery& query) {
  if (table_of(query.kind) == nullptr || query.kind == RecordKind::opportunity) {
    return make_error(ErrorClass::bug, "Dynamics 365 has no related records of this kind.");
  }
  if (query.match.empty()) {
    return make_error(ErrorClass::bug, "A search in Dynamics 365 needs something to search for.");
  }
  auto shape = shape_for(call, query.kind, query.columns);
  if (!shape) return std::move(shape.error());
  std::vector<std::string> terms;
  for (const auto& [name, value] : query.match) {
    const std::string column = query.kind == RecordKind::owner ? owner_column(name) : name;
    std::string written = literal(value);
    if (!is_column_name(column) || written.empty()) {
      return make_error(
          ErrorClass::config,
          "Column " + column + " of Dynamics 365 cannot be searched for this value (" + display(value) + ").");
    }
    if (column == shape->table->id) {
      written = normal_guid(text_of(value));
      if (written.empty()) return std::vector<Observation>{};
    }
    terms.push_back(column + " eq " + written);
  }
  terms.push_back(active_condition(query.kind));
  const Read ask{resource(shape->table->set, {{"$select", shape->select()},
                                              {"$filter", text::join(terms, " and ")},
                                              {"$orderby", shape->table->id},
                                              {"$top", kRelatedRows}}),
                 "GET " + shape->table->set};
  return rows_of(call, *shape, {ask});
}

Result<std::vector<std::vector<Observation>>> Dynamics365Reads::related_to_each(Call& call,
                                                                                std::span<const RelatedQuery> queries) {
  const RelatedTogether together(queries);
  std::vector<std::vector<Observation>> answers(queries.size());
  std::vector<std::size_t> alone;
  if (together.column.empty() || queries.front().kind == RecordKind::owner || !is_column_name(together.column)) {
    for (std::size_t i = 0; i < queries.size(); ++i) alone.push_back(i);
  } else {
    auto shape = shape_for(call, queries.front().kind, together.columns);
    if (!shape) return std::move(shape.error());
    std::vector<Read> reads;
    for (const auto& group : text_groups(together.texts)) {
      const std::string filter =
          equals_one_of(together.column, group) + " and " + active_condition(queries.front().kind);
      reads.push_back({resource(shape->table->set, {{"$select", shape->select()}, {"$filter", filter}}),
                       "GET " + shape->table->set});
    }
    auto rows = rows_of(call, *shape, reads);
    if (!rows) return std::move(rows.error());
    alone = together.take(std::move(*rows), answers);
  }
  for (const std::size_t i : alone) {
    auto found = related(call, queries[i]);
    if (!found) return std::move(found.error());
    answers[i] = std::move(*found);
  }
  return answers;
}

}  // namespace cosell::dynamics365
