// Creates the bridge's columns on opportunity through the Web API's metadata, inside a solution and under a publisher
// of their own, so that an admin can move or remove them as one.
#pragma once

#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_client.h"
#include "connectors/dynamics365/dynamics365_schema.h"

namespace cosell::dynamics365 {

class Dynamics365Columns final : public ColumnMaker {
 public:
  Dynamics365Columns(Dynamics365Client& client, Dynamics365Schema& schema) : client_(client), schema_(schema) {}
  std::vector<SetUpStep> make_columns(Call& call, const std::vector<OwnColumn>& wanted, bool dry_run) override;

 private:
  struct Present {
    std::vector<std::string> columns;
    std::vector<std::string> keys;  // columns that have an alternate key of their own
    int language = 1033;            // the organisation's base language: labels must have it
  };
  Result<Present> present(Call& call);
  Result<void> ensure_solution(Call& call, const std::string& prefix);
  // The id of the only row, created when there is none.
  Result<std::string> row_id(Call& call, const std::string& set, const std::string& id_column,
                             const std::string& filter, const json::Value& fresh);
  // Step::made, or Step::there where it turns out to exist already.
  Result<SetUpStep::State> make(Call& call, const OwnColumn& column, int language);
  Result<SetUpStep::State> make_key(Call& call, const OwnColumn& column, int language);
  Result<void> publish(Call& call);

  Dynamics365Client& client_;
  Dynamics365Schema& schema_;
};

// The body of POST EntityDefinitions(…)/Attributes. Choices whose values are numbers become a choice column, others a
// text: a choice of Dataverse holds nothing but numbers.
json::Value attribute_of(const OwnColumn& column, int language);

}  // namespace cosell::dynamics365
