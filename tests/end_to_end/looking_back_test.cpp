// Looking back: which syncs there were, what one of them wrote and what was refused, and since when something waits.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "pipeline.h"

namespace cosell::end_to_end {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(JournalSyncs, ListsWhatWroteAndTellsOfOneEachDealThatWasWrittenOrRefused) {
  const Pipeline pipeline(60);
  const auto sandbox = load(pipeline);
  sandbox->answer({"sync"});
  sandbox->answer({"sync"});
  const auto referrals = PartnerCenter(*sandbox).referrals();
  const auto title = [&](std::size_t i) { return pipeline.row(referrals.at(i)["name"]).title; };
  const Salesforce salesforce(*sandbox);
  for (const std::size_t i : {0U, 1U}) {
    salesforce.patch(referrals.at(i)["externalReferenceId"], Json{{"Amount", 4711}});
  }
  sandbox->partner_center.fail(
      Json{{"method", "PATCH"}, {"path", "/v1.0/engagements/referrals/" + referrals[0]["id"].get<std::string>()}}, 0, 0,
      Json{{"kind", "status"}, {"status", 400}, {"body", R"({"error":{"code":"odd","message":"Not today."}})"}});
  sandbox->answer({"sync"}, 1);

  const Json wrote = sandbox->answer({"journal", "syncs"})["syncs"];
  ASSERT_EQ(wrote.size(), 2U) << "the second had nothing to do";
  EXPECT_EQ(wrote[0]["sync"], 3);
  EXPECT_EQ(wrote[0]["outcome"], "failures");
  EXPECT_EQ(wrote[1]["sync"], 1);
  EXPECT_EQ(wrote[1]["written"]["partner_center.referral.create"], referrals.size());
  EXPECT_EQ(sandbox->answer({"journal", "syncs", "--all"})["syncs"].size(), 3U);
  EXPECT_EQ(sandbox->answer({"journal", "syncs", "salesforce", "--all", "--limit", "1"})["syncs"].size(), 1U);
  EXPECT_THAT(sandbox->cosell({"journal", "syncs"}).out,
              AllOf(HasSubstr("with failures"), HasSubstr("went well"), HasSubstr("new referrals")));
  EXPECT_THAT(sandbox->cosell({"journal", "syncs", "--csv"}).out,
              AllOf(StartsWith("pair,sync,started_at,"), HasSubstr("\nsalesforce,3,")));

  const Json third = sandbox->answer({"journal", "syncs", "3"});
  EXPECT_EQ(third["sync"], 3);
  const auto of_deal = [&](std::size_t i, const std::string& result) {
    return std::count_if(third["lines"].begin(), third["lines"].end(), [&](const Json& line) {
      return line["deal"] == title(i) && line["where"] == "Partner Center" && line["result"] == result;
    });
  };
  EXPECT_EQ(of_deal(0, "refused"), 1) << third.dump(2);
  EXPECT_EQ(of_deal(0, "written"), 0) << third.dump(2);
  EXPECT_EQ(of_deal(1, "written"), 1) << third.dump(2);
  EXPECT_THAT(sandbox->cosell({"journal", "syncs", "salesforce", "3"}).out,
              AllOf(HasSubstr("Sync 3"), HasSubstr(title(0)), HasSubstr(title(1)), HasSubstr("Not today.")));
  EXPECT_THAT(sandbox->cosell({"journal", "syncs", "3", "--pair", "salesforce", "--csv"}).out,
              AllOf(StartsWith("pair,sync,at,deal,"), HasSubstr(",refused,"), HasSubstr(",written,")));
  EXPECT_THAT(sandbox->cosell({"journal", "syncs", "2"}).out, HasSubstr("Nothing was written."));

  const Ended unknown = sandbox->cosell({"journal", "syncs", "99"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("There is no sync 99; the newest is 3."));
  EXPECT_EQ(sandbox->cosell({"journal", "syncs", "saleforce"}).code, 2);
  sandbox->advance("25h");
  EXPECT_THAT(sandbox->cosell({"journal", "syncs", "--since", "2h"}).out, HasSubstr("No sync wrote anything"));
}

// What was begun is ended as what it is: a list of lines has no other document behind it.
TEST(JournalExport, ThatBreaksOffSaysSoBesideItsLinesAndNotAmongThem) {
  const auto sandbox = load(Pipeline(300));
  sandbox->answer({"sync"});
  SQLite::Database(sandbox->store(), SQLite::OPEN_READWRITE).exec("DELETE FROM journal WHERE sequence = 501");
  const Ended ended = sandbox->cosell({"journal", "export", "--json"});
  EXPECT_EQ(ended.code, 6);
  EXPECT_THAT(ended.err, HasSubstr("The journal was pruned meanwhile"));
  std::istringstream lines(ended.out);
  int entries = 0;
  for (std::string line; std::getline(lines, line); ++entries) {
    ASSERT_TRUE(Json::parse(line, nullptr, false).contains("hash")) << line;
  }
  EXPECT_EQ(entries, 500);
}

TEST(JournalSyncs, ThatBreaksOffInTheMiddleIsOneDocumentWithTheErrorInIt) {
  const auto sandbox = load(Pipeline(60));
  sandbox->answer({"sync"});
  SQLite::Database(sandbox->store(), SQLite::OPEN_READWRITE)
      .exec(
          "PRAGMA ignore_check_constraints = ON;"
          "UPDATE deals SET state = 'odd' WHERE id = (SELECT deal FROM journal WHERE kind = 'outcome' ORDER BY "
          "sequence "
          "LIMIT 1 OFFSET 9)");
  const Ended ended = sandbox->cosell({"journal", "syncs", "1", "--json"});
  EXPECT_EQ(ended.code, 5) << ended.err;
  Json whole = Json::parse(ended.out, nullptr, false);
  ASSERT_FALSE(whole.is_discarded()) << ended.out;
  EXPECT_EQ(whole["exit_code"], 5);
  EXPECT_EQ(whole["pairs"].at(0)["lines"].size(), 9U);
  EXPECT_EQ(whole["pairs"].at(0)["error"]["class"], "store_damaged");
}

TEST(Todo, SaysForHowManyDaysSomethingHasWaited) {
  const Sandbox sandbox;
  sandbox.partner_center.post("inbound", Json{{"name", "Birch Clinics"}});
  sandbox.answer({"sync"});
  EXPECT_THAT(sandbox.cosell({"todo"}).out, AllOf(HasSubstr("Birch Clinics"), Not(HasSubstr("  for "))));
  sandbox.advance("30h");
  EXPECT_THAT(sandbox.cosell({"todo"}).out, HasSubstr("  for 1 day"));
  sandbox.advance("240h");
  EXPECT_THAT(sandbox.cosell({"todo"}).out, HasSubstr("  for 11 days"));
}

}  // namespace
}  // namespace cosell::end_to_end
