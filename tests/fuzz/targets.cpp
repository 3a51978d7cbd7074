// The list of readers. A new wire decoder, link or header parser gets an entry here, one that only a request reaches in
// conversations.cpp.
#include "tests/fuzz/targets.h"

#include <algorithm>

#include "base/json.h"
#include "connectors/dynamics365/dynamics365_cursor.h"
#include "connectors/dynamics365/dynamics365_errors.h"
#include "connectors/dynamics365/dynamics365_multipart.h"
#include "connectors/dynamics365/dynamics365_schema.h"
#include "connectors/dynamics365/dynamics365_wire.h"
#include "connectors/emulator/csv.h"
#include "connectors/partner_center/partner_center_client.h"
#include "connectors/partner_center/referral_cursor.h"
#include "connectors/partner_center/referral_feed.h"
#include "connectors/partner_center/referral_wire.h"
#include "connectors/salesforce/salesforce_client.h"
#include "connectors/salesforce/salesforce_cursor.h"
#include "connectors/salesforce/salesforce_errors.h"
#include "connectors/salesforce/salesforce_wire.h"
#include "mapping/mapping.h"
#include "mapping/shipped.h"
#include "net/http.h"
#include "net/oauth_errors.h"
#include "net/retry.h"
#include "net/secrets.h"
#include "tests/fuzz/conversations.h"

