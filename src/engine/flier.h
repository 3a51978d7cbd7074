// The way of one side's batches to their system: one after the other, in a thread of its own where the pair allows one.
#pragma once

#include <atomic>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/background.h"
#include "engine/pair.h"

namespace cosell::engine {

class Flier {
 public:
  Flier(const Pair& pair, Side side);

  // The outcomes of a batch; none when it did not leave after all.
  using Flown = std::optional<std::vector<Outcome>>;
  // Leaves behind the batches that were given before, beside the last requests of the one before it where the connector
  // can. Without a thread, when an outcome is asked for.
  std::future<Flown> fly(std::vector<Operation> batch);

  // What has not left yet stays, until it is let go. An outcome that is not about its record alone holds, too.
  void hold() { held_ = true; }
  void let_go() { held_ = false; }

 private:
  struct Waiting {
    std::vector<Operation> operations;
    std::promise<Flown> outcomes;
  };
  class Leaving;

  void send_waiting();
  std::optional<Waiting> take();
  void end_turn();

  const Pair& pair_;
  const Side side_;
  std::atomic<bool> held_ = false;
  std::mutex mutex_;
  std::deque<Waiting> waiting_;
  std::size_t turns_ = 0;  // to come: one for each batch that was given
  Background thread_;      // the last member, so that its work ends before the others go
};

// After other outcomes it has to be known what they mean for the side, before more is sent.
bool are_about_their_records(const std::vector<Outcome>& outcomes);

}  // namespace cosell::engine
