// Solution assessments: every stage is reported before the next one, and all of them before Won (S-10); nobody is asked
// to join (T-9). A step that their life does not have is held, and tells what comes first.
#include <algorithm>

#include "engine/decide.h"
#include "engine/words.h"

namespace cosell::engine {

namespace {

using reconcile::Verdict;

// The step of the life cycle that a decision takes; nothing for a plain edit.
std::optional<Event> event_of(const reconcile::FieldDecision& d) {
  if (const auto* stage = std::get_if<Stage>(&d.result)) return event_that_reports(*stage);
  if (const auto* target = std::get_if<Standing>(&d.result)) return event_that_leads_to(target->substatus);
  if (d.field == Field::visible) return Event::show_to_microsoft;
  if (d.field == Field::help) return Event::ask_microsoft;
  return std::nullopt;
}

}  // namespace

void Decider::hold_steps_of_assessment(Planned& plan, reconcile::Decision& decision, const DealView& view,
                                       Situation& situation) const {
  const auto standing = view.partner_center.standing();
  const bool assessment = deal_type_from(view.crm.deal.text(Field::type)) == DealType::assessment;
  if (!assessment || !standing) return;
  LifePoint at{DealType::assessment, view.inbound, standing->status, standing->substatus, view.partner_center.stage()};
  // In the order in which they would be taken.
  for (const Field field : {Field::standing, Field::stage, Field::visible, Field::help}) {
    const auto d = std::find_if(decision.fields.begin(), decision.fields.end(),
                                [field](const reconcile::FieldDecision& one) { return one.field == field; });
    if (d == decision.fields.end() || d->verdict != Verdict::to_partner_center) continue;
    const auto event = event_of(*d);
    if (!event) continue;
    const Step step = take_step(at, *event, Actor::partner);
    at = step.to;
    if (step.legal) continue;
    d->verdict = Verdict::held;
    d->reason = reconcile::Reason::illegal_step;
    d->rule = step.rule;
    Situation s;
    s.state = store::DealState::waiting;
    s.waits_for = store::WaitFor::seller;
    s.reason = "assessment";
    const bool asks = field == Field::visible || field == Field::help;
    s.message = asks ? words::assessment_asks() : words::assessment_stages(pair_, at.stage);
    s.next_step = asks
                      ? words::assessment_asks_remedy(pair_, column_in_words(plan, pair_.mapping->column_of(field, "")))
                      : words::assessment_stages_remedy(pair_, at.stage);
    wait_too(situation, std::move(s));
  }
}

}  // namespace cosell::engine
