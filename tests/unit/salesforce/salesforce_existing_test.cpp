// Creates that meet a record with their key: found, told and never written over.
#include "connectors/salesforce/salesforce_existing.h"

#include <gmock/gmock.h>

#include "tests/unit/salesforce/test_org.h"

namespace cosell::test {
namespace {

using testing::HasSubstr;

// One call more for all creates that met a record, and none where all is as it should be.
TEST(SalesforceExisting, LooksOnceForTheRecordsThatItsCreatesMet) {
  TestOrg org;
  std::vector<Operation> creates = creates_of(300, "ref-");
  push(org, creates);
  const auto before = org.requests();
  for (const Outcome& o : push(org, creates)) {
    ASSERT_EQ(kind_of(o), "applied");
    EXPECT_FALSE(applied_in(o)->created);
  }
  EXPECT_EQ(org.requests() - before, 2U);
}

// The unique column does not look at case.
TEST(SalesforceExisting, FindsTheRecordInWhichAPersonTypedTheKeyInOtherCase) {
  TestOrg org;
  const std::string id = org.create("By hand", R"(,"Cosell_Referral_Id__c":"REF-1")");
  const auto done = push(org, {create_of("ref-1", new_deal("From Microsoft"))});
  ASSERT_EQ(kind_of(done[0]), "applied");
  EXPECT_EQ(applied_in(done[0])->id.value, id);
  EXPECT_FALSE(applied_in(done[0])->created);
  EXPECT_EQ(value_of(org, id, "Name"), text_value("By hand"));
}

TEST(SalesforceExisting, SaysThatTheRecordWithTheKeyIsOutOfSight) {
  TestOrg org;
  const std::string id = org.create("By hand", R"(,"Cosell_Referral_Id__c":"ref-1")");
  org.set(R"({"hidden_rows":[")" + id + R"("]})");
  const auto done = push(org, {create_of("ref-1", new_deal("From Microsoft")), create_of("ref-2", new_deal("B"))});
  ASSERT_EQ(kind_of(done[0]), "rejected");
  EXPECT_THAT(error_in(done[0])->message, HasSubstr("the bridge's user may not see it. Give the user read access"));
  EXPECT_EQ(kind_of(done[1]), "applied");
}

// The server names the column as it was made, in the user's language; the configuration may write it in other case.
TEST(SalesforceExisting, KnowsARefusalByItsKeyFromOneByAnotherUniqueColumn) {
  const auto is_key = [](const std::string& message) {
    const bool as_made = salesforce::is_about_key({"DUPLICATE_VALUE", message, {}}, "Cosell_Referral_Id__c");
    EXPECT_EQ(salesforce::is_about_key({"DUPLICATE_VALUE", message, {}}, "cosell_referral_id__c"), as_made) << message;
    return as_made;
  };
  EXPECT_TRUE(
      is_key("duplicate value found: Cosell_Referral_Id__c duplicates value on record with id: 006000000000001"));
  EXPECT_TRUE(is_key("doppelter Wert gefunden: Cosell_Referral_Id__c dupliziert den Wert von 006000000000001"));
  EXPECT_TRUE(is_key("duplicate value found: <unknown> duplicates value on record with id: <unknown>"));
  EXPECT_FALSE(is_key("duplicate value found: Old_Cosell_Referral_Id__c duplicates value on record with id: 0060001"));
  EXPECT_FALSE(is_key("duplicate value found: Cosell_Referral_Id__c2 duplicates value on record with id: 0060001"));
}

TEST(SalesforceExisting, DoesNotTakeADeletedRecordForTheOneOutOfSightThatRefusesTheCreate) {
  TestOrg org;
  const std::string key = R"(,"Cosell_Referral_Id__c":"ref-1")";
  org.control("edit", R"({"id":")" + org.create("Old", key) + R"(","delete":true})");
  const std::string hidden = org.create("By hand", key);
  org.set(R"({"hidden_rows":[")" + hidden + R"("]})");
  const auto done = push(org, {create_of("ref-1", new_deal("From Microsoft"))});
  EXPECT_EQ(kind_of(done[0]), "rejected") << told(done[0]);
  EXPECT_THAT(told(done[0]), HasSubstr("the bridge's user may not see it"));
}

TEST(SalesforceExisting, LinksToTheRecordThatIsThereAndNotToOneInTheRecycleBinWithTheSameKey) {
  TestOrg org;
  const std::string key = R"(,"Cosell_Referral_Id__c":"ref-1")";
  org.control("edit", R"({"id":")" + org.create("Old", key) + R"(","delete":true})");
  const std::string there = org.create("By hand", key);
  org.tamper = [](http::Response& answer) {  // in a language in which the id is not found
    answer.body = text::replace_all(answer.body, "duplicates value on record with id: ", "dupliziert den Wert von ");
  };
  const auto done = push(org, {create_of("ref-1", new_deal("From Microsoft"))});
  ASSERT_EQ(kind_of(done[0]), "applied") << told(done[0]);
  EXPECT_EQ(applied_in(done[0])->id.value, there);
}

TEST(SalesforceExisting, AForbiddenLookAtTheRecordThatACreateMetIsOfThatCreate) {
  for (const auto& [code, of_one_record] :
       {std::pair{"INSUFFICIENT_ACCESS", true}, std::pair{"API_DISABLED_FOR_ORG", false}}) {
    TestOrg org;
    org.create("By hand", R"(,"Cosell_Referral_Id__c":"ref-1")");
    org.faults(R"([{"match":{"method":"GET","path":"/services/data/v60.0/queryAll"},"times":0,
      "action":{"kind":"status","status":403,"body":[{"errorCode":")" +
               std::string(code) + R"(","message":"x"}]}}])");
    const auto done = push(org, {create_of("ref-1", new_deal("From Microsoft")), create_of("ref-2", new_deal("B"))});
    ASSERT_EQ(kind_of(done[0]), "forbidden") << told(done[0]);
    EXPECT_EQ(error_in(done[0])->of_one_record, of_one_record) << code;
    EXPECT_EQ(kind_of(done[1]), "applied");
  }
}

// Nothing more is asked, so the create that met a record before waits with the others.
TEST(SalesforceExisting, ACreateThatMetARecordWaitsWithThoseThatTheServerAskedToWait) {
  TestOrg org;
  org.create("By hand", R"(,"Cosell_Referral_Id__c":"ref-0")");
  org.faults(R"([{"match":{"method":"POST","path":"/services/data/v60.0/composite"},"after":1,"times":0,
    "action":{"kind":"throttle","retry_after":400}}])");
  const auto done = push(org, creates_of(700, "ref-"));
  EXPECT_EQ(kind_of(done[1]), "applied");
  EXPECT_EQ(kind_of(done[600]), "throttled");
  ASSERT_EQ(kind_of(done[0]), "throttled") << told(done[0]);
  EXPECT_EQ(error_in(done[0])->not_before, error_in(done[600])->not_before);
}

}  // namespace
}  // namespace cosell::test
