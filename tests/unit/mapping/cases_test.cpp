// Examples beside a mapping, and two mappings side by side.
#include "mapping/cases.h"

#include <gmock/gmock.h>

#include "mapping/compare.h"
#include "mapping/inspect.h"
#include "mapping/shipped.h"
#include "mapping_fixture.h"

namespace cosell::mapping {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const char* const company_mapping = R"({
  "extends": "salesforce",
  "stages": {
    "map": {
      "Received from Microsoft": "waiting",
      "Talk": 10, "Workshop": 40, "Pilot": 40, "Offer": 60,
      "Closed Won": "won",
      "Closed Lost": { "closed": "lost", "reason": { "column": "Why__c" } }
    },
    "write_back": { "40": "Workshop" }
  },
  "fields": {
    "location": { "constant": "1234567" },
    "consent_contact": { "statement": "In every contract", "signed_by": "Ida Berg", "date": "2026-01-31" },
    "close_date": { "default": "today + 90d" }
  }
})";

Mapping mapping_of(const std::string& text) {
  Loaded loaded = read_mapping("acme.jsonc", text, [](const std::string& name) -> Result<std::string> {
    return std::string(shipped_mapping(name));
  });
  EXPECT_TRUE(loaded.mapping) << findings_of(loaded.findings);
  return std::move(*loaded.mapping);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

Result<std::vector<CaseResult>> run(const std::string& text) {
  return run_cases(mapping_of(company_mapping), "acme.cases.jsonc", text, Date{2026, 3, 1});
}

std::vector<std::string> differences_of(const std::string& one_case) {
  const auto results = run("{\"cases\": [" + one_case + "]}");
  EXPECT_TRUE(results) << results.error().message;
  return results ? results->at(0).differences : std::vector<std::string>{};
}

TEST(MappingCases, AnOpportunityBecomesTheReferralThatIsExpected) {
  EXPECT_THAT(differences_of(R"({
    "name": "a pilot is 40 percent",
    "opportunity": { "Cosell_Sync__c": true, "StageName": "Pilot", "Amount": 1200.5, "CurrencyIsoCode": "EUR",
                     "CloseDate": "2026-11-30", "Account.Name": "Alder Foods", "Account.BillingCountry": "Germany",
                     "Owner.Email": "ida@acme.example", "Owner.LastName": "Berg" },
    "referral": { "stage": 40, "standing": "open", "value": "1200.5 EUR", "close_date": "2026-11-30",
                  "customer": { "name": "Alder Foods", "country": "DE" }, "team": ["IDA@acme.example"],
                  "location": "1234567", "campaign": null }
  })"),
              IsEmpty());
}

TEST(MappingCases, EveryDifferenceIsNamedWithBothValues) {
  EXPECT_THAT(differences_of(R"({
    "opportunity": { "Cosell_Sync__c": true, "StageName": "Offer", "Amount": 5, "CurrencyIsoCode": "EUR" },
    "referral": { "stage": 40, "value": "6 EUR", "customer": { "name": "Alder" } }
  })"),
              ElementsAre(HasSubstr("stage: expected 40, found Proposed (60 %)"),
                          HasSubstr("value: expected \"6 EUR\", found 5.00 EUR"), HasSubstr("customer: expected")));
}

TEST(MappingCases, DefaultsAreWorkedOutForTheDayOfTheCase) {
  EXPECT_THAT(differences_of(R"({ "today": "2026-01-10", "opportunity": { "Cosell_Sync__c": true, "StageName": "Talk" },
                                  "referral": { "close_date": "2026-04-10" } })"),
              IsEmpty());
}

TEST(MappingCases, AnEmptyListExpectsThatNothingIsThere) {
  EXPECT_THAT(differences_of(R"({ "opportunity": { "Cosell_Sync__c": true, "StageName": "Talk" },
                                  "referral": { "solutions": [], "customer_contacts": [] } })"),
              IsEmpty());
  EXPECT_THAT(differences_of(R"({ "opportunity": { "Cosell_Sync__c": true, "StageName": "Talk",
                                                   "Cosell_Solution__c": "SOL-1" },
                                  "referral": { "solutions": [] } })"),
              ElementsAre(HasSubstr("solutions: expected []")));
}

TEST(MappingCases, AnOpportunityThatTakesNoPartIsExpectedAsNone) {
  EXPECT_THAT(differences_of(R"({ "opportunity": { "Cosell_Sync__c": false, "StageName": "Talk" },
                                  "referral": "none" })"),
              IsEmpty());
  EXPECT_THAT(differences_of(R"({ "opportunity": { "Cosell_Sync__c": true, "StageName": "Talk" },
                                  "referral": "none" })"),
              ElementsAre(HasSubstr("takes part")));
}

TEST(MappingCases, AStageThatIsNotMappedIsADifferenceAndNotAGuess) {
  EXPECT_THAT(differences_of(R"({ "opportunity": { "Cosell_Sync__c": true, "StageName": "Tolk" },
                                  "referral": { "stage": 10 } })"),
              ElementsAre(HasSubstr("did you mean \"Talk\"")));
}

