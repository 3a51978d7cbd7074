// Writing: one record for each create however often it is sent, nothing overwritten that somebody else wrote, and for
// each operation of a batch its own outcome.
#include <algorithm>
#include <map>
#include <set>

#include "tests/conformance/conformance.h"

namespace cosell::conformance {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;
using Conditional = ConditionalWrite;

class Writing : public Conformance {
 protected:
  std::string note_on_server(const RecordId& id) { return target().text_on_server(id, parts.text); }
};
INSTANTIATE_TEST_SUITE_P(Conformance, Writing, testing::ValuesIn(systems()), name_of_system);

// ---- creating

TEST_P(Writing, ACreatedRecordIsFoundByItsIdAndByItsKey) {
  const std::string key = target().new_key();
  const Columns columns = complete("Alder Foods");
  const Outcome done = push(create_of(key, columns));
  ASSERT_NE(applied_in(done), nullptr) << told(done);
  EXPECT_TRUE(applied_in(done)->created);
  const Observation by_its_id = read(applied_in(done)->id);
  EXPECT_EQ(by_its_id.existence, Existence::live);
  EXPECT_TRUE(connector().normal_id(by_its_id.key.value) == connector().normal_id(key)) << by_its_id.key.value;
  for (const auto& [name, value] : columns) {
    const auto shown = by_its_id.columns.find(name);
    if (shown == by_its_id.columns.end()) continue;  // not among the columns that are read
    if (std::holds_alternative<Money>(value) || std::holds_alternative<Number>(value)) {
      EXPECT_EQ(decimal_of(shown->second), decimal_of(value)) << name;
    } else {
      EXPECT_TRUE(same_value(shown->second, value)) << name << ": " << display(shown->second);
    }
  }
  EXPECT_THAT(ids_of(by_key(key)), ElementsAre(by_its_id.id.value));
}

TEST_P(Writing, CreatingTwiceWithOneKeyMakesOneRecordOrShowsBoth) {
  const std::string key = target().new_key();
  const Outcome first = push(create_of(key, complete("A")));
  const Outcome second = push(create_of(key, complete("A")));
  ASSERT_NE(applied_in(first), nullptr) << told(first);
  if (capabilities().client_key == Capabilities::ClientKey::unique) {
    EXPECT_EQ(target().count_on_server(), 1U);
    // Either the record that was there already, or word that it exists.
    if (const Applied* again = applied_in(second)) {
      EXPECT_FALSE(again->created);
      EXPECT_EQ(again->id, applied_in(first)->id);
    } else {
      EXPECT_EQ(error_in(second)->kind, ErrorClass::precondition) << told(second);
    }
    EXPECT_EQ(by_key(key).size(), 1U);
  } else {
    ASSERT_NE(applied_in(second), nullptr) << told(second);
    EXPECT_TRUE(applied_in(second)->created);
    EXPECT_THAT(ids_of(by_key(key)),
                UnorderedElementsAreArray({applied_in(first)->id.value, applied_in(second)->id.value}));
  }
}

// Typed in between our look and our write.
TEST_P(Writing, ACreateWritesNothingOverARecordInWhichAPersonTypedItsKey) {  // I-06, I-17
  if (capabilities().client_key != Capabilities::ClientKey::unique) GTEST_SKIP() << "No create meets another record.";
  const std::string key = target().new_key();
  const RecordId by_hand = target().person_creates("By hand");
  target().person_keys(by_hand, key);
  const auto before = target().on_server(by_hand);
  const auto done = push({create_of(key, complete("From Microsoft")), create_of("Another")});
  ASSERT_NE(applied_in(done[0]), nullptr) << told(done[0]);
  EXPECT_FALSE(applied_in(done[0])->created);
  EXPECT_EQ(applied_in(done[0])->id, by_hand);
  const Columns& shown =
      applied_in(done[0])->stored ? applied_in(done[0])->stored->columns : applied_in(done[0])->shown;
  EXPECT_EQ(text_of(column(shown, parts.title)), "By hand") << "what is there, for a first link";
  EXPECT_EQ(target().on_server(by_hand), before);
  EXPECT_EQ(said(done[1]), "applied") << told(done[1]);
  EXPECT_EQ(target().count_on_server(), 2U);
}

TEST_P(Writing, TwoCreatesWithOneKeyInOneBatchMakeOneRecordWhereKeysAreUnique) {
  const std::string key = target().new_key();
  const auto done = push(
      {create_of(key, complete("A")), create_of(target().new_key(), complete("B")), create_of(key, complete("A"))});
  EXPECT_EQ(said(done[1]), "applied");
  const bool unique = capabilities().client_key == Capabilities::ClientKey::unique;
  EXPECT_EQ(target().count_on_server(), unique ? 2U : 3U);
  EXPECT_EQ(by_key(key).size(), unique ? 1U : 2U);
}

TEST_P(Writing, AKeyThatLooksLikeAQueryFindsOnlyItself) {
  const Observation a = created("A");
  for (const std::string& key :
       {std::string("' OR Name != '"), std::string("x' or 1 eq 1 or 'x' eq '"), std::string("%"), std::string("*"),
        std::string("\\"), std::string("a\\' OR 1=1 --"), std::string("(select Id from User)"), a.key.value + "'"}) {
    EXPECT_THAT(ids_of(by_key(key)), IsEmpty()) << key;
  }
}

// With the whole record, or with the written columns where the system cannot show the others in the same answer.
TEST_P(Writing, AnswersWithWhatIsStoredExactlyWhenThatIsDeclared) {
  const Outcome made = push(create_of("A"));
  ASSERT_NE(applied_in(made), nullptr) << told(made);
  const Observation after_create = read(applied_in(made)->id);
  const Outcome changed = push(note_of(after_create, "changed"));
  ASSERT_NE(applied_in(changed), nullptr) << told(changed);
  const Observation after_change = read(after_create.id);
  for (const auto& [done, after] : {std::pair(&made, &after_create), std::pair(&changed, &after_change)}) {
    const Applied& applied = *applied_in(*done);
    EXPECT_EQ(applied.stored.has_value() || !applied.shown.empty(), facts.returns_representation);
    EXPECT_FALSE(applied.stored.has_value() && !applied.shown.empty());
    if (facts.returns_representation) {
      EXPECT_EQ(applied.version, after->version);
    }
    if (applied.stored) {
      EXPECT_EQ(applied.stored->columns, after->columns);
      EXPECT_EQ(applied.stored->version, applied.version);
    }
    for (const auto& [name, value] : applied.shown) {
      const auto there = after->columns.find(name);
      if (there != after->columns.end()) {
        EXPECT_EQ(there->second, value) << name;
      }
    }
  }
}

// ---- changing

TEST_P(Writing, AnUpdateFromWhatIsThereIsApplied) {
  const Observation a = created("A");
  bench().clock.move(seconds(5));
  const Outcome done = push(update_of(a, {{parts.text, text_value("new")}}));
  ASSERT_NE(applied_in(done), nullptr) << told(done);
  EXPECT_EQ(applied_in(done)->id, a.id);
  EXPECT_FALSE(applied_in(done)->created);
  EXPECT_EQ(note_on_server(a.id), "new");
  const Observation after = read(a.id);
  EXPECT_NE(after.version, a.version);
  if (!applied_in(done)->version.empty()) {
    EXPECT_EQ(applied_in(done)->version, after.version);
  }
}

TEST_P(Writing, AnUpdateFromWhatIsNoLongerThereChangesNothing) {  // I-21
  const Observation a = created("A");
  bench().clock.move(seconds(5));
  target().person_writes(a.id, "by a person");
  const Outcome done = push(update_of(a, {{parts.text, text_value("by the bridge")}}));
  ASSERT_NE(error_in(done), nullptr);
  EXPECT_EQ(error_in(done)->kind, ErrorClass::precondition) << told(done);
  EXPECT_EQ(note_on_server(a.id), "by a person");
  // Read again and planned again, it goes through.
  EXPECT_EQ(said(push(update_of(read(a.id), {{parts.text, text_value("by the bridge")}}))), "applied");
  EXPECT_EQ(note_on_server(a.id), "by the bridge");
}

TEST_P(Writing, AnUpdateWithoutAConditionIsRefusedExactlyWhereOneIsRequired) {
  const Observation a = created("A");
  Operation op = note_of(a, "without a condition");
  op.must_match = {};
  const Outcome done = push(op);
  if (facts.conditional_write == Conditional::required) {
    ASSERT_NE(error_in(done), nullptr);
    EXPECT_EQ(error_in(done)->kind, ErrorClass::precondition) << told(done);
    EXPECT_NE(note_on_server(a.id), "without a condition");
  } else {
    EXPECT_EQ(said(done), "applied") << told(done);
    EXPECT_EQ(note_on_server(a.id), "without a condition");
  }
}

TEST_P(Writing, AnUpdateLeavesEveryOtherFieldAlone) {  // I-09
  const Observation a = created("A");
  const auto untouched_except = [&](const std::string& name, Columns changes) {
    const auto before = target().on_server(a.id);
    const Outcome done = push(update_of(read(a.id), std::move(changes)));
    ASSERT_NE(applied_in(done), nullptr) << name << ": " << told(done);
    const auto after = target().on_server(a.id);
    std::set<std::string> moved;
    for (const auto& [path, value] : after) {
      const auto was = before.find(path);
      if (was == before.end() || was->second != value) moved.insert(path);
    }
    for (const auto& [path, value] : before) {
      if (after.count(path) == 0) moved.insert(path);
    }
    EXPECT_FALSE(moved.empty()) << name;
    const auto allowed = target().paths_of(name);
    for (const std::string& path : moved)
      EXPECT_EQ(allowed.count(path), 1U) << "a write of " << name << " moved " << path;
  };
  untouched_except(parts.text, {{parts.text, text_value("Scope extended.")}});
  untouched_except(parts.clearable, {{parts.clearable, text_value("SPRING-26")}});
  untouched_except(parts.clearable, {{parts.clearable, Value()}});
  untouched_except(parts.money, target().money("95000.5", "EUR"));
}

TEST_P(Writing, AnotherColumnEditedByAPersonSurvives) {
  const Observation a = created("A");
  bench().clock.move(seconds(5));
  target().person_writes(a.id, "by a person");
  const Outcome done = push(update_of(a, target().money("7", "EUR")));
  if (facts.conditional_write == Conditional::none) {
    EXPECT_EQ(said(done), "applied") << told(done);
  } else {
    EXPECT_EQ(said(done), "precondition") << told(done);
  }
  EXPECT_EQ(note_on_server(a.id), "by a person");
}

TEST_P(Writing, AnUpdateOfARecordThatIsGoneIsNotFound) {
  const Observation gone = created("Gone");
  target().person_removes(gone.id);
  const Outcome done = push(note_of(gone, "late"));
  ASSERT_NE(error_in(done), nullptr);
  EXPECT_EQ(error_in(done)->kind, ErrorClass::not_found) << told(done);
}

TEST_P(Writing, TwoWritesToOneRecordAreAppliedInTheirOrder) {
  const Observation a = created("A");
  const Observation b = created("B");
  const auto done = push({note_of(a, "first"), note_of(b, "b"), note_of(a, "second")});
  EXPECT_EQ(said(done[0]), "applied") << told(done[0]);
  EXPECT_EQ(said(done[1]), "applied") << told(done[1]);
  if (facts.conditional_write == Conditional::none) {
    EXPECT_EQ(said(done[2]), "applied") << told(done[2]);
    EXPECT_EQ(note_on_server(a.id), "second");
  } else {
    // The first write moved the version that the second was planned from.
    EXPECT_EQ(said(done[2]), "precondition") << told(done[2]);
    EXPECT_EQ(note_on_server(a.id), "first");
  }
}

TEST_P(Writing, AChangeThatTheLifeCycleForbidsIsRefused) {
  LEAVE_IF_IT_CANNOT("illegal change");
  const Observation a = created("A");
  const Columns changes = target().illegal_change(a.id);
  ASSERT_FALSE(changes.empty());
  const auto before = target().on_server(a.id);
  const Observation closed = read(a.id);
  const Outcome done = push(update_of(closed, changes));
  ASSERT_NE(error_in(done), nullptr);
  EXPECT_EQ(error_in(done)->kind, ErrorClass::rejected) << told(done);
  EXPECT_EQ(target().on_server(a.id), before);
}

// ---- batches

TEST_P(Writing, EachOperationOfABatchHasItsOwnOutcome) {
  const Observation stale = created("Stale");
  const Observation fine = created("Fine");
  bench().clock.move(seconds(5));
  target().person_writes(stale.id, "by a person");
  std::vector<Operation> ops;
  std::vector<std::string> expected;
  std::vector<std::string> keys;
  for (int i = 0; i < 12; ++i) {
    Columns columns = complete("Deal " + std::to_string(i));
    const bool wrong = i % 3 == 1;
    if (wrong) {
      for (const auto& [name, value] : target().unknown_choice()) columns[name] = value;
    }
    keys.push_back(target().new_key());
    ops.push_back(create_of(keys.back(), columns));
    expected.push_back(wrong ? "rejected" : "applied");
  }
  ops.insert(ops.begin() + 5, update_of(stale, {{parts.text, text_value("late")}}));
  expected.insert(expected.begin() + 5, "precondition");
  ops.insert(ops.begin() + 7, update_of(fine, {{parts.text, text_value("in time")}}));
  expected.insert(expected.begin() + 7, "applied");
  const auto done = push(ops);
  for (std::size_t i = 0; i < done.size(); ++i) {
    EXPECT_EQ(said(done[i]), expected[i]) << i << ": " << told(done[i]);
    if (applied_in(done[i]) == nullptr || ops[i].verb != Verb::create) continue;
    // Matched to the right one: the record carries the key and the title that were sent.
    const Observation made = read(applied_in(done[i])->id);
    EXPECT_EQ(made.key, ops[i].target.key);
    EXPECT_EQ(text(made, parts.title), text_of(column(ops[i].changes, parts.title)));
  }
  EXPECT_EQ(target().count_on_server(), 2U + 8U);
  EXPECT_EQ(note_on_server(stale.id), "by a person");
  EXPECT_EQ(note_on_server(fine.id), "in time");
}

TEST_P(Writing, BatchAfterBatchEachOperationHasItsOwnOutcome) {
  std::vector<std::vector<Operation>> batches;
  for (const int size : {5, 1, 0, 7}) {
    auto& batch = batches.emplace_back();
    for (int i = 0; i < size; ++i) batch.push_back(create_of("Deal " + std::to_string(i)));
  }
  std::vector<std::vector<Outcome>> done;
  class Given final : public Batches {
   public:
    Given(const std::vector<std::vector<Operation>>& batches, std::vector<std::vector<Outcome>>& done)
        : batches_(batches), done_(done) {}
    std::optional<std::span<const Operation>> next() override {
      if (taken_ == batches_.size()) return std::nullopt;
      return batches_[taken_++];
    }
    void give(std::vector<Outcome> outcomes) override { done_.push_back(std::move(outcomes)); }

   private:
    const std::vector<std::vector<Operation>>& batches_;
    std::vector<std::vector<Outcome>>& done_;
    std::size_t taken_ = 0;
  };
  Given given(batches, done);
  Call call = bench().call();
  connector().push_each(call, given);
  ASSERT_EQ(done.size(), batches.size());
  for (std::size_t b = 0; b < batches.size(); ++b) {
    ASSERT_EQ(done[b].size(), batches[b].size());
    for (std::size_t i = 0; i < batches[b].size(); ++i) {
      EXPECT_EQ(done[b][i].id, batches[b][i].id);
      EXPECT_EQ(said(done[b][i]), "applied") << told(done[b][i]);
    }
  }
  EXPECT_EQ(target().count_on_server(), 13U);
}

TEST_P(Writing, TakesAsManyOperationsAtOnceAsItDeclares) {
  std::vector<Operation> ops;
  for (int i = 0; i < capabilities().batch_max; ++i) ops.push_back(create_of("Deal " + std::to_string(i)));
  std::set<std::string> ids;
  for (const Outcome& done : push(ops)) {
    ASSERT_NE(applied_in(done), nullptr) << told(done);
    ids.insert(applied_in(done)->id.value);
  }
  EXPECT_EQ(ids.size(), ops.size());
  EXPECT_EQ(target().count_on_server(), ops.size());
}

TEST_P(Writing, PushingNothingSendsNothing) {
  EXPECT_THAT(push(std::vector<Operation>{}), IsEmpty());
  EXPECT_EQ(requests(), 0U);
}

}  // namespace
}  // namespace cosell::conformance
