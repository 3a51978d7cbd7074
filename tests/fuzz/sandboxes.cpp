// Each input meets a stand-in of its own, with a few deals in it, so that the same input does the same every time.
#include "tests/fuzz/sandboxes.h"

#include "base/random.h"
#include "connectors/dynamics365/emulator/dynamics365_emulator.h"
#include "connectors/dynamics365/emulator/dynamics365_stand_in.h"
#include "connectors/emulator/sandboxed.h"
#include "connectors/partner_center/emulator/partner_center_emulator.h"
#include "connectors/partner_center/emulator/partner_center_stand_in.h"
#include "connectors/salesforce/emulator/salesforce_emulator.h"
#include "connectors/salesforce/emulator/salesforce_stand_in.h"

namespace cosell::fuzz {

namespace {

using Read = std::optional<Error>;

// "GET /path", headers as lines up to an empty one, the body.
http::Request request_in(std::string_view input) {
  http::Request request;
  const auto line = [&input] {
    const std::size_t end = std::min(input.find('\n'), input.size());
    const std::string_view taken = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    return taken;
  };
  const std::string_view first = line();
  const std::size_t blank = std::min(first.find(' '), first.size());
  request.method = std::string(first.substr(0, blank));
  request.url = std::string(first.substr(std::min(blank + 1, first.size())));
  request.headers.set("Host", "127.0.0.1:8080");
  while (!input.empty()) {
    const std::string_view header = line();
    if (header.empty()) break;
    const std::size_t colon = std::min(header.find(':'), header.size());
    request.headers.set(std::string(header.substr(0, colon)),
                        std::string(header.substr(std::min(colon + 1, header.size()))));
  }
  request.body = std::string(input);
  return request;
}

std::string text_in(const http::Response& answer, const char* member) {
  const auto body = emulator::Json::parse(answer.body, nullptr, false);
  return body.is_object() && body.contains(member) && body[member].is_string() ? body[member].get<std::string>() : "";
}

// A stand-in of one system, with what its clients log in with.
struct Stand {
  explicit Stand(StandIn stand_in, const std::string& login) : clock(real), system(filled(stand_in), clock, 5) {
    token = text_in(system.handle(request_in(login)).response, "access_token");
  }
  std::unique_ptr<emulator::Emulator> filled(StandIn& stand_in) {
    if (stand_in.seed) stand_in.seed(2, real, random);
    return std::move(stand_in.core);
  }

