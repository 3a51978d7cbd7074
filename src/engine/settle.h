// What came of writes: the outcome of each operation is laid into its deal, the base and the journal. An outcome that
// is not known is looked up before anything new is planned for that deal (I-20).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/cycle.h"
#include "engine/pair.h"
#include "engine/view.h"

namespace cosell::engine {

inline bool is_create(const store::OperationRow& row) { return row.verb == name_of(Verb::create); }
// The record that is written existed before, also where something is created in it.
inline bool names_its_target(const store::OperationRow& row) {
  return !is_create(row) || row.kind == name_of(RecordKind::registration);
}

// Does a later look show what the side made of the number that this write sent (F-53)? Not where it shows what stood
// there before: the write may not have arrived.
bool is_kept_rounded(const store::OperationRow& row, std::string_view name, const Value& shown);
// Does a later look show the record as this write left it?
bool shows_changes(const store::OperationRow& row, const Observation& seen);

class Settler {
 public:
  Settler(const Pair& pair, RunId run, CycleReport& report, const CycleOptions& options)
      : pair_(pair), run_(run), report_(report), options_(options) {}

  // What an error says that does not tell what became of the write: something of its deal, or of the side, which took
  // nothing else either.
  enum class FailureIs : std::uint8_t { of_its_deal, of_the_side };
  // Within the caller's transaction. An operation that was not applied and may go out again is planned afterwards.
  Result<void> settle(store::OperationRow& row, const Outcome& outcome, FailureIs failure);

  // The operation is given up; its deal is decided anew where that may still need it.
  Result<void> drop(store::OperationRow& row, bool decide_again);
  // Every operation that was planned and never sent.
  Result<void> drop_planned();

  // Does the deal wait for one of its records to be read again, because that moved under a write?
  bool is_moved(const store::DealRow& deal) const;
  bool any_is_moved() const;
  // Reads those records.
  Result<void> fetch_moved();

  // Looks up every operation whose outcome is unknown (sent and unanswered, or left by a crash). What was applied is
  // settled; what surely was not is dropped and its deal decided anew; the rest waits for the late-arrival horizon.
  Result<void> probe_open_operations();

 private:
  // The write's own answer may hold the server's form of what we sent; a later read may hold a person's edit and is no
  // base (reliability section 3, first trap).
  enum class AnswerIs : std::uint8_t { own, read_later };
  Result<void> settle_applied(store::OperationRow& row, const Applied& applied, AnswerIs answer);
  Result<void> settle_half(const store::OperationRow& row, const Applied& applied, store::DealRow& deal);
  Result<void> settle_record(store::OperationRow& row, const Applied& applied, AnswerIs answer, store::DealRow& deal);
  Result<void> let_key_be_given(const store::OperationRow& row, const Columns& before);
  // What a deal waits for after a write, until it is decided anew.
  struct Wait {
    store::WaitFor whom;
    std::string reason, message, next_step;
    std::optional<Instant> look_again_at = {};
  };
  void let_wait(store::DealRow& deal, Wait wait) const;
  Result<void> wait_beside(const store::OperationRow& row, store::DealRow& deal, const store::DealRow& holder);
  Result<void> settle_failed(store::OperationRow& row, const Error& error, FailureIs failure);
  Result<void> read_agreement_of(store::OperationRow& row, const store::DealRow& deal) const;
  bool stage_follows(const store::OperationRow& row) const;
  // What both sides agree on after a write, and what the side took and kept as it was (by label).
  struct Agreement {
    std::vector<AgreedField> on;
    std::vector<std::string> unheeded;
  };
  Agreement agreement_on(const store::OperationRow& row, const Applied& applied, AnswerIs answer, const Columns& before,
                         const Columns& picture) const;
  Result<void> refuse(store::OperationRow& row, store::DealRow& deal, const Error& error, const std::string& message);
  Result<void> miss(store::OperationRow& row, store::DealRow& deal, const Error& error);
  Result<void> not_taken(store::OperationRow& row);
  Result<void> postpone(store::OperationRow& row, store::DealRow& deal, const Error& error);
  void note_failure(const store::DealRow& deal, const std::string& message);
  void note_unheeded(const store::OperationRow& row, store::DealRow& deal, const std::vector<std::string>& fields);
  // `shown`: the record as it stands after the write, for telling its values at any time.
  Result<void> note_outcome(const store::OperationRow& row, const std::string& summary, ImageId shown = {});
  Result<std::optional<store::DealRow>> deal_of(store::OperationRow& row);
  Result<void> mark_deal_dirty(store::OperationRow& row);

  Result<void> probe(Side side, std::vector<store::OperationRow> rows);
  bool is_of_another_pair(const store::OperationRow& create, const Observation& seen) const;
  Result<void> conclude_probe(Side side, store::OperationRow& row, const std::vector<Observation>& found);
  bool may_still_arrive(store::OperationRow& row) const;
  Result<void> wait_for_late_arrival(Side side, store::OperationRow& row);
  Result<void> wait_to_be_read(Side side, store::OperationRow& row, const Observation& seen);

  const Pair& pair_;
  RunId run_;
  CycleReport& report_;
  const CycleOptions& options_;
  std::map<Side, std::set<std::string>> moved_;  // records to read again
};

}  // namespace cosell::engine
