// The set-up guides by their letter: the commands that make key and certificate are run as they stand there, and the
// login that the guide configures is put, with the sandbox's names, into the sandbox's configuration.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "certificate_login.h"

namespace cosell::end_to_end {
namespace {

using ::testing::HasSubstr;

// The first block of code in a guide that holds `part`.
std::string block_with(const std::string& guide, const std::string& part) {
  const std::string text = read_text(SOURCE_DIR "/docs/" + guide);
  const std::size_t at = text.find(part);
  const std::size_t fence = text.rfind("```", at);
  if (at == std::string::npos || fence == std::string::npos) throw std::runtime_error(guide + " has no " + part);
  const std::size_t begin = text.find('\n', fence) + 1;
  return text.substr(begin, text.find("```", begin) - begin);
}

class SetupGuide : public CertificateLogin, public ::testing::WithParamInterface<std::string> {
 protected:
  SetupGuide() : CertificateLogin(GetParam()) {}
  std::string guide() const { return "setup-" + GetParam() + ".md"; }
};

TEST_P(SetupGuide, LogsInWithWhatItsCommandsMakeAndItsConfigurationSays) {
  run("cd .. && " + block_with(guide(), "openssl req"));
  run("cp -p ../config/secrets/* .");
  const Json crm = Json::parse("{" + block_with(guide(), "\"crm\": {") + "}", nullptr, true, true)["crm"];
  EXPECT_EQ(crm["system"], GetParam());
  const Json own = Json::parse(read_text(sandbox.config()))["pairs"][GetParam()]["crm"]["login"];
  Json login = crm["login"];
  for (const char* name : {"client_id", "username", "tenant"}) {
    EXPECT_EQ(login.contains(name), own.contains(name)) << name;
    if (own.contains(name)) login[name] = own[name];
  }
  if (own.contains("token_url")) login["token_url"] = own["token_url"];
  const std::string file = login["certificate"];
  change_login(login);
  EXPECT_THAT(check(3), HasSubstr("upload"));
  upload(read_text(sandbox.folder->file(file.substr(5))));
  expect_sync();
}

INSTANTIATE_TEST_SUITE_P(Of, SetupGuide, ::testing::Values("salesforce", "dynamics365"),
                         [](const auto& crm) { return crm.param; });

}  // namespace
}  // namespace cosell::end_to_end
