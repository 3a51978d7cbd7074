// Sends planned operations: marked as sent before they leave, outcomes settled in the order of the operations, no
// transaction open across a call.
#pragma once

#include <array>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/cycle.h"
#include "engine/flier.h"
#include "engine/pair.h"
#include "engine/settle.h"

namespace cosell::engine {

class Executor {
 public:
  Executor(const Pair& pair, CycleReport& report, const CycleOptions& options, Settler& settler)
      : pair_(pair),
        report_(report),
        options_(options),
        settler_(settler),
        lanes_{Lane(pair, Side::partner_center), Lane(pair, Side::crm)} {}

  // Called with the deals of each batch once it is settled, mostly while another one flies; what it plans is pushed
  // too. Returns how many operations that is.
  using FollowUp = std::function<Result<std::int64_t>(const std::vector<DealId>&)>;
  // Plans some more, while what is planned already flies. Returns how many operations that is; nothing once all is
  // planned.
  using More = std::function<Result<std::optional<std::int64_t>>()>;

  // Pushes until nothing is ready. Sets report.stopped and side_down when a side fails as a whole.
  Result<void> push_all(std::int64_t planned_total, const FollowUp& follow_up, const More& more);

 private:
  struct Batch {
    std::vector<store::OperationRow> rows;
    std::vector<Operation> operations;
  };

  // A batch that is marked as sent and leaves behind the one before it.
  struct Flight {
    Batch batch;
    std::future<Flier::Flown> outcomes;
  };

  // Settled piece by piece when it is large, so that the other side does not wait for its next batch meanwhile.
  struct Landed {
    Batch batch;
    std::vector<Outcome> outcomes;
    std::size_t settled = 0;  // rows
  };

  // The writes of one side on their way: a batch that flies, the one that leaves behind it, and one that landed and is
  // to be settled.
  struct Lane {
    Lane(const Pair& pair, Side of) : side(of), flier(pair, of) {}

    const Side side;
    std::optional<Flight> flight;
    std::optional<Flight> next;
    std::optional<Landed> landed;
    // The side asked for time, or failed for a moment: nothing is sent to it before.
    std::optional<Instant> rests_until;
    int failures_in_a_row = 0;
    std::set<DealId> failed_in_a_row;  // deals, since the side took a write
    bool has_flown = false;            // something left in this push
    // Up to this one, no operation of the side is planned any more: where the search for the next batch begins, so that
    // it does not walk through the other side's again and again.
    OperationId none_before;
    // Until so many writes are settled, a batch that may grow is not looked for again.
    std::int64_t waits_for_more_until = 0;
    Flier flier;
  };

  enum class Room : std::uint8_t { full_or_last, as_it_is };
  enum class Wait : std::uint8_t { until_one_landed, no };

  // What is to leave.
  Result<std::optional<Batch>> make_ready(Lane& lane, Room room);
  Result<Batch> next_batch(Lane& lane);
  bool may_grow(const Lane& lane, const Batch& batch) const;
  Result<void> plan_more(const More& more);
  Result<void> put_back(Lane& lane, Batch batch);
  // The other operations that those of one batch come after, by their ids.
  using Predecessors = std::map<std::string, std::optional<store::OperationRow>>;
  Result<const store::OperationRow*> predecessor(const store::OperationRow& row, Predecessors& known);
  Result<std::optional<Operation>> wire_operation(store::OperationRow& row, const store::OperationRow* before);

  // On its way.
  Result<void> advance(Lane& lane, Room room, const FollowUp& follow_up);
  Result<void> take_off(Lane& lane, Room room);
  Flight launch(Lane& lane, Batch batch);
  Lane* next_to_land(Wait wait);
  Result<void> land(Lane& lane, const FollowUp& follow_up);
  Result<void> land_in_trouble(Lane& lane, const FollowUp& follow_up);
  // Has the side asked for time that is not over yet?
  bool rests(Lane& lane) const;
  bool any_rest_is_over() const;
  // Waits for the first side that rests; false when none does, or none needs to any more.
  bool wait_for_a_rest();

  // Back.
  Result<void> settle_some(Lane& lane, std::size_t most, const FollowUp& follow_up);
  Result<void> settle_rows(Lane& lane, std::span<store::OperationRow> rows, const std::vector<Outcome>& outcomes);
  static bool is_of_many(const Lane& lane);
  bool side_failed(Lane& lane, const Error& error, bool nothing_went_through);

  const Pair& pair_;
  CycleReport& report_;
  const CycleOptions& options_;
  Settler& settler_;
  std::int64_t finished_ = 0;
  std::int64_t total_ = 0;
  bool more_is_to_plan_ = false;
  std::array<Lane, 2> lanes_;
  std::size_t turn_ = 0;  // of the lanes, whose landing is looked for first
};

}  // namespace cosell::engine
