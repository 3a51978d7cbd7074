// Which steps a deal would take now, and marking them as approved.
#include "engine/approve.h"

#include <algorithm>

#include "base/text.h"
#include "engine/decide.h"
#include "engine/marks.h"
#include "engine/view.h"

namespace cosell::engine {

namespace {

Result<std::vector<Irreversible>> wanted_steps(const Pair& pair, const store::DealRow& row) {
  auto view = load_view(pair, row);
  if (!view) return view.error();
  if (row.partner_center.record_id.empty()) {
    const bool waits = row.reason == "approval" || row.reason == "settling";
    return waits ? steps_of_create(pair, *view, pair.clock->now()) : std::vector<Irreversible>{};
  }
  Decider decider(pair, RunId{});
  auto plan = decider.decide(row);
  if (!plan) return plan.error();
  std::vector<Irreversible> steps;
  if (!plan->decision) return steps;
  for (const Irreversible step : plan->decision->steps) {
    if (plan->steps_that_wait.contains(step)) steps.push_back(step);
  }
  return steps;
}

std::string in_words(const std::vector<Irreversible>& steps) {
  std::vector<std::string> labels;
  for (const Irreversible step : steps) labels.push_back(label_of(step));
  return text::join(labels, ", ");
}

}  // namespace

Result<std::vector<Irreversible>> steps_to_approve(const Pair& pair, const store::DealRow& row) {
  if (row.state != store::DealState::waiting) return std::vector<Irreversible>{};
  auto steps = wanted_steps(pair, row);
  if (!steps) return steps.error();
  std::erase_if(*steps, [&](Irreversible s) { return pair.settings.gate(s) == Gate::never; });
  return steps;
}

Result<Approved> approve(const Pair& pair, DealId id, const std::optional<std::vector<Irreversible>>& meant) {
  auto row = pair.store->deal(id);
  if (!row) return row.error();
  if (!*row) return make_error(ErrorClass::not_found, "There is no such deal any more.");
  Approved approved;
  approved.deal = id;
  approved.title = (*row)->title;
  auto steps = steps_to_approve(pair, **row);
  if (!steps) return steps.error();
  const auto was_meant = [&](Irreversible s) { return std::find(meant->begin(), meant->end(), s) != meant->end(); };
  if (meant && !std::all_of(steps->begin(), steps->end(), was_meant)) {
    const std::string before = meant->empty() ? "It waited for no step" : "Meant was to " + in_words(*meant);
    return make_error(ErrorClass::config, (*row)->title + ": not approved. " + before + ", and now it would " +
                                              in_words(*steps) + ". Look again: cosell todo --kind approval");
  }
  approved.steps = std::move(*steps);
  if (approved.steps.empty()) return approved;
  for (const Irreversible step : approved.steps) {
    (*row)->marks[approved_mark(step)] = to_string(pair.clock->now());
  }
  (*row)->dirty = true;
  auto done = pair.store->transaction([&]() -> Result<void> {
    if (auto updated = pair.store->update_deal(**row); !updated) return updated;
    store::JournalEntry entry;
    entry.at = pair.clock->now();
    entry.deal = id;
    entry.kind = store::JournalKind::person;
    entry.summary = "Approved: " + in_words(approved.steps);
    return pair.store->journal(entry);
  });
  if (!done) return done.error();
  return approved;
}

}  // namespace cosell::engine
