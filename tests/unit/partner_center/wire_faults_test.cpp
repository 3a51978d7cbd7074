// Answers that a healthy service does not give: what the connector makes of each, and what it never does.
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

std::vector<std::string> ids_of(const std::vector<Observation>& seen) {
  std::vector<std::string> ids;
  for (const Observation& o : seen) ids.push_back(o.id.value);
  return ids;
}

PartnerCenterSettings ours() {
  PartnerCenterSettings s;
  s.organization_id = "org-1";
  return s;
}

Operation edit(const std::string& id, const std::string& version = "\"v1\"") {
  Operation op;
  op.id = OperationId("op-" + id);
  op.kind = RecordKind::referral;
  op.verb = Verb::update;
  op.target.id = RecordId(id);
  op.must_match = VersionToken(version);
  op.changes = {{"notes", Value(std::string("new"))}};
  return op;
}

Operation create() {
  Operation op;
  op.id = OperationId("7d1e2f60-11aa-4c6e-9b0e-1f2a3b4c5d6e");
  op.kind = RecordKind::referral;
  op.verb = Verb::create;
  op.target.key = BridgeKey("006A");
  op.changes = {{"name", Value(std::string("Alder"))}};
  return op;
}

const Error& error_in(const Outcome& o) { return std::get<Error>(o.what); }

Outcome push_one(ScriptedService& service, const Operation& op) {
  Call call = service.call();
  std::vector<Outcome> outcomes = service.connector->push(call, std::span(&op, 1));
  EXPECT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes.front().id, op.id);
  return outcomes.front();
}

Result<Page> pull(ScriptedService& service, const Cursor& cursor = {}, int limit = 2000) {
  Call call = service.call();
  return service.connector->pull(call, {cursor, {}, limit});
}

// ---- next links

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

// ---- lists

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

// ---- the filter by time

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

// ---- pages

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

// ---- writes

