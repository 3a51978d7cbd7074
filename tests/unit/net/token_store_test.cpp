// Saved logins: encrypted, replaced as a whole, and never a crash over what stands in the file.
#include "net/token_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace cosell::net {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TokenStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "cosell-tokens-XXXXXX";
    directory_ = mkdtemp(name.data());
    path_ = directory_ + "/sub/tokens";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  Result<TokenStore> open(const std::string& key = "0123456789abcdef0123") {
    return TokenStore::open(path_, Secret(key), random_);
  }
  std::string bytes() const {
    std::ostringstream out;
    out << std::ifstream(path_, std::ios::binary).rdbuf();
    return out.str();
  }
  void overwrite(const std::string& content) { std::ofstream(path_, std::ios::binary) << content; }

  SystemRandom random_;
  std::string directory_;
  std::string path_;
  const StoredToken token_{"access-1", Instant{1'795'000'000'000}, "refresh-1", "https://i.example",
                           "who",      Instant{1'795'000'100'000}};
};

TEST_F(TokenStoreTest, GivesBackMoreThanIsReadAtOnce) {
  StoredToken large = token_;
  large.access_token = std::string(100'000, 'x') + "end";
  ASSERT_TRUE(open()->put("salesforce", large));
  EXPECT_EQ(**open()->get("salesforce"), large);
}

TEST_F(TokenStoreTest, GivesBackWhatWasSavedAlsoToTheNextProcess) {
  auto store = open();
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(*store->get("salesforce"), std::nullopt);
  ASSERT_TRUE(store->put("salesforce", token_));
  StoredToken other;
  other.refresh_token = "refresh-2";
  ASSERT_TRUE(store->put("partner-center", other));
  auto again = open();
  ASSERT_TRUE(again);
  EXPECT_EQ(**again->get("salesforce"), token_);
  EXPECT_EQ(**again->get("partner-center"), other);
  ASSERT_TRUE(again->remove("salesforce"));
  EXPECT_EQ(*store->get("salesforce"), std::nullopt);
  EXPECT_EQ(**store->get("partner-center"), other);
}

TEST_F(TokenStoreTest, LeavesNoTokenReadableAndNoFileToOthers) {
  auto store = open();
  ASSERT_TRUE(store->put("salesforce", token_));
  EXPECT_THAT(bytes(), Not(HasSubstr("access-1")));
  EXPECT_THAT(bytes(), Not(HasSubstr("salesforce")));
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(stat((directory_ + "/sub").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(TokenStoreTest, NeverWritesTheSameBytesTwice) {
  auto store = open();
  ASSERT_TRUE(store->put("a", token_));
  const std::string first = bytes();
  ASSERT_TRUE(store->put("a", token_));
  EXPECT_NE(bytes(), first);
}

TEST_F(TokenStoreTest, SaysThatTheKeyIsAnotherOne) {
  ASSERT_TRUE(open()->put("a", token_));
  const std::string before = bytes();
  const auto store = open("another key of enough length");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, ErrorClass::config);
  EXPECT_THAT(store.error().message, HasSubstr("another key"));
  EXPECT_EQ(bytes(), before);
}

TEST_F(TokenStoreTest, RefusesAKeyThatIsTooShort) {
  const auto store = open("short");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, ErrorClass::config);
  EXPECT_THAT(store.error().message, HasSubstr("openssl rand"));
}

TEST_F(TokenStoreTest, SurvivesDamageAtEveryByte) {
  ASSERT_TRUE(open()->put("a", token_));
  const std::string good = bytes();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    overwrite(bad);
    const auto store = open();
    ASSERT_FALSE(store) << "byte " << i;
    ASSERT_EQ(store.error().kind, ErrorClass::config);
  }
}

TEST_F(TokenStoreTest, SurvivesTruncationAtEveryLength) {
  ASSERT_TRUE(open()->put("a", token_));
  const std::string good = bytes();
  for (std::size_t size = 0; size < good.size(); ++size) {
    overwrite(good.substr(0, size));
    ASSERT_FALSE(open()) << size << " bytes";
  }
}

TEST_F(TokenStoreTest, RefusesAForeignFileAndDoesNotOverwriteIt) {
  auto store = open();
  overwrite("precious");
  const auto put = store->put("a", token_);
  ASSERT_FALSE(put);
  EXPECT_THAT(put.error().message, HasSubstr("another kind of file"));
  EXPECT_EQ(bytes(), "precious");
}

TEST_F(TokenStoreTest, LosesNothingWhenTwoWriteAtOnce) {
  auto first = open();
  auto second = open();
  const auto write = [this](TokenStore& store, const std::string& prefix) {
    for (int i = 0; i < 25; ++i) ASSERT_TRUE(store.put(prefix + std::to_string(i), token_));
  };
  SystemRandom other_random;
  auto third = TokenStore::open(path_, Secret("0123456789abcdef0123"), other_random);
  std::thread one([&] { write(*first, "a"); });
  std::thread two([&] { write(*third, "b"); });
  one.join();
  two.join();
  for (int i = 0; i < 25; ++i) {
    EXPECT_TRUE(*second->get("a" + std::to_string(i)));
    EXPECT_TRUE(*second->get("b" + std::to_string(i)));
  }
}

TEST_F(TokenStoreTest, SaysWhenTheDirectoryCannotBeMade) {
  std::ofstream(directory_ + "/file") << "x";
  path_ = directory_ + "/file/sub/tokens";
  const auto store = open();
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, ErrorClass::config);
}

