// The search. The open referrals without an opportunity are held by customer while the opportunities stream past; only
// the best of each side is remembered, so that many deals of one customer stay small.
#include "engine/match.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "engine/link.h"
#include "engine/view.h"
#include "mapping/match.h"

namespace cosell::engine {

namespace {

using mapping::Likeness;
using mapping::MatchScore;
using store::DealRow;

constexpr int clear_lead = 15;  // over the next best, else the pair is tied
constexpr int page_of_lone_deals = 500;
constexpr std::size_t candidates_told = 5;  // of one deal, best first

struct Candidate {
  DealId id;
  Deal deal;  // the part that is compared
};

struct Likely {
  DealId referral;
  MatchScore score;
};

struct Pairing {
  DealId opportunity;
  DealId referral;
  MatchScore score;
};

// The two best among those that one record may be the same as.
class Best {
 public:
  void take(int points) {
    if (!first_ || points > *first_) {
      second_ = first_;
      first_ = points;
    } else if (!second_ || points > *second_) {
      second_ = points;
    }
  }
  // Has the one with these points no other near it?
  bool is_clear(int points) const { return points == *first_ && (!second_ || points - *second_ >= clear_lead); }

 private:
  std::optional<int> first_, second_;
};

class Search {
 public:
  explicit Search(const Pair& pair) : pair_(pair) {}

  Result<void> run() {
    auto any = something_new();
    if (!any) return any.error();
    if (!*any) return {};
    if (auto done = gather_referrals(); !done) return done;
    if (auto done = compare_opportunities(); !done) return done;
    if (auto done = link_sure_ones(); !done) return done;
    if (auto done = tell_doubts(); !done) return done;
    return forget_held_referrals();
  }

 private:
  Result<bool> something_new() {
    for (const Side side : {Side::partner_center, Side::crm}) {
      auto rows = pair_.store->lone_deals(side, true, DealId{}, 1);
      if (!rows) return rows.error();
      if (!rows->empty()) return true;
    }
    return false;
  }

  static bool may_match(const DealRow& row, const store::SideState& state) {
    if (state.existence != store::Existence::live || !state.image.valid()) return false;
    for (const char* mark : {"clone_of", "twin_of", unlinked_mark, no_match_mark}) {
      if (row.marks.count(mark) > 0) return false;
    }
    return true;
  }

  Result<void> gather_referrals() {
    DealId after;
    while (true) {
      auto rows = pair_.store->lone_deals(Side::partner_center, false, after, page_of_lone_deals);
      if (!rows) return rows.error();
      if (rows->empty()) return {};
      after = rows->back().id;
      for (const DealRow& row : *rows) {
        if (!may_match(row, row.partner_center)) continue;
        auto image = pair_.store->image(row.partner_center.image);
        if (!image) return image.error();
        const Deal deal = referral_deal(*image, {});
        const auto standing = deal.standing();
        if (!standing || is_terminal(*standing) || !pair_.mapping->select_referral(deal).takes_part) continue;
        if (const std::string key = mapping::customer_key(deal); !key.empty()) {
          referrals_[key].push_back(Candidate{row.id, mapping::matched_part(deal)});
        }
      }
    }
  }

  // The referrals that the opportunity may be the same deal as.
  Result<std::vector<Likely>> likely(const DealRow& row) const {
    std::vector<Likely> found;
    if (referrals_.empty() || !may_match(row, row.crm)) return found;
    auto image = pair_.store->image(row.crm.image);
    if (!image) return image.error();
    if (!pair_.mapping->select_opportunity(*image).takes_part) return found;
    const Deal deal = pair_.mapping->read(*image).deal;
    const auto standing = deal.standing();
    if (standing && is_terminal(*standing)) return found;
    const auto same_customer = referrals_.find(mapping::customer_key(deal));
    if (same_customer == referrals_.end()) return found;
    for (const Candidate& candidate : same_customer->second) {
      MatchScore score = pair_.mapping->match_score(deal, candidate.deal);
      if (score.likeness != Likeness::no) found.push_back({candidate.id, std::move(score)});
    }
    return found;
  }

  Result<void> compare_opportunities() {
    DealId after;
    while (true) {
      auto rows = pair_.store->lone_deals(Side::crm, false, after, page_of_lone_deals);
      if (!rows) return rows.error();
      if (rows->empty()) return {};
      after = rows->back().id;
      for (const DealRow& row : *rows) {
        if (row.marks.count(match_mark) > 0) in_question_.insert(row.id.value);
        auto found = likely(row);
        if (!found) return found.error();
        if (!found->empty()) weigh(row.id, std::move(*found));
      }
    }
  }

