// Which status Partner Center gives to a value that it does not take is not documented. Under each that may be, the
// deal fails once, in the service's words, and nothing is sent again until somebody changes it.
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "faults.h"

namespace cosell::test {
namespace {

using CrmAndStatus = std::tuple<const char*, int>;

class RefusalStatus : public testing::TestWithParam<CrmAndStatus> {
 protected:
  static WorldOptions options() {
    WorldOptions o;
    o.crm = std::get<0>(GetParam());
    return o;
  }
  void expect_refused(const std::string& id) {
    const auto deal = world_.deal_of(id);
    EXPECT_EQ(deal.state, store::DealState::failed);
    EXPECT_EQ(deal.message, "Partner Center did not accept the close date: The close date lies in the past.");
    EXPECT_NE(deal.next_step.find("Correct the value"), std::string::npos) << deal.next_step;
  }

  World world_{options()};
  int status_ = std::get<1>(GetParam());
};
std::string name_of_crm_and_status(const testing::TestParamInfo<CrmAndStatus>& position) {
  return std::string(std::get<0>(position.param)) + std::to_string(std::get<1>(position.param));
}
INSTANTIATE_TEST_SUITE_P(Positions, RefusalStatus,
                         testing::Combine(testing::Values("salesforce", "dynamics365"), testing::Values(400, 409, 422)),
                         name_of_crm_and_status);

TEST_P(RefusalStatus, AValueThatIsNotTakenIsToldOnceAndSentOnce) {  // I-02
  world_.control(Side::partner_center, "POST", "settings",
                 {{"past_close_date_allowed", false}, {"refusal_status", status_}});
  const auto edited = synced_deal(world_, "Edited");
  Json late = usual_opportunity("Created");
  late["close_date"] = "2026-01-05";
  const auto created = world_.new_opportunity(late);
  world_.crm_edit(edited, {{"close_date", "2026-01-05"}});
  world_.advance(minutes(5));
  world_.reset_stats();
  world_.sync();
  EXPECT_EQ(world_.writes(Side::partner_center), 2) << "one POST and one PATCH";
  for (int run = 0; run < 4; ++run) {
    expect_refused(edited);
    expect_refused(created);
    world_.advance(hours(3));
    world_.reset_stats();
    world_.sync();
    EXPECT_EQ(writes_of_both(world_), 0) << "run " << run;
  }
  world_.crm_edit(edited, {{"close_date", "2027-04-30"}});
  world_.crm_edit(created, {{"close_date", "2027-04-30"}});
  world_.advance(minutes(5));
  world_.reset_stats();
  world_.sync();
  EXPECT_EQ(world_.writes(Side::partner_center), 3) << "the date, the create, and the stage that follows a create";
  for (const auto& id : {edited, created}) {
    EXPECT_EQ(world_.deal_of(id).state, store::DealState::in_sync) << world_.deal_of(id).message;
    EXPECT_EQ(world_.referral_of(id)["details"]["closingDateTime"], "2027-04-30T00:00:00Z");
  }
}

// A create carries no version. A service that does not take a second referral of the same opportunity says so with 409
// when the first one arrived though its answer was lost, and lists have not shown it in time.
TEST_P(RefusalStatus, ACreateThatMeetsItsOwnReferralMakesNoSecondOneAndIsLinked) {  // I-17
  const auto id = world_.new_opportunity(usual_opportunity("Alder Foods"));
  world_.control(Side::partner_center, "POST", "settings", {{"list_lag_ms", 6 * 3'600'000}});
  world_.faults(Side::partner_center, scripted_fault("POST", referrals_route, {{"kind", "drop_after"}}));
  world_.wire = [this](Side side, const http::Request& r, const World::Go& go) {
    if (!is_create_of_referral(side, r) || world_.referrals().empty()) return go(r);
    net::Delivered answer;
    answer.response.status = status_;
    answer.response.headers.set("Content-Type", "application/json");
    answer.response.body = R"({"error":{"code":"invalidRequest","target":"/externalReferenceId",
                               "message":"There is a referral with this CRM ID already."}})";
    return answer;
  };
  world_.sync();
  bool refused = false;
  for (int run = 0; run < 12; ++run) {
    world_.advance(minutes(50));
    world_.reset_stats();
    world_.sync();
    EXPECT_LE(world_.writes(Side::partner_center), 1);
    refused = refused ||
              world_.deal_of(id).message.find("There is a referral with this CRM ID already.") != std::string::npos;
  }
  EXPECT_TRUE(refused) << "the lists showed it before the create was sent again";
  EXPECT_EQ(world_.referrals().size(), 1U);
  EXPECT_EQ(world_.deal_of(id).state, store::DealState::in_sync) << world_.deal_of(id).message;
  EXPECT_EQ(world_.opportunity(id)["referral_id"], world_.referrals()[0]["id"]);
}

}  // namespace
}  // namespace cosell::test
