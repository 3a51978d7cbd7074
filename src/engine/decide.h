// What is to be done for one deal: its new state in words, and the operations that would bring both sides together.
// Reads the store and, for the customer of a new opportunity, the CRM; writes nothing.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "deal/preflight.h"
#include "engine/labels.h"
#include "engine/pair.h"
#include "engine/view.h"
#include "reconcile/reconcile.h"

namespace cosell::engine {

// The outcome for one deal.
struct Planned {
  store::DealRow before;  // as it was when this was decided
  store::DealRow row;     // as it is to be stored
  std::vector<store::OperationRow> operations;
  std::optional<reconcile::Decision> decision;  // linked deals
  std::string summary;                          // journal line; "" when there is nothing to tell
  // What a step that leaves now, or waits to leave, may cost; "" when nothing. Told when it is new.
  std::string warning;
  bool warning_is_new = false;
  Instant at{};                                 // the moment that the decision was made for
  json::Value answers = json::Value::object();  // what the systems answered to questions that it needed
  // Steps that a person may let leave now: they wait for approval, or until the moment.
  std::map<Irreversible, std::optional<Instant>> steps_that_wait;
};

// The writes of a deal that a side refused in just this form.
using RefusedWrites = std::map<Side, std::set<std::string>>;
RefusedWrites refused_writes(const store::DealRow& row);
void keep_refused_writes(store::DealRow& row, const RefusedWrites& writes);
void add_refused_write(const mapping::Mapping& mapping, store::DealRow& row, const store::OperationRow& operation);
// Writes nothing but what the seller is told.
bool only_tells_the_seller(const store::OperationRow& operation);

class Decider {
 public:
  Decider(const Pair& pair, RunId run);

  Result<Planned> decide(store::DealRow row);
  // The side that did not answer a question of the last decision or preparation; nothing where it failed for the store.
  std::optional<Side> unanswered_by() const { return unanswered_by_; }
  // The same decision again, for that moment and with the answers that were given then; asks nobody.
  Result<Planned> decide_again(const store::DealRow& row, Instant at, const json::Value& answers);
  // The same as decide() for a deal that the CRM shows, asking neither side: while writes are under way. Nothing when a
  // question has to be asked first.
  Result<std::optional<Planned>> decide_unasked(store::DealRow row);
  // The comparison of a deal that both sides show, before any choice of a person and any step that has to wait.
  reconcile::Decision compare(const store::DealRow& row, const DealView& view) const;
  // It is not known yet whether this write made an account: other deals of the customer make no second one meanwhile.
  void keep_in_doubt(const store::OperationRow& account);
  // Looks up what the decisions on these deals need of other records, for all of them at once; looking ahead, also what
  // those on later deals will need, since a request carries many such questions.
  enum class Ahead : std::uint8_t { looks, only_these };
  Result<void> prepare(const std::vector<store::DealRow>& rows, Ahead ahead);

 private:
  struct Situation {
    store::DealState state = store::DealState::in_sync;
    store::WaitFor waits_for = store::WaitFor::nobody;
    std::string reason;
    std::string message;
    std::string next_step;
    std::optional<Instant> look_again_at;
    std::vector<std::string> reasons_too;  // of what it waits for besides
  };
  // The deal waits for this, too: who has to do something is told of it first, and of what leaves by itself behind it.
  static void wait_too(Situation& situation, Situation also);

  // Why the deal is none of this pair's; nothing when it is.
  std::optional<mapping::Selection> left_to_another(const store::DealRow& row, const DealView& view) const;
  std::optional<Situation> kept_apart(const store::DealRow& row, const DealView& view) const;
  Result<Planned> decide_opportunity_alone(Planned plan, const DealView& view);
  Result<Planned> decide_referral_alone(Planned plan, const DealView& view);
  Result<Planned> decide_linked(Planned plan, const DealView& view);
  Planned decide_vanished(Planned plan, const DealView& view);

