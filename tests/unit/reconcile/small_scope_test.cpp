// The small scope, complete: every combination is decided by the product and by a naive specification that is written
// the other way round, from who has spoken; they have to agree on verdict, reason and value. docs/reconcile.md holds
// the table that comes out of it.
#include "small_scope.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

namespace cosell::reconcile {
namespace {

using mapping::ConflictRule;
using mapping::Direction;
using mapping::FirstLink;
using scope::Cell;
using scope::Life;
using scope::Situation;

struct Expected {
  Verdict verdict;
  Reason reason;
  Cell value = Cell::absent;
};

Value value_of(Cell cell) {
  Deal deal;
  scope::put(deal, Field::notes, cell);
  return deal.get(Field::notes);
}

// --- the naive specification

enum class Winner { nobody, crm, partner_center, a_person };

struct Spoken {
  Winner winner;
  Reason reason;
};

// Who has something to say that the other side does not know yet? On a first link: whoever is not empty.
Spoken who_wins(const Situation& s) {
  const bool first = s.base_crm == Cell::absent || s.base_partner_center == Cell::absent;
  const bool crm_speaks = first ? s.crm != Cell::blank : s.crm != s.base_crm;
  const bool pc_speaks = first ? s.partner_center != Cell::blank : s.partner_center != s.base_partner_center;
  if (!crm_speaks && !pc_speaks) return {Winner::nobody, Reason::unchanged};
  if (!pc_speaks) return {Winner::crm, first ? Reason::first_link_blank : Reason::changed_in_crm};
  if (!crm_speaks) {
    return {Winner::partner_center, first ? Reason::first_link_blank : Reason::changed_in_partner_center};
  }
  // Both speak. A one-way field has an owner, whatever the rules say.
  const Reason rule = first ? Reason::first_link_rule : Reason::both_changed_rule;
  if (s.direction == Direction::to_partner_center) return {Winner::crm, rule};
  if (s.direction == Direction::to_crm) return {Winner::partner_center, rule};
  if (first) {
    const std::map<FirstLink, Spoken> by_precedence = {{FirstLink::crm, {Winner::crm, rule}},
                                                       {FirstLink::partner_center, {Winner::partner_center, rule}},
                                                       {FirstLink::ask, {Winner::a_person, Reason::first_link_ask}}};
    return by_precedence.at(s.first_link);
  }
  const std::map<ConflictRule, Spoken> by_rule = {
      {ConflictRule::crm, {Winner::crm, rule}},
      {ConflictRule::partner_center, {Winner::partner_center, rule}},
      {ConflictRule::latest, {Winner::crm, Reason::both_changed_latest}},  // the scope's CRM was changed last
      {ConflictRule::prefer_crm_unless_blank,
       {s.crm == Cell::blank ? Winner::partner_center : Winner::crm, Reason::both_changed_rule}},
      {ConflictRule::ask, {Winner::a_person, Reason::both_changed_ask}},
      {ConflictRule::furthest_stage, {Winner::a_person, Reason::both_changed_ask}}};
  return by_rule.at(s.conflict);
}

// Empty: the field is not compared at all.
std::optional<Expected> specified(const Situation& s) {
  if (s.crm == Cell::absent || s.partner_center == Cell::absent) return std::nullopt;
  if (s.crm == s.partner_center) return Expected{Verdict::agreed, Reason::equal};
  const Spoken spoken = who_wins(s);
  if (spoken.winner == Winner::nobody) return Expected{Verdict::agreed, Reason::unchanged};
  if (s.life == Life::closed) return Expected{Verdict::ignored, Reason::closed};
  const bool to_crm = spoken.winner == Winner::partner_center;
  const bool to_pc = spoken.winner == Winner::crm;
  const bool against_the_direction = s.direction == Direction::off ||
                                     (to_crm && s.direction == Direction::to_partner_center) ||
                                     (to_pc && s.direction == Direction::to_crm);
  if (against_the_direction) return Expected{Verdict::ignored, Reason::one_way};
  if (to_crm) return Expected{Verdict::to_crm, spoken.reason, s.partner_center};
  if (s.life == Life::closing) return Expected{Verdict::ignored, Reason::closed};
  if (!to_pc) return Expected{Verdict::conflict, spoken.reason};
  if (s.life == Life::waiting) return Expected{Verdict::held, Reason::not_answered_yet, s.crm};
  return Expected{Verdict::to_partner_center, spoken.reason, s.crm};
}

// --- the enumeration

void for_each_situation(const std::function<void(const Situation&)>& each) {
  Situation s;
  for (s.base_crm = Cell::absent; s.base_crm <= Cell::c; s.base_crm = Cell(int(s.base_crm) + 1)) {
    for (const Cell base_pc : scope::all_cells) {
      for (const Cell crm : scope::all_cells) {
        for (const Cell pc : scope::all_cells) {
          for (const Life life : scope::all_lives) {
            for (const Direction direction : scope::all_directions) {
              for (const ConflictRule conflict : scope::all_rules) {
                for (const FirstLink first_link : scope::all_precedences) {
                  s.base_partner_center = base_pc;
                  s.crm = crm;
                  s.partner_center = pc;
                  s.life = life;
                  s.direction = direction;
                  s.conflict = conflict;
                  s.first_link = first_link;
                  each(s);
                }
              }
            }
          }
        }
      }
    }
  }
}

constexpr std::size_t situations = 5UL * 5 * 5 * 5 * 4 * 4 * 6 * 3;

constexpr std::array<Presence, 4> all_presences = {Presence::never_seen, Presence::live, Presence::deleted,
                                                   Presence::out_of_scope};

std::string told(const Situation& s) {
  std::ostringstream out;
  out << "agreed " << int(s.base_crm) << "/" << int(s.base_partner_center) << ", now " << int(s.crm) << "/"
      << int(s.partner_center) << ", " << scope::name_of(s.life) << ", " << mapping::name_of(s.direction) << ", "
      << mapping::name_of(s.conflict) << ", " << mapping::name_of(s.first_link);
  return out.str();
}

TEST(SmallScope, EveryCombinationIsDecidedAsTheNaiveSpecificationSays) {  // I-41, I-34, I-08
  std::size_t decided = 0;
  for_each_situation([&](const Situation& s) {
    const Decision decision = scope::decide(s);
    const auto* got = decision.of(Field::notes);
    const auto wanted = specified(s);
    ++decided;
    ASSERT_EQ(got != nullptr, wanted.has_value()) << told(s);
    if (got == nullptr) return;
    ASSERT_STREQ(name_of(got->verdict), name_of(wanted->verdict)) << told(s);
    ASSERT_STREQ(name_of(got->reason), name_of(wanted->reason)) << told(s);
    ASSERT_EQ(got->result, value_of(wanted->value)) << told(s);
  });
  EXPECT_EQ(decided, situations);
}

// I-08 read off the results alone, without the specification: a written-over change has a rule for its reason.
TEST(SmallScope, NoChangeIsWrittenOverWithoutARuleThatSaysSo) {  // I-08
  for_each_situation([](const Situation& s) {
    const Decision decision = scope::decide(s);
    const auto* d = decision.of(Field::notes);
    if (d == nullptr) return;
    const bool pc_changed = s.base_partner_center != Cell::absent && s.partner_center != s.base_partner_center;
    const bool crm_changed = s.base_crm != Cell::absent && s.crm != s.base_crm;
    const bool written_over =
        (d->verdict == Verdict::to_partner_center && pc_changed) || (d->verdict == Verdict::to_crm && crm_changed);
    if (!written_over) return;
    const bool by_rule = d->reason == Reason::both_changed_rule || d->reason == Reason::both_changed_latest ||
                         d->reason == Reason::first_link_rule || d->reason == Reason::first_link_blank;
    ASSERT_TRUE(by_rule) << told(s) << ": " << name_of(d->reason);
  });
}

TEST(SmallScope, FieldsAreComparedOnlyWhileBothRecordsAreThere) {  // I-11
  std::size_t compared = 0;
  for (const Presence crm : all_presences) {
    for (const Presence pc : all_presences) {
      const Course course = course_of(crm, pc);
      const bool both = crm == Presence::live && pc == Presence::live;
      EXPECT_EQ(course == Course::compare, both);
      compared += both ? 1 : 0;
      const bool linked = crm != Presence::never_seen && pc != Presence::never_seen;
      if (linked && !both) {
        EXPECT_TRUE(course == Course::crm_is_gone || course == Course::partner_center_is_gone);
      }
      // A record is created only for one that is there now, beside one that never was.
      if (course == Course::opportunity_alone) {
        EXPECT_TRUE(crm == Presence::live && pc == Presence::never_seen);
      }
      if (course == Course::referral_alone) {
        EXPECT_TRUE(pc == Presence::live && crm == Presence::never_seen);
      }
    }
  }
  EXPECT_EQ(compared, 1U);
}

// --- the table

std::string shown(const FieldDecision* d) {
  if (d == nullptr) return "not compared";
  switch (d->verdict) {
    case Verdict::agreed:
      return d->reason == Reason::equal ? "agreed" : "stays";
    case Verdict::to_partner_center:
      return "→ Partner Center";
    case Verdict::to_crm:
      return "→ CRM";
    case Verdict::conflict:
      return "asks";
    case Verdict::held:
      return "held";
    case Verdict::ignored:
      return "left alone";
  }
  return "";
}

// One cell of the table: the same for all rules, or what each rule makes of it.
std::string by_rules(Situation s) {
  std::vector<std::pair<std::string, std::vector<std::string>>> outcomes;
  const auto add = [&](const std::string& rule, const Decision& decision) {
    const auto* d = decision.of(Field::notes);
    const std::string text = shown(d) + (d == nullptr ? "" : std::string(" `") + name_of(d->reason) + "`");
    for (auto& [outcome, rules] : outcomes) {
      if (outcome != text) continue;
      rules.push_back(rule);
      return;
    }
    outcomes.push_back({text, {rule}});
  };
  if (s.base_crm == Cell::absent) {
    for (const FirstLink f : scope::all_precedences) {
      s.first_link = f;
      add(mapping::name_of(f), scope::decide(s));
    }
  } else {
    for (const ConflictRule r : scope::all_rules) {
      if (r == ConflictRule::furthest_stage) continue;  // for stages only
      s.conflict = r;
      add(mapping::name_of(r), scope::decide(s));
    }
  }
  if (outcomes.size() == 1) return outcomes.front().first;
  std::string out;
  for (const auto& [outcome, rules] : outcomes) {
    out += out.empty() ? "" : "; ";
    for (std::size_t i = 0; i < rules.size(); ++i) out += (i == 0 ? "*" : ", *") + rules[i] + "*";
    out += ": " + outcome;
  }
  return out;
}

const char* cell_text(Cell cell) {
  constexpr std::array<const char*, 5> names = {"never agreed", "(empty)", "a", "b", "c"};
  return names[static_cast<std::size_t>(cell)];
}

// One of the situations that differ only in the names of the texts: the first text is a, the next b.
bool is_first_of_its_kind(Cell base, Cell crm, Cell pc) {
  int next = int(Cell::a);
  for (const Cell cell : {base, crm, pc}) {
    if (cell < Cell::a) continue;
    if (int(cell) > next) return false;
    if (int(cell) == next) ++next;
  }
  return true;
}

void print_fields(std::ostream& out) {
  out << "| agreed on | CRM | Partner Center | both ways | only to Partner Center | only to the CRM | unanswered deal "
         "| "
         "closed just now | closed before |\n|---|---|---|---|---|---|---|---|---|\n";
  for (const Cell base : scope::all_cells) {
    for (const Cell crm : scope::all_cells) {
      for (const Cell pc : scope::all_cells) {
        if (crm == Cell::absent || pc == Cell::absent || !is_first_of_its_kind(base, crm, pc)) continue;
        Situation s;
        s.base_crm = s.base_partner_center = base;
        s.crm = crm;
        s.partner_center = pc;
        out << "| " << cell_text(base) << " | " << cell_text(crm) << " | " << cell_text(pc);
        for (const Direction d : {Direction::both, Direction::to_partner_center, Direction::to_crm}) {
          s.direction = d;
          out << " | " << by_rules(s);
        }
        s.direction = Direction::both;
        for (const Life life : {Life::waiting, Life::closing, Life::closed}) {
          s.life = life;
          out << " | " << by_rules(s);
        }
        s.life = Life::active;
        out << " |\n";
      }
    }
  }
}

void print_standings(std::ostream& out) {
  struct Named {
    const char* name;
    Standing standing;
  };
  const std::vector<Named> all = {{"unanswered", {Status::fresh, Substatus::pending, ""}},
                                  {"active", {Status::active, Substatus::accepted, ""}},
                                  {"won", {Status::closed, Substatus::won, ""}},
                                  {"lost", {Status::closed, Substatus::lost, "Budget"}},
                                  {"declined", {Status::closed, Substatus::declined, "Other"}},
                                  {"expired", {Status::closed, Substatus::expired, ""}}};
  const mapping::FieldRule rule;
  Policy policy;
  policy.rule = [&](Field) -> const mapping::FieldRule& { return rule; };
  out << "| Partner Center | CRM | first link | agreed on active | agreed on what Partner Center shows |\n"
         "|---|---|---|---|---|\n";
  for (const Named& pc : all) {
    for (const Named& crm : all) {
      if (&crm - &all[0] > 3) continue;  // a CRM knows won and lost
      out << "| " << pc.name << " | " << crm.name;
      for (const int base : {0, 1, 2}) {
        Facts facts;
        facts.crm.set(Field::standing, crm.standing);
        facts.partner_center.set(Field::standing, pc.standing);
        if (base > 0) {
          facts.base_partner_center.set(Field::standing, base == 1 ? all[1].standing : pc.standing);
          facts.base_crm.set(Field::standing, base == 1 ? all[1].standing : pc.standing);
        }
        const Decision decision = reconcile(facts, policy);
        const auto* d = decision.of(Field::standing);
        out << " | " << shown(d) << " `" << name_of(d->reason) << "`" << (d->rule.empty() ? "" : " " + d->rule);
      }
      out << " |\n";
    }
  }
}

void print_reasons(std::ostream& out) {
  out << "| reason | in words |\n|---|---|\n";
  for (int i = 0; i <= static_cast<int>(Reason::needed); ++i) {
    out << "| `" << name_of(Reason(i)) << "` | " << explain(Reason(i)) << " |\n";
  }
}

std::string document() {
  std::ostringstream out;
  out << "# What is decided, case by case\n\n"
         "Generated from the code by `scripts/update-reconcile-table`; a test compares this file with what the code "
         "does.\n\n"
         "Every combination of the small scope is decided by the product and by a second, naive specification that is "
         "written the other way round: "
      << situations
      << " cases for one field (agreed value of either side × CRM × Partner Center, each of not shown, empty and three "
         "texts; 4 stages of a deal's life; 4 directions; 6 conflict rules; 3 first-link precedences). These are run "
         "with both records there, which is the only one of the "
      << all_presences.size() * all_presences.size()
      << " combinations of presence below in which fields are compared at all; which course each of the combinations "
         "takes is checked by itself.\n\n"
         "## The records\n\n"
         "Absence from a listing is none of these: a record counts as gone only when its system says so, or when it "
         "was "
         "asked for by its id and is not there.\n\n"
         "| opportunity | referral | what happens |\n|---|---|---|\n";
  for (const Presence crm : all_presences) {
    for (const Presence pc : all_presences) {
      out << "| " << name_of(crm) << " | " << name_of(pc) << " | " << name_of(course_of(crm, pc)) << " |\n";
    }
  }
  out << "\n## One field\n\n"
         "Letters stand for different values; situations that differ only in the letters are one row. A field that a "
         "side does not show is not compared. A word in italics is the mapping's conflict rule (or, where nothing was "
         "agreed yet, its first-link precedence); without one, all rules give the same. *latest* assumes that the "
         "CRM's "
         "record was changed last; with equal or unknown times it asks. The last three columns are for fields that go "
         "both ways. A locked field (fixed after creation, or after Microsoft saw the deal) is left alone where it "
         "would "
         "travel to Partner Center.\n\n";
  print_fields(out);
  out << "\n## Where a deal stands\n\n"
         "Status, substatus and reason are one value. Nothing is written to a closed referral; a deal that is open in "
         "the CRM and closed in Partner Center waits for a person.\n\n";
  print_standings(out);
  out << "\n## Reasons\n\nEach decision of the comparison names one of these; there are no others. A person's choice "
         "lies over it as "
         "`chosen_by_person`.\n\n";
  print_reasons(out);
  return out.str();
}

TEST(SmallScope, TheTableInTheDocumentationIsWhatTheCodeDoes) {
  const std::string path = std::string(SOURCE_DIR) + "/docs/reconcile.md";
  const std::string wanted = document();
  if (std::getenv("COSELL_WRITE_DOCS") != nullptr) std::ofstream(path) << wanted;
  std::ostringstream found;
  found << std::ifstream(path).rdbuf();
  EXPECT_TRUE(found.str() == wanted)
      << "docs/reconcile.md is not what the code does. Look at the change, then: scripts/update-reconcile-table";
}

TEST(SmallScope, EachReasonHasANameAndWordsOfItsOwn) {  // I-34
  std::map<std::string, int> names;
  for (int i = 0; i <= static_cast<int>(Reason::needed); ++i) {
    ++names[name_of(Reason(i))];
    EXPECT_FALSE(std::string(explain(Reason(i))).empty());
  }
  for (const auto& [name, times] : names) EXPECT_EQ(times, 1) << name;
}

}  // namespace
}  // namespace cosell::reconcile
