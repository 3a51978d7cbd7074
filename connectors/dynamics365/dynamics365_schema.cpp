// Standard columns, and metadata for all others.
#include "connectors/dynamics365/dynamics365_schema.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_odata.h"
#include "connectors/dynamics365/dynamics365_wire.h"

namespace cosell::dynamics365 {
namespace {

constexpr Duration kFresh = minutes(1);
constexpr std::array<const char*, 8> kTypeNames = {"text", "number",     "boolean", "choice",
                                                   "date", "local_date", "instant", "lookup"};

const std::array<Table, 9>& known_tables() {
  static const std::array<Table, 9> tables = {{
      {RecordKind::opportunity, "opportunity", "opportunities", "opportunityid"},
      {RecordKind::account, "account", "accounts", "accountid"},
      {RecordKind::contact, "contact", "contacts", "contactid"},
      {RecordKind::owner, "systemuser", "systemusers", "systemuserid"},
      {RecordKind::referral, "transactioncurrency", "transactioncurrencies", "transactioncurrencyid"},
      {RecordKind::referral, "team", "teams", "teamid"},
      {RecordKind::referral, "campaign", "campaigns", "campaignid"},
      {RecordKind::referral, "lead", "leads", "leadid"},
      {RecordKind::referral, "pricelevel", "pricelevels", "pricelevelid"},
  }};
  return tables;
}

const Table* table_named(const std::string& name) {
  const auto& all = known_tables();
  const auto it = std::find_if(all.begin(), all.end(), [&](const Table& t) { return t.name == name; });
  return it == all.end() ? nullptr : &*it;
}

ColumnFacts lookup_to(const std::string& lookup, const std::string& bind, const std::string& table) {
  ColumnFacts facts;
  facts.type = ColumnType::lookup;
  facts.lookup = lookup;
  facts.bind = bind;
  facts.table = table;
  if (const Table* t = table_named(table)) {
    facts.set = t->set;
    facts.id = t->id;
  }
  return facts;
}

struct StandardLookup {
  std::string_view table;
  std::string_view column;  // or navigation property
  std::string_view lookup;
  std::string_view target;
};

// An owner may also be a team; teams have none of the columns of a user and show blanks.
constexpr std::array<StandardLookup, 17> kLookups = {{
    {"opportunity", "parentaccountid", "parentaccountid", "account"},
    {"opportunity", "parentcontactid", "parentcontactid", "contact"},
    {"opportunity", "customerid_account", "customerid", "account"},
    {"opportunity", "customerid_contact", "customerid", "contact"},
    {"opportunity", "transactioncurrencyid", "transactioncurrencyid", "transactioncurrency"},
    {"opportunity", "ownerid", "ownerid", "systemuser"},
    {"opportunity", "owninguser", "owninguser", "systemuser"},
    {"opportunity", "owningteam", "owningteam", "team"},
    {"opportunity", "createdby", "createdby", "systemuser"},
    {"opportunity", "modifiedby", "modifiedby", "systemuser"},
    {"opportunity", "campaignid", "campaignid", "campaign"},
    {"opportunity", "originatingleadid", "originatingleadid", "lead"},
    {"opportunity", "pricelevelid", "pricelevelid", "pricelevel"},
    {"account", "primarycontactid", "primarycontactid", "contact"},
    {"account", "ownerid", "ownerid", "systemuser"},
    {"contact", "parentcustomerid_account", "parentcustomerid", "account"},
    {"contact", "ownerid", "ownerid", "systemuser"},
}};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Close dates are not here: on upgraded organisations they are moments.
std::optional<ColumnType> standard_type(const std::string& table, std::string_view column) {
  constexpr std::array<std::string_view, 3> kInstants = {"createdon", "modifiedon", "overriddencreatedon"};
  constexpr std::array<std::string_view, 8> kTexts = {"name",         "description",     "stepname",
                                                      "emailaddress", "customerneed",    "currentsituation",
                                                      "fullname",     "proposedsolution"};
  constexpr std::array<std::string_view, 4> kNumbers = {"estimatedvalue", "actualvalue", "budgetamount",
                                                        "closeprobability"};
  constexpr std::array<std::string_view, 4> kChoices = {"salesstage", "statuscode", "statecode",
                                                        "opportunityratingcode"};
  constexpr std::array<std::string_view, 12> kPersonTexts = {
      "accountnumber", "emailaddress1", "telephone1",           "websiteurl",          "firstname", "lastname",
      "jobtitle",      "mobilephone",   "internalemailaddress", "address1_telephone1", "title",     "domainname"};
  if (is_one_of(kInstants, column)) return ColumnType::instant;
  if (is_one_of(kTexts, column)) return ColumnType::text;
  if (is_one_of(kChoices, column)) return ColumnType::choice;
  if (table == "opportunity") {
    if (is_one_of(kNumbers, column)) return ColumnType::number;
    if (column == "isrevenuesystemcalculated") return ColumnType::boolean;
    return std::nullopt;
  }
  if (table == "transactioncurrency" && column == "isocurrencycode") return ColumnType::text;
  const bool address = text::starts_with(column, "address1_") && !text::ends_with(column, "code") &&
                       column != "address1_latitude" && column != "address1_longitude";
  if (address || column == "address1_postalcode" || is_one_of(kPersonTexts, column)) return ColumnType::text;
  return std::nullopt;
}

ColumnType type_of(const DescribedColumn& c) {
  if (c.wire_type == "DateTime") {
    if (c.behavior == "DateOnly") return ColumnType::date;
    return c.format == "DateOnly" && c.behavior == "UserLocal" ? ColumnType::local_date : ColumnType::instant;
  }
  if (c.wire_type == "Picklist" || c.wire_type == "State" || c.wire_type == "Status") return ColumnType::choice;
  if (c.wire_type == "Boolean") return ColumnType::boolean;
  if (c.wire_type == "Lookup" || c.wire_type == "Customer" || c.wire_type == "Owner") return ColumnType::lookup;
  constexpr std::array<std::string_view, 5> kNumbers = {"Money", "Decimal", "Double", "Integer", "BigInt"};
  return is_one_of(kNumbers, c.wire_type) ? ColumnType::number : ColumnType::text;
}

const char* type_name(ColumnType type) {
  switch (type) {
    case ColumnType::choice:
      return "picklist";
    case ColumnType::local_date:
      return "date";
    case ColumnType::lookup:
      return "reference";
    default:
      return kTypeNames[static_cast<std::size_t>(type)];
  }
}

std::string label_of(const json::Value& labelled) {
  const json::Value* label = labelled.at_path({"UserLocalizedLabel", "Label"});
  return label == nullptr ? "" : label->text();
}

bool flag(const json::Value& object, std::string_view name) {
  const json::Value* v = object.find(name);
  return v != nullptr && v->as_bool();
}

Result<const json::Value*> value_list(const json::Value& root, const std::string& request) {
  const json::Value* list = root.find("value");
  if (list == nullptr || !list->is_array()) {
    return not_understood(request, "it is no list.");
  }
  return list;
}

DescribedColumn read_column(const json::Value& attribute) {
  DescribedColumn c;
  c.info.name = attribute.text_of("LogicalName");
  c.schema_name = attribute.text_of("SchemaName");
  c.wire_type = attribute.text_of("AttributeType");
  c.custom = flag(attribute, "IsCustomAttribute");
  c.createable = flag(attribute, "IsValidForCreate");
  c.updateable = flag(attribute, "IsValidForUpdate");
  c.secured = flag(attribute, "IsSecured");
  c.id = normal_guid(attribute.text_of("MetadataId"));
  c.info.writable = c.createable || c.updateable;
  if (const json::Value* name = attribute.find("DisplayName")) c.info.label = label_of(*name);
  const json::Value* required = attribute.at_path({"RequiredLevel", "Value"});
  c.info.required = required != nullptr && required->text() == "ApplicationRequired";
  return c;
}

}  // namespace

std::vector<DescribedColumn::Way> DescribedColumn::ways() const {
  std::vector<Way> all;
  if (wire_type == "Owner" || targets.size() < 2) return all;
  for (const std::string& table : targets) {
    all.push_back({info.name + "_" + table, (custom ? schema_name : info.name) + "_" + table, table});
  }
  return all;
}

const DescribedColumn* find_column(const std::vector<DescribedColumn>& columns, std::string_view name) {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.info.name == name; });
  if (found != columns.end()) return &*found;
  const auto by_way = std::find_if(columns.begin(), columns.end(), [&](const DescribedColumn& c) {
    const auto ways = c.ways();
    return std::any_of(ways.begin(), ways.end(),
                       [&](const auto& way) { return text::equals_ignore_case(way.name, name); });
  });
  return by_way == columns.end() ? nullptr : &*by_way;
}

