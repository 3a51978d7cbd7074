// What the bridge's user may not see looks empty: it is told, and never taken for emptied.
#include <gmock/gmock.h>

#include "tests/unit/dynamics365/test_org.h"

namespace cosell::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Dynamics365Hidden, NeverTakesAColumnThatItMayNotReadForAnEmptyOne) {
  TestOrg org;
  org.set(R"({"read_only_columns":["description"]})");
  const std::string id = org.create("Alder", R"(,"description":"Budget confirmed")");
  const std::vector<std::string> columns = {"name", "description"};
  const auto first = pull_all(org, columns);
  // Empty, and readable all the same.
  org.create("Birch");
  const auto second = pull_all(org, columns, first.cursors.back());
  ASSERT_EQ(second.seen.size(), 1U);
  // The profile is taken from the user; then the deal is changed.
  org.set(R"({"read_only_columns":[],"unreadable_columns":["description"]})");
  org.edit(id, R"({"name":"Alder Foods"})");
  org.reconnect();
  Call call = org.call();
  PullRequest request;
  request.columns = columns;
  request.cursor = second.cursors.back();
  const auto page = org.connector->pull(call, request);
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().kind, ErrorClass::schema_drift);
  EXPECT_EQ(page.error().fields, std::vector<std::string>{"description"});
  EXPECT_NE(page.error().message.find("column security"), std::string::npos);
  RecordRef ref;
  ref.id = RecordId(id);
  EXPECT_FALSE(org.connector->fetch(call, std::span(&ref, 1), columns).has_value());
  // As soon as it may be read again, the deal arrives with what it has.
  org.set(R"({"read_only_columns":["description"],"unreadable_columns":[]})");
  org.advance(minutes(2));
  const auto third = pull_all(org, columns, second.cursors.back());
  ASSERT_EQ(third.seen.size(), 1U);
  EXPECT_EQ(third.seen[0].columns.at("description"), text_value("Budget confirmed"));
}

TEST(Dynamics365Hidden, LearnsThatAColumnIsSecuredNowWithTheRowsThatItReads) {
  TestOrg org;
  const std::string account = org.create_account(R"({"name":"Fabrikam"})");
  const std::string id = org.create(
      "Alder", R"x(,"description":"Budget confirmed","parentaccountid@odata.bind":"/accounts()x" + account + ")\"");
  const std::vector<std::string> columns = {"name", "description", "parentaccountid.name"};
  const auto first = pull_all(org, columns);
  org.set(R"({"unreadable_columns":["description"]})");
  org.edit(id, R"({"name":"Alder Foods"})");
  org.reconnect();  // a process that described nothing
  Call call = org.call();
  PullRequest request;
  request.columns = columns;
  request.cursor = first.cursors.back();
  const auto page = org.connector->pull(call, request);
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().kind, ErrorClass::schema_drift);
  EXPECT_EQ(page.error().fields, std::vector<std::string>{"description"});
}

