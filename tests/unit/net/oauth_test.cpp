// Logins: what is asked, what is kept, in which order, and what people read when it is refused.
#include "net/oauth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/json.h"
#include "base/text.h"
#include "net/certificate.h"
#include "net/in_process_transport.h"
#include "tests/unit/net/test_keys.h"

namespace cosell::net {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Form = std::vector<std::pair<std::string, std::string>>;

http::Response json_answer(int status, const std::string& body) {
  return {status, {{{"Content-Type", "application/json"}}}, body};
}

class OAuth : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "cosell-oauth-XXXXXX";
    directory_ = mkdtemp(name.data());
    auto opened = TokenStore::open(directory_ + "/tokens", Secret("0123456789abcdef"), random_);
    ASSERT_TRUE(opened);
    store_.emplace(std::move(*opened));
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<TokenSource> refresh_source(RefreshTokenLogin login = {}) {
    return make_token_source(client_, std::move(login), lane_, &*store_);
  }
  void log_in(const std::string& refresh_token) {
    StoredToken t;
    t.refresh_token = refresh_token;
    ASSERT_TRUE(store_->put("pc", t));
  }
  std::string form(const std::string& name, std::size_t request = SIZE_MAX) {
    return http::form_value(forms_.at(std::min(request, forms_.size() - 1)), name);
  }

  // A token endpoint that hands out numbered tokens; `answer_` replaces its answer.
  Delivered serve(const http::Request& r) {
    forms_.push_back(http::parse_form(r.body));
    if (during_request_) during_request_();
    if (answer_) return {Delivered::Kind::response, *answer_};
    const std::string n = std::to_string(forms_.size());
    std::string body = R"({"token_type":"Bearer","access_token":"access-)" + n + "\"";
    if (!expires_in_.empty()) body += R"(,"expires_in":)" + expires_in_;
    if (rotates_) body += R"(,"refresh_token":"refresh-)" + n + "\"";
    return {Delivered::Kind::response, json_answer(200, body + R"(,"instance_url":"https://my.example"})")};
  }

  ManualClock clock_{*parse_instant("2026-11-21T03:00:00Z")};
  SystemRandom random_;
  CallMeter meter_;
  std::vector<Form> forms_;
  std::optional<http::Response> answer_;
  std::function<void()> during_request_;
  std::string expires_in_ = "3600";
  bool rotates_ = true;
  InProcessTransport transport_{[this](const http::Request& r) { return serve(r); }};
  Lane lane_{"Partner Center", transport_, clock_, random_, &meter_};
  OAuthClient client_{"https://login.example.com/tenant/oauth2/v2.0/token", "app-1", "https://api.example.com/.default",
                      "pc", "cosell login partner-center"};
  std::string directory_;
  std::optional<TokenStore> store_;
};

TEST_F(OAuth, RefreshesWithTheStoredTokenAndSendsTheWholeForm) {
  log_in("refresh-0");
  RefreshTokenLogin login;
  login.client_secret = Secret("the-client-secret");
  auto source = refresh_source(login);
  const auto token = source->token();
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(*token, "access-1");
  EXPECT_EQ(form("grant_type"), "refresh_token");
  EXPECT_EQ(form("client_id"), "app-1");
  EXPECT_EQ(form("refresh_token"), "refresh-0");
  EXPECT_EQ(form("client_secret"), "the-client-secret");
  EXPECT_EQ(form("scope"), "https://api.example.com/.default");
  EXPECT_EQ(source->instance_url(), "https://my.example");
}

TEST_F(OAuth, KeepsTheTokenUntilTwoMinutesBeforeItsEnd) {
  log_in("refresh-0");
  auto source = refresh_source();
  EXPECT_EQ(*source->token(), "access-1");
  clock_.advance(seconds(3600 - 121));
  EXPECT_EQ(*source->token(), "access-1");
  clock_.advance(seconds(1));
  EXPECT_EQ(*source->token(), "access-2");
  EXPECT_EQ(form("refresh_token"), "refresh-1");
}

TEST_F(OAuth, ReadsALifetimeThatIsWrittenAsText) {
  log_in("refresh-0");
  expires_in_ = R"("600")";
  auto source = refresh_source();
  EXPECT_EQ(*source->token(), "access-1");
  clock_.advance(seconds(500));
  EXPECT_EQ(*source->token(), "access-2");
}

