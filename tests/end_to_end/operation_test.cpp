// Everyday operation: stopping, running by itself, looking, repairing, and the guard against mass changes.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "pipeline.h"

namespace cosell::end_to_end {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

// Rows of a CSV text; empty when it is none.
std::vector<std::vector<std::string>> read_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1, {""});
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      const bool doubled = c == '"' && i + 1 < text.size() && text[i + 1] == '"';
      if (c == '"' && !doubled) quoted = false;
      if (c != '"' || doubled) rows.back().back() += c;
      if (doubled) ++i;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      rows.back().emplace_back();
    } else if (c == '\n') {
      rows.push_back({""});
    } else if (c != '\r') {
      rows.back().back() += c;
    }
  }
  if (quoted || rows.back() != std::vector<std::string>{""}) return {};
  rows.pop_back();
  return rows;
}

TEST(CallsAllowed, InADayEndTheSyncAndTheNextDayItGoesOn) {
  const Pipeline pipeline(200);
  const auto sandbox = load(pipeline);
  sandbox->configure("calls", Json{{"partner_center", {{"per_day", 20}}}});
  const Ended sync = sandbox->cosell({"sync"});
  EXPECT_EQ(sync.code, 3) << sync.out << sync.err;
  EXPECT_THAT(sync.err, AllOf(HasSubstr("Partner Center"), HasSubstr("configuration allows in 24 hours")));
  EXPECT_EQ(sandbox->partner_center.requests(), 20);
  const auto first_day = PartnerCenter(*sandbox).referrals().size();
  EXPECT_GT(first_day, 0U);
  EXPECT_LT(static_cast<int>(first_day), pipeline.count(Fate::created));

  const Ended status = sandbox->cosell({"status"});
  EXPECT_THAT(status.out, HasSubstr("Partner Center 20 of 20 (more at ")) << status.out;
  EXPECT_EQ(sandbox->cosell({"sync"}).code, 3);
  EXPECT_EQ(sandbox->partner_center.requests(), 20) << "the day's calls were used up";

  sandbox->configure("calls", Json{{"partner_center", {{"per_day", 10'000}}}});
  sandbox->advance("25h");
  EXPECT_EQ(sandbox->cosell({"sync"}).code, 0);
  expect_referrals_match(pipeline, *sandbox);
}

// This machine's clock was a month ahead while they were made. They are of this day, and of no day of the next month.
TEST(CallsAllowed, OfAClockThatWasAheadAreUsedUpForADayOnly) {  // F-67
  const Pipeline pipeline(200);
  const auto sandbox = load(pipeline);
  sandbox->configure("calls", Json{{"partner_center", {{"per_day", 20}}}});
  EXPECT_EQ(sandbox->cosell({"sync"}).code, 3);
  {
    SQLite::Database store(sandbox->store(), SQLite::OPEN_READWRITE);
    store.exec("UPDATE runs SET started_at = started_at + 30 * 86400000, finished_at = finished_at + 30 * 86400000");
  }
  EXPECT_EQ(sandbox->cosell({"sync"}).code, 3);
  EXPECT_EQ(sandbox->partner_center.requests(), 20) << "the day's calls were used up";
  sandbox->advance("23h");
  EXPECT_EQ(sandbox->cosell({"sync"}).code, 3);
  EXPECT_EQ(sandbox->partner_center.requests(), 20);
  sandbox->advance("2h");
  sandbox->cosell({"sync"});
  EXPECT_GT(sandbox->partner_center.requests(), 20) << sandbox->cosell({"status"}).out;
}

TEST(Warning, IsToldByPlanSyncTodoAndShowAndKeepsNothingBack) {  // G-3
  const Pipeline pipeline(60);
  const auto sandbox = load(pipeline);
  sandbox->configure("registration", Json{{"early_won", "warn"}});
  sandbox->answer({"sync"});
  const Json referral = PartnerCenter(*sandbox).referrals().front();
  const std::string id = referral["externalReferenceId"];
  const std::string title = pipeline.row(referral["name"]).title;
  const Salesforce salesforce(*sandbox);
  salesforce.patch(id, Json{{"Cosell_Visible__c", true}, {"Amount", 90000}});
  sandbox->answer({"sync"});
  sandbox->advance("61m");
  sandbox->answer({"sync"});
  salesforce.patch(id, Json{{"StageName", "Won"}});

  const auto warned = AllOf(HasSubstr("Note: " + title), HasSubstr("won within 72 hours of its creation"));
  EXPECT_THAT(sandbox->cosell({"plan"}).out, warned);
  EXPECT_THAT(sandbox->cosell({"sync"}).out, warned);
  const Json todo = sandbox->answer({"todo", "--kind", "warning"})["todo"];
  ASSERT_EQ(todo.size(), 1U);
  EXPECT_EQ(todo[0]["deal"], title);
  EXPECT_THAT(todo[0]["what"].get<std::string>(), HasSubstr("Microsoft may refuse to register it"));
  EXPECT_THAT(sandbox->cosell({"deals", "show", id}).out, HasSubstr("Microsoft may refuse to register it"));
  EXPECT_THAT(salesforce.opportunity(id)["Cosell_Message__c"].get<std::string>(), HasSubstr("may refuse to register"));

  sandbox->advance("61m");
  const Json left = sandbox->answer({"sync"});
  ASSERT_EQ(left["warnings"].size(), 1U);
  EXPECT_EQ(left["warnings"][0]["deal"], title);
  EXPECT_EQ(PartnerCenter(*sandbox).get(referral["id"])["substatus"], "Won");
  EXPECT_EQ(sandbox->answer({"todo", "--kind", "warning"})["todo"].size(), 0U);
  EXPECT_THAT(sandbox->cosell({"deals", "show", id}).out, HasSubstr("so Microsoft may refuse the registration"));
}

TEST(Deadline, IsNamedByAlertAndCalendarWithTheDealAndWhatToDo) {  // L-4, A-4
  const Sandbox sandbox({5, {}, ""});
  sandbox.partner_center.post("inbound", Json{{"name", "Birch Clinics"}});
  sandbox.partner_center.post("inbound", Json{{"name", "Cedar Rail"}});
  sandbox.answer({"sync"});
  EXPECT_EQ(sandbox.cosell({"status", "--alert"}).out, "OK\n");
  sandbox.advance("300h");  // of 14 days
  sandbox.answer({"sync"});
  const Ended alert = sandbox.cosell({"status", "--alert"});
  EXPECT_EQ(alert.code, 1);
  EXPECT_THAT(alert.out, AllOf(HasSubstr("2 deals must be accepted or declined soon, first "),
                               HasSubstr("cosell todo --kind deadline")));
  const Json todo = sandbox.answer({"todo", "--kind", "deadline"})["todo"];
  ASSERT_EQ(todo.size(), 2U);
  EXPECT_THAT(todo[0]["next_step"].get<std::string>(), HasSubstr("to accept it, or close it as lost"));
  const std::string calendar = sandbox.cosell({"todo", "--ics"}).out;
  EXPECT_THAT(calendar, AllOf(HasSubstr("SUMMARY:Birch Clinics: accept or decline the deal"), HasSubstr("URL:http"),
                              HasSubstr("DESCRIPTION:Waiting for the seller: Sent by Microsoft")));
  EXPECT_THAT(calendar, ::testing::Not(HasSubstr("cosell deals show")))
      << "whoever reads a calendar has no command line";
}

TEST(CallsAllowed, TheLastOnesThatSalesforceGrantsAreLeftToOthers) {
  const Pipeline pipeline(200);
  const auto sandbox = load(pipeline);
  sandbox->crm.set("daily_api_limit", 1000);
  sandbox->crm.set("api_used", 949);
  const Ended sync = sandbox->cosell({"sync"});
  EXPECT_EQ(sync.code, 3) << sync.out << sync.err;
  EXPECT_THAT(sync.err,
              AllOf(HasSubstr("Salesforce"), ContainsRegex("95[0-9] of the 1000 API calls"), HasSubstr("last 5 %")));
  // Only an answer tells how many are left; what a sync asks at once in the beginning goes out.
  EXPECT_GE(sandbox->crm.requests(), 1);
  EXPECT_LE(sandbox->crm.requests(), 8);
  EXPECT_THAT(sandbox->cosell({"status"}).out,
              ContainsRegex("95[0-9] of the 1,000 granted to all its clients are used"));

  sandbox->crm.set("api_used", 100);
  EXPECT_EQ(sandbox->cosell({"sync"}).code, 0);
  expect_referrals_match(pipeline, *sandbox);
  const Json status = sandbox->answer({"status"});
  EXPECT_EQ(status["calls_24h"]["crm"]["granted"], 1000);
  EXPECT_GT(status["calls_24h"]["crm"]["granted_used"], 100);
}

TEST(Limits, OfBothSidesStandInTheStatusWithWhatTheyBoreLast) {
  const Pipeline pipeline(60);
  const auto sandbox = load(pipeline);
  sandbox->configure("calls", Json{{"partner_center", {{"per_minute", 6000}}}});
  sandbox->configure("in_flight", Json{{"crm", 3}, {"partner_center", 8}});
  EXPECT_EQ(sandbox->cosell({"sync"}).code, 0);
  Json limits = sandbox->answer({"status"})["limits"];
  EXPECT_EQ(limits["crm"]["in_flight"], 3);
  EXPECT_FALSE(limits["crm"].contains("per_minute"));
  EXPECT_EQ(limits["partner_center"]["per_minute"], 6000);
  EXPECT_EQ(limits["partner_center"]["in_flight"], 8);
  EXPECT_EQ(limits["partner_center"]["in_flight_last_sync"], 8) << "it was quick";
  EXPECT_EQ(limits["partner_center"]["slowed_down_last_sync"], false);
  EXPECT_THAT(sandbox->cosell({"status"}).out,
              AllOf(HasSubstr("Salesforce: up to 3 requests at once"),
                    HasSubstr("Partner Center: 6000 calls a minute, up to 8 requests at once; the last sync ended with "
                              "8")));

  // One with little to do begins with as many.
  EXPECT_EQ(sandbox->cosell({"sync"}).code, 0);
  EXPECT_EQ(sandbox->answer({"status"})["limits"]["partner_center"]["in_flight_last_sync"], 8);

  sandbox->partner_center.fail(Json{{"method", "GET"}}, 0, 1, Json{{"kind", "throttle"}, {"retry_after", 1}});
  EXPECT_EQ(sandbox->cosell({"sync"}).code, 0);
  EXPECT_EQ(sandbox->partner_center.faults_fired(), 1);
  limits = sandbox->answer({"status"})["limits"];
  EXPECT_EQ(limits["partner_center"]["slowed_down_last_sync"], true);
  EXPECT_LT(limits["partner_center"]["in_flight_last_sync"], 8);
  EXPECT_THAT(sandbox->cosell({"status"}).out, HasSubstr("; slowed down in the last sync, to "));
}

class LimitsOfCrm : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Crms, LimitsOfCrm, ::testing::Values("salesforce", "dynamics365"),
                         [](const auto& crm) { return crm.param; });

// The sync after it is a quiet one.
TEST_P(LimitsOfCrm, SayInTheStatusThatItAskedToWait) {
  const Sandbox sandbox({5, {}, "", GetParam()});
  const bool many = GetParam() == "salesforce";
  sandbox.answer({"sync"});
  EXPECT_EQ(sandbox.answer({"status"})["limits"]["crm"]["asked_to_wait_last_sync"], false);
  sandbox.crm.fail(Json{{"method", "GET"}, {"path", many ? "/services/data" : "/api/data"}}, 0, 1,
                   Json{{"kind", "throttle"}, {"retry_after", 1}});
  EXPECT_EQ(sandbox.cosell({"sync"}).code, 0);
  EXPECT_EQ(sandbox.crm.faults_fired(), 1);
  EXPECT_EQ(sandbox.answer({"status"})["limits"]["crm"]["asked_to_wait_last_sync"], true);
  const std::string one = many ? "Salesforce: up to 4 requests at once" : "Dynamics 365: one request at a time";
  const std::string text = sandbox.cosell({"status"}).out;
  EXPECT_THAT(text, HasSubstr(one));
  EXPECT_THAT(text, ContainsRegex("(asked to wait|slowed down) in the last sync"));
  EXPECT_EQ(sandbox.cosell({"sync"}).code, 0);
  EXPECT_THAT(sandbox.cosell({"status"}).out, AllOf(HasSubstr(one), Not(ContainsRegex("asked to wait|slowed down"))));
}

TEST(LostAnswer, IsToldWithTheIdThatWasSentInHistoryAndBundle) {
  const Sandbox sandbox({5, {}, ""});
  sandbox.partner_center.fail(Json{{"method", "POST"}, {"path", "/v1.0/engagements/referrals"}}, 0, 1,
                              Json{{"kind", "drop_after"}});
  sandbox.answer({"sync"});
  ASSERT_EQ(sandbox.partner_center.faults_fired(), 1);
  std::string deal;
  std::string id;
  const Json deals = sandbox.answer({"deals", "list", "--all"});
  for (const Json& row : deals["deals"]) {
    if (row["crm_id"] == "") continue;
    const Json told = sandbox.answer({"deals", "history", row["crm_id"].get<std::string>()});
    for (const Json& line : told["history"]) {
      if (line.value("state", "") != "unknown") continue;
      deal = row["crm_id"];
      id = line.value("request_id", "");
    }
  }
  ASSERT_FALSE(deal.empty());
  EXPECT_THAT(id, ContainsRegex("^[0-9a-f-]{36}$"));
  EXPECT_THAT(sandbox.cosell({"deals", "history", deal}).out, HasSubstr("request id: " + id));
  const std::string file = sandbox.folder->file("deal.json");
  EXPECT_EQ(sandbox.cosell({"deals", "bundle", deal, "--file", file}).code, 0);
  const Json bundle = Json::parse(read_text(file));
  const auto lost = std::find_if(bundle["history"].begin(), bundle["history"].end(), [&id](const Json& line) {
    return line.contains("details") && line["details"].value("request_id", "") == id;
  });
  EXPECT_NE(lost, bundle["history"].end());
}

class Stopped : public ::testing::TestWithParam<int> {};

TEST_P(Stopped, DuringASyncLosesNothingAndTheNextSyncCompletesIt) {  // F-66
  const Pipeline pipeline(500);
  const auto sandbox = load(pipeline);
  sandbox->configure("late_arrival", "2s");
  sandbox->partner_center.set("latency_ms", 60);
  Process sync = sandbox->begin({"sync"});
  ASSERT_TRUE(eventually([&] { return sandbox->partner_center.requests("POST") > 8; }));
  sync.send(GetParam());
  const Ended ended = sync.wait();
  EXPECT_TRUE(ended.in_time);
  EXPECT_EQ(ended.code, 130) << ended.out << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("nothing is lost"));
  const auto by_then = static_cast<int>(PartnerCenter(*sandbox).referrals().size());
  EXPECT_LT(by_then, pipeline.count(Fate::created));
  sandbox->partner_center.set("latency_ms", 0);
  EXPECT_EQ(sandbox->cosell({"sync"}).code, 0);
  expect_referrals_match(pipeline, *sandbox);
  EXPECT_EQ(sandbox->cosell({"journal", "verify"}).code, 0);
}

INSTANTIATE_TEST_SUITE_P(BySignal, Stopped, ::testing::Values(SIGINT, SIGTERM, SIGHUP), [](const auto& test) {
  return test.param == SIGINT ? "Interrupt" : test.param == SIGTERM ? "Terminate" : "HangUp";
});

TEST(Run, SyncsByItselfSurvivesASideThatIsDownAndStopsWhenAsked) {
  const Pipeline pipeline(80);
  const auto sandbox = load(pipeline);
  Process run = sandbox->begin({"run", "--every", "1s"});
  const auto expected = static_cast<std::size_t>(pipeline.count(Fate::created));
  const auto referrals = [&] { return PartnerCenter(*sandbox).referrals(); };
  ASSERT_TRUE(eventually([&] { return referrals().size() == expected; })) << run.err();
  const Json referral = referrals().front();
  const std::string crm_id = referral["externalReferenceId"];
  const Salesforce salesforce(*sandbox);
  const auto value_of = [&] { return PartnerCenter(*sandbox).get(referral["id"])["details"]["dealValue"]; };
  salesforce.patch(crm_id, Json{{"Amount", 8100}});
  EXPECT_TRUE(eventually([&] { return value_of() == 8100; })) << run.err();

  sandbox->partner_center.fail(Json{{"path", "/v1.0"}}, 0, 0, Json{{"kind", "status"}, {"status", 503}});
  salesforce.patch(crm_id, Json{{"Amount", 8200}});
  EXPECT_TRUE(eventually([&] {
    const Json status = sandbox->answer({"status"});
    return !status["incidents"].empty() && status["incidents"][0]["side"] == "partner_center";
  })) << run.err();
  EXPECT_THAT(sandbox->cosell({"todo"}).out, HasSubstr("Partner Center"));
  EXPECT_TRUE(run.running()) << run.err();

  sandbox->partner_center.heal();
  EXPECT_TRUE(eventually([&] { return value_of() == 8200; })) << run.err();
  EXPECT_TRUE(eventually([&] { return sandbox->answer({"status"})["incidents"].empty(); }));
  run.send(SIGTERM);
  const Ended ended = run.wait();
  EXPECT_TRUE(ended.in_time);
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("All is well again"));
  EXPECT_THAT(ended.err, AllOf(HasSubstr("Partner Center"), HasSubstr("Tried again every 1s")));
}

// Often sent to make a service read its configuration anew: systemd starts it again, which does.
TEST(Run, ThatIsHungUpEndsSoThatItIsStartedAgain) {
  const Pipeline pipeline(5);
  const auto sandbox = load(pipeline);
  Process run = sandbox->begin({"run", "--every", "1s"});
  ASSERT_TRUE(eventually([&] { return sandbox->answer({"status"})["last_run"]["outcome"] == "ok"; })) << run.err();
  run.send(SIGHUP);
  const Ended ended = run.wait();
  EXPECT_TRUE(ended.in_time);
  EXPECT_EQ(ended.code, 129);
  EXPECT_THAT(ended.out, HasSubstr("nothing is lost"));
}

// A backup tool, a copy program: it passes, and nobody starts the service anew for it.
TEST(Run, GoesOnOnceAnotherProgramNoLongerKeepsTheStoreLocked) {  // F-61
  const Pipeline pipeline(20);
  const auto sandbox = load(pipeline);
  sandbox->answer({"sync"});
  const Json referral = PartnerCenter(*sandbox).referrals().front();
  Process run = sandbox->begin({"run", "--every", "1s"});
  ASSERT_TRUE(eventually([&] { return sandbox->answer({"status"})["last_run"]["outcome"] == "ok"; })) << run.err();
  {
    SQLite::Database other(sandbox->store(), SQLite::OPEN_READWRITE, 5'000);
    other.exec("BEGIN IMMEDIATE");
    EXPECT_TRUE(eventually([&] { return run.err().find("keeps") != std::string::npos; })) << run.err();
    other.exec("ROLLBACK");
  }
  Salesforce(*sandbox).patch(referral["externalReferenceId"], Json{{"Amount", 8100}});
  EXPECT_TRUE(eventually([&] { return PartnerCenter(*sandbox).get(referral["id"])["details"]["dealValue"] == 8100; }))
      << run.err();
  EXPECT_TRUE(eventually([&] { return run.out().find("All is well again") != std::string::npos; })) << run.out();
  EXPECT_TRUE(run.running()) << run.err();
  run.send(SIGTERM);
  const Ended ended = run.wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, AllOf(HasSubstr("locked"), HasSubstr("Tried again every 1s")));
}

TEST(Run, BeginsWhileAnotherProgramKeepsTheStoreLocked) {  // F-61
  const Pipeline pipeline(20);
  const auto sandbox = load(pipeline);
  sandbox->answer({"sync"});
  auto other = std::make_unique<SQLite::Database>(sandbox->store(), SQLite::OPEN_READWRITE, 5'000);
  other->exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  Process run = sandbox->begin({"run", "--every", "1s"});
  EXPECT_TRUE(eventually([&] { return run.err().find("Tried again every 1s") != std::string::npos; })) << run.err();
  EXPECT_TRUE(run.running()) << run.err();
  other.reset();
  EXPECT_TRUE(eventually([&] { return run.out().find("All is well again") != std::string::npos; })) << run.err();
  run.send(SIGTERM);
  EXPECT_EQ(run.wait().code, 0);
}

TEST(Run, TellsEachCycleAsOneLineOfJson) {
  const Sandbox sandbox({5, {}, ""});
  Process run = sandbox.begin({"run", "--every", "1s", "--json"});
  const auto lines = [&] {
    const std::string out = run.out();
    return std::count(out.begin(), out.end(), '\n');
  };
  EXPECT_TRUE(eventually([&] { return lines() >= 3; })) << run.err();
  run.send(SIGTERM);
  const Ended ended = run.wait();
  EXPECT_EQ(ended.code, 0);
  std::istringstream in(ended.out);
  std::string line;
  int created = 0;
  for (int n = 0; std::getline(in, line); ++n) {
    const Json json = Json::parse(line, nullptr, false);
    ASSERT_TRUE(json.is_object()) << line;
    if (n == 0) created = json["done"].value("partner_center.referral.create", 0);
    if (n > 0) {
      EXPECT_EQ(json["done"], Json::object()) << line;
    }
  }
  EXPECT_EQ(created, static_cast<int>(PartnerCenter(sandbox).referrals().size()));
}

TEST(Plan, ChangesNoByteBesideTheStore) {  // I-15
  const Pipeline pipeline(300);
  const auto sandbox = load(pipeline);
  sandbox->answer({"sync"});
  const Json referral = PartnerCenter(*sandbox).referrals().front();
  Salesforce(*sandbox).patch(referral["externalReferenceId"], Json{{"Amount", 4711}});
  const auto before = files_below(sandbox->folder->file("state"));
  const Json plan = sandbox->answer({"plan"});
  EXPECT_EQ(plan["planned"], (Json{{"partner_center.referral.update", 1}}));
  EXPECT_EQ(plan["deals"][0]["writes"][0]["changes"],
            (Json{{"value", "4,711.00 " + pipeline.row(referral["name"]).currency}}));
  EXPECT_EQ(files_below(sandbox->folder->file("state")), before);
}

TEST(Plan, ChangesNoByteOfWhatAKilledSyncLeftBehind) {
  const Pipeline pipeline(300);
  const auto sandbox = load(pipeline);
  sandbox->partner_center.set("latency_ms", 60);
  Process sync = sandbox->begin({"sync"});
  ASSERT_TRUE(eventually([&] { return sandbox->partner_center.requests("POST") > 8; }));
  sync.send(SIGKILL);
  sync.wait();
  sandbox->partner_center.set("latency_ms", 0);
  const auto before = files_below(sandbox->folder->file("state"));
  sandbox->partner_center.forget_counts();
  const Ended plan = sandbox->cosell({"plan", "--summary"});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_EQ(files_below(sandbox->folder->file("state")), before);
  EXPECT_EQ(sandbox->partner_center.writes(), 0);
}

TEST(Looking, ListsAreJsonAndCsvWithTheSameDeals) {
  const Pipeline pipeline(200);
  const auto sandbox = load(pipeline);
  sandbox->answer({"sync"});
  for (const auto& [command, list] : {std::pair<Arguments, std::string>{{"deals", "list"}, "deals"},
                                      std::pair<Arguments, std::string>{{"deals", "list", "--all"}, "deals"},
                                      std::pair<Arguments, std::string>{{"todo"}, "todo"}}) {
    const Json json = sandbox->answer(command)[list];
    Arguments as_csv = command;
    as_csv.emplace_back("--csv");
    const auto rows = read_csv(sandbox->cosell(as_csv).out);
    ASSERT_EQ(rows.size(), json.size() + 1) << command.back();
    for (std::size_t i = 0; i < json.size(); ++i) {
      ASSERT_EQ(rows[i + 1].size(), rows[0].size());
      EXPECT_EQ(rows[i + 1][1], json[i]["deal"]);
      EXPECT_EQ(rows[i + 1][2], json[i]["crm_id"]);
    }
  }
  EXPECT_EQ(sandbox->answer({"deals", "list", "--all"})["deals"].size(), pipeline.rows.size());
  const Json todo = sandbox->answer({"todo"})["todo"];
  EXPECT_EQ(static_cast<int>(todo.size()), pipeline.count(Fate::missing) + pipeline.count(Fate::unknown_country));
  EXPECT_EQ(sandbox->cosell({"status", "--csv"}).code, 2);
}

TEST(Looking, TodoIsForAnOwner) {
  const Pipeline pipeline(200);
  const auto sandbox = load(pipeline);
  sandbox->answer({"sync"});
  int expected = 0;
  for (const Row& row : pipeline.rows) {
    const bool waits = row.fate() == Fate::missing || row.fate() == Fate::unknown_country;
    expected += waits && row.agent == "Zoë Brontë" ? 1 : 0;
  }
  ASSERT_GT(expected, 0);
  const Json todo = sandbox->answer({"todo", "--for", "zoë brontë"})["todo"];
  EXPECT_EQ(static_cast<int>(todo.size()), expected);
  for (const Json& item : todo) EXPECT_EQ(item["owner"], "Zoë Brontë");
}

TEST(Looking, OneDealShowsBothSidesAndItsHistory) {
  const Pipeline pipeline(60);
  const auto sandbox = load(pipeline);
  sandbox->answer({"sync"});
  const Json referral = PartnerCenter(*sandbox).referrals().front();
  const Row& row = pipeline.row(referral["name"]);
  const std::string id = referral["externalReferenceId"];
  Salesforce(*sandbox).patch(id, Json{{"Amount", 31415}});
  sandbox->answer({"sync"});
  // By CRM id, referral id, name and either address.
  for (const std::string& named : {id, referral["id"].get<std::string>(), row.title,
                                   sandbox->crm.url + "/lightning/r/Opportunity/" + id + "/view"}) {
    const Json shown = sandbox->answer({"deals", "show", named});
    EXPECT_EQ(shown["crm_id"], id) << named;
    EXPECT_EQ(shown["state"], "in_sync");
    bool found = false;
    for (const Json& field : shown["fields"]) {
      if (field["field"] != "value") continue;
      found = true;
      EXPECT_EQ(field["crm"], "31,415.00 " + row.currency);
      EXPECT_EQ(field["partner_center"], field["crm"]);
    }
    EXPECT_TRUE(found);
  }
  const Json history = sandbox->answer({"deals", "history", id})["history"];
  std::string kinds;
  for (const Json& entry : history) kinds += entry["kind"].get<std::string>() + " ";
  EXPECT_THAT(kinds, AllOf(HasSubstr("observed"), HasSubstr("decided"), HasSubstr("intended"), HasSubstr("outcome")));
  EXPECT_THAT(history.dump(), HasSubstr("31,415.00"));
}

TEST(Looking, TheJournalNoticesALinkThatWasChangedBehindItsBack) {  // I-33
  const Pipeline pipeline(60);
  const auto sandbox = load(pipeline);
  sandbox->answer({"sync"});
  const Ended whole = sandbox->cosell({"journal", "verify"});
  EXPECT_EQ(whole.code, 0) << whole.err;
  EXPECT_THAT(whole.out, HasSubstr("what every deal is tied to and agreed on follows from it"));
  const Json referral = PartnerCenter(*sandbox).referrals().front();
  SQLite::Database(sandbox->store(), SQLite::OPEN_READWRITE)
      .exec("UPDATE deals SET partner_center_record_id = 'another' WHERE partner_center_record_id = '" +
            referral["id"].get<std::string>() + "'");
  const Ended damaged = sandbox->cosell({"journal", "verify"});
  EXPECT_EQ(damaged.code, 5);
  EXPECT_THAT(damaged.err, AllOf(HasSubstr(referral["name"]), HasSubstr("has the referral another"),
                                 HasSubstr(referral["id"]), HasSubstr("backup")));
}

TEST(Repair, ARefusedDealFailsIsListedAndFollowsOnReplay) {
  const Pipeline pipeline(60);
  const auto sandbox = load(pipeline);
  const Json refusal = {{"kind", "status"},
                        {"status", 400},
                        {"body", {{"error", {{"code", "invalidRequest"}, {"message", "The customer is on hold."}}}}}};
  sandbox->partner_center.fail(Json{{"method", "POST"}, {"path", "/v1.0"}}, 1, 2, refusal);
  const Json sync = sandbox->answer({"sync"}, 1);
  EXPECT_EQ(sync["failures_total"], 2);
  EXPECT_EQ(sandbox->answer({"sync"})["failures_total"], 0) << "told once";
  const Json failed = sandbox->answer({"todo", "--kind", "failed"})["todo"];
  ASSERT_EQ(failed.size(), 2U);
  EXPECT_THAT(failed[0]["what"].get<std::string>(), HasSubstr("The customer is on hold."));
  const auto created = static_cast<std::size_t>(pipeline.count(Fate::created));
  EXPECT_EQ(PartnerCenter(*sandbox).referrals().size(), created - 2);

  const Json dry = sandbox->answer({"replay", "--all", "--dry-run"});
  EXPECT_EQ(dry["deals"].size(), 2U);
  EXPECT_EQ(PartnerCenter(*sandbox).referrals().size(), created - 2);
  const Ended replay = sandbox->cosell({"replay", "--all"});
  EXPECT_EQ(replay.code, 0) << replay.out << replay.err;
  sandbox->answer({"sync"});
  expect_referrals_match(pipeline, *sandbox);
  EXPECT_EQ(sandbox->answer({"todo", "--kind", "failed"})["todo"].size(), 0U);
}

TEST(Guard, StopsAMassClosingBeforeTheFirstWriteUntilItIsAllowed) {
  const Pipeline pipeline(400);
  const auto sandbox = load(pipeline);
  sandbox->configure("irreversible", Json{{"settle", "0s"}});
  sandbox->answer({"sync"});
  const auto referrals = PartnerCenter(*sandbox).referrals();
  constexpr std::size_t closed = 40;
  ASSERT_GT(referrals.size(), closed);
  const Salesforce salesforce(*sandbox);
  for (std::size_t i = 0; i < closed; ++i) {
    salesforce.patch(referrals[i]["externalReferenceId"], Json{{"StageName", "Won"}});
  }
  sandbox->crm.forget_counts();
  sandbox->partner_center.forget_counts();
  const Ended stopped = sandbox->cosell({"sync"});
  EXPECT_EQ(stopped.code, 4) << stopped.out << stopped.err;
  EXPECT_THAT(stopped.err, AllOf(HasSubstr("close 40 deals"), HasSubstr("--allow closings")));
  EXPECT_EQ(sandbox->crm.requests("PATCH") + sandbox->partner_center.writes(), 0);
  EXPECT_EQ(sandbox->cosell({"sync"}).code, 4) << "it stays closed until a person says so";

  EXPECT_EQ(sandbox->answer({"sync", "--allow", "closings"})["done"]["partner_center.referral.update"], closed);
  int won = 0;
  for (const Json& r : PartnerCenter(*sandbox).referrals()) won += r["status"] == "Closed" && r["substatus"] == "Won";
  EXPECT_EQ(won, static_cast<int>(closed));
}

TEST(Guard, TellsOfDealsThatAreGoneInThePlanInTodoAndOfTheDealItself) {
  const Sandbox sandbox({8, {}, ""});
  sandbox.answer({"sync"});
  sandbox.configure("guards", Json{{"deletions", {{"share", 0.1}, {"deals", 1}}}});
  std::vector<Json> gone;
  for (const Json& referral : PartnerCenter(sandbox).referrals()) {
    if (gone.size() == 2) break;
    sandbox.crm.post("edit", Json{{"id", referral["externalReferenceId"]}, {"delete", true}});
    gone.push_back(referral);
  }
  const Ended plan = sandbox.cosell({"plan"});
  EXPECT_EQ(plan.code, 4) << plan.out << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("A sync would stop before its first write."));
  EXPECT_EQ(sandbox.cosell({"sync"}).code, 4);
  const std::string todo = sandbox.cosell({"todo"}).out;
  for (const Json& referral : gone) {
    EXPECT_THAT(plan.err, HasSubstr(referral["name"].get<std::string>()));
    EXPECT_THAT(todo, HasSubstr(referral["name"].get<std::string>()));
    EXPECT_THAT(sandbox.cosell({"deals", "show", referral["id"]}).out,
                HasSubstr("deleted; what stands below was there"));
  }
}

TEST(Guard, NamesAFewDealsThatAreGoneAndTheFullPlanAllOfThem) {
  const Sandbox sandbox({20, {}, ""});
  sandbox.answer({"sync"});
  sandbox.configure("guards", Json{{"deletions", {{"share", 0.1}, {"deals", 1}}}});
  std::vector<std::string> gone;
  for (const Json& referral : PartnerCenter(sandbox).referrals()) {
    if (gone.size() == 7) break;
    sandbox.crm.post("edit", Json{{"id", referral["externalReferenceId"]}, {"delete", true}});
    gone.push_back(referral["externalReferenceId"]);
  }
  ASSERT_EQ(gone.size(), 7U);
  EXPECT_THAT(sandbox.cosell({"sync"}).err,
              HasSubstr("and 2 more. All of them: cosell plan " + sandbox.pair + " --full"));
  const Ended plan = sandbox.cosell({"plan", sandbox.pair, "--full"});
  EXPECT_EQ(plan.code, 4);
  for (const std::string& id : gone) EXPECT_THAT(plan.out, HasSubstr(id));
  const Ended unknown = sandbox.cosell({"plan", "--deal", "nonsense"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("nonsense"));
}

TEST(Keep, ASandboxKeepsItsRecordsAndClockOverARestart) {
  Sandbox sandbox({15, {"--keep"}, ""});
  sandbox.answer({"sync"});
  sandbox.advance("3h");
  const auto opportunities = Salesforce(sandbox).opportunities();
  const auto referrals = PartnerCenter(sandbox).referrals();
  ASSERT_GT(referrals.size(), 0U);
  EXPECT_EQ(sandbox.stop().code, 0);
  sandbox.restart({"--keep"});
  EXPECT_GE(sandbox.crm.get("clock")["offset_ms"], 3 * 3'600'000);
  EXPECT_EQ(Salesforce(sandbox).opportunities(), opportunities);
  EXPECT_EQ(PartnerCenter(sandbox).referrals(), referrals);
  const Json sync = sandbox.answer({"sync"});
  EXPECT_EQ(sync["done"].count("partner_center.referral.create"), 0U) << sync["done"];
  EXPECT_EQ(PartnerCenter(sandbox).referrals().size(), referrals.size());
  // Also when the systems are asked again who they are.
  sandbox.advance("2d");
  EXPECT_EQ(sandbox.answer({"sync"})["failures_total"], 0);
}

TEST(Keep, WithoutItTheNextStartBeginsEmpty) {
  Sandbox sandbox({15, {}, ""});
  sandbox.answer({"sync"});
  sandbox.restart({"--deals", "3"});
  EXPECT_EQ(Salesforce(sandbox).opportunities().size(), 3U);
  EXPECT_EQ(PartnerCenter(sandbox).referrals().size(), 0U);
  EXPECT_EQ(sandbox.cosell({"sync"}).code, 0);
}

}  // namespace
}  // namespace cosell::end_to_end
