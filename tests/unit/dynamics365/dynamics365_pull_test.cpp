// Reading changes: every change is delivered with the columns of related records, and an idle read costs one request.
#include <gmock/gmock.h>

#include "tests/unit/dynamics365/test_org.h"

namespace cosell::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Dynamics365Pull, ShowsEveryColumnWithItsType) {
  TestOrg org;
  const std::string account = org.create_account(R"({"name":"Fabrikam"})");
  const std::string id = org.create(
      "Renewal",
      R"(,"estimatedvalue":1234.5,"cosell_referralid":"ref-1","cosell_since":"2026-11-20T10:00:00Z","cosell_sync":true,
         "cosell_help":974830002,"parentaccountid@odata.bind":"/accounts()" +
          account + ")\"");
  const auto pulled = pull_all(org, kColumns);
  ASSERT_EQ(pulled.seen.size(), 1U);
  const Observation& o = pulled.seen.front();
  EXPECT_TRUE(pulled.full_listing);
  EXPECT_EQ(o.id.value, id);
  EXPECT_EQ(o.key.value, "ref-1");
  EXPECT_EQ(o.existence, Existence::live);
  EXPECT_THAT(o.version.value, testing::StartsWith("W/\""));
  EXPECT_EQ(o.columns.at("name"), text_value("Renewal"));
  EXPECT_EQ(o.columns.at("estimatedvalue"), number("1234.5"));
  EXPECT_EQ(o.columns.at("estimatedclosedate"), Value(Date{2027, 1, 31}));
  EXPECT_EQ(o.columns.at("stage"), text_value("salesstage:0"));
  EXPECT_EQ(o.columns.at("cosell_sync"), Value(true));
  EXPECT_EQ(o.columns.at("cosell_since"), Value(*parse_instant("2026-11-20T10:00:00Z")));
  EXPECT_EQ(o.columns.at("cosell_help"), number("974830002"));
  EXPECT_EQ(o.columns.at("parentaccountid.name"), text_value("Fabrikam"));
  EXPECT_EQ(o.columns.at("transactioncurrencyid.isocurrencycode"), text_value("USD"));
  EXPECT_FALSE(is_blank(o.columns.at("ownerid.fullname")));
  EXPECT_THAT(text_of(o.columns.at("ownerid.internalemailaddress")), HasSubstr("@"));
  EXPECT_EQ(o.columns.size(), kColumns.size());
}

TEST(Dynamics365Pull, ShowsEmptyColumnsAndMissingParentsAsBlank) {
  TestOrg org;
  org.create("Bare");
  const auto pulled = pull_all(org, kColumns);
  ASSERT_EQ(pulled.seen.size(), 1U);
  for (const char* blank : {"estimatedvalue", "cosell_since", "cosell_help", "parentaccountid.name"}) {
    ASSERT_EQ(pulled.seen[0].columns.count(blank), 1U) << blank;
    EXPECT_TRUE(is_blank(pulled.seen[0].columns.at(blank))) << blank;
  }
  EXPECT_TRUE(pulled.seen[0].key.empty());
}

TEST(Dynamics365Pull, KeepsTextsThatLookLikeDates) {
  TestOrg org;
  org.create("2026-01-01", R"(,"cosell_notes":"2026-02-02")");
  const auto pulled = pull_all(org, {"name", "cosell_notes"});
  ASSERT_EQ(pulled.seen.size(), 1U);
  EXPECT_EQ(pulled.seen[0].columns.at("name"), text_value("2026-01-01"));
  EXPECT_EQ(pulled.seen[0].columns.at("cosell_notes"), text_value("2026-02-02"));
}

