// Opportunities that were deleted, while their deal gets another one: a deleted record holds no key.
#include "engine/link.h"
#include "in_doubt.h"

namespace cosell::test {
namespace {

class DeletedRecord : public InDoubt {
 protected:
  // An inbound deal whose opportunity was deleted and that a person wants another one for: its referral, and that.
  static std::pair<std::string, std::string> deal_that_wants_another(World& world) {
    const std::string referral = world.inbound()["id"];
    sync_often(world, 2);
    const std::string opportunity = world.opportunities().at(0)["id"];
    world.crm_delete(opportunity);
    sync_often(world, 1);
    EXPECT_EQ(world.deal_of(referral).reason, "deleted");
    EXPECT_TRUE(engine::unlink_deal(world.pair(), world.deal_of(referral).id));
    EXPECT_TRUE(engine::match_with_none(world.pair(), world.deal_of(referral).id));
    return {referral, opportunity};
  }
  static void expect_another(World& world, const std::string& referral, const std::string& deleted) {
    const auto deal = world.deal_of(referral);
    EXPECT_EQ(deal.reason, "answer") << deal.message;
    EXPECT_EQ(deal.crm.existence, store::Existence::live);
    ASSERT_FALSE(deal.crm.record_id.empty());
    const Json there = world.opportunity(deal.crm.record_id);
    for (const Json& one : world.opportunities()) {  // a bin may be among them
      EXPECT_TRUE(one["id"] == there["id"] || one["id"] == deleted) << one;
    }
    EXPECT_EQ(there["referral_id"], referral);
    EXPECT_EQ(there["state"], "Waiting for you");
  }
};
INSTANTIATE_TEST_SUITE_P(Crm, DeletedRecord, testing::Values("salesforce", "dynamics365"), name_of_crm);

TEST_P(DeletedRecord, IsFollowedByANewOneThatAPersonAsksFor) {  // I-16, I-17
  World world({.crm = GetParam()});
  const auto [referral, deleted] = deal_that_wants_another(world);
  sync_often(world);
  expect_another(world, referral, deleted);
}

TEST_P(DeletedRecord, IsNotTakenForTheOneWhoseCreateGotLost) {  // I-17, I-29, F-02, F-03
  for (const char* lost : {"drop_before", "drop_after"}) {
    World world({.crm = GetParam()});
    const auto [referral, deleted] = deal_that_wants_another(world);
    world.crm_create_fault({{"kind", lost}});
    sync_often(world, 5);
    EXPECT_EQ(world.fired(Side::crm), 1);
    expect_another(world, referral, deleted);
  }
}

// What a person took from the deal, deleted and took out of the bin again is not what the lost create made.
TEST(DeletedRecordInSalesforce, ThatIsTakenOutOfTheBinStaysApart) {  // I-16, F-02
  World world({.crm = "salesforce"});
  const std::string referral = world.inbound()["id"];
  sync_often(world, 2);
  const std::string opportunity = world.opportunities().at(0)["id"];
  ASSERT_TRUE(engine::unlink_deal(world.pair(), world.deal_of(referral).id));
  world.crm_delete(opportunity);
  sync_often(world, 1);
  ASSERT_TRUE(engine::match_with_none(world.pair(), world.deal_of(referral).id));
  world.crm_create_fault({{"kind", "drop_before"}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.fired(Side::crm), 1);
  ASSERT_TRUE(world.crm_undelete_if_allowed(opportunity));
  sync_often(world, 4);
  EXPECT_NE(world.deal_of(referral).crm.record_id, opportunity) << world.deal_of(referral).message;
}

// It arrived, and a person deleted what it made before anybody looked.
TEST_P(DeletedRecord, ThatACreateMadeIsNotMadeASecondTime) {  // I-11, I-17, F-03
  World world({.crm = GetParam()});
  world.sync();
  const std::string referral = world.inbound()["id"];
  world.crm_create_fault({{"kind", "drop_after"}});
  world.advance(minutes(5));
  world.sync();
  ASSERT_EQ(world.fired(Side::crm), 1);
  const std::string made = world.opportunities().at(0)["id"];
  world.crm_delete(made);
  sync_often(world, 4);
  for (const Json& one : world.opportunities()) EXPECT_EQ(one["id"], made);
  EXPECT_EQ(world.deal_of(referral).reason, "deleted") << world.deal_of(referral).message;
}

// Whichever of the two is listed first.
TEST_P(DeletedRecord, LeavesItsKeyToTheOneThatAPersonMadeInItsPlaceAfterALostStore) {  // I-31, I-35
  World world({.crm = GetParam()});
  const std::string referral = world.inbound()["id"];
  sync_often(world, 2);
  world.crm_delete(world.opportunities().at(0)["id"]);
  sync_often(world, 1);
  auto words = usual_opportunity("By hand again");
  words["referral_id"] = referral;
  const auto second = world.new_opportunity(words);
  world.lose_store();
  sync_often(world);
  EXPECT_EQ(world.deal_of(second).partner_center.record_id, referral) << world.deal_of(second).message;
  EXPECT_NE(world.deal_of(second).reason, "clone");
}

}  // namespace
}  // namespace cosell::test
