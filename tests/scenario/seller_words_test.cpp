// What sellers read in the CRM: true of the side it speaks of, with a step that a seller can take, and without
// commands, files or settings, which are for whoever runs the bridge.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/link.h"
#include "in_doubt.h"
#include "tests/support/world.h"

namespace cosell::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const auto for_sellers = AllOf(Not(HasSubstr("cosell ")), Not(HasSubstr("mapping")), Not(HasSubstr("backward")));

class SellerWords : public testing::TestWithParam<const char*> {
 protected:
  static std::string message_of(World& world, const std::string& id) {
    world.advance(minutes(1));
    world.sync();
    const Json message = world.opportunity(id)["message"];
    return message.is_string() ? message.get<std::string>() : "";
  }
};
INSTANTIATE_TEST_SUITE_P(Crm, SellerWords, testing::Values("salesforce", "dynamics365"), name_of_crm);

TEST_P(SellerWords, SayOfAStageThatWentBackWhereItMayBeChanged) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  const std::string referral = world.referral_of(id)["id"];
  const std::string crm = world.pair().title(Side::crm);
  world.portal_edit(referral, replace("/salesStage", "80"));
  message_of(world, id);

  world.portal_edit(referral, replace("/salesStage", "40"));
  EXPECT_THAT(message_of(world, id), AllOf(HasSubstr("Move the stage back in " + crm + " too"), for_sellers))
      << "the opportunity stands further than the referral: there is nothing to move forward";
  EXPECT_EQ(world.deal_of(id).reason, "moved_back");

  world.crm_edit(id, {{"stage", "40"}});
  message_of(world, id);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << "what was said helps";
  world.crm_edit(id, {{"stage", "20"}});
  EXPECT_THAT(message_of(world, id), AllOf(HasSubstr("Move the stage forward again in " + crm), for_sellers));
}

TEST_P(SellerWords, NameTheFieldThatTakesAStepBack) {
  World world({.crm = GetParam(), .settle = minutes(60)});
  Json words = usual_opportunity("Alder Foods");
  words["visible"] = true;
  const auto id = world.new_opportunity(words);
  world.sync();
  const auto column = [&](Field field) { return world.pair().mapping->column_of(field, ""); };
  EXPECT_THAT(message_of(world, id),
              AllOf(HasSubstr("Will show the deal to Microsoft at"), HasSubstr("clear the field"),
                    HasSubstr(column(Field::visible)), Not(HasSubstr(column(Field::help))), for_sellers));
  world.crm_edit(id, {{"visible", false}});
  EXPECT_THAT(message_of(world, id), Not(HasSubstr("Will show")));
  world.crm_edit(id, {{"stage", "won"}});
  EXPECT_THAT(message_of(world, id), AllOf(HasSubstr("To cancel, reopen the opportunity"), for_sellers));
}

TEST_P(SellerWords, SayWhatToDoAboutARefusedChange) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  const std::string referral = world.referral_of(id)["id"];
  world.faults(Side::partner_center,
               scripted_fault("PATCH", referrals_route + "/" + referral,
                              {{"kind", "status"}, {"status", 400}, {"body", {{"message", "Not that day"}}}}, 0, 1000));
  world.crm_edit(id, {{"close_date", "2027-04-30"}});
  EXPECT_THAT(message_of(world, id), AllOf(HasSubstr("or ask an admin"), for_sellers));
  EXPECT_EQ(world.opportunity(id)["state"], "Failed");
  EXPECT_GT(world.fired(Side::partner_center), 0);
  EXPECT_THAT(world.deal_of(id).next_step, HasSubstr("cosell replay " + id)) << "the admin's step";
}

TEST_P(SellerWords, SayOfADealInAStageThatIsLeftOutWhatWouldBringItBack) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.crm_edit(id, {{"stage", "60"}});
  message_of(world, id);
  const std::string stage = GetParam() == std::string("salesforce") ? "Proposal/Price Quote" : "salesstage:2";
  world.restart_with({{"stages", {{"add", {{stage, "ignore"}}}}}});
  world.crm_edit(id, {{"notes", "On hold"}});
  EXPECT_THAT(message_of(world, id), AllOf(HasSubstr("left out"), for_sellers));
  EXPECT_EQ(world.deal_of(id).reason, "ignored_stage");
  EXPECT_THAT(world.deal_of(id).next_step, Not(HasSubstr("Add the value to the mapping"))) << "it is in the mapping";
}

