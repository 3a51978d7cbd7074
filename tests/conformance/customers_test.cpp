// Customers and owners: found by exactly what was asked for, and never guessed.
#include "tests/conformance/conformance.h"

namespace cosell::conformance {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class CustomersAndOwners : public Conformance {
 protected:
  std::string customer(const std::string& name, const std::string& place) {
    Operation op;
    op.id = OperationId(bench().random.uuid());
    op.kind = RecordKind::account;
    op.verb = Verb::create;
    op.changes = {{facts.customers.name, Value(name)}, {facts.customers.place, Value(place)}};
    const Outcome done = push(op);
    if (const Applied* made = applied_in(done)) {
      EXPECT_TRUE(made->created);
      return made->id.value;
    }
    ADD_FAILURE() << told(done);
    return "";
  }
  std::vector<std::string> found(RecordKind kind, Columns match) {
    RelatedQuery query;
    query.kind = kind;
    query.match = std::move(match);
    if (kind == RecordKind::account) query.columns = {facts.customers.name, facts.customers.place};
    Call call = bench().call();
    const Result<std::vector<Observation>> rows = connector().related(call, query);
    if (!rows) {
      ADD_FAILURE() << told(rows.error());
      return {};
    }
    for (const Observation& o : *rows) EXPECT_EQ(o.kind, kind);
    return ids_of(*rows);
  }
  std::vector<std::string> by_name(const std::string& name) {
    return found(RecordKind::account, {{facts.customers.name, Value(name)}});
  }
};
INSTANTIATE_TEST_SUITE_P(Conformance, CustomersAndOwners, testing::ValuesIn(systems()), name_of_system);

TEST_P(CustomersAndOwners, ACustomerIsFoundByAllThatIsAskedTogether) {
  LEAVE_IF_IT_CANNOT("customers");
  const std::string paris = customer("Alder Foods", "75001");
  const std::string lyon = customer("Alder Foods", "69001");
  const std::string& name = facts.customers.name;
  const std::string& place = facts.customers.place;
  EXPECT_THAT(by_name("Alder Foods"), UnorderedElementsAre(paris, lyon)) << "two are shown, not one of them";
  EXPECT_THAT(found(RecordKind::account, {{name, text_value("Alder Foods")}, {place, text_value("69001")}}),
              ElementsAre(lyon));
  EXPECT_THAT(found(RecordKind::account, {{name, text_value("Alder Foods")}, {place, text_value("1010")}}), IsEmpty());
  EXPECT_THAT(by_name("Alder"), IsEmpty()) << "a part of the name is not the name";
}

// Two are enough to see that a name alone does not tell; the one that is asked for must not be cut off.
TEST_P(CustomersAndOwners, OneOfManyOfItsNameIsFoundHoweverFewAPageHolds) {
  LEAVE_IF_IT_CANNOT("customers");
  const std::string& name = facts.customers.name;
  const std::string& place = facts.customers.place;
  for (int i = 0; i < 2 * facts.page + 1; ++i) customer("Alder Foods", std::to_string(10'000 + i));
  const std::string last = customer("Alder Foods", "99999");
  EXPECT_GE(by_name("Alder Foods").size(), 2U);
  RelatedQuery query;
  query.columns = {name, place};
  query.match = {{name, text_value("Alder Foods")}, {place, text_value("99999")}};
  EXPECT_THAT(found(RecordKind::account, query.match), ElementsAre(last));
  RelatedQuery other = query;
  other.match[name] = text_value("Birch Logistics");
  Call call = bench().call();
  const std::vector<RelatedQuery> queries = {query, other};
  const auto answers = connector().related_to_each(call, queries);
  ASSERT_TRUE(answers.has_value()) << told(answers.error());
  ASSERT_EQ(answers->size(), 2U);
  EXPECT_THAT(ids_of((*answers)[0]), ElementsAre(last));
  EXPECT_THAT((*answers)[1], IsEmpty());
}

TEST_P(CustomersAndOwners, AnAwkwardNameFindsOnlyItself) {
  LEAVE_IF_IT_CANNOT("customers");
  customer("Plain", "1");
  for (const char* name : {"L'Or\u00E9al", "O\"Neil & Sons", "100% Juice", "Under_score", "C:\\Temp\\", "A+B=C",
                           "x' or name eq 'Plain", "Ends with '", "# hash ? query", "\u6F22\u5B57"}) {
    EXPECT_THAT(by_name(name), IsEmpty()) << name;
    const std::string id = customer(name, "2");
    EXPECT_THAT(by_name(name), ElementsAre(id)) << name;
  }
}

TEST_P(CustomersAndOwners, ManyAreFoundAtOnceAsEachAloneWouldBe) {
  LEAVE_IF_IT_CANNOT("customers");
  const std::string& name = facts.customers.name;
  const std::string& place = facts.customers.place;
  customer("Alder Foods", "75001");
  customer("Alder Foods", "69001");
  customer("L'Or\u00E9al", "2");
  customer("Nowhere Ltd", "");
  std::vector<RelatedQuery> queries;
  const auto ask = [&](const char* called, const char* at) {
    RelatedQuery query;
    query.kind = RecordKind::account;
    query.columns = {name, place};
    query.match = {{name, text_value(called)}, {place, *at == '\0' ? Value() : text_value(at)}};
    queries.push_back(query);
  };
  ask("Alder Foods", "69001");
  ask("alder foods", "75001");
  ask("Alder Foods", "1010");
  ask("L'Or\u00E9al", "2");
  ask("Nobody", "2");
  ask("Nowhere Ltd", "");
  for (int i = 0; i < 300; ++i) ask(("Somebody with a long name, number " + std::to_string(i)).c_str(), "2");
  Call call = bench().call();
  const auto answers = connector().related_to_each(call, queries);
  ASSERT_TRUE(answers.has_value()) << told(answers.error());
  ASSERT_EQ(answers->size(), queries.size());
  EXPECT_EQ((*answers)[0].size(), 1U);
  EXPECT_EQ((*answers)[5].size(), 1U);
  for (std::size_t i = 0; i < 10; ++i)
    EXPECT_EQ(ids_of((*answers)[i]), found(RecordKind::account, queries[i].match)) << i;
}

TEST_P(CustomersAndOwners, OwnersAreFoundByMailWhileTheyMayOwnDeals) {
  LEAVE_IF_IT_CANNOT("customers");
  EXPECT_EQ(found(RecordKind::owner, {{"email", Value(facts.customers.active_owner)}}).size(), 1U);
  EXPECT_THAT(found(RecordKind::owner, {{"email", Value(facts.customers.inactive_owner)}}), IsEmpty());
  EXPECT_THAT(found(RecordKind::owner, {{"email", text_value("nobody@cosell.example")}}), IsEmpty());
}

}  // namespace
}  // namespace cosell::conformance
