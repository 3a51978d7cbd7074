// The guards.
#include "engine/guard.h"

#include <cmath>

#include "base/text.h"

namespace cosell::engine {

namespace {

constexpr std::int64_t restored_records = 3;  // one or two may be a stale answer (F-19)
constexpr const char* gone_property = "guard.deletions";

bool exceeds(std::int64_t count, std::int64_t of, const MassChangeGuard& limit) {
  const double share = static_cast<double>(count) / static_cast<double>(of > 0 ? of : 1);
  return count > limit.deals && share > limit.share;
}

std::string allow_command(const CycleOptions& options, const std::string& name) {
  const bool named = !options.plan_only && !options.command.empty();
  const std::string command = options.command.substr(0, options.command.find(' '));  // "sync" of "sync --deal"
  return "cosell " + (named ? command : std::string("sync")) + " --allow " + name;
}

std::string how_many(std::int64_t count, const std::string& thing) {
  return text::count_of(static_cast<std::size_t>(count), thing);
}

GuardStop stop_at(const std::string& guard, const std::string& message) {
  return {guard, make_error(ErrorClass::guard, message)};
}

struct Steps {
  std::string name;  // of the guard
  std::string verb;  // "close"
  std::int64_t count = 0;
  MassChangeGuard limit;
};

std::optional<GuardStop> check_one(const Steps& steps, bool some_written, std::int64_t known_deals,
                                   const CycleOptions& options) {
  if (options.allow.count(steps.name) > 0 || !exceeds(steps.count, known_deals, steps.limit)) return std::nullopt;
  const double share = static_cast<double>(steps.count) / static_cast<double>(known_deals > 0 ? known_deals : 1);
  const auto percent = std::to_string(std::lround(share * 100.0));
  return stop_at(steps.name, std::string("Stopped before the ") + (some_written ? "next" : "first") +
                                 " write: this run would " + steps.verb + " " + how_many(steps.count, "deal") + " (" +
                                 percent + " % of all). Look at them with: cosell plan. If that is right: " +
                                 allow_command(options, steps.name));
}

std::optional<GuardStop> check_first_sync(const FirstSync& first, const Settings& settings,
                                          const CycleOptions& options) {
  if (first.writes <= settings.first_sync.deals || plan_is_approved(first, options)) return std::nullopt;
  if (first.not_approved <= settings.first_sync.deals) return std::nullopt;
  return stop_at("first_sync", "Stopped before the first write: this first sync would make " +
                                   how_many(first.writes, "change") +
                                   ". Look at them with: cosell plan. If that is right: " +
                                   allow_command(options, "plan=" + first.plan_hash) + " (good for exactly this plan)");
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

std::optional<GuardStop> check_mass_change(const PlannedSteps& steps, std::int64_t known_deals,
                                           const std::optional<FirstSync>& first_sync, const Settings& settings,
                                           const CycleOptions& options) {
  const auto check = [&](const Steps& one) { return check_one(one, steps.some_written, known_deals, options); };
  if (auto stop = check({"closings", "close", steps.closings, settings.closings})) return stop;
  if (first_sync) return check_first_sync(*first_sync, settings, options);
  if (auto stop = check({"sharings", "show to Microsoft", steps.sharings, settings.sharings})) return stop;
  return check({"creates", "create", steps.creates, settings.creates});
}

std::optional<GuardStop> check_disappearance(std::int64_t gone, std::int64_t known_deals, const Settings& settings,
                                             const CycleOptions& options) {
  if (options.allow.count("deletions") > 0 || !exceeds(gone, known_deals, settings.deletions)) return std::nullopt;
  return stop_at("deletions",
                 "Stopped before the first write: " + how_many(gone, "deal") +
                     " were deleted or are no longer visible on one side. Nothing was deleted on the other. See them "
                     "with: cosell todo. If that is right: " +
                     allow_command(options, "deletions"));
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
                                  allow_command(options, "deletions"));
}

std::optional<GuardStop> check_restored(const Pair& pair, Side side, std::int64_t older, const CycleOptions& options) {
  if (options.allow.count("restored") > 0 || older < restored_records) return std::nullopt;
  return stop_at("restored", "Stopped before the first write: " + std::to_string(older) + " deals in " +
                                 pair.title(side) +
                                 " show an older state than at the last sync. It was probably restored from a backup. "
                                 "To take its present state as edits made there: " +
                                 allow_command(options, "restored"));
}

}  // namespace cosell::engine
