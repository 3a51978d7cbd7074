// Dynamics 365 in the stories.
#include <array>
#include <map>

#include "connectors/dynamics365/dynamics365_connector.h"
#include "connectors/dynamics365/emulator/dynamics365_emulator.h"
#include "connectors/dynamics365/emulator/values.h"
#include "tests/support/crm.h"

namespace cosell::test {

namespace in_dynamics365 {

const std::map<std::string, std::string> columns = {{"id", "opportunityid"},
                                                    {"name", "name"},
                                                    {"value", "estimatedvalue"},
                                                    {"close_date", "estimatedclosedate"},
                                                    {"account", "_parentaccountid_value"},
                                                    {"account_name", "account.name"},
                                                    {"contact", "_parentcontactid_value"},
                                                    {"notes", "cosell_notes"},
                                                    {"solution", "cosell_solution"},
                                                    {"opt_in", "cosell_sync"},
                                                    {"visible", "cosell_visible"},
                                                    {"help_notes", "cosell_helpnotes"},
                                                    {"loss_reason", "cosell_lossreason"},
                                                    {"referral_id", "cosell_referralid"},
                                                    {"referral_link", "cosell_referrallink"},
                                                    {"state", "cosell_state"},
                                                    {"message", "cosell_message"},
                                                    {"microsoft_answer", "cosell_microsoftanswer"},
                                                    {"registration", "cosell_registration"},
                                                    {"plain_key", "new_plainkey"}};

// Sales stage of each word; empty: none.
const std::map<std::string, Json> stages = {
    {"waiting", 974830000}, {"10", nullptr}, {"20", 0}, {"40", 1}, {"60", 2}, {"80", 3}};

const std::map<std::string, int> help_codes = {{"ProofOfConceptOrDemo", 974830003}, {"GeneralOrOther", 974830006}};

constexpr std::array<const char*, 6> codes = {"USD", "EUR", "GBP", "CHF", "JPY", "KWD"};

// The emulator makes the ids of its currencies from their codes.
std::string currency_id(const std::string& code) {
  return to_string(emulator::dynamics365::guid_of("transactioncurrency " + code));
}

Json fields_from(const Json& words) {
  Json fields = Json::object();
  for (const auto& word : words.items()) {
    const std::string& name = word.key();
    const Json& value = word.value();
    const std::string text = value.is_string() ? value.get<std::string>() : "";
    if (name == "stage") {
      if (const auto stage = stages.find(text); stage != stages.end()) fields["salesstage"] = stage->second;
    } else if (name == "currency") {
      fields["transactioncurrencyid@odata.bind"] = "/transactioncurrencies(" + currency_id(text) + ")";
    } else if (name == "account") {
      fields["parentaccountid@odata.bind"] = "/accounts(" + text + ")";
    } else if (name == "contact") {
      fields["parentcontactid@odata.bind"] = "/contacts(" + text + ")";
    } else if (name == "help") {
      fields["cosell_help"] = value.is_null() ? Json() : Json(help_codes.at(text));
    } else {
      fields[columns.at(name)] = value;
    }
  }
  return fields;
}

std::string stage_word(const Json& record) {
  if (record.value("statecode", 0) == 1) return "won";
  if (record.value("statecode", 0) == 2) return "lost";
  const Json stage = record.contains("salesstage") ? record["salesstage"] : Json();
  for (const auto& [word, option] : stages) {
    if (option == stage) return word;
  }
  return "";
}

Json words_from(const Json& record) {
  Json words = Json::object();
  for (const auto& [word, column] : columns) words[word] = record.contains(column) ? record[column] : Json();
  words["stage"] = stage_word(record);
  words["help"] = Json();
  for (const auto& [word, option] : help_codes) {
    if (record.value("cosell_help", 0) == option) words["help"] = word;
  }
  for (const char* code : codes) {
    if (record.value("_transactioncurrencyid_value", "") == currency_id(code)) words["currency"] = code;
  }
  return words;
}

class Dynamics365Stand : public CrmStand {
 public:
  std::string system() const override { return "dynamics365"; }
  std::unique_ptr<emulator::Emulator> make_emulator() const override { return emulator::make_dynamics365_emulator(); }
  std::shared_ptr<net::TokenSource> log_in(const std::string& url, const net::Lane& lane) const override {
    const emulator::Dynamics365Options known;
    net::OAuthClient client;
    client.token_endpoint = url + "/" + known.tenant + "/oauth2/v2.0/token";
    client.client_id = known.client_id;
    client.scope = url + "/.default";
    net::ClientCredentialsLogin login;
    login.client_secret = net::Secret(known.client_secret);
    return net::make_token_source(client, login, lane, nullptr);
  }
  std::unique_ptr<Connector> connect(const std::string& url, std::shared_ptr<net::TokenSource> tokens,
                                     bool plain_key) const override {
    Dynamics365Settings settings;
    settings.instance = url;
    settings.stage_column = stage_column();
    if (plain_key) settings.key_column = columns.at("plain_key");
    return make_dynamics365_connector(settings, std::move(tokens));
  }

