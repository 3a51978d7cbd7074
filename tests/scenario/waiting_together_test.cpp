// Stories of deals that wait for more than one thing: each step leaves at its own time, and whoever has to do something
// is told of it although something else waits too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/approve.h"
#include "engine/marks.h"
#include "engine/observe.h"
#include "engine/resolve.h"
#include "tests/scenario/faults.h"
#include "tests/support/world.h"

namespace cosell::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class WaitingTogether : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Crm, WaitingTogether, testing::Values("salesforce", "dynamics365"), name_of_crm);

Json with(const Json& more) {
  Json words = usual_opportunity("Alder Foods");
  words.update(more);
  return words;
}

bool shown(World& world, const std::string& id) {
  return world.referral_of(id)["consent"]["consentToShareReferralWithMicrosoftSellers"] == true;
}

TEST_P(WaitingTogether, EachOfTwoStepsLeavesWhenItsOwnTimeIsOver) {  // U-8
  World world({.crm = GetParam(), .settle = minutes(60)});
  const auto id = world.new_opportunity(with({{"visible", true}}));
  world.sync();
  world.advance(minutes(40));
  world.crm_edit(id, {{"stage", "lost"}, {"loss_reason", "Budget"}});
  world.sync();
  EXPECT_THAT(world.deal_of(id).message, AllOf(HasSubstr("show"), HasSubstr("lost"))) << "both are told";
  world.advance(minutes(21));
  world.sync();
  EXPECT_TRUE(shown(world, id)) << "its hour is over";
  EXPECT_EQ(world.referral_of(id)["status"], "Active") << "20 minutes of its hour are left";
  world.advance(minutes(40));
  world.sync();
  EXPECT_EQ(world.referral_of(id)["substatus"], "Lost");
}

TEST_P(WaitingTogether, OfTwoStepsThatLeaveTogetherIsToldHowEachIsTakenBack) {  // U-8
  World world({.crm = GetParam(), .settle = minutes(60)});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.crm_edit(id, {{"visible", true}});
  world.crm_edit(id, {{"stage", "lost"}, {"loss_reason", "Budget"}});
  world.sync();
  EXPECT_THAT(world.deal_of(id).message, HasSubstr("Will show the deal to Microsoft and close the deal as lost at"));
  EXPECT_THAT(world.deal_of(id).next_step, AllOf(HasSubstr("clear the field"), HasSubstr("reopen the opportunity")));
}

TEST_P(WaitingTogether, AnApprovalIsAskedForWhileAnotherStepWaitsForItsTime) {
  World world({.crm = GetParam(), .settle = minutes(60)});
  world.pair().settings.gates[Irreversible::shared] = engine::Gate::ask;
  const auto id = world.new_opportunity(with({{"visible", true}}));
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "approval");
  world.crm_edit(id, {{"stage", "lost"}, {"loss_reason", "Budget"}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.deal_of(id).reason, "approval");
  EXPECT_THAT(world.deal_of(id).message, HasSubstr("lost")) << "what leaves by itself is told too";
}

// The seller has to fill something in: that is no news for after the hour.
TEST_P(WaitingTogether, WhatTheSellerHasToFillInIsToldBesideAStepThatWaitsForItsTime) {  // R-5, L-9
  World world({.crm = GetParam(), .settle = minutes(60)});
  const auto id = world.new_opportunity(with({{"visible", true}}));
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "settling");
  world.advance(minutes(5));
  world.crm_edit(id, {{"value", nullptr}});
  world.sync();
  EXPECT_EQ(world.deal_of(id).waits_for, store::WaitFor::seller);
  EXPECT_THAT(world.deal_of(id).message, AllOf(HasSubstr("the field is empty"), HasSubstr("Will show")));
  EXPECT_THAT(world.opportunity(id)["message"].get<std::string>(),
              AllOf(HasSubstr("the field is empty"), HasSubstr("Fill it in"), HasSubstr("To cancel, clear the field")));
  world.crm_edit(id, {{"value", 50000}, {"stage", "lost"}, {"loss_reason", nullptr}});
  world.advance(minutes(1));
  world.sync();
  EXPECT_THAT(world.deal_of(id).message, AllOf(HasSubstr("needs the reason"), HasSubstr("Will show")));
  EXPECT_EQ(world.deal_of(id).waits_for, store::WaitFor::seller);
  world.advance(minutes(60));
  world.sync();
  EXPECT_TRUE(shown(world, id)) << "what is missing keeps back no step but its own";
}