std::string to_text(const ColumnFacts& f) {
  const std::string type = kTypeNames[static_cast<std::size_t>(f.type)];
  if (f.type != ColumnType::lookup) return type;
  return text::join({type, f.lookup, f.bind, f.table, f.set, f.id}, " ");
}

std::optional<ColumnFacts> facts_from_text(const std::string& text) {
  const auto words = text::split(text, ' ');
  ColumnFacts f;
  const auto type = std::find(kTypeNames.begin(), kTypeNames.end(), words.front());
  if (type == kTypeNames.end()) return std::nullopt;
  f.type = static_cast<ColumnType>(type - kTypeNames.begin());
  if (f.type != ColumnType::lookup) return f;
  if (words.size() != 6) return std::nullopt;
  f.lookup = words[1];
  f.bind = words[2];
  f.table = words[3];
  f.set = words[4];
  f.id = words[5];
  return f;
}

const Table* table_of(RecordKind kind) {
  if (kind == RecordKind::referral) return nullptr;  // stands for further tables, none of which is one of deals
  const auto& all = known_tables();
  const auto found = std::find_if(all.begin(), all.end(), [kind](const Table& t) { return t.kind == kind; });
  return found == all.end() ? nullptr : &*found;
}

std::optional<ColumnFacts> standard_facts(const std::string& table, const std::string& column) {
  for (const StandardLookup& l : kLookups) {
    if (column != l.column || table != l.table) continue;
    return lookup_to(std::string(l.lookup), std::string(l.column), std::string(l.target));
  }
  // Read only; to write it, one of the two tables has to be named ("customerid_account").
  if (table == "opportunity" && column == "customerid") return lookup_to("customerid", "", "");
  const auto type = standard_type(table, column);
  if (!type) return std::nullopt;
  ColumnFacts facts;
  facts.type = *type;
  return facts;
}

