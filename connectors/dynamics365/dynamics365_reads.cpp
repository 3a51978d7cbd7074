// Reads of records, and the position that a pull leaves behind.
#include "connectors/dynamics365/dynamics365_reads.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_errors.h"
#include "connectors/dynamics365/dynamics365_odata.h"
#include "connectors/dynamics365/dynamics365_write_row.h"

namespace cosell::dynamics365 {
namespace {

// Pages without rows may come; so many in a row are told, and the next pull goes on behind them.
constexpr int kEmptyPagesAllowed = 300;
constexpr int kPagesMost = 10'000;
constexpr int kFewestRows = 50;  // to which a page that is too large is made smaller
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
    : settings_(settings),
      client_(client),
      schema_(schema),
      related_(related),
      processes_(processes),
      secured_(client, schema, related) {}

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
  secured_.recall(*position);
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
  secured_.keep_in(position, shape);
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

Result<void> Dynamics365Reads::complete_page(Call& call, const RowShape& shape, std::vector<Row>& rows,
                                             MovesKnown& known) {
  const auto filled = secured_.fill(call, shape, rows, &Dynamics365Related::fill_page);
  return filled ? processes_.fill(call, shape, rows, &known) : filled;
}

Result<void> Dynamics365Reads::complete_rows(Call& call, const RowShape& shape, std::vector<Row>& rows) {
  const auto filled = secured_.fill(call, shape, rows, &Dynamics365Related::fill);
  return filled ? processes_.fill(call, shape, rows, nullptr) : filled;
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

Result<Page> Dynamics365Reads::pull(Call& call, const PullRequest& request) {
  if (auto sound = check_columns(request.columns); !sound) return std::move(sound.error());
  auto position = position_of(call, request);
  if (!position) return std::move(position.error());
  const bool begins = request.cursor.empty() || request.cursor != goes_on_at_;
  if (begins) related_.forget_customers();
  goes_on_at_ = Cursor{};
  auto shape = shape_for(call, RecordKind::opportunity, request.columns);
  if (!shape) return std::move(shape.error());
  if (begins) secured_.begin_read(call, *shape, request.cursor.empty());
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
