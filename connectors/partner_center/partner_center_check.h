// What a first sync needs of Partner Center, found out and said in words.
#pragma once

#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/partner_center/partner_center_client.h"
#include "connectors/partner_center/referral_feed.h"

namespace cosell::partner_center {

// Login, role, list, eTags, organisation: at most three requests besides the login.
std::vector<Finding> check_access(Call& call, Client& client, Feed& feed, const PartnerCenterSettings& settings);
// Do the columns exist, and may they be written? No requests.
std::vector<Finding> check_columns(const PartnerCenterSettings& settings, const std::vector<std::string>& read,
                                   const std::vector<std::string>& written);

}  // namespace cosell::partner_center
