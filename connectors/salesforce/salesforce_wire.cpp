// Reads what Salesforce answers. Bodies come from outside: each step checks what it finds.
#include "connectors/salesforce/salesforce_wire.h"

#include <algorithm>
#include <array>

#include "base/json_text.h"
#include "base/text.h"
#include "connectors/salesforce/salesforce_ids.h"
#include "net/retry.h"

namespace cosell::salesforce {
namespace {

Error not_understood(const std::string& request, const std::string& what) {
  return make_error(ErrorClass::bad_response, "Salesforce's answer to " + request + " cannot be understood: " + what);
}

const json::Value* member(const json::Value& row, std::string_view name) {
  if (const json::Value* exact = row.find(name)) return exact;
  for (const json::Member& m : row.members()) {
    if (text::equals_ignore_case(m.key, name)) return &m.value;
  }
  return nullptr;
}

// The value at "Account.Name"; null when a parent is null, nullptr when a step is missing.
const json::Value* at_path(const json::Value& row, std::string_view path) {
  const json::Value* at = &row;
  for (;;) {
    const std::size_t dot = path.find('.');
    at = member(*at, path.substr(0, dot));
    if (at == nullptr || at->is_null() || dot == std::string_view::npos) return at;
    if (!at->is_object()) return nullptr;
    path.remove_prefix(dot + 1);
  }
}

Value typed_text(const std::string& s, TextType type) {
  if (text::trimmed(s).empty()) return {};
  if (type == TextType::date) {
    if (const auto d = parse_date(s)) return *d;
  }
  if (type == TextType::instant) {
    if (const auto t = parse_instant(s)) return *t;
  }
  return s;
}

// Empty result: an object or a list, which no column of ours holds.
std::optional<Value> typed(const json::Value& v, TextType type) {
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

TextType type_of(const std::string& column, const TextTypes& types) {
  if (const auto known = standard_text_type(column)) return *known;
  const auto it = types.find(column);
  return it == types.end() ? TextType::text : it->second;
}

// Where a row names another record and shows nothing of it, that is not shared with the user. Empty result: the row
// does not tell.
std::optional<bool> is_out_of_sight(const json::Value& row, const std::vector<ParentPath>& parents) {
  for (const ParentPath& parent : parents) {
    const json::Value* shown = at_path(row, parent.path);
    if (shown == nullptr || !shown->is_null()) continue;
    const json::Value* id = at_path(row, parent.lookup);
    if (id == nullptr) return std::nullopt;
    return !id->is_null();
  }
  return false;
}

std::string digest_of(const json::Value& row) {
  // Eight bytes: a stray equality among the rows of one overlap is less likely than a broken disk.
  return text::sha256_hex(json::write(row)).substr(0, kDigestLength);
}

// What is looked up once for all rows, for each column of the shape.
struct ColumnFacts {
  TextType type = TextType::text;
  std::vector<ParentPath> parents;
};

Result<Observation> read_row(const json::Value& row, const RowShape& shape, const std::vector<ColumnFacts>& facts,
                             const std::string& request) {
  if (!row.is_object()) return not_understood(request, "a row is not an object.");
  Observation seen;
  seen.kind = shape.kind;
  seen.id = RecordId(normal_salesforce_id(row.text_of("Id")));
  if (!is_salesforce_id(seen.id.value)) return not_understood(request, "a row has no id.");
  const auto stamp = parse_instant(row.text_of("SystemModstamp"));
  if (!stamp) return not_understood(request, "row " + seen.id.value + " has no SystemModstamp.");
  seen.version = VersionToken(to_string(*stamp));
  seen.changed_at = parse_instant(row.text_of("LastModifiedDate")).value_or(*stamp);
  if (const json::Value* by = at_path(row, kChangedBy)) seen.changed_by = by->text();
  if (const json::Value* deleted = row.find("IsDeleted"); deleted != nullptr && deleted->as_bool()) {
    seen.existence = Existence::deleted;
  }
  seen.columns.reserve(shape.columns.size());
  for (std::size_t i = 0; i < shape.columns.size(); ++i) {
    const std::string& column = shape.columns[i];
    if (!shape.without.empty() && text::equals_ignore_case(column, shape.without)) {
      seen.columns[column] = Value();
      continue;
    }
    const json::Value* v = at_path(row, column);
    auto value = v == nullptr ? std::nullopt : typed(*v, facts[i].type);
    const auto out_of_sight = is_out_of_sight(row, facts[i].parents);
    if (!value || !out_of_sight)
      return not_understood(request, "row " + seen.id.value + " does not show column " + column + ".");
    seen.columns[column] = *std::move(value);
    if (*out_of_sight) {
      seen.hidden.push_back(column);
      seen.of_hidden_records.push_back(column);
    }
  }
  if (!shape.key_column.empty()) {
    const json::Value* key = member(row, shape.key_column);
    if (key == nullptr) return not_understood(request, "row " + seen.id.value + " does not show " + shape.key_column);
    seen.key = BridgeKey(text::trim(key->text()));
  }
  return seen;
}

// The name of a type for people, by Salesforce's own name of it.
std::string type_name(std::string_view wire) {
  if (wire == "boolean" || wire == "date" || wire == "reference") return std::string(wire);
  if (wire == "datetime") return "instant";
  if (wire == "picklist" || wire == "multipicklist") return "picklist";
  constexpr std::array<std::string_view, 5> kNumbers = {"currency", "double", "int", "percent", "long"};
  return std::find(kNumbers.begin(), kNumbers.end(), wire) != kNumbers.end() ? "number" : "text";
}

bool flag(const json::Value& object, std::string_view name) {
  const json::Value* v = object.find(name);
  return v != nullptr && v->as_bool();
}

DescribedColumn read_column(const json::Value& field) {
  DescribedColumn c;
  c.wire_type = field.text_of("type");
  c.createable = flag(field, "createable");
  c.updateable = flag(field, "updateable");
  c.external_id = flag(field, "externalId");
  c.unique = flag(field, "unique");
  c.relationship = field.text_of("relationshipName");
  if (const json::Value* to = field.find("referenceTo"); to != nullptr && !to->items().empty()) {
    c.refers_to = to->items().front().text();
  }
  c.info.name = field.text_of("name");
  c.info.label = field.text_of("label");
  c.info.type = type_name(c.wire_type);
  if (const json::Value* length = field.find("length"))
    c.info.length = static_cast<int>(length->as_integer().value_or(0));
  c.info.writable = c.createable || c.updateable;
  c.info.required = c.createable && !flag(field, "nillable") && !flag(field, "defaultedOnCreate");
  if (const json::Value* values = field.find("picklistValues")) {
    for (const json::Value& v : values->items()) {
      if (flag(v, "active")) c.info.values.push_back(v.text_of("value"));
    }
  }
  return c;
}

std::vector<ServerError> read_error_list(const json::Value& list) {
  std::vector<ServerError> errors;
  for (const json::Value& e : list.items()) {
    if (!e.is_object()) continue;
    ServerError error;
    // Plain errors say `errorCode`, rows of a collection say `statusCode`.
    error.code = e.text_of("errorCode");
    if (error.code.empty()) error.code = e.text_of("statusCode");
    error.message = net::detail_of(e.text_of("message"));
    if (const json::Value* fields = e.find("fields")) {
      for (const json::Value& f : fields->items()) {
        if (f.is_string()) error.fields.push_back(f.text());
      }
    }
    if (!error.code.empty()) errors.push_back(std::move(error));
  }
  return errors;
}

}  // namespace

std::vector<ParentPath> parents_of(std::string_view column) {
  std::vector<ParentPath> parents;
  for (std::size_t dot = column.find('.'); dot != std::string_view::npos; dot = column.find('.', dot + 1)) {
    const std::string path(column.substr(0, dot));
    // A person account's own relationships end in __pr, and its columns in __pc.
    const std::string end = text::lower_ascii(path.substr(path.rfind('.') + 1));
    const bool custom = text::ends_with(end, "__r") || text::ends_with(end, "__pr");
    parents.push_back({path, custom ? path.substr(0, path.size() - 1) + "c" : path + "Id"});
  }
  return parents;
}

std::optional<TextType> standard_text_type(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  const std::string_view name = dot == std::string_view::npos ? path : path.substr(dot + 1);
  const std::string lower = text::lower_ascii(name);
  if (text::ends_with(lower, "__c") || text::ends_with(lower, "__pc")) return std::nullopt;
  constexpr std::array<std::string_view, 2> kDates = {"CloseDate", "LastActivityDate"};
  constexpr std::array<std::string_view, 8> kInstants = {
      "CreatedDate",    "LastModifiedDate",   "SystemModstamp", "LastStageChangeDate",
      "LastViewedDate", "LastReferencedDate", "LastLoginDate",  "LastPasswordChangeDate"};
  const auto is_name = [name](std::string_view n) { return text::equals_ignore_case(n, name); };
  if (std::any_of(kDates.begin(), kDates.end(), is_name)) return TextType::date;
  if (std::any_of(kInstants.begin(), kInstants.end(), is_name)) return TextType::instant;
  return TextType::text;
}

namespace {

Result<json::Value> understood(tl::expected<json::Value, json::ReadError> value, const std::string& body,
                               const std::string& request) {
  if (value) return *std::move(value);
  const std::string start = text::lower_ascii(text::trim(std::string_view(body).substr(0, 200)));
  Error e = not_understood(request, text::starts_with(start, "<") ? "it is a web page, not data."
                                    : start.empty()               ? "it is empty."
                                                                  : "it is not JSON (" + value.error().message + ").");
  return e;
}

}  // namespace

Result<json::Value> read_body(const std::string& body, const std::string& request) {
  return understood(json::read(body), body, request);
}

Result<QueryPage> read_page(const std::string& body, const RowShape& shape, const std::string& request,
                            std::optional<Instant> digest_from) {
  QueryPage page;
  std::vector<ColumnFacts> facts;
  for (const std::string& column : shape.columns) facts.push_back({type_of(column, shape.types), parents_of(column)});
  std::optional<Error> bad_row;
  const auto take = [&](const json::Value& row) {
    if (bad_row) return;
    auto seen = read_row(row, shape, facts, request);
    if (!seen) {
      bad_row = std::move(seen.error());
      return;
    }
    const bool wanted =
        digest_from && parse_instant(row.text_of("SystemModstamp")).value_or(*digest_from) >= *digest_from;
    page.digests.push_back(wanted ? digest_of(row) : "");
    page.rows.push_back(*std::move(seen));
  };
  auto root = understood(json::read_list(body, "records", take), body, request);
  if (!root) return std::move(root.error());
  const json::Value* records = root->find("records");
  if (records == nullptr || !records->is_array()) return not_understood(request, "it has no list of records.");
  if (bad_row) return *std::move(bad_row);
  page.next = root->text_of("nextRecordsUrl");
  const json::Value* done = root->find("done");
  if (done == nullptr || !done->is_bool()) return not_understood(request, "it does not say whether it is complete.");
  if (!done->as_bool() && page.next.empty()) return not_understood(request, "the address of the next page is missing.");
  if (done->as_bool()) page.next.clear();
  return page;
}

Result<Columns> read_row_like(const json::Value& row, const Columns& expected, const std::string& request) {
  Columns present;
  for (const auto& [column, value] : expected) {
    const json::Value* v = at_path(row, column);
    TextType type = std::holds_alternative<Date>(value)      ? TextType::date
                    : std::holds_alternative<Instant>(value) ? TextType::instant
                                                             : TextType::text;
    // Where nothing was there before, something may be there now: a standard column knows its type.
    if (is_blank(value)) type = standard_text_type(column).value_or(TextType::text);
    auto now = v == nullptr ? std::nullopt : typed(*v, type);
    if (!now) return not_understood(request, "a row does not show column " + column + ".");
    present[column] = *std::move(now);
  }
  return present;
}

std::vector<ServerError> read_errors(const std::string& body) {
  const auto value = json::read(body);
  if (!value) return {};
  if (value->is_array()) return read_error_list(*value);
  // The token endpoint and a few gateways answer with one object.
  if (!value->text_of("error").empty()) {
    return {{value->text_of("error"), net::detail_of(value->text_of("error_description")), {}}};
  }
  if (value->is_object() && !value->text_of("errorCode").empty()) {
    json::Value list = json::Value::array();
    list.append(*value);
    return read_error_list(list);
  }
  return {};
}

Result<std::vector<WriteResult>> read_write_results(const json::Value& body, const std::string& request) {
  if (!body.is_array()) return not_understood(request, "it is not a list of results.");
  std::vector<WriteResult> results;
  for (const json::Value& item : body.items()) {
    const json::Value* success = item.find("success");
    if (success == nullptr || !success->is_bool())
      return not_understood(request, "a result does not say whether it succeeded.");
    WriteResult r;
    r.success = success->as_bool();
    r.id = item.text_of("id");
    if (!r.id.empty()) r.id = normal_salesforce_id(r.id);
    if (const json::Value* errors = item.find("errors")) r.errors = read_error_list(*errors);
    results.push_back(std::move(r));
  }
  return results;
}

Result<std::vector<CompositeAnswer>> read_composite(const json::Value& body, const std::string& request) {
  const json::Value* list = body.find("compositeResponse");
  if (list == nullptr || !list->is_array()) return not_understood(request, "it has no list of answers.");
  std::vector<CompositeAnswer> answers;
  for (const json::Value& item : list->items()) {
    const json::Value* status = item.find("httpStatusCode");
    const json::Value* inner = item.find("body");
    if (status == nullptr || !status->as_integer()) return not_understood(request, "an answer in it has no status.");
    answers.push_back({item.text_of("referenceId"), static_cast<int>(*status->as_integer()),
                       inner == nullptr ? json::Value::null() : *inner});
  }
  return answers;
}

Result<DescribedObject> read_describe(const std::string& body, const std::string& request) {
  auto root = read_body(body, request);
  if (!root) return std::move(root.error());
  const json::Value* fields = root->find("fields");
  if (fields == nullptr || !fields->is_array()) return not_understood(request, "it lists no columns.");
  DescribedObject object;
  object.createable = flag(*root, "createable");
  object.updateable = flag(*root, "updateable");
  object.columns.reserve(fields->items().size());
  for (const json::Value& f : fields->items()) {
    object.columns.push_back(read_column(f));
    if (object.columns.back().info.name.empty()) return not_understood(request, "a column has no name.");
  }
  return object;
}

Result<std::vector<DescribedRecordType>> read_record_types(const std::string& body, const std::string& request) {
  auto root = read_body(body, request);
  if (!root) return std::move(root.error());
  std::vector<DescribedRecordType> types;
  const json::Value* infos = root->find("recordTypeInfos");
  if (infos == nullptr || !infos->is_array()) return types;
  for (const json::Value& info : infos->items()) {
    if (!flag(info, "active") || flag(info, "master")) continue;
    DescribedRecordType type;
    type.id = info.text_of("recordTypeId");
    type.entry.name = info.text_of("developerName");
    type.entry.label = info.text_of("name");
    if (type.entry.name.empty()) type.entry.name = type.entry.label;
    type.id = normal_salesforce_id(type.id);
    if (!is_salesforce_id(type.id)) return not_understood(request, "a record type has no id.");
    type.entry.column = "RecordType.DeveloperName";
    type.entry.known_by = {
        {type.entry.column, type.entry.name}, {"RecordTypeId", type.id}, {"RecordType.Name", type.entry.label}};
    types.push_back(std::move(type));
  }
  return types;
}

Result<std::vector<std::string>> read_picklist_values(const std::string& body, const std::string& request) {
  auto root = read_body(body, request);
  if (!root) return std::move(root.error());
  const json::Value* values = root->find("values");
  if (values == nullptr || !values->is_array()) return not_understood(request, "it lists no values.");
  std::vector<std::string> names;
  for (const json::Value& value : values->items()) names.push_back(value.text_of("value"));
  return names;
}

Result<std::vector<StageEntry>> read_stages(const std::string& body, const std::string& request) {
  auto root = read_body(body, request);
  if (!root) return std::move(root.error());
  const json::Value* records = root->find("records");
  if (records == nullptr || !records->is_array()) return not_understood(request, "it has no list of records.");
  std::vector<StageEntry> stages;
  for (const json::Value& row : records->items()) {
    StageEntry s;
    s.id = row.text_of("ApiName");
    s.label = row.text_of("MasterLabel");
    s.record = row.text_of("Id");
    if (s.id.empty()) return not_understood(request, "a stage has no name.");
    s.active = flag(row, "IsActive");
    s.closed = flag(row, "IsClosed");
    s.won = flag(row, "IsWon");
    const auto whole = [&row](std::string_view name) -> std::optional<int> {
      const json::Value* v = row.find(name);
      if (v == nullptr || !v->is_number()) return std::nullopt;
      // A percentage may be written as 10.0.
      const std::string digits = v->text().substr(0, v->text().find('.'));
      const auto n = json::Value::number(digits).as_integer();
      return n ? std::optional<int>(static_cast<int>(*n)) : std::nullopt;
    };
    s.position = whole("SortOrder").value_or(0);
    s.probability = whole("DefaultProbability");
    stages.push_back(std::move(s));
  }
  return stages;
}

Result<json::Value> written_value(const std::string& column, std::optional<TextType> type, const Value& v) {
  if (is_blank(v)) return json::Value::null();
  if (const auto* b = std::get_if<bool>(&v)) return json::Value::boolean(*b);
  if (const auto* s = std::get_if<std::string>(&v)) return json::Value::string(*s);
  if (const auto* n = std::get_if<Number>(&v)) return json::Value::number(n->text);
  if (const auto* m = std::get_if<Money>(&v)) return json::Value::number(amount_of(*m).text);
  if (const auto* d = std::get_if<Date>(&v)) {
    return json::Value::string(type == TextType::instant ? to_string(start_of(*d)) : to_string(*d));
  }
  if (const auto* t = std::get_if<Instant>(&v)) {
    return json::Value::string(type == TextType::date ? to_string(date_of(*t)) : to_string(*t));
  }
  return make_error(ErrorClass::config, "Column " + column + " of Salesforce cannot hold this kind of value (" +
                                            display(v) + "). Change the mapping.");
}

}  // namespace cosell::salesforce