TEST(Dynamics365Hidden, NeverTakesAColumnOfAContactThatItMayNotReadForAnEmptyOne) {
  TestOrg org;
  const std::string contact = org.make("contact", R"({"lastname":"Berg","emailaddress1":"ida.berg@alder.example"})");
  const std::string id = org.create("Alder", R"x(,"parentcontactid@odata.bind":"/contacts()x" + contact + ")\"");
  const std::vector<std::string> columns = {"name", "parentcontactid.lastname", "parentcontactid.emailaddress1"};
  const auto before = pull_all(org, columns);
  ASSERT_EQ(before.seen[0].columns.at("parentcontactid.emailaddress1"), text_value("ida.berg@alder.example"));
  const auto refused = [&](const Cursor& cursor) {
    Call call = org.call();
    PullRequest request;
    request.columns = columns;
    request.cursor = cursor;
    const auto page = org.connector->pull(call, request);
    if (page) return std::string("taken as ") + display(page->seen[0].columns.at("parentcontactid.emailaddress1"));
    return std::string(name_of(page.error().kind)) + " " + text::join(page.error().fields, ",");
  };
  org.set(R"({"unreadable_columns":["contact.emailaddress1"]})");
  org.edit(id, R"({"name":"Alder Foods"})");
  EXPECT_EQ(refused(before.cursors.back()), "schema_drift parentcontactid.emailaddress1");
  org.reconnect();  // a process that described nothing
  EXPECT_EQ(refused(before.cursors.back()), "schema_drift parentcontactid.emailaddress1");
  EXPECT_EQ(refused({}), "schema_drift parentcontactid.emailaddress1");
  RecordRef ref;
  ref.id = RecordId(id);
  Call call = org.call();
  EXPECT_FALSE(org.connector->fetch(call, std::span(&ref, 1), columns).has_value());
  // Secured, and the user has a profile: a contact without an address is nobody's loss.
  org.set(R"({"unreadable_columns":[],"read_only_columns":["contact.emailaddress1"]})");
  org.advance(minutes(2));
  const auto after = pull_all(org, columns, before.cursors.back());
  EXPECT_EQ(after.seen[0].columns.at("parentcontactid.emailaddress1"), text_value("ida.berg@alder.example"));
  // The next process knows from the position what is secured, before anything is read that refers to a contact.
  org.reconnect();
  EXPECT_TRUE(pull_all(org, columns, after.cursors.back()).seen.empty());
  org.set(R"({"unreadable_columns":["contact.emailaddress1"],"read_only_columns":[]})");
  EXPECT_FALSE(org.connector->fetch(call, std::span(&ref, 1), columns).has_value());
  org.set(R"({"unreadable_columns":[],"read_only_columns":["contact.emailaddress1"]})");
  org.advance(minutes(2));
  const std::string bare = org.make("contact", R"({"lastname":"Cole"})");
  org.edit(id, R"x({"parentcontactid@odata.bind":"/contacts()x" + bare + ")\"}");
  EXPECT_EQ(pull_all(org, columns, after.cursors.back()).seen[0].columns.at("parentcontactid.emailaddress1"), Value());
}

// The role reads contacts of its own business unit only.
TEST(Dynamics365Hidden, SaysThatAContactIsHiddenInsteadOfEmpty) {
  TestOrg org;
  const std::string contact = org.make("contact", R"({"lastname":"Berg","emailaddress1":"ida.berg@alder.example"})");
  const std::string id = org.create("Alder", R"x(,"parentcontactid@odata.bind":"/contacts()x" + contact + ")\"");
  org.create("Birch");
  const std::vector<std::string> columns = {"name", "parentcontactid.lastname", "parentaccountid.name",
                                            "ownerid.fullname"};
  org.set(R"({"hidden_rows":[")" + contact + R"("]})");
  const auto pulled = pull_all(org, columns);
  ASSERT_EQ(pulled.seen.size(), 2U);
  EXPECT_THAT(pulled.seen[0].hidden, ElementsAre("parentcontactid.lastname"));
  EXPECT_TRUE(is_blank(pulled.seen[0].columns.at("parentcontactid.lastname")));
  EXPECT_THAT(pulled.seen[1].hidden, IsEmpty()) << "it has no contact";
  EXPECT_THAT(seen_of(org, id, columns).hidden, ElementsAre("parentcontactid.lastname"));
  org.set(R"({"hidden_rows":[]})");
  org.edit(id, R"({"name":"Alder Foods"})");
  const auto again = pull_all(org, columns, pulled.cursors.back());
  EXPECT_THAT(again.seen[0].hidden, IsEmpty());
  EXPECT_EQ(again.seen[0].columns.at("parentcontactid.lastname"), text_value("Berg"));
}

TEST(Dynamics365Hidden, SaysThatASecuredColumnIsHiddenWhereNobodyTellsWhetherItMayBeRead) {
  TestOrg org;
  org.create("Alder", R"(,"description":"Budget confirmed")");
  const std::vector<std::string> columns = {"name", "description", "cosell_notes"};
  org.set(R"({"unreadable_columns":["description"],"read_only_columns":["cosell_notes"]})");
  const auto nobody_tells = [&] {
    org.faults(R"([{"match":{"method":"GET","path":"/api/data/v9.2/systemusers"},"times":0,
                   "action":{"kind":"status","status":403,"body":{"error":{"code":"0x80040220","message":"x"}}}}])");
  };
  nobody_tells();
  const auto pulled = pull_all(org, columns);
  ASSERT_EQ(pulled.seen.size(), 1U);
  EXPECT_THAT(pulled.seen[0].hidden, ElementsAre("description", "cosell_notes"));
  // A value in any row proves that the column may be read.
  org.create("Birch", R"(,"cosell_notes":"Called")");
  org.create("Cedar");
  const auto more = pull_all(org, columns, pulled.cursors.back());
  ASSERT_EQ(more.seen.size(), 2U);
  for (const Observation& seen : more.seen) EXPECT_THAT(seen.hidden, ElementsAre("description"));
  // A process that a timer starts knows it from the position.
  org.reconnect();
  org.create("Dogwood");
  const auto later = pull_all(org, columns, more.cursors.back());
  ASSERT_EQ(later.seen.size(), 1U);
  EXPECT_THAT(later.seen[0].hidden, ElementsAre("description"));
}

