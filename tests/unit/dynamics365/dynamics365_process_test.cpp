// The stage in a business process: read from another table, moved stage by stage, and followed although the opportunity
// itself need not change.
#include <gmock/gmock.h>

#include "tests/unit/dynamics365/test_org.h"

namespace cosell::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const std::vector<std::string> kProcessColumns = {"name", "stage", "process"};

Dynamics365Settings with_process(std::vector<std::string> processes = {"opportunitysalesprocess"}) {
  Dynamics365Settings s = TestOrg::default_settings();
  s.stage_column = "process";
  s.processes = std::move(processes);
  return s;
}

const std::vector<std::string> kBothProcesses = {"opportunitysalesprocess", "leadtoopportunitysalesprocess"};

class Process : public testing::Test {
 protected:
  explicit Process(const Dynamics365Settings& settings = with_process()) : org(settings) {
    Call call = org.call();
    const auto described = org.connector->describe(call);
    EXPECT_TRUE(described) << described.error().message;
    for (const StageEntry& s : described->stages) stage_by_label[s.label] = s.id;
  }
  std::string stage(const std::string& label) const { return stage_by_label.at(label); }
  std::string label_of(const std::string& id) const {
    for (const auto& [label, stage_id] : stage_by_label) {
      if (stage_id == id) return label;
    }
    return id;
  }
  // What the seller sees at the top of the form.
  std::string seen(const std::string& id) { return label_of(text_of(value_of(org, id, "stage"))); }
  void person_moves(const std::string& id, const std::string& stage) {
    org.control("stage", R"({"id":")" + id + R"(","stage":")" + stage + "\"}");
  }
  Operation move(const std::string& id, const std::string& to) {
    const Observation now = seen_of(org, id, kProcessColumns);
    Operation op = update_of(id, {{"stage", text_value(stage(to))}});
    op.must_match = now.version;
    op.expected["stage"] = now.columns.at("stage");
    return op;
  }
  std::size_t asked_for(const std::string& part) const {
    return static_cast<std::size_t>(std::count_if(org.asked.begin(), org.asked.end(), [&](const std::string& request) {
      return request.find(part) != std::string::npos;
    }));
  }

  TestOrg org;
  std::map<std::string, std::string> stage_by_label;
};

class TwoProcesses : public Process {
 protected:
  TwoProcesses() : Process(with_process(kBothProcesses)) {}
};

TEST_F(Process, IsDescribedByTheStagesOfTheProcessAndTheReasonsOfClosing) {
  Call call = org.call();
  const auto described = org.connector->describe(call);
  ASSERT_TRUE(described) << described.error().message;
  std::vector<std::string> labels;
  for (const StageEntry& s : described->stages) labels.push_back(s.label);
  EXPECT_THAT(labels, ElementsAre("no business process", "Qualify", "Develop", "Propose", "Close", "Won", "Canceled",
                                  "Out-Sold"));
  EXPECT_EQ(described->stages[0].id, "process:none");
  EXPECT_THAT(described->stages[1].id, testing::MatchesRegex("process:[0-9a-f-]+"));
  for (const StageEntry& s : described->stages) EXPECT_EQ(s.first, s.label == "Qualify") << s.label;
  const auto types = org.connector->record_types(call);
  ASSERT_TRUE(types) << types.error().message;
  ASSERT_EQ(types->size(), 1U);
  EXPECT_EQ(types->front().name, "opportunitysalesprocess");
  EXPECT_EQ(types->front().label, "Opportunity Sales Process");
  EXPECT_EQ(types->front().known_by, (std::map<std::string, std::string>{{"process", "opportunitysalesprocess"}}));
  EXPECT_THAT(types->front().stages, ElementsAre(stage("Qualify"), stage("Develop"), stage("Propose"), stage("Close"),
                                                 "won:3", "lost:4", "lost:5"));
}

