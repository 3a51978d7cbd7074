// Outcomes of writes, laid into the deals.
#include "engine/settle.h"

#include <algorithm>
#include <utility>

#include "base/json_text.h"
#include "engine/absence.h"
#include "engine/ask_registration.h"
#include "engine/decide.h"
#include "engine/marks.h"
#include "engine/observe.h"
#include "engine/ties.h"
#include "engine/view.h"
#include "engine/words.h"
#include "mapping/stored.h"
#include "store/codec.h"

namespace cosell::engine {

namespace {

using store::DealRow;
using store::DealState;
using store::OperationRow;
using store::OperationState;
using store::WaitFor;

constexpr int attempts_max = 3;  // of one operation within a run
constexpr int misses_max = 3;    // writes of a deal in a row that came to nothing

bool is_kind(const OperationRow& row, RecordKind kind) { return row.kind == name_of(kind); }

// The side's new picture after a write whose answer does not show it: what we sent laid over what was there. Of what is
// read from a record and was not sent with its create, the record is taken to hold nothing until it is read.
Columns picture_after(const OperationRow& row, const Applied& applied, const Columns& before,
                      const mapping::Mapping& mapping) {
  Columns picture = before;
  if (row.side == Side::crm && is_create(row)) {
    for (const std::string& name : mapping.columns_read()) {
      if (!picture.contains(name)) picture[name] = Value();
    }
  }
  for (const auto& [name, value] : row.changes) picture[name] = value;
  for (const auto& [name, value] : applied.shown) picture[name] = value;
  return picture;
}

// A create that wrote nothing, because a record with its key was there.
bool met_a_record(const OperationRow& row, const Applied& applied) {
  return is_create(row) && is_kind(row, RecordKind::opportunity) && !applied.created && !applied.stored;
}

std::string done_sentence(const Pair& pair, const OperationRow& row, const Applied& applied) {
  const std::string where = pair.title(row.side);
  if (met_a_record(row, applied)) return "Linked to the opportunity in " + where + " that carries the referral";
  if (is_kind(row, RecordKind::account)) return "Account created in " + where;
  if (is_kind(row, RecordKind::microsoft_half)) return "Microsoft asked for help in " + where;
  if (is_kind(row, RecordKind::registration)) {
    return (is_create(row) ? "Registered in " : "Registration corrected in ") + where + ": " +
           words::changes(row.changes);
  }
  if (is_create(row))
    return (is_kind(row, RecordKind::referral) ? "Referral created in " : "Opportunity created in ") + where;
  return "Written to " + where + ": " + words::changes(row.changes);
}

// While it was not known what became of the write, a person may have taken the deal and the record apart, or tied the
// deal to another one. Their word stands; a record that was made meanwhile is met as any other by the next reading.
bool still_concerns(const OperationRow& row, const DealRow& deal) {
  if (is_kind(row, RecordKind::microsoft_half)) return row.engagement_id == deal.engagement_id;
  const std::string& record = side_of(deal, row.side).record_id;
  return record == row.target_id || (record.empty() && !names_its_target(row));
}

// One more write in a row that came to nothing; how many that are.
int count_miss(DealRow& deal, Side side) {
  const auto before = deal.marks.find(misses_mark(side));
  const int misses = before == deal.marks.end() ? 1 : std::min(std::stoi(before->second) + 1, misses_max);
  deal.marks[misses_mark(side)] = std::to_string(misses);
  return misses;
}

bool missed_too_often(const DealRow& deal, Side side) {
  const auto misses = deal.marks.find(misses_mark(side));
  return misses != deal.marks.end() && std::stoi(misses->second) >= misses_max;
}

// Does what both sides showed when the write was planned say anything of the two that the deal consists of now? Not of
// a record that stands alone since, nor of one that took the other's place.
bool may_agree(const OperationRow& row, const DealRow& deal) {
  const std::string& other = side_of(deal, other_side(row.side)).record_id;
  const auto before = marked_records(deal, agreed_before_mark);
  return !other.empty() && std::find(before.begin(), before.end(), row.id.value) == before.end();
}

// Does Partner Center show by this write all that is wanted of the registration? A person may have stated it anew while
// it was not known what became of the write; that is not forgotten.
Result<bool> registers_all_that_is_wanted(const Pair& pair, const OperationRow& row, const DealRow& deal) {
  const auto mark = deal.marks.find(registration_mark);
  const auto wanted = mark == deal.marks.end() ? Result<Columns>(Columns{}) : store::decode_columns(mark->second);
  if (!wanted || wanted->empty()) return true;
  Columns registered;
  if (deal.partner_center.image.valid()) {
    auto before = pair.store->image(deal.partner_center.image);
    if (!before) return before.error();
    registered = registration_in(*before);
  }
  for (const auto& [name, value] : row.changes) registered[name] = value;
  return std::all_of(registration_columns().begin(), registration_columns().end(), [&](const std::string& name) {
    return same_value(column(registered, name), column(*wanted, name));
  });
}

// The record that a create met was taken from this deal by a person, or belongs to another one since.
bool is_of_another(const DealRow& holder, const DealRow& deal, Side side) {
  const std::string& tied = side_of(holder, other_side(side)).record_id;
  const std::string& ours = side_of(deal, other_side(side)).record_id;
  if (!tied.empty() && tied != ours) return true;
  return is_told_apart_from(holder, ours) || is_told_apart_from(deal, side_of(holder, side).record_id);
}

// Where ids are made from keys, what takes the place of a deleted record has its id, too. What a person said, was said
// of the deleted one.
bool is_made_anew(const OperationRow& create, const Applied& applied, const DealRow& holder) {
  if (side_of(holder, create.side).existence != store::Existence::deleted) return false;
  if (!side_of(holder, other_side(create.side)).record_id.empty()) return false;
  return applied.created || (applied.stored && shows_changes(create, *applied.stored));
}

}  // namespace

Result<void> Settler::settle(OperationRow& row, const Outcome& outcome, FailureIs failure) {
  row.request_id = outcome.request_id;
  if (const auto* error = std::get_if<Error>(&outcome.what)) return settle_failed(row, *error, failure);
  return settle_applied(row, std::get<Applied>(outcome.what), AnswerIs::own);
}

Result<void> Settler::note_outcome(const OperationRow& row, const std::string& summary, ImageId shown) {
  json::ObjectText payload;
  if (shown.valid()) payload.integer("after", shown.value);
  payload.integer("attempts", row.attempts);
  if (!row.error_class.empty()) {
    payload.text("error", row.error_class);
    payload.text("error_detail", row.error_detail);
    payload.text("error_message", row.error_message);
  }
  payload.text("kind", row.kind);
  payload.text("operation", row.id.value);
  payload.text("record", row.target_id);
  payload.text_if_any("request_id", row.request_id);
  payload.text("side", store::name_of(row.side));
  payload.text("state", store::name_of(row.state));
  payload.text("verb", row.verb);
  store::JournalEntry entry;
  entry.at = pair_.clock->now();
  entry.run = run_;
  entry.deal = row.deal;
  entry.kind = store::JournalKind::outcome;
  entry.summary = summary;
  entry.payload = payload.object();
  return pair_.store->journal(entry);
}

Result<void> Settler::settle_applied(OperationRow& row, const Applied& applied, AnswerIs answer) {
  auto& store = *pair_.store;
  row.state = OperationState::applied;
  row.finished_at = pair_.clock->now();
  const Side side = row.side;
  row.target_id = side == Side::crm ? pair_.crm->normal_id(applied.id.value).value : applied.id.value;
  if (row.target_id.empty()) row.target_id = applied.id.value;
  if (!met_a_record(row, applied)) ++report_.done[write_kind(row)];
  if (auto done = store.update_operation(row); !done) return done;
  const bool registers = is_kind(row, RecordKind::registration);
  const bool a_deal_itself = is_kind(row, RecordKind::opportunity) || is_kind(row, RecordKind::referral) || registers;
  if (!a_deal_itself) {
    if (auto noted = note_outcome(row, done_sentence(pair_, row, applied)); !noted) return noted;
  }
  if (is_kind(row, RecordKind::account)) return mark_deal_dirty(row);

  auto found = deal_of(row);
  if (!found) return found.error();
  if (!*found) return a_deal_itself ? note_outcome(row, done_sentence(pair_, row, applied)) : Result<void>{};
  DealRow deal = *std::move(*found);
  if (!still_concerns(row, deal)) return note_outcome(row, done_sentence(pair_, row, applied));
  deal.dirty = true;
  if (registers) {
    auto done = registers_all_that_is_wanted(pair_, row, deal);
    if (!done) return done.error();
    if (*done) deal.marks.erase(registration_mark);
  }
  if (!only_tells_the_seller(row)) {
    forget_refused(deal, side);
    deal.marks.erase(refused_until_mark(side));
    deal.marks.erase(misses_mark(side));
    if (!has_mark(deal, misses_mark(other_side(side)))) deal.marks.erase(attempts_mark);
  }
  return is_kind(row, RecordKind::microsoft_half) ? settle_half(row, applied, deal)
                                                  : settle_record(row, applied, answer, deal);
}

Result<void> Settler::settle_half(const OperationRow& row, const Applied& applied, DealRow& deal) {
  Columns half = applied.stored ? applied.stored->columns : row.changes;
  if (!half.count(info(Field::help).name)) half[info(Field::help).name] = column(row.changes, info(Field::help).name);
  auto image = pair_.store->put_image(half, deal.microsoft);
  if (!image) return image.error();
  deal.microsoft = *image;
  deal.microsoft_id = row.target_id;
  deal.ask_microsoft_at = pair_.clock->now() + pair_.settings.answers_every;
  return pair_.store->update_deal(deal);
}

Result<void> Settler::settle_record(OperationRow& row, const Applied& applied, AnswerIs answer, DealRow& deal) {
  auto& store = *pair_.store;
  const Side side = row.side;
  // The record may have been seen in a listing before its answer was settled: one deal, one row.
  if (!names_its_target(row)) {
    auto other = store.deal_by_record(side, row.target_id);
    if (!other) return other.error();
    if (*other && (*other)->id != deal.id) {
      const bool made_anew = is_made_anew(row, applied, **other);
      if (!made_anew && is_of_another(**other, deal, side)) return wait_beside(row, deal, **other);
      if (auto forgotten = forget_agreements_of_open_writes(store, **other); !forgotten) return forgotten;
      if (auto removed = store.remove_deal((*other)->id, deal.id); !removed) return removed;
      take_over_writes(**other, deal);
      // What is known of a record that was only met stays known.
      if (!made_anew) take_over_record(**other, side, deal);
      if (met_a_record(row, applied)) side_of(deal, side).image = side_of(**other, side).image;
    }
  }
  store::SideState& state = side_of(deal, side);
  Columns before;
  if (state.image.valid()) {
    auto image = store.image(state.image);
    if (!image) return image.error();
    before = std::move(*image);
  }
  Columns laid_over = applied.stored ? Columns{} : picture_after(row, applied, before, *pair_.mapping);
  if (stage_follows(row) && !applied.stored && applied.shown.count(pair_.mapping->stage_column()) == 0) {
    laid_over.erase(pair_.mapping->stage_column());
  }
  if (applied.stored && !shows_all(*applied.stored)) laid_over = with_hidden(*applied.stored, before);
  const Columns& picture = applied.stored && shows_all(*applied.stored) ? applied.stored->columns : laid_over;
  auto image = store.put_image(picture, state.image);
  if (!image) return image.error();
  if (side == Side::crm && applied.stored) Observer::note_hidden(deal, *applied.stored, picture);
  state.record_id = row.target_id;
  state.image = *image;
  state.existence = store::Existence::live;
  state.seen_at = pair_.clock->now();
  if (!applied.version.empty()) state.version = applied.version.value;
  if (applied.stored) state.changed_at = applied.stored->changed_at;
  if (side == Side::partner_center && !applied.stored) moved_[side].insert(row.target_id);
  if (side == Side::partner_center) {
    const auto engagement = text_of(column(picture, info(Field::engagement_id).name));
    if (!engagement.empty()) deal.engagement_id = engagement;
  }
  if (auto read_anew = read_agreement_of(row, deal); !read_anew) return read_anew;
  const Agreement agreement = agreement_on(row, applied, answer, before, picture);
  if (!agreement.unheeded.empty() && agreement.unheeded.size() == row.agrees_with.size()) {
    note_unheeded(row, deal, agreement.unheeded);
  }
  if (may_agree(row, deal)) {
    if (auto kept = agree_on(pair_, deal, agreement.on); !kept) return kept;
  }
  unmark_record(deal, agreed_before_mark, row.id.value);
  if (auto updated = store.update_deal(deal); !updated) return updated;
  if (auto given = let_key_be_given(row, before); !given) return given;
  return note_outcome(row, done_sentence(pair_, row, applied), *image);
}

// The opportunity carried another deal's referral until now, which a CRM with unique keys refused to put on that
// deal's.
Result<void> Settler::let_key_be_given(const OperationRow& row, const Columns& before) {
  const auto key = row.changes.find(pair_.mapping->key_column());
  if (row.side != Side::crm || is_create(row) || key == row.changes.end()) return {};
  const RecordId known = pair_.partner_center->normal_id(text_of(column(before, key->first)));
  if (known.empty() || known == pair_.partner_center->normal_id(text_of(key->second))) return {};
  auto deal = pair_.store->deal_by_record(Side::partner_center, known.value);
  if (!deal) return deal.error();
  if (!*deal || !has_mark(**deal, refused_mark(Side::crm))) return {};
  forget_refused(**deal, Side::crm);
  (*deal)->dirty = true;
  return pair_.store->update_deal(**deal);
}

void Settler::let_wait(DealRow& deal, Wait wait) const {
  if (deal.state != DealState::waiting || deal.reason != wait.reason) deal.since = pair_.clock->now();
  deal.state = DealState::waiting;
  deal.waits_for = wait.whom;
  deal.reason = std::move(wait.reason);
  deal.message = std::move(wait.message);
  deal.next_step = std::move(wait.next_step);
  if (wait.look_again_at) deal.look_again_at = wait.look_again_at;
}

// I-16: a tie is a person's to change. Decided anew when something changes.
Result<void> Settler::wait_beside(const OperationRow& row, DealRow& deal, const DealRow& holder) {
  deal.dirty = false;
  deal.marks.erase(waits_too_mark);
  let_wait(deal, {WaitFor::operator_, "made_before", words::made_before(pair_, row.side, row.target_id, holder),
                  words::made_before_remedy(pair_, row.side, deal, holder)});
  if (auto updated = pair_.store->update_deal(deal); !updated) return updated;
  return note_outcome(row, deal.message);
}

// A write whose answer got lost may have been planned under another mapping (F-68).
Result<void> Settler::read_agreement_of(OperationRow& row, const DealRow& deal) const {
  if (row.run == run_ || row.side == Side::crm || row.agrees_with.empty()) return {};
  auto inputs = pair_.store->run_inputs(row.run);
  if (!inputs) return inputs.error();
  if (!*inputs || (*inputs)->mapping_text == pair_.mapping->text()) return {};
  const auto planned_under = mapping::read_stored_mapping((*inputs)->mapping_text).mapping;
  if (!planned_under) return {};
  return read_agreement_anew(pair_, *planned_under, deal, row.agrees_with);
}

// Where the record begins at a stage of its system's choice, the deal's own follows with the next write.
bool Settler::stage_follows(const OperationRow& row) const {
  return is_create(row) && pair_.connector(row.side).capabilities().stage_after_create;
}

Settler::Agreement Settler::agreement_on(const OperationRow& row, const Applied& applied, AnswerIs answer,
                                         const Columns& before, const Columns& picture) const {
  const Side side = row.side;
  const bool begins_elsewhere = stage_follows(row);
  // What a later read shows beside what we sent may be a person's edit: both sides agreed on what was sent.
  Columns as_sent;
  if (answer == AnswerIs::read_later) {
    as_sent = picture;
    for (const auto& [name, value] : row.changes) {
      const bool rounded = is_kept_rounded(row, name, column(picture, name));
      if (!rounded && (!begins_elsewhere || name != pair_.mapping->stage_column())) as_sent[name] = value;
    }
  }
  const Columns& agreed = answer == AnswerIs::read_later ? as_sent : picture;
  // What was there before says nothing of what the system makes of our values.
  const bool met_another = answer == AnswerIs::own && is_create(row) && !applied.created;
  const bool own_answer = answer == AnswerIs::own && applied.stored && !is_create(row);
  Deal was_here;
  if (own_answer) {
    was_here = side == Side::crm ? pair_.mapping->read(before).deal : referral_deal(before, {});
  }
  Agreement agreement;
  const Deal now_here = side == Side::crm ? pair_.mapping->read(agreed).deal : referral_deal(agreed, {});
  for (const auto& [name, other_value] : row.agrees_with) {
    const auto field = field_from(name);
    if (!field) continue;
    const Value& here = now_here.get(*field);
    const auto sent = row.changes.find(name);
    const Value& wanted = side == Side::crm || sent == row.changes.end() ? other_value : sent->second;
    if (own_answer && !same_value(here, wanted) && same_value(here, was_here.get(*field))) {
      agreement.unheeded.push_back(info(*field).label);  // not agreed on: it is decided again
      continue;
    }
    if (met_another && !same_value(here, wanted)) continue;  // as on a first link
    if (begins_elsewhere && *field == Field::stage) {
      // Both are taken to have stood where the record begins; the other side has moved on since, which is written next.
      agreement.on.push_back({*field, here, here});
    } else if (side == Side::crm) {
      agreement.on.push_back({*field, here, other_value});
    } else {
      agreement.on.push_back({*field, other_value, here});
    }
  }
  return agreement;
}

// F-18: the side took the write and kept the fields as they were (read-only for the bridge's user, or reset by a rule).
// The same write is not sent again until something changes or a person replays it.
void Settler::note_unheeded(const OperationRow& row, DealRow& deal, const std::vector<std::string>& fields) {
  const std::string message = words::unheeded(pair_, row.side, fields);
  add_refused_write(*pair_.mapping, deal, row);
  deal.marks[refused_message_mark] = message;
  deal.marks[refused_reason_mark] = "unheeded";
  note_failure(deal, message);
}

void Settler::note_failure(const DealRow& deal, const std::string& message) {
  report_.note_failure({deal.id, deal.title, message, words::refused_remedy(pair_, deal)});
}

// It may have become a part of another one while the write was under way.
Result<std::optional<DealRow>> Settler::deal_of(OperationRow& row) {
  auto deal = pair_.store->deal(row.deal);
  if (!deal || *deal) return deal;
  auto stored = pair_.store->operation(row.id);
  if (!stored) return stored.error();
  if (!*stored || !(*stored)->deal.valid()) return std::optional<DealRow>{};
  row.deal = (*stored)->deal;
  return pair_.store->deal(row.deal);
}

Result<void> Settler::mark_deal_dirty(OperationRow& row) {
  auto deal = deal_of(row);
  if (!deal) return deal.error();
  if (!*deal || (*deal)->dirty) return {};
  (*deal)->dirty = true;
  return pair_.store->update_deal(**deal);
}

Result<void> Settler::drop(OperationRow& row, bool decide_again) {
  row.state = OperationState::dropped;
  row.finished_at = pair_.clock->now();
  if (auto done = pair_.store->update_operation(row); !done) return done;
  return decide_again ? mark_deal_dirty(row) : Result<void>{};
}

Result<void> Settler::drop_planned() {
  store::OperationFilter filter;
  filter.state = OperationState::planned;
  while (true) {
    auto rows = pair_.store->operations(filter);
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    auto done = pair_.store->transaction([&]() -> Result<void> {
      for (auto& row : *rows) {
        if (auto dropped = drop(row, true); !dropped) return dropped;
      }
      return {};
    });
    if (!done) return done;
  }
}

Result<void> Settler::refuse(OperationRow& row, DealRow& deal, const Error& error, const std::string& message) {
  row.state = OperationState::rejected;
  row.finished_at = pair_.clock->now();
  deal.state = DealState::failed;
  deal.waits_for = WaitFor::nobody;
  deal.reason = error.rule.empty() ? name_of(error.kind) : error.rule;
  deal.message = message;
  deal.next_step = words::refused_remedy(pair_, deal);
  deal.since = pair_.clock->now();
  // That the seller cannot be told comes second to what was to be told.
  if (!only_tells_the_seller(row) || refused_writes(deal).empty()) {
    deal.marks[refused_message_mark] = message;
    deal.marks[refused_reason_mark] = deal.reason;
  }
  add_refused_write(*pair_.mapping, deal, row);
  unmark_record(deal, agreed_before_mark, row.id.value);
  deal.dirty = true;  // so that the seller is told
  if (auto done = pair_.store->update_operation(row); !done) return done;
  if (auto noted = note_outcome(row, message); !noted) return noted;
  return pair_.store->update_deal(deal);
}

// The record is not what the write was planned for: it is read again and decided anew, at once as long as that may
// help.
Result<void> Settler::miss(OperationRow& row, DealRow& deal, const Error& error) {
  if (!row.target_id.empty()) moved_[row.side].insert(row.target_id);
  if (auto noted = note_outcome(row, "Changed in " + pair_.title(row.side) + " meanwhile; looked at again"); !noted) {
    return noted;
  }
  unmark_record(deal, agreed_before_mark, row.id.value);
  if (count_miss(deal, row.side) >= misses_max) {
    Error expected_otherwise = error;
    expected_otherwise.kind = ErrorClass::precondition;
    return postpone(row, deal, expected_otherwise);
  }
  if (auto done = drop(row, false); !done) return done;
  deal.dirty = true;
  return pair_.store->update_deal(deal);
}

// A look-up shows that the write was not carried out.
Result<void> Settler::not_taken(OperationRow& row) {
  auto deal = deal_of(row);
  if (!deal) return deal.error();
  const auto kind = error_class_from(row.error_class);  // none where the process died before the answer
  if (!*deal || !kind || !missed_too_often(**deal, row.side) || !still_concerns(row, **deal)) return drop(row, true);
  Error error = make_error(*kind, row.error_message);
  error.rule = row.error_rule;
  return postpone(row, **deal, error);
}

// The deal is tried again by itself, later each time. Once that takes long, it is told as failed besides.
Result<void> Settler::postpone(OperationRow& row, DealRow& deal, const Error& error) {
  const Side side = row.side;
  int attempts = 0;
  if (const auto it = deal.marks.find(attempts_mark); it != deal.marks.end()) attempts = std::stoi(it->second);
  deal.marks[attempts_mark] = std::to_string(attempts + 1);
  const auto& s = pair_.settings;
  Duration wait{std::min(s.retry_longest.ms, s.retry_first.ms << std::min(attempts, 12))};
  // Who is asked to come later is not told a failure: a side that is down for hours asks so for every deal.
  const bool asked_to_wait = error.kind == ErrorClass::transient || error.kind == ErrorClass::throttled;
  const bool for_long = !asked_to_wait && wait >= s.retry_longest;
  if (error.not_before) wait = std::max(wait, *error.not_before - pair_.clock->now());
  const Instant again = pair_.clock->now() + wait;
  const std::string message = words::not_taken(pair_, side, error);
  if (for_long) {
    const bool is_news = !has_mark(deal, refused_until_mark(side));
    set_mark_time(deal, refused_until_mark(side), again);
    if (is_news) note_failure(deal, message);
    return refuse(row, deal, error, message);
  }
  if (auto done = drop(row, false); !done) return done;
  let_wait(deal, {side == Side::crm ? WaitFor::date : WaitFor::partner_center, name_of(error.kind), message,
                  "Tried again by itself after " + to_string_minutes(again) + " UTC.", again});
  return pair_.store->update_deal(deal);
}

Result<void> Settler::settle_failed(OperationRow& row, const Error& error, FailureIs failure) {
  row.error_class = name_of(error.kind);
  row.error_message = error.message;
  row.error_detail = error.detail;
  row.error_rule = error.rule;
  if (!error.request_id.empty()) row.request_id = error.request_id;
  auto found = deal_of(row);
  if (!found) return found.error();
  if (!*found) return drop(row, false);
  DealRow deal = **found;
  const bool may_have_arrived = error.kind == ErrorClass::unknown || error.kind == ErrorClass::bad_response;
  if (!may_have_arrived && !still_concerns(row, deal)) return drop(row, true);
  switch (error.kind) {
    case ErrorClass::forbidden:
      if (!error.of_one_record) {
        row.state = OperationState::planned;  // it is not the deal that the side refuses
        return pair_.store->update_operation(row);
      }
      [[fallthrough]];
    case ErrorClass::rejected:
    case ErrorClass::schema_drift: {
      const std::string message = words::refused(pair_, row.side, error);
      deal.marks.erase(refused_until_mark(row.side));
      note_failure(deal, message);
      return refuse(row, deal, error, message);
    }
    case ErrorClass::precondition:
    case ErrorClass::not_found:
      return miss(row, deal, error);
    case ErrorClass::unknown:
    case ErrorClass::bad_response:
      row.state = OperationState::unknown;
      row.not_before = pair_.clock->now() + pair_.settings.late_arrival;
      if (auto done = pair_.store->update_operation(row); !done) return done;
      if (failure == FailureIs::of_its_deal) {
        count_miss(deal, row.side);
        if (auto counted = pair_.store->update_deal(deal); !counted) return counted;
      }
      return note_outcome(row,
                          "No clear answer from " + pair_.title(row.side) + "; it is looked up before anything else");
    case ErrorClass::transient:
    case ErrorClass::throttled:
      if (row.attempts < attempts_max || error.kind == ErrorClass::throttled) {
        row.state = OperationState::planned;  // nothing was applied: the same write may go out again
        return pair_.store->update_operation(row);
      }
      return postpone(row, deal, error);
    case ErrorClass::auth_expired:
    case ErrorClass::config:
    case ErrorClass::cursor_invalid:
    case ErrorClass::cancelled:
      row.state = OperationState::planned;
      return pair_.store->update_operation(row);
    case ErrorClass::store_damaged:
    case ErrorClass::store_busy:
    case ErrorClass::guard:
    case ErrorClass::bug:
      break;
  }
  return drop(row, true);
}

bool Settler::is_moved(const DealRow& deal) const {
  const auto moved = [&](Side side, const std::string& record) {
    const auto records = moved_.find(side);
    return records != moved_.end() && records->second.count(record) > 0;
  };
  return moved(Side::crm, deal.crm.record_id) || moved(Side::partner_center, deal.partner_center.record_id);
}

bool Settler::any_is_moved() const {
  return std::any_of(moved_.begin(), moved_.end(), [](const auto& records) { return !records.second.empty(); });
}

Result<void> Settler::fetch_moved() {
  for (auto& entry : moved_) {
    if (entry.second.empty() || report_.stopped) continue;
    auto looked = look_up(pair_, run_, report_, options_, entry.first, {entry.second.begin(), entry.second.end()});
    if (!looked) return looked.error();
    if (*looked) entry.second.clear();
  }
  return {};
}

}  // namespace cosell::engine
