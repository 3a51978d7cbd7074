// What the parts of a configuration have in common, whatever the system: the surroundings that a connector is made in,
// what is known of a login, and the readers of names, addresses, secrets, keys and certificates. Errors are of class
// config and say where ("line:column: …").
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/random.h"
#include "base/time.h"
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

namespace parts {

Error wrong(json::Position at, const std::string& message);

// An object of which every member is known.
std::optional<Error> only_known(const json::Value& object, const std::string& what,
                                const std::vector<std::string>& known);
std::optional<Error> text_member(const json::Value& object, const std::string& name, const std::string& expected,
                                 bool required, std::string& out);
std::optional<Error> address_member(const json::Value& object, const std::string& name, const std::string& expected,
                                    bool required, std::string& out);
// A secret is named, never written: env:, file: or credential:.
std::optional<Error> secret_member(const json::Value& object, const std::string& name, bool required, std::string& out);
// The last day of the secret beside it.
std::optional<Error> secret_expires_member(const json::Value& login, std::optional<Date>& out);
const json::Value& member_or_empty(const json::Value& part, const std::string& name);

// The secret that a reference names; none for an empty one, or where nobody logs in.
Result<std::optional<net::Secret>> read_optional(const std::string& reference, const std::string& setting,
                                                 const Surroundings& s);

// A login's private key and certificate, by the names of their settings below "crm.login".
struct Signing {
  std::string key_setting;
  std::string key;
  std::string certificate_setting;
  std::string certificate;
};

// Judged here, where the file can be named.
Result<std::optional<net::Secret>> read_key(const Signing& from, const Surroundings& s);

struct KeyPair {
  std::optional<net::Secret> key;
  std::string certificate;
};

// Both, and that they belong together.
Result<KeyPair> read_key_pair(const Signing& from, const Surroundings& s);
std::optional<Error> read_certificate_term(const Signing& from, const Surroundings& s, LoginFacts& facts);

net::Lane login_lane(const std::string& title, const Surroundings& s);

}  // namespace parts
}  // namespace cosell
