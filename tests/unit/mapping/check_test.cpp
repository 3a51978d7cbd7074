// A mapping compared with what the CRM really has.
#include <gtest/gtest.h>

#include <functional>

#include "mapping_fixture.h"

namespace cosell::mapping {
namespace {

Mapping pipeline() {
  return mapping_from(R"({ "base": true, "select": "all", "bridge": { "referral_id": "Ref__c", "state": "State__c" },
"stages": { "column": "StageName", "map": {
"Lead": 10,
"Fit": 20,
"Proof": 40,
"Offer": 60,
"Talks": 80,
"Old talks": 80,
"Won": "won",
"Lost": "lost" },
"write_back": { "80": "Talks" } },
"fields": { "name": "Name",
"value": { "column": "Amount", "currency_column": "CurrencyIsoCode" } } })");
}

std::vector<LiveStage> live_stages() {
  std::vector<LiveStage> stages = {{"Lead", "Lead"},   {"Fit", "Fit"},     {"Proof", "Proof"},
                                   {"Offer", "Offer"}, {"Talks", "Talks"}, {"Old talks", "Old talks"},
                                   {"Won", "Won"},     {"Lost", "Lost"}};
  for (LiveStage& s : stages) {
    s.won = s.id == "Won";
    s.closed = s.won || s.id == "Lost";
  }
  return stages;
}
std::vector<LiveColumn> live_columns() {
  return {{"StageName"}, {"Name"}, {"Amount"}, {"CurrencyIsoCode"}, {"Ref__c"}, {"State__c"}, {"Other"}};
}

TEST(LiveCheck, FindsNothingWhenEverythingIsThere) {
  EXPECT_EQ(texts_of(check_against_live(pipeline(), live_stages(), live_columns())), "");
  EXPECT_EQ(texts_of(check_against_live(pipeline(), {}, {})), "");  // nothing known, nothing to say
}

// A time has no day of its own: midnight in Berlin is still the day before in UTC.
TEST(LiveCheck, WarnsOfADateFromAColumnOfTimes) {
  const Mapping mapping = mapping_from(R"({ "base": true, "select": "all", "bridge": { "referral_id": "Ref__c" },
"stages": { "column": "StageName", "map": {
"Lead": 10, "Fit": 20, "Proof": 40, "Offer": 60, "Talks": 80, "Won": "won", "Lost": "lost" } },
"fields": { "name": "Name",
"close_date": "Due__c" } })");
  const auto checked = [&](const char* type) {
    return findings_of(check_against_live(mapping, {}, {{"StageName"}, {"Name"}, {"Ref__c"}, {"Due__c", true, type}}));
  };
  EXPECT_EQ(checked("date"), "");
  EXPECT_EQ(checked("instant"), "~5:1 column-type");
  EXPECT_EQ(checked("boolean"), "5:1 column-type");
}

TEST(LiveCheck, NamesStagesThatTheCrmDoesNotHave) {
  auto stages = live_stages();
  stages[2] = {"Proofs", "Proofs"};
  const auto findings = check_against_live(pipeline(), stages, {});
  EXPECT_EQ(texts_of(findings),
            "acme.jsonc:2:1: the CRM's stage \"Proofs\" is not mapped; deals in it will wait; add \"Proofs\": … to the "
            "stage table\n"
            "acme.jsonc:5:1: the CRM has no stage \"Proof\", and it is the one that is written for 40; did you mean "
            "\"Proofs\"?\n");
}

// A name would be refused by the CRM with every deal that comes from Microsoft.
TEST(LiveCheck, WantsTheOwnerOfNewDealsByIdOrAddress) {
  const auto checked = [&](const std::string& owner) {
    const Mapping mapping = mapping_from(R"({ "extends": "salesforce",
"owner": { "new": )" + owner + " } }");
    std::string found;
    for (const FileFinding& f : check_against_live(mapping, {}, {{"OwnerId"}})) {
      if (f.code == "no-owner") found += to_string(f) + "\n";
    }
    return found;
  };
  for (const char* good : {"\"ida.berg@contoso.example\"", "\"005Ko0000000002IAA\"", "\"005Ko0000000002\"",
                           "\"8f9c2f5e-4a4b-4f0a-9a3a-0d5c8a1b2c3d\"", "{ \"team\": true }"}) {
    EXPECT_EQ(checked(good), "") << good;
  }
  for (const char* bad : {"\"Ida Berg\"", "\"Ida Katharina Berg\"", "{ \"team\": true, \"else\": \"Ida Berg\" }",
                          "{ \"locations\": { \"1234567\": \"Ida Berg\" }, \"else\": \"ida@contoso.example\" }"}) {
    EXPECT_NE(checked(bad).find("acme.jsonc:2:"), std::string::npos) << bad;
    EXPECT_NE(checked(bad).find("write the user's id or e-mail address"), std::string::npos) << bad;
  }
}

