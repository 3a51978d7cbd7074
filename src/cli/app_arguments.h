// The command line as an object: what every command may be told, and where its arguments are kept until it runs. The
// only header that uses the argument library; each add_ function stands in the file of its group.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "cli/app.h"
#include "cli/commands.h"
#include "cli/sandbox_command.h"

namespace cosell::cli {

extern const std::string exit_codes_text;  // for the ends of help texts

inline constexpr int most_counted = 1'000'000'000;  // of what is counted

// What is to be done once the arguments are understood.
using Work = std::function<int(Output&, const std::string& config)>;
using InSession = std::function<int(Session&)>;

class App {
 public:
  App();
  int run(std::vector<std::string> args, std::ostream& out, std::ostream& err, const Terminal& terminal);

 private:
  // The command that the words name, as far as there is one.
  struct Named {
    CLI::App* app;
    std::string path;     // " deals show"
    std::string unknown;  // the first word that is no command of `app`
    std::string meant;    // what it was probably meant to be
  };
  Named command_in(const std::vector<std::string>& args);
  // The first option that the command does not know.
  struct Slip {
    std::string written;
    std::string meant;  // what it was probably meant to be; "" when there is none like it
  };
  Slip slip_in(const std::vector<std::string>& args, const CLI::App& command) const;
  int misunderstood(const std::vector<std::string>& args, const CLI::ParseError& error, std::ostream& err);
  CLI::App* command(CLI::App& parent, const std::string& name, const std::string& what, const std::string& examples);
  // Runs with a configuration.
  void does(CLI::App* sub, InSession in_session);
  // Runs without reading the configuration first: some of it needs none.
  void looks(CLI::App* sub, Work work);
  enum class Several : std::uint8_t { all, one_is_named };  // of several pairs, where none is named
  static void add_pair(CLI::App* sub, std::string& pair, Several several = Several::all);
  static void add_pair_option(CLI::App* sub, std::string& pair);
  static void add_deal_and_limit(CLI::App* sub, std::string& deal, int& limit);
  static void add_allow(CLI::App* sub, std::vector<std::string>& allow);
  // Commands that also answer as CSV.
  void listing(CLI::App* sub);

  void add_init();
  void add_check();
  void add_setup();
  void add_plan();
  void add_sync();
  void add_run();
  void add_login();
  void add_sandbox();
  void add_looking();
  void add_register(CLI::App& deals);
  void add_deals();
  void add_repair();
  void add_care();
  void add_syncs(CLI::App& journal);
  void add_mapping();
  void add_mapping_checks(CLI::App& mapping);
  void add_mapping_answers(CLI::App& mapping);
  void add_mapping_rollback(CLI::App& mapping);

  CLI::App app_;
  std::string config_;
  OutputOptions output_;
  bool lists_ = false;
  Work work_;

  std::string folder_ = "config";
  std::string pair_;
  bool dry_run_ = false;
  bool pilot_wanted_ = false;
  PilotOptions pilot_;
  std::string deal_;
  std::string file_;
  int limit_ = 0;
  std::vector<std::string> allow_;
  bool alert_ = false;
  PlanOptions plan_;
  SyncOptions sync_;
  RunOptions run_;
  LoginOptions login_;
  TodoOptions todo_;
  ListOptions list_;
  ApproveOptions approve_;
  ReplayOptions replay_;
  ResolveOptions resolve_;
  HistoryOptions history_;
  RegisterOptions register_;
  LinkOptions link_;
  PruneOptions prune_;
  SyncsOptions syncs_;
  MappingCheckOptions mapping_;
  MappingRollbackOptions rollback_;
  MappingSnapshotOptions snapshot_;
  MappingExplainOptions explain_;
  MappingTestOptions test_;
  MappingInitOptions init_;
  MappingDiffOptions diff_;
  SandboxOptions sandbox_;
};

}  // namespace cosell::cli
