// The sync store: what both sides showed, what was agreed, what is planned, sent and waiting, and the journal.
//
// This is the port; SQLite is the embedded default (sqlite_store.h). One store per pair. Every write happens
// inside a Transaction; none is ever open across a network call. Nothing here knows a CRM or a wire format.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/strong.h"
#include "base/time.h"
#include "deal/columns.h"

namespace cosell::store {

enum class Side : std::uint8_t { crm, partner_center };
const char* name_of(Side s);
inline Side other_side(Side s) { return s == Side::crm ? Side::partner_center : Side::crm; }

enum class Existence : std::uint8_t { unseen, live, deleted, out_of_scope };

// What one side shows of a deal now, and the state at which the deal last agreed.
struct SideState {
  std::string record_id;  // "" : this side has no record
  std::string version;
  Existence existence = Existence::unseen;
  ImageId image;         // latest image; invalid: none
  ImageId base;          // image at which both sides last agreed; invalid: never
  Instant seen_at{};     // when the latest image was first observed
  Instant changed_at{};  // the server's own time of the change (for people)
};

// What the deal is doing, as people see it.
enum class DealState : std::uint8_t { skipped, in_sync, changed, waiting, failed };
const char* name_of(DealState s);  // "in_sync"
enum class WaitFor : std::uint8_t { nobody, seller, admin, microsoft, date, operator_, partner_center };
const char* name_of(WaitFor w);  // "seller", "you" for operator_

// Begins the name of a mark that says what both sides agreed on for one field, where their bases do not.
inline constexpr const char* agreed_mark = "base.";

// One deal: an opportunity, a referral, or both tied together.
struct DealRow {
  DealId id;
  std::string title;  // the deal's name, for people
  std::string owner;  // who owns it in the CRM
  std::string owner_email;
  std::string engagement_id;
  SideState crm;
  SideState partner_center;
  ImageId microsoft;                        // Microsoft's half of the engagement; invalid: none known
  std::string microsoft_id;                 // its record id
  std::optional<Instant> ask_microsoft_at;  // next look-up of Microsoft's answer
  DealState state = DealState::changed;
  WaitFor waits_for = WaitFor::nobody;
  std::string reason;                        // stable code: "not_selected", "missing_field", "settling"
  std::string message;                       // for people
  std::string next_step;                     // for people
  Instant since{};                           // since when in this state for this reason
  std::optional<Instant> look_again_at;      // a date this deal waits for (settle time, retry, deadline)
  bool dirty = false;                        // something changed since the last decision
  std::map<std::string, std::string> marks;  // small facts of the engine ("settle:won" -> instant); canonical order
};

inline SideState& side_of(DealRow& row, Side side) { return side == Side::crm ? row.crm : row.partner_center; }
inline const SideState& side_of(const DealRow& row, Side side) {
  return side == Side::crm ? row.crm : row.partner_center;
}

enum class OperationState : std::uint8_t { planned, sent, applied, rejected, unknown, dropped };
const char* name_of(OperationState s);

struct OperationRow {
  OperationId id;
  DealId deal;
  RunId run;
  Side side = Side::partner_center;
  std::string kind;       // record kind: "referral", "account"
  std::string verb;       // "create", "update"
  OperationId after;      // empty: none
  std::string target_id;  // update; create: filled when applied
  std::string key;
  std::string must_match;
  Columns expected;
  Columns changes;
  // By deal field: what the other side showed when this was planned. Once applied, it and the stored form are what
  // both sides agreed on.
  Columns agrees_with;
  std::string engagement_id;
  std::string step;  // irreversible step it takes: "won"; "" when none
  OperationState state = OperationState::planned;
  int attempts = 0;
  std::optional<Instant> not_before;
  Instant planned_at{};
  std::optional<Instant> sent_at;
  std::optional<Instant> finished_at;
  // Last failure, "" when none.
  std::string error_class, error_message, error_detail, error_rule, request_id;
};

enum class JournalKind : std::uint8_t { observed, decided, intended, outcome, linked, waiting, person, mapping, run };
const char* name_of(JournalKind k);

// One line of the audit. `payload` is the JSON text of an object; the chain covers its hash, so it may be pruned.
struct JournalEntry {
  std::int64_t sequence = 0;
  Instant at{};
  RunId run;
  DealId deal;  // invalid: concerns no single deal
  JournalKind kind = JournalKind::observed;
  std::string summary;  // one sentence for people
  std::string payload;
  std::string hash = {};  // of the line, in hex; only journal_lines() fills it
};

// What the decisions of a run were derived from, beside the images that the journal names.
struct RunInputs {
  std::string mapping_text;
  std::string settings_text;  // canonical JSON; "" of runs that did not keep it
};

// The last line that was pruned; `sequence` 0: none ever was.
struct JournalCheckpoint {
  std::int64_t sequence = 0;
  std::string hash;
  Instant pruned_at{};
};

struct JournalPruned {
  std::int64_t lines = 0;
  std::int64_t operations = 0;
  std::int64_t images = 0;
  std::int64_t runs = 0;  // of which no entry and no write tells any more
  // Why the file could not be written anew, so that something of what went may still be found in it; "" when it was.
  std::string not_wiped = {};
};

struct RunRow {
  RunId id;
  std::string command;  // "sync", "run"; of some deals only "sync --deal", "sync --limit", "replay"
  Instant started_at{};
  std::optional<Instant> finished_at;
  std::string outcome;  // "ok", "failures", "stopped", "unreachable"; "" while running
  std::string mapping_hash;
  std::string note;     // for people, when it did not end well
  std::string figures;  // canonical JSON: calls, writes, counts
};

// Did it look at all deals? One of some of them, and a replay, says nothing of the others.
inline bool is_of_all_deals(const RunRow& run) { return run.command == "sync" || run.command == "run"; }

// A stretch of runs, one after the other, that worked with the same mapping.
struct MappingUse {
  std::string hash;
  Instant first_run_at{};
  Instant last_run_at{};
};

// What became of a command of the inbox.
struct InboxAnswer {
  std::string text;         // for people
  bool refused = false;     // not carried out, or not all of it
  int exit_code = 0;        // with which the command by itself would have ended
  std::string report = {};  // canonical JSON: the members of the answer that it would have given to programs
};

struct InboxItem {
  std::int64_t id = 0;
  Instant at{};
  std::string command;    // "replay"
  std::string arguments;  // canonical JSON
  std::optional<Instant> begun_at;
  std::optional<Instant> done_at;
  InboxAnswer answer;  // once done
};

struct DealFilter {
  std::optional<DealState> state;
  std::optional<WaitFor> waits_for;
  std::string reason;     // exact code; "" any
  std::string owner;      // part of the name, or the e-mail, case-insensitive; "" any
  std::string name_part;  // case-insensitive; "" any
  bool dirty_only = false;
  bool include_skipped = true;
  std::optional<Side> out_of_sight;  // linked deals whose record this side did not show when it was asked last
  DealId after;                      // continue behind this id
  int limit = 500;
};

struct OperationFilter {
  std::optional<OperationState> state;
  std::optional<Side> side;
  DealId deal;        // invalid: any
  std::string kind;   // "" any
  std::string verb;   // "" any
  OperationId after;  // continue behind this one (planning order)
  int limit = 500;
};

struct StateCount {
  DealState state;
  WaitFor waits_for;
  std::string reason;
  std::int64_t deals = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  // Runs `work` in one transaction; commits when it returns success, else rolls back. Inside another one it is a part
  // of that: all of it happens, or nothing.
  virtual Result<void> transaction(const std::function<Result<void>()>& work) = 0;

