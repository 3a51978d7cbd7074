// Reading sets of rows: filters, order, pages, annotations and related rows.
#include "tests/unit/dynamics365_emulator/organization.h"

namespace cosell::emulator {
namespace {

using Names = std::vector<std::string>;

class Query : public ::testing::Test {
 protected:
  Query() {
    account_ = org_.create(Json{{"name", "Contoso"}, {"address1_city", "Berlin"}}, "accounts");
    add("Alpha", 100, "2026-07-01", 0, true);
    org_.pass(hours(1));
    add("beta's", 200.5, "2026-08-01", 1, false);
    org_.pass(hours(1));
    add("Gamma", 300, "2026-09-01", std::nullopt, true);
  }

  void add(const char* name, double value, const char* date, std::optional<int> stage, bool with_account) {
    Json deal{{"name", name}, {"estimatedvalue", value}, {"estimatedclosedate", date}};
    if (stage) deal["salesstage"] = *stage;
    if (with_account) deal["parentaccountid@odata.bind"] = "/accounts(" + account_ + ")";
    ids_.push_back(org_.create(deal));
  }

  Names where(const std::string& filter) { return org_.column("opportunities?$select=name&$filter=" + filter, "name"); }

  Organization org_;
  std::string account_;
  Names ids_;
};

TEST_F(Query, FiltersByEveryKindOfLiteral) {
  EXPECT_EQ(where("name eq 'ALPHA'"), Names{"Alpha"}) << "texts compare without case";
  EXPECT_EQ(where("name eq 'beta''s'"), Names{"beta's"});
  EXPECT_EQ(where("estimatedvalue gt 200"), (Names{"beta's", "Gamma"}));
  EXPECT_EQ(where("estimatedvalue le 200.5"), (Names{"Alpha", "beta's"}));
  EXPECT_EQ(where("estimatedclosedate ge 2026-08-01"), (Names{"beta's", "Gamma"}));
  EXPECT_EQ(where("createdon lt 2026-06-01T11:00:00Z"), Names{"Alpha"});
  EXPECT_EQ(where("_parentaccountid_value eq " + account_), (Names{"Alpha", "Gamma"}));
  EXPECT_EQ(where("opportunityid eq " + ids_[1]), Names{"beta's"});
  EXPECT_EQ(where("salesstage eq null"), Names{"Gamma"});
  EXPECT_EQ(where("isrevenuesystemcalculated eq false").size(), 3U);
  EXPECT_EQ(where("versionnumber gt 0").size(), 3U);
}

TEST_F(Query, JoinsConditionsWithTheRightPrecedence) {
  EXPECT_EQ(where("name eq 'Alpha' or name eq 'Gamma' and estimatedvalue lt 0"), Names{"Alpha"});
  EXPECT_EQ(where("(name eq 'Alpha' or name eq 'Gamma') and not (estimatedvalue lt 200)"), Names{"Gamma"});
  EXPECT_EQ(where("contains(name,'amm') or startswith(name,'al')"), (Names{"Alpha", "Gamma"}));
  EXPECT_EQ(where("endswith(name,'A') and not contains(name,'ph')"), Names{"Gamma"});
  EXPECT_EQ(where("salesstage ne 0"), (Names{"beta's", "Gamma"})) << "an empty choice is not zero";
  EXPECT_EQ(where("parentaccountid/address1_city eq 'berlin'"), (Names{"Alpha", "Gamma"}));
  EXPECT_EQ(where("Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=['Alpha','Gamma'])"),
            (Names{"Alpha", "Gamma"}));
  EXPECT_EQ(where("Microsoft.Dynamics.CRM.LastXHours(PropertyName='createdon',PropertyValue=1)"),
            (Names{"beta's", "Gamma"}));
}

TEST_F(Query, TakesNoQuotesAndBackslashesInLists) {
  const std::string in = "opportunities?$filter=Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=[";
  EXPECT_EQ(Organization::code(org_.call("GET", in + "'Alpha','beta''s'])")), "0x0");
  EXPECT_EQ(Organization::code(org_.call("GET", in + "'back\\slash'])")), "0x0");
  EXPECT_EQ(where("name eq 'Alpha' or name eq 'beta''s'"), (Names{"Alpha", "beta's"}));
}

TEST_F(Query, FindsRowsByTheirIdsAsAnyOtherFilterDoes) {
  const std::string in = "Microsoft.Dynamics.CRM.In(PropertyName='opportunityid',PropertyValues=['";
  const std::string all =
      in + ids_[2] + "','" + ids_[0] + "','" + ids_[0] + "','" + ids_[1] + "','00000000-0000-0000-0000-00000000abcd'])";
  EXPECT_EQ(where(all), (Names{"Alpha", "beta's", "Gamma"})) << "each once, in the order of their creation";
  EXPECT_EQ(where(all + " and estimatedvalue gt 150"), (Names{"beta's", "Gamma"}));
  EXPECT_EQ(where(all + " or name eq 'Gamma'").size(), 3U);
  EXPECT_EQ(where("not " + in + ids_[0] + "'])"), (Names{"beta's", "Gamma"}));
  const Json page = org_.get("opportunities?$select=name&$filter=" + all, {{"Prefer", "odata.maxpagesize=2"}});
  ASSERT_EQ(page["value"].size(), 2U);
  const std::string next = page["@odata.nextLink"].get<std::string>();
  EXPECT_EQ(org_.column(next, "name"), Names{"Gamma"});
  org_.call("DELETE", "opportunities(" + ids_[0] + ")");
  EXPECT_EQ(where(all), (Names{"beta's", "Gamma"}));
}

TEST_F(Query, RefusesWhatItDoesNotUnderstand) {
  EXPECT_EQ(Organization::code(org_.call("GET", "opportunities?$select=Name")), "0x0");
  EXPECT_NE(Organization::message(org_.last).find(
                "Could not find a property named 'Name' on type 'Microsoft.Dynamics.CRM.opportunity'"),
            std::string::npos);
  EXPECT_EQ(Organization::code(org_.call("GET", "opportunities?$filter=parentaccountid eq " + account_)), "0x0");
  EXPECT_EQ(org_.call("GET", "opportunities?$filter=salesstage eq 'Develop'").status, 400);
  EXPECT_EQ(org_.call("GET", "opportunities?$filter=name eq 'open").status, 400);
  EXPECT_EQ(org_.call("GET", "opportunities?$filter=name eq").status, 400);
  EXPECT_EQ(org_.call("GET", "opportunities?$skip=5").status, 400);
  EXPECT_EQ(org_.call("GET", "opportunities?$expand=nothing").status, 400);
}

TEST_F(Query, OrdersAndLimits) {
  EXPECT_EQ(org_.column("opportunities?$select=name&$orderby=estimatedvalue desc", "name"),
            (Names{"Gamma", "beta's", "Alpha"}));
  EXPECT_EQ(org_.column("opportunities?$select=name&$orderby=salesstage,name desc&$top=2", "name"),
            (Names{"Gamma", "Alpha"}));
  EXPECT_FALSE(org_.get("opportunities?$top=1").contains("@odata.nextLink"));
}

TEST_F(Query, CountsUpToItsLimit) {
  EXPECT_EQ(org_.get("opportunities?$filter=estimatedvalue gt 100&$count=true&$top=1")["@odata.count"], 2);
  EXPECT_EQ(org_.call("GET", "opportunities/$count").body, "3");
  EXPECT_EQ(org_.call("GET", "opportunities/$count?$filter=name eq 'Alpha'").body, "1");
  EXPECT_EQ(org_.last.headers.get("Content-Type"), "text/plain");
}

TEST_F(Query, FollowsPagesWhileRowsComeAndGo) {
  const HeaderList two = {{"Prefer", "odata.maxpagesize=2"}};
  Json page = org_.get("opportunities?$select=name&$orderby=name&$top=1", two);
  ASSERT_EQ(page["value"].size(), 2U) << "a page size switches $top off";
  EXPECT_EQ(org_.last.headers.get("Preference-Applied"), "odata.maxpagesize=2");
  const std::string next = page["@odata.nextLink"].get<std::string>();
  EXPECT_TRUE(text::starts_with(next, "http://127.0.0.1:8080/api/data/v9.2/opportunities?$select=name&$orderby=name"));
  org_.call("DELETE", org_.path_of(ids_[0]));
  add("Aaa", 1, "2026-07-01", 0, false);
  add("Zeta", 1, "2026-07-01", 0, false);
  page = org_.get(next, two);
  ASSERT_EQ(page["value"].size(), 2U);
  EXPECT_EQ(page["value"][0]["name"], "Gamma");
  EXPECT_EQ(page["value"][1]["name"], "Zeta");
  EXPECT_FALSE(page.contains("@odata.nextLink"));
}

TEST_F(Query, ReadsEveryRowOnceWithoutAnOrder) {
  org_.set("page_size", 1);
  Names seen;
  std::string link = "opportunities?$select=name";
  for (int i = 0; i < 10 && !link.empty(); ++i) {
    const Json page = org_.get(link);
    for (const Json& row : page["value"]) seen.push_back(row["name"].get<std::string>());
    link = page.value("@odata.nextLink", "");
  }
  EXPECT_EQ(seen, (Names{"Alpha", "beta's", "Gamma"}));
  EXPECT_EQ(org_.call("GET", "opportunities?$skiptoken=nonsense").status, 400);
}

TEST_F(Query, ExpandsLookupsAndCollections) {
  const Json list = org_.get(
      "opportunities?$select=name&$expand=parentaccountid($select=name,address1_city),owninguser($select=fullname)&$"
      "orderby=name");
  EXPECT_EQ(list["value"][0]["parentaccountid"]["address1_city"], "Berlin");
  EXPECT_EQ(list["value"][0]["owninguser"]["fullname"], "Cosell Integration");
  EXPECT_TRUE(list["value"][1]["parentaccountid"].is_null());
  const Json account =
      org_.get("accounts(" + account_ + ")?$select=name&$expand=opportunity_parent_account($select=name)");
  EXPECT_EQ(account["opportunity_parent_account"].size(), 2U);
  EXPECT_EQ(org_.call("GET", "opportunities?$expand=ownerid($select=fullname)").status, 400)
      << "an owner is only a principal";
  EXPECT_TRUE(org_.get("opportunities?$expand=ownerid")["value"][0]["ownerid"].contains("ownerid"));
}

TEST_F(Query, AnnotatesInTheUsersLanguage) {
  const HeaderList all = {{"Prefer", "odata.include-annotations=\"*\""}};
  Json row = org_.get(
      "opportunities?$select=salesstage,estimatedvalue,estimatedclosedate,_parentaccountid_value,_customerid_value&$"
      "filter=name eq 'Alpha'",
      all)["value"][0];
  EXPECT_EQ(row["salesstage@OData.Community.Display.V1.FormattedValue"], "Qualify");
  EXPECT_EQ(row["estimatedvalue@OData.Community.Display.V1.FormattedValue"], "$100.00");
  EXPECT_EQ(row["estimatedclosedate@OData.Community.Display.V1.FormattedValue"], "7/1/2026");
  EXPECT_EQ(row["_parentaccountid_value@OData.Community.Display.V1.FormattedValue"], "Contoso");
  EXPECT_EQ(row["_parentaccountid_value@Microsoft.Dynamics.CRM.lookuplogicalname"], "account");
  EXPECT_EQ(row["_customerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty"], "customerid_account");
  org_.set("user_language", 1031);
  row = org_.get(
      "opportunities?$select=salesstage,estimatedvalue&$filter=name eq 'Alpha'",
      {{"Prefer",
        "odata.include-annotations=\"OData.Community.Display.V1.FormattedValue\",odata.maxpagesize=5"}})["value"][0];
  EXPECT_EQ(row["salesstage@OData.Community.Display.V1.FormattedValue"], "Qualifizieren");
  EXPECT_EQ(row["estimatedvalue@OData.Community.Display.V1.FormattedValue"], "100,00 $");
  EXPECT_FALSE(row.contains("_transactioncurrencyid_value@Microsoft.Dynamics.CRM.lookuplogicalname"));
}

TEST_F(Query, NamesItsContext) {
  const Json list = org_.get("opportunities?$select=name,estimatedvalue");
  EXPECT_EQ(
      list["@odata.context"],
      "http://127.0.0.1:8080/api/data/v9.2/$metadata#opportunities(name,estimatedvalue,_transactioncurrencyid_value)");
  EXPECT_EQ(org_.call("GET", "opportunities").headers.get("Content-Type"), "application/json; odata.metadata=minimal");
}

TEST_F(Query, TakesParameterAliases) {
  EXPECT_EQ(org_.column("opportunities?$select=name&$filter=name eq @p1&@p1='Gamma'", "name"), Names{"Gamma"});
  EXPECT_EQ(org_.call("GET", "opportunities?$filter=name eq @p1").status, 400);
}

TEST_F(Query, TellsWhichOfThePrivilegesTheUserHasAndHowFarTheyReach) {
  const std::string user = org_.get("WhoAmI")["UserId"];
  const auto asked = [&](const std::string& names) {
    return org_.call(
        "GET", "systemusers(" + user +
                   ")/Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByNames(PrivilegeNames=@p1)?@p1=" + names);
  };
  org_.set("missing_privileges", {"prvWriteOpportunity"});
  org_.set("organization_read", false);
  const Json answer = Json::parse(asked(R"(["prvWriteOpportunity","prvReadOpportunity","prvReadUser"])").body);
  EXPECT_EQ(answer["@odata.context"],
            "http://127.0.0.1:8080/api/data/v9.2/"
            "$metadata#Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByNamesResponse");
  const Json& held = answer["RolePrivileges"];
  ASSERT_EQ(held.size(), 2U);
  EXPECT_EQ(held[0]["PrivilegeName"], "prvReadOpportunity");
  EXPECT_EQ(held[0]["Depth"], "Local");
  EXPECT_EQ(held[1]["PrivilegeName"], "prvReadUser");
  EXPECT_EQ(held[1]["Depth"], "Global");
  EXPECT_EQ(asked(R"(["prvWriteOpportunties"])").status, 400);
  EXPECT_EQ(asked("prvReadUser").status, 400);
  org_.set("missing_privileges", {"prvReadUser"});
  EXPECT_EQ(asked(R"(["prvReadUser"])").status, 403);
}

TEST_F(Query, ATableThatNobodyOwnsHasNoPrivileges) {
  const Json table = org_.get("EntityDefinitions(LogicalName='processstage')?$select=OwnershipType");
  EXPECT_EQ(table["OwnershipType"], "None");
  org_.set("missing_privileges", {"prvReadProcessStage"});
  EXPECT_EQ(org_.call("GET", "processstages?$select=stagename").status, 200);
  const std::string ask = "systemusers(" + org_.get("WhoAmI")["UserId"].get<std::string>() +
                          ")/Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByNames(PrivilegeNames=@p1)?@p1=";
  EXPECT_EQ(org_.call("GET", ask + R"(["prvReadProcessStage"])").status, 400);
  EXPECT_EQ(org_.call("GET", ask + R"(["prvReadWorkflow"])").status, 200);
}

TEST_F(Query, NeedsTheReadPrivilege) {
  org_.set("missing_privileges", {"prvReadOpportunity"});
  EXPECT_EQ(org_.call("GET", "opportunities").status, 403);
  EXPECT_EQ(Organization::code(org_.last), "0x80040220");
  EXPECT_EQ(org_.call("GET", "accounts").status, 200);
}

}  // namespace
}  // namespace cosell::emulator
