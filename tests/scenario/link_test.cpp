// Stories of two full systems that meet for the first time, of stores that were lost, and of people who link by hand.
#include "engine/link.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "engine/marks.h"
#include "engine/recheck.h"
#include "tests/support/world.h"

namespace cosell::test {
namespace {

Json replaced(const std::string& path, const Json& value) {
  return Json{{"op", "replace"}, {"path", path}, {"value", value}};
}

// A listing of Partner Center in which no referral names its opportunity.
net::Delivered without_reference(net::Delivered answer) {
  Json body = Json::parse(answer.response.body, nullptr, false);
  if (!body.is_object() || !body.contains("value")) return answer;
  for (auto& referral : body["value"]) referral.erase("externalReferenceId");
  answer.response.body = body.dump();
  return answer;
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

// The key in the CRM counts, whichever side answers first.
TEST_P(Link, AfterALostStoreAnOpportunityKeepsItsOwnReferralBesideANewerOneThatNamesItToo) {  // I-31
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  const auto other = world.new_opportunity(usual_opportunity("Birch Mills"));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  const std::string own = world.referral_of(id)["id"];
  world.portal_edit(world.referral_of(other)["id"], Json::array({replaced("/externalReferenceId", id)}));
  world.lose_store();
  world.advance(minutes(5));
  world.pair().flies_in_background = true;
  world.wire = [](Side side, const http::Request& r, const World::Go& go) {
    if (side == Side::crm) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return go(r);
  };
  CycleOptions reads_only;
  reads_only.plan_only = true;
  world.sync(reads_only);
  const auto deal = world.store().deal_by_record(Side::crm, id);
  ASSERT_TRUE(deal && *deal);
  EXPECT_EQ((*deal)->partner_center.record_id, own);
}

TEST_P(Link, AfterALostStoreTheCrmIsReadFirstAlsoWhenItIsDownAtTheBeginning) {  // I-31, F-08
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  const auto other = world.new_opportunity(usual_opportunity("Birch Mills"));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  const std::string own = world.referral_of(id)["id"];
  world.portal_edit(world.referral_of(other)["id"], Json::array({replaced("/externalReferenceId", id)}));
  world.lose_store();
  world.advance(minutes(5));
  int failed = 0;
  world.wire = [&](Side side, const http::Request& r, const World::Go& go) {
    if (side != Side::crm) return go(r);
    ++failed;
    return net::Delivered{net::Delivered::Kind::unreachable, {}};
  };
  EXPECT_EQ(world.sync().side_down, Side::crm);
  EXPECT_GT(failed, 0);
  world.wire = nullptr;
  world.advance(minutes(5));
  CycleOptions reads_only;
  reads_only.plan_only = true;
  world.sync(reads_only);
  const auto deal = world.store().deal_by_record(Side::crm, id);
  ASSERT_TRUE(deal && *deal);
  EXPECT_EQ((*deal)->partner_center.record_id, own);
}

// Both sides lived on apart since: other values, other stages, texts that only one side has.
TEST_P(Link, DealsThatAnotherConnectorLinkedCauseNoNeedlessConflicts) {
  World world({.crm = GetParam()});
  std::vector<std::string> ids;
  for (int i = 0; i < 400; ++i) ids.push_back(world.new_opportunity(usual_opportunity("Deal " + std::to_string(i))));
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

// The records name each other still, or again; the person's word is the newer one.
TEST_P(Link, WhatAPersonCalledDealsOfTheirOwnIsNotTiedAgainByItsKeys) {  // I-16
  for (const bool both_said : {false, true}) {
    World world({.crm = GetParam()});
    const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
    for (int i = 0; i < 2; ++i) {
      world.sync();
      world.advance(minutes(5));
    }
    const std::string first = world.referral_of(id)["id"];
    ASSERT_TRUE(engine::unlink_deal(world.pair(), world.deal_of(id).id));
    ASSERT_TRUE(engine::match_with_none(world.pair(), world.deal_of(id).id));
    const auto old = world.deal_of(first).id;
    ASSERT_TRUE(!both_said || engine::match_with_none(world.pair(), old));
    world.crm_edit(id, {{"value", 61000}});
    world.portal_edit(first, Json::array({replaced("/details/dealValue", 70000)}));
    for (int i = 0; i < 3; ++i) {
      world.sync();
      world.advance(minutes(5));
    }
    const auto deal = world.deal_of(id);
    EXPECT_NE(deal.partner_center.record_id, first);
    EXPECT_FALSE(deal.partner_center.record_id.empty());
    EXPECT_EQ(deal.state, store::DealState::in_sync) << deal.message;
    EXPECT_EQ(world.opportunity(id)["value"].get<double>(), 61000.0);
    for (const auto& r : world.referrals()) {
      EXPECT_EQ(r["details"]["dealValue"].get<double>(), r["id"] == first ? 70000.0 : 61000.0);
    }
  }
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

TEST(Recheck, KeepsTheClocksRatesAndFiguresOfThatDay) {  // G-3, M-1
  World world({.settle = minutes(60)});
  auto& rules = world.pair().settings.rules;
  rules.clocks.won_after = hours(48);
  rules.registration.rates = {"2026-11", "a table", {{"EUR", Number{"1.2"}}}};
  const auto contact = world.new_contact(
      {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
  Json small = usual_opportunity("Too small");
  small.update({{"value", 20000},
                {"currency", "EUR"},
                {"contact", contact},
                {"help", "GeneralOrOther"},
                {"help_notes", "A demo"}});
  world.new_opportunity(small);
  Json shown = usual_opportunity("Won too soon");
  shown["visible"] = true;
  const auto early = world.new_opportunity(shown);
  world.sync();
  world.advance(minutes(61));
  world.sync();
  world.crm_edit(early, {{"stage", "won"}});
  world.sync();
  world.advance(hours(5));
  world.sync();
  ASSERT_EQ(world.deal_of(early).reason, "early_won") << world.deal_of(early).message;
  const auto differences = [&] {
    std::size_t found = 0;
    const auto runs = world.store().runs(100);
    EXPECT_TRUE(runs);
    for (const auto& run : *runs) {
      const auto report = engine::recheck(world.pair(), run.id);
      EXPECT_TRUE(report) << report.error().message;
      if (!report) continue;
      found += report->differences.size();
      for (const auto& d : report->differences) ADD_FAILURE() << d.summary << "\n" << d.before << "\n" << d.now;
    }
    return found;
  };
  // Another day, another configuration.
  rules.clocks.won_after = hours(1);
  rules.registration.rates = {};
  rules.registration.least_value_usd = 1;
  rules.registration.eligible_solutions = {"SOL-OTHER"};
  world.pair().settings.early_won = engine::EarlyWon::send;
  world.pair().settings.gates[Irreversible::won] = engine::Gate::never;
  EXPECT_EQ(differences(), 0U);
}

// Two full systems of the same deals, with nothing that ties them: what is sure is linked, what is not waits.
Json deal_of_customer(const std::string& customer, const std::string& name) {
  auto words = usual_opportunity(name);
  words["account"] = {{"name", customer}};
  return words;
}

TEST_P(Link, WhatIsSurelyTheSameDealIsLinkedWithoutAKeyAndWhatIsTiedWaitsForAPerson) {
  World world({.crm = GetParam()});
  const auto sure = world.new_opportunity(deal_of_customer("Alder Foods", "Data platform"));
  const auto one_of_two = world.new_opportunity(deal_of_customer("Birch Mills", "Telephony"));
  const auto other_of_two = world.new_opportunity(deal_of_customer("Birch Mills", "Telephony"));
  world.sync();
  ASSERT_EQ(world.referrals().size(), 3U);
  // As if somebody had typed them in on both sides: no id of the other one anywhere.
  for (const auto& id : {sure, one_of_two, other_of_two}) forget_bridge_columns(world, id);
  world.wire = [](Side side, const http::Request& r, const World::Go& go) {
    auto answer = go(r);
    if (side != Side::partner_center) return answer;
    return without_reference(std::move(answer));
  };
  world.lose_store();
  world.advance(minutes(5));
  world.reset_stats();
  world.sync();
  EXPECT_FALSE(world.deal_of(sure).partner_center.record_id.empty());
  for (const auto& id : {one_of_two, other_of_two}) {
    EXPECT_EQ(world.deal_of(id).reason, "doubtful_match");
    EXPECT_TRUE(world.deal_of(id).partner_center.record_id.empty()) << "nothing is guessed";
  }
  EXPECT_EQ(world.referrals().size(), 3U) << "and nothing is created beside what may be there";
  EXPECT_EQ(world.opportunities().size(), 3U);
}

// The doubt is over once the records themselves say that they belong together.
TEST_P(Link, AKeyThatAPersonTypesInEndsTheDoubt) {  // I-01, I-16
  for (const bool in_crm : {true, false}) {
    World world({.crm = GetParam()});
    const auto one = world.new_opportunity(deal_of_customer("Birch Mills", "Telephony"));
    const auto other = world.new_opportunity(deal_of_customer("Birch Mills", "Telephony"));
    world.sync();
    const std::string referral = world.referral_of(one)["id"];
    for (const auto& id : {one, other}) forget_bridge_columns(world, id);
    for (const Json& r : world.referrals()) {
      world.portal_edit(r["id"], Json::array({replaced("/externalReferenceId", "")}));
    }
    world.lose_store();
    world.advance(minutes(5));
    world.sync();
    ASSERT_EQ(world.deal_of(one).reason, "doubtful_match");
    if (in_crm) {
      world.crm_edit(one, {{"referral_id", referral}});
    } else {
      world.portal_edit(referral, Json::array({replaced("/externalReferenceId", one)}));
    }
    for (int run = 0; run < 3; ++run) {
      world.advance(minutes(5));
      EXPECT_FALSE(world.sync().stopped);
    }
    EXPECT_EQ(world.deal_of(one).partner_center.record_id, referral);
    EXPECT_EQ(world.deal_of(one).state, store::DealState::in_sync) << world.deal_of(one).message;
    EXPECT_EQ(world.referrals().size(), 2U);
  }
}

// The keys of before are still there when the records are read again, and say nothing against it.
TEST_P(Link, WhatAPersonCallsDealsOfTheirOwnIsNotTiedByTheKeysThatItCarried) {  // I-16
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  const std::string referral = world.referral_of(id)["id"];
  ASSERT_TRUE(engine::unlink_deal(world.pair(), world.deal_of(id).id));
  ASSERT_TRUE(engine::match_with_none(world.pair(), world.deal_of(id).id));
  ASSERT_TRUE(engine::match_with_none(world.pair(), world.deal_of(referral).id));
  world.portal_edit(referral, Json::array({replaced("/details/notes", "Call Sam first.")}));
  world.crm_edit(id, {{"value", 61000}});
  for (int run = 0; run < 3; ++run) {
    world.advance(minutes(5));
    EXPECT_FALSE(world.sync().stopped);
  }
  EXPECT_NE(world.deal_of(id).partner_center.record_id, referral);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  EXPECT_EQ(world.deal_of(referral).crm.record_id, "");
  EXPECT_EQ(world.referrals().size(), 2U);
}

TEST_P(Link, OfTwoThatNameTheSameUnknownRecordTheOneThatIsCorrectedIsHeldNoLonger) {  // I-01, I-16
  World world({.crm = GetParam(), .plain_key = true});
  const std::string nowhere = "0f0e0d0c-1111-4222-8333-444455556666";
  std::vector<std::string> ids;
  for (const char* name : {"Alder Foods", "Birch Mills", "Cedar Logistics"}) {
    auto words = usual_opportunity(name);
    words["plain_key"] = nowhere;
    ids.push_back(world.new_opportunity(words));
  }
  world.sync();
  std::string corrected;
  for (const auto& id : ids) {
    if (world.deal_of(id).partner_center.record_id == nowhere) corrected = id;
  }
  ASSERT_EQ(world.deal_of(corrected).reason, "clone");
  world.crm_edit(corrected, {{"plain_key", nullptr}});
  for (int run = 0; run < 3; ++run) {
    world.advance(minutes(5));
    EXPECT_FALSE(world.sync().stopped);
  }
  EXPECT_EQ(world.deal_of(corrected).state, store::DealState::in_sync) << world.deal_of(corrected).message;
  EXPECT_EQ(world.referrals().size(), 1U) << "the other two still name something unknown";
  for (const auto& id : ids) {
    if (id == corrected) continue;
    EXPECT_EQ(world.deal_of(id).reason, "clone") << world.deal_of(id).message;
    world.crm_edit(id, {{"plain_key", nullptr}});
  }
  for (int run = 0; run < 3; ++run) {
    world.advance(minutes(5));
    EXPECT_FALSE(world.sync().stopped);
  }
  EXPECT_EQ(world.referrals().size(), 3U);
  for (const auto& id : ids) EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
}

// The record that the key names is not there. As soon as it names another one, or none, that counts.
TEST_P(Link, AMistypedKeyIsCorrectedByTypingItAnew) {  // I-01, I-16
  for (const bool names_another : {true, false}) {
    World world({.crm = GetParam()});
    const auto first = world.new_opportunity(usual_opportunity("Alder Foods"));
    world.sync();
    ASSERT_TRUE(engine::unlink_deal(world.pair(), world.deal_of(first).id));
    world.advance(minutes(5));
    world.sync();
    const std::string free_one = world.referrals()[0]["id"];
    auto words = usual_opportunity("Birch Mills");
    words["referral_id"] = "0f0e0d0c-1111-4222-8333-444455556666";
    const auto id = world.new_opportunity(words);
    world.advance(minutes(5));
    world.sync();
    ASSERT_EQ(world.deal_of(id).reason, "not_found") << world.deal_of(id).message;
    EXPECT_NE(world.deal_of(id).next_step.find(world.column("referral_id")), std::string::npos)
        << world.deal_of(id).next_step;
    world.crm_edit(id, {{"referral_id", names_another ? Json(free_one) : Json(nullptr)}});
    for (int run = 0; run < 3; ++run) {
      world.advance(minutes(5));
      EXPECT_FALSE(world.sync().stopped);
    }
    EXPECT_EQ(world.deal_of(id).partner_center.record_id == free_one, names_another);
    EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
    EXPECT_EQ(world.referrals().size(), names_another ? 1U : 2U);
  }
}

TEST_P(Link, AMistypedCrmIdIsCorrectedInPartnerCenter) {  // I-01, I-16
  std::string nowhere;
  {
    World another({.crm = GetParam(), .seed = 2});
    for (int i = 0; i < 3; ++i) nowhere = another.new_opportunity(usual_opportunity("Alder Foods"));
  }
  World world({.crm = GetParam()});
  const std::string referral = world.inbound({{"name", "Sent by Microsoft"}})["id"];
  world.portal_edit(referral, Json::array({replaced("/status", "Active"), replaced("/substatus", "Accepted")}));
  world.portal_edit(referral, Json::array({replaced("/externalReferenceId", nowhere)}));
  world.sync();
  ASSERT_EQ(world.deal_of(referral).crm.record_id, nowhere);
  ASSERT_EQ(world.deal_of(referral).reason, "not_found") << world.deal_of(referral).message;
  world.portal_edit(referral, Json::array({replaced("/externalReferenceId", "")}));
  for (int run = 0; run < 3; ++run) {
    world.advance(minutes(5));
    EXPECT_FALSE(world.sync().stopped);
  }
  ASSERT_EQ(world.opportunities().size(), 1U) << world.deal_of(referral).message;
  EXPECT_EQ(world.deal_of(referral).crm.record_id, world.opportunities().at(0)["id"]);
  EXPECT_EQ(world.deal_of(referral).state, store::DealState::in_sync) << world.deal_of(referral).message;
}

// The tie stays, and the key is set back: whoever typed it is told so, and how the tie is changed.
TEST_P(Link, AKeyThatIsTypedAnewOnALiveTieIsSetBackAndTold) {  // I-16, I-06
  for (const bool in_crm : {true, false}) {
    World world({.crm = GetParam()});
    const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
    const auto other = world.new_opportunity(usual_opportunity("Birch Mills"));
    world.sync();
    world.advance(minutes(5));
    world.sync();
    const std::string referral = world.deal_of(id).partner_center.record_id;
    const std::string typed = in_crm ? world.deal_of(other).partner_center.record_id : other;
    ASSERT_TRUE(engine::unlink_deal(world.pair(), world.deal_of(other).id));
    if (in_crm) {
      world.crm_edit(other, {{"referral_id", nullptr}});  // the column may be unique
      world.crm_edit(id, {{"referral_id", typed}});
    } else {
      world.portal_edit(referral, Json::array({replaced("/externalReferenceId", typed)}));
    }
    world.advance(minutes(5));
    const auto report = world.sync();
    EXPECT_EQ(report.warnings_total, 1);
    const auto deal = world.deal_of(id);
    EXPECT_EQ(deal.partner_center.record_id, referral);
    EXPECT_EQ(world.opportunity(id)["referral_id"], referral);
    EXPECT_NE(deal.message.find(typed), std::string::npos) << deal.message;
    EXPECT_NE(deal.message.find("set back"), std::string::npos) << deal.message;
    EXPECT_NE(deal.next_step.find("cosell deals unlink " + id), std::string::npos) << deal.next_step;
    const std::string link = in_crm ? id + " " + typed : typed + " " + referral;
    EXPECT_NE(deal.next_step.find("cosell deals link " + link), std::string::npos) << deal.next_step;
    EXPECT_EQ(deal.marks.count(engine::warning_mark), 1U) << "todo lists it";
    EXPECT_NE(world.opportunity(id)["message"].get<std::string>().find("set back"), std::string::npos);
    world.advance(minutes(5));
    EXPECT_EQ(world.sync().warnings_total, 0) << "told once";
    world.advance(days(8));
    world.sync();
    EXPECT_EQ(world.deal_of(id).marks.count(engine::warning_mark), 0U) << "and not for ever";
    EXPECT_EQ(world.deal_of(id).message.find("set back"), std::string::npos);
  }
}

// What people type is not always an id; no command is made of it.
TEST_P(Link, WordsThatAreTypedForAKeyAreToldAndStandInNoCommand) {  // I-16
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  const std::string referral = world.deal_of(id).partner_center.record_id;
  world.portal_edit(referral, Json::array({replaced("/externalReferenceId", "Opp 4711; see Jon")}));
  world.advance(minutes(5));
  world.sync();
  const auto deal = world.deal_of(id);
  EXPECT_NE(deal.message.find("\"Opp 4711; see Jon\""), std::string::npos) << deal.message;
  EXPECT_EQ(deal.next_step.find("4711"), std::string::npos) << deal.next_step;
  world.advance(minutes(5));
  world.sync();
  for (const Json& one : world.referrals()) EXPECT_NE(one["externalReferenceId"], "Opp 4711; see Jon");
}

TEST_P(Link, TheSecondReferralFollowsOnceTheOneThatWasTakenApartNamesTheOpportunityNoLonger) {  // I-01, I-16, I-17
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  const std::string first = world.deal_of(id).partner_center.record_id;
  const std::string second = world.inbound({{"name", "Second"}})["id"];
  world.portal_edit(second, Json::array({replaced("/status", "Active"), replaced("/substatus", "Accepted"),
                                         replaced("/externalReferenceId", id)}));
  world.advance(minutes(5));
  world.sync();
  ASSERT_EQ(world.deal_of(id).reason, "twin");
  ASSERT_TRUE(engine::unlink_deal(world.pair(), world.deal_of(id).id));
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.deal_of(id).reason, "unlinked");
  EXPECT_EQ(world.deal_of(second).reason, "twin") << "the first one names it still";
  world.portal_edit(first, Json::array({replaced("/externalReferenceId", "")}));
  for (int run = 0; run < 3; ++run) {
    world.advance(minutes(5));
    EXPECT_FALSE(world.sync().stopped);
  }
  EXPECT_EQ(world.deal_of(id).partner_center.record_id, second);
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  EXPECT_EQ(world.deal_of(first).reason, "unlinked");
}

// Two of three records with one key were taken apart and another tie was made: the third still waits, and both say so.
TEST_P(Link, TheThirdOfThreeTwinsHoldsTheDealThatAPersonLinkedAnew) {  // I-16, I-17
  World world({.crm = GetParam()});
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  const std::string first = world.deal_of(id).partner_center.record_id;
  std::vector<std::string> twins;
  for (const char* name : {"Second", "Third"}) {
    const std::string twin = world.inbound({{"name", name}})["id"];
    world.portal_edit(twin, Json::array({replaced("/status", "Active"), replaced("/substatus", "Accepted"),
                                         replaced("/externalReferenceId", id)}));
    twins.push_back(twin);
  }
  world.advance(minutes(5));
  world.sync();
  ASSERT_EQ(world.deal_of(twins[1]).reason, "twin") << world.deal_of(twins[1]).message;
  ASSERT_EQ(world.deal_of(id).reason, "twin");
  ASSERT_TRUE(engine::unlink_deal(world.pair(), world.deal_of(id).id));
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.deal_of(id).reason, "unlinked") << world.deal_of(id).message;
  ASSERT_TRUE(engine::link_deals(world.pair(), world.deal_of(id).id, world.deal_of(twins[0]).id));
  world.crm_edit(id, {{"value", 61000}});
  world.advance(minutes(5));
  world.sync();
  EXPECT_EQ(world.deal_of(id).partner_center.record_id, twins[0]);
  EXPECT_EQ(world.deal_of(id).reason, "twin") << world.deal_of(id).message;
  EXPECT_NE(world.deal_of(id).message.find(twins[1]), std::string::npos) << world.deal_of(id).message;
  EXPECT_EQ(world.deal_of(twins[1]).reason, "twin");
  // As that says.
  world.portal_edit(twins[1], Json::array({replaced("/externalReferenceId", "")}));
  for (int run = 0; run < 3; ++run) {
    world.advance(minutes(5));
    world.sync();
  }
  EXPECT_EQ(world.deal_of(id).state, store::DealState::in_sync) << world.deal_of(id).message;
  EXPECT_NE(world.deal_of(twins[1]).reason, "twin") << world.deal_of(twins[1]).message;
  EXPECT_EQ(world.deal_of(first).reason, "unlinked");
}

}  // namespace
}  // namespace cosell::test
