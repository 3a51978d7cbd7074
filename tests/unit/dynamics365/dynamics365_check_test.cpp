// Looking at the organisation: what describe tells, and what check says about everything that can be wrong.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

#include "connectors/dynamics365/dynamics365_privileges.h"
#include "tests/unit/dynamics365/test_org.h"

namespace cosell::test {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> kRead = {"name",
                                        "stage",
                                        "estimatedvalue",
                                        "parentaccountid.name",
                                        "ownerid.internalemailaddress",
                                        "transactioncurrencyid.isocurrencycode",
                                        "cosell_sync"};
const std::vector<std::string> kWritten = {"estimatedvalue", "stage", "cosell_state", "parentaccountid",
                                           "transactioncurrencyid.isocurrencycode"};

std::vector<Finding> check(TestOrg& org, const std::vector<std::string>& read = kRead,
                           const std::vector<std::string>& written = kWritten) {
  Call call = org.call();
  return org.connector->check(call, read, written);
}

std::string said(const std::vector<Finding>& findings, const std::string& what) {
  for (const Finding& f : findings) {
    if (f.what != what) continue;
    const char* level = f.level == Finding::Level::ok        ? "ok"
                        : f.level == Finding::Level::warning ? "warning"
                                                             : "problem";
    EXPECT_EQ(f.remedy.empty(), f.level == Finding::Level::ok) << what;
    return std::string(level) + ": " + f.text;
  }
  return "not said";
}

std::string remedy(const std::vector<Finding>& findings, const std::string& what) {
  for (const Finding& f : findings) {
    if (f.what == what) return f.remedy;
  }
  return "not said";
}

Result<Descriptor> describe(TestOrg& org) {
  Call call = org.call();
  return org.connector->describe(call);
}

const StageEntry* stage(const Descriptor& d, const std::string& id) {
  const auto it = std::find_if(d.stages.begin(), d.stages.end(), [&](const StageEntry& s) { return s.id == id; });
  return it == d.stages.end() ? nullptr : &*it;
}

TEST(Dynamics365Describe, AsksForStagesAloneWithoutAnyColumns) {
  TestOrg org;
  const auto all = describe(org);
  org.reconnect();
  const auto before = org.requests();
  Call call = org.call();
  const auto stages = org.connector->describe_stages(call);
  ASSERT_TRUE(all && stages);
  EXPECT_EQ(org.requests() - before, 1U);
  EXPECT_EQ(stages->environment, all->environment);
  EXPECT_TRUE(stages->columns.empty());
  ASSERT_EQ(stages->stages.size(), all->stages.size());
  for (std::size_t i = 0; i < all->stages.size(); ++i) {
    EXPECT_EQ(stages->stages[i].id, all->stages[i].id);
    EXPECT_EQ(stages->stages[i].label, all->stages[i].label);
    EXPECT_EQ(stages->stages[i].closed, all->stages[i].closed);
  }
}

TEST(Dynamics365Describe, ShowsStagesColumnsAndWhoseOrganisationItIs) {
  TestOrg org;
  const auto d = describe(org);
  ASSERT_TRUE(d) << d.error().message;
  EXPECT_EQ(org.requests(), 1U);
  EXPECT_THAT(d->environment, testing::MatchesRegex("[0-9a-f-]{36}@127.0.0.1"));
  EXPECT_EQ(d->title, "cosell (" + d->environment.substr(0, 36) + ")");
  ASSERT_NE(stage(*d, "salesstage:2"), nullptr);
  EXPECT_EQ(stage(*d, "salesstage:2")->label, "Propose");
  EXPECT_FALSE(stage(*d, "salesstage:2")->closed);
  ASSERT_NE(stage(*d, "won:3"), nullptr);
  EXPECT_TRUE(stage(*d, "won:3")->closed && stage(*d, "won:3")->won);
  ASSERT_NE(stage(*d, "lost:5"), nullptr);
  EXPECT_EQ(stage(*d, "lost:5")->label, "Out-Sold");
  EXPECT_TRUE(stage(*d, "lost:5")->closed && !stage(*d, "lost:5")->won);
  EXPECT_NE(stage(*d, "salesstage:none"), nullptr);
  const auto column = [&](const std::string& name) {
    const auto it =
        std::find_if(d->columns.begin(), d->columns.end(), [&](const ColumnInfo& c) { return c.name == name; });
    return it == d->columns.end() ? ColumnInfo() : *it;
  };
  EXPECT_EQ(column("name").length, 300);
  EXPECT_TRUE(column("name").required);
  EXPECT_EQ(column("cosell_notes").length, 4000);
  EXPECT_EQ(column("estimatedvalue").type, "number");
  EXPECT_EQ(column("estimatedclosedate").type, "date");
  EXPECT_EQ(column("cosell_since").type, "instant");
  EXPECT_EQ(column("cosell_sync").type, "boolean");
  EXPECT_EQ(column("salesstage").type, "picklist");
  EXPECT_EQ(column("parentaccountid").type, "reference");
  EXPECT_FALSE(column("createdon").writable);
  EXPECT_EQ(column("stage").type, "picklist");
  EXPECT_EQ(column("stage").values.size(), d->stages.size());
  EXPECT_EQ(column("parentaccountid.name").type, "text");
  EXPECT_FALSE(column("parentaccountid.name").writable);
  EXPECT_EQ(column("ownerid.internalemailaddress").name, "ownerid.internalemailaddress");
  EXPECT_TRUE(column("transactioncurrencyid.isocurrencycode").writable);
}

TEST(Dynamics365Describe, KeepsStagesByNumberWhateverTheLanguage) {
  TestOrg org;
  const auto english = describe(org);
  org.set(R"({"user_language":1031})");
  const auto german = describe(org);
  ASSERT_TRUE(english && german);
  ASSERT_EQ(english->stages.size(), german->stages.size());
  for (std::size_t i = 0; i < english->stages.size(); ++i) EXPECT_EQ(english->stages[i].id, german->stages[i].id);
  EXPECT_EQ(stage(*german, "salesstage:2")->label, "Anbieten");
  EXPECT_EQ(english->environment, german->environment);
  EXPECT_EQ(english->columns.size(), german->columns.size());
}

TEST(Dynamics365Describe, TakesTheStagesFromTheColumnThatTheSettingNames) {
  Dynamics365Settings settings = TestOrg::default_settings();
  settings.stage_column = "statuscode";
  TestOrg by_status(settings);
  auto d = describe(by_status);
  ASSERT_TRUE(d) << d.error().message;
  EXPECT_NE(stage(*d, "statuscode:2"), nullptr);
  EXPECT_EQ(stage(*d, "statuscode:3"), nullptr) << "reasons of closed opportunities";
  EXPECT_NE(stage(*d, "won:3"), nullptr);

  settings.stage_column = "msdyn_forecastcategory";
  TestOrg by_global_choice(settings);
  d = describe(by_global_choice);
  ASSERT_TRUE(d) << d.error().message;
  EXPECT_EQ(stage(*d, "msdyn_forecastcategory:100000001")->label, "Pipeline");

  for (const char* no_choice : {"description", "cosell_nowhere"}) {
    settings.stage_column = no_choice;
    TestOrg wrong(settings);
    d = describe(wrong);
    ASSERT_FALSE(d) << no_choice;
    EXPECT_EQ(d.error().kind, ErrorClass::config) << no_choice << d.error().message;
    EXPECT_THAT(said(check(wrong), "Opportunity stages"), HasSubstr("problem: ")) << no_choice;
  }
}

TEST(Dynamics365Describe, GoesWithoutTablesThatItMayNotSee) {
  TestOrg org;
  org.set(R"({"missing_privileges":["prvReadOrganization"]})");
  const auto d = describe(org);
  ASSERT_TRUE(d) << d.error().message;
  EXPECT_THAT(d->title, testing::StartsWith("127.0.0.1 ("));
}

TEST(Dynamics365Check, FindsNothingWrongWithAWellPreparedOrganisation) {
  TestOrg org;
  const auto findings = check(org);
  for (const Finding& f : findings) EXPECT_EQ(f.level, Finding::Level::ok) << f.what << ": " << f.text;
  EXPECT_THAT(said(findings, "Columns to read"), HasSubstr(" columns can be read."));
  EXPECT_THAT(said(findings, "Columns to write"), HasSubstr(" columns can be written."));
  EXPECT_THAT(said(findings, "Login"), HasSubstr("ok: works"));
  EXPECT_THAT(said(findings, "Currencies"), HasSubstr("EUR"));
}

TEST(Dynamics365Check, NamesAColumnThatShowsAsEmptyAlthoughItIsNot) {
  TestOrg org;
  org.set(R"({"read_only_columns":["estimatedvalue"]})");
  EXPECT_THAT(said(check(org), "Column estimatedvalue"), Not(HasSubstr("problem")));
  org.set(R"({"read_only_columns":[],"unreadable_columns":["estimatedvalue"]})");
  const auto findings = check(org);
  EXPECT_THAT(said(findings, "Column estimatedvalue"), HasSubstr("problem: is secured"));
  EXPECT_THAT(said(findings, "Columns to read"), HasSubstr("ok"));
}

TEST(Dynamics365Check, NamesEachThingThatIsMissing) {
  TestOrg org;
  org.set(R"({"missing_columns":["cosell_sync"],"read_only_columns":["cosell_state"],
              "missing_privileges":["prvReadAccount"],"organization_read":false})");
  const auto findings = check(org, kRead, {"cosell_state", "createdon", "parentaccountid.name", "cosell_nowhere"});
  EXPECT_THAT(said(findings, "Column cosell_sync"), HasSubstr("problem: does not exist"));
  EXPECT_THAT(said(findings, "Writing column cosell_state"), HasSubstr("warning: is secured"));
  EXPECT_THAT(said(findings, "Writing column createdon"), HasSubstr("problem: is read-only"));
  EXPECT_THAT(said(findings, "Writing column parentaccountid.name"), HasSubstr("problem: belongs to another"));
  EXPECT_THAT(said(findings, "Writing column cosell_nowhere"), HasSubstr("problem: does not exist"));
  EXPECT_THAT(said(findings, "Table accounts"), HasSubstr("prvReadAccount"));
  EXPECT_THAT(said(findings, "Changes of opportunities"), HasSubstr("problem: cannot be followed"));
  EXPECT_EQ(said(findings, "Columns to read"), "ok: " + std::to_string(kRead.size() - 3) + " columns can be read.");
  EXPECT_EQ(said(findings, "Table systemusers"), "ok: can be read.");
}

