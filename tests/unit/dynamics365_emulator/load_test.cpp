// Filling the organisation: CSV exports, made-up deals, saved states.
#include "tests/unit/dynamics365_emulator/organization.h"

namespace cosell::emulator {
namespace {

using Pairs = Dynamics365Emulator::Pairs;

constexpr const char* kPipeline =
    "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\r\n"
    "1C1I7A6R,Moses Frase,GTX Plus Basic,Cancity,Won,2016-10-20,2017-03-01,1054\r\n"
    "Z063OYW0,Darcel Schlecht,GTXPro,Isdom,Engaging,2016-10-25,,\r\n"
    "EC4QE1BX,Moses Frase,MG Special,Cancity,Prospecting,,,\r\n"
    "MV1LWRNH,Moses Frase,GTX Basic,Codehow,Lost,2016-10-25,2017-03-09,0\r\n"
    "PE84CX4O,Zane Levy,GTX Basic,,Engaging,2016-10-25,,\r\n";

class Load : public ::testing::Test {
 protected:
  dynamics365::LoadReport load(const char* csv, const Pairs& map, const Pairs& set = {}) {
    auto report = org_.core->load_csv(csv, map, set, org_.clock, org_.random);
    EXPECT_TRUE(report.has_value()) << (report ? "" : report.error().message);
    return report ? *report : dynamics365::LoadReport();
  }
  std::string refusal(const char* csv, const Pairs& map, const Pairs& set = {}) {
    const auto report = org_.core->load_csv(csv, map, set, org_.clock, org_.random);
    EXPECT_FALSE(report.has_value());
    return report ? "" : report.error().message;
  }
  Json row(const std::string& name) {
    const Json rows = org_.get("opportunities?$filter=name eq '" + name +
                               "'&$expand=parentaccountid($select=name),owninguser($select=fullname)");
    EXPECT_EQ(rows["value"].size(), 1U) << name;
    return rows["value"].empty() ? Json::object() : rows["value"][0];
  }
  Json options(const std::string& column) {
    return org_.get("EntityDefinitions(LogicalName='opportunity')/Attributes(LogicalName='" + column +
                    "')/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$expand=OptionSet")["OptionSet"]["Options"];
  }

