// What becomes of a write: its conditions, each refusal, and answers that leave the outcome open.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deal/deal.h"
#include "scripted_service.h"

namespace cosell::test {
namespace {

using net::Delivered;
using testing::HasSubstr;
using testing::Not;

Operation create() {
  Operation op;
  op.id = OperationId("7d1e2f60-11aa-4c6e-9b0e-1f2a3b4c5d6e");
  op.kind = RecordKind::referral;
  op.verb = Verb::create;
  op.target.key = BridgeKey("006A");
  op.changes = {{"name", Value(std::string("Alder"))}};
  return op;
}

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
  const Refused table[] = {
      {400, ErrorClass::rejected, ErrorClass::rejected},      {403, ErrorClass::forbidden, ErrorClass::forbidden},
      {404, ErrorClass::not_found, ErrorClass::bad_response}, {409, ErrorClass::precondition, ErrorClass::rejected},
      {412, ErrorClass::precondition, ErrorClass::rejected},  {422, ErrorClass::rejected, ErrorClass::rejected},
      {423, ErrorClass::transient, ErrorClass::transient},    {429, ErrorClass::throttled, ErrorClass::throttled},
      {500, ErrorClass::unknown, ErrorClass::unknown},        {502, ErrorClass::unknown, ErrorClass::unknown},
      {503, ErrorClass::unknown, ErrorClass::unknown},        {504, ErrorClass::unknown, ErrorClass::unknown},
      {507, ErrorClass::unknown, ErrorClass::unknown},        {202, ErrorClass::unknown, ErrorClass::unknown},
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

}  // namespace
}  // namespace cosell::test
