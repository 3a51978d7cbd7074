// Metadata resources: tables, columns, choices and alternate keys as JSON, with $select, $filter and $expand applied to
// that JSON. Answers are never paged.
#include <algorithm>

#include "base/text.h"
#include "connectors/dynamics365/emulator/api.h"
#include "connectors/dynamics365/emulator/expression.h"
#include "connectors/dynamics365/emulator/metadata_json.h"

namespace cosell::emulator::dynamics365 {

namespace {

Value value_at(const Json& object, const std::vector<std::string>& path) {
  const Json* at = &object;
  for (const std::string& part : path) {
    const auto it = at->is_object() ? at->find(part) : at->end();
    if (it == at->end()) return {};
    at = &*it;
  }
  if (at->is_boolean()) return at->get<bool>();
  if (at->is_number_integer()) return at->get<std::int64_t>();
  if (at->is_number()) return at->get<double>();
  if (!at->is_string()) return {};
  const std::string text = at->get<std::string>();
  if (const auto id = parse_guid(text)) return *id;
  return text;
}

// Keeps the selected properties; MetadataId always comes back.
Json select_from(const Json& full, const std::string& select) {
  Json out = Json::object();
  for (const std::string& part : text::split(select, ',')) {
    const auto it = full.find(text::trim(part));
    if (it != full.end()) out[it.key()] = it.value();
  }
  out["MetadataId"] = full.value("MetadataId", "");
  return out;
}

Outcome<void> check_select(const Json& full, const std::string& select, const std::string& type) {
  for (const std::string& part : text::split(select, ',')) {
    if (full.contains(text::trim(part))) continue;
    return fail(400, "0x80060888",
                "Could not find a property named '" + text::trim(part) + "' on type '" + type + "'.");
  }
  return {};
}

// "OptionSet($select=Options)" to name and inner options.
std::vector<std::pair<std::string, std::string>> expansions_of(const std::string& expand) {
  std::vector<std::pair<std::string, std::string>> list;
  int depth = 0;
  std::string item;
  for (const char c : expand + ",") {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c != ',' || depth > 0) {
      item += c;
      continue;
    }
    const std::size_t open = item.find('(');
    if (!text::trim(item).empty()) {
      list.emplace_back(text::trim(item.substr(0, open)),
                        open == std::string::npos ? "" : item.substr(open + 1, item.rfind(')') - open - 1));
    }
    item.clear();
  }
  return list;
}

std::string inner_select(const std::string& options) {
  for (const std::string& option : text::split(options, ';')) {
    if (text::starts_with(option, "$select=")) return option.substr(8);
  }
  return "";
}

// One object or a list of them, shaped by the query options.
class Shaper {
 public:
  Shaper(const Call& call, std::string type) : call_(call), type_(std::move(type)) {}

  // `related` answers the value of an expandable property, or nothing when there is no such property.
  using Related = std::function<std::optional<Json>(const Json& full, const std::string& name)>;

  Outcome<Json> one(const Json& full, const Related& related) const {
    const auto select = call_.option("$select");
    if (select) {
      if (auto fine = check_select(full, *select, type_); !fine) return tl::unexpected<ApiError>(fine.error());
    }
    Json out = select ? select_from(full, *select) : full;
    const auto odata_type = full.find("@odata.type");
    if (select && odata_type != full.end()) out["@odata.type"] = *odata_type;
    for (const auto& expansion : expansions_of(call_.option("$expand").value_or(""))) {
      auto value = related(full, expansion.first);
      if (!value) {
        return fail(400, "0x80060888",
                    "Could not find a property named '" + expansion.first + "' on type '" + type_ + "'.");
      }
      const std::string inner = inner_select(expansion.second);
      if (!inner.empty() && value->is_object()) value = select_from(*value, inner);
      if (!inner.empty() && value->is_array()) {
        for (Json& item : *value) item = select_from(item, inner);
      }
      out[expansion.first] = std::move(*value);
    }
    return out;
  }

  Outcome<Json> many(const std::vector<Json>& all, const Related& related) const {
    std::optional<Expression> filter;
    if (const auto text = call_.option("$filter")) {
      auto parsed =
          parse_expression(*text, call_.context.now, [&](const std::string& name) { return call_.option(name); });
      if (!parsed) return tl::unexpected<ApiError>(parsed.error());
      filter = std::move(*parsed);
    }
    Json list = Json::array();
    for (const Json& full : all) {
      const auto get = [&](const Operand& o) { return o.literal ? o.value : value_at(full, o.path); };
      if (filter && !holds(*filter, get)) continue;
      auto shaped = one(full, related);
      if (!shaped) return shaped;
      list.push_back(std::move(*shaped));
    }
    return list;
  }

