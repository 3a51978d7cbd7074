// The arguments of the commands that prepare and run syncs, of logins and of the sandbox.
#include "cli/app_arguments.h"
#include "cli/choices.h"
#include "cli/sandbox_command.h"

namespace cosell::cli {

void App::add_check() {
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

void App::add_init() {
  CLI::App* sub =
      command(app_, "init", "A few questions become a configuration and a first mapping; nothing is overwritten",
              "  cosell init\n  cosell init --dir /etc/cosell");
  sub->add_option("--dir", folder_, "Folder for both and for secrets (default: config)")->type_name("DIR");
  looks(sub, [this](Output& output, const std::string&) { return init_command(output, folder_); });
}

void App::add_setup() {
  CLI::App* setup = command(app_, "setup", "Prepare a system for the bridge",
                            "  cosell setup crm --dry-run\n  cosell setup crm contoso");
  setup->require_subcommand(1);
  CLI::App* crm =
      command(*setup, "crm", "Create the columns that the mapping wants in the CRM; running it again changes nothing",
              "  cosell setup crm --dry-run     # what is missing?\n  cosell setup crm");
  add_pair(crm, pair_);
  crm->add_flag("--dry-run", dry_run_, "Show what would be created; change nothing");
  does(crm, [this](Session& s) { return setup_command(s, pair_, dry_run_); });
}

void App::add_plan() {
  CLI::App* sub = command(app_, "plan", "What a sync would do; nothing is written anywhere",
                          "  cosell plan\n  cosell plan --full\n  cosell plan --deal \"Alder Foods\"");
  add_pair(sub, plan_.pair);
  add_deal_and_limit(sub, plan_.deal, plan_.limit);
  sub->add_flag("--summary", plan_.summary, "Counts only");
  sub->add_flag("--full", plan_.full, "Every deal, field by field");
  does(sub, [this](Session& s) { return plan_command(s, plan_); });
}

void App::add_sync() {
  CLI::App* sub = command(app_, "sync", "One sync, both ways",
                          "  cosell sync\n  cosell sync contoso --limit 10\n  cosell sync --deal 006Aa00000XyZ1QIAV\n"
                          "  cosell sync --allow closings");
  sub->footer(sub->get_footer() + "\n\n" + exit_codes_text);
  add_pair(sub, sync_.pair);
  add_deal_and_limit(sub, sync_.deal, sync_.limit);
  add_allow(sub, allow_);
  does(sub, [this](Session& s) {
    sync_.allow = {allow_.begin(), allow_.end()};
    return sync_command(s, sync_);
  });
}

void App::add_run() {
  CLI::App* sub = command(app_, "run", "Sync again and again until stopped (Ctrl-C, SIGTERM, SIGHUP)",
                          "  cosell run --every 10m\n  cosell run contoso --every 2m");
  add_pair(sub, run_.pair);
  sub->add_option("--every", run_.every, "Time from one sync to the next (default: 10m)")->type_name("TIME");
  add_allow(sub, allow_);
  does(sub, [this](Session& s) {
    run_.allow = {allow_.begin(), allow_.end()};
    return run_command(s, run_);
  });
}

void App::add_login() {
  CLI::App* login =
      command(app_, "login", "Log in as a person",
              "  cosell login partner-center\n"
              "  cosell login partner-center contoso\n"
              "  cosell login partner-center --browser     # where signing in with a code is not allowed");
  login->add_option("SIDE", login_.side, "partner-center")->required()->type_name("");
  add_pair(login, login_.pair, Several::one_is_named);
  login->add_flag("--browser", login_.by_browser,
                  "Sign in in a browser that is sent back here, instead of with a code");
  does(login, [this](Session& s) { return login_command(s, login_); });
}

void App::add_sandbox() {
  CLI::App* sub = command(
      app_, "sandbox", "Stand-ins for the real systems on this machine, until stopped",
      "  cosell sandbox --dir /tmp/try --deals 50\n"
      "  cosell sandbox --dir /tmp/try --deals 50 --login certificate     # signed, as recommended for real ones\n"
      "  cosell sandbox --dir /tmp/own --load export.csv --as SYSTEM --map Name=deal StageName=stage \\\n"
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
  CLI::Option* load = sub->add_option("--load", sandbox_.load, "A CSV export of a CRM")->type_name("FILE.csv");
  sub->add_option("--as", sandbox_.as, "The CRM to load it as")->type_name("SYSTEM");
  sub->add_option("--map", sandbox_.map, "With --load: a column of the export for a field")
      ->type_name("FIELD=COLUMN")
      ->needs(load);
  sub->add_option("--set", sandbox_.set, "With --load: a value for a field of every row")
      ->type_name("FIELD=VALUE")
      ->needs(load);
  sub->callback(
      [this] { work_ = [this](Output& output, const std::string&) { return run_sandbox(output, sandbox_); }; });
}

}  // namespace cosell::cli
