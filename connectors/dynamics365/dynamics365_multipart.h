// Bodies of $batch, both ways: operations and change sets become one multipart text, and the answer is taken apart
// again. Knows nothing of what the operations do.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "net/http.h"

namespace cosell::dynamics365 {

struct BatchRequest {
  std::string method = "GET";
  std::string path;  // from "/api/data/" on
  std::vector<http::Header> headers = {};
  std::string body = {};  // JSON; empty: none
};

// One part: a single request, or a change set whose requests all happen or none.
struct BatchItem {
  bool change_set = false;
  std::vector<BatchRequest> requests = {};
};

// `boundary` must not occur in any body.
std::string write_batch(const std::vector<BatchItem>& items, const std::string& boundary);

// The answer to one part. A change set that failed has a single answer, the error.
struct BatchAnswer {
  std::vector<http::Response> answers = {};
  bool failed() const;
};

// Parts in the order of the items. An answer that is cut short or is no batch answer is `bad_response`.
Result<std::vector<BatchAnswer>> read_batch(const http::Response& response, const std::string& request);

bool is_multipart(const http::Response& response);
inline bool is_success(const http::Response& response) { return response.status >= 200 && response.status < 300; }

}  // namespace cosell::dynamics365