TEST(Dynamics365Pull, ShowsOpenWonAndLostInOneStage) {
  TestOrg org;
  org.create("Open", R"(,"salesstage":2)");
  org.create("Without", R"(,"salesstage":null)");
  const std::string won = org.create("Won");
  const std::string lost = org.create("Lost");
  org.control("win", R"({"id":")" + won + R"("})");
  org.control("lose", R"({"id":")" + lost + R"(","status":5})");
  std::vector<std::string> stages;
  for (const Observation& o : pull_all(org, {"name", "stage"}).seen) {
    stages.push_back(text_of(o.columns.at("name")) + "=" + text_of(o.columns.at("stage")));
  }
  EXPECT_THAT(stages, testing::UnorderedElementsAre("Open=salesstage:2", "Without=salesstage:none", "Won=won:3",
                                                    "Lost=lost:5"));
}

TEST(Dynamics365Pull, TakesTheStageFromTheColumnThatTheSettingNames) {
  Dynamics365Settings settings = TestOrg::default_settings();
  settings.stage_column = "statuscode";
  TestOrg by_status(settings);
  by_status.create("A", R"(,"statuscode":2)");
  EXPECT_EQ(pull_all(by_status, {"stage"}).seen.at(0).columns.at("stage"), text_value("statuscode:2"));

  settings.stage_column = "new_phase";
  TestOrg own(settings);
  own.control("column", R"({"name":"new_phase","kind":"picklist","values":["First","Second"]})");
  own.create("A", R"(,"new_phase":100000001)");
  EXPECT_EQ(pull_all(own, {"stage"}).seen.at(0).columns.at("stage"), text_value("new_phase:100000001"));
}

TEST(Dynamics365Pull, FillsColumnsOnlyFromTheTableThatTheyName) {
  TestOrg org;
  const std::string account = org.create_account(R"({"name":"Fabrikam"})");
  const std::string contact = org.make("contact", R"({"firstname":"Ida","lastname":"Berg"})");
  org.create("To an account", R"(,"customerid_account@odata.bind":"/accounts()" + account + ")\"");
  org.create("To a contact", R"(,"customerid_contact@odata.bind":"/contacts()" + contact + ")\"");
  const auto seen =
      pull_all(org, {"name", "customerid_account.name", "customerid_contact.fullname", "customerid"}).seen;
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].columns.at("customerid_account.name"), text_value("Fabrikam"));
  EXPECT_TRUE(is_blank(seen[0].columns.at("customerid_contact.fullname")));
  EXPECT_EQ(seen[0].columns.at("customerid"), text_value(account));
  EXPECT_TRUE(is_blank(seen[1].columns.at("customerid_account.name")));
  EXPECT_EQ(seen[1].columns.at("customerid_contact.fullname"), text_value("Ida Berg"));
}

TEST(Dynamics365Pull, FollowsALookupOfTheOrganisationsOwnByTheWayThatTheMappingNames) {
  TestOrg org;
  org.control("column", R"({"name":"new_Buyer","kind":"lookup","values":["account","contact"]})");
  org.control("column", R"({"name":"new_Partner","kind":"lookup","values":["account"]})");
  const std::string account = org.create_account(R"({"name":"Fabrikam"})");
  const std::string contact = org.make("contact", R"({"lastname":"Berg"})");
  const auto bound = [](const char* property, const std::string& path) {
    return std::string(",\"") + property + "@odata.bind\":\"" + path + "\"";
  };
  const std::string to_account = "/accounts(" + account + ")";
  org.create("To an account", bound("new_Buyer_account", to_account) + bound("new_Partner", to_account));
  org.create("To a contact", bound("new_Buyer_contact", "/contacts(" + contact + ")"));
  const std::vector<std::string> columns = {"name", "new_buyer_account.name", "new_buyer_contact.lastname", "new_buyer",
                                            "new_partner.name"};
  const auto seen = pull_all(org, columns).seen;
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].columns.at("new_buyer_account.name"), text_value("Fabrikam"));
  EXPECT_EQ(seen[0].columns.at("new_partner.name"), text_value("Fabrikam"));
  EXPECT_TRUE(is_blank(seen[0].columns.at("new_buyer_contact.lastname")));
  EXPECT_TRUE(is_blank(seen[1].columns.at("new_buyer_account.name")));
  EXPECT_EQ(seen[1].columns.at("new_buyer_contact.lastname"), text_value("Berg"));
  EXPECT_EQ(seen[1].columns.at("new_buyer"), text_value(contact));
}

