// The whole life cycle, enumerated: every type × status × substatus × stage × event × actor × direction is judged by
// the product and by a second specification that is written as sentences. docs/lifecycle.md holds the same as tables.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "deal/lifecycle.h"
#include "deal/preflight.h"
#include "deal/rules.h"

namespace cosell {
namespace {

constexpr DealType types[] = {DealType::private_deal, DealType::partner_led, DealType::co_sell,
                              DealType::partner_to_partner, DealType::assessment};
constexpr Status statuses[] = {Status::fresh, Status::active, Status::closed};
constexpr Substatus substatuses[] = {Substatus::pending, Substatus::received, Substatus::accepted, Substatus::won,
                                     Substatus::lost,    Substatus::declined, Substatus::expired,  Substatus::error};
constexpr Stage stages[] = {Stage::none, Stage::s10, Stage::s20, Stage::s40, Stage::s60, Stage::s80, Stage::s100};
constexpr Actor actors[] = {Actor::partner, Actor::microsoft, Actor::system};

bool exists(const LifePoint& p) {
  const bool waits = p.substatus == Substatus::pending || p.substatus == Substatus::received;
  const bool open = p.substatus == Substatus::accepted;
  return p.status == (waits ? Status::fresh : open ? Status::active : Status::closed);
}

bool has_gone_through(const LifePoint& p, int percent) { return percent <= 10 || percent_of(p.stage) >= percent; }

// The second specification: who may do what, and when.
bool expected(const LifePoint& p, Event event, Actor who) {
  if (!exists(p)) return false;
  const bool open = p.status == Status::active;
  const bool assessment = p.type == DealType::assessment;
  if (event == Event::expire) return who == Actor::system && p.status == Status::fresh;      // L-4
  if (event == Event::reopen) return who == Actor::microsoft && p.status == Status::closed;  // L-7
  if (who != Actor::partner) return false;
  switch (event) {
    case Event::accept:   // L-1, L-2
    case Event::decline:  // L-3, L-8
      return p.status == Status::fresh;
    case Event::win:  // L-8, S-10
      return open && (!assessment || has_gone_through(p, 80));
    case Event::lose:
    case Event::close_as_error:
    case Event::edit:  // L-6
      return open;
    case Event::report_20:  // L-11; S-8: ordinary deals may jump; S-3
      return open;
    case Event::report_40:  // S-4
      return open && (!assessment || has_gone_through(p, 20));
    case Event::report_60:  // S-5
      return open && (!assessment || has_gone_through(p, 40));
    case Event::report_80:  // S-6
      return open && (!assessment || has_gone_through(p, 60));
    case Event::show_to_microsoft:  // U-2, U-7, U-8
      return open && !p.inbound && p.type == DealType::private_deal;
    case Event::ask_microsoft:  // U-1, U-3, U-5, U-9
      return open && !p.inbound && p.type != DealType::co_sell && !assessment;
    case Event::invite_partner:  // U-1, U-3, U-4, U-6
      return open && !p.inbound && !assessment;
    case Event::register_deal:  // G-1, G-5, G-7, T-2, T-5, T-10
      return p.substatus == Substatus::won && (p.type == DealType::co_sell || p.type == DealType::partner_led);
    default:
      return false;
  }
}

template <class Visit>
void each_point(Visit visit) {
  for (const DealType type : types) {
    for (const Status status : statuses) {
      for (const Substatus substatus : substatuses) {
        for (const Stage stage : stages) {
          for (const bool inbound : {false, true}) visit(LifePoint{type, inbound, status, substatus, stage});
        }
      }
    }
  }
}

TEST(LifeCycleScope, EveryStepOfEveryDealIsLegalExactlyWhenTheRulesSaySo) {
  int legal = 0;
  int judged = 0;
  each_point([&](const LifePoint& p) {
    for (int e = 0; e < kEvents; ++e) {
      for (const Actor who : actors) {
        const Step step = take_step(p, Event(e), who);
        ++judged;
        legal += step.legal ? 1 : 0;
        ASSERT_EQ(step.legal, expected(p, Event(e), who))
            << name_of(p.type) << (p.inbound ? " inbound " : " own ") << name_of(p.status) << "/"
            << name_of(p.substatus) << " at " << percent_of(p.stage) << ": " << name_of(Event(e)) << " by "
            << name_of(who);
        ASSERT_STRNE(step.rule, "");
        ASSERT_EQ(std::string(step.why).empty(), step.legal);
      }
    }
  });
  EXPECT_EQ(judged, 5 * 3 * 8 * 7 * 2 * kEvents * 3);
  EXPECT_GT(legal, 0);
}

TEST(LifeCycleScope, NoStepMakesADealThatDoesNotExistOrTakesSomethingBack) {  // L-5, U-8
  each_point([](const LifePoint& p) {
    for (int e = 0; e < kEvents; ++e) {
      for (const Actor who : actors) {
        const Step step = take_step(p, Event(e), who);
        if (!step.legal) continue;
        EXPECT_TRUE(exists(step.to));
        EXPECT_NE(step.to.status, Status::fresh) << "nothing goes back to waiting";
        const bool was_seen = p.type == DealType::co_sell || p.type == DealType::partner_led;
        if (was_seen) {
          EXPECT_NE(step.to.type, DealType::private_deal);
        }
      }
    }
  });
}

TEST(LifeCycleScope, APartnersMoveOfTheStandingIsOneOfTheTableAndNoOther) {
  for (const Substatus from : substatuses) {
    for (const Substatus to : substatuses) {
      bool in_table = from == to;
      for (const Transition& t : transitions()) {
        in_table = in_table || (t.who == Actor::partner && t.from == from && t.to == to);
      }
      EXPECT_EQ(may_move({status_of(from), from, ""}, {status_of(to), to, ""}), in_table)
          << name_of(from) << " to " << name_of(to);
    }
  }
}

TEST(LifeCycleScope, WinningSetsTheLastStageAndOtherClosingsKeepTheirs) {  // S-7, L-11
  const LifePoint at{DealType::co_sell, false, Status::active, Substatus::accepted, Stage::s40};
  EXPECT_EQ(take_step(at, Event::win, Actor::partner).to.stage, Stage::s100);
  EXPECT_EQ(take_step(at, Event::lose, Actor::partner).to.stage, Stage::s40);
}

TEST(LifeCycleScope, DealsBetweenPartnersAndAssessmentsAreNotCreatedAndTheReasonIsTold) {
  // what an invitation needs is not written through the API.
  EXPECT_NE(why_not_created(DealType::partner_to_partner).find("not documented"), std::string::npos);
  EXPECT_NE(why_not_created(DealType::assessment).find("not documented"), std::string::npos);
  for (const DealType t : {DealType::private_deal, DealType::partner_led, DealType::co_sell}) {
    EXPECT_EQ(why_not_created(t), "");
  }
}

TEST(LifeCycleScope, AReferralShowsWhichTypeItIs) {  // D-1, D-2, M-0, T-2, T-5, T-9
  Deal own;
  EXPECT_EQ(deal_type_of(own), std::nullopt);
  own.set(Field::direction, std::string("Outgoing"));
  own.set(Field::type, std::string("partner-led"));
  EXPECT_EQ(deal_type_of(own), DealType::partner_led);
  own.set(Field::microsoft_answer, std::string("waiting"));
  EXPECT_EQ(deal_type_of(own), DealType::co_sell);
  for (const DealType type : types) EXPECT_EQ(deal_type_from(name_of(type)), type);
}

TEST(LifeCycleScope, TheClocksAreFiguresThatCanBeChanged) {  // L-10, T-7, G-3
  const RulePack rules;
  EXPECT_EQ(rules.clocks.partner_answers.ms, days(14).ms);
  EXPECT_EQ(rules.clocks.microsoft_answers.ms, days(14).ms);
  EXPECT_EQ(rules.clocks.won_after.ms, hours(72).ms);
  EXPECT_EQ(rules.clocks.register_within.ms, days(60).ms);
}

// ---- the document

std::string cell(const LifePoint& p, Event event) {
  std::string out;
  for (const Actor who : actors) {
    const Step step = take_step(p, event, who);
    if (!step.legal) continue;
    const std::string to = step.to.substatus == p.substatus ? "stays" : name_of(step.to.substatus);
    out += (out.empty() ? "" : "; ") + std::string(who == Actor::partner ? "" : std::string(name_of(who)) + ": ") + to +
           " (" + step.rule + ")";
  }
  if (!out.empty()) return out;
  return std::string("no (") + take_step(p, event, Actor::partner).rule + ")";
}

std::string type_cell(const LifePoint& p, Event event) {
  const Step step = take_step(p, event, Actor::partner);
  return std::string(step.legal ? name_of(step.to.type) : "no") + " (" + step.rule + ")";
}

std::string document() {
  std::ostringstream out;
  out << "# The life of a co-sell deal\n\nGenerated from the code by `scripts/update-lifecycle-table`; a test compares "
         "this file with what the code does.\n\n## States and events\n\nFor a deal of the type co-sell that the "
         "partner "
         "made (and for one that was sent to it, while it waits). Where nobody is named, the partner acts.\n\n| event "
         "|";
  for (const Substatus s : substatuses) out << " " << name_of(status_of(s)) << " / " << name_of(s) << " |";
  out << "\n|---|"
      << "---|---|---|---|---|---|---|---|"
      << "\n";
  for (const Event e : {Event::accept, Event::decline, Event::expire, Event::edit, Event::report_20, Event::report_80,
                        Event::win, Event::lose, Event::close_as_error, Event::register_deal, Event::reopen}) {
    out << "| " << name_of(e) << " |";
    for (const Substatus s : substatuses) {
      out << " " << cell({DealType::co_sell, false, status_of(s), s, Stage::s20}, e) << " |";
    }
    out << "\n";
  }
  out << "\n## Types and upgrades\n\nWhile a deal is accepted. How partners are invited through the API is not "
         "documented, so the bridge never does.\n\n| type | ";
  const Event upgrade_events[] = {Event::show_to_microsoft, Event::ask_microsoft, Event::invite_partner};
  for (const Event e : upgrade_events) out << name_of(e) << " | ";
  out << "created by the bridge |\n|---|---|---|---|---|\n";
  for (const bool inbound : {false, true}) {
    for (const DealType type : types) {
      out << "| " << name_of(type) << (inbound ? ", inbound" : "") << " |";
      for (const Event e : upgrade_events) {
        out << " " << type_cell({type, inbound, Status::active, Substatus::accepted, Stage::none}, e) << " |";
      }
      out << (inbound || !why_not_created(type).empty() ? " no |\n" : " yes |\n");
    }
  }
  out << "\n## Stages of assessments\n\nEach stage has to be reported before the next one, and all of them before Won "
         "(S-10). Ordinary deals may jump (S-8).\n\n| reported | ";
  const Event reports[] = {Event::report_20, Event::report_40, Event::report_60, Event::report_80, Event::win};
  for (const Event e : reports) out << name_of(e) << " | ";
  out << "\n|---|---|---|---|---|---|\n";
  for (const Stage s : {Stage::none, Stage::s20, Stage::s40, Stage::s60, Stage::s80}) {
    out << "| " << (s == Stage::none ? "nothing" : std::to_string(percent_of(s)) + " %") << " |";
    for (const Event e : reports) {
      const LifePoint p{DealType::assessment, false, Status::active, Substatus::accepted, s};
      out << (take_step(p, e, Actor::partner).legal ? " yes |" : " no (S-10) |");
    }
    out << "\n";
  }
  out << "\n## When a field is locked\n\n| field | accepted, private | accepted, shown to Microsoft | closed |\n"
         "|---|---|---|---|\n";
  const auto lock = [](Field f, Substatus s, bool shared) {
    const Lock l = lock_of(f, {status_of(s), s, ""}, shared);
    return l.locked ? "locked (" + l.rule + ")" : std::string("open");
  };
  for (const FieldInfo& f : all_fields()) {
    if (!f.shared) continue;
    out << "| " << f.label << " | " << lock(f.field, Substatus::accepted, false) << " | "
        << lock(f.field, Substatus::accepted, true) << " | " << lock(f.field, Substatus::won, true) << " |\n";
  }
  const RulePack pack;
  out << "\n## Clocks\n\n| what | how long | rule |\n|---|---|---|\n"
      << "| the partner answers an inbound deal | " << pack.clocks.partner_answers.ms / days(1).ms << " days | L-4 |\n"
      << "| Microsoft answers a request for help | " << pack.clocks.microsoft_answers.ms / days(1).ms
      << " days | T-7 |\n| from creation to Won, for a deal that is to be registered | "
      << pack.clocks.won_after.ms / hours(1).ms
      << " hours | G-3 |\n| from the contract's signature to the registration | "
      << pack.clocks.register_within.ms / days(1).ms << " days | partner-center-referrals 2.9 |\n";
  out << "\n## Required fields of a new deal\n\nRule pack " << pack.id << " (" << pack.source
      << ").\n\n| field | what | "
      << "rule |\n|---|---|---|\n";
  for (const Missing& m : missing_for_create(Deal{}, pack)) {
    out << "| " << info(m.field).label << " | " << m.what << " | " << m.rule << " |\n";
  }
  out << "\n## Every rule\n\nKept: no write breaks it. Shown: read, computed or told to people.\n\n| id | rule | |\n"
         "|---|---|---|\n";
  for (const Rule& r : all_rules()) out << "| " << r.id << " | " << r.text << " | " << name_of(r.care) << " |\n";
  return out.str();
}

TEST(LifeCycleScope, TheTableInTheDocumentationIsWhatTheCodeDoes) {
  const std::string path = std::string(SOURCE_DIR) + "/docs/lifecycle.md";
  const std::string wanted = document();
  if (std::getenv("COSELL_WRITE_DOCS") != nullptr) std::ofstream(path) << wanted;
  std::ostringstream found;
  found << std::ifstream(path).rdbuf();
  EXPECT_TRUE(found.str() == wanted)
      << "docs/lifecycle.md is not what the code does. Look at the change, then: scripts/update-lifecycle-table";
}

}  // namespace
}  // namespace cosell
