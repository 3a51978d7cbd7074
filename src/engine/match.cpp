// The search. The open referrals without an opportunity stand in an index while the opportunities stream past; only the
// best of each side is remembered, so that many deals of one customer stay small.
#include "engine/match.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "engine/link.h"
#include "engine/marks.h"
#include "engine/view.h"
#include "mapping/match_index.h"

namespace cosell::engine {

namespace {

using mapping::Likeness;
using mapping::MatchIndex;
using store::DealRow;

constexpr int clear_lead = 15;  // over the next best, else the pair is tied
constexpr int page_of_lone_deals = 500;
constexpr std::size_t candidates_told = 5;  // of one deal, best first

// Referrals by their number in the index; until the next one is looked up.
using Likely = std::vector<MatchIndex::Hit>;

struct Pairing {
  DealId opportunity;
  std::uint32_t referral = 0;
  int points = 0;
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
  explicit Search(const Pair& pair) : pair_(pair), index_(pair.mapping->match_rule()) {}

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
    for (const char* mark : {clone_mark, twin_mark, unlinked_mark, no_match_mark, restarted_mark}) {
      if (has_mark(row, mark)) return false;
    }
    return true;
  }

  Result<void> gather_referrals() {
    DealId after;
    while (true) {
      auto rows = pair_.store->lone_deals(Side::partner_center, false, after, page_of_lone_deals);
      if (!rows) return rows.error();
      if (rows->empty()) break;
      after = rows->back().id;
      for (const DealRow& row : *rows) {
        if (has_mark(row, match_mark)) held_before_.push_back(row.id);
        if (!may_match(row, row.partner_center)) continue;
        auto image = pair_.store->image(row.partner_center.image);
        if (!image) return image.error();
        const Deal deal = referral_deal(*image, {});
        const auto standing = deal.standing();
        if (!standing || is_terminal(*standing) || !pair_.mapping->select_referral(deal).takes_part) continue;
        if (index_.add(deal)) referrals_.push_back(row.id);
      }
    }
    index_.seal();
    best_of_referral_.resize(referrals_.size());
    linked_.resize(referrals_.size());
    held_.resize(referrals_.size());
    return {};
  }

  // The referrals that the opportunity may be the same deal as.
  Result<const Likely*> likely(const DealRow& row) {
    static const Likely none;
    if (referrals_.empty() || !may_match(row, row.crm)) return &none;
    auto image = pair_.store->image(row.crm.image);
    if (!image) return image.error();
    if (!pair_.mapping->select_opportunity(*image).takes_part) return &none;
    const Deal deal = pair_.mapping->read(*image).deal;
    const auto standing = deal.standing();
    if (standing && is_terminal(*standing)) return &none;
    return &index_.find(deal);
  }

  Result<void> compare_opportunities() {
    DealId after;
    while (true) {
      auto rows = pair_.store->lone_deals(Side::crm, false, after, page_of_lone_deals);
      if (!rows) return rows.error();
      if (rows->empty()) return {};
      after = rows->back().id;
      for (const DealRow& row : *rows) {
        if (has_mark(row, match_mark)) in_question_.insert(row.id.value);
        auto found = likely(row);
        if (!found) return found.error();
        if (!(*found)->empty()) weigh(row.id, **found);
      }
    }
  }

  void weigh(DealId opportunity, const Likely& found) {
    in_question_.insert(opportunity.value);
    Best best;
    for (const MatchIndex::Hit& one : found) {
      best.take(one.points);
      best_of_referral_[one.referral].take(one.points);
    }
    for (const MatchIndex::Hit& one : found) {
      if (one.likeness != Likeness::sure || !best.is_clear(one.points)) continue;
      sure_.push_back({opportunity, one.referral, one.points});
    }
  }

  // Sure, and neither side has another candidate that comes near.
  Result<void> link_sure_ones() {
    for (const Pairing& pairing : sure_) {
      if (!best_of_referral_[pairing.referral].is_clear(pairing.points)) continue;
      auto linked = link(pairing);
      if (!linked) return linked.error();
      if (!*linked) continue;
      in_question_.erase(pairing.opportunity.value);
      linked_[pairing.referral] = true;
    }
    return {};
  }

