// An admin's way from a proposed mapping to one that is checked, tested, rehearsed and in use, and what happens when
// the CRM's stages change afterwards: docs/mapping.md, step by step, with the real program.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <map>

#include "sandbox.h"

namespace cosell::end_to_end {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Licences have six open stages, services a shorter pipeline with two names of their own; closing stages are called as
// the company likes.
Json stage(const std::string& name, int probability, const char* closed_as = "") {
  return {{"name", name},
          {"probability", probability},
          {"closed", *closed_as != '\0'},
          {"won", std::string(closed_as) == "won"}};
}

Json six_stages() {
  return Json{{"stages",
               {stage("Received from Microsoft", 5), stage("Lead", 10), stage("Discovery", 20), stage("Scoping", 20),
                stage("Workshop", 40), stage("Pilot", 45), stage("Offer", 65), stage("Statement of Work", 65),
                stage("Contract", 85), stage("Ordered", 100, "won"), stage("Abandoned", 0, "lost")}},
              {"record_types",
               {{"License",
                 {"Received from Microsoft", "Lead", "Discovery", "Workshop", "Pilot", "Offer", "Contract", "Ordered",
                  "Abandoned"}},
                {"Services",
                 {"Received from Microsoft", "Lead", "Scoping", "Workshop", "Statement of Work", "Contract", "Ordered",
                  "Abandoned"}}}}};
}

Json without(Json stages, const std::string& name) {
  Json kept = Json::array();
  for (const Json& s : stages["stages"]) {
    if (s["name"] != name) kept.push_back(s);
  }
  stages["stages"] = kept;
  for (auto& offered : stages["record_types"]) {
    Json left = Json::array();
    for (const Json& one : offered) {
      if (one != name) left.push_back(one);
    }
    offered = left;
  }
  return stages;
}

std::string mapping_with(const std::string& stage_lines) {
  return R"({
  "extends": "salesforce",
  "stages": {
    "map": {
      "Received from Microsoft": "waiting",
      "Lead": 10,
      "Discovery": 20,
)" + stage_lines +
         R"(      "Offer": 60,
      "Contract": 80,
      "Ordered": "won",
      "Abandoned": { "closed": "lost", "reason": { "column": "Cosell_Loss_Reason__c" } }
    },
    "write_back": { "40": "Pilot" },
    "by": {
      "column": "RecordType.DeveloperName",
      "tables": {
        "Services": {
          "map": {
            "Received from Microsoft": "waiting",
            "Lead": 10,
            "Scoping": 20,
            "Workshop": 40,
            "Statement of Work": 60,
            "Contract": 80,
            "Ordered": "won",
            "Abandoned": { "closed": "lost", "reason": { "column": "Cosell_Loss_Reason__c" } }
          }
        }
      }
    }
  },
  "fields": {
    "location": { "constant": "1234567" },
    "consent_contact": { "statement": "Agreed in every contract", "signed_by": "Ida Berg", "date": "2026-01-31" },
    "marketplace_intent": { "default": "HaveNotDecided" },
    "notes": { "default": "Questions to the deal's owner, please." }
  }
}
)";
}

const char* const first_table = "      \"Workshop\": 40,\n      \"Pilot\": 40,\n";

const char* const examples = R"({
  "cases": [
    { "name": "a pilot is 40 percent",
      "opportunity": { "Cosell_Sync__c": true, "StageName": "Pilot", "Amount": 5000, "CurrencyIsoCode": "EUR" },
      "referral": { "stage": 40, "value": "5000 EUR", "location": "1234567" } },
    { "name": "Partner Center says 40: a workshop stays a workshop",
      "opportunity": { "StageName": "Workshop" }, "change": { "stage": 40 }, "writes": {} },
    { "name": "Partner Center says 40: a lead becomes a pilot",
      "opportunity": { "StageName": "Lead" }, "change": { "stage": 40 }, "writes": { "StageName": "Pilot" } },
    { "name": "Partner Center says 40: in services that is a workshop",
      "opportunity": { "StageName": "Lead", "RecordType.DeveloperName": "Services" },
      "change": { "stage": 40 }, "writes": { "StageName": "Workshop" } }
  ]
}
)";

