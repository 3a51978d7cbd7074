// Registration in the engine: Won waits until a registration can no longer be refused for being too early (G-3).
#include "deal/registration.h"

#include <algorithm>

#include "engine/decide.h"
#include "engine/words.h"

namespace cosell::engine {

void Decider::hold_early_won(Planned& plan, reconcile::Decision& decision, const DealView& view,
                             Situation& situation) const {
  if (pair_.settings.early_won == EarlyWon::send) return;
  const auto standing = std::find_if(decision.fields.begin(), decision.fields.end(),
                                     [](const reconcile::FieldDecision& d) { return d.field == Field::standing; });
  const bool wins = std::find(decision.steps.begin(), decision.steps.end(), Irreversible::won) != decision.steps.end();
  if (!wins || standing == decision.fields.end()) return;
  const bool settles = standing->verdict == reconcile::Verdict::held && situation.reason == "settling";
  if (standing->verdict != reconcile::Verdict::to_partner_center && !settles) return;
  if (plan.row.marks.count(std::string("approved.") + name_of(Irreversible::won)) > 0) return;
  const auto outlook = registration_outlook(view.partner_center, pair_.settings.rules);
  if (outlook.eligible == Answer::no || !outlook.won_from || *outlook.won_from <= pair_.clock->now()) return;
  if (situation.look_again_at && *situation.look_again_at > *outlook.won_from) return;  // waits longer anyway
  standing->verdict = reconcile::Verdict::held;
  situation.state = store::DealState::waiting;
  situation.waits_for = store::WaitFor::date;
  situation.reason = "early_won";
  situation.message = words::early_won(pair_, *outlook.won_from);
  situation.next_step = words::early_won_remedy(pair_, plan.row);
  situation.look_again_at = *outlook.won_from;
}

}  // namespace cosell::engine
