// Partner Center in the conformance kit.
#include <nlohmann/json.hpp>

#include "connectors/partner_center/emulator/partner_center_emulator.h"
#include "connectors/partner_center/partner_center_connector.h"
#include "deal/deal.h"
#include "net/oauth.h"
#include "tests/conformance/target.h"

namespace cosell::conformance {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kReferrals = "/v1.0/engagements/referrals";
constexpr const char* kFirstToken = "first-refresh-token";

Facts facts_of_partner_center() {
  Facts f;
  f.conditional_write = ConditionalWrite::required;
  f.returns_representation = true;
  f.delta_includes_deletes = false;
  f.kind = RecordKind::referral;
  f.parts.title = "name";
  f.parts.text = "notes";
  f.parts.clearable = "campaign";
  f.parts.required = "close_date";
  f.parts.money = "value";
  f.parts.day = "close_date";
  f.columns = {"name", "notes", "close_date", "value", "standing", "stage"};
  f.more_columns = {"name", "notes", "close_date", "value", "standing", "stage", "campaign"};
  f.secrets = {kFirstToken};
  f.request_id = "Request-ID";
  f.cannot["customers"] = "A referral holds its customer; there are no customer records.";
  f.cannot["longest text"] = "Partner Center publishes no lengths.";
  f.cannot["tick"] = "What a customer or partner agreed to cannot be taken back.";
  f.cannot["time column"] = "No time of a referral can be written.";
  return f;
}

class PartnerCenterTarget final : public ConformanceTarget {
 public:
  PartnerCenterTarget() : ConformanceTarget("/oauth2/"), facts_(facts_of_partner_center()) {
    furnish(11);
    reconnect();
  }

  const Facts& facts() const override { return facts_; }
  Connector& connector() override { return *connector_; }
  void reconnect() override {
    net::OAuthClient client;
    client.token_endpoint = "https://login.microsoftonline.com/contoso/oauth2/v2.0/token";
    client.client_id = "app";
    client.scope = "https://api.partner.microsoft.com/.default offline_access";
    net::RefreshTokenLogin login;
    login.first_refresh_token = net::Secret(kFirstToken);
    connector_ = make_partner_center_connector({}, net::make_token_source(client, login, bench.lane(), nullptr));
  }
  void move_elsewhere() override {
    furnish(12);
    bench.set("organization_id", R"("11111111-2222-4333-8444-555555555555")");
    reconnect();
  }

  std::vector<Route> reads() const override { return {{"GET", kReferrals}}; }
  std::vector<Route> writes() const override { return {{"POST", kReferrals}, {"PATCH", kReferrals}}; }
  std::vector<Route> logins() const override { return {{"POST", "/contoso/oauth2"}}; }

  // People cannot create deals in the emulated portal; one that Microsoft sent and somebody accepted is as good.
  RecordId person_creates(const std::string& title) override {
    const Json made = Json::parse(bench.control("inbound", Json{{"name", title}, {"notes", "First call."}}.dump()));
    const std::string id = made["id"];
    edit(id, {{"/status", "Active"}, {"/substatus", "Accepted"}});
    return connector_->normal_id(id);
  }
  void person_writes(const RecordId& id, const std::string& text) override {
    edit(id.value, {{"/details/notes", text}});
  }
  void person_sets_amount(const RecordId& id, const std::string& json_number) override {
    edit(id.value, {{"/details/currency", "EUR"}, {"/details/dealValue", Json::parse(json_number)}});
  }
  void person_removes(const RecordId& id) override {
    const Json stranger{
        {"firstName", "Sam"}, {"lastName", "Cole"}, {"phoneNumber", "+1"}, {"email", "sam@partner.example"}};
    edit(id.value, {{"/team", Json::array({stranger})}});
    bench.set("caller_email", R"("ida@partner.example")");
    bench.set("caller_role", R"("user")");
  }
  void tokens_die() override { bench.control("revoke-logins", R"({"access":true})"); }
  void pages_die() override { bench.clock.move(hours(2)); }
  std::vector<Lack> lacks() override {
    return {{"Referrals admin", [this] { bench.set("caller_role", R"("none")"); }},
            {"multi-factor", [this] { bench.set("mfa_satisfied", "false"); }}};
  }