  // --- identity of the pair (environment fingerprints, name); set once
  virtual Result<std::string> property(const std::string& name) = 0;  // "" when unset
  virtual Result<void> set_property(const std::string& name, const std::string& value) = 0;

  // --- runs and texts
  // `settings_text`: the rest that decisions follow from; kept once per content, like the mapping's text.
  virtual Result<RunId> start_run(const std::string& command, Instant at, const std::string& mapping_text,
                                  const std::string& mapping_hash, const std::string& settings_text = "") = 0;
  virtual Result<std::optional<RunInputs>> run_inputs(RunId run) = 0;
  virtual Result<void> finish_run(RunId run, Instant at, const std::string& outcome, const std::string& note,
                                  const std::string& figures) = 0;
  virtual Result<std::vector<RunRow>> runs(int newest, Instant since = {}) = 0;  // newest first
  // The newest sync of all deals that ended well: "ok" or "failures".
  virtual Result<std::optional<RunRow>> last_good_run() = 0;
  virtual Result<std::vector<MappingUse>> mapping_uses(int newest) = 0;   // newest first
  virtual Result<std::string> mapping_text(const std::string& hash) = 0;  // error when no run had it

  // --- read positions
  virtual Result<Cursor> cursor(Side side) = 0;  // empty when none
  virtual Result<void> set_cursor(Side side, const Cursor& cursor) = 0;

  // --- images: immutable
  // `before`: what the record showed until now. The same content is the same image; where most of it is the same, only
  // the difference is kept.
  virtual Result<ImageId> put_image(const Columns& columns, ImageId before = {}) = 0;
  virtual Result<Columns> image(ImageId id) = 0;

