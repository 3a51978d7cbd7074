// Choices of people: found, kept as small facts of the deal, and laid over what the comparison decided.
#include "engine/resolve.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "engine/decide.h"
#include "engine/decided_by.h"
#include "engine/marks.h"
#include "engine/person.h"
#include "engine/words.h"
#include "store/codec.h"

namespace cosell::engine {

namespace {

using reconcile::Decision;
using reconcile::FieldDecision;
using reconcile::Reason;
using reconcile::Verdict;

bool reason_leaves_a_choice(Reason r) {
  switch (r) {
    case Reason::both_changed_ask:
    case Reason::first_link_ask:
    case Reason::moved_back:
    case Reason::closed_differently:
    case Reason::reopened_in_crm:
    case Reason::illegal_step:
    case Reason::won_while_waiting:
      return true;
    default:
      return false;
  }
}

bool waits_for_a_choice(const FieldDecision& d) {
  return d.verdict == Verdict::conflict || (d.verdict == Verdict::held && reason_leaves_a_choice(d.reason));
}

Result<Value> value_in(const Pair& pair, Side side, const json::Value& payload, const char* which, Field field) {
  const json::Value* number = payload.find(which);
  const auto id = number == nullptr ? std::nullopt : number->as_integer();
  if (!id || *id == 0) return Value{};
  auto columns = pair.store->image(ImageId(*id));
  if (!columns) return columns.error();
  if (side == Side::crm) return pair.mapping->read(*columns).deal.get(field);
  return referral_deal(*columns, {}).get(field);
}

// Walks the history of the deal once and keeps the last change of the field on each side, and whether the deal was
// decided on since.
Result<void> find_changes(const Pair& pair, DealId deal, OpenChoice& open) {
  std::int64_t after = 0;
  while (true) {
    auto entries = pair.store->history(deal, after, 500);
    if (!entries) return entries.error();
    if (entries->empty()) return {};
    after = entries->back().sequence;
    for (const auto& entry : *entries) {
      const bool decides = entry.kind == store::JournalKind::decided || entry.kind == store::JournalKind::waiting;
      if (decides) open.changed_since_decided = false;
      if (entry.kind != store::JournalKind::observed || entry.payload.empty()) continue;
      const auto payload = json::read(entry.payload);
      if (!payload) continue;
      const std::string name = payload->text_of("side");
      const bool crm = name == store::name_of(Side::crm);
      if (!crm && name != store::name_of(Side::partner_center)) continue;
      const Side side = crm ? Side::crm : Side::partner_center;
      auto before = value_in(pair, side, *payload, "before", open.field);
      if (!before) return before.error();
      auto now = value_in(pair, side, *payload, "after", open.field);
      if (!now) return now.error();
      if (same_value(*before, *now)) continue;
      open.changed_since_decided = true;
      (crm ? open.crm_changed : open.partner_center_changed) = LastChange{entry.at, *before, payload->text_of("by")};
    }
  }
}

Value chosen_value(const json::Value& choice) {
  const json::Value* stored = choice.find("value");
  if (stored == nullptr) return {};
  auto value = store::value_from_json(*stored);
  return value ? *value : Value{};
}

bool seen_was(const json::Value& choice, const char* side, const Value& now, const Value& chosen) {
  const json::Value* stored = choice.find(side);
  if (stored == nullptr) return false;
  auto seen = store::value_from_json(*stored);
  return seen && (same_value(*seen, now) || same_value(chosen, now));
}

// False: the choice is done, or the values are no longer those that it was made for.
bool apply_one(Field field, const json::Value& choice, const DealView& view, Decision& decision, store::DealRow& row) {
  const auto it = std::find_if(decision.fields.begin(), decision.fields.end(),
                               [field](const FieldDecision& d) { return d.field == field; });
  if (it == decision.fields.end()) return false;
  const Value chosen = chosen_value(choice);
  const Value& crm = view.crm.deal.get(field);
  const Value& referral = view.partner_center.get(field);
  if (!seen_was(choice, "crm", crm, chosen) || !seen_was(choice, "partner_center", referral, chosen)) return false;
  const bool to_partner_center = !same_value(referral, chosen);
  const bool to_crm = !same_value(crm, chosen);
  if (!to_partner_center && !to_crm) return false;
  FieldDecision decided{field, Verdict::to_partner_center, Reason::chosen_by_person, chosen, ""};
  const auto standing = view.partner_center.standing();
  const bool cannot_be_written = to_partner_center && standing && is_terminal(*standing);
  if (cannot_be_written && field == Field::standing) {
    row.marks[left_mark] = reconcile::name_of(it->reason);  // the difference stays, and is told
    return false;
  }
  if (cannot_be_written) decided.verdict = Verdict::ignored;
  if (!to_partner_center) decided.verdict = Verdict::to_crm;
  *it = decided;
  if (to_partner_center && to_crm) {
    decided.verdict = Verdict::to_crm;
    decision.fields.push_back(decided);  // a third value goes to both sides
  }
  return true;
}

std::string name_of_value(const Value& v) { return is_blank(v) ? "an empty value" : display(v); }

Error cannot(const std::string& message) { return make_error(ErrorClass::config, message); }

// Without the commas of thousands; empty when one stands elsewhere, where it may be meant as a decimal point.
std::string without_thousands(std::string_view number) {
  std::string out;
  const std::size_t point = std::min(number.find('.'), number.size());
  for (std::size_t i = 0; i < number.size(); ++i) {
    if (number[i] != ',') {
      out += number[i];
      continue;
    }
    const std::size_t next = std::min(number.find_first_of(",.", i + 1), number.size());
    if (i == 0 || i > point || next - i != 4) return "";
  }
  return out;
}

Result<Value> as_money(const std::string& written, const OpenChoice& open) {
  std::string number;
  std::string currency;
  for (const char c : written) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter) currency += static_cast<char>(c & ~0x20);
    if ((c >= '0' && c <= '9') || c == '.' || c == ',' || c == '-') number += c;
  }
  for (const Value* v : {&open.crm, &open.partner_center}) {
    const auto* money = std::get_if<Money>(v);
    if (currency.empty() && money != nullptr) currency = money->currency;
  }
  const auto amount = parse_number(without_thousands(number));
  const auto money = amount ? money_from(*amount, currency) : std::nullopt;
  // More decimals than the currency has: "8.500" is eight and a half thousand to many.
  const std::size_t decimals = number.find('.') == std::string::npos ? 0 : number.size() - number.find('.') - 1;
  const bool exact = decimals <= static_cast<std::size_t>(currency_exponent(currency).value_or(0));
  if (!money || !exact) {
    return cannot("\"" + written + "\" is no amount; write it as 8100 or \"8,100.50 EUR\".");
  }
  return Value{*money};
}

