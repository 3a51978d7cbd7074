// The arguments of the commands that look after the store, the journal and mapping files.
#include "cli/app_arguments.h"

namespace cosell::cli {

void App::add_care() {
  CLI::App* store = command(
      app_, "store", "Look after the store",
      "  cosell store verify\n  cosell store backup /backup/contoso.db\n  cosell store restore /backup/contoso.db");
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
  CLI::App* restore =
      command(*store, "restore", "Put a copy in the place of the store; the one of before is kept beside it",
              "  cosell store restore /backup/contoso.db");
  restore->add_option("FILE", file_, "The copy that `cosell store backup` made")->required()->type_name("");
  add_pair_option(restore, pair_);
  does(restore, [this](Session& s) { return store_restore_command(s, pair_, file_); });

  CLI::App* journal = command(app_, "journal", "Look after the audit",
                              "  cosell journal verify\n  cosell journal export --file journal.jsonl");
  journal->require_subcommand(1);
  CLI::App* whole = command(*journal, "verify", "Was any entry changed or removed? Do the links follow from it?",
                            "  cosell journal verify");
  add_pair(whole, pair_);
  does(whole, [this](Session& s) { return journal_verify_command(s, pair_); });
  CLI::App* exported = command(*journal, "export", "Every entry as a line of JSON, with its hash",
                               "  cosell journal export > journal.jsonl\n  cosell journal export --file journal.jsonl");
  exported->add_option("--file", file_, "Where to write it (default: standard output)")->type_name("FILE");
  add_pair(exported, pair_, Several::one_is_named);
  does(exported, [this](Session& s) { return journal_export_command(s, pair_, file_); });
  CLI::App* prune = command(*journal, "prune", "Remove old entries, or what is said of one deal; the rest verifies",
                            "  cosell journal prune --before 2026-01-01\n"
                            "  cosell journal prune --deal \"Alder Foods\" --yes");
  prune->add_option("--before", prune_.before, "Entries older than this (UTC): 2026-01-01, 400d (ago)")
      ->type_name("TIME");
  prune->add_option("--deal", prune_.deal, "Forget what the history says of this deal (personal data)")->type_name("D");
  prune->add_flag("--yes", prune_.yes, "Do it; without it only counted");
  add_pair_option(prune, prune_.pair);
  does(prune, [this](Session& s) { return journal_prune_command(s, prune_); });
  add_syncs(*journal);
  CLI::App* recheck =
      command(*journal, "recheck", "Derive the decisions of a past sync again; do they come out the same?",
              "  cosell journal recheck\n  cosell journal recheck 42");
  recheck->add_option("RUN", limit_, "Number of the sync (cosell journal syncs names them; default: the last)")
      ->check(CLI::Range(1, most_counted))
      ->type_name("");
  add_pair_option(recheck, pair_);
  does(recheck, [this](Session& s) { return journal_recheck_command(s, pair_, limit_); });
}

void App::add_syncs(CLI::App& journal) {
  CLI::App* syncs =
      command(journal, "syncs", "Which syncs there were, newest first, and what one of them wrote",
              "  cosell journal syncs --since yesterday\n  cosell journal syncs contoso --all --limit 50\n"
              "  cosell journal syncs 29              # what the 29th wrote, and what was refused\n"
              "  cosell journal syncs contoso 29 --csv > sync-29.csv");
  listing(syncs);
  const auto word = [this](const std::string& w) { syncs_.words.push_back(w); };
  syncs->add_option_function<std::string>("PAIR", word, "The pair (default: all)")->type_name("");
  syncs->add_option_function<std::string>("SYNC", word, "The number of one sync, with or without the pair before it")
      ->type_name("");
  add_pair_option(syncs, syncs_.pair);
  syncs->add_option("--since", syncs_.since, "Those that began since then (UTC): 02:00, 2h (ago), 2026-11-20")
      ->type_name("TIME");
  syncs
      ->add_option("--limit", syncs_.limit,
                   "At most so many of each pair (default: 20, with --since or --all no limit)")
      ->check(CLI::Range(1, most_counted))
      ->type_name("N");
  syncs->add_flag("--all", syncs_.all, "Also those that had nothing to do");
  does(syncs, [this](Session& s) { return journal_syncs_command(s, syncs_); });
}

void App::add_mapping() {
  CLI::App* mapping = command(app_, "mapping", "Look at mapping files; none is ever rewritten",
                              "  cosell mapping init --out acme.jsonc\n  cosell mapping check --live\n"
                              "  cosell mapping explain 40");
  mapping->require_subcommand(1);
  add_mapping_checks(*mapping);
  add_mapping_answers(*mapping);
}

void App::add_mapping_checks(CLI::App& mapping) {
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
  add_pair(snapshot, snapshot_.pair, Several::one_is_named);
  snapshot->add_option("--out", snapshot_.out, "The new file (default: standard output)")->type_name("FILE");
  does(snapshot, [this](Session& s) { return mapping_snapshot_command(s, snapshot_); });

  CLI::App* test = command(mapping, "test", "Run the examples beside a mapping",
                           "  cosell mapping test\n  cosell mapping test acme.jsonc --cases acme.cases.jsonc");
  test->add_option("FILE", test_.file, "A mapping file (default: those of the configuration)")->type_name("");
  test->add_option("--cases", test_.cases, "The examples (default: NAME.cases.jsonc beside it)")->type_name("FILE");
  add_pair_option(test, test_.pair);
  looks(test, [this](Output& o, const std::string& c) { return mapping_test_command(o, c, test_); });
}

void App::add_mapping_answers(CLI::App& mapping) {
  CLI::App* explain = command(mapping, "explain", "Which rule applies to a stage or a deal, and what it does both ways",
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
  add_pair(init, init_.pair, Several::one_is_named);
  init->add_option("--out", init_.out, "The new file; one that is there is never overwritten")->type_name("FILE");
  init->add_option("--snapshot", init_.snapshot, "From a file that `cosell mapping snapshot` made")->type_name("FILE");
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

void App::add_mapping_rollback(CLI::App& mapping) {
  CLI::App* rollback =
      command(mapping, "rollback", "Back to the mapping that ran before, until the file is edited; no file is changed",
              "  cosell mapping rollback\n  cosell mapping rollback --list\n"
              "  cosell mapping rollback --to 3f2a91c0 --out acme.before.jsonc");
  add_pair(rollback, rollback_.pair, Several::one_is_named);
  rollback->add_flag("--list", rollback_.list, "Only show which versions ran, and when");
  rollback->add_option("--to", rollback_.version, "To this version instead (--list names them)")->type_name("VERSION");
  rollback->add_option("--out", rollback_.out, "Only save the earlier file under this new name, to compare")
      ->type_name("FILE");
  does(rollback, [this](Session& s) { return mapping_rollback_command(s, rollback_); });
}

}  // namespace cosell::cli
