// Readers that stand behind a request: everything else is answered as it should be, and one answer is the input.
#include "tests/fuzz/conversations.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "connectors/dynamics365/dynamics365_client.h"
#include "connectors/dynamics365/dynamics365_connector.h"
#include "connectors/dynamics365/dynamics365_process.h"
#include "connectors/dynamics365/dynamics365_schema.h"
#include "connectors/salesforce/salesforce_client.h"
#include "connectors/salesforce/salesforce_connector.h"
#include "net/device_login.h"
#include "net/gzip.h"
#include "net/in_process_transport.h"
#include "net/oauth.h"
#include "net/sealed.h"
#include "net/token_store.h"

namespace cosell::fuzz {

namespace {

using Read = std::optional<Error>;
using Text = std::function<std::string(const http::Request&)>;

const std::string kHere = "https://crm.example";

Error not_understood(const std::string& why) { return make_error(ErrorClass::bad_response, why); }

// Refusals of the login or of the configuration are as good as "not understood"; a fault of our own is not.
Read as_refusal(Error e) {
  if (e.kind != ErrorClass::bug) e.kind = ErrorClass::bad_response;
  return e;
}

// A path that a link may lead to must not smuggle anything into the request.
Read sound_path(const Result<std::string>& path, const std::string& below) {
  if (!path) return path.error();
  const bool sound = path->compare(0, below.size(), below) == 0 &&
                     path->find_first_of(std::string("\r\n \t\0", 5)) == std::string::npos;
  if (!sound) return make_error(ErrorClass::bug, "leads to " + *path);
  return std::nullopt;
}

class FixedToken final : public net::TokenSource {
 public:
  Result<std::string> token() override { return std::string("t"); }
  void invalidate() override {}
};

http::Response answer_with(std::string body, const std::string& type = "application/json") {
  http::Response response;
  response.status = 200;
  response.headers.set("Content-Type", type);
  response.body = std::move(body);
  return response;
}

// Another end of the line that answers with a text of the test's choice.
class Talk {
 public:
  explicit Talk(Text text)
      : text_(std::move(text)), transport_([this](const http::Request& r) { return deliver(r); }) {}

  Call call() { return Call{transport_, clock_, random_, meter_, "crm", 4, seconds(60), {}}; }
  net::Lane lane() { return {"Salesforce", transport_, clock_, random_, &meter_}; }
  static std::shared_ptr<net::TokenSource> tokens() { return std::make_shared<FixedToken>(); }

 private:
  net::Delivered deliver(const http::Request& request) const {
    const bool batch = request.url.find("$batch") != std::string::npos;
    return {net::Delivered::Kind::response,
            answer_with(text_(request), batch ? "multipart/mixed; boundary=b" : "application/json")};
  }

