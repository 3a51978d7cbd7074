// The emulated service as one core: routing, headers, error bodies and the control verbs. What the calls do is in
// the files beside this one.
#include "connectors/partner_center/emulator/partner_center_emulator.h"

#include <exception>

#include "base/text.h"
#include "connectors/emulator/toolkit.h"
#include "connectors/partner_center/emulator/create.h"
#include "connectors/partner_center/emulator/inbound.h"
#include "connectors/partner_center/emulator/life_cycle.h"
#include "connectors/partner_center/emulator/list.h"
#include "connectors/partner_center/emulator/logins.h"
#include "connectors/partner_center/emulator/patch.h"

namespace cosell::emulator {

namespace partner_center {
namespace {

constexpr const char* kCollection = "/v1.0/engagements/referrals";
constexpr const char* kEntityContext =
    "https://api.partner.microsoft.com/v1.0/engagements/referrals/$metadata#Referrals/$entity";

http::Response answer_of(const Problem& problem) {
  Json error{{"code", problem.code}, {"message", problem.message}};
  if (!problem.target.empty()) error["target"] = problem.target;
  if (!problem.inner_code.empty()) {
    error["innerError"] = Json{{"code", problem.inner_code}, {"message", problem.message}};
  }
  return json_answer(problem.status, Json{{"error", error}});
}

http::Response method_refused(const char* allowed) {
  http::Response response = answer_of(refused(405, "invalidRequest", "The method is not allowed here."));
  response.headers.set("Allow", allowed);
  return response;
}

http::Response unauthenticated(const std::string& message, const std::string& challenge) {
  http::Response response = answer_of(refused(401, "unauthenticated", message));
  response.headers.set("WWW-Authenticate", challenge);
  return response;
}

bool wants_representation(const http::Request& request) {
  return text::lower_ascii(request.headers.get("Prefer")).find("return=representation") != std::string::npos;
}

// Opens a document that starts with "{" again to put the context first.
std::string with_context(const std::string& document) {
  return "{\"@odata.context\":\"" + std::string(kEntityContext) + "\"," + document.substr(1);
}

struct Route {
  enum class Kind { none, token, device_code, authorize, collection, referral };
  Kind kind = Kind::none;
  bool v1 = false;
  std::string tenant;
  std::string id;
  std::string path_template;
};

Route route_of(const Target& target) {
  const std::vector<std::string>& parts = target.segments;
  Route route;
  route.path_template = guess_template(target.path);
  const bool oauth = parts.size() >= 3 && parts.size() <= 4 && parts[1] == "oauth2";
  if (oauth && (parts.size() == 3 || parts[2] == "v2.0")) {
    if (parts.back() == "token") route.kind = Route::Kind::token;
    if (parts.back() == "devicecode") route.kind = Route::Kind::device_code;
    if (parts.back() == "authorize") route.kind = Route::Kind::authorize;
    if (route.kind == Route::Kind::none) return route;
    route.v1 = parts.size() == 3;
    route.tenant = parts[0];
    route.path_template = std::string("/{tenant}/oauth2/") + (route.v1 ? "" : "v2.0/") + parts.back();
    return route;
  }
  if (parts.size() < 3 || parts[0] != "v1.0" || parts[1] != "engagements" || parts[2] != "referrals") return route;
  if (parts.size() == 3) {
    route.kind = Route::Kind::collection;
    route.path_template = kCollection;
  } else if (parts.size() == 4) {
    route.kind = Route::Kind::referral;
    route.id = parts[3];
    route.path_template = std::string(kCollection) + "/{id}";
  }
  return route;
}

class Core final : public PartnerCenterEmulator {
 public:
  std::string name() const override { return "partner_center"; }

  http::Response handle(const http::Request& request, Clock& clock, Random& random) override;
  const std::vector<Served>& last_served() const override { return served_; }

  std::vector<Setting> settings() const override { return switches_.list(); }
  std::string set(const std::string& name, const Json& value) override { return switches_.set(name, value); }

  Json records(Clock& clock) override;
  std::vector<ControlVerb> verbs() const override { return {own_verbs().begin(), own_verbs().end()}; }
  std::optional<http::Response> control(const std::string& verb, const http::Request& request, Clock& clock,
                                        Random& random) override;

  void reset() override {
    model_.clear();
    tokens_.clear();
  }
  Json save() const override {
    return Json{{"settings", switches_.save()}, {"model", model_.save()}, {"logins", logins_.save()}};
  }
  void load(const Json& saved) override;

  void register_refresh_token(const std::string& token) override { logins_.register_refresh_token(token); }
  void seed(std::size_t count, Clock& clock, Random& random) override;

