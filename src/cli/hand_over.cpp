// Waiting for an answer, and no longer.
#include "cli/hand_over.h"

#include "base/text.h"
#include "cli/exit.h"
#include "cli/inbox.h"
#include "store/file_lock.h"

namespace cosell::cli {

namespace {

constexpr Duration asked_every = milliseconds(200);
constexpr Duration told_after = seconds(5);      // what it does instead
constexpr Duration answer_within = seconds(30);  // then it is left there; not of a sync
constexpr Duration sync_stuck_after = hours(1);  // without anything being stored

class HandedOver {
 public:
  HandedOver(Session& session, Workplace& place, std::int64_t entry, std::size_t deals)
      : session_(session), place_(place), entry_(entry) {
    answer_.json = Object().number("handed_over", static_cast<std::int64_t>(deals)).number("inbox_entry", entry).done();
  }

  PairAnswer wait(bool for_a_sync) {
    while (true) {
      auto item = entry();
      if (!item) return failed(session_, &place_.config(), item.error());
      if (item->done_at) return ended(*item, "there");
      if (auto done = look_at_holder(*item); !done) return failed(session_, &place_.config(), done.error());
      if (waited_for_stored_ >= sync_stuck_after) return stuck();
      if (!for_a_sync && waited() >= answer_within) return left_there();
      if (!waiting_.sleep_for(asked_every)) return interrupted();
      waited_.ms += asked_every.ms;
      const bool is_alone =
          !store::FileLock::holder(place_.config().store) && place_.open_store(StoreMode::exclusive, false).has_value();
      if (is_alone) return by_itself();
    }
  }

 private:
  Result<store::InboxItem> entry() {
    auto item = place_.store().inbox_item(entry_);
    if (!item) return item.error();
    if (!*item)
      return make_error(ErrorClass::config, "It was answered, and the answer was pruned before it could be shown.");
    return std::move(**item);
  }

  // By the looks: a machine that slept, or whose clock was set, has not waited meanwhile.
  Duration waited() const { return waited_; }

  // Whoever had the store has ended without answering: it was no service, or was done with its inbox.
  PairAnswer by_itself() {
    auto item = entry();
    if (item && item->done_at) return ended(*item, "there");
    if (item) {
      if (auto done = take_back(place_, *item); !done) return failed(session_, &place_.config(), done.error());
      item = entry();
    }
    if (!item) return failed(session_, &place_.config(), item.error());
    return ended(*item, "here");
  }

  PairAnswer ended(const store::InboxItem& item, const std::string& where) {
    Output& out = session_.output;
    const std::string when = where + " at " + to_string_minutes(*item.done_at) + " UTC";
    if (item.answer.refused) {
      out.line("Refused " + when + ".");
      if (out.for_people()) failed(session_, &place_.config(), make_error(ErrorClass::config, item.answer.text));
    } else {
      out.line("Done " + when + ":");
      for (const std::string& line : text::split(item.answer.text, '\n')) out.line("  " + line);
    }
    answer_.code = item.answer.exit_code;
    json::Value report = json::Value::object();
    if (const auto own = json::read(item.answer.report); own) report = *own;
    for (const json::Member& m : answer_.json.members()) report.set(m.key, m.value);
    answer_.json = std::move(report);
    return std::move(answer_);
  }

  // Tells once what it does instead, and keeps an eye on whether it does anything.
  Result<void> look_at_holder(const store::InboxItem& item) {
    auto stored = place_.store().stored_by_others();
    if (!stored) return stored.error();
    if (*stored != stored_) stored_after_ = waited_;
    stored_ = *stored;
    waited_for_stored_ = milliseconds(waited_.ms - stored_after_.ms);
    if (waited() < told_after) return {};
    if (!told_) {
      auto what = what_it_does(item);
      if (!what) return what.error();
      session_.output.line(place_.config().name + ": " + *what);
      session_.output.line("Ctrl-C ends the waiting" +
                           std::string(item.begun_at ? "; it is finished there all the same."
                                                     : " and withdraws this, as long as it is not begun."));
      told_ = true;
    }
    session_.output.progress("Waiting for " + to_string(seconds(waited().ms / 1000)) + "; it stored something " +
                             to_string(seconds(waited_for_stored_.ms / 1000)) + " ago");
    return {};
  }

