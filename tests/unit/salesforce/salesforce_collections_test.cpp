// How writes share a call: as many as the organisation takes, and each row with an outcome of its own.
#include <gmock/gmock.h>

#include "tests/unit/salesforce/test_org.h"

namespace cosell::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Versions before 48.0 do not know the member, and keep the order without it.

TEST(SalesforceCollections, AsksForTheOrderOfItsCollectionsWhereTheVersionCanBeAsked) {
  for (const auto& [version, asks] : {std::pair{"v47.0", false}, std::pair{"v48.0", true}}) {
    SalesforceSettings settings = TestOrg::default_settings();
    settings.api_version = version;
    TestOrg org(settings);
    for (const Outcome& o : push(org, creates_of(600, "ref-"))) ASSERT_EQ(kind_of(o), "applied") << told(o);
    ASSERT_TRUE(text::ends_with(org.asked.back(), "/composite"));
    EXPECT_EQ((org.bodies.back().find(R"("collateSubrequests":false)") != std::string::npos), asks) << version;
  }
}

TEST(SalesforceCollections, SearchesOnlySoLongForTheRowsThatRefuseACollection) {
  TestOrg org;
  std::vector<Operation> creates;
  for (int i = 0; i < 200; ++i) {
    creates.push_back(create_of("ref-" + std::to_string(i), new_deal("D")));
    creates.back().changes["Amount"] = text_value("much");
  }
  std::size_t found = 0;
  for (const Outcome& o : push(org, creates)) {
    if (kind_of(o) == "rejected") {
      ++found;
    } else {
      EXPECT_EQ(kind_of(o), "transient") << "it is not known that it is wrong: it goes out again";
    }
  }
  EXPECT_GT(found, 0U);
  EXPECT_LE(org.requests(), 25U);
}

