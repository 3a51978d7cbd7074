// The log of --verbose: spdlog on standard error, every line without secrets.
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <ostream>

#include "cli/session.h"
#include "net/secrets.h"

namespace cosell::cli {

std::function<void(const std::string&)> make_log(std::ostream& err) {
  auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(err, true);
  auto logger = std::make_shared<spdlog::logger>("cosell", sink);
  logger->set_pattern("%H:%M:%S.%e %v");
  return [logger, &err](const std::string& text) {
    if (!err) err.clear();  // a line that found no room on the disk is lost; the next one need not be
    logger->info("{}", net::redact(text));
  };
}

}  // namespace cosell::cli
