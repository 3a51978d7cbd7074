// `cosell store info|verify|backup`, `cosell journal verify` and `cosell mapping check`: looking after the files.
#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/wording.h"
#include "cli/workplace.h"
#include "store/sqlite_store.h"

namespace cosell::cli {

namespace {

namespace fs = std::filesystem;

store::OpenOptions looking_at(const PairConfig& config) {
  store::OpenOptions options;
  options.mode = store::OpenOptions::Mode::shared;
  options.pair = config.name;
  options.create = false;
  return options;
}

std::int64_t size_of(const std::string& path) {
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  return failed ? 0 : static_cast<std::int64_t>(size);
}

PairAnswer info_of(Session& session, const PairConfig& config) {
  auto store = store::open_sqlite_store(config.store, looking_at(config), session.clock());
  if (!store) return failed(session, &config, store.error());
  auto states = (*store)->count_deals();
  if (!states) return failed(session, &config, states.error());
  auto runs = (*store)->runs(1);
  if (!runs) return failed(session, &config, runs.error());
  const std::int64_t bytes = size_of(config.store) + size_of(config.store + "-wal");
  std::int64_t deals = 0;
  for (const auto& s : *states) deals += s.deals;
  session.output.line("Store " + config.store + ", " + grouped((bytes + 1023) / 1024) + " KiB, " + grouped(deals) +
                      (deals == 1 ? " deal" : " deals"));
  if (!runs->empty()) session.output.line("Last sync began " + to_string_minutes(runs->front().started_at) + " UTC");
  print_states(session.output, *states, "  ");
  PairAnswer answer;
  answer.json = Object()
                    .text("store", config.store)
                    .number("bytes", bytes)
                    .number("deals", deals)
                    .value("states", json_of(*states))
                    .done();
  return answer;
}

// The stages and columns that the CRM really has.
Result<std::vector<mapping::FileFinding>> findings_of_live(Workplace& place) {
  engine::Pair& pair = place.pair();
  Call call = pair.call(store::Side::crm);
  auto described = pair.crm->describe(call);
  if (!described) return described.error();
  return live_findings(*pair.mapping, *described);
}

bool is_error(const mapping::FileFinding& f) { return f.severity == mapping::FileFinding::Severity::error; }

PairAnswer told(Output& output, const std::string& file, const std::vector<mapping::FileFinding>& findings) {
  PairAnswer answer;
  json::Value list = json::Value::array();
  for (const auto& f : findings) {
    output.line(output.styled(is_error(f) ? "✗ " : "! ", is_error(f) ? Style::bad : Style::warning) + f.file + ":" +
                std::to_string(f.line) + ":" + std::to_string(f.column) + ": " + f.message);
    if (!f.remedy.empty()) output.line("    → " + f.remedy);
    if (is_error(f)) answer.code = exit_usage;
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
  const auto errors = std::count_if(findings.begin(), findings.end(), is_error);
  const auto warnings = static_cast<std::int64_t>(findings.size()) - errors;
  output.line(file + ": " + text::count_of(static_cast<std::size_t>(errors), "error") + ", " +
              text::count_of(static_cast<std::size_t>(warnings), "warning"));
  answer.json.set("file", json::Value::string(file));
  answer.json.set("findings", std::move(list));
  return answer;
}

PairAnswer check_mapping_of(Session& session, const PairConfig& config, bool live) {
  auto loaded = load_mapping(config.mapping);
  if (!loaded) return failed(session, &config, loaded.error());
  std::vector<mapping::FileFinding> findings = loaded->findings;
  if (live && loaded->mapping) {
    auto made = Workplace::make(session, config, Workplace::Login::needed);
    if (!made) return failed(session, &config, made.error());
    auto more = findings_of_live(**made);
    if (!more) return failed(session, &config, more.error());
    findings.insert(findings.end(), more->begin(), more->end());
  }
  return told(session.output, config.mapping, findings);
}

}  // namespace

int store_info_command(Session& session, const std::string& pair) {
  return for_each_pair(session, pair, [&](const PairConfig& config) { return info_of(session, config); });
}

int store_verify_command(Session& session, const std::string& pair) {
  return for_each_pair(session, pair, [&](const PairConfig& config) {
    auto found = store::verify_sqlite_store(config.store, looking_at(config), session.clock());
    if (!found) return failed(session, &config, found.error());
    session.output.line(config.store + ": " + *found);
    PairAnswer answer;
    answer.json.set("found", json::Value::string(*found));
    return answer;
  });
}

int store_backup_command(Session& session, const std::string& pair, const std::string& destination) {
  if (pair.empty() && session.config.pairs.size() > 1) {
    return failed(session, nullptr,
                  make_error(ErrorClass::config, "There are several pairs; say which with --pair: " +
                                                     text::join(session.config.names(), ", ")))
        .code;
  }
  return for_each_pair(session, pair, [&](const PairConfig& config) {
    auto done = store::back_up_sqlite_store(config.store, destination, looking_at(config), session.clock());
    if (!done) return failed(session, &config, done.error());
    session.output.line("Copied " + config.store + " to " + destination + ", as of one moment.");
    PairAnswer answer;
    answer.json.set("backup", json::Value::string(destination));
    return answer;
  });
}

int journal_verify_command(Session& session, const std::string& pair) {
  return for_each_pair(session, pair, [&](const PairConfig& config) {
    auto store = store::open_sqlite_store(config.store, looking_at(config), session.clock());
    if (!store) return failed(session, &config, store.error());
    auto entries = (*store)->verify_journal();
    if (!entries) return failed(session, &config, entries.error());
    session.output.line("The journal is whole: " + grouped(*entries) + " entries, each tied to the one before.");
    PairAnswer answer;
    answer.json.set("entries", json::Value::integer(*entries));
    return answer;
  });
}

int mapping_check_command(Output& output, const std::string& config, const MappingCheckOptions& options) {
  if (!options.file.empty() && !options.live) {
    // A file by itself needs no configuration.
    auto loaded = load_mapping(options.file);
    if (!loaded) {
      if (output.options().json) output.json(Object().value("error", json_of(loaded.error())).done());
      if (!output.options().json) output.error(loaded.error().message);
      return exit_code_of(loaded.error().kind);
    }
    const PairAnswer answer = told(output, options.file, loaded->findings);
    if (output.options().json) output.json(answer.json);
    return answer.code;
  }
  Session session(output);
  if (const auto wrong = session.start(config)) return *wrong;
  if (!options.file.empty()) {
    if (options.pair.empty() && session.config.pairs.size() > 1) {
      return failed(
                 session, nullptr,
                 make_error(ErrorClass::config, "There are several pairs; say with --pair which CRM to compare with."))
          .code;
    }
    std::error_code ignored;
    for (PairConfig& pair : session.config.pairs) pair.mapping = fs::absolute(options.file, ignored).string();
  }
  return for_each_pair(session, options.pair,
                       [&](const PairConfig& pair) { return check_mapping_of(session, pair, options.live); });
}

}  // namespace cosell::cli
