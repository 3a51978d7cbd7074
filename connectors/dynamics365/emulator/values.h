// Values of columns, GUIDs, and the comparisons that Dataverse makes between values.
// Responsible for the form of a value, not for which values a column accepts (body.h).
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/random.h"
#include "base/time.h"
#include "connectors/emulator/plain_values.h"

namespace cosell::emulator::dynamics365 {

// What names of functions and actions begin with.
inline constexpr std::string_view kNamespace = "Microsoft.Dynamics.CRM.";

struct Guid {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const Guid&) const = default;
  bool empty() const { return high == 0 && low == 0; }
};

struct GuidHash {
  std::size_t operator()(const Guid& g) const {
    return static_cast<std::size_t>(g.high ^ (g.low * 0x9E3779B97F4A7C15U));
  }
};

// 8-4-4-4-12 digits in any case, with or without braces.
std::optional<Guid> parse_guid(std::string_view text);
std::string to_string(const Guid& guid);  // lower case, no braces
Guid new_guid(Random& random);
// The same text always gives the same GUID: ids of metadata.
Guid guid_of(std::string_view text);

// A row of a table, by the table's place in the schema.
struct Ref {
  Guid id;
  std::uint16_t table = 0;
  auto operator<=>(const Ref&) const = default;
};

using Value = std::variant<std::monostate, bool, std::int64_t, double, Instant, Date, Guid, Ref, std::string>;

inline bool is_null(const Value& v) { return v.index() == 0; }

// Numbers compare with numbers, dates with times, references with ids; null comes first.
int compare_values(const Value& a, const Value& b);

// Lengths count UTF-16 units.
std::size_t count_units(std::string_view utf8);
std::optional<std::int64_t> parse_integer(std::string_view text);

}  // namespace cosell::emulator::dynamics365
