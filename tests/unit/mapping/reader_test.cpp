// Every kind of finding, with the exact place; and what `extends` makes of two files.
#include <gtest/gtest.h>

#include "mapping/shipped.h"
#include "mapping_fixture.h"

namespace cosell::mapping {
namespace {

// A company's file over the shipped Salesforce mapping. The first line is the line of the opening brace and the parts
// stand on lines of their own, so that places can be counted.
std::string company(const std::string& parts) { return "{ \"extends\": \"salesforce\",\n" + parts + "\n}"; }

// Findings of the company's own file, without the reminders of what a company has to say.
std::string found(const std::string& parts) {
  std::vector<FileFinding> own;
  for (const FileFinding& f : read_text_as("acme.jsonc", company(parts)).findings) {
    if (f.code != "never-complete") own.push_back(f);
  }
  return findings_of(own);
}

FileFinding only(const std::string& parts) {
  for (const FileFinding& f : read_text_as("acme.jsonc", company(parts)).findings) {
    if (f.code != "never-complete") return f;
  }
  ADD_FAILURE() << "no finding";
  return {};
}

TEST(MappingReader, SaysWhatIsWrongAndWhatToWriteInstead) {
  EXPECT_EQ(to_string(only("\"stages\": { \"add\": { \"Scoping\": 45 } }")),
            "acme.jsonc:2:33: \"Scoping\": 45 is not possible here; expected 10, 20, 40, 60 or 80; did you mean 40?");
  EXPECT_EQ(to_string(only("\"fields\": { \"closedate\": \"CloseDate\" }")),
            "acme.jsonc:2:13: unknown key \"closedate\" in \"fields\"; did you mean \"close_date\"?");
  EXPECT_EQ(to_string(only("\"fields\": { \"notes\": 5 }")),
            "acme.jsonc:2:22: \"notes\" must be a column or an object {…}, not 5");
}

TEST(MappingReader, FindsUnknownKeysTypesAndWords) {
  EXPECT_EQ(found("\"stagse\": {}"), "2:1 unknown-key");
  EXPECT_EQ(found("\"fields\": { \"nmae\": \"Name\" }"), "2:13 unknown-field");
  EXPECT_EQ(found("\"fields\": { \"notes\": { \"colunm\": \"A\" } }"), "2:24 unknown-key");
  EXPECT_EQ(found("\"select\": 5"), "2:11 wrong-type");
  EXPECT_EQ(found("\"select\": \"al\""), "2:11 bad-value");
  EXPECT_EQ(found("\"stages\": []"), "2:11 wrong-type");
  EXPECT_EQ(found("\"stages\": { \"backward\": \"back\" }"), "2:25 bad-value");
  EXPECT_EQ(found("\"stages\": { \"column\": \"\" }"), "2:23 bad-value");
  EXPECT_EQ(found("\"stages\": { \"add\": { \"A\": 45,\n \"B\": \"wonn\", \"C\": {} } }"),
            "2:27 unknown-stage\n3:7 bad-value\n3:20 missing-key");
  EXPECT_EQ(found("\"fields\": { \"notes\": { \"column\": \"A\", \"direction\": \"up\" } }"), "2:52 bad-value");
  EXPECT_EQ(found("\"fields\": { \"team\": [] }"), "2:21 bad-value");
  EXPECT_EQ(found("\"fields\": { \"team\": [ { \"frist\": \"A\" } ] }"), "2:25 unknown-key");
  EXPECT_EQ(found("\"fields\": { \"help\": { \"values\": { \"x\": \"Demo\" } } }"), "2:40 bad-value");
  EXPECT_EQ(found("\"customer\": { \"match\": [\"town\"] }"), "2:25 bad-value");
  EXPECT_EQ(found("\"bridge\": { \"status\": \"A\" }"), "2:13 unknown-key");
  EXPECT_EQ(found("\"new_opportunity\": { \"A\": [] }"), "2:27 wrong-type");
}

TEST(MappingReader, FindsStagesThatDoNotFitTogether) {
  EXPECT_EQ(found("\"stages\": { \"add\": { \"Scoping\": 60 } }"), "2:22 ambiguous-write-back");
  EXPECT_EQ(found("\"stages\": { \"add\": { \"A\": 60 }, \"write_back\": { \"60\": \"B\" } }"), "2:55 unknown-stage");
  EXPECT_EQ(found("\"stages\": { \"write_back\": { \"60\": \"Closed Won\" } }"), "2:35 no-round-trip");
  EXPECT_EQ(found("\"stages\": { \"write_back\": { \"declined\": \"Prospecting\" } }"), "2:41 no-round-trip");
  EXPECT_EQ(found("\"stages\": { \"write_back\": { \"declined\": \"Closed Lost\" } }"), "");
  EXPECT_EQ(found("\"stages\": { \"add\": { \"Caf\u00e9\": 10,\n \"Cafe\u0301\": 10 }, \"write_back\": { \"10\": "
                  "\"Prospecting\" } }"),
            "3:2 duplicate-stage");
  EXPECT_EQ(found("\"stages\": { \"add\": { \"New\": \"waiting\" } }"), "2:22 ambiguous-write-back");
  EXPECT_EQ(found("\"stages\": { \"map\": { \"A\": 10, \"W\": \"won\", \"L\": \"lost\" } }"),
            "~2:1 no-write-back\n~2:1 no-write-back\n~2:1 no-write-back\n~2:1 no-write-back\n~2:1 no-waiting-stage\n"
            "~2:43 no-reason");
  for (const char* outcome : {"lost", "declined", "error"}) {
    EXPECT_NE(found(std::string("\"stages\": { \"add\": { \"Gone\": \"") + outcome + "\" } }").find("no-reason"),
              std::string::npos)
        << outcome;
  }
  EXPECT_EQ(found("\"stages\": { \"add\": { \"Gone\": \"expired\" } }").find("no-reason"), std::string::npos);
  EXPECT_EQ(found("\"stages\": { \"map\": {} }"), "2:1 no-stages");
  const FileFinding several = only("\"stages\": { \"add\": { \"Scoping\": 60, \"Bid\": 60 } }");
  EXPECT_EQ(
      several.message,
      "\"Proposal/Price Quote\", \"Scoping\", \"Bid\" all mean 60 Proposed; say which one is written when Partner "
      "Center moves there");
  EXPECT_EQ(several.remedy, "add \"write_back\": { \"60\": \"Proposal/Price Quote\" }");
}

TEST(MappingReader, FindsFieldsThatDoNotFitTogether) {
  EXPECT_EQ(found("\"fields\": { \"notes\": { \"column\": \"A\", \"constant\": \"x\" } }"), "2:22 two-sources");
  EXPECT_EQ(found("\"fields\": { \"location\": { \"required\": true } }"), "2:25 no-source");
  EXPECT_EQ(found("\"fields\": { \"consent_contact\": {} }"), "2:32 no-source");
  EXPECT_EQ(found("\"fields\": { \"consent_contact\": { \"statement\": \"s\" } }"),
            "2:32 missing-key\n2:32 missing-key");
  EXPECT_EQ(found("\"fields\": { \"consent_contact\": { \"default\": true } }"), "2:34 unknown-key");
  EXPECT_EQ(
      found("\"fields\": { \"consent_contact\": { \"statement\": \"s\", \"signed_by\": \"n\", \"date\": \"2026-02-30\" "
            "} }"),
      "2:78 bad-date");
  EXPECT_EQ(found("\"fields\": { \"close_date\": { \"default\": \"tomorrow\" } }"), "2:40 bad-default");
  EXPECT_EQ(found("\"fields\": { \"close_date\": { \"default\": \"today + 90\" } }"), "2:40 bad-default");
  EXPECT_EQ(found("\"fields\": { \"close_date\": { \"default\": \"{} + 9d\" } }"), "2:40 bad-default");
  EXPECT_EQ(found("\"fields\": { \"value\": { \"default\": \"much\" } }"), "2:35 bad-default");
  EXPECT_EQ(found("\"fields\": { \"value\": { \"default\": { \"column\": \"P\", \"values\": { \"a\": \"b\" } } } }"),
            "2:69 bad-default");
  EXPECT_EQ(found("\"fields\": { \"value\": { \"currency\": \"EURO\" } }"), "2:36 unknown-currency");
  EXPECT_EQ(found("\"fields\": { \"name\": { \"column\": \"Account.Name\", \"direction\": \"both\" } }"),
            "2:62 not-writable");
  EXPECT_EQ(found("\"fields\": { \"team\": { \"direction\": \"to_crm\" } }"), "2:36 not-writable");
  EXPECT_EQ(found("\"fields\": { \"notes\": { \"conflict\": \"furthest_stage\" } }"), "2:36 rule-not-possible");
  EXPECT_EQ(
      found(
          "\"fields\": { \"customer\": { \"country\": { \"column\": \"C\", \"values\": { \"x\": \"Atlantis\" } } } }"),
      "2:72 unknown-country");
  EXPECT_EQ(found("\"fields\": { \"team\": [ { \"name\": \"A\", \"first\": \"B\" } ] }"), "2:23 two-sources");
  EXPECT_EQ(found("\"fields\": { \"campaign\": { \"column\": \"A\", \"values\": { \"x\": \"1\", \"y\": \"1\" } } }"),
            "~2:42 ambiguous-value");
  EXPECT_EQ(found("\"fields\": { \"campaign\": \"Name\" }"), "2:25 shared-column");
  EXPECT_EQ(found("\"bridge\": { \"state\": \"StageName\" }"), "2:22 shared-column");
  // The other line is in the shipped mapping.
  EXPECT_EQ(found("\"fields\": { \"name\": { \"column\": \"CloseDate\" } }"), "2:33 shared-column");
  EXPECT_EQ(found("\"bridge\": { \"link\": \"Cosell_State__c\" }"), "2:21 shared-column");
  EXPECT_EQ(found("\"stages\": { \"column\": \"Name\" }"), "2:23 shared-column");
  EXPECT_EQ(found("\"bridge\": { \"referral_id\": null }"), "2:11 no-key");
  EXPECT_EQ(found("\"customer\": { \"match\": [\"city\"], \"record\": { \"city\": null } }"), "2:13 no-source");
}

TEST(MappingReader, NamesWhatNoReferralCanBeCreatedWithout) {
  const Loaded loaded = read_text_as("acme.jsonc", company("\"fields\": { \"location\": { \"constant\": \"1\" } }"));
  ASSERT_TRUE(loaded.mapping.has_value());
  ASSERT_EQ(findings_of(loaded), "~2:1 never-complete");
  EXPECT_EQ(loaded.findings[0].message, "no referral can be created: the mapping has no \"consent_contact\"");
}

TEST(MappingReader, NamesAFieldThatItsDirectionKeepsOutOfNewReferrals) {
  const auto needed = [](const std::string& notes) {
    return findings_of(read_text_as(
        "acme.jsonc", company("\"fields\": { \"location\": { \"constant\": \"1\" },\n" +
                              std::string("\"consent_contact\": \"Consent__c\",\n\"notes\": ") + notes + " }")));
  };
  EXPECT_EQ(needed(R"({ "direction": "off" })"), "~4:1 never-complete");
  EXPECT_EQ(needed(R"({ "direction": "off", "default": "Ask the owner." })"), "~4:1 never-complete");
  EXPECT_EQ(needed(R"({ "direction": "to_crm" })"), "~4:1 never-complete");
  EXPECT_EQ(needed(R"({ "direction": "to_crm", "default": "Ask the owner." })"), "");
}

TEST(MappingReader, TellsOfALocationThatPartnerCenterCannotKnow) {
  const auto location = [](const std::string& constant) {
    return findings_of(read_text_as("acme.jsonc", company("\"fields\": { \"location\": { \"constant\": \"" + constant +
                                                          "\" },\n\"consent_contact\": \"Consent__c\" }")));
  };
  EXPECT_EQ(location("1234567"), "");
  EXPECT_EQ(location("your PartnerID location"), "~2:39 bad-location");
  EXPECT_EQ(location(" "), "~2:13 never-complete") << "every deal would wait for a location";
}

TEST(MappingReader, NeedsSelectionStagesAndKey) {
  EXPECT_EQ(findings_of(read_text_as("a", "{ \"base\": true }")), "1:1 no-select\n1:1 no-stages\n1:1 no-key");
  EXPECT_EQ(findings_of(read_text_as("a", R"({ "base": true, "select": {}, "bridge": { "referral_id": "R" },
"stages": { "map": { "A": 10, "B": 20, "C": 40, "D": 60, "E": 80, "F": "won", "G": "lost" } },
"fields": { "value": { "column": "V" }, "team": {}, "customer": { "city": "C" } },
"owner": { "new": "5" } })")),
            "1:27 no-source\n2:1 no-stage-column\n~2:1 no-waiting-stage\n~2:79 no-reason\n3:22 no-currency\n3:49 "
            "no-source\n3:65 "
            "no-source\n4:19 no-source");
}

std::string found_in(const std::string& text, const Beside& beside = {}) {
  return findings_of(read_text_as("acme.jsonc", text, beside));
}

TEST(MappingReader, RefusesWhatIsNoMappingFile) {
  EXPECT_EQ(found_in(""), "1:1 not-json");
  EXPECT_EQ(found_in("<html>"), "1:1 not-json");
  EXPECT_EQ(found_in("[]"), "1:1 wrong-type");
  EXPECT_EQ(found_in("{\n  \"select\": \"all\",\n}"), "2:18 not-json");
  EXPECT_EQ(found_in("{ \"title\": \"a\xff\" }"), "1:14 invalid-utf8");
  EXPECT_EQ(found_in("{ \"select\": \"all\",\n  \"select\": \"all\" }"), "2:3 duplicate-key");
  EXPECT_EQ(found_in("{ \"stages\": { \"map\": { \"A\": 10,\n\"A\": 20 } } }"), "2:1 duplicate-key");
  EXPECT_EQ(found_in(std::string((4U << 20) + 1, ' ')), "1:1 too-large");
}

TEST(MappingReader, FollowsExtendsToFilesBesideIt) {
  const Beside beside = {
      {"team.jsonc", "{ \"extends\": \"salesforce\", \"fields\": { \"location\": { \"constant\": \"1\" } } }"}};
  Loaded loaded = read_text_as("acme.jsonc", "{ \"extends\": \"team.jsonc\" }", beside);
  ASSERT_TRUE(loaded.mapping.has_value()) << texts_of(loaded.findings);
  EXPECT_EQ(loaded.mapping->stage_column(), "StageName");
  EXPECT_EQ(loaded.mapping->complete_for_create({}, {}, Date{2026, 1, 1}).text(Field::location), "1");
}

TEST(MappingReader, RefusesExtendsThatLeadNowhereOrInCircles) {
  EXPECT_EQ(found_in("{\n  \"extends\": \"salesfroce\" }"), "2:14 extends-not-found");
  EXPECT_EQ(read_text_as("a", "{ \"extends\": \"salesfroce\" }").findings[0].remedy, "did you mean \"salesforce\"?");
  EXPECT_EQ(found_in("{ \"extends\": \"acme.jsonc\" }"), "1:14 cyclic-extends");
  const Beside circle = {{"b.jsonc", "{ \"extends\":\n \"acme.jsonc\" }"}};
  const Loaded loaded = read_text_as("acme.jsonc", "{ \"extends\": \"b.jsonc\" }", circle);
  ASSERT_EQ(findings_of(loaded), "2:2 cyclic-extends");
  EXPECT_EQ(loaded.findings[0].file, "b.jsonc");
  EXPECT_EQ(loaded.findings[0].message, "\"acme.jsonc\" extends itself: acme.jsonc -> b.jsonc -> acme.jsonc");
}

TEST(MappingReader, NamesTheFileOfTheBaseWhenTheFaultIsThere) {
  const Beside beside = {{"b.jsonc", "{ \"slect\": 1 }"}};
  const Loaded loaded = read_text_as("acme.jsonc", "{ \"extends\": \"b.jsonc\", \"select\": \"all\" }", beside);
  ASSERT_FALSE(loaded.findings.empty());
  EXPECT_EQ(to_string(loaded.findings[0]), "b.jsonc:1:3: unknown key \"slect\"; did you mean \"select\"?");
}

TEST(MappingReader, KeepsEverythingThatWasReadForTheStore) {
  const Mapping mapping = mapping_from(company("\"title\": \"Acme\""));
  EXPECT_NE(mapping.text().find("\"title\": \"Acme\""), std::string::npos);
  EXPECT_NE(mapping.text().find(std::string(shipped_mapping("salesforce"))), std::string::npos);
  EXPECT_EQ(mapping.hash(), mapping_from(company("\"title\": \"Acme\"")).hash());
  EXPECT_NE(mapping.hash(), mapping_from(company("\"title\": \"Acme 2\"")).hash());
}

TEST(MappingReader, KeepsTheSameOfAFileWhereverItLies) {
  const std::string text = company("\"title\": \"Acme\"");
  const Loaded here = read_text_as("acme.jsonc", text);
  const Loaded there = read_text_as("/etc/cosell/acme.jsonc", text);
  ASSERT_TRUE(here.mapping && there.mapping);
  EXPECT_EQ(there.mapping->text(), here.mapping->text());
  EXPECT_EQ(there.mapping->hash(), here.mapping->hash());
  EXPECT_EQ(there.mapping->text().rfind("// acme.jsonc\n", 0), 0U);
}

TEST(Extends, ReplacesTheWholeStageTableAndItsStaleWriteBacks) {
  const Mapping mapping =
      mapping_from(company("\"stages\": { \"map\": { \"Lead\": 10, \"Qualification\": 20, \"Fit\": 20, \"Won\": "
                           "\"won\", \"Lost\": \"lost\" } }"));
  EXPECT_EQ(mapping.mapped_stages(), (std::vector<std::string>{"Lead", "Qualification", "Fit", "Won", "Lost"}));
  EXPECT_EQ(mapping.waiting_stage(), "");
  Deal to_20;
  to_20.set(Field::stage, Stage::s20);
  EXPECT_EQ(shown(mapping.write(to_20, {{"StageName", std::string("Lead")}}).columns), "StageName=Qualification");
}

TEST(Extends, AddsStagesBesideThoseOfTheBase) {
  const Mapping mapping =
      mapping_from(company("\"stages\": { \"add\": { \"Parked\": \"ignore\", \"Prospecting\": \"ignore\", "
                           "\"Lead\": 10 } }"));
  EXPECT_EQ(mapping.explain_stage("Parked"), "Parked -> left out (acme.jsonc:2)");
  EXPECT_EQ(mapping.explain_stage("Prospecting"), "Prospecting -> left out (acme.jsonc:2)");
  EXPECT_EQ(mapping.explain_stage("Negotiation/Review"), "Negotiation/Review -> 80 Negotiated (salesforce:27)");
}

TEST(Extends, KeepsTheRulesOfAFieldWhoseColumnChanges) {
  const Mapping mapping =
      mapping_from(company("\"fields\": { \"help\": \"My_Help__c\", \"value\": { \"currency\": \"EUR\" },\n"
                           " \"name\": { \"conflict\": \"ask\" }, \"campaign\": null }"));
  EXPECT_EQ(mapping.rule(Field::help).column, "My_Help__c");
  EXPECT_EQ(mapping.rule(Field::name).column, "Name");
  EXPECT_EQ(mapping.rule(Field::name).conflict, ConflictRule::ask);
  EXPECT_EQ(mapping.rule(Field::campaign).direction, Direction::off);
  const auto columns = mapping.columns_read();
  const auto reads = [&](const char* name) { return std::find(columns.begin(), columns.end(), name) != columns.end(); };
  EXPECT_TRUE(reads("Amount"));
  EXPECT_FALSE(reads("CurrencyIsoCode"));  // a fixed currency reads no column
  EXPECT_FALSE(reads("Cosell_Help__c"));
  EXPECT_FALSE(reads("Cosell_Campaign__c"));
}

TEST(Extends, DropsTheValueTableOfAColumnThatIsNotReadAnyMore) {
  const Beside beside = {{"base.jsonc", R"({ "extends": "salesforce",
      "fields": { "campaign": { "column": "A", "values": { "Spring": "S1" }, "conflict": "ask" } } })"}};
  const auto campaign = [&](const std::string& over, const char* column) {
    const Mapping mapping =
        mapping_from("{ \"extends\": \"base.jsonc\", \"fields\": { \"campaign\": " + over + " } }", beside);
    EXPECT_EQ(mapping.rule(Field::campaign).conflict, ConflictRule::ask);
    return mapping.read({{column, std::string("Spring")}}).deal.text(Field::campaign);
  };
  EXPECT_EQ(campaign("{ \"trim\": true }", "A"), "S1");
  EXPECT_EQ(campaign("\"B\"", "B"), "Spring");
  EXPECT_EQ(campaign("{ \"column\": \"B\", \"values\": { \"Spring\": \"S9\" } }", "B"), "S9");
  EXPECT_EQ(campaign("{ \"values\": { \"Autumn\": \"A1\" } }", "A"), "S1");  // added to the base's table
}

}  // namespace
}  // namespace cosell::mapping
