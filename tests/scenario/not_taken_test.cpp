// Writes of which a look-up shows again and again that they were not carried out: an error of the service for one
// record, whatever is sent to it. They count as attempts of their deal, and nothing else waits for them.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "between.h"
#include "engine/replay.h"
#include "faults.h"

namespace cosell::test {
namespace {

// A side that answers such writes with an error of its own, and carries none of them out.
class NotTaken : public FaultStory {
 protected:
  using Which = std::function<bool(const Operation&)>;

  struct Failing {
    Failing(World& of, Side on, Which fails)
        : world(of), side(on), which(std::move(fails)), between(system(), [this](const Operation& op) -> Answer {
            if (!lasts || !which(op)) return std::nullopt;
            ++tried;
            return make_error(ErrorClass::unknown, "It answered 500; it may have carried out the request.");
          }) {
      (side == Side::crm ? world.pair().crm : world.pair().partner_center) = &between;
    }
    using Answer = std::optional<std::variant<Applied, Error>>;
    Connector& system() const { return world.pair().connector(side); }

    World& world;
    Side side;
    Which which;
    bool lasts = true;
    int tried = 0;
    Between between;
  };

  static Which updates_of(const std::string& record) {
    return [record](const Operation& op) { return op.verb == Verb::update && op.target.id.value == record; };
  }
  static void edit_on(World& world, Side side, const std::string& id, int value) {
    if (side == Side::crm) world.crm_edit(id, {{"value", value}});
    if (side == Side::partner_center) {
      world.portal_edit(referral_id_of(world, id), replace("/details/dealValue", value));
    }
  }
  static double value_on(World& world, Side side, const std::string& id) {
    return side == Side::crm ? world.opportunity(id)["value"].get<double>() : value_of_referral(world, id);
  }
};
INSTANTIATE_TEST_SUITE_P(Crm, NotTaken, testing::Values("salesforce", "dynamics365"), name_of_crm);

TEST_P(NotTaken, AChangeOfOneDealStopsNoSyncAndIsTriedLessAndLess) {  // I-03, I-04, F-71
  for (const Side side : {Side::partner_center, Side::crm}) {
    const Side other = side == Side::crm ? Side::partner_center : Side::crm;
    World world({.crm = GetParam()});
    const auto id = synced_deal(world, "Fails");
    const auto fine = synced_deal(world, "Goes on");
    const auto record = side == Side::crm ? id : referral_id_of(world, id);
    Failing failing(world, side, updates_of(record));
    edit_on(world, other, id, 61000);
    CycleOptions waits;
    waits.wait_for_lost_creates = true;
    for (int run = 0; run < 6; ++run) {
      world.advance(minutes(10));
      edit_on(world, other, fine, 70000 + run);
      const auto fresh = world.new_opportunity(usual_opportunity("New " + std::to_string(run)));
      const auto report = world.sync(waits);
      EXPECT_FALSE(report.stopped) << report.stopped->message;
      EXPECT_EQ(value_on(world, side, fine), 70000 + run);
      EXPECT_FALSE(world.referral_of(fresh).is_null());
      if (run > 0) {
        EXPECT_EQ(world.deal_of(id).reason, "unknown") << world.deal_of(id).message;
      }
    }
    EXPECT_EQ(*world.store().property("incident.crm"), "");
    EXPECT_EQ(*world.store().property("incident.partner_center"), "");
    EXPECT_LE(failing.tried, 9) << "a few times at once, then once whenever it is due";
    failing.lasts = false;
    world.advance(hours(1));
    EXPECT_FALSE(world.sync(waits).stopped);
    EXPECT_EQ(value_on(world, side, id), 61000) << "by itself";
    expect_quiet(world);
  }
}

// Nothing else is to be written, so that every write that the side was sent failed.
TEST_P(NotTaken, ADealThatAloneIsToBeWrittenIsNoIncidentOfItsSide) {  // I-04, F-71
  for (const Side side : {Side::partner_center, Side::crm}) {
    const Side other = side == Side::crm ? Side::partner_center : Side::crm;
    World world({.crm = GetParam()});
    const auto id = synced_deal(world, "Fails");
    Failing failing(world, side, updates_of(side == Side::crm ? id : referral_id_of(world, id)));
    edit_on(world, other, id, 61000);
    CycleOptions waits;
    waits.wait_for_lost_creates = true;
    for (int run = 0; run < 4; ++run) {
      world.advance(minutes(10));
      const auto report = world.sync(waits);
      EXPECT_FALSE(report.stopped) << report.stopped->message;
    }
    EXPECT_GE(failing.tried, 3);
    EXPECT_EQ(world.deal_of(id).reason, "unknown") << world.deal_of(id).message;
  }
}

TEST_P(NotTaken, WhatFailsForHoursIsToldAsFailedTriedOnAndReplayed) {  // I-04, F-71
  for (const Side side : {Side::partner_center, Side::crm}) {
    const Side other = side == Side::crm ? Side::partner_center : Side::crm;
    World world({.crm = GetParam()});
    const auto id = synced_deal(world, "Fails");
    Failing failing(world, side, updates_of(side == Side::crm ? id : referral_id_of(world, id)));
    edit_on(world, other, id, 61000);
    CycleOptions waits;
    waits.wait_for_lost_creates = true;
    std::int64_t failures = 0;
    const auto run_for_hours = [&](int hours_long) {
      for (int run = 0; run < hours_long * 4; ++run) {
        world.advance(minutes(15));
        const auto report = world.sync(waits);
        EXPECT_FALSE(report.stopped) << report.stopped->message;
        failures += report.failures_total;
      }
    };
    run_for_hours(6);
    EXPECT_EQ(failures, 1) << "told once";
    const auto told = world.deal_of(id);
    EXPECT_EQ(told.state, store::DealState::failed) << told.message;
    EXPECT_NE(told.next_step.find("cosell replay"), std::string::npos) << told.next_step;
    if (side == Side::partner_center) {
      EXPECT_EQ(world.opportunity(id)["state"], "Failed") << "the seller is told";
    }
    const int before = failing.tried;
    run_for_hours(12);
    EXPECT_GE(failing.tried - before, 8) << "about once an hour";
    EXPECT_LE(failing.tried - before, side == Side::crm ? 26 : 14) << "and in the CRM what the seller is told besides";
    EXPECT_EQ(failures, 1);
    failing.lasts = false;
    const auto report = engine::replay(world.pair(), {world.deal_of(id).id}, waits);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(value_on(world, side, id), 61000);
    world.advance(minutes(10));
    world.sync(waits);
    EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
    EXPECT_EQ(world.opportunity(id)["state"], "In sync");
    expect_quiet(world);
  }
}

TEST_P(NotTaken, WhatFailedForHoursIsSentByItselfOnceItIsTaken) {  // I-04, F-71
  World world({.crm = GetParam()});
  const auto id = synced_deal(world, "Fails");
  Failing failing(world, Side::partner_center, updates_of(referral_id_of(world, id)));
  world.crm_edit(id, {{"value", 61000}});
  for (int run = 0; run < 24; ++run) {
    world.advance(minutes(15));
    EXPECT_FALSE(world.sync().stopped);
  }
  EXPECT_EQ(world.deal_of(id).state, store::DealState::failed) << world.deal_of(id).message;
  failing.lasts = false;
  world.advance(minutes(61));
  EXPECT_FALSE(world.sync().stopped);
  EXPECT_EQ(value_of_referral(world, id), 61000);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  expect_quiet(world);
}

// What the seller reads is a write like another one, although nothing of the deal is to be written beside it.
TEST_P(NotTaken, WhatOnlyTellsTheSellerIsTriedLessAndLessToo) {  // I-03, I-04, F-71
  World world({.crm = GetParam()});
  const auto id = synced_deal(world, "Fails");
  Failing failing(world, Side::crm, updates_of(id));
  world.crm_edit(id, {{"value", nullptr}});
  CycleOptions waits;
  waits.wait_for_lost_creates = true;
  for (int run = 0; run < 24; ++run) {
    world.advance(minutes(15));
    const auto report = world.sync(waits);
    EXPECT_FALSE(report.stopped) << report.stopped->message;
  }
  EXPECT_GE(failing.tried, 4) << "it is tried on";
  EXPECT_LE(failing.tried, 16);
  failing.lasts = false;
  world.advance(minutes(61));
  EXPECT_FALSE(world.sync(waits).stopped);
  EXPECT_EQ(world.opportunity(id)["state"], "Waiting for you");
  world.crm_edit(id, {{"value", 62000}});
  world.advance(minutes(10));
  world.sync(waits);
  EXPECT_EQ(value_of_referral(world, id), 62000);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  expect_quiet(world);
}

// All that is written fails, what is read does not: it is the side, however long it lasts.
TEST_P(NotTaken, ASideThatTakesNoWriteAtAllIsOneIncidentAndFailsNoDeal) {  // I-04, F-08
  for (const Side side : {Side::partner_center, Side::crm}) {
    const Side other = side == Side::crm ? Side::partner_center : Side::crm;
    World world({.crm = GetParam()});
    std::vector<std::string> ids;
    for (int i = 0; i < 4; ++i) ids.push_back(synced_deal(world, "Deal " + std::to_string(i)));
    Failing failing(world, side, [](const Operation&) { return true; });
    for (const auto& id : ids) edit_on(world, other, id, 61000);
    CycleOptions waits;
    waits.wait_for_lost_creates = true;
    for (int run = 0; run < 20; ++run) {
      world.advance(minutes(15));
      EXPECT_EQ(world.sync(waits).side_down, side) << run;
      for (const auto& id : ids) {
        EXPECT_NE(world.deal_of(id).state, store::DealState::failed) << run << world.deal_of(id).message;
        EXPECT_NE(world.deal_of(id).reason, "unknown") << run << world.deal_of(id).message;
      }
    }
    failing.lasts = false;
    world.advance(minutes(15));
    EXPECT_FALSE(world.sync(waits).stopped);
    for (const auto& id : ids) EXPECT_EQ(value_on(world, side, id), 61000);
    expect_quiet(world);
  }
}

TEST_P(NotTaken, ACreateOfOneDealIsTriedLessAndLess) {  // I-03, I-04, I-17, F-71
  World world({.crm = GetParam()});
  synced_deal(world, "Goes on");
  Failing failing(world, Side::partner_center, [](const Operation& op) { return op.verb == Verb::create; });
  const auto id = world.new_opportunity(usual_opportunity("Fails"));
  CycleOptions waits;
  waits.wait_for_lost_creates = true;
  for (int run = 0; run < 24; ++run) {
    world.advance(minutes(15));
    EXPECT_FALSE(world.sync(waits).stopped);
  }
  EXPECT_LE(failing.tried, 14);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::failed) << world.deal_of(id).message;
  failing.lasts = false;
  world.advance(minutes(61));
  EXPECT_FALSE(world.sync(waits).stopped);
  EXPECT_FALSE(world.referral_of(id).is_null());
  EXPECT_EQ(world.referrals().size(), 2U);
  expect_quiet(world);
}

}  // namespace
}  // namespace cosell::test
