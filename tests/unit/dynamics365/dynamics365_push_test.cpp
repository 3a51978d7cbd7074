// Writing: few calls, one outcome for each operation, and never a second record or a value lost.
#include <gmock/gmock.h>

#include "tests/unit/dynamics365/test_org.h"

namespace cosell::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Dynamics365Push, CreatesByKeyOnceHoweverOftenItIsAsked) {
  TestOrg org;
  const auto first = push(org, {create_of("ref-1", new_deal("A"))});
  ASSERT_TRUE(applied_in(first[0])) << told(first[0]);
  EXPECT_TRUE(applied_in(first[0])->created);
  EXPECT_FALSE(applied_in(first[0])->version.empty());
  EXPECT_EQ(applied_in(first[0])->shown, new_deal("A"));
  org.reconnect();
  const auto second = push(org, {create_of("ref-1", new_deal("Another name"))});
  ASSERT_TRUE(applied_in(second[0])) << told(second[0]);
  EXPECT_FALSE(applied_in(second[0])->created);
  EXPECT_EQ(applied_in(second[0])->id, applied_in(first[0])->id);
  EXPECT_EQ(applied_in(second[0])->version, applied_in(first[0])->version);
  EXPECT_EQ(applied_in(second[0])->shown, new_deal("A")) << "what is there is told, not written over";
  EXPECT_EQ(pull_all(org, {"name"}).seen.size(), 1U);
  EXPECT_EQ(fetch(org, {by_key("ref-1")}, {"name"}).size(), 1U);
}

TEST(Dynamics365Push, FindsTheRecordThatSomebodyElseMadeForTheReferral) {
  TestOrg org;
  const std::string by_hand = org.create("By hand", R"(,"cosell_referralid":"ref-1")");
  const auto done = push(org, {create_of("ref-1", new_deal("A"))});
  ASSERT_TRUE(applied_in(done[0])) << told(done[0]);
  EXPECT_EQ(applied_in(done[0])->id.value, by_hand);
  EXPECT_FALSE(applied_in(done[0])->created);
  EXPECT_EQ(pull_all(org, {"name"}).seen.size(), 1U);
}

TEST(Dynamics365Push, WritesEveryTypeSoThatItReadsBackEqual) {
  TestOrg org;
  const std::string account = org.create_account(R"({"name":"Fabrikam"})");
  Columns changes = new_deal("Grüße 🚀 \"quoted\" \\ 'it'");
  changes["estimatedvalue"] = Value(Money{12345678912, "EUR"});
  changes["transactioncurrencyid.isocurrencycode"] = text_value("EUR");
  changes["cosell_since"] = Value(*parse_instant("2026-11-20T10:00:00Z"));
  changes["cosell_sync"] = Value(true);
  changes["cosell_help"] = text_value("974830002");
  changes["parentaccountid"] = text_value(account);
  changes["cosell_notes"] = text_value("two\nlines");
  const auto done = push(org, {create_of("ref-1", changes)});
  ASSERT_TRUE(applied_in(done[0])) << told(done[0]);
  const RecordId id = applied_in(done[0])->id;
  std::vector<std::string> names;
  for (const auto& c : changes) names.push_back(c.first);
  const Observation seen = seen_of(org, id.value, names);
  EXPECT_EQ(seen.columns.at("estimatedvalue"), number("123456789.12"));
  EXPECT_EQ(seen.columns.at("cosell_help"), number("974830002"));
  for (const char* same : {"name", "stage", "cosell_since", "cosell_sync", "estimatedclosedate", "parentaccountid",
                           "cosell_notes", "transactioncurrencyid.isocurrencycode"}) {
    EXPECT_EQ(seen.columns.at(same), changes.at(same)) << same;
  }
  EXPECT_EQ(applied_in(done[0])->shown, seen.columns);
  EXPECT_EQ(applied_in(done[0])->version, seen.version);
  EXPECT_EQ(seen.key.value, "ref-1");

  const auto cleared = push(org, {planned_from(seen, {{"cosell_notes", Value()},
                                                      {"parentaccountid", Value()},
                                                      {"cosell_help", Value()},
                                                      {"estimatedvalue", number("0.07")}})});
  ASSERT_TRUE(applied_in(cleared[0])) << told(cleared[0]);
  for (const char* blank : {"cosell_notes", "parentaccountid", "cosell_help"}) {
    EXPECT_TRUE(is_blank(value_of(org, id.value, blank))) << blank;
  }
  EXPECT_EQ(value_of(org, id.value, "estimatedvalue"), number("0.07"));
  EXPECT_EQ(value_of(org, id.value, "name"), changes.at("name")) << "what was not written stays";
}

