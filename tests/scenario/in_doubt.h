// For tests of deals whose writes are in doubt: an answer that got lost, and what people do meanwhile.
#pragma once

#include <string>

#include "between.h"
#include "faults.h"

namespace cosell::test {

class InDoubt : public FaultStory {
 protected:
  // The process dies when the referral's update has reached Partner Center.
  static void die_while_updating(World& world, const std::string& id) {
    world.crm_edit(id, {{"value", 61000}});
    world.advance(minutes(5));
    world.wire = [&world](Side side, const http::Request& r, const World::Go& go) {
      if (is_patch(side, r)) world.crash_after_requests(1);
      return go(r);
    };
    EXPECT_TRUE(world.sync_until_crash());
    world.wire = nullptr;
    world.restart();
  }
};

inline Json closed_as_lost() {
  return Json::array({{{"op", "replace"}, {"path", "/status"}, {"value", "Closed"}},
                      {{"op", "replace"}, {"path", "/substatus"}, {"value", "Lost"}},
                      {{"op", "replace"}, {"path", "/statusReason"}, {"value", "Other"}}});
}

inline Json as_accepted() {
  return Json::array({{{"op", "replace"}, {"path", "/status"}, {"value", "Active"}},
                      {{"op", "replace"}, {"path", "/substatus"}, {"value", "Accepted"}}});
}

inline std::string another_referral_that_names(World& world, const std::string& opportunity) {
  const std::string id = world.inbound({{"name", "Written by hand"}})["id"];
  world.portal_edit(id, as_accepted());
  world.portal_edit(id, replace("/externalReferenceId", opportunity));
  return id;
}

inline void sync_often(World& world, int runs = 3) {
  for (int run = 0; run < runs; ++run) {
    world.advance(minutes(5));
    EXPECT_FALSE(world.sync().stopped);
  }
}

// A referral of somebody else's deal, with a value of its own, that a person ties by hand.
inline std::string another_referral_worth(World& world, int value) {
  const std::string id = world.inbound({{"name", "Quite another name"}, {"dealValue", value}})["id"];
  world.portal_edit(id, as_accepted());
  return id;
}

inline double value_of_referral_by_id(World& world, const std::string& id) {
  for (const Json& r : world.referrals()) {
    if (r["id"] == id) return r["details"]["dealValue"].get<double>();
  }
  return 0;
}

// The value reaches the CRM, which gives no answer from then on.
inline void lose_the_answer_to_61000(World& world, bool& crm_is_down) {
  world.wire = [&crm_is_down](Side side, const http::Request& r, const World::Go& go) {
    if (side != Side::crm) return go(r);
    if (crm_is_down) return net::Delivered{net::Delivered::Kind::dropped_before, {}};
    auto answer = go(r);
    if (r.body.find("61000") != std::string::npos) {
      crm_is_down = true;
      answer.kind = net::Delivered::Kind::dropped_after;
    }
    return answer;
  };
}

}  // namespace cosell::test
