// Plans the writes of a cycle: decides on the deals of a round, page by page, and keeps what follows in the store, a
// page in one transaction.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/cycle.h"
#include "engine/decide.h"
#include "engine/guard.h"
#include "engine/pair.h"

namespace cosell::engine {

constexpr int rounds_max = 5;  // plan, write, see the result, tell the seller; the rest is for next time

class Planner {
 public:
  Planner(const Pair& pair, RunId run, CycleReport& report, const CycleOptions& options)
      : pair_(pair), run_(run), report_(report), options_(options) {}

  // Before the first of some rounds: no deal is decided on more often in them than there are rounds. The plan of a
  // first sync gets a hash.
  enum class FirstSyncIs : std::uint8_t { over, not_approved, approved };
  void begin(FirstSyncIs first_sync);
  // The plan that a guard stopped last, as stopped_plan() told it: what is planned again just so is not written down
  // again unless keep_withheld() follows. For the first round.
  void withhold(const std::string& stopped_plan);
  // Before each round.
  Result<void> begin_round();
  // How many operations were planned. Sets report.side_down when a question that a decision needs is not answered.
  // `something_may_leave`: where the guards let through whatever may be decided in the round. Else they judge the round
  // once all of it is planned, and a step that they have not seen is left to the next one (I-13).
  enum class Until : std::uint8_t { all_is_planned, something_may_leave };
  Result<std::int64_t> plan(Until until);
  // The next page of the round, while writes are under way: deals that ask a side something first, or have a write
  // under way themselves, wait for the next round. Nothing once the whole round is planned.
  Result<std::optional<std::int64_t>> plan_more();
  // The guards let the round pass: what was withheld of it leaves with the rest.
  Result<void> keep_withheld();
  // Deals whose writes were just settled: what follows leaves while the writes of others fly, and what both sides show
  // of them is still in memory.
  Result<std::int64_t> follow_up(const std::vector<DealId>& deals);

  // Deals whose time comes later are not of this round.
  Instant due_at() const { return due_at_; }

  // What was planned in this cycle: a deal counts once in each, however many writes and rounds it takes.
  const PlannedSteps& steps() const { return steps_; }
  std::int64_t deals_with_writes() const { return deals_with_writes_; }
  // Order-independent, over all that would be written: the same plan has the same hash at another time.
  std::string plan_hash() const;
  // The writes of that plan one by one, as text; and how many of them are not among those of an earlier one. What only
  // tells a seller of a write needs no approval beside it.
  std::string plan_in_one_text() const;
  std::int64_t writes_beside(const std::string& earlier_plan) const;
  // The writes of this round, as text.
  std::string stopped_plan() const;

 private:
  enum class Questions : std::uint8_t { asked, left_for_later };
  Result<std::int64_t> plan_page(Questions questions);
  Result<std::int64_t> decide_on(Decider& decider, std::vector<store::DealRow> rows, Questions questions);
  bool may_decide_on(const store::DealRow& row) const;
  Result<bool> may_decide_meanwhile(const store::DealRow& row) const;
  Result<void> commit(const std::vector<Planned>& plans);
  Result<bool> follows_approved_create(const store::OperationRow& op) const;
  Result<void> note_decision(const Planned& plan);
  // Closes, shows or makes a deal that was not counted as that yet.
  bool takes_new_step(const Planned& plan) const;
  bool was_told(const Planned& plan) const;
  void take_out_withheld(std::vector<Planned>& plans);
  void count_steps(const Planned& plan);
  void warn(const Planned& plan);

  const Pair& pair_;
  RunId run_;
  CycleReport& report_;
  const CycleOptions& options_;
  PlannedSteps steps_;
  std::vector<std::uint8_t> counted_;  // by the deal's number: as what it was counted
  std::int64_t deals_with_writes_ = 0;
  std::set<std::pair<std::int64_t, std::string>> warned_;
  std::vector<std::uint8_t> times_decided_;  // in these rounds, by the deal's number
  FirstSyncIs first_sync_ = FirstSyncIs::over;
  std::uint64_t plan_hash_ = 0;
  std::vector<std::uint64_t> plan_writes_;  // hashes
  std::set<std::string> told_writes_;       // of the plan that a guard stopped last: hashes

  // The round.
  std::optional<Decider> decider_;
  std::set<std::int64_t> unanswered_;  // deals with a write whose outcome is not known: not their turn
  Instant due_at_{};
  DealId after_;  // up to this one it is planned
  std::int64_t looked_at_ = 0;
  bool round_is_planned_ = false;
  bool any_step_is_let_through_ = false;
  std::vector<std::uint64_t> round_writes_;                // hashes
  std::map<std::int64_t, Planned> withheld_;               // by the deal's number
  std::map<std::string, std::int64_t> withheld_accounts_;  // deals of these, by the operation that makes an account
};

}  // namespace cosell::engine