// The step waits beside a conflict as well, and may be let go all the same.
TEST_P(WaitingTogether, AStepIsApprovedAlsoBesideAConflict) {
  World world({.crm = GetParam(), .settle = minutes(60)});
  const auto id = world.new_opportunity(with({{"visible", true}}));
  world.sync();
  world.crm_edit(id, {{"value", 7000}});
  world.portal_edit(world.referral_of(id)["id"],
                    {{{"op", "replace"}, {"path", "/details/dealValue"}, {"value", 9000}}});
  world.advance(minutes(1));
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "conflict");
  EXPECT_THAT(world.deal_of(id).message, HasSubstr("Will show"));
  const auto approved = engine::approve(world.pair(), world.deal_of(id).id);
  ASSERT_TRUE(approved) << approved.error().message;
  EXPECT_EQ(approved->steps, std::vector<Irreversible>{Irreversible::shared});
  world.sync();
  EXPECT_TRUE(shown(world, id));
  EXPECT_EQ(world.deal_of(id).reason, "conflict");
}

// `todo --kind approval` and `approve --all`: an approval is no less asked for because a conflict is told first.
TEST_P(WaitingTogether, AnApprovalBehindAConflictIsFoundAndWhatLeavesByItselfStaysInItsTime) {
  World world({.crm = GetParam(), .settle = minutes(60)});
  world.pair().settings.gates[Irreversible::shared] = engine::Gate::ask;
  const auto id = world.new_opportunity(with({{"visible", true}}));
  world.sync();
  world.crm_edit(id, {{"value", 7000}, {"stage", "lost"}, {"loss_reason", "Budget"}});
  world.portal_edit(world.referral_of(id)["id"],
                    {{{"op", "replace"}, {"path", "/details/dealValue"}, {"value", 9000}}});
  world.advance(minutes(1));
  world.sync();
  const auto deal = world.deal_of(id);
  ASSERT_EQ(deal.reason, "conflict");
  EXPECT_THAT(engine::reasons_of(deal), UnorderedElementsAre("conflict", "approval", "settling"));
  const auto asked = engine::approve(world.pair(), deal.id, engine::Approvable::asked_about);
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(asked->steps, std::vector<Irreversible>{Irreversible::shared});
  world.sync();
  EXPECT_TRUE(shown(world, id));
  EXPECT_EQ(world.referral_of(id)["status"], "Active") << "its hour is not over";
  EXPECT_THAT(engine::reasons_of(world.deal_of(id)), ElementsAre("conflict", "settling"));
}

// Whoever reads of one choice only would decide the other one with the same command.
TEST_P(WaitingTogether, EveryChoiceOfADealIsToldAndTakenByItself) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(with({{"stage", "60"}}));
  world.sync();
  world.sync();
  ASSERT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  world.advance(minutes(5));
  world.crm_edit(id, {{"value", 7000}, {"stage", "20"}});
  world.portal_edit(world.referral_of(id)["id"],
                    {{{"op", "replace"}, {"path", "/details/dealValue"}, {"value", 9000}}});
  world.sync();
  EXPECT_THAT(engine::reasons_of(world.deal_of(id)), ElementsAre("conflict", "moved_back"));
  EXPECT_THAT(world.deal_of(id).message, AllOf(HasSubstr("Changed on both sides"), HasSubstr("does not go back")));
  const auto chosen = engine::resolve(world.pair(), world.deal_of(id).id, {}, false);
  ASSERT_TRUE(chosen) << chosen.error().message;
  EXPECT_EQ(chosen->told.size(), 1U) << "the command that is told with the conflict";
  world.sync();
  EXPECT_EQ(world.referral_of(id)["details"]["dealValue"].get<double>(), 7000.0);
  EXPECT_EQ(world.deal_of(id).reason, "moved_back") << "its stage is another matter";
  EXPECT_EQ(world.deal_of(id).message.find("Changed on both sides"), std::string::npos);
}

