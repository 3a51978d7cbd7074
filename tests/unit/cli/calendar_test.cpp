// The calendar file of the deadlines: what a calendar program asks of it.
#include "cli/calendar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cosell::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const Instant now = *parse_instant("2026-11-26T09:22:14Z");

TEST(Calendar, TellsWhatIsDueWhenAndWhere) {
  const std::string file =
      calendar_file({{"8e8f@cosell-bridge", *parse_instant("2026-12-10T00:00:00Z"), "Cedar Rail: accept or decline",
                      "Move it on; or close it\nOwner: Ida Berg", "https://crm.example/006"}},
                    now);
  EXPECT_THAT(file, AllOf(HasSubstr("BEGIN:VCALENDAR\r\n"), HasSubstr("UID:8e8f@cosell-bridge\r\n"),
                          HasSubstr("DTSTAMP:20261126T092214Z\r\n"), HasSubstr("DTSTART:20261210T000000Z\r\n"),
                          HasSubstr("SUMMARY:Cedar Rail: accept or decline\r\n"),
                          HasSubstr("DESCRIPTION:Move it on\\; or close it\\nOwner: Ida Berg\r\n"),
                          HasSubstr("URL:https://crm.example/006\r\n")));
  EXPECT_THAT(calendar_file({{"a", now, "b", "c", ""}}, now), Not(HasSubstr("URL")));
}

TEST(Calendar, FoldsLongLinesBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "ö";
  const std::string file = calendar_file({{"a", now, text, "", ""}}, now);
  std::size_t at = 0;
  while (at < file.size()) {
    const std::size_t end = file.find("\r\n", at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 75U);
    EXPECT_NE(static_cast<unsigned char>(file[at]) & 0xC0U, 0x80U) << "a character is cut";
    at = end + 2;
  }
}

}  // namespace
}  // namespace cosell::cli
