// Faults of cursors and paging, F-25 to F-34.
#include <algorithm>

#include "faults.h"

namespace cosell::test {
namespace {

class Cursors : public FaultStory {};
INSTANTIATE_TEST_SUITE_P(Crm, Cursors, testing::Values("salesforce", "dynamics365"), name_of_crm);

void forget_position(World& world, Side side, const std::string& cursor) {
  ASSERT_TRUE(world.store().transaction([&] { return world.store().set_cursor(side, Cursor(cursor)); }));
}

TEST_P(Cursors, F25_ARecordThatMovesBetweenTwoPagesIsNotLost) {  // I-06, I-27, I-35
  World world({.crm = GetParam()});
  world.control(Side::partner_center, "POST", "settings",
                {{"page_size", 3}, {"paging", "row_number"}, {"new_accepts_edits", true}});
  std::vector<std::string> ids;
  for (int i = 0; i < 8; ++i) {
    ids.push_back(world.inbound()["id"]);
    world.advance(minutes(1));
  }
  int pages = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    auto answer = go(r);
    // The oldest one jumps to the top: everything behind it moves down by one row.
    if (is_listing(side, r) && ++pages == 2) world.portal_edit(ids[0], replace("/details/notes", "moved"));
    return answer;
  };
  world.sync();
  EXPECT_GE(pages, 3);
  world.wire = nullptr;
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.opportunities().size(), 8U);
  EXPECT_EQ(world.opportunity(world.deal_of(ids[0]).crm.record_id)["notes"], "moved");
}

TEST(SalesforceCursor, F26_ATransactionThatCommitsLateWithAnOlderStampIsFound) {  // I-06
  World world({.crm = "salesforce"});
  const auto slow = synced_deal(world, "Slow");
  const auto quick = synced_deal(world, "Quick");
  world.control(Side::crm, "POST", "begin", Json::object());
  world.crm_edit(slow, {{"value", 51000}});
  world.advance(minutes(4));
  world.control(Side::crm, "POST", "edit", {{"transaction", nullptr}, {"id", quick}, {"fields", {{"Amount", 52000}}}});
  world.sync();
  EXPECT_EQ(value_of_referral(world, slow), 50000.0) << "the fault: not committed yet";
  EXPECT_EQ(value_of_referral(world, quick), 52000.0);
  world.advance(minutes(4));
  world.control(Side::crm, "POST", "commit", Json::object());
  world.sync();
  EXPECT_EQ(value_of_referral(world, slow), 51000.0);
}

TEST_P(Cursors, F27_ManyRecordsOfOneMomentSurviveThePageEdge) {  // I-06
  World world({.crm = GetParam()});
  world.control(Side::partner_center, "POST", "settings", {{"page_size", 3}});
  for (int i = 0; i < 10; ++i) world.inbound();  // the clock stands still
  int equal = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    auto answer = go(r);
    if (!is_listing(side, r)) return answer;
    return changed(std::move(answer), [&](Json& body) {
      for (auto& row : body["value"]) {
        row["createdDateTime"] = row["updatedDateTime"] = "2026-11-21T08:00:00Z";
        ++equal;
      }
    });
  };
  world.sync();
  EXPECT_GE(equal, 10);
  EXPECT_EQ(world.opportunities().size(), 10U);
}

TEST_P(Cursors, F28_AnEditInTheSameSecondAsTheReadingIsFound) {  // I-06
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.crm_edit(id, {{"value", 51000}});
  world.sync();
  world.crm_edit(id, {{"value", 52000}});
  world.portal_edit(referral_id_of(world, id), replace("/details/notes", "the same second"));
  world.advance(minutes(10));
  world.sync();
  EXPECT_EQ(value_of_referral(world, id), 52000.0);
  EXPECT_EQ(world.opportunity(id)["notes"], "the same second");
}

TEST(ExpiredDelta, F29_WhatWasDeletedInTheGapIsLookedUpAndNothingIsDeletedForIt) {  // I-05, I-11, I-31
  World world({.crm = "dynamics365"});
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(synced_deal(world, "Deal " + std::to_string(i)));
  world.crm_delete(ids[2]);
  world.crm_edit(ids[3], {{"value", 53000}});
  world.control(Side::crm, "POST", "expire_delta", Json::object());
  world.reset_stats();
  world.advance(minutes(5));
  const auto report = world.sync();
  EXPECT_FALSE(report.stopped) << report.stopped->message;
  EXPECT_GE(report.observed.at(Side::crm).seen, 4) << "the fault: everything was listed again";
  EXPECT_EQ(report.observed.at(Side::crm).gone, 1);
  EXPECT_EQ(world.deal_of(ids[2]).state, store::DealState::waiting);
  EXPECT_EQ(world.deal_of(ids[2]).reason, "out_of_scope");
  EXPECT_EQ(world.referral_of(ids[2])["status"], "Active") << "absence closes nothing";
  EXPECT_EQ(value_of_referral(world, ids[3]), 53000.0);
  EXPECT_EQ(world.referrals().size(), 5U);
  expect_quiet(world);
}

// Somebody empties the recycle bin while the bridge is away: no change tells of the deletion any more.
TEST(EmptiedRecycleBin, F29_WhatWasDeletedWhileTheBridgeWasAwayIsFoundByComparing) {  // I-05, I-11
  World world({.crm = "salesforce"});
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(synced_deal(world, "Deal " + std::to_string(i)));
  world.crm_delete(ids[2]);
  world.control(Side::crm, "POST", "empty_bin", Json::object());
  world.advance(days(3));
  const auto report = world.sync();
  EXPECT_FALSE(report.stopped) << report.stopped->message;
  EXPECT_GE(report.observed.at(Side::crm).seen, 4) << "the fault: everything was listed again";
  EXPECT_EQ(report.observed.at(Side::crm).gone, 1);
  EXPECT_EQ(world.deal_of(ids[2]).state, store::DealState::waiting);
  EXPECT_EQ(world.deal_of(ids[2]).reason, "out_of_scope");
  EXPECT_EQ(world.referral_of(ids[2])["status"], "Active") << "absence closes nothing";
  EXPECT_EQ(world.referrals().size(), 5U);
  expect_quiet(world);
}

