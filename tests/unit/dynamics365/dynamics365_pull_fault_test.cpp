// Reads that go wrong: links that ended, pages too large, without rows or leading astray, servers that ask to wait.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "tests/unit/dynamics365/test_org.h"

namespace cosell::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Dynamics365PullFault, FailsWhenRelatedRecordsMayNotBeRead) {
  TestOrg org;
  const std::string account = org.create_account(R"({"name":"Fabrikam"})");
  org.create("Deal", R"(,"parentaccountid@odata.bind":"/accounts()" + account + ")\"");
  org.set(R"({"missing_privileges":["prvReadAccount"]})");
  const auto page = pull_once(org, {});
  ASSERT_FALSE(page) << "a customer that cannot be read is not an empty one";
  EXPECT_EQ(page.error().kind, ErrorClass::forbidden);
  EXPECT_THAT(page.error().message, HasSubstr("prvReadAccount"));
}

TEST(Dynamics365PullFault, AsksForEverythingAgainWhenTheLinkHasExpired) {
  TestOrg org;
  org.create("A");
  const auto pulled = pull_all(org, kColumns);
  org.control("expire_delta", "{}");
  const auto before = org.requests();
  EXPECT_EQ(kind_of_pull(org, pulled.cursors.back()), "cursor_invalid");
  EXPECT_EQ(org.requests() - before, 1U);
  const auto again = pull_all(org, kColumns);
  EXPECT_TRUE(again.full_listing);
  EXPECT_EQ(again.seen.size(), 1U);

  org.advance(days(8));
  EXPECT_EQ(kind_of_pull(org, again.cursors.back()), "cursor_invalid") << "tokens live for seven days";
}

TEST(Dynamics365PullFault, RefusesACursorThatDoesNotBelongToIt) {
  TestOrg org;
  org.create("A");
  const Cursor cursor = pull_all(org, kColumns).cursors.back();
  const auto before = org.requests();
  EXPECT_EQ(kind_of_pull(org, cursor, {"name"}), "cursor_invalid");
  EXPECT_EQ(kind_of_pull(org, Cursor("rubbish")), "cursor_invalid");
  EXPECT_EQ(kind_of_pull(org, Cursor("{}")), "cursor_invalid");
  EXPECT_EQ(kind_of_pull(org, Cursor(text::replace_all(cursor.value, "\"v\":1", "\"v\":2"))), "cursor_invalid");
  EXPECT_EQ(kind_of_pull(org, Cursor(text::replace_all(cursor.value, "@127.0.0.1", "@other.crm.dynamics.com"))),
            "cursor_invalid");
  const std::size_t env = cursor.value.find("\"env\":\"") + 7;
  std::string other = cursor.value;
  other[env] = other[env] == 'a' ? 'b' : 'a';
  EXPECT_EQ(kind_of_pull(org, Cursor(other)), "cursor_invalid");
  EXPECT_EQ(org.requests(), before) << "nothing is asked for a cursor that cannot be used";
  EXPECT_EQ(kind_of_pull(org, cursor), "accepted");
}

TEST(Dynamics365PullFault, BeginsAgainWhenTheServerDoesNotKnowTheLink) {
  TestOrg org;
  org.create("A");
  const Cursor cursor = pull_all(org, kColumns).cursors.back();
  const std::size_t token = cursor.value.find("deltatoken");
  ASSERT_NE(token, std::string::npos);
  std::string future = cursor.value;
  future.insert(future.find('=', token) + 1, "9");
  EXPECT_EQ(kind_of_pull(org, Cursor(future)), "cursor_invalid");
}

TEST(Dynamics365PullFault, KeepsThePageWhenTheTokenEndsBetweenPages) {
  TestOrg org;
  org.set(R"({"page_size":2})");
  for (int i = 0; i < 5; ++i) org.create("Deal " + std::to_string(i));
  const auto first = pull_once(org, {});
  ASSERT_TRUE(first);
  org.control("expire", "{}");
  const auto logins = org.meter.of("crm").logins;
  const auto rest = pull_all(org, kColumns, first->next);
  EXPECT_EQ(rest.seen.size(), 3U);
  EXPECT_EQ(org.meter.of("crm").logins - logins, 1U);
}

