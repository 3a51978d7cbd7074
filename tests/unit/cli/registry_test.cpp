// The table of systems: what each row has to name, so that every command works with every system.
#include "connectors/registry.h"

#include <gtest/gtest.h>

#include <set>

#include "mapping/shipped.h"

namespace cosell {
namespace {

TEST(Registry, EverySystemBringsWhatTheCommandsAskFor) {
  std::set<std::string> names;
  for (const System& s : systems()) {
    SCOPED_TRACE(s.name);
    EXPECT_TRUE(names.insert(s.name).second) << "two systems of one name";
    EXPECT_FALSE(s.name.empty() || s.display_name.empty());
    EXPECT_TRUE(s.check && s.make && s.login) << "reads its part of a configuration";
    EXPECT_TRUE(s.make_stand_in && s.sandbox_part && s.sandbox_secrets) << "stands in for itself in a sandbox";
    const StandIn stand_in = s.make_stand_in();
    ASSERT_NE(stand_in.core, nullptr);
    EXPECT_EQ(stand_in.core->name(), s.name);
    EXPECT_TRUE(stand_in.seed) << "cosell sandbox --deals N";
    if (s.sandbox_key_pair) {
      EXPECT_TRUE(stand_in.register_certificate) << "cosell sandbox --login certificate";
    }
    if (s.is_crm) {
      EXPECT_FALSE(mapping::shipped_mapping(s.mapping).empty()) << "mappings/" << s.mapping << ".jsonc";
    }
    const auto wrong = s.check(s.sandbox_part("http://127.0.0.1:4000", SandboxLogin::secret));
    EXPECT_FALSE(wrong.has_value()) << wrong->message;
  }
}

}  // namespace
}  // namespace cosell
