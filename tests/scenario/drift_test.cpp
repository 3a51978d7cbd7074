// Stories of a CRM whose stages change after the mapping was written.
#include "engine/drift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/world.h"

namespace cosell::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The stages of the standard process; `third` stands where "Needs Analysis" is.
Json stages_with(const std::string& third, const std::string& more = "") {
  Json list = Json::array();
  std::vector<std::string> names = {
      "Received from Microsoft", "Prospecting",         "Qualification",       third,
      "Value Proposition",       "Id. Decision Makers", "Perception Analysis", "Proposal/Price Quote",
      "Negotiation/Review"};
  if (!more.empty()) names.push_back(more);
  for (const std::string& name : names) list.push_back({{"name", name}, {"probability", 20}});
  list.push_back({{"name", "Closed Won"}, {"probability", 100}, {"won", true}});
  list.push_back({{"name", "Closed Lost"}, {"probability", 0}, {"closed", true}});
  return {{"stages", list}};
}

std::vector<engine::Drift> drift_of(World& world) {
  auto drift = engine::known_drift(world.store());
  EXPECT_TRUE(drift);
  return drift ? *drift : std::vector<engine::Drift>{};
}

// An hour later somebody changes a deal; that sync looks at the CRM's stages.
void an_hour_with_a_change(World& world, const std::string& opportunity, int value) {
  world.advance(minutes(61));
  world.crm_edit(opportunity, {{"value", value}});
  world.sync();
}

TEST(Drift, OfAStageThatWasRenamedNamesTheLineAndItsNewName) {  // F-50, F-51
  World world;
  world.control(Side::crm, "POST", "stages", stages_with("Needs Analysis"));
  const std::string deal = world.new_opportunity(usual_opportunity("Alder Foods: harbour"));
  world.sync();
  EXPECT_THAT(drift_of(world), IsEmpty()) << "what was so from the beginning is no drift";
  world.control(Side::crm, "POST", "stages", stages_with("Discovery"));
  world.sync();
  EXPECT_THAT(drift_of(world), IsEmpty()) << "the CRM is not asked in every sync";
  an_hour_with_a_change(world, deal, 61000);
  const auto drift = drift_of(world);
  ASSERT_THAT(drift, SizeIs(2));
  EXPECT_THAT(drift[0].message, HasSubstr("no stage \"Needs Analysis\" any more"));
  EXPECT_THAT(drift[0].next_step, HasSubstr("world.jsonc: add \"Discovery\" under \"stages\" in \"add\", with what "
                                            "\"Needs Analysis\" meant (20 Qualified)"));
  EXPECT_THAT(drift[1].message, HasSubstr("new stage \"Discovery\""));
}

TEST(Drift, OfAStageWhoseRecordStayedTheSameIsTheRenamingForSureWhereverItStandsNow) {
  World world;
  world.control(Side::crm, "POST", "stages", stages_with("Needs Analysis"));
  const std::string deal = world.new_opportunity(usual_opportunity("Alder Foods: harbour"));
  world.sync();
  // Renamed and moved to the end, while another one was put in its place.
  Json changed = stages_with("Screening", "Discovery");
  for (Json& stage : changed["stages"]) {
    if (stage["name"] == "Discovery") stage["was"] = "Needs Analysis";
  }
  world.control(Side::crm, "POST", "stages", changed);
  an_hour_with_a_change(world, deal, 61000);
  const auto drift = drift_of(world);
  ASSERT_THAT(drift, SizeIs(2));
  EXPECT_THAT(drift[0].message, HasSubstr("renamed the stage \"Needs Analysis\" to \"Discovery\""));
  EXPECT_THAT(drift[0].next_step, HasSubstr("world.jsonc: add \"Discovery\" under \"stages\" in \"add\", with what "
                                            "\"Needs Analysis\" meant (20 Qualified)"));
  EXPECT_THAT(drift[1].message, HasSubstr("new stage \"Screening\""));
}

// The line of the old name is in a shipped mapping, where nobody can change it.
TEST(Drift, OfARenamedStageEndsWhenTheOwnFileDoesWhatTheNextStepSays) {  // F-50
  World world;
  world.control(Side::crm, "POST", "stages", stages_with("Needs Analysis"));
  const std::string deal = world.new_opportunity(usual_opportunity("Alder Foods: harbour"));
  world.sync();
  Json changed = stages_with("Needs Analysis");
  changed["stages"][2] = {{"name", "Fit"}, {"probability", 20}, {"was", "Qualification"}};
  world.control(Side::crm, "POST", "stages", changed);
  an_hour_with_a_change(world, deal, 61000);
  ASSERT_THAT(drift_of(world), SizeIs(1));
  EXPECT_THAT(drift_of(world)[0].next_step,
              HasSubstr("world.jsonc: add \"Fit\" under \"stages\" in \"add\", with what \"Qualification\" meant (20 "
                        "Qualified), and name \"Fit\" in \"write_back\" for 20, then: cosell mapping check --live"));
  world.restart_with({{"stages", {{"add", {{"Fit", 20}}}}}});
  an_hour_with_a_change(world, deal, 62000);
  ASSERT_THAT(drift_of(world), SizeIs(1)) << "the old name would still be written";
  EXPECT_THAT(drift_of(world)[0].next_step, HasSubstr("world.jsonc: name \"Fit\" in \"write_back\" for 20, then"));
  world.restart_with({{"stages", {{"add", {{"Fit", 20}}}, {"write_back", {{"20", "Fit"}}}}}});
  an_hour_with_a_change(world, deal, 63000);
  EXPECT_THAT(drift_of(world), IsEmpty());
}

