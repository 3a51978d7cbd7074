// Stories of the registration of won deals: stated by a person, sent by the documented paths, seen in the CRM.
#include <gtest/gtest.h>

#include "engine/ask_registration.h"
#include "engine/link.h"
#include "engine/marks.h"
#include "engine/replay.h"
#include "engine/restart.h"
#include "tests/support/world.h"

namespace cosell::test {
namespace {

namespace stated = registration_column;

class RegistrationOfDeals : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Crm, RegistrationOfDeals, testing::Values("salesforce", "dynamics365"), name_of_crm);

Date today(World& world) { return date_of(world.clock().now()); }

Columns contract_of(World& world) {
  return {{stated::value, Money{9'500'000, "USD"}},
          {stated::signed_on, today(world)},
          {stated::starts, today(world)},
          {stated::ends, add_days(today(world), 720)},
          {stated::on_azure, true},
          {stated::deployed_at, std::string("Customer")},
          {stated::pricing, std::string("Other")}};
}

// A partner-led deal, won after its 72 hours.
std::string won_deal(World& world) {
  Json words = usual_opportunity("Alder Foods");
  words["visible"] = true;
  const auto id = world.new_opportunity(words);
  world.sync();
  world.advance(days(4));
  world.crm_edit(id, {{"stage", "won"}});
  world.sync();
  EXPECT_EQ(world.referral_of(id)["substatus"], "Won");
  return id;
}

TEST_P(RegistrationOfDeals, IsSentWithTheNextSyncAndItsStateIsSeenInTheCrm) {  // G-5, G-6
  World world({.crm = GetParam()});
  const auto id = won_deal(world);
  const auto asked = engine::ask_registration(world.pair(), world.deal_of(id).id, contract_of(world));
  ASSERT_TRUE(asked) << asked.error().message;
  world.sync();
  const Json referral = world.referral_of(id);
  ASSERT_EQ(referral["registrations"].size(), 1U);
  const Json& registration = referral["registrations"][0];
  EXPECT_EQ(registration["type"], "AzureIPCoSell");
  EXPECT_EQ(registration["contract"]["value"].get<double>(), 95000.0);
  EXPECT_EQ(registration["contract"]["term"], "Finite");
  EXPECT_EQ(registration["solutionDetails"][0]["id"], "SOL-ABCDE-FGH");
  EXPECT_EQ(world.opportunity(id)["registration"], "ReviewPending");
  EXPECT_EQ(world.deal_of(id).marks.count(engine::registration_mark), 0U);
  const auto writes = world.writes(Side::partner_center);
  world.sync();
  EXPECT_EQ(world.writes(Side::partner_center), writes) << "sent once";
  EXPECT_EQ(world.refused(Side::partner_center), 0);

  world.control(Side::partner_center, "POST", "registration", {{"id", referral["id"]}, {"status", "Approved"}});
  world.advance(minutes(5));
  world.sync();
  world.sync();
  EXPECT_EQ(world.opportunity(id)["registration"], "Approved");
}

TEST_P(RegistrationOfDeals, ThatMicrosoftWantsCorrectedIsToldAlsoOfADealThatIsLeftAsItIs) {  // G-5
  World world({.crm = GetParam()});
  const auto id = won_deal(world);
  ASSERT_TRUE(engine::ask_registration(world.pair(), world.deal_of(id).id, contract_of(world)));
  world.sync();
  world.advance(minutes(5));
  world.crm_edit(id, {{"stage", "80"}});
  world.sync();
  ASSERT_TRUE(engine::leave_as_is(world.pair(), world.deal_of(id).id));
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "left_as_is");
  const auto microsoft_says = [&](const char* status) {
    world.control(Side::partner_center, "POST", "registration",
                  {{"id", world.referral_of(id)["id"]}, {"status", status}, {"reason", "Wrong value"}});
    world.advance(minutes(5));
    world.sync();
  };
  microsoft_says("ActionRequired");
  EXPECT_EQ(world.deal_of(id).reason, "registration");
  EXPECT_NE(world.deal_of(id).message.find("Wrong value"), std::string::npos) << world.deal_of(id).message;
  microsoft_says("Approved");
  EXPECT_EQ(world.deal_of(id).reason, "left_as_is") << "what was decided is not forgotten meanwhile";
}

TEST_P(RegistrationOfDeals, IsCorrectedWhenMicrosoftAsksForIt) {  // G-5
  World world({.crm = GetParam()});
  const auto id = won_deal(world);
  ASSERT_TRUE(engine::ask_registration(world.pair(), world.deal_of(id).id, contract_of(world)));
  world.sync();
  world.control(Side::partner_center, "POST", "registration",
                {{"id", world.referral_of(id)["id"]}, {"status", "ActionRequired"}, {"reason", "Wrong value"}});
  world.advance(minutes(5));
  world.sync();
  const auto waits = world.deal_of(id);
  EXPECT_EQ(waits.reason, "registration");
  EXPECT_NE(waits.message.find("Wrong value"), std::string::npos);
  EXPECT_NE(waits.next_step.find("cosell deals register"), std::string::npos);

  const auto asked = engine::ask_registration(
      world.pair(), waits.id,
      {{stated::value, Money{9'000'000, "USD"}}, {stated::solution_value, Money{9'000'000, "USD"}}});
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_TRUE(asked->correction);
  EXPECT_EQ(asked->changes.size(), 2U) << "only what is different";
  world.sync();
  EXPECT_EQ(world.referral_of(id)["registrations"][0]["contract"]["value"].get<double>(), 90000.0);
  EXPECT_EQ(world.opportunity(id)["registration"], "ReviewPending");
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  EXPECT_EQ(world.refused(Side::partner_center), 0);
}

