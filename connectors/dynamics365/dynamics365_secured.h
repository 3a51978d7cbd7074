// Columns under column security look empty to those who may not read them, and nobody emptied them.
// Responsible for knowing which columns are secured, and for saying of rows what may be hidden rather than empty.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_client.h"
#include "connectors/dynamics365/dynamics365_cursor.h"
#include "connectors/dynamics365/dynamics365_related.h"
#include "connectors/dynamics365/dynamics365_schema.h"

namespace cosell::dynamics365 {

class Dynamics365Secured {
 public:
  Dynamics365Secured(Dynamics365Client& client, Dynamics365Schema& schema, Dynamics365Related& related);

  // What earlier reads learnt, and what the next is to know.
  void recall(const ReadPosition& position);
  void keep_in(ReadPosition& position, const RowShape& shape) const;

  // A read of pages begins. Its first page ever has just described the columns of its own table.
  void begin_read(Call& call, const RowShape& shape, bool first);

  // Fills the rows with what they refer to. Where a secured column looks empty, it is asked whether the user may read
  // it: `schema_drift` when not. Where the organisation does not tell, the rows say that it is hidden, unless it was
  // shown with something in it lately: the right to read it may be taken away. Where it does not even tell which
  // columns are secured, any column that looks empty is perhaps hidden.
  using FillRelated = Result<void> (Dynamics365Related::*)(Call&, const RowShape&, std::vector<Row>&,
                                                           Dynamics365Related::Along);
  Result<void> fill(Call& call, const RowShape& shape, std::vector<Row>& rows, FillRelated how);

 private:
  struct Column {
    std::string column;  // as the mapping names it
    std::string title;   // as messages do
    std::string id;
    std::vector<Row*> empty_in;
  };
  // Those that rows show as empty, of what they refer to as well.
  std::vector<Column> secured_and_empty(const RowShape& shape, std::vector<Row>& rows, Instant now);
  Result<void> check_secured(Call& call, const RowShape& shape, std::vector<Row>& rows);
  void ask_along(const RowShape& shape, bool first);
  Result<void> learn_secured(const std::string& table, const Result<http::Response>& answer);
  bool is_untold(const std::string& table, const std::string& column) const;
  void note_untold(const RowShape& shape, std::vector<Row>& rows) const;
  // Whether the question is due although no other read takes it along.
  bool is_due(Call& call, const RowShape& shape, const std::vector<Row>& rows) const;

  Dynamics365Client& client_;
  Dynamics365Schema& schema_;
  Dynamics365Related& related_;
  // Ids of the secured columns that the user may read; nothing where the organisation does not tell.
  std::optional<std::set<std::string>> readable_;
  std::optional<Instant> readable_asked_at_;
  std::map<std::string, Instant> shown_;  // ids of those that showed something, and when last
  std::optional<Instant> asked_at_;
  std::set<std::string> untold_;  // tables of which the organisation refused to tell what is secured
};

}  // namespace cosell::dynamics365
