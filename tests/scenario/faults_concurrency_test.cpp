// Faults of concurrency, F-35 to F-40, and the guards that belong to them.
#include <utility>

#include "between.h"
#include "engine/guard.h"
#include "engine/observe.h"
#include "faults.h"

namespace cosell::test {
namespace {

class Concurrency : public FaultStory {};
INSTANTIATE_TEST_SUITE_P(Crm, Concurrency, testing::Values("salesforce", "dynamics365"), name_of_crm);

TEST_P(Concurrency, F35_OneFieldEditedOnBothSidesFollowsTheRuleAndTheLoserIsKept) {  // I-06, I-08
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.crm_edit(id, {{"close_date", "2027-05-05"}});
  world.portal_edit(referral_id_of(world, id), replace("/details/closingDateTime", "2027-06-06T00:00:00Z"));
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.referral_of(id)["details"]["closingDateTime"].get<std::string>().substr(0, 10), "2027-05-05");
  EXPECT_EQ(world.opportunity(id)["close_date"], "2027-05-05");
  const auto history = world.store().history(world.deal_of(id).id, 0, 1000);
  ASSERT_TRUE(history);
  std::string all;
  for (const auto& line : *history) all += line.summary + line.payload;
  EXPECT_NE(all.find("both_changed_rule"), std::string::npos);
}

TEST_P(Concurrency, F35_TheSameEditOnBothSidesIsNoConflictAndNoWrite) {  // I-08
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.crm_edit(id, {{"close_date", "2027-05-05"}});
  world.portal_edit(referral_id_of(world, id), replace("/details/closingDateTime", "2027-05-05T00:00:00Z"));
  world.advance(minutes(5));
  world.reset_stats();
  world.sync();
  EXPECT_EQ(writes_of_both(world), 0);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync);
}

// The first trap (reliability): what a later read shows beside what we sent may be a person's edit.
TEST_P(Concurrency, F36_AnEditBetweenALostCreateAndItsLookUpStaysAnEdit) {  // I-06, I-25
  World world({.crm = GetParam()});
  world.sync();
  world.advance(minutes(5));
  const auto referral = world.inbound();
  world.sync();  // the account exists from now on
  world.advance(minutes(5));
  const auto second = world.inbound();
  int lost = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    const auto before = world.opportunities().size();
    auto answer = go(r);
    if (side != Side::crm || lost > 0 || world.opportunities().size() == before) return answer;
    ++lost;
    // Created, the answer lost, and a seller edits it at once.
    for (const auto& o : world.opportunities()) {
      if (o["referral_id"] == second["id"]) world.crm_edit(o["id"], {{"close_date", "2028-02-02"}, {"stage", "40"}});
    }
    return net::Delivered{net::Delivered::Kind::dropped_after, {}};
  };
  world.sync();
  EXPECT_EQ(lost, 1);
  world.wire = nullptr;
  world.advance(minutes(5));
  world.sync();
  world.sync();
  const std::string id = world.deal_of(second["id"]).crm.record_id;
  EXPECT_EQ(world.opportunity(id)["close_date"], "2028-02-02");
  for (const auto& r : world.referrals()) {
    if (r["id"] != second["id"]) continue;
    EXPECT_EQ(r["status"], "Active") << "moving it on accepted it";
    EXPECT_EQ(r["details"]["closingDateTime"].get<std::string>().substr(0, 10), "2028-02-02");
  }
}

TEST_P(Concurrency, F36_AnEditInPartnerCenterBetweenALostWriteAndItsLookUpStaysAnEdit) {  // I-06, I-25
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const auto referral = referral_id_of(world, id);
  int lost = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    auto answer = go(r);
    if (!is_patch(side, r) || lost > 0) return answer;
    ++lost;
    world.portal_edit(referral, replace("/details/notes", "typed in between"));
    return net::Delivered{net::Delivered::Kind::dropped_after, {}};
  };
  world.crm_edit(id, {{"value", 61000}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(lost, 1);
  world.wire = nullptr;
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.opportunity(id)["notes"], "typed in between");
  EXPECT_EQ(value_of_referral(world, id), 61000.0);
}

TEST_P(Concurrency, F37_ASecondProcessIsKeptOutOfTheStore) {  // I-16
  World world({.crm = GetParam()});
  synced_deal(world);
  const auto second = world.open_a_second_time();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorClass::store_busy);
}

