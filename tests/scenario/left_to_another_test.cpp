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

// A seller pasted the wrong id, and cleared it; their referral names the opportunity still.
TEST_P(LeftToAnother, F77_AnOpportunityThatNamesTheirReferralNoMoreIsThisPairsOwn) {  // I-16, I-17
  World world({.crm = GetParam(), .mapping = of_location("1234567")});
  const auto theirs = referral_of_another_location(world);
  auto words = usual_opportunity("Alder Foods");
  words["referral_id"] = theirs;
  const auto id = world.new_opportunity(words);
  world.portal_edit(theirs, replace("/externalReferenceId", id));
  expect_left_alone(world, theirs);
  ASSERT_EQ(world.deal_of(theirs).crm.record_id, id);
  world.crm_edit(id, {{"referral_id", nullptr}});
  sync_often(world, 2);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  EXPECT_NE(world.deal_of(id).partner_center.record_id, theirs);
  EXPECT_EQ(world.referrals().size(), 2U);
  expect_left_alone(world, theirs);
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

// An opportunity of ours that has no referral yet, since it lacks its value.
std::string opportunity_without_a_value(World& world) {
  auto words = usual_opportunity("Alder Foods");
  words["value"] = nullptr;
  const auto id = world.new_opportunity(words);
  sync_often(world, 1);
  return id;
}

std::string crm_id_of(World& world, const std::string& referral) {
  for (const Json& r : world.referrals()) {
    if (r["id"] == referral) return r.value("externalReferenceId", "");
  }
  return "";
}

// Their referral names an opportunity of ours that has none yet: it gets one of its own.
TEST_P(LeftToAnother, F77_AReferralThatNamesADealOfThisPairBeforeItIsSent) {  // I-16, I-17
  for (const char* location : {"7654321", ""}) {
    World world({.crm = GetParam(), .mapping = of_location("1234567")});
    const auto id = opportunity_without_a_value(world);
    world.control(Side::partner_center, "POST", "settings", {{"inbound_mpn_id", location}});
    const std::string theirs = world.inbound()["id"];
    world.portal_edit(theirs, as_accepted());
    world.portal_edit(theirs, replace("/externalReferenceId", id));
    expect_left_alone(world, theirs);
    EXPECT_EQ(world.deal_of(id).reason, "missing_field") << world.deal_of(id).message;
    world.crm_edit(id, {{"value", 50000}});
    sync_often(world, 2);
    EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
    EXPECT_NE(world.deal_of(id).partner_center.record_id, theirs);
    EXPECT_EQ(world.opportunity(id)["referral_id"], world.deal_of(id).partner_center.record_id);
    expect_left_alone(world, theirs);
  }
}

TEST_P(LeftToAnother, F77_AReferralThatNamesADealOfThisPairBeforeAReferralOfThisPairDoes) {  // I-16, I-17
  World world({.crm = GetParam(), .mapping = of_location("1234567")});
  const auto id = opportunity_without_a_value(world);
  const auto theirs = referral_of_another_location(world);
  world.portal_edit(theirs, replace("/externalReferenceId", id));
  sync_often(world, 1);
  world.control(Side::partner_center, "POST", "settings", {{"inbound_mpn_id", "1234567"}});
  const auto ours = another_referral_that_names(world, id);
  sync_often(world, 2);
  EXPECT_EQ(world.deal_of(ours).crm.record_id, id) << world.deal_of(ours).message;
  EXPECT_EQ(world.deal_of(ours).state, store::DealState::in_sync) << world.deal_of(ours).message;
  expect_left_alone(world, theirs);
}

// The mapping that takes it in reads its CRM ID like that of any other referral.
TEST_P(LeftToAnother, F77_AReferralThatIsTakenInLaterMakesNoSecondOpportunity) {  // I-01, I-17
  const Json wide = {{"referrals", {{"belongs", {{"locations", {"1234567", "7654321"}}}}}},
                     {"fields", {{"location", {{"constant", "1234567"}}}}}};
  for (const bool sent : {true, false}) {
    World world({.crm = GetParam(), .mapping = of_location("1234567")});
    const auto id = sent ? synced_deal(world) : opportunity_without_a_value(world);
    const auto theirs = referral_of_another_location(world);
    world.portal_edit(theirs, replace("/externalReferenceId", id));
    expect_left_alone(world, theirs);
    world.restart_with(wide);
    sync_often(world, 2);
    EXPECT_EQ(world.opportunities().size(), 1U);
    EXPECT_EQ(crm_id_of(world, theirs), id);
    if (sent) {
      EXPECT_EQ(world.deal_of(theirs).reason, "twin") << world.deal_of(theirs).message;
      EXPECT_EQ(world.deal_of(id).reason, "twin") << world.deal_of(id).message;
    } else {
      EXPECT_EQ(world.deal_of(theirs).crm.record_id, id) << "it is the deal's own";
    }
  }
}

// One that the mapping leaves out from now on holds nothing of this pair, and takes nothing over.
TEST_P(LeftToAnother, F77_ATwinThatIsLeftOutLater) {  // I-16, I-17
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const auto ours = referral_id_of(world, id);
  const auto theirs = referral_of_another_location(world);
  world.portal_edit(theirs, replace("/externalReferenceId", id));
  sync_often(world, 2);
  ASSERT_EQ(world.deal_of(id).reason, "twin");
  world.restart_with(of_location("1234567"));
  world.crm_edit(id, {{"value", 61000}});
  sync_often(world, 1);
  EXPECT_EQ(value_of_referral_by_id(world, ours), 61000.0) << world.deal_of(id).message;
  expect_left_alone(world, theirs);
  world.portal_edit(ours, closed_as_lost());
  sync_often(world, 2);
  EXPECT_EQ(world.deal_of(id).partner_center.record_id, ours);
  EXPECT_EQ(world.deal_of(theirs).crm.record_id, "");
  EXPECT_NE(value_of_referral_by_id(world, theirs), 61000.0);
}

// Its opportunity was not seen yet when the mapping left it out.
TEST_P(LeftToAnother, F77_AReferralWhoseNameWaitsAndThatIsLeftOutLater) {  // I-16, I-17
  World world({.crm = GetParam()});
  world.sync();
  auto words = usual_opportunity("Alder Foods");
  words["value"] = nullptr;
  const auto id = world.new_opportunity(words);
  const auto theirs = referral_of_another_location(world);
  world.portal_edit(theirs, replace("/externalReferenceId", id));
  world.wire = [](Side side, const http::Request& r, const World::Go& go) {
    return side == Side::crm ? net::Delivered{net::Delivered::Kind::dropped_before, {}} : go(r);
  };
  world.advance(minutes(5));
  world.sync();
  ASSERT_EQ(world.deal_of(theirs).crm.record_id, id) << "the fault";
  world.wire = nullptr;
  world.restart_with(of_location("1234567"));
  world.crm_edit(id, {{"value", 50000}});
  sync_often(world, 3);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  EXPECT_NE(world.deal_of(id).partner_center.record_id, theirs);
  expect_left_alone(world, theirs);
}

// Its referral would be another pair's, and this one would not know it again.
TEST_P(LeftToAnother, F77_AnOpportunityOfALocationThatIsLeftOutIsNotSent) {  // I-17
  World world({.crm = GetParam(),
               .mapping = {{"referrals", {{"belongs", {{"locations", {"1234567"}}}}}},
                           {"fields", {{"location", {{"constant", "7654321"}}}}}}});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  sync_often(world, 2);
  EXPECT_EQ(world.referrals().size(), 0U);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::waiting);
  EXPECT_EQ(world.deal_of(id).reason, "other_location") << world.deal_of(id).message;
  EXPECT_EQ(world.deal_of(id).waits_for, store::WaitFor::admin);
  EXPECT_NE(world.deal_of(id).next_step.find("belongs"), std::string::npos) << world.deal_of(id).next_step;
  world.restart_with(of_location("1234567"));
  sync_often(world, 2);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
}

