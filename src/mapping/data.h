// What a mapping file says, after `extends`, checks and defaults: the state behind the Mapping class.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mapping/fields.h"
#include "mapping/mapping.h"
#include "mapping/stage_tables.h"
#include "mapping/tree.h"

namespace cosell::mapping {

inline constexpr std::size_t kFieldCount = static_cast<std::size_t>(Field::owner_email) + 1;

// The owner of new opportunities, by id or, with an '@', by e-mail address.
struct NewOwner {
  std::map<std::string, std::string> by_location;
  bool team = false;  // whoever of the deal's team is a user of the CRM
  std::string otherwise;
  Origin at;
  bool empty() const { return by_location.empty() && !team && otherwise.empty(); }
};

struct Mapping::Data {
  std::string text;
  std::string hash;
  Findings files;  // names of the files, for "acme.jsonc:14" in messages

  bool select_all = false;
  std::string select_column;
  std::vector<Value> select_values;  // what the column holds when the opportunity takes part
  std::set<std::string> locations;   // empty: all referrals belong here
  CreateInCrm create_in_crm = CreateInCrm::inbound;

  StageTables stages;
  Backward backward = Backward::hold;
  std::vector<FieldPlan> plans;
  std::array<FieldRule, kFieldCount> rules;

  std::string account_column;
  CustomerRule customer;
  MatchRule matching;
  struct RecordColumn {
    std::string column;
    bool country_as_name = false;
    Origin at;
  };
  std::map<std::string, RecordColumn> record;  // part -> column of the account

  std::string owner_name_column;
  std::string owner_email_column;
  std::string owner_column;
  NewOwner new_owner;
  Columns new_opportunity;
  std::map<std::string, std::string> bridge;  // "state" -> column
  std::string key_column;

  std::map<std::string, Origin> column_at;  // every column of the opportunity that the file names
  std::vector<std::string> read;
  std::vector<std::string> written;

  const FieldPlan* plan(Field f) const;
};

}  // namespace cosell::mapping
