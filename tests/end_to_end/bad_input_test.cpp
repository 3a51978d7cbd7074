// What people get wrong: each time a message that names the place and the remedy, the right exit code, nothing written.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "pipeline.h"

namespace cosell::end_to_end {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " is not in " << text;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

class BadInput : public ::testing::Test {
 protected:
  void edit(const std::string& name, const std::string& from, const std::string& to) const {
    const std::string file = sandbox.folder->file(name);
    write_text(file, replaced(read_text(file), from, to));
  }
  // "cosell.jsonc:23:7" for the first place of a text in a file, counted here anew.
  std::string place(const std::string& name, const std::string& part) const {
    const std::string text = read_text(sandbox.folder->file(name));
    const std::size_t at = text.find(part);
    EXPECT_NE(at, std::string::npos) << part;
    const std::string before = text.substr(0, at);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::size_t column = at - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
    return name + ":" + std::to_string(line) + ":" + std::to_string(column);
  }
  void expect_nothing_written() const {
    EXPECT_EQ(sandbox.crm.writes() + sandbox.partner_center.writes(), 0);
    EXPECT_EQ(sandbox.partner_center.get("records")["referrals"].size(), 0U);
  }
  // `plan` and `sync` refuse with this; no store comes into being.
  void expect_refused(int code, const ::testing::Matcher<std::string>& message) const {
    for (const char* command : {"plan", "sync"}) {
      const Ended ended = sandbox.cosell({command});
      EXPECT_EQ(ended.code, code) << command << ": " << ended.err;
      EXPECT_THAT(ended.err, message) << command;
      EXPECT_EQ(ended.out, "") << command;
    }
    EXPECT_FALSE(fs::exists(sandbox.store()));
    expect_nothing_written();
  }

