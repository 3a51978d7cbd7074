// Stage tables both ways: every stage and outcome comes back as an equivalent one, equal ones are never rewritten.
#include <gtest/gtest.h>

#include "mapping_fixture.h"

namespace cosell::mapping {
namespace {

Columns in_stage(const std::string& stage) { return {{"StageName", stage}}; }

Mapping standard() { return mapping_from("{ \"extends\": \"salesforce\" }"); }

Deal moved_to(Standing standing, Stage stage = Stage::none) {
  Deal d;
  d.set(Field::standing, standing);
  if (stage != Stage::none) d.set(Field::stage, stage);
  return d;
}
const Standing kActive{Status::active, Substatus::accepted, ""};

TEST(StageTable, ComesBackAsAnEquivalentStageFromEveryOther) {
  const Mapping mapping = standard();
  const auto stages = mapping.mapped_stages();
  ASSERT_EQ(stages.size(), 11U);
  for (const std::string& from : stages) {
    const Deal read = mapping.read(in_stage(from)).deal;
    Deal there;
    for (const Field f : {Field::standing, Field::stage}) there.set(f, read.get(f));
    ASSERT_TRUE(there.standing().has_value()) << from;
    // Said to a CRM that shows the same stage: nothing to write.
    EXPECT_EQ(shown(mapping.write(there, in_stage(from)).columns), "") << from;
    for (const std::string& present : stages) {
      Columns after = in_stage(present);
      const auto written = mapping.write(there, after);
      EXPECT_TRUE(written.problems.empty()) << from;
      for (const auto& [name, value] : written.columns) after[name] = value;
      const Deal back = mapping.read(after).deal;
      EXPECT_EQ(back.stage(), there.stage()) << from << " over " << present;
      EXPECT_EQ(back.standing(), there.standing()) << from << " over " << present;
    }
  }
}

TEST(StageTable, GivesStandingAndStageOfEveryKind) {  // S-1, S-2, S-9
  const Mapping mapping = standard();
  const auto standing = [&](const char* stage) {
    return display(mapping.read(in_stage(stage)).deal.get(Field::standing));
  };
  const auto stage = [&](const char* name) { return percent_of(mapping.read(in_stage(name)).deal.stage()); };
  EXPECT_EQ(standing("Received from Microsoft"), "waiting for an answer");
  EXPECT_EQ(standing("Prospecting"), "active");
  EXPECT_EQ(stage("Prospecting"), 10);
  EXPECT_EQ(stage("Perception Analysis"), 40);
  EXPECT_EQ(stage(" Negotiation/Review "), 80);
  EXPECT_EQ(standing("Closed Won"), "closed as won");
  EXPECT_EQ(standing("Closed Lost"), "closed as lost");
  EXPECT_EQ(stage("Closed Won"), 0);
  EXPECT_EQ(mapping.waiting_stage(), "Received from Microsoft");
}

TEST(StageTable, NeverRewritesAnEquivalentStage) {
  const Mapping mapping = standard();
  Deal to_40;
  to_40.set(Field::stage, Stage::s40);
  EXPECT_EQ(shown(mapping.write(to_40, in_stage("Perception Analysis")).columns), "");
  EXPECT_EQ(shown(mapping.write(to_40, in_stage("Qualification")).columns), "StageName=Value Proposition");
  // Lost in the CRM and declined in Partner Center: no other stage would say more.
  EXPECT_EQ(shown(mapping.write(moved_to({Status::closed, Substatus::declined, ""}), in_stage("Closed Lost")).columns),
            "");
}

TEST(StageTable, WritesTheFirstStageForAnAcceptedDeal) {
  const Mapping mapping = standard();
  EXPECT_EQ(shown(mapping.write(moved_to(kActive), in_stage("Received from Microsoft")).columns),
            "StageName=Prospecting");
  EXPECT_EQ(shown(mapping.write(moved_to(kActive, Stage::s60), in_stage("Received from Microsoft")).columns),
            "StageName=Proposal/Price Quote");
  // 100 of an active deal is at most negotiated: only Won closes it.
  EXPECT_EQ(shown(mapping.write(moved_to(kActive, Stage::s100), in_stage("Prospecting")).columns),
            "StageName=Negotiation/Review");
  EXPECT_EQ(shown(mapping.write(moved_to(kActive, Stage::s20), in_stage("Closed Won")).columns),
            "StageName=Qualification");
}

TEST(StageTable, WritesOutcomesWithTheirReason) {
  const Mapping mapping = standard();
  const Columns open = in_stage("Prospecting");
  EXPECT_EQ(shown(mapping.write(moved_to({Status::closed, Substatus::won, ""}), open).columns), "StageName=Closed Won");
  EXPECT_EQ(shown(mapping.write(moved_to({Status::closed, Substatus::lost, "budget"}), open).columns),
            "Cosell_Loss_Reason__c=budget, StageName=Closed Lost");
  EXPECT_EQ(shown(mapping.write(moved_to({Status::closed, Substatus::expired, ""}), open).columns),
            "StageName=Closed Lost");
}

// A reason is free text in Partner Center. Longer than its column, it must not keep the outcome back.
TEST(StageTable, CutsAReasonToItsColumn) {  // L-7
  for (const char* base : {"salesforce", "dynamics365"}) {
    const Mapping mapping = mapping_from("{ \"extends\": \"" + std::string(base) + "\" }");
    const std::string reason = std::string(254, 'x') + " and more";
    const auto written = mapping.write(moved_to({Status::closed, Substatus::declined, reason}),
                                       {{mapping.stage_column(), std::string("salesstage:0")}});
    ASSERT_EQ(written.columns.size(), 2U) << base;
    for (const auto& [name, value] : written.columns) {
      if (name == mapping.stage_column()) continue;
      EXPECT_EQ(text_of(value), std::string(254, 'x')) << name;
    }
  }
}

TEST(StageTable, ReadsReasonsFromColumnTableOrConstant) {
  const Mapping mapping = mapping_from(R"({ "extends": "salesforce", "stages": { "add": {
      "Closed Lost": { "closed": "lost", "reason": { "column": "Why__c", "values": { "1": "project budget inadequate" } } },
      "Dropped": { "closed": "declined", "reason": { "constant": "requirement not met" } } } } })");
  const auto reason = [&](Columns columns) { return mapping.read(columns).deal.standing()->reason; };
  EXPECT_EQ(reason({{"StageName", std::string("Closed Lost")}, {"Why__c", Number{"1"}}}), "project budget inadequate");
  EXPECT_EQ(reason({{"StageName", std::string("Closed Lost")}, {"Why__c", std::string("own words")}}), "own words");
  EXPECT_EQ(reason(in_stage("Dropped")), "requirement not met");
  EXPECT_EQ(shown(mapping
                      .write(moved_to({Status::closed, Substatus::lost, "project budget inadequate"}),
                             in_stage("Prospecting"))
                      .columns),
            "StageName=Closed Lost, Why__c=1");
  // A reason without an entry must not keep the outcome back.
  EXPECT_EQ(shown(mapping.write(moved_to({Status::closed, Substatus::lost, "abuse"}), in_stage("Prospecting")).columns),
            "StageName=Closed Lost");
}

