// The pilot against the emulated service, with each switch that it asks about in both positions. What it learns must be
// what the switch says; the deal must be closed afterwards, whatever happened.
#include <gmock/gmock.h>

#include <algorithm>

#include "connectors/partner_center/partner_center_pilot.h"
#include "emulated_tenant.h"

namespace cosell::test {
namespace {

using testing::HasSubstr;

class PilotTest : public testing::Test {
 protected:
  PilotReport run() {
    PilotDeal deal;
    deal.location = "1234567";
    deal.solution = "SOL-ABCDE-FGH";
    deal.close_date = {2027, 6, 30};
    Call call = tenant.call();
    return run_partner_center_pilot(call, {}, tenant.tokens(), deal);
  }

  // JSON of the setting that was learnt; "" when it was not.
  static std::string learnt(const PilotReport& report, const std::string& setting) {
    for (const PilotAnswer& a : report.answers) {
      if (a.setting == setting) return json::write(a.value);
    }
    return "";
  }

  static std::string answered(const PilotReport& report, const std::string& question) {
    for (const PilotAnswer& a : report.answers) {
      if (a.question.find(question) != std::string::npos) return a.answer;
    }
    return "not asked";
  }

  std::string status_of(const std::string& id) {
    const auto seen = tenant.by_id(id);
    return seen.size() == 1 ? display(column(seen[0].columns, "standing")) : "not there";
  }

  void expect_closed(const PilotReport& report) {
    EXPECT_EQ(report.trouble, "");
    EXPECT_TRUE(report.closed);
    EXPECT_THAT(status_of(report.record), HasSubstr("closed as lost"));
  }

