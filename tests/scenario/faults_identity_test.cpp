// Faults of identity and life cycle, F-41 to F-49, and the compound ones, F-73 to F-77.
#include <set>
#include <utility>

#include "between.h"
#include "engine/link.h"
#include "faults.h"
#include "mapping/shipped.h"

namespace cosell::test {
namespace {

class Identity : public FaultStory {};
INSTANTIATE_TEST_SUITE_P(Crm, Identity, testing::Values("salesforce", "dynamics365"), name_of_crm);

void expect_one_to_one(World& world) {  // I-16
  std::set<std::string> opportunities;
  std::set<std::string> referrals;
  for (const auto& row : world.deals()) {
    const auto& opportunity = row.crm.record_id;
    const auto& referral = row.partner_center.record_id;
    EXPECT_TRUE(opportunity.empty() || opportunities.insert(opportunity).second) << opportunity;
    EXPECT_TRUE(referral.empty() || referrals.insert(referral).second) << referral;
  }
}

TEST_P(Identity, F41_DeletedInTheCrmAndEditedInPartnerCenterKeepsTheEditAndWaits) {  // I-11, I-12
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const auto referral = referral_id_of(world, id);
  world.crm_delete(id);
  world.portal_edit(referral, replace("/details/notes", "edited meanwhile"));
  world.advance(minutes(5));
  world.reset_stats();
  const auto report = world.sync();
  EXPECT_EQ(report.observed.at(Side::crm).gone, 1) << "the fault: the deletion was seen";
  EXPECT_EQ(report.observed.at(Side::partner_center).changed, 1) << "and so was the edit";
  EXPECT_EQ(world.deal_of(referral).state, store::DealState::waiting);
  EXPECT_EQ(world.deal_of(referral).reason, "deleted");
  EXPECT_EQ(writes_of_both(world), 0);
  EXPECT_EQ(world.referral_of(id)["details"]["notes"], "edited meanwhile");
  EXPECT_EQ(world.referral_of(id)["status"], "Active");
}

TEST_P(Identity, F42_TheLoserOfAMergeIsHeldAndNoRecordIsLinkedTwice) {  // I-16
  World world({.crm = GetParam(), .plain_key = true});
  const auto survivor = synced_deal(world, "Survivor");
  const auto loser = synced_deal(world, "Loser");
  const std::string key = world.opportunity(loser)["plain_key"];
  // A person merges by hand: the loser goes, and its key is pasted over the survivor's.
  world.crm_edit(survivor, {{"plain_key", key}});
  world.crm_delete(loser);
  ASSERT_EQ(world.opportunity(survivor)["plain_key"], key) << "the fault";
  world.advance(minutes(5));
  const auto report = world.sync();
  EXPECT_EQ(report.observed.at(Side::crm).gone, 1) << "the fault: the loser's end was seen";
  world.sync();
  expect_one_to_one(world);
  EXPECT_EQ(world.deal_of(key).reason, "deleted");
  EXPECT_EQ(world.deal_of(survivor).partner_center.record_id, referral_id_of(world, survivor));
  EXPECT_EQ(world.referrals().size(), 2U);
}

TEST(SalesforceIdentity, F43_ARecordRestoredFromTheBinGoesOnAsTheSameDeal) {  // I-16
  World world({.crm = "salesforce"});
  const auto id = synced_deal(world);
  world.crm_delete(id);
  world.advance(minutes(5));
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "deleted");
  world.control(Side::crm, "POST", "undelete", {{"id", id}});
  world.crm_edit(id, {{"value", 61000}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(value_of_referral(world, id), 61000.0);
  EXPECT_EQ(world.referrals().size(), 1U);
  expect_one_to_one(world);
}

TEST_P(Identity, F43_ARecordMadeAnewWithTheOldKeyIsNotLinkedByItself) {  // I-16, I-17
  World world({.crm = GetParam(), .plain_key = true});
  const auto id = synced_deal(world);
  const auto referral = referral_id_of(world, id);
  const std::string key = world.opportunity(id)["plain_key"];
  world.crm_delete(id);
  world.advance(minutes(5));
  world.sync();
  auto words = usual_opportunity("Alder Foods");
  words["plain_key"] = key;
  const auto anew = world.new_opportunity(words);
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.referrals().size(), 1U) << "no second referral for the same deal";
  EXPECT_EQ(world.deal_of(anew).reason, "clone");
  const auto old = world.deal_of(referral);
  EXPECT_EQ(old.state, store::DealState::waiting);
  EXPECT_NE(old.message.find("is gone"), std::string::npos) << old.message;
  EXPECT_NE(old.next_step.find("cosell deals link " + anew + " " + referral), std::string::npos) << old.next_step;
  expect_one_to_one(world);
  // As that says.
  ASSERT_TRUE(engine::unlink_deal(world.pair(), old.id));
  ASSERT_TRUE(engine::link_deals(world.pair(), world.deal_of(anew).id, world.deal_of(referral).id));
  for (int run = 0; run < 2; ++run) {
    world.advance(minutes(5));
    EXPECT_FALSE(world.sync().stopped);
  }
  EXPECT_EQ(world.deal_of(anew).partner_center.record_id, referral);
  EXPECT_EQ(world.deal_of(anew).state, store::DealState::in_sync) << world.deal_of(anew).message;
  EXPECT_EQ(world.referrals().size(), 1U);
}

TEST_P(Identity, F44_ClosedInPartnerCenterWhileTheCrmEditsIsClosedAndTheEditIsKept) {  // I-14
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const auto referral = referral_id_of(world, id);
  world.portal_edit(referral, Json::array({{{"op", "replace"}, {"path", "/status"}, {"value", "Closed"}},
                                           {{"op", "replace"}, {"path", "/substatus"}, {"value", "Lost"}},
                                           {{"op", "replace"}, {"path", "/statusReason"}, {"value", "Budget"}}}));
  world.crm_edit(id, {{"value", 61000}, {"stage", "60"}});
  ASSERT_EQ(world.referral_of(id)["status"], "Closed") << "the fault";
  ASSERT_EQ(world.opportunity(id)["stage"], "60") << "the fault";
  world.advance(minutes(5));
  world.reset_stats();
  const auto report = world.sync();
  EXPECT_EQ(report.observed.at(Side::crm).changed, 1) << "both were seen by the same run";
  EXPECT_EQ(report.observed.at(Side::partner_center).changed, 1);
  EXPECT_EQ(world.writes(Side::partner_center), 0) << "nothing is written to a closed referral";
  EXPECT_EQ(world.opportunity(id)["stage"], "lost");
  EXPECT_EQ(world.opportunity(id)["value"].get<double>(), 61000.0) << "the seller's edit stays where it is";
}

TEST_P(Identity, F45_ADealThatNeedsSeveralStepsResumesFromWhatIsThere) {  // I-14
  World world({.crm = GetParam()});
  const auto referral = world.inbound();
  world.sync();
  const std::string id = world.deal_of(referral["id"]).crm.record_id;
  const auto standing = [&] {
    const auto r = world.referrals()[0];
    return r["status"].get<std::string>() + "/" + r["substatus"].get<std::string>();
  };
  world.crm_edit(id, {{"stage", "won"}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(standing(), "New/Pending") << "an unanswered deal cannot be won";
  EXPECT_EQ(world.deal_of(id).reason, "won_while_waiting");
  // Answered in Partner Center; the first attempt to win it is refused on the way.
  world.portal_edit(referral["id"], Json::array({{{"op", "replace"}, {"path", "/status"}, {"value", "Active"}},
                                                 {{"op", "replace"}, {"path", "/substatus"}, {"value", "Accepted"}}}));
  world.faults(Side::partner_center, scripted_fault("PATCH", referrals_route, {{"kind", "status"}, {"status", 500}}));
  for (int i = 0; i < 4; ++i) {
    world.advance(hours(1));
    world.sync();
  }
  EXPECT_EQ(world.fired(Side::partner_center), 1);
  EXPECT_EQ(standing(), "Closed/Won");
}

TEST_P(Identity, F46_ADealThatIsTakenOutOfTheSelectionIsNeitherDeletedNorClosed) {  // I-11
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.crm_edit(id, {{"opt_in", false}});
  ASSERT_EQ(world.opportunity(id)["opt_in"], false) << "the fault";
  world.advance(minutes(5));
  world.reset_stats();
  const auto left = world.sync();
  EXPECT_EQ(left.observed.at(Side::crm).changed, 1) << "it was seen to leave";
  EXPECT_EQ(world.writes(Side::partner_center), 0);
  EXPECT_EQ(world.referral_of(id)["status"], "Active");
  world.crm_edit(id, {{"opt_in", true}, {"value", 61000}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(value_of_referral(world, id), 61000.0);
  EXPECT_EQ(world.referrals().size(), 1U);
}

// Nothing lists a record because rights came back: it is asked for until it is seen.
TEST_P(Identity, F46_ADealThatIsVisibleAgainGoesOnByItself) {  // I-01, I-11
  for (const int answer : {403, 404}) {
    World world({.crm = GetParam()});
    const auto id = synced_deal(world);
    const auto other = synced_deal(world, "Other");
    const auto referral = referral_id_of(world, id);
    int refused = 0;
    world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
      if (side != Side::partner_center || r.url.find(referral) == std::string::npos) return go(r);
      ++refused;
      net::Delivered hidden;
      hidden.response.status = answer;
      return hidden;
    };
    for (int day = 0; day < 2; ++day) {
      world.advance(hours(25));
      world.sync();
    }
    ASSERT_GT(refused, 0);
    ASSERT_EQ(world.deal_of(id).reason, "out_of_scope") << world.deal_of(id).message;
    world.wire = nullptr;
    world.crm_edit(id, {{"value", 61000}});
    world.advance(hours(25));
    EXPECT_FALSE(world.sync().stopped);
    EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
    EXPECT_EQ(value_of_referral(world, id), 61000.0);
    EXPECT_EQ(world.deal_of(other).state, store::DealState::in_sync);
  }
}

// Rights come back for many at once, and more than a day's portion of them are asked for then.
TEST_P(Identity, F46_DealsThatAreVisibleAgainTogetherGoOnTheSameDay) {  // I-01, I-11
  World world({.crm = GetParam()});
  constexpr int deals = 23;
  for (int i = 0; i < deals; ++i) world.new_opportunity(usual_opportunity("Deal " + std::to_string(i)));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (side != Side::partner_center || r.url.find(referrals_route + "/") == std::string::npos) return go(r);
    net::Delivered hidden;
    hidden.response.status = 403;
    return hidden;
  };
  for (int day = 0; day < 3; ++day) {
    world.advance(hours(25));
    world.sync();
  }
  const auto in_sight = [&] {
    int count = 0;
    for (const auto& row : world.deals()) {
      if (row.partner_center.existence == store::Existence::live) ++count;
    }
    return count;
  };
  ASSERT_EQ(in_sight(), 0) << "the fault";
  world.wire = nullptr;
  world.advance(hours(25));
  EXPECT_FALSE(world.sync().stopped);
  EXPECT_EQ(in_sight(), deals);
  for (const auto& row : world.deals()) EXPECT_EQ(row.state, store::DealState::in_sync) << row.message;
}

// The key names an opportunity that the bridge's user may not read, until somebody lets it.
TEST_P(Identity, F46_AnOpportunityThatIsReadableLaterIsTheOneThatWasNamed) {  // I-01, I-11
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const auto referral = referral_id_of(world, id);
  world.lose_store();
  Between between(*world.pair().crm, [](const Operation&) { return std::optional<std::variant<Applied, Error>>{}; });
  bool hidden = true;
  const auto leave_out = [&](std::vector<Observation>& seen) {
    if (hidden) std::erase_if(seen, [&](const Observation& one) { return one.id.value == id; });
  };
  between.reads = [&](Page& page) { leave_out(page.seen); };
  between.fetches = leave_out;
  world.pair().crm = &between;
  for (int day = 0; day < 2; ++day) {
    world.sync();
    world.advance(hours(25));
  }
  ASSERT_EQ(world.deal_of(referral).crm.record_id, id);
  ASSERT_EQ(world.deal_of(referral).crm.existence, store::Existence::unseen) << "the fault";
  hidden = false;
  EXPECT_FALSE(world.sync().stopped);
  world.crm_edit(id, {{"value", 61000}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  EXPECT_EQ(value_of_referral(world, id), 61000.0);
}

TEST_P(Identity, F47_ACopyWithOurKeyHoldsBothUntilOnlyOneCarriesIt) {  // I-16, I-17
  World world({.crm = GetParam(), .plain_key = true});
  const auto id = synced_deal(world, "Original");
  const std::string key = world.opportunity(id)["plain_key"];
  auto words = usual_opportunity("Copy");
  words["plain_key"] = key;
  const auto copy = world.new_opportunity(words);
  world.crm_edit(id, {{"value", 61000}});
  world.advance(minutes(5));
  world.reset_stats();
  world.sync();
  EXPECT_EQ(world.deal_of(copy).reason, "clone");
  EXPECT_EQ(world.deal_of(id).reason, "clone");
  EXPECT_NE(world.deal_of(id).message.find(copy.substr(0, 15)), std::string::npos) << world.deal_of(id).message;
  EXPECT_EQ(world.writes(Side::partner_center), 0);
  expect_one_to_one(world);
  world.crm_edit(copy, {{"plain_key", nullptr}});
  world.advance(minutes(5));
  world.sync();
  world.sync();
  EXPECT_EQ(value_of_referral(world, id), 61000.0) << "the original goes on";
  EXPECT_EQ(world.referrals().size(), 2U) << "and the copy is a deal of its own";
  expect_one_to_one(world);
}

// What a seller changes while the deal is held is not seen; the settle time counts from when it goes on.
TEST_P(Identity, F47_AHeldDealSettlesAnewBeforeItIsClosed) {  // I-14
  World world({.crm = GetParam(), .settle = minutes(60), .plain_key = true});
  const auto id = synced_deal(world, "Original");
  world.crm_edit(id, {{"stage", "lost"}, {"loss_reason", "Budget"}});
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "settling");
  auto words = usual_opportunity("Copy");
  words["plain_key"] = world.opportunity(id)["plain_key"];
  const auto copy = world.new_opportunity(words);
  world.advance(minutes(5));
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "clone");
  world.crm_edit(id, {{"stage", "20"}});
  world.advance(hours(3));
  world.sync();
  world.crm_edit(id, {{"stage", "lost"}, {"loss_reason", "Budget"}});
  world.crm_edit(copy, {{"plain_key", nullptr}});
  for (int run = 0; run < 2; ++run) {
    world.advance(minutes(5));
    world.sync();
  }
  EXPECT_EQ(world.referral_of(id)["status"], "Active") << "an hour has not passed";
  world.advance(minutes(61));
  world.sync();
  EXPECT_EQ(world.referral_of(id)["status"], "Closed");
}

// Nothing tells that the copy is gone: the read position died meanwhile, and the listing just lacks it.
TEST_P(Identity, F47_ACopyThatIsGoneWithoutAWordHoldsTheOriginalNoLonger) {  // I-01, I-11
  World world({.crm = GetParam(), .plain_key = true});
  const auto id = synced_deal(world, "Original");
  synced_deal(world, "Another");
  const std::string key = world.opportunity(id)["plain_key"];
  auto words = usual_opportunity("Copy");
  words["plain_key"] = key;
  const auto copy = world.new_opportunity(words);
  world.advance(minutes(5));
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "clone");
  world.crm_delete(copy);
  (void)world.store().transaction([&] { return world.store().set_cursor(Side::crm, Cursor("gone")); });
  world.crm_edit(id, {{"value", 61000}});
  world.advance(days(40));
  for (int run = 0; run < 2; ++run) {
    world.advance(minutes(5));
    EXPECT_FALSE(world.sync().stopped);
  }
  EXPECT_NE(world.deal_of(copy).crm.existence, store::Existence::live) << "the fault";
  EXPECT_EQ(world.deal_of(id).reason == "clone", false) << world.deal_of(id).message;
  EXPECT_EQ(value_of_referral(world, id), 61000.0) << "the original goes on";
}

TEST_P(Identity, F48_ACrmRestoredFromABackupStopsTheRunUntilAPersonSaysSo) {  // I-05, I-13
  World world({.crm = GetParam()});
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(synced_deal(world, "Deal " + std::to_string(i)));
  const Json backup = world.crm_backup();
  for (const auto& id : ids) world.crm_edit(id, {{"value", 61000}});
  world.advance(minutes(5));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  for (const auto& id : ids) ASSERT_EQ(value_of_referral(world, id), 61000.0);
  world.crm_restore(backup);
  ASSERT_EQ(world.opportunity(ids[0])["value"].get<double>(), 50000.0) << "the fault";
  world.reset_stats();
  CycleReport report;
  for (int day = 0; day < 3 && !report.stopped; ++day) {
    world.advance(hours(25));
    report = world.sync();
  }
  ASSERT_TRUE(report.stopped);
  EXPECT_EQ(report.guard, "restored");
  EXPECT_NE(report.stopped->message.find("--allow restored"), std::string::npos) << report.stopped->message;
  EXPECT_EQ(world.writes(Side::partner_center), 0);
  for (const auto& id : ids) EXPECT_EQ(value_of_referral(world, id), 61000.0);
  CycleOptions allowed;
  allowed.allow = {"restored"};
  report = world.sync(allowed);
  EXPECT_FALSE(report.stopped) << report.stopped->message;
  EXPECT_EQ(world.referrals().size(), 5U) << "nothing is created twice";
}

// One or two may be a stale answer; what still shows the older state an hour later is none.
TEST_P(Identity, F48_ASingleRestoredDealWaitsUntilAPersonSaysWhatCounts) {  // I-08
  World world({.crm = GetParam()});
  const auto id = synced_deal(world, "Deal 1");
  const auto other = synced_deal(world, "Deal 2");
  const Json old = world.crm_backup();
  world.crm_edit(id, {{"value", 61000}});
  for (int i = 0; i < 2; ++i) {
    world.advance(minutes(5));
    world.sync();
  }
  ASSERT_EQ(value_of_referral(world, id), 61000.0);
  const Json newest = world.crm_backup();
  const auto meet_it = [&] {
    for (int day = 0; day < 3 && world.deal_of(id).marks.count("older.crm") == 0; ++day) {
      world.advance(hours(25));
      world.sync();
    }
    EXPECT_EQ(world.deal_of(id).marks.count("older.crm"), 1U) << "the fault";
    EXPECT_NE(world.deal_of(id).reason, "restored") << "perhaps a stale answer";
  };

  world.crm_restore(old);
  meet_it();
  world.crm_restore(newest);
  world.advance(hours(2));
  world.sync();
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << "it was a stale answer";
  EXPECT_EQ(world.deal_of(id).marks.count("older.crm"), 0U);

  world.crm_restore(old);
  meet_it();
  world.reset_stats();
  world.advance(hours(2));
  EXPECT_FALSE(world.sync().stopped);
  EXPECT_EQ(world.deal_of(id).reason, "restored");
  EXPECT_EQ(world.deal_of(id).waits_for, store::WaitFor::operator_);
  EXPECT_NE(world.deal_of(id).reason, world.deal_of(other).reason);
  world.advance(hours(2));
  world.sync();
  EXPECT_EQ(world.writes(Side::crm) + world.writes(Side::partner_center), 0);
  EXPECT_EQ(value_of_referral(world, id), 61000.0);

  CycleOptions allowed;
  allowed.allow = {"restored"};
  world.sync(allowed);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  EXPECT_EQ(value_of_referral(world, id), 50000.0);
}

TEST_P(Identity, F49_OfSeveralReferralsInOneEngagementOnlyTheLinkedOneIsTouched) {  // I-16
  World world({.crm = GetParam()});
  const auto contact = world.new_contact(
      {{"first", "Cora"}, {"last", "Lind"}, {"email", "cora@alder.example"}, {"phone", "+49 40 5550199"}});
  auto words = usual_opportunity("Alder Foods");
  words["help"] = "ProofOfConceptOrDemo";
  words["help_notes"] = "A proof of concept in May";
  words["contact"] = contact;
  const auto id = world.new_opportunity(words);
  for (int i = 0; i < 3; ++i) {
    world.sync();
    world.advance(minutes(5));
  }
  const auto invited = world.control(Side::partner_center, "GET", "records")["invited"];
  std::vector<std::string> patched;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (is_patch(side, r)) patched.push_back(r.url);
    return go(r);
  };
  world.crm_edit(id, {{"value", 61000}});
  world.sync();
  EXPECT_EQ(invited.size(), 1U) << "the fault: a second referral in the engagement";
  ASSERT_EQ(patched.size(), 1U);
  EXPECT_NE(patched[0].find(referral_id_of(world, id)), std::string::npos) << patched[0];
  expect_one_to_one(world);
}

// Another login or another address leads to another organisation's deals. The kept read position is of no use there.
TEST_P(Identity, F69_AnotherOrganisationBehindTheSameAddressIsNotReadAndNotWrittenTo) {  // I-13
  for (const Side side : {Side::crm, Side::partner_center}) {
    World world({.crm = GetParam()});
    const auto id = synced_deal(world);
    Connector*& used = side == Side::crm ? world.pair().crm : world.pair().partner_center;
    Between between(*used, [](const Operation&) { return std::nullopt; });
    between.describes = [](Descriptor& described) { described.environment = "somebody else's"; };
    between.refuses = [](const PullRequest& request) -> std::optional<Error> {
      if (request.cursor.empty()) return std::nullopt;
      return make_error(ErrorClass::cursor_invalid, "The position belongs to another organisation.");
    };
    Connector* const system = std::exchange(used, &between);
    if (side == Side::crm) world.new_opportunity(usual_opportunity("Of somebody else"));
    if (side != Side::crm) world.inbound();
    world.advance(minutes(10));
    world.reset_stats();
    const auto report = world.sync();
    ASSERT_TRUE(report.stopped) << store::name_of(side);
    EXPECT_EQ(report.side_down, side);
    EXPECT_EQ(report.stopped->kind, ErrorClass::config) << report.stopped->message;
    EXPECT_EQ(writes_of_both(world), 0);
    EXPECT_EQ(world.deals().size(), 1U) << "nothing of it is kept";
    EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync);
    used = system;
    world.advance(minutes(10));
    EXPECT_FALSE(world.sync().stopped) << "and it goes on where it was";
  }
}

// An organisation keeps its id when its address is renamed.
TEST_P(Identity, F69_TheSameOrganisationAtANewAddressGoesOn) {  // I-13
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  Between crm(*world.pair().crm, [](const Operation&) { return std::nullopt; });
  crm.describes = [](Descriptor& described) {
    described.environment.replace(described.environment.find('@'), std::string::npos, "@renamed.example");
  };
  Connector* const system = std::exchange(world.pair().crm, &crm);
  world.crm_edit(id, {{"value", 61000}});
  world.advance(days(2));
  const auto report = world.sync();
  EXPECT_FALSE(report.stopped) << report.stopped->message;
  EXPECT_EQ(value_of_referral(world, id), 61000);
  world.pair().crm = system;
}

// Found out with the hourly look at the stages, when the pages were read already: nothing is written any more.
TEST_P(Identity, F69_AnotherOrganisationThatTheLookAtTheStagesFindsStopsBeforeTheFirstWrite) {  // I-13
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  Between crm(*world.pair().crm, [](const Operation&) { return std::nullopt; });
  crm.describes = [](Descriptor& described) { described.environment = "somebody else's"; };
  Connector* const system = std::exchange(world.pair().crm, &crm);
  world.crm_edit(id, {{"value", 61000}});
  world.advance(minutes(61));
  world.reset_stats();
  const auto report = world.sync();
  ASSERT_TRUE(report.stopped);
  EXPECT_EQ(report.side_down, Side::crm);
  EXPECT_EQ(report.stopped->kind, ErrorClass::config) << report.stopped->message;
  EXPECT_EQ(writes_of_both(world), 0);
  world.pair().crm = system;
}

TEST_P(Identity, F73_SixtyHoursWithoutALoginAreOneIncidentAndEverythingFollowsAfterwards) {  // I-04, I-40
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  int refused = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (side != Side::partner_center) return go(r);
    ++refused;
    net::Delivered no;
    no.response.status = r.url.find("oauth2") == std::string::npos ? 401 : 400;
    no.response.body =
        R"({"error":"invalid_grant","error_description":"AADSTS700082: The refresh token has expired."})";
    return no;
  };
  std::string incident;
  for (int hour = 0; hour < 60; hour += 6) {
    world.crm_edit(id, {{"value", 60000 + hour}});
    world.advance(hours(6));
    const auto report = world.sync();
    ASSERT_TRUE(report.stopped);
    EXPECT_EQ(report.side_down, Side::partner_center);
    const auto now = world.store().property("incident.partner_center");
    ASSERT_TRUE(now);
    const auto since = Json::parse(*now)["since"].get<std::string>();
    if (incident.empty()) incident = since;
    EXPECT_EQ(since, incident) << "one incident, not one per run";
  }
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 200);
  world.wire = nullptr;
  world.advance(minutes(10));
  const auto report = world.sync();
  EXPECT_FALSE(report.stopped) << report.stopped->message;
  EXPECT_EQ(value_of_referral(world, id), 60054.0) << "without a replay";
  EXPECT_EQ(*world.store().property("incident.partner_center"), "");
  // What `cosell status` tells afterwards: since when, how many deals caught up, and that nothing was lost by it.
  const auto recovered = Json::parse(*world.store().property("recovered.partner_center"), nullptr, false);
  EXPECT_EQ(recovered["since"], incident);
  EXPECT_EQ(recovered["caught_up"], 1);
  EXPECT_EQ(recovered["deadlines_lost"], Json::array());
}

