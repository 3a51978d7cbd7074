// What Salesforce answers beside pages of records: the organisation, rows that an update is compared with, what a
// set-up finds, and the words of a refusal.
#include "base/json.h"
#include "base/text.h"
#include "connectors/salesforce/salesforce_client.h"
#include "connectors/salesforce/salesforce_connector.h"
#include "connectors/salesforce/salesforce_reads.h"
#include "tests/fuzz/conversations.h"
#include "tests/fuzz/talk.h"

namespace cosell::fuzz {

namespace {

const std::string kDeal = "006000000000001AAA";
const std::string kWritten = R"([{"id":")" + kDeal + R"(","success":true,"created":false,"errors":[]}])";
const std::string kRefused =
    "duplicate value found: Cosell_Referral_Id__c duplicates value on record with id: 006000000000001";

SalesforceSettings salesforce_settings() {
  SalesforceSettings s;
  s.instance = kHere;
  return s;
}

Read salesforce_link(std::string_view input) {
  const salesforce::SalesforceClient client(salesforce_settings(), Talk::tokens());
  const auto ask = client.next_page(std::string(input));
  return sound_path(ask ? Result<std::string>(ask->path) : Result<std::string>(ask.error()), "/services/data/");
}

Read salesforce_organisation(std::string_view input) {
  const auto part = json::read(input);
  if (!part) return not_understood("a composite holds JSON only");
  const std::string stages =
      R"({"done":true,"records":[{"ApiName":"A","MasterLabel":"B","IsActive":true,"IsClosed":false,"IsWon":false,)"
      R"("DefaultProbability":10.0,"SortOrder":1}]})";
  Talk talk([&](const http::Request&) {
    return R"({"compositeResponse":[{"body":)" + stages +
           R"(,"httpHeaders":{},"httpStatusCode":200,"referenceId":"part0"},{"body":)" + json::write(*part) +
           R"(,"httpHeaders":{},"httpStatusCode":200,"referenceId":"part1"}]})";
  });
  Call call = talk.call();
  const auto connector = make_salesforce_connector(salesforce_settings(), Talk::tokens());
  const auto described = connector->describe_stages(call);
  if (!described) return described.error();
  if (described->environment.find("00D") == std::string::npos) return not_understood("no organisation");
  return std::nullopt;
}

// ---- records

// One write of one opportunity; what it wants to know first and afterwards, and its own outcome, are answered as given.
Outcome outcome_of(const Operation& op, const std::string& before, const std::string& result,
                   const std::string& afterwards = "[]") {
  int looks = 0;
  Talk talk([&](const http::Request& r) {
    if (r.method == "POST" && asks_for(r, "/composite/sobjects/Opportunity")) return looks++ == 0 ? before : afterwards;
    if (asks_for(r, "/composite/sobjects")) return result;
    if (asks_for(r, "/query")) return std::string(R"({"totalSize":0,"done":true,"records":[]})");
    return std::string(R"({"fields":[]})");
  });
  Call call = talk.call();
  const auto connector = make_salesforce_connector(salesforce_settings(), Talk::tokens());
  return connector->push(call, std::span(&op, 1)).front();
}

// The rows that an update is compared with.
Read read_by_id(std::string_view input) {
  Operation op;
  op.id = OperationId("op");
  op.target.id = RecordId(kDeal);
  op.expected = {{"Name", Value(std::string("A"))}};
  op.changes = {{"Name", Value(std::string("B"))}};
  const Outcome outcome = outcome_of(op, std::string(input), kWritten);
  const Error* e = std::get_if<Error>(&outcome.what);
  const bool judged = e == nullptr || e->kind == ErrorClass::precondition || e->kind == ErrorClass::not_found;
  return judged ? Read{} : Read{*e};
}

// The rows that tell how an amount was rounded.
Read rounded(std::string_view input) {
  Operation op;
  op.id = OperationId("op");
  op.target.id = RecordId(kDeal);
  op.changes = {{"Amount", Value(*parse_number("10.005"))}};
  const std::string before = R"([{"Id":")" + kDeal + R"(","HasOpportunityLineItem":false}])";
  const Outcome outcome = outcome_of(op, before, kWritten, std::string(input));
  if (const Error* e = std::get_if<Error>(&outcome.what)) return *e;
  return kept_as_shown(std::get<Applied>(outcome.what).shown);
}

// The words of a refusal are for people; an id in them is only one to look for.
Read refusal_of_a_create(std::string_view input) {
  json::Value error = json::Value::object();
  error.set("statusCode", json::Value::string("DUPLICATE_VALUE"));
  error.set("message", json::Value::string(text::is_valid_utf8(input) ? std::string(input) : kRefused));
  error.set("fields", json::Value::array());
  Operation op;
  op.id = OperationId("op");
  op.verb = Verb::create;
  op.target.key = BridgeKey(std::string("11111111-2222-4333-8444-555555555555"));
  op.changes = {{"Name", Value(std::string("A"))}};
  const Outcome outcome =
      outcome_of(op, "[]", R"([{"success":false,"created":false,"errors":[)" + json::write(error) + "]}]");
  const Error* e = std::get_if<Error>(&outcome.what);
  if (e == nullptr) return make_error(ErrorClass::bug, "a refusal was taken for done");
  return e->kind == ErrorClass::bug ? Read{*e} : Read{};
}

// ---- set-up and check

Read salesforce_tooling(std::string_view input) {
  Talk talk([&](const http::Request& r) {
    return asks_for(r, "/tooling/") ? std::string(input) : std::string(R"({"fields":[]})");
  });
  Call call = talk.call();
  const auto connector = make_salesforce_connector(salesforce_settings(), Talk::tokens());
  const auto steps = connector->column_maker()->make_columns(call, {}, true);
  if (steps.empty()) return std::nullopt;
  return make_error(steps.front().error, steps.front().text);
}

// One of the answers on the way to showing a column that is there and hidden.
Read set_up_salesforce(std::string_view input, std::string_view asked) {
  const auto records = [](const std::string& row) { return R"({"done":true,"records":[)" + row + "]}"; };
  Talk talk([&](const http::Request& r) -> std::string {
    const std::string url = text::percent_decode(r.url);
    const bool resources =
        text::ends_with(url, "/services/data/v60.0") || text::ends_with(url, "/services/data/v60.0/");
    if (r.method == "GET" && (asked == "resources" ? resources : url.find(asked) != std::string::npos))
      return std::string(input);
    if (resources) return R"({"identity":"https://login.salesforce.com/id/00D000000000001EAA/005000000000001AAA"})";
    if (url.find("/tooling/") != std::string::npos) return records(R"({"DeveloperName":"Cosell_State"})");
    if (url.find("FROM PermissionSet ") != std::string::npos) return records(R"({"Id":"0PS000000000001AAA"})");
    if (url.find("/query") != std::string::npos) return records("");
    return r.method == "POST" ? R"({"id":"0PS000000000001AAA","success":true})" : R"({"fields":[]})";
  });
  Call call = talk.call();
  const auto connector = make_salesforce_connector(salesforce_settings(), Talk::tokens());
  OwnColumn column;
  column.name = "Cosell_State__c";
  column.label = "State";
  for (const SetUpStep& step : connector->column_maker()->make_columns(call, {column}, false)) {
    if (step.state == SetUpStep::State::failed) return make_error(step.error, step.text);
  }
  return std::nullopt;
}

Read versions(std::string_view input) {
  Talk talk([&](const http::Request& r) {
    return text::ends_with(r.url, "/services/data/") ? std::string(input) : std::string(R"({"fields":[]})");
  });
  Call call = talk.call();
  const auto connector = make_salesforce_connector(salesforce_settings(), Talk::tokens());
  for (const Finding& f : connector->check(call, {}, {})) {
    if (f.what != "Salesforce API") continue;
    return f.text.find("not as Salesforce does") == std::string::npos ? Read{} : not_understood(f.text);
  }
  return make_error(ErrorClass::bug, "the versions were not looked at");
}

}  // namespace

std::vector<Target> salesforce_conversations() {
  return {
      {"salesforce_link", "next page", "/services/data/v60.0/query/0r8-1", salesforce_link},
      {"salesforce_organisation", "", R"({"done":true,"records":[{"Id":"00D000000000001EAA","Name":"Ä"}]})",
       salesforce_organisation},
      {"salesforce_tooling", "tooling query of CustomField",
       R"({"done":true,"records":[{"DeveloperName":"Cosell_State"}]})", salesforce_tooling},
      {"salesforce_read_by_id", salesforce::kReadById,
       R"([{"attributes":{"type":"Opportunity"},"Id":")" + kDeal +
           R"(","Name":"A","SystemModstamp":"2026-01-01T00:00:00.000+0000"}])",
       read_by_id},
      {"salesforce_rounded", "", R"([{"Id":")" + kDeal + R"(","Amount":10.01}])", rounded},
      {"salesforce_duplicate", "", kRefused, refusal_of_a_create},
      {"salesforce_set_up_resources", "GET resources",
       R"({"identity":"https://login.salesforce.com/id/00D000000000001EAA/005000000000001AAA"})",
       [](std::string_view s) { return set_up_salesforce(s, "resources"); }},
      {"salesforce_set_up_permission_set", "GET query", R"({"done":true,"records":[{"Id":"0PS000000000001AAA"}]})",
       [](std::string_view s) { return set_up_salesforce(s, "FROM PermissionSet "); }},
      {"salesforce_set_up_shown", "GET query", R"({"done":true,"records":[{"Field":"Opportunity.Cosell_State__c"}]})",
       [](std::string_view s) { return set_up_salesforce(s, "FROM FieldPermissions"); }},
      {"salesforce_set_up_assigned", "GET query", R"({"done":true,"records":[{"Id":"0Pa000000000001AAA"}]})",
       [](std::string_view s) { return set_up_salesforce(s, "FROM PermissionSetAssignment"); }},
      {"salesforce_versions", "", R"([{"label":"Winter","url":"/services/data/v60.0","version":"60.0"}])", versions},
  };
}

}  // namespace cosell::fuzz