// A company's file of a few lines: what is wrong stands in the shipped mapping, which nobody can edit.
TEST(LiveCheck, SaysWhereToWriteWhatTheShippedMappingDoesNotKnow) {
  const Mapping short_file = mapping_from("// ours\n{\n  \"extends\": \"salesforce\" }");
  std::vector<LiveStage> stages = {{"Prospecting", ""}, {"Pilot", ""}};
  const auto findings = check_against_live(short_file, stages, {});
  const auto about = [&findings](const std::string& stage) {
    for (const FileFinding& f : findings) {
      if (f.message.find("\"" + stage + "\"") != std::string::npos) return f;
    }
    return FileFinding{};
  };
  const FileFinding fresh = about("Pilot");
  EXPECT_EQ(fresh.file + ":" + std::to_string(fresh.line), "acme.jsonc:2");
  EXPECT_EQ(fresh.message, "the CRM's stage \"Pilot\" is not mapped; deals in it will wait");
  EXPECT_EQ(fresh.remedy, "add \"stages\": { \"add\": { \"Pilot\": … } }");
  const FileFinding gone = about("Negotiation/Review");
  EXPECT_EQ(gone.file, "salesforce");
  EXPECT_EQ(gone.remedy,
            "remove it, or write the stage's stable value; the shipped mapping stays as it is, so say it in acme.jsonc "
            "with a \"map\" of your own under \"stages\"");

  const auto read = short_file.read({{"StageName", Value(std::string("Pilot"))}});
  EXPECT_EQ(read.problems.at(0).message, "StageName \"Pilot\" is not in the stage table (acme.jsonc:2)");
}

TEST(DayCheck, AStatementCountsFromTheDayOnWhichItWasSigned) {
  const Mapping own = mapping_from(
      "{ \"extends\": \"salesforce\",\n\"fields\": { \"consent_contact\": { \"statement\": \"s\", \"signed_by\": "
      "\"n\",\n"
      "\"date\": \"2031-01-10\" } } }");
  const auto consent_on = [&own](Date day) {
    return own.complete_for_create({}, {}, day).flag(Field::consent_contact);
  };
  EXPECT_EQ(findings_of(check_against_day(own, {2031, 1, 8})), "3:9 signed-later");
  EXPECT_FALSE(consent_on({2031, 1, 8}));
  for (const Date day : {Date{2031, 1, 9}, Date{2031, 1, 10}, Date{2032, 1, 1}}) {
    EXPECT_EQ(findings_of(check_against_day(own, day)), "") << "one day is left to other time zones";
    EXPECT_TRUE(consent_on(day));
  }
}

TEST(LiveCheck, NamesAColumnOfTheAccountThatIsNotThere) {
  const Mapping own =
      mapping_from("{ \"extends\": \"salesforce\",\n\"customer\": { \"record\": {\n\"city\": \"BilingCity\" } } }");
  std::vector<LiveColumn> columns;
  for (const std::string& name : own.columns_read()) columns.push_back({name});
  const auto of_account = [&] {
    std::string out;
    for (const FileFinding& f : check_against_live(own, {}, columns)) {
      if (f.message.find("account") != std::string::npos) out += to_string(f) + "\n";
    }
    return out;
  };
  EXPECT_EQ(of_account(),
            "acme.jsonc:3:9: the account has no column \"BilingCity\", by which customers are looked for and created; "
            "did you mean \"BillingCity\"?\n");
  columns.push_back({"Account.BilingCity"});
  EXPECT_EQ(of_account(), "");
  std::erase_if(columns, [](const LiveColumn& c) { return c.name.rfind("Account.", 0) == 0; });
  EXPECT_EQ(of_account(), "") << "a CRM that does not list it says nothing";
  columns.push_back({"Account.Name", false, "", 0, {}, false});
  EXPECT_EQ(of_account(), "") << "what the mapping reads of it is no list of its columns";
}

