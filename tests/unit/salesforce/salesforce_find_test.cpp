// Records found by their ids or keys, customers and owners by what matches: in few calls.
#include <gmock/gmock.h>

#include "tests/unit/salesforce/test_org.h"

namespace cosell::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(SalesforceFetch, FindsRecordsByIdInEitherFormAndByKey) {
  TestOrg org;
  const std::string a = org.create("A", R"(,"Cosell_Referral_Id__c":"it's \"one\"")");
  const std::string b = org.create("B");
  const std::string gone = org.create("Gone");
  org.control("edit", R"({"id":")" + gone + R"(","delete":true})");
  EXPECT_THAT(names_of(fetch(org, {by_id(a.substr(0, 15)), by_id(b)}, {"Name"})),
              testing::UnorderedElementsAre("A", "B"));
  EXPECT_THAT(names_of(fetch(org, {by_key("it's \"one\"")}, {"Name"})), ElementsAre("A"));
  EXPECT_TRUE(
      fetch(org, {by_key("other"), by_id("006000000000999AAA"), by_id("rubbish' OR Id != null")}, {"Name"}).empty());
  const auto rows = fetch(org, {by_id(gone)}, {"Name"});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].existence, Existence::deleted);
  const auto before = org.requests();
  EXPECT_TRUE(fetch(org, {}, {"Name"}).empty());
  EXPECT_EQ(org.requests(), before);
}

TEST(SalesforceFetch, AsksForManyIdsInFewRequestsAndMissesNone) {
  TestOrg org;
  std::vector<Operation> creates;
  for (int i = 0; i < 1000; ++i) creates.push_back(create_of("ref-" + std::to_string(i), new_deal("D")));
  std::vector<RecordRef> refs;
  for (const Outcome& o : push(org, creates)) refs.push_back(by_id(applied_in(o)->id.value));
  org.set(R"({"page_size":70})");
  const auto before = org.requests();
  EXPECT_EQ(fetch(org, refs, {"Name"}).size(), 1000U);
  // Four lists of up to 300 ids, each in pages of 70.
  EXPECT_LE(org.requests() - before, 20U);
  std::vector<RecordRef> keys;
  for (int i = 0; i < 1000; ++i) keys.push_back(by_key("ref-" + std::to_string(i)));
  EXPECT_EQ(fetch(org, keys, {"Name"}).size(), 1000U);
}

TEST(SalesforceRelated, FindsTheCustomerByAllMatchColumns) {
  TestOrg org;
  const std::string a = org.create_account(R"({"Name":"L'Oréal","BillingPostalCode":"75001"})");
  org.create_account(R"({"Name":"L'Oréal","BillingPostalCode":"69001"})");
  RelatedQuery query;
  query.match = {{"Name", text_value("L'Ore\xCC\x81"
                                     "al")},
                 {"BillingPostalCode", text_value("75001")}};
  query.columns = {"Name", "BillingPostalCode"};
  Call call = org.call();
  auto rows = org.connector->related(call, query);
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().id.value, a);
  EXPECT_EQ(rows->front().kind, RecordKind::account);
  query.match.erase("BillingPostalCode");
  EXPECT_EQ(org.connector->related(call, query)->size(), 2U);
  query.match["BillingPostalCode"] = Value();
  EXPECT_TRUE(org.connector->related(call, query)->empty());
}

TEST(SalesforceRelated, FindsOwnersByMailAndLeavesOutThoseWhoLeft) {
  TestOrg org;
  RelatedQuery query;
  query.kind = RecordKind::owner;
  query.match = {{"email", text_value("mia.berger@cosell.example")}};
  query.columns = {"Name", "Email"};
  Call call = org.call();
  const auto rows = org.connector->related(call, query);
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_THAT(names_of(*rows), ElementsAre("Mia Berger"));
  query.match = {{"email", text_value("old.seller@cosell.example")}};
  EXPECT_TRUE(org.connector->related(call, query)->empty());
  query.match = {};
  EXPECT_FALSE(org.connector->related(call, query));
}

std::vector<RecordRef> refs_to_new_deals(TestOrg& org, int deals) {
  std::vector<RecordRef> refs;
  for (int i = 0; i < deals; ++i) {
    RecordRef ref;
    ref.id = RecordId(org.create("Deal " + std::to_string(i)));
    refs.push_back(ref);
  }
  return refs;
}

// Lists of ids and names that one address cannot hold go in several queries of one composite.
TEST(SalesforceFetch, AsksForManyRecordsInOneApiCall) {
  TestOrg org;
  const auto refs = refs_to_new_deals(org, 700);
  Call call = org.call();
  const auto before = org.requests();
  const auto rows = org.connector->fetch(call, refs, {"Name"});
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->size(), 700U);
  EXPECT_EQ(org.requests() - before, 1U);
  EXPECT_THAT(org.asked.back(), HasSubstr("POST /services/data/v60.0/composite"));
}

TEST(SalesforceFetch, FollowsThePagesOfAQueryInsideAComposite) {
  TestOrg org;
  org.set(R"({"page_size":200})");
  const auto refs = refs_to_new_deals(org, 400);
  Call call = org.call();
  const auto rows = org.connector->fetch(call, refs, {"Name"});
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->size(), 400U);
}

TEST(SalesforceFetch, GoesWithoutTheCurrencyColumnInsideACompositeToo) {
  TestOrg org;
  org.set(R"({"multi_currency":false})");
  const auto refs = refs_to_new_deals(org, 400);
  Call call = org.call();
  const auto rows = org.connector->fetch(call, refs, {"Name", "CurrencyIsoCode"});
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->size(), 400U);
}

TEST(SalesforceRelated, LooksForAThousandCustomersInOneApiCall) {
  TestOrg org;
  const std::string known = org.create_account(R"({"Name":"Customer 512"})");
  std::vector<RelatedQuery> queries(1000);
  for (std::size_t i = 0; i < queries.size(); ++i) {
    queries[i].match = {{"Name", Value("Customer " + std::to_string(i))}};
  }
  Call call = org.call();
  const auto before = org.requests();
  const auto found = org.connector->related_to_each(call, queries);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(org.requests() - before, 1U);
  for (std::size_t i = 0; i < queries.size(); ++i) EXPECT_EQ((*found)[i].size(), i == 512 ? 1U : 0U) << i;
  EXPECT_EQ((*found)[512].front().id.value, known);
}

}  // namespace
}  // namespace cosell::test
