// Takes what the sides show into the store: one deal row per opportunity or referral, tied together by the keys that
// the records themselves carry. Decides nothing.
#pragma once

#include "engine/pair.h"

namespace cosell::engine {

struct ObserveCounts {
  std::int64_t seen = 0;     // records delivered
  std::int64_t changed = 0;  // of these: new or different
  std::int64_t gone = 0;     // linked records that are deleted or out of sight since now
  std::int64_t older = 0;    // states from before the known one; not taken (F-19, F-48)
};

// Small facts of a deal (store::DealRow::marks), + side name. Since when the side shows a state of the record from
// before the known one: at first it may be a stale answer (F-19); one that lasts was restored (F-48) and waits for a
// person.
inline constexpr const char* older_mark = "older.";
inline constexpr const char* restored_mark = "restored.";

class Observer {
 public:
  // `take_older`: a state from before the known one counts as well (a restored system, by a person's word).
  Observer(const Pair& pair, RunId run, bool take_older = false) : pair_(pair), run_(run), take_older_(take_older) {}

  // Inside a transaction. Records of other kinds than deals and Microsoft's halves are ignored.
  Result<void> take(Side side, const Observation& seen, ObserveCounts& counts);
  // Inside a transaction. The side does not know the record under its id: it counts as out of sight (I-11).
  Result<void> take_missing(Side side, const std::string& id, ObserveCounts& counts);
  // The row of the deal that a record belongs to, after take().
  Result<std::optional<store::DealRow>> row_of(Side side, const RecordId& id);

 private:
  // A state from before the known one, which says nothing of keys either.
  bool is_left_out(const store::SideState& known, const Observation& seen) const;
  Result<void> note_older(store::DealRow row, Side side);
  Result<void> let_name_go(Side side, store::DealRow& row);
  Result<bool> may_be_tied(Side side, const Observation& seen, store::DealRow& row) const;
  Result<store::DealRow> find_or_begin(Side side, const Observation& seen);
  Result<std::optional<store::DealRow>> tie_by_key(Side side, const Observation& seen, store::DealRow* existing);
  Result<store::DealRow> merge(const store::DealRow& goes, Side side, store::DealRow stays);
  Result<void> note_tie(Side side, const store::DealRow& row);
  // Two records with one key are both held; one that lost it is free again (F-47).
  Result<void> hold_original(Side side, const RecordId& copy, store::DealRow original);
  // The record that the deal was tied to gives up its key, and the second holder takes its place.
  Result<bool> gives_up_its_key(const Observation& seen, const store::DealRow& original);
  Result<std::optional<store::DealRow>> next_holder(const store::DealRow& original);
  Result<std::optional<store::DealRow>> give_way(Side side, const Observation& seen, const store::DealRow& original);
  Result<void> let_closed_twins_go(Side side, const Observation& seen, store::DealRow& original);
  Result<bool> release_copy(Side side, const Observation& seen, store::DealRow& row);
  Result<bool> is_an_earlier_request(const store::DealRow& row, const Observation& seen) const;
  Result<void> take_microsoft(const Observation& seen, ObserveCounts& counts);
  Result<bool> only_completes(const Observation& seen, ImageId before);
  Result<void> record_change(store::DealRow& row, Side side, const Observation& seen, ImageId before);

  const Pair& pair_;
  RunId run_;
  bool take_older_;
};

}  // namespace cosell::engine
