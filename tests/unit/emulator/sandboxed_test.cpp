// The control API, faults and statistics around a core.
#include "connectors/emulator/sandboxed.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/emulator/ledger_core.h"

namespace cosell::emulator {
namespace {

using testing::body_of;
using testing::LedgerCore;
using testing::request_of;

class Sandbox : public ::testing::Test {
 protected:
  Delivery deliver(const std::string& method, const std::string& url, const std::string& body = "") {
    return sandboxed_.handle(request_of(method, url, body));
  }
  Json control(const std::string& verb) { return body_of(deliver("GET", "/_sandbox/" + verb).response); }
  int post(const std::string& verb, const Json& body) {
    return deliver("POST", "/_sandbox/" + verb, write_json(body)).response.status;
  }
  void script(const Json& match, const Json& action, int after = 0, int times = 1) {
    const Json fault{{"match", match}, {"after", after}, {"times", times}, {"action", action}};
    ASSERT_EQ(post("faults", Json::array({fault})), 200);
  }
  int fired() { return control("faults")[0]["fired"].get<int>(); }
  int stored() { return body_of(deliver("GET", "/items").response)["count"].get<int>(); }

  ManualClock real_{parse_instant("2030-01-01T00:00:00Z").value()};
  SandboxClock clock_{real_};
  Sandboxed sandboxed_{std::make_unique<LedgerCore>(), clock_, 42};
};

using SandboxFault = Sandbox;
using SandboxClockControl = Sandbox;
using SandboxStatistics = Sandbox;
using SandboxSettings = Sandbox;

TEST_F(SandboxFault, StatusAnswersInPlaceOfTheCoreAsOftenAsAsked) {
  script(Json{{"method", "POST"}, {"path", "/items"}},
         Json{{"kind", "status"}, {"status", 503}, {"body", "later"}, {"headers", Json{{"Retry-After", "7"}}}}, 1, 2);
  EXPECT_EQ(deliver("POST", "/items", "a").response.status, 201);
  const Delivery failed = deliver("POST", "/items", "b");
  EXPECT_EQ(failed.response.status, 503);
  EXPECT_EQ(failed.response.body, "later");
  EXPECT_EQ(failed.response.headers.get("Retry-After"), "7");
  EXPECT_EQ(deliver("POST", "/items", "c").response.status, 503);
  EXPECT_EQ(deliver("POST", "/items", "d").response.status, 201);
  EXPECT_EQ(fired(), 2);
  EXPECT_EQ(stored(), 2);
}

TEST_F(SandboxFault, DropBeforeLeavesNothingBehind) {
  script(Json{{"method", "POST"}}, Json{{"kind", "drop_before"}});
  EXPECT_TRUE(deliver("POST", "/items", "a").drop);
  EXPECT_EQ(stored(), 0);
  EXPECT_EQ(fired(), 1);
}

TEST_F(SandboxFault, DropAfterAppliesFirst) {
  script(Json{{"method", "POST"}}, Json{{"kind", "drop_after"}});
  EXPECT_TRUE(deliver("POST", "/items", "a").drop);
  EXPECT_EQ(stored(), 1);
  EXPECT_EQ(fired(), 1);
}

TEST_F(SandboxFault, DuplicateRepeatsTheRequestAndAnswersTheSecond) {
  script(Json{{"method", "POST"}}, Json{{"kind", "duplicate"}});
  const Delivery answer = deliver("POST", "/items", "a");
  EXPECT_EQ(body_of(answer.response)["id"], 2);
  EXPECT_EQ(stored(), 2);
  EXPECT_EQ(fired(), 1);
}

TEST_F(SandboxFault, DelayTruncateThrottleAndHtmlDescribeTheWire) {
  script(Json::object(), Json{{"kind", "delay"}, {"ms", 1500}});
  EXPECT_EQ(deliver("POST", "/items", "a").delay, milliseconds(1500));
  script(Json::object(), Json{{"kind", "truncate"}, {"bytes", 3}});
  EXPECT_EQ(deliver("GET", "/items").truncate_to, std::size_t{3});
  script(Json::object(), Json{{"kind", "throttle"}, {"retry_after", 9}});
  const Delivery throttled = deliver("GET", "/items");
  EXPECT_EQ(throttled.response.status, 429);
  EXPECT_EQ(throttled.response.headers.get("Retry-After"), "9");
  script(Json::object(), Json{{"kind", "html"}});
  const Delivery html = deliver("GET", "/items");
  EXPECT_EQ(html.response.status, 200);
  EXPECT_EQ(html.response.headers.get("content-type"), "text/html; charset=utf-8");
}

TEST_F(SandboxFault, MatchesByPrefixByTemplateAndWithoutEnd) {
  script(Json{{"path", "/items/{id}"}}, Json{{"kind", "status"}, {"status", 500}}, 0, 0);
  EXPECT_EQ(deliver("GET", "/items").response.status, 200);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(deliver("GET", "/items/7").response.status, 500);
  EXPECT_EQ(fired(), 3);
  script(Json{{"path", "/it"}}, Json{{"kind", "status"}, {"status", 502}});
  EXPECT_EQ(deliver("GET", "/items").response.status, 502);
}

TEST_F(SandboxFault, AWrongListIsRefusedAndTheOldOneStays) {
  script(Json::object(), Json{{"kind", "status"}});
  EXPECT_EQ(post("faults", Json::array({Json{{"action", Json{{"kind", "explode"}}}}})), 400);
  EXPECT_EQ(deliver("POST", "/_sandbox/faults", "[").response.status, 400);
  EXPECT_EQ(control("faults").size(), 1U);
}

TEST_F(SandboxStatistics, CountCallsByTemplateAndBatchedOperationsApart) {
  deliver("POST", "/items", "a");
  deliver("POST", "/items", "b");
  http::Request batch = request_of("GET", "/items/9");
  batch.headers.set("X-Batch", "2");
  sandboxed_.handle(batch);
  script(Json::object(), Json{{"kind", "status"}, {"status", 503}});
  deliver("GET", "/items/c5fbb3b6-0000-4000-8000-4324c73fed37");
  const Json stats = control("stats");
  EXPECT_EQ(stats["total"], 4);
  EXPECT_EQ(stats["inside_batches_total"], 2);
  Json rows = Json::array();
  for (const Json& row : stats["requests"]) rows.push_back(write_json(row));
  EXPECT_EQ(rows, (Json{R"({"method":"GET","path":"/items/{id}","status":404,"count":1})",
                        R"({"method":"GET","path":"/items/{id}","status":503,"count":1})",
                        R"({"method":"POST","path":"/items","status":201,"count":2})"}));
  EXPECT_EQ(post("stats/reset", Json::object()), 204);
  EXPECT_EQ(control("stats")["total"], 0);
}

TEST_F(SandboxSettings, AreAllOrNothingAndReachTheCore) {
  EXPECT_EQ(post("settings", Json{{"latency_ms", 25}, {"page_size", 7}}), 200);
  EXPECT_EQ(control("settings"), (Json{{"latency_ms", 25}, {"jitter_ms", 0}, {"page_size", 7}}));
  EXPECT_EQ(post("settings", Json{{"latency_ms", 1}, {"page_size", 0}}), 400);
  EXPECT_EQ(control("settings")["latency_ms"], 25);
  EXPECT_EQ(deliver("GET", "/items").delay, milliseconds(25));
  EXPECT_EQ(deliver("GET", "/_sandbox/settings").delay, milliseconds(0));
  for (const Json& setting : control("settings?describe")) EXPECT_NE(setting["description"], "");
}

TEST_F(SandboxSettings, JitterVariesWithinItsBoundAndLeavesIdsAlone) {
  Sandboxed calm(std::make_unique<LedgerCore>(), clock_, 42);
  EXPECT_EQ(post("settings", Json{{"latency_ms", 10}, {"jitter_ms", 20}}), 200);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 40; ++i) {
    const Delivery here = deliver("POST", "/items", "x");
    const Delivery there = calm.handle(request_of("POST", "/items", "x"));
    EXPECT_EQ(here.response.body, there.response.body);
    EXPECT_GE(here.delay.ms, 10);
    EXPECT_LE(here.delay.ms, 30);
    seen.insert(here.delay.ms);
  }
  EXPECT_GT(seen.size(), 5U);
}

TEST_F(SandboxClockControl, MovesForwardForEveryServerThatSharesIt) {
  Sandboxed other(std::make_unique<LedgerCore>(), clock_, 1);
  EXPECT_EQ(post("clock", Json{{"advance", "2h"}}), 200);
  EXPECT_EQ(post("clock", Json{{"advance_ms", 250}}), 200);
  EXPECT_EQ(control("clock"), (Json{{"now", "2030-01-01T02:00:00.250Z"}, {"offset_ms", 7'200'250}}));
  EXPECT_EQ(body_of(other.handle(request_of("POST", "/items", "x")).response)["at"], "2030-01-01T02:00:00.250Z");
  EXPECT_EQ(post("clock", Json{{"set", "2030-02-01T00:00:00Z"}}), 200);
  EXPECT_EQ(control("clock")["now"], "2030-02-01T00:00:00.000Z");
  EXPECT_EQ(post("clock", Json{{"set", "2029-01-01T00:00:00Z"}}), 400);
  EXPECT_EQ(post("clock", Json{{"advance", "soon"}}), 400);
  EXPECT_EQ(control("clock")["now"], "2030-02-01T00:00:00.000Z");
}

TEST_F(Sandbox, OffersRecordsResetAndTheVerbsOfTheCore) {
  deliver("POST", "/items", "a");
  EXPECT_EQ(control("records"), (Json{{"items", {"a"}}}));
  EXPECT_EQ(post("stamp", Json::object()), 200);
  EXPECT_EQ(post("unknown", Json::object()), 404);
  EXPECT_EQ(deliver("DELETE", "/_sandbox/stats").response.status, 405);
  EXPECT_EQ(post("reset", Json::object()), 204);
  EXPECT_EQ(stored(), 0);
  EXPECT_EQ(control("stats")["total"], 2) << "control calls are not counted";
}

TEST_F(Sandbox, ListsWhatItCanBeToldAndNamesTheNearestOfASlip) {
  const Json listed = body_of(deliver("GET", "/_sandbox/").response);
  EXPECT_EQ(listed["system"], "ledger");
  const Json& entries = listed["control"];
  EXPECT_EQ(entries.back(), (Json{{"request", "POST stamp"}, {"body", "{}"}, {"does", "Stamps."}}));
  for (const Json& entry : entries) {
    const std::string request = entry["request"];
    const std::size_t space = request.find(' ');
    const auto answer = deliver(request.substr(0, space), "/_sandbox/" + request.substr(space + 1), entry["body"]);
    EXPECT_LT(answer.response.status, 300) << request << " with " << entry["body"];
  }
  const Delivery slip = deliver("POST", "/_sandbox/stmap", "{}");
  EXPECT_EQ(slip.response.status, 404);
  EXPECT_EQ(body_of(slip.response)["error"],
            "There is no control verb \"stmap\" for POST. Did you mean stamp? GET /_sandbox/ lists what there is.");
}

}  // namespace
}  // namespace cosell::emulator