Result<Value> as_stage(const std::string& written) {
  std::string digits;
  for (const char c : written) {
    if (c >= '0' && c <= '9' && digits.size() < 4) digits += c;
  }
  for (const Stage s : {Stage::s10, Stage::s20, Stage::s40, Stage::s60, Stage::s80}) {
    if (digits == std::to_string(percent_of(s)) || text::equals_ignore_case(written, stage_title(s))) return Value{s};
  }
  return cannot("\"" + written + "\" is no stage of an open deal; write 10, 20, 40, 60 or 80.");
}

// What a person wrote, in the type of the field.
Result<Value> value_from(const std::string& written, const OpenChoice& open) {
  const auto of_type = [&](auto kind) {
    using T = decltype(kind);
    return std::holds_alternative<T>(open.crm) || std::holds_alternative<T>(open.partner_center);
  };
  if (of_type(Money{})) return as_money(written, open);
  if (open.field == Field::stage) return as_stage(written);
  if (of_type(Date{}) || of_type(Instant{})) {
    if (const auto date = parse_date(written)) return Value{*date};
    return cannot("\"" + written + "\" is no date; write it as 2026-11-30.");
  }
  if (of_type(std::string{})) return Value{written};
  return cannot(std::string("The ") + info(open.field).label +
                " cannot be written on the command line; take one side's value.");
}

Result<Value> target_of(const Pair& pair, const OpenChoice& open, const Choice& choice) {
  switch (choice.take) {
    case Take::crm:
      if (open.has_step_to_crm()) return open.crm;
      return cannot("Partner Center has no step from " + name_of_value(open.partner_center) + " to " +
                    name_of_value(open.crm) + ". Take partner-center, or move the opportunity in " +
                    pair.title(Side::crm) + " to a stage that can follow.");
    case Take::partner_center:
      return open.partner_center;
    case Take::value:
      break;
  }
  if (open.referral_closed) {
    return cannot("The referral is closed and cannot be changed any more; take crm or partner-center.");
  }
  return value_from(choice.value, open);
}

json::Value kept(const OpenChoice& open, const Value& target) {
  auto object = json::Value::object();
  object.set("value", store::to_json(target));
  object.set("crm", store::to_json(open.crm));
  object.set("partner_center", store::to_json(open.partner_center));
  return object;
}

std::string told_choice(const Pair& pair, const OpenChoice& open, const Choice& choice, const Value& target) {
  const std::string label = info(open.field).label;
  if (choice.take == Take::crm && open.referral_closed) {
    return label + ": both sides stay as they are; a closed referral cannot be changed";
  }
  std::vector<std::string> writes;
  if (!same_value(open.partner_center, target)) {
    writes.push_back(pair.title(Side::partner_center) + " gets it in place of " + name_of_value(open.partner_center));
  }
  if (!same_value(open.crm, target)) {
    writes.push_back(pair.title(Side::crm) + " gets it in place of " + name_of_value(open.crm));
  }
  return label + ": " + name_of_value(target) + "; " + text::join(writes, ", ");
}

