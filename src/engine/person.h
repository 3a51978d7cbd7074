// What the commands of people share: the deal that is meant, and the line in its history that says what was done.
#pragma once

#include <string>

#include "engine/pair.h"

namespace cosell::engine {

// ErrorClass::not_found when it is a part of another one since.
Result<store::DealRow> known_deal(store::Store& store, DealId id);

// Inside the caller's transaction. `payload`: the JSON text of an object; "" for none.
Result<void> note_person(const Pair& pair, DealId deal, const std::string& summary, const std::string& payload = "");

}  // namespace cosell::engine
