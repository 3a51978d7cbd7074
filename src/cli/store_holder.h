// Which process holds a store to write: a running service, or a sync that is under way.
#pragma once

#include <optional>
#include <string>

namespace cosell::cli {

// "process 4711, since 2026-11-21 03:41 UTC"; none when nobody does. Looks at the lock for a moment, so it is for
// people who ask, not for what asks every minute.
std::optional<std::string> holder_of(const std::string& store);

}  // namespace cosell::cli
