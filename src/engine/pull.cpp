// Reading both sides.
#include "engine/pull.h"

#include <chrono>
#include <string>
#include <utility>

#include "engine/guard.h"
#include "engine/observe.h"

namespace cosell::engine {

namespace {

constexpr std::size_t small_page = 512;  // records; beside a larger one, the next would take much memory
constexpr std::size_t ahead_max = 4;     // small pages
constexpr int pages_max = 100'000;       // I-03

}  // namespace

Puller::Puller(const Pair& pair, RunId run, CycleReport& report, const CycleOptions& options)
    : pair_(pair),
      run_(run),
      report_(report),
      options_(options),
      readings_{Reading(Side::crm, pair.flies_in_background, Absence(pair, run, report, options)),
                Reading(Side::partner_center, pair.flies_in_background, Absence(pair, run, report, options))} {}

Result<void> Puller::pull_all() {
  for (Reading& reading : readings_) {
    if (auto begun = begin(reading); !begun) return begun;
  }
  while (Reading* reading = next_page()) {
    if (pair_.stop_requested()) {
      report_.stopped = make_error(ErrorClass::cancelled, "Stopped as asked; nothing is lost.");
      return {};
    }
    if (auto taken = take(*reading); !taken) return taken;
  }
  return {};
}

Result<void> Puller::begin(Reading& reading) {
  auto stored = pair_.store->cursor(reading.side);
  if (!stored) return stored.error();
  const bool take_older = options_.allow.count("restored") > 0;
  auto open = reading.absence.listing_is_open(reading.side);
  if (!open) return open.error();
  if (!*open && !take_older) reading.cursor = *stored;
  reading.compared = *open || (take_older && !stored->empty());
  begin_asking(reading);
  return {};
}

// From where the side has been read to.
void Puller::begin_asking(Reading& reading) {
  for (auto& behind_the_last : reading.asked) behind_the_last.wait();
  reading.asked.clear();
  reading.asks_from = reading.cursor;
  reading.asks_on = true;
  ask_ahead(reading);
}

// In the background where the pair allows it, else when a page is waited for.
void Puller::ask_ahead(Reading& reading) {
  while (reading.asked.size() < ahead_max) {
    reading.asked.push_back(reading.reader.run([this, &reading] { return ask(reading); }));
  }
}

std::optional<Result<Page>> Puller::ask(Reading& reading) const {
  if (!reading.asks_on) return std::nullopt;
  PullRequest request;
  request.cursor = reading.asks_from;
  request.columns = pair_.mapping->columns_read();
  Call call = pair_.call(reading.side);
  auto page = pair_.connector(reading.side).pull(call, request);
  reading.asks_on = page && !page->caught_up && page->next != reading.asks_from && page->seen.size() <= small_page;
  if (page) reading.asks_from = page->next;
  return page;
}

// Pages that come only when they are waited for have their turns.
Puller::Reading* Puller::next_page() {
  turn_ = 1 - turn_;
  while (!readings_[0].asked.empty() || !readings_[1].asked.empty()) {
    for (Reading* reading : {&readings_[1 - turn_], &readings_[turn_]}) {
      if (reading->asked.empty()) continue;
      const auto state = reading->asked.front().wait_for(std::chrono::milliseconds(1));
      if (state != std::future_status::timeout) return reading;
    }
  }
  return nullptr;
}

// The next pages are on their way while small ones are stored.
Result<void> Puller::take(Reading& reading) {
  const Side side = reading.side;
  auto answer = reading.asked.front().get();
  reading.asked.pop_front();
  if (!answer) return {};
  Result<Page>& page = *answer;
  if (!page && page.error().kind == ErrorClass::cursor_invalid && !reading.restarted) {
    reading.restarted = reading.compared = true;
    reading.cursor = Cursor{};
    auto opened = pair_.store->transaction([&] { return reading.absence.open_listing(side); });
    if (opened) begin_asking(reading);
    return opened;
  }
  if (!page) {
    side_is_down(side, page.error());
    return {};
  }
  const bool stands_still = page->next == reading.cursor;
  const bool goes_on = !page->caught_up && !stands_still;
  const bool is_small = page->seen.size() <= small_page;
  if (goes_on && is_small) ask_ahead(reading);
  auto kept = keep(reading, *page);
  if (!kept) return kept.error();
  if (!*kept) {
    reading.asked.clear();
    return {};
  }
  if (reading.compared) {
    for (const auto& seen : page->seen) reading.absence.listed(seen);
  }
  options_.progress({"Reading " + pair_.title(side), report_.observed[side].seen, 0});
  if (page->caught_up) {
    const bool other_is_down = report_.side_down && *report_.side_down != side;
    const bool may_compare = reading.compared && !options_.plan_only && (!report_.stopped || other_is_down);
    return may_compare ? reading.absence.compare(side) : Result<void>{};
  }
  if (stands_still || ++reading.pages == pages_max) {
    const char* what = stands_still ? " gives the same page again and again." : " does not stop giving pages.";
    reading.asked.clear();
    side_is_down(side, make_error(ErrorClass::bad_response, pair_.title(side) + what));
    return {};
  }
  reading.cursor = std::move(page->next);
  if (!is_small) {
    *page = Page{};  // before the next one comes
    begin_asking(reading);
  }
  return {};
}

Result<bool> Puller::keep(const Reading& reading, const Page& page) {
  const Side side = reading.side;
  Observer observer(pair_, run_, options_.allow.count("restored") > 0);
  std::optional<GuardStop> restored;
  ObserveCounts counts = report_.observed[side];
  auto staged = pair_.store->transaction([&]() -> Result<void> {
    const auto older_before = counts.older;
    for (const auto& seen : page.seen) {
      if (auto taken = observer.take(side, seen, counts); !taken) return taken;
    }
    restored = check_restored(pair_, side, counts.older - older_before, options_);
    if (restored) return restored->error;  // nothing of this page is kept; it is read again
    return page.next == reading.cursor ? Result<void>{} : pair_.store->set_cursor(side, page.next);
  });
  if (restored) {
    stop_run(report_, *restored);
    return false;
  }
  if (!staged) return staged.error();
  report_.observed[side] = counts;
  return true;
}

// The first side that fails is the one to tell of.
void Puller::side_is_down(Side side, const Error& error) {
  if (report_.stopped) return;
  report_.stopped = error;
  report_.side_down = side;
}

}  // namespace cosell::engine
