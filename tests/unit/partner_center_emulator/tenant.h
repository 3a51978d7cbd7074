// A partner's tenant in the emulated service, as a client meets it: a valid login, the calls, and the control verbs.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "connectors/emulator/toolkit.h"
#include "connectors/partner_center/emulator/partner_center_emulator.h"

namespace cosell::emulator {

inline constexpr const char* kReferrals = "/v1.0/engagements/referrals";
inline constexpr const char* kShareFlag = "/consent/consentToShareReferralWithMicrosoftSellers";

struct Reply {
  int status = 0;
  Json body;
  http::Headers headers;

  std::string text(const char* pointer) const {
    const Json::json_pointer where(pointer);
    return body.contains(where) && body.at(where).is_string() ? body.at(where).get<std::string>() : "";
  }
  std::string target() const { return text("/error/target"); }
};

// "[{op, path, value}]" with replace for everything but ends of lists.
inline Json changes(const std::vector<std::pair<std::string, Json>>& values) {
  Json list = Json::array();
  for (const auto& change : values) {
    const bool end = change.first.size() > 2 && change.first.substr(change.first.size() - 2) == "/-";
    list.push_back(Json{{"op", end ? "add" : "replace"}, {"path", change.first}, {"value", change.second}});
  }
  return list;
}

class Tenant : public ::testing::Test {
 protected:
  Tenant() {
    core_->register_refresh_token("seed");
    login();
  }

  Reply send(http::Request request) {
    const http::Response response = core_->handle(request, clock_, random_);
    Reply reply;
    reply.status = response.status;
    reply.headers = response.headers;
    if (!response.body.empty()) reply.body = read_json(response.body).value_or(Json("not JSON"));
    return reply;
  }

  Reply call(const std::string& method, const std::string& path, const Json& body = Json(),
             const std::vector<http::Header>& headers = {}) {
    http::Request request;
    request.method = method;
    request.url = path;
    if (!token_.empty()) request.headers.set("Authorization", "Bearer " + token_);
    request.headers.set("Host", "127.0.0.1:8080");
    if (!body.is_null()) {
      request.headers.set("Content-Type", "application/json");
      request.body = write_json(body);
    }
    for (const http::Header& header : headers) request.headers.set(header.name, header.value);
    return send(request);
  }

  Reply ask_token(const std::vector<std::pair<std::string, std::string>>& form,
                  const std::string& path = "/common/oauth2/v2.0/token") {
    http::Request request;
    request.method = "POST";
    request.url = path;
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.body = http::encode_form(form);
    return send(request);
  }

  Reply refresh(const std::string& token) {
    return ask_token({{"grant_type", "refresh_token"},
                      {"client_id", "app"},
                      {"refresh_token", token},
                      {"scope", "https://api.partner.microsoft.com/.default offline_access"}});
  }

  void login() { token_ = refresh("seed").text("/access_token"); }

  // Tokens live an hour, so after a jump of days a client logs in again.
  void pass(Duration d) {
    clock_.advance(d);
    login();
  }

  Reply get(const std::string& id) { return call("GET", std::string(kReferrals) + "/" + id); }
  Reply patch(const std::string& id, const Json& operations, const std::vector<http::Header>& headers = {}) {
    return call("PATCH", std::string(kReferrals) + "/" + id, operations, headers);
  }
  Reply create(const Json& referral) { return call("POST", kReferrals, referral); }

  // `options` are written as a client would write them: "$filter=status eq 'New'&$top=3".
  Reply list(const std::string& options = "") {
    std::string url = kReferrals;
    const char* separator = "?";
    for (const std::string& option : text::split(options, '&')) {
      if (option.empty()) continue;
      const std::size_t equals = option.find('=');
      url += separator + option.substr(0, equals) + "=" + text::percent_encode(option.substr(equals + 1));
      separator = "&";
    }
    return call("GET", url);
  }

  // Follows next links the way the documents force a client to: only the query string is taken over.
  std::vector<std::string> list_all(const std::string& options = "") {
    std::vector<std::string> ids;
    Reply page = list(options);
    for (int pages = 0; pages < 1000; ++pages) {
      EXPECT_EQ(page.status, 200);
      for (const Json& row : page.body["value"]) ids.push_back(row["id"].get<std::string>());
      const std::string next = page.text("/@odata.nextLink");
      if (next.empty()) break;
      page = call("GET", std::string(kReferrals) + next.substr(next.find('?')));
    }
    return ids;
  }

  Reply control(const std::string& verb, const Json& order = Json::object()) {
    http::Request request;
    request.method = "POST";
    request.body = write_json(order);
    const std::optional<http::Response> response = core_->control(verb, request, clock_, random_);
    Reply reply;
    if (!response) return reply;
    reply.status = response->status;
    reply.body = read_json(response->body).value_or(Json());
    return reply;
  }

  void set(const std::string& name, const Json& value) { ASSERT_EQ(core_->set(name, value), ""); }

  // A complete deal that the service accepts; private unless asked otherwise.
  static Json deal(bool visible = false) {
    Json referral = Json::parse(R"({
      "name": "Alder Foods - data platform", "externalReferenceId": "006XX000004C9aZ", "type": "Independent",
      "qualification": "SalesQualified", "mpnId": "1234567",
      "customerProfile": {"name": "Alder Foods GmbH", "size": "251to1000employees",
        "address": {"addressLine1": "Hafenstrasse 12", "city": "Hamburg", "postalCode": "20457", "country": "DE"}},
      "consent": {"consentToToShareInfoWithOthers": true, "consentToContact": true,
        "consentToShareReferralWithMicrosoftSellers": false},
      "details": {"notes": "First call done.", "dealValue": 80000.25, "currency": "EUR",
        "closingDateTime": "2030-09-30T00:00:00Z",
        "requirements": {"solutions": [{"id": "SOL-ABCDE-FGH", "name": "Harbor Analytics", "type": "Name"}],
          "additionalRequirements": {"attributes": [{"type": "CustomerMarketplaceIntent", "id": "HaveNotDecided"}]}}},
      "team": [{"firstName": "Ida", "lastName": "Berg", "phoneNumber": "+49405550100",
        "email": "ida.berg@partner.example"}],
      "target": []})");
    referral["consent"]["consentToShareReferralWithMicrosoftSellers"] = visible;
    return referral;
  }

  // The second referral of a co-sell deal.
  static Json help_wanted(const std::string& engagement_id) {
    Json referral = deal(true);
    referral["engagementId"] = engagement_id;
    referral["target"] = Json::array({Json{{"type", "BusinessProfileLocation"}, {"id", "msft"}}});
    referral["customerProfile"]["team"] = Json::array({person("Jon", "jon.alder@customer.example")});
    referral["inviteContext"] =
        Json{{"notes", "Please help with a proof of concept."}, {"assistanceRequestCode", "ProofOfConceptOrDemo"}};
    return referral;
  }

  static Json person(const std::string& first_name, const std::string& email) {
    return Json{{"firstName", first_name}, {"lastName", "Alder"}, {"phoneNumber", "+49405550177"}, {"email", email}};
  }

  std::string make(const Json& referral) {
    const Reply made = create(referral);
    EXPECT_EQ(made.status, 200) << write_json(made.body);
    return made.text("/id");
  }

  ManualClock clock_{parse_instant("2030-03-01T10:00:00Z").value()};
  SeededRandom random_{1};
  std::unique_ptr<PartnerCenterEmulator> core_ = make_partner_center_emulator();
  std::string token_;
};

}  // namespace cosell::emulator