// What was lost while nobody could log in is named; nothing can be done about it any more.
TEST_P(Identity, F73_ADealThatExpiresWhileASideIsDownIsNamedAfterwards) {  // I-01
  World world({.crm = GetParam()});
  world.control(Side::partner_center, "POST", "settings", {{"expiry_days", 1}});
  synced_deal(world);
  const auto theirs = world.inbound();
  world.sync();
  int refused = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (side != Side::partner_center) return go(r);
    ++refused;
    return net::Delivered{net::Delivered::Kind::unreachable, {}};
  };
  for (int i = 0; i < 3; ++i) {
    world.advance(hours(20));
    EXPECT_TRUE(world.sync().stopped);
  }
  EXPECT_GT(refused, 0) << "the fault";
  world.wire = nullptr;
  world.advance(minutes(10));
  world.sync();
  const auto recovered = Json::parse(*world.store().property("recovered.partner_center"), nullptr, false);
  ASSERT_EQ(recovered["deadlines_lost"].size(), 1U) << recovered.dump();
  EXPECT_EQ(recovered["deadlines_lost"][0]["referral_id"], theirs["id"]);
  // The next runs keep what was told: it is for the person who comes on Monday.
  world.advance(hours(1));
  world.sync();
  EXPECT_EQ(Json::parse(*world.store().property("recovered.partner_center"), nullptr, false), recovered);
}

