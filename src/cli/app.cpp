// Taking the arguments apart: the options of every command, what is said of arguments that are not understood, and the
// helpers that the commands' own files use.
#include "cli/app.h"

#include <algorithm>
#include <memory>
#include <ostream>

#include "base/text.h"
#include "cli/app_arguments.h"
#include "cli/choices.h"
#include "cli/exit.h"
#include "cli/version.h"

namespace cosell::cli {

const std::string exit_codes_text =
    "Exit codes: 0 done, also when deals wait for people; 1 done, with new failures; 2 usage, configuration or "
    "mapping;\n"
    "3 a side is unreachable or refuses the login; 4 stopped by a guard; 5 store damaged or newer, or disk full; 6 "
    "another\n"
    "process holds the store; 130 asked to stop before the end (nothing is lost). A stopped `cosell run` ends with 0, "
    "by a hangup with 129.";

namespace {

// Names and what they take; what else has to be said of them stands in their descriptions.
class HelpText : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0) return "";
    const std::string takes = option->get_type_name();  // "N:INT in [1 - 10]"
    std::string out = takes.empty() ? "" : " " + takes.substr(0, takes.find(':'));
    if (option->get_expected_max() == CLI::detail::expected_max_vector_size) out += " ...";
    return out + (option->get_required() ? " REQUIRED" : "");
  }
};

}  // namespace

App::App()
    : app_("Keeps the deals of a CRM and their co-sell referrals in Microsoft Partner Center the same.", "cosell") {
  app_.formatter(std::make_shared<HelpText>());
  app_.set_version_flag("--version", "cosell " + version());
  app_.require_subcommand(1);
  app_.footer(
      "Begin with:\n  cosell sandbox --dir /tmp/try --deals 50     # rehearse on this machine\n"
      "  cosell init                                  # a few questions, for your own systems\n"
      "  cosell check                                 # is everything ready?\n"
      "  cosell plan                                  # what would a sync do?\n  cosell sync\n\n" +
      exit_codes_text);
  app_.add_option("--config", config_, "Configuration (default: config/cosell.jsonc, then the user's own)")
      ->type_name("FILE");
  app_.add_flag("--json", output_.json, "Answer as JSON");
  app_.add_flag("--csv", output_.csv, "Lists as CSV");
  app_.add_flag("-q,--quiet", output_.quiet, "Only errors");
  app_.add_flag("-v,--verbose", output_.verbose, "Tell what happens, on standard error, without secrets");
  add_init();
  add_check();
  add_setup();
  add_plan();
  add_sync();
  add_run();
  add_looking();
  add_deals();
  add_repair();
  add_care();
  add_mapping();
  add_login();
  add_sandbox();
}

int App::run(std::vector<std::string> args, std::ostream& out, std::ostream& err, const Terminal& terminal) {
  if (!args.empty() && args.front() == "help") {
    args.erase(args.begin());
    args.emplace_back("--help");
  }
  try {
    std::vector<std::string> reversed(args.rbegin(), args.rend());
    app_.parse(reversed);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() != 0) return misunderstood(args, e, err);
    app_.exit(e, out, err);
    return exit_done;
  }
  Output output(out, err, terminal, output_);
  if (output_.csv && !lists_) {
    output.error("--csv is for lists: cosell todo, cosell deals list, cosell journal syncs, cosell solutions.");
    return exit_usage;
  }
  return work_(output, config_);
}

App::Named App::command_in(const std::vector<std::string>& args) {
  Named named{&app_, "", "", ""};
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto below = named.app->get_subcommands([](CLI::App*) { return true; });
    if (below.empty()) break;
    const bool names_a_file = i > 0 && args[i - 1] == "--config";
    if (args[i].empty() || args[i].front() == '-' || names_a_file) continue;
    const auto next = std::find_if(below.begin(), below.end(), [&](CLI::App* one) { return one->check_name(args[i]); });
    if (next == below.end()) {
      std::vector<std::string> names;
      for (const CLI::App* one : below) names.push_back(one->get_name());
      named.unknown = args[i];
      named.meant = text::nearest(args[i], names);
      break;
    }
    named.app = *next;
    named.path += " " + (*next)->get_name();
  }
  return named;
}

