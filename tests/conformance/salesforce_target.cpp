// Salesforce in the conformance kit.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "connectors/salesforce/emulator/salesforce_emulator.h"
#include "connectors/salesforce/salesforce_connector.h"
#include "net/oauth.h"
#include "tests/conformance/target.h"

namespace cosell::conformance {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSalesforceHere = "http://127.0.0.1:8080";
constexpr const char* kSalesforceElsewhere = "http://localhost:8080";
constexpr const char* kSecret = "cosell-sandbox-secret";

Facts facts_of_salesforce() {
  Facts f;
  f.conditional_write = ConditionalWrite::none;
  f.returns_representation = false;
  f.delta_includes_deletes = true;
  f.kind = RecordKind::opportunity;
  f.parts.title = "Name";
  f.parts.text = "Cosell_Notes__c";
  f.parts.clearable = "NextStep";
  f.parts.bounded = "NextStep";
  f.parts.required = "CloseDate";
  f.parts.money = "Amount";
  f.parts.day = "CloseDate";
  f.parts.moment = "Cosell_Since__c";
  f.parts.flag = "Cosell_Sync__c";
  f.customers = {"Name", "BillingPostalCode", "mia.berger@cosell.example", "old.seller@cosell.example"};
  f.columns = {"Name",   "Cosell_Notes__c", "NextStep",        "CloseDate",     "StageName",
               "Amount", "CurrencyIsoCode", "Cosell_Since__c", "Cosell_Sync__c"};
  f.more_columns = f.columns;
  f.more_columns.push_back("Description");
  f.least_page_limit = 200;
  f.secrets = {kSecret};
  f.request_id = "X-Request-Id";
  f.deviations = {{"404", false, ErrorClass::not_found,
                   "A read that finds nothing at its address begins again from the first page, as after a forgotten "
                   "query locator."}};
  f.cannot["illegal change"] = "Salesforce lets any stage follow any other.";
  return f;
}

class SalesforceTarget final : public ConformanceTarget {
 public:
  SalesforceTarget() : ConformanceTarget("/oauth2/"), facts_(facts_of_salesforce()) {
    settings_.instance = kSalesforceHere;
    furnish(7);
    reconnect();
  }

  const Facts& facts() const override { return facts_; }
  Connector& connector() override { return *connector_; }
  void reconnect() override {
    net::OAuthClient client;
    client.token_endpoint = settings_.instance + "/services/oauth2/token";
    client.client_id = "cosell-sandbox-app";
    net::ClientCredentialsLogin login;
    login.client_secret = net::Secret(kSecret);
    connector_ = make_salesforce_connector(settings_, net::make_token_source(client, login, bench.lane(), nullptr));
  }
  void move_elsewhere() override {
    settings_.instance = kSalesforceElsewhere;
    furnish(8);
    reconnect();
  }

  std::vector<Route> reads() const override { return {{"GET", "/services/data"}}; }
  std::vector<Route> writes() const override {
    return {{"PATCH", "/services/data"}, {"POST", "/services/data/{id}/composite/{id}"}};
  }
  std::vector<Route> logins() const override { return {{"POST", "/services/oauth2"}}; }
  std::optional<std::string> disordered(const http::Response& answer, Disorder how) const override {
    Json results = Json::parse(answer.body, nullptr, false);
    if (!results.is_array()) return answer.body;
    if (how == Disorder::reversed) std::reverse(results.begin(), results.end());
    if (how == Disorder::first_missing) results.erase(results.begin());
    return results.dump();
  }

