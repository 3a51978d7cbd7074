// `cosell check`: everything that a first sync needs, as one list of ticks, with the remedy under each problem.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/login_end.h"
#include "cli/named_secrets.h"
#include "cli/network.h"
#include "cli/pairs_apart.h"
#include "cli/workplace.h"
#include "deal/deal.h"

namespace cosell::cli {

namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;
using store::Side;

class Checklist {
 public:
  explicit Checklist(Output& output) : output_(output) {}

  void heading(const std::string& text) {
    heading_ = text;
    output_.line(output_.styled(text, Style::strong));
  }

  void add(const Finding& f) {
    const char* mark = f.level == Level::ok ? "✓" : f.level == Level::warning ? "!" : "✗";
    const Style style = f.level == Level::ok ? Style::good : f.level == Level::warning ? Style::warning : Style::bad;
    output_.line("  " + output_.styled(mark, style) + " " + (f.what.empty() ? "" : f.what + ": ") + f.text);
    if (!f.remedy.empty() && f.level != Level::ok) output_.line("      → " + f.remedy);
    problems_ += f.level == Level::problem ? 1 : 0;
    warnings_ += f.level == Level::warning ? 1 : 0;
    Object o;
    o.text("about", heading_).text("what", f.what);
    o.text("level", f.level == Level::ok ? "ok" : f.level == Level::warning ? "warning" : "problem");
    o.text("text", f.text);
    if (!f.remedy.empty()) o.text("remedy", f.remedy);
    findings_.append(o.done());
  }

  int problems() const { return problems_; }
  int warnings() const { return warnings_; }
  json::Value json() const { return findings_; }