  // Parts of a linked deal's decision.
  void hold_closing_without_reason(Planned& plan, reconcile::Decision& decision, const DealView& view,
                                   Situation& situation) const;
  void hold_steps_of_assessment(Planned& plan, reconcile::Decision& decision, const DealView& view,
                                Situation& situation) const;
  void hold_steps(Planned& plan, reconcile::Decision& decision, const DealView& view, Situation& situation);
  // What Won waits for besides: the age at which a deal can be registered, and an approval that spoke of what would
  // stay different. `leaves`, `waits`: as it is without.
  bool won_may_leave(Planned& plan, const DealView& view, const std::vector<Field>& conflicts, bool leaves,
                     Situation& waits) const;
  // G-3: a deal that may be registered is not won too soon after its creation. `waits`: what the step waits for
  // otherwise. False: not before the moment that is told there now.
  bool old_enough_to_be_won(const Planned& plan, const DealView& view, Situation& waits) const;
  // A deal that is won while something waits for a choice (L-7).
  static void forget_approval_of_other_conflicts(store::DealRow& row, const std::string& conflicts);
  void ask_about_conflicts(store::DealRow& row, const DealView& view, const std::vector<Field>& conflicts,
                           Situation& waits) const;
  void plan_registration(Planned& plan, const DealView& view, Situation& situation) const;
  // M-1 and G-3: what the steps of this decision may cost, told while they wait and when they leave.
  void warn_of_steps(Planned& plan, const reconcile::Decision& decision, const DealView& view,
                     Situation& situation) const;
  // A key that a person typed anew on a deal that stays tied is set back, and told for some days.
  void tell_of_retyped_keys(Planned& plan, const DealView& view, Situation& situation) const;
  // U-8: the CRM does not ask any more for what Microsoft saw or was asked already.
  void tell_what_was_taken_back(Planned& plan, const reconcile::Decision& decision, const DealView& view,
                                Situation& situation) const;
  std::string warning_of(Irreversible step, const DealView& view, Instant leaves_at) const;
  void note_warning(Planned& plan, const std::string& warning) const;
  Columns to_crm_columns(reconcile::Decision& decision, const DealView& view, Columns& agrees_with,
                         Situation& situation) const;
  Result<void> plan_referral_update(Planned& plan, reconcile::Decision& decision, const DealView& view,
                                    Situation& situation);
  struct HelpAsked {
    bool asked = false;
    std::string unread;  // why nobody knows
  };
  Result<HelpAsked> help_was_asked(Planned& plan);
  // Is it time for the request, as far as the deal's marks tell?
  bool help_may_leave(const store::DealRow& row) const;
  // For the deals whose help may leave, in one call.
  void ask_engagements(const std::vector<store::DealRow>& rows);
  // What the comparison itself left to a person, conflicts first.
  std::vector<Situation> left_to_a_person(Planned& plan, const reconcile::Decision& decision,
                                          const std::set<Field>& held, const DealView& view) const;
  Situation situation_of(const reconcile::Decision& decision, const DealView& view) const;
  // A deal of a type that is made in Partner Center only: why, and how to go on.
  std::optional<Situation> made_elsewhere(Planned& plan, const DealView& view) const;
  // An opportunity whose referral would be another pair's.
  std::optional<Situation> located_elsewhere(Planned& plan, const Deal& deal) const;
  // A referral that carries the id of an opportunity which it is not tied to.
  std::optional<Situation> named_elsewhere(const store::DealRow& row, const Deal& referral) const;
  // A column as people find it in the CRM: its label beside its name.
  std::string column_in_words(Planned& plan, const std::string& column) const;
  Situation waits_for_fields(Planned& plan, const std::vector<Missing>& missing, const std::string& then) const;
  // What a closed referral and its opportunity differ in, once a person decided that they stay as they are; nobody is
  // asked about it any more, so that it is taken out of what is `left` to a person.
  static std::optional<Situation> left_as_decided(store::DealRow& row, std::vector<Situation>& left);

