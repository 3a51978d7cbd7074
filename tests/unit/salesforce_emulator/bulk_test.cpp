// Bulk API 2.0: what a job takes, what it answers, and what it refuses. Whole runs by a real client are in
// tests/third_party.
#include <gtest/gtest.h>

#include "org.h"

namespace cosell::emulator {
namespace {

class BulkTest : public ::testing::Test {
 protected:
  http::Response upload(const std::string& job, const std::string& csv, const std::string& type = "text/csv") {
    http::Request r;
    r.method = "PUT";
    r.url = "/services/data/v64.0/jobs/ingest/" + job + "/batches";
    r.headers.set("Authorization", "Bearer " + org.token);
    r.headers.set("Content-Type", type);
    r.body = csv;
    return org.send(r);
  }

  std::string open(const Json& body) { return Org::json(org.call("POST", "/jobs/ingest", body)).value("id", ""); }

  // Uploads, closes the job, and answers its state.
  std::string work_off(const std::string& job, const std::string& csv) {
    EXPECT_EQ(upload(job, csv).status, 201);
    EXPECT_EQ(org.call("PATCH", "/jobs/ingest/" + job, Json{{"state", "UploadComplete"}}).status, 200);
    return org.get("/jobs/ingest/" + job).value("state", "");
  }

  Org org;
};

TEST_F(BulkTest, AJobIsInProgressForAsManyPollsAsTheSwitchSays) {
  ASSERT_EQ(org.core->set("bulk_polls", 2), "");
  const std::string job = open({{"object", "Opportunity"}, {"operation", "insert"}});
  EXPECT_EQ(work_off(job, "Name,StageName,CloseDate\nOne,Prospecting,2027-01-31\n"), "InProgress");
  EXPECT_EQ(org.get("/jobs/ingest/" + job).value("state", ""), "InProgress");
  EXPECT_EQ(org.get("/jobs/ingest/" + job).value("state", ""), "JobComplete");
}

TEST_F(BulkTest, AnEmptyCellKeepsAValueAndNotAvailableClearsIt) {
  Json fields = org.deal("Deal");
  fields["NextStep"] = "Call";
  fields["Description"] = "Text";
  const std::string id = org.create(fields);
  const std::string job = open({{"object", "Opportunity"}, {"operation", "update"}});
  EXPECT_EQ(work_off(job, "Id,NextStep,Description\n" + id + ",,#N/A\n"), "JobComplete");
  const Json read = org.get("/sobjects/Opportunity/" + id);
  EXPECT_EQ(read.value("NextStep", ""), "Call");
  EXPECT_TRUE(read["Description"].is_null());
}

TEST_F(BulkTest, AFileThatIsNoCsvFailsTheJobAndWritesNothing) {
  const std::string job = open({{"object", "Opportunity"}, {"operation", "insert"}});
  EXPECT_EQ(work_off(job, "Name,StageName,CloseDate\nOne\n"), "Failed");
  EXPECT_EQ(org.query("SELECT COUNT() FROM Opportunity").value("totalSize", -1), 0);
}

TEST_F(BulkTest, WhatMakesNoJobIsRefused) {
  EXPECT_EQ(org.call("POST", "/jobs/ingest", {{"object", "Nothing"}, {"operation", "insert"}}).status, 400);
  EXPECT_EQ(org.call("POST", "/jobs/ingest", {{"object", "Opportunity"}, {"operation", "merge"}}).status, 400);
  EXPECT_EQ(org.call("POST", "/jobs/ingest",
                     {{"object", "Opportunity"}, {"operation", "upsert"}, {"externalIdFieldName", "Name"}})
                .status,
            400);
  EXPECT_EQ(Org::code(Org::json(org.call("POST", "/jobs/query", {{"operation", "query"}, {"query", "SELECT"}}))),
            "MALFORMED_QUERY");
  const std::string job = open({{"object", "Opportunity"}, {"operation", "insert"}});
  EXPECT_EQ(upload(job, "{}", "application/json").status, 415);
  EXPECT_EQ(org.call("GET", "/jobs/ingest/750000000000000AAA").status, 404);
}

TEST_F(BulkTest, ResultsOfAQueryComeInPagesUntilTheLocatorIsNull) {
  for (const char* name : {"A, \"first\"", "B", "C"}) org.create(org.deal(name));
  const Json job = Org::json(org.call(
      "POST", "/jobs/query", {{"operation", "query"}, {"query", "select name, id FROM Opportunity ORDER BY Name"}}));
  const std::string results = "/jobs/query/" + job.value("id", "") + "/results?maxRecords=2";
  const http::Response first = org.call("GET", results);
  EXPECT_EQ(first.headers.get("Sforce-NumberOfRecords"), "2");
  EXPECT_EQ(first.body.substr(0, first.body.find(',', 12)), "\"Name\",\"Id\"\n\"A");
  EXPECT_NE(first.body.find("\"A, \"\"first\"\"\""), std::string::npos);
  const http::Response last = org.call("GET", results + "&locator=" + first.headers.get("Sforce-Locator"));
  EXPECT_EQ(last.headers.get("Sforce-NumberOfRecords"), "1");
  EXPECT_EQ(last.headers.get("Sforce-Locator"), "null");
}

}  // namespace
}  // namespace cosell::emulator