// Read, and not decided on yet, as where a sync broke off in between.
void read_again(World& world, const std::string& id) {
  const auto& pair = world.pair();
  RecordRef ref;
  ref.kind = RecordKind::opportunity;
  ref.id = RecordId(id);
  Call call = pair.call(Side::crm);
  const auto found = pair.crm->fetch(call, {&ref, 1}, pair.mapping->columns_read());
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  engine::ObserveCounts counts;
  ASSERT_TRUE(world.store().transaction(
      [&] { return engine::Observer(pair, RunId{}).take(Side::crm, found->front(), counts); }));
}

// Whoever approved let 7,000 and 9,000 stay different, not what became of them since.
TEST_P(WaitingTogether, AnApprovalOfWonCountsForTheValuesThatWereTold) {  // I-01, L-7
  for (const char* changes : {"before the approval", "in the CRM", "in Partner Center"}) {
    World world({.crm = GetParam()});
    const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
    world.sync();
    world.advance(days(5));  // no longer early
    const auto in_portal = [&](int value) {
      world.portal_edit(world.referral_of(id)["id"],
                        {{{"op", "replace"}, {"path", "/details/dealValue"}, {"value", value}}});
    };
    world.crm_edit(id, {{"value", 7000}, {"stage", "won"}});
    in_portal(9000);
    world.sync();
    ASSERT_THAT(engine::reasons_of(world.deal_of(id)), ElementsAre("conflict", "approval"));
    world.advance(minutes(5));
    const std::string how = changes;
    if (how == "before the approval") {
      world.crm_edit(id, {{"value", 700000}});
      read_again(world, id);
    }
    const auto approved = engine::approve(world.pair(), world.deal_of(id).id);
    ASSERT_TRUE(approved) << approved.error().message;
    EXPECT_EQ(approved->steps.empty(), how == "before the approval") << "nobody was told of these values";
    if (how == "in the CRM") world.crm_edit(id, {{"value", 700000}});
    if (how == "in Partner Center") in_portal(700000);
    world.advance(minutes(5));
    world.sync();
    world.sync();
    EXPECT_EQ(world.referral_of(id)["status"], "Active") << how;
    EXPECT_THAT(engine::reasons_of(world.deal_of(id)), ElementsAre("conflict", "approval"));
    ASSERT_TRUE(engine::approve(world.pair(), world.deal_of(id).id));
    world.sync();
    world.sync();
    EXPECT_EQ(world.referral_of(id)["substatus"], "Won") << world.deal_of(id).message;
  }
}

// A closed referral cannot be changed any more, so that a conflict would end with neither value on both sides.
TEST_P(WaitingTogether, ADealIsWonOnceItIsChosenWhatIsRightOrApproved) {  // I-01, L-7
  for (const bool approved : {false, true}) {
    World world({.crm = GetParam()});
    const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
    world.sync();
    world.advance(days(5));  // no longer early
    world.crm_edit(id, {{"value", 7000}, {"stage", "won"}});
    world.portal_edit(world.referral_of(id)["id"],
                      {{{"op", "replace"}, {"path", "/details/dealValue"}, {"value", 9000}}});
    world.sync();
    EXPECT_EQ(world.referral_of(id)["status"], "Active");
    EXPECT_THAT(engine::reasons_of(world.deal_of(id)), ElementsAre("conflict", "approval"));
    EXPECT_THAT(world.deal_of(id).message, HasSubstr("Will close the deal as won once it is chosen what is right"));
    const auto done = approved ? engine::approve(world.pair(), world.deal_of(id).id).has_value()
                               : engine::resolve(world.pair(), world.deal_of(id).id, {}, false).has_value();
    ASSERT_TRUE(done);
    world.sync();
    world.sync();
    EXPECT_EQ(world.referral_of(id)["substatus"], "Won") << world.deal_of(id).message;
    EXPECT_EQ(world.referral_of(id)["details"]["dealValue"].get<double>(), approved ? 9000.0 : 7000.0);
    const auto history = world.store().history(world.deal_of(id).id, 0, 100);
    ASSERT_TRUE(history);
    const bool told = std::any_of(history->begin(), history->end(), [](const store::JournalEntry& line) {
      return line.summary.find("stays different: value") != std::string::npos;
    });
    EXPECT_EQ(told, approved) << "the history names what was left different";
  }
}

