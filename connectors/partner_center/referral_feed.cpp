// The descending read: newest changes first, stopping at the first row that was read for good. Rows move only to the
// top while a listing is read, so a page may show a row twice but cannot lose one that the next read will not find.
// A filter by time only spares the service rows below that end: what is delivered is decided here all the same.
#include "connectors/partner_center/referral_feed.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace cosell::partner_center {
namespace {

constexpr const char* kNewestChangesFirst = "$orderby=updatedDateTime%20desc";
constexpr const char* kNewestFirst = "$orderby=createdDateTime%20desc";
constexpr const char* kOldestFew = "$orderby=createdDateTime%20asc&$top=10";
constexpr std::size_t kLongestQuery = 16'384;
constexpr int kMostPages = 1'000'000;
constexpr int kMostRestarts = 3;
constexpr int kMostRowsPerPull = 500;  // of a few kilobytes each; a larger piece would only hold more memory
constexpr int kMostPagesPerPull = 50;  // however few rows are new on them: a long read is stored piece by piece

// `answer`: an Answer or the Rows of one.
template <class Read>
Error not_as_expected(const Read& answer, const std::string& what) {
  Error e =
      make_error(ErrorClass::bad_response, "Partner Center sent " + what + " in answer to " + answer.request + ".");
  e.request_id = answer.request_id;
  return e;
}

template <class Read>
Error bad_list(const Read& answer, const std::string& what) {
  return not_as_expected(answer, "a list of referrals that " + what);
}

// The query of a next link, whatever stands before it: the service prints links with http, without /engagements, and
// now and then without '?'.
std::optional<std::string> query_of_link(const std::string& link) {
  std::size_t at = link.find('?');
  at = at == std::string::npos ? link.find("$skiptoken=") : at + 1;
  if (at == std::string::npos) return std::nullopt;
  std::string query = link.substr(at, link.find('#', at) - at);
  const bool sound = !query.empty() && query.size() <= kLongestQuery &&
                     std::all_of(query.begin(), query.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!sound) return std::nullopt;
  return query;
}

bool newest_change_first(const Rows& rows) {
  std::optional<Instant> above;
  for (const Rows::Row& row : rows.rows) {
    if (above && row.head.updated && *row.head.updated > *above) return false;
    if (row.head.updated) above = row.head.updated;
  }
  return true;
}

std::optional<Instant> highest_stamp(const Rows& rows) {
  for (const Rows::Row& row : rows.rows) {
    if (row.head.updated) return row.head.updated;
  }
  return std::nullopt;
}

// Notices a circle of next links within three rounds of it, remembering a single earlier link (Brent).
bool goes_round(Position::Listing& listing, const std::string& next_query) {
  if (next_query == listing.mark || next_query == listing.next_query || listing.pages >= kMostPages) return true;
  const bool power_of_two = (listing.pages & (listing.pages - 1)) == 0;
  if (power_of_two) listing.mark = next_query;
  return false;
}

bool page_token_died(const Error& e) { return e.http_status == 400 || e.http_status == 404 || e.http_status == 410; }

}  // namespace

std::string of_engagement(const std::string& id, bool quoted) {
  const std::string literal = quoted ? "'" + text::replace_all(id, "'", "''") + "'" : id;
  return "$filter=" + text::percent_encode("engagementId eq " + literal);
}

std::string changes_since(Instant from, bool quoted) {
  // In whole seconds, before the bound: how a service compares fractions of a second is not documented.
  const std::string time = to_string_seconds(from - seconds(1));
  const std::string filter = "updatedDateTime ge " + (quoted ? "'" + time + "'" : time);
  return std::string(kNewestChangesFirst) + "&$filter=" + text::percent_encode(filter);
}

Result<Rows> read_rows(Answer answer) {
  Rows rows;
  rows.request = answer.request;
  rows.request_id = answer.request_id;
  rows.body = std::move(answer.body);
  const json::Value* list = rows.body.find("value");
  if (list == nullptr || !list->is_array()) return bad_list(rows, "holds no referrals");
  rows.rows.reserve(list->items().size());
  for (const json::Value& v : list->items()) {
    std::optional<RowHead> head = read_head(v);
    if (!head) return bad_list(rows, "has a row without an id");
    rows.rows.push_back({std::move(*head), &v});
  }
  const json::Value* link = rows.body.find("@odata.nextLink");
  if (link == nullptr || link->is_null()) return rows;
  const std::optional<std::string> query = query_of_link(link->text());
  if (!query) return bad_list(rows, "goes on at a link without a page token");
  rows.next_query = *query;
  return rows;
}

Result<RowHead> read_single(const Answer& answer) {
  std::optional<RowHead> head = read_head(answer.body);
  if (!head) return not_as_expected(answer, "something else than a referral");
  return *std::move(head);
}

Result<Rows> Feed::list(Call& call, const std::string& query) {
  const Instant sent = call.clock.now();
  Result<Answer> answer = client_.read(call, "?" + query);
  if (!answer) return answer.error();
  // The answer is dated when it leaves; the rows may have been looked up as early as the request was sent.
  const Duration under_way = std::max(call.clock.now() - sent, Duration{0});
  const std::optional<Instant> date = answer->date;
  Result<Rows> rows = read_rows(std::move(*answer));
  if (rows && date) rows->asked_at = *date - under_way;
  return rows;
}