TEST_P(RegistrationOfDeals, IsSentOnceAlsoWhenTheAnswerGetsLost) {  // I-18, I-19, I-20
  World world({.crm = GetParam()});
  const auto id = won_deal(world);
  ASSERT_TRUE(engine::ask_registration(world.pair(), world.deal_of(id).id, contract_of(world)));
  world.faults(Side::partner_center,
               Json::array({{{"match", {{"method", "PATCH"}}}, {"times", 1}, {"action", {{"kind", "drop_after"}}}}}));
  world.sync();
  ASSERT_EQ(world.fired(Side::partner_center), 1);
  world.advance(minutes(5));
  world.sync();
  world.sync();
  EXPECT_EQ(world.referral_of(id)["registrations"].size(), 1U);
  EXPECT_EQ(world.opportunity(id)["registration"], "ReviewPending");
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  EXPECT_EQ(world.deal_of(id).marks.count(engine::registration_mark), 0U);
  EXPECT_EQ(world.refused(Side::partner_center), 0);
}

TEST_P(RegistrationOfDeals, IsSentAgainWhenItNeverArrivedOrTheProcessDied) {  // F-02, F-58
  World world({.crm = GetParam()});
  const auto id = won_deal(world);
  ASSERT_TRUE(engine::ask_registration(world.pair(), world.deal_of(id).id, contract_of(world)));
  world.faults(Side::partner_center,
               Json::array({{{"match", {{"method", "PATCH"}}}, {"times", 1}, {"action", {{"kind", "drop_before"}}}}}));
  world.sync();
  ASSERT_EQ(world.fired(Side::partner_center), 1);
  world.restart();
  world.advance(minutes(5));
  world.sync();
  world.sync();
  EXPECT_EQ(world.referral_of(id)["registrations"].size(), 1U);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
}

TEST_P(RegistrationOfDeals, WaitsForAPersonWhenTheSixtyDaysPassedMeanwhile) {
  World world({.crm = GetParam()});
  const auto id = won_deal(world);
  ASSERT_TRUE(engine::ask_registration(world.pair(), world.deal_of(id).id, contract_of(world)));
  world.advance(days(62));
  world.sync();
  const auto deal = world.deal_of(id);
  EXPECT_EQ(deal.reason, "registration");
  EXPECT_NE(deal.message.find("60 days"), std::string::npos) << deal.message;
  EXPECT_EQ(world.refused(Side::partner_center), 0);
  ASSERT_TRUE(engine::forget_registration(world.pair(), deal.id));
  world.sync();
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync);
}

TEST_P(RegistrationOfDeals, ThatPartnerCenterRefusesIsShownAndSentAgainOnlyWhenItIsStatedAnew) {
  World world({.crm = GetParam()});
  world.control(Side::partner_center, "POST", "settings", {{"registration_solutions", Json::array({"SOL-OTHER"})}});
  const auto id = won_deal(world);
  ASSERT_TRUE(engine::ask_registration(world.pair(), world.deal_of(id).id, contract_of(world)));
  world.sync();
  const auto deal = world.deal_of(id);
  EXPECT_EQ(deal.state, store::DealState::failed);
  EXPECT_NE(deal.message.find("not eligible"), std::string::npos) << deal.message;
  EXPECT_NE(deal.next_step.find("cosell deals register"), std::string::npos) << deal.next_step;
  world.sync();
  EXPECT_EQ(world.refused(Side::partner_center), 1);
  world.control(Side::partner_center, "POST", "settings", {{"registration_solutions", Json::array()}});
  Columns other = contract_of(world);
  other[stated::ends] = add_days(today(world), 800);
  ASSERT_TRUE(engine::ask_registration(world.pair(), deal.id, other));
  world.sync();
  world.sync();
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  EXPECT_EQ(world.referral_of(id)["registrations"].size(), 1U);
}

// The answer to a registration is lost, and Partner Center cannot be asked what became of it.
void lose_sight_of_the_registration(World& world) {
  bool sent = false;
  world.wire = [sent](Side side, const http::Request& r, const World::Go& go) mutable {
    if (side != Side::partner_center) return go(r);
    if (sent) return net::Delivered{net::Delivered::Kind::dropped_before, {}};
    auto answer = go(r);
    sent = r.method == "PATCH";
    if (sent) answer.kind = net::Delivered::Kind::dropped_after;
    return answer;
  };
  world.sync();
  world.wire = nullptr;
}

