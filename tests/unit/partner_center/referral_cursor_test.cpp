// How the read position moves, what it carries, and that nothing is missed however late a service shows a change.
#include "connectors/partner_center/referral_cursor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "connectors/emulator/toolkit.h"
#include "scripted_service.h"

namespace cosell::test::read_position {
namespace {

using net::Delivered;
using partner_center::fingerprint;
using partner_center::Fingerprints;
using Position = partner_center::Position;
using partner_center::RowHead;

const Instant noon = *parse_instant("2026-03-01T12:00:00Z");

RowHead head(int n) {
  RowHead row;
  row.id = "referral-" + std::to_string(n);
  row.etag = "\"tag\"";
  return row;
}

// ---- fingerprints

TEST(ReferralFingerprints, ComeBackFromTheirText) {
  Fingerprints prints;
  EXPECT_EQ(Fingerprints::unpacked(prints.packed()), prints);
  for (int i = 0; i < 1000; ++i) prints.remember(fingerprint(head(i)));
  EXPECT_EQ(prints.size(), 1000U);
  EXPECT_EQ(Fingerprints::unpacked(prints.packed()), prints);
  EXPECT_TRUE(prints.contains(fingerprint(head(999))));
  EXPECT_FALSE(prints.contains(fingerprint(head(1000))));
}

TEST(ReferralFingerprints, TakeElevenCharactersOfThePositionEach) {
  Position position;
  for (int i = 0; i < 3000; ++i) position.known.remember(fingerprint(head(i)));
  EXPECT_LT(write_cursor(position).value.size(), 3000U * 11 + 200);
}

TEST(ReferralFingerprints, AreTheSameTextInWhateverOrderTheyCame) {
  Fingerprints up;
  Fingerprints down;
  for (int i = 0; i < 50; ++i) up.remember(fingerprint(head(i)));
  for (int i = 49; i >= 0; --i) down.remember(fingerprint(head(i)));
  EXPECT_EQ(up.packed(), down.packed());
}

TEST(ReferralFingerprints, BeyondTheirLimitClaimToKnowNothing) {
  Fingerprints prints;
  for (std::uint64_t i = 0; i < Fingerprints::kMost + 5; ++i) prints.remember(i);
  EXPECT_EQ(prints.size(), Fingerprints::kMost);
  EXPECT_TRUE(prints.contains(Fingerprints::kMost - 1));
  EXPECT_FALSE(prints.contains(Fingerprints::kMost)) << "it would never be delivered";
  EXPECT_EQ(Fingerprints::unpacked(prints.packed()), prints);
}

TEST(ReferralFingerprints, AnotherVersionIsAnotherRow) {
  RowHead row = head(1);
  const std::uint64_t before = fingerprint(row);
  row.etag = "\"tag 2\"";
  EXPECT_NE(fingerprint(row), before);
  row.etag.clear();
  row.updated = noon;
  const std::uint64_t without_tag = fingerprint(row);
  row.updated = noon + milliseconds(1);
  EXPECT_NE(fingerprint(row), without_tag);
}

// ---- how the position moves; an overlap of ten minutes

// One listing from its first page to its end.
void list(Position& position, Instant our_now, const Position::FirstPage& first) {
  position.open(our_now);
  position.first_page_shows(first, minutes(10));
  position.close();
}

TEST(ReferralPosition, GoesToTheOverlapBeforeTheListingBeganByTheServicesClock) {
  Position position;
  list(position, noon + hours(5), {noon - minutes(1), noon});
  EXPECT_EQ(position.bound, noon - minutes(10));
  list(position, noon + hours(5), {noon - minutes(1), noon + minutes(4)});
  EXPECT_EQ(position.bound, noon - minutes(6)) << "time alone moves it";
}

TEST(ReferralPosition, DoesNotBelieveAServiceThatIsFarAheadOfOurClock) {
  Position position;
  list(position, noon, {noon - minutes(1), noon + hours(1)});
  EXPECT_EQ(position.bound, noon - minutes(11)) << "the overlap before the newest stamp, as without a date";
}

TEST(ReferralPosition, StaysAtTheNewestStampHoweverLateItIs) {
  Position position;
  list(position, noon, {noon - hours(2), noon});
  EXPECT_EQ(position.bound, noon - hours(2)) << "what comes next may be stamped a moment later";
  list(position, noon, {noon - hours(2), noon + days(400)});
  EXPECT_EQ(position.bound, noon - hours(2)) << "a clock that is wrong skips nothing";
}

TEST(ReferralPosition, IsNotCarriedAwayByAStampOfTheFuture) {
  Position position;
  list(position, noon, {noon + days(300), noon});
  EXPECT_EQ(position.bound, noon - minutes(10));
}

TEST(ReferralPosition, NeverGoesBack) {
  Position position;
  list(position, noon, {noon, noon});
  list(position, noon, {noon, noon - hours(3)});
  EXPECT_EQ(position.bound, noon - minutes(10));
  list(position, noon, {std::nullopt, noon - hours(3)});
  EXPECT_EQ(position.bound, noon - minutes(10));
}

TEST(ReferralPosition, OfAnEmptyAccountReadsEverythingNextTime) {
  Position position;
  list(position, noon, {std::nullopt, noon});
  EXPECT_TRUE(position.is_full());
}

TEST(ReferralPosition, WithoutTheServicesClockWaitsForTheOverlapToPassOnOurs) {
  Position position;
  list(position, noon, {noon - hours(2), std::nullopt});
  EXPECT_EQ(position.bound, noon - hours(2) - minutes(10));
  list(position, noon + minutes(9), {noon - hours(2), std::nullopt});
  EXPECT_EQ(position.bound, noon - hours(2) - minutes(10));
  list(position, noon + minutes(10), {noon - hours(2), std::nullopt});
  EXPECT_EQ(position.bound, noon - hours(2));
}

TEST(ReferralPosition, ComesBackFromItsTextInTheMiddleOfAListing) {
  Position position;
  position.host = "h";
  list(position, noon, {noon, noon});
  position.known.remember(3);
  position.open(noon + minutes(1));
  position.first_page_shows({noon + minutes(1), noon + minutes(1)}, minutes(10));
  position.listing->next_query = "$skiptoken=2";
  position.listing->fresh.remember(4);
  position.listing->done.remember(5);
  const Cursor cursor = write_cursor(position);
  const auto read = partner_center::read_cursor(cursor, "h");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(write_cursor(*read).value, cursor.value);
  EXPECT_EQ(read->known, position.known);
  EXPECT_EQ(read->listing->fresh, position.listing->fresh);
  EXPECT_EQ(read->listing->done, position.listing->done);
  EXPECT_EQ(read->listing->next_bound, noon - minutes(9));
}

// ---- the promise: whatever becomes visible within the overlap of its stamp is delivered

// A service whose storage servers disagree about the time and whose index is late, each by its own measure and within
// the overlap together. Next links continue at a row number, so that rows shift while a listing is read.
class LateService {
 public:
  static constexpr int kRows = 12;
  static constexpr int kPage = 3;

