// What both CRMs' token endpoints read of a login: the client's name and secret, and a signed assertion (RFC 7523).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/emulator/emulator.h"
#include "net/http.h"

namespace cosell::emulator {

// The client's id and secret, from HTTP Basic or from the form.
std::pair<std::string, std::string> client_of(const http::Request& request,
                                              const std::vector<std::pair<std::string, std::string>>& form);

// A JSON Web Token in compact form, taken apart; nothing is checked but the form.
struct SignedToken {
  Json header, claims;  // objects
  std::string signed_part;
  std::string signature;
};
std::optional<SignedToken> read_signed_token(std::string_view token);

}  // namespace cosell::emulator
