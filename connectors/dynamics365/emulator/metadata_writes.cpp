// Creating columns and alternate keys through the metadata resources, and publishing. As in a real organisation a name
// must begin with the prefix of a publisher, and a role decides who may do it (prvCreateAttribute).
#include <algorithm>

#include "base/text.h"
#include "connectors/dynamics365/emulator/api.h"
#include "connectors/dynamics365/emulator/metadata_json.h"

namespace cosell::emulator::dynamics365 {

namespace {

const Json* inner(const Json& object, const char* name) {
  const auto it = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && it != object.end() ? &*it : nullptr;
}

std::string text_inside(const Json& object, const char* name) {
  const Json* value = inner(object, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

std::optional<std::int64_t> number_inside(const Json& object, const char* name) {
  const Json* value = inner(object, name);
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  return value->get<std::int64_t>();
}

// The first localised label.
std::string label_inside(const Json& object, const char* name) {
  const Json* label = inner(object, name);
  const Json* list = label == nullptr ? nullptr : inner(*label, "LocalizedLabels");
  return list == nullptr || !list->is_array() || list->empty() ? "" : text_inside(list->front(), "Label");
}

tl::unexpected<ApiError> bad_attribute(const std::string& message) { return fail(400, "0x80048403", message); }

bool is_missing_column(const State& state, const std::string& table, const std::string& column) {
  return names_column(state.settings.missing_columns, table, column);
}

// Prefixes that columns may begin with: those of the publishers.
bool is_known_prefix(State& state, const std::string& name) {
  const Table& publishers = state.model.schema().get("publisher");
  for (const RowPtr& row : state.model.rows(publishers).all()) {
    if (row == nullptr) continue;
    const auto* prefix = std::get_if<std::string>(&row->cell(publishers.at("customizationprefix")));
    if (prefix != nullptr && text::starts_with(name, *prefix + "_")) return true;
  }
  return false;
}

Outcome<std::vector<Option>> options_inside(const Json& attribute) {
  const Json* set = inner(attribute, "OptionSet");
  const Json* list = set == nullptr ? nullptr : inner(*set, "Options");
  if (list == nullptr || !list->is_array() || list->empty()) return bad_attribute("A choice needs options.");
  std::vector<Option> options;
  for (const Json& entry : *list) {
    const auto value = number_inside(entry, "Value");
    if (!value || label_inside(entry, "Label").empty()) return bad_attribute("Every option needs a value and a label.");
    Option option;
    option.value = *value;
    option.label.english = label_inside(entry, "Label");
    options.push_back(std::move(option));
  }
  return options;
}

Outcome<Column> column_from(const Json& attribute) {
  struct Kind {
    const char* type;
    const char* kind;
    std::int64_t longest;  // 0: has no length
  };
  static constexpr Kind kKinds[] = {{"String", "text", 4000},    {"Memo", "memo", 1048576},   {"Boolean", "boolean", 0},
                                    {"DateTime", "datetime", 0}, {"Picklist", "picklist", 0}, {"Integer", "integer", 0},
                                    {"Decimal", "decimal", 0},   {"Money", "money", 0}};
  std::string type = text_inside(attribute, "@odata.type");
  type = text::replace_all(text::replace_all(type, "Microsoft.Dynamics.CRM.", ""), "#", "");
  const auto* known = std::find_if(std::begin(kKinds), std::end(kKinds),
                                   [&](const Kind& k) { return type == std::string(k.type) + "AttributeMetadata"; });
  if (known == std::end(kKinds)) return bad_attribute("The attribute type '" + type + "' cannot be created.");
  if (label_inside(attribute, "DisplayName").empty()) return bad_attribute("DisplayName is required.");
  const std::string schema_name = text_inside(attribute, "SchemaName");
  Column column = *custom_column(text::lower_ascii(schema_name), known->kind);
  column.schema_name = schema_name;
  column.label.english = label_inside(attribute, "DisplayName");
  if (known->longest > 0) {
    const auto length = number_inside(attribute, "MaxLength");
    if (!length || *length < 1 || *length > known->longest) {
      return bad_attribute("MaxLength must be between 1 and " + std::to_string(known->longest) + ".");
    }
    column.max_length = static_cast<int>(*length);
  }
  const Json* format = inner(attribute, "FormatName");
  if (format != nullptr) column.format = text_inside(*format, "Value");
  if (column.type == Type::choice) {
    auto options = options_inside(attribute);
    if (!options) return tl::unexpected<ApiError>(options.error());
    column.options = *std::move(options);
  }
  return column;
}

Answer created(const Call& call, const Table& table, const std::string& what, const std::string& name) {
  Answer answer = no_content();
  answer.headers.set("OData-EntityId", call.context.root + "EntityDefinitions(LogicalName='" + table.name + "')/" +
                                           what + "(LogicalName='" + name + "')");
  return answer;
}

// In place of a column that the organisation lacks by switch, or as a new one.
void put_column(State& state, Table& table, Column column, Instant now) {
  const std::string name = column.name;
  if (const auto present = table.find_hidden_too(name)) {
    table.columns[*present] = std::move(column);
    auto& missing = state.settings.missing_columns;
    missing.erase(std::remove_if(missing.begin(), missing.end(),
                                 [&](const std::string& m) { return m == name || m == table.name + "." + name; }),
                  missing.end());
    const std::uint16_t place = *present;
    auto& keys = table.keys;
    keys.erase(std::remove_if(keys.begin(), keys.end(),
                              [&](const AlternateKey& k) {
                                return std::find(k.columns.begin(), k.columns.end(), place) != k.columns.end();
                              }),
               keys.end());
  } else {
    table.add(std::move(column));
  }
  state.model.rows(table).reindex();
  apply_settings(state, now);
}

}  // namespace

bool is_key_visible(const Table& table, const AlternateKey& key) {
  return std::none_of(key.columns.begin(), key.columns.end(),
                      [&](std::uint16_t column) { return table.columns[column].hidden; });
}

Answer create_column(Call& call, const std::string& table_name) {
  if (auto allowed = need_named_privilege(call, "prvCreateAttribute"); !allowed) return refuse(allowed.error());
  const auto body = json_body(call);
  if (!body) return refuse(body.error());
  auto column = column_from(*body);
  if (!column) return refuse(column.error());
  State& state = call.state();
  Table& table = state.model.schema().get(table_name);
  if (!is_known_prefix(state, column->name)) {
    return refuse(400, "0x8004f00f",
                  "The name '" + column->name + "' does not begin with the customization prefix of a publisher.");
  }
  const bool present = table.find_hidden_too(column->name).has_value();
  if (present && !is_missing_column(state, table.name, column->name)) {
    return refuse(400, "0x80047013",
                  "An attribute with the specified name " + column->name + " already exists for entity " + table.name);
  }
  const std::string name = column->name;
  keep_definitions(state, call.context.now);
  put_column(state, table, *std::move(column), call.context.now);
  return created(call, table, "Attributes", name);
}

Answer create_key(Call& call, const std::string& table_name) {
  if (auto allowed = need_named_privilege(call, "prvCreateAttribute"); !allowed) return refuse(allowed.error());
  const auto body = json_body(call);
  if (!body) return refuse(body.error());
  const Json* attributes = inner(*body, "KeyAttributes");
  const std::string name = text::lower_ascii(text_inside(*body, "SchemaName"));
  if (attributes == nullptr || !attributes->is_array() || attributes->empty() || name.empty()) {
    return refuse(400, "0x80048403", "A key needs SchemaName and KeyAttributes.");
  }
  AlternateKey key;
  key.name = name;
  key.label = label_inside(*body, "DisplayName");
  const Table& shown = shown_to(call).schema.get(table_name);
  for (const Json& attribute : *attributes) {
    const auto column = attribute.is_string() ? shown.find(attribute.get<std::string>()) : std::nullopt;
    if (!column) return refuse(400, "0x80041103", "The key names an attribute that does not exist.");
    key.columns.push_back(*column);
  }
  Table& target = call.state().model.schema().get(table_name);
  const bool taken = std::any_of(target.keys.begin(), target.keys.end(),
                                 [&](const AlternateKey& k) { return k.name == name || k.columns == key.columns; });
  if (taken) return refuse(400, "0x80047013", "An alternate key with these attributes already exists.");
  keep_definitions(call.state(), call.context.now);
  target.keys.push_back(std::move(key));
  call.state().model.rows(target).reindex();
  return created(call, target, "Keys", name);
}

Answer publish(Call& call) {
  if (auto allowed = need_named_privilege(call, "prvPublishCustomization"); !allowed) return refuse(allowed.error());
  const auto body = json_body(call);
  if (!body) return refuse(body.error());
  if (text_inside(*body, "ParameterXml").find("<importexportxml>") == std::string::npos) {
    return refuse(400, "0x80048d19", "The parameter 'ParameterXml' is missing.");
  }
  return no_content();
}

}  // namespace cosell::emulator::dynamics365
