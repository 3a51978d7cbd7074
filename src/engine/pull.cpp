// Reading both sides.
#include "engine/pull.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <utility>

#include "engine/guard.h"
#include "engine/observe.h"

namespace cosell::engine {

namespace {

constexpr std::size_t small_page = 512;  // records; beside a larger one, the next would take much memory
constexpr int pages_max = 100'000;       // I-03

bool is_small(const Page& page) { return page.seen.size() <= small_page; }

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
  while (Reading* reading = next_to_store()) {
    if (pair_.stop_requested()) {
      report_.stopped = make_error(ErrorClass::cancelled, "Stopped as asked; nothing is lost.");
      return {};
    }
    if (auto done = reading->page ? keep_some(*reading) : take_page(*reading); !done) return done;
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
  ask(reading, reading.cursor);
  return {};
}

// In the background where the pair allows it, else when the page is waited for.
void Puller::ask(Reading& reading, const Cursor& cursor) const {
  PullRequest request;
  request.cursor = cursor;
  request.columns = pair_.mapping->columns_read();
  reading.asked = reading.reader.run([this, side = reading.side, request = std::move(request)] {
    Call call = pair_.call(side);
    return pair_.connector(side).pull(call, request);
  });
}

// The sides have their turns, also where pages come only when they are waited for.
Puller::Reading* Puller::next_to_store() {
  turn_ = 1 - turn_;
  const std::array<Reading*, 2> in_turn = {&readings_[1 - turn_], &readings_[turn_]};
  const bool any_page = readings_[0].page || readings_[1].page;
  const std::chrono::milliseconds patience(any_page ? 0 : 1);
  while (any_page || readings_[0].asked.valid() || readings_[1].asked.valid()) {
    for (Reading* reading : in_turn) {
      if (reading->page) return reading;
      if (!reading->asked.valid()) continue;
      if (reading->asked.wait_for(patience) != std::future_status::timeout) return reading;
    }
  }
  return nullptr;
}

// The next page is on its way while a small one is stored.
Result<void> Puller::take_page(Reading& reading) {
  auto page = std::exchange(reading.asked, {}).get();
  if (!page && page.error().kind == ErrorClass::cursor_invalid && !reading.restarted) {
    reading.restarted = reading.compared = true;
    reading.cursor = Cursor{};
    auto opened = pair_.store->transaction([&] { return reading.absence.open_listing(reading.side); });
    if (opened) ask(reading, reading.cursor);
    return opened;
  }
  if (!page) {
    side_is_down(reading.side, page.error());
    return {};
  }
  reading.page = *std::move(page);
  reading.kept = 0;
  reading.older_before = report_.observed[reading.side].older;
  const bool goes_on = !reading.page->caught_up && reading.page->next != reading.cursor;
  if (goes_on && is_small(*reading.page)) ask(reading, reading.page->next);
  return keep_some(reading);
}

Result<void> Puller::keep_some(Reading& reading) {
  const Side side = reading.side;
  const Page& page = *reading.page;
  const auto rows =
      std::span(page.seen).subspan(reading.kept).first(std::min(page.seen.size() - reading.kept, small_page));
  const bool last = reading.kept + rows.size() == page.seen.size();
  Observer observer(pair_, run_, options_.allow.count("restored") > 0);
  std::optional<GuardStop> restored;
  ObserveCounts counts = report_.observed[side];
  auto stored = pair_.store->transaction([&]() -> Result<void> {
    for (const auto& seen : rows) {
      if (auto taken = observer.take(side, seen, counts); !taken) return taken;
    }
    restored = check_restored(pair_, side, counts.older - reading.older_before, options_);
    if (restored) return restored->error;  // the page is read again
    return last && page.next != reading.cursor ? pair_.store->set_cursor(side, page.next) : Result<void>{};
  });
  if (restored) {
    stop_run(report_, *restored);
    leave(reading);
    return {};
  }
  if (!stored) return stored;
  report_.observed[side] = counts;
  if (reading.compared) {
    for (const auto& seen : rows) reading.absence.listed(seen);
  }
  reading.kept += rows.size();
  options_.progress({"Reading " + pair_.title(side), counts.seen, 0});
  return last ? go_on(reading) : Result<void>{};
}

// Behind a page that is stored; its memory is free before the next one comes.
Result<void> Puller::go_on(Reading& reading) {
  const Side side = reading.side;
  const bool was_small = is_small(*reading.page);
  const bool caught_up = reading.page->caught_up;
  Cursor next = std::move(reading.page->next);
  reading.page.reset();
  if (caught_up) {
    const bool other_is_down = report_.side_down && *report_.side_down != side;
    const bool may_compare = reading.compared && !options_.plan_only && (!report_.stopped || other_is_down);
    return may_compare ? reading.absence.compare(side) : Result<void>{};
  }
  const bool stands_still = next == reading.cursor;
  if (stands_still || ++reading.pages == pages_max) {
    const char* what = stands_still ? " gives the same page again and again." : " does not stop giving pages.";
    leave(reading);
    side_is_down(side, make_error(ErrorClass::bad_response, pair_.title(side) + what));
    return {};
  }
  reading.cursor = std::move(next);
  if (!was_small) ask(reading, reading.cursor);
  return {};
}

// The side is not read on in this run.
void Puller::leave(Reading& reading) {
  reading.page.reset();
  reading.asked = {};
}

// When both are, the CRM is the one to tell of, whichever was noticed first.
void Puller::side_is_down(Side side, const Error& error) {
  const bool other_is_down = report_.side_down && *report_.side_down != side;
  if (report_.stopped && !(other_is_down && side == Side::crm)) return;
  report_.stopped = error;
  report_.side_down = side;
}

}  // namespace cosell::engine
