// Until when a person has to do something about a deal: answer it (L-4), or register it once it is won.
#pragma once

#include <optional>
#include <string>

#include "engine/pair.h"

namespace cosell::engine {

struct Deadline {
  enum class Kind : std::uint8_t { answer, registration } kind = Kind::answer;
  Instant at{};
  std::string what;       // for people: "accept or decline the deal, else it expires"
  std::string next_step;  // how; "" when the deal itself says it
};

// Whatever else the deal waits for. Reads the deal's pictures from the store.
Result<std::optional<Deadline>> deadline_of(const Pair& pair, const store::DealRow& row);

}  // namespace cosell::engine
