// Stages of a file as options of a choice column.
#include "connectors/dynamics365/emulator/load_stages.h"

#include <algorithm>

#include "base/text.h"

namespace cosell::emulator::dynamics365 {

namespace {

constexpr std::int64_t kFirstCustomOption = 100000000;

std::int64_t free_number(const Column& column, std::int64_t from) {
  while (column.option(from) != nullptr) ++from;
  return from;
}

bool loses(std::string_view word) { return fold(word).find("lost") != std::string::npos; }

}  // namespace

bool is_stage_column(const Column& column) {
  if (column.name == "salesstage" || column.name == "stepname" || column.type == Type::status) return true;
  return column.custom && column.type == Type::choice && !text::starts_with(column.name, "cosell_");
}

bool wins(std::string_view word) { return fold(word).find("won") != std::string::npos; }
bool closes(std::string_view word) { return wins(word) || loses(word); }

void add_options(Column& column, const std::vector<std::string>& words, bool fresh) {
  const bool status = column.type == Type::status;
  const bool stages = column.name == "salesstage";
  std::vector<std::string> wanted;
  for (const std::string& word : words) {
    // A deal that is closed has a state; its stage stays empty.
    if (!status && is_stage_column(column) && closes(word)) continue;
    wanted.push_back(word);
  }
  const bool all_known =
      std::all_of(wanted.begin(), wanted.end(), [&](const auto& w) { return option_for(column, w).has_value(); });
  if (all_known || text::starts_with(column.name, "cosell_")) return;
  if (stages && fresh) {
    column.options.erase(std::remove_if(column.options.begin(), column.options.end(),
                                        [](const Option& o) { return o.value != kReceivedFromMicrosoft; }),
                         column.options.end());
  }
  for (const std::string& word : wanted) {
    if (option_for(column, word)) continue;
    Option option;
    option.value = free_number(column, stages ? 0 : kFirstCustomOption);
    option.label.english = word;
    option.state = !status || !closes(word) ? 0 : wins(word) ? 1 : 2;
    column.options.push_back(std::move(option));
  }
}

std::optional<std::int64_t> option_for(const Column& column, const std::string& word) {
  if (const Option* labelled = column.option_labelled(word)) return labelled->value;
  const auto number = parse_integer(word);
  if (number && column.option(*number) != nullptr) return number;
  return std::nullopt;
}

std::optional<std::int64_t> state_of_word(const Column& column, const std::string& word) {
  if (const auto known = option_for(column, word)) return known;
  if (wins(word)) return 1;
  if (loses(word)) return 2;
  if (fold(word).find("open") != std::string::npos) return 0;
  return std::nullopt;
}

std::string stage_in_words(const Table& table, const Column& column, const std::string& word) {
  if (column.type == Type::text) return word + " (" + column.name + ")";
  if (column.type != Type::status && closes(word)) {
    const Column& status = table.columns[table.at("statuscode")];
    for (const Option& o : status.options) {
      if (o.state == (wins(word) ? 1 : 2)) return word + " (statuscode " + std::to_string(o.value) + ")";
    }
  }
  const auto number = option_for(column, word);
  return word + " (" + column.name + (number ? " " + std::to_string(*number) : "") + ")";
}

}  // namespace cosell::emulator::dynamics365