  // Sellers have phones: Partner Center wants one of each member of the team.
  void furnish(const Control& control) const override {
    const Json records = control("GET", "records", nullptr);
    for (const Json& user : records["users"]) {
      control("POST", "edit",
              {{"table", "systemuser"},
               {"id", user["systemuserid"]},
               {"fields", {{"address1_telephone1", "+49 40 5550100"}}}});
    }
  }
  void add_plain_key(const Control& control) const override {
    control("POST", "column", {{"name", columns.at("plain_key")}, {"kind", "text"}});
  }

  std::string new_account(const Control& control, const Json& words) const override {
    return make(control, "account",
                {{"name", words["name"]},
                 {"address1_line1", words["street"]},
                 {"address1_city", words["city"]},
                 {"address1_postalcode", words["postal_code"]},
                 {"address1_country", words["country"]}});
  }
  std::string new_contact(const Control& control, const Json& words) const override {
    return make(control, "contact",
                {{"firstname", words["first"]},
                 {"lastname", words["last"]},
                 {"telephone1", words["phone"]},
                 {"emailaddress1", words["email"]}});
  }
  std::string new_opportunity(const Control& control, const Json& words) const override {
    const std::string id = make(control, "opportunity", fields_from(words));
    close(control, id, words);
    return id;
  }
  // People fill in columns and then press Close; to work on it again they reopen it first (which an open one ignores).
  void edit(const Control& control, const std::string& id, const Json& words) const override {
    const bool opens = words.contains("stage") && stages.count(words["stage"].get<std::string>()) > 0;
    if (opens) control("POST", "reopen", {{"id", id}});
    if (const Json fields = fields_from(words); !fields.empty()) {
      control("POST", "edit", {{"id", id}, {"fields", fields}});
    }
    close(control, id, words);
  }
  void remove(const Control& control, const std::string& id) const override {
    control("POST", "edit", {{"id", id}, {"delete", true}});
  }
  std::vector<Json> opportunities(const Control& control) const override {
    std::vector<Json> all;
    const Json records = control("GET", "records", nullptr);
    for (const Json& record : records["opportunities"]) all.push_back(words_from(record));
    return all;
  }
  std::vector<Json> accounts(const Control& control) const override {
    std::vector<Json> all;
    const Json records = control("GET", "records", nullptr);
    for (const Json& record : records["accounts"]) {
      all.push_back({{"id", record["accountid"]}, {"name", record["name"]}});
    }
    return all;
  }
  void refuse_values_above(const Control& control, int limit, const std::string& message) const override {
    Json rules = Json::array();
    if (!message.empty()) {
      rules.push_back({{"column", "estimatedvalue"}, {"operator", ">"}, {"value", limit}, {"message", message}});
    }
    control("POST", "settings", {{"plugin_rules", rules}});
  }

  std::string column(const std::string& word) const override { return columns.at(word); }
  // A batch may hold reads alone.
  bool is_write(const http::Request& request) const override {
    if (request.method == "GET" || request.url.find("/oauth2/") != std::string::npos) return false;
    return request.body.find("\r\nPATCH ") != std::string::npos || request.body.find("\r\nPOST ") != std::string::npos;
  }
  std::pair<std::string, std::string> write_route() const override { return {"POST", "/api/data"}; }
  std::int64_t rows_written(const Json& stats) const override {
    std::int64_t rows = 0;
    for (const Json& inner : stats["inside_batches"]) {
      if (inner["method"] == "PATCH") rows += inner["count"].get<std::int64_t>();
    }
    return rows;
  }