// The right to read may be taken away months after a value was seen; then the column looks empty in every row.
TEST(Dynamics365Hidden, DoesNotTakeASecuredColumnForReadableForeverBecauseItShowedSomethingOnce) {
  TestOrg org;
  const std::vector<std::string> columns = {"name", "cosell_notes"};
  org.create("Alder", R"(,"cosell_notes":"Called")");
  org.set(R"({"read_only_columns":["cosell_notes"]})");
  org.faults(R"([{"match":{"method":"GET","path":"/api/data/v9.2/systemusers"},"times":0,
                 "action":{"kind":"status","status":403,"body":{"error":{"code":"0x80040220","message":"x"}}}}])");
  Cursor at = pull_all(org, columns).cursors.back();
  for (const bool hidden : {false, true}) {
    org.advance(days(4));
    org.reconnect();
    org.create("Birch");
    const auto pulled = pull_all(org, columns, at);
    ASSERT_EQ(pulled.seen.size(), 1U);
    EXPECT_EQ(pulled.seen[0].hidden.size(), hidden ? 1U : 0U);
    at = pulled.cursors.back();
  }
  org.create("Cedar", R"(,"cosell_notes":"Called")");
  org.create("Dogwood");
  for (const Observation& seen : pull_all(org, columns, at).seen) EXPECT_THAT(seen.hidden, IsEmpty());
}

TEST(Dynamics365Hidden, ForgetsWhatItWasShownOfAUserBeforeItMightRead) {
  TestOrg org;
  const std::string id = org.create("Alder");
  const std::vector<std::string> columns = {"name", "ownerid.internalemailaddress"};
  const auto before = pull_all(org, columns);
  const Value address = before.seen[0].columns.at("ownerid.internalemailaddress");
  ASSERT_FALSE(is_blank(address));
  org.set(R"({"unreadable_columns":["systemuser.internalemailaddress"]})");
  org.edit(id, R"({"name":"Alder Foods"})");
  org.reconnect();
  EXPECT_EQ(kind_of_pull(org, before.cursors.back(), columns), "schema_drift");
  org.set(R"({"unreadable_columns":[],"read_only_columns":["systemuser.internalemailaddress"]})");
  org.advance(minutes(2));
  const auto after = pull_all(org, columns, before.cursors.back());
  ASSERT_EQ(after.seen.size(), 1U);
  EXPECT_EQ(after.seen[0].columns.at("ownerid.internalemailaddress"), address);
}

// What refers to nothing takes no question along; what is secured is asked by itself then, once a minute at most.
TEST(Dynamics365Hidden, AsksWhatIsSecuredAlsoWhereNothingElseIsRead) {
  TestOrg org;
  const std::string id = org.create("Alder", R"(,"description":"Budget confirmed")");
  const std::vector<std::string> columns = {"name", "description"};
  const auto first = pull_all(org, columns);
  Call call = org.call();
  const RecordRef ref = by_id(id);
  const auto requests_of = [&](const auto& what) {
    const auto before = org.requests();
    what();
    return org.requests() - before;
  };
  const auto look = [&] { EXPECT_TRUE(org.connector->fetch(call, std::span(&ref, 1), columns).has_value()); };
  const auto pull = [&] { pull_all(org, columns, first.cursors.back()); };
  EXPECT_EQ(requests_of(look), 1U) << "everything was just described";
  EXPECT_EQ(requests_of(pull), 1U) << "idle";
  org.advance(minutes(2));
  EXPECT_EQ(requests_of(pull), 1U) << "idle";
  EXPECT_EQ(requests_of(look), 2U);
  EXPECT_EQ(requests_of(look), 1U);
  org.edit(id, R"({"name":"Alder Foods"})");
  EXPECT_EQ(requests_of(pull), 1U);

  org.set(R"({"unreadable_columns":["description"]})");
  org.advance(minutes(2));
  EXPECT_FALSE(org.connector->fetch(call, std::span(&ref, 1), columns).has_value());
  EXPECT_EQ(kind_of_pull(org, first.cursors.back(), columns), "schema_drift") << "the position knows less";
  org.reconnect();
  EXPECT_EQ(kind_of_pull(org, first.cursors.back(), columns), "schema_drift");
}

