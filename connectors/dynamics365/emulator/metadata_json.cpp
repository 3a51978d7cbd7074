// The JSON shapes of metadata; labels in all languages of the organisation, and in the user's own.
#include "connectors/dynamics365/emulator/metadata_json.h"

#include <algorithm>

namespace cosell::emulator::dynamics365 {

namespace {

Json one_label(const std::string& text, std::int64_t language, const std::string& id) {
  return Json{{"Label", text},
              {"LanguageCode", language},
              {"IsManaged", true},
              {"MetadataId", to_string(guid_of(id + std::to_string(language)))},
              {"HasChanged", nullptr}};
}

Json label_json(const State& state, const Label& label, const std::string& id) {
  Json localized = Json::array();
  if (label.english.empty()) return Json{{"LocalizedLabels", localized}, {"UserLocalizedLabel", nullptr}};
  localized.push_back(one_label(label.english, 1033, id));
  if (!label.german.empty()) localized.push_back(one_label(label.german, 1031, id));
  const bool german = state.settings.user_language == 1031 && !label.german.empty();
  return Json{{"LocalizedLabels", std::move(localized)},
              {"UserLocalizedLabel", one_label(label.in(state.settings.user_language), german ? 1031 : 1033, id)}};
}

Json managed(bool value, const char* name) {
  return Json{{"Value", value}, {"CanBeChanged", true}, {"ManagedPropertyLogicalName", name}};
}

const char* type_word(Type type, bool memo_owner, bool customer) {
  switch (type) {
    case Type::id:
      return "Uniqueidentifier";
    case Type::text:
      return "String";
    case Type::memo:
      return "Memo";
    case Type::choice:
      return "Picklist";
    case Type::state:
      return "State";
    case Type::status:
      return "Status";
    case Type::boolean:
      return "Boolean";
    case Type::integer:
      return "Integer";
    case Type::big:
      return "BigInt";
    case Type::decimal:
      return "Decimal";
    case Type::money:
      return "Money";
    case Type::moment:
    case Type::day:
      return "DateTime";
    case Type::lookup:
      return memo_owner ? "Owner" : customer ? "Customer" : "Lookup";
  }
  return "String";
}

void put_derived(Json& out, const Column& c) {
  switch (c.type) {
    case Type::text:
      out["FormatName"] = Json{{"Value", c.format}};
      out["Format"] = c.format;
      out["MaxLength"] = c.max_length;
      out["DatabaseLength"] = c.max_length * 2;
      break;
    case Type::memo:
      out["Format"] = c.format;
      out["MaxLength"] = c.max_length;
      break;
    case Type::integer:
      out["Format"] = c.format;
      out["MinValue"] = static_cast<std::int64_t>(c.least);
      out["MaxValue"] = static_cast<std::int64_t>(c.most);
      break;
    case Type::decimal:
    case Type::money:
      out["MinValue"] = c.least;
      out["MaxValue"] = c.most;
      out["Precision"] = c.precision;
      if (c.type == Type::money) out["PrecisionSource"] = 2;
      break;
    case Type::moment:
    case Type::day:
      out["Format"] = c.format;
      out["DateTimeBehavior"] = Json{{"Value", c.type == Type::day ? "DateOnly" : "UserLocal"}};
      break;
    case Type::lookup: {
      Json targets = Json::array();
      for (const LookupTarget& t : c.targets) targets.push_back(t.table);
      out["Targets"] = std::move(targets);
      break;
    }
    default:
      break;
  }
}

Json option_json(const State& state, const Column& c, const Option& o, const std::string& id) {
  Json out{{"Value", o.value},
           {"Color", nullptr},
           {"IsManaged", !c.custom},
           {"ExternalValue", ""},
           {"MetadataId", nullptr},
           {"HasChanged", nullptr},
           {"Label", label_json(state, o.label, id)},
           {"Description", label_json(state, Label{}, id)}};
  if (c.type == Type::status) {
    out["@odata.type"] = "#Microsoft.Dynamics.CRM.StatusOptionMetadata";
    out["State"] = o.state;
    out["TransitionData"] = nullptr;
  }
  if (c.type == Type::state) {
    out["@odata.type"] = "#Microsoft.Dynamics.CRM.StateOptionMetadata";
    out["InvariantName"] = o.label.english;
    out["DefaultStatus"] = nullptr;
  }
  return out;
}

bool names(const std::vector<std::string>& list, const std::string& column) {
  return std::find(list.begin(), list.end(), column) != list.end();
}

const char* set_type(Type type) {
  if (type == Type::state) return "State";
  if (type == Type::status) return "Status";
  return type == Type::boolean ? "Boolean" : "Picklist";
}

}  // namespace

std::string column_id(const std::string& table, const std::string& column) { return "column " + table + "." + column; }

std::string metadata_type(const Column& column) {
  switch (column.type) {
    case Type::id:
      return "UniqueIdentifierAttributeMetadata";
    case Type::text:
      return "StringAttributeMetadata";
    case Type::memo:
      return "MemoAttributeMetadata";
    case Type::choice:
      return "PicklistAttributeMetadata";
    case Type::state:
      return "StateAttributeMetadata";
    case Type::status:
      return "StatusAttributeMetadata";
    case Type::boolean:
      return "BooleanAttributeMetadata";
    case Type::integer:
      return "IntegerAttributeMetadata";
    case Type::big:
      return "BigIntAttributeMetadata";
    case Type::decimal:
      return "DecimalAttributeMetadata";
    case Type::money:
      return "MoneyAttributeMetadata";
    case Type::moment:
    case Type::day:
      return "DateTimeAttributeMetadata";
    case Type::lookup:
      return "LookupAttributeMetadata";
  }
  return "AttributeMetadata";
}

Json table_json(const State& state, const Table& table) {
  const auto& tracked = state.settings.change_tracking_tables;
  const bool tracking = std::find(tracked.begin(), tracked.end(), table.name) != tracked.end();
  return Json{{"LogicalName", table.name},
              {"SchemaName", table.schema_name},
              {"EntitySetName", table.set},
              {"LogicalCollectionName", table.set},
              {"CollectionSchemaName", table.set},
              {"ObjectTypeCode", table.type_code},
              {"PrimaryIdAttribute", table.columns[table.primary_id].name},
              {"PrimaryNameAttribute", table.columns[table.primary_name].name},
              {"DisplayName", label_json(state, table.label, table.name)},
              {"DisplayCollectionName", label_json(state, table.plural, table.name + " plural")},
              {"Description", label_json(state, Label{}, table.name)},
              {"OwnershipType", !table.owned                       ? "None"
                                : table.find_hidden_too("ownerid") ? "UserOwned"
                                                                   : "OrganizationOwned"},
              {"IsCustomEntity", false},
              {"IsActivity", table.name == "opportunityclose"},
              {"IsBPFEntity", table.process},
              {"IsValidForAdvancedFind", true},
              {"IsOptimisticConcurrencyEnabled", state.settings.optimistic_concurrency},
              {"ChangeTrackingEnabled", tracking},
              {"CanChangeTrackingBeEnabled", managed(true, "canchangetrackingbeenabled")},
              {"MetadataId", to_string(guid_of("table " + table.name))},
              {"HasChanged", nullptr}};
}

Json column_json(const State& state, const Table& table, const Column& c, bool derived) {
  const std::string id = column_id(table.name, c.name);
  constexpr const char* kRequired[] = {"None", "ApplicationRequired", "SystemRequired"};
  Json out{
      {"@odata.type", "#Microsoft.Dynamics.CRM." + metadata_type(c)},
      {"LogicalName", c.name},
      {"SchemaName", c.schema_name},
      {"EntityLogicalName", table.name},
      {"AttributeType", type_word(c.type, c.name == "ownerid", c.name == "customerid" || c.name == "parentcustomerid")},
      {"AttributeTypeName",
       Json{{"Value", std::string(type_word(c.type, c.name == "ownerid", c.name == "customerid")) + "Type"}}},
      {"DisplayName", label_json(state, c.label, id)},
      {"Description", label_json(state, Label{}, id)},
      {"IsCustomAttribute", c.custom},
      {"IsPrimaryId", c.system == System::id},
      {"IsPrimaryName", &c == &table.columns[table.primary_name]},
      {"IsValidForCreate", c.create},
      {"IsValidForUpdate", c.update},
      {"IsValidForRead", true},
      {"IsSecured", names(state.settings.read_only_columns, c.name) ||
                        names_column(state.settings.read_only_columns, table.name, c.name) ||
                        names_column(state.settings.unreadable_columns, table.name, c.name)},
      {"RequiredLevel", Json{{"Value", kRequired[static_cast<std::size_t>(c.required)]},
                             {"CanBeChanged", c.required != Required::system},
                             {"ManagedPropertyLogicalName", "canmodifyrequirementlevelsettings"}}},
      {"MetadataId", to_string(guid_of(id))},
      {"HasChanged", nullptr}};
  if (derived) put_derived(out, c);
  return out;
}

Json option_set_json(const State& state, const Table& table, const Column& c) {
  const bool global = !c.option_set.empty();
  const std::string name = global ? c.option_set : table.name + "_" + c.name;
  const std::string id = "options " + name;
  Json out{{"MetadataId", to_string(guid_of(id))},
           {"HasChanged", nullptr},
           {"Name", name},
           {"IsGlobal", global},
           {"IsCustomOptionSet", c.custom},
           {"IsManaged", !c.custom},
           {"OptionSetType", set_type(c.type)},
           {"DisplayName", label_json(state, c.label, id)},
           {"Description", label_json(state, Label{}, id)}};
  if (global) out["@odata.type"] = "#Microsoft.Dynamics.CRM.OptionSetMetadata";
  if (c.type == Type::boolean) {
    for (const Option& o : c.options) {
      out[o.value == 0 ? "FalseOption" : "TrueOption"] = option_json(state, c, o, id + std::to_string(o.value));
    }
    return out;
  }
  Json options = Json::array();
  for (const Option& o : c.options) options.push_back(option_json(state, c, o, id + " " + std::to_string(o.value)));
  out["Options"] = std::move(options);
  return out;
}

Json key_json(const State& state, const Table& table, const AlternateKey& key) {
  Json columns = Json::array();
  bool complete = true;
  for (const std::uint16_t column : key.columns) {
    columns.push_back(table.columns[column].name);
    complete = complete && !table.columns[column].hidden;
  }
  return Json{{"SchemaName", key.name},
              {"LogicalName", key.name},
              {"EntityLogicalName", table.name},
              {"DisplayName", label_json(state, Label{key.label}, key.name)},
              {"KeyAttributes", std::move(columns)},
              {"EntityKeyIndexStatus", complete ? state.settings.alternate_keys : std::string("Failed")},
              {"IsManaged", false},
              {"MetadataId", to_string(guid_of("key " + table.name + "." + key.name))},
              {"HasChanged", nullptr}};
}

}  // namespace cosell::emulator::dynamics365