TEST(StageTable, HoldsWhatItDoesNotKnow) {
  const Mapping mapping = standard();
  const ReadDeal unknown = mapping.read(in_stage("Negotiation/Revue"));
  ASSERT_EQ(problems_of(unknown.problems), "unknown-stage:stage");
  EXPECT_EQ(unknown.problems[0].message,
            "StageName \"Negotiation/Revue\" is not in the stage table (acme.jsonc:1); did you mean "
            "\"Negotiation/Review\"?");
  EXPECT_FALSE(unknown.deal.shows(Field::standing));
  EXPECT_FALSE(unknown.deal.shows(Field::stage));
  EXPECT_EQ(problems_of(mapping.read({}).problems), "unknown-stage:stage");
}

TEST(StageTable, NeverGuessesAStageToWrite) {
  const Mapping mapping = mapping_from(R"({ "extends": "salesforce", "stages": {
      "map": { "1": 10, "4": 40, "8": "won", "9": "lost" } } })");
  Deal to_20;
  to_20.set(Field::stage, Stage::s20);
  const auto written = mapping.write(to_20, in_stage("1"));
  EXPECT_TRUE(written.columns.empty());
  ASSERT_EQ(problems_of(written.problems), "no-write-back:stage");
  EXPECT_EQ(written.problems[0].message, "no stage of StageName means 20 Qualified; map one to 20 (acme.jsonc:1)");
  EXPECT_EQ(problems_of(mapping.write(moved_to({Status::fresh, Substatus::pending, ""}), in_stage("1")).problems),
            "no-write-back:standing");
  // Option numbers are keys as texts.
  EXPECT_EQ(mapping.read({{"StageName", Number{"4"}}}).deal.stage(), Stage::s40);
}

TEST(StageTable, LeavesOutIgnoredStages) {
  const Mapping mapping = mapping_from(R"({ "extends": "salesforce", "select": "all",
      "stages": { "add": { "Parked": "ignore" } } })");
  const Selection selection = mapping.select_opportunity(in_stage("Parked"));
  EXPECT_FALSE(selection.takes_part);
  EXPECT_EQ(selection.reason, "ignored_stage");
  EXPECT_EQ(selection.text, "deals in \"Parked\" are left out (acme.jsonc:2)");
  EXPECT_EQ(problems_of(mapping.read(in_stage("Parked")).problems), "ignored-stage:stage");
  EXPECT_TRUE(mapping.select_opportunity(in_stage("Prospecting")).takes_part);
}

TEST(StageTable, IsExplainedWithItsLine) {
  const Mapping mapping = standard();
  EXPECT_EQ(mapping.explain_stage("Received from Microsoft"),
            "Received from Microsoft -> sent by Microsoft, not answered yet (salesforce:19)");
  EXPECT_EQ(mapping.explain_stage("Closed Lost"), "Closed Lost -> closed as lost (salesforce:29)");
  EXPECT_EQ(mapping.explain_stage("Nowhere"), "Nowhere -> not mapped (salesforce:16)");
}

TEST(StageRules, AreThoseOfTheFile) {
  EXPECT_EQ(standard().backward(), Backward::hold);
  EXPECT_EQ(standard().rule(Field::stage).conflict, ConflictRule::furthest_stage);
  const Mapping mapping = mapping_from(R"({ "extends": "salesforce",
      "stages": { "backward": "follow", "conflict": "crm", "direction": "to_crm", "first_link": "ask" } })");
  EXPECT_EQ(mapping.backward(), Backward::follow);
  for (const Field f : {Field::standing, Field::stage}) {
    EXPECT_EQ(mapping.rule(f).conflict, ConflictRule::crm);
    EXPECT_EQ(mapping.rule(f).direction, Direction::to_crm);
    EXPECT_EQ(mapping.rule(f).first_link, FirstLink::ask);
  }
}

}  // namespace
}  // namespace cosell::mapping
