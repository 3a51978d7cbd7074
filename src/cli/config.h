// The configuration file (`cosell.jsonc`): which pairs there are, how each is reached, and how careful the bridge is.
// Read and checked here, with line and column; what belongs to a connector is checked by the table of systems.
// Secrets are only named in it; nothing here reads them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "engine/pair.h"
#include "net/allowance.h"

namespace cosell::cli {

struct PairConfig {
  std::string name;
  std::string crm_system;  // a name of the table of systems
  json::Value crm;         // the part that its connector reads
  json::Value partner_center;
  std::string mapping;           // absolute path
  std::string store;             // absolute path
  bool on_this_machine = false;  // every address of both sides is loopback
  engine::Settings settings;
  std::map<store::Side, net::Allowance> calls;  // what each side may be asked; absent: as much as it takes
};

// How this machine reaches the others; for every request of every pair.
struct Network {
  std::string ca_bundle;       // absolute; a PEM file of authorities. Empty: the system's
  std::string ca_bundle_at;    // "FILE:LINE:COLUMN" of its setting, for messages
  std::string proxy;           // "http://proxy:3128". Empty: from the environment
  std::string proxy_user;      // empty: no login
  std::string proxy_password;  // reference
};

struct Config {
  std::string file;              // as it was named
  std::string fingerprint = {};  // of its text
  std::string base_dir;          // paths in the file are relative to it
  std::vector<PairConfig> pairs;
  Network network;
  std::string tokens_file;    // absolute; empty: logins are not kept
  std::string tokens_key;     // reference to the key
  std::string sandbox_clock;  // address; followed only when every side is on this machine

  const PairConfig* find(const std::string& name) const;
  std::vector<std::string> names() const;
};

struct ReadConfig {
  std::optional<Config> config;       // set when there is no problem
  std::vector<std::string> problems;  // "FILE:LINE:COLUMN: what was expected"
};

inline constexpr const char* pair_name_rule = "a pair's name has letters, digits, '-', '_' and '.' only";
bool is_pair_name(std::string_view name);

// `file` is used for messages and as the place that relative paths start from.
ReadConfig read_config(const std::string& file, std::string_view text);

// Where the store and the saved logins of a new configuration in this folder stand, as it names them: beside the
// folder; for one below /etc where the service may write (docs/operations.md).
std::string state_folder_for(const std::string& config_dir);

// The file that is used: the named one, else config/cosell.jsonc, else $XDG_CONFIG_HOME/cosell/cosell.jsonc,
// else that of a service, /etc/cosell/cosell.jsonc.
Result<std::string> find_config(const std::string& named);
Result<std::string> read_text_file(const std::string& path);

}  // namespace cosell::cli
