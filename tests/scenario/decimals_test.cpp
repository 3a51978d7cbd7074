// Amounts in currencies of three decimals and of none, in CRMs whose columns hold two.
#include <gtest/gtest.h>

#include "tests/scenario/faults.h"
#include "tests/support/world.h"

namespace cosell::test {
namespace {

class Decimals : public testing::TestWithParam<const char*> {
 protected:
  Decimals() : world_({.crm = GetParam()}) {
    world_.control(Side::crm, "POST", "settings", {{"currencies", {"USD", "EUR", "KWD", "JPY"}}});
  }
  std::string deal(double value, const std::string& currency) {
    Json words = usual_opportunity("Alder");
    words.update({{"value", value}, {"currency", currency}});
    const auto id = world_.new_opportunity(words);
    settle();
    return id;
  }
  void settle() {
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(world_.sync().failures_total, 0);
      world_.advance(minutes(10));
    }
  }
  double in_partner_center(const std::string& id) { return world_.referral_of(id)["details"]["dealValue"]; }
  void portal_sets_value(const std::string& id, double value) {
    world_.portal_edit(world_.referral_of(id)["id"],
                       {{{"op", "replace"}, {"path", "/details/dealValue"}, {"value", value}}});
  }
  World world_;
};
INSTANTIATE_TEST_SUITE_P(Crm, Decimals, testing::Values("salesforce", "dynamics365"), name_of_crm);

TEST_P(Decimals, WhatTheCrmRoundsIsNoEditOfItsSeller) {  // F-53, I-06
  const auto id = deal(1000, "KWD");
  for (const double value : {1234.567, 1234.568, 99.994}) {
    portal_sets_value(id, value);
    settle();
    EXPECT_EQ(in_partner_center(id), value);
    EXPECT_NEAR(world_.opportunity(id)["value"].get<double>(), value, 0.006);
  }
  // What the seller then writes is an edit.
  world_.crm_edit(id, {{"value", 100}});
  settle();
  EXPECT_EQ(in_partner_center(id), 100);
}

// The answer is lost, and the look at what came of the write meets the rounded number.
TEST_P(Decimals, WhatTheCrmRoundsIsFoundAfterALostAnswer) {  // F-03, F-53, I-24
  const auto id = deal(1000, "KWD");
  portal_sets_value(id, 3456.789);
  world_.crm_write_fault({{"kind", "drop_after"}});
  EXPECT_EQ(world_.sync().failures_total, 0);
  EXPECT_EQ(world_.fired(Side::crm), 1);
  world_.advance(hours(1));
  settle();
  EXPECT_EQ(world_.deal_of(id).state, store::DealState::in_sync) << world_.deal_of(id).message;
  EXPECT_EQ(in_partner_center(id), 3456.789);
  EXPECT_NEAR(world_.opportunity(id)["value"].get<double>(), 3456.789, 0.006);
  world_.crm_edit(id, {{"value", 100}});
  settle();
  EXPECT_EQ(in_partner_center(id), 100) << "what the seller then writes is an edit";
}

// What stood there before is no rounded form of what was to be written: the write never arrived.
TEST_P(Decimals, AnEditWithinOneUnitThatNeverArrivedIsSentAgain) {  // I-01, I-24
  const auto id = deal(100, "EUR");
  world_.crm_edit(id, {{"value", 100.5}});
  world_.faults(Side::partner_center,
                scripted_fault("PATCH", "/v1.0/engagements/referrals", {{"kind", "drop_before"}}));
  world_.sync();
  EXPECT_EQ(world_.fired(Side::partner_center), 1);
  world_.advance(hours(1));
  settle();
  EXPECT_EQ(in_partner_center(id), 100.5);
  portal_sets_value(id, 100.75);
  world_.crm_write_fault({{"kind", "drop_before"}});
  world_.sync();
  world_.advance(hours(1));
  settle();
  EXPECT_NEAR(world_.opportunity(id)["value"].get<double>(), 100.75, 0.001);
}

TEST_P(Decimals, AFractionOfACurrencyThatHasNoneStaysWhereItWasWritten) {  // F-53
  const auto id = deal(1000.56, "JPY");
  EXPECT_EQ(in_partner_center(id), 1001);
  const Json before = world_.opportunity(id)["value"];
  world_.reset_stats();
  portal_sets_value(id, 2000);
  settle();
  EXPECT_EQ(world_.opportunity(id)["value"], 2000);
  world_.crm_edit(id, {{"value", before}});
  settle();
  EXPECT_EQ(in_partner_center(id), 1001);
  EXPECT_EQ(world_.opportunity(id)["value"], before);
}

}  // namespace
}  // namespace cosell::test
