// Many referrals, kept so that those an opportunity may be the same deal as are found without comparing it with each.
// Finds exactly what score_match finds. A referral takes about fifty bytes, and each word of its name sixteen.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "mapping/match.h"

namespace cosell::mapping {

class MatchIndex {
 public:
  struct Hit {
    std::uint32_t referral = 0;
    int points = 0;
    Likeness likeness = Likeness::no;
    Likewise like;
  };

  explicit MatchIndex(const MatchRule& rule);

  // Numbers the referrals from 0 as they come. False: it has no customer, got no number and would never be found.
  bool add(const Deal& referral);
  void seal();  // after the last one, before the first search
  std::size_t size() const { return referrals_.size(); }

  // Those that are doubtful or sure, in no order; until the next search. The work is that of the referrals of the same
  // customer that share a word of the name or the value, some nanoseconds each. With weights by which less makes a deal
  // doubtful: of all referrals of the same customer.
  const std::vector<Hit>& find(const Deal& opportunity);

 private:
  struct Known {
    std::int64_t value_minor = 0;
    std::uint32_t currency = 0;  // of `names_`
    std::uint32_t country = 0;   // of `names_`; 0: it has none
    std::int32_t close_day = 0;  // since 1970
    std::uint32_t words = 0;
    bool has_value = false;
    bool has_close_day = false;
    bool unanswered = false;
  };
  struct Place {  // a referral under a word, a value or its customer
    std::uint64_t key;
    std::uint32_t referral;
    bool operator<(const Place& other) const { return key != other.key ? key < other.key : referral < other.referral; }
  };

  Known facts_of(const Deal& deal);
  static Likewise compare(const Known& ours, const Known& theirs, std::uint32_t common_words);
  std::uint32_t name_of(const std::string& text);
  void put(std::uint64_t key) { places_.push_back({key, static_cast<std::uint32_t>(referrals_.size() - 1)}); }
  void touch(std::uint64_t key, std::uint32_t words);

  const MatchRule rule_;
  bool customer_is_enough_;  // with a near close date, and no word or value in common
  std::vector<Known> referrals_;
  std::vector<Place> places_;
  std::map<std::string, std::uint32_t> names_;  // of currencies and countries
  // Of the search under way: by referral one more than the words in common, 0 for those not met.
  std::vector<std::uint32_t> met_;
  std::vector<std::uint32_t> touched_;
  std::vector<Hit> hits_;
};

}  // namespace cosell::mapping
