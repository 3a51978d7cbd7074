// Describes the organisation and judges whether the bridge can work with it.
#include "connectors/salesforce/salesforce_check.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "connectors/salesforce/salesforce_ids.h"

namespace cosell::salesforce {
namespace {

using Level = Finding::Level;

// Below this share of the daily requests people should know.
constexpr int kLowBudgetPercent = 10;

const std::string kStagesQuery =
    "SELECT Id, ApiName, MasterLabel, IsActive, IsClosed, IsWon, DefaultProbability, SortOrder FROM OpportunityStage "
    "ORDER BY SortOrder";

Finding ok(std::string what, std::string text) { return {Level::ok, std::move(what), std::move(text), ""}; }

Finding problem(std::string what, std::string text, std::string remedy) {
  return {Level::problem, std::move(what), std::move(text), std::move(remedy)};
}

std::string remedy_for(const Error& e) {
  switch (e.kind) {
    case ErrorClass::auth_expired:
      if (e.log_in_again) return "Get a new refresh token for the bridge's user, and put it in place.";
      return "Check the app (external client app or connected app), its secret or certificate, and that the bridge's "
             "user may use it.";
    case ErrorClass::forbidden:
      return "Give the bridge's user the permission \"API Enabled\" and access to Opportunity and Account.";
    case ErrorClass::throttled:
      return "Wait, or raise the organisation's daily API requests.";
    case ErrorClass::config:
      return "Correct the configuration.";
    case ErrorClass::transient:
    case ErrorClass::unknown:
      return "Check the address of the instance and the network, then try again.";
    default:
      return "Check that \"url\" is the My Domain address of the organisation, like https://contoso.my.salesforce.com.";
  }
}

struct Organisation {
  std::string id;
  std::string name;
};

std::optional<Organisation> read_organisation(const Result<http::Response>& answer) {
  if (!answer) return std::nullopt;
  const auto root = json::read(answer->body);
  const json::Value* records = root ? root->find("records") : nullptr;
  if (records == nullptr || records->items().empty()) return std::nullopt;
  Organisation o;
  o.id = normal_salesforce_id(records->items().front().text_of("Id"));
  o.name = records->items().front().text_of("Name");
  if (!is_salesforce_id(o.id)) return std::nullopt;
  return o;
}

void append(std::vector<ColumnInfo>& out, const std::vector<DescribedColumn>& columns, const std::string& parent) {
  for (const DescribedColumn& c : columns) {
    ColumnInfo info = c.info;
    if (!parent.empty()) {
      info.name = parent + "." + info.name;
      info.label = parent + ": " + info.label;
      info.writable = false;  // it belongs to another record
      info.required = false;
    }
    out.push_back(std::move(info));
  }
}

}  // namespace

SalesforceCheck::SalesforceCheck(const SalesforceSettings& settings, SalesforceClient& client, SalesforceSchema& schema)
    : settings_(settings), client_(client), schema_(schema) {}

Ask SalesforceCheck::stages_query() const {
  Ask ask = client_.query(kStagesQuery, false);
  ask.name = "GET query of OpportunityStage";
  return ask;
}

Ask SalesforceCheck::organisation_query() const {
  Ask ask = client_.query("SELECT Id, Name FROM Organization", false);
  ask.name = "GET query of Organization";
  return ask;
}

void SalesforceCheck::name_organisation(const Result<http::Response>& answer, Descriptor& out) {
  const auto organisation = read_organisation(answer);
  if (organisation) client_.set_organisation(organisation->id);
  out.environment = client_.environment();
  const std::string name = organisation && !organisation->name.empty() ? organisation->name : client_.host();
  out.title = client_.organisation().empty() ? name : name + " (" + client_.organisation() + ")";
}

Result<Descriptor> SalesforceCheck::describe_stages(Call& call) {
  if (auto login = client_.ensure_login(); !login) return std::move(login.error());
  std::vector<Ask> asks = {stages_query(), organisation_query()};
  if (schema_.may_ask_for_currency()) asks.push_back(schema_.currency_query());
  const auto answers = client_.read_together(call, asks);
  if (!answers[0]) return answers[0].error();
  if (answers.size() > 2) schema_.learn_currency(answers[2]);
  Descriptor out;
  auto stages = read_stages(answers[0]->body, stages_query().name);
  if (!stages) return std::move(stages.error());
  out.stages = *std::move(stages);
  name_organisation(answers[1], out);
  return out;
}

Result<Descriptor> SalesforceCheck::describe(Call& call) {
  if (auto login = client_.ensure_login(); !login) return std::move(login.error());
  const std::vector<Ask> asks = {stages_query(),           client_.describe("Opportunity"),
                                 organisation_query(),     client_.describe("Account"),
                                 client_.describe("User"), client_.describe("Contact")};
  const auto answers = client_.read_together(call, asks);
  if (!answers[0]) return answers[0].error();
  if (!answers[1]) return answers[1].error();

  Descriptor out;
  auto stages = read_stages(answers[0]->body, asks[0].name);
  if (!stages) return std::move(stages.error());
  out.stages = *std::move(stages);
  auto own = read_describe(answers[1]->body, asks[1].name);
  if (!own) return std::move(own.error());
  append(out.columns, own->columns, "");
  schema_.learn("Opportunity", *std::move(own));
  // Customers and owners are shown where the user may see them; without them the deals still work.
  struct Parent {
    std::size_t answer;
    const char* path;
    const char* object;
  };
  for (const auto& [n, parent, object] :
       {Parent{3, "Account", "Account"}, {4, "Owner", "User"}, {5, "Contact", "Contact"}}) {
    if (!answers[n]) continue;
    auto described = read_describe(answers[n]->body, asks[n].name);
    if (!described) continue;
    append(out.columns, described->columns, parent);
    schema_.learn(object, *std::move(described));
  }
  name_organisation(answers[2], out);
  return out;
}

Result<std::vector<RecordTypeEntry>> SalesforceCheck::record_types(Call& call) {
  if (auto login = client_.ensure_login(); !login) return std::move(login.error());
  const Ask describe = client_.describe("Opportunity");
  const auto answer = client_.send(call, describe);
  if (!answer) return answer.error();
  auto described = read_record_types(answer->body, describe.name);
  if (!described) return std::move(described.error());
  std::vector<Ask> asks;
  for (const DescribedRecordType& type : *described) {
    Ask ask;
    ask.path = client_.path("/ui-api/object-info/Opportunity/picklist-values/" + type.id + "/StageName");
    ask.name = "GET stages of the record type " + type.entry.name;
    asks.push_back(std::move(ask));
  }
  const auto answers = client_.read_all(call, asks);
  std::vector<RecordTypeEntry> types;
  for (std::size_t i = 0; i < asks.size(); ++i) {
    types.push_back(std::move((*described)[i].entry));
    if (!answers[i]) {
      // A record type that the bridge's user may not use still exists; what it offers stays unknown.
      const ErrorClass kind = answers[i].error().kind;
      if (kind == ErrorClass::not_found || kind == ErrorClass::forbidden || kind == ErrorClass::rejected) continue;
      return answers[i].error();
    }
    auto stages = read_picklist_values(answers[i]->body, asks[i].name);
    if (!stages) return std::move(stages.error());
    types.back().stages = *std::move(stages);
  }
  return types;
}

// ---- check

Finding SalesforceCheck::version_finding(Call& call) {
  const std::string what = "Salesforce API";
  const auto answer = client_.versions(call);
  if (!answer) return problem(what, answer.error().message, remedy_for(answer.error()));
  const auto list = json::read(answer->body);
  std::vector<std::string> versions;
  if (list) {
    for (const json::Value& v : list->items()) {
      if (!v.text_of("version").empty()) versions.push_back("v" + v.text_of("version"));
    }
  }
  if (versions.empty()) {
    return problem(
        what, client_.host() + " answers, but not as Salesforce does.",
        "Check that \"url\" is the My Domain address of the organisation, like https://contoso.my.salesforce.com.");
  }
  if (std::find(versions.begin(), versions.end(), settings_.api_version) == versions.end()) {
    return problem(what,
                   client_.host() + " does not offer API version " + settings_.api_version + " (it offers " +
                       versions.front() + " to " + versions.back() + ").",
                   "Set \"api_version\" to one that it offers.");
  }
  return ok(what, client_.host() + " answers; API version " + settings_.api_version + ".");
}

Finding SalesforceCheck::read_finding(Call& call, const std::string& column) {
  const std::string what = "Column " + column;
  const auto found = schema_.resolve(call, "Opportunity", column);
  if (!found) return problem(what, found.error().message, remedy_for(found.error()));
  if (*found != nullptr) return ok(what, "can be read.");
  if (text::equals_ignore_case(column, kCurrencyColumn) && settings_.multi_currency == MultiCurrency::detect) {
    return ok(what, "does not exist, because this organisation has a single currency; it is read as empty.");
  }
  std::vector<std::string> names;
  if (const auto own = schema_.columns_of(call, "Opportunity")) {
    for (const DescribedColumn& c : **own) names.push_back(c.info.name);
  }
  const std::string near = text::nearest(column, names);
  return problem(what,
                 "does not exist on Opportunity, or the bridge's user may not see it" +
                     (near.empty() ? "." : "; " + near + " does."),
                 "Create the column, give the bridge's user read access to it, or correct the mapping.");
}

Finding SalesforceCheck::write_finding(Call& call, const std::string& column) {
  const std::string what = "Writing column " + column;
  const auto found = schema_.resolve(call, "Opportunity", column);
  if (!found) return problem(what, found.error().message, remedy_for(found.error()));
  const std::string remedy = "Give the bridge's user edit access to the column, or take it out of the mapping.";
  if (*found == nullptr)
    return problem(what, "does not exist on Opportunity, or the bridge's user may not see it.", remedy);
  const DescribedColumn& c = **found;
  if (column.find('.') != std::string::npos) {
    return problem(what, "belongs to another record; the bridge writes opportunities only.",
                   "Take it out of what the mapping writes.");
  }
  if (c.updateable) return ok(what, "can be written.");
  if (c.createable) {
    return {Level::warning, what, "can be set only when the opportunity is created.",
            "Mark it as create-only in the mapping."};
  }
  return problem(what, "is read-only for the bridge's user.", remedy);
}

void SalesforceCheck::permission_findings(Call& call, const std::vector<std::string>& columns_read,
                                          std::vector<Finding>& findings) {
  struct Right {
    const char* object;
    const char* name;             // as profiles and permission sets call it
    bool DescribedObject::*held;  // nullptr: what may not be read is not described either
    const char* use;
  };
  std::vector<Right> rights = {
      {"Opportunity", "Create", &DescribedObject::createable, "create opportunities for referrals from Microsoft"},
      {"Opportunity", "Edit", &DescribedObject::updateable, "change opportunities"},
      {"Account", "Create", &DescribedObject::createable, "create customers who are not there yet"}};
  const auto is_of_contact = [](const std::string& c) { return text::starts_with(text::lower_ascii(c), "contact."); };
  if (std::any_of(columns_read.begin(), columns_read.end(), is_of_contact)) {
    rights.push_back({"Contact", "Read", nullptr, "read the contacts of opportunities"});
  }
  std::vector<std::string> held;
  for (const Right& right : rights) {
    const std::string permission = std::string(right.name) + " on " + right.object;
    const auto described = schema_.describe(call, right.object);
    const bool may_not_read = !described && right.held == nullptr && described.error().kind == ErrorClass::not_found;
    if (!described && !may_not_read) {
      findings.push_back(problem("Permission " + permission, described.error().message, remedy_for(described.error())));
    } else if (described && (right.held == nullptr || (*described)->*right.held)) {
      held.push_back(permission);
    } else {
      findings.push_back(problem("Permission " + permission,
                                 std::string("is missing; the bridge needs it to ") + right.use + ".",
                                 "Give it to the bridge's user in a permission set: Salesforce Setup, Permission Sets, "
                                 "Object Settings, " +
                                     std::string(right.object) + "."));
    }
  }
  if (!held.empty()) findings.push_back(ok("Permissions", text::join(held, ", ") + "."));
}

Finding SalesforceCheck::key_finding(Call& call) {
  const std::string& column = settings_.key_column;
  const std::string what = "Key column " + column;
  const auto found = schema_.resolve(call, "Opportunity", column);
  if (!found) return problem(what, found.error().message, remedy_for(found.error()));
  if (*found == nullptr) {
    return problem(what, "does not exist on Opportunity, or the bridge's user may not see it.",
                   "Create it as Text(36), External ID, Unique, and give the bridge's user edit access.");
  }
  const DescribedColumn& c = **found;
  std::vector<std::string> lacks;
  if (!c.external_id) lacks.push_back("External ID");
  if (!c.unique) lacks.push_back("Unique");
  if (!lacks.empty()) {
    return problem(what, "is not marked " + text::join(lacks, " and ") + ", so a deal could be created twice.",
                   "Mark it \"External ID\" and \"Unique\" in Salesforce Setup, Object Manager, Opportunity, Fields.");
  }
  if (!c.createable || !c.updateable) {
    return problem(what, "is read-only for the bridge's user.", "Give the bridge's user edit access to the column.");
  }
  return ok(what, "is External ID and Unique.");
}

Finding SalesforceCheck::stages_finding(Call& call) {
  const std::string what = "Opportunity stages";
  const auto answer = client_.send(call, stages_query());
  if (!answer) return problem(what, answer.error().message, remedy_for(answer.error()));
  const auto stages = read_stages(answer->body, stages_query().name);
  if (!stages) return problem(what, stages.error().message, remedy_for(stages.error()));
  const auto active = std::count_if(stages->begin(), stages->end(), [](const StageEntry& s) { return s.active; });
  if (active == 0) return problem(what, "none is active.", "Activate the stages in Salesforce Setup.");
  return ok(what, std::to_string(active) + " active.");
}

Finding SalesforceCheck::budget_finding() const {
  const std::string what = "API requests";
  const auto& usage = client_.usage();
  if (!usage || usage->limit <= 0) {
    return {Level::warning, what, "Salesforce did not tell how many are left today.",
            "Look in Setup, Company Information."};
  }
  const std::int64_t left = std::max<std::int64_t>(0, usage->limit - usage->used);
  const std::string text = std::to_string(left) + " of " + std::to_string(usage->limit) + " left in 24 hours.";
  const std::string remedy = "Sync less often, or raise the organisation's daily API requests.";
  if (left == 0) return problem(what, text, remedy);
  if (left * 100 < usage->limit * kLowBudgetPercent) return {Level::warning, what, text, remedy};
  return ok(what, text);
}

std::vector<Finding> SalesforceCheck::check(Call& call, const std::vector<std::string>& columns_read,
                                            const std::vector<std::string>& columns_written) {
  std::vector<Finding> findings;
  findings.push_back(version_finding(call));
  if (const auto login = client_.ensure_login(); !login) {
    findings.push_back(problem("Login", login.error().message, remedy_for(login.error())));
    return findings;
  }
  const auto own = schema_.columns_of(call, "Opportunity");
  if (!own) {
    const bool refused = own.error().kind == ErrorClass::auth_expired;
    findings.push_back(refused ? problem("Login", own.error().message, remedy_for(own.error()))
                               : ok("Login", "works."));
    if (!refused) findings.push_back(problem("Opportunity", own.error().message, remedy_for(own.error())));
    return findings;
  }
  findings.push_back(ok("Login", "works."));
  std::vector<Finding> reads;
  for (const std::string& column : columns_read) reads.push_back(read_finding(call, column));
  add_together(findings, std::move(reads), "Columns to read", "can be read.");
  std::vector<Finding> writes;
  for (const std::string& column : columns_written) writes.push_back(write_finding(call, column));
  add_together(findings, std::move(writes), "Columns to write", "can be written.");
  permission_findings(call, columns_read, findings);
  findings.push_back(key_finding(call));
  findings.push_back(stages_finding(call));
  findings.push_back(budget_finding());
  return findings;
}

}  // namespace cosell::salesforce
