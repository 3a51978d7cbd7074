// Writes whose answer is lost, is none, or asks to wait: what is known of each row, and what leaves again.
#include <gmock/gmock.h>

#include "tests/unit/salesforce/test_org.h"

namespace cosell::test {
namespace {

TEST(SalesforcePushFault, SendsNothingMoreWhenAWholeCallIsForbidden) {
  TestOrg org;
  org.faults(R"([{"match":{"method":"POST","path":"/services/data/{id}/composite/{id}"},"times":0,
    "action":{"kind":"status","status":403,"body":[{"errorCode":"API_DISABLED_FOR_ORG","message":"x"}]}}])");
  for (const Outcome& o : push(org, creates_of(450, "ref-"))) {
    ASSERT_EQ(kind_of(o), "forbidden");
    EXPECT_FALSE(error_in(o)->of_one_record);
  }
  EXPECT_EQ(org.requests(), 1U);
}

TEST(SalesforcePushFault, SendsNothingMoreAfterALookIsRefusedAsAWhole) {
  TestOrg org;
  std::vector<Operation> updates;
  for (const Outcome& o : push(org, creates_of(450, "ref-"))) {
    updates.push_back(update_of(applied_in(o)->id.value, {{"NextStep", text_value("new")}}, {{"NextStep", Value()}}));
  }
  org.faults(R"([{"match":{"method":"POST","path":"/services/data/v60.0/composite/sobjects/Opportunity"},
                  "action":{"kind":"throttle","retry_after":400}}])");
  const auto before = org.requests();
  for (const Outcome& o : push(org, updates)) EXPECT_EQ(kind_of(o), "throttled");
  EXPECT_EQ(org.requests() - before, 1U);
}

TEST(SalesforcePushFault, CallsALostReplyUnknownAndFindsTheRecordByItsKey) {
  for (const char* action :
       {R"({"kind":"drop_after"})", R"({"kind":"truncate","bytes":10})", R"({"kind":"drop_before"})"}) {
    TestOrg org;
    org.faults(R"([{"match":{"method":"POST","path":"/services/data/{id}/composite/{id}"},"action":)" +
               std::string(action) + "}]");
    EXPECT_EQ(kind_of(push(org, {create_of("ref-1", new_deal("A"))})[0]), "unknown") << action;
    const bool arrived = std::string(action).find("before") == std::string::npos;
    const auto found = fetch(org, {by_key("ref-1")}, {"Name"});
    ASSERT_EQ(found.size(), arrived ? 1U : 0U) << action;
    EXPECT_EQ(org.requests(), 2U) << "a write is not repeated by itself";
    const auto again = push(org, {create_of("ref-1", new_deal("A"))});
    ASSERT_TRUE(applied_in(again[0]));
    EXPECT_EQ(applied_in(again[0])->created, !arrived);
    EXPECT_EQ(pull_all(org, {"Name"}).seen.size(), 1U);
  }
}

TEST(SalesforcePushFault, DoesNotTrustAnAnswerThatDoesNotFit) {
  const auto outcomes_with = [](const std::string& body) {
    TestOrg org;
    org.faults(R"([{"match":{"method":"PATCH"},"action":{"kind":"status","status":200,"body":)" + body + "}}]");
    std::vector<std::string> kinds;
    for (const Outcome& o : push(org, {update_of("006000000000001AAA", {{"NextStep", text_value("x")}}),
                                       update_of("006000000000002AAA", {{"NextStep", text_value("x")}})})) {
      kinds.push_back(kind_of(o));
    }
    return text::join(kinds, " ");
  };
  const std::string one = R"({"id":"006000000000001AAA","success":true,"errors":[]})";
  const std::string two = R"({"id":"006000000000002AAA","success":true,"errors":[]})";
  EXPECT_EQ(outcomes_with("[" + one + "," + two + "]"), "applied applied");
  EXPECT_EQ(outcomes_with("[" + two + "," + one + "]"), "unknown unknown");
  EXPECT_EQ(outcomes_with("[" + one + "]"), "applied unknown");
  const std::string refused =
      R"({"success":false,"errors":[{"statusCode":"STRING_TOO_LONG","message":"too long","fields":[]}]})";
  EXPECT_EQ(outcomes_with("[" + one + "," + refused + "]"), "applied rejected");
  EXPECT_EQ(outcomes_with("[" + refused + "," + one + "]"), "unknown unknown") << "whose refusal is it?";
  EXPECT_EQ(outcomes_with("[" + refused + "]"), "unknown unknown");
  EXPECT_EQ(outcomes_with("[]"), "unknown unknown");
  EXPECT_EQ(outcomes_with("[" + one + "," + two + "," + two + "]"), "unknown unknown");
  EXPECT_EQ(outcomes_with(R"([{"id":"006000000000001AAA"},)" + two + "]"), "unknown unknown");
  EXPECT_EQ(outcomes_with(R"({"message":"?"})"), "unknown unknown");
  EXPECT_EQ(outcomes_with(R"("<html>")"), "unknown unknown");
}

TEST(SalesforcePushFault, RepeatsAWriteOnceWithANewTokenWhenTheOldOneIsRefused) {
  TestOrg org;
  push(org, {create_of("ref-0", new_deal("Z"))});
  org.control("expire", "{}");
  const auto done = push(org, {create_of("ref-1", new_deal("A"))});
  ASSERT_TRUE(applied_in(done[0]));
  EXPECT_TRUE(applied_in(done[0])->created);
}

