// Describes the organisation and judges whether the bridge can work with it.
#include "connectors/dynamics365/dynamics365_check.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_odata.h"
#include "connectors/dynamics365/dynamics365_reads.h"
#include "connectors/dynamics365/dynamics365_writes.h"

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
      return "Check that \"instance\" is the address of the environment, like https://contoso.crm.dynamics.com.";
  }
}

// Lookups whose records people usually want to see beside the opportunity.
struct Parent {
  const char* navigation;
  const char* table;
};
constexpr std::array<Parent, 6> kParents = {{{"parentaccountid", "account"},
                                             {"customerid_account", "account"},
                                             {"parentcontactid", "contact"},
                                             {"ownerid", "systemuser"},
                                             {"owninguser", "systemuser"},
                                             {"transactioncurrencyid", "transactioncurrency"}}};

// As people know the parent: by the label of the opportunity's column that refers to it. A customer has one column for
// two kinds of records.
std::string label_of_parent(const std::vector<ColumnInfo>& opportunity, const std::string& parent) {
  for (const std::string& name : {parent, parent.substr(0, parent.find('_'))}) {
    const auto column =
        std::find_if(opportunity.begin(), opportunity.end(), [&](const ColumnInfo& c) { return c.name == name; });
    if (column != opportunity.end() && !column->label.empty()) return column->label;
  }
  return parent;
}

void append(std::vector<ColumnInfo>& out, const std::vector<DescribedColumn>& columns, const std::string& parent) {
  const std::string title = label_of_parent(out, parent);
  for (const DescribedColumn& c : columns) {
    ColumnInfo info = c.info;
    if (parent.empty() && c.secured) info.writable = false;
    if (!parent.empty()) {
      info.name = parent + "." + info.name;
      info.label = title + ": " + info.label;
      info.writable = info.name == kCurrencyColumn;  // it belongs to another record
      info.required = false;
    }
    out.push_back(std::move(info));
  }
}

ColumnInfo stage_info(const std::vector<StageEntry>& stages) {
  ColumnInfo info;
  info.name = std::string(kStageColumn);
  info.label = "Stage, won and lost in one";
  info.type = "picklist";
  info.required = true;
  for (const StageEntry& s : stages) info.values.push_back(s.id);
  return info;
}

}  // namespace

Dynamics365Check::Dynamics365Check(const Dynamics365Settings& settings, Dynamics365Client& client,
                                   Dynamics365Schema& schema, Dynamics365Related& related)
    : settings_(settings), stage_(settings.stage_column), client_(client), schema_(schema), related_(related) {}

// ---- describe

Result<std::vector<StageEntry>> Dynamics365Check::stages_from(const Result<http::Response>& choice,
                                                              const Result<http::Response>& reasons) const {
  if (!reasons) return reasons.error();
  auto closing = Dynamics365Schema::read_options(*reasons, "GET options of statuscode");
  if (!closing) return std::move(closing.error());
  if (!choice) {
    Error e = choice.error();
    if (e.kind != ErrorClass::not_found && e.kind != ErrorClass::rejected) return e;
    return make_error(ErrorClass::config, "\"stage_column\": " + stage_.choice() +
                                              " is no choice of opportunity in Dynamics 365, or the bridge's user may "
                                              "not see it.");
  }
  auto open = Dynamics365Schema::read_options(*choice, "GET options of " + stage_.choice());
  if (!open) return std::move(open.error());
  std::vector<StageEntry> stages;
  const auto add = [&](StageValue::State state, std::optional<std::int64_t> option, const std::string& label) {
    StageEntry s;
    s.id = stage_.text_of({state, option});
    s.label = label;
    s.closed = state != StageValue::State::open;
    s.won = state == StageValue::State::won;
    if (s.won) s.probability = 100;
    if (state == StageValue::State::lost) s.probability = 0;
    s.position = static_cast<int>(stages.size());
    stages.push_back(std::move(s));
  };
  if (!stage_.is_status()) add(StageValue::State::open, std::nullopt, "(no stage)");
  for (const Option& o : *open) {
    if (!stage_.is_status() || o.state == 0) add(StageValue::State::open, o.value, o.label);
  }
  for (const auto state : {StageValue::State::won, StageValue::State::lost}) {
    for (const Option& o : *closing) {
      if (o.state == static_cast<std::int64_t>(state)) add(state, o.value, o.label);
    }
  }
  return stages;
}

