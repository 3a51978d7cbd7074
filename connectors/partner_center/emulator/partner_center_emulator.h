// Emulates the referral API of Microsoft Partner Center together with the token endpoint that guards it.
// The core has a model and rules of its own.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "connectors/emulator/emulator.h"

namespace cosell::emulator {

class PartnerCenterEmulator : public Emulator {
 public:
  // Makes a refresh token valid without a login, for a sandbox that hands out its own secrets.
  virtual void register_refresh_token(const std::string& token) = 0;
  // Adds `count` varied referrals with a history of half a year; ends at the clock's present time.
  virtual void seed(std::size_t count, Clock& clock, Random& random) = 0;
};

std::unique_ptr<PartnerCenterEmulator> make_partner_center_emulator();

}  // namespace cosell::emulator
