// A small world for scenarios: two emulated systems, the real connectors, mapping, store and engine, one clock that
// moves only when told. Everything in one process; what people do goes through the emulators' control verbs.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/emulator/sandboxed.h"
#include "engine/cycle.h"
#include "net/call_meter.h"
#include "net/in_process_transport.h"
#include "net/oauth.h"
#include "store/sqlite_store.h"

namespace cosell::test {

using Json = nlohmann::ordered_json;
using engine::CycleOptions;
using engine::CycleReport;
using store::Side;

struct WorldOptions {
  std::uint64_t seed = 1;
  // Laid over the shipped mapping; "" is a company with a location, a signed consent and defaults for what a test does
  // not care about.
  std::string mapping;
  Duration settle{};  // irreversible steps leave at once
  std::string key_column = "Cosell_Referral_Id__c";
};

class World {
 public:
  explicit World(WorldOptions options = {});
  ~World();

  // --- what people do
  std::string new_opportunity(Json fields);  // returns the id; sensible values for what is not given
  void crm_edit(const std::string& id, Json fields);
  void crm_delete(const std::string& id);
  void portal_edit(const std::string& referral_id, Json patch);
  Json inbound(Json body = Json::object());  // a deal sent by Microsoft; returns the referral
  void microsoft(Json body);                 // Microsoft answers its half of an engagement
  void advance(Duration d);

  // --- what the bridge does
  CycleReport sync(CycleOptions options = {});
  // A new process on the same store file: nothing in memory survives.
  void restart();
  // The store file is gone; the next sync starts from nothing.
  void lose_store();
  // The process dies while the n-th request from now is under way: it reaches the server, its answer reaches nobody.
  void crash_after_requests(int n) { requests_until_crash_ = n; }
  void sync_until_crash();

  // --- what there is to see
  Json opportunities();
  Json opportunity(const std::string& id);
  Json referrals();
  Json referral_of(const std::string& opportunity_id);  // null when there is none; fails the test when there are two
  std::vector<store::DealRow> deals();
  store::DealRow deal_of(const std::string& record_id);
  // "POST /v1.0/…" requests that reached the emulator's core since the last reset of the statistics, by method.
  std::int64_t calls(Side side);
  std::int64_t writes(Side side);  // POST, PATCH, DELETE, without logins
  void reset_stats();

  Json control(Side side, const std::string& method, const std::string& verb, const Json& body = nullptr);
  void faults(Side side, const Json& list);
  std::int64_t fired(Side side);

  ManualClock& clock() { return clock_; }
  store::Store& store() { return *store_; }
  engine::Pair& pair() { return pair_; }

 private:
  struct Crash {};
  net::Delivered deliver(Side side, const http::Request& request);
  void open();

  WorldOptions options_;
  int requests_until_crash_ = 0;
  std::filesystem::path dir_;
  ManualClock clock_;
  SeededRandom random_;
  emulator::SandboxClock sandbox_clock_;
  std::unique_ptr<emulator::Sandboxed> crm_system_;
  std::unique_ptr<emulator::Sandboxed> partner_center_system_;
  std::unique_ptr<net::InProcessTransport> crm_transport_;
  std::unique_ptr<net::InProcessTransport> partner_center_transport_;
  std::shared_ptr<net::TokenSource> crm_tokens_;
  std::shared_ptr<net::TokenSource> partner_center_tokens_;
  std::unique_ptr<net::Lane> crm_lane_;
  std::unique_ptr<net::Lane> partner_center_lane_;
  std::unique_ptr<Connector> crm_;
  std::unique_ptr<Connector> partner_center_;
  std::unique_ptr<mapping::Mapping> mapping_;
  std::unique_ptr<store::Store> store_;
  net::CallMeter meter_;
  engine::Pair pair_;
};

// The opportunity's fields that most tests want: opted in, with account, owner, solution and amount.
Json usual_opportunity(const std::string& name);

}  // namespace cosell::test
