// The journal and the chain that shows whether it is as it was written.
#include <gmock/gmock.h>

#include "store_testing.h"

namespace cosell::store {
namespace {

using testing::expect_ok;
using testing::kStart;
using testing::value_of;

class StoreJournal : public testing::StoreTest {
 protected:
  static JournalEntry entry(const std::string& summary, DealId deal = {}, const std::string& payload = "{\"a\":1}") {
    JournalEntry e;
    e.at = kStart;
    e.deal = deal;
    e.kind = JournalKind::decided;
    e.summary = summary;
    e.payload = payload;
    return e;
  }
  // Four entries, the second and fourth about deal 7.
  void write_four() {
    auto store = open();
    expect_ok(store->transaction([&]() -> Result<void> {
      expect_ok(store->journal(entry("one")));
      expect_ok(store->journal(entry("two", DealId(7))));
      return store->journal(entry("three", {}, ""));
    }));
    expect_ok(store->journal(entry("four", DealId(7))));
  }
  // The message of a broken chain, "" when it verifies.
  std::string verdict() {
    const auto verified = open()->verify_journal();
    if (verified) return "";
    EXPECT_EQ(verified.error().kind, ErrorClass::store_damaged);
    return verified.error().message;
  }
};

TEST_F(StoreJournal, TellsTheHistoryOfADealInOrder) {
  write_four();
  auto store = open();
  const auto all = value_of(store->history(DealId(), 0, 100));
  ASSERT_EQ(all.size(), 4U);
  const auto lines = value_of(store->history(DealId(7), 0, 100));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].sequence, 2);
  EXPECT_EQ(lines[0].summary, "two");
  EXPECT_EQ(lines[0].payload, "{\"a\":1}");
  EXPECT_EQ(lines[0].at, kStart);
  EXPECT_EQ(lines[0].kind, JournalKind::decided);
  EXPECT_EQ(lines[0].deal, DealId(7));
  EXPECT_EQ(value_of(store->history(DealId(7), 2, 100)).at(0).summary, "four");
  EXPECT_EQ(value_of(store->history(DealId(7), 0, 1)).size(), 1U);
}

TEST_F(StoreJournal, VerifiesFromTheFirstLineToTheLast) {
  EXPECT_EQ(value_of(open()->verify_journal()), 0);
  write_four();
  auto store = open();
  EXPECT_EQ(value_of(store->verify_journal()), 4);
  // Also inside a transaction that has appended.
  expect_ok(store->transaction([&]() -> Result<void> {
    expect_ok(store->journal(entry("five")));
    EXPECT_EQ(value_of(store->verify_journal()), 5);
    return {};
  }));
  EXPECT_EQ(value_of(store->verify_journal()), 5);
}

TEST_F(StoreJournal, ContinuesItsChainAfterARollback) {
  auto store = open();
  expect_ok(store->journal(entry("one")));
  const auto failed = store->transaction([&]() -> Result<void> {
    expect_ok(store->journal(entry("lost")));
    return make_error(ErrorClass::guard, "Stopped.");
  });
  EXPECT_FALSE(failed.has_value());
  expect_ok(store->journal(entry("two")));
  EXPECT_EQ(value_of(store->verify_journal()), 2);
  EXPECT_EQ(value_of(store->history(DealId(), 0, 10)).at(1).summary, "two");
}

TEST_F(StoreJournal, KeepsItsHashFormula) {
  {
    auto store = open();
    expect_ok(store->journal(entry("one", DealId(7))));
  }
  // sha256("0…0|1|1795000000000|0|7|decided|" + sha256("one") + "|" + sha256("{\"a\":1}"))
  EXPECT_EQ(raw_text("SELECT lower(hex(hash)) FROM journal"),
            "a10b130cbb8a40ddac6462706c6ca507e7867c1e499adc59b69887965408d6d0");
}

struct Tampering {
  const char* sql;
  const char* entry;
  friend std::ostream& operator<<(std::ostream& out, const Tampering& t) { return out << t.sql; }
};

class TamperedJournal : public StoreJournal, public ::testing::WithParamInterface<Tampering> {};

TEST_P(TamperedJournal, IsNoticedAndTheEntryNamed) {
  write_four();
  ASSERT_EQ(verdict(), "");
  raw(GetParam().sql);
  EXPECT_NE(verdict().find(GetParam().entry), std::string::npos) << verdict();
}

