// Words of options against what they may be.
#include "cli/choices.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "cli/wording.h"
#include "cli/workplace.h"
#include "deal/rules.h"

namespace cosell::cli {

namespace {

// The rules of a system by which it ever refused a write.
std::set<std::string> rules_met(store::Store& store) {
  std::set<std::string> met;
  store::OperationFilter filter;
  filter.state = store::OperationState::rejected;
  while (true) {
    const auto refused = store.operations(filter);
    if (!refused || refused->empty()) return met;
    filter.after = refused->back().id;
    for (const store::OperationRow& operation : *refused) met.insert(operation.error_rule);
  }
}

// Reasons that deals have or had; a pair that never synced has none. What is over is no slip.
std::set<std::string> reasons_met(Session& session, const std::string& pair) {
  std::set<std::string> met;
  for (const PairConfig& config : session.config.pairs) {
    if (!pair.empty() && config.name != pair) continue;
    auto place =
        Workplace::make(session, config, Workplace::Login::not_needed, Workplace::MappingUsed::own_told_by_command);
    if (!place || !(*place)->open_store(StoreMode::shared, false)) continue;
    const auto states = (*place)->store().count_deals();
    if (!states) continue;
    for (const store::StateCount& state : *states) met.insert(state.reason);
    met.merge(rules_met((*place)->store()));
  }
  return met;
}

bool is_one_of(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_rule(const std::string& word) {
  const auto& rules = all_rules();
  return std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) { return word == rule.id; });
}

}  // namespace

Error no_such(const std::string& what, const std::string& written, const std::vector<std::string>& known) {
  const std::string near = text::nearest(text::lower_ascii(written), known);
  return make_error(ErrorClass::config, "There is no " + what + " \"" + written + "\"" +
                                            (near.empty() ? "." : "; did you mean " + near + "?") +
                                            " There are: " + text::join(known, ", ") + ".");
}

Result<Field> field_named(const std::string& written) {
  const std::string name = text::replace_all(text::replace_all(text::lower_ascii(written), " ", "_"), "-", "_");
  if (const auto field = field_from(name)) return *field;
  return no_such("field", written, field_names());
}

std::optional<Error> cannot_choose(Session& session, const std::string& pair, ChosenBy by, const std::string& written) {
  if (written.empty()) return std::nullopt;
  std::vector<std::string> known;
  if (by == ChosenBy::entry_kind) known = todo_kinds();
  if (by == ChosenBy::deal_kind) known = deal_kinds();
  if (is_one_of(known, written) || is_one_of(known_reasons(), written)) return std::nullopt;
  if (error_class_from(written) || is_rule(written)) return std::nullopt;
  const auto met = reasons_met(session, pair);
  if (met.count(written) > 0) return std::nullopt;
  if (by == ChosenBy::reason) return no_such("reason", written, known_reasons());
  Error error = no_such("kind", written, known);
  const std::string near = text::nearest(text::lower_ascii(written), known_reasons());
  const bool kind_is_near = !text::nearest(text::lower_ascii(written), known).empty();
  error.message += !near.empty() && !kind_is_near ? " Or did you mean the reason " + near + "?"
                                                  : " A reason does too, as cosell deals list --json names it.";
  return error;
}

}  // namespace cosell::cli
