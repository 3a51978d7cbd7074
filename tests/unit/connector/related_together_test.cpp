// Customers looked for together must be found as each alone would be, in a bounded number of requests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/connector.h"

namespace cosell {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Value text_value(const std::string& s) { return Value(s); }

RelatedQuery customer(const std::string& name, const std::string& place = "") {
  RelatedQuery query;
  query.match["name"] = text_value(name);
  if (!place.empty()) query.match["place"] = text_value(place);
  query.columns = {"name"};
  return query;
}

Observation shown(const std::string& name, const std::string& place = "") {
  Observation row;
  row.kind = RecordKind::account;
  row.id = RecordId(name);
  row.columns["name"] = text_value(name);
  row.columns["place"] = text_value(place);
  return row;
}

std::vector<std::string> names(const std::vector<Observation>& rows) {
  std::vector<std::string> out;
  for (const Observation& o : rows) out.push_back(o.id.value);
  return out;
}

TEST(RelatedTogether, AsksByTheColumnThatTellsMostOfThemApart) {
  const std::vector<RelatedQuery> queries = {customer("Alder", "1010"), customer("Birch", "1010"),
                                             customer("Cedar", "1020")};
  const RelatedTogether together(queries);
  EXPECT_EQ(together.column, "name");
  EXPECT_THAT(together.texts, ElementsAre("Alder", "Birch", "Cedar"));
}

TEST(RelatedTogether, AsksForBothOfTwoNamesThatDifferInPunctuation) {
  const std::vector<RelatedQuery> queries = {customer("Acme, Inc."), customer("Acme Inc"), customer("ACME INC")};
  const RelatedTogether together(queries);
  EXPECT_EQ(together.texts.size(), 2U) << "servers compare without regard to case, and to nothing else that we know of";
  std::vector<std::vector<Observation>> answers;
  EXPECT_THAT(together.take({shown("Acme Inc")}, answers), IsEmpty());
  EXPECT_THAT(names(answers[0]), IsEmpty()) << "alone it would not be found either";
  EXPECT_THAT(names(answers[1]), ElementsAre("Acme Inc"));
  EXPECT_THAT(names(answers[2]), ElementsAre("Acme Inc"));
}

TEST(RelatedTogether, AsksAgainAloneOnlyForThoseThatAServerMayHaveMeant) {
  std::vector<RelatedQuery> queries;
  for (int i = 0; i < 500; ++i) queries.push_back(customer("Nobody " + std::to_string(i)));
  queries.push_back(customer("Cafe Roma"));
  const RelatedTogether together(queries);
  std::vector<std::vector<Observation>> answers;
  EXPECT_THAT(together.take({shown("Caf\u00E9 Roma")}, answers), ElementsAre(500U)) << "a server that ignores accents";
  EXPECT_THAT(together.take({}, answers), IsEmpty());
}

TEST(RelatedTogether, AsksForAllAgainAloneWhereNothingTellsWhomTheServerMeant) {
  const std::vector<RelatedQuery> queries = {customer("Alder"), customer("Birch"), customer("Cedar")};
  const RelatedTogether together(queries);
  std::vector<std::vector<Observation>> answers;
  EXPECT_THAT(together.take({shown("Birch"), shown("Quercus")}, answers), ElementsAre(0U, 2U));
}

TEST(RelatedTogether, ASingleQueryOrOneWithoutATextIsAskedAlone) {
  EXPECT_EQ(RelatedTogether(std::vector<RelatedQuery>{customer("Alder")}).column, "");
  EXPECT_EQ(RelatedTogether(std::vector<RelatedQuery>{customer("Alder"), customer(" ")}).column, "");
}

}  // namespace
}  // namespace cosell
