// What the stand-in is told of its login; the rest is that of every CRM.
#include "connectors/dynamics365/emulator/dynamics365_stand_in.h"

#include <utility>

#include "connectors/dynamics365/emulator/dynamics365_emulator.h"

namespace cosell {

StandIn dynamics365_stand_in() {
  return crm_stand_in<emulator::dynamics365::SeedOptions>(emulator::make_dynamics365_emulator(), "client_certificate");
}

SandboxKeyPair dynamics365_key_pair() { return {"secrets/dynamics365.key", "secrets/dynamics365.crt"}; }

json::Value dynamics365_sandbox_part(const std::string& base_url, SandboxLogin way) {
  const emulator::Dynamics365Options known;
  json::Value login = json::Value::object();
  login.set("tenant", json::Value::string(known.tenant));
  login.set("client_id", json::Value::string(known.client_id));
  if (way == SandboxLogin::certificate) {
    login.set("certificate", json::Value::string("file:" + dynamics365_key_pair().certificate));
    login.set("certificate_key", json::Value::string("file:" + dynamics365_key_pair().key));
  } else {
    login.set("client_secret", json::Value::string("file:secrets/dynamics365_client_secret"));
  }
  login.set("token_url", json::Value::string(base_url + "/" + known.tenant + "/oauth2/v2.0/token"));
  json::Value part = json::Value::object();
  part.set("system", json::Value::string("dynamics365"));
  part.set("url", json::Value::string(base_url));
  part.set("login", std::move(login));
  return part;
}

std::vector<SandboxFile> dynamics365_sandbox_secrets() {
  return {{"secrets/dynamics365_client_secret", emulator::Dynamics365Options().client_secret + "\n"}};
}

}  // namespace cosell
