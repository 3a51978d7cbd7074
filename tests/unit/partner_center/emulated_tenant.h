// A partner's tenant: the emulated service behind the real login, transport and connector, all in this process and on
// one clock that a test moves.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "connectors/emulator/sandboxed.h"
#include "connectors/partner_center/emulator/partner_center_emulator.h"
#include "connectors/partner_center/partner_center_connector.h"
#include "deal/deal.h"
#include "net/in_process_transport.h"

namespace cosell::test {

using emulator::Json;

class EmulatedTenant {
 public:
  explicit EmulatedTenant(PartnerCenterSettings settings = {})
      : transport_([this](const http::Request& request) { return serve(request); }, &order_) {
    auto core = emulator::make_partner_center_emulator();
    core->register_refresh_token("first-refresh-token");
    sandboxed_ = std::make_unique<emulator::Sandboxed>(std::move(core), sandbox_clock_, 11);
    net::OAuthClient client;
    client.token_endpoint = "https://login.microsoftonline.com/contoso/oauth2/v2.0/token";
    client.client_id = "app";
    client.scope = "https://api.partner.microsoft.com/.default offline_access";
    net::RefreshTokenLogin login;
    login.first_refresh_token = net::Secret("first-refresh-token");
    tokens_ = net::make_token_source(client, login, {"Partner Center", transport_, clock, random_, nullptr}, nullptr);
    connector = restarted(std::move(settings));
  }

  // Another process: same tenant, nothing remembered.
  std::unique_ptr<Connector> restarted(PartnerCenterSettings settings = {}) {
    return make_partner_center_connector(std::move(settings), tokens_);
  }

  Call call(int max_in_flight = 4) {
    Call c{transport_, clock, random_, meter, "partner_center"};
    c.max_in_flight = max_in_flight;
    return c;
  }

  // ---- the control API
  Json post(const std::string& verb, const Json& body) {
    const http::Request request{"POST", "/_sandbox/" + verb, {{{"Content-Type", "application/json"}}}, body.dump()};
    const http::Response response = sandboxed_->handle(request).response;
    EXPECT_LT(response.status, 300) << verb << ": " << response.body;
    return response.body.empty() ? Json() : Json::parse(response.body);
  }
  void set(const std::string& name, const Json& value) { post("settings", Json{{name, value}}); }
  void fault(const std::string& method, const Json& action, int after = 0, int times = 1) {
    post("faults", Json::array({Json{{"match", Json{{"method", method}, {"path", "/v1.0/engagements/referrals"}}},
                                     {"after", after},
                                     {"times", times},
                                     {"action", action}}}));
  }
  // A referral as the service has it.
  Json record(const std::string& id) {
    const http::Request request{"GET", "/_sandbox/records", {}, ""};
    const http::Response response = sandboxed_->handle(request).response;
    const Json records = Json::parse(response.body);
    for (const Json& referral : records.at("referrals")) {
      if (referral.at("id") == id) return referral;
    }
    ADD_FAILURE() << "no referral " << id;
    return {};
  }
  // A person changes a referral in the portal.
  void edit(const std::string& id, const std::string& path, const Json& value) {
    post("edit", Json{{"id", id}, {"patch", Json::array({Json{{"op", "replace"}, {"path", path}, {"value", value}}})}});
  }
  int requests() const { return requests_; }
  std::shared_ptr<net::TokenSource> tokens() const { return tokens_; }

