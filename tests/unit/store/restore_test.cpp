// Putting a copy in the place of a store: it is read through first, and what stood there is kept.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_testing.h"

namespace cosell::store {
namespace {

using testing::bytes_of_file;
using testing::expect_ok;
using testing::picture_of;
using testing::value_of;

class StoreRestore : public testing::StoreTest {
 protected:
  void SetUp() override {
    add("In the copy");
    expect_ok(back_up_sqlite_store(path_, copy_, options(), clock_));
    add("Later");
  }

  static OpenOptions options(const std::string& pair = "north") {
    OpenOptions all;
    all.pair = pair;
    return all;
  }
  void add(const std::string& title) {
    auto store = open();
    DealRow row;
    row.title = title;
    expect_ok(store->add_deal(row));
  }
  // Committed work of a process that was killed is in the log alone.
  void add_and_be_killed(const std::string& title) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = open();
      DealRow row;
      row.title = title;
      if (!store->add_deal(row)) ::_exit(9);
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    ASSERT_GT(std::filesystem::file_size(path_ + "-wal"), 0U) << "the fault";
  }
  std::vector<std::string> titles_in(const std::string& file) {
    auto store = value_of(open_sqlite_store(file, options(), clock_));
    std::vector<std::string> titles;
    for (const DealRow& row : value_of(store->deals({}))) titles.push_back(row.title);
    return titles;
  }
  Result<Restored> restore(const std::string& from, const std::string& pair = "north") {
    return restore_sqlite_store(path_, from, options(pair), clock_);
  }
  void expect_refused_untouched(const std::string& from, ErrorClass kind, const std::string& words,
                                const std::string& pair = "north") {
    auto before = picture_of(folder_.path());
    const auto refused = restore(from, pair);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, kind) << refused.error().message;
    EXPECT_NE(refused.error().message.find(words), std::string::npos) << refused.error().message;
    EXPECT_EQ(refused.error().message.find(".restoring"), std::string::npos) << refused.error().message;
    if (kind == ErrorClass::store_damaged) {
      EXPECT_NE(refused.error().message.find("Nothing was changed. Name a whole copy of this pair's store."),
                std::string::npos)
          << refused.error().message;
      EXPECT_EQ(refused.error().message.find("configuration"), std::string::npos) << "nothing is wrong with it";
    }
    auto after = picture_of(folder_.path());
    for (auto* picture : {&before, &after}) picture->erase("north.db.lock");
    EXPECT_TRUE(after == before);
  }

  std::string copy_ = folder_ / "copy.db";
};

TEST_F(StoreRestore, PutsTheCopyInPlaceAndKeepsTheStoreOfBefore) {  // F-63
  const std::string copied = bytes_of_file(copy_);
  const auto restored = value_of(restore(copy_));
  EXPECT_EQ(restored.found, "1 deals, 0 writes, 0 images and 0 history entries: no damage found.");
  EXPECT_EQ(titles_in(path_), std::vector<std::string>{"In the copy"});
  EXPECT_EQ(titles_in(restored.kept_as), (std::vector<std::string>{"In the copy", "Later"}));
  EXPECT_TRUE(bytes_of_file(copy_) == copied) << "the copy was written";
  EXPECT_FALSE(std::filesystem::exists(path_ + ".restoring"));
}

TEST_F(StoreRestore, IsToldInTheHistoryWhichStaysWhole) {
  value_of(restore(copy_));
  auto store = open();
  EXPECT_EQ(value_of(store->verify_journal()), 1);
  const auto lines = value_of(store->journal_lines(RunId(), 0, 10));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].summary, "The store was put back from the copy " + copy_);
}

TEST_F(StoreRestore, TakesTheLogOfAKilledProcessAway) {  // F-62
  add_and_be_killed("In the log");
  const auto restored = value_of(restore(copy_));
  EXPECT_EQ(titles_in(path_), std::vector<std::string>{"In the copy"}) << "the log of before was read into the copy";
  EXPECT_EQ(titles_in(restored.kept_as), (std::vector<std::string>{"In the copy", "Later", "In the log"}));
}

