// What can be set about Partner Center, as typed values: addresses, the read overlap, and one switch for every
// behaviour of the referral API that its documents leave open. Reading a configuration file into it lives here;
// secrets and logins do not.
#pragma once

#include <string>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"

namespace cosell {

struct PartnerCenterSettings {
  // Origin of the referral API. Tokens go there and nowhere else; plain http only to this machine.
  std::string base_url = "https://api.partner.microsoft.com";
  // The partner's own organisation id. Empty: taken from the oldest referral of the account.
  std::string organization_id;
  // Page of a referral for people; {id} stands for the referral id.
  std::string link_template = "https://partner.microsoft.com/referrals/v2/inbox?id={id}";

  // Rows per answer of a listing. The service gives 100 unasked; another figure is asked for by preference.
  // `$top` is not used for it, because it may cut the listing instead of paging it.
  int page_size = 100;
  // How far back a read looks again for changes that became visible late.
  Duration read_overlap = minutes(2);
  // How many pages of the newest referrals are searched for a lost create. Reaching the end of them is an error,
  // never "not found": a second create would follow.
  int create_search_pages = 1000;

  enum class StageForm : std::uint8_t { percent, name };
  StageForm stage_form = StageForm::percent;  // "60" or "Propose"; both are read
  bool stage_at_create = false;               // send the sales stage with the create already
  bool patch_name = false;                    // the name is not in the published list of patchable fields
  bool patch_marketplace_intent = false;      // nor is the marketplace intent
  bool money_as_text = false;                 // "95000.5" instead of 95000.5
  bool quoted_engagement_filter = true;       // engagementId eq '…'; the other form is tried when this one is refused
  // Ask for changes with updatedDateTime ge … too, the time bare or in quotes. Spares rows that were read for good;
  // where it is refused, the list is read without it.
  enum class ChangesFilter : std::uint8_t { none, bare, quoted };
  ChangesFilter changes_filter = ChangesFilter::none;

  bool operator==(const PartnerCenterSettings&) const = default;
};

// Reads the settings object of a configuration file. Errors are ErrorClass::config with "line:column: …" and the
// nearest valid name.
Result<PartnerCenterSettings> read_partner_center_settings(const json::Value& object);

}  // namespace cosell
