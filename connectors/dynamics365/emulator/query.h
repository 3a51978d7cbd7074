// Reading: the system query options of a request, rows as JSON, and pages of them.
// Tracked reads (change tracking) are in tracking.cpp; which resource is asked for is decided in rows_api.cpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "connectors/dynamics365/emulator/api.h"
#include "connectors/dynamics365/emulator/expression.h"

namespace cosell::emulator::dynamics365 {

struct Expansion;

// Which columns of a row are shown, and which related rows with them.
struct Selection {
  const Table* table = nullptr;
  bool all = false;
  std::vector<std::uint16_t> columns = {};
  std::vector<Expansion> expansions;
};

struct Expansion {
  std::string navigation;
  const Table* from = nullptr;   // the table that is expanded
  const Table* table = nullptr;  // of the related rows
  std::uint16_t column = 0;      // the lookup: of `from`, or of `table` for a collection
  bool collection = false;
  bool principal = false;  // ownerid: users and teams show nothing but their id
  Selection selection = {};
};

struct Order {
  std::uint16_t column = 0;
  bool descending = false;
};

struct Query {
  Selection selection = {};
  std::optional<Expression> filter = {};
  std::vector<Order> order = {};
  std::optional<std::size_t> top = {};
  bool count = false;
  std::optional<std::string> skip_token = {};
  std::optional<std::string> delta_token = {};
};

// Rows that are not shared with the one who asks are left out of lists and refused by their id.
bool is_hidden(const Call& call, const Row& row);

Outcome<Query> read_query(const Call& call, const Table& table);
// $select and $expand only, as single rows take them.
Outcome<Selection> read_selection(const Call& call, const Table& table);

// Rows as JSON for one request.
class Renderer {
 public:
  explicit Renderer(const Call& call);
  Json row(const Row& row, const Selection& selection);
  // "(name,parentaccountid(name))", as contexts name a selection; empty when it is everything.
  static std::string context_of(const Selection& selection);

 private:
  void put(Json& out, const Row& row, const Table& table, std::uint16_t index);
  Json related(const Row& row, const Expansion& expansion);
  void annotate(Json& out, const std::string& property, const Column& column, const Value& value) const;
  std::string formatted(const Row& row, const Table& table, const Column& column, const Value& value) const;
  const std::vector<RowPtr>& children(const Expansion& expansion, const Guid& parent);

  const State& state_;
  std::uint16_t users_;
  bool formatted_;
  bool lookup_names_;
  bool navigation_;
  using Children = std::unordered_map<Guid, std::vector<RowPtr>, GuidHash>;
  std::map<std::pair<std::uint16_t, std::uint16_t>, Children> children_;
};

// The value as the Web API writes it.
Json to_json(const Value& value);
// Primary name of a row, for people.
std::string name_of_row(const State& state, const Ref& ref);
// "$1,200.00", "1.200,00 €"
std::string money_text(const State& state, double value, const Value& currency);

// GET of a set of rows.
Answer list_rows(const Call& call, const Table& table);
Answer count_rows(const Call& call, const Table& table);
Answer tracked_rows(const Call& call, const Query& query);
Answer tracked_count(const Call& call, const Table& table);

// The URL of the request with another continuation option in place of the present one.
std::string link_with(const Call& call, const Table& table, const std::string& option, const std::string& value);
// The opaque text of a continuation and back.
std::string seal_token(const Json& token);
std::optional<Json> open_token(const std::string& text);
std::size_t page_size_of(const Call& call);
void tell_applied(const Call& call, Answer& answer);

}  // namespace cosell::emulator::dynamics365
