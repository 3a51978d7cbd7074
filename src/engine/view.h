// One deal as the engine decides on it: both sides in canonical form, what they last agreed on, and the raw columns
// behind them. Loaded from a row of the store; also writes back what was agreed.
#pragma once

#include <optional>

#include "engine/pair.h"
#include "reconcile/reconcile.h"

namespace cosell::engine {

struct DealView {
  Columns crm_columns;
  Columns partner_center_columns;
  Columns microsoft_columns;  // Microsoft's half; empty when there is none
  mapping::ReadDeal crm;
  Deal partner_center;  // own referral, with help and answer taken from Microsoft's half
  Deal base_crm;
  Deal base_partner_center;
  bool inbound = false;
  std::optional<Instant> changed_in_crm;  // as the servers say; for the conflict rule `latest` alone
  std::optional<Instant> changed_in_partner_center;

  reconcile::Facts facts() const;
};

Result<DealView> load_view(const Pair& pair, const store::DealRow& row);

// The referral as a deal, with what Microsoft's half adds to it.
Deal referral_deal(const Columns& own, const Columns& microsoft);

// What both sides agreed on for one field, each in its own words.
struct AgreedField {
  Field field;
  Value crm, partner_center;
};
// Both sides agree on these fields too. Where both have an image, the present ones become the base and marks of the row
// say only where the agreement differs from them; else the fields lie over the base in marks.
Result<void> agree_on(const Pair& pair, store::DealRow& row, const std::vector<AgreedField>& fields);
// Both sides agree on everything but `open`: the present images become the base; open fields keep what they had.
void advance_base(store::DealRow& row, const DealView& view, const std::set<Field>& open);

// The mapping is another one than `before`: what a mark says that the CRM showed when both sides agreed is read again
// from the picture that the deal stands on, where that is what it showed. True: a mark changed.
Result<bool> read_marks_anew(const Pair& pair, const mapping::Mapping& before, store::DealRow& row);
// The same of what the CRM showed when a write was planned that Partner Center is to agree with.
Result<void> read_agreement_anew(const Pair& pair, const mapping::Mapping& before, const store::DealRow& row,
                                 Columns& agrees_with);

// It was decided to be none of this pair's: its records are tied by keys, as those of other pairs and bridges are.
bool is_left_to_another(const store::DealRow& row);

}  // namespace cosell::engine
