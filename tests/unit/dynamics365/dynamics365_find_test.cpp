// Records found by their ids or keys, customers and owners by what matches: in few calls.
#include <gmock/gmock.h>

#include "tests/unit/dynamics365/test_org.h"

namespace cosell::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Dynamics365Fetch, FindsRecordsByIdInAnySpellingAndByKey) {
  TestOrg org;
  const std::string a = org.create("A", R"(,"cosell_referralid":"it's \"one\" & more")");
  const std::string b = org.create("B", R"(,"cosell_referralid":"0b7f3c52-1111-2222-3333-444455556666")");
  const std::string gone = org.create("Gone");
  org.remove(gone);
  std::string capitals = "{" + a + "}";
  std::transform(capitals.begin(), capitals.end(), capitals.begin(),
                 [](char c) { return static_cast<char>(std::toupper(c)); });
  EXPECT_THAT(names_of(fetch(org, {by_id(capitals), by_id(b)}, {"name"})), testing::UnorderedElementsAre("A", "B"));
  EXPECT_THAT(names_of(fetch(org, {by_key("it's \"one\" & more")}, {"name"})), ElementsAre("A"));
  EXPECT_THAT(names_of(fetch(org, {by_key("0b7f3c52-1111-2222-3333-444455556666"), by_id(b)}, {"name"})),
              ElementsAre("B"));
  EXPECT_TRUE(fetch(org, {by_key("other"), by_id("rubbish' or 1 eq 1"), by_id(gone)}, {"name"}).empty());
  const auto before = org.requests();
  EXPECT_TRUE(fetch(org, {}, {"name"}).empty());
  EXPECT_EQ(org.requests(), before);
}

TEST(Dynamics365Fetch, AsksForManyIdsInFewRequestsAndMissesNone) {
  TestOrg org;
  std::vector<Operation> creates;
  for (int i = 0; i < 1000; ++i) creates.push_back(create_of("ref-" + std::to_string(i), new_deal("D")));
  std::vector<RecordRef> refs;
  for (const Outcome& o : push(org, creates)) refs.push_back(by_id(applied_in(o)->id.value));
  const auto before = org.requests();
  EXPECT_EQ(fetch(org, refs, {"name"}).size(), 1000U);
  EXPECT_EQ(org.requests() - before, 2U) << "the rows, and which columns are secured";
  org.set(R"({"page_size":70})");
  EXPECT_EQ(fetch(org, refs, {"name"}).size(), 1000U);
  std::vector<RecordRef> keys;
  for (int i = 0; i < 1000; ++i) keys.push_back(by_key("ref-" + std::to_string(i)));
  EXPECT_EQ(fetch(org, keys, {"name"}).size(), 1000U);
}

TEST(Dynamics365Fetch, FillsTheColumnsOfRelatedRecords) {
  TestOrg org;
  const std::string account = org.create_account(R"({"name":"Fabrikam"})");
  const std::string a = org.create("A", R"(,"parentaccountid@odata.bind":"/accounts()" + account + ")\"");
  EXPECT_EQ(value_of(org, a, "parentaccountid.name"), text_value("Fabrikam"));
  const auto rows = fetch(org, {by_id(account, RecordKind::account)}, {"name", "address1_city"});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].kind, RecordKind::account);
  EXPECT_EQ(rows[0].columns.at("name"), text_value("Fabrikam"));
}

std::vector<Observation> related(TestOrg& org, RecordKind kind, Columns match, std::vector<std::string> columns) {
  RelatedQuery query;
  query.kind = kind;
  query.match = std::move(match);
  query.columns = std::move(columns);
  Call call = org.call();
  auto rows = org.connector->related(call, query);
  if (rows) return *std::move(rows);
  ADD_FAILURE() << rows.error().message << " / " << rows.error().detail;
  return {};
}

