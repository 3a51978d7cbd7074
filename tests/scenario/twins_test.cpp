// Two referrals with one opportunity, as a create that was delivered twice leaves them: the deal is held until one of
// them goes, and the one that stays is its own.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/link.h"
#include "in_doubt.h"

namespace cosell::test {
namespace {

class TwinReferrals : public InDoubt {};
INSTANTIATE_TEST_SUITE_P(Crm, TwinReferrals, testing::Values("salesforce", "dynamics365"), name_of_crm);

// An opportunity, the referral that it is tied to, and a second one that names it too.
struct Twins {
  std::string opportunity, tied, other;
};
Twins twins_of_a_create_delivered_twice(World& world) {
  Twins twins;
  twins.opportunity = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.faults(Side::partner_center, scripted_fault("POST", referrals_route, {{"kind", "duplicate"}}));
  world.sync();
  EXPECT_EQ(world.fired(Side::partner_center), 1);
  twins.tied = world.deal_of(twins.opportunity).partner_center.record_id;
  for (const Json& r : world.referrals()) {
    if (r["id"] != twins.tied) twins.other = r["id"];
  }
  return twins;
}

Json closed_as_won() {
  return Json::array({{{"op", "replace"}, {"path", "/status"}, {"value", "Closed"}},
                      {{"op", "replace"}, {"path", "/substatus"}, {"value", "Won"}}});
}

// Partner Center answers so when it is asked for the referral, and no listing shows it.
void hide_referral(World& world, const std::string& id, int answer) {
  world.wire = [id, answer](Side side, const http::Request& r, const World::Go& go) {
    if (side == Side::partner_center && r.url.find(id) != std::string::npos) {
      net::Delivered hidden;
      hidden.response.status = answer;
      hidden.response.body = R"({"error":{"code":"itemNotFound","message":"There is no such referral."}})";
      return hidden;
    }
    auto shown = go(r);
    if (!is_listing(side, r)) return shown;
    return changed(std::move(shown), [&](Json& body) {
      auto& rows = body["value"];
      rows.erase(std::remove_if(rows.begin(), rows.end(), [&](const Json& row) { return row["id"] == id; }),
                 rows.end());
    });
  };
}

// A proxy delivers the create twice, and neither answer comes back: the look-up finds two.
TEST_P(TwinReferrals, TwinsOfALostCreateAreHeldUntilAPersonClosesOne) {  // I-17, F-05
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  int delivered = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (!is_create_of_referral(side, r)) return go(r);
    delivered += 2;
    (void)go(r);
    auto answer = go(r);
    answer.kind = net::Delivered::Kind::dropped_after;
    return answer;
  };
  world.sync();
  ASSERT_EQ(delivered, 2);
  ASSERT_EQ(world.referrals().size(), 2U);
  for (int run = 0; run < 2; ++run) {
    world.advance(minutes(5));
    EXPECT_FALSE(world.sync().stopped);
  }
  EXPECT_EQ(delivered, 2) << "no third one";
  for (const Json& r : world.referrals()) EXPECT_EQ(world.deal_of(r["id"]).reason, "twin");
  const auto linked = world.deal_of(id).partner_center.record_id;
  for (const Json& r : world.referrals()) {
    if (r["id"] == linked) continue;
    world.portal_edit(r["id"], Json::array({{{"op", "replace"}, {"path", "/status"}, {"value", "Closed"}},
                                            {{"op", "replace"}, {"path", "/substatus"}, {"value", "Lost"}},
                                            {{"op", "replace"}, {"path", "/statusReason"}, {"value", "Other"}}}));
  }
  world.crm_edit(id, {{"value", 61000}});
  for (int run = 0; run < 2; ++run) {
    world.advance(minutes(5));
    world.sync();
  }
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  for (const Json& r : world.referrals()) {
    if (r["id"] != linked) continue;
    EXPECT_EQ(r["details"]["dealValue"].get<double>(), 61000.0);
  }
}

TEST_P(TwinReferrals, ATwinThatIsGivenUpWhileTheSellersWriteIsInDoubtGivesWay) {  // I-01, I-17
  World world({.crm = GetParam()});
  const auto twins = twins_of_a_create_delivered_twice(world);
  int lost = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (side != Side::crm || r.method == "GET" || r.url.find("token") != std::string::npos) return go(r);
    ++lost;
    return net::Delivered{net::Delivered::Kind::dropped_before, {}};
  };
  world.advance(minutes(5));
  world.sync();
  ASSERT_GT(lost, 0);
  world.wire = nullptr;
  world.portal_edit(twins.tied, closed_as_lost());
  world.advance(seconds(20));
  world.sync();
  world.crm_edit(twins.opportunity, {{"value", 61000}});
  for (int run = 0; run < 3; ++run) {
    world.advance(minutes(5));
    EXPECT_FALSE(world.sync().stopped);
  }
  const auto deal = world.deal_of(twins.opportunity);
  EXPECT_EQ(deal.partner_center.record_id, twins.other) << deal.message;
  EXPECT_EQ(deal.state, store::DealState::in_sync) << deal.message;
  expect_quiet(world);
}

