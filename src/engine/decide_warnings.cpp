// What a person should know before a step that cannot be taken back: told while it waits, when there is still time to
// stop it, and once more in the history when it leaves. A warning keeps nothing back.
#include <algorithm>

#include "base/text.h"
#include "deal/registration.h"
#include "engine/decide.h"
#include "engine/marks.h"
#include "engine/words.h"

namespace cosell::engine {

namespace {

bool wants(const reconcile::Decision& decision, Irreversible step) {
  return std::find(decision.steps.begin(), decision.steps.end(), step) != decision.steps.end();
}

}  // namespace

std::string Decider::warning_of(Irreversible step, const DealView& view, Instant leaves_at) const {
  if (step == Irreversible::help_asked) {
    const Deal& shown = is_blank(view.crm.deal.get(Field::value)) ? view.partner_center : view.crm.deal;
    return warning_before_help(shown, pair_.settings.rules.registration);
  }
  if (step == Irreversible::won && pair_.settings.early_won == EarlyWon::warn) {
    const auto from = registrable_from(view.partner_center, pair_.settings.rules);
    if (from && *from > leaves_at) return words::early_won_warning(pair_, *from);
  }
  return "";
}

void Decider::note_warning(Planned& plan, const std::string& warning) const {
  plan.warning = warning;
  plan.warning_is_new = !warning.empty();
}

void Decider::warn_of_steps(Planned& plan, const reconcile::Decision& decision, const DealView& view,
                            Situation& situation) const {
  const bool step_waits = situation.reason == "settling" || situation.reason == "approval";
  std::vector<std::string> leaving;
  std::vector<std::string> waiting;
  for (const auto& [step, field] :
       {std::pair{Irreversible::help_asked, Field::help}, {Irreversible::won, Field::standing}}) {
    const auto* d = decision.of(field);
    if (!wants(decision, step) || d == nullptr || d->reason == reconcile::Reason::not_answered_yet) continue;
    const bool leaves = d->verdict == reconcile::Verdict::to_partner_center;
    const Instant at = leaves ? now_ : situation.look_again_at.value_or(now_);
    const std::string warning = leaves || step_waits ? warning_of(step, view, at) : "";
    if (!warning.empty()) (leaves ? leaving : waiting).push_back(warning);
  }
  if (waiting.empty()) return note_warning(plan, text::join(leaving, " "));
  const std::string told = text::join(waiting, " ");
  situation.message += " " + told;
  const auto known = plan.before.marks.find(warning_mark);
  note_warning(plan, told);
  plan.warning_is_new = known == plan.before.marks.end() || known->second != told;
  plan.row.marks[warning_mark] = told;
}

void Decider::tell_what_was_taken_back(Planned& plan, const reconcile::Decision& decision, const DealView& view,
                                       Situation& situation) const {
  const auto standing = view.partner_center.standing();
  const bool told_more = situation.state != store::DealState::in_sync || !situation.message.empty();
  if (told_more || !standing || is_terminal(*standing)) return;
  for (const Field field : {Field::help, Field::visible}) {  // help shows the deal, too
    const auto* d = decision.of(field);
    if (d == nullptr || d->reason != reconcile::Reason::no_downgrade) continue;
    situation.message = words::taken_back(pair_, field, column_in_words(plan, pair_.mapping->column_of(field, "")));
    return;
  }
}

}  // namespace cosell::engine
