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

// Both pairs' deals in one Partner Center: what Microsoft sends would become a deal of both CRMs, and closing the one
// too many would decline the referral for good.
TEST(Pairs, OfOneOrganisationThatTakeTheSameReferralsAreToldApartBeforeAnythingIsReadOrWritten) {  // F-77
  const Sandbox sandbox(both_pairs());
  Json configuration = Json::parse(read_text(sandbox.config()));
  configuration["pairs"]["dynamics365"]["partner_center"] = configuration["pairs"]["salesforce"]["partner_center"];
  write_text(sandbox.config(), configuration.dump(2));
  const StandIn& shared = sandbox.pairs.at("salesforce").partner_center;
  shared.forget_counts();
  const auto told = AllOf(HasSubstr("\"dynamics365\" and \"salesforce\""), HasSubstr("every referral"),
                          HasSubstr("\"referrals\": { \"belongs\": { \"locations\": [\"…\"] } }"));
  for (const Arguments& command : {Arguments{"plan"}, Arguments{"sync"}, Arguments{"sync", "--pair", "salesforce"},
                                   Arguments{"run", "--every", "1s"}}) {
    const Ended ended = sandbox.cosell(command);
    EXPECT_EQ(ended.code, 2) << command.front() << ended.out << ended.err;
    EXPECT_THAT(ended.err, told) << command.front();
  }
  EXPECT_EQ(shared.requests(), 0);
  EXPECT_FALSE(std::filesystem::exists(sandbox.folder->file("state/salesforce.db")));
  const Ended check = sandbox.cosell({"check"});
  EXPECT_EQ(check.code, 2);
  EXPECT_THAT(check.out, told);

  // Each with its own location: nothing is told, and each deal of Microsoft's goes to one CRM.
  const auto takes = [&](const std::string& file, const std::string& location) {
    Json mapping = Json::parse(read_text(sandbox.folder->file(file)), nullptr, true, true);
    mapping["referrals"]["belongs"]["locations"] = {location};
    mapping["fields"]["location"] = {{"constant", location}};
    write_text(sandbox.folder->file(file), mapping.dump(2));
  };
  const std::map<std::string, std::string> mappings = {{"salesforce", "mapping.jsonc"},
                                                       {"dynamics365", "mapping-dynamics365.jsonc"}};
  takes(mappings.at("dynamics365"), "1234567");
  takes(mappings.at("salesforce"), "7654321");
  EXPECT_EQ(sandbox.cosell({"check"}).code, 0);
  EXPECT_EQ(sandbox.cosell({"sync"}).code, 0);
  const auto opportunities = [&](const char* pair) {
    return sandbox.pairs.at(pair).crm.get("records")["opportunities"].size();
  };
  const std::size_t in_dynamics = opportunities("dynamics365");
  const std::size_t in_salesforce = opportunities("salesforce");
  shared.post("inbound", Json{{"name", "Birch Clinics"}});
  EXPECT_EQ(sandbox.cosell({"sync"}).code, 0);
  EXPECT_EQ(opportunities("dynamics365") + opportunities("salesforce"), in_dynamics + in_salesforce + 1);

  // Edited beside a running service: no sync under it, and on as soon as they are apart again.
  Process run = sandbox.begin({"run", "--every", "1s", "--json"});
  ASSERT_TRUE(eventually([&] { return cycles_of(run, "salesforce").size() >= 2; })) << run.err();
  takes(mappings.at("salesforce"), "1234567");
  ASSERT_TRUE(eventually([&] { return run.err().find("salesforce: The pairs") != std::string::npos; })) << run.err();
  EXPECT_THAT(run.err(), HasSubstr("location 1234567"));
  const std::size_t before = cycles_of(run, "salesforce").size();
  takes(mappings.at("salesforce"), "7654321");
  EXPECT_TRUE(eventually([&] { return cycles_of(run, "salesforce").size() > before; })) << run.err();
  run.send(SIGTERM);
  EXPECT_EQ(run.wait().code, 0);
}

}  // namespace
}  // namespace cosell::end_to_end
