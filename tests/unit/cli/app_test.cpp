// The command line against bad input, and what `plan` may leave behind: whole commands in this process, with real
// servers of both systems where one is needed.
#include "cli/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/random.h"
#include "base/text.h"
#include "connectors/emulator/sandboxed.h"
#include "connectors/emulator/server.h"
#include "connectors/registry.h"

namespace cosell::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct Ran {
  int code;
  std::string out;
  std::string err;
};

class Program : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cosell-cli-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(dir_, ignored);
  }

  void write(const std::string& name, const std::string& text) {
    fs::create_directories((dir_ / name).parent_path());
    std::ofstream(dir_ / name, std::ios::binary) << text;
    fs::permissions(dir_ / name, fs::perms::owner_read | fs::perms::owner_write);
  }

  std::string path(const std::string& name) const { return (dir_ / name).string(); }

  Ran run(std::vector<std::string> args) {
    std::ostringstream out;
    std::ostringstream err;
    args.insert(args.end(), {"--config", path("cosell.jsonc")});
    const int code = cli::run(args, out, err, {});
    return {code, out.str(), err.str()};
  }

  // Both systems on this machine, and a configuration that leads to them.
  void start_systems(std::size_t deals) {
    const System& crm = *find_system(crm_names().front());
    for (const System* system : {&crm, &partner_center_system()}) {
      StandIn in = system->make_stand_in();
      if (system->is_crm) in.seed(deals, clock_, random_);
      boxes_.push_back(std::make_unique<emulator::Sandboxed>(std::move(in.core), clock_, 3));
      auto server = emulator::Server::start(*boxes_.back(), 0);
      ASSERT_TRUE(server) << server.error().message;
      servers_.push_back(std::move(*server));
      for (const SandboxFile& file : system->sandbox_secrets()) write(file.path, file.text);
    }
    write_config(servers_[0]->base_url(), servers_[1]->base_url());
    write_mapping();
    write("secrets/key", "0123456789abcdef0123456789abcdef");
  }

  void write_config(const std::string& crm_url, const std::string& partner_center_url) {
    json::Value pair = json::Value::object();
    pair.set("crm", find_system(crm_names().front())->sandbox_part(crm_url, SandboxLogin::secret));
    pair.set("partner_center", partner_center_system().sandbox_part(partner_center_url, SandboxLogin::secret));
    pair.set("mapping", json::Value::string("mapping.jsonc"));
    pair.set("store", json::Value::string("state/contoso.db"));
    json::Value pairs = json::Value::object();
    pairs.set("contoso", std::move(pair));
    json::Value config = json::Value::object();
    config.set("pairs", std::move(pairs));
    const auto tokens = json::read(R"({"file":"tokens/saved","key":"file:secrets/key"})");
    config.set("tokens", *tokens);
    write("cosell.jsonc", json::write_pretty(config));
  }

  void write_mapping(const std::string& more = "") {
    write("mapping.jsonc", R"({ "extends": ")" + crm_names().front() + R"(", "fields": { )" + more + R"(
      "location": { "constant": "1234567" },
      "consent_contact": { "statement": "Agreed", "signed_by": "Ida Berg", "date": "2026-01-31" },
      "marketplace_intent": { "default": "HaveNotDecided" },
      "notes": { "default": "Questions to the owner, please." } } })");
  }

  std::set<std::string> files_in(const std::string& name) const {
    std::set<std::string> files;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(dir_ / name, failed))
      files.insert(entry.path().filename().string());
    return files;
  }

  fs::path dir_;
  SystemClock real_;
  emulator::SandboxClock clock_{real_};
  SeededRandom random_{9};
  std::vector<std::unique_ptr<emulator::Sandboxed>> boxes_;
  std::vector<std::unique_ptr<emulator::Server>> servers_;
};

// The commands that a help text lists, in its own words.
std::vector<std::string> commands_in(const std::string& help) {
  std::vector<std::string> names;
  bool listed = false;
  for (const std::string& line : text::split(help, '\n')) {
    if (line == "Subcommands:") {
      listed = true;
    } else if (line.empty()) {
      listed = false;
    } else if (listed && text::starts_with(line, "  ") && line[2] != ' ') {
      const std::string name = text::split(line.substr(2), ' ').front();
      names.push_back(text::ends_with(name, ",") ? name.substr(0, name.size() - 1) : name);  // "check, lint"
    }
  }
  return names;
}

