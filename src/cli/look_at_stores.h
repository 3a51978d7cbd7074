// Commands that make one list of what several pairs' stores hold.
#pragma once

#include <functional>
#include <string>

#include "cli/workplace.h"

namespace cosell::cli {

struct LookedAt {
  int code = 0;
  bool any = false;                             // false: no store could be read, so an empty list says nothing
  json::Value failures = json::Value::array();  // of pairs that could not be looked at, for programs
  // The list that programs get, with those failures beside it.
  json::Value with_failures(json::Value list) const;
};

// Opens the store of the named pair, or of each, only to look. What cannot be opened is told, and the next one follows.
// The name must be one of the configuration's.
LookedAt look_at_stores(Session& session, const std::string& pair, const std::function<Result<void>(Workplace&)>& look);

}  // namespace cosell::cli
