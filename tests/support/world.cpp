// The world's plumbing.
#include "world.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/text.h"
#include "connectors/partner_center/emulator/partner_center_emulator.h"
#include "connectors/partner_center/partner_center_connector.h"
#include "mapping/shipped.h"

namespace cosell::test {

namespace {

const std::string crm_url = "http://127.0.0.1:7001";
const std::string partner_center_url = "http://127.0.0.1:7002";

// A company with a location, a signed consent and defaults for what a test does not care about.
std::string company_mapping(const CrmStand& crm, const WorldOptions& options) {
  Json mapping = {{"extends", crm.system()},
                  {"fields",
                   {{"location", {{"constant", "1234567"}}},
                    {"consent_contact",
                     {{"statement", "Agreed in every contract"}, {"signed_by", "Ida Berg"}, {"date", "2026-01-31"}}},
                    {"marketplace_intent", {{"default", "HaveNotDecided"}}},
                    {"notes", {{"default", "Questions to the deal's owner, please."}}}}}};
  if (const Json stages = crm.stage_mapping(); !stages.is_null()) mapping["stages"] = stages;
  if (options.plain_key) mapping["bridge"] = {{"referral_id", crm.column("plain_key")}};
  mapping.merge_patch(options.mapping);
  return mapping.dump();
}

Json parse(const std::string& text) { return Json::parse(text, nullptr, false); }

std::filesystem::path new_directory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "cosell-world-XXXXXX").string();
  return ::mkdtemp(pattern.data());
}

}  // namespace

Json usual_opportunity(const std::string& name) {
  return {{"name", name},      {"stage", "20"},  {"close_date", "2027-03-31"}, {"value", 50000},
          {"currency", "USD"}, {"opt_in", true}, {"solution", "SOL-ABCDE-FGH"}};
}

World::World(WorldOptions options)
    : options_(std::move(options)),
      crm_stand_(make_crm_stand(options_.crm)),
      dir_(new_directory()),
      clock_(*parse_instant("2026-11-21T08:00:00Z")),
      random_(options_.seed),
      sandbox_clock_(clock_) {
  crm_system_ = std::make_unique<emulator::Sandboxed>(crm_stand_->make_emulator(), sandbox_clock_, 11);
  crm_stand_->furnish(crm_control());
  if (options_.plain_key) crm_stand_->add_plain_key(crm_control());
  auto referrals = emulator::make_partner_center_emulator();
  referrals->register_refresh_token("first-refresh-token");
  partner_center_system_ = std::make_unique<emulator::Sandboxed>(std::move(referrals), sandbox_clock_, 12);
  crm_transport_ = std::make_unique<net::InProcessTransport>(
      [this](const http::Request& r) { return deliver(Side::crm, r); }, options_.any_order ? &random_ : nullptr);
  partner_center_transport_ = std::make_unique<net::InProcessTransport>(
      [this](const http::Request& r) { return deliver(Side::partner_center, r); },
      options_.any_order ? &random_ : nullptr);
  read_mapping();
  open();
}

void World::read_mapping() {
  const auto loaded = mapping::read_mapping("world.jsonc", company_mapping(*crm_stand_, options_),
                                            [](const std::string& name) -> Result<std::string> {
                                              const auto text = mapping::shipped_mapping(name);
                                              if (text.empty())
                                                return make_error(ErrorClass::config, "no such mapping");
                                              return std::string(text);
                                            });
  for (const auto& finding : loaded.findings) {
    // A pipeline of an organisation's own may lack a standard stage, or a column for the reason of a lost deal.
    const bool of_own_pipeline = finding.code == "no-write-back" || finding.code == "no-reason";
    if (!of_own_pipeline) ADD_FAILURE() << mapping::to_string(finding);
  }
  auto& writable = const_cast<mapping::Loaded&>(loaded);
  if (writable.mapping) mapping_ = std::make_unique<mapping::Mapping>(std::move(*writable.mapping));
}