TEST_F(Process, IsReadWithTheOpportunity) {
  const std::string a = org.create("A");
  const std::string b = org.create("B");
  const std::string c = org.create("C");
  person_moves(a, "Develop");
  person_moves(b, "Develop");
  person_moves(b, "Propose");
  org.control("lose", R"({"id":")" + c + "\"}");
  std::map<std::string, std::string> stages;
  for (const Observation& o : pull_all(org, kProcessColumns).seen) {
    stages[text_of(o.columns.at("name"))] = label_of(text_of(o.columns.at("stage")));
    EXPECT_EQ(o.columns.at("process"), text_value("opportunitysalesprocess"));
  }
  EXPECT_EQ(stages, (std::map<std::string, std::string>{{"A", "Develop"}, {"B", "Propose"}, {"C", "Canceled"}}));
}

TEST_F(Process, OpportunitiesWithoutOneSaySo) {
  org.set(R"({"business_process":false})");
  const std::string a = org.create("A");
  EXPECT_EQ(value_of(org, a, "stage"), text_value("process:none"));
  EXPECT_EQ(value_of(org, a, "process"), Value());
  const auto done = push(org, {move(a, "Develop")});
  ASSERT_EQ(kind_of(done[0]), "rejected") << told(done[0]);
  EXPECT_THAT(error_in(done[0])->message, HasSubstr("No business process runs on this opportunity"));
}

// Both positions of the switch: a move may write stepname on the opportunity, or leave the opportunity as it was.
class ProcessMoves : public Process, public testing::WithParamInterface<bool> {
 protected:
  ProcessMoves() { org.set(std::string(R"({"process_writes_stepname":)") + (GetParam() ? "true}" : "false}")); }
};

TEST_P(ProcessMoves, ByPeopleAreSeenOnce) {
  const std::string a = org.create("A");
  org.create("B");
  org.advance(minutes(10));
  Pulled first = pull_all(org, kProcessColumns);
  ASSERT_EQ(first.seen.size(), 2U);
  org.advance(minutes(10));
  person_moves(a, "Develop");
  org.reconnect();
  const Pulled second = pull_all(org, kProcessColumns, first.cursors.back());
  ASSERT_EQ(second.seen.size(), 1U) << "only the deal that moved";
  EXPECT_EQ(label_of(text_of(second.seen[0].columns.at("stage"))), "Develop");
  EXPECT_THAT(pull_all(org, kProcessColumns, second.cursors.back()).seen, IsEmpty());
}

TEST_P(ProcessMoves, AreFollowedWithinTheOverlapToo) {
  const std::string a = org.create("A");
  Cursor at = pull_all(org, kProcessColumns).cursors.back();
  for (const char* to : {"Develop", "Propose", "Close", "Propose"}) {
    org.advance(seconds(20));
    person_moves(a, to);
    const Pulled next = pull_all(org, kProcessColumns, at);
    ASSERT_EQ(next.seen.size(), 1U) << to;
    EXPECT_EQ(label_of(text_of(next.seen[0].columns.at("stage"))), to);
    at = next.cursors.back();
  }
}

TEST_P(ProcessMoves, OfTheBridgeGoStageByStageInOneStep) {
  const std::string a = org.create("A");
  const std::string b = org.create("B");
  org.asked.clear();
  const auto done = push(org, {move(a, "Close"), move(b, "Develop")});
  ASSERT_TRUE(applied_in(done[0])) << told(done[0]);
  ASSERT_TRUE(applied_in(done[1])) << told(done[1]);
  EXPECT_EQ(applied_in(done[0])->shown.at("stage"), text_value(stage("Close")));
  EXPECT_EQ(applied_in(done[0])->version, seen_of(org, a, kProcessColumns).version)
      << "the next write is planned against it";
  EXPECT_EQ(seen(a), "Close");
  EXPECT_EQ(seen(b), "Develop");
  const auto back = push(org, {move(a, "Develop")});
  ASSERT_TRUE(applied_in(back[0])) << told(back[0]);
  EXPECT_EQ(seen(a), "Develop");
}

TEST_P(ProcessMoves, TogetherWithOtherColumnsAreOneStep) {
  const std::string a = org.create("A");
  Operation op = move(a, "Propose");
  op.changes["cosell_notes"] = text_value("First call done.");
  const auto done = push(org, {op});
  ASSERT_TRUE(applied_in(done[0])) << told(done[0]);
  EXPECT_EQ(seen(a), "Propose");
  EXPECT_EQ(value_of(org, a, "cosell_notes"), text_value("First call done."));
  EXPECT_EQ(applied_in(done[0])->version, seen_of(org, a, kProcessColumns).version);
}

