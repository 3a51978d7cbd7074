// Words of a file that name stages: which columns they may stand in, which options they become, which of them close.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/dynamics365/emulator/state.h"

namespace cosell::emulator::dynamics365 {

// salesstage, stepname, statuscode, or a custom choice that is not the bridge's.
bool is_stage_column(const Column& column);
bool wins(std::string_view word);    // "Closed Won"
bool closes(std::string_view word);  // won or lost
// Gives the words that are new options. `fresh`: no opportunity uses the present ones yet.
void add_options(Column& column, const std::vector<std::string>& words, bool fresh);
// The number of an option, by number or label.
std::optional<std::int64_t> option_for(const Column& column, const std::string& word);
// 0, 1 or 2 for open, won and lost.
std::optional<std::int64_t> state_of_word(const Column& column, const std::string& word);
// "Engaging (salesstage 0)"
std::string stage_in_words(const Table& table, const Column& column, const std::string& word);

}  // namespace cosell::emulator::dynamics365