class MappingJourney : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string csv = "deal,agent,customer,step,amount,due\n";
    const std::vector<std::string> stages = {"Lead", "Discovery", "Workshop", "Pilot", "Offer", "Contract"};
    for (int i = 0; i < 12; ++i) {
      csv += "Deal " + std::to_string(i) + ",Ida Berg,Customer " + std::to_string(i) + "," +
             stages[static_cast<std::size_t>(i % 6)] + "," + std::to_string(1000 + i) + ",2031-0" +
             std::to_string(1 + i % 9) + "-15\n";
    }
    write_text(folder_.file("export.csv"), csv);
    SandboxOptions options;
    options.mapping = mapping_with(first_table);
    options.more = {"--load",
                    folder_.file("export.csv"),
                    "--map",
                    "Name=deal",
                    "Owner.Name=agent",
                    "Account.Name=customer",
                    "StageName=step",
                    "Amount=amount",
                    "CloseDate=due",
                    "--set",
                    "CurrencyIsoCode=EUR",
                    "Cosell_Sync__c=true",
                    "Cosell_Solution__c=SOL-ABCDE-FGH",
                    "Account.BillingStreet=1 Main Street",
                    "Account.BillingCity=Berlin",
                    "Account.BillingCountry=Germany"};
    sandbox_ = std::make_unique<Sandbox>(options);
    sandbox_->crm.post("stages", six_stages());
    // Deals 0 to 9 sell licences, the last two services.
    const Salesforce salesforce(*sandbox_);
    for (const Json& o : salesforce.opportunities()) {
      const std::string name = o["Name"];
      const bool services = name == "Deal 10" || name == "Deal 11";
      Json fields = {{"RecordTypeId", record_type(services ? "Services" : "License")}};
      if (services) fields["StageName"] = name == "Deal 10" ? "Scoping" : "Statement of Work";
      salesforce.patch(o["Id"], fields);
    }
  }

  // The id of a record type, as a snapshot of the CRM tells it.
  std::string record_type(const std::string& name) {
    if (snapshot_.is_null()) {
      const std::string file = folder_.file("record-types.json");
      EXPECT_EQ(run({"mapping", "snapshot", "--out", file}).code, 0);
      snapshot_ = Json::parse(read_text(file));
    }
    for (const Json& type : snapshot_["record_types"]) {
      if (type["name"] == name) return type["known_by"]["RecordTypeId"];
    }
    ADD_FAILURE() << "no record type " << name;
    return "";
  }

  std::string mapping_file() const { return sandbox_->folder->file("mapping.jsonc"); }
  Ended run(const Arguments& arguments) const { return sandbox_->cosell(arguments); }

  std::map<std::string, std::string> stages_in_partner_center() const {
    std::map<std::string, std::string> out;
    for (const Json& r : PartnerCenter(*sandbox_).referrals()) {
      out[r["name"]] = r["salesStage"].is_string() ? r["salesStage"].get<std::string>() : "10";
    }
    return out;
  }

  TemporaryFolder folder_;
  std::unique_ptr<Sandbox> sandbox_;
  Json snapshot_;
};