TEST(Dynamics365Pull, ForgetsTheTypeOfAColumnThatIsDescribedOtherwiseNow) {
  TestOrg org;
  org.set(R"({"close_dates":"user_local"})");
  const std::string id = org.make("opportunity", R"({"name":"Alder","salesstage":0})");
  const std::vector<std::string> columns = {"name", "estimatedclosedate"};
  const auto first = pull_all(org, columns);
  // The administrator gives the column the behaviour "Date only", which the platform lets be done once.
  org.set(R"({"close_dates":"date_only"})");
  org.reconnect();
  Call call = org.call();
  ASSERT_TRUE(org.connector->describe(call).has_value());
  pull_all(org, columns, first.cursors.back());
  const auto done = push(org, {update_of(id, {{"estimatedclosedate", Value(Date{2027, 2, 28})}})});
  EXPECT_EQ(kind_of(done[0]), "applied") << told(done[0]);
}

TEST(Dynamics365Pull, DeliversEachRecordOnceAroundThePageSize) {
  for (const int count : {0, 1, 2, 3, 4, 6, 7}) {
    TestOrg org;
    org.set(R"({"page_size":3})");
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) {
      names.push_back("Deal " + std::to_string(i));
      org.create(names.back());
    }
    const auto pulled = pull_all(org, kColumns);
    EXPECT_THAT(names_of(pulled.seen), testing::UnorderedElementsAreArray(names)) << count;
    EXPECT_EQ(pulled.cursors.size(), static_cast<std::size_t>(std::max(1, (count + 2) / 3))) << count;
  }
}

TEST(Dynamics365Pull, AsksForNoMoreRowsThanTheEngineTakes) {
  TestOrg org;
  for (int i = 0; i < 5; ++i) org.create("Deal " + std::to_string(i));
  Call call = org.call();
  PullRequest request;
  request.columns = {"name"};
  request.page_limit = 2;
  const auto page = org.connector->pull(call, request);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->seen.size(), 2U);
  EXPECT_FALSE(page->caught_up);
}

TEST(Dynamics365Pull, GoesOnFromEveryPageInANewProcess) {
  TestOrg org;
  org.set(R"({"page_size":2})");
  for (int i = 0; i < 7; ++i) org.create("Deal " + std::to_string(i));
  const auto whole = pull_all(org, kColumns);
  ASSERT_EQ(whole.cursors.size(), 4U);
  for (std::size_t page = 0; page + 1 < whole.cursors.size(); ++page) {
    org.reconnect();
    const auto rest = pull_all(org, kColumns, whole.cursors[page]);
    EXPECT_EQ(rest.seen.size(), 7 - 2 * (page + 1)) << page;
  }
}

TEST(Dynamics365Pull, CostsOneRequestWhenNothingChanged) {
  TestOrg org;
  for (int i = 0; i < 5; ++i) org.create("Deal " + std::to_string(i));
  auto pulled = pull_all(org, kColumns);
  // Soon and much later; also for a process that has just started.
  for (const Duration wait : {seconds(5), minutes(20), days(3)}) {
    org.advance(wait);
    org.reconnect();
    const auto before = org.requests();
    pulled = pull_all(org, kColumns, pulled.cursors.back());
    EXPECT_THAT(pulled.seen, IsEmpty());
    EXPECT_FALSE(pulled.full_listing);
    EXPECT_EQ(org.requests() - before, 1U) << to_string(wait);
  }
}

