// Reading one side, and both.
#include "engine/pull.h"

#include <memory>
#include <string>
#include <utility>

#include "engine/absence.h"
#include "engine/guard.h"
#include "engine/observe.h"
#include "engine/read_ahead.h"

namespace cosell::engine {

namespace {

constexpr int pages_max = 100'000;  // I-03

class Reading {
 public:
  struct Cycle {
    const Pair& pair;
    RunId run;
    CycleReport& report;
    const CycleOptions& options;
    const ReadingMoments& moments;
  };
  Reading(const Cycle& of, Side side)
      : pair_(of.pair),
        report_(of.report),
        options_(of.options),
        moments_(of.moments),
        side_(side),
        observer_(of.pair, of.run, of.options.allow.count("restored") > 0),
        absence_(of.pair, of.run, of.report, of.options),
        pages_(of.pair, side) {}

  // Asks for the first page.
  Result<void> begin();
  // Until the side has caught up.
  Result<void> finish();

 private:
  enum class Then : std::uint8_t { go_on, end };
  Result<Then> take(Result<Page> answer);
  // False: a guard stopped the run, and nothing of the page is kept.
  Result<bool> keep(const Page& page);

  const Pair& pair_;
  CycleReport& report_;
  const CycleOptions& options_;
  const ReadingMoments& moments_;
  const Side side_;
  Observer observer_;
  Absence absence_;
  Cursor cursor_;          // up to which the pages are kept
  bool compared_ = false;  // with what is known; not the very first listing: there is nothing to miss
  bool restarted_ = false;
  ReadAhead pages_;
};

Result<void> Reading::begin() {
  auto stored = pair_.store->cursor(side_);
  if (!stored) return stored.error();
  const bool take_older = options_.allow.count("restored") > 0;
  auto open = absence_.listing_is_open(side_);
  if (!open) return open.error();
  if (!*open && !take_older) cursor_ = *stored;
  compared_ = *open || (take_older && !stored->empty());
  pages_.begin(cursor_);
  return {};
}

Result<void> Reading::finish() {
  for (int page_number = 0; page_number < pages_max; ++page_number) {
    if (pair_.stop_requested()) {
      report_.stopped = make_error(ErrorClass::cancelled, "Stopped as asked; nothing is lost.");
      return {};
    }
    auto then = take(pages_.next());
    if (!then) return then.error();
    if (*then == Then::end) return {};
  }
  report_.side_is_down(side_,
                       make_error(ErrorClass::bad_response, pair_.title(side_) + " does not stop giving pages."));
  return {};
}

Result<Reading::Then> Reading::take(Result<Page> page) {
  if (!page && page.error().kind == ErrorClass::cursor_invalid && !restarted_) {
    if (auto checked = moments_.position_died(side_); !checked) return checked.error();
    if (!report_.may_look_at(side_)) return Then::end;
    restarted_ = compared_ = true;
    cursor_ = Cursor{};
    auto opened = pair_.store->transaction([&] { return absence_.open_listing(side_); });
    if (!opened) return opened.error();
    pages_.begin(cursor_);
    return Then::go_on;
  }
  if (!page) {
    report_.side_is_down(side_, page.error());
    return Then::end;
  }
  const bool stands_still = page->next == cursor_;
  auto kept = keep(*page);
  if (!kept) return kept.error();
  if (!*kept) return Then::end;
  if (compared_) {
    for (const auto& seen : page->seen) absence_.listed(seen);
  }
  options_.progress({"Reading " + pair_.title(side_), report_.observed[side_].seen, 0});
  if (page->caught_up) {
    if (compared_ && !report_.stopped && !options_.plan_only) {
      if (auto done = absence_.compare(side_); !done) return done.error();
    }
    return Then::end;
  }
  if (stands_still) {
    report_.side_is_down(
        side_, make_error(ErrorClass::bad_response, pair_.title(side_) + " gives the same page again and again."));
    return Then::end;
  }
  cursor_ = std::move(page->next);
  return Then::go_on;
}

Result<bool> Reading::keep(const Page& page) {
  std::optional<GuardStop> restored;
  ObserveCounts counts = report_.observed[side_];
  auto stored = pair_.store->transaction([&]() -> Result<void> {
    const auto older_before = counts.older;
    for (const auto& seen : page.seen) {
      if (auto taken = observer_.take(side_, seen, counts); !taken) return taken;
    }
    restored = check_restored(pair_, side_, counts.older - older_before, options_);
    if (restored) return restored->error;  // nothing of this page is kept; it is read again
    if (auto noted = note_gone(*pair_.store, counts.gone - report_.observed[side_].gone); !noted) return noted;
    return page.next == cursor_ ? Result<void>{} : pair_.store->set_cursor(side_, page.next);
  });
  if (restored) {
    stop_run(report_, *restored);
    return false;
  }
  if (!stored) return stored.error();
  report_.observed[side_] = counts;
  return true;
}

}  // namespace

Result<void> pull_both(const Pair& pair, RunId run, CycleReport& report, const CycleOptions& options,
                       const ReadingMoments& moments) {
  const Reading::Cycle cycle{pair, run, report, options, moments};
  const auto begin = [&](Side side) -> Result<std::unique_ptr<Reading>> {
    if (!report.may_look_at(side)) return std::unique_ptr<Reading>();
    auto reading = std::make_unique<Reading>(cycle, side);
    if (auto begun = reading->begin(); !begun) return begun.error();
    return reading;
  };
  auto crm = begin(Side::crm);
  if (!crm) return crm.error();
  auto partner_center = begin(Side::partner_center);
  if (!partner_center) return partner_center.error();
  if (*crm) {
    if (auto done = (*crm)->finish(); !done) return done;
  }
  crm->reset();  // and with it the memory of its pages
  if (auto done = moments.crm_is_read(); !done) return done;
  auto known = pair.store->cursor(Side::crm);
  if (!known) return known.error();
  if (known->empty() && report.down.count(Side::crm) > 0) return {};  // it comes first
  return *partner_center ? (*partner_center)->finish() : Result<void>{};
}

}  // namespace cosell::engine
