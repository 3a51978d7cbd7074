// `cosell check --pilot`: it asks, makes one private deal, keeps what it learnt beside the store, and the next sync
// uses that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "sandbox.h"

namespace cosell::end_to_end {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Arguments kPilot = {"check", "--pilot", "--solution", "SOL-ABCDE-FGH"};

Arguments pilot(const Arguments& more) {
  Arguments all = kPilot;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

class Pilot : public ::testing::Test {
 protected:
  std::string learned_file() const { return sandbox.folder->file("state/salesforce.partner-center.json"); }
  bool kept_anything() const { return std::filesystem::exists(learned_file()); }
  std::vector<Json> referrals() const { return PartnerCenter(sandbox).referrals(); }

  static Json answer_to(const Json& report, const std::string& setting) {
    for (const Json& answer : report["answers"]) {
      if (answer.value("setting", "") == setting) return answer["value"];
    }
    return nullptr;
  }

  const Sandbox sandbox;
};

TEST_F(Pilot, MakesNothingUnlessAPersonAgrees) {
  for (const std::string input : {"", "\n", "n\n", "maybe\n"}) {
    const Ended ended = sandbox.cosell(kPilot, input);
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.err,
                AllOf(HasSubstr("one private deal in "), HasSubstr("closes it as lost"), HasSubstr("[y/N]")));
    EXPECT_EQ(ended.out, "Nothing was made.\n");
  }
  EXPECT_THAT(sandbox.cosell(pilot({"--quiet"}), "n\n").err, HasSubstr("[y/N]")) << "nobody answers a hidden question";
  EXPECT_FALSE(sandbox.answer(kPilot).contains("pilot"));
  EXPECT_EQ(sandbox.partner_center.requests("POST"), 0);
  EXPECT_THAT(referrals(), IsEmpty());
  EXPECT_FALSE(kept_anything());
}

TEST_F(Pilot, ShowsWhatItLearntAndClosesThePrivateDeal) {
  for (const std::string yes : {"y\n", " YES \n"}) {
    const Ended ended = sandbox.cosell(kPilot, yes);
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
    const Json deal = referrals().back();
    EXPECT_EQ(deal["status"], "Closed");
    EXPECT_EQ(deal["substatus"], "Lost");
    EXPECT_EQ(deal["consent"]["consentToShareReferralWithMicrosoftSellers"], false);
    const std::string id = deal["id"];
    EXPECT_THAT(ended.out,
                AllOf(HasSubstr("Which form of the sales stage does it take? percentages"),
                      HasSubstr("(stage_form: \"percent\")"), HasSubstr("The test deal " + id),
                      HasSubstr("is closed again: http"), HasSubstr("Kept in "), HasSubstr("what you set in ")));
  }
  EXPECT_EQ(referrals().size(), 2U) << "one deal for each yes";
}

TEST_F(Pilot, TellsProgramsEveryAnswerAndKeepsThoseThatDecideASetting) {
  sandbox.partner_center.set("patch_money", "text");
  const Json report = sandbox.answer(pilot({"--yes"}))["pilot"];
  EXPECT_EQ(report["record"], referrals().at(0)["id"]);
  EXPECT_EQ(report["closed"], true);
  EXPECT_EQ(report["kept_in"], learned_file());
  EXPECT_FALSE(report.contains("trouble"));
  const Json kept = Json::parse(read_text(learned_file()));
  EXPECT_EQ(kept["record"], report["record"]);
  for (const Json& answer : report["answers"]) {
    EXPECT_FALSE(answer["question"].get<std::string>().empty() || answer["answer"].get<std::string>().empty());
    if (answer.contains("setting")) {
      EXPECT_EQ(kept["settings"][answer["setting"].get<std::string>()], answer["value"]);
    }
  }
  EXPECT_EQ(answer_to(report, "money_as_text"), true);
}

TEST_F(Pilot, TeachesTheNextSyncWhatMayBeChanged) {
  const Sandbox world({3, {}, ""});
  world.partner_center.set("name_patchable", true);
  world.answer({"sync"});
  const Json referral = PartnerCenter(world).referrals().front();
  const Salesforce salesforce(world);
  const auto rename = [&](const std::string& name) {
    salesforce.patch(referral["externalReferenceId"], Json{{"Name", name}});
    world.answer({"sync"});
    return PartnerCenter(world).get(referral["id"])["name"].get<std::string>();
  };
  EXPECT_EQ(rename("Renamed too early"), referral["name"]);
  const auto before = salesforce.opportunities().size();
  EXPECT_EQ(answer_to(world.answer(pilot({"--yes"}))["pilot"], "patch_name"), true);
  EXPECT_EQ(rename("Renamed"), "Renamed");
  EXPECT_EQ(salesforce.opportunities().size(), before) << "the test deal is nobody's opportunity";
  EXPECT_THAT(world.cosell({"todo"}).out, Not(HasSubstr("cosell test deal")));

  // What a person sets counts more.
  Json part = Json::parse(read_text(world.config()))["pairs"][world.pair]["partner_center"];
  part["settings"]["patch_name"] = false;
  world.configure("partner_center", part);
  EXPECT_EQ(rename("Renamed too late"), "Renamed");
}

TEST_F(Pilot, SaysWhatIsMissingBeforeItAsks) {
  const Ended without = sandbox.cosell({"check", "--pilot"}, "y\n");
  EXPECT_EQ(without.code, 2);
  EXPECT_THAT(without.err, AllOf(HasSubstr("--solution SOL-"), Not(HasSubstr("[y/N]"))));
  const Ended alone = sandbox.cosell({"check", "--solution", "SOL-ABCDE-FGH"});
  EXPECT_EQ(alone.code, 2) << "a check without a test deal has no use for a solution";
  EXPECT_THAT(alone.err, HasSubstr("--pilot"));
  EXPECT_THAT(referrals(), IsEmpty());
}

TEST_F(Pilot, SaysWhatPartnerCenterRefused) {
  sandbox.partner_center.set("known_solutions", Json::array({"SOL-OTHER-ONE"}));
  const Ended refused = sandbox.cosell(pilot({"--yes"}));
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("Making the test deal"), HasSubstr("SOL-ABCDE-FGH")));
  EXPECT_FALSE(kept_anything());

  sandbox.partner_center.set("known_solutions", Json::array());
  sandbox.partner_center.set("mfa_satisfied", false);
  EXPECT_EQ(sandbox.cosell(pilot({"--yes"})).code, 3) << "a login that is refused";
  EXPECT_THAT(referrals(), IsEmpty());
}

