// Words and values stand as 64-bit numbers mixed with their customer's, in one sorted list. Numbers that fall together
// by chance (once in ten billion syncs of a large partner) could only add points that a person would not see; whoever
// links by them compares the deals themselves first.
#include "mapping/match_index.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace cosell::mapping {
namespace {

enum class Kind : std::uint64_t { customer = 1, word, value };

std::uint64_t stirred(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// A thing of one kind at one customer.
std::uint64_t key_of(std::uint64_t customer, Kind kind, std::uint64_t thing) {
  return stirred(stirred(customer + static_cast<std::uint64_t>(kind)) ^ thing);
}

std::uint64_t number_of(std::string_view text) { return stirred(std::hash<std::string_view>{}(text)); }
std::uint64_t number_of(const Money& value) {
  return stirred(number_of(value.currency) ^ static_cast<std::uint64_t>(value.minor));
}

const Money* value_of(const Deal& deal) { return std::get_if<Money>(&deal.get(Field::value)); }

bool customer_is_enough(const MatchRule& rule) {
  const int most = rule.customer + std::max({rule.close_date, rule.close_date / 2, 0});
  return most >= std::min(rule.doubtful, rule.sure);
}

}  // namespace

MatchIndex::MatchIndex(const MatchRule& rule) : rule_(rule), customer_is_enough_(customer_is_enough(rule)) {}

std::uint32_t MatchIndex::name_of(const std::string& text) {
  return text.empty() ? 0 : names_.emplace(text, static_cast<std::uint32_t>(names_.size() + 1)).first->second;
}

// All but the words.
MatchIndex::Known MatchIndex::facts_of(const Deal& deal) {
  Known known;
  known.country = name_of(customer_in(deal.get(Field::customer))->country);
  if (const Money* value = value_of(deal)) {
    known.has_value = true;
    known.value_minor = value->minor;
    known.currency = name_of(value->currency);
  }
  if (const auto* date = std::get_if<Date>(&deal.get(Field::close_date))) {
    known.has_close_day = true;
    known.close_day = static_cast<std::int32_t>(days_between(Date{}, *date));
  }
  known.unanswered = waits_for_an_answer(deal);
  return known;
}

Likewise MatchIndex::compare(const Known& ours, const Known& theirs, std::uint32_t common_words) {
  Likewise like;
  if (ours.words > 0 && theirs.words > 0) {
    like.common_words = common_words;
    like.all_words = ours.words + theirs.words - common_words;
  }
  if (ours.has_value && theirs.has_value) {
    like.same_value = ours.value_minor == theirs.value_minor && ours.currency == theirs.currency;
  }
  if (ours.has_close_day && theirs.has_close_day) like.days_apart = theirs.close_day - ours.close_day;
  like.unanswered = theirs.unanswered;
  return like;
}

bool MatchIndex::add(const Deal& referral) {
  const std::string name = customer_key(referral);
  if (name.empty()) return false;
  const std::uint64_t customer = number_of(name);
  referrals_.push_back(facts_of(referral));
  if (customer_is_enough_) put(key_of(customer, Kind::customer, 0));
  if (const Money* value = value_of(referral)) put(key_of(customer, Kind::value, number_of(*value)));
  for (const std::string& word : name_words(referral)) {
    ++referrals_.back().words;
    put(key_of(customer, Kind::word, number_of(word)));
  }
  return true;
}

void MatchIndex::seal() {
  std::sort(places_.begin(), places_.end());
  met_.assign(referrals_.size(), 0);
}

void MatchIndex::touch(std::uint64_t key, std::uint32_t words) {
  for (auto at = std::lower_bound(places_.begin(), places_.end(), Place{key, 0}); at != places_.end() && at->key == key;
       ++at) {
    std::uint32_t& met = met_[at->referral];
    if (met == 0) {
      met = 1;
      touched_.push_back(at->referral);
    }
    met += words;
  }
}

const std::vector<MatchIndex::Hit>& MatchIndex::find(const Deal& opportunity) {
  hits_.clear();
  const std::string name = customer_key(opportunity);
  if (name.empty() || referrals_.empty()) return hits_;
  const std::uint64_t customer = number_of(name);
  Known ours = facts_of(opportunity);
  touched_.clear();
  for (const std::string& word : name_words(opportunity)) {
    ++ours.words;
    touch(key_of(customer, Kind::word, number_of(word)), 1);
  }
  if (const Money* value = value_of(opportunity)) touch(key_of(customer, Kind::value, number_of(*value)), 0);
  if (customer_is_enough_) touch(key_of(customer, Kind::customer, 0), 0);
  for (const std::uint32_t referral : touched_) {
    const Known& theirs = referrals_[referral];
    const std::uint32_t common_words = std::exchange(met_[referral], 0) - 1;
    if (ours.country != 0 && theirs.country != 0 && ours.country != theirs.country) continue;
    const Likewise like = compare(ours, theirs, common_words);
    const int points = points_for(rule_, like);
    const Likeness likeness = likeness_of(rule_, like, points);
    if (likeness != Likeness::no) hits_.push_back(Hit{referral, points, likeness, like});
  }
  return hits_;
}

}  // namespace cosell::mapping
