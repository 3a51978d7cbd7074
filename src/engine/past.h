// What both sides showed of a deal at any time, and why: told from the journal alone, under the present mapping.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deal/deal.h"
#include "engine/pair.h"

namespace cosell::engine {

// A moment since which a side shows other values of a deal than before.
struct Showing {
  Instant at{};
  Side side = Side::crm;
  ImageId image;
  ImageId before;          // what that side showed until then; invalid: nothing, or it is not known
  bool after_gap = false;  // what that side showed until then was pruned or erased
  bool by_bridge = false;  // written by the bridge; else somebody changed it there
  std::string by = {};     // who, where the side tells
  std::int64_t entry = 0;  // in the journal
  std::string cause;       // the journal's sentence
  // By field name: why the bridge wrote it, as a code of reconcile. Only with `by_bridge`.
  std::map<std::string, std::string> reasons;
};

// In order of time. Entries whose details were pruned or erased are left out.
Result<std::vector<Showing>> showings(const Pair& pair, DealId deal);

// The first entry about the deal that is there does not tell how it began: older ones were pruned or erased.
Result<bool> lacks_its_beginning(const Pair& pair, DealId deal);

// Who changed the deal on that side last, as far as it tells; "" when it does not, or when it was the bridge.
Result<std::string> last_editor(const Pair& pair, DealId deal, Side side, Instant until);

// The field as that side showed it then; blank when it showed none.
Result<Value> value_in(const Pair& pair, const Showing& showing, Field field);

// One value of a field on one side, and since when.
struct PastValue {
  Instant at{};
  Side side = Side::crm;
  Value before;
  bool before_is_known = true;
  Value value;
  std::string why;  // for people
  std::int64_t entry = 0;
};

// Every change of the field on either side until then, in order of time.
Result<std::vector<PastValue>> values_of(const Pair& pair, const std::vector<Showing>& showings, Field field,
                                         std::optional<Instant> until);

}  // namespace cosell::engine
