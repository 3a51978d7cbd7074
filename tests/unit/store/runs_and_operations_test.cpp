// Transactions, properties, runs, read positions, operations and the inbox.
#include <stdexcept>

#include "store_testing.h"

namespace cosell::store {
namespace {

using testing::expect_ok;
using testing::full_operation;
using testing::kStart;
using testing::text_of_operation;
using testing::value_of;

class StoreTransactions : public testing::StoreTest {};

TEST_F(StoreTransactions, KeepEverythingOrNothing) {
  auto store = open();
  DealId id;
  const auto failed = store->transaction([&]() -> Result<void> {
    id = value_of(store->add_deal({}));
    expect_ok(store->set_property("colour", "blue"));
    return make_error(ErrorClass::guard, "Stopped by hand.");
  });
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().kind, ErrorClass::guard);
  EXPECT_FALSE(value_of(store->deal(id)).has_value());
  EXPECT_EQ(value_of(store->property("colour")), "");
}

TEST_F(StoreTransactions, AreRolledBackWhenAFailedChangeWentUnnoticed) {
  auto store = open();
  const auto done = store->transaction([&]() -> Result<void> {
    expect_ok(store->set_property("before", "1"));
    DealRow unknown;
    unknown.id = DealId(42);
    EXPECT_FALSE(store->update_deal(unknown).has_value());
    EXPECT_FALSE(store->set_property("after", "1").has_value());
    return {};
  });
  EXPECT_FALSE(done.has_value());
  EXPECT_EQ(value_of(store->property("before")), "");
  EXPECT_EQ(value_of(store->property("after")), "");
  expect_ok(store->transaction([&] { return store->set_property("next", "1"); }));
  EXPECT_EQ(value_of(store->property("next")), "1");
}

TEST_F(StoreTransactions, SurviveAReadThatFindsNothing) {
  auto store = open();
  expect_ok(store->transaction([&]() -> Result<void> {
    EXPECT_FALSE(store->image(ImageId(5)).has_value());
    return store->set_property("kept", "1");
  }));
  EXPECT_EQ(value_of(store->property("kept")), "1");
}

TEST_F(StoreTransactions, InsideEachOtherAreOne) {
  auto store = open();
  const auto set = [&](const char* name) { return [&store, name] { return store->set_property(name, "1"); }; };
  expect_ok(store->transaction([&]() -> Result<void> {
    expect_ok(store->transaction(set("inner")));
    return store->set_property("outer", "1");
  }));
  EXPECT_EQ(value_of(store->property("inner")) + value_of(store->property("outer")), "11");
  // Whichever part fails, nothing of it stays; also when the outer one goes on as if nothing had happened.
  EXPECT_FALSE(store->transaction([&]() -> Result<void> {
    expect_ok(store->transaction(set("first")));
    return make_error(ErrorClass::bug, "the outer one fails");
  }));
  EXPECT_FALSE(store->transaction([&]() -> Result<void> {
    expect_ok(store->set_property("second", "1"));
    EXPECT_FALSE(store->transaction([&]() -> Result<void> {
      expect_ok(store->set_property("third", "1"));
      return make_error(ErrorClass::bug, "the inner one fails");
    }));
    EXPECT_FALSE(store->transaction(set("fourth")));
    return {};
  }));
  for (const char* name : {"first", "second", "third", "fourth"})
    EXPECT_EQ(value_of(store->property(name)), "") << name;
}

TEST_F(StoreTransactions, TurnAnExceptionOfTheWorkIntoAnError) {
  auto store = open();
  const auto done = store->transaction([&]() -> Result<void> {
    expect_ok(store->set_property("a", "1"));
    throw std::runtime_error("out of luck");
  });
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().kind, ErrorClass::bug);
  EXPECT_EQ(value_of(store->property("a")), "");
}

class StoredRuns : public testing::StoreTest {};

