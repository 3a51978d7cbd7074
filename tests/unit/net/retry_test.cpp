// Trying again: how long, how to wait, and whether it is safe.
#include "net/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "net/in_process_transport.h"
#include "tests/unit/net/stopped_clock.h"

namespace cosell::net {
namespace {

using ::testing::HasSubstr;
using Kind = Delivered::Kind;

Delivered answer(int status, std::vector<http::Header> headers = {}, std::string body = "{}") {
  return {Kind::response, {status, {std::move(headers)}, std::move(body)}};
}

// A server that gives scripted answers, the last one for ever.
struct RetryingLane {
  std::vector<Delivered> script;
  int calls = 0;
  ManualClock clock{*parse_instant("2026-11-21T03:00:00Z")};
  SeededRandom random{1};
  CallMeter meter;
  InProcessTransport transport{
      [this](const http::Request&) { return script[std::min(static_cast<std::size_t>(calls++), script.size() - 1)]; }};
  Lane lane{"Salesforce", transport, clock, random, &meter};
  RetryPolicy policy = {};
  Instant begin = clock.now();

  explicit RetryingLane(std::vector<Delivered> s) : script(std::move(s)) {}
  Result<http::Response> send(Safety safety, const std::string& method = "POST") {
    Exchange e;
    e.request.method = method;
    e.request.url = "https://api.example.com/x";
    return net::send(lane, e, policy, safety);
  }
  Duration waited() { return clock.now() - begin; }
};

TEST(Retry, HandsOutAnOrdinaryAnswerAtOnce) {
  for (const int status : {200, 204, 302, 400, 401, 403, 404, 409, 412, 501}) {
    RetryingLane bench({answer(status)});
    const auto result = bench.send(Safety::once);
    ASSERT_TRUE(result) << status;
    EXPECT_EQ(result->status, status);
    EXPECT_EQ(bench.calls, 1);
    EXPECT_EQ(bench.waited(), Duration{0});
  }
}

TEST(Retry, RepeatsARepeatableRequestAfterAServerErrorAndALostReply) {
  RetryingLane bench({answer(503), answer(500), {Kind::dropped_after, {}}, {Kind::unreachable, {}}, answer(200)});
  const auto result = bench.send(Safety::repeatable);
  ASSERT_TRUE(result);
  EXPECT_EQ(bench.calls, 5);
  EXPECT_GT(bench.waited(), milliseconds(250 + 500 + 1000 + 2000 - 1));
}

TEST(Retry, NeverRepeatsAnUnsafeRequestThatMayHaveBeenApplied) {
  const std::vector<Delivered> doubtful = {answer(500),
                                           answer(502),
                                           answer(503),
                                           answer(504),
                                           answer(408),
                                           {Kind::dropped_after, {}},
                                           {Kind::dropped_before, {}},
                                           {Kind::truncated, {}}};
  for (const Delivered& d : doubtful) {
    RetryingLane bench({d});
    const auto result = bench.send(Safety::once);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorClass::unknown);
    EXPECT_EQ(bench.calls, 1);
  }
}

TEST(Retry, RepeatsAnUnsafeRequestThatWasCertainlyNotApplied) {
  RetryingLane bench({{Kind::unreachable, {}}, answer(429), answer(503, {{"Retry-After", "1"}}), answer(201)});
  const auto result = bench.send(Safety::once);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 201);
  EXPECT_EQ(bench.calls, 4);
}

TEST(Retry, StopsAfterTheAttemptLimitAndSaysSo) {
  RetryingLane bench({answer(500, {{"x-ms-request-id", "abc-1"}}, R"({"error":"boom","access_token":"tttttttt"})")});
  bench.policy.limits.attempts = 3;
  const auto result = bench.send(Safety::repeatable);
  ASSERT_FALSE(result);
  EXPECT_EQ(bench.calls, 3);
  EXPECT_EQ(result.error().kind, ErrorClass::transient);
  EXPECT_EQ(result.error().http_status, 500);
  EXPECT_EQ(result.error().request_id, "abc-1");
  EXPECT_THAT(result.error().message, HasSubstr("tried 3 times"));
  EXPECT_THAT(result.error().detail, HasSubstr("boom"));
  EXPECT_THAT(result.error().detail, ::testing::Not(HasSubstr("tttt")));
}

TEST(Retry, StopsBeforeAWaitThatWouldOverrunTheTimeLimit) {
  RetryingLane bench({answer(500)});
  bench.policy.limits = {.attempts = 100, .total = seconds(10)};
  ASSERT_FALSE(bench.send(Safety::repeatable));
  EXPECT_LE(bench.waited(), seconds(10));
  EXPECT_GT(bench.calls, 3);
}

