// The JSON of Dynamics 365, both ways: pages of rows become observations, and values become members of a body. Only
// reads and writes texts; what an error means is decided in dynamics365_errors.h, and nothing here sends a request.
//
// Every reader refuses a body that is not what it should be (`bad_response`, naming the request); a row without a
// column that was asked for is such a body, because a missing column must never be taken for an empty one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_schema.h"
#include "connectors/dynamics365/dynamics365_stage.h"

namespace cosell::dynamics365 {

// A column that the caller asked for, and where it comes from.
struct PlannedColumn {
  std::string name;  // as asked for
  enum class From : std::uint8_t { own, stage, process, related } from = From::own;
  std::string property;    // as rows show it: "estimatedvalue", "_parentaccountid_value"
  ColumnFacts facts;       // related: of the lookup
  std::string column;      // related: the column of the other record
  std::size_t lookup = 0;  // related: which of the shape's lookups leads there
};

struct RowShape {
  const Table* table = nullptr;
  std::string key_column;  // "" for tables that carry no bridge key
  std::vector<PlannedColumn> columns;
  StageColumn stage{""};

  std::size_t lookups = 0;  // that related columns are read through

  // "opportunityid,name,…"; every property once.
  std::string select() const;
  // Rows of opportunity alone do not show all columns: the business process has to be read too.
  bool shows_process() const;
};

struct Row {
  Observation seen;                  // related columns and those of the process are blank until somebody fills them
  std::vector<std::string> related;  // by lookup: the id of the other record; none for a deleted row
  std::string modified_by = {};      // id of the user who changed it last

  // "" where the lookup is empty.
  const std::string& other_id(const PlannedColumn& related_column) const;
};

struct RowPage {
  std::vector<Row> rows;
  std::string next;   // link to the next page, "" on the last one
  std::string delta;  // link to later changes, on the last page of a tracked read
};

// A `bad_response` about the answer to a request, named as in "GET opportunities".
Error not_understood(const std::string& request, const std::string& what);

Result<json::Value> read_body(const std::string& body, const std::string& request);
Result<RowPage> read_page(const std::string& body, const RowShape& shape, const std::string& request);
Result<Row> read_row(const json::Value& row, const RowShape& shape, const std::string& request);

// A value as rows show it; empty result: an object or a list, which no column of ours holds.
std::optional<Value> typed(const json::Value& v, ColumnType type);

// A value as a member of a body; `config` or, for texts, `rejected` where the column cannot hold it. Not for lookups.
Result<json::Value> written_value(const std::string& column, ColumnType type, const Value& v);

// The day that a moment stands for where people wrote a date: midnight in their zone, or the hour in UTC at
// which the bridge writes.
Date day_of_local(Instant t);

}  // namespace cosell::dynamics365
