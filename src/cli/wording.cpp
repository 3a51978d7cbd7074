// States, reasons and writes in words.
#include "cli/wording.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "engine/decide.h"
#include "engine/marks.h"
#include "engine/words.h"

namespace cosell::cli {

namespace {

using store::DealRow;
using store::DealState;
using store::StateCount;
using store::WaitFor;

const std::map<std::string, std::string>& reasons() {
  static const std::map<std::string, std::string> table = {
      {"not_selected", "not chosen for co-selling"},
      {"closed_before_first_sync", "closed before the first sync"},
      {"not_for_crm", "referrals that the mapping keeps out of the CRM"},
      {"other_location", "belongs to another location"},
      {"ignored_stage", "in a stage that the mapping leaves out"},
      {"deleted", "deleted"},
      {"closed", "closed"},
      {"out_of_scope", "no longer visible to the bridge"},
      {"not_found", "the other side's record was not found"},
      {"missing_field", "something that Partner Center needs is missing"},
      {"no_engagement", "help is wanted in a referral without an engagement"},
      {"needed", "something that Partner Center needs was emptied"},
      {"waiting_stage", "in the stage for deals from Microsoft, without a referral"},
      {"unknown-stage", "a stage that the mapping does not know"},
      {"no-write-back", "a value that the mapping cannot write to the CRM"},
      {"unreadable", "a value that the mapping cannot read"},
      {"hidden", "something that the CRM does not show to the bridge's user"},
      {"unknown-value", "a value that the mapping does not know"},
      {"bad-date", "a date that cannot be read"},
      {"bad-number", "an amount that cannot be read"},
      {"bad-value", "neither yes nor no"},
      {"no-column", "a field without a column in the CRM"},
      {"no-currency", "an amount without a currency"},
      {"other-currency", "an amount in a currency that the column does not hold"},
      {"unknown-currency", "a currency that is not known"},
      {"unknown-country", "a country that is not known"},
      {"checking", "a write without an answer, looked up first"},
      {"registration", "a registration that has to be corrected"},
      {"settling", "a step that cannot be taken back, after its waiting time"},
      {"early_won", "won too soon after its creation to be registered"},
      {"made_elsewhere", "of a type that is made in Partner Center only"},
      {"assessment", "an assessment that would leave out a stage, or ask Microsoft"},
      {"predecessor", "its opportunity has a newer referral"},
      {"left_as_is", "differs from its closed referral, and stays so as decided"},
      {"approval", "your approval of a step that cannot be taken back"},
      {"never", "a step that the configuration does not allow"},
      {"answer", "an answer to a deal that Microsoft sent"},
      {"conflict", "changed on both sides"},
      {"clone", "a copy of a synced opportunity"},
      {"doubtful_match", "perhaps the same deal as one on the other side"},
      {"named_elsewhere", "a referral that carries the id of an opportunity elsewhere"},
      {"unlinked", "taken apart by a person"},
      {"twin", "a second referral for one opportunity"},
      {"restored", "an older state than before, as after a restored backup"},
      {"made_before", "a record that was made for it before belongs to another deal"},
      {"customer_not_found", "no account for the customer"},
      {"customer_ambiguous", "several accounts for the customer"},
      {"fought_over", "changed back and forth by something else"},
      {"moved_back", "the stage moved back"},
      {"won_while_waiting", "won before it was accepted"},
      {"closed_differently", "closed differently on both sides"},
      {"reopened_in_crm", "open again although the referral is closed"},
      {"illegal_step", "a step that Partner Center does not have"},
      {"transient", "could not be reached; tried again by itself"},
      {"precondition", "not as expected each time it was written to; tried again by itself"},
      {"throttled", "asked to slow down; tried again by itself"},
      {"rejected", "refused"},
      {"forbidden", "not permitted"},
      {"unheeded", "taken without effect"},
  };
  return table;
}

// Where `todo` puts what waits for a reason; the others are warnings, of the mapping, or other things.
const std::map<std::string, std::string>& kinds_of_reasons() {
  static const std::map<std::string, std::string> table = {
      {"answer", "answer"},
      {"approval", "approval"},
      {"never", "approval"},
      {"conflict", "conflict"},
      {"missing_field", "missing"},
      {"needed", "missing"},
      {"clone", "link"},
      {"doubtful_match", "link"},
      {"named_elsewhere", "link"},
      {"twin", "link"},
      {"made_before", "link"},
      {"customer_not_found", "link"},
      {"customer_ambiguous", "link"},
      {"deleted", "link"},
      {"out_of_scope", "link"},
      {"not_found", "link"},
      {"moved_back", "held"},
      {"fought_over", "held"},
      {"won_while_waiting", "held"},
      {"closed_differently", "held"},
      {"reopened_in_crm", "held"},
      {"illegal_step", "held"},
      {"made_elsewhere", "held"},
      {"assessment", "held"},
      {"waiting_stage", "held"},
      {"restored", "held"},
      {"hidden", "held"},
      {"no_engagement", "held"},
      {"ignored_stage", "held"},
      {"registration", "registration"},
  };
  return table;
}

// A state as a line of `status` names it.
std::string state_text(const StateCount& s) {
  switch (s.state) {
    case DealState::skipped:
      return "skipped";
    case DealState::in_sync:
      return "in sync";
    case DealState::changed:
      return "changed (will sync)";
    case DealState::failed:
      return "failed";
    case DealState::waiting:
      break;
  }
  return "waiting for " + waits_for_text(s.waits_for);
}

}  // namespace

std::string reason_text(const std::string& reason) {
  const auto it = reasons().find(reason);
  return it == reasons().end() ? text::replace_all(text::replace_all(reason, "_", " "), "-", " ") : it->second;
}

std::string waits_for_text(WaitFor who) {
  switch (who) {
    case WaitFor::seller:
      return "the seller";
    case WaitFor::admin:
    case WaitFor::operator_:
      return "an admin";
    case WaitFor::microsoft:
      return "Microsoft";
    case WaitFor::date:
      return "a date";
    case WaitFor::partner_center:
      return "Partner Center";
    case WaitFor::nobody:
      break;
  }
  return "nobody";
}

const std::vector<std::string>& todo_kinds() {
  static const std::vector<std::string> kinds = {"failed",  "deadline", "answer",  "approval",    "conflict",
                                                 "missing", "link",     "mapping", "held",        "registration",
                                                 "warning", "guard",    "login",   "unreachable", "other"};
  return kinds;
}

const std::vector<std::string>& deal_kinds() {
  static const std::vector<std::string> kinds = [] {
    std::vector<std::string> of_deals = todo_kinds();
    std::erase_if(of_deals, [](const std::string& k) {
      return k == "deadline" || k == "guard" || k == "login" || k == "unreachable";
    });
    return of_deals;
  }();
  return kinds;
}

const std::vector<std::string>& known_reasons() {
  static const std::vector<std::string> known = [] {
    std::set<std::string> all;
    for (const auto& [reason, words] : reasons()) all.insert(reason);
    for (const auto& [reason, kind] : kinds_of_reasons()) all.insert(reason);
    return std::vector<std::string>(all.begin(), all.end());
  }();
  return known;
}

Result<std::optional<store::RunRow>> stopped_by_guard(store::Store& store) {
  constexpr int looked_at = 100;
  auto runs = store.runs(looked_at);
  if (!runs) return runs.error();
  for (const store::RunRow& run : *runs) {  // newest first
    const bool whole = run.command == "sync" || run.command == "run";
    // One that was asked to stop before its end lets nothing through.
    if (!whole || !run.finished_at || run.outcome == "stopped") continue;
    return run.outcome == "guard" ? std::optional<store::RunRow>(run) : std::nullopt;
  }
  return std::optional<store::RunRow>();
}

std::string todo_kind(const DealRow& row) {
  if (row.state == DealState::failed) return "failed";
  const auto it = kinds_of_reasons().find(row.reason);
  if (it != kinds_of_reasons().end()) return it->second;
  if (has_a_note(row)) return "warning";
  return row.waits_for == WaitFor::admin ? "mapping" : "other";
}

bool is_reason_of_kind(const std::string& reason, const std::string& kind) {
  const auto known = kinds_of_reasons().find(reason);
  return reason == kind || (known != kinds_of_reasons().end() && known->second == kind);
}

bool is_of_kind(const DealRow& row, const std::string& kind) {
  const auto reasons = engine::reasons_of(row);
  const auto is_of = [&](const std::string& reason) { return is_reason_of_kind(reason, kind); };
  return todo_kind(row) == kind || std::any_of(reasons.begin(), reasons.end(), is_of);
}

bool has_a_note(const DealRow& row) {
  return engine::has_mark(row, engine::warning_mark) || engine::has_mark(row, engine::answer_unread_mark);
}

bool is_a_person(WaitFor who) { return who == WaitFor::seller || who == WaitFor::admin || who == WaitFor::operator_; }

bool waits_for_a_person(const DealRow& row) {
  if (row.state == DealState::failed) return true;
  return row.state == DealState::waiting && is_a_person(row.waits_for);
}

std::string outcome_text(const store::RunRow& run, bool somebody_works) {
  if (run.outcome.empty()) {
    return somebody_works ? "under way" : "was killed, or the machine stopped; the next one takes up what it left";
  }
  if (run.outcome == "ok") return "went well";
  if (run.outcome == "failures") return "with failures";
  if (run.outcome == "unreachable") return "a side could not be used";
  if (run.outcome == "guard") return "stopped by a guard";
  return "stopped";
}

std::string write_text(const engine::Pair& pair, const std::string& kind, std::int64_t count) {
  const auto parts = text::split(kind, '.');
  if (parts.size() != 3) return grouped(count) + " " + kind;
  const bool create = parts[2] == "create";
  const std::string crm = pair.title(store::Side::crm);
  const std::string partner_center = pair.title(store::Side::partner_center);
  const bool one = count == 1;
  const std::string n = grouped(count) + " ";
  if (parts[1] == "referral") {
    return n +
           (create ? std::string(one ? "new referral" : "new referrals") + " in "
                   : std::string(one ? "referral" : "referrals") + " changed in ") +
           partner_center;
  }
  if (parts[1] == "microsoft_half") return n + (one ? "request" : "requests") + " for help to Microsoft";
  if (parts[1] == "registration") {
    return n + (one ? "registration" : "registrations") + (create ? " of won deals" : " corrected") + " in " +
           partner_center;
  }
  if (parts[1] == "opportunity") {
    return n +
           (create ? std::string(one ? "new opportunity" : "new opportunities") + " in "
                   : std::string(one ? "opportunity" : "opportunities") + " written in ") +
           crm;
  }
  if (parts[1] == "account") return n + (one ? "new account" : "new accounts") + " in " + crm;
  return n + parts[1] + " " + parts[2];
}

Style style_of(const DealRow& row) {
  switch (row.state) {
    case DealState::failed:
      return Style::bad;
    case DealState::waiting:
      return waits_for_a_person(row) ? Style::warning : Style::plain;
    case DealState::in_sync:
      return Style::good;
    case DealState::skipped:
      return Style::faint;
    case DealState::changed:
      break;
  }
  return Style::plain;
}

json::Value json_of(const std::map<std::string, std::int64_t>& counts) {
  Object o;
  for (const auto& [name, count] : counts) o.number(name, count);
  return o.done();
}

json::Value json_of(const DealRow& row) {
  Object o;
  o.text("deal", row.title).text("owner", row.owner);
  o.text("crm_id", row.crm.record_id).text("referral_id", row.partner_center.record_id);
  o.text("state", store::name_of(row.state));
  if (row.state == DealState::waiting) o.text("waits_for", store::name_of(row.waits_for));
  if (!row.reason.empty()) o.text("reason", row.reason);
  if (const auto others = engine::marked_records(row, engine::waits_too_mark); !others.empty()) {
    json::Value list = json::Value::array();
    for (const std::string& reason : others) list.append(json::Value::string(reason));
    o.value("other_reasons", std::move(list));
  }
  if (!row.message.empty()) o.text("message", row.message);
  if (!row.next_step.empty()) o.text("next_step", row.next_step);
  o.text("since", to_string_seconds(row.since));
  if (row.look_again_at) o.text("look_again_at", to_string_seconds(*row.look_again_at));
  return o.done();
}

json::Value json_of(const std::vector<StateCount>& states) {
  json::Value list = json::Value::array();
  for (const StateCount& s : states) {
    Object o;
    o.text("state", store::name_of(s.state));
    if (s.state == DealState::waiting) o.text("waits_for", store::name_of(s.waits_for));
    if (!s.reason.empty()) o.text("reason", s.reason);
    o.number("deals", s.deals);
    list.append(o.done());
  }
  return list;
}

json::Value json_of(const net::Calls& calls) {
  Object methods;
  for (const auto& [method, count] : calls.by_method) methods.number(method, static_cast<std::int64_t>(count));
  return Object()
      .number("total", static_cast<std::int64_t>(calls.total()))
      .value("by_method", methods.done())
      .number("logins", static_cast<std::int64_t>(calls.logins))
      .done();
}

void print_states(Output& output, const std::vector<StateCount>& states, const std::string& indent) {
  std::vector<StateCount> sorted = states;
  // An admin's choices and an admin's mapping are one line.
  const auto who = [](const StateCount& s) { return s.waits_for == WaitFor::operator_ ? WaitFor::admin : s.waits_for; };
  std::stable_sort(sorted.begin(), sorted.end(), [&](const StateCount& a, const StateCount& b) {
    return std::pair(a.state, who(a)) < std::pair(b.state, who(b));
  });
  Table table({"", ""});
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t end = i;
    std::int64_t total = 0;
    for (; end < sorted.size() && state_text(sorted[end]) == state_text(sorted[i]); ++end) total += sorted[end].deals;
    table.row({state_text(sorted[i]), grouped(total)});
    const bool plain = sorted[i].state == DealState::in_sync || sorted[i].state == DealState::changed;
    for (std::size_t k = i; k < end && !plain; ++k) {
      if (!sorted[k].reason.empty())
        table.row({"  " + reason_text(sorted[k].reason), grouped(sorted[k].deals)}, Style::faint);
    }
    i = end;
  }
  table.print(output, indent);
}

}  // namespace cosell::cli
