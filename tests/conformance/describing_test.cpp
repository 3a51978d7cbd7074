// What a system says of itself: the descriptor, the spelling of ids, and the check that an administrator runs first.
#include <set>

#include "tests/conformance/conformance.h"

namespace cosell::conformance {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

class Describing : public Conformance {
 protected:
  Descriptor describe() {
    Call call = bench().call();
    Result<Descriptor> d = connector().describe(call);
    if (d) return *std::move(d);
    ADD_FAILURE() << told(d.error());
    return {};
  }
  // Everything that check says about a problem, in one text.
  std::string problems(const std::vector<std::string>& read, const std::vector<std::string>& written) {
    std::string all;
    for (const Finding& f : check(read, written)) {
      EXPECT_FALSE(f.what.empty() || f.text.empty());
      EXPECT_EQ(f.remedy.empty(), f.level == Finding::Level::ok) << f.what << ": " << f.remedy;
      if (f.level == Finding::Level::problem) all += f.what + ": " + f.text + " " + f.remedy + "\n";
    }
    return all;
  }
};
INSTANTIATE_TEST_SUITE_P(Conformance, Describing, testing::ValuesIn(systems()), name_of_system);

std::string as_text(const Descriptor& d) {
  std::string all = d.environment + "|" + d.title;
  for (const StageEntry& s : d.stages) {
    all += "\n" + s.id + "|" + s.label + "|" + std::to_string(s.active) + std::to_string(s.closed) +
           std::to_string(s.won) + std::to_string(s.position) + "|" + std::to_string(s.probability.value_or(-1));
  }
  for (const ColumnInfo& c : d.columns) {
    all += "\n" + c.name + "|" + c.label + "|" + c.type + "|" + std::to_string(c.length) + std::to_string(c.writable) +
           std::to_string(c.required);
    for (const std::string& v : c.values) all += "|" + v;
  }
  return all;
}

TEST_P(Describing, SaysTheSameEachTimeAndInEachProcess) {
  created("A");
  const std::string first = as_text(describe());
  EXPECT_EQ(as_text(describe()), first);
  target().reconnect();
  EXPECT_EQ(as_text(describe()), first);
}

TEST_P(Describing, ShowsTheSameStagesAndEnvironmentWhenOnlyTheseAreAskedFor) {
  const Descriptor all = describe();
  target().reconnect();
  Call call = bench().call();
  const Result<Descriptor> stages = connector().describe_stages(call);
  ASSERT_TRUE(stages.has_value()) << told(stages.error());
  Descriptor without_columns = all;
  without_columns.columns.clear();
  Descriptor alone = *stages;
  alone.columns.clear();
  alone.title = all.title;
  EXPECT_EQ(as_text(alone), as_text(without_columns));
}

TEST_P(Describing, DoesNotContradictItself) {
  const Capabilities c = capabilities();
  EXPECT_FALSE(c.system.empty() || c.display_name.empty());
  EXPECT_GT(c.batch_max, 0);
  EXPECT_GE(c.in_flight_max, 1);
  EXPECT_EQ(c.refuses_stale_updates, facts.conditional_write != ConditionalWrite::none);
  const Descriptor d = describe();
  EXPECT_FALSE(d.environment.empty() || d.title.empty());
  std::set<std::string> stage_ids;
  bool any_open = false;
  bool any_won = false;
  for (const StageEntry& s : d.stages) {
    EXPECT_TRUE(stage_ids.insert(s.id).second) << "two stages with the id " << s.id;
    EXPECT_FALSE(s.id.empty() || s.label.empty());
    EXPECT_TRUE(s.closed || !s.won) << s.id << " is won and not closed";
    any_open = any_open || (s.active && !s.closed);
    any_won = any_won || s.won;
  }
  EXPECT_TRUE(any_open && any_won);
  const std::set<std::string> types = {"text", "number", "boolean", "date", "instant", "picklist", "reference"};
  std::set<std::string> names;
  for (const ColumnInfo& column : d.columns) {
    EXPECT_TRUE(names.insert(column.name).second) << "two columns named " << column.name;
    EXPECT_EQ(types.count(column.type), 1U) << column.name << ": " << column.type;
    EXPECT_TRUE(column.writable || !column.required) << column.name << " is required and cannot be written";
    EXPECT_TRUE(column.values.empty() || column.type == "picklist") << column.name;
    EXPECT_GE(column.length, 0);
  }
  for (const std::string& used : facts.more_columns) EXPECT_EQ(names.count(used), 1U) << used << " is not described";
}

TEST_P(Describing, FindsNoProblemInAHealthySystem) {
  created("A");
  EXPECT_EQ(problems(facts.columns, {parts.text, parts.money}), "");
}

TEST_P(Describing, NamesEveryColumnThatIsMissing) {
  const std::string all = problems({"No_Such_Column_A__c", parts.text}, {"No_Such_Column_B__c"});
  EXPECT_THAT(all, HasSubstr("No_Such_Column_A__c"));
  EXPECT_THAT(all, HasSubstr("No_Such_Column_B__c"));
}

TEST_P(Describing, NamesEachThingThatIsMissing) {
  const std::size_t count = target().lacks().size();
  ASSERT_GT(count, 0U);
  for (std::size_t i = 0; i < count; ++i) {
    const auto fresh = GetParam().make();
    const Lack lack = fresh->lacks()[i];
    lack.take_away();
    Call call = fresh->bench.call();
    std::string all;
    for (const Finding& f : fresh->connector().check(call, facts.columns, {parts.text})) {
      if (f.level != Finding::Level::problem) continue;
      all += f.what + ": " + f.text + " " + f.remedy + "\n";
      EXPECT_FALSE(f.remedy.empty());
    }
    EXPECT_THAT(all, HasSubstr(lack.named));
  }
}

TEST_P(Describing, SaysThatTheLoginIsRefusedAndStopsThere) {
  Trouble refused;
  refused.status = 400;
  refused.body = R"({"error":"invalid_grant","error_description":"The login is not valid."})";
  // A fixed key is refused by every request.
  const bool by_key = target().logins().empty();
  if (by_key) refused.status = 401;
  bench().trouble(by_key ? target().reads() : target().logins(), refused);
  EXPECT_THAT(problems(facts.columns, {parts.text}), HasSubstr("Login")) << "check() calls the finding \"Login\"";
  const Result<Page> page = pull_page({});
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().kind, ErrorClass::auth_expired) << told(page.error());
  Call call = bench().call();
  const Result<Descriptor> d = connector().describe(call);
  ASSERT_FALSE(d.has_value());
  EXPECT_EQ(d.error().kind, ErrorClass::auth_expired) << told(d.error());
}

TEST_P(Describing, DoesNotCallASystemHealthyThatCannotBeReached) {
  created("A");
  target().reconnect();
  Trouble silent;
  silent.kind = Trouble::Kind::unreachable;
  trouble_reads(silent);
  EXPECT_NE(problems(facts.columns, {parts.text}), "");
}

TEST_P(Describing, HasOneSpellingOfAnIdAndAPageForPeople) {
  const Observation a = created("A");
  EXPECT_EQ(connector().normal_id(a.id.value), a.id);
  EXPECT_EQ(connector().normal_id(" " + a.id.value + " "), a.id);
  EXPECT_THAT(connector().page_url(facts.kind, a.id), HasSubstr(a.id.value));
  EXPECT_THAT(connector().page_url(facts.kind, RecordId()), AnyOf("", StartsWith("http"))) << "where they are listed";
}

}  // namespace
}  // namespace cosell::conformance
