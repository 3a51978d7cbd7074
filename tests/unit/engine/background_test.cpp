// What is done in the background: in order, on one thread, and over when its Background ends.
#include "engine/background.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace cosell::engine {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

TEST(InTheBackground, ThingsAreDoneInOrderOnOneThreadOfTheirOwn) {
  Background background(true);
  std::vector<int> done;  // without a lock: only one thread writes it
  std::vector<std::future<std::thread::id>> threads;
  for (const int n : {1, 2, 3}) {
    threads.push_back(background.run([&done, n] {
      done.push_back(n);
      return std::this_thread::get_id();
    }));
  }
  std::vector<std::thread::id> ids;
  for (auto& thread : threads) ids.push_back(thread.get());
  EXPECT_THAT(done, ElementsAre(1, 2, 3));
  EXPECT_THAT(ids, Each(ids.front()));
  EXPECT_NE(ids.front(), std::this_thread::get_id());
}

// The thread goes to sleep between two things; a wake-up that came to nobody would hang here.
TEST(InTheBackground, EachThingWakesTheThreadAnew) {
  Background background(true);
  for (int n = 0; n < 2'000; ++n) ASSERT_EQ(background.run([n] { return n; }).get(), n);
}

TEST(InTheBackground, WhatIsThrownReachesTheOneWhoAsksAndTheNextThingIsDone) {
  Background background(true);
  auto thrown = background.run([]() -> int { throw std::runtime_error("no"); });
  auto next = background.run([] { return 2; });
  EXPECT_THROW(thrown.get(), std::runtime_error);
  EXPECT_EQ(next.get(), 2);
}

TEST(InTheBackground, TheEndWaitsForWhatWasBegunAndLeavesTheRestUndone) {
  std::promise<void> begun, may_end;
  std::atomic<bool> ended = false, next_was_done = false;
  std::future<void> first, next;
  std::thread lets_it_end;
  {
    Background background(true);
    first = background.run([&] {
      begun.set_value();
      may_end.get_future().wait();
      ended = true;
    });
    next = background.run([&] { next_was_done = true; });
    begun.get_future().wait();
    lets_it_end = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));  // by then the end waits
      may_end.set_value();
    });
  }
  EXPECT_TRUE(ended);
  EXPECT_FALSE(next_was_done);
  EXPECT_NO_THROW(first.get());
  EXPECT_THROW(next.get(), std::future_error) << "nobody waits for ever for what is not done";
  lets_it_end.join();
}

TEST(InTheBackground, WhatNobodyAsksForIsDoneAllTheSame) {
  Background background(true);
  std::promise<void> done;
  background.run([&] { done.set_value(); });
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

TEST(WithoutABackground, ThingsAreDoneByTheOneWhoAsksAndNotBefore) {
  Background background(false);
  int done = 0;
  const auto count = [&done] {
    ++done;
    return std::this_thread::get_id();
  };
  { auto dropped = background.run(count); }
  auto result = background.run(count);
  EXPECT_EQ(done, 0);
  EXPECT_EQ(result.get(), std::this_thread::get_id());
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace cosell::engine
