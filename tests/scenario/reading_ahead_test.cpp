// While a page is stored, the next one is asked for: what comes of the first when the second does not come, or when the
// bridge is stopped between them. Each also with the next page on a thread of its own.
#include <atomic>
#include <chrono>
#include <thread>

#include "faults.h"

namespace cosell::test {
namespace {

struct Reading {
  const char* crm;
  bool in_background;

  std::string name() const { return std::string(crm) + (in_background ? "_in_background" : ""); }
};

void PrintTo(const Reading& reading, std::ostream* out) { *out << reading.name(); }

constexpr std::size_t deals_in_all = 7;
constexpr std::size_t page_size = 3;

bool asks_for_next_page(Side side, const http::Request& r) {
  const auto has = [&](const char* part) { return r.url.find(part) != std::string::npos; };
  return side == Side::crm && r.method == "GET" &&
         (has("/query/") || has("/queryAll/") || (has("/opportunities?") && has("skiptoken")));
}

class ReadingAhead : public testing::TestWithParam<Reading> {
 protected:
  ReadingAhead() : world_({.crm = GetParam().crm}) {
    for (std::size_t i = 0; i < deals_in_all; ++i) {
      world_.new_opportunity(usual_opportunity("Deal " + std::to_string(i)));
    }
    world_.control(Side::crm, "POST", "settings", {{"page_size", page_size}});
    world_.pair().flies_in_background = GetParam().in_background;
  }

  // Reads and writes nothing: the emulated systems belong to one thread at a time.
  CycleReport read() {
    CycleOptions options;
    options.plan_only = true;
    return world_.sync(options);
  }

  void expect_the_rest_is_read() {
    world_.pair().stop_requested = [] { return false; };
    world_.wire = nullptr;
    const auto report = read();
    EXPECT_FALSE(report.stopped) << report.stopped->message;
    EXPECT_EQ(world_.deals().size(), deals_in_all);
    EXPECT_GE(report.observed.at(Side::crm).seen, static_cast<std::int64_t>(deals_in_all - page_size));
  }

  World world_;
};
INSTANTIATE_TEST_SUITE_P(Crm, ReadingAhead,
                         testing::Values(Reading{"salesforce", false}, Reading{"salesforce", true},
                                         Reading{"dynamics365", false}, Reading{"dynamics365", true}),
                         [](const auto& test) { return test.param.name(); });

TEST_P(ReadingAhead, APageThatDoesNotComeTakesNothingFromTheOneBeforeIt) {  // I-06
  int failed = 0;
  world_.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    auto answer = go(r);
    if (!asks_for_next_page(side, r)) return answer;
    ++failed;
    answer.response.body = "<html>";
    return answer;
  };
  const auto report = read();
  EXPECT_GE(failed, 1);
  ASSERT_TRUE(report.stopped);
  EXPECT_EQ(report.side_down, Side::crm);
  EXPECT_EQ(world_.deals().size(), page_size);
  expect_the_rest_is_read();
}

TEST_P(ReadingAhead, AStopBetweenTwoPagesKeepsTheFirstAndGoesOnBehindIt) {  // I-06
  int pages = 0;
  std::uint64_t requests = 0;
  world_.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (side == Side::crm) ++requests;
    if (!asks_for_next_page(side, r)) return go(r);
    ++pages;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // by then the cycle is at its end
    return go(r);
  };
  world_.pair().stop_requested = [this] { return !world_.deals().empty(); };
  const auto report = read();
  ASSERT_TRUE(report.stopped);
  EXPECT_EQ(report.stopped->kind, ErrorClass::cancelled);
  EXPECT_FALSE(report.side_down);
  EXPECT_EQ(world_.deals().size(), page_size) << "a page that came and is not wanted any more changes nothing";
  EXPECT_LE(pages, GetParam().in_background ? 1 : 0);
  EXPECT_EQ(report.calls.at(Side::crm).total() + report.calls.at(Side::crm).logins, requests) << "all are counted";
  expect_the_rest_is_read();
}

// But not to its end: what waits to be stored takes memory.
TEST_P(ReadingAhead, PartnerCenterIsReadWhileTheCrmIsSlow) {
  constexpr int sent = 1500;
  constexpr int requests_for_all = sent / 100;
  constexpr int requests_ahead = 10;
  world_.inbound({{"count", sent}, {"customers", 10}});
  std::atomic<int> requests = 0;
  int meanwhile = 0;
  world_.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (side == Side::partner_center && r.url.find("referrals?") != std::string::npos) ++requests;
    if (asks_for_next_page(side, r) && meanwhile == 0) {
      const auto begun = std::chrono::steady_clock::now();
      while (GetParam().in_background && requests < requests_ahead &&
             std::chrono::steady_clock::now() - begun < std::chrono::seconds(20)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      meanwhile = requests;
    }
    return go(r);
  };
  EXPECT_FALSE(read().stopped);
  if (GetParam().in_background) {
    EXPECT_GE(meanwhile, requests_ahead);
    EXPECT_LT(meanwhile, requests_for_all);
  } else {
    EXPECT_LE(meanwhile, 1) << "nothing but who owns the referrals";
  }
  store::DealFilter all;
  all.limit = sent * 2;
  EXPECT_EQ(world_.store().deals(all)->size(), deals_in_all + sent);
}

// The process is asked to stop while it waits.
class StoppingClock final : public Clock {
 public:
  explicit StoppingClock(Clock& clock) : clock_(clock) {}
  Instant now() override { return clock_.now(); }
  bool sleep_for(Duration) override { return false; }

 private:
  Clock& clock_;
};

TEST_P(ReadingAhead, AStopWhileASideIsSlowIsNoIncidentOfThatSide) {
  StoppingClock stopping(world_.clock());
  world_.pair().clock = &stopping;
  world_.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    auto answer = go(r);
    if (asks_for_next_page(side, r)) answer.response.status = 503;  // tried again after a moment
    return answer;
  };
  const auto report = read();
  ASSERT_TRUE(report.stopped);
  EXPECT_EQ(report.stopped->kind, ErrorClass::cancelled);
  EXPECT_FALSE(report.side_down);
  EXPECT_EQ(*world_.store().property("incident.crm"), "");
  EXPECT_EQ(world_.deals().size(), page_size);

  world_.pair().clock = &world_.clock();
  EXPECT_EQ(read().side_down, Side::crm);
  const std::string incident = *world_.store().property("incident.crm");
  EXPECT_NE(incident, "");
  world_.pair().clock = &stopping;
  EXPECT_FALSE(read().side_down);
  EXPECT_EQ(*world_.store().property("incident.crm"), incident) << "nor is it over";
  world_.pair().clock = &world_.clock();
  expect_the_rest_is_read();
}

}  // namespace
}  // namespace cosell::test