Observation Feed::observe(const Rows::Row& row, Whose owner) const {
  return owner == Whose::microsoft ? read_microsoft_half(*row.referral, row.head)
                                   : read_referral(*row.referral, row.head, settings_.link_template);
}

Result<Organization> Feed::ask_organization(Call& call) {
  Result<Rows> oldest = list(call, kOldestFew);
  if (!oldest) return oldest.error();
  for (const Rows::Row& row : oldest->rows) {
    if (row.head.organization_id.empty() || whose(row.head, "") == Whose::microsoft) continue;
    return Organization{row.head.organization_id, row.referral->text_of("organizationName")};
  }
  return Organization{};
}

Result<Organization> Feed::organization(Call& call) {
  if (organization_) return *organization_;
  Result<Organization> asked = ask_organization(call);
  if (!asked) return asked;
  if (!settings_.organization_id.empty() && asked->id != settings_.organization_id) {
    asked = Organization{settings_.organization_id, ""};
  }
  // An account without referrals is asked again: its owner shows with the first one.
  if (!asked->id.empty()) organization_ = *asked;
  return asked;
}

Result<std::string> Feed::owner(Call& call) {
  if (!settings_.organization_id.empty()) return settings_.organization_id;
  if (!owner_.empty()) return owner_;
  const Result<Organization> asked = organization(call);
  if (!asked) return asked.error();
  return owner_ = asked->id;
}

// Whose rows these are. A position whose owner does not occur among the newest rows belongs to another account.
Result<void> Feed::settle_organization(Call& call, Position& position, const Rows& first_page) {
  if (!settings_.organization_id.empty()) {
    position.organization = settings_.organization_id;
    return {};
  }
  bool any_partner = false;
  for (const Rows::Row& row : first_page.rows) {
    if (row.head.organization_id.empty() || whose(row.head, "") == Whose::microsoft) continue;
    any_partner = true;
    if (row.head.organization_id == position.organization) return {};
  }
  if (!any_partner) return {};
  Result<Organization> owner = ask_organization(call);
  if (!owner) return owner.error();
  if (position.organization.empty()) {
    position.organization = owner->id;
    organization_ = *owner;
  } else if (!owner->id.empty() && owner->id != position.organization) {
    return make_error(ErrorClass::cursor_invalid,
                      "The read position in Partner Center belongs to another organisation. Everything is read again "
                      "and compared.");
  }
  return {};
}

// Takes up to `room` new rows of one page; sets `reached_end` at the first row that was read for good.
void Feed::deliver(const Rows& rows, Position& position, std::size_t room, Page& page, bool& reached_end, bool& cut) {
  Position::Listing& listing = *position.listing;
  for (const Rows::Row& row : rows.rows) {
    if (position.bound && row.head.updated && *row.head.updated < *position.bound) {
      reached_end = true;
      return;
    }
    const Whose owner = whose(row.head, position.organization);
    if (owner == Whose::others) continue;
    const std::uint64_t print = fingerprint(row.head);
    if (!listing.fresh.contains(print) && !listing.done.contains(print) && !position.known.contains(print)) {
      if (page.seen.size() >= room) {
        cut = true;
        return;
      }
      page.seen.push_back(observe(row, owner));
      listing.done.remember(print);
    }
    const bool looked_at_again = listing.next_bound && row.head.updated && *row.head.updated >= *listing.next_bound;
    if (looked_at_again) listing.fresh.remember(print);
  }
}

// The first page of what changed at or after `bound`. A filter that is refused is not tried again.
Result<Rows> Feed::newest_changes(Call& call, std::optional<Instant> bound) {
  using Filter = PartnerCenterSettings::ChangesFilter;
  if (bound && settings_.changes_filter != Filter::none && !changes_filter_refused_) {
    Result<Rows> changed = list(call, changes_since(*bound, settings_.changes_filter == Filter::quoted));
    if (changed || changed.error().http_status != 400) return changed;
    changes_filter_refused_ = true;
  }
  return list(call, kNewestChangesFirst);
}

// Reads one page. True: the listing is complete.
Result<bool> Feed::pull_page(Call& call, Position& position, std::size_t room, Page& page) {
  Position::Listing& listing = *position.listing;
  const bool first = listing.next_query.empty();
  Result<Rows> rows = first ? newest_changes(call, position.bound) : list(call, listing.next_query);
  if (!rows) {
    if (first || !page_token_died(rows.error()) || restarts_ >= kMostRestarts) return rows.error();
    // The page token died: from the top again, up to the same bound.
    ++restarts_;
    position.open(call.clock.now());
    return false;
  }
  if (!newest_change_first(*rows)) return bad_list(*rows, "is not in the order that was asked for");
  if (first) {
    Result<void> settled = settle_organization(call, position, *rows);
    if (!settled) return settled.error();
    owner_ = position.organization;
    position.first_page_shows({highest_stamp(*rows), rows->asked_at}, settings_.read_overlap);
  }
  bool reached_end = false;
  bool cut = false;
  deliver(*rows, position, room, page, reached_end, cut);
  if (cut) return false;
  if (reached_end || rows->next_query.empty()) return true;
  ++listing.pages;
  if (goes_round(listing, rows->next_query)) return bad_list(*rows, "goes round in a circle");
  listing.next_query = rows->next_query;
  listing.done.clear();
  return false;
}

