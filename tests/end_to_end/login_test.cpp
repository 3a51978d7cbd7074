// A person logs in to Partner Center, with a code or in a browser: what comes of it when they do not, when the network
// fails meanwhile, and when the app's registration, the tenant or the configuration does not allow it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "sandbox.h"

namespace cosell::end_to_end {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const Json token_requests = {{"method", "POST"}, {"path", "/sandbox/oauth2/v2.0/token"}};

class PersonLogin : public ::testing::Test {
 protected:
  PersonLogin() { sandbox.partner_center.set("device_code_interval_seconds", 1); }

  Process begin() const { return sandbox.begin({"login", "partner-center"}); }
  Ended log_in() const { return sandbox.cosell({"login", "partner-center"}); }
  // The person at the browser, once there is a code to decide on.
  bool decides(bool approve) const {
    return eventually([&] {
      return sandbox.partner_center.post("approve-device", Json{{"approve", approve}})["logins"] != 0;
    });
  }
  void set_login(const std::string& name, const Json& value) const {
    Json part = Json::parse(read_text(sandbox.config()))["pairs"]["salesforce"]["partner_center"];
    part["login"][name] = value;
    sandbox.configure("partner_center", part);
  }

  const Sandbox sandbox{{}};
};

TEST_F(PersonLogin, GoesOnAfterPollsThatWereLost) {
  sandbox.partner_center.post(
      "faults",
      Json::array({Json{{"match", token_requests}, {"times", 1}, {"action", {{"kind", "drop_after"}}}},
                   Json{{"match", token_requests}, {"times", 1}, {"action", {{"kind", "status"}, {"status", 503}}}}}));
  Process login = begin();
  ASSERT_TRUE(eventually([&] { return sandbox.partner_center.faults_fired() == 2; }));
  ASSERT_TRUE(decides(true));
  const Ended ended = login.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Logged in to Partner Center"));
  EXPECT_EQ(sandbox.cosell({"sync"}).code, 0);
}

TEST_F(PersonLogin, NeedsNoMapping) {
  write_text(sandbox.folder->file("mapping.jsonc"), "{ \"extends\": ");
  sandbox.partner_center.set("device_code_auto_approve", true);
  const Ended ended = log_in();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Logged in to Partner Center"));
}

TEST_F(PersonLogin, NeedsNoSecretOfTheCrm) {
  for (const auto& secret : std::filesystem::directory_iterator(sandbox.folder->file("secrets"))) {
    const std::string name = secret.path().filename().string();
    if (name.rfind("salesforce", 0) == 0) std::filesystem::remove(secret.path());
  }
  ASSERT_EQ(sandbox.cosell({"sync"}).code, 2) << "the sync needs the secret that is gone";
  sandbox.partner_center.set("device_code_auto_approve", true);
  const Ended ended = log_in();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Logged in to Partner Center"));
}

TEST_F(PersonLogin, SaysThatTheLostAnswerMayHaveBeenTheLoginItself) {
  sandbox.partner_center.set("device_code_auto_approve", true);
  sandbox.partner_center.fail(token_requests, 0, 1, Json{{"kind", "drop_after"}});
  const Ended ended = log_in();
  EXPECT_EQ(ended.code, 3) << ended.out << ended.err;
  EXPECT_THAT(ended.err, AllOf(HasSubstr("the code is not known, or was used already"),
                               HasSubstr("An answer of the login service was lost before")));
}

TEST_F(PersonLogin, ThatIsDeclinedSaysSoAndHowToBeginAgain) {
  Process login = begin();
  ASSERT_TRUE(decides(false));
  const Ended ended = login.wait();
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("Partner Center login refused: the sign-in was declined. Log in again: cosell login "
                                   "partner-center salesforce."));
}

TEST_F(PersonLogin, ThatNobodyFinishesEndsWithTheCode) {
  Process login = begin();
  ASSERT_TRUE(eventually([&] { return login.err().find("enter the code") != std::string::npos; }));
  sandbox.advance("16m");
  const Ended ended = login.wait();
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err,
              HasSubstr("obody entered the code in time. Log in again: cosell login partner-center salesforce."));
}

TEST_F(PersonLogin, WithAScopeThatBringsNothingLastingNamesTheSetting) {
  sandbox.partner_center.set("device_code_auto_approve", true);
  set_login("scope", "https://api.partner.microsoft.com/.default");
  const Ended ended = log_in();
  EXPECT_EQ(ended.code, 2) << ended.out << ended.err;
  EXPECT_THAT(ended.err, AllOf(HasSubstr("\"scope\""), HasSubstr("offline_access")));
}

TEST_F(PersonLogin, OfAnAppThatIsSetUpOtherwiseNamesTheSettingOfTheRegistration) {
  sandbox.partner_center.set("client_secret", "s3cret");
  Ended ended = log_in();
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("\"Allow public client flows\""), HasSubstr("\"client_secret\"")));
  sandbox.partner_center.set("client_secret", "");
  write_text(sandbox.folder->file("secrets/partner_center_refresh_token"), "of-no-use");
  set_login("client_secret", "file:secrets/partner_center_refresh_token");
  ended = log_in();
  EXPECT_THAT(ended.err, HasSubstr("take \"client_secret\" out of the configuration"));
  set_login("client_id", "another-app");
  sandbox.partner_center.set("client_id", "cosell-sandbox-app");
  EXPECT_THAT(log_in().err, HasSubstr("this tenant does not know the app"));
}