TEST_F(Pilot, SaysWhenTheDealHasToBeClosedByHand) {
  sandbox.partner_center.set("ignored_paths", Json::array({"/status", "/substatus"}));
  const Ended ended = sandbox.cosell(pilot({"--yes"}));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out, HasSubstr("is NOT closed. Close it by hand: http"));
  EXPECT_THAT(ended.err, HasSubstr("Closing the test deal"));
  const Json report = sandbox.answer(pilot({"--yes"}), 1)["pilot"];
  EXPECT_EQ(report["closed"], false);
  EXPECT_FALSE(report["trouble"].get<std::string>().empty());
}

TEST_F(Pilot, KeepsWhatItLearntBeforeAQuestionWentWrong) {
  sandbox.partner_center.fail(Json{{"method", "PATCH"}, {"path", "/v1.0"}}, 1, 1,
                              Json{{"kind", "status"}, {"status", 403}, {"body", "{}"}});
  const Json report = sandbox.answer(pilot({"--yes"}), 3)["pilot"];
  EXPECT_EQ(report["closed"], true);
  EXPECT_THAT(report["trouble"].get<std::string>(), HasSubstr("Referrals admin"));
  EXPECT_EQ(Json::parse(read_text(learned_file()))["settings"],
            (Json{{"stage_at_create", true}, {"stage_form", "percent"}}));
}

}  // namespace
}  // namespace cosell::end_to_end
