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
