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
