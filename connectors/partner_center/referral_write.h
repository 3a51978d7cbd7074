// Writes the bodies that the referral API takes: the two creates of a co-sell deal and the JSON Patch of an update.
// Refuses, with the rule's name, what the API is known not to take; sends nothing itself.
#pragma once

#include <string>

#include "base/json.h"
#include "connectors/connector.h"
#include "connectors/partner_center/partner_center_settings.h"
#include "deal/deal.h"

namespace cosell::partner_center {

// The partner's own referral (POST): private without, shared with visibility or a request for help.
Result<json::Value> referral_body(const Operation& create, const PartnerCenterSettings& settings);

// The second referral of an engagement, which asks Microsoft for help (POST).
Result<json::Value> microsoft_half_body(const Operation& create, const std::string& our_organization,
                                        const PartnerCenterSettings& settings);

// The entry that tells the marketplace intent among the attributes of the requirements.
json::Value intent_attribute(const std::string& intent);

// Operations for exactly the changed fields (PATCH). `expected`: what the change was planned from; a list that only
// grew since is added to, so that its members keep what the bridge does not know of them (a preference, a price). Any
// other list is replaced as a whole, which is the only published way to take a member out: those who stay are written
// as `present`, the referral as the service shows it, has them. Null: it is not known.
Result<json::Value> patch_body(const Columns& changes, const Columns& expected, const PartnerCenterSettings& settings,
                               const json::Value* present = nullptr);

// Whether the change replaces a list some of whose members stay, so that patch_body needs the referral as it is. The
// marketplace intent is always one of several attributes; without `present` its change is refused as transient.
bool replaces_a_list(const Columns& changes, const Columns& expected);

// May this field be written to a referral that exists? (For describe.)
bool can_patch(Field field, const PartnerCenterSettings& settings);

}  // namespace cosell::partner_center
