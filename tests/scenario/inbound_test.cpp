// Stories of deals that Microsoft sends.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "engine/marks.h"
#include "engine/observe.h"
#include "engine/resolve.h"
#include "faults.h"
#include "tests/support/world.h"

namespace cosell::test {
namespace {

Json only_opportunity(World& world) {
  const auto all = world.opportunities();
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? Json() : all[0];
}

Json sent_deal() {
  return {{"name", "Birch Clinics - secure workplace"},
          {"customer",
           {{"name", "Birch Clinics plc"},
            {"address",
             {{"addressLine1", "4 Canal Row"}, {"city", "Leeds"}, {"postalCode", "LS1 4AB"}, {"country", "GB"}}}}},
          {"dealValue", 60000},
          {"currency", "GBP"}};
}

class Inbound : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Crm, Inbound, testing::Values("salesforce", "dynamics365"), name_of_crm);

TEST_P(Inbound, BecomesAnOpportunityInTheWaitingStageOnANewAccount) {
  World world({.crm = GetParam()});
  const auto referral = world.inbound(sent_deal());
  world.sync();
  const auto opportunity = only_opportunity(world);
  EXPECT_EQ(opportunity["name"], "Birch Clinics - secure workplace");
  EXPECT_EQ(opportunity["stage"], "waiting");
  EXPECT_EQ(opportunity["value"].get<double>(), 60000.0);
  EXPECT_EQ(opportunity["currency"], "GBP");
  EXPECT_EQ(opportunity["account_name"], "Birch Clinics plc");
  EXPECT_EQ(opportunity["referral_id"], referral["id"]);
  EXPECT_EQ(opportunity["state"], "Waiting for you");
  EXPECT_NE(opportunity["message"].get<std::string>().find("accept"), std::string::npos);
  EXPECT_EQ(world.referrals()[0]["status"], "New") << "nothing is sent while the deal waits";
  world.reset_stats();
  world.advance(minutes(20));
  world.sync();
  world.sync();
  EXPECT_EQ(world.writes(Side::crm) + world.writes(Side::partner_center), 0);
}

// The bridge knows id, name and type of a solution; what else Partner Center keeps of it stays when the seller adds
// one.
TEST_P(Inbound, WhatTheBridgeDoesNotKnowOfASolutionOutlivesTheSellersOwn) {
  World world({.crm = GetParam()});
  const auto referral = world.inbound(sent_deal());
  world.sync();
  world.crm_edit(only_opportunity(world)["id"], {{"stage", "20"}});
  world.advance(minutes(5));
  world.sync();
  const Json priced = {{"id", "SOL-ZZZZZ-YYY"}, {"name", "Link Hub"}, {"type", "Name"}, {"solutionType", "3P"}};
  world.portal_edit(
      referral["id"],
      Json::array(
          {{{"op", "replace"}, {"path", "/details/requirements/solutions"}, {"value", Json::array({priced})}}}));
  world.advance(minutes(5));
  world.sync();
  world.crm_edit(only_opportunity(world)["id"], {{"solution", "SOL-ABCDE-FGH"}});
  world.advance(minutes(5));
  world.sync();
  const Json solutions = world.referrals()[0]["details"]["requirements"]["solutions"];
  ASSERT_EQ(solutions.size(), 2U) << solutions;
  EXPECT_EQ(solutions[0], priced);
  EXPECT_EQ(solutions[1]["id"], "SOL-ABCDE-FGH");
}

TEST_P(Inbound, LandsOnTheMatchingAccount) {
  World world({.crm = GetParam()});
  world.inbound(sent_deal());
  world.sync();
  world.inbound(sent_deal());
  world.advance(minutes(1));
  world.sync();
  EXPECT_EQ(world.opportunities().size(), 2U);
  std::size_t birch = 0;
  for (const auto& account : world.accounts()) {
    birch += account["name"] == "Birch Clinics plc" ? 1 : 0;
  }
  EXPECT_EQ(birch, 1U);
}

TEST_P(Inbound, TwoDealsOfOneNewCustomerShareOneAccount) {
  World world({.crm = GetParam()});
  world.inbound(sent_deal());
  world.inbound(sent_deal());
  world.sync();
  ASSERT_EQ(world.opportunities().size(), 2U);
  EXPECT_EQ(world.opportunities()[0]["account"], world.opportunities()[1]["account"]);
}

// Deals are decided on by pages of two hundred; their customers are looked for once, in as few requests as they fit in.
TEST_P(Inbound, ManyDealsAtOnceLookForTheirCustomersTogetherAndMakeEachOnce) {
  World world({.crm = GetParam()});
  constexpr int deals = 410;
  constexpr int customers = 405;
  std::set<std::string> names;
  for (int i = 0; i < deals; ++i) {
    Json sent = sent_deal();
    const std::string name = "Customer " + std::to_string(i % customers);
    names.insert(name);
    sent["customer"]["name"] = name;
    sent["name"] = "Deal " + std::to_string(i);
    world.inbound(sent);
  }
  CycleOptions options;
  options.allow = {"creates"};
  EXPECT_FALSE(world.sync(options).stopped);
  // Description, page, customers, currencies; accounts and deals by batches.
  EXPECT_LE(world.calls(Side::crm), std::string(GetParam()) == "salesforce" ? 10 : 7);
  EXPECT_EQ(world.opportunities().size(), static_cast<std::size_t>(deals));
  std::map<std::string, int> made;
  for (const Json& account : world.accounts()) ++made[account["name"]];
  for (const std::string& name : names) EXPECT_EQ(made[name], 1) << name;

  // Later ones find the accounts that are there.
  world.advance(minutes(5));
  for (int i = 0; i < 30; ++i) {
    Json sent = sent_deal();
    sent["customer"]["name"] = "Customer " + std::to_string(10 * i);
    world.inbound(sent);
  }
  EXPECT_FALSE(world.sync(options).stopped);
  EXPECT_EQ(world.opportunities().size(), deals + 30U);
  made.clear();
  for (const Json& account : world.accounts()) ++made[account["name"]];
  for (const std::string& name : names) EXPECT_EQ(made[name], 1) << name;
}

TEST_P(Inbound, MovingItOnAcceptsItWithTheEditsMadeMeanwhileInOneWrite) {
  World world({.crm = GetParam()});
  world.inbound(sent_deal());
  world.sync();
  const std::string id = only_opportunity(world)["id"];
  world.crm_edit(id, {{"value", 65000}});
  world.advance(minutes(1));
  world.reset_stats();
  world.sync();
  EXPECT_EQ(world.writes(Side::partner_center), 0);
  world.crm_edit(id, {{"stage", "40"}});
  world.advance(minutes(1));
  world.sync();
  const auto referral = world.referrals()[0];
  EXPECT_EQ(referral["status"], "Active");
  EXPECT_EQ(referral["substatus"], "Accepted");
  EXPECT_EQ(referral["salesStage"], "40");
  EXPECT_EQ(referral["details"]["dealValue"].get<double>(), 65000.0);
  EXPECT_EQ(referral["externalReferenceId"], id);
  EXPECT_EQ(world.writes(Side::partner_center), 1);
  EXPECT_EQ(world.opportunity(id)["state"], "In sync");
}

TEST_P(Inbound, ClosingItAsLostDeclinesWithTheReason) {
  World world({.crm = GetParam()});
  world.inbound(sent_deal());
  world.sync();
  const std::string id = only_opportunity(world)["id"];
  world.crm_edit(id, {{"stage", "lost"}, {"loss_reason", "Not a customer"}});
  world.advance(minutes(1));
  world.sync();
  const auto referral = world.referrals()[0];
  EXPECT_EQ(referral["status"], "Closed");
  EXPECT_EQ(referral["substatus"], "Declined");
  EXPECT_EQ(referral["statusReason"], "Not a customer");
}

TEST_P(Inbound, WinningItBeforeAcceptingIsRefusedWithAMessage) {
  World world({.crm = GetParam()});
  world.inbound(sent_deal());
  world.sync();
  const std::string id = only_opportunity(world)["id"];
  world.crm_edit(id, {{"stage", "won"}});
  world.advance(minutes(1));
  world.sync();
  EXPECT_EQ(world.referrals()[0]["status"], "New");
  EXPECT_EQ(world.opportunity(id)["state"], "Waiting for you");
  EXPECT_NE(world.opportunity(id)["message"].get<std::string>().find("not accepted"), std::string::npos)
      << world.opportunity(id)["message"];
  // Partner Center would refuse it whatever a person says.
  const auto taken = engine::resolve(world.pair(), world.deal_of(id).id, {engine::Take::crm, "", std::nullopt}, false);
  ASSERT_FALSE(taken);
  EXPECT_NE(taken.error().message.find("Partner Center has no step from waiting for an answer to closed as won"),
            std::string::npos)
      << taken.error().message;
  ASSERT_TRUE(
      engine::resolve(world.pair(), world.deal_of(id).id, {engine::Take::partner_center, "", std::nullopt}, false));
  world.sync();
  EXPECT_EQ(world.opportunity(id)["stage"], "waiting");
}

TEST_P(Inbound, ExpiresByItselfAndClosesTheOpportunity) {  // L-4
  World world({.crm = GetParam()});
  world.inbound(sent_deal());
  world.sync();
  const std::string id = only_opportunity(world)["id"];
  world.advance(days(15));
  world.sync();
  EXPECT_EQ(world.referrals()[0]["substatus"], "Expired");
  EXPECT_EQ(world.opportunity(id)["stage"], "lost");
  world.advance(hours(1));
  world.sync();
  EXPECT_EQ(world.opportunity(id)["message"], "Expired in Partner Center before it was answered there.");
  world.reset_stats();
  world.advance(hours(1));
  world.sync();
  EXPECT_EQ(world.writes(Side::crm) + world.writes(Side::partner_center), 0);
}

// The bridge could not tell Partner Center in time. The seller works on the deal and is not made to lose it.
TEST_P(Inbound, ThatExpiresAfterTheSellerAcceptedItWaitsForAPersonAndStaysOpenInTheCrm) {  // L-4, L-7
  World world({.crm = GetParam()});
  world.inbound(sent_deal());
  world.sync();
  const std::string id = only_opportunity(world)["id"];
  world.crm_edit(id, {{"stage", "40"}});
  world.advance(days(15));
  world.sync();
  ASSERT_EQ(world.referrals()[0]["substatus"], "Expired");
  EXPECT_EQ(world.opportunity(id)["stage"], "40");
  EXPECT_EQ(world.deal_of(id).reason, "reopened_in_crm") << world.deal_of(id).message;
  EXPECT_NE(world.deal_of(id).next_step.find("cosell deals restart"), std::string::npos) << world.deal_of(id).next_step;
  world.crm_edit(id, {{"stage", "lost"}, {"loss_reason", "Too late"}});
  world.advance(hours(1));
  world.sync();
  EXPECT_EQ(world.deal_of(id).waits_for, store::WaitFor::nobody) << world.deal_of(id).message;
}

TEST_P(Inbound, WithoutACustomersNameWaitsAndStopsNoOtherDeal) {  // I-04
  World world({.crm = GetParam()});
  const std::string nameless = world.inbound({{"name", "Nobody's"}})["id"];
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    auto answer = go(r);
    if (side != Side::partner_center) return answer;
    Json body = Json::parse(answer.response.body, nullptr, false);
    if (!body.is_object() || !body.contains("value") || !body["value"].is_array()) return answer;
    for (auto& referral : body["value"]) {
      if (referral["id"] == nameless) referral["customerProfile"]["name"] = "";
    }
    answer.response.body = body.dump();
    return answer;
  };
  world.inbound(sent_deal());
  const auto report = world.sync();
  EXPECT_FALSE(report.stopped) << report.stopped->message;
  EXPECT_EQ(world.opportunities().size(), 1U);
  EXPECT_EQ(world.deal_of(nameless).state, store::DealState::waiting);
  EXPECT_NE(world.deal_of(nameless).message.find("no customer"), std::string::npos) << world.deal_of(nameless).message;
}

