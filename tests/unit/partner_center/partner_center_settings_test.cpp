// Settings from a configuration file: what is taken, and where a mistake is pointed at.
#include "connectors/partner_center/partner_center_settings.h"

#include <gtest/gtest.h>

namespace cosell {
namespace {

Result<PartnerCenterSettings> settings_from(const std::string& text) {
  const auto v = json::read(text, {.comments = true});
  EXPECT_TRUE(v.has_value()) << text;
  return read_partner_center_settings(*v);
}

TEST(PartnerCenterSettings, AreAllReadFromAConfiguration) {
  const Result<PartnerCenterSettings> s = settings_from(R"({
    "base_url": "http://127.0.0.1:8080/", "organization_id": " 7D23E5CA-0000-4000-8000-5E6B559F0D1D",
    "link_template": "https://x/{id}", "page_size": 50, "read_overlap": "90s", "create_search_pages": 7,
    "stage_form": "name", "stage_at_create": true, "patch_name": true, "patch_marketplace_intent": true,
    "money_as_text": true, "quoted_engagement_filter": false, "changes_filter": "quoted"})");
  ASSERT_TRUE(s.has_value()) << s.error().message;
  EXPECT_EQ(s->base_url, "http://127.0.0.1:8080");
  EXPECT_EQ(s->organization_id, "7d23e5ca-0000-4000-8000-5e6b559f0d1d");
  EXPECT_EQ(s->page_size, 50);
  EXPECT_EQ(s->read_overlap, seconds(90));
  EXPECT_EQ(s->create_search_pages, 7);
  EXPECT_EQ(s->stage_form, PartnerCenterSettings::StageForm::name);
  EXPECT_TRUE(s->stage_at_create && s->patch_name && s->patch_marketplace_intent && s->money_as_text);
  EXPECT_FALSE(s->quoted_engagement_filter);
  EXPECT_EQ(s->changes_filter, PartnerCenterSettings::ChangesFilter::quoted);
}

TEST(PartnerCenterSettings, NameTheNearestKeyAtLineAndColumn) {
  const Result<PartnerCenterSettings> s = settings_from("{\n  \"stage_from\": \"name\"\n}");
  ASSERT_FALSE(s.has_value());
  EXPECT_EQ(s.error().kind, ErrorClass::config);
  EXPECT_EQ(s.error().message, "2:3: unknown Partner Center setting \"stage_from\"; did you mean \"stage_form\"?");
}

TEST(PartnerCenterSettings, SayWhatWasExpectedWhereTheValueStands) {
  const auto message = [](const std::string& text) { return settings_from(text).error().message; };
  EXPECT_EQ(message("{\"read_overlap\":\n 5}"), "2:2: \"read_overlap\": expected a duration such as \"2m\" or \"90s\"");
  EXPECT_EQ(message(R"({"stage_form":"verb"})"), "1:15: \"stage_form\": expected \"percent\" or \"name\"");
  EXPECT_EQ(message(R"({"changes_filter":true})"),
            "1:19: \"changes_filter\": expected \"none\" or \"bare\" or \"quoted\"");
  EXPECT_EQ(message(R"({"page_size":0})"), "1:14: \"page_size\": expected a whole number from 1 to 1000");
  EXPECT_EQ(message(R"({"base_url":"http://api.partner.microsoft.com"})"),
            "1:13: \"base_url\": expected https (plain http only to this machine)");
  EXPECT_EQ(message("[]"), "1:1: expected an object with the Partner Center settings");
}

}  // namespace
}  // namespace cosell
