// What the fault stories share. The id of the fault opens the name of its test; each test asserts that its fault fired
// and says what came of it.
#pragma once

#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/support/world.h"

namespace cosell::test {

inline const std::string referrals_route = "/v1.0/engagements/referrals";

inline Json scripted_fault(const std::string& method, const std::string& path, const Json& action, int after = 0,
                           int times = 1) {
  return Json::array(
      {{{"match", {{"method", method}, {"path", path}}}, {"after", after}, {"times", times}, {"action", action}}});
}

inline Json replace(const std::string& path, const Json& value) {
  return Json::array({{{"op", "replace"}, {"path", path}, {"value", value}}});
}

inline bool is_listing(Side side, const http::Request& r) {
  return side == Side::partner_center && r.method == "GET" && r.url.find(referrals_route + "?") != std::string::npos;
}
inline bool is_patch(Side side, const http::Request& r) { return side == Side::partner_center && r.method == "PATCH"; }
inline bool is_create_of_referral(Side side, const http::Request& r) {
  return side == Side::partner_center && r.method == "POST" && r.url.find(referrals_route) != std::string::npos;
}

// Changes the JSON body of an answer on its way.
inline net::Delivered changed(net::Delivered answer, const std::function<void(Json&)>& change) {
  Json body = Json::parse(answer.response.body, nullptr, false);
  if (body.is_discarded()) return answer;
  change(body);
  answer.response.body = body.dump();
  return answer;
}

// A deal that both sides agree on; the id of its opportunity.
inline std::string synced_deal(World& world, const std::string& name = "Alder Foods") {
  const auto id = world.new_opportunity(usual_opportunity(name));
  world.sync();
  world.advance(minutes(5));
  world.sync();
  world.advance(minutes(5));
  return id;
}

inline std::string referral_id_of(World& world, const std::string& opportunity) {
  return world.referral_of(opportunity)["id"];
}

inline double value_of_referral(World& world, const std::string& opportunity) {
  return world.referral_of(opportunity)["details"]["dealValue"].get<double>();
}

inline std::int64_t writes_of_both(World& world) {
  return world.writes(Side::crm) + world.writes(Side::partner_center);
}

// Nobody edits any more: the first quiet run may learn versions, later ones write nothing (I-02).
inline void expect_quiet(World& world) {
  world.advance(minutes(10));
  world.sync();
  world.reset_stats();
  world.advance(minutes(10));
  world.sync();
  EXPECT_EQ(writes_of_both(world), 0);
}

class FaultStory : public testing::TestWithParam<const char*> {};

}  // namespace cosell::test
