// Two pairs in one `cosell run`: what goes on in one is no matter to the other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <sstream>

#include "sandbox.h"

namespace cosell::end_to_end {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// The cycles that a running `cosell run --json` has told of, of one pair.
std::vector<Json> cycles_of(const Process& run, const std::string& pair) {
  std::vector<Json> cycles;
  std::istringstream lines(run.out());
  for (std::string line; std::getline(lines, line);) {
    const Json cycle = Json::parse(line, nullptr, false);
    if (cycle.is_object() && cycle.value("pair", "") == pair) cycles.push_back(cycle);
  }
  return cycles;
}

SandboxOptions both_pairs() {
  SandboxOptions options;
  options.crm = "";
  options.deals = 20;
  return options;
}

// Nobody says which pair the deal is of; no store knows it before the first sync, one does after it.
TEST(Pairs, FindTheOneDealThatIsMeantWhicheverOfThemHasIt) {
  const Sandbox sandbox(both_pairs());
  for (const char* pair : {"dynamics365", "salesforce"}) {
    const Json deals = sandbox.pairs.at(pair).crm.get("records")["opportunities"];
    const std::string id = deals[0].value(pair == std::string("salesforce") ? "Id" : "opportunityid", "");
    for (const char* command : {"plan", "sync", "plan", "sync"}) {
      const Ended ended = sandbox.cosell({command, "--deal", id});
      EXPECT_EQ(ended.code, 0) << pair << " " << command << ": " << ended.out << ended.err;
    }
  }
  for (const char* command : {"plan", "sync"}) {
    const Ended ended = sandbox.cosell({command, "--deal", "Nobody knows this one"});
    EXPECT_EQ(ended.code, 2) << ended.out;
    EXPECT_THAT(ended.err, HasSubstr("No deal with this id, address or name is known"));
  }
}

// A part of a name that fits in the first pair must not hide the deal of the second one that has just this name.
TEST(Pairs, ANameIsOfTheDealThatHasItAndOneThatFitsInSeveralPairsIsAskedAbout) {
  const Sandbox sandbox(both_pairs());
  const auto rename = [&](const char* pair, const std::string& name) {
    const bool salesforce = pair == std::string("salesforce");
    const Json deals = sandbox.pairs.at(pair).crm.get("records")["opportunities"];
    const std::string id = deals[0].value(salesforce ? "Id" : "opportunityid", "");
    sandbox.pairs.at(pair).crm.post("edit", {{"object", salesforce ? "Opportunity" : "opportunity"},
                                             {"id", id},
                                             {"fields", {{salesforce ? "Name" : "name", name}}}});
    return id;
  };
  const std::string meant = rename("dynamics365", "Alder Foods ERP");
  rename("salesforce", "Alder Foods ERP phase 2");
  ASSERT_EQ(sandbox.cosell({"sync", "--allow", "creates"}).code, 0);
  const Ended shown = sandbox.cosell({"deals", "show", "Alder Foods ERP"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr(meant));
  EXPECT_THAT(shown.out, Not(HasSubstr("phase 2")));
  for (const char* command : {"show", "unlink"}) {
    const Ended asked = sandbox.cosell({"deals", command, "Alder Foods"});
    EXPECT_EQ(asked.code, 2) << asked.out;
    EXPECT_THAT(asked.err, AllOf(HasSubstr("Alder Foods ERP phase 2"), HasSubstr(meant), HasSubstr("[dynamics365]"),
                                 HasSubstr("[salesforce]"), HasSubstr("its pair with --pair")));
  }
}

TEST(Pairs, OneThatWaitsForASlowSideLetsTheOtherGoOn) {
  const Sandbox sandbox(both_pairs());
  const StandIn& slow = sandbox.pairs.at("dynamics365").crm;
  slow.set("latency_ms", 20'000);
  Process run = sandbox.begin({"run", "--every", "1s", "--json"});
  ASSERT_TRUE(eventually([&] { return cycles_of(run, "salesforce").size() >= 4; })) << run.err();
  EXPECT_EQ(cycles_of(run, "dynamics365").size(), 0U) << "its first cycle cannot be over";
  EXPECT_GT(cycles_of(run, "salesforce")[0]["done"].value("partner_center.referral.create", 0), 0);

  // As soon as it is quick again it catches up, without anybody's help.
  slow.set("latency_ms", 0);
  const auto referrals = [&] { return sandbox.pairs.at("dynamics365").partner_center.get("records")["referrals"]; };
  EXPECT_TRUE(eventually([&] { return !referrals().empty(); })) << run.err();
  run.send(SIGTERM);
  EXPECT_EQ(run.wait().code, 0);
}

TEST(Pairs, OneWhoseSideIsDownLetsTheOtherGoOn) {
  const Sandbox sandbox(both_pairs());
  const Stands& down = sandbox.pairs.at("salesforce");
  down.partner_center.fail(Json{{"path", "/v1.0"}}, 0, 0, Json{{"kind", "status"}, {"status", 503}});
  Process run = sandbox.begin({"run", "--every", "1s", "--json"});
  ASSERT_TRUE(eventually([&] { return cycles_of(run, "dynamics365").size() >= 4; })) << run.err();
  EXPECT_GT(cycles_of(run, "dynamics365")[0]["done"].value("partner_center.referral.create", 0), 0);
  for (const Json& cycle : cycles_of(run, "salesforce")) EXPECT_EQ(cycle["done"], Json::object());
  EXPECT_TRUE(down.partner_center.get("records")["referrals"].empty());
  ASSERT_TRUE(eventually([&] { return run.err().find("Partner Center") != std::string::npos; })) << run.err();
  EXPECT_THAT(run.err(), HasSubstr("salesforce: "));
  EXPECT_EQ(run.err().find("dynamics365: "), std::string::npos) << run.err();

  down.partner_center.heal();
  EXPECT_TRUE(eventually([&] { return !down.partner_center.get("records")["referrals"].empty(); })) << run.err();
  run.send(SIGTERM);
  EXPECT_EQ(run.wait().code, 0);
}

TEST(Pairs, OneWhoseStoreIsTakenAwayGoesOnOnceItIsBackAndMakesNoEmptyOne) {
  const Sandbox sandbox(both_pairs());
  const std::string store = sandbox.folder->file("state/salesforce.db");
  const std::string away = sandbox.folder->file("away.db");
  Process run = sandbox.begin({"run", "--every", "1s", "--json"});
  const auto cycles = [&](const char* pair) { return cycles_of(run, pair).size(); };
  ASSERT_TRUE(eventually([&] { return cycles("salesforce") >= 2 && cycles("dynamics365") >= 2; })) << run.err();

  std::filesystem::rename(store, away);
  ASSERT_TRUE(eventually([&] { return run.err().find("was moved away or replaced") != std::string::npos; }))
      << run.err();
  for (const char* beside : {"-wal", "-shm"}) std::filesystem::rename(store + beside, away + beside);
  EXPECT_TRUE(eventually([&] { return run.err().find(store + " is gone") != std::string::npos; })) << run.err();
  const std::size_t of_the_other = cycles("dynamics365");
  EXPECT_TRUE(eventually([&] { return cycles("dynamics365") > of_the_other + 1; })) << run.err();
  EXPECT_FALSE(std::filesystem::exists(store));

  const std::size_t before = cycles("salesforce");
  for (const char* part : {"-shm", "-wal", ""}) std::filesystem::rename(away + part, store + part);
  EXPECT_TRUE(eventually([&] { return cycles("salesforce") > before + 1; })) << run.err();
  run.send(SIGTERM);
  EXPECT_EQ(run.wait().code, 0);
}

TEST(Pairs, OneWhoseStoreIsDamagedKeepsNoOtherFromBeginning) {  // F-62
  const Sandbox sandbox(both_pairs());
  sandbox.answer({"sync", "--pair", "salesforce"});
  const std::string store = sandbox.folder->file("state/salesforce.db");
  const std::string whole = read_text(store);
  write_text(store, whole.substr(0, 20'000));
  Process run = sandbox.begin({"run", "--every", "1s", "--json"});
  EXPECT_TRUE(eventually([&] { return cycles_of(run, "dynamics365").size() >= 2; })) << run.err();
  EXPECT_THAT(run.err(), HasSubstr(store + " is damaged"));
  EXPECT_EQ(cycles_of(run, "salesforce").size(), 0U);
  write_text(store, whole);
  EXPECT_TRUE(eventually([&] { return cycles_of(run, "salesforce").size() >= 2; })) << run.err();

  // With none left there is nothing to go on for.
  for (const char* pair : {"salesforce", "dynamics365"}) {
    std::filesystem::rename(sandbox.folder->file(std::string("state/") + pair + ".db"),
                            sandbox.folder->file(std::string(pair) + ".away"));
  }
  const Ended ended = run.wait();
  EXPECT_EQ(ended.code, 5) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("No pair is left to sync: the service ends."));
}

TEST(Pairs, OneWhoseStoreAnotherCommandHoldsKeepsNoOtherFromBeginning) {  // F-61
  const Sandbox sandbox(both_pairs());
  const StandIn& slow = sandbox.pairs.at("salesforce").partner_center;
  slow.set("latency_ms", 3000);
  Process command = sandbox.begin({"sync", "--pair", "salesforce"});
  ASSERT_TRUE(eventually([&] { return slow.writes() > 0; }));
  Process run = sandbox.begin({"run", "--every", "1s", "--json"});
  EXPECT_TRUE(eventually([&] { return cycles_of(run, "dynamics365").size() >= 2; })) << run.err();
  const std::string held = "Another cosell holds " + sandbox.folder->file("state/salesforce.db");
  EXPECT_THAT(run.err(), AllOf(HasSubstr(held), HasSubstr("Tried again every 1s")));
  EXPECT_EQ(run.err().find(held), run.err().rfind(held)) << "told once";
  slow.set("latency_ms", 0);
  EXPECT_EQ(command.wait().code, 0);
  EXPECT_TRUE(eventually([&] { return cycles_of(run, "salesforce").size() >= 2; })) << run.err();

  // A service that runs already is no reason to wait.
  for (const Arguments& second : {Arguments{"run", "--every", "1s"}, Arguments{"run", "--pair", "dynamics365"}}) {
    const Ended ended = sandbox.cosell(second);
    EXPECT_EQ(ended.code, 6) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("Another cosell holds"));
  }
  run.send(SIGTERM);
  EXPECT_EQ(run.wait().code, 0);
}

}  // namespace
}  // namespace cosell::end_to_end