TEST(SalesforceCollections, SendsACollectionAgainThatWasRefusedWholeBesideOneThatIsAskedToWait) {
  TestOrg org;
  push(org, creates_of(200, "first-"));  // quick: several collections share a call now
  const std::string words =
      R"({"errorCode":"REQUEST_LIMIT_EXCEEDED","statusCode":"REQUEST_LIMIT_EXCEEDED","message":"x"})";
  const std::string wrong = R"({"errorCode":"JSON_PARSER_ERROR","message":"y"})";
  std::string rows;
  for (int i = 0; i < 200; ++i) rows += std::string(i > 0 ? "," : "") + R"({"success":false,"errors":[)" + words + "]}";
  org.faults(R"([{"match":{"path":"/services/data/v60.0/composite"},"action":{"kind":"status","status":200,"body":
    {"compositeResponse":[{"referenceId":"part0","httpStatusCode":200,"body":[)" +
             rows + R"(]},
                          {"referenceId":"part1","httpStatusCode":400,"body":[)" +
             wrong + "]}]}}}]");
  const auto before = org.requests();
  for (const Outcome& o : push(org, creates_of(400, "ref-"))) ASSERT_EQ(kind_of(o), "throttled");
  EXPECT_EQ(org.requests() - before, 1U);
}

TEST(SalesforceCollections, LooksForTheWrongRowOfEachCollectionThatSharesACall) {
  TestOrg org;
  push(org, creates_of(200, "first-"));
  std::vector<Operation> creates = creates_of(800, "ref-");
  for (const std::size_t wrong : {100U, 300U, 500U, 700U}) creates[wrong].changes["Amount"] = text_value("much");
  const auto done = push(org, creates);
  for (std::size_t i = 0; i < done.size(); ++i) EXPECT_EQ(kind_of(done[i]), i % 200 == 100 ? "rejected" : "applied");
}

TEST(SalesforceCollections, Sends200RowsInOneCallWhereCollectionsTravelAlone) {
  SalesforceSettings settings = TestOrg::default_settings();
  settings.collections_per_call = 1;
  TestOrg org(settings);
  std::vector<Operation> creates;
  for (int i = 0; i < 450; ++i)
    creates.push_back(create_of("ref-" + std::to_string(i), new_deal("D" + std::to_string(i))));
  auto before = org.requests();
  const auto made = push(org, creates);
  EXPECT_EQ(org.requests() - before, 3U);

  std::vector<Operation> updates;
  std::vector<Operation> guarded;
  for (std::size_t i = 0; i < 200; ++i) {
    ASSERT_TRUE(applied_in(made[i])) << error_in(made[i])->detail;
    const std::string id = applied_in(made[i])->id.value;
    updates.push_back(update_of(id, {{"NextStep", text_value("call")}}));
    guarded.push_back(update_of(id, {{"NextStep", text_value("write")}}, {{"NextStep", text_value("call")}}));
  }
  before = org.requests();
  push(org, updates);
  EXPECT_EQ(org.requests() - before, 1U);
  before = org.requests();
  for (const Outcome& o : push(org, guarded)) EXPECT_EQ(kind_of(o), "applied");
  EXPECT_EQ(org.requests() - before, 2U);
}

TEST(SalesforceCollections, PacksFiveCollectionsIntoOneCallOnceTheOrganisationWasQuick) {
  TestOrg org;
  EXPECT_EQ(org.connector->capabilities().batch_max, 1000);
  std::vector<Operation> creates = creates_of(1000, "ref-");
  creates[431].changes.erase("StageName");
  const auto made = push(org, creates);
  EXPECT_EQ(org.requests(), 2U) << "one collection, then four";
  for (std::size_t i = 0; i < made.size(); ++i) EXPECT_EQ(kind_of(made[i]), i == 431 ? "rejected" : "applied") << i;
  EXPECT_EQ(pull_all(org, {"Name"}).seen.size(), 999U);
  const auto before = org.requests();
  push(org, creates_of(1000, "other-"));
  EXPECT_EQ(org.requests() - before, 1U);
}

TEST(SalesforceCollections, PacksFewerCollectionsAfterAnAnswerWasLostUntilTheOrganisationIsQuickAgain) {
  for (const char* lost : {R"({"kind":"drop_after"})", R"({"kind":"html","status":200})"}) {
    TestOrg org;
    push(org, creates_of(200, "a"));
    org.faults(R"([{"match":{"path":"/services/data/v60.0/composite"},"action":)" + std::string(lost) + "}]");
    for (const Outcome& o : push(org, creates_of(1000, "b"))) EXPECT_EQ(kind_of(o), "unknown");
    auto before = org.requests();
    push(org, creates_of(1000, "c"));
    EXPECT_EQ(org.requests() - before, 2U) << "two collections, then three";
    before = org.requests();
    push(org, creates_of(1000, "d"));
    EXPECT_EQ(org.requests() - before, 1U);
  }
}

// What is compared first is written right behind it: the less time between, the less can be edited in it.

TEST(SalesforceCollections, NeverPacksACollectionThatIsComparedFirst) {
  TestOrg org;
  const auto made = push(org, creates_of(400, "ref-"));
  std::vector<Operation> updates;
  for (const Outcome& o : made) {
    updates.push_back(update_of(applied_in(o)->id.value, {{"NextStep", text_value("new")}}, {{"NextStep", Value()}}));
  }
  const auto before = org.requests();
  for (const Outcome& o : push(org, updates)) EXPECT_EQ(kind_of(o), "applied");
  EXPECT_EQ(org.requests() - before, 4U) << "look, write, look, write";
}

TEST(SalesforceCollections, GivesEachRowOfABatchItsOwnOutcome) {
  TestOrg org;
  org.set(
      R"({"validation_rules":[{"field":"Amount","operator":">","value":100,"message":"Too large for this team."}]})");
  const std::string locked = org.create("Locked");
  org.set(R"({"locked_ids":[")" + locked + R"("]})");
  const std::string fine = org.create("Fine");
  Columns nameless = new_deal("x");
  nameless.erase("Name");
  Columns stage = new_deal("x");
  stage["StageName"] = text_value("No such stage");
  const auto done = push(org, {create_of("k1", nameless), update_of(fine, {{"Amount", Value(Number{"101"})}}),
                               create_of("k2", new_deal(std::string(121, 'n'))),
                               update_of(locked, {{"NextStep", text_value("n")}}), create_of("k3", stage),
                               create_of("k4", new_deal("Good")), update_of(fine, {{"NextStep", text_value("n")}})});
  const auto expect = [&](std::size_t i, const char* kind, const char* rule) {
    EXPECT_EQ(kind_of(done[i]), kind) << i;
    ASSERT_NE(error_in(done[i]), nullptr) << i;
    EXPECT_EQ(error_in(done[i])->rule, rule) << i;
  };
  expect(0, "rejected", "REQUIRED_FIELD_MISSING");
  EXPECT_THAT(error_in(done[0])->fields, ElementsAre("Name"));
  expect(1, "rejected", "FIELD_CUSTOM_VALIDATION_EXCEPTION");
  EXPECT_THAT(error_in(done[1])->message, HasSubstr("Too large for this team."));
  expect(2, "rejected", "STRING_TOO_LONG");
  expect(3, "transient", "UNABLE_TO_LOCK_ROW");
  expect(4, "rejected", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
  EXPECT_EQ(kind_of(done[5]), "applied");
  EXPECT_EQ(kind_of(done[6]), "applied");
}

TEST(SalesforceCollections, KeepsTheOrderOfTwoWritesToOneRecord) {
  TestOrg org;
  const std::string a = org.create("A");
  const std::string b = org.create("B");
  const auto done =
      push(org, {update_of(a, {{"NextStep", text_value("first")}}), update_of(b, {{"NextStep", text_value("b")}}),
                 update_of(a, {{"NextStep", text_value("second")}})});
  for (const Outcome& o : done) EXPECT_EQ(kind_of(o), "applied");
  EXPECT_EQ(org.requests(), 2U);
  EXPECT_EQ(value_of(org, a, "NextStep"), text_value("second"));
}

}  // namespace
}  // namespace cosell::test