 private:
  const Call& call_;
  std::string type_;
};

Answer listed(const Call& call, const std::string& context, Outcome<Json> value) {
  if (!value) return refuse(value.error());
  return with_body(Json{{"@odata.context", call.context.root + "$metadata#" + context}, {"value", std::move(*value)}});
}

Answer single(const Call& call, const std::string& context, Outcome<Json> value) {
  if (!value) return refuse(value.error());
  Json body{{"@odata.context", call.context.root + "$metadata#" + context + "/$entity"}};
  for (auto& item : value->items()) body[item.key()] = std::move(item.value());
  return with_body(std::move(body));
}

Answer missing(const std::string& what) { return refuse(404, "0x80060888", what + " could not be found."); }

// The object whose property, or MetadataId, the segment names.
const Json* pick(const std::vector<Json>& all, const Segment& segment, const char* property) {
  if (segment.arguments.size() != 1) return nullptr;
  const auto& argument = segment.arguments.front();
  const auto literal = parse_literal(argument.second);
  const std::string key = argument.first.empty() ? "MetadataId" : argument.first;
  if (!literal || (key != property && key != "MetadataId")) return nullptr;
  const auto it = std::find_if(all.begin(), all.end(), [&](const Json& item) {
    const Value value = value_at(item, {key});
    return value.index() == literal->index() && compare_values(value, *literal) == 0;
  });
  return it == all.end() ? nullptr : &*it;
}

const Table* table_named(const Call& call, const Segment& segment) {
  std::vector<Json> all;
  for (const Table& table : shown_to(call).schema.tables()) all.push_back(table_json(call.state(), table));
  const Json* found = pick(all, segment, "LogicalName");
  return found == nullptr ? nullptr : shown_to(call).schema.find(found->value("LogicalName", ""));
}

// Columns of a table, those of one derived type only when a cast is given.
Outcome<std::vector<Json>> columns_of(const State& state, const Table& table, const std::string& cast) {
  std::vector<Json> all;
  static const std::vector<std::string> kTypes = {"StringAttributeMetadata",   "MemoAttributeMetadata",
                                                  "PicklistAttributeMetadata", "StateAttributeMetadata",
                                                  "StatusAttributeMetadata",   "BooleanAttributeMetadata",
                                                  "IntegerAttributeMetadata",  "BigIntAttributeMetadata",
                                                  "DecimalAttributeMetadata",  "MoneyAttributeMetadata",
                                                  "DateTimeAttributeMetadata", "LookupAttributeMetadata",
                                                  "AttributeMetadata",         "UniqueIdentifierAttributeMetadata"};
  if (!cast.empty() && std::find(kTypes.begin(), kTypes.end(), cast) == kTypes.end()) {
    return fail(400, "0x80060888", "The type '" + std::string(kNamespace) + cast + "' cannot be used as a cast here.");
  }
  for (const Column& column : table.columns) {
    if (column.hidden) continue;
    const bool derived = !cast.empty() && cast != "AttributeMetadata";
    if (!derived || metadata_type(column) == cast) all.push_back(column_json(state, table, column, derived));
  }
  return all;
}

Shaper::Related options_of(const Call& call, const Table& table) {
  return [&call, &table](const Json& full, const std::string& name) -> std::optional<Json> {
    const auto index = table.find(full.value("LogicalName", ""));
    if (!index || (name != "OptionSet" && name != "GlobalOptionSet")) return std::nullopt;
    const Column& column = table.columns[*index];
    const bool boolean = column.type == Type::boolean;
    if (!column.is_choice() && !boolean) return std::nullopt;
    const bool global = name == "GlobalOptionSet";
    if (global != !column.option_set.empty()) return Json(nullptr);
    return option_set_json(call.state(), table, column);
  };
}

Answer column_resource(const Call& call, const Table& table, std::size_t at) {
  const Segment& segment = call.path[at];
  std::string cast;
  if (at + 1 < call.path.size()) {
    const std::string& next = call.path[at + 1].name;
    if (!text::starts_with(next, kNamespace)) return missing("The segment '" + next + "'");
    cast = next.substr(kNamespace.size());
  }
  const auto all = columns_of(call.state(), table, cast);
  if (!all) return refuse(all.error());
  const std::string type = std::string(kNamespace) + (cast.empty() ? "AttributeMetadata" : cast);
  const Shaper shaper(call, type);
  const std::string context = "EntityDefinitions('" + table.name + "')/Attributes";
  if (!segment.parentheses) {
    return listed(call, context + (cast.empty() ? "" : "/" + type), shaper.many(*all, options_of(call, table)));
  }
  const Json* found = pick(*all, segment, "LogicalName");
  if (found == nullptr) return missing("Could not find an attribute with specified name: the attribute");
  return single(call, context + (cast.empty() ? "" : "/" + type), shaper.one(*found, options_of(call, table)));
}

Shaper::Related parts_of_table(const Call& call) {
  return [&call](const Json& full, const std::string& name) -> std::optional<Json> {
    const Table* table = shown_to(call).schema.find(full.value("LogicalName", ""));
    if (table == nullptr) return std::nullopt;
    Json list = Json::array();
    if (name == "Keys") {
      for (const AlternateKey& key : table->keys) {
        if (is_key_visible(*table, key)) list.push_back(key_json(call.state(), *table, key));
      }
    } else if (name == "Attributes") {
      for (const Column& column : table->columns) {
        if (!column.hidden) list.push_back(column_json(call.state(), *table, column, false));
      }
    } else {
      return std::nullopt;
    }
    return list;
  };
}

Answer table_resource(const Call& call) {
  const Segment& first = call.path.front();
  const Shaper shaper(call, std::string(kNamespace) + "EntityMetadata");
  if (!first.parentheses) {
    std::vector<Json> all;
    for (const Table& table : shown_to(call).schema.tables()) all.push_back(table_json(call.state(), table));
    return listed(call, "EntityDefinitions", shaper.many(all, parts_of_table(call)));
  }
  const Table* table = table_named(call, first);
  if (table == nullptr) return missing("The entity with the given name or MetadataId");
  if (call.path.size() == 1) {
    return single(call, "EntityDefinitions", shaper.one(table_json(call.state(), *table), parts_of_table(call)));
  }
  if (call.path[1].name == "Attributes") return column_resource(call, *table, 1);
  if (call.path[1].name == "Keys") {
    std::vector<Json> keys;
    for (const AlternateKey& key : table->keys) {
      if (is_key_visible(*table, key)) keys.push_back(key_json(call.state(), *table, key));
    }
    const Shaper inner(call, std::string(kNamespace) + "EntityKeyMetadata");
    return listed(call, "EntityDefinitions('" + table->name + "')/Keys",
                  inner.many(keys, [](const Json&, const std::string&) { return std::optional<Json>(); }));
  }
  return missing("The segment '" + call.path[1].name + "'");
}

Answer global_choices(const Call& call) {
  std::vector<Json> all;
  for (const Table& table : shown_to(call).schema.tables()) {
    for (const Column& column : table.columns) {
      if (!column.option_set.empty() && !column.hidden) all.push_back(option_set_json(call.state(), table, column));
    }
  }
  const Shaper shaper(call, std::string(kNamespace) + "OptionSetMetadata");
  const auto none = [](const Json&, const std::string&) { return std::optional<Json>(); };
  const Segment& first = call.path.front();
  if (!first.parentheses) return listed(call, "GlobalOptionSetDefinitions", shaper.many(all, none));
  const Json* found = pick(all, first, "Name");
  if (found == nullptr) return missing("The option set");
  return single(call, "GlobalOptionSetDefinitions", shaper.one(*found, none));
}

}  // namespace

Answer metadata_resource(Call& call) {
  const bool parts =
      call.path.size() == 2 && call.path.front().name == "EntityDefinitions" && !call.path[1].parentheses;
  if (call.method == "POST" && parts) {
    const Table* table = table_named(call, call.path.front());
    if (table == nullptr) return missing("The entity with the given name or MetadataId");
    if (call.path[1].name == "Attributes") return create_column(call, table->name);
    if (call.path[1].name == "Keys") return create_key(call, table->name);
  }
  if (call.method != "GET") {
    return refuse(405, "0x8006088a", "The requested resource does not support http method '" + call.method + "'.");
  }
  return call.path.front().name == "EntityDefinitions" ? table_resource(call) : global_choices(call);
}

}  // namespace cosell::emulator::dynamics365
