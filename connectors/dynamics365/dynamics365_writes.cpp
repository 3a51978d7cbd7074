// Operations to batch parts, batches to the server, answers to outcomes. Parts are matched to operations by their
// order and, where the answer shows a record, by its id; one that does not fit makes the outcome unknown.
#include "connectors/dynamics365/dynamics365_writes.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_errors.h"
#include "connectors/dynamics365/dynamics365_odata.h"

namespace cosell::dynamics365 {
namespace {

constexpr std::size_t kRequestsMost = 1000;  // in one batch; the platform's own limit
constexpr int kSmallestBatch = 10;

Error unclear(const std::string& why) {
  return make_error(ErrorClass::unknown, "It is not certain whether Dynamics 365 applied the change: " + why);
}

// After such an end the next call would meet the same; it is not sent.
bool ends_the_push(const Error& e) {
  return e.kind == ErrorClass::throttled || e.kind == ErrorClass::auth_expired || e.kind == ErrorClass::cancelled ||
         e.kind == ErrorClass::transient || e.kind == ErrorClass::config ||
         (e.kind == ErrorClass::forbidden && !e.of_one_record);
}

// The same, where it befalls what a write needs to know first: a configuration that does not fit, or something beside
// the record that the user may not read, is that write's matter.
bool is_about_all(const Error& e) {
  return ends_the_push(e) && e.kind != ErrorClass::config && e.kind != ErrorClass::forbidden && !e.of_one_record;
}

// Where the server knows what was written, as it keeps it.
bool is_what_was_written(const Value& written, const Value& shown) {
  return same_value(written, shown) || rounds_to(written, shown);
}

bool may_be_hidden(const Observation& seen, const std::string& column) {
  const auto in = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), column) != names.end();
  };
  return in(seen.hidden) || in(seen.perhaps_hidden);
}

// Neither its id nor its key leads to a record that the user sees: it is out of sight, or the refusal is about another
// column whose values are unique, which only the server's own words tell.
Error refused_by_another(Error refusal, RecordKind kind) {
  refusal.kind = ErrorClass::rejected;
  const std::string read_all = "ive the bridge's user read access to all opportunities.";
  if (refusal.rule != kDuplicateAlternateKey) {
    refusal.message = "Another record in Dynamics 365 carries the same referral, out of the user's sight. G" + read_all;
  } else if (kind == RecordKind::opportunity) {
    refusal.message += " Where that is the referral's id, g" + read_all;
  }
  return refusal;
}

}  // namespace

struct Dynamics365Writes::Push {
  struct Met {
    WriteRow row;
    Error refusal;
  };
  std::span<const Operation> operations;
  std::vector<std::optional<Outcome>> outcomes;
  std::vector<Met> existing;     // creates that met a record
  std::vector<WriteRow> locked;  // writes that a closed record refused
  std::optional<Error> stopped;
  WriteShapes shapes = {};

  void fail(std::size_t index, Error error) {
    const std::string request_id = error.request_id;
    outcomes[index] = Outcome{operations[index].id, std::move(error), request_id};
  }
  // By a look beside the write, which was refused: what the user may not read there is that write's matter.
  void fail_by_look(std::size_t index, Error error) {
    error.of_one_record = error.of_one_record || error.kind == ErrorClass::forbidden;
    fail(index, std::move(error));
  }
  void fail(const std::vector<WriteRow>& rows, const Error& error) {
    for (const WriteRow& row : rows) fail(row.index, error);
  }
  // What would be asked behind the writes is not asked any more.
  void fail_what_is_open(const Error& error) {
    for (const Met& met : std::exchange(existing, {})) fail(met.row.index, error);
    fail(std::exchange(locked, {}), error);
  }
  void succeed(std::size_t index, Applied applied, std::string request_id) {
    outcomes[index] = Outcome{operations[index].id, std::move(applied), std::move(request_id)};
  }
};

Dynamics365Writes::Dynamics365Writes(const Dynamics365Settings& settings, Dynamics365Client& client,
                                     Dynamics365Schema& schema, Dynamics365Reads& reads, Dynamics365Related& related,
                                     Dynamics365Processes& processes)
    : settings_(settings),
      stage_(settings.stage_column),
      client_(client),
      reads_(reads),
      related_(related),
      processes_(processes),
      rows_(settings, client, schema, reads, related),
      batch_size_({.start = settings.batch_start,
                   .min = std::min(kSmallestBatch, settings.batch_start),
                   .max = settings.batch_max}) {}

