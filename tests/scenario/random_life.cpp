// The order of a life, and what it draws and counts.
#include "tests/scenario/random_life.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace cosell::test {

std::uint64_t number_from(const char* variable, std::uint64_t usual) {
  const char* text = std::getenv(variable);
  return text == nullptr || *text == '\0' ? usual : std::strtoull(text, nullptr, 10);
}

Life::Life(const char* crm, std::uint64_t seed, People people, Counts& counts)
    : people_(people), options_(options_of(crm, seed, people)), world_(options_), counts_(counts), draw_(seed * 2 + 1) {
  all_.allow = {"creates", "closings", "sharings", "deletions"};
  world_.wire = [this](Side side, const http::Request& r, const World::Go& go) { return on_the_wire(side, r, go); };
  contact_ = world_.new_contact(
      {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
}

void Life::live() {
  for (int chapter = 0; chapter < 3 && !testing::Test::HasFailure(); ++chapter) {
    for (int event = 0; event < 25; ++event) happen();
    come_to_rest();
    look();
  }
  EXPECT_TRUE(world_.store().verify_journal());
  EXPECT_FALSE(own_referrals().empty()) << "nothing happened";
}

WorldOptions Life::options_of(const std::string& crm, std::uint64_t seed, People people) {
  WorldOptions options{.crm = crm, .seed = seed};
  if (people != People::err) return options;
  if (crm == "dynamics365" && seed % 4 == 3) options.crm = "dynamics365_process";
  if (seed % 2 == 1) options.settle = minutes(60);
  options.plain_key = seed % 3 == 0;
  options.page_size = seed % 5 == 0 ? 2 : 100;
  options.any_order = seed % 7 == 0;
  return options;
}

void Life::count(const std::string& what) {
  count_more(what, 1);
  tell(what);
}

void Life::count_more(const std::string& what, std::int64_t times) {
  Count& count = counts_[what];
  if (count.times == 0) count.first_seed = options_.seed;
  count.times += times;
}

void Life::tell(const std::string& what) {
  static const bool tells = number_from("COSELL_TELL", 0) > 0;
  if (tells) std::cout << to_string(world_.clock().now()) << " " << what << "\n";
}

void Life::happen() {
  if (people_ == People::meddle && chance(25)) return meddle();
  if (people_ == People::err && chance(35)) return chance(25) ? meddle() : err();
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
      break_something();
      if (people_ != People::err) return;
      seller_edits();  // so that there is something to fail
      begin_in_crm();
      (void)world_.sync(all_);
      return;
    case 9:
      return die();
    default:
      world_.advance(minutes(static_cast<std::int64_t>(1 + below(chance(10) ? 4000 : 90))));
      tell("sync");
      (void)world_.sync(all_);
  }
}

std::vector<Json> Life::own_referrals() {
  std::vector<Json> out;
  for (const auto& r : world_.referrals()) {
    if (r.value("organizationId", "") != "msft") out.push_back(r);
  }
  return out;
}

std::optional<DealId> Life::some_deal(const std::function<bool(const store::DealRow&)>& which) {
  std::vector<DealId> ids;
  for (const auto& row : world_.deals()) {
    if (which(row)) ids.push_back(row.id);
  }
  if (ids.empty()) return std::nullopt;
  const DealId chosen = ids[below(ids.size())];
  const auto row = **world_.store().deal(chosen);
  tell("of " + row.title + " " + row.crm.record_id + " " + row.partner_center.record_id);
  return chosen;
}

void Life::with_some_deal(const std::function<bool(const store::DealRow&)>& which,
                          const std::function<void(DealId)>& what) {
  if (const auto id = some_deal(which)) what(*id);
}

std::optional<Json> Life::some_opportunity() {
  auto there = world_.opportunities();
  std::erase_if(
      there, [this](const Json& o) { return std::find(deleted_.begin(), deleted_.end(), o["id"]) != deleted_.end(); });
  if (there.empty() || crm_refuses_) return std::nullopt;
  const Json& chosen = there[below(there.size())];
  tell("of " + chosen["id"].get<std::string>() + " " + chosen["name"].get<std::string>());
  return chosen;
}

Json Life::referral_with(const std::string& id) {
  for (auto& r : own_referrals()) {
    if (r["id"] == id) return r;
  }
  return nullptr;
}

void Life::come_to_rest() {
  for (const Side side : {Side::crm, Side::partner_center}) {
    count_faults(side);
    world_.faults(side, Json::array());
  }
  if (std::exchange(crm_refuses_, false)) world_.crm_refuses_nothing();
  edits_before_write_ = keeps_next_write_ = false;
  world_.set_machine_clock_ahead({});
  for (auto& [side, request] : std::exchange(kept_back_, {})) {
    (void)world_.send(side, request);
    count(std::string("write arrived late, ") + store::name_of(side));
  }
  resting_ = true;
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

}  // namespace cosell::test
