// The small scope of one field: what either side shows and last agreed on, how far the deal is, and the mapping's rule.
// Shared by the complete enumeration, the laws, and the table in docs/reconcile.md.
#pragma once

#include <array>
#include <string>

#include "reconcile/reconcile.h"

namespace cosell::reconcile::scope {

// Three-valued, plus three different texts: what is not shown, what is empty, and what is written there.
enum class Cell : std::uint8_t { absent, blank, a, b, c };
inline constexpr std::array<Cell, 5> all_cells = {Cell::absent, Cell::blank, Cell::a, Cell::b, Cell::c};

// How far the deal is in Partner Center.
enum class Life : std::uint8_t { waiting, active, closing, closed };
inline constexpr std::array<Life, 4> all_lives = {Life::waiting, Life::active, Life::closing, Life::closed};
const inline char* name_of(Life life) {
  constexpr std::array<const char*, 4> names = {"unanswered", "active", "closed just now", "closed before"};
  return names[static_cast<std::size_t>(life)];
}

inline constexpr std::array<mapping::ConflictRule, 6> all_rules = {
    mapping::ConflictRule::crm,    mapping::ConflictRule::partner_center,
    mapping::ConflictRule::latest, mapping::ConflictRule::prefer_crm_unless_blank,
    mapping::ConflictRule::ask,    mapping::ConflictRule::furthest_stage};
inline constexpr std::array<mapping::FirstLink, 3> all_precedences = {
    mapping::FirstLink::crm, mapping::FirstLink::partner_center, mapping::FirstLink::ask};
inline constexpr std::array<mapping::Direction, 4> all_directions = {
    mapping::Direction::both, mapping::Direction::to_partner_center, mapping::Direction::to_crm,
    mapping::Direction::off};

struct Situation {
  Cell base_crm = Cell::a;
  Cell base_partner_center = Cell::a;
  Cell crm = Cell::a;
  Cell partner_center = Cell::a;
  Life life = Life::active;
  mapping::Direction direction = mapping::Direction::both;
  mapping::ConflictRule conflict = mapping::ConflictRule::ask;
  mapping::FirstLink first_link = mapping::FirstLink::crm;
};

inline void put(Deal& deal, Field field, Cell cell) {
  if (cell == Cell::absent) return;
  deal.set(field, cell == Cell::blank ? Value{} : Value{std::string(1, static_cast<char>('a' + (int(cell) - 2)))});
}

// The CRM was changed last, so that the rule `latest` has something to go by.
inline Facts facts_of(const Situation& s, Field field = Field::notes) {
  const Standing waiting{Status::fresh, Substatus::pending, ""};
  const Standing active{Status::active, Substatus::accepted, ""};
  const Standing lost{Status::closed, Substatus::lost, "Budget"};
  Facts facts;
  const bool closed_now = s.life == Life::closing || s.life == Life::closed;
  const Standing now = s.life == Life::waiting ? waiting : closed_now ? lost : active;
  const Standing then = s.life == Life::waiting ? waiting : s.life == Life::closed ? lost : active;
  facts.crm.set(Field::standing, then);
  facts.base_crm.set(Field::standing, then);
  facts.partner_center.set(Field::standing, now);
  facts.base_partner_center.set(Field::standing, then);
  put(facts.crm, field, s.crm);
  put(facts.partner_center, field, s.partner_center);
  put(facts.base_crm, field, s.base_crm);
  put(facts.base_partner_center, field, s.base_partner_center);
  facts.changed_in_crm = Instant{2000};
  facts.changed_in_partner_center = Instant{1000};
  return facts;
}

inline Decision decide(const Situation& s, Field field = Field::notes) {
  mapping::FieldRule rule;
  rule.direction = s.direction;
  rule.conflict = s.conflict;
  rule.first_link = s.first_link;
  static const mapping::FieldRule plain;
  Policy policy;
  policy.rule = [&](Field f) -> const mapping::FieldRule& { return f == field ? rule : plain; };
  return reconcile(facts_of(s, field), policy);
}

}  // namespace cosell::reconcile::scope
