// Reading JSON with positions, raw numbers and strictness, and writing it back.
#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_text.h"
#include "base/random.h"

namespace cosell::json {
namespace {

using ::testing::HasSubstr;

struct Bad {
  std::string text;
  std::uint32_t line;
  std::uint32_t column;
  std::string words;
};

void expect_refused(const Bad& bad, const ReadOptions& options = {}) {
  const auto value = read(bad.text, options);
  ASSERT_FALSE(value) << bad.text;
  EXPECT_EQ(value.error().at.line, bad.line) << bad.text << " -> " << value.error().message;
  EXPECT_EQ(value.error().at.column, bad.column) << bad.text << " -> " << value.error().message;
  EXPECT_THAT(value.error().message, HasSubstr(bad.words)) << bad.text;
}

std::string parts_of(const std::string& text) {
  std::string parts;
  const auto kind = read_each(text, [&](Member& m) { parts += m.key + "=" + write(m.value) + ";"; });
  if (!kind) return "error: " + kind.error().message;
  return (*kind == Kind::array ? "list " : "object ") + parts;
}

TEST(JsonReadEach, HandsOverElementsAndMembersInTheirOrder) {
  EXPECT_EQ(parts_of(" [1, \"a\" ,null,[2],{\"b\":true}] "), "list =1;=\"a\";=null;=[2];={\"b\":true};");
  EXPECT_EQ(parts_of("{\"b\":1,\"a\":{\"c\":[]}}"), "object b=1;a={\"c\":[]};");
  EXPECT_EQ(parts_of("[]"), "list ");
  EXPECT_EQ(parts_of("{ }"), "object ");
}

TEST(JsonReadEach, RefusesWhatIsNoJsonAndWhatIsNeitherListNorObject) {
  for (const char* bad :
       {"", "7", "[1,]", "[1", "{\"a\"}", "{\"a\":1,}", "{a:1}", "[1] 2", "{\"a\":[}", "[\"\xff\"]"}) {
    EXPECT_THAT(parts_of(bad), HasSubstr("error: ")) << bad;
  }
}

// "items 1;{...}; rest {...}", or "error: …"
std::string list_of(const std::string& text) {
  std::string items = "items ";
  const auto rest = read_list(text, "rows", [&](const Value& item) { items += write(item) + ";"; });
  return rest ? items + " rest " + write(*rest) : "error: " + rest.error().message;
}

TEST(JsonReadList, HandsOverTheItemsOfOneListAndKeepsTheRest) {
  EXPECT_EQ(list_of(R"({"a":1,"rows":[1,{"rows":[2]},[]],"z":null})"),
            R"(items 1;{"rows":[2]};[]; rest {"a":1,"rows":[],"z":null})");
  EXPECT_EQ(list_of(R"({"rows":[]})"), R"(items  rest {"rows":[]})");
  EXPECT_EQ(list_of(R"({"a":{"rows":[1]}})"), R"(items  rest {"a":{"rows":[1]}})") << "only at the top";
  EXPECT_EQ(list_of(R"({"rows":"none"})"), R"(items  rest {"rows":"none"})") << "what is no list is kept as it is";
  EXPECT_EQ(list_of(R"([{"rows":[1]}])"), R"(items  rest [{"rows":[1]}])");
}

TEST(JsonReadList, RefusesWhatReadRefuses) {
  for (const char* bad : {"", R"({"rows":[1,]})", R"({"rows":[1)", R"({"rows":[1]} 2)", R"({"rows":[1],"rows":[2]})",
                          R"({"rows":[{"a":1,"a":2}]})", R"({"rows":[1 2]})", R"({"rows":)", "{\"rows\":[\"\xff\"]}"}) {
    const auto said = read(bad);
    ASSERT_FALSE(said) << bad;
    EXPECT_EQ(list_of(bad), "error: " + said.error().message) << bad;
  }
  const std::string deep = R"({"rows":)" + std::string(70, '[') + std::string(70, ']') + "}";
  EXPECT_EQ(list_of(deep), "error: " + read(deep).error().message);
}

TEST(JsonRead, FindsAKeyThatStandsTwiceAmongManyThatLookAlike) {
  for (int twice = 0; twice < 40; ++twice) {
    std::string members;
    for (int i = 0; i < 40; ++i) members += "\"column_" + std::to_string(100 + i * 7) + "_c\":1,";
    EXPECT_TRUE(read("{" + members + "\"last\":1}"));
    const std::string again = "\"column_" + std::to_string(100 + twice * 7) + "_c\":2}";
    EXPECT_FALSE(read("{" + members + again)) << again;
  }
}

TEST(JsonRead, KeepsWhatIsWrittenAndWhereItStands) {
  const auto v = read("{\n  \"a\": [1, -2.50e+3, true, false, null],\n  \"b\": {\"c\": \"x\"}\n}");
  ASSERT_TRUE(v) << v.error().message;
  const Value& a = *v->find("a");
  ASSERT_EQ(a.items().size(), 5U);
  EXPECT_EQ(a.items()[1].text(), "-2.50e+3");
  EXPECT_TRUE(a.items()[2].as_bool());
  EXPECT_FALSE(a.items()[3].as_bool());
  EXPECT_TRUE(a.items()[4].is_null());
  EXPECT_EQ(a.items()[1].at().line, 2U);
  EXPECT_EQ(a.items()[1].at().column, 12U);
  const Value* c = v->at_path({"b", "c"});
  ASSERT_NE(c, nullptr);
  EXPECT_EQ(c->text(), "x");
  EXPECT_EQ(c->at().line, 3U);
  EXPECT_EQ(c->at().column, 14U);
  EXPECT_EQ(v->members()[1].at.column, 3U);
  EXPECT_EQ(v->at_path({"b", "x", "y"}), nullptr);
  EXPECT_EQ(v->at_path({"b", "c", "d"}), nullptr);
}

TEST(JsonRead, NeverTurnsMoneyIntoADouble) {
  for (const char* text : {"0.1", "12345678901234567890.123456789", "1E400", "-0", "100.00"}) {
    EXPECT_EQ(read(text)->text(), text);
  }
}

TEST(JsonRead, GivesIntegersOnlyWhenTheyAreOnes) {
  EXPECT_EQ(read("9223372036854775807")->as_integer(), INT64_MAX);
  EXPECT_EQ(read("-9223372036854775808")->as_integer(), INT64_MIN);
  EXPECT_EQ(read("-0")->as_integer(), 0);
  for (const char* text : {"9223372036854775808", "1.0", "1e2", "\"1\"", "true"}) {
    EXPECT_FALSE(read(text)->as_integer()) << text;
  }
}

TEST(JsonRead, RefusesADuplicateKeyAndNamesTheFirst) {
  expect_refused({"{\n\"stages\": 1,\n\"x\": {\"stages\": 2},\n  \"stages\": 3}", 4, 3,
                  "duplicate key \"stages\" (first at line 2)"});
  // Written differently, still the same key.
  expect_refused({R"({"a": 1, "\u0061": 2})", 1, 10, "duplicate key \"a\""});
}

TEST(JsonRead, FindsADuplicateAlsoInAHugeObject) {
  std::string text = "{";
  for (int i = 0; i < 5000; ++i) text += "\"k" + std::to_string(i) + "\": 0,\n";
  expect_refused({text + "\"k7\": 1}", 5001, 1, "duplicate key \"k7\" (first at line 8)"});
  EXPECT_TRUE(read(text + "\"last\": 1}"));
}

TEST(JsonRead, SaysWhereAndWhatWasExpected) {
  const std::vector<Bad> all = {
      {"", 1, 1, "empty"},
      {"  \n ", 2, 2, "empty"},
      {"{\"a\": 1,}", 1, 8, "comma must not stand before '}'"},
      {"[1,\n]", 1, 3, "comma must not stand before ']'"},
      {"{\"a\" 1}", 1, 6, "expected ':' after the name \"a\", found '1'"},
      {"{\"a\": 1 \"b\": 2}", 1, 9, "expected ',' or '}', found '\"'"},
      {"[1 2]", 1, 4, "expected ',' or ']'"},
      {"{\n\"a\": 1\n\n\"b\": 2}", 4, 1, "is a comma missing at the end of line 2?"},
      {"\xFF\xFE{", 1, 1, "UTF-16; save it as UTF-8"},
      {"{\"a\":\u00a01}", 1, 6, "found a special blank"},
      {"{a: 1}", 1, 2, "expected a name in double quotes"},
      {"{'a': 1}", 1, 2, "expected a name in double quotes"},
      {"{\"a\": undefined}", 1, 7, "'undefined'"},
      {"[True]", 1, 2, "'True'"},
      {"[truely]", 1, 2, "'truely'"},
      {"[NaN]", 1, 2, "'NaN'"},
      {"{\"a\":", 1, 6, "ends where a value was expected"},
      {"{", 1, 2, "expected a name in double quotes, found end of the text"},
      {"[1", 1, 3, "expected ',' or ']', found end of the text"},
      {"[\"abc", 1, 2, "no closing quote"},
      {"[\"abc\ndef\"]", 1, 2, "no closing quote on its line"},
      {"[\"a\tb\"]", 1, 4, "control character"},
      {"[\"\\x\"]", 1, 4, "unknown escape"},
      {"[\"\\u12g4\"]", 1, 7, "four hexadecimal digits"},
      {"[01]", 1, 2, "must not begin with 0"},
      {"[1.]", 1, 4, "digit must follow the decimal point"},
      {"[.5]", 1, 2, "expected a value, found '.'"},
      {"[\u201ca\u201d]", 1, 2, "expected a value, found the typographic quote \u201c; write a plain \""},
      {"[\u00e4]", 1, 2, "expected a value, found a character that does not belong here"},
      {"[+1]", 1, 2, "expected a value, found '+'"},
      {"[-]", 1, 2, "expected a value, found '-'"},
      {"[1e]", 1, 4, "exponent"},
      {"[1x]", 1, 3, "unexpected 'x' in a number"},
      {"{} {}", 1, 4, "unexpected '{' after the end"},
      {"1\n2", 2, 1, "unexpected '2' after the end"},
      {"// c\n1", 1, 1, "comments are not allowed here"},
  };
  for (const Bad& bad : all) expect_refused(bad);
}

TEST(JsonRead, AllowsCommentsOnlyWhereAskedFor) {
  const ReadOptions options{.comments = true};
  const auto v = read("// head\n{ /* a\n b */ \"x\": 1, // tail\n \"y\": \"// no comment\" }\n// end", options);
  ASSERT_TRUE(v) << v.error().message;
  EXPECT_EQ(v->text_of("y"), "// no comment");
  EXPECT_EQ(v->find("x")->at().line, 3U);
  EXPECT_EQ(v->find("x")->at().column, 12U);
  EXPECT_TRUE(read("1//", options));
  EXPECT_TRUE(read("1/**/", options));
  expect_refused({"1 /* x", 1, 3, "no end"}, options);
  expect_refused({"1 / 2", 1, 3, "a comment begins with"}, options);
  expect_refused({"/*/ 1", 1, 1, "no end"}, options);
}

TEST(JsonRead, SkipsAByteOrderMark) {
  const auto v = read("\xEF\xBB\xBF{\"a\":1}");
  ASSERT_TRUE(v);
  EXPECT_EQ(v->at().column, 1U);
}

TEST(JsonRead, RefusesInvalidUtf8) {
  for (const char* bytes : {"\x80", "\xC0\xAF", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                            "\xF8\x88\x80\x80\x80", "\xFF", "\xE2\x82"}) {
    expect_refused({"[\"a" + std::string(bytes) + "\"]", 1, 4, "not valid UTF-8"});
    EXPECT_FALSE(read(bytes));
  }
}

// What is read and written eight characters at a time, beside what stands in the rules, character by character.
TEST(JsonText, TreatsEachCharacterTheSameWhereverItStands) {
  for (int code = 0; code < 256; ++code) {
    const auto c = static_cast<char>(code);
    const bool plain = code >= 0x20 && code < 0x80 && c != '"' && c != '\\';
    for (std::size_t size = 1; size <= 26; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, '~');
        text[at] = c;
        // A second odd one behind it hides nothing.
        if (at + 2 < size) text[size - 1] = '\n';
        const std::string written = write(Value::string(text));
        const bool whole = written == '"' + text + '"';
        ASSERT_EQ(whole, plain && text.back() != '\n') << code << " at " << at << " of " << size;
        const auto back = read(written);
        ASSERT_TRUE(back) << code << " at " << at << " of " << size << ": " << back.error().message;
        if (code < 0x80) {
          ASSERT_EQ(back->text(), text) << code << " at " << at << " of " << size;
        }
        const auto raw = read('"' + std::string(at, '~') + c + std::string(size - at, '~') + '"');
        ASSERT_EQ(raw.has_value(), plain) << code << " at " << at << " of " << size;
        if (plain) {
          ASSERT_EQ(raw->text()[at], c);
        }
      }
    }
  }
}

