// Functions and actions: WhoAmI, winning and losing, and the messages that write many rows of one table at once.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "connectors/dynamics365/emulator/metadata_json.h"
#include "connectors/dynamics365/emulator/writes.h"
#include "connectors/emulator/toolkit.h"

namespace cosell::emulator::dynamics365 {

namespace {

Answer no_such_verb(const Call& call) {
  return refuse(
      404, "",
      "No HTTP resource was found that matches the request URI '" + call.context.root + call.path.front().name + "'.");
}

Answer who_am_i(const Call& call) {
  const State& state = call.state();
  return with_body(Json{{"@odata.context", call.context.root + "$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse"},
                        {"BusinessUnitId", to_string(state.business_unit)},
                        {"UserId", to_string(call.context.user)},
                        {"OrganizationId", to_string(state.organization)}});
}

Answer version(const Call& call) {
  return with_body(
      Json{{"@odata.context", call.context.root + "$metadata#Microsoft.Dynamics.CRM.RetrieveVersionResponse"},
           {"Version", "9.2.24044.195"}});
}

Answer languages(const Call& call) {
  return with_body(Json{
      {"@odata.context", call.context.root + "$metadata#Microsoft.Dynamics.CRM.RetrieveProvisionedLanguagesResponse"},
      {"RetrieveProvisionedLanguages", Json::array({1033, 1031})}});
}

// The stages of a process instance's path, in their order.
Answer active_path(const Call& call) {
  const State& state = call.state();
  const Table& stages = state.model.schema().get("processstage");
  const Arguments& arguments = call.path.front().arguments;
  const auto given = std::find_if(arguments.begin(), arguments.end(),
                                  [](const auto& argument) { return argument.first == "ProcessInstanceId"; });
  const auto id = given == arguments.end() ? std::nullopt : parse_guid(given->second);
  if (!id) return refuse(400, "0x80048d19", "The parameter 'ProcessInstanceId' is missing or no GUID.");
  for (const SalesProcess& process : state.processes) {
    const Table& table = state.model.schema().get(process.table);
    if (state.model.rows(table).by_id(*id) == nullptr) continue;
    Json path = Json::array();
    for (const Guid& stage : process.stages) {
      const RowPtr row = state.model.rows(stages).by_id(stage);
      path.push_back(Json{{"@odata.etag", "W/\"" + std::to_string(row->version) + "\""},
                          {"stagename", std::get<std::string>(row->cell(stages.at("stagename")))},
                          {"_processid_value", to_string(process.workflow)},
                          {"processstageid", to_string(stage)}});
    }
    return with_body(
        Json{{"@odata.context", call.context.root + "$metadata#processstages"}, {"value", std::move(path)}});
  }
  return refuse(404, "0x80040217", "A process instance With Id = " + to_string(*id) + " Does Not Exist");
}

// How far each privilege reaches that the organisation knows: "Global", or "Local" where reading is restricted.
std::map<std::string, std::string> privileges_known(const Shown& shown) {
  std::map<std::string, std::string> known;
  for (const Table& table : shown.schema.tables()) {
    if (!table.owned) continue;
    const bool by_users = table.find_hidden_too("ownerid").has_value();
    for (const char* verb : {"Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign", "Share"}) {
      const bool restricted = by_users && !shown.organization_read && std::string_view(verb) == "Read";
      known[privilege_of(verb, table)] = restricted ? "Local" : "Global";
    }
  }
  for (const char* other : {"prvCreateAttribute", "prvPublishCustomization"}) known[other] = "Global";
  return known;
}

// Those of the named privileges that the user has. A name that no privilege has is refused, so that a wrong one is
// noticed; what the platform says to it is not documented.
Answer privileges_of_user(const Call& call, const Segment& function) {
  const auto given = std::find_if(function.arguments.begin(), function.arguments.end(),
                                  [](const auto& argument) { return argument.first == "PrivilegeNames"; });
  std::string list = given == function.arguments.end() ? "" : given->second;
  if (!list.empty() && list[0] == '@') list = call.option(list).value_or("");
  const auto names = read_json(list);
  if (!names || !names->is_array()) {
    return refuse(400, "0x80048d19", "The parameter 'PrivilegeNames' is missing or no list.");
  }
  const State& state = call.state();
  const auto known = privileges_known(shown_to(call));
  Json held = Json::array();
  for (const Json& name : *names) {
    const auto found = name.is_string() ? known.find(name.get<std::string>()) : known.end();
    if (found == known.end()) return refuse(400, "0x80040203", "There is no privilege " + name.dump() + ".");
    if (!need_named_privilege(call, found->first)) continue;
    held.push_back(Json{{"Depth", found->second},
                        {"PrivilegeId", to_string(guid_of("privilege " + found->first))},
                        {"BusinessUnitId", to_string(state.business_unit)},
                        {"PrivilegeName", found->first},
                        {"RecordFilterId", to_string(Guid{})},
                        {"RecordFilterUniqueName", ""}});
  }
  return with_body(Json{{"@odata.context", call.context.root + "$metadata#Microsoft.Dynamics.CRM."
                                                               "RetrieveUserSetOfPrivilegesByNamesResponse"},
                        {"RolePrivileges", std::move(held)}});
}

Outcome<Closing> read_closing(const Call& call, const Writer& writer, bool won) {
  const auto body = json_body(call);
  if (!body) return tl::unexpected<ApiError>(body.error());
  const auto close = body->find("OpportunityClose");
  const auto status = body->find("Status");
  if (close == body->end() || !close->is_object()) {
    return fail(400, "0x80048d19", "The parameter 'OpportunityClose' is missing or null.");
  }
  if (status == body->end() || !status->is_number_integer()) {
    return fail(400, "0x80048d19", "The parameter 'Status' is missing or null.");
  }
  for (const auto& item : body->items()) {
    if (item.key() == "OpportunityClose" || item.key() == "Status" || item.key()[0] == '@') continue;
    return fail(
        400, "0x80048d19",
        "The parameter '" + item.key() + "' is not a parameter of the operation '" + call.path.front().name + "'.");
  }
  Closing closing;
  closing.won = won;
  closing.status = status->get<std::int64_t>();
  const Table& table = call.state().model.schema().get("opportunityclose");
  auto changes = read_body(writer, table, *close, true);
  if (!changes) {
    // A missing opportunity has an error of its own here.
    if (changes.error().code != "0x80040217") return tl::unexpected<ApiError>(changes.error());
    return fail(404, "0x80100006", changes.error().message);
  }
  const Value* deal = changes->find(table.at("opportunityid"));
  const auto* ref = deal == nullptr ? nullptr : std::get_if<Ref>(deal);
  if (ref == nullptr) return fail(400, "0x80043b15", "The opportunity id is missing from OpportunityClose.");
  closing.opportunity = ref->id;
  closing.close = std::move(*changes);
  return closing;
}

Answer close(const Call& call, bool won) {
  const Table& table = call.state().model.schema().get("opportunity");
  const Table& activity = call.state().model.schema().get("opportunityclose");
  for (const auto& [verb, of] :
       {std::pair{"Write", &table}, {"AppendTo", &table}, {"Create", &activity}, {"Append", &activity}}) {
    if (auto allowed = need_privilege(call, verb, *of); !allowed) return refuse(allowed.error());
  }
  Writer writer = writer_of(call);
  const auto closing = read_closing(call, writer, won);
  if (!closing) return refuse(closing.error());
  const auto done = at_once(call.state().model, [&]() -> Outcome<void> {
    const auto closed = close_opportunity(writer, *closing);
    if (!closed) return tl::unexpected<ApiError>(closed.error());
    return {};
  });
  return done ? no_content() : refuse(done.error());
}

// What a target of CreateMultiple and its like addresses: by "@odata.id", or by the primary key in its body.
Outcome<Address> target_address(const Call& call, const Table& table, const Json& target, const Changes& changes) {
  Address address;
  const auto named = target.find("@odata.id");
  if (named != target.end() && named->is_string()) {
    const auto below = below_root(named->get<std::string>());
    const auto path = below ? read_path(text::percent_decode(*below)) : std::vector<Segment>{};
    if (path.size() != 1 || path[0].name != table.set) {
      return fail(400, "0x80048d19", "'@odata.id' does not name a row of " + table.set + ".");
    }
    return read_address(call.state(), table, path[0].arguments);
  }
  if (!changes.id) return fail(400, "0x80040203", "A target does not say which row it means.");
  address.id = changes.id;
  address.row = call.state().model.rows(table).by_id(*changes.id);
  return address;
}

enum class Many { create, update, upsert };

Outcome<Guid> write_one(const Call& call, Writer& writer, const Table& table, const Json& target, Many many) {
  const auto type = target.is_object() ? target.find("@odata.type") : target.end();
  if (type == target.end() || *type != std::string(kNamespace) + table.name) {
    return fail(400, "0x80048d19", "A target needs \"@odata.type\": \"Microsoft.Dynamics.CRM." + table.name + "\".");
  }
  auto changes = read_body(writer, table, target, many == Many::create);
  if (!changes) return tl::unexpected<ApiError>(changes.error());
  Address address;
  if (many != Many::create) {
    auto found = target_address(call, table, target, *changes);
    if (!found) return tl::unexpected<ApiError>(found.error());
    address = std::move(*found);
    if (address.row == nullptr && many == Many::update) {
      return fail(404, "0x80040217",
                  table.name + " With Ids = " + to_string(address.id.value_or(Guid{})) + " Do Not Exist");
    }
    if (address.row == nullptr) {
      changes = read_body(writer, table, target, true);
      if (!changes) return tl::unexpected<ApiError>(changes.error());
      if (!changes->id) changes->id = address.id;
      for (const auto& value : address.key_values) {
        if (changes->find(value.first) == nullptr) changes->set(value.first, value.second);
      }
    }
  }
  const auto stored = address.row == nullptr ? create_row(writer, table, std::move(*changes))
                                             : update_row(writer, table, address.row, std::move(*changes));
  if (!stored) return tl::unexpected<ApiError>(stored.error());
  return (*stored)->id;
}

Answer write_many(const Call& call, const Table& table, Many many) {
  if (call.method != "POST") return no_such_verb(call);
  if (!table.writable)
    return refuse(404, "0x8006088a", "Resource not found for the segment '" + call.path[1].name + "'.");
  for (const char* verb : {"Create", "Write"}) {
    const bool needed = many == Many::upsert || (many == Many::create) == (std::string(verb) == "Create");
    if (!needed) continue;
    if (auto allowed = need_privilege(call, verb, table); !allowed) return refuse(allowed.error());
  }
  const auto body = json_body(call);
  if (!body) return refuse(body.error());
  const auto targets = body->find("Targets");
  if (targets == body->end() || !targets->is_array()) {
    return refuse(400, "0x80048d19", "The parameter 'Targets' is missing or no list.");
  }
  Writer writer = writer_of(call);
  Json ids = Json::array();
  const auto done = at_once(call.state().model, [&]() -> Outcome<void> {
    for (const Json& target : *targets) {
      const auto id = write_one(call, writer, table, target, many);
      if (!id) return tl::unexpected<ApiError>(id.error());
      ids.push_back(to_string(*id));
    }
    return {};
  });
  if (!done) return refuse(done.error());
  if (many != Many::create) return no_content();
  return with_body(
      Json{{"@odata.context", call.context.root + "$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse"},
           {"Ids", std::move(ids)}});
}

}  // namespace

std::optional<Answer> operation_resource(Call& call) {
  std::string name = call.path.front().name;
  if (text::starts_with(name, kNamespace)) name = name.substr(kNamespace.size());
  const bool function = name == "WhoAmI" || name == "RetrieveVersion" || name == "RetrieveProvisionedLanguages" ||
                        name == "RetrieveActivePath";
  const bool action = name == "WinOpportunity" || name == "LoseOpportunity" || name == "PublishXml";
  if (!function && !action) return std::nullopt;
  if (call.path.size() > 1 || call.method != (function ? "GET" : "POST")) return no_such_verb(call);
  if (name == "WhoAmI") return who_am_i(call);
  if (name == "RetrieveVersion") return version(call);
  if (name == "RetrieveActivePath") return active_path(call);
  if (name == "RetrieveProvisionedLanguages") return languages(call);
  if (name == "PublishXml") return publish(call);
  return close(call, name == "WinOpportunity");
}

// Of the secured columns those that the user may do something with; the others are not named.
Answer column_privileges(const Call& call) {
  Json list = Json::array();
  for (const std::string& column : call.state().settings.read_only_columns) {
    const std::size_t dot = column.find('.');
    const std::string id = dot == std::string::npos ? column_id("opportunity", column)
                                                    : column_id(column.substr(0, dot), column.substr(dot + 1));
    list.push_back(Json{{"AttributeId", to_string(guid_of(id))},
                        {"CanCreate", 0},
                        {"CanRead", 4},
                        {"CanReadUnMasked", 0},
                        {"CanUpdate", 0}});
  }
  return with_body(Json{{"@odata.context", call.context.root + "$metadata#Microsoft.Dynamics.CRM."
                                                               "RetrievePrincipalAttributePrivilegesResponse"},
                        {"AttributePrivileges", std::move(list)}});
}

std::optional<Answer> row_operation(const Call& call, const Table& table) {
  const Segment& last = call.path[1];
  const bool of_columns = last.name == std::string(kNamespace) + "RetrievePrincipalAttributePrivileges";
  if (table.name == "systemuser" && of_columns && call.method == "GET") return column_privileges(call);
  const bool privileges = last.name == std::string(kNamespace) + "RetrieveUserSetOfPrivilegesByNames";
  if (table.name != "systemuser" || !privileges || call.method != "GET") return std::nullopt;
  return privileges_of_user(call, last);
}

std::optional<Answer> bound_operation(Call& call, const Table& table) {
  const std::string& name = call.path[1].name;
  if (name == std::string(kNamespace) + "CreateMultiple") return write_many(call, table, Many::create);
  if (name == std::string(kNamespace) + "UpdateMultiple") return write_many(call, table, Many::update);
  if (name == std::string(kNamespace) + "UpsertMultiple") return write_many(call, table, Many::upsert);
  return std::nullopt;
}

}  // namespace cosell::emulator::dynamics365
