// What the platform does with opportunities: amounts and currencies, closing and reopening, the sales process, and the
// rules that an organisation may add.
#include "tests/unit/dynamics365_emulator/organization.h"

namespace cosell::emulator {
namespace {

class Deals : public ::testing::Test {
 protected:
  Deals() { id_ = org_.create(org_.deal("Deal")); }

  http::Response change(const Json& fields, const HeaderList& headers = {}) {
    return org_.call("PATCH", org_.path_of(id_), fields, headers);
  }
  Json row() { return org_.row(id_); }
  http::Response close(const char* action, int status, Json close = Json::object()) {
    if (!close.contains("opportunityid@odata.bind")) close["opportunityid@odata.bind"] = "/" + org_.path_of(id_);
    return org_.call("POST", action, Json{{"Status", status}, {"OpportunityClose", close}});
  }
  http::Response win() { return close("WinOpportunity", 3); }

  Organization org_;
  std::string id_;
};

// Amounts and currencies ----------------------------------------------------------------------------------------------

TEST_F(Deals, KeepTheirAmountInTheBaseCurrencyToo) {
  const std::string euro = org_.currency("EUR");
  change(Json{{"transactioncurrencyid@odata.bind", "/transactioncurrencies(" + euro + ")"}, {"estimatedvalue", 920}});
  EXPECT_EQ(row()["estimatedvalue"], 920);
  EXPECT_EQ(row()["exchangerate"], 0.92);
  EXPECT_EQ(row()["estimatedvalue_base"], 1000);
}

TEST_F(Deals, RoundAmountsToTheCurrency) {
  change(Json{{"estimatedvalue", 12.345}});
  EXPECT_EQ(row()["estimatedvalue"], 12.35);
  change(Json{{"transactioncurrencyid@odata.bind", "/transactioncurrencies(" + org_.currency("JPY") + ")"},
              {"estimatedvalue", 12.6}});
  EXPECT_EQ(row()["estimatedvalue"], 13);
}

TEST_F(Deals, CannotBeInACurrencyThatTheOrganisationLacks) {
  const std::string euro = org_.currency("EUR");
  org_.set("currencies", {"USD", "GBP"});
  EXPECT_EQ(org_.currency("EUR"), "");
  EXPECT_EQ(change(Json{{"transactioncurrencyid@odata.bind", "/transactioncurrencies(" + euro + ")"}}).status, 404);
  EXPECT_NE(org_.core->set("base_currency", "EUR"), "") << "the base currency must be one of the currencies";
  org_.set("base_currency", "GBP");
  EXPECT_EQ(
      org_.get(
          "organizations?$select=name&$expand=basecurrencyid($select=isocurrencycode)")["value"][0]["basecurrencyid"]
                                                                                       ["isocurrencycode"],
      "GBP");
}

TEST_F(Deals, TakeTheirAmountFromProductLinesWhenTheSystemCalculates) {
  org_.control("edit", Json{{"id", id_}, {"fields", {{"isrevenuesystemcalculated", true}, {"totalamount", 777}}}});
  EXPECT_EQ(row()["estimatedvalue"], 777);
  EXPECT_EQ(change(Json{{"estimatedvalue", 5}}).status, 204);
  EXPECT_EQ(row()["estimatedvalue"], 777) << "the value that a client sets is passed over";
  change(Json{{"isrevenuesystemcalculated", false}, {"estimatedvalue", 5}});
  EXPECT_EQ(row()["estimatedvalue"], 5);
}

TEST_F(Deals, KeepTheirCurrencyWhileQuotesAreOpen) {
  org_.set("open_quotes", {id_});
  EXPECT_EQ(Organization::code(change(
                Json{{"transactioncurrencyid@odata.bind", "/transactioncurrencies(" + org_.currency("EUR") + ")"}})),
            "0x80048479");
}

TEST_F(Deals, HaveCloseDatesThatAreTimesInUpgradedOrganisations) {
  EXPECT_EQ(row()["estimatedclosedate"], "2026-11-30");
  org_.set("close_dates", "user_local");
  EXPECT_EQ(row()["estimatedclosedate"], "2026-11-30T00:00:00Z");
  EXPECT_EQ(Organization::code(change(Json{{"estimatedclosedate", "2026-12-24"}})), "0x80048d19");
  EXPECT_EQ(change(Json{{"estimatedclosedate", "2026-12-24T00:00:00+01:00"}}).status, 204);
  EXPECT_EQ(row()["estimatedclosedate"], "2026-12-23T23:00:00Z");
  org_.set("close_dates", "date_only");
  EXPECT_EQ(row()["estimatedclosedate"], "2026-12-23") << "the day has shifted, as it does there";
}

// Closing and reopening -----------------------------------------------------------------------------------------------

TEST_F(Deals, AreWonByTheActionWithACloseActivity) {
  EXPECT_EQ(close("WinOpportunity", 3, Json{{"subject", "Signed"}}).status, 204);
  EXPECT_EQ(row()["statecode"], 1);
  EXPECT_EQ(row()["statuscode"], 3);
  EXPECT_EQ(row()["actualvalue"], 1000.5) << "filled from the estimate";
  EXPECT_EQ(row()["actualclosedate"], "2026-06-01");
  const Json closes = org_.get(org_.path_of(id_) + "/Opportunity_OpportunityClose");
  ASSERT_EQ(closes["value"].size(), 1U);
  EXPECT_EQ(closes["value"][0]["subject"], "Signed");
  EXPECT_EQ(closes["value"][0]["opportunitystatuscode"], 3);
}

TEST_F(Deals, TakeRevenueAndDateOfTheClosing) {
  close("WinOpportunity", -1, Json{{"actualrevenue", 900}, {"actualend", "2026-05-20T08:00:00Z"}});
  EXPECT_EQ(row()["statuscode"], 3);
  EXPECT_EQ(row()["actualvalue"], 900);
  EXPECT_EQ(row()["actualclosedate"], "2026-05-20");
}

TEST_F(Deals, AreLostWithAReasonOfThatState) {
  EXPECT_EQ(Organization::code(close("LoseOpportunity", 3)), "0x80048408");
  EXPECT_EQ(row()["statecode"], 0);
  EXPECT_EQ(close("LoseOpportunity", 5).status, 204);
  EXPECT_EQ(row()["statecode"], 2);
  EXPECT_EQ(row()["statuscode"], 5);
  EXPECT_TRUE(row()["actualvalue"].is_null());
}

TEST_F(Deals, CloseOnceAndOnlyWithoutOpenQuotes) {
  org_.set("open_quotes", {id_});
  EXPECT_EQ(Organization::code(win()), "0x80040516");
  org_.set("open_quotes", Json::array());
  EXPECT_EQ(win().status, 204);
  EXPECT_EQ(Organization::code(win()), "0x80040515");
  EXPECT_EQ(org_.get("opportunitycloses")["value"].size(), 1U);
}

TEST_F(Deals, NameTheDealAndBothParametersOfAClosing) {
  EXPECT_EQ(Organization::code(
                org_.call("POST", "WinOpportunity", Json{{"Status", 3}, {"OpportunityClose", {{"subject", "x"}}}})),
            "0x80043b15");
  EXPECT_EQ(org_.call("POST", "WinOpportunity", Json{{"OpportunityClose", Json::object()}}).status, 400);
  EXPECT_EQ(org_.call("POST", "WinOpportunity", Json{{"Status", 3}}).status, 400);
  const auto r = close("WinOpportunity", 3,
                       Json{{"opportunityid@odata.bind", "/opportunities(0f000000-0000-4000-8000-000000000001)"}});
  EXPECT_EQ(r.status, 404);
  EXPECT_EQ(Organization::code(r), "0x80100006");
}

TEST_F(Deals, AreNotClosedByAPatchUnlessTheOrganisationAllowsIt) {
  EXPECT_EQ(Organization::code(change(Json{{"statecode", 1}, {"statuscode", 3}})), "0x80100005");
  EXPECT_EQ(Organization::code(change(Json{{"statuscode", 3}})), "0x80048408") << "a reason of another state";
  EXPECT_EQ(change(Json{{"statuscode", 2}}).status, 204);
  org_.set("close_by_patch", "allow");
  EXPECT_EQ(change(Json{{"statecode", 1}, {"statuscode", 3}}).status, 204);
  EXPECT_EQ(row()["statecode"], 1);
}

TEST_F(Deals, AreReopenedByAPatchAndClosedAgain) {
  win();
  EXPECT_EQ(change(Json{{"statecode", 0}}).status, 204);
  EXPECT_EQ(row()["statuscode"], 1);
  EXPECT_TRUE(row()["actualclosedate"].is_null());
  EXPECT_EQ(close("LoseOpportunity", 4).status, 204);
  EXPECT_EQ(change(Json{{"statecode", 0}, {"statuscode", 2}}).status, 204);
  EXPECT_EQ(row()["statuscode"], 2);
  EXPECT_EQ(org_.get("opportunitycloses")["value"].size(), 2U);
}

TEST_F(Deals, AreEditableWhenClosedOrNot) {
  win();
  EXPECT_EQ(change(Json{{"name", "Editable"}}).status, 204);
  org_.set("closed_records", "readonly");
  EXPECT_EQ(Organization::code(change(Json{{"name", "Read only"}})), "0x8004022e");
  EXPECT_EQ(change(Json{{"statecode", 0}, {"statuscode", 1}, {"name", "Reopened"}}).status, 204);
  EXPECT_EQ(row()["name"], "Reopened");
}

TEST_F(Deals, AreClosedAndReopenedByPeople) {
  org_.control("lose", Json{{"id", id_}, {"status", 5}, {"user", "Mia Berger"}});
  EXPECT_EQ(row()["statuscode"], 5);
  EXPECT_EQ(org_.get("systemusers(" + row()["_modifiedby_value"].get<std::string>() + ")")["fullname"], "Mia Berger");
  org_.control("reopen", Json{{"id", id_}});
  EXPECT_EQ(row()["statecode"], 0);
  org_.control("win", Json{{"id", id_}, {"actualrevenue", 5}});
  EXPECT_EQ(row()["actualvalue"], 5);
  org_.control("win", Json{{"id", id_}});
  EXPECT_EQ(org_.control_status, 400);
}

// The sales process ---------------------------------------------------------------------------------------------------

TEST_F(Deals, RunInABusinessProcessWhoseStageIsAnotherRow) {
  const Json instance = org_.get(
      org_.path_of(id_) + "/opportunity_opportunitysalesprocess?$expand=activestageid($select=stagename)")["value"][0];
  EXPECT_EQ(instance["activestageid"]["stagename"], "Qualify");
  EXPECT_EQ(row()["stepname"], "1-Qualify");
  const Json stages = org_.get("processstages?$select=stagename,processstageid&$filter=processid/workflowid eq " +
                               instance["_processid_value"].get<std::string>());
  ASSERT_EQ(stages["value"].size(), 4U);
  const std::string path =
      "opportunitysalesprocesses(" + instance["businessprocessflowinstanceid"].get<std::string>() + ")";
  const auto move = [&](std::size_t stage) {
    const std::string to = stages["value"][stage]["processstageid"].get<std::string>();
    return org_
        .call("PATCH", path, Json{{"activestageid@odata.bind", "/processstages(" + to + ")"}}, {{"If-Match", "*"}})
        .status;
  };
  EXPECT_EQ(move(2), 400) << "only to a stage beside the present one";
  EXPECT_EQ(move(1), 204);
  EXPECT_EQ(row()["stepname"], "2-Develop");
}

TEST_F(Deals, DoNotShowAMoveOfTheProcessWhenItWritesNoStepName) {
  org_.set("process_writes_stepname", false);
  const Json version = row()["versionnumber"];
  org_.control("stage", Json{{"id", id_}, {"stage", "develop"}});
  EXPECT_EQ(org_.control_status, 200);
  EXPECT_EQ(row()["versionnumber"], version);
  org_.set("process_writes_stepname", true);
  org_.control("stage", Json{{"id", id_}, {"stage", "Propose"}});
  EXPECT_EQ(row()["stepname"], "3-Propose");
}

TEST_F(Deals, ShowThePathOfTheirProcessAndMoveAlongIt) {
  const Json instance = org_.get(
      "opportunitysalesprocesses?$filter=Microsoft.Dynamics.CRM.In(PropertyName='opportunityid'"
      ",PropertyValues=['" +
      id_ + "'])")["value"][0];
  const Json path =
      org_.get("RetrieveActivePath(ProcessInstanceId=" + instance["businessprocessflowinstanceid"].get<std::string>() +
               ")")["value"];
  std::vector<std::string> names;
  for (const Json& stage : path) names.push_back(stage["stagename"]);
  EXPECT_EQ(names, (std::vector<std::string>{"Qualify", "Develop", "Propose", "Close"}));
  EXPECT_EQ(path[0]["processstageid"], instance["_activestageid_value"]);
  EXPECT_EQ(org_.call("GET", "RetrieveActivePath(ProcessInstanceId=" + id_ + ")").status, 404);
  EXPECT_EQ(org_.call("GET", "RetrieveActivePath").status, 400);
}

TEST_F(Deals, MayRunInAnotherProcess) {
  org_.set("process_of_new", "leadtoopportunitysalesprocess");
  const std::string other = org_.control("edit", Json{{"fields", {{"name", "From a lead"}}}})["id"];
  EXPECT_EQ(org_.get(org_.path_of(other))["stepname"], "1-Discovery");
  org_.control("stage", Json{{"id", other}, {"stage", "Negotiation"}});
  EXPECT_EQ(org_.control_status, 400) << "only to a stage beside the present one";
  org_.control("stage", Json{{"id", other}, {"stage", "Proof of Concept"}});
  EXPECT_EQ(org_.control_status, 200);
  EXPECT_EQ(org_.get("leadtoopportunitysalesprocesses")["value"].size(), 1U);
  org_.control("edit", Json{{"id", other}, {"delete", true}});
  EXPECT_EQ(org_.get("leadtoopportunitysalesprocesses")["value"].size(), 0U);
}

// Rules of the organisation -------------------------------------------------------------------------------------------

TEST_F(Deals, AreRefusedByAPluginOfTheCustomer) {
  org_.set("plugin_rules",
           {{{"column", "estimatedvalue"}, {"operator", ">"}, {"value", 1000000}, {"message", "Ask the deal desk."}}});
  const auto r = change(Json{{"estimatedvalue", 2000000}});
  EXPECT_EQ(r.status, 400);
  EXPECT_EQ(Organization::code(r), "0x80040265");
  EXPECT_EQ(Organization::message(r), "Ask the deal desk.");
  EXPECT_EQ(row()["estimatedvalue"], 1000.5);
  EXPECT_EQ(change(Json{{"estimatedvalue", 5}}).status, 204);
  EXPECT_NE(org_.core->set("plugin_rules", {{{"column", "name"}}}), "");
}

TEST_F(Deals, CanBeTouchedByAPluginAfterEveryWrite) {
  org_.set("plugin_touches", true);
  const auto r = change(Json{{"name", "Mine"}}, kRepresentation);
  EXPECT_EQ(Organization::json(r)["name"], "Mine");
  EXPECT_NE(row()["_modifiedby_value"], org_.get("WhoAmI")["UserId"]) << "the last word is the plug-in's";
}

TEST_F(Deals, MustHaveACustomerWhereTheOrganisationSaysSo) {
  org_.set("require_customer", true);
  EXPECT_EQ(Organization::code(org_.call("POST", "opportunities", org_.deal("No customer"))), "0x80040505");
  const std::string account = org_.create(Json{{"name", "Contoso"}}, "accounts");
  Json deal = org_.deal("With one");
  deal["customerid_account@odata.bind"] = "/accounts(" + account + ")";
  EXPECT_EQ(org_.call("POST", "opportunities", deal).status, 204);
}

TEST_F(Deals, MustHaveTheColumnsOfTheFormsWhereTheApiChecksThem) {
  EXPECT_EQ(org_.call("POST", "accounts", Json::object()).status, 204) << "the API does not ask by default";
  org_.set("enforce_required", true);
  EXPECT_EQ(org_.call("POST", "accounts", Json::object()).status, 400);
}

TEST_F(Deals, MeetDuplicateRulesOnlyWhenTheyAskForThem) {
  org_.create(Json{{"name", "Contoso"}}, "accounts");
  const HeaderList detect = {{"MSCRM.SuppressDuplicateDetection", "false"}};
  EXPECT_EQ(org_.call("POST", "accounts", Json{{"name", "contoso"}}, detect).status, 204) << "no rule is published";
  org_.set("duplicate_detection", true);
  EXPECT_EQ(org_.call("POST", "accounts", Json{{"name", "Contoso"}}).status, 204)
      << "detection is off unless asked for";
  EXPECT_EQ(org_.call("POST", "accounts", Json{{"name", "Contoso"}}, detect).status, 412);
  EXPECT_EQ(Organization::code(org_.last), "0x80040333");
  org_.set("duplicate_status", 500);
  EXPECT_EQ(org_.call("POST", "accounts", Json{{"name", "Contoso"}}, detect).status, 500);
}

TEST_F(Deals, HideColumnsThatTheOrganisationLacks) {
  org_.set("missing_columns", {"cosell_help", "account.telephone1"});
  EXPECT_EQ(Organization::code(change(Json{{"cosell_help", 974830001}})), "0x0");
  EXPECT_EQ(org_.call("GET", "opportunities?$select=cosell_help").status, 400);
  EXPECT_FALSE(row().contains("cosell_help"));
  EXPECT_EQ(org_.call("GET", "accounts?$select=telephone1").status, 400);
  org_.set("missing_columns", {"cosell_referralid"});
  EXPECT_EQ(org_.call("GET", "opportunities(cosell_referralid='x')").status, 400) << "its key is gone with it";
}

TEST_F(Deals, KeepSecuredColumnsFromTheBridgeOnly) {
  org_.set("read_only_columns", {"cosell_state"});
  EXPECT_EQ(change(Json{{"cosell_state", "x"}}).status, 403);
  EXPECT_EQ(Organization::code(org_.last), "0x8004f508");
  org_.control("edit", Json{{"id", id_}, {"fields", {{"cosell_state", "a person"}}}});
  EXPECT_EQ(row()["cosell_state"], "a person");
}

TEST_F(Deals, NeedThePrivilegeToWrite) {
  org_.set("missing_privileges", {"prvWriteOpportunity"});
  EXPECT_EQ(change(Json{{"name", "x"}}).status, 403);
  EXPECT_EQ(win().status, 403);
  EXPECT_EQ(org_.call("POST", "opportunities", org_.deal("Create is another")).status, 204);
}

TEST_F(Deals, NeedThePrivilegesOfBothTablesToReferToAnotherRow) {
  const std::string account = org_.control("edit", Json{{"table", "account"}, {"fields", {{"name", "A"}}}})["id"];
  const Json body{{"parentaccountid@odata.bind", "/accounts(" + account + ")"}};
  for (const char* privilege : {"prvAppendOpportunity", "prvAppendToAccount"}) {
    org_.set("missing_privileges", {privilege});
    EXPECT_EQ(change(body).status, 403) << privilege;
    EXPECT_EQ(change(Json{{"name", "x"}}).status, 204) << "refers to nothing";
  }
  org_.set("missing_privileges", {"prvAppendToContact"});
  EXPECT_EQ(change(body).status, 204);
}

TEST_F(Deals, NeedThePrivilegesOfTheActivityToBeClosed) {
  for (const char* privilege : {"prvCreateActivity", "prvAppendActivity", "prvAppendToOpportunity"}) {
    org_.set("missing_privileges", {privilege});
    EXPECT_EQ(win().status, 403) << privilege;
    EXPECT_EQ(change(Json{{"name", "x"}}).status, 204) << "no closing";
  }
  org_.set("missing_privileges", Json::array());
  EXPECT_EQ(win().status, 204);
}

TEST_F(Deals, RunIntoADeadlockAsOftenAsTold) {
  org_.set("deadlock_next_writes", 1);
  EXPECT_EQ(change(Json{{"name", "x"}}).status, 500);
  EXPECT_EQ(Organization::code(org_.last), "0x80044150");
  EXPECT_EQ(row()["name"], "Deal");
  EXPECT_EQ(change(Json{{"name", "x"}}).status, 204);
}

// Service protection --------------------------------------------------------------------------------------------------

TEST_F(Deals, AreNotServedBeyondTheRequestsOfTheWindow) {
  org_.pass(hours(1));
  org_.set("protection_requests", 3);
  org_.set("protection_limits", true);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(org_.call("GET", "WhoAmI").status, 200);
  EXPECT_EQ(org_.last.headers.get("x-ms-ratelimit-burst-remaining-xrm-requests"), "0");
  org_.clock.advance(seconds(100));
  EXPECT_EQ(org_.call("GET", "WhoAmI").status, 429);
  EXPECT_EQ(Organization::code(org_.last), "0x80072322");
  EXPECT_EQ(org_.last.headers.get("Retry-After"), "200");
  org_.call("GET", "WhoAmI");
  EXPECT_EQ(org_.last.headers.get("Retry-After"), "201") << "whoever goes on waits longer";
  org_.clock.advance(seconds(200));
  EXPECT_EQ(org_.call("GET", "WhoAmI").status, 200);
}

TEST_F(Deals, CountExecutionTimeToo) {
  org_.pass(hours(1));
  org_.set("operation_ms", 600);
  org_.set("protection_execution_ms", 1000);
  org_.set("protection_limits", true);
  org_.call("GET", "WhoAmI");
  org_.call("GET", "WhoAmI");
  EXPECT_EQ(org_.call("GET", "WhoAmI").status, 429);
  EXPECT_EQ(Organization::code(org_.last), "0x80072321");
}

TEST_F(Deals, AreThrottledOnDemandWithEachOfTheCodes) {
  org_.set("throttle_next", 2);
  org_.set("throttle_kind", "concurrency");
  org_.set("throttle_retry_after", 17);
  EXPECT_EQ(org_.call("GET", "WhoAmI").status, 429);
  EXPECT_EQ(Organization::code(org_.last), "0x80072326");
  EXPECT_EQ(org_.last.headers.get("Retry-After"), "17");
  EXPECT_EQ(org_.call("GET", "WhoAmI").status, 429);
  EXPECT_EQ(org_.call("GET", "WhoAmI").status, 200);
}

}  // namespace
}  // namespace cosell::emulator