TEST(Retry, WaitsAsLongAsTheServerAsksAndALittleMore) {
  RetryingLane bench({answer(429, {{"Retry-After", "20"}}), answer(200)});
  ASSERT_TRUE(bench.send(Safety::once));
  EXPECT_GE(bench.waited(), seconds(20));
  EXPECT_LE(bench.waited(), seconds(22));
}

TEST(Retry, ReadsARetryDateAgainstTheServersClockNotOurs) {
  // The server's clock is three hours behind ours.
  RetryingLane bench(
      {answer(503, {{"Date", "Sat, 21 Nov 2026 00:00:00 GMT"}, {"Retry-After", "Sat, 21 Nov 2026 00:00:30 GMT"}}),
       answer(200)});
  ASSERT_TRUE(bench.send(Safety::once));
  EXPECT_GE(bench.waited(), seconds(30));
  EXPECT_LE(bench.waited(), seconds(33));
}

TEST(Retry, ReportsALongPauseInsteadOfSleepingThroughIt) {
  RetryingLane bench({answer(429, {{"Retry-After", "600"}})});
  const auto result = bench.send(Safety::repeatable);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorClass::throttled);
  EXPECT_EQ(bench.calls, 1);
  EXPECT_EQ(bench.waited(), Duration{0});
  ASSERT_TRUE(result.error().not_before);
  EXPECT_GE(*result.error().not_before, bench.begin + seconds(600));
  EXPECT_LE(*result.error().not_before, bench.begin + seconds(660));
}

TEST(Retry, CutsAnAbsurdPauseToAnHour) {
  RetryingLane bench({answer(429, {{"Retry-After", "99999999999999999999"}})});
  const auto result = bench.send(Safety::repeatable);
  ASSERT_TRUE(result.error().not_before);
  EXPECT_LE(*result.error().not_before, bench.begin + minutes(66));
}

TEST(Retry, TreatsANegativePauseAsNoneAndBacksOff) {
  RetryingLane bench({answer(429, {{"Retry-After", "-5"}}), answer(200)});
  ASSERT_TRUE(bench.send(Safety::once));
  EXPECT_GE(bench.waited(), milliseconds(250));
  EXPECT_LE(bench.waited(), milliseconds(500));
}

TEST(Retry, CountsEveryCallThatLeftTheMachine) {
  RetryingLane bench({answer(429), {Kind::unreachable, {}}, answer(503), answer(200)});
  ASSERT_TRUE(bench.send(Safety::repeatable, "GET"));
  EXPECT_EQ(bench.meter.of("Salesforce").total(), 3U);
  EXPECT_EQ(bench.meter.of("Salesforce").by_method.at("GET"), 3U);
}

TEST(Retry, GivesUpWhenTheWaitIsInterrupted) {
  RetryingLane bench({answer(500)});
  StoppedClock clock;
  const Lane lane{"Salesforce", bench.transport, clock, bench.random, nullptr};
  Exchange e;
  e.request = {"GET", "https://api.example.com/x", {}, ""};
  const auto result = send(lane, e, {}, Safety::repeatable);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorClass::cancelled);
  EXPECT_EQ(bench.calls, 1);
}

TEST(RetryAll, RepeatsOnlyWhatFailedAndSlowsDown) {
  ManualClock clock({0});
  SeededRandom random(3);
  CallMeter meter;
  std::map<std::string, int> calls;
  InProcessTransport transport([&](const http::Request& r) {
    const bool first = ++calls[r.url] == 1;
    if (first && r.url.back() % 2 == 0) return answer(429);
    return answer(200, {}, r.url);
  });
  std::vector<Exchange> all(10);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].request = {"POST", "https://api.example.com/" + std::to_string(i), {}, ""};
  }
  AdaptiveLimit limit({.start = 8, .min = 1, .max = 8});
  std::vector<std::string> bodies(10);
  const Lane lane{"Partner Center", transport, clock, random, &meter};
  send_all(lane, all, {}, Safety::once, limit, [&](std::size_t i, Result<http::Response> r) {
    ASSERT_TRUE(r);
    EXPECT_TRUE(bodies[i].empty()) << "reported twice";
    bodies[i] = r->body;
  });
  for (std::size_t i = 0; i < bodies.size(); ++i) EXPECT_EQ(bodies[i], "/" + std::to_string(i));
  EXPECT_EQ(meter.of("Partner Center").total(), 15U);
  EXPECT_LT(limit.current(), 8);
  EXPECT_GT(clock.now(), Instant{0});
}