namespace cosell::fuzz {

namespace {

constexpr Instant kNow{1'795'000'000'000};

using Read = std::optional<Error>;

template <class T>
Read error_in(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error();
}

http::Response response_of(std::string_view body, int status) {
  http::Response r;
  r.status = status;
  r.body = std::string(body);
  return r;
}

// The part up to the first line break is a header's value, the rest the body.
http::Response with_type(std::string_view input, int status) {
  const std::size_t end = input.find('\n');
  http::Response r = response_of(end == std::string_view::npos ? "" : input.substr(end + 1), status);
  r.headers.set("Content-Type", std::string(input.substr(0, end)));
  return r;
}

salesforce::RowShape salesforce_shape() {
  salesforce::RowShape shape;
  shape.object = "Opportunity";
  shape.columns = {"Name", "Amount", "CloseDate", "Account.Name", "Cosell_Sync__c"};
  shape.key_column = "Cosell_Referral_Id__c";
  return shape;
}

dynamics365::RowShape dynamics365_shape() {
  dynamics365::RowShape shape;
  shape.table = dynamics365::table_of(RecordKind::opportunity);
  shape.key_column = "cosell_referralid";
  dynamics365::PlannedColumn name;
  name.name = name.property = "name";
  dynamics365::PlannedColumn value;
  value.name = value.property = "estimatedvalue";
  value.facts.type = dynamics365::ColumnType::number;
  shape.columns = {name, value};
  return shape;
}

std::string salesforce_position() {
  salesforce::ReadPosition position;
  position.shape = "s";
  position.environment = "e";
  position.since = kNow;
  return salesforce::write_cursor(position).value;
}

std::string dynamics365_position() {
  dynamics365::ReadPosition position;
  position.shape = "s";
  position.environment = "e";
  position.link = "/api/data/v9.2/opportunities?$deltatoken=1";
  return dynamics365::write_cursor(position).value;
}

std::string partner_center_position() {
  partner_center::Position position;
  position.host = "h";
  position.bound = kNow;
  return partner_center::write_cursor(position).value;
}

Read salesforce_results(std::string_view input) {
  const auto body = salesforce::read_body(std::string(input), "PATCH collection");
  if (!body) return body.error();
  if (const auto composite = salesforce::read_composite(*body, "PATCH collection")) return std::nullopt;
  return error_in(salesforce::read_write_results(*body, "PATCH collection"));
}

Read salesforce_composite(std::string_view input) {
  const auto body = salesforce::read_body(std::string(input), "POST composite");
  if (!body) return body.error();
  return error_in(salesforce::read_composite(*body, "POST composite"));
}

Read partner_center_list(std::string_view input) {
  auto answer = partner_center::understand(response_of(input, 200), {"GET referrals (newest changes)"});
  if (!answer) return answer.error();
  const auto rows = partner_center::read_rows(std::move(*answer));
  if (!rows) return rows.error();
  for (const auto& row : rows->rows) partner_center::read_microsoft_half(*row.referral, row.head);
  return std::nullopt;
}

Read referral(std::string_view input) {
  const auto answer = partner_center::understand(response_of(input, 200), {"GET referrals/r1"});
  if (!answer) return answer.error();
  const auto head = partner_center::read_single(*answer);
  if (!head) return head.error();
  partner_center::read_referral(answer->body, *head, "https://partner.microsoft.com/{id}");
  partner_center::read_microsoft_half(answer->body, *head);
  return std::nullopt;
}

Read links_and_headers(std::string_view input) {
  const std::string text(input);
  if (const auto url = http::parse_url(text)) http::is_loopback(url->host);
  http::parse_form(text);
  net::parse_retry_after(text, kNow);
  salesforce::parse_limit_info(text);
  parse_instant(text);
  parse_date(text);
  net::parse_http_date(text);
  net::redact(text);
  dynamics365::normal_code(text);
  partner_center::normal_id(text);
  partner_center::same_crm_id(text, "006000000000001");
  return std::nullopt;
}

Read refusals(std::string_view input) {
  for (const int status : {200, 400, 401, 403, 404, 412, 429, 500, 503}) {
    const http::Response answer = response_of(input, status);
    salesforce::error_of(answer, {"GET query", false}, kNow);
    dynamics365::error_of(answer, {"GET opportunities", true}, kNow);
    partner_center::error_of(answer, {"PATCH referrals/r1", true, true});
    net::LoginContext context;
    context.side = "Salesforce";
    context.host = "login.example";
    context.now = kNow;
    net::login_error(answer, context);
  }
  return std::nullopt;
}

Read mapping_file(std::string_view input) {
  mapping::read_mapping("acme.jsonc", std::string(input), [](const std::string& name) -> Result<std::string> {
    const std::string_view text = mapping::shipped_mapping(name);
    if (text.empty()) return make_error(ErrorClass::config, "no such file");
    return std::string(text);
  });
  return std::nullopt;
}

std::vector<Target> all_targets() {
  const std::string page =
      R"({"totalSize":1,"done":false,"nextRecordsUrl":"/services/data/v60.0/query/0r8-1","records":[{"attributes":{"type":)"
      R"("Opportunity"},"Id":"006000000000001AAA","Name":"Ä","Amount":1.5,"CloseDate":"2027-01-31","IsDeleted":false,)"
      R"("SystemModstamp":"2026-01-01T00:00:00.000+0000","Account":{"Name":"B"},"Cosell_Sync__c":true,"Cosell_Referral_Id__c":null}]})";
  const std::string rows =
      R"({"value":[{"@odata.etag":"W/\"12\"","opportunityid":"5b1f2f0e-3c55-4a54-9f0e-0c05e1100d36","name":"Ä","cosell_referralid":null,)"
      R"("estimatedvalue":10.5,"modifiedon":"2026-01-01T00:00:00Z"},{"id":"5b1f2f0e-3c55-4a54-9f0e-0c05e1100d36",)"
      R"("reason":"deleted"}],"@odata.nextLink":"https://o/api/data/v9.2/opportunities?$skiptoken=1"})";
  const std::string batch =
      "multipart/mixed; boundary=b\n--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: "
      "binary\r\n\r\nHTTP/1.1 204 No Content\r\nOData-EntityId: https://o/opportunities(1)\r\n\r\n\r\n--b\r\n"
      "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\n"
      "HTTP/1.1 412 Precondition Failed\r\nContent-Type: application/json\r\n\r\n{\"error\":{\"code\":\"0x80060882\"}}"
      "\r\n--c--\r\n--b--\r\n";
  const std::string one_referral =
      R"({"id":"4111fffc-0000-4000-8000-569135228642","engagementId":"2b1f4f0e-6f7a-4a7e-8f40-9d2f7c1a5b33","eTag":"\"1\"",)"
      R"("updatedDateTime":"2026-03-01T10:00:00.1234567Z","status":"Active","substatus":"Accepted","name":"Ä",)"
      R"("details":{"dealValue":5.5,"currency":"EUR","closingDateTime":"2026-05-01T00:00:00Z","requirements":{"solutions":)"
      R"([{"id":"S"}]}},"customerProfile":{"name":"B","address":{"country":"DE"},"team":[{"email":"a@b.c"}],"ids":{}},)"
      R"("consent":{},"target":[{"id":"msft"}],"team":[],"registrations":[{}]})";
  return {
      {"json", "", R"({"a":[1,-2.5e3,true,null,"\u00e4\ud83d\ude00"]})",
       [](std::string_view s) -> Read {
         if (const auto v = json::read(s)) json::write(*v);
         return std::nullopt;
       }},
      {"links_and_headers", "", "https://a.example:8443/p/q?x=%20y&z=1", links_and_headers},
      {"refusals", "", R"([{"message":"m","errorCode":"INVALID_FIELD","fields":["A"]}])", refusals},
      {"salesforce_page", "GET queryAll", page,
       [](std::string_view s) {
         return error_in(salesforce::read_page(std::string(s), salesforce_shape(), "GET queryAll", Instant{0}));
       }},
      {"salesforce_describe", "GET describe",
       R"({"fields":[{"name":"A","label":"B","type":"picklist","length":9,"updateable":true,"picklistValues":[{"value":"x",)"
       R"("active":true}],"referenceTo":["User"],"relationshipName":"R"}]})",
       [](std::string_view s) { return error_in(salesforce::read_describe(std::string(s), "GET describe")); }},
      {"salesforce_record_types", "GET describe",
       R"({"recordTypeInfos":[{"active":true,"master":false,"developerName":"A","name":"B","recordTypeId":)"
       R"("012000000000001AAA"}]})",
       [](std::string_view s) { return error_in(salesforce::read_record_types(std::string(s), "GET describe")); }},
      {"salesforce_picklist", "GET picklist", R"({"values":[{"label":"A","value":"B"}]})",
       [](std::string_view s) { return error_in(salesforce::read_picklist_values(std::string(s), "GET picklist")); }},
      {"salesforce_stages", "GET stages",
       R"({"done":true,"records":[{"ApiName":"A","MasterLabel":"B","IsActive":true,"IsClosed":false,"IsWon":false,)"
       R"("DefaultProbability":10.0,"SortOrder":1}]})",
       [](std::string_view s) { return error_in(salesforce::read_stages(std::string(s), "GET stages")); }},
      {"salesforce_results", "PATCH collection",
       R"([{"id":"006000000000001AAA","success":true,"created":true,"errors":[]},{"success":false,"errors":[{)"
       R"("statusCode":"X","message":"m","fields":[]}]}])",
       salesforce_results},
      {"salesforce_composite", "POST composite",
       R"({"compositeResponse":[{"body":{"totalSize":0,"done":true,"records":[]},"httpHeaders":{},"httpStatusCode":200,)"
       R"("referenceId":"part0"},{"body":[{"message":"m","errorCode":"X"}],"httpHeaders":{},"httpStatusCode":403,)"
       R"("referenceId":"part1"}]})",
       salesforce_composite},
      {"salesforce_cursor", "", salesforce_position(),
       [](std::string_view s) { return error_in(salesforce::read_cursor(Cursor(std::string(s)))); }},
      {"dynamics365_page", "GET opportunities", rows,
       [](std::string_view s) {
         return error_in(dynamics365::read_page(std::string(s), dynamics365_shape(), "GET opportunities"));
       }},
      {"dynamics365_batch", "POST $batch", batch,
       [](std::string_view s) { return error_in(dynamics365::read_batch(with_type(s, 200), "POST $batch")); }},
      {"dynamics365_options", "GET options",
       R"({"OptionSet":{"Options":[{"Value":1,"Label":{"UserLocalizedLabel":{"Label":"A"}},"State":0}]}})",
       [](std::string_view s) {
         return error_in(dynamics365::Dynamics365Schema::read_options(response_of(s, 200), "GET options"));
       }},
      {"dynamics365_cursor", "", dynamics365_position(),
       [](std::string_view s) { return error_in(dynamics365::read_cursor(Cursor(std::string(s)))); }},
      {"partner_center_list", "GET referrals (newest changes)",
       R"({"value":[)" + std::string(one_referral) + R"(],"@odata.nextLink":"http://a/v1.0/referrals?$skiptoken=abc"})",
       partner_center_list},
      {"referral", "GET referrals/r1", one_referral, referral},
      {"partner_center_cursor", "", partner_center_position(),
       [](std::string_view s) { return error_in(partner_center::read_cursor(Cursor(std::string(s)), "h")); }},
      {"csv", "", "Name,\"Stage\"\r\n\"a, \"\"b\"\"\",x\r\n",
       [](std::string_view s) -> Read {
         static_cast<void>(emulator::read_csv(s));
         return std::nullopt;
       }},
      {"mapping", "", R"({"extends":"salesforce","stages":{"map":{"A":10}},"fields":{"location":{"constant":"1"}}})",
       mapping_file},
  };
}

}  // namespace

const std::vector<Target>& targets() {
  static const std::vector<Target> all = [] {
    std::vector<Target> list = all_targets();
    for (Target& target : conversations()) list.push_back(std::move(target));
    return list;
  }();
  return all;
}

const Target* find_target(std::string_view name) {
  const auto it = std::find_if(targets().begin(), targets().end(), [name](const Target& t) { return t.name == name; });
  return it == targets().end() ? nullptr : &*it;
}

}  // namespace cosell::fuzz