INSTANTIATE_TEST_SUITE_P(
    EveryColumn, TamperedJournal,
    ::testing::Values(
        Tampering{"UPDATE journal SET summary = 'two!' WHERE sequence = 2", "entry 2"},
        Tampering{"UPDATE journal_payloads SET payload = '{}' WHERE sequence = 2", "entry 2"},
        Tampering{"INSERT INTO journal_payloads VALUES (3, '{}')", "entry 3"},
        Tampering{"UPDATE journal SET at = at + 1 WHERE sequence = 1", "entry 1"},
        Tampering{"UPDATE journal SET deal = 8 WHERE sequence = 2", "entry 2"},
        Tampering{"UPDATE journal SET deal = NULL WHERE sequence = 2", "entry 2"},
        Tampering{"UPDATE journal SET kind = 'person' WHERE sequence = 4", "entry 4"},
        Tampering{"INSERT INTO runs (id, command, started_at) VALUES (1, 'sync', 0);"
                  "UPDATE journal SET run = 1 WHERE sequence = 3",
                  "entry 3"},
        Tampering{"UPDATE journal SET payload_hash = zeroblob(32) WHERE sequence = 3", "entry 3"},
        Tampering{"UPDATE journal SET summary = NULL WHERE sequence = 3", "entry 3"},
        Tampering{"DELETE FROM journal_payloads WHERE sequence = 4", "entry 4"},
        Tampering{"UPDATE journal SET summary = NULL, summary_hash = zeroblob(32) WHERE sequence = 3", "entry 3"},
        Tampering{"DELETE FROM journal_payloads; DELETE FROM journal WHERE sequence = 1", "entry 1"},
        Tampering{"DELETE FROM journal_payloads WHERE sequence = 3; DELETE FROM journal WHERE sequence = 3", "entry 3"},
        Tampering{"DELETE FROM journal_payloads WHERE sequence = 4; DELETE FROM journal WHERE sequence = 4", "entry 4"},
        Tampering{"DELETE FROM journal_payloads; DELETE FROM journal", "entry 1"},
        Tampering{"DELETE FROM journal_head", "entry 1"},
        Tampering{"INSERT INTO journal SELECT 5, at, run, deal, kind, summary, summary_hash, payload_hash, hash"
                  " FROM journal WHERE sequence = 4",
                  "entry 5"}));

TEST_F(StoreJournal, ThatWasPrunedVerifiesFromItsCheckpointOn) {
  auto store = open();
  for (int day = 0; day < 6; ++day) {
    JournalEntry one = entry("day " + std::to_string(day));
    one.at = kStart + days(day);
    expect_ok(store->journal(one));
  }
  const auto pruned = value_of(store->prune_journal(kStart + days(4), kStart + days(10)));
  EXPECT_EQ(pruned.lines, 4);
  EXPECT_EQ(value_of(store->journal_checkpoint()).sequence, 4);
  EXPECT_EQ(value_of(store->history({}, 0, 100)).size(), 2U);
  expect_ok(store->verify_journal());
  expect_ok(store->journal(entry("after")));
  expect_ok(store->verify_journal());
  store.reset();
  raw("DELETE FROM journal_payloads WHERE sequence = 5");
  raw("DELETE FROM journal WHERE sequence = 5");
  EXPECT_NE(verdict(), "") << "a line behind the checkpoint is missed";
}

TEST_F(StoreJournal, PruningNeverTakesTheNewestLineNorPicturesThatADealShows) {
  auto store = open();
  const ImageId shown = value_of(store->put_image({{"name", Value{std::string("now")}}}));
  const ImageId old = value_of(store->put_image({{"name", Value{std::string("before")}}}));
  DealRow deal;
  deal.crm.record_id = "006";
  deal.crm.image = shown;
  value_of(store->add_deal(deal));
  expect_ok(store->journal(entry("old", {}, "{\"after\":" + std::to_string(old.value) + "}")));
  expect_ok(store->journal(entry("newest", {}, "{\"after\":" + std::to_string(shown.value) + "}")));
  const auto pruned = value_of(store->prune_journal(kStart + days(1), kStart + days(1)));
  EXPECT_EQ(pruned.lines, 2) << "the deal's beginning, too";
  EXPECT_EQ(pruned.images, 1);
  expect_ok(store->image(shown));
  EXPECT_FALSE(store->image(old).has_value());
  EXPECT_EQ(value_of(store->history({}, 0, 100)).at(0).summary, "newest");
}

