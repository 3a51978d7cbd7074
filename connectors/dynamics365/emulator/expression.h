// Filter expressions of OData as Dataverse understands them: parsing, binding to columns, evaluating.
// Knows nothing of requests or pages.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/dynamics365/emulator/state.h"

namespace cosell::emulator::dynamics365 {

enum class Op { both, either, negation, eq, ne, gt, ge, lt, le, contains, starts_with, ends_with, in, not_in, between };

// A literal or a property; a bound property knows its column and the lookups that lead to its table.
struct Operand {
  bool quoted_anyway = false;  // of a query function: values may be quoted whatever the type of the column
  bool logical_name = false;   // of a query function: lookups are named as columns, without "_" and "_value"
  bool literal = false;
  Value value = {};
  std::vector<std::string> path = {};
  std::vector<std::uint16_t> lookups = {};
  const Table* table = nullptr;
  std::uint16_t column = 0;
};

struct Expression {
  Op op = Op::eq;
  std::vector<Expression> children = {};
  std::vector<Operand> operands = {};
};

// Value of a parameter alias ("@p1") as it is written in the request.
using Aliases = std::function<std::optional<std::string>(const std::string&)>;

Outcome<Expression> parse_expression(std::string_view text, Instant now, const Aliases& aliases);
// 'text', 12, 1.5, true, null, a GUID, a date, a date-time.
std::optional<Value> parse_literal(std::string_view text);

// Finds the columns and checks that both sides of every comparison fit together.
Outcome<void> bind_expression(Expression& expression, const Schema& schema, const Table& table);

// Whether the expression holds for what `get` answers for its operands. Null equals only null; `ne` and `not` hold for
// null as they do in Dataverse.
using Getter = std::function<Value(const Operand&)>;
bool holds(const Expression& expression, const Getter& get);
// Value of a bound operand for a row.
Value value_of(const Model& model, const Row& row, const Operand& operand);

// "Could not find a property named 'X' on type 'Microsoft.Dynamics.CRM.account'."
tl::unexpected<ApiError> unknown_property(const Table& table, std::string_view property);

}  // namespace cosell::emulator::dynamics365
