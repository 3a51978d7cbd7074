// One small life of a few deals under each position of the emulators' switches that nobody can be sure of: whatever a
// system does, both sides end equal and further syncs write nothing, or a person is told why not.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "engine/ask_registration.h"
#include "faults.h"

namespace cosell::test {
namespace {

struct Flip {
  const char* name;
  const char* crm;
  Side side;
  const char* switches;  // of that side's emulator
  // Deals that cannot agree, by name, and what their message then says.
  std::map<std::string, std::string> told = {};
  int page_size = 100;                    // that the connector of Partner Center asks for
  const char* registration = "Approved";  // that the CRM shows in the end
  bool tried_again = false;               // what is refused is sent with each sync, for the admin may have mended it
};

void PrintTo(const Flip& flip, std::ostream* out) { *out << flip.switches; }

std::string name_of_flip(const testing::TestParamInfo<Flip>& flip) { return flip.param.name; }

std::string stage_of(const Json& referral) {
  if (referral["status"] == "Closed") return referral["substatus"] == "Won" ? "won" : "lost";
  if (referral["status"] == "New") return "waiting";
  if (!referral["salesStage"].is_string()) return "10";
  // A stage between two standard ones is at the lower one.
  std::string lower = "10";
  for (const char* standard : {"20", "40", "60", "80"}) {
    if (std::stoi(standard) <= std::stoi(referral["salesStage"].get<std::string>())) lower = standard;
  }
  return lower;
}

double number(const Json& v) { return v.is_number() ? v.get<double>() : std::stod(v.get<std::string>()); }

class SmallLife : public testing::TestWithParam<Flip> {
 protected:
  SmallLife() : world_(options()) {
    all_.allow = {"creates", "closings", "sharings", "deletions"};
    world_.control(GetParam().side, "POST", "settings", Json::parse(GetParam().switches));
  }

  static WorldOptions options() {
    WorldOptions o;
    o.crm = GetParam().crm;
    o.page_size = GetParam().page_size;
    return o;
  }

  std::string begin(const std::string& name, const Json& more = Json::object()) {
    Json words = usual_opportunity(name);
    words.update(more);
    return ids_[name] = world_.new_opportunity(words);
  }
  Json own(const std::string& name) { return world_.referral_of(ids_[name]); }

  void rest() {
    for (int round = 0; round < 3; ++round) {
      world_.advance(hours(2));
      const auto report = world_.sync(all_);
      ASSERT_FALSE(report.stopped) << report.stopped->message;
    }
  }

