// One cycle of a pair: finish what an earlier run left open, pull both sides, decide, guard, push, settle.
//
// Safe to run again at any time and after any crash: every write is durable before it is sent, and what has no
// result is looked up before anything new is planned for that deal (reliability section 2).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/observe.h"
#include "engine/pair.h"
#include "net/call_meter.h"

namespace cosell::engine {

struct Progress {
  std::string phase;  // "Reading Partner Center", "Comparing", "Writing to Partner Center"
  std::int64_t done = 0;
  std::int64_t total = 0;  // 0: unknown
};

struct CycleOptions {
  std::string command = "sync";
  bool plan_only = false;                           // decide, send nothing (on a scratch store)
  std::function<bool(const store::DealRow&)> only;  // --deal; empty: all
  int limit = 0;                                    // --limit: at most this many deals with writes; 0: all
  // Guards let through once: "closings", "sharings", "creates", "deletions", "restored", "plan=HASH".
  std::set<std::string> allow;
  bool wait_for_lost_creates = false;  // `sync` waits until a lost create can no longer arrive
  std::function<void(const Progress&)> progress = [](const Progress&) {};
};

// What a person is told about one deal: a write that was refused, a side that is down, a step that may cost something.
struct DealNote {
  DealId deal;
  std::string title;
  std::string message;
  std::string next_step;
};

struct CycleReport {
  RunId run;
  std::map<Side, ObserveCounts> observed;
  // Planned and done writes by "crm.opportunity.update", "partner_center.referral.create" …
  std::map<std::string, std::int64_t> planned;
  std::map<std::string, std::int64_t> done;
  std::int64_t deals_with_writes = 0;
  std::vector<DealNote> failures;       // new ones of this run, at most 100
  std::int64_t failures_total = 0;      // deals
  std::set<std::int64_t> failed_deals;  // by number
  // What steps that leave, or began to wait in this run, may cost; at most 100.
  std::vector<DealNote> warnings;
  std::int64_t warnings_total = 0;
  std::map<Side, net::Calls> calls;
  std::vector<store::StateCount> states;  // after the run
  std::optional<Error> stopped;           // why the run ended early
  std::optional<Side> side_down;          // that it ended for
  std::map<Side, Error> down;             // why a side could not be used; the other one may have failed as well
  std::string guard;                      // name of the guard that stopped the run
  std::int64_t unanswered = 0;            // writes whose outcome is not known yet

  // A deal is told once, with what failed first.
  void note_failure(DealNote note);
  // Ends the run, unless it ends for something else already.
  void side_is_down(Side side, const Error& error);
  // While the other side is down, this one is still looked at, so that nothing is missed (F-08). Not once the process
  // was asked to stop, or a guard spoke.
  bool may_look_at(Side side) const;
};

// The error is only for what keeps a cycle from being described at all (the store).
Result<CycleReport> run_cycle(const Pair& pair, const CycleOptions& options);

// Name of the kind of a write, as counted in the report.
std::string write_kind(const store::OperationRow& operation);

}  // namespace cosell::engine
