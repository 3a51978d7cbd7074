// Stages and statuses: written as the organisation keeps them, closed by its actions, closed records as it allows.
#include <gmock/gmock.h>

#include "tests/unit/dynamics365/test_org.h"

namespace cosell::test {
namespace {

using testing::HasSubstr;

class Dynamics365Stage : public testing::Test {
 protected:
  std::string stage(const std::string& id) { return text_of(value_of(org, id, "stage")); }
  Outcome move(const std::string& id, const std::string& to, Columns more = {}) {
    const Observation seen = seen_of(org, id, {"stage", "cosell_notes", "estimatedvalue"});
    more["stage"] = text_value(to);
    return push(org, {planned_from(seen, std::move(more))})[0];
  }
  TestOrg org;
};

TEST_F(Dynamics365Stage, IsWrittenAsTheChoiceOfTheSetting) {
  const std::string a = org.create("A");
  const auto done = move(a, "salesstage:2");
  ASSERT_TRUE(applied_in(done)) << told(done);
  EXPECT_EQ(stage(a), "salesstage:2");
  EXPECT_EQ(applied_in(done)->shown.at("stage"), text_value("salesstage:2"));
  EXPECT_EQ(kind_of(move(a, "salesstage:none")), "applied");
  EXPECT_EQ(stage(a), "salesstage:none");
}

TEST_F(Dynamics365Stage, ClosesByTheActionsTogetherWithTheOtherColumns) {
  const std::string a = org.create("A");
  const auto before = org.requests();
  auto done = move(a, "won:3", {{"cosell_notes", text_value("n")}});
  ASSERT_TRUE(applied_in(done)) << told(done);
  EXPECT_EQ(org.requests() - before, 4U) << "the look by this test, the types of columns, which are secured, one batch";
  EXPECT_EQ(stage(a), "won:3");
  EXPECT_EQ(value_of(org, a, "cosell_notes"), text_value("n"));
  EXPECT_EQ(applied_in(done)->shown.at("stage"), text_value("won:3"));
  EXPECT_EQ(applied_in(done)->version, seen_of(org, a, {"stage"}).version);

  const std::string b = org.create("B");
  EXPECT_EQ(kind_of(move(b, "lost:5")), "applied");
  EXPECT_EQ(stage(b), "lost:5");
}

// The version that the look behind the write shows is of that edit, too.
TEST_F(Dynamics365Stage, TellsNoVersionWhereSomebodyEditedRightBehindTheWrite) {
  const std::string a = org.create("A");
  org.tamper = [&](http::Response& answer) {
    if (org.asked.back().find("$batch") == std::string::npos) return;
    answer.body = text::replace_all(answer.body, R"("cosell_notes":"n")", R"("cosell_notes":"m")");
  };
  const auto done = move(a, "won:3", {{"cosell_notes", text_value("n")}});
  ASSERT_TRUE(applied_in(done)) << told(done);
  EXPECT_EQ(applied_in(done)->shown.count("cosell_notes"), 0U);
  EXPECT_EQ(applied_in(done)->shown.at("stage"), text_value("won:3"));
  EXPECT_TRUE(applied_in(done)->version.empty());
}

TEST_F(Dynamics365Stage, IsNotClosedWhenAnotherColumnIsRefused) {
  const std::string a = org.create("A");
  org.set(R"({"plugin_rules":[{"column":"cosell_notes","operator":"=","value":"n","message":"No."}]})");
  for (const char* form : {"flat", "nested"}) {
    org.set(R"({"failed_change_set":")" + std::string(form) + "\"}");
    const auto done = move(a, "won:3", {{"cosell_notes", text_value("n")}});
    EXPECT_EQ(kind_of(done), "rejected") << form;
    EXPECT_EQ(stage(a), "salesstage:0") << form;
  }
  org.set(R"({"plugin_rules":[],"open_quotes":[")" + a + R"("]})");
  const auto done = move(a, "won:3", {{"cosell_notes", text_value("m")}});
  EXPECT_EQ(kind_of(done), "rejected");
  EXPECT_EQ(error_in(done)->rule, "0x80040516");
  EXPECT_TRUE(is_blank(value_of(org, a, "cosell_notes"))) << "all of it or nothing";
}

TEST_F(Dynamics365Stage, IsNotClosedOverAChangeThatWasNotSeen) {
  const std::string a = org.create("A");
  const Observation seen = seen_of(org, a, {"stage"});
  org.edit(a, R"({"salesstage":1})");
  EXPECT_EQ(kind_of(push(org, {planned_from(seen, {{"stage", text_value("lost:4")}})})[0]), "precondition");
  EXPECT_EQ(stage(a), "salesstage:1");
  const Observation again = seen_of(org, a, {"stage"});
  org.control("win", R"({"id":")" + a + R"("})");
  EXPECT_EQ(kind_of(push(org, {planned_from(again, {{"stage", text_value("lost:4")}})})[0]), "precondition");
  EXPECT_EQ(stage(a), "won:3");
}

TEST_F(Dynamics365Stage, IsReopenedAndClosedOtherwise) {
  const std::string a = org.create("A");
  org.control("lose", R"({"id":")" + a + R"("})");
  auto done = move(a, "salesstage:1", {{"estimatedvalue", number("5")}});
  ASSERT_TRUE(applied_in(done)) << told(done);
  EXPECT_EQ(stage(a), "salesstage:1");
  EXPECT_EQ(value_of(org, a, "estimatedvalue"), number("5"));
  EXPECT_EQ(value_of(org, a, "statuscode"), number("1"));
  org.control("lose", R"({"id":")" + a + R"("})");
  done = move(a, "won:3");
  ASSERT_TRUE(applied_in(done)) << told(done);
  EXPECT_EQ(stage(a), "won:3");
  EXPECT_EQ(kind_of(move(a, "won:3")), "applied") << "it is there already";
}

TEST_F(Dynamics365Stage, IsLookedUpWhereThePlanDoesNotTellIt) {
  const std::string a = org.create("A");
  org.control("lose", R"({"id":")" + a + R"("})");
  EXPECT_EQ(kind_of(push(org, {update_of(a, {{"stage", text_value("salesstage:3")}})})[0]), "applied");
  EXPECT_EQ(stage(a), "salesstage:3");
}

TEST_F(Dynamics365Stage, OfANewRecordMayBeAClosedOne) {
  Columns columns = new_deal("A");
  columns["stage"] = text_value("won:3");
  const auto done = push(org, {create_of("k", columns)});
  ASSERT_TRUE(applied_in(done[0])) << told(done[0]);
  EXPECT_TRUE(applied_in(done[0])->created);
  EXPECT_EQ(stage(applied_in(done[0])->id.value), "won:3");
}

TEST_F(Dynamics365Stage, UsesTheReasonsThatTheOrganisationHas) {
  org.control("options", R"({"column":"statuscode","options":[{"value":100000001,"label":"In Arbeit","state":0},
    {"value":3,"label":"Won","state":1},{"value":100000004,"label":"Zu teuer","state":2}]})");
  const std::string a = org.create("A");
  EXPECT_EQ(kind_of(move(a, "lost:100000004")), "applied");
  EXPECT_EQ(stage(a), "lost:100000004");
  EXPECT_EQ(kind_of(move(a, "salesstage:1")), "applied");
  EXPECT_EQ(value_of(org, a, "statuscode"), number("100000001"));
  EXPECT_EQ(kind_of(move(a, "lost:4")), "rejected") << "a reason that was removed";
}