// Without the answer it is not known who emptied the column.
struct SecuredAnswer {
  const char* name;
  const char* action;
  const char* outcome;
};
void PrintTo(const SecuredAnswer& answer, std::ostream* out) { *out << answer.name; }

class Dynamics365HiddenAnswers : public testing::TestWithParam<SecuredAnswer> {};

INSTANTIATE_TEST_SUITE_P(
    Secured, Dynamics365HiddenAnswers,
    testing::Values(
        SecuredAnswer{"Unavailable", R"({"kind":"status","status":503})", "transient"},
        SecuredAnswer{"WebPage", R"({"kind":"html","status":200})", "bad_response"},
        SecuredAnswer{"NoList", R"({"kind":"status","status":200,"body":{}})", "bad_response"},
        SecuredAnswer{"AText", R"({"kind":"status","status":200,"body":{"value":"x"}})", "bad_response"},
        SecuredAnswer{"WithoutIds",
                      R"({"kind":"status","status":200,"body":{"value":[{"LogicalName":"description"}]}})",
                      "bad_response"},
        SecuredAnswer{"WithoutNames",
                      R"({"kind":"status","status":200,"body":{"value":[)"
                      R"({"MetadataId":"11111111-2222-4333-8444-555555555555"}]}})",
                      "bad_response"},
        SecuredAnswer{"Forbidden",
                      R"({"kind":"status","status":403,"body":{"error":{"code":"0x80040220","message":"no"}}})",
                      "kept"},
        SecuredAnswer{"Rejected",
                      R"({"kind":"status","status":400,"body":{"error":{"code":"0x0","message":"no filter"}}})",
                      "kept"},
        SecuredAnswer{"NotFound", R"({"kind":"status","status":404,"body":{"error":{"code":"0x0","message":"no"}}})",
                      "kept"}),
    [](const auto& answer) { return std::string(answer.param.name); });

TEST_P(Dynamics365HiddenAnswers, NeverLetABlankCountAsEmptied) {  // I-07
  TestOrg org;
  const std::string id = org.create("Alder", R"(,"description":"Budget confirmed")");
  const std::vector<std::string> columns = {"name", "description"};
  const Cursor at = pull_all(org, columns).cursors.back();
  org.set(R"({"unreadable_columns":["description"]})");
  org.edit(id, R"({"name":"Alder Foods"})");
  org.reconnect();
  const auto answered = [&](bool as_told) {
    const std::string fault =
        R"([{"match":{"method":"GET","path":"/api/data/v9.2/EntityDefinitions"},"times":0,"action":)" +
        std::string(GetParam().action) + "}]";
    org.faults(as_told ? fault : "[]");
  };
  const auto outcome = [&](const Result<std::vector<Observation>>& seen) -> std::string {
    if (!seen) {
      EXPECT_TRUE(seen.error().kind != ErrorClass::bad_response ||
                  seen.error().message.find("GET secured columns of opportunity") != std::string::npos)
          << seen.error().message;
      return name_of(seen.error().kind);
    }
    EXPECT_EQ(seen->size(), 1U);
    const Observation& o = seen->front();
    EXPECT_TRUE(o.hidden.empty()) << "a new deal may be without it";
    return o.perhaps_hidden == std::vector<std::string>{"description"} ? "kept" : "emptied";
  };
  const auto pulled = [&] {
    auto page = pull_once(org, at, columns);
    return outcome(page ? Result<std::vector<Observation>>(page->seen) : page.error());
  };
  const auto fetched = [&] {
    Call call = org.call();
    const RecordRef ref = by_id(id);
    return outcome(org.connector->fetch(call, std::span(&ref, 1), columns));
  };
  answered(true);
  EXPECT_EQ(pulled(), GetParam().outcome);
  EXPECT_EQ(fetched(), GetParam().outcome) << "within the minute";
  answered(false);
  const bool refused = std::string(GetParam().outcome) == "kept";
  EXPECT_EQ(pulled(), refused ? "kept" : "schema_drift") << "what was refused is asked once a minute";
  org.advance(minutes(2));
  EXPECT_EQ(pulled(), "schema_drift");
  answered(true);
  org.advance(minutes(2));
  EXPECT_NE(pulled(), "emptied") << "what was told before is still known";
}