TEST_F(OAuth, KeepsATokenOfUnknownLifetimeUntilItIsRefused) {
  log_in("refresh-0");
  expires_in_ = "";
  auto source = refresh_source();
  EXPECT_EQ(*source->token(), "access-1");
  clock_.advance(days(3));
  EXPECT_EQ(*source->token(), "access-1");
  source->invalidate();
  EXPECT_EQ(*source->token(), "access-2");
}

// Some services answer a login with the token of the session that is under way.
TEST_F(OAuth, LogsInOnceWhereARefusedTokenIsGivenAgain) {
  log_in("refresh-0");
  auto source = refresh_source();
  answer_ = json_answer(200, R"({"access_token":"the-session","expires_in":3600})");
  EXPECT_EQ(*source->token(), "the-session");
  source->invalidate();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*source->token(), "the-session");
  EXPECT_EQ(forms_.size(), 2U);
}

TEST_F(OAuth, SharesTheTokenWithTheNextProcess) {
  log_in("refresh-0");
  EXPECT_EQ(*refresh_source()->token(), "access-1");
  EXPECT_EQ(*refresh_source()->token(), "access-1");
  EXPECT_EQ(forms_.size(), 1U);
}

TEST_F(OAuth, CountsLoginsApartFromApiCalls) {
  log_in("refresh-0");
  ASSERT_TRUE(refresh_source()->token());
  EXPECT_EQ(meter_.of("Partner Center").logins, 1U);
  EXPECT_EQ(meter_.of("Partner Center").total(), 0U);
}

TEST_F(OAuth, StoresTheNewRefreshTokenBeforeTheAccessTokenIsUsed) {
  log_in("refresh-0");
  auto source = refresh_source();
  // The store cannot be written while the answer is on its way.
  during_request_ = [this] { std::filesystem::create_directory(directory_ + "/tokens.new"); };
  const auto token = source->token();
  ASSERT_FALSE(token) << "the access token was handed out although its refresh token is not safe";
  EXPECT_EQ(token.error().kind, ErrorClass::config);
  during_request_ = nullptr;
  std::filesystem::remove(directory_ + "/tokens.new");
  // Nothing is lost: the pair is saved now, without asking again.
  EXPECT_EQ(*source->token(), "access-1");
  EXPECT_EQ(forms_.size(), 1U);
  EXPECT_EQ((*store_->get("pc"))->refresh_token, "refresh-1");
}

// The disk is full, or the user may only look: the next process still needs the refresh token.
TEST_F(OAuth, SpendsNoRefreshTokenWhoseSuccessorCouldNotBeKept) {  // F-59
  log_in("refresh-0");
  std::filesystem::create_directory(directory_ + "/tokens.new");
  const auto token = refresh_source()->token();
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().kind, ErrorClass::config);
  EXPECT_EQ(forms_.size(), 0U) << "the old one may be dead now, and the new one is nowhere";
  std::filesystem::remove(directory_ + "/tokens.new");
  EXPECT_EQ(*refresh_source()->token(), "access-1");
}

TEST_F(OAuth, KeepsTheOldRefreshTokenWhenNoneIsSent) {
  log_in("refresh-0");
  rotates_ = false;
  ASSERT_TRUE(refresh_source()->token());
  EXPECT_EQ((*store_->get("pc"))->refresh_token, "refresh-0");
}

TEST_F(OAuth, RemembersWhenTheSavedLoginWasLastUsed) {
  log_in("refresh-0");
  const Instant first = clock_.now();
  auto source = refresh_source();
  ASSERT_TRUE(source->token());
  clock_.advance(minutes(30));
  ASSERT_TRUE(source->token()) << "which needs no renewal";
  EXPECT_EQ((*store_->get("pc"))->renewed_at, first);
  rotates_ = false;
  clock_.advance(days(2));
  ASSERT_TRUE(source->token());
  EXPECT_EQ((*store_->get("pc"))->renewed_at, first + days(2) + minutes(30));
}

TEST_F(OAuth, UsesTheTokenThatAnotherProcessGotMeanwhile) {
  log_in("refresh-0");
  auto source = refresh_source();
  during_request_ = [this] {
    during_request_ = nullptr;
    ASSERT_TRUE(refresh_source()->token());  // the other one is faster, and the old refresh token is spent
    answer_ = json_answer(400, R"({"error":"invalid_grant"})");
  };
  const auto token = source->token();
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(*token, "access-2");
  EXPECT_EQ(forms_.size(), 2U);
}