  Result<std::string> what_it_does(const store::InboxItem& item) {
    if (item.begun_at) return "it works on this since " + to_string_minutes(*item.begun_at) + " UTC.";
    auto runs = place_.store().runs(1);
    if (!runs) return runs.error();
    if (runs->empty()) return std::string("it has not begun this yet, nor any sync.");
    const store::RunRow& last = runs->front();
    if (last.finished_at) {
      return "it has not begun this yet; its last sync ended at " + to_string_minutes(*last.finished_at) + " UTC.";
    }
    return "it is at sync " + std::to_string(last.id.value) + " (" + last.command + ") since " +
           to_string_minutes(last.started_at) + " UTC; this comes after it.";
  }

  PairAnswer left_there() {
    session_.output.line("It is busy and takes care of it after its present sync. The answer: cosell inbox");
    return std::move(answer_);
  }

  // True: it will not be done.
  Result<bool> withdrawn(const std::string& why) {
    const CarriedOut out = refusal(make_error(ErrorClass::cancelled, why));
    return place_.store().withdraw_from_inbox(
        entry_, {out.text, out.refused, out.exit_code, json::canonical(out.report)}, place_.pair().clock->now());
  }

  PairAnswer interrupted() {
    auto gone = withdrawn("Withdrawn by the person who gave it, before it was begun.");
    if (!gone) {
      session_.output.line("It could not be withdrawn and stays handed over. The answer: cosell inbox");
      return failed(session_, &place_.config(), gone.error());
    }
    auto item = entry();
    if (!*gone && item && item->done_at) return ended(*item, "there");
    session_.output.line(*gone ? "Withdrawn: it was not begun, and is not done."
                               : "No longer waited for. It was begun there and is finished there. The answer: "
                                 "cosell inbox");
    answer_.json.set("withdrawn", json::Value::boolean(*gone));
    answer_.code = exit_interrupted;
    return std::move(answer_);
  }

  PairAnswer stuck() {
    auto gone = withdrawn("Withdrawn, because nothing was stored for " + in_words(sync_stuck_after) + ".");
    if (!gone) return failed(session_, &place_.config(), gone.error());
    return failed(session_, &place_.config(),
                  make_error(ErrorClass::store_busy,
                             "The cosell that works on this pair stored nothing for " + in_words(sync_stuck_after) +
                                 " and seems to be stuck. " +
                                 (*gone ? "What was handed to it is withdrawn."
                                        : "It has begun what was handed to it; the answer: cosell inbox")));
  }

  Session& session_;
  Workplace& place_;
  const std::int64_t entry_;
  PairAnswer answer_;
  SystemClock waiting_;  // people wait in real time, also when the sandbox has a clock of its own
  Duration waited_{};
  std::int64_t stored_ = -1;
  Duration stored_after_{};
  Duration waited_for_stored_{};
  bool told_ = false;
};

}  // namespace

PairAnswer hand_over(Session& session, Workplace& place, const std::string& command, const json::Value& arguments,
                     std::size_t deals) {
  auto entry = place.store().add_to_inbox(command, json::canonical(arguments), place.pair().clock->now());
  if (!entry) return failed(session, &place.config(), entry.error());
  session.output.line("Another cosell works on this pair; it was handed " +
                      (deals == 0 ? "this." : text::count_of(deals, "deal") + "."));
  // A sync takes as long as it takes, there as here.
  return HandedOver(session, place, *entry, deals).wait(command == "sync");
}

}  // namespace cosell::cli
