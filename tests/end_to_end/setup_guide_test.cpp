// The documents by their letter: the commands that make key and certificate are run as they stand there, the login that
// a guide configures is put, with the sandbox's names, into the sandbox's configuration, the units for systemd are
// started, and every command that a document shows has to be one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <regex>
#include <set>

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

// ---- the units for systemd

// What a unit starts, without the program and with the sandbox's configuration.
Arguments started_by(const std::string& unit, const Sandbox& sandbox) {
  std::smatch line;
  const std::string text = read_text(SOURCE_DIR "/config/systemd/" + unit);
  if (!std::regex_search(text, line, std::regex("ExecStart=\\S+/cosell (.*)"))) throw std::runtime_error(unit);
  std::istringstream words(line[1]);
  Arguments arguments;
  for (std::string word; words >> word;) arguments.push_back(word);
  std::replace(arguments.begin(), arguments.end(), std::string("/etc/cosell/cosell.jsonc"), sandbox.config());
  return arguments;
}

TEST(Unit, OfTheServiceSyncsUntilItIsStoppedAndOfTheTimerOnce) {
  const Sandbox sandbox({5, {}, ""});
  Process service(started_by("cosell.service", sandbox));
  EXPECT_TRUE(eventually([&] { return !PartnerCenter(sandbox).referrals().empty(); })) << service.err();
  service.send(SIGTERM);
  EXPECT_EQ(service.wait().code, 0);
  const Ended once = run_cosell(started_by("cosell-sync.service", sandbox));
  EXPECT_EQ(once.code, 0) << once.err;
  EXPECT_EQ(once.out, "");
}

