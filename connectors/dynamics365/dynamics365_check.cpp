// Each finding stands alone: what was looked at, what came of it, what to do.
#include "connectors/dynamics365/dynamics365_check.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_errors.h"
#include "connectors/dynamics365/dynamics365_odata.h"
#include "connectors/dynamics365/dynamics365_privileges.h"
#include "connectors/dynamics365/dynamics365_reads.h"
#include "connectors/dynamics365/dynamics365_write_row.h"

namespace cosell::dynamics365 {
namespace {

using Level = Finding::Level;

Finding ok(std::string what, std::string text) { return {Level::ok, std::move(what), std::move(text), ""}; }

Finding problem(std::string what, std::string text, std::string remedy) {
  return {Level::problem, std::move(what), std::move(text), std::move(remedy)};
}

std::string remedy_for(const Error& e) {
  switch (e.kind) {
    case ErrorClass::auth_expired:
      return "Check the app registration, its secret or certificate, and that it is an application user of this "
             "environment.";
    case ErrorClass::forbidden:
      return "Give the application user a security role with organisation-level read access to this table.";
    case ErrorClass::throttled:
      return "Wait a few minutes, then try again.";
    case ErrorClass::config:
      return "Correct the configuration.";
    case ErrorClass::transient:
    case ErrorClass::unknown:
      return "Check the address of the environment and the network, then try again.";
    default:
      return "Check that \"url\" is the address of the environment, like https://contoso.crm.dynamics.com.";
  }
}

// Pulls ask the same; without an answer a column that looks empty may be one that the user may not read.
Finding not_told(const std::string& table, const Error& e) {
  const std::string what = "Secured columns of " + table;
  if (comes_later(e) || e.kind == ErrorClass::bad_response) return problem(what, e.message, remedy_for(e));
  return {
      Level::warning, what,
      "Dynamics 365 does not tell which they are, so what somebody empties there is not emptied in Partner Center: " +
          e.message,
      "Give the application user a security role that reads the definitions of tables and columns (\"Entity\" and "
      "\"Field\" on the tab Customization), then look at such a deal again: cosell replay, with its id."};
}

// A column that the table does not have as it is: how it comes about is told.
bool is_made_here(const std::string& column) {
  return column == kStageColumn || column == kProcessColumn || column == kCurrencyColumn;
}

}  // namespace

Dynamics365Check::Dynamics365Check(const Dynamics365Settings& settings, Dynamics365Client& client,
                                   Dynamics365Schema& schema, Dynamics365Related& related,
                                   Dynamics365Processes& processes, Dynamics365Describe& describe)
    : settings_(settings),
      stage_(settings.stage_column),
      client_(client),
      schema_(schema),
      related_(related),
      processes_(processes),
      describe_(describe) {}

Finding Dynamics365Check::login_finding(Call& call, std::string& user) {
  user.clear();
  if (const auto login = client_.ensure_login(); !login) {
    return problem("Login", login.error().message, remedy_for(login.error()));
  }
  const auto answer = client_.read(call, kWhoAmI);
  if (!answer) {
    const bool refused = answer.error().kind == ErrorClass::auth_expired;
    return problem(refused ? "Login" : "Dynamics 365", answer.error().message, remedy_for(answer.error()));
  }
  auto organisation = organisation_in(answer);
  const auto root = json::read(answer->body);
  user = organisation && root ? normal_guid(root->text_of("UserId")) : "";
  if (user.empty()) {
    return problem("Dynamics 365", client_.host() + " answers, but not as Dynamics 365 does.",
                   "Check that \"url\" is the address of the environment, like https://contoso.crm.dynamics.com.");
  }
  client_.set_organisation(*std::move(organisation));
  return ok("Login", "works; organisation " + client_.organisation() + ".");
}

// Every table that the mapping needs is read once. What the user may write cannot be tried out; its privileges tell.
void Dynamics365Check::table_findings(Call& call, const std::string& user, const std::vector<std::string>& columns_read,
                                      std::vector<Finding>& findings) {
  std::map<std::string, std::string> tables = {
      {"accounts", "accountid"}, {"systemusers", "systemuserid"}, {"transactioncurrencies", "transactioncurrencyid"}};
  std::set<std::string> read_from = {"opportunity"};
  const auto processes =
      processes_.in_use() ? processes_.tables(call) : Result<const std::vector<ProcessTable>*>(nullptr);
  if (processes && *processes != nullptr) {
    for (const ProcessTable& table : **processes) tables[table.set] = "businessprocessflowinstanceid";
  }
  for (const std::string& column : columns_read) {
    const auto facts = standard_facts("opportunity", column.substr(0, column.find('.')));
    if (!facts || column.find('.') == std::string::npos || facts->set.empty()) continue;
    tables[facts->set] = facts->id;
    if (column != kCurrencyColumn) read_from.insert(facts->table);
  }
  std::vector<Read> reads;
  for (const auto& [set, id] : tables) {
    reads.push_back({resource(set, {{"$select", id}, {"$top", "1"}}), "GET " + set});
  }
  std::vector<std::vector<Privilege>> wanted = {standard_privileges()};
  if (processes && *processes != nullptr) wanted.push_back(process_privileges(**processes));
  for (const auto& privileges : wanted) reads.push_back(privileges_read(user, privileges));
  for (const std::string& table : read_from) reads.push_back(schema_.secured_read(table));
  const auto answers = client_.read_all(call, reads);
  std::size_t n = 0;
  for (const auto& entry : tables) {
    const auto& answer = answers[n++];
    findings.push_back(answer ? ok("Table " + entry.first, "can be read.")
                              : problem("Table " + entry.first, answer.error().message, remedy_for(answer.error())));
  }
  for (const auto& privileges : wanted) {
    for (Finding& f : privilege_findings(privileges, answers[n++])) findings.push_back(std::move(f));
  }
  for (const std::string& table : read_from) {
    const auto& answer = answers[n++];
    const auto learnt = answer ? schema_.learn_secured(table, *answer) : Result<void>(answer.error());
    if (!learnt) findings.push_back(not_told(table, learnt.error()));
  }
}

Finding Dynamics365Check::tracking_finding(Call& call) {
  const std::string what = "Changes of opportunities";
  const auto answer = client_.read(
      call, {"opportunities?$select=opportunityid", "GET opportunities", "odata.track-changes,odata.maxpagesize=1"});
  if (answer) return ok(what, "can be followed.");
  const Error& e = answer.error();
  if (e.kind == ErrorClass::forbidden) {
    return problem(what, "cannot be followed: " + e.message,
                   "Give the application user a security role that reads opportunities of the whole organisation "
                   "(organisation level); change tracking needs it.");
  }
  if (e.kind == ErrorClass::config) {
    return problem(what, e.message, "Switch on \"Track changes\" in the properties of the table Opportunity.");
  }
  return problem(what, e.message, remedy_for(e));
}

Result<const DescribedColumn*> Dynamics365Check::resolve(Call& call, const std::string& path) {
  std::string table = "opportunity";
  std::string name = path;
  if (const std::size_t dot = path.find('.'); dot != std::string::npos) {
    name = path.substr(dot + 1);
    auto facts = schema_.facts_of(call, table, {path.substr(0, dot)});
    if (!facts && facts.error().kind == ErrorClass::schema_drift) return nullptr;
    if (!facts) return std::move(facts.error());
    table = facts->begin()->second.table;
    if (table.empty()) return nullptr;
  } else if (const auto facts = standard_facts(table, path); facts && facts->type == ColumnType::lookup) {
    name = facts->lookup;  // "customerid_account" stands for one way through "customerid"
  }
  auto columns = schema_.columns_of(call, table);
  if (!columns) return std::move(columns.error());
  return find_column(**columns, name);
}

Finding Dynamics365Check::read_finding(Call& call, const std::string& column) {
  const std::string what = "Column " + column;
  if (column == kStageColumn) {
    return ok(what,
              "is made of statecode, statuscode and " +
                  (stage_.is_process() ? std::string("the active stage of the business process") : stage_.choice()) +
                  ".");
  }
  if (column == kProcessColumn && stage_.is_process()) return ok(what, "is the table of the business process.");
  const auto found = resolve(call, column);
  if (!found) return problem(what, found.error().message, remedy_for(found.error()));
  if (*found != nullptr && (*found)->secured) {
    // Who may not read it is not refused: the column is null, as an empty one is.
    const std::string remedy = "Give the bridge's user a column security profile that may read it.";
    const auto readable = readable_secured_columns(call, client_);
    if (!readable) {
      return {Level::warning, what, "is secured by column security; to a user without a profile it shows as empty.",
              remedy};
    }
    if (readable->count((*found)->id) > 0) return ok(what, "can be read; it is secured by column security.");
    return problem(what, "is secured by column security, and the bridge's user may not read it: it shows as empty.",
                   remedy);
  }
  if (*found != nullptr) return ok(what, "can be read.");
  std::vector<std::string> names;
  if (const auto own = schema_.columns_of(call, "opportunity")) {
    for (const DescribedColumn& c : **own) names.push_back(c.info.name);
  }
  const std::string near = text::nearest(column, names);
  return problem(what,
                 "does not exist on opportunity, or the bridge's user may not see it" +
                     (near.empty() ? "." : "; " + near + " does."),
                 "Create the column, give the bridge's user read access to it, or correct the mapping.");
}

Finding Dynamics365Check::write_finding(Call& call, const std::string& column) {
  const std::string what = "Writing column " + column;
  const std::string remedy = "Give the bridge's user write access to the column, or take it out of the mapping.";
  if (column == kStageColumn) {
    const std::string sets =
        stage_.is_process() ? "moves the business process, stage by stage" : "sets " + stage_.choice();
    return ok(what, sets + "; closing and reopening use the actions of the table.");
  }
  if (column == kCurrencyColumn) return ok(what, "sets the currency of the opportunity.");
  if (column.find('.') != std::string::npos) {
    return problem(what, "belongs to another record; the bridge writes opportunities only.",
                   "Take it out of what the mapping writes.");
  }
  const auto found = resolve(call, column);
  if (!found) return problem(what, found.error().message, remedy_for(found.error()));
  if (*found == nullptr) {
    return problem(what, "does not exist on opportunity, or the bridge's user may not see it.", remedy);
  }
  const DescribedColumn& c = **found;
  if (const auto ways = c.ways(); !ways.empty() && c.info.name == column) {
    return problem(what, "may lead to several tables, so it has to be said which.",
                   "Name one of its ways in the mapping, like " + ways.front().name + ".");
  }
  if (c.secured) {
    return {Level::warning, what, "is secured by column security.",
            "Make sure that the bridge's user has a column security profile that may update it."};
  }
  if (c.updateable) return ok(what, "can be written.");
  if (c.createable) {
    return {Level::warning, what, "can be set only when the opportunity is created.",
            "Mark it as create-only in the mapping."};
  }
  return problem(what, "is read-only.", "Take it out of what the mapping writes.");
}

Finding Dynamics365Check::key_finding(Call& call) {
  const std::string& column = settings_.key_column;
  const std::string what = "Key column " + column;
  const auto found = resolve(call, column);
  if (!found) return problem(what, found.error().message, remedy_for(found.error()));
  if (*found == nullptr) {
    return problem(what, "does not exist on opportunity, or the bridge's user may not see it.",
                   "Create it as a text of 36 characters with an alternate key of its own.");
  }
  const Read ask{
      "EntityDefinitions(LogicalName='opportunity')?$select=LogicalName&$expand=Keys($select=KeyAttributes,"
      "EntityKeyIndexStatus)",
      "GET alternate keys of opportunity"};
  const auto answer = client_.read(call, ask);
  if (!answer) return problem(what, answer.error().message, remedy_for(answer.error()));
  const auto root = read_body(answer->body, ask.name);
  if (!root) return problem(what, root.error().message, remedy_for(root.error()));
  const json::Value* keys = root->find("Keys");
  const json::Value none = json::Value::array();
  for (const json::Value& key : (keys == nullptr ? none : *keys).items()) {
    const json::Value* attributes = key.find("KeyAttributes");
    const bool alone = attributes != nullptr && attributes->items().size() == 1;
    if (!alone || attributes->items().front().text() != column) continue;
    const std::string status = key.text_of("EntityKeyIndexStatus");
    if (status == "Active") return ok(what, "has an active alternate key.");
    if (status == "Failed") {
      return problem(what, "has an alternate key that could not be built, so a deal could be created twice.",
                     "Remove double values of the column, then reactivate the key in Power Apps, Tables, Opportunity, "
                     "Keys.");
    }
    return {Level::warning, what, "has an alternate key that Dynamics 365 is still building (" + status + ").",
            "Wait until it is active."};
  }
  return problem(what, "has no alternate key, so a deal could be created twice.",
                 "Add a key with this column alone in Power Apps, Tables, Opportunity, Keys.");
}

Finding Dynamics365Check::stages_finding(Call& call) {
  const std::string what = "Opportunity stages";
  const auto stages = describe_.stages(call);
  if (!stages) {
    return problem(what, stages.error().message,
                   stage_.is_process() ? "Name the tables of business processes of opportunities in \"processes\"."
                                       : "Name a choice of opportunity in \"stage_column\".");
  }
  const auto open = std::count_if(stages->begin(), stages->end(), [](const StageEntry& s) { return !s.closed; });
  return ok(what, std::to_string(open) + " open, " + std::to_string(stages->size() - static_cast<std::size_t>(open)) +
                      " closed.");
}

Finding Dynamics365Check::currency_finding(Call& call) {
  const std::string what = "Currencies";
  const auto codes = related_.currency_codes(call);
  if (!codes) return problem(what, codes.error().message, remedy_for(codes.error()));
  if (codes->empty()) return problem(what, "none is active.", "Activate the currencies of your deals.");
  return ok(what, text::join(*codes, ", ") + ".");
}

std::vector<Finding> Dynamics365Check::check(Call& call, const std::vector<std::string>& columns_read,
                                             const std::vector<std::string>& columns_written) {
  // Somebody may have just created what was missing, or given the right to it.
  const Dynamics365Client::Latest latest(client_);
  processes_.forget();
  schema_.forget();
  std::vector<Finding> findings;
  std::string user;
  findings.push_back(login_finding(call, user));
  if (user.empty()) return findings;
  findings.push_back(tracking_finding(call));
  table_findings(call, user, columns_read, findings);
  std::vector<Finding> reads;
  for (const std::string& column : columns_read) {
    (is_made_here(column) ? findings : reads).push_back(read_finding(call, column));
  }
  add_together(findings, std::move(reads), "Columns to read", "can be read.");
  std::vector<Finding> writes;
  for (const std::string& column : columns_written) {
    (is_made_here(column) ? findings : writes).push_back(write_finding(call, column));
  }
  add_together(findings, std::move(writes), "Columns to write", "can be written.");
  findings.push_back(key_finding(call));
  findings.push_back(stages_finding(call));
  findings.push_back(currency_finding(call));
  return findings;
}

}  // namespace cosell::dynamics365