  ManualClock real{Instant{1'795'000'000'000}};
  SeededRandom random{3};
  emulator::SandboxClock clock;
  emulator::Sandboxed system;
  std::string token;
};

using Make = StandIn (*)();

// Any request gets an answer, and no answer is a fault of the stand-in's own.
Read answered(std::string_view input, Make make, const std::string& login) {
  Stand stand(make(), login);
  if (stand.token.empty()) return make_error(ErrorClass::bug, "nobody can log in");
  http::Request request = request_in(input);
  request.headers.set("Authorization", "Bearer " + stand.token);
  const http::Response answer = stand.system.handle(request).response;
  if (answer.status < 200 || answer.status == 500 || answer.status > 599) {
    return make_error(ErrorClass::bug, "answered " + std::to_string(answer.status) + ": " + answer.body);
  }
  return std::nullopt;
}

const std::string kForm = "\nContent-Type: application/x-www-form-urlencoded\n\n";

const std::string& salesforce_login() {
  static const std::string login = "POST /services/oauth2/token" + kForm +
                                   "grant_type=client_credentials&client_id=cosell-sandbox-app&"
                                   "client_secret=cosell-sandbox-secret";
  return login;
}

const std::string& dynamics365_login() {
  static const std::string login = [] {
    const emulator::Dynamics365Options known;
    return "POST /" + known.tenant + "/oauth2/v2.0/token" + kForm +
           "grant_type=client_credentials&client_id=" + known.client_id + "&client_secret=" + known.client_secret +
           "&scope=" + known.organization_url + "/.default";
  }();
  return login;
}

const std::string& partner_center_login() {
  static const std::string login = "POST /common/oauth2/v2.0/token" + kForm +
                                   "grant_type=refresh_token&client_id=app&refresh_token=seed&"
                                   "scope=https%3A%2F%2Fapi.partner.microsoft.com%2F.default+offline_access";
  return login;
}

StandIn partner_center_with_login() {
  StandIn stand_in = partner_center_stand_in();
  static_cast<emulator::PartnerCenterEmulator&>(*stand_in.core).register_refresh_token("seed");
  return stand_in;
}

Read to_salesforce(std::string_view input) { return answered(input, salesforce_stand_in, salesforce_login()); }
Read to_dynamics365(std::string_view input) { return answered(input, dynamics365_stand_in, dynamics365_login()); }
Read to_partner_center(std::string_view input) {
  return answered(input, partner_center_with_login, partner_center_login());
}

// An export that is loaded, with the columns that most of them have.
Read loaded(std::string_view input, const StandIn& stand_in, const Pairs& map) {
  ManualClock clock(Instant{1'795'000'000'000});
  SeededRandom random(3);
  const auto done = stand_in.load_csv(std::string(input), map, {}, clock, random);
  if (!done) return std::nullopt;
  if (done->deals > done->rows) return make_error(ErrorClass::bug, "more deals than rows");
  return std::nullopt;
}

constexpr const char* kExport =
    "Title,Stage,Value,Due,Customer,Owner\r\n\"A, \"\"b\"\"\",Won,\"1,054.50\",11/30/2026,B,C D\r\n";

Read salesforce_export(std::string_view input) {
  return loaded(input, salesforce_stand_in(),
                {{"Name", "Title"},
                 {"StageName", "Stage"},
                 {"Amount", "Value"},
                 {"CloseDate", "Due"},
                 {"Account.Name", "Customer"},
                 {"Owner.Name", "Owner"}});
}
Read dynamics365_export(std::string_view input) {
  return loaded(input, dynamics365_stand_in(),
                {{"name", "Title"},
                 {"salesstage", "Stage"},
                 {"estimatedvalue", "Value"},
                 {"estimatedclosedate", "Due"},
                 {"account.name", "Customer"},
                 {"owner.fullname", "Owner"}});
}

}  // namespace

std::vector<Target> sandboxes() {
  const std::string json = "\nContent-Type: application/json\n\n";
  return {
      {"salesforce_query_asked", "",
       "GET /services/data/v60.0/query?q=SELECT+Id,Account.Name+FROM+Opportunity+WHERE+(Name+LIKE+'a%25'+OR+Amount>5)"
       "+AND+StageName+IN+('A','B')+ORDER+BY+CloseDate+DESC+NULLS+LAST+LIMIT+5\nSforce-Query-Options: batchSize=200\n",
       to_salesforce},
      {"salesforce_write_asked", "",
       "PATCH /services/data/v60.0/composite/sobjects" + json +
           R"({"allOrNone":false,"records":[{"attributes":{"type":"Opportunity"},"id":"006000000000001AAA","Name":"x"}]})",
       to_salesforce},
      {"salesforce_told", "",
       "POST /_sandbox/faults" + json +
           R"([{"match":{"method":"GET","path":"/a"},"after":0,"times":1,"action":{"kind":"status","status":503}}])",
       to_salesforce},
      {"dynamics365_query_asked", "",
       "GET "
       "/api/data/v9.2/opportunities?$select=name&$filter=(name%20eq%20'a'%20or%20contains(name,'b'))%20and%20not%20"
       "(statecode%20ne%200)&$orderby=name%20desc&$top=3&$expand=parentaccountid($select=name)\nPrefer: "
       "odata.maxpagesize=2,odata.track-changes\n",
       to_dynamics365},
      {"dynamics365_batch_asked", "",
       "POST /api/data/v9.2/$batch\nContent-Type: multipart/mixed;boundary=b\n\n--b\r\nContent-Type: "
       "multipart/mixed;boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\nPOST accounts "
       "HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\"name\":\"x\"}\r\n--c--\r\n--b--\r\n",
       to_dynamics365},
      {"dynamics365_told", "",
       "POST /_sandbox/column" + json + R"({"name":"new_region","kind":"picklist","values":["a"]})", to_dynamics365},
      {"partner_center_list_asked", "",
       "GET /v1.0/engagements/referrals?$filter=status%20eq%20'Active'%20and%20updatedDateTime%20gt%202026-01-01&"
       "$orderby=updatedDateTime%20desc&$top=3\n",
       to_partner_center},
      {"partner_center_create_asked", "",
       "POST /v1.0/engagements/referrals" + json +
           R"({"name":"a","type":"Shared","status":"Active","customerProfile":{"name":"B","address":{"country":"DE"}},)"
           R"("details":{"dealValue":5,"currency":"EUR","closingDateTime":"2027-01-01T00:00:00Z"}})",
       to_partner_center},
      {"partner_center_told", "",
       "POST /_sandbox/inbound" + json +
           R"({"name":"a","dealValue":5,"currency":"EUR","set":{"details":{"notes":"x"}}})",
       to_partner_center},
      {"salesforce_export", "", kExport, salesforce_export},
      {"dynamics365_export", "", kExport, dynamics365_export},
  };
}

}  // namespace cosell::fuzz
