// Where secrets come from, and that they do not come out.
#include "net/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace cosell::net {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SecretFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "cosell-secret-XXXXXX";
    directory_ = mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string write(const std::string& name, const std::string& content, mode_t mode = 0600) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << content;
    chmod(path.c_str(), mode);
    return path;
  }
  std::string directory_;
};

TEST_F(SecretFile, IsReadWithoutItsLineEnd) {
  const auto secret = read_secret("file:" + write("a", "s3cret value \n"), "x.key");
  ASSERT_TRUE(secret) << secret.error().message;
  EXPECT_EQ(secret->reveal(), "s3cret value ");
  EXPECT_EQ(read_secret("file:" + write("b", "line1\nline2\r\n"), "x.key")->reveal(), "line1\nline2");
}

TEST_F(SecretFile, IsFoundBesideTheConfiguration) {
  write("a", "value");
  EXPECT_EQ(read_secret("file:a", "x.key", directory_)->reveal(), "value");
}

TEST_F(SecretFile, IsRefusedWhenEverybodyMayReadItAndSaysTheCommand) {
  const std::string path = write("a", "value", 0644);
  const auto secret = read_secret("file:" + path, "salesforce.client_secret");
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().kind, ErrorClass::config);
  EXPECT_THAT(secret.error().message, HasSubstr("salesforce.client_secret"));
  EXPECT_THAT(secret.error().message, HasSubstr("chmod 600 " + path));
}

TEST_F(SecretFile, OfSomethingThatIsNoSecretMayBeReadByEverybody) {
  const std::string path = write("bridge.crt", "certificate\n", 0644);
  const auto text = read_named("file:bridge.crt", "crm.login.certificate", directory_);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, "certificate");
  EXPECT_THAT(read_named("file:" + path + ".old", "crm.login.certificate").error().message,
              HasSubstr("crm.login.certificate: the file " + path + ".old cannot be opened"));
}

TEST(SecretReference, IsToldAsAPlace) {
  EXPECT_EQ(place_of("file:secrets/a.key", "/etc/cosell"), "the file /etc/cosell/secrets/a.key");
  EXPECT_EQ(place_of("file:/run/a.key", "/etc/cosell"), "the file /run/a.key");
  EXPECT_EQ(place_of("env:BRIDGE_KEY"), "the environment variable BRIDGE_KEY");
  EXPECT_EQ(place_of("credential:bridge-key"), "the credential bridge-key");
}

TEST_F(SecretFile, ThatIsMissingEmptyHugeOrADirectoryIsNamed) {
  for (const std::string& path :
       {directory_ + "/absent", write("empty", "\n"), write("huge", std::string(100'000, 'x')), directory_}) {
    const auto secret = read_secret("file:" + path, "x.key");
    ASSERT_FALSE(secret) << path;
    EXPECT_EQ(secret.error().kind, ErrorClass::config);
    EXPECT_THAT(secret.error().message, HasSubstr(path));
  }
}

TEST_F(SecretFile, OfSystemdIsReadByName) {
  write("pc-token", "abc\n", 0444);
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_THAT(read_secret("credential:pc-token", "x.key").error().message, HasSubstr("LoadCredential=pc-token"));
  setenv("CREDENTIALS_DIRECTORY", directory_.c_str(), 1);
  EXPECT_EQ(read_secret("credential:pc-token", "x.key")->reveal(), "abc");
  EXPECT_FALSE(read_secret("credential:../etc/passwd", "x.key"));
  unsetenv("CREDENTIALS_DIRECTORY");
}

TEST(SecretReference, ReadsTheEnvironment) {
  setenv("COSELL_TEST_SECRET", "from-env", 1);
  EXPECT_EQ(read_secret("env:COSELL_TEST_SECRET", "x.key")->reveal(), "from-env");
  unsetenv("COSELL_TEST_SECRET");
  const auto secret = read_secret("env:COSELL_TEST_SECRET", "x.key");
  ASSERT_FALSE(secret);
  EXPECT_THAT(secret.error().message, HasSubstr("COSELL_TEST_SECRET is not set"));
}

TEST(SecretReference, RefusesAPlainValueWithoutRepeatingIt) {
  for (const char* plain : {"hunter2hunter2", "https://hunter2hunter2", ":hunter2hunter2", ""}) {
    const auto secret = read_secret(plain, "x.key");
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().kind, ErrorClass::config);
    EXPECT_THAT(secret.error().message, HasSubstr("env:NAME"));
    EXPECT_THAT(secret.error().message, Not(HasSubstr("hunter2")));
  }
  EXPECT_FALSE(read_secret("env:", "x.key"));
}

TEST(Secret, PrintsAsStars) {
  std::ostringstream out;
  out << Secret("very-secret");
  EXPECT_EQ(out.str(), "***");
}

TEST(Redaction, HidesALivingSecretInEveryForm) {
  const std::string value = "p&ss \"word\" 1";
  {
    const Secret secret(value);
    const Secret copy = secret;
    EXPECT_EQ(redact("a " + value + " b"), "a *** b");
    EXPECT_EQ(redact("x=p%26ss%20%22word%22%201;"), "x=***;");
    EXPECT_EQ(redact(R"({"v":"p&ss \"word\" 1"})"), R"({"v":"***"})");
  }
  EXPECT_EQ(redact("a " + value + " b"), "a " + value + " b");
}

TEST(Redaction, HidesTokensInHeadersFormsAndJson) {
  const std::vector<std::string> texts = {
      "Authorization: Bearer SEKRETVALUE.x-y_z\r\nHost: a",
      "authorization: Basic SEKRETVALUE=",
      "sent with Bearer SEKRETVALUE12 to host",
      "Cookie: sid=SEKRETVALUE; other=SEKRETVALUE\nX: 1",
      R"({"access_token":"SEKRETVALUE","expires_in":3599})",
      R"({"access_token" : "SEKRET\"VALUE", "a":1})",
      R"({"refreshToken":"SEKRETVALUE"})",
      R"("{\"client_secret\":\"SEKRETVALUE\"}")",
      "grant_type=password&password=SEKRETVALUE&x=1",
      "client_assertion=SEKRETVALUE",
      "https://a/x?access_token=SEKRETVALUE&y=2",
      "assertion=eyJhbGciOi.SEKRETVALUE.sig",
      "got eyJhbGciOiJSUzI1NiJ9.SEKRETVALUE.SEKRETVALUE back",
      R"({"access_token":"SEKRETVALUE)",
  };
  for (const std::string& text : texts) {
    EXPECT_THAT(redact(text), Not(HasSubstr("SEKRET"))) << text;
    EXPECT_THAT(redact(text), HasSubstr("***")) << text;
  }
}

TEST(Redaction, KeepsWhatIsNoSecret) {
  for (const std::string text : {R"({"error":"invalid_grant","error_description":"the refresh_token is expired"})",
                                 R"({"access_token":null,"nextLink":"/x?$skiptoken=abc"})", "The bearer of this deal",
                                 "", "password", "access_token:", "a=1&expires_in=3600", "\"", "naïve €"}) {
    EXPECT_EQ(redact(text), text);
  }
  EXPECT_EQ(redact("grant_type=x&password=abcdef&y=2"), "grant_type=x&password=***&y=2");
  EXPECT_EQ(redact(R"({"access_token":"abcdef","y":2})"), R"({"access_token":"***","y":2})");
}

}  // namespace
}  // namespace cosell::net
