// Creating the partner's own deals and asking Microsoft for help.
#include "tests/unit/partner_center_emulator/tenant.h"

namespace cosell::emulator {
namespace {

using PartnerCenterCreate = Tenant;

// Removes the member at a JSON pointer.
Json without(Json document, const std::string& pointer) {
  const std::size_t slash = pointer.rfind('/');
  document.at(Json::json_pointer(pointer.substr(0, slash))).erase(pointer.substr(slash + 1));
  return document;
}

Json with(Json document, const std::string& pointer, Json value) {
  document[Json::json_pointer(pointer)] = std::move(value);
  return document;
}

TEST_F(PartnerCenterCreate, AnswersTheStoredDealWithWhatTheServerAdds) {
  Json posted = deal();
  posted["status"] = "New";
  posted["substatus"] = "Pending";
  const Reply made = create(posted);
  ASSERT_EQ(made.status, 200);
  EXPECT_EQ(made.text("/status"), "Active");
  EXPECT_EQ(made.text("/substatus"), "Accepted");
  EXPECT_EQ(made.text("/direction"), "Outgoing");
  EXPECT_EQ(made.body["expirationDateTime"], Json());
  EXPECT_EQ(made.body["details"]["dealValue"], 80000.25);
  EXPECT_EQ(made.text("/createdDateTime").size(), std::string("2030-03-01T10:00:00.1234567Z").size());
  EXPECT_EQ(made.text("/acceptedDateTime"), made.text("/createdDateTime"));
  const std::string tag = made.text("/eTag");
  EXPECT_EQ(tag.front(), '"');
  EXPECT_EQ(tag.back(), '"');
  EXPECT_EQ(tag.size(), 38U);
  EXPECT_FALSE(made.headers.find("ETag").has_value());
  EXPECT_EQ(get(made.text("/id")).body, made.body);
  EXPECT_EQ(made.text("/links/self/uri"),
            "https://api.partner.microsoft.com/v1.0/engagements/referrals/" + made.text("/id"));
}

TEST_F(PartnerCenterCreate, NamesTheFieldThatIsMissing) {
  for (const char* field :
       {"/type", "/name", "/mpnId", "/customerProfile", "/consent", "/details", "/customerProfile/name",
        "/customerProfile/address/addressLine1", "/customerProfile/address/city", "/customerProfile/address/country",
        "/details/dealValue", "/details/currency", "/details/closingDateTime", "/details/notes",
        "/details/requirements/solutions", "/team", "/consent/consentToContact",
        "/consent/consentToToShareInfoWithOthers"}) {
    const Reply refused = create(without(deal(), field));
    EXPECT_EQ(refused.status, 400) << field;
    EXPECT_EQ(refused.text("/error/code"), "invalidRequest") << field;
    EXPECT_EQ(refused.target(), field);
  }
  const Json no_intent = with(deal(), "/details/requirements/additionalRequirements/attributes", Json::array());
  EXPECT_EQ(create(no_intent).target(), "/details/requirements/additionalRequirements/attributes");
  EXPECT_TRUE(list_all().empty());
  set("required_at_create", Json::array());
  EXPECT_EQ(create(no_intent).status, 200);
}

TEST_F(PartnerCenterCreate, NamesTheFieldWithAWrongValue) {
  const std::vector<std::pair<std::string, Json>> wrong = {{"/type", "Exclusive"},
                                                           {"/qualification", "Hot"},
                                                           {"/salesStage", "45"},
                                                           {"/customerProfile/size", "huge"},
                                                           {"/customerProfile/address/country", "DEU"},
                                                           {"/customerProfile/address/country", "XX"},
                                                           {"/details/dealValue", "a lot"},
                                                           {"/details/dealValue", -1},
                                                           {"/details/currency", "EURO"},
                                                           {"/details/closingDateTime", "30.09.2030"},
                                                           {"/details/closingDateTime", "2030-02-30T00:00:00Z"},
                                                           {"/details/notes", 7},
                                                           {"/engagementId", "tomorrow"},
                                                           {"/team/0/email", "ida"},
                                                           {"/team/0/phoneNumber", ""},
                                                           {"/details/requirements/solutions/0/id", ""},
                                                           {"/details/requirements/solutions/0/type", "Magic"}};
  for (const auto& entry : wrong) {
    const Reply refused = create(with(deal(), entry.first, entry.second));
    EXPECT_EQ(refused.status, 400) << entry.first << " " << entry.second;
    EXPECT_EQ(refused.target(), entry.first);
  }
  set("known_solutions", Json::array({"SOL-OTHER-ONE"}));
  EXPECT_EQ(create(deal()).target(), "/details/requirements/solutions/0/id");
}

TEST_F(PartnerCenterCreate, ReadsLikeADotNetService) {
  Json posted = deal();
  posted["Name"] = posted["name"];
  posted.erase("name");
  posted["details"]["dealValue"] = "10000";
  posted["unheardOf"] = true;
  const Reply made = create(posted);
  ASSERT_EQ(made.status, 200);
  EXPECT_EQ(made.text("/name"), "Alder Foods - data platform");
  EXPECT_EQ(made.body["details"]["dealValue"], 10000);
  EXPECT_FALSE(made.body.contains("unheardOf"));

  // The doubled "To" is real: the plausible spelling is dropped, and then the consent is missing.
  posted["consent"].erase("consentToToShareInfoWithOthers");
  posted["consent"]["consentToShareInfoWithOthers"] = true;
  EXPECT_EQ(create(posted).target(), "/consent/consentToToShareInfoWithOthers");
}

TEST_F(PartnerCenterCreate, TheTypeFollowsFromVisibility) {
  EXPECT_EQ(create(with(deal(false), "/type", "Shared")).text("/type"), "Independent");
  EXPECT_EQ(create(deal(true)).text("/type"), "Shared");
  set("derive_type", false);
  EXPECT_EQ(create(deal(true)).text("/type"), "Independent");
}

TEST_F(PartnerCenterCreate, SwitchesDecideWhatIsNotDocumented) {
  set("create_status", 201);
  const Reply made = create(with(deal(), "/salesStage", "40"));
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.text("/salesStage"), "40");
  set("sales_stage_at_create", "ignore");
  EXPECT_EQ(create(with(deal(), "/salesStage", "40")).body["salesStage"], Json());
  set("sales_stage_at_create", "refuse");
  EXPECT_EQ(create(with(deal(), "/salesStage", "40")).target(), "/salesStage");
  set("own_direction", "Incoming");
  EXPECT_EQ(create(deal()).text("/direction"), "Incoming");
  set("mpn_ids", Json::array({"7654321"}));
  EXPECT_EQ(create(deal()).target(), "/mpnId");
}

TEST_F(PartnerCenterCreate, RepeatingARequestMakesATwinUnlessTheServiceHonoursTheId) {
  const std::vector<http::Header> id = {{"MS-RequestId", "6f0f6c1e-2f6d-4a3c-9a47-0c8a5b7d1e22"}};
  const std::string first = call("POST", kReferrals, deal(), id).text("/id");
  EXPECT_NE(call("POST", kReferrals, deal(), id).text("/id"), first);
  set("honours_ms_request_id", true);
  const std::string third = call("POST", kReferrals, deal(), id).text("/id");
  EXPECT_EQ(call("POST", kReferrals, deal(), id).text("/id"), third);
  EXPECT_EQ(list_all().size(), 3U);
}

TEST_F(PartnerCenterCreate, AsksMicrosoftThroughASecondReferral) {
  const Reply own = create(deal(true));
  const std::string engagement = own.text("/engagementId");
  const Reply half = create(help_wanted(engagement));
  ASSERT_EQ(half.status, 200) << write_json(half.body);
  EXPECT_EQ(half.text("/engagementId"), engagement);
  EXPECT_EQ(half.text("/organizationId"), "msft");
  EXPECT_EQ(half.text("/status"), "New");
  EXPECT_EQ(half.text("/substatus"), "Pending");
  EXPECT_EQ(half.text("/expirationDateTime"), "2030-03-15T00:00:00Z");
  EXPECT_EQ(list_all(), std::vector<std::string>{own.text("/id")});
  EXPECT_EQ(list_all("$filter=engagementId eq '" + engagement + "'").size(), 2U);
  EXPECT_EQ(patch(half.text("/id"), changes({{"/details/notes", "x"}})).status, 403);
  set("list_shows_microsoft_half", true);
  EXPECT_EQ(list_all().size(), 2U);
  set("microsoft_half_fields", "brief");
  EXPECT_FALSE(get(half.text("/id")).body.contains("details"));
  set("microsoft_half_readable", false);
  EXPECT_EQ(get(half.text("/id")).status, 404);
}

TEST_F(PartnerCenterCreate, RefusesHelpThatCannotBeGiven) {
  const std::string hidden = create(deal(false)).text("/engagementId");
  EXPECT_EQ(create(help_wanted(hidden)).target(), kShareFlag);
  const std::string engagement = create(deal(true)).text("/engagementId");
  EXPECT_EQ(create(without(help_wanted(engagement), "/customerProfile/team")).target(), "/customerProfile/team");
  EXPECT_EQ(create(with(help_wanted(engagement), "/inviteContext/assistanceRequestCode", "Please")).target(),
            "/inviteContext/assistanceRequestCode");
  EXPECT_EQ(create(without(help_wanted(engagement), "/engagementId")).target(), "/engagementId");
  const std::string inbound = control("inbound").text("/engagementId");
  EXPECT_EQ(create(help_wanted(inbound)).status, 400);
  ASSERT_EQ(create(help_wanted(engagement)).status, 200);
  set("refuses_second_invitation", true);
  EXPECT_EQ(create(help_wanted(engagement)).target(), "/target");
}

TEST_F(PartnerCenterCreate, InvitesPartnersOnlyWhereThatIsSwitchedOn) {
  Json invitation = help_wanted(create(deal(true)).text("/engagementId"));
  invitation["target"][0]["id"] = "01e2abcd-0000-4000-8000-1fd1530b3563";
  EXPECT_EQ(create(invitation).target(), "/target");
  set("partner_invitations", true);
  EXPECT_EQ(create(invitation).text("/organizationId"), "01e2abcd-0000-4000-8000-1fd1530b3563");
}

TEST_F(PartnerCenterCreate, RefusesBodiesThatAreNoReferral) {
  EXPECT_EQ(create(Json::array()).status, 400);
  EXPECT_EQ(call("POST", kReferrals, deal(), {{"Content-Type", "text/plain"}}).status, 415);
  http::Request broken;
  broken.method = "POST";
  broken.url = kReferrals;
  broken.headers.set("Authorization", "Bearer " + token_);
  broken.headers.set("Content-Type", "application/json; charset=utf-8");
  for (const std::string& body : {std::string("{\"name\":"), std::string(), std::string(5000, '{')}) {
    broken.body = body;
    EXPECT_EQ(send(broken).status, 400);
  }
}

}  // namespace
}  // namespace cosell::emulator
