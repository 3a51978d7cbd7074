// Faults of the transport, F-01 to F-12.
#include <mutex>

#include "faults.h"

namespace cosell::test {
namespace {

class Transport : public FaultStory {};
INSTANTIATE_TEST_SUITE_P(Crm, Transport, testing::Values("salesforce", "dynamics365"), name_of_crm);

TEST_P(Transport, F01_WithoutAConnectionNothingIsSentAndTheDealFollowsByItself) {  // I-37
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  int fired = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (!is_create_of_referral(side, r)) return go(r);
    ++fired;
    return net::Delivered{net::Delivered::Kind::unreachable, {}};
  };
  const auto report = world.sync();
  EXPECT_GT(fired, 0);
  EXPECT_EQ(report.unanswered, 0) << "what never left needs no looking up";
  EXPECT_TRUE(world.referrals().empty());
  world.wire = nullptr;
  world.advance(hours(2));
  world.sync();
  EXPECT_FALSE(world.referral_of(id).is_null());
}

// The batch behind the one whose write got no answer was ready to leave, or had begun to leave beside its last requests
// (a batch has 48 here): each of its writes goes out once.
TEST_P(Transport, F03_WhatWasReadyBehindALostAnswerIsSentOnce) {  // I-19
  for (const std::size_t lost : {5U, 47U, 49U}) {
    World world({.crm = GetParam()});
    constexpr std::size_t deals = 100;
    CycleOptions first_sync;
    first_sync.allow = {"creates"};
    for (std::size_t i = 0; i < deals; ++i) world.new_opportunity(usual_opportunity("Deal " + std::to_string(i)));
    std::size_t creates = 0;
    world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
      if (!is_create_of_referral(side, r)) return go(r);
      net::Delivered answer = go(r);
      if (++creates == lost) answer.kind = net::Delivered::Kind::dropped_after;
      return answer;
    };
    world.sync(first_sync);
    world.wire = nullptr;
    world.advance(minutes(5));
    world.sync(first_sync);
    EXPECT_EQ(creates, deals) << lost;
    EXPECT_EQ(world.referrals().size(), deals) << lost;
    store::OperationFilter filter;
    filter.kind = "referral";
    filter.limit = 1000;
    const auto operations = world.store().operations(filter);
    ASSERT_TRUE(operations);
    for (const auto& op : *operations) {
      EXPECT_EQ(op.attempts, op.sent_at ? 1 : 0);
      EXPECT_EQ(store::name_of(op.state), std::string("applied"));
    }
  }
}

// The batch behind has begun to leave beside the last requests of the one that meets the end of the service; with a
// thread of their own as in the program, too.
TEST_P(Transport, F01_AServiceThatGoesAwayBetweenTwoBatchesGetsEachWriteOnceWhenItIsBack) {  // I-19, I-37
  for (const bool in_background : {false, true}) {
    for (const std::size_t last : {46U, 48U}) {
      World world({.crm = GetParam()});
      world.pair().flies_in_background = in_background;
      constexpr std::size_t deals = 150;
      CycleOptions first_sync;
      first_sync.allow = {"creates"};
      for (std::size_t i = 0; i < deals; ++i) world.new_opportunity(usual_opportunity("Deal " + std::to_string(i)));
      std::mutex one_at_a_time;  // the systems belong to one thread
      std::size_t reached = 0;
      std::size_t refused = 0;
      bool is_back = false;
      world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
        const std::lock_guard lock(one_at_a_time);
        if (!is_create_of_referral(side, r)) return go(r);
        if (!is_back && reached == last) {
          ++refused;
          return net::Delivered{net::Delivered::Kind::unreachable, {}};
        }
        ++reached;
        return go(r);
      };
      world.sync(first_sync);
      EXPECT_GT(refused, 0U) << last;
      EXPECT_EQ(world.referrals().size(), last);
      is_back = true;
      world.advance(hours(3));
      world.sync(first_sync);
      EXPECT_EQ(reached, deals) << last;
      EXPECT_EQ(world.referrals().size(), deals) << last;
      expect_quiet(world);
    }
  }
}