// ---- what has to be known before a write

bool Dynamics365Writes::needs_a_look(const WriteRow& row, const Operation& op) const {
  if (op.verb != Verb::update) return false;
  const bool compares = op.must_match.empty() && !op.expected.empty();
  const bool stage_unknown = row.target && (!row.present || stage_.is_process());
  const bool amount = op.kind == RecordKind::opportunity && op.changes.count(kAmountColumn) > 0 &&
                      settings_.calculated_revenue == CalculatedRevenue::refuse;
  return compares || stage_unknown || amount;
}

std::optional<Error> Dynamics365Writes::judge_look(const Operation& op, const Observation& seen, WriteRow& row) const {
  std::vector<std::string> changed;
  if (op.must_match.empty()) {
    for (const auto& [name, value] : op.expected) {
      const auto it = seen.columns.find(name);
      if (it != seen.columns.end() && !may_be_hidden(seen, name) && !same_value(value, it->second))
        changed.push_back(name);
    }
    // From here on the server itself watches that nobody changes the record in between.
    if (!op.expected.empty()) row.condition = seen.version.value;
  }
  // A move of the business process need not change the version of the opportunity.
  const std::string stage_column(kStageColumn);
  const auto planned = op.expected.find(stage_column);
  if (row.moves_process() && planned != op.expected.end() && changed.empty() &&
      !same_value(planned->second, column(seen.columns, stage_column))) {
    changed.push_back(stage_column);
  }
  if (!changed.empty() || (!op.must_match.empty() && op.must_match != seen.version)) {
    Error e = make_error(ErrorClass::precondition,
                         "Somebody changed " + (changed.empty() ? "the record" : text::join(changed, ", ")) +
                             " in Dynamics 365 meanwhile; the bridge looks again before it writes.");
    e.fields = std::move(changed);
    return e;
  }
  if (op.kind != RecordKind::opportunity) return std::nullopt;
  row.present = stage_.parse(text_of(column(seen.columns, std::string(kStageColumn))));
  const bool calculated = column(seen.columns, kRevenueColumn) == Value(true);
  row.calculated = calculated;
  if (calculated && op.changes.count(kAmountColumn) > 0 && settings_.calculated_revenue == CalculatedRevenue::refuse) {
    Error e =
        make_error(ErrorClass::rejected,
                   "The revenue of this opportunity is calculated by Dynamics 365 from its product lines, so the "
                   "amount from Partner Center would be lost. Set Revenue to \"User Provided\", or let the bridge "
                   "do it (setting \"calculated_revenue\": \"take_over\").");
    e.fields = {kAmountColumn};
    e.rule = "CALCULATED_REVENUE";
    return e;
  }
  return std::nullopt;
}

void Dynamics365Writes::look(Call& call, Push& push, std::vector<WriteRow>& rows) {
  struct Group {
    std::vector<RecordRef> refs;
    std::vector<std::string> columns;
  };
  std::map<RecordKind, Group> groups;
  for (const WriteRow& row : rows) {
    const Operation& op = push.operations[row.index];
    if (!needs_a_look(row, op)) continue;
    Group& group = groups[op.kind];
    RecordRef ref;
    ref.kind = op.kind;
    ref.id = RecordId(row.id);
    group.refs.push_back(std::move(ref));
    const auto add = [&group](const std::string& name) {
      if (std::find(group.columns.begin(), group.columns.end(), name) == group.columns.end()) {
        group.columns.push_back(name);
      }
    };
    if (op.must_match.empty()) {
      for (const auto& e : op.expected) add(e.first);
    }
    if (op.kind == RecordKind::opportunity) {
      add(std::string(kStageColumn));
      add(kRevenueColumn);
    }
  }
  for (auto& [kind, group] : groups) {
    auto found = reads_.fetch(call, group.refs, group.columns);
    if (!found && found.error().kind == ErrorClass::unknown) found.error().kind = ErrorClass::transient;
    if (!found && is_about_all(found.error())) push.stopped = found.error();
    std::map<std::string, const Observation*> by_id;
    if (found) {
      for (const Observation& o : *found) by_id[o.id.value] = &o;
    }
    for (WriteRow& row : rows) {
      const Operation& op = push.operations[row.index];
      if (op.kind != kind || !needs_a_look(row, op)) continue;
      const auto seen = by_id.find(row.id);
      if (!found) {
        push.fail_by_look(row.index, found.error());
      } else if (seen == by_id.end()) {
        push.fail(row.index, make_error(ErrorClass::not_found, "The record is no longer in Dynamics 365."));
      } else if (auto error = judge_look(op, *seen->second, row)) {
        push.fail(row.index, *std::move(error));
      }
    }
  }
}

