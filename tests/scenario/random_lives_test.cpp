// Random lives (random_life.h) for each CRM. scripts/campaign simulation lives many more of them, and counts what
// happened in them: a green campaign in which a fault never fired says nothing of it.
//   COSELL_LIVES=N  so many lives per CRM (1)   COSELL_SEED=N  the first life's seed (1)   COSELL_TELL=1  tell what
//   happens
#include <gtest/gtest.h>

#include <iostream>

#include "tests/scenario/random_life.h"

namespace cosell::test {
namespace {

class RandomLives : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Crm, RandomLives, testing::Values("salesforce", "dynamics365"), name_of_crm);

void live_many(const char* crm, Life::People people) {
  const std::uint64_t first = number_from("COSELL_SEED", 1);
  const std::uint64_t lives = number_from("COSELL_LIVES", 1);
  Counts counts;
  for (std::uint64_t seed = first; seed < first + lives; ++seed) {
    Life(crm, seed, people, counts).live();
    if (testing::Test::HasFailure()) {
      std::cout << "again: COSELL_SEED=" << seed << " COSELL_LIVES=1, CRM " << crm << "\n";
      return;
    }
  }
  if (lives == 1) return;
  for (const auto& [what, n] : counts) std::cout << n.times << "\t" << what << " (first seed " << n.first_seed << ")\n";
}

TEST_P(RandomLives, EndWithBothSidesAgreedAndEveryEditKeptOrToldOf) {  // I-01, I-06
  live_many(GetParam(), Life::People::edit);
}

TEST_P(RandomLives, ThatPeopleMeddleWithComeToRestAgreedOrToldOf) {  // I-01, I-02, I-16
  live_many(GetParam(), Life::People::meddle);
}

TEST_P(RandomLives, OfPeopleWhoErrComeToRestAgreedOrToldOf) {  // I-01, I-02, I-16, I-17, I-31
  live_many(GetParam(), Life::People::err);
}

}  // namespace
}  // namespace cosell::test