TEST_F(Program, EveryCommandHasHelpWithExamples) {
  std::vector<std::vector<std::string>> left = {{}};
  std::size_t seen = 0;
  while (!left.empty()) {
    const std::vector<std::string> command = left.back();
    left.pop_back();
    std::vector<std::string> args = command;
    args.emplace_back("--help");
    const Ran ran = run(args);
    EXPECT_EQ(ran.code, 0) << text::join(command, " ");
    if (!command.empty()) {
      EXPECT_THAT(ran.out, HasSubstr("Examples:\n  cosell " + text::join(command, " "))) << text::join(command, " ");
    }
    for (const std::string& name : commands_in(ran.out)) {
      left.push_back(command);
      left.back().push_back(name);
    }
    ++seen;
  }
  EXPECT_GT(seen, 40U);
}

TEST_F(Program, AMistypedCommandIsAnsweredWithTheNearest) {
  const Ran ran = run({"plam"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("did you mean: cosell plan"));
}

TEST_F(Program, AMistypedCommandOfAGroupIsAnsweredWithTheNearestToo) {
  const Ran near = run({"deals", "lst"});
  EXPECT_EQ(near.code, 2);
  EXPECT_THAT(near.err, HasSubstr("There is no command \"deals lst\"; did you mean: cosell deals list"));
  const Ran far = run({"mapping", "bake"});
  EXPECT_EQ(far.code, 2);
  EXPECT_THAT(far.err, HasSubstr("There is no command \"mapping bake\". See: cosell mapping --help"));
  EXPECT_EQ(run({"mapping", "lint", "nowhere.jsonc"}).err, run({"mapping", "check", "nowhere.jsonc"}).err);
}

TEST_F(Program, WithoutACommandSaysWhichThereAre) {
  for (const std::vector<std::string>& args : {std::vector<std::string>{}, {"deals"}, {"store"}}) {
    const Ran ran = run(args);
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, HasSubstr(args.empty() ? "  sync " : args.front() == "deals" ? "  bundle " : "  backup "));
  }
}

TEST_F(Program, HelpIsACommandToo) {
  EXPECT_EQ(run({"help"}).out, run({"--help"}).out);
  EXPECT_EQ(run({"help"}).code, 0);
  EXPECT_EQ(run({"help", "deals", "show"}).out, run({"deals", "show", "--help"}).out);
  EXPECT_THAT(run({"help", "deals", "show"}).out, HasSubstr("Examples:"));
}

