// What goes wrong: requests, answers, logins, clocks, the store, the process.
#include "tests/scenario/random_life.h"

namespace cosell::test {

namespace {

const char* const kReferrals = "/v1.0/engagements/referrals";

}  // namespace

void Life::break_something() {
  static const char* const kinds[] = {"drop_before", "drop_after", "truncate", "status", "html", "throttle"};
  Json action = {{"kind", kinds[below(6)]}};
  if (action["kind"] == "throttle") action["retry_after"] = 1;
  const auto after = static_cast<int>(below(4));
  const auto times = static_cast<int>(1 + below(3));
  if (chance(60)) {
    static const char* const methods[] = {"GET", "POST", "PATCH"};
    plan_fault(Side::partner_center, {{"match", {{"method", methods[below(3)]}, {"path", kReferrals}}},
                                      {"after", after},
                                      {"times", times},
                                      {"action", action}});
  } else {
    plan_fault(Side::crm, {{"match", Json::object()}, {"after", after}, {"times", times}, {"action", action}});
  }
}

void Life::plan_fault(Side side, const Json& fault) {
  count_faults(side);
  world_.faults(side, Json::array({fault}));
  tell("fault " + fault.dump());
}

void Life::count_faults(Side side) {
  const Json planned = world_.control(side, "GET", "faults");
  for (const auto& fault : planned.is_array() ? planned : planned["faults"]) {
    const Json& action = fault["action"];
    std::string name = std::string("fault ") + store::name_of(side) + " " + action["kind"].get<std::string>();
    if (action.contains("status")) name += " " + std::to_string(action["status"].get<int>());
    if (fault["match"].contains("method")) name += " " + fault["match"]["method"].get<std::string>();
    count_more(name + ", planned", 1);
    count_more(name + ", fired", fault.value("fired", 0));
  }
}

void Life::refuse_for_a_while() {
  if (std::exchange(crm_refuses_, false)) return world_.crm_refuses_nothing();
  if (chance(40)) {
    crm_refuses_ = true;
    return world_.crm_refuses_values_above(value_ / 2, "No such values today");
  }
  static const int statuses[] = {403, 404, 412, 409};
  const Json action = {{"kind", "status"}, {"status", statuses[below(4)]}};
  plan_fault(Side::partner_center, {{"match", {{"method", chance(50) ? "PATCH" : "POST"}, {"path", kReferrals}}},
                                    {"after", 0},
                                    {"times", static_cast<int>(1 + below(30))},
                                    {"action", action}});
}

net::Delivered Life::on_the_wire(Side side, const http::Request& r, const World::Go& go) {
  const bool writes = r.method != "GET" && r.url.find("token") == std::string::npos;
  if (writes && std::exchange(edits_before_write_, false)) {
    count(std::string("edited between reading and writing, ") + store::name_of(side));
    if (side == Side::crm) {
      seller_edits();
    } else {
      portal_edits();
    }
  }
  if (writes && std::exchange(keeps_next_write_, false)) {
    kept_back_.emplace_back(side, r);
    return net::Delivered{net::Delivered::Kind::dropped_before, {}};
  }
  auto answer = go(r);
  const int status = answer.response.status;
  if (writes && status >= 400 && resting_) {
    count(std::string("refused at rest: ") + store::name_of(side) + " " + r.method + " " + std::to_string(status) +
          " " + answer.response.body.substr(0, 200));
  }
  return answer;
}

void Life::sets_the_clock() {
  static const std::int64_t minutes_ahead[] = {3, 61, 60 * 24 * 20, 60 * 24 * 400, -3, -61, -60 * 24 * 20};
  count("clock of the machine set wrong");
  world_.set_machine_clock_ahead(minutes(minutes_ahead[below(std::size(minutes_ahead))]));
  (void)world_.sync(all_);
  if (chance(50)) world_.set_machine_clock_ahead({});
}

void Life::doubles_or_delays_a_write() {
  if (chance(40)) {
    plan_fault(Side::partner_center, {{"match", {{"method", chance(50) ? "PATCH" : "POST"}, {"path", kReferrals}}},
                                      {"times", 1},
                                      {"action", {{"kind", "duplicate"}}}});
  } else if (chance(40)) {
    for (auto& [side, request] : std::exchange(kept_back_, {})) {
      (void)world_.send(side, request);
      count(std::string("write arrived late, ") + store::name_of(side));
    }
  } else {
    keeps_next_write_ = true;
  }
}

void Life::ends_logins_and_positions() {
  count("logins and read positions ended");
  switch (below(4)) {
    case 0:
      (void)world_.control(Side::partner_center, "POST", "revoke-logins", {{"access", true}});
      return;
    case 1:
      (void)world_.control(Side::crm, "POST", "expire", Json::object());
      return;
    case 2:
      if (world_.column("id") != "Id") (void)world_.control(Side::crm, "POST", "expire_delta", Json::object());
      return;
    default:
      return world_.advance(hours(24 * 33));
  }
}

void Life::changes_the_store() {
  switch (below(4)) {
    case 0:
      spoil_all();
      count("store lost");
      return world_.lose_store();
    case 1:
      if (!world_.put_back_store()) return;
      spoil_all();
      return count("store from a backup");
    default:
      return world_.keep_store();
  }
}

void Life::die() {
  world_.crash_after_requests(static_cast<int>(1 + below(12)));
  count(world_.sync_until_crash() ? "process died" : "process outlived its death");
  world_.crash_after_requests(0);
  world_.restart();
}

}  // namespace cosell::test