TEST_F(PersonLogin, ThatAWebPageAnswersNamesTheHost) {
  sandbox.partner_center.fail(token_requests, 0, 0, Json{{"kind", "html"}});
  const Ended ended = log_in();
  EXPECT_EQ(ended.code, 3) << ended.out << ended.err;
  EXPECT_THAT(ended.err, AllOf(HasSubstr("127.0.0.1 answered"), HasSubstr("with a web page instead of a token")));
}

TEST_F(PersonLogin, WithACodeNamesTheWayForATenantThatAllowsNone) {
  sandbox.partner_center.set("device_code", "blocked");
  const Process login = begin();
  EXPECT_TRUE(eventually([&] { return login.err().find("--browser") != std::string::npos; })) << login.err();
  EXPECT_EQ(http_request("POST", sandbox.partner_center.url + "/_sandbox/approve-device", "{}").status, 403);
}

// ---- in a browser

class BrowserLogin : public PersonLogin {
 protected:
  Process begin_in_browser() const {
    ProcessOptions options;
    options.typed = true;
    return sandbox.begin({"login", "partner-center", "--browser"}, options);
  }
  // The person opens the address that the terminal names; answers where their browser is sent.
  Answer opens(const Process& login) const {
    std::string page;
    EXPECT_TRUE(eventually([&] {
      const std::string told = login.err();
      const std::size_t at = told.find(sandbox.partner_center.url + "/sandbox/oauth2/v2.0/authorize?");
      if (at == std::string::npos || told.find("paste it here") == std::string::npos) return false;
      page = told.substr(at, told.find('\n', at) - at);
      return true;
    })) << login.err();
    return http_request("GET", page);
  }
  std::string lands_at(const Process& login) const { return opens(login).leads_to; }
};

TEST_F(BrowserLogin, GoesThroughByItselfOnTheMachineOfTheBrowser) {
  sandbox.partner_center.set("device_code", "blocked");
  Process login = begin_in_browser();
  const std::string landing = lands_at(login);
  EXPECT_EQ(http_request("GET", landing.substr(0, landing.find("/?")) + "/favicon.ico").status, 404);
  const Answer last = http_request("GET", landing);
  EXPECT_EQ(last.status, 200);
  EXPECT_THAT(last.body, HasSubstr("this window can be closed"));
  const Ended ended = login.wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Logged in to Partner Center for the pair salesforce"));
  EXPECT_THAT(ended.err, Not(HasSubstr("code_verifier")));
  // What is kept of it is a login like any other.
  write_text(sandbox.folder->file("secrets/partner_center_refresh_token"), "of-no-use");
  EXPECT_EQ(sandbox.cosell({"sync"}).code, 0);
}

TEST_F(BrowserLogin, TakesThePastedAddressOfABrowserElsewhereAndSaysWhatIsWrongWithAnother) {
  Process login = begin_in_browser();
  const std::string landing = lands_at(login);
  const auto told = [&](const std::string& sentence) {
    return eventually([&] { return login.err().find(sentence) != std::string::npos; });
  };
  login.type("\n" + sandbox.partner_center.url + "/sandbox/oauth2/v2.0/authorize?code_challenge=abc\n");
  EXPECT_TRUE(told("This is the address of the page to sign in on")) << login.err();
  login.type("http://localhost:1/\n");
  EXPECT_TRUE(told("This is not the address at which the browser ends")) << login.err();
  login.type("http://localhost:1/?code=abc&state=another\n");
  EXPECT_TRUE(told("This address belongs to another sign-in")) << login.err();
  login.type("  " + landing + " \r\n");
  const Ended ended = login.wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Logged in to Partner Center"));
}

TEST_F(BrowserLogin, ThatIsDeclinedSaysSoAndHowToBeginAgain) {
  sandbox.partner_center.set("browser_login", "declines");
  Process login = begin_in_browser();
  http_request("GET", lands_at(login));
  const Ended ended = login.wait();
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("the person who signed in did not consent to the app's permissions"),
                               HasSubstr("Log in again: cosell login partner-center salesforce --browser.")));
}

TEST_F(BrowserLogin, ThatNobodyFinishesEndsAfterAWhileAndOneThatIsStoppedAtOnce) {
  Process stopped = begin_in_browser();
  lands_at(stopped);
  stopped.send(SIGINT);
  EXPECT_EQ(stopped.wait().code, 130);

  sandbox.partner_center.set("browser_login", "blocked");
  Process login = begin_in_browser();
  const Answer page = opens(login);
  EXPECT_EQ(page.leads_to, "");
  EXPECT_THAT(page.body, HasSubstr("53003"));
  sandbox.advance("16m");
  const Ended ended = login.wait();
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("Nobody signed in in time. Log in again: cosell login partner-center salesforce "
                                   "--browser."));
}

}  // namespace
}  // namespace cosell::end_to_end
