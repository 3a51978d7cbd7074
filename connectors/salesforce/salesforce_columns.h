// Creates the bridge's columns on Opportunity through the Tooling API, and lets the bridge's user see them: a column
// that is created through an API is hidden from everybody until a permission set shows it.
#pragma once

#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/salesforce/salesforce_client.h"
#include "connectors/salesforce/salesforce_schema.h"

namespace cosell::salesforce {

class SalesforceColumns final : public ColumnMaker {
 public:
  SalesforceColumns(SalesforceClient& client, SalesforceSchema& schema) : client_(client), schema_(schema) {}
  std::vector<SetUpStep> make_columns(Call& call, const std::vector<OwnColumn>& wanted, bool dry_run) override;

 private:
  struct Present {
    std::vector<DescribedColumn> visible;
    std::vector<std::string> custom;  // names without "__c", hidden ones too
  };
  Result<Present> present(Call& call);
  SetUpStep step_for(const OwnColumn& column, const Present& present, bool& make, bool& show) const;
  Result<json::Value> post_field(Call& call, const OwnColumn& column);
  Result<void> make(Call& call, const OwnColumn& column);
  SetUpStep show(Call& call, const std::vector<std::string>& names);
  Result<std::string> permission_set(Call& call);
  Result<void> show_columns(Call& call, const std::string& permission_set, const std::vector<std::string>& names);
  Result<void> assign(Call& call, const std::string& permission_set);
  Result<json::Value> rows(Call& call, const std::string& soql);
  Result<json::Value> post(Call& call, const std::string& path, json::Value body, const std::string& name);

  SalesforceClient& client_;
  SalesforceSchema& schema_;
  // The member that names a value of a picklist. Documents of the Tooling API say valueName, clients that create fields
  // report success with fullName: the other word is tried where this one is refused.
  std::string value_member_ = "fullName";
};

// The body of POST tooling/sobjects/CustomField.
json::Value custom_field_of(const OwnColumn& column, const std::string& value_member);

}  // namespace cosell::salesforce
