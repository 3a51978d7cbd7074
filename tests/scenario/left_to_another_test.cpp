// Records of another pair, or another bridge, in an organisation that this one works with, too: each carries the key of
// the other one, as our own do. Whose they are is a matter of the selection.
#include "engine/link.h"
#include "in_doubt.h"

namespace cosell::test {
namespace {

class LeftToAnother : public FaultStory {};
INSTANTIATE_TEST_SUITE_P(Crm, LeftToAnother, testing::Values("salesforce", "dynamics365"), name_of_crm);

Json of_location(const char* location) {
  return {{"referrals", {{"belongs", {{"locations", {location}}}}}},
          {"fields", {{"location", {{"constant", location}}}}}};
}

// A referral that was sent to another location, and accepted there.
std::string referral_of_another_location(World& world) {
  world.control(Side::partner_center, "POST", "settings", {{"inbound_mpn_id", "7654321"}});
  const std::string id = world.inbound()["id"];
  world.portal_edit(id, Json::array({{{"op", "replace"}, {"path", "/status"}, {"value", "Active"}},
                                     {{"op", "replace"}, {"path", "/substatus"}, {"value", "Accepted"}}}));
  return id;
}

void expect_left_alone(World& world, const std::string& referral) {
  world.reset_stats();
  for (int run = 0; run < 3; ++run) {
    world.advance(minutes(5));
    world.sync();
  }
  EXPECT_EQ(world.deal_of(referral).state, store::DealState::skipped);
  EXPECT_EQ(world.deal_of(referral).reason, "other_location") << world.deal_of(referral).message;
  EXPECT_EQ(writes_of_both(world), 0);
}

TEST_P(LeftToAnother, F77_AReferralThatNamesAnOpportunityOfAnotherCrm) {  // I-16, I-17
  std::string elsewhere;
  {
    World another({.crm = GetParam(), .seed = 2});
    for (int i = 0; i < 3; ++i) elsewhere = another.new_opportunity(usual_opportunity("Alder Foods"));
  }
  World world({.crm = GetParam(), .mapping = of_location("1234567")});
  const auto theirs = referral_of_another_location(world);
  world.portal_edit(theirs, replace("/externalReferenceId", elsewhere));
  expect_left_alone(world, theirs);
}

TEST_P(LeftToAnother, F77_AReferralAndItsOpportunityInTheSameCrm) {  // I-02, I-16, I-17, I-23
  for (const bool chosen : {false, true}) {
    World world({.crm = GetParam(), .mapping = of_location("1234567")});
    const auto theirs = referral_of_another_location(world);
    auto words = usual_opportunity("Of the other pair");
    words["opt_in"] = chosen;
    words["value"] = 77777;
    words["referral_id"] = theirs;
    const auto id = world.new_opportunity(words);
    world.crm_edit(id, {{"state", "In sync"}});
    world.portal_edit(theirs, replace("/externalReferenceId", id));
    expect_left_alone(world, theirs);
    EXPECT_EQ(world.opportunity(id)["state"], "In sync");
  }
}

// Their referral names an opportunity of ours that is in sync: it holds nothing of it.
TEST_P(LeftToAnother, F77_AReferralThatNamesADealOfThisPair) {  // I-16, I-17
  World world({.crm = GetParam(), .mapping = of_location("1234567")});
  const auto id = synced_deal(world);
  const auto ours = referral_id_of(world, id);
  const auto theirs = referral_of_another_location(world);
  world.portal_edit(theirs, replace("/externalReferenceId", id));
  expect_left_alone(world, theirs);
  world.crm_edit(id, {{"value", 61000}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(value_of_referral_by_id(world, ours), 61000.0) << world.deal_of(id).message;
}

TEST_P(LeftToAnother, F77_AReferralThatAPersonWantsToLink) {  // I-16
  World world({.crm = GetParam(), .mapping = of_location("1234567")});
  const auto theirs = referral_of_another_location(world);
  const auto id = synced_deal(world);
  ASSERT_TRUE(engine::unlink_deal(world.pair(), world.deal_of(id).id));
  const auto linked = engine::link_deals(world.pair(), world.deal_of(id).id, world.deal_of(theirs).id);
  ASSERT_FALSE(linked);
  EXPECT_NE(linked.error().message.find("location 7654321 does not belong to this pair"), std::string::npos)
      << linked.error().message;
}

// What both sides agreed on is the pair's, whatever leaves its selection later.
TEST_P(LeftToAnother, F46_ADealThatIsInSyncGoesOnWhenItsLocationIsLeftOut) {  // I-01, I-11
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.restart_with(of_location("7654321"));
  for (const int value : {61000, 62000}) {
    world.crm_edit(id, {{"value", value}});
    world.advance(minutes(5));
    world.sync();
    EXPECT_EQ(value_of_referral(world, id), value) << world.deal_of(id).message;
  }
}

// What another pair's people delete is nothing that this pair's have to look at.
TEST_P(LeftToAnother, F77_OpportunitiesThatAreDeletedStopNoSyncOfThisPair) {  // I-13
  World world({.crm = GetParam(), .mapping = of_location("1234567")});
  world.pair().settings.deletions = {0.2, 2};
  const auto ours = synced_deal(world);
  std::vector<std::string> theirs;
  for (int i = 0; i < 5; ++i) {
    const auto referral = referral_of_another_location(world);
    auto words = usual_opportunity("Of the other pair " + std::to_string(i));
    words["opt_in"] = false;
    words["referral_id"] = referral;
    theirs.push_back(world.new_opportunity(words));
    world.portal_edit(referral, replace("/externalReferenceId", theirs.back()));
  }
  sync_often(world, 2);
  for (const auto& id : theirs) world.crm_delete(id);
  world.crm_edit(ours, {{"value", 61000}});
  world.advance(minutes(5));
  const auto report = world.sync();
  EXPECT_FALSE(report.stopped) << report.stopped->message;
  EXPECT_EQ(value_of_referral(world, ours), 61000.0);
}

// The referral that its key names is there to be read: the deal is this bridge's, chosen or not.
TEST_P(LeftToAnother, F46_ADealThatIsChosenNoMoreIsTiedAgainAfterALostStore) {  // I-01, I-31
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.crm_edit(id, {{"opt_in", false}});
  world.lose_store();
  world.advance(minutes(5));
  world.sync();
  world.crm_edit(id, {{"value", 61000}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  EXPECT_EQ(value_of_referral(world, id), 61000.0);
}

}  // namespace
}  // namespace cosell::test
