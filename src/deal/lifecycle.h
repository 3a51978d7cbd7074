// The life of a co-sell deal as data and pure functions; rule ids as in the lifecycle reference (L-…, S-…, U-…).
// Which steps are legal, which can not be taken back, and which fields are locked when. Nothing here does I/O.
#pragma once

#include <string>
#include <vector>

#include "deal/deal.h"

namespace cosell {

// L-7: Won, Lost, Declined, Expired (and Error) absorb.
bool is_terminal(const Standing& s);
// An inbound deal that waits for the partner's answer (L-1).
bool is_waiting(const Standing& s);

// May a partner move a referral from one standing to another? (L-5, L-7, L-8). The identity is legal.
bool may_move(const Standing& from, const Standing& to);

// Steps that cannot be taken back; they leave only after the settle time, or with approval.
enum class Irreversible : std::uint8_t { none, won, lost, declined, shared, help_asked };
const char* name_of(Irreversible step);   // "won"
const char* label_of(Irreversible step);  // "close as won", "ask Microsoft for help"

// May `field` of this referral still be written? Says why not ("the customer cannot change after creation").
// `shared`: the deal was already visible to Microsoft or help was asked.
struct Lock {
  bool locked = false;
  std::string rule;    // "L-7", "R-4", "5.2"
  std::string reason;  // for people
};
Lock lock_of(Field field, const Standing& referral, bool shared_with_microsoft);

// The type of an own deal from its two answers (T-1, T-3, T-4, T-6).
std::string deal_type(bool visible, bool help_asked);

}  // namespace cosell
