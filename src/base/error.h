// Errors and results, used by every layer.
//
// An Error carries one class of the closed set below; each class has exactly one engine action
// (connector contract). Exceptions stop at the boundary of the library that throws them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "base/time.h"

namespace cosell {

enum class ErrorClass {
  transient,       // try later, nothing was applied      -> back off within the budget
  throttled,       // the side asks to wait               -> pause the side until `not_before`
  unknown,         // may have been applied               -> probe, then decide
  precondition,    // version moved, exists or vanished   -> re-read, re-plan
  rejected,        // the record breaks a rule            -> park the record, show it
  not_found,       // id unknown or deleted               -> life-cycle rule
  forbidden,       // record, field or everything         -> hold the scope
  auth_expired,    // login refused                       -> refresh once, then pause the side
  cursor_invalid,  // the read position is dead           -> read everything again, compare
  schema_drift,    // the mapping no longer fits          -> hold the fields or stop the side
  bad_response,    // not understandable                  -> bounded retry, then stop the side
  config,          // configuration or mapping is wrong   -> stop, exit 2
  store_damaged,   // the store is damaged, foreign or newer -> stop, exit 5
  store_busy,      // another process holds the store     -> stop, exit 6
  guard,           // a guard stopped the run             -> stop, exit 4
  cancelled,       // the operator asked to stop          -> finish cleanly
  bug              // our own invariant broke             -> stop, keep the evidence
};

// Stable lower-case name, as it is stored in the journal and printed by --json.
const char* name_of(ErrorClass c);
std::optional<ErrorClass> error_class_from(const std::string& name);

struct Error {
  ErrorClass kind = ErrorClass::bug;
  std::string message;                     // one sentence for people, in the product's words
  std::string detail = {};                 // the server's own words, redacted, at most 1,000 characters
  std::string request_id = {};             // the server's id of the request; without an answer, the id that we sent
  std::string rule = {};                   // rule id (`R-2`) or server code (`DUPLICATES_DETECTED`)
  std::vector<std::string> fields = {};    // columns that the server complained about
  int http_status = 0;                     // 0: no HTTP answer
  std::optional<Instant> not_before = {};  // throttled: when the side may be asked again
  bool of_one_record = false;              // the side answered; only this record failed (a locked row in a batch)
  bool log_in_again = false;               // auth_expired: a person's new login helps; else an admin has to act
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(tl::expected<T, Error> e) : tl::expected<T, Error>(std::move(e)) {}
  Result(Error e) : tl::expected<T, Error>(tl::unexpect, std::move(e)) {}
};

inline Error make_error(ErrorClass kind, std::string message) {
  Error e;
  e.kind = kind;
  e.message = std::move(message);
  return e;
}

}  // namespace cosell
