// Record types (business processes) with stages of their own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mapping/inspect.h"
#include "mapping_fixture.h"

namespace cosell::mapping {
namespace {

// Two record types beside the general pipeline: services have a pipeline of their own, assessments rename one stage.
const std::string kTwoTypes = R"({ "extends": "salesforce",
"stages": { "by": { "column": "RecordTypeId", "new": "services", "tables": {
"services": { "map": { "From Microsoft": "waiting", "Scoping": 20, "Design": 40, "Offer": 60, "Signing": 80, "Start": 10,
"Delivered": "won", "Gone": { "closed": "lost", "reason": { "column": "Why__c" } } } },
"assessments": { "add": { "Needs Analysis": 40, "Interviews": 40 }, "write_back": { "40": "Interviews" }, "assessment": true }
} } } })";

Columns opportunity(const char* type, const char* stage) {
  return {{"RecordTypeId", std::string(type)}, {"StageName", std::string(stage)}};
}

Deal at(Stage stage) {
  Deal d;
  d.set(Field::stage, stage);
  return d;
}

std::string after_moving_to(Stage stage, const Columns& present) {
  return shown(mapping_from(kTwoTypes).write(at(stage), present).columns);
}

int percent(const Mapping& mapping, const char* type, const char* stage) {
  return percent_of(mapping.read(opportunity(type, stage)).deal.stage());
}

TEST(RecordTypes, HaveStagesOfTheirOwn) {
  const Mapping mapping = mapping_from(kTwoTypes);
  EXPECT_EQ(mapping.record_type_column(), "RecordTypeId");
  EXPECT_EQ(mapping.record_types(), (std::vector<std::string>{"assessments", "services"}));
  EXPECT_EQ(percent(mapping, "services", "Design"), 40);
  EXPECT_EQ(percent(mapping, "assessments", "Needs Analysis"), 40);
  EXPECT_EQ(percent(mapping, "assessments", "Prospecting"), 10);
  EXPECT_EQ(percent(mapping, "another", "Needs Analysis"), 20);
  const auto columns = mapping.columns_read();
  EXPECT_NE(std::find(columns.begin(), columns.end(), "RecordTypeId"), columns.end());
}

TEST(RecordTypes, AStageOfAnotherTypeIsUnknown) {
  const ReadDeal read = mapping_from(kTwoTypes).read(opportunity("services", "Prospecting"));
  ASSERT_EQ(problems_of(read.problems), "unknown-stage:stage");
  EXPECT_EQ(read.problems[0].message,
            "StageName \"Prospecting\" is not in the stage table of \"services\" (acme.jsonc:3)");
}

TEST(RecordTypes, AreWrittenBackFromTheirOwnTable) {
  EXPECT_EQ(after_moving_to(Stage::s40, opportunity("services", "Scoping")), "StageName=Design");
  EXPECT_EQ(after_moving_to(Stage::s40, opportunity("assessments", "Prospecting")), "StageName=Interviews");
  EXPECT_EQ(after_moving_to(Stage::s40, opportunity("another", "Prospecting")), "StageName=Value Proposition");
  EXPECT_EQ(after_moving_to(Stage::s40, opportunity("assessments", "Needs Analysis")), "");  // means it already
  EXPECT_EQ(after_moving_to(Stage::s20, opportunity("assessments", "Prospecting")), "StageName=Qualification");
}

TEST(RecordTypes, NewOpportunitiesHaveTheTableOfTheirType) {
  Deal inbound;
  inbound.set(Field::standing, Standing{Status::fresh, Substatus::pending, ""});
  const auto stage_of_new = [&](const Mapping& mapping) {
    return text_of(column(mapping.create_opportunity(inbound, "", Date{2026, 1, 1}).columns, "StageName"));
  };
  EXPECT_EQ(stage_of_new(mapping_from(kTwoTypes)), "From Microsoft");
  EXPECT_EQ(mapping_from(kTwoTypes).waiting_stage(), "From Microsoft");
  const auto with = [](const std::string& constant) {
    std::string text = kTwoTypes;
    const std::string fresh = "\"new\": \"services\", ";
    text.erase(text.find(fresh), fresh.size());
    return mapping_from(text.replace(text.rfind('}'), 1, constant + "}"));
  };
  EXPECT_EQ(stage_of_new(with(", \"new_opportunity\": { \"RecordTypeId\": \"services\" }")), "From Microsoft");
  EXPECT_EQ(stage_of_new(with("")), "Received from Microsoft");
}

TEST(RecordTypes, NameTheColumnOfTheReason) {
  const Mapping mapping = mapping_from(kTwoTypes);
  EXPECT_EQ(mapping.reason_column(opportunity("services", "Gone")), "Why__c");
  EXPECT_EQ(mapping.reason_column(opportunity("another", "Closed Lost")), "Cosell_Loss_Reason__c");
  EXPECT_EQ(mapping.reason_column(opportunity("services", "Design")), "");
  EXPECT_EQ(mapping.waiting_stage(opportunity("another", "Prospecting")), "Received from Microsoft");
}

