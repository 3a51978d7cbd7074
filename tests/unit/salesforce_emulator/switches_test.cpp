// Switches of which only both positions together tell what they do.
#include "org.h"

namespace cosell::emulator {
namespace {

class SalesforceSwitches : public ::testing::Test {
 protected:
  std::string refusal(const std::string& object, const Json& fields) {
    const http::Response r = org.call("POST", "/sobjects/" + object, fields);
    return r.status == 201 ? "" : Org::code(Org::json(r));
  }
  Org org;
};

TEST_F(SalesforceSwitches, PreconditionFieldIsTheTimeThatConditionsCompare) {
  org.core->set("multi_currency", true);
  org.core->set("currencies", Json::array({"USD", "EUR"}));
  const auto currencies = org.column("SELECT Id FROM CurrencyType WHERE IsoCode = 'EUR'", "Id");
  ASSERT_EQ(currencies.size(), 1U);
  // A change of the organisation moves the system's stamp and not the time of the last edit.
  org.core->set("corporate_currency", "EUR");
  const std::string euro = "/sobjects/CurrencyType/" + currencies[0];
  const Json row = org.get(euro);
  ASSERT_EQ(row["LastModifiedDate"], "2024-01-01T00:00:00.000+0000");
  ASSERT_GT(row["SystemModstamp"].get<std::string>(), "2026");
  const std::vector<http::Header> since = {{"If-Modified-Since", "Mon, 01 Jan 2024 00:00:05 GMT"}};
  org.core->set("precondition_field", "SystemModstamp");
  EXPECT_EQ(org.call("GET", euro, nullptr, since).status, 200);
  org.core->set("precondition_field", "LastModifiedDate");
  EXPECT_EQ(org.call("GET", euro, nullptr, since).status, 304);
}

TEST_F(SalesforceSwitches, DuplicateRuleObjectsAreThoseThatTheRuleWatches) {
  org.create(org.deal("Twin"));
  org.create({{"Name", "Contoso"}}, "Account");
  org.core->set("duplicate_rule", "block");
  EXPECT_EQ(refusal("Opportunity", org.deal("Twin")), "");
  EXPECT_EQ(refusal("Account", {{"Name", "Contoso"}}), "DUPLICATES_DETECTED");
  org.core->set("duplicate_rule_objects", Json::array({"Opportunity"}));
  EXPECT_EQ(refusal("Opportunity", org.deal("Twin")), "DUPLICATES_DETECTED");
  EXPECT_EQ(refusal("Account", {{"Name", "Contoso"}}), "");
}

TEST_F(SalesforceSwitches, HiddenRowsAreLeftOutOfReadsAndNullWhereTheyAreReferredTo) {
  const std::string contact = org.create({{"LastName", "Berg"}}, "Contact");
  Json deal = org.deal("One");
  deal["ContactId"] = contact;
  deal["Cosell_Referral_Id__c"] = "ref-1";
  const std::string id = org.create(deal);
  const auto shown = [&] {
    return org.get("/query?q=SELECT+ContactId,Contact.LastName+FROM+Opportunity")["records"][0];
  };
  EXPECT_EQ(shown()["Contact"]["LastName"], "Berg");
  org.core->set("hidden_rows", Json::array({contact}));
  EXPECT_EQ(shown()["ContactId"], contact);
  EXPECT_TRUE(shown()["Contact"].is_null());
  EXPECT_EQ(org.call("GET", "/sobjects/Contact/" + contact).status, 404);
  EXPECT_TRUE(org.column("SELECT Id FROM Contact", "Id").empty());
  org.core->set("hidden_rows", Json::array({id}));
  const http::Response twin = org.call("POST", "/sobjects/Opportunity", deal);
  EXPECT_EQ(Org::json(twin)[0]["message"],
            "duplicate value found: <unknown> duplicates value on record with id: <unknown>");
}

TEST_F(SalesforceSwitches, SharesSessionsGivesTheTokenOfTheSessionUnderWay) {
  const auto logged_in = [&] {
    org.log_in();
    return org.token;
  };
  EXPECT_NE(logged_in(), logged_in());
  org.core->set("shares_sessions", true);
  EXPECT_EQ(logged_in(), logged_in());
}

TEST_F(SalesforceSwitches, WrongTypeRefusesTheCallOrItsRecord) {
  Json wrong = org.deal("Wrong");
  wrong["Amount"] = "much";
  Json body = {{"allOrNone", false}, {"records", Json::array({org.deal("Fine"), wrong})}};
  for (Json& record : body["records"]) record["attributes"] = {{"type", "Opportunity"}};
  http::Response r = org.call("POST", "/composite/sobjects", body);
  EXPECT_EQ(r.status, 400);
  EXPECT_EQ(Org::code(Org::json(r)), "JSON_PARSER_ERROR");
  EXPECT_TRUE(org.column("SELECT Id FROM Opportunity WHERE Name = 'Fine'", "Id").empty()) << "nothing was done";
  org.core->set("wrong_type_refuses", "record");
  r = org.call("POST", "/composite/sobjects", body);
  ASSERT_EQ(r.status, 200);
  EXPECT_EQ(Org::json(r)[0]["success"], true);
  EXPECT_EQ(Org::json(r)[1]["errors"][0]["statusCode"], "JSON_PARSER_ERROR");
}

}  // namespace
}  // namespace cosell::emulator