TEST(Dynamics365Push, TellsWhatTheServerMadeOfAValue) {
  TestOrg org;
  Columns changes = new_deal("A");
  changes["estimatedvalue"] = number("10.456");
  changes["transactioncurrencyid.isocurrencycode"] = text_value("JPY");
  changes["cosell_since"] = Value(*parse_instant("2026-11-20T10:00:00.750Z"));
  const auto done = push(org, {create_of("ref-1", changes)});
  ASSERT_TRUE(applied_in(done[0])) << told(done[0]);
  EXPECT_EQ(applied_in(done[0])->shown.at("estimatedvalue"), number("10"));
  EXPECT_EQ(applied_in(done[0])->shown.at("cosell_since"), Value(*parse_instant("2026-11-20T10:00:00Z")));
}

TEST(Dynamics365Push, DoesNotWriteOverAChangeThatItHasNotSeen) {
  TestOrg org;
  const std::string a = org.create("A");
  const std::string b = org.create("B");
  const Observation seen_a = seen_of(org, a, {"name", "cosell_notes"});
  const Observation seen_b = seen_of(org, b, {"name", "cosell_notes"});
  org.edit(a, R"({"cosell_notes":"by a person"})");
  const auto done = push(org, {planned_from(seen_a, {{"cosell_notes", text_value("by the bridge")}}),
                               planned_from(seen_b, {{"cosell_notes", text_value("by the bridge")}})});
  EXPECT_EQ(kind_of(done[0]), "precondition");
  EXPECT_EQ(kind_of(done[1]), "applied") << told(done[1]);
  EXPECT_EQ(value_of(org, a, "cosell_notes"), text_value("by a person"));
  EXPECT_EQ(value_of(org, b, "cosell_notes"), text_value("by the bridge"));
}

