// Each finding stands alone: what was looked at, what came of it, what to do.
#include "connectors/partner_center/partner_center_check.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "connectors/partner_center/referral_write.h"
#include "deal/deal.h"

namespace cosell::partner_center {
namespace {

Finding ok(std::string what, std::string text) { return {Finding::Level::ok, std::move(what), std::move(text), ""}; }
Finding warning(std::string what, std::string text, std::string remedy) {
  return {Finding::Level::warning, std::move(what), std::move(text), std::move(remedy)};
}
Finding problem(std::string what, std::string text, std::string remedy) {
  return {Finding::Level::problem, std::move(what), std::move(text), std::move(remedy)};
}

std::string remedy_for(const Error& e) {
  switch (e.kind) {
    case ErrorClass::auth_expired:
      if (e.log_in_again) return "Run cosell login partner-center and log in as the service user.";
      return "Put that right in Microsoft Entra, or under \"login\" of \"partner_center\" in the configuration; a new "
             "login "
             "does not help.";
    case ErrorClass::forbidden:
      return "Ask the account admin to give the service user the role Referrals admin; it takes up to an hour.";
    case ErrorClass::config:
      return "Correct the configuration.";
    case ErrorClass::bad_response:
      return "Check \"url\" of \"partner_center\", if it is set, and any proxy in between.";
    default:
      return "Check the network and try again.";
  }
}

Finding list_finding(const Error& e) {
  return problem(e.kind == ErrorClass::forbidden ? "Role" : "Referrals", e.message, remedy_for(e));
}

Finding tag_finding(const Rows& rows) {
  const bool all =
      std::all_of(rows.rows.begin(), rows.rows.end(), [](const Rows::Row& row) { return !row.head.etag.empty(); });
  if (all) return ok("Versions", "Listed referrals carry their version.");
  return warning("Versions", "Listed referrals carry no version, so each deal is read once more before it is changed.",
                 "Nothing to do; it costs one more request per change.");
}

Finding organization_finding(Call& call, Feed& feed, const PartnerCenterSettings& settings, const Rows& rows) {
  const bool configured = !settings.organization_id.empty();
  const bool seen = std::any_of(rows.rows.begin(), rows.rows.end(), [&settings](const Rows::Row& row) {
    return row.head.organization_id == settings.organization_id;
  });
  if (configured && !rows.rows.empty() && !seen) {
    return problem("Organisation", "None of the newest referrals belongs to " + settings.organization_id + ".",
                   "Correct organization_id, or log in with an account of that organisation.");
  }
  const Result<Organization> owner = feed.organization(call);
  if (!owner) return problem("Organisation", owner.error().message, remedy_for(owner.error()));
  if (owner->id.empty()) return ok("Organisation", "No referral yet; the organisation shows with the first one.");
  return ok("Organisation", owner->name.empty() ? owner->id : owner->name + " (" + owner->id + ")");
}

Finding unknown_column(const std::string& name) {
  const std::string near = text::nearest(name, field_names());
  return problem("Column " + name, "Partner Center has no such field.",
                 near.empty() ? "Remove it from the mapping." : "Did you mean " + near + "?");
}

}  // namespace

std::vector<Finding> check_access(Call& call, Client& client, Feed& feed, const PartnerCenterSettings& settings) {
  std::vector<Finding> findings;
  const Result<void> login = client.log_in();
  if (!login) return {problem("Login", login.error().message, remedy_for(login.error()))};
  const Result<Rows> newest = feed.list(call, "$orderby=updatedDateTime%20desc&$top=10");
  if (!newest && newest.error().kind == ErrorClass::auth_expired) {
    return {problem("Login", newest.error().message, remedy_for(newest.error()))};
  }
  findings.push_back(ok("Login", "Accepted by " + client.host() + "."));
  if (!newest) {
    findings.push_back(list_finding(newest.error()));
    return findings;
  }
  findings.push_back(
      ok("Referrals", newest->rows.empty() ? "The list can be read; it is empty." : "The list can be read."));
  if (!newest->rows.empty()) findings.push_back(tag_finding(*newest));
  findings.push_back(organization_finding(call, feed, settings, *newest));
  return findings;
}

std::vector<Finding> check_columns(const PartnerCenterSettings& settings, const std::vector<std::string>& read,
                                   const std::vector<std::string>& written) {
  std::vector<Finding> findings;
  for (const std::string& name : read) {
    if (!field_from(name)) findings.push_back(unknown_column(name));
  }
  for (const std::string& name : written) {
    const std::optional<Field> field = field_from(name);
    if (!field) {
      if (std::find(read.begin(), read.end(), name) == read.end()) findings.push_back(unknown_column(name));
      continue;
    }
    const bool by_setting = *field == Field::name || *field == Field::marketplace_intent;
    if (by_setting && !can_patch(*field, settings)) {
      // How the published API is, not a fault of the set-up: said, not warned of.
      findings.push_back(ok("Column " + name, std::string("The ") + info(*field).label +
                                                  " is sent when a referral is created; later changes stay in the CRM "
                                                  "(patch_" +
                                                  name + ")."));
    }
  }
  return findings;
}

}  // namespace cosell::partner_center