// A refused question costs no more than an answered one.
TEST(Dynamics365Hidden, AsksARefusedQuestionOnceAMinute) {
  TestOrg org;
  const std::string account = org.create_account(R"({"name":"Fabrikam"})");
  const std::string id = org.create("Alder", R"x(,"parentaccountid@odata.bind":"/accounts()x" + account + ")\"");
  const std::vector<std::string> columns = {"name", "description", "parentaccountid.name",
                                            "parentaccountid.telephone1"};
  org.reword = refuse_what_is_secured_of("account");
  const auto first = pull_all(org, columns);
  EXPECT_THAT(first.seen[0].perhaps_hidden, ElementsAre("parentaccountid.telephone1")) << "its own were described";
  Call call = org.call();
  const RecordRef ref = by_id(id);
  const auto requests_of_a_look = [&] {
    const auto before = org.requests();
    const auto seen = org.connector->fetch(call, std::span(&ref, 1), columns);
    EXPECT_TRUE(seen.has_value());
    const auto perhaps = seen ? seen->front().perhaps_hidden : std::vector<std::string>{};
    EXPECT_THAT(perhaps, ElementsAre("parentaccountid.telephone1"));
    return org.requests() - before;
  };
  EXPECT_EQ(requests_of_a_look(), 2U) << "the deal, its account";
  org.advance(minutes(2));
  EXPECT_EQ(requests_of_a_look(), 2U) << "the deal, a batch with its account";
  EXPECT_EQ(requests_of_a_look(), 2U);
}

// Which of them the user may read is the other half of the question.
TEST(Dynamics365Hidden, WaitsForASoundAnswerWhichSecuredColumnsItMayRead) {
  TestOrg org;
  const std::string id = org.create("Alder", R"(,"description":"Budget confirmed")");
  const std::vector<std::string> columns = {"name", "description"};
  org.set(R"({"read_only_columns":["description"]})");
  const Cursor at = pull_all(org, columns).cursors.back();  // it shows something, and may be read
  org.set(R"({"read_only_columns":[],"unreadable_columns":["description"]})");
  org.edit(id, R"({"name":"Alder Foods"})");
  for (const char* path : {"systemusers", "WhoAmI"}) {
    org.reconnect();
    org.faults(R"([{"match":{"method":"GET","path":"/api/data/v9.2/)" + std::string(path) +
               R"("},"times":0,"action":{"kind":"status","status":200,"body":{}}}])");
    EXPECT_EQ(kind_of_pull(org, at, columns), "bad_response") << path;
    org.faults("[]");
    EXPECT_EQ(kind_of_pull(org, at, columns), "schema_drift") << path;
  }
}

// What was read before it was perhaps hidden is no edit of somebody else.
TEST(Dynamics365Hidden, WritesBesideWhatItPerhapsMayNotSee) {
  TestOrg org;
  const std::string id = org.create("Alder", R"(,"description":"Budget confirmed")");
  const Cursor at = pull_all(org, {"name", "description"}).cursors.back();
  org.set(R"({"unreadable_columns":["description"]})");
  org.reword = refuse_what_is_secured_of("opportunity");
  org.edit(id, R"({"name":"Alder Foods"})");
  org.reconnect();
  ASSERT_EQ(kind_of_pull(org, at, {"name", "description"}), "accepted");
  const Columns expected = {{"name", text_value("Alder Foods")}, {"description", text_value("Budget confirmed")}};
  const auto outcomes = push(org, {update_of(id, {{"name", text_value("Alder AG")}}, expected)});
  EXPECT_EQ(kind_of(outcomes.front()), "applied") << told(outcomes.front());
}

}  // namespace
}  // namespace cosell::test
