// One planned operation as it goes to the platform: its body, its conditions, and the requests that it takes, in order.
// Sends nothing; what has to be looked at before a write and what came of it is decided in dynamics365_writes.h.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_client.h"
#include "connectors/dynamics365/dynamics365_reads.h"
#include "connectors/dynamics365/dynamics365_related.h"
#include "connectors/dynamics365/dynamics365_schema.h"
#include "connectors/dynamics365/dynamics365_settings.h"

namespace cosell::dynamics365 {

// The currency of an amount, by ISO code: the one related column that can be written.
constexpr std::string_view kCurrencyColumn = "transactioncurrencyid.isocurrencycode";
constexpr const char* kRevenueColumn = "isrevenuesystemcalculated";
constexpr const char* kAmountColumn = "estimatedvalue";

struct WriteRow {
  std::size_t index = 0;
  Verb verb = Verb::update;
  std::string id;
  std::string condition;             // If-Match: a version or "*"
  json::Value body;                  // all columns but the stage
  std::optional<StageValue> target;  // the stage to be written
  std::optional<StageValue> present;
  std::optional<bool> calculated;              // is the revenue calculated? where the record was looked at
  bool force_reopen = false;                   // the record is closed and locked
  std::shared_ptr<const RowShape> shape = {};  // of the written columns, for the answer
  std::vector<BatchRequest> moves = {};        // of the business process
  std::vector<BatchRequest> steps = {};

  bool moves_process() const { return target && target->is_open() && shape->stage.is_process(); }
  // An action or a move shows nothing: the record is read behind it, in the same call.
  bool is_read_behind() const { return !steps.empty() && (steps.back().method == "POST" || !moves.empty()); }
  std::size_t requests() const { return steps.size() + (is_read_behind() ? 1 : 0); }
};

// By kind and columns: most writes of a push are of one shape.
using WriteShapes = std::map<std::pair<RecordKind, std::vector<std::string>>, std::shared_ptr<const RowShape>>;

class WriteRows {
 public:
  WriteRows(const Dynamics365Settings& settings, Dynamics365Client& client, Dynamics365Schema& schema,
            Dynamics365Reads& reads, Dynamics365Related& related)
      : settings_(settings),
        stage_(settings.stage_column),
        client_(client),
        schema_(schema),
        reads_(reads),
        related_(related) {}

  Result<WriteRow> row_of(Call& call, WriteShapes& shapes, const Operation& operation, std::size_t index);
  // Reopen, write, move, close: each only where it is needed.
  Result<std::vector<BatchRequest>> requests_of(Call& call, const WriteRow& row);

 private:
  Result<void> add_column(Call& call, const ColumnFacts& facts, const std::string& column, const Value& value,
                          WriteRow& row);
  Result<void> add_currency(Call& call, const Value& value, WriteRow& row);
  BatchRequest patch(const WriteRow& row, const json::Value& body, const std::string& condition) const;
  BatchRequest close(const WriteRow& row, const StageValue& stage) const;

  const Dynamics365Settings settings_;
  const StageColumn stage_;
  Dynamics365Client& client_;
  Dynamics365Schema& schema_;
  Dynamics365Reads& reads_;
  Dynamics365Related& related_;
};

}  // namespace cosell::dynamics365
