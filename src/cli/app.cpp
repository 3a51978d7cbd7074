// The arguments of every command, with help and examples. The only place that uses the argument library.
#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <memory>
#include <ostream>

#include "base/text.h"
#include "cli/choices.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/sandbox_command.h"
#include "cli/wording.h"

namespace cosell::cli {

namespace {

const std::string exit_codes =
    "Exit codes: 0 done, also when deals wait for people; 1 done, with new failures; 2 usage, configuration or "
    "mapping;\n"
    "3 a side is unreachable or refuses the login; 4 stopped by a guard; 5 store damaged or newer; 6 another process\n"
    "holds the store; 130 asked to stop before the end (nothing is lost). A stopped `cosell run` ends with 0.";

constexpr int most = 1'000'000'000;  // of what is counted

// What is to be done once the arguments are understood.
using Work = std::function<int(Output&, const std::string& config)>;
using InSession = std::function<int(Session&)>;

class App {
 public:
  App() : app_("Keeps the deals of a CRM and their co-sell referrals in Microsoft Partner Center the same.", "cosell") {
    app_.set_version_flag("--version", std::string("cosell ") + COSELL_VERSION);
    app_.require_subcommand(1);
    app_.footer(
        "Begin with:\n  cosell sandbox --dir /tmp/try --deals 50     rehearse on this machine\n"
        "  cosell check                                 is everything ready?\n"
        "  cosell plan                                  what would a sync do?\n  cosell sync\n\n" +
        exit_codes);
    app_.add_option("--config", config_, "Configuration (default: config/cosell.jsonc, then the user's own)")
        ->type_name("FILE");
    app_.add_flag("--json", output_.json, "Answer as JSON");
    app_.add_flag("--csv", output_.csv, "Lists as CSV");
    app_.add_flag("-q,--quiet", output_.quiet, "Only errors");
    app_.add_flag("-v,--verbose", output_.verbose, "Tell what happens, on standard error, without secrets");
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

  int run(const std::vector<std::string>& args, std::ostream& out, std::ostream& err, const Terminal& terminal) {
    try {
      std::vector<std::string> reversed(args.rbegin(), args.rend());
      app_.parse(reversed);
    } catch (const CLI::ParseError& e) {
      std::string meant;
      const std::string unknown = unknown_command(args, meant);
      if (!unknown.empty()) {
        err << "There is no command \"" << unknown << "\""
            << (meant.empty() ? ". See: cosell --help" : "; did you mean: cosell " + meant) << "\n";
        return exit_usage;
      }
      return app_.exit(e, out, err) == 0 ? exit_done : exit_usage;
    }
    Output output(out, err, terminal, output_);
    if (output_.csv && !lists_) {
      output.error("--csv is for lists: cosell todo, cosell deals list.");
      return exit_usage;
    }
    return work_(output, config_);
  }

 private:
  // The first word that is no option and not the configuration's name.
  static std::string first_word(const std::vector<std::string>& args) {
    for (std::size_t i = 0; i < args.size(); ++i) {
      const bool names_a_file = i > 0 && args[i - 1] == "--config";
      if (!args[i].empty() && args[i].front() != '-' && !names_a_file) return args[i];
    }
    return "";
  }

  // The first word, when it is no command; it was probably meant to be one.
  std::string unknown_command(const std::vector<std::string>& args, std::string& meant) const {
    const std::string word = first_word(args);
    if (word.empty()) return "";
    std::vector<std::string> names;
    for (const CLI::App* sub : app_.get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(sub->get_name());
    }
    if (std::find(names.begin(), names.end(), word) != names.end()) return "";
    meant = text::nearest(word, names);
    return word;
  }

  CLI::App* command(CLI::App& parent, const std::string& name, const std::string& what, const std::string& examples) {
    CLI::App* sub = parent.add_subcommand(name, what);
    sub->fallthrough();
    sub->footer("Examples:\n" + examples);
    return sub;
  }

  // Runs with a configuration.
  void does(CLI::App* sub, InSession in_session) {
    sub->callback([this, in_session] {
      work_ = [in_session](Output& output, const std::string& config) {
        Session session(output);
        if (const auto wrong = session.start(config)) return *wrong;
        return in_session(session);
      };
    });
  }

  static void add_pair(CLI::App* sub, std::string& pair) {
    // Wherever a pair can be named, --pair does it.
    sub->add_option("PAIR,--pair", pair, "The pair (default: all)")->type_name("");
  }
  static void add_pair_option(CLI::App* sub, std::string& pair) {
    sub->add_option("--pair", pair, "The pair, when there are several")->type_name("PAIR");
  }
  static void add_deal_and_limit(CLI::App* sub, std::string& deal, int& limit) {
    sub->add_option("--deal", deal, "Only this deal: CRM id, referral id, address or part of the name")->type_name("D");
    sub->add_option("--limit", limit, "At most so many deals with writes")->check(CLI::Range(1, most))->type_name("N");
  }
  static void add_allow(CLI::App* sub, std::vector<std::string>& allow) {
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

  void add_check() {
    CLI::App* sub = command(app_, "check", "Is everything ready for a sync? Changes nothing",
                            "  cosell check\n  cosell check contoso --json");
    add_pair(sub, pair_);
    CLI::Option* pilot =
        sub->add_flag("--pilot", pilot_wanted_,
                      "After asking: one private test deal, to learn what Partner Center's documents leave open");
    sub->add_option("--solution", pilot_.solution, "With --pilot: one of your published solutions")
        ->type_name("SOL")
        ->needs(pilot);
    sub->add_option("--location", pilot_.location, "With --pilot: PartnerID of the deal (default: the mapping's)")
        ->type_name("ID")
        ->needs(pilot);
    sub->add_flag("--yes", pilot_.yes, "With --pilot: do not ask")->needs(pilot);
    does(sub, [this](Session& s) { return pilot_wanted_ ? pilot_command(s, pair_, pilot_) : check_command(s, pair_); });
  }

  void add_setup() {
    CLI::App* setup = command(app_, "setup", "Prepare a system for the bridge",
                              "  cosell setup crm --dry-run\n  cosell setup crm contoso");
    setup->require_subcommand(1);
    CLI::App* crm =
        command(*setup, "crm", "Create the columns that the mapping wants in the CRM; running it again changes nothing",
                "  cosell setup crm --dry-run     what is missing?\n  cosell setup crm");
    add_pair(crm, pair_);
    crm->add_flag("--dry-run", dry_run_, "Show what would be created; change nothing");
    does(crm, [this](Session& s) { return setup_command(s, pair_, dry_run_); });
  }

  void add_plan() {
    CLI::App* sub = command(app_, "plan", "What a sync would do; nothing is written anywhere",
                            "  cosell plan\n  cosell plan --full\n  cosell plan --deal \"Alder Foods\"");
    add_pair(sub, plan_.pair);
    add_deal_and_limit(sub, plan_.deal, plan_.limit);
    sub->add_flag("--summary", plan_.summary, "Counts only");
    sub->add_flag("--full", plan_.full, "Every deal, field by field");
    does(sub, [this](Session& s) { return plan_command(s, plan_); });
  }

  void add_sync() {
    CLI::App* sub = command(app_, "sync", "One sync, both ways",
                            "  cosell sync\n  cosell sync contoso --limit 10\n  cosell sync --deal 006Aa00000XyZ1QIAV\n"
                            "  cosell sync --allow closings");
    sub->footer(sub->get_footer() + "\n\n" + exit_codes);
    add_pair(sub, sync_.pair);
    add_deal_and_limit(sub, sync_.deal, sync_.limit);
    add_allow(sub, allow_);
    does(sub, [this](Session& s) {
      sync_.allow = {allow_.begin(), allow_.end()};
      return sync_command(s, sync_);
    });
  }

  void add_run() {
    CLI::App* sub = command(app_, "run", "Sync again and again until stopped (Ctrl-C, SIGTERM)",
                            "  cosell run --every 10m\n  cosell run contoso --every 2m");
    add_pair(sub, run_.pair);
    sub->add_option("--every", run_.every, "Time from one sync to the next (default: 10m)")->type_name("TIME");
    add_allow(sub, allow_);
    does(sub, [this](Session& s) {
      run_.allow = {allow_.begin(), allow_.end()};
      return run_command(s, run_);
    });
  }

  void add_looking() {
    CLI::App* status = command(app_, "status", "How things stand: last success, who is waited for, what comes next",
                               "  cosell status\n  cosell status --json");
    add_pair(status, pair_);
    status->add_flag("--alert", alert_,
                     "For monitoring: one line; exit code 0 well, 1 look at it, 2 the mapping file cannot be used, 3 a "
                     "side is down");
    does(status, [this](Session& s) { return alert_ ? alert_command(s, pair_) : status_command(s, pair_); });

    CLI::App* solutions = command(app_, "solutions", "Solution ids and names seen in referrals; no API lists them",
                                  "  cosell solutions\n  cosell solutions --csv");
    add_pair(solutions, pair_);
    listing(solutions);
    does(solutions, [this](Session& s) { return solutions_command(s, pair_); });

    CLI::App* todo = command(app_, "todo", "Everything that waits for a person or failed, most urgent first",
                             "  cosell todo\n  cosell todo --for \"Ida Berg\"\n  cosell todo --kind failed --csv");
    add_pair(todo, todo_.pair);
    todo->add_option("--for", todo_.owner, "Only deals of this owner (name or e-mail)")->type_name("OWNER");
    todo->add_option("--kind", todo_.kind, "Only: " + text::join(todo_kinds(), ", ") + ", or a reason")->type_name("K");
    todo->add_flag("--ics", todo_.ics, "The deadlines as a calendar file");
    todo->add_flag("--each", todo_.each, "Every deal by itself; else many failures of one cause are one entry");
    listing(todo);
    does(todo, [this](Session& s) { return todo_command(s, todo_); });
  }

  // Commands that also answer as CSV.
  void listing(CLI::App* sub) {
    sub->parse_complete_callback([this] { lists_ = true; });
  }

  void add_register(CLI::App& deals) {
    CLI::App* sub = command(
        deals, "register", "Register a won deal with Microsoft, or correct its registration, with the next sync",
        "  cosell deals register \"Alder Foods\" --signed 2026-04-10 --starts 2026-05-01 --perpetual\n"
        "      --on-azure yes --deployed-at customer --pricing other\n"
        "  cosell deals register \"Alder Foods\" --signed 2026-04-12     a correction that Microsoft asks for\n\n"
        "May this deal be registered? cosell deals show \"Alder Foods\"");
    sub->add_option("DEAL", register_.deal, "CRM id, referral id, address or part of the name")
        ->required()
        ->type_name("");
    sub->add_option("--signed", register_.signed_on,
                    "Day on which the contract was signed; Microsoft takes it for 60 days, or as configured")
        ->type_name("DAY");
    sub->add_option("--starts", register_.starts, "Day on which the contract starts")->type_name("DAY");
    sub->add_option("--ends", register_.ends, "Day on which it ends")->type_name("DAY");
    sub->add_flag("--perpetual", register_.perpetual, "The contract has no end");
    sub->add_option("--value", register_.value, "Value of the contract, \"95000 EUR\" (default: the deal's value)")
        ->type_name("AMOUNT");
    sub->add_option("--solution", register_.solution, "The solution that was sold (default: the only one of the deal)")
        ->type_name("SOL");
    sub->add_option("--solution-value", register_.solution_value, "Its part of the value (default: all of it)")
        ->type_name("AMOUNT");
    sub->add_option("--on-azure", register_.on_azure, "Does the solution run on Azure? yes or no")->type_name("WORD");
    sub->add_option("--deployed-at", register_.deployed_at, "Where it is deployed: customer or partner")
        ->type_name("WORD");
    sub->add_option("--pricing", register_.pricing, "How it is paid for: pay-as-you-go or other")->type_name("WORD");
    sub->add_option("--marketplace", register_.marketplace,
                    "Day on which it was sold through the marketplace, if it was")
        ->type_name("DAY");
    sub->add_flag("--cancel", register_.cancel, "Forget a registration that was not sent yet");
    sub->add_flag("--dry-run", register_.dry_run, "Only judge what was stated");
    add_pair_option(sub, register_.pair);
    does(sub, [this](Session& s) { return deals_register_command(s, register_); });
  }

  void add_deals() {
    CLI::App* deals =
        command(app_, "deals", "Look at deals", "  cosell deals list\n  cosell deals show \"Alder Foods\"");
    deals->require_subcommand(1);
    CLI::App* list = command(*deals, "list", "The deals that take part",
                             "  cosell deals list\n  cosell deals list --state waiting --for \"Ida Berg\"\n"
                             "  cosell deals list --all --csv");
    add_pair(list, list_.pair);
    list->add_option("--state", list_.state, "in_sync, changed, waiting, failed or skipped")->type_name("S");
    list->add_option("--reason", list_.reason, "Only this reason (as --json names it)")->type_name("R");
    list->add_option("--for", list_.owner, "Only deals of this owner (name or e-mail)")->type_name("OWNER");
    list->add_option("--name", list_.name, "Only deals with this in their name")->type_name("TEXT");
    list->add_option("--limit", list_.limit, "At most so many")->check(CLI::Range(1, most))->type_name("N");
    list->add_flag("--all", list_.all, "Skipped deals too");
    listing(list);
    does(list, [this](Session& s) { return deals_list_command(s, list_); });

    CLI::App* show = command(*deals, "show", "One deal, both sides next to each other",
                             "  cosell deals show 006Aa00000XyZ1QIAV\n  cosell deals show \"Alder Foods\"");
    show->add_option("DEAL", deal_, "CRM id, referral id, address or part of the name")->required()->type_name("");
    add_pair_option(show, pair_);
    does(show, [this](Session& s) { return deals_show_command(s, pair_, deal_); });

    CLI::App* restart = command(*deals, "restart", "A new referral for a deal whose old one is closed or was declined",
                                "  cosell deals restart 006Aa00000XyZ1QIAV");
    restart->add_option("DEAL", deal_, "CRM id, referral id, address or part of the name")->required()->type_name("");
    add_pair_option(restart, pair_);
    does(restart, [this](Session& s) { return deals_restart_command(s, pair_, deal_); });

    CLI::App* leave = command(*deals, "leave", "Let a deal differ from its closed referral, and ask no more",
                              "  cosell deals leave 006Aa00000XyZ1QIAV");
    leave->add_option("DEAL", deal_, "CRM id, referral id, address or part of the name")->required()->type_name("");
    add_pair_option(leave, pair_);
    does(leave, [this](Session& s) { return deals_leave_command(s, pair_, deal_); });

    add_register(*deals);

    CLI::App* history =
        command(*deals, "history", "What happened to one deal, and why",
                "  cosell deals history 006Aa00000XyZ1QIAV\n  cosell deals history \"Alder Foods\" --limit 20\n"
                "  cosell deals history \"Alder Foods\" --at \"Sat 02:00\"\n"
                "  cosell deals history \"Alder Foods\" --field value");
    history->add_option("DEAL", history_.deal, "CRM id, referral id, address or part of the name")
        ->required()
        ->type_name("");
    history->add_option("--limit", history_.limit, "Only the last so many entries")
        ->check(CLI::Range(1, most))
        ->type_name("N");
    history->add_option("--at", history_.at, "What both sides showed then (UTC): 2h (ago), \"Sat 02:00\", 2026-11-20 …")
        ->type_name("TIME");
    history->add_option("--field", history_.field, "Every value that this field had, and why")->type_name("F");
    add_pair_option(history, history_.pair);
    does(history, [this](Session& s) { return deals_history_command(s, history_); });

    CLI::App* link = command(*deals, "link", "Say which opportunity and which referral are one deal",
                             "  cosell deals link 006Aa00000XyZ1QIAV 8e8f5811-01db-4380-88ef-238489eb25e1\n"
                             "  cosell deals link 006Aa00000XyZ1QIAV --none");
    link->add_option("OPPORTUNITY", link_.deal, "CRM id, address or part of the name")->required()->type_name("");
    link->add_option("REFERRAL", link_.referral, "Referral id or address")->type_name("");
    link->add_flag("--none", link_.none, "It is the same as no record of the other side; it syncs by itself");
    add_pair_option(link, link_.pair);
    does(link, [this](Session& s) { return link_command(s, link_); });
    CLI::App* unlink = command(*deals, "unlink", "Take an opportunity and its referral apart; both stay as they are",
                               "  cosell deals unlink 006Aa00000XyZ1QIAV");
    unlink->add_option("DEAL", link_.deal, "CRM id, referral id, address or part of the name")
        ->required()
        ->type_name("");
    add_pair_option(unlink, link_.pair);
    does(unlink, [this](Session& s) {
      link_.unlink = true;
      return link_command(s, link_);
    });

    CLI::App* bundle = command(
        *deals, "bundle", "One file with everything that explains a deal, personal data redacted",
        "  cosell deals bundle \"Alder Foods\"\n  cosell deals bundle 006Aa00000XyZ1QIAV --file /tmp/deal.json");
    bundle->add_option("DEAL", deal_, "CRM id, referral id, address or part of the name")->required()->type_name("");
    bundle->add_option("--file", file_, "Where to write it (default: deal-ID.json here)")->type_name("FILE");
    add_pair_option(bundle, pair_);
    does(bundle, [this](Session& s) { return deals_bundle_command(s, pair_, deal_, file_); });
  }

  void add_repair() {
    CLI::App* approve = command(app_, "approve", "Let a step leave that cannot be taken back",
                                "  cosell approve 006Aa00000XyZ1QIAV\n  cosell approve --all");
    approve->add_option("DEALS", approve_.deals, "Deals that wait for approval")->type_name("");
    approve->add_flag("--all", approve_.all, "Every deal that waits for approval");
    add_pair_option(approve, approve_.pair);
    does(approve, [this](Session& s) { return approve_command(s, approve_); });

    CLI::App* replay = command(app_, "replay", "Read deals again and send what is right now",
                               "  cosell replay 006Aa00000XyZ1QIAV\n  cosell replay --all --dry-run\n"
                               "  cosell replay --kind failed --since \"Sat 02:00\"");
    replay->add_option("DEALS", replay_.deals, "Deals")->type_name("");
    replay->add_flag("--all", replay_.all, "Every deal that failed or is being tried again");
    replay->add_option("--kind", replay_.kind, "Every deal of this kind (see cosell todo) or reason")->type_name("K");
    replay
        ->add_option("--since", replay_.since,
                     "Only what failed since then (UTC): 2h (ago), \"Sat 02:00\", 2026-11-20, 2026-11-20T08:00:00Z")
        ->type_name("T");
    replay->add_flag("--dry-run", replay_.dry_run, "Only show what would be done");
    add_pair_option(replay, replay_.pair);
    does(replay, [this](Session& s) { return replay_command(s, replay_); });

    CLI::App* resolve = command(app_, "resolve", "Choose where both sides differ and the bridge may not",
                                "  cosell resolve 006Aa00000XyZ1QIAV --take crm\n"
                                "  cosell resolve \"Alder Foods\" --field value --take \"8,500 EUR\"\n"
                                "  cosell resolve --kind conflict --take partner-center --dry-run");
    resolve->add_option("DEALS", resolve_.deals, "Deals that wait for a choice (see cosell deals show)")->type_name("");
    resolve->add_option("--take", resolve_.take, "crm, partner-center, or the value itself")
        ->required()
        ->type_name("WHAT");
    resolve->add_option("--field", resolve_.field, "Only this field (default: every one that waits)")->type_name("F");
    resolve->add_flag("--all", resolve_.all, "Every conflict");
    resolve->add_option("--kind", resolve_.kind, "Every deal of this kind (see cosell todo) or reason")->type_name("K");
    resolve->add_flag("--dry-run", resolve_.dry_run, "Only show what each would write");
    add_pair_option(resolve, resolve_.pair);
    does(resolve, [this](Session& s) { return resolve_command(s, resolve_); });

    CLI::App* inbox = command(app_, "inbox", "What was handed to a running cosell, and what it answered",
                              "  cosell inbox\n  cosell inbox --json");
    add_pair(inbox, pair_);
    does(inbox, [this](Session& s) { return inbox_command(s, pair_); });
  }

  void add_care() {
    CLI::App* store = command(app_, "store", "Look after the store",
                              "  cosell store verify\n  cosell store backup /backup/contoso.db");
    store->require_subcommand(1);
    CLI::App* about = command(*store, "info", "Size and contents", "  cosell store info");
    add_pair(about, pair_);
    does(about, [this](Session& s) { return store_info_command(s, pair_); });
    CLI::App* verify = command(*store, "verify", "Read the whole store for damage", "  cosell store verify");
    add_pair(verify, pair_);
    does(verify, [this](Session& s) { return store_verify_command(s, pair_); });
    CLI::App* backup =
        command(*store, "backup", "Copy the store, also while a sync runs", "  cosell store backup /backup/contoso.db");
    backup->add_option("FILE", file_, "The new file")->required()->type_name("");
    add_pair_option(backup, pair_);
    does(backup, [this](Session& s) { return store_backup_command(s, pair_, file_); });

    CLI::App* journal = command(app_, "journal", "Look after the audit",
                                "  cosell journal verify\n  cosell journal export --file journal.jsonl");
    journal->require_subcommand(1);
    CLI::App* whole = command(*journal, "verify", "Was any entry changed or removed? Do the links follow from it?",
                              "  cosell journal verify");
    add_pair(whole, pair_);
    does(whole, [this](Session& s) { return journal_verify_command(s, pair_); });
    CLI::App* exported =
        command(*journal, "export", "Every entry as a line of JSON, with its hash",
                "  cosell journal export > journal.jsonl\n  cosell journal export --file journal.jsonl");
    exported->add_option("--file", file_, "Where to write it (default: standard output)")->type_name("FILE");
    add_pair(exported, pair_);
    does(exported, [this](Session& s) { return journal_export_command(s, pair_, file_); });
    CLI::App* prune = command(*journal, "prune", "Remove old entries, or what is said of one deal; the rest verifies",
                              "  cosell journal prune --before 2026-01-01\n"
                              "  cosell journal prune --deal \"Alder Foods\" --yes");
    prune->add_option("--before", prune_.before, "Entries older than this (UTC): 2026-01-01, 400d (ago)")
        ->type_name("TIME");
    prune->add_option("--deal", prune_.deal, "Forget what the history says of this deal (personal data)")
        ->type_name("D");
    prune->add_flag("--yes", prune_.yes, "Do it; without it only counted");
    add_pair_option(prune, prune_.pair);
    does(prune, [this](Session& s) { return journal_prune_command(s, prune_); });
    CLI::App* recheck =
        command(*journal, "recheck", "Derive the decisions of a past sync again; do they come out the same?",
                "  cosell journal recheck\n  cosell journal recheck 42");
    recheck->add_option("RUN", limit_, "Number of the sync (see cosell deals history --json; default: the last)")
        ->check(CLI::Range(1, most))
        ->type_name("");
    add_pair_option(recheck, pair_);
    does(recheck, [this](Session& s) { return journal_recheck_command(s, pair_, limit_); });
  }

  void add_mapping() {
    CLI::App* mapping = command(app_, "mapping", "Look at mapping files; none is ever rewritten",
                                "  cosell mapping init --out acme.jsonc\n  cosell mapping check --live\n"
                                "  cosell mapping explain 40");
    mapping->require_subcommand(1);
    add_mapping_checks(*mapping);
    add_mapping_answers(*mapping);
  }

  // Runs without reading the configuration first: some of it needs none.
  void looks(CLI::App* sub, Work work) {
    sub->callback([this, work] { work_ = work; });
  }

  void add_mapping_checks(CLI::App& mapping) {
    CLI::App* check =
        command(mapping, "check", "Find mistakes, with file, line and remedy",
                "  cosell mapping check\n  cosell mapping check acme.jsonc --strict\n  cosell mapping check --live\n"
                "  cosell mapping check acme.jsonc --snapshot crm.json");
    check->alias("lint");
    check->add_option("FILE", mapping_.file, "A mapping file (default: those of the configuration)")->type_name("");
    CLI::Option* live = check->add_flag("--live", mapping_.live, "Compare with what the CRM really has");
    check->add_option("--snapshot", mapping_.snapshot, "Compare with a file that `cosell mapping snapshot` made")
        ->excludes(live)
        ->type_name("FILE");
    check->add_flag("--strict", mapping_.strict, "Warnings count as errors (exit code 2)");
    add_pair_option(check, mapping_.pair);
    looks(check, [this](Output& o, const std::string& c) { return mapping_check_command(o, c, mapping_); });

    CLI::App* snapshot = command(mapping, "snapshot", "Save what the CRM has, for checks without the CRM",
                                 "  cosell mapping snapshot --out crm.json\n"
                                 "  cosell mapping check --snapshot crm.json");
    add_pair(snapshot, snapshot_.pair);
    snapshot->add_option("--out", snapshot_.out, "The new file (default: standard output)")->type_name("FILE");
    does(snapshot, [this](Session& s) { return mapping_snapshot_command(s, snapshot_); });

    CLI::App* test = command(mapping, "test", "Run the examples beside a mapping",
                             "  cosell mapping test\n  cosell mapping test acme.jsonc --cases acme.cases.jsonc");
    test->add_option("FILE", test_.file, "A mapping file (default: those of the configuration)")->type_name("");
    test->add_option("--cases", test_.cases, "The examples (default: NAME.cases.jsonc beside it)")->type_name("FILE");
    add_pair_option(test, test_.pair);
    looks(test, [this](Output& o, const std::string& c) { return mapping_test_command(o, c, test_); });
  }

  void add_mapping_answers(CLI::App& mapping) {
    CLI::App* explain =
        command(mapping, "explain", "Which rule applies to a stage or a deal, and what it does both ways",
                "  cosell mapping explain \"Closed Lost\"\n  cosell mapping explain 40\n"
                "  cosell mapping explain --deal \"Alder Foods\"");
    explain->add_option("STAGE", explain_.what, "A stage of the CRM, or 10 … 80, won, lost, waiting")->type_name("");
    explain->add_option("--deal", explain_.deal, "A deal: CRM id, referral id, address or part of the name")
        ->type_name("D");
    explain->add_option("--file", explain_.file, "A mapping file (default: those of the configuration)")
        ->type_name("FILE");
    add_pair_option(explain, explain_.pair);
    looks(explain, [this](Output& o, const std::string& c) { return mapping_explain_command(o, c, explain_); });

    CLI::App* init = command(mapping, "init", "Propose a first mapping from the stages that the CRM has",
                             "  cosell mapping init --out config/acme.mapping.jsonc\n"
                             "  cosell mapping init --snapshot crm.json");
    add_pair(init, init_.pair);
    init->add_option("--out", init_.out, "The new file; one that is there is never overwritten")->type_name("FILE");
    init->add_option("--snapshot", init_.snapshot, "From a file that `cosell mapping snapshot` made")
        ->type_name("FILE");
    does(init, [this](Session& s) { return mapping_init_command(s, init_); });

    CLI::App* diff = command(mapping, "diff", "What changes if mapping B replaced mapping A; nothing is written",
                             "  cosell mapping diff acme.jsonc new.jsonc\n"
                             "  cosell mapping diff acme.jsonc new.jsonc --against-store");
    diff->add_option("A", diff_.before, "The mapping in use")->required()->type_name("");
    diff->add_option("B", diff_.after, "The mapping that would replace it")->required()->type_name("");
    diff->add_flag("--against-store", diff_.against_store, "Also: which of the known deals would change, and how");
    add_pair_option(diff, diff_.pair);
    looks(diff, [this](Output& o, const std::string& c) { return mapping_diff_command(o, c, diff_); });
    add_mapping_rollback(mapping);
  }

  void add_mapping_rollback(CLI::App& mapping) {
    CLI::App* rollback = command(mapping, "rollback",
                                 "Back to the mapping that ran before, until the file is edited; no file is changed",
                                 "  cosell mapping rollback\n  cosell mapping rollback --list\n"
                                 "  cosell mapping rollback --to 3f2a91c0 --out acme.before.jsonc");
    add_pair(rollback, rollback_.pair);
    rollback->add_flag("--list", rollback_.list, "Only show which versions ran, and when");
    rollback->add_option("--to", rollback_.version, "To this version instead (--list names them)")
        ->type_name("VERSION");
    rollback->add_option("--out", rollback_.out, "Only save the earlier file under this new name, to compare")
        ->type_name("FILE");
    does(rollback, [this](Session& s) { return mapping_rollback_command(s, rollback_); });
  }

  void add_login() {
    CLI::App* login = command(app_, "login", "Log in as a person",
                              "  cosell login partner-center\n  cosell login partner-center contoso");
    login->add_option("SIDE", side_, "partner-center")->required()->type_name("");
    add_pair(login, pair_);
    does(login, [this](Session& s) { return login_command(s, side_, pair_); });
  }

  void add_sandbox() {
    CLI::App* sub = command(
        app_, "sandbox", "Stand-ins for the real systems on this machine, until stopped",
        "  cosell sandbox --dir /tmp/try --deals 50\n"
        "  cosell sandbox --dir /tmp/try --deals 50 --login certificate     signed, as recommended for real ones\n"
        "  cosell sandbox --dir /tmp/own --load export.csv --as SYSTEM --map Name=deal StageName=stage\n"
        "      --set CurrencyIsoCode=EUR");
    sub->add_option("--dir", sandbox_.dir, "Folder for configuration, mapping and throw-away secrets")
        ->required()
        ->type_name("DIR");
    sub->add_option("--deals", sandbox_.deals, "Made-up deals in the CRM")
        ->check(CLI::Range(0, 1'000'000))
        ->type_name("N");
    sub->add_option("--port", sandbox_.port, "First port; 0: free ones")->check(CLI::Range(0, 65'000))->type_name("P");
    sub->add_flag("--keep", sandbox_.keep, "Keep the state in DIR from one start to the next");
    sub->add_option("--login", sandbox_.login, "How the CRMs are logged in to: secret (the default) or certificate")
        ->type_name("WAY");
    sub->add_option("--load", sandbox_.load, "A CSV export of a CRM")->type_name("FILE.csv");
    sub->add_option("--as", sandbox_.as, "The CRM to load it as")->type_name("SYSTEM");
    sub->add_option("--map", sandbox_.map, "A column of the export for a field")->type_name("FIELD=COLUMN");
    sub->add_option("--set", sandbox_.set, "A value for a field of every row")->type_name("FIELD=VALUE");
    sub->callback(
        [this] { work_ = [this](Output& output, const std::string&) { return run_sandbox(output, sandbox_); }; });
  }

  CLI::App app_;
  std::string config_;
  OutputOptions output_;
  bool lists_ = false;
  Work work_;

  std::string pair_;
  bool dry_run_ = false;
  bool pilot_wanted_ = false;
  PilotOptions pilot_;
  std::string deal_;
  std::string file_;
  std::string side_;
  int limit_ = 0;
  std::vector<std::string> allow_;
  bool alert_ = false;
  PlanOptions plan_;
  SyncOptions sync_;
  RunOptions run_;
  TodoOptions todo_;
  ListOptions list_;
  ApproveOptions approve_;
  ReplayOptions replay_;
  ResolveOptions resolve_;
  HistoryOptions history_;
  RegisterOptions register_;
  LinkOptions link_;
  PruneOptions prune_;
  MappingCheckOptions mapping_;
  MappingRollbackOptions rollback_;
  MappingSnapshotOptions snapshot_;
  MappingExplainOptions explain_;
  MappingTestOptions test_;
  MappingInitOptions init_;
  MappingDiffOptions diff_;
  SandboxOptions sandbox_;
};

}  // namespace

int run(const std::vector<std::string>& args, std::ostream& out, std::ostream& err, const Terminal& terminal) {
  return std::make_unique<App>()->run(args, out, err, terminal);
}

}  // namespace cosell::cli