// What an administrator forgot to tick in the security role, and where to tick it.
TEST(Dynamics365Check, NamesEveryPrivilegeThatTheUserLacks) {
  for (const dynamics365::Privilege& p : dynamics365::standard_privileges()) {
    TestOrg org;
    org.set(R"({"missing_privileges":[")" + p.name + R"("]})");
    const auto findings = check(org);
    if (p.name == "prvReadUser") {  // the question itself needs it
      EXPECT_THAT(said(findings, "Table systemusers"), HasSubstr("problem: "));
      EXPECT_THAT(said(findings, "Privileges"), HasSubstr("warning: of the application user could not be asked for"));
      continue;
    }
    const std::string what = "Privilege " + p.name;
    EXPECT_EQ(said(findings, what), "problem: is missing; the bridge needs it to " + p.use + ".");
    EXPECT_THAT(remedy(findings, what), HasSubstr("\"" + p.right + "\" on " + p.table));
    const auto fine = std::to_string(dynamics365::standard_privileges().size() - 1);
    EXPECT_EQ(said(findings, "Privileges"), "ok: " + fine + " privileges of the application user fit.");
  }
}

TEST(Dynamics365Check, NamesThePrivilegesOfBusinessProcessesWhereTheStageStandsInThem) {
  Dynamics365Settings settings = TestOrg::default_settings();
  settings.stage_column = "process";
  TestOrg org(settings);
  org.set(R"({"missing_privileges":["prvWriteOpportunitySalesProcess"]})");
  const auto findings = check(org);
  EXPECT_EQ(said(findings, "Privilege prvWriteOpportunitySalesProcess"),
            "problem: is missing; the bridge needs it to move deals to another stage.");
  EXPECT_THAT(said(findings, "Privileges"), HasSubstr("ok: ")) << "a name that no privilege has would be refused";
  TestOrg without;
  without.set(R"({"missing_privileges":["prvWriteOpportunitySalesProcess"]})");
  EXPECT_EQ(said(check(without), "Privilege prvWriteOpportunitySalesProcess"), "not said") << "nothing moves there";
}