// No seller can fill in what the mapping has to say.
TEST_P(SellerWords, AskNobodyForWhatNoColumnIsNamedFor) {
  World world({.crm = GetParam(), .mapping = {{"fields", {{"solutions", {{"constant", Json::array({" "})}}}}}}});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  EXPECT_THAT(message_of(world, id), AllOf(HasSubstr("a solution with its id"), Not(HasSubstr("fill")), for_sellers));
  EXPECT_EQ(world.deal_of(id).waits_for, store::WaitFor::admin);
  EXPECT_THAT(world.deal_of(id).next_step, HasSubstr("mapping file"));
  world.crm_edit(id, {{"value", nullptr}});
  EXPECT_THAT(message_of(world, id), HasSubstr("What has no column here, an admin adds."));
  EXPECT_EQ(world.deal_of(id).waits_for, store::WaitFor::seller);
}

// What Microsoft saw or was asked stays so (U-8). A seller who clears the tick must not think that it is undone.
TEST_P(SellerWords, SayOfWhatWasTakenBackTooLateThatItStays) {
  World world({.crm = GetParam(), .settle = minutes(60)});
  Json words = usual_opportunity("Alder Foods");
  words["visible"] = true;
  words["contact"] = world.new_contact(
      {{"first", "Kim"}, {"last", "Kunde"}, {"email", "kim@alder.example"}, {"phone", "+44 20 7946 0100"}});
  const auto id = world.new_opportunity(words);
  world.sync();
  world.advance(minutes(61));
  world.sync();
  ASSERT_EQ(world.opportunity(id)["state"], "In sync");

  world.crm_edit(id, {{"visible", false}});
  const auto stays = AllOf(HasSubstr("Microsoft's sellers see the deal already"),
                           HasSubstr(world.pair().mapping->column_of(Field::visible, "")), for_sellers);
  EXPECT_THAT(message_of(world, id), stays);
  EXPECT_EQ(world.opportunity(id)["state"], "In sync") << "nobody has to do anything";
  expect_quiet(world);
  EXPECT_THAT(message_of(world, id), stays) << "as long as it is so";
  world.restart();
  EXPECT_THAT(message_of(world, id), stays);

  world.crm_edit(id, {{"help", "GeneralOrOther"}});
  message_of(world, id);
  world.advance(minutes(61));
  EXPECT_EQ(message_of(world, id), "");
  world.crm_edit(id, {{"help", nullptr}});
  EXPECT_THAT(message_of(world, id), AllOf(HasSubstr("Microsoft was asked for help already"),
                                           HasSubstr(world.pair().mapping->column_of(Field::help, "")), for_sellers));
  world.crm_edit(id, {{"help", "ProofOfConceptOrDemo"}});
  EXPECT_THAT(message_of(world, id), HasSubstr("Microsoft was asked for help already")) << "for another kind of it";
  world.crm_edit(id, {{"help", "GeneralOrOther"}});
  EXPECT_EQ(message_of(world, id), "");
}

// An admin is waited for, and yet some of it the seller can end.
TEST_P(SellerWords, SayWhatASellerCanDoWhereAnAdminIsWaitedFor) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  const std::string crm = world.pair().title(Side::crm);
  world.crm_edit(id, {{"value", 60000}});
  world.portal_edit(world.referral_of(id)["id"], replace("/details/dealValue", 70000));
  EXPECT_THAT(message_of(world, id), AllOf(HasSubstr("Set both to the value that is right"), for_sellers));
  EXPECT_EQ(world.opportunity(id)["state"], "Waiting for an admin");
  world.crm_edit(id, {{"value", 70000}});
  EXPECT_EQ(message_of(world, id), "") << "what was said helps";

  world.crm_edit(id, {{"stage", "lost"}, {"loss_reason", "Price"}});
  message_of(world, id);
  ASSERT_EQ(world.referral_of(id)["status"], "Closed");
  world.crm_edit(id, {{"stage", "60"}});
  EXPECT_THAT(message_of(world, id), AllOf(HasSubstr("Close the opportunity again in " + crm), for_sellers));
  world.crm_edit(id, {{"stage", "lost"}, {"loss_reason", "Price"}});
  EXPECT_EQ(message_of(world, id), "") << "what was said helps";
}

