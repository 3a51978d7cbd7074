// A login by a person in a browser: the page that they are sent to, the address at which the browser ends, and what
// they read when it comes to nothing.
#include "net/browser_login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/text.h"
#include "net/in_process_transport.h"

namespace cosell::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// RFC 7636, appendix B.
TEST(Pkce, ChallengesAsTheRfcShows) {
  EXPECT_EQ(pkce_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

class BrowserLogins : public ::testing::Test {
 protected:
  BrowserLogin begin() { return BrowserLogin::begin(login_, lane_, "http://localhost:45123").value(); }
  static std::map<std::string, std::string> asked_by(const BrowserLogin& begun) {
    const auto fields = http::parse_form(begun.page().substr(begun.page().find('?') + 1));
    return {fields.begin(), fields.end()};
  }
  static std::string landing(const BrowserLogin& begun, const std::string& said = "code=code-1") {
    return "http://localhost:45123/?" + said + "&state=" + asked_by(begun)["state"] + "&session_state=s#_";
  }
  void answer(int status, const std::string& body) {
    answer_ = {Delivered::Kind::response, http::Response{status, {{{"Content-Type", "application/json"}}}, body}};
  }

  ManualClock clock_{*parse_instant("2026-11-28T03:00:00Z")};
  SystemRandom random_;
  CallMeter meter_;
  Delivered answer_ = {Delivered::Kind::response,
                       http::Response{200, {}, R"({"access_token":"access-1","refresh_token":"refresh-1"})"}};
  int posts_ = 0;
  std::map<std::string, std::string> form_;
  InProcessTransport transport_{[this](const http::Request& r) {
    ++posts_;
    EXPECT_EQ(r.url, "/t/oauth2/v2.0/token");
    const auto fields = http::parse_form(r.body);
    form_ = {fields.begin(), fields.end()};
    return answer_;
  }};
  Lane lane_{"Partner Center", transport_, clock_, random_, &meter_};
  PersonLogin login_{{"https://login.example.com/t/oauth2/v2.0/token", "app-1", "api/.default offline_access", "pc",
                      "cosell login partner-center contoso --browser"}};
};

TEST_F(BrowserLogins, SendThePersonToThePageWithAChallengeOfTheirOwn) {
  const BrowserLogin begun = begin();
  EXPECT_TRUE(text::starts_with(begun.page(), "https://login.example.com/t/oauth2/v2.0/authorize?")) << begun.page();
  auto asked = asked_by(begun);
  EXPECT_EQ(asked["client_id"], "app-1");
  EXPECT_EQ(asked["response_type"], "code");
  EXPECT_EQ(asked["redirect_uri"], "http://localhost:45123");
  EXPECT_EQ(asked["scope"], "api/.default offline_access");
  EXPECT_EQ(asked["code_challenge_method"], "S256");
  EXPECT_EQ(asked["code_challenge"].size(), 43U);
  auto other = asked_by(begin());
  EXPECT_NE(other["code_challenge"], asked["code_challenge"]);
  EXPECT_NE(other["state"], asked["state"]);
}

TEST_F(BrowserLogins, RedeemTheCodeOnceWithWhatTheChallengeWasMadeOf) {
  const BrowserLogin begun = begin();
  ASSERT_EQ(begun.wrong_with(landing(begun)), "");
  const auto token = begun.finish(landing(begun));
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->refresh_token, "refresh-1");
  EXPECT_EQ(form_["grant_type"], "authorization_code");
  EXPECT_EQ(form_["code"], "code-1");
  EXPECT_EQ(form_["redirect_uri"], "http://localhost:45123");
  EXPECT_EQ(pkce_challenge(form_["code_verifier"]), asked_by(begun)["code_challenge"]);
  EXPECT_EQ(form_.count("client_secret"), 0U);
  EXPECT_EQ(posts_, 1);
}

TEST_F(BrowserLogins, SendTheSecretOfAnAppThatHasOne) {
  login_.client_secret = Secret("s3cret");
  const BrowserLogin begun = begin();
  ASSERT_TRUE(begun.finish(landing(begun)));
  EXPECT_EQ(form_["client_secret"], "s3cret");
}

TEST_F(BrowserLogins, TakeThePartBehindTheQuestionMarkAsWell) {
  const BrowserLogin begun = begin();
  const std::string whole = landing(begun);
  EXPECT_EQ(begun.wrong_with(whole.substr(whole.find('?') + 1)), "");
  EXPECT_EQ(begun.wrong_with("  " + whole + "\t"), "");
}

TEST_F(BrowserLogins, SayWhatIsWrongWithAnotherAddress) {
  const BrowserLogin begun = begin();
  EXPECT_THAT(begun.wrong_with(begun.page()), HasSubstr("address of the page to sign in on"));
  EXPECT_THAT(begun.wrong_with(landing(begin())), HasSubstr("another sign-in"));
  EXPECT_THAT(begun.wrong_with("http://localhost:45123/?code=code-1"), HasSubstr("another sign-in"));
  for (const char* none : {"", "yes", "http://localhost:45123/", "https://example.com/?q=1"}) {
    EXPECT_THAT(begun.wrong_with(none), HasSubstr("not the address at which the browser ends")) << none;
  }
}

TEST_F(BrowserLogins, TellWhatTheServiceToldTheBrowser) {
  const BrowserLogin begun = begin();
  const std::string declined =
      landing(begun, "error=access_denied&error_description=AADSTS65004%3A+User+declined+to+consent.");
  ASSERT_EQ(begun.wrong_with(declined), "");
  const auto token = begun.finish(declined);
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().kind, ErrorClass::auth_expired);
  EXPECT_THAT(token.error().message, AllOf(HasSubstr("did not consent"), HasSubstr("contoso --browser.")));
  EXPECT_EQ(posts_, 0);
}

