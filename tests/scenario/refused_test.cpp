// Writes that a system refuses for good: sent once, told, and not sent again until something changes, however many
// writes of one deal meet a refusal.
#include <gtest/gtest.h>

#include <string>

#include "between.h"
#include "engine/replay.h"
#include "faults.h"

namespace cosell::test {
namespace {

class Refused : public FaultStory {};
INSTANTIATE_TEST_SUITE_P(Crm, Refused, testing::Values("salesforce", "dynamics365"), name_of_crm);

// A rule of the CRM may keep a record from being changed at all, the seller's columns included.
TEST_P(Refused, ARecordThatTakesNoWriteAtAllIsWrittenToOnceAndThenLeftAlone) {  // I-02, I-04, F-71
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.crm_refuses_values_above(40000, "This opportunity is frozen");
  world.portal_edit(referral_id_of(world, id), replace("/details/notes", "from the portal"));
  world.advance(minutes(5));
  world.reset_stats();
  const auto report = world.sync();
  EXPECT_GE(report.failures_total, 1);
  EXPECT_LE(world.writes(Side::crm), 3) << "the change, and what the seller is told";
  for (int run = 0; run < 3; ++run) {
    world.advance(hours(2));
    world.reset_stats();
    world.sync();
    EXPECT_EQ(world.writes(Side::crm), 0) << "run " << run;
    EXPECT_EQ(world.deal_of(id).state, store::DealState::failed);
    EXPECT_NE(world.deal_of(id).message.find("frozen"), std::string::npos) << world.deal_of(id).message;
  }
  world.crm_refuses_nothing();
  world.portal_edit(referral_id_of(world, id), replace("/details/notes", "once more"));
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.opportunity(id)["notes"], "once more");
  EXPECT_EQ(world.opportunity(id)["state"], "In sync");
}

TEST_P(Refused, WhatTheSellerCannotBeToldIsTriedOnce) {  // I-02, I-04
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  const std::string referral = referral_id_of(world, id);
  world.crm_refuses_values_above(40000, "This opportunity is frozen");
  world.faults(Side::partner_center, scripted_fault("PATCH", referrals_route + "/" + referral,
                                                    {{"kind", "status"}, {"status", 403}}, 0, 1000));
  world.crm_refuses_nothing();
  world.crm_edit(id, {{"close_date", "2027-04-30"}});
  world.crm_refuses_values_above(40000, "This opportunity is frozen");
  world.advance(minutes(5));
  world.reset_stats();
  world.sync();
  EXPECT_EQ(world.fired(Side::partner_center), 1);
  EXPECT_LE(world.writes(Side::crm), 2);
  for (int run = 0; run < 3; ++run) {
    world.advance(hours(2));
    world.reset_stats();
    world.sync();
    EXPECT_EQ(writes_of_both(world), 0) << "run " << run;
    EXPECT_EQ(world.deal_of(id).state, store::DealState::failed);
  }
}

std::vector<store::OperationRow> creates_of_opportunities(World& world) {
  store::OperationFilter filter;
  filter.kind = name_of(RecordKind::opportunity);
  filter.verb = name_of(Verb::create);
  auto found = world.store().operations(filter);
  EXPECT_TRUE(found);
  return found ? *found : std::vector<store::OperationRow>{};
}

// What the seller would read says since when, and the customer's account is there by the second try: neither makes
// another deal of it.
TEST_P(Refused, AnInboundDealThatTheCrmDoesNotTakeIsSentToItOnce) {  // I-02, I-04, F-71
  World world({.crm = GetParam()});
  world.crm_refuses_values_above(40000, "Too large for us");
  const Json sent = world.inbound(
      {{"name", "Refused deal"}, {"customer", {{"name", "Somebody New"}}}, {"dealValue", 90000}, {"currency", "EUR"}});
  world.wire = [&](Side, const http::Request& r, const World::Go& go) {
    world.advance(seconds(2));
    return go(r);
  };
  const auto report = world.sync();
  EXPECT_EQ(report.failures_total, 1);
  EXPECT_EQ(report.failures.size(), 1U);
  EXPECT_EQ(creates_of_opportunities(world).size(), 1U);
  for (int run = 0; run < 3; ++run) {
    world.advance(hours(2));
    world.reset_stats();
    EXPECT_EQ(world.sync().failures_total, 0);
    EXPECT_EQ(writes_of_both(world), 0) << "run " << run;
    EXPECT_EQ(world.deal_of(sent["id"]).state, store::DealState::failed);
    EXPECT_NE(world.deal_of(sent["id"]).message.find("Too large"), std::string::npos);
  }
  world.portal_edit(sent["id"], {{{"op", "replace"}, {"path", "/status"}, {"value", "Active"}},
                                 {{"op", "replace"}, {"path", "/substatus"}, {"value", "Accepted"}}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(creates_of_opportunities(world).size(), 2U) << "in another stage it may be taken";
  world.crm_refuses_nothing();
  EXPECT_TRUE(engine::replay(world.pair(), {world.deal_of(sent["id"]).id}, {}));
  ASSERT_EQ(world.opportunities().size(), 1U);
  EXPECT_EQ(world.opportunities()[0]["state"], "In sync");
}

// Answers that say "look again" for ever: another integration, a rule, or a service that is not itself.
class LookAgain {
 public:
  using Which = std::function<bool(const Operation&)>;
  LookAgain(World& world, Side side, ErrorClass kind, Which which)
      : between_(world.pair().connector(side), [this, kind, which = std::move(which)](const Operation& op) {
          std::optional<std::variant<Applied, Error>> answer;
          if (!stops && which(op)) {
            ++tries;
            answer = make_error(kind, "The record is not as expected.");
          }
          return answer;
        }) {
    (side == Side::crm ? world.pair().crm : world.pair().partner_center) = &between_;
  }
  int tries = 0;
  bool stops = false;

 private:
  Between between_;
};

void expect_told_and_tried_less_and_less(World& world, const std::string& id, LookAgain& again) {
  for (int run = 0; run < 12; ++run) {
    EXPECT_FALSE(world.sync().stopped);
    world.advance(minutes(5));
  }
  EXPECT_GE(again.tries, 3);
  EXPECT_LE(again.tries, 15) << "in an hour";
  const auto deal = world.deal_of(id);
  EXPECT_EQ(deal.state, store::DealState::waiting) << deal.message;
  EXPECT_NE(deal.message.find("The record is not as expected."), std::string::npos) << deal.message;
  EXPECT_NE(deal.next_step, "");
  const auto another = world.new_opportunity(usual_opportunity("Cedar Logistics"));
  world.advance(minutes(5));
  world.sync();
  EXPECT_FALSE(world.referral_of(another).is_null()) << "no other deal waits for it";
  again.stops = true;
  for (int run = 0; run < 3; ++run) {
    world.advance(hours(1));
    world.sync();
  }
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  expect_quiet(world);
}

TEST_P(Refused, ADealWhoseChangesMeetAnotherVersionForEverWaitsWithAReason) {  // I-03, I-04
  for (const Side side : {Side::crm, Side::partner_center}) {
    for (const ErrorClass kind : {ErrorClass::precondition, ErrorClass::not_found}) {
      World world({.crm = GetParam()});
      const auto id = synced_deal(world);
      if (side == Side::crm) {
        world.portal_edit(referral_id_of(world, id), replace("/details/notes", "from the portal"));
      } else {
        world.crm_edit(id, {{"value", 61000}});
      }
      world.advance(minutes(5));
      LookAgain again(world, side, kind, [&](const Operation& op) {
        const auto touched =
            op.changes.count("notes") + op.changes.count("value") + op.changes.count(world.column("notes"));
        return op.verb == Verb::update && touched > 0;
      });
      expect_told_and_tried_less_and_less(world, id, again);
      if (HasFailure()) return;
    }
  }
}

TEST_P(Refused, ACreateThatMeetsAnotherVersionForEverWaitsWithAReason) {  // I-03, I-04
  for (const ErrorClass kind : {ErrorClass::precondition, ErrorClass::not_found}) {
    World world({.crm = GetParam()});
    const auto contact = world.new_contact(
        {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
    auto words = usual_opportunity("Alder Foods");
    words.update({{"contact", contact}, {"help", "GeneralOrOther"}, {"help_notes", "A demo"}});
    const auto id = world.new_opportunity(words);
    LookAgain again(world, Side::partner_center, kind,
                    [](const Operation& op) { return op.kind == RecordKind::microsoft_half; });
    expect_told_and_tried_less_and_less(world, id, again);
    if (HasFailure()) return;
  }
}

// Nobody knows where to ask Microsoft: a person is told, and nothing is planned and given up in each run.
TEST_P(Refused, HelpInAReferralWithoutAnEngagementIsToldOnce) {  // I-01, I-02
  World world({.crm = GetParam()});
  const auto contact = world.new_contact(
      {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
  auto words = usual_opportunity("Alder Foods");
  words.update({{"contact", contact}, {"help", "GeneralOrOther"}, {"help_notes", "A demo"}});
  const auto id = world.new_opportunity(words);
  world.wire = [](Side side, const http::Request& r, const World::Go& go) {
    auto answer = go(r);
    if (side != Side::partner_center) return answer;
    return changed(std::move(answer), [](Json& body) {
      if (!body.is_object()) return;
      body.erase("engagementId");
      if (!body.contains("value") || !body["value"].is_array()) return;
      for (auto& referral : body["value"]) referral.erase("engagementId");
    });
  };
  for (int run = 0; run < 3; ++run) {
    world.advance(minutes(5));
    EXPECT_FALSE(world.sync().stopped);
  }
  const auto deal = world.deal_of(id);
  ASSERT_TRUE(deal.engagement_id.empty()) << "the fault";
  EXPECT_EQ(deal.reason, "no_engagement") << deal.message;
  EXPECT_EQ(deal.waits_for, store::WaitFor::operator_);
  EXPECT_FALSE(deal.dirty) << "it is not decided on again in each run";
  expect_quiet(world);
}

// The customer is looked for by its name; what it gets beside that is another write.
TEST_P(Refused, ANewCustomerIsSentAgainOnceTheMappingSaysSomethingElseOfIt) {  // I-04
  World world({.crm = GetParam(), .mapping = {{"customer", {{"record", {{"city", "NoSuchColumn"}}}}}}});
  world.inbound({{"name", "Quayside"}});
  world.sync();
  ASSERT_EQ(world.deals().front().state, store::DealState::failed) << world.deals().front().message;
  ASSERT_TRUE(world.opportunities().empty());
  world.restart_with(Json::object());
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.opportunities().size(), 1U) << world.deals().front().message;
}

// A side that turns the bridge away says nothing of a deal.
TEST_P(Refused, AWriteThatIsNotTheDealsToBeRefusedForLeavesOnceTheSideTakesIt) {  // I-04
  World world({.crm = GetParam()});
  const auto id = synced_deal(world);
  world.portal_edit(referral_id_of(world, id), replace("/details/notes", "from the portal"));
  bool turned_away = false;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (side != Side::crm || r.body.find("from the portal") == std::string::npos) return go(r);
    turned_away = true;
    net::Delivered refused;
    refused.response.status = 403;
    refused.response.body = "{}";
    return refused;
  };
  world.advance(minutes(5));
  const auto report = world.sync();
  EXPECT_TRUE(turned_away);
  EXPECT_TRUE(report.side_down) << "it is the side that is told of";
  EXPECT_NE(world.deal_of(id).state, store::DealState::failed) << world.deal_of(id).message;
  world.wire = nullptr;
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.opportunity(id)["notes"], "from the portal");
}

// It is read before its list is replaced. Others leave meanwhile, and nobody calls the side unreachable.
TEST_P(Refused, AReferralThatCannotBeReadSlowsNoOther) {  // I-04, F-71
  for (const int pause : {5, 61}) {
    World world({.crm = GetParam()});
    const auto id = synced_deal(world, "Cannot be read");
    const auto referral = referral_id_of(world, id);
    world.faults(Side::partner_center, scripted_fault("GET", referrals_route + "/" + referral,
                                                      {{"kind", "status"}, {"status", 500}}, 0, 1000));
    world.crm_edit(id, {{"solution", "SOL-OTHER"}});
    for (int run = 0; run < 6; ++run) {
      const auto fresh = world.new_opportunity(usual_opportunity("New " + std::to_string(run)));
      world.advance(minutes(pause));
      const auto report = world.sync();
      EXPECT_FALSE(report.stopped) << report.stopped->message;
      EXPECT_FALSE(world.referral_of(fresh).is_null());
    }
    EXPECT_GT(world.fired(Side::partner_center), 0);
    EXPECT_EQ(world.deal_of(id).state, store::DealState::waiting) << world.deal_of(id).message;
    world.faults(Side::partner_center, Json::array());
    for (int run = 0; run < 3; ++run) {
      world.advance(hours(25));
      EXPECT_FALSE(world.sync().stopped);
    }
    EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  }
}

}  // namespace
}  // namespace cosell::test
