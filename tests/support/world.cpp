// The world's plumbing.
#include "world.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/text.h"
#include "connectors/partner_center/emulator/partner_center_emulator.h"
#include "connectors/partner_center/partner_center_connector.h"
#include "connectors/salesforce/emulator/salesforce_emulator.h"
#include "connectors/salesforce/salesforce_connector.h"
#include "mapping/shipped.h"

namespace cosell::test {

namespace {

const std::string crm_url = "http://127.0.0.1:7001";
const std::string partner_center_url = "http://127.0.0.1:7002";

const std::string company_mapping = R"({
  "extends": "salesforce",
  "fields": {
    "location": { "constant": "1234567" },
    "consent_contact": { "statement": "Agreed in every contract", "signed_by": "Ida Berg", "date": "2026-01-31" },
    "marketplace_intent": { "default": "HaveNotDecided" },
    "notes": { "default": "Questions to the deal's owner, please." }
  }
})";

Json parse(const std::string& text) { return Json::parse(text, nullptr, false); }

std::filesystem::path new_directory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "cosell-world-XXXXXX").string();
  return ::mkdtemp(pattern.data());
}

}  // namespace

Json usual_opportunity(const std::string& name) {
  return {{"Name", name},
          {"StageName", "Qualification"},
          {"CloseDate", "2027-03-31"},
          {"Amount", 50000},
          {"CurrencyIsoCode", "USD"},
          {"Cosell_Sync__c", true},
          {"Cosell_Solution__c", "SOL-ABCDE-FGH"}};
}

World::World(WorldOptions options)
    : options_(std::move(options)),
      dir_(new_directory()),
      clock_(*parse_instant("2026-11-21T08:00:00Z")),
      random_(options_.seed),
      sandbox_clock_(clock_) {
  if (options_.mapping.empty()) options_.mapping = company_mapping;
  crm_system_ = std::make_unique<emulator::Sandboxed>(emulator::make_salesforce_emulator(), sandbox_clock_, 11);
  auto referrals = emulator::make_partner_center_emulator();
  referrals->register_refresh_token("first-refresh-token");
  partner_center_system_ = std::make_unique<emulator::Sandboxed>(std::move(referrals), sandbox_clock_, 12);
  crm_transport_ =
      std::make_unique<net::InProcessTransport>([this](const http::Request& r) { return deliver(Side::crm, r); });
  partner_center_transport_ = std::make_unique<net::InProcessTransport>(
      [this](const http::Request& r) { return deliver(Side::partner_center, r); });
  const auto loaded =
      mapping::read_mapping("world.jsonc", options_.mapping, [](const std::string& name) -> Result<std::string> {
        const auto text = mapping::shipped_mapping(name);
        if (text.empty()) return make_error(ErrorClass::config, "no such mapping");
        return std::string(text);
      });
  for (const auto& finding : loaded.findings) ADD_FAILURE() << mapping::to_string(finding);
  auto& writable = const_cast<mapping::Loaded&>(loaded);
  if (writable.mapping) mapping_ = std::make_unique<mapping::Mapping>(std::move(*writable.mapping));
  open();
}

