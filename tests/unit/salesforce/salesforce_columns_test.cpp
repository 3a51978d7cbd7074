// Making the bridge's columns, as far as it is Salesforce's own; what all systems share is in the conformance kit.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/salesforce/test_org.h"

namespace cosell::test {
namespace {

using testing::HasSubstr;

OwnColumn choice_column(const std::string& name) {
  OwnColumn column;
  column.name = name;
  column.label = name;
  column.help = "What it is for.";
  column.kind = ColumnKind::choice;
  column.choices = {{"974830001", "One"}, {"974830002", "Two"}};
  return column;
}

std::vector<SetUpStep> make(TestOrg& org, const std::vector<OwnColumn>& wanted) {
  Call call = org.call();
  return org.connector->column_maker()->make_columns(call, wanted, false);
}

std::vector<std::string> values_of(TestOrg& org, const std::string& name) {
  Call call = org.call();
  const auto described = org.connector->describe(call);
  for (const ColumnInfo& c : described->columns) {
    if (c.name == name) return c.values;
  }
  return {};
}

std::size_t fields_posted(const TestOrg& org) {
  return static_cast<std::size_t>(std::count_if(org.asked.begin(), org.asked.end(), [](const std::string& url) {
    return text::ends_with(url, "/tooling/sobjects/CustomField");
  }));
}

// Documents and clients do not agree which member names a value.
TEST(SalesforceColumns, NamesTheValuesOfAPicklistAsTheOrganisationTakesThem) {
  for (const auto& [taken, posts] : {std::pair{"both", 2U}, std::pair{"fullName", 2U}, std::pair{"valueName", 3U}}) {
    SCOPED_TRACE(taken);
    TestOrg org;
    org.set(R"({"picklist_member":")" + std::string(taken) + R"("})");
    for (const SetUpStep& s : make(org, {choice_column("One__c"), choice_column("Other__c")})) {
      EXPECT_EQ(s.state, SetUpStep::State::made) << s.what << ": " << s.text;
    }
    EXPECT_EQ(fields_posted(org), posts) << "the other word is tried once, and kept";
    for (const char* name : {"One__c", "Other__c"}) {
      EXPECT_EQ(values_of(org, name), (std::vector<std::string>{"974830001", "974830002"}));
    }
  }
}

TEST(SalesforceColumns, TriesTheOtherWordOnceOnly) {
  TestOrg org;
  org.faults(R"([{"match":{"method":"POST","path":"/services/data/v60.0/tooling/sobjects/CustomField"},"times":0,
    "action":{"kind":"status","status":400,"body":[{"errorCode":"JSON_PARSER_ERROR","message":"fullName again"}]}}])");
  const auto steps = make(org, {choice_column("One__c")});
  ASSERT_FALSE(steps.empty());
  EXPECT_EQ(steps.front().state, SetUpStep::State::failed);
  EXPECT_THAT(steps.front().text, HasSubstr("fullName again"));
  EXPECT_EQ(fields_posted(org), 2U);
}

}  // namespace
}  // namespace cosell::test
