// The first login by a person: what they are told to do, how it is waited for, and what they read when it comes to
// nothing.
#include "net/device_login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "net/in_process_transport.h"

namespace cosell::net {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Delivered answers(int status, const std::string& body, const std::string& type = "application/json") {
  return {Delivered::Kind::response, http::Response{status, {{{"Content-Type", type}}}, body}};
}
Delivered refuses(const std::string& error, const std::string& description = "") {
  return answers(400, R"({"error":")" + error + R"(","error_description":")" + description + "\"}");
}
const Delivered pending = refuses("authorization_pending");
const Delivered done = answers(200, R"({"access_token":"access-1","refresh_token":"refresh-1"})");

// A login service that plays a script: first the answer to the wish for a code, then those to the polls.
class DeviceLogins : public ::testing::Test {
 protected:
  Delivered serve(const http::Request& r) {
    EXPECT_EQ(r.headers.get("Host"), "login.example.com");
    if (r.url == "/t/oauth2/v2.0/devicecode") return code_;
    EXPECT_EQ(r.url, "/t/oauth2/v2.0/token");
    polls_at_s_.push_back((clock_.now() - began_).ms / 1000);
    form_ = http::parse_form(r.body);
    if (polls_.empty()) return pending;
    Delivered next = polls_.front();
    polls_.pop_front();
    return next;
  }

  Result<StoredToken> log_in() {
    return log_in_with_code(login_, lane_, [this](const std::string& text) { shown_ = text; });
  }
  Error refused() {
    const auto token = log_in();
    EXPECT_FALSE(token);
    return token ? Error() : token.error();
  }

  ManualClock clock_{*parse_instant("2026-11-21T03:00:00Z")};
  const Instant began_ = clock_.now();
  SystemRandom random_;
  CallMeter meter_;
  Delivered code_ = answers(200, R"({"device_code":"device-1","user_code":"ABC","message":"Open the page, enter ABC.",
      "verification_uri":"https://page.example","interval":5,"expires_in":900})");
  std::deque<Delivered> polls_;
  std::vector<std::int64_t> polls_at_s_;  // after the beginning
  std::vector<std::pair<std::string, std::string>> form_;
  std::string shown_;
  InProcessTransport transport_{[this](const http::Request& r) { return serve(r); }};
  Lane lane_{"Partner Center", transport_, clock_, random_, &meter_};
  PersonLogin login_{{"https://login.example.com/t/oauth2/v2.0/token", "app-1", "api/.default offline_access", "pc",
                      "cosell login partner-center contoso"}};
};

TEST_F(DeviceLogins, ShowWhatToDoAndWaitForThePerson) {
  polls_ = {pending, pending, done};
  const auto token = log_in();
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->access_token, "access-1");
  EXPECT_EQ(token->refresh_token, "refresh-1");
  EXPECT_EQ(shown_, "Open the page, enter ABC.");
  EXPECT_THAT(polls_at_s_, ElementsAre(5, 10, 15));
  EXPECT_EQ(http::form_value(form_, "device_code"), "device-1");
  EXPECT_EQ(http::form_value(form_, "grant_type"), "urn:ietf:params:oauth:grant-type:device_code");
  EXPECT_EQ(http::form_value(form_, "client_secret"), "");
  EXPECT_EQ(meter_.of("Partner Center").logins, 4U);
}

TEST_F(DeviceLogins, SendTheSecretOfAnAppThatHasOne) {
  login_.client_secret = Secret("the-client-secret");
  polls_ = {done};
  ASSERT_TRUE(log_in());
  EXPECT_EQ(http::form_value(form_, "client_secret"), "the-client-secret");
}

TEST_F(DeviceLogins, AskMoreSeldomWhenToldToSlowDown) {
  polls_ = {refuses("slow_down"), pending, refuses("slow_down"), done};
  ASSERT_TRUE(log_in());
  EXPECT_THAT(polls_at_s_, ElementsAre(5, 15, 25, 40));
}

TEST_F(DeviceLogins, GoOnAfterPollsThatFailForTheMoment) {
  polls_ = {{Delivered::Kind::dropped_after, {}},
            {Delivered::Kind::unreachable, {}},
            answers(503, "<html>busy</html>", "text/html"),
            refuses("temporarily_unavailable"),
            done};
  const auto token = log_in();
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_THAT(polls_at_s_, ElementsAre(5, 15, 35, 75, 135)) << "each wait twice as long, a minute at most";
}

TEST_F(DeviceLogins, TellWhatWasLostWhenTheCodeHasEnded) {
  polls_.assign(100, {Delivered::Kind::unreachable, {}});
  const Error e = refused();
  EXPECT_EQ(e.kind, ErrorClass::transient);
  EXPECT_THAT(e.message, AllOf(HasSubstr("The code has ended"), HasSubstr("could not be asked"),
                               HasSubstr("Log in again: cosell login partner-center contoso.")));
}

