// The Partner Center side of a pair: the partner's referrals and Microsoft's halves of their engagements, behind the
// connector contract. Its columns are the canonical deal fields by name. Deal registrations are read, not written.
#pragma once

#include <memory>

#include "connectors/connector.h"
#include "connectors/partner_center/partner_center_settings.h"
#include "net/oauth.h"

namespace cosell {

std::unique_ptr<Connector> make_partner_center_connector(PartnerCenterSettings settings,
                                                         std::shared_ptr<net::TokenSource> tokens);

}  // namespace cosell
