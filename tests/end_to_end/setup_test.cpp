// An administrator prepares a CRM: what is missing is shown, made once, and a check is green afterwards; who lacks a
// permission reads which.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crm.h"

namespace cosell::end_to_end {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SetUpOfACrm : public ::testing::TestWithParam<std::string> {
 protected:
  SetUpOfACrm() {
    SandboxOptions options;
    options.crm = GetParam();
    sandbox_ = std::make_unique<Sandbox>(options);
  }

  bool salesforce() const { return GetParam() == "salesforce"; }
  // A column that sellers fill, one that the bridge fills, and the key.
  Json some_columns() const {
    return salesforce() ? Json{"Cosell_Sync__c", "Cosell_State__c", "Cosell_Referral_Id__c"}
                        : Json{"cosell_sync", "cosell_state", "cosell_referralid"};
  }
  void take_columns() { sandbox_->crm.set("missing_columns", some_columns()); }

  // The states of the steps about these columns.
  std::map<std::string, int> states(const Json& answer) const {
    std::map<std::string, int> count;
    for (const Json& step : answer["steps"]) {
      for (const std::string column : some_columns()) {
        if (step["what"] == "Column " + column) ++count[step["state"]];
      }
    }
    return count;
  }
  using Count = std::map<std::string, int>;

