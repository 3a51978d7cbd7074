// Which steps the life cycle has, which fields are locked when, and what a new referral must have.
#include "deal/lifecycle.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "deal/preflight.h"

namespace cosell {
namespace {

const Standing kPending{Status::fresh, Substatus::pending, ""};
const Standing kReceived{Status::fresh, Substatus::received, ""};
const Standing kAccepted{Status::active, Substatus::accepted, ""};

Standing closed(Substatus how) { return {Status::closed, how, ""}; }
constexpr Substatus kOutcomes[] = {Substatus::won, Substatus::lost, Substatus::declined, Substatus::expired,
                                   Substatus::error};

TEST(LifeCycle, LetsAReceivedDealOnlyBeAcceptedOrDeclined) {  // L-1, L-8
  for (const Standing& from : {kPending, kReceived}) {
    EXPECT_TRUE(may_move(from, kAccepted));
    EXPECT_TRUE(may_move(from, closed(Substatus::declined)));
    for (const Substatus other : {Substatus::won, Substatus::lost, Substatus::expired, Substatus::error}) {
      EXPECT_FALSE(may_move(from, closed(other))) << name_of(other);
    }
  }
}

TEST(LifeCycle, LetsAnAcceptedDealOnlyBeWonLostOrClosedAsError) {  // L-8
  for (const Substatus how : kOutcomes) {
    const bool legal = how == Substatus::won || how == Substatus::lost || how == Substatus::error;
    EXPECT_EQ(may_move(kAccepted, closed(how)), legal) << name_of(how);
  }
  EXPECT_FALSE(may_move(kAccepted, kPending));
  EXPECT_FALSE(may_move(kAccepted, kReceived));
}

TEST(LifeCycle, NamesForEachStageTheEventThatReportsItAndBack) {  // S-3..S-6
  std::size_t reports = 0;
  for (int n = 0; n < kEvents; ++n) {
    const auto event = static_cast<Event>(n);
    const Stage stage = stage_reported_by(event);
    if (stage == Stage::none) continue;
    EXPECT_EQ(event_that_reports(stage), event) << name_of(event);
    ++reports;
  }
  EXPECT_EQ(reports, 4U);
  for (const Stage stage : {Stage::none, Stage::s10, Stage::s20, Stage::s40, Stage::s60, Stage::s80, Stage::s100}) {
    const auto event = event_that_reports(stage);
    const bool reported = percent_of(stage) >= 20 && percent_of(stage) <= 80;
    ASSERT_EQ(event.has_value(), reported) << percent_of(stage);
    EXPECT_EQ(event ? stage_reported_by(*event) : stage, stage);
  }
}

TEST(LifeCycle, NamesForEachStandingTheEventByWhichAPartnerBringsItAbout) {  // L-2, L-3, L-8
  for (const Transition& t : transitions()) {
    const auto event = event_that_leads_to(t.to);
    EXPECT_TRUE(t.who != Actor::partner || event == t.event) << name_of(t.to);
    if (!event) continue;
    const Step step = take_step({.status = status_of(t.from), .substatus = t.from}, *event, Actor::partner);
    EXPECT_TRUE(!step.legal || step.to.substatus == t.to) << name_of(*event);
  }
  EXPECT_EQ(event_that_leads_to(Substatus::expired), std::nullopt);
  EXPECT_EQ(event_that_leads_to(Substatus::pending), std::nullopt);
}

TEST(LifeCycle, KeepsAClosedDealClosed) {  // L-7
  for (const Substatus how : kOutcomes) {
    EXPECT_TRUE(is_terminal(closed(how)));
    EXPECT_TRUE(may_move(closed(how), closed(how)));
    EXPECT_FALSE(may_move(closed(how), kAccepted));
    EXPECT_FALSE(may_move(closed(how), kPending));
    EXPECT_FALSE(may_move(closed(how), Standing{Status::closed, how, "another reason"}));
  }
}

TEST(Needs, AreWhatNoReferralIsEverWithout) {
  const RulePack rules;
  EXPECT_STREQ(rule_that_needs(Field::name, rules), "R-3");
  EXPECT_STREQ(rule_that_needs(Field::value, rules), "R-5");
  EXPECT_STREQ(rule_that_needs(Field::close_date, rules), "R-6");
  EXPECT_STREQ(rule_that_needs(Field::team, rules), "R-10");
  EXPECT_STREQ(rule_that_needs(Field::solutions, rules), "R-11");
  EXPECT_STREQ(rule_that_needs(Field::campaign, rules), "") << "R-8: may be cleared";
  EXPECT_STREQ(rule_that_needs(Field::crm_id, rules), "");
}

TEST(Needs, OfTeamAndSolutionsEndWithTheRulePackThatAsksForThemNoMore) {
  RulePack rules;
  rules.team_required = false;
  EXPECT_STREQ(rule_that_needs(Field::team, rules), "");
  EXPECT_STREQ(rule_that_needs(Field::solutions, rules), "R-11");
  rules.solution_required = false;
  EXPECT_STREQ(rule_that_needs(Field::solutions, rules), "");
  EXPECT_STREQ(rule_that_needs(Field::value, rules), "R-5");
}

TEST(Locks, FollowTheLifeOfTheReferral) {
  EXPECT_EQ(lock_of(Field::value, closed(Substatus::won), false).rule, "L-7");
  EXPECT_FALSE(lock_of(Field::value, kAccepted, true).locked);
  EXPECT_EQ(lock_of(Field::location, kAccepted, false).rule, "R-4");
  EXPECT_EQ(lock_of(Field::customer, kAccepted, false).rule, "5.2");
  EXPECT_EQ(lock_of(Field::customer, kAccepted, false).reason, "the customer cannot change after creation");
  EXPECT_TRUE(lock_of(Field::consent_contact, kAccepted, false).locked);
  EXPECT_FALSE(lock_of(Field::customer_contacts, kAccepted, false).locked);
  EXPECT_TRUE(lock_of(Field::customer_contacts, kAccepted, true).locked);
  EXPECT_EQ(lock_of(Field::visible, kAccepted, true).rule, "U-8");
  EXPECT_FALSE(lock_of(Field::visible, kAccepted, false).locked);    // U-2
  EXPECT_FALSE(lock_of(Field::help, kAccepted, true).locked);        // U-3: a partner-led deal may still ask
  EXPECT_TRUE(lock_of(Field::created_at, kAccepted, false).locked);  // Partner Center's own
  EXPECT_FALSE(lock_of(Field::registration, closed(Substatus::won), true).locked);  // G-5
}

TEST(DealTypes, FollowFromTheTwoAnswers) {  // T-1, T-3, T-4, T-6
  EXPECT_EQ(deal_type(false, false), DealType::private_deal);
  EXPECT_EQ(deal_type(true, false), DealType::partner_led);
  EXPECT_EQ(deal_type(true, true), DealType::co_sell);
  EXPECT_EQ(deal_type(false, true), DealType::co_sell);
}

Deal complete_deal() {
  Deal d;
  d.set(Field::name, std::string("Analytics for Contoso"));
  d.set(Field::value, Money{9500000, "EUR"});
  d.set(Field::close_date, Date{2026, 11, 30});
  d.set(Field::notes, std::string("Wants to see the proof of concept first"));
  d.set(Field::customer, Customer{"Contoso", "Main St 1", "", "Hamburg", "", "20095", "DE"});
  d.set(Field::team, std::vector<Person>{{"Ida", "Berg", "+49405550100", "ida.berg@partner.example"}});
  d.set(Field::solutions, std::vector<Solution>{{"SOL-ABCDE-FGH", "", ""}});
  d.set(Field::marketplace_intent, std::string("HaveNotDecided"));
  d.set(Field::location, std::string("1234567"));
  d.set(Field::consent_contact, true);
  return d;
}

std::string missing(const Deal& deal, const RulePack& rules = {}) {
  std::string out;
  for (const Missing& m : missing_for_create(deal, rules)) {
    out += (out.empty() ? "" : " ") + m.rule + ":" + info(m.field).name + (m.part.empty() ? "" : "." + m.part);
  }
  return out;
}

TEST(Preflight, LetsACompleteDealPass) { EXPECT_EQ(missing(complete_deal()), ""); }

TEST(Preflight, NamesEverythingThatAnEmptyDealLacks) {
  EXPECT_EQ(missing(Deal{}),
            "R-1:customer R-3:name R-4:location R-5:value R-6:close_date R-9:notes R-10:team R-11:solutions "
            "2023-04:marketplace_intent R-2:consent_contact");
}

TEST(Preflight, WantsACustomerWithAddressAndTwoLetterCountry) {
  Deal d = complete_deal();
  d.set(Field::customer, Customer{"Contoso", " ", "", "", "", "", "Germany"});
  EXPECT_EQ(missing(d), "R-1:customer.line1 R-1:customer.city R-1:customer.country");
  d.set(Field::customer, Customer{"", "x", "", "y", "", "", "de"});
  EXPECT_EQ(missing(d), "R-1:customer.name R-1:customer.country");
}

TEST(Preflight, WantsAValueAboveZero) {
  Deal d = complete_deal();
  d.set(Field::value, Money{0, "EUR"});
  EXPECT_EQ(missing(d), "R-5:value");
  d.set(Field::value, Money{-1, "EUR"});
  EXPECT_EQ(missing(d), "R-5:value");
  d.set(Field::value, Money{1, "EUR"});
  EXPECT_EQ(missing(d), "");
}

TEST(Preflight, WantsOneTeamMemberWithAllFourParts) {
  Deal d = complete_deal();
  const Person no_phone{"Sam", "Cole", "", "sam.cole@partner.example"};
  d.set(Field::team, std::vector<Person>{no_phone});
  EXPECT_EQ(missing(d), "R-10:team.phone");
  d.set(Field::team, std::vector<Person>{no_phone, {"Ida", "Berg", "+49", "ida@partner.example"}});
  EXPECT_EQ(missing(d), "");
}

TEST(Preflight, WantsAContactOnlyWhenHelpIsAsked) {
  Deal d = complete_deal();
  d.set(Field::help, std::string("ProofOfConceptOrDemo"));
  EXPECT_EQ(missing(d), "R-2:customer_contacts");
  d.set(Field::customer_contacts, std::vector<Person>{{"Jo", "", "+1", "jo@contoso.example"}});
  EXPECT_EQ(missing(d), "R-2:customer_contacts.last_name");
}

TEST(Preflight, WantsTheSolutionsIdTheConsentAndAKnownIntent) {
  Deal d = complete_deal();
  d.set(Field::solutions, std::vector<Solution>{{"", "Harbor Analytics", "Name"}});
  d.set(Field::consent_contact, false);
  d.set(Field::marketplace_intent, std::string("Maybe"));
  EXPECT_EQ(missing(d), "R-11:solutions 2023-04:marketplace_intent R-2:consent_contact");
}

TEST(Preflight, FollowsTheRulePack) {
  Deal d = complete_deal();
  for (const Field f : {Field::notes, Field::marketplace_intent, Field::team, Field::solutions, Field::location}) {
    d.erase(f);
  }
  RulePack rules;
  rules.notes_required = rules.marketplace_intent_required = rules.team_required = rules.solution_required =
      rules.location_required = false;
  EXPECT_EQ(missing(d, rules), "");
}

TEST(Preflight, RefusesMoreThanFiftySolutionsOrPeople) {
  Deal d = complete_deal();
  d.set(Field::solutions, std::vector<Solution>(51, Solution{"SOL-A", "", ""}));
  d.set(Field::team, std::vector<Person>(51, Person{"I", "B", "1", "i@b.example"}));
  EXPECT_EQ(missing(d), "R-10:team R-11:solutions");
}

TEST(Fields, AreListedInTheOrderOfTheirNumbers) {
  const auto& fields = all_fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(fields[i].field), i);
    EXPECT_EQ(field_from(fields[i].name), fields[i].field);
  }
  EXPECT_EQ(fields.back().field, Field::owner_email);
  EXPECT_EQ(field_from("close date"), std::nullopt);
}

TEST(DealColumns, KeepFieldsAndDropWhatIsNoField) {
  Columns columns = columns_from_deal(complete_deal());
  columns["raw_salesStage"] = std::string("Wobbly");
  EXPECT_EQ(deal_from_columns(columns), complete_deal());
}

}  // namespace
}  // namespace cosell
