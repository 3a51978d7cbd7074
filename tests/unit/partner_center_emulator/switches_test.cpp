// Switches of which only both positions together tell what they do: each rule as it is, and as it is when switched.
#include "tests/unit/partner_center_emulator/tenant.h"

namespace cosell::emulator {
namespace {

class PartnerCenterSwitches : public Tenant {
 protected:
  // A won and visible deal, ten days old.
  std::string won(const Json& referral) {
    set("registration_hours", 0);
    const std::string id = make(referral);
    EXPECT_EQ(patch(id, changes({{"/status", "Closed"}, {"/substatus", "Won"}})).status, 204);
    pass(days(10));
    return id;
  }
  std::string won() { return won(deal(true)); }

  static Json registration() {
    return Json::parse(R"({"type": "AzureIPCoSell",
      "contract": {"value": 95000, "currency": "EUR", "term": "Finite", "signDateTime": "2030-03-05T00:00:00Z",
        "startDateTime": "2030-04-01T00:00:00Z", "endDateTime": "2032-03-31T00:00:00Z"},
      "solutionDetails": [{"id": "SOL-ABCDE-FGH", "value": 95000, "currency": "EUR", "isDeployedOnAzure": true,
        "primaryDeploymentOn": "Customer", "pricingModel": "Other",
        "marketplaceTransactionDetails": {"isMarketplaceTransacted": false}}]})");
  }
  Reply add_registration(const std::string& id, const Json& r) { return patch(id, changes({{"/registrations/-", r}})); }
};

TEST_F(PartnerCenterSwitches, DefaultOrderIsThatOfAListThatAsksForNone) {
  const std::string first = make(deal());
  const std::string second = make(deal());
  patch(first, changes({{"/details/notes", "changed last"}}));
  using Ids = std::vector<std::string>;
  const std::vector<std::pair<std::string, Ids>> orders = {{"createdDateTime asc", {first, second}},
                                                           {"createdDateTime desc", {second, first}},
                                                           {"updatedDateTime asc", {second, first}},
                                                           {"updatedDateTime desc", {first, second}}};
  for (const auto& [order, ids] : orders) {
    set("default_order", order);
    EXPECT_EQ(list_all(), ids) << order;
    EXPECT_EQ(list_all("$orderby=createdDateTime asc"), (Ids{first, second})) << "an order that is asked for wins";
  }
}

TEST_F(PartnerCenterSwitches, TheOwnerIsNamedAsItIsSet) {
  EXPECT_EQ(get(make(deal())).text("/organizationName"), "Example Partner Ltd");
  set("organization_name", "Other Partner Ltd");
  const Reply own = get(make(deal()));
  EXPECT_EQ(own.text("/organizationName"), "Other Partner Ltd");
  EXPECT_EQ(own.text("/inviteContext/invitedBy/organizationName"), "Other Partner Ltd");
}

TEST_F(PartnerCenterSwitches, CountMeansThePageOrEverything) {
  for (int i = 0; i < 5; ++i) make(deal());
  set("page_size", 2);
  EXPECT_EQ(list().body["@odata.count"], 2);
  set("count_meaning", "total");
  EXPECT_EQ(list().body["@odata.count"], 5);
}

TEST_F(PartnerCenterSwitches, EtagHeaderComesWithEveryAnswerOfOneReferral) {
  const Json edit = changes({{"/details/notes", "new"}});
  const std::string id = make(deal());
  EXPECT_EQ(get(id).headers.find("ETag"), std::nullopt);
  EXPECT_EQ(patch(id, edit).headers.find("ETag"), std::nullopt);
  set("etag_header", true);
  const Reply made = create(deal());
  EXPECT_EQ(made.headers.get("ETag"), made.text("/eTag"));
  const Reply changed = patch(id, edit);
  EXPECT_EQ(changed.headers.get("ETag"), get(id).text("/eTag"));
  EXPECT_EQ(get(id).headers.get("ETag"), get(id).text("/eTag"));
  const Reply shown = patch(id, edit, {{"Prefer", "return=representation"}});
  EXPECT_EQ(shown.headers.get("ETag"), shown.text("/eTag"));
}

TEST_F(PartnerCenterSwitches, RequiredFieldsCanBeEmptiedWhereSwitchedOn) {
  const std::string id = make(deal());
  const Json clear = changes({{"/details/notes", ""}, {"/team", Json::array()}});
  EXPECT_EQ(patch(id, clear).target(), "/details/notes");
  set("required_clearable", true);
  EXPECT_EQ(patch(id, clear).status, 204);
  EXPECT_EQ(get(id).body["team"], Json::array());
}

TEST_F(PartnerCenterSwitches, StageWaitsForTheAcceptance) {
  set("new_accepts_edits", true);
  const std::string id = control("inbound").text("/id");
  const Json stage = changes({{"/salesStage", "40"}});
  EXPECT_EQ(patch(id, stage).target(), "/salesStage");
  set("stage_needs_accepted", false);
  EXPECT_EQ(patch(id, stage).status, 204);
  EXPECT_EQ(get(id).text("/salesStage"), "40");
}

TEST_F(PartnerCenterSwitches, HelpNeedsAContactAndVisibility) {
  const std::string hidden = create(deal(false)).text("/engagementId");
  Json alone = help_wanted(hidden);
  alone["customerProfile"]["team"] = Json::array();
  EXPECT_EQ(create(alone).target(), kShareFlag);
  set("require_visibility_for_help", false);
  EXPECT_EQ(create(alone).target(), "/customerProfile/team");
  set("require_contact_for_help", false);
  EXPECT_EQ(create(alone).status, 200);
}

TEST_F(PartnerCenterSwitches, CloseDateMayLieInThePast) {
  Json late = deal();
  late["details"]["closingDateTime"] = "2030-02-28T00:00:00Z";
  const std::string id = make(late);
  const Json edit = changes({{"/details/closingDateTime", "2030-02-27T00:00:00Z"}});
  EXPECT_EQ(patch(id, edit).status, 204);
  set("past_close_date_allowed", false);
  EXPECT_EQ(patch(id, edit).target(), "/details/closingDateTime");
  EXPECT_EQ(create(late).target(), "/details/closingDateTime");
  EXPECT_EQ(patch(id, changes({{"/details/closingDateTime", "2030-03-01T00:00:00Z"}})).status, 204)
      << "today is not past";
}

TEST_F(PartnerCenterSwitches, AReviewTouchesTheDeal) {
  const std::string id = won();
  ASSERT_EQ(add_registration(id, registration()).status, 204);
  const Json before = get(id).body;
  control("registration", Json{{"id", id}, {"status", "ActionRequired"}});
  EXPECT_NE(get(id).body["eTag"], before["eTag"]);
  EXPECT_GT(get(id).text("/updatedDateTime"), before["updatedDateTime"].get<std::string>());
  const Json between = get(id).body;
  set("registration_review_bumps", false);
  control("registration", Json{{"id", id}, {"status", "Approved"}});
  EXPECT_EQ(get(id).text("/registrationStatus"), "Approved");
  EXPECT_EQ(get(id).body["eTag"], between["eTag"]);
  EXPECT_EQ(get(id).body["updatedDateTime"], between["updatedDateTime"]);
}

TEST_F(PartnerCenterSwitches, DatesOfARegistrationFollowThePublishedRules) {
  const std::string id = won();
  Json early = registration();
  early["contract"]["signDateTime"] = "2030-02-01T00:00:00Z";
  EXPECT_EQ(add_registration(id, early).target(), "/registrations/0/contract/signDateTime");
  set("registration_dates_checked", false);
  EXPECT_EQ(add_registration(id, early).status, 204);
}

TEST_F(PartnerCenterSwitches, LeastValueOfARegistrationIsInDollarsAtTheRates) {
  Json referral = deal(true);
  referral["details"]["dealValue"] = 24'000;
  referral["details"]["currency"] = "EUR";
  const std::string id = won(referral);
  set("usd_rates", Json{{"EUR", 1.0}});
  EXPECT_EQ(add_registration(id, registration()).target(), "/registrations");
  set("usd_rates", Json{{"EUR", 1.08}});
  set("registration_least_usd", 26'000);
  EXPECT_EQ(add_registration(id, registration()).target(), "/registrations");
  set("registration_least_usd", 25'900);
  EXPECT_EQ(add_registration(id, registration()).status, 204);
}

// ---- what a service takes and does not keep, and which forms it takes

TEST_F(PartnerCenterSwitches, IgnoredPathsAreTakenAndNotKept) {
  const std::string id = make(deal());
  set("ignored_paths", Json::array({"/salesStage"}));
  const Json before = get(id).body;
  EXPECT_EQ(patch(id, changes({{"/salesStage", "45"}})).status, 400) << "what does not fit is refused all the same";
  EXPECT_EQ(patch(id, changes({{"/salesStage", "40"}, {"/details/notes", "kept"}})).status, 204);
  EXPECT_EQ(get(id).body["salesStage"], before["salesStage"]);
  EXPECT_EQ(get(id).text("/details/notes"), "kept");
  EXPECT_NE(get(id).body["eTag"], before["eTag"]);
}

TEST_F(PartnerCenterSwitches, AnOldTagIsNotLookedAtWhereSwitchedOff) {
  const std::string id = make(deal());
  const std::string old = get(id).text("/eTag");
  patch(id, changes({{"/details/notes", "somebody's"}}));
  set("if_match_honoured", false);
  EXPECT_EQ(patch(id, changes({{"/details/notes", "mine"}}), {{"If-Match", old}}).status, 204);
  EXPECT_EQ(get(id).text("/details/notes"), "mine");
  set("if_match_honoured", true);
  set("stale_tag_status", 400);
  const Reply stale = patch(id, changes({{"/details/notes", "again"}}), {{"If-Match", old}});
  EXPECT_EQ(stale.status, 400);
  EXPECT_EQ(stale.text("/error/code"), "invalidRequest");
}

TEST_F(PartnerCenterSwitches, ValuesAndStepsAreRefusedWithTheStatusThatIsSet) {
  set("past_close_date_allowed", false);
  Json late = deal();
  late["details"]["closingDateTime"] = "2000-01-01T00:00:00Z";
  for (const int status : {400, 409, 422}) {
    set("refusal_status", status);
    const std::string id = make(deal());
    const Reply created = create(late);
    EXPECT_EQ(created.status, status);
    EXPECT_EQ(created.target(), "/details/closingDateTime");
    EXPECT_EQ(created.text("/error/innerError/code"), "outOfRange");
    EXPECT_EQ(patch(id, changes({{"/details/closingDateTime", "2000-01-01T00:00:00Z"}})).status, status);
    EXPECT_EQ(patch(id, changes({{"/status", "New"}, {"/substatus", "Pending"}})).status, status);
    EXPECT_EQ(patch(id, changes({{"/mpnId", "7"}})).status, status) << "a path that cannot be changed";
    patch(id, changes({{"/status", "Closed"}, {"/substatus", "Won"}}));
    EXPECT_EQ(patch(id, changes({{"/details/notes", "late"}})).status, status);
    EXPECT_EQ(patch(id, changes({{"/details/notes", "x"}}), {{"If-Match", "\"old\""}}).status, 412);
    EXPECT_EQ(list("$filter=bogus eq 1").status, 400) << "a question is no change";
  }
}

TEST_F(PartnerCenterSwitches, MoneyIsPatchedAsNumberOrText) {
  const std::string id = make(deal());
  const Json number = changes({{"/details/dealValue", 95000}});
  const Json text = changes({{"/details/dealValue", "95000"}});
  set("patch_money", "number");
  EXPECT_EQ(patch(id, number).status, 204);
  EXPECT_EQ(patch(id, text).target(), "/details/dealValue");
  set("patch_money", "text");
  EXPECT_EQ(patch(id, number).target(), "/details/dealValue");
  EXPECT_EQ(patch(id, text).status, 204);
  EXPECT_EQ(get(id).body["details"]["dealValue"], 95000) << "shown as a number in every case";
}

TEST_F(PartnerCenterSwitches, FiltersTakeOneFormOnlyOrAreNotApplied) {
  const std::string id = make(deal());
  make(deal());
  const std::string engagement = get(id).text("/engagementId");
  set("filter_quoted_id", false);
  EXPECT_EQ(list("$filter=engagementId eq '" + engagement + "'").target(), "$filter");
  EXPECT_EQ(list_all("$filter=engagementId eq " + engagement), std::vector<std::string>{id});
  set("filter_ignored", Json::array({"engagementId", "updatedDateTime"}));
  EXPECT_EQ(list_all("$filter=engagementId eq " + engagement).size(), 2U);

  set("filter_updated", true);
  set("filter_updated_bare", false);
  EXPECT_EQ(list("$filter=updatedDateTime ge 2031-01-01T00:00:00Z").target(), "$filter");
  set("filter_updated_quoted", true);
  EXPECT_EQ(list_all("$filter=updatedDateTime ge '2031-01-01T00:00:00Z'").size(), 2U);
  set("filter_ignored", Json::array());
  EXPECT_EQ(list_all("$filter=updatedDateTime ge '2031-01-01T00:00:00Z'").size(), 0U);
}

}  // namespace
}  // namespace cosell::emulator
