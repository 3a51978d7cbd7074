// How each deal field comes from CRM columns and goes back: the plan that is read from "fields", and its application.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mapping/mapping.h"
#include "mapping/source.h"
#include "mapping/tree.h"

namespace cosell::mapping {

enum class FieldKind : std::uint8_t { text, date, money, flag, people, solutions, customer };

struct PersonPlan {
  Source first, last, name, phone, email;
};

inline constexpr std::array<const char*, 7> kCustomerParts = {"name",  "line1",       "line2",  "city",
                                                              "state", "postal_code", "country"};
// The part of a customer by its name in the file.
std::string& part_of(Customer& customer, std::string_view name);
const std::string& part_of(const Customer& customer, std::string_view name);

struct FieldPlan {
  FieldRule rule;
  FieldKind kind = FieldKind::text;
  Source source;
  std::optional<Default> fallback;      // "default"
  std::string currency;                 // money: fixed, or when the currency column is blank
  std::string currency_column;          // money
  std::string separator = ";";          // solutions
  std::vector<Solution> solutions;      // solutions: constant
  std::vector<PersonPlan> people;       // people
  std::map<std::string, Source> parts;  // customer
  bool statement = false;               // consent: somebody signed
  std::string signed_by;                // who
  std::optional<Date> signed_on;
  Origin signed_on_at;
  Origin at;

  // Has it columns that are read from every opportunity? A constant alone is used only when a referral is created.
  bool reads_columns() const;
  // Was the CRM asked for any of those columns? One that is asked for and empty is there, as a blank.
  bool is_shown_by(const Columns& opportunity) const;
  // Does what the columns say go into a new referral? Not against the field's direction, but for what every referral
  // needs and nobody minds: without a name no deal begins.
  bool sends_columns_at_creation() const;
  std::vector<std::string> columns() const;
  // A statement with a day that is still to come says nothing yet. One day more is left to other time zones.
  bool is_signed_later(Date today) const { return signed_on && add_days(today, 1) < *signed_on; }
};

// Reads "fields"; findings for what does not fit together.
std::vector<FieldPlan> read_fields(const Node* fields, Findings& findings);
// Reads "direction", "conflict", "first_link", "create_only" and "required" over what `rule` holds.
void read_rule(const Node& node, FieldRule& rule);

// --- applying a plan
struct FieldRead {
  Value value;
  std::optional<ReadDeal::Problem> problem;
};
FieldRead read_field(const FieldPlan& plan, const Columns& columns, const Findings& files);
// The value for a new referral when the columns gave none; blank when the mapping has none either.
Value value_for_create(const FieldPlan& plan, const Columns& columns, Date today);
// Adds the columns that say `value`. `present`: what the record shows now, so that an equal value is left alone.
void write_field(const FieldPlan& plan, const Value& value, const Columns& present, const Findings& files,
                 Mapping::Written& out);

}  // namespace cosell::mapping
