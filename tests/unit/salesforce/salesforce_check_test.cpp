// Looking at the organisation: what describe tells, and what check says about everything that can be wrong.
#include <gmock/gmock.h>

#include <algorithm>

#include "connectors/salesforce/salesforce_client.h"
#include "tests/unit/salesforce/test_org.h"

namespace cosell::test {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kRead = {"Name", "Amount", "Account.Name", "Owner.Email", "Cosell_Sync__c"};
const std::vector<std::string> kWritten = {"Amount", "StageName", "Cosell_State__c"};

std::vector<Finding> check(TestOrg& org) {
  Call call = org.call();
  return org.connector->check(call, kRead, kWritten);
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

TEST(SalesforceDescribe, ShowsStagesColumnsAndWhoseOrganisationItIs) {
  TestOrg org;
  Call call = org.call();
  const auto d = org.connector->describe(call);
  ASSERT_TRUE(d) << d.error().message;
  EXPECT_EQ(d->environment.substr(0, 3), "00D");
  EXPECT_THAT(d->environment, HasSubstr("@127.0.0.1"));
  EXPECT_THAT(d->title, HasSubstr("(00D"));
  const auto won = std::find_if(d->stages.begin(), d->stages.end(), [](const StageEntry& s) { return s.won; });
  ASSERT_NE(won, d->stages.end());
  EXPECT_EQ(won->id, "Closed Won");
  EXPECT_TRUE(won->closed && won->active);
  EXPECT_EQ(won->probability, 100);
  EXPECT_TRUE(std::is_sorted(d->stages.begin(), d->stages.end(),
                             [](const StageEntry& a, const StageEntry& b) { return a.position < b.position; }));
  const auto column = [&](const std::string& name) {
    const auto it =
        std::find_if(d->columns.begin(), d->columns.end(), [&](const ColumnInfo& c) { return c.name == name; });
    return it == d->columns.end() ? ColumnInfo() : *it;
  };
  EXPECT_EQ(column("Name").length, 120);
  EXPECT_TRUE(column("Name").required);
  EXPECT_EQ(column("Amount").type, "number");
  EXPECT_EQ(column("CloseDate").type, "date");
  EXPECT_EQ(column("Cosell_Since__c").type, "instant");
  EXPECT_FALSE(column("IsWon").writable);
  EXPECT_FALSE(column("StageName").values.empty());
  EXPECT_EQ(column("Account.Name").type, "text");
  EXPECT_FALSE(column("Account.Name").writable);
  EXPECT_EQ(column("Owner.Email").name, "Owner.Email");
}

TEST(SalesforceRecordTypes, AreNamedWithTheStagesThatEachOffersAndInactiveOnesAreLeftOut) {
  TestOrg org;
  org.control("stages", R"({ "stages": [ { "name": "Lead" }, { "name": "Scoping" }, { "name": "Offer" } ],
                            "record_types": { "License": ["Lead", "Offer"], "Long_Services": ["Lead", "Scoping"] } })");
  Call call = org.call();
  const auto types = org.connector->record_types(call);
  ASSERT_TRUE(types) << types.error().message;
  ASSERT_EQ(types->size(), 2U) << "the organisation's first ones are inactive, and Master is none of its own";
  const auto& services = types->at(0).name == "Long_Services" ? types->at(0) : types->at(1);
  EXPECT_EQ(services.label, "Long Services");
  EXPECT_EQ(services.stages, (std::vector<std::string>{"Lead", "Scoping"}));
  EXPECT_EQ(services.column, "RecordType.DeveloperName");
  EXPECT_EQ(services.known_by.at("RecordType.DeveloperName"), "Long_Services");
  EXPECT_EQ(services.known_by.at("RecordTypeId").substr(0, 3), "012");
}

TEST(SalesforceRecordTypes, CostNothingWhereADescriptionIsEnough) {
  TestOrg org;
  Call call = org.call();
  const auto described = org.connector->describe(call);
  ASSERT_TRUE(described) << described.error().message;
  EXPECT_TRUE(described->record_types.empty());
}

// The requests of a composite, as they were sent: "/services/data/v60.0/sobjects/Account/describe".
std::vector<std::string> parts_of(const std::string& body) {
  std::vector<std::string> urls;
  const auto sent = json::read(body);
  const json::Value* list = sent ? sent->find("compositeRequest") : nullptr;
  if (list == nullptr) return urls;
  for (const json::Value& part : list->items()) urls.push_back(text::percent_decode(part.text_of("url")));
  return urls;
}

// Answers one part of every composite with another status and body.
void answer_part(TestOrg& org, const std::string& reference, int status, const std::string& body) {
  org.tamper = [=](http::Response& response) {
    const auto root = json::read(response.body);
    const json::Value* list = root ? root->find("compositeResponse") : nullptr;
    if (list == nullptr) return;
    json::Value parts = json::Value::array();
    for (const json::Value& part : list->items()) {
      json::Value& copy = parts.append(part);
      if (part.text_of("referenceId") != reference) continue;
      copy.set("httpStatusCode", json::Value::integer(status));
      copy.set("body", json::read(body).value_or(json::Value()));
    }
    json::Value whole = json::Value::object();
    whole.set("compositeResponse", std::move(parts));
    response.body = json::write(whole);
  };
}

std::string refusal(const std::string& code) { return R"([{"message":"no","errorCode":")" + code + R"("}])"; }

TEST(SalesforceDescribe, IsOneApiCallForTheOrganisationToo) {
  TestOrg org;
  Call call = org.call();
  ASSERT_TRUE(org.connector->describe(call));
  EXPECT_EQ(org.requests(), 1U);
  EXPECT_EQ(org.meter.granted("crm")->used, 1) << "as Salesforce itself counts";
  EXPECT_THAT(parts_of(org.bodies.back()),
              testing::UnorderedElementsAre(
                  HasSubstr("FROM OpportunityStage"), HasSubstr("FROM Organization"),
                  HasSubstr("/sobjects/Opportunity/describe"), HasSubstr("/sobjects/Account/describe"),
                  HasSubstr("/sobjects/User/describe"), HasSubstr("/sobjects/Contact/describe")));
}

TEST(SalesforceDescribe, AsksForStagesAloneWithoutAnyDescribe) {
  TestOrg org;
  Call call = org.call();
  const auto all = org.connector->describe(call);
  org.reconnect();
  const auto before = org.requests();
  const auto stages = org.connector->describe_stages(call);
  ASSERT_TRUE(all && stages);
  EXPECT_EQ(org.requests() - before, 1U);
  EXPECT_THAT(parts_of(org.bodies.back()),
              testing::UnorderedElementsAre(HasSubstr("FROM OpportunityStage"), HasSubstr("FROM Organization"),
                                            HasSubstr("CurrencyIsoCode FROM Opportunity")));
  EXPECT_EQ(stages->environment, all->environment);
  EXPECT_EQ(stages->title, all->title);
  ASSERT_EQ(stages->stages.size(), all->stages.size());
  for (std::size_t i = 0; i < all->stages.size(); ++i) {
    EXPECT_EQ(stages->stages[i].id, all->stages[i].id);
    EXPECT_EQ(stages->stages[i].record, all->stages[i].record);
    EXPECT_EQ(stages->stages[i].closed, all->stages[i].closed);
  }
}

TEST(SalesforceDescribe, NamesTheOneRequestThatWasRefused) {
  for (const auto& [part, named] :
       {std::pair{"part0", "GET query of OpportunityStage"}, std::pair{"part1", "GET describe of Opportunity"}}) {
    TestOrg org;
    answer_part(org, part, 403, refusal("INSUFFICIENT_ACCESS_OR_READONLY"));
    Call call = org.call();
    const auto d = org.connector->describe(call);
    ASSERT_FALSE(d) << part;
    EXPECT_EQ(d.error().kind, ErrorClass::forbidden) << part;
    EXPECT_THAT(d.error().message, HasSubstr(named));
    EXPECT_EQ(org.requests(), 1U) << "a refusal is not asked again";
  }
}

TEST(SalesforceDescribe, WorksWithoutThePeopleAndCustomersThatTheUserMayNotSee) {
  TestOrg org;
  answer_part(org, "part4", 403, refusal("INSUFFICIENT_ACCESS_OR_READONLY"));  // users
  Call call = org.call();
  const auto d = org.connector->describe(call);
  ASSERT_TRUE(d) << d.error().message;
  const auto shows = [&](const std::string& column) {
    return std::any_of(d->columns.begin(), d->columns.end(), [&](const ColumnInfo& c) { return c.name == column; });
  };
  EXPECT_TRUE(shows("Account.Name"));
  EXPECT_FALSE(shows("Owner.Email"));
}

TEST(SalesforceDescribe, AsksAgainAloneForWhatMayGoBetterInAMoment) {
  TestOrg org;
  answer_part(org, "part1", 503, refusal("SERVER_UNAVAILABLE"));
  Call call = org.call();
  const auto d = org.connector->describe(call);
  ASSERT_TRUE(d) << d.error().message;
  EXPECT_EQ(org.requests(), 2U);
  EXPECT_THAT(org.asked.back(), HasSubstr("GET /services/data/v60.0/sobjects/Opportunity/describe"));
}

// An organisation, or a proxy before it, that takes these requests alone only.
TEST(SalesforceDescribe, AsksAloneForWhatACompositeIsRefusedFor) {
  {
    TestOrg org;
    answer_part(org, "part3", 400, refusal("INVALID_REQUEST"));
    Call call = org.call();
    const auto d = org.connector->describe(call);
    ASSERT_TRUE(d) << d.error().message;
    EXPECT_EQ(org.requests(), 2U);
    EXPECT_THAT(org.asked.back(), HasSubstr("GET /services/data/v60.0/sobjects/Account/describe"));
  }
  TestOrg org;
  org.tamper = [](http::Response& response) {
    if (response.body.find("compositeResponse") == std::string::npos) return;
    response.status = 404;
    response.body = refusal("NOT_FOUND");
  };
  Call call = org.call();
  const auto d = org.connector->describe(call);
  ASSERT_TRUE(d) << d.error().message;
  EXPECT_EQ(org.requests(), 7U);
}

TEST(SalesforceDescribe, DoesNotUnderstandAnAnswerThatLacksAPartOrIsSomethingElse) {
  const auto told = [](const std::function<void(http::Response&)>& tamper) {
    TestOrg org;
    org.tamper = [&](http::Response& response) {
      if (response.body.find("compositeResponse") != std::string::npos) tamper(response);
    };
    Call call = org.call();
    const auto d = org.connector->describe(call);
    EXPECT_FALSE(d);
    if (d) return std::string();
    EXPECT_EQ(d.error().kind, ErrorClass::bad_response) << d.error().message;
    return d.error().message;
  };
  const auto with_body = [&](const std::string& body) { return told([&](http::Response& r) { r.body = body; }); };
  EXPECT_THAT(with_body(R"({"compositeResponse":[]})"), HasSubstr("GET query of OpportunityStage"));
  EXPECT_THAT(with_body(R"({"compositeResponse":{}})"), HasSubstr("POST composite (reads)"));
  EXPECT_THAT(with_body(R"([{"compositeResponse":1}])"), HasSubstr("POST composite (reads)"));
  EXPECT_THAT(with_body("<html>"), HasSubstr("POST composite (reads)"));
  EXPECT_THAT(told([](http::Response& r) { r.body.resize(r.body.size() / 2); }), HasSubstr("POST composite (reads)"));
  for (const char* body : {"null", "[]", "\"text\"", "{}", R"({"fields":3})"}) {
    TestOrg org;
    answer_part(org, "part1", 200, body);
    Call call = org.call();
    const auto d = org.connector->describe(call);
    ASSERT_FALSE(d) << body;
    EXPECT_EQ(d.error().kind, ErrorClass::bad_response);
    EXPECT_THAT(d.error().message, HasSubstr("GET describe of Opportunity")) << body;
  }
}

TEST(SalesforceDescribe, RepeatsACompositeOfReadsAsAnyRead) {
  for (const char* action : {R"({"kind":"html","status":503})", R"({"kind":"drop_after"})", R"({"kind":"drop_before"})",
                             R"({"kind":"truncate","bytes":10})"}) {
    TestOrg org;
    org.faults(R"([{"match":{"method":"POST","path":"/services/data/v60.0/composite"},"action":)" +
               std::string(action) + "}]");
    Call call = org.call();
    const auto d = org.connector->describe(call);
    EXPECT_TRUE(d) << action << (d ? "" : d.error().message);
    EXPECT_EQ(org.requests(), 2U) << action;
  }
}

TEST(SalesforceDescribe, WaitsForTheDailyLimit) {
  TestOrg org;
  org.set(R"({"daily_api_limit":0})");
  Call call = org.call();
  const auto d = org.connector->describe(call);
  ASSERT_FALSE(d);
  EXPECT_EQ(d.error().kind, ErrorClass::throttled);
  EXPECT_EQ(d.error().not_before, org.manual.now() + minutes(15));
}

TEST(SalesforceDescribe, LogsInAgainWhenTheTokenOfACompositeIsRefused) {
  TestOrg org;
  Call call = org.call();
  ASSERT_TRUE(org.connector->describe(call));
  org.advance(hours(13));  // the session has ended
  EXPECT_TRUE(org.connector->describe(call));
}

TEST(SalesforceDescribe, SaysTheSameTwice) {
  TestOrg org;
  Call call = org.call();
  const auto a = org.connector->describe(call);
  org.reconnect();
  const auto b = org.connector->describe(call);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->environment, b->environment);
  EXPECT_EQ(a->columns.size(), b->columns.size());
  EXPECT_EQ(a->stages.size(), b->stages.size());
}

