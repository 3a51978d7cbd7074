// When the first write leaves: once all is compared where a guard could still stop the run, else while the rest is
// compared.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "between.h"
#include "tests/support/world.h"

namespace cosell::test {
namespace {

constexpr int pages_worth = 450;  // more deals than two pages of decisions hold

class Planning : public testing::TestWithParam<const char*> {
 protected:
  explicit Planning(Duration settle = {}) : world_({.crm = GetParam(), .settle = settle}) {}

  void no_guard_stops() {
    auto& settings = world_.pair().settings;
    for (engine::MassChangeGuard* guard : {&settings.closings, &settings.sharings, &settings.creates}) {
      *guard = {1.0, 1'000'000};
    }
  }

  std::vector<std::string> linked_deals(int count) {
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) {
      ids.push_back(world_.new_opportunity(usual_opportunity("Deal " + std::to_string(i))));
    }
    world_.sync();
    world_.advance(minutes(5));
    world_.sync();
    return ids;
  }

  // Deals that both sides agreed on, and whose value was edited in the CRM since.
  std::vector<std::string> edited_deals(int count) {
    auto ids = linked_deals(count);
    edit(ids);
    return ids;
  }
  void edit(const std::vector<std::string>& ids) {
    for (const auto& id : ids) world_.crm_edit(id, {{"value", 61000}});
    world_.advance(minutes(5));
  }
  void close(const std::vector<std::string>& ids) {
    for (const auto& id : ids) world_.crm_edit(id, {{"stage", "lost"}, {"loss_reason", "Budget"}});
  }
  int closed_referrals() {
    int closed = 0;
    for (const Json& referral : world_.referrals()) closed += referral["status"] == "Closed" ? 1 : 0;
    return closed;
  }

  // Where in the journal of the run the first outcome of any write and the last decision to edit a referral stand.
  struct Order {
    std::int64_t first_outcome = 0;
    std::int64_t last_decision = 0;
  };
  Order order_of(const CycleReport& report) {
    Order order;
    std::int64_t after = 0;
    while (true) {
      auto lines = world_.store().journal_lines(report.run, after, 1000);
      EXPECT_TRUE(lines);
      if (!lines || lines->empty()) return order;
      after = lines->back().sequence;
      for (const auto& line : *lines) {
        const bool edits = line.payload.find("partner_center referral update") != std::string::npos;
        if (line.kind == store::JournalKind::outcome && order.first_outcome == 0) order.first_outcome = line.sequence;
        if (line.kind == store::JournalKind::decided && edits) order.last_decision = line.sequence;
      }
    }
  }

