// What a cycle does about registration: Won waits until a registration can no longer be refused for being too early
// (G-3), and what a person asked to register (ask_registration.h) is sent.
#include <algorithm>
#include <cstdlib>

#include "deal/registration.h"
#include "engine/ask_registration.h"
#include "engine/decide.h"
#include "engine/marks.h"
#include "engine/words.h"
#include "store/codec.h"

namespace cosell::engine {

const char* name_of(EarlyWon how) {
  switch (how) {
    case EarlyWon::hold:
      return "hold";
    case EarlyWon::warn:
      return "warn";
    case EarlyWon::send:
      return "send";
  }
  std::abort();
}

bool Decider::old_enough_to_be_won(const Planned& plan, const DealView& view, Situation& waits) const {
  if (pair_.settings.early_won != EarlyWon::hold || has_mark(plan.row, approved_mark(Irreversible::won))) return true;
  const auto from = registrable_from(view.partner_center, pair_.settings.rules);
  if (!from || *from <= now_) return true;
  if (waits.state != store::DealState::in_sync && waits.reason != "settling") {  // for a person, who is told of it
    if (waits.reason == "approval") waits.message += " " + words::early_won_warning(pair_, *from);
    return true;
  }
  if (waits.look_again_at && *waits.look_again_at > *from) return true;  // longer anyway
  waits.state = store::DealState::waiting;
  waits.waits_for = store::WaitFor::date;
  waits.reason = "early_won";
  waits.message = words::early_won(pair_, *from);
  waits.next_step = words::early_won_remedy(pair_, plan.row);
  waits.look_again_at = *from;
  return false;
}

// G-5: the registration that a person asked for, as long as Partner Center does not show it. Without one, what
// Microsoft wants corrected is told.
void Decider::plan_registration(Planned& plan, const DealView& view, Situation& situation) const {
  const auto wait_for_person = [&](std::string message) {
    Situation s;
    s.state = store::DealState::waiting;
    s.waits_for = store::WaitFor::operator_;
    s.reason = "registration";
    s.message = std::move(message);
    s.next_step = words::register_command(plan.row);
    wait_too(situation, std::move(s));
  };
  const auto mark = plan.row.marks.find(registration_mark);
  const auto wanted = mark == plan.row.marks.end() ? Result<Columns>(Columns{}) : store::decode_columns(mark->second);
  if (!wanted || wanted->empty()) {
    const bool wrong = view.partner_center.text(Field::registration) == registration_action_required;
    const std::string why = text_of(column(view.partner_center_columns, registration_column::reason));
    if (wrong) wait_for_person(words::registration_to_correct(why));
    return;
  }
  const RegistrationPlan registration = plan_of_registration(*wanted, view, date_of(now_), pair_.settings.rules);
  if (registration.changes.empty()) {
    plan.row.marks.erase(mark);
    return;
  }
  if (registration.refused()) return wait_for_person(words::registration_refused(registration.objections));
  store::OperationRow op = operation(plan, Side::partner_center, RecordKind::registration,
                                     registration.correction ? Verb::update : Verb::create);
  op.target_id = plan.row.partner_center.record_id;
  op.must_match = plan.row.partner_center.version;
  op.changes = registration.changes;
  plan.operations.push_back(std::move(op));
}

}  // namespace cosell::engine
