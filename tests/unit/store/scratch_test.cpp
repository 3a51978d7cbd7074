// Trying things out: a copy that can do everything and leaves nothing behind, while the original may be at rest, left
// by a killed process, or being written.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "store_testing.h"

namespace cosell::store {
namespace {

using testing::expect_ok;
using testing::picture_of;
using testing::value_of;
using Mode = OpenOptions::Mode;

class StoreTrial : public testing::StoreTest {
 protected:
  StoreTrial() { ::setenv("TMPDIR", temporary_.path().c_str(), 1); }
  ~StoreTrial() override { ::unsetenv("TMPDIR"); }

  // Everything a trial may do.
  void work_on(Store& store) {
    expect_ok(store.transaction([&]() -> Result<void> {
      const RunId run = value_of(store.start_run("plan", testing::kStart, "text", "hash"));
      for (int i = 0; i < 300; ++i) {
        DealRow row;
        row.title = "trial";
        row.crm.image = value_of(store.put_image({{"n", Number{std::to_string(i)}}}));
        const DealId id = value_of(store.add_deal(row));
        expect_ok(store.add_operation(testing::full_operation("trial" + std::to_string(i), id, run)));
        expect_ok(store.journal({}));
      }
      return store.set_cursor(Side::crm, Cursor("trial"));
    }));
    const auto undone = store.transaction([&]() -> Result<void> {
      expect_ok(store.set_property("undone", "1"));
      return make_error(ErrorClass::guard, "Stopped.");
    });
    EXPECT_FALSE(undone.has_value());
    EXPECT_EQ(value_of(store.property("undone")), "");
  }
  void expect_a_full_trial_changes_nothing(std::size_t deals_before) {
    const auto before = picture_of(folder_.path());
    {
      auto trial = open(Mode::scratch);
      EXPECT_EQ(value_of(trial->deals({})).size(), deals_before);
      EXPECT_TRUE(picture_of(temporary_.path()).empty()) << "the copy has a name";
      work_on(*trial);
      EXPECT_EQ(value_of(trial->deals({})).size(), deals_before + 300);
      EXPECT_TRUE(picture_of(temporary_.path()).empty());
      EXPECT_TRUE(picture_of(folder_.path()) == before);
    }
    EXPECT_TRUE(picture_of(folder_.path()) == before);
    EXPECT_TRUE(picture_of(temporary_.path()).empty());
  }
  void add_deals(Store& store, int count) {
    expect_ok(store.transaction([&]() -> Result<void> {
      for (int i = 0; i < count; ++i) value_of(store.add_deal({}));
      return {};
    }));
  }

  testing::Folder temporary_;
};

TEST_F(StoreTrial, OnAMissingStoreBeginsEmptyAndMakesNoFile) { expect_a_full_trial_changes_nothing(0); }

TEST_F(StoreTrial, OnAStoreAtRestChangesNothing) {
  add_deals(*open(), 7);
  expect_a_full_trial_changes_nothing(7);
}

TEST_F(StoreTrial, OnAStoreLeftByAKilledProcessSeesWhatWasCommittedAndChangesNothing) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto store = open();
    add_deals(*store, 7);
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  ASSERT_TRUE(picture_of(folder_.path()).count("north.db-wal"));
  expect_a_full_trial_changes_nothing(7);
}

TEST_F(StoreTrial, OnAStoreThatIsHeldChangesNothing) {
  auto holder = open();
  add_deals(*holder, 7);
  expect_a_full_trial_changes_nothing(7);
  add_deals(*holder, 1);
  EXPECT_EQ(value_of(holder->deals({})).size(), 8U);
}

// A process of its own that writes a bounded amount and dies with the test, whatever ends the test.
class Writer {
 public:
  explicit Writer(const std::function<void()>& work) : process_(::fork()) {
    if (process_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit largest_file{64U << 20, 64U << 20};
    ::setrlimit(RLIMIT_FSIZE, &largest_file);
    work();
    ::_exit(0);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    if (!ended_) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
    }
  }
  // Whether it is still at work; its exit code is kept otherwise.
  bool works() {
    if (!ended_) ended_ = ::waitpid(process_, &status_, WNOHANG) == process_;
    return !ended_;
  }
  bool failed() const { return ended_ && status_ != 0; }

 private:
  pid_t process_;
  bool ended_ = false;
  int status_ = 0;
};

TEST_F(StoreTrial, SeesAWholeStateWhileAnotherProcessWrites) {
  // The writer keeps two figures and the history in step, and lets the log start over again and again. What it writes
  // replaces what was there, so that the store stays small however fast the disk is.
  constexpr int kRounds = 3'000;
  {
    auto store = open();
    add_deals(*store, 100);
  }
  Writer writer([&] {
    auto store = open();
    for (int n = 1; n <= kRounds; ++n) {
      auto done = store->transaction([&]() -> Result<void> {
        if (auto set = store->set_property("left", std::to_string(n)); !set) return set;
        DealRow row;
        row.id = DealId(1 + n % 100);
        row.message = std::string(20'000, static_cast<char>('a' + n % 26));
        if (auto updated = store->update_deal(row); !updated) return updated;
        if (auto added = store->journal({}); !added) return added;
        return store->set_property("right", std::to_string(n));
      });
      if (!done) ::_exit(9);
      if (n % 20 == 0) {
        SQLite::Database db(path_, SQLite::OPEN_READWRITE);
        db.exec("PRAGMA wal_checkpoint(RESTART)");
      }
    }
  });
  int seen = 0;
  std::set<std::string> states;
  while (seen < 40 && writer.works()) {
    auto trial = try_open(Mode::scratch);
    if (!trial) {
      // Only "too quick to copy" is an honest answer.
      ASSERT_EQ(trial.error().kind, ErrorClass::store_busy) << trial.error().message << trial.error().detail;
      continue;
    }
    ++seen;
    const std::string left = value_of((*trial)->property("left"));
    EXPECT_EQ(left, value_of((*trial)->property("right")));
    EXPECT_EQ(std::to_string(value_of((*trial)->verify_journal())), left.empty() ? "0" : left);
    states.insert(left);
  }
  EXPECT_FALSE(writer.failed());
  EXPECT_GT(states.size(), 1U) << "no two moments were seen";
}

}  // namespace
}  // namespace cosell::store
