// Operations in the store: frozen when planned, afterwards only their state and result change.
#include <algorithm>

#include "store/names.h"
#include "store/rows.h"
#include "store/sqlite_store_impl.h"

namespace cosell::store {
namespace {

constexpr const char* kSelect =
    "SELECT o.id, o.deal, o.run, o.side, o.kind, o.verb, coalesce(before.id, ''), o.target_id, o.key, o.must_match,"
    " o.sequence, o.expected, o.changes, o.agrees_with, o.engagement_id, o.step, o.state, o.attempts, o.not_before, "
    "o.planned_at, "
    "o.sent_at,"
    " o.finished_at, o.error_class, o.error_message, o.error_detail, o.error_rule, o.request_id"
    " FROM operations AS o LEFT JOIN operations AS before ON before.sequence = o.after_operation ";

}  // namespace

OperationRow SqliteStore::read_operation(const Query& query) {
  RowReader reader(query);
  OperationRow row;
  row.id = OperationId(reader.text());
  row.deal = reader.id<DealId>();
  row.run = reader.id<RunId>();
  row.side = reader.choice(side_from);
  row.kind = reader.text();
  row.verb = reader.text();
  row.after = OperationId(reader.text());
  row.target_id = reader.text();
  row.key = reader.text();
  row.must_match = reader.text();
  if (const Frozen* known = known_frozen_.find(reader.integer())) {
    reader.skip(3);
    row.expected = known->expected;
    row.changes = known->changes;
    row.agrees_with = known->agrees_with;
  } else {
    row.expected = reader.columns();
    row.changes = reader.columns();
    row.agrees_with = reader.columns();
  }
  row.engagement_id = reader.text();
  row.step = reader.text();
  row.state = reader.choice(operation_state_from);
  row.attempts = static_cast<int>(reader.integer());
  row.not_before = reader.time_if_any();
  row.planned_at = reader.time();
  row.sent_at = reader.time_if_any();
  row.finished_at = reader.time_if_any();
  row.error_class = reader.text();
  row.error_message = reader.text();
  row.error_detail = reader.text();
  row.error_rule = reader.text();
  row.request_id = reader.text();
  return row;
}

namespace {

Error no_such_operation(const OperationId& id) {
  return make_error(ErrorClass::bug, "Operation " + id.value + " is not in the store.");
}

// The place of an operation in the planning order; 0 for no operation.
std::int64_t sequence_of(Query find, const OperationId& id) {
  if (id.empty()) return 0;
  if (!find.with(id.value).next()) throw Refusal{no_such_operation(id)};
  return find.integer(0);
}

constexpr const char* kFindSequence = "SELECT sequence FROM operations WHERE id = ?1";

bool is_open(OperationState state) { return state != OperationState::applied && state != OperationState::dropped; }

}  // namespace

Result<void> SqliteStore::add_operation(const OperationRow& row) {
  return write([&]() -> Result<void> {
    if (!row.deal.valid()) return make_error(ErrorClass::bug, "An operation without a deal was not stored.");
    const StrongInt<OperationRow> after(sequence_of(query(kFindSequence), row.after));
    query(
        "INSERT INTO operations (id, deal, run, side, kind, verb, after_operation, target_id, key, must_match,"
        " expected, changes, agrees_with, engagement_id, step, state, attempts, not_before, planned_at, sent_at, "
        "finished_at,"
        " error_class, error_message, error_detail, error_rule, request_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .with(row.id.value, row.deal, row.run, name_of(row.side), row.kind, row.verb, after, row.target_id, row.key,
              row.must_match, encode(row.expected), encode(row.changes), encode(row.agrees_with), row.engagement_id,
              row.step, name_of(row.state), row.attempts, row.not_before, row.planned_at, row.sent_at, row.finished_at,
              row.error_class, row.error_message, row.error_detail, row.error_rule, row.request_id)
        .run();
    known_frozen_.keep(parts_.connection->last_id(), {row.expected, row.changes, row.agrees_with});
    return {};
  });
}

Result<void> SqliteStore::update_operation(const OperationRow& row) {
  return write([&]() -> Result<void> {
    const int changed =
        query(
            "UPDATE operations SET state = ?2, attempts = ?3, not_before = ?4, sent_at = ?5,"
            " finished_at = ?6, target_id = ?7, error_class = ?8, error_message = ?9,"
            " error_detail = ?10, error_rule = ?11, request_id = ?12, engagement_id = ?13 WHERE id = ?1")
            .with(row.id.value, name_of(row.state), row.attempts, row.not_before, row.sent_at, row.finished_at,
                  row.target_id, row.error_class, row.error_message, row.error_detail, row.error_rule, row.request_id,
                  row.engagement_id)
            .run();
    if (changed == 0) return no_such_operation(row.id);
    return {};
  });
}

Result<std::optional<OperationRow>> SqliteStore::operation(const OperationId& id) {
  return read([&]() -> Result<std::optional<OperationRow>> {
    Query one = query(std::string(kSelect) + "WHERE o.id = ?1");
    if (!one.with(id.value).next()) return std::optional<OperationRow>();
    return std::optional<OperationRow>(read_operation(one));
  });
}

Result<std::vector<OperationRow>> SqliteStore::operations(const OperationFilter& filter) {
  std::string sql = std::string(kSelect) + "WHERE o.sequence > ?1";
  if (filter.state) sql += " AND o.state = ?2";
  // Names the condition of the small index, so that it is used.
  if (filter.state && is_open(*filter.state)) sql += " AND o.state NOT IN ('applied', 'dropped')";
  if (filter.side) sql += " AND o.side = ?3";
  if (filter.deal.valid()) sql += " AND o.deal = ?4";
  if (!filter.kind.empty()) sql += " AND o.kind = ?5";
  if (!filter.verb.empty()) sql += " AND o.verb = ?6";
  sql += " ORDER BY o.sequence LIMIT ?7";
  return read([&]() -> Result<std::vector<OperationRow>> {
    const std::int64_t after = sequence_of(query(kFindSequence), filter.after);
    Query found = query(sql);
    found.with(after, filter.state ? name_of(*filter.state) : "", filter.side ? name_of(*filter.side) : "", filter.deal,
               filter.kind, filter.verb, std::max(filter.limit, 0));
    std::vector<OperationRow> rows;
    while (found.next()) rows.push_back(read_operation(found));
    return rows;
  });
}

Result<bool> SqliteStore::has_open_operation(DealId deal) {
  return read([&]() -> Result<bool> {
    Query open = query(
        "SELECT 1 FROM operations INDEXED BY operations_by_deal WHERE deal = ?1 AND"
        " (state = 'planned' OR state = 'sent' OR state = 'unknown') LIMIT 1");
    return open.with(deal).next();
  });
}

}  // namespace cosell::store
