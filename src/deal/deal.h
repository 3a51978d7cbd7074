// A deal: the canonical form of one opportunity, whichever side showed it.
//
// Fields that this header lists are all that the engine knows of a deal. A field that is absent was not shown by
// that side (the mapping has no column for it, or the API hides it) and is never compared or written.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/copy_on_write.h"
#include "deal/columns.h"

namespace cosell {

enum class Field : std::uint8_t {
  // kept the same on both sides
  name,
  standing,
  stage,
  value,
  close_date,
  notes,
  customer,
  customer_contacts,
  team,
  solutions,
  campaign,
  marketplace_intent,
  location,         // PartnerID (MPN id) of the location that owns the deal; fixed at creation
  crm_id,           // the CRM's record id, as Partner Center shows it
  visible,          // may Microsoft's sellers see the deal (T-6)
  help,             // assistance code asked from Microsoft, blank when none (T-6)
  help_notes,       // what help is wanted (T-7)
  consent_contact,  // customer and partner contacts may be shared
  // shown by Partner Center only
  referral_id,
  engagement_id,
  direction,   // "Incoming" or "Outgoing"
  type,        // deal type in words (T-1..T-5)
  expires_at,  // when an unanswered inbound deal expires (L-4)
  created_at,
  closed_at,
  link,              // page of the deal in Partner Center
  microsoft_answer,  // lifecycle.h says which (M-0)
  microsoft_reason,
  microsoft_crm_id,
  microsoft_seller,
  registration,  // registration status
  tags,
  favorite,
  // shown by the CRM only
  owner,  // name of the opportunity's owner
  owner_email
};
inline constexpr std::size_t field_count = static_cast<std::size_t>(Field::owner_email) + 1;

struct FieldInfo {
  Field field;
  const char* name;         // "close_date": mapping files, --json, the journal
  const char* label;        // "close date": for people
  bool shared;              // kept the same on both sides
  bool fixed_after_create;  // Partner Center refuses a change after creation (5.2)
  bool fixed_after_share;   // … after the deal was shared with Microsoft (5.2)
};

const std::vector<FieldInfo>& all_fields();
const FieldInfo& info(Field f);
std::optional<Field> field_from(std::string_view name);
std::vector<std::string> field_names();

class Deal {
 public:
  const Value* find(Field f) const;
  const Value& get(Field f) const;  // blank when absent
  bool shows(Field f) const { return find(f) != nullptr; }
  void set(Field f, Value v);
  void erase(Field f);
  // In the order of the fields.
  std::vector<std::pair<Field, const Value&>> values() const;
  bool empty() const;

  std::string text(Field f) const { return text_of(get(f)); }
  std::optional<Standing> standing() const;
  Stage stage() const;  // none when absent
  bool flag(Field f) const;

  friend bool operator==(const Deal& a, const Deal& b) {
    return a.values_.is(b.values_) || a.values_.read() == b.values_.read();
  }

 private:
  using Values = std::array<std::optional<Value>, field_count>;
  CopyOnWrite<Values> values_;  // copies of a deal share them until one is changed
};

// Partner Center's connector shows its columns under the canonical field names.
Deal deal_from_columns(const Columns& columns);
Columns columns_from_deal(const Deal& deal);

}  // namespace cosell