TEST_P(TwinReferrals, OfThreeReferralsWithOneOpportunityTheLastOneLeftIsItsOwn) {  // I-16, I-17
  for (const bool tied_first : {true, false}) {
    World world({.crm = GetParam()});
    const auto twins = twins_of_a_create_delivered_twice(world);
    const auto third = another_referral_that_names(world, twins.opportunity);
    for (int run = 0; run < 2; ++run) {
      world.advance(minutes(5));
      world.sync();
    }
    ASSERT_EQ(world.deal_of(third).reason, "twin");
    world.portal_edit(tied_first ? twins.tied : twins.other, closed_as_lost());
    world.crm_edit(twins.opportunity, {{"value", 61000}});
    for (int run = 0; run < 2; ++run) {
      world.advance(minutes(5));
      EXPECT_FALSE(world.sync().stopped);
    }
    for (const Json& r : world.referrals()) EXPECT_NE(r["details"]["dealValue"].get<double>(), 61000.0) << r["id"];
    EXPECT_EQ(world.deal_of(twins.opportunity).reason, "twin") << "two are left";
    world.portal_edit(tied_first ? twins.other : twins.tied, closed_as_lost());
    for (int run = 0; run < 2; ++run) {
      world.advance(minutes(5));
      EXPECT_FALSE(world.sync().stopped);
    }
    EXPECT_EQ(world.deal_of(twins.opportunity).partner_center.record_id, third);
    EXPECT_NE(world.deal_of(twins.opportunity).reason, "twin") << world.deal_of(twins.opportunity).message;
  }
}

TEST_P(TwinReferrals, ATwinThatIsWonIsTheDealAndTheOpportunityIsWonToo) {  // I-01, I-17
  World world({.crm = GetParam()});
  const auto twins = twins_of_a_create_delivered_twice(world);
  sync_often(world, 1);
  ASSERT_EQ(world.deal_of(twins.opportunity).reason, "twin");
  world.portal_edit(twins.tied, closed_as_won());
  sync_often(world);
  const auto deal = world.deal_of(twins.opportunity);
  EXPECT_EQ(deal.partner_center.record_id, twins.tied);
  EXPECT_EQ(world.opportunity(twins.opportunity)["stage"], "won");
  EXPECT_EQ(deal.state, store::DealState::in_sync) << deal.message;
  EXPECT_EQ(world.deal_of(twins.other).reason, "twin") << "is still there to be closed";
  world.portal_edit(twins.other, closed_as_lost());
  sync_often(world);
  EXPECT_NE(world.deal_of(twins.other).reason, "twin");
  EXPECT_EQ(world.opportunity(twins.opportunity)["stage"], "won");
  expect_quiet(world);
}

