// Many records in one call: collections, composite with references, batch.
#include "org.h"

namespace cosell::emulator {
namespace {

Json record(Json fields) {
  Json out = Json{{"attributes", {{"type", "Opportunity"}}}};
  for (const auto& member : fields.items()) out[member.key()] = member.value();
  return out;
}

Json sub(const char* method, const std::string& url, const char* reference, Json body = nullptr) {
  Json out = Json{{"method", method}, {"url", "/services/data/v64.0" + url}, {"referenceId", reference}};
  if (!body.is_null()) out["body"] = std::move(body);
  return out;
}

class SalesforceCollections : public ::testing::Test {
 protected:
  Json send(const char* method, const std::string& path, const Json& body) {
    return Org::json(org.call(method, path, body));
  }
  Json composite(const Json& subs, bool all_or_none = false) {
    return send("POST", "/composite", {{"allOrNone", all_or_none}, {"compositeRequest", subs}});
  }
  std::size_t deals() { return org.query("SELECT COUNT() FROM Opportunity")["totalSize"]; }
  Org org;
};

TEST_F(SalesforceCollections, AnswersEachRecordInItsPlace) {
  const Json rows = send(
      "POST", "/composite/sobjects",
      {{"allOrNone", false}, {"records", {record(org.deal("A")), record({{"Name", "B"}}), record(org.deal("C"))}}});
  EXPECT_EQ(org.last.status, 200);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0]["success"], true);
  EXPECT_EQ(rows[1]["success"], false);
  EXPECT_EQ(rows[1]["errors"][0]["statusCode"], "REQUIRED_FIELD_MISSING");
  EXPECT_FALSE(rows[1]["errors"][0].contains("errorCode"));
  EXPECT_EQ(rows[2]["success"], true);
  EXPECT_EQ(deals(), 2U);
}

TEST_F(SalesforceCollections, RollsEverythingBackWhenAllOrNoneFails) {
  const std::string id = org.create(org.deal("Old"));
  const Json rows = send(
      "PATCH", "/composite/sobjects",
      {{"allOrNone", true},
       {"records", {record({{"id", id}, {"Name", "New"}}), record({{"id", "006000000000001AAA"}, {"Name", "x"}})}}});
  EXPECT_EQ(rows[0]["errors"][0]["statusCode"], "ALL_OR_NONE_OPERATION_ROLLED_BACK");
  EXPECT_EQ(rows[1]["errors"][0]["statusCode"], "INVALID_CROSS_REFERENCE_KEY");
  EXPECT_EQ(org.get("/sobjects/Opportunity/" + id)["Name"], "Old");
  send("POST", "/composite/sobjects",
       {{"allOrNone", true}, {"records", {record(org.deal("A")), record({{"Name", "B"}})}}});
  EXPECT_EQ(deals(), 1U);
}

TEST_F(SalesforceCollections, TakesAtMostTwoHundredRecords) {
  Json records = Json::array();
  for (int i = 0; i < 201; ++i) records.push_back(record(org.deal("D" + std::to_string(i))));
  EXPECT_EQ(Org::code(send("POST", "/composite/sobjects", {{"records", records}})), "EXCEEDED_ID_LIMIT");
  EXPECT_EQ(org.last.status, 400);
  EXPECT_EQ(deals(), 0U);
  records.erase(0);
  EXPECT_EQ(send("POST", "/composite/sobjects", {{"records", records}}).size(), 200U);
  EXPECT_EQ(deals(), 200U);
}

TEST_F(SalesforceCollections, UpsertsByExternalIdWithMixedResults) {
  const Json rows = [&] {
    send("PATCH", "/composite/sobjects/Opportunity/Cosell_Referral_Id__c",
         {{"records",
           {record({{"Cosell_Referral_Id__c", "r1"},
                    {"Name", "A"},
                    {"StageName", "Prospecting"},
                    {"CloseDate", "2026-09-01"}})}}});
    return send(
        "PATCH", "/composite/sobjects/Opportunity/Cosell_Referral_Id__c",
        {{"records",
          {record({{"Cosell_Referral_Id__c", "R1"}, {"NextStep", "again"}}), record({{"Cosell_Referral_Id__c", "r2"}}),
           record({{"Name", "no key"}}), record({{"Cosell_Referral_Id__c", "r1"}, {"NextStep", "twice"}})}}});
  }();
  EXPECT_EQ(rows[0]["created"], false);
  EXPECT_EQ(rows[0]["success"], true);
  EXPECT_EQ(rows[1]["errors"][0]["statusCode"], "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(rows[2]["errors"][0]["statusCode"], "MISSING_ARGUMENT");
  EXPECT_EQ(rows[3]["errors"][0]["statusCode"], "DUPLICATE_VALUE");
  EXPECT_EQ(org.column("SELECT NextStep FROM Opportunity", "NextStep"), std::vector<std::string>{"again"});
}

TEST_F(SalesforceCollections, RetrievesInOrderWithNullForWhatIsMissing) {
  const std::string a = org.create(org.deal("A"));
  const std::string b = org.create(org.deal("B"));
  const Json rows = send("POST", "/composite/sobjects/Opportunity",
                         {{"ids", {b, "006000000000001AAA", a.substr(0, 15)}}, {"fields", {"Name", "Account.Name"}}});
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0]["Name"], "B");
  EXPECT_EQ(rows[0]["Id"], b);
  EXPECT_TRUE(rows[1].is_null());
  EXPECT_EQ(rows[2]["Id"], a);
  EXPECT_EQ(Org::code(send("POST", "/composite/sobjects/Opportunity", {{"ids", {a}}, {"fields", {"Nope"}}})),
            "INVALID_FIELD");
}