TEST_P(Inbound, AcceptedInThePortalMovesTheOpportunityOutOfTheWaitingStage) {
  World world({.crm = GetParam()});
  const auto referral = world.inbound(sent_deal());
  world.sync();
  const std::string id = only_opportunity(world)["id"];
  world.portal_edit(referral["id"], {{{"op", "replace"}, {"path", "/status"}, {"value", "Active"}},
                                     {{"op", "replace"}, {"path", "/substatus"}, {"value", "Accepted"}}});
  world.advance(minutes(1));
  world.sync();
  EXPECT_EQ(world.opportunity(id)["stage"], "10");
}

TEST(MicrosoftsHalf, OfADealThatNobodyKnowsIsNotKept) {
  World world;
  Observation half;
  half.kind = RecordKind::microsoft_half;
  half.columns = {{"engagement_id", std::string("unknown")}};
  engine::ObserveCounts counts;
  ImageId before, after;
  const auto taken = world.store().transaction([&]() -> Result<void> {
    engine::Observer observer(world.pair(), {});
    before = *world.store().put_image({{"A", true}});
    for (int pull = 0; pull < 2; ++pull) {
      if (auto done = observer.take(Side::partner_center, half, counts); !done) return done;
    }
    after = *world.store().put_image({{"B", true}});
    return {};
  });
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(counts.seen, 2);
  EXPECT_EQ(after.value, before.value + 1);
}

