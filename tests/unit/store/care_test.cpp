// Looking after a store: reading it through, and backing it up while it is in use.
#include <sys/stat.h>

#include "base/text.h"
#include "store_testing.h"

namespace cosell::store {
namespace {

using testing::expect_ok;
using testing::picture_of;
using testing::value_of;

class StoreCare : public testing::StoreTest {
 protected:
  void fill() {
    auto store = open();
    const ImageId image = value_of(store->put_image({{"Name", std::string("Contoso")}}));
    const DealId deal = value_of(store->add_deal(testing::full_deal(image)));
    expect_ok(store->add_operation(testing::full_operation("op", deal, RunId())));
    JournalEntry entry;
    entry.summary = "seen";
    expect_ok(store->journal(entry));
  }
  OpenOptions options(const std::string& pair = "north") {
    OpenOptions all;
    all.pair = pair;
    return all;
  }
};

TEST_F(StoreCare, CountsWhatItReadThrough) {
  fill();
  EXPECT_EQ(value_of(verify_sqlite_store(path_, options(), clock_)),
            "1 deals, 1 writes, 1 images and 2 history entries: no damage found.");
}

TEST_F(StoreCare, FindsAnImageThatWasChanged) {
  fill();
  raw("UPDATE images SET columns = '{\"Name\":\"Fabrikam\"}'");
  const auto verdict = verify_sqlite_store(path_, options(), clock_);
  ASSERT_FALSE(verdict.has_value());
  EXPECT_EQ(verdict.error().kind, ErrorClass::store_damaged);
  EXPECT_NE(verdict.error().detail.find("image 1"), std::string::npos) << verdict.error().detail;
}

TEST_F(StoreCare, FindsARowThatRefersToNothing) {
  fill();
  raw("PRAGMA foreign_keys = OFF; DELETE FROM images");
  const auto verdict = verify_sqlite_store(path_, options(), clock_);
  ASSERT_FALSE(verdict.has_value());
  EXPECT_NE(verdict.error().detail.find("deals"), std::string::npos) << verdict.error().detail;
}

TEST_F(StoreCare, FindsABrokenHistory) {
  fill();
  raw("UPDATE journal SET summary = 'never seen'");
  const auto verdict = verify_sqlite_store(path_, options(), clock_);
  ASSERT_FALSE(verdict.has_value());
  EXPECT_EQ(verdict.error().rule, "journal");
}

// A text that is not the one of its hash would stop every later sync under the true one.
TEST_F(StoreCare, FindsAMappingOrSettingsThatWereChanged) {
  fill();
  const auto kept = [](const std::string& text) { return text::sha256_hex(text); };
  value_of(open()->start_run("sync", testing::kStart, "mapping", kept("mapping"), "settings"));
  expect_ok(verify_sqlite_store(path_, options(), clock_));
  for (const char* which : {"mapping", "settings"}) {
    const std::string hash = kept(which);
    raw("UPDATE mapping_texts SET text = 'another' WHERE hash = '" + hash + "'");
    const auto verdict = verify_sqlite_store(path_, options(), clock_);
    ASSERT_FALSE(verdict.has_value()) << which;
    EXPECT_EQ(verdict.error().kind, ErrorClass::store_damaged);
    EXPECT_NE(verdict.error().detail.find(hash), std::string::npos) << verdict.error().detail;
    const auto refused = open()->start_run("sync", testing::kStart, "mapping", kept("mapping"), "settings");
    ASSERT_FALSE(refused.has_value()) << which;
    EXPECT_EQ(refused.error().kind, ErrorClass::store_damaged) << refused.error().message;
    raw("UPDATE mapping_texts SET text = '" + std::string(which) + "' WHERE hash = '" + hash + "'");
  }
}

TEST_F(StoreCare, TakesNoFileOfAPersonForItsOwnHalfDoneBackup) {
  fill();
  const std::string backup = folder_ / "backup.db";
  testing::write_file(backup + ".new", "precious");
  expect_ok(back_up_sqlite_store(path_, backup, options(), clock_));
  EXPECT_EQ(testing::bytes_of_file(backup + ".new"), "precious");
  EXPECT_EQ(picture_of(folder_.path()).size(), 4U) << "store, lock, backup and that file";
}

TEST_F(StoreCare, BacksUpAStoreThatIsInUse) {
  fill();
  auto holder = open();
  expect_ok(holder->set_property("latest", "1"));
  const std::string backup = folder_ / "backup.db";
  expect_ok(back_up_sqlite_store(path_, backup, options(), clock_));
  holder.reset();
  struct stat facts {};
  ASSERT_EQ(::stat(backup.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600);
  EXPECT_EQ(picture_of(folder_.path()).size(), 3U);
  expect_ok(verify_sqlite_store(backup, options(), clock_));
  auto restored = value_of(open_sqlite_store(backup, options(), clock_));
  EXPECT_EQ(value_of(restored->property("latest")), "1");
  EXPECT_TRUE(value_of(restored->deal_by_record(Side::crm, "006A")).has_value());
}

TEST_F(StoreCare, NeverReplacesAFileByABackup) {
  fill();
  const std::string backup = folder_ / "backup.db";
  testing::write_file(backup, "precious");
  const auto refused = back_up_sqlite_store(path_, backup, options(), clock_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorClass::config);
  EXPECT_EQ(testing::bytes_of_file(backup), "precious");
  EXPECT_EQ(picture_of(folder_.path()).size(), 3U);
}

TEST_F(StoreCare, RefusesTheStoreOfAnotherPairOrNone) {
  EXPECT_EQ(verify_sqlite_store(path_, options(), clock_).error().kind, ErrorClass::not_found);
  fill();
  EXPECT_EQ(verify_sqlite_store(path_, options("south"), clock_).error().kind, ErrorClass::store_damaged);
  const std::string backup = folder_ / "backup.db";
  EXPECT_FALSE(back_up_sqlite_store(path_, backup, options("south"), clock_).has_value());
  EXPECT_FALSE(std::filesystem::exists(backup));
}

}  // namespace
}  // namespace cosell::store