TEST(Dynamics365StageOfStatus, MovesBetweenReasons) {
  Dynamics365Settings settings = TestOrg::default_settings();
  settings.stage_column = "statuscode";
  TestOrg org(settings);
  const std::string a = org.create("A");
  const auto move = [&](const char* to) {
    const Observation seen = seen_of(org, a, {"stage"});
    const auto done = push(org, {planned_from(seen, {{"stage", text_value(to)}})});
    return kind_of(done[0]) == "applied" ? text_of(value_of(org, a, "stage")) : told(done[0]);
  };
  EXPECT_EQ(move("statuscode:2"), "statuscode:2");
  EXPECT_EQ(move("lost:4"), "lost:4");
  EXPECT_EQ(move("statuscode:2"), "statuscode:2");
  EXPECT_EQ(move("won:3"), "won:3");
}

TEST(Dynamics365ClosedRecords, AreWrittenWhereTheOrganisationAllowsIt) {
  TestOrg org;
  const std::string a = org.create("A");
  org.control("win", R"({"id":")" + a + R"("})");
  EXPECT_EQ(kind_of(push(org, {update_of(a, {{"cosell_notes", text_value("x")}})})[0]), "applied");

  org.set(R"({"closed_records":"readonly"})");
  const auto done = push(org, {update_of(a, {{"cosell_notes", text_value("y")}})});
  EXPECT_EQ(kind_of(done[0]), "rejected");
  EXPECT_THAT(error_in(done[0])->message, HasSubstr("read-only"));
}

TEST(Dynamics365ClosedRecords, AreReopenedForAWriteWhereTheSettingSaysSo) {
  Dynamics365Settings settings = TestOrg::default_settings();
  settings.closed_records = ClosedRecords::reopen;
  TestOrg org(settings);
  org.set(R"({"closed_records":"readonly"})");
  const std::string a = org.create("A");
  org.control("lose", R"({"id":")" + a + R"(","status":5})");
  const Observation seen = seen_of(org, a, {"stage", "cosell_notes"});
  const auto done = push(org, {planned_from(seen, {{"cosell_notes", text_value("y")}})});
  ASSERT_EQ(kind_of(done[0]), "applied") << told(done[0]);
  const Observation now = seen_of(org, a, {"stage", "cosell_notes"});
  EXPECT_EQ(now.columns.at("cosell_notes"), text_value("y"));
  EXPECT_EQ(now.columns.at("stage"), text_value("lost:5"));
  EXPECT_EQ(applied_in(done[0])->version, now.version);
  org.edit(a, R"({"description":"by a person"})");
  EXPECT_EQ(kind_of(push(org, {planned_from(now, {{"cosell_notes", text_value("z")}})})[0]), "precondition");
}

}  // namespace
}  // namespace cosell::test