TEST(Dynamics365Push, ComparesWhatThePlanWasMadeFromWhereThereIsNoVersion) {
  TestOrg org;
  const std::string a = org.create("A", R"(,"estimatedvalue":1)");
  const std::string b = org.create("B", R"(,"estimatedvalue":1)");
  org.edit(a, R"({"estimatedvalue":99})");
  org.edit(b, R"({"description":"somebody else's column"})");
  std::vector<Operation> ops;
  for (const std::string& id : {a, b}) {
    ops.push_back(update_of(id, {{"estimatedvalue", number("2")}}, {{"estimatedvalue", number("1")}}));
  }
  const auto done = push(org, ops);
  ASSERT_EQ(kind_of(done[0]), "precondition");
  EXPECT_THAT(error_in(done[0])->fields, ElementsAre("estimatedvalue"));
  EXPECT_EQ(kind_of(done[1]), "applied") << "another column was edited";
  EXPECT_EQ(value_of(org, a, "estimatedvalue"), number("99"));
  EXPECT_EQ(value_of(org, b, "estimatedvalue"), number("2"));
}

TEST(Dynamics365Push, NeverMakesARecordThatAPersonDeleted) {
  TestOrg org;
  const std::string a = org.create("A");
  org.remove(a);
  const auto done = push(org, {update_of(a, {{"cosell_notes", text_value("x")}}),
                               update_of(a, {{"name", text_value("x")}}, {{"name", text_value("A")}}),
                               update_of("no id", {{"name", text_value("x")}})});
  for (const Outcome& o : done) EXPECT_EQ(kind_of(o), "not_found") << told(o);
  EXPECT_TRUE(pull_all(org, {"name"}).seen.empty());
}

TEST(Dynamics365Push, GivesEachPartOfABatchItsOwnOutcome) {
  TestOrg org;
  org.set(
      R"({"plugin_rules":[{"column":"closeprobability","operator":">","value":50,"message":"Ask finance first."}]})");
  const std::string fine = org.create("Fine");
  org.set(R"({"read_only_columns":["cosell_campaign"]})");
  Columns bad_choice = new_deal("x");
  bad_choice["cosell_help"] = number("7");
  Columns bad_stage = new_deal("x");
  bad_stage["stage"] = text_value("salesstage:77");
  Columns no_stage = new_deal("x");
  no_stage["stage"] = text_value("Qualify");
  Columns nobody = new_deal("x");
  nobody["parentaccountid"] = text_value("11111111-1111-1111-1111-111111111111");
  const auto done = push(
      org,
      {update_of(fine, {{"closeprobability", number("60")}}), create_of("k1", new_deal(std::string(301, 'n'))),
       create_of("k2", bad_choice), create_of("k3", bad_stage), create_of("k4", no_stage), create_of("k5", nobody),
       update_of(fine, {{"cosell_campaign", text_value("x")}}), update_of(fine, {{"closeprobability", number("1000")}}),
       create_of("k6", new_deal("Good")), update_of(fine, {{"cosell_notes", text_value("n")}})});
  const auto expect = [&](std::size_t i, const char* kind, const char* rule) {
    EXPECT_EQ(kind_of(done[i]), kind) << i << " " << told(done[i]);
    ASSERT_NE(error_in(done[i]), nullptr) << i;
    EXPECT_EQ(error_in(done[i])->rule, rule) << i;
  };
  expect(0, "rejected", "0x80040265");
  EXPECT_THAT(error_in(done[0])->message, HasSubstr("Ask finance first."));
  expect(1, "rejected", "0x80044331");
  EXPECT_THAT(error_in(done[1])->fields, ElementsAre("name"));
  expect(2, "rejected", "0x8004431a");
  expect(3, "rejected", "0x8004431a");
  expect(4, "rejected", "");
  EXPECT_THAT(error_in(done[4])->message, HasSubstr("is no stage of Dynamics 365"));
  expect(5, "rejected", "0x80040217");
  EXPECT_THAT(error_in(done[5])->message, HasSubstr("refers to is not in Dynamics 365"));
  expect(6, "forbidden", "0x8004f508");
  expect(7, "rejected", "0x8004432f");
  EXPECT_EQ(kind_of(done[8]), "applied") << told(done[8]);
  EXPECT_EQ(kind_of(done[9]), "applied") << told(done[9]);
  EXPECT_EQ(org.asked.back(), "POST /api/data/v9.2/$batch");
}

TEST(Dynamics365Push, KeepsTheOrderOfTwoWritesToOneRecord) {
  TestOrg org;
  const std::string a = org.create("A");
  const auto done = push(org, {update_of(a, {{"cosell_notes", text_value("first")}}),
                               update_of(a, {{"cosell_notes", text_value("second")}})});
  for (const Outcome& o : done) EXPECT_EQ(kind_of(o), "applied") << told(o);
  EXPECT_EQ(value_of(org, a, "cosell_notes"), text_value("second"));
}

TEST(Dynamics365Push, AsksForCurrenciesOnceHoweverManyItMeets) {
  TestOrg org;
  std::vector<Operation> creates;
  for (const char* code : {"EUR", "USD", "EUR", "USD"}) {
    Columns changes = new_deal("D");
    changes["transactioncurrencyid.isocurrencycode"] = text_value(code);
    creates.push_back(create_of("ref-" + std::to_string(creates.size()), changes));
  }
  const auto before = org.requests();
  for (const Outcome& o : push(org, creates)) {
    ASSERT_EQ(kind_of(o), "applied") << told(o);
    EXPECT_EQ(std::get<Applied>(o.what).shown.count("transactioncurrencyid.isocurrencycode"), 1U);
  }
  EXPECT_EQ(org.requests() - before, 3U) << "the types of columns, the list of currencies, one batch";
}

TEST(Dynamics365Push, SendsMoreAtOnceWhileTheServerIsQuick) {
  TestOrg org;
  EXPECT_EQ(org.connector->capabilities().batch_max, 1000);
  const auto sizes = [&](int count, const std::string& prefix) {
    std::vector<Operation> creates;
    for (int i = 0; i < count; ++i) creates.push_back(create_of(prefix + std::to_string(i), new_deal("D")));
    const auto before = org.asked.size();
    for (const Outcome& o : push(org, creates)) EXPECT_EQ(kind_of(o), "applied") << told(o);
    std::vector<std::size_t> out;
    for (std::size_t n = before; n < org.asked.size(); ++n) {
      if (org.asked[n] != "POST /api/data/v9.2/$batch") continue;
      const auto parts = text::split(org.bodies[n], '\n');
      const auto patches = std::count_if(parts.begin(), parts.end(),
                                         [](const std::string& l) { return text::starts_with(l, "PATCH "); });
      if (patches > 0) out.push_back(static_cast<std::size_t>(patches));
    }
    return out;
  };
  org.takes = seconds(1);
  EXPECT_THAT(sizes(1000, "a"), ElementsAre(100, 500, 400)) << "as many as take five seconds at that pace";
  EXPECT_THAT(sizes(1000, "b"), ElementsAre(1000));
  org.takes = seconds(40);
  EXPECT_THAT(sizes(1000, "c"), ElementsAre(1000));
  EXPECT_THAT(sizes(870, "d"), ElementsAre(500, 250, 120)) << "each slow one halves the next";
  org.takes = seconds(15);
  EXPECT_THAT(sizes(100, "e"), ElementsAre(62, 38)) << "neither quick nor slow";
  org.takes = milliseconds(10);
  EXPECT_THAT(sizes(300, "f"), ElementsAre(62, 124, 114)) << "once it was slow, no faster than twice as many";
}

TEST(Dynamics365Push, StopsSendingAndSendsLessWhenTheServerAsksToWait) {
  TestOrg org;
  push(org, {create_of("warm", new_deal("D"))});
  std::vector<Operation> creates;
  for (int i = 0; i < 250; ++i) creates.push_back(create_of("ref-" + std::to_string(i), new_deal("D")));
  org.set(R"({"throttle_next":1,"throttle_retry_after":40})");
  const auto before = org.requests();
  for (const Outcome& o : push(org, creates)) {
    ASSERT_EQ(kind_of(o), "throttled");
    EXPECT_EQ(error_in(o)->not_before, org.manual.now() + seconds(40));
  }
  EXPECT_EQ(org.requests() - before, 1U);
  EXPECT_TRUE(org.meter.asked_to_wait("crm")) << "status tells it";
  const auto again = org.asked.size();
  for (const Outcome& o : push(org, creates)) EXPECT_EQ(kind_of(o), "applied") << told(o);
  EXPECT_EQ(org.asked.size() - again, 3U) << "50, 100, 100";
}

// The platform may refuse a single operation of a batch for its limits: that is a word about the side, not the record.
TEST(Dynamics365Push, StopsSendingAlsoWhenOnlyAPartIsAskedToWait) {  // I-03
  TestOrg org;
  push(org, {create_of("warm", new_deal("D"))});
  std::vector<Operation> creates;
  for (int i = 0; i < 250; ++i) creates.push_back(create_of("ref-" + std::to_string(i), new_deal("D")));
  org.set(R"({"throttle_next_parts":1,"throttle_retry_after":40})");
  const auto before = org.requests();
  const auto done = push(org, creates);
  EXPECT_EQ(org.requests() - before, 1U) << "the next batch did not leave";
  const std::size_t sent = 100;
  for (std::size_t i = 0; i < done.size(); ++i) {
    const bool went_through = i > 0 && i < sent;
    ASSERT_EQ(kind_of(done[i]), went_through ? "applied" : "throttled") << i << " " << told(done[i]);
    if (went_through) continue;
    EXPECT_EQ(error_in(done[i])->not_before, org.manual.now() + seconds(40)) << i;
    EXPECT_FALSE(error_in(done[i])->of_one_record) << i;
  }
  const auto again = org.asked.size();
  for (const Outcome& o : push(org, creates)) EXPECT_EQ(kind_of(o), "applied") << told(o);
  const auto batches =
      std::count(org.asked.begin() + static_cast<std::ptrdiff_t>(again), org.asked.end(), "POST /api/data/v9.2/$batch");
  EXPECT_GE(batches, 3) << "smaller ones";
  EXPECT_TRUE(org.meter.asked_to_wait("crm"));
}

// A side that asked to wait is not asked what it already has either.
TEST(Dynamics365Push, AsksNothingBehindAPartThatWasAskedToWait) {  // I-03
  TestOrg org;
  push(org, {create_of("ref-1", new_deal("D"))});
  org.set(R"({"throttle_next_parts":1,"throttle_retry_after":40})");
  const auto before = org.requests();
  for (const Outcome& o : push(org, {create_of("ref-0", new_deal("D")), create_of("ref-1", new_deal("D"))})) {
    EXPECT_EQ(kind_of(o), "throttled") << told(o);
  }
  EXPECT_EQ(org.requests() - before, 1U);
}

// Which value is taken only the server's words tell.
TEST(Dynamics365Push, TellsWhatTheServerSaysOfAnotherRecordWithAUniqueValue) {
  TestOrg org;
  const std::string id = org.create("By hand", R"(,"cosell_referralid":"ref-1")");
  org.set(R"({"hidden_rows":[")" + id + R"("]})");
  const auto done = push(org, {create_of("ref-1", new_deal("From Microsoft"))});
  ASSERT_EQ(kind_of(done[0]), "rejected") << told(done[0]);
  EXPECT_THAT(error_in(done[0])->message, HasSubstr("Entity Key"));
  EXPECT_THAT(error_in(done[0])->message, HasSubstr("read access to all opportunities"));
}

TEST(Dynamics365Push, SendsNothingMoreWhenAWholeBatchIsForbidden) {
  TestOrg org;
  push(org, {create_of("warm", new_deal("D"))});
  org.faults(R"([{"match":{"method":"POST","path":"/api/data"},"times":0,"action":{"kind":"status","status":403,
    "body":{"error":{"code":"0x80040220","message":"x"}}}}])");
  std::vector<Operation> creates;
  for (int i = 0; i < 250; ++i) creates.push_back(create_of("ref-" + std::to_string(i), new_deal("D")));
  const auto before = org.requests();
  for (const Outcome& o : push(org, creates)) {
    ASSERT_EQ(kind_of(o), "forbidden") << told(o);
    EXPECT_FALSE(error_in(o)->of_one_record);
  }
  EXPECT_EQ(org.requests() - before, 1U);
}

