// Listings of referrals: page links, their order, the filter by time, and where the next one begins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deal/deal.h"
#include "scripted_service.h"

namespace cosell::test {
namespace {

using net::Delivered;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kOldest = "$orderby=createdDateTime%20asc";

// The error names the request, and the id by which Partner Center finds it.
void expect_not_understood(const Error& error, const std::string& request, const ScriptedService& service) {
  EXPECT_EQ(error.kind, ErrorClass::bad_response) << error.message;
  EXPECT_THAT(error.message, HasSubstr(request));
  EXPECT_EQ(error.request_id, service.requests.back().headers.get("MS-CorrelationId")) << error.message;
}

TEST(PartnerCenterNextLink, GivesItsQueryOnlyAndNeverItsHost) {
  for (const char* link : {"http://api.partner.microsoft.com/v1.0/referrals?$skiptoken=T%2B1",
                           "https://evil.example/steal?$skiptoken=T%2B1", "/v1.0/referrals?$skiptoken=T%2B1",
                           "https://api.partner.microsoft.com/v1.0/engagements/referrals$skiptoken=T%2B1"}) {
    ScriptedService service(ours());
    service.then(200, list_of({row("a", "2026-02-02T00:00:00Z")}, link));
    service.then(200, list_of({row("b", "2026-02-01T00:00:00Z")}));
    const Result<Page> page = pull(service);
    ASSERT_TRUE(page.has_value()) << link << ": " << page.error().message;
    EXPECT_THAT(ids_of(page->seen), ElementsAre("a", "b"));
    ASSERT_EQ(service.requests.size(), 2u);
    EXPECT_EQ(service.requests[1].url, "/v1.0/engagements/referrals?$skiptoken=T%2B1");
    EXPECT_EQ(service.requests[1].headers.get("Host"), "api.partner.microsoft.com");
  }
}

TEST(PartnerCenterNextLink, WithoutAPageTokenIsRefused) {
  ScriptedService service(ours());
  service.then(200, list_of({row("a", "2026-02-02T00:00:00Z")}, "https://api.partner.microsoft.com/v1.0/referrals"));
  expect_not_understood(pull(service).error(), "GET referrals (newest changes)", service);
}

TEST(PartnerCenterNextLink, ThatGoesRoundIsNoticed) {
  for (int circle = 1; circle <= 5; ++circle) {
    ScriptedService service(ours());
    int n = 0;
    service.otherwise = [&n, circle](const http::Request&) {
      const std::string token = std::to_string(n++ % circle);
      return Delivered{Delivered::Kind::response, answer(200, list_of({}, "https://x/?$skiptoken=" + token))};
    };
    Result<Page> page = pull(service);
    for (int i = 0; page && i < 5; ++i) page = pull(service, page->next);
    ASSERT_FALSE(page.has_value()) << circle;
    expect_not_understood(page.error(), "GET referrals (next page)", service);
    EXPECT_LT(service.requests.size(), 40u) << circle;
  }
}

TEST(PartnerCenterNextLink, ThatDiedStartsTheListingAgainAndLosesNothing) {
  ScriptedService service(ours());
  service.then(200, list_of({row("a", "2026-02-03T00:00:00Z")}, "https://x/?$skiptoken=1"));
  service.then(400, R"({"error":{"code":"invalidRequest","message":"token expired"}})");
  service.then(200, list_of({row("a", "2026-02-03T00:00:00Z")}, "https://x/?$skiptoken=2"));
  service.then(200, list_of({row("b", "2026-02-01T00:00:00Z")}));
  Result<Page> page = pull(service);
  ASSERT_TRUE(page.has_value()) << page.error().message;
  EXPECT_TRUE(page->caught_up);
  EXPECT_THAT(ids_of(page->seen), testing::Contains("b"));
  EXPECT_THAT(ids_of(page->seen), testing::Contains("a"));
}

// Links that are shorter-lived than the time between two syncs die each time; the next sync begins anew all the same.
TEST(PartnerCenterNextLink, ThatDiedHoweverOftenKeepsNoLaterSyncFromReading) {
  ScriptedService service(ours());
  bool dies = true;
  service.otherwise = [&dies](const http::Request& request) {
    const bool next = request.url.find("skiptoken") != std::string::npos;
    if (next && dies) return Delivered{Delivered::Kind::response, answer(400, R"({"error":{"code":"x"}})")};
    return Delivered{Delivered::Kind::response,
                     answer(200, next ? list_of({row("b", "2026-02-01T00:00:00Z")})
                                      : list_of({row("a", "2026-02-03T00:00:00Z")}, "https://x/?$skiptoken=1"))};
  };
  Cursor at;
  bool failed = false;
  for (int i = 0; i < 10 && !failed; ++i) {
    const Result<Page> page = pull(service, at, 1);
    failed = !page;
    if (page) at = page->next;
  }
  ASSERT_TRUE(failed) << "it is told that the links die";
  dies = false;
  std::vector<std::string> ids;
  for (bool caught_up = false; !caught_up;) {
    const Result<Page> page = pull(service, at, 1);
    ASSERT_TRUE(page) << page.error().message;
    for (const std::string& id : ids_of(page->seen)) ids.push_back(id);
    at = page->next;
    caught_up = page->caught_up;
  }
  EXPECT_THAT(ids, testing::Contains("b"));

  // And while they go on dying every sync tries from the top, as far as it may.
  dies = true;
  at = {};
  for (int sync = 0; sync < 3; ++sync) {
    const std::size_t before = service.requests.size();
    for (int i = 0; i < 10; ++i) {
      const Result<Page> page = pull(service, at, 1);
      if (!page) break;
      at = page->next;
    }
    EXPECT_GT(service.requests.size() - before, 4U) << sync;
  }
}

// A pull keeps what it has read before it fails, and the next one goes on counting.
TEST(PartnerCenterNextLink, ThatAlwaysDiesEndsASyncInAnErrorWithinAFewRequestsAndTheNextSyncBeginsAnew) {
  ScriptedService service(ours());
  bool dies = true;
  service.otherwise = [&dies](const http::Request& request) {
    const bool next = request.url.find("skiptoken") != std::string::npos;
    if (next && dies) return Delivered{Delivered::Kind::response, answer(400, R"({"error":{"code":"x"}})")};
    return Delivered{Delivered::Kind::response,
                     answer(200, next ? list_of({row("b", "2026-02-01T00:00:00Z")})
                                      : list_of({row("a", "2026-02-03T00:00:00Z")}, "https://x/?$skiptoken=1"))};
  };
  constexpr int kLimit = 2000;
  Cursor at;
  for (int sync = 0; sync < 3; ++sync) {
    const std::size_t before = service.requests.size();
    bool failed = false;
    for (int i = 0; i < 20 && !failed; ++i) {
      const Result<Page> page = pull(service, at, kLimit);
      failed = !page;
      if (page) at = page->next;
    }
    const std::size_t cost = service.requests.size() - before;
    EXPECT_TRUE(failed) << sync;
    EXPECT_GT(cost, 4U) << sync;
    EXPECT_LT(cost, 12U) << sync;
  }
  dies = false;
  std::vector<std::string> ids;
  for (bool caught_up = false; !caught_up;) {
    const Result<Page> page = pull(service, at, kLimit);
    ASSERT_TRUE(page) << page.error().message;
    for (const std::string& id : ids_of(page->seen)) ids.push_back(id);
    at = page->next;
    caught_up = page->caught_up;
  }
  EXPECT_THAT(ids, testing::Contains("b"));
}

TEST(PartnerCenterNextLink, ThatAlwaysDiesEndsInAnError) {
  ScriptedService service(ours());
  int n = 0;
  service.otherwise = [&n](const http::Request& request) {
    if (request.url.find("skiptoken") != std::string::npos)
      return Delivered{Delivered::Kind::response, answer(400, "{}")};
    return Delivered{Delivered::Kind::response,
                     answer(200, list_of({}, "https://x/?$skiptoken=" + std::to_string(n++)))};
  };
  const Result<Page> page = pull(service);
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().http_status, 400);
  EXPECT_LT(service.requests.size(), 12u);
}

TEST(PartnerCenterList, ThatIsNotInTheAskedOrderIsRefusedBecauseRowsWouldBeMissed) {
  ScriptedService service(ours());
  service.then(200, list_of({row("a", "2026-02-01T00:00:00Z"), row("b", "2026-02-05T00:00:00Z")}));
  expect_not_understood(pull(service).error(), "GET referrals (newest changes)", service);
}

TEST(PartnerCenterList, LeavesOtherOrganisationsOutAndShowsMicrosoftsHalves) {
  ScriptedService service(ours());
  service.then(200, list_of({row("a", "2026-02-03T00:00:00Z"),
                             R"({"id":"b","organizationId":"org-2","updatedDateTime":"2026-02-02T00:00:00Z"})",
                             R"({"id":"c","engagementId":"e","organizationId":"msft","status":"New",
                                 "substatus":"Pending","updatedDateTime":"2026-02-01T00:00:00Z"})"}));
  const Result<Page> page = pull(service);
  ASSERT_TRUE(page.has_value());
  EXPECT_THAT(ids_of(page->seen), ElementsAre("a", "c"));
  EXPECT_EQ(page->seen[1].kind, RecordKind::microsoft_half);
  EXPECT_EQ(text_of(column(page->seen[1].columns, "microsoft_answer")), "waiting");
}

TEST(PartnerCenterList, FindsItsOwnOrganisationFromTheOldestReferral) {
  ScriptedService service;
  service.then(200, list_of({row("a", "2026-02-03T00:00:00Z")}));
  service.then(200, list_of({row("a", "2026-02-03T00:00:00Z")}));
  const Result<Page> page = pull(service);
  ASSERT_TRUE(page.has_value());
  ASSERT_EQ(service.requests.size(), 2u);
  EXPECT_THAT(service.requests[1].url, HasSubstr(kOldest));
  service.then(200, list_of({row("a", "2026-02-03T00:00:00Z")}));
  ASSERT_TRUE(pull(service, page->next).has_value());
  EXPECT_EQ(service.requests.size(), 3u) << "the cursor knows the organisation";
}

TEST(PartnerCenterList, RefusesAReadPositionOfAnotherOrganisation) {
  ScriptedService service;
  service.then(200, list_of({row("a", "2026-02-03T00:00:00Z")}));
  service.then(200, list_of({row("a", "2026-02-03T00:00:00Z")}));
  const Result<Page> page = pull(service);
  const std::string theirs = R"({"id":"z","organizationId":"org-2","updatedDateTime":"2026-02-04T00:00:00Z"})";
  service.then(200, list_of({theirs}));
  service.then(200, list_of({theirs}));
  EXPECT_EQ(pull(service, page->next).error().kind, ErrorClass::cursor_invalid);
}

TEST(PartnerCenterList, RefusesDamagedAndForeignReadPositions) {
  ScriptedService service(ours());
  for (const char* text : {"nonsense", "[]", R"({"v":99})", R"({"v":1,"host":"other.example"})",
                           R"({"v":1,"host":"api.partner.microsoft.com","organization":"org-7"})"}) {
    EXPECT_EQ(pull(service, Cursor(text)).error().kind, ErrorClass::cursor_invalid) << text;
  }
  EXPECT_TRUE(service.requests.empty());
}

TEST(PartnerCenterList, AWebPageOrHalfAnAnswerIsNotUnderstoodAndMovesNothing) {
  for (const char* body : {"<html>Sign in</html>", R"({"value":[)", "", R"({"value":7})", R"({"value":[{"name":"x"}]})",
                           "[]", "\xff\xfe"}) {
    ScriptedService service(ours());
    service.then(200, body);
    const Result<Page> page = pull(service);
    ASSERT_FALSE(page.has_value()) << body;
    expect_not_understood(page.error(), "GET referrals (newest changes)", service);
  }
}

TEST(PartnerCenterList, ReadsAreTriedAgainAfterServerErrorsAndThrottling) {
  ScriptedService service(ours());
  service.then(503, "busy", {{"Retry-After", "7"}});
  service.then(500, "");
  service.then(Delivered::Kind::dropped_before);
  service.then(200, list_of({row("a", "2026-02-03T00:00:00Z")}));
  const Instant before = service.clock.now();
  const Result<Page> page = pull(service);
  ASSERT_TRUE(page.has_value()) << page.error().message;
  EXPECT_EQ(service.requests.size(), 4u);
  EXPECT_GE((service.clock.now() - before).ms, 7000);
  EXPECT_EQ(service.meter.of("partner_center").total(), 4u);
}

TEST(PartnerCenterList, AsksForAnotherPageSizeWithoutCuttingTheListing) {
  PartnerCenterSettings settings = ours();
  settings.page_size = 50;
  ScriptedService service(settings);
  ASSERT_TRUE(pull(service).has_value());
  EXPECT_EQ(service.requests[0].headers.get("Prefer"), "odata.maxpagesize=50");
  EXPECT_THAT(service.requests[0].url, Not(HasSubstr("top")));
}

TEST(PartnerCenterList, FindsAChangeWithTheVeryStampThatWasReadForGood) {
  ScriptedService service(ours());
  const std::string a = row("a", "2026-02-03T00:00:00Z");
  service.then(200, list_of({a}));
  service.then(200, list_of({a}));
  service.then(200, list_of({row("b", "2026-02-03T00:00:00Z"), a, row("old", "2026-02-02T23:59:59Z")}));
  Result<Page> page = pull(service);
  service.clock.advance(minutes(5));
  page = pull(service, page->next);
  page = pull(service, page->next);
  ASSERT_TRUE(page.has_value());
  EXPECT_THAT(ids_of(page->seen), ElementsAre("b"));
}

using Filter = PartnerCenterSettings::ChangesFilter;

PartnerCenterSettings filtering(Filter filter) {
  PartnerCenterSettings s = ours();
  s.changes_filter = filter;
  return s;
}

constexpr const char* kBounded =
    "/v1.0/engagements/referrals?$orderby=updatedDateTime%20desc&$filter=updatedDateTime%20ge%20";

TEST(PartnerCenterChangesFilter, NamesTheTimeToWhichEverythingWasReadInTheFormThatWasSet) {
  for (const Filter filter : {Filter::bare, Filter::quoted}) {
    ScriptedService service(filtering(filter));
    service.then(200, list_of({row("a", "2026-02-03T00:00:00.750Z")}));
    service.then(200, list_of({row("b", "2026-02-03T00:00:10Z"), row("a", "2026-02-03T00:00:00.750Z")}));
    Result<Page> page = pull(service);
    page = pull(service, page->next);
    ASSERT_TRUE(page.has_value());
    EXPECT_THAT(ids_of(page->seen), ElementsAre("b"));
    EXPECT_THAT(service.requests[0].url, Not(HasSubstr("filter"))) << "the first listing is of everything";
    // Two minutes of overlap, and whole seconds before that.
    const std::string quote = filter == Filter::quoted ? "%27" : "";
    EXPECT_EQ(service.requests[1].url, kBounded + quote + "2026-02-02T23%3A57%3A59Z" + quote);
  }
}

TEST(PartnerCenterChangesFilter, ThatIsRefusedGivesWayToTheListWithoutItForGood) {
  ScriptedService service(filtering(Filter::bare));
  const std::string a = list_of({row("a", "2026-02-03T00:00:00Z")});
  service.then(200, a);
  service.then(400, R"({"error":{"code":"invalidRequest"}})");
  service.then(200, list_of({row("b", "2026-02-03T00:00:10Z"), row("a", "2026-02-03T00:00:00Z")}));
  service.then(200, a);
  Result<Page> page = pull(service);
  page = pull(service, page->next);
  ASSERT_TRUE(page.has_value()) << page.error().message;
  EXPECT_THAT(ids_of(page->seen), ElementsAre("b"));
  ASSERT_TRUE(pull(service, page->next).has_value());
  ASSERT_EQ(service.requests.size(), 4u);
  EXPECT_THAT(service.requests[1].url, HasSubstr("$filter="));
  EXPECT_THAT(service.requests[2].url, Not(HasSubstr("$filter=")));
  EXPECT_THAT(service.requests[3].url, Not(HasSubstr("$filter="))) << "a refused form is not tried twice";
}

TEST(PartnerCenterChangesFilter, DoesNotHideOtherErrors) {
  ScriptedService service(filtering(Filter::bare));
  service.then(200, list_of({row("a", "2026-02-03T00:00:00Z")}));
  service.then(403, "{}");
  const Result<Page> page = pull(service);
  EXPECT_EQ(pull(service, page->next).error().kind, ErrorClass::forbidden);
  EXPECT_EQ(service.requests.size(), 2u);
}

TEST(PartnerCenterChangesFilter, ThatIsIgnoredChangesNothing) {
  ScriptedService service(filtering(Filter::bare));
  const std::vector<std::string> rows = {row("b", "2026-02-03T00:00:10Z"), row("a", "2026-02-03T00:00:00Z"),
                                         row("old", "2026-01-03T00:00:00Z")};
  service.then(200, list_of({rows[1], rows[2]}));
  service.then(200, list_of(rows, "http://x/?$skiptoken=more"));
  Result<Page> page = pull(service);
  page = pull(service, page->next);
  ASSERT_TRUE(page.has_value());
  EXPECT_THAT(ids_of(page->seen), ElementsAre("b"));
  EXPECT_TRUE(page->caught_up);
}

TEST(PartnerCenterList, StopsAtThePageLimitAndGoesOnWhereItStopped) {
  const std::vector<std::string> rows = {row("a", "2026-02-04T00:00:50Z"), row("b", "2026-02-04T00:00:40Z"),
                                         row("c", "2026-02-03T00:00:00Z"), row("d", "2026-02-01T00:00:00Z")};
  for (int limit = 1; limit <= 5; ++limit) {
    ScriptedService service(ours());
    service.otherwise = [&rows](const http::Request& request) {
      const bool second = request.url.find("skiptoken") != std::string::npos;
      return Delivered{
          Delivered::Kind::response,
          answer(200, second ? list_of({rows[2], rows[3]}) : list_of({rows[0], rows[1]}, "http://x/?$skiptoken=2"))};
    };
    std::vector<std::string> all;
    Cursor cursor;
    for (int i = 0; i < 10; ++i) {
      const Result<Page> page = pull(service, cursor, limit);
      ASSERT_TRUE(page.has_value());
      EXPECT_LE(page->seen.size(), static_cast<std::size_t>(limit));
      EXPECT_TRUE(page->full_listing);
      for (const std::string& id : ids_of(page->seen)) all.push_back(id);
      cursor = page->next;
      if (page->caught_up) break;
    }
    EXPECT_THAT(all, ElementsAre("a", "b", "c", "d")) << limit;
  }
}

}  // namespace
}  // namespace cosell::test