int App::misunderstood(const std::vector<std::string>& args, const CLI::ParseError& error, std::ostream& err) {
  const Named named = command_in(args);
  const std::string path = "cosell" + named.path;
  if (!named.unknown.empty()) {
    const std::string written = named.path.empty() ? named.unknown : named.path.substr(1) + " " + named.unknown;
    err << "There is no command \"" << written << "\""
        << (named.meant.empty() ? ". See: " + path + " --help" : "; did you mean: " + path + " " + named.meant) << "\n";
  } else if (!named.app->get_subcommands([](const CLI::App*) { return true; }).empty()) {
    err << app_.help();  // of the group that was named
  } else {
    const Slip slip = slip_in(args, *named.app);
    err << (slip.meant.empty() ? error.what()
                               : "There is no option " + slip.written + "; did you mean " + slip.meant + "?")
        << "\nSee: " << path << " --help\n";
  }
  return exit_usage;
}

App::Slip App::slip_in(const std::vector<std::string>& args, const CLI::App& command) const {
  std::vector<std::string> names;
  for (const CLI::App* one : {&command, &app_}) {
    for (const CLI::Option* option : one->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  for (const std::string& arg : args) {
    const std::string name = arg.substr(0, arg.find('='));
    const bool known = std::find(names.begin(), names.end(), name) != names.end();
    if (text::starts_with(name, "--") && name.size() > 2 && !known) return {name, text::nearest(name, names)};
  }
  return {};
}

CLI::App* App::command(CLI::App& parent, const std::string& name, const std::string& what,
                       const std::string& examples) {
  CLI::App* sub = parent.add_subcommand(name, what);
  sub->fallthrough();
  sub->footer("Examples:\n" + examples +
              "\n\nWith every command: --config FILE, --json (lists also --csv), -q, -v; see cosell --help");
  return sub;
}

void App::does(CLI::App* sub, InSession in_session) {
  sub->callback([this, in_session] {
    work_ = [in_session](Output& output, const std::string& config) {
      Session session(output);
      if (const auto wrong = session.start(config)) return *wrong;
      return in_session(session);
    };
  });
}

void App::looks(CLI::App* sub, Work work) {
  sub->callback([this, work] { work_ = work; });
}

void App::add_pair(CLI::App* sub, std::string& pair, Several several) {
  // Wherever a pair can be named, --pair does it.
  CLI::Option* option = sub->add_option("--pair", pair, "The same as PAIR")->type_name("PAIR");
  const char* what = several == Several::all ? "The pair (default: all)" : "The pair, when there are several";
  sub->add_option("PAIR", pair, what)->type_name("")->excludes(option);
}
void App::add_pair_option(CLI::App* sub, std::string& pair) {
  sub->add_option("--pair", pair, "The pair, when there are several")->type_name("PAIR");
}

void App::add_deal_and_limit(CLI::App* sub, std::string& deal, int& limit) {
  sub->add_option("--deal", deal, "Only this deal: CRM id, referral id, address or part of the name")->type_name("D");
  sub->add_option("--limit", limit, "At most so many deals with writes")
      ->check(CLI::Range(1, most_counted))
      ->type_name("N");
}

void App::add_allow(CLI::App* sub, std::vector<std::string>& allow) {
  sub->add_option("--allow", allow,
                  "Let what a guard stopped through once: creates, closings, sharings, deletions, restored, or the "
                  "plan of a first sync (plan=…)")
      ->check([](const std::string& what) {
        static const std::vector<std::string> known = {"creates",   "closings", "sharings",
                                                       "deletions", "restored", "plan=…"};
        const bool is_known = std::find(known.begin(), known.end(), what) != known.end() && what != known.back();
        return is_known || what.rfind("plan=", 0) == 0 ? "" : no_such("guard", what, known).message;
      })
      ->type_name("WHAT");
}

void App::listing(CLI::App* sub) {
  sub->parse_complete_callback([this] { lists_ = true; });
}

int run(const std::vector<std::string>& args, std::ostream& out, std::ostream& err, const Terminal& terminal) {
  const int code = std::make_unique<App>()->run(args, out, err, terminal);
  out.flush();
  if (out || terminal.reader_left()) return code;
  err << "The answer could not be written to its end. Is the disk full, or the output closed?\n";
  return worse(code, exit_failures);
}

}  // namespace cosell::cli
