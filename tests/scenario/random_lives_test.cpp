// Random lives: sellers, Microsoft and the portal edit at random, requests get lost, answers break off, the process
// dies in the middle of syncs. Afterwards everything comes to rest, and then what must always hold is looked at. A life
// follows from its seed alone; scripts/campaign simulation lives many more of them.
//   COSELL_LIVES=N  so many lives per CRM (1)   COSELL_SEED=N  the first life's seed (1)
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <set>

#include "engine/link.h"
#include "engine/restart.h"
#include "tests/support/world.h"

namespace cosell::test {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t usual) {
  const char* text = std::getenv(variable);
  return text == nullptr || *text == '\0' ? usual : std::strtoull(text, nullptr, 10);
}

const char* const kReferrals = "/v1.0/engagements/referrals";

// What people made of a record's value since the sides last came to rest; none: nobody did.
using Edits = std::map<std::string, int>;

class Life {
 public:
  enum class People : std::uint8_t { edit, meddle };

  Life(const char* crm, std::uint64_t seed, People people)
      : people_(people), world_({.crm = crm, .seed = seed}), draw_(seed * 2 + 1) {
    all_.allow = {"creates", "closings", "sharings", "deletions"};
    contact_ = world_.new_contact(
        {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
  }

  void live() {
    for (int chapter = 0; chapter < 3 && !testing::Test::HasFailure(); ++chapter) {
      for (int event = 0; event < 25; ++event) happen();
      come_to_rest();
      look();
    }
    EXPECT_TRUE(world_.store().verify_journal());
    EXPECT_FALSE(own_referrals().empty()) << "nothing happened";
  }

 private:
  std::uint64_t below(std::uint64_t n) { return draw_.below(n); }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  int new_value() { return value_ += 1000; }

  void happen() {
    if (people_ == People::meddle && chance(25)) return meddle();
    switch (below(12)) {
      case 0:
      case 1:
        return begin_in_crm();
      case 2:
        return begin_in_partner_center();
      case 3:
      case 4:
      case 5:
        return seller_edits();
      case 6:
        return portal_edits();
      case 7:
        return microsoft_answers();
      case 8:
        return break_something();
      case 9:
        return die();
      default:
        world_.advance(minutes(static_cast<std::int64_t>(1 + below(chance(10) ? 4000 : 90))));
        (void)world_.sync(all_);
    }
  }

  void begin_in_crm() {
    if (crm_refuses_) return;
    Json words = usual_opportunity("Deal " + std::to_string(++named_));
    words["contact"] = contact_;
    words["value"] = new_value();
    if (chance(30)) words["visible"] = true;
    if (chance(20)) words.update({{"help", "GeneralOrOther"}, {"help_notes", "A demo"}});
    const std::string id = world_.new_opportunity(words);
    edits_[id] = value_;
    opportunities_.push_back(id);
  }

  void begin_in_partner_center() { world_.inbound({{"name", "Sent " + std::to_string(++named_)}}); }

  // Any opportunity, also those that the bridge made.
  void seller_edits() {
    const auto there = world_.opportunities();
    if (there.empty() || crm_refuses_) return;
    const Json& one = there[below(there.size())];
    const bool closed = one["stage"] == "won" || one["stage"] == "lost";
    Json words;
    switch (below(7)) {
      case 0:
        words = {{"stage", chance(50) ? "40" : "80"}};
        break;
      case 1:
        words = {{"notes", "Note " + std::to_string(below(1000))}};
        break;
      case 2:
        words = {{"stage", "won"}};
        break;
      case 3:
        words = {{"stage", "lost"}, {"loss_reason", "Budget"}};
        break;
      case 4:
        words = {{"close_date", "2027-0" + std::to_string(1 + below(9)) + "-15"}};
        break;
      default:
        words = {{"value", new_value()}};
        edits_[one["id"]] = value_;
    }
    if (chance(60) && words.contains("stage") && words["stage"] != "40") return;  // most deals stay open
    if (closed && words.contains("stage") && words["stage"] != "40") return;      // it can only be opened again
    world_.crm_edit(one["id"], words);
  }

  std::vector<Json> own_referrals() {
    std::vector<Json> out;
    for (const auto& r : world_.referrals()) {
      if (r.value("organizationId", "") != "msft") out.push_back(r);
    }
    return out;
  }

  void portal_edits() {
    std::vector<Json> open;
    for (auto& r : own_referrals()) {
      if (r["status"] == "Active") open.push_back(r);
    }
    if (open.empty()) return;
    const Json& one = open[below(open.size())];
    world_.portal_edit(one["id"], {{{"op", "replace"}, {"path", "/details/dealValue"}, {"value", new_value()}}});
    edits_[one["id"]] = value_;
  }

  void microsoft_answers() {
    std::set<std::string> asked;
    const Json records = world_.control(Side::partner_center, "GET", "records");
    for (const auto& half : records["invited"]) {
      if (half["status"] == "New") asked.insert(half["engagementId"]);
    }
    for (const auto& own : own_referrals()) {
      if (asked.count(own["engagementId"]) == 0 || own["status"] == "Closed" || chance(50)) continue;
      Json answer = {{"referralId", own["id"]}, {"action", "accept"}};
      if (chance(30)) {
        answer["action"] = "decline";
        answer["reason"] = "No Microsoft seller directly manages this customer";
      }
      return world_.microsoft(answer);
    }
  }

  void break_something() {
    static const char* const kinds[] = {"drop_before", "drop_after", "truncate", "status", "html", "throttle"};
    Json action = {{"kind", kinds[below(6)]}};
    if (action["kind"] == "throttle") action["retry_after"] = 1;
    const auto after = static_cast<int>(below(4));
    const auto times = static_cast<int>(1 + below(3));
    if (chance(60)) {
      static const char* const methods[] = {"GET", "POST", "PATCH"};
      world_.faults(Side::partner_center,
                    Json::array({{{"match", {{"method", methods[below(3)]}, {"path", kReferrals}}},
                                  {"after", after},
                                  {"times", times},
                                  {"action", action}}}));
    } else {
      world_.faults(Side::crm,
                    Json::array({{{"match", Json::object()}, {"after", after}, {"times", times}, {"action", action}}}));
    }
  }

  // What people do to the ties of deals, and what refuses everything for a while: whatever is under way by then.
  void meddle() {
    switch (below(7)) {
      case 0:
        return with_some_deal([](const store::DealRow& row) { return linked(row); },
                              [this](DealId id) { (void)engine::unlink_deal(world_.pair(), id); });
      case 1:
        return link_two();
      case 2:
        return with_some_deal([](const store::DealRow& row) { return linked(row); },
                              [this](DealId id) { (void)engine::restart(world_.pair(), id); });
      case 3:
        return with_some_deal([](const store::DealRow& row) { return !linked(row); },
                              [this](DealId id) { (void)engine::match_with_none(world_.pair(), id); });
      case 4:
        return edit_a_key();
      case 5:
        return refuse_for_a_while();
      default:
        return edit_before_the_next_write();
    }
  }

  static bool linked(const store::DealRow& row) {
    return !row.crm.record_id.empty() && !row.partner_center.record_id.empty();
  }

  std::optional<DealId> some_deal(const std::function<bool(const store::DealRow&)>& which) {
    std::vector<DealId> ids;
    for (const auto& row : world_.deals()) {
      if (which(row)) ids.push_back(row.id);
    }
    if (ids.empty()) return std::nullopt;
    return ids[below(ids.size())];
  }
  void with_some_deal(const std::function<bool(const store::DealRow&)>& which,
                      const std::function<void(DealId)>& what) {
    const auto id = some_deal(which);
    if (!id) return;
    for (const auto& row : world_.deals()) {
      if (row.id == *id) tied_anew_.insert({row.crm.record_id, row.partner_center.record_id});
    }
    what(*id);
  }

  void link_two() {
    const auto alone = [](Side side) {
      return [side](const store::DealRow& row) {
        return !linked(row) && row.crm.record_id.empty() == (side != Side::crm);
      };
    };
    const auto opportunity = some_deal(alone(Side::crm));
    const auto referral = some_deal(alone(Side::partner_center));
    if (!opportunity || !referral) return;
    for (const auto& row : world_.deals()) {
      if (row.id == *opportunity) tied_anew_.insert(row.crm.record_id);
      if (row.id == *referral) tied_anew_.insert(row.partner_center.record_id);
    }
    (void)engine::link_deals(world_.pair(), *opportunity, *referral);
  }

  void edit_a_key() {
    std::vector<std::string> open;
    for (auto& r : own_referrals()) {
      if (r["status"] == "Active") open.push_back(r["id"]);
    }
    if (open.empty()) return;
    const bool clears = opportunities_.empty() || chance(50);
    const std::string key = clears ? "" : opportunities_[below(opportunities_.size())];
    const std::string& referral = open[below(open.size())];
    tied_anew_.insert({key, referral});
    world_.portal_edit(referral, {{{"op", "replace"}, {"path", "/externalReferenceId"}, {"value", key}}});
  }

  void refuse_for_a_while() {
    if (std::exchange(crm_refuses_, false)) return world_.crm_refuses_nothing();
    if (chance(40)) {
      crm_refuses_ = true;
      return world_.crm_refuses_values_above(value_ / 2, "No such values today");
    }
    static const int statuses[] = {403, 404, 412, 409};
    const Json action = {{"kind", "status"}, {"status", statuses[below(4)]}};
    world_.faults(Side::partner_center,
                  Json::array({{{"match", {{"method", chance(50) ? "PATCH" : "POST"}, {"path", kReferrals}}},
                                {"after", 0},
                                {"times", static_cast<int>(1 + below(30))},
                                {"action", action}}}));
  }

  void edit_before_the_next_write() {
    edits_before_write_ = true;
    world_.wire = [this](Side side, const http::Request& r, const World::Go& go) {
      const bool writes = r.method != "GET" && r.url.find("token") == std::string::npos;
      if (writes && std::exchange(edits_before_write_, false)) {
        if (side == Side::crm) {
          seller_edits();
        } else {
          portal_edits();
        }
      }
      return go(r);
    };
  }

  void die() {
    world_.crash_after_requests(static_cast<int>(1 + below(12)));
    world_.sync_until_crash();
    world_.crash_after_requests(0);
    world_.restart();
  }

  void come_to_rest() {
    world_.faults(Side::crm, Json::array());
    world_.faults(Side::partner_center, Json::array());
    if (std::exchange(crm_refuses_, false)) world_.crm_refuses_nothing();
    edits_before_write_ = false;
    for (int round = 0; round < 6; ++round) {
      world_.advance(hours(2));
      const auto report = world_.sync(all_);
      ASSERT_FALSE(report.stopped) << report.stopped->message;
      // What was under way when the process died is looked up in the first round, and may wait its minute.
      if (round > 0) {
        EXPECT_EQ(report.unanswered, 0);
      }
    }
  }

  void look() {
    quiet_runs_write_nothing();
    std::map<std::string, Json> by_referral;
    for (const auto& o : world_.opportunities()) {
      const std::string referral = o["referral_id"].is_string() ? o["referral_id"].get<std::string>() : "";
      if (referral.empty()) continue;
      EXPECT_TRUE(by_referral.emplace(referral, o).second) << "two opportunities name the referral " << referral;
    }
    if (people_ == People::edit) {
      for (const auto& id : opportunities_) (void)world_.referral_of(id);  // fails where there are two (I-17)
    }
    for (const auto& r : own_referrals()) {
      const auto deal = world_.deal_of(r["id"]);
      EXPECT_TRUE(deal.state == store::DealState::in_sync || !deal.message.empty())
          << r["name"] << " does not say why it is " << store::name_of(deal.state);  // I-01
      const auto found = by_referral.find(r["id"]);
      if (deal.state != store::DealState::in_sync || found == by_referral.end()) continue;
      agree(r, found->second);
    }
    edits_.clear();
    tied_anew_.clear();
  }

  // I-02: nobody does anything, so that nothing is written.
  void quiet_runs_write_nothing() {
    for (int i = 0; i < 2; ++i) {
      world_.advance(minutes(30));
      const auto written = world_.writes(Side::crm) + world_.writes(Side::partner_center);
      (void)world_.sync(all_);
      EXPECT_EQ(world_.writes(Side::crm) + world_.writes(Side::partner_center), written) << "a quiet run wrote";
    }
  }

  // I-01, I-06, I-07: the sides show the same, and of one person's edits the last one.
  void agree(const Json& referral, const Json& opportunity) {
    if (referral["status"] != "Active") return;  // closed: edits of either side stay where they are (L-7)
    const std::string name = referral["name"];
    EXPECT_EQ(opportunity["name"], name);
    const auto number = [](const Json& v) { return v.is_number() ? v.get<double>() : std::stod(v.get<std::string>()); };
    const double value = number(referral["details"]["dealValue"]);
    EXPECT_EQ(number(opportunity["value"]), value) << name << " is called in sync";
    const std::string own = opportunity["id"];
    const std::string theirs = referral["id"];
    // Where a person changed the tie, the mapping says whose value counts.
    if (tied_anew_.count(own) + tied_anew_.count(theirs) > 0) return;
    if (edits_.count(own) + edits_.count(theirs) != 1) return;
    EXPECT_EQ(value, edits_.count(own) > 0 ? edits_[own] : edits_[theirs]) << name << ": the last edit is gone";
  }

  const People people_;
  bool edits_before_write_ = false;
  bool crm_refuses_ = false;  // the bridge; people would only be told so
  World world_;
  SeededRandom draw_;
  CycleOptions all_;
  std::string contact_;
  int named_ = 0;
  int value_ = 10'000;
  std::vector<std::string> opportunities_;  // begun in the CRM
  Edits edits_;                             // by record
  std::set<std::string> tied_anew_;         // records whose tie people changed
};

class RandomLives : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Crm, RandomLives, testing::Values("salesforce", "dynamics365"), name_of_crm);

void live_many(const char* crm, Life::People people) {
  const std::uint64_t first = number_from("COSELL_SEED", 1);
  const std::uint64_t lives = number_from("COSELL_LIVES", 1);
  for (std::uint64_t seed = first; seed < first + lives; ++seed) {
    Life(crm, seed, people).live();
    if (testing::Test::HasFailure()) {
      std::cout << "again: COSELL_SEED=" << seed << " COSELL_LIVES=1, CRM " << crm << "\n";
      return;
    }
  }
}

TEST_P(RandomLives, EndWithBothSidesAgreedAndEveryEditKeptOrToldOf) {  // I-01, I-06
  live_many(GetParam(), Life::People::edit);
}

TEST_P(RandomLives, ThatPeopleMeddleWithComeToRestAgreedOrToldOf) {  // I-01, I-02, I-16
  live_many(GetParam(), Life::People::meddle);
}

}  // namespace
}  // namespace cosell::test