TEST_F(StoredRuns, KeepTheirMappingTextOncePerContent) {
  RunId first;
  {
    auto store = open();
    first = value_of(store->start_run("sync", kStart, "{ /* mapping */ }", "h1"));
    value_of(store->start_run("run", kStart + hours(1), "{ /* mapping */ }", "h1"));
    value_of(store->start_run("sync", kStart + hours(2), "", ""));
    expect_ok(store->finish_run(first, kStart + minutes(3), "failures", "2 deals failed.", "{\"calls\":7}"));
  }
  EXPECT_EQ(raw_text("SELECT count(*) || ':' || max(text) FROM mapping_texts"), "1:{ /* mapping */ }");
  auto store = open();
  const auto runs = value_of(store->runs(10));
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[0].mapping_hash, "");
  EXPECT_EQ(runs[1].command, "run");
  EXPECT_EQ(runs[1].mapping_hash, "h1");
  EXPECT_FALSE(runs[1].finished_at.has_value());
  EXPECT_EQ(runs[2].id, first);
  EXPECT_EQ(runs[2].started_at, kStart);
  EXPECT_EQ(runs[2].finished_at, kStart + minutes(3));
  EXPECT_EQ(runs[2].outcome, "failures");
  EXPECT_EQ(runs[2].note, "2 deals failed.");
  EXPECT_EQ(runs[2].figures, "{\"calls\":7}");
  EXPECT_EQ(value_of(store->runs(1)).size(), 1U);
}

TEST_F(StoredRuns, RefuseTwoTextsUnderOneHash) {
  auto store = open();
  value_of(store->start_run("sync", kStart, "one", "h"));
  EXPECT_FALSE(store->start_run("sync", kStart, "two", "h").has_value());
  EXPECT_EQ(value_of(store->runs(10)).size(), 1U);
}

TEST_F(StoredRuns, NameEachStretchOfRunsUnderOneMappingNewestFirst) {
  auto store = open();
  expect_ok(store->transaction([&]() -> Result<void> {
    int hour = 0;
    for (const char* hash : {"a", "a", "b", "", "b", "a"}) {
      value_of(store->start_run("sync", kStart + hours(hour++), *hash == 0 ? "" : "text " + std::string(hash), hash));
    }
    return {};
  }));
  const auto uses = value_of(store->mapping_uses(10));
  ASSERT_EQ(uses.size(), 3U);
  EXPECT_EQ(uses[0].hash, "a");
  EXPECT_EQ(uses[0].first_run_at, kStart + hours(5));
  EXPECT_EQ(uses[1].hash, "b");
  EXPECT_EQ(uses[1].first_run_at, kStart + hours(2));
  EXPECT_EQ(uses[1].last_run_at, kStart + hours(4));
  EXPECT_EQ(uses[2].hash, "a");
  EXPECT_EQ(uses[2].last_run_at, kStart + hours(1));
  EXPECT_EQ(value_of(store->mapping_uses(1)).size(), 1U);
  EXPECT_EQ(value_of(store->mapping_text("b")), "text b");
  EXPECT_FALSE(store->mapping_text("c").has_value());
}

// However many failed since: a side that was down for a week, with a sync a minute.
TEST_F(StoredRuns, TellTheLastThatWentWell) {
  auto store = open();
  EXPECT_FALSE(value_of(store->last_good_run()).has_value());
  const auto run = [&](const std::string& outcome, cosell::Duration at) {
    const RunId id = value_of(store->start_run("run", kStart + at, "", ""));
    if (!outcome.empty()) expect_ok(store->finish_run(id, kStart + at + seconds(1), outcome, "", "{}"));
  };
  run("ok", {});
  run("failures", minutes(1));
  for (int i = 2; i < 700; ++i) run(i % 2 == 0 ? "unreachable" : "guard", minutes(i));
  run("", minutes(700));
  EXPECT_EQ(value_of(store->last_good_run())->finished_at, kStart + minutes(1) + seconds(1));
}

// A replay or a sync of one deal says nothing of all the others.
TEST_F(StoredRuns, TellOnlySyncsOfAllDealsAsGood) {
  auto store = open();
  const auto run = [&](const std::string& command, cosell::Duration at) {
    const RunId id = value_of(store->start_run(command, kStart + at, "", ""));
    expect_ok(store->finish_run(id, kStart + at, "ok", "", "{}"));
  };
  run("sync", {});
  run("replay", hours(1));
  run("sync --deal", hours(2));
  EXPECT_EQ(value_of(store->last_good_run())->finished_at, kStart);
  run("run", hours(3));
  EXPECT_EQ(value_of(store->last_good_run())->finished_at, kStart + hours(3));
}

TEST_F(StoredRuns, CannotFinishWhenUnknown) {
  auto store = open();
  EXPECT_FALSE(store->finish_run(RunId(9), kStart, "ok", "", "").has_value());
}