TEST(PartnerCenterWrite, CarriesTheConditionTheIdsAndTheWishForTheRecord) {
  ScriptedService service(ours());
  service.then(200, row("r1", "2026-02-03T00:00:00Z"));
  const Outcome o = push_one(service, edit("r1", "plain-tag"));
  ASSERT_TRUE(std::holds_alternative<Applied>(o.what));
  const http::Request& sent = service.requests.front();
  EXPECT_EQ(sent.method, "PATCH");
  EXPECT_EQ(sent.url, "/v1.0/engagements/referrals/r1");
  EXPECT_EQ(sent.headers.get("If-Match"), "\"plain-tag\"");
  EXPECT_EQ(sent.headers.get("Prefer"), "return=representation");
  EXPECT_EQ(sent.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(sent.headers.get("MS-RequestId"), "op-r1");
  EXPECT_EQ(sent.headers.get("MS-CorrelationId"), sent.headers.get("client-request-id"));
  EXPECT_FALSE(sent.headers.get("MS-CorrelationId").empty());
  const auto& applied = std::get<Applied>(o.what);
  EXPECT_EQ(applied.version.value, "\"tag-r12026-02-03T00:00:00Z\"");
  ASSERT_TRUE(applied.stored.has_value());
  EXPECT_EQ(applied.stored->version, applied.version);
}

TEST(PartnerCenterWrite, WithoutAVersionIsNotSent) {
  ScriptedService service(ours());
  EXPECT_EQ(error_in(push_one(service, edit("r1", ""))).kind, ErrorClass::precondition);
  EXPECT_TRUE(service.requests.empty());
}

TEST(PartnerCenterWrite, WithoutABodyInTheAnswerIsAppliedButShowsNothing) {
  ScriptedService service(ours());
  service.then(204, "", {{"request-id", "r-77"}});
  const Outcome o = push_one(service, edit("r1"));
  const auto& applied = std::get<Applied>(o.what);
  EXPECT_EQ(applied.id.value, "r1");
  EXPECT_TRUE(applied.version.empty());
  EXPECT_FALSE(applied.stored.has_value());
  EXPECT_EQ(o.request_id, "r-77");
}

struct Refused {
  int status;
  ErrorClass edit;
  ErrorClass create;
};

TEST(PartnerCenterWrite, EveryRefusalHasItsClassAndIsSentOnce) {
  const Refused table[] = {{400, ErrorClass::rejected, ErrorClass::rejected},
                           {403, ErrorClass::forbidden, ErrorClass::forbidden},
                           {404, ErrorClass::not_found, ErrorClass::bad_response},
                           {409, ErrorClass::precondition, ErrorClass::precondition},
                           {412, ErrorClass::precondition, ErrorClass::precondition},
                           {422, ErrorClass::rejected, ErrorClass::rejected},
                           {423, ErrorClass::transient, ErrorClass::transient},
                           {429, ErrorClass::throttled, ErrorClass::throttled},
                           {500, ErrorClass::unknown, ErrorClass::unknown},
                           {502, ErrorClass::unknown, ErrorClass::unknown},
                           {503, ErrorClass::unknown, ErrorClass::unknown},
                           {504, ErrorClass::unknown, ErrorClass::unknown},
                           {507, ErrorClass::unknown, ErrorClass::unknown},
                           {202, ErrorClass::unknown, ErrorClass::unknown},
                           {302, ErrorClass::unknown, ErrorClass::unknown}};
  for (const Refused& r : table) {
    ScriptedService service(ours());
    service.then(r.status, "{}", {{"request-id", "q-1"}});
    service.then(r.status, "{}", {{"request-id", "q-2"}});
    const Outcome edited = push_one(service, edit("r1"));
    EXPECT_EQ(error_in(edited).kind, r.edit) << r.status;
    EXPECT_EQ(edited.request_id, "q-1") << r.status;
    EXPECT_EQ(error_in(push_one(service, create())).kind, r.create) << r.status;
    EXPECT_EQ(service.requests.size(), 2u) << r.status;
  }
}

TEST(PartnerCenterWrite, PromisedForLaterIsNotApplied) {
  ScriptedService service(ours());
  service.then(202, row("r1", "2026-02-03T00:00:00Z"));
  EXPECT_EQ(error_in(push_one(service, edit("r1"))).kind, ErrorClass::unknown);
}

TEST(PartnerCenterWrite, SaysWhenTheServiceMayBeAskedAgain) {
  ScriptedService service(ours());
  service.then(429, R"({"statusCode":429,"message":"Rate limit is exceeded."})", {{"Retry-After", "57"}});
  const Error e = error_in(push_one(service, edit("r1")));
  ASSERT_TRUE(e.not_before.has_value());
  EXPECT_GE((*e.not_before - service.clock.now()).ms, 57'000);
  EXPECT_THAT(e.message, HasSubstr("Partner Center"));
  EXPECT_THAT(e.message, Not(HasSubstr("partner_center")));
}

TEST(PartnerCenterWrite, TellsWhatWasSentFromWhatNeverLeft) {
  ScriptedService service(ours());
  service.then(Delivered::Kind::unreachable);
  EXPECT_EQ(error_in(push_one(service, create())).kind, ErrorClass::transient);
  for (const auto lost :
       {Delivered::Kind::dropped_before, Delivered::Kind::dropped_after, Delivered::Kind::truncated}) {
    service.then(lost);
    const Outcome o = push_one(service, create());
    EXPECT_EQ(error_in(o).kind, ErrorClass::unknown);
    EXPECT_EQ(o.request_id, service.requests.back().headers.get("MS-CorrelationId")) << "what support can look for";
    EXPECT_EQ(error_in(o).request_id, o.request_id);
  }
  EXPECT_EQ(service.requests.size(), 4u) << "a write is never repeated here";
}

TEST(PartnerCenterWrite, AnAnswerThatIsNotAReferralLeavesTheOutcomeOpen) {
  for (const char* body : {"<!DOCTYPE html><html></html>", "{\"name\":\"no id\"}", "", "{\"id\":"}) {
    ScriptedService service(ours());
    service.then(200, body);
    const Outcome o = push_one(service, create());
    EXPECT_EQ(error_in(o).kind, ErrorClass::unknown) << body;
    EXPECT_THAT(error_in(o).message, HasSubstr("POST referrals")) << body;
    EXPECT_EQ(o.request_id, service.requests.back().headers.get("MS-CorrelationId")) << body;
  }
}

TEST(PartnerCenterWrite, WithoutAnIdInTheAnswerIsKnownByTheOneThatWasSent) {
  for (const int status : {200, 400, 500, 503}) {
    ScriptedService service(ours());
    service.then(status, status == 200 ? row("r1", "2026-02-03T00:00:00Z") : "{}");
    const Outcome o = push_one(service, edit("r1"));
    EXPECT_EQ(o.request_id, service.requests.back().headers.get("MS-CorrelationId")) << status;
  }
}

TEST(PartnerCenterWrite, GivesTheServersWordsAndTheFieldItNames) {
  ScriptedService service(ours());
  service.then(400, R"({"error":{"code":"invalidRequest","message":"Bad request","target":"referral","innererror":
    {"code":"outOfRange","message":"The close date lies in the past.","target":"/details/closingDateTime"}}})");
  const Error e = error_in(push_one(service, edit("r1")));
  EXPECT_EQ(e.rule, "outOfRange");
  EXPECT_EQ(e.fields, std::vector<std::string>{"close_date"});
  EXPECT_EQ(e.message, "Partner Center did not accept the close date: The close date lies in the past.");
  EXPECT_EQ(e.http_status, 400);
}

