// Puts the emulator and its options into the form of a stand-in.
#include "connectors/partner_center/emulator/partner_center_stand_in.h"

#include <utility>

#include "connectors/partner_center/emulator/partner_center_emulator.h"

namespace cosell {
namespace {

const std::string sandbox_refresh_token = "cosell-sandbox-first-login";

}  // namespace

StandIn partner_center_stand_in() {
  StandIn stand_in;
  auto core = emulator::make_partner_center_emulator();
  core->register_refresh_token(sandbox_refresh_token);
  emulator::PartnerCenterEmulator* tenant = core.get();
  stand_in.seed = [tenant](std::size_t deals, Clock& clock, Random& random) { tenant->seed(deals, clock, random); };
  stand_in.core = std::move(core);
  return stand_in;
}

json::Value partner_center_sandbox_part(const std::string& base_url, SandboxLogin) {
  json::Value login = json::Value::object();
  login.set("tenant", json::Value::string("sandbox"));
  login.set("client_id", json::Value::string("cosell-sandbox-app"));
  login.set("refresh_token", json::Value::string("file:secrets/partner_center_refresh_token"));
  login.set("token_url", json::Value::string(base_url + "/sandbox/oauth2/v2.0/token"));
  json::Value part = json::Value::object();
  part.set("url", json::Value::string(base_url));
  part.set("login", std::move(login));
  return part;
}

std::vector<SandboxFile> partner_center_sandbox_secrets() {
  return {{"secrets/partner_center_refresh_token", sandbox_refresh_token + "\n"}};
}

}  // namespace cosell
