// The index finds what comparing an opportunity with every referral finds, whatever the weights.
#include "mapping/match_index.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>

#include "base/random.h"
#include "base/text.h"

namespace cosell::mapping::match_index {
namespace {

// A few values of each kind, so that deals agree often and in every combination. Blank ones too.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : random_(seed) {}

  Deal deal() {
    Deal d;
    const std::string customer = one_of({"Contoso GmbH", "contoso", "Contoso Retail", "Fabrikam Inc", "Ltd", "", "-"});
    if (odds(9)) d.set(Field::customer, Customer{customer, "", "", "", "", "", one_of({"DE", "FR", "", "DE"})});
    if (odds(9)) d.set(Field::name, name());
    if (odds(8)) {
      d.set(Field::value, Money{static_cast<std::int64_t>(random_.below(3)) * 100, one_of({"EUR", "USD", ""})});
    }
    if (odds(8))
      d.set(Field::close_date, add_days(Date{2026, 6, 30}, static_cast<std::int64_t>(random_.below(70)) - 35));
    if (odds(1)) d.set(Field::close_date, Date{2026, 6, 30});
    if (odds(3)) d.set(Field::standing, Standing{Status::fresh, Substatus::received, ""});
    if (odds(3)) d.set(Field::standing, Standing{Status::active, Substatus::accepted, ""});
    return d;
  }

  MatchRule rule() {
    MatchRule r;
    r.customer = static_cast<int>(random_.below(70));
    r.name = static_cast<int>(random_.below(50));
    r.value = static_cast<int>(random_.below(50));
    r.close_date = static_cast<int>(random_.below(40));
    r.doubtful = static_cast<int>(random_.below(110));
    r.sure = r.doubtful + static_cast<int>(random_.below(40));
    return r;
  }

  std::uint64_t below(std::uint64_t n) { return random_.below(n); }

 private:
  bool odds(std::uint64_t of_ten) { return random_.below(10) < of_ten; }
  std::string one_of(const std::vector<std::string>& choices) { return choices[random_.below(choices.size())]; }
  std::string name() {
    std::string text;
    for (std::uint64_t left = random_.below(5); left > 0; --left) {
      text += one_of({"Contoso", "data ", "platform", "Phase", "2", "Müller", "MÜLLER", "data"}) + " ";
    }
    return text;
  }

  SeededRandom random_;
};

struct Found {
  std::uint32_t referral;
  int points;
  Likeness likeness;
  std::string because;
  bool operator==(const Found&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Found& f) {
  return out << f.referral << ": " << f.points << " " << static_cast<int>(f.likeness) << " " << f.because;
}

std::vector<Found> compared_with_each(const MatchRule& rule, const Deal& opportunity,
                                      const std::vector<Deal>& referrals) {
  std::vector<Found> found;
  for (std::size_t i = 0; i < referrals.size(); ++i) {
    const MatchScore score = score_match(rule, opportunity, referrals[i]);
    if (score.likeness == Likeness::no) continue;
    found.push_back(Found{static_cast<std::uint32_t>(i), score.points, score.likeness, score.because});
  }
  return found;
}

std::vector<Found> looked_up(MatchIndex& index, const Deal& opportunity) {
  std::vector<Found> found;
  for (const MatchIndex::Hit& hit : index.find(opportunity)) {
    found.push_back(Found{hit.referral, hit.points, hit.likeness, in_words(hit.like)});
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.referral < b.referral; });
  return found;
}

void check(std::uint64_t seed, const MatchRule& rule) {
  Draws draws(seed);
  MatchIndex index(rule);
  std::vector<Deal> referrals;
  for (std::uint64_t left = draws.below(40); left > 0; --left) {
    Deal deal = draws.deal();
    if (index.add(deal)) referrals.push_back(std::move(deal));
  }
  index.seal();
  for (int i = 0; i < 10; ++i) {
    const Deal opportunity = draws.deal();
    RC_ASSERT(looked_up(index, opportunity) == compared_with_each(rule, opportunity, referrals));
  }
}

RC_GTEST_PROP(MatchIndex, FindsWhatComparingWithEachFinds, (std::uint64_t seed)) { check(seed, MatchRule{}); }

RC_GTEST_PROP(MatchIndex, FindsWhatComparingWithEachFindsWhateverTheWeights, (std::uint64_t seed)) {
  check(seed, Draws(seed + 1).rule());
}

TEST(MatchIndex, WithoutACustomerIsNothing) {
  MatchIndex index{MatchRule{}};
  EXPECT_FALSE(index.add(Deal()));
  index.seal();
  EXPECT_EQ(index.size(), 0U);
  EXPECT_TRUE(index.find(Deal()).empty());
}

// 4,000 deals of one customer on each side, named after the customer: comparing each with each took minutes.
TEST(MatchIndex, IsQuickWithinOneCustomer) {
  const auto deal = [](int n) {
    Deal d;
    d.set(Field::customer, Customer{"Contoso", "", "", "", "", "", "DE"});
    d.set(Field::name, "Contoso project " + std::to_string(n) + " of site " + std::to_string(n / 7));
    d.set(Field::value, Money{1000 + n, "EUR"});
    d.set(Field::close_date, Date{2026, 6, 30});
    return d;
  };
  MatchIndex index{MatchRule{}};
  for (int n = 0; n < 4000; ++n) index.add(deal(n));
  index.seal();
  const auto begun = std::chrono::steady_clock::now();
  for (int n = 0; n < 4000; ++n) {
    const auto found = index.find(deal(n));
    const bool itself = std::any_of(found.begin(), found.end(), [n](const MatchIndex::Hit& hit) {
      return hit.referral == static_cast<std::uint32_t>(n) && hit.points == 100;
    });
    ASSERT_TRUE(itself) << n;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60));
}

}  // namespace
}  // namespace cosell::mapping::match_index