TEST(PartnerCenterLogin, IsRenewedOnceAndOnlyTheRefusedRequestsGoAgain) {
  ScriptedService service(ours());
  service.then(401, "{}");
  service.then(200, row("r2", "2026-02-03T00:00:00Z"));
  service.then(200, row("r1", "2026-02-03T00:00:00Z"));
  const std::vector<Operation> ops = {edit("r1"), edit("r2")};
  Call call = service.call();
  const std::vector<Outcome> outcomes = service.connector->push(call, ops);
  EXPECT_EQ(std::get<Applied>(outcomes[0].what).id.value, "r1");
  EXPECT_EQ(std::get<Applied>(outcomes[1].what).id.value, "r2");
  EXPECT_EQ(service.tokens->renewed, 1);
  ASSERT_EQ(service.requests.size(), 3u);
  EXPECT_EQ(service.requests[2].headers.get("Authorization"), "Bearer token-1");
  EXPECT_EQ(service.requests[2].headers.get("MS-RequestId"), service.requests[0].headers.get("MS-RequestId"));
  EXPECT_NE(service.requests[2].headers.get("MS-CorrelationId"), service.requests[0].headers.get("MS-CorrelationId"));
}

TEST(PartnerCenterLogin, RefusedTwiceEndsAsAnExpiredLogin) {
  ScriptedService service(ours());
  service.then(401, "{}");
  service.then(401, "{}");
  EXPECT_EQ(pull(service).error().kind, ErrorClass::auth_expired);
  EXPECT_EQ(service.requests.size(), 2u);
}

TEST(PartnerCenterLogin, SaysWhenASecondFactorIsAsked) {
  ScriptedService service(ours());
  service.otherwise = [](const http::Request&) {
    return Delivered{Delivered::Kind::response,
                     answer(401, R"({"error":{"code":"unauthenticated","message":"MFA required"}})")};
  };
  const Error e = pull(service).error();
  EXPECT_EQ(e.kind, ErrorClass::auth_expired);
  EXPECT_THAT(e.message, HasSubstr("multi-factor"));
  service.otherwise = [](const http::Request&) {
    return Delivered{Delivered::Kind::response, answer(403, R"({"error":"insufficent_claims"})")};
  };
  EXPECT_EQ(pull(service).error().kind, ErrorClass::auth_expired);
}

// The role may be held for some referrals only.
TEST(PartnerCenterErrors, AWriteThatIsForbiddenIsOfItsReferral) {
  ScriptedService service(ours());
  service.otherwise = [](const http::Request&) { return Delivered{Delivered::Kind::response, answer(403, "{}")}; };
  const Outcome done = push_one(service, edit("a"));
  EXPECT_EQ(error_in(done).kind, ErrorClass::forbidden);
  EXPECT_TRUE(error_in(done).of_one_record);
}

TEST(PartnerCenterCheck, NamesTheMissingRole) {
  ScriptedService service(ours());
  service.otherwise = [](const http::Request&) { return Delivered{Delivered::Kind::response, answer(403, "{}")}; };
  Call call = service.call();
  const std::vector<Finding> findings = service.connector->check(call, {}, {});
  ASSERT_EQ(findings.back().what, "Role");
  EXPECT_EQ(findings.back().level, Finding::Level::problem);
  EXPECT_THAT(findings.back().remedy, HasSubstr("Referrals admin"));
}

