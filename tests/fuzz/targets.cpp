// The list of readers. A new wire decoder, link or header parser gets an entry here, one that only a request reaches in
// *conversations.cpp.
#include "tests/fuzz/targets.h"

#include <algorithm>

#include "base/json.h"
#include "base/json_text.h"
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
#include "connectors/partner_center/registration_wire.h"
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
#include "store/codec.h"
#include "tests/fuzz/conversations.h"
#include "tests/fuzz/sandboxes.h"
#include "tests/fuzz/talk.h"
#include "tests/fuzz/written_texts.h"

namespace cosell::fuzz {

namespace {

constexpr Instant kNow{1'795'000'000'000};

Read seen_again(const Observation& seen) { return kept_as_shown(seen.columns); }

template <class Rows, class Seen>
Read each_seen_again(const Rows& rows, const Seen& seen) {
  for (const auto& row : rows) {
    if (auto wrong = seen_again(seen(row))) return wrong;
  }
  return std::nullopt;
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
  shape.columns = {"Name", "Amount", "CloseDate", "CreatedDate", "Account.Name", "Cosell_Sync__c"};
  shape.types = {{"CloseDate", salesforce::TextType::date}, {"CreatedDate", salesforce::TextType::instant}};
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
  dynamics365::PlannedColumn day;
  day.name = day.property = "estimatedclosedate";
  day.facts.type = dynamics365::ColumnType::date;
  dynamics365::PlannedColumn moment;
  moment.name = moment.property = "new_signed";
  moment.facts.type = dynamics365::ColumnType::instant;
  dynamics365::PlannedColumn midnight;
  midnight.name = midnight.property = "new_begun";
  midnight.facts.type = dynamics365::ColumnType::local_date;
  shape.columns = {day, value, name, midnight, moment};
  return shape;
}

Read salesforce_page(std::string_view input) {
  const auto page = salesforce::read_page(std::string(input), salesforce_shape(), "GET queryAll", Instant{0});
  if (!page) return page.error();
  return each_seen_again(page->rows, [](const Observation& row) { return row; });
}

Read dynamics365_page(std::string_view input) {
  const auto page = dynamics365::read_page(std::string(input), dynamics365_shape(), "GET opportunities");
  if (!page) return page.error();
  return each_seen_again(page->rows, [](const dynamics365::Row& row) { return row.seen; });
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
  return each_seen_again(rows->rows, [](const partner_center::Rows::Row& row) {
    return partner_center::read_microsoft_half(*row.referral, row.head);
  });
}

Read referral(std::string_view input) {
  const auto answer = partner_center::understand(response_of(input, 200), {"GET referrals/r1"});
  if (!answer) return answer.error();
  const auto head = partner_center::read_single(*answer);
  if (!head) return head.error();
  Observation seen = partner_center::read_referral(answer->body, *head, "https://partner.microsoft.com/{id}");
  partner_center::read_registration(answer->body, seen.columns);
  if (auto wrong = seen_again(seen)) return wrong;
  return seen_again(partner_center::read_microsoft_half(answer->body, *head));
}

Read links_and_ids(std::string_view input) {
  const std::string text(input);
  if (const auto url = http::parse_url(text)) http::is_loopback(url->host);
  net::redact(text);
  dynamics365::normal_code(text);
  partner_center::normal_id(text);
  partner_center::same_crm_id(text, "006000000000001");
  return std::nullopt;
}

Read header_values(std::string_view input) {
  const std::string text(input);
  salesforce::parse_limit_info(text);
  const auto wait = net::parse_retry_after(text, kNow);
  if (wait && (*wait < Duration{0} || *wait > days(100)))
    return make_error(ErrorClass::bug, "waits " + to_string(*wait));
  // It is kept with the read position.
  const auto date = net::parse_http_date(text);
  if (date && parse_instant(to_string(*date)) != date) return make_error(ErrorClass::bug, "is " + to_string(*date));
  return std::nullopt;
}

// Lines "Name: value" up to an empty one, the rest is the body.
http::Response with_headers(std::string_view input, int status) {
  http::Response r;
  r.status = status;
  while (!input.empty()) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    if (line.empty()) break;
    const std::size_t colon = std::min(line.find(':'), line.size());
    r.headers.add(std::string(line.substr(0, colon)), std::string(line.substr(std::min(colon + 1, line.size()))));
  }
  r.body = std::string(input);
  return r;
}

Read refusals(std::string_view input) {
  for (const int status : {200, 302, 400, 401, 403, 404, 412, 429, 500, 503}) {
    const http::Response answer = with_headers(input, status);
    net::request_id_of(answer.headers);
    net::error_from(ErrorClass::rejected, "no", answer);
    static_cast<void>(partner_center::understand(answer, {"GET referrals/r1"}));
    dynamics365::error_of_part(answer, {"PATCH opportunities", true}, kNow);
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

// What was read is the same after it was written, however it is written.
Read json_text(std::string_view input) {
  const auto value = json::read(input);
  std::size_t members = 0;
  const auto each = json::read_each(input, [&](json::Member&) { ++members; });
  if (!value) return std::nullopt;
  const bool holds_others = value->is_array() || value->is_object();
  if (each.has_value() != holds_others || (each && *each != value->kind())) {
    return make_error(ErrorClass::bug, "read at once and one by one is not the same");
  }
  if (each && members != value->items().size() + value->members().size()) {
    return make_error(ErrorClass::bug, "one by one there are others than at once");
  }
  for (const std::string& text : {json::write(*value), json::canonical(*value), json::write_pretty(*value)}) {
    const auto again = json::read(text);
    if (!again || !(*again == *value)) return make_error(ErrorClass::bug, "written as something else: " + text);
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
      R"("Opportunity"},"Id":"006000000000001AAA","Name":"Ä","Amount":1.5,"CloseDate":"2027-01-31","CreatedDate":"2026-01-01T00:00:00.000+0000","IsDeleted":false,)"
      R"("SystemModstamp":"2026-01-01T00:00:00.000+0000","Account":{"Name":"B"},"Cosell_Sync__c":true,"Cosell_Referral_Id__c":null}]})";
  const std::string rows =
      R"({"value":[{"@odata.etag":"W/\"12\"","opportunityid":"5b1f2f0e-3c55-4a54-9f0e-0c05e1100d36","name":"Ä","cosell_referralid":null,)"
      R"("estimatedvalue":10.5,"estimatedclosedate":"2026-05-01","new_begun":"2026-04-30T22:00:00Z",)"
      R"("new_signed":"2026-01-01T00:00:00Z","modifiedon":"2026-01-01T00:00:00Z"},{"id":"5b1f2f0e-3c55-4a54-9f0e-0c05e1100d36",)"
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
      {"json", "", R"({"a":[1,-2.5e3,true,null,"\u00e4\ud83d\ude00"]})", json_text},
      {"links_and_ids", "", "https://a.example:8443/p/q?x=%20y&z=1", links_and_ids},
      {"header_values", "", "Sat, 21 Nov 2026 03:41:07 GMT", header_values},
      {"refusals", "",
       "Retry-After: 120\nDate: Sat, 21 Nov 2026 03:41:07 GMT\nContent-Type: application/json\nETag: \"1\"\n"
       "x-ms-request-id: 1\nWWW-Authenticate: Bearer error=\"insufficient_claims\", claims=\"e30=\"\n\n"
       R"([{"message":"m","errorCode":"INVALID_FIELD","fields":["A"]}])",
       refusals},
      {"salesforce_page", "GET queryAll", page, salesforce_page},
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
      {"dynamics365_page", "GET opportunities", rows, dynamics365_page},
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
    for (const auto& more :
         {conversations(), dynamics365_conversations(), salesforce_conversations(), written_texts(), sandboxes()}) {
      list.insert(list.end(), more.begin(), more.end());
    }
    return list;
  }();
  return all;
}

const Target* find_target(std::string_view name) {
  const auto it = std::find_if(targets().begin(), targets().end(), [name](const Target& t) { return t.name == name; });
  return it == targets().end() ? nullptr : &*it;
}

std::string complaint(const Target& target, std::string_view input) {
  const auto error = target.read(input);
  if (!error || error->kind == ErrorClass::cursor_invalid) return "";
  if (error->kind != ErrorClass::bad_response) return name_of(error->kind) + (": " + error->message);
  const bool names_it = error->message.find(target.request) != std::string::npos;
  return names_it ? "" : "does not name " + target.request + ": " + error->message;
}

std::optional<Error> kept_as_shown(const Columns& columns) {
  const auto whole = store::decode_columns(store::encode(columns));
  if (!whole) return make_error(ErrorClass::bug, "kept, and not read any more: " + whole.error().message);
  const store::ImageTexts parts = store::encode_parts(columns);
  const auto names = store::decode_names(parts.names);
  if (!names) return make_error(ErrorClass::bug, "kept, and not read any more: " + names.error().message);
  const auto values = store::decode_values(*names, parts.values);
  if (!values) return make_error(ErrorClass::bug, "kept, and not read any more: " + values.error().message);
  const bool same = *whole == columns && *values == columns && parts.whole == store::encode(columns);
  if (!same) return make_error(ErrorClass::bug, "kept as something else: " + parts.whole);
  return std::nullopt;
}

}  // namespace cosell::fuzz
