// The life cycle: two tables (transitions, upgrades) and the small functions that read them.
#include "deal/lifecycle.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/text.h"

namespace cosell {

namespace {

constexpr std::array<DealType, 5> kTypes = {DealType::private_deal, DealType::partner_led, DealType::co_sell,
                                            DealType::partner_to_partner, DealType::assessment};

bool waits(Substatus s) { return status_of(s) == Status::fresh; }
bool ended(Substatus s) { return status_of(s) == Status::closed; }

const Transition* transition_of(Event event, Actor who, Substatus from) {
  for (const Transition& t : transitions()) {
    if (t.event == event && t.who == who && t.from == from) return &t;
  }
  return nullptr;
}

bool changes_standing(Event event) {
  const auto& all = transitions();
  return std::any_of(all.begin(), all.end(), [event](const Transition& t) { return t.event == event; });
}

// S-11: an unreported stage equals 10.
int reported(Stage s) { return std::max(percent_of(s), percent_of(Stage::s10)); }

// The stage that comes after `s` (S-3..S-6); S-10 asks for each of them.
Stage next_stage(Stage s) {
  for (const Stage next : {Stage::s20, Stage::s40, Stage::s60, Stage::s80}) {
    if (percent_of(next) > reported(s)) return next;
  }
  return Stage::s100;
}

Step refused(const LifePoint& at, const char* rule, const char* why) { return {false, at, rule, why}; }

Step change_standing(const LifePoint& at, Event event, Actor who) {
  const Transition* t = transition_of(event, who, at.substatus);
  if (t == nullptr) {
    if (ended(at.substatus)) return refused(at, "L-7", "a closed deal stays as it is");
    const bool somebody_may = changes_standing(event) && who != Actor::partner;
    if (somebody_may) return refused(at, "L-8", "nobody but the partner moves its deal on");
    if (event == Event::expire) return refused(at, "L-4", "only time lets a deal expire");
    if (event == Event::reopen) return refused(at, "L-7", "only Microsoft opens a closed deal again");
    if (waits(at.substatus)) return refused(at, "L-8", "the deal has to be accepted first");
    return refused(at, "L-8", "the deal is accepted already");
  }
  if (event == Event::win && at.type == DealType::assessment && reported(at.stage) < percent_of(Stage::s80)) {
    return refused(at, "S-10", "an assessment is won only after all its stages");
  }
  Step step{true, at, t->rule, ""};
  step.to.substatus = t->to;
  step.to.status = status_of(t->to);
  if (t->to == Substatus::won) step.to.stage = Stage::s100;  // S-7
  return step;
}

// What is asked of every other step: the partner takes it, while the deal is open and answered.
std::optional<Step> not_open(const LifePoint& at, Actor who, const char* closed_rule) {
  if (who != Actor::partner) return refused(at, "L-6", "only the partner changes its deal");
  if (ended(at.substatus)) return refused(at, closed_rule, "a closed deal stays as it is");
  if (waits(at.substatus)) return refused(at, "L-1", "nothing but the answer is sent while a deal waits for it");
  return std::nullopt;
}

Step report_stage(const LifePoint& at, Stage stage, Actor who) {
  if (auto refusal = not_open(at, who, "L-7")) return *refusal;
  const bool skips = reported(stage) > reported(next_stage(at.stage));
  if (at.type == DealType::assessment && skips) {
    return refused(at, "S-10", "an assessment goes through every stage");
  }
  Step step{true, at, "L-11", ""};
  step.to.stage = stage;
  return step;
}

Step upgrade(const LifePoint& at, Event event, Actor who) {
  if (auto refusal = not_open(at, who, "U-7")) return *refusal;
  for (const Upgrade& u : upgrades()) {
    if (u.event != event || u.from != at.type || (at.inbound && !u.inbound)) continue;
    Step step{true, at, u.rule, ""};
    step.to.type = u.to;
    return step;
  }
  if (at.type == DealType::assessment) return refused(at, "T-9", "an assessment is not opened to others");
  if (at.inbound) return refused(at, "U-4", "nobody is invited to a deal that was sent to the partner");
  if (event == Event::ask_microsoft) return refused(at, "U-9", "Microsoft was asked already");
  return refused(at, "U-8", "what is open to Microsoft stays so");
}

Step registration(const LifePoint& at, Actor who) {
  if (who != Actor::partner) return refused(at, "G-5", "only the partner registers its deal");
  if (at.substatus != Substatus::won) return refused(at, "G-1", "only a won deal can be registered");
  switch (at.type) {
    case DealType::private_deal:
      return refused(at, "G-7", "a private deal is never registered");
    case DealType::assessment:
      return refused(at, "T-5", "an assessment is not registered");
    case DealType::partner_to_partner:
      return refused(at, "T-2", "a deal between partners is registered only after Microsoft joined");
    case DealType::partner_led:
      return {true, at, "T-10", ""};
    case DealType::co_sell:
      return {true, at, "G-5", ""};
  }
  std::abort();
}

}  // namespace

bool is_terminal(const Standing& s) { return s.status == Status::closed; }

bool is_waiting(const Standing& s) { return s.status == Status::fresh; }

Status status_of(Substatus s) {
  switch (s) {
    case Substatus::pending:
    case Substatus::received:
      return Status::fresh;
    case Substatus::accepted:
      return Status::active;
    case Substatus::won:
    case Substatus::lost:
    case Substatus::declined:
    case Substatus::expired:
    case Substatus::error:
      return Status::closed;
  }
  std::abort();
}

std::string microsoft_answer(const Standing& of_its_half) {
  switch (of_its_half.substatus) {
    case Substatus::pending:
    case Substatus::received:
      return "waiting";
    case Substatus::accepted:
    case Substatus::won:
    case Substatus::lost:
      return "accepted";
    case Substatus::declined:
      return "declined";
    case Substatus::expired:
      return "expired";
    case Substatus::error:
      return "closed";
  }
  return "";
}

Stage stage_reported_by(Event event) {
  switch (event) {
    case Event::report_20:
      return Stage::s20;
    case Event::report_40:
      return Stage::s40;
    case Event::report_60:
      return Stage::s60;
    case Event::report_80:
      return Stage::s80;
    default:
      return Stage::none;
  }
}

std::optional<Event> event_that_reports(Stage stage) {
  for (int n = 0; n < kEvents; ++n) {
    const auto event = static_cast<Event>(n);
    if (stage != Stage::none && stage_reported_by(event) == stage) return event;
  }
  return std::nullopt;
}

std::optional<Event> event_that_leads_to(Substatus target) {
  for (const Transition& t : transitions()) {
    if (t.who == Actor::partner && t.to == target) return t.event;
  }
  return std::nullopt;
}

const std::vector<Transition>& transitions() {
  static const std::vector<Transition> table = {
      {Event::accept, Actor::partner, Substatus::pending, Substatus::accepted, "L-2"},
      {Event::accept, Actor::partner, Substatus::received, Substatus::accepted, "L-2"},
      {Event::decline, Actor::partner, Substatus::pending, Substatus::declined, "L-3"},
      {Event::decline, Actor::partner, Substatus::received, Substatus::declined, "L-3"},
      {Event::expire, Actor::system, Substatus::pending, Substatus::expired, "L-4"},
      {Event::expire, Actor::system, Substatus::received, Substatus::expired, "L-4"},
      {Event::win, Actor::partner, Substatus::accepted, Substatus::won, "L-8"},
      {Event::lose, Actor::partner, Substatus::accepted, Substatus::lost, "L-8"},
      {Event::close_as_error, Actor::partner, Substatus::accepted, Substatus::error, "L-8"},
      // The exception of L-7: after an approved registration exception.
      {Event::reopen, Actor::microsoft, Substatus::won, Substatus::accepted, "L-7"},
      {Event::reopen, Actor::microsoft, Substatus::lost, Substatus::accepted, "L-7"},
      {Event::reopen, Actor::microsoft, Substatus::declined, Substatus::accepted, "L-7"},
      {Event::reopen, Actor::microsoft, Substatus::expired, Substatus::accepted, "L-7"},
      {Event::reopen, Actor::microsoft, Substatus::error, Substatus::accepted, "L-7"},
  };
  return table;
}

const std::vector<Upgrade>& upgrades() {
  static const std::vector<Upgrade> table = {
      {Event::ask_microsoft, DealType::private_deal, DealType::co_sell, false, "U-1"},
      {Event::invite_partner, DealType::private_deal, DealType::partner_to_partner, false, "U-1"},
      {Event::show_to_microsoft, DealType::private_deal, DealType::partner_led, false, "U-2"},
      {Event::ask_microsoft, DealType::partner_led, DealType::co_sell, false, "U-3"},
      {Event::invite_partner, DealType::partner_led, DealType::partner_to_partner, false, "U-3"},
      {Event::invite_partner, DealType::co_sell, DealType::co_sell, false, "U-4"},
      {Event::ask_microsoft, DealType::partner_to_partner, DealType::co_sell, false, "U-5"},
      {Event::invite_partner, DealType::partner_to_partner, DealType::partner_to_partner, false, "U-6"},
  };
  return table;
}

bool may_move(const Standing& from, const Standing& to) {
  if (from == to) return true;
  const auto& all = transitions();
  return from.status == status_of(from.substatus) && to.status == status_of(to.substatus) &&
         std::any_of(all.begin(), all.end(), [&](const Transition& t) {
           return t.who == Actor::partner && t.from == from.substatus && t.to == to.substatus;
         });
}

Step take_step(const LifePoint& at, Event event, Actor who) {
  if (at.status != status_of(at.substatus)) return refused(at, "3.1", "there is no such status");
  if (const Stage stage = stage_reported_by(event); stage != Stage::none) return report_stage(at, stage, who);
  switch (event) {
    case Event::edit:
      if (auto refusal = not_open(at, who, "L-7")) return *refusal;
      return {true, at, "L-6", ""};
    case Event::show_to_microsoft:
    case Event::ask_microsoft:
    case Event::invite_partner:
      return upgrade(at, event, who);
    case Event::register_deal:
      return registration(at, who);
    default:
      return change_standing(at, event, who);
  }
}

const char* name_of(Actor who) {
  switch (who) {
    case Actor::partner:
      return "partner";
    case Actor::microsoft:
      return "Microsoft";
    case Actor::system:
      return "Partner Center";
  }
  std::abort();
}

const char* name_of(Event event) {
  constexpr std::array<const char*, kEvents> names = {"accept",
                                                      "decline",
                                                      "expire",
                                                      "win",
                                                      "lose",
                                                      "close as error",
                                                      "reopen",
                                                      "report 20 %",
                                                      "report 40 %",
                                                      "report 60 %",
                                                      "report 80 %",
                                                      "edit a field",
                                                      "show to Microsoft",
                                                      "ask Microsoft",
                                                      "invite a partner",
                                                      "register"};
  return names.at(static_cast<std::size_t>(event));
}

const char* name_of(DealType type) {
  switch (type) {
    case DealType::private_deal:
      return "private";
    case DealType::partner_led:
      return "partner-led";
    case DealType::co_sell:
      return "co-sell";
    case DealType::partner_to_partner:
      return "partner to partner";
    case DealType::assessment:
      return "solution assessment";
  }
  std::abort();
}

std::optional<DealType> deal_type_from(std::string_view words) {
  for (const DealType type : kTypes) {
    if (text::equals_ignore_case(words, name_of(type))) return type;
  }
  return std::nullopt;
}

DealType deal_type(bool visible, bool help_asked) {
  if (help_asked) return DealType::co_sell;                         // T-1, T-6: whatever the second answer is
  return visible ? DealType::partner_led : DealType::private_deal;  // T-4, T-3
}

std::optional<DealType> deal_type_of(const Deal& referral) {
  const auto shown = deal_type_from(referral.text(Field::type));
  if (shown == DealType::partner_to_partner || shown == DealType::assessment) return shown;
  const bool asked = !is_blank(referral.get(Field::help)) || !is_blank(referral.get(Field::microsoft_answer));
  if (asked) return DealType::co_sell;
  return shown;
}

std::string why_not_created(DealType type) {
  switch (type) {
    case DealType::private_deal:
    case DealType::partner_led:
    case DealType::co_sell:
      return "";
    case DealType::partner_to_partner:
      return "A deal between partners is made by an invitation in Partner Center; how its API would make one is not "
             "documented.";
    case DealType::assessment:
      return "A solution assessment is made in Partner Center, by partners who are approved for it; how its API would "
             "make one is not documented.";
  }
  std::abort();
}

const char* name_of(Irreversible step) {
  switch (step) {
    case Irreversible::none:
      return "none";
    case Irreversible::won:
      return "won";
    case Irreversible::lost:
      return "lost";
    case Irreversible::declined:
      return "declined";
    case Irreversible::shared:
      return "shared";
    case Irreversible::help_asked:
      return "help_asked";
    case Irreversible::error:
      return "error";
  }
  std::abort();
}

const char* label_of(Irreversible step) {
  switch (step) {
    case Irreversible::none:
      return "nothing";
    case Irreversible::won:
      return "close the deal as won";
    case Irreversible::lost:
      return "close the deal as lost";
    case Irreversible::declined:
      return "decline the deal";
    case Irreversible::shared:
      return "show the deal to Microsoft";
    case Irreversible::help_asked:
      return "ask Microsoft for help";
    case Irreversible::error:
      return "close the deal as created in error";
  }
  std::abort();
}

Lock lock_of(Field field, const Standing& referral, bool shared_with_microsoft) {
  const FieldInfo& f = info(field);
  const std::string label = f.label;
  if (field == Field::registration) return {};  // G-5: registration follows after Won
  if (!f.shared) return {true, "5.2", "the " + label + " is set by Partner Center"};
  if (is_terminal(referral)) return {true, "L-7", "the deal is closed in Partner Center; nothing of it can change"};
  if (field == Field::location) return {true, "R-4", "the location cannot change after creation"};
  if (f.fixed_after_create) return {true, "5.2", "the " + label + " cannot change after creation"};
  if (f.fixed_after_share && shared_with_microsoft) {
    if (field == Field::visible) return {true, "U-8", "a deal that Microsoft has seen stays visible"};
    return {true, "5.2", "the " + label + " cannot change after the deal was shared with Microsoft"};
  }
  return {};
}

const char* rule_that_needs(Field field, const RulePack& rules) {
  switch (field) {
    case Field::name:
      return "R-3";
    case Field::value:
      return "R-5";
    case Field::close_date:
      return "R-6";
    case Field::team:
      return rules.team_required ? "R-10" : "";
    case Field::solutions:
      return rules.solution_required ? "R-11" : "";
    default:
      return "";
  }
}

}  // namespace cosell
