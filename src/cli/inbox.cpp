// The inbox of a running service.
#include "cli/inbox.h"

#include "base/text.h"
#include "cli/resolve_command.h"
#include "cli/wording.h"
#include "store/codec.h"

namespace cosell::cli {

namespace {

// What is answered where nobody is left to do it as it was meant.
CarriedOut not_done(const store::InboxItem& item) {
  if (!item.begun_at) {
    return refusal(
        make_error(ErrorClass::config, "Not done: the cosell that worked on this pair has ended. Give it again."));
  }
  CarriedOut broken_off =
      refusal(make_error(ErrorClass::config,
                         "Broken off before it could tell what came of it. Nothing is lost; what it wrote: cosell "
                         "journal syncs. Give it again."));
  broken_off.exit_code = exit_failures;
  return broken_off;
}

// It writes to both sides, and is no transaction.
bool is_a_sync(const store::InboxItem& item) { return item.command == "sync" || item.command == "replay"; }

std::vector<DealId> deals_in(const json::Value& arguments) {
  std::vector<DealId> deals;
  const json::Value* list = arguments.find("deals");
  if (list == nullptr) return deals;
  for (const json::Value& v : list->items()) {
    if (const auto id = v.as_integer()) deals.emplace_back(*id);
  }
  return deals;
}

const json::Value* of_deal(const json::Value& arguments, const char* name, DealId deal) {
  const json::Value* deals = arguments.find(name);
  return deals == nullptr ? nullptr : deals->find(std::to_string(deal.value));
}

// What the person saw that the deal waits for; nothing when that was not handed over.
std::optional<std::vector<Irreversible>> meant_steps(const json::Value& arguments, DealId deal) {
  const json::Value* names = of_deal(arguments, "steps", deal);
  if (names == nullptr) return std::nullopt;
  std::vector<Irreversible> steps;
  for (const Irreversible step : irreversible_steps) {
    for (const json::Value& name : names->items()) {
      if (name.text() == name_of(step)) steps.push_back(step);
    }
  }
  return steps;
}

// What is said of several deals, one after the other.
class Told {
 public:
  void deal(const std::string& text) { lines_.push_back(text); }
  void deal(const std::string& text, json::Value json) {
    deal(text);
    list_.append(std::move(json));
  }
  void refused(int exit_code) {
    out_.refused = true;
    out_.exit_code = worse(out_.exit_code, exit_code);
  }
  CarriedOut all() {
    out_.text = text::join(lines_, "\n");
    out_.report.set("deals", std::move(list_));
    return std::move(out_);
  }

