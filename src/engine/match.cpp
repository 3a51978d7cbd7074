// The score, and the search. The open referrals without an opportunity are held by customer; opportunities stream past.
#include "engine/match.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "engine/link.h"
#include "engine/view.h"

namespace cosell::engine {

namespace {

using store::DealRow;

constexpr int sure_from = 85;
constexpr int doubtful_from = 55;
constexpr int clear_lead = 15;  // over the next best, else the pair is tied
constexpr int page_of_lone_deals = 500;

std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> words;
  for (const std::string& word : text::split(text::folded(text), ' ')) {
    if (!word.empty()) words.insert(word);
  }
  return words;
}

// The customer's name without the legal form at its end.
std::string customer_key(const Deal& deal) {
  const auto* customer = std::get_if<Customer>(&deal.get(Field::customer));
  if (customer == nullptr) return "";
  static const std::set<std::string> forms = {"inc", "ltd", "llc",  "gmbh", "ag",  "sa", "bv",      "ab",
                                              "oy",  "as",  "corp", "co",   "plc", "kg", "limited", "corporation"};
  std::vector<std::string> words = text::split(text::folded(customer->name), ' ');
  while (words.size() > 1 && forms.count(words.back()) > 0) words.pop_back();
  return text::join(words, " ");
}

int name_points(const Deal& a, const Deal& b, std::string& said) {
  const auto left = words_of(a.text(Field::name));
  const auto right = words_of(b.text(Field::name));
  if (left.empty() || right.empty()) return 0;
  std::size_t common = 0;
  for (const std::string& word : left) common += right.count(word);
  const std::size_t all = left.size() + right.size() - common;
  const int points = static_cast<int>(40 * common / all);
  said = points == 40 ? "same name" : points >= 20 ? "similar name" : "another name";
  return points;
}

int value_points(const Deal& a, const Deal& b, std::string& said) {
  const auto* left = std::get_if<Money>(&a.get(Field::value));
  const auto* right = std::get_if<Money>(&b.get(Field::value));
  if (left == nullptr || right == nullptr) return 0;
  const bool same = *left == *right;
  said = same ? "same value" : "another value";
  return same ? 15 : 0;
}

int date_points(const Deal& a, const Deal& b, std::string& said) {
  const auto* left = std::get_if<Date>(&a.get(Field::close_date));
  const auto* right = std::get_if<Date>(&b.get(Field::close_date));
  if (left == nullptr || right == nullptr) return 0;
  const auto apart = days_between(*left, *right);
  if (apart == 0) said = "same close date";
  return apart == 0 ? 10 : (apart < 31 && apart > -31) ? 5 : 0;
}

struct Candidate {
  DealId id;
  Deal deal;
};

struct Pairing {
  DealId opportunity, referral;
  MatchScore score;
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
    return conclude();
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
        Deal deal = referral_deal(*image, {});
        const auto standing = deal.standing();
        if (!standing || is_terminal(*standing) || !pair_.mapping->select_referral(deal).takes_part) continue;
        if (const std::string key = customer_key(deal); !key.empty()) {
          referrals_[key].push_back(Candidate{row.id, std::move(deal)});
        }
      }
    }
  }

  Result<void> compare_opportunities() {
    DealId after;
    while (true) {
      auto rows = pair_.store->lone_deals(Side::crm, false, after, page_of_lone_deals);
      if (!rows) return rows.error();
      if (rows->empty()) return {};
      after = rows->back().id;
      for (const DealRow& row : *rows) {
        if (row.marks.count(match_mark) > 0) doubted_before_.insert(row.id.value);
        if (referrals_.empty() || !may_match(row, row.crm)) continue;
        auto image = pair_.store->image(row.crm.image);
        if (!image) return image.error();
        if (!pair_.mapping->select_opportunity(*image).takes_part) continue;
        const Deal deal = pair_.mapping->read(*image).deal;
        const auto standing = deal.standing();
        if (standing && is_terminal(*standing)) continue;
        const auto same_customer = referrals_.find(customer_key(deal));
        if (same_customer == referrals_.end()) continue;
        for (const Candidate& candidate : same_customer->second) {
          MatchScore score = score_match(deal, candidate.deal);
          if (score.likeness != Likeness::no) pairings_.push_back({row.id, candidate.id, std::move(score)});
        }
      }
    }
  }

  // Sure, and neither side has another candidate that comes near.
  bool is_clear(const Pairing& pairing) const {
    if (pairing.score.likeness != Likeness::sure) return false;
    return std::none_of(pairings_.begin(), pairings_.end(), [&](const Pairing& other) {
      const bool shares = (other.opportunity == pairing.opportunity) != (other.referral == pairing.referral);
      return shares && other.score.points > pairing.score.points - clear_lead;
    });
  }

  Result<void> conclude() {
    std::set<std::int64_t> linked;
    for (const Pairing& pairing : pairings_) {
      if (!is_clear(pairing)) continue;
      if (auto done = link(pairing); !done) return done;
      linked.insert(pairing.opportunity.value);
      linked.insert(pairing.referral.value);
    }
    std::map<std::int64_t, std::vector<const Pairing*>> doubts;
    for (const Pairing& pairing : pairings_) {
      const bool settled = linked.count(pairing.opportunity.value) + linked.count(pairing.referral.value) > 0;
      if (!settled) doubts[pairing.opportunity.value].push_back(&pairing);
    }
    std::set<std::int64_t> doubted_referrals;
    for (const auto& [opportunity, pairings] : doubts) {
      doubted_before_.erase(opportunity);
      if (auto done = doubt(DealId(opportunity), pairings); !done) return done;
      for (const Pairing* pairing : pairings) doubted_referrals.insert(pairing->referral.value);
    }
    for (const std::int64_t referral : doubted_referrals) {
      if (auto done = hold_referral(DealId(referral)); !done) return done;
    }
    for (const std::int64_t id : doubted_before_) {
      if (linked.count(id) > 0) continue;
      if (auto done = set_mark(DealId(id), ""); !done) return done;
    }
    return forget_held_referrals(doubted_referrals, linked);
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

  Result<void> doubt(DealId opportunity, const std::vector<const Pairing*>& pairings) {
    std::vector<std::string> parts;
    for (const Pairing* pairing : pairings) {
      auto referral = pair_.store->deal(pairing->referral);
      if (!referral) return referral.error();
      if (!*referral) continue;
      parts.push_back((*referral)->partner_center.record_id + " \"" + (*referral)->title + "\" (" +
                      std::to_string(pairing->score.points) + " of 100: " + pairing->score.because + ")");
    }
    return set_mark(opportunity, text::join(parts, "; "));
  }

  // The referral waits as well, so that no second opportunity is made of it meanwhile.
  Result<void> hold_referral(DealId referral) { return set_mark(referral, "an opportunity of the same customer"); }

  Result<void> forget_held_referrals(const std::set<std::int64_t>& held, const std::set<std::int64_t>& linked) {
    DealId after;
    while (true) {
      auto rows = pair_.store->lone_deals(Side::partner_center, false, after, page_of_lone_deals);
      if (!rows) return rows.error();
      if (rows->empty()) return {};
      after = rows->back().id;
      for (const DealRow& row : *rows) {
        if (row.marks.count(match_mark) == 0 || held.count(row.id.value) + linked.count(row.id.value) > 0) continue;
        if (auto done = set_mark(row.id, ""); !done) return done;
      }
    }
  }

  Result<void> set_mark(DealId id, const std::string& text) {
    auto row = pair_.store->deal(id);
    if (!row) return row.error();
    if (!*row) return {};
    const auto known = (*row)->marks.find(match_mark);
    if (known != (*row)->marks.end() && known->second == text) return {};
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
  std::vector<Pairing> pairings_;
  std::set<std::int64_t> doubted_before_;
};

}  // namespace

MatchScore score_match(const Deal& opportunity, const Deal& referral) {
  MatchScore score;
  const std::string customer = customer_key(opportunity);
  if (customer.empty() || customer != customer_key(referral)) return score;
  const auto& ours = std::get<Customer>(opportunity.get(Field::customer));
  const auto& theirs = std::get<Customer>(referral.get(Field::customer));
  if (!ours.country.empty() && !theirs.country.empty() && ours.country != theirs.country) return score;
  std::string name, value, date;
  score.points = 35 + name_points(opportunity, referral, name) + value_points(opportunity, referral, value) +
                 date_points(opportunity, referral, date);
  std::vector<std::string> said = {"same customer"};
  for (const std::string& part : {name, value, date}) {
    if (!part.empty()) said.push_back(part);
  }
  score.because = text::join(said, ", ");
  if (score.points >= doubtful_from) score.likeness = Likeness::doubtful;
  const auto standing = referral.standing();
  const bool unanswered = standing && is_waiting(*standing);
  if (score.points >= sure_from && !unanswered) score.likeness = Likeness::sure;
  return score;
}

Result<void> match_lone_deals(const Pair& pair) { return Search(pair).run(); }

}  // namespace cosell::engine