  // --- deals
  virtual Result<DealId> add_deal(const DealRow& row) = 0;
  virtual Result<void> update_deal(const DealRow& row) = 0;
  // Two half deals become one; nothing else removes one. A write of it that has left is the other one's from now on,
  // one that has not is dropped.
  virtual Result<void> remove_deal(DealId id, DealId into) = 0;
  virtual Result<std::optional<DealRow>> deal(DealId id) = 0;
  virtual Result<std::optional<DealRow>> deal_by_record(Side side, const std::string& record_id) = 0;
  virtual Result<std::vector<DealRow>> deals_by_engagement(const std::string& engagement_id) = 0;
  virtual Result<std::vector<DealRow>> deals(const DealFilter& filter) = 0;  // by id
  // Deals that only this side shows; `dirty_only`: of these, the ones to decide on.
  virtual Result<std::vector<DealRow>> lone_deals(Side side, bool dirty_only, DealId after, int limit) = 0;
  // Deals to decide on: dirty, or whose look_again_at / ask_microsoft_at has come.
  virtual Result<std::vector<DealRow>> deals_to_decide(Instant now, DealId after, int limit) = 0;
  // At most that many; a deal that is both dirty and due may count twice.
  virtual Result<std::int64_t> count_deals_to_decide(Instant now) = 0;
  virtual Result<std::vector<DealRow>> deals_to_ask_microsoft(Instant now, DealId after, int limit) = 0;
  virtual Result<std::vector<StateCount>> count_deals() = 0;

  // --- operations
  virtual Result<void> add_operation(const OperationRow& row) = 0;
  virtual Result<void> update_operation(const OperationRow& row) = 0;  // state, attempts, result fields
  virtual Result<std::optional<OperationRow>> operation(const OperationId& id) = 0;
  virtual Result<std::vector<OperationRow>> operations(const OperationFilter& filter) = 0;  // planning order
  // Is a write of the deal planned, sent or unanswered?
  virtual Result<bool> has_open_operation(DealId deal) = 0;

  // --- journal
  // The first line about a deal after a change of what it stands on (footing.h) tells that change too, in the member
  // "footing" of its payload; without one in the same transaction, a line of its own does.
  virtual Result<void> journal(const JournalEntry& entry) = 0;
  virtual Result<std::vector<JournalEntry>> history(DealId deal, std::int64_t after, int limit) = 0;
  // Walks the whole chain, then follows what each deal stood on and compares the end with what is stored (I-33).
  // Returns the number of entries; a broken chain is store_damaged naming the entry, and so is a deal that differs,
  // naming it. Both begin at the checkpoint when older lines were pruned. Memory does not grow with the number of
  // deals.
  virtual Result<std::int64_t> verify_journal() = 0;
  // Every line, or those of one run, with their hashes, in order.
  virtual Result<std::vector<JournalEntry>> journal_lines(RunId run, std::int64_t after, int limit) = 0;
  virtual Result<JournalCheckpoint> journal_checkpoint() = 0;
  // Removes lines older than that, with the writes and pictures that only they speak of, and what the inbox answered
  // until then; leaves a checkpoint from which the rest is verified.
  virtual Result<JournalPruned> prune_journal(Instant before, Instant now) = 0;
  // Forgets what the history of a deal says, and that of deals which became part of it; the lines stay, empty, so that
  // the chain verifies. A last one says that, and what the deal stands on. Answers of the inbox that may speak of it
  // go.
  virtual Result<JournalPruned> erase_from_journal(DealId deal, Instant now) = 0;

  // --- inbox: commands given while the service runs
  virtual Result<std::int64_t> add_to_inbox(const std::string& command, const std::string& arguments, Instant at) = 0;
  virtual Result<std::vector<InboxItem>> open_inbox() = 0;
  virtual Result<std::vector<InboxItem>> recent_inbox(int newest) = 0;  // answered or not, newest first
  virtual Result<std::optional<InboxItem>> inbox_item(std::int64_t id) = 0;
  // Whoever carries an entry out begins it first; from then on nobody withdraws it. False: it was answered or withdrawn
  // already, and is not carried out.
  virtual Result<bool> begin_inbox(std::int64_t id, Instant at) = 0;
  virtual Result<void> answer_inbox(std::int64_t id, const InboxAnswer& answer, Instant at) = 0;
  // Answers it in the place of the process that holds the store, so that it is never carried out. False: it was begun.
  virtual Result<bool> withdraw_from_inbox(std::int64_t id, const InboxAnswer& answer, Instant at) = 0;

  // A number that is another one once another process stored something.
  virtual Result<std::int64_t> stored_by_others() = 0;
};

}  // namespace cosell::store
