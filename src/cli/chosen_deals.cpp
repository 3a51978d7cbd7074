// Choosing deals, and handing a command over.
#include "cli/chosen_deals.h"

#include "base/text.h"
#include "cli/exit.h"
#include "cli/find_deal.h"
#include "cli/inbox.h"
#include "store/file_lock.h"

namespace cosell::cli {

namespace {

using store::DealRow;

constexpr Duration answer_within = seconds(30);
constexpr Duration asked_every = milliseconds(200);

Result<std::optional<store::InboxItem>> answer_to(store::Store& store, std::int64_t id) {
  auto items = store.recent_inbox(200);
  if (!items) return items.error();
  for (store::InboxItem& item : *items) {
    if (item.id == id && item.done_at) return std::optional<store::InboxItem>(std::move(item));
  }
  return std::optional<store::InboxItem>{};
}

PairAnswer answered(Session& session, const PairConfig& config, const store::InboxItem& item, PairAnswer answer,
                    const std::string& where) {
  if (item.refused) {
    session.output.line("Refused " + where + " at " + to_string_minutes(*item.done_at) + " UTC.");
    answer.code = failed(session, &config, make_error(ErrorClass::config, item.answer)).code;
  } else {
    session.output.line("Done " + where + " at " + to_string_minutes(*item.done_at) + " UTC:");
    for (const std::string& line : text::split(item.answer, '\n')) session.output.line("  " + line);
  }
  answer.json.set("answer", json::Value::string(item.answer));
  answer.json.set("refused", json::Value::boolean(item.refused));
  return answer;
}

// Whoever had the store has ended without answering: it was no service, or was done with its inbox. What needs no login
// is done here; a replay is withdrawn.
Result<store::InboxItem> taken_back(Workplace& place, const std::string& command, const json::Value& arguments,
                                    std::int64_t id) {
  Result<CarriedOut> told = CarriedOut{"Not done: the cosell that worked on this pair has ended. Give it again.", true};
  if (command != "replay") told = carry_out(place, command, arguments);
  if (!told && told.error().kind == ErrorClass::store_damaged) return told.error();
  store::InboxItem item;
  item.id = id;
  item.done_at = place.pair().clock->now();
  item.answer = told ? told->text : told.error().message;
  item.refused = !told || told->refused;
  auto answered = place.store().transaction(
      [&] { return place.store().answer_inbox(id, item.answer, item.refused, *item.done_at); });
  if (!answered) return answered.error();
  return item;
}

}  // namespace

Result<std::vector<DealRow>> all_deals(store::Store& store, const std::function<bool(const DealRow&)>& which) {
  std::vector<DealRow> out;
  store::DealFilter filter;
  filter.include_skipped = false;
  while (true) {
    auto rows = store.deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) return out;
    filter.after = rows->back().id;
    for (DealRow& row : *rows) {
      if (which(row)) out.push_back(std::move(row));
    }
  }
}

Result<std::vector<DealRow>> named_deals(const engine::Pair& pair, const std::vector<std::string>& names) {
  std::vector<DealRow> out;
  for (const std::string& name : names) {
    auto row = find_deal(pair, name);
    if (!row) return row.error();
    out.push_back(std::move(*row));
  }
  return out;
}

std::vector<DealId> ids_of(const std::vector<DealRow>& rows) {
  std::vector<DealId> ids;
  for (const DealRow& row : rows) ids.push_back(row.id);
  return ids;
}

Object arguments_for(const std::vector<DealRow>& rows) {
  json::Value ids = json::Value::array();
  for (const DealRow& row : rows) ids.append(json::Value::integer(row.id.value));
  return std::move(Object().value("deals", std::move(ids)));
}

Result<bool> open_or_share(Workplace& place) {
  auto opened = place.open_store(StoreMode::exclusive, false);
  if (opened) return true;
  if (opened.error().kind != ErrorClass::store_busy) return opened.error();
  if (auto shared = place.open_store(StoreMode::shared, false); !shared) return shared.error();
  return false;
}

PairAnswer hand_over(Session& session, Workplace& place, const std::string& command, const json::Value& arguments,
                     std::size_t deals) {
  auto left = place.store().add_to_inbox(command, json::canonical(arguments), place.pair().clock->now());
  if (!left) return failed(session, &place.config(), left.error());
  session.output.line("Another cosell works on this pair; it was handed " +
                      (deals == 0 ? "this." : text::count_of(deals, "deal") + "."));
  PairAnswer answer;
  answer.json = Object().number("handed_over", static_cast<std::int64_t>(deals)).number("inbox_entry", *left).done();
  const auto told_there = [&](const store::InboxItem& item) {
    PairAnswer told = answered(session, place.config(), item, std::move(answer), "there");
    const auto code = exit_code_of_asked_sync(place.store(), item.id);
    if (code && *code) told.code = **code;
    return told;
  };
  SystemClock waiting;  // people wait in real time, also when the sandbox has a clock of its own
  // A sync takes as long as it takes, there as here.
  const Instant until = waiting.now() + (command == "sync" ? days(1) : answer_within);
  while (waiting.now() < until) {
    auto done = answer_to(place.store(), *left);
    if (!done) return failed(session, &place.config(), done.error());
    if (*done) return told_there(**done);
    if (!waiting.sleep_for(asked_every)) break;
    if (store::FileLock::holder(place.config().store) || !place.open_store(StoreMode::exclusive, false)) continue;
    done = answer_to(place.store(), *left);
    if (!done) return failed(session, &place.config(), done.error());
    if (*done) return told_there(**done);
    auto taken = taken_back(place, command, arguments, *left);
    if (!taken) return failed(session, &place.config(), taken.error());
    return answered(session, place.config(), *taken, std::move(answer), "here");
  }
  if (SystemClock::interrupted()) {
    session.output.line("No longer waited for; it is done there all the same. The answer: cosell inbox");
    answer.code = exit_interrupted;
    return answer;
  }
  session.output.line("It is busy and takes care of it after its present sync. The answer: cosell inbox");
  return answer;
}

PairAnswer carry_out_on_deal(Session& session, const PairConfig& config, const std::string& deal,
                             const DealCommand& command) {
  auto made = Workplace::make(session, config, Workplace::Login::not_needed);
  if (!made) return failed(session, &config, made.error());
  Workplace& place = **made;
  auto own = open_or_share(place);
  if (!own) return failed(session, &config, own.error());
  auto row = find_deal(place.pair(), deal);
  if (!row) return failed(session, &config, row.error());
  Object arguments = arguments_for({*row});
  if (command.complete) {
    if (auto done = command.complete(place.pair(), *row, arguments); !done)
      return failed(session, &config, done.error());
  }
  const json::Value all = arguments.done();
  if (!*own && !command.only_looks) return hand_over(session, place, command.name, all, 1);
  auto told = carry_out(place, command.name, all);
  if (!told) return failed(session, &config, make_error(ErrorClass::config, told.error().message));
  session.output.line(told->text);
  PairAnswer answer;
  answer.json.set("deal", json::Value::string(row->title));
  answer.json.set("done", json::Value::string(told->text));
  return answer;
}

}  // namespace cosell::cli