// A command that root gives takes nothing away from the user whose service works with the same files.
class TokenStoreOfAnotherUser : public TokenStoreTest {
 protected:
  static constexpr uid_t service = 65534;

  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root gives files to others";
    TokenStoreTest::SetUp();
  }
  void TearDown() override {
    if (::geteuid() == 0) TokenStoreTest::TearDown();
  }
  static uid_t owner_of(const std::string& file) {
    struct stat info {};
    EXPECT_EQ(::lstat(file.c_str(), &info), 0) << file;
    return info.st_uid;
  }
  void renew_as_root() {
    auto store = open();
    ASSERT_TRUE(store) << store.error().message;
    ManualClock clock{Instant{1'795'000'000'000}};
    const auto turn = store->turn("salesforce", clock);
    ASSERT_TRUE(store->put("salesforce", token_));
  }
};

TEST_F(TokenStoreOfAnotherUser, StaysTheirs) {
  ASSERT_TRUE(open()->put("salesforce", token_));
  std::filesystem::remove(path_ + ".lock");
  ASSERT_EQ(::chown((directory_ + "/sub").c_str(), service, service), 0);
  ASSERT_EQ(::chown(path_.c_str(), service, service), 0);
  renew_as_root();
  for (const char* file : {"", ".lock", ".salesforce.lock"}) EXPECT_EQ(owner_of(path_ + file), service) << file;
}

TEST_F(TokenStoreOfAnotherUser, IsTheirsFromTheBeginning) {
  ASSERT_EQ(::chown(directory_.c_str(), service, service), 0);
  renew_as_root();
  for (const char* file : {"", ".lock", ".salesforce.lock"}) EXPECT_EQ(owner_of(path_ + file), service) << file;
  EXPECT_EQ(owner_of(directory_ + "/sub"), service);
}

TEST_F(TokenStoreOfAnotherUser, IsLedToNoFileOfRoot) {
  ASSERT_TRUE(open()->put("salesforce", token_));
  ASSERT_EQ(::chown((directory_ + "/sub").c_str(), service, service), 0);
  const auto of_root = [&](const char* file) { return directory_ + "/of-root" + file; };
  for (const char* file : {".new", ".lock", ".salesforce.lock"}) {
    std::ofstream(of_root(file)) << "precious";
    std::filesystem::remove(path_ + file);
    std::filesystem::create_symlink(of_root(file), path_ + file);
  }
  renew_as_root();
  for (const char* file : {".new", ".lock", ".salesforce.lock"}) {
    EXPECT_EQ(owner_of(of_root(file)), 0U) << file;
    EXPECT_EQ(std::filesystem::file_size(of_root(file)), 8U) << file;
  }
}

}  // namespace
}  // namespace cosell::net