// It has the same name and value as the one whose create got no answer, and is found by the same key.
TEST_P(LeftToAnother, F77_AReferralThatIsFoundInsteadOfALostOne) {  // I-16, I-17, I-20
  for (const bool arrived : {false, true}) {
    World world({.crm = GetParam(), .mapping = of_location("1234567")});
    const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
    int creates = 0;
    world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
      if (creates == 0 && !is_create_of_referral(side, r)) return go(r);
      if (side == Side::crm) return go(r);
      auto answer = ++creates == 1 && arrived ? go(r) : net::Delivered{};
      answer.kind = arrived ? net::Delivered::Kind::dropped_after : net::Delivered::Kind::dropped_before;
      return answer;
    };
    world.sync();
    ASSERT_GT(creates, 0) << "the fault";
    world.wire = nullptr;
    world.control(Side::partner_center, "POST", "settings", {{"inbound_mpn_id", "7654321"}});
    const std::string theirs = world.inbound({{"name", "Alder Foods"}, {"dealValue", 50000}})["id"];
    world.portal_edit(theirs, as_accepted());
    world.portal_edit(theirs, replace("/externalReferenceId", id));
    world.portal_edit(theirs, replace("/name", "Alder Foods"));
    sync_often(world, 3);
    EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
    EXPECT_NE(world.deal_of(id).partner_center.record_id, theirs);
    EXPECT_EQ(world.referrals().size(), 2U);
    expect_left_alone(world, theirs);
  }
}

