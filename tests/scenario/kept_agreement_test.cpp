// Stories of what both sides agreed on while one of them was closed, or about to be: an edit made meanwhile is still an
// edit afterwards.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/recheck.h"
#include "engine/view.h"
#include "tests/support/world.h"

namespace cosell::test {
namespace {

class KeptAgreement : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Crm, KeptAgreement, testing::Values("salesforce", "dynamics365"), name_of_crm);

Json stage_is(const char* percent) { return {{{"op", "replace"}, {"path", "/salesStage"}, {"value", percent}}}; }

// Closed by mistake, and opened again before that left: what Partner Center showed meanwhile still comes.
TEST_P(KeptAgreement, AStageThatMovedInPartnerCenterWhileAClosingWaitedComesToTheCrm) {  // F-74, I-06
  World world({.crm = GetParam(), .settle = minutes(60)});
  Json words = usual_opportunity("Alder Foods");
  words["stage"] = "60";
  const auto id = world.new_opportunity(words);
  world.sync();
  world.advance(minutes(5));
  world.sync();
  ASSERT_EQ(world.referral_of(id)["salesStage"], "60");
  world.crm_edit(id, {{"stage", "won"}});
  world.advance(minutes(1));
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "settling");
  world.portal_edit(world.referral_of(id)["id"], stage_is("80"));
  world.advance(minutes(1));
  world.sync();
  world.crm_edit(id, {{"stage", "60"}});
  world.advance(minutes(1));
  world.sync();
  EXPECT_EQ(world.referral_of(id)["salesStage"], "80");
  EXPECT_EQ(world.opportunity(id)["stage"], "80");
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
}

// Reopened in the CRM first, and worked on; then Microsoft opens the referral again (L-7).
TEST_P(KeptAgreement, WhatChangedInTheCrmWhileTheReferralWasClosedIsSentWhenMicrosoftOpensItAgain) {  // L-7, I-06
  World world({.crm = GetParam()});
  Json words = usual_opportunity("Alder Foods");
  words["stage"] = "60";
  const auto id = world.new_opportunity(words);
  world.sync();
  world.advance(minutes(5));
  world.sync();
  world.crm_edit(id, {{"stage", "won"}});
  world.advance(minutes(5));
  world.sync();
  ASSERT_EQ(world.referral_of(id)["substatus"], "Won");
  world.crm_edit(id, {{"stage", "80"}, {"value", 61000}});
  for (int i = 0; i < 3; ++i) {
    world.advance(minutes(5));
    world.sync();
  }
  ASSERT_EQ(world.deal_of(id).reason, "reopened_in_crm");
  world.microsoft({{"referralId", world.referral_of(id)["id"]}, {"action", "reopen"}});
  for (int i = 0; i < 3; ++i) {
    world.advance(minutes(5));
    world.sync();
  }
  const Json referral = world.referral_of(id);
  EXPECT_EQ(referral["status"], "Active");
  EXPECT_EQ(referral["details"]["dealValue"].get<double>(), 61000.0);
  EXPECT_EQ(referral["salesStage"], "80");
  EXPECT_EQ(world.opportunity(id)["stage"], "80");
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
}

// A column that the mapping did not read before says nothing about what was agreed on: the field is a first link for
// itself, and the mapping's precedence decides (ADR 0003).
TEST_P(KeptAgreement, AFieldThatTheMappingBeginsToReadIsAFirstLink) {  // F-68, I-08
  const auto notes = [](const char* key, const char* value) { return Json{{"fields", {{"notes", {{key, value}}}}}}; };
  for (const char* first_link : {"partner_center", "ask"}) {
    World world({.crm = GetParam(), .mapping = notes("constant", "Ask the owner.")});
    Json words = usual_opportunity("Alder Foods");
    words["notes"] = "They want a pilot.";
    const auto id = world.new_opportunity(words);
    world.sync();
    world.portal_edit(world.referral_of(id)["id"],
                      {{{"op", "replace"}, {"path", "/details/notes"}, {"value", "Call Sam first."}}});
    for (int i = 0; i < 2; ++i) {
      world.advance(minutes(5));
      world.sync();
    }
    world.restart_with(notes("first_link", first_link));
    world.crm_edit(id, {{"value", 61000}});
    for (int i = 0; i < 3; ++i) {
      world.advance(minutes(5));
      world.sync();
    }
    EXPECT_EQ(world.referral_of(id)["details"]["notes"], "Call Sam first.") << first_link;
    if (std::string(first_link) == "ask") {
      EXPECT_EQ(world.deal_of(id).reason, "conflict");
    } else {
      EXPECT_EQ(world.opportunity(id)["notes"], "Call Sam first.");
      EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
    }
  }
}