TEST(JsonText, IsWrittenWholeWhateverItsLength) {
  std::string out;
  std::string expected;
  for (std::size_t size = 0; size < 200; ++size) {
    for (const char* last : {"", "\xC3\xA9", "\t"}) {
      const std::string text = std::string(size, 'x') + last;
      append_string(text, out);
      expected += '"' + std::string(size, 'x') + (std::string(last) == "\t" ? "\\t" : last) + '"';
    }
  }
  EXPECT_EQ(out, expected);
}

TEST(JsonRead, DecodesEscapesAndSurrogatePairs) {
  EXPECT_EQ(read(R"("\"\\\/\b\f\n\r\t\u00e9\u20ac\ud83d\ude00")")->text(), "\"\\/\b\f\n\r\té€😀");
  EXPECT_EQ(read("\"\\u0000\"")->text(), std::string(1, '\0'));
  EXPECT_EQ(read("\"é€😀\"")->text(), "é€😀");
}

TEST(JsonRead, ReplacesHalfASurrogatePairInsteadOfRefusingThePage) {  // F-54
  EXPECT_EQ(read(R"("a\ud800b")")->text(),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(read(R"("\ude00\ud83d\ude00")")->text(), "\xEF\xBF\xBD😀");
  EXPECT_EQ(read(R"("\ud83d\u0041")")->text(),
            "\xEF\xBF\xBD"
            "A");
}

TEST(JsonRead, BoundsDepthAndSize) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(read(nested(64)));
  expect_refused({nested(65), 1, 65, "64 levels"});
  EXPECT_FALSE(read(std::string(5'000'000, '[')));
  EXPECT_TRUE(read("[1]", {.max_bytes = 3}));
  expect_refused({"[1] ", 1, 1, "more than the 3 allowed"}, {.max_bytes = 3});
}