TEST_P(RegistrationOfDeals, ThatIsStatedAnewWhileTheFirstIsUnansweredIsNotForgotten) {  // I-01, I-20
  World world({.crm = GetParam()});
  const auto id = won_deal(world);
  ASSERT_TRUE(engine::ask_registration(world.pair(), world.deal_of(id).id, contract_of(world)));
  lose_sight_of_the_registration(world);
  ASSERT_EQ(world.referral_of(id)["registrations"].size(), 1U);
  Columns stated_anew = contract_of(world);
  for (const char* part : {stated::value, stated::solution_value}) stated_anew[part] = Money{12'000'000, "USD"};
  ASSERT_TRUE(engine::ask_registration(world.pair(), world.deal_of(id).id, stated_anew));
  for (int run = 0; run < 2; ++run) {
    world.advance(minutes(5));
    world.sync();
  }
  EXPECT_EQ(world.deal_of(id).reason, "registration") << world.deal_of(id).message;
  EXPECT_NE(world.deal_of(id).message.find("registered already"), std::string::npos) << world.deal_of(id).message;
  world.control(Side::partner_center, "POST", "registration",
                {{"id", world.referral_of(id)["id"]}, {"status", "ActionRequired"}, {"reason", "Wrong value"}});
  for (int run = 0; run < 2; ++run) {
    world.advance(minutes(5));
    world.sync();
  }
  EXPECT_EQ(world.referral_of(id)["registrations"][0]["contract"]["value"].get<double>(), 120000.0);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
}

TEST_P(RegistrationOfDeals, IsNotCancelledWhileItIsNotKnownWhetherItArrived) {  // I-20
  World world({.crm = GetParam()});
  const auto id = won_deal(world);
  ASSERT_TRUE(engine::ask_registration(world.pair(), world.deal_of(id).id, contract_of(world)));
  lose_sight_of_the_registration(world);
  const auto cancelled = engine::forget_registration(world.pair(), world.deal_of(id).id);
  ASSERT_FALSE(cancelled) << "Microsoft has it";
  EXPECT_NE(cancelled.error().message.find("First: cosell sync"), std::string::npos) << cancelled.error().message;
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.deal_of(id).marks.count(engine::registration_mark), 0U);
  const auto too_late = engine::forget_registration(world.pair(), world.deal_of(id).id);
  ASSERT_FALSE(too_late);
  EXPECT_NE(too_late.error().message.find("no registration waits"), std::string::npos) << too_late.error().message;
}

TEST_P(RegistrationOfDeals, ThatWaitsIsNotDroppedByTakingTheDealApart) {  // I-01
  World world({.crm = GetParam()});
  const auto id = won_deal(world);
  ASSERT_TRUE(engine::ask_registration(world.pair(), world.deal_of(id).id, contract_of(world)));
  const auto refused = engine::unlink_deal(world.pair(), world.deal_of(id).id);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("--cancel"), std::string::npos) << refused.error().message;
  ASSERT_TRUE(engine::forget_registration(world.pair(), world.deal_of(id).id));
  EXPECT_TRUE(engine::unlink_deal(world.pair(), world.deal_of(id).id));
}

// It was stated for the old referral, and says nothing of what is won with the next one.
TEST_P(RegistrationOfDeals, ThatWaitsIsNeverSentForTheReferralOfARestart) {  // G-5, L-7
  World world({.crm = GetParam()});
  const auto id = won_deal(world);
  ASSERT_TRUE(engine::ask_registration(world.pair(), world.deal_of(id).id, contract_of(world)));
  world.crm_edit(id, {{"stage", "80"}});
  world.advance(minutes(5));
  CycleOptions only_reads;
  only_reads.only = [](const store::DealRow&) { return false; };
  world.sync(only_reads);
  const auto refused = engine::restart(world.pair(), world.deal_of(id).id);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("--cancel"), std::string::npos) << refused.error().message;
  ASSERT_TRUE(engine::forget_registration(world.pair(), world.deal_of(id).id));
  EXPECT_TRUE(engine::restart(world.pair(), world.deal_of(id).id));
}

TEST_P(RegistrationOfDeals, IsRefusedOnTheSpotForWhatCannotBeRegistered) {  // G-1, G-7
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  const auto open = engine::ask_registration(world.pair(), world.deal_of(id).id, contract_of(world));
  ASSERT_FALSE(open);
  EXPECT_NE(open.error().message.find("won"), std::string::npos);
  world.crm_edit(id, {{"stage", "won"}});
  world.sync();
  const auto of_private = engine::ask_registration(world.pair(), world.deal_of(id).id, contract_of(world));
  ASSERT_FALSE(of_private);
  EXPECT_NE(of_private.error().message.find("private"), std::string::npos) << of_private.error().message;
  const auto nothing = engine::ask_registration(world.pair(), world.deal_of(id).id, {});
  ASSERT_FALSE(nothing);
  EXPECT_NE(nothing.error().message.find("the day on which the contract was signed"), std::string::npos);
  world.sync();
  EXPECT_EQ(world.refused(Side::partner_center), 0);
}

}  // namespace
}  // namespace cosell::test