// The look before a write is refused for all: the writes that need none wait with it.
TEST(Dynamics365Push, SendsNothingAfterALookThatWasRefused) {
  TestOrg org;
  const std::string a = org.create("A");
  const std::string b = org.create("B");
  pull_all(org, {"name", "cosell_notes"});
  org.set(R"({"throttle_next":100,"throttle_retry_after":600})");
  const auto before = org.requests();
  const auto done = push(org, {update_of(a, {{"cosell_notes", text_value("x")}}, {{"name", text_value("A")}}),
                               update_of(b, {{"cosell_notes", text_value("x")}})});
  EXPECT_EQ(kind_of(done[0]), "throttled");
  EXPECT_EQ(kind_of(done[1]), "throttled");
  EXPECT_EQ(org.requests() - before, 1U) << "the look alone";
}

TEST(Dynamics365Push, CallsALostReplyUnknownAndFindsTheRecordByItsKey) {
  for (const char* action :
       {R"({"kind":"drop_after"})", R"({"kind":"truncate","bytes":10})", R"({"kind":"drop_before"})"}) {
    TestOrg org;
    pull_all(org, {"name", "estimatedclosedate", "cosell_notes"});
    org.faults(R"([{"match":{"method":"POST","path":"/api/data"},"action":)" + std::string(action) + "}]");
    const auto before = org.requests();
    EXPECT_EQ(kind_of(push(org, {create_of("ref-1", new_deal("A"))})[0]), "unknown") << action;
    EXPECT_EQ(org.requests() - before, 1U) << "a write is not repeated by itself";
    const bool arrived = std::string(action).find("before") == std::string::npos;
    ASSERT_EQ(fetch(org, {by_key("ref-1")}, {"name"}).size(), arrived ? 1U : 0U) << action;
    const auto again = push(org, {create_of("ref-1", new_deal("A"))});
    ASSERT_TRUE(applied_in(again[0])) << told(again[0]);
    EXPECT_EQ(applied_in(again[0])->created, !arrived);
    EXPECT_EQ(pull_all(org, {"name"}).seen.size(), 1U);
  }
}