TEST_P(TwinReferrals, ASecondTwinThatIsWonIsNotPassedOver) {  // I-01, I-17
  World world({.crm = GetParam()});
  const auto twins = twins_of_a_create_delivered_twice(world);
  sync_often(world, 1);
  world.portal_edit(twins.other, closed_as_won());
  sync_often(world);
  EXPECT_EQ(world.deal_of(twins.opportunity).reason, "twin") << world.deal_of(twins.opportunity).message;
  const auto won = world.deal_of(twins.other);
  EXPECT_EQ(won.reason, "twin");
  EXPECT_NE(won.message.find("is won"), std::string::npos) << won.message;
  EXPECT_NE(won.next_step.find("takes its place"), std::string::npos) << won.next_step;
  world.portal_edit(twins.tied, closed_as_lost());
  sync_often(world);
  const auto deal = world.deal_of(twins.opportunity);
  EXPECT_EQ(deal.partner_center.record_id, twins.other);
  EXPECT_EQ(deal.reason, "reopened_in_crm") << "a person is asked: " << deal.message;
  EXPECT_NE(deal.message.find("closed as won"), std::string::npos) << deal.message;
  expect_quiet(world);
}

TEST_P(TwinReferrals, ASecondTwinThatIsWonAndIsAnotherDealHoldsNobodyOnceAPersonSaysSo) {  // I-01, I-17
  World world({.crm = GetParam()});
  const auto twins = twins_of_a_create_delivered_twice(world);
  sync_often(world, 1);
  world.portal_edit(twins.other, closed_as_won());
  sync_often(world, 1);
  ASSERT_TRUE(engine::match_with_none(world.pair(), world.deal_of(twins.other).id));
  world.crm_edit(twins.opportunity, {{"value", 61000}});
  sync_often(world);
  EXPECT_EQ(world.deal_of(twins.opportunity).partner_center.record_id, twins.tied);
  EXPECT_EQ(world.deal_of(twins.opportunity).state, store::DealState::in_sync)
      << world.deal_of(twins.opportunity).message;
  EXPECT_EQ(world.deal_of(twins.other).waits_for, store::WaitFor::nobody) << world.deal_of(twins.other).message;
  expect_quiet(world);
}

TEST_P(TwinReferrals, OfTwinsThatAreBothWonNobodyIsAskedForAnything) {  // I-17
  for (const bool tied_first : {true, false}) {
    World world({.crm = GetParam()});
    const auto twins = twins_of_a_create_delivered_twice(world);
    sync_often(world, 1);
    world.portal_edit(tied_first ? twins.tied : twins.other, closed_as_won());
    sync_often(world, 1);
    world.portal_edit(tied_first ? twins.other : twins.tied, closed_as_won());
    sync_often(world);
    EXPECT_EQ(world.opportunity(twins.opportunity)["stage"], "won");
    for (const Json& r : world.referrals()) {
      EXPECT_EQ(world.deal_of(r["id"]).waits_for, store::WaitFor::nobody) << world.deal_of(r["id"]).message;
    }
    expect_quiet(world);
  }
}

