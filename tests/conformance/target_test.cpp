// The target itself: that what people do reaches the server, and that the kit sees it there. While this fails, other
// failures say little.
#include "tests/conformance/conformance.h"

namespace cosell::conformance {
namespace {

class Target : public Conformance {};
INSTANTIATE_TEST_SUITE_P(Conformance, Target, testing::ValuesIn(systems()), name_of_system);

TEST_P(Target, SeesOnTheServerWhatPeopleDo) {
  EXPECT_EQ(target().count_on_server(), 0U) << "a system without records, at first";
  const RecordId id = target().person_creates("Made by a person");
  EXPECT_EQ(target().count_on_server(), 1U) << "person_creates() or count_on_server()";
  EXPECT_EQ(connector().normal_id(id.value), id) << "person_creates() gives the id in its one spelling";
  EXPECT_EQ(target().text_on_server(id, parts.title), "Made by a person") << "text_on_server() of the title";
  const auto before = target().on_server(id);
  EXPECT_FALSE(before.empty()) << "on_server()";
  bench().clock.move(seconds(5));
  target().person_writes(id, "Written by a person");
  EXPECT_EQ(target().text_on_server(id, parts.text), "Written by a person") << "person_writes(), Parts::text";
  const auto allowed = target().paths_of(parts.text);
  for (const auto& [path, value] : target().on_server(id)) {
    const auto was = before.find(path);
    if (was != before.end() && was->second == value) continue;
    EXPECT_EQ(allowed.count(path), 1U) << path << ": of Parts::text by paths_of(), or bookkeeping to leave out of "
                                       << "on_server()";
  }
}

TEST_P(Target, LeadsElsewhereToASystemWithoutRecords) {
  target().person_creates("Here");
  target().move_elsewhere();
  EXPECT_EQ(target().count_on_server(), 0U) << "move_elsewhere()";
}

}  // namespace
}  // namespace cosell::conformance
