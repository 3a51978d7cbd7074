// Reading records: changes since a position, records by id or key, and related records by their columns.
// Builds the requests and turns pages into observations; asks through Dynamics365Client, writes nothing.
#pragma once

#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_client.h"
#include "connectors/dynamics365/dynamics365_cursor.h"
#include "connectors/dynamics365/dynamics365_process.h"
#include "connectors/dynamics365/dynamics365_related.h"
#include "connectors/dynamics365/dynamics365_schema.h"
#include "connectors/dynamics365/dynamics365_settings.h"

namespace cosell::dynamics365 {

class Dynamics365Reads {
 public:
  Dynamics365Reads(const Dynamics365Settings& settings, Dynamics365Client& client, Dynamics365Schema& schema,
                   Dynamics365Related& related, Dynamics365Processes& processes);

  Result<Page> pull(Call& call, const PullRequest& request);
  Result<std::vector<Observation>> fetch(Call& call, std::span<const RecordRef> refs,
                                         const std::vector<std::string>& columns);
  Result<std::vector<Observation>> related(Call& call, const RelatedQuery& query);
  Result<std::vector<std::vector<Observation>>> related_to_each(Call& call, std::span<const RelatedQuery> queries);

  // How rows of a kind are read; asks for the types of columns that are not standard.
  Result<RowShape> shape_for(Call& call, RecordKind kind, const std::vector<std::string>& columns);

 private:
  Result<ReadPosition> position_of(Call& call, const PullRequest& request);
  Result<ReadPosition> first_position(Call& call, const PullRequest& request);
  Result<Page> take(Call& call, const RowShape& shape, ReadPosition position, const http::Response& answer);

  Result<http::Response> read_rows(Call& call, Read ask, int most);
  // Opportunities whose process changed although they themselves did not; at most `limit`, the others stay pending.
  Result<Page> take_moved(Call& call, const RowShape& shape, ReadPosition position, int limit);
  // Opportunities, accounts, … with these ids.
  std::vector<Read> reads_by_id(const RowShape& shape, std::vector<std::string> ids) const;
  // What the rows of a page of a pull alone do not show; and rows without a position to note moves in.
  Result<void> complete_page(Call& call, const RowShape& shape, std::vector<Row>& rows, MovesKnown& known);
  Result<void> complete_rows(Call& call, const RowShape& shape, std::vector<Row>& rows);
  using FillRelated = Result<void> (Dynamics365Related::*)(Call&, const RowShape&, std::vector<Row>&,
                                                           Dynamics365Related::Along);
  Result<void> fill(Call& call, const RowShape& shape, std::vector<Row>& rows, FillRelated how);

  // A secured column looks empty to those who may not read it. Where one does, it is asked whether the user may:
  // `schema_drift` when not, since nobody emptied it. Where the organisation does not tell, the rows say that it is
  // hidden, unless it was shown with something in it lately: the right to read it may be taken away. Where it does not
  // even tell which columns are secured, any column may be one that looks empty.
  Result<void> check_secured(Call& call, const RowShape& shape, std::vector<Row>& rows);
  struct SecuredColumn {
    std::string column;  // as the mapping names it
    std::string title;   // as messages do
    std::string id;
    std::vector<Row*> empty_in;
  };
  // Those that rows show as empty, of what they refer to as well.
  std::vector<SecuredColumn> secured_and_empty(const RowShape& shape, std::vector<Row>& rows, Instant now);
  void ask_what_is_secured(const RowShape& shape, bool first);
  Result<void> learn_secured(const std::string& table, const Result<http::Response>& answer);
  bool is_untold(const std::string& table, const std::string& column) const;
  void note_untold(const RowShape& shape, std::vector<Row>& rows) const;
  // Whether the question is due although no other read takes it along.
  bool is_due_what_is_secured(Call& call, const RowShape& shape, const std::vector<Row>& rows) const;

  // All rows of the reads with their related columns, each record once.
  Result<std::vector<Observation>> rows_of(Call& call, const RowShape& shape, const std::vector<Read>& reads);

  const Dynamics365Settings settings_;
  Dynamics365Client& client_;
  Dynamics365Schema& schema_;
  Dynamics365Related& related_;
  Dynamics365Processes& processes_;
  static constexpr int kAnyNumber = std::numeric_limits<int>::max();
  int rows_that_fit_ = kAnyNumber;  // on a page, as far as one was too large
  int empty_pages_ = 0;             // in a row
  Cursor goes_on_at_;               // the page that the present pull asks for next
  // Ids of the secured columns that the user may read; nothing where the organisation does not tell.
  std::optional<std::set<std::string>> readable_;
  std::optional<Instant> readable_asked_at_;
  std::map<std::string, Instant> shown_secured_;  // ids of those that showed something, and when last
  std::optional<Instant> secured_asked_at_;
  std::set<std::string> untold_;  // tables of which the organisation refused to tell what is secured
};

// The organisation's id from the answer to WhoAmI.
Result<std::string> organisation_in(const Result<http::Response>& answer);
inline const Read kWhoAmI{"WhoAmI", "GET WhoAmI", ""};

}  // namespace cosell::dynamics365