TEST(Dynamics365Pull, ReadsRelatedRecordsOfAPageInOneRequest) {
  TestOrg org;
  for (int i = 0; i < 20; ++i) {
    const std::string account = org.create_account(R"({"name":"Customer )" + std::to_string(i) + "\"}");
    org.create("Deal " + std::to_string(i), R"(,"parentaccountid@odata.bind":"/accounts()" + account + ")\"");
  }
  const auto first = pull_all(org, kColumns);
  EXPECT_EQ(org.requests(), 3U) << "metadata, the page, what the page refers to";
  const std::string changed = first.seen.at(7).id.value;
  org.advance(minutes(1));
  org.edit(changed, R"({"estimatedvalue":7})");
  const auto before = org.requests();
  const auto second = pull_all(org, kColumns, first.cursors.back());
  ASSERT_EQ(second.seen.size(), 1U);
  EXPECT_EQ(second.seen[0].columns.at("parentaccountid.name"), first.seen[7].columns.at("parentaccountid.name"));
  EXPECT_EQ(org.requests() - before, 2U);
  const std::string& asked = org.bodies.back();
  EXPECT_THAT(asked, HasSubstr("GET /api/data/v9.2/accounts?"));
  EXPECT_THAT(asked, HasSubstr("IsSecured")) << "and which columns are secured now";
  EXPECT_EQ(asked.find("/systemusers?"), std::string::npos) << "users and currencies are remembered";
  EXPECT_EQ(asked.find("/transactioncurrencies?"), std::string::npos);
}

TEST(Dynamics365Pull, AsksForACustomerOnceInAPullAndAgainInTheNext) {
  TestOrg org;
  const std::string account = org.create_account(R"({"name":"Fabrikam"})");
  const std::string of_account = R"(,"parentaccountid@odata.bind":"/accounts()" + account + ")\"";
  for (int i = 0; i < 6; ++i) org.create("Deal " + std::to_string(i), of_account);
  org.set(R"({"page_size":2})");
  const auto accounts_asked = [&] {
    std::size_t n = 0;
    for (std::size_t i = 0; i < org.asked.size(); ++i) {
      const std::string all = org.asked[i] + org.bodies[i];
      n += all.find("/accounts?") != std::string::npos ? 1 : 0;
    }
    return n;
  };
  const auto first = pull_all(org, kColumns);
  ASSERT_EQ(first.cursors.size(), 3U);
  EXPECT_EQ(accounts_asked(), 1U);
  for (const Observation& o : first.seen) EXPECT_EQ(o.columns.at("parentaccountid.name"), text_value("Fabrikam"));

  org.edit(account, R"({"name":"Fabrikam Inc."})", "account");
  org.edit(first.seen[0].id.value, R"({"estimatedvalue":7})");
  const auto second = pull_all(org, kColumns, first.cursors.back());
  ASSERT_EQ(second.seen.size(), 1U);
  EXPECT_EQ(second.seen[0].columns.at("parentaccountid.name"), text_value("Fabrikam Inc."));
}

TEST(Dynamics365Pull, AsksForNothingThatADescriptionHasJustTold) {
  TestOrg org;
  org.create("A");
  Call call = org.call();
  const auto described = org.connector->describe(call);
  ASSERT_TRUE(described);
  auto before = org.requests();
  const auto first = pull_all(org, {"name"});
  EXPECT_EQ(org.requests() - before, 1U) << "the page alone";
  EXPECT_EQ(first.cursors.back().value.find(described->environment) != std::string::npos, true);
  // Later somebody may have changed a column.
  org.advance(minutes(2));
  before = org.requests();
  pull_all(org, {"name"});
  EXPECT_EQ(org.requests() - before, 2U);
}

// The list of currencies answers for all of them at once; one that is no longer active is read by its id.

TEST(Dynamics365Pull, ShowsACurrencyThatIsNotActiveAnyMore) {
  TestOrg org;
  const std::string old = org.make("transactioncurrency", R"({"isocurrencycode":"DEM","currencyname":"Mark"})");
  org.create("A", R"(,"transactioncurrencyid@odata.bind":"/transactioncurrencies()" + old + ")\"");
  org.edit(old, R"({"statecode":1,"statuscode":2})", "transactioncurrency");
  const auto pulled = pull_all(org, kColumns);
  ASSERT_EQ(pulled.seen.size(), 1U);
  EXPECT_EQ(pulled.seen[0].columns.at("transactioncurrencyid.isocurrencycode"), text_value("DEM"));
}

