// Stories of deals that start in the CRM.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/world.h"

namespace cosell::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

const Json share = Json{{"visible", true}};

Json with(Json base, const Json& more) {
  base.update(more);
  return base;
}

class CrmToPartnerCenter : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Crm, CrmToPartnerCenter, testing::Values("salesforce", "dynamics365"), name_of_crm);

TEST_P(CrmToPartnerCenter, AnOptedInOpportunityBecomesAPrivateReferralAndTheSellerSeesIt) {  // T-8, R-7, L-12
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods - data platform"));
  const auto report = world.sync();
  EXPECT_FALSE(report.stopped) << report.stopped->message;

  const auto referral = world.referral_of(id);
  ASSERT_FALSE(referral.is_null());
  EXPECT_EQ(referral["name"], "Alder Foods - data platform");
  EXPECT_EQ(referral["details"]["dealValue"].get<double>(), 50000.0);
  EXPECT_EQ(referral["details"]["currency"], "USD");
  EXPECT_EQ(referral["details"]["closingDateTime"].get<std::string>().substr(0, 10), "2027-03-31");
  EXPECT_EQ(referral["customerProfile"]["name"], "Alder Foods");
  EXPECT_EQ(referral["customerProfile"]["address"]["country"], "DE");
  EXPECT_EQ(referral["consent"]["consentToShareReferralWithMicrosoftSellers"], false);
  EXPECT_EQ(referral["salesStage"], "20");

  const auto opportunity = world.opportunity(id);
  EXPECT_EQ(opportunity["referral_id"], referral["id"]);
  EXPECT_EQ(opportunity["state"], "In sync");
  EXPECT_NE(opportunity["referral_link"].get<std::string>().find(referral["id"].get<std::string>()), std::string::npos);
}

TEST_P(CrmToPartnerCenter, WithNobodyEditingFurtherRunsWriteNothing) {  // I-02
  World world({.crm = GetParam()});
  for (int i = 0; i < 5; ++i) world.new_opportunity(usual_opportunity("Deal " + std::to_string(i)));
  world.sync();
  world.reset_stats();
  world.sync();
  world.advance(minutes(30));
  world.sync();
  EXPECT_EQ(world.writes(Side::crm), 0);
  EXPECT_EQ(world.writes(Side::partner_center), 0);
  world.advance(minutes(30));
  world.sync();
  EXPECT_LE(world.calls(Side::crm), 2);
  EXPECT_LE(world.calls(Side::partner_center), 2);
}

TEST_P(CrmToPartnerCenter, OpportunitiesThatAreNotSelectedOrAlreadyClosedAreSkippedInSilence) {
  World world({.crm = GetParam()});
  world.new_opportunity(with(usual_opportunity("Not opted in"), {{"opt_in", false}}));
  world.new_opportunity(with(usual_opportunity("Closed long ago"), {{"stage", "won"}}));
  const auto report = world.sync();
  EXPECT_EQ(report.failures_total, 0);
  EXPECT_TRUE(world.referrals().empty());
  EXPECT_EQ(world.writes(Side::crm), 0);
  for (const auto& deal : world.deals()) EXPECT_EQ(deal.state, store::DealState::skipped) << deal.title;
}

TEST_P(CrmToPartnerCenter, ADealThatLacksSomethingWaitsForItsSellerWithTheFieldNamed) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(with(usual_opportunity("No amount"), {{"value", nullptr}}));
  world.sync();
  EXPECT_TRUE(world.referrals().empty());
  auto opportunity = world.opportunity(id);
  EXPECT_EQ(opportunity["state"], "Waiting for you");
  EXPECT_NE(opportunity["message"].get<std::string>().find(world.column("value")), std::string::npos)
      << opportunity["message"];
  const auto deal = world.deal_of(id);
  EXPECT_EQ(deal.state, store::DealState::waiting);
  EXPECT_EQ(deal.waits_for, store::WaitFor::seller);

  world.crm_edit(id, {{"value", 1000}});
  world.advance(minutes(1));
  world.sync();
  EXPECT_FALSE(world.referral_of(id).is_null());
  EXPECT_EQ(world.opportunity(id)["state"], "In sync");
}

TEST_P(CrmToPartnerCenter, ChangesOfTheSharedFieldsTravelInOneWriteEach) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.crm_edit(id, {{"value", 61234.56},
                      {"close_date", "2027-06-30"},
                      {"stage", "60"},
                      {"notes", "Scope extended."},
                      {"currency", "EUR"}});
  world.reset_stats();
  world.sync();
  const auto referral = world.referral_of(id);
  EXPECT_EQ(referral["details"]["dealValue"].get<double>(), 61234.56);
  EXPECT_EQ(referral["details"]["currency"], "EUR");
  EXPECT_EQ(referral["details"]["closingDateTime"].get<std::string>().substr(0, 10), "2027-06-30");
  EXPECT_EQ(referral["details"]["notes"], "Scope extended.");
  EXPECT_EQ(referral["salesStage"], "60");
  EXPECT_EQ(world.writes(Side::partner_center), 1);
  EXPECT_EQ(world.writes(Side::crm), 0);
}

