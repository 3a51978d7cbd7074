// What a person writes behind `--take` and `--field`, as a choice of the engine.
#pragma once

#include <string>

#include "engine/resolve.h"

namespace cosell::cli {

// `take`: crm, partner-center, the name of either system, or a value. An unknown field is an error of class config that
// names the nearest one.
Result<engine::Choice> choice_of(const std::string& take, const std::string& field, const engine::Pair& pair);

}  // namespace cosell::cli
