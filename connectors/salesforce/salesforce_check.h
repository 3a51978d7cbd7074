// Looking at the organisation itself: what it has (describe) and whether a first sync can work (check), each finding
// in words with what to do. Reads only.
#pragma once

#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/salesforce/salesforce_client.h"
#include "connectors/salesforce/salesforce_schema.h"
#include "connectors/salesforce/salesforce_settings.h"

namespace cosell::salesforce {

class SalesforceCheck {
 public:
  SalesforceCheck(const SalesforceSettings& settings, SalesforceClient& client, SalesforceSchema& schema);

  // One API call each.
  Result<Descriptor> describe(Call& call);
  Result<Descriptor> describe_stages(Call& call);
  // Those that an organisation made itself; each with the values of StageName that its sales process offers.
  Result<std::vector<RecordTypeEntry>> record_types(Call& call);
  std::vector<Finding> check(Call& call, const std::vector<std::string>& columns_read,
                             const std::vector<std::string>& columns_written);

 private:
  Ask stages_query() const;
  Ask organisation_query() const;
  void name_organisation(const Result<http::Response>& answer, Descriptor& out);
  Finding version_finding(Call& call);
  Finding read_finding(Call& call, const std::string& column);
  Finding write_finding(Call& call, const std::string& column);
  // What the user may do with the records that the bridge creates and changes.
  void permission_findings(Call& call, const std::vector<std::string>& columns_read, std::vector<Finding>& findings);
  Finding key_finding(Call& call);
  Finding stages_finding(Call& call);
  Finding budget_finding() const;

  const SalesforceSettings settings_;
  SalesforceClient& client_;
  SalesforceSchema& schema_;
};

}  // namespace cosell::salesforce
