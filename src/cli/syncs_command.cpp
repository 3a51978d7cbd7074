// `cosell journal syncs`: which syncs there were, and what one of them wrote.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/look_at_stores.h"
#include "cli/when.h"
#include "cli/wording.h"
#include "cli/workplace.h"
#include "store/file_lock.h"

namespace cosell::cli {

namespace {

using store::JournalEntry;
using store::RunRow;
using store::Side;

constexpr int syncs_looked_at = 100'000;
constexpr int entries_at_once = 500;
constexpr int shown_usually = 20;

// Writes by kind, as the sync counted them; the other figures are of calls.
std::map<std::string, std::int64_t> counted_writes(const RunRow& run) {
  std::map<std::string, std::int64_t> writes;
  const auto figures = json::read(run.figures.empty() ? "{}" : run.figures);
  if (!figures) return writes;
  for (const json::Member& m : figures->members()) {
    const bool of_a_side = text::starts_with(m.key, std::string(store::name_of(Side::crm)) + ".") ||
                           text::starts_with(m.key, std::string(store::name_of(Side::partner_center)) + ".");
    if (of_a_side && m.value.as_integer().value_or(0) > 0) writes[m.key] = *m.value.as_integer();
  }
  return writes;
}

std::string writes_text(const engine::Pair& pair, const RunRow& run) {
  std::vector<std::string> parts;
  for (const auto& [kind, count] : counted_writes(run)) parts.push_back(write_text(pair, kind, count));
  return text::join(parts, ", ");
}

// It wrote nothing, and there is nothing to be said of it.
bool was_idle(const RunRow& run) { return run.outcome == "ok" && counted_writes(run).empty(); }

json::Value json_of_sync(const std::string& pair, const RunRow& run) {
  Object o;
  o.text("pair", pair).number("sync", run.id.value).text("command", run.command);
  o.text("started_at", to_string_seconds(run.started_at));
  if (run.finished_at) o.text("finished_at", to_string_seconds(*run.finished_at));
  o.text("outcome", run.outcome).text("note", run.note);
  o.value("written", json_of(counted_writes(run)));
  return o.done();
}

struct SyncRow {
  std::string pair;
  RunRow run;
  std::string outcome;
  std::string written;
};

Result<void> add_syncs(std::vector<SyncRow>& syncs, Workplace& place, std::optional<Instant> since,
                       const SyncsOptions& options) {
  auto runs = place.store().runs(syncs_looked_at, since.value_or(Instant{}));  // newest first
  if (!runs) return runs.error();
  bool may_be_under_way = store::FileLock::holder(place.config().store).has_value();
  const int most = options.limit > 0 ? options.limit : since || options.all ? syncs_looked_at : shown_usually;
  int taken = 0;
  for (RunRow& run : *runs) {
    const bool newest_of_a_holder = std::exchange(may_be_under_way, false);
    if (!options.all && was_idle(run)) continue;
    if (++taken > most) break;
    const std::string outcome = outcome_text(run, newest_of_a_holder);
    const std::string written = writes_text(place.pair(), run);
    syncs.push_back({place.config().name, std::move(run), outcome, written});
  }
  return {};
}

int list_syncs(Session& session, const SyncsOptions& options, std::optional<Instant> since) {
  std::vector<SyncRow> syncs;
  const LookedAt looked =
      look_at_stores(session, options.pair, [&](Workplace& place) { return add_syncs(syncs, place, since, options); });
  Output& out = session.output;
  if (out.options().json) {
    json::Value list = json::Value::array();
    for (const SyncRow& s : syncs) list.append(json_of_sync(s.pair, s.run));
    out.json(looked.with_failures(Object().value("syncs", std::move(list)).done()));
    return looked.code;
  }
  if (out.options().csv) {
    Table table({"pair", "sync", "started at", "finished at", "command", "outcome", "written", "note"});
    for (const SyncRow& s : syncs) {
      table.row({s.pair, std::to_string(s.run.id.value), to_string_seconds(s.run.started_at),
                 s.run.finished_at ? to_string_seconds(*s.run.finished_at) : "", s.run.command, s.run.outcome,
                 s.written, s.run.note});
    }
    table.print_csv(out);
    return looked.code;
  }
  const bool several = options.pair.empty() && session.config.pairs.size() > 1;
  std::vector<std::string> headings = {"Sync", "Begun (UTC)", "Command", "Result", "Written"};
  if (several) headings.insert(headings.begin(), "Pair");
  Table table(headings);
  table.last_is_sentence();
  for (const SyncRow& s : syncs) {
    std::vector<std::string> cells = {std::to_string(s.run.id.value), to_string_minutes(s.run.started_at),
                                      s.run.command, s.outcome, s.written.empty() ? "nothing" : s.written};
    if (several) cells.insert(cells.begin(), s.pair);
    table.row(std::move(cells), s.run.outcome == "ok" ? Style::plain : Style::warning);
  }
  if (!table.empty()) table.print(out);
  if (table.empty() && looked.any) {
    out.line(options.all ? "There was no sync." : "No sync wrote anything or went wrong; all of them: --all");
  }
  return looked.code;
}

// One write as it ended.
struct WriteLine {
  JournalEntry entry;
  std::string deal;
  std::string crm_id;
  std::string referral_id;
  std::string where;
  std::string result;  // "written", "refused", "no answer"
  std::string it_said;
};

std::string result_of(const std::string& state) {
  if (state == store::name_of(store::OperationState::applied)) return "written";
  return state == store::name_of(store::OperationState::rejected) ? "refused" : "not written yet";
}

Result<WriteLine> line_of(Workplace& place, JournalEntry entry) {
  WriteLine line;
  auto row = place.store().deal(entry.deal);
  if (!row) return row.error();
  if (*row) {
    line.deal = (*row)->title;
    line.crm_id = (*row)->crm.record_id;
    line.referral_id = (*row)->partner_center.record_id;
  }
  const auto payload = json::read(entry.payload.empty() ? "{}" : entry.payload);
  if (payload) {
    const bool crm = payload->text_of("side") == store::name_of(Side::crm);
    line.where = place.pair().title(crm ? Side::crm : Side::partner_center);
    line.result = result_of(payload->text_of("state"));
    line.it_said = payload->text_of("error_detail");
  }
  line.entry = std::move(entry);
  return line;
}

// Hands on each write of the sync in its order; how many they were.
Result<std::int64_t> each_line(Workplace& place, RunId run, const std::function<void(const WriteLine&)>& tell) {
  std::int64_t count = 0;
  std::int64_t after = 0;
  while (true) {
    auto entries = place.store().journal_lines(run, after, entries_at_once);
    if (!entries) return entries.error();
    if (entries->empty()) return count;
    after = entries->back().sequence;
    for (JournalEntry& entry : *entries) {
      // What was erased has no sentence any more.
      if (entry.kind != store::JournalKind::outcome || entry.summary.empty()) continue;
      auto line = line_of(place, std::move(entry));
      if (!line) return line.error();
      tell(*line);
      ++count;
    }
  }
}

Result<RunRow> sync_with_number(store::Store& store, std::int64_t number) {
  auto runs = store.runs(syncs_looked_at);
  if (!runs) return runs.error();
  const auto run = std::find_if(runs->begin(), runs->end(), [&](const RunRow& r) { return r.id.value == number; });
  if (run != runs->end()) return *run;
  return make_error(ErrorClass::config,
                    "There is no sync " + std::to_string(number) +
                        (runs->empty() ? "." : "; the newest is " + std::to_string(runs->front().id.value) + ".") +
                        " Which there are: cosell journal syncs --all");
}

Result<void> print_csv_lines(Output& out, Workplace& place, RunId run) {
  CsvRows csv(out, {"pair", "sync", "at", "deal", "crm id", "referral id", "where", "result", "what", "it said"});
  auto told = each_line(place, run, [&](const WriteLine& l) {
    csv.row({place.config().name, std::to_string(run.value), to_string_seconds(l.entry.at), l.deal, l.crm_id,
             l.referral_id, l.where, l.result, l.entry.summary, l.it_said});
  });
  if (!told) return told.error();
  return {};
}

json::Value json_of_write(const WriteLine& l) {
  Object o;
  o.number("entry", l.entry.sequence).text("at", to_string(l.entry.at)).text("deal", l.deal);
  o.text("crm_id", l.crm_id).text("referral_id", l.referral_id).text("where", l.where);
  o.text("result", l.result).text("summary", l.entry.summary);
  if (!l.it_said.empty()) o.text("it_said", l.it_said);
  return o.done();
}

Result<void> print_sync_for_people(Output& out, Workplace& place, const RunRow& run) {
  auto newest = place.store().runs(1);
  if (!newest) return newest.error();
  const bool under_way = newest->front().id == run.id && store::FileLock::holder(place.config().store).has_value();
  out.line(out.styled("Sync " + std::to_string(run.id.value), Style::strong) + "  " +
           to_string_minutes(run.started_at) + " UTC, " + run.command + ", " + outcome_text(run, under_way) +
           (run.note.empty() ? "" : ": " + run.note));
  const auto told = each_line(place, run.id, [&](const WriteLine& l) {
    out.line(to_string_seconds(l.entry.at) + "  " + out.styled(l.deal, Style::strong) +
             (l.crm_id.empty() ? "" : "  " + out.styled(l.crm_id, Style::faint)));
    out.line("  " + out.styled(shortened(l.entry.summary, 240), l.result == "refused" ? Style::bad : Style::plain));
    if (!l.it_said.empty()) out.line("  it said: " + shortened(l.it_said, 200));
  });
  if (!told) return told.error();
  if (*told > 0) return {};
  out.line(counted_writes(run).empty() ? "Nothing was written." : "What it wrote was pruned from the journal.");
  return {};
}

PairAnswer one_sync(Session& session, const PairConfig& config, std::int64_t number) {
  auto made = Workplace::make(session, config, Workplace::Login::not_needed);
  if (!made) return failed(session, &config, made.error());
  const std::shared_ptr<Workplace> place = std::move(*made);
  if (auto opened = place->open_store(StoreMode::shared, false); !opened) {
    return failed(session, &config, opened.error());
  }
  auto run = sync_with_number(place->store(), number);
  if (!run) return failed(session, &config, run.error());
  Output& out = session.output;
  PairAnswer answer;
  if (out.options().json) {
    answer.json = json_of_sync(config.name, *run);
    answer.rows = AnswerRows{"lines", [place, id = run->id](const auto& row) -> Result<void> {
                               auto told = each_line(*place, id, [&](const WriteLine& l) { row(json_of_write(l)); });
                               if (!told) return told.error();
                               return {};
                             }};
    return answer;
  }
  const auto printed =
      out.options().csv ? print_csv_lines(out, *place, run->id) : print_sync_for_people(out, *place, *run);
  if (!printed) return failed(session, &config, printed.error());
  return answer;
}

bool is_number(const std::string& s) {
  return !s.empty() && s.size() <= 9 && s.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

int journal_syncs_command(Session& session, const SyncsOptions& asked) {
  SyncsOptions options = asked;
  std::string number;
  for (const std::string& word : asked.words) {
    const bool names_a_pair = session.config.find(word) != nullptr || !is_number(word);
    (names_a_pair ? options.pair : number) = word;
  }
  if (!options.pair.empty() && session.config.find(options.pair) == nullptr) {
    return for_each_pair(session, options.pair, [](const PairConfig&) { return PairAnswer{}; });
  }
  if (number.empty()) {
    auto since = when_of("--since", options.since, session.clock().now());
    if (!since) return failed(session, nullptr, since.error()).code;
    return list_syncs(session, options, *since);
  }
  if (options.pair.empty() && session.config.pairs.size() > 1) {
    return failed(session, nullptr,
                  make_error(ErrorClass::config, "Each pair counts its own syncs: cosell journal syncs PAIR " + number))
        .code;
  }
  const std::string pair = options.pair.empty() ? session.config.pairs.front().name : options.pair;
  return for_each_pair(session, pair,
                       [&](const PairConfig& config) { return one_sync(session, config, std::stoll(number)); });
}

}  // namespace cosell::cli