  using Filter = PartnerCenterSettings::ChangesFilter;
  struct Kind {
    bool dated = true;
    Filter filter = Filter::none;  // that the connector asks with
    bool takes_filters = true;     // otherwise it refuses them
  };

  LateService(std::uint64_t seed, Kind kind) : random_(seed), kind_(kind), service_(settings()) {
    service_.otherwise = [this](const http::Request& request) { return serve(request); };
    versions_.resize(kRows);
    for (int row = 0; row < kRows; ++row) edit(row);
  }

  void live(int steps) {
    for (int i = 0; i < steps; ++i) {
      pass(seconds(static_cast<std::int64_t>(random_.below(random_.below(4) == 0 ? 300 : 30))));
      if (random_.below(3) == 0) edit(static_cast<int>(random_.below(kRows)));
      if (random_.below(2) == 0) pull();
      if (random_.below(8) == 0) service_.connector = make_partner_center_connector(settings(), service_.tokens);
    }
  }

  // Nobody edits any more; the overlap passes.
  void come_to_rest() {
    pull_all();
    pass(overlap() + seconds(10));
    pull_all();
  }

  void expect_everything_delivered(const std::string& which) const {
    for (int row = 0; row < kRows; ++row) {
      const auto n = static_cast<std::size_t>(row);
      const auto found = delivered_.find("r" + std::to_string(row));
      ASSERT_NE(found, delivered_.end()) << which;
      EXPECT_EQ(found->second, versions_[n].back().tag) << which << ", row " << row;
    }
  }

