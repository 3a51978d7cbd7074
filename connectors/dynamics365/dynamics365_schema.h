// What this organisation's tables look like: the types of columns and where lookups lead, from a short list of standard
// columns and from the organisation's metadata, remembered while the process lives. Nothing that it remembers is needed
// for correctness: a restarted process asks again.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_client.h"

namespace cosell::dynamics365 {

enum class ColumnType : std::uint8_t {
  text,
  number,
  boolean,
  choice,
  date,
  local_date,  // shown as a date, kept as a moment: midnight in somebody's time zone
  instant,
  lookup
};

struct ColumnFacts {
  ColumnType type = ColumnType::text;
  // Lookups: the navigation property that binds them, and the table that they lead to.
  std::string lookup;  // logical name; several navigation properties may share one ("customerid_account")
  std::string bind;
  std::string table;  // "account"
  std::string set;    // "accounts"
  std::string id;     // "accountid"
};
// By column, or by the navigation property of a lookup.
using Facts = std::map<std::string, ColumnFacts>;

// One line for a read position, and back.
std::string to_text(const ColumnFacts& facts);
std::optional<ColumnFacts> facts_from_text(const std::string& text);

struct Table {
  RecordKind kind = RecordKind::opportunity;
  std::string name;  // "opportunity"
  std::string set;   // "opportunities"
  std::string id;    // "opportunityid"
};
// nullptr for kinds that Dynamics 365 does not have.
const Table* table_of(RecordKind kind);

// A column of which the type is known without asking.
std::optional<ColumnFacts> standard_facts(const std::string& table, const std::string& column);

struct DescribedColumn {
  ColumnInfo info;
  std::string wire_type;  // "Money", "DateTime"
  std::string schema_name;
  std::string format;    // of DateTime: "DateOnly"
  std::string behavior;  // of DateTime: "UserLocal"
  std::vector<std::string> targets;
  bool custom = false;
  bool createable = false;
  bool updateable = false;
  bool secured = false;
  std::string id;  // of the column itself, in the metadata

  // A lookup that may lead to several tables is written, and followed, by one way for each: "new_buyer_account". The
  // navigation property behind it has the capitals that the lookup was made with: "new_Buyer_account". None for other
  // columns; an owner is bound by its own name, whether a user or a team.
  struct Way {
    std::string name;
    std::string bind;
    std::string table;
  };
  std::vector<Way> ways() const;
};
// By its own name, or by one of its ways.
const DescribedColumn* find_column(const std::vector<DescribedColumn>& columns, std::string_view name);

struct Option {
  std::int64_t value = 0;
  std::string label;
  std::int64_t state = 0;  // status reasons
};

class Dynamics365Schema {
 public:
  explicit Dynamics365Schema(Dynamics365Client& client) : client_(client) {}

  // Facts of columns and of navigation properties. Columns that the table does not have are `schema_drift`.
  Result<Facts> facts_of(Call& call, const std::string& table, const std::vector<std::string>& columns);
  // Facts of opportunity's columns from a read position, so that a new process need not ask. A description that was
  // read since then tells better.
  void recall(const std::string& table, const Facts& facts);

  // Columns under column security and their ids, as far as a description or a read position told.
  using Secured = std::map<std::string, std::string>;
  const Secured& secured(const std::string& table) const;
  // From a read position, for a process that was not told yet.
  void recall_secured(const std::string& table, const Secured& secured);
  // The short question for them, and its answer; one that is not understood (`bad_response`) teaches nothing.
  Read secured_read(const std::string& table) const;
  Result<void> learn_secured(const std::string& table, const http::Response& answer);

  // From the metadata; asks once.
  Result<const std::vector<DescribedColumn>*> columns_of(Call& call, const std::string& table);
  // Everything is asked anew.
  void forget();
  // The reads that columns_of() makes, for those who ask for several tables at once, and the way back.
  std::vector<Read> column_reads(const std::string& table) const;
  Result<void> learn(Call& call, const std::string& table, const std::vector<Result<http::Response>>& answers,
                     std::size_t from);
  // Were the columns of the table read a moment ago?
  bool is_fresh(Call& call, const std::string& table) const;

  // Options of a choice, with labels in the user's language. "statuscode" tells the state of each.
  Read option_read(const std::string& column) const;
  static Result<std::vector<Option>> read_options(const http::Response& answer, const std::string& request);
  // Status reasons of opportunity; asks once.
  Result<const std::vector<Option>*> status_reasons(Call& call);

 private:
  void remember(const std::string& table, const Facts& facts);
  Result<void> find_targets(Call& call, Facts& facts);
  const DescribedColumn* described(const std::string& table, const std::string& column) const;
  static ColumnFacts facts_from(const DescribedColumn& described, const std::string& column);

  Dynamics365Client& client_;
  std::map<std::string, std::vector<DescribedColumn>> described_;
  std::map<std::string, Instant> described_at_;
  std::map<std::string, Facts> facts_;
  std::map<std::string, Secured> secured_;
  std::map<std::string, Table> targets_;  // tables of the organisation's own that lookups lead to
  std::optional<std::vector<Option>> status_reasons_;
};

}  // namespace cosell::dynamics365
