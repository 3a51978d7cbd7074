// Dynamics 365 Sales in the conformance kit.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_connector.h"
#include "connectors/dynamics365/dynamics365_privileges.h"
#include "connectors/dynamics365/emulator/dynamics365_emulator.h"
#include "connectors/dynamics365/emulator/values.h"
#include "net/oauth.h"
#include "tests/conformance/target.h"

namespace cosell::conformance {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kHere = "http://127.0.0.1:8080";
constexpr const char* kElsewhere = "http://localhost:8080";
constexpr const char* kCurrency = "transactioncurrencyid.isocurrencycode";

Facts facts_of_dynamics365(const std::string& stage_column) {
  Facts f;
  if (stage_column == "process") f.idle_requests = 2;  // the process may move alone
  f.conditional_write = ConditionalWrite::optional;
  f.returns_representation = true;
  f.delta_includes_deletes = true;
  f.kind = RecordKind::opportunity;
  f.parts.title = "name";
  f.parts.text = "cosell_notes";
  f.parts.clearable = "cosell_campaign";
  f.parts.bounded = "cosell_campaign";
  f.parts.required = "stage";
  f.parts.money = "estimatedvalue";
  f.parts.day = "estimatedclosedate";
  f.parts.moment = "cosell_since";
  f.parts.flag = "cosell_sync";
  f.customers = {"name", "address1_postalcode", "mia.berger@cosell.example", "old.seller@cosell.example"};
  f.columns = {"name",           "cosell_notes", "cosell_campaign", "estimatedclosedate", "stage",
               "estimatedvalue", kCurrency,      "cosell_since",    "cosell_sync"};
  f.more_columns = f.columns;
  f.more_columns.push_back("description");
  f.secrets = {emulator::Dynamics365Options().client_secret};
  f.request_id = "x-ms-service-request-id";
  f.cannot["required title"] = "The Web API takes records without the columns that its forms require.";
  return f;
}

class Dynamics365Target final : public ConformanceTarget {
 public:
  explicit Dynamics365Target(const std::string& stage_column = "salesstage")
      : ConformanceTarget("/oauth2/"), facts_(facts_of_dynamics365(stage_column)) {
    settings_.instance = kHere;
    settings_.stage_column = stage_column;
    furnish(7);
    reconnect();
  }

  const Facts& facts() const override { return facts_; }
  Connector& connector() override { return *connector_; }
  void reconnect() override {
    const emulator::Dynamics365Options known;
    net::OAuthClient client;
    client.token_endpoint = settings_.instance + "/" + known.tenant + "/oauth2/v2.0/token";
    client.client_id = known.client_id;
    client.scope = settings_.instance + "/.default";
    net::ClientCredentialsLogin login;
    login.client_secret = net::Secret(known.client_secret);
    connector_ = make_dynamics365_connector(settings_, net::make_token_source(client, login, bench.lane(), nullptr));
  }
  void move_elsewhere() override {
    settings_.instance = kElsewhere;
    furnish(8);
    reconnect();
  }

  std::vector<Route> reads() const override { return {{"GET", "/api/data"}}; }
  std::vector<Route> writes() const override { return {{"POST", "/api/data"}}; }
  std::vector<Route> logins() const override {
    return {{"POST", "/" + emulator::Dynamics365Options().tenant + "/oauth2"}};
  }
  std::optional<std::string> disordered(const http::Response& answer, Disorder how) const override {
    const std::string type = answer.headers.get("Content-Type");
    if (!text::starts_with(type, "multipart/")) return answer.body;
    const std::string end = "--" + type.substr(type.find('=') + 1);
    std::vector<std::string> parts;
    for (std::size_t at = 0, next = 0; (next = answer.body.find(end, at + end.size())) != std::string::npos;
         at = next) {
      parts.push_back(answer.body.substr(at, next - at));
    }
    if (how == Disorder::reversed) std::reverse(parts.begin(), parts.end());
    if (how == Disorder::first_missing) parts.erase(parts.begin());
    return text::join(parts, "") + end + "--\r\n";
  }

