// What a system has to bring along to be put through the conformance kit: a connector in front of its emulator, what
// people can do there, the record as the server has it, and the facts by which the kit chooses what to expect.
// A new system implements this once, in <system>_target.cpp, and is listed in targets.cpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "tests/conformance/bench.h"

namespace cosell::conformance {

// Columns of the connector that play a part in the tests. `bounded`, `moment` and `flag` may be empty, with the reason
// in Facts::cannot.
struct Parts {
  std::string title;      // a text that every record has
  std::string text;       // a text that may be written at any time
  std::string clearable;  // a text that may be emptied
  std::string bounded;    // a text whose longest length describe() tells
  std::string required;   // a column that must not be emptied, written by an update
  std::string money;
  std::string day;     // a date without time
  std::string moment;  // a time
  std::string flag;    // a tick that can be set and taken back
};

// Records beside the deals; CRMs only.
struct Customers {
  std::string name;            // column of an account
  std::string place;           // another one that tells accounts of one name apart
  std::string active_owner;    // e-mail address of a user who may own deals
  std::string inactive_owner;  // of one who left
};

// Where a connector does something else than the kit expects of every connector. Printed by each run. Expectations are
// exact: a deviation that is no longer true fails the kit.
struct Deviation {
  std::string trouble;  // "404": the trouble it is about
  bool write = false;
  ErrorClass instead = ErrorClass::bug;
  std::string reason;
};

// How the system treats the version that a write was planned against.
enum class ConditionalWrite : std::uint8_t {
  none,      // it knows none: the connector reads, compares what was expected and writes
  optional,  // checked when it is given
  required   // a write without it is refused
};

struct Facts {
  ConditionalWrite conditional_write = ConditionalWrite::optional;
  bool returns_representation = false;  // a write's answer shows what the server stored
  bool delta_includes_deletes = false;  // a deletion comes as an observation
  RecordKind kind = RecordKind::opportunity;
  Parts parts;
  Customers customers;
  std::vector<std::string> columns;       // what the kit reads
  std::vector<std::string> more_columns;  // the same and one more
  int page = 10;                          // rows that the emulated server gives at once
  std::size_t idle_requests = 1;          // of a pull when nothing has changed
  std::size_t first_requests = 0;         // more of them in a new process, which asks whose data it reads
  int least_page_limit = 1;               // the system cannot be asked for smaller pages
  std::vector<std::string> secrets;       // of the login: client secrets, first refresh tokens, fixed keys
  std::string request_id;                 // the header in which the system's answers name the request
  std::vector<Deviation> deviations;
  // Behaviours that the system cannot have, and why: "customers", "illegal change", "longest text", "required title",
  // "tick", "time column", "standard names".
  std::map<std::string, std::string> cannot;
};

// Something that an administrator forgot, and the words by which check() has to name it.
struct Lack {
  std::string named;
  std::function<void()> take_away;
};

// Where the bridge's own columns are made; for a connector with a ColumnMaker.
struct ColumnMaking {
  std::function<std::string(const std::string& word)> name;  // of a new column: "fresh" -> "cosell_fresh"
  std::vector<Route> writes;                                 // requests that make one
  std::function<void()> take_privilege;
  std::string privilege;  // the word by which the remedy must name it
};

// What the answers to several writes, that came as one, are to the writes.
enum class Disorder : std::uint8_t { reversed, first_missing };

class ConformanceTarget {
 public:
  // Requests with this in their path are logins; "" where a fixed key takes the place of a login.
  explicit ConformanceTarget(std::string login_path_part) : bench(std::move(login_path_part)) {}
  virtual ~ConformanceTarget() = default;

  virtual const Facts& facts() const = 0;
  virtual Connector& connector() = 0;
  // Another process: same system, nothing remembered.
  virtual void reconnect() = 0;
  // Another organisation at another address; `connector()` is then configured for it. It has no records.
  virtual void move_elsewhere() = 0;

  // ---- requests that a trouble may meet
  virtual std::vector<Route> reads() const = 0;
  virtual std::vector<Route> writes() const = 0;
  virtual std::vector<Route> logins() const = 0;  // none: a fixed key, which nothing renews

  // The answer to several writes of one request, brought into disorder; nothing where each write has a request, and so
  // an answer, of its own.
  virtual std::optional<std::string> disordered(const http::Response&, Disorder) const { return std::nullopt; }

  // ---- what people and administrators do
  virtual RecordId person_creates(const std::string& title) = 0;
  virtual void person_writes(const RecordId& id, const std::string& text) = 0;  // the column `text`
  virtual void person_sets_amount(const RecordId& id, const std::string& json_number) = 0;
  // Types the key of a create into it; where keys are unique.
  virtual void person_keys(const RecordId&, const std::string&) {}
  // Deletes it, or takes it out of the sight of the bridge's login where nothing can be deleted.
  virtual void person_removes(const RecordId& id) = 0;
  virtual void tokens_die() = 0;  // nothing to do for a fixed key
  // What the server remembers for the next pages is gone.
  virtual void pages_die() = 0;
  virtual std::vector<Lack> lacks() = 0;
  virtual ColumnMaking column_making() { return {}; }

  // ---- what the server has
  virtual std::size_t count_on_server() = 0;
  // Every field by its path with its JSON text, bookkeeping of the last change left out.
  virtual std::map<std::string, std::string> on_server(const RecordId& id) = 0;
  // The paths in on_server that a write of the column may change.
  virtual std::set<std::string> paths_of(const std::string& column) const = 0;
  virtual std::string text_on_server(const RecordId& id, const std::string& column) = 0;

  // ---- values and operations
  // The columns of a record that the system accepts; `title` under the title column.
  virtual Columns complete_record(const std::string& title) const = 0;
  virtual Columns money(const std::string& decimal, const std::string& currency) const = 0;
  virtual int decimals_of(const std::string& currency) const = 0;
  // A choice that the system does not offer, to be sent with a create.
  virtual Columns unknown_choice() const = 0;
  // Brings the record into a state from which the returned changes are not allowed. Empty: everything is allowed.
  virtual Columns illegal_change(const RecordId& id) = 0;
  virtual std::string new_key() = 0;

  Bench bench;
};

struct System {
  std::string name;
  std::function<std::unique_ptr<ConformanceTarget>()> make;
};
// For the names of failed tests.
inline void PrintTo(const System& system, std::ostream* out) { *out << system.name; }

const std::vector<System>& systems();

std::unique_ptr<ConformanceTarget> make_salesforce_target();
std::unique_ptr<ConformanceTarget> make_dynamics365_target();
// The same with the stage in the business process.
std::unique_ptr<ConformanceTarget> make_dynamics365_process_target();
std::unique_ptr<ConformanceTarget> make_partner_center_target();

}  // namespace cosell::conformance