TEST(RetryAll, ReportsEveryExchangeExactlyOnceWhenTheBudgetEnds) {
  RetryingLane bench({answer(503)});
  std::vector<Exchange> all(7);
  for (Exchange& e : all) e.request = {"GET", "https://api.example.com/", {}, ""};
  std::vector<int> reported(7);
  AdaptiveLimit limit;
  send_all(bench.lane, all, {}, Safety::repeatable, limit, [&](std::size_t i, Result<http::Response> r) {
    ++reported[i];
    EXPECT_FALSE(r);
  });
  EXPECT_EQ(reported, std::vector<int>(7, 1));
  EXPECT_EQ(limit.current(), 1);
}

TEST(SendEach, AsksForTheNextAfterEachAnswerAndSendsNothingTwice) {
  std::vector<std::string> seen;
  InProcessTransport transport([&](const http::Request& r) {
    seen.push_back(r.url);
    return answer(r.url == "/1" ? 429 : 200, {}, r.url);
  });
  ManualClock clock{{0}};
  SeededRandom random(1);
  CallMeter meter;
  std::vector<Exchange> all(4);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].request = {"POST", "https://api.example.com/" + std::to_string(i), {}, ""};
  }
  std::size_t given = 0;
  std::size_t ready = 2;  // the others become ready with the first answer
  std::map<std::size_t, std::string> answers;
  AdaptiveLimit limit({.start = 2, .min = 1, .max = 4});
  send_each(
      {"Partner Center", transport, clock, random, &meter}, [&]() { return given < ready ? &all[given++] : nullptr; },
      limit,
      [&](std::size_t i, Result<http::Response> r) {
        EXPECT_TRUE(answers.emplace(i, r ? r->body : name_of(r.error().kind)).second) << "reported twice";
        ready = all.size();
      });
  EXPECT_EQ(answers, (std::map<std::size_t, std::string>{{0, "/0"}, {1, "throttled"}, {2, "/2"}, {3, "/3"}}));
  EXPECT_EQ(seen.size(), 4U);
  EXPECT_EQ(meter.of("Partner Center").total(), 4U);
  EXPECT_EQ(clock.now(), Instant{0}) << "nothing waits";
}

TEST(Backoff, DoublesWithJitterUpToTheLongest) {
  SeededRandom random(1);
  const Backoff backoff{.first = milliseconds(100), .longest = seconds(2)};
  for (int attempt = 1; attempt < 100; ++attempt) {
    const std::int64_t full = attempt > 5 ? 2000 : std::min<std::int64_t>(2000, 100LL << (attempt - 1));
    const Duration wait = backoff.wait(attempt, random);
    EXPECT_GE(wait.ms, full / 2);
    EXPECT_LE(wait.ms, full);
  }
}

TEST(Backoff, SpreadsEqualRequestsOverTime) {
  SeededRandom random(1);
  std::set<std::int64_t> waits;
  for (int i = 0; i < 50; ++i) waits.insert(Backoff().wait(4, random).ms);
  EXPECT_GT(waits.size(), 30U);
}

TEST(RetryAfter, ReadsSecondsAndDates) {
  const Instant now = *parse_instant("2026-11-21T03:41:07Z");
  EXPECT_EQ(parse_retry_after("120", now), seconds(120));
  EXPECT_EQ(parse_retry_after(" 0 ", now), seconds(0));
  EXPECT_EQ(parse_retry_after("Sat, 21 Nov 2026 03:42:07 GMT", now), seconds(60));
  EXPECT_EQ(parse_retry_after("Saturday, 21-Nov-26 03:42:07 GMT", now), seconds(60));
  EXPECT_EQ(parse_retry_after("Sat Nov 21 03:42:07 2026", now), seconds(60));
  EXPECT_EQ(parse_retry_after("Sat, 21 Nov 2026 03:40:07 GMT", now), seconds(0));
}

TEST(RetryAfter, RefusesWhatIsNeither) {
  for (const char* text : {"", "-1", "1.5", "soon", "Tomorrow", "12 parsecs", "Sat, 99 Nov 2026", "0x10"}) {
    EXPECT_FALSE(parse_retry_after(text, {0})) << text;
  }
}

TEST(RetryAfter, CutsWhatIsAbsurdlyLong) {
  EXPECT_EQ(parse_retry_after("999999999999999999999999", {0}), days(100));
  EXPECT_EQ(parse_retry_after("999999999", {0}), days(100));
}

