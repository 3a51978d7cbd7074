// Writing: few calls, one outcome for each operation, and never a second record or a value lost.
#include <gmock/gmock.h>

#include "tests/unit/salesforce/test_org.h"

namespace cosell::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(SalesforcePush, CreatesByKeyOnceHoweverOftenItIsAsked) {
  TestOrg org;
  const auto first = push(org, {create_of("ref-1", new_deal("A"))});
  ASSERT_TRUE(applied_in(first[0])) << error_in(first[0])->message;
  EXPECT_TRUE(applied_in(first[0])->created);
  EXPECT_TRUE(applied_in(first[0])->version.empty());
  const auto second = push(org, {create_of("ref-1", new_deal("A"))});
  ASSERT_TRUE(applied_in(second[0]));
  EXPECT_FALSE(applied_in(second[0])->created);
  EXPECT_EQ(applied_in(second[0])->id, applied_in(first[0])->id);
  EXPECT_EQ(pull_all(org, {"Name"}).seen.size(), 1U);
  EXPECT_EQ(fetch(org, {by_key("ref-1")}, {"Name"}).size(), 1U);
}

TEST(SalesforcePush, WritesEveryTypeSoThatItReadsBackEqual) {
  TestOrg org;
  Columns changes = new_deal("Grüße 🚀 \"quoted\" \\ 'it'");
  changes["Amount"] = Value(Money{123456789012, "EUR"});
  changes["Cosell_Since__c"] = Value(*parse_instant("2026-11-20T10:00:00Z"));
  changes["Cosell_Sync__c"] = Value(true);
  changes["NextStep"] = text_value("line");
  const auto done = push(org, {create_of("ref-1", changes)});
  ASSERT_TRUE(applied_in(done[0])) << error_in(done[0])->detail;
  const RecordId id = applied_in(done[0])->id;
  auto rows =
      fetch(org, {by_id(id.value)}, {"Name", "Amount", "Cosell_Since__c", "Cosell_Sync__c", "NextStep", "CloseDate"});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].columns.at("Amount"), Value(Number{"1234567890.12"}));
  for (const char* same : {"Name", "Cosell_Since__c", "Cosell_Sync__c", "NextStep", "CloseDate"}) {
    EXPECT_EQ(rows[0].columns.at(same), changes.at(same)) << same;
  }
  EXPECT_EQ(rows[0].key.value, "ref-1");

  ASSERT_TRUE(
      applied_in(push(org, {update_of(id.value, {{"NextStep", Value()}, {"Amount", Value(Number{"0.07"})}})})[0]));
  EXPECT_TRUE(is_blank(value_of(org, id.value, "NextStep")));
  EXPECT_EQ(value_of(org, id.value, "Amount"), Value(Number{"0.07"}));
  EXPECT_EQ(value_of(org, id.value, "Name"), changes.at("Name")) << "what was not written stays";
}

