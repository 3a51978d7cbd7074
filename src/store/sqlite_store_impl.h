// The store's port on one SQLite connection. Its parts are spread over files by concern: transactions here and in
// sqlite_store.cpp, the rest in deals.cpp, operations.cpp, journal.cpp and runs.cpp. How a file is found fit, copied
// or created before is in open_sqlite_store.cpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/connection.h"
#include "store/file_lock.h"
#include "store/footing.h"
#include "store/sqlite_store.h"

namespace cosell::store {

// What was read or written last, as it stands in the file: at least the last `most / 2` of it, at most `most`. For a
// store that no other process writes.
template <class What>
class Known {
 public:
  explicit Known(std::size_t most) : half_(most / 2) {}
  const What* find(std::int64_t id) const {
    for (const auto* part : {&newer_, &older_}) {
      const auto found = part->find(id);
      if (found != part->end()) return &found->second;
    }
    return nullptr;
  }
  void keep(std::int64_t id, const What& what) {
    older_.erase(id);
    if (newer_.size() >= half_) {
      older_.swap(newer_);
      newer_.clear();
    }
    newer_.insert_or_assign(id, what);
  }
  void forget(std::int64_t id) {
    newer_.erase(id);
    older_.erase(id);
  }
  void clear() {
    newer_.clear();
    older_.clear();
  }

 private:
  std::size_t half_;
  std::unordered_map<std::int64_t, What> newer_, older_;
};

class SqliteStore final : public Store {
 public:
  struct Parts {
    std::string path;  // as people know it
    OpenOptions::Mode mode = OpenOptions::Mode::exclusive;
    FileLock lock;  // exclusive only
    std::unique_ptr<Connection> connection;
  };
  explicit SqliteStore(Parts parts) : parts_(std::move(parts)) {}
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;
  // Says goodbye in the file (no check on the next opening) unless something failed.
  ~SqliteStore() override;

  // For looking after the store as a whole.
  Connection& connection() { return *parts_.connection; }

  Result<void> transaction(const std::function<Result<void>()>& work) override;

  Result<std::string> property(const std::string& name) override;
  Result<void> set_property(const std::string& name, const std::string& value) override;

  Result<RunId> start_run(const std::string& command, Instant at, const std::string& mapping_text,
                          const std::string& mapping_hash, const std::string& settings_text) override;
  Result<std::optional<RunInputs>> run_inputs(RunId run) override;
  Result<void> finish_run(RunId run, Instant at, const std::string& outcome, const std::string& note,
                          const std::string& figures) override;
  Result<std::vector<RunRow>> runs(int newest, Instant since) override;
  Result<std::optional<RunRow>> last_good_run() override;
  Result<std::vector<MappingUse>> mapping_uses(int newest) override;
  Result<std::string> mapping_text(const std::string& hash) override;

  Result<Cursor> cursor(Side side) override;
  Result<void> set_cursor(Side side, const Cursor& cursor) override;

  Result<ImageId> put_image(const Columns& columns, ImageId before) override;
  Result<Columns> image(ImageId id) override;

  Result<DealId> add_deal(const DealRow& row) override;
  Result<void> update_deal(const DealRow& row) override;
  Result<void> remove_deal(DealId id, DealId into) override;
  Result<std::optional<DealRow>> deal(DealId id) override;
  Result<std::optional<DealRow>> deal_by_record(Side side, const std::string& record_id) override;
  Result<std::vector<DealRow>> deals_by_engagement(const std::string& engagement_id) override;
  Result<std::vector<DealRow>> deals(const DealFilter& filter) override;
  Result<std::vector<DealRow>> lone_deals(Side side, bool dirty_only, DealId after, int limit) override;
  Result<std::vector<DealRow>> deals_to_decide(Instant now, DealId after, int limit) override;
  Result<std::int64_t> count_deals_to_decide(Instant now) override;
  Result<std::vector<DealRow>> deals_to_ask_microsoft(Instant now, DealId after, int limit) override;
  Result<std::vector<StateCount>> count_deals() override;

  Result<void> add_operation(const OperationRow& row) override;
  Result<void> update_operation(const OperationRow& row) override;
  Result<std::optional<OperationRow>> operation(const OperationId& id) override;
  Result<std::vector<OperationRow>> operations(const OperationFilter& filter) override;
  Result<bool> has_open_operation(DealId deal) override;

  Result<void> journal(const JournalEntry& entry) override;
  Result<std::vector<JournalEntry>> history(DealId deal, std::int64_t after, int limit) override;
  Result<std::int64_t> verify_journal() override;
  Result<std::vector<JournalEntry>> journal_lines(RunId run, std::int64_t after, int limit) override;
  Result<JournalCheckpoint> journal_checkpoint() override;
  Result<JournalPruned> prune_journal(Instant before, Instant now) override;
  Result<JournalPruned> erase_from_journal(DealId deal, Instant now) override;

