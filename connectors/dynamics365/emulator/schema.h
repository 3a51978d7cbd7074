// The tables of the emulated organisation and their columns.
// Responsible for what exists and what a column is like, not for rows or for the JSON of metadata (metadata.h).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connectors/dynamics365/emulator/values.h"

namespace cosell::emulator::dynamics365 {

enum class Type : std::uint8_t {
  id,
  text,
  memo,
  choice,
  state,
  status,
  boolean,
  integer,
  big,
  decimal,
  money,
  moment,
  day,
  lookup
};

// Columns that every row has outside its cells.
enum class System : std::uint8_t { none, id, created_on, created_by, modified_on, modified_by, version };

enum class Required : std::uint8_t { none, application, system };

// What people read, in the two languages of the organisation (1033 and 1031).
struct Label {
  std::string english;
  std::string german = {};
  const std::string& in(std::int64_t language) const { return language == 1031 && !german.empty() ? german : english; }
};

struct Option {
  std::int64_t value = 0;
  Label label;
  std::int64_t state = 0;  // status options: the state they belong to
};

// One table that a lookup may point to, and the property through which it is bound and expanded.
struct LookupTarget {
  std::string table;
  std::string navigation;
};

struct Column {
  std::string name;
  std::string schema_name;  // the same with capitals; custom lookups are bound by it
  Label label;
  Type type = Type::text;
  std::string format = {};  // "Url", "TextArea", "DateOnly", as the metadata spell it
  int max_length = 0;       // texts, in UTF-16 units
  int precision = 0;
  double least = 0;
  double most = 0;
  Required required = Required::none;
  bool create = true;
  bool update = true;
  bool custom = false;
  bool hidden = false;  // behaves as if it did not exist
  std::vector<Option> options = {};
  std::string option_set = {};  // name of a global choice
  std::vector<LookupTarget> targets = {};
  System system = System::none;

  bool is_choice() const { return type == Type::choice || type == Type::state || type == Type::status; }
  const Option* option(std::int64_t value) const;
  const Option* option_labelled(std::string_view label) const;  // in either language, case ignored
};

struct AlternateKey {
  std::string name;
  std::string label;
  std::vector<std::uint16_t> columns;
};

// "Opportunity_OpportunityClose": the rows of `table` whose lookup `column` points here.
struct Collection {
  std::string navigation;
  std::string table;
  std::string column;
};

struct Table {
  std::string name;  // "opportunity"
  std::string set;   // "opportunities"
  std::string schema_name;
  Label label;
  Label plural;
  int type_code = 0;
  std::uint16_t place = 0;  // in the schema
  std::uint16_t primary_id = 0;
  std::uint16_t primary_name = 0;
  bool process = false;  // instances of a business process flow
  bool writable = true;  // rows can be created and deleted through the API
  bool owned = true;     // by users, a business unit or the organisation; a table that nobody owns has no privileges
  std::vector<Column> columns = {};
  std::vector<AlternateKey> keys = {};
  std::vector<Collection> collections = {};

  std::uint16_t add(Column column);
  // By logical name; hidden columns are not found.
  std::optional<std::uint16_t> find(std::string_view wanted) const;
  std::optional<std::uint16_t> find_hidden_too(std::string_view wanted) const;
  // By the name that answers and filters use: lookups are "_name_value".
  std::optional<std::uint16_t> find_property(std::string_view property) const;
  std::string property_of(const Column& column) const;
  // Lookup by navigation property; `target` is the first table behind it.
  struct Navigation {
    std::uint16_t column = 0;
    const LookupTarget* target = nullptr;
  };
  std::optional<Navigation> find_navigation(std::string_view navigation) const;
  const Collection* find_collection(std::string_view navigation) const;
  // A column that the standard schema is known to have.
  std::uint16_t at(std::string_view wanted) const { return find_hidden_too(wanted).value_or(0); }

 private:
  std::unordered_map<std::string, std::uint16_t> by_name_;
};

class Schema {
 public:
  // The standard tables plus the bridge's columns on opportunity.
  Schema();
  const Table* find(std::string_view wanted) const;
  const Table* find_set(std::string_view set) const;
  Table& get(std::string_view name);
  const Table& get(std::string_view name) const;
  const Table& at(std::uint16_t place) const { return tables_[place]; }
  const std::deque<Table>& tables() const { return tables_; }
  std::deque<Table>& tables() { return tables_; }

 private:
  void add(Table table);
  std::deque<Table> tables_;
};

// The custom column that the words describe ("text", "memo", "boolean", "integer", "decimal", "money", "date",
// "datetime", "url", "picklist"); empty when the kind is none of these.
std::optional<Column> custom_column(std::string name, std::string_view kind,
                                    const std::vector<std::string>& values = {});
// A custom lookup: to one table it is bound by its schema name, to several by that and the table's name.
Column custom_lookup(const std::string& schema_name, const std::vector<std::string>& tables);

// The option that inbound deals wait in, of salesstage and of statuscode: numbers of the bridge's publisher.
inline constexpr std::int64_t kReceivedFromMicrosoft = 974830000;

namespace standard {
Table opportunity();
Table account();
Table contact();
Table systemuser();
Table team();
Table businessunit();
Table organization();
Table transactioncurrency();
Table opportunityclose();
Table workflow();
Table processstage();
Table opportunitysalesprocess();
Table leadtoopportunitysalesprocess();
Table publisher();
Table solution();
}  // namespace standard

}  // namespace cosell::emulator::dynamics365