TEST(SalesforcePush, WritesDaysAndMomentsAsTheirColumnsTakeThem) {
  TestOrg org;
  pull_all(org, {"Name", "Cosell_Since__c"});  // tells the type
  const auto before = org.requests();
  Columns changes = new_deal("A");
  changes["CloseDate"] = Value(*parse_instant("2027-01-31T23:30:00Z"));
  changes["Cosell_Since__c"] = Value(*parse_date("2026-11-20"));
  const auto done = push(org, {create_of("ref-1", changes)});
  ASSERT_TRUE(applied_in(done[0])) << error_in(done[0])->message;
  EXPECT_EQ(org.requests() - before, 1U);
  const std::string id = applied_in(done[0])->id.value;
  EXPECT_EQ(value_of(org, id, "CloseDate"), Value(*parse_date("2027-01-31")));
  EXPECT_EQ(value_of(org, id, "Cosell_Since__c"), Value(*parse_instant("2026-11-20T00:00:00Z")));
  EXPECT_THAT(org.bodies, testing::Contains(HasSubstr(R"("Cosell_Since__c":"2026-11-20T00:00:00)")));
  TestOrg other;
  push(other, {create_of("ref-1", new_deal("A")), create_of("ref-2", changes)});
  EXPECT_EQ(other.requests(), 1U) << "nothing is asked for it";
}

TEST(SalesforcePush, AValueOfAnotherTypeRefusesItsOwnRowOnly) {
  for (const char* refuses : {"call", "record"}) {
    TestOrg org;
    org.set(R"({"wrong_type_refuses":")" + std::string(refuses) + R"("})");
    const bool whole = std::string(refuses) == "call";
    std::vector<Operation> creates;
    for (int i = 0; i < 400; ++i) creates.push_back(create_of("ref-" + std::to_string(i), new_deal("D")));
    creates[137].changes["Amount"] = text_value("much");
    auto done = push(org, creates);
    for (std::size_t i = 0; i < done.size(); ++i) ASSERT_EQ(kind_of(done[i]), i == 137 ? "rejected" : "applied") << i;
    EXPECT_THAT(error_in(done[137])->message, HasSubstr("much"));
    EXPECT_LE(org.requests(), whole ? 2U + 16U : 2U);

    // Compared rows are compared again, since time has passed.
    std::vector<Operation> updates;
    for (int i = 0; i < 8; ++i) {
      updates.push_back(update_of(applied_in(done[static_cast<std::size_t>(i)])->id.value,
                                  {{"Amount", Value(Number{"5"})}}, {{"Name", text_value("D")}}));
    }
    updates[2].changes["Amount"] = text_value("much");
    updates[5].expected["Name"] = text_value("other");
    const auto before = org.requests();
    done = push(org, updates);
    for (std::size_t i = 0; i < done.size(); ++i) {
      EXPECT_EQ(kind_of(done[i]), i == 2 ? "rejected" : i == 5 ? "precondition" : "applied") << i;
    }
    EXPECT_LE(org.requests() - before, whole ? 2U + 2U * 6U : 2U);
  }
}

// The user lost a right in the middle of the day: the next call would be refused as well.

TEST(SalesforcePush, DoesNotWriteOverAnEditMadeMeanwhile) {
  TestOrg org;
  const std::string a = org.create("A", R"(,"Amount":1)");
  const std::string b = org.create("B", R"(,"Amount":1)");
  const std::string c = org.create("C", R"(,"Amount":1)");
  org.edit(a, R"({"Amount":99})");
  org.edit(b, R"({"NextStep":"somebody else's field"})");
  std::vector<Operation> ops;
  for (const std::string& id : {a, b, c}) {
    ops.push_back(update_of(id, {{"Amount", Value(Number{"2"})}}, {{"Amount", Value(Number{"1"})}}));
  }
  const auto done = push(org, ops);
  ASSERT_EQ(kind_of(done[0]), "precondition");
  EXPECT_THAT(error_in(done[0])->fields, ElementsAre("Amount"));
  EXPECT_EQ(kind_of(done[1]), "applied") << "another column was edited";
  EXPECT_EQ(kind_of(done[2]), "applied");
  EXPECT_EQ(value_of(org, a, "Amount"), Value(Number{"99"}));
  EXPECT_EQ(value_of(org, b, "Amount"), Value(Number{"2"}));
}

TEST(SalesforcePush, ComparesValuesOfEveryTypeBeforeItWrites) {
  TestOrg org;
  const std::string a = org.create("A", R"(,"Cosell_Since__c":"2026-11-20T10:00:00Z","Cosell_Sync__c":true)");
  const Columns same = {{"Name", text_value("A ")},
                        {"CloseDate", Value(Date{2027, 1, 31})},
                        {"Cosell_Since__c", Value(*parse_instant("2026-11-20T10:00:00Z"))},
                        {"Cosell_Sync__c", Value(true)},
                        {"Amount", Value()},
                        {"Account.Name", text_value("of another record")}};
  EXPECT_EQ(kind_of(push(org, {update_of(a, {{"NextStep", text_value("x")}}, same)})[0]), "applied");
  for (const auto& [name, other] : Columns{{"CloseDate", Value(Date{2027, 1, 30})},
                                           {"Cosell_Since__c", Value()},
                                           {"Cosell_Sync__c", Value(false)},
                                           {"Amount", Value(Number{"1"})},
                                           {"Name", text_value("a")}}) {
    Columns expected = same;
    expected[name] = other;
    EXPECT_EQ(kind_of(push(org, {update_of(a, {{"NextStep", text_value("y")}}, expected)})[0]), "precondition") << name;
  }
}

TEST(SalesforcePush, RefusesAnAmountThatProductsMakeUp) {
  TestOrg org;
  const std::string with = org.create("With", R"(,"Amount":100)");
  const std::string without = org.create("Without", R"(,"Amount":100)");
  org.edit(with, R"({"HasOpportunityLineItem":true})");
  const Columns expected = {{"Amount", Value(Number{"100"})}};
  const Columns amount = {{"Amount", Value(Number{"50"})}};
  auto done = push(org, {update_of(with, amount, expected), update_of(without, amount, expected)});
  ASSERT_EQ(kind_of(done[0]), "rejected") << "Salesforce takes the write and keeps the sum of the products";
  EXPECT_EQ(error_in(done[0])->rule, "CALCULATED_AMOUNT");
  EXPECT_THAT(error_in(done[0])->fields, ElementsAre("Amount"));
  EXPECT_EQ(kind_of(done[1]), "applied");
  EXPECT_EQ(org.requests(), 2U) << "the comparison tells it";
  done = push(org, {update_of(with, {{"NextStep", text_value("x")}}, {{"Name", text_value("With")}}),
                    update_of(with, {{"Amount", Value(Number{"50"})}})});
  EXPECT_EQ(kind_of(done[0]), "applied");
  EXPECT_EQ(kind_of(done[1]), "rejected") << "looked at although there is nothing to compare";
}

TEST(SalesforcePush, WritesAmountsWhereTheUserMayNotSeeWhetherThereAreProducts) {
  TestOrg org;
  const std::string a = org.create("A", R"(,"Amount":100)");
  org.set(R"({"missing_columns":["HasOpportunityLineItem"]})");
  const auto done = push(org, {update_of(a, {{"Amount", Value(Number{"50"})}}, {{"Amount", Value(Number{"100"})}})});
  EXPECT_EQ(kind_of(done[0]), "applied");
}

TEST(SalesforcePush, TellsThatARecordIsGone) {
  TestOrg org;
  const std::string a = org.create("A");
  org.control("edit", R"({"id":")" + a + R"(","delete":true})");
  const auto done = push(org, {update_of(a, {{"NextStep", text_value("x")}}, {{"Name", text_value("A")}}),
                               update_of(a, {{"NextStep", text_value("x")}}),
                               update_of("006000000000999AAA", {{"NextStep", text_value("x")}}),
                               update_of("no id", {{"NextStep", text_value("x")}})});
  for (const Outcome& o : done) EXPECT_EQ(kind_of(o), "not_found");
}

TEST(SalesforcePush, KeepsWholeCharactersOfWhatARuleSays) {
  for (const char* pad : {"", "x", "xx"}) {
    TestOrg org;
    std::string said = pad;
    while (said.size() < 3000) said += "Größe unzulässig 🚫 ";
    org.set(R"({"validation_rules":[{"field":"Amount","operator":">","value":100,"message":")" + said + R"("}]})");
    const auto done = push(org, {update_of(org.create("A"), {{"Amount", Value(Number{"101"})}})});
    ASSERT_EQ(kind_of(done[0]), "rejected");
    EXPECT_TRUE(text::is_valid_utf8(error_in(done[0])->message)) << pad;
    EXPECT_TRUE(text::is_valid_utf8(error_in(done[0])->detail)) << pad;
    EXPECT_LE(error_in(done[0])->detail.size(), 1000U);
  }
}

TEST(SalesforcePush, CreatesAccountsAndSaysThatTheyAreNew) {
  TestOrg org;
  Operation account;
  account.id = OperationId("acc");
  account.kind = RecordKind::account;
  account.verb = Verb::create;
  account.changes = {{"Name", text_value("Fabrikam")}, {"BillingCountry", text_value("Germany")}};
  const auto done = push(org, {account, create_of("k", new_deal("A"))});
  ASSERT_TRUE(applied_in(done[0])) << error_in(done[0])->detail;
  EXPECT_TRUE(applied_in(done[0])->created);
  EXPECT_EQ(applied_in(done[0])->id.value.substr(0, 3), "001");
  EXPECT_EQ(kind_of(done[1]), "applied");
}

// One collection travels alone, several in a composite, whose parts do not take over the headers of the whole.
TEST(SalesforcePush, ObeysTheDuplicateRulesOfTheOrganisation) {
  for (const bool detection : {true, false}) {
    for (const std::string rule : {"off", "alert", "block"}) {
      for (const int accounts : {1, 3}) {
        SCOPED_TRACE(rule + (detection ? " obeyed " : " passed over ") + std::to_string(accounts));
        SalesforceSettings settings = TestOrg::default_settings();
        settings.duplicate_detection = detection;
        settings.collection_size = 1;
        TestOrg org(settings);
        const std::string other = org.create_account(R"({"Name":"Fabrikam"})");
        const std::string renamed = org.create_account(R"({"Name":"Fabrikam Labs"})");
        org.set(R"({"duplicate_rule":")" + rule + R"("})");
        std::vector<Operation> operations;
        for (int i = 0; i < accounts; ++i) {
          Operation account;
          account.id = OperationId("acc-" + std::to_string(i));
          account.kind = RecordKind::account;
          account.verb = Verb::create;
          account.changes = {{"Name", text_value("Fabrikam")}};
          operations.push_back(std::move(account));
        }
        operations.push_back(update_of(renamed, {{"Name", text_value("Fabrikam")}}));
        operations.back().kind = RecordKind::account;
        const bool saved = rule == "off" || (rule == "alert" && !detection);
        for (const Outcome& o : push(org, operations)) {
          EXPECT_EQ(kind_of(o), saved ? "applied" : "rejected") << told(o);
          if (saved || error_in(o) == nullptr) continue;
          EXPECT_EQ(error_in(o)->rule, "DUPLICATES_DETECTED");
          EXPECT_THAT(error_in(o)->message, AllOf(HasSubstr("use or merge the one that is there"),
                                                  HasSubstr(R"("duplicate_detection": false)"),
                                                  HasSubstr("You're creating a duplicate record")));
        }
      }
    }
  }
}

TEST(SalesforcePush, DoesNotTakeTheRecordOfAnotherCreateForItsOwn) {
  TestOrg org;
  // The result of the first create got lost; the second one's stands in its place.
  org.faults(
      R"([{"match":{"method":"POST","path":"/services/data/{id}/composite/{id}"},"action":{"kind":"status","status":200,"body":
    [{"id":"006000000000002AAA","success":true,"created":true,"errors":[]}]}}])");
  for (const Outcome& o : push(org, {create_of("ref-1", new_deal("A")), create_of("ref-2", new_deal("B"))})) {
    EXPECT_EQ(kind_of(o), "unknown");
  }
}

