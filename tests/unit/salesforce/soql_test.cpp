// SOQL text: whatever a deal is called, the query asks for exactly that.
#include "connectors/salesforce/soql.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/text.h"

namespace cosell {
namespace {

// Reads a quoted literal by the rules of the language; empty when it is not one whole literal.
std::optional<std::string> unquoted(const std::string& literal) {
  if (literal.size() < 2 || literal.front() != '\'' || literal.back() != '\'') return std::nullopt;
  std::string out;
  for (std::size_t i = 1; i + 1 < literal.size(); ++i) {
    if (literal[i] == '\'') return std::nullopt;  // the literal would end here
    if (literal[i] != '\\') {
      out += literal[i];
      continue;
    }
    if (++i + 1 >= literal.size()) return std::nullopt;
    constexpr std::string_view kFrom = "nrtbf\"'\\";
    constexpr std::string_view kTo = "\n\r\t\b\f\"'\\";
    if (const std::size_t at = kFrom.find(literal[i]); at != std::string_view::npos) {
      out += kTo[at];
    } else if (literal[i] == 'u' && i + 5 < literal.size()) {
      out += static_cast<char>(std::stoi(literal.substr(i + 1, 4), nullptr, 16));
      i += 4;
    } else {
      return std::nullopt;  // an escape that the language does not know
    }
  }
  return out;
}

TEST(Soql, QuotesEveryTextSoThatItReadsBackAsItself) {
  SeededRandom random(3);
  constexpr std::string_view kPieces[] = {"'",
                                          "\\",
                                          "\"",
                                          "\n",
                                          "\r",
                                          "\t",
                                          "\x01",
                                          "\x7f",
                                          "%",
                                          "_",
                                          "a",
                                          "--",
                                          " OR Id != null",
                                          "u0027",
                                          "\xC3\xBC",
                                          "\xF0\x9F\x9A\x80",
                                          "n"};
  for (int i = 0; i < 5000; ++i) {
    std::string text;
    for (std::uint64_t n = random.below(12); n > 0; --n) text += kPieces[random.below(std::size(kPieces))];
    const auto back = unquoted(soql::quoted(text));
    ASSERT_TRUE(back) << soql::quoted(text);
    ASSERT_EQ(*back, text);
  }
}

TEST(Soql, SendsTextsInComposedForm) { EXPECT_EQ(soql::quoted("u\xCC\x88"), "'\xC3\xBC'"); }

TEST(Soql, WritesTimesAndDatesWithoutQuotes) {
  EXPECT_EQ(soql::literal(*parse_instant("2024-05-01T12:00:00.000+0000")), "2024-05-01T12:00:00Z");
  EXPECT_EQ(soql::literal(Value(Date{2024, 5, 1})), "2024-05-01");
  EXPECT_EQ(soql::literal(Value()), "null");
  EXPECT_EQ(soql::literal(Value(Number{"12.5"})), "12.5");
  EXPECT_EQ(soql::literal(Value(std::vector<Person>{})), "");
}

TEST(Soql, TakesOnlyColumnNames) {
  EXPECT_TRUE(soql::is_column_path("Account.Owner__r.ns__Name__c"));
  for (const char* bad : {"", "Name ", "Name,Id", "a.", ".a", "COUNT()", "1a", "N\xC3\xA4me", "Name'"}) {
    EXPECT_FALSE(soql::is_column_path(bad)) << bad;
  }
}

TEST(Soql, AsksForEachColumnOnce) {
  EXPECT_EQ(soql::select({"Id", "Name", "id", "NAME", "Amount"}, "Opportunity"),
            "SELECT Id, Name, Amount FROM Opportunity");
}

TEST(Soql, CutsLongListsSoThatEveryPartFitsAndNothingIsLost) {
  std::vector<std::string> ids;
  for (int i = 0; i < 3000; ++i) ids.push_back("0060000000000" + std::to_string(10000 + i));
  std::vector<std::string> back;
  for (const auto& group : soql::in_groups(ids, 9000)) {
    EXPECT_LE(text::percent_encode(soql::in("", group)).size(), 9000U + 20U);
    back.insert(back.end(), group.begin(), group.end());
  }
  EXPECT_EQ(back, ids);
}

}  // namespace
}  // namespace cosell