TEST_P(Concurrency, F38_OurOwnWriteComingBackCausesNone) {  // I-22
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.crm_edit(id, {{"value", 61000}});
  world.portal_edit(referral_id_of(world, id), replace("/details/notes", "and this"));
  world.advance(minutes(5));
  world.reset_stats();
  world.sync();
  EXPECT_EQ(world.writes(Side::partner_center), 1);
  EXPECT_GT(world.writes(Side::crm), 0);
  world.reset_stats();
  std::int64_t seen = 0;
  for (int i = 0; i < 3; ++i) {
    world.advance(minutes(5));
    const auto report = world.sync();
    for (const auto& [side, counts] : report.observed) seen += counts.seen;
  }
  EXPECT_GT(seen, 0) << "the fault: the writes do come back in the listings";
  EXPECT_EQ(writes_of_both(world), 0);
}

TEST_P(Concurrency, F39_SomethingThatSetsAValueBackAgainAndAgainIsNoticedHeldAndNamed) {  // I-23
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const auto referral = referral_id_of(world, id);
  world.crm_edit(id, {{"value", 61000}});
  int fights = 0;
  for (int i = 0; i < 20; ++i) {
    world.advance(minutes(5));
    world.sync();
    if (value_of_referral(world, id) == 61000.0) {  // a workflow over there does not like it
      world.portal_edit(referral, replace("/details/dealValue", 50000));
      ++fights;
    } else if (world.opportunity(id)["value"].get<double>() == 50000.0) {  // and one over here insists
      world.crm_edit(id, {{"value", 61000}});
      ++fights;
    }
  }
  EXPECT_GE(fights, 5);
  EXPECT_LE(fights, 8) << "the bridge stops taking part";
  const auto deal = world.deal_of(id);
  EXPECT_EQ(deal.reason, "fought_over");
  EXPECT_NE(deal.message.find("value"), std::string::npos) << deal.message;
  EXPECT_NE(deal.message.find("Another connector"), std::string::npos) << deal.message;
  EXPECT_NE(deal.next_step.find("cosell replay"), std::string::npos) << deal.next_step;
  // Other fields go on.
  world.portal_edit(referral, replace("/details/notes", "all the same"));
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.opportunity(id)["notes"], "all the same");
}

TEST_P(Concurrency, F40_ThereAndBackBetweenTwoReadingsIsNoWrite) {  // I-02
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.crm_edit(id, {{"value", 61000}});
  world.crm_edit(id, {{"value", 50000}});
  world.portal_edit(referral_id_of(world, id), replace("/details/dealValue", 1));
  world.portal_edit(referral_id_of(world, id), replace("/details/dealValue", 50000));
  world.advance(minutes(5));
  world.reset_stats();
  const auto report = world.sync();
  EXPECT_GT(report.observed.at(Side::crm).seen + report.observed.at(Side::partner_center).seen, 0);
  EXPECT_EQ(writes_of_both(world), 0);
}

// The third trap (reliability): nobody can see from two pictures that a value went away and came back on purpose.
// A new version of the record is no edit of the field, so that the other side's edit is written; the manual says so.
TEST_P(Concurrency, F40_ARevertOnOneSideIsNotSeenAndTheOthersEditIsWrittenAsTheManualSays) {  // I-08
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const auto referral = referral_id_of(world, id);
  const Json before = world.referral_of(id)["eTag"];
  world.portal_edit(referral, replace("/details/dealValue", 70000));
  world.advance(minutes(1));
  world.portal_edit(referral, replace("/details/dealValue", 50000));
  world.crm_edit(id, {{"value", 61000}});
  ASSERT_NE(world.referral_of(id)["eTag"], before) << "the fault: the record moved, the value is as before";
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(value_of_referral(world, id), 61000.0);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << "no conflict is made of a version alone";
  const auto history = world.store().history(world.deal_of(id).id, 0, 1000);
  ASSERT_TRUE(history);
  std::string all;
  for (const auto& line : *history) all += line.payload;
  EXPECT_NE(all.find("changed_in_crm"), std::string::npos) << "and the history says why";
}