// Whoever approved Won before there was a conflict approved something else.
TEST_P(WaitingTogether, OnlyAnApprovalThatSpokeOfTheConflictLetsTheDealBeWon) {  // L-7
  World world({.crm = GetParam()});
  world.pair().settings.gates[Irreversible::won] = engine::Gate::ask;
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(days(5));
  world.crm_edit(id, {{"stage", "won"}});
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "approval");
  ASSERT_EQ(engine::approve(world.pair(), world.deal_of(id).id)->steps.size(), 1U);
  world.advance(minutes(5));
  world.crm_edit(id, {{"value", 7000}});
  world.portal_edit(world.referral_of(id)["id"],
                    {{{"op", "replace"}, {"path", "/details/dealValue"}, {"value", 9000}}});
  world.sync();
  EXPECT_EQ(world.referral_of(id)["status"], "Active");
  EXPECT_THAT(engine::reasons_of(world.deal_of(id)), ElementsAre("conflict", "approval"));
  EXPECT_THAT(world.deal_of(id).message, HasSubstr("once it is chosen what is right"));
  ASSERT_EQ(engine::approve(world.pair(), world.deal_of(id).id)->steps.size(), 1U);
  world.sync();
  EXPECT_EQ(world.referral_of(id)["substatus"], "Won") << world.deal_of(id).message;
}

// A rule of the CRM refuses even to tell the seller.
TEST_P(WaitingTogether, WhatWaitsStaysToldWhereTheSellerCannotBeTold) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.sync();
  world.pair().settings.gates[Irreversible::lost] = engine::Gate::ask;
  world.advance(minutes(5));
  world.crm_edit(id, {{"stage", "lost"}, {"loss_reason", "Budget"}});
  world.portal_edit(world.referral_of(id)["id"],
                    {{{"op", "replace"}, {"path", "/details/dealValue"}, {"value", 9000}}});
  world.crm_refuses_values_above(10, "Nobody changes this any more");
  for (int i = 0; i < 2; ++i) {
    world.sync();
    world.advance(minutes(1));
  }
  const auto told = world.deal_of(id);
  EXPECT_EQ(told.state, store::DealState::failed) << told.message;
  EXPECT_THAT(told.message, HasSubstr("Nobody changes this any more. The bridge would close the deal as lost"));
  EXPECT_THAT(told.next_step, HasSubstr("cosell approve"));
  EXPECT_THAT(engine::reasons_of(told), testing::Contains("approval"));
  const auto lines = world.store().history(told.id, 0, 1000)->size();
  auto decided_again = told;
  decided_again.dirty = true;
  ASSERT_TRUE(world.store().transaction([&] { return world.store().update_deal(decided_again); }));
  world.sync();
  EXPECT_EQ(world.deal_of(id).since, told.since) << "nothing is new";
  EXPECT_EQ(world.store().history(told.id, 0, 1000)->size(), lines);
}

