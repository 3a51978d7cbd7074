// May a deal be registered, why, and what Microsoft's answer means.
#include "deal/registration.h"

#include <gtest/gtest.h>

namespace cosell {
namespace {

RulePack pack_with_rates() {
  RulePack pack;
  pack.registration.rates = {"2026-11", "a published table", {{"EUR", Number{"1.08"}}}};
  pack.registration.eligible_solutions = {"SOL-ABCDE-FGH"};
  return pack;
}

Deal registrable_deal() {
  Deal d;
  d.set(Field::direction, std::string("Outgoing"));
  d.set(Field::type, std::string("co-sell"));
  d.set(Field::standing, Standing{Status::active, Substatus::accepted, ""});
  d.set(Field::value, Money{5'000'000, "EUR"});
  d.set(Field::help, std::string("GeneralOrOther"));
  d.set(Field::microsoft_answer, std::string("accepted"));
  d.set(Field::solutions, std::vector<Solution>{{"SOL-ABCDE-FGH", "", ""}});
  d.set(Field::created_at, *parse_instant("2026-11-01T09:14:00Z"));
  return d;
}

Answer eligible(const Deal& deal, const RulePack& pack = pack_with_rates()) {
  return registration_outlook(deal, pack).eligible;
}

TEST(Registration, IsOpenToACoSellDealThatMicrosoftAccepted) {  // G-1, G-2, G-6
  EXPECT_EQ(eligible(registrable_deal()), Answer::yes);
}

TEST(Registration, NeedsTheLeastValueInDollars) {  // G-1
  Deal d = registrable_deal();
  d.set(Field::value, Money{2'499'999, "USD"});
  EXPECT_EQ(eligible(d), Answer::no);
  d.set(Field::value, Money{2'500'000, "USD"});
  EXPECT_EQ(eligible(d), Answer::yes);
  d.set(Field::value, Money{2'300'000, "EUR"});  // 24,840 dollars
  EXPECT_EQ(eligible(d), Answer::no);
}

TEST(Registration, IsNeverCalledPossibleWithoutARate) {  // G-1
  Deal d = registrable_deal();
  d.set(Field::value, Money{99'000'000'000, "SEK"});
  EXPECT_EQ(eligible(d), Answer::unknown);
}

TEST(Registration, IsNeverOpenToPrivateDealsDealsBetweenPartnersAndAssessments) {  // G-7, T-2, T-5
  for (const char* type : {"private", "partner to partner", "solution assessment"}) {
    Deal d = registrable_deal();
    d.erase(Field::help);
    d.erase(Field::microsoft_answer);
    d.set(Field::type, std::string(type));
    EXPECT_EQ(eligible(d), Answer::no) << type;
  }
}

TEST(Registration, OfAPartnerLedDealNeedsNoAnswerOfMicrosoft) {  // T-10
  Deal d = registrable_deal();
  d.erase(Field::help);
  d.erase(Field::microsoft_answer);
  d.set(Field::type, std::string("partner-led"));
  // Whether the customer is managed by Microsoft is not shown.
  EXPECT_EQ(eligible(d), Answer::unknown);
  for (const auto& rule : registration_outlook(d, pack_with_rates()).rules) EXPECT_NE(rule.answer, Answer::no);
}

TEST(Registration, OfACoSellDealNeedsMicrosoftsAcceptance) {  // G-1
  Deal d = registrable_deal();
  d.set(Field::microsoft_answer, std::string("waiting"));
  EXPECT_EQ(eligible(d), Answer::unknown);
  d.set(Field::microsoft_answer, std::string("declined"));
  EXPECT_EQ(eligible(d), Answer::no);
}

TEST(Registration, OfADealThatMicrosoftSentNeedsNoFurtherAcceptance) {  // T-11, D-1
  Deal d = registrable_deal();
  d.erase(Field::help);
  d.erase(Field::microsoft_answer);
  d.set(Field::direction, std::string("Incoming"));
  for (const auto& rule : registration_outlook(d, pack_with_rates()).rules) EXPECT_NE(rule.answer, Answer::no);
}

TEST(Registration, NeedsAnEligibleSolution) {  // G-2
  Deal d = registrable_deal();
  d.set(Field::solutions, std::vector<Solution>{{"SOL-OTHER", "", ""}});
  EXPECT_EQ(eligible(d), Answer::no);
  EXPECT_EQ(eligible(d, RulePack{}), Answer::unknown);  // neither a rate nor a list of solutions is configured
}

TEST(Registration, KnowsFromWhenADealMayBeWonAndUntilWhenItMayBeRegistered) {  // G-3, G-5
  Deal d = registrable_deal();
  auto outlook = registration_outlook(d, pack_with_rates());
  ASSERT_TRUE(outlook.won_from);
  EXPECT_EQ(to_string_minutes(*outlook.won_from), "2026-11-04 09:14");
  EXPECT_FALSE(outlook.register_by);
  d.set(Field::standing, Standing{Status::closed, Substatus::won, ""});
  d.set(Field::closed_at, *parse_instant("2026-11-10T00:00:00Z"));
  outlook = registration_outlook(d, pack_with_rates());
  ASSERT_TRUE(outlook.register_by);
  EXPECT_EQ(to_string_minutes(*outlook.register_by), "2027-01-09 00:00");
}

TEST(HelpForASmallDeal, IsWarnedOf) {  // M-1
  const RegistrationRules rules = pack_with_rates().registration;
  Deal d;
  d.set(Field::value, Money{2'400'000, "USD"});
  EXPECT_EQ(warning_before_help(d, rules),
            "Its value is only 24,000.00 USD: below 25,000.00 USD Microsoft gives no reason when it declines, and the "
            "deal cannot be registered.");
  d.set(Field::value, Money{2'000'000, "EUR"});
  EXPECT_NE(warning_before_help(d, rules).find("about 21,600.00 USD at the rates of 2026-11"), std::string::npos);
  for (const Money& enough : {Money{2'500'000, "USD"}, Money{2'400'000, "EUR"}}) {
    d.set(Field::value, enough);
    EXPECT_EQ(warning_before_help(d, rules), "") << enough.currency;
  }
}

TEST(HelpForASmallDeal, IsNeverSilentWhereTheValueCannotBeJudged) {  // M-1
  const RegistrationRules rules = pack_with_rates().registration;
  Deal d;
  d.set(Field::value, Money{9'900'000'000, "CHF"});
  EXPECT_NE(warning_before_help(d, rules).find("cannot be judged, as there is no rate for CHF"), std::string::npos);
  d.erase(Field::value);
  EXPECT_NE(warning_before_help(d, rules).find("no value yet"), std::string::npos);
}

TEST(HelpForASmallDeal, IsJudgedByTheConfiguredFigure) {  // M-1
  RegistrationRules rules = pack_with_rates().registration;
  rules.least_value_usd = 10'000;
  Deal d;
  d.set(Field::value, Money{2'400'000, "USD"});
  EXPECT_EQ(warning_before_help(d, rules), "");
  d.set(Field::value, Money{900'000, "USD"});
  EXPECT_NE(warning_before_help(d, rules).find("below 10,000.00 USD"), std::string::npos);
}

TEST(Registration, OfADealThatWasWonTooSoonIsMicrosoftsToJudge) {  // G-3
  Deal d = registrable_deal();
  d.set(Field::standing, Standing{Status::closed, Substatus::won, ""});
  d.set(Field::closed_at, *parse_instant("2026-11-03T09:14:00Z"));
  const auto outlook = registration_outlook(d, pack_with_rates());
  EXPECT_EQ(outlook.eligible, Answer::unknown);
  EXPECT_EQ(outlook.rules.back().rule, "G-3");
  EXPECT_NE(outlook.rules.back().text.find("won within 72 hours"), std::string::npos);
  d.set(Field::closed_at, *parse_instant("2026-11-04T09:14:00Z"));
  EXPECT_EQ(eligible(d), Answer::yes);
}

TEST(Registration, IsSpoiltByAnEarlyWonOnlyWhereItIsPossible) {  // G-3, G-7
  Deal d = registrable_deal();
  RulePack pack = pack_with_rates();
  ASSERT_TRUE(registrable_from(d, pack));
  EXPECT_EQ(to_string_minutes(*registrable_from(d, pack)), "2026-11-04 09:14");
  pack.clocks.won_after = hours(24);
  EXPECT_EQ(to_string_minutes(*registrable_from(d, pack)), "2026-11-02 09:14");
  d.erase(Field::help);
  d.erase(Field::microsoft_answer);
  d.set(Field::type, std::string("private"));
  EXPECT_FALSE(registrable_from(d, pack));
}

TEST(MicrosoftsAnswer, IsExplained) {
  Deal d = registrable_deal();
  const RegistrationRules rules = pack_with_rates().registration;
  EXPECT_EQ(meaning_of_answer(d, rules).rule, "");
  d.set(Field::microsoft_answer, std::string("declined"));
  d.set(Field::microsoft_reason, std::string("No corresponding Microsoft customer record could be found"));
  EXPECT_EQ(meaning_of_answer(d, rules).rule, "M-3");
  d.set(Field::microsoft_reason, std::string("No Microsoft seller directly manages this customer"));
  EXPECT_EQ(meaning_of_answer(d, rules).rule, "M-4");
  d.set(Field::microsoft_reason, std::string("Something else"));
  EXPECT_EQ(meaning_of_answer(d, rules).rule, "M-5");
  d.erase(Field::microsoft_reason);
  d.set(Field::value, Money{100, "USD"});
  EXPECT_EQ(meaning_of_answer(d, rules).rule, "M-1");
  EXPECT_NE(meaning_of_answer(d, rules).meaning.find("25,000"), std::string::npos);
  d.set(Field::microsoft_answer, std::string("expired"));
  EXPECT_EQ(meaning_of_answer(d, rules).rule, "M-1");
}

}  // namespace
}  // namespace cosell
