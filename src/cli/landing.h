// Where a browser on this machine ends after a sign-in: one small page on the loopback interface, for one login.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"

namespace cosell::cli {

class Landing {
 public:
  // Listens at a free port of 127.0.0.1. Errors are of class config: the system lets nobody listen.
  static Result<std::unique_ptr<Landing>> open();
  virtual ~Landing() = default;

  virtual std::string address() const = 0;  // "http://localhost:45123"
  // What came behind the "?" with the newest browser that ended here, once; "" while none has.
  virtual std::string arrived() = 0;
};

}  // namespace cosell::cli
