// Switches of which only both positions together tell what they do.
#include "tests/unit/dynamics365_emulator/organization.h"

namespace cosell::emulator {
namespace {

TEST(Dynamics365Switches, OptimisticConcurrencyCanBeOffForATable) {
  Organization org;
  const std::string id = org.create(org.deal("Deal"));
  const HeaderList current = {{"If-Match", org.row(id)["@odata.etag"].get<std::string>()}};
  EXPECT_EQ(org.call("PATCH", org.path_of(id), Json{{"name", "One"}}, current).status, 204);
  org.set("optimistic_concurrency", false);
  const HeaderList newer = {{"If-Match", org.row(id)["@odata.etag"].get<std::string>()}};
  EXPECT_EQ(org.call("PATCH", org.path_of(id), Json{{"name", "Two"}}, newer).status, 400);
  EXPECT_EQ(Organization::code(org.last), "0x8006088d");
  EXPECT_EQ(org.row(id)["name"], "One");
  EXPECT_EQ(org.call("PATCH", org.path_of(id), Json{{"name", "Three"}}, {{"If-Match", "*"}}).status, 204);
  EXPECT_EQ(org.get("EntityDefinitions(LogicalName='opportunity')?$select=IsOptimisticConcurrencyEnabled")
                ["IsOptimisticConcurrencyEnabled"],
            false);
}

TEST(Dynamics365Switches, DuplicateTablesAreThoseWithARule) {
  Organization org;
  const HeaderList detect = {{"MSCRM.SuppressDuplicateDetection", "false"}};
  org.set("duplicate_detection", true);
  org.create(org.deal("Twin"));
  org.create(Json{{"name", "Contoso"}}, "accounts");
  EXPECT_EQ(org.call("POST", "opportunities", org.deal("Twin"), detect).status, 204) << "deals have no rule";
  EXPECT_EQ(org.call("POST", "accounts", Json{{"name", "Contoso"}}, detect).status, 412);
  org.set("duplicate_tables", Json::array({"opportunity"}));
  EXPECT_EQ(org.call("POST", "opportunities", org.deal("Twin"), detect).status, 412);
  EXPECT_EQ(Organization::code(org.last), "0x80040333");
  EXPECT_EQ(org.call("POST", "accounts", Json{{"name", "Contoso"}}, detect).status, 204);
}

TEST(Dynamics365Switches, DefinitionsAgeSecondsIsHowOldDefinitionsAndPrivilegesShow) {
  const HeaderList latest = {{"Consistency", "Strong"}};
  for (const int age : {0, 30}) {
    SCOPED_TRACE(age);
    Organization org;
    org.set("definitions_age_seconds", age);
    org.control("column", {{"name", "new_region"}});
    org.set("missing_privileges", {"prvReadAccount"});
    const std::string column = "EntityDefinitions(LogicalName='opportunity')/Attributes(LogicalName='new_region')";
    const auto column_shows = [&](const HeaderList& headers) {
      return org.call("GET", column, nullptr, headers).status == 200;
    };
    const auto may_read = [&](const HeaderList& headers) {
      return org.call("GET", "accounts", nullptr, headers).status == 200;
    };
    EXPECT_EQ(column_shows({}), age == 0);
    EXPECT_EQ(may_read({}), age > 0);
    EXPECT_TRUE(column_shows(latest));
    EXPECT_FALSE(may_read(latest));
    org.pass(seconds(30));
    EXPECT_TRUE(column_shows({}));
    EXPECT_FALSE(may_read({}));
  }
}

TEST(Dynamics365Switches, ProtectionSecondsAreTheWindowOfTheLimits) {
  Organization org;
  org.pass(hours(1));
  org.set("protection_requests", 1);
  org.set("protection_seconds", 10);
  org.set("protection_limits", true);
  EXPECT_EQ(org.call("GET", "WhoAmI").status, 200);
  org.clock.advance(seconds(4));
  EXPECT_EQ(org.call("GET", "WhoAmI").status, 429);
  EXPECT_EQ(org.last.headers.get("Retry-After"), "6");
  EXPECT_NE(Organization::message(org.last).find("over time window of 10 seconds"), std::string::npos);
  org.clock.advance(seconds(10));
  EXPECT_EQ(org.call("GET", "WhoAmI").status, 200);
}

}  // namespace
}  // namespace cosell::emulator
