// Collections of up to 200 rows, up to five of them in one composite call while the organisation is quick. Results are
// matched to operations by position and, for updates, by id; a result that does not fit makes the outcome unknown.
#include "connectors/salesforce/salesforce_writes.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "connectors/salesforce/salesforce_errors.h"
#include "connectors/salesforce/salesforce_existing.h"
#include "connectors/salesforce/salesforce_ids.h"
#include "connectors/salesforce/salesforce_reads.h"
#include "connectors/salesforce/salesforce_rounding.h"
#include "connectors/salesforce/salesforce_wire.h"

namespace cosell::salesforce {
namespace {

using Outcomes = std::vector<std::optional<Outcome>>;

// For one collection. One row of 200 is found within 16 calls; of a collection in which more are wrong some stay
// unfound, and go out again with the next push.
constexpr int kCallsToFindARow = 24;

Error unclear(const std::string& why) {
  return make_error(ErrorClass::unknown, "It is not certain whether Salesforce applied the change: " + why);
}

void fail(Outcomes& outcomes, std::span<const Operation> operations, std::size_t index, Error error) {
  const std::string request_id = error.request_id;
  outcomes[index] = Outcome{operations[index].id, std::move(error), request_id};
}

// After such an end the next call would meet the same; it is not sent.
bool ends_the_push(const Error& e) {
  return e.kind == ErrorClass::throttled || e.kind == ErrorClass::auth_expired || e.kind == ErrorClass::cancelled ||
         e.kind == ErrorClass::transient || e.kind == ErrorClass::config ||
         (e.kind == ErrorClass::forbidden && !e.of_one_record);
}

std::vector<std::string> changed_columns(const Columns& expected, const Columns& present) {
  std::vector<std::string> changed;
  for (const auto& [column, value] : expected) {
    const auto it = present.find(column);
    if (it != present.end() && !same_value(value, it->second)) changed.push_back(column);
  }
  return changed;
}

// Columns of other records are neither compared nor written: a write to this record does not touch them.
Columns own_columns(const Columns& columns) {
  Columns own;
  for (const auto& [name, value] : columns) {
    if (name.find('.') == std::string::npos) own.append(name, value);
  }
  return own;
}

constexpr const char* kAmount = "Amount";
constexpr const char* kHasProducts = "HasOpportunityLineItem";

bool writes_amount(const Operation& op) {
  return op.kind == RecordKind::opportunity &&
         std::any_of(op.changes.begin(), op.changes.end(),
                     [](const auto& change) { return text::equals_ignore_case(change.first, kAmount); });
}

// An amount too that nothing has to be compared with: products may make it up.
bool is_compared(const Operation& op) {
  return op.verb == Verb::update && (!own_columns(op.expected).empty() || writes_amount(op));
}

// Salesforce takes such a write and keeps the sum, which would then look like somebody's edit.
Error sum_of_products() {
  Error e = make_error(ErrorClass::rejected,
                       "The amount of this opportunity is the sum of its products in Salesforce, so the amount from "
                       "Partner Center would be lost. Change the products, or the deal value in Partner Center.");
  e.fields = {kAmount};
  e.rule = "CALCULATED_AMOUNT";
  e.of_one_record = true;
  return e;
}

// Errors that mean something else for a record that is being made than for one that should exist.
Error of_row(const WriteResult& result, const Operation& op, const std::string& key_column, Instant now) {
  if (result.errors.empty()) return unclear("the answer names neither success nor error.");
  const ServerError& server = result.errors.front();
  Error e = error_of_row(server, now);
  const bool about_another = std::any_of(e.fields.begin(), e.fields.end(),
                                         [](const std::string& f) { return !text::equals_ignore_case(f, "Id"); });
  if (e.kind == ErrorClass::not_found && (op.verb == Verb::create || about_another)) e.kind = ErrorClass::rejected;
  // The record with our key exists: it is looked at behind the writes.
  const bool creates = op.kind == RecordKind::opportunity && op.verb == Verb::create;
  if (creates && is_about_key(server, key_column)) e.kind = ErrorClass::precondition;
  return e;
}

// 400 for the collection: nothing of it was carried out, because of one of its rows or of all of them.
bool is_refused_whole(const std::optional<Outcome>& outcome) {
  const Error* e = outcome ? std::get_if<Error>(&outcome->what) : nullptr;
  return e != nullptr && e->kind == ErrorClass::rejected && e->http_status == 400 && !e->of_one_record;
}

// One of those that were refused together, when the search for the row that is meant has to end.
Error refused_with_others() {
  Error e = make_error(ErrorClass::transient,
                       "Salesforce refused this change together with others because of one of them; the bridge goes on "
                       "looking for that one and sends the others again.");
  e.of_one_record = true;
  return e;
}

std::string title_of(RecordKind kind) {
  return kind == RecordKind::account ? "account" : kind == RecordKind::contact ? "contact" : "opportunity";
}

}  // namespace

struct SalesforceWrites::Row {
  std::size_t index = 0;
  Verb verb = Verb::update;
  std::string object;
  std::string identity;  // id or key; two rows of one identity never share a call
  json::Value fields;
};

struct SalesforceWrites::Batch {
  Verb verb = Verb::update;
  std::string object;
  std::vector<Row> rows = {};
  std::set<std::string> identities = {};
  bool compared = false;  // with what the plan was made from, right before it is written
};

void SalesforceWrites::fail_rows(Outcomes& outcomes, std::span<const Operation> operations, std::span<const Row> rows,
                                 const Error& error) {
  for (const Row& row : rows) fail(outcomes, operations, row.index, error);
}

int batch_max_of(const SalesforceSettings& settings) {
  return settings.collection_size * settings.collections_per_call;
}

SalesforceWrites::SalesforceWrites(const SalesforceSettings& settings, SalesforceClient& client,
                                   SalesforceSchema& schema, SalesforceReads& reads)
    : settings_(settings),
      client_(client),
      schema_(schema),
      reads_(reads),
      rows_in_call_(
          {.start = settings.collection_size, .min = settings.collection_size, .max = batch_max_of(settings)}) {}

Result<SalesforceWrites::Row> SalesforceWrites::row_of(const Operation& op, std::size_t index) const {
  Row row;
  row.index = index;
  row.verb = op.verb;
  row.object = object_of(op.kind);
  if (row.object.empty() || op.kind == RecordKind::owner) {
    return make_error(ErrorClass::bug, "The bridge does not write records of this kind to Salesforce.");
  }
  const bool keyed = op.verb == Verb::create && op.kind == RecordKind::opportunity;
  row.fields = json::Value::object();
  json::Value attributes = json::Value::object();
  attributes.set("type", json::Value::string(row.object));
  row.fields.set("attributes", std::move(attributes));
  if (op.verb == Verb::update) {
    row.identity = normal_salesforce_id(op.target.id.value);
    if (!is_salesforce_id(row.identity)) {
      return make_error(ErrorClass::not_found, "\"" + op.target.id.value + "\" is not the id of a Salesforce record.");
    }
    row.fields.set("id", json::Value::string(row.identity));
  } else if (keyed) {
    row.identity = op.target.key.value;
    if (row.identity.empty()) return make_error(ErrorClass::bug, "A new opportunity needs the id of its referral.");
    row.fields.set(settings_.key_column, json::Value::string(row.identity));
  }
  for (const auto& [column, value] : op.changes) {
    if (column.find('.') != std::string::npos) {
      return make_error(ErrorClass::config, "Column " + column +
                                                " belongs to another record; the bridge does not write "
                                                "it. Change the mapping.");
    }
    if (keyed && text::equals_ignore_case(column, settings_.key_column)) continue;
    if (text::equals_ignore_case(column, kCurrencyColumn) && !schema_.has_currency()) {
      if (is_blank(value)) continue;
      Error e = make_error(ErrorClass::rejected, "This Salesforce organisation has a single currency, so " +
                                                     display(value) + " cannot be written to CurrencyIsoCode.");
      e.fields = {column};
      return e;
    }
    // What is mapped is read, too, so that its type is known; a moment of the bridge's own is written as it is.
    auto written = written_value(column, schema_.known_type(row.object, column), value);
    if (!written) return std::move(written.error());
    row.fields.set(column, *std::move(written));
  }
  return row;
}

// ---- what the plan was made from

std::optional<Error> SalesforceWrites::check_expected_of(Call& call, std::span<const Operation> operations,
                                                         const std::vector<std::size_t>& indexes, Outcomes& outcomes) {
  const std::string object = object_of(operations[indexes.front()].kind);
  std::set<std::string> fields = {"Id", "SystemModstamp"};
  json::Value ids = json::Value::array();
  for (const std::size_t i : indexes) {
    ids.append(json::Value::string(normal_salesforce_id(operations[i].target.id.value)));
    for (const auto& [column, value] : own_columns(operations[i].expected)) fields.insert(column);
    if (tells_products_ && writes_amount(operations[i])) fields.insert(kHasProducts);
  }
  if (!schema_.has_currency()) fields.erase(kCurrencyColumn);
  const auto fail_all = [&](const Error& e) {
    for (const std::size_t i : indexes) fail(outcomes, operations, i, e);
    return e;
  };
  auto rows = read_by_id(call, client_, object, std::move(ids), fields);
  const bool hides_products =
      !rows && tells_products_ && text::equals_ignore_case(column_of(rows.error()), kHasProducts);
  if (hides_products) tells_products_ = false;
  if (hides_products || (!rows && schema_.learn_from_refusal(rows.error()))) {
    return check_expected_of(call, operations, indexes, outcomes);
  }
  if (!rows) {
    // Nothing was written yet, however this read ended.
    if (rows.error().kind == ErrorClass::unknown) rows.error().kind = ErrorClass::transient;
    return fail_all(rows.error());
  }
  for (std::size_t n = 0; n < indexes.size(); ++n) {
    const Operation& op = operations[indexes[n]];
    const json::Value& row = rows->items()[n];
    if (row.is_null()) {
      fail(outcomes, operations, indexes[n],
           make_error(ErrorClass::not_found, "The " + title_of(op.kind) + " is no longer in Salesforce."));
      continue;
    }
    Columns expected = own_columns(op.expected);
    if (!schema_.has_currency()) expected.erase(kCurrencyColumn);
    const bool this_one = normal_salesforce_id(row.text_of("Id")) == normal_salesforce_id(op.target.id.value);
    auto present = read_row_like(row, expected, kReadById);
    if (!this_one || !present) {
      fail(outcomes, operations, indexes[n],
           present ? make_error(ErrorClass::bad_response,
                                std::string("Salesforce answered ") + kReadById + " with another record.")
                   : present.error());
      continue;
    }
    if (const auto changed = changed_columns(expected, *present); !changed.empty()) {
      Error e = make_error(ErrorClass::precondition, "Somebody changed " + text::join(changed, ", ") +
                                                         " in Salesforce meanwhile; the bridge looks again before it "
                                                         "writes.");
      e.fields = changed;
      fail(outcomes, operations, indexes[n], std::move(e));
    } else if (const json::Value* has = row.find(kHasProducts); has != nullptr && has->as_bool() && writes_amount(op)) {
      fail(outcomes, operations, indexes[n], sum_of_products());
    }
  }
  return std::nullopt;
}

// Drops what must not be written any more.
std::optional<Error> SalesforceWrites::check_expected(Call& call, std::span<const Operation> operations, Batch& batch,
                                                      Outcomes& outcomes) {
  std::vector<std::size_t> indexes;
  for (const Row& row : batch.rows) {
    if (is_compared(operations[row.index])) indexes.push_back(row.index);
  }
  auto refused = check_expected_of(call, operations, indexes, outcomes);
  std::erase_if(batch.rows, [&](const Row& row) { return outcomes[row.index].has_value(); });
  return refused;
}

// ---- calls

std::vector<SalesforceWrites::Batch> SalesforceWrites::batches_of(std::span<const Operation> operations,
                                                                  std::vector<Row> rows) const {
  std::vector<Batch> batches;
  for (Row& row : rows) {
    // The last batch that holds this record bounds how far forward the row may go: order within a record is kept.
    std::size_t from = 0;
    for (std::size_t b = batches.size(); b > 0 && !row.identity.empty(); --b) {
      if (batches[b - 1].identities.count(row.identity) > 0) {
        from = b;
        break;
      }
    }
    const auto fits = [&](const Batch& b) {
      return b.verb == row.verb && b.object == row.object &&
             b.rows.size() < static_cast<std::size_t>(settings_.collection_size);
    };
    auto place = std::find_if(batches.begin() + static_cast<std::ptrdiff_t>(from), batches.end(), fits);
    if (place == batches.end()) {
      Batch batch;
      batch.verb = row.verb;
      batch.object = row.object;
      place = batches.insert(batches.end(), std::move(batch));
    }
    place->compared = place->compared || is_compared(operations[row.index]);
    if (!row.identity.empty()) place->identities.insert(row.identity);
    place->rows.push_back(std::move(row));
  }
  return batches;
}

json::Value SalesforceWrites::body_of(const Batch& batch) const {
  json::Value body = json::Value::object();
  body.set("allOrNone", json::Value::boolean(false));
  json::Value& records = body.set("records", json::Value::array());
  for (const Row& row : batch.rows) records.append(row.fields);
  return body;
}

// A create is never an upsert by its key: that would write over a record in which somebody typed the key. As the key is
// unique, Salesforce refuses a second record.
std::string SalesforceWrites::method_of(const Batch& batch) const {
  return batch.verb == Verb::update ? "PATCH" : "POST";
}

std::string SalesforceWrites::path_of_collection() const { return client_.path("/composite/sobjects"); }

// Without the header a rule that only alerts refuses too.
http::Headers SalesforceWrites::headers_of_collection() const {
  http::Headers headers;
  if (!settings_.duplicate_detection) headers.set("Sforce-Duplicate-Rule-Header", "allowSave=true");
  return headers;
}

// A result that names another record than its row, or none where one was made, is of another row; and so may all the
// others be, the refusals too, which name none. Neither does a list of another length tell which result is whose.
bool SalesforceWrites::fits_rows(const std::vector<WriteResult>& results, const Batch& batch) {
  if (results.size() != batch.rows.size()) return false;
  for (std::size_t n = 0; n < results.size(); ++n) {
    const bool updates = batch.verb == Verb::update;
    if (updates && !results[n].id.empty() && results[n].id != batch.rows[n].identity) return false;
    if (!updates && results[n].success && !is_salesforce_id(results[n].id)) return false;
  }
  return true;
}

void SalesforceWrites::settle(Call& call, std::span<const Operation> operations, const Batch& batch,
                              const json::Value& body, const std::string& request_id, Outcomes& outcomes) const {
  const auto results = read_write_results(body, method_of(batch) + " composite/sobjects");
  const bool fits = results && fits_rows(*results, batch);
  const auto is_clear = [&](std::size_t n) {
    if (fits) return true;
    if (!results || results->size() > batch.rows.size() || n >= results->size()) return false;
    const WriteResult& result = (*results)[n];
    return batch.verb == Verb::update && result.success && result.id == batch.rows[n].identity;
  };
  for (std::size_t n = 0; n < batch.rows.size(); ++n) {
    const Row& row = batch.rows[n];
    const Operation& op = operations[row.index];
    Outcome& outcome = outcomes[row.index].emplace();
    outcome.id = op.id;
    outcome.request_id = request_id;
    if (!is_clear(n)) {
      outcome.what = unclear(!results ? results.error().message : "its answer does not fit what was sent.");
      continue;
    }
    const WriteResult& result = (*results)[n];
    if (!result.success) {
      Error e = of_row(result, op, settings_.key_column, call.clock.now());
      e.request_id = request_id;
      outcome.what = std::move(e);
    } else {
      Applied applied;
      applied.id = RecordId(op.verb == Verb::update ? row.identity : result.id);
      applied.created = op.verb == Verb::create;
      outcome.what = std::move(applied);
    }
  }
}

std::optional<Error> SalesforceWrites::send_alone(Call& call, std::span<const Operation> operations, const Batch& batch,
                                                  Outcomes& outcomes) {
  Ask ask;
  ask.method = method_of(batch);
  ask.path = path_of_collection();
  ask.headers = headers_of_collection();
  ask.name = ask.method + " composite/sobjects";
  ask.body = body_of(batch);
  ask.writes = true;
  auto answer = client_.send(call, ask);
  if (!answer) {
    fail_rows(outcomes, operations, batch.rows, answer.error());
    return answer.error();
  }
  const std::string request_id = net::request_id_of(answer->headers);
  const auto body = read_body(answer->body, ask.name);
  if (!body) {
    Error e = unclear(body.error().message);
    e.request_id = request_id;
    fail_rows(outcomes, operations, batch.rows, e);
    return e;
  }
  settle(call, operations, batch, *body, request_id, outcomes);
  return std::nullopt;
}

std::optional<Error> SalesforceWrites::send_together(Call& call, std::span<const Operation> operations,
                                                     std::span<const Batch> batches, Outcomes& outcomes) {
  json::Value body = json::Value::object();
  body.set("allOrNone", json::Value::boolean(false));
  // Else their order is not promised; versions before do not know the member, and always keep the order.
  if (settings_.api_version >= "v48.0") body.set("collateSubrequests", json::Value::boolean(false));
  json::Value& requests = body.set("compositeRequest", json::Value::array());
  for (std::size_t b = 0; b < batches.size(); ++b) {
    json::Value& request = requests.append(json::Value::object());
    request.set("method", json::Value::string(method_of(batches[b])));
    request.set("url", json::Value::string(path_of_collection()));
    request.set("referenceId", json::Value::string("part" + std::to_string(b)));
    // A part takes over from the whole only how it is authorised and what it is made of.
    const http::Headers headers = headers_of_collection();
    if (!headers.list.empty()) {
      json::Value& named = request.set("httpHeaders", json::Value::object());
      for (const http::Header& h : headers.list) named.set(h.name, json::Value::string(h.value));
    }
    request.set("body", body_of(batches[b]));
  }
  Ask ask;
  ask.method = "POST";
  ask.path = client_.path("/composite");
  ask.name = "POST composite";
  ask.body = std::move(body);
  ask.writes = true;
  const auto fail_batch = [&](const Batch& batch, const Error& e) { fail_rows(outcomes, operations, batch.rows, e); };
  auto answer = client_.send(call, ask);
  if (!answer) {
    for (const Batch& batch : batches) fail_batch(batch, answer.error());
    return answer.error();
  }
  const std::string request_id = net::request_id_of(answer->headers);
  const auto read = read_body(answer->body, ask.name);
  const auto parts = read ? read_composite(*read, ask.name) : Result<std::vector<CompositeAnswer>>(read.error());
  if (!parts) {
    Error e = unclear(parts.error().message);
    e.request_id = request_id;
    for (const Batch& batch : batches) fail_batch(batch, e);
    return e;
  }
  std::optional<Error> refused;
  for (std::size_t b = 0; b < batches.size(); ++b) {
    const std::string reference = "part" + std::to_string(b);
    const auto part =
        std::find_if(parts->begin(), parts->end(), [&](const CompositeAnswer& a) { return a.reference == reference; });
    if (part == parts->end()) {
      fail_batch(batches[b], unclear("its answer lacks a part."));
    } else if (part->status >= 200 && part->status < 300) {
      settle(call, operations, batches[b], part->body, request_id, outcomes);
    } else {
      const http::Response inner{part->status, {}, json::write(part->body)};
      const Error e = error_of(inner, {ask.name, true}, call.clock.now());
      fail_batch(batches[b], e);
      if (!refused && ends_the_push(e)) refused = e;
    }
  }
  return refused;
}

// In one of its rows, which is a word about the side.
std::optional<Error> SalesforceWrites::asked_to_wait(std::span<const Batch> batches, const Outcomes& outcomes) {
  for (const Batch& batch : batches) {
    for (const Row& row : batch.rows) {
      const Error* e = outcomes[row.index] ? std::get_if<Error>(&outcomes[row.index]->what) : nullptr;
      if (e != nullptr && e->kind == ErrorClass::throttled) return *e;
    }
  }
  return std::nullopt;
}

// A collection that is compared with what is there travels alone: the shorter it takes from looking to writing, the
// less can be edited in between.
std::size_t SalesforceWrites::together(std::span<const Batch> batches) const {
  if (batches.front().compared) return 1;
  std::set<std::string> identities = batches.front().identities;
  std::size_t some = 1;
  for (; some < std::min(collections_in_call(), batches.size()); ++some) {
    const Batch& next = batches[some];
    const auto is_there = [&](const std::string& identity) { return identities.count(identity) > 0; };
    if (next.compared || std::any_of(next.identities.begin(), next.identities.end(), is_there)) break;
    identities.insert(next.identities.begin(), next.identities.end());
  }
  return some;
}

std::size_t SalesforceWrites::collections_in_call() const {
  return static_cast<std::size_t>(rows_in_call_.current() / settings_.collection_size);
}

std::optional<Error> SalesforceWrites::send(Call& call, std::span<const Operation> operations,
                                            std::span<const Batch> batches, Outcomes& outcomes) {
  const bool full = batches.size() >= collections_in_call() &&
                    batches.back().rows.size() == static_cast<std::size_t>(settings_.collection_size);
  const Instant began = call.clock.now();
  auto refused = batches.size() == 1 ? send_alone(call, operations, batches.front(), outcomes)
                                     : send_together(call, operations, batches, outcomes);
  if (!refused) refused = asked_to_wait(batches, outcomes);
  if (!refused) {
    rows_in_call_.went_well(full, call.clock.now() - began);
  } else if (refused->kind == ErrorClass::throttled || refused->kind == ErrorClass::unknown) {
    rows_in_call_.too_much();
    if (refused->kind == ErrorClass::throttled) call.meter.tell_asked_to_wait(call.side);
  }
  return refused;
}

// Gives an error only where that ends the push.
std::optional<Error> SalesforceWrites::compare_and_send(Call& call, std::span<const Operation> operations,
                                                        std::span<Batch> batches, Outcomes& outcomes) {
  std::optional<Error> refused;
  if (batches.front().compared) refused = check_expected(call, operations, batches.front(), outcomes);
  if (refused && ends_the_push(*refused)) {
    for (const Batch& batch : batches) fail_rows(outcomes, operations, batch.rows, *refused);
    return refused;
  }
  if (batches.front().rows.empty()) return std::nullopt;
  refused = send(call, operations, batches, outcomes);
  return refused && ends_the_push(*refused) ? refused : std::nullopt;
}

std::optional<Error> SalesforceWrites::deliver(Call& call, std::span<const Operation> operations,
                                               std::span<Batch> batches, Outcomes& outcomes) {
  auto ended = compare_and_send(call, operations, batches, outcomes);
  for (const Batch& batch : batches) {
    if (batch.rows.size() < 2 || !is_refused_whole(outcomes[batch.rows.front().index])) continue;
    if (ended) {
      // Which of them is meant cannot be found out now; they go out again later.
      fail_rows(outcomes, operations, batch.rows, *ended);
    } else {
      int calls_left = kCallsToFindARow;
      ended = send_halves(call, operations, batch, outcomes, calls_left);
    }
  }
  return ended;
}

// What one row has in it can refuse them all: a value of another type is met while the request is read, before any row
// is looked at. Nothing was done then, so that each half may be sent again, and compared again before it.
std::optional<Error> SalesforceWrites::send_halves(Call& call, std::span<const Operation> operations,
                                                   const Batch& batch, Outcomes& outcomes, int& calls_left) {
  const std::span<const Row> rows = batch.rows;
  std::optional<Error> ended;
  for (const auto& part : {rows.first(rows.size() / 2), rows.subspan(rows.size() / 2)}) {
    if (ended) {
      fail_rows(outcomes, operations, part, *ended);
    } else if (calls_left <= 0) {
      fail_rows(outcomes, operations, part, refused_with_others());
    } else {
      --calls_left;
      Batch half;
      half.verb = batch.verb;
      half.object = batch.object;
      half.compared = batch.compared;
      half.rows.assign(part.begin(), part.end());
      for (const Row& row : half.rows) outcomes[row.index].reset();
      ended = compare_and_send(call, operations, {&half, 1}, outcomes);
      const bool still = half.rows.size() > 1 && is_refused_whole(outcomes[half.rows.front().index]);
      if (!ended && still) ended = send_halves(call, operations, half, outcomes, calls_left);
    }
  }
  return ended;
}

std::vector<Outcome> SalesforceWrites::push(Call& call, std::span<const Operation> operations) {
  Outcomes outcomes(operations.size());
  std::vector<Row> rows;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    auto row = row_of(operations[i], i);
    if (!row) {
      fail(outcomes, operations, i, std::move(row.error()));
    } else if (operations[i].verb == Verb::update && operations[i].changes.empty()) {
      Applied nothing_to_do;
      nothing_to_do.id = RecordId(row->identity);
      outcomes[i] = Outcome{operations[i].id, std::move(nothing_to_do), ""};
    } else {
      rows.push_back(*std::move(row));
    }
  }
  std::vector<Batch> batches = batches_of(operations, std::move(rows));
  std::optional<Error> ended;
  for (std::span<Batch> left = batches; !left.empty();) {
    const auto part = left.first(together(left));
    left = left.subspan(part.size());
    if (!ended) {
      ended = deliver(call, operations, part, outcomes);
      continue;
    }
    for (const Batch& batch : part) fail_rows(outcomes, operations, batch.rows, *ended);
  }
  // What was written before the end was rounded all the same. Only who may not ask any more does not.
  const bool may_ask = !ended || (ended->kind != ErrorClass::cancelled && ended->kind != ErrorClass::auth_expired);
  if (may_ask) note_rounded(call, client_, operations, outcomes);
  if (ended) {
    fail_existing(operations, outcomes, *ended);
  } else {
    settle_existing(call, reads_, operations, outcomes);
  }

  std::vector<Outcome> done;
  done.reserve(outcomes.size());
  for (std::optional<Outcome>& o : outcomes) done.push_back(*std::move(o));
  return done;
}

}  // namespace cosell::salesforce
