// The connector contract: what a system (Partner Center, Salesforce, Dynamics 365, the next CRM) implements.
//
// Symmetric: both sides of a pair are connectors. A connector translates between its wire and Columns, classifies
// every failure, and keeps nothing between calls but connections and tokens. Retry, paging loops, mapping, audit and
// queues belong to the engine. It starts no threads and reaches the world only through the Call that it is handed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "base/strong.h"
#include "base/time.h"
#include "deal/columns.h"
#include "deal/own_column.h"
#include "net/call_meter.h"
#include "net/transport.h"

namespace cosell {

// What kind of record an observation or operation is about.
enum class RecordKind : std::uint8_t {
  opportunity,     // CRM
  account,         // CRM: the customer
  contact,         // CRM: a person at the customer; asked for only through columns of an opportunity
  owner,           // CRM: a user of the CRM
  referral,        // Partner Center: the partner's own record of the deal
  microsoft_half,  // Partner Center: the record that asks Microsoft for help, in the same engagement
  registration     // Partner Center: the registration of a won deal, a part of its referral and named by its id
};
const char* name_of(RecordKind k);
std::optional<RecordKind> record_kind_from(const std::string& name);

enum class Verb : std::uint8_t { create, update };
const char* name_of(Verb v);

enum class Existence : std::uint8_t {
  live,
  deleted,
  out_of_scope,
  unreadable  // the side could not show it this time; whether it is still there is not known
};

// What one side showed of one record; nothing interpreted.
struct Observation {
  RecordKind kind = RecordKind::opportunity;
  RecordId id;
  BridgeKey key;         // the other side's id as this record carries it; empty when it carries none
  VersionToken version;  // opaque; empty when the side has none
  Existence existence = Existence::live;
  Columns columns;
  Instant changed_at{};         // the server's time of the last change (for people, never for decisions)
  std::string changed_by = {};  // who made it, as the system names people; "" where it does not tell
  // Columns that the side did not show, whatever they hold: a contact that is not shared with the bridge's user, a
  // column that it may not read. They are blank in `columns`, and nobody emptied them.
  std::vector<std::string> hidden = {};
  // Of these, those of a record that the side names and does not show: it is there, whatever was known before.
  std::vector<std::string> of_hidden_records = {};
  // Blank columns of which the side does not tell whether the user may read them. Nobody is taken to have emptied them;
  // where nothing was known to stand in one, it is empty.
  std::vector<std::string> perhaps_hidden = {};
  std::string unread_because = {};  // of an unreadable one; its id, or the engagement of a microsoft_half, is all else
};

struct Page {
  std::vector<Observation> seen;
  Cursor next;
  bool caught_up = false;
  bool full_listing = false;  // this pull lists everything (first pull or resync), not only changes
};

struct PullRequest {
  Cursor cursor;                     // empty: from the beginning
  std::vector<std::string> columns;  // what the mapping reads; a change of it may invalidate the cursor
  int page_limit = 5000;             // at most this many records, fewer when the system says so
};

// Names a record by id, or by the key it was created with (probe after an unknown outcome). A microsoft_half is asked
// for by its engagement; its id goes along where it is known, for a system that does not find it there.
struct RecordRef {
  RecordKind kind = RecordKind::opportunity;
  RecordId id;  // otherwise one of the two is set
  BridgeKey key;
  Instant created_after{};  // by key, on a side that cannot search keys: how far back to look
};

// One planned remote write; already durable when push() sees it; exactly one atomic remote effect.
struct Operation {
  OperationId id;
  RecordKind kind = RecordKind::opportunity;
  Verb verb = Verb::update;
  RecordRef target;         // update: the id; create: the key that makes it findable (an account has none)
  VersionToken must_match;  // update: the version this was planned against; empty: no condition
  // Update without a server-side condition: the values the plan was made from, to be compared with a fresh read
  // before writing. Empty when only bridge-owned columns are written.
  Columns expected;
  Columns changes;            // only what is to be written; blank clears
  std::string engagement_id;  // microsoft_half: the engagement it joins
};

struct Applied {
  RecordId id;
  VersionToken version;               // empty when the side's answer carries none
  std::optional<Observation> stored;  // the record as the write's own answer shows it, with all columns read
  bool created = false;               // create: false when the record was already there under its key
  // The written columns as the write's own answer shows them, from a side that cannot show all columns with it (those
  // of related records). Not together with `stored`.
  Columns shown = {};
};

// Exactly one per operation.
struct Outcome {
  OperationId id;
  std::variant<Applied, Error> what;
  std::string request_id;  // the server's, for support cases; "" where it names none
};

// Batches of operations on their way to one side, as push_each() is handed them. Called on the thread that pushes.
class Batches {
 public:
  virtual ~Batches() = default;
  // The next one, if one is ready now. It stays where it is until its outcomes are given.
  virtual std::optional<std::span<const Operation>> next() = 0;
  // Exactly one outcome per operation, in the order of the operations; batches in the order in which they were given.
  virtual void give(std::vector<Outcome> outcomes) = 0;
};

// A single one.
class OneBatch final : public Batches {
 public:
  explicit OneBatch(std::span<const Operation> operations) : operations_(operations) {}
  std::optional<std::span<const Operation>> next() override { return std::exchange(operations_, std::nullopt); }
  void give(std::vector<Outcome> outcomes) override { outcomes_ = std::move(outcomes); }
  std::vector<Outcome> outcomes() { return std::move(outcomes_); }