  Sandbox sandbox{SandboxOptions{12, {}, ""}};
};

TEST_F(BadInput, AMissingConfigurationIsNamed) {
  const Ended named = run_cosell({"sync", "--config", sandbox.folder->file("nowhere.jsonc")});
  EXPECT_EQ(named.code, 2);
  EXPECT_THAT(named.err, HasSubstr(sandbox.folder->file("nowhere.jsonc") + " does not exist"));
  const TemporaryFolder home;
  const ProcessOptions elsewhere{home.path, {{"HOME", home.path}, {"XDG_CONFIG_HOME", ""}}};
  const Ended searched = run_cosell({"inbox"}, elsewhere);  // which looks only, should this machine have a service
  EXPECT_EQ(searched.code, 2);
  EXPECT_THAT(searched.err, AllOf(HasSubstr("config/cosell.jsonc"), HasSubstr(home.path + "/.config/cosell/"),
                                  HasSubstr("/etc/cosell/"), HasSubstr("--config FILE")));
}

TEST_F(BadInput, AMistypedConfigurationIsShownWithLineAndColumn) {
  edit("cosell.jsonc", "\"mapping\": \"mapping.jsonc\",", "\"mapping\": \"mapping.jsonc\"");
  expect_refused(2, HasSubstr(place("cosell.jsonc", "\"store\"") + ": expected ','"));
}

TEST_F(BadInput, AnUnknownNameInTheConfigurationGetsTheNearestValidOne) {
  edit("cosell.jsonc", "\"store\":", "\"stor\":");
  expect_refused(2, HasSubstr(place("cosell.jsonc", "\"stor\"") +
                              ": unknown name \"stor\" in the pair \"salesforce\"; did you mean \"store\"?"));
}

TEST_F(BadInput, PlainHttpToAnotherMachineIsRefused) {
  edit("cosell.jsonc", sandbox.crm.url, "http://crm.example.com");
  expect_refused(2, AllOf(HasSubstr(place("cosell.jsonc", "\"http://crm")), HasSubstr("https")));
}

TEST_F(BadInput, AMissingMappingIsNamed) {
  edit("cosell.jsonc", "\"mapping.jsonc\"", "\"maping.jsonc\"");
  expect_refused(2, HasSubstr("maping.jsonc does not exist"));
}

TEST_F(BadInput, AMistypedMappingIsShownWithLineAndColumn) {
  edit("mapping.jsonc", "\"extends\": \"salesforce\",", "\"extends\": \"salesforce\"");
  expect_refused(2, HasSubstr(place("mapping.jsonc", "\"fields\"") + ": expected ','"));
}

TEST_F(BadInput, AnUnknownFieldOfTheMappingGetsTheNearestValidOne) {
  edit("mapping.jsonc", "\"location\"", "\"locaton\"");
  expect_refused(2, HasSubstr(place("mapping.jsonc", "\"locaton\"") +
                              ": unknown key \"locaton\" in \"fields\"; did you mean \"location\"?"));
}

TEST_F(BadInput, AStageThatPartnerCenterDoesNotHaveIsRefused) {
  edit("mapping.jsonc", "\"fields\"", "\"stages\": { \"add\": { \"Legal Review\": 50 } },\n  \"fields\"");
  expect_refused(2, AllOf(HasSubstr(place("mapping.jsonc", "50")), HasSubstr("\"Legal Review\": 50"),
                          HasSubstr("expected 10, 20, 40, 60 or 80")));
}

TEST_F(BadInput, AStageThatTheCrmDoesNotHaveIsFoundByTheLiveCheck) {
  edit("mapping.jsonc", "\"fields\"",
       "\"stages\": { \"add\": { \"Legal Revue\": 80 }, \"write_back\": { \"80\": \"Legal Revue\" } },\n  \"fields\"");
  const Ended check = sandbox.cosell({"mapping", "check", "--live"});
  EXPECT_EQ(check.code, 2) << check.out << check.err;
  EXPECT_THAT(check.out + check.err, AllOf(HasSubstr("mapping.jsonc:4:"), HasSubstr("\"Legal Revue\"")));
  expect_nothing_written();
}

TEST_F(BadInput, AColumnThatTheCrmDoesNotHaveStopsTheSyncBeforeAnythingIsWritten) {  // F-50
  edit("mapping.jsonc", "\"notes\": {", "\"notes\": { \"column\": \"Nots__c\", ");
  const Ended sync = sandbox.cosell({"sync"});
  EXPECT_EQ(sync.code, 2) << sync.err;
  EXPECT_THAT(sync.err, HasSubstr("Nots__c"));
  const Ended check = sandbox.cosell({"check"});
  EXPECT_EQ(check.code, 2);
  EXPECT_THAT(check.out + check.err,
              AllOf(HasSubstr(place("mapping.jsonc", "{ \"column\": \"Nots__c\"")), HasSubstr("Nots__c")));
  expect_nothing_written();
}

TEST_F(BadInput, AMissingSecretIsNamedWithItsSettingAndFile) {
  fs::remove(sandbox.folder->file("secrets/salesforce_client_secret"));
  expect_refused(2, AllOf(HasSubstr("crm.login.client_secret"), HasSubstr("secrets/salesforce_client_secret")));
}

TEST_F(BadInput, TheCheckNamesEverySecretThatIsMissingAtOnceWithWhatToDo) {
  fs::remove_all(sandbox.folder->file("secrets"));
  edit("mapping.jsonc", "\"location\"", "\"locaton\"");
  const Ended check = sandbox.cosell({"check"});
  EXPECT_EQ(check.code, 2);
  const std::string key = sandbox.folder->file("secrets/tokens_key");
  EXPECT_THAT(check.out, AllOf(HasSubstr("tokens.key: the file " + key), HasSubstr("openssl rand -base64 32 > " + key),
                               HasSubstr("crm.login.client_secret: the file "),
                               HasSubstr("partner_center.login.refresh_token: the file "), HasSubstr("chmod 600"),
                               HasSubstr("did you mean \"location\"?"), HasSubstr("4 problems, 0 warnings")));
  expect_nothing_written();
}

TEST_F(BadInput, ASecretThatEverybodyMayReadIsRefused) {
  ::chmod(sandbox.folder->file("secrets/partner_center_refresh_token").c_str(), 0644);
  expect_refused(2, AllOf(HasSubstr("secrets/partner_center_refresh_token"), HasSubstr("chmod 600")));
}

TEST_F(BadInput, APortThatIsTakenIsNamed) {
  const TemporaryFolder other;
  const std::string port = sandbox.crm.url.substr(sandbox.crm.url.rfind(':') + 1);
  const Ended second = run_cosell({"sandbox", "--dir", other.path, "--port", port});
  EXPECT_EQ(second.code, 2);
  EXPECT_THAT(second.err, AllOf(HasSubstr("Port " + port + " is already in use"), HasSubstr("another port")));
  EXPECT_FALSE(fs::exists(other.file("cosell.jsonc")));
}

TEST_F(BadInput, AFolderThatIsNoSandboxIsNotWrittenOver) {
  const TemporaryFolder other;
  write_text(other.file("cosell.jsonc"), "{}");
  const Ended refused = run_cosell({"sandbox", "--dir", other.path});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("no sandbox wrote"));
  EXPECT_EQ(files_below(other.path).size(), 1U);
}