// A referral is never without a value: the field waits and says so, and the stage goes on.
TEST_P(KeptAgreement, AValueThatIsClearedInTheCrmKeepsNothingElseBack) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  world.crm_edit(id, {{"value", nullptr}, {"stage", "60"}});
  for (int i = 0; i < 2; ++i) {
    world.advance(minutes(5));
    EXPECT_EQ(world.sync().failures_total, 0);
  }
  EXPECT_EQ(world.referral_of(id)["salesStage"], "60");
  EXPECT_EQ(world.referral_of(id)["details"]["dealValue"].get<double>(), 50000.0);
  EXPECT_EQ(world.deal_of(id).reason, "needed") << world.deal_of(id).message;
  EXPECT_NE(world.deal_of(id).next_step.find("Fill it in"), std::string::npos) << world.deal_of(id).next_step;
}

// Only one side is known under the old words; the other one moved on, and could not be written.
TEST(KeptAgreementOfMappings, WhatAStageMeansUnderANewMappingIsNoEdit) {  // F-68, I-24
  const auto mapped = [](Json map, Json write_back) {
    write_back["40"] = "Value Proposition";
    return Json{{"stages", {{"add", std::move(map)}, {"write_back", std::move(write_back)}, {"conflict", "ask"}}}};
  };
  World world({.mapping = mapped({{"Proposal/Price Quote", "ignore"}}, {{"20", "Qualification"}})});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  ASSERT_EQ(world.opportunity(id)["stage"], "20");
  world.portal_edit(world.referral_of(id)["id"], stage_is("60"));
  world.advance(minutes(5));
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "no-write-back") << world.deal_of(id).message;
  // What the seller's stage means is another one now, and 60 has a stage again.
  world.restart_with(mapped({{"Proposal/Price Quote", 60}, {"Qualification", 10}},
                            {{"20", "Needs Analysis"}, {"10", "Qualification"}}));
  for (int i = 0; i < 2; ++i) {
    world.advance(minutes(5));
    world.sync();
  }
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  EXPECT_EQ(world.opportunity(id)["stage"], "60");
  EXPECT_EQ(world.referral_of(id)["salesStage"], "60");
  EXPECT_TRUE(world.store().verify_journal());
}

// The process is killed while it reads the deals under a second mapping; then a third one comes.
TEST(KeptAgreementOfMappings, AMappingThatWasTakenUpInPartLeavesNoTrace) {  // F-68, I-24, I-28
  const auto mapped = [](Json map, Json write_back) {
    write_back["40"] = "Value Proposition";
    return Json{{"stages", {{"add", std::move(map)}, {"write_back", std::move(write_back)}, {"conflict", "ask"}}}};
  };
  World world({.mapping = mapped({{"Proposal/Price Quote", "ignore"}}, {{"20", "Qualification"}})});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  for (int i = 0; i < 500; ++i) {
    Json words = usual_opportunity("Not chosen " + std::to_string(i));
    words["opt_in"] = false;
    world.new_opportunity(words);
  }
  world.portal_edit(world.referral_of(id)["id"], stage_is("60"));
  world.advance(minutes(5));
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "no-write-back") << world.deal_of(id).message;
  SQLite::Database file(world.store_file(), SQLite::OPEN_READWRITE);
  const int last = file.execAndGet("SELECT max(id) FROM deals");
  ASSERT_GT(last, store::DealFilter().limit) << "more than a page";
  file.exec("CREATE TRIGGER killed BEFORE UPDATE ON deals WHEN OLD.id = " + std::to_string(last) +
            " BEGIN SELECT RAISE(ABORT, 'killed'); END");
  world.restart_with(mapped({{"Proposal/Price Quote", 60}, {"Qualification", 40}}, {{"20", "Needs Analysis"}}));
  EXPECT_FALSE(engine::run_cycle(world.pair(), {})) << "the fault";
  file.exec("DROP TRIGGER killed");
  world.restart_with(mapped({{"Proposal/Price Quote", 60}, {"Qualification", 10}},
                            {{"20", "Needs Analysis"}, {"10", "Qualification"}}));
  for (int i = 0; i < 2; ++i) {
    world.advance(minutes(5));
    world.sync();
  }
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  EXPECT_EQ(world.opportunity(id)["stage"], "60");
}

