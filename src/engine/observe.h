// Takes what the sides show into the store: one deal row per opportunity or referral, tied together by the keys that
// the records themselves carry. Decides nothing.
#pragma once

#include "engine/pair.h"

namespace cosell::engine {

struct ObserveCounts {
  std::int64_t seen = 0;     // records delivered
  std::int64_t changed = 0;  // of these: new or different
};

class Observer {
 public:
  Observer(const Pair& pair, RunId run) : pair_(pair), run_(run) {}

  // Inside a transaction. Records of other kinds than deals and Microsoft's halves are ignored.
  Result<void> take(Side side, const Observation& seen, ObserveCounts& counts);
  // The row of the deal that a record belongs to, after take().
  Result<std::optional<store::DealRow>> row_of(Side side, const RecordId& id);

 private:
  Result<store::DealRow> find_or_add(Side side, const Observation& seen);
  Result<std::optional<store::DealRow>> tie_by_key(Side side, const Observation& seen, store::DealRow* existing);
  Result<void> take_microsoft(const Observation& seen, ObserveCounts& counts);
  Result<void> record_change(store::DealRow& row, Side side, const Observation& seen, ImageId before);

  const Pair& pair_;
  RunId run_;
};

}  // namespace cosell::engine
