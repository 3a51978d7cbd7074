// A running service and the person beside it: a configuration that is edited, and a sync that is asked for now.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "pipeline.h"

namespace cosell::end_to_end {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// The mapping counts from the next sync on, and people expect the same of the configuration.
TEST(Service, SaysOnceThatItsConfigurationWasChangedAndGoesOnWithTheOneThatItRead) {
  const Sandbox sandbox({5, {}, ""});
  sandbox.configure("irreversible", Json{{"settle", "1s"}, {"lost", "auto"}});
  const std::string before = read_text(sandbox.config());
  Process service = sandbox.begin({"run", "--every", "1s"});
  ASSERT_TRUE(eventually([&] {
    return service.out().find("written") != std::string::npos ||
           service.out().find("new referral") != std::string::npos;
  })) << service.err();
  const char* told = "The configuration was changed; it counts when the service is started again";
  const auto times_told = [&] {
    int times = 0;
    const std::string said = service.err();
    for (std::size_t at = said.find(told); at != std::string::npos; at = said.find(told, at + 1)) ++times;
    return times;
  };
  EXPECT_THAT(sandbox.cosell({"status"}).out, Not(HasSubstr(told)));

  sandbox.configure("irreversible", Json{{"settle", "1s"}, {"lost", "never"}});
  ASSERT_TRUE(eventually([&] { return service.err().find(told) != std::string::npos; })) << service.err();
  EXPECT_THAT(sandbox.cosell({"status"}).out, HasSubstr(told));
  EXPECT_EQ(sandbox.answer({"status"})["configuration_changed"], true);
  const Ended alert = sandbox.cosell({"status", "--alert"});
  EXPECT_EQ(alert.code, 1);
  EXPECT_THAT(alert.out, HasSubstr("the configuration was changed and counts when the service is started again"));

  // One that could not be read at the next start is told with its line.
  write_text(sandbox.config(), before + "}");
  ASSERT_TRUE(eventually([&] { return service.err().find("cannot be used as it is now") != std::string::npos; }))
      << service.err();
  EXPECT_THAT(service.err(), HasSubstr("cosell.jsonc:"));
  write_text(sandbox.config(), before);
  EXPECT_TRUE(eventually([&] { return sandbox.cosell({"status", "--alert"}).code == 0; }));
  EXPECT_EQ(times_told(), 2) << "once for each edit: " << service.err();

  sandbox.configure("irreversible", Json{{"settle", "1s"}, {"lost", "never"}});
  service.send(SIGTERM);
  EXPECT_EQ(service.wait().code, 0);
  EXPECT_EQ(sandbox.cosell({"status", "--alert"}).code, 0) << "whoever starts it now has the new one";
}

class SyncBesideAService : public ::testing::Test {
 protected:
  SyncBesideAService() {
    sandbox->configure("irreversible", Json{{"settle", "0s"}});
    sandbox->configure("guards", Json{{"closings", {{"share", 0.0}, {"deals", 1}}}});
    sandbox->answer({"sync"});
    referrals = PartnerCenter(*sandbox).referrals();
  }
  void lose(std::size_t i) const {
    Salesforce(*sandbox).patch(referrals.at(i)["externalReferenceId"],
                               Json{{"StageName", "Lost"}, {"Cosell_Loss_Reason__c", "Price"}});
  }
  std::string status_of(std::size_t i) const { return PartnerCenter(*sandbox).get(referrals.at(i)["id"])["status"]; }
  bool works() const { return sandbox->answer({"status"}).value("in_use", false); }

