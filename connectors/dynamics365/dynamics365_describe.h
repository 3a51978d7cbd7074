// What the organisation is called, its stages and its columns, with labels in the user's language.
#pragma once

#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_client.h"
#include "connectors/dynamics365/dynamics365_process.h"
#include "connectors/dynamics365/dynamics365_schema.h"
#include "connectors/dynamics365/dynamics365_settings.h"

namespace cosell::dynamics365 {

class Dynamics365Describe {
 public:
  Dynamics365Describe(const Dynamics365Settings& settings, Dynamics365Client& client, Dynamics365Schema& schema,
                      Dynamics365Processes& processes);

  // One request each, and with business processes theirs.
  Result<Descriptor> describe(Call& call);
  Result<Descriptor> describe_stages(Call& call);
  // The business processes, where the stage stands in them.
  Result<std::vector<RecordTypeEntry>> record_types(Call& call);
  // Stages alone.
  Result<std::vector<StageEntry>> stages(Call& call);

 private:
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
  Dynamics365Processes& processes_;
};

}  // namespace cosell::dynamics365
