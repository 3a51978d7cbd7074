// What a deal stands on: the records that it ties together and the state at which they last agreed. Each change of it
// is told by a line of the journal (I-33), so that the journal alone gives all of it back.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "store/store.h"

namespace cosell::store {

// The member of a line's details that tells such a change.
inline constexpr const char* footing_member = "footing";
inline constexpr const char* merged_member = "merged";  // of the change

struct Footing {
  std::string crm, partner_center;  // record ids; "" none
  ImageId crm_base, partner_center_base;
  std::map<std::string, std::string> agreed;  // marks of agreed values, without their prefix

  bool operator==(const Footing&) const = default;
};

Footing footing_of(const DealRow& row);

bool same_footing(const DealRow& a, const DealRow& b);  // without making them

// What became of a footing, as its line says it in JSON: only what differs; a record, picture or field that is no more
// is null. `merged`: the deals that became part of it.
std::string change_between(const Footing& before, const Footing& after, const std::vector<std::int64_t>& merged = {});
// `change` without what it does not name. An unreadable one throws Refusal (connection.h): the journal is damaged.
void follow(Footing& footing, const json::Value& change);

// What the store keeps otherwise than the journal tells, to follow "has"; "" when both are the same.
std::string difference(const Footing& told, const Footing& kept);

}  // namespace cosell::store
