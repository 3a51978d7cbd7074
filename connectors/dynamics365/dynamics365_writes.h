// Writing records: planned operations become parts of as few batches as possible, and every operation gets exactly one
// outcome. An operation of several steps (closing, reopening) is one change set, so that all of it happens or nothing.
// Nothing is sent twice here; what is unclear is reported as unclear.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_client.h"
#include "connectors/dynamics365/dynamics365_process.h"
#include "connectors/dynamics365/dynamics365_reads.h"
#include "connectors/dynamics365/dynamics365_related.h"
#include "connectors/dynamics365/dynamics365_schema.h"
#include "connectors/dynamics365/dynamics365_settings.h"
#include "connectors/dynamics365/dynamics365_write_row.h"
#include "net/batch_size.h"

namespace cosell::dynamics365 {

class Dynamics365Writes {
 public:
  Dynamics365Writes(const Dynamics365Settings& settings, Dynamics365Client& client, Dynamics365Schema& schema,
                    Dynamics365Reads& reads, Dynamics365Related& related, Dynamics365Processes& processes);

  std::vector<Outcome> push(Call& call, std::span<const Operation> operations);

 private:
  struct Push;  // what one push has come to

  bool needs_a_look(const WriteRow& row, const Operation& operation) const;
  // Reads rows again where a condition, the present stage or a calculated revenue has to be known before the write.
  void look(Call& call, Push& push, std::vector<WriteRow>& rows);
  std::optional<Error> judge_look(const Operation& operation, const Observation& seen, WriteRow& row) const;

  // Prepares the moves of the business process; it is read at once for all rows.
  void plan_moves(Call& call, Push& push, std::vector<WriteRow>& rows);

  void send_all(Call& call, Push& push, std::vector<WriteRow> rows);
  // Gives the error of the whole call, if it was refused as a whole. `full`: no more fitted in.
  std::optional<Error> send(Call& call, Push& push, std::vector<WriteRow>& rows, bool full);
  // The business processes of the rows that were written, as they stand now.
  static std::string shown_by(const BatchAnswer& part, const WriteRow& row);
  // `place`: of the first part of each row, of so many requests.
  static bool fits_rows(const Dynamics365Client::Written& written, const std::vector<WriteRow>& rows,
                        const std::vector<std::size_t>& place, std::size_t requests);
  ProcessInstances processes_after(Call& call, const std::vector<WriteRow>& rows);
  struct Shown {
    const BatchAnswer* record = nullptr;  // the record as it was read behind the write
    const ProcessInstances& processes;
  };
  void settle(Call& call, Push& push, WriteRow& row, const BatchAnswer& answer, const Shown& shown);
  void settle_refused(Call& call, Push& push, WriteRow& row, const http::Response& refusal);
  Applied applied_with(Call& call, const WriteRow& row, const Columns& written, const http::Response& shown,
                       const Shown& how);

  // Creates whose record was there already.
  void find_existing(Call& call, Push& push);
  // Writes to closed records that the organisation refused.
  void reopen_refused(Call& call, Push& push);

  const Dynamics365Settings settings_;
  const StageColumn stage_;
  Dynamics365Client& client_;
  Dynamics365Reads& reads_;
  Dynamics365Related& related_;
  Dynamics365Processes& processes_;
  WriteRows rows_;
  net::BatchSize batch_size_;  // requests in one batch
};

}  // namespace cosell::dynamics365
