// Completing, judging and keeping the registration that a person asked for.
#include "engine/ask_registration.h"

#include <algorithm>

#include "base/text.h"
#include "engine/marks.h"
#include "engine/person.h"
#include "engine/words.h"
#include "store/codec.h"

namespace cosell::engine {

namespace {

namespace stated = registration_column;
using store::DealRow;

// What was stated lies over what Partner Center shows, or over what the deal itself says of value and solution.
Columns completed(const Columns& given, const DealView& view) {
  Columns wanted = registration_in(view.partner_center_columns);
  if (wanted.empty()) {
    if (const Value& value = view.partner_center.get(Field::value); !is_blank(value)) wanted[stated::value] = value;
    const auto* solutions = std::get_if<std::vector<Solution>>(&view.partner_center.get(Field::solutions));
    if (solutions != nullptr && solutions->size() == 1) wanted[stated::solution] = solutions->front().id;
    for (const auto& [name, value] : given) wanted[name] = value;
    if (is_blank(column(wanted, stated::solution_value)))
      wanted[stated::solution_value] = column(wanted, stated::value);
    if (wanted.count(stated::marketplace_date) == 0) wanted[stated::marketplace_date] = Value{};
    return wanted;
  }
  for (const auto& [name, value] : given) wanted[name] = value;
  return wanted;
}

std::string listed(const std::vector<Objection>& objections) {
  std::vector<std::string> texts;
  for (const Objection& o : objections) {
    if (!o.warns_only) texts.push_back(o.text);
  }
  return text::join(texts, "; ");
}

// Was a registration of the deal sent, and is it not known what became of it?
Result<bool> is_unanswered(const Pair& pair, DealId id) {
  store::OperationFilter filter;
  filter.deal = id;
  filter.kind = name_of(RecordKind::registration);
  for (const auto state : {store::OperationState::sent, store::OperationState::unknown}) {
    filter.state = state;
    auto open = pair.store->operations(filter);
    if (!open) return open.error();
    if (!open->empty()) return true;
  }
  return false;
}

Result<void> keep_wanted(const Pair& pair, DealRow row, const std::string& wanted, const std::string& summary) {
  if (wanted.empty()) {
    row.marks.erase(registration_mark);
  } else {
    row.marks[registration_mark] = wanted;
  }
  row.dirty = true;
  return pair.store->transaction([&]() -> Result<void> {
    if (auto done = pair.store->update_deal(row); !done) return done;
    return note_person(pair, row.id, summary);
  });
}

}  // namespace

bool RegistrationPlan::refused() const {
  return std::any_of(objections.begin(), objections.end(), [](const Objection& o) { return !o.warns_only; });
}

RegistrationPlan plan_of_registration(const Columns& wanted, const DealView& view, Date today, const RulePack& rules) {
  RegistrationPlan plan;
  const Columns shown = registration_in(view.partner_center_columns);
  plan.correction = !shown.empty();
  for (const auto& [name, value] : wanted) {
    if (!plan.correction || !same_value(column(shown, name), value)) plan.changes[name] = value;
  }
  if (plan.changes.empty()) return plan;
  std::optional<Instant> invited;
  if (const auto* asked = std::get_if<Instant>(&column(view.microsoft_columns, info(Field::created_at).name))) {
    invited = *asked;
  }
  plan.objections = objections_to_registration(wanted, view.partner_center, invited, today, rules);
  if (plan.correction) {
    auto more = objections_to_correction(shown, plan.changes, view.partner_center.text(Field::registration));
    plan.objections.insert(plan.objections.begin(), more.begin(), more.end());
  }
  return plan;
}

Result<RegistrationAsked> ask_registration(const Pair& pair, DealId id, const Columns& given, bool keep) {
  auto row = known_deal(*pair.store, id);
  if (!row) return row.error();
  auto view = load_view(pair, *row);
  if (!view) return view.error();
  const auto refuse = [&](const std::string& why) {
    return make_error(ErrorClass::precondition, row->title + " cannot be registered: " + why + ".");
  };
  if (row->crm.record_id.empty() || row->partner_center.record_id.empty()) {
    return refuse("it has no referral in " + pair.title(Side::partner_center) + " that belongs to an opportunity in " +
                  pair.title(Side::crm));
  }
  const Columns wanted = completed(given, *view);
  const auto standing = view->partner_center.standing();
  const bool won = standing && standing->substatus == Substatus::won;
  if (const auto missing = missing_in_registration(wanted); won && !missing.empty()) {
    return refuse("not stated is " + text::join(missing, "; "));
  }
  if (!won) return refuse("only a deal that is won in " + pair.title(Side::partner_center) + " is registered (G-1)");
  RegistrationPlan plan = plan_of_registration(wanted, *view, date_of(pair.clock->now()), pair.settings.rules);
  if (plan.changes.empty()) return refuse("its registration says just that already");
  if (plan.refused()) return refuse(listed(plan.objections));
  RegistrationAsked asked{row->title, plan.correction, plan.changes, plan.objections};
  if (!keep) return asked;
  const std::string what = plan.correction ? "Registration to be corrected: " : "To be registered with Microsoft: ";
  auto kept = keep_wanted(pair, *row, store::encode(wanted), what + words::changes(plan.changes));
  if (!kept) return kept.error();
  return asked;
}

Result<std::string> forget_registration(const Pair& pair, DealId id) {
  auto row = known_deal(*pair.store, id);
  if (!row) return row.error();
  if (!has_mark(*row, registration_mark)) {
    return make_error(ErrorClass::precondition, row->title + ": no registration waits to be sent.");
  }
  auto unanswered = is_unanswered(pair, id);
  if (!unanswered) return unanswered.error();
  if (*unanswered) {
    return make_error(ErrorClass::precondition,
                      row->title + ": it is not known yet whether the registration arrived. " + "First: cosell sync");
  }
  auto kept = keep_wanted(pair, *row, "", "The registration that was not sent yet is forgotten");
  if (!kept) return kept.error();
  return row->title;
}

}  // namespace cosell::engine
