// Secrets: where they come from (a configuration names them, it never holds them), a type that does not print,
// and redaction of texts that may carry them. Not for storing tokens (token_store.h).
#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace cosell::net {

// A value that prints as "***". While any copy lives, redact() hides the value wherever it appears; the memory is
// wiped with the last copy.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value);
  const std::string& reveal() const;
  bool empty() const { return reveal().empty(); }

 private:
  struct Held;
  std::shared_ptr<const Held> held_;
};

std::ostream& operator<<(std::ostream& out, const Secret& secret);

// Reads what a reference names; one trailing line end is cut:
//   env:NAME         environment variable
//   file:PATH        a file; refused when everybody on the machine may read it. Relative to `base_dir`
//   credential:NAME  a systemd credential ($CREDENTIALS_DIRECTORY/NAME)
// `setting` is the setting's name, for messages ("crm.login.client_secret"). Errors are ErrorClass::config.
Result<Secret> read_secret(std::string_view reference, std::string_view setting, std::string_view base_dir = "");
// The same for what is named like a secret and is none, such as a certificate: everybody may read its file.
Result<std::string> read_named(std::string_view reference, std::string_view setting, std::string_view base_dir = "");
// Where a reference leads, in words: "the file /etc/cosell/secrets/bridge.key".
std::string place_of(std::string_view reference, std::string_view base_dir = "");

// The text with bearer and basic credentials, cookies, JSON web tokens, and the values of token, secret, assertion
// and password fields (in JSON, forms and headers) replaced by "***", and every living Secret.
std::string redact(std::string_view text);

}  // namespace cosell::net