// Another process that is about to renew the login: done with it at the first wait.
class ClockOfAnOther final : public Clock {
 public:
  ClockOfAnOther(Clock& clock, std::function<void()> ends) : clock_(clock), ends_(std::move(ends)) {}
  Instant now() override { return clock_.now(); }
  bool sleep_for(Duration d) override {
    if (ends_) std::exchange(ends_, nullptr)();
    return clock_.sleep_for(d);
  }

 private:
  Clock& clock_;
  std::function<void()> ends_;
};

TEST_F(OAuth, WaitsForAnotherProcessThatRenewsTheSameLogin) {
  log_in("refresh-0");
  std::optional<TokenStore::Turn> of_the_other;
  of_the_other.emplace(store_->turn("pc", clock_));
  bool waited = false;
  ClockOfAnOther clock(clock_, [&] {
    waited = true;
    of_the_other.reset();
    ASSERT_TRUE(refresh_source()->token());
  });
  const Lane lane{"Partner Center", transport_, clock, random_, &meter_};
  const auto token = make_token_source(client_, RefreshTokenLogin{}, lane, &*store_)->token();
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_TRUE(waited);
  EXPECT_EQ(*token, "access-1");
  EXPECT_EQ(forms_.size(), 1U) << "the refresh token was used twice";
}

TEST_F(OAuth, GoesOnWithoutAProcessThatRenewsALoginAndHangs) {
  log_in("refresh-0");
  const TokenStore::Turn of_the_other = store_->turn("pc", clock_);
  const Instant before = clock_.now();
  EXPECT_EQ(*refresh_source()->token(), "access-1");
  // Its login may take that long: twice four attempts, of which the last begins after a minute and takes half of one.
  EXPECT_GT(clock_.now() - before, seconds(180));
}

TEST_F(OAuth, UsesALoginThatHappenedMeanwhile) {
  log_in("refresh-0");
  during_request_ = [this] {
    during_request_ = [this] { answer_.reset(); };
    answer_ = json_answer(400, R"({"error":"invalid_grant"})");
    log_in("refresh-of-the-login");
  };
  EXPECT_EQ(*refresh_source()->token(), "access-2");
  EXPECT_EQ(form("refresh_token"), "refresh-of-the-login");
}

TEST_F(OAuth, TakesANewStartThatTheAdminPutInPlace) {
  log_in("refresh-old");
  RefreshTokenLogin login;
  login.first_refresh_token = Secret("refresh-new");
  during_request_ = [this] {
    answer_.reset();
    if (form("refresh_token") == "refresh-old") answer_ = json_answer(400, R"({"error":"invalid_grant"})");
  };
  EXPECT_EQ(*refresh_source(login)->token(), "access-2");
  EXPECT_EQ(form("refresh_token"), "refresh-new");
}

TEST_F(OAuth, NeverSendsARefreshTokenToAnotherEndpoint) {
  log_in("refresh-0");
  ASSERT_TRUE(refresh_source()->token());
  client_.token_endpoint = "https://login.other.example/token";
  const auto token = refresh_source()->token();
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().kind, ErrorClass::auth_expired);
  EXPECT_EQ(forms_.size(), 1U);
}

TEST_F(OAuth, AsksAgainForAnotherScopeWithTheSameLogin) {
  log_in("refresh-0");
  ASSERT_TRUE(refresh_source()->token());
  client_.scope = "other";
  EXPECT_EQ(*refresh_source()->token(), "access-2");
  EXPECT_EQ(form("refresh_token"), "refresh-1");
}

TEST_F(OAuth, SaysThatNobodyLoggedInYet) {
  const auto token = refresh_source()->token();
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().kind, ErrorClass::auth_expired);
  EXPECT_THAT(token.error().message, HasSubstr("Log in: cosell login partner-center"));
  EXPECT_TRUE(forms_.empty());
}

struct Refusal {
  std::string body;
  ErrorClass kind;
  std::string words;
};