  // The account of an inbound deal's customer: found, to be created first, or the deal waits.
  struct Account {
    std::string id;
    std::optional<store::OperationRow> create;
    std::optional<Situation> waits;
  };
  Result<Account> account_for(Planned& plan, const Customer& customer);
  std::optional<Situation> waits_for_account_in_doubt(Planned& plan, const Customer& customer,
                                                      const std::string& key) const;
  void remember_new_account(const Planned& plan);
  // The accounts that decisions will ask for, each once, by what is searched for.
  using AccountsToFind = std::map<std::string, RelatedQuery>;
  Result<void> find_accounts(const std::vector<store::DealRow>& rows, Ahead ahead);
  Result<void> add_account_to_find(const store::DealRow& row, AccountsToFind& wanted) const;
  Result<void> add_accounts_of_later_deals(DealId after, AccountsToFind& wanted);
  Error no_answer(Side side, Error error);
  Result<std::vector<std::string>> matching_accounts(Planned& plan, const Columns& match);
  Result<std::string> new_owner(Planned& plan, const Deal& referral);
  Result<Planned> decide_now(store::DealRow row);

  store::OperationRow operation(const Planned& plan, Side side, RecordKind kind, Verb verb) const;
  void plan_help(Planned& plan, const Deal& deal, const OperationId& after) const;
  // A step that is not wanted any more is settled and approved anew when it is wanted again.
  static void forget_other_steps(store::DealRow& row, const std::vector<Irreversible>& wanted);
  // May the step leave now? Sets the situation when it may not. `crm`: what asks for the step.
  bool step_may_leave(Planned& plan, Irreversible step, bool first_link, const Deal& crm, Situation& situation) const;
  // Where the CRM asks for a step that shows the deal to Microsoft, as people find it there.
  std::vector<std::string> columns_of_step(Planned& plan, Irreversible step, const Deal& crm) const;
  // The bridge-owned columns that the seller should see and does not yet.
  bool shows_key(const DealView& view) const;
  bool is_told_by_another(const store::DealRow& row, const DealView& view) const;
  bool tells_the_seller(const store::DealRow& row, const DealView& view) const;
  Columns seller_changes(const Planned& plan, const DealView& view) const;
  void add_seller_columns(Planned& plan, const DealView& view) const;
  // A write that was refused in just this form is not sent again until something changes or a person replays it.
  // `wanted`: those that would be sent again.
  enum class Tells : std::uint8_t { always, unless_told_of_more };
  void drop_refused(Planned& plan, RefusedWrites& wanted, Tells tells) const;
  static void keep_next_tries(Planned& plan, const RefusedWrites& wanted);
  Planned settle_situation(Planned plan, const DealView& view, Situation situation) const;

  const Pair& pair_;
  RunId run_;
  Instant now_{};                       // one moment per decision
  const json::Value* given_ = nullptr;  // answers of the past, when a decision is derived again
  bool may_ask_ = true;
  std::optional<Side> unanswered_by_;
  std::map<std::string, OperationId> accounts_being_created_;
  std::map<std::string, Instant> accounts_in_doubt_;                // until when, by what was searched for
  std::map<std::string, std::vector<std::string>> accounts_found_;  // ids, by what was searched for
  DealId prepared_until_;                                           // the last deal whose account was looked for ahead
  std::map<std::string, std::vector<Observation>> halves_;          // Microsoft's, by engagements that were asked for
  std::map<Field, mapping::FieldRule> rules_;
  std::map<std::string, std::string> owners_by_email_;  // "" for an address that is nobody's
  std::optional<Labels> labels_;                        // of the CRM's columns, read from the store when first needed
};

// Identifies a write by what it would do.
std::string fingerprint(const store::OperationRow& operation);

}  // namespace cosell::engine
