// Every write, sync, truncation and deletion of a file fails once, or from then on: the store says so in words, and
// opens again with the content from before or after one transaction.
#include <random>

#include "base/text.h"
#include "store_testing.h"
#include "tests/support/faulty_vfs.h"

namespace cosell::store {
namespace {

using test::FaultyVfs;
using testing::expect_ok;
using testing::kStart;
using testing::value_of;
using Duration = FaultyVfs::Duration;

struct Flaw {
  Duration duration;
  int code;
  const char* name;
  friend std::ostream& operator<<(std::ostream& out, const Flaw& f) { return out << f.name; }
};

class FailingDisk : public testing::StoreTest, public ::testing::WithParamInterface<Flaw> {
 protected:
  Result<std::unique_ptr<Store>> open_on_faulty_disk() {
    OpenOptions options;
    options.pair = "north";
    options.vfs = "faulty";
    return open_sqlite_store(path_, options, clock_);
  }
  void fail(int n) { vfs_.fail(n, GetParam().duration, GetParam().code); }

  // One transaction over every kind of row, big enough to go through the page cache.
  static Result<void> change(Store& store, int round) {
    return store.transaction([&]() -> Result<void> {
      auto run = store.start_run("sync", kStart, "mapping", text::sha256_hex("mapping"));
      if (!run) return run.error();
      for (int i = 0; i < 20; ++i) {
        const std::string name = std::to_string(round) + "-" + std::to_string(i);
        auto image = store.put_image({{"Name", name + std::string(2'000, 'x')}});
        if (!image) return image.error();
        DealRow row;
        row.title = name;
        row.crm.record_id = "006" + name;
        row.crm.image = *image;
        auto deal = store.add_deal(row);
        if (!deal) return deal.error();
        if (auto added = store.add_operation(testing::full_operation("op" + name, *deal, *run)); !added) return added;
        JournalEntry entry;
        entry.deal = *deal;
        entry.summary = name;
        entry.payload = "{}";
        if (auto added = store.journal(entry); !added) return added;
      }
      return store.set_cursor(Side::crm, Cursor(std::to_string(round)));
    });
  }

  // Everything that `change` writes, as text; also proves that the file is sound and the chain unbroken.
  std::string content() {
    expect_ok(verify_sqlite_store(path_, {}, clock_));
    auto store = open();
    std::string text = value_of(store->cursor(Side::crm)).value + ";";
    DealFilter filter;
    filter.limit = 10'000;
    for (const DealRow& row : value_of(store->deals(filter))) text += row.title + ",";
    text += std::to_string(value_of(store->operations({})).size()) + ";";
    return text + std::to_string(value_of(store->verify_journal()));
  }
  static void expect_in_words(const Error& error) {
    const bool no_memory = GetParam().code == SQLITE_IOERR_NOMEM;
    EXPECT_EQ(no_memory, error.message.find("The memory is used up") != std::string::npos) << error.message;
    EXPECT_TRUE(no_memory || error.kind == ErrorClass::store_damaged || error.kind == ErrorClass::config)
        << name_of(error.kind) << ": " << error.message << " / " << error.detail;
  }

  FaultyVfs vfs_{"faulty"};
};

TEST_P(FailingDisk, LosesNothingAndKeepsNoHalfWhileATransactionIsWritten) {  // I-28, F-59, F-60, F-65
  {
    auto store = value_of(open_on_faulty_disk());
    expect_ok(change(*store, 1));
  }
  const auto clean = testing::picture_of(folder_.path());
  const std::string before = content();
  int positions = 0;
  int failed = 0;
  for (bool met = true; met; ++positions) {
    for (const char* companion : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + companion);
    testing::write_file(path_, clean.at("north.db"));
    auto store = value_of(open_on_faulty_disk());
    fail(positions + 1);
    const auto changed = change(*store, 2);
    const bool committed = changed.has_value();
    if (!changed) {
      expect_in_words(changed.error());
      ++failed;
    }
    store.reset();  // closing meets the fault as well, when it lasts or was not met yet
    met = vfs_.fired() > 0;
    fail(0);
    const std::string after = content();
    if (committed) {
      EXPECT_EQ(after.substr(0, 2), "2;") << "lost at position " << positions + 1;
    } else {
      // A commit that failed may nevertheless be found done, as a whole.
      EXPECT_TRUE(after == before || after.substr(0, 2) == "2;") << "position " << positions + 1 << ": " << after;
    }
    if (::testing::Test::HasFailure()) break;
  }
  EXPECT_GT(positions, 20);
  EXPECT_GT(failed, 5);
  RecordProperty("positions", positions);
  std::cout << "  " << GetParam() << ": " << positions - 1 << " positions, " << failed << " failed transactions\n";
}

TEST_P(FailingDisk, NeverLeavesAHalfMadeStore) {  // F-60
  int positions = 0;
  int refused = 0;
  for (bool met = true; met; ++positions) {
    for (const char* companion : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + companion);
    fail(positions + 1);
    {
      auto store = open_on_faulty_disk();
      met = vfs_.fired() > 0;
      if (!store) {
        expect_in_words(store.error());
        ++refused;
      }
      EXPECT_TRUE(met || store.has_value());
    }
    fail(0);
    EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
    auto again = open();
    ASSERT_NE(again, nullptr) << "position " << positions + 1;
    expect_ok(change(*again, 1));
  }
  EXPECT_GT(positions, 5);
  EXPECT_GT(refused, 5);
}

TEST_P(FailingDisk, IsUsableAgainInTheSameProcessOnceTheDiskIs) {
  auto store = value_of(open_on_faulty_disk());
  expect_ok(change(*store, 1));
  fail(1);
  EXPECT_FALSE(change(*store, 2).has_value());
  EXPECT_GT(vfs_.fired(), 0);
  fail(0);
  expect_ok(change(*store, 3));
  EXPECT_EQ(value_of(store->cursor(Side::crm)).value, "3");
  EXPECT_EQ(value_of(store->verify_journal()), 40);
}

INSTANTIATE_TEST_SUITE_P(EveryPosition, FailingDisk,
                         ::testing::Values(Flaw{Duration::once, SQLITE_IOERR_WRITE, "an error once"},
                                           Flaw{Duration::once, SQLITE_FULL, "full once"},
                                           Flaw{Duration::from_then_on, SQLITE_FULL, "full from then on"},
                                           Flaw{Duration::once, SQLITE_IOERR_NOMEM, "no memory once"}));

class PowerCut : public FailingDisk {};

// The disk takes writes in any order until it is told to flush.
TEST_P(PowerCut, F66_LosesNothingThatWasCommittedWhateverTheDiskForgets) {  // I-28
  {
    auto store = value_of(open_on_faulty_disk());
    expect_ok(change(*store, 1));
  }
  const auto clean = testing::picture_of(folder_.path());
  const std::string before = content();
  std::mt19937 random(66);
  int lost = 0;
  int committed = 0;
  int cuts = 0;
  for (bool met = true; met; ++cuts) {
    for (const char* companion : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + companion);
    testing::write_file(path_, clean.at("north.db"));
    vfs_.count_as_flushed();
    auto store = value_of(open_on_faulty_disk());
    fail(cuts + 1);
    const bool done = change(*store, 2).has_value();
    store.reset();
    met = vfs_.fired() > 0;
    fail(0);
    lost += vfs_.lose_unflushed(random);
    std::filesystem::remove(path_ + "-shm");
    const std::string after = content();
    EXPECT_TRUE(after.substr(0, 2) == "2;" || (!done && after == before)) << "cut " << cuts + 1 << ": " << after;
    committed += done && met ? 1 : 0;
    if (HasFailure()) break;
  }
  EXPECT_GT(cuts, 100);
  EXPECT_GT(committed, 5) << "cuts after the commit";
  EXPECT_GT(lost, 1'000);
}

INSTANTIATE_TEST_SUITE_P(AtEveryPosition, PowerCut,
                         ::testing::Values(Flaw{Duration::from_then_on, SQLITE_IOERR_WRITE, "the power is gone"}));

class FullDisk : public testing::StoreTest {};

TEST_F(FullDisk, IsNamedAsSuch) {  // F-59
  FaultyVfs vfs("full");
  OpenOptions options;
  options.pair = "north";
  options.vfs = "full";
  auto store = value_of(open_sqlite_store(path_, options, clock_));
  vfs.fail(1, Duration::from_then_on, SQLITE_FULL);
  const auto refused = store->set_property("a", "1");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().rule, "disk_full");
  EXPECT_NE(refused.error().message.find("The disk is full"), std::string::npos);
  vfs.fail(0, Duration::once, 0);
}

class LockedStore : public testing::StoreTest {};

TEST_F(LockedStore, F61_IsWaitedForWhileABackupHasItButNotForEver) {  // I-03
  FaultyVfs vfs("locked");
  OpenOptions options;
  options.pair = "north";
  options.vfs = "locked";
  auto store = value_of(open_sqlite_store(path_, options, clock_));
  SQLite::Database backup(path_, SQLite::OPEN_READWRITE);
  backup.exec("BEGIN IMMEDIATE");
  bool done = false;
  vfs.while_sleeping([&] {
    if (!done && vfs.slept_ms() > 3'000) backup.exec("ROLLBACK");
    done = done || vfs.slept_ms() > 3'000;
  });
  expect_ok(store->set_property("a", "1"));
  EXPECT_TRUE(done) << "nobody waited";

  backup.exec("BEGIN IMMEDIATE");
  const int before_ms = vfs.slept_ms();
  const auto refused = store->set_property("a", "2");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorClass::store_busy);
  EXPECT_EQ(refused.error().rule, "locked");
  EXPECT_GT(vfs.slept_ms() - before_ms, 5'000);
  EXPECT_LT(vfs.slept_ms() - before_ms, 15'000);
  backup.exec("ROLLBACK");
  EXPECT_EQ(value_of(store->property("a")), "1");
  expect_ok(store->set_property("a", "3"));
}

}  // namespace
}  // namespace cosell::store
