// The laws of reconcile as properties over random deals: both sides start from common ground and are changed a little,
// which is where the interesting cases are. RC_PARAMS="max_success=1000000" for a longer run.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdlib>

#include "small_scope.h"

namespace cosell::reconcile {
namespace {

using mapping::Backward;
using mapping::ConflictRule;
using mapping::Direction;
using mapping::FieldRule;
using mapping::FirstLink;

const std::vector<Field> plain_fields = {Field::name, Field::value, Field::close_date, Field::notes, Field::campaign};
const std::vector<Standing> all_standings = {
    {Status::fresh, Substatus::pending, ""},        {Status::active, Substatus::accepted, ""},
    {Status::closed, Substatus::won, ""},           {Status::closed, Substatus::lost, "Budget"},
    {Status::closed, Substatus::declined, "Other"}, {Status::closed, Substatus::expired, ""}};
const std::vector<Stage> all_stages = {Stage::none, Stage::s10, Stage::s20, Stage::s40,
                                       Stage::s60,  Stage::s80, Stage::s100};

template <class T>
T any_of(const std::vector<T>& values) {
  return *rc::gen::elementOf(values);
}

struct Laid {
  Facts facts;
  std::map<Field, FieldRule> rules;
  Backward backward = Backward::hold;

  Decision decide() const {
    Policy policy;
    policy.backward = backward;
    policy.rule = [this](Field f) -> const FieldRule& { return rules.at(f); };
    return reconcile(facts, policy);
  }
};

Value some_value(Field f) {
  const int n = *rc::gen::inRange(0, 4);
  if (n == 0) return Value{};
  if (f == Field::value) return Money{n * 1000, n == 3 ? "USD" : "EUR"};
  if (f == Field::close_date) return Date{2027, 3, n};
  return std::string(1, static_cast<char>('a' + n));
}

Deal some_deal() {
  Deal d;
  for (const Field f : plain_fields) d.set(f, some_value(f));
  d.set(Field::standing, any_of(all_standings));
  d.set(Field::stage, any_of(all_stages));
  return d;
}

// Changes about a third of the fields.
void disturb(Deal& d) {
  for (const Field f : plain_fields) {
    if (*rc::gen::inRange(0, 3) == 0) d.set(f, some_value(f));
  }
  if (*rc::gen::inRange(0, 4) == 0) d.set(Field::standing, any_of(all_standings));
  if (*rc::gen::inRange(0, 3) == 0) d.set(Field::stage, any_of(all_stages));
}

FieldRule some_rule() {
  FieldRule rule;
  rule.direction = any_of<Direction>({scope::all_directions.begin(), scope::all_directions.end()});
  rule.conflict = any_of<ConflictRule>({scope::all_rules.begin(), scope::all_rules.end()});
  rule.first_link = any_of<FirstLink>({scope::all_precedences.begin(), scope::all_precedences.end()});
  return rule;
}

Laid some_case() {
  Laid laid;
  const Deal common = some_deal();
  laid.facts.base_crm = laid.facts.base_partner_center = laid.facts.crm = laid.facts.partner_center = common;
  disturb(laid.facts.crm);
  disturb(laid.facts.partner_center);
  for (const Field f : plain_fields) {
    if (*rc::gen::inRange(0, 5) == 0) {
      laid.facts.base_crm.erase(f);
      laid.facts.base_partner_center.erase(f);
    }
  }
  for (const auto& field : all_fields()) laid.rules[field.field] = some_rule();
  laid.rules[Field::standing].direction = Direction::both;
  laid.rules[Field::stage].direction = Direction::both;
  laid.backward = any_of<Backward>({Backward::hold, Backward::follow, Backward::ignore});
  laid.facts.changed_in_crm = Instant{*rc::gen::inRange<std::int64_t>(0, 3)};
  laid.facts.changed_in_partner_center = Instant{*rc::gen::inRange<std::int64_t>(0, 3)};
  return laid;
}

// Both sides take what was decided; what was agreed on is the new common ground.
void apply(Laid& laid, const Decision& decision) {
  for (const auto& d : decision.fields) {
    if (d.verdict == Verdict::to_partner_center) laid.facts.partner_center.set(d.field, d.result);
    if (d.verdict == Verdict::to_crm) laid.facts.crm.set(d.field, d.result);
    if (d.verdict == Verdict::held || d.verdict == Verdict::conflict) continue;
    laid.facts.base_crm.set(d.field, laid.facts.crm.get(d.field));
    laid.facts.base_partner_center.set(d.field, laid.facts.partner_center.get(d.field));
  }
}

bool writes(const Decision& d) { return d.any(Verdict::to_crm) || d.any(Verdict::to_partner_center); }

class Laws : public testing::Test {
 protected:
  static void SetUpTestSuite() { ::setenv("RC_PARAMS", "max_success=10000", 0); }
};

TEST_F(Laws, AfterWhatWasDecidedIsDoneNothingIsLeftToDo) {
  EXPECT_TRUE(rc::check("idempotent", [] {
    Laid laid = some_case();
    apply(laid, laid.decide());
    RC_ASSERT(!writes(laid.decide()));
  }));
}

TEST_F(Laws, EqualSidesAreNeverWrittenWhateverWasAgreedBefore) {
  EXPECT_TRUE(rc::check("equal sides", [] {
    Laid laid = some_case();
    laid.facts.partner_center = laid.facts.crm;
    RC_ASSERT(!writes(laid.decide()));
  }));
}

TEST_F(Laws, OneFieldDoesNotInfluenceAnother) {
  EXPECT_TRUE(rc::check("locality", [] {
    Laid laid = some_case();
    const Field changed = any_of(plain_fields);
    const Decision before = laid.decide();
    laid.facts.crm.set(changed, some_value(changed));
    laid.facts.partner_center.set(changed, some_value(changed));
    laid.rules[changed] = some_rule();
    const Decision after = laid.decide();
    for (const auto& d : before.fields) {
      if (d.field == changed) continue;
      const auto* now = after.of(d.field);
      RC_ASSERT(now != nullptr);
      RC_ASSERT(now->verdict == d.verdict);
      RC_ASSERT(now->reason == d.reason);
      RC_ASSERT(now->result == d.result);
    }
  }));
}

ConflictRule mirrored(ConflictRule r) {
  if (r == ConflictRule::crm) return ConflictRule::partner_center;
  return r == ConflictRule::partner_center ? ConflictRule::crm : r;
}
FirstLink mirrored(FirstLink f) {
  if (f == FirstLink::crm) return FirstLink::partner_center;
  return f == FirstLink::partner_center ? FirstLink::crm : f;
}
Direction mirrored(Direction d) {
  if (d == Direction::to_crm) return Direction::to_partner_center;
  return d == Direction::to_partner_center ? Direction::to_crm : d;
}
Verdict mirrored(Verdict v) {
  if (v == Verdict::to_crm) return Verdict::to_partner_center;
  return v == Verdict::to_partner_center ? Verdict::to_crm : v;
}

TEST_F(Laws, MirroredSidesUnderAMirroredPolicyGiveTheMirroredDecision) {  // I-36
  EXPECT_TRUE(rc::check("symmetry", [] {
    Laid laid = some_case();
    // An active deal, and the rules that have a mirror image.
    for (Deal* d : {&laid.facts.crm, &laid.facts.partner_center, &laid.facts.base_crm, &laid.facts.base_partner_center})
      d->set(Field::standing, all_standings[1]);
    for (auto& [field, rule] : laid.rules) {
      if (rule.conflict == ConflictRule::prefer_crm_unless_blank) rule.conflict = ConflictRule::crm;
    }
    Laid mirror = laid;
    std::swap(mirror.facts.crm, mirror.facts.partner_center);
    std::swap(mirror.facts.base_crm, mirror.facts.base_partner_center);
    std::swap(mirror.facts.changed_in_crm, mirror.facts.changed_in_partner_center);
    for (auto& [field, rule] : mirror.rules) {
      rule.conflict = mirrored(rule.conflict);
      rule.first_link = mirrored(rule.first_link);
      rule.direction = mirrored(rule.direction);
    }
    const Decision left = laid.decide();
    const Decision right = mirror.decide();
    for (const Field f : plain_fields) {
      const auto* l = left.of(f);
      const auto* r = right.of(f);
      const auto has_no_twin = [](const FieldDecision* d) {
        return d->reason == Reason::locked || d->reason == Reason::needed;
      };
      if (has_no_twin(l) || has_no_twin(r)) continue;  // a CRM locks and needs nothing
      RC_ASSERT(mirrored(l->verdict) == r->verdict);
      RC_ASSERT(l->result == r->result);
    }
  }));
}

TEST_F(Laws, AnAdditionalFieldThatNobodyChangedChangesNothing) {
  EXPECT_TRUE(rc::check("monotone", [] {
    Laid laid = some_case();
    const Decision before = laid.decide();
    const Value same = std::string("the same for all");
    for (Deal* d : {&laid.facts.crm, &laid.facts.partner_center, &laid.facts.base_crm, &laid.facts.base_partner_center})
      d->set(Field::marketplace_intent, same);
    const Decision after = laid.decide();
    RC_ASSERT(after.of(Field::marketplace_intent)->verdict == Verdict::agreed);
    RC_ASSERT(after.fields.size() == before.fields.size() + 1);
    for (const auto& d : before.fields) RC_ASSERT(after.of(d.field)->verdict == d.verdict);
  }));
}

TEST_F(Laws, TheConflictRuleMattersOnlyWhereBothSidesChanged) {
  EXPECT_TRUE(rc::check("policy irrelevance", [] {
    Laid laid = some_case();
    const Decision before = laid.decide();
    Laid other = laid;
    for (auto& [field, rule] : other.rules) {
      rule.conflict = any_of<ConflictRule>({scope::all_rules.begin(), scope::all_rules.end()});
    }
    const Decision after = other.decide();
    for (const Field f : plain_fields) {
      const auto& facts = laid.facts;
      const bool linked = facts.base_crm.shows(f) && facts.base_partner_center.shows(f);
      const bool both = linked && !same_value(facts.crm.get(f), facts.base_crm.get(f)) &&
                        !same_value(facts.partner_center.get(f), facts.base_partner_center.get(f));
      if (both) continue;
      RC_ASSERT(before.of(f)->verdict == after.of(f)->verdict);
      RC_ASSERT(before.of(f)->result == after.of(f)->result);
    }
  }));
}

TEST_F(Laws, TwoEditsSeenTogetherOrOneAfterTheOtherEndAlike) {
  EXPECT_TRUE(rc::check("composition", [] {
    Laid together = some_case();
    // Somebody edits one field in the CRM and somebody another one in Partner Center; nothing else is open.
    together.facts.crm = together.facts.partner_center = together.facts.base_crm = together.facts.base_partner_center =
        some_deal();
    Laid apart = together;
    const Field first = any_of(plain_fields);
    const Field second = any_of(plain_fields);
    RC_PRE(first != second);
    const Value one = some_value(first);
    const Value other = some_value(second);
    together.facts.crm.set(first, one);
    together.facts.partner_center.set(second, other);
    apply(together, together.decide());
    apart.facts.crm.set(first, one);
    apply(apart, apart.decide());
    apart.facts.partner_center.set(second, other);
    apply(apart, apart.decide());
    RC_ASSERT(together.facts.crm == apart.facts.crm);
    RC_ASSERT(together.facts.partner_center == apart.facts.partner_center);
  }));
}

TEST_F(Laws, ValuesAreNeverInvented) {  // I-07
  EXPECT_TRUE(rc::check("no invention", [] {
    const Laid laid = some_case();
    for (const auto& d : laid.decide().fields) {
      if (d.field == Field::standing || d.field == Field::stage) continue;
      if (d.verdict == Verdict::to_crm) RC_ASSERT(d.result == laid.facts.partner_center.get(d.field));
      if (d.verdict == Verdict::to_partner_center) RC_ASSERT(d.result == laid.facts.crm.get(d.field));
    }
  }));
}

// A list travels member by member: what the CRM names is there, what it dropped is gone, and what only Partner Center
// knows stays; nobody else comes in.
TEST_F(Laws, AListKeepsWhatOnlyTheOtherSideKnows) {  // I-06, I-07
  EXPECT_TRUE(rc::check("lists", [] {
    // Which of four solutions a list names, one bit for each.
    const auto some_ids = [] { return *rc::gen::inRange(0, 16); };
    const auto value_of = [](int ids) {
      std::vector<Solution> list;
      for (int n = 0; n < 4; ++n) {
        if ((ids >> n & 1) != 0) list.push_back({std::string("SOL-") + static_cast<char>('A' + n), "", "Name"});
      }
      return list.empty() ? Value{} : Value(std::move(list));
    };
    const int base = some_ids();
    const int crm = some_ids();
    const int pc = some_ids();
    Laid laid = some_case();
    for (Deal* d : {&laid.facts.crm, &laid.facts.partner_center, &laid.facts.base_crm, &laid.facts.base_partner_center})
      d->set(Field::standing, all_standings[1]);
    laid.facts.base_crm.set(Field::solutions, value_of(base));
    laid.facts.base_partner_center.set(Field::solutions, value_of(*rc::gen::element(base, pc)));
    laid.facts.crm.set(Field::solutions, value_of(crm));
    laid.facts.partner_center.set(Field::solutions, value_of(pc));
    const Decision decision = laid.decide();
    const auto* d = decision.of(Field::solutions);
    const int wanted = crm | (pc & ~base);
    if (d->reason == Reason::needed) RC_ASSERT(wanted == 0);
    if (d->verdict != Verdict::to_partner_center) return;
    int sent = 0;
    for (const Solution& one : std::get<std::vector<Solution>>(d->result)) {
      const int bit = 1 << (one.id.back() - 'A');
      RC_ASSERT((sent & bit) == 0);
      sent |= bit;
    }
    RC_ASSERT(sent == wanted);
  }));
}

TEST_F(Laws, NothingIsWrittenToAClosedReferralAndEachStepIsLegal) {  // I-14
  EXPECT_TRUE(rc::check("terminal states absorb", [] {
    const Laid laid = some_case();
    const Decision decision = laid.decide();
    const Standing now = *laid.facts.partner_center.standing();
    if (is_terminal(now)) RC_ASSERT(!decision.any(Verdict::to_partner_center));
    const auto* standing = decision.of(Field::standing);
    if (standing->verdict == Verdict::to_partner_center) RC_ASSERT(may_move(now, std::get<Standing>(standing->result)));
  }));
}

// Status, substatus and reason are one value, and so are amount and currency: what travels is one side's whole (I-10).
TEST_F(Laws, GroupsTravelWhole) {  // I-10
  EXPECT_TRUE(rc::check("atomic groups", [] {
    const Laid laid = some_case();
    const Decision decision = laid.decide();
    const auto* value = decision.of(Field::value);
    if (value->verdict == Verdict::to_crm) RC_ASSERT(value->result == laid.facts.partner_center.get(Field::value));
    if (value->verdict == Verdict::to_partner_center) RC_ASSERT(value->result == laid.facts.crm.get(Field::value));
    const auto* standing = decision.of(Field::standing);
    if (standing->reason == Reason::closed_in_crm && standing->verdict == Verdict::to_partner_center) {
      RC_ASSERT(standing->result == laid.facts.crm.get(Field::standing));
    }
  }));
}

}  // namespace
}  // namespace cosell::reconcile