  void weigh(DealId opportunity, std::vector<Likely> found) {
    in_question_.insert(opportunity.value);
    Best best;
    for (const Likely& one : found) {
      best.take(one.score.points);
      best_of_referral_[one.referral.value].take(one.score.points);
    }
    for (Likely& one : found) {
      if (one.score.likeness != Likeness::sure || !best.is_clear(one.score.points)) continue;
      sure_.push_back({opportunity, one.referral, std::move(one.score)});
    }
  }

  // Sure, and neither side has another candidate that comes near.
  Result<void> link_sure_ones() {
    for (const Pairing& pairing : sure_) {
      if (!best_of_referral_[pairing.referral.value].is_clear(pairing.score.points)) continue;
      if (auto done = link(pairing); !done) return done;
      in_question_.erase(pairing.opportunity.value);
      linked_referrals_.insert(pairing.referral.value);
    }
    return {};
  }

  Result<void> link(const Pairing& pairing) {
    auto opportunity = pair_.store->deal(pairing.opportunity);
    if (!opportunity) return opportunity.error();
    auto referral = pair_.store->deal(pairing.referral);
    if (!referral) return referral.error();
    if (!*opportunity || !*referral) return {};
    const std::string why = "Found to be the same deal as referral " + (*referral)->partner_center.record_id + " (" +
                            std::to_string(pairing.score.points) + " of 100: " + pairing.score.because + ")";
    return pair_.store->transaction([&]() -> Result<void> {
      auto row = link_rows(pair_, **opportunity, **referral, store::JournalKind::linked, why);
      return row ? Result<void>{} : row.error();
    });
  }

  Result<void> tell_doubts() {
    for (const std::int64_t id : in_question_) {
      auto row = pair_.store->deal(DealId(id));
      if (!row) return row.error();
      if (!*row) continue;
      auto found = likely(**row);
      if (!found) return found.error();
      std::erase_if(*found, [&](const Likely& one) { return linked_referrals_.count(one.referral.value) > 0; });
      for (const Likely& one : *found) held_referrals_.insert(one.referral.value);
      std::stable_sort(found->begin(), found->end(),
                       [](const Likely& a, const Likely& b) { return a.score.points > b.score.points; });
      auto text = doubt(*found);
      if (!text) return text.error();
      if (auto done = set_mark(DealId(id), *text); !done) return done;
    }
    // The referral waits as well, so that no second opportunity is made of it meanwhile.
    for (const std::int64_t referral : held_referrals_) {
      if (auto done = set_mark(DealId(referral), "an opportunity of the same customer"); !done) return done;
    }
    return {};
  }

  // "" when there is no doubt any more.
  Result<std::string> doubt(const std::vector<Likely>& found) {
    std::vector<std::string> parts;
    for (const Likely& one : found) {
      if (parts.size() == candidates_told) {
        parts.push_back(std::to_string(found.size() - candidates_told) + " more of the same customer");
        break;
      }
      auto referral = pair_.store->deal(one.referral);
      if (!referral) return referral.error();
      if (!*referral) continue;
      parts.push_back((*referral)->partner_center.record_id + " \"" + (*referral)->title + "\" (" +
                      std::to_string(one.score.points) + " of 100: " + one.score.because + ")");
    }
    return text::join(parts, "; ");
  }

  Result<void> forget_held_referrals() {
    DealId after;
    while (true) {
      auto rows = pair_.store->lone_deals(Side::partner_center, false, after, page_of_lone_deals);
      if (!rows) return rows.error();
      if (rows->empty()) return {};
      after = rows->back().id;
      for (const DealRow& row : *rows) {
        if (row.marks.count(match_mark) == 0 || held_referrals_.count(row.id.value) > 0) continue;
        if (auto done = set_mark(row.id, ""); !done) return done;
      }
    }
  }

  Result<void> set_mark(DealId id, const std::string& text) {
    auto row = pair_.store->deal(id);
    if (!row) return row.error();
    if (!*row) return {};
    const auto known = (*row)->marks.find(match_mark);
    if (known == (*row)->marks.end() ? text.empty() : known->second == text) return {};
    if (text.empty()) {
      (*row)->marks.erase(match_mark);
    } else {
      (*row)->marks[match_mark] = text;
    }
    (*row)->dirty = true;
    return pair_.store->transaction([&] { return pair_.store->update_deal(**row); });
  }

  const Pair& pair_;
  std::map<std::string, std::vector<Candidate>> referrals_;  // by customer
  std::map<std::int64_t, Best> best_of_referral_;
  std::vector<Pairing> sure_;           // as the opportunity sees it
  std::set<std::int64_t> in_question_;  // opportunities with a candidate, or held for one before
  std::set<std::int64_t> linked_referrals_;
  std::set<std::int64_t> held_referrals_;
};

}  // namespace

Result<void> match_lone_deals(const Pair& pair) { return Search(pair).run(); }

}  // namespace cosell::engine