TEST_F(StoreJournal, PruningKeepsPicturesByWhichOthersAreTold) {
  auto store = open();
  const auto picture = [&](const std::string& name, ImageId before) {
    const Columns columns = {{"name", Value{name}}, {"a", Value{std::string("1")}}, {"b", Value{std::string("2")}}};
    return value_of(store->put_image(columns, before));
  };
  const ImageId first = picture("first", {});
  const ImageId second = picture("second", first);
  const ImageId shown = picture("shown", second);
  DealRow deal;
  deal.crm.image = shown;
  value_of(store->add_deal(deal));
  for (const ImageId id : {first, second, shown}) {
    expect_ok(store->journal(entry("seen", {}, "{\"after\":" + std::to_string(id.value) + "}")));
  }
  EXPECT_EQ(value_of(store->prune_journal(kStart + days(1), kStart + days(1))).images, 1);
  EXPECT_FALSE(store->image(second).has_value());
  EXPECT_EQ(value_of(store->image(shown)).at("name"), Value{std::string("shown")});
  store.reset();
  EXPECT_EQ(raw_text("SELECT count(*) FROM pragma_foreign_key_check"), "0");
}

// A service that syncs every ten minutes and finds nothing leaves fifty thousand rows a year.
TEST_F(StoreJournal, PruningTakesOldSyncsOfWhichNothingIsTold) {
  auto store = open();
  const auto run = [&](int day, const std::string& mapping, const std::string& tells) {
    const RunId id = value_of(store->start_run("run", kStart + days(day), mapping, "hash of " + mapping));
    JournalEntry line = entry(tells);
    line.run = id;
    if (!tells.empty()) expect_ok(store->journal(line));
    expect_ok(store->finish_run(id, kStart + days(day), "ok", "", ""));
    return id.value;
  };
  run(0, "a", "");
  run(1, "a", "");
  const auto told = run(2, "a", "wrote something");
  const auto other_mapping = run(3, "b", "");
  run(4, "b", "");
  const auto young = run(6, "b", "");
  EXPECT_EQ(value_of(store->prune_journal(kStart + days(5), kStart + days(9))).runs, 2);
  std::vector<std::int64_t> left;
  for (const RunRow& row : value_of(store->runs(10))) left.push_back(row.id.value);
  EXPECT_EQ(left, (std::vector<std::int64_t>{young, other_mapping, told, 1}));
  EXPECT_EQ(value_of(store->mapping_uses(10)).size(), 2U);
  EXPECT_EQ(value_of(store->prune_journal(kStart + days(90), kStart + days(90))).runs, 0)
      << "the last one that went well stays";
}

// An old write that a younger one came after stays, and so does what it came after itself.
TEST_F(StoreJournal, PruningKeepsTheWritesThatYoungerOnesCameAfter) {
  auto store = open();
  const DealId deal = value_of(store->add_deal(DealRow{}));
  const auto write = [&](const std::string& id, const std::string& after, Instant finished) {
    OperationRow row = testing::full_operation(id, deal, RunId());
    row.after = OperationId(after);
    row.state = OperationState::applied;
    row.finished_at = finished;
    expect_ok(store->add_operation(row));
  };
  write("unrelated", "", kStart);
  write("first", "", kStart);
  write("second", "first", kStart);
  write("third", "second", kStart + days(5));
  for (const char* line : {"old", "newest"}) expect_ok(store->journal(entry(line)));
  EXPECT_EQ(value_of(store->prune_journal(kStart + days(1), kStart + days(9))).operations, 1);
  for (const char* id : {"first", "second", "third"}) {
    EXPECT_TRUE(value_of(store->operation(OperationId(id))).has_value()) << id;
  }
}

