// Making the bridge's columns, as far as it is Dynamics 365's own; what all systems share is in the conformance kit.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/dynamics365/test_org.h"

namespace cosell::test {
namespace {

using testing::HasSubstr;
using Step = SetUpStep::State;

const std::string kStrong = "Consistency: Strong";

std::vector<OwnColumn> own_columns() {
  OwnColumn line;
  line.name = "cosell_line";
  line.label = "Line";
  line.help = "What it is for.";
  line.kind = ColumnKind::text;
  line.length = 100;
  OwnColumn mark = line;
  mark.name = "cosell_mark";
  mark.length = 36;
  mark.key = true;
  return {line, mark};
}

std::vector<SetUpStep> make(TestOrg& org) {
  Call call = org.call();
  return org.connector->column_maker()->make_columns(call, own_columns(), false);
}

const SetUpStep* step(const std::vector<SetUpStep>& steps, const std::string& what) {
  const auto it = std::find_if(steps.begin(), steps.end(), [&](const SetUpStep& s) { return s.what == what; });
  return it == steps.end() ? nullptr : &*it;
}

Step state_of(const std::vector<SetUpStep>& steps, const std::string& what) {
  const SetUpStep* found = step(steps, what);
  EXPECT_NE(found, nullptr) << what;
  return found == nullptr ? Step::failed : found->state;
}

std::size_t posts_to(const TestOrg& org, const std::string& part) {
  const std::string url = "POST /api/data/v9.2/EntityDefinitions(LogicalName='opportunity')/" + part;
  return static_cast<std::size_t>(std::count(org.asked.begin(), org.asked.end(), url));
}

// Requests are shown older definitions, as if nobody asked for the latest, until one has tried to make something.
void blind_until_a_post(TestOrg& org, bool for_good = false) {
  org.reword = [&org, for_good, posts = posts_to(org, "Attributes")](http::Request& r) {
    if (!for_good && posts_to(org, "Attributes") > posts) return;
    std::erase_if(r.headers.list, [](const http::Header& h) { return h.name == "Consistency"; });
    r.body = text::replace_all(r.body, kStrong + "\r\n", "");
  };
}

TEST(Dynamics365Columns, AreSeenAtOnceByTheNextSetUp) {
  for (const int age : {0, 30}) {
    SCOPED_TRACE(age);
    TestOrg org;
    org.set(R"({"definitions_age_seconds":)" + std::to_string(age) + "}");
    for (const SetUpStep& s : make(org)) EXPECT_EQ(s.state, Step::made) << s.what << ": " << s.text;
    org.reconnect();
    const auto again = make(org);
    for (const SetUpStep& s : again) EXPECT_EQ(s.state, Step::there) << s.what << ": " << s.text;
    EXPECT_EQ(posts_to(org, "Attributes"), 2U);
    EXPECT_EQ(posts_to(org, "Keys"), 1U);
  }
}

// Somebody else made them in between.
TEST(Dynamics365Columns, ThatAreThereAlreadyAreTakenAsTheyAre) {
  for (const std::string code : {"0x80047013", "0x80060893"}) {
    SCOPED_TRACE(code);
    TestOrg org;
    org.set(R"({"definitions_age_seconds":30})");
    make(org);
    org.reconnect();
    blind_until_a_post(org);
    org.tamper = [&](http::Response& r) {
      const bool of_key = r.body.find("alternate key") != std::string::npos;
      if (of_key) r.body = text::replace_all(r.body, "0x80047013", code);
    };
    const auto again = make(org);
    EXPECT_EQ(posts_to(org, "Attributes"), 4U) << "the definitions were older";
    for (const char* what : {"Column cosell_line", "Column cosell_mark", "Alternate key on cosell_mark"}) {
      EXPECT_EQ(state_of(again, what), Step::there) << what;
    }
  }
}

TEST(Dynamics365Columns, ThatAreSaidToBeThereButDoNotShowAreTold) {
  TestOrg org;
  org.set(R"({"definitions_age_seconds":30})");
  make(org);
  org.reconnect();
  blind_until_a_post(org, true);
  auto steps = make(org);
  EXPECT_EQ(state_of(steps, "Column cosell_line"), Step::failed);
  EXPECT_THAT(step(steps, "Column cosell_line")->text, HasSubstr("already exists"));

  // A key of this name on other columns.
  TestOrg other;
  other.faults(
      R"([{"match":{"method":"POST","path":"/api/data/v9.2/EntityDefinitions(LogicalName='opportunity')/Keys"},"times":0,
    "action":{"kind":"status","status":400,"body":{"error":{"code":"0x80047013","message":"The key exists."}}}}])");
  steps = make(other);
  EXPECT_EQ(state_of(steps, "Column cosell_mark"), Step::made);
  EXPECT_EQ(state_of(steps, "Alternate key on cosell_mark"), Step::failed);
  EXPECT_THAT(step(steps, "Alternate key on cosell_mark")->text, HasSubstr("The key exists."));
}

}  // namespace
}  // namespace cosell::test
