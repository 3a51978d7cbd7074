// Puts the emulator and its options into the form of a stand-in.
#include "connectors/dynamics365/emulator/dynamics365_stand_in.h"

#include <utility>

#include "connectors/dynamics365/emulator/dynamics365_emulator.h"

namespace cosell {

StandIn dynamics365_stand_in() {
  StandIn stand_in;
  auto core = emulator::make_dynamics365_emulator();
  emulator::Dynamics365Emulator* org = core.get();
  stand_in.load_csv = [org](const std::string& csv, const Pairs& map, const Pairs& set, Clock& clock,
                            Random& random) -> Result<StandIn::Loaded> {
    const auto report = org->load_csv(csv, map, set, clock, random);
    if (!report) return report.error();
    return loaded_from(*report);
  };
  stand_in.seed = [org](std::size_t deals, Clock& clock, Random& random) {
    emulator::dynamics365::SeedOptions options;
    options.solutions = {"SOL-ABCDE-FGH", "SOL-KLMNO-PQR"};
    org->seed(deals, clock, random, options);
  };
  stand_in.register_certificate = [org](const std::string& pem) { org->set("client_certificate", pem); };
  stand_in.core = std::move(core);
  return stand_in;
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
