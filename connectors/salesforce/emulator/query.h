// A query bound to the schema, its result as a snapshot, and its records as JSON.
// Responsible for what a query means; paging over locators is the API's (query_api.cpp).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "connectors/salesforce/emulator/soql.h"
#include "connectors/salesforce/emulator/state.h"

namespace cosell::emulator::salesforce {

// One object of a query: the one in FROM (slot 0) or a parent reached through a reference of an earlier slot.
struct Slot {
  const Object* object = nullptr;
  std::size_t parent = 0;
  std::uint16_t reference = 0;  // field of the parent slot
  std::string relationship = {};
};

struct BoundField {
  std::size_t slot = 0;
  std::uint16_t index = 0;
};

struct BoundCondition {
  soql::Condition::Kind kind = soql::Condition::Kind::compare;
  std::vector<BoundCondition> parts = {};
  BoundField field = {};
  soql::Op op = soql::Op::equal;
  Value value = {};                                   // single comparisons
  std::optional<std::pair<Value, Value>> range = {};  // from, to (exclusive): named date ranges
  std::vector<Value> values = {};                     // IN
  std::unordered_set<std::string> texts = {};         // IN over texts, folded
  bool with_null = false;                             // IN with null among the values
  std::string pattern = {};                           // LIKE, folded
};

struct BoundOrder {
  BoundField field = {};
  bool descending = false;
  bool nulls_last = false;
};

// What a record of the answer consists of, in the order of the SELECT list.
struct OutputItem {
  std::string name;
  BoundField field = {};
  std::vector<OutputItem> children = {};  // a parent object
  std::size_t child_slot = 0;
};

struct BoundQuery {
  std::vector<Slot> slots = {};
  std::vector<OutputItem> output = {};
  std::optional<BoundCondition> where = {};
  std::vector<BoundOrder> order = {};
  bool count = false;
  std::optional<std::int64_t> limit = {};
  std::int64_t offset = 0;
};

Outcome<BoundQuery> bind(const State& state, const soql::Query& query, Instant now);

// Row versions as they were when the query ran: `slots` pointers for each record.
struct ResultSet {
  BoundQuery query;
  std::vector<RowPtr> rows = {};
  std::size_t total = 0;  // records, whatever the page
};

struct RunOptions {
  bool with_deleted = false;  // queryAll
  Instant now{};
};
ResultSet run(const State& state, BoundQuery query, const RunOptions& options);
// The given rows with their parents, in their order, whatever the conditions; empty rows stay empty.
ResultSet resolve(const State& state, BoundQuery query, const std::vector<RowPtr>& rows);

// Record `n` of the result; `version` ("v64.0") goes into the URLs.
Json render(const ResultSet& result, std::size_t n, const std::string& version);

// A field's value as JSON: ids with 18 characters, times with milliseconds.
Json to_json(const Field& field, const Value& value);
Json attributes_of(const Object& object, const std::string& id15, const std::string& version);

}  // namespace cosell::emulator::salesforce
