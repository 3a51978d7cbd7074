// The arguments of the commands that look at deals and repair them.
#include "base/text.h"
#include "cli/app_arguments.h"
#include "cli/wording.h"

namespace cosell::cli {

void App::add_looking() {
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

void App::add_register(CLI::App& deals) {
  CLI::App* sub = command(
      deals, "register", "Register a won deal with Microsoft, or correct its registration, with the next sync",
      "  cosell deals register \"Alder Foods\" --signed 2026-04-10 --starts 2026-05-01 --perpetual \\\n"
      "      --on-azure yes --deployed-at customer --pricing other\n"
      "  cosell deals register \"Alder Foods\" --signed 2026-04-12     # a correction that Microsoft asks for\n\n"
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
  sub->add_option("--marketplace", register_.marketplace, "Day on which it was sold through the marketplace, if it was")
      ->type_name("DAY");
  sub->add_flag("--cancel", register_.cancel, "Forget a registration that was not sent yet");
  sub->add_flag("--dry-run", register_.dry_run, "Only judge what was stated");
  add_pair_option(sub, register_.pair);
  does(sub, [this](Session& s) { return deals_register_command(s, register_); });
}

void App::add_deals() {
  CLI::App* deals = command(app_, "deals", "Look at deals", "  cosell deals list\n  cosell deals show \"Alder Foods\"");
  deals->require_subcommand(1);
  CLI::App* list = command(*deals, "list", "The deals that take part",
                           "  cosell deals list\n  cosell deals list --state waiting --for \"Ida Berg\"\n"
                           "  cosell deals list --all --csv");
  add_pair(list, list_.pair);
  list->add_option("--state", list_.state, "in_sync, changed, waiting, failed or skipped")->type_name("S");
  list->add_option("--reason", list_.reason, "Only this reason (as --json names it)")->type_name("R");
  list->add_option("--for", list_.owner, "Only deals of this owner (name or e-mail)")->type_name("OWNER");
  list->add_option("--name", list_.name, "Only deals with this in their name")->type_name("TEXT");
  list->add_option("--limit", list_.limit, "At most so many")->check(CLI::Range(1, most_counted))->type_name("N");
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
      ->check(CLI::Range(1, most_counted))
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
  unlink->add_option("DEAL", link_.deal, "CRM id, referral id, address or part of the name")->required()->type_name("");
  add_pair_option(unlink, link_.pair);
  does(unlink, [this](Session& s) {
    link_.unlink = true;
    return link_command(s, link_);
  });

  CLI::App* bundle =
      command(*deals, "bundle", "One file with everything that explains a deal, personal data redacted",
              "  cosell deals bundle \"Alder Foods\"\n  cosell deals bundle 006Aa00000XyZ1QIAV --file /tmp/deal.json");
  bundle->add_option("DEAL", deal_, "CRM id, referral id, address or part of the name")->required()->type_name("");
  bundle->add_option("--file", file_, "Where to write it (default: deal-ID.json here)")->type_name("FILE");
  add_pair_option(bundle, pair_);
  does(bundle, [this](Session& s) { return deals_bundle_command(s, pair_, deal_, file_); });
}

void App::add_repair() {
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
  resolve
      ->add_option("--field", resolve_.field,
                   "Only this field (default: every conflict, or what else waits for a choice)")
      ->type_name("F");
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

}  // namespace cosell::cli
