// RetrieveUserSetOfPrivilegesByNames is asked and not RetrieveUserPrivileges: that one tells of privileges by a team
// only that they are there, and not how far they reach. Privileges are named prv, the right and the schema name of the
// table; users are "User", and all activities share those of Activity.
#include "connectors/dynamics365/dynamics365_privileges.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_odata.h"
#include "connectors/dynamics365/dynamics365_reads.h"
#include "connectors/dynamics365/dynamics365_wire.h"

namespace cosell::dynamics365 {
namespace {

using Level = Finding::Level;

const std::string kRequest = "GET privileges of the application user";
constexpr const char* kWhere =
    " in the Power Platform admin center: the environment, Settings, Users + permissions, Security roles.";

// How far a privilege reaches, as the Web API calls it.
enum class Depth : std::uint8_t { none, own_records, business_unit, below_too, organisation };

Depth depth_from(const std::string& word) {
  if (word == "Basic") return Depth::own_records;
  if (word == "Local") return Depth::business_unit;
  if (word == "Deep") return Depth::below_too;
  return word == "Global" ? Depth::organisation : Depth::none;
}

const char* reach_of(Depth depth) {
  return depth == Depth::own_records     ? "only its own records"
         : depth == Depth::business_unit ? "only the records of its business unit"
                                         : "only its business unit and those below it";
}

std::string without_spaces(const std::string& s) { return text::replace_all(s, " ", ""); }

Privilege privilege(const std::string& table, const std::string& right, const std::string& use,
                    const std::string& schema_name = "") {
  return {"prv" + without_spaces(right) + (schema_name.empty() ? without_spaces(table) : schema_name), table, right,
          use};
}

std::vector<Privilege> make_standard_privileges() {
  std::vector<Privilege> all = {
      privilege("Opportunity", "Read", "see deals and follow their changes"),
      privilege("Opportunity", "Create", "create opportunities for referrals from Microsoft"),
      privilege("Opportunity", "Write", "change opportunities"),
      privilege("Opportunity", "Append", "set the customer, the owner and the currency of an opportunity"),
      privilege("Opportunity", "Append To", "close opportunities as won or lost"),
      privilege("Account", "Read", "read customers"),
      privilege("Account", "Create", "create customers who are not there yet"),
      privilege("Account", "Append To", "set the customer of an opportunity"),
      privilege("Contact", "Read", "read the contacts of customers"),
      privilege("User", "Read", "read the owners of deals"),
      privilege("User", "Append To", "set the owner of a new opportunity"),
      privilege("Team", "Read", "read the teams that own deals"),
      privilege("Currency", "Read", "read currencies", "TransactionCurrency"),
      privilege("Currency", "Append To", "set the currency of an opportunity", "TransactionCurrency"),
      privilege("Business Unit", "Read", "read the business unit of deals"),
      privilege("Business Unit", "Append To", "create opportunities in a business unit"),
      privilege("Activity", "Create", "close opportunities as won or lost"),
      privilege("Activity", "Append", "close opportunities as won or lost")};
  // Whoever closes an opportunity owns the activity that says so.
  for (Privilege& p : all) p.own_is_enough = p.table == "Activity";
  return all;
}

Finding unknown(const Error& e) {
  return {Level::warning, "Privileges", "of the application user could not be asked for: " + e.message,
          "Compare its security role with the table in docs/setup-dynamics365.md, step 3."};
}

Finding judged(const Privilege& p, Depth depth) {
  Finding f;
  f.what = "Privilege " + p.name;
  f.remedy = "Give the application user's security role \"" + p.right + "\" on " + p.table +
             (p.own_is_enough ? std::string() : " for the whole organisation") + kWhere;
  f.level = depth == Depth::none || depth == Depth::own_records ? Level::problem : Level::warning;
  f.text = (depth == Depth::none ? std::string("is missing") : std::string("reaches ") + reach_of(depth)) +
           "; the bridge needs it to " + p.use + ".";
  return f;
}

}  // namespace

const std::vector<Privilege>& standard_privileges() {
  static const std::vector<Privilege> all = make_standard_privileges();
  return all;
}

std::vector<Privilege> process_privileges(const std::vector<ProcessTable>& processes) {
  // The stages are owned by nobody, and a table that nobody owns has no privileges.
  std::vector<Privilege> all = {privilege("Process", "Read", "read business processes and their stages", "Workflow")};
  for (const ProcessTable& process : processes) {
    for (const char* right : {"Read", "Write"}) {
      const bool reads = std::string(right) == "Read";
      all.push_back(privilege(process.name, right, reads ? "read the stage of deals" : "move deals to another stage",
                              process.schema_name));
    }
  }
  return all;
}

Read privileges_read(const std::string& user, const std::vector<Privilege>& wanted) {
  json::Value names = json::Value::array();
  for (const Privilege& p : wanted) names.append(json::Value::string(p.name));
  const std::string function =
      "systemusers(" + user + ")/Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByNames(PrivilegeNames=@p)";
  return {resource(function, {{"@p", json::write(names)}}), kRequest};
}

Result<std::set<std::string>> readable_secured_columns(Call& call, Dynamics365Client& client) {
  const std::string request = "GET column privileges of the application user";
  const auto who = client.read(call, kWhoAmI);
  if (!who) return who.error();
  const auto me = read_body(who->body, kWhoAmI.name);
  if (!me) return me.error();
  const std::string user = normal_guid(me->text_of("UserId"));
  if (user.empty()) return not_understood(kWhoAmI.name, "it names no user.");
  const auto answer = client.read(
      call, {"systemusers(" + user + ")/Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges()", request});
  if (!answer) return answer.error();
  const auto root = read_body(answer->body, request);
  if (!root) return root.error();
  const json::Value* list = root->find("AttributePrivileges");
  if (list == nullptr || !list->is_array()) return not_understood(request, "it has no list.");
  std::set<std::string> readable;
  for (const json::Value& privilege : list->items()) {
    const json::Value* read = privilege.find("CanRead");
    const std::string id = normal_guid(privilege.text_of("AttributeId"));
    if (read != nullptr && read->as_integer().value_or(0) != 0 && !id.empty()) readable.insert(id);
  }
  return readable;
}

std::vector<Finding> privilege_findings(const std::vector<Privilege>& wanted, const Result<http::Response>& answer) {
  if (!answer) return {unknown(answer.error())};
  const auto root = read_body(answer->body, kRequest);
  if (!root) return {unknown(root.error())};
  const json::Value* held = root->find("RolePrivileges");
  if (held == nullptr || !held->is_array()) {
    return {unknown(make_error(ErrorClass::bad_response, "The answer to " + kRequest + " has no list."))};
  }
  std::map<std::string, Depth> depths;  // the deepest of each
  for (const json::Value& p : held->items()) {
    Depth& depth = depths[p.text_of("PrivilegeName")];
    depth = std::max(depth, depth_from(p.text_of("Depth")));
  }
  std::vector<Finding> findings;
  std::size_t fine = 0;
  for (const Privilege& p : wanted) {
    const auto found = depths.find(p.name);
    const Depth depth = found == depths.end() ? Depth::none : found->second;
    const bool enough = depth == Depth::organisation || (p.own_is_enough && depth != Depth::none);
    fine += enough ? 1 : 0;
    if (!enough) findings.push_back(judged(p, depth));
  }
  if (fine > 0) {
    findings.insert(findings.begin(),
                    {Level::ok, "Privileges", text::count_of(fine, "privilege") + " of the application user fit.", ""});
  }
  return findings;
}

}  // namespace cosell::dynamics365