// A referral that is gone is not found; one that its user may not see any more is refused.
TEST_P(TwinReferrals, OfATwinThatIsGoneAPersonIsAskedWhetherTheOtherOneTakesItsPlace) {  // I-11, I-17
  for (const int answer : {404, 403}) {
    World world({.crm = GetParam()});
    const auto twins = twins_of_a_create_delivered_twice(world);
    sync_often(world, 1);
    hide_referral(world, twins.tied, answer);
    for (int day = 0; day < 3; ++day) {
      world.advance(hours(25));
      world.sync();
    }
    const auto deal = world.deal_of(twins.opportunity);
    ASSERT_EQ(deal.partner_center.record_id, twins.tied) << answer;
    ASSERT_EQ(deal.partner_center.existence, store::Existence::out_of_scope) << "the fault";
    EXPECT_EQ(deal.reason, "twin");
    EXPECT_NE(deal.message.find("no longer visible"), std::string::npos) << deal.message;
    EXPECT_NE(deal.next_step.find("cosell deals link " + twins.opportunity + " " + twins.other), std::string::npos)
        << deal.next_step;
    EXPECT_EQ(deal.next_step.find("Close one"), std::string::npos) << "the only one that is left: " << deal.next_step;
    ASSERT_TRUE(engine::unlink_deal(world.pair(), deal.id));
    ASSERT_TRUE(engine::link_deals(world.pair(), world.deal_of(twins.opportunity).id, world.deal_of(twins.other).id));
    world.crm_edit(twins.opportunity, {{"value", 61000}});
    sync_often(world);
    EXPECT_EQ(world.deal_of(twins.opportunity).partner_center.record_id, twins.other);
    EXPECT_EQ(world.deal_of(twins.opportunity).state, store::DealState::in_sync)
        << world.deal_of(twins.opportunity).message;
  }
}

// A person says in Partner Center that the first of two referrals is the one of another opportunity.
TEST_P(TwinReferrals, ATwinThatIsGivenToAnotherOpportunityIsTiedToThatOne) {  // I-01, I-16, I-17
  World world({.crm = GetParam()});
  const auto twins = twins_of_a_create_delivered_twice(world);
  auto words = usual_opportunity("Birch Mills");
  words.erase("solution");
  const auto another = world.new_opportunity(words);
  sync_often(world, 1);
  ASSERT_EQ(world.deal_of(twins.opportunity).reason, "twin");
  ASSERT_EQ(world.deal_of(another).reason, "missing_field") << "it has no referral yet";
  world.portal_edit(twins.tied, replace("/externalReferenceId", another));
  sync_often(world);
  EXPECT_EQ(world.deal_of(twins.opportunity).partner_center.record_id, twins.other);
  EXPECT_EQ(world.deal_of(another).partner_center.record_id, twins.tied);
  world.crm_edit(another, {{"solution", "SOL-ABCDE-FGH"}});
  sync_often(world);
  EXPECT_EQ(world.referrals().size(), 2U) << "no other one is made for it";
  EXPECT_EQ(world.opportunity(another)["referral_id"], twins.tied);
  for (const auto& row : world.deals()) EXPECT_EQ(row.state, store::DealState::in_sync) << row.message;
  expect_quiet(world);
}

TEST_P(TwinReferrals, ATwinThatIsGivenToAnOpportunityWithAReferralIsHeldAsItsSecondOne) {  // I-16, I-17
  World world({.crm = GetParam()});
  const auto another = synced_deal(world, "Birch Mills");
  const auto of_another = referral_id_of(world, another);
  const auto twins = twins_of_a_create_delivered_twice(world);
  sync_often(world, 1);
  world.portal_edit(twins.tied, replace("/externalReferenceId", another));
  sync_often(world);
  EXPECT_EQ(world.deal_of(twins.opportunity).partner_center.record_id, twins.other);
  EXPECT_EQ(world.deal_of(twins.opportunity).state, store::DealState::in_sync)
      << world.deal_of(twins.opportunity).message;
  EXPECT_EQ(world.deal_of(another).partner_center.record_id, of_another);
  EXPECT_EQ(world.deal_of(another).reason, "twin") << world.deal_of(another).message;
  EXPECT_EQ(world.deal_of(twins.tied).reason, "twin") << world.deal_of(twins.tied).message;
  EXPECT_EQ(world.opportunities().size(), 2U);
}

