// Which steps a deal would take now, and marking them as approved.
#include "engine/approve.h"

#include <algorithm>

#include "base/text.h"
#include "engine/decide.h"
#include "engine/view.h"

namespace cosell::engine {

namespace {

Result<std::vector<Irreversible>> wanted_steps(const Pair& pair, const store::DealRow& row) {
  auto view = load_view(pair, row);
  if (!view) return view.error();
  if (row.partner_center.record_id.empty()) return steps_of_create(pair, *view, pair.clock->now());
  Decider decider(pair, RunId{});
  auto plan = decider.decide(row);
  if (!plan) return plan.error();
  return plan->decision ? plan->decision->steps : std::vector<Irreversible>{};
}

}  // namespace

Result<Approved> approve(const Pair& pair, DealId id) {
  auto row = pair.store->deal(id);
  if (!row) return row.error();
  if (!*row) return make_error(ErrorClass::not_found, "There is no such deal any more.");
  Approved approved;
  approved.deal = id;
  approved.title = (*row)->title;
  const bool waits = (*row)->reason == "approval" || (*row)->reason == "settling" || (*row)->reason == "early_won";
  if ((*row)->state != store::DealState::waiting || !waits) return approved;
  auto steps = wanted_steps(pair, **row);
  if (!steps) return steps.error();
  std::erase_if(*steps, [&](Irreversible s) { return pair.settings.gate(s) == Gate::never; });
  approved.steps = std::move(*steps);
  if (approved.steps.empty()) return approved;
  std::vector<std::string> labels;
  for (const Irreversible step : approved.steps) {
    (*row)->marks[std::string("approved.") + name_of(step)] = to_string(pair.clock->now());
    labels.push_back(label_of(step));
  }
  (*row)->dirty = true;
  auto done = pair.store->transaction([&]() -> Result<void> {
    if (auto updated = pair.store->update_deal(**row); !updated) return updated;
    store::JournalEntry entry;
    entry.at = pair.clock->now();
    entry.deal = id;
    entry.kind = store::JournalKind::person;
    entry.summary = "Approved: " + text::join(labels, ", ");
    return pair.store->journal(entry);
  });
  if (!done) return done.error();
  return approved;
}

}  // namespace cosell::engine
