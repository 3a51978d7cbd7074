// The org around its records: describe, stages, changes over time, open transactions, keeping it between runs.
#include "org.h"

namespace cosell::emulator {
namespace {

using Names = std::vector<std::string>;

Json field_of(const Json& describe, const std::string& name) {
  for (const Json& field : describe["fields"]) {
    if (field["name"] == name) return field;
  }
  return nullptr;
}

TEST(SalesforceDescribe, TellsWhatAFieldIsLike) {
  Org org;
  const Json describe = org.get("/sobjects/opportunity/describe");
  EXPECT_EQ(describe["name"], "Opportunity");
  EXPECT_EQ(describe["keyPrefix"], "006");
  const Json referral = field_of(describe, "Cosell_Referral_Id__c");
  EXPECT_EQ(referral["externalId"], true);
  EXPECT_EQ(referral["unique"], true);
  EXPECT_EQ(referral["caseSensitive"], false);
  EXPECT_EQ(referral["length"], 36);
  EXPECT_EQ(field_of(describe, "Cosell_Help__c")["picklistValues"].size(), 6U);
  EXPECT_EQ(field_of(describe, "Cosell_Sync__c")["type"], "boolean");
  EXPECT_EQ(field_of(describe, "StageName")["picklistValues"][0]["value"], "Received from Microsoft");
  EXPECT_EQ(field_of(describe, "IsWon")["updateable"], false);
  EXPECT_EQ(field_of(describe, "ContactId")["createable"], true);
  EXPECT_EQ(field_of(describe, "ContactId")["updateable"], false);
  EXPECT_EQ(field_of(describe, "AccountId")["referenceTo"], Json{"Account"});
  // Required on create: not nillable, not defaulted, createable.
  Names required;
  for (const Json& f : describe["fields"]) {
    if (f["nillable"] == false && f["defaultedOnCreate"] == false && f["createable"] == true)
      required.push_back(f["name"]);
  }
  EXPECT_EQ(required, (Names{"Name", "StageName", "CloseDate"}));
}

TEST(SalesforceDescribe, AnswersOnlyWhatChanged) {
  Org org;
  EXPECT_EQ(org.call("GET", "/sobjects", nullptr, {{"If-Modified-Since", "Mon, 01 Jun 2026 10:00:00 GMT"}}).status,
            304);
  org.control("field", {{"name", "Region__c"}});
  EXPECT_EQ(org.call("GET", "/sobjects/Opportunity/describe", nullptr,
                     {{"If-Modified-Since", "Mon, 01 Jun 2026 09:59:00 GMT"}})
                .status,
            200);
}

TEST(SalesforceDescribe, ListsTheStagesInOrder) {
  Org org;
  const Names names = org.column(
      "SELECT ApiName, MasterLabel, IsActive, IsClosed, IsWon, DefaultProbability, ForecastCategoryName, SortOrder "
      "FROM OpportunityStage ORDER BY SortOrder",
      "ApiName");
  ASSERT_EQ(names.size(), 11U);
  EXPECT_EQ(names.front(), "Received from Microsoft");
  EXPECT_EQ(names.back(), "Closed Lost");
  EXPECT_EQ(org.query("SELECT DefaultProbability FROM OpportunityStage WHERE ApiName = 'Received from Microsoft'")
                ["records"][0]["DefaultProbability"],
            5.0);
  org.control(
      "stages",
      {{"stages", {{{"name", "New"}, {"probability", 10}}, {{"name", "Won"}, {"probability", 100}, {"won", true}}}}});
  EXPECT_EQ(org.column("SELECT ApiName FROM OpportunityStage ORDER BY SortOrder", "ApiName"), (Names{"New", "Won"}));
  Json deal = org.deal("A");
  EXPECT_EQ(org.call("POST", "/sobjects/Opportunity", deal).status, 400);
  deal["StageName"] = "won";
  EXPECT_EQ(org.get("/sobjects/Opportunity/" + org.create(deal))["StageName"], "Won");
}

std::string window(const char* what, const char* start, const char* end) {
  return std::string("/sobjects/Opportunity/") + what + "?start=" + text::percent_encode(start) +
         "&end=" + text::percent_encode(end);
}

TEST(SalesforceReplication, TellsUpdatedAndDeletedIdsOfAWindow) {
  Org org;
  const std::string a = org.create(org.deal("A"));
  org.clock.advance(minutes(10));
  const std::string b = org.create(org.deal("B"));
  org.clock.advance(minutes(10));
  org.call("DELETE", "/sobjects/Opportunity/" + a);
  const Json updated = org.get(window("updated", "2026-06-01T10:05:30Z", "2026-06-01T10:15:00+00:00"));
  EXPECT_EQ(updated["ids"], Json{b});
  EXPECT_EQ(updated["latestDateCovered"], "2026-06-01T10:15:00.000+0000");
  const Json gone = org.get(window("deleted/", "2026-06-01T10:05:00Z", "2026-06-01T10:30:00Z"));
  ASSERT_EQ(gone["deletedRecords"].size(), 1U);
  EXPECT_EQ(gone["deletedRecords"][0]["id"], a);
  EXPECT_EQ(gone["deletedRecords"][0]["deletedDate"], "2026-06-01T10:20:00.000+0000");
  EXPECT_EQ(gone["latestDateCovered"], "2026-06-01T10:20:00.000+0000");
  EXPECT_EQ(Org::code(org.get(window("updated", "2026-06-01T10:05:10Z", "2026-06-01T10:05:50Z"))),
            "INVALID_REPLICATION_DATE");
  EXPECT_EQ(Org::code(org.get(window("updated", "2026-04-01T10:05:10Z", "2026-06-01T10:05:50Z"))),
            "INVALID_REPLICATION_DATE");
}

// The missed-row race: the stamp is older than what a reader has seen when the row becomes visible.
TEST(SalesforceTransactions, StampAtTheWriteAndShowAtTheCommit) {
  Org org;
  const std::string slow = org.create(org.deal("Slow"));
  const std::string fast = org.create(org.deal("Fast"));
  org.clock.advance(minutes(1));
  org.control("begin", Json::object());
  org.clock.advance(seconds(1));
  org.control("edit", {{"id", slow}, {"fields", {{"NextStep", "slow"}}}});
  org.clock.advance(minutes(5));
  EXPECT_EQ(org.call("PATCH", "/sobjects/Opportunity/" + fast, {{"NextStep", "fast"}}).status, 204);
  EXPECT_EQ(org.call("PATCH", "/sobjects/Opportunity/" + slow, {{"NextStep", "x"}}).status, 400);
  EXPECT_EQ(Org::code(Org::json(org.last)), "UNABLE_TO_LOCK_ROW");
  const std::string since =
      "SELECT Name FROM Opportunity WHERE SystemModstamp >= 2026-06-01T10:01:00Z ORDER BY SystemModstamp, Id";
  EXPECT_EQ(org.column(since, "Name"), Names{"Fast"});
  EXPECT_EQ(org.get(window("updated", "2026-06-01T10:00:00Z", "2026-06-01T10:30:00Z"))["latestDateCovered"],
            "2026-06-01T10:01:00.000+0000");
  org.control("commit", Json::object());
  EXPECT_EQ(org.column(since, "Name"), (Names{"Slow", "Fast"}));
  EXPECT_EQ(org.get("/sobjects/Opportunity/" + slow)["SystemModstamp"], "2026-06-01T10:01:01.000+0000");
}

TEST(SalesforceTransactions, LeaveNothingAfterARollback) {
  Org org;
  const std::string id = org.create(org.deal("A"));
  const Json begun = org.control("begin", Json::object());
  org.control("edit", {{"id", id}, {"fields", {{"NextStep", "inside"}}}});
  org.control("edit", {{"object", "Opportunity"}, {"fields", org.deal("Made inside")}});
  org.control("edit", {{"object", "Opportunity"}, {"fields", org.deal("Made outside")}, {"transaction", nullptr}});
  org.control("rollback", {{"transaction", begun["transaction"]}});
  EXPECT_TRUE(org.get("/sobjects/Opportunity/" + id)["NextStep"].is_null());
  EXPECT_EQ(org.column("SELECT Name FROM Opportunity ORDER BY Name", "Name"), (Names{"A", "Made outside"}));
}

TEST(SalesforceTransactions, LockEachOtherOut) {
  Org org;
  const std::string id = org.create(org.deal("A"));
  const Json first = org.control("begin", Json::object());
  org.control("edit", {{"id", id}, {"fields", {{"NextStep", "first"}}}});
  org.control("begin", Json::object());
  const Json refused = org.control("edit", {{"id", id}, {"fields", {{"NextStep", "second"}}}});
  EXPECT_EQ(refused["error"].get<std::string>().rfind("UNABLE_TO_LOCK_ROW", 0), 0U);
  org.control("edit", {{"id", id}, {"fields", {{"Amount", 5}}}, {"transaction", first["transaction"]}});
  org.control("commit", {{"transaction", first["transaction"]}});
  EXPECT_EQ(org.get("/sobjects/Opportunity/" + id)["NextStep"], "first");
  EXPECT_EQ(org.get("/sobjects/Opportunity/" + id)["Amount"], 5.0);
}

TEST(SalesforceControl, EditsAsAnotherPerson) {
  Org org;
  const std::string id = org.create(org.deal("A"));
  org.control("edit", {{"id", id}, {"fields", {{"StageName", "Closed Won"}}}, {"user", "Mia Berger"}});
  EXPECT_EQ(org.query("SELECT LastModifiedBy.Name FROM Opportunity")["records"][0]["LastModifiedBy"]["Name"],
            "Mia Berger");
  const Json several = org.control(
      "edit", {{"edits", {{{"id", id}, {"fields", {{"Amount", 5}}}}, {{"id", id}, {"fields", {{"Amount", "x"}}}}}}});
  EXPECT_TRUE(several["results"][0].contains("id"));
  EXPECT_TRUE(several["results"][1].contains("error"));
  org.control("edit", {{"id", id}, {"fields", {{"IsWon", false}}}});
  EXPECT_EQ(org.control_status, 400);
  EXPECT_FALSE(org.core->control("dance", http::Request{"POST", "/_sandbox/dance", {}, "{}"}, org.clock, org.random));
}

TEST(SalesforceSettings, RefuseWhatTheyDoNotKnow) {
  Org org;
  EXPECT_EQ(org.core->set("page_sise", 5), "no setting page_sise; did you mean page_size?");
  EXPECT_NE(org.core->set("page_size", "many"), "");
  EXPECT_NE(org.core->set("duplicate_rule", "perhaps"), "");
  EXPECT_NE(org.core->set("corporate_currency", "XXX"), "");
  EXPECT_NE(org.core->set("validation_rules", {{"field", "Amount"}}), "");
  for (const Setting& s : org.core->settings()) EXPECT_EQ(org.core->set(s.name, s.value), "") << s.name;
}

TEST(SalesforceOrg, ComesBackFromItsSavedForm) {
  Org org;
  org.control("field", {{"name", "Region__c"}, {"kind", "picklist"}, {"values", {"North", "South"}}});
  org.core->set("corporate_currency", "EUR");
  org.core->set("currencies", {"EUR", "PLN"});
  Json deal = org.deal("Z\xC3\xBCrich");
  deal["Region__c"] = "South";
  deal["Amount"] = 10.5;
  deal["Cosell_Since__c"] = "2026-05-01T12:00:00Z";
  deal["Cosell_Referral_Id__c"] = "r-1";
  const std::string id = org.create(deal);
  const std::string gone = org.create(org.deal("Gone"));
  org.call("DELETE", "/sobjects/Opportunity/" + gone);
  const Json before = org.core->records(org.clock);

  Org other;
  other.core->load(Json::parse(org.core->save().dump()));
  other.token = org.token;
  EXPECT_EQ(other.core->records(other.clock), before);
  EXPECT_EQ(other.get("/sobjects/Opportunity/Cosell_Referral_Id__c/R-1")["Id"], id);
  EXPECT_NE(other.create(other.deal("Next")), gone);
  EXPECT_EQ(other.get("/sobjects/Opportunity/" + id)["Region__c"], "South");
  EXPECT_EQ(other.core->set("currencies", {"PLN"}).find("currencies: the corporate currency EUR"), 0U);
}

TEST(SalesforceOrg, ForgetsRecordsButNotUsersOnReset) {
  Org org;
  org.core->seed(20, org.clock, org.random);
  org.core->set("page_size", 7);
  EXPECT_EQ(org.query("SELECT COUNT() FROM Opportunity")["totalSize"], 20);
  org.core->reset();
  EXPECT_EQ(org.query("SELECT COUNT() FROM Opportunity")["totalSize"], 0);
  EXPECT_EQ(org.query("SELECT COUNT() FROM Account")["totalSize"], 0);
  EXPECT_GE(org.query("SELECT COUNT() FROM User")["totalSize"].get<int>(), 4);
  org.core->seed(8, org.clock, org.random);
  EXPECT_EQ(org.query("SELECT Id FROM Opportunity")["records"].size(), 7U);
}

TEST(SalesforceSeed, MakesDealsThatCanBeShared) {
  Org org;
  SeedOptions options;
  options.solutions = {"S1", "S2"};
  org.core->seed(200, org.clock, org.random, options);
  const Json all = org.query(
      "SELECT Name, Amount, CloseDate, IsClosed, Account.BillingCountry, Account.BillingStreet, Account.BillingCity, "
      "Contact.Email, Owner.Email, Cosell_Sync__c, Cosell_Solution__c, CurrencyIsoCode FROM Opportunity");
  ASSERT_EQ(all["totalSize"], 200);
  int opted_in = 0;
  for (const Json& r : all["records"]) {
    EXPECT_EQ(r["Account"]["BillingCountry"].get<std::string>().size(), 2U);
    EXPECT_TRUE(r["Account"]["BillingStreet"].is_string());
    EXPECT_TRUE(r["Contact"]["Email"].is_string()) << r.dump();
    EXPECT_GT(r["Amount"].get<double>(), 0);
    EXPECT_EQ(r["IsClosed"].get<bool>(), r["CloseDate"].get<std::string>() < "2026-06-01");
    if (r["Cosell_Sync__c"] == true) {
      ++opted_in;
      EXPECT_TRUE(r["Cosell_Solution__c"].is_string());
    }
  }
  EXPECT_GT(opted_in, 140);
  Org same;
  same.core->seed(200, same.clock, same.random, options);
  EXPECT_EQ(same.core->records(same.clock)["opportunities"], org.core->records(org.clock)["opportunities"]);
}

}  // namespace
}  // namespace cosell::emulator