TEST(SalesforceCheck, FindsNothingWrongWithAWellPreparedOrganisation) {
  TestOrg org;
  const auto findings = check(org);
  for (const Finding& f : findings) EXPECT_EQ(f.level, Finding::Level::ok) << f.what << ": " << f.text;
  EXPECT_EQ(said(findings, "Columns to write"), "ok: " + std::to_string(kWritten.size()) + " columns can be written.");
  EXPECT_EQ(said(findings, "Login"), "ok: works.");
}

TEST(SalesforceCheck, NamesEachThingThatIsMissing) {
  TestOrg org;
  org.set(
      R"({"missing_columns":["Cosell_Sync__c"],"read_only_columns":["Cosell_State__c"],"daily_api_limit":100,"api_used":91})");
  const auto findings = check(org);
  EXPECT_THAT(said(findings, "Column Cosell_Sync__c"), HasSubstr("problem: does not exist"));
  EXPECT_THAT(said(findings, "Writing column Cosell_State__c"), HasSubstr("problem: is read-only"));
  EXPECT_THAT(said(findings, "API requests"), HasSubstr("warning"));
  EXPECT_NE(said(findings, "Columns to read").find("can be read."), std::string::npos);
}

TEST(SalesforceCheck, NamesEveryPermissionThatTheUserLacks) {
  struct Case {
    const char* taken;
    const char* named;
    const char* use;
  };
  for (const Case& c : {Case{"Opportunity.Create", "Create on Opportunity", "create opportunities for referrals"},
                        {"Opportunity.Edit", "Edit on Opportunity", "change opportunities"},
                        {"Account.Create", "Create on Account", "create customers who are not there yet"}}) {
    TestOrg org;
    org.set(R"({"missing_permissions":[")" + std::string(c.taken) + R"("]})");
    const auto findings = check(org);
    const std::string what = std::string("Permission ") + c.named;
    EXPECT_THAT(said(findings, what), HasSubstr("problem: is missing; the bridge needs it to " + std::string(c.use)));
    EXPECT_THAT(remedy(findings, what), HasSubstr("Permission Sets, Object Settings"));
    EXPECT_THAT(said(findings, "Permissions"), testing::Not(HasSubstr(c.named)));
  }
  TestOrg no_contacts;
  no_contacts.set(R"({"missing_permissions":["Contact.Read"]})");
  Call call = no_contacts.call();
  const auto lacking = no_contacts.connector->check(call, {"Name", "Contact.Email"}, {});
  EXPECT_THAT(said(lacking, "Permission Read on Contact"),
              HasSubstr("problem: is missing; the bridge needs it to read"));
  no_contacts.set(R"({"missing_permissions":[]})");
  no_contacts.reconnect();
  EXPECT_THAT(said(no_contacts.connector->check(call, {"Contact.Email"}, {}), "Permissions"),
              HasSubstr("Read on Contact"));
  TestOrg whole;
  EXPECT_EQ(said(check(whole), "Permissions"), "ok: Create on Opportunity, Edit on Opportunity, Create on Account.");
}

