// What a refusal of Dynamics 365 means for the bridge: every status and error code to one error class, with the
// server's own words kept beside. Sends nothing and repeats nothing.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "net/http.h"

namespace cosell::dynamics365 {

struct Asked {
  std::string request;  // "GET opportunities", for messages
  bool writes = false;  // an unclear end may have changed something
};

// The answer of a whole request whose status is not a success.
Error error_of(const http::Response& response, const Asked& asked, Instant now);

// One part of a batch that was refused. Its answer arrived, so nothing of it was applied.
Error error_of_part(const http::Response& part, const Asked& asked, Instant now);

// It may be answered when asked again.
bool comes_later(const Error& e);

// "0x80060882" from that or from the signed decimal form (-2147088254); lower case. Other texts as they are.
std::string normal_code(std::string_view written);

// The server's id of a request, for support cases.
std::string request_id_of(const http::Headers& headers);

// The codes that decide something beyond the class of an error.
constexpr std::string_view kDuplicateKey = "0x80040237";           // primary key
constexpr std::string_view kDuplicateAlternateKey = "0x80060892";  // alternate key
constexpr std::string_view kNotFound = "0x80040217";
constexpr std::string_view kReadOnly = "0x8004022e";
constexpr std::string_view kReadOnlyState = "0x80040233";

}  // namespace cosell::dynamics365