  int lines_of(const CycleReport& report, store::JournalKind kind) {
    auto lines = world_.store().journal_lines(report.run, 0, 10'000);
    EXPECT_TRUE(lines);
    if (!lines) return 0;
    return static_cast<int>(
        std::count_if(lines->begin(), lines->end(), [kind](const auto& line) { return line.kind == kind; }));
  }
  std::size_t operations() {
    store::OperationFilter all;
    all.limit = 10'000;
    auto found = world_.store().operations(all);
    EXPECT_TRUE(found);
    return found ? found->size() : 0;
  }

  // The clock moves on while the first write is under way.
  void takes_long(Duration d) {
    world_.wire = [this, d, late = false](Side side, const http::Request& r, const World::Go& go) mutable {
      const bool writes = side == Side::partner_center && r.method == "PATCH";
      if (writes && !std::exchange(late, true)) world_.advance(d);
      return go(r);
    };
  }

  void expect_nothing_is_left_to_write() {
    world_.advance(minutes(20));
    world_.reset_stats();
    const auto report = world_.sync();
    EXPECT_FALSE(report.stopped);
    EXPECT_EQ(world_.writes(Side::crm) + world_.writes(Side::partner_center), 0);
  }

  World world_;
};
INSTANTIATE_TEST_SUITE_P(Crm, Planning, testing::Values("salesforce", "dynamics365"), name_of_crm);

TEST_P(Planning, WhatNoGuardCouldStopLeavesWhileTheRestIsCompared) {
  no_guard_stops();
  edited_deals(pages_worth);
  const auto report = world_.sync();
  EXPECT_EQ(report.done.at("partner_center.referral.update"), pages_worth);
  const Order order = order_of(report);
  EXPECT_LT(order.first_outcome, order.last_decision);
  for (const Json& referral : world_.referrals()) EXPECT_EQ(referral["details"]["dealValue"].get<double>(), 61000.0);
  expect_nothing_is_left_to_write();
}

TEST_P(Planning, WhatAGuardCouldStopIsComparedToTheEndFirst) {  // I-13
  edited_deals(pages_worth);
  const auto report = world_.sync();
  EXPECT_EQ(report.done.at("partner_center.referral.update"), pages_worth);
  const Order order = order_of(report);
  EXPECT_GT(order.first_outcome, order.last_decision) << "each of these edits might have been a closing";
}

TEST_P(Planning, NewDealsOfManyPagesAreMadeOnceAndSoAreTheirCustomers) {
  no_guard_stops();
  linked_deals(2);
  constexpr int customers = 30;
  world_.inbound({{"count", pages_worth}, {"customers", customers}});
  world_.advance(minutes(5));
  const std::size_t accounts_before = world_.accounts().size();
  const auto report = world_.sync();
  EXPECT_FALSE(report.stopped);
  EXPECT_EQ(report.done.at("crm.opportunity.create"), pages_worth);
  std::map<std::string, int> opportunities;  // by referral
  for (const Json& opportunity : world_.opportunities()) ++opportunities[opportunity["referral_id"]];
  for (const Json& referral : world_.referrals()) EXPECT_EQ(opportunities[referral["id"]], 1);
  EXPECT_EQ(world_.accounts().size(), accounts_before + customers);
  expect_nothing_is_left_to_write();
}

TEST_P(Planning, AGuardCountsADealOnceHoweverManyRecordsItNeeds) {  // I-13
  linked_deals(2);
  constexpr int new_deals = 150;  // below the guard's 200, and above it with their customers' accounts
  world_.inbound({{"count", new_deals}, {"customers", new_deals}});
  world_.advance(minutes(5));
  auto report = world_.sync();
  EXPECT_FALSE(report.stopped) << report.stopped->message;
  EXPECT_EQ(report.done.at("crm.opportunity.create"), new_deals);

  world_.inbound({{"count", 250}, {"customers", 250}});
  world_.pair().settings.creates.share = 0.2;
  world_.advance(minutes(5));
  report = world_.sync();
  ASSERT_TRUE(report.stopped);
  EXPECT_EQ(report.guard, "creates");
  EXPECT_NE(report.stopped->message.find("create 250 deals"), std::string::npos) << report.stopped->message;
}

// What `cosell plan --limit` shows is what a sync with that limit writes.
// A service that nobody answers meets the guard again in each cycle.
TEST_P(Planning, WhatAGuardStopsIsWrittenDownOnceHoweverOftenItStops) {  // I-13, I-02
  using store::JournalKind;
  constexpr int closed_deals = 12;
  const auto ids = linked_deals(closed_deals + 1);
  world_.pair().settings.closings = {0.0, 5};
  close({ids.begin(), ids.end() - 1});
  world_.advance(minutes(5));
  auto report = world_.sync();
  ASSERT_EQ(report.guard, "closings");
  EXPECT_EQ(lines_of(report, JournalKind::decided), closed_deals);
  std::size_t known = operations();
  const std::string message = report.stopped->message;
  for (int run = 0; run < 3; ++run) {
    world_.advance(minutes(10));
    report = world_.sync();
    ASSERT_EQ(report.guard, "closings");
    EXPECT_EQ(report.stopped->message, message);
    EXPECT_EQ(report.deals_with_writes, closed_deals);
    EXPECT_EQ(lines_of(report, JournalKind::decided), 0);
    EXPECT_EQ(lines_of(report, JournalKind::intended), 0);
    EXPECT_EQ(operations(), known);
  }
  // A plan shows all of it.
  CycleOptions plan;
  plan.plan_only = true;
  ASSERT_EQ(world_.sync(plan).guard, "closings");
  EXPECT_EQ(operations(), known + closed_deals);
  // What is new is told, and kept until it is let through as well.
  close({ids.back()});
  world_.advance(minutes(5));
  known = operations();
  report = world_.sync();
  ASSERT_EQ(report.guard, "closings");
  EXPECT_EQ(lines_of(report, JournalKind::decided), 1);
  EXPECT_EQ(operations(), known + 1);
  world_.restart();
  world_.pair().settings.closings = {0.0, 5};
  CycleOptions allowed;
  allowed.allow = {"closings"};
  report = world_.sync(allowed);
  EXPECT_FALSE(report.stopped);
  EXPECT_EQ(closed_referrals(), closed_deals + 1);
  EXPECT_GE(lines_of(report, JournalKind::decided), closed_deals + 1) << "the run that writes tells all of it";
  EXPECT_GE(lines_of(report, JournalKind::intended), closed_deals + 1);
  expect_nothing_is_left_to_write();
}

// Those that were planned before and those that are new share customers: whose account is made first is told first.
TEST_P(Planning, NewDealsThatAGuardStoppedAreMadeOnceWithTheirCustomers) {  // I-13, I-17
  constexpr int first_deals = 8;
  linked_deals(1);
  world_.pair().settings.creates = {0.0, 5};
  int sent = 0;
  const auto send = [&](int count) {
    for (int i = 0; i < count; ++i, ++sent) {
      world_.inbound(
          {{"name", "Deal " + std::to_string(sent)},
           {"customer",
            {{"name", "Customer " + std::to_string(sent % 3)},
             {"address",
              {{"addressLine1", "4 Canal Row"}, {"city", "Leeds"}, {"postalCode", "LS1 4AB"}, {"country", "GB"}}}}},
           {"dealValue", 30000},
           {"currency", "EUR"}});
    }
    world_.advance(minutes(5));
  };
  send(first_deals);
  ASSERT_EQ(world_.sync().guard, "creates");
  const std::size_t known = operations();
  ASSERT_EQ(world_.sync().guard, "creates");
  EXPECT_EQ(operations(), known);
  send(4);
  CycleOptions allowed;
  allowed.allow = {"creates"};
  const auto report = world_.sync(allowed);
  EXPECT_FALSE(report.stopped);
  EXPECT_EQ(report.done.at("crm.account.create"), 3);
  EXPECT_EQ(report.done.at("crm.opportunity.create"), first_deals + 4);
  std::map<std::string, std::string> account_of;
  for (const Json& opportunity : world_.opportunities()) {
    const std::string name = opportunity["name"];
    if (name.rfind("Deal ", 0) != 0 || opportunity["account"].is_null()) continue;
    account_of[name] = opportunity["account"];
  }
  EXPECT_GE(account_of.size(), static_cast<std::size_t>(first_deals + 4)) << "each has its account";
  expect_nothing_is_left_to_write();
}

TEST_P(Planning, ALimitOfSeveralPagesIsPlannedAsAWholeAndKept) {
  no_guard_stops();
  edited_deals(pages_worth);
  CycleOptions limited;
  limited.limit = pages_worth - 20;  // in the middle of the third page
  const auto report = world_.sync(limited);
  EXPECT_EQ(report.deals_with_writes, limited.limit);
  EXPECT_EQ(report.done.at("partner_center.referral.update"), limited.limit);
  const Order order = order_of(report);
  EXPECT_GT(order.first_outcome, order.last_decision);
  EXPECT_EQ(world_.sync(limited).done.at("partner_center.referral.update"), 20);
  expect_nothing_is_left_to_write();
}

TEST_P(Planning, NewDealsFromPartnerCenterArePlannedWithAllOthersBeforeTheFirstWrite) {
  no_guard_stops();
  const auto ids = linked_deals(pages_worth);
  world_.inbound({{"count", 3}, {"customers", 3}});
  edit(ids);
  const auto report = world_.sync();
  EXPECT_EQ(report.done.at("partner_center.referral.update"), pages_worth);
  EXPECT_EQ(report.done.at("crm.opportunity.create"), 3);
  const Order order = order_of(report);
  EXPECT_GT(order.first_outcome, order.last_decision);
}

// A side that answers has no incident, whatever the bridge's own file holds.
TEST_P(Planning, AFailureOfTheStoreIsNoIncidentOfASide) {  // I-37, F-62
  const auto ids = linked_deals(2);
  const auto image = world_.deal_of(ids[0]).partner_center.image.value;  // read by the decision alone
  edit(ids);
  const auto set_columns = [&](const std::string& columns) {
    SQLite::Database file(world_.store_file(), SQLite::OPEN_READWRITE);
    SQLite::Statement damage(file, "UPDATE images SET columns = ?1 WHERE id = ?2");
    damage.bind(1, columns);
    damage.bind(2, image);
    return damage.exec();
  };
  std::string columns;
  {
    SQLite::Database file(world_.store_file());
    SQLite::Statement kept(file, "SELECT columns FROM images WHERE id = ?1");
    kept.bind(1, image);
    ASSERT_TRUE(kept.executeStep());
    columns = kept.getColumn(0).getString();
  }
  ASSERT_EQ(set_columns("no columns"), 1) << "the fault";
  world_.restart();
  const auto report = engine::run_cycle(world_.pair(), {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorClass::store_damaged) << report.error().message;
  for (const Side side : {Side::crm, Side::partner_center}) {
    EXPECT_EQ(*world_.store().property(std::string("incident.") + store::name_of(side)), "");
  }
  const auto last = world_.store().runs(1, Instant{});
  ASSERT_TRUE(last);
  EXPECT_EQ(last->front().outcome, "stopped");
  EXPECT_EQ(last->front().note, report.error().message) << "told to whoever looks later";
  set_columns(columns);
  world_.restart();
  EXPECT_FALSE(world_.sync().stopped);
  EXPECT_EQ(world_.referral_of(ids[1])["details"]["dealValue"].get<double>(), 61000.0);
}

class PlanningWithSettleTime : public Planning {
 protected:
  PlanningWithSettleTime() : Planning(minutes(60)) {}
};
INSTANTIATE_TEST_SUITE_P(Crm, PlanningWithSettleTime, testing::Values("salesforce", "dynamics365"), name_of_crm);

// The guards were asked about those that were due when the round began.
TEST_P(PlanningWithSettleTime, WhatBecomesDueWhileWritesFlyIsNotOfTheRoundAndIsGuarded) {  // I-13
  constexpr int edited_deals = 210;                                                        // more than a page
  constexpr int closed_deals = 240;
  world_.pair().settings.closings = {0.0, edited_deals + 10};
  world_.pair().settings.sharings = world_.pair().settings.creates = {1.0, 1'000'000};
  auto edited = linked_deals(edited_deals + closed_deals);
  const std::vector<std::string> closed(edited.begin() + edited_deals, edited.end());
  edited.resize(edited_deals);
  close(closed);
  world_.advance(minutes(5));
  EXPECT_FALSE(world_.sync().stopped) << "nothing leaves yet";
  world_.advance(minutes(54));
  edit(edited);
  takes_long(minutes(10));
  const auto report = world_.sync();
  EXPECT_EQ(report.done.at("partner_center.referral.update"), edited_deals);
  ASSERT_TRUE(report.stopped);
  EXPECT_EQ(report.guard, "closings");
  EXPECT_NE(report.stopped->message.find("close 240 deals"), std::string::npos) << report.stopped->message;
  EXPECT_EQ(report.stopped->message.find("before the first write"), std::string::npos) << report.stopped->message;
  EXPECT_EQ(closed_referrals(), 0);
}

TEST_P(PlanningWithSettleTime, ALaterRoundIsGuardedAsTheFirstOneIs) {  // I-13
  constexpr int closed_deals = 8;
  world_.pair().settings.closings = {0.0, 5};
  auto ids = linked_deals(closed_deals + 1);
  const std::string edited = ids.back();
  ids.pop_back();
  close(ids);
  world_.advance(minutes(5));
  EXPECT_FALSE(world_.sync().stopped);
  world_.advance(minutes(54));
  edit({edited});
  takes_long(minutes(10));
  const auto report = world_.sync();
  EXPECT_EQ(report.done.at("partner_center.referral.update"), 1);
  ASSERT_TRUE(report.stopped);
  EXPECT_EQ(report.guard, "closings");
  EXPECT_EQ(closed_referrals(), 0);
  CycleOptions allowed;
  allowed.allow = {"closings"};
  EXPECT_FALSE(world_.sync(allowed).stopped);
  EXPECT_EQ(closed_referrals(), closed_deals);
}

// A deal whose write is settled is decided on at once; what is due by then was not seen by the guard.
TEST_P(PlanningWithSettleTime, WhatFollowsAWriteAtOnceTakesNoStepThatTheGuardDidNotSee) {  // I-13
  constexpr int closed_deals = 8;
  world_.pair().settings.closings = {0.0, 5};
  const auto ids = linked_deals(closed_deals);
  close(ids);
  world_.advance(minutes(5));
  EXPECT_FALSE(world_.sync().stopped);
  world_.advance(minutes(54));
  edit(ids);
  takes_long(minutes(10));
  const auto report = world_.sync();
  ASSERT_TRUE(report.stopped);
  EXPECT_EQ(report.guard, "closings");
  EXPECT_EQ(closed_referrals(), 0);
}

// Whether somebody asked Microsoft in Partner Center is asked before the bridge does, of many deals in one call.
class HelpOfMany : public PlanningWithSettleTime {
 protected:
  static constexpr int asking_deals = 30;

  // Deals whose request for help is about to leave.
  std::vector<std::string> asking() {
    no_guard_stops();
    const auto contact = world_.new_contact(
        {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
    std::vector<std::string> ids;
    for (int i = 0; i < asking_deals; ++i) {
      Json words = usual_opportunity("Deal " + std::to_string(i));
      words.update({{"contact", contact}, {"visible", true}});
      ids.push_back(world_.new_opportunity(words));
    }
    for (int i = 0; i < 3; ++i) {
      world_.sync();
      world_.advance(minutes(61));
    }
    for (const auto& id : ids) world_.crm_edit(id, {{"help", "GeneralOrOther"}, {"help_notes", "A demo"}});
    world_.advance(minutes(5));
    world_.sync();
    world_.advance(minutes(61));
    world_.pair().partner_center = &between_;
    return ids;
  }
  std::size_t requests_for_help(const std::string& id) {
    store::OperationFilter filter;
    filter.deal = world_.deal_of(id).id;
    filter.kind = name_of(RecordKind::microsoft_half);
    auto found = world_.store().operations(filter);
    EXPECT_TRUE(found);
    return found ? found->size() : 0;
  }

  Between between_{*world_.pair().partner_center, [](const Operation&) { return std::nullopt; }};
};
INSTANTIATE_TEST_SUITE_P(Crm, HelpOfMany, testing::Values("salesforce", "dynamics365"), name_of_crm);

TEST_P(HelpOfMany, IsLookedForInOneCallAndAskedForWhereNobodyDid) {  // I-17
  const auto ids = asking();
  const auto asked_already = world_.deal_of(ids[3]);
  ASSERT_FALSE(asked_already.engagement_id.empty());
  int calls = 0;
  between_.fetches = [&](std::vector<Observation>& found) {
    ++calls;
    Observation half;
    half.kind = RecordKind::microsoft_half;
    half.id = RecordId("11111111-2222-4333-8444-555555555555");
    half.key = BridgeKey(asked_already.engagement_id);
    half.columns[info(Field::engagement_id).name] = Value(asked_already.engagement_id);
    found.push_back(half);
  };
  EXPECT_FALSE(world_.sync().stopped);
  EXPECT_LE(calls, 3) << "all of them at once; then the answer of the one that was asked";
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(requests_for_help(ids[i]), i == 3 ? 0U : 1U) << i;
  }
}

// Nobody could say whose it is, and a second request is never made beside a first.
TEST_P(HelpOfMany, IsLookedForDealByDealWhereAnAnswerSaysNotOfWhichItSpeaks) {  // I-17
  const auto ids = asking();
  int calls = 0;
  between_.fetches = [&](std::vector<Observation>& found) {
    if (++calls > 1) return;
    Observation half;
    half.kind = RecordKind::microsoft_half;
    found.push_back(half);
  };
  EXPECT_FALSE(world_.sync().stopped);
  EXPECT_GE(calls, asking_deals);
  for (const auto& id : ids) EXPECT_EQ(requests_for_help(id), 1U);
}

TEST_P(Planning, AStopWhileTheRestIsComparedLosesNothing) {
  no_guard_stops();
  edited_deals(pages_worth);
  world_.pair().stop_requested = [this] { return world_.writes(Side::partner_center) > 0; };
  world_.reset_stats();
  const auto stopped = world_.sync();
  ASSERT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.stopped->kind, ErrorClass::cancelled);
  EXPECT_GT(world_.writes(Side::partner_center), 0);
  EXPECT_LT(world_.writes(Side::partner_center), pages_worth);
  world_.pair().stop_requested = [] { return false; };
  world_.advance(minutes(5));
  world_.sync();
  for (const Json& referral : world_.referrals()) EXPECT_EQ(referral["details"]["dealValue"].get<double>(), 61000.0);
  expect_nothing_is_left_to_write();
}

}  // namespace
}  // namespace cosell::test