TEST_P(Concurrency, AFirstSyncBeyondTheGuardIsApprovedAsExactlyThisPlan) {  // I-13
  World world({.crm = GetParam()});
  world.pair().settings.first_sync.deals = 3;
  for (int i = 0; i < 5; ++i) world.new_opportunity(usual_opportunity("Deal " + std::to_string(i)));
  world.reset_stats();
  auto report = world.sync();
  ASSERT_TRUE(report.stopped);
  EXPECT_EQ(report.guard, "first_sync");
  EXPECT_EQ(writes_of_both(world), 0);
  const std::string& said = report.stopped->message;
  const auto at = said.find("--allow plan=");
  ASSERT_NE(at, std::string::npos) << said;
  const std::string plan = said.substr(at + 8, said.find(' ', at + 8) - at - 8);
  // Later, with the same deals, it is the same plan.
  world.advance(minutes(7));
  report = world.sync();
  EXPECT_NE(report.stopped->message.find(plan), std::string::npos) << report.stopped->message;
  // With one more deal it is another plan.
  world.new_opportunity(usual_opportunity("One more"));
  CycleOptions approved;
  approved.allow = {plan};
  report = world.sync(approved);
  ASSERT_TRUE(report.stopped);
  EXPECT_EQ(report.guard, "first_sync");
  EXPECT_EQ(writes_of_both(world), 0);
  const std::string& now = report.stopped->message;
  const auto there = now.find("--allow plan=");
  approved.allow = {now.substr(there + 8, now.find(' ', there + 8) - there - 8)};
  report = world.sync(approved);
  EXPECT_FALSE(report.stopped) << report.stopped->message;
  EXPECT_EQ(world.referrals().size(), 6U);
}

// A mapping that selects too much may find nothing to send yet; thousands of sellers are told of it all the same.
TEST_P(Concurrency, AFirstSyncThatOnlyTellsSellersMeetsTheGuardToo) {  // I-13
  World world({.crm = GetParam()});
  world.pair().settings.first_sync.deals = 3;
  for (int i = 0; i < 6; ++i) {
    Json words = usual_opportunity("Deal " + std::to_string(i));
    words["solution"] = nullptr;
    world.new_opportunity(words);
  }
  world.reset_stats();
  const auto report = world.sync();
  EXPECT_EQ(report.guard, "first_sync") << "six opportunities lack their solution";
  EXPECT_EQ(writes_of_both(world), 0);
}

// It goes on with what was approved, and with nothing else of that size.
TEST_P(Concurrency, AnApprovedFirstSyncThatBrokeOffGoesOnWithItsPlanAlone) {  // I-13
  for (const bool plan_changes : {false, true}) {
    World world({.crm = GetParam()});
    world.pair().settings.first_sync.deals = 3;
    for (int i = 0; i < 6; ++i) world.new_opportunity(usual_opportunity("Deal " + std::to_string(i)));
    const std::string said = world.sync().stopped->message;
    const auto at = said.find("plan=");
    CycleOptions approved;
    approved.allow = {said.substr(at, said.find(' ', at) - at)};
    world.faults(Side::partner_center,
                 scripted_fault("POST", referrals_route, {{"kind", "status"}, {"status", 401}}, 1, 1000));
    ASSERT_TRUE(world.sync(approved).stopped);
    const std::size_t made = world.referrals().size();
    ASSERT_LT(made, 3U) << "it broke off";
    world.faults(Side::partner_center, Json::array());
    if (plan_changes) world.restart_with({{"fields", {{"notes", {{"constant", "Nobody looked at this."}}}}}});
    if (plan_changes) world.pair().settings.first_sync.deals = 3;
    world.advance(minutes(5));
    const auto report = world.sync();
    EXPECT_EQ(report.guard, plan_changes ? "first_sync" : "") << (report.stopped ? report.stopped->message : "");
    EXPECT_EQ(world.referrals().size(), plan_changes ? made : 6U);
  }
}

