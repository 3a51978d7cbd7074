// Columns to members of a body, and a body with its stage to requests.
#include "connectors/dynamics365/dynamics365_write_row.h"

#include <algorithm>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_odata.h"

namespace cosell::dynamics365 {
namespace {

http::Header header(const char* name, std::string value) { return {name, std::move(value)}; }

}  // namespace

Result<void> WriteRows::add_currency(Call& call, const Value& value, WriteRow& row) {
  const std::string code = text::trim(text_of(value));
  if (code.empty()) return {};  // an amount is never without a currency
  auto id = related_.currency_id(call, code);
  if (!id) return std::move(id.error());
  if (id->empty()) {
    Error e = make_error(ErrorClass::rejected,
                         "This Dynamics 365 organisation does not have the currency " + code +
                             "; an administrator can add it, or change the currency in Partner Center.");
    e.fields = {std::string(kCurrencyColumn)};
    e.rule = "CURRENCY_MISSING";
    return e;
  }
  row.body.set("transactioncurrencyid@odata.bind", json::Value::string("/transactioncurrencies(" + *id + ")"));
  return {};
}

Result<void> WriteRows::add_column(Call& call, const ColumnFacts& facts, const std::string& column, const Value& value,
                                   WriteRow& row) {
  if (column == kCurrencyColumn) return add_currency(call, value, row);
  if (column.find('.') != std::string::npos) {
    return make_error(ErrorClass::config, "Column " + column +
                                              " belongs to another record; the bridge does not write it. Change the "
                                              "mapping.");
  }
  if (facts.type != ColumnType::lookup) {
    auto written = written_value(column, facts.type, value);
    if (!written) return std::move(written.error());
    row.body.set(column, *std::move(written));
    return {};
  }
  if (facts.bind.empty() || facts.set.empty()) {
    return make_error(ErrorClass::config,
                      "Column " + column +
                          " may lead to several tables of Dynamics 365; the mapping has to name one "
                          "of them, like " +
                          column + "_account.");
  }
  if (is_blank(value)) {
    row.body.set(facts.bind, json::Value::null());
    return {};
  }
  const std::string id = normal_guid(text_of(value));
  if (id.empty()) {
    Error e = make_error(ErrorClass::rejected, "\"" + display(value) + "\" is not the id of a Dynamics 365 record.");
    e.fields = {column};
    return e;
  }
  row.body.set(facts.bind + "@odata.bind", json::Value::string("/" + facts.set + "(" + id + ")"));
  return {};
}

Result<WriteRow> WriteRows::row_of(Call& call, WriteShapes& shapes, const Operation& op, std::size_t index) {
  WriteRow row;
  row.index = index;
  row.verb = op.verb;
  row.body = json::Value::object();
  row.condition = op.must_match.empty() ? "*" : op.must_match.value;
  const Table* table = table_of(op.kind);
  if (table == nullptr || op.kind == RecordKind::owner) {
    return make_error(ErrorClass::bug, "The bridge does not write records of this kind to Dynamics 365.");
  }
  const bool keyed = op.verb == Verb::create && op.kind == RecordKind::opportunity;
  if (op.verb == Verb::update) {
    row.id = normal_guid(op.target.id.value);
    if (row.id.empty()) {
      return make_error(ErrorClass::not_found,
                        "\"" + op.target.id.value + "\" is not the id of a Dynamics 365 record.");
    }
  } else {
    const std::string key = keyed ? op.target.key.value : op.id.value;
    if (key.empty()) return make_error(ErrorClass::bug, "A new opportunity needs the id of its referral.");
    row.id = guid_from("cosell " + table->name + " " + key);
    if (keyed) row.body.set(settings_.key_column, json::Value::string(key));
  }
  std::vector<std::string> columns;
  for (const auto& change : op.changes) columns.push_back(change.first);
  std::shared_ptr<const RowShape>& shape = shapes[{op.kind, columns}];
  if (shape == nullptr) {
    auto made = reads_.shape_for(call, op.kind, columns);
    if (!made) return std::move(made.error());
    shape = std::make_shared<const RowShape>(*std::move(made));
  }
  row.shape = shape;
  for (const PlannedColumn& planned : row.shape->columns) {
    const Value& value = op.changes.at(planned.name);
    if (planned.from == PlannedColumn::From::stage) {
      row.target = stage_.parse(text_of(value));
      if (row.target) continue;
      const std::string example = stage_.choice() + (stage_.is_process() ? ":6b9ce798-221a-…" : ":1");
      Error e =
          make_error(ErrorClass::rejected, "\"" + display(value) + "\" is no stage of Dynamics 365 (they look like " +
                                               example + ", won:3 or lost:4). Change the mapping.");
      e.fields = {planned.name};
      return e;
    }
    if (planned.from == PlannedColumn::From::process) {
      return make_error(ErrorClass::config,
                        "The business process of an opportunity is not changed by the bridge. Take column process out "
                        "of what the mapping writes.");
    }
    if (keyed && planned.name == settings_.key_column) continue;
    if (auto added = add_column(call, planned.facts, planned.name, value, row); !added) {
      return std::move(added.error());
    }
  }
  const bool amount = op.kind == RecordKind::opportunity && op.changes.count(kAmountColumn) > 0;
  if (amount && settings_.calculated_revenue == CalculatedRevenue::take_over) {
    row.body.set(kRevenueColumn, json::Value::boolean(false));
  }
  if (const auto it = op.expected.find(std::string(kStageColumn)); it != op.expected.end()) {
    row.present = stage_.parse(text_of(it->second));
  }
  return row;
}

BatchRequest WriteRows::patch(const WriteRow& row, const json::Value& body, const std::string& condition) const {
  BatchRequest request;
  request.method = "PATCH";
  request.path = client_.path(resource(row.shape->table->set + "(" + row.id + ")", {{"$select", row.shape->select()}}));
  const bool creates = row.verb == Verb::create;
  // Without a condition the platform would create what it does not find, and change what it should create.
  request.headers.push_back(creates ? header("If-None-Match", "*") : header("If-Match", condition));
  request.headers.push_back(header("Prefer", "return=representation"));
  if (creates && settings_.duplicate_detection) {
    request.headers.push_back(header("MSCRM.SuppressDuplicateDetection", "false"));
  }
  request.body = json::write(body);
  return request;
}

BatchRequest WriteRows::close(const WriteRow& row, const StageValue& stage) const {
  const bool won = stage.state == StageValue::State::won;
  json::Value activity = json::Value::object();
  activity.set("subject", json::Value::string(won ? "Won in Partner Center" : "Lost in Partner Center"));
  activity.set("opportunityid@odata.bind", json::Value::string("/opportunities(" + row.id + ")"));
  json::Value body = json::Value::object();
  body.set("Status", json::Value::integer(stage.option.value_or(-1)));
  body.set("OpportunityClose", std::move(activity));
  BatchRequest request;
  request.method = "POST";
  request.path = client_.path(won ? "WinOpportunity" : "LoseOpportunity");
  request.body = json::write(body);
  return request;
}

// The steps of one operation in order: reopen, write, close; each only where it is needed.
Result<std::vector<BatchRequest>> WriteRows::requests_of(Call& call, const WriteRow& row) {
  const bool creates = row.verb == Verb::create;
  const StageValue present = row.present.value_or(StageValue{});
  const StageValue goal = row.target ? *row.target : present;
  const bool moves = creates ? row.target.has_value() : row.target && goal != present;
  const bool reopens = row.force_reopen || (!creates && moves && !present.is_open());
  const bool closes = !goal.is_open() && (reopens || moves);
  std::vector<BatchRequest> requests;
  std::string condition = row.condition;
  if (reopens) {
    auto reasons = schema_.status_reasons(call);
    if (!reasons) return std::move(reasons.error());
    const auto open =
        std::find_if((*reasons)->begin(), (*reasons)->end(), [](const Option& o) { return o.state == 0; });
    std::int64_t reason = open == (*reasons)->end() ? 1 : open->value;
    if (goal.is_open() && stage_.is_status()) reason = goal.option.value_or(reason);
    json::Value body = json::Value::object();
    body.set("statecode", json::Value::integer(0));
    body.set("statuscode", json::Value::integer(reason));
    requests.push_back(patch(row, body, condition));
    condition = "*";
  }
  json::Value body = row.body;
  // The stage of a business process is moved by steps of its own; a new opportunity begins at its first one.
  if (moves && goal.is_open() && !stage_.is_process() && !(reopens && stage_.is_status())) {
    body.set(stage_.choice(), goal.option ? json::Value::integer(*goal.option) : json::Value::null());
  }
  // Closing has no condition of its own: the open stage is written as it is, under the condition.
  const bool guards = closes && !reopens && !creates && condition != "*" && body.members().empty();
  if (guards && stage_.is_process()) {
    body.set(kRevenueColumn, json::Value::boolean(row.calculated.value_or(false)));
  } else if (guards) {
    body.set(stage_.choice(), present.option ? json::Value::integer(*present.option) : json::Value::null());
  }
  if (creates || !body.members().empty()) requests.push_back(patch(row, body, condition));
  requests.insert(requests.end(), row.moves.begin(), row.moves.end());
  if (closes) requests.push_back(close(row, goal));
  return requests;
}

}  // namespace cosell::dynamics365
