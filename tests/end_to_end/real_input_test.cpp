// A company's own pipeline, loaded from its CSV export: what is announced is what happens, each value arrives, and then
// only edits travel.
#include <gtest/gtest.h>

#include <filesystem>

#include "crm.h"
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

// Each story is told of every CRM.
class RealInput : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(In, RealInput, ::testing::ValuesIn(every_crm()), [](const auto& test) { return test.param; });

TEST_P(RealInput, PlanAnnouncesWhatSyncThenDoesAndWritesNothing) {
  const Pipeline pipeline(1200);
  ASSERT_GT(pipeline.count(Fate::created), 250);
  const auto sandbox = load(pipeline, GetParam());
  const auto crm = make_crm(*sandbox);
  const auto before = crm->opportunities();
  EXPECT_EQ(before.size(), pipeline.rows.size());
  sandbox->crm.forget_counts();
  sandbox->partner_center.forget_counts();

  const Json plan = sandbox->answer({"plan"});
  EXPECT_EQ(plan["planned"]["partner_center.referral.create"], pipeline.count(Fate::created));
  EXPECT_EQ(plan["new_referrals"], (Json{{"private", pipeline.count(Fate::created)}}));
  EXPECT_EQ(states_of(plan), expected_states(pipeline, "changed/"));
  EXPECT_FALSE(std::filesystem::exists(sandbox->store()));
  EXPECT_EQ(sandbox->crm.writes() + sandbox->partner_center.writes(), 0);
  EXPECT_EQ(crm->opportunities(), before);

  const Json sync = sandbox->answer({"sync"});
  EXPECT_EQ(sync["done"]["partner_center.referral.create"], plan["planned"]["partner_center.referral.create"]);
  EXPECT_EQ(sync["failures_total"], 0);
  EXPECT_EQ(states_of(sync), expected_states(pipeline, "in_sync/"));
  EXPECT_EQ(sandbox->partner_center.requests("POST"), pipeline.count(Fate::created));
  expect_referrals_match(pipeline, *sandbox);
}

TEST_P(RealInput, EachWaitingDealNamesWhatItLacksAndTheSellerSeesIt) {
  const Pipeline pipeline(150, 11);
  const auto sandbox = load(pipeline, GetParam());
  sandbox->answer({"sync"});
  std::map<std::string, Json> in_crm;
  for (const Json& o : make_crm(*sandbox)->opportunities()) in_crm[o["name"]] = o;
  int waiting = 0;
  const Json listed = sandbox->answer({"deals", "list", "--state", "waiting"});
  for (const Json& deal : listed["deals"]) {
    ++waiting;
    const Row& row = pipeline.row(deal["deal"]);
    std::string message = deal["message"];
    std::vector<std::string> named = row.lacks();
    if (row.fate() == Fate::unknown_country) named = {"Grmany"};
    for (const std::string& what : named) {
      EXPECT_NE(message.find(what), std::string::npos) << row.title << ": " << message;
    }
    // Which line of a mapping says it is nothing for the CRM.
    if (const std::size_t at = message.find(" (" + sandbox->folder->file("")); at != std::string::npos) {
      message.erase(at, message.find(')', at) + 1 - at);
    }
    EXPECT_EQ(in_crm[row.title]["message"].get<std::string>().substr(0, message.size()), message);
  }
  EXPECT_EQ(waiting, pipeline.count(Fate::missing) + pipeline.count(Fate::unknown_country));
  EXPECT_GT(waiting, 20);
}

TEST_P(RealInput, FurtherCyclesWriteNothingAndAnIdleOneCostsTwoReadsPerSideAtMost) {
  const Pipeline pipeline(400);
  const auto sandbox = load(pipeline, GetParam());
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
  for (const Json& o : make_crm(sandbox)->opportunities()) in_crm[o["id"]] = o;
  for (const Json& referral : PartnerCenter(sandbox).referrals()) {
    const Json& o = in_crm[referral["externalReferenceId"]];
    const std::string name = referral["name"];
    EXPECT_EQ(o["referral_id"], referral["id"]) << name;
    EXPECT_EQ(stage_shown(referral), o["stage"]) << name;
    if (!o["value"].is_null()) {
      EXPECT_EQ(o["value"].get<double>(), referral["details"]["dealValue"].get<double>()) << name;
    }
    if (o["due"].is_string()) {
      EXPECT_EQ(o["due"], referral["details"]["closingDateTime"].get<std::string>().substr(0, 10)) << name;
    }
  }
}