TEST(JsonRead, NeverFailsOnCutOrDamagedText) {
  const std::string good = R"({"a":[1,-2.5e3,{"b":"\u00e9\ud83d\ude00 €"}],"c":null,"d":true})";
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(read(good.substr(0, size))) << size;
  SeededRandom random(5);
  for (int round = 0; round < 5000; ++round) {
    std::string bad = good;
    for (int i = 0; i < 3; ++i) bad[random.below(bad.size())] = static_cast<char>(random.below(256));
    const auto value = read(bad);
    if (!value) {
      EXPECT_GE(value.error().at.line, 1U);
      continue;
    }
    // What was accepted can be written and read again.
    EXPECT_EQ(*read(write(*value)), *value) << bad;
  }
}

TEST(JsonWrite, GivesCompactTextInTheGivenOrder) {
  Value v = Value::object();
  v.set("b", Value::integer(-5));
  v.set("a", Value::number("1.50"));
  Value& list = v.set("list", Value::array());
  list.append(Value::null());
  list.append(Value::boolean(true));
  list.append(Value::object());
  v.set("b", Value::string("q\"\\\n\x01 é"));
  EXPECT_EQ(write(v), "{\"b\":\"q\\\"\\\\\\n\\u0001 é\",\"a\":1.50,\"list\":[null,true,{}]}");
  EXPECT_EQ(canonical(v), "{\"a\":1.50,\"b\":\"q\\\"\\\\\\n\\u0001 é\",\"list\":[null,true,{}]}");
  EXPECT_EQ(*read(write(v)), v);
}

