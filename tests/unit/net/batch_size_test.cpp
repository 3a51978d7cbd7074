// How many writes go into one request.
#include "net/batch_size.h"

#include <gtest/gtest.h>

namespace cosell::net {
namespace {

TEST(BatchSize, GrowsAsFastAsThePaceAllowsUntilTheServerWasSlow) {
  BatchSize size({.start = 100, .min = 10, .max = 5000});
  size.went_well(true, milliseconds(1250));  // four times as many would take half of a quick request
  EXPECT_EQ(size.current(), 400);
  size.went_well(true, milliseconds(1));
  EXPECT_EQ(size.current(), 4000) << "ten times at most";
  size.went_well(true, seconds(9));
  EXPECT_EQ(size.current(), 5000);
}

TEST(BatchSize, HalvesWhenItWasTooMuchAndThenDoublesAtMost) {
  BatchSize size({.start = 800, .min = 150, .max = 1000});
  size.too_much();
  EXPECT_EQ(size.current(), 400);
  size.went_well(true, seconds(31));
  EXPECT_EQ(size.current(), 200) << "a slow answer is too much, too";
  size.too_much();
  EXPECT_EQ(size.current(), 150);
  size.went_well(true, milliseconds(1));
  EXPECT_EQ(size.current(), 300);
}

TEST(BatchSize, StaysWhenTheRequestWasNeitherFullNorQuick) {
  BatchSize size({.start = 100, .min = 10, .max = 1000});
  size.went_well(false, milliseconds(1));
  EXPECT_EQ(size.current(), 100);
  size.went_well(true, seconds(10));
  EXPECT_EQ(size.current(), 100);
}

TEST(BatchSize, SurvivesSenselessBounds) {
  EXPECT_EQ(BatchSize({.start = 0, .min = 0, .max = 0}).current(), 1);
  EXPECT_EQ(BatchSize({.start = 500, .min = 200, .max = 100}).current(), 100);
}

}  // namespace
}  // namespace cosell::net
