// The systems that are put through the kit.
#include "tests/conformance/target.h"

namespace cosell::conformance {

const std::vector<System>& systems() {
  static const std::vector<System> list = {{"salesforce", make_salesforce_target},
                                           {"dynamics365", make_dynamics365_target},
                                           {"dynamics365_process", make_dynamics365_process_target},
                                           {"partner_center", make_partner_center_target}};
  return list;
}

}  // namespace cosell::conformance
