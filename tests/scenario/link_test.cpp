// Stories of two full systems that meet for the first time, of stores that were lost, and of people who link by hand.
#include "engine/link.h"

#include <gtest/gtest.h>

#include "engine/match.h"
#include "engine/recheck.h"
#include "tests/support/world.h"

namespace cosell::test {
namespace {

Json replaced(const std::string& path, const Json& value) {
  return Json{{"op", "replace"}, {"path", path}, {"value", value}};
}

class Link : public testing::TestWithParam<const char*> {
 protected:
  static std::int64_t waiting_for_a_choice(World& world) {
    std::int64_t count = 0;
    for (const auto& row : world.deals()) count += row.reason == "conflict" ? 1 : 0;
    return count;
  }
  // Referrals as another connector left them: without the bridge's key in the CRM.
  static void forget_bridge_columns(World& world, const std::string& id) {
    world.crm_edit(id, {{"referral_id", nullptr}});
  }
};
INSTANTIATE_TEST_SUITE_P(Crm, Link, testing::Values("salesforce", "dynamics365"), name_of_crm);

TEST_P(Link, ALostStoreIsTiedTogetherAgainAndNothingIsCreatedTwice) {  // I-31
  World world({.crm = GetParam()});
  for (int i = 0; i < 30; ++i) world.new_opportunity(usual_opportunity("Deal " + std::to_string(i)));
  world.sync();
  ASSERT_EQ(world.referrals().size(), 30U);
  world.lose_store();
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.referrals().size(), 30U);
  EXPECT_EQ(world.opportunities().size(), 30U);
  EXPECT_EQ(waiting_for_a_choice(world), 0);
  for (const auto& row : world.deals()) EXPECT_EQ(row.state, store::DealState::in_sync) << row.title << row.message;
  world.reset_stats();
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.writes(Side::crm) + world.writes(Side::partner_center), 0);
}

// Both sides lived on apart since: other values, other stages, texts that only one side has.
TEST_P(Link, DealsThatAnotherConnectorLinkedCauseNoNeedlessConflicts) {
  World world({.crm = GetParam()});
  std::vector<std::string> ids;
  for (int i = 0; i < 120; ++i) ids.push_back(world.new_opportunity(usual_opportunity("Deal " + std::to_string(i))));
  world.sync();
  std::map<std::string, std::string> referrals;
  for (const auto& r : world.referrals()) referrals[r["externalReferenceId"]] = r["id"];
  ASSERT_EQ(referrals.size(), ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string referral = referrals.at(ids[i]);
    if (i % 4 == 0) world.crm_edit(ids[i], {{"value", 60000 + static_cast<int>(i)}});
    if (i % 4 == 1) world.portal_edit(referral, Json::array({replaced("/salesStage", "60")}));
    if (i % 4 == 2) world.portal_edit(referral, Json::array({replaced("/details/notes", "Written in Partner Center")}));
    if (i % 4 == 3) world.crm_edit(ids[i], {{"stage", "60"}});
    forget_bridge_columns(world, ids[i]);
  }
  world.lose_store();
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.referrals().size(), ids.size());
  EXPECT_EQ(waiting_for_a_choice(world), 0);
}

