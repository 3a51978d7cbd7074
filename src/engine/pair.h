// A pair: one configured CRM with one Partner Center account, one mapping and one store, and the rules by which
// the engine treats them. The engine sees connectors only through connector.h.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/random.h"
#include "base/time.h"
#include "connectors/connector.h"
#include "deal/lifecycle.h"
#include "deal/preflight.h"
#include "mapping/mapping.h"
#include "store/store.h"

namespace cosell::engine {

using store::Side;

// How a step that cannot be taken back leaves.
enum class Gate : std::uint8_t {
  automatic,  // after the settle time
  ask,        // waits for `cosell approve`
  never
};

// A deal that may be registered and is won too soon after its creation (G-3, Clocks::won_after).
enum class EarlyWon : std::uint8_t {
  hold,  // Won leaves when that time is over, or with `cosell approve`
  warn,  // it leaves like any other, and a person is told what that may cost
  send   // it leaves like any other
};
const char* name_of(EarlyWon how);  // "hold"

// A mass change stops before the first write when it exceeds both the share of linked deals and the number.
struct MassChangeGuard {
  double share = 0.2;
  int deals = 25;

  bool operator==(const MassChangeGuard&) const = default;
};

struct Settings {
  Duration settle = minutes(60);        // an irreversible step must be unchanged in the CRM for this long
  std::map<Irreversible, Gate> gates;   // automatic when absent; closing as created in error: never
  Duration answers_every = hours(1);    // how often an open request is asked for Microsoft's answer
  Duration late_arrival = seconds(60);  // how long a lost write may still arrive, from when its answer was lost
  Duration retry_first = seconds(30);   // wait after the first transient failure of a deal; doubles
  Duration retry_longest = hours(1);
  int attempts_in_a_row = 3;  // transient failures of a side in one run before it counts as down
  MassChangeGuard closings{0.2, 25};
  MassChangeGuard sharings{0.2, 50};
  MassChangeGuard creates{0.5, 200};      // after the first sync
  MassChangeGuard deletions{0.2, 25};     // records that disappeared on one side
  MassChangeGuard first_sync{0.0, 2500};  // writes of a first sync that need a look at its plan; the share has no part
  std::map<Side, int> in_flight;          // requests at once; absent: as the connector says
  RulePack rules;
  EarlyWon early_won = EarlyWon::hold;

  Gate gate(Irreversible step) const {
    const auto it = gates.find(step);
    if (it != gates.end()) return it->second;
    return step == Irreversible::error ? Gate::never : Gate::automatic;
  }

  bool operator==(const Settings&) const = default;
};

struct Pair {
  std::string name;
  const mapping::Mapping* mapping = nullptr;
  Connector* crm = nullptr;
  Connector* partner_center = nullptr;
  net::Transport* crm_transport = nullptr;
  net::Transport* partner_center_transport = nullptr;
  store::Store* store = nullptr;
  Clock* clock = nullptr;
  Random* random = nullptr;
  net::CallMeter* meter = nullptr;
  Settings settings;
  std::map<Side, int> in_flight_before;  // how many requests at once each side bore when it was asked last
  std::function<void(const std::string&)> log;
  std::function<bool()> stop_requested = [] { return false; };
  // May a batch fly on a thread of its own while the one before it is settled? Needs a transport, clock, random source
  // and meter that two threads may use. What is sent is the same either way; how much of it goes together follows from
  // when answers come.
  bool flies_in_background = false;

  Connector& connector(Side side) const { return side == Side::crm ? *crm : *partner_center; }
  const std::string& title(Side side) const { return connector(side).capabilities().display_name; }
  Call call(Side side) const;
};

}  // namespace cosell::engine
