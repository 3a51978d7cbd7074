// Deadlines, Microsoft's side, the portal, and keeping the model.
#include <set>

#include "connectors/emulator/sandboxed.h"
#include "tests/unit/partner_center_emulator/tenant.h"

namespace cosell::emulator {
namespace {

class PartnerCenterLifeCycle : public Tenant {
 protected:
  struct CoSell {
    std::string own;
    std::string half;
    std::string engagement;
  };
  CoSell ask_for_help() {
    const Reply own = create(deal(true));
    const Reply half = create(help_wanted(own.text("/engagementId")));
    EXPECT_EQ(half.status, 200);
    return {own.text("/id"), half.text("/id"), own.text("/engagementId")};
  }
  Reply microsoft(const std::string& engagement, const std::string& action) {
    return control("microsoft", Json{{"engagementId", engagement}, {"action", action}});
  }
};

TEST_F(PartnerCenterLifeCycle, AnUnansweredInboundDealExpiresAtMidnightAfterFourteenDays) {
  const std::string id = control("inbound").text("/id");
  EXPECT_EQ(get(id).text("/expirationDateTime"), "2030-03-15T00:00:00Z");
  pass(days(13) + hours(13));
  EXPECT_EQ(get(id).text("/status"), "New");
  const std::string tag = get(id).text("/eTag");
  pass(days(20));
  const Reply expired = get(id);
  EXPECT_EQ(expired.text("/status"), "Closed");
  EXPECT_EQ(expired.text("/substatus"), "Expired");
  EXPECT_EQ(expired.text("/closedDateTime").substr(0, 19), "2030-03-15T00:00:00");
  EXPECT_NE(expired.text("/eTag"), tag);
  EXPECT_EQ(patch(id, changes({{"/status", "Active"}, {"/substatus", "Accepted"}})).status, 400);
}

TEST_F(PartnerCenterLifeCycle, MicrosoftsHalfExpiresAndTheOwnDealGoesOn) {
  const CoSell deal = ask_for_help();
  set("expired_as", "Declined");
  set("expiry_days", 3);
  const CoSell other = ask_for_help();
  pass(days(4));
  EXPECT_EQ(get(other.half).text("/substatus"), "Declined");
  EXPECT_EQ(get(deal.half).text("/status"), "New");
  set("expired_as", "Expired");
  pass(days(14));
  EXPECT_EQ(get(deal.half).text("/substatus"), "Expired");
  EXPECT_EQ(get(deal.own).text("/status"), "Active");
}

TEST_F(PartnerCenterLifeCycle, MicrosoftsAnswerIsSeenInTheEngagementOnly) {
  const CoSell deal = ask_for_help();
  const Reply before = get(deal.own);
  ASSERT_EQ(microsoft(deal.engagement, "accept").status, 200);
  const Reply half = get(deal.half);
  EXPECT_EQ(half.text("/status"), "Active");
  EXPECT_EQ(half.body["team"].size(), 1U);
  const Reply after = get(deal.own);
  EXPECT_EQ(after.text("/eTag"), before.text("/eTag"));
  EXPECT_EQ(after.text("/updatedDateTime"), before.text("/updatedDateTime"));
  EXPECT_EQ(after.text("/trackingInfo/microsoftMsxId"), half.text("/trackingInfo/microsoftMsxId"));
  EXPECT_FALSE(after.text("/trackingInfo/microsoftMsxId").empty());
  EXPECT_EQ(microsoft(deal.engagement, "decline").status, 409);
  EXPECT_EQ(microsoft(deal.engagement, "won").status, 200);
  EXPECT_EQ(get(deal.half).text("/substatus"), "Won");
}

TEST_F(PartnerCenterLifeCycle, MicrosoftsAnswerTouchesTheOwnDealWhereSwitchedOn) {
  set("microsoft_half_bumps_partner", true);
  const CoSell deal = ask_for_help();
  const Reply before = get(deal.own);
  const Reply declined = control(
      "microsoft", Json{{"referralId", deal.own}, {"action", "decline"}, {"reason", "No seller for this customer"}});
  ASSERT_EQ(declined.status, 200);
  EXPECT_EQ(declined.text("/statusReason"), "No seller for this customer");
  EXPECT_NE(get(deal.own).text("/eTag"), before.text("/eTag"));
  EXPECT_EQ(get(deal.own).text("/status"), "Active");
  EXPECT_TRUE(get(deal.half).body["team"].empty());  // M-2
}

TEST_F(PartnerCenterLifeCycle, MicrosoftGivesNoReasonForASmallDeal) {
  const std::string engagement = create(deal(true)).text("/engagementId");
  Json small_ask = help_wanted(engagement);
  small_ask["details"]["dealValue"] = 100;
  ASSERT_EQ(create(small_ask).status, 200);
  EXPECT_EQ(microsoft(engagement, "decline").body["statusReason"], Json());
  const CoSell large = ask_for_help();
  EXPECT_FALSE(microsoft(large.engagement, "decline").text("/statusReason").empty());
}

TEST_F(PartnerCenterLifeCycle, MicrosoftCanReopenADealAndBeAskedAgain) {
  const CoSell deal = ask_for_help();
  microsoft(deal.engagement, "decline");
  const Reply again = create(help_wanted(deal.engagement));
  ASSERT_EQ(again.status, 200);
  EXPECT_EQ(microsoft(deal.engagement, "accept").text("/id"), again.text("/id"));
  patch(deal.own, changes({{"/status", "Closed"}, {"/substatus", "Won"}}));
  EXPECT_EQ(microsoft(deal.engagement, "reopen").status, 200);
  EXPECT_EQ(get(deal.own).text("/status"), "Active");
  EXPECT_EQ(microsoft("nowhere", "accept").status, 404);
  EXPECT_EQ(microsoft(deal.engagement, "dance").status, 400);
}

TEST_F(PartnerCenterLifeCycle, AnInboundDealCarriesWhatWasWished) {
  const Reply made = control(
      "inbound", Json{{"name", "Birch Clinics - workplace"},
                      {"customer", Json{{"name", "Birch Clinics plc"}, {"city", "Leeds"}, {"country", "GB"}}},
                      {"dealValue", 60000},
                      {"currency", "GBP"},
                      {"closingDateTime", "2030-05-01T00:00:00Z"},
                      {"notes", "Rollout partner wanted."},
                      {"contact", person("Jon", "jon@birch.example")},
                      {"set", Json{{"referralSource", "AppSource"}, {"customerProfile", Json{{"size", nullptr}}}}}});
  ASSERT_EQ(made.status, 200);
  const Reply read = get(made.text("/id"));
  EXPECT_EQ(read.text("/name"), "Birch Clinics - workplace");
  EXPECT_EQ(read.text("/customerProfile/address/city"), "Leeds");
  EXPECT_EQ(read.body["details"]["dealValue"], 60000);
  EXPECT_EQ(read.text("/customerProfile/team/0/email"), "jon@birch.example");
  EXPECT_EQ(read.text("/referralSource"), "AppSource");
  EXPECT_EQ(read.text("/inviteContext/invitedBy/organizationId"), "msft");
  EXPECT_EQ(read.text("/direction"), "Incoming");
  EXPECT_EQ(read.body["externalReferenceId"], Json());
  EXPECT_EQ(control("inbound", Json{{"dealValue", "much"}}).target(), "/details/dealValue");
}

TEST_F(PartnerCenterLifeCycle, InboundDealsVary) {
  std::set<std::string> names;
  std::set<std::string> currencies;
  for (int i = 0; i < 30; ++i) {
    const Reply made = control("inbound");
    names.insert(made.text("/name"));
    currencies.insert(made.text("/details/currency"));
  }
  EXPECT_GT(names.size(), 25U);
  EXPECT_GT(currencies.size(), 2U);
}

TEST_F(PartnerCenterLifeCycle, ManyInboundDealsComeFromAsManyCustomersAsAskedFor) {
  EXPECT_EQ(control("inbound", Json{{"count", 20}, {"customers", 4}}).body["referrals"], 20);
  EXPECT_EQ(control("inbound", Json{{"count", -1}}).status, 400);
  std::set<std::string> names;
  std::set<std::string> ids;
  const Json listed = list("$top=50").body["value"];
  for (const Json& referral : listed) {
    ids.insert(referral["id"]);
    names.insert(referral["customerProfile"]["name"]);
  }
  EXPECT_EQ(ids.size(), 20U);
  EXPECT_EQ(names.size(), 4U);
}

TEST_F(PartnerCenterLifeCycle, APersonInThePortalEditsByTheSameRulesAndMoreFields) {
  const std::string id = make(deal());
  const std::string tag = get(id).text("/eTag");
  EXPECT_EQ(control("edit", Json{{"id", id}, {"patch", changes({{"/name", "Renamed"}})}}).status, 200);
  EXPECT_EQ(get(id).text("/name"), "Renamed");
  EXPECT_EQ(patch(id, changes({{"/details/notes", "mine"}}), {{"If-Match", tag}}).status, 412);
  EXPECT_EQ(control("edit", Json{{"id", id}, {"patch", changes({{"/mpnId", "7"}})}}).status, 400);
  EXPECT_EQ(control("edit", Json{{"id", ask_for_help().half}, {"patch", changes({{"/name", "x"}})}}).status, 403);
  EXPECT_EQ(control("edit", Json{{"id", "none"}, {"patch", Json::array()}}).status, 404);
}

TEST_F(PartnerCenterLifeCycle, SeededDealsAreVariedLegalAndOrdered) {
  core_->seed(400, clock_, random_);
  set("filter_updated", true);
  std::set<std::string> states;
  std::string last = "9";
  for (const std::string& id : list_all("$orderby=updatedDateTime desc")) {
    const Reply read = get(id);
    EXPECT_LT(read.text("/updatedDateTime"), last);
    last = read.text("/updatedDateTime");
    states.insert(read.text("/status") + "/" + read.text("/substatus"));
  }
  EXPECT_EQ(states,
            (std::set<std::string>{"New/Pending", "Active/Accepted", "Closed/Won", "Closed/Lost", "Closed/Expired"}));
  EXPECT_EQ(list_all().size(), 400U);
  EXPECT_EQ(control("seed", Json{{"count", 5}}).body["referrals"], 405);
  EXPECT_EQ(control("seed", Json{{"count", -5}}).status, 400);
}

TEST_F(PartnerCenterLifeCycle, TheWholeModelSurvivesARestart) {
  const CoSell deal = ask_for_help();
  microsoft(deal.engagement, "accept");
  control("inbound");
  set("page_size", 2);
  const std::string tag = get(deal.own).text("/eTag");
  const Json saved = read_json(write_json(core_->save())).value();

  std::unique_ptr<PartnerCenterEmulator> revived = make_partner_center_emulator();
  revived->load(saved);
  EXPECT_EQ(revived->records(clock_), core_->records(clock_));
  core_ = std::move(revived);
  EXPECT_EQ(list().status, 200) << "the access token is still good";
  EXPECT_EQ(list_all().size(), 2U);
  EXPECT_EQ(patch(deal.own, changes({{"/details/notes", "after"}}), {{"If-Match", tag}}).status, 204);
  EXPECT_EQ(list_all("$orderby=updatedDateTime desc").front(), deal.own);
  EXPECT_EQ(refresh("seed").status, 200);
}

TEST_F(PartnerCenterLifeCycle, DamagedStateIsNotBelieved) {
  core_->load(Json{{"model", Json{{"referrals", Json::array({1, Json::object()})}}}, {"settings", 3}, {"logins", "x"}});
  EXPECT_EQ(core_->records(clock_)["referrals"].size(), 0U);
}

TEST_F(PartnerCenterLifeCycle, ResetForgetsDealsAndKeepsLoginsAndSettings) {
  make(deal());
  set("page_size", 5);
  core_->reset();
  EXPECT_TRUE(list_all().empty());
  EXPECT_EQ(core_->records(clock_), (Json{{"referrals", Json::array()}, {"invited", Json::array()}}));
  for (const Setting& setting : core_->settings()) {
    EXPECT_FALSE(setting.description.empty()) << setting.name;
    if (setting.name == "page_size") {
      EXPECT_EQ(setting.value, 5);
    }
  }
}

TEST_F(PartnerCenterLifeCycle, AThrottledCallReachesTheDealOnlyWhenItIsRepeated) {
  SandboxClock shared(clock_);
  auto core = make_partner_center_emulator();
  core->register_refresh_token("seed");
  Sandboxed sandboxed(std::move(core), shared, 1);
  const auto deliver = [&sandboxed](const std::string& method, const std::string& url, const std::string& body,
                                    const std::vector<http::Header>& headers) {
    http::Request request;
    request.method = method;
    request.url = url;
    request.body = body;
    for (const http::Header& header : headers) request.headers.set(header.name, header.value);
    return sandboxed.handle(request);
  };
  const Delivery login =
      deliver("POST", "/common/oauth2/v2.0/token", "grant_type=refresh_token&client_id=app&refresh_token=seed",
              {{"Content-Type", "application/x-www-form-urlencoded"}});
  const std::string token = read_json(login.response.body).value()["access_token"].get<std::string>();
  const std::vector<http::Header> headers = {{"Authorization", "Bearer " + token},
                                             {"Content-Type", "application/json"}};
  const Json fault{{"match", Json{{"method", "POST"}, {"path", kReferrals}}},
                   {"action", Json{{"kind", "throttle"}, {"retry_after", 57}}}};
  deliver("POST", "/_sandbox/faults", write_json(Json::array({fault})), {});
  const Delivery throttled = deliver("POST", kReferrals, write_json(deal()), headers);
  EXPECT_EQ(throttled.response.status, 429);
  EXPECT_EQ(throttled.response.headers.get("Retry-After"), "57");
  EXPECT_EQ(deliver("POST", kReferrals, write_json(deal()), headers).response.status, 200);
  const Json records = read_json(deliver("GET", "/_sandbox/records", "", {}).response.body).value();
  EXPECT_EQ(records["referrals"].size(), 1U);
}

}  // namespace
}  // namespace cosell::emulator