void Dynamics365Writes::plan_moves(Call& call, Push& push, std::vector<WriteRow>& rows) {
  std::vector<WriteRow*> moving;
  std::vector<std::string> ids;
  for (WriteRow& row : rows) {
    if (push.outcomes[row.index] || row.verb == Verb::create || !row.moves_process() || row.target == row.present) {
      continue;
    }
    moving.push_back(&row);
    ids.push_back(row.id);
  }
  const auto fail = [&](const WriteRow& row, ErrorClass kind, const std::string& why) {
    Error e = make_error(kind, why);
    e.fields = {std::string(kStageColumn)};
    push.fail(row.index, std::move(e));
  };
  const auto instances = processes_.instances_of(call, ids);
  if (!instances && is_about_all(instances.error())) push.stopped = instances.error();
  std::vector<WriteRow*> ready;
  std::vector<Dynamics365Processes::Move> moves;
  for (WriteRow* row : moving) {
    const ProcessInstance* at = nullptr;
    if (instances) {
      const auto found = instances->find(row->id);
      if (found != instances->end()) at = &found->second;
    }
    const StageValue present = row->present.value_or(StageValue{});
    if (!instances) {
      push.fail_by_look(row->index, instances.error());
    } else if (row->target->process_stage.empty()) {
      fail(*row, ErrorClass::rejected,
           "A business process cannot be taken off an opportunity. Change the mapping: process:none is no stage to "
           "write.");
    } else if (at == nullptr) {
      fail(*row, ErrorClass::rejected,
           "No business process runs on this opportunity. Open it in Dynamics 365 and choose Process, Switch process.");
    } else if (present.is_open() && at->stage != present.process_stage) {
      fail(*row, ErrorClass::precondition,
           "Somebody moved the business process in Dynamics 365 meanwhile; the bridge looks again before it writes.");
    } else {
      ready.push_back(row);
      moves.push_back({*at, row->target->process_stage});
    }
  }
  if (moves.empty()) return;
  auto steps = processes_.steps_of(call, moves);
  for (std::size_t n = 0; n < ready.size(); ++n) {
    if (steps[n]) {
      ready[n]->moves = *std::move(steps[n]);
    } else {
      if (is_about_all(steps[n].error())) push.stopped = steps[n].error();
      push.fail_by_look(ready[n]->index, std::move(steps[n].error()));
    }
  }
}

// ---- calls

std::optional<Error> Dynamics365Writes::send(Call& call, Push& push, std::vector<WriteRow>& rows, bool full) {
  std::vector<BatchItem> items;
  std::vector<std::size_t> place;  // of each row's first item
  for (WriteRow& row : rows) {
    place.push_back(items.size());
    const bool looks = row.is_read_behind();
    const bool change_set = row.steps.size() > 1;
    items.push_back({change_set, std::move(row.steps)});
    row.steps.clear();
    if (!looks) continue;
    BatchRequest look;
    look.path = client_.path(resource(row.shape->table->set + "(" + row.id + ")", {{"$select", row.shape->select()}}));
    items.push_back({false, {std::move(look)}});
  }
  const Instant began = call.clock.now();
  auto written = client_.write(call, items);
  if (!written) {
    const ErrorClass kind = written.error().kind;
    if (kind == ErrorClass::throttled || kind == ErrorClass::unknown) batch_size_.too_much();
    push.fail(rows, written.error());
    return written.error();
  }
  const Duration took = call.clock.now() - began;
  const ProcessInstances processes = processes_after(call, rows);
  const bool fits = fits_rows(*written, rows, place, items.size());
  const bool too_many = written->answers.size() > items.size();
  std::optional<Error> asked_to_wait;  // in a part
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const std::size_t next = n + 1 < rows.size() ? place[n + 1] : items.size();
    const bool there = !too_many && place[n] < written->answers.size();
    if (!there || (!fits && shown_by(written->answers[place[n]], rows[n]) != rows[n].id)) {
      Error e = unclear("its answer does not fit what was sent.");
      e.request_id = written->request_id;
      push.fail(rows[n].index, std::move(e));
      continue;
    }
    const bool followed = next - place[n] > 1 && place[n] + 1 < written->answers.size();
    const Shown shown{followed ? &written->answers[place[n] + 1] : nullptr, processes};
    settle(call, push, rows[n], written->answers[place[n]], shown);
    Outcome* outcome = push.outcomes[rows[n].index] ? &*push.outcomes[rows[n].index] : nullptr;
    if (outcome != nullptr && outcome->request_id.empty()) outcome->request_id = written->request_id;
    const Error* error = outcome == nullptr ? nullptr : std::get_if<Error>(&outcome->what);
    if (error != nullptr && error->kind == ErrorClass::throttled && !asked_to_wait) asked_to_wait = *error;
  }
  if (asked_to_wait) {
    call.meter.tell_asked_to_wait(call.side);
    batch_size_.too_much();
  } else {
    batch_size_.went_well(full, took);
  }
  return asked_to_wait;
}