// The position of the page before, when that is the one asked for: a long one need not be read from its text then.
Result<Position> Feed::position_at(const Cursor& cursor) {
  std::optional<LeftOff> last = std::exchange(left_off_, std::nullopt);
  if (last && last->cursor == cursor) return std::move(last->position);
  return read_cursor(cursor, client_.host());
}

Result<Page> Feed::pull(Call& call, const PullRequest& request) {
  Result<Position> read = position_at(request.cursor);
  if (!read) return read.error();
  Position position = std::move(*read);
  const std::string& configured = settings_.organization_id;
  if (!configured.empty() && !position.organization.empty() && position.organization != configured) {
    return make_error(ErrorClass::cursor_invalid,
                      "The read position in Partner Center belongs to another organisation than the configured one. "
                      "Everything is read again and compared.");
  }
  if (!position.listing) position.open(call.clock.now());
  const auto room = static_cast<std::size_t>(std::clamp(request.page_limit, 1, kMostRowsPerPull));
  Page page;
  page.full_listing = position.is_full();
  std::size_t largest = 0;
  for (int pages = 0; pages < kMostPagesPerPull; ++pages) {
    const std::size_t before = page.seen.size();
    Result<bool> complete = pull_page(call, position, room, page);
    if (!complete) {
      // What came before the failure is kept; the next pull meets the failure itself.
      if (before != 0) break;
      // Whoever asks again after the error, with the position of before, begins anew as well.
      restarts_ = 0;
      return complete.error();
    }
    page.caught_up = *complete;
    largest = std::max(largest, page.seen.size() - before);
    if (page.caught_up || page.seen.size() + largest > room || !position.listing->done.empty()) break;
  }
  if (page.caught_up) {
    position.close();
    restarts_ = 0;
  }
  page.next = write_cursor(position);
  if (!page.caught_up) left_off_ = LeftOff{page.next, std::move(position)};
  return page;
}

Result<std::vector<Observation>> Feed::created_since(Call& call, Instant from, const Wanted& wanted) {
  const Result<std::string> our = owner(call);
  if (!our) return our.error();
  std::vector<Observation> found;
  Position::Listing walk;
  for (;;) {
    const Instant asked = call.clock.now();
    Result<Rows> rows = list(call, walk.next_query.empty() ? kNewestFirst : walk.next_query);
    if (!rows) return rows.error();
    // `from` is told by this machine's clock, and the rows by that of the service (F-67).
    if (walk.pages == 0 && rows->asked_at) from = std::min(from, *rows->asked_at - (asked - from));
    for (const Rows::Row& row : rows->rows) {
      if (row.head.created && *row.head.created < from) return found;
      if (whose(row.head, *our) == Whose::ours && wanted(row.head)) found.push_back(observe(row, Whose::ours));
    }
    if (rows->next_query.empty()) return found;
    if (++walk.pages >= settings_.create_search_pages) {
      return make_error(ErrorClass::transient,
                        "The search for a referral that may have been created already looked through " +
                            text::count_of(static_cast<std::size_t>(walk.pages), "page") +
                            " without reaching the time of the create. Raise create_search_pages.");
    }
    if (goes_round(walk, rows->next_query)) return bad_list(*rows, "goes round in a circle");
    walk.next_query = rows->next_query;
  }
}

std::vector<Result<Rows>> Feed::filter_by(Call& call, const std::vector<std::string>& ids, bool quoted) {
  std::vector<std::string> targets;
  targets.reserve(ids.size());
  for (const std::string& id : ids) targets.push_back("?" + of_engagement(id, quoted));
  std::vector<Result<Rows>> results;
  for (Result<Answer>& answer : client_.read_all(call, targets)) {
    results.push_back(answer ? read_rows(std::move(*answer)) : Result<Rows>(answer.error()));
  }
  return results;
}

std::vector<Result<Rows>> Feed::engagements(Call& call, const std::vector<std::string>& engagement_ids) {
  if (engagement_ids.empty()) return {};
  const bool quoted = quoted_.value_or(settings_.quoted_engagement_filter);
  std::vector<Result<Rows>> results = filter_by(call, engagement_ids, quoted);
  const auto answered = [](const Result<Rows>& r) { return r.has_value(); };
  const auto refused = [](const Result<Rows>& r) { return !r && r.error().http_status == 400; };
  const bool form_is_known = quoted_ || std::any_of(results.begin(), results.end(), answered);
  const bool other_form = !form_is_known && std::any_of(results.begin(), results.end(), refused);
  if (other_form) results = filter_by(call, engagement_ids, !quoted);
  if (std::any_of(results.begin(), results.end(), answered)) quoted_ = other_form ? !quoted : quoted;
  return results;
}

}  // namespace cosell::partner_center
