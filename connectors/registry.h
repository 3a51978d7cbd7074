// The explicit table of systems: how a connector is made from its part of a configuration, and what a sandbox needs to
// stand in for the system. The only place that knows all systems by name; the engine and the command line ask here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "connectors/connector.h"
#include "connectors/login_part.h"
#include "connectors/pilot.h"
#include "connectors/stand_in.h"

namespace cosell {

struct System {
  std::string name;          // "partner_center"; names it in a configuration
  std::string display_name;  // "Partner Center"
  bool is_crm = false;
  bool one_at_a_time = false;  // it is sent one request at a time, and no number of a configuration changes that

  // Reads the part (`crm` or `partner_center`) without touching anything. Errors are ErrorClass::config with
  // "line:column: …" and the nearest valid name.
  std::function<std::optional<Error>(const json::Value& part)> check;
  // Errors also when a secret cannot be read.
  std::function<Result<std::unique_ptr<Connector>>(const json::Value& part, const Surroundings&)> make;
  std::function<Result<LoginFacts>(const json::Value& part, const Surroundings&)> login;
  // Do two parts lead to the same organisation, as far as they tell? Empty for CRMs.
  std::function<bool(const json::Value& part, const json::Value& other)> same_organization;
  // One private test deal that answers what the documents leave open; empty for a system that leaves nothing open.
  std::function<Result<PilotReport>(Call&, const json::Value& part, const Surroundings&, const PilotDeal&)> pilot;

  std::string mapping;  // shipped mapping that a company's file extends; CRMs only
  std::function<StandIn()> make_stand_in;
  // The part of a configuration that leads to a stand-in at `base_url`, and the throw-away secrets that it names.
  std::function<json::Value(const std::string& base_url, SandboxLogin login)> sandbox_part;
  std::function<std::vector<SandboxFile>()> sandbox_secrets;
  // The files that the part names for a login by certificate; none for a system without one.
  std::optional<SandboxKeyPair> sandbox_key_pair;
};

const std::vector<System>& systems();
const System* find_system(const std::string& name);
const System& partner_center_system();
std::vector<std::string> crm_names();

}  // namespace cosell