TEST_P(ProcessMoves, DoNotGoOverTheMoveOfAPerson) {
  const std::string a = org.create("A");
  Operation op = move(a, "Close");
  op.changes["cosell_notes"] = text_value("by the bridge");
  person_moves(a, "Develop");
  const auto done = push(org, {op});
  EXPECT_EQ(kind_of(done[0]), "precondition") << told(done[0]);
  EXPECT_EQ(seen(a), "Develop");
  EXPECT_EQ(value_of(org, a, "cosell_notes"), Value()) << "nothing of it was written";
}

INSTANTIATE_TEST_SUITE_P(Stepname, ProcessMoves, testing::Bool(), [](const auto& tested) {
  return tested.param ? "WritesTheOpportunity" : "LeavesTheOpportunity";
});

TEST_F(Process, PathBehindTheActiveStageIsWritten) {
  const std::string a = org.create("A");
  ASSERT_TRUE(applied_in(push(org, {move(a, "Propose")})[0]));
  std::string path;
  for (const std::string& body : org.bodies) {
    const auto at = body.rfind("\"traversedpath\":\"");
    if (at != std::string::npos) path = body.substr(at + 17, body.find('"', at + 17) - at - 17);
  }
  const auto id = [&](const char* label) { return stage(label).substr(std::string("process:").size()); };
  EXPECT_EQ(path, id("Qualify") + "," + id("Develop") + "," + id("Propose"));
}

TEST_F(Process, NewOpportunityBeginsAtTheFirstStageAndSaysSo) {
  Columns deal = new_deal("A");
  deal["stage"] = text_value(stage("Propose"));
  EXPECT_TRUE(org.connector->capabilities().stage_after_create);
  const auto done = push(org, {create_of("ref-1", deal)});
  ASSERT_TRUE(applied_in(done[0])) << told(done[0]);
  EXPECT_EQ(applied_in(done[0])->shown.at("stage"), text_value(stage("Qualify")));
  const std::string id = applied_in(done[0])->id.value;
  ASSERT_TRUE(applied_in(push(org, {move(id, "Propose")})[0]));
  EXPECT_EQ(seen(id), "Propose");
}

TEST_F(Process, ClosingAndReopeningWorkBesideIt) {
  const std::string a = org.create("A");
  person_moves(a, "Develop");
  Operation win = move(a, "Close");
  win.changes["stage"] = text_value("won:3");
  const auto won = push(org, {win});
  ASSERT_TRUE(applied_in(won[0])) << told(won[0]);
  EXPECT_EQ(seen(a), "Won");
  Operation stale = move(a, "Close");
  org.edit(a, R"({"description":"edited meanwhile"})");
  EXPECT_EQ(kind_of(push(org, {stale})[0]), "precondition");
  const auto reopened = push(org, {move(a, "Propose")});
  ASSERT_TRUE(applied_in(reopened[0])) << told(reopened[0]);
  EXPECT_EQ(seen(a), "Propose");
}

TEST_F(Process, ClosingIsRefusedWhenTheOpportunityChangedMeanwhile) {
  const std::string a = org.create("A");
  Operation win = move(a, "Close");
  win.changes["stage"] = text_value("won:3");
  org.edit(a, R"({"description":"edited meanwhile"})");
  EXPECT_EQ(kind_of(push(org, {win})[0]), "precondition");
  EXPECT_EQ(seen(a), "Qualify");
}

TEST_F(Process, ReadsCostOneRequestMoreThanAChoice) {
  for (int i = 0; i < 12; ++i) org.create("Deal " + std::to_string(i));
  const Cursor at = pull_all(org, kProcessColumns).cursors.back();
  org.advance(minutes(10));
  const auto before = org.requests();
  pull_all(org, kProcessColumns, at);
  EXPECT_EQ(org.requests() - before, 2U) << "changes of opportunities, and of the process";
}

