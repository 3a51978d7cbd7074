// Describes the organisation and judges whether the bridge can work with it.
#include "connectors/dynamics365/dynamics365_check.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_odata.h"
#include "connectors/dynamics365/dynamics365_privileges.h"
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
      return "Check that \"url\" is the address of the environment, like https://contoso.crm.dynamics.com.";
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

ColumnInfo process_info(const std::vector<std::string>& processes) {
  ColumnInfo info;
  info.name = std::string(kProcessColumn);
  info.label = "Business process";
  info.type = "picklist";
  info.writable = false;
  info.values = processes;
  return info;
}

// A column that the table does not have as it is: how it comes about is told.
bool is_made_here(const std::string& column) {
  return column == kStageColumn || column == kProcessColumn || column == kCurrencyColumn;
}

}  // namespace

Dynamics365Check::Dynamics365Check(const Dynamics365Settings& settings, Dynamics365Client& client,
                                   Dynamics365Schema& schema, Dynamics365Related& related,
                                   Dynamics365Processes& processes)
    : settings_(settings),
      stage_(settings.stage_column),
      client_(client),
      schema_(schema),
      related_(related),
      processes_(processes) {}

// ---- describe

Result<std::vector<StageEntry>> Dynamics365Check::process_stages(Call& call) {
  const auto processes = processes_.describe(call);
  if (!processes) return processes.error();
  std::vector<StageEntry> stages;
  const auto add = [&](const std::string& id, const std::string& label) {
    StageEntry s;
    StageValue value;
    value.process_stage = id;
    s.id = stage_.text_of(value);
    s.label = label;
    s.record = id;
    stages.push_back(std::move(s));
  };
  add("", "no business process");
  stages.back().active = false;  // deals may be there; none is put there
  for (const Process& process : *processes) {
    const std::string of = processes->size() == 1 ? "" : " (" + process.label + ")";
    for (const ProcessStage& stage : process.stages) {
      add(stage.id, stage.label + of);
      stages.back().first = &stage == &process.stages.front();
    }
  }
  return stages;
}

Result<std::vector<StageEntry>> Dynamics365Check::open_stages(Call& call, const Result<http::Response>& choice) {
  if (stage_.is_process()) return process_stages(call);
  if (!choice) {
    Error e = choice.error();
    if (e.kind != ErrorClass::not_found && e.kind != ErrorClass::rejected) return e;
    return make_error(ErrorClass::config, "\"stage_column\": " + stage_.choice() +
                                              " is no choice of opportunity in Dynamics 365, or the bridge's user may "
                                              "not see it.");
  }
  auto options = Dynamics365Schema::read_options(*choice, "GET options of " + stage_.choice());
  if (!options) return std::move(options.error());
  std::vector<StageEntry> stages;
  const auto add = [&](std::optional<std::int64_t> option, const std::string& label) {
    StageEntry s;
    s.id = stage_.text_of({StageValue::State::open, option});
    s.label = label;
    stages.push_back(std::move(s));
  };
  if (!stage_.is_status()) add(std::nullopt, "no stage");
  for (const Option& o : *options) {
    if (!stage_.is_status() || o.state == 0) add(o.value, o.label);
  }
  return stages;
}

std::vector<Read> Dynamics365Check::stage_reads() const {
  std::vector<Read> reads = {schema_.option_read("statuscode")};
  if (!stage_.is_process()) reads.push_back(schema_.option_read(stage_.choice()));
  return reads;
}

Result<std::vector<StageEntry>> Dynamics365Check::stages_from(Call& call,
                                                              const std::vector<Result<http::Response>>& options) {
  if (!options.front()) return options.front().error();
  auto closing = Dynamics365Schema::read_options(*options.front(), "GET options of statuscode");
  if (!closing) return std::move(closing.error());
  auto stages = open_stages(call, options.back());
  if (!stages) return stages;
  for (const auto state : {StageValue::State::won, StageValue::State::lost}) {
    for (const Option& o : *closing) {
      if (o.state != static_cast<std::int64_t>(state)) continue;
      StageEntry s;
      s.id = stage_.text_of({state, o.value});
      s.label = o.label;
      s.closed = true;
      s.won = state == StageValue::State::won;
      s.probability = s.won ? 100 : 0;
      stages->push_back(std::move(s));
    }
  }
  for (std::size_t n = 0; n < stages->size(); ++n) (*stages)[n].position = static_cast<int>(n);
  return stages;
}