TEST_F(MappingJourney, FromTheProposalToAMappingInUseAndOnWhenStagesAreSplitAndRenamed) {
  // 1. A first file, proposed from the live stages; a file that is there is never overwritten.
  const std::string proposed = folder_.file("acme.jsonc");
  Ended ended = run({"mapping", "init", "--out", proposed});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const std::string text = read_text(proposed);
  EXPECT_THAT(text, AllOf(HasSubstr("\"Workshop\": 40,  // REVIEW"), HasSubstr("\"Ordered\": \"won\""),
                          HasSubstr("\"Received from Microsoft\": \"waiting\""), HasSubstr("\"Services\": {"),
                          HasSubstr("\"column\": \"RecordType.DeveloperName\"")));
  EXPECT_EQ(run({"mapping", "init", "--out", proposed}).code, 2);
  EXPECT_EQ(read_text(proposed), text);
  EXPECT_EQ(run({"mapping", "check", proposed}).code, 0) << "a proposal is a mapping";

  // 2. The admin corrects it; every stage is accounted for.
  const Json check = sandbox_->answer({"mapping", "check", "--live"});
  EXPECT_EQ(check["findings"], Json::array()) << check.dump(2);
  EXPECT_EQ(check["coverage"].size(), 17U) << "eight stages of services, nine of licences";
  for (const Json& row : check["coverage"]) EXPECT_TRUE(row["mapped"].get<bool>()) << row;
  EXPECT_THAT(run({"mapping", "explain", "Workshop"}).out,
              AllOf(HasSubstr("Record type Services"), HasSubstr("this stage is written"), HasSubstr("40 Developed"),
                    HasSubstr("mapping.jsonc:"), HasSubstr("\"Pilot\" is written")));

  // 3. Examples beside it run as tests, and one that is wrong says why.
  write_text(sandbox_->folder->file("mapping.cases.jsonc"), examples);
  ended = run({"mapping", "test"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("4 examples as expected, 0 not"));

  // 4. Rehearsed and in use.
  EXPECT_EQ(run({"plan"}).code, 0);
  ended = run({"sync"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  auto stages = stages_in_partner_center();
  ASSERT_EQ(stages.size(), 12U) << ended.out;
  EXPECT_EQ(stages["Deal 2"], "40");
  EXPECT_EQ(stages["Deal 4"], "60");
  EXPECT_EQ(stages["Deal 10"], "20");
  EXPECT_EQ(stages["Deal 11"], "60");

  // 5. A stage is split in two and another one renamed: named with the line before a sync meets it.
  // Services keep their workshop.
  Json changed = without(six_stages(), "Offer");
  Json& licences = changed["record_types"]["License"];
  licences.erase(std::find(licences.begin(), licences.end(), "Workshop"));
  for (const char* name : {"Workshop Plan", "Workshop Done"}) changed["stages"].push_back(stage(name, 40));
  changed["stages"].push_back(stage("Proposal Sent", 65));
  for (const char* name : {"Workshop Plan", "Workshop Done", "Proposal Sent"}) licences.push_back(name);
  sandbox_->crm.post("stages", changed);
  EXPECT_EQ(run({"mapping", "snapshot", "--out", folder_.file("crm.json")}).code, 0);
  ended = run({"mapping", "check", mapping_file(), "--snapshot", folder_.file("crm.json")});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.out,
              AllOf(HasSubstr("\"Workshop Plan\" is not mapped"), HasSubstr("\"Proposal Sent\" is not mapped"),
                    HasSubstr("no stage \"Offer\", and it is the one that is written for 60"),
                    HasSubstr("no record type of this table offers the stage \"Workshop\""),
                    HasSubstr("4 errors, 1 warning\n")));

  // 6. What the corrected file would change, without writing anything.
  const std::string corrected = folder_.file("corrected.jsonc");
  std::string next =
      mapping_with(std::string(first_table) + "      \"Workshop Plan\": 20,\n      \"Workshop Done\": 40,\n" +
                   "      \"Proposal Sent\": 60,\n");
  const auto back = next.find("\"write_back\": {");
  next.insert(back + std::string("\"write_back\": {").size(), " \"20\": \"Discovery\", \"60\": \"Proposal Sent\",");
  write_text(corrected, next);
  ended = run({"mapping", "diff", mapping_file(), corrected, "--against-store"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, AllOf(HasSubstr("stage \"Workshop Plan\""), HasSubstr("0 of 12 deals would change")));

  // 7. The seller moves deals into the new stages; only those wait until the mapping knows them.
  const Salesforce salesforce(*sandbox_);
  std::map<std::string, std::string> ids;
  for (const Json& o : salesforce.opportunities()) ids[o["Name"]] = o["Id"];
  salesforce.patch(ids["Deal 0"], Json{{"StageName", "Workshop Done"}});
  salesforce.patch(ids["Deal 1"], Json{{"StageName", "Pilot"}});
  ended = run({"sync"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  stages = stages_in_partner_center();
  EXPECT_EQ(stages["Deal 0"], "10");
  EXPECT_EQ(stages["Deal 1"], "40");
  EXPECT_THAT(run({"todo"}).out, AllOf(HasSubstr("Deal 0"), HasSubstr("Workshop Done")));

  // 8. The corrected mapping counts from the next sync on, and the deal goes on by itself.
  write_text(mapping_file(), next);
  EXPECT_EQ(run({"mapping", "check", "--live"}).code, 0) << run({"mapping", "check", "--live"}).out;
  ended = run({"sync"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(stages_in_partner_center()["Deal 0"], "40");
  EXPECT_THAT(run({"todo"}).out, Not(HasSubstr("Deal 0")));
  EXPECT_EQ(sandbox_->answer({"sync"})["done"], Json::object()) << "a changed mapping alone writes nothing";
}

TEST_F(MappingJourney, AFileThatABrokenEditSpoiledLeavesTheServiceAtWorkWithTheOneOfBefore) {
  Process service = sandbox_->begin({"run", "--every", "1s"});
  ASSERT_TRUE(eventually([&] { return PartnerCenter(*sandbox_).referrals().size() == 12U; })) << service.err();
  write_text(mapping_file(), "{ \"extends\": \"salesforce\", \"stagess\": {} }");
  sandbox_->advance("2s");
  ASSERT_TRUE(eventually([&] {
    sandbox_->advance("2s");
    return service.err().find("stays in use") != std::string::npos;
  })) << service.out()
      << service.err();
  EXPECT_THAT(service.err(), HasSubstr("did you mean \"stages\""));
  const Salesforce salesforce(*sandbox_);
  std::string id;
  for (const Json& o : salesforce.opportunities()) {
    if (o["Name"] == "Deal 0") id = o["Id"];
  }
  salesforce.patch(id, Json{{"StageName", "Contract"}});
  EXPECT_TRUE(eventually([&] {
    sandbox_->advance("2s");
    return stages_in_partner_center()["Deal 0"] == "80";
  })) << service.out()
      << service.err();
  write_text(mapping_file(), mapping_with("      \"Workshop\": 40,\n      \"Pilot\": 40,\n") + "// edited\n");
  EXPECT_TRUE(eventually([&] {
    sandbox_->advance("2s");
    return service.out().find("counts from now on") != std::string::npos;
  })) << service.out()
      << service.err();
  service.send(SIGTERM);
  EXPECT_EQ(service.wait().code, 0);
}

TEST_F(MappingJourney, ABrokenFileIsToldEverywhereAndTheOneOfBeforeGoesOnWorkingAfterARestart) {
  ASSERT_EQ(run({"sync"}).code, 0);
  const Json before = sandbox_->answer({"status"})["mapping"];
  EXPECT_FALSE(before.contains("refused")) << before;
  const std::string broken = "{\n  \"extends\": \"salesforce\",\n  \"stagess\": {} }";
  write_text(mapping_file(), broken);

  const Json mapping = sandbox_->answer({"status"})["mapping"];
  EXPECT_EQ(mapping["version"], before["version"]);
  EXPECT_EQ(mapping["in_use_since"], before["in_use_since"]);
  ASSERT_EQ(mapping["refused"].size(), 1U) << mapping;
  EXPECT_THAT(mapping["refused"][0].get<std::string>(),
              AllOf(HasSubstr("mapping.jsonc:3:3"), HasSubstr("did you mean \"stages\"")));
  Ended alert = run({"status", "--alert"});
  EXPECT_EQ(alert.code, 2);
  EXPECT_THAT(alert.out, HasSubstr("the mapping file cannot be used"));
  for (const Arguments& looks : {Arguments{"todo"}, {"deals", "show", "Deal 0"}, {"plan"}}) {
    const Ended ended = run(looks);
    EXPECT_EQ(ended.code, 0) << looks.front() << ended.err;
    EXPECT_THAT(ended.err, AllOf(HasSubstr("mapping.jsonc:3:3"), HasSubstr("stays in use"))) << looks.front();
  }
  EXPECT_EQ(run({"check"}).code, 2);

  const Salesforce salesforce(*sandbox_);
  for (const Json& o : salesforce.opportunities()) {
    if (o["Name"] == "Deal 0") salesforce.patch(o["Id"], Json{{"StageName", "Contract"}});
  }
  const Ended sync = run({"sync"});
  EXPECT_EQ(sync.code, 1) << "done, but a person has to look at the file";
  EXPECT_THAT(sync.err, HasSubstr("stays in use"));
  EXPECT_EQ(stages_in_partner_center()["Deal 0"], "80");
  EXPECT_EQ(read_text(mapping_file()), broken);
}

TEST_F(MappingJourney, AReturnToTheMappingOfBeforeCountsUntilTheFileIsEditedAndLeavesTheFileAlone) {
  EXPECT_EQ(run({"mapping", "rollback"}).code, 2) << "nothing ran yet";
  ASSERT_EQ(run({"sync"}).code, 0);
  EXPECT_EQ(run({"mapping", "rollback"}).code, 2) << "only one version ran";
  const std::string first = read_text(mapping_file());
  const std::string first_version = sandbox_->answer({"status"})["mapping"]["version"];
  const std::string second = mapping_with("      \"Workshop\": 20,\n      \"Pilot\": 40,\n");
  std::string written_back = second;
  written_back.replace(written_back.find("{ \"40\""), 6, "{ \"20\": \"Discovery\", \"40\"");
  write_text(mapping_file(), written_back);
  ASSERT_EQ(run({"sync"}).code, 0);
  EXPECT_NE(sandbox_->answer({"status"})["mapping"]["version"], first_version);

  Ended ended = run({"mapping", "rollback"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr(first_version + " counts from the next sync on"));
  EXPECT_EQ(read_text(mapping_file()), written_back);
  Json status = sandbox_->answer({"status"})["mapping"];
  EXPECT_EQ(status["next_version"], first_version);
  EXPECT_EQ(sandbox_->answer({"sync"})["done"], Json::object()) << "a return alone writes nothing";
  status = sandbox_->answer({"status"})["mapping"];
  EXPECT_EQ(status["version"], first_version);
  EXPECT_EQ(status["returned_to"], first_version);

  // It counts: a workshop is 40 percent again.
  const Salesforce salesforce(*sandbox_);
  std::map<std::string, std::string> ids;
  for (const Json& o : salesforce.opportunities()) ids[o["Name"]] = o["Id"];
  salesforce.patch(ids["Deal 0"], Json{{"StageName", "Workshop"}});
  ended = run({"sync"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("The mapping in use is version " + first_version));
  EXPECT_EQ(stages_in_partner_center()["Deal 0"], "40");

  // The earlier file comes out as it was written, under a new name only.
  const std::string out = folder_.file("before.jsonc");
  EXPECT_EQ(run({"mapping", "rollback", "--to", first_version, "--out", out}).code, 0);
  EXPECT_EQ(read_text(out), first);
  EXPECT_EQ(run({"mapping", "rollback", "--to", first_version, "--out", out}).code, 2);
  EXPECT_EQ(run({"mapping", "rollback", "--to", "nothing"}).code, 2);

  // A broken edit does not end it; one that can be used does, for good.
  write_text(mapping_file(), "{");
  EXPECT_EQ(sandbox_->answer({"status"})["mapping"]["version"], first_version);
  EXPECT_EQ(run({"sync"}).code, 1);
  EXPECT_EQ(sandbox_->answer({"status"})["mapping"]["returned_to"], first_version);
  for (const std::string& text : {written_back + "// edited\n", written_back}) {
    write_text(mapping_file(), text);
    EXPECT_EQ(run({"sync"}).code, 0);
    status = sandbox_->answer({"status"})["mapping"];
    EXPECT_FALSE(status.contains("returned_to")) << status;
    EXPECT_NE(status["version"], first_version);
  }
}

TEST_F(MappingJourney, AReturnThatWouldCloseManyDealsStopsBeforeItsFirstWrite) {
  sandbox_->configure("guards", Json{{"closings", {{"share", 0.1}, {"deals", 2}}}});
  const std::string as_sold = read_text(mapping_file());
  std::string contract_is_won = as_sold;
  contract_is_won.replace(contract_is_won.find("\"Contract\": 80"), 14, "\"Contract\": \"won\"");
  contract_is_won.replace(contract_is_won.find("{ \"40\""), 6, "{ \"won\": \"Ordered\", \"40\"");
  write_text(mapping_file(), contract_is_won);
  const Salesforce salesforce(*sandbox_);
  std::map<std::string, std::string> ids;
  for (const Json& o : salesforce.opportunities()) ids[o["Name"]] = o["Id"];
  salesforce.patch(ids["Deal 5"], Json{{"StageName", "Lead"}});
  ASSERT_EQ(run({"sync"}).code, 0);
  write_text(mapping_file(), as_sold);
  for (const char* deal : {"Deal 0", "Deal 1", "Deal 2", "Deal 3"}) {
    salesforce.patch(ids[deal], Json{{"StageName", "Contract"}});
  }
  ASSERT_EQ(run({"sync"}).code, 0);
  EXPECT_EQ(stages_in_partner_center()["Deal 0"], "80");

  ASSERT_EQ(run({"mapping", "rollback"}).code, 0);
  Ended ended = run({"sync"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Waiting: 4 for a date")) << "won is settled first";
  sandbox_->advance("2h");
  ended = run({"sync"});
  EXPECT_EQ(ended.code, 4) << ended.out << ended.err;
  EXPECT_THAT(ended.err, AllOf(HasSubstr("4"), HasSubstr("--allow"))) << "what it saw, and the command for once";
  for (const Json& r : PartnerCenter(*sandbox_).referrals()) EXPECT_EQ(r["status"], "Active") << r["name"];

  // The file is edited: nothing of it is left.
  write_text(mapping_file(), as_sold + "// edited\n");
  EXPECT_EQ(run({"sync"}).code, 0);
  for (const Json& r : PartnerCenter(*sandbox_).referrals()) EXPECT_EQ(r["status"], "Active") << r["name"];
}

// Programs before this one kept the folder of the file with the mapping, and called the same mapping by another
// version.
TEST_F(MappingJourney, AReturnGoesBehindWhatAnOlderProgramCalledOtherwise) {
  ASSERT_EQ(run({"sync"}).code, 0);
  const std::string first_version = sandbox_->answer({"status"})["mapping"]["version"];
  const std::string first = read_text(mapping_file());
  write_text(mapping_file(), first + "// a bad edit\n");
  ASSERT_EQ(run({"sync"}).code, 0);
  {
    SQLite::Database db(sandbox_->store(), SQLite::OPEN_READWRITE);
    db.exec(
        "UPDATE mapping_texts SET hash = 'aaaa' || substr(hash, 5), text = replace(text, '// mapping.jsonc', "
        "'// /srv/before/mapping.jsonc') WHERE text LIKE '// mapping.jsonc%a bad edit%'");
    ASSERT_EQ(db.getChanges(), 1);
  }
  ASSERT_EQ(run({"sync"}).code, 0) << "the same file is another version now";
  EXPECT_THAT(run({"mapping", "rollback"}).out, HasSubstr(first_version + " counts from the next sync on"));
  EXPECT_THAT(run({"mapping", "rollback", "--list"}).out, HasSubstr("in use"));
}

TEST_F(MappingJourney, ARunningServiceIsHandedTheReturnToAnEarlierMapping) {
  ASSERT_EQ(run({"sync"}).code, 0);
  const std::string first_version = sandbox_->answer({"status"})["mapping"]["version"];
  write_text(mapping_file(), read_text(mapping_file()) + "// edited\n");
  Process service = sandbox_->begin({"run", "--every", "1s"});
  ASSERT_TRUE(eventually([&] {
    sandbox_->advance("2s");
    return sandbox_->answer({"status"})["mapping"]["version"] != first_version;
  })) << service.err();
  const Ended ended = run({"mapping", "rollback"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(eventually([&] {
    sandbox_->advance("2s");
    return sandbox_->answer({"status"})["mapping"]["version"] == first_version;
  })) << service.out()
      << service.err();
  service.send(SIGTERM);
  EXPECT_EQ(service.wait().code, 0);
}

}  // namespace
}  // namespace cosell::end_to_end
