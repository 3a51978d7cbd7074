// The names under which closed choices are stored, and the way back. Stable: a name that was stored once is read for
// ever. Not responsible for words on the screen.
#pragma once

#include <optional>
#include <string_view>

#include "store/store.h"

namespace cosell::store {

const char* name_of(Existence e);

std::optional<Side> side_from(std::string_view name);
std::optional<Existence> existence_from(std::string_view name);
std::optional<DealState> deal_state_from(std::string_view name);
std::optional<WaitFor> wait_for_from(std::string_view name);
std::optional<OperationState> operation_state_from(std::string_view name);
std::optional<JournalKind> journal_kind_from(std::string_view name);

}  // namespace cosell::store
