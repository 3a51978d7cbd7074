// The commands, one function each; arguments are taken apart in app.cpp. Every function returns the exit code.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/session.h"

namespace cosell::cli {

// "" as a pair: all of them.

// Asks on standard error, and reads the answers from standard input.
int init_command(Output& output, const std::string& folder);

int check_command(Session& session, const std::string& pair);

struct PilotOptions {
  std::string location;  // "" the mapping's
  std::string solution;
  bool yes = false;  // do not ask
};
int pilot_command(Session& session, const std::string& pair, const PilotOptions& options);

int setup_command(Session& session, const std::string& pair, bool dry_run);

struct SyncOptions {
  std::string pair;
  std::string deal;  // "" all
  int limit = 0;
  std::set<std::string> allow;  // "creates", "closings", "sharings"
};
int sync_command(Session& session, const SyncOptions& options);

struct PlanOptions {
  std::string pair;
  std::string deal;
  int limit = 0;
  bool summary = false;  // counts only
  bool full = false;     // every deal, however many
};
int plan_command(Session& session, const PlanOptions& options);

struct RunOptions {
  std::string pair;
  std::string every = "10m";
  std::set<std::string> allow;  // for the first cycle
};
int run_command(Session& session, const RunOptions& options);

int status_command(Session& session, const std::string& pair);
// For monitoring: one line, exit code 0 when all is well.
int alert_command(Session& session, const std::string& pair);

struct TodoOptions {
  std::string pair;
  std::string owner;
  std::string kind;
  bool ics = false;   // the deadlines as a calendar file
  bool each = false;  // failures of one cause are not put together
};
int todo_command(Session& session, const TodoOptions& options);

struct ListOptions {
  std::string pair;
  std::string state;
  std::string reason;
  std::string owner;
  std::string name;
  bool all = false;  // skipped deals too
  int limit = 0;
};
int deals_list_command(Session& session, const ListOptions& options);
int deals_show_command(Session& session, const std::string& pair, const std::string& deal);
struct LinkOptions {
  std::string pair;
  std::string deal;
  std::string referral;
  bool none = false;  // the deal is no deal of the other side
  bool unlink = false;
};
int link_command(Session& session, const LinkOptions& options);

struct HistoryOptions {
  std::string pair;
  std::string deal;
  int limit = 0;
  std::string at;  // a time as people write it; with it or with `field`: values instead of entries
  std::string field;
};
int deals_history_command(Session& session, const HistoryOptions& options);
int deals_past_command(Session& session, const HistoryOptions& options);
int deals_bundle_command(Session& session, const std::string& pair, const std::string& deal, const std::string& file);

// What a person decides about a closed or declined referral.
int deals_restart_command(Session& session, const std::string& pair, const std::string& deal);
int deals_leave_command(Session& session, const std::string& pair, const std::string& deal);

// What a person states of the contract of a won deal; "" is not stated.
struct RegisterOptions {
  std::string pair;
  std::string deal;
  std::string value;           // "95000 EUR"; the deal's currency when it names none
  std::string solution;        // SOL-…
  std::string solution_value;  // its part of `value`
  std::string signed_on;       // days: 2026-04-10
  std::string starts;
  std::string ends;
  bool perpetual = false;
  std::string on_azure;     // yes, no
  std::string deployed_at;  // customer, partner
  std::string pricing;      // pay-as-you-go, other
  std::string marketplace;  // the day on which it was sold there
  bool cancel = false;
  bool dry_run = false;
};
int deals_register_command(Session& session, const RegisterOptions& options);

int solutions_command(Session& session, const std::string& pair);

struct ReplayOptions {
  std::string pair;
  std::vector<std::string> deals;
  bool all = false;
  std::string kind;
  std::string since;
  bool dry_run = false;
};
int replay_command(Session& session, const ReplayOptions& options);

struct ResolveOptions {
  std::string pair;
  std::vector<std::string> deals;
  std::string take;
  std::string field;
  bool all = false;
  std::string kind;
  bool dry_run = false;
};
int resolve_command(Session& session, const ResolveOptions& options);
int inbox_command(Session& session, const std::string& pair);

struct ApproveOptions {
  std::string pair;
  std::vector<std::string> deals;
  bool all = false;
};
int approve_command(Session& session, const ApproveOptions& options);

int store_info_command(Session& session, const std::string& pair);
int store_verify_command(Session& session, const std::string& pair);
int store_backup_command(Session& session, const std::string& pair, const std::string& destination);
int store_restore_command(Session& session, const std::string& pair, const std::string& copy);
int journal_verify_command(Session& session, const std::string& pair);
struct SyncsOptions {
  std::string pair;
  std::vector<std::string> words;  // the pair, the number of one sync, or both
  std::string since;
  int limit = 0;
  bool all = false;  // also those that had nothing to do
};
int journal_syncs_command(Session& session, const SyncsOptions& options);
int journal_export_command(Session& session, const std::string& pair, const std::string& file);
struct PruneOptions {
  std::string pair;
  std::string before;
  std::string deal;  // forget what the history says of this deal
  bool yes = false;
};
int journal_prune_command(Session& session, const PruneOptions& options);
int journal_recheck_command(Session& session, const std::string& pair, int run);

// Mapping files. They are read and never written; `init` makes a new one.
struct MappingCheckOptions {
  std::string file;  // "" the mappings of the configuration
  std::string pair;
  bool live = false;
  std::string snapshot;  // a file that `mapping snapshot` made, instead of the CRM
  bool strict = false;   // warnings count as errors
};
int mapping_check_command(Output& output, const std::string& config, const MappingCheckOptions& options);

struct MappingSnapshotOptions {
  std::string pair;
  std::string out;  // "" standard output
};
int mapping_snapshot_command(Session& session, const MappingSnapshotOptions& options);

struct MappingExplainOptions {
  std::string what;  // a CRM stage, or a standard one: 40, won, waiting
  std::string deal;  // or a deal
  std::string file;
  std::string pair;
};
int mapping_explain_command(Output& output, const std::string& config, const MappingExplainOptions& options);

struct MappingTestOptions {
  std::string file;   // "" the mappings of the configuration
  std::string cases;  // "" NAME.cases.jsonc beside the mapping
  std::string pair;
};
int mapping_test_command(Output& output, const std::string& config, const MappingTestOptions& options);

struct MappingInitOptions {
  std::string pair;
  std::string out;       // "" standard output
  std::string snapshot;  // instead of the CRM
};
int mapping_init_command(Session& session, const MappingInitOptions& options);

struct MappingDiffOptions {
  std::string before;
  std::string after;
  std::string pair;
  bool against_store = false;
};
int mapping_diff_command(Output& output, const std::string& config, const MappingDiffOptions& options);

struct MappingRollbackOptions {
  std::string pair;
  std::string version;  // "" the one before
  std::string out;      // only saves the earlier file there
  bool list = false;
};
int mapping_rollback_command(Session& session, const MappingRollbackOptions& options);

struct LoginOptions {
  std::string side;
  std::string pair;
  bool by_browser = false;  // sign in where the browser runs, instead of entering a code
};
int login_command(Session& session, const LoginOptions& options);

}  // namespace cosell::cli