// A large batch is settled in parts, so that the other side does not wait; all of them count, whatever happens
// meanwhile.
TEST_P(Transport, WhatALargeBatchBroughtIsKeptAlsoWhenTheBridgeIsStoppedWhileItIsSettled) {  // I-19
  World world({.crm = GetParam()});
  constexpr std::size_t deals = 230;
  CycleOptions first_sync;
  first_sync.allow = {"creates"};
  for (std::size_t i = 0; i < deals; ++i) world.new_opportunity(usual_opportunity("Deal " + std::to_string(i)));
  world.sync(first_sync);
  world.advance(minutes(5));
  world.sync();
  for (const Json& referral : world.referrals()) {
    world.portal_edit(referral["id"], {{{"op", "replace"}, {"path", "/details/dealValue"}, {"value", 77000}}});
  }
  world.advance(minutes(5));
  bool written = false;
  int asked = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    written = written || (side == Side::crm && r.method != "GET");
    return go(r);
  };
  world.pair().stop_requested = [&] { return written && ++asked > 1; };
  const auto report = world.sync();
  ASSERT_TRUE(written && report.stopped);
  EXPECT_EQ(report.done.at("crm.opportunity.update"), static_cast<std::int64_t>(deals));
  store::OperationFilter filter;
  filter.limit = 1000;
  filter.state = store::OperationState::sent;
  EXPECT_TRUE(world.store().operations(filter)->empty());
}

// Microsoft's support finds a request by its id; without an answer the id that was sent is all there is.
TEST_P(Transport, F03_ALostAnswerIsKeptWithTheIdThatWasSentWithTheRequest) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  std::string sent;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    net::Delivered answer = go(r);
    if (is_create_of_referral(side, r) && sent.empty()) {
      sent = r.headers.get("MS-CorrelationId");
      answer.kind = net::Delivered::Kind::dropped_after;
    }
    return answer;
  };
  world.sync();
  ASSERT_FALSE(sent.empty());
  store::OperationFilter filter;
  filter.kind = "referral";
  const auto operations = world.store().operations(filter);
  ASSERT_TRUE(operations);
  ASSERT_FALSE(operations->empty());
  EXPECT_EQ(operations->front().request_id, sent);
  const auto history = world.store().history(world.deal_of(id).id, 0, 100);
  ASSERT_TRUE(history);
  std::string journal;
  for (const auto& line : *history) journal += line.payload;
  EXPECT_NE(journal.find("\"request_id\":\"" + sent + "\""), std::string::npos) << journal;
}

TEST_P(Transport, F04_ALateArrivalWithinTheHorizonIsAdopted) {  // I-17, I-20
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  std::vector<http::Request> late;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (!is_create_of_referral(side, r) || !late.empty()) return go(r);
    late.push_back(r);
    return net::Delivered{net::Delivered::Kind::dropped_before, {}};
  };
  auto report = world.sync();
  ASSERT_EQ(late.size(), 1U);
  EXPECT_EQ(report.unanswered, 1);
  // Somebody looks before the horizon: still nothing is sent a second time.
  world.advance(seconds(20));
  world.sync();
  EXPECT_TRUE(world.referrals().empty());
  world.wire = nullptr;
  world.send(Side::partner_center, late[0]);
  EXPECT_EQ(world.referrals().size(), 1U);
  world.advance(minutes(2));
  world.sync();
  EXPECT_EQ(world.referrals().size(), 1U);
  EXPECT_EQ(world.opportunity(id)["referral_id"], referral_id_of(world, id));
}

// It may have waited for its turn long after it was marked as sent.
TEST_P(Transport, F04_TheHorizonBeginsWhenTheAnswerIsLost) {  // I-17, I-20
  World world({.crm = GetParam()});
  world.new_opportunity(usual_opportunity("Alder Foods"));
  std::vector<http::Request> late;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (!is_create_of_referral(side, r) || !late.empty()) return go(r);
    world.advance(minutes(3));
    late.push_back(r);
    return net::Delivered{net::Delivered::Kind::dropped_before, {}};
  };
  world.sync();
  ASSERT_EQ(late.size(), 1U);
  world.advance(seconds(20));
  world.sync();
  EXPECT_TRUE(world.referrals().empty());
  world.send(Side::partner_center, late[0]);
  world.advance(minutes(2));
  world.sync();
  EXPECT_EQ(world.referrals().size(), 1U);
}

