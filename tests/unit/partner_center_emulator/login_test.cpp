// The token endpoint and the check of bearer tokens.
#include <map>

#include "tests/unit/partner_center_emulator/tenant.h"

namespace cosell::emulator {
namespace {

class PartnerCenterLogin : public Tenant {
 protected:
  Reply poll(const std::string& device_code) {
    return ask_token({{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                      {"client_id", "app"},
                      {"device_code", device_code}});
  }
  Reply start_device_login() {
    return ask_token({{"client_id", "app"}, {"scope", "https://api.partner.microsoft.com/.default offline_access"}},
                     "/organizations/oauth2/v2.0/devicecode");
  }
};

// The other way in: the person's browser is sent to the page and back, with a code for the app.
class BrowserAtTheTenant : public Tenant {
 protected:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  // The challenge of RFC 7636, appendix B.
  static constexpr const char* kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  static constexpr const char* kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

  Reply opens(const Fields& other = {}) {
    std::map<std::string, std::string> fields = {{"client_id", "app"},
                                                 {"response_type", "code"},
                                                 {"redirect_uri", "http://localhost:45123"},
                                                 {"scope", "https://api.partner.microsoft.com/.default offline_access"},
                                                 {"state", "state-1"},
                                                 {"code_challenge", kChallenge},
                                                 {"code_challenge_method", "S256"}};
    for (const auto& [name, value] : other) fields[name] = value;
    http::Request request;
    request.method = "GET";
    request.url = "/common/oauth2/v2.0/authorize?" + http::encode_form({fields.begin(), fields.end()});
    return send(request);
  }
  static std::map<std::string, std::string> brought_by(const Reply& reply) {
    const std::string to = reply.headers.get("Location");
    const auto fields = http::parse_form(to.substr(to.find('?') + 1));
    return {fields.begin(), fields.end()};
  }
  Reply redeem(const std::string& code, const std::string& verifier = kVerifier,
               const std::string& redirect_uri = "http://localhost:45123") {
    return ask_token({{"grant_type", "authorization_code"},
                      {"client_id", "app"},
                      {"code", code},
                      {"redirect_uri", redirect_uri},
                      {"code_verifier", verifier}});
  }
  std::string code() { return brought_by(opens())["code"]; }
};

TEST_F(BrowserAtTheTenant, IsSentBackWithACodeThatWorksOnce) {
  const Reply sent = opens();
  EXPECT_EQ(sent.status, 302);
  EXPECT_EQ(sent.headers.get("Location").rfind("http://localhost:45123/?code=", 0), 0U);
  auto brought = brought_by(sent);
  EXPECT_EQ(brought["state"], "state-1");
  const Reply token = redeem(brought["code"]);
  ASSERT_EQ(token.status, 200) << token.text("/error_description");
  EXPECT_NE(token.text("/refresh_token"), "");
  token_ = token.text("/access_token");
  EXPECT_EQ(list().status, 200);
  EXPECT_NE(redeem(brought["code"]).text("/error_description").find("AADSTS54005"), std::string::npos);
}

TEST_F(BrowserAtTheTenant, BringsACodeThatNobodyElseCanUse) {
  EXPECT_NE(redeem(code(), "another").text("/error_description").find("AADSTS501481"), std::string::npos);
  EXPECT_NE(redeem(code(), "").text("/error_description").find("AADSTS501481"), std::string::npos);
  EXPECT_NE(redeem(code(), kVerifier, "http://localhost:1").text("/error_description").find("AADSTS500112"),
            std::string::npos);
  EXPECT_NE(redeem("made-up").text("/error_description").find("AADSTS9002313"), std::string::npos);
  const std::string old = code();
  clock_.advance(seconds(601));
  EXPECT_NE(redeem(old).text("/error_description").find("AADSTS70008"), std::string::npos);
}

TEST_F(BrowserAtTheTenant, StaysOnThePageWhereTheAppIsNotTheOneThatWasRegistered) {
  for (const Fields& wrong : {Fields{{"redirect_uri", "https://example.com"}}, Fields{{"redirect_uri", ""}},
                              Fields{{"redirect_uri", "http://localhost.example.com"}}, Fields{{"client_id", ""}}}) {
    EXPECT_EQ(opens(wrong).headers.get("Location"), "") << wrong[0].first << "=" << wrong[0].second;
  }
  EXPECT_EQ(brought_by(opens({{"response_type", "token"}}))["error"], "unsupported_response_type");
}

TEST_F(BrowserAtTheTenant, BringsACodeThatTakesASecretOnlyForAWebAddress) {
  set("client_secret", "s3cret");
  const auto with_secret = [&](const std::string& code) {
    return ask_token({{"grant_type", "authorization_code"},
                      {"client_id", "app"},
                      {"client_secret", "s3cret"},
                      {"code", code},
                      {"redirect_uri", "http://localhost:45123"},
                      {"code_verifier", kVerifier}});
  };
  EXPECT_NE(with_secret(code()).text("/error_description").find("AADSTS700025"), std::string::npos);
  EXPECT_EQ(redeem(code()).status, 200);
  set("redirect_platform", "web");
  EXPECT_NE(redeem(code()).text("/error_description").find("AADSTS7000218"), std::string::npos);
  EXPECT_EQ(with_secret(code()).status, 200);
}

TEST_F(BrowserAtTheTenant, DeclinesOrIsBlockedAsTheSwitchSays) {
  set("browser_login", "declines");
  auto brought = brought_by(opens());
  EXPECT_EQ(brought["error"], "access_denied");
  EXPECT_EQ(brought["state"], "state-1");
  set("browser_login", "blocked");
  EXPECT_EQ(opens().headers.get("Location"), "");
}

TEST_F(PartnerCenterLogin, ACodeIsRefusedOnThePageWhereTheTenantAllowsNone) {
  set("device_code", "blocked");
  const std::string code = start_device_login().text("/device_code");
  EXPECT_EQ(control("approve-device", Json::object()).status, 403);
  EXPECT_EQ(poll(code).text("/error"), "authorization_pending");
}

TEST_F(PartnerCenterLogin, AnAccessTokenDiesWithTheSandboxClock) {
  EXPECT_EQ(list().status, 200);
  clock_.advance(seconds(3599));
  EXPECT_EQ(list().status, 200);
  clock_.advance(seconds(1));
  const Reply expired = list();
  EXPECT_EQ(expired.status, 401);
  EXPECT_EQ(expired.text("/error/code"), "unauthenticated");
  EXPECT_NE(expired.headers.get("WWW-Authenticate").find("invalid_token"), std::string::npos);
}

TEST_F(PartnerCenterLogin, EveryCallNeedsATokenForThisResource) {
  token_ = "made-up";
  EXPECT_EQ(list().status, 401);
  token_ = "";
  EXPECT_EQ(list().headers.get("WWW-Authenticate"), "Bearer");
  token_ = ask_token({{"grant_type", "refresh_token"},
                      {"client_id", "app"},
                      {"refresh_token", "seed"},
                      {"scope", "https://api.partnercenter.microsoft.com/.default"}})
               .text("/access_token");
  ASSERT_NE(token_, "");
  EXPECT_EQ(list().status, 401);
}

TEST_F(PartnerCenterLogin, RefreshTokensRotateAndTheOldOneDiesOnlyIfToldSo) {
  const Reply first = refresh("seed");
  ASSERT_EQ(first.status, 200);
  EXPECT_EQ(first.text("/token_type"), "Bearer");
  EXPECT_EQ(first.body["expires_in"], 3600);
  const std::string second = first.text("/refresh_token");
  EXPECT_NE(second, "seed");
  EXPECT_EQ(refresh(second).status, 200);
  EXPECT_EQ(refresh("seed").status, 200);
  set("old_refresh_token_dies", true);
  EXPECT_EQ(refresh("seed").status, 200);
  EXPECT_EQ(refresh("seed").status, 400);
  set("rotate_refresh_token", false);
  EXPECT_EQ(refresh(second).text("/refresh_token"), second);
}

TEST_F(PartnerCenterLogin, RefusesUnknownExpiredAndRevokedRefreshTokensAsEntraDoes) {
  const Reply unknown = refresh("nonsense");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(unknown.text("/error"), "invalid_grant");
  EXPECT_EQ(unknown.text("/error_description").substr(0, 12), "AADSTS70000:");
  EXPECT_FALSE(unknown.text("/trace_id").empty());
  EXPECT_FALSE(unknown.text("/correlation_id").empty());

  const std::string token = refresh("seed").text("/refresh_token");
  clock_.advance(days(91));
  EXPECT_EQ(refresh(token).body["error_codes"], Json::array({700082}));

  core_->register_refresh_token("another");
  EXPECT_EQ(control("revoke-logins").status, 200);
  EXPECT_EQ(refresh("another").body["error_codes"], Json::array({50173}));
}

TEST_F(PartnerCenterLogin, ChecksClientTenantAndSecret) {
  set("client_id", "0c5e7a3d-0000-4000-8000-2f6f2f0a9c11");
  EXPECT_EQ(refresh("seed").text("/error"), "unauthorized_client");
  set("client_id", "app");
  set("tenant", "contoso.example");
  EXPECT_EQ(refresh("seed").status, 200);
  EXPECT_EQ(ask_token({{"grant_type", "refresh_token"}, {"client_id", "app"}, {"refresh_token", "seed"}},
                      "/fabrikam.example/oauth2/v2.0/token")
                .text("/error"),
            "invalid_request");
  const auto with_secret = [this](const std::string& secret) {
    return ask_token(
        {{"grant_type", "refresh_token"}, {"client_id", "app"}, {"client_secret", secret}, {"refresh_token", "seed"}});
  };
  EXPECT_EQ(with_secret("s3cret").body["error_codes"][0], 700025) << "a public client has none";
  set("client_secret", "s3cret");
  EXPECT_EQ(refresh("seed").status, 401);
  EXPECT_EQ(refresh("seed").body["error_codes"][0], 7000218);
  EXPECT_EQ(with_secret("wrong").body["error_codes"][0], 7000215);
  EXPECT_EQ(ask_token({{"grant_type", "password"}, {"client_id", "app"}, {"client_secret", "s3cret"}}).text("/error"),
            "unsupported_grant_type");
}

TEST_F(PartnerCenterLogin, TheOlderEndpointPrintsNumbersAsText) {
  const Reply reply = ask_token({{"grant_type", "refresh_token"},
                                 {"client_id", "app"},
                                 {"refresh_token", "seed"},
                                 {"resource", "https://api.partner.microsoft.com"}},
                                "/common/oauth2/token");
  ASSERT_EQ(reply.status, 200);
  EXPECT_EQ(reply.text("/expires_in"), "3600");
  token_ = reply.text("/access_token");
  EXPECT_EQ(list().status, 200);
}

TEST_F(PartnerCenterLogin, ADeviceLoginWaitsForThePerson) {
  const Reply started = start_device_login();
  ASSERT_EQ(started.status, 200);
  const std::string code = started.text("/device_code");
  EXPECT_EQ(poll(code).text("/error"), "authorization_pending");
  EXPECT_EQ(control("approve-device", Json{{"user_code", "WRONGCODE"}}).body["logins"], 0);
  EXPECT_EQ(poll(code).status, 400);
  EXPECT_EQ(control("approve-device", Json{{"user_code", started.text("/user_code")}}).body["logins"], 1);
  const Reply granted = poll(code);
  ASSERT_EQ(granted.status, 200);
  token_ = granted.text("/access_token");
  EXPECT_EQ(list().status, 200);
  EXPECT_EQ(refresh(granted.text("/refresh_token")).status, 200);
  EXPECT_EQ(poll(code).text("/error"), "bad_verification_code") << "a code works once";
}

TEST_F(PartnerCenterLogin, ADeviceLoginCanBeDeclinedExpireOrBeAutomatic) {
  std::string code = start_device_login().text("/device_code");
  control("approve-device", Json{{"approve", false}});
  EXPECT_EQ(poll(code).text("/error"), "authorization_declined");
  code = start_device_login().text("/device_code");
  clock_.advance(minutes(16));
  EXPECT_EQ(poll(code).text("/error"), "expired_token");
  set("device_code_auto_approve", true);
  EXPECT_EQ(poll(start_device_login().text("/device_code")).status, 200);
}

TEST_F(PartnerCenterLogin, TheLivesOfTokensAndCodesAreThoseThatAreSet) {
  set("access_token_seconds", 60);
  EXPECT_EQ(list().status, 200) << "a token that is out keeps its life";
  login();
  clock_.advance(seconds(59));
  EXPECT_EQ(list().status, 200);
  clock_.advance(seconds(1));
  EXPECT_EQ(list().status, 401);

  set("refresh_token_days", 2);
  const std::string token = refresh("seed").text("/refresh_token");
  clock_.advance(days(2));
  const std::string newer = refresh(token).text("/refresh_token");
  EXPECT_FALSE(newer.empty()) << "its use counts, not its age";
  clock_.advance(days(2) + seconds(1));
  EXPECT_EQ(refresh(newer).body["error_codes"], Json::array({700082}));

  set("device_code_seconds", 60);
  const Reply started = start_device_login();
  EXPECT_EQ(started.body["expires_in"], 60);
  EXPECT_EQ(poll(started.text("/device_code")).text("/error"), "authorization_pending");
  clock_.advance(seconds(61));
  EXPECT_EQ(poll(started.text("/device_code")).text("/error"), "expired_token");
}

TEST_F(PartnerCenterLogin, RolesDecideWhatIsSeen) {
  const std::string id = make(deal());
  set("caller_role", "user");
  EXPECT_EQ(get(id).status, 404);
  EXPECT_TRUE(list_all().empty());
  set("caller_email", "Ida.Berg@partner.example");
  EXPECT_EQ(get(id).status, 200);
  set("caller_role", "none");
  EXPECT_EQ(get(id).status, 403);
  set("caller_role", "admin");
  set("mfa_satisfied", false);
  EXPECT_EQ(get(id).status, 401);
}

}  // namespace
}  // namespace cosell::emulator
