// The behaviour switches of the emulated service. Whatever the public documents leave open is decided here, with
// the likeliest answer as the default.
#include "connectors/partner_center/emulator/call.h"

namespace cosell::emulator::partner_center {

namespace {

void add_account(Switches& s) {
  s.add("organization_id", "Organisation id of the partner.", "7d23e5ca-52f1-4d7e-9c1b-5e6b559f0d1d");
  s.add("organization_name", "Name of the partner.", "Example Partner Ltd");
  s.add("mpn_ids", "Locations (PartnerIDs) of the partner; an empty list accepts any.", Json::array());
  s.add("inbound_mpn_id", "Location that deals sent by Microsoft are addressed to.", "1234567");
  s.add("known_solutions", "Solution ids that the catalogue holds; an empty list accepts any.", Json::array());
  s.add("caller_role", "Role of the signed-in user: admin sees all deals, user those whose team has caller_email.",
        "admin", {"admin", "user", "none"});
  s.add("caller_email", "E-mail address of the signed-in user.", "connector@partner.example");
}

void add_login(Switches& s) {
  s.add("client_id", "Application id that may ask for tokens; empty accepts any.", "");
  s.add("client_secret", "Secret of the application; empty asks for none (public client).", "");
  s.add("tenant", "Directory in the token address; empty accepts any. common and organizations always work.", "");
  s.add("audience", "Resource that a token must be made for.", "https://api.partner.microsoft.com");
  s.add_number("access_token_seconds", "Life of an access token.", 3600, 1, 86'400);
  s.add_number("refresh_token_days", "A refresh token dies when it was not used for so long.", 90, 1, 3650);
  s.add("rotate_refresh_token", "Each use of a refresh token brings a new one.", true);
  s.add("old_refresh_token_dies", "A used refresh token is refused afterwards.", false);
  s.add("device_code",
        "Whether a person may sign in with a code. blocked: the page refuses them, as a conditional access rule does; "
        "what polls are told then is not documented, here they go on.",
        "allowed", {"allowed", "blocked"});
  s.add("device_code_auto_approve", "Device-code logins succeed without a person.", false);
  s.add_number("device_code_seconds", "Life of a device code.", 900, 1, 86'400);
  s.add_number("device_code_interval_seconds", "How long a client is told to wait between two polls.", 5, 1, 300);
  s.add("browser_login",
        "What the person does who is sent to the sign-in page: signs_in, declines, or is blocked by a conditional "
        "access rule (the page says so, and sends nobody back).",
        "signs_in", {"signs_in", "declines", "blocked"});
  s.add("redirect_uri",
        "Where the app may send a browser back to; with http and localhost any port fits, as for native apps.",
        "http://localhost");
  s.add("redirect_platform",
        "As what that address is registered: for a native app no secret may come with the code, for web the app's has "
        "to (inferred from the errors that others met).",
        "native", {"native", "web"});
  s.add_number("authorization_code_seconds", "Life of the code that a browser brings.", 600, 1, 86'400);
  s.add("mfa_satisfied", "The login carried multi-factor authentication; otherwise every call is refused.", true);
}

void add_list(Switches& s) {
  s.add_number("page_size", "Referrals on one page of the list.", 100, 1, 1000);
  s.add("top_is_page_size", "$top sets the size of a page and the list goes on; otherwise it ends the list.", false);
  s.add("honours_maxpagesize", "Prefer: odata.maxpagesize sets the size of a page, up to 1000.", false);
  s.add("skip_supported", "$skip works; otherwise it is refused.", true);
  s.add("paging", "A next link continues after the last row, or at a row number (rows then shift under changes).",
        "after_row", {"after_row", "row_number"});
  s.add_number("skiptoken_seconds", "Life of a next link; 0 is without end.", 3600, 0, 86'400 * 30);
  s.add("defective_next_link", "Next links are printed as the documents show them: http, without /engagements.", true);
  s.add("default_order", "Order of a list without $orderby.", "createdDateTime asc",
        {"createdDateTime asc", "createdDateTime desc", "updatedDateTime asc", "updatedDateTime desc"});
  s.add("count_shown", "When @odata.count is in the answer.", "always", {"always", "asked"});
  s.add("count_meaning", "What @odata.count counts.", "page", {"page", "total"});
  s.add("filter_updated", "updatedDateTime may be filtered with eq, ge, gt, le and lt.", false);
  s.add("filter_updated_quoted", "Dates in a filter may be quoted.", false);
  s.add("filter_updated_bare", "Dates in a filter may stand without quotes.", true);
  s.add("filter_external_reference", "externalReferenceId may be filtered.", false);
  s.add("filter_or", "Filters may use or and not.", false);
  s.add("filter_unquoted_id", "engagementId may be given without quotes in a filter.", true);
  s.add("filter_quoted_id", "engagementId may be given with quotes in a filter.", true);
  s.add("filter_ignored", "Fields, such as updatedDateTime, whose comparison in a filter is accepted and not applied.",
        Json::array());
  s.add_number("list_lag_ms", "New referrals appear in lists only after this time.", 0, 0, 86'400'000);
  s.add("date_header", "Answers carry the time of the service in a Date header.", true);
  s.add("list_shows_etag", "Rows of a list carry their eTag.", true);
  s.add("list_shows_microsoft_half", "Lists without an engagementId filter also show Microsoft's halves.", false);
  s.add("microsoft_half_readable", "Microsoft's half can be read by its id.", true);
  s.add("microsoft_half_fields", "How much of Microsoft's half the partner sees.", "full", {"full", "brief"});
}

void add_create(Switches& s) {
  s.add("create_status", "Status of a successful create.", 200, {200, 201});
  s.add("required_at_create", "Fields without which a deal is refused.",
        Json::array({"/type", "/name", "/mpnId", "/customerProfile/name", "/customerProfile/address/addressLine1",
                     "/customerProfile/address/city", "/customerProfile/address/country", "/details/dealValue",
                     "/details/currency", "/details/closingDateTime", "/details/notes",
                     "/details/requirements/solutions", "/team", "CustomerMarketplaceIntent",
                     "/consent/consentToToShareInfoWithOthers", "/consent/consentToContact"}));
  s.add("require_contact_for_help", "Asking for Microsoft's help needs a customer contact.", true);
  s.add("require_visibility_for_help", "Asking for Microsoft's help needs the deal to be visible to Microsoft.", true);
  s.add("sales_stage_at_create", "What happens to a salesStage in a create.", "accept", {"accept", "ignore", "refuse"});
  s.add("derive_type", "The type follows from visibility to Microsoft, whatever was sent.", true);
  s.add("own_direction", "Direction shown on the partner's own deals.", "Outgoing", {"Outgoing", "Incoming"});
  s.add("honours_ms_request_id", "A create repeated with the same MS-RequestId answers the first referral.", false);
  s.add("refuses_second_invitation", "Microsoft cannot be invited again while its half of the deal is open.", false);
  s.add("partner_invitations", "Other partners can be invited through the API.", false);
  s.add("past_close_date_allowed", "The close date may lie in the past.", true);
}

void add_patch(Switches& s) {
  s.add("stale_tag_status", "Status of a write with an old tag.", 412, {412, 409, 400});
  s.add("refusal_status", "Status of a refused value, step of state or path, and of an edit of a closed deal.", 400,
        {400, 409, 422});
  s.add("if_match_honoured", "A write with an old tag is refused; otherwise the tag is not looked at.", true);
  s.add("if_match_star", "If-Match: * fits any tag.", true);
  s.add("etag_header", "Answers with one referral carry an ETag header.", false);
  s.add("noop_changes_tag", "A patch that changes nothing still gives a new tag.", true);
  s.add("name_patchable", "The deal name can be patched.", false);
  s.add("favorite_patchable", "The favourite mark can be patched.", false);
  s.add("intent_patchable", "The marketplace intent can be patched.", false);
  s.add("required_clearable", "Required fields can be emptied.", false);
  s.add("ignored_paths", "Patch paths, such as /salesStage, that are accepted and not kept.", Json::array());
  s.add("patch_money", "How a patch may write dealValue.", "both", {"both", "number", "text"});
  s.add("stage_values", "Which form of salesStage is accepted.", "both", {"both", "percent", "names"});
  s.add("stage_rounding", "A percentage between the standard ones is refused, kept, or lowered to the next one.",
        "refuse", {"refuse", "keep", "down"});
  s.add("stage_clearable", "salesStage can be set to null.", true);
  s.add("stage_needs_accepted", "salesStage can only be set on an accepted deal.", true);
  s.add("contact_locked_after_share", "The customer contact is fixed once Microsoft can see the deal.", true);
  s.add("new_accepts_edits", "A deal that waits for an answer can be edited.", false);
  s.add("new_to_won", "A deal that waits for an answer can be closed as won or lost.", false);
  s.add("error_closing", "A deal can be closed as created in error.", false);
  s.add("reason_required", "Declining or losing a deal needs a statusReason.", true);
  s.add("won_sets_stage", "Marking as won sets salesStage to 100.", false);
  s.add("closed_accepts_crm_id", "externalReferenceId can still be written on a closed deal.", false);
  s.add("closed_same_status_allowed", "Sending a closed deal its own status is no error.", false);
}

void add_life_cycle(Switches& s) {
  s.add_number("expiry_days", "Days that Microsoft or the partner has to answer.", 14, 1, 3650);
  s.add("expired_as", "Substatus of a deal that nobody answered.", "Expired", {"Expired", "Declined"});
  s.add("microsoft_half_bumps_partner", "A change of Microsoft's half changes tag and time of the partner's deal.",
        false);
  s.add("registration_review_bumps", "A step of a registration's review changes tag and time of the deal.", true);
  s.add("registration_dates_checked", "The dates of a registration are checked by the published rules.", true);
  s.add_number("registration_least_usd", "Least value of a deal that can be registered, in US dollars.", 25'000, 0,
               1'000'000'000);
  s.add_number("registration_hours", "Hours between creation and Won, before which a registration is refused.", 72, 0,
               1000);
  s.add("registration_solutions", "Solution ids that can be registered; an empty list accepts any.", Json::array());
  s.add("usd_rates", "US dollars per unit, for that least value; other currencies count as dollars.",
        Json{{"USD", 1.0}, {"EUR", 1.08}, {"GBP", 1.26}, {"SEK", 0.096}, {"CZK", 0.043}, {"JPY", 0.0067}});
}

}  // namespace

Switches make_switches() {
  Switches switches;
  add_account(switches);
  add_login(switches);
  add_list(switches);
  add_create(switches);
  add_patch(switches);
  add_life_cycle(switches);
  return switches;
}

}  // namespace cosell::emulator::partner_center