TEST(MappingCases, AChangeInPartnerCenterWritesTheColumnsThatAreExpected) {
  EXPECT_THAT(differences_of(R"({ "opportunity": { "StageName": "Talk" }, "change": { "stage": 40 },
                                  "writes": { "StageName": "Workshop" } })"),
              IsEmpty());
  EXPECT_THAT(differences_of(R"({ "opportunity": { "StageName": "Pilot" }, "change": { "stage": 40 }, "writes": {} })"),
              IsEmpty());
  EXPECT_THAT(differences_of(R"({ "opportunity": { "StageName": "Offer" }, "change": { "standing": "lost: Price" },
                                  "writes": { "StageName": "Closed Lost", "Why__c": "Price" } })"),
              IsEmpty());
  EXPECT_THAT(differences_of(R"({ "opportunity": { "StageName": "Talk" }, "change": { "stage": 60 },
                                  "writes": { "StageName": "Pilot", "Amount": 3 } })"),
              ElementsAre(HasSubstr("Amount: expected 3, but it is not written"), HasSubstr("written is Offer")));
}

TEST(MappingCases, AFileThatIsNotUnderstoodIsToldWithLineAndNearestName) {
  const auto error = [](const std::string& text) {
    const auto results = run(text);
    return results ? std::string("understood") : results.error().message;
  };
  EXPECT_THAT(error("{\"cases\": [\n{ \"oportunity\": {} } ]}"), HasSubstr("acme.cases.jsonc:2:3: a case has no"));
  EXPECT_THAT(error("{\"cases\": [\n{ \"oportunity\": {} } ]}"), HasSubstr("did you mean \"opportunity\""));
  EXPECT_THAT(error("{\"cases\": [{ \"opportunity\": {}, \"referral\": { \"stagee\": 1 } }]}"), HasSubstr("\"stage\""));
  EXPECT_THAT(error("{\"cases\": [{ \"opportunity\": {}, \"change\": { \"stage\": 45 }, \"writes\": {} }]}"),
              HasSubstr("10, 20, 40, 60 or 80"));
  EXPECT_THAT(error("{\"cases\": [{ \"opportunity\": {} }]}"), HasSubstr("expects something"));
  EXPECT_THAT(error("[]"), HasSubstr("expected { \"cases\""));
  EXPECT_THAT(error("{\"cases\": [}"), HasSubstr("acme.cases.jsonc:1:"));
}

TEST(MappingDifferences, NamesStagesThatCameWentAndMeanSomethingElse) {
  const Mapping before = mapping_of(company_mapping);
  const Mapping after = mapping_of(replaced(replaced(company_mapping, "\"Pilot\": 40", "\"Pilot\": 60, \"Trial\": 20"),
                                            "\"Offer\": 60", "\"Proposal\": 80"));
  std::vector<std::string> said;
  for (const Difference& d : differences(before, after)) said.push_back(d.what + ": " + d.before + " -> " + d.after);
  EXPECT_THAT(said, ElementsAre("stage \"Pilot\": 40 Developed -> 60 Proposed, written back for 60",
                                "stage \"Trial\":  -> 20 Qualified, written back for 20",
                                "stage \"Proposal\":  -> 80 Negotiated, written back for 80",
                                "stage \"Offer\": 60 Proposed, written back for 60 -> "));
}

TEST(MappingDifferences, NamesFieldsWhoseColumnOrRuleChanged) {
  const Mapping before = mapping_of(company_mapping);
  const Mapping after = mapping_of(
      replaced(company_mapping, "\"close_date\": {", "\"value\": { \"conflict\": \"crm\" }, \"close_date\": {"));
  const auto found = differences(before, after);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].what, "value");
  EXPECT_THAT(found[0].before, HasSubstr("both changed: ask"));
  EXPECT_THAT(found[0].after, HasSubstr("both changed: crm"));
}

TEST(MappingDifferences, NamesADefaultThatChanged) {
  const auto with = [](const std::string& rule) {
    return mapping_of(replaced(company_mapping, "\"close_date\": {",
                               "\"notes\": { \"default\": \"" + rule + "\" }, \"close_date\": {"));
  };
  const auto found = differences(with("Ask Ida."), with("Ask Ben."));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].what, "notes");
  EXPECT_THAT(found[0].before, HasSubstr("for new referrals \"Ask Ida.\""));
  EXPECT_THAT(found[0].after, HasSubstr("for new referrals \"Ask Ben.\""));
}

TEST(MappingDifferences, OfAMappingAndItselfThereAreNone) {
  const Mapping mapping = mapping_of(company_mapping);
  EXPECT_THAT(differences(mapping, mapping), IsEmpty());
  EXPECT_THAT(differences_for(mapping, mapping, {{"StageName", Value(std::string("Pilot"))}}), IsEmpty());
}

TEST(MappingDifferences, SayWhatOneDealWouldMean) {
  const Mapping before = mapping_of(company_mapping);
  const Mapping after = mapping_of(replaced(company_mapping, "\"Pilot\": 40", "\"Pilot\": 80"));
  const Columns pilot = {{"StageName", Value(std::string("Pilot"))}, {"Cosell_Sync__c", Value(true)}};
  EXPECT_THAT(differences_for(before, after, pilot), ElementsAre("stage: Developed (40 %) becomes Negotiated (80 %)"));
  const Columns left_out = {{"StageName", Value(std::string("Pilot"))}, {"Cosell_Sync__c", Value(false)}};
  EXPECT_THAT(differences_for(before, after, left_out), IsEmpty());
}

}  // namespace
}  // namespace cosell::mapping