TEST(Dynamics365Push, DoesNotTrustAnAnswerThatDoesNotFit) {
  const std::string a = "11111111-1111-1111-1111-111111111111";
  const std::string b = "22222222-2222-2222-2222-222222222222";
  int outer = 200;
  const auto outcomes_with = [&](const std::string& body, const std::string& type = "multipart/mixed; boundary=B") {
    TestOrg org;
    pull_all(org, {"cosell_notes"});
    json::Value text = json::Value::string(body);
    org.faults(R"([{"match":{"method":"POST","path":"/api/data"},"action":{"kind":"status","status":)" +
               std::to_string(outer) + R"(,"headers":{"Content-Type":")" + type + R"("},"body":)" + json::write(text) +
               "}}]");
    std::vector<std::string> kinds;
    for (const Outcome& o : push(org, {update_of(a, {{"cosell_notes", text_value("x")}}),
                                       update_of(b, {{"cosell_notes", text_value("x")}})})) {
      kinds.push_back(kind_of(o));
    }
    return text::join(kinds, " ");
  };
  const auto part = [](const std::string& status, const std::string& json) {
    return "--B\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 " + status +
           "\r\nContent-Type: application/json\r\n\r\n" + json + "\r\n";
  };
  const auto row = [](const std::string& id) {
    return R"({"@odata.etag":"W/\"5\"","opportunityid":")" + id +
           R"(","modifiedon":null,"cosell_referralid":null,"cosell_notes":"x"})";
  };
  const std::string one = part("200 OK", row(a));
  const std::string two = part("200 OK", row(b));
  const std::string end = "--B--\r\n";
  EXPECT_EQ(outcomes_with(one + two + end), "applied applied");
  EXPECT_EQ(outcomes_with("\r\n" + one + two + "--B--"), "applied applied");
  EXPECT_EQ(outcomes_with(text::replace_all(one + two + end, "\r\n", "\n")), "applied applied");
  EXPECT_EQ(outcomes_with(two + one + end), "unknown unknown");
  EXPECT_EQ(outcomes_with(one + end), "applied unknown");
  const std::string refused = part(
      "400 Bad Request", R"({"error":{"code":"0x80044331","message":"The length of 'cosell_notes' is too long"}})");
  EXPECT_EQ(outcomes_with(one + refused + end), "applied rejected");
  EXPECT_EQ(outcomes_with(refused + end), "unknown unknown");
  EXPECT_EQ(outcomes_with(refused + one + end), "unknown unknown") << "whose refusal is it?";
  EXPECT_EQ(outcomes_with(end), "unknown unknown");
  EXPECT_EQ(outcomes_with(one + two + two + end), "unknown unknown");
  EXPECT_EQ(outcomes_with(one + two), "unknown unknown") << "cut short";
  EXPECT_EQ(outcomes_with(one + part("2", "") + end), "unknown unknown");
  EXPECT_EQ(outcomes_with(one + part("204 No Content", "") + end), "applied applied");
  EXPECT_EQ(outcomes_with("{}", "application/json"), "unknown unknown");
  EXPECT_EQ(outcomes_with("<html>", "text/html"), "unknown unknown");
  EXPECT_EQ(outcomes_with(""), "unknown unknown");
  outer = 400;
  EXPECT_EQ(outcomes_with(refused + end), "rejected unknown") << "the server stopped at the first refusal";
}