// Who synced by hand before: the service begins with what was agreed, not with nothing.
TEST(Service, TakesOverTheStoreAsTheGuideSays) {
  const Sandbox sandbox({5, {}, ""});
  sandbox.answer({"sync", "--limit", "1"});
  EXPECT_EQ(sandbox.cosell({"plan"}).out.find("synced before"), std::string::npos) << "this store knows the one";
  sandbox.answer({"sync"});
  const std::string copy = sandbox.folder->file("copy.db");
  const auto do_as_shown = [&](const std::string& command) {
    const std::string guide = block_with("operations.md", command);
    const std::string line =
        guide.substr(guide.find(command), guide.find('\n', guide.find(command)) - guide.find(command));
    Arguments arguments;
    std::istringstream words(line.substr(0, line.find(" --config")));
    for (std::string word; words >> word && word != "#";) arguments.push_back(word == "/tmp/contoso.db" ? copy : word);
    arguments.erase(arguments.begin());
    const Ended ended = sandbox.cosell(arguments);
    EXPECT_EQ(ended.code, 0) << line << "\n" << ended.err;
  };
  do_as_shown("cosell store backup /tmp");
  EXPECT_EQ(sandbox.cosell({"plan"}).out.find("synced before"), std::string::npos);
  sandbox.configure("store", "service/contoso.db");
  EXPECT_THAT(sandbox.cosell({"plan"}).out, HasSubstr("These deals were synced before")) << "whoever forgot it is told";
  do_as_shown("cosell store restore /tmp");
  EXPECT_EQ(sandbox.cosell({"plan"}).out.find("synced before"), std::string::npos);

  const std::vector<Json> referrals = PartnerCenter(sandbox).referrals();
  const auto open =
      std::find_if(referrals.begin(), referrals.end(), [](const Json& r) { return r["status"] == "Active"; });
  ASSERT_NE(open, referrals.end());
  const Json referral = *open;
  PartnerCenter(sandbox).patch(referral, Json{{"/details/dealValue", 81'234}});
  sandbox.answer({"sync"});
  const std::string id = referral["externalReferenceId"];
  EXPECT_EQ(Salesforce(sandbox).opportunity(id)["Amount"], 81'234) << "what a colleague changed meanwhile arrives";
  EXPECT_EQ(PartnerCenter(sandbox).get(referral["id"])["details"]["dealValue"], 81'234);
}

// ---- the sandbox's page

// Every block of bash in a guide, one after the other.
std::string script_of(const std::string& guide) {
  const std::string text = read_text(SOURCE_DIR "/docs/" + guide);
  const std::string fence = "```bash\n";
  std::string script;
  for (std::size_t at = text.find(fence); at != std::string::npos; at = text.find(fence, at)) {
    at += fence.size();
    script += text.substr(at, text.find("```", at) - at);
  }
  return script;
}

TEST(SandboxGuide, ItsCommandsDoWhatItSays) {
  const Sandbox sandbox({20, {}, ""});
  const std::string folder = sandbox.folder->path;
  std::string script = "set -euo pipefail\nexport PATH=" + std::filesystem::path(COSELL_BINARY).parent_path().string() +
                       ":$PATH\n" + std::regex_replace(script_of("sandbox.md"), std::regex("/tmp/try"), folder);
  write_text(folder + "/guide.sh", script);
  const int ended = std::system(("bash " + folder + "/guide.sh >" + folder + "/out 2>&1").c_str());
  const std::string out = read_text(folder + "/out");
  ASSERT_EQ(ended, 0) << out;
  // The deal of Microsoft arrived, the lost answer made no second referral, and the fault has fired.
  const std::vector<Json> opportunities = Salesforce(sandbox).opportunities();
  EXPECT_EQ(std::count_if(opportunities.begin(), opportunities.end(),
                          [](const Json& o) { return o["Name"] == "Birch Clinics - secure workplace"; }),
            1);
  const std::vector<Json> referrals = PartnerCenter(sandbox).referrals();
  EXPECT_EQ(std::count_if(referrals.begin(), referrals.end(),
                          [](const Json& r) { return r["name"] == "Fern Foods - archive"; }),
            1)
      << out;
  EXPECT_EQ(sandbox.partner_center.faults_fired(), 1);
  EXPECT_THAT(out, HasSubstr("POST inbound"));
  EXPECT_THAT(out, HasSubstr("Fern Foods - archive"));
  EXPECT_THAT(out, HasSubstr("browser_login = signs_in"));
}

// ---- every command that a document shows

// "deals show" and the options that stand behind it, in each line of code and each inline code of a document.
using Shown = std::set<std::pair<std::string, std::string>>;
Shown commands_shown_in(const std::string& text) {
  static const std::regex code(
      "(?:^|\n|&& )(?:\\$ )?(?:sudo -u cosell )?(?:build/release/)?cosell ([^\n`&;]*)|"
      "`(?:sudo -u cosell )?(?:build/release/)?cosell ([^`]*)`");
  static const std::regex option("(?:^|[ \\[(])(--[a-z-]+)");
  Shown shown;
  for (std::sregex_iterator at(text.begin(), text.end(), code), none; at != none; ++at) {
    std::string line = (*at)[1].matched ? (*at)[1] : (*at)[2];
    line = line.substr(0, line.find("   "));  // what it does stands further to the right
    std::istringstream words(line);
    std::string path;
    for (std::string word; words >> word && std::regex_match(word, std::regex("[a-z]+|partner-center"));) {
      path += (path.empty() ? "" : " ") + word;
    }
    shown.emplace(path, "");
    for (std::sregex_iterator o(line.begin(), line.end(), option); o != none; ++o) shown.emplace(path, (*o)[1]);
  }
  return shown;
}

TEST(Document, ShowsOnlyCommandsAndOptionsThatThereAre) {
  std::vector<std::filesystem::path> documents = {SOURCE_DIR "/README.md"};
  for (const auto& entry : std::filesystem::directory_iterator(SOURCE_DIR "/docs")) {
    if (entry.path().extension() == ".md") documents.push_back(entry.path());
  }
  const std::string everywhere = run_cosell({"--help"}).out;
  std::map<std::string, std::string> helps;
  std::size_t seen = 0;
  for (const auto& document : documents) {
    for (const auto& [path, option] : commands_shown_in(read_text(document))) {
      ++seen;
      std::string& help = helps[path];
      if (help.empty()) {
        std::istringstream words(path);
        Arguments arguments;
        for (std::string word; words >> word;) arguments.push_back(word);
        arguments.emplace_back("--help");
        const Ended ended = run_cosell(arguments);
        EXPECT_EQ(ended.code, 0) << document.filename() << ": cosell " << path << "\n" << ended.err;
        help = ended.out + ended.err;
      }
      const bool known =
          option.empty() || help.find(option) != std::string::npos || everywhere.find(option) != std::string::npos;
      EXPECT_TRUE(known) << document.filename() << ": cosell " << path << " has no " << option;
    }
  }
  EXPECT_GT(seen, 80U);
}

INSTANTIATE_TEST_SUITE_P(Of, SetupGuide, ::testing::Values("salesforce", "dynamics365"),
                         [](const auto& crm) { return crm.param; });

}  // namespace
}  // namespace cosell::end_to_end