TEST_P(TwinReferrals, ATwinThatAPersonLinksToAnotherOpportunityHoldsTheFirstOneNoLonger) {  // I-01, I-16
  World world({.crm = GetParam()});
  const auto twins = twins_of_a_create_delivered_twice(world);
  const auto another = world.new_opportunity(usual_opportunity("Cedar Logistics"));
  world.advance(minutes(5));
  CycleOptions not_yet;
  not_yet.only = [&](const store::DealRow& row) { return row.crm.record_id != another; };
  world.sync(not_yet);
  ASSERT_EQ(world.deal_of(twins.opportunity).reason, "twin");
  ASSERT_TRUE(engine::link_deals(world.pair(), world.deal_of(another).id, world.deal_of(twins.other).id));
  for (int run = 0; run < 2; ++run) {
    world.advance(minutes(5));
    EXPECT_FALSE(world.sync().stopped);
  }
  EXPECT_EQ(world.deal_of(another).partner_center.record_id, twins.other);
  EXPECT_EQ(world.deal_of(twins.opportunity).partner_center.record_id, twins.tied);
  EXPECT_EQ(world.deal_of(twins.opportunity).state, store::DealState::in_sync)
      << world.deal_of(twins.opportunity).message;
}

TEST_P(TwinReferrals, WhatWasAgreedWithATwinThatGaveWayDoesNotCountForTheOtherOne) {  // I-06, I-17, I-20
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const auto first = referral_id_of(world, id);
  world.portal_edit(first, replace("/details/dealValue", 61000));
  bool crm_is_down = false;
  lose_the_answer_to_61000(world, crm_is_down);
  world.advance(minutes(5));
  world.sync();
  ASSERT_TRUE(crm_is_down);
  ASSERT_EQ(world.opportunity(id)["value"].get<double>(), 61000.0);
  const auto second = another_referral_worth(world, 9000);
  world.portal_edit(second, replace("/externalReferenceId", id));
  world.advance(minutes(5));
  world.sync();
  world.portal_edit(first, closed_as_lost());
  world.advance(minutes(5));
  world.sync();
  ASSERT_EQ(world.deal_of(id).partner_center.record_id, second);
  world.wire = nullptr;
  sync_often(world);
  EXPECT_EQ(world.opportunity(id)["value"].get<double>(), 61000.0);
  EXPECT_EQ(value_of_referral_by_id(world, second), 61000.0) << world.deal_of(id).message;
}

// The listing shows the first of two before the look-up knows of it; the next look-up finds both.
TEST_P(TwinReferrals, ALateCreateThatWasTiedByAReadingIsNoTwinOfItself) {  // I-17, F-04, F-05
  World world({.crm = GetParam()});
  world.sync();
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  std::optional<http::Request> late;
  bool arrived = false;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (is_create_of_referral(side, r) && !late) {
      late = r;
      return net::Delivered{net::Delivered::Kind::dropped_before, {}};
    }
    return go(r);
  };
  world.advance(minutes(5));
  world.sync();
  ASSERT_TRUE(late);
  Between between(*world.pair().partner_center,
                  [](const Operation&) { return std::optional<std::variant<Applied, Error>>{}; });
  between.fetches = [&](std::vector<Observation>&) {
    if (!std::exchange(arrived, true)) world.send(Side::partner_center, *late);
  };
  world.pair().partner_center = &between;
  world.advance(seconds(20));
  world.sync();
  ASSERT_TRUE(arrived);
  const auto first = world.deal_of(id).partner_center.record_id;
  ASSERT_NE(first, "");
  const auto open = world.store().has_open_operation(world.deal_of(id).id);
  ASSERT_TRUE(open && *open) << "it was tied by the reading";
  world.send(Side::partner_center, *late);
  sync_often(world, 2);
  ASSERT_EQ(world.referrals().size(), 2U);
  EXPECT_EQ(world.deal_of(id).partner_center.record_id, first);
  for (const Json& r : world.referrals()) EXPECT_EQ(world.deal_of(r["id"]).reason, "twin");
  for (const Json& r : world.referrals()) {
    if (r["id"] != first) world.portal_edit(r["id"], closed_as_lost());
  }
  world.crm_edit(id, {{"value", 61000}});
  sync_often(world, 2);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  EXPECT_EQ(value_of_referral_by_id(world, first), 61000.0);
}

}  // namespace
}  // namespace cosell::test
