// Processes that are killed and replies that are lost: no deal twice, none missing, the audit whole.
#include <gtest/gtest.h>
#include <signal.h>

#include <iostream>
#include <random>

#include "pipeline.h"

namespace cosell::end_to_end {
namespace {

void expect_audit_whole(const Sandbox& sandbox) {
  for (const Arguments& check : {Arguments{"journal", "verify"}, Arguments{"store", "verify"}}) {
    const Ended ended = sandbox.cosell(check);
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  }
}

TEST(Crash, KilledAtManyMomentsOfTheFirstSyncItMakesEveryReferralOnce) {
  constexpr unsigned seed = 20261121;
  constexpr int kills = 12;
  std::cout << "seed " << seed << "\n";
  std::mt19937 draw(seed);
  const Pipeline pipeline(1200);
  const auto sandbox = load(pipeline);
  sandbox->configure("late_arrival", "2s");
  sandbox->crm.set("latency_ms", 25);
  sandbox->partner_center.set("latency_ms", 25);
  int killed = 0;
  for (int i = 0; i < kills; ++i) {
    Process sync = sandbox->begin({"sync"});
    pause_ms(150 + static_cast<int>(draw() % 700));
    sync.send(SIGKILL);
    const Ended ended = sync.wait();
    killed += ended.signal == SIGKILL ? 1 : 0;
  }
  std::cout << killed << " of " << kills << " killed, " << PartnerCenter(*sandbox).referrals().size()
            << " referrals by then\n";
  EXPECT_GE(killed, kills / 2) << "the sync was over before it could be killed";
  const Ended last = sandbox->cosell({"sync"});
  EXPECT_EQ(last.code, 0) << last.out << last.err;
  expect_referrals_match(pipeline, *sandbox);
  expect_audit_whole(*sandbox);
  EXPECT_EQ(sandbox->answer({"sync"})["done"], Json::object());
}

class LostReply : public ::testing::TestWithParam<const char*> {};

TEST_P(LostReply, ToACreateMakesNoTwin) {
  const Pipeline pipeline(60);
  const auto sandbox = load(pipeline);
  sandbox->configure("late_arrival", "2s");
  sandbox->partner_center.fail(Json{{"method", "POST"}, {"path", "/v1.0/engagements/referrals"}}, 2, 3,
                               Json{{"kind", GetParam()}});
  const Ended sync = sandbox->cosell({"sync"});
  EXPECT_EQ(sync.code, 0) << sync.out << sync.err;
  EXPECT_EQ(sandbox->partner_center.faults_fired(), 3);
  expect_referrals_match(pipeline, *sandbox);
  EXPECT_EQ(sandbox->answer({"sync"})["done"], Json::object());
  expect_audit_whole(*sandbox);
}

INSTANTIATE_TEST_SUITE_P(BeforeAndAfter, LostReply, ::testing::Values("drop_after", "drop_before", "truncate"),
                         [](const auto& test) { return std::string(test.param); });

TEST(Crash, ALostReplyOfTheCrmIsLookedUpNotSentAgain) {
  const Pipeline pipeline(60);
  const auto sandbox = load(pipeline);
  sandbox->crm.fail(Json{{"method", "PATCH"}, {"path", "/services/data"}}, 0, 1, Json{{"kind", "drop_after"}});
  const Ended sync = sandbox->cosell({"sync"});
  EXPECT_EQ(sync.code, 0) << sync.out << sync.err;
  EXPECT_EQ(sandbox->crm.faults_fired(), 1);
  expect_referrals_match(pipeline, *sandbox);
  for (const Json& referral : PartnerCenter(*sandbox).referrals()) {
    EXPECT_EQ(Salesforce(*sandbox).opportunity(referral["externalReferenceId"])["Cosell_Referral_Id__c"],
              referral["id"]);
  }
  EXPECT_EQ(sandbox->answer({"sync"})["done"], Json::object());
}

}  // namespace
}  // namespace cosell::end_to_end