TEST_F(TwoProcesses, EachOpportunityShowsItsOwn) {
  const std::string a = org.create("A");
  org.set(R"({"process_of_new":"leadtoopportunitysalesprocess"})");
  const std::string b = org.create("B");
  person_moves(b, "Proof of Concept");
  EXPECT_EQ(value_of(org, a, "process"), text_value("opportunitysalesprocess"));
  EXPECT_EQ(value_of(org, b, "process"), text_value("leadtoopportunitysalesprocess"));
  EXPECT_EQ(seen(b), "Proof of Concept (Lead to Opportunity Sales Process)");
  const auto done = push(org, {move(b, "Negotiation (Lead to Opportunity Sales Process)"),
                               move(a, "Negotiation (Lead to Opportunity Sales Process)")});
  ASSERT_TRUE(applied_in(done[0])) << told(done[0]);
  EXPECT_EQ(seen(b), "Negotiation (Lead to Opportunity Sales Process)");
  ASSERT_EQ(kind_of(done[1]), "rejected") << told(done[1]);
  EXPECT_THAT(error_in(done[1])->message, HasSubstr("does not lead to the stage"));
}

TEST_F(TwoProcesses, MovesOfBothAreFollowed) {
  org.set(R"({"process_writes_stepname":false})");
  const std::string a = org.create("A");
  org.set(R"({"process_of_new":"leadtoopportunitysalesprocess"})");
  const std::string b = org.create("B");
  org.advance(minutes(10));
  const Cursor at = pull_all(org, kProcessColumns).cursors.back();
  org.advance(minutes(10));
  person_moves(a, "Develop");
  person_moves(b, "Proof of Concept");
  EXPECT_THAT(names_of(pull_all(org, kProcessColumns, at).seen), UnorderedElementsAre("A", "B"));
}

TEST(ProcessSettings, AnUnknownProcessIsNamedByTheCheck) {
  TestOrg org(with_process({"opportunitysalesproces"}));
  Call call = org.call();
  const auto described = org.connector->describe(call);
  ASSERT_FALSE(described);
  EXPECT_EQ(described.error().kind, ErrorClass::config);
  EXPECT_THAT(described.error().message, testing::StartsWith("\"processes\": Dynamics 365 has no business process "
                                                             "\"opportunitysalesproces\" for opportunities"));
  EXPECT_THAT(described.error().message, HasSubstr("did you mean \"opportunitysalesprocess\"?"));
  bool found = false;
  for (const Finding& f : org.connector->check(call, kProcessColumns, {"stage"})) {
    found = found || (f.what == "Opportunity stages" && f.level == Finding::Level::problem);
  }
  EXPECT_TRUE(found);
}

TEST(ProcessSettings, AnUnknownProcessIsToldWithItsPlace) {
  auto settings =
      read_dynamics365_settings(*json::read("{\"instance\": \"https://a.crm.dynamics.com\",\n"
                                            "\"processes\": [\"opportunitysalesprocess\", \"zebra\"]}"));
  ASSERT_TRUE(settings) << settings.error().message;
  Dynamics365Settings wrong = with_process({"zebra"});
  wrong.process_places = settings->process_places;
  wrong.file = "cosell.jsonc";
  TestOrg org(wrong);
  Call call = org.call();
  const auto described = org.connector->describe(call);
  ASSERT_FALSE(described);
  EXPECT_THAT(described.error().message,
              testing::StartsWith("cosell.jsonc:2:42: \"processes\": Dynamics 365 has no business process \"zebra\""));
  EXPECT_THAT(described.error().message,
              HasSubstr("there are: leadtoopportunitysalesprocess, opportunitysalesprocess"));
}

TEST(ProcessSettings, AnotherProcessReadsEverythingAgain) {
  TestOrg org(with_process());
  org.create("A");
  const Cursor at = pull_all(org, kProcessColumns).cursors.back();
  TestOrg other(with_process(kBothProcesses));
  Call call = other.call();
  PullRequest request;
  request.cursor = at;
  request.columns = kProcessColumns;
  const auto page = other.connector->pull(call, request);
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorClass::cursor_invalid);
}

}  // namespace
}  // namespace cosell::test