TEST(HttpDate, IsOfAYearThatCanBeWrittenAndReadAgain) {  // F-67
  EXPECT_EQ(parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT"), parse_instant("9999-12-31T23:59:59Z"));
  for (const char* text : {"Sat, 21 Nov 99999 03:41:07 GMT", "Sat, 21 Nov 999999999 03:41:07 GMT",
                           "Sat, 21 Nov 2147483647 03:41:07 GMT"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
    EXPECT_FALSE(parse_retry_after(text, {0})) << text;
  }
}

TEST(ErrorDetail, IsCutAtAWholeCharacter) {
  std::string body = "x";
  while (body.size() < 3000) body += "é";
  const Error error = error_from(ErrorClass::transient, "m", {500, {}, body});
  EXPECT_EQ(error.detail.size(), 999U);
  EXPECT_EQ(error.detail.substr(error.detail.size() - 2), "é");
}

TEST(SendAll, TellsTheMeterHowManyRequestsWereLetUnderWayAndWhetherTheServerSlowedThemDown) {
  const std::vector<Exchange> exchanges(3, [] {
    Exchange e;
    e.request = {"GET", "https://api.example.com/", {}, ""};
    return e;
  }());
  AdaptiveLimit limit({.start = 4, .min = 1, .max = 8});
  const auto send_through = [&](RetryingLane& bench) {
    send_all(bench.lane, exchanges, {}, Safety::repeatable, limit, [](std::size_t, Result<http::Response>) {});
    return *bench.meter.in_flight("Salesforce");
  };
  RetryingLane quick({answer(200)});
  EXPECT_EQ(send_through(quick).now, 7);
  EXPECT_FALSE(send_through(quick).slowed_down);
  RetryingLane slow({answer(429), answer(200)});
  const InFlight slowed = send_through(slow);
  EXPECT_EQ(slowed.now, 4);
  EXPECT_TRUE(slowed.slowed_down);
  RetryingLane later({answer(200)});
  EXPECT_FALSE(send_through(later).slowed_down) << "that was another run";
  EXPECT_TRUE(slow.meter.in_flight("Salesforce")->slowed_down);
  slow.meter.reset();
  EXPECT_FALSE(slow.meter.in_flight("Salesforce"));
}

TEST(Send, TellsTheMeterThatTheServerAskedToWait) {
  Exchange exchange;
  exchange.request = {"GET", "https://api.example.com/", {}, ""};
  for (const int status : {200, 429, 500}) {
    RetryingLane bench({answer(status), answer(200)});
    EXPECT_TRUE(send(bench.lane, exchange, {}, Safety::repeatable).has_value());
    EXPECT_EQ(bench.meter.asked_to_wait("Salesforce"), status == 429) << status;
    bench.meter.reset();
    EXPECT_FALSE(bench.meter.asked_to_wait("Salesforce"));
  }
}

TEST(AdaptiveLimit, GrowsWithEachSuccessUntilTheServerAsksToSlowDown) {
  AdaptiveLimit limit({.start = 2, .min = 1, .max = 8});
  limit.succeeded();
  EXPECT_EQ(limit.current(), 3);
  for (int i = 0; i < 4; ++i) limit.succeeded();
  EXPECT_EQ(limit.current(), 7);
  for (int i = 0; i < 100; ++i) limit.succeeded();
  EXPECT_EQ(limit.current(), 8);
}

TEST(AdaptiveLimit, GrowsByOneAfterAFullWindowOnceItWasToldToSlowDown) {
  AdaptiveLimit limit({.start = 8, .min = 1, .max = 6});
  limit.throttled();
  EXPECT_EQ(limit.current(), 3);
  for (int i = 0; i < 2; ++i) limit.succeeded();
  EXPECT_EQ(limit.current(), 3);
  limit.succeeded();
  EXPECT_EQ(limit.current(), 4);
  for (int i = 0; i < 100; ++i) limit.succeeded();
  EXPECT_EQ(limit.current(), 6);
}

TEST(AdaptiveLimit, HalvesOncePerBurstAndNeverBelowTheMinimum) {
  AdaptiveLimit limit({.start = 8, .min = 2, .max = 8});
  for (int i = 0; i < 8; ++i) limit.throttled();  // all eight that were under way
  EXPECT_EQ(limit.current(), 4);
  limit.throttled();
  EXPECT_EQ(limit.current(), 2);
  for (int i = 0; i < 50; ++i) limit.throttled();
  EXPECT_EQ(limit.current(), 2);
}

TEST(AdaptiveLimit, SurvivesSenselessBounds) {
  EXPECT_EQ(AdaptiveLimit({.start = 0, .min = 0, .max = 0}).current(), 1);
  EXPECT_EQ(AdaptiveLimit({.start = 50, .min = 1, .max = 10}).current(), 10);
}

TEST(CallMeter, CountsApiCallsByMethodAndLoginsApart) {
  CallMeter meter;
  meter.count("Salesforce", "GET");
  meter.count("Salesforce", "GET");
  meter.count("Salesforce", "POST");
  meter.count("Salesforce", "POST", CallKind::login);
  EXPECT_EQ(meter.of("Salesforce").to_text(), "3 API calls (GET 2, POST 1), 1 login");
  EXPECT_EQ(meter.of("Partner Center").to_text(), "0 API calls");
  EXPECT_EQ(meter.all().size(), 1U);
}

}  // namespace
}  // namespace cosell::net
