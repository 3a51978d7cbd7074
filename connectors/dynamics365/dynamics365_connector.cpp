// Puts the parts of the Dynamics 365 side together; each verb of the contract is done in a file of its own.
#include "connectors/dynamics365/dynamics365_connector.h"

#include <utility>

#include "connectors/dynamics365/dynamics365_check.h"
#include "connectors/dynamics365/dynamics365_client.h"
#include "connectors/dynamics365/dynamics365_columns.h"
#include "connectors/dynamics365/dynamics365_describe.h"
#include "connectors/dynamics365/dynamics365_odata.h"
#include "connectors/dynamics365/dynamics365_process.h"
#include "connectors/dynamics365/dynamics365_reads.h"
#include "connectors/dynamics365/dynamics365_related.h"
#include "connectors/dynamics365/dynamics365_schema.h"
#include "connectors/dynamics365/dynamics365_writes.h"

namespace cosell {
namespace {

Capabilities capabilities_of(const Dynamics365Settings& settings) {
  Capabilities c;
  c.system = "dynamics365";
  c.display_name = "Dynamics 365";
  c.client_key = Capabilities::ClientKey::unique;
  c.stage_after_create = settings.stage_column == dynamics365::kProcessColumn;
  c.batch_max = settings.batch_max;
  c.in_flight_max = 1;
  return c;
}

class Dynamics365Connector final : public Connector {
 public:
  Dynamics365Connector(Dynamics365Settings settings, std::shared_ptr<net::TokenSource> tokens)
      : settings_(std::move(settings)),
        capabilities_(capabilities_of(settings_)),
        client_(settings_, std::move(tokens)),
        schema_(client_),
        related_(client_),
        processes_(settings_, client_),
        describe_(settings_, client_, schema_, processes_),
        check_(settings_, client_, schema_, related_, processes_, describe_),
        reads_(settings_, client_, schema_, related_, processes_),
        writes_(settings_, client_, schema_, reads_, related_, processes_),
        columns_(client_, schema_) {}

  const Capabilities& capabilities() const override { return capabilities_; }
  Result<Descriptor> describe(Call& call) override { return describe_.describe(call); }
  Result<Descriptor> describe_stages(Call& call) override { return describe_.describe_stages(call); }
  Result<std::vector<RecordTypeEntry>> record_types(Call& call) override { return describe_.record_types(call); }
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
    const dynamics365::Table* table = dynamics365::table_of(kind);
    if (table == nullptr || id.empty()) return "";
    const std::string app = settings_.app_id.empty() ? "" : "appid=" + settings_.app_id + "&";
    return settings_.instance + "/main.aspx?" + app + "pagetype=entityrecord&etn=" + table->name + "&id=" + id.value;
  }
  RecordId normal_id(std::string_view written) const override { return RecordId(normal_guid(written)); }

 private:
  const Dynamics365Settings settings_;
  const Capabilities capabilities_;
  dynamics365::Dynamics365Client client_;
  dynamics365::Dynamics365Schema schema_;
  dynamics365::Dynamics365Related related_;
  dynamics365::Dynamics365Processes processes_;
  dynamics365::Dynamics365Describe describe_;
  dynamics365::Dynamics365Check check_;
  dynamics365::Dynamics365Reads reads_;
  dynamics365::Dynamics365Writes writes_;
  dynamics365::Dynamics365Columns columns_;
};

}  // namespace

std::unique_ptr<Connector> make_dynamics365_connector(Dynamics365Settings settings,
                                                      std::shared_ptr<net::TokenSource> tokens) {
  return std::make_unique<Dynamics365Connector>(std::move(settings), std::move(tokens));
}

}  // namespace cosell