  Text text_;
  ManualClock clock_{Instant{1'795'000'000'000}};
  SeededRandom random_{3};
  net::CallMeter meter_;
  net::InProcessTransport transport_;
};

bool asks_for(const http::Request& request, std::string_view part) {
  return request.url.find(part) != std::string::npos;
}

// The same JSON to each read of a batch.
std::string batch_of(const http::Request& request, const std::string& json) {
  std::string out;
  for (std::size_t at = request.body.find("\nGET "); at != std::string::npos;
       at = request.body.find("\nGET ", at + 1)) {
    out +=
        "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 200 OK\r\n"
        "Content-Type: application/json\r\n\r\n" +
        json + "\r\n";
  }
  return out + "--b--\r\n";
}

Dynamics365Settings dynamics365_settings() {
  Dynamics365Settings s;
  s.instance = kHere;
  return s;
}

SalesforceSettings salesforce_settings() {
  SalesforceSettings s;
  s.instance = kHere;
  return s;
}

// ---- links

Read dynamics365_link(std::string_view input) {
  const dynamics365::Dynamics365Client client(dynamics365_settings(), Talk::tokens());
  return sound_path(client.own_path(std::string(input), "GET opportunities"), "/api/data/");
}

Read salesforce_link(std::string_view input) {
  const salesforce::SalesforceClient client(salesforce_settings(), Talk::tokens());
  const auto ask = client.next_page(std::string(input));
  return sound_path(ask ? Result<std::string>(ask->path) : Result<std::string>(ask.error()), "/services/data/");
}

// ---- what an organisation looks like

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

Read dynamics365_keys(std::string_view input) {
  const std::string columns =
      R"({"value":[{"LogicalName":"cosell_referralid","SchemaName":"cosell_referralid","AttributeType":"String","IsSecured":false}]})";
  const std::string who = R"({"OrganizationId":"11111111-2222-4333-8444-555555555555",)"
                          R"("UserId":"11111111-2222-4333-8444-555555555556"})";
  Talk talk([&](const http::Request& r) {
    if (asks_for(r, "Keys")) return std::string(input);
    if (asks_for(r, "WhoAmI")) return who;
    return asks_for(r, "$batch") ? batch_of(r, columns) : std::string(R"({"value":[]})");
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

// ---- logins

Read token_answer(std::string_view input) {
  Talk talk([input](const http::Request&) { return std::string(input); });
  net::OAuthClient client;
  client.token_endpoint = kHere + "/services/oauth2/token";
  client.client_id = "app";
  net::RefreshTokenLogin login;
  login.first_refresh_token = net::Secret("first");
  const auto source = net::make_token_source(client, login, talk.lane(), nullptr);
  const auto token = source->token();
  if (!token) return as_refusal(token.error());
  if (token->empty()) return make_error(ErrorClass::bug, "an empty token");
  source->instance_url();
  return std::nullopt;
}

constexpr const char* kCode =
    R"({"device_code":"d","user_code":"ABC-DEF","verification_uri":"https://page.example",)"
    R"("message":"Open https://page.example and enter ABC-DEF.","interval":5,"expires_in":20})";
constexpr const char* kSignedIn = R"({"access_token":"a","refresh_token":"r","expires_in":3599,"token_type":"Bearer"})";

// The first login by a person, in which one of its two kinds of answers is the input.
Result<net::StoredToken> device_login(const std::string& code, const std::string& token) {
  Talk talk([&](const http::Request& r) { return asks_for(r, "devicecode") ? code : token; });
  net::DeviceLogin login;
  login.client.token_endpoint = "https://login.example/contoso/oauth2/v2.0/token";
  login.client.client_id = "app";
  login.client.scope = "scope offline_access";
  std::string shown;
  auto done = net::log_in_with_code(login, talk.lane(), [&](const std::string& what) { shown = what; });
  if (done && shown.empty()) return make_error(ErrorClass::bug, "nobody was told what to do");
  const bool lasts = done && !done->access_token.empty() && !done->refresh_token.empty();
  if (done && !lasts) return make_error(ErrorClass::bug, "a login without a token");
  return done;
}

Read device_code(std::string_view input) {
  const auto done = device_login(std::string(input), kSignedIn);
  return done ? std::nullopt : as_refusal(done.error());
}

Read device_token(std::string_view input) {
  const auto done = device_login(kCode, std::string(input));
  return done ? std::nullopt : as_refusal(done.error());
}

// A word against the login is understood: it is told to a person.
Read device_refusal(std::string_view input) {
  const auto done = device_login(kCode, std::string(input));
  if (done || done.error().kind == ErrorClass::auth_expired) return std::nullopt;
  return as_refusal(done.error());
}

// A folder that goes away with the process.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "cosell-fuzz-XXXXXX").string();
    path_ = ::mkdtemp(name.data()) == nullptr ? "." : name;
  }
  ~Folder() {
    std::error_code ignored;
    if (path_ != ".") std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

const net::Secret kKey("a key of at least thirty-two characters");

std::string sealed(std::string_view plain) {
  SeededRandom random(5);
  return net::seal(plain, kKey, random).value_or("");
}

Read saved_logins(const std::string& bytes) {
  static const Folder folder;
  const std::string path = folder.file("tokens");
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  SeededRandom random(7);
  const auto store = net::TokenStore::open(path, kKey, random);
  if (!store) return as_refusal(store.error());
  const auto token = store->get("contoso");
  if (!token) return as_refusal(token.error());
  return std::nullopt;
}

constexpr const char* kLogins = R"({"contoso":{"access_token":"a","expires":"2027-01-01T00:00:00.000Z",)"
                                R"("refresh_token":"r","instance_url":"https://x","issued_for":"i"}})";

// ---- compression

constexpr std::size_t kUnpackedMost = 1U << 20;

// One piece or two must make no difference. An answer without a body is whole, a text that was packed is never nothing.
Read packed(std::string_view input) {
  const auto whole = net::gunzipped(input, kUnpackedMost);
  net::Gunzip halves(kUnpackedMost);
  std::string out;
  const std::size_t middle = input.size() / 2;
  const bool taken = halves.take(input.substr(0, middle), out) == net::Gunzip::Taken::yes &&
                     halves.take(input.substr(middle), out) == net::Gunzip::Taken::yes && halves.whole() &&
                     !input.empty();
  if (out.size() > kUnpackedMost) return make_error(ErrorClass::bug, "unpacked more than allowed");
  if (whole.has_value() != taken || (whole && *whole != out)) {
    return make_error(ErrorClass::bug, "another text in two pieces than in one");
  }
  if (!whole) return not_understood("not one whole stream");
  return std::nullopt;
}

}  // namespace

std::vector<Target> conversations() {
  return {
      {"dynamics365_link", "next page", kHere + "/api/data/v9.2/opportunities?$skiptoken=1", dynamics365_link},
      {"salesforce_link", "next page", "/services/data/v60.0/query/0r8-1", salesforce_link},
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
      {"salesforce_organisation", "", R"({"done":true,"records":[{"Id":"00D000000000001EAA","Name":"Ä"}]})",
       salesforce_organisation},
      {"salesforce_tooling", "tooling query of CustomField",
       R"({"done":true,"records":[{"DeveloperName":"Cosell_State"}]})", salesforce_tooling},
      {"token", "",
       R"({"access_token":"a","refresh_token":"r","expires_in":"3599","instance_url":"https://x","token_type":"Bearer"})",
       token_answer},
      {"device_code", "", kCode, device_code},
      {"device_token", "", kSignedIn, device_token},
      {"device_refusal", "",
       R"({"error":"slow_down","error_description":"AADSTS50126: no.","error_codes":[50126],"suberror":"bad_token"})",
       device_refusal},
      {"saved_logins", "", sealed(kLogins), [](std::string_view s) { return saved_logins(std::string(s)); }},
      {"saved_logins_inside", "", kLogins, [](std::string_view s) { return saved_logins(sealed(s)); }},
      {"gzip", "", net::gzipped("a text, a text, a text"), packed},
  };
}

}  // namespace cosell::fuzz
