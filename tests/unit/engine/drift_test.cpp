// A mapping with tables of its own for record types, whose stages the CRM renames.
#include "engine/drift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mapping/shipped.h"

namespace cosell::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// The general table has `general` in line 3, that of the record type "Services" has `services` in line 7.
mapping::Mapping with_stages(const std::string& general, const std::string& services) {
  const std::string text = R"({ "extends": "salesforce", "stages": {
"map": { "Lead": 10,
)" + general + R"(
"Won": "won" },
"by": { "column": "RecordType.DeveloperName", "tables": { "Services": {
"map": { "Lead": 10,
)" + services + R"(
"Won": "won" } } } } } })";
  auto loaded = mapping::read_mapping("acme.jsonc", text, [](const std::string& wanted) {
    return Result<std::string>(std::string(mapping::shipped_mapping(wanted)));
  });
  EXPECT_TRUE(loaded.mapping.has_value());
  return loaded.mapping ? *std::move(loaded.mapping) : mapping::Mapping();
}

std::vector<StageEntry> stages_with(const std::string& third) {
  std::vector<StageEntry> stages;
  for (const std::string& name : {std::string("Lead"), third, std::string("Won")}) {
    stages.emplace_back();
    stages.back().id = stages.back().label = name;
    stages.back().record = name == third ? "third" : name;
  }
  return stages;
}

std::vector<Drift> after_the_renaming(const mapping::Mapping& mapping) {
  return drift_between(stages_with("Proposal"), stages_with("Offer"), mapping, "Salesforce");
}

TEST(RenamedStage, IsToldUntilEveryTableThatHadItHasTheNewName) {
  const std::string old_name = R"("Proposal": 60,)";
  const std::string new_name = R"("Offer": 60,)";
  const auto of_neither = after_the_renaming(with_stages(old_name, old_name));
  ASSERT_THAT(of_neither, SizeIs(1));
  EXPECT_THAT(of_neither[0].next_step, HasSubstr("acme.jsonc:3: write \"Offer\" instead of \"Proposal\"; "
                                                 "acme.jsonc:7: write \"Offer\" instead of \"Proposal\", then: "));
  const auto of_services = after_the_renaming(with_stages(new_name, old_name));
  ASSERT_THAT(of_services, SizeIs(1)) << "the record type's table lacks the new name";
  EXPECT_THAT(of_services[0].next_step, HasSubstr("acme.jsonc:7: write \"Offer\" instead of \"Proposal\""));
  EXPECT_THAT(of_services[0].next_step, Not(HasSubstr("acme.jsonc:3")));
  const auto of_general = after_the_renaming(with_stages(old_name, new_name));
  ASSERT_THAT(of_general, SizeIs(1));
  EXPECT_THAT(of_general[0].next_step, HasSubstr("acme.jsonc:3: write \"Offer\" instead of \"Proposal\""));
  EXPECT_THAT(after_the_renaming(with_stages(new_name, new_name)), IsEmpty());
}

}  // namespace
}  // namespace cosell::engine
