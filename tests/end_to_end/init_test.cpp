// The first minutes of somebody who sets the bridge up: a few questions become a configuration that says what is
// missing, and with that a first sync.
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
using ::testing::Not;

class Init : public ::testing::Test {
 protected:
  Ended init(const std::string& answers) const {
    ProcessOptions options;
    options.input = answers;
    return run_cosell({"init", "--dir", config_dir}, options);
  }
  Ended cosell(Arguments arguments) const {
    arguments.insert(arguments.end(), {"--config", config_dir + "/cosell.jsonc"});
    return run_cosell(arguments);
  }

  const TemporaryFolder folder;
  const std::string config_dir = folder.file("config");
};

const std::string for_salesforce =
    "salesforce\nhttps://contoso.my.salesforce.com\n\n3MVG9key\nbridge@contoso.example\n"
    "contoso.onmicrosoft.com\n00000000-0000-0000-0000-000000000001\n1234567\n";

TEST_F(Init, TurnsAFewAnswersIntoAConfigurationOfWhichTheCheckSaysWhatIsMissing) {
  const Ended made = init(for_salesforce);
  ASSERT_EQ(made.code, 0) << made.out << made.err;
  EXPECT_THAT(made.err, AllOf(HasSubstr("docs/setup-salesforce.md"), HasSubstr("client_id"), HasSubstr("username"),
                              HasSubstr("[contoso]")));
  EXPECT_THAT(made.out, AllOf(HasSubstr("cosell.jsonc"), HasSubstr("contoso.mapping.jsonc"), HasSubstr("openssl req"),
                              HasSubstr("cosell check"), HasSubstr("cosell login partner-center")));
  EXPECT_EQ(mode_of(config_dir + "/secrets"), 0700U);
  EXPECT_EQ(mode_of(config_dir + "/secrets/tokens.key"), 0600U);
  EXPECT_GE(read_text(config_dir + "/secrets/tokens.key").size(), 44U);
  const Json config = Json::parse(read_text(config_dir + "/cosell.jsonc"), nullptr, true, true);
  const Json login = {{"flow", "jwt"},
                      {"client_id", "3MVG9key"},
                      {"username", "bridge@contoso.example"},
                      {"private_key", "file:secrets/salesforce.key"},
                      {"certificate", "file:secrets/salesforce.crt"}};
  EXPECT_EQ(config["pairs"]["contoso"]["crm"]["login"], login);
  EXPECT_EQ(config["pairs"]["contoso"]["store"], "../state/contoso.db");

  const Ended check = cosell({"check"});
  EXPECT_EQ(check.code, 2);
  EXPECT_THAT(check.out, AllOf(HasSubstr("crm.login.private_key: the file"),
                               HasSubstr("crm.login.certificate: the file"), HasSubstr("\"consent_contact\""),
                               HasSubstr("2 problems, 1 warning"), Not(HasSubstr("tokens.key"))));
}

TEST_F(Init, KnowsEveryCrm) {
  const Ended made =
      init("dynamics365\nhttps://contoso.crm4.dynamics.com\nacme\nacme.example\napp-1\nacme.example\napp-2\n\n");
  ASSERT_EQ(made.code, 0) << made.out << made.err;
  const Json config = Json::parse(read_text(config_dir + "/cosell.jsonc"), nullptr, true, true);
  EXPECT_EQ(config["pairs"]["acme"]["crm"]["login"]["tenant"], "acme.example");
  EXPECT_FALSE(config["pairs"]["acme"]["crm"]["login"].contains("token_url")) << "that was the sandbox's";
  EXPECT_THAT(cosell({"mapping", "check"}).out, HasSubstr("\"location\"")) << "it was not answered";
}

TEST_F(Init, WritesOverNothing) {
  ASSERT_EQ(init(for_salesforce).code, 0);
  const auto before = files_below(folder.path);
  const Ended again = init(for_salesforce);
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, AllOf(HasSubstr("cosell.jsonc is there already"), HasSubstr("--dir")));
  EXPECT_EQ(files_below(folder.path), before);
}

TEST_F(Init, WritesNothingOfAnswersThatCannotBe) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"salesfroce\n", "did you mean salesforce?"},
      {"salesforce\nhttp://contoso.my.salesforce.com\n\nkey\nuser\ncontoso.example\napp\n\n", "https"},
      {"salesforce\nhttps://contoso.my.salesforce.com\na pair\nkey\nuser\ncontoso.example\napp\n\n", "a pair's name"},
      {"salesforce\nhttps://contoso.my.salesforce.com\n\n\nuser\ncontoso.example\napp\n\n", "client_id"},
      {"salesforce\nhttps://contoso.my.salesforce.com\n\nkey\nuser\nContoso Ltd\n",
       "tenant: \"Contoso Ltd\" is no tenant"},
      {"salesforce\nhttps://contoso.my.salesforce.com\n\nkey\nuser\n\n", "tenant"},
      {"salesforce\nhttps://contoso.my.salesforce.com\n\nkey\nuser\ncontoso.example\napp\nHamburg\n", "no PartnerID"},
      {"salesforce\ncontoso\n", "\"contoso\" is no address"},
      {"salesforce\nhttps://contoso.my.salesforce.com\n", "ended"}};
  for (const auto& [answers, why] : cases) {
    const Ended refused = init(answers);
    EXPECT_EQ(refused.code, 2) << answers;
    EXPECT_THAT(refused.err, AllOf(HasSubstr(why), HasSubstr("Nothing was written"))) << answers;
    EXPECT_FALSE(fs::exists(config_dir)) << answers;
  }
}

TEST(InitOfACompany, LeadsToAFirstSync) {
  const Sandbox sandbox({5, {"--login", "certificate"}, ""});
  const Json there = Json::parse(read_text(sandbox.config()));
  const Json& crm = there["pairs"]["salesforce"]["crm"];
  const std::string dir = sandbox.folder->file("config");
  ProcessOptions options;
  options.input = "salesforce\n" + crm["url"].get<std::string>() + "\ncontoso\n" +
                  crm["login"]["client_id"].get<std::string>() + "\n" + crm["login"]["username"].get<std::string>() +
                  "\ncontoso.example\napp\n1234567\n";
  ASSERT_EQ(run_cosell({"init", "--dir", dir}, options).code, 0);
  // What only the systems give: the key whose certificate was uploaded, the login of a person, who agreed.
  for (const char* name : {"salesforce.key", "salesforce.crt", "partner_center_refresh_token"}) {
    fs::copy(sandbox.folder->file(std::string("secrets/") + name), dir + "/secrets/" + name);
  }
  Json config = Json::parse(read_text(dir + "/cosell.jsonc"), nullptr, true, true);
  config["pairs"]["contoso"]["partner_center"] = there["pairs"]["salesforce"]["partner_center"];
  config["sandbox"] = there["sandbox"];
  write_text(dir + "/cosell.jsonc", config.dump(2));
  std::string mapping = read_text(dir + "/contoso.mapping.jsonc");
  mapping.replace(mapping.find("// \"consent_contact\""), 3, "");
  write_text(dir + "/contoso.mapping.jsonc", mapping);
  const Ended check = run_cosell({"check", "--config", dir + "/cosell.jsonc"});
  EXPECT_EQ(check.code, 0) << check.out << check.err;
  EXPECT_EQ(run_cosell({"sync", "--config", dir + "/cosell.jsonc"}).code, 0);
  EXPECT_FALSE(PartnerCenter(sandbox).referrals().empty());
}

}  // namespace
}  // namespace cosell::end_to_end
