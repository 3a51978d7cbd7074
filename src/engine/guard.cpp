// The guards.
#include "engine/guard.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.h"
#include "engine/view.h"
#include "engine/words.h"

namespace cosell::engine {

namespace {

constexpr std::int64_t restored_records = 3;  // one or two may be a stale answer (F-19)
constexpr std::size_t named_at_most = 5;      // deals in a message
constexpr const char* gone_property = "guard.deletions";

bool exceeds(std::int64_t count, std::int64_t of, const MassChangeGuard& limit) {
  const double share = static_cast<double>(count) / static_cast<double>(of > 0 ? of : 1);
  return count > limit.deals && share > limit.share;
}

// For this pair alone: what another one would do, nobody has looked at. With what was let through already: whoever
// gives the command meets no guard again that was answered before.
std::string allow_command(const Pair& pair, const CycleOptions& options, const std::vector<std::string>& names) {
  std::set<std::string> all(names.begin(), names.end());
  for (const std::string& given : options.allow) {
    if (!text::starts_with(given, "plan=")) all.insert(given);  // good for one plan only
  }
  return "cosell sync " + pair.name + " --allow " + text::join({all.begin(), all.end()}, " ");
}

std::string how_many(std::int64_t count, const std::string& thing) {
  return text::count_of(static_cast<std::size_t>(count), thing);
}

GuardStop stop_at(const std::string& guard, const std::string& message) {
  return {guard, make_error(ErrorClass::guard, message)};
}

struct Steps {
  const char* name;  // of the guard
  const char* verb;  // "close"
  std::int64_t count;
  const MassChangeGuard& limit;
};

// "close 6 deals (20 % of all)"
std::string in_words(const Steps& steps, std::int64_t known_deals) {
  const double share = static_cast<double>(steps.count) / static_cast<double>(known_deals > 0 ? known_deals : 1);
  return std::string(steps.verb) + " " + how_many(steps.count, "deal") + " (" +
         std::to_string(std::lround(share * 100.0)) + " % of all)";
}

bool needs_a_look(const FirstSync& first, const Settings& settings, const CycleOptions& options) {
  const std::int64_t most = settings.first_sync.deals;
  return first.writes > most && first.not_approved > most && !plan_is_approved(first, options);
}

bool is_gone(const store::SideState& state) {
  return state.existence == store::Existence::deleted || state.existence == store::Existence::out_of_scope;
}

// Was the deal decided on when this side showed it no longer? One that the other side shows no longer either, since
// then, was not.
bool is_told_as_gone(const Pair& pair, const store::DealRow& row, Side side) {
  const std::set<std::string> reasons = {"deleted", "out_of_scope", "not_found", "closed"};
  if (reasons.count(row.reason) == 0) return false;
  const Side other = other_side(side);
  return row.message != words::vanished(pair, other, row.reason) || !is_gone(side_of(row, other));
}

}  // namespace

bool plan_is_approved(const FirstSync& first_sync, const CycleOptions& options) {
  return options.allow.count("plan=" + first_sync.plan_hash) > 0;
}

Result<std::int64_t> noted_as_gone(store::Store& store) {
  auto noted = store.property(gone_property);
  if (!noted) return noted.error();
  return noted->empty() ? 0 : std::stoll(*noted);
}

Result<void> note_gone(store::Store& store, std::int64_t gone) {
  if (gone == 0) return {};
  auto before = noted_as_gone(store);
  if (!before) return before.error();
  return store.set_property(gone_property, std::to_string(*before + gone));
}

Result<void> forget_gone(store::Store& store) { return store.set_property(gone_property, ""); }

void stop_run(CycleReport& report, const GuardStop& guard) {
  report.stopped = guard.error;
  report.side_down.reset();
  report.guard = guard.guard;
}

std::optional<GuardStop> check_mass_change(const Pair& pair, const PlannedSteps& steps, std::int64_t known_deals,
                                           const std::optional<FirstSync>& first_sync, const CycleOptions& options) {
  const Settings& settings = pair.settings;
  std::vector<Steps> counted = {{"closings", "close", steps.closings, settings.closings}};
  if (!first_sync) {  // whose plan is looked at as a whole
    counted.push_back({"sharings", "show to Microsoft", steps.sharings, settings.sharings});
    counted.push_back({"creates", "create", steps.creates, settings.creates});
  }
  // All of them at once: answered one after another, each would stop the run again for the next.
  std::vector<std::string> guards, names, would;
  for (const Steps& one : counted) {
    if (options.allow.count(one.name) > 0 || !exceeds(one.count, known_deals, one.limit)) continue;
    guards.emplace_back(one.name);
    names.emplace_back(one.name);
    would.push_back(in_words(one, known_deals));
  }
  const bool whole_plan = first_sync && needs_a_look(*first_sync, settings, options);
  if (whole_plan) {
    guards.emplace_back("first_sync");
    names.push_back("plan=" + first_sync->plan_hash);
    would.push_back("make " + how_many(first_sync->writes, "change"));
  }
  if (guards.empty()) return std::nullopt;
  return stop_at(guards.front(),
                 std::string("Stopped before the ") + (steps.some_written ? "next" : "first") + " write: this " +
                     (whole_plan ? "first sync" : "run") + " would " + text::join(would, " and ") +
                     ". Look at them with: cosell plan. If that is right: " + allow_command(pair, options, names) +
                     (whole_plan ? " (good for exactly this plan)" : ""));
}

Result<std::vector<GoneDeal>> deals_gone(const Pair& pair) {
  std::vector<GoneDeal> gone;
  store::DealFilter filter;
  filter.dirty_only = true;  // once a run was let pass, they are decided on
  while (true) {
    auto rows = pair.store->deals(filter);
    if (!rows) return rows.error();
    for (const auto& row : *rows) {
      const bool linked = !row.crm.record_id.empty() && !row.partner_center.record_id.empty();
      if (!linked || is_left_to_another(row)) continue;
      for (const Side side : {Side::crm, Side::partner_center}) {
        if (!is_gone(side_of(row, side)) || is_told_as_gone(pair, row, side)) continue;
        gone.push_back({row.title, row.crm.record_id, row.partner_center.record_id, side});
      }
    }
    if (static_cast<int>(rows->size()) < filter.limit) return gone;
    filter.after = rows->back().id;
  }
}

std::optional<GuardStop> check_disappearance(const Pair& pair, const Gone& gone, std::int64_t known_deals,
                                             const CycleOptions& options) {
  if (options.allow.count("deletions") > 0 || !exceeds(gone.deals, known_deals, pair.settings.deletions)) {
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (const GoneDeal& deal : gone.known) {
    if (names.size() < named_at_most) names.push_back(deal.title + " (" + pair.title(deal.side) + ")");
  }
  std::string they_are = text::join(names, ", ");
  const std::size_t more = gone.known.size() - names.size();
  if (more > 0) they_are += " and " + std::to_string(more) + " more. All of them: cosell plan " + pair.name + " --full";
  return stop_at(
      "deletions",
      "Stopped before the first write: " + how_many(gone.deals, "deal") + (gone.deals == 1 ? " was" : " were") +
          " deleted or can no longer be seen on one side. " +
          (they_are.empty() ? "" : "In question: " + they_are + ". ") +
          "Nothing was deleted on the other side. If that is right: " + allow_command(pair, options, {"deletions"}));
}

std::optional<GuardStop> check_listing(const Pair& pair, Side side, std::int64_t gone, std::int64_t known,
                                       std::int64_t listed, const CycleOptions& options) {
  if (options.allow.count("deletions") > 0) return std::nullopt;
  const bool empty = listed == 0 && known > 0;
  if (!empty && !exceeds(gone, known, pair.settings.deletions)) return std::nullopt;
  const std::string& where = pair.title(side);
  const std::string saw =
      empty ? where + " lists no deal at all, and " + std::to_string(known) + " are known"
            : where + " lists " + std::to_string(gone) + " of " + std::to_string(known) + " known deals no longer";
  return stop_at("deletions", "Stopped before the first write: " + saw +
                                  ". The bridge's user may have lost access to them: cosell check. If they are really "
                                  "gone: " +
                                  allow_command(pair, options, {"deletions"}));
}

std::optional<GuardStop> check_restored(const Pair& pair, Side side, std::int64_t older, const CycleOptions& options) {
  if (options.allow.count("restored") > 0 || older < restored_records) return std::nullopt;
  return stop_at("restored", "Stopped before the first write: " + std::to_string(older) + " deals in " +
                                 pair.title(side) +
                                 " show an older state than at the last sync. It was probably restored from a backup. "
                                 "To take its present state as edits made there: " +
                                 allow_command(pair, options, {"restored"}));
}

}  // namespace cosell::engine
