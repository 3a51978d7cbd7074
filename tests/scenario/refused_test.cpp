// Writes that a system refuses for good: sent once, told, and not sent again until something changes, however many
// writes of one deal meet a refusal.
#include <gtest/gtest.h>

#include <string>

#include "faults.h"

namespace cosell::test {
namespace {

class Refused : public FaultStory {};
INSTANTIATE_TEST_SUITE_P(Crm, Refused, testing::Values("salesforce", "dynamics365"), name_of_crm);

// A rule of the CRM may keep a record from being changed at all, the seller's columns included.
TEST_P(Refused, ARecordThatTakesNoWriteAtAllIsWrittenToOnceAndThenLeftAlone) {  // I-02, I-04, F-71
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.crm_refuses_values_above(40000, "This opportunity is frozen");
  world.portal_edit(referral_id_of(world, id), replace("/details/notes", "from the portal"));
  world.advance(minutes(5));
  world.reset_stats();
  const auto report = world.sync();
  EXPECT_GE(report.failures_total, 1);
  EXPECT_LE(world.writes(Side::crm), 3) << "the change, and what the seller is told";
  for (int run = 0; run < 3; ++run) {
    world.advance(hours(2));
    world.reset_stats();
    world.sync();
    EXPECT_EQ(world.writes(Side::crm), 0) << "run " << run;
    EXPECT_EQ(world.deal_of(id).state, store::DealState::failed);
    EXPECT_NE(world.deal_of(id).message.find("frozen"), std::string::npos) << world.deal_of(id).message;
  }
  world.crm_refuses_nothing();
  world.portal_edit(referral_id_of(world, id), replace("/details/notes", "once more"));
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.opportunity(id)["notes"], "once more");
  EXPECT_EQ(world.opportunity(id)["state"], "In sync");
}

TEST_P(Refused, WhatTheSellerCannotBeToldIsTriedOnce) {  // I-02, I-04
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const std::string referral = referral_id_of(world, id);
  world.crm_refuses_values_above(40000, "This opportunity is frozen");
  world.faults(Side::partner_center, scripted_fault("PATCH", referrals_route + "/" + referral,
                                                    {{"kind", "status"}, {"status", 403}}, 0, 1000));
  world.crm_refuses_nothing();
  world.crm_edit(id, {{"close_date", "2027-04-30"}});
  world.crm_refuses_values_above(40000, "This opportunity is frozen");
  world.advance(minutes(5));
  world.reset_stats();
  world.sync();
  EXPECT_EQ(world.fired(Side::partner_center), 1);
  EXPECT_LE(world.writes(Side::crm), 2);
  for (int run = 0; run < 3; ++run) {
    world.advance(hours(2));
    world.reset_stats();
    world.sync();
    EXPECT_EQ(writes_of_both(world), 0) << "run " << run;
    EXPECT_EQ(world.deal_of(id).state, store::DealState::failed);
  }
}

}  // namespace
}  // namespace cosell::test
