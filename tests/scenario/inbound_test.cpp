// Stories of deals that Microsoft sends.
#include <gtest/gtest.h>

#include "tests/support/world.h"

namespace cosell::test {
namespace {

Json only_opportunity(World& world) {
  const auto all = world.opportunities();
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? Json() : all[0];
}

Json sent_deal() {
  return {{"name", "Birch Clinics - secure workplace"},
          {"customer",
           {{"name", "Birch Clinics plc"},
            {"address",
             {{"addressLine1", "4 Canal Row"}, {"city", "Leeds"}, {"postalCode", "LS1 4AB"}, {"country", "GB"}}}}},
          {"dealValue", 60000},
          {"currency", "GBP"}};
}

TEST(Inbound, BecomesAnOpportunityInTheWaitingStageOnANewAccount) {
  World world;
  const auto referral = world.inbound(sent_deal());
  world.sync();
  const auto opportunity = only_opportunity(world);
  EXPECT_EQ(opportunity["Name"], "Birch Clinics - secure workplace");
  EXPECT_EQ(opportunity["StageName"], "Received from Microsoft");
  EXPECT_EQ(opportunity["Amount"].get<double>(), 60000.0);
  EXPECT_EQ(opportunity["CurrencyIsoCode"], "GBP");
  EXPECT_EQ(opportunity["Account.Name"], "Birch Clinics plc");
  EXPECT_EQ(opportunity["Cosell_Referral_Id__c"], referral["id"]);
  EXPECT_EQ(opportunity["Cosell_State__c"], "Waiting for you");
  EXPECT_NE(opportunity["Cosell_Message__c"].get<std::string>().find("accept"), std::string::npos);
  EXPECT_EQ(world.referrals()[0]["status"], "New") << "nothing is sent while the deal waits";
  world.reset_stats();
  world.advance(minutes(20));
  world.sync();
  world.sync();
  EXPECT_EQ(world.writes(Side::crm) + world.writes(Side::partner_center), 0);
}

TEST(Inbound, LandsOnTheMatchingAccount) {
  World world;
  world.inbound(sent_deal());
  world.sync();
  world.inbound(sent_deal());
  world.advance(minutes(1));
  world.sync();
  EXPECT_EQ(world.opportunities().size(), 2U);
  std::size_t birch = 0;
  const Json records = world.control(Side::crm, "GET", "records");
  for (const auto& account : records["accounts"]) {
    birch += account["Name"] == "Birch Clinics plc" ? 1 : 0;
  }
  EXPECT_EQ(birch, 1U);
}

TEST(Inbound, TwoDealsOfOneNewCustomerShareOneAccount) {
  World world;
  world.inbound(sent_deal());
  world.inbound(sent_deal());
  world.sync();
  ASSERT_EQ(world.opportunities().size(), 2U);
  EXPECT_EQ(world.opportunities()[0]["AccountId"], world.opportunities()[1]["AccountId"]);
}

TEST(Inbound, MovingItOnAcceptsItWithTheEditsMadeMeanwhileInOneWrite) {
  World world;
  world.inbound(sent_deal());
  world.sync();
  const std::string id = only_opportunity(world)["Id"];
  world.crm_edit(id, {{"Amount", 65000}});
  world.advance(minutes(1));
  world.reset_stats();
  world.sync();
  EXPECT_EQ(world.writes(Side::partner_center), 0);
  world.crm_edit(id, {{"StageName", "Value Proposition"}});
  world.advance(minutes(1));
  world.sync();
  const auto referral = world.referrals()[0];
  EXPECT_EQ(referral["status"], "Active");
  EXPECT_EQ(referral["substatus"], "Accepted");
  EXPECT_EQ(referral["salesStage"], "40");
  EXPECT_EQ(referral["details"]["dealValue"].get<double>(), 65000.0);
  EXPECT_EQ(referral["externalReferenceId"], id);
  EXPECT_EQ(world.writes(Side::partner_center), 1);
  EXPECT_EQ(world.opportunity(id)["Cosell_State__c"], "In sync");
}

TEST(Inbound, ClosingItAsLostDeclinesWithTheReason) {
  World world;
  world.inbound(sent_deal());
  world.sync();
  const std::string id = only_opportunity(world)["Id"];
  world.crm_edit(id, {{"StageName", "Closed Lost"}, {"Cosell_Loss_Reason__c", "Not a customer"}});
  world.advance(minutes(1));
  world.sync();
  const auto referral = world.referrals()[0];
  EXPECT_EQ(referral["status"], "Closed");
  EXPECT_EQ(referral["substatus"], "Declined");
  EXPECT_EQ(referral["statusReason"], "Not a customer");
}

TEST(Inbound, WinningItBeforeAcceptingIsRefusedWithAMessage) {
  World world;
  world.inbound(sent_deal());
  world.sync();
  const std::string id = only_opportunity(world)["Id"];
  world.crm_edit(id, {{"StageName", "Closed Won"}});
  world.advance(minutes(1));
  world.sync();
  EXPECT_EQ(world.referrals()[0]["status"], "New");
  EXPECT_EQ(world.opportunity(id)["Cosell_State__c"], "Waiting for you");
  EXPECT_NE(world.opportunity(id)["Cosell_Message__c"].get<std::string>().find("not accepted"), std::string::npos)
      << world.opportunity(id)["Cosell_Message__c"];
}

TEST(Inbound, ExpiresByItselfAndClosesTheOpportunity) {  // L-4
  World world;
  world.inbound(sent_deal());
  world.sync();
  const std::string id = only_opportunity(world)["Id"];
  world.advance(days(15));
  world.sync();
  EXPECT_EQ(world.referrals()[0]["substatus"], "Expired");
  EXPECT_EQ(world.opportunity(id)["StageName"], "Closed Lost");
  world.reset_stats();
  world.advance(hours(1));
  world.sync();
  EXPECT_EQ(world.writes(Side::crm) + world.writes(Side::partner_center), 0);
}

TEST(Inbound, AcceptedInThePortalMovesTheOpportunityOutOfTheWaitingStage) {
  World world;
  const auto referral = world.inbound(sent_deal());
  world.sync();
  const std::string id = only_opportunity(world)["Id"];
  world.portal_edit(referral["id"], {{{"op", "replace"}, {"path", "/status"}, {"value", "Active"}},
                                     {{"op", "replace"}, {"path", "/substatus"}, {"value", "Accepted"}}});
  world.advance(minutes(1));
  world.sync();
  EXPECT_EQ(world.opportunity(id)["StageName"], "Prospecting");
}

}  // namespace
}  // namespace cosell::test