TEST_F(StoreRestore, IsDoneAgainWhereItBrokeOff) {
  add_and_be_killed("In the log");
  std::filesystem::rename(path_, path_ + ".before-then");  // and the process died
  ASSERT_FALSE(try_open().has_value());
  value_of(restore(copy_));
  EXPECT_EQ(titles_in(path_), std::vector<std::string>{"In the copy"});
}

TEST_F(StoreRestore, MakesAStoreWhereNoneIsLeft) {
  std::filesystem::remove(path_);
  EXPECT_EQ(value_of(restore(copy_)).kept_as, "");
  EXPECT_EQ(titles_in(path_), std::vector<std::string>{"In the copy"});
}

TEST_F(StoreRestore, KeepsTheRightsThatTheStoreHad) {
  ::chmod(path_.c_str(), 0640);
  value_of(restore(copy_));
  struct stat facts {};
  ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0640);
}

// Who restores as root leaves nothing behind that the service of another user may not open.
TEST_F(StoreRestore, GivesTheStoreAndItsLockToTheirUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files to others";
  constexpr uid_t service = 65534;
  const std::string folder = folder_ / "kept";
  std::filesystem::create_directory(folder);
  ASSERT_EQ(::chown(folder.c_str(), service, service), 0);
  for (const char* store : {"/north.db", "/state/of/north.db"}) {
    path_ = folder + store;
    value_of(restore(copy_));
    EXPECT_EQ(titles_in(path_), std::vector<std::string>{"In the copy"});
  }
  for (const char* file : {"/north.db", "/north.db.lock", "/state", "/state/of", "/state/of/north.db.lock"}) {
    struct stat facts {};
    ASSERT_EQ(::stat((folder + file).c_str(), &facts), 0) << file;
    EXPECT_EQ(facts.st_uid, service) << file;
  }
}

TEST_F(StoreRestore, MakesTheFolderOfAStoreThatNoSyncMadeYet) {
  path_ = folder_ / "state/north.db";
  EXPECT_EQ(value_of(restore(copy_)).kept_as, "");
  EXPECT_EQ(titles_in(path_), std::vector<std::string>{"In the copy"});
}

TEST_F(StoreRestore, NamesTheFileThatWasKeptAlsoBehindALink) {
  const std::string disk = folder_ / "disk";
  std::filesystem::create_directory(disk);
  std::filesystem::rename(path_, disk + "/real.db");
  std::filesystem::create_symlink(disk + "/real.db", path_);
  const auto restored = value_of(restore(copy_));
  EXPECT_TRUE(std::filesystem::exists(restored.kept_as)) << restored.kept_as;
  EXPECT_EQ(titles_in(restored.kept_as), (std::vector<std::string>{"In the copy", "Later"}));
  EXPECT_EQ(titles_in(path_), std::vector<std::string>{"In the copy"});
}

TEST_F(StoreRestore, RefusesWhatIsNoWholeCopyOfThisPairsStore) {
  expect_refused_untouched(folder_ / "nothing.db", ErrorClass::config, "There is no file");
  expect_refused_untouched(path_, ErrorClass::config, "is the store itself");
  expect_refused_untouched(copy_, ErrorClass::store_damaged, copy_ + " belongs to the pair \"north\"", "south");
  const std::string text = folder_ / "notes.txt";
  testing::write_file(text, "notes");
  expect_refused_untouched(text, ErrorClass::store_damaged, text + " is not a store of cosell");
  SQLite::Database(copy_, SQLite::OPEN_READWRITE)
      .exec("UPDATE journal SET summary = 'x'; UPDATE deals SET crm_image = 9");
  expect_refused_untouched(copy_, ErrorClass::store_damaged, copy_ + " is damaged");
}

TEST_F(StoreRestore, WaitsForNobodyWhoWorksWithTheStore) {
  auto holder = open();
  const auto refused = restore(copy_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorClass::store_busy);
  expect_ok(holder->set_property("still", "there"));
}

}  // namespace
}  // namespace cosell::store
