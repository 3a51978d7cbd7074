// Reads and moves business processes.
#include "connectors/dynamics365/dynamics365_process.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_odata.h"

namespace cosell::dynamics365 {
namespace {

constexpr const char* kInstanceId = "businessprocessflowinstanceid";
constexpr Duration kOverlap = minutes(5);
// After a mass change: what changed an hour ago is no longer read again. Far more than clocks differ.
constexpr std::size_t kSeenMost = 2'000;
constexpr Duration kMassOverlap = hours(1);
constexpr int kInstancePagesMost = 10'000;

// Both come with Dynamics 365 Sales.
const std::array<ProcessTable, 2>& standard_tables() {
  static const std::array<ProcessTable, 2> tables = {
      {{"opportunitysalesprocess", "opportunitysalesprocesses", "opportunityid", "OpportunitySalesProcess"},
       {"leadtoopportunitysalesprocess", "leadtoopportunitysalesprocesses", "opportunityid",
        "LeadToOpportunitySalesProcess"}}};
  return tables;
}

std::string lookup_value(const std::string& lookup) { return "_" + lookup + "_value"; }

std::string instance_columns(const ProcessTable& table) {
  return text::join({kInstanceId, lookup_value(table.opportunity), "_activestageid_value", "statecode", "modifiedon"},
                    ",");
}

Result<json::Value> list_in(const Result<http::Response>& answer, const std::string& request) {
  if (!answer) return answer.error();
  auto root = read_body(answer->body, request);
  if (!root) return root;
  const json::Value* list = root->find("value");
  if (list == nullptr || !list->is_array()) return not_understood(request, "it has no list of rows.");
  return root;
}

Result<ProcessInstance> instance_from(const json::Value& row, const ProcessTable& table, const std::string& request) {
  ProcessInstance out;
  out.table = table.name;
  out.set = table.set;
  out.id = normal_guid(row.text_of(kInstanceId));
  out.version = row.text_of("@odata.etag");
  out.opportunity = normal_guid(row.text_of(lookup_value(table.opportunity)));
  out.stage = normal_guid(row.text_of("_activestageid_value"));
  const json::Value* state = row.find("statecode");
  const auto changed_at = parse_instant(row.text_of("modifiedon"));
  if (out.id.empty() || out.version.empty() || state == nullptr || !changed_at) {
    return not_understood(request, "an instance of the business process is incomplete.");
  }
  out.active = state->as_integer() == 0;
  out.changed_at = *changed_at;
  return out;
}

bool counts_before(const ProcessInstance& a, const ProcessInstance& b) {
  return a.active != b.active ? a.active : a.changed_at > b.changed_at;
}

}  // namespace

Dynamics365Processes::Dynamics365Processes(const Dynamics365Settings& settings, Dynamics365Client& client)
    : settings_(settings), client_(client) {}

Error Dynamics365Processes::missing(const std::string& name, const std::map<std::string, Met>& met) const {
  std::vector<std::string> there;
  for (const auto& entry : met) there.push_back(entry.first);
  const auto place = settings_.process_places.find(name);
  const std::string file = settings_.file.empty() ? "" : settings_.file + ":";
  const std::string near = text::nearest(name, there);
  const std::string remedy = !near.empty()    ? "did you mean \"" + near + "\"?"
                             : !there.empty() ? "there are: " + text::join(there, ", ")
                                              : "give the logical name of the process's table";
  return make_error(ErrorClass::config, (place == settings_.process_places.end() ? "" : file + place->second + ": ") +
                                            "\"processes\": Dynamics 365 has no business process \"" + name +
                                            "\" for opportunities, or the bridge's user may not see it; " + remedy);
}

// ---- which tables

Result<std::vector<ProcessTable>> Dynamics365Processes::find_tables(Call& call) {
  std::vector<ProcessTable> found;
  std::vector<Read> reads;
  for (const std::string& name : settings_.processes) {
    const auto& standard = standard_tables();
    const auto known = std::find_if(standard.begin(), standard.end(), [&](const auto& t) { return t.name == name; });
    if (known != standard.end()) {
      found.push_back(*known);
      continue;
    }
    found.push_back({name, "", "", ""});
    const std::string definition = "EntityDefinitions(LogicalName=" + quoted(name) + ")";
    reads.push_back({definition + "?$select=LogicalName,SchemaName,EntitySetName,IsBPFEntity", "GET table " + name});
    reads.push_back(
        {definition + "/Attributes/Microsoft.Dynamics.CRM.LookupAttributeMetadata?$select=LogicalName,Targets",
         "GET columns of " + name});
  }
  const auto answers = client_.read_all(call, reads);
  const auto not_there = [&](const ProcessTable& table) {
    const auto met = processes_met(call);  // only to say what was probably meant
    return missing(table.name, met ? *met : std::map<std::string, Met>{});
  };
  std::size_t n = 0;
  for (ProcessTable& table : found) {
    if (!table.set.empty()) continue;
    const auto& definition = answers[n++];
    const auto& lookups = answers[n++];
    if (!definition && definition.error().kind == ErrorClass::not_found) return not_there(table);
    if (!definition) return definition.error();
    const auto root = read_body(definition->body, "GET table " + table.name);
    if (!root) return root.error();
    const json::Value* is_process = root->find("IsBPFEntity");
    if (is_process == nullptr || !is_process->as_bool()) return not_there(table);
    table.set = root->text_of("EntitySetName");
    table.schema_name = root->text_of("SchemaName");
    const auto list = list_in(lookups, "GET columns of " + table.name);
    if (!list) return list.error();
    for (const json::Value& lookup : list->find("value")->items()) {
      const json::Value* targets = lookup.find("Targets");
      const bool leads_there =
          targets != nullptr && std::any_of(targets->items().begin(), targets->items().end(),
                                            [](const auto& t) { return t.text() == "opportunity"; });
      if (leads_there) table.opportunity = lookup.text_of("LogicalName");
    }
    if (table.set.empty() || table.opportunity.empty()) return not_there(table);
  }
  return found;
}

Result<const std::vector<ProcessTable>*> Dynamics365Processes::tables(Call& call) {
  if (!tables_) {
    auto found = find_tables(call);
    if (!found) return std::move(found.error());
    tables_ = *std::move(found);
  }
  return &*tables_;
}

// ---- the processes for people

Result<std::map<std::string, Dynamics365Processes::Met>> Dynamics365Processes::processes_met(Call& call) {
  const Read ask{resource("processstages", {{"$select", "processstageid,stagename,stagecategory"},
                                            {"$expand", "processid($select=uniquename,name)"},
                                            {"$filter", "primaryentitytypecode eq 'opportunity'"}}),
                 "GET processstages"};
  const auto root = list_in(client_.read(call, ask), ask.name);
  if (!root) return root.error();
  std::map<std::string, Met> met;
  for (const json::Value& row : root->find("value")->items()) {
    const json::Value* process = row.find("processid");
    const std::string id = normal_guid(row.text_of("processstageid"));
    if (process == nullptr || id.empty()) return not_understood(ask.name, "a stage has no id or no process.");
    Met& of = met[text::lower_ascii(process->text_of("uniquename"))];
    of.label = process->text_of("name");
    const json::Value* category = row.find("stagecategory");
    of.stages.emplace_back(category == nullptr ? 0 : category->as_integer().value_or(0),
                           ProcessStage{id, row.text_of("stagename")});
  }
  for (auto& entry : met) {
    std::stable_sort(entry.second.stages.begin(), entry.second.stages.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  return met;
}

Result<std::vector<Process>> Dynamics365Processes::describe(Call& call) {
  auto tables = this->tables(call);
  if (!tables) return std::move(tables.error());
  auto met = processes_met(call);
  if (!met) return std::move(met.error());
  std::vector<Process> out;
  for (const ProcessTable& table : **tables) {
    const auto it = met->find(table.name);
    if (it == met->end()) return missing(table.name, *met);
    Process process{table.name, it->second.label, {}};
    for (auto& stage : it->second.stages) process.stages.push_back(std::move(stage.second));
    out.push_back(std::move(process));
  }
  return out;
}

// ---- instances

Result<std::vector<ProcessInstance>> Dynamics365Processes::read_instances(Call& call, const ProcessTable& table,
                                                                          Result<http::Response> answer) {
  const std::string request = "GET " + table.set;
  std::vector<ProcessInstance> found;
  for (int pages = 0; pages < kInstancePagesMost; ++pages) {
    const auto root = list_in(answer, request);
    if (!root) return root.error();
    for (const json::Value& row : root->find("value")->items()) {
      auto instance = instance_from(row, table, request);
      if (!instance) return std::move(instance.error());
      if (!instance->opportunity.empty()) found.push_back(*std::move(instance));
    }
    const std::string next = root->text_of("@odata.nextLink");
    if (next.empty()) return found;
    auto path = client_.own_path(next, request);
    if (!path) return std::move(path.error());
    answer = client_.read(call, {*path, request});
  }
  return not_understood(request, "its pages do not end.");
}

Result<ProcessInstances> Dynamics365Processes::instances_of(Call& call, const std::vector<std::string>& opportunities) {
  ProcessInstances found;
  if (opportunities.empty()) return found;
  auto tables = this->tables(call);
  if (!tables) return std::move(tables.error());
  std::vector<Read> reads;
  std::vector<const ProcessTable*> whose;
  for (const ProcessTable& table : **tables) {
    for (const auto& group : in_groups(opportunities, kIdsInOneRead)) {
      reads.push_back(
          {resource(table.set, {{"$select", instance_columns(table)}, {"$filter", in(table.opportunity, group)}}),
           "GET " + table.set});
      whose.push_back(&table);
    }
  }
  auto answers = client_.read_all(call, reads);
  for (std::size_t n = 0; n < answers.size(); ++n) {
    auto some = read_instances(call, *whose[n], std::move(answers[n]));
    if (!some) return std::move(some.error());
    for (ProcessInstance& instance : *some) {
      const auto there = found.find(instance.opportunity);
      if (there == found.end()) {
        found.emplace(instance.opportunity, instance);
      } else if (counts_before(instance, there->second)) {
        there->second = std::move(instance);
      }
    }
  }
  return found;
}

void Dynamics365Processes::fill_from(const ProcessInstances& instances, const RowShape& shape, Row& row) {
  const auto it = instances.find(row.seen.id.value);
  for (const PlannedColumn& c : shape.columns) {
    if (it == instances.end()) break;
    if (c.from == PlannedColumn::From::process) row.seen.columns[c.name] = it->second.table;
    if (c.from != PlannedColumn::From::stage) continue;
    auto stage = shape.stage.parse(text_of(column(row.seen.columns, c.name)));
    if (!stage || !stage->is_open()) continue;
    stage->process_stage = it->second.stage;
    row.seen.columns[c.name] = shape.stage.text_of(*stage);
  }
}

Result<void> Dynamics365Processes::fill(Call& call, const RowShape& shape, std::vector<Row>& rows, MovesKnown* known) {
  if (!shape.shows_process()) return {};
  std::vector<std::string> ids;
  for (const Row& row : rows) {
    if (row.seen.existence == Existence::live) ids.push_back(row.seen.id.value);
  }
  const auto instances = instances_of(call, ids);
  if (!instances) return instances.error();
  for (Row& row : rows) {
    if (row.seen.existence == Existence::live) fill_from(*instances, shape, row);
  }
  for (const auto& [opportunity, instance] : *instances) {
    if (known == nullptr || instance.changed_at < known->since || known->seen.size() >= kSeenMost) continue;
    known->seen[instance.id] = instance.version;
  }
  return {};
}

// ---- moves of others

Result<MovesKnown> Dynamics365Processes::now_known(Call& call) {
  auto tables = this->tables(call);
  if (!tables) return std::move(tables.error());
  std::vector<Read> reads;
  for (const ProcessTable& table : **tables) {
    reads.push_back(
        {resource(table.set, {{"$select", instance_columns(table)}, {"$orderby", "modifiedon desc"}, {"$top", "1"}}),
         "GET " + table.set});
  }
  MovesKnown known;
  auto answers = client_.read_all(call, reads);
  for (std::size_t n = 0; n < answers.size(); ++n) {
    const auto newest = read_instances(call, (**tables)[n], std::move(answers[n]));
    if (!newest) return newest.error();
    for (const ProcessInstance& instance : *newest) known.since = std::max(known.since, instance.changed_at);
  }
  if (known.since != Instant{}) known.since = known.since - kOverlap;
  return known;
}

Result<void> Dynamics365Processes::find_moved(Call& call, MovesKnown& known) {
  auto tables = this->tables(call);
  if (!tables) return std::move(tables.error());
  std::vector<Read> reads;
  for (const ProcessTable& table : **tables) {
    reads.push_back({resource(table.set, {{"$select", instance_columns(table)},
                                          {"$filter", "modifiedon ge " + to_string_seconds(known.since)}}),
                     "GET " + table.set});
  }
  std::vector<ProcessInstance> all;
  auto answers = client_.read_all(call, reads);
  for (std::size_t n = 0; n < answers.size(); ++n) {
    auto some = read_instances(call, (**tables)[n], std::move(answers[n]));
    if (!some) return std::move(some.error());
    std::move(some->begin(), some->end(), std::back_inserter(all));
  }
  MovesKnown later;
  later.pending = std::move(known.pending);
  for (const ProcessInstance& instance : all) {
    later.since = std::max({later.since, known.since, instance.changed_at - kOverlap});
    const auto before = known.seen.find(instance.id);
    if (before == known.seen.end() || before->second != instance.version) later.pending.push_back(instance.opportunity);
  }
  if (all.empty()) later.since = known.since;
  for (const ProcessInstance& instance : all) {
    if (instance.changed_at >= later.since) later.seen[instance.id] = instance.version;
  }
  if (later.seen.size() > kSeenMost) {
    later.since = std::max(later.since, call.clock.now() - kMassOverlap);
    later.seen.clear();
  }
  known = std::move(later);
  return {};
}

// ---- moves of ours

Result<std::vector<BatchRequest>> Dynamics365Processes::steps(const Move& move,
                                                              const Result<http::Response>& answer) const {
  const std::string request = "GET RetrieveActivePath";
  const auto root = list_in(answer, request);
  if (!root) return root.error();
  std::vector<std::string> path;
  for (const json::Value& stage : root->find("value")->items()) {
    path.push_back(normal_guid(stage.text_of("processstageid")));
    if (path.back().empty()) return not_understood(request, "a stage has no id.");
  }
  const auto from = std::find(path.begin(), path.end(), move.instance.stage);
  const auto to = std::find(path.begin(), path.end(), move.to);
  if (from == path.end() || to == path.end()) {
    Error e = make_error(ErrorClass::rejected, "The business process of this opportunity (" + move.instance.table +
                                                   ") does not lead to the stage process:" + move.to +
                                                   ". Switch the process in Dynamics 365, or change the mapping.");
    e.fields = {std::string(kStageColumn)};
    e.rule = "PROCESS_PATH";
    return e;
  }
  std::vector<BatchRequest> requests;
  for (auto at = from; at != to;) {
    at = at < to ? std::next(at) : std::prev(at);
    json::Value body = json::Value::object();
    body.set("activestageid@odata.bind", json::Value::string("/processstages(" + *at + ")"));
    body.set("traversedpath", json::Value::string(text::join({path.begin(), std::next(at)}, ",")));
    if (!move.instance.active && requests.empty()) {
      body.set("statecode", json::Value::integer(0));
      body.set("statuscode", json::Value::integer(1));
    }
    BatchRequest step;
    step.method = "PATCH";
    step.path = client_.path(move.instance.set + "(" + move.instance.id + ")");
    // The steps are one change set: nobody comes between the first and the last.
    step.headers.push_back({"If-Match", requests.empty() ? move.instance.version : "*"});
    step.body = json::write(body);
    requests.push_back(std::move(step));
  }
  return requests;
}

std::vector<Result<std::vector<BatchRequest>>> Dynamics365Processes::steps_of(Call& call,
                                                                              const std::vector<Move>& moves) {
  std::vector<Read> reads;
  for (const Move& move : moves) {
    reads.push_back({"RetrieveActivePath(ProcessInstanceId=" + move.instance.id + ")", "GET RetrieveActivePath"});
  }
  const auto answers = client_.read_all(call, reads);
  std::vector<Result<std::vector<BatchRequest>>> out;
  for (std::size_t n = 0; n < moves.size(); ++n) out.push_back(steps(moves[n], answers[n]));
  return out;
}

}  // namespace cosell::dynamics365