TEST(RecordTypes, AssessmentsHaveOtherNamesAtTheSamePercentages) {
  const Mapping mapping = mapping_from(kTwoTypes);
  EXPECT_EQ(mapping.explain_stage("Interviews", "assessments"), "Interviews -> 40 Collect data (acme.jsonc:5)");
  EXPECT_EQ(mapping.explain_stage("Design", "services"), "Design -> 40 Developed (acme.jsonc:3)");
}

TEST(RecordTypes, OfAssessmentsTellTheTypeOfTheirDeals) {  // T-5, R-12
  const Mapping mapping = mapping_from(kTwoTypes);
  const auto type = [&](const char* record_type, const char* stage) {
    return mapping.read(opportunity(record_type, stage)).deal.text(Field::type);
  };
  EXPECT_EQ(type("assessments", "Interviews"), "solution assessment");
  EXPECT_EQ(type("services", "Design"), "");
}

TEST(RecordTypes, AreShownRowByRow) {
  const auto rows = stage_lines(mapping_from(kTwoTypes), "assessments");
  ASSERT_EQ(rows.size(), 12U);
  EXPECT_EQ(rows.back().crm_stage, "Interviews");
  EXPECT_EQ(rows.back().target, "40");
  EXPECT_EQ(rows.back().meaning, "40 Collect data");
  EXPECT_EQ(rows.back().written_for, std::vector<std::string>{"40"});
  EXPECT_EQ(rows.back().place, "acme.jsonc:5");
  EXPECT_EQ(stage_lines(mapping_from(kTwoTypes), "another").size(), 11U);
}

TEST(RecordTypes, ACompanysTablesAreLaidOverThoseOfItsBase) {
  const Beside beside = {{"group.jsonc", kTwoTypes}};
  const Mapping mapping = mapping_from(R"({ "extends": "group.jsonc", "stages": { "by": { "tables": {
    "services": { "map": { "A": 10, "B": 20, "C": 40, "D": 60, "E": 80, "Yes": "won", "No": "lost", "M": "waiting" } },
    "assessments": null } } } })",
                                       beside);
  EXPECT_EQ(mapping.record_types(), std::vector<std::string>{"services"});
  EXPECT_EQ(mapping.mapped_stages("services").size(), 8U);
  EXPECT_EQ(mapping.record_type_column(), "RecordTypeId");
}

std::string found_by(const std::string& by) {
  std::vector<FileFinding> own;
  for (const FileFinding& f :
       read_text_as("acme.jsonc", "{ \"extends\": \"salesforce\",\n\"stages\": { \"by\": " + by + " } }").findings) {
    if (f.code != "never-complete") own.push_back(f);
  }
  return findings_of(own);
}

TEST(RecordTypes, AreCheckedLikeTheGeneralTable) {
  EXPECT_EQ(found_by("{ \"tables\": {} }"), "2:13 no-stages\n2:19 no-source");
  EXPECT_EQ(found_by("{ \"column\": \"R\", \"tables\": {} }"), "2:13 no-stages");
  EXPECT_EQ(found_by("{ \"column\": \"R\", \"new\": \"b\",\n\"tables\": { \"a\": {} } }"), "2:43 unknown-record-type");
  EXPECT_EQ(found_by("{ \"column\": \"R\", \"tables\": { \"a\": {\n\"add\": { \"Bid\": 60 } } } }"),
            "3:10 ambiguous-write-back");
  EXPECT_EQ(found_by("{ \"column\": \"R\", \"tables\": { \"a\": {\n\"write_back\": { \"60\": \"Bidd\" } } } }"),
            "3:23 unknown-stage");
  EXPECT_EQ(
      found_by("{ \"column\": \"R\", \"tables\": {\n\"a\": { \"map\": { \"A\": 10, \"B\": 20, \"C\": 40, \"D\": 60, "
               "\"E\": 80, \"W\": \"won\" } } } }"),
      "~3:1 no-write-back");
  // What a record type takes over is not found fault with twice.
  EXPECT_EQ(found_by("{ \"column\": \"R\", \"tables\": { \"a\": {}, \"b\": {} } }, \"add\": { \"Bid\": 60 }"),
            "2:79 ambiguous-write-back");
}

// Live stages of the record types that offer them.
std::vector<LiveStage> offered(const std::vector<std::pair<const char*, std::vector<std::string>>>& stages) {
  std::vector<LiveStage> out;
  for (const auto& entry : stages) {
    out.emplace_back();
    out.back().id = entry.first;
    out.back().record_types = entry.second;
  }
  return out;
}

std::string found_live(const Mapping& mapping, const std::vector<LiveStage>& stages, const std::string& code) {
  std::string out;
  for (const FileFinding& f : check_against_live(mapping, stages, {})) {
    if (f.code == code) out += f.message + "; " + f.remedy + "\n";
  }
  return out;
}

const std::string kServicesOnly = R"({ "extends": "salesforce", "stages": {
"map": { "Lead": 10, "Workshop": 40, "Pilot": 40 }, "write_back": { "40": "Pilot" },
"by": { "column": "RecordType.DeveloperName", "tables": { "Services": { "map": { "Lead": 10, "Scoping": 20 } } } } } })";

