// Writing rows: what a body may set, what the platform derives and refuses. Nothing here knows HTTP beyond the status
// of a refusal; conditions (ETags) are checked in rows_api.cpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "connectors/dynamics365/emulator/state.h"

namespace cosell::emulator::dynamics365 {

// Who writes, and which of the rules bind them.
struct Writer {
  State& state;
  Random& random;
  Instant now;
  Guid user;
  bool person = false;             // through the forms: secured columns and plug-in aborts of the API user do not apply
  bool set_up = false;             // loading and seeding: no business rule applies
  bool closing = false;            // the Win and Lose actions may close
  bool detect_duplicates = false;  // the request asks for it
  const std::map<std::string, std::string>* references = nullptr;  // Content-ID to "/opportunities(guid)"
};

// A body, checked against the columns of its table.
struct Changes {
  struct Nested {
    std::uint16_t column = 0;
    const Table* table = nullptr;
    Json body;
  };
  std::optional<Guid> id = {};
  std::vector<std::pair<std::uint16_t, Value>> values = {};
  std::vector<Nested> nested = {};  // rows that are made along the way

  const Value* find(std::uint16_t column) const;
  void set(std::uint16_t column, Value value);
};

Outcome<Changes> read_body(const Writer& writer, const Table& table, const Json& body, bool creating);
// The value of one column, as a body carries it.
Outcome<Value> read_value(const Table& table, const Column& column, const Json& value);
// "/accounts(guid)", "accounts(accountnumber='A1')", an absolute URL or "$1".
Outcome<Ref> read_reference(const Writer& writer, const std::string& text);
// The row that the arguments of "opportunities(…)" address.
struct Address {
  std::optional<Guid> id = {};
  std::optional<std::size_t> key = {};
  std::vector<std::pair<std::uint16_t, Value>> key_values = {};
  RowPtr row;
};
using Arguments = std::vector<std::pair<std::string, std::string>>;
Outcome<Address> read_address(const State& state, const Table& table, const Arguments& arguments);
ApiError row_missing(const Table& table, const Address& address);

// Each is one step of its own; callers wrap several into a savepoint of the model.
Outcome<RowPtr> create_row(Writer& writer, const Table& table, Changes changes);
Outcome<RowPtr> update_row(Writer& writer, const Table& table, const RowPtr& before, Changes changes);
Outcome<void> delete_row(Writer& writer, const Table& table, const RowPtr& row);

// Rules of opportunities, applied to the new version before it is stored.
Outcome<void> apply_opportunity_rules(const Writer& writer, const Row* before, Row& row, const Changes& changes);
void after_opportunity_created(Writer& writer, const Row& row);
// A move in the business process: only to a neighbouring stage, and stepname follows.
Outcome<void> check_stage_move(const State& state, const Table& process, const Row& before, const Row& row);
void after_stage_move(Writer& writer, const Table& process, const Row& row);

// WinOpportunity and LoseOpportunity; status -1 lets the platform choose the reason.
struct Closing {
  Guid opportunity;
  bool won = true;
  std::int64_t status = -1;
  Changes close = {};  // columns of opportunityclose
};
Outcome<RowPtr> close_opportunity(Writer& writer, const Closing& closing);

}  // namespace cosell::emulator::dynamics365