  RecordId person_creates(const std::string& title) override {
    const Json fields{{"Name", title}, {"StageName", "Prospecting"}, {"CloseDate", "2027-01-31"}, {"Amount", 100}};
    const Json made = Json::parse(bench.control("edit", Json{{"object", "Opportunity"}, {"fields", fields}}.dump()));
    return connector_->normal_id(made["id"].get<std::string>());
  }
  void person_writes(const RecordId& id, const std::string& text) override {
    bench.control("edit", Json{{"id", id.value}, {"fields", {{facts_.parts.text, text}}}}.dump());
  }
  void person_sets_amount(const RecordId& id, const std::string& json_number) override {
    bench.control("edit", R"({"id":")" + id.value + R"(","fields":{"Amount":)" + json_number + "}}");
  }
  void person_keys(const RecordId& id, const std::string& key) override {
    bench.control("edit", Json{{"id", id.value}, {"fields", {{"Cosell_Referral_Id__c", key}}}}.dump());
  }
  void person_removes(const RecordId& id) override {
    bench.control("edit", Json{{"id", id.value}, {"delete", true}}.dump());
  }
  void tokens_die() override { bench.control("expire", "{}"); }
  void pages_die() override { bench.clock.move(days(3)); }
  std::vector<Lack> lacks() override {
    return {{"Cosell_Sync__c", [this] { bench.set("missing_columns", R"(["Cosell_Sync__c"])"); }},
            {"Cosell_Notes__c", [this] { bench.set("read_only_columns", R"(["Cosell_Notes__c"])"); }},
            {"Cosell_Referral_Id__c", [this] { bench.set("missing_columns", R"(["Cosell_Referral_Id__c"])"); }},
            {"Create on Opportunity", [this] { bench.set("missing_permissions", R"(["Opportunity.Create"])"); }},
            {"Edit on Opportunity", [this] { bench.set("missing_permissions", R"(["Opportunity.Edit"])"); }},
            {"Create on Account", [this] { bench.set("missing_permissions", R"(["Account.Create"])"); }}};
  }

  ColumnMaking column_making() override {
    return {[](std::string word) {
              word[0] = static_cast<char>(word[0] - 'a' + 'A');
              return "Cosell_" + word + "__c";
            },
            {{"POST", "/services/data"}},
            [this] { bench.set("missing_permissions", R"(["CustomizeApplication"])"); },
            "Customize Application"};
  }

  std::size_t count_on_server() override { return records().size(); }
  std::map<std::string, std::string> on_server(const RecordId& id) override {
    Json record = record_of(id);
    for (const char* stamp : {"LastModifiedDate", "SystemModstamp", "LastModifiedById"}) record.erase(stamp);
    std::map<std::string, std::string> fields;
    const Json flat = record.flatten();
    for (const auto& field : flat.items()) fields[field.key()] = field.value().dump();
    return fields;
  }
  std::set<std::string> paths_of(const std::string& column) const override {
    if (column == "Amount") return {"/Amount", "/ExpectedRevenue"};
    return {"/" + column};
  }
  std::string text_on_server(const RecordId& id, const std::string& column) override {
    const Json record = record_of(id);
    return record.contains(column) ? record[column].get<std::string>() : "";
  }

  Columns complete_record(const std::string& title) const override {
    return {{"Name", Value(title)},
            {"StageName", Value(std::string("Prospecting"))},
            {"CloseDate", Value(Date{2027, 1, 31})},
            {"Amount", Value(Number{"80000.1"})},
            {"CurrencyIsoCode", Value(std::string("EUR"))},
            {"Cosell_Notes__c", Value(std::string("First call done."))}};
  }
  Columns money(const std::string& decimal, const std::string& currency) const override {
    return {{"Amount", Value(*parse_number(decimal))}, {"CurrencyIsoCode", Value(currency)}};
  }
  int decimals_of(const std::string&) const override { return 2; }  // of the column, whatever the currency
  Columns unknown_choice() const override { return {{"StageName", Value(std::string("No such stage"))}}; }
  Columns illegal_change(const RecordId&) override { return {}; }
  std::string new_key() override { return bench.random.uuid(); }

 private:
  void furnish(std::uint64_t seed) {
    bench.put_in(emulator::make_salesforce_emulator(), seed);
    bench.set("page_size", std::to_string(facts_.page));
    bench.set("currencies", R"(["USD","EUR","JPY","KWD"])");
  }
  std::vector<Json> records() {
    std::vector<Json> live;
    const Json all = Json::parse(bench.control("records"));
    for (const Json& record : all["opportunities"]) {
      if (!record.value("IsDeleted", false)) live.push_back(record);
    }
    return live;
  }
  Json record_of(const RecordId& id) {
    for (Json& record : records()) {
      if (connector_->normal_id(record["Id"].get<std::string>()) == id) return record;
    }
    return Json::object();
  }

  const Facts facts_;
  SalesforceSettings settings_;
  std::unique_ptr<Connector> connector_;
};

}  // namespace

std::unique_ptr<ConformanceTarget> make_salesforce_target() { return std::make_unique<SalesforceTarget>(); }

}  // namespace cosell::conformance
