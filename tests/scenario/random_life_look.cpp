// What must hold when a life has come to rest.
#include <gtest/gtest.h>

#include "engine/decide.h"
#include "engine/marks.h"
#include "engine/words.h"
#include "tests/scenario/random_life.h"

namespace cosell::test {

namespace {

std::string text_in(const Json& record, const char* name) {
  return record.contains(name) && record[name].is_string() ? record[name].get<std::string>() : "";
}

}  // namespace

void Life::look() {
  quiet_runs_write_nothing();
  std::set<std::string> keys;
  std::map<std::string, Json> opportunities;
  for (const auto& o : world_.opportunities()) {
    if (std::find(deleted_.begin(), deleted_.end(), o["id"]) != deleted_.end()) continue;
    opportunities.emplace(o["id"], o);
    const std::string key = o[key_word()].is_string() ? o[key_word()].get<std::string>() : "";
    if (key.empty() || people_ == People::err) continue;
    EXPECT_TRUE(keys.insert(key).second) << "two opportunities name the referral " << key;
  }
  if (people_ == People::edit) {
    for (const auto& id : opportunities_) (void)world_.referral_of(id);  // fails where there are two (I-17)
  }
  std::map<std::string, Json> referrals;
  for (const auto& r : own_referrals()) {
    referrals.emplace(r["id"], r);
    says_how_it_stands(r["name"], world_.deal_of(r["id"]));
  }
  for (const auto& [id, o] : opportunities) says_how_it_stands(o["name"], world_.deal_of(id));
  for (const auto& row : world_.deals()) {
    count("deal at rest: " + std::string(store::name_of(row.state)) + " " + row.reason);
    if (row.state == store::DealState::failed) count("failed at rest: " + row.message.substr(0, 120));
    if (!linked(row)) continue;
    const auto opportunity = opportunities.find(row.crm.record_id);
    const auto referral = referrals.find(row.partner_center.record_id);
    if (opportunity != opportunities.end()) the_seller_reads_it(row, opportunity->second);
    if (row.state != store::DealState::in_sync) continue;
    EXPECT_TRUE(opportunity != opportunities.end() && referral != referrals.end()) << row.title << " is gone";
    if (opportunity == opportunities.end() || referral == referrals.end()) continue;
    no_other_holds_its_key(row, opportunities, referrals);
    if (row.marks.count("choice.standing") == 0) agree(referral->second, opportunity->second);
  }
  last_value_.clear();
  spoilt_.clear();
  all_are_spoilt_ = resting_ = false;
}

void Life::says_how_it_stands(const std::string& name, const store::DealRow& deal) {
  EXPECT_TRUE(deal.state == store::DealState::in_sync || !deal.message.empty())
      << name << " does not say why it is " << store::name_of(deal.state);
  EXPECT_NE(deal.state, store::DealState::changed) << name << " has come to rest and is not at rest";
  EXPECT_NE(deal.reason, "checking") << name << " still waits for a lost write";
}

void Life::the_seller_reads_it(const store::DealRow& row, const Json& opportunity) {
  if (!engine::refused_writes(row).empty() || row.state == store::DealState::skipped) return;
  if (row.marks.count("clone_of") > 0 || row.crm.existence != store::Existence::live) return;
  EXPECT_EQ(opportunity["state"], engine::words::state_title(row)) << row.title << ": " << row.message;
}

void Life::no_other_holds_its_key(const store::DealRow& row, const std::map<std::string, Json>& opportunities,
                                  const std::map<std::string, Json>& referrals) {
  const auto is_tied_elsewhere = [this](const std::string& record) {
    const auto deal = world_.deal_of(record);
    return linked(deal) || deal.marks.count(engine::unlinked_mark) > 0 || deal.marks.count(engine::no_match_mark) > 0 ||
           deal.marks.count(engine::restarted_mark) > 0;
  };
  for (const auto& [id, o] : opportunities) {
    if (id == row.crm.record_id || o[key_word()] != row.partner_center.record_id || is_tied_elsewhere(id)) continue;
    ADD_FAILURE() << row.title << " is called in sync, and opportunity " << id << " holds its key too";
  }
  for (const auto& [id, r] : referrals) {
    const bool holds = r["status"] != "Closed" && text_in(r, "externalReferenceId") == row.crm.record_id;
    if (id == row.partner_center.record_id || !holds || is_tied_elsewhere(id)) continue;
    ADD_FAILURE() << row.title << " is called in sync, and referral " << id << " holds its key too";
  }
}

void Life::quiet_runs_write_nothing() {
  for (int i = 0; i < 2; ++i) {
    world_.advance(minutes(30));
    const auto written = world_.writes(Side::crm) + world_.writes(Side::partner_center);
    (void)world_.sync(all_);
    EXPECT_EQ(world_.writes(Side::crm) + world_.writes(Side::partner_center), written) << "a quiet run wrote";
  }
}

void Life::agree(const Json& referral, const Json& opportunity) {
  const std::string name = referral["name"];
  const std::string stage = opportunity["stage"];
  const bool closed_there = stage == "won" || stage == "lost";
  if (referral["status"] != "Active") {  // closed: edits of either side stay where they are (L-7)
    const bool won = referral["substatus"] == "Won";
    EXPECT_TRUE(referral["status"] == "New" || stage == (won ? "won" : "lost")) << name << " is called in sync";
    return;
  }
  EXPECT_FALSE(closed_there) << name << " is called in sync and is " << stage << " in the CRM";
  EXPECT_EQ(opportunity["name"], name);
  const auto number = [](const Json& v) { return v.is_number() ? v.get<double>() : std::stod(v.get<std::string>()); };
  const double value = number(referral["details"]["dealValue"]);
  EXPECT_EQ(number(opportunity["value"]), value) << name << " is called in sync";
  const std::string percent = text_in(referral, "salesStage");
  EXPECT_TRUE(stage == percent || percent.empty()) << name << " is called in sync: " << stage << " and " << percent;
  const auto here = last_value_.find(opportunity["id"]);
  const auto there = last_value_.find(referral["id"]);
  const bool both = here != last_value_.end() && there != last_value_.end();
  const auto edited = here != last_value_.end() ? here : there;
  if (both || edited == last_value_.end() || is_spoilt(opportunity) || is_spoilt(referral)) return;
  EXPECT_EQ(value, edited->second) << name << ": the last edit is gone";
}

}  // namespace cosell::test
