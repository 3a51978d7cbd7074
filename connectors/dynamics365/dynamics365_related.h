// The columns of other records that a row shows ("parentaccountid.name"): tracked reads cannot bring them, so they are
// read for the rows of a page, all tables in one request. Also the organisation's currencies, by code.
//
// Users and currencies are few and met again and again; they are remembered for some minutes. So are customers, but
// only from page to page of one pull: the next one sees what a person changed meanwhile.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_client.h"
#include "connectors/dynamics365/dynamics365_wire.h"

namespace cosell::dynamics365 {

class Dynamics365Related {
 public:
  explicit Dynamics365Related(Dynamics365Client& client) : client_(client) {}

  // What was asked along is asked even where nothing else is to be read.
  enum class Along { with_others, by_itself_too };
  // Fills the related columns of the rows. A lookup that leads to another table than the column names (a contact where
  // an account is asked for, a team where a user is) leaves them blank.
  Result<void> fill(Call& call, const RowShape& shape, std::vector<Row>& rows, Along along = Along::with_others);
  // The same for a page of a pull. What changes while a pull is under way is delivered again by the next one, so that
  // no edit is lost when a customer is taken from an earlier page.
  Result<void> fill_page(Call& call, const RowShape& shape, std::vector<Row>& rows, Along along = Along::with_others);
  // Another pull begins.
  void forget_customers() { customers_.clear(); }
  // What was read last may have been shown as empty to a user that may not read it.
  void forget();
  // Something else to ask together with the next reads, once: so it costs no request of its own. What is made of the
  // answer, or of its refusal, may fail the reads.
  using TakeAnswer = std::function<Result<void>(const Result<http::Response>&)>;
  void ask_along(Read ask, TakeAnswer take) { along_.emplace_back(std::move(ask), std::move(take)); }
  void ask_nothing_along() { along_.clear(); }

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

  struct Kept {
    Members columns;
    Instant read_at;
  };
  using Memory = std::map<std::pair<std::string, std::string>, Kept>;  // by table and id

  Result<void> fill_with(Call& call, const RowShape& shape, std::vector<Row>& rows, Memory* customers, Along along);
  std::map<std::string, Wanted> wanted_by(const RowShape& shape, const std::vector<Row>& rows) const;
  // Reads what is not remembered, all tables in one request.
  Result<void> read(Call& call, std::map<std::string, Wanted>& wanted, std::map<std::string, Found>& found,
                    Memory* customers, Along along);
  std::vector<Read> reads_for(const Wanted& wanted) const;
  Result<void> take(Call& call, const Wanted& wanted, Result<http::Response> answer, Found& found);
  // What is remembered and fits goes into `found`, and out of `wanted`.
  void recall(Call& call, const std::string& table, Wanted& wanted, Found& found, Memory* customers);
  void keep(Call& call, const std::string& table, const Found& found, Memory* customers);
  Memory* memory_of(const std::string& table, Memory* customers);

  // All active currencies: a short list, which answers for every id and every code.
  Wanted all_currencies() const;
  Read currency_read(const Wanted& all) const;
  bool currencies_are_known(Call& call) const;
  void learn_currencies(Call& call, const Found& found);
  Result<void> load_currencies(Call& call);

  Dynamics365Client& client_;
  Memory kept_;
  Memory customers_;                               // and what else a page refers to, of the present pull
  std::map<std::string, std::string> currencies_;  // code -> id
  std::vector<std::pair<Read, TakeAnswer>> along_;
  std::optional<Instant> currencies_read_at_;
};

}  // namespace cosell::dynamics365
