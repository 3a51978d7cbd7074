// Columns: in the order of their names, and shared by their copies until one changes.
#include "deal/columns.h"

#include <gmock/gmock.h>

#include <thread>
#include <vector>

#include "deal/deal.h"

namespace cosell {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> names_of(const Columns& columns) {
  std::vector<std::string> names;
  for (const auto& [name, value] : columns) names.push_back(name);
  return names;
}

TEST(ColumnsInOrder, StandByName) {
  Columns columns;
  for (const char* name : {"StageName", "Amount", "Name", "CloseDate", "Amount"}) columns[name] = Value{true};
  EXPECT_THAT(names_of(columns), ElementsAre("Amount", "CloseDate", "Name", "StageName"));
  EXPECT_TRUE(columns.erase("CloseDate"));
  EXPECT_FALSE(columns.erase("CloseDate"));
  EXPECT_THAT(names_of(columns), ElementsAre("Amount", "Name", "StageName"));
  EXPECT_EQ(columns.find("CloseDate"), columns.end());
  EXPECT_EQ(columns.find("Z"), columns.end());
  EXPECT_EQ(columns.find("Name")->first, "Name");
  EXPECT_TRUE(is_blank(column(columns, "Z")));
  erase_if(columns, [](const auto& one) { return one.first == "Name"; });
  EXPECT_THAT(names_of(columns), ElementsAre("Amount", "StageName"));
}

TEST(ColumnsInOrder, MayBeSetToOneOfThemselves) {
  Columns columns = {{"B", std::string("a text that does not fit into a short one")}};
  columns["A"] = column(columns, "B");
  for (const char* name : {"C", "D", "E", "F"}) columns[name] = columns["B"];
  for (const auto& [name, value] : columns) EXPECT_EQ(value, column(columns, "B")) << name;
  EXPECT_EQ(columns.size(), 6U);
}

TEST(ColumnsInOrder, AreAppendedOnlyBehindAllOthers) {
  Columns columns;
  EXPECT_TRUE(columns.append(column_name("B"), Value{true}));
  EXPECT_FALSE(columns.append(column_name("B"), Value{false}));
  EXPECT_FALSE(columns.append(column_name("A"), Value{false}));
  EXPECT_TRUE(columns.append(column_name("C"), Value{false}));
  EXPECT_EQ(columns, (Columns{{"C", Value{false}}, {"B", Value{true}}}));
}

TEST(ColumnsInOrder, TakeWhatTheyLack) {
  Columns columns = {{"A", Value{true}}, {"C", Value{true}}};
  columns.add_missing({{"A", Value{false}}, {"B", Value{false}}, {"D", Value{false}}});
  EXPECT_EQ(columns, (Columns{{"A", Value{true}}, {"B", Value{false}}, {"C", Value{true}}, {"D", Value{false}}}));
}

TEST(SharedColumns, ChangeInOneCopyOnly) {
  Columns one = {{"Name", std::string("Contoso")}, {"Amount", Number{"5"}}};
  const Columns copy = one;
  EXPECT_EQ(&column(one, "Name"), &column(copy, "Name")) << "shared";
  one["Name"] = std::string("Fabrikam");
  EXPECT_EQ(text_of(column(copy, "Name")), "Contoso");
  EXPECT_EQ(text_of(column(one, "Name")), "Fabrikam");
  EXPECT_NE(one, copy);
  Columns third = copy;
  third.erase("Amount");
  EXPECT_EQ(copy.size(), 2U);
  one = copy;
  EXPECT_EQ(one, copy);
  const Columns& self = one;
  one = self;
  EXPECT_EQ(one, copy);
  const Columns moved = std::move(one);
  EXPECT_EQ(moved, copy);
}

// Under the thread sanitizer this finds a missing fence.
TEST(SharedColumns, AreReadByOneThreadWhileAnotherChangesItsCopy) {
  for (int round = 0; round < 200; ++round) {
    Columns mine = {{"Name", std::string("a name that is longer than a short text")}};
    std::thread reader([copy = mine]() mutable {
      EXPECT_EQ(text_of(column(copy, "Name")).size(), 39U);
      copy = Columns{};
    });
    mine["Name"] = std::string("another");
    reader.join();
    EXPECT_EQ(text_of(column(mine, "Name")), "another");
  }
}

TEST(ColumnNames, AreOneTextEach) {
  const std::string built = std::string("Cosell_") + "Referral_Id__c";
  EXPECT_EQ(&column_name(built), &column_name("Cosell_Referral_Id__c"));
  const std::string* elsewhere = nullptr;
  std::thread([&] { elsewhere = &column_name("Cosell_Referral_Id__c"); }).join();
  EXPECT_EQ(elsewhere, &column_name(built));
}

TEST(SharedDeals, ChangeInOneCopyOnly) {
  Deal one;
  EXPECT_TRUE(one.empty());
  one.set(Field::stage, Stage::s40);
  one.set(Field::name, std::string("Contoso"));
  Deal copy = one;
  EXPECT_EQ(copy, one);
  copy.erase(Field::stage);
  copy.erase(Field::stage);
  EXPECT_TRUE(one.shows(Field::stage));
  EXPECT_FALSE(copy.shows(Field::stage));
  EXPECT_NE(copy, one);
  std::vector<Field> fields;
  for (const auto& [field, value] : one.values()) fields.push_back(field);
  EXPECT_THAT(fields, ElementsAre(Field::name, Field::stage)) << "in the order of the fields";
  copy.erase(Field::name);
  EXPECT_TRUE(copy.empty());
}

}  // namespace
}  // namespace cosell