TEST(Dynamics365Check, SaysHowFarAPrivilegeReachesThatIsNotForTheWholeOrganisation) {
  TestOrg org;
  org.set(R"({"organization_read":false})");
  const auto findings = check(org);
  EXPECT_EQ(said(findings, "Privilege prvReadOpportunity"),
            "warning: reaches only the records of its business unit; the bridge needs it to see deals and follow their "
            "changes.");
  EXPECT_THAT(remedy(findings, "Privilege prvReadOpportunity"), HasSubstr("on Opportunity for the whole organisation"));
}

TEST(Dynamics365Privileges, CountByTheFarthestReachOfAllRoles) {
  using dynamics365::Privilege;
  const std::vector<Privilege> wanted = {{"prvA", "A", "Write", "do it"}, {"prvB", "B", "Create", "do it", true}};
  const auto told = [&](const std::string& held) {
    http::Response answer;
    answer.status = 200;
    answer.body = R"({"RolePrivileges":)" + held + "}";
    return dynamics365::privilege_findings(wanted, answer);
  };
  const std::string a_everywhere = R"({"PrivilegeName":"prvA","Depth":"Global"})";
  const std::string b_own = R"({"PrivilegeName":"prvB","Depth":"Basic"})";
  EXPECT_EQ(said(told("[" + a_everywhere + "," + b_own + "]"), "Privileges"),
            "ok: 2 privileges of the application user fit.");
  const std::string a_own = R"({"PrivilegeName":"prvA","Depth":"Basic"})";
  EXPECT_EQ(said(told("[" + a_everywhere + "," + a_own + "]"), "Privilege prvA"), "not said");
  EXPECT_EQ(said(told("[" + a_own + "," + a_everywhere + "]"), "Privilege prvA"), "not said");
  EXPECT_THAT(said(told("[" + a_own + "]"), "Privilege prvA"), HasSubstr("problem: reaches only its own records"));
  EXPECT_THAT(said(told(R"([{"PrivilegeName":"prvA","Depth":"Deep"}])"), "Privilege prvA"),
              HasSubstr("warning: reaches only its business unit and those below it"));
  EXPECT_THAT(said(told("[]"), "Privilege prvB"), HasSubstr("problem: is missing"));
  EXPECT_THAT(said(told("7"), "Privileges"), HasSubstr("warning: of the application user could not be asked for"));
}