World::~World() {
  // Whatever this world went through: its journal is whole, and gives back what its deals stand on (I-33).
  if (store_) {
    const auto verified = store_->verify_journal();
    EXPECT_TRUE(verified) << verified.error().message;
  }
  store_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

net::Delivered World::deliver(Side side, const http::Request& request) {
  if (!wire) return reach(side, request);
  return wire(side, request, [this, side](const http::Request& r) { return reach(side, r); });
}

Result<void> World::open_a_second_time() {
  store::OpenOptions options;
  options.pair = "world";
  auto opened = store::open_sqlite_store((dir_ / "world.db").string(), options, clock_);
  return opened ? Result<void>{} : Result<void>{opened.error()};
}

Json World::crm_backup() { return crm_system_->core().save(); }

void World::crm_restore(const Json& backup) { crm_system_->core().load(backup); }

net::Delivered World::reach(Side side, const http::Request& request) {
  const bool login = request.url.find("/oauth2/") != std::string::npos;
  const bool writes = side == Side::crm ? crm_stand_->is_write(request) : request.method != "GET" && !login;
  if (writes) ++writes_[side];
  auto delivery = (side == Side::crm ? crm_system_ : partner_center_system_)->handle(request);
  const int status = delivery.response.status;
  if (status == 400 || status == 409 || status == 412 || status == 422) ++refused_[side];
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
  crm_tokens_ = crm_stand_->log_in(crm_url, *crm_lane_);
  net::OAuthClient pc_client;
  pc_client.token_endpoint = partner_center_url + "/common/oauth2/v2.0/token";
  pc_client.client_id = "cosell-sandbox-app";
  pc_client.scope = "https://api.partner.microsoft.com/.default offline_access";
  net::RefreshTokenLogin pc_login;
  pc_login.first_refresh_token = net::Secret("first-refresh-token");
  if (!partner_center_tokens_) {
    partner_center_tokens_ = net::make_token_source(pc_client, pc_login, *partner_center_lane_, nullptr);
  }
  crm_ = crm_stand_->connect(crm_url, crm_tokens_, options_.plain_key);
  PartnerCenterSettings pc_settings;
  pc_settings.page_size = options_.page_size;
  pc_settings.base_url = partner_center_url;
  partner_center_ = make_partner_center_connector(pc_settings, partner_center_tokens_);

  pair_.name = "world";
  pair_.mapping = mapping_.get();
  pair_.crm = crm_.get();
  pair_.partner_center = partner_center_.get();
  pair_.crm_transport = crm_transport_.get();
  pair_.partner_center_transport = partner_center_transport_.get();
  pair_.store = store_.get();
  pair_.clock = machine_clock_ ? machine_clock_.get() : &clock_;
  pair_.random = &random_;
  pair_.meter = &meter_;
  pair_.settings.settle = options_.settle;
}

void World::restart() {
  store_.reset();
  open();
}

void World::restart_with(Json mapping) {
  options_.mapping = std::move(mapping);
  read_mapping();
  restart();
}

void World::lose_store() {
  store_.reset();
  for (const auto& file : std::filesystem::directory_iterator(dir_)) std::filesystem::remove(file.path());
  open();
}

void World::keep_store() {
  const std::string backup = store_file() + ".backup";
  std::filesystem::remove(backup);
  SQLite::Database(store_file(), SQLite::OPEN_READWRITE).exec("VACUUM INTO '" + backup + "'");
}

bool World::put_back_store() {
  const std::string backup = store_file() + ".backup";
  if (!std::filesystem::exists(backup)) return false;
  store_.reset();
  for (const char* file : {"", "-wal", "-shm"}) std::filesystem::remove(store_file() + file);
  std::filesystem::rename(backup, store_file());
  open();
  return true;
}

bool World::sync_until_crash() {
  try {
    (void)engine::run_cycle(pair_, {});
    return false;
  } catch (const Crash&) {
    return true;
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
  const bool refused = delivery.response.status >= 300;
  EXPECT_TRUE(!refused || may_be_refused_) << method << " " << verb << ": " << delivery.response.body;
  was_refused_ = was_refused_ || refused;
  return delivery.response.body.empty() ? Json() : parse(delivery.response.body);
}

Control World::crm_control() {
  return [this](const std::string& method, const std::string& verb, const Json& body) {
    return control(Side::crm, method, verb, body);
  };
}

std::string World::new_opportunity(Json words) {
  Json account = {{"name", "Alder Foods"},
                  {"street", "Hafenstrasse 12"},
                  {"city", "Hamburg"},
                  {"postal_code", "20457"},
                  {"country", "Germany"}};
  if (!words.contains("account") || words["account"].is_object()) {
    if (words.contains("account")) account.update(words["account"]);
    std::string& id = accounts_by_name_[account["name"]];
    if (id.empty()) {
      for (const auto& known : accounts()) {
        if (known["name"] == account["name"]) id = known["id"];
      }
    }
    if (id.empty()) id = crm_stand_->new_account(crm_control(), account);
    words["account"] = id;
  }
  return crm_stand_->new_opportunity(crm_control(), words);
}

std::string World::new_contact(const Json& words) { return crm_stand_->new_contact(crm_control(), words); }

void World::crm_edit(const std::string& id, const Json& words) { crm_stand_->edit(crm_control(), id, words); }

bool World::crm_edit_if_allowed(const std::string& id, const Json& words) {
  was_refused_ = false;
  may_be_refused_ = true;
  crm_edit(id, words);
  may_be_refused_ = false;
  return !was_refused_;
}

bool World::crm_undelete_if_allowed(const std::string& id) {
  was_refused_ = false;
  may_be_refused_ = true;
  (void)control(Side::crm, "POST", "undelete", {{"id", id}});
  may_be_refused_ = false;
  return !was_refused_;
}

void World::crm_delete(const std::string& id) { crm_stand_->remove(crm_control(), id); }

void World::crm_refuses_values_above(int limit, const std::string& message) {
  crm_stand_->refuse_values_above(crm_control(), limit, message);
}

void World::crm_refuses_nothing() { crm_stand_->refuse_values_above(crm_control(), 0, ""); }

void World::portal_edit(const std::string& referral_id, Json patch) {
  control(Side::partner_center, "POST", "edit", {{"id", referral_id}, {"patch", std::move(patch)}});
}

Json World::inbound(Json body) { return control(Side::partner_center, "POST", "inbound", body); }

void World::microsoft(Json body) { control(Side::partner_center, "POST", "microsoft", body); }

void World::advance(Duration d) { clock_.advance(d); }

namespace {

class ClockAhead final : public Clock {
 public:
  ClockAhead(Clock& right, Duration ahead) : right_(right), ahead_(ahead) {}
  Instant now() override { return right_.now() + ahead_; }
  bool sleep_for(Duration d) override { return right_.sleep_for(d); }

 private:
  Clock& right_;
  Duration ahead_;
};

}  // namespace

void World::set_machine_clock_ahead(Duration d) {
  machine_clock_ = d == Duration{} ? nullptr : std::make_unique<ClockAhead>(clock_, d);
  pair_.clock = machine_clock_ ? machine_clock_.get() : &clock_;
}

std::vector<Json> World::opportunities() { return crm_stand_->opportunities(crm_control()); }

Json World::opportunity(const std::string& id) {
  for (const auto& o : opportunities()) {
    if (o["id"] == id) return o;
  }
  return {};
}

std::vector<Json> World::accounts() { return crm_stand_->accounts(crm_control()); }

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

std::int64_t World::writes(Side side) { return writes_[side]; }

std::int64_t World::rows_written() { return crm_stand_->rows_written(control(Side::crm, "GET", "stats")); }

void World::reset_stats() {
  writes_.clear();
  control(Side::crm, "POST", "stats/reset", Json::object());
  control(Side::partner_center, "POST", "stats/reset", Json::object());
}

void World::crm_write_fault(const Json& action) {
  const auto route = crm_stand_->write_route();
  faults(Side::crm, Json::array({{{"match", {{"method", route.first}, {"path", route.second}}}, {"action", action}}}));
}

void World::crm_create_fault(const Json& action) {
  const auto route = crm_stand_->create_route();
  faults(Side::crm, Json::array({{{"match", {{"method", route.first}, {"path", route.second}}}, {"action", action}}}));
}

void World::faults(Side side, const Json& list) { control(side, "POST", "faults", list); }

std::int64_t World::fired(Side side) {
  std::int64_t n = 0;
  const Json faults = control(side, "GET", "faults");
  for (const auto& fault : faults.is_array() ? faults : faults["faults"]) n += fault.value("fired", 0);
  return n;
}

}  // namespace cosell::test
