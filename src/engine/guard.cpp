// The mass-change guard.
#include "engine/guard.h"

#include <cmath>

#include "base/text.h"

namespace cosell::engine {

namespace {

std::optional<GuardStop> check_one(const std::string& name, const std::string& what, std::int64_t count,
                                   std::int64_t known_deals, const MassChangeGuard& limit,
                                   const CycleOptions& options) {
  if (options.allow.count(name) > 0) return std::nullopt;
  const auto base = known_deals > 0 ? known_deals : 1;
  const double share = static_cast<double>(count) / static_cast<double>(base);
  if (count <= limit.deals || share <= limit.share) return std::nullopt;
  const std::string command = options.plan_only ? "sync" : options.command;
  const auto percent = std::to_string(std::lround(share * 100.0));
  GuardStop stop;
  stop.guard = name;
  stop.error =
      make_error(ErrorClass::guard, "Stopped before the first write: this run would " + what + " " +
                                        text::count_of(static_cast<std::size_t>(count), "deal") + " (" + percent +
                                        " % of all). Look at them with: cosell plan. If that is right: cosell " +
                                        command + " --allow " + name);
  return stop;
}

}  // namespace

std::optional<GuardStop> check_mass_change(const PlannedSteps& steps, std::int64_t known_deals, bool first_sync,
                                           const Settings& settings, const CycleOptions& options) {
  if (auto stop = check_one("closings", "close", steps.closings, known_deals, settings.closings, options)) return stop;
  if (first_sync) return std::nullopt;  // everything is new; `plan` is the look before it
  if (auto stop = check_one("sharings", "show to Microsoft", steps.sharings, known_deals, settings.sharings, options)) {
    return stop;
  }
  return check_one("creates", "create", steps.creates, known_deals, settings.creates, options);
}

}  // namespace cosell::engine