  std::size_t count_on_server() override { return Json::parse(bench.control("records"))["referrals"].size(); }
  std::map<std::string, std::string> on_server(const RecordId& id) override {
    Json record = record_of(id);
    record.erase("eTag");
    record.erase("updatedDateTime");
    std::map<std::string, std::string> fields;
    const Json flat = record.flatten();
    for (const auto& field : flat.items()) fields[field.key()] = field.value().dump();
    return fields;
  }
  std::set<std::string> paths_of(const std::string& column) const override {
    if (column == "value") return {"/details/dealValue", "/details/currency"};
    if (column == "notes") return {"/details/notes"};
    if (column == "campaign") return {"/campaignId"};
    if (column == "close_date") return {"/details/closingDateTime"};
    return {};
  }
  std::string text_on_server(const RecordId& id, const std::string& column) override {
    const Json record = record_of(id);
    if (column == "name") return record["name"];
    if (column == "notes") return record["details"]["notes"];
    return record.value("campaignId", "");
  }

  Columns complete_record(const std::string& title) const override {
    Deal deal;
    deal.set(Field::name, title);
    deal.set(Field::value, Money{8'000'010, "EUR"});
    deal.set(Field::close_date, Date{2027, 1, 31});
    deal.set(Field::notes, std::string("First call done."));
    deal.set(Field::customer, Customer{"Alder Foods GmbH", "Hafenstrasse 12", "", "Hamburg", "HH", "20457", "DE"});
    deal.set(Field::customer_contacts, std::vector<Person>{{"Jon", "Alder", "+4940", "jon@customer.example"}});
    deal.set(Field::team, std::vector<Person>{{"Ida", "Berg", "+4940", "ida@partner.example"}});
    deal.set(Field::solutions, std::vector<Solution>{{"SOL-ABCDE-FGH", "Harbor", "Name"}});
    deal.set(Field::marketplace_intent, std::string("HaveNotDecided"));
    deal.set(Field::location, std::string("1234567"));
    deal.set(Field::visible, false);
    deal.set(Field::consent_contact, true);
    return columns_from_deal(deal);
  }
  Columns money(const std::string& decimal, const std::string& currency) const override {
    return {{"value", Value(*money_from(*parse_number(decimal), currency))}};
  }
  int decimals_of(const std::string& currency) const override { return *currency_exponent(currency); }
  Columns unknown_choice() const override { return {{"marketplace_intent", Value(std::string("Perhaps"))}}; }
  Columns illegal_change(const RecordId& id) override {
    edit(id.value, {{"/status", "Closed"}, {"/substatus", "Won"}});
    return {{"standing", Value(Standing{Status::active, Substatus::accepted, ""})}};
  }
  std::string new_key() override { return bench.random.uuid(); }

 private:
  void furnish(std::uint64_t seed) {
    auto core = emulator::make_partner_center_emulator();
    core->register_refresh_token(kFirstToken);
    bench.put_in(std::move(core), seed);
    bench.set("page_size", std::to_string(facts_.page));
  }
  void edit(const std::string& id, const std::vector<std::pair<std::string, Json>>& changes) {
    Json patch = Json::array();
    for (const auto& change : changes) {
      patch.push_back(Json{{"op", "replace"}, {"path", change.first}, {"value", change.second}});
    }
    bench.control("edit", Json{{"id", id}, {"patch", patch}}.dump());
  }
  Json record_of(const RecordId& id) {
    const Json all = Json::parse(bench.control("records"));
    for (const Json& record : all["referrals"]) {
      if (record["id"] == id.value) return record;
    }
    return Json::object();
  }

  const Facts facts_;
  std::unique_ptr<Connector> connector_;
};

}  // namespace

std::unique_ptr<ConformanceTarget> make_partner_center_target() { return std::make_unique<PartnerCenterTarget>(); }

}  // namespace cosell::conformance
