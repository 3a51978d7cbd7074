// Reads what Dynamics 365 answers. Bodies come from outside: each step checks what it finds.
#include "connectors/dynamics365/dynamics365_wire.h"

#include <algorithm>

#include "base/json_text.h"
#include "base/text.h"
#include "connectors/dynamics365/dynamics365_odata.h"

namespace cosell::dynamics365 {
namespace {

Value typed_text(const std::string& s, ColumnType type) {
  if (text::trim(s).empty()) return {};
  const bool date = type == ColumnType::date || type == ColumnType::local_date;
  if (date || type == ColumnType::instant) {
    if (const auto d = parse_date(s)) return *d;
    const auto t = parse_instant(s);
    if (t && date) return day_of_local(*t);
    if (t) return *t;
  }
  if (type == ColumnType::lookup) return Value(normal_guid(s));
  return s;
}

// At this hour in UTC it is the same day for all who look, from Honolulu to Auckland's summer.
constexpr std::int64_t kSameDayHour = 10;

constexpr const char* kModifiedBy = "_modifiedby_value";

// "W/\"123\""
std::string etag_of(const json::Value& row) { return row.text_of("@odata.etag"); }

Row deleted_row(const RowShape& shape, std::string id) {
  Row row;
  row.seen.kind = shape.table->kind;
  row.seen.id = RecordId(std::move(id));
  row.seen.existence = Existence::deleted;
  return row;
}

}  // namespace

Error not_understood(const std::string& request, const std::string& what) {
  return make_error(ErrorClass::bad_response, "Dynamics 365's answer to " + request + " cannot be understood: " + what);
}

std::string RowShape::select() const {
  std::vector<std::string> names = {table->id, "modifiedon"};
  if (table->kind == RecordKind::opportunity) names.emplace_back(kModifiedBy);
  const auto add = [&names](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  if (!key_column.empty()) add(key_column);
  for (const PlannedColumn& c : columns) {
    if (c.from == PlannedColumn::From::stage || c.from == PlannedColumn::From::process) {
      for (const std::string& p : stage.properties()) add(p);
    } else {
      add(c.property);
    }
  }
  return text::join(names, ",");
}

bool RowShape::shows_process() const {
  return stage.is_process() && std::any_of(columns.begin(), columns.end(), [](const PlannedColumn& c) {
           return c.from == PlannedColumn::From::stage || c.from == PlannedColumn::From::process;
         });
}

Date day_of_local(Instant t) {
  // East of Greenwich midnight lies on the day before. From Auckland's summer, thirteen hours ahead, to Honolulu, ten
  // behind, each midnight tells its day; ten o'clock itself belongs to its own day.
  const Date day = date_of(t);
  return t > start_of(day) + hours(kSameDayHour) ? add_days(day, 1) : day;
}

std::optional<Value> typed(const json::Value& v, ColumnType type) {
  switch (v.kind()) {
    case json::Kind::null:
      return Value();
    case json::Kind::boolean:
      return Value(v.as_bool());
    case json::Kind::number:
      if (auto n = parse_number(v.text())) return Value(*std::move(n));
      return Value(v.text());  // larger than any amount: of no use in this field, and no matter of the others
    case json::Kind::string:
      return typed_text(v.text(), type);
    case json::Kind::array:
    case json::Kind::object:
      break;
  }
  return std::nullopt;
}

namespace {

Result<json::Value> understood(tl::expected<json::Value, json::ReadError> value, const std::string& body,
                               const std::string& request) {
  if (value) return *std::move(value);
  const std::string start = text::trim(std::string_view(body).substr(0, 200));
  return not_understood(request, text::starts_with(start, "<") ? "it is a web page, not data."
                                 : start.empty()               ? "it is empty."
                                                               : "it is not JSON (" + value.error().message + ").");
}

}  // namespace

Result<json::Value> read_body(const std::string& body, const std::string& request) {
  return understood(json::read(body), body, request);
}

const std::string& Row::other_id(const PlannedColumn& related_column) const {
  static const std::string none;
  return related_column.lookup < related.size() ? related[related_column.lookup] : none;
}

Result<Row> read_row(const json::Value& row, const RowShape& shape, const std::string& request) {
  if (!row.is_object()) return not_understood(request, "a row is not an object.");
  Row out;
  Observation& seen = out.seen;
  seen.kind = shape.table->kind;
  seen.id = RecordId(normal_guid(row.text_of(shape.table->id)));
  if (seen.id.empty()) return not_understood(request, "a row has no id.");
  seen.version = VersionToken(etag_of(row));
  if (seen.version.empty()) return not_understood(request, "row " + seen.id.value + " has no version.");
  seen.changed_at = parse_instant(row.text_of("modifiedon")).value_or(Instant{});
  out.modified_by = normal_guid(row.text_of(kModifiedBy));
  const auto missing = [&](const std::string& column) {
    return not_understood(request, "row " + seen.id.value + " does not show column " + column + ".");
  };
  out.related.resize(shape.lookups);
  seen.columns.reserve(shape.columns.size());
  for (const PlannedColumn& c : shape.columns) {
    if (c.from == PlannedColumn::From::stage) {
      const auto stage = shape.stage.read(row);
      if (!stage) return missing(shape.stage.choice() + ", statecode or statuscode");
      seen.columns[c.name] = Value(shape.stage.text_of(*stage));
      continue;
    }
    if (c.from == PlannedColumn::From::process) {
      seen.columns[c.name] = Value();
      continue;
    }
    const json::Value* v = row.find(c.property);
    auto value = v == nullptr ? std::nullopt : typed(*v, c.facts.type);
    if (!value) return missing(c.name);
    if (c.from == PlannedColumn::From::related) {
      out.related[c.lookup] = normal_guid(text_of(*value));
      seen.columns[c.name] = Value();
    } else {
      seen.columns[c.name] = *std::move(value);
    }
  }
  if (!shape.key_column.empty()) {
    const json::Value* key = row.find(shape.key_column);
    if (key == nullptr) return missing(shape.key_column);
    seen.key = BridgeKey(text::trim(key->text()));
  }
  return out;
}

namespace {

Result<Row> read_change(const json::Value& item, const RowShape& shape, const std::string& request) {
  if (item.text_of("reason") != "deleted") return read_row(item, shape, request);
  std::string id = normal_guid(item.text_of("id"));
  if (id.empty()) return not_understood(request, "a deleted row has no id.");
  return deleted_row(shape, std::move(id));
}

}  // namespace

Result<RowPage> read_page(const std::string& body, const RowShape& shape, const std::string& request) {
  RowPage page;
  std::optional<Error> bad_row;
  const auto take = [&](const json::Value& item) {
    if (bad_row) return;
    auto row = read_change(item, shape, request);
    if (row) {
      page.rows.push_back(*std::move(row));
    } else {
      bad_row = std::move(row.error());
    }
  };
  auto root = understood(json::read_list(body, "value", take), body, request);
  if (!root) return std::move(root.error());
  const json::Value* list = root->find("value");
  if (list == nullptr || !list->is_array()) return not_understood(request, "it has no list of rows.");
  if (bad_row) return *std::move(bad_row);
  page.next = root->text_of("@odata.nextLink");
  page.delta = root->text_of("@odata.deltaLink");
  return page;
}

Result<json::Value> written_value(const std::string& column, ColumnType type, const Value& v) {
  if (is_blank(v)) return json::Value::null();
  const bool wants_number = type == ColumnType::number || type == ColumnType::choice;
  const bool wants_date = type == ColumnType::date || type == ColumnType::local_date;
  if (const auto* b = std::get_if<bool>(&v)) {
    if (type == ColumnType::boolean) return json::Value::boolean(*b);
  } else if (const auto* s = std::get_if<std::string>(&v)) {
    if (type == ColumnType::text) return json::Value::string(*s);
    // Tables of a mapping give option numbers as texts.
    if (const auto n = wants_number ? parse_number(text::trim(*s)) : std::nullopt) return json::Value::number(n->text);
    if (type == ColumnType::boolean && (*s == "true" || *s == "false")) return json::Value::boolean(*s == "true");
    if (const auto d = wants_date ? parse_date(text::trim(*s)) : std::nullopt) return written_value(column, type, *d);
  } else if (const auto* n = std::get_if<Number>(&v)) {
    if (type == ColumnType::text) return json::Value::string(n->text);
    if (wants_number) return json::Value::number(n->text);
  } else if (const auto* m = std::get_if<Money>(&v)) {
    if (wants_number) return json::Value::number(amount_of(*m).text);
  } else if (const auto* d = std::get_if<Date>(&v)) {
    if (type == ColumnType::date || type == ColumnType::text) return json::Value::string(to_string(*d));
    if (type == ColumnType::local_date)
      return json::Value::string(to_string_seconds(start_of(*d) + hours(kSameDayHour)));
    if (type == ColumnType::instant) return json::Value::string(to_string_seconds(start_of(*d)));
  } else if (const auto* t = std::get_if<Instant>(&v)) {
    if (type == ColumnType::instant || type == ColumnType::text) return json::Value::string(to_string_seconds(*t));
    if (wants_date) return written_value(column, type, Value(date_of(*t)));
  }
  // A text that one deal carries is that deal's matter; any other misfit is one of the mapping.
  const bool one_deal = std::holds_alternative<std::string>(v);
  Error e = make_error(
      one_deal ? ErrorClass::rejected : ErrorClass::config,
      "Column " + column + " of Dynamics 365 cannot hold this kind of value (" + display(v) + "). Change the mapping.");
  e.fields = {column};
  return e;
}

}  // namespace cosell::dynamics365