TEST_F(DeviceLogins, SayThatALostAnswerMayHaveBeenTheLogin) {
  polls_ = {{Delivered::Kind::dropped_after, {}}, refuses("bad_verification_code")};
  EXPECT_THAT(refused().message, AllOf(HasSubstr("used already"), HasSubstr("An answer of the login service was lost"),
                                       HasSubstr("Log in again")));
  polls_ = {refuses("bad_verification_code")};
  EXPECT_THAT(refused().message, Not(HasSubstr("lost before")));
}

TEST_F(DeviceLogins, EndWithTheCode) {
  const Error e = refused();
  EXPECT_EQ(e.kind, ErrorClass::auth_expired);
  EXPECT_EQ(e.message, "Nobody entered the code in time. Log in again: cosell login partner-center contoso.");
  EXPECT_EQ(clock_.now() - began_, minutes(15));
}

struct Refused {
  Delivered answer;
  ErrorClass kind;
  std::string words;
};

TEST_F(DeviceLogins, ExplainARefusalLikeEveryOtherLogin) {
  const std::vector<Refused> all = {
      {refuses("authorization_declined", "AADSTS70018: denied"), ErrorClass::auth_expired, "the sign-in was declined"},
      {refuses("access_denied"), ErrorClass::auth_expired, "the sign-in was declined"},
      {refuses("expired_token", "AADSTS70020: expired"), ErrorClass::auth_expired, "nobody entered the code in time"},
      {refuses("invalid_grant"), ErrorClass::auth_expired, "the sign-in is not accepted"},
      {refuses("invalid_client", "AADSTS7000218: The request body must contain"), ErrorClass::auth_expired,
       "Allow public client flows"},
      {refuses("invalid_client", "AADSTS700025: Client is public"), ErrorClass::auth_expired,
       "take \"client_secret\" out of the configuration"},
      {refuses("invalid_client", "AADSTS7000215: Invalid"), ErrorClass::auth_expired, "client secret is wrong"},
      {refuses("invalid_grant", "AADSTS65001: consent"), ErrorClass::auth_expired, "nobody has consented"},
      {answers(200, R"({"access_token":"access-1"})"), ErrorClass::config, "offline_access"},
      {answers(200, "<html>Sign in to the proxy</html>", "text/html"), ErrorClass::bad_response,
       "login.example.com answered 200 with a web page instead of a token"},
      {answers(403, "<html>No</html>", "text/html"), ErrorClass::bad_response,
       "login.example.com answered 403 with a web page instead of a token"}};
  for (const Refused& one : all) {
    SCOPED_TRACE(one.words);
    polls_ = {one.answer, done};
    const Error e = refused();
    EXPECT_EQ(e.kind, one.kind);
    EXPECT_THAT(e.message, HasSubstr(one.words));
    EXPECT_EQ(polls_.size(), 1U) << "it is not asked again";
  }
}

TEST_F(DeviceLogins, ExplainWhyThereIsNoCode) {
  const std::vector<std::pair<Delivered, std::string>> all = {
      {refuses("unauthorized_client", "AADSTS700016: not found"), "this tenant does not know the app"},
      {refuses("invalid_request", "AADSTS90002: Tenant not found"), "there is no such tenant"},
      {refuses("invalid_resource", "AADSTS650057: Invalid resource"), "add it there under API permissions"},
      {answers(200, "<html></html>", "text/html"), "a web page instead of a code"}};
  for (const auto& [answer, words] : all) {
    code_ = answer;
    EXPECT_THAT(refused().message, AllOf(HasSubstr("Partner Center login"), HasSubstr(words)));
  }
  EXPECT_TRUE(polls_at_s_.empty());
  login_.client.token_endpoint = "https://login.example.com/t/oauth2";
  EXPECT_THAT(refused().message, HasSubstr("must end in /token"));
}

TEST_F(DeviceLogins, TellPageAndCodeThemselvesWhereTheServiceHasNoWordsForIt) {
  code_ = answers(200, R"({"device_code":"device-1","user_code":"ABC","verification_uri":"https://page.example"})");
  polls_ = {done};
  EXPECT_TRUE(log_in());
  EXPECT_EQ(shown_, "Open https://page.example and enter the code ABC");
}

TEST_F(DeviceLogins, ShowNothingOfACodeThatNobodyCanBeToldHowToUse) {
  polls_ = {done};
  for (const char* rest : {"", R"(,"user_code":"ABC")", R"(,"verification_uri":"https://page.example")"}) {
    code_ = answers(200, std::string(R"({"device_code":"device-1")") + rest + "}");
    const Error error = refused();
    EXPECT_EQ(error.kind, ErrorClass::bad_response) << error.message;
    EXPECT_THAT(error.message, AllOf(HasSubstr("login.example.com"), HasSubstr("instead of a code")));
    EXPECT_EQ(shown_, "");
  }
  EXPECT_TRUE(polls_at_s_.empty());
}

TEST_F(DeviceLogins, AskAgainForACodeWhenTheServiceIsBusy) {
  int asked = 0;
  InProcessTransport busy([&](const http::Request& r) { return ++asked <= 2 ? answers(503, "") : serve(r); });
  const Lane lane{"Partner Center", busy, clock_, random_, &meter_};
  polls_ = {done};
  EXPECT_TRUE(log_in_with_code(login_, lane, [](const std::string&) {}));
}

}  // namespace
}  // namespace cosell::net