// By which a command finds this deal and no other.
std::string id_of(const store::DealRow& row) {
  return row.crm.record_id.empty() ? row.partner_center.record_id : row.crm.record_id;
}

bool is_meant(const OpenChoice& open, const std::string& only, bool any_conflict) {
  if (only.empty()) return open.is_conflict() || !any_conflict;
  if (only == "conflict") return open.is_conflict();
  if (only == "held") return !open.is_conflict();
  return only == reconcile::name_of(open.reason);
}

Result<std::vector<OpenChoice>> chosen_fields(const Pair& pair, const store::DealRow& row, const Choice& choice) {
  auto open = open_choices(pair, row);
  if (!open) return open.error();
  if (open->empty()) return cannot(row.title + ": nothing waits for a choice.");
  if (choice.field) {
    std::erase_if(*open, [&](const OpenChoice& o) { return o.field != *choice.field; });
    if (open->empty()) {
      return cannot(row.title + ": the " + info(*choice.field).label +
                    " does not wait for a choice. See: cosell deals show " + id_of(row));
    }
  } else {
    const bool any_conflict =
        std::any_of(open->begin(), open->end(), [](const OpenChoice& o) { return o.is_conflict(); });
    std::erase_if(*open, [&](const OpenChoice& o) { return !is_meant(o, choice.only, any_conflict); });
    if (open->empty()) return cannot(row.title + ": nothing of that kind waits for a choice.");
    // What was read since the last decision was told to nobody, nor what another mapping makes of it.
    auto last = last_decided_by(*pair.store);
    if (!last) return last.error();
    if (last->mapping != pair.mapping->hash() || has_mark(row, untold_mark)) {
      return cannot(
          row.title +
          ": the mapping or a setting changed since the last sync told of this deal. First: cosell sync; then "
          "look again: cosell deals show " +
          id_of(row));
    }
    for (const OpenChoice& o : *open) {
      if (!row.dirty || !o.changed_since_decided) continue;
      return cannot(row.title + ": the " + info(o.field).label +
                    " changed since the last sync told of this deal. First: cosell sync; then look again: cosell deals "
                    "show " +
                    id_of(row));
    }
  }
  if (choice.take == Take::value && open->size() > 1) {
    std::vector<std::string> names;
    for (const OpenChoice& o : *open) names.emplace_back(info(o.field).name);
    return cannot(row.title + ": several fields wait; name one with --field: " + text::join(names, ", "));
  }
  return open;
}

std::string in_one_text(const std::vector<OpenChoice>& open) {
  auto list = json::Value::array();
  for (const OpenChoice& one : open) {
    auto object = json::Value::object();
    object.set("field", json::Value::string(info(one.field).name));
    object.set("crm", store::to_json(one.crm));
    object.set("partner_center", store::to_json(one.partner_center));
    list.append(std::move(object));
  }
  return text::sha256_hex(json::canonical(list));
}

}  // namespace

bool OpenChoice::has_step_to_crm() const {
  return reason != Reason::won_while_waiting && reason != Reason::illegal_step;
}

bool OpenChoice::is_conflict() const { return reason == Reason::both_changed_ask || reason == Reason::first_link_ask; }

bool can_be_chosen(const std::string& reason) {
  if (reason == "conflict") return true;
  for (const Reason r : {Reason::moved_back, Reason::closed_differently, Reason::reopened_in_crm, Reason::illegal_step,
                         Reason::won_while_waiting}) {
    if (reason == reconcile::name_of(r)) return true;
  }
  return false;
}

Result<std::vector<OpenChoice>> open_choices(const Pair& pair, const store::DealRow& row) {
  std::vector<OpenChoice> out;
  const auto shown = [](const store::SideState& s) {
    return !s.record_id.empty() && s.existence == store::Existence::live && s.image.valid();
  };
  if (!shown(row.crm) || !shown(row.partner_center)) return out;
  auto view = load_view(pair, row);
  if (!view) return view.error();
  store::DealRow undecided = row;
  std::erase_if(undecided.marks, [](const auto& mark) { return mark.first.rfind(choice_prefix, 0) == 0; });
  const auto decision = Decider(pair, RunId{}).compare(undecided, *view);
  const auto standing = view->partner_center.standing();
  for (const auto& d : decision.fields) {
    if (!waits_for_a_choice(d)) continue;
    OpenChoice open;
    open.field = d.field;
    open.reason = d.reason;
    open.rule = d.rule;
    open.crm = view->crm.deal.get(d.field);
    open.partner_center = view->partner_center.get(d.field);
    const Value* agreed = view->base_crm.find(d.field);
    if (agreed != nullptr) open.agreed = *agreed;
    open.referral_closed = standing && is_terminal(*standing);
    if (auto found = find_changes(pair, row.id, open); !found) return found.error();
    out.push_back(std::move(open));
  }
  return out;
}

