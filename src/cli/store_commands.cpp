// `cosell store info|verify|backup|restore` and `cosell journal verify`: looking after the store.
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

// A file is of one pair.
std::optional<Error> several_pairs(const Session& session, const std::string& pair) {
  if (!pair.empty() || session.config.pairs.size() <= 1) return std::nullopt;
  return make_error(ErrorClass::config,
                    "There are several pairs; say which with --pair: " + text::join(session.config.names(), ", "));
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
  if (const auto which = several_pairs(session, pair)) return failed(session, nullptr, *which).code;
  return for_each_pair(session, pair, [&](const PairConfig& config) {
    auto done = store::back_up_sqlite_store(config.store, destination, looking_at(config), session.clock());
    if (!done) return failed(session, &config, done.error());
    session.output.line("Copied " + config.store + " to " + destination + ", as of one moment.");
    PairAnswer answer;
    answer.json.set("backup", json::Value::string(destination));
    return answer;
  });
}

int store_restore_command(Session& session, const std::string& pair, const std::string& copy) {
  if (const auto which = several_pairs(session, pair)) return failed(session, nullptr, *which).code;
  return for_each_pair(session, pair, [&](const PairConfig& config) {
    auto done = store::restore_sqlite_store(config.store, copy, looking_at(config), session.clock());
    if (!done) return failed(session, &config, done.error());
    Output& out = session.output;
    out.line("Put " + copy + " in the place of " + config.store + ": " + done->found);
    if (!done->kept_as.empty()) {
      out.line("The store of before is kept as " + done->kept_as + "; it is yours to delete (with its -wal and -shm).");
    }
    out.line("What happened in both systems since then is read again with the next sync. To see what it would write: " +
             std::string("cosell plan ") + config.name);
    PairAnswer answer;
    answer.json.set("restored", json::Value::string(copy));
    answer.json.set("found", json::Value::string(done->found));
    answer.json.set("kept_as", json::Value::string(done->kept_as));
    return answer;
  });
}

int journal_verify_command(Session& session, const std::string& pair) {
  return for_each_pair(session, pair, [&](const PairConfig& config) {
    auto store = store::open_sqlite_store(config.store, looking_at(config), session.clock());
    if (!store) return failed(session, &config, store.error());
    auto entries = (*store)->verify_journal();
    if (!entries) return failed(session, &config, entries.error());
    session.output.line("The journal is whole: " + grouped(*entries) +
                        " entries, each tied to the one before; what every deal is tied to and agreed on follows from "
                        "it.");
    PairAnswer answer;
    answer.json.set("entries", json::Value::integer(*entries));
    return answer;
  });
}

}  // namespace cosell::cli
