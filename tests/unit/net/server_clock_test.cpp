// How far this machine's clock is from a side's, by the side's own answers.
#include "net/server_clock.h"

#include <gtest/gtest.h>

#include "net/in_process_transport.h"

namespace cosell::net {
namespace {

// 2026-11-21 03:00:00 UTC is what this machine believes.
struct ClockedServer {
  // An answer with this `Date`.
  void answer(const std::string& date) {
    date_ = date;
    Exchange one;
    one.request = {"GET", "https://a.example/", {}, ""};
    EXPECT_EQ(transport.exchange(one).response.has_value(), date != "none");
  }

  ManualClock clock{*parse_instant("2026-11-21T03:00:00Z")};
  InProcessTransport wire{[this](const http::Request&) {
    if (date_ == "none") return Delivered{Delivered::Kind::unreachable, {}};
    http::Response response{200, {}, "as it was"};
    if (!date_.empty()) response.headers.set("Date", date_);
    return Delivered{Delivered::Kind::response, response};
  }};
  ServerClockTransport transport{wire, clock};
  std::string date_;
};

TEST(ServerClock, IsUnknownUntilAnAnswerTellsTheTime) {
  ClockedServer bench;
  EXPECT_FALSE(bench.transport.ahead());
  for (const char* date : {"none", "", "yesterday"}) {
    bench.answer(date);
    EXPECT_FALSE(bench.transport.ahead()) << date;
  }
}

TEST(ServerClock, TellsHowFarOursIsAheadOrBehind) {
  ClockedServer ahead;
  ahead.answer("Sat, 21 Nov 2026 02:40:00 GMT");
  EXPECT_EQ(ahead.transport.ahead(), minutes(20));
  ClockedServer behind;
  behind.answer("Sat, 21 Nov 2026 03:20:00 GMT");
  EXPECT_EQ(behind.transport.ahead(), minutes(-20));
}

TEST(ServerClock, GoesByTheAnswerThatCameNearest) {
  ClockedServer bench;
  bench.answer("Sat, 21 Nov 2026 02:57:00 GMT");  // three minutes under way
  bench.answer("Sat, 21 Nov 2026 02:59:58 GMT");
  bench.answer("Sat, 21 Nov 2026 02:58:00 GMT");
  EXPECT_EQ(bench.transport.ahead(), seconds(2));
}

}  // namespace
}  // namespace cosell::net
