// The columns of other records that a row shows ("parentaccountid.name"): tracked reads cannot bring them, so they are
// read for the rows of a page, all tables in one request. Also the organisation's currencies, by code.
//
// Users and currencies are few and met again and again; they are remembered for some minutes.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_client.h"
#include "connectors/dynamics365/dynamics365_wire.h"

namespace cosell::dynamics365 {

class Dynamics365Related {
 public:
  explicit Dynamics365Related(Dynamics365Client& client) : client_(client) {}

  // Fills the related columns of the rows. A lookup that leads to another table than the column names (a contact where
  // an account is asked for, a team where a user is) leaves them blank.
  Result<void> fill(Call& call, const RowShape& shape, std::vector<Row>& rows);

  // Id of the active currency with this code; "" when the organisation has none.
  Result<std::string> currency_id(Call& call, const std::string& code);
  // Codes of the active currencies.
  Result<std::vector<std::string>> currency_codes(Call& call);

 private:
  using Members = std::map<std::string, Value>;  // column -> value
  using Found = std::map<std::string, Members>;  // id -> columns
  struct Wanted {
    std::string set;
    std::string id_column;
    std::set<std::string> columns;
    std::set<std::string> ids;
  };

  std::vector<Read> reads_for(const Wanted& wanted) const;
  Result<void> take(Call& call, const Wanted& wanted, Result<http::Response> answer, Found& found);
  // What is remembered and fits goes into `found`, and out of `wanted`.
  void recall(Call& call, const std::string& table, Wanted& wanted, Found& found);
  void keep(Call& call, const std::string& table, const Wanted& wanted, const Found& found);
  Result<void> load_currencies(Call& call);

  struct Kept {
    Members columns;
    Instant read_at;
  };
  Dynamics365Client& client_;
  std::map<std::pair<std::string, std::string>, Kept> kept_;  // by table and id
  std::map<std::string, std::string> currencies_;             // code -> id
  std::optional<Instant> currencies_read_at_;
};

}  // namespace cosell::dynamics365