TEST(RecordTypes, ATableOfARecordTypeThatTheCrmDoesNotHaveIsNamedWithTheNearestOne) {
  const Mapping mapping = mapping_from(kServicesOnly);
  const auto stages = offered({{"Lead", {"Service", "License"}}, {"Workshop", {"License"}}});
  EXPECT_EQ(found_live(mapping, stages, "record-type-not-live"),
            "the CRM has no active record type \"Services\"; no deal uses this table; did you mean \"Service\"?\n");
  EXPECT_EQ(found_live(mapping, offered({{"Lead", {"Services"}}}), "record-type-not-live"), "");
  EXPECT_EQ(found_live(mapping, offered({{"Lead", {}}}), "record-type-not-live"), "") << "the CRM did not tell";
}

TEST(RecordTypes, AStageThatIsWrittenMustBeOfferedByEveryRecordTypeOfItsTable) {
  const Mapping mapping = mapping_from(kServicesOnly);
  const auto some = offered({{"Lead", {"License", "Renewal", "Services"}},
                             {"Workshop", {"License", "Renewal"}},
                             {"Pilot", {"License"}},
                             {"Scoping", {"License", "Services"}}});
  EXPECT_EQ(found_live(mapping, some, "stage-not-offered"),
            "the record type \"Renewal\" does not offer the stage \"Pilot\", which would be written for 40; give it a "
            "table of its own under \"by\", or name another stage in \"write_back\"\n");
}

TEST(RecordTypes, AStageThatNoRecordTypeOfItsTableOffersAnyMoreIsNamed) {
  const Mapping mapping = mapping_from(kServicesOnly);
  const auto stages = offered({{"Lead", {"License", "Services"}},
                               {"Workshop", {"Services"}},
                               {"Pilot", {"License"}},
                               {"Scoping", {"Services"}}});
  EXPECT_EQ(found_live(mapping, stages, "stage-not-offered"),
            "no record type of this table offers the stage \"Workshop\"; only deals that stand in it already have it; "
            "remove it once no deal is in it\n");
}

// A business process: where a new opportunity begins is not for the bridge to say.
std::string first_stage_findings(const std::string& text, std::vector<LiveStage> stages) {
  for (LiveStage& s : stages) s.first = s.id == "Qualify" || s.id == "Scope";
  std::string out;
  for (const FileFinding& f : check_against_live(mapping_from(text), stages, {})) {
    if (f.code == "first-stage-not-waiting") out += to_string(f) + "\n";
  }
  return out;
}

TEST(RecordTypes, TheStageAtWhichTheCrmLetsDealsFromMicrosoftBeginMustMeanWaiting) {
  const auto stages = offered({{"Qualify", {"sales"}}, {"Develop", {"sales"}}});
  const auto with = [](const std::string& qualify, const std::string& referrals) {
    return "{ \"extends\": \"dynamics365\"," + referrals + " \"stages\": {\n\"map\": { \"Qualify\": " + qualify +
           ", \"Develop\": 20" + (qualify == "10" ? ", \"Asked\": \"waiting\"" : "") + " } } }";
  };
  EXPECT_EQ(
      first_stage_findings(with("10", ""), stages),
      "acme.jsonc:2:10: opportunities that the bridge creates for deals from Microsoft begin at \"Qualify\", which "
      "means 10 here: they would count as accepted before anybody looked at them; map it to \"waiting\", or write "
      "\"create_in_crm\": \"none\" in \"referrals\"\n");
  EXPECT_EQ(first_stage_findings(with("\"waiting\"", ""), stages), "");
  EXPECT_EQ(first_stage_findings(with("10", " \"referrals\": { \"create_in_crm\": \"none\" },"), stages), "");
}

TEST(RecordTypes, WithSeveralProcessesTheFirstStageOfTheNewOneCounts) {
  const auto stages = offered({{"Qualify", {"sales"}}, {"Develop", {"sales"}}, {"Scope", {"services"}}});
  const auto with = [](const std::string& fresh) {
    return R"({ "extends": "dynamics365", "stages": { "map": { "Qualify": "waiting", "Develop": 20 },
"by": { "column": "process", )" +
           fresh + R"("tables": { "services": { "map": { "Scope": 10, "Asked": "waiting" } } } } } })";
  };
  EXPECT_THAT(first_stage_findings(with(""), stages),
              ::testing::AllOf(::testing::StartsWith("acme.jsonc:2:65: warning: "),
                               ::testing::HasSubstr("say so with \"new\" under \"by\"")));
  EXPECT_THAT(first_stage_findings(with("\"new\": \"services\", "), stages),
              ::testing::HasSubstr("begin at \"Scope\", which means 10"));
}

TEST(RecordTypes, AStageThatARecordTypeOffersMustBeInItsTable) {
  const Mapping mapping = mapping_from(kServicesOnly);
  const auto stages = offered({{"Lead", {"License", "Services"}}, {"Workshop", {"License", "Services"}}});
  EXPECT_THAT(found_live(mapping, stages, "stage-not-mapped"),
              ::testing::HasSubstr("stage \"Workshop\" of \"Services\" is not mapped"));
}

}  // namespace
}  // namespace cosell::mapping
