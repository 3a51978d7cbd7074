// Replay, approval and finding a deal, on a world of both emulated systems.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/find_deal.h"
#include "cli/wording.h"
#include "engine/approve.h"
#include "engine/marks.h"
#include "engine/replay.h"
#include "tests/support/world.h"

namespace cosell::test {
namespace {

using ::testing::HasSubstr;

Json refuse_next_patch() {
  return Json::array({{{"match", {{"method", "PATCH"}, {"path", "/v1.0/engagements/referrals"}}},
                       {"times", 1},
                       {"action", {{"kind", "status"}, {"status", 400}, {"body", R"({"error":{"message":"odd"}})"}}}}});
}

// A synced deal whose change of value was refused once.
std::string deal_that_failed(World& world) {
  const std::string id = world.new_opportunity(usual_opportunity("Alder Foods: harbour"));
  world.sync();
  world.faults(Side::partner_center, refuse_next_patch());
  world.crm_edit(id, {{"value", 60000}});
  EXPECT_EQ(world.sync().failures_total, 1);
  return id;
}

TEST(Replay, SendsWhatIsRightNowAfterARefusal) {  // I-38, F-70
  World world;
  const std::string id = deal_that_failed(world);
  ASSERT_EQ(world.deal_of(id).state, store::DealState::failed);
  EXPECT_EQ(world.sync().failures_total, 0) << "what was refused is not sent again by itself";
  world.crm_edit(id, {{"close_date", "2027-05-31"}});
  const auto report = engine::replay(world.pair(), {world.deal_of(id).id}, {});
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->deals.size(), 1U);
  EXPECT_FALSE(report->deals[0].already_done);
  EXPECT_THAT(report->deals[0].after, HasSubstr("In sync"));
  const Json referral = world.referral_of(id);
  EXPECT_EQ(referral["details"]["dealValue"].get<double>(), 60000.0);
  EXPECT_THAT(referral["details"]["closingDateTime"].get<std::string>(), HasSubstr("2027-05-31"));
}

TEST(Replay, OfADealInSyncWritesNothing) {
  World world;
  const std::string id = world.new_opportunity(usual_opportunity("Alder Foods: harbour"));
  world.sync();
  world.sync();
  world.reset_stats();
  const auto report = engine::replay(world.pair(), {world.deal_of(id).id}, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->deals.at(0).already_done);
  EXPECT_EQ(world.writes(Side::partner_center), 0);
  EXPECT_EQ(world.writes(Side::crm), 0);
}

TEST(Replay, OfOneDealLeavesTheOthersAlone) {
  World world;
  const std::string failed = deal_that_failed(world);
  const std::string other = world.new_opportunity(usual_opportunity("Birch Motors: data"));
  const auto report = engine::replay(world.pair(), {world.deal_of(failed).id}, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(world.referral_of(other).is_null());
  world.sync();
  EXPECT_FALSE(world.referral_of(other).is_null());
}

TEST(Replay, ThatIsStoppedSaysOfADealThatItWasNotLookedAtYet) {
  World world;
  const std::string id = deal_that_failed(world);
  world.pair().stop_requested = [] { return true; };
  const auto report = engine::replay(world.pair(), {world.deal_of(id).id}, {});
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_TRUE(report->cycle.stopped);
  EXPECT_FALSE(report->deals.at(0).already_done);
  EXPECT_THAT(report->deals.at(0).after, HasSubstr("Not looked at yet"));
  EXPECT_THAT(report->deals.at(0).after, HasSubstr("follows with the next sync"));
  world.pair().stop_requested = [] { return false; };
  world.sync();
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync);
}

TEST(Approve, LetsAStepLeaveThatWaitsForAPerson) {
  World world;
  world.pair().settings.gates[Irreversible::won] = engine::Gate::ask;
  const std::string id = world.new_opportunity(usual_opportunity("Alder Foods: harbour"));
  world.sync();
  world.crm_edit(id, {{"stage", "won"}});
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "approval");
  EXPECT_EQ(world.referral_of(id)["status"], "Active");
  const auto approved = engine::approve(world.pair(), world.deal_of(id).id);
  ASSERT_TRUE(approved) << approved.error().message;
  EXPECT_EQ(approved->steps, std::vector<Irreversible>{Irreversible::won});
  world.sync();
  EXPECT_EQ(world.referral_of(id)["substatus"], "Won");
}

// An approval that was handed to a busy service.
TEST(Approve, ThatIsCarriedOutLaterLetsNoOtherStepLeaveThanTheOneThatWasMeant) {
  World world;
  for (const Irreversible step : {Irreversible::won, Irreversible::lost}) {
    world.pair().settings.gates[step] = engine::Gate::ask;
  }
  const std::string id = world.new_opportunity(usual_opportunity("Alder Foods: harbour"));
  world.sync();
  world.advance(hours(100));  // no longer early
  world.crm_edit(id, {{"stage", "won"}});
  world.sync();
  const auto seen = engine::steps_to_approve(world.pair(), world.deal_of(id), engine::Approvable::all_that_wait);
  ASSERT_TRUE(seen) << seen.error().message;
  ASSERT_EQ(*seen, std::vector<Irreversible>{Irreversible::won});
  world.advance(minutes(1));
  world.crm_edit(id, {{"stage", "lost"}, {"loss_reason", "Budget"}});
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "approval");
  const auto late = engine::approve(world.pair(), world.deal_of(id).id, engine::Approvable::all_that_wait, *seen);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorClass::config);
  EXPECT_NE(late.error().message.find("Meant was to close the deal as won"), std::string::npos) << late.error().message;
  world.sync();
  EXPECT_EQ(world.referral_of(id)["status"], "Active");
  ASSERT_TRUE(engine::approve(world.pair(), world.deal_of(id).id, engine::Approvable::all_that_wait,
                              std::vector<Irreversible>{Irreversible::lost}));
  world.sync();
  EXPECT_EQ(world.referral_of(id)["substatus"], "Lost");
}

