// Reading records: changes since a position, records by id or key, and related records by their columns.
// Builds the requests and turns pages into observations; asks through Dynamics365Client, writes nothing.
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_client.h"
#include "connectors/dynamics365/dynamics365_cursor.h"
#include "connectors/dynamics365/dynamics365_process.h"
#include "connectors/dynamics365/dynamics365_related.h"
#include "connectors/dynamics365/dynamics365_schema.h"
#include "connectors/dynamics365/dynamics365_secured.h"
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

  // All rows of the reads with their related columns, each record once.
  Result<std::vector<Observation>> rows_of(Call& call, const RowShape& shape, const std::vector<Read>& reads);

  const Dynamics365Settings settings_;
  Dynamics365Client& client_;
  Dynamics365Schema& schema_;
  Dynamics365Related& related_;
  Dynamics365Processes& processes_;
  Dynamics365Secured secured_;
  static constexpr int kAnyNumber = std::numeric_limits<int>::max();
  int rows_that_fit_ = kAnyNumber;  // on a page, as far as one was too large
  int empty_pages_ = 0;             // in a row
  Cursor goes_on_at_;               // the page that the present pull asks for next
};

// The organisation's id from the answer to WhoAmI.
Result<std::string> organisation_in(const Result<http::Response>& answer);
inline const Read kWhoAmI{"WhoAmI", "GET WhoAmI", ""};

}  // namespace cosell::dynamics365
