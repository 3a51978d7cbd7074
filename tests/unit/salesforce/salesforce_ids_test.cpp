// The arithmetic between 15- and 18-character ids.
#include "connectors/salesforce/salesforce_ids.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace cosell {
namespace {

struct Vector {
  const char* short_form;
  const char* long_form;
};
constexpr Vector kVectors[] = {{"001D000000IRFma", "001D000000IRFmaIAH"}, {"70130000001tcyI", "70130000001tcyIAAQ"},
                               {"00558000001N0Ke", "00558000001N0KeAAK"}, {"006000000000001", "006000000000001AAA"},
                               {"00D000000000001", "00D000000000001EAA"}, {"ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO555"}};

TEST(SalesforceIds, GivesThePublishedCheckCharacters) {
  for (const Vector& v : kVectors) {
    EXPECT_EQ(normal_salesforce_id(v.short_form), v.long_form);
    EXPECT_EQ(normal_salesforce_id(v.long_form), v.long_form);
    EXPECT_TRUE(is_salesforce_id(v.long_form));
    EXPECT_FALSE(is_salesforce_id(v.short_form));
  }
}

TEST(SalesforceIds, RestoresTheCaseThatASpreadsheetLost) {
  EXPECT_EQ(normal_salesforce_id("001d000000irfmaiah"), "001D000000IRFmaIAH");
  EXPECT_EQ(normal_salesforce_id("001D000000IRFMAIAH"), "001D000000IRFmaIAH");
}

TEST(SalesforceIds, ReadsTheIdOutOfAPageAddress) {
  EXPECT_EQ(normal_salesforce_id("https://contoso.lightning.force.com/lightning/r/Opportunity/006000000000001AAA/view"),
            "006000000000001AAA");
  EXPECT_EQ(normal_salesforce_id(" 006000000000001 "), "006000000000001AAA");
}

TEST(SalesforceIds, LeavesOtherTextsAsTheyAre) {
  EXPECT_EQ(normal_salesforce_id("Contoso renewal"), "Contoso renewal");
  EXPECT_EQ(normal_salesforce_id(""), "");
  EXPECT_EQ(normal_salesforce_id("00600000000000'"), "00600000000000'");
  // Check characters that call a digit a capital letter cannot be right.
  EXPECT_FALSE(is_salesforce_id("006000000000001BAA"));
}

}  // namespace
}  // namespace cosell