std::string consequence(const Pair& pair, const OpenChoice& open, Take take) {
  if (take == Take::crm) {
    if (open.referral_closed || !open.has_step_to_crm()) return "";
    return name_of_value(open.crm) + " to " + pair.title(Side::partner_center);
  }
  return name_of_value(open.partner_center) + " to " + pair.title(Side::crm);
}

Result<std::string> what_is_open(const Pair& pair, const store::DealRow& row, const Choice& choice) {
  auto open = chosen_fields(pair, row, choice);
  if (!open) return open.error();
  return in_one_text(*open);
}

namespace {

// Nobody is asked any more for what was chosen; the next sync says what came of it.
Result<void> tell_that_all_is_chosen(const Pair& pair, store::DealRow& row) {
  if (!can_be_chosen(row.reason) || has_mark(row, waits_too_mark)) return {};
  const auto open = open_choices(pair, row);
  if (!open) return open.error();
  const bool all = std::all_of(open->begin(), open->end(), [&](const OpenChoice& one) {
    return has_mark(row, choice_prefix + info(one.field).name);
  });
  if (!all) return {};
  row.state = store::DealState::changed;
  row.waits_for = store::WaitFor::nobody;
  row.message = words::chosen();
  row.next_step = words::chosen_step(pair);
  return {};
}

}  // namespace

Result<Resolved> resolve(const Pair& pair, DealId deal, const Choice& choice, bool dry_run) {
  auto row = known_deal(*pair.store, deal);
  if (!row) return row.error();
  auto open = chosen_fields(pair, *row, choice);
  if (!open) return open.error();
  if (!choice.seen.empty() && choice.seen != in_one_text(*open)) {
    return cannot(row->title + ": somebody changed it after the choice was made. Look again: cosell deals show " +
                  id_of(*row));
  }
  Resolved resolved;
  resolved.deal = deal;
  resolved.title = row->title;
  std::vector<std::string> payloads;
  for (const OpenChoice& one : *open) {
    auto target = target_of(pair, one, choice);
    if (!target) return target.error();
    const json::Value mark = kept(one, *target);
    row->marks[choice_prefix + info(one.field).name] = json::canonical(mark);
    resolved.told.push_back(told_choice(pair, one, choice, *target));
    auto payload = mark;
    payload.set("field", json::Value::string(info(one.field).name));
    if (one.agreed) payload.set("agreed", store::to_json(*one.agreed));
    payload.set("reason", json::Value::string(reconcile::name_of(one.reason)));
    payloads.push_back(json::canonical(payload));
  }
  if (dry_run) return resolved;
  row->dirty = true;
  if (auto told = tell_that_all_is_chosen(pair, *row); !told) return told.error();
  auto done = pair.store->transaction([&]() -> Result<void> {
    if (auto updated = pair.store->update_deal(*row); !updated) return updated;
    for (std::size_t i = 0; i < payloads.size(); ++i) {
      if (auto noted = note_person(pair, deal, "Chosen: " + resolved.told[i], payloads[i]); !noted) return noted;
    }
    return {};
  });
  if (!done) return done.error();
  return resolved;
}

void apply_choices(store::DealRow& row, const DealView& view, Decision& decision) {
  for (auto it = row.marks.begin(); it != row.marks.end();) {
    if (it->first.rfind(choice_prefix, 0) != 0) {
      ++it;
      continue;
    }
    const auto field = field_from(it->first.substr(choice_prefix.size()));
    const auto choice = json::read(it->second);
    const bool holds = field && choice && apply_one(*field, *choice, view, decision, row);
    it = holds ? std::next(it) : row.marks.erase(it);
  }
  // A status that travels to the CRM takes its stage along, so that an open deal lands in the right one.
  const FieldDecision* standing = decision.of(Field::standing);
  const auto shown = view.partner_center.standing();
  const bool moves = standing != nullptr && standing->reason == Reason::chosen_by_person &&
                     standing->verdict == Verdict::to_crm && shown && shown->status == Status::active;
  if (!moves) return;
  for (FieldDecision& d : decision.fields) {
    if (d.field != Field::stage) continue;
    d = FieldDecision{Field::stage, Verdict::to_crm, Reason::chosen_by_person, view.partner_center.stage(), ""};
  }
}

}  // namespace cosell::engine