TEST_F(BadInput, AWrongClientSecretEndsWith3AndSaysWhatToDo) {
  write_text(sandbox.folder->file("secrets/salesforce_client_secret"), "wrong");
  for (const char* command : {"plan", "sync"}) {
    const Ended ended = sandbox.cosell({command});
    EXPECT_EQ(ended.code, 3) << ended.err;
    EXPECT_THAT(ended.err,
                AllOf(HasSubstr("Salesforce login refused"), HasSubstr("secret"), HasSubstr("cosell check")));
  }
  EXPECT_EQ(sandbox.partner_center.writes(), 0);
  EXPECT_THAT(sandbox.cosell({"status"}).out, HasSubstr("Salesforce login refused"));
}

TEST_F(BadInput, ALoginThatPartnerCenterNoLongerTakesEndsWith3AndResumesAfterwards) {
  const std::string file = sandbox.folder->file("secrets/partner_center_refresh_token");
  const std::string good = read_text(file);
  write_text(file, "wrong");
  const Ended sync = sandbox.cosell({"sync"});
  EXPECT_EQ(sync.code, 3) << sync.err;
  EXPECT_THAT(sync.err, AllOf(HasSubstr("Partner Center login refused"),
                              HasSubstr("cosell login partner-center salesforce"), HasSubstr("Nothing is lost")));
  expect_nothing_written();
  write_text(file, good);
  EXPECT_GT(sandbox.answer({"sync"})["done"]["partner_center.referral.create"], 0);
}

class HtmlAnswer : public BadInput, public ::testing::WithParamInterface<bool> {};

TEST_P(HtmlAnswer, EndsWith3AndNothingIsLost) {
  const StandIn& side = GetParam() ? sandbox.crm : sandbox.partner_center;
  const char* title = GetParam() ? "Salesforce" : "Partner Center";
  side.fail(Json{{"method", "GET"}}, 0, 0, Json{{"kind", "html"}});
  for (const char* command : {"plan", "sync"}) {
    const Ended ended = sandbox.cosell({command});
    EXPECT_EQ(ended.code, 3) << ended.out << ended.err;
    EXPECT_THAT(ended.err, AllOf(HasSubstr(title), HasSubstr("web page")));
  }
  expect_nothing_written();
  side.heal();
  EXPECT_EQ(sandbox.answer({"sync"})["failures_total"], 0);
  EXPECT_GT(PartnerCenter(sandbox).referrals().size(), 0U);
}

