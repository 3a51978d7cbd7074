// Reconcile read as a specification: what travels, what waits, and why.
#include "reconcile/reconcile.h"

#include <gtest/gtest.h>

#include <map>

namespace cosell::reconcile {
namespace {

using mapping::Backward;
using mapping::ConflictRule;
using mapping::Direction;
using mapping::FieldRule;
using mapping::FirstLink;

const Standing waiting{Status::fresh, Substatus::pending, ""};
const Standing active{Status::active, Substatus::accepted, ""};
const Standing won{Status::closed, Substatus::won, ""};
const Standing lost{Status::closed, Substatus::lost, "Budget"};
const Standing expired{Status::closed, Substatus::expired, ""};

Deal deal(const Standing& standing, Stage stage = Stage::s20) {
  Deal d;
  d.set(Field::standing, standing);
  d.set(Field::stage, stage);
  d.set(Field::value, Money{100000, "EUR"});
  d.set(Field::notes, std::string("first call done"));
  return d;
}

struct Case {
  Facts facts;
  std::map<Field, FieldRule> rules;
  Backward backward = Backward::hold;

  Decision decide() const {
    Policy policy;
    policy.backward = backward;
    policy.rule = [this](Field f) -> const FieldRule& {
      static const FieldRule both = [] {
        FieldRule r;
        r.conflict = ConflictRule::ask;
        return r;
      }();
      const auto it = rules.find(f);
      return it == rules.end() ? both : it->second;
    };
    return reconcile(facts, policy);
  }
};

// A linked deal on which both sides agree.
Case linked(const Standing& standing, Stage stage = Stage::s20) {
  Case c;
  c.facts.crm = c.facts.partner_center = c.facts.base_crm = c.facts.base_partner_center = deal(standing, stage);
  return c;
}

void expect(const Decision& decision, Field f, Verdict verdict, Reason reason) {
  const auto* d = decision.of(f);
  ASSERT_NE(d, nullptr) << info(f).name;
  EXPECT_STREQ(name_of(d->verdict), name_of(verdict)) << info(f).name << ": " << explain(d->reason);
  EXPECT_STREQ(name_of(d->reason), name_of(reason)) << info(f).name;
}

TEST(Reconcile, WritesNothingWhenBothSidesAgree) {
  const auto decision = linked(active).decide();
  EXPECT_FALSE(decision.any(Verdict::to_crm));
  EXPECT_FALSE(decision.any(Verdict::to_partner_center));
  EXPECT_TRUE(decision.steps.empty());
}

TEST(Reconcile, SendsAnEditToTheSideThatDidNotChange) {
  auto c = linked(active);
  c.facts.crm.set(Field::value, Money{120000, "EUR"});
  c.facts.partner_center.set(Field::notes, std::string("scope extended"));
  const auto decision = c.decide();
  expect(decision, Field::value, Verdict::to_partner_center, Reason::changed_in_crm);
  expect(decision, Field::notes, Verdict::to_crm, Reason::changed_in_partner_center);
  EXPECT_EQ(decision.of(Field::value)->result, Value(Money{120000, "EUR"}));
}

TEST(Reconcile, TreatsAnAmountAndItsCurrencyAsOneValue) {
  auto c = linked(active);
  c.facts.crm.set(Field::value, Money{100000, "USD"});
  expect(c.decide(), Field::value, Verdict::to_partner_center, Reason::changed_in_crm);
}

TEST(Reconcile, KeepsADifferenceThatNobodyTouchedSinceTheLastAgreement) {
  auto c = linked(active);
  c.facts.crm.set(Field::value, Value{});
  c.facts.base_crm.set(Field::value, Value{});  // the deal was created with a default that the CRM never had
  expect(c.decide(), Field::value, Verdict::agreed, Reason::unchanged);
}

TEST(Reconcile, LetsTheConflictRuleDecideWhenBothSidesChanged) {
  auto c = linked(active);
  c.facts.crm.set(Field::notes, std::string("from the CRM"));
  c.facts.partner_center.set(Field::notes, std::string("from the portal"));
  expect(c.decide(), Field::notes, Verdict::conflict, Reason::both_changed_ask);
  c.rules[Field::notes].conflict = ConflictRule::crm;
  expect(c.decide(), Field::notes, Verdict::to_partner_center, Reason::both_changed_rule);
  c.rules[Field::notes].conflict = ConflictRule::partner_center;
  expect(c.decide(), Field::notes, Verdict::to_crm, Reason::both_changed_rule);
  c.rules[Field::notes].conflict = ConflictRule::prefer_crm_unless_blank;
  c.facts.crm.set(Field::notes, Value{});
  expect(c.decide(), Field::notes, Verdict::to_crm, Reason::both_changed_rule);
}

TEST(Reconcile, WritesNothingWhenBothSidesChangedToTheSame) {
  auto c = linked(active);
  c.facts.crm.set(Field::notes, std::string("signed next week"));
  c.facts.partner_center.set(Field::notes, std::string("signed next week  "));
  expect(c.decide(), Field::notes, Verdict::agreed, Reason::equal);
}

TEST(Reconcile, GivesABlankTheOtherValueOnAFirstLinkAndElseFollowsThePrecedence) {
  Case c;
  c.facts.crm = c.facts.partner_center = deal(active);
  c.facts.crm.set(Field::notes, Value{});
  c.facts.crm.set(Field::value, Money{5, "EUR"});
  expect(c.decide(), Field::notes, Verdict::to_crm, Reason::first_link_blank);
  expect(c.decide(), Field::value, Verdict::to_partner_center, Reason::first_link_rule);
  c.rules[Field::value].first_link = FirstLink::ask;
  expect(c.decide(), Field::value, Verdict::conflict, Reason::first_link_ask);
}

TEST(Reconcile, RespectsOneWayFieldsAndNeverWritesACreateOnlyFieldAgain) {
  auto c = linked(active);
  c.facts.crm.set(Field::notes, std::string("internal"));
  c.rules[Field::notes].direction = Direction::to_crm;
  expect(c.decide(), Field::notes, Verdict::ignored, Reason::one_way);
  c.rules[Field::notes] = FieldRule{};
  c.rules[Field::notes].create_only = true;
  expect(c.decide(), Field::notes, Verdict::ignored, Reason::one_way);
}

TEST(Reconcile, HoldsAFieldThatTheMappingCannotReadAndLetsTheOthersGo) {
  auto c = linked(active);
  c.facts.unreadable_in_crm.insert(Field::value);
  c.facts.crm.set(Field::notes, std::string("changed"));
  const auto decision = c.decide();
  expect(decision, Field::value, Verdict::held, Reason::unreadable);
  expect(decision, Field::notes, Verdict::to_partner_center, Reason::changed_in_crm);
}

// A value without meaning keeps nobody waiting where nothing could be written anyway.
TEST(Reconcile, DoesNotHoldWhatCannotBeReadWhereItWouldNeverTravel) {  // L-7, R-1, R-4
  const auto unreadable = [](Case c, Field f) {
    for (Deal* d : {&c.facts.crm, &c.facts.partner_center, &c.facts.base_crm, &c.facts.base_partner_center}) {
      d->set(Field::customer, Customer{"Alder Foods", "", "", "Hamburg", "", "", "DE"});
    }
    c.rules[Field::customer].direction = Direction::to_partner_center;
    c.facts.unreadable_in_crm.insert(f);
    c.facts.crm.set(f, Value{});
    return c;
  };
  expect(unreadable(linked(won), Field::value).decide(), Field::value, Verdict::ignored, Reason::closed);
  expect(unreadable(linked(active), Field::customer).decide(), Field::customer, Verdict::ignored, Reason::locked);
  auto off = unreadable(linked(active), Field::value);
  off.rules[Field::value].direction = Direction::off;
  expect(off.decide(), Field::value, Verdict::ignored, Reason::one_way);
  auto once = unreadable(linked(active), Field::value);
  once.rules[Field::value].create_only = true;
  expect(once.decide(), Field::value, Verdict::ignored, Reason::one_way);
  // What Partner Center would write into the CRM is not laid over something that nobody understands.
  auto to_crm = unreadable(linked(active), Field::value);
  to_crm.rules[Field::value].direction = Direction::to_crm;
  expect(to_crm.decide(), Field::value, Verdict::held, Reason::unreadable);
}

TEST(Reconcile, DoesNotReportAStageThatEqualsTen) {  // S-11
  auto c = linked(active, Stage::none);
  c.facts.crm.set(Field::stage, Stage::s10);
  expect(c.decide(), Field::stage, Verdict::agreed, Reason::equal);
}

TEST(Reconcile, MovesTheStageForwardEitherWay) {
  auto c = linked(active, Stage::s20);
  c.facts.crm.set(Field::stage, Stage::s60);
  expect(c.decide(), Field::stage, Verdict::to_partner_center, Reason::changed_in_crm);
  c = linked(active, Stage::s20);
  c.facts.partner_center.set(Field::stage, Stage::s80);
  expect(c.decide(), Field::stage, Verdict::to_crm, Reason::changed_in_partner_center);
}

TEST(Reconcile, HoldsFollowsOrIgnoresAStageThatMovesBack) {
  auto c = linked(active, Stage::s60);
  c.facts.crm.set(Field::stage, Stage::s20);
  expect(c.decide(), Field::stage, Verdict::held, Reason::moved_back);
  c.backward = Backward::follow;
  expect(c.decide(), Field::stage, Verdict::to_partner_center, Reason::changed_in_crm);
  c.backward = Backward::ignore;
  expect(c.decide(), Field::stage, Verdict::ignored, Reason::moved_back);
}

TEST(Reconcile, LetsTheFurtherStageWinWhenTheRuleSaysSo) {
  auto c = linked(active, Stage::s20);
  c.facts.crm.set(Field::stage, Stage::s40);
  c.facts.partner_center.set(Field::stage, Stage::s80);
  c.rules[Field::stage].conflict = ConflictRule::furthest_stage;
  expect(c.decide(), Field::stage, Verdict::to_crm, Reason::both_changed_furthest);
}

TEST(Reconcile, ClosesTheReferralWhenTheOpportunityIsWon) {
  auto c = linked(active);
  c.facts.crm.set(Field::standing, won);
  const auto decision = c.decide();
  expect(decision, Field::standing, Verdict::to_partner_center, Reason::closed_in_crm);
  EXPECT_EQ(decision.steps, std::vector<Irreversible>{Irreversible::won});
}

TEST(Reconcile, ClosesTheOpportunityWhenTheReferralWasClosed) {
  auto c = linked(active);
  c.facts.partner_center.set(Field::standing, expired);
  const auto decision = c.decide();
  expect(decision, Field::standing, Verdict::to_crm, Reason::closed_in_partner_center);
  EXPECT_TRUE(decision.steps.empty());
}

TEST(Reconcile, NeverWritesToAReferralThatIsClosed) {  // L-7
  auto c = linked(won);
  c.facts.crm.set(Field::value, Money{1, "EUR"});
  c.facts.crm.set(Field::notes, std::string("too late"));
  c.facts.partner_center.set(Field::notes, std::string("also too late"));
  const auto decision = c.decide();
  EXPECT_FALSE(decision.any(Verdict::to_partner_center));
  EXPECT_FALSE(decision.any(Verdict::to_crm));
  expect(decision, Field::value, Verdict::ignored, Reason::closed);
}

TEST(Reconcile, NeverClosesAnOpportunityAgainThatWasReopened) {
  auto c = linked(won);
  c.facts.crm.set(Field::standing, active);
  const auto decision = c.decide();
  expect(decision, Field::standing, Verdict::held, Reason::reopened_in_crm);
  EXPECT_FALSE(decision.any(Verdict::to_crm));
}

TEST(Reconcile, HoldsDealsThatClosedDifferentlyOnTheTwoSides) {  // F-44
  auto c = linked(active);
  c.facts.crm.set(Field::standing, won);
  c.facts.partner_center.set(Field::standing, lost);
  expect(c.decide(), Field::standing, Verdict::held, Reason::closed_differently);
}

TEST(Reconcile, TakesExpiredAndLostForTheSameEnd) {
  auto c = linked(active);
  c.facts.crm.set(Field::standing, lost);
  c.facts.partner_center.set(Field::standing, expired);
  expect(c.decide(), Field::standing, Verdict::agreed, Reason::equal);
}

TEST(Reconcile, AcceptsReopeningByMicrosoft) {
  auto c = linked(won);
  c.facts.partner_center.set(Field::standing, active);
  expect(c.decide(), Field::standing, Verdict::to_crm, Reason::reopened_by_microsoft);
}

TEST(Reconcile, SendsNothingBeforeAnInboundDealIsAnswered) {  // L-1
  auto c = linked(waiting, Stage::none);
  c.facts.crm.set(Field::value, Money{7, "EUR"});
  const auto decision = c.decide();
  expect(decision, Field::standing, Verdict::agreed, Reason::equal);
  expect(decision, Field::value, Verdict::held, Reason::not_answered_yet);
  EXPECT_FALSE(decision.any(Verdict::to_partner_center));
}

TEST(Reconcile, AcceptsAnInboundDealWithTheEditsMadeMeanwhile) {  // L-2
  auto c = linked(waiting, Stage::none);
  c.facts.crm.set(Field::value, Money{7, "EUR"});
  c.facts.crm.set(Field::standing, active);
  c.facts.crm.set(Field::stage, Stage::s40);
  const auto decision = c.decide();
  expect(decision, Field::standing, Verdict::to_partner_center, Reason::accepted_in_crm);
  expect(decision, Field::stage, Verdict::to_partner_center, Reason::accepted_in_crm);
  expect(decision, Field::value, Verdict::to_partner_center, Reason::changed_in_crm);
}

TEST(Reconcile, DeclinesAnInboundDealThatIsClosedAsLost) {  // L-3
  auto c = linked(waiting, Stage::none);
  c.facts.crm.set(Field::standing, lost);
  const auto decision = c.decide();
  expect(decision, Field::standing, Verdict::to_partner_center, Reason::declined_in_crm);
  EXPECT_EQ(std::get<Standing>(decision.of(Field::standing)->result),
            (Standing{Status::closed, Substatus::declined, "Budget"}));
  EXPECT_EQ(decision.steps, std::vector<Irreversible>{Irreversible::declined});
}

// Nothing but the answer: an edit of a deal that is being declined would meet one that waits, or one that is closed.
TEST(Reconcile, SendsNothingElseWithADecline) {  // L-1, L-7
  auto c = linked(waiting, Stage::none);
  c.facts.crm.set(Field::standing, lost);
  c.facts.crm.set(Field::value, Money{7, "EUR"});
  c.facts.crm.set(Field::notes, std::string("they never pay"));
  const auto decision = c.decide();
  expect(decision, Field::standing, Verdict::to_partner_center, Reason::declined_in_crm);
  expect(decision, Field::value, Verdict::held, Reason::not_answered_yet);
  expect(decision, Field::notes, Verdict::held, Reason::not_answered_yet);
}

TEST(Reconcile, SendsNothingWhereTheMappingLeavesTheAnswerToPartnerCenter) {  // L-1
  auto c = linked(waiting, Stage::none);
  c.rules[Field::standing].direction = c.rules[Field::stage].direction = Direction::to_crm;
  c.facts.crm.set(Field::standing, active);
  c.facts.crm.set(Field::value, Money{7, "EUR"});
  const auto decision = c.decide();
  expect(decision, Field::standing, Verdict::ignored, Reason::one_way);
  expect(decision, Field::value, Verdict::held, Reason::not_answered_yet);
  EXPECT_FALSE(decision.any(Verdict::to_partner_center));
}

TEST(Reconcile, ClosingAsCreatedInErrorIsAStepThatCannotBeTakenBack) {  // L-7, L-8
  auto c = linked(active, Stage::s20);
  c.facts.crm.set(Field::standing, Standing{Status::closed, Substatus::error, "Entered twice"});
  const auto decision = c.decide();
  expect(decision, Field::standing, Verdict::to_partner_center, Reason::closed_in_crm);
  EXPECT_EQ(decision.steps, std::vector<Irreversible>{Irreversible::error});
}

TEST(Reconcile, RefusesToWinADealThatWasNotAccepted) {  // L-8
  auto c = linked(waiting, Stage::none);
  c.facts.crm.set(Field::standing, won);
  expect(c.decide(), Field::standing, Verdict::held, Reason::won_while_waiting);
}

TEST(Reconcile, FollowsAnAnswerGivenInPartnerCenter) {
  auto c = linked(waiting, Stage::none);
  c.facts.partner_center.set(Field::standing, active);
  expect(c.decide(), Field::standing, Verdict::to_crm, Reason::changed_in_partner_center);
}

TEST(Reconcile, NeverTakesBackWhatMicrosoftWasShown) {  // U-8
  auto c = linked(active);
  for (Deal* d : {&c.facts.crm, &c.facts.partner_center, &c.facts.base_crm, &c.facts.base_partner_center}) {
    d->set(Field::visible, true);
  }
  c.facts.crm.set(Field::visible, false);
  expect(c.decide(), Field::visible, Verdict::ignored, Reason::no_downgrade);
}

TEST(Reconcile, TellsOfAnotherKindOfHelpThatMicrosoftWasNotAskedFor) {  // U-8
  auto c = linked(active);
  for (Deal* d : {&c.facts.crm, &c.facts.partner_center, &c.facts.base_crm, &c.facts.base_partner_center}) {
    d->set(Field::help, std::string("ProofOfConceptOrDemo"));
  }
  expect(c.decide(), Field::help, Verdict::agreed, Reason::equal);
  c.facts.crm.set(Field::help, std::string("QuotesOrLicensing"));
  expect(c.decide(), Field::help, Verdict::ignored, Reason::no_downgrade);
  c.facts.base_crm.set(Field::help, std::string("QuotesOrLicensing"));
  expect(c.decide(), Field::help, Verdict::agreed, Reason::unchanged);
}

TEST(Reconcile, ShowsNobodyADealThatWasSentToThePartner) {  // U-4
  auto c = linked(active);
  c.facts.partner_center.set(Field::direction, std::string("Incoming"));
  for (Deal* d : {&c.facts.crm, &c.facts.partner_center, &c.facts.base_crm, &c.facts.base_partner_center}) {
    d->set(Field::visible, false);
  }
  c.facts.crm.set(Field::visible, true);
  const auto decision = c.decide();
  expect(decision, Field::visible, Verdict::ignored, Reason::locked);
  EXPECT_EQ(decision.of(Field::visible)->rule, "U-4");
  EXPECT_TRUE(decision.steps.empty());
}

TEST(Reconcile, CountsShowingADealAsAStepThatCannotBeTakenBack) {
  auto c = linked(active);
  for (Deal* d : {&c.facts.crm, &c.facts.partner_center, &c.facts.base_crm, &c.facts.base_partner_center}) {
    d->set(Field::visible, false);
  }
  c.facts.crm.set(Field::visible, true);
  const auto decision = c.decide();
  expect(decision, Field::visible, Verdict::to_partner_center, Reason::changed_in_crm);
  EXPECT_EQ(decision.steps, std::vector<Irreversible>{Irreversible::shared});
}

TEST(Reconcile, KeepsTeamMembersThatOnlyPartnerCenterKnowsWhenTheOwnerChanges) {
  auto c = linked(active);
  const Person ida{"Ida", "Berg", "+4940", "ida@partner.example"};
  const Person sam{"Sam", "Cole", "+4941", "sam@partner.example"};
  const Person tom{"Tom", "Okafor", "+4942", "tom@partner.example"};
  for (Deal* d : {&c.facts.crm, &c.facts.base_crm}) d->set(Field::team, std::vector<Person>{ida});
  for (Deal* d : {&c.facts.partner_center, &c.facts.base_partner_center})
    d->set(Field::team, std::vector<Person>{ida, sam});
  c.rules[Field::team].direction = Direction::to_partner_center;
  expect(c.decide(), Field::team, Verdict::agreed, Reason::unchanged);
  c.facts.crm.set(Field::team, std::vector<Person>{tom});
  const auto decision = c.decide();
  expect(decision, Field::team, Verdict::to_partner_center, Reason::changed_in_crm);
  EXPECT_TRUE(same_value(decision.of(Field::team)->result, Value(std::vector<Person>{tom, sam})));
}

TEST(Reconcile, KeepsMembersThatOnlyPartnerCenterKnowsWhenTheCrmsListBecomesEmpty) {
  auto c = linked(active);
  const Solution ours{"SOL-ABCDE-FGH", "", "Name"};
  const Solution theirs{"SOL-IJKLM-NOP", "", "Name"};
  for (Deal* d : {&c.facts.crm, &c.facts.base_crm}) d->set(Field::solutions, std::vector<Solution>{ours});
  for (Deal* d : {&c.facts.partner_center, &c.facts.base_partner_center})
    d->set(Field::solutions, std::vector<Solution>{ours, theirs});
  c.facts.crm.set(Field::solutions, Value{});
  const auto decision = c.decide();
  expect(decision, Field::solutions, Verdict::to_partner_center, Reason::changed_in_crm);
  EXPECT_EQ(decision.of(Field::solutions)->result, Value(std::vector<Solution>{theirs}));
}

TEST(Reconcile, TakesAMemberForTheSameHoweverItIsWritten) {
  auto c = linked(active);
  const Person ida{"Ida", "Berg", "+4940", "ida@partner.example"};
  const Person tom{"Tom", "Okafor", "+4942", "tom@partner.example"};
  for (Deal* d : {&c.facts.crm, &c.facts.base_crm}) d->set(Field::team, std::vector<Person>{ida});
  for (Deal* d : {&c.facts.partner_center, &c.facts.base_partner_center})
    d->set(Field::team,
           std::vector<Person>{{"Ida", "Berg", "+4940", "IDA@partner.example "}, {"Jose\u0301", "Ruiz", "+34", ""}});
  c.facts.crm.set(Field::team, std::vector<Person>{ida, tom, {"Jos\u00e9", "Ruiz", "+34", ""}});
  const auto decision = c.decide();
  expect(decision, Field::team, Verdict::to_partner_center, Reason::changed_in_crm);
  EXPECT_EQ(std::get<std::vector<Person>>(decision.of(Field::team)->result).size(), 3U)
      << display(decision.of(Field::team)->result);
}

// what no referral is created without is not emptied afterwards either. The field waits, and
// nothing that was changed beside it does.
TEST(Reconcile, HoldsAnEmptyFieldThatAReferralNeeds) {
  const std::map<Field, Value> values = {{Field::name, std::string("Harbor")},
                                         {Field::value, Money{100000, "EUR"}},
                                         {Field::close_date, Date{2026, 11, 30}},
                                         {Field::team, std::vector<Person>{{"Ida", "Berg", "+4940", "ida@p.example"}}},
                                         {Field::solutions, std::vector<Solution>{{"SOL-ABCDE-FGH", "", "Name"}}}};
  for (const auto& [field, value] : values) {
    auto c = linked(active);
    for (Deal* d : {&c.facts.crm, &c.facts.partner_center, &c.facts.base_crm, &c.facts.base_partner_center}) {
      d->set(field, value);
    }
    c.facts.crm.set(field, Value{});
    c.facts.crm.set(Field::standing, won);
    const auto decision = c.decide();
    expect(decision, field, Verdict::held, Reason::needed);
    EXPECT_FALSE(decision.of(field)->rule.empty()) << info(field).name;
    expect(decision, Field::standing, Verdict::to_partner_center, Reason::closed_in_crm);
  }
  auto c = linked(active);
  c.facts.crm.set(Field::notes, Value{});
  expect(c.decide(), Field::notes, Verdict::to_partner_center, Reason::changed_in_crm);
}

TEST(Reconcile, LeavesTheCustomerAloneOnceTheReferralExists) {  // R-1, 5.2
  auto c = linked(active);
  for (Deal* d : {&c.facts.crm, &c.facts.partner_center, &c.facts.base_crm, &c.facts.base_partner_center}) {
    d->set(Field::customer, Customer{"Alder Foods", "", "", "Hamburg", "", "", "DE"});
  }
  c.facts.crm.set(Field::customer, Customer{"Alder Foods GmbH", "", "", "Hamburg", "", "", "DE"});
  expect(c.decide(), Field::customer, Verdict::ignored, Reason::locked);
}

// I-41 and the law of idempotence over a small scope: every combination returns, and what it decided, applied, is
// final.
TEST(Reconcile, IsTotalAndIdempotentOverAllStandingsStagesAndBases) {
  const std::vector<Standing> standings = {waiting,
                                           active,
                                           won,
                                           lost,
                                           expired,
                                           {Status::closed, Substatus::declined, ""},
                                           {Status::closed, Substatus::error, ""}};
  const std::vector<Stage> stages = {Stage::none, Stage::s10, Stage::s40, Stage::s100};
  std::size_t cases = 0;
  for (const auto backward : {Backward::hold, Backward::follow, Backward::ignore}) {
    for (const auto& crm : standings) {
      for (const auto& pc : standings) {
        for (const auto& base : standings) {
          for (const auto crm_stage : stages) {
            for (const auto pc_stage : stages) {
              for (const bool has_base : {false, true}) {
                ++cases;
                Case c;
                c.backward = backward;
                c.facts.crm = deal(crm, crm_stage);
                c.facts.partner_center = deal(pc, pc_stage);
                if (has_base) c.facts.base_crm = c.facts.base_partner_center = deal(base, Stage::s10);
                const auto first = c.decide();
                if (is_terminal(pc)) {
                  ASSERT_FALSE(first.any(Verdict::to_partner_center));  // I-14
                }
                for (const auto& d : first.fields) {
                  if (d.verdict == Verdict::to_partner_center) c.facts.partner_center.set(d.field, d.result);
                  if (d.verdict == Verdict::to_crm) c.facts.crm.set(d.field, d.result);
                  if (d.verdict == Verdict::held || d.verdict == Verdict::conflict) continue;
                  c.facts.base_crm.set(d.field, c.facts.crm.get(d.field));
                  c.facts.base_partner_center.set(d.field, c.facts.partner_center.get(d.field));
                }
                const auto second = c.decide();
                ASSERT_FALSE(second.any(Verdict::to_partner_center))
                    << name_of(crm.substatus) << "/" << name_of(pc.substatus) << " base " << name_of(base.substatus)
                    << " stages " << percent_of(crm_stage) << "/" << percent_of(pc_stage) << " " << has_base;
                ASSERT_FALSE(second.any(Verdict::to_crm))
                    << name_of(crm.substatus) << "/" << name_of(pc.substatus) << " base " << name_of(base.substatus)
                    << " stages " << percent_of(crm_stage) << "/" << percent_of(pc_stage) << " " << has_base;
              }
            }
          }
        }
      }
    }
  }
  EXPECT_EQ(cases, 3U * 7 * 7 * 7 * 4 * 4 * 2);
}

}  // namespace
}  // namespace cosell::reconcile
