// `cosell mapping explain` and `cosell mapping test`: what a mapping makes of a stage, of a deal, and of examples.
#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/find_deal.h"
#include "cli/mapping_files.h"
#include "engine/view.h"
#include "mapping/cases.h"
#include "mapping/inspect.h"
#include "mapping/source.h"

namespace cosell::cli {

namespace {

namespace fs = std::filesystem;
using mapping::StageLine;

bool is_target(const std::string& word) {
  const auto& targets = mapping::all_targets();
  return std::find(targets.begin(), targets.end(), text::lower_ascii(word)) != targets.end();
}

// Which CRM stage is written when Partner Center means `target`; nullptr when none is.
const StageLine* written_for(const std::vector<StageLine>& lines, const std::string& target) {
  const auto found = std::find_if(lines.begin(), lines.end(), [&](const StageLine& line) {
    return std::find(line.written_for.begin(), line.written_for.end(), target) != line.written_for.end();
  });
  return found == lines.end() ? nullptr : &*found;
}

PairAnswer explain_crm_stage(Session& session, const std::vector<StageLine>& lines, const StageLine& line) {
  Output& output = session.output;
  output.line(output.styled(line.crm_stage, Style::strong) + "  (" + line.place + ")");
  output.line("  To Partner Center: " + line.meaning + ".");
  const StageLine* back = line.target == "ignore" ? nullptr : written_for(lines, line.target);
  PairAnswer answer;
  answer.json = Object().text("stage", line.crm_stage).text("means", line.target).text("place", line.place).done();
  if (line.target == "ignore") {
    output.line("  Deals in this stage take no part.");
    return answer;
  }
  if (back == nullptr) {
    output.line("  Back to the CRM: nothing is written for " + line.meaning + "; such a deal waits for an admin.");
  } else if (back->crm_stage == line.crm_stage) {
    output.line("  Back to the CRM: this stage is written when Partner Center shows " +
                text::join(line.written_for, ", ") + ".");
    answer.json.set("written_back", json::Value::string(back->crm_stage));
  } else {
    output.line("  Back to the CRM: \"" + back->crm_stage + "\" is written when Partner Center shows " + line.target +
                " (" + back->place + "); a deal that stands in \"" + line.crm_stage + "\" already is left there.");
    answer.json.set("written_back", json::Value::string(back->crm_stage));
  }
  return answer;
}

PairAnswer explain_target(Session& session, const std::vector<StageLine>& lines, const std::string& target) {
  Output& output = session.output;
  output.line(output.styled(mapping::meaning_of(target), Style::strong));
  json::Value stages = json::Value::array();
  for (const StageLine& line : lines) {
    if (line.target != target) continue;
    output.line("  from \"" + line.crm_stage + "\"  (" + line.place + ")");
    stages.append(json::Value::string(line.crm_stage));
  }
  if (stages.items().empty()) output.line("  No stage of the CRM means this.");
  const StageLine* back = written_for(lines, target);
  if (back != nullptr) {
    output.line("  Written to the CRM: \"" + back->crm_stage + "\"" +
                (back->target == target ? "" : ", which says the closest that the CRM has") +
                ". A deal whose stage already means the same is left where it is.");
  } else {
    output.line("  Nothing is written to the CRM; a deal that moves there in Partner Center waits for an admin.");
  }
  PairAnswer answer;
  answer.json.set("target", json::Value::string(target));
  answer.json.set("stages", std::move(stages));
  if (back != nullptr) answer.json.set("written_back", json::Value::string(back->crm_stage));
  return answer;
}

struct StageTableLines {
  std::string heading;  // "" when the mapping has one table only
  std::string record_type;
  std::vector<StageLine> lines;
};

std::vector<StageTableLines> all_tables(const mapping::Mapping& used) {
  std::vector<StageTableLines> tables;
  for (const std::string& type : used.record_types()) {
    tables.push_back({"Record type " + type, type, mapping::stage_lines(used, type)});
  }
  tables.push_back({tables.empty() ? "" : "All other record types", "", mapping::stage_lines(used)});
  return tables;
}

PairAnswer explain_stage(Session& session, const std::string& file, const std::string& what) {
  auto used = usable_mapping(file);
  if (!used) return failed_part(session, nullptr, used.error());
  const auto tables = all_tables(*used);
  const bool target = is_target(what);
  std::vector<std::string> names = mapping::all_targets();
  PairAnswer answer;
  json::Value list = json::Value::array();
  // A CRM stage that is called like a standard one is meant as the CRM's.
  const auto tell = [&](bool as_target) {
    for (const StageTableLines& table : tables) {
      const auto named = std::find_if(table.lines.begin(), table.lines.end(), [&](const StageLine& line) {
        return text::nfc(text::trim(line.crm_stage)) == text::nfc(text::trim(what));
      });
      if (!as_target && named == table.lines.end()) continue;
      if (!table.heading.empty()) session.output.line(session.output.styled(table.heading, Style::strong));
      PairAnswer one = as_target ? explain_target(session, table.lines, text::lower_ascii(what))
                                 : explain_crm_stage(session, table.lines, *named);
      if (!table.record_type.empty()) one.json.set("record_type", json::Value::string(table.record_type));
      list.append(one.json);
      answer = std::move(one);
    }
  };
  tell(false);
  if (list.items().empty() && target) tell(true);
  if (tables.size() > 1 && !list.items().empty()) {
    answer.json = Object().value("record_types", std::move(list)).done();
    return answer;
  }
  if (!list.items().empty()) return answer;
  for (const StageTableLines& table : tables) {
    for (const StageLine& line : table.lines) names.push_back(line.crm_stage);
  }
  const std::string near = text::nearest(what, names);
  return failed_part(session, nullptr,
                     make_error(ErrorClass::config, file + " has no stage \"" + what + "\"" +
                                                        (near.empty() ? "" : "; did you mean \"" + near + "\"?")));
}

// One deal: every field with what the CRM shows, what that means, what Partner Center shows and the rule between.
PairAnswer explain_deal(Session& session, const PairConfig& config, const std::string& named) {
  auto place = Workplace::make(session, config, Workplace::Login::not_needed);
  if (!place) return failed(session, &config, place.error());
  if (auto opened = (*place)->open_store(StoreMode::shared, false); !opened) {
    return failed(session, &config, opened.error());
  }
  auto row = find_deal((*place)->pair(), named);
  if (!row) return failed(session, &config, row.error());
  auto view = engine::load_view((*place)->pair(), *row);
  if (!view) return failed(session, &config, view.error());
  const auto& used = *(*place)->pair().mapping;
  Output& output = session.output;
  output.line(output.styled(row->title, Style::strong) + "  (" + short_id(*row) + ")");
  const auto chosen = used.select_opportunity(view->crm_columns);
  output.line(chosen.takes_part ? "Takes part in the sync." : "Takes no part: " + chosen.text + ".");
  const std::string stage = text_of(column(view->crm_columns, used.stage_column()));
  const std::string type = mapping::plain_text(column(view->crm_columns, used.record_type_column()));
  output.line(used.explain_stage(stage, type));
  Table table({"Field", "The CRM means", "Partner Center shows", "Comes from", "Rule", "Line"});
  json::Value fields = json::Value::array();
  for (const auto& line : mapping::field_lines(used)) {
    const Field f = line.rule.field;
    const std::string crm = view->crm.deal.shows(f) ? display(view->crm.deal.get(f)) : "";
    const std::string other = view->partner_center.shows(f) ? display(view->partner_center.get(f)) : "";
    // What travels one way only has nothing to choose between.
    std::string rule = mapping::name_of(line.rule.direction);
    if (line.rule.direction == mapping::Direction::both) {
      rule += std::string(", both changed: ") + mapping::name_of(line.rule.conflict);
    }
    table.row(
        {info(f).label, shortened(crm, 30), shortened(other, 30), shortened(line.comes_from, 40), rule, line.place});
    fields.append(Object()
                      .text("field", info(f).name)
                      .text("crm", crm)
                      .text("partner_center", other)
                      .text("comes_from", line.comes_from)
                      .text("direction", mapping::name_of(line.rule.direction))
                      .text("conflict", mapping::name_of(line.rule.conflict))
                      .text("place", line.place)
                      .done());
  }
  table.print(output);
  for (const auto& problem : view->crm.problems) output.line("! " + problem.message);
  output.line("What a sync would write: cosell plan --deal " + short_id(*row));
  PairAnswer answer;
  answer.json = Object().text("deal", row->title).value("fields", std::move(fields)).done();
  return answer;
}

// "acme.jsonc" -> "acme.cases.jsonc".
std::string cases_beside(const std::string& mapping_file) {
  const fs::path path(mapping_file);
  return (path.parent_path() / (path.stem().string() + ".cases.jsonc")).string();
}

PairAnswer run_examples(Session& session, const std::string& file, const std::string& cases_file) {
  auto used = usable_mapping(file);
  if (!used) return failed_part(session, nullptr, used.error());
  const std::string name = cases_file.empty() ? cases_beside(file) : cases_file;
  auto text = read_text_file(name);
  if (!text)
    return failed_part(session, nullptr, make_error(ErrorClass::config, "No examples: " + text.error().message));
  auto results = mapping::run_cases(*used, name, *text, date_of(session.clock().now()));
  if (!results) return failed_part(session, nullptr, results.error());
  Output& output = session.output;
  PairAnswer answer;
  std::size_t wrong = 0;
  json::Value list = json::Value::array();
  for (const auto& result : *results) {
    const bool good = result.differences.empty();
    wrong += good ? 0 : 1;
    output.line(output.styled(good ? "✓ " : "✗ ", good ? Style::good : Style::bad) + result.name +
                (good ? "" : "  (" + result.place + ")"));
    json::Value differences = json::Value::array();
    for (const std::string& d : result.differences) {
      output.line("    " + d);
      differences.append(json::Value::string(d));
    }
    list.append(Object()
                    .text("case", result.name)
                    .text("place", result.place)
                    .flag("as_expected", good)
                    .value("differences", std::move(differences))
                    .done());
  }
  output.line(name + ": " + text::count_of(results->size() - wrong, "example") + " as expected, " +
              std::to_string(wrong) + " not");
  answer.json = Object().text("mapping", file).text("cases", name).value("results", std::move(list)).done();
  if (wrong > 0) answer.code = exit_usage;
  return answer;
}

}  // namespace

int mapping_explain_command(Output& output, const std::string& config, const MappingExplainOptions& options) {
  if (options.what.empty() == options.deal.empty()) {
    output.error("Say what to explain: a stage of the CRM, 10 … 80, won, lost, waiting, or --deal D.");
    return exit_usage;
  }
  if (options.deal.empty()) {
    return for_each_mapping(output, config, options.file, options.pair,
                            [&](Session& session, const PairConfig*, const std::string& file) {
                              return explain_stage(session, file, options.what);
                            });
  }
  Session session(output);
  if (const auto wrong = session.start(config)) return *wrong;
  const auto pair = pair_that_knows(session, options.pair, options.deal);
  if (!options.file.empty()) {
    if (auto usable = usable_mapping(options.file); !usable) return failed(session, nullptr, usable.error()).code;
    for (PairConfig& one : session.config.pairs) one.mapping = fs::absolute(options.file).string();
  }
  return for_each_pair(session, pair, [&](const PairConfig& one) { return explain_deal(session, one, options.deal); });
}

int mapping_test_command(Output& output, const std::string& config, const MappingTestOptions& options) {
  return for_each_mapping(output, config, options.file, options.pair,
                          [&](Session& session, const PairConfig*, const std::string& file) {
                            return run_examples(session, file, options.cases);
                          });
}

}  // namespace cosell::cli
