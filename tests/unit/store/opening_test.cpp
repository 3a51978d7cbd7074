// Opening a store: what is made, what is refused untouched, who is kept out, and what a killed process leaves behind.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/file_lock.h"
#include "store/schema.h"
#include "store/store_file.h"
#include "store_testing.h"

namespace cosell::store {
namespace {

using testing::bytes_of_file;
using testing::expect_ok;
using testing::full_deal;
using testing::kStart;
using testing::picture_of;
using testing::value_of;
using testing::write_file;
using Mode = OpenOptions::Mode;

// Runs `work` in a process of its own that ends without any goodbye. Returns how it ended.
int run_in_child(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

// Lets this process open no more files than it has open now, and `more`.
class FewHandles {
 public:
  explicit FewHandles(int more) {
    ::getrlimit(RLIMIT_NOFILE, &usual_);
    const int next = ::dup(STDERR_FILENO);
    ::close(next);
    rlimit few = usual_;
    few.rlim_cur = static_cast<rlim_t>(next + more);
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  FewHandles(const FewHandles&) = delete;
  FewHandles& operator=(const FewHandles&) = delete;
  ~FewHandles() { ::setrlimit(RLIMIT_NOFILE, &usual_); }

 private:
  rlimit usual_{};
};

class StoreOpening : public testing::StoreTest {
 protected:
  // A store with `deals` deals, images and journal lines, closed properly.
  void fill(int deals) {
    auto store = open();
    expect_ok(store->transaction([&]() -> Result<void> {
      for (int i = 0; i < deals; ++i) {
        DealRow row;
        row.title = "Deal " + std::to_string(i);
        row.crm.record_id = "006" + std::to_string(i);
        row.message = std::string(300, 'm');
        row.crm.image = value_of(store->put_image({{"Name", row.title}}));
        row.id = value_of(store->add_deal(row));
        JournalEntry entry;
        entry.deal = row.id;
        entry.summary = "seen";
        entry.payload = "{\"n\":" + std::to_string(i) + "}";
        expect_ok(store->journal(entry));
      }
      return {};
    }));
  }

  // Leaves a store as a process killed by SIGKILL leaves it: committed work only in the log.
  void fill_and_kill(int deals) {
    const int status = run_in_child([&] {
      auto store = open();
      for (int i = 0; i < deals; ++i) {
        DealRow row;
        row.title = "Deal " + std::to_string(i);
        if (!store->add_deal(row)) ::_exit(9);
      }
      ::kill(::getpid(), SIGKILL);
    });
    ASSERT_TRUE(WIFSIGNALED(status));
  }

  void expect_refused_untouched(Mode mode, ErrorClass kind, const std::string& words) {
    const auto before = picture_of(folder_.path());
    const auto refused = try_open(mode);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, kind) << refused.error().message;
    EXPECT_NE(refused.error().message.find(words), std::string::npos) << refused.error().message;
    EXPECT_NE(refused.error().message.find(path_), std::string::npos) << refused.error().message;
    auto after = picture_of(folder_.path());
    // The lock file is no part of the store.
    after.erase("north.db.lock");
    auto expected = before;
    expected.erase("north.db.lock");
    EXPECT_EQ(after.size(), expected.size());
    for (const auto& [name, bytes] : expected) EXPECT_TRUE(after[name] == bytes) << name << " was changed";
  }
  void expect_refused_untouched_in_every_mode(const std::string& words) {
    for (const Mode mode : {Mode::exclusive, Mode::shared, Mode::scratch}) {
      expect_refused_untouched(mode, ErrorClass::store_damaged, words);
    }
  }
  // Damage in the second half of the file: rows, nothing that opening alone would see.
  void damage_the_data() {
    std::string bytes = bytes_of_file(path_);
    for (std::size_t page = bytes.size() / 4096 / 2; page < bytes.size() / 4096; ++page) {
      for (std::size_t i = 0; i < 64; ++i) bytes[page * 4096 + i] = static_cast<char>(0xA5);
    }
    write_file(path_, bytes);
  }
  // What `work` returns in a process that may read the folder and everything in it but write nothing: of another user,
  // or, where this process cannot change its user, of the same one without the right to write.
  int as_somebody_else(const std::function<int()>& work, bool may_read_store = true) const {
    constexpr uid_t nobody = 65534;
    const bool other_user = ::geteuid() == 0;
    const auto allow = [&](mode_t of_files, mode_t of_folder) {
      for (const auto& file : std::filesystem::directory_iterator(folder_.path())) {
        if (file.path().extension() != ".lock") ::chmod(file.path().c_str(), of_files);
      }
      ::chmod(folder_.path().c_str(), of_folder);
    };
    const mode_t readable = other_user ? 0644 : 0444;
    const mode_t closed = other_user ? 0600 : 0;
    allow(may_read_store ? readable : closed, other_user ? 0755 : 0555);
    const int status = run_in_child([&] {
      if (other_user && ::setuid(nobody) != 0) ::_exit(99);
      ::_exit(work());
    });
    allow(0644, 0755);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  // The number of deals that a look shows; 100 when it shows none, with the reason on the screen.
  int look() {
    auto store = try_open(Mode::shared);
    if (store) return static_cast<int>(count_deals(**store));
    std::cerr << store.error().message << " / " << store.error().detail << std::endl;
    return 100;
  }
  std::size_t count_deals(Store& store) {
    DealFilter filter;
    filter.limit = 1'000'000;
    return value_of(store.deals(filter)).size();
  }
};

TEST_F(StoreOpening, MakesAPrivateFileThatSaysWhoseItIs) {
  open();
  struct stat facts {};
  for (const char* name : {"north.db", "north.db.lock"}) {
    ASSERT_EQ(::stat((folder_ / name).c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600) << name;
  }
  EXPECT_EQ(picture_of(folder_.path()).size(), 2U);
  EXPECT_EQ(raw_text("PRAGMA application_id"), std::to_string(kApplicationId));
  EXPECT_EQ(raw_text("PRAGMA user_version"), std::to_string(newest_version()));
  EXPECT_EQ(raw_text("PRAGMA journal_mode"), "wal");
}

TEST_F(StoreOpening, KeepsTheLogPrivateToo) {
  auto store = open();
  expect_ok(store->set_property("a", "1"));
  for (const char* name : {"north.db-wal", "north.db-shm"}) {
    struct stat facts {};
    ASSERT_EQ(::stat((folder_ / name).c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600) << name;
  }
}

TEST_F(StoreOpening, OfAMissingFileNeedsLeaveToMakeOne) {
  OpenOptions options;
  options.pair = "north";
  options.create = false;
  const auto refused = open_sqlite_store(path_, options, clock_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorClass::not_found);
  const auto shared = try_open(Mode::shared);
  ASSERT_FALSE(shared.has_value());
  EXPECT_EQ(shared.error().kind, ErrorClass::not_found);
  EXPECT_TRUE(picture_of(folder_.path()).empty());
}

TEST_F(StoreOpening, InAMissingFolderIsAnErrorInWords) {
  path_ = folder_ / "nowhere/north.db";
  const auto refused = try_open();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorClass::config);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "nowhere"));
}

TEST_F(StoreOpening, ClearsAwayAnUnfinishedStore) {
  write_file(path_ + ".new", "half a store");
  write_file(path_ + ".new-journal", "half a journal");
  open();
  EXPECT_EQ(picture_of(folder_.path()).size(), 2U);
}

TEST_F(StoreOpening, RefusesAFileThatIsNoDatabase) {
  write_file(path_, "A letter to my bank, which is longer than the header of a database file would be, by far.......");
  expect_refused_untouched_in_every_mode("no SQLite file");
  write_file(path_, "short");
  expect_refused_untouched_in_every_mode("no SQLite file");
  write_file(path_, "");
  expect_refused_untouched_in_every_mode("is empty");
}

TEST_F(StoreOpening, RefusesAFolder) {
  std::filesystem::create_directory(path_);
  const auto refused = try_open();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorClass::store_damaged);
  std::filesystem::remove(path_);
}

TEST_F(StoreOpening, RefusesTheDatabaseOfAnotherProgram) {
  {
    SQLite::Database db(path_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec("PRAGMA user_version = 1; CREATE TABLE places (name TEXT)");
  }
  expect_refused_untouched_in_every_mode("another program");
}

TEST_F(StoreOpening, RefusesAStoreOfANewerVersion) {  // I-30, F-64
  fill(3);
  raw("PRAGMA journal_mode = DELETE; PRAGMA user_version = 999");
  expect_refused_untouched_in_every_mode("newer cosell");
}

TEST_F(StoreOpening, RefusesANewerVersionThatIsOnlyInTheLog) {
  fill(3);
  const int status = run_in_child([&] {
    SQLite::Database db(path_, SQLite::OPEN_READWRITE);
    db.exec("PRAGMA user_version = 999");
    ::kill(::getpid(), SIGKILL);
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  const std::string log = bytes_of_file(path_ + "-wal");
  const std::string file = bytes_of_file(path_);
  ASSERT_FALSE(log.empty());
  for (const Mode mode : {Mode::exclusive, Mode::shared, Mode::scratch}) {
    const auto refused = try_open(mode);
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().message.find("newer cosell"), std::string::npos) << refused.error().message;
    EXPECT_TRUE(bytes_of_file(path_ + "-wal") == log);
    EXPECT_TRUE(bytes_of_file(path_) == file);
  }
}

TEST_F(StoreOpening, RefusesTheStoreOfAnotherPair) {
  fill(3);
  for (const Mode mode : {Mode::exclusive, Mode::shared, Mode::scratch}) {
    const auto before = picture_of(folder_.path());
    const auto refused = try_open(mode, "south");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorClass::store_damaged);
    EXPECT_NE(refused.error().message.find("\"north\", not to \"south\""), std::string::npos)
        << refused.error().message;
    EXPECT_TRUE(bytes_of_file(path_) == before.at("north.db"));
    EXPECT_EQ(picture_of(folder_.path()).size(), before.size());
  }
  EXPECT_EQ(count_deals(*open()), 3U);
}

TEST_F(StoreOpening, RefusesAFileThatWasCutOff) {  // F-62
  fill(200);
  const std::string whole = bytes_of_file(path_);
  for (const std::size_t size : {std::size_t{50}, std::size_t{4096}, whole.size() / 2, whole.size() - 1}) {
    write_file(path_, whole.substr(0, size));
    expect_refused_untouched_in_every_mode("cut off");
  }
  write_file(path_, whole);
  EXPECT_EQ(count_deals(*open()), 200U);
}

TEST_F(StoreOpening, RefusesALogWithoutItsStore) {  // F-62
  fill_and_kill(3);
  std::filesystem::remove(path_);
  expect_refused_untouched(Mode::exclusive, ErrorClass::store_damaged, "missing");
  expect_refused_untouched(Mode::scratch, ErrorClass::store_damaged, "missing");
}

TEST_F(StoreOpening, RefusesAFileWithoutItsFirstTables) {
  fill(50);
  std::string bytes = bytes_of_file(path_);
  for (std::size_t i = 100; i < 4096; ++i) bytes[i] = static_cast<char>(i * 7);
  write_file(path_, bytes);
  for (const Mode mode : {Mode::exclusive, Mode::shared, Mode::scratch}) {
    const auto refused = try_open(mode);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorClass::store_damaged) << refused.error().message;
    EXPECT_TRUE(bytes_of_file(path_) == bytes);
  }
}

TEST_F(StoreOpening, F65_WithTooFewHandlesSaysSoAndLosesNothing) {  // I-28
  fill(20);
  int refused = 0;
  for (const Mode mode : {Mode::exclusive, Mode::shared, Mode::scratch}) {
    for (int handles = 0; handles < 20; ++handles) {
      const auto opened = [&] {
        const FewHandles few(handles);
        return try_open(mode);
      }();
      if (opened) break;
      ++refused;
      EXPECT_EQ(opened.error().kind, ErrorClass::config) << opened.error().message;
      EXPECT_NE(opened.error().message.find("ulimit -n"), std::string::npos) << opened.error().message;
    }
  }
  EXPECT_GT(refused, 6);
  EXPECT_EQ(count_deals(*open()), 20U);
}

// Somebody else than the owner, as the file's mode lets the group or everybody read.
TEST_F(StoreOpening, ByWhoMayOnlyReadShowsWhatIsThere) {
  fill(20);
  EXPECT_EQ(as_somebody_else([&] { return look(); }), 20) << "at rest";
  auto holder = open();
  value_of(holder->add_deal(DealRow{}));
  EXPECT_EQ(as_somebody_else([&] { return look(); }), 21) << "while another process works on it";
  holder.reset();
  fill_and_kill(4);
  EXPECT_EQ(as_somebody_else([&] { return look(); }), 25) << "left by a killed process";
}

TEST_F(StoreOpening, ByWhoMayOnlyReadTakesNoWriteAndSaysSo) {
  fill(3);
  const auto told = [&] {
    auto store = try_open(Mode::shared);
    if (!store) return 1;
    const auto written = (*store)->add_to_inbox("replay", "{}", kStart);
    if (written) return 2;
    return written.error().kind == ErrorClass::config && written.error().rule == "permission" ? 0 : 3;
  };
  EXPECT_EQ(as_somebody_else(told), 0);
  EXPECT_TRUE(value_of(open()->open_inbox()).empty());
}

// A copy of a large store takes long, and may not fit.
TEST_F(StoreOpening, ByWhoMayOnlyReadNeedsNoCopyWhileItsOwnerHasItOpen) {
  fill(20);
  const auto holder = open();
  value_of(holder->add_deal(DealRow{}));
  const auto look_without_a_copy = [&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit nothing{0, 0};
    ::setrlimit(RLIMIT_FSIZE, &nothing);
    return look();
  };
  EXPECT_EQ(as_somebody_else(look_without_a_copy), 21);
}

TEST_F(StoreOpening, ByWhoMayOnlyReadShowsOneMomentAfterTheOtherWhileItsOwnerWrites) {
  constexpr int kRounds = 2'000;
  fill(1);
  const pid_t writer = ::fork();
  if (writer == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    auto store = open();
    ImageId image;
    for (int n = 1; n <= kRounds; ++n) {
      auto done = store->transaction([&]() -> Result<void> {
        auto shown = store->put_image({{"Name", std::string(5'000, 'n') + std::to_string(n)}}, image);
        if (!shown) return shown.error();
        image = *shown;
        if (auto set = store->set_property("left", std::to_string(n)); !set) return set;
        JournalEntry entry;
        entry.deal = DealId(1);
        if (auto told = store->journal(entry); !told) return told;
        return store->set_property("right", std::to_string(n));
      });
      if (!done) ::_exit(9);
      if (n % 50 != 0) continue;
      SQLite::Database db(path_, SQLite::OPEN_READWRITE);
      db.exec("PRAGMA wal_checkpoint(RESTART)");
    }
    ::_exit(0);
  }
  const auto looks = [&] {
    for (int i = 0; i < 10; ++i) {
      OpenOptions options;
      options.pair = "north";
      const auto verified = verify_sqlite_store(path_, options, clock_);
      if (!verified && verified.error().kind != ErrorClass::store_busy) {
        std::cerr << verified.error().message << " / " << verified.error().detail << std::endl;
        return 1;
      }
      auto store = try_open(Mode::shared);
      if (!store && store.error().kind == ErrorClass::store_busy) continue;
      if (!store) return 2;
      if (!(*store)->verify_journal()) return 3;
    }
    return 0;
  };
  ::usleep(100'000);
  EXPECT_EQ(as_somebody_else(looks), 0);
  int status = 0;
  EXPECT_EQ(::waitpid(writer, &status, WNOHANG), 0) << "it was looked at too late";
  ::waitpid(writer, &status, 0);
  EXPECT_EQ(status, 0);
}

// A person puts a backup in its place and forgets to stop the service.
TEST_F(StoreOpening, ByAnotherFileInItsPlaceEndsTheWorkAndLeavesThatFileAlone) {
  fill(3);
  const std::string backup = folder_ / "backup.db";
  OpenOptions options;
  options.pair = "north";
  expect_ok(back_up_sqlite_store(path_, backup, options, clock_));
  auto service = open();
  expect_ok(service->set_property("written", "before"));
  std::filesystem::create_directory(folder_ / "away");
  for (const char* file : {"north.db", "north.db-wal", "north.db-shm"}) {
    std::filesystem::rename(folder_ / file, folder_ / (std::string("away/") + file));
  }
  std::filesystem::rename(backup, path_);
  SQLite::Database other(path_, SQLite::OPEN_READWRITE);
  other.exec("INSERT INTO properties (name, value) VALUES ('only', 'in the log')");
  const auto refused = service->set_property("written", "after");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorClass::store_damaged);
  EXPECT_EQ(refused.error().rule, "moved");
  service.reset();
  EXPECT_NE(bytes_of_file(path_ + "-wal"), "") << "another process needs it";
  EXPECT_EQ(raw_text("SELECT group_concat(value) FROM properties WHERE name IN ('only', 'written')"), "in the log");
}

// A sync that ends writes its log back into the file, which grows under the eyes of who looks.
TEST_F(StoreOpening, IsNoDamageWhileOthersComeAndGo) {
  constexpr int kSyncs = 300;
  fill(1);
  const pid_t syncs = ::fork();
  if (syncs == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int n = 0; n < kSyncs; ++n) {
      auto store = try_open();
      if (!store) ::_exit(9);
      if (!(*store)->put_image({{"Name", std::string(9'000, 'n') + std::to_string(n)}})) ::_exit(8);
    }
    ::_exit(0);
  }
  int status = 0;
  int looks = 0;
  for (; ::waitpid(syncs, &status, WNOHANG) == 0; ++looks) {
    const auto store = inspect(path_, newest_version());
    ASSERT_TRUE(store.has_value()) << store.error().message << " at look " << looks;
  }
  EXPECT_EQ(status, 0);
  EXPECT_GT(looks, kSyncs);
}

TEST_F(StoreOpening, ByWhoMayNotEvenReadNamesTheFile) {
  fill(3);
  const auto told = [&] {
    const auto store = try_open(Mode::shared);
    if (store) return 1;
    return store.error().message.find(path_ + " cannot be opened: Permission denied") == 0 ? 0 : 2;
  };
  EXPECT_EQ(as_somebody_else(told, false), 0);
}

TEST_F(StoreOpening, LooksThroughTheFileAfterAnUncleanStop) {  // F-62
  fill(400);
  damage_the_data();
  expect_ok(try_open(Mode::shared));
  EXPECT_FALSE(verify_sqlite_store(path_, {}, clock_).has_value());
  raw("INSERT OR REPLACE INTO properties VALUES ('store:open', 'killed')");
  expect_refused_untouched(Mode::exclusive, ErrorClass::store_damaged, "is damaged");
  expect_refused_untouched(Mode::scratch, ErrorClass::store_damaged, "is damaged");
  expect_refused_untouched(Mode::shared, ErrorClass::store_damaged, "is damaged");
}

// As after a crash, when a person puts a backup in its place and forgets the files beside it.
TEST_F(StoreOpening, ThatIsDamagedBesideALogTellsWhatABackupInItsPlaceNeeds) {  // F-62
  fill(400);
  fill_and_kill(5);
  damage_the_data();
  const std::string damaged = bytes_of_file(path_);
  for (const Mode mode : {Mode::shared, Mode::scratch, Mode::exclusive}) {
    const auto refused = try_open(mode);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().rule, "damaged");
    EXPECT_NE(refused.error().message.find(path_ + "-wal and " + path_ + "-shm"), std::string::npos)
        << refused.error().message;
    EXPECT_TRUE(bytes_of_file(path_) == damaged) << "the file was changed";
  }
}

TEST_F(StoreOpening, SpeaksOfDamageWhenItMeetsIt) {
  fill(400);
  damage_the_data();
  {
    auto store = open();
    DealFilter filter;
    filter.limit = 1000;
    const auto rows = store->deals(filter);
    ASSERT_FALSE(rows.has_value());
    EXPECT_EQ(rows.error().kind, ErrorClass::store_damaged);
  }
  // What was met is remembered: the next opening looks through the file.
  const auto refused = try_open();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().rule, "damaged");
}

class StoreLock : public StoreOpening {};

TEST_F(StoreLock, KeepsASecondProcessOutAndNamesTheFirst) {
  auto store = open();
  const std::string holder = std::to_string(::getpid());
  const int status = run_in_child([&] {
    const auto second = try_open();
    const bool refused = !second && second.error().kind == ErrorClass::store_busy &&
                         second.error().message.find("process " + holder + ",") != std::string::npos;
    ::_exit(refused ? 7 : 8);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(bytes_of_file(path_ + ".lock"), holder + " 2026-11-18T11:06:40Z\n");
}

TEST_F(StoreLock, HoldsUnderEveryNameOfTheFile) {
  auto store = open();
  std::filesystem::create_symlink(path_, folder_ / "alias.db");
  path_ = folder_ / "alias.db";
  const auto second = try_open();
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, ErrorClass::store_busy);
}

TEST_F(StoreLock, IsGivenBackOnClosing) {
  open();
  open();
  EXPECT_EQ(count_deals(*open()), 0U);
}

TEST_F(StoreLock, LetsVisitorsAndTrialsIn) {
  fill(5);
  auto store = open();
  EXPECT_EQ(count_deals(*open(Mode::shared)), 5U);
  EXPECT_EQ(count_deals(*open(Mode::scratch)), 5U);
}

// Who works on a store is told to everybody who may read it.
TEST_F(StoreLock, IsToldToWhoMayOnlyRead) {
  fill(1);
  ::chmod(path_.c_str(), 0644);
  const auto holder = open();
  EXPECT_EQ(as_somebody_else([&] { return FileLock::holder(path_) ? 0 : 1; }), 0);
}

class KilledProcess : public StoreOpening {};

TEST_F(KilledProcess, LeavesALogThatALookDoesNotTouch) {
  fill_and_kill(5);
  const std::string file = bytes_of_file(path_);
  const std::string log = bytes_of_file(path_ + "-wal");
  ASSERT_NE(log, "");
  EXPECT_EQ(count_deals(*open(Mode::shared)), 5U);
  EXPECT_TRUE(bytes_of_file(path_) == file);
  EXPECT_TRUE(bytes_of_file(path_ + "-wal") == log);
}

TEST_F(KilledProcess, LeavesExactlyWhatItHadCommitted) {  // I-28
  fill(10);
  const int status = run_in_child([&] {
    auto store = open();
    if (!store->set_property("committed", "1")) ::_exit(9);
    auto never = store->transaction([&]() -> Result<void> {
      for (int i = 0; i < 500; ++i) {
        DealRow row;
        row.title = "uncommitted";
        if (!store->add_deal(row)) ::_exit(9);
      }
      ::kill(::getpid(), SIGKILL);
      return {};
    });
    ::_exit(never ? 1 : 2);
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_NE(bytes_of_file(path_ + "-wal"), "");
  auto store = open();
  EXPECT_EQ(count_deals(*store), 10U);
  EXPECT_EQ(value_of(store->property("committed")), "1");
  EXPECT_EQ(value_of(store->verify_journal()), 10);
  store.reset();
  expect_ok(verify_sqlite_store(path_, {}, clock_));
}

TEST_F(KilledProcess, LeavesAMarkThatAProperCloseTakesAway) {
  fill_and_kill(3);
  EXPECT_EQ(raw_text("SELECT count(*) FROM properties WHERE name = 'store:open'"), "1");
  open();
  EXPECT_EQ(raw_text("SELECT count(*) FROM properties WHERE name = 'store:open'"), "0");
}

}  // namespace
}  // namespace cosell::store