void Dynamics365Writes::send_all(Call& call, Push& push, std::vector<WriteRow> rows) {
  std::vector<WriteRow> ready;
  for (WriteRow& row : rows) {
    auto steps = rows_.requests_of(call, row);
    if (steps) {
      row.steps = *std::move(steps);
      ready.push_back(std::move(row));
    } else {
      push.fail_by_look(row.index, std::move(steps.error()));
    }
  }
  for (std::size_t from = 0; from < ready.size();) {
    std::size_t requests = 0;
    std::vector<WriteRow> batch;
    const std::size_t most = std::min(static_cast<std::size_t>(batch_size_.current()), kRequestsMost);
    for (; from < ready.size(); ++from) {
      if (!batch.empty() && requests + ready[from].requests() > most) break;
      requests += ready[from].requests();
      batch.push_back(std::move(ready[from]));
    }
    if (push.stopped) {
      push.fail(batch, *push.stopped);
      continue;
    }
    auto refused = send(call, push, batch, requests >= most || from < ready.size());
    if (refused && ends_the_push(*refused)) push.stopped = std::move(refused);
  }
}

// ---- answers

// Id of the record that a part shows; "" when it shows none, as refusals do.
std::string Dynamics365Writes::shown_by(const BatchAnswer& part, const WriteRow& row) {
  const auto body = part.failed() ? json::read("{}") : json::read(part.answers.back().body);
  return body ? normal_guid(body->text_of(row.shape->table->id)) : "";
}

// A part that shows another record than the one at its place is of another request; and so may all the others be, the
// refusals too. Fewer parts than requests are right only behind one that the server stopped at.
bool Dynamics365Writes::fits_rows(const Dynamics365Client::Written& written, const std::vector<WriteRow>& rows,
                                  const std::vector<std::size_t>& place, std::size_t requests) {
  const std::vector<BatchAnswer>& parts = written.answers;
  const bool stopped = written.stopped && !parts.empty() && parts.back().failed();
  if (parts.size() > requests || (parts.size() < requests && !stopped)) return false;
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const std::size_t next = n + 1 < rows.size() ? place[n + 1] : requests;
    for (std::size_t p = place[n]; p < std::min(next, parts.size()); ++p) {
      const std::string id = shown_by(parts[p], rows[n]);
      if (!id.empty() && id != rows[n].id) return false;
    }
  }
  return true;
}

ProcessInstances Dynamics365Writes::processes_after(Call& call, const std::vector<WriteRow>& rows) {
  std::vector<std::string> ids;
  for (const WriteRow& row : rows) {
    if (row.shape->shows_process()) ids.push_back(row.id);
  }
  auto found = processes_.instances_of(call, ids);
  return found ? *std::move(found) : ProcessInstances();
}

