// `cosell mapping check`, `snapshot` and `init`: a mapping against what the CRM really has, now or when it was saved.
#include <algorithm>
#include <filesystem>
#include <map>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/mapping_files.h"
#include "mapping/inspect.h"
#include "mapping/propose.h"
#include "mapping/source.h"
#include "store/sqlite_store.h"

namespace cosell::cli {

namespace {

bool is_error(const mapping::FileFinding& f) { return f.severity == mapping::FileFinding::Severity::error; }

std::int64_t errors_in(const std::vector<mapping::FileFinding>& findings) {
  return std::count_if(findings.begin(), findings.end(), is_error);
}

void tell_findings(Output& output, const std::vector<mapping::FileFinding>& findings, PairAnswer& answer) {
  json::Value list = json::Value::array();
  for (const auto& f : findings) {
    output.line(output.styled(is_error(f) ? "✗ " : "! ", is_error(f) ? Style::bad : Style::warning) + f.file + ":" +
                std::to_string(f.line) + ":" + std::to_string(f.column) + ": " + f.message);
    if (!f.remedy.empty()) output.line("    → " + f.remedy);
    list.append(Object()
                    .text("file", f.file)
                    .number("line", f.line)
                    .number("column", f.column)
                    .text("severity", is_error(f) ? "error" : "warning")
                    .text("code", f.code)
                    .text("message", f.message)
                    .text("remedy", f.remedy)
                    .done());
  }
  answer.json.set("findings", std::move(list));
}

// Deals per record type with a table of its own ("": the others) and CRM stage, as the store saw them last; empty
// without a store.
using DealsPerStage = std::map<std::pair<std::string, std::string>, std::int64_t>;
Result<DealsPerStage> deals_per_stage(Session& session, const PairConfig& config, const mapping::Mapping& mapping) {
  DealsPerStage counts;
  const auto own = mapping.record_types();
  std::error_code failed_to_look;
  if (!std::filesystem::exists(config.store, failed_to_look)) return counts;
  store::OpenOptions options;
  options.mode = store::OpenOptions::Mode::shared;
  options.pair = config.name;
  options.create = false;
  auto store = store::open_sqlite_store(config.store, options, session.clock());
  if (!store) return store.error();
  store::DealFilter filter;
  while (true) {
    auto rows = (*store)->deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) return counts;
    filter.after = rows->back().id;
    for (const auto& row : *rows) {
      if (row.crm.existence != store::Existence::live || !row.crm.image.valid()) continue;
      auto columns = (*store)->image(row.crm.image);
      if (!columns) return columns.error();
      std::string type = mapping::plain_text(column(*columns, mapping.record_type_column()));
      if (std::find(own.begin(), own.end(), type) == own.end()) type.clear();
      ++counts[{type, text_of(column(*columns, mapping.stage_column()))}];
    }
  }
}

struct Coverage {
  const Descriptor& described;
  const mapping::Mapping& mapping;
  DealsPerStage deals;
  bool deals_known = false;
};

// The stages of one table: of a record type of its own, or with "" of all others.
void tell_table(Output& output, const Coverage& coverage, const std::string& type,
                const std::vector<const mapping::LiveStage*>& stages, json::Value& list) {
  std::map<std::string, mapping::StageLine> lines;
  for (auto& line : mapping::stage_lines(coverage.mapping, type)) lines[line.crm_stage] = line;
  std::vector<std::string> headings = {"Stage in the CRM", "Means", "Written back for", "Line"};
  if (coverage.deals_known) headings.insert(headings.begin() + 1, "Deals");
  Table table(headings);
  for (const mapping::LiveStage* stage : stages) {
    const auto line = lines.find(stage->id);
    const bool mapped = line != lines.end();
    const std::string label = stage->label.empty() || stage->label == stage->id ? "" : " (" + stage->label + ")";
    const auto counted = coverage.deals.find({type, stage->id});
    const std::int64_t deals = counted == coverage.deals.end() ? 0 : counted->second;
    std::vector<std::string> cells = {
        stage->id + label + (stage->active ? "" : ", inactive"), mapped ? line->second.meaning : "not mapped",
        mapped ? text::join(line->second.written_for, ", ") : "", mapped ? line->second.place : ""};
    if (coverage.deals_known) cells.insert(cells.begin() + 1, grouped(deals));
    table.row(cells, mapped ? Style::plain : Style::bad);
    Object o;
    if (!type.empty()) o.text("record_type", type);
    o.text("stage", stage->id).text("label", stage->label).flag("active", stage->active).flag("mapped", mapped);
    if (mapped) o.text("means", line->second.target).text("place", line->second.place);
    if (coverage.deals_known) o.number("deals", deals);
    list.append(o.done());
  }
  if (!table.empty()) {
    output.line();
    table.print(output);
  }
}

void tell_coverage(Output& output, const Coverage& coverage, PairAnswer& answer) {
  const auto live = live_stages(coverage.described, coverage.mapping.record_type_column());
  const auto own = coverage.mapping.record_types();
  const auto offered_to = [&](const std::string& type) {
    std::vector<const mapping::LiveStage*> stages;
    for (const mapping::LiveStage& s : live) {
      const bool offered = s.record_types.empty() ||
                           std::any_of(s.record_types.begin(), s.record_types.end(), [&](const auto& offering) {
                             const bool has_own = std::find(own.begin(), own.end(), offering) != own.end();
                             return type.empty() ? !has_own : offering == type;
                           });
      if (offered) stages.push_back(&s);
    }
    return stages;
  };
  json::Value list = json::Value::array();
  for (const std::string& type : own) {
    output.line();
    output.line(output.styled("Record type " + type, Style::strong));
    tell_table(output, coverage, type, offered_to(type), list);
  }
  const auto others = offered_to("");
  if (!own.empty() && !others.empty()) {
    output.line();
    output.line(output.styled("All other record types", Style::strong));
  }
  tell_table(output, coverage, "", others, list);
  output.line();
  answer.json.set("coverage", std::move(list));
}

Result<std::optional<Descriptor>> described_for(Session& session, const PairConfig* config,
                                                const MappingCheckOptions& options) {
  if (!options.snapshot.empty()) {
    auto snapshot = read_snapshot(options.snapshot);
    if (!snapshot) return snapshot.error();
    return std::optional<Descriptor>(std::move(snapshot->described));
  }
  if (!options.live) return std::optional<Descriptor>{};
  auto described = ask_crm(session, *config, Workplace::MappingUsed::shipped);
  if (!described) return described.error();
  return std::optional<Descriptor>(std::move(*described));
}

PairAnswer check_file(Session& session, const PairConfig* config, const std::string& file,
                      const MappingCheckOptions& options) {
  auto loaded = load_mapping(file);
  if (!loaded) return failed_part(session, nullptr, loaded.error());
  auto described = described_for(session, config, options);
  if (!described) return failed_part(session, config, described.error());
  std::vector<mapping::FileFinding> findings = loaded->findings;
  if (loaded->mapping) {
    const auto of_day = mapping::check_against_day(*loaded->mapping, date_of(session.clock().now()));
    findings.insert(findings.end(), of_day.begin(), of_day.end());
  }
  PairAnswer answer;
  answer.json.set("file", json::Value::string(file));
  if (*described && loaded->mapping) {
    const auto more = live_findings(*loaded->mapping, **described);
    findings.insert(findings.end(), more.begin(), more.end());
    Coverage coverage{**described, *loaded->mapping, {}, false};
    if (config != nullptr) {
      auto deals = deals_per_stage(session, *config, *loaded->mapping);
      if (!deals) return failed(session, config, deals.error());
      coverage.deals_known = !deals->empty();
      coverage.deals = std::move(*deals);
    }
    tell_coverage(session.output, coverage, answer);
  }
  tell_findings(session.output, findings, answer);
  const std::int64_t errors = errors_in(findings);
  const auto warnings = static_cast<std::int64_t>(findings.size()) - errors;
  if (errors > 0 || (options.strict && warnings > 0)) answer.code = exit_usage;
  session.output.line(file + ": " + text::count_of(static_cast<std::size_t>(errors), "error") + ", " +
                      text::count_of(static_cast<std::size_t>(warnings), "warning"));
  return answer;
}

PairAnswer snapshot_of(Session& session, const PairConfig& config, const std::string& out) {
  auto described = ask_crm(session, config, Workplace::MappingUsed::shipped);
  if (!described) return failed(session, &config, described.error());
  const Snapshot snapshot{config.crm_system, to_string(session.clock().now()), std::move(*described)};
  const std::string text = write_snapshot(snapshot);
  PairAnswer answer;
  if (out.empty()) {
    session.output.answer(text);
    answer.is_said = true;
    return answer;
  }
  if (auto done = write_new_file(out, text); !done) return failed(session, &config, done.error());
  session.output.line("Saved what " + snapshot.described.title +
                      " has: " + text::count_of(snapshot.described.stages.size(), "stage") + ", " +
                      text::count_of(snapshot.described.columns.size(), "column") + ".");
  session.output.line("Next: cosell mapping check --snapshot " + out);
  answer.json.set("snapshot", json::Value::string(out));
  return answer;
}

Result<Descriptor> for_proposal(Session& session, const PairConfig& config, const std::string& snapshot) {
  if (snapshot.empty()) return ask_crm(session, config, Workplace::MappingUsed::shipped);
  auto read = read_snapshot(snapshot);
  if (!read) return read.error();
  return std::move(read->described);
}

PairAnswer propose_for(Session& session, const PairConfig& config, const MappingInitOptions& options) {
  auto described = for_proposal(session, config, options.snapshot);
  if (!described) return failed(session, &config, described.error());
  const System& crm = *find_system(config.crm_system);
  mapping::Proposal proposal;
  proposal.base = crm.mapping;
  proposal.crm_name = described->title.empty() ? crm.display_name : described->title;
  if (!described->record_types.empty()) proposal.record_type_column = described->record_types.front().column;
  proposal.stages = live_stages(*described, proposal.record_type_column);
  const std::string text = mapping::propose_mapping(proposal);
  PairAnswer answer;
  if (options.out.empty()) {
    session.output.answer(text);
    answer.is_said = true;
    return answer;
  }
  if (auto done = write_new_file(options.out, text); !done) return failed(session, &config, done.error());
  session.output.line("Proposed " + options.out + " from " + text::count_of(proposal.stages.size(), "stage") + " of " +
                      proposal.crm_name + ". Every line marked REVIEW is a guess.");
  session.output.line("Next: correct it, name it as \"mapping\" in " + session.config.file +
                      ", then: cosell mapping check --live");
  answer.json.set("proposed", json::Value::string(options.out));
  return answer;
}

std::optional<Error> one_pair_wanted(const Session& session, const std::string& pair, const std::string& what) {
  if (!pair.empty() || session.config.pairs.size() == 1) return std::nullopt;
  return make_error(ErrorClass::config,
                    "There are several pairs; say " + what + ": " + text::join(session.config.names(), ", ") + ".");
}

}  // namespace

