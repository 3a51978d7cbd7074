// `cosell setup crm`: creates the columns that the mapping wants for the bridge, or shows what would be created.
#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/workplace.h"

namespace cosell::cli {

namespace {

using SetUpState = SetUpStep::State;

const char* mark_of(SetUpState s) {
  return s == SetUpState::failed ? "✗" : s == SetUpState::missing ? "+" : s == SetUpState::made ? "+" : "✓";
}

const char* name_of_state(SetUpState s) {
  switch (s) {
    case SetUpState::there:
      return "there";
    case SetUpState::missing:
      return "missing";
    case SetUpState::made:
      return "made";
    case SetUpState::failed:
      return "failed";
  }
  return "";
}

struct SetUpCounts {
  std::size_t there = 0;
  std::size_t missing = 0;
  std::size_t made = 0;
  std::size_t failed = 0;
};

void show_step(Output& output, const SetUpStep& step) {
  const Style style = step.state == SetUpState::failed ? Style::bad : Style::good;
  output.line("  " + output.styled(mark_of(step.state), style) + " " + step.what + ": " + step.text);
  if (!step.remedy.empty()) output.line("      → " + step.remedy);
}

json::Value json_of_step(const SetUpStep& step) {
  Object o;
  o.text("what", step.what).text("state", name_of_state(step.state)).text("text", step.text);
  if (!step.remedy.empty()) o.text("remedy", step.remedy);
  return o.done();
}

std::string set_up_summary(const SetUpCounts& counts, bool dry_run) {
  if (counts.failed > 0) {
    return text::count_of(counts.failed, "step") + " failed" +
           (counts.made > 0 ? "; what was created until then stays. Run the set-up again afterwards." : ".");
  }
  if (dry_run && counts.missing > 0) return "Nothing was changed. To create what is missing: cosell setup crm";
  if (counts.made > 0) return "Done. Next: cosell check";
  return "Everything is there; nothing was changed.";
}

PairAnswer set_up_pair(Session& session, const PairConfig& config, bool dry_run) {
  PairAnswer answer;
  Output& output = session.output;
  auto place = Workplace::make(session, config, Workplace::Login::needed);
  if (!place) return failed(session, &config, place.error());
  engine::Pair& pair = (*place)->pair();
  Connector& crm = pair.connector(store::Side::crm);
  const std::string system = crm.capabilities().display_name;
  ColumnMaker* maker = crm.column_maker();
  if (maker == nullptr) {
    output.error(system +
                 " takes no columns from the bridge; create them by hand: cosell check names those that are missing.");
    answer.code = exit_usage;
    return answer;
  }
  Call call = pair.call(store::Side::crm);
  const std::vector<SetUpStep> steps = maker->make_columns(call, pair.mapping->own_columns(), dry_run);
  output.line(output.styled("Columns of " + system + " for " + config.mapping, Style::strong));
  SetUpCounts counts;
  json::Value list = json::Value::array();
  for (const SetUpStep& step : steps) {
    counts.there += step.state == SetUpState::there ? 1 : 0;
    counts.missing += step.state == SetUpState::missing ? 1 : 0;
    counts.made += step.state == SetUpState::made ? 1 : 0;
    counts.failed += step.state == SetUpState::failed ? 1 : 0;
    if (step.state == SetUpState::failed) answer.code = worse(answer.code, exit_code_of(step.error));
    if (step.state != SetUpState::there) show_step(output, step);
    list.append(json_of_step(step));
  }
  if (counts.there > 0) {
    show_step(output,
              {SetUpState::there, text::count_of(counts.there, "column"), "as the mapping wants, nothing to do.", ""});
  }
  output.line(set_up_summary(counts, dry_run));
  answer.json.set("steps", std::move(list));
  return answer;
}

}  // namespace

int setup_command(Session& session, const std::string& pair, bool dry_run) {
  return for_each_pair(session, pair, [&](const PairConfig& config) { return set_up_pair(session, config, dry_run); });
}

}  // namespace cosell::cli
