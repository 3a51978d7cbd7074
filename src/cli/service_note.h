// What a running service leaves in its store about itself, so that other commands know it from a command that only
// holds the store for a while, and see which configuration it works with.
#pragma once

#include <optional>
#include <string>

#include "cli/workplace.h"

namespace cosell::cli {

inline constexpr const char* configuration_changed =
    "The configuration was changed; it counts when the service is started again";

struct ServiceNote {
  std::string file;         // the configuration, absolute
  std::string fingerprint;  // of its text when the service was started
};

// The store is open exclusively.
Result<void> leave_service_note(Workplace& place, const Config& config);
// Of the service that holds the store now; nothing when none does. The store is open.
Result<std::optional<ServiceNote>> running_service(Workplace& place);
// Has the configuration of the service that holds the store another text now than the one that it works with?
Result<bool> is_configuration_changed(Workplace& place);

}  // namespace cosell::cli
