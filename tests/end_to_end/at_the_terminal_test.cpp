// What a person at a terminal is told: nothing that is not so, nothing that a name can do to the terminal, the
// important things first, and an exit code that a script can rely on.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "sandbox.h"

namespace cosell::end_to_end {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A referral whose deal is in sync, the same on both sides, and open: the made-up deals are others each time.
Json some_referral(const Sandbox& sandbox) {
  for (const Json& referral : PartnerCenter(sandbox).referrals()) {
    if (referral["status"] == "Active") return referral;
  }
  throw std::runtime_error("no referral is open");
}

std::string opportunity_of(const Json& referral) { return referral["externalReferenceId"]; }

TEST(Answer, ThatCouldNotBeWrittenToItsEndIsAFailure) {
  const Sandbox sandbox({5, {}, ""});
  sandbox.answer({"sync"});
  ProcessOptions to_a_full_disk;
  to_a_full_disk.output = "/dev/full";
  const std::vector<Arguments> commands = {{"journal", "export"}, {"deals", "list", "--csv"}, {"status", "--json"}};
  for (Arguments command : commands) {
    command.insert(command.end(), {"--config", sandbox.config()});
    const Ended ended = run_cosell(command, to_a_full_disk);
    EXPECT_EQ(ended.code, 1) << command.front();
    EXPECT_THAT(ended.err, HasSubstr("could not be written to its end")) << command.front();
  }
}

TEST(Answer, ThatNobodyTakesIsAFailureAndIsWrittenNowhereElse) {
  const Sandbox sandbox({5, {}, ""});
  sandbox.answer({"sync"});
  const std::string store = read_text(sandbox.store());
  ProcessOptions closed;
  closed.output_closed = true;
  for (const Arguments& command : {Arguments{"status"}, Arguments{"deals", "list"}, Arguments{"check"}}) {
    Arguments all = command;
    all.insert(all.end(), {"--config", sandbox.config()});
    const Ended ended = run_cosell(all, closed);
    EXPECT_EQ(ended.code, 1) << command.front() << ": " << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("could not be written to its end")) << command.front();
  }
  EXPECT_EQ(read_text(sandbox.store()), store);
}

TEST(Export, IsReadableForItsOwnerAlone) {
  const Sandbox sandbox({5, {}, ""});
  sandbox.answer({"sync"});
  const std::string journal = sandbox.folder->file("journal.jsonl");
  EXPECT_EQ(sandbox.cosell({"journal", "export", "--file", journal}).code, 0);
  EXPECT_EQ(mode_of(journal), 0600U) << "it holds personal data";
  const std::string bundle = sandbox.folder->file("deal.json");
  EXPECT_EQ(sandbox.cosell({"deals", "bundle", opportunity_of(some_referral(sandbox)), "--file", bundle}).code, 0);
  EXPECT_EQ(mode_of(bundle), 0600U);
}

TEST(Export, WritesOverNoFile) {
  const Sandbox sandbox({5, {}, ""});
  sandbox.answer({"sync"});
  const std::string file = sandbox.folder->file("notes.txt");
  write_text(file, "of a person");
  const std::string deal = opportunity_of(some_referral(sandbox));
  for (const Arguments& command :
       {Arguments{"journal", "export", "--file", file}, Arguments{"deals", "bundle", deal, "--file", file}}) {
    const Ended ended = sandbox.cosell(command);
    EXPECT_EQ(ended.code, 2) << command.front();
    EXPECT_THAT(ended.err, HasSubstr(file + " exists already")) << command.front();
    EXPECT_EQ(read_text(file), "of a person");
  }
  EXPECT_THAT(sandbox.cosell({"journal", "export", "--file", "/dev/full"}).err, HasSubstr("cannot be written"));
}

