// The first login by a person: the service shows a page and a code, the person signs in there, and the bridge asks
// until that is done (OAuth 2.0 device authorization grant, RFC 8628). What is kept of it is the caller's matter.
#pragma once

#include <functional>
#include <string>

#include "net/person_login.h"

namespace cosell::net {

// Gives `show` what the person has to do, in the service's words, and asks until the sign-in is done or the code has
// ended. Polls that fail for the moment (no connection, a lost or busy answer) do not end it; each makes the next wait
// longer. Errors:
//   auth_expired  refused, declined or not done in time; the message says what to do
//   config        the token address or the scope of the configuration does not fit this login
//   transient, throttled, unknown  the service could not be asked, at first or at the end
//   bad_response  something else than the login service answered
//   cancelled     the process was asked to stop
Result<StoredToken> log_in_with_code(const PersonLogin& login, const Lane& lane,
                                     const std::function<void(const std::string& what_to_do)>& show);

}  // namespace cosell::net
