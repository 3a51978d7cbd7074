// Following a sandbox's clock.
#include "cli/sandbox_clock.h"

#include <gtest/gtest.h>

#include "net/in_process_transport.h"

namespace cosell::cli {
namespace {

const char* kUrl = "http://127.0.0.1:1/_sandbox/clock";

struct Followed {
  net::Delivered answer() {
    ++asked;
    if (asked > 3) offset = later;
    net::Delivered d;
    if (!alive) return {net::Delivered::Kind::unreachable, {}};
    d.response.status = 200;
    d.response.body = "{\"offset_ms\":" + std::to_string(offset.ms) + "}";
    return d;
  }

  ManualClock real{Instant{1'000'000}};
  Duration offset = hours(2);
  Duration later = hours(2);
  bool alive = true;
  int asked = 0;
  net::InProcessTransport transport{[this](const http::Request&) { return answer(); }};
};

TEST(FollowedClock, IsAheadByWhatTheSandboxSays) {
  Followed f;
  FollowedClock clock(f.real, f.transport, kUrl);
  EXPECT_EQ(clock.now(), f.real.now() + hours(2));
}

TEST(FollowedClock, AnAdvancedSandboxWakesASleeper) {
  Followed f;
  f.later = hours(5);
  FollowedClock clock(f.real, f.transport, kUrl);
  const Instant begun = f.real.now();
  EXPECT_TRUE(clock.sleep_for(hours(1)));
  EXPECT_LE(f.real.now() - begun, seconds(10));
  EXPECT_EQ(clock.now(), f.real.now() + hours(5));
}

TEST(FollowedClock, IsFollowedOverManyShortSleepsAsWell) {
  Followed f;
  f.later = hours(5);
  FollowedClock clock(f.real, f.transport, kUrl);
  for (int sleep = 0; sleep < 20; ++sleep) EXPECT_TRUE(clock.sleep_for(milliseconds(200)));
  EXPECT_EQ(clock.now(), f.real.now() + hours(5));
  EXPECT_LE(f.asked, 6) << "about once a second";
}

TEST(FollowedClock, KeepsTheLastOffsetWhenTheSandboxIsGone) {
  Followed f;
  FollowedClock clock(f.real, f.transport, kUrl);
  f.alive = false;
  clock.ask();
  EXPECT_EQ(clock.now(), f.real.now() + hours(2));
}

}  // namespace
}  // namespace cosell::cli
