// The objects of the emulated org and their fields.
// Responsible for what exists and what a field is like, not for records or for the JSON of describe (describe.h).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connectors/salesforce/emulator/values.h"

namespace cosell::emulator::salesforce {

enum class Type : std::uint8_t {
  id,
  string,
  textarea,
  picklist,
  reference,
  boolean,
  currency,
  number,
  integer,
  percent,
  date,
  datetime,
  email,
  phone,
  url
};
const char* name_of(Type type);  // as describe spells it: "double", "int"

// Fields that every record has outside its cells.
enum class System : std::uint8_t { none, id, created_date, created_by, modified_date, modified_by, stamp, deleted };

struct PickValue {
  std::string value;
  std::string label;
  bool active = true;
};

struct Field {
  std::string name;
  std::string label;
  Type type = Type::string;
  int length = 0;  // texts, in characters
  int precision = 0;
  int scale = 0;
  bool nillable = true;
  bool createable = true;
  bool updateable = true;
  bool defaulted = false;  // the server fills it in on create
  bool custom = false;
  bool unique = false;
  bool external_id = false;
  bool case_sensitive = false;
  bool id_lookup = false;
  bool restricted = false;     // picklist that the `restricted_picklists` switch applies to
  bool currency_code = false;  // exists in multi-currency orgs only, and no switch opens its picklist
  bool calculated = false;
  bool name_field = false;
  bool hidden = false;            // behaves as if it did not exist
  bool needs_permission = false;  // hidden until a permission set shows it
  std::vector<PickValue> picks = {};
  std::string reference_to = {};
  std::string relationship = {};
  System system = System::none;

  bool is_text() const;
  bool is_number() const;
  // Long text can be selected, but neither filtered nor sorted.
  bool filterable() const { return type != Type::textarea || length <= 255; }
  // Lookups by value are indexed.
  bool indexed() const { return unique || external_id || id_lookup; }
};

struct Object {
  std::string name;
  std::string label;
  std::string plural;
  std::string prefix;
  bool createable = true;
  bool updateable = true;
  bool deletable = true;
  bool replicateable = true;
  bool hidden = false;
  std::vector<Field> fields = {};

  // Index of a visible field, whatever the case of its letters.
  std::optional<std::uint16_t> find(std::string_view field) const;
  std::optional<std::uint16_t> find_hidden_too(std::string_view field) const;
  // Index of a visible reference by its relationship name ("Account", "Region__r").
  std::optional<std::uint16_t> find_relationship(std::string_view relationship) const;
  // Index of a field that the standard schema is known to have.
  std::uint16_t at(std::string_view field) const { return find_hidden_too(field).value_or(0); }
  std::uint16_t add(Field field);

 private:
  std::unordered_map<std::string, std::uint16_t> by_name_;
};

class Schema {
 public:
  // The standard objects plus the bridge's columns on Opportunity.
  Schema();
  // Visible object by name, whatever the case of its letters.
  const Object* find(std::string_view object) const;
  const Object* find_by_prefix(std::string_view prefix) const;
  Object& get(std::string_view object);
  const std::deque<Object>& objects() const { return objects_; }
  std::deque<Object>& objects() { return objects_; }

 private:
  std::deque<Object> objects_;
};

// A custom field of a plain text type, as the loader adds it.
Field custom_text(std::string name, int length = 255);
// The custom field that the words describe ("text", "checkbox", "longtext", "number", "date", "datetime", "url",
// "picklist"); empty when the kind is none of these.
std::optional<Field> custom_field(std::string name, std::string_view kind, std::vector<PickValue> picks);

namespace standard {
Object opportunity();
Object account();
Object contact();
Object user();
Object opportunity_stage();
Object opportunity_history();
Object record_type();
Object organization();
Object currency_type();
Object permission_set();
Object field_permissions();
Object permission_set_assignment();
}  // namespace standard

}  // namespace cosell::emulator::salesforce