  // False: the deals themselves are less alike than the index said, or it is not known yet what became of a write to
  // one of them; both wait meanwhile.
  Result<bool> link(const Pairing& pairing) {
    auto opportunity = pair_.store->deal(pairing.opportunity);
    if (!opportunity) return opportunity.error();
    auto referral = pair_.store->deal(referrals_[pairing.referral]);
    if (!referral) return referral.error();
    if (!*opportunity || !*referral) return true;
    for (const DealId id : {(*opportunity)->id, (*referral)->id}) {
      auto open = pair_.store->has_open_operation(id);
      if (!open) return open.error();
      if (*open) return false;
    }
    auto ours = pair_.store->image((*opportunity)->crm.image);
    if (!ours) return ours.error();
    auto theirs = pair_.store->image((*referral)->partner_center.image);
    if (!theirs) return theirs.error();
    const auto score = pair_.mapping->match_score(pair_.mapping->read(*ours).deal, referral_deal(*theirs, {}));
    if (score.likeness != Likeness::sure) return false;
    const std::string why = "Found to be the same deal as referral " + (*referral)->partner_center.record_id + " (" +
                            std::to_string(score.points) + " of 100: " + score.because + ")";
    auto done = pair_.store->transaction([&]() -> Result<void> {
      auto row = link_rows(pair_, **opportunity, **referral, store::JournalKind::linked, why);
      return row ? Result<void>{} : row.error();
    });
    if (!done) return done.error();
    return true;
  }

  Result<void> tell_doubts() {
    for (const std::int64_t id : in_question_) {
      auto row = pair_.store->deal(DealId(id));
      if (!row) return row.error();
      if (!*row) continue;
      auto found = likely(**row);
      if (!found) return found.error();
      Likely open;
      for (const MatchIndex::Hit& one : **found) {
        if (linked_[one.referral]) continue;
        held_[one.referral] = true;
        open.push_back(one);
      }
      auto text = doubt(std::move(open));
      if (!text) return text.error();
      if (auto done = set_mark(DealId(id), *text); !done) return done;
    }
    // The referral waits as well, so that no second opportunity is made of it meanwhile.
    for (std::size_t i = 0; i < referrals_.size(); ++i) {
      if (!held_[i]) continue;
      if (auto done = set_mark(referrals_[i], "an opportunity of the same customer"); !done) return done;
    }
    return {};
  }

  // "" when there is no doubt any more.
  Result<std::string> doubt(Likely found) {
    std::sort(found.begin(), found.end(), [](const MatchIndex::Hit& a, const MatchIndex::Hit& b) {
      return a.points != b.points ? a.points > b.points : a.referral < b.referral;
    });
    std::vector<std::string> parts;
    for (const MatchIndex::Hit& one : found) {
      if (parts.size() == candidates_told) {
        parts.push_back(std::to_string(found.size() - candidates_told) + " more of the same customer");
        break;
      }
      auto referral = pair_.store->deal(referrals_[one.referral]);
      if (!referral) return referral.error();
      if (!*referral) continue;
      parts.push_back((*referral)->partner_center.record_id + " \"" + (*referral)->title + "\" (" +
                      std::to_string(one.points) + " of 100: " + mapping::in_words(one.like) + ")");
    }
    return text::join(parts, "; ");
  }

  Result<void> forget_held_referrals() {
    for (const DealId id : held_before_) {
      const auto at = std::lower_bound(referrals_.begin(), referrals_.end(), id);
      const bool found = at != referrals_.end() && *at == id;
      const auto i = static_cast<std::size_t>(at - referrals_.begin());
      if (found && (held_[i] || linked_[i])) continue;
      if (auto done = set_mark(id, ""); !done) return done;
    }
    return {};
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
  MatchIndex index_;
  // By number in the index, that is, by id.
  std::vector<DealId> referrals_;
  std::vector<Best> best_of_referral_;
  std::vector<bool> linked_, held_;
  std::vector<DealId> held_before_;
  std::vector<Pairing> sure_;           // as the opportunity sees it
  std::set<std::int64_t> in_question_;  // opportunities with a candidate, or held for one before
};

}  // namespace

Result<void> match_lone_deals(const Pair& pair) { return Search(pair).run(); }

}  // namespace cosell::engine
