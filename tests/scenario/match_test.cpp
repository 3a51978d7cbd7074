// Who is linked and who waits, and in which words, against a naive specification that compares each with each.
#include "engine/match.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "engine/marks.h"
#include "engine/view.h"
#include "tests/support/world.h"

namespace cosell::test {
namespace {

// What the store should show after the search, from the records alone.
struct Expected {
  std::set<std::pair<std::string, std::string>> linked;  // opportunity and referral
  std::map<std::string, std::string> waits;              // record: why
};

struct Records {
  std::vector<store::DealRow> rows;  // as the search leaves them
  std::vector<Deal> opportunities, referrals;
  std::vector<const store::DealRow*> opportunity_rows, referral_rows;
};

Records records_of(World& world) {
  Records records;
  records.rows = world.deals();
  for (const auto& row : records.rows) {
    if (row.crm.image.valid()) {
      records.opportunities.push_back(world.pair().mapping->read(*world.store().image(row.crm.image)).deal);
      records.opportunity_rows.push_back(&row);
    }
    if (row.partner_center.image.valid()) {
      records.referrals.push_back(engine::referral_deal(*world.store().image(row.partner_center.image), {}));
      records.referral_rows.push_back(&row);
    }
  }
  return records;
}

using Scores = std::vector<std::vector<mapping::MatchScore>>;  // by opportunity and referral

// No other near it in its row and its column.
bool is_clear(const Scores& scores, std::size_t o, std::size_t r) {
  const int lead = 15;
  const auto near = [&](const mapping::MatchScore& other) {
    return other.likeness != mapping::Likeness::no && scores[o][r].points - other.points < lead;
  };
  for (std::size_t i = 0; i < scores[o].size(); ++i) {
    if (i != r && near(scores[o][i])) return false;
  }
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (i != o && near(scores[i][r])) return false;
  }
  return true;
}

Expected expected_of(World& world, const Records& records) {
  Scores scores;
  for (const Deal& opportunity : records.opportunities) {
    auto& row = scores.emplace_back();
    for (const Deal& referral : records.referrals) {
      row.push_back(world.pair().mapping->match_score(opportunity, referral));
    }
  }
  Expected expected;
  std::set<std::size_t> taken_opportunities;
  std::set<std::size_t> taken_referrals;
  for (std::size_t o = 0; o < scores.size(); ++o) {
    for (std::size_t r = 0; r < scores[o].size(); ++r) {
      if (scores[o][r].likeness != mapping::Likeness::sure || !is_clear(scores, o, r)) continue;
      taken_opportunities.insert(o);
      taken_referrals.insert(r);
      expected.linked.insert(
          {records.opportunity_rows[o]->crm.record_id, records.referral_rows[r]->partner_center.record_id});
    }
  }
  for (std::size_t o = 0; o < scores.size(); ++o) {
    if (taken_opportunities.count(o) > 0) continue;
    std::vector<std::size_t> candidates;
    for (std::size_t r = 0; r < scores[o].size(); ++r) {
      if (scores[o][r].likeness != mapping::Likeness::no && taken_referrals.count(r) == 0) candidates.push_back(r);
    }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [&](std::size_t a, std::size_t b) { return scores[o][a].points > scores[o][b].points; });
    std::vector<std::string> parts;
    for (const std::size_t r : candidates) {
      const auto& row = *records.referral_rows[r];
      expected.waits[row.partner_center.record_id] = "an opportunity of the same customer";
      if (parts.size() < 5) {
        parts.push_back(row.partner_center.record_id + " \"" + row.title + "\" (" +
                        std::to_string(scores[o][r].points) + " of 100: " + scores[o][r].because + ")");
      }
    }
    if (candidates.size() > 5) {
      parts.push_back(std::to_string(candidates.size() - 5) + " more of the same customer");
    }
    if (!parts.empty()) expected.waits[records.opportunity_rows[o]->crm.record_id] = text::join(parts, "; ");
  }
  return expected;
}

Expected found_in(const Records& records) {
  Expected found;
  for (const auto& row : records.rows) {
    if (!row.crm.record_id.empty() && !row.partner_center.record_id.empty()) {
      found.linked.insert({row.crm.record_id, row.partner_center.record_id});
    }
    const auto mark = row.marks.find(engine::match_mark);
    if (mark == row.marks.end()) continue;
    found.waits[row.crm.record_id.empty() ? row.partner_center.record_id : row.crm.record_id] = mark->second;
  }
  return found;
}

