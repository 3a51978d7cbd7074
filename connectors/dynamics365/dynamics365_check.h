// Looking at the organisation itself: what it is called, its stages and columns (describe), and in words whether the
// bridge can work with it (check).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_client.h"
#include "connectors/dynamics365/dynamics365_process.h"
#include "connectors/dynamics365/dynamics365_related.h"
#include "connectors/dynamics365/dynamics365_schema.h"
#include "connectors/dynamics365/dynamics365_settings.h"

namespace cosell::dynamics365 {

class Dynamics365Check {
 public:
  Dynamics365Check(const Dynamics365Settings& settings, Dynamics365Client& client, Dynamics365Schema& schema,
                   Dynamics365Related& related, Dynamics365Processes& processes);

  // One request each, and with business processes theirs.
  Result<Descriptor> describe(Call& call);
  Result<Descriptor> describe_stages(Call& call);
  // The business processes, where the stage stands in them.
  Result<std::vector<RecordTypeEntry>> record_types(Call& call);
  std::vector<Finding> check(Call& call, const std::vector<std::string>& columns_read,
                             const std::vector<std::string>& columns_written);

 private:
  // Fills `user` when the organisation can be used.
  Finding login_finding(Call& call, std::string& user);
  void table_findings(Call& call, const std::string& user, const std::vector<std::string>& columns_read,
                      std::vector<Finding>& findings);
  Finding tracking_finding(Call& call);
  Finding read_finding(Call& call, const std::string& column);
  Finding write_finding(Call& call, const std::string& column);
  Finding key_finding(Call& call);
  Finding stages_finding(Call& call);
  Finding currency_finding(Call& call);

  // The column at a path ("parentaccountid.name"); nullptr when there is none.
  Result<const DescribedColumn*> resolve(Call& call, const std::string& path);
  // The stages of open opportunities.
  Result<std::vector<StageEntry>> open_stages(Call& call, const Result<http::Response>& choice);
  Result<std::vector<StageEntry>> process_stages(Call& call);
  // The same, followed by the reasons of closed ones.
  Result<std::vector<StageEntry>> stages_from(Call& call, const std::vector<Result<http::Response>>& options);
  Result<void> name_organisation(const Result<http::Response>& answer, Descriptor& out);
  // What stages_from() needs, besides the processes.
  std::vector<Read> stage_reads() const;

  const Dynamics365Settings settings_;
  const StageColumn stage_;
  Dynamics365Client& client_;
  Dynamics365Schema& schema_;
  Dynamics365Related& related_;
  Dynamics365Processes& processes_;
};

}  // namespace cosell::dynamics365