TEST_P(CrmToPartnerCenter, ChangesInPartnerCenterTravelBackInBatches) {
  World world({.crm = GetParam()});
  std::vector<std::string> ids;
  for (int i = 0; i < 30; ++i) ids.push_back(world.new_opportunity(usual_opportunity("Deal " + std::to_string(i))));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  for (const auto& id : ids) {
    const std::string referral = world.referral_of(id)["id"];
    world.portal_edit(referral, {{{"op", "replace"}, {"path", "/details/dealValue"}, {"value", 77000}},
                                 {{"op", "replace"}, {"path", "/salesStage"}, {"value", "80"}}});
  }
  world.advance(minutes(5));
  world.reset_stats();
  world.sync();
  for (const auto& id : ids) {
    const auto opportunity = world.opportunity(id);
    EXPECT_EQ(opportunity["value"].get<double>(), 77000.0);
    EXPECT_EQ(opportunity["stage"], "80");
  }
  EXPECT_EQ(world.writes(Side::partner_center), 0);
  EXPECT_LE(world.writes(Side::crm), 2);  // one look at the rows, one write for all
  EXPECT_EQ(world.rows_written(), 30);    // writes equal edits
}

TEST_P(CrmToPartnerCenter, TheTwoAnswersMakeAPartnerLedOrACoSellDeal) {  // T-4, T-1
  World world({.crm = GetParam()});
  const auto led = world.new_opportunity(with(usual_opportunity("Partner-led"), share));
  const auto cosell = world.new_opportunity(with(usual_opportunity("Co-sell"), [] {
    return Json{{"help", "ProofOfConceptOrDemo"}, {"help_notes", "A proof of concept in May"}};
  }()));
  // Help needs a customer contact: without one the deal waits.
  auto report = world.sync();
  EXPECT_FALSE(report.stopped);
  EXPECT_EQ(world.referral_of(led)["consent"]["consentToShareReferralWithMicrosoftSellers"], true);
  EXPECT_EQ(world.deal_of(cosell).reason, "missing_field");

  world.crm_delete(cosell);
  const auto contact = world.new_contact(
      {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
  const auto asking = world.new_opportunity(
      with(usual_opportunity("Co-sell"),
           {{"help", "ProofOfConceptOrDemo"}, {"help_notes", "A proof of concept in May"}, {"contact", contact}}));
  world.advance(minutes(1));
  report = world.sync();
  EXPECT_FALSE(report.stopped);
  const auto own = world.referral_of(asking);
  ASSERT_FALSE(own.is_null()) << world.deal_of(asking).message;
  const auto halves = world.control(Side::partner_center, "GET", "records")["invited"];
  ASSERT_EQ(halves.size(), 1U);
  EXPECT_EQ(halves[0]["engagementId"], own["engagementId"]);
  EXPECT_EQ(halves[0]["inviteContext"]["assistanceRequestCode"], "ProofOfConceptOrDemo");
  EXPECT_EQ(world.opportunity(asking)["microsoft_answer"], "waiting");

  world.microsoft({{"engagementId", own["engagementId"]}, {"action", "accept"}});
  world.advance(hours(2));
  world.sync();
  EXPECT_EQ(world.opportunity(asking)["microsoft_answer"], "accepted");
}

TEST_P(CrmToPartnerCenter, HelpThatIsWantedWithTheClosingIsNotAskedForBehindIt) {  // L-7, I-14
  World world({.crm = GetParam()});
  const auto contact = world.new_contact(
      {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
  const auto id = world.new_opportunity(with(usual_opportunity("Alder Foods"), {{"contact", contact}}));
  for (int i = 0; i < 2; ++i) {
    world.sync();
    world.advance(minutes(5));
  }
  world.crm_edit(id, {{"help", "ProofOfConceptOrDemo"}, {"help_notes", "In May"}});
  world.crm_edit(id, {{"stage", "won"}});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(world.sync().failures_total, 0);
    world.advance(minutes(5));
  }
  EXPECT_EQ(world.referral_of(id)["substatus"], "Won");
  EXPECT_TRUE(world.control(Side::partner_center, "GET", "records")["invited"].empty());
  EXPECT_NE(world.deal_of(id).state, store::DealState::failed) << world.deal_of(id).message;
}

TEST_P(CrmToPartnerCenter, F74_WonLeavesOnlyAfterTheSettleTimeAndReopeningInTimeCancels) {  // F-74
  World world({.crm = GetParam(), .settle = minutes(60)});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.crm_edit(id, {{"stage", "won"}});
  world.advance(minutes(1));
  world.sync();
  EXPECT_EQ(world.referral_of(id)["status"], "Active");
  EXPECT_EQ(world.deal_of(id).reason, "settling");

  world.crm_edit(id, {{"stage", "80"}});
  world.advance(minutes(90));
  world.sync();
  EXPECT_EQ(world.referral_of(id)["status"], "Active");
  EXPECT_EQ(world.referral_of(id)["salesStage"], "80");
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync);

  world.crm_edit(id, {{"stage", "won"}});
  world.advance(minutes(1));
  world.sync();
  world.advance(minutes(61));
  world.sync();
  EXPECT_EQ(world.referral_of(id)["status"], "Closed");
  EXPECT_EQ(world.referral_of(id)["substatus"], "Won");
}

TEST_P(CrmToPartnerCenter, ARenamedDealKeepsItsNameInPartnerCenterUnlessTheSettingSaysOtherwise) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.crm_edit(id, {{"name", "Alder Foods GmbH"}, {"value", 51000}});
  const auto report = world.sync();
  EXPECT_EQ(report.failures_total, 0);
  EXPECT_EQ(world.referral_of(id)["name"], "Alder Foods");
  EXPECT_EQ(world.referral_of(id)["details"]["dealValue"].get<double>(), 51000.0);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync);
  EXPECT_EQ(world.opportunity(id)["name"], "Alder Foods GmbH");
}

