// The read position of the referral listing: what is stored between two reads, and how it moves (ADR 0018). A read is
// bounded by instants that the service gave; our own clock is used for nothing but elapsed time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/strong.h"
#include "base/time.h"
#include "connectors/partner_center/fingerprints.h"

namespace cosell::partner_center {

struct Position {
  std::string host;
  std::string organization;  // empty: no referral was seen yet

  // Rows stamped before `bound` were read for good. Empty: nothing was read, the listing is a full one.
  std::optional<Instant> bound;
  Fingerprints known;             // rows at or after `bound` that were delivered already
  std::optional<Instant> newest;  // the highest stamp seen
  Instant newest_at{};            // by our clock, when that stamp was first seen

  // A listing under way. It is read newest first, so its first page tells where the next one may stop.
  struct Listing {
    std::string next_query;  // of the next page; empty: the first page
    int pages = 0;
    std::string mark;   // an earlier page's query, to notice a circle
    Fingerprints done;  // rows of the next page that were delivered already
    Instant started{};
    std::optional<Instant> next_bound;
    std::optional<Instant> next_newest;
    Instant next_newest_at{};
    Fingerprints fresh;  // rows at or after next_bound
  };
  std::optional<Listing> listing;

  bool is_full() const { return !bound; }

  // Begins a listing; what may be left out next time is decided when its first page is there.
  void open(Instant our_now);
  struct FirstPage {
    std::optional<Instant> highest_stamp;  // empty: no rows
    // A time by the service's clock at which it had not looked the rows up yet; empty when it does not tell.
    std::optional<Instant> asked_at;
  };
  void first_page_shows(const FirstPage& page, Duration overlap);
  // Ends it: the next listing stops at its bound.
  void close();
};

Cursor write_cursor(const Position& position);
// ErrorClass::cursor_invalid for a text that is no cursor of this version and host.
Result<Position> read_cursor(const Cursor& cursor, const std::string& host);

}  // namespace cosell::partner_center
