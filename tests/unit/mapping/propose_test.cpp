// A first mapping proposed from a live picklist: what is guessed, that guesses are marked, and that the result is a
// mapping.
#include "mapping/propose.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "mapping/inspect.h"
#include "mapping/shipped.h"
#include "mapping_fixture.h"

namespace cosell::mapping {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

LiveStage stage(const std::string& id, std::optional<int> probability, bool closed = false, bool won = false) {
  LiveStage s;
  s.id = id;
  s.label = id;
  s.probability = probability;
  s.closed = closed;
  s.won = won;
  return s;
}

Loaded read_proposal(const std::string& text) {
  return read_mapping("acme.jsonc", text, [](const std::string& name) -> Result<std::string> {
    return std::string(shipped_mapping(name));
  });
}

std::map<std::string, std::string> meanings(const Mapping& mapping) {
  std::map<std::string, std::string> out;
  for (const StageLine& line : stage_lines(mapping)) out[line.crm_stage] = line.target;
  return out;
}

Proposal proposed_for_company() {
  Proposal p;
  p.base = "salesforce";
  p.crm_name = "Acme";
  p.stages = {stage("From Microsoft", 5),   stage("First Talk", 10), stage("Pilot \"A\"", 55),
              stage("Pilot B", 40),         stage("Offer", 85),      stage("Order", 100, true, true),
              stage("Gone", 0, true, false)};
  return p;
}

TEST(Proposal, AsksForTheReasonOfALostDealInTheColumnOfTheMappingThatItExtends) {
  for (const std::string& base : shipped_names()) {
    Proposal p = proposed_for_company();
    p.base = base;
    const Loaded loaded = read_proposal(propose_mapping(p));
    ASSERT_TRUE(loaded.mapping) << findings_of(loaded.findings);
    const std::string column = loaded.mapping->reason_column({{loaded.mapping->stage_column(), Value("Gone")}});
    const auto own = loaded.mapping->own_columns();
    EXPECT_TRUE(std::any_of(own.begin(), own.end(), [&](const OwnColumn& c) { return c.name == column; })) << base;
    EXPECT_EQ(findings_of(loaded.findings).find("no-reason"), std::string::npos);
  }
}

TEST(Proposal, PlacesOpenStagesByTheirProbabilityAndClosedOnesByTheCrmsFlags) {
  const Loaded loaded = read_proposal(propose_mapping(proposed_for_company()));
  ASSERT_TRUE(loaded.mapping) << findings_of(loaded.findings);
  EXPECT_EQ(meanings(*loaded.mapping), (std::map<std::string, std::string>{{"From Microsoft", "waiting"},
                                                                           {"First Talk", "10"},
                                                                           {"Pilot \"A\"", "40"},
                                                                           {"Pilot B", "40"},
                                                                           {"Offer", "80"},
                                                                           {"Order", "won"},
                                                                           {"Gone", "lost"}}));
}

TEST(Proposal, WithoutProbabilitiesTheOrderOfTheStagesDecides) {
  Proposal p;
  p.base = "salesforce";
  for (const char* id : {"A", "B", "C", "D", "E"}) p.stages.push_back(stage(id, std::nullopt));
  const Loaded loaded = read_proposal(propose_mapping(p));
  ASSERT_TRUE(loaded.mapping) << findings_of(loaded.findings);
  EXPECT_EQ(meanings(*loaded.mapping),
            (std::map<std::string, std::string>{{"A", "10"}, {"B", "20"}, {"C", "40"}, {"D", "60"}, {"E", "80"}}));
}

TEST(Proposal, TakesNoLateStageForTheOneOfUnansweredDeals) {
  Proposal p = proposed_for_company();
  p.stages.push_back(stage("PO received", 80));
  const Loaded loaded = read_proposal(propose_mapping(p));
  ASSERT_TRUE(loaded.mapping) << findings_of(loaded.findings);
  EXPECT_EQ(meanings(*loaded.mapping)["PO received"], "80");
}

TEST(Proposal, IsAFileThatCanBeReadWhateverALabelHolds) {
  Proposal p = proposed_for_company();
  p.stages.back().label = "Gone,\nfor good";
  const Loaded loaded = read_proposal(propose_mapping(p));
  EXPECT_TRUE(loaded.mapping) << findings_of(loaded.findings);
}

TEST(Proposal, MarksEveryGuessedStageForReview) {
  const std::string text = propose_mapping(proposed_for_company());
  std::size_t marks = 0;
  for (std::size_t at = text.find("// REVIEW: "); at != std::string::npos; at = text.find("// REVIEW: ", at + 1))
    ++marks;
  EXPECT_EQ(marks, proposed_for_company().stages.size());
}

TEST(Proposal, NeverInventsALocationOrAConsent) {
  const Loaded loaded = read_proposal(propose_mapping(proposed_for_company()));
  ASSERT_TRUE(loaded.mapping);
  const std::string findings = findings_of(loaded.findings);
  EXPECT_THAT(findings, HasSubstr("~"));
  EXPECT_TRUE(is_blank(loaded.mapping->complete_for_create({}, {}, Date{2026, 1, 1}).get(Field::location)));
  EXPECT_FALSE(loaded.mapping->complete_for_create({}, {}, Date{2026, 1, 1}).flag(Field::consent_contact));
}

// As `cosell init` writes it: whoever fills in what only the company knows has deals that can be created.
TEST(Proposal, LeavesNoSellerTheIntentToBuyThroughTheMarketplace) {
  for (const std::string& base : shipped_names()) {
    Proposal p = proposed_for_company();
    p.base = base;
    const Loaded loaded = read_proposal(propose_mapping(p));
    ASSERT_TRUE(loaded.mapping) << findings_of(loaded.findings);
    EXPECT_FALSE(is_blank(loaded.mapping->complete_for_create({}, {}, Date{2026, 1, 1}).get(Field::marketplace_intent)))
        << base;
  }
}

TEST(Proposal, SaysWhenNoStageIsForDealsThatMicrosoftSent) {
  Proposal p = proposed_for_company();
  EXPECT_THAT(propose_mapping(p), Not(HasSubstr("No stage looks like")));
  p.stages.erase(p.stages.begin());
  EXPECT_THAT(propose_mapping(p), HasSubstr("No stage looks like"));
}

TEST(Proposal, LeavesInactiveStagesOut) {
  Proposal p = proposed_for_company();
  p.stages[3].active = false;
  EXPECT_THAT(propose_mapping(p), Not(HasSubstr("Pilot B")));
}

TEST(Proposal, GivesARecordTypeThatOffersOtherStagesATableOfItsOwn) {
  Proposal p = proposed_for_company();
  p.record_type_column = "RecordType.DeveloperName";
  for (LiveStage& s : p.stages) s.record_types = {"Everything"};
  for (std::size_t i = 0; i < 3; ++i) p.stages[i].record_types.emplace_back("Short");
  const std::string text = propose_mapping(p);
  const Loaded loaded = read_proposal(text);
  ASSERT_TRUE(loaded.mapping) << text;
  EXPECT_EQ(loaded.mapping->record_types(), std::vector<std::string>{"Short"}) << "one that offers all needs none";
  EXPECT_EQ(loaded.mapping->record_type_column(), "RecordType.DeveloperName");
  EXPECT_EQ(loaded.mapping->mapped_stages("Short").size(), 3U);
}

}  // namespace
}  // namespace cosell::mapping
