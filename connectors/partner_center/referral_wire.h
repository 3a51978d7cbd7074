// Reads referrals as the API writes them into observations. Unknown enum values stay as raw text and the field is left
// out, never guessed; null, absent and "" are one blank. Sends nothing and knows no request.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "connectors/connector.h"

namespace cosell::partner_center {

inline constexpr std::string_view kMicrosoft = "msft";  // the organisation id of Microsoft itself

// What the connector decides by, read before the rest of a row.
struct RowHead {
  std::string id;
  std::string engagement_id;
  std::string etag;  // with its quotes, as If-Match wants it
  std::string organization_id;
  std::string crm_id;
  std::optional<Instant> updated;
  std::optional<Instant> created;
  bool targets_microsoft = false;
};

// Empty when the value is no referral (no object, no id).
std::optional<RowHead> read_head(const json::Value& referral);

enum class Whose : std::uint8_t { ours, microsoft, others };
// `our_organization` empty: not known yet; then every row that is not Microsoft's counts as ours.
Whose whose(const RowHead& head, std::string_view our_organization);

// Columns under the canonical field names; `link_template` with {id}.
Observation read_referral(const json::Value& referral, const RowHead& head, const std::string& link_template);
// Microsoft's half: standing, answer, reason, seller, help asked. Its key is the engagement id.
Observation read_microsoft_half(const json::Value& referral, const RowHead& head);

std::string link_to(const std::string& link_template, const std::string& id);
// GUIDs without braces and in lower case; other ids as written, trimmed.
std::string normal_id(std::string_view written);
// Equal CRM ids: GUIDs by meaning; a 15 character Salesforce id equals the 18 character one that it begins.
bool same_crm_id(std::string_view a, std::string_view b);

}  // namespace cosell::partner_center
