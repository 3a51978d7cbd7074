// The optional part of the contract: making the bridge's own columns. Every system that offers it makes each kind of
// column so that its own describe shows it, changes nothing the second time, and names the privilege that it lacks.
#include <algorithm>

#include "tests/conformance/conformance.h"

namespace cosell::conformance {
namespace {

using testing::HasSubstr;
using Step = SetUpStep::State;

class MakingColumns : public Conformance {
 protected:
  void SetUp() override {
    if (connector().column_maker() == nullptr) GTEST_SKIP() << "has no columns of the bridge's own";
    making = target().column_making();
    ASSERT_TRUE(making.name && making.take_privilege) << "a connector with a ColumnMaker: override column_making()";
  }

  std::string fresh(const std::string& word) { return making.name(word); }

  OwnColumn wanted(const std::string& word, ColumnKind kind, int length = 0) {
    OwnColumn c;
    c.name = fresh(word);
    c.label = "Label of " + word;
    c.help = "What " + word + " is for.";
    c.kind = kind;
    c.length = length;
    return c;
  }

  std::vector<OwnColumn> one_of_each() {
    std::vector<OwnColumn> all = {wanted("tick", ColumnKind::tick),
                                  wanted("line", ColumnKind::text, 100),
                                  wanted("story", ColumnKind::long_text, 32000),
                                  wanted("moment", ColumnKind::instant),
                                  wanted("page", ColumnKind::link, 255),
                                  wanted("pick", ColumnKind::choice),
                                  wanted("mark", ColumnKind::text, 36)};
    all[5].choices = {{"974830001", "One"}, {"974830002", "Two"}};
    all[6].key = true;
    return all;
  }

  std::vector<SetUpStep> make(const std::vector<OwnColumn>& columns, bool dry_run = false) {
    Call call = bench().call();
    return connector().column_maker()->make_columns(call, columns, dry_run);
  }

  static std::size_t count(const std::vector<SetUpStep>& steps, Step state) {
    return static_cast<std::size_t>(
        std::count_if(steps.begin(), steps.end(), [state](const SetUpStep& s) { return s.state == state; }));
  }

  ColumnInfo described(const std::string& name) {
    Call call = bench().call();
    const auto d = connector().describe(call);
    if (!d) return {};
    const auto it =
        std::find_if(d->columns.begin(), d->columns.end(), [&](const ColumnInfo& c) { return c.name == name; });
    return it == d->columns.end() ? ColumnInfo() : *it;
  }

  ColumnMaking making;
};
INSTANTIATE_TEST_SUITE_P(Conformance, MakingColumns, testing::ValuesIn(systems()), name_of_system);

TEST_P(MakingColumns, MakesEveryKindSoThatDescribeShowsIt) {
  for (const SetUpStep& s : make(one_of_each())) EXPECT_EQ(s.state, Step::made) << s.what << ": " << s.text;
  target().reconnect();
  EXPECT_EQ(described(fresh("tick")).type, "boolean");
  EXPECT_EQ(described(fresh("line")).length, 100);
  EXPECT_EQ(described(fresh("story")).length, 32000);
  EXPECT_EQ(described(fresh("moment")).type, "instant");
  EXPECT_EQ(described(fresh("page")).type, "text");
  EXPECT_EQ(described(fresh("pick")).type, "picklist");
  for (const OwnColumn& c : one_of_each()) {
    EXPECT_EQ(described(c.name).label, c.label);
    EXPECT_TRUE(described(c.name).writable) << c.name;
  }
}

TEST_P(MakingColumns, ChangesNothingTheSecondTime) {
  make(one_of_each());
  target().reconnect();
  const std::size_t mark = bench().mark();
  const auto again = make(one_of_each());
  EXPECT_EQ(count(again, Step::there), again.size());
  for (const Sent& s : bench().sent_since(mark)) {
    const bool reads = s.method == "GET" || s.login || s.path.find("$batch") != std::string::npos;
    EXPECT_TRUE(reads) << s.method << " " << s.path;
  }
}

TEST_P(MakingColumns, ShowsInADryRunWhatIsMissingAndMakesNothing) {
  const auto steps = make(one_of_each(), true);
  EXPECT_GE(count(steps, Step::missing), one_of_each().size());
  EXPECT_EQ(count(steps, Step::made), 0u);
  EXPECT_EQ(described(fresh("tick")).name, "");
}

TEST_P(MakingColumns, GoesOnWhereARunBrokeOff) {
  bench().trouble(making.writes, {.name = "503", .status = 503, .times = 1});
  make(one_of_each());
  bench().no_trouble();
  make(one_of_each());
  const auto last = make(one_of_each());
  EXPECT_EQ(count(last, Step::there), last.size());
}

TEST_P(MakingColumns, NamesThePrivilegeThatIsMissing) {
  making.take_privilege();
  const auto steps = make(one_of_each());
  ASSERT_FALSE(steps.empty());
  EXPECT_EQ(steps.back().state, Step::failed);
  EXPECT_THAT(steps.back().remedy, HasSubstr(making.privilege));
  EXPECT_EQ(count(steps, Step::made), 0u);
}

TEST_P(MakingColumns, RefusesAStandardNameThatDoesNotExist) {
  LEAVE_IF_IT_CANNOT("standard names");
  OwnColumn column = wanted("line", ColumnKind::text, 100);
  column.name = "Nonsense";
  const auto steps = make({column});
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].state, Step::failed);
  EXPECT_THAT(steps[0].remedy, HasSubstr("mapping"));
}

TEST_P(MakingColumns, LeavesColumnsAloneThatAreThere) {
  OwnColumn column = wanted("line", ColumnKind::text, 100);
  column.name = parts.text;
  const auto steps = make({column});
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].state, Step::there);
}

}  // namespace
}  // namespace cosell::conformance