TEST(Dynamics365Push, RepeatsAWriteOnceWithANewTokenWhenTheOldOneIsRefused) {
  TestOrg org;
  push(org, {create_of("ref-0", new_deal("Z"))});
  org.control("expire", "{}");
  const auto done = push(org, {create_of("ref-1", new_deal("A"))});
  ASSERT_TRUE(applied_in(done[0])) << told(done[0]);
  EXPECT_TRUE(applied_in(done[0])->created);
}

TEST(Dynamics365Push, TellsServerFaultsApart) {
  const auto kind_after = [](const std::string& action) {
    TestOrg org;
    pull_all(org, {"name", "estimatedclosedate"});
    org.faults(R"([{"match":{"method":"POST","path":"/api/data"},"action":)" + action + "}]");
    const auto before = org.requests();
    const auto done = push(org, {create_of("k", new_deal("D"))});
    EXPECT_EQ(org.requests() - before, 1U) << action;
    return kind_of(done[0]);
  };
  const auto server = [](const std::string& status, const std::string& code) {
    return R"({"kind":"status","status":)" + status + R"(,"body":{"error":{"code":")" + code + R"(","message":"x"}}})";
  };
  EXPECT_EQ(kind_after(R"({"kind":"html","status":503})"), "unknown");
  EXPECT_EQ(kind_after(R"({"kind":"status","status":502,"body":""})"), "unknown");
  EXPECT_EQ(kind_after(server("500", "0x80040216")), "unknown");
  EXPECT_EQ(kind_after(R"({"kind":"html","status":200})"), "unknown");
  EXPECT_EQ(kind_after(R"({"kind":"status","status":408,"body":""})"), "unknown") << "it may have gone on";
  EXPECT_EQ(kind_after(R"({"kind":"html","status":403})"), "bad_response");
  EXPECT_EQ(kind_after(R"({"kind":"throttle","retry_after":40})"), "throttled");
  EXPECT_EQ(kind_after(server("403", "0x80040220")), "forbidden");
  EXPECT_EQ(kind_after(server("403", "-2147187962")), "forbidden") << "the decimal form";
  EXPECT_EQ(kind_after(server("403", "0x80072560")), "auth_expired") << "the application is no user here";
}

