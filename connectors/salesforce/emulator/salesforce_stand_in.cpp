// What the stand-in is told of its login; the rest is that of every CRM.
#include "connectors/salesforce/emulator/salesforce_stand_in.h"

#include <utility>

#include "connectors/salesforce/emulator/salesforce_emulator.h"

namespace cosell {

StandIn salesforce_stand_in() {
  return crm_stand_in<emulator::SeedOptions>(emulator::make_salesforce_emulator(), "jwt_public_key");
}

SandboxKeyPair salesforce_key_pair() { return {"secrets/salesforce.key", "secrets/salesforce.crt"}; }

json::Value salesforce_sandbox_part(const std::string& base_url, SandboxLogin way) {
  const emulator::SalesforceOptions known;
  const bool certificate = way == SandboxLogin::certificate;
  json::Value login = json::Value::object();
  login.set("flow", json::Value::string(certificate ? "jwt" : "client_credentials"));
  login.set("client_id", json::Value::string(known.client_id));
  if (certificate) {
    login.set("username", json::Value::string(known.username));
    login.set("private_key", json::Value::string("file:" + salesforce_key_pair().key));
    login.set("certificate", json::Value::string("file:" + salesforce_key_pair().certificate));
  } else {
    login.set("client_secret", json::Value::string("file:secrets/salesforce_client_secret"));
  }
  json::Value part = json::Value::object();
  part.set("system", json::Value::string("salesforce"));
  part.set("url", json::Value::string(base_url));
  part.set("login", std::move(login));
  return part;
}

std::vector<SandboxFile> salesforce_sandbox_secrets() {
  return {{"secrets/salesforce_client_secret", emulator::SalesforceOptions().client_secret + "\n"}};
}

}  // namespace cosell