// Salesforce's collections carry no condition: the change might still arrive, after somebody's next one.
TEST_P(Transport, F04_AChangeThatMayStillArriveIsNotWrittenAgain) {  // I-19, I-20
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  world.portal_edit(world.referral_of(id)["id"],
                    {{{"op", "replace"}, {"path", "/details/dealValue"}, {"value", 77000}}});
  world.advance(minutes(5));
  std::vector<http::Request> late;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    const bool writes = side == Side::crm && r.body.find("77000") != std::string::npos;
    if (!writes || !late.empty()) return go(r);
    late.push_back(r);
    return net::Delivered{net::Delivered::Kind::dropped_before, {}};
  };
  auto report = world.sync();
  ASSERT_EQ(late.size(), 1U);
  const bool waits = GetParam() == std::string("salesforce");
  EXPECT_EQ(report.unanswered, waits ? 1 : 0);
  if (waits) {
    EXPECT_EQ(world.deal_of(id).reason, "checking");
    EXPECT_NE(world.deal_of(id).message.find("was changed there"), std::string::npos);
  }
  world.wire = nullptr;
  world.send(Side::crm, late[0]);
  world.advance(minutes(2));
  world.sync();
  EXPECT_EQ(world.opportunity(id)["value"].get<double>(), 77000.0);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync);
  EXPECT_EQ(world.store()
                .operations([] {
                  store::OperationFilter open;
                  open.state = store::OperationState::unknown;
                  return open;
                }())
                ->size(),
            0U);
}

TEST_P(Transport, F04_ALateArrivalAfterTheHorizonIsATwinAndNeitherIsWrittenTo) {  // I-17
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  std::vector<http::Request> late;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (!is_create_of_referral(side, r) || !late.empty()) return go(r);
    late.push_back(r);
    return net::Delivered{net::Delivered::Kind::dropped_before, {}};
  };
  world.sync();
  ASSERT_EQ(late.size(), 1U);
  world.wire = nullptr;
  world.advance(minutes(2));
  world.sync();
  ASSERT_EQ(world.referrals().size(), 1U);
  const std::string first = world.referrals()[0]["id"];
  world.send(Side::partner_center, late[0]);
  ASSERT_EQ(world.referrals().size(), 2U) << "the fault has to make a twin";
  world.advance(minutes(5));
  world.crm_edit(id, {{"value", 77000}});
  world.reset_stats();
  world.sync();
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.writes(Side::partner_center), 0);
  std::string second;
  for (const auto& r : world.referrals()) {
    if (r["id"] != first) second = r["id"];
  }
  EXPECT_EQ(world.deal_of(first).reason, "twin");
  EXPECT_EQ(world.deal_of(second).reason, "twin");
  EXPECT_EQ(world.deal_of(second).crm.record_id, "") << "a twin is never linked";
  // A person closes the twin: the deal goes on with the edit that waited.
  world.portal_edit(second, Json::array({{{"op", "replace"}, {"path", "/status"}, {"value", "Closed"}},
                                         {{"op", "replace"}, {"path", "/substatus"}, {"value", "Lost"}},
                                         {{"op", "replace"}, {"path", "/statusReason"}, {"value", "Other"}}}));
  world.advance(minutes(5));
  world.sync();
  world.sync();
  for (const auto& r : world.referrals()) {
    if (r["id"] != first) continue;
    EXPECT_EQ(r["details"]["dealValue"].get<double>(), 77000.0);
  }
}

