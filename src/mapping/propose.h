// A first mapping file for a company, proposed from the stages that its CRM really has. Every guess is marked, because
// only the company knows what its stages mean.
#pragma once

#include <string>
#include <vector>

#include "mapping/mapping.h"

namespace cosell::mapping {

struct Proposal {
  std::string base;                     // the shipped mapping to extend: "acme"
  std::string crm_name;                 // for people
  std::string schema;                   // path of mapping.schema.json as the file should name it; "" leaves it out
  std::vector<LiveStage> stages;        // in the CRM's order
  std::string record_type_column = {};  // that holds what the stages name as record types; "" when there are none
};

// The text of the file, with a table for each record type that offers other stages than the rest. Open stages are
// placed by their probability, else by their order; of several stages that mean the same, the first is written back.
std::string propose_mapping(const Proposal& proposal);

}  // namespace cosell::mapping
