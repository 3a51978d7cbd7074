// `cosell journal export|prune|recheck`: the audit as a file, made smaller or forgetful without breaking its chain, and
// its decisions derived again.
#include <algorithm>
#include <cerrno>
#include <fstream>
#include <functional>
#include <utility>

#include "base/text.h"
#include "cli/chosen_deals.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/find_deal.h"
#include "cli/private_file.h"
#include "cli/when.h"
#include "cli/wording.h"
#include "cli/workplace.h"
#include "engine/recheck.h"

namespace cosell::cli {

namespace {

constexpr int lines_at_once = 500;
constexpr std::size_t differences_shown = 20;

json::Value json_of_line(const store::JournalEntry& entry) {
  Object o;
  o.number("entry", entry.sequence).text("at", to_string(entry.at)).text("kind", store::name_of(entry.kind));
  if (entry.run.valid()) o.number("run", entry.run.value);
  if (entry.deal.valid()) o.number("deal", entry.deal.value);
  o.text("summary", entry.summary);
  const auto payload = json::read(entry.payload);
  if (!entry.payload.empty() && payload) o.value("details", *payload);
  o.text("hash", entry.hash);
  return o.done();
}

// Hands on every entry in its order; how many they were.
Result<std::int64_t> export_lines(store::Store& store, const std::function<void(const std::string&)>& write) {
  std::int64_t after = 0;
  std::int64_t count = 0;
  while (true) {
    auto lines = store.journal_lines(RunId{}, after, lines_at_once);
    if (!lines) return std::move(lines.error());
    if (lines->empty()) return count;
    if (after != 0 && lines->front().sequence != after + 1) {
      return make_error(ErrorClass::store_busy,
                        "The journal was pruned meanwhile, so that entries are missing in between. Try again.");
    }
    if (SystemClock::interrupted()) {
      return make_error(ErrorClass::cancelled, "Asked to stop before every entry was written.");
    }
    after = lines->back().sequence;
    count += static_cast<std::int64_t>(lines->size());
    for (const auto& line : *lines) write(json::canonical(json_of_line(line)));
  }
}

// Lines that stand there already are no document that could tell it: it stands on standard error alone, also for
// programs.
PairAnswer broke_off(Session& session, const Error& error) {
  session.output.error(error.message);
  PairAnswer answer;
  answer.code = exit_code_of(error.kind);
  answer.is_said = true;
  return answer;
}

PairAnswer export_pair(Session& session, const PairConfig& config, const std::string& file) {
  auto made = Workplace::make(session, config, Workplace::Login::not_needed);
  if (!made) return failed(session, &config, made.error());
  if (auto opened = (*made)->open_store(StoreMode::shared, false); !opened) {
    return failed(session, &config, opened.error());
  }
  std::ofstream out;
  if (!file.empty()) {
    auto opened = file_for_its_owner(file);
    if (!opened) return failed(session, &config, opened.error());
    out = std::move(*opened);
  }
  bool begun = false;
  const auto count = export_lines((*made)->store(), [&](const std::string& text) {
    begun = true;
    if (file.empty()) {
      session.output.answer(text);
    } else {
      out << text << '\n';
    }
  });
  if (!count) {
    if (!file.empty()) take_away(file);  // half a journal would pass for a whole one
    if (file.empty() && begun) return broke_off(session, count.error());
    return failed(session, &config, count.error());
  }
  if (!file.empty()) {
    errno = 0;
    out.close();
    if (!out) return failed(session, &config, not_written(file));
    session.output.line(grouped(*count) + " entries written to " + file + ". It holds personal data: keep it safe.");
  }
  PairAnswer answer;
  answer.is_said = file.empty();  // the lines are the answer
  answer.json.set("entries", json::Value::integer(*count));
  return answer;
}

PairAnswer pruned_answer(Session& session, const store::JournalPruned& pruned, const std::string& what) {
  session.output.line(grouped(pruned.lines) + " entries " + what + ", with " + grouped(pruned.operations) +
                      " writes and " + grouped(pruned.images) + " pictures that only they spoke of.");
  if (pruned.runs > 0) {
    session.output.line(grouped(pruned.runs) + " older syncs of which nothing is told any more were removed, too.");
  }
  if (!pruned.not_wiped.empty()) {
    session.output.line(
        "Something of it may still be found in the file, which could not be written anew; the same command " +
        std::string("does it once it can. ") + pruned.not_wiped);
  }
  session.output.line("The rest still verifies: cosell journal verify");
  PairAnswer answer;
  if (!pruned.not_wiped.empty()) answer.code = exit_failures;
  answer.json = Object()
                    .number("entries", pruned.lines)
                    .number("writes", pruned.operations)
                    .number("pictures", pruned.images)
                    .number("syncs", pruned.runs)
                    .flag("wiped", pruned.not_wiped.empty())
                    .done();
  return answer;
}

Result<std::int64_t> lines_before(store::Store& store, Instant before) {
  std::int64_t count = 0;
  std::int64_t after = 0;
  while (true) {
    auto lines = store.journal_lines(RunId{}, after, lines_at_once);
    if (!lines) return lines.error();
    if (lines->empty()) return count;
    after = lines->back().sequence;
    for (const auto& line : *lines) {
      if (line.at >= before) return count;
      ++count;
    }
  }
}

PairAnswer only_counted(Session& session, std::int64_t count) {
  session.output.line("It would concern " + grouped(count) + " entries. Nothing was changed; to do it: --yes");
  PairAnswer answer;
  answer.json.set("entries", json::Value::integer(count));
  return answer;
}

PairAnswer prune_before(Session& session, Workplace& place, Instant before, bool yes) {
  if (!yes) {
    auto count = lines_before(place.store(), before);
    if (!count) return failed(session, &place.config(), count.error());
    return only_counted(session, *count);
  }
  auto pruned = place.store().prune_journal(before, session.clock().now());
  if (!pruned) return failed(session, &place.config(), pruned.error());
  return pruned_answer(session, *pruned, "older than " + to_string_minutes(before) + " UTC were removed");
}

PairAnswer forget_deal(Session& session, Workplace& place, const PruneOptions& options) {
  auto row = find_deal(place.pair(), options.deal);
  if (!row) return failed(session, &place.config(), row.error());
  auto erased = place.store().erase_from_journal(row->id, session.clock().now());
  if (!erased) return failed(session, &place.config(), erased.error());
  if (!options.yes) return only_counted(session, erased->lines);
  session.output.line(row->title + ": what both sides show now stays; what the history said of it is gone.");
  return pruned_answer(session, *erased, "were emptied");
}

PairAnswer prune_pair(Session& session, const PairConfig& config, const PruneOptions& options) {
  auto before = when_of("--before", options.before, session.clock().now());
  if (!before) return failed(session, &config, before.error());
  auto made = Workplace::make(session, config, Workplace::Login::not_needed);
  if (!made) return failed(session, &config, made.error());
  // What would be forgotten is tried on a copy.
  const auto only_looks = *before ? StoreMode::shared : StoreMode::scratch;
  const auto mode = options.yes ? StoreMode::exclusive : only_looks;
  if (auto opened = (*made)->open_store(mode, false); !opened) return failed(session, &config, opened.error());
  return *before ? prune_before(session, **made, **before, options.yes) : forget_deal(session, **made, options);
}

PairAnswer recheck_pair(Session& session, const PairConfig& config, int run) {
  auto made = Workplace::make(session, config, Workplace::Login::not_needed);
  if (!made) return failed(session, &config, made.error());
  if (auto opened = (*made)->open_store(StoreMode::shared, false); !opened) {
    return failed(session, &config, opened.error());
  }
  auto report = engine::recheck((*made)->pair(), RunId(run));
  if (!report) return failed(session, &config, report.error());
  Output& out = session.output;
  out.line("Sync " + std::to_string(report->run.value) + ": " + grouped(report->checked) +
           " decisions derived again, " +
           (report->differences.empty()
                ? "all came out the same."
                : grouped(static_cast<std::int64_t>(report->differences.size())) + " came out differently:"));
  if (report->without_inputs > 0) {
    out.line(grouped(report->without_inputs) + " more were pruned or erased and cannot be derived again.");
  }
  json::Value list = json::Value::array();
  for (const auto& d : report->differences) {
    if (list.items().size() < differences_shown) {
      out.line("  entry " + std::to_string(d.entry) + ": " + shortened(d.summary, 100));
      out.line("    then " + shortened(d.before, 200));
      out.line("    now  " + shortened(d.now, 200));
    }
    list.append(
        Object().number("entry", d.entry).text("summary", d.summary).text("then", d.before).text("now", d.now).done());
  }
  PairAnswer answer;
  answer.code = report->differences.empty() ? exit_done : exit_failures;
  answer.json = Object()
                    .number("run", report->run.value)
                    .number("checked", report->checked)
                    .number("without_inputs", report->without_inputs)
                    .value("differences", std::move(list))
                    .done();
  return answer;
}

}  // namespace

int journal_export_command(Session& session, const std::string& pair, const std::string& file) {
  if (pair.empty() && session.config.pairs.size() > 1) {
    return failed(session, nullptr,
                  make_error(ErrorClass::config, "Name the pair whose journal is wanted: cosell journal export PAIR"))
        .code;
  }
  const std::string name = pair.empty() ? session.config.pairs.front().name : pair;
  return for_each_pair(session, name, [&](const PairConfig& config) { return export_pair(session, config, file); });
}

int journal_prune_command(Session& session, const PruneOptions& options) {
  if (options.before.empty() == options.deal.empty()) {
    return failed(session, nullptr, make_error(ErrorClass::config, "Say either --before TIME or --deal D.")).code;
  }
  const auto pair = pair_that_knows(session, options.pair, options.deal);
  return for_each_pair(session, pair, [&](const PairConfig& config) { return prune_pair(session, config, options); });
}

int journal_recheck_command(Session& session, const std::string& pair, int run) {
  return for_each_pair(session, pair, [&](const PairConfig& config) { return recheck_pair(session, config, run); });
}

}  // namespace cosell::cli