Result<std::vector<RecordTypeEntry>> Dynamics365Check::record_types(Call& call) {
  std::vector<RecordTypeEntry> types;
  if (!processes_.in_use()) return types;
  const auto processes = processes_.describe(call);
  if (!processes) return processes.error();
  const auto reasons = schema_.status_reasons(call);
  if (!reasons) return reasons.error();
  for (const Process& process : *processes) {
    RecordTypeEntry type;
    type.name = process.name;
    type.label = process.label;
    type.column = std::string(kProcessColumn);
    type.known_by = {{type.column, type.name}};
    for (const ProcessStage& stage : process.stages) {
      StageValue value;
      value.process_stage = stage.id;
      type.stages.push_back(stage_.text_of(value));
    }
    for (const Option& o : **reasons) {
      if (o.state != 0) type.stages.push_back(stage_.text_of({static_cast<StageValue::State>(o.state), o.value}));
    }
    types.push_back(std::move(type));
  }
  return types;
}

Result<void> Dynamics365Check::name_organisation(const Result<http::Response>& answer, Descriptor& out) {
  auto organisation = organisation_in(answer);
  if (!organisation) return std::move(organisation.error());
  client_.set_organisation(*std::move(organisation));
  out.environment = client_.environment();
  out.title = client_.host() + " (" + client_.organisation() + ")";
  return {};
}

Result<Descriptor> Dynamics365Check::describe_stages(Call& call) {
  std::vector<Read> reads = {kWhoAmI};
  for (Read& r : stage_reads()) reads.push_back(std::move(r));
  const auto answers = client_.read_all(call, reads);
  Descriptor out;
  if (auto named = name_organisation(answers.front(), out); !named) return std::move(named.error());
  auto stages = stages_from(call, {answers.begin() + 1, answers.end()});
  if (!stages) return std::move(stages.error());
  out.stages = *std::move(stages);
  return out;
}

Result<Descriptor> Dynamics365Check::describe(Call& call) {
  std::vector<std::string> tables = {"opportunity"};
  for (const Parent& p : kParents) {
    if (std::find(tables.begin(), tables.end(), p.table) == tables.end()) tables.emplace_back(p.table);
  }
  std::vector<Read> reads = {kWhoAmI, {"organizations?$select=name", "GET organizations"}};
  const std::size_t stages_at = reads.size();
  for (Read& r : stage_reads()) reads.push_back(std::move(r));
  const std::size_t fixed = reads.size();
  for (const std::string& table : tables) {
    for (Read& r : schema_.column_reads(table)) reads.push_back(std::move(r));
  }
  const auto answers = client_.read_all(call, reads);
  Descriptor out;
  if (auto named = name_organisation(answers.front(), out); !named) return std::move(named.error());
  auto stages = stages_from(call, {answers.begin() + static_cast<std::ptrdiff_t>(stages_at),
                                   answers.begin() + static_cast<std::ptrdiff_t>(fixed)});
  if (!stages) return std::move(stages.error());
  out.stages = *std::move(stages);
  out.columns.push_back(stage_info(out.stages));
  if (processes_.in_use()) out.columns.push_back(process_info(settings_.processes));

  const std::size_t reads_of_a_table = schema_.column_reads("opportunity").size();
  for (std::size_t t = 0; t < tables.size(); ++t) {
    auto learnt = schema_.learn(call, tables[t], answers, fixed + t * reads_of_a_table);
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
  const auto named = answers[1] ? json::read(answers[1]->body) : tl::unexpected(json::ReadError{});
  const json::Value* rows = named ? named->find("value") : nullptr;
  if (rows != nullptr && !rows->items().empty() && !rows->items().front().text_of("name").empty()) {
    out.title = rows->items().front().text_of("name") + " (" + client_.organisation() + ")";
  }
  return out;
}

// ---- check

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
  const auto processes =
      processes_.in_use() ? processes_.tables(call) : Result<const std::vector<ProcessTable>*>(nullptr);
  if (processes && *processes != nullptr) {
    for (const ProcessTable& table : **processes) tables[table.set] = "businessprocessflowinstanceid";
  }
  for (const std::string& column : columns_read) {
    const auto facts = standard_facts("opportunity", column.substr(0, column.find('.')));
    if (facts && column.find('.') != std::string::npos && !facts->set.empty()) tables[facts->set] = facts->id;
  }
  std::vector<Read> reads;
  for (const auto& [set, id] : tables) {
    reads.push_back({resource(set, {{"$select", id}, {"$top", "1"}}), "GET " + set});
  }
  std::vector<std::vector<Privilege>> wanted = {standard_privileges()};
  if (processes && *processes != nullptr) wanted.push_back(process_privileges(**processes));
  for (const auto& privileges : wanted) reads.push_back(privileges_read(user, privileges));
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
    return {Level::warning, what, "is secured by column security; to a user without a profile it shows as empty.",
            "Make sure that the bridge's user has a column security profile that may read it."};
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
  const auto stages = stages_from(call, client_.read_all(call, stage_reads()));
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
  processes_.forget();
  schema_.forget();  // somebody may have just created what was missing
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
