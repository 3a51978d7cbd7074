// What the Partner Center side looks like: its columns and the published sales stages. The service describes neither.
#pragma once

#include <string>

#include "connectors/connector.h"
#include "connectors/partner_center/partner_center_settings.h"
#include "connectors/partner_center/referral_feed.h"

namespace cosell::partner_center {

Descriptor describe_service(const PartnerCenterSettings& settings, const std::string& host, const Organization& owner);

}  // namespace cosell::partner_center
