// The settings of the Dynamics 365 side: what is read, and what a refusal says.
#include "connectors/dynamics365/dynamics365_settings.h"

#include <gmock/gmock.h>

#include "base/json.h"

namespace cosell {
namespace {

using testing::HasSubstr;

Result<Dynamics365Settings> read(const std::string& text, const std::vector<std::string>& others = {}) {
  return read_dynamics365_settings(json::read(text, {.comments = true}).value(), others);
}

std::string refusal(const std::string& text) {
  const auto r = read(text);
  if (r) return "accepted";
  EXPECT_EQ(r.error().kind, ErrorClass::config);
  return r.error().message;
}

TEST(Dynamics365Settings, HasDefaultsForAllButTheInstance) {
  const auto s = read(R"({"instance": "https://Contoso.crm4.dynamics.com/"})");
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_EQ(s->instance, "https://contoso.crm4.dynamics.com");
  EXPECT_EQ(s->api_version, "v9.2");
  EXPECT_EQ(s->stage_column, "salesstage");
  EXPECT_EQ(s->key_column, "cosell_referralid");
  EXPECT_EQ(s->batch_start, 100);
  EXPECT_EQ(s->batch_max, 1000);
  EXPECT_EQ(s->calculated_revenue, CalculatedRevenue::refuse);
  EXPECT_EQ(s->closed_records, ClosedRecords::as_is);
  EXPECT_TRUE(s->duplicate_detection);
}

TEST(Dynamics365Settings, ReadsEverySetting) {
  const auto s = read(R"({"instance": "https://a.crm.dynamics.com", "api_version": "9.1", "page_size": 500,
    "batch_start": 50, "batch_max": 20, "stage_column": "statuscode", "key_column": "new_key",
    "calculated_revenue": "take_over", "closed_records": "reopen", "duplicate_detection": false,
    "app_id": "{0B7F3C52-1111-2222-3333-444455556666}", "system": "dynamics365"})",
                      {"system"});
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_EQ(s->api_version, "v9.1");
  EXPECT_EQ(s->page_size, 500);
  EXPECT_EQ(s->batch_max, 20);
  EXPECT_EQ(s->batch_start, 20) << "no larger than the largest";
  EXPECT_EQ(s->stage_column, "statuscode");
  EXPECT_EQ(s->key_column, "new_key");
  EXPECT_EQ(s->calculated_revenue, CalculatedRevenue::take_over);
  EXPECT_EQ(s->closed_records, ClosedRecords::reopen);
  EXPECT_FALSE(s->duplicate_detection);
  EXPECT_EQ(s->app_id, "0b7f3c52-1111-2222-3333-444455556666");
}

TEST(Dynamics365Settings, NamesPlaceAndNearestNameOfAnUnknownSetting) {
  EXPECT_THAT(refusal("{\"instance\": \"https://a.crm.dynamics.com\",\n  \"page_sise\": 5}"),
              testing::AllOf(HasSubstr("2:3: "), HasSubstr("\"page_sise\""), HasSubstr("did you mean \"page_size\"")));
  EXPECT_THAT(refusal(R"({"zebra": 1})"), HasSubstr("known are instance, api_version"));
}

TEST(Dynamics365Settings, RefusesWhatCannotWork) {
  EXPECT_THAT(refusal("{}"), HasSubstr("\"instance\" is missing"));
  EXPECT_THAT(refusal("[]"), HasSubstr("must be an object"));
  EXPECT_THAT(refusal(R"({"instance": "http://contoso.crm.dynamics.com"})"), HasSubstr("https address"));
  EXPECT_THAT(refusal(R"({"instance": "https://a.crm.dynamics.com/main.aspx"})"), HasSubstr("without a path"));
  EXPECT_THAT(refusal(R"({"instance": 5})"), HasSubstr("1:14: \"instance\" must be"));
  for (const char* bad :
       {R"("api_version": "v8.2")", R"("api_version": 9.2)", R"("page_size": 0)", R"("page_size": 5001)",
        R"("batch_start": 0)", R"("batch_max": 1001)", R"("batch_max": "100")", R"("stage_column": "account.stage")",
        R"("key_column": "a b")", R"("key_column": 5)", R"("calculated_revenue": "maybe")", R"("closed_records": true)",
        R"("duplicate_detection": "yes")", R"("app_id": "sales")"}) {
    EXPECT_THAT(refusal(std::string(R"({"instance": "https://a.crm.dynamics.com", )") + bad + "}"),
                HasSubstr("must be"))
        << bad;
  }
}

}  // namespace
}  // namespace cosell
