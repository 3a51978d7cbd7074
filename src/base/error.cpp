// Names of the error classes. The names are stored in the journal, so they never change; the
// classes themselves and what the engine does about each are described in the header.
#include "base/error.h"

#include <array>

namespace cosell {
namespace {

struct Named {
  ErrorClass kind;
  const char* name;
};

constexpr std::array<Named, 17> kNames = {{{ErrorClass::transient, "transient"},
                                           {ErrorClass::throttled, "throttled"},
                                           {ErrorClass::unknown, "unknown"},
                                           {ErrorClass::precondition, "precondition"},
                                           {ErrorClass::rejected, "rejected"},
                                           {ErrorClass::not_found, "not_found"},
                                           {ErrorClass::forbidden, "forbidden"},
                                           {ErrorClass::auth_expired, "auth_expired"},
                                           {ErrorClass::cursor_invalid, "cursor_invalid"},
                                           {ErrorClass::schema_drift, "schema_drift"},
                                           {ErrorClass::bad_response, "bad_response"},
                                           {ErrorClass::config, "config"},
                                           {ErrorClass::store_damaged, "store_damaged"},
                                           {ErrorClass::store_busy, "store_busy"},
                                           {ErrorClass::guard, "guard"},
                                           {ErrorClass::cancelled, "cancelled"},
                                           {ErrorClass::bug, "bug"}}};

}  // namespace

const char* name_of(ErrorClass c) {
  for (const Named& n : kNames) {
    if (n.kind == c) return n.name;
  }
  return "bug";
}

std::optional<ErrorClass> error_class_from(const std::string& name) {
  for (const Named& n : kNames) {
    if (name == n.name) return n.kind;
  }
  return std::nullopt;
}

}  // namespace cosell