// What a look behind the write shows may be somebody's edit since; of that only what was written is taken for settled,
// and the next pull finds the rest. A new opportunity begins where its process does, whatever was written.
Applied Dynamics365Writes::applied_with(Call& call, const WriteRow& row, const Columns& written,
                                        const http::Response& shown, const Shown& how) {
  const ProcessInstances& processes = how.processes;
  Applied applied;
  applied.id = RecordId(row.id);
  applied.created = row.verb == Verb::create;
  const auto body = read_body(shown.body, "POST $batch");
  auto seen = body ? read_row(*body, *row.shape, "POST $batch") : Result<Row>(make_error(ErrorClass::bad_response, ""));
  // The write itself arrived; what its answer does not tell, the next pull will.
  if (!seen) return applied;
  applied.version = seen->seen.version;
  std::vector<Row> rows;
  rows.push_back(*std::move(seen));
  const bool filled = related_.fill(call, *row.shape, rows).has_value();
  Dynamics365Processes::fill_from(processes, *row.shape, rows.front());
  const bool process_unknown = row.shape->shows_process() && processes.count(row.id) == 0;
  for (const PlannedColumn& c : row.shape->columns) {
    const bool of_process = c.from == PlannedColumn::From::stage || c.from == PlannedColumn::From::process;
    const auto& hidden = rows.front().seen.hidden;
    const bool is_hidden = std::find(hidden.begin(), hidden.end(), c.name) != hidden.end();
    const bool known =
        (c.from != PlannedColumn::From::related || filled) && !is_hidden && !(of_process && process_unknown);
    const Value& value = rows.front().seen.columns[c.name];
    const bool looked_at_later =
        row.verb == Verb::update && (how.record != nullptr || (of_process && row.shape->shows_process()));
    const bool settled = !looked_at_later || is_what_was_written(column(written, c.name), value);
    if (known && settled) applied.shown[c.name] = value;
    // The version is of that edit: the next write is to compare the values instead of passing over it.
    if (known && !settled && written.count(c.name) > 0) applied.version = VersionToken();
  }
  return applied;
}

void Dynamics365Writes::settle(Call& call, Push& push, WriteRow& row, const BatchAnswer& answer, const Shown& shown) {
  const auto refusal = std::find_if(answer.answers.begin(), answer.answers.end(),
                                    [](const http::Response& r) { return !is_success(r); });
  if (refusal != answer.answers.end()) return settle_refused(call, push, row, *refusal);
  const http::Response& last = shown.record != nullptr ? shown.record->answers.front() : answer.answers.back();
  const http::Response nothing{204, {}, ""};
  const Columns& written = push.operations[row.index].changes;
  push.succeed(row.index, applied_with(call, row, written, is_success(last) ? last : nothing, shown), "");
}

void Dynamics365Writes::settle_refused(Call& call, Push& push, WriteRow& row, const http::Response& refusal) {
  const Operation& op = push.operations[row.index];
  Error e = error_of_part(refusal, {"POST $batch", true}, call.clock.now());
  const bool key_taken = e.rule == kDuplicateKey || e.rule == kDuplicateAlternateKey;
  const bool creates = op.verb == Verb::create;
  if (creates && (key_taken || (refusal.status == 412 && e.kind == ErrorClass::precondition))) {
    push.existing.push_back({std::move(row), std::move(e)});
    return;
  }
  const bool locked = e.rule == kReadOnly || e.rule == kReadOnlyState;
  if (locked && !creates && settings_.closed_records == ClosedRecords::reopen && !row.force_reopen) {
    push.locked.push_back(std::move(row));
    return;
  }
  if (key_taken) e.kind = ErrorClass::rejected;
  // Something that the record refers to may be missing, and not the record itself.
  const bool about_itself = text::lower_ascii(e.detail).find(row.id) != std::string::npos;
  if (e.kind == ErrorClass::not_found && (creates || (e.rule == kNotFound && !about_itself))) {
    e.kind = ErrorClass::rejected;
    e.message = "The account, owner or another record that this one refers to is not in Dynamics 365: " + e.detail;
  }
  push.fail(row.index, std::move(e));
}

void Dynamics365Writes::find_existing(Call& call, Push& push) {
  std::map<RecordKind, std::vector<Push::Met>> by_kind;
  for (Push::Met& met : push.existing) by_kind[push.operations[met.row.index].kind].push_back(std::move(met));
  push.existing.clear();
  for (auto& [kind, all] : by_kind) {
    std::vector<RecordRef> refs;
    std::vector<std::string> columns;
    for (const auto& [row, refusal] : all) {
      RecordRef ref;
      ref.kind = kind;
      ref.id = RecordId(row.id);
      refs.push_back(ref);
      ref.id = RecordId();
      ref.key = push.operations[row.index].target.key;
      if (kind == RecordKind::opportunity) refs.push_back(ref);
      for (const PlannedColumn& c : row.shape->columns) {
        if (std::find(columns.begin(), columns.end(), c.name) == columns.end()) columns.push_back(c.name);
      }
    }
    const auto found = reads_.fetch(call, refs, columns);
    for (const auto& [row, refusal] : all) {
      if (!found) {
        // The write was refused; only the look at what is there failed.
        Error e = found.error();
        if (e.kind == ErrorClass::unknown || e.kind == ErrorClass::bad_response) e.kind = ErrorClass::transient;
        push.fail_by_look(row.index, std::move(e));
        continue;
      }
      const BridgeKey& key = push.operations[row.index].target.key;
      const Observation* there = nullptr;
      for (const Observation& o : *found) {
        const bool by_key = !key.empty() && o.key == key;
        if (by_key || (there == nullptr && o.id.value == row.id)) there = &o;
      }
      if (there == nullptr) {
        push.fail(row.index, refused_by_another(refusal, kind));
        continue;
      }
      Applied applied;
      applied.id = there->id;
      applied.version = there->version;
      for (const PlannedColumn& c : row.shape->columns) {
        if (!may_be_hidden(*there, c.name)) applied.shown[c.name] = there->columns.at(c.name);
      }
      push.succeed(row.index, std::move(applied), "");
    }
  }
}