// Deals of few customers with few names and values, on both sides, with no id of the other side anywhere.
class Strangers {
 public:
  explicit Strangers(std::uint64_t seed) : random_(seed), world_({.seed = seed}) {
    const int deals = 3 + below(15);
    for (int i = 0; i < deals; ++i) {
      auto words = usual_opportunity(one_of({"Data platform", "Telephony", "Data platform phase 2", "Backup"}));
      words["account"] = {{"name", one_of({"Alder Foods", "Birch Mills"})}};
      words["value"] = 50'000 + 1000 * below(2);
      ids_.push_back(world_.new_opportunity(words));
    }
    world_.sync();
    for (const auto& id : ids_) world_.crm_edit(id, {{"referral_id", nullptr}});
    world_.wire = [](Side side, const http::Request& r, const World::Go& go) {
      auto answer = go(r);
      Json body = Json::parse(answer.response.body, nullptr, false);
      if (side == Side::crm || !body.is_object() || !body.contains("value")) return answer;
      for (auto& referral : body["value"]) referral.erase("externalReferenceId");
      answer.response.body = body.dump();
      return answer;
    };
    world_.lose_store();
  }

  void edit_some() {
    for (const auto& id : ids_) {
      switch (below(8)) {
        case 0:
          world_.crm_edit(id, {{"value", 70'000}});
          break;
        case 1:
          world_.crm_edit(id, {{"close_date", "2027-06-30"}});
          break;
        case 2:
          world_.crm_edit(id, {{"name", "Backup phase 2"}});
          break;
        default:
          break;
      }
    }
    world_.advance(minutes(5));
  }

  void search() {
    CycleOptions plan;
    plan.plan_only = true;  // reads both sides and searches
    world_.sync(plan);
  }

  World& world() { return world_; }

 private:
  int below(std::uint64_t n) { return static_cast<int>(random_.below(n)); }
  std::string one_of(const std::vector<std::string>& choices) { return choices[random_.below(choices.size())]; }

  SeededRandom random_;
  World world_;
  std::vector<std::string> ids_;
};

TEST(Match, LinksAndHoldsAsComparingEachWithEachSays) {
  std::size_t linked = 0;
  std::size_t waiting = 0;
  std::size_t more = 0;
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    Strangers strangers(seed);
    strangers.edit_some();
    strangers.search();
    const Records records = records_of(strangers.world());
    const Expected expected = expected_of(strangers.world(), records);
    const Expected found = found_in(records);
    EXPECT_EQ(found.linked, expected.linked) << seed;
    EXPECT_EQ(found.waits, expected.waits) << seed;
    linked += found.linked.size();
    waiting += found.waits.size();
    for (const auto& [record, why] : found.waits) more += why.find("more of the same customer") != std::string::npos;
  }
  EXPECT_GT(linked, 5U);
  EXPECT_GT(waiting, 50U);
  EXPECT_GT(more, 0U);
}

TEST(Match, ForgetsADoubtThatIsOver) {
  World world;
  const auto deal = [](const std::string& name) {
    auto words = usual_opportunity(name);
    words["account"] = {{"name", "Alder Foods"}};
    return words;
  };
  const auto one = world.new_opportunity(deal("Telephony"));
  const std::string referral = world.inbound(Json{{"customer", "Alder Foods"}, {"name", "Telephony"}})["id"];
  CycleOptions plan;
  plan.plan_only = true;
  world.sync(plan);
  ASSERT_EQ(world.deal_of(one).marks.count(engine::match_mark), 1U);
  ASSERT_EQ(world.deal_of(referral).marks.count(engine::match_mark), 1U);
  world.crm_edit(one, {{"name", "Something else"}});
  world.advance(minutes(5));
  world.sync(plan);
  EXPECT_EQ(world.deal_of(one).marks.count(engine::match_mark), 0U);
  EXPECT_EQ(world.deal_of(referral).marks.count(engine::match_mark), 0U);
}

}  // namespace
}  // namespace cosell::test