TEST(SalesforceCheck, CostsFewRequestsWhateverTheMappingHas) {
  TestOrg org;
  check(org);
  EXPECT_LE(org.requests(), 5U) << "the versions, the stages, and a describe of three objects";
}

TEST(SalesforceCheck, InsistsOnAUniqueKeyColumn) {
  TestOrg org;
  org.set(R"({"missing_columns":["Cosell_Referral_Id__c"]})");
  EXPECT_THAT(said(check(org), "Key column Cosell_Referral_Id__c"), HasSubstr("problem: does not exist"));
  SalesforceSettings settings = TestOrg::default_settings();
  settings.key_column = "Cosell_Microsoft_Id__c";
  TestOrg other(settings);
  EXPECT_THAT(said(check(other), "Key column Cosell_Microsoft_Id__c"),
              HasSubstr("problem: is not marked External ID and Unique"));
}

TEST(SalesforceCheck, ExplainsARefusedLogin) {
  TestOrg org;
  org.faults(R"([{"match":{"path":"/services/oauth2/token"},"times":0,"action":{"kind":"status","status":400,
    "body":{"error":"invalid_client","error_description":"invalid client credentials"}}}])");
  const auto findings = check(org);
  EXPECT_THAT(said(findings, "Login"), HasSubstr("problem: "));
  EXPECT_EQ(findings.back().what, "Login") << "without a login nothing else can be said";
}

