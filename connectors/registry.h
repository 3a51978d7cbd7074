// The explicit table of systems: how a connector is made from its part of a configuration, and what a sandbox needs to
// stand in for the system. The only place that knows all systems by name; the engine and the command line ask here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "base/time.h"
#include "connectors/connector.h"
#include "connectors/emulator/emulator.h"
#include "connectors/pilot.h"
#include "net/certificate.h"
#include "net/oauth.h"
#include "net/token_store.h"

namespace cosell {

// What a connector is made in. All of it must outlive the connector.
struct Surroundings {
  std::string pair;                   // names the saved logins
  std::string base_dir;               // of relative secret files
  net::TokenStore* tokens = nullptr;  // null: logins are kept in memory only
  net::Transport& transport;
  Clock& clock;
  Random& random;
  net::CallMeter& meter;         // logins are counted under the system's display name
  bool with_login = true;        // false: no secret is read; for commands that only look at the store
  std::string config_file = {};  // where the part stands, for messages about it that come later
};

// Who logs in where; for a login by a person, and for `status`.
struct LoginFacts {
  net::OAuthClient client;
  std::optional<net::Secret> client_secret;
  bool by_person = false;  // a person has to log in once
  // From when until when the login's certificate counts, and where it is; outside nobody can log in.
  std::optional<net::CertificateTerm> certificate;
  std::string certificate_place;
  // The last day of the client secret, as the configuration says; nothing else tells it.
  std::optional<Date> client_secret_expires;
  // How long a saved login by a person lives that is not used.
  std::optional<Duration> saved_login_life;
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

// What a sandbox's stand-in hands out and loads.
struct StandIn {
  std::unique_ptr<emulator::Emulator> core;
  struct Loaded {
    std::size_t rows = 0;
    std::size_t deals = 0;
    std::vector<std::string> notes;  // for people: stages found, rows left out and why
  };
  // Loads a CSV export as deals; empty for a system that has none.
  std::function<Result<Loaded>(const std::string& csv, const Pairs& map, const Pairs& set, Clock&, Random&)> load_csv;
  std::function<void(std::size_t deals, Clock&, Random&)> seed;
  // Registers the certificate with the app that logs in; empty for a system without such a login.
  std::function<void(const std::string& certificate_pem)> register_certificate;
};

struct SandboxFile {
  std::string path;  // below the sandbox's folder
  std::string text;
};

// How a sandbox's configuration logs in to the CRM.
enum class SandboxLogin { secret, certificate };

// Where a sandbox keeps a login's key and certificate, below its folder.
struct SandboxKeyPair {
  std::string key;
  std::string certificate;
};

struct System {
  std::string name;          // "partner_center"; names it in a configuration
  std::string display_name;  // "Partner Center"
  bool is_crm = false;

  // Reads the part (`crm` or `partner_center`) without touching anything. Errors are ErrorClass::config with
  // "line:column: …" and the nearest valid name.
  std::function<std::optional<Error>(const json::Value& part)> check;
  // Errors also when a secret cannot be read.
  std::function<Result<std::unique_ptr<Connector>>(const json::Value& part, const Surroundings&)> make;
  std::function<Result<LoginFacts>(const json::Value& part, const Surroundings&)> login;
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
