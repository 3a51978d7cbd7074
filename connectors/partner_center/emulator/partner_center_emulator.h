// Emulates the referral API of Microsoft Partner Center together with the token endpoint that guards it.
//
// The core has a model and rules of its own. Beyond the API it offers these control verbs (POST /_sandbox/<verb>,
// JSON in and out):
//   microsoft       {"engagementId"|"referralId", "action":"accept|decline|expire|won|lost|reopen", "reason"?,
//   "seller"?}
//                   answers for Microsoft's half of an engagement ("reopen" acts on the partner's own closed deal)
//   inbound         {"name"?, "customer"?, "dealValue"?, "currency"?, "closingDateTime"?, "notes"?, "contact"?, "set"?}
//                   a new deal sent by Microsoft; answers the referral ("set" is a JSON merge patch for everything
//                   else)
//   edit            {"id", "patch":[…]}  a person edits in the portal, by the rules of PATCH
//   registration    {"id", "status":"ActionRequired|Passed|Failed|Approved|Closed", "reason"?}  the review of a
//   registration seed            {"count":N}  N varied referrals of the past half year approve-device  {"user_code"?,
//   "approve"?}  the person at the browser of a device-code login revoke-logins   {"refresh"?, "access"?}  makes every
//   token of that kind worthless
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
