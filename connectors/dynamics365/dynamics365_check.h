// In words, whether the bridge can work with the organisation: login, rights, columns, key, stages, currencies.
#pragma once

#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_client.h"
#include "connectors/dynamics365/dynamics365_describe.h"
#include "connectors/dynamics365/dynamics365_process.h"
#include "connectors/dynamics365/dynamics365_related.h"
#include "connectors/dynamics365/dynamics365_schema.h"
#include "connectors/dynamics365/dynamics365_settings.h"

namespace cosell::dynamics365 {

class Dynamics365Check {
 public:
  Dynamics365Check(const Dynamics365Settings& settings, Dynamics365Client& client, Dynamics365Schema& schema,
                   Dynamics365Related& related, Dynamics365Processes& processes, Dynamics365Describe& describe);

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

  const Dynamics365Settings settings_;
  const StageColumn stage_;
  Dynamics365Client& client_;
  Dynamics365Schema& schema_;
  Dynamics365Related& related_;
  Dynamics365Processes& processes_;
  Dynamics365Describe& describe_;
};

}  // namespace cosell::dynamics365
