// Puts the parts of the Salesforce side together; each verb of the contract is done in a file of its own.
#include "connectors/salesforce/salesforce_connector.h"

#include <utility>

#include "connectors/salesforce/salesforce_check.h"
#include "connectors/salesforce/salesforce_client.h"
#include "connectors/salesforce/salesforce_columns.h"
#include "connectors/salesforce/salesforce_ids.h"
#include "connectors/salesforce/salesforce_reads.h"
#include "connectors/salesforce/salesforce_schema.h"
#include "connectors/salesforce/salesforce_writes.h"

namespace cosell {
namespace {

Capabilities capabilities_of(const SalesforceSettings& settings) {
  Capabilities c;
  c.system = "salesforce";
  c.display_name = "Salesforce";
  // Collections carry no condition per row: read, compare, write.
  c.client_key = Capabilities::ClientKey::unique;
  c.batch_max = salesforce::batch_max_of(settings);
  c.refuses_stale_updates = false;  // collections carry no condition
  // Parallel writes to the opportunities of one account lock each other out.
  c.in_flight_max = 4;
  return c;
}

class SalesforceConnector final : public Connector {
 public:
  SalesforceConnector(SalesforceSettings settings, std::shared_ptr<net::TokenSource> tokens)
      : settings_(std::move(settings)),
        capabilities_(capabilities_of(settings_)),
        client_(settings_, std::move(tokens)),
        schema_(client_, settings_.multi_currency),
        check_(settings_, client_, schema_),
        reads_(settings_, client_, schema_),
        writes_(settings_, client_, schema_, reads_),
        columns_(client_, schema_) {}

  const Capabilities& capabilities() const override { return capabilities_; }
  Result<Descriptor> describe(Call& call) override { return check_.describe(call); }
  Result<Descriptor> describe_stages(Call& call) override { return check_.describe_stages(call); }
  Result<std::vector<RecordTypeEntry>> record_types(Call& call) override { return check_.record_types(call); }
  std::vector<Finding> check(Call& call, const std::vector<std::string>& columns_read,
                             const std::vector<std::string>& columns_written) override {
    return check_.check(call, columns_read, columns_written);
  }
  Result<Page> pull(Call& call, const PullRequest& request) override { return reads_.pull(call, request); }
  Result<std::vector<Observation>> fetch(Call& call, std::span<const RecordRef> refs,
                                         const std::vector<std::string>& columns) override {
    return reads_.fetch(call, refs, columns);
  }
  std::vector<Outcome> push(Call& call, std::span<const Operation> operations) override {
    return writes_.push(call, operations);
  }
  Result<std::vector<Observation>> related(Call& call, const RelatedQuery& query) override {
    return reads_.related(call, query);
  }
  Result<std::vector<std::vector<Observation>>> related_to_each(Call& call,
                                                                std::span<const RelatedQuery> queries) override {
    return reads_.related_to_each(call, queries);
  }
  ColumnMaker* column_maker() override { return &columns_; }
  std::string page_url(RecordKind kind, const RecordId& id) const override {
    const std::string object = salesforce::object_of(kind);
    if (object.empty() || id.empty()) return "";
    return settings_.instance + "/lightning/r/" + object + "/" + id.value + "/view";
  }
  RecordId normal_id(std::string_view written) const override { return RecordId(normal_salesforce_id(written)); }

 private:
  const SalesforceSettings settings_;
  const Capabilities capabilities_;
  salesforce::SalesforceClient client_;
  salesforce::SalesforceSchema schema_;
  salesforce::SalesforceCheck check_;
  salesforce::SalesforceReads reads_;
  salesforce::SalesforceWrites writes_;
  salesforce::SalesforceColumns columns_;
};

}  // namespace

std::unique_ptr<Connector> make_salesforce_connector(SalesforceSettings settings,
                                                     std::shared_ptr<net::TokenSource> tokens) {
  return std::make_unique<SalesforceConnector>(std::move(settings), std::move(tokens));
}

}  // namespace cosell