TEST(JsonWrite, SortsKeysOnlyInTheCanonicalForm) {
  const auto v = read(R"({"b":1,"a":{"d":1,"c":[{"f":1,"e":2}]},"B":3})");
  EXPECT_EQ(canonical(*v), R"({"B":3,"a":{"c":[{"e":2,"f":1}],"d":1},"b":1})");
  EXPECT_EQ(canonical(*read(canonical(*v))), canonical(*v));
  EXPECT_EQ(write(*v), R"({"b":1,"a":{"d":1,"c":[{"f":1,"e":2}]},"B":3})");
}

TEST(JsonWrite, LeavesNothingOfOneTextInTheNext) {
  const std::string large = write(Value::string(std::string(1U << 20, 'x')));
  EXPECT_EQ(large.size(), (1U << 20) + 2);
  EXPECT_EQ(write(Value::string("a")), "\"a\"");
  EXPECT_EQ(write(Value::object()), "{}");
}

TEST(JsonWrite, IndentsForPeople) {
  EXPECT_EQ(write_pretty(*read(R"({"a":[1,2],"b":{},"c":[]})")),
            "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}");
}

TEST(JsonWrite, ReplacesInvalidUtf8) {
  EXPECT_EQ(write(Value::string("a\xFF"
                                "b\xC3")),
            "\"a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\"");
  EXPECT_EQ(write(Value::string("\xED\xA0\x80")), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonValue, ComparesObjectsWithoutOrderAndListsWithOrder) {
  EXPECT_EQ(*read(R"({"a":1,"b":[1,2]})"), *read("{\"b\":\n[1,2],\"a\":1}"));
  EXPECT_FALSE(*read("[1,2]") == *read("[2,1]"));
  EXPECT_FALSE(*read("1") == *read("1.0"));
  EXPECT_FALSE(*read(R"({"a":1})") == *read(R"({"b":1})"));
  EXPECT_FALSE(*read(R"({"a":1})") == *read(R"({"a":1,"b":1})"));
  EXPECT_FALSE(*read("\"1\"") == *read("1"));
}

TEST(JsonValue, GivesEmptyTextForWhatIsNoText) {
  const auto v = read(R"({"n":null,"i":5,"s":"x"})");
  EXPECT_EQ(v->text_of("n"), "");
  EXPECT_EQ(v->text_of("i"), "");
  EXPECT_EQ(v->text_of("absent"), "");
  EXPECT_EQ(v->text_of("s"), "x");
  EXPECT_TRUE(read("[1]")->members().empty());
  EXPECT_EQ(read("[1]")->find("a"), nullptr);
}

}  // namespace
}  // namespace cosell::json