// A sync broke off between reading and deciding.
TEST(Approve, LetsNoStepLeaveThatNobodyWasToldOfYet) {
  World world;
  for (const Irreversible step : {Irreversible::won, Irreversible::lost}) {
    world.pair().settings.gates[step] = engine::Gate::ask;
  }
  const std::string id = world.new_opportunity(usual_opportunity("Alder Foods: harbour"));
  world.sync();
  world.advance(hours(100));  // no longer early
  world.crm_edit(id, {{"stage", "won"}});
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "approval");
  world.advance(minutes(1));
  world.crm_edit(id, {{"stage", "lost"}, {"loss_reason", "Budget"}});
  for (int n = 1; n < 10 && !world.deal_of(id).dirty; ++n) {
    world.crash_after_requests(n);
    ASSERT_TRUE(world.sync_until_crash()) << "decided before it broke off";
    world.restart();
    for (const Irreversible step : {Irreversible::won, Irreversible::lost}) {
      world.pair().settings.gates[step] = engine::Gate::ask;
    }
  }
  ASSERT_TRUE(world.deal_of(id).dirty);
  const auto approved = engine::approve(world.pair(), world.deal_of(id).id);
  ASSERT_TRUE(approved) << approved.error().message;
  EXPECT_TRUE(approved->steps.empty()) << "a person knows of Won";
  world.sync();
  EXPECT_EQ(world.referral_of(id)["status"], "Active");
  EXPECT_EQ(engine::approve(world.pair(), world.deal_of(id).id)->steps, std::vector<Irreversible>{Irreversible::lost});
}

// The command has no login; what Partner Center is asked before it is asked for help, it is asked when the step leaves.
TEST(Approve, AsksNeitherSide) {
  World world({.settle = minutes(60)});
  Json words = usual_opportunity("Alder Foods: harbour");
  words["help"] = "ProofOfConceptOrDemo";
  words["help_notes"] = "A proof of concept in May";
  words["contact"] =
      world.new_contact({{"first", "Ida"}, {"last", "Berg"}, {"email", "ida@alder.example"}, {"phone", "+49 30 1234"}});
  const std::string id = world.new_opportunity(words);
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "settling") << world.deal_of(id).message;
  world.advance(minutes(61));  // no sync has run since
  int asked = 0;
  world.wire = [&](Side, const http::Request& request, const World::Go& go) {
    ++asked;
    return go(request);
  };
  const auto approved = engine::approve(world.pair(), world.deal_of(id).id);
  ASSERT_TRUE(approved) << approved.error().message;
  EXPECT_EQ(asked, 0);
}

TEST(Approve, OfADealThatWaitsForNothingApprovesNothing) {
  World world;
  const std::string id = world.new_opportunity(usual_opportunity("Alder Foods: harbour"));
  world.sync();
  const auto approved = engine::approve(world.pair(), world.deal_of(id).id);
  ASSERT_TRUE(approved) << approved.error().message;
  EXPECT_TRUE(approved->steps.empty());
}

TEST(KindOfWork, IsThatOfEverythingADealWaitsFor) {
  store::DealRow row;
  row.state = store::DealState::waiting;
  row.reason = "conflict";
  row.marks[engine::waits_too_mark] = "approval missing_field";
  for (const char* kind : {"conflict", "approval", "missing", "missing_field"}) {
    EXPECT_TRUE(cli::is_of_kind(row, kind)) << kind;
  }
  EXPECT_FALSE(cli::is_of_kind(row, "link"));
  EXPECT_FALSE(cli::is_of_kind(row, ""));
}

TEST(FindDeal, TakesIdsOfEitherSideAddressesAndNames) {
  World world;
  const std::string id = world.new_opportunity(usual_opportunity("Alder Foods: harbour"));
  world.new_opportunity(usual_opportunity("Birch Motors: data"));
  world.sync();
  const auto row = world.deal_of(id);
  const std::string referral = row.partner_center.record_id;
  for (const std::string& named :
       {id, id.substr(0, 15), referral, world.pair().crm->page_url(RecordKind::opportunity, RecordId(id)),
        world.pair().partner_center->page_url(RecordKind::referral, RecordId(referral)), std::string("harbour"),
        std::string("ALDER")}) {
    const auto found = cli::find_deal(world.pair(), named);
    ASSERT_TRUE(found) << named << ": " << found.error().message;
    EXPECT_EQ(found->id, row.id) << named;
  }
}

TEST(FindDeal, ListsTheCandidatesOfAnAmbiguousName) {
  World world;
  world.new_opportunity(usual_opportunity("Alder Foods: harbour"));
  world.new_opportunity(usual_opportunity("Alder Foods: data"));
  world.sync();
  const auto found = cli::find_deal(world.pair(), "alder");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorClass::config);
  EXPECT_THAT(found.error().message, HasSubstr("Alder Foods: harbour"));
  EXPECT_THAT(found.error().message, HasSubstr("Alder Foods: data"));
  EXPECT_FALSE(cli::find_deal(world.pair(), "nobody knows this"));
}

}  // namespace
}  // namespace cosell::test