TEST(SalesforceCheck, SaysWhenSomethingElseAnswers) {
  TestOrg org;
  org.faults(R"([{"match":{"path":"/services/data"},"times":0,"action":{"kind":"html","status":200}}])");
  const auto findings = check(org);
  EXPECT_THAT(said(findings, "Salesforce API"), HasSubstr("not as Salesforce does"));
  EXPECT_EQ(remedy(findings, "Salesforce API"),
            "Check that \"url\" is the My Domain address of the organisation, like https://contoso.my.salesforce.com.");
  TestOrg elsewhere;
  elsewhere.faults(R"([{"match":{},"times":0,"action":{"kind":"status","status":404,"body":[{"errorCode":"NOT_FOUND",
    "message":"The requested resource does not exist"}]}}])");
  EXPECT_THAT(remedy(check(elsewhere), "Salesforce API"), HasSubstr("Check that \"url\" is the My Domain address"));
}

TEST(SalesforceCheck, SaysWhenTheApiVersionIsNotOffered) {
  SalesforceSettings settings = TestOrg::default_settings();
  settings.api_version = "v99.0";
  TestOrg org(settings);
  EXPECT_THAT(said(check(org), "Salesforce API"), HasSubstr("does not offer API version v99.0"));
}

TEST(SalesforceLimits, ReadsTheRunningFigure) {
  const auto usage = salesforce::parse_limit_info("api-usage=10018/100000; per-app-api-usage=17/250(appName=x)");
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->used, 10018);
  EXPECT_EQ(usage->limit, 100000);
  for (const char* bad : {"", "api-usage=", "api-usage=5", "api-usage=/5", "per-app-api-usage=17/250"}) {
    EXPECT_FALSE(salesforce::parse_limit_info(bad)) << bad;
  }
}

TEST(SalesforcePages, OpensRecordsForPeople) {
  TestOrg org;
  EXPECT_EQ(org.connector->page_url(RecordKind::opportunity, RecordId("006000000000001AAA")),
            std::string(kHost) + "/lightning/r/Opportunity/006000000000001AAA/view");
  EXPECT_EQ(org.connector->page_url(RecordKind::referral, RecordId("x")), "");
  EXPECT_EQ(org.connector->page_url(RecordKind::account, RecordId()), "");
}

}  // namespace
}  // namespace cosell::test
