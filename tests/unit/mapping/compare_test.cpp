// Two mappings side by side: what differs is named, whatever part of the file it stands in.
#include "mapping/compare.h"

#include <gmock/gmock.h>

#include "tests/unit/mapping/mapping_fixture.h"

namespace cosell::mapping {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string with(const std::string& more) {
  return R"({ "extends": "salesforce", "fields": { "location": { "constant": "1234567" },
    "consent_contact": { "statement": "Agreed", "signed_by": "Ida Berg", "date": "2026-01-31" } })" +
         more + " }";
}

// "what: before -> after"
std::vector<std::string> told(const std::string& before, const std::string& after) {
  const Beside shipped = {{"salesforce", file_text("mappings/salesforce.jsonc")}};
  std::vector<std::string> lines;
  for (const Difference& d : differences(mapping_from(with(before), shipped), mapping_from(with(after), shipped))) {
    lines.push_back(d.what + ": " + d.before + " -> " + d.after);
  }
  return lines;
}

TEST(Compare, FindsNothingWhereOnlyCommentsDiffer) { EXPECT_THAT(told("", "/* the same */"), IsEmpty()); }

TEST(Compare, NamesWhichDealsTakePart) {
  EXPECT_THAT(told("", R"(, "select": "all")"), ElementsAre("deals that take part: Cosell_Sync__c is yes -> all"));
  EXPECT_THAT(told("", R"(, "referrals": { "create_in_crm": "none" })"),
              ElementsAre("opportunities created in the CRM: for referrals that somebody sent -> never"));
}

TEST(Compare, NamesCustomersOwnersAndMatching) {
  EXPECT_THAT(told("", R"(, "customer": { "none": "wait" })"),
              ElementsAre("customer that is not found: is created -> is waited for"));
  EXPECT_THAT(told("", R"(, "matching": { "sure": 101 })"),
              ElementsAre("matching: customer 35, name 40, value 15, close date 10; sure from 85, doubtful from 55 -> "
                          "customer 35, name 40, value 15, close date 10; sure from 101, doubtful from 55"));
  EXPECT_THAT(told("", R"(, "bridge": { "state": "Our_State__c" })"),
              ElementsAre("column for state: Cosell_State__c -> Our_State__c"));
}

TEST(Compare, NamesStagesThatMoveBack) {
  EXPECT_THAT(told("", R"(, "stages": { "backward": "follow" })"),
              ElementsAre("a stage that moves back: hold -> follow"));
}

TEST(Compare, TellsOfADealWhoseStageCannotBeReadOnce) {
  const Beside shipped = {{"salesforce", file_text("mappings/salesforce.jsonc")}};
  const auto before = mapping_from(with(""), shipped);
  const auto after = mapping_from(with(R"(, "stages": { "add": { "Workshop": 40, "Ordered": "won" },
    "write_back": { "40": "Workshop", "won": "Closed Won" } })"),
                                  shipped);
  const auto deal_in = [](const char* stage) {
    Columns columns;
    columns["StageName"] = Value(std::string(stage));
    columns["Cosell_Sync__c"] = Value(true);
    return columns;
  };
  EXPECT_THAT(differences_for(before, after, deal_in("Workshop")),
              ElementsAre("stage becomes Developed (40 %), which could not be read before"));
  EXPECT_THAT(differences_for(before, after, deal_in("Ordered")),
              ElementsAre("stage becomes closed as won, which could not be read before"));
  EXPECT_THAT(differences_for(after, before, deal_in("Workshop")),
              ElementsAre(::testing::StartsWith("stage can no longer be read: ")));
}

}  // namespace
}  // namespace cosell::mapping
