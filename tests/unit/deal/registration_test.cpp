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