TEST_F(SalesforceCollections, DeletesByIds) {
  const std::string a = org.create(org.deal("A"));
  const Json rows = Org::json(org.call("DELETE", "/composite/sobjects?ids=" + a + "," + a + ",006000000000001AAA"));
  EXPECT_EQ(rows[0]["success"], true);
  EXPECT_EQ(rows[1]["errors"][0]["statusCode"], "ENTITY_IS_DELETED");
  EXPECT_EQ(rows[2]["success"], false);
}

TEST_F(SalesforceCollections, ResolvesReferencesToEarlierAnswers) {
  const Json answer = composite({sub("POST", "/sobjects/Account", "acc", {{"Name", "Contoso"}}),
                                 sub("POST", "/sobjects/Opportunity", "opp",
                                     {{"Name", "For @{acc.id}"},
                                      {"StageName", "Prospecting"},
                                      {"CloseDate", "2026-09-01"},
                                      {"AccountId", "@{acc.id}"}}),
                                 sub("GET", "/query?q=SELECT+Name,Account.Name+FROM+Opportunity+WHERE+Id='@{opp.id}'",
                                     "read")})["compositeResponse"];
  ASSERT_EQ(answer.size(), 3U);
  EXPECT_EQ(answer[0]["httpStatusCode"], 201);
  EXPECT_EQ(answer[1]["referenceId"], "opp");
  EXPECT_EQ(answer[2]["body"]["records"][0]["Account"]["Name"], "Contoso");
  EXPECT_EQ(answer[2]["body"]["records"][0]["Name"], "For " + answer[0]["body"]["id"].get<std::string>());
  EXPECT_EQ(org.core->last_served().size(), 4U);
  EXPECT_EQ(org.core->last_served()[0].path_template, "/services/data/{v}/composite");
  EXPECT_TRUE(org.core->last_served()[1].inner);
}