TEST_F(OAuth, SaysInWordsWhyALoginWasRefusedAndWhatToDo) {
  const std::vector<Refusal> refusals = {
      {R"({"error":"invalid_grant","error_description":"no"})", ErrorClass::auth_expired,
       "Log in again: cosell login partner-center"},
      {R"({"error":"invalid_grant","error_description":"AADSTS700082: The refresh token has expired due to inactivity."})",
       ErrorClass::auth_expired, "not used for too long"},
      {R"({"error":"invalid_grant","error_description":"AADSTS50173: revoked"})", ErrorClass::auth_expired,
       "password was changed"},
      {R"({"error":"invalid_grant","error_description":"AADSTS50076: MFA"})", ErrorClass::auth_expired, "multi-factor"},
      {R"({"error":"interaction_required","error_description":"x"})", ErrorClass::auth_expired, "multi-factor"},
      {R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret"})",
       ErrorClass::auth_expired, "client secret is wrong"},
      {R"({"error":"invalid_client","error_description":"AADSTS7000222: expired"})", ErrorClass::auth_expired,
       "secret has expired"},
      {R"({"error":"invalid_client"})", ErrorClass::auth_expired, "wrong or expired"},
      {R"({"error":"unauthorized_client","error_description":"AADSTS700016: not found"})", ErrorClass::auth_expired,
       "does not know the app"},
      {R"({"error":"unauthorized_client"})", ErrorClass::auth_expired, "not allowed to log in this way"},
      {R"({"error":"invalid_client","error_description":"AADSTS700027: x. [Reason - The key was not found.]"})",
       ErrorClass::auth_expired, "upload it there, under Certificates & secrets"},
      {R"({"error":"invalid_client","error_description":"AADSTS700027: x. [Reason - Key was found, but use of the key to verify the signature failed.]"})",
       ErrorClass::auth_expired, "the key is not the one of the certificate"},
      {R"({"error":"invalid_client","error_description":"AADSTS700027: x. [Reason - The key used is expired.]"})",
       ErrorClass::auth_expired, "the certificate has ended"},
      {R"({"error":"invalid_client","error_description":"AADSTS1000502: x"})", ErrorClass::auth_expired,
       "does not count yet"},
      {R"({"error":"invalid_request","error_description":"AADSTS5002730: x"})", ErrorClass::auth_expired,
       "the other \"assertion\""},
      {R"({"error":"invalid_client","error_description":"AADSTS700023: x"})", ErrorClass::auth_expired,
       "another token address"},
      {R"({"error":"invalid_app_access","error_description":"user is not admin approved to access this app"})",
       ErrorClass::auth_expired, "profile or permission set"},
      {R"({"error":"invalid_grant","error_description":"External client app is not installed in this org"})",
       ErrorClass::auth_expired, "Permitted Users"},
      {R"({"error":"invalid_grant","error_description":"audience is invalid"})", ErrorClass::auth_expired,
       "refused: the audience is wrong."},
      {R"({"error":"invalid_grant","error_description":"invalid assertion"})", ErrorClass::auth_expired,
       "upload the certificate of this key"},
      {R"({"error":"invalid_grant","error_description":"expired authorization code"})", ErrorClass::auth_expired,
       "check this machine's clock"},
      {R"({"error":"invalid_client_id","error_description":"client identifier invalid"})", ErrorClass::auth_expired,
       "consumer key"},
      {R"({"error":"invalid_client","error_description":"AADSTS7000218: The request body must contain"})",
       ErrorClass::auth_expired, "Allow public client flows"},
      {R"({"error":"invalid_client","error_description":"AADSTS700025: Client is public"})", ErrorClass::auth_expired,
       "takes no secret"},
      {R"({"error":"invalid_resource","error_description":"AADSTS650057: Invalid resource."})",
       ErrorClass::auth_expired, "under API permissions"},
      {R"({"error":"invalid_grant","error_description":"AADSTS50020: User account from identity provider"})",
       ErrorClass::auth_expired, "not of this tenant"},
      {R"({"error":"invalid_grant","error_description":"AADSTS50034: The user account does not exist"})",
       ErrorClass::auth_expired, "no such account"},
      {R"({"error":"invalid_grant","error_description":"AADSTS50105: not assigned to a role"})",
       ErrorClass::auth_expired, "Users and groups"},
      {R"({"error":"interaction_required","error_description":"AADSTS53000: Device is not compliant"})",
       ErrorClass::auth_expired, "a device that the company manages"},
      {R"({"error":"interaction_required","error_description":"AADSTS53003: Blocked"})", ErrorClass::auth_expired,
       "conditional access rule blocks"},
      {R"({"error":"temporarily_unavailable"})", ErrorClass::transient, "busy"},
      {R"({"error":"invalid_grant","error_description":"login rate exceeded"})", ErrorClass::transient,
       "tries again later"},
      {R"({"error":"brand_new_error"})", ErrorClass::auth_expired, "brand_new_error"},
  };
  log_in("refresh-0");
  for (const Refusal& refusal : refusals) {
    answer_ = json_answer(400, refusal.body);
    const auto token = refresh_source()->token();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().kind, refusal.kind) << refusal.body;
    EXPECT_THAT(token.error().message, HasSubstr(refusal.words)) << refusal.body;
    EXPECT_THAT(token.error().message, HasSubstr("Partner Center")) << refusal.body;
    EXPECT_EQ(token.error().http_status, 400);
  }
}