// Planned under one mapping, found to have arrived under the next.
TEST(KeptAgreementOfMappings, WhatAWriteInDoubtAgreesOnIsReadUnderTheNewOne) {  // F-68, F-58, I-24
  const auto mapped = [](int percent) {
    return Json{{"stages",
                 {{"add", {{"Id. Decision Makers", percent}}},
                  {"write_back", {{"40", "Value Proposition"}, {"60", "Proposal/Price Quote"}}}}}};
  };
  World world({.mapping = mapped(40)});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  world.control(Side::crm, "POST", "edit", {{"id", id}, {"fields", {{"StageName", "Id. Decision Makers"}}}});
  world.advance(minutes(5));
  world.wire = [&world](Side side, const http::Request& r, const World::Go& go) {
    if (side == Side::partner_center && r.method == "PATCH") world.crash_after_requests(1);
    return go(r);
  };
  ASSERT_TRUE(world.sync_until_crash());
  world.wire = nullptr;
  ASSERT_EQ(world.referral_of(id)["salesStage"], "40");
  world.restart_with(mapped(60));
  for (int i = 0; i < 2; ++i) {
    world.advance(minutes(5));
    world.sync();
  }
  EXPECT_EQ(world.referral_of(id)["salesStage"], "40") << "what a stage means now is no edit";
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
}

// Rules of a newer program are nobody's edit either, and nothing else would make it look at such deals again.
TEST_P(KeptAgreement, WhatAnOlderProgramDecidedIsDecidedAnewOnce) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  const auto done = world.store().transaction([&]() -> Result<void> {
    auto row = world.deal_of(id);
    row.state = store::DealState::waiting;
    row.reason = "not_found";
    if (auto updated = world.store().update_deal(row); !updated) return updated;
    return world.store().set_property("settings_hash", text::sha256_hex(engine::settings_text(world.pair().settings)));
  });
  ASSERT_TRUE(done);
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
}

TEST(KeptAgreementOfMappings, AStageThatIsLeftOutWaitsForItsSellerAndKeepsNothingElseBack) {  // I-01
  World world({.mapping = {{"stages", {{"add", {{"Proposal/Price Quote", "ignore"}}}}}}});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  world.crm_edit(id, {{"stage", "60"}, {"value", 61000}});
  for (int i = 0; i < 2; ++i) {
    world.advance(minutes(5));
    world.sync();
  }
  const auto deal = world.deal_of(id);
  EXPECT_EQ(deal.reason, "ignored_stage");
  EXPECT_EQ(deal.waits_for, store::WaitFor::seller) << "nobody has to correct the mapping";
  EXPECT_EQ(deal.next_step.find("mapping"), std::string::npos) << deal.next_step;
  EXPECT_NE(deal.message.find("shows Qualified"), std::string::npos) << deal.message;
  EXPECT_EQ(world.referral_of(id)["details"]["dealValue"].get<double>(), 61000.0);
  world.crm_edit(id, {{"stage", "80"}});
  for (int i = 0; i < 2; ++i) {
    world.advance(minutes(5));
    world.sync();
  }
  EXPECT_EQ(world.referral_of(id)["salesStage"], "80");
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  // Closed on both sides, it may lie in whatever stage the CRM keeps such deals in.
  world.crm_edit(id, {{"stage", "won"}});
  for (int i = 0; i < 2; ++i) {
    world.advance(minutes(5));
    world.sync();
  }
  ASSERT_EQ(world.referral_of(id)["substatus"], "Won");
  world.crm_edit(id, {{"stage", "60"}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
}

// The wish for help is not sent, so it shows the deal to nobody either.
TEST_P(KeptAgreement, HelpThatOnlyComesFromPartnerCenterShowsNoDealToMicrosoft) {  // T-8
  World world({.crm = GetParam(), .mapping = {{"fields", {{"help", {{"direction", "to_crm"}}}}}}});
  const auto later = world.new_opportunity(usual_opportunity("Alder Foods"));
  Json words = usual_opportunity("Birch Mills");
  words["help"] = "GeneralOrOther";
  const auto from_the_beginning = world.new_opportunity(words);
  world.sync();
  world.advance(minutes(5));
  world.sync();
  world.crm_edit(later, {{"help", "GeneralOrOther"}});
  for (int i = 0; i < 2; ++i) {
    world.advance(minutes(5));
    world.sync();
  }
  for (const auto& id : {later, from_the_beginning}) {
    const Json referral = world.referral_of(id);
    ASSERT_FALSE(referral.is_null()) << world.deal_of(id).message;
    EXPECT_NE(referral["consent"].value("consentToShareReferralWithMicrosoftSellers", false), true) << referral.dump(1);
    EXPECT_EQ(engine::load_view(world.pair(), world.deal_of(id))->partner_center.flag(Field::visible), false);
  }
}

}  // namespace
}  // namespace cosell::test
