// What Dynamics 365 answers beside rows of opportunities: its metadata, what the bridge's user may do, related rows,
// business processes, what a set-up finds, and what a write shows.
#include "connectors/dynamics365/dynamics365_client.h"
#include "connectors/dynamics365/dynamics365_connector.h"
#include "connectors/dynamics365/dynamics365_privileges.h"
#include "connectors/dynamics365/dynamics365_process.h"
#include "connectors/dynamics365/dynamics365_reads.h"
#include "connectors/dynamics365/dynamics365_related.h"
#include "connectors/dynamics365/dynamics365_schema.h"
#include "connectors/dynamics365/dynamics365_stage.h"
#include "tests/fuzz/conversations.h"
#include "tests/fuzz/talk.h"

namespace cosell::fuzz {

namespace {

const std::string kId = "11111111-2222-4333-8444-555555555555";
const std::string kOther = "11111111-2222-4333-8444-555555555556";
const std::string kWho = R"({"OrganizationId":")" + kId + R"(","UserId":")" + kOther + R"("})";
const std::string kNoRows = R"({"value":[]})";

// Each read of a batch has its answer, by its path.
std::string batch_of(const http::Request& request, const std::function<std::string(const std::string&)>& answer) {
  const std::string begin = "\nGET ";
  std::string out;
  for (std::size_t at = request.body.find(begin); at != std::string::npos; at = request.body.find(begin, at + 1)) {
    const std::size_t path = at + begin.size();
    out +=
        "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 200 OK\r\n"
        "Content-Type: application/json\r\n\r\n" +
        answer(request.body.substr(path, request.body.find('\r', path) - path)) + "\r\n";
  }
  return out + "--b--\r\n";
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

Dynamics365Settings dynamics365_settings() {
  Dynamics365Settings s;
  s.instance = kHere;
  return s;
}

Dynamics365Settings with_process(const std::string& process) {
  Dynamics365Settings s = dynamics365_settings();
  s.stage_column = dynamics365::kProcessColumn;
  s.processes = {process};
  return s;
}

// What is wrong with the configuration, and not with the answer, is told as such.
template <class T>
Read unless_configured(const Result<T>& result) {
  if (!result && result.error().kind == ErrorClass::config) return std::nullopt;
  return error_in(result);
}

Read dynamics365_link(std::string_view input) {
  const dynamics365::Dynamics365Client client(dynamics365_settings(), Talk::tokens());
  return sound_path(client.own_path(std::string(input), "GET opportunities"), "/api/data/");
}

// ---- metadata

Read dynamics365_columns(std::string_view input) {
  Talk talk([](const http::Request&) { return std::string("{}"); });
  Call call = talk.call();
  dynamics365::Dynamics365Client client(dynamics365_settings(), Talk::tokens());
  dynamics365::Dynamics365Schema schema(client);
  const std::vector<Result<http::Response>> answers(schema.column_reads("opportunity").size(),
                                                    answer_with(std::string(input)));
  const auto learnt = schema.learn(call, "opportunity", answers, 0);
  if (!learnt) return learnt.error();
  return std::nullopt;
}

Read secured(std::string_view input) {
  dynamics365::Dynamics365Client client(dynamics365_settings(), Talk::tokens());
  dynamics365::Dynamics365Schema schema(client);
  const auto learnt = schema.learn_secured("account", answer_with(std::string(input)));
  for (const auto& [name, id] : schema.secured("account")) {
    if (name.empty() || id.empty()) return make_error(ErrorClass::bug, "a secured column without a name or an id");
  }
  return error_in(learnt);
}

Read tables(std::string_view input) {
  const std::string columns =
      R"({"value":[{"LogicalName":"new_partner","SchemaName":"new_Partner","AttributeType":"Lookup","IsSecured":false,)"
      R"("IsCustomAttribute":true,"Targets":["new_partner"]}]})";
  Talk talk([&](const http::Request& r) {
    return asks_for(r, "$batch") ? batch_of(r, [&](const std::string&) { return columns; }) : std::string(input);
  });
  Call call = talk.call();
  dynamics365::Dynamics365Client client(dynamics365_settings(), Talk::tokens());
  dynamics365::Dynamics365Schema schema(client);
  return error_in(schema.facts_of(call, "opportunity", {"new_partner"}));
}

Read dynamics365_keys(std::string_view input) {
  const std::string columns =
      R"({"value":[{"LogicalName":"cosell_referralid","SchemaName":"cosell_referralid","AttributeType":"String","IsSecured":false}]})";
  const std::string who = R"({"OrganizationId":"11111111-2222-4333-8444-555555555555",)"
                          R"("UserId":"11111111-2222-4333-8444-555555555556"})";
  Talk talk([&](const http::Request& r) {
    if (asks_for(r, "Keys")) return std::string(input);
    if (asks_for(r, "WhoAmI")) return who;
    return asks_for(r, "$batch") ? batch_of(r, [&](const std::string&) { return columns; })
                                 : std::string(R"({"value":[]})");
  });
  Call call = talk.call();
  const auto connector = make_dynamics365_connector(dynamics365_settings(), Talk::tokens());
  for (const Finding& f : connector->check(call, {}, {})) {
    if (f.what.find("Key column") == std::string::npos) continue;
    if (f.level == Finding::Level::ok) return std::nullopt;
    return not_understood(f.text);
  }
  return make_error(ErrorClass::bug, "the key was not looked at");
}

// ---- who the bridge's user is, and what it may do

Read organisation(std::string_view input) {
  return error_in(dynamics365::organisation_in(answer_with(std::string(input))));
}

Read readable(std::string_view input) {
  Talk talk([&](const http::Request& r) { return asks_for(r, "WhoAmI") ? kWho : std::string(input); });
  Call call = talk.call();
  dynamics365::Dynamics365Client client(dynamics365_settings(), Talk::tokens());
  return error_in(dynamics365::readable_secured_columns(call, client));
}

Read privileges(std::string_view input) {
  const auto findings =
      dynamics365::privilege_findings(dynamics365::standard_privileges(), answer_with(std::string(input)));
  if (findings.empty()) return make_error(ErrorClass::bug, "nothing is said");
  if (holds(findings.front().text, "could not be asked for")) return not_understood(findings.front().text);
  return std::nullopt;
}

// ---- related rows

Read related(std::string_view input) {
  int asked = 0;
  Talk talk([&](const http::Request&) { return asked++ == 0 ? std::string(input) : kNoRows; });
  Call call = talk.call();
  dynamics365::Dynamics365Client client(dynamics365_settings(), Talk::tokens());
  dynamics365::Dynamics365Related reader(client);
  dynamics365::PlannedColumn name;
  name.name = "parentaccountid.name";
  name.from = dynamics365::PlannedColumn::From::related;
  name.property = "_parentaccountid_value";
  name.facts = *dynamics365::standard_facts("opportunity", "parentaccountid");
  name.column = "name";
  dynamics365::RowShape shape;
  shape.table = dynamics365::table_of(RecordKind::opportunity);
  shape.columns = {name};
  shape.lookups = 1;
  dynamics365::Row row;
  row.related = {kId};
  std::vector<dynamics365::Row> rows = {row};
  if (const auto filled = reader.fill(call, shape, rows); !filled) return filled.error();
  return kept_as_shown(rows.front().seen.columns);
}

// ---- business processes

Read dynamics365_processes(std::string_view input) {
  Talk talk([input](const http::Request&) { return std::string(input); });
  Call call = talk.call();
  const Dynamics365Settings settings = dynamics365_settings();
  dynamics365::Dynamics365Client client(settings, Talk::tokens());
  dynamics365::Dynamics365Processes processes(settings, client);
  const auto described = processes.describe(call);
  // A process that is not among those shown is a slip of the configuration, told as such.
  if (!described && described.error().kind == ErrorClass::config) return std::nullopt;
  if (!described) return described.error();
  if (described->front().stages.empty()) return make_error(ErrorClass::bug, "a process without stages");
  return std::nullopt;
}

Read instances(std::string_view input) {
  int asked = 0;
  Talk talk([&](const http::Request&) { return asked++ == 0 ? std::string(input) : kNoRows; });
  Call call = talk.call();
  const Dynamics365Settings settings = with_process("opportunitysalesprocess");
  dynamics365::Dynamics365Client client(settings, Talk::tokens());
  dynamics365::Dynamics365Processes processes(settings, client);
  return error_in(processes.instances_of(call, {kId}));
}

// The definition of a process's table, or its lookups.
Read process_table(std::string_view input, bool definition) {
  const std::string table = R"({"IsBPFEntity":true,"EntitySetName":"new_processes","SchemaName":"new_Process"})";
  const std::string lookups = R"({"value":[{"LogicalName":"new_opportunity","Targets":["opportunity"]}]})";
  Talk talk([&](const http::Request& r) {
    if (!asks_for(r, "$batch")) return kNoRows;
    return batch_of(r, [&](const std::string& path) {
      const bool asks_lookups = holds(path, "LookupAttributeMetadata");
      if (asks_lookups != definition) return std::string(input);
      return asks_lookups ? lookups : table;
    });
  });
  Call call = talk.call();
  const Dynamics365Settings settings = with_process("new_process");
  dynamics365::Dynamics365Client client(settings, Talk::tokens());
  dynamics365::Dynamics365Processes processes(settings, client);
  return unless_configured(processes.tables(call));
}

Read active_path(std::string_view input) {
  Talk talk([&](const http::Request&) { return std::string(input); });
  Call call = talk.call();
  const Dynamics365Settings settings = with_process("opportunitysalesprocess");
  dynamics365::Dynamics365Client client(settings, Talk::tokens());
  dynamics365::Dynamics365Processes processes(settings, client);
  dynamics365::Dynamics365Processes::Move move;
  move.instance = {"opportunitysalesprocess", "opportunitysalesprocesses", kId, "W/1", kId, kId, true, {}};
  move.to = kOther;
  const auto steps = processes.steps_of(call, {move}).front();
  if (!steps && steps.error().rule == "PROCESS_PATH") return std::nullopt;
  return error_in(steps);
}

// ---- set-up

// One of the answers that a set-up asks for before it makes a column.
Read set_up_dynamics365(std::string_view input, std::string_view asked) {
  const std::string columns = R"({"value":[{"LogicalName":"name","SchemaName":"Name","AttributeType":"String",)"
                              R"("IsSecured":false}]})";
  const auto answer = [&](const std::string& path) -> std::string {
    if (holds(path, asked)) return std::string(input);
    if (holds(path, "Keys(")) return R"({"Keys":[]})";
    if (holds(path, "organizations")) return R"({"value":[{"languagecode":1033}]})";
    if (holds(path, "publishers")) return R"({"value":[{"publisherid":")" + kId + R"("}]})";
    if (holds(path, "solutions")) return R"({"value":[{"solutionid":")" + kId + R"("}]})";
    return columns;
  };
  Talk talk([&](const http::Request& r) {
    if (asks_for(r, "$batch")) return batch_of(r, answer);
    return r.method == "GET" ? answer(r.url) : std::string("{}");
  });
  Call call = talk.call();
  const auto connector = make_dynamics365_connector(dynamics365_settings(), Talk::tokens());
  OwnColumn column;
  column.name = "cosell_referralid";
  column.label = "Referral";
  column.key = true;
  for (const SetUpStep& step : connector->column_maker()->make_columns(call, {column}, false)) {
    if (step.state == SetUpStep::State::failed) return make_error(step.error, step.text);
  }
  return std::nullopt;
}

// ---- writes

// What cannot be told of a write that arrived, the next pull tells.
Read shown_by_a_write(std::string_view input) {
  Talk talk([&](const http::Request&) {
    return "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 200 OK\r\n"
           "Content-Type: application/json\r\n\r\n" +
           std::string(input) + "\r\n--b--\r\n";
  });
  Call call = talk.call();
  const auto connector = make_dynamics365_connector(dynamics365_settings(), Talk::tokens());
  Operation op;
  op.id = OperationId("op");
  op.target.id = RecordId(kId);
  op.must_match = VersionToken("W/1");
  op.changes = {{"name", Value(std::string("A"))}};
  const auto outcomes = connector->push(call, std::span(&op, 1));
  if (outcomes.size() != 1) return make_error(ErrorClass::bug, "one write has not one outcome");
  const Error* e = std::get_if<Error>(&outcomes.front().what);
  if (e == nullptr) return kept_as_shown(std::get<Applied>(outcomes.front().what).shown);
  return e->kind == ErrorClass::unknown ? Read{} : Read{*e};
}

}  // namespace

std::vector<Target> dynamics365_conversations() {
  return {
      {"dynamics365_link", "GET opportunities names a next page", kHere + "/api/data/v9.2/opportunities?$skiptoken=1",
       dynamics365_link},
      {"dynamics365_columns", "columns of opportunity",
       R"({"value":[{"LogicalName":"new_a","SchemaName":"new_A","AttributeType":"Money","MaxLength":100,"Format":"Text",)"
       R"("DateTimeBehavior":{"Value":"UserLocal"},"Targets":["account"],"IsValidForCreate":true,"IsSecured":false,"DisplayName":)"
       R"({"UserLocalizedLabel":{"Label":"A"}},"RequiredLevel":{"Value":"None"}}]})",
       dynamics365_columns},
      {"dynamics365_processes", "GET processstages",
       R"({"value":[{"processstageid":"11111111-2222-4333-8444-555555555555","stagename":"Qualify","stagecategory":0,)"
       R"("processid":{"uniquename":"opportunitysalesprocess","name":"Sales"}}]})",
       dynamics365_processes},
      {"dynamics365_keys", "",
       R"({"LogicalName":"opportunity","Keys":[{"KeyAttributes":["cosell_referralid"],"EntityKeyIndexStatus":"Active"}]})",
       dynamics365_keys},
      {"dynamics365_secured", "GET secured columns of account",
       R"({"value":[{"LogicalName":"telephone1","MetadataId":")" + kId + R"("}]})", secured},
      {"dynamics365_tables", "GET tables",
       R"({"value":[{"LogicalName":"new_partner","EntitySetName":"new_partners","PrimaryIdAttribute":"new_partnerid"}]})",
       tables},
      {"dynamics365_organisation", "GET WhoAmI", kWho, organisation},
      {"dynamics365_readable", "GET column privileges of the application user",
       R"({"AttributePrivileges":[{"AttributeId":")" + kId + R"(","CanRead":4}]})", readable},
      {"dynamics365_privileges", "GET privileges of the application user",
       R"({"RolePrivileges":[{"PrivilegeName":"prvReadOpportunity","Depth":"Global"}]})", privileges},
      {"dynamics365_related", "GET accounts",
       R"({"value":[{"accountid":")" + kId + R"(","name":"B"}],)" + R"("@odata.nextLink":")" + kHere +
           R"(/api/data/v9.2/accounts?$skiptoken=1"})",
       related},
      {"dynamics365_instances", "GET opportunitysalesprocesses",
       R"({"value":[{"@odata.etag":"W/1","businessprocessflowinstanceid":")" + kId + R"(","_opportunityid_value":")" +
           kId + R"(","_activestageid_value":")" + kId + R"(","statecode":0,"modifiedon":"2026-01-01T00:00:00Z"}],)" +
           R"("@odata.nextLink":")" + kHere + R"(/api/data/v9.2/opportunitysalesprocesses?$skiptoken=1"})",
       instances},
      {"dynamics365_process_table", "GET table new_process",
       R"({"IsBPFEntity":true,"EntitySetName":"new_processes","SchemaName":"new_Process"})",
       [](std::string_view s) { return process_table(s, true); }},
      {"dynamics365_process_lookups", "GET columns of new_process",
       R"({"value":[{"LogicalName":"new_opportunity","Targets":["opportunity"]}]})",
       [](std::string_view s) { return process_table(s, false); }},
      {"dynamics365_path", "GET RetrieveActivePath",
       R"({"value":[{"processstageid":")" + kId + R"("},{"processstageid":")" + kOther + R"("}]})", active_path},
      {"dynamics365_set_up_keys", "GET alternate keys of opportunity",
       R"({"Keys":[{"KeyAttributes":["cosell_referralid"]}]})",
       [](std::string_view s) { return set_up_dynamics365(s, "Keys("); }},
      {"dynamics365_set_up_language", "GET organizations", R"({"value":[{"languagecode":1031}]})",
       [](std::string_view s) { return set_up_dynamics365(s, "organizations"); }},
      {"dynamics365_set_up_publisher", "GET publishers", R"({"value":[{"publisherid":")" + kId + R"("}]})",
       [](std::string_view s) { return set_up_dynamics365(s, "publishers"); }},
      {"dynamics365_set_up_solution", "GET solutions", R"({"value":[{"solutionid":")" + kId + R"("}]})",
       [](std::string_view s) { return set_up_dynamics365(s, "solutions"); }},
      {"dynamics365_written", "",
       R"({"@odata.etag":"W/2","opportunityid":")" + kId + R"(","name":"A","modifiedon":"2026-01-01T00:00:00Z"})",
       shown_by_a_write},
  };
}

}  // namespace cosell::fuzz
