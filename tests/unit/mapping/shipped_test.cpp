// The files that are shipped: nothing is wrong with them, and they do what they say.
#include "mapping/shipped.h"

#include <gtest/gtest.h>

#include "mapping_fixture.h"

namespace cosell::mapping {
namespace {

TEST(ShippedMappings, HaveNoFindings) {
  for (const std::string& name : shipped_names()) {
    EXPECT_EQ(findings_of(read_text_as(name, std::string(shipped_mapping(name)))), "");
  }
}

TEST(ShippedMappings, AreTheFilesOfTheMappingsFolder) {
  EXPECT_EQ(shipped_mapping("salesforce"), file_text("mappings/salesforce.jsonc"));
  EXPECT_EQ(shipped_mapping("no-such"), "");
}

TEST(ShippedMappings, TheExampleOfACompanyHasNoFindings) {
  EXPECT_EQ(findings_of(read_text_as("example-company.jsonc", file_text("mappings/example-company.jsonc"))), "");
}

}  // namespace
}  // namespace cosell::mapping