TEST(Drift, KeepsWhenItBeganAndEndsWhenTheStageIsBack) {
  World world;
  world.control(Side::crm, "POST", "stages", stages_with("Needs Analysis"));
  const std::string deal = world.new_opportunity(usual_opportunity("Alder Foods: harbour"));
  world.sync();
  world.control(Side::crm, "POST", "stages", stages_with("Needs Analysis", "Pilot"));
  an_hour_with_a_change(world, deal, 62000);
  const auto first = drift_of(world);
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_THAT(first[0].message, HasSubstr("new stage \"Pilot\""));
  an_hour_with_a_change(world, deal, 63000);
  ASSERT_THAT(drift_of(world), SizeIs(1));
  EXPECT_EQ(drift_of(world)[0].since, first[0].since);
  world.control(Side::crm, "POST", "stages", stages_with("Needs Analysis"));
  an_hour_with_a_change(world, deal, 64000);
  EXPECT_THAT(drift_of(world), IsEmpty());
}

TEST(Drift, IsLookedForAsSoonAsADealIsInAnUnknownStageAndHoldsOnlyThatDeal) {  // F-52
  World world;
  world.control(Side::crm, "POST", "stages", stages_with("Needs Analysis"));
  const std::string held = world.new_opportunity(usual_opportunity("Alder Foods: harbour"));
  const std::string other = world.new_opportunity(usual_opportunity("Birch Motors: data"));
  world.sync();
  world.control(Side::crm, "POST", "stages", stages_with("Needs Analysis", "Pilot"));
  world.control(Side::crm, "POST", "edit", {{"id", held}, {"fields", {{"StageName", "Pilot"}}}});
  world.crm_edit(other, {{"value", 60000}});
  world.sync();
  ASSERT_THAT(drift_of(world), SizeIs(1));
  EXPECT_EQ(world.deal_of(held).state, store::DealState::waiting);
  EXPECT_EQ(world.deal_of(other).state, store::DealState::in_sync);
  EXPECT_EQ(world.referral_of(other)["details"]["dealValue"].get<double>(), 60000.0);
}

// The hourly look asks for the stages alone; labels and columns come with the description once a day.
TEST(Drift, IsLookedForHourlyAndTheWholeCrmIsStillDescribedOnceADay) {
  World world;
  const std::string deal = world.new_opportunity(usual_opportunity("Alder Foods: harbour"));
  const auto described = [&] {
    std::int64_t n = 0;
    const Json stats = world.control(Side::crm, "GET", "stats");
    for (const Json& part : stats["inside_batches"]) {
      const std::string path = part["path"];
      if (path.find("/Opportunity/describe") != std::string::npos) n += part["count"].get<std::int64_t>();
    }
    return n;
  };
  world.sync();
  EXPECT_EQ(described(), 1);
  for (int hour = 0; hour < 22; ++hour) an_hour_with_a_change(world, deal, 61000 + hour);
  EXPECT_EQ(described(), 1);
  world.control(Side::crm, "POST", "stages", stages_with("Discovery"));
  an_hour_with_a_change(world, deal, 71000);
  EXPECT_THAT(drift_of(world), testing::Not(IsEmpty()));
  an_hour_with_a_change(world, deal, 72000);
  EXPECT_EQ(described(), 2) << "a day has passed";
}

// Option numbers stay when an administrator renames a choice.
TEST(Drift, OfALabelAloneIsToldAndNothingWaits) {
  World world({.crm = "dynamics365"});
  const std::string deal = world.new_opportunity(usual_opportunity("Alder Foods: harbour"));
  world.sync();
  Json options = Json::array({{{"value", 974830000}, {"label", "Received from Microsoft"}}});
  for (const char* label : {"Discover", "Develop", "Propose", "Close"}) {
    options.push_back({{"value", options.size() - 1}, {"label", label}});
  }
  world.control(Side::crm, "POST", "options", {{"column", "salesstage"}, {"options", options}});
  an_hour_with_a_change(world, deal, 61000);
  auto drift = drift_of(world);
  ASSERT_THAT(drift, SizeIs(1));
  EXPECT_THAT(drift[0].message, HasSubstr("renamed the stage \"Qualify\" to \"Discover\""));
  EXPECT_THAT(drift[0].message, HasSubstr("still mapped (20 Qualified)"));
  EXPECT_THAT(drift[0].next_step, HasSubstr("Nothing, unless it means something else now: then say so in world.jsonc"));
  EXPECT_EQ(world.deal_of(deal).state, store::DealState::in_sync);
  EXPECT_EQ(world.referral_of(deal)["details"]["dealValue"].get<double>(), 61000.0);
  world.advance(days(31));
  an_hour_with_a_change(world, deal, 62000);
  EXPECT_THAT(drift_of(world), IsEmpty()) << "after a month it is known";
  an_hour_with_a_change(world, deal, 63000);
  EXPECT_THAT(drift_of(world), IsEmpty());
}

}  // namespace
}  // namespace cosell::test
