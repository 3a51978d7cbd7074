// A side is asked no more than the configuration allows.
#include "net/allowance.h"

#include <gtest/gtest.h>

#include "net/in_process_transport.h"
#include "tests/unit/net/stopped_clock.h"

namespace cosell::net {
namespace {

std::vector<Exchange> some(std::size_t n) {
  std::vector<Exchange> all(n);
  for (std::size_t i = 0; i < n; ++i) all[i].request = {"GET", "https://a.example/" + std::to_string(i), {}, ""};
  return all;
}

struct AllowedLane {
  ManualClock clock{Instant{0}};
  std::vector<Instant> seen_at;
  InProcessTransport wire{[this](const http::Request& r) {
    seen_at.push_back(clock.now());
    return Delivered{Delivered::Kind::response, {200, {}, r.url}};
  }};
  AllowanceTransport transport{wire, clock};
};

TEST(Allowance, WithoutOneEverythingPassesAtOnce) {
  AllowedLane bench;
  const auto replies = bench.transport.exchange(some(50), 4);
  EXPECT_EQ(bench.seen_at.size(), 50U);
  EXPECT_EQ(bench.clock.now(), Instant{0});
  EXPECT_EQ(replies.back().response->body, "/49");
}

TEST(Allowance, OfAMinuteIsSpreadOverIt) {
  AllowedLane bench;
  bench.transport.allow("Salesforce", 60, std::nullopt);
  for (const Reply& reply : bench.transport.exchange(some(30), 1)) EXPECT_TRUE(reply.response);
  for (const Reply& reply : bench.transport.exchange(some(31), 1)) EXPECT_TRUE(reply.response);
  ASSERT_EQ(bench.seen_at.size(), 61U);
  EXPECT_EQ(bench.seen_at.back(), Instant{60'000});
  for (std::size_t i = 1; i < bench.seen_at.size(); ++i) EXPECT_EQ(bench.seen_at[i] - bench.seen_at[i - 1], seconds(1));
}

// As the real one: a request takes its time, and is given up when nobody has looked after it for a minute.
class SlowTransport final : public Transport {
 public:
  explicit SlowTransport(ManualClock& clock) : clock_(clock) {}
  void stream(const Next& next, const Done& done, const Limit& limit) override {
    std::size_t started = 0;
    std::vector<std::pair<std::size_t, Instant>> under_way;
    for (;;) {
      while (under_way.size() < static_cast<std::size_t>(std::max(1, limit()))) {
        if (!next()) break;
        started_at.push_back(clock_.now());
        under_way.emplace_back(started++, clock_.now());
      }
      if (under_way.empty()) return;
      const bool lost = clock_.now() - under_way.front().second >= minutes(1);
      clock_.advance(seconds(2));
      const std::size_t index = under_way.front().first;
      under_way.erase(under_way.begin());
      done(index,
           lost ? Reply{make_error(ErrorClass::unknown, "given up"), true} : Reply{http::Response{200, {}, ""}, true});
    }
  }
  std::vector<Instant> started_at;

 private:
  ManualClock& clock_;
};

TEST(Allowance, NoRequestUnderWayIsLeftAloneWhileTheNextOneWaits) {
  ManualClock clock{Instant{0}};
  SlowTransport slow(clock);
  AllowanceTransport transport(slow, clock);
  transport.allow("Partner Center", 1, std::nullopt);
  for (const Reply& reply : transport.exchange(some(3), 4)) EXPECT_TRUE(reply.response);
  EXPECT_EQ(slow.started_at, (std::vector<Instant>{Instant{0}, Instant{60'000}, Instant{120'000}}));
  // Short waits change nothing: as many are under way as may be.
  transport.allow("Partner Center", 600, std::nullopt);
  clock.advance(minutes(1));
  slow.started_at.clear();
  const Instant began = clock.now();
  transport.exchange(some(4), 4);
  EXPECT_EQ(slow.started_at.back() - began, Duration{300});
}

TEST(Allowance, OfADayEndsInARefusalThatNeverLeavesTheMachine) {
  AllowedLane bench;
  const Instant more_at{86'400'000};
  bench.transport.allow("Salesforce", std::nullopt, DayLeft{3, more_at});
  const auto replies = bench.transport.exchange(some(5), 2);
  EXPECT_EQ(bench.seen_at.size(), 3U);
  for (const std::size_t i : {0U, 1U, 2U}) EXPECT_EQ(replies[i].response->body, "/" + std::to_string(i));
  for (const std::size_t i : {3U, 4U}) {
    ASSERT_FALSE(replies[i].response);
    EXPECT_FALSE(replies[i].sent);
    EXPECT_EQ(replies[i].response.error().kind, ErrorClass::throttled);
    EXPECT_EQ(replies[i].response.error().not_before, more_at);
  }
  bench.transport.allow("Salesforce", std::nullopt, DayLeft{1, more_at});
  EXPECT_TRUE(bench.transport.exchange(some(1), 1).front().response);
}

// The side grants 1,000 calls to all its clients and counts each request.
struct GrantingBench : AllowedLane {
  CallMeter meter;
  std::int64_t used = 0;

  void ask(std::size_t times, std::vector<Reply>& replies) {
    for (const Exchange& exchange : some(times)) {
      replies.push_back(transport.exchange(exchange));
      if (replies.back().response) meter.tell_granted("crm", {++used, 1000});
    }
  }
};

TEST(Allowance, LeavesTheLastGrantedCallsToOthers) {
  GrantingBench bench;
  bench.used = 945;
  bench.transport.allow("Salesforce", std::nullopt, std::nullopt);
  bench.transport.keep_back(bench.meter, "crm", 5);
  std::vector<Reply> replies;
  bench.ask(10, replies);
  EXPECT_EQ(bench.used, 950);
  EXPECT_TRUE(replies[4].response);
  for (const std::size_t i : {5U, 9U}) {
    ASSERT_FALSE(replies[i].response);
    EXPECT_FALSE(replies[i].sent);
    const Error& error = replies[i].response.error();
    EXPECT_EQ(error.kind, ErrorClass::throttled);
    EXPECT_EQ(error.not_before, Instant{0} + hours(1));
    EXPECT_NE(error.message.find("950 of the 1000"), std::string::npos) << error.message;
    EXPECT_NE(error.message.find("last 5 %"), std::string::npos) << error.message;
  }
}

TEST(Allowance, AsksOnceInEachSyncHowManyGrantedCallsAreLeft) {
  GrantingBench bench;
  bench.transport.keep_back(bench.meter, "crm", 5);
  std::vector<Reply> replies;
  bench.used = 980;
  bench.ask(3, replies);
  EXPECT_EQ(bench.used, 981);
  bench.meter.reset();
  bench.used = 100;  // a day later
  bench.ask(3, replies);
  EXPECT_EQ(bench.used, 103);
}

TEST(Allowance, WithoutAReserveTheSystemItselfRefuses) {
  GrantingBench bench;
  bench.transport.keep_back(bench.meter, "crm", 0);
  bench.used = 999;
  std::vector<Reply> replies;
  bench.ask(3, replies);
  EXPECT_EQ(bench.seen_at.size(), 3U);
}

TEST(Allowance, OfFewGrantedCallsOneIsLeft) {
  EXPECT_EQ(reserve_of(10, 5), 1);
  EXPECT_EQ(reserve_of(15'000, 5), 750);
  EXPECT_EQ(reserve_of(15'000, 0), 0);
}

// Time passes while it waits, and then somebody presses Ctrl-C.
TEST(Allowance, AWaitThatIsInterruptedSendsNothingMore) {
  StoppedClock clock;
  int calls = 0;
  InProcessTransport wire([&](const http::Request&) {
    ++calls;
    return Delivered{Delivered::Kind::response, {200, {}, ""}};
  });
  AllowanceTransport transport(wire, clock);
  transport.allow("Salesforce", 1, std::nullopt);
  const auto replies = transport.exchange(some(3), 1);
  EXPECT_EQ(calls, 1);
  ASSERT_FALSE(replies[1].response);
  EXPECT_EQ(replies[1].response.error().kind, ErrorClass::cancelled);
  EXPECT_FALSE(replies[2].sent);
}

}  // namespace
}  // namespace cosell::net
