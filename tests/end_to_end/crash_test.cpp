// Processes that are killed and replies that are lost: no deal twice, none missing, the audit whole.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>

#include "crm.h"
#include "pipeline.h"

namespace cosell::end_to_end {
namespace {

void expect_audit_whole(const Sandbox& sandbox) {
  for (const Arguments& check : {Arguments{"journal", "verify"}, Arguments{"store", "verify"}}) {
    const Ended ended = sandbox.cosell(check);
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  }
}

// The stories are told of every CRM.
class Crash : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(In, Crash, ::testing::ValuesIn(every_crm()), [](const auto& test) { return test.param; });

// Where a sync is when it is killed: its request number `after` of this kind hangs, applied or not.
struct Moment {
  Json match;
  bool at_crm;
  bool applied;
  int after;
};

constexpr const char* referrals_path = "/v1.0/engagements/referrals";

std::vector<Moment> moments(std::mt19937& draw, const Crm& crm) {
  const auto some = [&draw] { return static_cast<int>(draw() % 16); };
  const auto referrals = [](const char* method) { return Json{{"method", method}, {"path", referrals_path}}; };
  std::vector<Moment> out = {{crm.read_requests_match(), true, false, 1}, {referrals("GET"), false, false, 0}};
  for (const bool applied : {true, false}) {
    for (int i = 0; i < 2; ++i) out.push_back({referrals("POST"), false, applied, some()});
    out.push_back({referrals("PATCH"), false, applied, 0});  // the stages of those just created
    out.push_back({referrals("POST"), false, applied, some()});
  }
  for (const bool applied : {true, false}) {
    out.push_back({crm.write_requests_match(), true, applied, 0});  // when all are created
  }
  return out;
}

std::mt19937 seeded() {
  const char* const given = std::getenv("COSELL_SEED");
  const unsigned seed = given == nullptr ? 20261121U : static_cast<unsigned>(std::strtoul(given, nullptr, 10));
  std::cout << "seed " << seed << "\n";
  return std::mt19937(seed);
}

void kill_sync_at(const Moment& moment, const Sandbox& sandbox, std::mt19937& draw) {
  const StandIn& side = moment.at_crm ? sandbox.crm : sandbox.partner_center;
  side.fail(moment.match, moment.after, 1, Json{{"kind", moment.applied ? "delay" : "drop_before"}, {"ms", 600'000}});
  Process sync = sandbox.begin({"sync"});
  const bool hangs = eventually([&] { return side.faults_fired() == 1 || !sync.running(); });
  ASSERT_TRUE(hangs && sync.running()) << moment.match << " never came\n" << sync.out() << sync.err();
  pause_ms(static_cast<int>(draw() % 40));  // its other requests go on meanwhile
  sync.send(SIGKILL);
  ASSERT_EQ(sync.wait().signal, SIGKILL);
  side.heal();
}

// By count and not by time, so that every kill falls into the sync on machines of any speed.
TEST_P(Crash, KilledAtManyMomentsOfTheFirstSyncMakesEveryReferralOnce) {  // F-58
  std::mt19937 draw = seeded();
  const Pipeline pipeline(3600);  // more to create than the batches of all kills hold
  const auto sandbox = load(pipeline, GetParam());
  sandbox->configure("late_arrival", "2s");
  sandbox->configure("in_flight", {{"partner_center", 4}});  // which makes batches of 48, two of which may be under way
  sandbox->crm.set("page_size", 1000);                       // several pages
  for (const Moment& moment : moments(draw, *make_crm(*sandbox))) {
    ASSERT_NO_FATAL_FAILURE(kill_sync_at(moment, *sandbox, draw));
  }
  const Ended last = sandbox->cosell({"sync"});
  EXPECT_EQ(last.code, 0) << last.out << last.err;
  expect_referrals_match(pipeline, *sandbox);
  expect_audit_whole(*sandbox);
  EXPECT_EQ(sandbox->answer({"sync"})["done"], Json::object());
}

// What a sync writes of edits on both sides: a few requests of each kind.
std::vector<Moment> later_moments(std::mt19937& draw, const Crm& crm) {
  const Json patch = {{"method", "PATCH"}, {"path", referrals_path}};
  const auto one_of = [&draw](int n) { return static_cast<int>(draw() % static_cast<unsigned>(n)); };
  std::vector<Moment> out = {{crm.read_requests_match(), true, false, 0},
                             {{{"method", "GET"}, {"path", referrals_path}}, false, false, 0}};
  for (const bool applied : {true, false}) {
    out.push_back({patch, false, applied, one_of(5)});
    out.push_back({crm.write_requests_match(), true, applied, 0});
    out.push_back({patch, false, applied, one_of(3)});
  }
  std::shuffle(out.begin(), out.end(), draw);
  return out;
}

// At a distance, where several requests are under way at once; each edit is made right before a sync that is killed.
TEST_P(Crash, KilledAtManyMomentsOfLaterSyncsLosesNoEdit) {  // F-58, I-06
  std::mt19937 draw = seeded();
  const auto sandbox = load(Pipeline(400), GetParam());
  sandbox->configure("late_arrival", "2s");
  ASSERT_EQ(sandbox->cosell({"sync"}).code, 0);
  for (const StandIn& side : {sandbox->crm, sandbox->partner_center}) side.set("latency_ms", 20);
  const auto crm = make_crm(*sandbox);
  const PartnerCenter partner_center(*sandbox);
  const std::vector<Json> referrals = partner_center.referrals();
  std::map<std::string, double> edited;  // by the referral's id
  std::size_t next = 0;
  double value = 1000;
  for (const Moment& moment : later_moments(draw, *crm)) {
    for (int i = 0; i < 10; ++i) {
      ASSERT_LT(next, referrals.size());
      const Json& referral = referrals[next++];
      edited[referral["id"]] = ++value;
      if (i % 2 == 0) {
        crm->edit(referral["externalReferenceId"], {{"value", value}});
      } else {
        partner_center.patch(partner_center.get(referral["id"]), {{"/details/dealValue", value}});
      }
    }
    ASSERT_NO_FATAL_FAILURE(kill_sync_at(moment, *sandbox, draw));
  }
  const Ended last = sandbox->cosell({"sync"});
  EXPECT_EQ(last.code, 0) << last.out << last.err;
  const std::vector<Json> after = partner_center.referrals();
  EXPECT_EQ(after.size(), referrals.size());
  for (const Json& referral : after) {
    const auto wanted = edited.find(referral["id"].get<std::string>());
    if (wanted == edited.end()) continue;
    EXPECT_EQ(referral["details"]["dealValue"].get<double>(), wanted->second) << referral["name"];
    EXPECT_EQ(crm->opportunity(referral["externalReferenceId"])["value"].get<double>(), wanted->second);
  }
  EXPECT_EQ(sandbox->answer({"sync"})["done"], Json::object());
  expect_audit_whole(*sandbox);
}

class LostReply : public ::testing::TestWithParam<std::tuple<std::string, const char*>> {};

TEST_P(LostReply, ToACreateMakesNoTwin) {
  const auto [crm, loss] = GetParam();
  const Pipeline pipeline(60);
  const auto sandbox = load(pipeline, crm);
  sandbox->configure("late_arrival", "2s");
  sandbox->partner_center.fail(Json{{"method", "POST"}, {"path", "/v1.0/engagements/referrals"}}, 2, 3,
                               Json{{"kind", loss}});
  const Ended sync = sandbox->cosell({"sync"});
  EXPECT_EQ(sync.code, 0) << sync.out << sync.err;
  EXPECT_EQ(sandbox->partner_center.faults_fired(), 3);
  expect_referrals_match(pipeline, *sandbox);
  EXPECT_EQ(sandbox->answer({"sync"})["done"], Json::object());
  expect_audit_whole(*sandbox);
}

INSTANTIATE_TEST_SUITE_P(BeforeAndAfter, LostReply,
                         ::testing::Combine(::testing::ValuesIn(every_crm()),
                                            ::testing::Values("drop_after", "drop_before", "truncate")),
                         [](const auto& test) { return std::get<0>(test.param) + "_" + std::get<1>(test.param); });

TEST_P(Crash, ALostReplyOfTheCrmIsLookedUpNotSentAgain) {
  const Pipeline pipeline(60);
  const auto sandbox = load(pipeline, GetParam());
  const auto crm = make_crm(*sandbox);
  sandbox->crm.fail(crm->write_requests_match(), 0, 1, Json{{"kind", "drop_after"}});
  const Ended sync = sandbox->cosell({"sync"});
  EXPECT_EQ(sync.code, 0) << sync.out << sync.err;
  EXPECT_EQ(sandbox->crm.faults_fired(), 1);
  expect_referrals_match(pipeline, *sandbox);
  for (const Json& referral : PartnerCenter(*sandbox).referrals()) {
    EXPECT_EQ(crm->opportunity(referral["externalReferenceId"])["referral_id"], referral["id"]);
  }
  EXPECT_EQ(sandbox->answer({"sync"})["done"], Json::object());
}

}  // namespace
}  // namespace cosell::end_to_end
