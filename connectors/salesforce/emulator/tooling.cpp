// The Tooling API as far as a set-up needs it: which custom fields an object has, and creating one. As in a real org a
// field that comes this way is hidden from API users until a permission set that is assigned to them shows it.
#include <algorithm>

#include "base/text.h"
#include "connectors/emulator/toolkit.h"
#include "connectors/salesforce/emulator/api.h"
#include "connectors/salesforce/emulator/query.h"

namespace cosell::emulator::salesforce {

namespace {

bool may_customize(const State& state) { return !lacks_permission(state, "CustomizeApplication"); }

// Without the permission the metadata objects do not exist for the user.
Answer no_such_object() { return refuse(400, "INVALID_TYPE", "sObject type 'CustomField' is not supported."); }

const Json* member(const Json& object, const char* name) {
  const auto it = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && it != object.end() ? &*it : nullptr;
}

std::string text_in(const Json& object, const char* name) {
  const Json* value = member(object, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

std::int64_t whole_number(const Json& object, const char* name) {
  const Json* value = member(object, name);
  return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

bool flag_in(const Json& object, const char* name) {
  const Json* value = member(object, name);
  return value != nullptr && *value == Json(true);
}

bool is_missing(const State& state, const Object& object, const Field& field) {
  const auto& missing = state.settings.missing_columns;
  return std::any_of(missing.begin(), missing.end(), [&](const std::string& name) {
    return name == field.name || name == object.name + "." + field.name;
  });
}

// The object that `TableEnumOrId = '…'` names.
std::string table_asked(const soql::Condition& condition) {
  for (const soql::Condition& part : condition.parts) {
    if (const std::string found = table_asked(part); !found.empty()) return found;
  }
  const bool names_table = condition.kind == soql::Condition::Kind::compare && condition.field.names.size() == 1 &&
                           text::equals_ignore_case(condition.field.names.front(), "TableEnumOrId") &&
                           condition.values.size() == 1;
  if (!names_table) return "";
  const auto* name = std::get_if<std::string>(&condition.values.front().value);
  return name == nullptr ? "" : *name;
}

Answer query_fields(const Call& call) {
  const auto parsed = soql::parse(call.parameter("q"));
  if (!parsed) return refuse(parsed.error());
  if (!text::equals_ignore_case(parsed->from, "CustomField") || !may_customize(call.state)) return no_such_object();
  const Object* object =
      parsed->where ? call.state.model.schema().find(table_asked(*parsed->where)) : static_cast<const Object*>(nullptr);
  Json records = Json::array();
  if (object != nullptr) {
    for (const Field& f : object->fields) {
      if (!f.custom || is_missing(call.state, *object, f)) continue;
      records.push_back(Json{{"attributes", Json{{"type", "CustomField"}}},
                             {"DeveloperName", f.name.substr(0, f.name.size() - 3)},
                             {"TableEnumOrId", object->name}});
    }
  }
  const std::size_t count = records.size();
  Answer answer;
  answer.body = Json{{"size", count}, {"totalSize", count}, {"done", true}, {"records", std::move(records)}};
  return answer;
}

// In words of the emulator's own: what a real org says to the wrong member is not known.
Outcome<std::string> pick_name(const State& state, const Json& value) {
  const std::string& taken = state.settings.picklist_member;
  for (const char* member : {"fullName", "valueName"}) {
    const std::string name = text_in(value, member);
    if (name.empty()) continue;
    if (taken == "both" || taken == member) return name;
    return fail("JSON_PARSER_ERROR", "Unrecognized field \"" + std::string(member) + "\" of CustomValue");
  }
  return fail("REQUIRED_FIELD_MISSING", "Required fields are missing: [FullName]");
}

Outcome<std::vector<PickValue>> picks_of(const State& state, const Json& metadata) {
  std::vector<PickValue> picks;
  const Json* set = member(metadata, "valueSet");
  const Json* definition = set == nullptr ? nullptr : member(*set, "valueSetDefinition");
  const Json* values = definition == nullptr ? nullptr : member(*definition, "value");
  if (values == nullptr || !values->is_array()) return picks;
  for (const Json& v : *values) {
    const auto name = pick_name(state, v);
    if (!name) return tl::unexpected<ApiErrors>(name.error());
    picks.push_back({*name, text_in(v, "label")});
  }
  return picks;
}

// The field that the metadata describe, or the words of the refusal.
Outcome<Field> field_from(const State& state, const std::string& name, const Json& metadata) {
  struct Kind {
    const char* type;
    const char* kind;
  };
  static constexpr Kind kKinds[] = {{"Text", "text"},     {"LongTextArea", "longtext"}, {"Checkbox", "checkbox"},
                                    {"Url", "url"},       {"DateTime", "datetime"},     {"Date", "date"},
                                    {"Number", "number"}, {"Picklist", "picklist"}};
  const std::string type = text_in(metadata, "type");
  const auto* known = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return type == k.type; });
  if (known == std::end(kKinds)) return fail("FIELD_INTEGRITY_EXCEPTION", "Invalid field type: " + type, {"Metadata"});
  if (text_in(metadata, "label").empty()) return fail("REQUIRED_FIELD_MISSING", "Required fields are missing: [Label]");
  const std::int64_t length = whole_number(metadata, "length");
  const std::int64_t longest = type == "Text" ? 255 : 131072;
  if ((type == "Text" || type == "LongTextArea") && (length < 1 || length > longest)) {
    return fail("FIELD_INTEGRITY_EXCEPTION", "Length must be between 1 and " + std::to_string(longest), {"Metadata"});
  }
  if (type == "LongTextArea" && whole_number(metadata, "visibleLines") < 2) {
    return fail("FIELD_INTEGRITY_EXCEPTION", "Must specify 'visibleLines' for a CustomField of type LongTextArea",
                {"Metadata"});
  }
  auto picks = picks_of(state, metadata);
  if (!picks) return tl::unexpected<ApiErrors>(picks.error());
  Field field = *custom_field(name, known->kind, *std::move(picks));
  field.label = text_in(metadata, "label");
  if (length > 0) field.length = static_cast<int>(length);
  field.unique = flag_in(metadata, "unique");
  field.external_id = field.id_lookup = flag_in(metadata, "externalId");
  field.restricted = type == "Picklist";
  field.needs_permission = true;
  return field;
}

Answer create_field(Call& call) {
  if (!may_customize(call.state)) return no_such_object();
  const std::string full_name = text_in(call.body, "FullName");
  const std::size_t dot = full_name.find('.');
  const Object* object = call.state.model.schema().find(full_name.substr(0, dot));
  const std::string name = dot == std::string::npos ? "" : full_name.substr(dot + 1);
  if (object == nullptr || name.size() < 4 || !text::ends_with(name, "__c")) {
    return refuse(400, "FIELD_INTEGRITY_EXCEPTION", "Invalid full name: " + full_name, {"FullName"});
  }
  const Json* metadata = member(call.body, "Metadata");
  auto field = field_from(call.state, name, metadata == nullptr ? Json::object() : *metadata);
  if (!field) return refuse(field.error());
  Object& target = call.state.model.schema().get(object->name);
  if (const auto present = target.find_hidden_too(name)) {
    if (!is_missing(call.state, target, target.fields[*present])) {
      return refuse(400, "DUPLICATE_DEVELOPER_NAME",
                    "There is already a field named " + name.substr(0, name.size() - 3) + " on " + target.label + ".");
    }
    target.fields[*present] = std::move(*field);
    auto& missing = call.state.settings.missing_columns;
    missing.erase(std::remove_if(missing.begin(), missing.end(),
                                 [&](const std::string& m) { return m == name || m == target.name + "." + name; }),
                  missing.end());
  } else {
    target.add(std::move(*field));
  }
  call.state.model.table(target).reindex();
  apply_visibility(call.state, call.now);
  Answer answer;
  answer.status = 201;
  answer.body = Json{{"id", to_18("00N" + random_text(call.random, 12))},
                     {"success", true},
                     {"errors", Json::array()},
                     {"warnings", Json::array()}};
  return answer;
}

}  // namespace

Answer tooling(Call& call) {
  if (call.path.size() == 2 && call.path[1] == "query") {
    return call.method == "GET" ? query_fields(call) : wrong_method(call, "GET");
  }
  const bool fields = call.path.size() == 3 && call.path[1] == "sobjects" && call.path[2] == "CustomField";
  if (!fields) return not_found();
  return call.method == "POST" ? create_field(call) : wrong_method(call, "POST");
}

}  // namespace cosell::emulator::salesforce
