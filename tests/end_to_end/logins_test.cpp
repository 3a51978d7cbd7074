// The logins of the CRMs from a configuration to an endpoint that verifies them: what is recommended syncs, and each
// refusal is told in words with the next step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "certificate_login.h"

namespace cosell::end_to_end {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Half a minute more than 20 minutes: it is told in whole ones.
const Json twenty_minutes = {{"advance_ms", 20 * 60'000 + 30'000}};

class SalesforceByCertificate : public CertificateLogin {
 protected:
  SalesforceByCertificate() : CertificateLogin("salesforce") {}
};

class Dynamics365ByCertificate : public CertificateLogin {
 protected:
  Dynamics365ByCertificate() : CertificateLogin("dynamics365") {}
};

// ---- Salesforce

TEST_F(SalesforceByCertificate, SyncsAsTheSandboxConfiguresIt) {
  const Json login = Json::parse(read_text(sandbox.config()))["pairs"]["salesforce"]["crm"]["login"];
  EXPECT_EQ(login["flow"], "jwt");
  EXPECT_FALSE(login.contains("client_secret"));
  expect_sync();
  EXPECT_THAT(check(0), HasSubstr("Certificate of the login: good until "));
}

TEST_F(SalesforceByCertificate, WithAnotherKeyIsToldToUploadItsCertificateAndThenLogsIn) {
  put_new_pair(Duration{}, days(30 * 12));
  EXPECT_THAT(check(3),
              HasSubstr("Salesforce login refused: the signature does not fit the app; upload the certificate "
                        "of this key to the app."));
  upload(certificate());
  expect_sync();
}

TEST_F(SalesforceByCertificate, ForAnotherAudienceIsToldWhichItMustBe) {
  change_login({{"audience", "https://contoso.example.com"}});
  EXPECT_THAT(check(3), HasSubstr("Salesforce login refused: the audience is wrong; it must be "
                                  "https://login.salesforce.com, or https://test.salesforce.com for a sandbox."));
  change_login({{"audience", "https://test.salesforce.com"}});
  expect_sync();
}

TEST_F(SalesforceByCertificate, OfAnotherAppIsToldWhereTheClientIdStands) {
  change_login({{"client_id", "3MVG9another"}});
  EXPECT_THAT(check(3), HasSubstr("Salesforce login refused: the client id is unknown; it must be the consumer key of "
                                  "the app"));
}

TEST_F(SalesforceByCertificate, OfAUserWhoIsNotApprovedIsToldWhatToAddToTheApp) {
  sandbox.crm.set("unapproved_users", Json::array({"integration@cosell.example"}));
  EXPECT_THAT(check(3), HasSubstr("Salesforce login refused: the user has not been allowed to use the app; add the "
                                  "user's profile or permission set to the app's policies."));
  sandbox.crm.set("permitted_users", "self_authorized");
  EXPECT_THAT(check(3), HasSubstr("pre-authorize the app for the user's profile or permission set"));
  sandbox.crm.set("unapproved_users", Json::array());
  expect_sync();
}

TEST_F(SalesforceByCertificate, OfAnUnknownUserIsToldToCheckTheName) {
  change_login({{"username", "nobody@contoso.example"}});
  EXPECT_THAT(check(3), HasSubstr("check the user name"));
}

TEST_F(SalesforceByCertificate, WithAClockThatIsBehindIsToldSo) {
  leave_the_sandboxs_clock();
  sandbox.crm.post("clock", twenty_minutes);
  EXPECT_THAT(check(3), HasSubstr("the signed login is outside its time; check this machine's clock. This machine's "
                                  "clock is 20 minutes behind; switch on time synchronisation."));
}

TEST_F(SalesforceByCertificate, WithAClockThatIsAheadIsToldSo) {
  // The clock that the program follows is that of another sandbox.
  const Sandbox later(SandboxOptions{0, {}, ""});
  later.crm.post("clock", twenty_minutes);
  Json configuration = Json::parse(read_text(sandbox.config()));
  configuration["sandbox"]["clock"] = later.crm.url + "/_sandbox/clock";
  write_text(sandbox.config(), configuration.dump(2));
  EXPECT_THAT(check(3), HasSubstr("This machine's clock is 20 minutes ahead; switch on time synchronisation."));
}

// ---- a service whose key or secret is replaced

// Begins with a login that is refused; `mend` puts another one in place while it runs.
template <class Mend>
void expect_service_mended(const Sandbox& sandbox, Mend mend) {
  Process service = sandbox.begin({"run", "--every", "1s"});
  EXPECT_TRUE(eventually([&] { return service.err().find("login refused") != std::string::npos; })) << service.err();
  mend();
  EXPECT_TRUE(eventually([&] { return service.out().find("All is well again.") != std::string::npos; }))
      << service.out() << service.err();
  service.send(SIGTERM);
  EXPECT_EQ(service.wait().code, 0);
  EXPECT_FALSE(PartnerCenter(sandbox).referrals().empty());
}

TEST_F(Dynamics365ByCertificate, IsTakenFromTheReplacedFilesByAServiceThatRuns) {
  const std::string key = read_text(key_file());
  const std::string fitting = certificate();
  put_new_pair(Duration{}, days(300));
  expect_service_mended(sandbox, [&] {
    put_key(key);  // for a while the two do not belong together
    pause_ms(2500);
    write_text(certificate_file(), fitting);
  });
}

// ---- Salesforce, the other two flows

class SalesforceWithoutCertificate : public SalesforceByCertificate {
 protected:
  SalesforceWithoutCertificate() {
    change_login({{"username", nullptr},
                  {"private_key", nullptr},
                  {"certificate", nullptr},
                  {"client_secret", "file:secrets/salesforce_client_secret"}});
  }
  void put_secret(const std::string& name, const std::string& text) const {
    const std::string file = sandbox.folder->file("secrets/" + name);
    write_text(file, text + "\n");
    run("chmod 600 " + name);
  }
};

TEST_F(SalesforceWithoutCertificate, LogsInWithTheSecretOfTheApp) {
  change_login({{"flow", "client_credentials"}});
  expect_sync();
}

TEST_F(SalesforceWithoutCertificate, IsToldThatTheSecretIsWrong) {
  change_login({{"flow", "client_credentials"}});
  put_secret("salesforce_client_secret", "the secret of another app");
  EXPECT_THAT(check(3),
              AllOf(HasSubstr("Salesforce login refused: the client secret or certificate is wrong or expired"),
                    Not(HasSubstr("the secret of another app"))));
}

TEST_F(SalesforceWithoutCertificate, TakesTheReplacedSecretWhileAServiceRuns) {
  change_login({{"flow", "client_credentials"}});
  const std::string right = secret_of(sandbox, "salesforce_client_secret");
  put_secret("salesforce_client_secret", "a secret that has expired");
  expect_service_mended(sandbox, [&] { put_secret("salesforce_client_secret", right); });
}

TEST_F(SalesforceWithoutCertificate, LogsInWithARefreshTokenThatChangesWithEveryUse) {
  change_login({{"flow", "refresh_token"}, {"refresh_token", "file:secrets/salesforce_refresh_token"}});
  put_secret("salesforce_refresh_token", "cosell-sandbox-refresh-token");
  sandbox.crm.set("rotate_refresh_tokens", true);
  expect_sync();
  // The token in the file has been used up; the one that came with the answer was kept.
  sandbox.crm.post("expire", Json::object());
  expect_sync();
}

TEST_F(SalesforceWithoutCertificate, AsksForANewRefreshTokenWhenTheOldOneIsNotTaken) {
  change_login({{"flow", "refresh_token"}, {"refresh_token", "file:secrets/salesforce_refresh_token"}});
  put_secret("salesforce_refresh_token", "a token that was revoked");
  EXPECT_THAT(check(3), AllOf(HasSubstr("the saved login has expired or was revoked. Get a new refresh token"),
                              Not(HasSubstr("a token that was revoked"))));
}

// ---- Dynamics 365

TEST_F(Dynamics365ByCertificate, SyncsAsTheSandboxConfiguresIt) {
  const Json login = Json::parse(read_text(sandbox.config()))["pairs"]["dynamics365"]["crm"]["login"];
  EXPECT_TRUE(login.contains("certificate_key"));
  EXPECT_FALSE(login.contains("client_secret"));
  sandbox.crm.set("assertion_algorithm", "PS256");
  expect_sync();
  EXPECT_THAT(check(0), HasSubstr("Certificate of the login: good until "));
}

TEST_F(Dynamics365ByCertificate, SyncsInTheOlderFormWithATenantThatTakesNoOther) {
  sandbox.crm.set("assertion_algorithm", "RS256");
  EXPECT_THAT(check(3),
              HasSubstr("Dynamics 365 login refused: the signature is of a kind that is not taken; choose the "
                        "other \"assertion\", PS256 or RS256."));
  change_login({{"assertion", "RS256"}});
  expect_sync();
}

TEST_F(Dynamics365ByCertificate, WithAnotherCertificateIsToldToUploadItAndThenLogsIn) {
  put_new_pair(Duration{}, days(30 * 12));
  EXPECT_THAT(check(3), HasSubstr("Dynamics 365 login refused: the certificate is not the one that is registered with "
                                  "the app; upload it there, under Certificates & secrets."));
  upload(certificate());
  expect_sync();
}

TEST_F(Dynamics365ByCertificate, InAnotherTenantIsToldThatThereIsNone) {
  const std::string address = sandbox.crm.url + "/contoso.example/oauth2/v2.0/token";
  change_login({{"tenant", "contoso.example"}, {"token_url", address}});
  EXPECT_THAT(check(3), HasSubstr("Dynamics 365 login refused: there is no such tenant"));
}

TEST_F(Dynamics365ByCertificate, OfAnotherAppIsToldWhichIdsToCheck) {
  change_login({{"client_id", "00000000-0000-4000-8000-000000000001"}});
  EXPECT_THAT(check(3), HasSubstr("Dynamics 365 login refused: this tenant does not know the app; check client id and "
                                  "tenant."));
}

TEST_F(Dynamics365ByCertificate, OfAnAppThatIsNoUserOfTheEnvironmentIsToldSo) {
  sandbox.crm.set("user_state", "not_a_member");
  EXPECT_THAT(check(3), HasSubstr("is not a user of this Dynamics 365 organisation"));
}

TEST_F(Dynamics365ByCertificate, WithAClockThatIsBehindIsToldSo) {
  leave_the_sandboxs_clock();
  sandbox.crm.post("clock", twenty_minutes);
  EXPECT_THAT(check(3), HasSubstr("the signed login is outside its time; check this machine's clock. This machine's "
                                  "clock is 20 minutes behind; switch on time synchronisation."));
}

TEST_F(Dynamics365ByCertificate, WithAClockThatIsAheadIsToldSo) {
  const Sandbox later(SandboxOptions{0, {}, ""});
  later.crm.post("clock", twenty_minutes);
  Json configuration = Json::parse(read_text(sandbox.config()));
  configuration["sandbox"]["clock"] = later.crm.url + "/_sandbox/clock";
  write_text(sandbox.config(), configuration.dump(2));
  EXPECT_THAT(check(3), HasSubstr("the signed login is outside its time; check this machine's clock. This machine's "
                                  "clock is 20 minutes ahead; switch on time synchronisation."));
}

}  // namespace
}  // namespace cosell::end_to_end
