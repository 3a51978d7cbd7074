// Which records are one deal, by the keys that they carry: an opportunity names its referral in the bridge's column, a
// referral its opportunity as `externalReferenceId`. What people and the matcher say is link.h.
//
// A record that names a known one is tied to it, or waits as its half until that one is seen. A person's word counts
// more: what was taken apart, or called a deal of its own, is not tied again by the same key (I-16).
// Of several records that carry one key none is written to until a person left the key with one of them: each second
// holder is held, and so is the deal that the key is tied to (F-47, I-17). A deleted record and a closed referral hold
// no key; a referral that was won stays tied all the same, since its Won is the opportunity's.
// The key of a referral that the selection leaves out says nothing here: only an opportunity that names it ties the two
// (F-77).
#pragma once

#include <optional>
#include <string>

#include "engine/pair.h"

namespace cosell::engine {

// The deal is tied to another record than before: what its open writes were planned to agree on was agreed with that
// one. Inside the caller's transaction; the row is to be stored.
Result<void> forget_agreements_of_open_writes(store::Store& store, store::DealRow& row);

// Inside the caller's transaction.
class Ties {
 public:
  Ties(const Pair& pair, RunId run) : pair_(pair), run_(run) {}

  // The deal of a record that is seen now; `known` is the row that it has already. One without a number is to be added.
  Result<store::DealRow> row_of(Side side, const Observation& seen, std::optional<store::DealRow> known);
  // The selection leaves out other referrals than it did before: what the keys of a known one say now.
  Result<void> tie_anew(const store::DealRow& row);
  // The side does not show the deal's record any more: a second holder holds its key no longer.
  Result<void> lose_sight(Side side, store::DealRow& row);

 private:
  Result<bool> may_be_tied(Side side, const Observation& seen, store::DealRow& row) const;
  Result<std::optional<store::DealRow>> tie_by_key(Side side, const Observation& seen, store::DealRow* existing);
  bool is_left_out(const Columns& referral) const;
  bool is_left_out(Side side, const Observation& seen) const;
  Result<void> give_place_of_deleted(Side side, store::DealRow& row);
  Result<store::DealRow> merge(const store::DealRow& goes, Side side, store::DealRow stays);
  Result<void> note_tie(Side side, const store::DealRow& row);
  Result<void> let_name_go(Side side, store::DealRow& row);
  // Two records with one key are both held; one that lost it is free again (F-47).
  Result<void> hold_original(Side side, const RecordId& copy, store::DealRow original);
  Result<bool> release_copy(Side side, const Observation& seen, store::DealRow& row);
  // The record that the deal was tied to gives up its key, and the second holder takes its place.
  Result<std::optional<store::DealRow>> give_way(Side side, const Observation& seen, const store::DealRow& original);
  store::DealRow take_referral_off(store::DealRow& row) const;
  Result<void> let_left_out_go(Side side, const Observation& seen, store::DealRow& row);
  Result<bool> gives_up_its_key(const Observation& seen, const store::SideState& referral,
                                const std::string& opportunity) const;
  Result<std::optional<store::DealRow>> next_holder(const store::DealRow& original);
  Result<void> let_next_follow(Side side, const Observation& seen, const store::DealRow& first);
  Result<void> let_closed_twins_go(Side side, const Observation& seen, store::DealRow& original);

  const Pair& pair_;
  RunId run_;
};

}  // namespace cosell::engine
