// Creating, changing, upserting and deleting rows, with conditions, keys, lookups and the checks of values.
#include "tests/unit/dynamics365_emulator/organization.h"

namespace cosell::emulator {
namespace {

constexpr const char* kOwnId = "0f000000-0000-4000-8000-000000000001";

TEST(Dynamics365Rows, AreMadeWithAnAnswerThatEndsInTheirId) {
  Organization org;
  const auto r = org.call("POST", "opportunities", org.deal("Azure migration"));
  EXPECT_EQ(r.status, 204);
  EXPECT_TRUE(text::starts_with(r.headers.get("OData-EntityId"), "http://127.0.0.1:8080/api/data/v9.2/opportunities("));
  EXPECT_EQ(r.headers.get("OData-Version"), "4.0");
  EXPECT_FALSE(r.headers.get("x-ms-service-request-id").empty());
  EXPECT_EQ(org.column("opportunities", "name"), std::vector<std::string>{"Azure migration"});
}

TEST(Dynamics365Rows, ComeBackWholeWhenTheRepresentationIsAskedFor) {
  Organization org;
  const auto r = org.call("POST", "opportunities?$select=name,estimatedvalue", org.deal("Azure"), kRepresentation);
  const Json body = Organization::json(r);
  EXPECT_EQ(r.status, 201);
  EXPECT_TRUE(r.headers.get("OData-EntityId").empty());
  EXPECT_EQ(r.headers.get("Preference-Applied"), "return=representation");
  EXPECT_EQ(body["estimatedvalue"], 1000.5);
  EXPECT_EQ(body["@odata.etag"], r.headers.get("ETag"));
  EXPECT_TRUE(body.contains("_transactioncurrencyid_value"));
  EXPECT_FALSE(body.contains("statecode"));
}

TEST(Dynamics365Rows, StartOpenInTheBaseCurrencyOwnedByTheirMaker) {
  Organization org;
  const Json row = org.row(org.create(org.deal("New")));
  EXPECT_EQ(row["statecode"], 0);
  EXPECT_EQ(row["statuscode"], 1);
  EXPECT_EQ(row["cosell_sync"], false);
  EXPECT_EQ(row["isrevenuesystemcalculated"], false);
  EXPECT_EQ(row["_transactioncurrencyid_value"], org.currency("USD"));
  EXPECT_EQ(row["_ownerid_value"], org.get("WhoAmI()")["UserId"]);
  EXPECT_EQ(row["_modifiedby_value"], org.get("WhoAmI()")["UserId"]);
  EXPECT_EQ(row["createdon"], "2026-06-01T10:00:00Z");
}

TEST(Dynamics365Rows, AreMadeOnceUnderAnIdThatTheClientChose) {
  Organization org;
  const HeaderList only_new = {{"If-None-Match", "*"}};
  EXPECT_EQ(org.call("PATCH", org.path_of(kOwnId), org.deal("First"), only_new).status, 204);
  EXPECT_EQ(org.call("PATCH", org.path_of(kOwnId), org.deal("Again"), only_new).status, 412);
  EXPECT_EQ(Organization::code(org.last), "0x80040237");
  EXPECT_EQ(org.row(kOwnId)["name"], "First");
  Json body = org.deal("By POST");
  body["opportunityid"] = kOwnId;
  EXPECT_EQ(org.call("POST", "opportunities", body).status, 412);
}

TEST(Dynamics365Rows, AreUpsertedWithoutACondition) {
  Organization org;
  EXPECT_EQ(org.call("PATCH", org.path_of(kOwnId), org.deal("Made"), kRepresentation).status, 201);
  EXPECT_EQ(org.call("PATCH", org.path_of(kOwnId), Json{{"name", "Changed"}}, kRepresentation).status, 200);
  EXPECT_EQ(org.call("PATCH", org.path_of(kOwnId), Json{{"name", "Silent"}}).status, 204);
  EXPECT_EQ(org.row(kOwnId)["name"], "Silent");
}

TEST(Dynamics365Rows, AreOnlyChangedUnderTheVersionThatWasRead) {
  Organization org;
  const std::string id = org.create(org.deal("Deal"));
  const std::string read = org.row(id)["@odata.etag"].get<std::string>();
  org.control("edit", Json{{"id", id}, {"fields", {{"name", "A person was here"}}}});
  auto r = org.call("PATCH", org.path_of(id), Json{{"name", "Bridge"}}, {{"If-Match", read}});
  EXPECT_EQ(r.status, 412);
  EXPECT_EQ(Organization::code(r), "0x80060882");
  EXPECT_EQ(org.call("DELETE", org.path_of(id), nullptr, {{"If-Match", read}}).status, 412);
  const std::string present = org.row(id)["@odata.etag"].get<std::string>();
  EXPECT_EQ(org.call("PATCH", org.path_of(id), Json{{"name", "Bridge"}}, {{"If-Match", present}}).status, 204);
}

TEST(Dynamics365Rows, AreNotMadeByAnUpdateThatNeedsThem) {
  Organization org;
  const auto r = org.call("PATCH", org.path_of(kOwnId), Json{{"name", "x"}}, {{"If-Match", "*"}});
  EXPECT_EQ(r.status, 404);
  EXPECT_EQ(Organization::code(r), "0x80040217");
  EXPECT_TRUE(org.column("opportunities", "name").empty());
}

TEST(Dynamics365Rows, AreNotSentAgainWhenTheReaderHasTheVersion) {
  Organization org;
  const std::string id = org.create(org.deal("Deal"));
  const std::string etag = org.row(id)["@odata.etag"].get<std::string>();
  EXPECT_EQ(org.call("GET", org.path_of(id), nullptr, {{"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(org.call("GET", org.path_of(id), nullptr, {{"If-None-Match", "W/\"1\""}}).status, 200);
}

TEST(Dynamics365Rows, RiseInVersionOverAllTables) {
  Organization org;
  const std::string id = org.create(org.deal("Deal"));
  const auto first = org.row(id)["versionnumber"].get<std::int64_t>();
  org.create(Json{{"name", "Contoso"}}, "accounts");
  org.call("PATCH", org.path_of(id), Json{{"name", "Deal"}});
  const auto second = org.row(id)["versionnumber"].get<std::int64_t>();
  EXPECT_GT(second, first + 1) << "unchanged values raise the version, and so does a write to another table";
}

TEST(Dynamics365Rows, GoAwayAndAreMissingThen) {
  Organization org;
  const std::string id = org.create(org.deal("Deal"));
  EXPECT_EQ(org.call("DELETE", org.path_of(id)).status, 204);
  EXPECT_EQ(org.call("GET", org.path_of(id)).status, 404);
  EXPECT_EQ(org.call("DELETE", org.path_of(id)).status, 404);
}

TEST(Dynamics365Rows, AreFoundAndUpsertedByAlternateKey) {
  Organization org;
  const std::string key = "opportunities(cosell_referralid='abc-1')";
  EXPECT_EQ(org.call("GET", key).status, 404);
  EXPECT_EQ(Organization::code(org.last), "0x80060891");
  EXPECT_EQ(org.call("PATCH", key, org.deal("Keyed")).status, 204);
  EXPECT_TRUE(text::ends_with(org.last.headers.get("OData-EntityId"), "opportunities(cosell_referralid='abc-1')"));
  EXPECT_EQ(org.get(key)["cosell_referralid"], "abc-1");
  Json twin = org.deal("Twin");
  twin["cosell_referralid"] = "ABC-1";
  EXPECT_EQ(org.call("POST", "opportunities", twin).status, 412);
  EXPECT_EQ(Organization::code(org.last), "0x80060892");
  EXPECT_EQ(org.call("PATCH", key, twin, {{"If-None-Match", "*"}}).status, 412);
}

TEST(Dynamics365Rows, CannotBeAddressedByAKeyThatIsNoneOrNotBuiltYet) {
  Organization org;
  EXPECT_EQ(org.call("GET", "opportunities(name='x')").status, 400);
  EXPECT_TRUE(
      text::starts_with(Organization::message(org.last), "The key in the request URI is not valid for resource"));
  org.set("alternate_keys", "Pending");
  EXPECT_EQ(org.call("GET", "opportunities(cosell_referralid='x')").status, 400);
}

TEST(Dynamics365Rows, TakeLookupsByBinding) {
  Organization org;
  const std::string account = org.create(Json{{"name", "Contoso"}}, "accounts");
  Json deal = org.deal("Deal");
  deal["parentaccountid@odata.bind"] = "/accounts(" + account + ")";
  const std::string id = org.create(deal);
  EXPECT_EQ(org.row(id)["_parentaccountid_value"], account);
  EXPECT_EQ(org.row(id)["_customerid_value"], account) << "the potential customer follows the account";
  org.call("PATCH", org.path_of(id), Json{{"parentaccountid", nullptr}});
  EXPECT_TRUE(org.row(id)["_parentaccountid_value"].is_null());
  EXPECT_EQ(org.call("PUT", org.path_of(id) + "/parentaccountid/$ref",
                     Json{{"@odata.id", "http://127.0.0.1:8080/api/data/v9.2/accounts(" + account + ")"}})
                .status,
            204);
  EXPECT_EQ(org.get(org.path_of(id) + "/parentaccountid?$select=name")["name"], "Contoso");
  EXPECT_EQ(org.call("DELETE", org.path_of(id) + "/parentaccountid/$ref").status, 204);
  EXPECT_TRUE(org.row(id)["_parentaccountid_value"].is_null());
}

TEST(Dynamics365Rows, RefuseBindingsThatDoNotFit) {
  Organization org;
  const std::string account = org.create(Json{{"name", "Contoso"}}, "accounts");
  const auto code_with = [&](const char* property, const std::string& target) {
    Json deal = org.deal("Deal");
    deal[property] = target;
    return Organization::code(org.call("POST", "opportunities", deal));
  };
  EXPECT_EQ(code_with("customerid@odata.bind", "/accounts(" + account + ")"), "0x80048d19");
  EXPECT_EQ(code_with("customerid_contact@odata.bind", "/accounts(" + account + ")"), "0x80048d19");
  EXPECT_EQ(code_with("parentaccountid@odata.bind", std::string("/accounts(") + kOwnId + ")"), "0x80040217");
  EXPECT_EQ(code_with("parentaccountid@odata.bind", "/nothings(" + account + ")"), "0x8006088a");
  EXPECT_EQ(code_with("_parentaccountid_value", account), "0x80048d19");
  EXPECT_TRUE(org.column("opportunities", "name").empty());
}

TEST(Dynamics365Rows, MakeRelatedRowsAlongTheWayOrNothing) {
  Organization org;
  Json deal = org.deal("Deal");
  deal["parentaccountid"] = Json{{"name", "Made along"}};
  org.create(deal);
  EXPECT_EQ(org.column("accounts", "name"), std::vector<std::string>{"Made along"});
  deal["parentaccountid"] = Json{{"name", "Not made"}};
  deal["statuscode"] = 3;
  EXPECT_EQ(org.call("POST", "opportunities", deal).status, 400);
  EXPECT_EQ(org.column("accounts", "name").size(), 1U);
}

TEST(Dynamics365Rows, CheckEveryValueAgainstItsColumn) {
  Organization org;
  const auto code_of = [&](const char* column, const Json& value) {
    Json deal = org.deal("Deal");
    deal[column] = value;
    return Organization::code(org.call("POST", "opportunities", deal));
  };
  EXPECT_EQ(code_of("name", std::string(301, 'x')), "0x80044331");
  EXPECT_EQ(code_of("name", std::string(300, 'x')), "");
  EXPECT_EQ(code_of("salesstage", 9), "0x8004431a");
  EXPECT_EQ(code_of("salesstage", "Develop"), "0x80048d19") << "choices are numbers on the wire";
  EXPECT_EQ(code_of("estimatedvalue", "12"), "0x80048d19");
  EXPECT_EQ(code_of("estimatedvalue", 2e12), "0x80044330");
  EXPECT_EQ(code_of("closeprobability", 101), "0x8004432f");
  EXPECT_EQ(code_of("closeprobability", 50.5), "0x80048d19");
  EXPECT_EQ(code_of("estimatedclosedate", "2026-11-30T00:00:00Z"), "0x80048d19") << "a date without a time";
  EXPECT_EQ(code_of("cosell_sync", 1), "0x80048d19");
  EXPECT_EQ(code_of("Name", "wrong case"), "0x0");
  EXPECT_EQ(code_of("createdon", "2026-01-01T00:00:00Z"), "0x80040203");
  EXPECT_EQ(code_of("statecode", 1), "0x80040203");
}

TEST(Dynamics365Rows, CountTextInUtf16Units) {
  Organization org;
  std::string emojis;
  for (int i = 0; i < 18; ++i) emojis += "\xF0\x9F\x98\x80";
  Json deal = org.deal("Deal");
  deal["cosell_referralid"] = emojis;
  EXPECT_EQ(org.call("POST", "opportunities", deal).status, 204) << "18 emojis are 36 units";
  deal["cosell_referralid"] = emojis + "x";
  EXPECT_EQ(Organization::code(org.call("POST", "opportunities", deal)), "0x80044331");
}

TEST(Dynamics365Rows, IgnoreReadOnlyColumnsWhereTheOrganisationDoes) {
  Organization org;
  org.set("read_only_writes", "ignore");
  Json deal = org.deal("Deal");
  deal["createdon"] = "2020-01-01T00:00:00Z";
  EXPECT_EQ(org.row(org.create(deal))["createdon"], "2026-06-01T10:00:00Z");
}

TEST(Dynamics365Rows, ReadAndWriteSingleColumns) {
  Organization org;
  const std::string id = org.create(org.deal("Deal"));
  EXPECT_EQ(org.get(org.path_of(id) + "/name")["value"], "Deal");
  EXPECT_EQ(org.call("PUT", org.path_of(id) + "/name", Json{{"value", "Renamed"}}).status, 204);
  EXPECT_EQ(org.call("DELETE", org.path_of(id) + "/estimatedvalue").status, 204);
  EXPECT_EQ(org.row(id)["name"], "Renamed");
  EXPECT_EQ(org.call("GET", org.path_of(id) + "/estimatedvalue").status, 204);
}

TEST(Dynamics365Rows, AnswerWrongVerbsAndUnknownResources) {
  Organization org;
  EXPECT_EQ(org.call("PATCH", "opportunities", Json::object()).status, 405);
  EXPECT_EQ(org.call("GET", "opportunity").status, 404);
  EXPECT_EQ(Organization::code(org.last), "0x8006088a");
  EXPECT_EQ(org.call("POST", "WhoAmI", Json::object()).status, 404);
  EXPECT_EQ(Organization::code(org.last), "");
}

TEST(Dynamics365Rows, AreWrittenForTheUserWhomTheRequestNames) {
  Organization org;
  const std::string mia = org.column("systemusers?$filter=fullname eq 'Mia Berger'", "systemuserid").front();
  const std::string id = org.create(org.deal("Deal"));
  EXPECT_EQ(org.call("PATCH", org.path_of(id), Json{{"name", "x"}}, {{"MSCRMCallerID", mia}}).status, 204);
  EXPECT_EQ(org.row(id)["_modifiedby_value"], mia);
  EXPECT_EQ(org.call("PATCH", org.path_of(id), Json{{"name", "x"}}, {{"MSCRMCallerID", kOwnId}}).status, 403);
}

TEST(Dynamics365Rows, MakeAndChangeManyAtOnceOrNone) {
  Organization org;
  const auto target = [](Json fields) {
    fields["@odata.type"] = "Microsoft.Dynamics.CRM.opportunity";
    return fields;
  };
  auto r = org.call("POST", "opportunities/Microsoft.Dynamics.CRM.CreateMultiple",
                    Json{{"Targets", {target(org.deal("One")), target(org.deal("Two"))}}});
  ASSERT_EQ(r.status, 200);
  const Json ids = Organization::json(r)["Ids"];
  ASSERT_EQ(ids.size(), 2U);
  const Json good{{"opportunityid", ids[0]}, {"name", "Changed"}};
  const Json bad{{"opportunityid", ids[1]}, {"salesstage", 99}};
  r = org.call("POST", "opportunities/Microsoft.Dynamics.CRM.UpdateMultiple",
               Json{{"Targets", {target(good), target(bad)}}});
  EXPECT_EQ(r.status, 400);
  EXPECT_EQ(org.row(ids[0].get<std::string>())["name"], "One") << "one bad row takes all back";
  r = org.call(
      "POST", "opportunities/Microsoft.Dynamics.CRM.UpsertMultiple",
      Json{{"Targets", {target(Json{{"@odata.id", "opportunities(cosell_referralid='n')"}, {"name", "Upserted"}})}}});
  EXPECT_EQ(r.status, 204);
  EXPECT_EQ(org.get("opportunities(cosell_referralid='n')")["name"], "Upserted");
  EXPECT_EQ(
      org.call("POST", "opportunities/Microsoft.Dynamics.CRM.CreateMultiple", Json{{"Targets", {org.deal("No type")}}})
          .status,
      400);
}

TEST(Dynamics365Rows, WithPartsInUseStay) {
  Organization org;
  const std::string account = org.create(Json{{"name", "Contoso"}}, "accounts");
  Json deal = org.deal("Deal");
  deal["customerid_account@odata.bind"] = "/accounts(" + account + ")";
  const std::string id = org.create(deal);
  EXPECT_EQ(org.call("DELETE", "accounts(" + account + ")").status, 405);
  org.call("DELETE", org.path_of(id));
  EXPECT_EQ(org.call("DELETE", "accounts(" + account + ")").status, 204);
}

}  // namespace
}  // namespace cosell::emulator