// ---- columns from metadata

std::vector<Read> Dynamics365Schema::column_reads(const std::string& table) const {
  const std::string attributes = "EntityDefinitions(LogicalName='" + table + "')/Attributes";
  const auto cast = [&](const char* type, const char* select) {
    return Read{attributes + "/Microsoft.Dynamics.CRM." + type + "?$select=LogicalName," + select,
                "GET columns of " + table};
  };
  return {{attributes + "?$select=LogicalName,SchemaName,AttributeType,DisplayName,IsCustomAttribute,IsValidForCreate,"
                        "IsValidForUpdate,IsSecured,RequiredLevel",
           "GET columns of " + table},
          cast("DateTimeAttributeMetadata", "Format,DateTimeBehavior"),
          cast("LookupAttributeMetadata", "Targets"),
          cast("StringAttributeMetadata", "MaxLength"),
          cast("MemoAttributeMetadata", "MaxLength")};
}

Result<void> Dynamics365Schema::learn(Call& call, const std::string& table,
                                      const std::vector<Result<http::Response>>& answers, std::size_t from) {
  const std::string request = "GET columns of " + table;
  std::vector<DescribedColumn> columns;
  std::map<std::string, std::size_t> places;
  for (std::size_t n = 0; n < column_reads(table).size(); ++n) {
    const auto& answer = answers[from + n];
    if (!answer) return answer.error();
    const auto root = read_body(answer->body, request);
    if (!root) return root.error();
    const auto list = value_list(*root, request);
    if (!list) return list.error();
    for (const json::Value& attribute : (*list)->items()) {
      if (n == 0) {
        const json::Value* secured = attribute.find("IsSecured");
        const bool told = secured != nullptr && secured->is_bool() &&
                          (!secured->as_bool() || !normal_guid(attribute.text_of("MetadataId")).empty());
        if (!told) return not_understood(request, "it does not tell which of them are secured.");
        places[attribute.text_of("LogicalName")] = columns.size();
        columns.push_back(read_column(attribute));
        continue;
      }
      const auto place = places.find(attribute.text_of("LogicalName"));
      if (place == places.end()) continue;
      DescribedColumn& c = columns[place->second];
      if (const json::Value* format = attribute.find("Format")) c.format = format->text();
      if (const json::Value* b = attribute.at_path({"DateTimeBehavior", "Value"})) c.behavior = b->text();
      if (const json::Value* length = attribute.find("MaxLength")) {
        c.info.length = static_cast<int>(length->as_integer().value_or(0));
      }
      if (const json::Value* targets = attribute.find("Targets")) {
        for (const json::Value& t : targets->items()) c.targets.push_back(t.text());
      }
    }
  }
  if (columns.empty()) {
    return make_error(ErrorClass::bad_response, "Dynamics 365 names no columns of " + table + ".");
  }
  secured_[table].clear();
  for (DescribedColumn& c : columns) {
    c.info.type = type_name(type_of(c));
    if (c.secured && !c.id.empty()) secured_[table][c.info.name] = c.id;
  }
  described_[table] = std::move(columns);
  described_at_[table] = call.clock.now();
  facts_.erase(table);  // a column may have another type now
  return {};
}

