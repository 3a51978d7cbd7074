// A thin HTTP/1.1 shell (libmicrohttpd) around one Sandboxed emulator, on 127.0.0.1 only.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "connectors/emulator/sandboxed.h"

namespace cosell::emulator {

class Server {
 public:
  // Port 0 picks a free one. A taken port is ErrorClass::config with a message that names it.
  static Result<std::unique_ptr<Server>> start(Sandboxed& emulator, int port);
  virtual ~Server() = default;  // stops and joins
  virtual int port() const = 0;
  std::string base_url() const { return "http://127.0.0.1:" + std::to_string(port()); }
};

}  // namespace cosell::emulator
