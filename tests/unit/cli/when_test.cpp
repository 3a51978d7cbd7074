// Times as people write them.
#include "cli/when.h"

#include <gtest/gtest.h>

namespace cosell::cli {
namespace {

// A Wednesday.
const Instant wednesday = *parse_instant("2026-11-25T14:00:00Z");

std::string read(const std::string& written) {
  const auto at = parse_when(written, wednesday);
  return at ? to_string_seconds(*at) : "";
}

TEST(When, IsHowLongAgo) {
  EXPECT_EQ(read("2h"), "2026-11-25T12:00:00Z");
  EXPECT_EQ(read("3d"), "2026-11-22T14:00:00Z");
}

TEST(When, IsTheLastTimeThatItWasThatLate) {
  EXPECT_EQ(read("02:00"), "2026-11-25T02:00:00Z");
  EXPECT_EQ(read("15:30"), "2026-11-24T15:30:00Z");
}

TEST(When, IsTheLastSuchDayOfTheWeek) {
  EXPECT_EQ(read("Sat 02:00"), "2026-11-21T02:00:00Z");
  EXPECT_EQ(read("saturday"), "2026-11-21T00:00:00Z");
  EXPECT_EQ(read("Wed 13:00"), "2026-11-25T13:00:00Z");
  EXPECT_EQ(read("Wed 15:00"), "2026-11-18T15:00:00Z") << "today it was not that late yet";
}

TEST(When, IsADayOrATime) {
  EXPECT_EQ(read("yesterday 14:30"), "2026-11-24T14:30:00Z");
  EXPECT_EQ(read("today"), "2026-11-25T00:00:00Z");
  EXPECT_EQ(read("2026-11-20"), "2026-11-20T00:00:00Z");
  EXPECT_EQ(read("2026-11-20 14:30"), "2026-11-20T14:30:00Z");
  EXPECT_EQ(read("2026-11-20T14:30:00Z"), "2026-11-20T14:30:00Z");
  EXPECT_EQ(read("2026-11-20T14:30"), "2026-11-20T14:30:00Z");
}

TEST(When, IsNothingElse) {
  for (const char* wrong : {"", "soon", "25:00", "Sa 02:00", "2026-02-30", "Sat 2", "-2h", "12:60"}) {
    EXPECT_EQ(read(wrong), "") << wrong;
  }
  const auto refused = when_of("--since", "soon", wednesday);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorClass::config);
}

}  // namespace
}  // namespace cosell::cli
