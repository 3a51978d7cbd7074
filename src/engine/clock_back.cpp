// Times from the future, and what becomes of them.
#include "engine/clock_back.h"

#include "base/text.h"
#include "engine/marks.h"

namespace cosell::engine {

namespace {

constexpr Duration no_jump = minutes(5);  // a clock is corrected by less all the time

constexpr int runs_looked_at = 20;
constexpr const char* minded_property = "clock.minded";  // the last run from the future that was dealt with

// Invalid: there is none that was not dealt with.
Result<RunId> last_run_from_the_future(store::Store& store, Instant now) {
  auto runs = store.runs(runs_looked_at);  // newest first
  if (!runs) return runs.error();
  auto minded = store.property(minded_property);
  if (!minded) return minded.error();
  const std::int64_t dealt_with = minded->empty() ? 0 : std::stoll(*minded);
  for (const auto& run : *runs) {
    if (run.id.value > dealt_with && run.started_at > now + no_jump) return run.id;
  }
  return RunId{};
}

// True: something changed.
bool bring_back(store::DealRow& row, Instant now) {
  const bool waits = row.look_again_at && *row.look_again_at > now;
  bool changed = waits;
  if (waits) row.dirty = true;
  if (row.ask_microsoft_at && *row.ask_microsoft_at > now) {
    row.ask_microsoft_at = now;
    changed = true;
  }
  for (auto& [name, value] : row.marks) {
    const bool waits_until =
        name == refused_until_mark(store::Side::crm) || name == refused_until_mark(store::Side::partner_center);
    const auto at = is_settle_mark(name) || waits_until ? parse_instant(value) : std::nullopt;
    if (!at || *at <= now) continue;
    value = to_string(now);
    changed = true;
  }
  return changed;
}

}  // namespace

Result<void> mind_the_clock(const Pair& pair) {
  const Instant now = pair.clock->now();
  auto ahead = last_run_from_the_future(*pair.store, now);
  if (!ahead) return ahead.error();
  if (!ahead->valid()) return {};
  store::DealFilter filter;
  while (true) {
    auto rows = pair.store->deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) break;
    filter.after = rows->back().id;
    auto done = pair.store->transaction([&]() -> Result<void> {
      for (auto& row : *rows) {
        if (!bring_back(row, now)) continue;
        if (auto updated = pair.store->update_deal(row); !updated) return updated;
      }
      return {};
    });
    if (!done) return done;
  }
  return pair.store->transaction([&]() -> Result<void> {
    for (const Side side : {Side::crm, Side::partner_center}) {
      const std::string name = store::name_of(side);
      if (auto done = pair.store->set_property("environment." + name + ".asked", ""); !done) return done;
      if (auto done = pair.store->set_property("looked_at." + name, to_string(now - days(1))); !done) return done;
    }
    if (auto done = pair.store->set_property("stages.crm.asked", ""); !done) return done;
    return pair.store->set_property(minded_property, std::to_string(ahead->value));
  });
}

}  // namespace cosell::engine
