// What stops a run before its first write: a mass change (I-13; creates, closings, sharings and disappearances counted
// apart), a first sync that nobody has looked at, a listing that is wrongly short (F-33), and a system that shows
// older states than before because it was restored from a backup (F-48). Each stop says what it saw and the command
// that lets it through once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/cycle.h"

namespace cosell::engine {

struct PlannedSteps {
  std::int64_t creates = 0;   // new records on either side
  std::int64_t closings = 0;  // won, lost, declined
  std::int64_t sharings = 0;  // shown to Microsoft, help asked
  bool some_written = false;  // a stop comes after the first write
};

struct GuardStop {
  std::string guard;  // "closings"
  Error error;        // what it saw and the command that lets it through once
};

// The run ends for the guard, also where it was about to end for a side that is down; that is told beside it.
void stop_run(CycleReport& report, const GuardStop& guard);

// The plan of a first sync, as a person approves it.
struct FirstSync {
  std::string plan_hash;          // of everything it would write
  std::int64_t writes = 0;        // how much that is
  std::int64_t not_approved = 0;  // of these, beside what was approved before: an approved first sync goes on
};

// Names every guard that is exceeded. `known_deals`: deals that take part. `first_sync`: empty after the first complete
// run.
std::optional<GuardStop> check_mass_change(const Pair& pair, const PlannedSteps& steps, std::int64_t known_deals,
                                           const std::optional<FirstSync>& first_sync, const CycleOptions& options);

// Deals that were reported as deleted or out of sight since the guard last let a run pass, also by runs that ended
// early. Noted in the transaction that takes the report.
Result<void> note_gone(store::Store& store, std::int64_t gone);
Result<std::int64_t> noted_as_gone(store::Store& store);
Result<void> forget_gone(store::Store& store);

struct GoneDeal {
  std::string title;
  std::string crm_id;
  std::string referral_id;
  Side side;  // that shows it no longer
};
// Which deals they are, as far as their records are known. Those of which people were told before that they are gone
// are not among them, also when they are decided on anew.
Result<std::vector<GoneDeal>> deals_gone(const Pair& pair);
struct Gone {
  std::int64_t deals = 0;  // as noted
  std::vector<GoneDeal> known;
};
std::optional<GuardStop> check_disappearance(const Pair& pair, const Gone& gone, std::int64_t known_deals,
                                             const CycleOptions& options);

// A complete listing of `listed` records lacks `gone` of the `known` ones.
std::optional<GuardStop> check_listing(const Pair& pair, Side side, std::int64_t gone, std::int64_t known,
                                       std::int64_t listed, const CycleOptions& options);

// `older`: records of one page that show a state from before the one that is known.
std::optional<GuardStop> check_restored(const Pair& pair, Side side, std::int64_t older, const CycleOptions& options);

// Was this first sync's plan approved with --allow plan=HASH?
bool plan_is_approved(const FirstSync& first_sync, const CycleOptions& options);

}  // namespace cosell::engine
