// Dynamics 365 shows a column that the bridge's user may not read as empty. Which columns may be such is asked;
// whatever comes of the question, nobody's contact is emptied in Partner Center.
#include "engine/link.h"
#include "tests/scenario/faults.h"

namespace cosell::test {
namespace {

const std::string kAsked = "IsSecured%20eq%20true";

bool asks_what_is_secured(Side side, const http::Request& r) {
  return side == Side::crm && (r.url + r.body).find(kAsked) != std::string::npos;
}

std::string of_a_contact(World& world) {
  const auto contact = world.new_contact(
      {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
  auto words = usual_opportunity("Alder Foods");
  words["contact"] = contact;
  return world.new_opportunity(words);
}

void take_the_right_to_read_contacts(World& world) {
  world.control(Side::crm, "POST", "settings",
                {{"unreadable_columns",
                  {"contact.emailaddress1", "contact.telephone1", "contact.mobilephone", "contact.firstname",
                   "contact.lastname"}}});
}

void sync_twice(World& world) {
  for (int i = 0; i < 2; ++i) {
    world.advance(minutes(5));
    world.sync();
  }
}

TEST(SecuredColumns, F11_AnAnswerThatIsNotUnderstoodEmptiesNoContact) {  // I-07
  World world({.crm = "dynamics365"});
  const auto id = of_a_contact(world);
  world.sync();
  sync_twice(world);
  const Json team = world.referral_of(id)["customerProfile"]["team"];
  ASSERT_EQ(team.size(), 1U);
  take_the_right_to_read_contacts(world);
  world.restart();
  world.crm_edit(id, {{"value", 81000}});
  world.advance(minutes(5));
  int spoilt = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    auto d = go(r);
    if (!asks_what_is_secured(side, r)) return d;
    ++spoilt;
    d.response.body = text::replace_all(d.response.body, "MetadataId", "MetadataXd");
    return d;
  };
  const auto report = world.sync();
  EXPECT_GT(spoilt, 0);
  ASSERT_TRUE(report.stopped.has_value());
  EXPECT_NE(report.stopped->message.find("GET secured columns of "), std::string::npos) << report.stopped->message;
  EXPECT_EQ(world.referral_of(id)["customerProfile"]["team"], team);
  world.wire = nullptr;
  world.advance(minutes(5));
  EXPECT_NE(world.sync().stopped->message.find("column security"), std::string::npos);
  EXPECT_EQ(world.referral_of(id)["customerProfile"]["team"], team);
  world.control(Side::crm, "POST", "settings", {{"unreadable_columns", Json::array()}});
  sync_twice(world);
  EXPECT_EQ(value_of_referral(world, id), 81000);
  EXPECT_EQ(world.referral_of(id)["customerProfile"]["team"], team);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
}

// Deals go on, new ones with empty columns too; what may have been emptied waits for a person.
TEST(SecuredColumns, F11_AnOrganisationThatNeverTellsSyncsAndEmptiesNoContact) {  // I-07
  World world({.crm = "dynamics365"});
  int refused = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (!asks_what_is_secured(side, r)) return go(r);
    ++refused;
    http::Request reworded = r;
    for (std::string* text : {&reworded.url, &reworded.body}) {
      *text = text::replace_all(*text, kAsked, "IsSecured%20eq");
    }
    return go(reworded);
  };
  const auto id = of_a_contact(world);
  const auto plain = world.new_opportunity(usual_opportunity("Birch Foods"));
  world.sync();
  sync_twice(world);
  for (const std::string& deal : {id, plain}) {
    EXPECT_EQ(world.deal_of(deal).state, store::DealState::in_sync) << world.deal_of(deal).message;
  }
  const Json team = world.referral_of(id)["customerProfile"]["team"];
  ASSERT_EQ(team.size(), 1U);
  take_the_right_to_read_contacts(world);
  world.restart();
  world.crm_edit(id, {{"value", 81000}});
  const auto fresh = world.new_opportunity(usual_opportunity("Cedar Foods"));
  sync_twice(world);
  EXPECT_GT(refused, 0);
  EXPECT_EQ(value_of_referral(world, id), 81000);
  EXPECT_EQ(world.referral_of(id)["customerProfile"]["team"], team);
  EXPECT_NE(world.deal_of(id).message.find("does not show to the bridge's user what stands in parentcontactid"),
            std::string::npos)
      << world.deal_of(id).message;
  EXPECT_EQ(world.deal_of(fresh).state, store::DealState::in_sync) << world.deal_of(fresh).message;
  // As soon as it is told, and may be read, the deal goes on by itself with its next change.
  world.wire = nullptr;
  world.control(Side::crm, "POST", "settings", {{"unreadable_columns", Json::array()}});
  world.crm_edit(id, {{"value", 82000}});
  sync_twice(world);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  EXPECT_EQ(world.referral_of(id)["customerProfile"]["team"], team);
}

// A copy is held by the key that it carries; one that is perhaps hidden is not cleared.
TEST(SecuredColumns, F47_ACopyWhoseKeyIsHiddenStaysHeld) {  // I-17, F-11
  for (const bool tells : {false, true}) {
    World world({.crm = "dynamics365", .plain_key = true});
    world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
      if (tells || !asks_what_is_secured(side, r)) return go(r);
      http::Request reworded = r;
      for (std::string* text : {&reworded.url, &reworded.body}) {
        *text = text::replace_all(*text, kAsked, "IsSecured%20eq");
      }
      return go(reworded);
    };
    const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
    world.sync();
    const auto copy = world.new_opportunity(usual_opportunity("Alder Foods copy"));
    world.crm_edit(copy, {{"plain_key", world.deal_of(id).partner_center.record_id}});
    sync_twice(world);
    ASSERT_EQ(world.deal_of(copy).reason, "clone") << world.deal_of(copy).message;
    world.control(Side::crm, "POST", "settings", {{"unreadable_columns", {world.column("plain_key")}}});
    world.restart();
    world.crm_edit(copy, {{"value", 51000}});
    sync_twice(world);
    EXPECT_EQ(world.referrals().size(), 1U);
    EXPECT_EQ(world.deal_of(copy).reason, "clone") << world.deal_of(copy).message;
    world.control(Side::crm, "POST", "settings", {{"unreadable_columns", Json::array()}});
    world.restart();
    world.crm_edit(copy, {{"plain_key", nullptr}, {"value", 52000}});
    sync_twice(world);
    if (!tells) {
      EXPECT_EQ(world.deal_of(copy).reason, "clone") << "nobody knows that it was cleared";
      EXPECT_NE(world.deal_of(copy).next_step.find("--none"), std::string::npos) << world.deal_of(copy).next_step;
      ASSERT_TRUE(engine::match_with_none(world.pair(), world.deal_of(copy).id));
      sync_twice(world);
    }
    EXPECT_EQ(world.referrals().size(), 2U) << world.deal_of(copy).message;
    EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  }
}

}  // namespace
}  // namespace cosell::test