  const Pipeline pipeline{60};
  const std::unique_ptr<Sandbox> sandbox = load(pipeline);
  std::vector<Json> referrals;
};

TEST_F(SyncBesideAService, IsItsNextOneAndLetsAGuardThroughOnce) {
  Process service = sandbox->begin({"run", "--every", "1h"});
  ASSERT_TRUE(eventually([&] { return works(); })) << service.err();
  const Ended plain = sandbox->cosell({"sync"});
  EXPECT_EQ(plain.code, 0) << plain.err;
  EXPECT_THAT(plain.out, AllOf(HasSubstr("Another cosell works on this pair"), HasSubstr("Done there at"),
                               HasSubstr("Nothing was written.")));

  lose(0);
  lose(1);
  const Ended stopped = sandbox->cosell({"sync", "salesforce"});
  EXPECT_EQ(stopped.code, 4) << stopped.out << stopped.err;
  const auto command = AllOf(HasSubstr("cosell sync salesforce --allow closings"), Not(HasSubstr("stop the service")));
  EXPECT_THAT(stopped.err, command);
  EXPECT_THAT(sandbox->cosell({"todo", "--kind", "guard"}).out, command);
  EXPECT_EQ(status_of(0), "Active");

  const Ended allowed = sandbox->cosell({"sync", "salesforce", "--allow", "closings"});
  EXPECT_EQ(allowed.code, 0) << allowed.out << allowed.err;
  EXPECT_THAT(allowed.out, HasSubstr("Written: "));
  EXPECT_EQ(status_of(0), "Closed");
  EXPECT_EQ(status_of(1), "Closed");

  lose(2);
  lose(3);
  EXPECT_EQ(sandbox->cosell({"sync"}).code, 4) << "what was allowed held for that sync only";
  EXPECT_EQ(status_of(2), "Active");
  service.send(SIGTERM);
  EXPECT_EQ(service.wait().code, 0);
  EXPECT_THAT(sandbox->cosell({"inbox"}).out, HasSubstr("sync --allow closings  done at"));
}

// A side that refuses one deal: the sync that was asked for ends as one of its own would.
TEST_F(SyncBesideAService, EndsWithTheCodeOfThatSync) {
  Process service = sandbox->begin({"run", "--every", "1h"});
  ASSERT_TRUE(eventually([&] { return works(); })) << service.err();
  sandbox->cosell({"sync"});
  sandbox->partner_center.fail(
      Json{{"method", "PATCH"}, {"path", "/v1.0"}}, 0, 1,
      Json{{"kind", "status"}, {"status", 400}, {"body", R"({"error":{"code":"odd","message":"Not today."}})"}});
  Salesforce(*sandbox).patch(referrals[0]["externalReferenceId"], Json{{"Amount", 4711}});
  const Ended ended = sandbox->cosell({"sync"});
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Failed: " + pipeline.row(referrals[0]["name"]).title));
}

// Whoever allowed it had looked at what there was to do then.
TEST_F(SyncBesideAService, ThatAKilledServiceLeftIsNotDoneByTheNextOne) {
  lose(0);
  lose(1);
  {
    Process service = sandbox->begin({"run", "--every", "1h"});
    ASSERT_TRUE(eventually([&] { return service.err().find("--allow closings") != std::string::npos; }));
    service.send(SIGSTOP);
    Process command = sandbox->begin({"sync", "--allow", "closings"});
    EXPECT_THAT(command.first_line(), HasSubstr("Another cosell works on this pair"));
    command.send(SIGKILL);
    command.wait();
    service.send(SIGKILL);
    service.wait();
  }
  Process service = sandbox->begin({"run", "--every", "1h"});
  ASSERT_TRUE(eventually([&] { return service.err().find("--allow closings") != std::string::npos; }));
  EXPECT_EQ(status_of(0), "Active");
  EXPECT_THAT(sandbox->cosell({"inbox"}).out, HasSubstr("Not done"));
}

// A full disk, or a store that is locked by another program, ends the sync and not the service.
TEST_F(SyncBesideAService, ThatBrokeOffLetsNothingThroughInALaterOne) {
  Process service = sandbox->begin({"run", "--every", "1h"});
  ASSERT_TRUE(eventually([&] { return works(); })) << service.err();
  EXPECT_EQ(sandbox->cosell({"sync"}).code, 0);
  {
    SQLite::Database db(sandbox->store(), SQLite::OPEN_READWRITE);
    db.setBusyTimeout(10'000);
    db.exec("INSERT INTO inbox (at, command, arguments, begun_at) VALUES (1, 'sync', '{\"allow\":[\"closings\"]}', 1)");
  }
  lose(0);
  lose(1);
  EXPECT_EQ(sandbox->cosell({"sync"}).code, 4);
  EXPECT_EQ(status_of(0), "Active");
  EXPECT_THAT(sandbox->cosell({"inbox"}).out, HasSubstr("Broken off"));
}

// What it wrote until then is written, so that it is not told as not done.
TEST_F(SyncBesideAService, ThatAKilledServiceHadBegunIsToldAsBrokenOff) {
  Process service = sandbox->begin({"run", "--every", "1h"});
  ASSERT_TRUE(eventually([&] { return works(); })) << service.err();
  EXPECT_EQ(sandbox->cosell({"sync"}).code, 0);
  sandbox->crm.fail(Json{{"path", "/services/"}}, 0, 1, Json{{"kind", "delay"}, {"ms", 600'000}});
  Process command = sandbox->begin({"sync"});
  ASSERT_TRUE(eventually([&] {
    return sandbox->answer({"inbox"})["inbox"].at(0)["command"] == "sync" && sandbox->crm.faults_fired() == 1;
  }));
  service.send(SIGKILL);
  service.wait();
  const Ended ended = command.wait();
  EXPECT_EQ(ended.code, 1) << ended.out;
  EXPECT_THAT(ended.err, AllOf(HasSubstr("Broken off"), HasSubstr("cosell journal syncs")));
}

}  // namespace
}  // namespace cosell::end_to_end