  EmulatedTenant tenant;
};

TEST_F(PilotTest, MakesOnePrivateDealAsksEverythingAndClosesIt) {
  const PilotReport report = run();
  expect_closed(report);
  EXPECT_THAT(report.link, HasSubstr(report.record));
  EXPECT_EQ(tenant.pull_all().seen.size(), 1u);
  for (const char* setting : {"stage_at_create", "stage_form", "patch_name", "patch_marketplace_intent",
                              "money_as_text", "quoted_engagement_filter", "changes_filter"}) {
    EXPECT_NE(learnt(report, setting), "") << setting;
  }
  for (const PilotAnswer& a : report.answers) EXPECT_FALSE(a.question.empty() || a.answer.empty());
}

struct Position {
  const char* name;
  const char* switches;  // of the emulator
  const char* setting;   // that is learnt
  const char* value;     // "": nothing is learnt
};

std::string name_of_position(const testing::TestParamInfo<Position>& position) { return position.param.name; }

class PilotPositions : public PilotTest, public testing::WithParamInterface<Position> {};
INSTANTIATE_TEST_SUITE_P(
    Switches, PilotPositions,
    testing::Values(
        Position{"StageAtCreateTaken", R"({"sales_stage_at_create":"accept"})", "stage_at_create", "true"},
        Position{"StageAtCreateIgnored", R"({"sales_stage_at_create":"ignore"})", "stage_at_create", "false"},
        Position{"StageAtCreateRefused", R"({"sales_stage_at_create":"refuse"})", "stage_at_create", "false"},
        Position{"StagesByPercent", R"({"stage_values":"percent"})", "stage_form", R"("percent")"},
        Position{"StagesByName", R"({"stage_values":"names"})", "stage_form", R"("name")"},
        Position{"StagesByBoth", R"({"stage_values":"both"})", "stage_form", R"("percent")"},
        Position{"StagesIgnored", R"({"ignored_paths":["/salesStage"]})", "stage_form", ""},
        Position{"NameFixed", R"({"name_patchable":false})", "patch_name", "false"},
        Position{"NamePatchable", R"({"name_patchable":true})", "patch_name", "true"},
        Position{"NameIgnored", R"({"name_patchable":true,"ignored_paths":["/name"]})", "patch_name", "false"},
        Position{"IntentFixed", R"({"intent_patchable":false})", "patch_marketplace_intent", "false"},
        Position{"IntentPatchable", R"({"intent_patchable":true})", "patch_marketplace_intent", "true"},
        Position{
            "IntentIgnored",
            R"({"intent_patchable":true,"ignored_paths":["/details/requirements/additionalRequirements/attributes"]})",
            "patch_marketplace_intent", "false"},
        Position{"MoneyInBothForms", R"({"patch_money":"both"})", "money_as_text", "false"},
        Position{"MoneyAsNumber", R"({"patch_money":"number"})", "money_as_text", "false"},
        Position{"MoneyAsText", R"({"patch_money":"text"})", "money_as_text", "true"},
        Position{"StageAtCreateRefusedBy409", R"({"sales_stage_at_create":"refuse","refusal_status":409})",
                 "stage_at_create", "false"},
        Position{"StageAtCreateRefusedBy422", R"({"sales_stage_at_create":"refuse","refusal_status":422})",
                 "stage_at_create", "false"},
        Position{"StagesByNameElse409", R"({"stage_values":"names","refusal_status":409})", "stage_form", R"("name")"},
        Position{"NameFixedBy409", R"({"name_patchable":false,"refusal_status":409})", "patch_name", "false"},
        Position{"NameFixedBy422", R"({"name_patchable":false,"refusal_status":422})", "patch_name", "false"},
        Position{"IntentFixedBy409", R"({"intent_patchable":false,"refusal_status":409})", "patch_marketplace_intent",
                 "false"},
        Position{"MoneyAsTextElse409", R"({"patch_money":"text","refusal_status":409})", "money_as_text", "true"},
        Position{"MoneyAsTextElse422", R"({"patch_money":"text","refusal_status":422})", "money_as_text", "true"},
        Position{"MoneyIgnored", R"({"ignored_paths":["/details/dealValue"]})", "money_as_text", ""},
        Position{"EngagementsInBothForms", R"({"filter_unquoted_id":true})", "quoted_engagement_filter", "true"},
        Position{"EngagementsQuoted", R"({"filter_unquoted_id":false})", "quoted_engagement_filter", "true"},
        Position{"EngagementsBare", R"({"filter_quoted_id":false})", "quoted_engagement_filter", "false"},
        Position{"ChangesNotFiltered", R"({"filter_updated":false})", "changes_filter", R"("none")"},
        Position{"ChangesFiltered", R"({"filter_updated":true})", "changes_filter", R"("bare")"},
        Position{"ChangesFilteredInQuotes",
                 R"({"filter_updated":true,"filter_updated_quoted":true,"filter_updated_bare":false})",
                 "changes_filter", R"("quoted")"},
        Position{"ChangesFilterIgnored", R"({"filter_updated":true,"filter_ignored":["updatedDateTime"]})",
                 "changes_filter", R"("none")"}),
    name_of_position);

TEST_P(PilotPositions, AreLearnt) {
  const Json switches = Json::parse(GetParam().switches);
  for (const auto& change : switches.items()) tenant.set(change.key(), change.value());
  const PilotReport report = run();
  expect_closed(report);
  EXPECT_EQ(learnt(report, GetParam().setting), GetParam().value);
}

TEST_F(PilotTest, TellsOfAChangeThatIsTakenAndNotKept) {
  tenant.set("ignored_paths", Json::array({"/salesStage"}));
  EXPECT_EQ(answered(run(), "form of the sales stage"), "it is not refused, and not kept");
}

TEST_F(PilotTest, TellsOfAFilterThatIsTakenAndNotApplied) {
  tenant.created("006A", complete_deal("Another"));
  tenant.set("filter_ignored", Json::array({"engagementId"}));
  const PilotReport report = run();
  expect_closed(report);
  EXPECT_EQ(learnt(report, "quoted_engagement_filter"), "");
  EXPECT_THAT(answered(report, "engagement looked for"), HasSubstr("not applied"));
}

TEST_F(PilotTest, TellsTheStatusOfCreatesAndOfOldVersions) {
  tenant.set("create_status", 201);
  tenant.set("stale_tag_status", 409);
  const PilotReport report = run();
  expect_closed(report);
  EXPECT_EQ(answered(report, "Status of a create"), "201");
  EXPECT_THAT(answered(report, "old version"), HasSubstr("409"));
}

TEST_F(PilotTest, AsksEverythingWhateverStatusARefusalHas) {
  const std::size_t questions = run().answers.size();
  for (const int refusal : {409, 422}) {
    for (const int stale : {409, 412}) {
      tenant.set("refusal_status", refusal);
      tenant.set("stale_tag_status", stale);
      const PilotReport report = run();
      expect_closed(report);
      EXPECT_EQ(report.answers.size(), questions) << refusal;
      EXPECT_EQ(answered(report, "old version"), "yes, with status " + std::to_string(stale));
    }
  }
}

TEST_F(PilotTest, TellsThatAnOldVersionIsRefusedLikeAnythingElse) {
  tenant.set("stale_tag_status", 400);
  const PilotReport report = run();
  expect_closed(report);
  EXPECT_THAT(answered(report, "old version"), HasSubstr("status 400 like any other refusal"));
}

TEST_F(PilotTest, WarnsWhenAWriteWithAnOldVersionIsKept) {
  tenant.set("if_match_honoured", false);
  const PilotReport report = run();
  expect_closed(report);
  EXPECT_THAT(answered(report, "old version"), HasSubstr("NO: somebody's change in Partner Center could be written"));
}

TEST_F(PilotTest, TellsNothingOfOldVersionsWhenNoChangeGaveANewOne) {
  tenant.set("ignored_paths", Json::array({"/details/notes"}));
  tenant.set("noop_changes_tag", false);
  const PilotReport report = run();
  expect_closed(report);
  EXPECT_THAT(answered(report, "old version"), HasSubstr("not to be told"));
}

TEST_F(PilotTest, TellsThatADealReadByItsIdCarriesItsVersion) {
  EXPECT_EQ(answered(run(), "read by its id carry"), "yes");
}

// ---- Microsoft's half, which a private deal does not have: seen in a deal that is there already

class PilotAndMicrosoftsHalf : public PilotTest {
 protected:
  // A deal that Microsoft's sellers see; asked for help or not. Its id.
  std::string shared(const std::string& crm_id, bool asked) {
    Deal deal = complete_deal("Shared");
    deal.set(Field::visible, true);
    deal.set(Field::help, std::string("ProofOfConceptOrDemo"));
    deal.set(Field::help_notes, std::string("A proof of concept in May."));
    const Observation own = tenant.created(crm_id, deal);
    if (!asked) return own.id.value;
    Operation ask = tenant.creation(crm_id, deal);
    ask.kind = RecordKind::microsoft_half;
    ask.engagement_id = text_of(column(own.columns, "engagement_id"));
    ask.target.key = BridgeKey(ask.engagement_id);
    EXPECT_TRUE(std::holds_alternative<Applied>(tenant.push(ask).what));
    return own.id.value;
  }
  std::string told() {
    const PilotReport report = run();
    expect_closed(report);
    return answered(report, "Microsoft's half");
  }
};

TEST_F(PilotAndMicrosoftsHalf, IsLookedForWithoutAChangeToAnyDeal) {
  const std::string asked = shared("006A", true);
  const std::string later = shared("006B", false);
  const Json before = tenant.record(asked);
  const Json beside = tenant.record(later);
  EXPECT_EQ(told(), "yes");
  EXPECT_EQ(tenant.record(asked), before);
  EXPECT_EQ(tenant.record(later), beside);
}

TEST_F(PilotAndMicrosoftsHalf, IsToldInBothPositionsOfEachSwitch) {
  shared("006A", true);
  struct Case {
    const char* name;
    Json value, usual;
    const char* answer;
  };
  const Case cases[] = {{"list_shows_etag", false, true, "no"},
                        {"microsoft_half_fields", "brief", "full", "no"},
                        {"list_shows_microsoft_half", true, false, "yes"},
                        {"filter_quoted_id", false, true, "yes"},
                        {"filter_unquoted_id", false, true, "yes"},
                        {"microsoft_half_readable", false, true, "yes"}};
  for (const Case& c : cases) {
    tenant.set(c.name, c.value);
    EXPECT_EQ(told(), c.answer) << c.name;
    tenant.set(c.name, c.usual);
    EXPECT_EQ(told(), "yes") << c.name;
  }
}

TEST_F(PilotAndMicrosoftsHalf, IsSeenInListsWhereNoFilterFindsIt) {
  shared("006A", true);
  tenant.set("filter_ignored", Json::array({"engagementId"}));
  EXPECT_EQ(told(), "not to be told: of the newest deals that Microsoft may see, none shows a half of Microsoft's");
  tenant.set("list_shows_microsoft_half", true);
  EXPECT_EQ(told(), "yes");
}

TEST_F(PilotAndMicrosoftsHalf, IsNotToldWhereNoDealHasOneAndWhy) {
  EXPECT_EQ(told(), "not to be told: Microsoft may see none of the newest deals, and a private one has no half");
  shared("006A", false);
  EXPECT_EQ(told(), "not to be told: of the newest deals that Microsoft may see, none shows a half of Microsoft's");
}

TEST_F(PilotAndMicrosoftsHalf, IsNotToldWhereOtherDealsCannotBeRead) {
  shared("006A", true);
  tenant.fault("GET", Json{{"kind", "status"}, {"status", 403}, {"body", "{}"}}, 0, 1);
  EXPECT_EQ(told(), "not to be told: the newest deals could not be read");
}

TEST_F(PilotAndMicrosoftsHalf, CostsFewRequestsWhereManyDealsHaveNone) {
  for (int i = 0; i < 30; ++i) shared("006" + std::to_string(i), false);
  const int before = tenant.requests();
  told();
  EXPECT_LE(tenant.requests() - before, 40);
}

TEST_F(PilotTest, DoesNotBelieveThatTheDealIsClosedBeforeItSeesIt) {
  tenant.set("ignored_paths", Json::array({"/status", "/substatus"}));
  const PilotReport report = run();
  EXPECT_FALSE(report.closed);
  EXPECT_THAT(report.trouble, HasSubstr("the deal stays open"));
}

TEST_F(PilotTest, SeesThatTheDealIsClosedThoughTheAnswerWasLost) {
  tenant.fault("PATCH", Json{{"kind", "drop_after"}}, 6);  // the seventh change closes it
  expect_closed(run());
}

TEST_F(PilotTest, TellsWhetherListsCarryVersions) {
  EXPECT_EQ(answered(run(), "lists carry"), "yes");
  tenant.set("list_shows_etag", false);
  const PilotReport report = run();
  expect_closed(report);
  EXPECT_THAT(answered(report, "lists carry"), HasSubstr("no"));
}

TEST_F(PilotTest, LearnsNothingFromAListThatLagsBehind) {
  tenant.set("list_lag_ms", 3'600'000);
  const PilotReport report = run();
  expect_closed(report);
  EXPECT_EQ(learnt(report, "quoted_engagement_filter"), "");
  EXPECT_THAT(answered(report, "lists carry"), HasSubstr("not to be told"));
}

TEST_F(PilotTest, LearnsNothingAboutTimesFromAListThatLagsBehind) {
  tenant.set("filter_updated", true);
  tenant.set("list_lag_ms", 3'600'000);
  const PilotReport report = run();
  expect_closed(report);
  EXPECT_EQ(learnt(report, "changes_filter"), "");
}

TEST_F(PilotTest, ClosesTheDealWhenAQuestionGoesWrong) {
  tenant.fault("PATCH", Json{{"kind", "status"}, {"status", 403}, {"body", "{}"}}, 1, 1);
  const PilotReport report = run();
  EXPECT_NE(report.trouble, "");
  EXPECT_TRUE(report.closed);
  EXPECT_THAT(status_of(report.record), HasSubstr("closed as lost"));
}

TEST_F(PilotTest, ClosesWhatAPilotThatWasKilledLeftOpen) {
  tenant.fault("PATCH", Json{{"kind", "status"}, {"status", 500}, {"body", "{}"}}, 0, 100);
  const PilotReport killed = run();
  EXPECT_FALSE(killed.closed);
  tenant.post("faults", Json::array());
  const PilotReport next = run();
  expect_closed(next);
  EXPECT_NE(next.record, killed.record);
  EXPECT_THAT(status_of(killed.record), HasSubstr("closed as lost"));
  EXPECT_THAT(answered(next, "left open"), HasSubstr(killed.record));
  EXPECT_EQ(answered(run(), "left open"), "not asked");
}

TEST_F(PilotTest, SaysWhatWasRefusedWhenNoDealCanBeMade) {
  tenant.set("known_solutions", Json::array({"SOL-OTHER-ONE"}));
  const PilotReport report = run();
  EXPECT_EQ(report.record, "");
  EXPECT_FALSE(report.closed);
  EXPECT_THAT(report.trouble, HasSubstr("Making the test deal"));
}

TEST_F(PilotTest, SaysWhereToLookWhenTheAnswerToTheCreateIsLost) {
  tenant.fault("POST", Json{{"kind", "drop_after"}});
  const PilotReport report = run();
  EXPECT_THAT(report.trouble, HasSubstr("cosell test deal, please ignore"));
  EXPECT_EQ(report.trouble_kind, ErrorClass::unknown);
  EXPECT_EQ(tenant.pull_all().seen.size(), 1u);
}

}  // namespace
}  // namespace cosell::test