TEST_P(SellerWords, NameTheFieldThatWasEmptiedByItsLabel) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.crm_edit(id, {{"solution", nullptr}});
  EXPECT_THAT(message_of(world, id),
              AllOf(HasSubstr("Partner Center needs the solutions (\""),
                    HasSubstr(", " + world.pair().mapping->column_of(Field::solutions, "") + ")"), for_sellers));
}

TEST(SellerWordsInSalesforce, NameNoFileWhereAStageHasNoMeaning) {
  World world({.crm = "salesforce"});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.restart_with({{"stages",
                       {{"map",
                         {{"Received from Microsoft", "waiting"},
                          {"Prospecting", 20},
                          {"Closed Won", "won"},
                          {"Closed Lost", "lost"}}}}}});
  world.crm_edit(id, {{"stage", "60"}});
  world.advance(minutes(1));
  world.sync();
  EXPECT_THAT(world.deal_of(id).message, AllOf(HasSubstr("is not in the stage table"), HasSubstr("jsonc:")));
  const std::string told = world.opportunity(id)["message"];
  EXPECT_THAT(told, AllOf(HasSubstr("is not in the stage table"), Not(HasSubstr("jsonc")), Not(HasSubstr("("))));
}

// The name is a heading of every list: a line of its own would look like an entry.
TEST_P(SellerWords, KeepTheNameOnOneLine) {
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder\nFoods\tBerlin"));
  world.sync();
  EXPECT_EQ(world.deal_of(id).title, "Alder Foods Berlin");
}

// Whoever takes a deal out is not told for ever what it waits for.
TEST_P(SellerWords, EndWithTheDeal) {
  World world({.crm = GetParam()});
  auto words = usual_opportunity("Alder Foods");
  words.erase("solution");
  const auto id = world.new_opportunity(words);
  EXPECT_THAT(message_of(world, id), HasSubstr("solution"));
  world.crm_edit(id, {{"opt_in", false}});
  EXPECT_THAT(message_of(world, id), Not(HasSubstr("solution")));
  EXPECT_EQ(world.opportunity(id)["state"], "Not synced");
  expect_quiet(world);
}

// What it shows may be of another bridge on the same organisation.
TEST_P(SellerWords, AreNotWrittenToAnOpportunityThatNeverTookPart) {
  World world({.crm = GetParam()});
  auto words = usual_opportunity("Alder Foods");
  words["opt_in"] = false;
  const auto id = world.new_opportunity(words);
  world.crm_edit(id, {{"state", "In sync"}});
  for (int run = 0; run < 2; ++run) {
    world.sync();
    world.advance(minutes(5));
  }
  EXPECT_EQ(world.opportunity(id)["state"], "In sync");
}

// That bridge's referral is in a Partner Center that this one cannot read: no key makes its deal one of ours.
TEST_P(SellerWords, AreNotWrittenToAnOpportunityThatAnotherBridgeKeepsInSync) {  // I-23, F-77
  World world({.crm = GetParam()});
  auto words = usual_opportunity("Alder Foods");
  words["opt_in"] = false;
  words["referral_id"] = "0f0e0d0c-1111-4222-8333-444455556666";
  const auto id = world.new_opportunity(words);
  for (const char* written : {"In sync", "Waiting for you"}) {
    world.crm_edit(id, {{"state", written}});
    message_of(world, id);
    message_of(world, id);
    EXPECT_EQ(world.opportunity(id)["state"], written);
  }
  EXPECT_EQ(world.deal_of(id).state, store::DealState::skipped);
  EXPECT_EQ(world.deal_of(id).reason, "not_selected");
  EXPECT_EQ(world.opportunity(id)["referral_id"], words["referral_id"]);
  world.crm_edit(id, {{"opt_in", true}});
  EXPECT_THAT(message_of(world, id), HasSubstr("was not found")) << "of one that is chosen, the key is wrong";
}

