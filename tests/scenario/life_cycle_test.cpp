// Stories of the rules of a deal's life: what is closed stays closed, what is too early waits, and every kind of step
// that the bridge takes is one that Partner Center takes too.
#include <gtest/gtest.h>

#include "engine/approve.h"
#include "engine/deadline.h"
#include "engine/restart.h"
#include "tests/support/world.h"

namespace cosell::test {
namespace {

Json deal_with(const std::string& name, const Json& more) {
  Json words = usual_opportunity(name);
  words.update(more);
  return words;
}

class LifeOfDeals : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Crm, LifeOfDeals, testing::Values("salesforce", "dynamics365"), name_of_crm);

std::string won_and_reopened(World& world) {
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.crm_edit(id, {{"stage", "won"}});
  world.sync();
  world.advance(minutes(5));
  world.crm_edit(id, {{"stage", "80"}, {"value", 61000}});
  world.sync();
  EXPECT_EQ(world.deal_of(id).reason, "reopened_in_crm");
  return id;
}

Json referral_by_id(World& world, const std::string& id) {
  for (const auto& r : world.referrals()) {
    if (r["id"] == id) return r;
  }
  return {};
}

TEST_P(LifeOfDeals, AReopenedDealMayStartAgainWithANewReferralAndTheOldOneIsKept) {  // L-7
  World world({.crm = GetParam()});
  const auto id = won_and_reopened(world);
  EXPECT_NE(world.deal_of(id).next_step.find("cosell deals restart"), std::string::npos);
  EXPECT_NE(world.deal_of(id).next_step.find("cosell deals leave"), std::string::npos);
  const std::string old_id = world.deal_of(id).partner_center.record_id;
  const Json old_before = referral_by_id(world, old_id);

  const auto restarted = engine::restart(world.pair(), world.deal_of(id).id);
  ASSERT_TRUE(restarted) << restarted.error().message;
  for (int i = 0; i < 3; ++i) {
    world.sync();
    world.advance(minutes(30));
  }
  const auto deal = world.deal_of(id);
  EXPECT_EQ(deal.state, store::DealState::in_sync) << deal.message;
  EXPECT_NE(deal.partner_center.record_id, old_id);
  EXPECT_EQ(world.opportunity(id)["referral_id"], deal.partner_center.record_id);
  const Json fresh = referral_by_id(world, deal.partner_center.record_id);
  EXPECT_EQ(fresh["status"], "Active");
  EXPECT_EQ(fresh["details"]["dealValue"].get<double>(), 61000.0);
  EXPECT_EQ(deal.marks.at("predecessor"), old_id);
  EXPECT_EQ(referral_by_id(world, old_id), old_before);
  EXPECT_EQ(world.deal_of(old_id).state, store::DealState::skipped);
  EXPECT_EQ(world.referrals().size(), 2U);
}

TEST_P(LifeOfDeals, ARestartedDealIsStillOneDealAfterTheStoreWasLost) {
  World world({.crm = GetParam()});
  const auto id = won_and_reopened(world);
  ASSERT_TRUE(engine::restart(world.pair(), world.deal_of(id).id));
  world.sync();
  world.lose_store();
  world.sync();
  world.sync();
  EXPECT_EQ(world.referrals().size(), 2U);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
}

TEST_P(LifeOfDeals, ARestartWhoseAnswerGetsLostMakesOneNewReferral) {
  World world({.crm = GetParam()});
  const auto id = won_and_reopened(world);
  ASSERT_TRUE(engine::restart(world.pair(), world.deal_of(id).id));
  world.faults(Side::partner_center,
               Json::array({{{"match", {{"method", "POST"}, {"path", "/v1.0/engagements/referrals"}}},
                             {"times", 1},
                             {"action", {{"kind", "drop_after"}}}}}));
  world.sync();
  ASSERT_EQ(world.fired(Side::partner_center), 1);
  for (int i = 0; i < 3; ++i) {
    world.advance(minutes(5));
    world.sync();
  }
  EXPECT_EQ(world.referrals().size(), 2U);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
}

TEST_P(LifeOfDeals, AReopenedDealMayBeLeftAsItIsAndIsAskedAboutNoMore) {
  World world({.crm = GetParam()});
  const auto id = won_and_reopened(world);
  ASSERT_TRUE(engine::leave_as_is(world.pair(), world.deal_of(id).id));
  world.sync();
  EXPECT_EQ(world.deal_of(id).state, store::DealState::skipped);
  world.advance(minutes(5));
  world.crm_edit(id, {{"value", 70000}});
  world.sync();
  EXPECT_EQ(world.deal_of(id).state, store::DealState::skipped);
  EXPECT_EQ(world.referral_of(id)["details"]["dealValue"].get<double>(), 50000.0);
  // Closed in the CRM after all: both agree, and the decision is forgotten.
  world.crm_edit(id, {{"stage", "won"}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  EXPECT_EQ(world.deal_of(id).marks.count("left_as_is"), 0U);
}

TEST_P(LifeOfDeals, NothingIsRestartedOrLeftWithoutAReason) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  const auto restarted = engine::restart(world.pair(), world.deal_of(id).id);
  ASSERT_FALSE(restarted);
  EXPECT_NE(restarted.error().message.find("Alder Foods"), std::string::npos);
  EXPECT_FALSE(engine::leave_as_is(world.pair(), world.deal_of(id).id));
  world.sync();
  EXPECT_EQ(world.referrals().size(), 1U);
}

TEST_P(LifeOfDeals, WonOfADealThatMayBeRegisteredWaitsForItsSeventyTwoHours) {  // G-3
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(deal_with("Alder Foods", {{"visible", true}}));
  world.sync();
  world.advance(minutes(10));
  world.crm_edit(id, {{"stage", "won"}});
  world.sync();
  EXPECT_EQ(world.deal_of(id).reason, "early_won");
  EXPECT_EQ(world.deal_of(id).waits_for, store::WaitFor::date);
  world.advance(minutes(72 * 60 - 11));
  world.sync();
  EXPECT_EQ(world.referral_of(id)["status"], "Active");
  world.advance(minutes(1));
  world.sync();
  EXPECT_EQ(world.referral_of(id)["substatus"], "Won");
}

TEST_P(LifeOfDeals, WonInTimeLeavesEarlierWhenApprovedOrConfigured) {  // G-3
  World world({.crm = GetParam()});
  const auto approved = world.new_opportunity(deal_with("Approved", {{"visible", true}}));
  world.sync();
  world.advance(minutes(10));
  world.crm_edit(approved, {{"stage", "won"}});
  world.sync();
  const auto steps = engine::approve(world.pair(), world.deal_of(approved).id);
  ASSERT_TRUE(steps) << steps.error().message;
  EXPECT_EQ(steps->steps.size(), 1U);
  world.sync();
  EXPECT_EQ(world.referral_of(approved)["substatus"], "Won");

  world.pair().settings.early_won = engine::EarlyWon::send;
  const auto configured = world.new_opportunity(deal_with("Configured", {{"visible", true}}));
  world.sync();
  world.advance(minutes(10));
  world.crm_edit(configured, {{"stage", "won"}});
  world.sync();
  EXPECT_EQ(world.referral_of(configured)["substatus"], "Won");
}

TEST_P(LifeOfDeals, AWaitingDealAndAWonOneHaveDeadlines) {  // L-4
  World world({.crm = GetParam()});
  world.inbound();
  world.sync();
  int with_deadline = 0;
  for (const auto& row : world.deals()) {
    const auto due = engine::deadline_of(world.pair(), row);
    ASSERT_TRUE(due);
    if (!*due) continue;
    ++with_deadline;
    EXPECT_GT((*due)->at, world.clock().now() + days(12));
    EXPECT_LE((*due)->at, world.clock().now() + days(14));
  }
  EXPECT_EQ(with_deadline, 1);
}

}  // namespace
}  // namespace cosell::test
