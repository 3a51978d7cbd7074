// Salesforce in the stories.
#include <map>

#include "connectors/salesforce/emulator/salesforce_emulator.h"
#include "connectors/salesforce/salesforce_connector.h"
#include "tests/support/crm.h"

namespace cosell::test {

namespace in_salesforce {

const std::map<std::string, std::string> columns = {{"id", "Id"},
                                                    {"name", "Name"},
                                                    {"value", "Amount"},
                                                    {"currency", "CurrencyIsoCode"},
                                                    {"close_date", "CloseDate"},
                                                    {"stage", "StageName"},
                                                    {"account", "AccountId"},
                                                    {"account_name", "Account.Name"},
                                                    {"contact", "ContactId"},
                                                    {"notes", "Cosell_Notes__c"},
                                                    {"solution", "Cosell_Solution__c"},
                                                    {"opt_in", "Cosell_Sync__c"},
                                                    {"visible", "Cosell_Visible__c"},
                                                    {"help", "Cosell_Help__c"},
                                                    {"help_notes", "Cosell_Help_Notes__c"},
                                                    {"loss_reason", "Cosell_Loss_Reason__c"},
                                                    {"referral_id", "Cosell_Referral_Id__c"},
                                                    {"referral_link", "Cosell_Referral_Link__c"},
                                                    {"state", "Cosell_State__c"},
                                                    {"message", "Cosell_Message__c"},
                                                    {"microsoft_answer", "Cosell_Microsoft_Answer__c"},
                                                    {"registration", "Cosell_Registration__c"},
                                                    {"plain_key", "Plain_Key__c"}};

const std::map<std::string, std::string> stages = {{"waiting", "Received from Microsoft"},
                                                   {"10", "Prospecting"},
                                                   {"20", "Qualification"},
                                                   {"40", "Value Proposition"},
                                                   {"60", "Proposal/Price Quote"},
                                                   {"80", "Negotiation/Review"},
                                                   {"won", "Closed Won"},
                                                   {"lost", "Closed Lost"}};

Json fields_from(const Json& words) {
  Json fields = Json::object();
  for (const auto& word : words.items()) {
    fields[columns.at(word.key())] =
        word.key() == "stage" ? Json(stages.at(word.value().get<std::string>())) : word.value();
  }
  return fields;
}

Json words_from(const Json& record) {
  Json words = Json::object();
  for (const auto& [word, column] : columns) words[word] = record.contains(column) ? record[column] : Json();
  for (const auto& [word, stage] : stages) {
    if (words["stage"] == stage) words["stage"] = word;
  }
  return words;
}

class SalesforceStand final : public CrmStand {
 public:
  std::string system() const override { return "salesforce"; }
  std::unique_ptr<emulator::Emulator> make_emulator() const override { return emulator::make_salesforce_emulator(); }
  std::shared_ptr<net::TokenSource> log_in(const std::string& url, const net::Lane& lane) const override {
    net::OAuthClient client;
    client.token_endpoint = url + "/services/oauth2/token";
    client.client_id = "cosell-sandbox-app";
    net::ClientCredentialsLogin login;
    login.client_secret = net::Secret("cosell-sandbox-secret");
    return net::make_token_source(client, login, lane, nullptr);
  }
  std::unique_ptr<Connector> connect(const std::string& url, std::shared_ptr<net::TokenSource> tokens,
                                     bool plain_key) const override {
    SalesforceSettings settings;
    settings.instance = url;
    if (plain_key) settings.key_column = columns.at("plain_key");
    return make_salesforce_connector(settings, std::move(tokens));
  }

  void furnish(const Control&) const override {}
  void add_plain_key(const Control& control) const override {
    control("POST", "field",
            {{"object", "Opportunity"},
             {"name", columns.at("plain_key")},
             {"kind", "text"},
             {"external_id", true},
             {"unique", false}});
  }

  std::string new_account(const Control& control, const Json& words) const override {
    return make(control, "Account",
                {{"Name", words["name"]},
                 {"BillingStreet", words["street"]},
                 {"BillingCity", words["city"]},
                 {"BillingPostalCode", words["postal_code"]},
                 {"BillingCountry", words["country"]}});
  }
  std::string new_contact(const Control& control, const Json& words) const override {
    return make(control, "Contact",
                {{"FirstName", words["first"]},
                 {"LastName", words["last"]},
                 {"Phone", words["phone"]},
                 {"Email", words["email"]}});
  }
  std::string new_opportunity(const Control& control, const Json& words) const override {
    return make(control, "Opportunity", fields_from(words));
  }
  void edit(const Control& control, const std::string& id, const Json& words) const override {
    control("POST", "edit", {{"id", id}, {"fields", fields_from(words)}});
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
    for (const Json& record : records["accounts"]) all.push_back({{"id", record["Id"]}, {"name", record["Name"]}});
    return all;
  }
  void refuse_values_above(const Control& control, int limit, const std::string& message) const override {
    Json rules = Json::array();
    if (!message.empty()) {
      rules.push_back({{"field", "Amount"}, {"operator", ">"}, {"value", limit}, {"message", message}});
    }
    control("POST", "settings", {{"validation_rules", rules}});
  }

  std::string column(const std::string& word) const override { return columns.at(word); }
  // A composite may hold reads alone.
  bool is_write(const http::Request& request) const override {
    if (request.method == "GET" || request.url.find("/oauth2/") != std::string::npos) return false;
    const bool composite = request.url.substr(request.url.rfind('/')) == "/composite";
    return !composite || request.body.find(R"("method":"P)") != std::string::npos;
  }
  std::pair<std::string, std::string> write_route() const override { return {"PATCH", "/services/data"}; }
  std::pair<std::string, std::string> create_route() const override {
    return {"POST", "/services/data/{id}/composite/{id}"};
  }
  std::int64_t rows_written(const Json& stats) const override {
    std::int64_t rows = 0;
    for (const Json& inner : stats["inside_batches"]) {
      if (inner["method"] != "GET") rows += inner["count"].get<std::int64_t>();
    }
    return rows;
  }

 private:
  static std::string make(const Control& control, const std::string& object, const Json& fields) {
    return control("POST", "edit", {{"object", object}, {"fields", fields}})["id"];
  }
};

}  // namespace in_salesforce

std::unique_ptr<CrmStand> make_salesforce_stand() { return std::make_unique<in_salesforce::SalesforceStand>(); }

std::unique_ptr<CrmStand> make_crm_stand(const std::string& system) {
  if (system == "dynamics365_process") return make_dynamics365_process_stand();
  return system == "dynamics365" ? make_dynamics365_stand() : make_salesforce_stand();
}

}  // namespace cosell::test
