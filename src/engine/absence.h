// Records that a listing no longer shows. Absence proves nothing (I-11): what is missing is looked up by its id, and
// even a record that is not found by its id is only held for a person; nothing is ever deleted, closed or unlinked for
// it.
//
// A full listing (the first one, or one after the read position died) is compared with what is known; beside that a
// few linked deals are looked up by id once a day, because a side may report no deletions at all (F-34), and so are
// linked records that are out of sight, because none is listed when rights come back (F-46).
#pragma once

#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/cycle.h"
#include "engine/observe.h"
#include "engine/pair.h"

namespace cosell::engine {

// Reads records by id and takes what they show into the store; one that is not there counts as out of sight. What the
// side could not show is told, and left as it is known. False: the side could not be asked; report.stopped says why.
// `unread`: gets the ids of those that were not shown.
Result<bool> look_up(const Pair& pair, RunId run, CycleReport& report, const CycleOptions& options, Side side,
                     const std::vector<std::string>& ids, std::set<std::string>* unread = nullptr);

// Tells people and the journal that a side could not show a record of the deal (I-04: the others went on).
Result<void> note_unread(const Pair& pair, CycleReport& report, Side side, const store::DealRow& row,
                         const Observation& seen);

class Absence {
 public:
  Absence(const Pair& pair, RunId run, CycleReport& report, const CycleOptions& options)
      : pair_(pair), run_(run), report_(report), options_(options) {}

  // A listing that was begun and not compared yet, by this run or an earlier one, starts again from the beginning.
  Result<bool> listing_is_open(Side side);
  // Inside a transaction.
  Result<void> open_listing(Side side);
  void listed(const Observation& seen);
  // The listing is complete: what is known and was not in it is looked up. Stops the run when that is suspiciously
  // much.
  Result<void> compare(Side side);
  // A few linked deals, in turn, and a few of those that are out of sight.
  Result<void> daily_look(Side side);
  // Records that showed an older state than the known one a while ago: what still does was restored, and its deal waits
  // for a person.
  Result<void> look_at_older(Side side);

 private:
  Result<void> close_listing(Side side);
  // Behind `after`, until a few are still out of sight. False as look_up().
  Result<bool> look_at_out_of_sight(Side side, DealId& after);
  Result<bool> any_is_back(Side side, const std::vector<std::string>& ids) const;

  const Pair& pair_;
  RunId run_;
  CycleReport& report_;
  const CycleOptions& options_;
  std::unordered_set<std::string> listed_;
};

}  // namespace cosell::engine
