// SOQL as clients meet it: conditions, order, parents, paging over a snapshot, refusals.
#include "org.h"

namespace cosell::emulator {
namespace {

using ::testing::Test;
using Names = std::vector<std::string>;

class SalesforceQuery : public Test {
 protected:
  // Four deals that differ in everything the conditions below ask for.
  void SetUp() override {
    const std::string contoso = org.create({{"Name", "Contoso"}, {"BillingCountry", "US"}}, "Account");
    const std::string adatum = org.create({{"Name", "adatum"}, {"BillingCountry", "DE"}}, "Account");
    org.create({{"Name", "Alpha"},
                {"StageName", "Prospecting"},
                {"CloseDate", "2026-07-01"},
                {"Amount", 100},
                {"AccountId", contoso}});
    org.create({{"Name", "beta"},
                {"StageName", "Qualification"},
                {"CloseDate", "2026-08-01"},
                {"Amount", 250.5},
                {"AccountId", adatum}});
    org.create({{"Name", "O'Brien 50%"}, {"StageName", "Closed Won"}, {"CloseDate", "2026-06-02"}, {"Amount", 900}});
    org.create({{"Name", "Z\xC3\x9CRICH"}, {"StageName", "Closed Lost"}, {"CloseDate", "2026-05-01"}});
  }
  Names names(const std::string& rest) { return org.column("SELECT Name FROM Opportunity " + rest, "Name"); }
  std::string refusal(const std::string& soql) { return Org::code(org.query(soql)); }
  std::string message(const std::string& soql) { return org.query(soql)[0].value("message", ""); }

