// Commands beside a running service, which holds the store: each is handed over, done there, and answered on the
// screen of the person who gave it.
#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include "pipeline.h"

namespace cosell::end_to_end {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class BesideAService : public ::testing::Test {
 protected:
  // A command that the service takes over and answers while the person waits.
  std::string handed_over(const Arguments& arguments) const {
    const Ended ended = sandbox->cosell(arguments);
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
    EXPECT_THAT(ended.out, AllOf(HasSubstr("Another cosell works on this pair"), HasSubstr("Done there at")));
    return ended.out;
  }
  // … that the service does not carry out: the exit code says so as it does without a service.
  std::string refused_there(const Arguments& arguments, int code = 2) const {
    const Ended ended = sandbox->cosell(arguments);
    EXPECT_EQ(ended.code, code) << ended.out << ended.err;
    EXPECT_THAT(ended.out, AllOf(HasSubstr("Another cosell works on this pair"), HasSubstr("Refused there at")));
    return ended.err;
  }
  std::size_t waiting_as(const std::string& kind) const {
    return sandbox->answer({"todo", "--kind", kind})["todo"].size();
  }
  // That does nothing but what is handed to it, once its first sync is over.
  Process idle_service() const {
    Process service = sandbox->begin({"run", "--every", "1h"});
    EXPECT_TRUE(eventually([&] { return sandbox->answer({"status"}).value("in_use", false); })) << service.err();
    handed_over({"sync"});
    return service;
  }
  Json referral_now(const Json& referral) const { return PartnerCenter(*sandbox).get(referral["id"]); }

