// The part of reconcile that decides how far a deal is: standing (New, Active, Closed …) and stage, together,
// because the CRM shows both in one stage column.
#pragma once

#include "reconcile/reconcile.h"

namespace cosell::reconcile {

struct Progress {
  FieldDecision standing;
  FieldDecision stage;
  // An unanswered inbound deal: nothing but the answer travels to Partner Center, unless it is accepted (L-1, L-2).
  bool waiting = false;
  bool accepting = false;
  // The referral was closed at the last agreement: no deal field is written on either side (L-7).
  bool settled_closed = false;
  // The referral is closed now: nothing is written to Partner Center.
  bool closed = false;
};

Progress decide_progress(const Facts& facts, const Policy& policy);

}  // namespace cosell::reconcile
