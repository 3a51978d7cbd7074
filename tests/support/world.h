// A small world for scenarios: two emulated systems, the real connectors, mapping, store and engine, one clock that
// moves only when told. Everything in one process; what people do goes through the emulators' control verbs.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
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
#include "tests/support/crm.h"

namespace cosell::test {

using engine::CycleOptions;
using engine::CycleReport;
using store::Side;

struct WorldOptions {
  std::string crm = "salesforce";
  std::uint64_t seed = 1;
  Duration settle{};              // irreversible steps leave at once
  bool plain_key = false;         // the referral id is kept in a column that is not unique
  Json mapping = Json::object();  // laid over the company's mapping file
  int page_size = 100;            // that the connector asks Partner Center for
  bool any_order = false;         // requests under way arrive in a random order
};

class World {
 public:
  explicit World(WorldOptions options = {});
  ~World();

  // --- what people do
  // In the words of crm.h. Returns the id; on an account of its own choice when none is given.
  std::string new_opportunity(Json words);
  std::string new_contact(const Json& words);
  void crm_edit(const std::string& id, const Json& words);
  bool crm_edit_if_allowed(const std::string& id, const Json& words);  // false: the CRM refused it
  bool crm_undelete_if_allowed(const std::string& id);                 // from Salesforce's bin
  void crm_refuses_values_above(int limit, const std::string& message);
  void crm_refuses_nothing();
  void crm_delete(const std::string& id);
  void portal_edit(const std::string& referral_id, Json patch);
  Json inbound(Json body = Json::object());  // a deal sent by Microsoft; returns the referral
  void microsoft(Json body);                 // Microsoft answers its half of an engagement
  void advance(Duration d);
  // The clock of the bridge's machine is set so much ahead of that of the systems, or right again by zero.
  void set_machine_clock_ahead(Duration d);

  // --- what the bridge does
  CycleReport sync(CycleOptions options = {});
  // A new process on the same store file: nothing in memory survives.
  void restart();
  // The same with another mapping, laid over the company's file.
  void restart_with(Json mapping);
  // The store file is gone; the next sync starts from nothing.
  void lose_store();
  // A backup of the store, and what was kept last put in its place; false: none was kept.
  void keep_store();
  bool put_back_store();
  // The process dies while the n-th request from now is under way: it reaches the server, its answer reaches nobody.
  void crash_after_requests(int n) { requests_until_crash_ = n; }
  bool sync_until_crash();  // did it die?

  // --- what there is to see
  std::vector<Json> opportunities();
  Json opportunity(const std::string& id);
  std::vector<Json> accounts();
  std::string column(const std::string& word) const { return crm_stand_->column(word); }
  Json referrals();
  Json referral_of(const std::string& opportunity_id);  // null when there is none; fails the test when there are two
  std::vector<store::DealRow> deals();
  store::DealRow deal_of(const std::string& record_id);
  // "POST /v1.0/…" requests that reached the emulator's core since the last reset of the statistics, by method.
  std::int64_t calls(Side side);
  std::int64_t writes(Side side);  // requests that may change records, without logins
  std::int64_t refused(Side side) {
    return refused_[side];
  }                             // requests that the system answered with 400, 409, 412, 422
  std::int64_t rows_written();  // in the CRM
  void reset_stats();

  Json control(Side side, const std::string& method, const std::string& verb, const Json& body = nullptr);
  void faults(Side side, const Json& list);
  void crm_write_fault(const Json& action);   // meets the next request that may be a write to records that are there
  void crm_create_fault(const Json& action);  // or may create opportunities
  std::int64_t fired(Side side);

  // When set, everything that goes over the wire passes here: look at it, change it, keep it back. `go` delivers.
  using Go = std::function<net::Delivered(const http::Request&)>;
  using Wire = std::function<net::Delivered(Side, const http::Request&, const Go&)>;
  Wire wire;
  // A request that arrives now, whoever sent it and when.
  net::Delivered send(Side side, const http::Request& request) { return reach(side, request); }
  std::string store_file() const { return (dir_ / "world.db").string(); }
  // What a second process on the same store file gets.
  Result<void> open_a_second_time();
  // The CRM as a backup holds it.
  Json crm_backup();
  void crm_restore(const Json& backup);

  ManualClock& clock() { return clock_; }
  store::Store& store() { return *store_; }
  engine::Pair& pair() { return pair_; }

 private:
  struct Crash {};
  net::Delivered deliver(Side side, const http::Request& request);
  net::Delivered reach(Side side, const http::Request& request);
  void read_mapping();
  void open();

  Control crm_control();

  WorldOptions options_;
  std::unique_ptr<CrmStand> crm_stand_;
  std::map<std::string, std::string> accounts_by_name_;  // that opportunities were put on
  std::map<Side, std::int64_t> writes_;
  std::map<Side, std::int64_t> refused_;
  int requests_until_crash_ = 0;
  bool may_be_refused_ = false;  // what a person does now
  bool was_refused_ = false;
  std::filesystem::path dir_;
  ManualClock clock_;
  std::unique_ptr<Clock> machine_clock_;  // when it is wrong
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

// For the names of stories that are told of every CRM.
inline std::string name_of_crm(const testing::TestParamInfo<const char*>& crm) { return crm.param; }

// The opportunity's fields that most tests want: opted in, with account, owner, solution and amount.
Json usual_opportunity(const std::string& name);

}  // namespace cosell::test
