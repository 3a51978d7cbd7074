// Key and certificate files that cannot do: `cosell check` names the file and what helps. And the files that a sandbox
// makes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "certificate_login.h"

namespace cosell::end_to_end {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

// The same for both CRMs, but for the names of the settings.
class LoginFiles : public CertificateLogin, public ::testing::WithParamInterface<std::string> {
 protected:
  LoginFiles() : CertificateLogin(GetParam()) {}
  std::string key_setting() const { return sandbox.pair == "salesforce" ? "private_key" : "certificate_key"; }
  // "crm.login.private_key: the key in the file /…/salesforce.key "
  std::string key_named() const { return "crm.login." + key_setting() + ": the key in the file " + key_file() + " "; }
};

TEST_P(LoginFiles, OfAKeyWithAPassPhraseAreMendedByTheCommandThatIsTold) {
  run("openssl pkey -in " + key_file() + " -aes256 -passout pass:sesame -out locked && mv locked " + key_file());
  EXPECT_THAT(check(2),
              HasSubstr(key_named() + "is protected by a pass phrase, which nobody is there to type; write it "
                                      "without one: openssl pkey -in KEY -out NEW."));
  run("openssl pkey -in " + key_file() + " -passin pass:sesame -out new && mv new " + key_file());
  check(0);
}

TEST_P(LoginFiles, OfAKeyInAnotherFormAreMendedByTheCommandThatIsTold) {
  run("openssl pkcs12 -export -inkey " + key_file() + " -in " + certificate_file() +
      " -passout pass: -out packed.pfx && cp packed.pfx " + key_file());
  EXPECT_THAT(check(2), HasSubstr(key_named() + "is not in PEM form (-----BEGIN PRIVATE KEY-----); from a .pfx file: "
                                                "openssl pkcs12 -in FILE.pfx -nocerts -nodes -out KEY."));
  run("openssl pkcs12 -in packed.pfx -passin pass: -nocerts -nodes -out " + key_file());
  check(0);
}

TEST_P(LoginFiles, OfAKeyOfAnotherKindAreToldWhatALoginNeeds) {
  run("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out " + key_file());
  EXPECT_THAT(check(2),
              HasSubstr(key_named() + "is of another kind; a login is signed with an RSA key of at least 2,048 "
                                      "bits."));
}

TEST_P(LoginFiles, ThatWereMixedUpAreToldSo) {
  put_key(certificate());
  EXPECT_THAT(check(2), HasSubstr(key_named() + "is a certificate; name the private key that was made with it."));
}

TEST_P(LoginFiles, OfAKeyThatIsMissingAreNamed) {
  fs::remove(key_file());
  EXPECT_THAT(check(2), HasSubstr("crm.login." + key_setting() + ": the file " + key_file() +
                                  " cannot be opened: No such file or directory."));
}

TEST_P(LoginFiles, OfAKeyThatEverybodyMayReadAreClosedByTheCommandThatIsTold) {
  ::chmod(key_file().c_str(), 0644);
  const std::string command = "chmod 600 " + key_file();
  EXPECT_THAT(check(2), HasSubstr("crm.login." + key_setting() + ": everybody on this machine may read " + key_file() +
                                  ". Run: " + command));
  run(command);
  check(0);
}

TEST_P(LoginFiles, OfACertificateMayBeReadByEverybody) {
  ::chmod(certificate_file().c_str(), 0644);
  check(0);
}

TEST_P(LoginFiles, OfACertificateInAnotherFormAreMendedByTheCommandThatIsTold) {
  run("openssl x509 -in " + certificate_file() + " -outform der -out bridge.cer && cp bridge.cer " +
      certificate_file());
  EXPECT_THAT(check(2), HasSubstr("crm.login.certificate: the certificate in the file " + certificate_file() +
                                  " is not in PEM form (-----BEGIN CERTIFICATE-----); from a .cer file: openssl x509 "
                                  "-inform der -in FILE.cer -out CERTIFICATE."));
  run("openssl x509 -inform der -in bridge.cer -out " + certificate_file());
  check(0);
}

TEST_P(LoginFiles, ThatDoNotBelongTogetherAreBothNamed) {
  const std::string key = read_text(key_file());
  put_new_pair(Duration{}, days(300));
  put_key(key);
  EXPECT_THAT(check(2), HasSubstr("crm.login.certificate: the certificate in the file " + certificate_file() +
                                  " is not that of the key in the file " + key_file() +
                                  "; put the two that were made together in place."));
}

TEST_P(LoginFiles, OfACertificateThatHasEndedAreToldWithItsDayAndWhatToDo) {
  const auto term = put_new_pair(days(-400), days(-35));
  upload(certificate());
  const std::string told = check(2);
  EXPECT_THAT(told,
              AllOf(HasSubstr("Certificate of the login: the one in the file " + certificate_file() + " ended on " +
                              to_string(date_of(term.ends)) + "."),
                    HasSubstr("Make a new certificate, give it to the app, and put certificate and key in place.")));
  // Salesforce takes what its app has; whether it looks at the end is not known.
  if (sandbox.pair == "dynamics365") {
    EXPECT_THAT(told, HasSubstr("Dynamics 365 login refused: the certificate has ended"));
  }
}

TEST_P(LoginFiles, OfACertificateThatDoesNotCountYetAreToldFromWhen) {
  const auto term = put_new_pair(days(40), days(400));
  upload(certificate());
  EXPECT_THAT(check(2), AllOf(HasSubstr("Certificate of the login: the one in the file " + certificate_file() +
                                        " counts only from " + to_string(date_of(term.starts)) + "."),
                              HasSubstr("Switch on this machine's time synchronisation if it is behind")));
}

TEST_P(LoginFiles, OfACertificateThatEndsSoonAreAWarning) {
  const auto term = put_new_pair(days(-300), days(20) + hours(1));
  upload(certificate());
  // By the calendar: late in the evening its last day is the one after.
  const std::int64_t days_left = days_between(date_of(SystemClock().now()), date_of(term.ends));
  EXPECT_THAT(check(0), AllOf(HasSubstr(certificate_file() + " ends on "),
                              HasSubstr(", in " + std::to_string(days_left) + " days.")));
}

INSTANTIATE_TEST_SUITE_P(Of, LoginFiles, ::testing::Values("salesforce", "dynamics365"),
                         [](const auto& crm) { return crm.param; });

// ---- the sandbox's own

class SandboxLogin : public CertificateLogin {
 protected:
  SandboxLogin() : CertificateLogin("salesforce") {}
};

TEST_F(SandboxLogin, HasAKeyForTheOwnerAloneAndACertificateForEverybody) {
  struct stat info {};
  ASSERT_EQ(::stat(key_file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat(certificate_file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644U);
}

TEST_F(SandboxLogin, KeepsAPairThatIsThere) {
  put_new_pair(Duration{}, days(300));
  const std::string before = certificate();
  sandbox.restart({"--login", "certificate"});
  EXPECT_EQ(certificate(), before);
  check(0);
}

TEST_F(SandboxLogin, DoesNotBeginWithHalfAPair) {
  fs::remove(certificate_file());
  sandbox.stop();
  const Ended ended = run_cosell({"sandbox", "--dir", sandbox.folder->path, "--login", "certificate"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, AllOf(HasSubstr(key_file() + " has no certificate beside it"), HasSubstr("delete the key")));
}

TEST(SandboxLoginOption, NamesTheWaysThereAreWhenItIsMistyped) {
  const TemporaryFolder folder;
  const Ended ended = run_cosell({"sandbox", "--dir", folder.file("try"), "--login", "certifcate"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("There is no way to log in \"certifcate\"; did you mean certificate? There are: "
                                   "secret, certificate."));
  EXPECT_FALSE(fs::exists(folder.file("try")));
  EXPECT_THAT(
      run_cosell({"sandbox", "--help"}).out,
      AllOf(HasSubstr("--login WAY"), HasSubstr("cosell sandbox --dir /tmp/try --deals 50 --login certificate")));
}

TEST(SandboxLoginOption, IsTheSecretWhenNothingIsSaid) {
  const Sandbox sandbox;
  EXPECT_EQ(Json::parse(read_text(sandbox.config()))["pairs"]["salesforce"]["crm"]["login"]["flow"],
            "client_credentials");
  EXPECT_FALSE(fs::exists(sandbox.folder->file("secrets/salesforce.key")));
  EXPECT_EQ(sandbox.cosell({"check"}).code, 0);
}

}  // namespace
}  // namespace cosell::end_to_end