  // ---- shorthands of the contract
  Page pull_all(Cursor cursor = {}) {
    Page all;
    for (int i = 0; i < 1000; ++i) {
      Call c = call();
      Result<Page> page = connector->pull(c, {cursor, {}, 500});
      if (!page) {
        ADD_FAILURE() << page.error().message << " " << page.error().detail;
        return all;
      }
      for (Observation& o : page->seen) all.seen.push_back(std::move(o));
      all.full_listing = all.full_listing || page->full_listing;
      all.next = cursor = page->next;
      if (page->caught_up) return all;
    }
    ADD_FAILURE() << "never caught up";
    return all;
  }
  std::vector<Outcome> push(const std::vector<Operation>& operations, int max_in_flight = 4) {
    Call c = call(max_in_flight);
    return connector->push(c, operations);
  }
  Outcome push(const Operation& operation) { return push(std::vector<Operation>{operation}).front(); }
  std::vector<Observation> fetch(const RecordRef& ref) {
    Call c = call();
    Result<std::vector<Observation>> found = connector->fetch(c, std::span(&ref, 1), {});
    EXPECT_TRUE(found.has_value()) << found.error().message;
    return found ? *found : std::vector<Observation>{};
  }
  std::vector<Observation> by_id(const std::string& id) {
    RecordRef ref;
    ref.kind = RecordKind::referral;
    ref.id = RecordId(id);
    return fetch(ref);
  }
  std::vector<Observation> by_key(const std::string& key, Instant created_after) {
    RecordRef ref;
    ref.kind = RecordKind::referral;
    ref.key = BridgeKey(key);
    ref.created_after = created_after;
    return fetch(ref);
  }
  // Microsoft's record in an engagement.
  std::vector<Observation> half_in(const std::string& engagement) {
    RecordRef ref;
    ref.kind = RecordKind::microsoft_half;
    ref.key = BridgeKey(engagement);
    return fetch(ref);
  }

  Operation creation(const std::string& crm_id, Deal deal) {
    Operation op;
    op.id = OperationId(random_.uuid());
    op.kind = RecordKind::referral;
    op.verb = Verb::create;
    op.target.kind = RecordKind::referral;
    op.target.key = BridgeKey(crm_id);
    op.changes = columns_from_deal(deal);
    return op;
  }
  Operation change(const std::string& id, const VersionToken& version, const Deal& deal) {
    Operation op;
    op.id = OperationId(random_.uuid());
    op.kind = RecordKind::referral;
    op.target.id = RecordId(id);
    op.must_match = version;
    op.changes = columns_from_deal(deal);
    return op;
  }
  // Creates a deal and gives what the service stored.
  Observation created(const std::string& crm_id, const Deal& deal) {
    const Outcome o = push(creation(crm_id, deal));
    if (const auto* e = std::get_if<Error>(&o.what)) ADD_FAILURE() << e->message << " " << e->detail;
    return std::get<Applied>(o.what).stored.value();
  }

  ManualClock clock{*parse_instant("2026-03-01T12:00:00Z")};
  net::CallMeter meter;
  std::unique_ptr<Connector> connector;

 private:
  net::Delivered serve(const http::Request& request) {
    if (request.url.find("/oauth2/") == std::string::npos) ++requests_;
    const emulator::Delivery d = sandboxed_->handle(request);
    clock.advance(milliseconds(1));
    if (d.drop) return {net::Delivered::Kind::dropped_after, {}};
    if (d.truncate_to) return {net::Delivered::Kind::truncated, {}};
    return {net::Delivered::Kind::response, d.response};
  }

  SeededRandom random_{5};
  SeededRandom order_{6};
  int requests_ = 0;
  emulator::SandboxClock sandbox_clock_{clock};
  std::unique_ptr<emulator::Sandboxed> sandboxed_;
  net::InProcessTransport transport_;
  std::shared_ptr<net::TokenSource> tokens_;
};

// A deal that satisfies everything the service asks for.
inline Deal complete_deal(const std::string& name) {
  Deal deal;
  deal.set(Field::name, name);
  deal.set(Field::value, Money{8'000'010, "EUR"});
  deal.set(Field::close_date, Date{2026, 9, 30});
  deal.set(Field::notes, std::string("First call done."));
  deal.set(Field::customer, Customer{"Alder Foods GmbH", "Hafenstrasse 12", "", "Hamburg", "HH", "20457", "DE"});
  deal.set(Field::customer_contacts, std::vector<Person>{{"Jon", "Alder", "+4940", "jon@customer.example"}});
  deal.set(Field::team, std::vector<Person>{{"Ida", "Berg", "+4940", "ida@partner.example"}});
  deal.set(Field::solutions, std::vector<Solution>{{"SOL-ABCDE-FGH", "Harbor", "Name"}});
  deal.set(Field::marketplace_intent, std::string("HaveNotDecided"));
  deal.set(Field::location, std::string("1234567"));
  deal.set(Field::visible, false);
  deal.set(Field::consent_contact, true);
  return deal;
}

}  // namespace cosell::test