  int filtered() const { return filtered_; }

  int requests_of_a_quiet_pull() {
    pull_all();
    const std::size_t before = service_.requests.size();
    pull_all();
    return static_cast<int>(service_.requests.size() - before);
  }

 private:
  struct Version {
    std::string tag;
    Instant stamp, visible;
  };

  static Duration overlap() { return minutes(2); }
  PartnerCenterSettings settings() const {
    PartnerCenterSettings s;
    s.organization_id = "org-1";
    s.read_overlap = overlap();
    s.changes_filter = kind_.filter;
    return s;
  }

  void pass(Duration d) {
    now_ = now_ + d;
    service_.clock.advance(d);
  }

  // The writing server's clock is behind by up to a minute, the index by what is left of the overlap.
  void edit(int row) {
    const auto behind = static_cast<std::int64_t>(random_.below(60'000));
    const auto late = static_cast<std::int64_t>(random_.below(119'000 - static_cast<std::uint64_t>(behind)));
    auto& versions = versions_[static_cast<std::size_t>(row)];
    Instant stamp = now_ - milliseconds(behind);
    Instant visible = now_ + milliseconds(late);
    if (!versions.empty()) {  // of one row, versions follow each other
      stamp = std::max(stamp, versions.back().stamp + milliseconds(1));
      visible = std::max(visible, versions.back().visible);
    }
    versions.push_back({"v" + std::to_string(++edits_), stamp, visible});
  }

  Delivered serve(const http::Request& request) {
    const Instant shown_at = now_;
    pass(milliseconds(static_cast<std::int64_t>(random_.below(3000))));
    std::vector<std::pair<Instant, std::string>> rows;
    for (int row = 0; row < kRows; ++row) {
      const Version* shown = nullptr;
      for (const Version& v : versions_[static_cast<std::size_t>(row)]) {
        if (v.visible <= shown_at) shown = &v;
      }
      if (shown == nullptr) continue;
      rows.emplace_back(shown->stamp, row_text("r" + std::to_string(row), *shown));
    }
    std::sort(rows.rbegin(), rows.rend());
    // "$skiptoken=3,…": from the third row on, of those at or after that time.
    const auto at = request.url.find("skiptoken=");
    const std::size_t first = at == std::string::npos ? 0 : std::stoul(request.url.substr(at + 10));
    std::optional<Instant> from = at == std::string::npos ? filtered_from(request.url) : std::nullopt;
    if (at != std::string::npos) from = Instant{std::stoll(request.url.substr(request.url.find(',') + 1))};
    if (from && first == 0 && !kind_.takes_filters) return {Delivered::Kind::response, answer(400, "{}")};
    std::erase_if(rows, [&](const auto& row) { return from && row.first < *from; });
    std::vector<std::string> page;
    for (std::size_t i = first; i < std::min(rows.size(), first + kPage); ++i) page.push_back(rows[i].second);
    const std::size_t next = first + kPage;
    const std::string link =
        "http://x/?$skiptoken=" + std::to_string(next) + "," + std::to_string(from.value_or(Instant{}).ms);
    http::Response response = answer(200, list_of(page, next < rows.size() ? link : ""));
    if (kind_.dated) response.headers.set("Date", emulator::http_date(now_));
    return {Delivered::Kind::response, response};
  }

  // The time that a filter names, in the form that was set; nothing without a filter.
  std::optional<Instant> filtered_from(const std::string& url) {
    const std::size_t filter = url.find("$filter=");
    if (filter == std::string::npos) return std::nullopt;
    const std::string written = http::parse_form("f=" + url.substr(filter + 8)).front().second;
    const std::string quote = kind_.filter == Filter::quoted ? "'" : "";
    const std::string before = "updatedDateTime ge " + quote;
    EXPECT_EQ(written.substr(0, before.size()), before);
    const std::optional<Instant> from = parse_instant(written.substr(before.size(), 20));
    EXPECT_TRUE(from.has_value()) << written;
    EXPECT_EQ(written.substr(before.size() + 20), quote);
    ++filtered_;
    return from;
  }

  static std::string row_text(const std::string& id, const Version& v) {
    return R"({"id":")" + id + R"(","organizationId":"org-1","updatedDateTime":")" + to_string(v.stamp) +
           R"(","eTag":")" + v.tag + "\"}";
  }

  bool pull() {
    Call call = service_.call();
    const Result<Page> page =
        service_.connector->pull(call, {cursor_, {}, 1 + static_cast<int>(random_.below(2 * kPage))});
    if (!page) {
      ADD_FAILURE() << page.error().message << " " << page.error().detail;
      return true;
    }
    for (const Observation& seen : page->seen) delivered_[seen.id.value] = seen.version.value;
    cursor_ = page->next;
    return page->caught_up;
  }
  void pull_all() {
    for (int i = 0; i < 200; ++i) {
      if (pull()) return;
    }
    ADD_FAILURE() << "never caught up";
  }

  SeededRandom random_;
  Kind kind_;
  Instant now_ = noon;
  int filtered_ = 0;
  ScriptedService service_;
  std::vector<std::vector<Version>> versions_;
  int edits_ = 0;
  std::map<std::string, std::string> delivered_;
  Cursor cursor_;
};

TEST(ReferralPosition, LosesNoChangeHoweverLateItShowsAndHoweverMuchServersDifferWithinTheOverlap) {  // I-06
  for (const bool dated : {true, false}) {
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
      LateService service(seed, {.dated = dated});
      service.live(60);
      service.come_to_rest();
      service.expect_everything_delivered("seed " + std::to_string(seed) + (dated ? "" : " without dates"));
      if (testing::Test::HasFailure()) return;
      // Without dates, a stamp that was first seen last is waited for once more.
      EXPECT_LE(service.requests_of_a_quiet_pull(), dated ? 1 : 1 + LateService::kRows / LateService::kPage)
          << "seed " << seed;
      EXPECT_EQ(service.filtered(), 0) << "no filter unless it is set";
    }
  }
}

TEST(ReferralPosition, LosesNoChangeWithAFilterByTimeWhetherItIsTakenOrRefused) {  // I-06
  using Filter = LateService::Filter;
  for (const LateService::Kind kind :
       {LateService::Kind{true, Filter::bare, true}, LateService::Kind{false, Filter::bare, true},
        LateService::Kind{true, Filter::quoted, true}, LateService::Kind{true, Filter::bare, false},
        LateService::Kind{false, Filter::quoted, false}}) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      LateService service(seed, kind);
      service.live(60);
      service.come_to_rest();
      service.expect_everything_delivered("seed " + std::to_string(seed) + (kind.dated ? "" : " without dates") +
                                          (kind.takes_filters ? "" : ", filters refused"));
      EXPECT_GT(service.filtered(), 0);
      if (testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace cosell::test::read_position