  RecordId person_creates(const std::string& title) override {
    const Json fields{
        {"name", title}, {"salesstage", 0}, {"estimatedclosedate", "2027-01-31"}, {"estimatedvalue", 100}};
    return RecordId(Json::parse(bench.control("edit", Json{{"fields", fields}}.dump()))["id"].get<std::string>());
  }
  void person_writes(const RecordId& id, const std::string& text) override {
    bench.control("edit", Json{{"id", id.value}, {"fields", {{facts_.parts.text, text}}}}.dump());
  }
  void person_sets_amount(const RecordId& id, const std::string& json_number) override {
    bench.control("edit", R"({"id":")" + id.value + R"(","fields":{"estimatedvalue":)" + json_number + "}}");
  }
  void person_keys(const RecordId& id, const std::string& key) override {
    bench.control("edit", Json{{"id", id.value}, {"fields", {{"cosell_referralid", key}}}}.dump());
  }
  void person_removes(const RecordId& id) override {
    bench.control("edit", Json{{"id", id.value}, {"delete", true}}.dump());
  }
  void tokens_die() override { bench.control("expire", "{}"); }
  void pages_die() override { bench.control("expire_delta", "{}"); }
  std::vector<Lack> lacks() override {
    std::vector<Lack> all = {
        {"cosell_sync", [this] { bench.set("missing_columns", R"(["cosell_sync"])"); }},
        {"cosell_referralid", [this] { bench.set("missing_columns", R"(["cosell_referralid"])"); }},
        {"Key column cosell_referralid", [this] { bench.set("alternate_keys", R"("Failed")"); }},
        {"Changes of opportunities", [this] { bench.set("organization_read", "false"); }},
        {"Track changes", [this] { bench.set("change_tracking_tables", "[]"); }},
        {"Login", [this] { bench.set("user_state", R"("disabled")"); }},
        {"Login", [this] { bench.set("user_state", R"("not_a_member")"); }}};
    std::vector<dynamics365::Privilege> privileges = dynamics365::standard_privileges();
    if (settings_.stage_column == "process") {
      privileges = dynamics365::process_privileges({{"opportunitysalesprocess", "", "", "OpportunitySalesProcess"}});
    }
    for (const dynamics365::Privilege& p : privileges) {
      all.push_back({p.name, [this, name = p.name] { bench.set("missing_privileges", "[\"" + name + "\"]"); }});
    }
    return all;
  }

  ColumnMaking column_making() override {
    return {[](const std::string& word) { return "cosell_" + word; },
            {{"POST", "/api/data/v9.2/EntityDefinitions"}},
            [this] { bench.set("missing_privileges", R"(["prvCreateAttribute"])"); },
            "System Customizer"};
  }

  std::size_t count_on_server() override { return Json::parse(bench.control("records"))["opportunities"].size(); }
  std::map<std::string, std::string> on_server(const RecordId& id) override {
    Json record = record_of(id);
    for (const char* stamp : {"modifiedon", "modifiedby", "_modifiedby_value", "versionnumber", "@odata.etag"}) {
      record.erase(stamp);
    }
    std::map<std::string, std::string> fields;
    const Json flat = record.flatten();
    for (const auto& field : flat.items()) fields[field.key()] = field.value().dump();
    return fields;
  }
  std::set<std::string> paths_of(const std::string& column) const override {
    if (column == "estimatedvalue") return {"/estimatedvalue", "/estimatedvalue_base"};
    return {"/" + column};
  }
  std::string text_on_server(const RecordId& id, const std::string& column) override {
    const Json record = record_of(id);
    return record.contains(column) && record[column].is_string() ? record[column].get<std::string>() : "";
  }

  Columns complete_record(const std::string& title) const override {
    return {{"name", Value(title)},
            {"stage", Value(first_stage())},
            {"estimatedclosedate", Value(Date{2027, 1, 31})},
            {"estimatedvalue", Value(Number{"80000.1"})},
            {kCurrency, Value(std::string("EUR"))},
            {"cosell_notes", Value(std::string("First call done."))}};
  }
  Columns money(const std::string& decimal, const std::string& currency) const override {
    return {{"estimatedvalue", Value(*parse_number(decimal))}, {kCurrency, Value(currency)}};
  }
  int decimals_of(const std::string&) const override { return 2; }  // of the column, whatever the currency
  Columns unknown_choice() const override { return {{"cosell_help", Value(std::string("974839999"))}}; }
  Columns illegal_change(const RecordId& id) override {
    bench.set("closed_records", R"("readonly")");
    bench.control("win", Json{{"id", id.value}}.dump());
    return {{facts_.parts.text, Value(std::string("late"))}};
  }
  std::string new_key() override { return bench.random.uuid(); }

 private:
  std::string first_stage() const {
    if (settings_.stage_column == "salesstage") return "salesstage:0";
    return "process:" + to_string(emulator::dynamics365::guid_of("processstage opportunitysalesprocess Qualify"));
  }
  void furnish(std::uint64_t seed) {
    bench.put_in(emulator::make_dynamics365_emulator(), seed);
    bench.set("page_size", std::to_string(facts_.page));
    bench.set("currencies", R"(["USD","EUR","JPY","KWD"])");
  }
  Json record_of(const RecordId& id) {
    const Json all = Json::parse(bench.control("records"));
    for (const Json& record : all["opportunities"]) {
      if (record["opportunityid"] == id.value) return record;
    }
    return Json::object();
  }

  const Facts facts_;
  Dynamics365Settings settings_;
  std::unique_ptr<Connector> connector_;
};

}  // namespace

std::unique_ptr<ConformanceTarget> make_dynamics365_target() { return std::make_unique<Dynamics365Target>(); }
std::unique_ptr<ConformanceTarget> make_dynamics365_process_target() {
  return std::make_unique<Dynamics365Target>("process");
}

}  // namespace cosell::conformance
