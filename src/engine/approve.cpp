// Which steps a deal would take now, and marking them as approved.
#include "engine/approve.h"

#include <algorithm>

#include "base/text.h"
#include "engine/decide.h"
#include "engine/decided_by.h"
#include "engine/marks.h"
#include "engine/person.h"

namespace cosell::engine {

namespace {

std::string in_words(const std::vector<Irreversible>& steps) {
  std::vector<std::string> labels;
  for (const Irreversible step : steps) labels.push_back(label_of(step));
  return text::join(labels, ", ");
}

}  // namespace

Result<std::vector<Irreversible>> steps_to_approve(const Pair& pair, const store::DealRow& row, Approvable which) {
  std::vector<Irreversible> steps;
  const bool linked = !row.crm.record_id.empty() && !row.partner_center.record_id.empty();
  const bool waits = row.state == store::DealState::waiting || row.state == store::DealState::failed;
  if (!linked || !waits) return steps;
  auto last = last_decided_by(*pair.store);
  if (!last) return last.error();
  const bool decided = !row.dirty && decides_as(*last, pair);
  Decider decider(pair, RunId{});
  // Whoever approves may have no login: what a side would be asked is asked when the step leaves.
  auto plan = decider.decide_again(row, pair.clock->now(), json::Value::object());
  if (!plan) return plan.error();
  const auto beside = marked_records(plan->row, won_beside_mark);
  const bool beside_others = !beside.empty() && beside != marked_records(row, won_beside_mark);
  for (const auto& [step, unused] : plan->steps_that_wait) {
    if (step == Irreversible::won && beside_others) continue;  // nor of what would stay different
    // What was read or configured since the last decision may want another step: nobody was told of that one.
    const bool told = decided || has_mark(row, asked_mark(step)) || has_mark(row, settle_mark(step));
    const bool meant = which == Approvable::all_that_wait || has_mark(plan->row, asked_mark(step));
    if (told && meant) steps.push_back(step);
  }
  return steps;
}

Result<Approved> approve(const Pair& pair, DealId id, Approvable which,
                         const std::optional<std::vector<Irreversible>>& meant) {
  auto row = known_deal(*pair.store, id);
  if (!row) return row.error();
  Approved approved;
  approved.deal = id;
  approved.title = row->title;
  auto steps = steps_to_approve(pair, *row, which);
  if (!steps) return steps.error();
  const auto was_meant = [&](Irreversible s) { return std::find(meant->begin(), meant->end(), s) != meant->end(); };
  if (meant && !std::all_of(steps->begin(), steps->end(), was_meant)) {
    const std::string before = meant->empty() ? "It waited for no step" : "Meant was to " + in_words(*meant);
    return make_error(ErrorClass::config, row->title + ": not approved. " + before + ", and now it would " +
                                              in_words(*steps) + ". Look again: cosell todo --kind approval");
  }
  approved.steps = std::move(*steps);
  if (approved.steps.empty()) return approved;
  for (const Irreversible step : approved.steps) {
    row->marks[approved_mark(step)] = to_string(pair.clock->now());
  }
  row->dirty = true;
  auto done = pair.store->transaction([&]() -> Result<void> {
    if (auto updated = pair.store->update_deal(*row); !updated) return updated;
    return note_person(pair, id, "Approved: " + in_words(approved.steps));
  });
  if (!done) return done.error();
  return approved;
}

}  // namespace cosell::engine