TEST(PartnerCenterCheck, NamesColumnsThatDoNotExistOrCannotBeChanged) {
  ScriptedService service(ours());
  Call call = service.call();
  const std::vector<Finding> findings = service.connector->check(call, {"clsoe_date"}, {"name", "notes"});
  std::vector<std::string> problems;
  std::vector<std::string> said;
  for (const Finding& f : findings) {
    if (f.level != Finding::Level::ok) problems.push_back(f.what + " | " + f.remedy);
    if (f.level == Finding::Level::ok) said.push_back(f.what + " | " + f.text);
  }
  EXPECT_THAT(problems, ElementsAre("Column clsoe_date | Did you mean close_date?"));
  EXPECT_THAT(said, ::testing::Contains(HasSubstr("later changes stay in the CRM (patch_name)")));
}

// ---- searching

TEST(PartnerCenterSearch, ThatCannotLookBackFarEnoughIsNeverNotFound) {
  PartnerCenterSettings settings = ours();
  settings.create_search_pages = 2;
  ScriptedService service(settings);
  int n = 0;
  service.otherwise = [&n](const http::Request&) {
    return Delivered{Delivered::Kind::response, answer(200, list_of({row("x", "2026-02-03T00:00:00Z")},
                                                                    "http://x/?$skiptoken=" + std::to_string(n++)))};
  };
  RecordRef ref;
  ref.kind = RecordKind::referral;
  ref.key = BridgeKey("006A");
  Call call = service.call();
  EXPECT_EQ(service.connector->fetch(call, std::span(&ref, 1), {}).error().kind, ErrorClass::transient);
}

TEST(PartnerCenterSearch, TriesTheOtherFilterFormOnceAndRemembersIt) {
  ScriptedService service(ours());
  service.otherwise = [](const http::Request& request) {
    if (request.url.find("%27") != std::string::npos) return Delivered{Delivered::Kind::response, answer(400, "{}")};
    const bool engagement = request.url.find("filter") != std::string::npos;
    return Delivered{Delivered::Kind::response,
                     answer(200, engagement ? R"({"value":[{"id":"h","engagementId":"e","organizationId":"msft"}]})"
                                            : list_of({row("a", "2026-02-03T00:00:00Z")}))};
  };
  RecordRef half;
  half.kind = RecordKind::microsoft_half;
  half.key = BridgeKey("e");
  Call call = service.call();
  const Result<std::vector<Observation>> found = service.connector->fetch(call, std::span(&half, 1), {});
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_THAT(ids_of(*found), ElementsAre("h"));
  const std::size_t before = service.requests.size();
  ASSERT_TRUE(service.connector->fetch(call, std::span(&half, 1), {}).has_value());
  EXPECT_EQ(service.requests.size(), before + 1);
}

TEST(PartnerCenterFetch, LeavesOutWhatIsGoneAndMarksWhatIsHidden) {
  ScriptedService service(ours());
  service.then(200, row("a", "2026-02-03T00:00:00Z"));
  service.then(404, "{}");
  service.then(403, "{}");
  std::vector<RecordRef> refs(3);
  for (std::size_t i = 0; i < 3; ++i) {
    refs[i].kind = RecordKind::referral;
    refs[i].id = RecordId(std::string(1, static_cast<char>('a' + i)));
  }
  Call call = service.call();
  const Result<std::vector<Observation>> found = service.connector->fetch(call, refs, {});
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(ids_of(*found), ElementsAre("a", "c"));
  EXPECT_EQ((*found)[1].existence, Existence::out_of_scope);
}

// Reads "a" to "d": "a:live b:unreadable", or the class of the error that is about all of them.
std::string read_together(const std::map<std::string, Delivered>& answers, std::vector<Observation>* seen = nullptr) {
  ScriptedService service(ours());
  service.otherwise = [&answers](const http::Request& request) {
    return answers.at(request.url.substr(request.url.rfind('/') + 1));
  };
  std::vector<RecordRef> refs;
  for (const auto& [id, answer] : answers) {
    RecordRef& ref = refs.emplace_back();
    ref.kind = RecordKind::referral;
    ref.id = RecordId(id);
  }
  Call call = service.call();
  const Result<std::vector<Observation>> found = service.connector->fetch(call, refs, {});
  if (!found) return name_of(found.error().kind);
  if (seen != nullptr) *seen = *found;
  std::string told;
  for (const Observation& o : *found) {
    const bool unread = o.existence == Existence::unreadable;
    told += (told.empty() ? "" : " ") + o.id.value +
            (unread                           ? ":unreadable"
             : o.existence == Existence::live ? ":live"
                                              : ":hidden");
  }
  return told;
}