// A deal that became part of another one took its history along.
TEST_F(StoreJournal, ForgetsWhatItSaysOfTheDealsThatBecamePartOfIt) {
  auto store = open();
  const auto half = [&](SideState DealRow::*side, const std::string& record) {
    DealRow row;
    (row.*side).record_id = record;
    row.id = value_of(store->add_deal(row));
    return row;
  };
  const DealRow first = half(&DealRow::partner_center, "r-0");
  const DealRow second = half(&DealRow::partner_center, "r-1");
  DealRow stays = half(&DealRow::crm, "006");
  for (const DealRow* row : {&first, &second}) {
    OperationRow write = testing::full_operation(row->partner_center.record_id, row->id, RunId());
    write.state = OperationState::applied;
    write.finished_at = kStart;
    expect_ok(store->add_operation(write));
    expect_ok(store->journal(entry("Written: Anna Berger", row->id, "{\"operation\":\"" + write.id.value + "\"}")));
  }
  // The first becomes part of the second, and that of the one that stays.
  expect_ok(store->remove_deal(first.id, second.id));
  expect_ok(store->remove_deal(second.id, stays.id));
  stays.partner_center.record_id = "r-1";
  expect_ok(store->update_deal(stays));
  expect_ok(store->journal(entry("linked", stays.id)));
  const DealId other = value_of(store->add_deal(DealRow{}));
  expect_ok(store->journal(entry("another one", other)));
  EXPECT_EQ(value_of(store->erase_from_journal(stays.id, kStart)).operations, 2);
  for (const JournalEntry& line : value_of(store->history({}, 0, 100))) {
    EXPECT_EQ(line.summary.find("Anna"), std::string::npos) << line.sequence;
  }
  EXPECT_EQ(value_of(store->history(other, 0, 100)).back().summary, "another one");
  expect_ok(store->verify_journal());
  EXPECT_EQ(value_of(store->erase_from_journal(stays.id, kStart)).lines, 1) << "asked again, it finds only that line";
  expect_ok(store->verify_journal());
}

// Forgotten is what nobody can read in the files any more, whatever SQLite keeps of rows that went.
TEST_F(StoreJournal, LeavesNothingOfWhatItForgotInTheFiles) {
  auto store = open();
  for (int i = 0; i < 300; ++i) {
    const std::string payload = "{\"a\":\"" + std::string(2'000, 'x') + " Anna Berger\"}";
    expect_ok(store->journal(entry("Anna Berger wrote", DealId(7), payload)));
  }
  expect_ok(store->journal(entry("newest")));
  store.reset();
  const auto stands_in_the_files = [&] {
    return (testing::bytes_of_file(path_) + testing::bytes_of_file(path_ + "-wal")).find("Anna") != std::string::npos;
  };
  ASSERT_TRUE(stands_in_the_files());
  const auto size = std::filesystem::file_size(path_);
  store = open();
  EXPECT_EQ(value_of(store->erase_from_journal(DealId(7), kStart)).not_wiped, "");
  EXPECT_FALSE(stands_in_the_files()) << "also while the store stays open";
  EXPECT_LT(std::filesystem::file_size(path_), size / 4);
  expect_ok(store->verify_journal());
  store.reset();
  EXPECT_FALSE(stands_in_the_files());
}

TEST_F(StoreJournal, CountsTheLinesThatAreThere) {
  auto store = open();
  for (int i = 0; i < 5; ++i) {
    JournalEntry line = entry("line");
    line.at = kStart + days(i);
    expect_ok(store->journal(line));
  }
  expect_ok(store->prune_journal(kStart + days(3), kStart + days(9)));
  EXPECT_EQ(value_of(store->verify_journal()), 2);
}

TEST_F(StoreJournal, ForgetsWhatItSaysOfADealAndStillVerifies) {
  write_four();
  auto store = open();
  EXPECT_EQ(value_of(store->erase_from_journal(DealId(7), kStart)).lines, 2);
  const auto lines = value_of(store->history(DealId(7), 0, 100));
  ASSERT_EQ(lines.size(), 3U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(lines[i].summary, "");
    EXPECT_EQ(lines[i].payload, "");
  }
  EXPECT_EQ(lines[2].summary, "What was said here before was erased on request");
  EXPECT_EQ(value_of(store->history({}, 0, 100)).at(0).summary, "one");
  EXPECT_EQ(value_of(store->verify_journal()), 5);
  store.reset();
  raw("INSERT INTO journal_payloads VALUES (2, '{\"a\":1}')");
  EXPECT_THAT(verdict(), ::testing::HasSubstr("entry 2 says something although it was erased"));
}

}  // namespace
}  // namespace cosell::store
