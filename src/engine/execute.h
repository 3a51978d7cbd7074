// Sends planned operations and settles their outcomes: marked as sent before they leave, results consumed in the
// order of the operations, one transaction per batch, none open across a call.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "engine/background.h"
#include "engine/cycle.h"
#include "engine/pair.h"

namespace cosell::engine {

inline bool is_create(const store::OperationRow& row) { return row.verb == name_of(Verb::create); }
// The record that is written existed before, also where something is created in it.
inline bool names_its_target(const store::OperationRow& row) {
  return !is_create(row) || row.kind == name_of(RecordKind::registration);
}

class Executor {
 public:
  Executor(const Pair& pair, RunId run, CycleReport& report, const CycleOptions& options)
      : pair_(pair),
        run_(run),
        report_(report),
        options_(options),
        fliers_{Background(pair.flies_in_background), Background(pair.flies_in_background)} {}

  // Called with the deals of each batch once it is settled, mostly while another one flies; what it plans is pushed
  // too. Returns how many operations that is.
  using FollowUp = std::function<Result<std::int64_t>(const std::vector<DealId>&)>;

  // Pushes until nothing is ready. Sets report.stopped and side_down when a side fails as a whole.
  Result<void> push_all(std::int64_t planned_total, const FollowUp& follow_up);

  // Looks up every operation whose outcome is unknown (sent and unanswered, or left by a crash). What was applied is
  // settled; what surely was not is dropped and its deal decided anew; the rest waits for the late-arrival horizon.
  Result<void> probe_open_operations();

  // Reads deals again whose record moved under a write.
  Result<void> fetch_moved();

  // Puts what was planned and never sent back into the deals: they are decided anew next time.
  Result<void> drop_planned();

 private:
  struct Batch {
    std::vector<store::OperationRow> rows;
    std::vector<Operation> operations;
  };

  // A batch that is marked as sent and leaves when the one before it has landed. Its outcomes come from another thread
  // where the pair allows one, else when they are asked for; none when it did not leave after all.
  using Flown = std::optional<std::vector<Outcome>>;
  struct Flight {
    Batch batch;
    std::future<Flown> outcomes;
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
    Side side = Side::crm;
    std::optional<Flight> flight;
    std::optional<Flight> next;
    std::optional<Landed> landed;
  };
  using Lanes = std::array<Lane, 2>;

  enum class Room : std::uint8_t { full_or_last, as_it_is };
  enum class Wait : std::uint8_t { until_one_landed, no };
  Result<Batch> next_batch(Side side);
  Result<void> advance(Lane& lane, Room room, const FollowUp& follow_up);
  Result<void> take_off(Lane& lane, Room room);
  Result<void> land(Lane& lane, const FollowUp& follow_up);
  Lane* next_to_land(Lanes& lanes, Wait wait) const;
  // Has the side asked for time that is not over yet?
  bool rests(Side side);
  bool any_rest_is_over() const;
  // Waits for the first side that rests; false when none does, or none needs to any more.
  bool wait_for_a_rest();
  Result<void> settle_some(Lane& lane, std::size_t most, const FollowUp& follow_up);
  // Does the deal wait for one of its records to be read again?
  bool is_moved(const store::DealRow& deal) const;
  Result<std::optional<Batch>> make_ready(Side side, Room room);
  bool may_grow(Side side, const Batch& batch) const;
  bool stop_because_of(Side side, const Error& error);
  Result<void> put_back(Side side, Batch batch);
  Flight launch(Side side, Batch batch);
  void hold(Side side, bool held) { held_[static_cast<std::size_t>(side)] = held; }
  // The other operations that those of one batch come after, by their ids.
  using Predecessors = std::map<std::string, std::optional<store::OperationRow>>;
  Result<const store::OperationRow*> predecessor(const store::OperationRow& row, Predecessors& known);
  static bool may_leave(const store::OperationRow& row, const store::OperationRow* before, bool& never);
  Result<std::optional<Operation>> wire_operation(store::OperationRow& row, const store::OperationRow* before);
  Result<void> settle_rows(Side side, std::span<store::OperationRow> rows, const std::vector<Outcome>& outcomes);
  Result<void> settle(store::OperationRow& row, const Outcome& outcome, bool& wait_and_retry);
  // The write's own answer may hold the server's form of what we sent; a later read may hold a person's edit and is no
  // base (reliability section 3, first trap).
  enum class AnswerIs : std::uint8_t { own, read_later };
  Result<void> settle_applied(store::OperationRow& row, const Applied& applied, AnswerIs answer);
  Result<void> settle_failed(store::OperationRow& row, const Error& error, bool& wait_and_retry);
  Result<void> refuse(store::OperationRow& row, store::DealRow& deal, const Error& error);
  void note_unheeded(const store::OperationRow& row, store::DealRow& deal, const std::vector<std::string>& fields);
  Result<void> postpone(store::DealRow& deal, Side side, const Error& error);
  // `shown`: the record as it stands after the write, for telling its values at any time.
  Result<void> note_outcome(const store::OperationRow& row, const std::string& summary, ImageId shown = {});
  Result<void> probe(Side side, std::vector<store::OperationRow> rows);
  Result<void> conclude_probe(Side side, store::OperationRow& row, const std::vector<Observation>& found);
  bool may_still_arrive(store::OperationRow& row) const;
  Result<void> wait_for_late_arrival(Side side, store::OperationRow& row);
  Result<void> drop(store::OperationRow& row, bool decide_again);
  Result<void> mark_deal_dirty(DealId deal);
  bool side_failed(Side side, const Error& error, bool nothing_went_through);

  const Pair& pair_;
  RunId run_;
  CycleReport& report_;
  const CycleOptions& options_;
  std::map<Side, int> failures_in_a_row_;
  std::map<Side, std::set<std::string>> moved_;  // records to read again
  // Up to this one, no operation of the side is planned any more: where the search for the next batch begins, so that
  // it does not walk through the other side's again and again.
  std::map<Side, OperationId> none_before_;
  // Sides that asked for time, or failed for a moment: until when nothing is sent to them.
  std::map<Side, Instant> rests_until_;
  // Until so many writes are settled, a batch that may grow is not looked for again.
  std::map<Side, std::int64_t> waits_for_more_until_;
  std::int64_t finished_ = 0;
  std::int64_t total_ = 0;
  std::array<std::atomic<bool>, 2> held_ = {};  // by side: what has not left yet stays
  std::array<Background, 2> fliers_;  // one per side; the last member, so that their work ends before the others go
};

}  // namespace cosell::engine