// A new referral gets its stage by a write of its own: nobody has to approve that anew.
TEST_P(Concurrency, AnApprovedFirstSyncThatBrokeOffAfterItsCreatesBringsThemToTheirEnd) {  // I-13
  World world({.crm = GetParam()});
  world.pair().settings.first_sync.deals = 3;
  for (int i = 0; i < 6; ++i) {
    Json words = usual_opportunity("Deal " + std::to_string(i));
    words["stage"] = "60";
    world.new_opportunity(words);
  }
  const std::string said = world.sync().stopped->message;
  const auto at = said.find("plan=");
  CycleOptions approved;
  approved.allow = {said.substr(at, said.find(' ', at) - at)};
  world.faults(Side::partner_center,
               scripted_fault("PATCH", referrals_route, {{"kind", "status"}, {"status", 401}}, 0, 1000));
  ASSERT_TRUE(world.sync(approved).stopped);
  ASSERT_GT(world.fired(Side::partner_center), 0);
  ASSERT_EQ(world.referrals().size(), 6U);
  world.faults(Side::partner_center, Json::array());
  world.advance(minutes(5));
  const auto report = world.sync();
  EXPECT_EQ(report.guard, "") << (report.stopped ? report.stopped->message : "");
  for (const Json& referral : world.referrals()) EXPECT_EQ(referral["salesStage"], "60") << referral;
}

// The machine woke up in another year, synced once, and was set right.
TEST_P(Concurrency, F67_WhatWaitsForATimeOfAWrongClockDoesNotWaitForIt) {  // I-01, F-67
  World world({.crm = GetParam(), .settle = minutes(60)});
  const auto id = synced_deal(world);
  world.crm_edit(id, {{"visible", true}});
  const auto lost = world.new_opportunity(usual_opportunity("Birch Mills"));
  world.advance(minutes(5));
  ManualClock wrong(world.clock().now() + days(400));
  Clock* const right = std::exchange(world.pair().clock, &wrong);
  world.faults(Side::partner_center, scripted_fault("POST", referrals_route, {{"kind", "drop_before"}}));
  world.sync();
  ASSERT_EQ(world.fired(Side::partner_center), 1);
  ASSERT_EQ(world.deal_of(id).reason, "settling");
  ASSERT_EQ(world.deal_of(lost).reason, "checking");
  world.pair().clock = right;
  world.advance(minutes(5));
  world.sync();
  for (int run = 0; run < 2; ++run) {
    world.advance(minutes(61));
    world.sync();
  }
  EXPECT_EQ(world.referral_of(id)["consent"]["consentToShareReferralWithMicrosoftSellers"], true);
  EXPECT_FALSE(world.referral_of(lost).is_null());
  // And what is done once a day is done.
  const auto described = *world.store().property("environment.crm.asked");
  const auto looked = *world.store().property("looked_at.crm");
  world.advance(hours(25));
  world.sync();
  EXPECT_GT(*world.store().property("environment.crm.asked"), described);
  EXPECT_GT(*world.store().property("looked_at.crm"), looked);
  EXPECT_LT(*world.store().property("looked_at.crm"), to_string(world.clock().now() + days(1)));
  expect_quiet(world);
}

// Looked for by its time of creation, which is told by the clock of Partner Center.
TEST_P(Concurrency, F67_ALostCreateIsFoundAlsoWhenTheMachinesClockIsAhead) {  // I-17, F-67, F-03
  for (const Duration ahead : {minutes(40), days(20)}) {
    World world({.crm = GetParam()});
    synced_deal(world);
    const auto lost = world.new_opportunity(usual_opportunity("Birch Mills"));
    world.set_machine_clock_ahead(ahead);
    world.faults(Side::partner_center, scripted_fault("POST", referrals_route, {{"kind", "drop_after"}}));
    CycleOptions options;
    options.wait_for_lost_creates = true;
    const auto report = world.sync(options);
    ASSERT_EQ(world.fired(Side::partner_center), 1);
    EXPECT_EQ(report.unanswered, 0);
    EXPECT_EQ(world.referrals().size(), 2U) << "a second referral was made";
    EXPECT_EQ(world.deal_of(lost).partner_center.record_id, referral_id_of(world, lost));
  }
}

// A clock that is set right while the bridge waits.
class SetRight final : public Clock {
 public:
  explicit SetRight(Clock& right) : right_(right) {}
  Instant now() override { return right_.now() + ahead_; }
  bool sleep_for(Duration d) override {
    ahead_ = {};
    return right_.sleep_for(d);
  }

 private:
  Clock& right_;
  Duration ahead_ = hours(1);
};