TEST(Dynamics365PullFault, GivesUpAfterOneNewToken) {
  TestOrg org;
  org.faults(R"([{"match":{"path":"/api/data"},"times":0,"action":{"kind":"status","status":401,
    "body":{"error":{"code":"0x8005f101","message":"The access token has expired."}}}}])");
  EXPECT_EQ(kind_of_pull(org, {}, {"name"}), "auth_expired");
  EXPECT_EQ(org.requests(), 2U);
}

TEST(Dynamics365PullFault, WaitsAsLongAsTheServiceProtectionLimitsAsk) {
  TestOrg org;
  org.create("A");
  org.set(R"({"throttle_next":2,"throttle_retry_after":7})");
  const Instant began = org.manual.now();
  EXPECT_EQ(kind_of_pull(org, {}, {"name"}), "accepted");
  EXPECT_GE((org.manual.now() - began).ms, seconds(14).ms);

  for (const char* kind : {"requests", "execution", "concurrency"}) {
    org.set(R"({"throttle_next":100,"throttle_retry_after":600,"throttle_kind":")" + std::string(kind) + "\"}");
    const auto page = pull_once(org, {}, {"name"});
    ASSERT_FALSE(page) << kind;
    EXPECT_EQ(page.error().kind, ErrorClass::throttled) << kind;
    ASSERT_TRUE(page.error().not_before) << kind;
    EXPECT_GE(*page.error().not_before, org.manual.now() + seconds(600)) << kind;
  }
}

TEST(Dynamics365PullFault, AsksAgainForThePartsOfABatchThatWereAskedToWait) {
  TestOrg org;
  const std::string account = org.create_account(R"({"name":"Fabrikam"})");
  org.create("Alder", R"x(,"parentaccountid@odata.bind":"/accounts()x" + account + ")\"");
  const auto columns = kColumns;
  ASSERT_EQ(pull_all(org, columns).seen.size(), 1U);
  org.reconnect();
  org.set(R"({"throttle_next_parts":2,"throttle_retry_after":7})");
  const Instant began = org.manual.now();
  const auto page = pull_once(org, {}, columns);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->seen[0].columns.at("parentaccountid.name"), text_value("Fabrikam"));
  EXPECT_GE((org.manual.now() - began).ms, seconds(7).ms);
  EXPECT_TRUE(org.meter.asked_to_wait("crm"));
  // It ends: the engine pauses the side.
  org.reconnect();
  org.set(R"({"throttle_next_parts":100000,"throttle_retry_after":7})");
  EXPECT_EQ(kind_of_pull(org, {}, columns), "throttled");
  org.set(R"({"throttle_next_parts":1,"throttle_retry_after":600})");
  const auto before = org.requests();
  EXPECT_EQ(kind_of_pull(org, {}, columns), "throttled") << "longer than anybody waits within a call";
  EXPECT_EQ(org.requests() - before, 1U);
}

// Takes no answer beyond a size, as the bridge's own transport does at 64 MB.

class SmallAnswers final : public net::Transport {
 public:
  SmallAnswers(net::Transport& inner, std::size_t bytes) : inner_(inner), bytes_(bytes) {}
  void stream(const Next& next, const Done& done, const Limit& max_in_flight) override {
    const auto smaller = [&] {
      auto exchange = next();
      if (exchange) exchange->max_body_bytes = bytes_;
      return exchange;
    };
    inner_.stream(smaller, done, max_in_flight);
  }

 private:
  net::Transport& inner_;
  std::size_t bytes_;
};

