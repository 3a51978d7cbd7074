// Dates, instants, durations and the real clock.
#include "base/time.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>

namespace cosell {
namespace {

TEST(Date, IsReadStrictly) {
  EXPECT_EQ(parse_date("2026-11-30"), (Date{2026, 11, 30}));
  EXPECT_EQ(parse_date("2024-02-29"), (Date{2024, 2, 29}));
  for (const char* text :
       {"", "2026-02-30", "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "0000-01-01",
        "2026-1-1", "26-01-01", "2026/01/01", "2026-01-01T", " 2026-01-01", "2026-01-0x"}) {
    EXPECT_FALSE(parse_date(text)) << text;
  }
}

TEST(Date, CountsDaysOverCenturies) {
  EXPECT_EQ(days_between({1970, 1, 1}, {2000, 3, 1}), 11017);
  EXPECT_EQ(add_days({2024, 2, 28}, 2), (Date{2024, 3, 1}));
  EXPECT_EQ(add_days({1970, 1, 1}, -1), (Date{1969, 12, 31}));
  // Every day from 1890 to 2110, there and back and in order.
  Date d{1890, 1, 1};
  for (std::int64_t n = 0; n < 80'000; ++n) {
    const Date next = add_days(d, 1);
    ASSERT_LT(d, next);
    ASSERT_EQ(days_between({1890, 1, 1}, d), n);
    ASSERT_EQ(parse_date(to_string(d)), d);
    ASSERT_EQ(date_of(start_of(d)), d);
    d = next;
  }
}

TEST(Instant, IsReadInTheFormsOfTheThreeSystems) {
  const Instant expected{1'795'232'467'250};
  for (const char* text : {"2026-11-21T03:41:07.250Z", "2026-11-21T03:41:07.250+0000", "2026-11-21T03:41:07.25+00:00",
                           "2026-11-21T03:41:07.2509999Z", "2026-11-21T05:11:07.250+01:30",
                           "2026-11-20T22:41:07.250-05:00", "2026-11-21t03:41:07.250999999z"}) {
    EXPECT_EQ(parse_instant(text), expected) << text;
  }
  EXPECT_EQ(parse_instant("2026-11-21T03:41:07Z"), (Instant{1'795'232'467'000}));
  EXPECT_EQ(parse_instant("0001-01-01T00:00:00Z"), (Instant{-62'135'596'800'000}));
}

TEST(Instant, RefusesTextsWithoutOffsetAndNonsense) {  // F-55
  for (const char* text :
       {"", "2026-11-21", "2026-11-21T03:41:07", "2026-11-21T03:41:07.250", "2026-11-21T24:00:00Z",
        "2026-11-21T03:60:00Z", "2026-11-21T03:41:61Z", "2026-02-30T00:00:00Z", "2026-11-21T03:41:07.Z",
        "2026-11-21T03:41:07.1234567890Z", "2026-11-21T03:41:07Zx", "2026-11-21T03:41:07+1", "2026-11-21 03:41:07Z",
        "2026-11-21T03:41:07+24:00", "2026-11-21T03:41:07 UTC"}) {
    EXPECT_FALSE(parse_instant(text)) << text;
  }
}

TEST(Instant, TakesALeapSecondAsTheNextSecond) {  // F-55
  EXPECT_EQ(parse_instant("2016-12-31T23:59:60Z"), parse_instant("2017-01-01T00:00:00Z"));
}

TEST(Instant, IsOfAYearThatCanBeWrittenAndReadAgain) {  // F-55
  // .NET's first and last moments, shown in somebody's zone.
  for (const char* text : {"9999-12-31T23:59:59.999-08:00", "9999-12-31T23:59:60Z", "0001-01-01T00:00:00+01:00"}) {
    EXPECT_FALSE(parse_instant(text)) << text;
  }
  for (const char* text : {"9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59+08:00"}) {
    const auto at = parse_instant(text);
    ASSERT_TRUE(at) << text;
    EXPECT_EQ(parse_instant(to_string(*at)), at) << text;
  }
}

TEST(Instant, IsWrittenInThreeForms) {
  const Instant t{1'795'232'467'259};
  EXPECT_EQ(to_string(t), "2026-11-21T03:41:07.259Z");
  EXPECT_EQ(to_string_seconds(t), "2026-11-21T03:41:07Z");
  EXPECT_EQ(to_string_minutes(t), "2026-11-21 03:41");
  EXPECT_EQ(to_string(Instant{-1}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(parse_instant(to_string(t)), t);
}

TEST(Instant, IsWrittenAsPrintfWouldAlsoFarAway) {
  for (const Date d : {Date{7, 1, 2}, Date{987, 12, 31}, Date{12'345, 10, 9}, Date{-5, 3, 4}, Date{0, 1, 1}}) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02d-%02d", d.year, d.month, d.day);
    EXPECT_EQ(to_string(d), text.data());
    EXPECT_EQ(to_string(Instant{start_of(d).ms + 3'723'004}), std::string(text.data()) + "T01:02:03.004Z");
    EXPECT_EQ(to_string_seconds(Instant{start_of(d).ms + 3'723'004}), std::string(text.data()) + "T01:02:03Z");
    EXPECT_EQ(to_string_minutes(Instant{start_of(d).ms + 3'723'004}), std::string(text.data()) + " 01:02");
  }
}

TEST(Duration, IsReadWithItsUnit) {
  EXPECT_EQ(parse_duration("90s"), seconds(90));
  EXPECT_EQ(parse_duration("10m"), minutes(10));
  EXPECT_EQ(parse_duration("2h"), hours(2));
  EXPECT_EQ(parse_duration("3d"), days(3));
  EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
  EXPECT_EQ(parse_duration("0s"), seconds(0));
  EXPECT_EQ(parse_duration("36525d"), days(36'525));
  for (const char* text :
       {"", "5", "s", "-5s", "1.5h", "5 s", "5w", "5S", "99999999999999999999s", "9223372036854775807d",
        // A moment that far away cannot be written, and added to one of today it would lie in the past.
        "36526d", "106751991167d", "9223372036854775807ms"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, IsWrittenInItsShortestExactForm) {
  EXPECT_EQ(to_string(seconds(90)), "90s");
  EXPECT_EQ(to_string(minutes(10)), "10m");
  EXPECT_EQ(to_string(hours(48)), "2d");
  EXPECT_EQ(to_string(milliseconds(1500)), "1500ms");
  EXPECT_EQ(to_string(Duration{0}), "0s");
}

TEST(Duration, IsToldToPeopleInWholeWords) {
  EXPECT_EQ(in_words(hours(72)), "72 hours");
  EXPECT_EQ(in_words(hours(96)), "96 hours");
  EXPECT_EQ(in_words(hours(1)), "1 hour");
  EXPECT_EQ(in_words(days(5)), "5 days");
  EXPECT_EQ(in_words(days(60)), "60 days");
  EXPECT_EQ(in_words(minutes(90)), "90 minutes");
  EXPECT_EQ(in_words(seconds(90)), "90s");
}

// A stop request is for the whole process and for good, so it is tried in a child.
int in_child(bool (*check)()) {
  const pid_t child = fork();
  if (child == 0) _exit(check() ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(SystemClock, SleepsAndSaysThatNothingInterruptedIt) {
  SystemClock clock;
  EXPECT_TRUE(clock.sleep_for(milliseconds(5)));
  EXPECT_TRUE(clock.sleep_for(milliseconds(0)));
  EXPECT_TRUE(clock.sleep_for(milliseconds(-5)));
  EXPECT_FALSE(SystemClock::interrupted());
}

TEST(SystemClock, EndsASleepWhenASignalHandlerAsks) {
  EXPECT_EQ(in_child([] {
              std::signal(SIGALRM, [](int) { SystemClock::interrupt(); });
              alarm(1);
              SystemClock clock;
              return !clock.sleep_for(hours(5)) && SystemClock::interrupted();
            }),
            0);
}

TEST(SystemClock, EndsASleepThatIsUnderWayInAnotherThread) {
  EXPECT_EQ(in_child([] {
              bool whole = true;
              std::thread sleeper([&whole] { whole = SystemClock().sleep_for(hours(5)); });
              SystemClock().sleep_for(milliseconds(30));
              SystemClock::interrupt();
              sleeper.join();
              return !whole;
            }),
            0);
}

TEST(SystemClock, EndsEveryLaterSleepAtOnce) {
  EXPECT_EQ(in_child([] {
              SystemClock::interrupt();
              SystemClock clock;
              return !clock.sleep_for(hours(5)) && !clock.sleep_for(hours(5));
            }),
            0);
}

TEST(SystemClock, SleepsOnAfterAnUnrelatedSignal) {
  EXPECT_EQ(in_child([] {
              std::signal(SIGALRM, [](int) {});
              ualarm(10'000, 0);
              return SystemClock().sleep_for(milliseconds(60));
            }),
            0);
}

TEST(ManualClock, MovesOnlyByBeingToldAndBySleeping) {
  ManualClock clock({100});
  EXPECT_TRUE(clock.sleep_for(hours(1)));
  clock.advance(milliseconds(5));
  EXPECT_EQ(clock.now(), (Instant{3'600'105}));
}

}  // namespace
}  // namespace cosell