Result<Descriptor> Dynamics365Check::describe(Call& call) {
  std::vector<std::string> tables = {"opportunity"};
  for (const Parent& p : kParents) {
    if (std::find(tables.begin(), tables.end(), p.table) == tables.end()) tables.emplace_back(p.table);
  }
  std::vector<Read> reads = {kWhoAmI,
                             schema_.option_read(stage_.choice()),
                             schema_.option_read("statuscode"),
                             {"organizations?$select=name", "GET organizations"}};
  const std::size_t fixed = reads.size();
  for (const std::string& table : tables) {
    for (Read& r : schema_.column_reads(table)) reads.push_back(std::move(r));
  }
  const auto answers = client_.read_all(call, reads);
  auto organisation = organisation_in(answers[0]);
  if (!organisation) return std::move(organisation.error());
  client_.set_organisation(*std::move(organisation));
  Descriptor out;
  out.environment = client_.environment();
  auto stages = stages_from(answers[1], answers[2]);
  if (!stages) return std::move(stages.error());
  out.stages = *std::move(stages);
  out.columns.push_back(stage_info(out.stages));

  const std::size_t reads_of_a_table = schema_.column_reads("opportunity").size();
  for (std::size_t t = 0; t < tables.size(); ++t) {
    auto learnt = schema_.learn(tables[t], answers, fixed + t * reads_of_a_table);
    // Customers and owners are shown where the user may see them; without them the deals still work.
    if (!learnt && t == 0) return std::move(learnt.error());
    if (!learnt) continue;
    const auto columns = schema_.columns_of(call, tables[t]);
    if (!columns) return columns.error();
    if (t == 0) append(out.columns, **columns, "");
    for (const Parent& p : kParents) {
      if (tables[t] == p.table) append(out.columns, **columns, p.navigation);
    }
  }
  std::string name = client_.host();
  const auto named = answers[3] ? json::read(answers[3]->body) : tl::unexpected(json::ReadError{});
  const json::Value* rows = named ? named->find("value") : nullptr;
  if (rows != nullptr && !rows->items().empty() && !rows->items().front().text_of("name").empty()) {
    name = rows->items().front().text_of("name");
  }
  out.title = name + " (" + client_.organisation() + ")";
  return out;
}

// ---- check

Finding Dynamics365Check::login_finding(Call& call, bool& usable) {
  usable = false;
  if (const auto login = client_.ensure_login(); !login) {
    return problem("Login", login.error().message, remedy_for(login.error()));
  }
  const auto answer = client_.read(call, kWhoAmI);
  if (!answer) {
    const bool refused = answer.error().kind == ErrorClass::auth_expired;
    return problem(refused ? "Login" : "Dynamics 365", answer.error().message, remedy_for(answer.error()));
  }
  auto organisation = organisation_in(answer);
  if (!organisation) {
    return problem("Dynamics 365", client_.host() + " answers, but not as Dynamics 365 does.",
                   "Check that \"instance\" is the address of the environment, like https://contoso.crm.dynamics.com.");
  }
  client_.set_organisation(*std::move(organisation));
  usable = true;
  return ok("Login", "works; organisation " + client_.organisation() + ".");
}

// Every table that the mapping needs is read once.
void Dynamics365Check::table_findings(Call& call, const std::vector<std::string>& columns_read,
                                      std::vector<Finding>& findings) {
  std::map<std::string, std::string> tables = {
      {"accounts", "accountid"}, {"systemusers", "systemuserid"}, {"transactioncurrencies", "transactioncurrencyid"}};
  for (const std::string& column : columns_read) {
    const auto facts = standard_facts("opportunity", column.substr(0, column.find('.')));
    if (facts && column.find('.') != std::string::npos && !facts->set.empty()) tables[facts->set] = facts->id;
  }
  std::vector<Read> reads;
  for (const auto& [set, id] : tables) {
    reads.push_back({resource(set, {{"$select", id}, {"$top", "1"}}), "GET " + set});
  }
  const auto answers = client_.read_all(call, reads);
  std::size_t n = 0;
  for (const auto& entry : tables) {
    const auto& answer = answers[n++];
    findings.push_back(answer ? ok("Table " + entry.first, "can be read.")
                              : problem("Table " + entry.first, answer.error().message, remedy_for(answer.error())));
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
  const auto it = std::find_if((*columns)->begin(), (*columns)->end(),
                               [&](const DescribedColumn& c) { return c.info.name == name; });
  return it == (*columns)->end() ? nullptr : &*it;
}

Finding Dynamics365Check::read_finding(Call& call, const std::string& column) {
  const std::string what = "Column " + column;
  if (column == kStageColumn) return ok(what, "is made of statecode, statuscode and " + stage_.choice() + ".");
  const auto found = resolve(call, column);
  if (!found) return problem(what, found.error().message, remedy_for(found.error()));
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
    return ok(what, "sets " + stage_.choice() + "; closing and reopening use the actions of the table.");
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
  const auto answers =
      client_.read_all(call, {schema_.option_read(stage_.choice()), schema_.option_read("statuscode")});
  const auto stages = stages_from(answers[0], answers[1]);
  if (!stages) return problem(what, stages.error().message, "Name a choice of opportunity in \"stage_column\".");
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
  schema_.forget();  // somebody may have just created what was missing
  std::vector<Finding> findings;
  bool usable = false;
  findings.push_back(login_finding(call, usable));
  if (!usable) return findings;
  findings.push_back(tracking_finding(call));
  table_findings(call, columns_read, findings);
  for (const std::string& column : columns_read) findings.push_back(read_finding(call, column));
  for (const std::string& column : columns_written) findings.push_back(write_finding(call, column));
  findings.push_back(key_finding(call));
  findings.push_back(stages_finding(call));
  findings.push_back(currency_finding(call));
  return findings;
}

}  // namespace cosell::dynamics365
