// The inbox of a running service.
#include "cli/inbox.h"

#include <algorithm>

#include "base/text.h"
#include "cli/exit.h"
#include "cli/resolve_command.h"
#include "cli/wording.h"
#include "engine/approve.h"
#include "engine/replay.h"
#include "engine/resolve.h"
#include "store/codec.h"

namespace cosell::cli {

namespace {

constexpr const char* withdrawn = "Not done: the service that worked on this pair has ended. Give it again.";
const std::string sync_property = "inbox.sync";  // of the sync that was answered last

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

// A deal that cannot be resolved any more says so and does not keep the others from it.
Result<CarriedOut> carry_out_resolve(Workplace& place, const json::Value& arguments) {
  auto choice = choice_of(arguments.text_of("take"), arguments.text_of("field"), place.pair());
  if (!choice) return choice.error();
  choice->only = arguments.text_of("kind");
  CarriedOut out;
  std::vector<std::string> answers;
  for (const DealId id : deals_in(arguments)) {
    const json::Value* seen = of_deal(arguments, "seen", id);
    if (seen == nullptr) {
      return make_error(ErrorClass::config,
                        "The choice came without what it was made for. Look again: cosell todo, and choose once more.");
    }
    choice->seen = seen->text();
    auto resolved = engine::resolve(place.pair(), id, *choice, false);
    if (!resolved && resolved.error().kind == ErrorClass::store_damaged) return resolved.error();
    answers.push_back(resolved ? resolved->title + ": " + text::join(resolved->told, "; ") : resolved.error().message);
    out.refused = out.refused || !resolved;
  }
  out.text = text::join(answers, "\n");
  return out;
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
  return CarriedOut{text::join(answers, "\n"), exit_code_of(report->cycle) != exit_done};
}

// Nor does one that cannot be approved any more.
Result<CarriedOut> carry_out_approve(Workplace& place, const json::Value& arguments) {
  CarriedOut out;
  std::vector<std::string> answers;
  const json::Value* only_asked = arguments.find("only_asked");
  const auto which = only_asked != nullptr && only_asked->as_bool() ? engine::Approvable::asked_about
                                                                    : engine::Approvable::all_that_wait;
  for (const DealId id : deals_in(arguments)) {
    auto approved = engine::approve(place.pair(), id, which, meant_steps(arguments, id));
    if (!approved && approved.error().kind == ErrorClass::store_damaged) return approved.error();
    answers.push_back(approved ? approval_text(approved->title, approved->steps) : approved.error().message);
    out.refused = out.refused || !approved;
  }
  out.text = text::join(answers, "\n");
  return out;
}

Result<CarriedOut> done_or_refused(const Result<std::string>& told) {
  if (!told) return told.error();
  return CarriedOut{*told};
}

}  // namespace

Result<CarriedOut> carry_out(Workplace& place, const std::string& command, const json::Value& arguments) {
  const std::vector<DealId> deals = deals_in(arguments);
  if (command == "mapping-rollback") return done_or_refused(return_to_mapping(place, arguments.text_of("version")));
  if (command == "sync") return make_error(ErrorClass::config, withdrawn);
  if (deals.empty()) return make_error(ErrorClass::config, "No deal is named.");
  if (command == "replay") return carry_out_replay(place, deals);
  if (command == "approve") return carry_out_approve(place, arguments);
  if (command == "resolve") return carry_out_resolve(place, arguments);
  if (command == "link" || command == "unlink" || command == "match-none") {
    return done_or_refused(link_or_unlink(place.pair(), command, deals));
  }
  if (command == "restart" || command == "leave") {
    return done_or_refused(restart_or_leave(place.pair(), command, deals.front()));
  }
  if (command == "register") return done_or_refused(carry_out_register(place, arguments, deals.front()));
  if (command == "register-cancel") return done_or_refused(cancel_registration(place.pair(), deals.front()));
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
    if (item.command == "sync" && syncs == AskedSyncs::left) continue;
    const auto arguments = json::read(item.arguments);
    auto answer = carry_out(place, item.command, arguments ? *arguments : json::Value::object());
    const bool store_failed = !answer && (answer.error().kind == ErrorClass::store_damaged);
    if (store_failed) return answer.error();
    const std::string text = answer ? answer->text : answer.error().message;
    const bool refused = !answer || answer->refused;
    auto answered = place.store().transaction(
        [&] { return place.store().answer_inbox(item.id, text, refused, place.pair().clock->now()); });
    if (!answered) return answered;
    say(item.command + ": " + text);
  }
  return {};
}

Result<AskedSync> asked_sync(store::Store& store) {
  AskedSync asked;
  auto items = store.open_inbox();
  if (!items) return items.error();
  for (const store::InboxItem& item : *items) {
    if (item.command != "sync") continue;
    asked.entries.push_back(item.id);
    const auto arguments = json::read(item.arguments);
    const json::Value* names = arguments ? arguments->find("allow") : nullptr;
    if (names == nullptr) continue;
    for (const json::Value& name : names->items()) asked.allow.insert(name.text());
  }
  return asked;
}

Result<void> answer_sync(Workplace& place, const AskedSync& asked, const CarriedOut& answer, int exit_code) {
  if (asked.entries.empty()) return {};
  store::Store& store = place.store();
  return store.transaction([&]() -> Result<void> {
    json::Value entries = json::Value::array();
    for (const std::int64_t id : asked.entries) {
      auto done = store.answer_inbox(id, answer.text, answer.refused, place.pair().clock->now());
      if (!done) return done;
      entries.append(json::Value::integer(id));
    }
    return store.set_property(
        sync_property,
        json::canonical(Object().value("entries", std::move(entries)).number("exit_code", exit_code).done()));
  });
}

Result<void> withdraw_asked_syncs(Workplace& place) {
  const auto asked = asked_sync(place.store());
  if (!asked) return asked.error();
  return answer_sync(place, *asked, {withdrawn, true}, exit_usage);
}

Result<std::optional<int>> exit_code_of_asked_sync(store::Store& store, std::int64_t entry) {
  auto stored = store.property(sync_property);
  if (!stored) return stored.error();
  const auto last = json::read(stored->empty() ? "{}" : *stored);
  const json::Value* entries = last ? last->find("entries") : nullptr;
  const json::Value* code = last ? last->find("exit_code") : nullptr;
  if (entries == nullptr || code == nullptr) return std::optional<int>();
  const bool is_it = std::any_of(entries->items().begin(), entries->items().end(),
                                 [entry](const json::Value& one) { return one.as_integer() == entry; });
  return is_it ? std::optional<int>(static_cast<int>(code->as_integer().value_or(0))) : std::optional<int>();
}

CarriedOut told_cycle(Workplace& place, const engine::CycleReport& report) {
  std::vector<std::string> lines;
  std::vector<std::string> written;
  for (const auto& [kind, count] : report.done) written.push_back(write_text(place.pair(), kind, count));
  if (!written.empty()) lines.push_back("Written: " + text::join(written, ", "));
  for (const auto& f : report.failures) lines.push_back("Failed: " + f.title + ": " + f.message);
  if (report.stopped) lines.push_back(told_stop(place, report).message);
  if (lines.empty()) lines.emplace_back("Nothing was written.");
  return {text::join(lines, "\n"), report.stopped.has_value()};
}

}  // namespace cosell::cli