std::string id_of_another_crm(const std::string& than) {
  return than == "salesforce" ? "60c6426b-eb1f-47fd-b2d9-4a4f9169def1" : "006Ko0000000001IAA";
}

// Its location moved to this pair, and its deal is in sync in the CRM of the pair before.
TEST_P(LeftToAnother, F77_AReferralThatCarriesTheIdOfAnotherCrm) {  // I-01, I-16, I-23
  for (const char* wanted : {"clear", "none"}) {
    World world({.crm = GetParam()});
    const auto referral = referral_of_another_location(world);
    const std::string named = id_of_another_crm(GetParam());
    world.portal_edit(referral, replace("/externalReferenceId", named));
    sync_often(world, 2);
    EXPECT_EQ(world.opportunities().size(), 0U);
    EXPECT_EQ(crm_id_of(world, referral), named);
    const auto deal = world.deal_of(referral);
    EXPECT_EQ(deal.state, store::DealState::waiting);
    EXPECT_EQ(deal.waits_for, store::WaitFor::operator_);
    // Where any text may be an id, the opportunity that it names is missed.
    const bool any_text = !world.deal_of(referral).crm.record_id.empty();
    EXPECT_EQ(deal.reason, any_text ? "not_found" : "named_elsewhere");
    if (!any_text) {
      EXPECT_NE(deal.message.find(named), std::string::npos) << deal.message;
      EXPECT_NE(deal.next_step.find("--none"), std::string::npos) << deal.next_step;
    }
    if (std::string(wanted) == "clear") {
      EXPECT_NE(deal.next_step.find("clear"), std::string::npos) << deal.next_step;
      world.portal_edit(referral, replace("/externalReferenceId", ""));
    } else {
      ASSERT_TRUE(!any_text || engine::unlink_deal(world.pair(), deal.id));
      ASSERT_TRUE(engine::match_with_none(world.pair(), world.deal_of(referral).id));
    }
    sync_often(world, 2);
    EXPECT_EQ(world.opportunities().size(), 1U);
    EXPECT_EQ(world.deal_of(referral).state, store::DealState::in_sync) << world.deal_of(referral).message;
    EXPECT_EQ(crm_id_of(world, referral), world.deal_of(referral).crm.record_id);
    expect_quiet(world);
  }
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
