// One row per system; how each reads its part of a configuration and stands in for itself is told in its own folder.
#include "connectors/registry.h"

#include "connectors/dynamics365/dynamics365_login.h"
#include "connectors/dynamics365/emulator/dynamics365_stand_in.h"
#include "connectors/partner_center/emulator/partner_center_stand_in.h"
#include "connectors/partner_center/partner_center_login.h"
#include "connectors/salesforce/emulator/salesforce_stand_in.h"
#include "connectors/salesforce/salesforce_login.h"

namespace cosell {
namespace {

std::vector<System> all_systems() {
  System salesforce;
  salesforce.name = "salesforce";
  salesforce.display_name = "Salesforce";
  salesforce.is_crm = true;
  salesforce.check = check_salesforce;
  salesforce.make = make_salesforce;
  salesforce.login = salesforce_login_facts;
  salesforce.mapping = "salesforce";
  salesforce.make_stand_in = salesforce_stand_in;
  salesforce.sandbox_part = salesforce_sandbox_part;
  salesforce.sandbox_secrets = salesforce_sandbox_secrets;
  salesforce.sandbox_key_pair = salesforce_key_pair();

  System dynamics365;
  dynamics365.name = "dynamics365";
  dynamics365.display_name = "Dynamics 365";
  dynamics365.is_crm = true;
  dynamics365.one_at_a_time = true;
  dynamics365.check = check_dynamics365;
  dynamics365.make = make_dynamics365;
  dynamics365.login = dynamics365_login_facts;
  dynamics365.mapping = "dynamics365";
  dynamics365.make_stand_in = dynamics365_stand_in;
  dynamics365.sandbox_part = dynamics365_sandbox_part;
  dynamics365.sandbox_secrets = dynamics365_sandbox_secrets;
  dynamics365.sandbox_key_pair = dynamics365_key_pair();

  System partner_center;
  partner_center.name = "partner_center";
  partner_center.display_name = "Partner Center";
  partner_center.check = check_partner_center;
  partner_center.make = make_partner_center;
  partner_center.login = partner_center_login_facts;
  partner_center.same_organization = same_partner_center_organization;
  partner_center.pilot = pilot_partner_center;
  partner_center.make_stand_in = partner_center_stand_in;
  partner_center.sandbox_part = partner_center_sandbox_part;
  partner_center.sandbox_secrets = partner_center_sandbox_secrets;
  return {salesforce, dynamics365, partner_center};
}

}  // namespace

const std::vector<System>& systems() {
  static const std::vector<System> table = all_systems();
  return table;
}

const System* find_system(const std::string& name) {
  for (const System& s : systems()) {
    if (s.name == name) return &s;
  }
  return nullptr;
}

const System& partner_center_system() { return *find_system("partner_center"); }

std::vector<std::string> crm_names() {
  std::vector<std::string> names;
  for (const System& s : systems()) {
    if (s.is_crm) names.push_back(s.name);
  }
  return names;
}

}  // namespace cosell
