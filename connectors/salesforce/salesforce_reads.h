// Reading records: changes since a position, records by id or key, and related records by their columns.
// Builds the queries and turns pages into observations; asks through SalesforceClient, writes nothing.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/salesforce/salesforce_client.h"
#include "connectors/salesforce/salesforce_cursor.h"
#include "connectors/salesforce/salesforce_schema.h"
#include "connectors/salesforce/salesforce_settings.h"

namespace cosell::salesforce {

constexpr const char* kReadById = "POST composite/sobjects (read)";  // for messages

// Some columns of records by their ids, in one call: a row for each id in its order, null for a record that is not
// there. Errors: as SalesforceClient::send, and `bad_response` where the answer is no such list.
Result<json::Value> read_by_id(Call& call, SalesforceClient& client, const std::string& object, json::Value ids,
                               const std::set<std::string>& columns);

class SalesforceReads {
 public:
  SalesforceReads(const SalesforceSettings& settings, SalesforceClient& client, SalesforceSchema& schema);

  Result<Page> pull(Call& call, const PullRequest& request);
  Result<std::vector<Observation>> fetch(Call& call, std::span<const RecordRef> refs,
                                         const std::vector<std::string>& columns);
  Result<std::vector<Observation>> related(Call& call, const RelatedQuery& query);
  Result<std::vector<std::vector<Observation>>> related_to_each(Call& call, std::span<const RelatedQuery> queries);

 private:
  RowShape shape_for(RecordKind kind, const std::vector<std::string>& columns, TextTypes types,
                     bool has_currency) const;
  std::string select(const RowShape& shape) const;

  Result<ReadPosition> position_of(Call& call, const PullRequest& request);
  Result<void> same_currency(const ReadPosition& position) const;
  Result<http::Response> page_and_currency(Call& call, const Ask& page);
  Result<http::Response> first_page(Call& call, const PullRequest& request, ReadPosition& position);
  Result<http::Response> page_at(Call& call, const PullRequest& request, ReadPosition& position);
  // `cursor_invalid` when deletions since the position may no longer show.
  Result<void> deletions_shown(Call& call, const ReadPosition& position, const http::Response& answer) const;
  Result<Page> take(const PullRequest& request, ReadPosition position, const http::Response& answer,
                    const std::string& asked_at);

  // All rows of one object that fit one of the conditions, each a query of its own.
  Result<std::vector<Observation>> rows_where(Call& call, RecordKind kind, const std::vector<std::string>& columns,
                                              const std::vector<std::string>& conditions, bool deleted_too);
  Result<std::vector<Observation>> rows_of(Call& call, const RowShape& shape, Result<http::Response> answer);

  const SalesforceSettings settings_;
  SalesforceClient& client_;
  SalesforceSchema& schema_;
  int empty_pages_ = 0;  // in a row
};

}  // namespace cosell::salesforce
