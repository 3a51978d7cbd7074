// What one request or control verb works with.
#pragma once

#include "base/random.h"
#include "base/time.h"
#include "connectors/emulator/toolkit.h"
#include "connectors/partner_center/emulator/model.h"

namespace cosell::emulator::partner_center {

struct Call {
  const Switches& settings;
  Model& model;
  Instant now;
  Random& random;
};

// The behaviour switches with their defaults; each undocumented behaviour of the service is one of them.
Switches make_switches();

}  // namespace cosell::emulator::partner_center