  // Whatever meets a system that is not sure how it answers: a lost create, an answer from Microsoft, edits on both
  // sides and at the same moment, a change that says nothing new, a deal that nobody answers, closings, a registration.
  void live() {
    const std::string contact = world_.new_contact(
        {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
    begin("Private");
    begin("Visible", {{"visible", true}});
    begin("Asked", {{"help", "GeneralOrOther"}, {"help_notes", "A demo"}, {"contact", contact}});
    begin("Contacted", {{"visible", true}, {"contact", contact}});
    begin("Dated");
    const Json sent = world_.inbound({{"name", "Sent"}});
    world_.inbound({{"name", "Unanswered"}});
    world_.faults(Side::partner_center, scripted_fault("POST", referrals_route, {{"kind", "drop_after"}}));
    rest();
    EXPECT_EQ(world_.fired(Side::partner_center), 1);
    ids_["Sent"] = world_.deal_of(sent["id"]).crm.record_id;

    world_.crm_edit(ids_["Private"], {{"value", 61000}, {"close_date", "2027-04-30"}, {"stage", "40"}});
    world_.crm_edit(ids_["Sent"], {{"stage", "40"}});
    contact_has_another_number(contact);
    world_.crm_edit(ids_["Contacted"], {{"value", 52000}});
    world_.crm_edit(ids_["Dated"], {{"close_date", "2026-11-01"}});
    world_.microsoft({{"referralId", own("Asked")["id"]}, {"action", "accept"}});
    Json edit = replace("/details/dealValue", 75000);
    edit.push_back(replace("/details/notes", "Said in the portal.")[0]);
    const bool between = std::string(GetParam().switches).find("stage_rounding") != std::string::npos;
    edit.push_back(replace("/salesStage", between ? "45" : "60")[0]);
    world_.portal_edit(own("Visible")["id"], edit);
    edit_while_the_bridge_writes(own("Private")["id"]);
    rest();
    EXPECT_EQ(own("Private")["details"]["notes"], "Meanwhile.");
    world_.portal_edit(own("Private")["id"], replace("/details/notes", "Meanwhile."));
    world_.crm_edit(ids_["Visible"], {{"stage", "80"}});
    rest();
    world_.advance(days(15));  // "Unanswered" is too late now
    rest();
    world_.crm_edit(ids_["Visible"], {{"stage", "won"}});
    world_.crm_edit(ids_["Private"], {{"stage", "lost"}, {"loss_reason", "Budget"}});
    rest();
    register_visible();
    rest();
  }

  void contact_has_another_number(const std::string& contact) {
    const bool salesforce = std::string(GetParam().crm) == "salesforce";
    const char* number = "+49405550179";
    world_.control(Side::crm, "POST", "edit",
                   salesforce ? Json{{"object", "Contact"}, {"id", contact}, {"fields", {{"Phone", number}}}}
                              : Json{{"table", "contact"}, {"id", contact}, {"fields", {{"telephone1", number}}}});
  }

  // Somebody edits the deal in the portal just before the bridge's change of it arrives.
  void edit_while_the_bridge_writes(const std::string& referral_id) {
    world_.wire = [this, referral_id](Side side, const http::Request& r, const World::Go& go) {
      if (!edited_meanwhile_ && is_patch(side, r) && r.url.find(referral_id) != std::string::npos) {
        edited_meanwhile_ = true;
        world_.portal_edit(referral_id, replace("/details/notes", "Meanwhile."));
      }
      return go(r);
    };
  }

  void register_visible() {
    namespace stated = registration_column;
    const Date today = date_of(world_.clock().now());
    const auto asked = engine::ask_registration(world_.pair(), world_.deal_of(ids_["Visible"]).id,
                                                {{stated::value, Money{7'500'000, "USD"}},
                                                 {stated::signed_on, today},
                                                 {stated::starts, today},
                                                 {stated::ends, add_days(today, 720)},
                                                 {stated::on_azure, true},
                                                 {stated::deployed_at, std::string("Customer")},
                                                 {stated::pricing, std::string("Other")}});
    ASSERT_TRUE(asked) << asked.error().message;
    rest();
    if (own("Visible")["registrations"].empty()) return;
    world_.control(Side::partner_center, "POST", "registration",
                   {{"id", own("Visible")["id"]}, {"status", "Approved"}});
  }

  void expect_agreement() {
    std::map<std::string, Json> opportunities;
    for (const Json& o : world_.opportunities()) {
      if (o["referral_id"].is_string()) opportunities[o["referral_id"]] = o;
    }
    std::set<std::string> names;
    for (const Json& referral : world_.referrals()) {
      if (referral["organizationId"] == "msft") continue;
      const std::string name = referral["name"];
      EXPECT_TRUE(names.insert(name).second) << name << " was made twice";
      const auto deal = world_.deal_of(referral["id"]);
      const auto waits = GetParam().told.find(name);
      if (waits != GetParam().told.end()) {
        EXPECT_NE(deal.state, store::DealState::in_sync) << name;
        EXPECT_NE(deal.message.find(waits->second), std::string::npos) << name << ": " << deal.message;
        EXPECT_FALSE(deal.next_step.empty()) << name;
        continue;
      }
      EXPECT_EQ(deal.state, store::DealState::in_sync) << name << ": " << deal.message;
      const Json& o = opportunities[referral["id"]];
      ASSERT_FALSE(o.is_null()) << name;
      EXPECT_EQ(o["stage"], stage_of(referral)) << name;
      EXPECT_EQ(number(o["value"]), number(referral["details"]["dealValue"])) << name;
      EXPECT_EQ(o["close_date"], referral["details"]["closingDateTime"].get<std::string>().substr(0, 10)) << name;
    }
    EXPECT_EQ(names,
              (std::set<std::string>{"Private", "Visible", "Asked", "Contacted", "Dated", "Sent", "Unanswered"}));
    if (GetParam().told.count("Asked") == 0) {
      EXPECT_EQ(world_.opportunity(ids_["Asked"])["microsoft_answer"], "accepted");
    }
    if (GetParam().told.count("Visible") == 0) {
      EXPECT_EQ(world_.opportunity(ids_["Visible"])["registration"], GetParam().registration);
    }
  }

  void expect_nothing_more_is_written() {
    for (int i = 0; i < 2; ++i) {
      world_.advance(minutes(30));
      world_.reset_stats();
      world_.sync(all_);
      if (GetParam().tried_again) continue;
      EXPECT_EQ(writes_of_both(world_), 0);
    }
  }

  World world_;
  CycleOptions all_;
  std::map<std::string, std::string> ids_;
  bool edited_meanwhile_ = false;
};

std::vector<Flip> flips() {
  const auto pc = [](const char* name, const char* switches) {
    return Flip{name, "salesforce", Side::partner_center, switches};
  };
  std::vector<Flip> all = {pc("Nothing", "{}"),
                           pc("WonSetsStage", R"({"won_sets_stage":true})"),
                           pc("MicrosoftsHalfTouchesTheDeal", R"({"microsoft_half_bumps_partner":true})"),
                           pc("ExpiredAsDeclined", R"({"expired_as":"Declined"})"),
                           pc("RepeatedCreatesAreKnown", R"({"honours_ms_request_id":true})"),
                           pc("StagesBetweenAreKept", R"({"stage_rounding":"keep"})"),
                           pc("StagesBetweenAreLowered", R"({"stage_rounding":"down"})"),
                           pc("ContactStaysOpen", R"({"contact_locked_after_share":false})"),
                           pc("NoChangeKeepsTheTag", R"({"noop_changes_tag":false})"),
                           pc("TopIsPageSize", R"({"top_is_page_size":true,"page_size":2})"),
                           pc("PagesAsServed", R"({"honours_maxpagesize":false,"page_size":2})"),
                           pc("PagesAsAsked", R"({"honours_maxpagesize":true})"),
                           pc("OtherOrder", R"({"default_order":"updatedDateTime desc"})"),
                           pc("CountOfAll", R"({"count_meaning":"total"})"),
                           pc("TagInHeader", R"({"etag_header":true})"),
                           pc("RequiredClearable", R"({"required_clearable":true})"),
                           pc("StageBeforeAcceptance", R"({"stage_needs_accepted":false})"),
                           pc("HelpWithoutContact", R"({"require_contact_for_help":false})"),
                           pc("HelpWhileHidden", R"({"require_visibility_for_help":false})"),
                           pc("NoPastCloseDates", R"({"past_close_date_allowed":false})"),
                           pc("ReviewsDoNotTouchTheDeal", R"({"registration_review_bumps":false})"),
                           pc("RegistrationDatesUnchecked", R"({"registration_dates_checked":false})"),
                           pc("RegistrationFromMore", R"({"registration_least_usd":1000000})"),
                           pc("OtherRates", R"({"usd_rates":{"USD":0.1}})"),
                           pc("CreatesAnswer201", R"({"create_status":201})"),
                           pc("OldTagsAre400", R"({"stale_tag_status":400})"),
                           pc("OldTagsAreTaken", R"({"if_match_honoured":false})"),
                           pc("ListsWithoutTags", R"({"list_shows_etag":false})"),
                           pc("ListsShowMicrosoftsHalves", R"({"list_shows_microsoft_half":true})"),
                           pc("BriefHalves", R"({"microsoft_half_fields":"brief"})"),
                           pc("OwnDealsAreIncoming", R"({"own_direction":"Incoming"})"),
                           pc("MoneyAsNumber", R"({"patch_money":"number"})"),
                           pc("EngagementsBare", R"({"filter_quoted_id":false})"),
                           pc("StagesIgnored", R"({"ignored_paths":["/salesStage"]})"),
                           pc("RefusalsAre409", R"({"past_close_date_allowed":false,"refusal_status":409})"),
                           pc("RefusalsAre422", R"({"past_close_date_allowed":false,"refusal_status":422})"),
                           pc("OldTagsAndRefusalsAre409",
                              R"({"past_close_date_allowed":false,"refusal_status":409,"stale_tag_status":409})"),
                           pc("EngagementsUnfiltered", R"({"filter_ignored":["engagementId"]})"),
                           pc("SoundNextLinks", R"({"defective_next_link":false,"page_size":2})"),
                           pc("RowNumbers", R"({"paging":"row_number","page_size":2})"),
                           pc("NextLinksDie", R"({"skiptoken_seconds":1,"page_size":2})"),
                           pc("NoSkip", R"({"skip_supported":false,"page_size":2})"),
                           pc("CountAsked", R"({"count_shown":"asked"})"),
                           pc("ListsLag", R"({"list_lag_ms":30000})"),
                           pc("NoDate", R"({"date_header":false})"),
                           pc("HalvesNotReadById", R"({"microsoft_half_readable":false})"),
                           pc("TypeAsSent", R"({"derive_type":false})"),
                           pc("NoReasonNeeded", R"({"reason_required":false})"),
                           pc("WaitingDealsEndWon", R"({"new_to_won":true})"),
                           pc("WaitingDealsTakeEdits", R"({"new_accepts_edits":true})"),
                           pc("ClosedDealsTakeTheCrmId", R"({"closed_accepts_crm_id":true})"),
                           pc("ClosedDealsTakeTheirStatus", R"({"closed_same_status_allowed":true})"),
                           pc("ClosedAsError", R"({"error_closing":true})"),
                           pc("StagesNotClearable", R"({"stage_clearable":false})"),
                           pc("StagesByPercent", R"({"stage_values":"percent"})"),
                           pc("StageAtCreateIgnored", R"({"sales_stage_at_create":"ignore"})"),
                           pc("StageAtCreateRefused", R"({"sales_stage_at_create":"refuse"})"),
                           pc("NamePatchable", R"({"name_patchable":true})"),
                           pc("NoSecondInvitation", R"({"refuses_second_invitation":true})"),
                           pc("OtherOwner", R"({"organization_name":"Other Partner Ltd"})"),
                           pc("BriefTokens", R"({"access_token_seconds":1})"),
                           pc("OldRefreshTokensDie", R"({"old_refresh_token_dies":true})"),
                           pc("RefreshTokensStay", R"({"rotate_refresh_token":false})")};
  const std::string least = "The deal value is below the least value for registration.";
  const std::string kept = "Partner Center took the change and kept the stage as it was";
  const std::string unchecked = "Dynamics 365 does not check versions of this table";
  const auto sf = [](const char* name, const char* switches) { return Flip{name, "salesforce", Side::crm, switches}; };
  const auto d365 = [](const char* name, const char* switches) {
    return Flip{name, "dynamics365", Side::crm, switches};
  };
  for (const Flip& flip :
       {sf("OtherTimeForPreconditions", R"({"precondition_field":"SystemModstamp"})"),
        sf("DuplicateAlertsOnDeals", R"({"duplicate_rule":"alert","duplicate_rule_objects":["Opportunity"]})"),
        sf("DuplicateAlertsOnAccounts", R"({"duplicate_rule":"alert","duplicate_rule_objects":["Account"]})"),
        sf("DuplicatesBlocked", R"({"duplicate_rule":"block"})"),
        sf("FreePicklists", R"({"restricted_picklists":false})"),
        sf("SeveralCurrencies", R"({"multi_currency":true})"),
        sf("WrongTypesRefuseTheirRecord", R"({"wrong_type_refuses":"record"})"),
        sf("SharedSessions", R"({"shares_sessions":true})"),
        sf("BriefSessions", R"({"session_seconds":1})"),
        sf("RefreshTokensRotate", R"({"rotate_refresh_tokens":true})"),
        sf("SmallPages", R"({"page_size":3})"),
        sf("LocatorsDie", R"({"page_size":3,"locator_hours":0})"),
        sf("RowLocks", R"({"lock_next_writes":2})"),
        sf("RowLocksInAutomations", R"({"lock_next_writes":2,"locks_in_automations":true})"),
        d365("Dynamics365AsItIs", "{}"),
        d365("NoOptimisticConcurrency", R"({"optimistic_concurrency":false})"),
        d365("DuplicatesOfDeals", R"({"duplicate_detection":true,"duplicate_tables":["opportunity"]})"),
        d365("ShortProtection", R"({"protection_limits":true,"protection_requests":5,"protection_seconds":10})"),
        d365("DuplicatesAre500", R"({"duplicate_detection":true,"duplicate_status":500})"),
        d365("PluginTouches", R"({"plugin_touches":true})"),
        d365("NoReadOnlyRefusals", R"({"read_only_writes":"ignore"})"),
        d365("RequiredEnforced", R"({"enforce_required":true})"),
        d365("CustomersRequired", R"({"require_customer":true})"),
        d365("ClosedAreReadOnly", R"({"closed_records":"readonly"})"),
        d365("ClosedByPatch", R"({"close_by_patch":"allow"})"),
        d365("NestedRefusals", R"({"failed_change_set":"nested"})"),
        d365("GermanUser", R"({"user_language":1031})"),
        d365("WithProcess", R"({"business_process":true})"),
        d365("ProcessWithoutStep", R"({"business_process":true,"process_writes_stepname":false})"),
        d365("PagesOfTwo", R"({"page_size":2})"),
        d365("DeltasDieAtOnce", R"({"change_tracking_days":0})"),
        d365("DeltasWithAnnotations", R"({"delta_link_with_annotations":true})"),
        d365("KeysPending", R"({"alternate_keys":"Pending"})"),
        d365("BriefLogins", R"({"token_seconds":1})"),
        d365("OldDefinitions", R"({"definitions_age_seconds":30})"),
        d365("Deadlocks", R"({"deadlock_next_writes":2})"),
        d365("PartsThrottled", R"({"throttle_next_parts":3})"),
        Flip{"Dynamics365AndOldTags400", "dynamics365", Side::partner_center, R"({"stale_tag_status":400})"},
        Flip{"Dynamics365AndRefusals409", "dynamics365", Side::partner_center,
             R"({"past_close_date_allowed":false,"refusal_status":409})"},
        Flip{"Dynamics365AndHalvesTouch", "dynamics365", Side::partner_center,
             R"({"microsoft_half_bumps_partner":true})"}}) {
    all.push_back(flip);
  }
  for (Flip& flip : all) {
    const std::string name = flip.name;
    if (name.find("Pages") == 0) flip.page_size = 3;
    if (name == "RegistrationFromMore" || name == "OtherRates") flip.told = {{"Visible", least}};
    const bool no_past_dates = std::string(flip.switches).find("past_close_date_allowed") != std::string::npos;
    if (no_past_dates)
      flip.told = {{"Dated", "Partner Center did not accept the close date: The close date lies in the past."}};
    if (name == "ClosedAreReadOnly") flip.told = {{"Visible", "Closed opportunities are read-only"}};
    if (name == "StagesIgnored") flip.told = {{"Sent", kept}, {"Asked", kept}, {"Contacted", kept}, {"Dated", kept}};
    // Nothing tells of such a step but a listing of everything.
    if (name == "ReviewsDoNotTouchTheDeal") flip.registration = "ReviewPending";
    if (name != "NoOptimisticConcurrency") continue;
    for (const char* deal : {"Private", "Visible", "Asked", "Contacted", "Dated", "Sent", "Unanswered"})
      flip.told[deal] = unchecked;
    flip.tried_again = true;
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Switches, SmallLife, testing::ValuesIn(flips()), name_of_flip);

TEST_P(SmallLife, EndsEqualAndAtRestOrAPersonIsTold) {
  live();
  if (HasFatalFailure()) return;
  expect_agreement();
  expect_nothing_more_is_written();
}

}  // namespace
}  // namespace cosell::test
