// Stories of an organisation whose stages stand in the business process of Dynamics 365: Qualify waits for an answer,
// Develop is 20 %, Propose 60 % and Close 80 %. A move of the process leaves the opportunity itself as it was.
#include <gtest/gtest.h>

#include "tests/support/world.h"

namespace cosell::test {
namespace {

WorldOptions process() { return {.crm = "dynamics365_process"}; }

// What a person changes in Partner Center.
Json stage(const char* percent) {
  return Json::array({{{"op", "replace"}, {"path", "/salesStage"}, {"value", percent}}});
}
Json accepted() {
  return Json::array({{{"op", "replace"}, {"path", "/status"}, {"value", "Active"}},
                      {{"op", "replace"}, {"path", "/substatus"}, {"value", "Accepted"}}});
}

// Nothing more happens by itself.
void expect_rest(World& world) {
  world.reset_stats();
  for (int i = 0; i < 3; ++i) {
    world.advance(minutes(20));
    EXPECT_FALSE(world.sync().stopped);
  }
  EXPECT_EQ(world.writes(Side::crm) + world.writes(Side::partner_center), 0);
}

TEST(BusinessProcess, StageOfTheSellerReachesTheReferralThoughTheOpportunityIsNotTouched) {
  World world(process());
  const std::string id = world.new_opportunity(usual_opportunity("Acme"));
  world.sync();
  world.advance(minutes(1));
  world.sync();
  EXPECT_EQ(world.referral_of(id)["salesStage"], "20");
  for (const auto& [word, percent] : {std::pair{"60", "60"}, std::pair{"80", "80"}}) {
    world.advance(minutes(20));
    world.crm_edit(id, {{"stage", word}});
    world.sync();
    EXPECT_EQ(world.opportunity(id)["stage"], word);
    EXPECT_EQ(world.referral_of(id)["salesStage"], percent);
  }
  expect_rest(world);
}

TEST(BusinessProcess, MovesAlongWhenPartnerCenterIsAhead) {
  World world(process());
  const std::string id = world.new_opportunity(usual_opportunity("Acme"));
  world.sync();
  world.advance(minutes(1));
  world.sync();
  world.portal_edit(world.referral_of(id)["id"], stage("80"));
  world.advance(minutes(1));
  EXPECT_FALSE(world.sync().stopped);
  EXPECT_EQ(world.opportunity(id)["stage"], "80") << "from Develop over Propose to Close, in one cycle";
  expect_rest(world);
}

// What stands there right behind our write may be somebody's edit already.
TEST(BusinessProcess, MoveOfTheSellerRightBehindOursIsNotTakenForOurs) {  // I-06
  World world(process());
  const std::string id = world.new_opportunity(usual_opportunity("Acme"));
  world.sync();
  world.advance(minutes(1));
  world.sync();
  world.portal_edit(world.referral_of(id)["id"], stage("60"));
  world.advance(minutes(1));
  bool moved = false;
  world.wire = [&](Side side, const http::Request& request, const World::Go& go) {
    auto answer = go(request);
    if (side == Side::crm && !moved && world.opportunity(id)["stage"] == "60") {
      moved = true;
      world.crm_edit(id, {{"stage", "80"}});
    }
    return answer;
  };
  world.sync();
  world.wire = {};
  ASSERT_TRUE(moved);
  for (int i = 0; i < 3; ++i) {
    world.advance(minutes(20));
    world.sync();
  }
  EXPECT_EQ(world.opportunity(id)["stage"], "80");
  EXPECT_EQ(world.referral_of(id)["salesStage"], "80");
  expect_rest(world);
}

TEST(BusinessProcess, NewOpportunityIsMovedToWhereItsReferralStands) {
  World world(process());
  const Json referral = world.inbound();
  world.portal_edit(referral["id"], accepted());
  world.portal_edit(referral["id"], stage("60"));
  world.sync();
  ASSERT_EQ(world.opportunities().size(), 1U);
  world.advance(minutes(1));
  world.sync();
  EXPECT_EQ(world.opportunities()[0]["stage"], "60");
  EXPECT_EQ(world.referrals()[0]["salesStage"], "60") << "and nothing moved back";
  expect_rest(world);
}

TEST(BusinessProcess, BothMovedThatIsTheFurtherStage) {
  World world(process());
  const std::string id = world.new_opportunity(usual_opportunity("Acme"));
  world.sync();
  world.advance(minutes(1));
  world.sync();
  world.portal_edit(world.referral_of(id)["id"], stage("80"));
  world.crm_edit(id, {{"stage", "60"}});
  world.advance(minutes(1));
  world.sync();
  world.sync();
  EXPECT_EQ(world.deals().front().state, store::DealState::in_sync) << world.deals().front().message;
  EXPECT_EQ(world.opportunity(id)["stage"], "80");
}

TEST(BusinessProcess, WonAndReopenedInTime) {
  WorldOptions options = process();
  options.settle = minutes(60);
  World world(options);
  const std::string id = world.new_opportunity(usual_opportunity("Acme"));
  world.sync();
  world.advance(minutes(90));
  world.sync();
  world.crm_edit(id, {{"stage", "won"}});
  world.advance(minutes(1));
  world.sync();
  EXPECT_EQ(world.referral_of(id)["status"], "Active") << "it waits for the settle time";
  world.crm_edit(id, {{"stage", "60"}});
  world.advance(minutes(90));
  world.sync();
  world.sync();
  EXPECT_EQ(world.referral_of(id)["status"], "Active");
  EXPECT_EQ(world.opportunity(id)["stage"], "60");
  expect_rest(world);
}

// The process dies at each request of the cycle that moves the bar; whatever was under way is not done twice.
TEST(BusinessProcess, MoveSurvivesADeathAtEveryRequest) {
  int deaths = 0;
  for (int n = 1; n <= 12; ++n) {
    World world(process());
    const std::string id = world.new_opportunity(usual_opportunity("Acme"));
    world.sync();
    world.advance(minutes(1));
    world.sync();
    world.portal_edit(world.referral_of(id)["id"], stage("80"));
    world.advance(minutes(1));
    world.crash_after_requests(n);
    deaths += world.sync_until_crash() ? 1 : 0;
    world.crash_after_requests(0);
    world.restart();
    world.advance(minutes(10));
    world.sync();
    world.advance(minutes(10));
    world.sync();
    EXPECT_EQ(world.opportunity(id)["stage"], "80") << "death at request " << n;
    EXPECT_EQ(world.deals().front().state, store::DealState::in_sync) << world.deals().front().message;
    expect_rest(world);
  }
  EXPECT_GE(deaths, 6) << "the read of both sides, of the process, its path, the write, and what it shows";
}

}  // namespace
}  // namespace cosell::test
