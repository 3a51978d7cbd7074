// Single records: create, change, delete, upsert, and the rules that an org puts in the way.
#include "org.h"

namespace cosell::emulator {
namespace {

class SalesforceRecords : public ::testing::Test {
 protected:
  Json read(const std::string& id) { return org.get("/sobjects/Opportunity/" + id); }
  http::Response patch(const std::string& id, const Json& fields, const std::vector<http::Header>& headers = {}) {
    return org.call("PATCH", "/sobjects/Opportunity/" + id, fields, headers);
  }
  Json create_refused(const Json& fields, const std::string& object = "Opportunity") {
    const http::Response r = org.call("POST", "/sobjects/" + object, fields);
    EXPECT_EQ(r.status, 400) << r.body;
    return Org::json(r);
  }
  Json with(Json fields, const char* name, Json value) {
    fields[name] = std::move(value);
    return fields;
  }
  Org org;
};

TEST_F(SalesforceRecords, CreatesWithAnIdWhoseCheckCharactersAreRight) {
  const http::Response r = org.call("POST", "/sobjects/Opportunity", org.deal("One"));
  ASSERT_EQ(r.status, 201);
  const Json body = Org::json(r);
  EXPECT_EQ(body["success"], true);
  EXPECT_EQ(body["errors"], Json::array());
  const std::string id = body["id"];
  EXPECT_EQ(id.substr(0, 3), "006");
  ASSERT_EQ(id.size(), 18U);
  EXPECT_EQ(r.headers.get("Location"), "/services/data/v64.0/sobjects/Opportunity/" + id);
  // 006Ko + zeros + counter: only K of the first group is upper case (bit 3), so the first check character is I.
  EXPECT_EQ(id.substr(0, 5), "006Ko");
  EXPECT_EQ(id[15], 'I');
  EXPECT_EQ(read(id.substr(0, 15))["Id"], id);
  EXPECT_EQ(read(text::lower_ascii(id))["Id"], id);
}

TEST_F(SalesforceRecords, NamesEveryMissingRequiredField) {
  const Json errors = create_refused({{"Amount", 5}});
  EXPECT_EQ(Org::code(errors), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(errors[0]["fields"], (Json{"Name", "StageName", "CloseDate"}));
  const std::string id = org.create(org.deal("One"));
  patch(id, {{"StageName", nullptr}});
  EXPECT_EQ(org.last.status, 400);
  EXPECT_EQ(Org::code(Org::json(org.last)), "REQUIRED_FIELD_MISSING");
}

TEST_F(SalesforceRecords, DerivesProbabilityForecastAndFlagsFromTheStage) {
  const std::string id = org.create(with(org.deal("One"), "Amount", 1000));
  Json row = read(id);
  EXPECT_EQ(row["Probability"], 10.0);
  EXPECT_EQ(row["ForecastCategory"], "Pipeline");
  EXPECT_EQ(row["ExpectedRevenue"], 100.0);
  EXPECT_EQ(row["FiscalQuarter"], 4);
  EXPECT_EQ(patch(id, {{"StageName", "Closed Won"}}).status, 204);
  row = read(id);
  EXPECT_EQ(row["IsClosed"], true);
  EXPECT_EQ(row["IsWon"], true);
  EXPECT_EQ(row["Probability"], 100.0);
  EXPECT_EQ(row["ForecastCategoryName"], "Closed");
  EXPECT_EQ(patch(id, {{"StageName", "Qualification"}, {"Probability", 35}}).status, 204);
  row = read(id);
  EXPECT_EQ(row["IsClosed"], false);
  EXPECT_EQ(row["Probability"], 35.0);
}

TEST_F(SalesforceRecords, RefusesFieldsThatNobodyMaySet) {
  const std::string id = org.create(org.deal("One"));
  for (const char* field : {"IsWon", "IsClosed", "ForecastCategory", "ExpectedRevenue", "SystemModstamp"}) {
    patch(id, {{field, true}});
    EXPECT_EQ(org.last.status, 400) << field;
    EXPECT_EQ(Org::code(Org::json(org.last)), "INVALID_FIELD_FOR_INSERT_UPDATE") << field;
  }
  patch(id, {{"Nothing__c", 1}});
  EXPECT_EQ(Org::code(Org::json(org.last)), "INVALID_FIELD");
  patch(id, {{"Id", id}});
  EXPECT_EQ(org.last.status, 400);
}

TEST_F(SalesforceRecords, TrimsTextsAndTurnsEmptyOnesIntoNull) {
  const std::string id = org.create(with(with(org.deal("  One "), "NextStep", ""), "Description", "a\r\nb  "));
  const Json row = read(id);
  EXPECT_EQ(row["Name"], "One");
  EXPECT_TRUE(row["NextStep"].is_null());
  EXPECT_EQ(row["Description"], "a\r\nb");
}

TEST_F(SalesforceRecords, CountsCharactersNotBytesAgainstTheLength) {
  std::string name;
  for (int i = 0; i < 120; ++i) name += "\xC3\xBC";
  org.create(org.deal(name));
  const Json errors = create_refused(org.deal(name + "x"));
  EXPECT_EQ(Org::code(errors), "STRING_TOO_LONG");
  EXPECT_EQ(errors[0]["fields"], Json{"Name"});
  EXPECT_EQ(Org::code(create_refused(with(org.deal("One"), "Cosell_Referral_Id__c", std::string(37, 'a')))),
            "STRING_TOO_LONG");
}

TEST_F(SalesforceRecords, RefusesValuesOfTheWrongForm) {
  EXPECT_EQ(Org::code(create_refused(with(org.deal("One"), "Amount", "much"))), "JSON_PARSER_ERROR");
  EXPECT_EQ(Org::code(create_refused(with(org.deal("One"), "CloseDate", "2026-02-30"))), "JSON_PARSER_ERROR");
  EXPECT_EQ(Org::code(create_refused(with(org.deal("One"), "Amount", 1e17))), "NUMBER_OUTSIDE_VALID_RANGE");
  EXPECT_EQ(Org::code(create_refused(with(org.deal("One"), "AccountId", "nonsense"))), "MALFORMED_ID");
  EXPECT_EQ(Org::code(create_refused(with(org.deal("One"), "AccountId", "001000000000001AAA"))),
            "INVALID_CROSS_REFERENCE_KEY");
  EXPECT_EQ(Org::code(create_refused({{"LastName", "B"}, {"Email", "not an address"}}, "Contact")),
            "INVALID_EMAIL_ADDRESS");
}

TEST_F(SalesforceRecords, KeepsMoneyToTheCent) {
  const std::string id = org.create(with(org.deal("One"), "Amount", 1234567.895));
  EXPECT_EQ(read(id)["Amount"].dump(), "1234567.9");
  patch(id, {{"Amount", 99.99}});
  EXPECT_EQ(read(id)["Amount"].dump(), "99.99");
}

TEST_F(SalesforceRecords, IgnoresTheAmountOfADealWithProducts) {
  const std::string id = org.create(with(org.deal("One"), "Amount", 10));
  org.control("edit", {{"id", id}, {"fields", {{"HasOpportunityLineItem", true}}}});
  EXPECT_EQ(patch(id, {{"Amount", 20}, {"NextStep", "call"}}).status, 204);
  EXPECT_EQ(read(id)["Amount"], 10.0);
  EXPECT_EQ(read(id)["NextStep"], "call");
}

TEST_F(SalesforceRecords, RestrictsPicklistsOnlyWhileTheSwitchIsOn) {
  Json odd = org.deal("One");
  odd["StageName"] = "Daydreaming";
  EXPECT_EQ(Org::code(create_refused(odd)), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
  ASSERT_EQ(org.core->set("restricted_picklists", false), "");
  const Json row = read(org.create(odd));
  EXPECT_EQ(row["StageName"], "Daydreaming");
  EXPECT_EQ(row["IsClosed"], false);
  EXPECT_EQ(Org::code(create_refused(with(odd, "CurrencyIsoCode", "XXX"))), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
}

TEST_F(SalesforceRecords, KnowsCurrenciesOnlyInAMultiCurrencyOrg) {
  EXPECT_EQ(read(org.create(org.deal("One")))["CurrencyIsoCode"], "USD");
  EXPECT_EQ(read(org.create(with(org.deal("Two"), "CurrencyIsoCode", "EUR")))["CurrencyIsoCode"], "EUR");
  EXPECT_EQ(org.column("SELECT IsoCode FROM CurrencyType WHERE IsCorporate = true", "IsoCode"),
            std::vector<std::string>{"USD"});
  ASSERT_EQ(org.core->set("multi_currency", false), "");
  EXPECT_EQ(Org::code(org.query("SELECT CurrencyIsoCode FROM Opportunity")), "INVALID_FIELD");
  EXPECT_EQ(Org::code(org.query("SELECT Id FROM CurrencyType")), "INVALID_TYPE");
  EXPECT_EQ(Org::code(create_refused(with(org.deal("One"), "CurrencyIsoCode", "EUR"))), "INVALID_FIELD");
}

TEST_F(SalesforceRecords, HidesMissingColumnsEverywhere) {
  ASSERT_EQ(org.core->set("missing_columns", {"Cosell_State__c"}), "");
  EXPECT_EQ(Org::code(org.query("SELECT Cosell_State__c FROM Opportunity")), "INVALID_FIELD");
  EXPECT_EQ(Org::code(create_refused(with(org.deal("One"), "Cosell_State__c", "x"))), "INVALID_FIELD");
  for (const Json& field : Json(org.get("/sobjects/Opportunity/describe")["fields"]))
    EXPECT_NE(field["name"], "Cosell_State__c");
}

TEST_F(SalesforceRecords, AnswersTheOrgsOwnRuleWithItsOwnWords) {
  ASSERT_EQ(
      org.core->set(
          "validation_rules",
          Json::array({{{"field", "Amount"}, {"operator", ">"}, {"value", 500}, {"message", "Ask Finance first."}}})),
      "");
  const Json errors = create_refused(with(org.deal("One"), "Amount", 501));
  EXPECT_EQ(Org::code(errors), "FIELD_CUSTOM_VALIDATION_EXCEPTION");
  EXPECT_EQ(errors[0]["message"], "Ask Finance first.");
  org.create(with(org.deal("Two"), "Amount", 500));
}

TEST_F(SalesforceRecords, LocksRowsAsToldAndThenNoMore) {
  const std::string id = org.create(org.deal("One"));
  org.core->set("lock_next_writes", 1);
  EXPECT_EQ(patch(id, {{"NextStep", "a"}}).status, 400);
  EXPECT_EQ(Org::code(Org::json(org.last)), "UNABLE_TO_LOCK_ROW");
  EXPECT_EQ(patch(id, {{"NextStep", "a"}}).status, 204);
  org.core->set("locked_ids", {id});
  EXPECT_EQ(patch(id, {{"NextStep", "b"}}).status, 400);
  EXPECT_EQ(read(id)["NextStep"], "a");
  org.control("edit", {{"id", id}, {"fields", {{"NextStep", "by a person"}}}});
  EXPECT_EQ(read(id)["NextStep"], "by a person");
}

TEST_F(SalesforceRecords, DetectsDuplicateAccountsUnlessToldToSave) {
  org.create({{"Name", "Contoso"}}, "Account");
  org.core->set("duplicate_rule", "alert");
  EXPECT_EQ(Org::code(create_refused({{"Name", "CONTOSO"}}, "Account")), "DUPLICATES_DETECTED");
  const std::vector<http::Header> save = {{"Sforce-Duplicate-Rule-Header", "allowSave=true"}};
  EXPECT_EQ(org.call("POST", "/services/data/v51.0/sobjects/Account", {{"Name", "contoso"}}, save).status, 400);
  EXPECT_EQ(org.call("POST", "/services/data/v52.0/sobjects/Account", {{"Name", "contoso"}}, save).status, 201);
  // A part of a composite does not take over the header of the whole.
  const Json part = {{"method", "POST"},
                     {"url", "/services/data/v64.0/sobjects/Account"},
                     {"referenceId", "one"},
                     {"body", {{"Name", "contoso"}}}};
  const auto in_composite = [&](const Json& sub) {
    const Json body = {{"compositeRequest", Json::array({sub})}};
    return Org::json(org.call("POST", "/composite", body, save))["compositeResponse"][0]["httpStatusCode"];
  };
  EXPECT_EQ(in_composite(part), 400);
  Json told = part;
  told["httpHeaders"] = {{"Sforce-Duplicate-Rule-Header", "allowSave=true"}};
  EXPECT_EQ(in_composite(told), 201);
  org.core->set("duplicate_rule", "block");
  EXPECT_EQ(org.call("POST", "/sobjects/Account", {{"Name", "contoso"}}, save).status, 400);
}

TEST_F(SalesforceRecords, RefusesInactiveOwners) {
  const Json users = org.query("SELECT Id, IsActive FROM User WHERE IsActive = false");
  ASSERT_GE(users["totalSize"].get<int>(), 1);
  EXPECT_EQ(Org::code(create_refused(with(org.deal("One"), "OwnerId", users["records"][0]["Id"]))),
            "INACTIVE_OWNER_OR_USER");
}

TEST_F(SalesforceRecords, DeletesOnce) {
  const std::string id = org.create(org.deal("One"));
  EXPECT_EQ(org.call("DELETE", "/sobjects/Opportunity/" + id).status, 204);
  EXPECT_EQ(org.call("DELETE", "/sobjects/Opportunity/" + id).status, 404);
  EXPECT_EQ(Org::code(Org::json(org.last)), "ENTITY_IS_DELETED");
  EXPECT_EQ(patch(id, {{"NextStep", "x"}}).status, 404);
  EXPECT_EQ(org.call("GET", "/sobjects/Opportunity/006000000000001AAA").status, 404);
  EXPECT_EQ(Org::code(Org::json(org.last)), "NOT_FOUND");
  org.control("undelete", {{"id", id}});
  EXPECT_EQ(read(id)["Name"], "One");
}

TEST_F(SalesforceRecords, DeletesTheDealsOfADeletedAccount) {
  const std::string account = org.create({{"Name", "Contoso"}}, "Account");
  const std::string deal = org.create(with(org.deal("One"), "AccountId", account));
  EXPECT_EQ(org.call("DELETE", "/sobjects/Account/" + account).status, 204);
  EXPECT_EQ(org.call("GET", "/sobjects/Opportunity/" + deal).status, 404);
}

TEST_F(SalesforceRecords, UpsertsByExternalId) {
  const std::string path = "/sobjects/Opportunity/Cosell_Referral_Id__c/aBc-1";
  http::Response r = org.call("PATCH", path, org.deal("One"));
  EXPECT_EQ(r.status, 201);
  EXPECT_EQ(Org::json(r)["created"], true);
  const std::string id = Org::json(r)["id"];
  r = org.call("PATCH", "/sobjects/Opportunity/Cosell_Referral_Id__c/ABC-1", {{"NextStep", "call"}});
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(Org::json(r)["created"], false);
  EXPECT_EQ(Org::json(r)["id"], id);
  EXPECT_EQ(org.get(path)["Cosell_Referral_Id__c"], "aBc-1");
  EXPECT_EQ(org.call("PATCH", path, {{"Cosell_Referral_Id__c", "x"}}).status, 400);
  EXPECT_EQ(org.call("PATCH", path, {{"Id", id}}).status, 400);
  EXPECT_EQ(
      org.call("PATCH", "/sobjects/Opportunity/Cosell_Referral_Id__c/new?updateOnly=true", org.deal("Two")).status,
      404);
}

TEST_F(SalesforceRecords, AnswersWithAllMatchesOfAnExternalIdThatIsNotUnique) {
  org.control("field", {{"name", "Old_Key__c"}, {"external_id", true}});
  const std::string a = org.create(with(org.deal("A"), "Old_Key__c", "7"));
  const std::string b = org.create(with(org.deal("B"), "Old_Key__c", "7"));
  const http::Response r = org.call("PATCH", "/sobjects/Opportunity/Old_Key__c/7", {{"NextStep", "x"}});
  EXPECT_EQ(r.status, 300);
  EXPECT_EQ(Org::json(r),
            (Json{"/services/data/v64.0/sobjects/Opportunity/" + a, "/services/data/v64.0/sobjects/Opportunity/" + b}));
}

TEST_F(SalesforceRecords, KeepsUniqueValuesUniqueWhateverTheirCase) {
  const std::string first = org.create(with(org.deal("A"), "Cosell_Referral_Id__c", "abc"));
  const Json errors = create_refused(with(org.deal("B"), "Cosell_Referral_Id__c", "ABC"));
  EXPECT_EQ(Org::code(errors), "DUPLICATE_VALUE");
  EXPECT_NE(errors[0]["message"].get<std::string>().find(first.substr(0, 15)), std::string::npos);
  org.call("DELETE", "/sobjects/Opportunity/" + first);
  org.create(with(org.deal("B"), "Cosell_Referral_Id__c", "ABC"));
  org.control("undelete", {{"id", first}});
  EXPECT_EQ(org.control_status, 400);
}

TEST_F(SalesforceRecords, ChecksConditionalHeadersToTheSecond) {
  const std::string id = org.create(org.deal("One"));
  org.clock.advance(seconds(10));
  const http::Header stale{"If-Unmodified-Since", "Mon, 01 Jun 2026 09:59:59 GMT"};
  const http::Header current{"If-Unmodified-Since", "Mon, 01 Jun 2026 10:00:00 GMT"};
  EXPECT_EQ(patch(id, {{"NextStep", "x"}}, {stale}).status, 412);
  EXPECT_EQ(patch(id, {{"NextStep", "x"}}, {current}).status, 204);
  EXPECT_EQ(patch(id, {{"NextStep", "y"}}, {current}).status, 412);
  EXPECT_EQ(patch(id, {{"NextStep", "y"}}, {{"If-Unmodified-Since", "yesterday"}}).status, 400);
  EXPECT_EQ(
      org.call("GET", "/sobjects/Opportunity/" + id, nullptr, {{"If-Modified-Since", "Mon, 01 Jun 2026 10:00:10 GMT"}})
          .status,
      304);
  EXPECT_EQ(read(id)["NextStep"], "x");
}

TEST_F(SalesforceRecords, StampsEveryWriteWithTheWriter) {
  const std::string id = org.create(org.deal("One"));
  const Json before = read(id);
  org.clock.advance(milliseconds(61'900));
  org.control("edit", {{"id", id}, {"fields", {{"NextStep", "call"}}}});
  const Json after = read(id);
  EXPECT_EQ(after["SystemModstamp"], "2026-06-01T10:01:01.000+0000");
  EXPECT_EQ(after["CreatedDate"], before["CreatedDate"]);
  EXPECT_NE(after["LastModifiedById"], before["LastModifiedById"]);
  EXPECT_EQ(after["CreatedById"], before["CreatedById"]);
}

TEST_F(SalesforceRecords, LinksParentsByTheirExternalId) {
  org.control("field", {{"object", "Account"}, {"name", "Number__c"}, {"external_id", true}, {"unique", true}});
  const std::string account = org.create({{"Name", "Contoso"}, {"Number__c", "77"}}, "Account");
  const std::string id = org.create(with(org.deal("One"), "Account", {{"Number__c", "77"}}));
  EXPECT_EQ(read(id)["AccountId"], account);
  EXPECT_EQ(org.call("POST", "/sobjects/Opportunity", with(org.deal("One"), "Account", {{"Number__c", "78"}})).status,
            400);
}

TEST_F(SalesforceRecords, KeepsTheHistoryOfStageAndAmount) {
  const std::string id = org.create(with(org.deal("One"), "Amount", 10));
  patch(id, {{"NextStep", "no history"}});
  patch(id, {{"Amount", 20}});
  const Json rows = org.query("SELECT Amount, PrevAmount FROM OpportunityHistory WHERE OpportunityId = '" + id + "'");
  ASSERT_EQ(rows["totalSize"], 2);
  EXPECT_EQ(rows["records"][1]["PrevAmount"], 10.0);
  EXPECT_EQ(rows["records"][1]["Amount"], 20.0);
}

}  // namespace
}  // namespace cosell::emulator
