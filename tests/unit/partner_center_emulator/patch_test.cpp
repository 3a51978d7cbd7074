// The patch call: paths, values, tags, states, and deal registration.
#include "tests/unit/partner_center_emulator/tenant.h"

namespace cosell::emulator {
namespace {

class PartnerCenterPatch : public Tenant {
 protected:
  int close(const std::string& id, const std::string& substatus, const std::string& reason = "") {
    Json operations = changes({{"/status", "Closed"}, {"/substatus", substatus}});
    if (!reason.empty()) operations.push_back(changes({{"/statusReason", reason}})[0]);
    return patch(id, operations).status;
  }
  int accept(const std::string& id) {
    return patch(id, changes({{"/status", "Active"}, {"/substatus", "Accepted"}})).status;
  }
};

using PartnerCenterRegistration = PartnerCenterPatch;

TEST_F(PartnerCenterPatch, WritesEveryDocumentedPath) {
  const std::string id = make(deal());
  const Json solution{{"id", "SOL-ZZZZZ-YYY"}, {"name", "Link Hub"}, {"type", "Name"}};
  const Json operations = changes({{"/campaignId", "SPRING-26"},
                                   {"/customerProfile/team/-", person("Jon", "jon@customer.example")},
                                   {"/details/closingDateTime", "2030-11-30T00:00:00Z"},
                                   {"/details/currency", "USD"},
                                   {"/details/dealValue", "95000"},
                                   {"/details/notes", "Scope extended."},
                                   {"/details/requirements/solutions/-", solution},
                                   {"/externalReferenceId", "006XX000009ZZZZ"},
                                   {"/referralProgram", "GTM"},
                                   {"/salesStage", "60"},
                                   {"/team/-", person("Sam", "sam.cole@partner.example")},
                                   {kShareFlag, true}});
  const Reply changed = patch(id, operations, {{"Prefer", "return=representation"}});
  ASSERT_EQ(changed.status, 200) << write_json(changed.body);
  const Json& body = changed.body;
  EXPECT_EQ(body["details"]["dealValue"], 95000);
  EXPECT_EQ(body["details"]["currency"], "USD");
  EXPECT_EQ(body["details"]["closingDateTime"], "2030-11-30T00:00:00Z");
  EXPECT_EQ(body["details"]["requirements"]["solutions"][1], solution);
  EXPECT_EQ(body["team"].size(), 2U);
  EXPECT_EQ(body["customerProfile"]["team"].size(), 1U);
  EXPECT_EQ(body["salesStage"], "60");
  EXPECT_EQ(body["type"], "Shared");
  EXPECT_EQ(get(id).body, body);
}

TEST_F(PartnerCenterPatch, AnswersNothingUnlessARepresentationIsPreferred) {
  const std::string id = make(deal());
  const Reply before = get(id);
  const Reply changed = patch(id, changes({{"/details/notes", "new"}}));
  EXPECT_EQ(changed.status, 204);
  EXPECT_TRUE(changed.body.is_null());
  const Reply after = get(id);
  EXPECT_NE(after.text("/eTag"), before.text("/eTag"));
  EXPECT_GT(after.text("/updatedDateTime"), before.text("/updatedDateTime"));
  EXPECT_EQ(after.text("/createdDateTime"), before.text("/createdDateTime"));
}

TEST_F(PartnerCenterPatch, HonoursTheTagThatIsSent) {
  const std::string id = make(deal());
  const std::string tag = get(id).text("/eTag");
  const Json edit = changes({{"/details/notes", "mine"}});
  EXPECT_EQ(patch(id, edit, {{"If-Match", tag}}).status, 204);
  const Reply stale = patch(id, edit, {{"If-Match", tag}});
  EXPECT_EQ(stale.status, 412);
  EXPECT_EQ(stale.text("/error/code"), "preconditionFailed");
  EXPECT_EQ(patch(id, edit).status, 204) << "without a tag the last writer wins";
  EXPECT_EQ(patch(id, edit, {{"If-Match", "*"}}).status, 204);
  EXPECT_EQ(patch(id, edit, {{"If-Match", "2500ec5a"}}).target(), "If-Match");
  set("stale_tag_status", 409);
  EXPECT_EQ(patch(id, edit, {{"If-Match", tag}}).text("/error/code"), "resourceModified");
  EXPECT_EQ(patch(id, edit, {{"If-Match", tag}}).status, 409);
  set("if_match_star", false);
  EXPECT_EQ(patch(id, edit, {{"If-Match", "*"}}).status, 400);
}

TEST_F(PartnerCenterPatch, IsAtomic) {
  const std::string id = make(deal());
  const Json before = get(id).body;
  EXPECT_EQ(patch(id, changes({{"/details/notes", "half"}, {"/details/currency", "EURO"}})).status, 400);
  EXPECT_EQ(patch(id, changes({{"/details/notes", "half"}, {"/status", "Closed"}})).status, 400);
  EXPECT_EQ(get(id).body, before);
}

TEST_F(PartnerCenterPatch, RefusesPathsAndOperationsOutsideTheList) {
  const std::string id = make(deal());
  for (const char* path : {"/name", "/favorite", "/mpnId", "/customerProfile/name", "/customerProfile/address/city",
                           "/inviteContext/notes", "/team/0", "/eTag", "/registrationStatus", "/nothing"}) {
    const Reply refused = patch(id, changes({{path, "x"}}));
    EXPECT_EQ(refused.status, 400) << path;
    EXPECT_EQ(refused.target(), path);
  }
  for (const char* op : {"remove", "move", "copy", "test"}) {
    const Json operation{{"op", op}, {"path", "/details/notes"}, {"value", "x"}};
    EXPECT_EQ(patch(id, Json::array({operation})).status, 400) << op;
  }
  EXPECT_EQ(patch(id, Json::object()).status, 400);
  EXPECT_EQ(patch(id, Json::array()).status, 400);
  EXPECT_EQ(patch(id, Json::array({Json{{"op", "replace"}, {"path", "/details/notes"}}})).status, 400);
  EXPECT_EQ(
      patch(id, Json::array({Json{{"op", "replace"}, {"path", "/team/-"}, {"value", person("A", "a@b")}}})).status,
      400);
  EXPECT_EQ(patch(id, changes({{"/campaignId", "x"}}), {{"Content-Type", "application/json-patch+json"}}).status, 415);
}

TEST_F(PartnerCenterPatch, RefusesValuesThatDoNotFit) {
  const std::string id = make(deal());
  const std::vector<std::pair<std::string, Json>> wrong = {{"/details/dealValue", "much"},
                                                           {"/details/dealValue", nullptr},
                                                           {"/details/currency", ""},
                                                           {"/details/notes", ""},
                                                           {"/details/closingDateTime", "soon"},
                                                           {"/salesStage", 40},
                                                           {"/salesStage", "45"},
                                                           {"/salesStage", "Halfway"},
                                                           {"/team", Json::array()},
                                                           {"/details/requirements/solutions", Json::array()},
                                                           {kShareFlag, "yes"},
                                                           {"/status", "Open"}};
  for (const auto& entry : wrong) {
    EXPECT_EQ(patch(id, changes({entry})).target(), entry.first) << entry.second;
  }
  EXPECT_EQ(patch(id, changes({{"/team", Json::array({Json{{"firstName", "Ida"}}})}})).target(), "/team/0/lastName");
  EXPECT_EQ(patch(id, changes({{"/campaignId", nullptr}, {"/externalReferenceId", ""}})).status, 204);
}

TEST_F(PartnerCenterPatch, TakesBothFormsOfTheStageAndRoundsAsTold) {
  const std::string id = make(deal());
  for (const char* stage : {"10", "20", "40", "60", "80", "100", "Qualify", "Develop", "Propose", "Close"}) {
    EXPECT_EQ(patch(id, changes({{"/salesStage", stage}})).status, 204) << stage;
    EXPECT_EQ(get(id).text("/salesStage"), stage);
  }
  EXPECT_EQ(patch(id, changes({{"/salesStage", nullptr}})).status, 204);
  set("stage_rounding", "down");
  patch(id, changes({{"/salesStage", "55"}}));
  EXPECT_EQ(get(id).text("/salesStage"), "40");
  set("stage_rounding", "keep");
  patch(id, changes({{"/salesStage", "55"}}));
  EXPECT_EQ(get(id).text("/salesStage"), "55");
  set("stage_values", "percent");
  EXPECT_EQ(patch(id, changes({{"/salesStage", "Qualify"}})).status, 400);
  set("stage_values", "names");
  EXPECT_EQ(patch(id, changes({{"/salesStage", "40"}})).status, 400);
  set("stage_clearable", false);
  EXPECT_EQ(patch(id, changes({{"/salesStage", nullptr}})).status, 400);
}

TEST_F(PartnerCenterPatch, SharingIsOneWayAndLocksTheContact) {
  const std::string id = make(deal());
  const Json contact = changes({{"/customerProfile/team", Json::array({person("Jon", "jon@customer.example")})}});
  EXPECT_EQ(patch(id, contact).status, 204);
  EXPECT_EQ(patch(id, changes({{kShareFlag, false}})).status, 204);
  EXPECT_EQ(patch(id, changes({{kShareFlag, true}})).status, 204);
  EXPECT_EQ(patch(id, changes({{kShareFlag, true}})).status, 204);
  EXPECT_EQ(patch(id, changes({{kShareFlag, false}})).target(), kShareFlag);
  EXPECT_EQ(patch(id, contact).target(), "/customerProfile/team");
  set("contact_locked_after_share", false);
  EXPECT_EQ(patch(id, contact).status, 204);
}

TEST_F(PartnerCenterPatch, OpensUndocumentedPathsBySwitch) {
  const std::string id = make(deal());
  set("name_patchable", true);
  EXPECT_EQ(patch(id, changes({{"/name", "Alder Foods - second phase"}})).status, 204);
  EXPECT_EQ(get(id).text("/name"), "Alder Foods - second phase");
  set("favorite_patchable", true);
  EXPECT_EQ(patch(id, changes({{"/favorite", true}})).status, 204);
  set("intent_patchable", true);
  const std::string attributes = "/details/requirements/additionalRequirements/attributes";
  const Json intent{{"type", "CustomerMarketplaceIntent"}, {"id", "Yes"}};
  EXPECT_EQ(patch(id, changes({{attributes, Json::array({intent})}})).status, 204);
  EXPECT_EQ(get(id).body["details"]["requirements"]["additionalRequirements"]["attributes"][0]["id"], "Yes");
}

TEST_F(PartnerCenterPatch, ANoOpKeepsTheTagOnlyIfToldSo) {
  const std::string id = make(deal());
  const Json same = changes({{"/details/notes", "First call done."}});
  const std::string tag = get(id).text("/eTag");
  patch(id, same);
  const std::string next = get(id).text("/eTag");
  EXPECT_NE(next, tag);
  set("noop_changes_tag", false);
  EXPECT_EQ(patch(id, same).status, 204);
  EXPECT_EQ(get(id).text("/eTag"), next);
}

TEST_F(PartnerCenterPatch, AcceptsAnInboundDealTogetherWithEdits) {
  const std::string id = control("inbound").text("/id");
  EXPECT_EQ(patch(id, changes({{"/salesStage", "20"}})).target(), "/salesStage");
  const Json operations = changes({{"/status", "Active"},
                                   {"/substatus", "Accepted"},
                                   {"/details/dealValue", 1234.5},
                                   {"/salesStage", "20"},
                                   {"/externalReferenceId", "006"}});
  ASSERT_EQ(patch(id, operations).status, 204);
  const Reply accepted = get(id);
  EXPECT_EQ(accepted.text("/status"), "Active");
  EXPECT_EQ(accepted.text("/acceptedDateTime"), accepted.text("/updatedDateTime"));
  EXPECT_EQ(accepted.body["details"]["dealValue"], 1234.5);
  pass(days(30));
  EXPECT_EQ(get(id).text("/status"), "Active");
}

TEST_F(PartnerCenterPatch, AllowsOnlyTheLegalChangesOfState) {
  const auto go = [this](const std::string& id, const char* status, const char* substatus) {
    return patch(id, changes({{"/status", status}, {"/substatus", substatus}, {"/statusReason", "because"}})).status;
  };
  const std::string active = make(deal());
  for (const auto& state : std::vector<std::pair<const char*, const char*>>{{"New", "Pending"},
                                                                            {"Closed", "Declined"},
                                                                            {"Closed", "Expired"},
                                                                            {"Closed", "Error"},
                                                                            {"Closed", "Accepted"},
                                                                            {"Active", "Won"},
                                                                            {"None", "None"}}) {
    EXPECT_EQ(go(active, state.first, state.second), 400) << state.first << "/" << state.second;
  }
  EXPECT_EQ(go(active, "Active", "Accepted"), 204);
  const std::string inbound = control("inbound").text("/id");
  for (const auto& state : std::vector<std::pair<const char*, const char*>>{
           {"New", "Received"}, {"Closed", "Won"}, {"Closed", "Lost"}, {"Closed", "Expired"}}) {
    EXPECT_EQ(go(inbound, state.first, state.second), 400) << state.first << "/" << state.second;
  }
  EXPECT_EQ(close(inbound, "Declined"), 400) << "declining needs a reason";
  EXPECT_EQ(close(inbound, "Declined", "Customer requirement not met"), 204);
  EXPECT_EQ(get(inbound).text("/closedDateTime"), get(inbound).text("/updatedDateTime"));
  const std::string other = make(deal());
  EXPECT_EQ(close(other, "Lost"), 400);
  set("reason_required", false);
  EXPECT_EQ(close(other, "Lost"), 204);
  set("error_closing", true);
  EXPECT_EQ(close(make(deal()), "Error"), 204);
  set("new_to_won", true);
  EXPECT_EQ(close(control("inbound").text("/id"), "Won"), 204);
}

TEST_F(PartnerCenterPatch, AClosedDealTakesNoEdit) {
  for (const char* outcome : {"Won", "Lost"}) {
    const std::string id = make(deal());
    ASSERT_EQ(close(id, outcome, "Customer chose another vendor"), 204);
    const Json before = get(id).body;
    for (const Json& operations :
         {changes({{"/details/notes", "late"}}), changes({{"/externalReferenceId", "006"}}),
          changes({{"/status", "Active"}, {"/substatus", "Accepted"}}),
          changes({{"/status", "Closed"}, {"/substatus", outcome}}), changes({{"/salesStage", "100"}})}) {
      EXPECT_EQ(patch(id, operations).status, 400) << operations;
    }
    EXPECT_EQ(get(id).body, before);
  }
  const std::string id = make(deal());
  close(id, "Won");
  set("closed_accepts_crm_id", true);
  EXPECT_EQ(patch(id, changes({{"/externalReferenceId", "006"}})).status, 204);
  set("closed_same_status_allowed", true);
  EXPECT_EQ(patch(id, changes({{"/status", "Closed"}, {"/substatus", "Won"}})).status, 204);
}

TEST_F(PartnerCenterPatch, WonLeavesTheStageAloneUnlessToldOtherwise) {
  const std::string first = make(deal());
  close(first, "Won");
  EXPECT_EQ(get(first).body["salesStage"], Json());
  set("won_sets_stage", true);
  const std::string second = make(deal());
  close(second, "Won");
  EXPECT_EQ(get(second).text("/salesStage"), "100");
}

Json registration() {
  return Json::parse(R"({"type": "AzureIPCoSell",
    "contract": {"value": 95000, "currency": "EUR", "signDateTime": "2030-03-05T00:00:00Z",
      "startDateTime": "2030-05-01T00:00:00Z", "endDateTime": "2032-04-30T00:00:00Z", "term": "Finite"},
    "solutionDetails": [{"id": "SOL-ABCDE-FGH", "value": 95000, "currency": "EUR", "isDeployedOnAzure": true,
      "primaryDeploymentOn": "Customer", "pricingModel": "Other",
      "marketplaceTransactionDetails": {"isMarketplaceTransacted": false}}]})");
}

TEST_F(PartnerCenterRegistration, AWonDealIsRegisteredReviewedAndCorrected) {
  set("registration_hours", 0);
  const std::string id = make(deal(true));
  const Json add = changes({{"/registrations/-", registration()}});
  EXPECT_EQ(patch(id, add).target(), "/registrations") << "not won yet";
  close(id, "Won");
  pass(days(10));
  ASSERT_EQ(patch(id, add).status, 204);
  EXPECT_EQ(get(id).text("/registrationStatus"), "ReviewPending");
  EXPECT_EQ(get(id).body["registrations"][0]["contract"]["value"], 95000);
  EXPECT_EQ(patch(id, add).status, 400) << "one registration";
  const Json correction = changes({{"/registrations/0/contract/signDateTime", "2030-03-06T00:00:00Z"},
                                   {"/registrations/0/solutionDetails/0/value", 90000}});
  EXPECT_EQ(patch(id, correction).status, 400) << "nothing was asked";
  ASSERT_EQ(control("registration", Json{{"id", id}, {"status", "ActionRequired"}, {"reason", "sign date"}}).status,
            200);
  EXPECT_EQ(get(id).text("/registrations/0/statusReason"), "sign date");
  ASSERT_EQ(patch(id, correction).status, 204);
  EXPECT_EQ(get(id).text("/registrationStatus"), "ReviewPending");
  EXPECT_EQ(get(id).text("/registrations/0/contract/signDateTime"), "2030-03-06T00:00:00Z");
  EXPECT_EQ(patch(id, changes({{"/details/notes", "late"}})).status, 400);
}

TEST_F(PartnerCenterRegistration, RefusesDealsThatAreNotEligible) {
  set("registration_hours", 0);
  const Json add = changes({{"/registrations/-", registration()}});
  const std::string hidden = make(deal(false));
  close(hidden, "Won");
  Json small_deal = deal(true);
  small_deal["details"]["dealValue"] = 23'000;  // under USD 25,000 at 1.08
  const std::string small_one = make(small_deal);
  close(small_one, "Won");
  const Reply asked = create(deal(true));
  create(help_wanted(asked.text("/engagementId")));
  close(asked.text("/id"), "Won");
  pass(days(10));
  EXPECT_EQ(patch(hidden, add).target(), "/registrations");
  EXPECT_EQ(patch(small_one, add).target(), "/registrations");
  EXPECT_EQ(patch(asked.text("/id"), add).target(), "/registrations");
  control("microsoft", Json{{"referralId", asked.text("/id")}, {"action", "accept"}});
  EXPECT_EQ(patch(asked.text("/id"), add).status, 204);
}

TEST_F(PartnerCenterRegistration, RefusesDealsThatWereWonTooSoon) {  // G-3
  const Json add = changes({{"/registrations/-", registration()}});
  const std::string soon = make(deal(true));
  const std::string later = make(deal(true));
  close(soon, "Won");
  pass(hours(72));
  close(later, "Won");
  pass(days(7));
  EXPECT_EQ(patch(soon, add).target(), "/registrations");
  EXPECT_EQ(patch(later, add).status, 204);
}

TEST_F(PartnerCenterRegistration, RefusesSolutionsWithoutIncentivesAndIncompleteDetails) {  // G-2
  set("registration_hours", 0);
  const std::string id = make(deal(true));
  close(id, "Won");
  pass(days(10));
  set("registration_solutions", Json::array({"SOL-OTHER"}));
  EXPECT_EQ(patch(id, changes({{"/registrations/-", registration()}})).status, 400);
  set("registration_solutions", Json::array({"SOL-ABCDE-FGH"}));
  for (const char* part : {"isDeployedOnAzure", "primaryDeploymentOn", "pricingModel"}) {
    Json incomplete = registration();
    incomplete["solutionDetails"][0].erase(part);
    EXPECT_EQ(patch(id, changes({{"/registrations/-", incomplete}})).status, 400) << part;
  }
  EXPECT_EQ(patch(id, changes({{"/registrations/-", registration()}})).status, 204);
}

TEST_F(PartnerCenterRegistration, ChecksTheContract) {
  set("registration_hours", 0);
  const std::string id = make(deal(true));
  close(id, "Won");
  pass(days(10));
  const std::vector<std::pair<std::string, Json>> wrong = {
      {"/type", "Other"},
      {"/contract/term", "Sometimes"},
      {"/contract/term", "Perpetual"},
      {"/contract/endDateTime", "2030-04-30T00:00:00Z"},
      {"/contract/signDateTime", "2030-03-12T00:00:00Z"},
      {"/contract/signDateTime", "2030-02-27T00:00:00Z"},
      {"/contract/currency", "EURO"},
      {"/contract/value", 94000},
      {"/solutionDetails/0/id", "SOL-OTHER"},
      {"/solutionDetails/0/pricingModel", "Free"},
      {"/solutionDetails/0/marketplaceTransactionDetails/isMarketplaceTransacted", true}};
  for (const auto& entry : wrong) {
    Json changed = registration();
    changed[Json::json_pointer(entry.first)] = entry.second;
    EXPECT_EQ(patch(id, changes({{"/registrations/-", changed}})).status, 400) << entry.first;
  }
  EXPECT_EQ(patch(id, changes({{"/registrations/-", registration()}})).status, 204);
}

}  // namespace
}  // namespace cosell::emulator