TEST(Dynamics365PullFault, AsksForFewerRowsWhereAPageIsLargerThanItTakes) {
  TestOrg org;
  const std::string notes(2000, 'n');
  for (int i = 0; i < 300; ++i) org.create("D" + std::to_string(i), R"(,"description":")" + notes + "\"");
  bool timer = true;  // which starts a process for each page
  const auto pulled_with = [&](std::size_t bytes, std::vector<std::string>& names) {
    SmallAnswers transport(org.transport, bytes);
    Call call{transport, org.manual, org.random, org.meter, "crm", 4, seconds(60), {}};
    PullRequest request;
    request.columns = {"name", "description"};
    for (;;) {
      auto page = org.connector->pull(call, request);
      if (!page) return page.error().message;
      for (const Observation& o : page->seen) names.push_back(text_of(o.columns.at("name")));
      if (page->caught_up) return std::string();
      request.cursor = page->next;
      if (timer) org.reconnect();
    }
  };
  std::vector<std::string> names;
  EXPECT_EQ(pulled_with(300'000, names), "");
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 300U);
  EXPECT_EQ(names.size(), 300U);
  const auto pages = std::count_if(org.asked.begin(), org.asked.end(), [](const std::string& asked) {
    return asked.find("/opportunities?") != std::string::npos;
  });
  EXPECT_LT(pages, 14) << "the size that fits is kept";
  names.clear();
  timer = false;
  pull_all(org, {"name", "description"});
  EXPECT_THAT(pulled_with(20'000, names), HasSubstr("page_size")) << "not even the smallest page fits";
}

// OData allows pages that lead on and hold nothing.

TEST(Dynamics365PullFault, GoesOnBehindPagesWithoutRows) {
  TestOrg org;
  org.create("Alder");
  int left = 0;
  int n = 0;
  http::Response real;
  org.tamper = [&](http::Response& answer) {
    if (org.asked.back().find("/opportunities?") == std::string::npos) return;
    if (real.body.empty()) real = answer;
    if (left-- <= 0) {
      answer = real;
      return;
    }
    answer.status = 200;
    answer.body = R"({"value":[],"@odata.nextLink":"http://127.0.0.1:8080/api/data/v9.2/opportunities?$skiptoken=)" +
                  std::to_string(++n) + "\"}";
  };
  left = 40;
  EXPECT_EQ(pull_all(org, {"name"}).seen.size(), 1U);

  // So many that it is told: the next pull goes on from there.
  left = 400;
  Cursor at;
  std::string failed;
  for (int i = 0; i < 1000 && failed.empty(); ++i) {
    const auto page = pull_once(org, at, {"name"});
    if (!page) failed = name_of(page.error().kind);
    if (page) at = page->next;
  }
  EXPECT_EQ(failed, "bad_response");
  EXPECT_GT(left, 0);
  bool caught_up = false;
  for (int i = 0; i < 1000 && !caught_up; ++i) {
    const auto page = pull_once(org, at, {"name"});
    ASSERT_TRUE(page) << page.error().message;
    at = page->next;
    caught_up = page->caught_up;
  }
  EXPECT_TRUE(caught_up);
}

TEST(Dynamics365PullFault, TriesAgainWhenTheServerIsDownForAMoment) {
  TestOrg org;
  org.create("A");
  org.faults(R"([{"match":{"method":"GET","path":"/api/data"},"times":2,"action":{"kind":"html","status":503}}])");
  const auto page = pull_once(org, {}, {"name"});
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->seen.size(), 1U);
}

TEST(Dynamics365PullFault, NamesTheRequestWhenAWebPageComesInsteadOfData) {
  TestOrg org;
  org.faults(R"([{"match":{"method":"GET","path":"/api/data"},"times":0,"action":{"kind":"html","status":200}}])");
  auto page = pull_once(org, {}, {"name"});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorClass::bad_response);
  EXPECT_THAT(page.error().message, testing::AllOf(HasSubstr("GET opportunities"), HasSubstr("web page")));
  org.faults(R"([{"match":{"path":"/api/data"},"times":0,"action":{"kind":"html","status":200}}])");
  EXPECT_EQ(kind_of_pull(org, {}), "bad_response") << "a batch of reads";
  org.faults(R"([{"match":{"path":"/api/data"},"times":0,"action":{"kind":"html","status":503}}])");
  EXPECT_EQ(kind_of_pull(org, {}), "transient");
}