  const Pipeline pipeline{60};
  const std::unique_ptr<Sandbox> sandbox = load(pipeline);
};

TEST_F(BesideAService, ResolveReplayApproveAndLinkAreDoneThereAndConfirmed) {
  sandbox->configure("irreversible", Json{{"settle", "0s"}, {"won", "ask"}});
  sandbox->answer({"sync"});
  const auto referrals = PartnerCenter(*sandbox).referrals();
  ASSERT_GE(referrals.size(), 4U);
  const auto opportunity = [&](std::size_t i) { return referrals[i]["externalReferenceId"].get<std::string>(); };
  const Salesforce salesforce(*sandbox);
  Process service = sandbox->begin({"run", "--every", "1s"});

  // Both sides changed the value; the person takes the CRM's.
  PartnerCenter(*sandbox).patch(referrals[0], Json{{"/details/dealValue", 9000}});
  salesforce.patch(opportunity(0), Json{{"Amount", 7000}});
  // The service may see one edit before the other, and then there is nothing to choose: both again until it asks.
  int value = 7000;
  ASSERT_TRUE(eventually([&] {
    if (waiting_as("conflict") == 1) return true;
    ++value;
    PartnerCenter(*sandbox).patch(referral_now(referrals[0]), Json{{"/details/dealValue", value + 2000}});
    salesforce.patch(opportunity(0), Json{{"Amount", value}});
    pause_ms(1500);
    return waiting_as("conflict") == 1;
  })) << service.err();
  const auto in_crm = [&] { return salesforce.opportunity(opportunity(0))["Amount"].get<double>(); };
  const double chosen = in_crm();
  EXPECT_THAT(handed_over({"resolve", opportunity(0), "--take", "crm"}),
              HasSubstr(pipeline.row(referrals[0]["name"]).title));
  EXPECT_TRUE(eventually([&] { return referral_now(referrals[0])["details"]["dealValue"] == chosen; }))
      << service.err();
  EXPECT_EQ(in_crm(), chosen);

  // Refused by Partner Center, repaired, sent again.
  const Json refusal = {{"kind", "status"},
                        {"status", 400},
                        {"body", {{"error", {{"code", "invalidRequest"}, {"message", "The customer is on hold."}}}}}};
  sandbox->partner_center.fail(Json{{"method", "PATCH"}, {"path", "/v1.0"}}, 0, 1, refusal);
  salesforce.patch(opportunity(1), Json{{"Amount", 8100}});
  ASSERT_TRUE(eventually([&] { return waiting_as("failed") == 1; })) << service.err();
  sandbox->partner_center.fail(Json{{"method", "PATCH"}, {"path", "/v1.0"}}, 0, 1, refusal);
  EXPECT_THAT(refused_there({"replay", opportunity(1)}, 1), HasSubstr("The customer is on hold.")) << "is not done";
  sandbox->crm.fail(Json{{"path", "/services/"}}, 0, 0, Json{{"kind", "status"}, {"status", 503}});
  refused_there({"replay", opportunity(1)}, 3);
  sandbox->crm.heal();
  handed_over({"replay", opportunity(1)});
  EXPECT_EQ(referral_now(referrals[1])["details"]["dealValue"], 8100);
  EXPECT_EQ(waiting_as("failed"), 0U);
  EXPECT_THAT(handed_over({"replay", opportunity(1)}), HasSubstr("already done"));

  // A step that cannot be taken back waits for a person.
  salesforce.patch(opportunity(2), Json{{"StageName", "Won"}});
  ASSERT_TRUE(eventually([&] { return waiting_as("approval") == 1; })) << service.err();
  EXPECT_EQ(referral_now(referrals[2])["status"], "Active");
  EXPECT_THAT(handed_over({"approve", opportunity(2)}), HasSubstr("approved"));
  EXPECT_TRUE(eventually([&] { return referral_now(referrals[2])["status"] == "Closed"; })) << service.err();

  // Taken apart and tied together again.
  EXPECT_THAT(handed_over({"deals", "unlink", opportunity(3)}), HasSubstr("taken apart"));
  salesforce.patch(opportunity(3), Json{{"Amount", 8200}});
  EXPECT_THAT(handed_over({"deals", "link", opportunity(3), referrals[3]["id"]}), HasSubstr("are one deal"));

  // What cannot be done is answered too, and the service goes on.
  EXPECT_THAT(refused_there({"deals", "link", opportunity(3), referrals[3]["id"]}), HasSubstr("linked"));
  EXPECT_THAT(refused_there({"deals", "restart", opportunity(3)}), HasSubstr(pipeline.row(referrals[3]["name"]).title));
  EXPECT_THAT(refused_there({"deals", "register", opportunity(3)}), HasSubstr("cannot be registered"));
  EXPECT_TRUE(service.running()) << service.err();

  service.send(SIGTERM);
  const Ended ended = service.wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  const Ended inbox = sandbox->cosell({"inbox"});
  EXPECT_EQ(inbox.code, 0);
  EXPECT_THAT(inbox.out, AllOf(HasSubstr("done at"), HasSubstr("refused at")));
  for (const char* command : {"resolve", "replay", "approve", "unlink", "link"}) {
    EXPECT_THAT(inbox.out, HasSubstr(command));
    EXPECT_THAT(ended.out, HasSubstr(std::string(command) + ": ")) << "the service says it as well";
  }
  EXPECT_EQ(sandbox->cosell({"journal", "verify"}).code, 0);
}

// A sync that was already done with its inbox, another person's command: whatever had the store, nobody is left to do
// it.
TEST_F(BesideAService, WhatIsHandedToOneThatEndsIsDoneByTheCommandItself) {
  sandbox->answer({"sync"});
  const Json referral = PartnerCenter(*sandbox).referrals().front();
  const std::string opportunity = referral["externalReferenceId"];
  const auto beside_one_that_ends = [&](const Arguments& arguments) {
    const int lock = ::open((sandbox->store() + ".lock").c_str(), O_RDWR | O_CLOEXEC);
    EXPECT_EQ(::flock(lock, LOCK_EX), 0);
    Process command = sandbox->begin(arguments);
    EXPECT_EQ(command.first_line().rfind("Another cosell works on this pair", 0), 0U);
    ::close(lock);
    return command.wait();
  };
  const Ended unlinked = beside_one_that_ends({"deals", "unlink", opportunity});
  EXPECT_EQ(unlinked.code, 0) << unlinked.err;
  EXPECT_THAT(unlinked.out, AllOf(HasSubstr("Done here at"), HasSubstr("taken apart")));
  const Ended replayed = beside_one_that_ends({"replay", opportunity});
  EXPECT_EQ(replayed.code, 2) << "it takes a login";
  EXPECT_THAT(replayed.err, HasSubstr("Give it again"));
  EXPECT_THAT(sandbox->cosell({"inbox"}).out, Not(HasSubstr("waits for")));
  EXPECT_EQ(sandbox->cosell({"replay", opportunity}).code, 0);
}

// Secrets that systemd hands to the service are not there for the people who use the command line.
TEST_F(BesideAService, WhatIsHandedOverNeedsNoSecretHere) {
  sandbox->configure("irreversible", Json{{"settle", "0s"}, {"won", "ask"}});
  sandbox->answer({"sync"});
  const auto referrals = PartnerCenter(*sandbox).referrals();
  const auto opportunity = [&](std::size_t i) { return referrals.at(i)["externalReferenceId"].get<std::string>(); };
  const Salesforce salesforce(*sandbox);
  sandbox->partner_center.fail(
      Json{{"method", "PATCH"}, {"path", "/v1.0/engagements/referrals/" + referrals[0]["id"].get<std::string>()}}, 0, 0,
      Json{{"kind", "status"}, {"status", 400}, {"body", R"({"error":{"code":"odd","message":"Not today."}})"}});
  salesforce.patch(opportunity(0), Json{{"Amount", 4711}});
  salesforce.patch(opportunity(1), Json{{"StageName", "Won"}});
  Process service = sandbox->begin({"run", "--every", "1s"});
  ASSERT_TRUE(eventually([&] { return waiting_as("failed") == 1 && waiting_as("approval") == 1; })) << service.err();
  sandbox->partner_center.heal();
  std::filesystem::remove_all(sandbox->folder->file("secrets"));
  EXPECT_THAT(handed_over({"replay", opportunity(0)}), HasSubstr("In sync"));
  EXPECT_THAT(handed_over({"approve", opportunity(1)}), HasSubstr("approved to close the deal as won"));
  handed_over({"sync"});
  service.send(SIGTERM);
  EXPECT_EQ(service.wait().code, 0);
  EXPECT_EQ(sandbox->cosell({"replay", opportunity(0)}).code, 2) << "by itself it logs in";
}

// Between doing it and saying so there is no moment at which a kill leaves one without the other.
TEST_F(BesideAService, KilledBeforeItAnsweredHasDoneNothingOfIt) {  // F-58
  sandbox->answer({"sync"});
  const std::string opportunity = PartnerCenter(*sandbox).referrals().front()["externalReferenceId"];
  Process service = idle_service();
  SQLite::Database store(sandbox->store(), SQLite::OPEN_READWRITE);
  store.exec(
      "CREATE VIEW endless AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;"
      "CREATE TRIGGER hang BEFORE UPDATE OF done_at ON inbox BEGIN SELECT count(*) FROM endless; END");
  Process command = sandbox->begin({"deals", "unlink", opportunity});
  ASSERT_THAT(command.first_line(), HasSubstr("Another cosell works on this pair"));
  const auto answers = [&] {
    try {
      store.exec("BEGIN IMMEDIATE; ROLLBACK");
      return false;
    } catch (const SQLite::Exception&) {
      return true;
    }
  };
  ASSERT_TRUE(eventually(answers)) << service.err();
  command.send(SIGKILL);
  command.wait();
  service.send(SIGKILL);
  service.wait();
  store.exec("DROP TRIGGER hang; DROP VIEW endless");
  const auto times_done = [&] {
    return store.execAndGet("SELECT count(*) FROM journal WHERE summary LIKE 'Taken apart from referral%'").getInt();
  };
  EXPECT_EQ(times_done(), 0);
  const Process next = idle_service();
  EXPECT_EQ(times_done(), 1);
  const Json entry = sandbox->answer({"inbox"})["inbox"].at(1);
  EXPECT_EQ(entry["command"], "unlink");
  EXPECT_EQ(entry["refused"], false) << entry;
}

// It reads both sides anew and sends what is right then, so that doing it again is right at any time.
TEST_F(BesideAService, AReplayThatAKilledServiceHadBegunIsDoneByTheNextOne) {  // F-58
  sandbox->answer({"sync"});
  const std::string opportunity = PartnerCenter(*sandbox).referrals().front()["externalReferenceId"];
  Process service = idle_service();
  sandbox->crm.fail(Json{{"path", "/services/"}}, 0, 1, Json{{"kind", "delay"}, {"ms", 600'000}});
  Process command = sandbox->begin({"replay", opportunity});
  const auto newest = [&] { return sandbox->answer({"inbox"})["inbox"].at(0); };
  ASSERT_TRUE(eventually([&] { return newest()["command"] == "replay" && newest().contains("begun_at"); }));
  EXPECT_FALSE(newest().contains("exit_code"));
  command.send(SIGKILL);
  command.wait();
  service.send(SIGKILL);
  service.wait();
  sandbox->crm.heal();
  const Process next = idle_service();
  const Json entry = sandbox->answer({"inbox"})["inbox"].at(1);
  EXPECT_EQ(entry["command"], "replay");
  EXPECT_EQ(entry["exit_code"], 0) << entry;
  EXPECT_EQ(sandbox->cosell({"journal", "verify"}).code, 0);
}

// Programs get what the command by itself would have answered.
TEST_F(BesideAService, WithJsonAnswersTheReportOfACommandOfOnesOwn) {
  sandbox->configure("irreversible", Json{{"settle", "0s"}, {"won", "ask"}});
  sandbox->answer({"sync"});
  const auto referrals = PartnerCenter(*sandbox).referrals();
  const auto opportunity = [&](std::size_t i) { return referrals.at(i)["externalReferenceId"].get<std::string>(); };
  for (std::size_t i = 0; i < 2; ++i) Salesforce(*sandbox).patch(opportunity(i), Json{{"StageName", "Won"}});
  sandbox->answer({"sync"});
  const auto of_its_own = [](Json answer) {
    for (const char* member : {"handed_over", "inbox_entry"}) answer.erase(member);
    return answer;
  };
  const auto shape_of = [&](const Json& answer) {
    std::vector<std::string> names;
    const Json members = of_its_own(answer);
    for (const auto& [name, unused] : members.items()) names.push_back(name);
    return names;
  };
  struct Given {
    Arguments by_itself, handed;
    int code = 0;
  };
  const std::vector<Given> given = {{{"sync"}, {"sync"}},
                                    {{"replay", opportunity(5)}, {"replay", opportunity(5)}},
                                    {{"approve", opportunity(0)}, {"approve", opportunity(1)}},
                                    {{"deals", "unlink", opportunity(2)}, {"deals", "unlink", opportunity(3)}},
                                    {{"deals", "unlink", opportunity(2)}, {"deals", "unlink", opportunity(2)}, 2},
                                    {{"deals", "restart", opportunity(4)}, {"deals", "restart", opportunity(4)}, 2}};
  std::vector<Json> own;
  for (const Given& one : given) own.push_back(sandbox->answer(one.by_itself, one.code));
  Process service = idle_service();
  for (std::size_t i = 0; i < given.size(); ++i) {
    const Json handed = sandbox->answer(given[i].handed, given[i].code);
    EXPECT_TRUE(handed.contains("inbox_entry")) << handed;
    EXPECT_EQ(shape_of(handed), shape_of(own[i])) << handed << own[i];
    if (given[i].code != 0) {
      EXPECT_EQ(of_its_own(handed), of_its_own(own[i]));
    }
  }
}

TEST_F(BesideAService, InterruptedBeforeItIsBegunIsWithdrawn) {
  Process service = idle_service();
  service.send(SIGSTOP);
  Process command = sandbox->begin({"sync", "--allow", "closings"});
  ASSERT_THAT(command.first_line(), HasSubstr("Another cosell works on this pair"));
  EXPECT_TRUE(eventually([&] { return command.out().find("it has not begun this yet") != std::string::npos; }))
      << "it says why it takes so long";
  EXPECT_THAT(command.out(), AllOf(HasSubstr("salesforce: "), HasSubstr("its last sync ended at"),
                                   HasSubstr("Ctrl-C ends the waiting and withdraws this")));
  command.send(SIGINT);
  const Ended ended = command.wait();
  EXPECT_EQ(ended.code, 130);
  EXPECT_THAT(ended.out, HasSubstr("Withdrawn"));
  service.send(SIGCONT);
  handed_over({"sync"});
  EXPECT_THAT(sandbox->cosell({"inbox"}).out, HasSubstr("sync --allow closings  refused at"));
}

TEST_F(BesideAService, InterruptedLaterIsFinishedThere) {
  Process service = idle_service();
  sandbox->crm.fail(Json{{"path", "/services/"}}, 0, 1, Json{{"kind", "delay"}, {"ms", 8'000}});
  Process command = sandbox->begin({"sync"});
  ASSERT_TRUE(eventually([&] { return command.out().find("it works on this since") != std::string::npos; }))
      << command.out();
  EXPECT_THAT(command.out(), HasSubstr("Ctrl-C ends the waiting; it is finished there all the same."));
  EXPECT_THAT(sandbox->cosell({"inbox"}).out, HasSubstr("begun at"));
  command.send(SIGINT);
  const Ended ended = command.wait();
  EXPECT_EQ(ended.code, 130);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("It was begun there and is finished there."), HasSubstr("cosell inbox")));
  EXPECT_TRUE(eventually([&] { return sandbox->answer({"inbox"})["inbox"].at(0).contains("exit_code"); }));
  EXPECT_EQ(sandbox->answer({"inbox"})["inbox"].at(0)["exit_code"], 0);
}

}  // namespace
}  // namespace cosell::end_to_end
