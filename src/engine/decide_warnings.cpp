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

constexpr Duration retyped_key_is_told = days(7);

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
  std::vector<std::string> leaving;
  std::vector<std::string> waiting;
  for (const auto& [step, field] :
       {std::pair{Irreversible::help_asked, Field::help}, {Irreversible::won, Field::standing}}) {
    const auto* d = decision.of(field);
    if (!wants(decision, step) || d == nullptr || d->reason == reconcile::Reason::not_answered_yet) continue;
    const bool leaves = d->verdict == reconcile::Verdict::to_partner_center;
    const auto waits = plan.steps_that_wait.find(step);
    if (!leaves && waits == plan.steps_that_wait.end()) continue;
    const std::string warning = warning_of(step, view, leaves ? now_ : waits->second.value_or(now_));
    if (!warning.empty()) (leaves ? leaving : waiting).push_back(warning);
  }
  if (waiting.empty()) return note_warning(plan, text::join(leaving, " "));
  const std::string told = text::join(waiting, " ");
  situation.message += " " + told;
  const auto known = plan.before.marks.find(warning_mark);
  note_warning(plan, told);
  plan.warning_is_new = known == plan.before.marks.end() || known->second.find(told) == std::string::npos;
  plan.row.marks[warning_mark] = told;
}

void Decider::tell_of_retyped_keys(Planned& plan, const DealView& view, Situation& s) const {
  for (const Side side : {Side::crm, Side::partner_center}) {
    const auto mark = plan.row.marks.find(retyped_mark(side));
    if (mark == plan.row.marks.end()) continue;
    const std::size_t space = mark->second.find(' ');
    auto since = parse_instant(mark->second.substr(0, space));
    if (since && *since > now_) since = now_;  // noted while the clock was ahead
    const std::string typed = space == std::string::npos ? "" : mark->second.substr(space + 1);
    const auto standing = view.partner_center.standing();
    const bool stays = side == Side::partner_center && standing && is_terminal(*standing);  // nothing is set back (L-7)
    if (!since || typed.empty() || stays || *since + retyped_key_is_told <= now_) {
      plan.row.marks.erase(mark);
      continue;
    }
    const std::string column = side == Side::crm ? column_in_words(plan, pair_.mapping->key_column()) : "";
    const std::string told = words::retyped(pair_, plan.row, side, typed, column);
    s.message += (s.message.empty() ? "" : " ") + told;
    // A command is nothing for whoever reads of it in the CRM.
    const bool for_sellers = s.waits_for == store::WaitFor::seller || s.waits_for == store::WaitFor::date;
    if (const std::string remedy = words::retyped_remedy(plan.row, side, typed); !for_sellers && !remedy.empty()) {
      s.next_step += (s.next_step.empty() ? "" : " ") + remedy;
    }
    mark->second = to_string(*since) + " " + typed;
    const Instant until = *since + retyped_key_is_told;
    s.look_again_at = std::min(s.look_again_at.value_or(until), until);
    std::string& note = plan.row.marks[warning_mark];
    note += (note.empty() ? "" : " ") + told;
    const auto known = plan.before.marks.find(warning_mark);
    if (known != plan.before.marks.end() && known->second.find(told) != std::string::npos) continue;
    plan.warning += (plan.warning.empty() ? "" : " ") + told;
    plan.warning_is_new = true;
  }
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