INSTANTIATE_TEST_SUITE_P(OfEitherSide, HtmlAnswer, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Salesforce" : "PartnerCenter"; });

TEST_F(BadInput, AServerThatIsDownEndsWith3AndTheStoreStaysWhole) {
  sandbox.answer({"sync"});
  const Json before = sandbox.answer({"deals", "list", "--all"});
  sandbox.stop();
  const Ended sync = sandbox.cosell({"sync"});
  EXPECT_EQ(sync.code, 3) << sync.err;
  EXPECT_THAT(sync.err, AllOf(HasSubstr("Salesforce: 127.0.0.1 cannot be reached"),
                              HasSubstr("Partner Center: 127.0.0.1 cannot be reached"), HasSubstr("Nothing is lost")));
  EXPECT_EQ(sandbox.answer({"deals", "list", "--all"}), before);
  EXPECT_THAT(sandbox.cosell({"status"}).out,
              AllOf(HasSubstr("Salesforce cannot be reached"), HasSubstr("Partner Center cannot be reached")));
  EXPECT_THAT(sandbox.cosell({"todo"}).out, HasSubstr("Salesforce cannot be reached"));
}

TEST_F(BadInput, AnUnknownCommandGetsTheNearestOne) {
  const Ended first = run_cosell({"snyc"});
  EXPECT_EQ(first.code, 2);
  EXPECT_THAT(first.err, HasSubstr("did you mean: cosell sync"));
  EXPECT_EQ(sandbox.cosell({}).code, 2) << "a command is needed";
  const Ended later = run_cosell({"--config", sandbox.config(), "staus"});
  EXPECT_EQ(later.code, 2);
  EXPECT_THAT(later.err, HasSubstr("did you mean: cosell status"));
  const Ended limit = sandbox.cosell({"sync", "--limit", "few"});
  EXPECT_EQ(limit.code, 2);
  EXPECT_THAT(limit.err, AllOf(HasSubstr("--limit"), HasSubstr("few"), HasSubstr("1 to 1000000000")));
}

TEST_F(BadInput, ADealThatFitsSeveralIsRefusedWithTheCandidates) {
  sandbox.answer({"sync"});
  sandbox.crm.forget_counts();
  sandbox.partner_center.forget_counts();
  const Json listed = sandbox.answer({"deals", "list", "--all"});
  const std::string first = listed["deals"][0]["deal"];
  std::vector<std::string> ids;
  const std::string company = first.substr(0, first.find(" - "));
  for (const Json& deal : listed["deals"]) {
    if (deal["deal"].get<std::string>().rfind(company, 0) == 0) ids.push_back(deal["crm_id"]);
  }
  ASSERT_GE(ids.size(), 2U);
  for (const Arguments& command : {Arguments{"sync", "--deal", company}, Arguments{"deals", "show", company}}) {
    const Ended ended = sandbox.cosell(command);
    EXPECT_EQ(ended.code, 2) << ended.out;
    for (const std::string& id : ids) EXPECT_THAT(ended.err, HasSubstr(id));
    EXPECT_THAT(ended.err, HasSubstr("Name one by its id"));
  }
  EXPECT_EQ(sandbox.cosell({"plan", "--deal", company}).code, 2);
  EXPECT_EQ(sandbox.cosell({"sync", "--deal", "no such deal"}).code, 2);
  EXPECT_EQ(sandbox.cosell({"sync", "--deal", ids[0]}).code, 0);
}

// ---- the store

class BadStore : public BadInput {
 protected:
  // Every command that needs the store refuses it with 5 and leaves every byte as it was.
  void expect_store_refused(const ::testing::Matcher<std::string>& message) const {
    sandbox.crm.forget_counts();
    sandbox.partner_center.forget_counts();
    const std::string before = read_text(sandbox.store());
    for (const char* command : {"sync", "plan", "status", "todo"}) {
      const Ended ended = sandbox.cosell({command});
      EXPECT_EQ(ended.code, 5) << command << ": " << ended.out << ended.err;
      EXPECT_THAT(ended.err, message) << command;
    }
    EXPECT_EQ(read_text(sandbox.store()), before);
    EXPECT_EQ(sandbox.crm.requests() + sandbox.partner_center.requests(), 0);
  }
};

TEST_F(BadStore, OfAnotherProgramIsRefused) {
  fs::create_directories(sandbox.folder->file("state"));
  write_text(sandbox.store(), "Dear diary, no database today.");
  expect_store_refused(AllOf(HasSubstr("is not a store of cosell"), HasSubstr("Name another file")));
  fs::remove(sandbox.store());
  SQLite::Database(sandbox.store(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE recipes (cake)");
  expect_store_refused(AllOf(HasSubstr("SQLite file of another program"), HasSubstr("Name another file")));
}

TEST_F(BadStore, ThatIsCutOffIsRefused) {  // F-62
  sandbox.answer({"sync"});
  const std::string whole = read_text(sandbox.store());
  for (const std::size_t size : {whole.size() / 2, std::size_t{70}}) {
    write_text(sandbox.store(), whole.substr(0, size));
    expect_store_refused(AllOf(HasSubstr("is damaged: it is cut off"),
                               HasSubstr("Restore it from a backup (cosell store restore FILE)")));
  }
  write_text(sandbox.store(), whole);
  EXPECT_EQ(sandbox.answer({"sync"})["done"], Json::object());
}

TEST_F(BadStore, OfANewerVersionIsRefused) {  // F-64
  sandbox.answer({"sync"});
  SQLite::Database(sandbox.store(), SQLite::OPEN_READWRITE)
      .exec("PRAGMA journal_mode = DELETE; PRAGMA user_version = 999");
  expect_store_refused(AllOf(HasSubstr("newer cosell (store version 999"), HasSubstr("Use the newer program")));
}

TEST_F(BadStore, OfAnotherPairIsRefused) {
  sandbox.answer({"sync"});
  edit("cosell.jsonc", "\"salesforce\": {", "\"contoso\": {");
  expect_store_refused(AllOf(HasSubstr("belongs to the pair \"salesforce\", not to \"contoso\""),
                             HasSubstr("Give each pair a store of its own"),
                             HasSubstr("if the pair was only renamed, call it \"salesforce\" again")));
}

TEST_F(BadStore, ThatAnotherProcessHoldsEndsWith6AndLooksStayPossible) {
  sandbox.partner_center.set("latency_ms", 3000);
  Process slow = sandbox.begin({"sync"});
  ASSERT_TRUE(eventually([&] { return sandbox.partner_center.writes() > 0; }));
  const Ended second = sandbox.cosell({"sync"});
  EXPECT_EQ(second.code, 6) << second.out << second.err;
  EXPECT_THAT(second.err, AllOf(HasSubstr("Another cosell holds " + sandbox.store()),
                                HasSubstr("process " + std::to_string(slow.id())), HasSubstr("Wait until it is done")));
  EXPECT_EQ(sandbox.cosell({"status"}).code, 0);
  EXPECT_EQ(sandbox.cosell({"deals", "list"}).code, 0);
  ASSERT_TRUE(slow.running()) << "the first sync was over too early for this test";
  sandbox.partner_center.set("latency_ms", 0);
  const Ended first = slow.wait();
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(sandbox.answer({"sync"})["done"], Json::object());
}

}  // namespace
}  // namespace cosell::end_to_end