  Result<std::int64_t> add_to_inbox(const std::string& command, const std::string& arguments, Instant at) override;
  Result<std::vector<InboxItem>> open_inbox() override;
  Result<std::vector<InboxItem>> recent_inbox(int newest) override;
  Result<std::optional<InboxItem>> inbox_item(std::int64_t id) override;
  Result<bool> begin_inbox(std::int64_t id, Instant at) override;
  Result<void> answer_inbox(std::int64_t id, const InboxAnswer& answer, Instant at) override;
  Result<bool> withdraw_from_inbox(std::int64_t id, const InboxAnswer& answer, Instant at) override;
  Result<std::int64_t> stored_by_others() override;

 private:
  struct JournalHead {
    std::int64_t sequence = 0;
    std::string hash;    // hex
    bool stored = true;  // as the last line of the file says
  };
  // A change of what a deal stands on that no line of the journal tells yet.
  struct Untold {
    Footing before, after;
    std::vector<std::int64_t> merged;  // deals that became part of this one

    bool nothing() const { return merged.empty() && before == after; }
  };

  Query query(std::string_view sql) { return parts_.connection->query(sql); }

  // Runs `work`, SQLite's failures become Errors. A read outside a transaction sees what is committed.
  template <class Work>
  auto read(Work work) -> decltype(work()) {
    auto result = attempt(parts_.path, work);
    if (!result) note_failure(result.error());
    return result;
  }
  // The same for a change: part of the open transaction, which cannot be committed after a failure, or one of its own.
  template <class Work>
  auto write(Work work) -> decltype(work());
  // The same for the inbox, which a process may write that does not hold the store.
  template <class Work>
  auto write_inbox(Work work) -> decltype(work());

  Result<StrongInt<RunRow>> keep_text(const std::string& text, const std::string& hash);
  // Only the inbox may be written by a process that does not hold the store.
  Result<void> may_write() const;
  void note_failure(const Error& error);
  Result<void> begin();
  Result<void> commit();
  void roll_back();

  const DealRow& known(const DealRow& row);
  OperationRow read_operation(const Query& query);
  std::int64_t put_shape(const std::string& names);
  const std::vector<std::string>& names_of_shape(std::int64_t id);
  Result<JournalPruned> clean_up(const std::function<Result<JournalPruned>()>& work);
  std::string wipe_file();
  std::int64_t drop_unused_images();
  std::int64_t drop_quiet_runs(Instant before);
  // After a transaction that did not happen, and when images went.
  void forget_known();

  JournalHead& journal_head();
  void store_journal_head();
  void append(const JournalEntry& entry);
  void footing_moves(DealId deal, const Footing& before, const Footing& after);
  // `entry` with what its deal's footing became, when that is not told yet.
  JournalEntry with_footing(const JournalEntry& entry);
  void tell_untold_footings();
  Result<std::int64_t> verify_at_one_moment();
  Result<void> compare_footings();
  // Keeps what the deals stood on at that line, before the lines up to it go.
  void keep_footings(std::int64_t last);
  void empty_lines(DealId deal, JournalPruned& erased);
  void empty_inbox(DealId deal);
  // The deals that became part of it, and those that had become part of them.
  std::vector<std::int64_t> merged_into(DealId deal);
  // What it stands on now, in a new line, after the lines that told it were emptied.
  void tell_footing_anew(DealId deal, const std::vector<std::int64_t>& merged, Instant now);

  Parts parts_;
  bool open_transaction_ = false;
  bool inbox_only_ = false;       // the open transaction is the inbox's own
  std::optional<Error> failure_;  // the first failed change of the open transaction
  bool suspicious_ = false;       // the disk failed or the file looked damaged: check on the next opening
  Known<DealRow> known_deals_{1'000};
  std::optional<std::vector<StateCount>> known_counts_;  // a quiet run asks for them again and again
  Known<Columns> known_images_{500};
  // What an operation keeps from its planning to its settling.
  struct Frozen {
    Columns expected, changes, agrees_with;
  };
  Known<Frozen> known_frozen_{500};
  std::map<std::int64_t, std::vector<std::string>> known_shapes_;
  std::pair<std::string, std::int64_t> last_shape_;  // names of the last image and where they are kept
  std::optional<JournalHead> head_;                  // known last line of the journal; empty: to be read
  std::map<std::int64_t, Untold> untold_;            // in the open transaction
  Instant now_{};                                    // as the journal was told last
  RunId run_;                                        // that is under way
};

template <class Work>
auto SqliteStore::write(Work work) -> decltype(work()) {
  if (auto allowed = may_write(); !allowed) return allowed.error();
  if (open_transaction_) {
    if (failure_) return *failure_;
    auto result = read(work);
    if (!result) failure_ = result.error();
    return result;
  }
  std::optional<decltype(work())> result;
  auto done = transaction([&]() -> Result<void> {
    result.emplace(write(work));
    if (!*result) return result->error();
    return {};
  });
  if (!done) return done.error();
  return std::move(*result);
}

template <class Work>
auto SqliteStore::write_inbox(Work work) -> decltype(work()) {
  inbox_only_ = true;
  auto result = write(work);
  inbox_only_ = false;
  return result;
}

}  // namespace cosell::store
