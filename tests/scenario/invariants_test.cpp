// Promises that no single fault is about: what is durable before what, what is the same twice, what corresponds to
// what.
#include <algorithm>
#include <set>

#include "faults.h"
#include "store/footing.h"

namespace cosell::test {
namespace {

class Invariants : public FaultStory {};
INSTANTIATE_TEST_SUITE_P(Crm, Invariants, testing::Values("salesforce", "dynamics365"), name_of_crm);

TEST_P(Invariants, EachWriteThatReachesAServerHasADurableIntentFromBefore) {  // I-18
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.new_opportunity(usual_opportunity("Another one"));
  world.crm_edit(id, {{"value", 61000}});
  int writes = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (is_patch(side, r) || is_create_of_referral(side, r)) {
      ++writes;
      store::OperationFilter sent;
      sent.state = store::OperationState::sent;
      sent.side = Side::partner_center;
      const auto rows = world.store().operations(sent);
      EXPECT_TRUE(rows);
      const std::string verb = is_patch(side, r) ? "update" : "create";
      EXPECT_TRUE(std::any_of(rows->begin(), rows->end(), [&](const auto& row) { return row.verb == verb; }));
    }
    return go(r);
  };
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(writes, 3) << "the create, its stage, and the edit";
}

TEST_P(Invariants, WhatBothSidesAgreedOnMovesOnlyWithAConfirmedWrite) {  // I-26
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const auto before = world.deal_of(id);
  world.crm_edit(id, {{"value", 61000}});
  int lost = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (!is_patch(side, r)) return go(r);
    ++lost;
    return net::Delivered{net::Delivered::Kind::unreachable, {}};
  };
  world.advance(minutes(5));
  world.sync();
  EXPECT_GT(lost, 0);
  const auto after = world.deal_of(id);
  EXPECT_TRUE(after.crm.base == before.crm.base);
  EXPECT_TRUE(after.partner_center.base == before.partner_center.base);
  EXPECT_EQ(after.marks.count("base.value"), 0U);
  world.wire = nullptr;
  world.advance(hours(2));
  world.sync();
  EXPECT_EQ(value_of_referral(world, id), 61000.0);
}

// One life of a small world: what was sent, and what the journal says.
std::string lived(const std::string& crm) {
  World world({.crm = crm, .seed = 7});
  std::string log;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    const bool login = r.url.find("oauth2") != std::string::npos;
    if (!login) log += std::string(store::name_of(side)) + " " + r.method + " " + r.url + "\n" + r.body + "\n";
    return go(r);
  };
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.inbound();
  world.sync();
  world.advance(minutes(5));
  world.crm_edit(id, {{"value", 61000}});
  world.sync();
  for (const auto& deal : world.deals()) {
    const auto history = world.store().history(deal.id, 0, 1000);
    EXPECT_TRUE(history);
    for (const auto& line : *history) log += to_string(line.at) + " " + line.summary + " " + line.payload + "\n";
  }
  return log;
}

TEST_P(Invariants, TheSameSeedSendsTheSameRequestsAndWritesTheSameJournal) {  // I-32
  const auto once = lived(GetParam());
  EXPECT_GT(once.size(), 1000U);
  EXPECT_TRUE(once == lived(GetParam()));
}

TEST_P(Invariants, EachWriteIsOneOutcomeInTheJournalAndTheChainHolds) {  // I-33
  World world({.crm = GetParam()});
  std::int64_t written = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (is_patch(side, r) || is_create_of_referral(side, r)) ++written;
    return go(r);
  };
  const auto id = synced_deal(world);
  world.crm_edit(id, {{"value", 61000}});
  world.sync();
  const auto history = world.store().history(world.deal_of(id).id, 0, 1000);
  ASSERT_TRUE(history);
  std::int64_t outcomes = 0;
  for (const auto& line : *history) {
    const bool about_partner_center = line.payload.find("\"side\":\"partner_center\"") != std::string::npos;
    if (line.kind == store::JournalKind::outcome && about_partner_center) ++outcomes;
  }
  EXPECT_EQ(outcomes, written);
  EXPECT_EQ(written, 3) << "the create, its stage, and the edit";
  EXPECT_TRUE(world.store().verify_journal());
}

TEST_P(Invariants, TheJournalAloneGivesBackLinksAndAgreedValues) {  // I-33
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.crm_edit(id, {{"value", 61000}});
  world.advance(minutes(5));
  world.sync();
  const auto deal = world.deal_of(id);
  ASSERT_TRUE(deal.crm.base.valid());
  // Followed by hand, as anybody could with `journal export`.
  store::Footing told;
  int changes = 0;
  const auto history = world.store().history(deal.id, 0, 1000);
  ASSERT_TRUE(history);
  for (const auto& line : *history) {
    const auto payload = json::read(line.payload.empty() ? "{}" : line.payload);
    ASSERT_TRUE(payload);
    const json::Value* change = payload->find(store::footing_member);
    if (change == nullptr) continue;
    ++changes;
    store::follow(told, *change);
  }
  EXPECT_GE(changes, 3) << "first seen, created, edited";
  EXPECT_TRUE(told == store::footing_of(deal));
  // Every other test ends with the same comparison, for all deals (world.cpp). This is what it would say.
  auto damaged = deal;
  damaged.partner_center.record_id = "another-referral";
  EXPECT_EQ(store::difference(told, store::footing_of(damaged)),
            "the referral another-referral, and its history says " + deal.partner_center.record_id);
}

TEST_P(Invariants, WhereThePagesEndDoesNotChangeTheOutcome) {  // I-35
  const auto outcome = [&](int page_size) {
    World world({.crm = GetParam()});
    world.control(Side::partner_center, "POST", "settings", {{"page_size", page_size}});
    for (int i = 0; i < 7; ++i) {
      world.inbound({{"name", "Deal " + std::to_string(i)}});
      world.new_opportunity(usual_opportunity("Own " + std::to_string(i)));
    }
    world.sync();
    world.advance(minutes(5));
    world.sync();
    std::multiset<std::string> all;
    for (const auto& o : world.opportunities()) all.insert(o["name"].dump() + o["stage"].dump() + o["state"].dump());
    for (const auto& r : world.referrals()) all.insert(r["name"].dump() + r["status"].dump() + r["details"].dump());
    return all;
  };
  const auto small = outcome(2);
  EXPECT_EQ(small.size(), 7U + 7U + 14U);
  EXPECT_EQ(small, outcome(100));
}

}  // namespace
}  // namespace cosell::test