TEST_F(BrowserLogins, ExplainARefusalLikeEveryOtherLogin) {
  answer(400, R"({"error":"invalid_grant","error_description":"AADSTS501481: The Code_Verifier does not match."})");
  const BrowserLogin begun = begin();
  const auto token = begun.finish(landing(begun));
  ASSERT_FALSE(token);
  EXPECT_THAT(token.error().message,
              AllOf(HasSubstr("Partner Center login refused: the sign-in is not accepted"), Not(HasSubstr("code-1"))));
}

TEST_F(BrowserLogins, ThatComeLateAreNotCalledASavedLogin) {
  answer(400, R"({"error":"invalid_grant","error_description":"AADSTS70008: The authorization code has expired."})");
  const BrowserLogin begun = begin();
  const auto token = begun.finish(landing(begun));
  ASSERT_FALSE(token);
  EXPECT_THAT(token.error().message, HasSubstr("refused: the code of this sign-in has expired. Log in again"));
}

TEST_F(BrowserLogins, SayThatALostAnswerMayHaveUsedTheCodeUp) {
  answer_.kind = Delivered::Kind::dropped_after;
  const BrowserLogin begun = begin();
  const auto token = begun.finish(landing(begun));
  ASSERT_FALSE(token);
  EXPECT_THAT(token.error().message, AllOf(HasSubstr("may be used up"), HasSubstr("Log in again")));
  EXPECT_EQ(posts_, 1) << "a code works once";
}

TEST_F(BrowserLogins, WithAScopeThatBringsNothingLastingNameTheSetting) {
  answer(200, R"({"access_token":"access-1"})");
  const BrowserLogin begun = begin();
  const auto token = begun.finish(landing(begun));
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().kind, ErrorClass::config);
  EXPECT_THAT(token.error().message, HasSubstr("offline_access"));
}

TEST_F(BrowserLogins, WithATokenAddressThatLeadsToNoPageNameTheSetting) {
  login_.client.token_endpoint = "https://login.example.com/other";
  const auto begun = BrowserLogin::begin(login_, lane_, "http://localhost:45123");
  ASSERT_FALSE(begun);
  EXPECT_THAT(begun.error().message, HasSubstr("\"token_url\""));
}

}  // namespace
}  // namespace cosell::net
