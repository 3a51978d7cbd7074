// Pulls what changed on both sides, page by page, into the store: a page and the position behind it in one transaction
// (I-06). Both sides are read at the same time; the page that is there first is stored first, and a large one in
// pieces, with the position in the last of them, so that the other side goes on meanwhile.
#pragma once

#include <array>
#include <future>
#include <optional>

#include "engine/absence.h"
#include "engine/background.h"
#include "engine/cycle.h"
#include "engine/pair.h"

namespace cosell::engine {

class Puller {
 public:
  Puller(const Pair& pair, RunId run, CycleReport& report, const CycleOptions& options);

  // Until both sides have caught up. When one side is down the other one is still read, so that nothing is missed
  // (F-08); report.stopped says why.
  Result<void> pull_all();

 private:
  // A side that is being read.
  struct Reading {
    Reading(Side of, bool has_thread, Absence whole) : side(of), absence(std::move(whole)), reader(has_thread) {}

    const Side side;
    Cursor cursor;
    bool compared = false;  // with what is known; not the very first listing: there is nothing to miss
    bool restarted = false;
    int pages = 0;
    Absence absence;
    std::optional<Page> page;         // being stored
    std::size_t kept = 0;             // records of it
    std::int64_t older_before = 0;    // records that showed an older state, before this page
    std::future<Result<Page>> asked;  // without a page, none: the side is read, or cannot be read on
    Background reader;                // the last member, so that its work ends before the others go
  };

  Result<void> begin(Reading& reading);
  void ask(Reading& reading, const Cursor& cursor) const;
  Reading* next_to_store();
  Result<void> take_page(Reading& reading);
  Result<void> keep_some(Reading& reading);
  Result<void> go_on(Reading& reading);
  void leave(Reading& reading);
  void side_is_down(Side side, const Error& error);

  const Pair& pair_;
  RunId run_;
  CycleReport& report_;
  const CycleOptions& options_;
  std::array<Reading, 2> readings_;
  std::size_t turn_ = 0;  // whose page is looked for first
};

}  // namespace cosell::engine
