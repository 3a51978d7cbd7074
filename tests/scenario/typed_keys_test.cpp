// Keys that people type into records that were taken apart before: another key than that of the other half ties the
// record anew, whichever of the two it is typed into.
#include "engine/link.h"
#include "in_doubt.h"

namespace cosell::test {
namespace {

class TypedKeys : public InDoubt {
 protected:
  // The opportunity and the referral that were one deal, read since.
  static std::pair<std::string, std::string> taken_apart(World& world) {
    const auto id = synced_deal(world);
    const auto referral = referral_id_of(world, id);
    EXPECT_TRUE(engine::unlink_deal(world.pair(), world.deal_of(id).id));
    world.sync();
    return {id, referral};
  }
};
INSTANTIATE_TEST_SUITE_P(Crm, TypedKeys, testing::Values("salesforce", "dynamics365"), name_of_crm);

TEST_P(TypedKeys, TieAnOpportunityThatWasTakenApartToAnotherReferral) {  // I-16, I-17, I-36
  for (const bool in_crm : {true, false}) {
    World world({.crm = GetParam()});
    const auto id = taken_apart(world).first;
    const auto another = another_referral_worth(world, 70000);
    if (in_crm) {
      world.crm_edit(id, {{"referral_id", another}});
    } else {
      world.portal_edit(another, replace("/externalReferenceId", id));
    }
    sync_often(world);
    EXPECT_EQ(world.deal_of(id).partner_center.record_id, another) << world.deal_of(id).message;
    EXPECT_EQ(world.opportunity(id)["referral_id"], another);
    EXPECT_EQ(world.opportunities().size(), 1U);
    EXPECT_EQ(world.referrals().size(), 2U);
  }
}

TEST_P(TypedKeys, TieAReferralThatWasTakenApartToAnotherOpportunity) {  // I-16, I-17, I-36
  for (const bool in_crm : {true, false}) {
    World world({.crm = GetParam()});
    const auto referral = taken_apart(world).second;
    auto words = usual_opportunity("The right one");
    if (in_crm) words["referral_id"] = referral;
    const auto right = world.new_opportunity(words);
    if (!in_crm) world.portal_edit(referral, replace("/externalReferenceId", right));
    sync_often(world);
    EXPECT_EQ(world.deal_of(right).partner_center.record_id, referral) << world.deal_of(right).message;
    EXPECT_EQ(world.deal_of(right).state, store::DealState::in_sync) << world.deal_of(right).message;
    EXPECT_EQ(world.referrals().size(), 1U);
  }
}

// What is not there is told, as of any other record.
TEST_P(TypedKeys, OfNoRecordAreToldAlsoAfterADealWasTakenApart) {  // I-01
  World world({.crm = GetParam()});
  const auto id = taken_apart(world).first;
  world.crm_edit(id, {{"referral_id", "0f0e0d0c-1111-4222-8333-444455556666"}});
  sync_often(world);
  EXPECT_EQ(world.deal_of(id).reason, "not_found") << world.deal_of(id).message;
  world.crm_edit(id, {{"referral_id", nullptr}});
  sync_often(world);
  EXPECT_EQ(world.deal_of(id).reason, "unlinked") << "as before the slip: " << world.deal_of(id).message;
  EXPECT_EQ(world.referrals().size(), 1U);
}

// A slip, put right to the record that it was taken apart from: the person's word stands.
TEST_P(TypedKeys, OfNoRecordEndNoWordOfAPersonWhenTheyAreCorrected) {  // I-16, I-17
  World world({.crm = GetParam()});
  const auto [id, referral] = taken_apart(world);
  world.crm_edit(id, {{"referral_id", "0f0e0d0c-1111-4222-8333-444455556666"}});
  sync_often(world);
  world.crm_edit(id, {{"referral_id", referral}});
  sync_often(world);
  EXPECT_EQ(world.deal_of(id).reason, "unlinked") << world.deal_of(id).message;
  EXPECT_EQ(world.referrals().size(), 1U);
}

// The person's word is about these two.
TEST_P(TypedKeys, OfItsOtherHalfDoNotTieWhatWasTakenApart) {  // I-16
  for (const bool in_crm : {true, false}) {
    World world({.crm = GetParam()});
    const auto [id, referral] = taken_apart(world);
    if (in_crm) {
      world.crm_edit(id, {{"referral_id", referral}});
    } else {
      world.portal_edit(referral, replace("/externalReferenceId", ""));
      sync_often(world, 1);
      world.portal_edit(referral, replace("/externalReferenceId", id));
    }
    sync_often(world);
    EXPECT_EQ(world.deal_of(id).reason, "unlinked") << world.deal_of(id).message;
    EXPECT_EQ(world.deal_of(referral).reason, "unlinked") << world.deal_of(referral).message;
    EXPECT_EQ(world.referrals().size(), 1U);
  }
}

// Of three referrals that named one opportunity the first was taken apart; the third still holds the deal.
TEST_P(TypedKeys, OfASecondReferralLeaveTheThirdToHoldTheDeal) {  // I-16, I-17
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const auto second = another_referral_that_names(world, id);
  const auto third = another_referral_that_names(world, id);
  sync_often(world, 1);
  ASSERT_EQ(world.deal_of(id).reason, "twin");
  ASSERT_TRUE(engine::unlink_deal(world.pair(), world.deal_of(id).id));
  sync_often(world, 1);
  world.crm_edit(id, {{"referral_id", second}});
  sync_often(world);
  EXPECT_EQ(world.deal_of(id).partner_center.record_id, second) << world.deal_of(id).message;
  EXPECT_EQ(world.deal_of(id).reason, "twin") << world.deal_of(id).message;
  EXPECT_EQ(world.deal_of(id).message.find(second), std::string::npos) << world.deal_of(id).message;
  EXPECT_EQ(world.deal_of(third).reason, "twin") << world.deal_of(third).message;
  world.portal_edit(third, replace("/externalReferenceId", ""));
  sync_often(world);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
}

// The create meets an opportunity that was taken apart from another referral long ago.
TEST_P(TypedKeys, BetweenReadAndCreateTieAnOpportunityThatWasTakenApart) {  // I-16, I-17
  World world({.crm = GetParam()});
  const auto id = taken_apart(world).first;
  const auto another = another_referral_worth(world, 70000);
  bool typed = false;
  world.wire = [&](Side side, const http::Request& request, const World::Go& go) {
    const bool writes =
        request.body.find("\"records\"") != std::string::npos || request.body.find("\r\nPATCH ") != std::string::npos;
    if (side == Side::crm && !typed && writes && request.body.find(another) != std::string::npos) {
      typed = true;
      world.crm_edit(id, {{"referral_id", another}});
    }
    return go(request);
  };
  sync_often(world);
  ASSERT_TRUE(typed) << "the fault";
  EXPECT_EQ(world.deal_of(another).crm.record_id, id) << world.deal_of(another).message;
  EXPECT_NE(world.deal_of(another).reason, "made_before");
  EXPECT_EQ(world.opportunities().size(), 1U);
}

}  // namespace
}  // namespace cosell::test