TEST(Dynamics365Pull, FollowsThePagesOfRelatedRecords) {
  TestOrg org;
  org.set(R"({"page_size":3})");
  for (int i = 0; i < 3; ++i) {
    const std::string account = org.create_account(R"({"name":"Customer )" + std::to_string(i) + "\"}");
    org.create("Deal", R"(,"parentaccountid@odata.bind":"/accounts()" + account + ")\"");
  }
  org.advance(seconds(1));
  org.set(R"({"page_size":2})");
  const auto pulled = pull_all(org, kColumns);
  ASSERT_EQ(pulled.seen.size(), 3U);
  for (const Observation& o : pulled.seen) EXPECT_FALSE(is_blank(o.columns.at("parentaccountid.name")));
}

TEST(Dynamics365Pull, DeliversAChangeButNotItsUnchangedNeighbours) {
  TestOrg org;
  const std::string a = org.create("A");
  org.create("B");
  auto pulled = pull_all(org, kColumns);
  org.edit(a, R"({"estimatedvalue":7})");
  org.edit(a, R"({"estimatedvalue":8})");
  pulled = pull_all(org, kColumns, pulled.cursors.back());
  EXPECT_THAT(names_of(pulled.seen), ElementsAre("A"));
  EXPECT_EQ(pulled.seen[0].columns.at("estimatedvalue"), number("8"));
  pulled = pull_all(org, kColumns, pulled.cursors.back());
  EXPECT_THAT(pulled.seen, IsEmpty());
}

TEST(Dynamics365Pull, MissesNothingThatChangesWhileItReads) {
  TestOrg org;
  org.set(R"({"page_size":2})");
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(org.create("Deal " + std::to_string(i)));
  const auto first = pull_once(org, {});
  ASSERT_TRUE(first);
  org.edit(ids[0], R"({"estimatedvalue":9})");
  const auto rest = pull_all(org, kColumns, first->next);
  EXPECT_EQ(first->seen.size() + rest.seen.size(), 5U);
  const auto next = pull_all(org, kColumns, rest.cursors.back());
  EXPECT_THAT(names_of(next.seen), testing::Contains("Deal 0"));
}

TEST(Dynamics365Pull, ShowsDeletedRecordsAsDeleted) {
  TestOrg org;
  const std::string a = org.create("A");
  org.create("B");
  auto pulled = pull_all(org, kColumns);
  org.remove(a);
  pulled = pull_all(org, kColumns, pulled.cursors.back());
  ASSERT_EQ(pulled.seen.size(), 1U);
  EXPECT_EQ(pulled.seen[0].existence, Existence::deleted);
  EXPECT_EQ(pulled.seen[0].id.value, a);
}

TEST(Dynamics365Pull, ReadsCloseDatesOfUpgradedOrganisationsAsTheDayThatPeopleMeant) {
  TestOrg org;
  org.set(R"({"close_dates":"user_local"})");
  const auto day_of = [&](const std::string& moment) {
    const std::string id = org.make("opportunity", R"({"name":"A","estimatedclosedate":")" + moment + "\"}");
    return value_of(org, id, "estimatedclosedate");
  };
  const Value day = Value(Date{2027, 1, 31});
  EXPECT_EQ(day_of("2027-01-31T00:00:00Z"), day);
  EXPECT_EQ(day_of("2027-01-30T23:00:00Z"), day) << "midnight in Berlin";
  EXPECT_EQ(day_of("2027-01-31T08:00:00Z"), day) << "midnight in Seattle";
  EXPECT_EQ(day_of("2027-01-30T14:00:00Z"), day) << "midnight in Sydney";
  EXPECT_EQ(day_of("2027-01-30T11:00:00Z"), day) << "midnight in Auckland, in its summer";
  EXPECT_EQ(day_of("2027-01-30T12:00:00Z"), day) << "and in its winter";
  EXPECT_EQ(day_of("2027-01-31T10:00:00Z"), day) << "midnight in Honolulu, and as the bridge writes it";
}

}  // namespace
}  // namespace cosell::test
