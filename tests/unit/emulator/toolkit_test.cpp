// The helpers that emulator cores share.
#include "connectors/emulator/toolkit.h"

#include <gtest/gtest.h>

#include <set>

namespace cosell::emulator {
namespace {

TEST(EmulatorTimes, KeepSevenDigitsBothWays) {
  const std::string text = "2026-02-02T09:15:42.4579542Z";
  const std::optional<std::int64_t> ticks = parse_ticks(text);
  ASSERT_TRUE(ticks.has_value());
  EXPECT_EQ(ticks_to_string(*ticks), text);
  EXPECT_EQ(ticks_to_string(parse_ticks("2026-02-02T09:15:42Z").value()), "2026-02-02T09:15:42.0000000Z");
  EXPECT_EQ(ticks_to_string(parse_ticks("2026-02-02T09:15:42.45795Z").value()), "2026-02-02T09:15:42.4579500Z");
  EXPECT_EQ(ticks_to_string(parse_ticks("2026-02-02T09:15:42.123456789+00:00").value()),
            "2026-02-02T09:15:42.1234567Z");
  EXPECT_FALSE(parse_ticks("2026-02-02").has_value());
}

TEST(EmulatorTimes, StampsRiseWhileTheClockStandsStill) {
  Stamps stamps;
  SeededRandom random(1);
  std::int64_t last = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::int64_t stamp = stamps.next(Instant{1'000}, random);
    ASSERT_GT(stamp, last);
    last = stamp;
  }
}

TEST(EmulatorTargets, AreTakenApartAndDecodedOnce) {
  const Target target = target_of("/v1.0/a%20b/c%2Fd?$filter=status%20eq%20'New'&$top=10&x=a%2Bb+c");
  EXPECT_EQ(target.segments, (std::vector<std::string>{"v1.0", "a b", "c/d"}));
  EXPECT_EQ(target.value("$filter"), "status eq 'New'");
  EXPECT_EQ(target.value("x"), "a+b c");
  EXPECT_FALSE(target.value("y").has_value());
}

TEST(EmulatorTargets, TemplatesMatchOneSegmentPerBrace) {
  EXPECT_TRUE(fits_template("/items/7/", "/items/{id}"));
  EXPECT_FALSE(fits_template("/items/7/8", "/items/{id}"));
  EXPECT_FALSE(fits_template("/other/7", "/items/{id}"));
  EXPECT_EQ(guess_template("/services/data/v59.0/sobjects/Account/001000000000001AAA"),
            "/services/data/{v}/sobjects/Account/{id}");
  EXPECT_EQ(guess_template("/v1.0/engagements/referrals/c5fbb3b6-0000-4000-8000-4324c73fed37"),
            "/v1.0/engagements/referrals/{id}");
}

TEST(EmulatorAddress, IsTheOneThatTheCallerUsed) {
  http::Request request;
  EXPECT_EQ(address_called(request), "http://localhost");
  request.headers.set("Host", "127.0.0.1:8080");
  EXPECT_EQ(address_called(request), "http://127.0.0.1:8080");
  request.headers.set("X-Forwarded-Proto", "https");
  EXPECT_EQ(address_called(request), "https://127.0.0.1:8080");
}

TEST(EmulatorJson, RefusesHostileNestingAndKeepsBracketsInTexts) {
  EXPECT_FALSE(read_json(std::string(100'000, '[')).has_value());
  EXPECT_FALSE(read_json("{\"a\":").has_value());
  EXPECT_TRUE(read_json("\"" + std::string(1'000, '[') + "\\\"[\"").has_value());
}

TEST(EmulatorSwitches, AcceptOnlyTheirTypeAndRange) {
  Switches switches;
  switches.add("shown", "Whether it shows.", true);
  switches.add("form", "Its form.", "full", {"full", "brief"});
  switches.add_number("page_size", "Rows.", 100, 1, 1000);
  EXPECT_EQ(switches.set("page_size", 5), "");
  EXPECT_EQ(switches.number("page_size"), 5);
  EXPECT_NE(switches.set("page_size", 0), "");
  EXPECT_NE(switches.set("page_size", 2.5), "");
  EXPECT_NE(switches.set("shown", "yes"), "");
  EXPECT_NE(switches.set("form", "long"), "");
  EXPECT_NE(switches.set("page_sise", 5).find("page_size"), std::string::npos);
  EXPECT_EQ(switches.number("page_size"), 5);

  Switches other;
  other.add("shown", "Whether it shows.", true);
  other.load(Json{{"shown", false}, {"gone", 1}});
  EXPECT_FALSE(other.on("shown"));
}

TEST(EmulatorPaging, TokensExpireAndTheOldestAreForgotten) {
  PageTokens tokens(2);
  SeededRandom random(7);
  const std::string first = tokens.issue(Json{{"page", 1}}, Instant{0}, random);
  const std::string second = tokens.issue(Json{{"page", 2}}, Instant{0}, random);
  EXPECT_EQ(tokens.redeem(first, Instant{0}, seconds(60)), (Json{{"page", 1}}));
  EXPECT_FALSE(tokens.redeem(first, Instant{61'000}, seconds(60)).has_value());
  EXPECT_TRUE(tokens.redeem(first, Instant{61'000}, Duration{}).has_value());
  tokens.issue(Json{{"page", 3}}, Instant{0}, random);
  EXPECT_FALSE(tokens.redeem(first, Instant{0}, Duration{}).has_value());
  EXPECT_TRUE(tokens.redeem(second, Instant{0}, Duration{}).has_value());
}

}  // namespace
}  // namespace cosell::emulator
