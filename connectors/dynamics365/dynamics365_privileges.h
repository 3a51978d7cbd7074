// What the security roles of the application user have to allow: the list that docs/setup-dynamics365.md shows to
// administrators, the question for it, and the answer in words.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_client.h"
#include "connectors/dynamics365/dynamics365_process.h"

namespace cosell::dynamics365 {

struct Privilege {
  std::string name;   // "prvAppendToOpportunity"
  std::string table;  // "Opportunity", as the editor of security roles calls it
  std::string right;  // "Append To", as there
  std::string use;    // what the bridge does with it: "close opportunities"
  // Whether it is enough to have it for records of one's own; else it is needed for the whole organisation.
  bool own_is_enough = false;
};

// What every organisation needs, and what is needed where the stage stands in business processes.
const std::vector<Privilege>& standard_privileges();
std::vector<Privilege> process_privileges(const std::vector<ProcessTable>& processes);

// Asks which of them the user has, by its own roles and by those of its teams.
Read privileges_read(const std::string& user, const std::vector<Privilege>& wanted);
// One line for all that are there, one for each that is missing or does not reach far enough.
std::vector<Finding> privilege_findings(const std::vector<Privilege>& wanted, const Result<http::Response>& answer);

// The ids of the secured columns that the user may read. Errors `not_found`, `rejected`, `forbidden` and
// `bad_response`: this organisation does not tell.
Result<std::set<std::string>> readable_secured_columns(Call& call, Dynamics365Client& client);

}  // namespace cosell::dynamics365