TEST(PartnerCenterFetch, TellsTheOneThatCannotBeReadAndShowsTheOthers) {  // I-04
  const auto status = [](int code, const std::string& body = "{}") {
    return Delivered{Delivered::Kind::response, answer(code, body)};
  };
  const Delivered shown = status(200, row("a", "2026-02-03T00:00:00Z"));
  std::vector<Observation> seen;
  EXPECT_EQ(read_together({{"a", shown}, {"b", status(500)}, {"c", status(404)}}, &seen), "a:live b:unreadable");
  EXPECT_THAT(seen[1].unread_because, HasSubstr("500"));
  EXPECT_EQ(read_together({{"a", shown}, {"b", status(400)}}), "a:live b:unreadable");
  EXPECT_EQ(read_together({{"a", shown}, {"b", status(200, "[]")}}), "a:live b:unreadable");
  EXPECT_EQ(read_together({{"b", status(500)}, {"c", status(404)}}), "b:unreadable") << "the service answers";
  EXPECT_EQ(read_together({{"b", status(500)}, {"c", status(403)}}), "b:unreadable c:hidden");
  for (const int alone : {500, 400, 200}) EXPECT_EQ(read_together({{"b", status(alone)}}), "b:unreadable") << alone;
  // About the side: its login, its limits, the way there, or all that was asked for.
  EXPECT_EQ(read_together({{"a", shown}, {"b", status(401)}}), "auth_expired");
  EXPECT_EQ(read_together({{"a", shown}, {"b", status(429)}}), "throttled");
  EXPECT_EQ(read_together({{"a", shown}, {"b", {Delivered::Kind::unreachable, {}}}}), "transient");
  EXPECT_EQ(read_together({{"a", status(500)}, {"b", status(500)}}), "transient");
  EXPECT_EQ(read_together({{"a", status(200)}, {"b", status(200)}}), "bad_response");
}

TEST(PartnerCenterPages, LinkToTheReferralForPeople) {
  ScriptedService service;
  EXPECT_EQ(service.connector->page_url(RecordKind::referral, RecordId("r1")),
            "https://partner.microsoft.com/referrals/v2/inbox?id=r1");
  EXPECT_EQ(service.connector->page_url(RecordKind::account, RecordId("r1")), "");
  EXPECT_EQ(service.connector->page_url(RecordKind::referral, RecordId()),
            "https://partner.microsoft.com/referrals/v2/inbox")
      << "where deals are made";
  EXPECT_EQ(service.connector->normal_id("{7D1E2F60-11AA-4C6E-9B0E-1F2A3B4C5D6E}").value,
            "7d1e2f60-11aa-4c6e-9b0e-1f2a3b4c5d6e");
}

TEST(PartnerCenterWire, LooksAtTheMembersWhoStayBeforeOneIsTakenOut) {
  const auto change = [] {
    Operation op;
    op.id = OperationId("op");
    op.kind = RecordKind::referral;
    op.target.id = RecordId("r1");
    op.must_match = VersionToken("\"tag-1\"");
    op.changes = {{"team", Value(std::vector<Person>{{"Ida", "Berg", "+49", "ida@p.example"}})}};
    op.expected = {{"team", Value(std::vector<Person>{{"Ida", "Berg", "+49", "ida@p.example"},
                                                      {"Sam", "Cole", "+1", "sam@p.example"}})}};
    return op;
  }();
  const std::string team =
      R"(,"team":[{"firstName":"Ida","lastName":"Berg","phoneNumber":"+49","email":"ida@p.example",)"
      R"("contactPreference":{"locale":"de-de","disableNotifications":true}}]})";
  ScriptedService service;
  service.then(200, R"({"id":"r1","eTag":"\"tag-1\"")" + team);
  service.then(204, "", {{"ETag", "\"tag-2\""}});
  Call call = service.call();
  auto done = service.connector->push(call, std::span(&change, 1));
  EXPECT_TRUE(std::holds_alternative<Applied>(done[0].what));
  ASSERT_EQ(service.requests.size(), 2U);
  EXPECT_EQ(service.requests[0].method, "GET");
  EXPECT_NE(service.requests[1].body.find("contactPreference"), std::string::npos) << service.requests[1].body;

  // Somebody changed the team since: nothing is written.
  service.requests.clear();
  service.then(200, R"({"id":"r1","eTag":"\"tag-9\"")" + team);
  done = service.connector->push(call, std::span(&change, 1));
  ASSERT_TRUE(std::holds_alternative<Error>(done[0].what));
  EXPECT_EQ(std::get<Error>(done[0].what).kind, ErrorClass::precondition);
  EXPECT_EQ(service.requests.size(), 1U);
}