TEST(DynamicsStages, F75_ARenamedStageLabelChangesNothing) {  // I-24
  World world({.crm = "dynamics365"});
  const auto id = synced_deal(world);
  Json options = Json::array();
  for (int value = 0; value < 8; ++value)
    options.push_back({{"value", value}, {"label", "Phase " + std::to_string(value)}});
  world.control(Side::crm, "POST", "options", {{"column", "salesstage"}, {"options", options}});
  int renamed = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    auto answer = go(r);
    if (side == Side::crm && answer.response.body.find("Phase 2") != std::string::npos) ++renamed;
    return answer;
  };
  world.reset_stats();
  world.advance(hours(25));
  world.sync();
  EXPECT_GT(renamed, 0) << "the fault: the new labels were read";
  EXPECT_EQ(writes_of_both(world), 0);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync);
  world.crm_edit(id, {{"value", 61000}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(value_of_referral(world, id), 61000.0);
}

TEST_P(Identity, F76_AnotherConnectorThatPushesTheSameDealsIsNamedOnEachOfThem) {  // I-23
  World world({.crm = GetParam()});
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(synced_deal(world, "Deal " + std::to_string(i)));
  int rewritten = 0;
  for (int round = 0; round < 16; ++round) {
    for (const auto& id : ids) {  // it believes in one date here and in another one there
      if (world.opportunity(id)["close_date"] != "2027-05-05") {
        world.crm_edit(id, {{"close_date", "2027-05-05"}});
        ++rewritten;
      } else if (world.referral_of(id)["details"]["closingDateTime"].get<std::string>().substr(0, 10) != "2027-06-06") {
        world.portal_edit(referral_id_of(world, id), replace("/details/closingDateTime", "2027-06-06T00:00:00Z"));
        ++rewritten;
      }
    }
    world.advance(minutes(10));
    world.sync();
  }
  EXPECT_GE(rewritten, 3 * 5);
  EXPECT_LE(rewritten, 3 * 9) << "the bridge stops taking part";
  for (const auto& id : ids) {
    EXPECT_EQ(world.deal_of(id).reason, "fought_over") << world.deal_of(id).message;
    EXPECT_NE(world.deal_of(id).message.find("the last change was made by Dana Reyes"), std::string::npos)
        << world.deal_of(id).message;
  }
}

TEST_P(Identity, F77_AReferralOfAnotherPairsLocationIsLeftToThatPair) {  // I-16, I-17
  World world({.crm = GetParam()});
  const auto of_one_location = mapping::read_mapping(
      "pair.jsonc",
      Json{{"extends", GetParam()},
           {"referrals", {{"belongs", {{"locations", {"1234567"}}}}}},
           {"fields", {{"location", {{"constant", "1234567"}}}}}}
          .dump(),
      [](const std::string& name) -> Result<std::string> { return std::string(mapping::shipped_mapping(name)); });
  ASSERT_TRUE(of_one_location.mapping);
  world.pair().mapping = &*of_one_location.mapping;
  world.control(Side::partner_center, "POST", "settings", {{"inbound_mpn_id", "7654321"}});
  const auto theirs = world.inbound();
  world.control(Side::partner_center, "POST", "settings", {{"inbound_mpn_id", "1234567"}});
  const auto ours = world.inbound();
  const auto report = world.sync();
  EXPECT_EQ(report.observed.at(Side::partner_center).seen, 2) << "the fault: the listing holds both pairs' deals";
  EXPECT_EQ(world.opportunities().size(), 1U);
  EXPECT_EQ(world.opportunities()[0]["referral_id"], ours["id"]);
  EXPECT_EQ(world.deal_of(theirs["id"]).state, store::DealState::skipped);
  EXPECT_EQ(world.deal_of(theirs["id"]).reason, "other_location");
  for (const auto& r : world.referrals()) {
    if (r["id"] == theirs["id"]) {
      EXPECT_EQ(r["eTag"], theirs["eTag"]) << "nothing was written to it";
    }
  }
}

}  // namespace
}  // namespace cosell::test
