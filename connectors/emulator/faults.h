// Scripted faults of a sandbox: which request meets one, and how often each has fired. What a fault does to an
// answer is decided by Sandboxed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connectors/emulator/toolkit.h"

namespace cosell::emulator {

enum class FaultKind { status, delay, drop_before, drop_after, truncate, duplicate, throttle, html };

struct Fault {
  // Match: an empty method or path fits every request.
  std::string method;
  std::string path;  // a prefix of the decoded path, or a template with {id}
  std::int64_t after = 0;
  std::int64_t times = 1;  // 0: without end
  // Action.
  FaultKind kind = FaultKind::status;
  int status = 503;
  std::string body;
  std::vector<http::Header> headers;
  std::int64_t delay_ms = 0;  // any kind may be held this long before its answer, or its loss, is seen
  std::size_t keep_bytes = 0;
  std::int64_t retry_after_s = 0;

  Json described;  // as it was posted
  std::int64_t matched = 0;
  std::int64_t fired = 0;
};

class Faults {
 public:
  // Replaces the list; returns an error sentence and keeps the old list when one entry is not understood.
  std::string replace(const Json& list);
  // The posted list with "matched" and "fired" added to each entry.
  Json list() const;
  // The first fault that is due for the request, already counted; nullptr when none is.
  const Fault* due(const std::string& method, const std::string& path);

 private:
  std::vector<Fault> faults_;
};

}  // namespace cosell::emulator
