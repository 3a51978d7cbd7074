// Faults of the APIs' semantics, F-14 to F-24 (F-13 is in failure_test.cpp).
#include "between.h"
#include "engine/marks.h"
#include "engine/replay.h"
#include "engine/words.h"
#include "faults.h"

namespace cosell::test {
namespace {

class ApiSemantics : public FaultStory {};
INSTANTIATE_TEST_SUITE_P(Crm, ApiSemantics, testing::Values("salesforce", "dynamics365"), name_of_crm);

TEST_P(ApiSemantics, F14_ANewVersionWithTheSameContentIsNoEdit) {  // I-02, I-22
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const auto before = world.referral_of(id);
  world.portal_edit(referral_id_of(world, id), replace("/details/dealValue", 50000));
  ASSERT_NE(world.referral_of(id)["eTag"], before["eTag"]) << "the fault has to change the version";
  world.crm_edit(id, {{"value", 50000}});
  world.reset_stats();
  world.sync();
  EXPECT_EQ(writes_of_both(world), 0);
}

TEST_P(ApiSemantics, F15_AChangeThatNoListingShowsIsFoundByTheDailyLook) {  // I-06
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const auto referral = referral_id_of(world, id);
  world.portal_edit(referral, replace("/details/notes", "seen by nobody"));
  int hidden = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    auto answer = go(r);
    if (!is_listing(side, r)) return answer;
    return changed(std::move(answer), [&](Json& body) {
      Json kept = Json::array();
      for (const auto& row : body["value"]) {
        if (row["id"] == referral) {
          ++hidden;
        } else {
          kept.push_back(row);
        }
      }
      body["value"] = kept;
    });
  };
  world.sync();
  EXPECT_GT(hidden, 0);
  EXPECT_NE(world.opportunity(id)["notes"], "seen by nobody");
  for (int day = 0; day < 3; ++day) {
    world.advance(hours(25));
    world.sync();
  }
  EXPECT_EQ(world.opportunity(id)["notes"], "seen by nobody");
}

// Every answer about one record of Partner Center is an error of the service, whatever is asked of it.
World::Wire fails_for(const std::string& part_of_address, int& failed) {
  return [&failed, part_of_address](Side side, const http::Request& r, const World::Go& go) {
    if (side != Side::partner_center || r.method != "GET") return go(r);
    if (text::percent_decode(r.url).find(part_of_address) == std::string::npos) return go(r);
    ++failed;
    net::Delivered error;
    error.response.status = 500;
    return error;
  };
}

TEST_P(ApiSemantics, F11_AReferralThatCannotBeReadStopsNoOtherDeal) {  // I-04
  World world({.crm = GetParam()});
  const auto broken = synced_deal(world, "Birch");
  const auto fine = synced_deal(world, "Alder");
  const auto referral = referral_id_of(world, broken);
  int failed = 0;
  world.wire = fails_for(referrals_route + "/" + referral, failed);
  int told = 0;
  for (int day = 1; day <= 3; ++day) {
    world.advance(hours(25));
    world.crm_edit(fine, {{"value", 60000 + day}});
    const auto report = world.sync();
    EXPECT_FALSE(report.stopped) << report.stopped->message;
    EXPECT_EQ(value_of_referral(world, fine), 60000 + day);
    for (const auto& note : report.failures) {
      if (note.message.find(referral) != std::string::npos) ++told;
    }
  }
  EXPECT_GT(failed, 0);
  EXPECT_GE(told, 1) << "by its address, at each look";
  EXPECT_EQ(world.deal_of(broken).partner_center.existence, store::Existence::live) << "it is not gone";
  world.wire = nullptr;
  world.portal_edit(referral, replace("/details/notes", "Readable again"));
  world.sync();
  EXPECT_EQ(world.opportunity(broken)["notes"], "Readable again");
}

// What came of a lost write cannot be looked up: that deal waits, and nothing is concluded from it.
TEST_P(ApiSemantics, F11_AWriteWhoseReferralCannotBeReadKeepsOnlyItsOwnDealWaiting) {  // I-04, I-20
  World world({.crm = GetParam()});
  const auto broken = synced_deal(world, "Birch");
  const auto fine = synced_deal(world, "Alder");
  world.faults(Side::partner_center, scripted_fault("PATCH", referrals_route + "/" + referral_id_of(world, broken),
                                                    {{"kind", "drop_after"}}));
  int failed = 0;
  world.wire = fails_for(referrals_route + "/" + referral_id_of(world, broken), failed);
  world.crm_edit(broken, {{"value", 71000}});
  world.crm_edit(fine, {{"value", 72000}});
  CycleOptions options;
  options.wait_for_lost_creates = true;
  world.reset_stats();
  for (int i = 0; i < 3; ++i) {
    world.advance(hours(1));
    const auto report = world.sync(options);
    EXPECT_FALSE(report.stopped) << report.stopped->message;
    EXPECT_EQ(report.unanswered, 1);
    EXPECT_EQ(value_of_referral(world, fine), 72000);
  }
  EXPECT_GT(failed, 0);
  EXPECT_EQ(world.deal_of(broken).reason, "checking");
  EXPECT_NE(world.deal_of(broken).message.find("could not be read"), std::string::npos)
      << world.deal_of(broken).message;
  EXPECT_EQ(world.writes(Side::partner_center), 2) << "one for each edit";
  world.wire = nullptr;
  world.advance(hours(1));
  EXPECT_EQ(world.sync().unanswered, 0);
  EXPECT_EQ(world.deal_of(broken).state, store::DealState::in_sync);
  EXPECT_EQ(value_of_referral(world, broken), 71000);
}

TEST_P(ApiSemantics, F11_AnEngagementThatCannotBeAskedForKeepsNoOtherAnswerBack) {  // I-04
  World world({.crm = GetParam()});
  std::vector<std::string> ids;
  for (const char* name : {"Birch", "Alder"}) {
    const auto contact = world.new_contact(
        {{"first", "Jon"}, {"last", name}, {"phone", "+49405550177"}, {"email", std::string(name) + "@c.example"}});
    auto words = usual_opportunity(name);
    words.update({{"contact", contact}, {"help", "GeneralOrOther"}, {"help_notes", "A demo"}});
    ids.push_back(world.new_opportunity(words));
  }
  for (int i = 0; i < 3; ++i) {
    world.sync();
    world.advance(minutes(5));
  }
  const auto engagement = [&](int n) { return world.referral_of(ids[n])["engagementId"].get<std::string>(); };
  int failed = 0;
  world.wire = fails_for("engagementId eq '" + engagement(0), failed);
  for (int n : {0, 1}) world.microsoft({{"engagementId", engagement(n)}, {"action", "accept"}});
  std::int64_t told = 0;
  for (int i = 0; i < 3; ++i) {
    world.advance(hours(5));
    const auto report = world.sync();
    EXPECT_FALSE(report.stopped) << report.stopped->message;
    told += report.failures_total;
  }
  EXPECT_GT(failed, 0);
  EXPECT_EQ(told, 1) << "it is no news any more";
  EXPECT_EQ(world.opportunity(ids[1])["microsoft_answer"], "accepted");
  EXPECT_NE(world.opportunity(ids[0])["microsoft_answer"], "accepted");
  const std::string unread = engine::words::unread_answer(world.pair(), world.deal_of(ids[0]));
  EXPECT_EQ(unread.rfind("Microsoft's answer to this deal could not be read", 0), 0U) << unread;
  world.wire = nullptr;
  world.advance(hours(25));
  world.sync();
  EXPECT_EQ(engine::words::unread_answer(world.pair(), world.deal_of(ids[0])), "");
  EXPECT_EQ(world.opportunity(ids[0])["microsoft_answer"], "accepted") << "it was asked again";
}

// Before Microsoft is asked, the engagement is looked at.
TEST_P(ApiSemantics, F11_AnEngagementThatCannotBeLookedAtKeepsOnlyItsOwnRequestForHelpWaiting) {  // I-04
  World world({.crm = GetParam()});
  const auto contact = world.new_contact(
      {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
  auto words = usual_opportunity("Alder Foods");
  words["contact"] = contact;
  const auto asks = world.new_opportunity(words);
  const auto other = synced_deal(world);
  world.sync();
  world.advance(minutes(5));
  int failed = 0;
  world.wire = fails_for("engagementId eq '" + world.referral_of(asks)["engagementId"].get<std::string>(), failed);
  world.crm_edit(asks, {{"help", "GeneralOrOther"}, {"help_notes", "A demo"}});
  world.crm_edit(other, {{"value", 81000}});
  const auto report = world.sync();
  EXPECT_FALSE(report.stopped) << report.stopped->message;
  EXPECT_GT(failed, 0);
  EXPECT_EQ(value_of_referral(world, other), 81000);
  EXPECT_EQ(world.deal_of(asks).reason, "checking") << world.deal_of(asks).message;
  world.wire = nullptr;
  world.advance(hours(2));
  world.sync();
  world.sync();
  EXPECT_NE(world.deal_of(asks).reason, "checking") << world.deal_of(asks).message;
  EXPECT_TRUE(world.deal_of(asks).microsoft.valid()) << "Microsoft is asked once it can be looked at";
}

TEST_P(ApiSemantics, F11_AReplayOfAReferralThatCannotBeReadSaysSo) {
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  int failed = 0;
  world.wire = fails_for("/referrals/" + world.referral_of(id)["id"].get<std::string>(), failed);
  const auto report = engine::replay(world.pair(), {world.deal_of(id).id}, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GT(failed, 0);
  EXPECT_FALSE(report->deals.at(0).already_done);
  EXPECT_NE(report->deals.at(0).after.find("could not be read"), std::string::npos) << report->deals.at(0).after;
  EXPECT_EQ(report->cycle.failures_total, 1);
}

// A replay that meets a side which is down says what becomes of the deal, and is done by itself later.
TEST_P(ApiSemantics, F11_AReplayWhileASideIsDownIsDoneLaterAndSaysSo) {
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.faults(Side::partner_center,
               scripted_fault("GET", referrals_route, {{"kind", "status"}, {"status", 503}}, 0, 0));
  const auto report = engine::replay(world.pair(), {world.deal_of(id).id}, {});
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_TRUE(report->cycle.stopped);
  EXPECT_FALSE(report->deals.at(0).already_done);
  EXPECT_EQ(report->deals.at(0).after,
            "Not sent yet. It is done by itself with the first sync for which Partner Center can be used again.");
  EXPECT_TRUE(world.deal_of(id).dirty);
}

// The role of the bridge's user was changed: contacts of another team are not shown to it any more.
TEST_P(ApiSemantics, F11_AContactThatIsNotShownAnyMoreEmptiesNothing) {  // I-07
  World world({.crm = GetParam()});
  const auto contact = world.new_contact(
      {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
  auto words = usual_opportunity("Alder Foods");
  words["contact"] = contact;
  const auto known = world.new_opportunity(words);
  world.sync();
  world.advance(minutes(5));
  const Json team = world.referral_of(known)["customerProfile"]["team"];
  ASSERT_EQ(team.size(), 1U);
  world.control(Side::crm, "POST", "settings", {{"hidden_rows", {contact}}});
  world.restart();
  world.crm_edit(known, {{"value", 81000}});
  words["name"] = "Birch Foods";
  const auto fresh = world.new_opportunity(words);
  for (int i = 0; i < 2; ++i) {
    world.advance(minutes(5));
    world.sync();
  }
  EXPECT_EQ(value_of_referral(world, known), 81000);
  EXPECT_EQ(world.referral_of(known)["customerProfile"]["team"], team);
  EXPECT_NE(world.deal_of(known).message.find("does not show"), std::string::npos)
      << "it may be another contact by now: " << world.deal_of(known).message;
  // Of a deal that was never seen with its contact nothing is said in its place.
  EXPECT_TRUE(world.referral_of(fresh).is_null());
  EXPECT_EQ(world.deal_of(fresh).reason, "hidden");
  EXPECT_NE(world.deal_of(fresh).message.find("ontact"), std::string::npos) << world.deal_of(fresh).message;
  world.control(Side::crm, "POST", "settings", {{"hidden_rows", Json::array()}});
  for (const std::string& id : {known, fresh}) world.crm_edit(id, {{"value", 82000}});
  for (int i = 0; i < 2; ++i) {
    world.advance(minutes(5));
    world.sync();
  }
  EXPECT_EQ(world.referral_of(fresh)["customerProfile"]["team"].size(), 1U);
  EXPECT_EQ(world.deal_of(known).state, store::DealState::in_sync) << world.deal_of(known).message;
}

// That nothing was there before says nothing of the one that is named now.
TEST(ApiSemanticsOfDynamics365, F11_AContactThatIsAddedAndNotShownIsNotTakenForNone) {  // I-07
  World world({.crm = "dynamics365"});
  const auto contact = world.new_contact(
      {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
  const auto id = synced_deal(world);
  world.control(Side::crm, "POST", "settings", {{"hidden_rows", {contact}}});
  world.crm_edit(id, {{"contact", contact}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_NE(world.deal_of(id).message.find("does not show"), std::string::npos) << world.deal_of(id).message;
}

TEST_P(ApiSemantics, F16_AnAnswerWithoutABodyLearnsItsVersionBeforeTheNextWrite) {  // I-25
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  int empty = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (!is_patch(side, r)) return go(r);
    ++empty;
    http::Request plain = r;
    plain.headers.set("Prefer", "return=minimal");
    auto answer = go(plain);
    EXPECT_EQ(answer.response.status, 204);
    return answer;
  };
  for (const int value : {61000, 62000, 63000}) {
    world.crm_edit(id, {{"value", value}});
    world.advance(minutes(5));
    world.sync();
    EXPECT_EQ(value_of_referral(world, id), value);
  }
  EXPECT_EQ(empty, 3) << "no write was refused for an old version and sent again";
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync);
  expect_quiet(world);
}

TEST_P(ApiSemantics, F17_WhatARuleMakesOfOurWriteIsTakenOnceAndTheSidesComeToRest) {  // I-23, I-24
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const auto referral = referral_id_of(world, id);
  int altered = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    auto answer = go(r);
    if (is_patch(side, r) && altered++ == 0) {
      world.portal_edit(referral, replace("/details/dealValue", 60100));  // a rule rounds up, a moment later
    }
    return answer;
  };
  world.crm_edit(id, {{"value", 60050}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(altered, 1);
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.opportunity(id)["value"].get<double>(), 60100.0);
  expect_quiet(world);
}

TEST_P(ApiSemantics, F18_AFieldThatIsSilentlyIgnoredIsToldAndNotWrittenAgainAndAgain) {  // I-01, I-23
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  int ignored = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (!is_patch(side, r)) return go(r);
    ++ignored;
    http::Request deaf = r;
    deaf.body = replace("/details/dealValue", 50000).dump();
    return go(deaf);
  };
  world.crm_edit(id, {{"value", 71000}});
  world.advance(minutes(5));
  const auto report = world.sync();
  EXPECT_GT(ignored, 0);
  EXPECT_EQ(report.failures_total, 1);
  const auto deal = world.deal_of(id);
  EXPECT_EQ(deal.state, store::DealState::failed);
  EXPECT_EQ(deal.reason, "unheeded");
  EXPECT_NE(deal.message.find("as it was"), std::string::npos) << deal.message;
  EXPECT_EQ(world.opportunity(id)["value"].get<double>(), 71000.0) << "the seller's edit is kept";
  const int so_far = ignored;
  for (int i = 0; i < 4; ++i) {
    world.advance(hours(1));
    world.sync();
  }
  EXPECT_EQ(ignored, so_far);
  // The rule is gone; the seller edits once more.
  world.wire = nullptr;
  world.crm_edit(id, {{"value", 72000}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(value_of_referral(world, id), 72000.0);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync);
}

TEST_P(ApiSemantics, F19_AStaleAnswerIsNoEdit) {  // I-08, I-22
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const auto referral = referral_id_of(world, id);
  const Json old = world.referral_of(id);
  world.crm_edit(id, {{"value", 60000}});
  world.advance(minutes(5));
  world.sync();
  world.advance(minutes(5));
  world.sync();  // the new state was read as well
  ASSERT_EQ(value_of_referral(world, id), 60000.0);
  int stale = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    auto answer = go(r);
    if (!is_listing(side, r)) return answer;
    ++stale;
    return changed(std::move(answer), [&](Json& body) { body["value"] = Json::array({old}); });
  };
  world.reset_stats();
  world.advance(minutes(5));
  (void)world.store().transaction([&] { return world.store().set_cursor(Side::partner_center, Cursor{}); });
  world.sync();
  EXPECT_GT(stale, 0);
  EXPECT_EQ(writes_of_both(world), 0);
  EXPECT_EQ(world.opportunity(id)["value"].get<double>(), 60000.0);
}

TEST_P(ApiSemantics, F21_APatchWithoutAnAnswerIsNotSentASecondTimeWhenItArrived) {  // I-19
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.faults(Side::partner_center, scripted_fault("PATCH", referrals_route, {{"kind", "drop_after"}}));
  world.crm_edit(id, {{"value", 65000}, {"close_date", "2027-04-30"}});
  world.advance(minutes(5));
  world.reset_stats();
  world.sync();
  EXPECT_EQ(world.fired(Side::partner_center), 1);
  EXPECT_EQ(world.writes(Side::partner_center), 1);
  EXPECT_EQ(value_of_referral(world, id), 65000.0);
}

TEST_P(ApiSemantics, F22_OurOwnLostCreateIsAdoptedByItsKey) {  // I-17
  World world({.crm = GetParam()});
  world.sync();
  world.advance(minutes(5));
  const auto referral = world.inbound();
  world.crm_create_fault({{"kind", "drop_after"}});
  world.sync();
  EXPECT_EQ(world.fired(Side::crm), 1);
  world.advance(minutes(5));
  world.sync();
  ASSERT_EQ(world.opportunities().size(), 1U);
  EXPECT_EQ(world.opportunities()[0]["referral_id"], referral["id"]);
  EXPECT_EQ(world.deal_of(referral["id"]).crm.record_id, world.opportunities()[0]["id"]);
}

// Between our read and our write a seller types the referral's id into an opportunity of hers: all is as if she had
// typed it before.
TEST_P(ApiSemantics, F22_ACreateThatMeetsASellersOpportunityIsALinkToItLikeAnyOther) {  // I-06, I-17
  std::vector<Json> ended;
  for (const bool in_between : {false, true}) {
    World world({.crm = GetParam()});
    auto words = usual_opportunity("By hand");
    words["value"] = 77777;
    words["opt_in"] = false;
    const auto by_hand = world.new_opportunity(words);
    world.sync();
    world.advance(minutes(5));
    const std::string referral = world.inbound()["id"];
    const auto type = [&] { world.crm_edit(by_hand, {{"referral_id", referral}}); };
    if (!in_between) type();
    bool typed = false;
    Json behind;
    world.wire = [&](Side side, const http::Request& request, const World::Go& go) {
      const bool writes =
          request.body.find("\"records\"") != std::string::npos || request.body.find("\r\nPATCH ") != std::string::npos;
      const bool creates =
          in_between && side == Side::crm && !typed && writes && request.body.find(referral) != std::string::npos;
      if (!creates) return go(request);
      typed = true;
      type();
      const Json before = world.opportunity(by_hand);
      auto answer = go(request);
      EXPECT_EQ(world.opportunity(by_hand), before) << "the create wrote nothing";
      return answer;
    };
    const auto report = world.sync();
    world.wire = {};
    EXPECT_EQ(typed, in_between);
    for (const auto& [kind, count] : report.done)
      EXPECT_EQ(kind.find("opportunity.create"), std::string::npos) << count;
    world.advance(minutes(5));
    EXPECT_FALSE(world.sync().stopped);
    ASSERT_EQ(world.opportunities().size(), 1U);
    EXPECT_EQ(world.deal_of(referral).crm.record_id, by_hand);
    const Json there = world.opportunity(by_hand);
    ended.push_back({there["name"], there["value"], there["stage"], world.referrals()[0]["details"]["dealValue"]});
  }
  EXPECT_EQ(ended[0], ended[1]);
}

// What was known of the opportunity that the create meets is not known less afterwards.
TEST_P(ApiSemantics, F22_ACreateThatMeetsAnOpportunityKeepsWhatIsKnownOfIt) {  // I-16
  World world({.crm = GetParam()});
  auto words = usual_opportunity("By hand");
  words["opt_in"] = false;
  const auto by_hand = world.new_opportunity(words);
  world.sync();
  world.advance(minutes(5));
  const std::string referral = world.inbound()["id"];
  bool typed = false;
  world.wire = [&](Side side, const http::Request& request, const World::Go& go) {
    const bool writes =
        request.body.find("\"records\"") != std::string::npos || request.body.find("\r\nPATCH ") != std::string::npos;
    if (side != Side::crm || typed || !writes || request.body.find(referral) == std::string::npos) return go(request);
    typed = true;
    world.crm_edit(by_hand, {{"referral_id", referral}});
    const auto noted = world.store().transaction([&]() -> Result<void> {
      auto row = world.deal_of(by_hand);
      row.marks[engine::hidden_mark] = "Notes__c";
      row.marks[engine::restored_mark(Side::crm)] = to_string(world.clock().now());
      return world.store().update_deal(row);
    });
    EXPECT_TRUE(noted);
    return go(request);
  };
  world.sync();
  world.wire = {};
  ASSERT_TRUE(typed) << "the fault";
  const auto deal = world.deal_of(by_hand);
  EXPECT_EQ(deal.partner_center.record_id, referral);
  EXPECT_TRUE(engine::has_mark(deal, engine::restored_mark(Side::crm)));
  EXPECT_TRUE(engine::has_mark(deal, engine::hidden_mark));
  EXPECT_EQ(deal.reason, "restored") << deal.message;
}

TEST_P(ApiSemantics, F23_ALockIsTriedAgainByItself) {  // I-37
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.faults(Side::partner_center,
               scripted_fault("PATCH", referrals_route, {{"kind", "status"}, {"status", 503}}, 0, 2));
  world.crm_edit(id, {{"value", 65000}});
  world.advance(minutes(5));
  const auto report = world.sync();
  EXPECT_EQ(world.fired(Side::partner_center), 2);
  EXPECT_EQ(report.failures_total, 0);
  world.advance(hours(2));
  world.sync();
  EXPECT_EQ(value_of_referral(world, id), 65000.0);
}

// Every row that is written is locked, again and again: the side answers all the same.
TEST_P(ApiSemantics, F23_LockedRowsAreWaitedForOneByOneAndAreNoIncidentOfTheSide) {  // I-04, I-37
  World world({.crm = GetParam()});
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(synced_deal(world, "Deal " + std::to_string(i)));
  const bool salesforce = std::string(GetParam()) == "salesforce";
  const auto lock = [&](bool locked) {
    const Json list = locked ? Json(ids) : Json::array();
    if (salesforce) world.control(Side::crm, "POST", "settings", {{"locked_ids", list}});
    if (!salesforce) world.control(Side::crm, "POST", "settings", {{"deadlock_next_writes", locked ? 1000 : 0}});
  };
  lock(true);
  for (const auto& id : ids) world.portal_edit(referral_id_of(world, id), replace("/details/dealValue", 70000));
  world.advance(minutes(5));
  world.reset_stats();
  const auto report = world.sync();
  EXPECT_GE(world.writes(Side::crm), 3) << "the fault: tried, and refused, three times";
  EXPECT_FALSE(report.stopped) << report.stopped->message;
  EXPECT_FALSE(report.side_down);
  EXPECT_EQ(*world.store().property("incident.crm"), "");
  for (const auto& id : ids) {
    EXPECT_EQ(world.opportunity(id)["value"].get<double>(), 50000.0);
    EXPECT_EQ(world.deal_of(id).reason, "transient");
    EXPECT_TRUE(world.deal_of(id).look_again_at);
  }
  lock(false);
  world.advance(hours(2));
  world.sync();
  for (const auto& id : ids) EXPECT_EQ(world.opportunity(id)["value"].get<double>(), 70000.0) << "without a replay";
}

// What comes after the refused write is given up with it, and does not bring it back before its time.
TEST_P(ApiSemantics, F23_ADealThatWaitsForItsTimeIsNotTriedAgainForTheWriteThatFollows) {  // I-03, I-37
  World world({.crm = GetParam()});
  synced_deal(world, "Another one");
  const auto contact = world.new_contact(
      {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
  auto words = usual_opportunity("Alder Foods");
  words.update({{"contact", contact}, {"help", "GeneralOrOther"}, {"help_notes", "A demo"}});
  const auto id = world.new_opportunity(words);
  int tried = 0;
  Between partner_center(*world.pair().partner_center,
                         [&](const Operation& op) -> std::optional<std::variant<Applied, Error>> {
                           if (op.kind != RecordKind::referral || op.verb != Verb::create) return std::nullopt;
                           ++tried;
                           Error error = make_error(ErrorClass::transient, "The record is busy.");
                           error.of_one_record = true;
                           return error;
                         });
  Connector* const system = std::exchange(world.pair().partner_center, &partner_center);
  const auto report = world.sync();
  EXPECT_FALSE(report.stopped);
  EXPECT_EQ(tried, 3) << "attempts in a run";
  EXPECT_EQ(world.deal_of(id).reason, "transient") << world.deal_of(id).message;
  ASSERT_TRUE(world.deal_of(id).look_again_at);
  world.sync();
  EXPECT_EQ(tried, 3) << "not before its time";
  world.pair().partner_center = system;
  world.advance(hours(2));
  world.sync();
  EXPECT_FALSE(world.referral_of(id).is_null());
}

TEST_P(ApiSemantics, F24_AcceptedIsNotAppliedUntilItIsSeen) {  // I-29
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  std::vector<http::Request> later;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (!is_patch(side, r) || !later.empty()) return go(r);
    later.push_back(r);
    net::Delivered accepted;
    accepted.response.status = 202;
    return accepted;
  };
  world.crm_edit(id, {{"value", 65000}});
  world.advance(minutes(5));
  world.sync();
  ASSERT_EQ(later.size(), 1U);
  world.wire = nullptr;
  world.advance(hours(2));
  world.sync();
  EXPECT_EQ(value_of_referral(world, id), 65000.0) << "it was looked up, was not there, and was sent again";
  EXPECT_EQ(world.opportunity(id)["value"].get<double>(), 65000.0) << "the seller's edit was not taken back";
}

}  // namespace
}  // namespace cosell::test