 private:
  http::Response route(Call& call, const Route& route, const Target& target, const http::Request& request);
  std::optional<http::Response> check_caller(Call& call, const http::Request& request) const;
  http::Response on_collection(Call& call, const Target& target, const http::Request& request);
  http::Response on_referral(Call& call, const std::string& id, const http::Request& request);
  http::Response read_one(Call& call, const Referral* referral);
  http::Response create(Call& call, const http::Request& request);
  http::Response patch(Call& call, const Referral* referral, const http::Request& request);
  http::Response full_answer(int status, const Json& document) const;

  struct Verb : ControlVerb {
    Outcome<Json> (*act)(Core& core, Call& call, const Json& order);
  };
  static const std::vector<Verb>& own_verbs();
  Outcome<Json> edit(Call& call, const Json& order);
  Outcome<Json> receive(Call& call, const Json& order);
  Outcome<Json> seed_as_told(Call& call, const Json& order);
  Outcome<Json> approve_device(Call& call, const Json& order);
  Outcome<Json> revoke_logins(Call& call, const Json& order);

  Switches switches_ = make_switches();
  Model model_;
  Logins logins_;
  PageTokens tokens_;
  std::vector<Served> served_;
};

void echo_ids(const http::Request& request, http::Response& response, Random& random) {
  response.headers.set("Request-ID", random.uuid());
  for (const char* header : {"client-request-id", "MS-CorrelationId", "MS-RequestId"}) {
    const std::string value = request.headers.get(header);
    if (!value.empty()) response.headers.set(header, value);
  }
}

http::Response Core::handle(const http::Request& request, Clock& clock, Random& random) {
  const Target target = target_of(request.url);
  const Route where = route_of(target);
  Call call{switches_, model_, clock.now(), random};
  http::Response response;
  try {
    expire_due(call);
    response = route(call, where, target, request);
  } catch (const std::exception& e) {
    response = answer_of(refused(500, "generalException", e.what()));
  }
  echo_ids(request, response, random);
  if (switches_.on("date_header")) response.headers.set("Date", http_date(call.now));
  Served served;
  served.method = request.method;
  served.path_template = where.path_template;
  served.status = response.status;
  served_.assign(1, served);
  return response;
}

http::Response Core::route(Call& call, const Route& route, const Target& target, const http::Request& request) {
  const Logins::Desk desk{switches_, call.now, call.random};
  switch (route.kind) {
    case Route::Kind::token:
      if (request.method != "POST") return method_refused("POST");
      return logins_.token(desk, route.tenant, route.v1, request);
    case Route::Kind::device_code:
      if (request.method != "POST") return method_refused("POST");
      return logins_.device_code(desk, route.tenant, route.v1, request);
    case Route::Kind::authorize:
      if (request.method != "GET") return method_refused("GET");
      return logins_.authorize(desk, route.tenant, route.v1, target);
    case Route::Kind::none:
    case Route::Kind::collection:
    case Route::Kind::referral:
      break;
  }
  std::optional<http::Response> refusal = check_caller(call, request);
  if (refusal) return *refusal;
  if (route.kind == Route::Kind::collection) return on_collection(call, target, request);
  if (route.kind == Route::Kind::referral) return on_referral(call, route.id, request);
  return answer_of(refused(404, "itemNotFound", "There is no such resource."));
}

std::optional<http::Response> Core::check_caller(Call& call, const http::Request& request) const {
  const Logins::Desk desk{switches_, call.now, call.random};
  switch (logins_.check(desk, request.headers.get("Authorization"))) {
    case Logins::Bearer::missing:
      return unauthenticated("The request has no bearer token.", "Bearer");
    case Logins::Bearer::unknown:
      return unauthenticated("The token is not valid.", "Bearer error=\"invalid_token\"");
    case Logins::Bearer::expired:
      return unauthenticated("The token has expired.",
                             "Bearer error=\"invalid_token\", error_description=\"The token has expired\"");
    case Logins::Bearer::wrong_audience:
      return unauthenticated("The token was made for another resource.",
                             "Bearer error=\"invalid_token\", error_description=\"The audience is invalid\"");
    case Logins::Bearer::fine:
      break;
  }
  if (!switches_.on("mfa_satisfied")) return unauthenticated("MFA required.", "Bearer error=\"invalid_token\"");
  if (switches_.text("caller_role") == "none") {
    return answer_of(refused(403, "accessDenied", "The user has no role for referrals."));
  }
  return std::nullopt;
}

http::Response Core::on_collection(Call& call, const Target& target, const http::Request& request) {
  if (request.method == "POST") return create(call, request);
  if (request.method != "GET") return method_refused("GET, POST");
  Outcome<http::Response> page = list_referrals(call, tokens_, target, request);
  return page ? *page : answer_of(page.error());
}

http::Response Core::on_referral(Call& call, const std::string& id, const http::Request& request) {
  if (request.method != "GET" && request.method != "PATCH") return method_refused("GET, PATCH");
  const Referral* referral = model_.find(id);
  const bool hidden = referral != nullptr && (!is_visible(switches_, *referral) ||
                                              (referral->of_microsoft() && !switches_.on("microsoft_half_readable")));
  if (referral == nullptr || hidden) {
    return answer_of(refused(404, "itemNotFound", "There is no referral with the id \"" + id + "\"."));
  }
  return request.method == "GET" ? read_one(call, referral) : patch(call, referral, request);
}

http::Response Core::full_answer(int status, const Json& document) const {
  http::Response response = json_text_answer(status, with_context(write_json(document)));
  if (switches_.on("etag_header")) response.headers.set("ETag", text_at(document, "/eTag"));
  return response;
}

http::Response Core::read_one(Call&, const Referral* referral) {
  http::Response response = json_text_answer(200, with_context(shown(switches_, *referral)));
  if (switches_.on("etag_header")) response.headers.set("ETag", referral->etag);
  return response;
}

http::Response Core::create(Call& call, const http::Request& request) {
  if (!has_json_body(request)) {
    return answer_of(refused(415, "invalidRequest", "The body must be application/json."));
  }
  const std::optional<Json> posted = read_json(request.body);
  if (!posted) return answer_of(invalid("", "The body is not JSON.", "invalidJson"));
  Outcome<Json> made = create_referral(call, *posted, request.headers.get("MS-RequestId"));
  if (!made) return answer_of(made.error());
  const auto status = static_cast<int>(switches_.number("create_status"));
  http::Response response = full_answer(status, *made);
  if (status == 201) response.headers.set("Location", text_at(*made, "/links/self/uri"));
  return response;
}

http::Response Core::patch(Call& call, const Referral* referral, const http::Request& request) {
  if (!has_json_body(request)) {
    return answer_of(refused(415, "invalidRequest", "The body must be application/json."));
  }
  if (referral->organization_id != switches_.text("organization_id")) {
    return answer_of(refused(403, "accessDenied", "The referral belongs to another organisation."));
  }
  const std::optional<Json> operations = read_json(request.body);
  if (!operations) return answer_of(invalid("", "The body is not JSON.", "invalidJson"));
  PatchOptions options;
  options.if_match = request.headers.find("If-Match");
  Outcome<Json> changed = patch_referral(call, *referral, *operations, options);
  if (!changed) return answer_of(changed.error());
  if (wants_representation(request)) {
    http::Response response = full_answer(200, *changed);
    response.headers.set("Preference-Applied", "return=representation");
    return response;
  }
  http::Response response = empty_answer(204);
  if (switches_.on("etag_header")) response.headers.set("ETag", text_at(*changed, "/eTag"));
  return response;
}

Json Core::records(Clock& clock) {
  SeededRandom unused(0);
  Call call{switches_, model_, clock.now(), unused};
  expire_due(call);
  Json own = Json::array();
  Json halves = Json::array();
  const std::string partner = switches_.text("organization_id");
  for (const Model::Place& place : model_.by_created()) {
    const Referral& referral = *place.referral;
    (referral.organization_id == partner ? own : halves).push_back(document_of(referral));
  }
  return Json{{"referrals", own}, {"invited", halves}};
}

Outcome<Json> Core::edit(Call& call, const Json& order) {
  const Referral* referral = model_.find(text_at(order, "/id"));
  if (referral == nullptr) return tl::make_unexpected(refused(404, "itemNotFound", "There is no such referral."));
  if (referral->organization_id != switches_.text("organization_id")) {
    return tl::make_unexpected(refused(403, "accessDenied", "The referral belongs to another organisation."));
  }
  PatchOptions options;
  options.in_portal = true;
  return patch_referral(call, *referral, value_at(order, "/patch"), options);
}

Outcome<Json> Core::receive(Call& call, const Json& order) {
  if (!order.contains("count")) return receive_inbound(call, order);
  const auto number = [&order](const char* name) -> std::optional<std::size_t> {
    const Json value = order.value(name, Json(0U));
    const bool fits = value.is_number_unsigned() && value.get<std::uint64_t>() <= 1'000'000;
    return fits ? std::optional<std::size_t>(value.get<std::size_t>()) : std::nullopt;
  };
  const auto count = number("count");
  const auto customers = number("customers");
  if (!count || !customers) {
    return tl::make_unexpected(
        invalid("/count", "Say {\"count\":100} or {\"count\":100,\"customers\":10}, at most 1000000."));
  }
  return Json{{"referrals", receive_many(call, *count, *customers)}};
}

Outcome<Json> Core::seed_as_told(Call& call, const Json& order) {
  const Json& count = value_at(order, "/count");
  const bool fits = count.is_number_unsigned() && count.get<std::uint64_t>() <= 1'000'000;
  if (!fits) return tl::make_unexpected(invalid("/count", "Say {\"count\":100}, at most 1000000."));
  seed_referrals(call, count.get<std::size_t>());
  return Json{{"referrals", model_.size()}};
}

Outcome<Json> Core::approve_device(Call&, const Json& order) {
  const Json& approve = value_at(order, "/approve");
  if (switches_.text("device_code") == "blocked") {
    return tl::make_unexpected(
        refused(403, "accessDenied", "The page says: You don't have access to this. Error Code: 53003"));
  }
  return Json{{"logins", logins_.decide_device(text_at(order, "/user_code"), approve != false)}};
}

Outcome<Json> Core::revoke_logins(Call&, const Json& order) {
  const bool all = !order.contains("refresh") && !order.contains("access");
  logins_.revoke(all || true_at(order, "/refresh"), all || true_at(order, "/access"));
  return Json::object();
}

const std::vector<Core::Verb>& Core::own_verbs() {
  static const std::vector<Verb> verbs = {
      {{"microsoft", R"({"engagementId":"guid","action":"accept","seller":"Ada Cole"})",
        "Microsoft answers for its half of an engagement (or \"referralId\"): accept, decline (with a \"reason\"), "
        "expire, "
        "won, lost; reopen acts on the partner's own closed deal."},
       [](Core&, Call& call, const Json& order) { return microsoft_acts(call, order); }},
      {{"inbound",
        R"({"name":"Birch Clinics","customer":{"name":"Birch Clinics plc"},"dealValue":60000,"currency":"GBP"})",
        "Microsoft sends a new deal; answers the referral. All may be left out; closingDateTime, notes and contact are "
        "taken too, and \"set\" is a JSON merge patch for everything else. {\"count\":100,\"customers\":10} sends "
        "many."},
       [](Core& core, Call& call, const Json& order) { return core.receive(call, order); }},
      {{"edit", R"({"id":"guid","patch":[{"op":"replace","path":"/details/notes","value":"Called today"}]})",
        "A person edits a referral in the portal, by the rules of PATCH."},
       [](Core& core, Call& call, const Json& order) { return core.edit(call, order); }},
      {{"registration", R"({"id":"guid","status":"Approved"})",
        "The review of a registration: ActionRequired, Passed, Failed, Approved or Closed, with a \"reason\"."},
       [](Core&, Call& call, const Json& order) { return review_registration(call, order); }},
      {{"seed", R"({"count":100})", "Adds so many varied referrals of the past half year."},
       [](Core& core, Call& call, const Json& order) { return core.seed_as_told(call, order); }},
      {{"approve-device", R"({"user_code":"ABCD1234","approve":true})",
        "The person at the browser of a device-code login; without a code, of every one that waits."},
       [](Core& core, Call& call, const Json& order) { return core.approve_device(call, order); }},
      {{"revoke-logins", R"({"refresh":true,"access":true})", "Makes every token of that kind worthless; both for {}."},
       [](Core& core, Call& call, const Json& order) { return core.revoke_logins(call, order); }},
  };
  return verbs;
}

std::optional<http::Response> Core::control(const std::string& verb, const http::Request& request, Clock& clock,
                                            Random& random) {
  const std::vector<Verb>& known = own_verbs();
  const auto found = std::find_if(known.begin(), known.end(), [&](const Verb& v) { return v.name == verb; });
  if (request.method != "POST" || found == known.end()) return std::nullopt;
  Json order = Json::object();
  if (!text::trim(request.body).empty()) {
    const std::optional<Json> body = read_json(request.body);
    if (!body || !body->is_object()) return answer_of(invalid("", "The body must be a JSON object.", "invalidJson"));
    order = *body;
  }
  Call call{switches_, model_, clock.now(), random};
  try {
    expire_due(call);
    const Outcome<Json> done = found->act(*this, call, order);
    return done ? json_answer(200, *done) : answer_of(done.error());
  } catch (const std::exception& e) {
    return answer_of(refused(500, "generalException", e.what()));
  }
}

void Core::load(const Json& saved) {
  switches_.load(value_at(saved, "/settings"));
  model_.load(value_at(saved, "/model"));
  logins_.load(value_at(saved, "/logins"));
  tokens_.clear();
}

void Core::seed(std::size_t count, Clock& clock, Random& random) {
  Call call{switches_, model_, clock.now(), random};
  seed_referrals(call, count);
}

}  // namespace
}  // namespace partner_center

std::unique_ptr<PartnerCenterEmulator> make_partner_center_emulator() {
  return std::make_unique<partner_center::Core>();
}

}  // namespace cosell::emulator
