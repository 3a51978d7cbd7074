// Several new deals of one customer whose account is not in the CRM yet: it is made once, whatever becomes of the write
// that makes it.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "between.h"
#include "faults.h"

namespace cosell::test {
namespace {

Json sent_by(const std::string& customer, const std::string& name) {
  return {{"name", name},
          {"customer",
           {{"name", customer},
            {"address",
             {{"addressLine1", "4 Canal Row"}, {"city", "Leeds"}, {"postalCode", "LS1 4AB"}, {"country", "GB"}}}}}};
}

bool creates_an_account(const Operation& op) { return op.kind == RecordKind::account && op.verb == Verb::create; }

class SharedCustomer : public FaultStory {
 protected:
  static std::ptrdiff_t accounts_of(World& world, const std::string& customer) {
    const auto all = world.accounts();
    return std::count_if(all.begin(), all.end(), [&](const Json& one) { return one["name"] == customer; });
  }
};
INSTANTIATE_TEST_SUITE_P(Crm, SharedCustomer, testing::Values("salesforce", "dynamics365"), name_of_crm);

TEST_P(SharedCustomer, WhoseAccountIsRefusedIsToldAndStopsNoOtherDeal) {  // I-04
  World world({.crm = GetParam()});
  const auto one = world.inbound(sent_by("Birch Clinics plc", "First"));
  const auto two = world.inbound(sent_by("Birch Clinics plc", "Second"));
  int refused = 0;
  Between crm(*world.pair().crm, [&](const Operation& op) -> std::optional<std::variant<Applied, Error>> {
    if (!creates_an_account(op)) return std::nullopt;
    ++refused;
    return make_error(ErrorClass::rejected, "Ask finance first.");
  });
  Connector* const system = std::exchange(world.pair().crm, &crm);
  world.sync();
  EXPECT_GE(refused, 1);
  const auto own = world.new_opportunity(usual_opportunity("Alder Foods"));
  for (int i = 0; i < 2; ++i) {
    world.advance(minutes(5));
    EXPECT_FALSE(world.sync().stopped);
  }
  EXPECT_FALSE(world.referral_of(own).is_null()) << "another deal goes on";
  for (const Json& deal : {one, two}) {
    EXPECT_EQ(world.deal_of(deal["id"]).state, store::DealState::failed) << world.deal_of(deal["id"]).message;
  }
  EXPECT_LE(refused, 2) << "the same write is not sent again and again";
  world.pair().crm = system;
}

// The answer to the account's create is lost, and the request is still under way when the next deal of the customer
// comes.
TEST_P(SharedCustomer, WhoseAccountMayStillArriveIsNotMadeASecondTime) {  // I-17, I-20, F-04
  World world({.crm = GetParam()});
  world.inbound(sent_by("Birch Clinics plc", "First"));
  world.inbound(sent_by("Birch Clinics plc", "Second"));
  std::vector<Operation> late;
  Between crm(*world.pair().crm, [&](const Operation& op) -> std::optional<std::variant<Applied, Error>> {
    if (!creates_an_account(op) || !late.empty()) return std::nullopt;
    late.push_back(op);
    return make_error(ErrorClass::unknown, "The connection broke off.");
  });
  Connector* const system = std::exchange(world.pair().crm, &crm);
  world.sync();
  ASSERT_EQ(late.size(), 1U);
  world.inbound(sent_by("Birch Clinics plc", "Third"));
  world.advance(seconds(20));
  world.sync();
  EXPECT_EQ(accounts_of(world, "Birch Clinics plc"), 0) << "it may still arrive";
  Call call = world.pair().call(Side::crm);
  (void)system->push(call, late);
  for (int run = 0; run < 2; ++run) {
    world.advance(minutes(2));
    world.sync();
  }
  EXPECT_EQ(accounts_of(world, "Birch Clinics plc"), 1);
  EXPECT_EQ(world.opportunities().size(), 3U);
  world.pair().crm = system;
}

// It was to be found by a column that somebody removed since, from the mapping too.
TEST_P(SharedCustomer, WhoseAccountCannotBeFoundAsItWasSentIsLookedForByThePresentMapping) {  // I-04, I-20, F-02
  World world({.crm = GetParam()});
  world.inbound(sent_by("Birch Clinics plc", "First"));
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  bool lost = false;
  const auto loses_one = [&](const Operation& op) -> std::optional<std::variant<Applied, Error>> {
    if (!creates_an_account(op) || std::exchange(lost, true)) return std::nullopt;
    return make_error(ErrorClass::unknown, "The connection broke off.");
  };
  Between first(*world.pair().crm, loses_one);
  world.pair().crm = &first;
  world.sync();
  ASSERT_TRUE(lost);
  world.restart_with({{"customer", {{"match", {"name"}}}}});
  Between crm(*world.pair().crm, loses_one);
  crm.cannot_find = [](std::span<const RelatedQuery> asked) -> std::optional<Error> {
    if (asked.front().match.size() < 2) return std::nullopt;
    return make_error(ErrorClass::schema_drift, "There is no such column.");
  };
  Connector* const system = std::exchange(world.pair().crm, &crm);
  world.crm_edit(id, {{"value", 61000}});
  for (int run = 0; run < 3; ++run) {
    world.advance(minutes(2));
    const auto report = world.sync();
    EXPECT_FALSE(report.stopped) << report.stopped->message;
  }
  EXPECT_EQ(value_of_referral(world, id), 61000) << "no other deal waits for it";
  EXPECT_EQ(accounts_of(world, "Birch Clinics plc"), 1);
  EXPECT_EQ(world.opportunities().size(), 2U);
  world.pair().crm = system;
}

// It never arrived: once it no longer can, it is made, for all of them.
TEST_P(SharedCustomer, WhoseAccountNeverArrivedIsMadeOnceItNoLongerCan) {  // I-20, F-02
  World world({.crm = GetParam()});
  world.inbound(sent_by("Birch Clinics plc", "First"));
  world.inbound(sent_by("Birch Clinics plc", "Second"));
  int lost = 0;
  Between crm(*world.pair().crm, [&](const Operation& op) -> std::optional<std::variant<Applied, Error>> {
    if (!creates_an_account(op) || lost > 0) return std::nullopt;
    ++lost;
    return make_error(ErrorClass::unknown, "The connection broke off.");
  });
  Connector* const system = std::exchange(world.pair().crm, &crm);
  world.sync();
  EXPECT_EQ(lost, 1);
  EXPECT_EQ(world.opportunities().size(), 0U);
  for (int run = 0; run < 2; ++run) {
    world.advance(minutes(2));
    world.sync();
  }
  EXPECT_EQ(accounts_of(world, "Birch Clinics plc"), 1);
  EXPECT_EQ(world.opportunities().size(), 2U);
  world.pair().crm = system;
}

// Somebody makes accounts of that name while the answer is lost: which one counts is a person's to say.
TEST_P(SharedCustomer, WhoseLostAccountIsThereTwiceIsAskedAbout) {  // F-02
  World world({.crm = GetParam()});
  const auto deal = world.inbound(sent_by("Birch Clinics plc", "First"));
  int lost = 0;
  Between crm(*world.pair().crm, [&](const Operation& op) -> std::optional<std::variant<Applied, Error>> {
    if (!creates_an_account(op) || lost > 0) return std::nullopt;
    ++lost;
    return make_error(ErrorClass::unknown, "The connection broke off.");
  });
  Connector* const system = std::exchange(world.pair().crm, &crm);
  world.sync();
  ASSERT_EQ(lost, 1);
  Call call = world.pair().call(Side::crm);
  Customer birch;
  birch.name = "Birch Clinics plc";
  birch.line1 = "4 Canal Row";
  birch.city = "Leeds";
  birch.postal_code = "LS1 4AB";
  birch.country = "GB";
  for (const char* id : {"one", "two"}) {
    Operation create;
    create.id = OperationId(id);
    create.kind = RecordKind::account;
    create.verb = Verb::create;
    create.changes = world.pair().mapping->account_record(birch);
    (void)system->push(call, std::vector<Operation>{create});
  }
  ASSERT_EQ(accounts_of(world, "Birch Clinics plc"), 2) << "the fault";
  world.advance(minutes(2));
  world.sync();
  EXPECT_EQ(world.deal_of(deal["id"]).reason, "customer_ambiguous") << world.deal_of(deal["id"]).message;
  world.pair().crm = system;
}

}  // namespace
}  // namespace cosell::test