// Both look the same to a person: also the one that the bridge had tied first may be the one that is closed, or loses
// its CRM id.
TEST_P(Transport, F05_OfTwinsThePersonMayGiveUpEitherOne) {  // I-16, I-17
  for (const bool closes : {true, false}) {
    World world({.crm = GetParam()});
    const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
    world.faults(Side::partner_center, scripted_fault("POST", referrals_route, {{"kind", "duplicate"}}));
    world.sync();
    ASSERT_EQ(world.fired(Side::partner_center), 1);
    world.advance(minutes(5));
    world.sync();
    const auto tied = world.deal_of(id).partner_center.record_id;
    ASSERT_EQ(world.deal_of(id).reason, "twin");
    std::string other;
    for (const auto& r : world.referrals()) {
      if (r["id"] != tied) other = r["id"];
    }
    if (closes) {
      world.portal_edit(tied, Json::array({{{"op", "replace"}, {"path", "/status"}, {"value", "Closed"}},
                                           {{"op", "replace"}, {"path", "/substatus"}, {"value", "Lost"}},
                                           {{"op", "replace"}, {"path", "/statusReason"}, {"value", "Other"}}}));
    } else {
      world.portal_edit(tied, replace("/externalReferenceId", ""));
    }
    world.crm_edit(id, {{"value", 77000}});
    for (int run = 0; run < 2; ++run) {
      world.advance(minutes(5));
      EXPECT_FALSE(world.sync().stopped);
    }
    EXPECT_EQ(world.deal_of(id).partner_center.record_id, other) << closes;
    EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
    EXPECT_EQ(world.opportunity(id)["stage"], "20") << "what was given up closes nothing";
    EXPECT_EQ(world.opportunity(id)["referral_id"], other);
    EXPECT_EQ(world.deal_of(tied).crm.record_id, "");
    for (const auto& r : world.referrals()) {
      EXPECT_EQ(r["details"]["dealValue"].get<double>(), r["id"] == other ? 77000.0 : 50000.0);
    }
    EXPECT_EQ(world.opportunities().size(), 1U);
    expect_quiet(world);
  }
}

TEST_P(Transport, F05_ACreateDeliveredTwiceByAProxyIsATwinInPartnerCenterAndHeld) {  // I-17, I-19
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.faults(Side::partner_center, scripted_fault("POST", referrals_route, {{"kind", "duplicate"}}));
  world.sync();
  EXPECT_EQ(world.fired(Side::partner_center), 1);
  world.advance(minutes(5));
  world.crm_edit(id, {{"value", 77000}});
  world.sync();
  world.reset_stats();
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.writes(Side::partner_center), 0);
  EXPECT_EQ(world.referrals().size(), 2U);
  for (const auto& r : world.referrals()) EXPECT_EQ(world.deal_of(r["id"]).reason, "twin");
}

TEST_P(Transport, F05_ACreateDeliveredTwiceMakesOneOpportunity) {  // I-17, I-19
  World world({.crm = GetParam()});
  world.sync();
  world.advance(minutes(5));
  world.inbound();
  world.crm_create_fault({{"kind", "duplicate"}});
  world.sync();
  EXPECT_EQ(world.fired(Side::crm), 1);
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.opportunities().size(), 1U);
}

TEST_P(Transport, F06_AnAnswerThatIsNoAnswerAdvancesNothing) {  // I-27, I-37
  for (const Json& action : {Json{{"kind", "html"}}, Json{{"kind", "truncate"}, {"bytes", 40}},
                             Json{{"kind", "status"}, {"status", 200}, {"body", "{\"value\": 7}"}}}) {
    World world({.crm = GetParam()});
    const auto id = synced_deal(world);
    world.portal_edit(referral_id_of(world, id), replace("/details/notes", "from the portal"));
    const auto cursor = world.store().cursor(Side::partner_center)->value;
    world.faults(Side::partner_center, scripted_fault("GET", referrals_route, action, 0, 1000));
    const auto report = world.sync();
    EXPECT_GT(world.fired(Side::partner_center), 0) << action;
    ASSERT_TRUE(report.stopped) << action;
    EXPECT_EQ(report.side_down, Side::partner_center) << action;
    EXPECT_EQ(world.store().cursor(Side::partner_center)->value, cursor) << action;
    world.faults(Side::partner_center, Json::array());
    world.advance(minutes(5));
    world.sync();
    EXPECT_EQ(world.opportunity(id)["notes"], "from the portal") << action;
  }
}

