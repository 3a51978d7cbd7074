// The files that are shipped: nothing is wrong with them, and they do what they say.
#include "mapping/shipped.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "mapping_fixture.h"

namespace cosell::mapping {
namespace {

TEST(ShippedMappings, HaveNoFindings) {
  for (const std::string& name : shipped_names()) {
    EXPECT_EQ(findings_of(read_text_as(name, std::string(shipped_mapping(name)))), "");
  }
}

TEST(ShippedMappings, AreTheFilesOfTheMappingsFolder) {
  const std::vector<std::string> names = shipped_names();
  for (const char* known : {"dynamics365", "salesforce"}) {
    EXPECT_NE(std::find(names.begin(), names.end(), known), names.end()) << known;
  }
  for (const std::string& name : names) EXPECT_EQ(shipped_mapping(name), file_text("mappings/" + name + ".jsonc"));
  EXPECT_EQ(shipped_mapping("example-company"), "");
  EXPECT_EQ(shipped_mapping("no-such"), "");
}

TEST(ShippedMappings, TheExampleOfACompanyHasNoFindings) {
  EXPECT_EQ(findings_of(read_text_as("example-company.jsonc", file_text("mappings/example-company.jsonc"))), "");
}

}  // namespace
}  // namespace cosell::mapping
