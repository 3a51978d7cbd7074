// Values as text in the store: what goes in comes out, and the bytes never change.
#include "store/codec.h"

#include <gtest/gtest.h>

namespace cosell::store {
namespace {

Columns every_kind() {
  return {
      {"blank", Value()},
      {"bool", true},
      {"no", false},
      {"number", Number{"-12.5"}},
      {"big", Number{"12345678901234567890123456789012345678"}},
      {"text", std::string("Zo\xC3\xAB \"quoted\"\n")},
      {"empty", std::string()},
      {"date", Date{2026, 11, 30}},
      {"instant", Instant{1'795'000'000'123}},
      {"money", Money{-123'450, "EUR"}},
      {"huge", Money{INT64_MAX, "KWD"}},
      {"stage", Stage::s40},
      {"no stage", Stage::none},
      {"standing", Standing{Status::closed, Substatus::lost, "Price"}},
      {"fresh", Standing{Status::fresh, Substatus::pending, ""}},
      {"people", std::vector<Person>{{"Ann", "Lee", "+1 555", "ann@example.com"}, {"", "Solo", "", ""}}},
      {"nobody", std::vector<Person>{}},
      {"solutions", std::vector<Solution>{{"SOL-1", "Backup", "Name"}}},
      {"customer", Customer{"Contoso", "1 Road", "", "Leeds", "", "LS1", "GB"}},
  };
}

TEST(StoredValues, ComeBackAsTheyWereForEveryKind) {
  const Columns columns = every_kind();
  const auto back = decode_columns(encode(columns));
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(*back, columns);
}

TEST(StoredValues, KeepTheirBytes) {
  EXPECT_EQ(
      encode(every_kind()),
      "{\"big\":12345678901234567890123456789012345678,\"blank\":null,\"bool\":true,"
      "\"customer\":{\"customer\":{\"city\":\"Leeds\",\"country\":\"GB\",\"line1\":\"1 Road\",\"name\":\"Contoso\","
      "\"postal_code\":\"LS1\"}},\"date\":{\"date\":\"2026-11-30\"},\"empty\":\"\","
      "\"fresh\":{\"standing\":{\"status\":\"New\",\"substatus\":\"Pending\"}},"
      "\"huge\":{\"money\":{\"currency\":\"KWD\",\"minor\":9223372036854775807}},"
      "\"instant\":{\"instant\":\"2026-11-18T11:06:40.123Z\"},"
      "\"money\":{\"money\":{\"currency\":\"EUR\",\"minor\":-123450}},\"no\":false,\"no stage\":{\"stage\":0},"
      "\"nobody\":{\"people\":[]},\"number\":-12.5,"
      "\"people\":{\"people\":[{\"email\":\"ann@example.com\",\"first_name\":\"Ann\",\"last_name\":\"Lee\","
      "\"phone\":\"+1 555\"},{\"last_name\":\"Solo\"}]},"
      "\"solutions\":{\"solutions\":[{\"id\":\"SOL-1\",\"name\":\"Backup\",\"type\":\"Name\"}]},"
      "\"stage\":{\"stage\":40},"
      "\"standing\":{\"standing\":{\"reason\":\"Price\",\"status\":\"Closed\",\"substatus\":\"Lost\"}},"
      "\"text\":\"Zo\xC3\xAB \\\"quoted\\\"\\n\"}");
}

// Written without a tree of values in between; the same bytes as with it.
TEST(StoredValues, AreWrittenAsTheTreeOfThemIsWritten) {
  json::Value tree = json::Value::object();
  for (const auto& [name, value] : every_kind()) tree.set(name, to_json(value));
  EXPECT_EQ(encode(every_kind()), json::canonical(tree));
  EXPECT_EQ(encode({}), "{}");
}

TEST(StoredValues, ComeBackFromTheirTwoParts) {
  const Columns columns = every_kind();
  const ImageTexts parts = encode_parts(columns);
  const auto names = decode_names(parts.names);
  ASSERT_TRUE(names.has_value()) << names.error().message;
  const auto back = decode_values(*names, parts.values);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(*back, columns);
  EXPECT_EQ(parts.whole, encode(columns));
  const ImageTexts two = encode_parts({{"a", Value()}, {"b\"", true}});
  EXPECT_EQ(two.names, "[\"a\",\"b\\\"\"]");
  EXPECT_EQ(two.values, "[null,true]");
  EXPECT_EQ(two.whole, "{\"a\":null,\"b\\\"\":true}");
  EXPECT_EQ(encode_parts({}).whole, "{}");
}

TEST(StoredValues, InTwoPartsAreRefusedWhenThePartsDoNotFit) {
  for (const char* names : {"", "{}", "[7]", "[\"b\",\"a\"]", "[\"a\",\"a\"]"}) {
    EXPECT_FALSE(decode_names(names)) << names;
  }
  for (const char* values : {"", "{}", "[1]", "[1,2,3]", "[1,{\"date\":\"soon\"}]"}) {
    const auto back = decode_values({"a", "b"}, values);
    ASSERT_FALSE(back) << values;
    EXPECT_EQ(back.error().kind, ErrorClass::store_damaged);
  }
}

TEST(StoredValues, AreRefusedWhenTheyMakeNoSense) {
  for (const char* text :
       {"", "[]", "7", "{\"a\":[]}", "{\"a\":{}}", "{\"a\":{\"date\":\"2026-02-30\"}}", "{\"a\":{\"date\":7}}",
        "{\"a\":{\"instant\":\"noon\"}}", "{\"a\":{\"money\":{\"currency\":\"EUR\"}}}", "{\"a\":{\"stage\":30}}",
        "{\"a\":{\"stage\":4294967336}}", "{\"a\":{\"standing\":{\"status\":\"Odd\",\"substatus\":\"Won\"}}}",
        "{\"a\":{\"weather\":\"fine\"}}", "{\"a\":{\"date\":\"2026-01-01\",\"stage\":20}}"}) {
    const auto back = decode_columns(text);
    ASSERT_FALSE(back.has_value()) << text;
    EXPECT_EQ(back.error().kind, ErrorClass::store_damaged) << text;
  }
}

TEST(StoredValues, NameTheColumnThatCannotBeRead) {
  const auto back = decode_columns("{\"CloseDate\":{\"date\":\"soon\"}}");
  ASSERT_FALSE(back.has_value());
  EXPECT_EQ(back.error().fields, std::vector<std::string>{"CloseDate"});
}

}  // namespace
}  // namespace cosell::store