 protected:
  virtual std::string stage_column() const { return "salesstage"; }
  static std::string make(const Control& control, const std::string& table, const Json& fields) {
    return control("POST", "edit", {{"table", table}, {"fields", fields}})["id"];
  }
  static void close(const Control& control, const std::string& id, const Json& words) {
    if (!words.contains("stage")) return;
    if (words["stage"] == "won") control("POST", "win", {{"id", id}});
    if (words["stage"] == "lost") control("POST", "lose", {{"id", id}});
  }
};

// Sellers move the bar at the top of the form, which leaves the opportunity itself as it was.
class ProcessStand final : public Dynamics365Stand {
 public:
  void furnish(const Control& control) const override {
    Dynamics365Stand::furnish(control);
    control("POST", "settings", {{"process_writes_stepname", false}});
  }
  Json stage_mapping() const override {
    Json map = Json::object();
    for (const auto& [name, word] : bar) map[id_of(name)] = word == "waiting" ? Json(word) : Json(std::stoi(word));
    map["process:none"] = 10;
    map["won:3"] = "won";
    map["lost:4"] = {{"closed", "lost"}, {"reason", {{"column", "cosell_lossreason"}}}};
    map["lost:5"] = map["lost:4"];
    return {{"map", map}, {"write_back", {{"lost", "lost:4"}}}};
  }
  std::string new_opportunity(const Control& control, const Json& words) const override {
    const std::string id = make(control, "opportunity", without_choice(words));
    move(control, id, words.value("stage", ""));
    close(control, id, words);
    return id;
  }
  void edit(const Control& control, const std::string& id, const Json& words) const override {
    const std::string to = words.value("stage", "");
    if (place_of(to) < bar.size()) control("POST", "reopen", {{"id", id}});
    if (const Json fields = without_choice(words); !fields.empty()) {
      control("POST", "edit", {{"id", id}, {"fields", fields}});
    }
    move(control, id, to);
    close(control, id, words);
  }
  std::vector<Json> opportunities(const Control& control) const override {
    std::vector<Json> all;
    const Json records = control("GET", "records", nullptr);
    for (const Json& record : records["opportunities"]) {
      all.push_back(words_from(record));
      if (record.value("statecode", 0) == 0) all.back()["stage"] = word_of(record["process.stage"]);
    }
    return all;
  }

 protected:
  std::string stage_column() const override { return "process"; }

 private:
  // Name of each stage and its word, in their order.
  static inline const std::vector<std::pair<std::string, std::string>> bar = {
      {"Qualify", "waiting"}, {"Develop", "20"}, {"Propose", "60"}, {"Close", "80"}};

  static std::string id_of(const std::string& name) {
    return "process:" + to_string(emulator::dynamics365::guid_of("processstage opportunitysalesprocess " + name));
  }
  static std::size_t place_of(const std::string& word) {
    std::size_t at = 0;
    while (at < bar.size() && bar[at].second != word) ++at;
    return at;
  }
  static std::string word_of(const Json& name) {
    for (const auto& stage : bar) {
      if (name == stage.first) return stage.second;
    }
    return "10";
  }
  static Json without_choice(Json words) {
    words.erase("stage");
    return fields_from(words);
  }
  void move(const Control& control, const std::string& id, const std::string& to) const {
    if (place_of(to) == bar.size()) return;
    for (const Json& opportunity : opportunities(control)) {
      if (opportunity["id"] != id) continue;
      std::size_t at = place_of(opportunity["stage"]);
      while (at != place_of(to)) {
        at = at < place_of(to) ? at + 1 : at - 1;
        control("POST", "stage", {{"id", id}, {"stage", bar[at].first}});
      }
    }
  }
};

}  // namespace in_dynamics365

std::unique_ptr<CrmStand> make_dynamics365_process_stand() { return std::make_unique<in_dynamics365::ProcessStand>(); }
std::unique_ptr<CrmStand> make_dynamics365_stand() { return std::make_unique<in_dynamics365::Dynamics365Stand>(); }

}  // namespace cosell::test
