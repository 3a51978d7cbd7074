// Writing records: a batch of planned operations becomes the fewest collection calls, and every operation gets
// exactly one outcome. Nothing is sent twice here; what is unclear is reported as unclear.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/salesforce/salesforce_client.h"
#include "connectors/salesforce/salesforce_reads.h"
#include "connectors/salesforce/salesforce_schema.h"
#include "connectors/salesforce/salesforce_settings.h"
#include "net/batch_size.h"

namespace cosell::salesforce {

class SalesforceWrites {
 public:
  SalesforceWrites(const SalesforceSettings& settings, SalesforceClient& client, SalesforceSchema& schema,
                   SalesforceReads& reads);

  std::vector<Outcome> push(Call& call, std::span<const Operation> operations);

 private:
  struct Row;    // one operation, ready to be sent
  struct Batch;  // rows of one collection call

  Result<Row> row_of(const Operation& operation, std::size_t index) const;
  // Compares the present values with those that the plan was made from; settles what must not be written, an amount
  // that products make up too. Gives the error of the read, if it was refused as a whole.
  std::optional<Error> check_expected(Call& call, std::span<const Operation> operations, Batch& batch,
                                      std::vector<std::optional<Outcome>>& outcomes);
  std::optional<Error> check_expected_of(Call& call, std::span<const Operation> operations,
                                         const std::vector<std::size_t>& indexes,
                                         std::vector<std::optional<Outcome>>& outcomes);
  std::vector<Batch> batches_of(std::span<const Operation> operations, std::vector<Row> rows) const;
  // How many of them, from the first one on, share a call.
  static std::optional<Error> asked_to_wait(std::span<const Batch> batches,
                                            const std::vector<std::optional<Outcome>>& outcomes);
  std::size_t together(std::span<const Batch> batches) const;
  std::size_t collections_in_call() const;
  json::Value body_of(const Batch& batch) const;
  std::string method_of(const Batch& batch) const;
  std::string path_of_collection() const;
  http::Headers headers_of_collection() const;

  static void fail_rows(std::vector<std::optional<Outcome>>& outcomes, std::span<const Operation> operations,
                        std::span<const Row> rows, const Error& error);
  // All six give the error that concerns more than the rows, if there was one.
  // Compares what has to be compared, sends, and where a whole collection is refused looks for the row that is meant.
  std::optional<Error> deliver(Call& call, std::span<const Operation> operations, std::span<Batch> batches,
                               std::vector<std::optional<Outcome>>& outcomes);
  std::optional<Error> compare_and_send(Call& call, std::span<const Operation> operations, std::span<Batch> batches,
                                        std::vector<std::optional<Outcome>>& outcomes);
  std::optional<Error> send_halves(Call& call, std::span<const Operation> operations, const Batch& batch,
                                   std::vector<std::optional<Outcome>>& outcomes, int& calls_left);
  std::optional<Error> send(Call& call, std::span<const Operation> operations, std::span<const Batch> batches,
                            std::vector<std::optional<Outcome>>& outcomes);
  std::optional<Error> send_alone(Call& call, std::span<const Operation> operations, const Batch& batch,
                                  std::vector<std::optional<Outcome>>& outcomes);
  std::optional<Error> send_together(Call& call, std::span<const Operation> operations, std::span<const Batch> batches,
                                     std::vector<std::optional<Outcome>>& outcomes);
  static bool fits_rows(const std::vector<WriteResult>& results, const Batch& batch);
  void settle(Call& call, std::span<const Operation> operations, const Batch& batch, const json::Value& results,
              const std::string& request_id, std::vector<std::optional<Outcome>>& outcomes) const;

  const SalesforceSettings settings_;
  SalesforceClient& client_;
  SalesforceSchema& schema_;
  SalesforceReads& reads_;
  net::BatchSize rows_in_call_;
  bool tells_products_ = true;  // may the bridge's user see whether an opportunity has products?
};

// Operations that one push takes.
int batch_max_of(const SalesforceSettings& settings);

}  // namespace cosell::salesforce
