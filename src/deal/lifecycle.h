// The life of a co-sell deal as data and pure functions; rule ids as in rules.h (L-…, S-…, U-…). Which steps are legal
// and by whom, which cannot be taken back, and which fields are locked when. Nothing here does I/O, and no connector or
// engine has a rule of its own. docs/lifecycle.md shows the same as tables.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "deal/deal.h"
#include "deal/rule_pack.h"

namespace cosell {

// L-7: Won, Lost, Declined, Expired (and Error) absorb.
bool is_terminal(const Standing& s);
// An inbound deal that waits for the partner's answer (L-1).
bool is_waiting(const Standing& s);
// Every substatus belongs to one status; other pairs do not exist.
Status status_of(Substatus s);

// What the standing of Microsoft's half means for the partner (M-0): "waiting", "accepted", "declined", "expired", or
// "closed" for a request that ended in an error.
std::string microsoft_answer(const Standing& of_its_half);

// May a partner move a referral from one standing to another? (L-5, L-7, L-8). The identity is legal.
bool may_move(const Standing& from, const Standing& to);

// ---- types

enum class DealType : std::uint8_t { private_deal, partner_led, co_sell, partner_to_partner, assessment };  // T-1..T-5
const char* name_of(DealType type);  // "private", "partner-led", "co-sell", "partner to partner", "solution assessment"
std::optional<DealType> deal_type_from(std::string_view words);

// The type of an own deal from its two answers (T-1, T-3, T-4, T-6).
DealType deal_type(bool visible, bool help_asked);
// The type of a referral as far as what is shown of it proves one (T-1..T-4); Microsoft's half counts.
std::optional<DealType> deal_type_of(const Deal& referral);
// "" when the bridge may create a deal of this type, else the reason in a sentence: the API form of the others is not
// documented.
std::string why_not_created(DealType type);

// ---- steps

enum class Actor : std::uint8_t { partner, microsoft, system };
enum class Event : std::uint8_t {
  accept,
  decline,
  expire,
  win,
  lose,
  close_as_error,  // "created in error": not documented for the API
  reopen,
  report_20,
  report_40,
  report_60,
  report_80,
  edit,
  show_to_microsoft,
  ask_microsoft,
  invite_partner,  // not documented for the API
  register_deal
};
inline constexpr int kEvents = static_cast<int>(Event::register_deal) + 1;
const char* name_of(Actor who);
const char* name_of(Event event);  // "report 20 %"

// The stage that an event reports (S-3..S-6); Stage::none for the events that report none. And back: the event that
// reports a stage; none for 10 %, where every deal begins, and for 100 %, which is Won.
Stage stage_reported_by(Event event);
std::optional<Event> event_that_reports(Stage stage);

// A change of the standing: the whole of what is legal (L-1..L-8).
struct Transition {
  Event event;
  Actor who;
  Substatus from;
  Substatus to;
  const char* rule;
};
const std::vector<Transition>& transitions();
// The event by which a partner brings a referral there; none where only Microsoft or time does.
std::optional<Event> event_that_leads_to(Substatus target);

// A change of the type while the deal is open (U-1..U-6).
struct Upgrade {
  Event event;
  DealType from;
  DealType to;
  bool inbound;  // also for a deal that was sent to the partner
  const char* rule;
};
const std::vector<Upgrade>& upgrades();

// Where a deal is in its life.
struct LifePoint {
  DealType type = DealType::private_deal;
  bool inbound = false;
  Status status = Status::active;
  Substatus substatus = Substatus::accepted;
  Stage stage = Stage::none;
};

// What a step leads to, or why it does not exist.
struct Step {
  bool legal = false;
  LifePoint to;      // the point itself when the step is not legal
  const char* rule;  // "L-8"
  const char* why;   // for people; "" when legal
};
Step take_step(const LifePoint& at, Event event, Actor who);

// Steps that cannot be taken back; they leave only after the settle time, or with approval. `error`: closing as created
// in error, which the API does not document, leaves only where the configuration switches it on.
enum class Irreversible : std::uint8_t { none, won, lost, declined, shared, help_asked, error };
inline constexpr std::array<Irreversible, 6> irreversible_steps = {Irreversible::won,      Irreversible::lost,
                                                                   Irreversible::declined, Irreversible::error,
                                                                   Irreversible::shared,   Irreversible::help_asked};
const char* name_of(Irreversible step);   // "won"
const char* label_of(Irreversible step);  // "close the deal as won", "ask Microsoft for help"

// ---- fields

// May `field` of this referral still be written? Says why not ("the customer cannot change after creation").
// `shared`: the deal was already visible to Microsoft or help was asked.
struct Lock {
  bool locked = false;
  std::string rule;    // "L-7", "R-4", "5.2"
  std::string reason;  // for people
};
Lock lock_of(Field field, const Standing& referral, bool shared_with_microsoft);

// The rule by which a referral is never without this field ("R-5"); "" for one that may be emptied, or is not asked
// for.
const char* rule_that_needs(Field field, const RulePack& rules);

}  // namespace cosell
