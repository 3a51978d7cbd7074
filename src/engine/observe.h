// Takes what the sides show into the store: one deal row per opportunity or referral, tied together as ties.h says.
// Decides nothing.
#pragma once

#include "engine/pair.h"
#include "engine/ties.h"

namespace cosell::engine {

struct ObserveCounts {
  std::int64_t seen = 0;     // records delivered
  std::int64_t changed = 0;  // of these: new or different
  std::int64_t gone = 0;     // linked records that are deleted or out of sight since now
  std::int64_t older = 0;    // states from before the known one; not taken (F-19, F-48)
};

// Does the side show whatever stands in the record?
bool shows_all(const Observation& seen);
// What a record shows, with what the side hides taken from its picture before; left out where that has it not either.
// What it perhaps hides is taken from there as well, else it is empty.
Columns with_hidden(const Observation& seen, const Columns& before);

class Observer {
 public:
  // `take_older`: a state from before the known one counts as well (a restored system, by a person's word).
  Observer(const Pair& pair, RunId run, bool take_older = false)
      : pair_(pair), run_(run), take_older_(take_older), ties_(pair, run) {}

  // Inside a transaction. Records of other kinds than deals and Microsoft's halves are ignored.
  Result<void> take(Side side, const Observation& seen, ObserveCounts& counts);
  // Inside a transaction. The side does not know the record under its id: it counts as out of sight (I-11).
  Result<void> take_missing(Side side, const std::string& id, ObserveCounts& counts);

  // What is hidden of an opportunity and not known to be empty is told to people (view.cpp); true when that changes.
  // `shown`: what is known.
  static bool note_hidden(store::DealRow& row, const Observation& seen, const Columns& shown);

 private:
  // A state from before the known one, which says nothing of keys either.
  bool is_left_out(const store::SideState& known, const Observation& seen) const;
  Result<void> note_older(store::DealRow row, Side side);
  Result<store::DealRow> find_or_begin(Side side, const Observation& seen);
  Result<bool> is_an_earlier_request(const store::DealRow& row, const Observation& seen) const;
  Result<void> take_microsoft(const Observation& seen, ObserveCounts& counts);
  Result<Columns> columns_of(const Observation& seen, ImageId before);
  Result<BridgeKey> hidden_key(Side side, const Observation& seen);
  Result<bool> only_completes(const Observation& seen, ImageId before);
  Result<void> note_retyped_key(store::DealRow& row, Side side, const Observation& seen, ImageId before);
  Result<void> record_change(store::DealRow& row, Side side, const Observation& seen, ImageId before);

  const Pair& pair_;
  RunId run_;
  bool take_older_;
  Ties ties_;
};

}  // namespace cosell::engine
