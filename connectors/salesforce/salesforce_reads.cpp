// Queries for records, and the position that a pull leaves behind.
#include "connectors/salesforce/salesforce_reads.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "connectors/salesforce/salesforce_errors.h"
#include "connectors/salesforce/salesforce_ids.h"
#include "connectors/salesforce/soql.h"

namespace cosell::salesforce {
namespace {

constexpr int kSmallestPage = 200;      // the server refuses to be asked for fewer
constexpr int kPageInComposite = 2000;  // as many rows as the server puts on one where it is not asked for a number
// Pages without rows may come; so many in a row are told, and the next pull goes on behind them.
constexpr int kEmptyPagesAllowed = 300;
// What conditions may take of an address, encoded; columns and the rest of the request have the remainder.
constexpr std::size_t kConditionBytes = 9'000;
// Enough to see that a customer is not unique.
constexpr int kRelatedRows = 50;

bool has_deleted_column(RecordKind kind) { return kind != RecordKind::owner; }

// Pages of one query lead on; one that leads back to itself never ends.
Error endless(const std::string& what) {
  return make_error(ErrorClass::bad_response, "Salesforce's pages do not end: " + what + ".");
}

std::string owner_column(const std::string& name) {
  if (text::equals_ignore_case(name, "email")) return "Email";
  if (text::equals_ignore_case(name, "id")) return "Id";
  return name;
}

}  // namespace

Result<json::Value> read_by_id(Call& call, SalesforceClient& client, const std::string& object, json::Value ids,
                               const std::set<std::string>& columns) {
  const std::size_t asked_for = ids.items().size();
  json::Value body = json::Value::object();
  body.set("ids", std::move(ids));
  json::Value& names = body.set("fields", json::Value::array());
  for (const std::string& column : columns) names.append(json::Value::string(column));
  Ask ask;
  ask.method = "POST";
  ask.path = client.path("/composite/sobjects/" + object);
  ask.name = kReadById;
  ask.body = std::move(body);
  const auto answer = client.send(call, ask);
  if (!answer) return answer.error();
  auto rows = read_body(answer->body, ask.name);
  if (!rows) return rows;
  if (!rows->is_array() || rows->items().size() != asked_for) {
    return make_error(ErrorClass::bad_response,
                      "Salesforce's answer to " + ask.name + " does not have one row for each record asked for.");
  }
  return rows;
}

SalesforceReads::SalesforceReads(const SalesforceSettings& settings, SalesforceClient& client, SalesforceSchema& schema)
    : settings_(settings), client_(client), schema_(schema) {}

RowShape SalesforceReads::shape_for(RecordKind kind, const std::vector<std::string>& columns, TextTypes types,
                                    bool has_currency) const {
  RowShape shape;
  shape.kind = kind;
  shape.object = object_of(kind);
  shape.columns = columns;
  shape.types = std::move(types);
  if (kind == RecordKind::opportunity) shape.key_column = settings_.key_column;
  if (!has_currency) shape.without = kCurrencyColumn;
  return shape;
}

std::string SalesforceReads::select(const RowShape& shape) const {
  std::vector<std::string> asked = {"Id", "SystemModstamp", "LastModifiedDate"};
  if (shape.kind == RecordKind::opportunity) asked.push_back(kChangedBy);
  if (has_deleted_column(shape.kind)) asked.push_back("IsDeleted");
  if (!shape.key_column.empty()) asked.push_back(shape.key_column);
  for (const std::string& c : shape.columns) {
    if (shape.without.empty() || !text::equals_ignore_case(c, shape.without)) asked.push_back(c);
    for (const ParentPath& parent : parents_of(c)) asked.push_back(parent.lookup);
  }
  return soql::select(asked, shape.object);
}

// ---- pull

Result<ReadPosition> SalesforceReads::position_of(Call& call, const PullRequest& request) {
  if (auto login = client_.ensure_login(); !login) return std::move(login.error());
  const std::string shape = shape_of(request.columns, settings_.key_column);
  if (request.cursor.empty()) {
    // The one moment where columns are described: later pulls find the types in the position.
    auto types = schema_.text_types(call, "Opportunity", request.columns);
    if (!types) return std::move(types.error());
    ReadPosition fresh;
    fresh.shape = shape;
    fresh.environment = client_.environment();
    fresh.types = *std::move(types);
    fresh.has_currency = schema_.has_currency();
    return fresh;
  }
  auto position = read_cursor(request.cursor);
  if (!position) return position;
  if (position->shape != shape) {
    return make_error(ErrorClass::cursor_invalid,
                      "The columns read from Salesforce have changed; everything is read again and compared.");
  }
  if (!same_environment(position->environment, client_.environment())) {
    return make_error(ErrorClass::cursor_invalid,
                      "The kept read position belongs to another Salesforce organisation (" + position->environment +
                          ", now " + client_.environment() + "); everything is read again and compared.");
  }
  schema_.remember("Opportunity", request.columns, position->types);
  schema_.remember_currency(position->has_currency);
  if (auto same = same_currency(*position); !same) return std::move(same.error());
  return position;
}

// Amounts that were read without their currency were taken for amounts in that of the organisation.
Result<void> SalesforceReads::same_currency(const ReadPosition& position) const {
  if (position.has_currency || !schema_.has_currency()) return {};
  return make_error(ErrorClass::cursor_invalid,
                    "Salesforce has several currencies now; everything is read again with them and compared.");
}

// The first page of a pull and, where only an old position says that there is one currency, the question whether that
// is still so: together one call, as far as a page may be as large as it then is.
Result<http::Response> SalesforceReads::page_and_currency(Call& call, const Ask& page) {
  if (!schema_.doubts_currency()) return client_.send(call, page);
  const std::vector<Ask> asks = {page, schema_.currency_query()};
  auto answers = page.batch_size >= kPageInComposite ? client_.read_together(call, asks) : client_.read_all(call, asks);
  schema_.learn_currency(answers[1]);
  return std::move(answers[0]);
}

Result<http::Response> SalesforceReads::first_page(Call& call, const PullRequest& request, ReadPosition& position) {
  for (;;) {
    position.has_currency = schema_.has_currency();
    std::string soql = select(shape_for(RecordKind::opportunity, request.columns, {}, position.has_currency));
    position.selected = print_of(soql);
    if (position.since) soql += " WHERE SystemModstamp >= " + soql::literal(*position.since - settings_.read_overlap);
    soql += " ORDER BY SystemModstamp ASC, Id ASC";
    Ask ask = client_.query(soql, true);
    ask.batch_size = std::max(kSmallestPage, std::min(request.page_limit, settings_.page_size));
    auto answer = page_and_currency(call, ask);
    if (!answer && schema_.learn_from_refusal(answer.error())) continue;
    auto same = same_currency(position);
    if (!same && !position.since) continue;  // nothing was read without it yet
    if (!same) return std::move(same.error());
    return answer;
  }
}

// The page that the position names, or the first one. A page whose list the server has forgotten starts over, and so
// does one of a list that a version of the bridge asked for which selects other columns.
Result<http::Response> SalesforceReads::page_at(Call& call, const PullRequest& request, ReadPosition& position) {
  if (position.within_pull()) {
    const auto shape = shape_for(RecordKind::opportunity, request.columns, {}, position.has_currency);
    if (position.selected == print_of(select(shape))) {
      auto ask = client_.next_page(position.next);
      if (!ask) return std::move(ask.error());
      auto answer = client_.send(call, *ask);
      const bool forgotten = !answer && (answer.error().kind == ErrorClass::cursor_invalid ||
                                         answer.error().kind == ErrorClass::not_found);
      if (!forgotten) return answer;
    }
    // What was delivered already lies in `fresh`, as far as the overlap reaches; the rest comes again.
    position.next.clear();
    position.seen.merge(position.fresh);
    position.fresh.clear();
    position.began.reset();
    position.top.reset();
  }
  return first_page(call, request, position);
}

// Deleted records show for the 15 days that they lie in the recycle bin; those of a bin that was emptied, or is full,
// for about a day ("typically 24 hours, but may be shorter or longer"). After a longer break only a comparison of
// everything finds what was deleted. The server's own time counts.
Result<void> SalesforceReads::deletions_shown(Call& call, const ReadPosition& position,
                                              const http::Response& answer) const {
  const Instant now = net::parse_http_date(answer.headers.get("Date")).value_or(call.clock.now());
  if (!position.since || now - *position.since <= settings_.deleted_shown_for) return {};
  return make_error(ErrorClass::cursor_invalid,
                    "Salesforce was last read on " + to_string(date_of(*position.since)) +
                        ", and records deleted more than " + in_words(settings_.deleted_shown_for) +
                        " ago may not show any more; everything is read again and compared.");
}

Result<Page> SalesforceReads::take(const PullRequest& request, ReadPosition position, const http::Response& answer,
                                   const std::string& asked_at) {
  const bool full_listing = !position.since.has_value();
  if (asked_at.empty()) position.began = net::parse_http_date(answer.headers.get("Date"));
  // Rows older than the next pull's overlap are never met again, so nothing is kept of them.
  const Instant window = position.began ? *position.began - settings_.read_overlap : Instant{};
  const bool may_repeat = !position.seen.empty() || !position.fresh.empty();
  const RowShape shape = shape_for(RecordKind::opportunity, request.columns, position.types, position.has_currency);
  auto rows = read_page(answer.body, shape, "GET query", may_repeat ? Instant{} : window);
  if (!rows) return std::move(rows.error());

  Page page;
  page.full_listing = full_listing;
  page.caught_up = rows->next.empty();
  for (std::size_t i = 0; i < rows->rows.size(); ++i) {
    Observation& row = rows->rows[i];
    const Instant stamp = parse_instant(row.version.value).value_or(Instant{});
    position.top = std::max(position.top.value_or(stamp), stamp);
    const std::string& digest = rows->digests[i];
    const bool known = position.seen.count(digest) > 0;
    if (stamp >= window && !digest.empty()) position.fresh.insert(digest);
    if (!known) page.seen.push_back(std::move(row));
  }
  empty_pages_ = page.caught_up || !rows->rows.empty() ? 0 : empty_pages_ + 1;
  if (!page.caught_up) {
    if (rows->next == asked_at) return endless("a page names itself as the next one");
    if (empty_pages_ > kEmptyPagesAllowed) {
      empty_pages_ = 0;
      return endless(std::to_string(kEmptyPagesAllowed) + " pages in a row without records");
    }
    position.next = rows->next;
  } else {
    // The server's own time at the first page; without it, the highest stamp. Our clock never decides.
    if (position.began) {
      position.since = position.began;
    } else if (position.top) {
      position.since = std::max(position.since.value_or(*position.top), *position.top);
    }
    position.next.clear();
    position.seen = std::move(position.fresh);
    position.fresh.clear();
    position.began.reset();
    position.top.reset();
  }
  // Known now also where the token did not tell it at the first pull.
  position.environment = client_.environment();
  page.next = write_cursor(position);
  return page;
}

Result<Page> SalesforceReads::pull(Call& call, const PullRequest& request) {
  if (auto columns = soql::check_columns(request.columns); !columns) return std::move(columns.error());
  auto position = position_of(call, request);
  if (!position) return std::move(position.error());
  auto answer = page_at(call, request, *position);
  if (!answer) return std::move(answer.error());
  const std::string asked_at = position->next;
  if (asked_at.empty()) {
    if (auto fresh = deletions_shown(call, *position, *answer); !fresh) return std::move(fresh.error());
  }
  return take(request, *std::move(position), *answer, asked_at);
}

// ---- fetch and related

Result<std::vector<Observation>> SalesforceReads::rows_of(Call& call, const RowShape& shape,
                                                          Result<http::Response> answer) {
  std::vector<Observation> all;
  std::set<std::string> visited;
  for (;;) {
    if (!answer) return std::move(answer.error());
    auto page = read_page(answer->body, shape, "GET query");
    if (!page) return std::move(page.error());
    std::move(page->rows.begin(), page->rows.end(), std::back_inserter(all));
    if (page->next.empty()) return all;
    if (!visited.insert(page->next).second) return endless("a page was named twice");
    auto ask = client_.next_page(page->next);
    if (!ask) return std::move(ask.error());
    answer = client_.send(call, *ask);
  }
}

Result<std::vector<Observation>> SalesforceReads::rows_where(Call& call, RecordKind kind,
                                                             const std::vector<std::string>& columns,
                                                             const std::vector<std::string>& conditions,
                                                             bool deleted_too) {
  if (auto sound = soql::check_columns(columns); !sound) return std::move(sound.error());
  auto types = schema_.text_types(call, object_of(kind), columns);
  if (!types) return std::move(types.error());
  for (;;) {
    const RowShape shape = shape_for(kind, columns, *types, schema_.has_currency());
    std::vector<Ask> asks;
    for (const std::string& condition : conditions) {
      asks.push_back(client_.query(select(shape) + " WHERE " + condition, deleted_too));
    }
    auto answers = client_.read_together(call, asks);
    const bool again = std::any_of(answers.begin(), answers.end(), [this](const Result<http::Response>& a) {
      return !a && schema_.learn_from_refusal(a.error());
    });
    if (again) continue;
    std::vector<Observation> all;
    for (auto& answer : answers) {
      auto rows = rows_of(call, shape, std::move(answer));
      if (!rows) return rows;
      std::move(rows->begin(), rows->end(), std::back_inserter(all));
    }
    return all;
  }
}

Result<std::vector<Observation>> SalesforceReads::fetch(Call& call, std::span<const RecordRef> refs,
                                                        const std::vector<std::string>& columns) {
  std::map<RecordKind, std::vector<std::string>> ids;
  std::vector<std::string> keys;
  for (const RecordRef& ref : refs) {
    if (object_of(ref.kind).empty()) return make_error(ErrorClass::bug, "Salesforce has no records of this kind.");
    const std::string id = normal_salesforce_id(ref.id.value);
    if (!ref.id.empty()) {
      // What is no id names no record; asking would fail the whole query.
      if (is_salesforce_id(id)) ids[ref.kind].push_back(id);
    } else if (ref.kind == RecordKind::opportunity && !ref.key.empty()) {
      keys.push_back(ref.key.value);
    }
  }
  std::vector<Observation> all;
  std::set<RecordId> met;
  const auto add = [&](Result<std::vector<Observation>> rows) -> Result<void> {
    if (!rows) return std::move(rows.error());
    for (Observation& row : *rows) {
      if (met.insert(row.id).second) all.push_back(std::move(row));
    }
    return {};
  };
  const auto conditions_of = [](std::string_view column, std::vector<std::string>& texts) {
    std::sort(texts.begin(), texts.end());
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    std::vector<std::string> conditions;
    for (const auto& group : soql::in_groups(texts, kConditionBytes)) conditions.push_back(soql::in(column, group));
    return conditions;
  };
  for (auto& [kind, texts] : ids) {
    auto done = add(rows_where(call, kind, columns, conditions_of("Id", texts), has_deleted_column(kind)));
    if (!done) return std::move(done.error());
  }
  if (!keys.empty()) {
    const auto conditions = conditions_of(settings_.key_column, keys);
    auto done = add(rows_where(call, RecordKind::opportunity, columns, conditions, true));
    if (!done) return std::move(done.error());
  }
  return all;
}

Result<std::vector<Observation>> SalesforceReads::related(Call& call, const RelatedQuery& query) {
  if (object_of(query.kind).empty() || query.kind == RecordKind::opportunity) {
    return make_error(ErrorClass::bug, "Salesforce has no related records of this kind.");
  }
  if (query.match.empty()) return make_error(ErrorClass::bug, "A search in Salesforce needs something to search for.");
  std::vector<std::string> terms;
  std::vector<std::string> matched;
  for (const auto& [name, value] : query.match) {
    const std::string column = query.kind == RecordKind::owner ? owner_column(name) : name;
    std::string literal = soql::literal(value);
    if (column == "Id") {
      const std::string id = normal_salesforce_id(text_of(value));
      if (!is_salesforce_id(id)) return std::vector<Observation>{};
      literal = soql::quoted(id);
    }
    if (literal.empty()) {
      return make_error(ErrorClass::config, "Column " + column + " of Salesforce cannot be searched for this value (" +
                                                display(value) + ").");
    }
    matched.push_back(column);
    terms.push_back(column + " = " + literal);
  }
  if (auto sound = soql::check_columns(matched); !sound) return std::move(sound.error());
  if (query.kind == RecordKind::owner) terms.push_back("IsActive = true");
  const std::string condition = text::join(terms, " AND ") + " ORDER BY Id LIMIT " + std::to_string(kRelatedRows);
  return rows_where(call, query.kind, query.columns, {condition}, false);
}

Result<std::vector<std::vector<Observation>>> SalesforceReads::related_to_each(Call& call,
                                                                               std::span<const RelatedQuery> queries) {
  const RelatedTogether together(queries);
  std::vector<std::vector<Observation>> answers(queries.size());
  std::vector<std::size_t> alone;
  if (together.column.empty() || queries.front().kind == RecordKind::owner) {
    for (std::size_t i = 0; i < queries.size(); ++i) alone.push_back(i);
  } else {
    std::vector<std::string> conditions;
    for (const auto& group : soql::in_groups(together.texts, kConditionBytes)) {
      conditions.push_back(soql::in(together.column, group));
    }
    auto rows = rows_where(call, queries.front().kind, together.columns, conditions, false);
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

}  // namespace cosell::salesforce