TEST_F(StoredRuns, ComeWithPropertiesAndReadPositions) {
  {
    auto store = open();
    EXPECT_EQ(value_of(store->property("crm")), "");
    expect_ok(store->set_property("crm", "org-1"));
    expect_ok(store->set_property("crm", "org-2"));
    EXPECT_TRUE(value_of(store->cursor(Side::crm)).empty());
    expect_ok(store->set_cursor(Side::crm, Cursor("c1")));
    expect_ok(store->set_cursor(Side::crm, Cursor("c2")));
    expect_ok(store->set_cursor(Side::partner_center, Cursor("p1")));
    EXPECT_FALSE(store->set_property("store:pair", "other").has_value());
  }
  auto store = open();
  EXPECT_EQ(value_of(store->property("crm")), "org-2");
  EXPECT_EQ(value_of(store->cursor(Side::crm)).value, "c2");
  EXPECT_EQ(value_of(store->cursor(Side::partner_center)).value, "p1");
}

class StoredOperations : public testing::StoreTest {
 protected:
  std::vector<std::string> ids(const Result<std::vector<OperationRow>>& rows) {
    std::vector<std::string> all;
    if (!rows) ADD_FAILURE() << rows.error().message << rows.error().detail;
    for (const OperationRow& row : rows ? *rows : std::vector<OperationRow>()) all.push_back(row.id.value);
    return all;
  }
  using Ids = std::vector<std::string>;
};

TEST_F(StoredOperations, KeepEveryMemberAcrossReopening) {
  OperationRow row;
  {
    auto store = open();
    const RunId run = value_of(store->start_run("sync", kStart, "", ""));
    const DealId deal = value_of(store->add_deal({}));
    expect_ok(store->add_operation(full_operation("first", deal, run)));
    row = full_operation("second", deal, run);
    row.after = OperationId("first");
    row.state = OperationState::unknown;
    row.attempts = 3;
    row.not_before = kStart + hours(1);
    row.sent_at = kStart + hours(2);
    row.finished_at = kStart + hours(3);
    row.error_class = "unknown";
    row.error_message = "No answer.";
    row.error_detail = "timeout";
    row.error_rule = "R-2";
    row.request_id = "req-1";
    expect_ok(store->add_operation(row));
  }
  auto store = open();
  const auto back = value_of(store->operation(OperationId("second")));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(text_of_operation(*back), text_of_operation(row));
  EXPECT_FALSE(value_of(store->operation(OperationId("third"))).has_value());
}

TEST_F(StoredOperations, ChangeOnlyTheirStateAndResult) {
  auto store = open();
  const DealId deal = value_of(store->add_deal({}));
  const OperationRow planned = full_operation("op", deal, RunId());
  expect_ok(store->add_operation(planned));
  OperationRow row = planned;
  row.state = OperationState::applied;
  row.attempts = 2;
  row.not_before = kStart + hours(1);
  row.sent_at = kStart + hours(2);
  row.finished_at = kStart + hours(3);
  row.target_id = "r-9";
  row.error_class = "transient";
  row.error_message = "m";
  row.error_detail = "d";
  row.error_rule = "r";
  row.request_id = "q";
  OperationRow meddled = row;
  meddled.key = "another key";
  meddled.changes = {};
  meddled.must_match = "";
  expect_ok(store->update_operation(meddled));
  EXPECT_EQ(text_of_operation(*value_of(store->operation(row.id))), text_of_operation(row));
}