TEST(SalesforcePush, TellsWhatIsKeptOfANumberWithMoreDecimalsThanItsColumnHolds) {
  TestOrg org;
  Columns changes = new_deal("A");
  changes["Amount"] = Value(Number{"1234.567"});
  const auto done = push(org, {create_of("ref-1", changes), create_of("ref-2", new_deal("B"))});
  ASSERT_TRUE(applied_in(done[0]));
  EXPECT_EQ(applied_in(done[0])->shown, (Columns{{"Amount", Value(Number{"1234.57"})}}));
  EXPECT_TRUE(applied_in(done[1])->shown.empty());
  const std::string id = applied_in(done[0])->id.value;
  const auto again = push(org, {update_of(id, {{"Amount", Value(Number{"0.005"})}})});
  EXPECT_EQ(applied_in(again[0])->shown, (Columns{{"Amount", Value(Number{"0.01"})}}));
  // Two decimals cost nothing.
  const auto before = org.requests();
  const auto cents = push(org, {create_of("ref-3", new_deal("C"))});
  EXPECT_EQ(org.requests() - before, 1U);
  EXPECT_TRUE(applied_in(cents[0])->shown.empty());
  // A look that fails leaves the write as it is.
  org.faults(
      R"([{"match":{"method":"POST","path":"/services/data/v60.0/composite/sobjects/Opportunity"},"times":0,
           "action":{"kind":"status","status":400}}])");
  changes["Amount"] = Value(Number{"5.555"});
  const auto blind = push(org, {create_of("ref-4", changes)});
  ASSERT_TRUE(applied_in(blind[0]));
  EXPECT_TRUE(applied_in(blind[0])->shown.empty());
}

