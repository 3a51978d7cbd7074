// The cursor as compact JSON, and the rule by which it moves:
// a row may become visible late, at most `overlap` after its stamp. So a listing looks back `overlap` from the newest
// stamp that it knows, until `overlap` has passed on our clock since that stamp was first seen; then everything up to
// it is settled. A clock that jumps can shorten the look back, but never skips a stamp that was not seen.
#include "connectors/partner_center/referral_cursor.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace cosell::partner_center {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kFingerprintLength = 16;

std::optional<Instant> later(std::optional<Instant> a, std::optional<Instant> b) {
  if (!a || !b) return a ? a : b;
  return std::max(*a, *b);
}

void set_instant(json::Value& object, const char* name, std::optional<Instant> t) {
  if (t) object.set(name, json::Value::integer(t->ms));
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

// Fingerprints have one length, so they need no separators: a busy day makes thousands of them.
json::Value packed(const std::set<std::string>& prints) {
  std::string all;
  all.reserve(prints.size() * kFingerprintLength);
  for (const std::string& p : prints) all += p;
  return json::Value::string(std::move(all));
}

std::set<std::string> unpacked(const std::string& all) {
  std::set<std::string> prints;
  for (std::size_t i = 0; i + kFingerprintLength <= all.size(); i += kFingerprintLength) {
    prints.insert(prints.end(), all.substr(i, kFingerprintLength));
  }
  return prints;
}

json::Value listing_json(const Position::Listing& l) {
  json::Value v = json::Value::object();
  v.set("next", json::Value::string(l.next_query));
  v.set("pages", json::Value::integer(l.pages));
  v.set("mark", json::Value::string(l.mark));
  v.set("restarts", json::Value::integer(l.restarts));
  v.set("done", packed(l.done));
  v.set("started", json::Value::integer(l.started.ms));
  set_instant(v, "bound", l.next_bound);
  set_instant(v, "newest", l.next_newest);
  v.set("newest_at", json::Value::integer(l.next_newest_at.ms));
  v.set("fresh", packed(l.fresh));
  return v;
}

Position::Listing listing_from(const json::Value& v) {
  Position::Listing l;
  l.next_query = v.text_of("next");
  l.pages = figure_in(v, "pages");
  l.mark = v.text_of("mark");
  l.restarts = figure_in(v, "restarts");
  l.done = unpacked(v.text_of("done"));
  l.started = instant_in(v, "started").value_or(Instant{});
  l.next_bound = instant_in(v, "bound");
  l.next_newest = instant_in(v, "newest");
  l.next_newest_at = instant_in(v, "newest_at").value_or(Instant{});
  l.fresh = unpacked(v.text_of("fresh"));
  return l;
}

Error invalid_cursor(const std::string& why) {
  return make_error(ErrorClass::cursor_invalid, "The read position in Partner Center cannot be used: " + why +
                                                    " Everything is read again and compared.");
}

}  // namespace

std::string fingerprint(const RowHead& row) {
  const std::string version = row.etag.empty() ? std::to_string(row.updated.value_or(Instant{}).ms) : row.etag;
  return text::sha256_hex(row.id + "\n" + version).substr(0, kFingerprintLength);
}

void Position::open(Instant our_now) {
  listing = Listing{};
  listing->started = our_now;
}

void Position::first_page_shows(std::optional<Instant> highest_stamp, Duration overlap) {
  Listing& l = *listing;
  l.next_newest = later(newest, highest_stamp);
  l.next_newest_at = newest && l.next_newest == newest ? newest_at : l.started;
  const bool overlap_passed = newest && l.started - newest_at >= overlap;
  l.next_bound = later(bound, overlap_passed ? newest : std::nullopt);
  if (l.next_newest) l.next_bound = later(l.next_bound, *l.next_newest - overlap);
}

void Position::close() {
  bound = listing->next_bound;
  newest = listing->next_newest;
  newest_at = listing->next_newest_at;
  known = std::move(listing->fresh);
  listing.reset();
}

Cursor write_cursor(const Position& p) {
  json::Value v = json::Value::object();
  v.set("v", json::Value::integer(kVersion));
  v.set("host", json::Value::string(p.host));
  v.set("organization", json::Value::string(p.organization));
  set_instant(v, "bound", p.bound);
  set_instant(v, "newest", p.newest);
  v.set("newest_at", json::Value::integer(p.newest_at.ms));
  v.set("known", packed(p.known));
  if (p.listing) v.set("listing", listing_json(*p.listing));
  return Cursor(json::write(v));
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
  p.known = unpacked(v->text_of("known"));
  if (const json::Value* listing = v->find("listing")) p.listing = listing_from(*listing);
  return p;
}

}  // namespace cosell::partner_center
