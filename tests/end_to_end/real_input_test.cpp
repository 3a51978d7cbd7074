// A company's own pipeline, loaded from its CSV export: what is announced is what happens, each value arrives, and then
// only edits travel.
#include <gtest/gtest.h>

#include <filesystem>

#include "pipeline.h"

namespace cosell::end_to_end {
namespace {

std::map<std::string, int> states_of(const Json& answer) {
  std::map<std::string, int> out;
  for (const Json& s : answer["states"]) {
    out[s.value("state", "") + "/" + s.value("reason", "")] += s["deals"].get<int>();
  }
  return out;
}

std::map<std::string, int> expected_states(const Pipeline& pipeline, const std::string& created) {
  return {{created, pipeline.count(Fate::created)},
          {"skipped/closed_before_first_sync", pipeline.count(Fate::closed_before)},
          {"skipped/not_selected", pipeline.count(Fate::not_selected)},
          {"waiting/missing_field", pipeline.count(Fate::missing)},
          {"waiting/unknown-country", pipeline.count(Fate::unknown_country)}};
}

TEST(RealInput, PlanAnnouncesWhatSyncThenDoesAndWritesNothing) {
  const Pipeline pipeline(1200);
  ASSERT_GT(pipeline.count(Fate::created), 250);
  const auto sandbox = load(pipeline);
  const auto before = Salesforce(*sandbox).opportunities();
  EXPECT_EQ(before.size(), pipeline.rows.size());
  sandbox->crm.forget_counts();
  sandbox->partner_center.forget_counts();

  const Json plan = sandbox->answer({"plan"});
  EXPECT_EQ(plan["planned"]["partner_center.referral.create"], pipeline.count(Fate::created));
  EXPECT_EQ(plan["new_referrals"], (Json{{"private", pipeline.count(Fate::created)}}));
  EXPECT_EQ(states_of(plan), expected_states(pipeline, "changed/"));
  EXPECT_FALSE(std::filesystem::exists(sandbox->store()));
  EXPECT_EQ(sandbox->crm.writes() + sandbox->partner_center.writes(), 0);
  EXPECT_EQ(Salesforce(*sandbox).opportunities(), before);

  const Json sync = sandbox->answer({"sync"});
  EXPECT_EQ(sync["done"]["partner_center.referral.create"], plan["planned"]["partner_center.referral.create"]);
  EXPECT_EQ(sync["failures_total"], 0);
  EXPECT_EQ(states_of(sync), expected_states(pipeline, "in_sync/"));
  EXPECT_EQ(sandbox->partner_center.requests("POST"), pipeline.count(Fate::created));
  expect_referrals_match(pipeline, *sandbox);
}

TEST(RealInput, EachWaitingDealNamesWhatItLacksAndTheSellerSeesIt) {
  const Pipeline pipeline(150, 11);
  const auto sandbox = load(pipeline);
  sandbox->answer({"sync"});
  std::map<std::string, Json> in_crm;
  for (const Json& o : Salesforce(*sandbox).opportunities()) in_crm[o["Name"]] = o;
  int waiting = 0;
  const Json listed = sandbox->answer({"deals", "list", "--state", "waiting"});
  for (const Json& deal : listed["deals"]) {
    ++waiting;
    const Row& row = pipeline.row(deal["deal"]);
    const std::string message = deal["message"];
    std::vector<std::string> named = row.lacks();
    if (row.fate() == Fate::unknown_country) named = {"Grmany"};
    for (const std::string& what : named) {
      EXPECT_NE(message.find(what), std::string::npos) << row.title << ": " << message;
    }
    EXPECT_EQ(in_crm[row.title]["Cosell_Message__c"].get<std::string>().substr(0, message.size()), message);
  }
  EXPECT_EQ(waiting, pipeline.count(Fate::missing) + pipeline.count(Fate::unknown_country));
  EXPECT_GT(waiting, 20);
}

TEST(RealInput, FurtherCyclesWriteNothingAndAnIdleOneCostsTwoReadsPerSideAtMost) {
  const Pipeline pipeline(400);
  const auto sandbox = load(pipeline);
  sandbox->answer({"sync"});
  sandbox->crm.forget_counts();
  sandbox->partner_center.forget_counts();
  for (int cycle = 0; cycle < 2; ++cycle) EXPECT_EQ(sandbox->answer({"sync"})["done"], Json::object());
  EXPECT_EQ(sandbox->crm.writes() + sandbox->partner_center.writes(), 0);
  // Once what was written lies behind the overlap of the reads.
  sandbox->advance("15m");
  sandbox->answer({"sync"});
  sandbox->crm.forget_counts();
  sandbox->partner_center.forget_counts();
  EXPECT_EQ(sandbox->answer({"sync"})["done"], Json::object());
  EXPECT_LE(sandbox->crm.requests(), 2);
  EXPECT_LE(sandbox->partner_center.requests(), 2);
}

// What a deal looks like on both sides after edits, told by both sides themselves.
void expect_sides_agree(const Sandbox& sandbox) {
  std::map<std::string, Json> in_crm;
  for (const Json& o : Salesforce(sandbox).opportunities()) in_crm[o["Id"]] = o;
  for (const Json& referral : PartnerCenter(sandbox).referrals()) {
    Json& o = in_crm[referral["externalReferenceId"]];  // columns without a value are left out
    const std::string name = referral["name"];
    EXPECT_EQ(o["Cosell_Referral_Id__c"], referral["id"]) << name;
    EXPECT_EQ(stage_shown(referral), o["StageName"] == "Engaging" ? "40" : "10") << name;
    if (!o["Amount"].is_null()) {
      EXPECT_EQ(o["Amount"].get<double>(), referral["details"]["dealValue"].get<double>()) << name;
    }
    if (o["Due__c"].is_string()) {
      EXPECT_EQ(o["Due__c"], referral["details"]["closingDateTime"].get<std::string>().substr(0, 10)) << name;
    }
  }
}

TEST(RealInput, EditsOnBothSidesTravelInOneCycleAndCostOneWriteEach) {
  constexpr int edited = 40;
  const Pipeline pipeline(400);
  const auto sandbox = load(pipeline);
  sandbox->answer({"sync"});
  const Salesforce salesforce(*sandbox);
  const PartnerCenter partner_center(*sandbox);
  const auto referrals = partner_center.referrals();
  ASSERT_GE(referrals.size(), 2U * edited);
  std::map<std::string, Json> before;
  for (const Json& r : referrals) before[r["id"]] = r;
  for (int i = 0; i < edited; ++i) {
    const Json& r = referrals[static_cast<std::size_t>(i)];
    Json fields = {{"Amount", 7000 + i}};
    if (i % 2 == 0 && stage_shown(r) == "10") fields["StageName"] = "Engaging";
    if (i % 3 == 0) fields["Due__c"] = "2031-02-0" + std::to_string(1 + i % 9);
    salesforce.patch(r["externalReferenceId"], fields);
  }
  for (int i = 0; i < edited; ++i) {
    const Json& r = referrals[static_cast<std::size_t>(edited + i)];
    Json replaced = {{"/details/dealValue", 9000.5 + i}};
    if (i % 2 == 0) replaced["/details/closingDateTime"] = "2032-03-0" + std::to_string(1 + i % 9) + "T00:00:00Z";
    if (i % 3 == 0 && stage_shown(r) == "10") replaced["/salesStage"] = "40";
    partner_center.patch(r, replaced);
  }
  sandbox->crm.forget_counts();
  sandbox->partner_center.forget_counts();
  std::map<std::string, Json> stood;
  for (const Json& o : salesforce.opportunities()) stood[o["Id"]] = o;

  const Json sync = sandbox->answer({"sync"});
  EXPECT_EQ(sync["done"], (Json{{"crm.opportunity.update", edited}, {"partner_center.referral.update", edited}}));
  EXPECT_EQ(sandbox->partner_center.writes(), edited);
  EXPECT_EQ(sandbox->crm.requests("PATCH"), 1) << "what is written to the CRM travels together";
  int changed = 0;
  for (const Json& o : salesforce.opportunities()) changed += o != stood[o["Id"]] ? 1 : 0;
  EXPECT_EQ(changed, edited);
  expect_sides_agree(*sandbox);
  for (int i = 0; i < edited; ++i) {
    const std::string id = referrals[static_cast<std::size_t>(i)]["id"];
    EXPECT_EQ(partner_center.get(id)["details"]["dealValue"], 7000 + i);
    const Json& theirs = referrals[static_cast<std::size_t>(edited + i)];
    EXPECT_EQ(salesforce.opportunity(theirs["externalReferenceId"])["Amount"], 9000.5 + i);
  }
  EXPECT_EQ(sandbox->answer({"sync"})["done"], Json::object());
}

}  // namespace
}  // namespace cosell::end_to_end