TEST(LiveCheck, AddsToTheStagesThatACompanysFileHasAlready) {
  const Mapping own = mapping_from(
      "{ \"extends\": \"salesforce\",\n\"stages\": { \"add\": { \"Legal\": 80 },\n"
      "\"write_back\": { \"80\": \"Legal\" } } }");
  for (const FileFinding& f : check_against_live(own, {{"Pilot", ""}}, {})) {
    if (f.code != "stage-not-mapped") continue;
    EXPECT_EQ(to_string(f),
              "acme.jsonc:2:1: the CRM's stage \"Pilot\" is not mapped; deals in it will wait; add "
              "\"Pilot\": … to \"add\" under \"stages\"");
  }
}

TEST(LiveCheck, OnlyWarnsOfAMissingStageThatIsNeverWritten) {
  auto stages = live_stages();
  stages.erase(stages.begin() + 5);
  EXPECT_EQ(findings_of(check_against_live(pipeline(), stages, {})), "~8:1 stage-not-live");
}

TEST(LiveCheck, TellsLabelsFromStableValues) {
  auto stages = live_stages();
  stages[0] = {"lead_1", "Lead"};
  const auto findings = check_against_live(pipeline(), stages, {});
  ASSERT_EQ(findings_of(findings), "2:1 stage-not-mapped\n3:1 stage-not-live");
  EXPECT_EQ(findings[0].message, "the CRM's stage \"lead_1\" (Lead) is not mapped; deals in it will wait");
  EXPECT_EQ(findings[1].remedy, "\"Lead\" is a label; its stable value is \"lead_1\"");
}

TEST(LiveCheck, NamesInactiveStages) {
  auto stages = live_stages();
  stages[4].active = false;  // Talks is written back for 80
  stages[5].active = false;  // Old talks is not
  stages.push_back({"Retired", "Retired", false});
  EXPECT_EQ(findings_of(check_against_live(pipeline(), stages, {})), "~2:1 stage-not-mapped\n7:1 stage-inactive");
}

TEST(LiveCheck, NamesColumnsThatAreMissingOrLocked) {
  auto columns = live_columns();
  columns[1].name = "Names";
  columns.erase(columns.begin() + 3);  // CurrencyIsoCode
  columns[2].writable = false;         // Amount
  columns.pop_back();
  columns.pop_back();  // State__c
  const auto findings = check_against_live(pipeline(), live_stages(), columns);
  EXPECT_EQ(
      texts_of(findings),
      "acme.jsonc:1:80: the CRM has no column \"State__c\"; install the bridge's columns, or name another column in "
      "\"bridge\"\n"
      "acme.jsonc:12:21: the CRM has no column \"Name\"; did you mean \"Names\"?\n"
      "acme.jsonc:13:10: the CRM has no column \"CurrencyIsoCode\"; with one currency only, write \"currency\": "
      "\"EUR\" in \"value\"\n"
      "acme.jsonc:13:10: the column \"Amount\" may not be written; give the bridge's user the right to edit it, or "
      "make the field \"to_partner_center\"\n");
}

TEST(LiveCheck, AsksForParentColumnsOnlyWhereTheyAreListed) {
  const Mapping mapping = mapping_from(R"({ "extends": "salesforce" })");
  std::vector<LiveColumn> own;
  for (const std::string& c : mapping.columns_read()) {
    if (c.find('.') == std::string::npos) own.push_back({c});
  }
  EXPECT_EQ(texts_of(check_against_live(mapping, {}, own)), "");
  own.push_back({"Account.Name"});
  EXPECT_NE(texts_of(check_against_live(mapping, {}, own)).find("Account.BillingCity"), std::string::npos);
}