 private:
  std::optional<std::span<const Operation>> operations_;
  std::vector<Outcome> outcomes_;
};

// ---- descriptor

struct StageEntry {
  std::string id;           // stable value: API name, option number, stage id
  std::string label;        // for people only
  std::string record = {};  // what stays the same when the stable value itself is renamed; "" where nothing does
  bool active = true;
  bool closed = false;
  bool won = false;
  int position = 0;
  std::optional<int> probability;
  bool first = false;  // a new opportunity begins here, whatever its create says
};

// A kind of opportunity that has stages of its own: a record type, a business process.
struct RecordTypeEntry {
  std::string name;                             // stable
  std::string label;                            // for people
  std::string column;                           // of the opportunity, in which the name stands
  std::map<std::string, std::string> known_by;  // every column that tells the kind, that one too -> what it holds
  std::vector<std::string> stages = {};         // ids of those that it offers; empty: all
};

struct ColumnInfo {
  std::string name;  // a parent's by its path ("Account.Name"); checked against the mapping where one is listed
  std::string label;
  std::string type;  // "text", "number", "boolean", "date", "instant", "picklist", "reference"
  int length = 0;    // longest text, 0: unbounded or no text
  bool writable = true;
  bool required = false;
  std::vector<std::string> values;  // picklist
};

struct Descriptor {
  std::string environment;  // fingerprint: organisation id and host; a change stops the side (F-69)
  std::string title;        // "Contoso (00D…)"
  std::vector<StageEntry> stages;
  std::vector<ColumnInfo> columns;
  std::vector<RecordTypeEntry> record_types = {};  // as record_types() tells; not asked for by describe()
};

// Each flag changes what the engine does; otherwise it does not exist.
struct Capabilities {
  std::string system;        // "salesforce": names this connector in configuration
  std::string display_name;  // "Salesforce"
  // May the key of a create be searched by the server, and does it refuse a second record with it? A create that meets
  // a record with its key never writes over that.
  enum class ClientKey : std::uint8_t { unique, searchable, none } client_key = ClientKey::none;
  // Partner Center's that can be sent with a create and never afterwards; a later change of them stays in the CRM.
  std::vector<std::string> create_only_columns;
  // Does an update carry `must_match` to the server, so that one that arrives after a later change is refused? Else a
  // lost one is waited for, until it can no longer arrive, before anything is written again.
  bool refuses_stale_updates = true;
  // A new opportunity begins at the stage that the system gives it, whatever the create says; the stage is written
  // once the record is there.
  bool stage_after_create = false;
  bool answer_looked_up = false;  // Microsoft's answer is not in the delta: fetch() is asked for its half
  int batch_max = 200;            // operations per push
  int in_flight_max = 4;
};

// ---- check

struct Finding {
  enum class Level : std::uint8_t { ok, warning, problem } level = Level::ok;
  std::string what;    // "Login", "Column Cosell_Referral_Id__c"
  std::string text;    // in words
  std::string remedy;  // next step; "" when ok
};

// Columns that are as they should be share one line, "Columns to read: 39 columns can be read."; each of the others has
// its own.
void add_together(std::vector<Finding>& findings, std::vector<Finding> columns, const std::string& what,
                  const std::string& text);

// ---- related records

struct RelatedQuery {
  RecordKind kind = RecordKind::account;
  Columns match;  // account: the columns that must be equal; owner: {"email": …}
  std::vector<std::string> columns;
};

// Queries of one kind asked together: of the columns that all of them compare with a text the one that tells most of
// them apart (many customers share a postal code, few a name), and what came of asking for those texts at once. Where
// the server took something for equal that does not look equal here, those that it may have meant are asked again, one
// by one.
struct RelatedTogether {
  explicit RelatedTogether(std::span<const RelatedQuery> queries);