TEST_F(SalesforceCollections, UndoesACompositeThatMustHoldTogether) {
  const Json subs = {sub("POST", "/sobjects/Account", "acc", {{"Name", "Contoso"}}),
                     sub("POST", "/sobjects/Opportunity", "opp", {{"Name", "incomplete"}})};
  const Json answer = composite(subs, true)["compositeResponse"];
  EXPECT_EQ(answer[0]["httpStatusCode"], 400);
  EXPECT_EQ(answer[0]["body"][0]["errorCode"], "PROCESSING_HALTED");
  EXPECT_EQ(answer[1]["body"][0]["errorCode"], "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(org.query("SELECT COUNT() FROM Account")["totalSize"], 0);
  composite(subs, false);
  EXPECT_EQ(org.query("SELECT COUNT() FROM Account")["totalSize"], 1);
}

TEST_F(SalesforceCollections, HaltsWhatRefersToAFailure) {
  const Json answer =
      composite({sub("POST", "/sobjects/Account", "acc", Json::object()),
                 sub("PATCH", "/sobjects/Account/@{acc.id}", "next", {{"Phone", "1"}})})["compositeResponse"];
  EXPECT_EQ(answer[1]["body"][0]["errorCode"], "PROCESSING_HALTED");
}

TEST_F(SalesforceCollections, LimitsWhatACompositeHolds) {
  Json many = Json::array();
  for (int i = 0; i < 26; ++i) many.push_back(sub("GET", "/limits", ("r" + std::to_string(i)).c_str()));
  composite(many);
  EXPECT_EQ(org.last.status, 400);
  Json heavy = Json::array();
  for (int i = 0; i < 6; ++i)
    heavy.push_back(sub("GET", "/query?q=SELECT+Id+FROM+User", ("r" + std::to_string(i)).c_str()));
  composite(heavy);
  EXPECT_EQ(org.last.status, 400);
  heavy.erase(0);
  composite(heavy);
  EXPECT_EQ(org.last.status, 200);
}

TEST_F(SalesforceCollections, CountsACompositeOnceAndABatchByItsParts) {
  const auto used = [&] { return org.last.headers.get("Sforce-Limit-Info"); };
  org.get("/limits");
  ASSERT_EQ(used(), "api-usage=1/100000");
  composite({sub("GET", "/sobjects", "a"), sub("GET", "/sobjects", "b")});
  EXPECT_EQ(used(), "api-usage=2/100000");
  send("POST", "/composite/batch",
       {{"batchRequests",
         {{{"method", "GET"}, {"url", "v64.0/limits"}}, {{"method", "GET"}, {"url", "v64.0/nothing"}}}}});
  EXPECT_EQ(used(), "api-usage=5/100000");
  EXPECT_EQ(Org::json(org.last)["hasErrors"], true);
}

TEST_F(SalesforceCollections, TakesInACompositeWhatIsDocumentedAndNothingElse) {
  org.create(org.deal("A"));
  org.create(org.deal("B"));
  const std::string soql = "?q=SELECT+Id+FROM+Opportunity";
  const Json taken =
      composite({sub("GET", "/sobjects/Opportunity/describe", "describe"), sub("GET", "/sobjects", "all"),
                 sub("GET", "/query" + soql, "query"), sub("GET", "/queryAll" + soql, "query_all"),
                 sub("POST", "/composite/sobjects", "collection",
                     {{"records", Json::array({record(org.deal("C"))})}})})["compositeResponse"];
  ASSERT_EQ(taken.size(), 5U);
  for (const Json& part : taken) EXPECT_EQ(part["httpStatusCode"], 200) << part["referenceId"];
  EXPECT_EQ(taken[0]["body"]["name"], "Opportunity");
  EXPECT_EQ(taken[2]["body"]["totalSize"], 2);
  for (const char* other : {"/limits", "/tooling/query?q=SELECT+Id+FROM+CustomField", "/jobs/query", "/composite",
                            "/composite/batch", "/ui-api/object-info/Opportunity/picklist-values/x/StageName"}) {
    const Json refused = composite(Json::array({sub("GET", other, "other")}))["compositeResponse"][0];
    EXPECT_EQ(refused["httpStatusCode"], 400) << other;
    EXPECT_EQ(refused["body"][0]["errorCode"], "INVALID_INPUT") << other;
  }
}

TEST_F(SalesforceCollections, TakesInABatchWhatIsDocumentedAndNothingElse) {
  const auto status = [&](const std::string& url) -> int {
    return send(
        "POST", "/composite/batch",
        {{"batchRequests", Json::array({{{"method", "GET"}, {"url", "v64.0" + url}}})}})["results"][0]["statusCode"];
  };
  for (const char* taken : {"/limits", "/sobjects/Opportunity/describe", "/query?q=SELECT+Id+FROM+Opportunity",
                            "/queryAll?q=SELECT+Id+FROM+Opportunity"}) {
    EXPECT_EQ(status(taken), 200) << taken;
  }
  for (const char* other : {"/composite/sobjects/Opportunity?ids=x&fields=Id", "/jobs/query", "/composite"}) {
    EXPECT_EQ(status(other), 400) << other;
  }
}

TEST_F(SalesforceCollections, CountsTheNextPageOfAQueryAmongTheQueriesOfAComposite) {
  Json subs = Json::array();
  for (int i = 0; i < 5; ++i)
    subs.push_back(sub("GET", "/query?q=SELECT+Id+FROM+User", ("r" + std::to_string(i)).c_str()));
  subs.push_back(sub("GET", "/query/0r8000000000001AAA-200", "next"));
  composite(subs);
  EXPECT_EQ(org.last.status, 400);
}

TEST_F(SalesforceCollections, TellsInACompositeWhichPartWasRefused) {
  const Json parts =
      composite({sub("GET", "/sobjects/Nothing/describe", "bad"), sub("GET", "/query?q=SELECT+Nope+FROM+User", "worse"),
                 sub("GET", "/sobjects/User/describe", "good")})["compositeResponse"];
  EXPECT_EQ(parts[0]["httpStatusCode"], 404);
  EXPECT_EQ(parts[1]["body"][0]["errorCode"], "INVALID_FIELD");
  EXPECT_EQ(parts[2]["httpStatusCode"], 200);
}

TEST_F(SalesforceCollections, TakesAConditionForASubrequest) {
  const std::string id = org.create(org.deal("A"));
  Json patch = sub("PATCH", "/sobjects/Opportunity/" + id, "p", {{"Name", "B"}});
  patch["httpHeaders"] = {{"If-Unmodified-Since", "Mon, 01 Jun 2026 09:00:00 GMT"}};
  EXPECT_EQ(composite(Json::array({patch}))["compositeResponse"][0]["httpStatusCode"], 412);
  EXPECT_EQ(org.get("/sobjects/Opportunity/" + id)["Name"], "A");
}

}  // namespace
}  // namespace cosell::emulator
