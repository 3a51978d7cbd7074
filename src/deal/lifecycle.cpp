// The life-cycle rules as small functions; each branch names its rule.
#include "deal/lifecycle.h"

#include <cstdlib>

namespace cosell {

bool is_terminal(const Standing& s) { return s.status == Status::closed; }

bool is_waiting(const Standing& s) { return s.status == Status::fresh; }

bool may_move(const Standing& from, const Standing& to) {
  if (from == to) return true;
  switch (from.status) {
    case Status::fresh:
      // L-1, L-8: accept or decline. Expired is the system's (L-4); won and lost come only after accepting.
      if (to.status == Status::active) return to.substatus == Substatus::accepted;
      return to.status == Status::closed && to.substatus == Substatus::declined;
    case Status::active:
      // L-5, L-8. Error is "close as error" of the user interface and the CSV form.
      if (to.status != Status::closed) return to.status == Status::active && to.substatus == from.substatus;
      return to.substatus == Substatus::won || to.substatus == Substatus::lost || to.substatus == Substatus::error;
    case Status::closed:
      return false;  // L-7
  }
  std::abort();
}

const char* name_of(Irreversible step) {
  switch (step) {
    case Irreversible::none:
      return "none";
    case Irreversible::won:
      return "won";
    case Irreversible::lost:
      return "lost";
    case Irreversible::declined:
      return "declined";
    case Irreversible::shared:
      return "shared";
    case Irreversible::help_asked:
      return "help_asked";
  }
  std::abort();
}

const char* label_of(Irreversible step) {
  switch (step) {
    case Irreversible::none:
      return "nothing";
    case Irreversible::won:
      return "close as won";
    case Irreversible::lost:
      return "close as lost";
    case Irreversible::declined:
      return "decline";
    case Irreversible::shared:
      return "show the deal to Microsoft";
    case Irreversible::help_asked:
      return "ask Microsoft for help";
  }
  std::abort();
}

Lock lock_of(Field field, const Standing& referral, bool shared_with_microsoft) {
  const FieldInfo& f = info(field);
  const std::string label = f.label;
  if (field == Field::registration) return {};  // G-5: registration follows after Won
  if (!f.shared) return {true, "5.2", "the " + label + " is set by Partner Center"};
  if (is_terminal(referral)) return {true, "L-7", "the deal is closed in Partner Center; nothing of it can change"};
  if (field == Field::location) return {true, "R-4", "the location cannot change after creation"};
  if (f.fixed_after_create) return {true, "5.2", "the " + label + " cannot change after creation"};
  if (f.fixed_after_share && shared_with_microsoft) {
    if (field == Field::visible) return {true, "U-8", "a deal that Microsoft has seen stays visible"};
    return {true, "5.2", "the " + label + " cannot change after the deal was shared with Microsoft"};
  }
  return {};
}

std::string deal_type(bool visible, bool help_asked) {
  if (help_asked) return "co-sell";            // T-1, T-6: whatever the second answer is
  return visible ? "partner-led" : "private";  // T-4, T-3
}

}  // namespace cosell