TEST_F(OAuth, AsksForANewRefreshTokenWhereNoCommandGetsOne) {
  client_.login_command = "";
  log_in("refresh-0");
  answer_ = json_answer(400, R"({"error":"invalid_grant","error_description":"expired access/refresh token"})");
  EXPECT_THAT(refresh_source()->token().error().message, HasSubstr("Get a new refresh token"));
  ClientCredentialsLogin own;
  own.client_secret = Secret("the-client-secret");
  EXPECT_THAT(make_token_source(client_, own, lane_, nullptr)->token().error().message,
              Not(HasSubstr("refresh token")));
}

TEST_F(OAuth, KeepsTheServicesOwnSentenceWithoutTheJsonAroundIt) {
  log_in("refresh-0");
  answer_ = json_answer(400, R"({"error":"invalid_grant","error_description":"AADSTS50173: revoked. Trace ID: t-1"})");
  EXPECT_EQ(refresh_source()->token().error().detail, "AADSTS50173: revoked. Trace ID: t-1");
}

TEST_F(OAuth, NamesTheHostThatAnsweredAWebPage) {
  log_in("refresh-0");
  answer_ = http::Response{200, {{{"Content-Type", "text/html"}}}, "<html>Sign in to the proxy</html>"};
  const auto token = refresh_source()->token();
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().kind, ErrorClass::bad_response);
  EXPECT_THAT(token.error().message, HasSubstr("login.example.com"));
  EXPECT_THAT(token.error().message, HasSubstr("web page"));
}

TEST_F(OAuth, TreatsAnswersWithoutATokenAsNotUnderstandable) {
  log_in("refresh-0");
  for (const char* body :
       {"", "{}", "[]", R"({"access_token":5})", R"({"access_token":""})", "{\"access_token\":\"x\""}) {
    answer_ = json_answer(200, body);
    const auto token = refresh_source()->token();
    ASSERT_FALSE(token) << body;
    EXPECT_EQ(token.error().kind, ErrorClass::bad_response) << body;
  }
  EXPECT_EQ((*store_->get("pc"))->refresh_token, "refresh-0");
}

TEST_F(OAuth, MentionsAClockThatIsWrong) {
  log_in("refresh-0");
  answer_ = json_answer(400, R"({"error":"invalid_grant"})");
  answer_->headers.set("Date", "Sat, 21 Nov 2026 02:48:00 GMT");
  EXPECT_THAT(refresh_source()->token().error().message,
              HasSubstr("clock is 12 minutes ahead; switch on time synchronisation"));
  answer_->headers.set("Date", "Sat, 21 Nov 2026 03:02:00 GMT");
  EXPECT_THAT(refresh_source()->token().error().message, Not(HasSubstr("clock")));
}

TEST_F(OAuth, TriesAgainWhenTheLoginServiceIsBusy) {
  log_in("refresh-0");
  answer_ = http::Response{503, {}, ""};
  during_request_ = [this] {
    if (forms_.size() == 3) answer_.reset();
  };
  EXPECT_EQ(*refresh_source()->token(), "access-3");
  EXPECT_EQ(meter_.of("Partner Center").logins, 3U);
}

TEST_F(OAuth, LogsInWithAClientSecret) {
  ClientCredentialsLogin login;
  login.client_secret = Secret("the-client-secret");
  auto source = make_token_source(client_, login, lane_, nullptr);
  EXPECT_EQ(*source->token(), "access-1");
  EXPECT_EQ(*source->token(), "access-1");
  EXPECT_EQ(form("grant_type"), "client_credentials");
  EXPECT_EQ(form("client_secret"), "the-client-secret");
  EXPECT_EQ(form("scope"), client_.scope);
  EXPECT_EQ(forms_.size(), 1U);
}

