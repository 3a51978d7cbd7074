// A mapping compared with what the CRM really has.
#include <gtest/gtest.h>

#include "mapping_fixture.h"

namespace cosell::mapping {
namespace {

Mapping pipeline() {
  return mapping_from(R"({ "base": true, "select": "all", "bridge": { "referral_id": "Ref__c", "state": "State__c" },
"stages": { "column": "StageName", "map": {
"Lead": 10,
"Fit": 20,
"Proof": 40,
"Offer": 60,
"Talks": 80,
"Old talks": 80,
"Won": "won",
"Lost": "lost" },
"write_back": { "80": "Talks" } },
"fields": { "name": "Name",
"value": { "column": "Amount", "currency_column": "CurrencyIsoCode" } } })");
}

std::vector<LiveStage> live_stages() {
  return {{"Lead", "Lead"},           {"Fit", "Fit"}, {"Proof", "Proof"}, {"Offer", "Offer"}, {"Talks", "Talks"},
          {"Old talks", "Old talks"}, {"Won", "Won"}, {"Lost", "Lost"}};
}
std::vector<LiveColumn> live_columns() {
  return {{"StageName"}, {"Name"}, {"Amount"}, {"CurrencyIsoCode"}, {"Ref__c"}, {"State__c"}, {"Other"}};
}

TEST(LiveCheck, FindsNothingWhenEverythingIsThere) {
  EXPECT_EQ(texts_of(check_against_live(pipeline(), live_stages(), live_columns())), "");
  EXPECT_EQ(texts_of(check_against_live(pipeline(), {}, {})), "");  // nothing known, nothing to say
}

TEST(LiveCheck, NamesStagesThatTheCrmDoesNotHave) {
  auto stages = live_stages();
  stages[2] = {"Proofs", "Proofs"};
  const auto findings = check_against_live(pipeline(), stages, {});
  EXPECT_EQ(texts_of(findings),
            "acme.jsonc:2:1: the CRM's stage \"Proofs\" is not mapped; deals in it will wait; add \"Proofs\": … to the "
            "stage table\n"
            "acme.jsonc:5:1: the CRM has no stage \"Proof\", and it is the one that is written for 40; did you mean "
            "\"Proofs\"?\n");
}

TEST(LiveCheck, OnlyWarnsOfAMissingStageThatIsNeverWritten) {
  auto stages = live_stages();
  stages.erase(stages.begin() + 5);
  EXPECT_EQ(findings_of(check_against_live(pipeline(), stages, {})), "~8:1 stage-not-live");
}

TEST(LiveCheck, TellsLabelsFromStableValues) {
  auto stages = live_stages();
  stages[0] = {"lead_1", "Lead"};
  const auto findings = check_against_live(pipeline(), stages, {});
  ASSERT_EQ(findings_of(findings), "2:1 stage-not-mapped\n3:1 stage-not-live");
  EXPECT_EQ(findings[0].message, "the CRM's stage \"lead_1\" (Lead) is not mapped; deals in it will wait");
  EXPECT_EQ(findings[1].remedy, "\"Lead\" is a label; its stable value is \"lead_1\"");
}

TEST(LiveCheck, NamesInactiveStages) {
  auto stages = live_stages();
  stages[4].active = false;  // Talks is written back for 80
  stages[5].active = false;  // Old talks is not
  stages.push_back({"Retired", "Retired", false});
  EXPECT_EQ(findings_of(check_against_live(pipeline(), stages, {})), "~2:1 stage-not-mapped\n7:1 stage-inactive");
}

TEST(LiveCheck, NamesColumnsThatAreMissingOrLocked) {
  auto columns = live_columns();
  columns[1].name = "Names";
  columns.erase(columns.begin() + 3);  // CurrencyIsoCode
  columns[2].writable = false;         // Amount
  columns.pop_back();
  columns.pop_back();  // State__c
  const auto findings = check_against_live(pipeline(), live_stages(), columns);
  EXPECT_EQ(
      texts_of(findings),
      "acme.jsonc:1:80: the CRM has no column \"State__c\"; install the bridge's columns, or name another column in "
      "\"bridge\"\n"
      "acme.jsonc:12:21: the CRM has no column \"Name\"; did you mean \"Names\"?\n"
      "acme.jsonc:13:10: the CRM has no column \"CurrencyIsoCode\"; with one currency only, write \"currency\": "
      "\"EUR\" in \"value\"\n"
      "acme.jsonc:13:10: the column \"Amount\" may not be written; give the bridge's user the right to edit it, or "
      "make the field \"to_partner_center\"\n");
}

TEST(LiveCheck, AsksForParentColumnsOnlyWhereTheyAreListed) {
  const Mapping mapping = mapping_from(R"({ "extends": "salesforce" })");
  std::vector<LiveColumn> own;
  for (const std::string& c : mapping.columns_read()) {
    if (c.find('.') == std::string::npos) own.push_back({c});
  }
  EXPECT_EQ(texts_of(check_against_live(mapping, {}, own)), "");
  own.push_back({"Account.Name"});
  EXPECT_NE(texts_of(check_against_live(mapping, {}, own)).find("Account.BillingCity"), std::string::npos);
}

TEST(LiveCheck, TakesTenThousandEntriesAgainstFiveThousandStages) {
  std::string map;
  std::vector<LiveStage> live;
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = "stage " + std::to_string(i);
    map += (i == 0 ? "\"" : ",\n\"") + name + "\": " + (i % 2 == 0 ? "10" : "20");
    if (i < 5'000) live.push_back({name, name});
  }
  const Mapping mapping = mapping_from("{ \"extends\": \"salesforce\", \"stages\": { \"map\": {\n" + map +
                                       "\n}, \"write_back\": { \"10\": \"stage 0\", \"20\": \"stage 1\" } } }");
  EXPECT_EQ(mapping.mapped_stages().size(), 10'000U);
  EXPECT_EQ(check_against_live(mapping, live, {}).size(), 5'000U);
}

}  // namespace
}  // namespace cosell::mapping