// Salesforce answers a login with the session that is under way.

TEST(SalesforcePushFault, LogsInOnceMoreAndNotWithEveryRequestWhereItsTokenIsGivenAgain) {
  TestOrg org;
  org.set(R"({"shares_sessions":true})");
  push(org, {create_of("ref-0", new_deal("Z"))});
  org.faults(R"([{"match":{"method":"POST","path":"/services/data/{id}/composite/{id}"},
    "action":{"kind":"status","status":401,"body":[{"errorCode":"INVALID_SESSION_ID","message":"x"}]}}])");
  for (int i = 1; i < 5; ++i) push(org, {create_of("ref-" + std::to_string(i), new_deal("A"))});
  EXPECT_EQ(std::count(org.asked.begin(), org.asked.end(), "POST /services/oauth2/token"), 2);
}

TEST(SalesforcePushFault, StopsSendingWhenTheServerAsksToWait) {
  TestOrg org;
  org.faults(
      R"([{"match":{"method":"POST","path":"/services/data/{id}/composite/{id}"},"times":0,"action":{"kind":"status","status":403,
    "body":[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]}}])");
  std::vector<Operation> creates;
  for (int i = 0; i < 450; ++i) creates.push_back(create_of("ref-" + std::to_string(i), new_deal("D")));
  for (const Outcome& o : push(org, creates)) {
    ASSERT_EQ(kind_of(o), "throttled");
    ASSERT_TRUE(error_in(o)->not_before);
  }
  EXPECT_EQ(org.requests(), 1U);

  org.faults(
      R"([{"match":{"method":"POST","path":"/services/data/{id}/composite/{id}"},"action":{"kind":"throttle","retry_after":40}}])");
  const auto done = push(org, {create_of("k", new_deal("D"))});
  EXPECT_EQ(kind_of(done[0]), "throttled");
  EXPECT_EQ(error_in(done[0])->not_before, org.manual.now() + seconds(40));
}

TEST(SalesforcePushFault, TellsServerFaultsApart) {
  const auto kind_after = [](const std::string& action) {
    TestOrg org;
    org.faults(R"([{"match":{"method":"POST","path":"/services/data/{id}/composite/{id}"},"action":)" + action + "}]");
    const auto done = push(org, {create_of("k", new_deal("D"))});
    EXPECT_EQ(org.requests(), 1U) << action;
    return kind_of(done[0]);
  };
  EXPECT_EQ(kind_after(R"({"kind":"html","status":503})"), "unknown");
  EXPECT_EQ(kind_after(R"({"kind":"status","status":502,"body":""})"), "unknown");
  EXPECT_EQ(kind_after(R"({"kind":"status","status":500,"body":[{"errorCode":"UNKNOWN_EXCEPTION","message":"x"}]})"),
            "unknown");
  EXPECT_EQ(kind_after(R"({"kind":"status","status":503,"body":[{"errorCode":"SERVER_UNAVAILABLE","message":"x"}]})"),
            "transient");
  EXPECT_EQ(kind_after(R"({"kind":"html","status":200})"), "unknown");
  EXPECT_EQ(kind_after(R"({"kind":"status","status":408,"body":""})"), "unknown") << "it may have gone on";
  EXPECT_EQ(kind_after(R"({"kind":"status","status":420,"body":""})"), "unknown");
  EXPECT_EQ(kind_after(R"({"kind":"html","status":403})"), "bad_response");
  EXPECT_EQ(kind_after(R"({"kind":"status","status":300,"body":["/services/data/v60.0/sobjects/Opportunity/006"]})"),
            "rejected");
  EXPECT_EQ(kind_after(R"({"kind":"status","status":403,"body":[{"errorCode":"API_DISABLED_FOR_ORG","message":"x"}]})"),
            "forbidden");
  EXPECT_EQ(
      kind_after(R"({"kind":"status","status":403,"body":[{"errorCode":"API_CURRENTLY_DISABLED","message":"x"}]})"),
      "transient")
      << "a problem of theirs, which passes";
  EXPECT_EQ(kind_after(R"({"kind":"status","status":400,"body":[{"errorCode":"JSON_PARSER_ERROR","message":"x"}]})"),
            "rejected");
}

TEST(SalesforcePushFault, TriesAgainWhatAnAutomationCouldNotDoForALock) {
  TestOrg org;
  const std::string a = org.create("A");
  org.set(R"({"locked_ids":[")" + a + R"("],"locks_in_automations":true})");
  const auto done = push(org, {update_of(a, {{"NextStep", text_value("x")}})});
  EXPECT_EQ(kind_of(done[0]), "transient");
  EXPECT_EQ(error_in(done[0])->rule, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY");
  EXPECT_TRUE(error_in(done[0])->of_one_record);
}

TEST(SalesforcePushFault, WritesNothingWhenTheComparisonFails) {
  TestOrg org;
  const std::string a = org.create("A");
  org.faults(
      R"([{"match":{"method":"POST","path":"/services/data"},"times":0,"action":{"kind":"html","status":200}}])");
  const auto done = push(org, {update_of(a, {{"NextStep", text_value("x")}}, {{"Name", text_value("A")}})});
  EXPECT_EQ(kind_of(done[0]), "bad_response");
  EXPECT_TRUE(is_blank(value_of(org, a, "NextStep")));
}

}  // namespace
}  // namespace cosell::test