  Organization org_;
};

TEST_F(Load, TurnsStagesIntoOptionsAndWonAndLostIntoStates) {
  const auto report = load(kPipeline,
                           {{"name", "opportunity_id"},
                            {"salesstage", "deal_stage"},
                            {"account.name", "account"},
                            {"owner.fullname", "sales_agent"},
                            {"estimatedvalue", "close_value"},
                            {"estimatedclosedate", "close_date"}},
                           {{"transactioncurrencyid", "USD"}, {"cosell_sync", "true"}, {"estimatedvalue", "500"}});
  EXPECT_EQ(report.rows, 5U);
  EXPECT_EQ(report.loaded, 5U);
  EXPECT_EQ(report.accounts, 3U);
  EXPECT_EQ(report.users, 3U);
  EXPECT_EQ(report.close_dates_assumed, 3U);
  EXPECT_EQ(report.stages, (std::vector<std::string>{"Won (statuscode 3)", "Engaging (salesstage 0)",
                                                     "Prospecting (salesstage 1)", "Lost (statuscode 4)"}));
  const Json won = row("1C1I7A6R");
  EXPECT_EQ(won["statecode"], 1);
  EXPECT_EQ(won["statuscode"], 3);
  EXPECT_TRUE(won["salesstage"].is_null());
  EXPECT_EQ(won["actualvalue"], 1054);
  EXPECT_EQ(won["actualclosedate"], "2017-03-01");
  EXPECT_EQ(won["parentaccountid"]["name"], "Cancity");
  EXPECT_EQ(won["owninguser"]["fullname"], "Moses Frase");
  EXPECT_EQ(won["cosell_sync"], true);
  const Json open = row("EC4QE1BX");
  EXPECT_EQ(open["statecode"], 0);
  EXPECT_EQ(open["salesstage"], 1);
  EXPECT_EQ(open["estimatedvalue"], 500) << "an empty cell takes the value that was set";
  EXPECT_EQ(open["estimatedclosedate"], "2026-08-30");
  EXPECT_EQ(row("MV1LWRNH")["statuscode"], 4);
  EXPECT_TRUE(row("PE84CX4O")["parentaccountid"].is_null());
  const Json stages = options("salesstage");
  ASSERT_EQ(stages.size(), 3U) << "the two of the file and the one that inbound deals wait in";
  EXPECT_EQ(stages[0]["Value"], 974830000);
}

TEST_F(Load, MakesACustomChoiceWhenAskedTo) {
  const auto report = load(
      kPipeline, {{"name", "opportunity_id"}, {"new_dealstage:picklist", "deal_stage"}, {"new_product", "product"}});
  EXPECT_EQ(report.fields_added, (std::vector<std::string>{"new_dealstage", "new_product"}));
  EXPECT_EQ(row("Z063OYW0")["new_dealstage"], 100000000);
  EXPECT_EQ(row("EC4QE1BX")["new_dealstage"], 100000001);
  EXPECT_EQ(row("1C1I7A6R")["statecode"], 1);
  EXPECT_EQ(row("1C1I7A6R")["new_product"], "GTX Plus Basic");
  EXPECT_EQ(options("salesstage").size(), 5U) << "the standard stages are left alone";
}

TEST_F(Load, PutsStagesIntoTextOrReasonsToo) {
  load(kPipeline, {{"name", "opportunity_id"}, {"stepname", "deal_stage"}});
  EXPECT_EQ(row("Z063OYW0")["stepname"], "Engaging");
  EXPECT_EQ(row("MV1LWRNH")["statecode"], 2);
  Organization other;
  const auto report = other.core->load_csv(kPipeline, {{"name", "opportunity_id"}, {"statuscode", "deal_stage"}}, {},
                                           other.clock, other.random);
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_EQ(report->loaded, 5U);
  const Json lost = other.get("opportunities?$filter=name eq 'MV1LWRNH'")["value"][0];
  EXPECT_EQ(lost["statecode"], 2);
  EXPECT_GE(lost["statuscode"], 100000000) << "a reason of its own, of the state Lost";
  EXPECT_EQ(other.get("opportunities?$filter=name eq '1C1I7A6R'")["value"][0]["statuscode"], 3);
}

TEST_F(Load, LetsTheStateColumnGoFirst) {
  load("name,stage,state\nA,Won it,open\nB,Talking,lost\n",
       {{"name", "name"}, {"salesstage", "stage"}, {"statecode", "state"}});
  EXPECT_EQ(row("A")["statecode"], 0);
  EXPECT_EQ(row("B")["statecode"], 2);
}

TEST_F(Load, UsesStandardStagesByLabelOrNumber) {
  load("name,stage\nA,Develop\nB,3\n", {{"name", "name"}, {"salesstage", "stage"}});
  EXPECT_EQ(row("A")["salesstage"], 1);
  EXPECT_EQ(row("B")["salesstage"], 3);
  EXPECT_EQ(options("salesstage").size(), 5U);
}

TEST_F(Load, SkipsRowsThatCannotBeMadeAndSaysWhy) {
  const auto report = load(
      "name,value,date,contact\nA,abc,,\n,5,,\nB,\"1,200.50\",11/30/2026,Ada Lovelace\nC,5,never,\n",
      {{"name", "name"}, {"estimatedvalue", "value"}, {"estimatedclosedate", "date"}, {"contact.fullname", "contact"}});
  EXPECT_EQ(report.loaded, 1U);
  ASSERT_EQ(report.skipped.size(), 3U);
  EXPECT_EQ(report.skipped[0].line, 2U);
  EXPECT_EQ(report.skipped[0].reason, "estimatedvalue \"abc\" is not a number");
  EXPECT_EQ(report.skipped[1].reason, "name is empty");
  EXPECT_EQ(row("B")["estimatedvalue"], 1200.5);
  EXPECT_EQ(row("B")["estimatedclosedate"], "2026-11-30");
  EXPECT_EQ(org_.column("contacts", "fullname"), std::vector<std::string>{"Ada Lovelace"});
}

TEST_F(Load, AddsCurrenciesOfTheFile) {
  load("name,currency\nA,PLN\nB,EUR\n", {{"name", "name"}, {"transactioncurrencyid", "currency"}});
  EXPECT_EQ(row("A")["_transactioncurrencyid_value"], org_.currency("PLN"));
  EXPECT_NE(org_.currency("PLN"), "");
}

TEST_F(Load, RefusesAPlanThatCannotWork) {
  EXPECT_NE(refusal(kPipeline, {{"name", "oportunity_id"}}).find("did you mean \"opportunity_id\""), std::string::npos);
  EXPECT_NE(refusal(kPipeline, {{"nmae", "opportunity_id"}}).find("did you mean \"name\""), std::string::npos);
  EXPECT_NE(refusal(kPipeline, {{"salesstage", "deal_stage"}}).find("--map name=COLUMN"), std::string::npos);
  EXPECT_NE(refusal(kPipeline, {{"name", "opportunity_id"}, {"parentaccountid", "account"}}).find("map account.name"),
            std::string::npos);
  EXPECT_NE(
      refusal(kPipeline, {{"name", "opportunity_id"}, {"account.telephone1", "account"}}).find("Accounts need a name"),
      std::string::npos);
  EXPECT_NE(refusal("a,b\n1\n", {{"name", "a"}}).find("line 2"), std::string::npos);
  EXPECT_TRUE(org_.column("opportunities", "name").empty()) << "nothing is written before the plan holds";
}

TEST_F(Load, SeedsTheSameVariedDealsForTheSameNumbers) {
  org_.core->seed(300, org_.clock, org_.random, {{"SOL-1"}});
  const Json records = org_.core->records(org_.clock);
  ASSERT_EQ(records["opportunities"].size(), 300U);
  EXPECT_EQ(records["accounts"].size(), 100U);
  std::size_t opted = 0;
  std::size_t closed = 0;
  for (const Json& deal : records["opportunities"]) {
    opted += deal.value("cosell_sync", false) ? 1 : 0;
    closed += deal["statecode"] == 0 ? 0 : 1;
    EXPECT_TRUE(deal.contains("account.name"));
    EXPECT_TRUE(deal.contains("estimatedvalue_base"));
  }
  EXPECT_GT(opted, 200U);
  EXPECT_LT(opted, 300U);
  EXPECT_GT(closed, 5U);
  Organization twin;
  twin.core->seed(300, twin.clock, twin.random, {{"SOL-1"}});
  EXPECT_EQ(twin.core->records(twin.clock)["opportunities"], records["opportunities"]);
}

TEST_F(Load, SavesAndRestoresEverything) {
  load(kPipeline, {{"name", "opportunity_id"}, {"new_stage:picklist", "deal_stage"}});
  const std::string id = org_.column("opportunities", "opportunityid").front();
  const std::string delta = org_.get("opportunities?$select=name", kTrack)["@odata.deltaLink"].get<std::string>();
  org_.call("DELETE", org_.path_of(id));
  org_.set("currencies", {"GBP", "EUR", "USD"});
  org_.set("base_currency", "EUR");
  org_.set("currencies", {"GBP", "EUR"});
  org_.set("page_size", 7);

  Organization other;
  // Through text, as the sandbox keeps it.
  other.core->load(Json::parse(org_.core->save().dump()));
  other.token = org_.token;
  EXPECT_EQ(other.core->records(other.clock), org_.core->records(org_.clock));
  EXPECT_EQ(other.core->save(), org_.core->save());
  const Json changed = other.get(delta, kTrack);
  ASSERT_EQ(changed["value"].size(), 1U);
  EXPECT_EQ(changed["value"][0]["id"], id);
  const Json before = other.get("opportunities?$top=1&$select=versionnumber")["value"][0]["versionnumber"];
  const std::string fresh = other.create(Json{{"name", "after"}, {"new_stage", 100000001}});
  EXPECT_GT(other.row(fresh)["versionnumber"], before);
}

TEST_F(Load, ForgetsRecordsButNotUsersOnReset) {
  org_.core->seed(10, org_.clock, org_.random);
  org_.core->reset();
  EXPECT_TRUE(org_.column("opportunities", "name").empty());
  EXPECT_TRUE(org_.column("accounts", "name").empty());
  EXPECT_GT(org_.column("systemusers", "fullname").size(), 5U);
}

TEST_F(Load, TakesSeveralEditsInOneCall) {
  const std::string id = org_.create(org_.deal("Deal"));
  const Json done = org_.control("edit", Json{{"edits",
                                               {{{"id", id}, {"fields", {{"name", "Edited"}}}},
                                                {{"table", "account"}, {"fields", {{"name", "Made"}}}},
                                                {{"id", id}, {"fields", {{"salesstage", 99}}}},
                                                {{"id", id}, {"delete", true}}}}});
  ASSERT_EQ(done["results"].size(), 4U);
  EXPECT_TRUE(done["results"][2].contains("error"));
  EXPECT_EQ(org_.call("GET", org_.path_of(id)).status, 404);
  EXPECT_EQ(org_.column("accounts", "name"), std::vector<std::string>{"Made"});
}

TEST_F(Load, DescribesItsSettings) {
  for (const Setting& s : org_.core->settings()) {
    EXPECT_FALSE(s.description.empty()) << s.name;
    EXPECT_EQ(org_.core->set(s.name, s.value), "") << s.name << " takes the value that it shows";
  }
  EXPECT_NE(org_.core->set("page_sice", 3).find("did you mean page_size"), std::string::npos);
}

}  // namespace
}  // namespace cosell::emulator