TEST(Dynamics365Push, TriesAgainLaterAfterADeadlock) {
  TestOrg org;
  const std::string a = org.create("A");
  const std::string b = org.create("B");
  org.set(R"({"deadlock_next_writes":1})");
  const auto done =
      push(org, {update_of(a, {{"cosell_notes", text_value("x")}}), update_of(b, {{"cosell_notes", text_value("x")}})});
  EXPECT_EQ(kind_of(done[0]), "transient");
  EXPECT_EQ(kind_of(done[1]), "applied");
  EXPECT_TRUE(is_blank(value_of(org, a, "cosell_notes")));
}

TEST(Dynamics365Push, RefusesAnAmountThatThePlatformCalculates) {
  TestOrg org;
  const std::string a = org.create("A", R"(,"isrevenuesystemcalculated":true)");
  org.edit(a, R"({"totalamount":500})");
  const std::string b = org.create("B");
  const auto done =
      push(org, {update_of(a, {{"estimatedvalue", number("7")}, {"cosell_notes", text_value("x")}}),
                 update_of(b, {{"estimatedvalue", number("7")}}), update_of(a, {{"cosell_message", text_value("y")}})});
  ASSERT_EQ(kind_of(done[0]), "rejected");
  EXPECT_EQ(error_in(done[0])->rule, "CALCULATED_REVENUE");
  EXPECT_THAT(error_in(done[0])->fields, ElementsAre("estimatedvalue"));
  EXPECT_THAT(error_in(done[0])->message, HasSubstr("product lines"));
  EXPECT_EQ(kind_of(done[1]), "applied") << told(done[1]);
  EXPECT_EQ(kind_of(done[2]), "applied") << "other columns of such an opportunity are written";
  EXPECT_EQ(value_of(org, a, "estimatedvalue"), number("500"));
  EXPECT_TRUE(is_blank(value_of(org, a, "cosell_notes"))) << "nothing of it was sent";
}

TEST(Dynamics365Push, TakesTheRevenueOverWhereTheSettingSaysSo) {
  Dynamics365Settings settings = TestOrg::default_settings();
  settings.calculated_revenue = CalculatedRevenue::take_over;
  TestOrg org(settings);
  const std::string a = org.create("A", R"(,"isrevenuesystemcalculated":true)");
  const auto done = push(org, {update_of(a, {{"estimatedvalue", number("7")}})});
  ASSERT_EQ(kind_of(done[0]), "applied") << told(done[0]);
  EXPECT_EQ(value_of(org, a, "estimatedvalue"), number("7"));
  EXPECT_EQ(value_of(org, a, "isrevenuesystemcalculated"), Value(false));
}

TEST(Dynamics365Push, NamesTheCurrencyThatTheOrganisationLacks) {
  TestOrg org;
  const std::string a = org.create("A");
  const auto in_currency = [&](const char* code) {
    return push(org, {update_of(a, {{"estimatedvalue", number("7")},
                                    {"transactioncurrencyid.isocurrencycode", text_value(code)}})})[0];
  };
  auto done = in_currency("KWD");
  ASSERT_EQ(kind_of(done), "rejected");
  EXPECT_THAT(error_in(done)->message, HasSubstr("KWD"));
  EXPECT_THAT(error_in(done)->fields, ElementsAre("transactioncurrencyid.isocurrencycode"));
  EXPECT_TRUE(is_blank(value_of(org, a, "estimatedvalue"))) << "nothing was sent";
  EXPECT_EQ(kind_of(in_currency("EUR")), "applied");
  EXPECT_EQ(value_of(org, a, "transactioncurrencyid.isocurrencycode"), text_value("EUR"));
  org.set(R"({"currencies":["USD","EUR","KWD"]})");
  org.advance(minutes(2));
  EXPECT_EQ(kind_of(in_currency("KWD")), "applied") << "an administrator added it";
  org.set(R"({"open_quotes":[")" + a + R"("]})");
  EXPECT_EQ(error_in(in_currency("USD"))->rule, "0x80048479");
}

TEST(Dynamics365Push, WritesADateSoThatEverybodySeesTheSameDay) {
  TestOrg org;
  org.set(R"({"close_dates":"user_local"})");
  const auto done = push(org, {create_of("k", new_deal("A"))});
  ASSERT_TRUE(applied_in(done[0])) << told(done[0]);
  const std::string id = applied_in(done[0])->id.value;
  EXPECT_EQ(org.on_server(id, "estimatedclosedate").text(), "2027-01-31T10:00:00Z");
  EXPECT_EQ(value_of(org, id, "estimatedclosedate"), Value(Date{2027, 1, 31}));
  EXPECT_EQ(applied_in(done[0])->shown.at("estimatedclosedate"), Value(Date{2027, 1, 31}));
}

