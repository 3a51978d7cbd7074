// Loading a CSV export: what is made, what is assumed, what is refused.
#include "org.h"

namespace cosell::emulator {
namespace {

using Names = std::vector<std::string>;
using Pairs = SalesforceEmulator::Pairs;

class SalesforceLoad : public ::testing::Test {
 protected:
  Result<LoadReport> load(const std::string& csv, const Pairs& map, const Pairs& set = {}) {
    return org.core->load_csv(csv, map, set, org.clock, org.random);
  }
  std::string refusal(const std::string& csv, const Pairs& map, const Pairs& set = {}) {
    const auto report = load(csv, map, set);
    EXPECT_FALSE(report.has_value());
    EXPECT_EQ(org.query("SELECT COUNT() FROM Opportunity")["totalSize"], 0);
    return report ? "" : report.error().message;
  }
  const Pairs basic = {{"Name", "id"}, {"StageName", "stage"}};
  Org org;
};

TEST_F(SalesforceLoad, MakesOpportunitiesAccountsAndOwners) {
  const auto report = load(
      "\xEF\xBB\xBFid,agent,account,stage,close,value\r\n"
      "D1,Ann Lee,Isdom,Engaging,,\r\n"
      "D2,Ann Lee,ISDOM,Won,2017-03-01,\"1,054\"\r\n"
      "D3,Bo Chan,\"Smith, Sons \"\"& Co\"\"\",Prospecting,3/15/2027,99.5\r\n"
      "D4,Bo Chan,,Lost,2017-03-02,0\r\n",
      {{"Name", "id"},
       {"Owner.Name", "agent"},
       {"Account.Name", "account"},
       {"StageName", "stage"},
       {"CloseDate", "close"},
       {"Amount", "value"}},
      {{"Account.BillingCountry", "US"}, {"Cosell_Sync__c", "true"}, {"Region__c", "EMEA"}});
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_EQ(report->rows, 4U);
  EXPECT_EQ(report->loaded, 4U);
  EXPECT_EQ(report->accounts, 2U);
  EXPECT_EQ(report->users, 2U);
  EXPECT_EQ(report->close_dates_assumed, 1U);
  EXPECT_EQ(report->fields_added, Names{"Region__c"});
  EXPECT_EQ(report->stages, (Names{"Received from Microsoft", "Engaging", "Prospecting", "Won", "Lost"}));
  const Json d1 = org.query(
      "SELECT CloseDate, Amount, Account.Name, Owner.Email, Region__c, Cosell_Sync__c, Probability FROM Opportunity "
      "WHERE Name = 'D1'")["records"][0];
  EXPECT_EQ(d1["CloseDate"], "2026-08-30");
  EXPECT_TRUE(d1["Amount"].is_null());
  EXPECT_EQ(d1["Account"]["Name"], "Isdom");
  EXPECT_EQ(d1["Owner"]["Email"], "ann.lee@cosell.example");
  EXPECT_EQ(d1["Region__c"], "EMEA");
  EXPECT_EQ(d1["Cosell_Sync__c"], true);
  const Json d2 = org.query("SELECT Amount, IsWon, IsClosed FROM Opportunity WHERE Name = 'D2'")["records"][0];
  EXPECT_EQ(d2["Amount"], 1054.0);
  EXPECT_EQ(d2["IsWon"], true);
  const Json d3 = org.query(
      "SELECT CloseDate, Account.Name, Account.BillingCountry FROM Opportunity WHERE Name = 'D3'")["records"][0];
  EXPECT_EQ(d3["CloseDate"], "2027-03-15");
  EXPECT_EQ(d3["Account"]["Name"], "Smith, Sons \"& Co\"");
  EXPECT_EQ(d3["Account"]["BillingCountry"], "US");
  EXPECT_TRUE(org.query("SELECT AccountId FROM Opportunity WHERE Name = 'D4'")["records"][0]["AccountId"].is_null());
}

TEST_F(SalesforceLoad, GivesOpenStagesRisingProbabilities) {
  ASSERT_TRUE(load("id,stage\n1,First\n2,Second\n3,Deal lost\n4,Third\n", basic).has_value());
  const Json stages = org.query(
      "SELECT ApiName, DefaultProbability, IsClosed, IsWon FROM OpportunityStage WHERE ApiName != 'Received from "
      "Microsoft' ORDER BY SortOrder")["records"];
  ASSERT_EQ(stages.size(), 5U);
  EXPECT_LT(stages[0]["DefaultProbability"].get<double>(), stages[1]["DefaultProbability"].get<double>());
  EXPECT_LT(stages[1]["DefaultProbability"].get<double>(), stages[2]["DefaultProbability"].get<double>());
  EXPECT_EQ(stages[3]["ApiName"], "Deal lost");
  EXPECT_EQ(stages[3]["IsClosed"], true);
  EXPECT_EQ(stages[3]["IsWon"], false);
  // The file shows no way to win, so the standard one stays.
  EXPECT_EQ(stages[4]["ApiName"], "Closed Won");
}

TEST_F(SalesforceLoad, SkipsRowsWithTheReason) {
  const auto report = load("id,stage,value,when\n1,A,much,\n,A,5,\n3,,5,\n4,A,5,soon\n5,A,5,2027-01-01\n",
                           {{"Name", "id"}, {"StageName", "stage"}, {"Amount", "value"}, {"CloseDate", "when"}});
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->loaded, 1U);
  ASSERT_EQ(report->skipped.size(), 4U);
  EXPECT_EQ(report->skipped[0].line, 2U);
  EXPECT_EQ(report->skipped[0].reason, "Amount \"much\" is not a number");
  EXPECT_EQ(report->skipped[1].reason, "Name is empty");
  EXPECT_EQ(report->skipped[2].reason, "StageName is empty");
  EXPECT_EQ(report->skipped[3].reason, "CloseDate \"soon\" is not a date");
}

TEST_F(SalesforceLoad, PrefersTheColumnAndFallsBackToTheSetValue) {
  ASSERT_TRUE(load("id,stage,next\n1,A,call\n2,A,\n", {{"Name", "id"}, {"StageName", "stage"}, {"NextStep", "next"}},
                   {{"NextStep", "wait"}})
                  .has_value());
  EXPECT_EQ(org.column("SELECT NextStep FROM Opportunity ORDER BY Name", "NextStep"), (Names{"call", "wait"}));
}

TEST_F(SalesforceLoad, LinksContacts) {
  const auto report = load("id,stage,acc,who,mail\n1,A,X,Ann Lee,a@x.example\n2,A,X,Ann Lee,a@x.example\n",
                           {{"Name", "id"},
                            {"StageName", "stage"},
                            {"Account.Name", "acc"},
                            {"Contact.Name", "who"},
                            {"Contact.Email", "mail"}});
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->contacts, 1U);
  EXPECT_EQ(
      org.query(
          "SELECT Contact.Name, Contact.Account.Name FROM Opportunity")["records"][1]["Contact"]["Account"]["Name"],
      "X");
}