 private:
  Output& output_;
  std::string heading_;
  int problems_ = 0;
  int warnings_ = 0;
  json::Value findings_ = json::Value::array();
};

Finding of(const Error& e, const std::string& what, const std::string& remedy) {
  Finding f;
  f.level = Level::problem;
  f.what = what;
  f.text = e.message + (e.detail.empty() ? "" : " (" + e.detail + ")");
  f.remedy = remedy;
  return f;
}

// False when no request can go out.
bool check_environment(Checklist& list, Session& session) {
  const Config& config = session.config;
  Finding f;
  f.what = "Saved logins";
  if (config.tokens_file.empty()) {
    f.level = Level::warning;
    f.text =
        "are not kept: \"tokens\" is missing in " + config.file + ", so a renewed login is lost when the program ends";
    f.remedy = "Add \"tokens\": { \"file\": …, \"key\": … }.";
  } else {
    f.text = "kept encrypted in " + config.tokens_file;
  }
  list.add(f);
  if (!config.sandbox_clock.empty())
    list.add({Level::ok, "Clock", "the sandbox's, now " + to_string_minutes(session.clock().now()) + " UTC", ""});
  const std::vector<Finding> network = network_findings(config);
  for (const Finding& finding : network) list.add(finding);
  return std::none_of(network.begin(), network.end(), [](const Finding& n) { return n.level == Level::problem; });
}

// The file, folder or lock beside the store that keeps this user from syncing; "" when nothing does.
std::string not_open_to_a_sync(const std::string& store) {
  const std::string folder = fs::path(store).parent_path().string();
  const std::string lock = store + ".lock";
  if (::access(store.c_str(), W_OK) != 0) return store;
  if (::access(folder.c_str(), W_OK) != 0) return folder;
  std::error_code none;
  return fs::exists(lock, none) && ::access(lock.c_str(), R_OK | W_OK) != 0 ? lock : "";
}

void check_store(Checklist& list, Workplace& place, int& code) {
  const std::string& path = place.config().store;
  auto opened = place.open_store(StoreMode::shared, false);
  if (opened) {
    place.close_store();
    const std::string closed = not_open_to_a_sync(path);
    if (closed.empty()) {
      list.add({Level::ok, "Store", path, ""});
      return;
    }
    list.add(
        {Level::problem, "Store",
         path + " can be looked at and not written by this user, as a sync has to: " + closed + " cannot be written",
         "Run the sync as the user who owns it, or give this one the file and its folder."});
    code = worse(code, exit_usage);
    return;
  }
  if (opened.error().kind == ErrorClass::not_found) {
    list.add({Level::ok, "Store", path + " does not exist yet; the first sync makes it", ""});
    return;
  }
  // A full disk has said what to do.
  const bool full = opened.error().rule == "disk_full" || opened.error().rule == "disk_failed";
  list.add(of(opened.error(), "Store", full ? "" : "Name another file as \"store\", or restore a backup."));
  code = worse(code, exit_code_of(opened.error().kind));
}

void add_mapping_findings(Checklist& list, const std::vector<mapping::FileFinding>& findings, int& code) {
  for (const auto& m : findings) {
    Finding f;
    const bool error = m.severity == mapping::FileFinding::Severity::error;
    f.level = error ? Level::problem : Level::warning;
    f.text = m.file + ":" + std::to_string(m.line) + ":" + std::to_string(m.column) + ": " + m.message;
    f.remedy = m.remedy;
    list.add(f);
    if (error) code = worse(code, exit_usage);
  }
}

// The file as it is now, also when another mapping counts.
void add_mapping_file(Checklist& list, Workplace& place, int& code) {
  const MappingChoice& choice = place.mapping_choice();
  const std::string& file = place.config().mapping;
  if (choice.refused.empty()) {
    list.add({Level::ok, "Mapping", file, ""});
  } else if (choice.file_findings.empty()) {
    list.add({Level::problem, "Mapping", choice.refused, "Bring it back, or name it in the configuration."});
    code = worse(code, exit_usage);
  }
  add_mapping_findings(list, choice.file_findings, code);
  add_mapping_findings(list, mapping::check_against_day(place.mapping(), date_of(place.pair().clock->now())), code);
  if (choice.from == MappingChoice::From::file) return;
  list.add({Level::warning, "Mapping in use",
            "is version " + short_version(place.mapping().hash()) +
                (choice.refused.empty() ? ", to which was returned; the file counts again when it is edited."
                                        : ", the one of before, until the file can be used."),
            ""});
}

// Deals of Microsoft's that another pair takes too.
void add_pairs_apart(Checklist& list, Session& session, Workplace& place, int& code) {
  const auto overlap = overlap_with_another_pair(session.config, place.config(), place.mapping());
  if (!overlap) return;
  list.add({Level::problem, "Pairs", overlap->text, overlap->remedy});
  code = worse(code, exit_usage);
}

// When the login of the side ends, where that can be known.
void check_login_end(Checklist& list, Workplace& place, Side side, int& code) {
  const auto ends = login_ends(place, side);
  if (!ends) {
    list.add(of(ends.error(), "Login", ""));
    code = worse(code, exit_code_of(ends.error().kind));
    return;
  }
  for (const LoginEnd& end : *ends) {
    list.add(end.finding);
    if (end.finding.level == Level::problem) code = worse(code, exit_code_of(end.kind));
  }
}

// The side's own findings; a refused login or an unreachable side is told once.
bool check_side(Checklist& list, Workplace& place, Side side, int& code) {
  engine::Pair& pair = place.pair();
  list.heading(pair.title(side));
  Call call = pair.call(side);
  auto described = describe_with_record_types(pair, side);
  if (!described && exit_code_of(described.error().kind) == exit_unreachable) code = worse(code, exit_unreachable);
  const bool crm = side == Side::crm;
  std::vector<std::string> read;
  std::vector<std::string> written;
  if (crm) {
    read = pair.mapping->columns_read();
    written = pair.mapping->columns_written();
  } else {
    for (const FieldInfo& f : all_fields()) {
      const bool sent = f.shared && pair.mapping->rule(f.field).direction != mapping::Direction::off;
      if (sent) written.push_back(f.name);
    }
  }
  const auto findings_of_side = pair.connector(side).check(call, read, written);
  const bool any_problem = std::any_of(findings_of_side.begin(), findings_of_side.end(),
                                       [](const Finding& f) { return f.level == Level::problem; });
  for (const Finding& f : findings_of_side) list.add(f);
  check_login_end(list, place, side, code);
  if (!described && !any_problem) list.add(of(described.error(), "Description", ""));
  if (any_problem || !described) code = worse(code, described ? exit_usage : exit_code_of(described.error().kind));
  if (!crm || !described) return described.has_value();

  const auto findings = live_findings(*pair.mapping, *described);
  list.heading("Mapping against " + pair.title(side));
  add_mapping_findings(list, findings, code);
  if (findings.empty()) list.add({Level::ok, "Stages and columns", "fit", ""});
  return true;
}

// Waits and deadlines go by this machine's clock: when it is fast, what cannot be taken back would leave too early.
void check_clock(Checklist& list, Workplace& place, int& code) {
  constexpr Duration tolerated = minutes(2);
  std::optional<Duration> ahead;  // by the side that agrees best
  std::string of;
  for (const Side side : {Side::crm, Side::partner_center}) {
    const std::optional<Duration> by_this = place.clock_ahead(side);
    if (!by_this || (ahead && std::llabs(ahead->ms) <= std::llabs(by_this->ms))) continue;
    ahead = by_this;
    of = place.pair().title(side);
  }
  if (!ahead || std::llabs(ahead->ms) <= tolerated.ms) return;
  const bool fast = ahead->ms > 0;
  list.heading("This machine");
  list.add({Level::problem, "Clock",
            text::count_of(static_cast<std::size_t>(std::llabs(ahead->ms) / minutes(1).ms), "minute") +
                (fast ? " ahead of" : " behind") + " that of " + of + "; what waits for its time would leave too " +
                (fast ? "early" : "late"),
            "Switch on time synchronisation: timedatectl set-ntp true"});
  // A login that is refused for it has said more.
  if (code == exit_done) code = exit_usage;
}

// Whoever wrote the configuration by hand has no mapping yet.
std::string remedy_of_no_place(const PairConfig& config) {
  std::error_code ignored;
  if (fs::exists(config.mapping, ignored)) return "";
  return "Begin with a copy of mappings/example-company.jsonc, or with: cosell mapping init --out " + config.mapping;
}

// What can be judged without a login, when there can be none: all that is missing is told at once.
void check_without_login(Checklist& list, Session& session, const PairConfig& config, int& code) {
  auto place =
      Workplace::make(session, config, Workplace::Login::not_needed, Workplace::MappingUsed::own_told_by_command);
  if (!place) {
    list.add(of(place.error(), "", remedy_of_no_place(config)));
    code = worse(code, exit_code_of(place.error().kind));
    return;
  }
  add_mapping_file(list, **place, code);
  add_pairs_apart(list, session, **place, code);
  check_store(list, **place, code);
}

void check_parts(Checklist& list, Session& session, const PairConfig& config, int& code) {
  const std::vector<Finding> missing = unreadable_secrets(session.config, config);
  for (const Finding& f : missing) list.add(f);
  if (!missing.empty()) {
    code = exit_usage;
    return check_without_login(list, session, config, code);
  }
  auto place = Workplace::make(session, config, Workplace::Login::needed, Workplace::MappingUsed::own_told_by_command);
  if (!place) {
    list.add(of(place.error(), "", remedy_of_no_place(config)));
    code = exit_code_of(place.error().kind);
    return;
  }
  add_mapping_file(list, **place, code);
  add_pairs_apart(list, session, **place, code);
  check_store(list, **place, code);
  check_side(list, **place, Side::crm, code);
  check_side(list, **place, Side::partner_center, code);
  check_clock(list, **place, code);
}

PairAnswer check_pair(Session& session, const PairConfig& config) {
  Checklist list(session.output);
  PairAnswer answer;
  list.heading("Configuration");
  list.add({Level::ok, "", session.config.file, ""});
  if (check_environment(list, session)) {
    check_parts(list, session, config, answer.code);
  } else {
    answer.code = exit_usage;
  }
  session.output.line();
  const auto count = [](int n, const char* what) { return text::count_of(static_cast<std::size_t>(n), what); };
  if (list.problems() > 0) {
    session.output.line(count(list.problems(), "problem") + ", " + count(list.warnings(), "warning") +
                        ". Nothing was changed.");
  } else {
    session.output.line("Ready" + (list.warnings() > 0 ? ", with " + count(list.warnings(), "warning") : "") +
                        ". Next: cosell plan");
  }
  answer.json.set("findings", list.json());
  answer.json.set("problems", json::Value::integer(list.problems()));
  answer.json.set("warnings", json::Value::integer(list.warnings()));
  return answer;
}

}  // namespace

int check_command(Session& session, const std::string& pair) {
  return for_each_pair(session, pair, [&](const PairConfig& config) { return check_pair(session, config); });
}

}  // namespace cosell::cli