TEST(LiveCheck, TakesTenThousandEntriesAgainstFiveThousandStages) {
  std::string map;
  std::vector<LiveStage> live;
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = "stage " + std::to_string(i);
    map += (i == 0 ? "\"" : ",\n\"") + name + "\": " + (i < 2'500 ? "10" : "20");
    if (i < 5'000) live.push_back({name, name});
  }
  const Mapping mapping = mapping_from("{ \"extends\": \"salesforce\", \"stages\": { \"map\": {\n" + map +
                                       "\n}, \"write_back\": { \"10\": \"stage 0\", \"20\": \"stage 2500\" } } }");
  EXPECT_EQ(mapping.mapped_stages().size(), 10'000U);
  EXPECT_EQ(check_against_live(mapping, live, {}).size(), 5'000U);
}

TEST(LiveCheck, NamesStagesWhoseOutcomeTheCrmSeesDifferently) {
  auto stages = live_stages();
  stages[5].closed = true;  // Old talks: mapped to 80
  stages[6].won = false;    // Won: the CRM says lost
  stages[7].closed = stages[7].won = true;
  EXPECT_EQ(texts_of(check_against_live(pipeline(), stages, {})),
            "acme.jsonc:8:1: warning: the CRM's stage \"Old talks\" is lost, but here it means 80; map it to \"lost\", "
            "or to \"ignore\"\n"
            "acme.jsonc:9:1: the CRM's stage \"Won\" is lost, but here it means won; map it to \"lost\"\n"
            "acme.jsonc:10:1: the CRM's stage \"Lost\" is won, but here it means lost; map it to \"won\"\n");
}

// Such a deal would be closed in Partner Center, which nothing takes back, while its seller still works on it.
TEST(LiveCheck, WarnsOfAnOpenStageThatClosesTheReferral) {
  auto stages = live_stages();
  stages[6].won = stages[6].closed = false;
  EXPECT_EQ(
      texts_of(check_against_live(pipeline(), stages, {})),
      "acme.jsonc:9:1: warning: the CRM's stage \"Won\" is open, but here it means won; map it to 10, 20, 40, 60 "
      "or 80; if its deals are really over, leave it: they are closed in Partner Center, and stay closed there\n");
}

TEST(LiveCheck, NamesPercentagesThatFallWhileThePipelineAdvances) {
  auto stages = live_stages();
  std::swap(stages[1], stages[2]);
  EXPECT_EQ(texts_of(check_against_live(pipeline(), stages, {})),
            "acme.jsonc:4:1: warning: \"Fit\" comes after \"Proof\" in the CRM, but means 20 where that means 40; "
            "check both percentages\n");
}

// One record type with a table of its own beside the general one.
Mapping two_types() {
  return mapping_from(R"({ "base": true, "select": "all", "bridge": { "referral_id": "Ref__c" },
"referrals": { "create_in_crm": "none" },
"stages": { "column": "S", "map": { "A": 10, "B": 20, "C": 40, "D": 60, "E": 80, "W": "won", "L": "lost" },
"by": { "column": "Type", "tables": {
"own": { "add": {
"C2": 40 }, "write_back": { "40": "C2" } } } } } })");
}

std::vector<LiveStage> stages_of_two_types() {
  std::vector<LiveStage> stages;
  for (const char* id : {"A", "B", "C", "C2", "D", "E", "W", "L"}) stages.push_back({id, id});
  for (LiveStage& s : stages) {
    s.record_types = {"usual", "own"};
    s.won = s.id == "W";
    s.closed = s.won || s.id == "L";
  }
  stages[3].record_types = {"own"};
  return stages;
}

TEST(LiveCheck, ComparesEveryRecordTypeWithTheStagesThatItOffers) {
  EXPECT_EQ(texts_of(check_against_live(two_types(), stages_of_two_types(), {})), "");
  auto stages = stages_of_two_types();
  stages[3].record_types = {"usual"};
  EXPECT_EQ(texts_of(check_against_live(two_types(), stages, {})),
            "acme.jsonc:3:1: the CRM's stage \"C2\" is not mapped; deals in it will wait; add \"C2\": … to the stage "
            "table\n"
            "acme.jsonc:6:1: the record type \"own\" does not offer the stage \"C2\", which would be written for 40; "
            "name another stage in the record type's \"write_back\"\n");
  stages = stages_of_two_types();
  stages.push_back({"New", "New", true, false, false, std::nullopt, {"own"}});
  EXPECT_EQ(texts_of(check_against_live(two_types(), stages, {})),
            "acme.jsonc:5:1: the CRM's stage \"New\" of \"own\" is not mapped; deals in it will wait; add \"New\": … "
            "to the stage table\n");
}

TEST(LiveCheck, TakesAStageThatAnyTableMapsWhereTheCrmDoesNotSayWhoOffersIt) {
  auto stages = stages_of_two_types();
  for (LiveStage& s : stages) s.record_types = {};
  EXPECT_EQ(texts_of(check_against_live(two_types(), stages, {})), "");
}

Mapping with_columns() {
  return mapping_from(R"({ "base": true, "select": { "column": "Sync", "value": "yes" },
"bridge": { "referral_id": "Ref__c" },
"stages": { "column": "S", "map": { "M": "waiting", "A": 10, "B": 20, "C": 40, "D": 60, "E": 80, "W": "won", "L": "lost" } },
"fields": { "name": "Name",
"value": { "column": "Amount", "currency": "EUR" },
"close_date": "Close",
"visible": "Visible",
"campaign": { "column": "Campaign", "values": { "Spring": "S1", "Lent": "S1", "Autumn": "A1" } } } })");
}

std::vector<LiveColumn> typed_columns() {
  return {{"Sync", true, "picklist", 0, {"yes", "no"}},
          {"Ref__c", true, "text", 36, {}},
          {"S", true, "picklist", 0, {}},
          {"Name", true, "text", 120, {}},
          {"Amount", true, "number", 0, {}},
          {"Close", true, "date", 0, {}},
          {"Visible", true, "boolean", 0, {}},
          {"Campaign", true, "picklist", 0, {"Spring", "Lent", "Autumn"}}};
}

std::string found_with(const std::function<void(std::vector<LiveColumn>&)>& change) {
  auto columns = typed_columns();
  change(columns);
  return texts_of(check_against_live(with_columns(), {}, columns));
}

TEST(LiveCheck, NamesColumnsOfAnotherType) {  // F-50
  EXPECT_EQ(found_with([](auto&) {}), "");
  EXPECT_EQ(
      found_with([](auto& c) { c[3].type = "reference"; }),
      "acme.jsonc:4:13: the column \"Name\" is a reference; it cannot hold the name; name another column, or make "
      "the field \"to_partner_center\"\n");
  for (const std::size_t i : {4U, 5U, 6U}) {
    EXPECT_NE(found_with([&](auto& c) { c[i].type = "reference"; }).find("is a reference"), std::string::npos) << i;
  }
  EXPECT_EQ(found_with([](auto& c) {
              c[0] = {"Sync", true, "boolean", 0, {}};
            }),
            "acme.jsonc:1:39: the column \"Sync\" is a tick; it is never \"yes\", so that no deal takes part; write "
            "\"value\": true\n");
}

TEST(LiveCheck, NamesAKeyColumnThatIsTooShort) {
  EXPECT_EQ(
      found_with([](auto& c) { c[1].length = 20; }),
      "acme.jsonc:2:28: the column \"Ref__c\" holds 20 characters; a referral's id has 36; make it longer, or name "
      "another column\n");
}

TEST(LiveCheck, ComparesPicklistsWithTheTablesOfValues) {  // F-51
  EXPECT_EQ(
      found_with([](auto& c) {
        c[7].values = {"Sprng", "Autumn"};
      }),
      "acme.jsonc:8:1: the picklist \"Campaign\" has no value \"Spring\", and it is the one that is written for "
      "\"S1\"; did you mean \"Sprng\"?\n"
      "acme.jsonc:8:1: warning: the picklist \"Campaign\" has no value \"Lent\"\n"
      "acme.jsonc:8:1: warning: the value \"Sprng\" of \"Campaign\" is not in the table; the campaign id of deals "
      "with it will wait; add \"Sprng\" to \"values\", or write \"else\"\n");
  EXPECT_EQ(found_with([](auto& c) {
              c[0].values = {"ja", "nein"};
            }),
            "acme.jsonc:1:39: the picklist \"Sync\" has no value \"yes\"; no deal takes part by it\n");
}

}  // namespace
}  // namespace cosell::mapping
