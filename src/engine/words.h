// Every sentence that the engine says to people, in one place: short, naming what happened or what waits and for
// whom, and the next step. No internal words.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "deal/preflight.h"
#include "deal/registration_request.h"
#include "engine/flip.h"
#include "engine/pair.h"
#include "reconcile/reconcile.h"

namespace cosell::engine::words {

// What the seller sees in the CRM.
mapping::SellerView seller_view(const Pair& pair, const store::DealRow& row, const Deal& referral);
// What the seller can do without the command line: behind the message in the CRM; "" when nothing is.
std::string seller_step(const Pair& pair, const store::DealRow& row);
std::string state_title(const store::DealRow& row);  // "In sync", "Waiting for you"
// Two sentences; the first one, of a system's own words perhaps, gets the full stop that it lacks.
std::string one_after_the_other(std::string first, const std::string& second);
std::string state_line(const store::DealRow& row);  // "Waiting for the seller: …"

std::string clone(const Pair& pair, const store::DealRow& row);
std::string copied(const Pair& pair, const store::DealRow& row);           // the original of a clone
std::string copied_and_gone(const Pair& pair, const store::DealRow& row);  // the original is not there any more
std::string copied_and_gone_remedy(const Pair& pair, const store::DealRow& row);
std::string clone_remedy(const Pair& pair);
// Of a copy whose key is not shown to the bridge's user, so that nobody would notice that it is cleared.
std::string hidden_clone_remedy(const store::DealRow& row);
std::string unheeded(const Pair& pair, Side side, const std::vector<std::string>& fields);
std::string fought_over(const Pair& pair, const FoughtOver& fight, const Deal& crm, const Deal& partner_center);
std::string fought_over_remedy(const store::DealRow& row);
// Perhaps the same deal as one on the other side.
std::string doubtful_match(const Pair& pair, const store::DealRow& row);
std::string doubtful_match_remedy(const store::DealRow& row);
// An opportunity of a location that the pair leaves out. `column`: where the CRM says so; may be "".
std::string located_elsewhere(const Pair& pair, const std::string& location);
std::string located_elsewhere_remedy(const std::string& column);
// A referral whose CRM ID is of no opportunity that the bridge could tie it to.
std::string named_elsewhere(const Pair& pair, const std::string& crm_id);
std::string named_elsewhere_remedy(const Pair& pair, const store::DealRow& row);
std::string unlinked(const store::DealRow& row);
std::string twin(const Pair& pair, const store::DealRow& row);
std::string doubled(const Pair& pair, const store::DealRow& row);  // the referral that has a twin
std::string twin_remedy(const Pair& pair);
// Where the first one is to stay as it is.
std::string twin_left_remedy(const Pair& pair, const store::DealRow& row);
std::string twin_is_won(const Pair& pair, const store::DealRow& row);  // the second one, while the first is open
std::string twin_is_won_remedy(const Pair& pair, const store::DealRow& row);
std::string doubled_and_gone(const Pair& pair, const store::DealRow& row);
std::string doubled_and_gone_remedy(const Pair& pair, const store::DealRow& row);
// A person gave the side's record the key of another deal; `column`: where, as people find it in the CRM.
std::string retyped(const Pair& pair, const store::DealRow& row, Side side, const std::string& typed,
                    const std::string& column);
std::string retyped_remedy(const store::DealRow& row, Side side, const std::string& typed);
// A create met the record that was made for the deal before, which belongs to another deal by a person's word.
std::string made_before(const Pair& pair, Side side, const std::string& record, const store::DealRow& holder);
std::string made_before_remedy(const Pair& pair, Side side, const store::DealRow& row, const store::DealRow& holder);
// Help is wanted, and nobody knows where to ask for it.
std::string no_engagement(const Pair& pair);
// Before Microsoft is asked a first time, its half of the deal could not be looked for.
std::string help_unseen(const Pair& pair, const store::DealRow& row, const Observation& seen);
std::string help_unseen_remedy(const Pair& pair);
std::string no_engagement_remedy(const Pair& pair, const store::DealRow& row);
std::string vanished(const Pair& pair, store::Side side, const std::string& reason);
std::string both_vanished(const Pair& pair);
std::string vanished_remedy(const Pair& pair, store::Side side, const std::string& reason);
std::string restored(const Pair& pair, store::Side side);
std::string restored_remedy(const Pair& pair, store::Side side);

std::string step_never(Irreversible step);
std::string step_never_remedy(Irreversible step);
std::string step_needs_approval(const Pair& pair, Irreversible step, bool first_link);
std::string approve_command(const store::DealRow& row);
std::string step_settles(const std::vector<Irreversible>& steps, Instant due);
// `columns`: where the CRM asks for the step, as people find them there; none for a closing.
std::string step_settles_remedy(const Pair& pair, Irreversible step, const std::vector<std::string>& columns);

// Taken back or changed in the CRM after Microsoft saw the deal, or was asked (U-8). `column`: as people find it in the
// CRM.
std::string taken_back(const Pair& pair, Field field, const std::string& column);

// Won too soon after its creation (G-3): held until `from`, or told as a warning.
std::string early_won(const Pair& pair, Instant from);
std::string early_won_remedy(const Pair& pair, const store::DealRow& row);
std::string early_won_warning(const Pair& pair, Instant from);
// A deal of a type that the bridge does not create. `column`: where the CRM says so; may be "".
std::string made_elsewhere_remedy(const Pair& pair, const store::DealRow& row, const std::string& column);

// What an assessment has to do first; `reported`: the stage that Partner Center shows.
std::string assessment_stages(const Pair& pair, Stage reported);
std::string assessment_stages_remedy(const Pair& pair, Stage reported);
std::string assessment_asks();
std::string assessment_asks_remedy(const Pair& pair, const std::string& column);

// What is asked of a person about a registration.
std::string register_command(const store::DealRow& row);
std::string registration_to_correct(const std::string& why);
std::string registration_waits(const store::DealRow& row);  // why the deal keeps its referral until then
std::string registration_refused(const std::vector<Objection>& objections);

// `column`: a column as people find it in the CRM.
std::string missing(const std::vector<Missing>& missing, const std::function<std::string(const Missing&)>& column);
std::string reason_missing(const Pair& pair, const Standing& target, const std::string& column);
// "Olga Owner fills it in; …"
std::string fill_in(const store::DealRow& row, const std::string& then);
std::string name_a_reason_column();  // in the mapping file, for deals that are lost or declined
std::string add_to_mapping();        // what every deal lacks because the mapping does not say it
// What waits only for the date of a statement in the mapping; `then`: what follows by itself.
std::string statement_counts_later(const std::string& then);
// "\"Expected amount\", Amount": the label that people see, and the column's name.
std::string labelled(const std::string& label, const std::string& column);
// Columns of the opportunity, or what they lead to, that the CRM does not show to the bridge's user.
std::string hidden(const Pair& pair, const std::vector<std::string>& columns);
std::string unreadable(const std::vector<mapping::ReadDeal::Problem>& problems);
std::string unreadable_remedy(const Pair& pair, const std::vector<mapping::ReadDeal::Problem>& problems);
std::string refused(const Pair& pair, store::Side side, const Error& error);
std::string not_taken(const Pair& pair, store::Side side, const Error& error);
std::string refused_remedy(const Pair& pair, const store::DealRow& row);
// A record of the deal that the side could not show, although it showed others.
std::string unread(const Pair& pair, store::Side side, const store::DealRow& row, const Observation& seen);
std::string unread_remedy(const Pair& pair, store::Side side);
// Of a deal that was to be replayed while the side cannot be used.
std::string replayed_later(const Pair& pair, store::Side side);
std::string not_looked_at_yet();
// Of a deal whose answer from Microsoft could not be read when it was last asked for; "" of others.
std::string unread_answer(const Pair& pair, const store::DealRow& row);
std::string side_down(const Pair& pair, store::Side side, const Error& error);

std::string held(const Pair& pair, const reconcile::FieldDecision& decision, const Deal& crm, const Deal& referral);
// What Partner Center cannot do without was emptied. `column`: as people find it in the CRM.
std::string emptied(const Pair& pair, Field field, const std::string& column);
std::string held_remedy(const Pair& pair, const store::DealRow& row, const reconcile::FieldDecision& decision,
                        const Deal& crm, const Deal& referral);
std::string stage_left_out(const Pair& pair, const std::string& what, const Deal& referral);
std::string stage_left_out_remedy(const Pair& pair);
// "value (CRM: 7,000 EUR, Partner Center: 9,000 EUR)"
std::string both_values(const Pair& pair, const std::vector<Field>& fields, const Deal& crm, const Deal& referral);
std::string conflict(const Pair& pair, const std::vector<Field>& fields, const Deal& crm, const Deal& referral);
// The commands that choose between the two sides of this deal.
// Everything was chosen that was asked for, and the sync that carries it out is still to come.
std::string chosen();
std::string chosen_step(const Pair& pair);
std::string choice_commands(const store::DealRow& row, const std::vector<Field>& fields);
std::string won_beside_conflict(const Pair& pair, const std::vector<Field>& fields);
std::string won_beside_conflict_remedy(const store::DealRow& row);
std::string inbound_waits(const Deal& referral);
std::string inbound_remedy(const Pair& pair);
std::string expired(const Pair& pair);
std::string account_in_doubt(const Pair& pair, const Customer& customer);
std::string customer_waits(const Pair& pair, const Customer& customer, std::size_t found);
// "value 1,000.00 USD -> 1,200.00 USD, stage Qualified -> Proposed"
std::string changes(const Columns& changes);
// "Write to Partner Center: close date, stage". The values stand in the decision before it and in the outcome after it.
std::string intended(const Pair& pair, const store::OperationRow& operation);

}  // namespace cosell::engine::words
