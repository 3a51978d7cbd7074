// The pilot of Partner Center: makes one private deal, asks each question that the referral API's documents leave open,
// and closes the deal again, whatever happened in between. Writes nothing else and never shares anything.
#pragma once

#include <memory>

#include "connectors/connector.h"
#include "connectors/partner_center/partner_center_settings.h"
#include "connectors/pilot.h"
#include "net/oauth.h"

namespace cosell {

PilotReport run_partner_center_pilot(Call& call, const PartnerCenterSettings& settings,
                                     std::shared_ptr<net::TokenSource> tokens, const PilotDeal& deal);

}  // namespace cosell