TEST_P(Transport, F07_EveryKindOfRetryAfterIsObeyedWithinReason) {  // I-37
  for (const std::string asked : {"3", "Sat, 21 Nov 2026 08:00:05 GMT", "", "-5", "99999999999"}) {
    World world({.crm = GetParam()});
    const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
    Json action = {{"kind", "status"}, {"status", 429}};
    if (!asked.empty()) action["headers"] = {{"Retry-After", asked}};
    world.faults(Side::partner_center, scripted_fault("POST", referrals_route, action));
    world.sync();
    EXPECT_EQ(world.fired(Side::partner_center), 1) << asked;
    world.advance(days(2));
    world.sync();
    EXPECT_EQ(world.referrals().size(), 1U) << asked;
    EXPECT_FALSE(world.referral_of(id).is_null()) << asked;
  }
}

TEST_P(Transport, F09_AStalledPatchIsLookedUpBeforeAnythingElse) {  // I-20, I-03
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.crm_edit(id, {{"value", 66000}});
  int stalled = 0;
  std::vector<std::string> after;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (stalled == 0 && is_patch(side, r)) {
      ++stalled;
      go(r);
      return net::Delivered{net::Delivered::Kind::dropped_after, {}};
    }
    if (stalled > 0 && side == Side::partner_center) after.push_back(r.method);
    return go(r);
  };
  world.sync();
  EXPECT_EQ(stalled, 1);
  ASSERT_FALSE(after.empty());
  EXPECT_EQ(after.front(), "GET") << "a look precedes any further write";
  EXPECT_EQ(std::count(after.begin(), after.end(), "PATCH"), 0) << "it had arrived";
  EXPECT_EQ(value_of_referral(world, id), 66000.0);
}

TEST_P(Transport, F10_ATokenThatExpiresBetweenTwoPagesIsRenewedOnceAndNothingIsMissed) {  // I-27
  World world({.crm = GetParam()});
  world.control(Side::partner_center, "POST", "settings", {{"page_size", 3}});
  for (int i = 0; i < 8; ++i) world.inbound();
  int listed = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (is_listing(side, r) && ++listed == 3) {
      world.control(Side::partner_center, "POST", "revoke-logins", {{"access", true}});
    }
    return go(r);
  };
  const auto report = world.sync();
  EXPECT_GE(listed, 3);
  EXPECT_FALSE(report.stopped) << report.stopped->message;
  EXPECT_EQ(world.opportunities().size(), 8U);
}

TEST_P(Transport, F11_OneForbiddenRecordIsHeldAndTheOthersGoOn) {  // I-04
  World world({.crm = GetParam()});
  const auto forbidden = synced_deal(world, "Forbidden");
  const auto other = synced_deal(world, "Other");
  world.faults(Side::partner_center, scripted_fault("PATCH", referrals_route + "/" + referral_id_of(world, forbidden),
                                                    {{"kind", "status"}, {"status", 403}}, 0, 1000));
  world.crm_edit(forbidden, {{"value", 61000}});
  world.crm_edit(other, {{"value", 62000}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_GE(world.fired(Side::partner_center), 1);
  EXPECT_EQ(world.deal_of(forbidden).state, store::DealState::failed);
  EXPECT_EQ(value_of_referral(world, forbidden), 50000.0);
  EXPECT_EQ(value_of_referral(world, other), 62000.0);
}

TEST_P(Transport, F12_ANextLinkNeverLeadsTheTokenToAnotherHost) {  // I-39, I-03
  World world({.crm = GetParam()});
  for (const std::string link :
       {"https://evil.example/v1.0/engagements/referrals?$skiptoken=1", "http://evil.example/referrals?$skiptoken=1"}) {
    int poisoned = 0;
    std::vector<std::string> hosts;
    world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
      if (side == Side::partner_center) hosts.push_back(r.headers.get("Host"));
      auto answer = go(r);
      if (!is_listing(side, r) || poisoned > 0) return answer;
      ++poisoned;
      return changed(std::move(answer), [&](Json& body) { body["@odata.nextLink"] = link; });
    };
    world.new_opportunity(usual_opportunity("Alder Foods"));
    world.advance(minutes(5));
    world.sync();
    EXPECT_EQ(poisoned, 1);
    for (const auto& host : hosts) EXPECT_EQ(host.find("evil"), std::string::npos) << host;
  }
}

}  // namespace
}  // namespace cosell::test