TEST_P(RealInput, EditsOnBothSidesTravelInOneCycleAndCostOneWriteEach) {
  constexpr int edited = 40;
  const Pipeline pipeline(400);
  const auto sandbox = load(pipeline, GetParam());
  sandbox->answer({"sync"});
  const auto crm = make_crm(*sandbox);
  const PartnerCenter partner_center(*sandbox);
  const auto referrals = partner_center.referrals();
  ASSERT_GE(referrals.size(), 2U * edited);
  std::map<std::string, Json> before;
  for (const Json& r : referrals) before[r["id"]] = r;
  for (int i = 0; i < edited; ++i) {
    const Json& r = referrals[static_cast<std::size_t>(i)];
    Json words = {{"value", 7000 + i}};
    if (i % 2 == 0 && stage_shown(r) == "10") words["stage"] = "40";
    if (i % 3 == 0) words["due"] = "2031-02-0" + std::to_string(1 + i % 9);
    crm->edit(r["externalReferenceId"], words);
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
  for (const Json& o : crm->opportunities()) stood[o["id"]] = o;

  const Json sync = sandbox->answer({"sync"});
  EXPECT_EQ(sync["done"], (Json{{"crm.opportunity.update", edited}, {"partner_center.referral.update", edited}}));
  EXPECT_EQ(sandbox->partner_center.writes(), edited);
  EXPECT_LE(crm->write_requests(), 2) << "what is written to the CRM travels together";
  int changed = 0;
  for (const Json& o : crm->opportunities()) changed += o != stood[o["id"]] ? 1 : 0;
  EXPECT_EQ(changed, edited);
  expect_sides_agree(*sandbox);
  for (int i = 0; i < edited; ++i) {
    const std::string id = referrals[static_cast<std::size_t>(i)]["id"];
    EXPECT_EQ(partner_center.get(id)["details"]["dealValue"], 7000 + i);
    const Json& theirs = referrals[static_cast<std::size_t>(edited + i)];
    EXPECT_EQ(crm->opportunity(theirs["externalReferenceId"])["value"], 9000.5 + i);
  }
  EXPECT_EQ(sandbox->answer({"sync"})["done"], Json::object());
}

// Ids, times and versions are everybody's own, and so are the telephones of the people who sell.
Json comparable(Json referral) {
  for (const char* own : {"id", "engagementId", "externalReferenceId", "eTag", "@odata.etag", "createdDateTime",
                          "updatedDateTime", "acceptedDateTime", "links"}) {
    referral.erase(own);
  }
  for (Json& member : referral["team"]) member.erase("phoneNumber"), member.erase("email");
  return referral;
}

TEST(RealInputOfEveryCrm, MakesTheSameReferralsDealByDeal) {
  const Pipeline pipeline(400, 23);
  std::map<std::string, std::map<std::string, Json>> referrals;  // by CRM and name
  std::map<std::string, std::map<std::string, Json>> deals;      // by CRM and title: state and what is waited for
  for (const std::string& crm : every_crm()) {
    const auto sandbox = load(pipeline, crm);
    sandbox->answer({"sync"});
    for (const Json& r : PartnerCenter(*sandbox).referrals()) referrals[crm][r["name"]] = comparable(r);
    const Json listed = sandbox->answer({"deals", "list", "--limit", "1000"});
    for (const Json& deal : listed["deals"]) {
      deals[crm][deal["deal"]] = {deal.value("state", ""), deal.value("reason", ""), deal.value("waits_for", "")};
    }
  }
  const auto& expected = referrals[every_crm().front()];
  EXPECT_EQ(static_cast<int>(expected.size()), pipeline.count(Fate::created));
  for (const std::string& crm : every_crm()) {
    EXPECT_EQ(referrals[crm].size(), expected.size()) << crm;
    for (const auto& one : expected) EXPECT_EQ(referrals[crm][one.first], one.second) << crm << ": " << one.first;
    EXPECT_EQ(deals[crm], deals[every_crm().front()]) << crm;
  }
}

}  // namespace
}  // namespace cosell::end_to_end