// What the check asks for is what the set-up told the administrator to give.
TEST(Dynamics365Privileges, AreThoseOfTheTableInTheSetUp) {
  std::ifstream file(SOURCE_DIR "/docs/setup-dynamics365.md");
  const std::vector<std::string> rights = {"Read", "Create", "Write", "Append", "Append To"};
  std::vector<std::string> written;
  for (std::string line; std::getline(file, line);) {
    auto cells = text::split(line, '|');
    if (cells.size() != rights.size() + 3 || text::starts_with(cells[1], "---")) continue;
    const std::string table = text::trim(cells[1]);
    for (std::size_t n = 0; n < rights.size() && table != "Table"; ++n) {
      if (text::trim(cells[n + 2]) != "–") written.push_back(rights[n] + " on " + table);
    }
  }
  std::vector<std::string> checked;
  for (const dynamics365::Privilege& p : dynamics365::standard_privileges()) {
    checked.push_back(p.right + " on " + p.table);
  }
  EXPECT_THAT(written, testing::UnorderedElementsAreArray(checked));
}

// The platform may show definitions and privileges of half a minute ago.
TEST(Dynamics365Check, SeesWhatSomebodyMendedAMomentAgo) {
  for (const int age : {0, 30}) {
    SCOPED_TRACE(age);
    TestOrg org;
    org.set(R"({"definitions_age_seconds":)" + std::to_string(age) +
            R"(,"missing_columns":["cosell_sync","cosell_referralid"],"missing_privileges":["prvReadAccount"]})");
    org.advance(minutes(1));
    auto findings = check(org);
    EXPECT_THAT(said(findings, "Column cosell_sync"), HasSubstr("problem: does not exist"));
    EXPECT_THAT(said(findings, "Privilege prvReadAccount"), HasSubstr("problem: is missing"));
    org.set(R"({"missing_columns":[],"missing_privileges":[]})");
    findings = check(org);
    EXPECT_EQ(said(findings, "Column cosell_sync"), "not said");
    EXPECT_EQ(said(findings, "Key column cosell_referralid"), "ok: has an active alternate key.");
    EXPECT_EQ(said(findings, "Privilege prvReadAccount"), "not said");
    EXPECT_THAT(said(findings, "Table accounts"), HasSubstr("ok: "));
  }
}

TEST(Dynamics365Check, CostsFewRequestsWhateverTheMappingHas) {
  TestOrg org;
  check(org);
  EXPECT_LE(org.requests(), 10U) << "the privileges share a batch with the tables";
}

TEST(Dynamics365Check, SaysThatChangeTrackingIsSwitchedOff) {
  TestOrg org;
  org.set(R"({"change_tracking_tables":["account"]})");
  EXPECT_THAT(said(check(org), "Changes of opportunities"), HasSubstr("problem: Change tracking is switched off"));
}