 private:
  std::vector<std::string> lines_;
  json::Value list_ = json::Value::array();
  CarriedOut out_;
};

// A deal that cannot be resolved any more says so and does not keep the others from it.
Result<CarriedOut> carry_out_resolve(Workplace& place, const json::Value& arguments) {
  auto choice = choice_of(arguments.text_of("take"), arguments.text_of("field"), place.pair());
  if (!choice) return choice.error();
  choice->only = arguments.text_of("kind");
  Told told;
  for (const DealId id : deals_in(arguments)) {
    const json::Value* seen = of_deal(arguments, "seen", id);
    if (seen == nullptr) {
      return make_error(ErrorClass::config,
                        "The choice came without what it was made for. Look again: cosell todo, and choose once more.");
    }
    choice->seen = seen->text();
    auto resolved = engine::resolve(place.pair(), id, *choice, false);
    if (!resolved && resolved.error().kind == ErrorClass::store_damaged) return resolved.error();
    if (resolved) {
      told.deal(resolved->title + ": " + text::join(resolved->told, "; "), json_of(*resolved));
    } else {
      told.deal(resolved.error().message);
      told.refused(exit_code_of(resolved.error().kind));
    }
  }
  return told.all();
}

Result<std::string> carry_out_register(Workplace& place, const json::Value& arguments, DealId deal) {
  auto given = store::decode_columns(arguments.text_of("registration"));
  if (!given) return given.error();
  const json::Value* only_looks = arguments.find("only_looks");
  return register_deal(place.pair(), deal, *given, only_looks == nullptr || !only_looks->as_bool());
}

// What was not sent, or refused again, is not done.
Result<CarriedOut> carry_out_replay(Workplace& place, const std::vector<DealId>& deals) {
  if (auto apart = place.keeps_apart(); !apart) return apart.error();
  engine::CycleOptions options;
  options.command = "replay";
  auto report = engine::replay(place.pair(), deals, options);
  if (!report) return report.error();
  std::vector<std::string> answers;
  if (report->cycle.stopped) answers.push_back(report->cycle.stopped->message);
  for (const auto& one : report->deals) {
    answers.push_back(one.title + ": " + (one.already_done ? "already done" : one.after));
  }
  CarriedOut out;
  out.text = text::join(answers, "\n");
  out.exit_code = exit_code_of(report->cycle);
  out.refused = out.exit_code != exit_done;
  if (report->cycle.stopped) out.report.set("error", json_of(*report->cycle.stopped));
  out.report.set("deals", json_of(report->deals));
  return out;
}

// Nor does one that cannot be approved any more.
Result<CarriedOut> carry_out_approve(Workplace& place, const json::Value& arguments) {
  Told told;
  const json::Value* only_asked = arguments.find("only_asked");
  const auto which = only_asked != nullptr && only_asked->as_bool() ? engine::Approvable::asked_about
                                                                    : engine::Approvable::all_that_wait;
  for (const DealId id : deals_in(arguments)) {
    auto approved = engine::approve(place.pair(), id, which, meant_steps(arguments, id));
    if (!approved && approved.error().kind == ErrorClass::store_damaged) return approved.error();
    if (approved) {
      told.deal(approval_text(approved->title, approved->steps), json_of(*approved));
      continue;
    }
    const auto row = place.store().deal(id);
    const std::string title = row && *row ? (*row)->title : "";
    told.deal(approved.error().message, Object().text("deal", title).text("error", approved.error().message).done());
    told.refused(exit_code_of(approved.error().kind));
  }
  return told.all();
}

Result<CarriedOut> carry_out_rollback(Workplace& place, const std::string& version) {
  auto told = return_to_mapping(place, version);
  if (!told) return told.error();
  CarriedOut out;
  out.text = *told;
  out.report.set("version", json::Value::string(short_version(version)));
  return out;
}

// A refusal names the deal and the reason; it is a matter of what was asked for.
Result<CarriedOut> done_or_refused(const Result<std::string>& told) {
  if (!told && told.error().kind == ErrorClass::store_damaged) return told.error();
  if (!told) return make_error(ErrorClass::config, told.error().message);
  CarriedOut out;
  out.text = *told;
  out.report.set("done", json::Value::string(*told));
  return out;
}

Result<CarriedOut> carry_out_on_one(Workplace& place, const std::string& command, const json::Value& arguments,
                                    DealId deal) {
  const auto row = place.store().deal(deal);
  if (!row) return row.error();
  const auto told = [&]() -> Result<std::string> {
    if (command == "register") return carry_out_register(place, arguments, deal);
    if (command == "register-cancel") return cancel_registration(place.pair(), deal);
    return restart_or_leave(place.pair(), command, deal);
  }();
  auto out = done_or_refused(told);
  if (!out || !*row) return out;
  out->report = Object().text("deal", (*row)->title).text("done", out->text).done();
  return out;
}

store::InboxAnswer answer_of(const CarriedOut& out) {
  return {out.text, out.refused, out.exit_code, json::canonical(out.report)};
}

// Another opening of the store may put it right; the entry stays open until then.
bool keeps_entry_open(const Error& e) {
  return e.kind == ErrorClass::store_damaged || e.kind == ErrorClass::store_busy;
}

// Begins the entry, does what it takes and answers it in one transaction. Nothing: it was answered or withdrawn
// already.
Result<std::optional<CarriedOut>> in_one_transaction(Workplace& place, const store::InboxItem& item,
                                                     const std::function<Result<CarriedOut>()>& work) {
  std::optional<CarriedOut> out;
  auto done = place.store().transaction([&]() -> Result<void> {
    const Instant now = place.pair().clock->now();
    auto begun = place.store().begin_inbox(item.id, now);
    if (!begun) return begun.error();
    if (!*begun) return {};
    auto told = work();
    if (!told) return told.error();
    out = std::move(*told);
    return place.store().answer_inbox(item.id, answer_of(*out), now);
  });
  if (!done) return done.error();
  return out;
}

Result<std::optional<CarriedOut>> withdraw(Workplace& place, const store::InboxItem& item) {
  return in_one_transaction(place, item, [&]() -> Result<CarriedOut> { return not_done(item); });
}

Result<std::optional<CarriedOut>> work_off(Workplace& place, const store::InboxItem& item) {
  const auto parsed = json::read(item.arguments);
  const json::Value arguments = parsed ? *parsed : json::Value::object();
  const auto work = [&] { return carry_out(place, item.command, arguments); };
  if (!is_a_sync(item)) {
    auto out = in_one_transaction(place, item, work);
    if (out || keeps_entry_open(out.error())) return out;
    return in_one_transaction(place, item, [&]() -> Result<CarriedOut> { return refusal(out.error()); });
  }
  auto begun = place.store().begin_inbox(item.id, place.pair().clock->now());
  if (!begun) return begun.error();
  if (!*begun) return std::optional<CarriedOut>();
  auto told = work();
  if (!told && keeps_entry_open(told.error())) return told.error();
  return in_one_transaction(place, item, [&]() -> Result<CarriedOut> { return told ? *told : refusal(told.error()); });
}

}  // namespace

CarriedOut refusal(const Error& why) {
  return {why.message, exit_code_of(why.kind), Object().value("error", json_of(why)).done(), true};
}

json::Value json_of(const engine::Approved& approved) {
  json::Value steps = json::Value::array();
  for (const Irreversible step : approved.steps) steps.append(json::Value::string(name_of(step)));
  return Object().text("deal", approved.title).value("approved", std::move(steps)).done();
}

json::Value json_of(const engine::Resolved& resolved) {
  json::Value chosen = json::Value::array();
  for (const std::string& line : resolved.told) chosen.append(json::Value::string(line));
  return Object().text("deal", resolved.title).value("chosen", std::move(chosen)).done();
}

json::Value json_of(const std::vector<engine::Replayed>& deals) {
  json::Value list = json::Value::array();
  for (const auto& one : deals) {
    list.append(Object()
                    .text("deal", one.title)
                    .text("before", one.before)
                    .text("after", one.after)
                    .number("writes", one.writes)
                    .flag("already_done", one.already_done)
                    .done());
  }
  return list;
}

Result<CarriedOut> carry_out(Workplace& place, const std::string& command, const json::Value& arguments) {
  const std::vector<DealId> deals = deals_in(arguments);
  if (command == "mapping-rollback") return carry_out_rollback(place, arguments.text_of("version"));
  if (deals.empty()) return make_error(ErrorClass::config, "No deal is named.");
  if (command == "replay") return carry_out_replay(place, deals);
  if (command == "approve") return carry_out_approve(place, arguments);
  if (command == "resolve") return carry_out_resolve(place, arguments);
  if (command == "link" || command == "unlink" || command == "match-none") {
    return done_or_refused(link_or_unlink(place.pair(), command, deals));
  }
  if (command == "restart" || command == "leave" || command == "register" || command == "register-cancel") {
    return carry_out_on_one(place, command, arguments, deals.front());
  }
  return make_error(ErrorClass::config, "Unknown command \"" + command + "\".");
}

std::string approval_text(const std::string& title, const std::vector<Irreversible>& steps) {
  if (steps.empty()) return title + ": waits for no approval";
  std::vector<std::string> labels;
  for (const Irreversible step : steps) labels.push_back(label_of(step));
  return title + ": approved to " + text::join(labels, ", ");
}

Result<void> work_off_inbox(Workplace& place, AskedSyncs syncs, const std::function<void(const std::string&)>& say) {
  auto items = place.store().open_inbox();
  if (!items) return items.error();
  for (const store::InboxItem& item : *items) {
    const bool asked_sync = item.command == "sync";
    if (asked_sync && syncs == AskedSyncs::left) continue;
    auto out = asked_sync ? withdraw(place, item) : work_off(place, item);
    if (!out) return out.error();
    if (*out) say(item.command + ": " + (*out)->text);
  }
  return {};
}

Result<void> take_back(Workplace& place, const store::InboxItem& item) {
  auto out = is_a_sync(item) ? withdraw(place, item) : work_off(place, item);
  if (!out) return out.error();
  return {};
}

Result<AskedSync> begin_asked_sync(Workplace& place) {
  AskedSync asked;
  auto items = place.store().open_inbox();
  if (!items) return items.error();
  for (const store::InboxItem& item : *items) {
    if (item.command != "sync") continue;
    if (item.begun_at) {  // its sync broke off; what was let through holds for no other
      if (auto out = withdraw(place, item); !out) return out.error();
      continue;
    }
    auto begun = place.store().begin_inbox(item.id, place.pair().clock->now());
    if (!begun) return begun.error();
    if (!*begun) continue;
    asked.entries.push_back(item.id);
    const auto arguments = json::read(item.arguments);
    const json::Value* names = arguments ? arguments->find("allow") : nullptr;
    if (names == nullptr) continue;
    for (const json::Value& name : names->items()) asked.allow.insert(name.text());
  }
  return asked;
}

Result<void> answer_sync(Workplace& place, const AskedSync& asked, const CarriedOut& answer) {
  if (asked.entries.empty()) return {};
  return place.store().transaction([&]() -> Result<void> {
    for (const std::int64_t id : asked.entries) {
      auto done = place.store().answer_inbox(id, answer_of(answer), place.pair().clock->now());
      if (!done) return done;
    }
    return {};
  });
}

Result<void> withdraw_asked_syncs(Workplace& place) {
  auto items = place.store().open_inbox();
  if (!items) return items.error();
  for (const store::InboxItem& item : *items) {
    if (item.command != "sync") continue;
    if (auto done = withdraw(place, item); !done) return done.error();
  }
  return {};
}

CarriedOut told_cycle(Workplace& place, const engine::CycleReport& report) {
  std::vector<std::string> lines;
  std::vector<std::string> written;
  for (const auto& [kind, count] : report.done) written.push_back(write_text(place.pair(), kind, count));
  if (!written.empty()) lines.push_back("Written: " + text::join(written, ", "));
  for (const auto& f : report.failures) lines.push_back("Failed: " + f.title + ": " + f.message);
  if (report.stopped) lines.push_back(told_stop(place, report).message);
  if (lines.empty()) lines.emplace_back("Nothing was written.");
  if (!place.mapping_choice().refused.empty()) lines.push_back(other_mapping_note(place));
  return {text::join(lines, "\n"), exit_code_of_sync(place, report), json_of(place, report),
          report.stopped.has_value()};
}

}  // namespace cosell::cli