TEST_P(CrmToPartnerCenter, LostTravelsWithItsReason) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.crm_edit(id, {{"stage", "lost"}, {"loss_reason", "Customer chose another vendor"}});
  world.sync();
  const auto referral = world.referral_of(id);
  EXPECT_EQ(referral["substatus"], "Lost");
  EXPECT_EQ(referral["statusReason"], "Customer chose another vendor");
}

TEST_P(CrmToPartnerCenter, LostWithoutAReasonWaitsForTheSellerAndGoesOnWithIt) {  // L-9
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.crm_edit(id, {{"stage", "lost"}});
  world.sync();
  EXPECT_EQ(world.referral_of(id)["status"], "Active");
  EXPECT_NE(world.deal_of(id).message.find(world.column("loss_reason")), std::string::npos)
      << world.deal_of(id).message;
  world.advance(minutes(5));
  world.crm_edit(id, {{"loss_reason", "Budget"}});
  world.sync();
  EXPECT_EQ(world.referral_of(id)["statusReason"], "Budget");
}

TEST_P(CrmToPartnerCenter, F74_AReopenedOpportunityIsNeverClosedAgainByTheBridge) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.crm_edit(id, {{"stage", "won"}});
  world.sync();
  world.advance(minutes(5));
  world.crm_edit(id, {{"stage", "80"}, {"value", 99}});
  for (int i = 0; i < 3; ++i) {
    world.advance(hours(2));
    world.sync();
  }
  EXPECT_EQ(world.opportunity(id)["stage"], "80");
  EXPECT_EQ(world.referral_of(id)["substatus"], "Won");
  EXPECT_EQ(world.referral_of(id)["details"]["dealValue"].get<double>(), 50000.0);
  EXPECT_EQ(world.deal_of(id).reason, "reopened_in_crm");
}

TEST_P(CrmToPartnerCenter, AMassClosingStopsBeforeTheFirstWrite) {  // I-13
  World world({.crm = GetParam()});
  std::vector<std::string> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(world.new_opportunity(usual_opportunity("Deal " + std::to_string(i))));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  for (const auto& id : ids) world.crm_edit(id, {{"stage", "lost"}, {"loss_reason", "Budget"}});
  world.advance(minutes(5));
  world.reset_stats();
  auto report = world.sync();
  ASSERT_TRUE(report.stopped);
  EXPECT_EQ(report.stopped->kind, ErrorClass::guard);
  EXPECT_EQ(report.guard, "closings");
  EXPECT_EQ(world.writes(Side::partner_center), 0);
  EXPECT_EQ(world.writes(Side::crm), 0);
  CycleOptions allowed;
  allowed.allow = {"closings"};
  report = world.sync(allowed);
  EXPECT_FALSE(report.stopped);
  for (const auto& id : ids) EXPECT_EQ(world.referral_of(id)["substatus"], "Lost");
}