TEST_F(OAuth, LogsInWithACertificate) {
  ClientCredentialsLogin login;
  login.certificate_key = Secret(testing::kRfc7515Key);
  login.certificate = testing::kCertificate;
  ASSERT_TRUE(make_token_source(client_, login, lane_, nullptr)->token());
  EXPECT_EQ(form("client_assertion_type"), "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  EXPECT_EQ(form("client_secret"), "");
  const auto parts = text::split(form("client_assertion"), '.');
  ASSERT_EQ(parts.size(), 3U);
  const auto header = json::read(text::base64_decode(parts[0]));
  const auto claims = json::read(text::base64_decode(parts[1]));
  ASSERT_TRUE(header && claims);
  EXPECT_EQ(header->text_of("alg"), "PS256");
  EXPECT_EQ(header->text_of("x5t#S256"), "-PQ6ant07S53Og_SlvDBYqW-x-xqoyoUMfAOmLb3RA4");
  EXPECT_EQ(claims->text_of("aud"), client_.token_endpoint);
  EXPECT_EQ(claims->text_of("iss"), "app-1");
  EXPECT_EQ(claims->text_of("sub"), "app-1");
  EXPECT_EQ(claims->text_of("jti").size(), 36U);
  EXPECT_EQ(*claims->find("exp")->as_integer(), clock_.now().ms / 1000 + 600);
}

TEST_F(OAuth, LogsInWithTheOlderFormOfAnAssertionWhenToldTo) {
  ClientCredentialsLogin login;
  login.certificate_key = Secret(testing::kRfc7515Key);
  login.certificate = testing::kCertificate;
  login.algorithm = JwtAlgorithm::rs256;
  ASSERT_TRUE(make_token_source(client_, login, lane_, nullptr)->token());
  const auto parts = text::split(form("client_assertion"), '.');
  ASSERT_EQ(parts.size(), 3U);
  const auto header = json::read(text::base64_decode(parts[0]));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->text_of("alg"), "RS256");
  EXPECT_EQ(header->text_of("x5t"), *certificate_thumbprint(testing::kCertificate, Thumbprint::sha1));
  EXPECT_EQ(header->find("x5t#S256"), nullptr);
}

TEST_F(OAuth, NeedsASecretOrACertificate) {
  const auto token = make_token_source(client_, ClientCredentialsLogin(), lane_, nullptr)->token();
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().kind, ErrorClass::config);
}

TEST_F(OAuth, LogsInWithASignedJwtForAUser) {
  client_.scope = "";
  JwtBearerLogin login{Secret(testing::kRfc7515Key), "bridge@example.com", "https://login.salesforce.com"};
  ASSERT_TRUE(make_token_source(client_, login, lane_, &*store_)->token());
  EXPECT_EQ(form("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
  const auto parts = text::split(form("assertion"), '.');
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(json::read(text::base64_decode(parts[0]))->text_of("alg"), "RS256");
  const auto claims = json::read(text::base64_decode(parts[1]));
  EXPECT_EQ(claims->text_of("iss"), "app-1");
  EXPECT_EQ(claims->text_of("sub"), "bridge@example.com");
  EXPECT_EQ(claims->text_of("aud"), "https://login.salesforce.com");
  EXPECT_EQ(*claims->find("exp")->as_integer(), clock_.now().ms / 1000 + 180);
  // Another user of the same app does not get this user's token.
  login.subject = "other@example.com";
  EXPECT_EQ(*make_token_source(client_, login, lane_, &*store_)->token(), "access-2");
}

TEST_F(OAuth, ExplainsAJwtThatSalesforceDoesNotAccept) {
  JwtBearerLogin login{Secret(testing::kRfc7515Key), "bridge@example.com", "https://login.salesforce.com"};
  answer_ = json_answer(400, R"({"error":"invalid_grant","error_description":"user hasn't approved this consumer"})");
  const auto token = make_token_source(client_, login, lane_, nullptr)->token();
  EXPECT_THAT(token.error().message, HasSubstr("pre-authorize the app"));
  EXPECT_THAT(token.error().message, Not(HasSubstr("cosell login")));
  login.audiences = "https://login.example.com, or https://test.example.com for a sandbox";
  answer_ = json_answer(400, R"({"error":"invalid_grant","error_description":"audience is invalid"})");
  EXPECT_THAT(
      make_token_source(client_, login, lane_, nullptr)->token().error().message,
      HasSubstr("the audience is wrong; it must be https://login.example.com, or https://test.example.com for a "
                "sandbox."));
}

TEST_F(OAuth, NeverPutsATokenIntoAnError) {
  log_in("refresh-0-quite-secret");
  answer_ =
      json_answer(400, R"({"error":"invalid_grant","refresh_token":"refresh-0-quite-secret","assertion":"aaaaaaa"})");
  const auto token = refresh_source()->token();
  ASSERT_FALSE(token);
  EXPECT_THAT(token.error().detail + token.error().message, Not(HasSubstr("quite-secret")));
}

}  // namespace
}  // namespace cosell::net