// This bridge told the seller something before the other one took the deal over.
TEST_P(SellerWords, AreNotWrittenOverThoseOfTheBridgeThatTookTheDealOver) {  // I-23, F-77
  World world({.crm = GetParam(),
               .mapping = {{"referrals", {{"belongs", {{"locations", {"1234567"}}}}}},
                           {"fields", {{"location", {{"constant", "1234567"}}}}}}});
  auto words = usual_opportunity("Alder Foods");
  words["value"] = nullptr;
  const auto id = world.new_opportunity(words);
  EXPECT_THAT(message_of(world, id), HasSubstr("value"));
  world.control(Side::partner_center, "POST", "settings", {{"inbound_mpn_id", "7654321"}});
  const std::string theirs = world.inbound()["id"];
  world.portal_edit(theirs, as_accepted());
  world.portal_edit(theirs, replace("/externalReferenceId", id));
  world.crm_edit(id, {{"value", 50000},
                      {"opt_in", false},
                      {"referral_id", theirs},
                      {"state", "In sync"},
                      {"message", "From the other bridge"}});
  for (int run = 0; run < 2; ++run) {
    EXPECT_EQ(message_of(world, id), "From the other bridge");
    EXPECT_EQ(world.opportunity(id)["state"], "In sync");
  }
  EXPECT_EQ(world.deal_of(id).reason, "other_location") << world.deal_of(id).message;
}

TEST_P(SellerWords, AreNotWrittenToAnOpportunityThatIsClosedWithoutAReferral) {
  World world({.crm = GetParam()});
  auto words = usual_opportunity("Alder Foods");
  words.erase("solution");
  const auto id = world.new_opportunity(words);
  const std::string told = message_of(world, id);
  EXPECT_THAT(told, HasSubstr("solution"));
  world.crm_edit(id, {{"opt_in", false}, {"stage", "lost"}, {"loss_reason", "Budget"}});
  EXPECT_EQ(message_of(world, id), told);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::skipped);
  world.crm_edit(id, {{"stage", "20"}});
  EXPECT_THAT(message_of(world, id), Not(HasSubstr("solution"))) << "open again, and still out";
}

// A wrong key is cleared and the deal taken out at once.
TEST_P(SellerWords, EndWithTheDealThatCarriedAWrongKey) {
  World world({.crm = GetParam()});
  auto words = usual_opportunity("Alder Foods");
  words["referral_id"] = "0f0e0d0c-1111-4222-8333-444455556666";
  const auto id = world.new_opportunity(words);
  EXPECT_THAT(message_of(world, id), HasSubstr("was not found"));
  message_of(world, id);
  world.crm_edit(id, {{"referral_id", nullptr}, {"opt_in", false}});
  EXPECT_THAT(message_of(world, id), Not(HasSubstr("was not found")));
  EXPECT_EQ(world.opportunity(id)["state"], "Not synced");
  expect_quiet(world);
}

TEST_P(SellerWords, EndWithTheCopyThatGaveUpItsKey) {
  World world({.crm = GetParam(), .plain_key = true});
  const auto id = synced_deal(world, "Original");
  auto words = usual_opportunity("Copy");
  words["plain_key"] = world.opportunity(id)["plain_key"];
  words["opt_in"] = false;
  const auto copy = world.new_opportunity(words);
  EXPECT_THAT(message_of(world, copy), HasSubstr("carries referral"));
  world.crm_edit(copy, {{"plain_key", nullptr}});
  EXPECT_THAT(message_of(world, copy), Not(HasSubstr("carries referral")));
  EXPECT_EQ(world.opportunity(copy)["state"], "Not synced");
  expect_quiet(world);
}

TEST_P(SellerWords, EndWithTheTieThatAPersonMadeAndTookBack) {
  World world({.crm = GetParam()});
  auto words = usual_opportunity("Alder Foods");
  words.erase("solution");
  const auto id = world.new_opportunity(words);
  const std::string referral = world.inbound({{"name", "Quite another name"}})["id"];
  CycleOptions of_one;
  of_one.only = [&](const store::DealRow& row) { return row.crm.record_id == id; };
  world.sync(of_one);
  EXPECT_THAT(world.opportunity(id)["message"].get<std::string>(), HasSubstr("solution"));
  ASSERT_TRUE(engine::link_deals(world.pair(), world.deal_of(id).id, world.deal_of(referral).id));
  ASSERT_TRUE(engine::unlink_deal(world.pair(), world.deal_of(id).id));
  EXPECT_THAT(message_of(world, id), Not(HasSubstr("solution")));
  EXPECT_EQ(world.opportunity(id)["state"], "Not synced");
}

}  // namespace
}  // namespace cosell::test