TEST_F(Program, ArgumentsThatDoNotFitAreAnsweredWithTheHelpOfTheirCommand) {
  const Ran missing = run({"deals", "show"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.err, HasSubstr("DEAL is required\nSee: cosell deals show --help\n"));
  EXPECT_THAT(run({"sync", "--bogus"}).err, HasSubstr("--bogus\nSee: cosell sync --help\n"));
}

TEST_F(Program, TheHelpOfACommandNamesWhatEveryCommandTakes) {
  const std::string help = run({"plan", "--help"}).out;
  EXPECT_THAT(help, HasSubstr("--config FILE"));
  EXPECT_THAT(help, HasSubstr("--json"));
  EXPECT_THAT(help, HasSubstr("--pair PAIR  ")) << "it takes a name";
  EXPECT_THAT(help, HasSubstr("--limit N  ")) << "and nothing of the library's";
  const Ran both = run({"plan", "contoso", "--pair", "contoso"});
  EXPECT_EQ(both.code, 2);
  EXPECT_THAT(both.err, HasSubstr("See: cosell plan --help"));
}

TEST_F(Program, AnAnswerThatIsCutOffIsAFailureUnlessItsReaderLeft) {
  struct FullDisk : std::streambuf {};  // takes nothing
  for (const bool reader_left : {false, true}) {
    FullDisk full;
    std::ostream out(&full);
    std::ostringstream err;
    Terminal terminal;
    terminal.reader_left = [reader_left] { return reader_left; };
    EXPECT_EQ(cli::run({"--help"}, out, err, terminal), reader_left ? 0 : 1);
    EXPECT_EQ(err.str().find("could not be written to its end") == std::string::npos, reader_left);
  }
}

TEST_F(Program, AMissingConfigurationIsNamed) {
  const Ran ran = run({"status"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr(path("cosell.jsonc") + " does not exist"));
}

TEST_F(Program, AMalformedConfigurationIsToldWithLineAndColumn) {
  write("cosell.jsonc", "{\n  \"pair\": {}\n}");
  const Ran ran = run({"sync"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("cosell.jsonc:2:3: unknown name \"pair\""));
  EXPECT_THAT(ran.err, HasSubstr("did you mean \"pairs\"?"));
}

TEST_F(Program, AnUnknownPairIsAnsweredWithTheNearest) {
  start_systems(0);
  const Ran ran = run({"check", "contosso"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("did you mean contoso?"));
}

TEST_F(Program, AMalformedMappingStopsBeforeAnythingIsWritten) {
  start_systems(3);
  write("mapping.jsonc", "{ \"extends\": \"" + crm_names().front() + "\",\n  \"feilds\": {} }");
  const Ran ran = run({"sync"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("mapping.jsonc:2:"));
  EXPECT_EQ(files_in("state"), std::set<std::string>{});
}

TEST_F(Program, PlanWritesNothingButSavedLogins) {
  start_systems(5);
  const Ran ran = run({"plan"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("new referrals in Partner Center"));
  EXPECT_THAT(ran.out, HasSubstr("Nothing was written anywhere."));
  EXPECT_EQ(files_in("state"), std::set<std::string>{});
  http::Request ask;
  ask.method = "GET";
  ask.url = "/_sandbox/stats";
  for (auto& box : boxes_) {
    const std::string stats = box->handle(ask).response.body;
    EXPECT_THAT(stats, Not(HasSubstr("PATCH")));
    EXPECT_THAT(stats, Not(HasSubstr("\"POST\",\"path\":\"/v1.0")));
  }
}

TEST_F(Program, SyncThenLookingShowsTheDeals) {
  start_systems(5);
  EXPECT_EQ(run({"check"}).code, 0);
  const Ran sync = run({"sync", "--json"});
  EXPECT_EQ(sync.code, 0) << sync.err;
  const auto report = json::read(sync.out);
  ASSERT_TRUE(report) << sync.out;
  const json::Value& pair = report->find("pairs")->items().front();
  ASSERT_NE(pair.at_path({"done", "partner_center.referral.create"}), nullptr) << sync.out;
  const Ran status = run({"status"});
  EXPECT_EQ(status.code, 0);
  EXPECT_THAT(status.out, HasSubstr("Last success"));
  const Ran list = run({"deals", "list", "--csv"});
  EXPECT_EQ(list.code, 0);
  const auto lines = text::split(list.out, '\n');
  ASSERT_GT(lines.size(), 2U);
  const std::string id = text::split(lines[1], ',').at(2);
  const Ran show = run({"deals", "show", id});
  EXPECT_EQ(show.code, 0) << show.err;
  EXPECT_THAT(show.out, HasSubstr("Partner Center"));
  const Ran history = run({"deals", "history", id});
  EXPECT_EQ(history.code, 0);
  EXPECT_THAT(history.out, HasSubstr("Referral created in Partner Center"));
  EXPECT_EQ(run({"journal", "verify"}).code, 0);
  EXPECT_EQ(run({"store", "verify"}).code, 0);
}

TEST_F(Program, BothSidesOfADealFitBesideEachOtherOnAnOrdinaryTerminal) {
  start_systems(5);
  ASSERT_EQ(run({"sync"}).code, 0);
  const std::string id = text::split(text::split(run({"deals", "list", "--csv"}).out, '\n').at(1), ',').at(2);
  for (const std::size_t width : {80U, 100U, 200U}) {
    std::ostringstream out;
    std::ostringstream err;
    Terminal terminal;
    terminal.out = terminal.no_color = true;
    terminal.width = width;
    ASSERT_EQ(cli::run({"deals", "show", id, "--config", path("cosell.jsonc")}, out, err, terminal), 0) << err.str();
    const std::string shown = out.str();
    const std::size_t begin = shown.find("\nField ") + 1;
    for (const std::string& line : text::split(shown.substr(begin, shown.find("\n\n", begin) - begin), '\n')) {
      std::size_t characters = 0;
      for (const char c : line) characters += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
      EXPECT_LE(characters, width) << line;
    }
  }
}

TEST_F(Program, LookingAtAStoreNeedsNoSecrets) {
  start_systems(2);
  ASSERT_EQ(run({"sync"}).code, 0);
  fs::remove_all(dir_ / "secrets");
  EXPECT_EQ(run({"status"}).code, 0);
  EXPECT_EQ(run({"todo"}).code, 0);
  EXPECT_EQ(run({"deals", "list"}).code, 0);
  EXPECT_EQ(run({"sync"}).code, 2);
}

TEST_F(Program, ADownServerIsToldAndNothingIsLost) {
  start_systems(3);
  const std::string gone = servers_[1]->base_url();
  servers_.pop_back();
  const Ran ran = run({"sync"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("Partner Center"));
  const Ran todo = run({"todo"});
  EXPECT_THAT(todo.out, HasSubstr("cannot be reached"));
}

TEST_F(Program, AColumnThatIsMissingIsNoSideOutOfReachAndWaitsForNoSync) {
  start_systems(3);
  ASSERT_EQ(run({"sync"}).code, 0);
  write_mapping(R"("campaign": "not_there",)");
  const Ran ran = run({"sync"});
  EXPECT_EQ(ran.code, 2) << ran.err;
  EXPECT_THAT(ran.err, AllOf(HasSubstr("not_there"), HasSubstr("after that is put right: cosell check"),
                             Not(HasSubstr("with the next sync"))));
  EXPECT_THAT(run({"todo"}).out, AllOf(HasSubstr("cannot be used"), Not(HasSubstr("cannot be reached"))));
}

TEST_F(Program, AWrongPasswordIsToldAsOne) {
  start_systems(3);
  write(find_system(crm_names().front())->sandbox_secrets().front().path, "wrong");
  const Ran ran = run({"sync"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("login"));
}

TEST_F(Program, AStoreOfAnotherProgramIsRefusedUntouched) {
  start_systems(1);
  const std::string foreign = "this is the precious file of somebody else, long enough to be looked at as a store";
  write("state/contoso.db", foreign);
  const Ran ran = run({"sync"});
  EXPECT_EQ(ran.code, 5);
  std::ifstream in(dir_ / "state/contoso.db");
  std::ostringstream now;
  now << in.rdbuf();
  EXPECT_EQ(now.str(), foreign);
}

// An empty list would read as "nothing to do".
TEST_F(Program, AWordThatAnOptionDoesNotKnowIsAnsweredWithTheNearest) {
  start_systems(2);
  ASSERT_EQ(run({"sync"}).code, 0);
  const std::vector<std::pair<std::vector<std::string>, std::string>> slips = {
      {{"todo", "--kind", "faild"}, "did you mean failed? There are: failed, deadline, "},
      {{"replay", "--kind", "confict"}, "did you mean conflict?"},
      {{"replay", "--kind", "deadline"}, "There is no kind \"deadline\""},
      {{"resolve", "--kind", "hold", "--take", "crm"}, "did you mean held?"},
      {{"resolve", "--kind", "moved_bak", "--take", "crm"}, "did you mean the reason moved_back?"},
      {{"resolve", "--all", "--field", "valeu", "--take", "crm"}, "did you mean value?"},
      {{"resolve", "--all", "--take", "partner-centre"}, "did you mean partner-center?"},
      {{"resolve", "--all", "--take", ""}, "--take is empty"},  // as a variable of the shell that is not set
      {{"resolve", "--all", "--take", " "}, "--take is empty"},
      {{"todo", "--ics", "--json"}, "leave out --json"},
      {{"todo", "--ics", "--csv"}, "leave out --json and --csv"},
      {{"deals", "list", "--state", "in-sinc"}, "did you mean in_sync?"},
      {{"deals", "list", "--reason", "confict"}, "did you mean conflict?"},
      {{"deals", "history", "x", "--field", "valeu"}, "did you mean value?"},
      {{"sync", "--allow", "closing"}, "did you mean closings?"},
      {{"status", "--jsn"}, "There is no option --jsn; did you mean --json?"},
      {{"resolve", "--all", "--tak", "crm"}, "There is no option --tak; did you mean --take?"},
      {{"status", "--pare=contoso"}, "did you mean --pair?"},
      {{"sandbox", "--dir", "d", "--set", "Name=x"}, "requires --load"},
  };
  for (const auto& [command, answer] : slips) {
    const Ran ran = run(command);
    EXPECT_EQ(ran.code, 2) << text::join(command, " ");
    EXPECT_THAT(ran.err, HasSubstr(answer)) << text::join(command, " ");
  }
  const Ran nonsense = run({"todo", "--kind", "nonsense"});
  EXPECT_EQ(nonsense.code, 2);
  EXPECT_THAT(nonsense.err, HasSubstr("There is no kind \"nonsense\". There are: failed, deadline, "));
  EXPECT_EQ(nonsense.out, "");
}

TEST_F(Program, KindsAndReasonsThatNoDealHasNowAreAnsweredWithNothing) {
  start_systems(2);
  ASSERT_EQ(run({"sync"}).code, 0);
  for (const char* kind : {"failed", "login", "moved_back", "unknown-stage", "R-10", "bad_response"}) {
    EXPECT_EQ(run({"todo", "--kind", kind}).code, 0) << kind;
  }
  EXPECT_EQ(run({"replay", "--kind", "held"}).code, 0);
  EXPECT_EQ(run({"deals", "list", "--state", "in sync"}).code, 0);
}

// A slip in the very first command would make an empty store, and with it the guard of a first sync one sync older.
TEST_F(Program, NothingButASyncOfEverythingBeginsAStore) {
  start_systems(2);
  const std::vector<std::vector<std::string>> commands = {{"sync", "--deal", "Nobody"},
                                                          {"plan", "--deal", "Nobody"},
                                                          {"plan"},
                                                          {"check"},
                                                          {"status"},
                                                          {"status", "--alert"},
                                                          {"todo"},
                                                          {"solutions"},
                                                          {"deals", "list"},
                                                          {"deals", "show", "Nobody"},
                                                          {"deals", "history", "Nobody"},
                                                          {"deals", "history", "Nobody", "--at", "2h"},
                                                          {"deals", "bundle", "Nobody"},
                                                          {"deals", "register", "Nobody", "--dry-run"},
                                                          {"deals", "restart", "Nobody"},
                                                          {"deals", "leave", "Nobody"},
                                                          {"deals", "link", "Nobody", "--none"},
                                                          {"deals", "unlink", "Nobody"},
                                                          {"replay", "--all"},
                                                          {"replay", "--all", "--dry-run"},
                                                          {"resolve", "--all", "--take", "crm"},
                                                          {"resolve", "--all", "--take", "crm", "--dry-run"},
                                                          {"approve", "--all"},
                                                          {"inbox"},
                                                          {"store", "info"},
                                                          {"store", "verify"},
                                                          {"store", "backup", path("state/backup.db")},
                                                          {"journal", "verify"},
                                                          {"journal", "export"},
                                                          {"journal", "prune", "--before", "400d", "--yes"},
                                                          {"journal", "recheck"},
                                                          {"mapping", "explain", "--deal", "Nobody"},
                                                          {"mapping", "rollback", "--list"},
                                                          {"mapping", "rollback"}};
  for (const auto& command : commands) {
    run(command);
    ASSERT_FALSE(fs::exists(dir_ / "state")) << text::join(command, " ");
  }
  const Ran unknown = run({"sync", "--deal", "Nobody"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("No deal with this id, address or name is known: Nobody"));
  EXPECT_EQ(run({"sync"}).code, 0);
}

TEST_F(Program, TheFirstSyncMayBeOfOneDealWithItsName) {
  start_systems(5);
  const Ran plan = run({"plan", "--json"});
  const auto planned = json::read(plan.out);
  ASSERT_TRUE(planned) << plan.err;
  const std::string title = planned->find("pairs")->items().front().find("deals")->items().front().text_of("deal");
  const Ran sync = run({"sync", "--deal", title, "--json"});
  EXPECT_EQ(sync.code, 0) << sync.err;
  const auto report = json::read(sync.out);
  ASSERT_TRUE(report) << sync.out;
  EXPECT_EQ(report->find("pairs")->items().front().at_path({"done", "partner_center.referral.create"})->as_integer(),
            1);
}

TEST_F(Program, ForProgramsEveryAnswerIsOneDocumentWithItsErrorsInIt) {
  start_systems(2);
  ASSERT_EQ(run({"sync"}).code, 0);
  const std::vector<std::vector<std::string>> failing = {
      {"mapping", "check", path("nowhere.jsonc")},
      {"mapping", "check", path("mapping.jsonc"), "--snapshot", path("none")},
      {"mapping", "test"},
      {"mapping", "test", path("mapping.jsonc")},
      {"mapping", "explain", "No such stage"},
      {"mapping", "explain", "40", "--file", path("nowhere.jsonc")},
      {"deals", "show", "Nobody"},
      {"check", "nopair"}};
  for (std::vector<std::string> command : failing) {
    command.emplace_back("--json");
    const Ran ran = run(command);
    EXPECT_EQ(ran.code, 2) << text::join(command, " ");
    const auto answer = json::read(ran.out);
    ASSERT_TRUE(answer) << text::join(command, " ") << ": " << answer.error().message << "\n" << ran.out;
    EXPECT_THAT(ran.out, HasSubstr("\"error\"")) << text::join(command, " ");
  }
  write("state/contoso.db", "Dear diary, no database today. It was a long day, and nothing of it belongs here.");
  for (std::vector<std::string> command : {std::vector<std::string>{"todo"}, {"deals", "list"}, {"solutions"}}) {
    command.emplace_back("--json");
    const Ran ran = run(command);
    EXPECT_EQ(ran.code, 5);
    const auto answer = json::read(ran.out);
    ASSERT_TRUE(answer) << ran.out;
    const json::Value* failures = answer->find("failures");
    ASSERT_NE(failures, nullptr) << "an empty list alone would read as nothing to do";
    EXPECT_EQ(failures->items().front().text_of("pair"), "contoso");
  }
}

TEST_F(Program, CsvIsForLists) {
  start_systems(0);
  EXPECT_EQ(run({"status", "--csv"}).code, 2);
  EXPECT_EQ(run({"todo", "--csv"}).code, 0);
}

TEST_F(Program, AMappingFileIsCheckedByItself) {
  write("alone.jsonc",
        "{ \"extends\": \"" + crm_names().front() + "\",\n  \"stages\": { \"map\": { \"Legal\": 45 } } }");
  const Ran ran = run({"mapping", "check", path("alone.jsonc")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.out, HasSubstr("alone.jsonc:2:"));
}

// What goes to standard output is the file itself, and a program that reads JSON reads one document.
TEST_F(Program, PrintsOneDocumentOfJson) {
  start_systems(5);
  for (const auto& args : std::vector<std::vector<std::string>>{
           {"mapping", "snapshot", "--json"}, {"mapping", "snapshot", "--json", "--out", path("snapshot.json")}}) {
    const Ran ran = run(args);
    EXPECT_EQ(ran.code, 0) << ran.err;
    const auto read = json::read(ran.out);
    EXPECT_TRUE(read) << (read ? "" : read.error().message) << ran.out;
  }
  const Ran proposed = run({"mapping", "init", "--json"});
  EXPECT_EQ(proposed.code, 0) << proposed.err;
  EXPECT_THAT(proposed.out, ::testing::Not(HasSubstr("exit_code"))) << "the mapping alone";
  const Ran refused = run({"journal", "export", "--json"});
  EXPECT_EQ(refused.code, 2);
  const auto read = json::read(refused.out);
  ASSERT_TRUE(read) << refused.out;
  EXPECT_NE(refused.out.find("error"), std::string::npos) << refused.out;
}

}  // namespace
}  // namespace cosell::cli