// A service that takes the filter by engagement and does not apply it.
class MicrosoftsHalfUnfiltered : public testing::Test {
 protected:
  void filter_is_ignored(bool ignored) {
    world_.control(Side::partner_center, "POST", "settings",
                   {{"filter_ignored", ignored ? Json::array({"engagementId"}) : Json::array()}});
  }
  CycleReport next() {
    world_.advance(hours(7));
    return world_.sync();
  }

  World world_;
};

TEST_F(MicrosoftsHalfUnfiltered, IsAnsweredOrSomebodyIsTold) {  // M-0
  synced_deal(world_, "Another");
  Json asking = usual_opportunity("Asked");
  asking["contact"] = world_.new_contact(
      {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
  asking.update({{"help", "GeneralOrOther"}, {"help_notes", "A demo"}});
  CycleOptions all;
  all.allow = {"creates", "sharings"};
  const auto id = world_.new_opportunity(asking);
  world_.sync(all);
  ASSERT_FALSE(world_.deal_of(id).microsoft_id.empty());
  filter_is_ignored(true);
  world_.control(Side::partner_center, "POST", "settings", {{"microsoft_half_readable", false}});
  world_.microsoft({{"referralId", referral_id_of(world_, id)}, {"action", "accept"}});
  const CycleReport told = next();
  ASSERT_EQ(told.failures.size(), 1U);
  EXPECT_NE(told.failures[0].message.find("Microsoft's answer to this deal could not be read"), std::string::npos)
      << told.failures[0].message;
  EXPECT_NE(told.failures[0].message.find("shows other deals"), std::string::npos) << told.failures[0].message;
  EXPECT_FALSE(told.failures[0].next_step.empty());
  EXPECT_TRUE(engine::has_mark(world_.deal_of(id), engine::answer_unread_mark));
  EXPECT_TRUE(next().failures.empty()) << "told once";
  world_.control(Side::partner_center, "POST", "settings", {{"microsoft_half_readable", true}});
  world_.advance(hours(24));
  EXPECT_TRUE(next().failures.empty());
  EXPECT_EQ(world_.opportunity(id)["microsoft_answer"], "accepted");
  EXPECT_FALSE(engine::has_mark(world_.deal_of(id), engine::answer_unread_mark));
}

TEST_F(MicrosoftsHalfUnfiltered, IsNotMadeWhereItIsNotKnownWhetherThereIsOne) {  // I-17
  synced_deal(world_, "Another");
  Json visible = usual_opportunity("Asked");
  visible["contact"] = world_.new_contact(
      {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
  visible["visible"] = true;
  CycleOptions all;
  all.allow = {"creates", "sharings"};
  const auto id = world_.new_opportunity(visible);
  world_.sync(all);
  filter_is_ignored(true);
  world_.crm_edit(id, {{"help", "GeneralOrOther"}, {"help_notes", "A demo"}});
  world_.advance(minutes(5));
  world_.sync(all);
  EXPECT_EQ(world_.deal_of(id).state, store::DealState::waiting);
  EXPECT_NE(world_.deal_of(id).message.find("shows other deals"), std::string::npos) << world_.deal_of(id).message;
  EXPECT_TRUE(world_.deal_of(id).microsoft_id.empty());
  EXPECT_EQ(world_.deal_of(id).waits_for, store::WaitFor::date) << "it may end by itself";
  for (int hour = 0; hour < 26; ++hour) {
    world_.advance(minutes(61));
    world_.sync(all);
  }
  EXPECT_EQ(world_.deal_of(id).waits_for, store::WaitFor::operator_) << world_.deal_of(id).message;
  EXPECT_NE(world_.deal_of(id).next_step.find("whether Microsoft was asked. If not, ask there"), std::string::npos)
      << world_.deal_of(id).next_step;
  filter_is_ignored(false);
  world_.advance(hours(2));
  world_.sync(all);
  world_.advance(hours(2));
  world_.sync(all);
  EXPECT_FALSE(world_.deal_of(id).microsoft_id.empty()) << world_.deal_of(id).message;
}

TEST(MicrosoftsHalf, OfAnEarlierRequestSaysNothingBesideALaterOne) {  // M-0
  World world;
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  const auto half = [&](const char* record, Instant asked_at, Substatus answer) {
    Observation seen;
    seen.kind = RecordKind::microsoft_half;
    seen.id = RecordId(record);
    seen.columns = {{"engagement_id", world.deal_of(id).engagement_id},
                    {"created_at", asked_at},
                    {"standing", Standing{Status::closed, answer, ""}}};
    if (answer == Substatus::pending) seen.columns["standing"] = Standing{Status::fresh, answer, ""};
    return seen;
  };
  const Instant now = world.clock().now();
  const auto later = half("later", now, Substatus::pending);
  const auto earlier = half("earlier", now - days(20), Substatus::declined);
  engine::ObserveCounts counts;
  const auto taken = world.store().transaction([&]() -> Result<void> {
    engine::Observer observer(world.pair(), {});
    for (const Observation* seen : {&earlier, &later, &earlier}) {
      if (auto done = observer.take(Side::partner_center, *seen, counts); !done) return done;
    }
    return {};
  });
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(world.deal_of(id).microsoft_id, "later");
  EXPECT_EQ(counts.changed, 2);
}

}  // namespace
}  // namespace cosell::test
