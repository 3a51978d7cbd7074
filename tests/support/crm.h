// A CRM as the stories of deals need it: what people edit and see there, in words that are the same for every CRM.
// The words of an opportunity:
//   id, name, value, currency, close_date, account, account_name, contact, notes, solution, opt_in, visible, help,
//   help_notes, loss_reason, referral_id, referral_link, state, message, microsoft_answer, registration,
//   plain_key
//   stage: "waiting", "10", "20", "40", "60", "80", "won", "lost"
// and of an account: name, street, city, postal_code, country. Knows neither store nor engine.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/time.h"
#include "connectors/connector.h"
#include "connectors/emulator/emulator.h"
#include "net/oauth.h"

namespace cosell::test {

using Json = nlohmann::ordered_json;
// A request to the emulator's control interface: method, verb, body.
using Control = std::function<Json(const std::string& method, const std::string& verb, const Json& body)>;

class CrmStand {
 public:
  virtual ~CrmStand() = default;

  virtual std::string system() const = 0;  // "salesforce"; also names the shipped mapping
  virtual std::unique_ptr<emulator::Emulator> make_emulator() const = 0;
  // A login and a connector to the emulator at `url`. `plain_key`: the referral id is kept in column("plain_key").
  virtual std::shared_ptr<net::TokenSource> log_in(const std::string& url, const net::Lane& lane) const = 0;
  virtual std::unique_ptr<Connector> connect(const std::string& url, std::shared_ptr<net::TokenSource> tokens,
                                             bool plain_key) const = 0;

  // What a new organisation lacks for the stories.
  virtual void furnish(const Control& control) const = 0;
  virtual void add_plain_key(const Control& control) const = 0;  // a text column that need not be unique

  virtual std::string new_account(const Control& control, const Json& words) const = 0;
  virtual std::string new_contact(const Control& control, const Json& words) const = 0;  // first, last, phone, email
  virtual std::string new_opportunity(const Control& control, const Json& words) const = 0;
  virtual void edit(const Control& control, const std::string& id, const Json& words) const = 0;
  virtual void remove(const Control& control, const std::string& id) const = 0;
  virtual std::vector<Json> opportunities(const Control& control) const = 0;
  virtual std::vector<Json> accounts(const Control& control) const = 0;  // id and name
  // Every later write after which `value` is above the limit is refused with the message; empty: none is.
  virtual void refuse_values_above(const Control& control, int limit, const std::string& message) const = 0;

  // "stages" of the company's mapping, where the shipped ones do not fit; null: they do.
  virtual Json stage_mapping() const { return nullptr; }
  virtual std::string column(const std::string& word) const = 0;  // the column as messages name it
  virtual bool is_write(const http::Request& request) const = 0;  // a request of the bridge that may change records
  // Where writes go, for faults: method and the beginning of the path.
  virtual std::pair<std::string, std::string> write_route() const = 0;
  virtual std::pair<std::string, std::string> create_route() const { return write_route(); }  // of opportunities
  // Rows that were written since the last reset of the statistics.
  virtual std::int64_t rows_written(const Json& stats) const = 0;
};

std::unique_ptr<CrmStand> make_dynamics365_process_stand();  // the stage is that of the business process
std::unique_ptr<CrmStand> make_salesforce_stand();
std::unique_ptr<CrmStand> make_dynamics365_stand();
std::unique_ptr<CrmStand> make_crm_stand(const std::string& system);

}  // namespace cosell::test