int mapping_check_command(Output& output, const std::string& config, const MappingCheckOptions& options) {
  const auto check = [&options](Session& session, const PairConfig* pair, const std::string& file) {
    return check_file(session, pair, file, options);
  };
  if (options.file.empty() || !options.live) return for_each_mapping(output, config, options.file, options.pair, check);
  // A file that is not the configured one, against the CRM of a pair.
  Session session(output);
  if (const auto wrong = session.start(config)) return *wrong;
  if (const auto several = one_pair_wanted(session, options.pair, "with --pair which CRM to compare with")) {
    return failed(session, nullptr, *several).code;
  }
  return for_each_pair(session, options.pair,
                       [&](const PairConfig& pair) { return check_file(session, &pair, options.file, options); });
}

int mapping_snapshot_command(Session& session, const MappingSnapshotOptions& options) {
  if (const auto several = one_pair_wanted(session, options.pair, "which CRM to look at")) {
    return failed(session, nullptr, *several).code;
  }
  return for_each_pair(session, options.pair,
                       [&](const PairConfig& config) { return snapshot_of(session, config, options.out); });
}

int mapping_init_command(Session& session, const MappingInitOptions& options) {
  if (const auto several = one_pair_wanted(session, options.pair, "for which CRM")) {
    return failed(session, nullptr, *several).code;
  }
  return for_each_pair(session, options.pair,
                       [&](const PairConfig& config) { return propose_for(session, config, options); });
}

}  // namespace cosell::cli