TEST(Export, ThatMeetsAnErrorLeavesNoHalfFileInTheWayOfTheNext) {
  const Sandbox sandbox({120, {}, ""});
  sandbox.answer({"sync"});
  const std::string file = sandbox.folder->file("journal.jsonl");
  SQLite::Database(sandbox.store(), SQLite::OPEN_READWRITE, 5'000).exec("DELETE FROM journal WHERE sequence = 501");
  for (int i = 0; i < 2; ++i) {
    const Ended ended = sandbox.cosell({"journal", "export", "--file", file});
    EXPECT_EQ(ended.code, 6);
    EXPECT_THAT(ended.err, HasSubstr("pruned meanwhile"));
    EXPECT_FALSE(std::filesystem::exists(file));
  }
}

TEST(Todo, PutsWhatKeepsNothingBackBehindWhatWaitsAndTellsItInOneEntry) {
  const Sandbox sandbox({80, {}, ""});  // many of them ask for help with a small value
  sandbox.answer({"sync"});
  const Json referral = some_referral(sandbox);
  const Salesforce salesforce(sandbox);
  // Large in every currency, so that this deal has no note of its own.
  salesforce.patch(opportunity_of(referral), Json{{"Amount", 90'000'000}});
  PartnerCenter(sandbox).patch(referral, Json{{"/details/dealValue", 90'000'200}});
  sandbox.answer({"sync"});

  const Json all = sandbox.answer({"todo"})["todo"];
  const auto is_warning = [](const Json& entry) { return entry["kind"] == "warning"; };
  const auto warnings = std::count_if(all.begin(), all.end(), is_warning);
  ASSERT_GT(warnings, 4);
  EXPECT_TRUE(std::is_partitioned(all.begin(), all.end(), [&](const Json& e) { return !is_warning(e); }));

  const std::string told = sandbox.cosell({"todo"}).out;
  const std::string summary = std::to_string(warnings) + " deals with a note; nothing is kept back";
  EXPECT_THAT(told, AllOf(HasSubstr("Changed on both sides: value"), HasSubstr(summary),
                          HasSubstr("cosell todo --kind warning"), Not(HasSubstr("Its value is only"))));
  EXPECT_LT(told.find("Changed on both sides"), told.find(summary));
  EXPECT_THAT(sandbox.cosell({"todo", "--kind", "warning"}).out, HasSubstr("Its value is only"));
  EXPECT_THAT(sandbox.cosell({"todo", "--each"}).out, HasSubstr("Its value is only"));
}

TEST(Todo, NamesTheAddressByWhichItsOwnerCanBeToldAndAskedFor) {
  const Sandbox sandbox({40, {}, ""});
  sandbox.answer({"sync"});
  const Json all = sandbox.answer({"todo"})["todo"];
  std::set<std::string> owners;
  for (const Json& entry : all) owners.insert(entry.value("owner_email", ""));
  ASSERT_GT(owners.size(), 1U);
  std::size_t listed = 0;
  for (const std::string& owner : owners) {
    const Json own = sandbox.answer({"todo", "--for", owner})["todo"];
    EXPECT_GT(own.size(), 0U) << owner;
    listed += own.size();
  }
  EXPECT_EQ(listed, all.size()) << "nobody is told of another one's deals";
  EXPECT_THAT(sandbox.cosell({"todo", "--csv"}).out, HasSubstr(",owner_email\r\n"));
}

// Nothing moves until a person lets it through: that must not look like peace.
TEST(Todo, BeginsWithTheGuardThatStoppedEverything) {
  const Sandbox sandbox({20, {}, ""});
  sandbox.configure("guards", Json{{"first_sync", {{"deals", 1}}}});
  ASSERT_EQ(sandbox.cosell({"sync"}).code, 4);
  const Json first = sandbox.answer({"todo"})["todo"].at(0);
  EXPECT_EQ(first["kind"], "guard");
  EXPECT_EQ(first["deal"], "(all deals)");
  EXPECT_THAT(first["since"].get<std::string>(), ::testing::StartsWith("20"));
  EXPECT_THAT(first["what"].get<std::string>(), HasSubstr("Stopped before the first write"));
  const std::string next = first["next_step"];
  EXPECT_THAT(next, AllOf(HasSubstr("cosell plan"), HasSubstr("cosell sync " + sandbox.pair + " --allow plan=")));
  EXPECT_EQ(sandbox.answer({"todo", "--kind", "guard"})["todo"].size(), 1U);
  EXPECT_EQ(sandbox.answer({"todo", "--for", "nobody"})["todo"].size(), 0U);
  const Ended alert = sandbox.cosell({"status", "--alert"});
  EXPECT_EQ(alert.code, 1);
  EXPECT_THAT(alert.out, HasSubstr("a guard stopped the last sync (cosell todo --kind guard)"));

  const std::size_t allow = next.find("plan=");
  EXPECT_EQ(sandbox.cosell({"sync", "--allow", next.substr(allow, next.find_first_of(" .)", allow) - allow)}).code, 0);
  EXPECT_EQ(sandbox.answer({"todo", "--kind", "guard"})["todo"].size(), 0U);
  EXPECT_EQ(sandbox.cosell({"status", "--alert"}).out, "OK\n");
}

TEST(Todo, GivesNoAllClearForDealsThatNobodyLookedAt) {
  const Sandbox sandbox({5, {}, ""});
  const Ended before = sandbox.cosell({"todo"});
  EXPECT_EQ(before.code, 0);
  EXPECT_THAT(before.out, Not(HasSubstr("Nothing waits")));
  EXPECT_THAT(before.err, AllOf(HasSubstr("never synced"), HasSubstr("cosell check")));
  sandbox.answer({"sync"});
  write_text(sandbox.store(), "Dear diary, no database today.");
  for (const char* list : {"todo", "deals"}) {
    const Arguments command = list == std::string("deals") ? Arguments{"deals", "list"} : Arguments{list};
    const Ended ended = sandbox.cosell(command);
    EXPECT_EQ(ended.code, 5);
    EXPECT_EQ(ended.out, "") << list;
  }
}

TEST(Sync, PointsToTheListThatHasTheDealsOfWhichItSpeaks) {
  const Sandbox sandbox({20, {}, ""});
  const std::string told = sandbox.cosell({"sync"}).out;
  ASSERT_THAT(told, HasSubstr(" for a date"));
  EXPECT_THAT(told, HasSubstr("cosell deals list --state waiting")) << "todo lists what waits for a person";
  sandbox.partner_center.post("inbound", Json{{"name", "Birch Clinics"}});
  EXPECT_THAT(sandbox.cosell({"sync"}).out, HasSubstr("1 for the seller  (cosell todo)"));
}

TEST(Name, OfADealCannotSteerTheTerminal) {
  const Sandbox sandbox({5, {}, ""});
  sandbox.answer({"sync"});
  const std::string id = opportunity_of(some_referral(sandbox));
  // Colours, a window title, the eight-bit form of the same, and a turned direction of writing.
  const std::string name =
      "Evil \033[31mred\033]0;title\007 \xc2\x9b"
      "31m \xe2\x80\xaeknab";
  // Partner Center refuses deals without notes, so that the name is in every list.
  EXPECT_EQ(Salesforce(sandbox).patch(id, Json{{"Name", name}, {"Cosell_Notes__c", nullptr}}).status, 204);
  EXPECT_EQ(sandbox.cosell({"sync"}).code, 1);
  for (const Arguments& command : {Arguments{"deals", "show", id}, Arguments{"deals", "list"}, Arguments{"todo"},
                                   Arguments{"deals", "history", id}, Arguments{"mapping", "explain", "--deal", id}}) {
    const Ended ended = sandbox.cosell(command);
    EXPECT_THAT(ended.out, HasSubstr("Evil")) << command.front();
    for (const char* steers : {"\033", "\007", "\xc2\x9b", "\xe2\x80\xae"}) {
      EXPECT_THAT(ended.out + ended.err, Not(HasSubstr(steers))) << command.front() << " " << command.back();
    }
  }
  EXPECT_EQ(sandbox.answer({"deals", "show", id})["deal"], name) << "programs get the name as it is";
}

TEST(Status, TellsWhetherSomebodyIsAtWork) {
  const Sandbox sandbox({200, {}, ""});
  sandbox.partner_center.set("latency_ms", 60);
  Process sync = sandbox.begin({"sync"});
  ASSERT_TRUE(eventually([&] { return sandbox.partner_center.requests("POST") > 8; }));
  const std::string during = sandbox.cosell({"status"}).out;
  EXPECT_THAT(during, AllOf(HasSubstr("In use by     process " + std::to_string(sync.id()) + ", since "),
                            HasSubstr("UTC, under way")));
  EXPECT_EQ(sandbox.answer({"status"})["in_use"], true);
  sync.send(SIGKILL);
  sync.wait();
  EXPECT_THAT(sandbox.cosell({"status"}).out, AllOf(HasSubstr("In use by     nobody"), HasSubstr("was killed")));
  sandbox.partner_center.set("latency_ms", 0);
  sandbox.configure("late_arrival", "1s");
  EXPECT_EQ(sandbox.cosell({"sync"}).code, 0);
  EXPECT_THAT(sandbox.cosell({"status"}).out, AllOf(HasSubstr("In use by     nobody"), HasSubstr("went well")));
}

// A day is long where every sync dies: of too little memory, say.
TEST(Alert, IsRaisedWhereSyncsBreakOffAgainAndAgain) {
  const Sandbox sandbox({5, {}, ""});
  sandbox.answer({"sync"});
  sandbox.partner_center.set("latency_ms", 5000);
  for (int killed = 1; killed <= 3; ++killed) {
    EXPECT_EQ(sandbox.cosell({"status", "--alert"}).out, "OK\n") << killed;
    sandbox.partner_center.forget_counts();
    Process sync = sandbox.begin({"sync"});
    ASSERT_TRUE(eventually([&] { return sandbox.partner_center.requests("GET") > 0; }));
    sync.send(SIGKILL);
    sync.wait();
  }
  const Ended alert = sandbox.cosell({"status", "--alert"});
  EXPECT_EQ(alert.code, 1);
  EXPECT_EQ(alert.out, "LOOK: salesforce: the last 3 syncs broke off (cosell status)\n");
  sandbox.partner_center.set("latency_ms", 0);
  sandbox.configure("late_arrival", "1s");
  EXPECT_EQ(sandbox.cosell({"sync"}).code, 0);
  EXPECT_EQ(sandbox.cosell({"status", "--alert"}).out, "OK\n");
}

// A service that nobody started again after the machine did.
TEST(Alert, IsRaisedWhenSyncsThatCameEveryFewMinutesStop) {
  const Sandbox sandbox({5, {}, ""});
  for (int i = 0; i < 12; ++i) {
    sandbox.answer({"sync"});
    sandbox.advance("10m");
  }
  EXPECT_EQ(sandbox.cosell({"status", "--alert"}).out, "OK\n");
  sandbox.advance("2h");
  const Ended alert = sandbox.cosell({"status", "--alert"});
  EXPECT_EQ(alert.code, 1);
  EXPECT_THAT(alert.out, AllOf(HasSubstr("no sync began since"), HasSubstr("one every 10 minutes")));
  sandbox.answer({"sync"});
  EXPECT_EQ(sandbox.cosell({"status", "--alert"}).out, "OK\n");
  sandbox.advance("2h");
  EXPECT_EQ(sandbox.cosell({"status", "--alert"}).out, "OK\n") << "they may come less often from now on";
}

TEST(Alert, IsNotSilencedByWhatConcernsOneDeal) {
  const Sandbox sandbox({5, {}, ""});
  sandbox.answer({"sync"});
  const std::string deal = opportunity_of(some_referral(sandbox));
  const std::string synced_at = sandbox.answer({"status"})["last_run"]["started_at"];
  sandbox.advance("30h");
  for (const Arguments& command :
       {Arguments{"sync", "--deal", deal}, Arguments{"replay", deal}, Arguments{"sync", "--limit", "1"}}) {
    sandbox.cosell(command);
    EXPECT_THAT(sandbox.cosell({"status", "--alert"}).out, HasSubstr("no sync went well since")) << command.front();
    EXPECT_EQ(sandbox.answer({"status"})["last_run"]["started_at"], synced_at) << command.front();
  }
  sandbox.answer({"sync"});
  EXPECT_EQ(sandbox.cosell({"status", "--alert"}).out, "OK\n");
}

// What was pruned was not empty before: nobody is told a past that is not known.
TEST(History, SaysWhatIsNotKnownSincePruning) {
  const Sandbox sandbox({5, {}, ""});
  sandbox.answer({"sync"});
  const Json deals = sandbox.answer({"deals", "list", "--all"})["deals"];
  const std::string deal = opportunity_of(some_referral(sandbox));
  const auto history = [&](Arguments more) {
    more.insert(more.begin(), {"deals", "history", deal});
    return sandbox.cosell(more).out;
  };
  for (const Json& row : deals) {
    if (row["crm_id"] == "") continue;
    EXPECT_THAT(sandbox.cosell({"deals", "history", row["crm_id"].get<std::string>()}).out, Not(HasSubstr("removed")));
  }
  sandbox.advance("3h");
  EXPECT_EQ(sandbox.cosell({"journal", "prune", "--before", "1h", "--yes"}).code, 0);
  EXPECT_THAT(sandbox.cosell({"journal", "verify"}).out, HasSubstr("whole: 1 entries"));
  EXPECT_THAT(history({}), HasSubstr("Older entries were removed at"));
  EXPECT_THAT(history({"--field", "value"}),
              AllOf(HasSubstr("Older entries were removed"), HasSubstr("is not known."), Not(HasSubstr("no value"))));
  EXPECT_THAT(history({"--at", "2h"}), AllOf(HasSubstr("is not known."), Not(HasSubstr("Neither side"))));

  const Json before = Salesforce(sandbox).opportunity(deal);
  Salesforce(sandbox).patch(deal, Json{{"Amount", 81'234}});
  sandbox.answer({"sync"});
  const Json values = sandbox.answer({"deals", "history", deal, "--field", "value"})["values"];
  ASSERT_EQ(values.size(), 2U) << values.dump(1);
  EXPECT_THAT(values[0]["value"].get<std::string>(), HasSubstr("81,234"));
  EXPECT_NE(values[0]["before"], "") << "the value of before stands in the picture of before";
  EXPECT_EQ(values[0]["before_is_known"], true);
  EXPECT_EQ(values[1]["side"], "partner_center");
  EXPECT_EQ(values[1]["before_is_known"], false);
  EXPECT_THAT(history({"--field", "value"}), HasSubstr("(not known)"));
}

// A person may stand in a field that is off, in the mapping's own words, or in an earlier mapping's columns.
TEST(Bundle, NamesNobody) {
  const std::string fields = R"("location": { "constant": "1234567" },
    "consent_contact": { "statement": "Agreed", "signed_by": "Ida Berg", "date": "2026-01-01" },
    "marketplace_intent": { "default": "HaveNotDecided" },
    "notes": { "default": "Questions to no.list@contoso.example, please." })";
  const auto mapping = [&](const std::string& more) {
    return R"({ "extends": "salesforce", "owner": { "new": "new.deals@contoso.example" }, "fields": { )" + fields +
           more + " } }";
  };
  const Sandbox sandbox({5, {}, mapping("")});
  sandbox.answer({"sync"});
  const std::string off = mapping(R"(, "customer_contacts": { "direction": "off" })");
  write_text(sandbox.folder->file("mapping.jsonc"), off);
  const std::string deal = opportunity_of(some_referral(sandbox));
  Salesforce(sandbox).patch(deal, Json{{"Amount", 81'234}});
  sandbox.answer({"sync"});
  const std::string file = sandbox.folder->file("deal.json");
  EXPECT_EQ(sandbox.cosell({"deals", "bundle", deal, "--file", file}).code, 0);
  const std::string bundle = read_text(file);
  const Json records = sandbox.crm.get("records");
  const Json opportunity = Salesforce(sandbox).opportunity(deal);
  std::vector<std::string> people = {"Ida Berg", "@contoso.example", opportunity["Owner.Name"]};
  for (const Json& contact : records["contacts"]) {
    if (contact["Id"] != opportunity["ContactId"]) continue;
    for (const char* part : {"Name", "LastName", "Phone", "Email"}) people.push_back(contact[part]);
  }
  ASSERT_EQ(people.size(), 7U) << "the deal has a contact";
  for (const std::string& text : people) EXPECT_EQ(bundle.find(text), std::string::npos) << text;
  EXPECT_THAT(bundle, HasSubstr("(person 1)"));
}

TEST(Replay, ThatIsRefusedAgainSaysSo) {
  const Sandbox sandbox({5, {}, ""});
  sandbox.answer({"sync"});
  const std::string id = opportunity_of(some_referral(sandbox));
  const Json body = {{"error", {{"code", "odd"}, {"message", "Not on a Friday."}}}};
  sandbox.partner_center.fail(Json{{"method", "PATCH"}}, 0, 0,
                              Json{{"kind", "status"}, {"status", 400}, {"body", body.dump()}});
  Salesforce(sandbox).patch(id, Json{{"Amount", 4711}});
  EXPECT_EQ(sandbox.cosell({"sync"}).code, 1);
  const Ended replay = sandbox.cosell({"replay", id});
  EXPECT_EQ(replay.code, 1);
  EXPECT_THAT(replay.out, AllOf(HasSubstr("sent again and refused again: "), HasSubstr("Not on a Friday."),
                                Not(HasSubstr("nothing to send"))));
}

// "My deal does not appear at Microsoft": one command says why, whichever it is, and none that all is well.
TEST(Support, IsToldByOneCommandWhyADealDoesNotTravel) {
  const Sandbox sandbox({5, {}, ""});
  sandbox.answer({"sync"});
  sandbox.advance("2h");  // what may be shown to Microsoft is shown by then
  sandbox.answer({"sync", "--allow", "sharings"});
  const std::string id = opportunity_of(some_referral(sandbox));
  const Json edit = {{"object", "Opportunity"}, {"id", id}, {"fields", {{"Amount", nullptr}}}};
  sandbox.crm.post("edit", edit);
  for (const Arguments& command : {Arguments{"plan", "--deal", id}, Arguments{"sync", "--deal", id}}) {
    const Ended ended = sandbox.cosell(command);
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, AllOf(HasSubstr("Partner Center needs the value (Amount), and the field is empty"),
                                 HasSubstr("→ Fill it in again"), Not(HasSubstr("Nothing to do"))))
        << command.front();
  }
  const Json plan = sandbox.answer({"plan", "--deal", id});
  EXPECT_EQ(plan["deal"]["reason"], "needed");
  EXPECT_THAT(sandbox.cosell({"todo", "--kind", "missing"}).out, HasSubstr(id));
  EXPECT_THAT(sandbox.cosell({"status"}).out, HasSubstr("something that Partner Center needs was emptied"));
}

// "... or shows another value": below the two sides stands why each field that differs does so.
TEST(Support, IsToldWhyAFieldDiffers) {
  const Sandbox sandbox({5, {}, ""});
  sandbox.answer({"sync"});
  const std::string id = opportunity_of(some_referral(sandbox));
  sandbox.crm.post("edit", Json{{"object", "Opportunity"}, {"id", id}, {"fields", {{"Name", "Renamed since"}}}});
  sandbox.crm.post("edit", Json{{"object", "Opportunity"}, {"id", id}, {"fields", {{"Cosell_Sync__c", false}}}});
  sandbox.answer({"sync"});
  const std::string shown = sandbox.cosell({"deals", "show", id}).out;
  EXPECT_THAT(shown, AllOf(HasSubstr("≠ name"),
                           HasSubstr("sent when the referral is created; later changes stay in Salesforce"),
                           HasSubstr("Cosell_Sync__c is not ticked; a deal that has a referral stays in sync")));
  const Json fields = sandbox.answer({"deals", "show", id})["fields"];
  const auto name = std::find_if(fields.begin(), fields.end(), [](const Json& f) { return f["field"] == "name"; });
  ASSERT_NE(name, fields.end());
  EXPECT_THAT((*name)["why"].get<std::string>(), HasSubstr("later changes stay in Salesforce"));
  EXPECT_THAT(sandbox.cosell({"mapping", "explain", "--deal", id}).out,
              AllOf(HasSubstr("both, both changed: crm"), Not(HasSubstr("to_partner_center, both changed"))))
      << "what travels one way has nothing to choose";
}

TEST(Support, IsNotToldToAskMicrosoftAgainForADealThatIsOver) {
  const Sandbox sandbox({20, {}, ""});
  sandbox.configure("irreversible", Json{{"settle", "0s"}});
  sandbox.answer({"sync"});
  const Json referral = some_referral(sandbox);
  const std::string id = opportunity_of(referral);
  const auto edited = [&](const Json& fields) {
    sandbox.crm.post("edit", Json{{"object", "Opportunity"}, {"id", id}, {"fields", fields}});
    sandbox.advance("80h");  // longer than what is won so soon waits
    sandbox.answer({"sync"});
  };
  edited(Json{{"Cosell_Help__c", "GeneralOrOther"}});
  sandbox.partner_center.post("microsoft",
                              Json{{"referralId", referral["id"]}, {"action", "decline"}, {"reason", "No capacity"}});
  edited(Json{{"NextStep", "Call them"}});
  EXPECT_THAT(sandbox.cosell({"deals", "show", id}).out, HasSubstr("cosell deals restart"));
  edited(Json{{"StageName", "Closed Won"}});
  EXPECT_THAT(sandbox.cosell({"deals", "show", id}).out,
              AllOf(HasSubstr("closed as won"), HasSubstr("Microsoft declined"), Not(HasSubstr("deals restart"))));
}

TEST(Todo, IsNoDayWithoutWorkForAnOwnerWhoseNameIsASlip) {
  const Sandbox sandbox({5, {}, ""});
  sandbox.answer({"sync"});
  const std::string owner = sandbox.answer({"deals", "list", "--all"})["deals"][0]["owner"];
  const Ended slip = sandbox.cosell({"todo", "--for", owner + "n"});
  EXPECT_EQ(slip.code, 0);
  EXPECT_THAT(slip.err, HasSubstr("did you mean \"" + owner + "\"?"));
  EXPECT_EQ(sandbox.cosell({"todo", "--for", owner}).err, "");
}

}  // namespace
}  // namespace cosell::end_to_end
