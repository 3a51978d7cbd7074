// The read position of the referral listing: what is stored between two reads, and how it moves. Only server stamps
// that were really seen bound a read; our own clock is used for nothing but elapsed time.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>

#include "base/error.h"
#include "base/strong.h"
#include "base/time.h"
#include "connectors/partner_center/referral_wire.h"

namespace cosell::partner_center {

// One version of one row, 16 hex digits.
std::string fingerprint(const RowHead& row);

struct Position {
  std::string host;
  std::string organization;  // empty: no referral was seen yet

  // Rows stamped before `bound` were read for good. Empty: nothing was read, the listing is a full one.
  std::optional<Instant> bound;
  std::set<std::string> known;    // rows at or after `bound` that were delivered already
  std::optional<Instant> newest;  // the highest stamp seen
  Instant newest_at{};            // by our clock, when that stamp was first seen

  // A listing under way. It is read newest first, so its first page tells where the next one may stop.
  struct Listing {
    std::string next_query;  // of the next page; empty: the first page
    int pages = 0;
    std::string mark;  // an earlier page's query, to notice a circle
    int restarts = 0;
    std::set<std::string> done;  // rows of the next page that were delivered already
    Instant started{};
    std::optional<Instant> next_bound;
    std::optional<Instant> next_newest;
    Instant next_newest_at{};
    std::set<std::string> fresh;  // rows at or after next_bound
  };
  std::optional<Listing> listing;

  bool is_full() const { return !bound; }

  // Begins a listing; what may be left out next time is decided when the newest row's stamp is known.
  void open(Instant our_now);
  void first_page_shows(std::optional<Instant> highest_stamp, Duration overlap);
  // Ends it: the next listing stops at its bound.
  void close();
};

Cursor write_cursor(const Position& position);
// ErrorClass::cursor_invalid for a text that is no cursor of this version and host.
Result<Position> read_cursor(const Cursor& cursor, const std::string& host);

}  // namespace cosell::partner_center