TEST_F(SalesforceLoad, TakesRecordTypesWithTheStagesOfTheirRows) {
  const auto report = load("id,stage,kind\n1,Lead,License\n2,Pilot,License\n3,Lead,Managed Services\n4,Lead,\n",
                           {{"Name", "id"}, {"StageName", "stage"}, {"RecordType.DeveloperName", "kind"}});
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_EQ(report->record_types, (Names{"License", "Managed_Services"}));
  EXPECT_EQ(org.column("SELECT RecordType.DeveloperName, Name FROM Opportunity WHERE RecordTypeId != null", "Name"),
            (Names{"1", "2", "3"}));
  EXPECT_EQ(org.query("SELECT RecordType.DeveloperName FROM Opportunity WHERE Name = '3'")["records"][0]["RecordType"]
                                                                                          ["DeveloperName"],
            "Managed_Services");
  EXPECT_EQ(org.column("SELECT DeveloperName FROM RecordType WHERE IsActive = true", "DeveloperName").size(), 2U);
  ASSERT_TRUE(load("id,stage,kind\n5,Offer,License\n", {{"Name", "id"}, {"StageName", "stage"}},
                   {{"RecordType.Name", "License"}}));
  EXPECT_EQ(org.column("SELECT DeveloperName FROM RecordType WHERE DeveloperName = 'License'", "DeveloperName").size(),
            1U)
      << "known from before";
  const auto unknown = load("id,stage\n1,A\n", basic, {{"RecordType.Id", "1"}});
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("map RecordType.DeveloperName"), std::string::npos);
}

TEST_F(SalesforceLoad, KeepsNewlinesInsideQuotesAndCountsLines) {
  EXPECT_NE(refusal("id,stage\n\"a\nb\",A\n\"open,A\n", basic).find("line 4"), std::string::npos);
  EXPECT_NE(refusal("id,stage\n1,A,extra\n", basic).find("line 2"), std::string::npos);
  EXPECT_NE(refusal("id,stage\n\"1\"x,A\n", basic).find("line 2"), std::string::npos);
  EXPECT_NE(refusal("id,stage\n1,\xFF\n", basic).find("line 2"), std::string::npos);
  EXPECT_NE(refusal("", basic).find("no header"), std::string::npos);
  ASSERT_TRUE(load("id;stage\n\"a\nb\";A\n", basic).has_value());
  EXPECT_EQ(org.column("SELECT Name FROM Opportunity", "Name"), Names{"a\nb"});
}

TEST_F(SalesforceLoad, NamesTheNearestColumnOrField) {
  EXPECT_EQ(refusal("identifier,stage\n1,A\n", {{"Name", "identifer"}, {"StageName", "stage"}}),
            "The file has no column \"identifer\" (mapped to Name); did you mean \"identifier\"?");
  EXPECT_EQ(refusal("id,stage\n1,A\n", {{"Name", "id"}, {"StageNam", "stage"}}),
            "Unknown field StageNam; did you mean \"StageName\"?");
  EXPECT_NE(refusal("id,stage\n1,A\n", {{"Name", "id"}}).find("StageName"), std::string::npos);
  EXPECT_NE(refusal("id,stage\n1,A\n", basic, {{"IsWon", "true"}}).find("follows from StageName"), std::string::npos);
  EXPECT_NE(refusal("id,stage\n1,A\n", basic, {{"Account.BillingCountry", "US"}}).find("Account.Name"),
            std::string::npos);
}

}  // namespace
}  // namespace cosell::emulator