  std::unique_ptr<Sandbox> sandbox_;
};
INSTANTIATE_TEST_SUITE_P(In, SetUpOfACrm, ::testing::ValuesIn(every_crm()),
                         [](const auto& test) { return test.param; });

TEST_P(SetUpOfACrm, MakesWhatIsMissingOnceAndTheCheckIsGreen) {
  EXPECT_EQ(sandbox_->cosell({"check"}).code, 0) << "a sandbox is prepared";
  take_columns();
  const Ended before = sandbox_->cosell({"check"});
  EXPECT_EQ(before.code, 2);
  for (const std::string column : some_columns()) EXPECT_THAT(before.out, HasSubstr(column));

  sandbox_->crm.forget_counts();
  const Json shown = sandbox_->answer({"setup", "crm", "--dry-run"});
  EXPECT_EQ(states(shown), (Count{{"missing", 3}})) << shown.dump(2);
  EXPECT_EQ(sandbox_->crm.writes(), 0);
  EXPECT_THAT(sandbox_->cosell({"setup", "crm", "--dry-run"}).out,
              AllOf(HasSubstr("+ Column " + some_columns()[0].get<std::string>()),
                    HasSubstr("Nothing was changed. To create what is missing: cosell setup crm")));
  EXPECT_EQ(sandbox_->crm.writes(), 0);
  EXPECT_EQ(sandbox_->cosell({"check"}).code, 2);

  const Json made = sandbox_->answer({"setup", "crm"});
  EXPECT_EQ(states(made), (Count{{"made", 3}})) << made.dump(2);
  EXPECT_GE(sandbox_->crm.writes(), 3);

  sandbox_->crm.forget_counts();
  const Ended again = sandbox_->cosell({"setup", "crm"});
  EXPECT_EQ(again.code, 0) << again.out << again.err;
  EXPECT_THAT(again.out, HasSubstr("Everything is there; nothing was changed."));
  EXPECT_EQ(sandbox_->crm.writes(), 0);

  const Ended check = sandbox_->cosell({"check"});
  EXPECT_EQ(check.code, 0) << check.out << check.err;
  EXPECT_THAT(check.out, HasSubstr("Ready. Next: cosell plan"));
  EXPECT_EQ(sandbox_->crm.writes(), 0) << "a check writes nothing";
}

TEST_P(SetUpOfACrm, NamesThePermissionThatTheUserLacksAndMakesNothing) {
  take_columns();
  sandbox_->crm.set(salesforce() ? "missing_permissions" : "missing_privileges",
                    Json::array({salesforce() ? "CustomizeApplication" : "prvCreateAttribute"}));
  const Ended refused = sandbox_->cosell({"setup", "crm"});
  EXPECT_EQ(refused.code, 2) << refused.out << refused.err;
  EXPECT_THAT(refused.out, AllOf(HasSubstr("the bridge's user may not do this"),
                                 HasSubstr(salesforce() ? "\"Customize Application\"" : "missing prvCreateAttribute"),
                                 HasSubstr(salesforce() ? "docs/setup-salesforce.md" : "\"System Customizer\""),
                                 HasSubstr("1 step failed")));
  EXPECT_EQ(sandbox_->crm.get("settings")["missing_columns"].size(), 3U) << "no column was made";
}

// The check of a first sync: what a sync would be refused is told before it.
TEST_P(SetUpOfACrm, IsCheckedForTheRightToWriteToo) {
  const std::string setting = salesforce() ? "missing_permissions" : "missing_privileges";
  sandbox_->crm.set(setting, Json::array({salesforce() ? "Opportunity.Edit" : "prvWriteOpportunity"}));
  const Ended check = sandbox_->cosell({"check"});
  EXPECT_EQ(check.code, 2) << check.out;
  EXPECT_THAT(check.out, HasSubstr(salesforce() ? "✗ Permission Edit on Opportunity: is missing"
                                                : "✗ Privilege prvWriteOpportunity: is missing"));
  sandbox_->crm.set(setting, Json::array());
  EXPECT_EQ(sandbox_->cosell({"check"}).code, 0);
}

TEST_P(SetUpOfACrm, IsCheckedForThisMachinesClock) {  // F-67
  EXPECT_THAT(sandbox_->cosell({"check"}).out, Not(HasSubstr("This machine")));
  // The clock that the program follows is that of another sandbox.
  const Sandbox later(SandboxOptions{0, {}, ""});
  later.crm.post("clock", Json{{"advance_ms", 3 * 60'000 + 30'000}});
  Json configuration = Json::parse(read_text(sandbox_->config()));
  configuration["sandbox"]["clock"] = later.crm.url + "/_sandbox/clock";
  write_text(sandbox_->config(), configuration.dump(2));
  const Ended check = sandbox_->cosell({"check"});
  EXPECT_EQ(check.code, 2) << check.out;
  EXPECT_THAT(check.out, AllOf(HasSubstr("✗ Clock: 3 minutes ahead of that of "), HasSubstr("would leave too early"),
                               HasSubstr("→ Switch on time synchronisation")));
}

// The logins of a pair, as the check and the status tell of their end.
TEST_P(SetUpOfACrm, TellsWhenALoginEnds) {
  EXPECT_EQ(sandbox_->cosell({"sync"}).code, 0);
  const auto of_partner_center = [&](const std::string& what) {
    const Json status = sandbox_->answer({"status"});
    for (const Json& end : status["login_ends"]) {
      if (end["side"] == "partner_center" && end["what"] == what) return end["state"].get<std::string>();
    }
    return std::string("not told");
  };
  EXPECT_EQ(of_partner_center("Saved login"), "good");
  sandbox_->advance("59d");
  EXPECT_EQ(of_partner_center("Saved login"), "good");
  sandbox_->advance("2d");
  EXPECT_EQ(of_partner_center("Saved login"), "soon");
  EXPECT_THAT(sandbox_->cosell({"status"}).out,
              AllOf(HasSubstr("Saved login ends on "), HasSubstr(", in 29 days, if the bridge does not use it.")));
  EXPECT_EQ(sandbox_->cosell({"check"}).code, 0) << "which uses it";
  EXPECT_EQ(of_partner_center("Saved login"), "good");
  sandbox_->advance("91d");
  EXPECT_EQ(of_partner_center("Saved login"), "over");
  EXPECT_THAT(sandbox_->cosell({"status"}).out, HasSubstr("cosell login partner-center " + sandbox_->pair));
  const Ended check = sandbox_->cosell({"check"});
  EXPECT_EQ(check.code, 3);
  EXPECT_THAT(check.out, AllOf(HasSubstr("was not used for too long and has expired"),
                               HasSubstr("Run cosell login partner-center"), HasSubstr("✗ Saved login: ended on ")));
  Process login = sandbox_->begin({"login", "partner-center", sandbox_->pair});
  EXPECT_TRUE(
      eventually([&] { return sandbox_->partner_center.post("approve-device", Json::object())["logins"] != 0; }));
  EXPECT_EQ(login.wait().code, 0);
  EXPECT_EQ(of_partner_center("Saved login"), "good");
  EXPECT_EQ(sandbox_->cosell({"check"}).code, 0);
}

// Only the configuration knows the last day of a client secret.
TEST_P(SetUpOfACrm, TellsWhenAClientSecretEndsAsTheConfigurationSays) {
  EXPECT_EQ(sandbox_->cosell({"sync"}).code, 0);
  const auto with_last_day = [&](const std::string& day) {
    Json part = Json::parse(read_text(sandbox_->config()))["pairs"][sandbox_->pair]["partner_center"];
    part["login"]["client_secret"] = "file:secrets/partner_center_refresh_token";  // the sandbox takes any
    part["login"]["client_secret_expires"] = day;
    sandbox_->configure("partner_center", part);
  };
  with_last_day("2199-12-31");
  const Ended good = sandbox_->cosell({"check"});
  EXPECT_EQ(good.code, 0) << good.out << good.err;
  EXPECT_THAT(good.out, HasSubstr("✓ Client secret of the login: good until 2199-12-31"));
  EXPECT_THAT(sandbox_->cosell({"status"}).out, testing::Not(HasSubstr("Login ends")));
  with_last_day("2020-01-31");
  const Ended over = sandbox_->cosell({"check"});
  EXPECT_EQ(over.code, 3);
  EXPECT_THAT(over.out, HasSubstr("✗ Client secret of the login: ended on 2020-01-31."));
  EXPECT_THAT(sandbox_->cosell({"status"}).out, HasSubstr("Client secret of the login ended on 2020-01-31."));
}

}  // namespace
}  // namespace cosell::end_to_end