World::~World() {
  store_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

net::Delivered World::deliver(Side side, const http::Request& request) {
  auto delivery = (side == Side::crm ? crm_system_ : partner_center_system_)->handle(request);
  if (requests_until_crash_ > 0 && --requests_until_crash_ == 0) throw Crash{};
  net::Delivered delivered;
  delivered.response = std::move(delivery.response);
  if (delivery.drop) delivered.kind = net::Delivered::Kind::dropped_after;
  if (delivery.truncate_to) delivered.kind = net::Delivered::Kind::truncated;
  return delivered;
}

void World::open() {
  store::OpenOptions open_options;
  open_options.pair = "world";
  auto opened = store::open_sqlite_store((dir_ / "world.db").string(), open_options, clock_);
  ASSERT_TRUE(opened) << opened.error().message;
  store_ = std::move(*opened);

  crm_lane_ = std::make_unique<net::Lane>(net::Lane{"crm", *crm_transport_, clock_, random_, &meter_});
  partner_center_lane_ =
      std::make_unique<net::Lane>(net::Lane{"partner_center", *partner_center_transport_, clock_, random_, &meter_});
  net::OAuthClient crm_client;
  crm_client.token_endpoint = crm_url + "/services/oauth2/token";
  crm_client.client_id = "cosell-sandbox-app";
  net::ClientCredentialsLogin crm_login;
  crm_login.client_secret = net::Secret("cosell-sandbox-secret");
  crm_tokens_ = net::make_token_source(crm_client, crm_login, *crm_lane_, nullptr);
  net::OAuthClient pc_client;
  pc_client.token_endpoint = partner_center_url + "/common/oauth2/v2.0/token";
  pc_client.client_id = "cosell-sandbox-app";
  pc_client.scope = "https://api.partner.microsoft.com/.default offline_access";
  net::RefreshTokenLogin pc_login;
  pc_login.first_refresh_token = net::Secret("first-refresh-token");
  if (!partner_center_tokens_) {
    partner_center_tokens_ = net::make_token_source(pc_client, pc_login, *partner_center_lane_, nullptr);
  }
  SalesforceSettings crm_settings;
  crm_settings.instance = crm_url;
  crm_settings.key_column = options_.key_column;
  crm_ = make_salesforce_connector(crm_settings, crm_tokens_);
  PartnerCenterSettings pc_settings;
  pc_settings.base_url = partner_center_url;
  partner_center_ = make_partner_center_connector(pc_settings, partner_center_tokens_);

  pair_.name = "world";
  pair_.mapping = mapping_.get();
  pair_.crm = crm_.get();
  pair_.partner_center = partner_center_.get();
  pair_.crm_transport = crm_transport_.get();
  pair_.partner_center_transport = partner_center_transport_.get();
  pair_.store = store_.get();
  pair_.clock = &clock_;
  pair_.random = &random_;
  pair_.meter = &meter_;
  pair_.settings.settle = options_.settle;
}

void World::restart() {
  store_.reset();
  open();
}

void World::lose_store() {
  store_.reset();
  for (const auto& file : std::filesystem::directory_iterator(dir_)) std::filesystem::remove(file.path());
  open();
}

void World::sync_until_crash() {
  try {
    (void)engine::run_cycle(pair_, {});
  } catch (const Crash&) {
  }
}

CycleReport World::sync(CycleOptions options) {
  meter_.reset();
  auto report = engine::run_cycle(pair_, options);
  if (!report) {
    ADD_FAILURE() << "cycle: " << report.error().message;
    return {};
  }
  return std::move(*report);
}

Json World::control(Side side, const std::string& method, const std::string& verb, const Json& body) {
  http::Request request;
  request.method = method;
  request.url = "/_sandbox/" + verb;
  if (!body.is_null()) request.body = body.dump();
  request.headers.set("Content-Type", "application/json");
  const auto delivery = (side == Side::crm ? crm_system_ : partner_center_system_)->handle(request);
  EXPECT_LT(delivery.response.status, 300) << method << " " << verb << ": " << delivery.response.body;
  return delivery.response.body.empty() ? Json() : parse(delivery.response.body);
}

std::string World::new_opportunity(Json fields) {
  Json account = {{"Name", "Alder Foods"},
                  {"BillingStreet", "Hafenstrasse 12"},
                  {"BillingCity", "Hamburg"},
                  {"BillingPostalCode", "20457"},
                  {"BillingCountry", "Germany"}};
  if (!fields.contains("AccountId")) {
    if (fields.contains("account")) account.update(fields["account"]);
    fields.erase("account");
    std::string id;
    const Json records = control(Side::crm, "GET", "records");
    for (const auto& known : records["accounts"]) {
      if (known["Name"] == account["Name"]) id = known["Id"];
    }
    if (id.empty()) {
      const auto made = control(Side::crm, "POST", "edit", {{"object", "Account"}, {"fields", account}});
      id = made["id"];
    }
    fields["AccountId"] = id;
  }
  const auto made = control(Side::crm, "POST", "edit", {{"object", "Opportunity"}, {"fields", fields}});
  return made["id"];
}

void World::crm_edit(const std::string& id, Json fields) {
  control(Side::crm, "POST", "edit", {{"id", id}, {"fields", std::move(fields)}});
}

void World::crm_delete(const std::string& id) { control(Side::crm, "POST", "edit", {{"id", id}, {"delete", true}}); }

void World::portal_edit(const std::string& referral_id, Json patch) {
  control(Side::partner_center, "POST", "edit", {{"id", referral_id}, {"patch", std::move(patch)}});
}

Json World::inbound(Json body) { return control(Side::partner_center, "POST", "inbound", body); }

void World::microsoft(Json body) { control(Side::partner_center, "POST", "microsoft", body); }

void World::advance(Duration d) { clock_.advance(d); }

Json World::opportunities() { return control(Side::crm, "GET", "records")["opportunities"]; }

Json World::opportunity(const std::string& id) {
  for (const auto& o : opportunities()) {
    if (o["Id"] == id) return o;
  }
  return {};
}

Json World::referrals() { return control(Side::partner_center, "GET", "records")["referrals"]; }

Json World::referral_of(const std::string& opportunity_id) {
  Json found;
  for (const auto& r : referrals()) {
    if (r.value("organizationId", "") == "msft") continue;
    if (!r.contains("externalReferenceId") || r["externalReferenceId"] != opportunity_id) continue;
    EXPECT_TRUE(found.is_null()) << "two referrals for opportunity " << opportunity_id;
    found = r;
  }
  return found;
}

std::vector<store::DealRow> World::deals() {
  auto rows = store_->deals({});
  EXPECT_TRUE(rows) << rows.error().message;
  return rows ? *rows : std::vector<store::DealRow>{};
}

store::DealRow World::deal_of(const std::string& record_id) {
  for (auto& row : deals()) {
    if (row.crm.record_id == record_id || row.partner_center.record_id == record_id) return row;
  }
  ADD_FAILURE() << "no deal with record " << record_id;
  return {};
}

std::int64_t World::calls(Side side) { return static_cast<std::int64_t>(meter_.of(store::name_of(side)).total()); }

std::int64_t World::writes(Side side) {
  std::int64_t n = 0;
  const Json stats = control(side, "GET", "stats");
  for (const auto& row : stats["requests"]) {
    const std::string method = row["method"];
    const std::string path = row.value("path", "");
    if (method == "GET" || path.find("token") != std::string::npos || path.find("_sandbox") != std::string::npos)
      continue;
    n += row["count"].get<std::int64_t>();
  }
  return n;
}

void World::reset_stats() {
  control(Side::crm, "POST", "stats/reset", Json::object());
  control(Side::partner_center, "POST", "stats/reset", Json::object());
}

void World::faults(Side side, const Json& list) { control(side, "POST", "faults", list); }

std::int64_t World::fired(Side side) {
  std::int64_t n = 0;
  const Json faults = control(side, "GET", "faults");
  for (const auto& fault : faults.is_array() ? faults : faults["faults"]) n += fault.value("fired", 0);
  return n;
}

}  // namespace cosell::test