TEST(Dynamics365Check, InsistsOnAnAlternateKey) {
  TestOrg org;
  const std::string what = "Key column cosell_referralid";
  for (const auto& [state, expected] :
       {std::pair{"Active", "ok: "}, {"Pending", "warning: "}, {"InProgress", "warning: "}, {"Failed", "problem: "}}) {
    org.set(R"({"alternate_keys":")" + std::string(state) + "\"}");
    EXPECT_THAT(said(check(org), what), testing::StartsWith(expected)) << state;
  }
  org.set(R"({"alternate_keys":"Active","missing_columns":["cosell_referralid"]})");
  EXPECT_THAT(said(check(org), what), HasSubstr("problem: does not exist"));
  Dynamics365Settings settings = TestOrg::default_settings();
  settings.key_column = "cosell_microsoftid";
  TestOrg other(settings);
  EXPECT_THAT(said(check(other), "Key column cosell_microsoftid"), HasSubstr("problem: has no alternate key"));
}

TEST(Dynamics365Check, ExplainsARefusedLogin) {
  TestOrg org;
  org.faults(R"([{"match":{"method":"POST","path":"/{tenant}/oauth2/v2.0/token"},"times":0,"action":{"kind":"status",
    "status":401,"body":{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}}}])");
  auto findings = check(org);
  EXPECT_THAT(said(findings, "Login"), HasSubstr("problem: "));
  EXPECT_EQ(findings.size(), 1U) << "without a login nothing else can be said";
  for (const char* state : {"disabled", "not_a_member"}) {
    TestOrg refused;
    refused.set(R"({"user_state":")" + std::string(state) + "\"}");
    findings = check(refused);
    EXPECT_THAT(said(findings, "Login"), HasSubstr("problem: The application")) << state;
  }
}

TEST(Dynamics365Check, SaysWhenSomethingElseAnswers) {
  TestOrg org;
  org.faults(R"([{"match":{"path":"/api/data"},"times":0,"action":{"kind":"html","status":200}}])");
  const auto findings = check(org);
  EXPECT_THAT(said(findings, "Dynamics 365"), HasSubstr("not as Dynamics 365 does"));
  const std::string address =
      "Check that \"url\" is the address of the environment, like https://contoso.crm.dynamics.com.";
  EXPECT_EQ(remedy(findings, "Dynamics 365"), address);
  TestOrg elsewhere;
  elsewhere.faults(R"([{"match":{"path":"/api/data"},"times":0,"action":{"kind":"status","status":404,"body":{}}}])");
  EXPECT_EQ(remedy(check(elsewhere), "Dynamics 365"), address);
}

TEST(Dynamics365Pages, OpensRecordsForPeople) {
  Dynamics365Settings settings = TestOrg::default_settings();
  const std::string id = "0b7f3c52-1111-2222-3333-444455556666";
  TestOrg org(settings);
  EXPECT_EQ(org.connector->page_url(RecordKind::opportunity, RecordId(id)),
            std::string(kHost) + "/main.aspx?pagetype=entityrecord&etn=opportunity&id=" + id);
  EXPECT_EQ(org.connector->page_url(RecordKind::referral, RecordId(id)), "");
  EXPECT_EQ(org.connector->page_url(RecordKind::account, RecordId()), "");
  settings.app_id = "99999999-1111-2222-3333-444455556666";
  TestOrg with_app(settings);
  EXPECT_THAT(with_app.connector->page_url(RecordKind::account, RecordId(id)),
              HasSubstr("main.aspx?appid=99999999-1111-2222-3333-444455556666&pagetype=entityrecord&etn=account&id="));
}

TEST(Dynamics365Ids, HaveOneSpelling) {
  TestOrg org;
  const auto normal = [&](const char* written) { return org.connector->normal_id(written).value; };
  const std::string id = "0b7f3c52-1111-2222-3333-44445555abcd";
  EXPECT_EQ(normal("0b7f3c52-1111-2222-3333-44445555abcd"), id);
  EXPECT_EQ(normal(" {0B7F3C52-1111-2222-3333-44445555ABCD} "), id);
  for (const char* other :
       {"", "006000000000001AAA", "0b7f3c52-1111-2222-3333-44445555abc", "{}", "0b7f3c52111122223333-44445555abcd----",
        "0b7f3c52-1111-2222-3333-44445555abcg", "0b7f3c52-1111-2222-3333-44445555abcd0"}) {
    EXPECT_EQ(normal(other), "") << other;
  }
}

TEST(Dynamics365Check, SaysWhereItIsNotToldWhichColumnsAreSecured) {
  TestOrg org;
  EXPECT_EQ(said(check(org), "Secured columns of account"), "not said");
  org.reword = refuse_what_is_secured_of("account");
  const auto findings = check(org);
  EXPECT_THAT(said(findings, "Secured columns of account"), HasSubstr("warning: Dynamics 365 does not tell which"));
  EXPECT_THAT(remedy(findings, "Secured columns of account"), HasSubstr("Customization"));
}

}  // namespace
}  // namespace cosell::test
