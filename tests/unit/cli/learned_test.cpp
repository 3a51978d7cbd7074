// What a pilot learnt is kept beside the store, stands under what a person set, and is never guessed at.
#include "cli/learned.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace cosell::cli {
namespace {

using ::testing::HasSubstr;

class Learned : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "cosell-learned-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string store() const { return folder_ + "/state/contoso.db"; }

  static json::Value part(const std::string& text) { return json::read(text).value_or(json::Value()); }

  static PilotReport report() {
    PilotReport r;
    r.record = "4111fffc-0000-4000-8000-569135228642";
    r.answers = {{"Which form?", "names", "stage_form", json::Value::string("name")},
                 {"May the name be changed?", "yes", "patch_name", json::Value::boolean(true)},
                 {"Status of a create", "201", "", {}}};
    return r;
  }

  std::string folder_;
};

TEST_F(Learned, WithoutAFileThePartStaysAsItIs) {
  const auto out = with_learned(part(R"({"login":{}})"), store());
  ASSERT_TRUE(out);
  EXPECT_EQ(json::write(*out), R"({"login":{}})");
}

TEST_F(Learned, SettingsAreUsedUnlessAPersonSetThem) {
  ASSERT_TRUE(keep_learned(store(), report(), "2026-11-25T20:00:00Z"));
  const auto out = with_learned(part(R"({"settings":{"stage_form":"percent"}})"), store());
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->find("settings")->text_of("stage_form"), "percent");
  ASSERT_NE(out->find("settings")->find("patch_name"), nullptr);
  EXPECT_TRUE(out->find("settings")->find("patch_name")->as_bool());
  EXPECT_EQ(out->find("settings")->members().size(), 2u);
}

TEST_F(Learned, TheFileIsForItsOwnerAndStandsBesideTheStore) {
  ASSERT_TRUE(keep_learned(store(), report(), "2026-11-25T20:00:00Z"));
  EXPECT_EQ(learned_file(store()), folder_ + "/state/contoso.partner-center.json");
  struct stat facts {};
  ASSERT_EQ(::stat(learned_file(store()).c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST_F(Learned, ADamagedFileIsNamedAndNothingIsGuessed) {
  ASSERT_TRUE(keep_learned(store(), report(), "2026-11-25T20:00:00Z"));
  for (const char* text : {"", "{", "[]", R"({"settings":5})"}) {
    std::ofstream(learned_file(store()), std::ios::trunc) << text;
    const auto out = with_learned(part("{}"), store());
    ASSERT_FALSE(out) << text;
    EXPECT_EQ(out.error().kind, ErrorClass::config);
    EXPECT_THAT(out.error().message, HasSubstr("contoso.partner-center.json is damaged"));
  }
}

TEST_F(Learned, AFolderThatCannotBeWrittenIsAnError) {
  std::ofstream(folder_ + "/state") << "a file";
  EXPECT_FALSE(keep_learned(store(), report(), "2026-11-25T20:00:00Z"));
}

}  // namespace
}  // namespace cosell::cli