void Dynamics365Writes::reopen_refused(Call& call, Push& push) {
  std::vector<WriteRow> rows = std::move(push.locked);
  push.locked.clear();
  std::vector<RecordRef> refs;
  for (const WriteRow& row : rows) {
    RecordRef ref;
    ref.id = RecordId(row.id);
    refs.push_back(std::move(ref));
  }
  const auto found = reads_.fetch(call, refs, {std::string(kStageColumn)});
  std::vector<WriteRow> again;
  for (WriteRow& row : rows) {
    if (!found) {
      push.fail_by_look(row.index, found.error());
      continue;
    }
    const auto seen =
        std::find_if(found->begin(), found->end(), [&](const Observation& o) { return o.id.value == row.id; });
    const bool moved = seen == found->end() || (row.condition != "*" && row.condition != seen->version.value);
    row.present = moved ? std::nullopt : stage_.parse(text_of(column(seen->columns, std::string(kStageColumn))));
    if (!row.present || row.present->is_open()) {
      push.fail(row.index, make_error(ErrorClass::precondition,
                                      "Somebody changed the record in Dynamics 365 meanwhile; the bridge looks again "
                                      "before it writes."));
      continue;
    }
    row.condition = seen->version.value;
    row.force_reopen = true;
    again.push_back(std::move(row));
  }
  send_all(call, push, std::move(again));
}

std::vector<Outcome> Dynamics365Writes::push(Call& call, std::span<const Operation> operations) {
  Push push;
  push.operations = operations;
  push.outcomes.resize(operations.size());
  std::vector<WriteRow> rows;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    auto row = push.stopped ? Result<WriteRow>(*push.stopped) : rows_.row_of(call, push.shapes, operations[i], i);
    if (!row) {
      if (is_about_all(row.error())) push.stopped = row.error();
      push.fail_by_look(i, std::move(row.error()));
    } else if (operations[i].verb == Verb::update && operations[i].changes.empty()) {
      Applied nothing_to_do;
      nothing_to_do.id = RecordId(row->id);
      push.succeed(i, std::move(nothing_to_do), "");
    } else {
      rows.push_back(*std::move(row));
    }
  }
  if (!push.stopped) look(call, push, rows);
  if (!push.stopped && processes_.in_use()) plan_moves(call, push, rows);
  const auto settled = [&](const WriteRow& r) { return push.outcomes[r.index].has_value(); };
  rows.erase(std::remove_if(rows.begin(), rows.end(), settled), rows.end());
  if (push.stopped) push.fail(std::exchange(rows, {}), *push.stopped);
  // Nothing but a stage that is there already.
  for (const WriteRow& row : rows) {
    const bool nothing = row.verb == Verb::update && row.body.members().empty() && row.target == row.present;
    if (!nothing) continue;
    Applied applied;
    applied.id = RecordId(row.id);
    push.succeed(row.index, std::move(applied), "");
  }
  rows.erase(std::remove_if(rows.begin(), rows.end(), settled), rows.end());
  send_all(call, push, std::move(rows));
  if (push.stopped) push.fail_what_is_open(*push.stopped);
  if (!push.existing.empty()) find_existing(call, push);
  if (!push.locked.empty()) reopen_refused(call, push);

  std::vector<Outcome> done;
  done.reserve(push.outcomes.size());
  for (std::optional<Outcome>& o : push.outcomes) done.push_back(*std::move(o));
  return done;
}

}  // namespace cosell::dynamics365
