// The settings of the Salesforce side: what is read, and what a refusal says.
#include "connectors/salesforce/salesforce_settings.h"

#include <gmock/gmock.h>

#include "base/json.h"

namespace cosell {
namespace {

using testing::HasSubstr;

Result<SalesforceSettings> read(const std::string& text, const std::vector<std::string>& others = {}) {
  return read_salesforce_settings(json::read(text, {.comments = true}).value(), others);
}

std::string refusal(const std::string& text) {
  const auto r = read(text);
  if (r) return "accepted";
  EXPECT_EQ(r.error().kind, ErrorClass::config);
  return r.error().message;
}

TEST(SalesforceSettings, HasDefaultsForAllButTheInstance) {
  const auto s = read(R"({"instance": "https://Contoso.my.salesforce.com/"})");
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_EQ(s->instance, "https://contoso.my.salesforce.com");
  EXPECT_EQ(s->api_version, "v60.0");
  EXPECT_EQ(s->read_overlap, minutes(10));
  EXPECT_EQ(s->deleted_shown_for, days(1));
  EXPECT_EQ(s->key_column, "Cosell_Referral_Id__c");
  EXPECT_TRUE(s->duplicate_detection);
}

TEST(SalesforceSettings, ReadsEverySetting) {
  const auto s = read(R"({"instance": "https://a.my.salesforce.com", "api_version": "62.0", "page_size": 500,
    "read_overlap": "90s", "deleted_shown_for": "3d", "collection_size": 50, "collections_per_call": 2, "key_column": "ns__Key__c",
    "multi_currency": false, "duplicate_detection": false, "system": "salesforce"})",
                      {"system"});
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_EQ(s->api_version, "v62.0");
  EXPECT_EQ(s->page_size, 500);
  EXPECT_EQ(s->read_overlap, seconds(90));
  EXPECT_EQ(s->deleted_shown_for, days(3));
  EXPECT_EQ(s->collection_size, 50);
  EXPECT_EQ(s->collections_per_call, 2);
  EXPECT_EQ(s->key_column, "ns__Key__c");
  EXPECT_EQ(s->multi_currency, MultiCurrency::no);
  EXPECT_FALSE(s->duplicate_detection);
}

TEST(SalesforceSettings, TakesVersionsFrom46On) {
  const auto s = read(R"({"instance": "https://a.my.salesforce.com", "api_version": "v46.0"})");
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_EQ(s->api_version, "v46.0");
}

// The header that passes alerts over exists from 52.0 on; before, it would be ignored without a word.
TEST(SalesforceSettings, PassesDuplicateRulesOverOnlyInVersionsThatCan) {
  const std::string start = R"({"instance": "https://a.my.salesforce.com", "duplicate_detection": false, )";
  EXPECT_EQ(refusal(start + R"("api_version": "v52.0"})"), "accepted");
  EXPECT_THAT(refusal(start + R"("api_version": "v51.0"})"),
              HasSubstr("\"duplicate_detection\": false needs \"api_version\" \"v52.0\" or later"));
}

TEST(SalesforceSettings, NamesPlaceAndNearestNameOfAnUnknownSetting) {
  EXPECT_THAT(refusal("{\"instance\": \"https://a.my.salesforce.com\",\n  \"page_sise\": 5}"),
              testing::AllOf(HasSubstr("2:3: "), HasSubstr("\"page_sise\""), HasSubstr("did you mean \"page_size\"")));
  EXPECT_THAT(refusal(R"({"zebra": 1})"), HasSubstr("known are instance, api_version"));
}

TEST(SalesforceSettings, RefusesWhatCannotWork) {
  EXPECT_THAT(refusal("{}"), HasSubstr("\"instance\" is missing"));
  EXPECT_THAT(refusal("[]"), HasSubstr("must be an object"));
  EXPECT_THAT(refusal(R"({"instance": "http://contoso.my.salesforce.com"})"), HasSubstr("https address"));
  EXPECT_THAT(refusal(R"({"instance": "https://contoso.lightning.force.com"})"), HasSubstr("My Domain"));
  EXPECT_THAT(refusal(R"({"instance": "https://a.my.salesforce.com/services"})"), HasSubstr("without a path"));
  EXPECT_THAT(refusal(R"({"instance": 5})"), HasSubstr("1:14: \"instance\" must be"));
  for (const char* bad :
       {R"("api_version": "v6")", R"("api_version": "v45.0")", R"("api_version": 60)", R"("page_size": 100)",
        R"("page_size": 2001)", R"("page_size": "2000")", R"("read_overlap": "tomorrow")", R"("read_overlap": "2d")",
        R"("deleted_shown_for": 1)", R"("deleted_shown_for": "59m")", R"("deleted_shown_for": "361h")",
        R"("collection_size": 0)", R"("collection_size": 201)", R"("collections_per_call": 0)",
        R"("collections_per_call": 6)", R"("key_column": "Account.Key__c")", R"("key_column": "a b")",
        R"("multi_currency": "maybe")", R"("duplicate_detection": "no")"}) {
    EXPECT_THAT(refusal(std::string(R"({"instance": "https://a.my.salesforce.com", )") + bad + "}"),
                HasSubstr("must be"))
        << bad;
  }
}

}  // namespace
}  // namespace cosell