TEST_F(StoredOperations, AreListedInPlanningOrder) {
  auto store = open();
  const DealId deal = value_of(store->add_deal({}));
  const DealId other = value_of(store->add_deal({}));
  const auto add = [&](const std::string& id, const std::function<void(OperationRow&)>& change) {
    OperationRow row = full_operation(id, deal, RunId());
    change(row);
    expect_ok(store->add_operation(row));
  };
  add("z", [](OperationRow& r) { r.state = OperationState::sent; });
  add("a", [](OperationRow& r) { r.state = OperationState::applied; });
  add("m", [&](OperationRow& r) { r.deal = other; });
  add("b", [](OperationRow& r) {
    r.side = Side::partner_center;
    r.kind = "referral";
    r.verb = "create";
    r.state = OperationState::rejected;
  });
  const auto with = [](const std::function<void(OperationFilter&)>& change) {
    OperationFilter filter;
    change(filter);
    return filter;
  };
  EXPECT_EQ(ids(store->operations({})), (Ids{"z", "a", "m", "b"}));
  EXPECT_EQ(ids(store->operations(with([](OperationFilter& f) { f.state = OperationState::sent; }))), Ids{"z"});
  EXPECT_EQ(ids(store->operations(with([](OperationFilter& f) { f.state = OperationState::applied; }))), Ids{"a"});
  EXPECT_EQ(ids(store->operations(with([](OperationFilter& f) { f.state = OperationState::dropped; }))), Ids{});
  EXPECT_EQ(ids(store->operations(with([](OperationFilter& f) { f.state = OperationState::rejected; }))), Ids{"b"});
  EXPECT_EQ(ids(store->operations(with([](OperationFilter& f) { f.side = Side::crm; }))), (Ids{"z", "a", "m"}));
  EXPECT_EQ(ids(store->operations(with([&](OperationFilter& f) { f.deal = other; }))), Ids{"m"});
  EXPECT_EQ(ids(store->operations(with([](OperationFilter& f) { f.kind = "referral"; }))), Ids{"b"});
  EXPECT_EQ(ids(store->operations(with([](OperationFilter& f) { f.verb = "update"; }))), (Ids{"z", "a", "m"}));
  EXPECT_EQ(ids(store->operations(with([](OperationFilter& f) {
              f.after = OperationId("z");
              f.limit = 2;
            }))),
            (Ids{"a", "m"}));
  EXPECT_FALSE(store->operations(with([](OperationFilter& f) { f.after = OperationId("nowhere"); })).has_value());
}

TEST_F(StoredOperations, AreRefusedTwiceUnderOneIdOrAfterAnUnknownOne) {
  auto store = open();
  const DealId deal = value_of(store->add_deal({}));
  expect_ok(store->add_operation(full_operation("op", deal, RunId())));
  EXPECT_FALSE(store->add_operation(full_operation("op", deal, RunId())).has_value());
  OperationRow orphan = full_operation("orphan", deal, RunId());
  orphan.after = OperationId("nowhere");
  EXPECT_FALSE(store->add_operation(orphan).has_value());
  EXPECT_FALSE(store->add_operation(full_operation("stray", DealId(), RunId())).has_value());
  EXPECT_FALSE(store->update_operation(orphan).has_value());
  EXPECT_EQ(ids(store->operations({})), Ids{"op"});
}

TEST_F(StoredOperations, FollowTheirDealIntoAnotherOneWhenTheyHaveLeft) {
  auto store = open();
  const DealId deal = value_of(store->add_deal({}));
  const DealId other = value_of(store->add_deal({}));
  for (const auto state :
       {OperationState::planned, OperationState::sent, OperationState::unknown, OperationState::applied}) {
    OperationRow row = full_operation(name_of(state), deal, RunId());
    row.state = state;
    expect_ok(store->add_operation(row));
  }
  expect_ok(store->remove_deal(deal, other));
  EXPECT_EQ(value_of(store->operation(OperationId("sent")))->deal, other);
  EXPECT_EQ(value_of(store->operation(OperationId("unknown")))->deal, other);
  EXPECT_FALSE(value_of(store->operation(OperationId("applied")))->deal.valid()) << "that is history";
  EXPECT_EQ(value_of(store->operation(OperationId("planned")))->state, OperationState::dropped) << "it never leaves";
}

class StoreInbox : public testing::StoreTest {};

TEST_F(StoreInbox, TakesCommandsFromASecondProcessWhileTheStoreIsHeld) {
  auto holder = open();
  {
    auto visitor = open(OpenOptions::Mode::shared);
    expect_ok(visitor->add_to_inbox("replay", "{\"deal\":7}", kStart));
    expect_ok(visitor->add_to_inbox("approve", "{}", kStart + seconds(1)));
    EXPECT_FALSE(visitor->set_property("colour", "blue").has_value());
    EXPECT_FALSE(visitor->add_deal({}).has_value());
    EXPECT_FALSE(visitor->transaction([]() -> Result<void> { return {}; }).has_value());
    EXPECT_FALSE(visitor->answer_inbox(1, {"done"}, kStart).has_value());
    EXPECT_FALSE(visitor->begin_inbox(1, kStart).has_value());
  }
  const auto items = value_of(holder->open_inbox());
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].command, "replay");
  EXPECT_EQ(items[0].arguments, "{\"deal\":7}");
  EXPECT_EQ(items[0].at, kStart);
  expect_ok(holder->answer_inbox(items[0].id, {"no such deal", true, 3, "{\"error\":{}}"}, kStart + minutes(1)));
  EXPECT_FALSE(holder->answer_inbox(items[0].id, {"again"}, kStart).has_value());
  EXPECT_EQ(value_of(holder->open_inbox()).size(), 1U);
  const auto recent = value_of(holder->recent_inbox(2));
  ASSERT_EQ(recent.size(), 2U);
  EXPECT_FALSE(recent[0].answer.refused) << "not answered yet";
  EXPECT_TRUE(recent[1].answer.refused);
  EXPECT_EQ(recent[1].answer.text, "no such deal");
  EXPECT_EQ(recent[1].answer.exit_code, 3);
  EXPECT_EQ(recent[1].answer.report, "{\"error\":{}}");
  EXPECT_FALSE(value_of(holder->inbox_item(77)));
  EXPECT_EQ(value_of(holder->inbox_item(items[1].id))->command, "approve");
}

