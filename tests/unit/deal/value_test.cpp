// Numbers, money, vocabularies and the bridge's idea of equality.
#include "deal/value.h"

#include <gtest/gtest.h>

namespace cosell {
namespace {

std::string canonical(std::string_view text) {
  const auto number = parse_number(text);
  return number ? number->text : "refused";
}

TEST(ParseNumber, GivesOneCanonicalTextPerValue) {
  EXPECT_EQ(canonical("0"), "0");
  EXPECT_EQ(canonical("-0.00"), "0");
  EXPECT_EQ(canonical("007"), "7");
  EXPECT_EQ(canonical("1.50"), "1.5");
  EXPECT_EQ(canonical("1.50e3"), "1500");
  EXPECT_EQ(canonical("1.5E+3"), "1500");
  EXPECT_EQ(canonical("15e-3"), "0.015");
  EXPECT_EQ(canonical("-12.500"), "-12.5");
  EXPECT_EQ(canonical("+3"), "3");
  EXPECT_EQ(canonical(".5"), "0.5");
  EXPECT_EQ(canonical(" 42 "), "42");
  EXPECT_EQ(canonical("0e999999999999"), "0");
}

TEST(ParseNumber, RefusesWhatIsNoNumberOrTooLong) {
  for (const char* text : {"", " ", ".", "-", "1,234", "1.2.3", "12a", "e5", "1e", "1e+", "0x10", "NaN", "1e41",
                           "1e-41", "1e99999999999999999999", "12345678901234567890123456789012345678901"}) {
    EXPECT_EQ(canonical(text), "refused") << text;
  }
  EXPECT_EQ(canonical("1234567890123456789012345678901234567890"), "1234567890123456789012345678901234567890");
}

TEST(Currency, KnowsTheMinorUnitsOfIso4217) {
  EXPECT_EQ(currency_exponent("EUR"), 2);
  EXPECT_EQ(currency_exponent("usd"), 2);
  EXPECT_EQ(currency_exponent("JPY"), 0);
  EXPECT_EQ(currency_exponent("KRW"), 0);
  EXPECT_EQ(currency_exponent("KWD"), 3);
  EXPECT_EQ(currency_exponent("CLF"), 4);
  for (const char* none : {"", "EU", "EURO", "ABC", "XXX", "XAU", "URU"}) {
    EXPECT_EQ(currency_exponent(none), std::nullopt) << none;
  }
}

std::string money(std::string_view amount, std::string_view currency) {
  const auto number = parse_number(amount);
  const auto m = number ? money_from(*number, currency) : std::nullopt;
  return m ? std::to_string(m->minor) + " " + m->currency : "refused";
}

TEST(MoneyFrom, CountsMinorUnitsByCurrency) {
  EXPECT_EQ(money("1234.50", "EUR"), "123450 EUR");
  EXPECT_EQ(money("1.5e3", "eur"), "150000 EUR");
  EXPECT_EQ(money("1234", "JPY"), "1234 JPY");
  EXPECT_EQ(money("1.2345", "KWD"), "1235 KWD");
  EXPECT_EQ(money("0.1", "USD"), "10 USD");
  EXPECT_EQ(money("9007199254740993.01", "USD"), "900719925474099301 USD");  // beyond what a double holds
}

TEST(MoneyFrom, RoundsHalfAwayFromZero) {
  EXPECT_EQ(money("0.005", "EUR"), "1 EUR");
  EXPECT_EQ(money("-0.005", "EUR"), "-1 EUR");
  EXPECT_EQ(money("0.00499999999", "EUR"), "0 EUR");
  EXPECT_EQ(money("0.0005", "EUR"), "0 EUR");
  EXPECT_EQ(money("2.5", "JPY"), "3 JPY");
  EXPECT_EQ(money("9.999", "EUR"), "1000 EUR");
}

TEST(MoneyFrom, RefusesUnknownCurrenciesAndWhatDoesNotFit) {
  EXPECT_EQ(money("1", "ABC"), "refused");
  EXPECT_EQ(money("1", ""), "refused");
  EXPECT_EQ(money("92233720368547758.07", "EUR"), "9223372036854775807 EUR");
  EXPECT_EQ(money("92233720368547758.08", "EUR"), "refused");
  EXPECT_EQ(money("92233720368547758.074", "EUR"), "9223372036854775807 EUR");
  EXPECT_EQ(money("92233720368547758.075", "EUR"), "refused");
  EXPECT_EQ(money("9223372036854775807", "JPY"), "9223372036854775807 JPY");
}

TEST(Money, GoesBackToTheSameAmount) {
  for (const char* currency : {"EUR", "JPY", "KWD", "CLF"}) {
    for (const std::int64_t minor : {0LL, 1LL, -1LL, 99LL, 100LL, -123456789LL, 9223372036854775807LL}) {
      const Money m{minor, currency};
      EXPECT_EQ(money_from(amount_of(m), currency), m) << minor << currency;
    }
  }
}

TEST(Money, IsShownWithThousandsAndItsOwnDecimals) {
  EXPECT_EQ(to_string(Money{123450, "EUR"}), "1,234.50 EUR");
  EXPECT_EQ(to_string(Money{-5, "EUR"}), "-0.05 EUR");
  EXPECT_EQ(to_string(Money{1234567, "JPY"}), "1,234,567 JPY");
  EXPECT_EQ(to_string(Money{1, "KWD"}), "0.001 KWD");
  EXPECT_EQ(to_string(Money{100000, "USD"}), "1,000.00 USD");
}

TEST(Stages, AreFoundExactlyOrAtOrBelow) {
  EXPECT_EQ(stage_from_percent(40), Stage::s40);
  EXPECT_EQ(stage_from_percent(45), std::nullopt);
  EXPECT_EQ(stage_from_percent(0), std::nullopt);
  EXPECT_EQ(stage_at_or_below(50), Stage::s40);
  EXPECT_EQ(stage_at_or_below(19), Stage::s10);
  EXPECT_EQ(stage_at_or_below(-5), Stage::s10);
  EXPECT_EQ(stage_at_or_below(250), Stage::s100);
}

TEST(StatusNames, AreReadWithoutRegardToCase) {
  EXPECT_EQ(status_from("new"), Status::fresh);
  EXPECT_EQ(status_from("CLOSED"), Status::closed);
  EXPECT_EQ(status_from("Open"), std::nullopt);
  EXPECT_EQ(substatus_from("accepted"), Substatus::accepted);
  EXPECT_EQ(substatus_from("Engaged"), std::nullopt);  // found in the wild, in no Microsoft text
}

TEST(SameValue, TakesEveryKindOfNothingAsOne) {  // F-56
  const std::vector<Value> nothing = {Value(),          Value(std::string()),         Value(std::string(" \t")),
                                      Value(false),     Value(std::vector<Person>{}), Value(std::vector<Solution>{}),
                                      Value(Customer{})};
  for (const Value& a : nothing) {
    for (const Value& b : nothing) EXPECT_TRUE(same_value(a, b)) << a.index() << " " << b.index();
  }
  EXPECT_FALSE(same_value(Value(), Value(true)));
  EXPECT_FALSE(same_value(Value(), Value(Number{"0"})));  // 0 was entered by somebody
}

TEST(SameValue, ComparesTextsInNfcWithoutTrailingBlanks) {  // F-54
  EXPECT_TRUE(same_value(Value(std::string("Caf\u00e9")), Value(std::string("Cafe\u0301  "))));
  EXPECT_TRUE(same_value(Value(std::string("a\r\nb")), Value(std::string("a\nb"))));
  EXPECT_FALSE(same_value(Value(std::string("a")), Value(std::string("A"))));
  EXPECT_FALSE(same_value(Value(std::string(" a")), Value(std::string("a"))));
  EXPECT_TRUE(same_value(Value(std::string("4711")), Value(Number{"4711"})));
}

TEST(SameValue, TakesAnUnreportedStageAsTen) {  // S-11
  EXPECT_TRUE(same_value(Value(Stage::none), Value(Stage::s10)));
  EXPECT_TRUE(same_value(Value(), Value(Stage::s10)));
  EXPECT_FALSE(same_value(Value(Stage::none), Value(Stage::s20)));
  EXPECT_FALSE(same_value(Value(false), Value(Stage::none)));
}

TEST(SameValue, ComparesTheTeamByEmailWithoutOrder) {
  const Person ida{"Ida", "Berg", "+49 40", "ida@partner.example"};
  const Person sam{"Sam", "Cole", "+49 41", "sam@partner.example"};
  Person ida_shouting = ida;
  ida_shouting.email = "IDA@partner.example";
  Person ida_moved = ida;
  ida_moved.phone = "+49 99";
  using People = std::vector<Person>;
  EXPECT_TRUE(same_value(Value(People{ida, sam}), Value(People{sam, ida_shouting})));
  EXPECT_FALSE(same_value(Value(People{ida, sam}), Value(People{ida_moved, sam})));
  EXPECT_FALSE(same_value(Value(People{ida, sam}), Value(People{ida})));
  EXPECT_FALSE(same_value(Value(People{ida, ida}), Value(People{ida, sam})));
}

TEST(SameValue, ComparesSolutionsByIdWithoutOrder) {
  using Solutions = std::vector<Solution>;
  const Value ours(Solutions{{"SOL-B", "", ""}, {"SOL-A", "", ""}});
  const Value theirs(Solutions{{"SOL-A", "Harbor Analytics", "Name"}, {"SOL-B", "Link Hub", "Name"}});
  EXPECT_TRUE(same_value(ours, theirs));
  EXPECT_FALSE(same_value(ours, Value(Solutions{{"SOL-A", "", ""}, {"SOL-C", "", ""}})));
}

TEST(SameValue, NeverShiftsADate) {
  EXPECT_TRUE(same_value(Value(Date{2026, 11, 30}), Value(*parse_instant("2026-11-30T23:59:59Z"))));
  EXPECT_FALSE(same_value(Value(Date{2026, 11, 30}), Value(*parse_instant("2026-12-01T00:00:00Z"))));
  EXPECT_TRUE(same_value(Value(*parse_instant("2026-11-30T00:00:00Z")), Value(Date{2026, 11, 30})));
}

TEST(SameValue, ComparesStandingsWithTheirReason) {
  const Standing lost{Status::closed, Substatus::lost, "price"};
  EXPECT_TRUE(same_value(Value(lost), Value(Standing{Status::closed, Substatus::lost, "price "})));
  EXPECT_FALSE(same_value(Value(lost), Value(Standing{Status::closed, Substatus::lost, "time"})));
  EXPECT_FALSE(same_value(Value(lost), Value(Standing{Status::closed, Substatus::won, "price"})));
  EXPECT_TRUE(same_value(Value(Standing{Status::fresh, Substatus::pending, ""}),
                         Value(Standing{Status::fresh, Substatus::received, ""})));
}

TEST(Display, IsForPeople) {
  EXPECT_EQ(display(Value()), "(empty)");
  EXPECT_EQ(display(Value(Date{2026, 11, 30})), "2026-11-30");
  EXPECT_EQ(display(Value(Stage::s20)), "Qualified (20 %)");
  EXPECT_EQ(display(Value(true)), "yes");
  EXPECT_EQ(display(Value(Standing{Status::closed, Substatus::lost, "price"})), "closed as lost (price)");
  EXPECT_EQ(display(Value(std::vector<Person>{{"Ida", "Berg", "", "ida@p.example"}, {"", "", "", "sam@p.example"}})),
            "Ida Berg <ida@p.example>; sam@p.example");
  EXPECT_EQ(display(Value(Customer{"Contoso", "Main St 1", "", "Hamburg", "", "20095", "DE"})),
            "Contoso, Main St 1, 20095 Hamburg, DE");
}

}  // namespace
}  // namespace cosell
