// The inbox of a running service.
#include "cli/inbox.h"

#include "base/text.h"
#include "cli/resolve_command.h"
#include "engine/approve.h"
#include "engine/replay.h"
#include "engine/resolve.h"
#include "store/codec.h"

namespace cosell::cli {

namespace {

// A deal that cannot be resolved any more says so and does not keep the others from it.
Result<std::string> work_off_resolve(Workplace& place, const store::InboxItem& item, const std::vector<DealId>& deals) {
  const auto arguments = json::read(item.arguments);
  auto choice = choice_of(arguments ? arguments->text_of("take") : "", arguments ? arguments->text_of("field") : "",
                          place.pair());
  if (!choice) return choice.error();
  std::vector<std::string> answers;
  for (const DealId id : deals) {
    auto resolved = engine::resolve(place.pair(), id, *choice, false);
    if (!resolved && resolved.error().kind == ErrorClass::store_damaged) return resolved.error();
    answers.push_back(resolved ? resolved->title + ": " + text::join(resolved->told, "; ") : resolved.error().message);
  }
  return text::join(answers, "\n");
}

Result<std::string> work_off_register(Workplace& place, const store::InboxItem& item, DealId deal) {
  if (item.command == "register-cancel") return cancel_registration(place.pair(), deal);
  const auto arguments = json::read(item.arguments);
  auto given = store::decode_columns(arguments ? arguments->text_of("registration") : "");
  if (!given) return given.error();
  return register_deal(place.pair(), deal, *given, true);
}

std::vector<DealId> deals_in(const std::string& arguments) {
  std::vector<DealId> deals;
  const auto parsed = json::read(arguments);
  const json::Value* list = parsed ? parsed->find("deals") : nullptr;
  if (list == nullptr) return deals;
  for (const json::Value& v : list->items()) {
    if (const auto id = v.as_integer()) deals.emplace_back(*id);
  }
  return deals;
}

Result<std::string> work_off(Workplace& place, const store::InboxItem& item) {
  const std::vector<DealId> deals = deals_in(item.arguments);
  std::vector<std::string> answers;
  if (item.command == "replay") {
    engine::CycleOptions options;
    options.command = "replay";
    auto report = engine::replay(place.pair(), deals, options);
    if (!report) return report.error();
    if (report->cycle.stopped) answers.push_back(report->cycle.stopped->message);
    for (const auto& one : report->deals) {
      answers.push_back(one.title + ": " + (one.already_done ? "already done" : one.after));
    }
  } else if (item.command == "approve") {
    for (const DealId id : deals) {
      auto approved = engine::approve(place.pair(), id);
      if (!approved) return approved.error();
      answers.push_back(approval_text(approved->title, approved->steps));
    }
  } else if (item.command == "link" || item.command == "unlink" || item.command == "match-none") {
    return link_or_unlink(place.pair(), item.command, deals);
  } else if (item.command == "mapping-rollback") {
    const auto arguments = json::read(item.arguments);
    return return_to_mapping(place, arguments ? arguments->text_of("version") : "");
  } else if (item.command == "restart" || item.command == "leave") {
    if (deals.empty()) return make_error(ErrorClass::config, "No deal is named.");
    return restart_or_leave(place.pair(), item.command, deals.front());
  } else if (item.command == "register" || item.command == "register-cancel") {
    if (deals.empty()) return make_error(ErrorClass::config, "No deal is named.");
    return work_off_register(place, item, deals.front());
  } else if (item.command == "resolve") {
    return work_off_resolve(place, item, deals);
  } else {
    answers.push_back("Unknown command \"" + item.command + "\".");
  }
  return text::join(answers, "\n");
}

}  // namespace

std::string approval_text(const std::string& title, const std::vector<Irreversible>& steps) {
  if (steps.empty()) return title + ": waits for no approval";
  std::vector<std::string> labels;
  for (const Irreversible step : steps) labels.push_back(label_of(step));
  return title + ": approved to " + text::join(labels, ", ");
}

Result<void> work_off_inbox(Workplace& place, const std::function<void(const std::string&)>& say) {
  auto items = place.store().open_inbox();
  if (!items) return items.error();
  for (const store::InboxItem& item : *items) {
    auto answer = work_off(place, item);
    const bool store_failed = !answer && (answer.error().kind == ErrorClass::store_damaged);
    if (store_failed) return answer.error();
    const std::string text = answer ? *answer : answer.error().message;
    auto answered =
        place.store().transaction([&] { return place.store().answer_inbox(item.id, text, place.pair().clock->now()); });
    if (!answered) return answered;
    say(item.command + ": " + text);
  }
  return {};
}

}  // namespace cosell::cli