TEST(Dynamics365PullFault, DoesNotFollowAPageToAnotherHostOrToItself) {
  for (const char* next : {"https://evil.example/api/data/v9.2/opportunities?$skiptoken=x",
                           "http://127.0.0.1:8080/somewhere/else", "//evil.example/x"}) {
    TestOrg org;
    org.faults(R"([{"match":{"method":"GET","path":"/api/data"},"action":{"kind":"status","status":200,"body":{
      "@odata.nextLink":")" +
               std::string(next) + R"(","value":[]}}}])");
    EXPECT_EQ(kind_of_pull(org, {}, {"name"}), "bad_response") << next;
  }
  TestOrg org;
  org.faults(R"([{"match":{"method":"GET","path":"/api/data"},"times":0,"action":{"kind":"status","status":200,"body":{
    "@odata.nextLink":"http://127.0.0.1:8080/api/data/v9.2/opportunities?$skiptoken=1","value":[]}}}])");
  const auto page = pull_once(org, {}, {"name"});
  ASSERT_TRUE(page);
  EXPECT_EQ(kind_of_pull(org, page->next, {"name"}), "bad_response");
}

TEST(Dynamics365PullFault, NeverTakesAMissingColumnForAnEmptyOne) {
  TestOrg org;
  const auto answered = [&](const std::string& row) {
    org.faults(R"([{"match":{"method":"GET","path":"/api/data"},"action":{"kind":"status","status":200,"body":{
      "@odata.deltaLink":"http://127.0.0.1:8080/api/data/v9.2/opportunities?$deltatoken=1","value":[)" +
               row + "]}}}]");
    return kind_of_pull(org, {}, {"name"});
  };
  const std::string id = R"("opportunityid":"11111111-1111-1111-1111-111111111111")";
  const std::string version = R"("@odata.etag":"W/\"5\"")";
  EXPECT_EQ(answered("{" + id + "," + version + R"(,"name":"A","cosell_referralid":null})"), "accepted");
  EXPECT_EQ(answered("{" + id + "," + version + R"(,"cosell_referralid":null})"), "bad_response");
  EXPECT_EQ(answered("{" + id + "," + version + R"(,"name":"A"})"), "bad_response");
  EXPECT_EQ(answered("{" + id + R"(,"name":"A","cosell_referralid":null})"), "bad_response");
  EXPECT_EQ(answered("{" + version + R"(,"name":"A","cosell_referralid":null})"), "bad_response");
  EXPECT_EQ(answered(R"({"id":"no guid","reason":"deleted"})"), "bad_response");
  EXPECT_EQ(answered("5"), "bad_response");
}

TEST(Dynamics365PullFault, NamesAColumnThatDoesNotExist) {
  TestOrg org;
  const auto page = pull_once(org, {}, {"name", "cosell_nowhere"});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorClass::schema_drift);
  EXPECT_THAT(page.error().fields, ElementsAre("cosell_nowhere"));
  EXPECT_EQ(kind_of_pull(org, {}, {"name", "name.x"}), "config");
  EXPECT_EQ(kind_of_pull(org, {}, {"na me"}), "config");
  // Gone since the last pull.
  const auto cursor = pull_all(org, {"name", "cosell_help"}).cursors.back();
  org.set(R"({"missing_columns":["cosell_help"]})");
  EXPECT_EQ(kind_of_pull(org, cursor, {"name", "cosell_help"}), "schema_drift");
}

TEST(Dynamics365PullFault, ExplainsThatChangeTrackingNeedsARight) {
  TestOrg org;
  org.set(R"({"organization_read":false})");
  EXPECT_EQ(kind_of_pull(org, {}), "forbidden");
  org.set(R"({"organization_read":true,"change_tracking_tables":[]})");
  EXPECT_EQ(kind_of_pull(org, {}), "config");
}

}  // namespace
}  // namespace cosell::test
