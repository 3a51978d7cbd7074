// The columns that a mapping wants for the bridge, and the deployable folder that has the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "mapping/shipped.h"
#include "mapping_fixture.h"

namespace cosell::mapping {
namespace {

using ::testing::IsEmpty;

std::string between(const std::string& text, const std::string& tag) {
  const std::size_t from = text.find("<" + tag + ">");
  const std::size_t to = text.find("</" + tag + ">");
  return from == std::string::npos ? "" : text.substr(from + tag.size() + 2, to - from - tag.size() - 2);
}

std::string salesforce_type(const OwnColumn& c) {
  switch (c.kind) {
    case ColumnKind::text:
      return "Text";
    case ColumnKind::long_text:
      return "LongTextArea";
    case ColumnKind::tick:
      return "Checkbox";
    case ColumnKind::instant:
      return "DateTime";
    case ColumnKind::link:
      return "Url";
    case ColumnKind::choice:
      return "Picklist";
  }
  return "";
}

const OwnColumn* find(const std::vector<OwnColumn>& columns, const std::string& name) {
  const auto it = std::find_if(columns.begin(), columns.end(), [&](const OwnColumn& c) { return c.name == name; });
  return it == columns.end() ? nullptr : &*it;
}

std::vector<OwnColumn> own_columns_of(const std::string& base) {
  const Loaded loaded = read_text_as(base, std::string(shipped_mapping(base)));
  EXPECT_TRUE(loaded.mapping.has_value());
  return loaded.mapping ? loaded.mapping->own_columns() : std::vector<OwnColumn>();
}

TEST(OwnColumns, AreThoseOfTheBridgeAndOfWhatTheCrmHasNoColumnFor) {
  const auto columns = own_columns_of("salesforce");
  EXPECT_EQ(columns.size(), 18u);
  EXPECT_EQ(find(columns, "Name"), nullptr);
  EXPECT_EQ(find(columns, "Owner.Email"), nullptr);
  const OwnColumn* key = find(columns, "Cosell_Referral_Id__c");
  ASSERT_NE(key, nullptr);
  EXPECT_TRUE(key->key);
  EXPECT_EQ(key->length, 36);
  const OwnColumn* sync = find(columns, "Cosell_Sync__c");
  ASSERT_NE(sync, nullptr);
  EXPECT_EQ(sync->kind, ColumnKind::tick);
  for (const OwnColumn& c : columns) {
    EXPECT_FALSE(c.label.empty()) << c.name;
    EXPECT_FALSE(c.help.empty()) << c.name;
    EXPECT_EQ(c.key, c.name == key->name) << c.name;
  }
}

TEST(OwnColumns, HaveTheChoicesThatTheMappingTranslates) {
  const auto salesforce = own_columns_of("salesforce");
  ASSERT_NE(find(salesforce, "Cosell_Help__c"), nullptr);
  EXPECT_EQ(find(salesforce, "Cosell_Help__c")->choices.size(), 6u);
  ASSERT_NE(find(salesforce, "Cosell_Marketplace__c"), nullptr);
  EXPECT_EQ(find(salesforce, "Cosell_Marketplace__c")->choices.front().value, "Yes");
  const auto dynamics = own_columns_of("dynamics365");
  const OwnColumn* help = find(dynamics, "cosell_help");
  ASSERT_NE(help, nullptr);
  ASSERT_EQ(help->choices.size(), 7u);
  EXPECT_EQ(help->choices[0].value, "974830000");
  EXPECT_EQ(help->choices[0].label, "No help required at this time");
}

TEST(OwnColumns, AreTheSameInTheDeployableSalesforceFolder) {
  const std::string folder = "config/salesforce/force-app/main/default/";
  const auto columns = own_columns_of("salesforce");
  std::vector<std::string> only_in_the_folder;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(SOURCE_DIR) + "/" + folder + "objects/Opportunity/fields")) {
    const std::string name = entry.path().filename().string();
    only_in_the_folder.push_back(name.substr(0, name.find('.')));
  }
  const std::string permissions = file_text(folder + "permissionsets/Cosell_Bridge.permissionset-meta.xml");
  const std::string of_sellers = file_text(folder + "permissionsets/Cosell_Seller.permissionset-meta.xml");
  for (const OwnColumn& c : columns) {
    const std::string xml = file_text(folder + "objects/Opportunity/fields/" + c.name + ".field-meta.xml");
    EXPECT_EQ(between(xml, "fullName"), c.name);
    EXPECT_EQ(between(xml, "type"), salesforce_type(c)) << c.name;
    EXPECT_EQ(between(xml, "label"), c.label) << c.name;
    EXPECT_EQ(between(xml, "inlineHelpText"), c.help) << c.name;
    if (c.kind == ColumnKind::text || c.kind == ColumnKind::long_text) {
      EXPECT_EQ(between(xml, "length"), std::to_string(c.length)) << c.name;
    }
    EXPECT_EQ(between(xml, "unique"), c.key ? "true" : "") << c.name;
    EXPECT_EQ(between(xml, "externalId"), c.key ? "true" : "") << c.name;
    EXPECT_EQ(between(xml, "caseSensitive"), c.key ? "false" : "") << c.name;
    for (const OwnColumn::Choice& choice : c.choices) {
      EXPECT_NE(xml.find("<fullName>" + choice.value + "</fullName>"), std::string::npos) << c.name;
    }
    EXPECT_NE(permissions.find("<field>Opportunity." + c.name + "</field>"), std::string::npos) << c.name;
    EXPECT_NE(of_sellers.find("<field>Opportunity." + c.name + "</field>"), std::string::npos) << c.name;
    only_in_the_folder.erase(std::remove(only_in_the_folder.begin(), only_in_the_folder.end(), c.name),
                             only_in_the_folder.end());
  }
  EXPECT_THAT(only_in_the_folder, IsEmpty());
}

}  // namespace
}  // namespace cosell::mapping