TEST_P(Cursors, F30_APositionOfAnotherSystemReadsEverythingAgainAndComparesIt) {  // I-05
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  for (const Side side : {Side::crm, Side::partner_center}) forget_position(world, side, "{\"of\":\"another system\"}");
  world.reset_stats();
  const auto report = world.sync();
  EXPECT_FALSE(report.stopped) << report.stopped->message;
  EXPECT_GE(report.observed.at(Side::crm).seen, 1);
  EXPECT_GE(report.observed.at(Side::partner_center).seen, 1);
  EXPECT_EQ(writes_of_both(world), 0);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync);
}

TEST_P(Cursors, F31_APageTokenThatDiesRestartsTheListingAndNothingIsMissed) {  // I-27
  World world({.crm = GetParam()});
  world.control(Side::partner_center, "POST", "settings", {{"page_size", 3}});
  for (int i = 0; i < 8; ++i) world.inbound();
  int died = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (!is_listing(side, r) || died > 0 || r.url.find("skiptoken") == std::string::npos) return go(r);
    ++died;
    net::Delivered gone;
    gone.response.status = 400;
    gone.response.body = R"({"error":{"code":"invalidRequest","message":"The skip token is not valid."}})";
    return gone;
  };
  world.sync();
  EXPECT_EQ(died, 1);
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.opportunities().size(), 8U);
}

TEST_P(Cursors, F32_AListingThatLeadsToItselfEndsWithAnError) {  // I-03
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  int pages = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    auto answer = go(r);
    if (!is_listing(side, r)) return answer;
    ++pages;
    return changed(std::move(answer), [&](Json& body) {
      body["value"] = Json::array();
      body["@odata.nextLink"] = "http://127.0.0.1:7002/v1.0/engagements/referrals?$skiptoken=again";
    });
  };
  const auto report = world.sync();
  EXPECT_GT(pages, 0);
  EXPECT_LT(pages, 100);
  ASSERT_TRUE(report.stopped);
  EXPECT_EQ(report.side_down, Side::partner_center);
  EXPECT_EQ(world.deal_of(id).partner_center.existence, store::Existence::live);
}

TEST_P(Cursors, F33_AnEmptyListingWhereDealsAreKnownStopsBeforeTheFirstWrite) {  // I-11, I-13
  World world({.crm = GetParam()});
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(synced_deal(world, "Deal " + std::to_string(i)));
  world.crm_edit(ids[0], {{"value", 53000}});
  forget_position(world, Side::partner_center, "gone");
  int emptied = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    auto answer = go(r);
    if (!is_listing(side, r)) return answer;
    ++emptied;
    return changed(std::move(answer), [](Json& body) { body["value"] = Json::array(); });
  };
  world.reset_stats();
  for (int run = 0; run < 2; ++run) {  // it stays stopped until the listing is whole again
    const auto report = world.sync();
    EXPECT_GT(emptied, 0);
    ASSERT_TRUE(report.stopped);
    EXPECT_EQ(report.guard, "deletions");
    EXPECT_EQ(report.stopped->kind, ErrorClass::guard);
    EXPECT_NE(report.stopped->message.find("no deal at all"), std::string::npos) << report.stopped->message;
    EXPECT_NE(report.stopped->message.find("cosell sync world --allow deletions"), std::string::npos);
    EXPECT_EQ(writes_of_both(world), 0);
    world.advance(minutes(5));
  }
  world.wire = nullptr;
  const auto report = world.sync();
  EXPECT_FALSE(report.stopped) << report.stopped->message;
  EXPECT_EQ(value_of_referral(world, ids[0]), 53000.0);
  EXPECT_EQ(world.deal_of(ids[1]).state, store::DealState::in_sync);
}

TEST_P(Cursors, F34_ASideThatReportsNoDeletionsIsLookedAtById) {  // I-11, I-12
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const auto other = synced_deal(world, "Other");
  const auto referral = referral_id_of(world, id);
  int refused = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (side != Side::partner_center || r.url.find(referral) == std::string::npos) {
      auto answer = go(r);
      if (!is_listing(side, r)) return answer;
      return changed(std::move(answer), [&](Json& body) {
        auto& rows = body["value"];
        rows.erase(std::remove_if(rows.begin(), rows.end(), [&](const Json& row) { return row["id"] == referral; }),
                   rows.end());
      });
    }
    ++refused;
    net::Delivered gone;
    gone.response.status = 404;
    gone.response.body = R"({"error":{"code":"itemNotFound","message":"There is no such referral."}})";
    return gone;
  };
  for (int day = 0; day < 3; ++day) {
    world.advance(hours(25));
    world.sync();
  }
  EXPECT_GT(refused, 0);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::waiting);
  EXPECT_EQ(world.deal_of(id).reason, "out_of_scope");
  EXPECT_EQ(world.opportunity(id)["stage"], "20") << "nothing was closed for it";
  EXPECT_EQ(world.deal_of(other).state, store::DealState::in_sync);
  EXPECT_EQ(world.referrals().size(), 2U) << "and nothing created anew";
}

}  // namespace
}  // namespace cosell::test