bool Dynamics365Schema::is_fresh(Call& call, const std::string& table) const {
  const auto at = described_at_.find(table);
  return at != described_at_.end() && call.clock.now() - at->second < kFresh;
}

Result<const std::vector<DescribedColumn>*> Dynamics365Schema::columns_of(Call& call, const std::string& table) {
  if (described_.find(table) == described_.end()) {
    if (auto learnt = learn(call, table, client_.read_all(call, column_reads(table)), 0); !learnt)
      return learnt.error();
  }
  return &described_[table];
}

const DescribedColumn* Dynamics365Schema::described(const std::string& table, const std::string& column) const {
  const auto it = described_.find(table);
  return it == described_.end() ? nullptr : find_column(it->second, column);
}

ColumnFacts Dynamics365Schema::facts_from(const DescribedColumn& c, const std::string& column) {
  ColumnFacts facts;
  facts.type = type_of(c);
  if (facts.type != ColumnType::lookup) return facts;
  const auto ways = c.ways();
  for (const DescribedColumn::Way& way : ways) {
    if (text::equals_ignore_case(way.name, column)) return lookup_to(c.info.name, way.bind, way.table);
  }
  // By its own name it can be read only, like "customerid".
  if (!ways.empty()) return lookup_to(column, "", "");
  // The navigation property of an own lookup is its name with the capitals that it was made with.
  return lookup_to(column, c.custom ? c.schema_name : column, c.targets.empty() ? "" : c.targets.front());
}

Result<Facts> Dynamics365Schema::facts_of(Call& call, const std::string& table,
                                          const std::vector<std::string>& columns) {
  Facts out;
  Facts& known = facts_[table];
  std::vector<std::string> to_ask;
  for (const std::string& column : columns) {
    if (auto standard = standard_facts(table, column)) {
      out[column] = *std::move(standard);
    } else if (const auto it = known.find(column); it != known.end()) {
      out[column] = it->second;
    } else {
      to_ask.push_back(column);
    }
  }
  if (to_ask.empty()) return out;
  if (auto asked = columns_of(call, table); !asked) return asked.error();
  Facts fresh;
  for (const std::string& column : to_ask) {
    const DescribedColumn* c = described(table, column);
    if (c == nullptr) {
      Error e = make_error(ErrorClass::schema_drift, "The column " + column + " does not exist on " + table +
                                                         " in Dynamics 365, or the bridge's user may not see it.");
      e.fields = {column};
      return e;
    }
    fresh[column] = facts_from(*c, column);
  }
  if (auto found = find_targets(call, fresh); !found) return found.error();
  remember(table, fresh);
  out.merge(fresh);
  return out;
}

// Where lookups lead that no standard table explains.
Result<void> Dynamics365Schema::find_targets(Call& call, Facts& facts) {
  std::set<std::string> unknown;
  for (const auto& [column, f] : facts) {
    if (f.type == ColumnType::lookup && f.set.empty() && !f.table.empty() && targets_.count(f.table) == 0) {
      unknown.insert(f.table);
    }
  }
  if (!unknown.empty()) {
    std::string filter;
    for (const std::string& name : unknown)
      filter += (filter.empty() ? "" : " or ") + ("LogicalName eq " + quoted(name));
    const Read ask{resource("EntityDefinitions",
                            {{"$select", "LogicalName,EntitySetName,PrimaryIdAttribute"}, {"$filter", filter}}),
                   "GET tables"};
    const auto answer = client_.read(call, ask);
    if (!answer) return answer.error();
    const auto root = read_body(answer->body, ask.name);
    if (!root) return root.error();
    const auto list = value_list(*root, ask.name);
    if (!list) return list.error();
    for (const json::Value& t : (*list)->items()) {
      targets_[t.text_of("LogicalName")] = {RecordKind::referral, t.text_of("LogicalName"), t.text_of("EntitySetName"),
                                            t.text_of("PrimaryIdAttribute")};
    }
  }
  for (auto& entry : facts) {
    ColumnFacts& f = entry.second;
    const auto it = targets_.find(f.table);
    if (f.type != ColumnType::lookup || !f.set.empty() || it == targets_.end()) continue;
    f.set = it->second.set;
    f.id = it->second.id;
  }
  return {};
}