// What left before a push ended early was rounded all the same.

TEST(SalesforcePush, TellsWhatIsKeptAlsoWhereTheRestOfThePushWasThrottled) {
  TestOrg org;
  const std::string there = org.create("Z");
  Columns rounded = new_deal("A");
  rounded["Amount"] = Value(Number{"1234.567"});
  const Operation compared = update_of(there, {{"NextStep", text_value("new")}}, {{"NextStep", Value()}});
  org.faults(R"([{"match":{"method":"POST","path":"/services/data/v60.0/composite/sobjects/Opportunity"},
                  "action":{"kind":"throttle","retry_after":400}}])");
  const auto done = push(org, {create_of("ref-1", rounded), compared});
  ASSERT_TRUE(applied_in(done[0]));
  EXPECT_EQ(kind_of(done[1]), "throttled");
  EXPECT_EQ(applied_in(done[0])->shown, (Columns{{"Amount", Value(Number{"1234.57"})}}));
}

TEST(SalesforceRounding, KnowsWhatAColumnMayHaveMadeOfANumber) {
  const auto made = [](const char* sent, const char* kept) { return rounds_to(Number{sent}, Number{kept}); };
  EXPECT_TRUE(made("1234.567", "1234.57"));
  EXPECT_TRUE(made("1234.564", "1234.56"));
  EXPECT_TRUE(made("1234.565", "1234.56")) << "half to even";
  EXPECT_TRUE(made("1234.5", "1235"));
  EXPECT_TRUE(made("999.996", "1000"));
  EXPECT_TRUE(made("0.001", "0"));
  EXPECT_TRUE(made("-0.001", "0"));
  EXPECT_TRUE(made("-7.006", "-7.01"));
  EXPECT_FALSE(made("1234.567", "1234.567"));
  EXPECT_FALSE(made("1234.567", "1234.58"));
  EXPECT_FALSE(made("1234.567", "1234.55"));
  EXPECT_FALSE(made("1234.567", "1200"));
  EXPECT_FALSE(made("7.006", "-7.01"));
  EXPECT_FALSE(made("1234", "1234"));
  EXPECT_FALSE(made("1234.5", "1234.56"));
}

TEST(SalesforcePush, RefusesWhatItMustNotWrite) {
  TestOrg org;
  const std::string a = org.create("A");
  EXPECT_EQ(kind_of(push(org, {update_of(a, {{"Account.Name", text_value("x")}})})[0]), "config");
  EXPECT_EQ(kind_of(push(org, {update_of(a, {{"NextStep", Value(std::vector<Person>{})}})})[0]), "config");
  EXPECT_EQ(kind_of(push(org, {create_of("", new_deal("x"))})[0]), "bug");
  EXPECT_EQ(kind_of(push(org, {update_of(a, {})})[0]), "applied") << "nothing to write is done at once";
  EXPECT_EQ(org.requests(), 0U);
  org.set(R"({"multi_currency":false})");
  pull_all(org, {"Name", "CurrencyIsoCode"});
  EXPECT_EQ(kind_of(push(org, {update_of(a, {{"CurrencyIsoCode", text_value("USD")}})})[0]), "rejected");
}

}  // namespace
}  // namespace cosell::test
