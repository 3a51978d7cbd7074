// What a refusal of Salesforce means for the bridge: every status and error code to one error class, with the
// server's own words kept beside. Sends nothing and repeats nothing.
#pragma once

#include <string>

#include "base/error.h"
#include "base/time.h"
#include "connectors/salesforce/salesforce_wire.h"
#include "net/http.h"

namespace cosell::salesforce {

struct Asked {
  std::string request;  // "GET queryAll", for messages
  bool writes = false;  // an unclear end may have changed something
};

// An answer whose status is not a success.
Error error_of(const http::Response& response, const Asked& asked, Instant now);

// A row of a collection that was not written; `operation` as in "the update of 006…".
Error error_of_row(const ServerError& error, Instant now);

// The same by code alone; http_status 0 for rows of a collection.
Error error_of_code(const ServerError& error, int http_status, Instant now);

// The column that an INVALID_FIELD error complains about ("No such column 'X' on entity …"); "" when it does not say.
std::string column_of(const Error& error);

}  // namespace cosell::salesforce