TEST(PartnerCenterWire, TakesNoHalfOfAnotherEngagementForAnAnswer) {
  PartnerCenterSettings settings;
  settings.organization_id = "org-1";
  ScriptedService service(settings);
  // The filter is not refused, and not applied.
  const std::string half = R"("organizationId":"msft","status":"Active","substatus":"Accepted"})";
  service.then(200, R"({"value":[{"id":"h1","engagementId":"e-other",)" + half +
                        R"(,{"id":"h2","engagementId":"e-1",)" + half + "]}");
  Call call = service.call();
  RecordRef asked;
  asked.kind = RecordKind::microsoft_half;
  asked.key = BridgeKey("e-1");
  const auto found = service.connector->fetch(call, std::span(&asked, 1), {});
  ASSERT_TRUE(found.has_value()) << found.error().message;
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().id.value, "h2");
}

TEST(PartnerCenterWire, APageOfSomethingInBetweenIsNoWordAboutAReferral) {
  ScriptedService service;
  RecordRef ref;
  ref.kind = RecordKind::referral;
  ref.id = RecordId("r1");
  const auto fetched = [&](int status, const std::string& body, const char* type) {
    for (int n = 0; n < 5; ++n) service.then(status, body, {{"Content-Type", type}});
    Call call = service.call();
    auto found = service.connector->fetch(call, std::span(&ref, 1), {});
    service.script.clear();
    if (!found) return std::string(name_of(found.error().kind));
    if (found->empty()) return std::string("not there");
    return std::string(found->front().existence == Existence::unreadable ? "not told" : "there");
  };
  const std::string page = "<!DOCTYPE html><html><body>Not what you look for</body></html>";
  EXPECT_EQ(fetched(404, page, "text/html"), "not told");
  EXPECT_EQ(fetched(403, page, "text/html"), "not told");
  EXPECT_EQ(fetched(404, R"({"statusCode":404,"message":"Resource not found"})", "application/json"), "not told");
  EXPECT_EQ(fetched(404, R"({"error":{"code":"itemNotFound","message":"No such referral."}})", "application/json"),
            "not there");
  EXPECT_EQ(fetched(404, "", "application/json"), "not there");
  EXPECT_EQ(fetched(403, R"({"error":{"code":"accessDenied","message":"No."}})", "application/json"), "there");
}

TEST(PartnerCenterWire, ARefusalThatRepeatsTheTokenIsToldWithoutIt) {
  ScriptedService service;
  service.then(400, R"({"error":{"code":"invalidRequest","message":"Bearer eyJhbGciOi.JIUzI1NiJ9.abcdefgh is odd"}})");
  Operation op;
  op.id = OperationId("op");
  op.kind = RecordKind::referral;
  op.target.id = RecordId("r1");
  op.must_match = VersionToken("\"tag-1\"");
  op.changes = {{"notes", Value(std::string("x"))}};
  Call call = service.call();
  const auto done = service.connector->push(call, std::span(&op, 1));
  ASSERT_TRUE(std::holds_alternative<Error>(done[0].what));
  const Error& e = std::get<Error>(done[0].what);
  EXPECT_EQ(e.message.find("abcdefgh"), std::string::npos) << e.message;
  EXPECT_EQ(e.detail.find("abcdefgh"), std::string::npos) << e.detail;
}

}  // namespace
}  // namespace cosell::test