TEST_P(Concurrency, F67_ASideThatAskedForTimeIsNotLeftAloneForTheHourThatTheClockIsSetBack) {  // F-67, I-37
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  SetRight clock(world.clock());
  world.pair().clock = &clock;
  int creates = 0;
  Between slowed(*world.pair().partner_center, [&](const Operation& op) -> std::optional<std::variant<Applied, Error>> {
    if (op.verb != Verb::create || ++creates > 1) return std::nullopt;
    Error later = make_error(ErrorClass::throttled, "Too many requests.");
    later.not_before = clock.now() + seconds(20);
    return later;
  });
  world.pair().partner_center = &slowed;
  const Instant begun = world.clock().now();
  world.sync();
  EXPECT_EQ(creates, 2);
  EXPECT_FALSE(world.referral_of(id).is_null());
  EXPECT_LT(world.clock().now(), begun + minutes(5));
}

// More than the guard lets pass; the last one is edited as well.
std::vector<std::string> three_of_six_are_deleted(World& world) {
  world.pair().settings.deletions = {0.2, 2};
  std::vector<std::string> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(world.new_opportunity(usual_opportunity("Deal " + std::to_string(i))));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  for (std::size_t i = 0; i < 3; ++i) world.crm_delete(ids[i]);
  world.crm_edit(ids[5], {{"value", 61000}});
  world.advance(minutes(5));
  world.reset_stats();
  return ids;
}

TEST_P(Concurrency, AMassDeletionStopsEveryRunUntilItIsAllowed) {  // I-13, I-11
  World world({.crm = GetParam()});
  const auto ids = three_of_six_are_deleted(world);
  for (int run = 0; run < 2; ++run) {
    const auto report = world.sync();
    ASSERT_TRUE(report.stopped);
    EXPECT_EQ(report.guard, "deletions");
    EXPECT_EQ(writes_of_both(world), 0);
    world.advance(minutes(5));
  }
  CycleOptions allowed;
  allowed.allow = {"deletions"};
  EXPECT_FALSE(world.sync(allowed).stopped);
  EXPECT_EQ(value_of_referral(world, ids[5]), 61000.0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(world.referral_of(ids[static_cast<std::size_t>(i)])["status"], "Active");
    EXPECT_EQ(world.deal_of(ids[static_cast<std::size_t>(i)]).reason, "deleted");
  }
  EXPECT_FALSE(world.sync().stopped);
}

TEST_P(Concurrency, AMassDeletionNamesItsDealsAndAPlanStopsForItAsASyncDoes) {  // I-13
  World world({.crm = GetParam()});
  three_of_six_are_deleted(world);
  CycleOptions look;
  look.command = "plan";
  look.plan_only = true;
  for (const auto& report : {world.sync(look), world.sync(), world.sync(look)}) {
    ASSERT_TRUE(report.stopped);
    EXPECT_EQ(report.guard, "deletions");
    for (const char* name : {"Deal 0 (", "Deal 1 (", "Deal 2 (", "cosell sync world --allow deletions"}) {
      EXPECT_NE(report.stopped->message.find(name), std::string::npos) << report.stopped->message;
    }
    EXPECT_EQ(report.stopped->message.find("Deal 5"), std::string::npos) << report.stopped->message;
  }
}

TEST_P(Concurrency, AMassDeletionDoesNotNameDealsThatWereToldAsGoneBefore) {  // I-13
  World world({.crm = GetParam()});
  const auto ids = three_of_six_are_deleted(world);
  CycleOptions allowed;
  allowed.allow = {"deletions"};
  ASSERT_FALSE(world.sync(allowed).stopped);
  for (std::size_t i = 3; i < 6; ++i) world.crm_delete(ids[i]);
  world.restart_with({{"fields", {{"notes", {{"default", "Ask somebody else."}}}}}});  // everything is decided on anew
  world.pair().settings.deletions = {0.2, 2};
  world.advance(minutes(5));
  const auto report = world.sync();
  ASSERT_TRUE(report.stopped);
  EXPECT_EQ(report.guard, "deletions");
  for (const char* name : {"3 deals were", "Deal 3 (", "Deal 4 (", "Deal 5 ("}) {
    EXPECT_NE(report.stopped->message.find(name), std::string::npos) << report.stopped->message;
  }
  for (const char* name : {"Deal 0", "Deal 1", "Deal 2"}) {
    EXPECT_EQ(report.stopped->message.find(name), std::string::npos) << report.stopped->message;
  }
}