  std::string column;                // "" when they cannot be asked together
  std::vector<std::string> texts;    // to look for in it, each once
  std::vector<std::string> columns;  // to read: what is asked for and what is compared
  // Gives each row to the queries that it answers; the numbers of those that have to be asked alone.
  std::vector<std::size_t> take(std::vector<Observation> rows, std::vector<std::vector<Observation>>& answers) const;

 private:
  std::span<const RelatedQuery> queries_;
};

// Everything a connector may use of the world, for one call.
struct Call {
  net::Transport& transport;
  Clock& clock;
  Random& random;
  net::CallMeter& meter;
  std::string side;  // under which name the meter counts: "crm", "partner_center"
  int max_in_flight = 4;
  Duration timeout = seconds(60);                    // of one request
  std::function<void(const std::string&)> log = {};  // redacted by the receiver
  int in_flight_at_first = 4;  // with how many of them a connector that adapts begins: as many as the side bore last
};

// ---- set-up

// What became of one column, or of something else that the columns need (a permission, a key).
struct SetUpStep {
  enum class State : std::uint8_t {
    there,    // nothing to do
    missing,  // dry run: would be made
    made,
    failed
  } state = State::there;
  std::string what = "";                  // "Column Cosell_State__c"
  std::string text = "";                  // in words
  std::string remedy = "";                // next step; "" unless failed
  ErrorClass error = ErrorClass::config;  // of a failure
};

// Optional part of the contract: creates the bridge's own columns through the system's metadata API. Run twice, it
// changes nothing the second time. Stops at a missing privilege and names it; what was made until then stays.
class ColumnMaker {
 public:
  virtual ~ColumnMaker() = default;
  virtual std::vector<SetUpStep> make_columns(Call&, const std::vector<OwnColumn>& wanted, bool dry_run) = 0;
};

class Connector {
 public:
  virtual ~Connector() = default;
  virtual const Capabilities& capabilities() const = 0;

  virtual Result<Descriptor> describe(Call&) = 0;
  // The environment and the stages, which is all that is asked while deals change; a system that has a smaller question
  // for them than describe() asks that. `columns` may be empty.
  virtual Result<Descriptor> describe_stages(Call& call) { return describe(call); }
  // Kinds of opportunities and the stages that each offers; costs about a request each, so that only people's commands
  // ask. Empty where a system has none.
  virtual Result<std::vector<RecordTypeEntry>> record_types(Call&) { return std::vector<RecordTypeEntry>{}; }
  // Everything a first sync needs, in words. `columns_written`: columns the mapping writes.
  virtual std::vector<Finding> check(Call&, const std::vector<std::string>& columns_read,
                                     const std::vector<std::string>& columns_written) = 0;
  virtual Result<Page> pull(Call&, const PullRequest&) = 0;
  // The present state of records; what does not exist is left out. By key: all records that carry the key. An error is
  // about the side. One record that it cannot show, while it shows others or says so itself, is told as unreadable: it
  // must not keep the others waiting.
  virtual Result<std::vector<Observation>> fetch(Call&, std::span<const RecordRef>,
                                                 const std::vector<std::string>& columns) = 0;
  // Exactly one outcome per operation, in the order of the operations. At most capabilities().batch_max at once.
  virtual std::vector<Outcome> push(Call&, std::span<const Operation>) = 0;
  // Batch after batch until none is ready, as push() does each. A system that takes one write per request may begin a
  // batch beside the last requests of the one before (two are under way at most), unless an answer to that one may be
  // about more than its own record: then only once its outcomes are given.
  virtual void push_each(Call&, Batches&);
  // A system without customers and owners of its own finds none.
  virtual Result<std::vector<Observation>> related(Call&, const RelatedQuery&) { return std::vector<Observation>{}; }
  // The answers to many queries of one kind that match the same columns, in their order. A system that can look for
  // many in one request does; otherwise they are asked one by one.
  virtual Result<std::vector<std::vector<Observation>>> related_to_each(Call&, std::span<const RelatedQuery>);
  // The optional part; nullptr where a system has none. Lives as long as the connector.
  virtual ColumnMaker* column_maker() { return nullptr; }
  // Page of a record for people; of an empty id the page where such records are listed and made. "" when there is none.
  virtual std::string page_url(RecordKind, const RecordId&) const = 0;
  // The one spelling of this side's ids (Salesforce 15 = 18 characters, GUIDs without braces and case).
  virtual RecordId normal_id(std::string_view written) const = 0;
};

}  // namespace cosell