TEST_F(StoreInbox, IsWithdrawnFromOnlyUntilItIsBegun) {
  auto holder = open();
  auto visitor = open(OpenOptions::Mode::shared);
  const auto given = [&] { return value_of(visitor->add_to_inbox("sync", "{}", kStart)); };
  const std::int64_t withdrawn = given();
  const std::int64_t begun = given();
  EXPECT_TRUE(value_of(visitor->withdraw_from_inbox(withdrawn, {"Withdrawn.", true, 130}, kStart)));
  EXPECT_FALSE(value_of(holder->begin_inbox(withdrawn, kStart))) << "it must not be carried out any more";
  EXPECT_EQ(value_of(holder->inbox_item(withdrawn))->answer.exit_code, 130);
  EXPECT_TRUE(value_of(holder->begin_inbox(begun, kStart)));
  EXPECT_FALSE(value_of(visitor->withdraw_from_inbox(begun, {"Withdrawn.", true, 130}, kStart)));
  EXPECT_EQ(value_of(visitor->inbox_item(begun))->begun_at, kStart);
  EXPECT_FALSE(value_of(visitor->inbox_item(begun))->done_at);
}

TEST_F(StoreInbox, LosesItsAnswersWithTheJournal) {
  auto store = open();
  DealRow row;
  row.title = "Alder Foods";
  const DealId deal = value_of(store->add_deal(row));
  const auto answered = [&](const std::string& arguments, Instant at) {
    const std::int64_t id = value_of(store->add_to_inbox("any", arguments, at));
    expect_ok(store->answer_inbox(id, {"Alder Foods: done"}, at));
    return id;
  };
  const std::string about_it = "{\"deals\":[" + std::to_string(deal.value) + "]}";
  const std::int64_t old = answered("{\"deals\":[77]}", kStart);
  const std::int64_t other = answered("{\"deals\":[77]}", kStart + days(2));
  const std::int64_t named = answered(about_it, kStart + days(2));
  const std::int64_t of_the_pair = answered("{\"allow\":[]}", kStart + days(2));
  const std::int64_t open_still = value_of(store->add_to_inbox("any", about_it, kStart));
  const auto is_kept = [&](std::int64_t id) { return value_of(store->inbox_item(id)).has_value(); };
  expect_ok(store->prune_journal(kStart + days(1), kStart + days(3)));
  EXPECT_FALSE(is_kept(old));
  EXPECT_TRUE(is_kept(named) && is_kept(other) && is_kept(of_the_pair) && is_kept(open_still));
  expect_ok(store->erase_from_journal(deal, kStart + days(3)));
  EXPECT_FALSE(is_kept(named));
  EXPECT_FALSE(is_kept(of_the_pair)) << "it may speak of any deal";
  EXPECT_TRUE(is_kept(other) && is_kept(open_still));
}

TEST_F(StoreInbox, LetsAVisitorSeeThatTheHolderStoresSomething) {
  auto holder = open();
  auto visitor = open(OpenOptions::Mode::shared);
  const auto before = value_of(visitor->stored_by_others());
  EXPECT_EQ(value_of(visitor->stored_by_others()), before);
  expect_ok(visitor->add_to_inbox("sync", "{}", kStart));
  EXPECT_EQ(value_of(visitor->stored_by_others()), before) << "that was its own";
  expect_ok(holder->set_property("seen", "1"));
  EXPECT_NE(value_of(visitor->stored_by_others()), before);
}

TEST_F(StoreInbox, LetsVisitorsSeeWhatTheHolderCommits) {
  auto holder = open();
  auto visitor = open(OpenOptions::Mode::shared);
  expect_ok(holder->set_property("seen", "1"));
  EXPECT_EQ(value_of(visitor->property("seen")), "1");
}

}  // namespace
}  // namespace cosell::store