// First their opportunities, which a person let pass, then their referrals as well.
TEST_P(Concurrency, AMassDeletionNamesDealsWhoseSecondRecordIsGoneToo) {  // I-13
  World world({.crm = GetParam()});
  const auto ids = three_of_six_are_deleted(world);
  CycleOptions allowed;
  allowed.allow = {"deletions"};
  ASSERT_FALSE(world.sync(allowed).stopped);
  engine::Observer observer(world.pair(), RunId{});
  engine::ObserveCounts counts;
  const auto gone = world.store().transaction([&]() -> Result<void> {
    for (std::size_t i = 0; i < 3; ++i) {
      Observation seen;
      seen.kind = RecordKind::referral;
      seen.id = RecordId(world.deal_of(ids[i]).partner_center.record_id);
      seen.existence = cosell::Existence::deleted;
      if (auto taken = observer.take(Side::partner_center, seen, counts); !taken) return taken;
    }
    return engine::note_gone(world.store(), counts.gone);
  });
  ASSERT_TRUE(gone);
  world.advance(minutes(5));
  const auto report = world.sync();
  ASSERT_TRUE(report.stopped);
  EXPECT_EQ(report.guard, "deletions");
  for (const char* name : {"Deal 0 (Partner Center)", "Deal 1 (Partner Center)", "Deal 2 (Partner Center)"}) {
    EXPECT_NE(report.stopped->message.find(name), std::string::npos) << report.stopped->message;
  }
}

TEST_P(Concurrency, AMassDeletionSeenWhileTheOtherSideWasDownStopsTheNextRun) {  // I-13, F-08
  World world({.crm = GetParam()});
  three_of_six_are_deleted(world);
  world.wire = [](Side side, const http::Request& r, const World::Go& go) {
    auto answer = go(r);
    if (is_listing(side, r)) answer.response.body = "<html>";
    return answer;
  };
  EXPECT_EQ(world.sync().side_down, Side::partner_center);
  world.wire = nullptr;
  world.advance(minutes(5));
  const auto report = world.sync();
  ASSERT_TRUE(report.stopped);
  EXPECT_EQ(report.guard, "deletions");
  EXPECT_EQ(writes_of_both(world), 0);
}

// One side shows states from before, as after a restore from a backup, and the other one cannot be used.
TEST_P(Concurrency, AGuardStopsWhatOneSideShowsWhileTheOtherIsDownAndBothAreTold) {  // I-13, F-08, F-48
  for (const Side down : {Side::crm, Side::partner_center}) {
    World world({.crm = GetParam()});
    std::vector<std::string> ids;
    for (int i = 0; i < 4; ++i) ids.push_back(synced_deal(world, "Deal " + std::to_string(i)));
    const Side restored = down == Side::crm ? Side::partner_center : Side::crm;
    for (const auto& id : ids) {
      if (restored == Side::crm) world.crm_edit(id, {{"value", 61000}});
      if (restored != Side::crm) world.portal_edit(referral_id_of(world, id), replace("/details/notes", "once more"));
    }
    Connector*& used = restored == Side::crm ? world.pair().crm : world.pair().partner_center;
    Between between(*used, [](const Operation&) { return std::nullopt; });
    between.reads = [](Page& page) {
      for (Observation& seen : page.seen) seen.changed_at = *parse_instant("2026-01-01T00:00:00Z");
    };
    Connector* const system = std::exchange(used, &between);
    world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
      return side == down ? net::Delivered{net::Delivered::Kind::unreachable, {}} : go(r);
    };
    world.advance(minutes(5));
    world.reset_stats();
    const auto report = world.sync();
    ASSERT_TRUE(report.stopped) << store::name_of(down);
    EXPECT_EQ(report.guard, "restored") << report.stopped->message;
    EXPECT_EQ(report.stopped->kind, ErrorClass::guard);
    EXPECT_FALSE(report.side_down) << "it ended for the guard";
    EXPECT_EQ(report.down.count(down), 1U) << "and the outage is told beside it";
    EXPECT_EQ(writes_of_both(world), 0);
    EXPECT_NE(*world.store().property(std::string("incident.") + store::name_of(down)), "");
    EXPECT_EQ(*world.store().property(std::string("incident.") + store::name_of(restored)), "");
    used = system;
  }
}

}  // namespace
}  // namespace cosell::test
