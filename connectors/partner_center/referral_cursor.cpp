// The cursor as compact JSON, and the rule by which it moves:
// a row may become visible late, at most `overlap` after its stamp. So what is stamped `overlap` before a listing began
// is settled by that listing, and the next one looks back to there only. When the listing began is told by the
// service's own clock. Where it does not tell, the newest stamp stands for it, until `overlap` has passed on our clock
// since that stamp was first seen. A wrong clock can shorten the look back, but never skips a stamp that was not seen:
// the bound stays at or before the newest one.
#include "connectors/partner_center/referral_cursor.h"

#include <algorithm>

#include "base/json_text.h"
#include "base/text.h"

namespace cosell::partner_center {
namespace {

constexpr std::int64_t kVersion = 2;

std::optional<Instant> later(std::optional<Instant> a, std::optional<Instant> b) {
  if (!a || !b) return a ? a : b;
  return std::max(*a, *b);
}

void set_instant(json::ObjectText& object, const char* name, std::optional<Instant> t) {
  if (t) object.integer(name, t->ms);
}

std::optional<Instant> instant_in(const json::Value& object, const char* name) {
  const json::Value* v = object.find(name);
  const std::optional<std::int64_t> ms = v != nullptr ? v->as_integer() : std::nullopt;
  if (!ms) return std::nullopt;
  return Instant{*ms};
}

int figure_in(const json::Value& object, const char* name) {
  const json::Value* v = object.find(name);
  const std::optional<std::int64_t> n = v != nullptr ? v->as_integer() : std::nullopt;
  return n && *n >= 0 && *n <= 1'000'000'000 ? static_cast<int>(*n) : 0;
}

std::string listing_text(const Position::Listing& l) {
  json::ObjectText v;
  v.text("next", l.next_query);
  v.integer("pages", l.pages);
  v.text("mark", l.mark);
  v.text("done", l.done.packed());
  v.integer("started", l.started.ms);
  set_instant(v, "bound", l.next_bound);
  set_instant(v, "newest", l.next_newest);
  v.integer("newest_at", l.next_newest_at.ms);
  v.text("fresh", l.fresh.packed());
  return std::move(v).object();
}

Position::Listing listing_from(const json::Value& v) {
  Position::Listing l;
  l.next_query = v.text_of("next");
  l.pages = figure_in(v, "pages");
  l.mark = v.text_of("mark");
  l.done = Fingerprints::unpacked(v.text_of("done"));
  l.started = instant_in(v, "started").value_or(Instant{});
  l.next_bound = instant_in(v, "bound");
  l.next_newest = instant_in(v, "newest");
  l.next_newest_at = instant_in(v, "newest_at").value_or(Instant{});
  l.fresh = Fingerprints::unpacked(v.text_of("fresh"));
  return l;
}

Error invalid_cursor(const std::string& why) {
  return make_error(ErrorClass::cursor_invalid, "The read position in Partner Center cannot be used: " + why +
                                                    " Everything is read again and compared.");
}

}  // namespace

void Position::open(Instant our_now) {
  listing = Listing{};
  listing->started = our_now;
}

void Position::first_page_shows(const FirstPage& page, Duration overlap) {
  Listing& l = *listing;
  l.next_newest = later(newest, page.highest_stamp);
  l.next_newest_at = newest && l.next_newest == newest ? newest_at : l.started;
  l.next_bound = bound;
  if (!l.next_newest) return;
  // A service that is ahead of us by much is not believed: looking back too little is what loses a change.
  if (page.asked_at && *page.asked_at <= l.started + Duration{overlap.ms / 2}) {
    l.next_bound = later(bound, std::min(*l.next_newest, *page.asked_at - overlap));
    return;
  }
  const bool overlap_passed = newest && l.started - newest_at >= overlap;
  l.next_bound = later(bound, overlap_passed ? newest : std::nullopt);
  l.next_bound = later(l.next_bound, *l.next_newest - overlap);
}

void Position::close() {
  bound = listing->next_bound;
  newest = listing->next_newest;
  newest_at = listing->next_newest_at;
  known = std::move(listing->fresh);
  listing.reset();
}

Cursor write_cursor(const Position& p) {
  json::ObjectText v;
  v.integer("v", kVersion);
  v.text("host", p.host);
  v.text("organization", p.organization);
  set_instant(v, "bound", p.bound);
  set_instant(v, "newest", p.newest);
  v.integer("newest_at", p.newest_at.ms);
  v.text("known", p.known.packed());
  if (p.listing) v.member("listing") += listing_text(*p.listing);
  return Cursor(std::move(v).object());
}

Result<Position> read_cursor(const Cursor& cursor, const std::string& host) {
  Position p;
  p.host = host;
  if (cursor.empty()) return p;
  const auto v = json::read(cursor.value);
  if (!v || !v->is_object()) return invalid_cursor("it is damaged.");
  const json::Value* version = v->find("v");
  if (version == nullptr || version->as_integer() != kVersion) return invalid_cursor("it is of another version.");
  if (v->text_of("host") != host) return invalid_cursor("it belongs to " + v->text_of("host") + ".");
  p.organization = v->text_of("organization");
  p.bound = instant_in(*v, "bound");
  p.newest = instant_in(*v, "newest");
  p.newest_at = instant_in(*v, "newest_at").value_or(Instant{});
  p.known = Fingerprints::unpacked(v->text_of("known"));
  if (const json::Value* listing = v->find("listing")) p.listing = listing_from(*listing);
  return p;
}

}  // namespace cosell::partner_center