TEST_P(Link, APersonTakesADealApartAndTiesItTogetherAgain) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  const std::string referral = world.referral_of(id)["id"];
  ASSERT_TRUE(engine::unlink_deal(world.pair(), world.deal_of(id).id));
  world.crm_edit(id, {{"value", 77000}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_NE(world.referral_of(id)["details"]["dealValue"], 77000) << "they are apart";
  EXPECT_EQ(world.deal_of(id).reason, "unlinked");
  EXPECT_EQ(world.referrals().size(), 1U);
  ASSERT_TRUE(engine::link_deals(world.pair(), world.deal_of(id).id, world.deal_of(referral).id));
  world.sync();
  EXPECT_EQ(world.deals().size(), 1U);
  EXPECT_EQ(world.deal_of(id).partner_center.record_id, referral);
}

TEST_P(Link, WhatIsLinkedCannotBeLinkedToAnother) {
  World world({.crm = GetParam()});
  const auto one = world.new_opportunity(usual_opportunity("Alder Foods"));
  const auto two = world.new_opportunity(usual_opportunity("Birch Mills"));
  world.sync();
  EXPECT_FALSE(engine::link_deals(world.pair(), world.deal_of(one).id, world.deal_of(two).id));
  EXPECT_EQ(world.deals().size(), 2U);
  EXPECT_FALSE(world.deal_of(one).partner_center.record_id.empty());
}

TEST_P(Link, EveryDecisionOfEveryRunComesOutTheSameWhenItIsDerivedAgain) {
  World world({.crm = GetParam(), .settle = minutes(60)});
  Json shown = usual_opportunity("Shown to Microsoft");
  shown["visible"] = true;
  const auto id = world.new_opportunity(shown);
  world.new_opportunity(usual_opportunity("Private"));
  Json lacking = usual_opportunity("Without a value");
  lacking["value"] = nullptr;
  world.new_opportunity(lacking);
  world.inbound();
  world.sync();
  world.crm_edit(id, {{"value", 70000}});
  world.portal_edit(world.referral_of(id)["id"], Json::array({replaced("/details/dealValue", 90000)}));
  world.advance(hours(2));
  world.sync();
  std::int64_t checked = 0;
  const auto runs = world.store().runs(100);
  ASSERT_TRUE(runs);
  for (const auto& run : *runs) {
    const auto report = engine::recheck(world.pair(), run.id);
    ASSERT_TRUE(report) << report.error().message;
    checked += report->checked;
    for (const auto& d : report->differences) ADD_FAILURE() << d.summary << "\n" << d.before << "\n" << d.now;
  }
  EXPECT_GE(checked, 6);
}

Deal deal_of(const std::string& name, const std::string& customer, std::int64_t minor, Date close) {
  Deal deal;
  Customer c;
  c.name = customer;
  c.country = "DE";
  deal.set(Field::name, name);
  deal.set(Field::customer, c);
  deal.set(Field::value, Money{minor, "EUR"});
  deal.set(Field::close_date, close);
  deal.set(Field::standing, Standing{Status::active, Substatus::accepted, ""});
  return deal;
}

TEST(MatchScore, TheSameDealInTwoSystemsIsSure) {
  const Deal crm = deal_of("Data platform", "Alder Foods GmbH", 5'000'000, {2027, 3, 31});
  const Deal referral = deal_of("data platform", "ALDER FOODS", 5'000'000, {2027, 3, 31});
  const auto score = engine::score_match(crm, referral);
  EXPECT_EQ(score.likeness, engine::Likeness::sure) << score.because;
}

TEST(MatchScore, AnotherValueAndASimilarNameAreDoubtful) {
  const Deal crm = deal_of("Data platform phase two", "Alder Foods", 5'000'000, {2027, 3, 31});
  const Deal referral = deal_of("Data platform", "Alder Foods", 4'000'000, {2027, 3, 15});
  EXPECT_EQ(engine::score_match(crm, referral).likeness, engine::Likeness::doubtful);
}

TEST(MatchScore, AnotherCustomerOrCountryIsNeverTheSameDeal) {
  const Deal crm = deal_of("Data platform", "Alder Foods", 5'000'000, {2027, 3, 31});
  EXPECT_EQ(engine::score_match(crm, deal_of("Data platform", "Birch Mills", 5'000'000, {2027, 3, 31})).likeness,
            engine::Likeness::no);
  Deal abroad = crm;
  Customer c = std::get<Customer>(crm.get(Field::customer));
  c.country = "SE";
  abroad.set(Field::customer, c);
  EXPECT_EQ(engine::score_match(crm, abroad).likeness, engine::Likeness::no);
}

TEST(MatchScore, ADealThatWaitsForAnAnswerIsNeverSure) {
  const Deal crm = deal_of("Data platform", "Alder Foods", 5'000'000, {2027, 3, 31});
  Deal referral = crm;
  referral.set(Field::standing, Standing{Status::fresh, Substatus::received, ""});
  EXPECT_EQ(engine::score_match(crm, referral).likeness, engine::Likeness::doubtful);
}

}  // namespace
}  // namespace cosell::test