void Dynamics365Schema::remember(const std::string& table, const Facts& facts) {
  for (const auto& [column, f] : facts) facts_[table][column] = f;
}

void Dynamics365Schema::recall(const std::string& table, const Facts& facts) {
  for (const auto& [column, f] : facts) {
    if (f.type == ColumnType::lookup && !f.set.empty()) {
      targets_.try_emplace(f.table, Table{RecordKind::referral, f.table, f.set, f.id});
    }
  }
  if (described_.find(table) == described_.end()) remember(table, facts);
}

void Dynamics365Schema::recall_secured(const std::string& table, const Secured& secured) {
  secured_.try_emplace(table, secured);
}

const Dynamics365Schema::Secured& Dynamics365Schema::secured(const std::string& table) const {
  static const Secured none;
  const auto it = secured_.find(table);
  return it == secured_.end() ? none : it->second;
}

Read Dynamics365Schema::secured_read(const std::string& table) const {
  return {"EntityDefinitions(LogicalName='" + table +
              "')/Attributes?$select=LogicalName,MetadataId&$filter=IsSecured%20eq%20true",
          "GET secured columns of " + table};
}

Result<void> Dynamics365Schema::learn_secured(const std::string& table, const http::Response& answer) {
  const std::string request = secured_read(table).name;
  const auto root = read_body(answer.body, request);
  if (!root) return root.error();
  const auto list = value_list(*root, request);
  if (!list) return list.error();
  Secured secured;
  for (const json::Value& column : (*list)->items()) {
    const std::string name = column.text_of("LogicalName");
    const std::string id = normal_guid(column.text_of("MetadataId"));
    if (name.empty() || id.empty()) return not_understood(request, "a column has no name or no id.");
    secured[name] = id;
  }
  secured_[table] = std::move(secured);
  return {};
}

void Dynamics365Schema::forget() {
  described_.clear();
  described_at_.clear();
  facts_.clear();
  secured_.clear();
  targets_.clear();
  status_reasons_.reset();
}

// ---- choices

Read Dynamics365Schema::option_read(const std::string& column) const {
  const std::string type = column == "statuscode" ? "Status" : column == "statecode" ? "State" : "Picklist";
  return {"EntityDefinitions(LogicalName='opportunity')/Attributes(LogicalName='" + column +
              "')/Microsoft.Dynamics.CRM." + type + "AttributeMetadata?$select=LogicalName&$expand=OptionSet" +
              (type == "Picklist" ? ",GlobalOptionSet" : ""),
          "GET options of " + column};
}

Result<std::vector<Option>> Dynamics365Schema::read_options(const http::Response& answer, const std::string& request) {
  const auto root = read_body(answer.body, request);
  if (!root) return root.error();
  const json::Value* list = root->at_path({"OptionSet", "Options"});
  if (list == nullptr || list->items().empty()) {
    if (const json::Value* global = root->at_path({"GlobalOptionSet", "Options"})) list = global;
  }
  if (list == nullptr || !list->is_array()) {
    return not_understood(request, "it lists no options.");
  }
  std::vector<Option> options;
  for (const json::Value& o : list->items()) {
    const json::Value* value = o.find("Value");
    if (value == nullptr || !value->as_integer()) {
      return not_understood(request, "an option has no number.");
    }
    Option option;
    option.value = *value->as_integer();
    if (const json::Value* label = o.find("Label")) option.label = label_of(*label);
    if (const json::Value* state = o.find("State")) option.state = state->as_integer().value_or(0);
    options.push_back(std::move(option));
  }
  return options;
}

Result<const std::vector<Option>*> Dynamics365Schema::status_reasons(Call& call) {
  if (!status_reasons_) {
    const Read ask = option_read("statuscode");
    const auto answer = client_.read(call, ask);
    if (!answer) return answer.error();
    auto options = read_options(*answer, ask.name);
    if (!options) return options.error();
    status_reasons_ = *std::move(options);
  }
  return &*status_reasons_;
}

}  // namespace cosell::dynamics365