TEST(Dynamics365Related, FindsTheCustomerByAllMatchColumns) {
  TestOrg org;
  const std::string a = org.create_account(R"({"name":"L'Oréal","address1_postalcode":"75001"})");
  org.create_account(R"({"name":"L'Oréal","address1_postalcode":"69001"})");
  const Columns match = {{"name", text_value("L'Ore\xCC\x81"
                                             "al")},
                         {"address1_postalcode", text_value("75001")}};
  const auto rows = related(org, RecordKind::account, match, {"name", "address1_postalcode"});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows.front().id.value, a);
  EXPECT_EQ(rows.front().kind, RecordKind::account);
  EXPECT_EQ(related(org, RecordKind::account, {{"name", match.at("name")}}, {}).size(), 2U);
  EXPECT_TRUE(
      related(org, RecordKind::account, {{"name", match.at("name")}, {"address1_postalcode", Value()}}, {}).empty());
  org.edit(a, R"({"statecode":1,"statuscode":2})", "account");
  EXPECT_TRUE(related(org, RecordKind::account, match, {}).empty()) << "deactivated";
}

std::vector<RelatedQuery> customers_called(const std::vector<std::string>& names) {
  std::vector<RelatedQuery> queries;
  for (const std::string& name : names) {
    RelatedQuery query;
    query.match = {{"name", text_value(name)}};
    query.columns = {"name"};
    queries.push_back(std::move(query));
  }
  return queries;
}

TEST(Dynamics365Related, FindsManyCustomersAtOnceWhateverIsInTheirNames) {
  TestOrg org;
  const std::vector<std::string> names = {"L'Or\u00E9al",  "Macy''s",    "O' '",
                                          "C:\\Temp\\new", "\"Q\" & Co", "A, B ['c'] (d)"};
  std::vector<std::string> ids;
  for (const std::string& name : names) {
    json::Value fields = json::Value::object();
    fields.set("name", json::Value::string(name));
    ids.push_back(org.create_account(json::write(fields)));
  }
  Call call = org.call();
  const auto queries = customers_called(names);
  const auto before = org.requests();
  const auto found = org.connector->related_to_each(call, queries);
  ASSERT_TRUE(found) << found.error().message;
  for (std::size_t i = 0; i < names.size(); ++i) {
    ASSERT_EQ((*found)[i].size(), 1U) << names[i];
    EXPECT_EQ((*found)[i].front().id.value, ids[i]) << names[i];
  }
  EXPECT_EQ(org.requests() - before, 1U);
}

TEST(Dynamics365Related, LooksForManyCustomersByWhatTellsThemApart) {
  TestOrg org;
  for (const char* name : {"Alder", "Birch", "Cedar", "Dogwood", "Elm"}) {
    org.create_account(R"({"name":")" + std::string(name) + R"(","address1_postalcode":"1010"})");
  }
  auto queries = customers_called({"Alder", "Birch", "Nobody"});
  for (RelatedQuery& q : queries) q.match["address1_postalcode"] = text_value("1010");
  Call call = org.call();
  const auto found = org.connector->related_to_each(call, queries);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ((*found)[0].size() + (*found)[1].size(), 2U);
  EXPECT_TRUE((*found)[2].empty());
  EXPECT_THAT(org.asked.back(), HasSubstr("name eq 'Birch'")) << "not everybody at that place";
}

TEST(Dynamics365Related, FindsManyCustomersWithLongNamesInLettersThatTakeManyBytes) {
  TestOrg org;
  std::vector<std::string> names;
  std::string long_name;
  for (int i = 0; i < 25; ++i) long_name += "\u041E\u0431\u0449\u0435\u0441";  // 750 bytes of an address
  for (int i = 0; i < 99; ++i) names.push_back(long_name + std::to_string(i));
  const std::string last = org.create_account(R"({"name":")" + names.back() + R"("})");
  Call call = org.call();
  const auto before = org.requests();
  const auto found = org.connector->related_to_each(call, customers_called(names));
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->back().size(), 1U);
  EXPECT_EQ(found->back().front().id.value, last);
  EXPECT_EQ(org.requests() - before, 1U);
}

TEST(Dynamics365Related, FindsOwnersByMailAndLeavesOutThoseWhoLeft) {
  TestOrg org;
  const auto users =
      related(org, RecordKind::owner, {{"isdisabled", Value(false)}}, {"fullname", "internalemailaddress"});
  ASSERT_GE(users.size(), 2U);
  const Observation& one = users.back();
  const auto found = related(org, RecordKind::owner, {{"email", one.columns.at("internalemailaddress")}}, {"fullname"});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].id, one.id);
  EXPECT_EQ(related(org, RecordKind::owner, {{"id", text_value(one.id.value)}}, {}).size(), 1U);
  EXPECT_TRUE(related(org, RecordKind::owner, {{"id", text_value("nobody")}}, {}).empty());
  Call call = org.call();
  EXPECT_FALSE(org.connector->related(call, {}));
}

}  // namespace
}  // namespace cosell::test