TEST(Dynamics365Push, ObeysTheDuplicateRulesOfTheOrganisation) {
  for (const char* status : {"412", "500"}) {
    TestOrg org;
    org.set(R"({"duplicate_detection":true,"duplicate_status":)" + std::string(status) + "}");
    Operation account;
    account.id = OperationId("acc-1");
    account.kind = RecordKind::account;
    account.verb = Verb::create;
    account.changes = {{"name", text_value("Fabrikam")}, {"address1_city", text_value("Hamburg")}};
    const auto first = push(org, {account});
    ASSERT_TRUE(applied_in(first[0])) << told(first[0]);
    EXPECT_TRUE(applied_in(first[0])->created);
    const auto repeated = push(org, {account});
    ASSERT_TRUE(applied_in(repeated[0])) << told(repeated[0]);
    EXPECT_FALSE(applied_in(repeated[0])->created) << "the same operation makes one account";
    EXPECT_EQ(applied_in(repeated[0])->id, applied_in(first[0])->id);
    account.id = OperationId("acc-2");
    const auto twin = push(org, {account});
    EXPECT_EQ(kind_of(twin[0]), "rejected") << status;
    EXPECT_EQ(error_in(twin[0])->rule, "0x80040333");

    Dynamics365Settings settings = TestOrg::default_settings();
    settings.duplicate_detection = false;
    const auto made_without = [&] {
      TestOrg lax(settings);
      lax.set(R"({"duplicate_detection":true})");
      lax.create_account(R"({"name":"Fabrikam"})");
      return kind_of(push(lax, {account})[0]);
    };
    EXPECT_EQ(made_without(), "applied");
  }
}

TEST(Dynamics365Push, WritesALookupToSeveralTablesByTheWayThatTheMappingNames) {
  TestOrg org;
  org.control("column", R"({"name":"new_Buyer","kind":"lookup","values":["account","contact"]})");
  const std::string account = org.create_account(R"({"name":"Fabrikam"})");
  const std::string contact = org.make("contact", R"({"lastname":"Berg"})");
  const std::string id = org.create("Alder");
  auto done = push(org, {update_of(id, {{"new_buyer_account", text_value(account)}})});
  EXPECT_EQ(kind_of(done[0]), "applied") << told(done[0]);
  EXPECT_EQ(org.on_server(id, "_new_buyer_value").text(), account);
  done = push(org, {update_of(id, {{"new_buyer_contact", text_value(contact)}})});
  EXPECT_EQ(kind_of(done[0]), "applied") << told(done[0]);
  EXPECT_EQ(org.on_server(id, "_new_buyer_value").text(), contact);
  done = push(org, {update_of(id, {{"new_buyer_contact", Value()}})});
  EXPECT_EQ(kind_of(done[0]), "applied") << told(done[0]);
  EXPECT_TRUE(org.on_server(id, "_new_buyer_value").is_null());
  done = push(org, {update_of(id, {{"new_buyer", text_value(account)}})});
  ASSERT_EQ(kind_of(done[0]), "config");
  EXPECT_NE(error_in(done[0])->message.find("like new_buyer_account"), std::string::npos);
}

TEST(Dynamics365Push, RefusesWhatItMustNotWrite) {
  TestOrg org;
  const std::string a = org.create("A");
  EXPECT_EQ(kind_of(push(org, {update_of(a, {{"parentaccountid.name", text_value("x")}})})[0]), "config");
  EXPECT_EQ(kind_of(push(org, {update_of(a, {{"cosell_notes", Value(std::vector<Person>{})}})})[0]), "config");
  EXPECT_EQ(kind_of(push(org, {update_of(a, {{"customerid", text_value(a)}})})[0]), "config");
  EXPECT_EQ(kind_of(push(org, {update_of(a, {{"parentaccountid", text_value("Fabrikam")}})})[0]), "rejected");
  EXPECT_EQ(kind_of(push(org, {update_of(a, {{"cosell_help", text_value("Everything")}})})[0]), "rejected");
  EXPECT_EQ(kind_of(push(org, {update_of(a, {{"cosell_nowhere", text_value("x")}})})[0]), "schema_drift");
  EXPECT_EQ(kind_of(push(org, {create_of("", new_deal("x"))})[0]), "bug");
  const auto before = org.requests();
  EXPECT_EQ(kind_of(push(org, {update_of(a, {})})[0]), "applied") << "nothing to write is done at once";
  EXPECT_EQ(org.requests(), before);
}

}  // namespace
}  // namespace cosell::test