TEST_P(CrmToPartnerCenter, ADealThatWaitsForTheDateOfAStatementIsSentByItselfWhenItHasCome) {
  World world({.crm = GetParam()});
  const std::string date = to_string(add_days(date_of(world.clock().now()), 5));
  world.restart_with({{"fields", {{"consent_contact", {{"date", date}}}}}});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  EXPECT_TRUE(world.referral_of(id).is_null());
  EXPECT_EQ(world.deal_of(id).reason, "missing_field");
  EXPECT_THAT(world.deal_of(id).message, HasSubstr("is dated " + date + " and counts from then on"));
  EXPECT_THAT(world.deal_of(id).next_step, HasSubstr("the deal is then sent by itself"));
  world.advance(days(2));
  world.sync();
  EXPECT_TRUE(world.referral_of(id).is_null()) << "not before";
  world.advance(days(3));
  world.sync();
  EXPECT_FALSE(world.referral_of(id).is_null());
}

TEST_P(CrmToPartnerCenter, AllGuardsThatStopARunAreLetThroughWithTheOneCommandThatTheMessageNames) {  // I-13
  World world({.crm = GetParam()});
  std::vector<std::string> ids;
  for (int i = 0; i < 8; ++i) ids.push_back(world.new_opportunity(usual_opportunity("Deal " + std::to_string(i))));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  world.pair().settings.closings = world.pair().settings.creates = {0.0, 2};
  for (std::size_t i = 0; i < 4; ++i) world.crm_edit(ids[i], {{"stage", "lost"}, {"loss_reason", "Budget"}});
  for (int i = 0; i < 4; ++i) world.new_opportunity(usual_opportunity("New " + std::to_string(i)));
  world.advance(minutes(5));
  const auto said = [&world](CycleOptions options) {
    const auto report = world.sync(options);
    return report.stopped ? report.stopped->message : "";
  };
  EXPECT_THAT(said({}), HasSubstr("close 4 deals (33 % of all) and create 4 deals (33 % of all)"));
  EXPECT_THAT(said({}), EndsWith(": cosell sync world --allow closings creates"));
  CycleOptions one;
  one.allow = {"creates"};
  EXPECT_THAT(said(one), EndsWith(": cosell sync world --allow closings creates"))
      << "what was allowed already stays so";
  CycleOptions service;
  service.command = "run";
  EXPECT_THAT(said(service), EndsWith(": cosell sync world --allow closings creates")) << "it is handed to the service";
  CycleOptions both;
  both.allow = {"closings", "creates"};
  EXPECT_THAT(said(both), "");
  EXPECT_EQ(world.referral_of(ids[0])["substatus"], "Lost");
}

TEST_P(CrmToPartnerCenter, AMassClosingInPartnerCenterStopsBeforeTheFirstOpportunityIsClosed) {  // I-13
  World world({.crm = GetParam()});
  std::vector<std::string> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(world.new_opportunity(usual_opportunity("Deal " + std::to_string(i))));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  for (const Json& r : world.referrals()) {
    world.portal_edit(r["id"], {{{"op", "replace"}, {"path", "/status"}, {"value", "Closed"}},
                                {{"op", "replace"}, {"path", "/substatus"}, {"value", "Lost"}},
                                {{"op", "replace"}, {"path", "/statusReason"}, {"value", "Other"}}});
  }
  world.advance(minutes(5));
  world.reset_stats();
  auto report = world.sync();
  EXPECT_EQ(report.guard, "closings");
  EXPECT_EQ(world.writes(Side::crm), 0);
  CycleOptions allowed;
  allowed.allow = {"closings"};
  report = world.sync(allowed);
  EXPECT_FALSE(report.stopped);
  for (const auto& id : ids) EXPECT_EQ(world.opportunity(id)["stage"], "lost");
}

TEST_P(CrmToPartnerCenter, ACopiedOpportunityIsHeldAndNothingIsWrittenToPartnerCenter) {  // F-47
  // An org whose key column is not unique lets a copy keep the key.
  World world({.crm = GetParam(), .plain_key = true});
  const auto id = world.new_opportunity(usual_opportunity("Original"));
  world.sync();
  const std::string key = world.opportunity(id)["plain_key"];
  const auto copy = world.new_opportunity(with(usual_opportunity("Copy"), {{"plain_key", key}}));
  world.advance(minutes(1));
  world.reset_stats();
  world.sync();
  EXPECT_EQ(world.deal_of(copy).reason, "clone");
  EXPECT_EQ(world.referrals().size(), 1U);
  EXPECT_EQ(world.writes(Side::partner_center), 0);
  EXPECT_EQ(world.opportunity(copy)["plain_key"], key) << "the copy's key is a person's to clear";
}

}  // namespace
}  // namespace cosell::test