  Org org;
};

TEST_F(SalesforceQuery, ComparesTextsWithoutCase) {
  EXPECT_EQ(names("WHERE Name = 'ALPHA'"), Names{"Alpha"});
  EXPECT_EQ(names("WHERE Name = 'z\xC3\xBCrich'"), Names{"Z\xC3\x9CRICH"});
  EXPECT_EQ(names("WHERE Name IN ('BETA', 'nothing')"), Names{"beta"});
}

TEST_F(SalesforceQuery, UnderstandsEscapesInTexts) {
  EXPECT_EQ(names("WHERE Name = 'O\\'Brien 50%'"), Names{"O'Brien 50%"});
  EXPECT_EQ(names("WHERE Name LIKE '%50\\%'"), Names{"O'Brien 50%"});
  EXPECT_EQ(names("WHERE Name LIKE '%5\\%'"), Names{});
  EXPECT_EQ(names("WHERE Name = '\\u0041lpha'"), Names{"Alpha"});
  EXPECT_EQ(refusal("SELECT Id FROM Opportunity WHERE Name = 'a\\q'"), "MALFORMED_QUERY");
}

TEST_F(SalesforceQuery, MatchesPatternsFromStartToEnd) {
  EXPECT_EQ(names("WHERE Name LIKE 'al%'"), Names{"Alpha"});
  EXPECT_EQ(names("WHERE Name LIKE '_eta'"), Names{"beta"});
  EXPECT_EQ(names("WHERE Name LIKE 'lph'"), Names{});
  EXPECT_EQ(names("WHERE Name LIKE 'z_rich'"), Names{"Z\xC3\x9CRICH"});
}

TEST_F(SalesforceQuery, ComparesNumbersDatesAndTicks) {
  EXPECT_EQ(names("WHERE Amount > 100 AND Amount <= 900 ORDER BY Amount"), (Names{"beta", "O'Brien 50%"}));
  EXPECT_EQ(names("WHERE CloseDate < 2026-06-02"), Names{"Z\xC3\x9CRICH"});
  EXPECT_EQ(names("WHERE IsWon = true"), Names{"O'Brien 50%"});
  EXPECT_EQ(names("WHERE CloseDate = TOMORROW"), Names{"O'Brien 50%"});
  EXPECT_EQ(names("WHERE CloseDate = NEXT_MONTH"), Names{"Alpha"});
  EXPECT_EQ(names("WHERE CreatedDate = TODAY").size(), 4U);
  EXPECT_EQ(names("WHERE CreatedDate >= 2026-06-01T10:00:01Z").size(), 0U);
  EXPECT_EQ(names("WHERE CreatedDate >= 2026-06-01T12:00:00+02:00").size(), 4U);
}

TEST_F(SalesforceQuery, TreatsNullAsAValueThatNothingExceeds) {
  EXPECT_EQ(names("WHERE Amount = null"), Names{"Z\xC3\x9CRICH"});
  EXPECT_EQ(names("WHERE Amount != null").size(), 3U);
  EXPECT_EQ(names("WHERE Amount < 5").size(), 0U);
  EXPECT_EQ(names("WHERE Amount != 100").size(), 3U);
  EXPECT_EQ(names("WHERE AccountId = null ORDER BY Name"), (Names{"O'Brien 50%", "Z\xC3\x9CRICH"}));
}

TEST_F(SalesforceQuery, NeedsBracketsAroundMixedConditions) {
  EXPECT_EQ(names("WHERE (Amount = 100 OR Amount = 900) AND IsClosed = true"), Names{"O'Brien 50%"});
  EXPECT_EQ(names("WHERE NOT IsClosed = true").size(), 2U);
  EXPECT_EQ(names("WHERE Amount != null AND (NOT Name LIKE 'a%') ORDER BY Name"), (Names{"beta", "O'Brien 50%"}));
  EXPECT_NE(message("SELECT Id FROM Opportunity WHERE Amount = 1 AND Amount = 2 OR Amount = 3")
                .find("unexpected token: 'OR'"),
            std::string::npos);
  EXPECT_EQ(names("WHERE StageName NOT IN ('Closed Won', 'Closed Lost')").size(), 2U);
}

TEST_F(SalesforceQuery, OrdersBySeveralKeysAndPlacesNulls) {
  EXPECT_EQ(names("ORDER BY Amount"), (Names{"Z\xC3\x9CRICH", "Alpha", "beta", "O'Brien 50%"}));
  EXPECT_EQ(names("ORDER BY Amount NULLS LAST").back(), "Z\xC3\x9CRICH");
  EXPECT_EQ(names("ORDER BY Amount DESC").back(), "Z\xC3\x9CRICH");
  EXPECT_EQ(names("ORDER BY IsClosed DESC, Name ASC"), (Names{"O'Brien 50%", "Z\xC3\x9CRICH", "Alpha", "beta"}));
  EXPECT_EQ(names("ORDER BY Name LIMIT 2 OFFSET 1"), (Names{"beta", "O'Brien 50%"}));
}

TEST_F(SalesforceQuery, NestsParentsAsObjects) {
  const Json answer = org.query(
      "select id, account.name, Account.BillingCountry, Owner.Email, RecordType.DeveloperName from opportunity "
      "where Account.BillingCountry = 'de'");
  ASSERT_EQ(answer["totalSize"], 1);
  const Json& record = answer["records"][0];
  EXPECT_EQ(record["attributes"]["type"], "Opportunity");
  EXPECT_EQ(record["attributes"]["url"],
            "/services/data/v64.0/sobjects/Opportunity/" + record["Id"].get<std::string>());
  EXPECT_EQ(record["Account"]["attributes"]["type"], "Account");
  EXPECT_EQ(record["Account"]["Name"], "adatum");
  EXPECT_EQ(record["Account"]["BillingCountry"], "DE");
  EXPECT_EQ(record["Owner"]["Email"], "integration@cosell.example");
  EXPECT_TRUE(record["RecordType"].is_null());
  EXPECT_TRUE(org.query("SELECT Account.Name FROM Opportunity WHERE Name = 'O\\'Brien 50%'")["records"][0]["Account"]
                  .is_null());
}

TEST_F(SalesforceQuery, CountsWithoutRecords) {
  const Json answer = org.query("SELECT count() FROM Opportunity WHERE IsClosed = false");
  EXPECT_EQ(answer["totalSize"], 2);
  EXPECT_EQ(answer["done"], true);
  EXPECT_EQ(answer["records"], Json::array());
}

TEST_F(SalesforceQuery, WritesTimesWithMillisecondsAndAnOffsetWithoutColon) {
  const Json record =
      org.query("SELECT SystemModstamp, CloseDate, Amount FROM Opportunity WHERE Name = 'beta'")["records"][0];
  EXPECT_EQ(record["SystemModstamp"], "2026-06-01T10:00:00.000+0000");
  EXPECT_EQ(record["CloseDate"], "2026-08-01");
  EXPECT_EQ(record["Amount"].dump(), "250.5");
}

TEST_F(SalesforceQuery, SaysWhichColumnDoesNotExist) {
  const Json error = org.query("SELECT Id, Bad__c FROM Opportunity");
  EXPECT_EQ(org.last.status, 400);
  EXPECT_EQ(Org::code(error), "INVALID_FIELD");
  EXPECT_EQ(error[0]["message"],
            "\nSELECT Id, Bad__c FROM Opportunity\n           ^\nERROR at Row:1:Column:12\nNo such column 'Bad__c' on "
            "entity 'Opportunity'. If you are attempting to use a custom field, be sure to append the '__c' after the "
            "custom field name. Please reference your WSDL or the describe call for the appropriate names.");
  EXPECT_NE(message("SELECT Nope.Name FROM Opportunity").find("Didn't understand relationship 'Nope' in field path"),
            std::string::npos);
}

TEST_F(SalesforceQuery, SaysWhatIsMalformed) {
  EXPECT_NE(message("SELECT Id FORM Opportunity").find("unexpected token: 'FORM'"), std::string::npos);
  EXPECT_EQ(refusal("SELECT Id FROM"), "MALFORMED_QUERY");
  EXPECT_EQ(refusal("SELECT Id FROM Nothing__c"), "INVALID_TYPE");
  EXPECT_EQ(refusal("SELECT Id FROM Opportunity WHERE CreatedDate > 2026-01-01T00:00:00 01:00"), "MALFORMED_QUERY");
  EXPECT_EQ(refusal("SELECT Id FROM Opportunity WHERE Amount = '5'"), "INVALID_FIELD");
  EXPECT_EQ(refusal("SELECT Id FROM Opportunity WHERE SystemModstamp > 2026-01-01"), "INVALID_FIELD");
  EXPECT_EQ(refusal("SELECT Id FROM Opportunity WHERE Id = '123'"), "INVALID_QUERY_FILTER_OPERATOR");
  EXPECT_NE(message("SELECT Id FROM Opportunity WHERE Description = 'x'").find("can not be filtered"),
            std::string::npos);
  EXPECT_EQ(refusal("SELECT Id, Id FROM Opportunity"), "INVALID_FIELD");
  EXPECT_EQ(Org::code(org.get("/query")), "MALFORMED_QUERY");
}

TEST_F(SalesforceQuery, FindsIdsOfBothLengths) {
  const std::string id = org.query("SELECT Id FROM Opportunity WHERE Name = 'beta'")["records"][0]["Id"];
  ASSERT_EQ(id.size(), 18U);
  EXPECT_EQ(names("WHERE Id = '" + id.substr(0, 15) + "'"), Names{"beta"});
  EXPECT_EQ(names("WHERE Id IN ('" + id + "', '006000000000001AAA')"), Names{"beta"});
}

TEST_F(SalesforceQuery, OffersAllFieldsOnlyWithALimit) {
  EXPECT_EQ(refusal("SELECT FIELDS(ALL) FROM Opportunity"), "MALFORMED_QUERY");
  const Json answer = org.query("SELECT FIELDS(ALL) FROM Opportunity LIMIT 1");
  EXPECT_TRUE(answer["records"][0].contains("Cosell_State__c"));
  EXPECT_FALSE(org.query("SELECT FIELDS(STANDARD) FROM Opportunity LIMIT 1")["records"][0].contains("Cosell_State__c"));
}

TEST(SalesforceQueryPaging, KeepsTheSnapshotWhileRowsChange) {
  Org org;
  ASSERT_EQ(org.core->set("page_size", 2), "");
  std::vector<std::string> ids;
  for (const char* name : {"A", "B", "C", "D", "E"}) ids.push_back(org.create(org.deal(name)));
  Json page = org.query("SELECT Name FROM Opportunity ORDER BY Name");
  EXPECT_EQ(page["totalSize"], 5);
  EXPECT_EQ(page["done"], false);
  const std::string url = page["nextRecordsUrl"];
  EXPECT_EQ(url.rfind("/services/data/v64.0/query/0r8", 0), 0U);
  org.call("PATCH", "/sobjects/Opportunity/" + ids[2], {{"Name", "changed"}});
  org.call("DELETE", "/sobjects/Opportunity/" + ids[3]);
  org.create(org.deal("AA"));
  page = org.get(url.substr(std::string("/services/data/v64.0").size()));
  EXPECT_EQ(page["records"][0]["Name"], "C");
  EXPECT_EQ(page["records"][1]["Name"], "D");
  page = org.get(page["nextRecordsUrl"].get<std::string>().substr(std::string("/services/data/v64.0").size()));
  EXPECT_EQ(page["done"], true);
  EXPECT_FALSE(page.contains("nextRecordsUrl"));
  EXPECT_EQ(page["records"].size(), 1U);
}

TEST(SalesforceQueryPaging, EndsLocatorsAfterTwoDays) {
  Org org;
  org.core->set("page_size", 1);
  org.create(org.deal("A"));
  org.create(org.deal("B"));
  const std::string url = org.query("SELECT Id FROM Opportunity")["nextRecordsUrl"];
  const std::string path = url.substr(std::string("/services/data/v64.0").size());
  EXPECT_EQ(org.get(path)["records"].size(), 1U);
  org.clock.advance(hours(49));
  org.log_in();
  EXPECT_EQ(Org::code(org.get(path)), "INVALID_QUERY_LOCATOR");
  EXPECT_EQ(Org::code(org.get("/query/0r8000000000000AAA-1")), "INVALID_QUERY_LOCATOR");
}

TEST(SalesforceQueryPaging, TakesTheBatchSizeAsAWish) {
  Org org;
  for (int i = 0; i < 201; ++i) org.create(org.deal("D" + std::to_string(i)));
  const auto page = [&](const char* size) {
    return Org::json(org.call("GET", "/query?q=SELECT+Id+FROM+Opportunity", nullptr,
                              {{"Sforce-Query-Options", std::string("batchSize=") + size}}))["records"]
        .size();
  };
  EXPECT_EQ(page("200"), 200U);
  EXPECT_EQ(page("10"), 200U);
  EXPECT_EQ(page("500"), 201U);
}

TEST(SalesforceQueryDeleted, ShowsTheRecycleBinToQueryAllForFifteenDays) {
  Org org;
  const std::string id = org.create(org.deal("Gone"));
  org.clock.advance(seconds(5));
  org.call("DELETE", "/sobjects/Opportunity/" + id);
  EXPECT_EQ(org.query("SELECT Id FROM Opportunity")["totalSize"], 0);
  const Json all = org.query("SELECT Id, IsDeleted, SystemModstamp FROM Opportunity", "/queryAll");
  ASSERT_EQ(all["totalSize"], 1);
  EXPECT_EQ(all["records"][0]["IsDeleted"], true);
  EXPECT_EQ(all["records"][0]["SystemModstamp"], "2026-06-01T10:00:05.000+0000");
  org.clock.advance(days(16));
  org.log_in();
  EXPECT_EQ(org.query("SELECT Id FROM Opportunity", "/queryAll")["totalSize"], 0);
}

TEST(SalesforceQueryDeleted, ShowsNothingOfARecycleBinThatWasEmptied) {
  Org org;
  const std::string before = org.create(org.deal("Before"));
  const std::string after = org.create(org.deal("After"));
  org.call("DELETE", "/sobjects/Opportunity/" + before);
  EXPECT_EQ(org.control("empty_bin", Json::object())["purged"], 1);
  org.call("DELETE", "/sobjects/Opportunity/" + after);
  const Json all = org.query("SELECT Id FROM Opportunity", "/queryAll");
  ASSERT_EQ(all["totalSize"], 1);
  EXPECT_EQ(all["records"][0]["Id"], after);
  EXPECT_TRUE(org.control("undelete", {{"id", before}}).contains("error"));
}

}  // namespace
}  // namespace cosell::emulator
