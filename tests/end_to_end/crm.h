// A CRM as the tests of the whole program need it: a seller who edits through the system's own API, and what stands in
// it, in words that are the same for every CRM:
//   id, name, value, due (ISO date), stage ("10", "40" or another), referral_id, message
#pragma once

#include "sandbox.h"

namespace cosell::end_to_end {

class Crm {
 public:
  virtual ~Crm() = default;
  // Of value, due and stage.
  virtual void edit(const std::string& id, const Json& words) const = 0;
  virtual std::vector<Json> opportunities() const = 0;
  // Requests since the counts were forgotten that the bridge may have written with.
  virtual int write_requests() const = 0;
  // Which requests those are, for faults.
  virtual Json write_requests_match() const = 0;
  // Any request that reads, for faults.
  virtual Json read_requests_match() const = 0;

  Json opportunity(const std::string& id) const;
};

// The seller of the sandbox's first pair.
std::unique_ptr<Crm> make_crm(const Sandbox& sandbox);

// The CRMs that the same tests run over, as parameters of GoogleTest and as names of its cases.
inline const std::vector<std::string>& every_crm() {
  static const std::vector<std::string> names = {"salesforce", "dynamics365"};
  return names;
}

}  // namespace cosell::end_to_end
