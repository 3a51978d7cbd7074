// When a login ends by itself, so that somebody can act before nothing is synced any more: a certificate or a client
// secret that expires, a login by a person that nobody uses.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "connectors/connector.h"
#include "connectors/registry.h"
#include "net/token_store.h"
#include "store/store.h"

namespace cosell::cli {

class Workplace;

// What is told of it is a warning in its last 30 days and a problem when it is over.
constexpr std::int64_t days_warned = 30;

struct LoginEnd {
  Date day;                                    // the last one
  Finding finding;                             // "Client secret of the login": "ends on 2027-01-31, in 29 days."
  ErrorClass kind = ErrorClass::auth_expired;  // when it is over; config: a file has to be replaced
};

// `saved`: the login that is kept for this side, if any.
std::vector<LoginEnd> login_ends(const LoginFacts& facts, const std::optional<net::StoredToken>& saved, Instant now);
// Of a side as it is configured. Errors are of class config: a certificate that cannot be read.
Result<std::vector<LoginEnd>> login_ends(Workplace& place, store::Side side);

}  // namespace cosell::cli