// What a side refused hides neither what is missing nor what is to be approved.
TEST_P(WaitingTogether, WhatWaitsIsToldAndApprovedAlsoBehindARefusedWrite) {
  World world({.crm = GetParam()});
  world.pair().settings.gates[Irreversible::lost] = engine::Gate::ask;
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  const std::string referral = world.referral_of(id)["id"];
  world.faults(Side::partner_center,
               scripted_fault("PATCH", referrals_route + "/" + referral,
                              {{"kind", "status"}, {"status", 400}, {"body", {{"message", "Not that value"}}}}));
  world.crm_edit(id, {{"value", 7000}});
  world.sync();
  ASSERT_EQ(world.deal_of(id).state, store::DealState::failed);
  world.advance(minutes(5));
  world.crm_edit(id, {{"stage", "lost"}, {"loss_reason", nullptr}});
  world.sync();
  EXPECT_THAT(world.deal_of(id).message, AllOf(HasSubstr("Not that value"), HasSubstr("needs the reason")));
  EXPECT_THAT(world.opportunity(id)["message"].get<std::string>(), HasSubstr("needs the reason"));
  world.advance(minutes(5));
  world.crm_edit(id, {{"loss_reason", "Budget"}});
  world.sync();
  ASSERT_EQ(world.deal_of(id).state, store::DealState::failed) << world.deal_of(id).message;
  EXPECT_THAT(engine::reasons_of(world.deal_of(id)), testing::Contains("approval"));
  const auto approved = engine::approve(world.pair(), world.deal_of(id).id);
  ASSERT_TRUE(approved) << approved.error().message;
  EXPECT_EQ(approved->steps, std::vector<Irreversible>{Irreversible::lost});
  world.sync();
  EXPECT_EQ(world.referral_of(id)["substatus"], "Lost") << world.deal_of(id).message;
}

TEST_P(WaitingTogether, TheCommandOfEachIsToldWhereAnAdminIsWaitedForTwice) {
  World world({.crm = GetParam()});
  world.pair().settings.gates[Irreversible::shared] = engine::Gate::never;
  world.pair().settings.gates[Irreversible::lost] = engine::Gate::ask;
  const auto id = world.new_opportunity(with({{"visible", true}}));
  world.sync();
  world.advance(minutes(5));
  world.crm_edit(id, {{"stage", "lost"}, {"loss_reason", "Budget"}});
  world.sync();
  EXPECT_THAT(world.deal_of(id).next_step, HasSubstr("cosell approve")) << world.deal_of(id).reason;
}

// What the seller has to do about the stage is not hidden by a step that leaves by itself.
TEST(WaitingTogetherInSalesforce, AStageThatIsLeftOutIsToldBesideAStepThatWaitsForItsTime) {
  World world({.crm = "salesforce", .settle = minutes(60)});
  const auto id = world.new_opportunity(with({{"visible", true}}));
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "settling");
  world.restart_with({{"stages", {{"add", {{"Proposal/Price Quote", "ignore"}}}}}});
  world.crm_edit(id, {{"stage", "60"}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.deal_of(id).waits_for, store::WaitFor::seller);
  EXPECT_THAT(world.deal_of(id).message, AllOf(HasSubstr("Proposal/Price Quote"), HasSubstr("Will show")));
}

// What a setting held is let go by the setting, without an edit of the deal.
TEST_P(WaitingTogether, AStepThatASettingHeldLeavesOnceTheSettingIsAnotherOne) {
  World world({.crm = GetParam()});
  world.pair().settings.gates[Irreversible::shared] = engine::Gate::never;
  const auto id = world.new_opportunity(with({{"visible", true}}));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "never");
  world.pair().settings.gates[Irreversible::shared] = engine::Gate::automatic;
  world.advance(minutes(5));
  world.sync();
  EXPECT_TRUE(shown(world, id)) << world.deal_of(id).message;
}

// A stage of another meaning would let another step leave than the one that was told.
TEST(WaitingTogetherInSalesforce, AnApprovalLetsNothingLeaveThatANewMappingWants) {
  World world({.crm = "salesforce"});
  world.pair().settings.gates[Irreversible::shared] = engine::Gate::ask;
  world.pair().settings.gates[Irreversible::won] = engine::Gate::ask;
  const auto id = world.new_opportunity(with({{"visible", true}, {"stage", "60"}}));
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "approval");
  world.restart_with(
      {{"stages", {{"add", {{"Proposal/Price Quote", "won"}}}, {"write_back", {{"won", "Closed Won"}}}}}});
  const auto approved = engine::approve(world.pair(), world.deal_of(id).id);
  ASSERT_TRUE(approved) << approved.error().message;
  EXPECT_EQ(approved->steps, std::vector<Irreversible>{Irreversible::shared});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.referral_of(id)["status"], "Active");
}

}  // namespace
}  // namespace cosell::test
