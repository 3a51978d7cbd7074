// Reading changes: every change is delivered, unchanged rows are not delivered twice, and an idle read costs one
// request.
#include <gmock/gmock.h>

#include "connectors/salesforce/salesforce_wire.h"
#include "tests/unit/salesforce/test_org.h"

namespace cosell::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const std::vector<std::string> kColumns = {"Name",     "Amount",       "CloseDate",
                                           "IsClosed", "Account.Name", "Cosell_Since__c"};

Result<Page> pull_once(TestOrg& org, const Cursor& cursor, const std::vector<std::string>& columns = kColumns) {
  Call call = org.call();
  PullRequest request;
  request.cursor = cursor;
  request.columns = columns;
  return org.connector->pull(call, request);
}

std::string kind_of_pull(TestOrg& org, const Cursor& cursor, const std::vector<std::string>& columns) {
  const auto page = pull_once(org, cursor, columns);
  return page ? std::string("accepted") : std::string(name_of(page.error().kind));
}

TEST(SalesforcePull, ShowsEveryColumnWithItsType) {
  TestOrg org;
  const std::string account = org.create_account(R"({"Name":"Fabrikam"})");
  const std::string id = org.create(
      "Renewal",
      R"(,"Amount":1234.5,"Cosell_Referral_Id__c":"ref-1","Cosell_Since__c":"2026-11-20T10:00:00Z","AccountId":")" +
          account + "\"");
  const auto pulled = pull_all(org, kColumns);
  ASSERT_EQ(pulled.seen.size(), 1U);
  const Observation& o = pulled.seen.front();
  EXPECT_TRUE(pulled.full_listing);
  EXPECT_EQ(o.id.value, id);
  EXPECT_EQ(o.key.value, "ref-1");
  EXPECT_EQ(o.existence, Existence::live);
  EXPECT_FALSE(o.version.empty());
  const Columns expected = {{"Name", Value(std::string("Renewal"))},
                            {"Amount", Value(Number{"1234.5"})},
                            {"CloseDate", Value(Date{2027, 1, 31})},
                            {"IsClosed", Value(false)},
                            {"Account.Name", Value(std::string("Fabrikam"))},
                            {"Cosell_Since__c", Value(*parse_instant("2026-11-20T10:00:00Z"))}};
  EXPECT_EQ(o.columns, expected);
}

TEST(SalesforcePull, ShowsEmptyColumnsAndMissingParentsAsBlank) {
  TestOrg org;
  org.create("Bare");
  const auto pulled = pull_all(org, kColumns);
  ASSERT_EQ(pulled.seen.size(), 1U);
  for (const char* blank : {"Amount", "Account.Name", "Cosell_Since__c"}) {
    ASSERT_EQ(pulled.seen[0].columns.count(blank), 1U) << blank;
    EXPECT_TRUE(is_blank(pulled.seen[0].columns.at(blank))) << blank;
  }
  EXPECT_TRUE(pulled.seen[0].key.empty());
}

TEST(SalesforcePull, KeepsTextsThatLookLikeDates) {
  TestOrg org;
  org.create("2026-01-01", R"(,"Cosell_Notes__c":"2026-02-02")");
  const auto pulled = pull_all(org, {"Name", "Cosell_Notes__c"});
  ASSERT_EQ(pulled.seen.size(), 1U);
  EXPECT_EQ(pulled.seen[0].columns.at("Name"), Value(std::string("2026-01-01")));
  EXPECT_EQ(pulled.seen[0].columns.at("Cosell_Notes__c"), Value(std::string("2026-02-02")));
}

TEST(SalesforcePull, DeliversEachRecordOnceAroundThePageSize) {
  for (const int count : {0, 1, 2, 3, 4, 6, 7}) {
    TestOrg org;
    org.set(R"({"page_size":3})");
    std::vector<std::string> names;
    // All of one second, so equal stamps lie across the page edges.
    for (int i = 0; i < count; ++i) {
      names.push_back("Deal " + std::to_string(i));
      org.create(names.back());
    }
    const auto pulled = pull_all(org, kColumns);
    EXPECT_THAT(names_of(pulled.seen), testing::UnorderedElementsAreArray(names)) << count;
    EXPECT_EQ(pulled.cursors.size(), static_cast<std::size_t>(std::max(1, (count + 2) / 3))) << count;
  }
}

TEST(SalesforcePull, GoesOnFromEveryPageInANewProcess) {
  TestOrg org;
  org.set(R"({"page_size":2})");
  for (int i = 0; i < 7; ++i) org.create("Deal " + std::to_string(i));
  const auto whole = pull_all(org, kColumns);
  ASSERT_EQ(whole.cursors.size(), 4U);
  for (std::size_t page = 0; page + 1 < whole.cursors.size(); ++page) {
    org.reconnect();
    const auto rest = pull_all(org, kColumns, whole.cursors[page]);
    EXPECT_EQ(rest.seen.size(), 7 - 2 * (page + 1)) << page;
    EXPECT_EQ(rest.cursors.back(), whole.cursors.back());
  }
}

TEST(SalesforcePull, CostsOneRequestWhenNothingChanged) {
  TestOrg org;
  for (int i = 0; i < 5; ++i) org.create("Deal " + std::to_string(i));
  auto pulled = pull_all(org, kColumns);
  // Within the overlap, just after it, and much later; also for a process that has just started.
  for (const Duration wait : {seconds(5), minutes(3), minutes(20), hours(5)}) {
    org.advance(wait);
    org.reconnect();
    const auto before = org.requests();
    pulled = pull_all(org, kColumns, pulled.cursors.back());
    EXPECT_THAT(pulled.seen, IsEmpty());
    EXPECT_FALSE(pulled.full_listing);
    EXPECT_EQ(org.requests() - before, 1U) << to_string(wait);
  }
}

TEST(SalesforcePull, AsksOnlyForTheOverlapOnceTimeHasPassed) {
  TestOrg org;
  for (int i = 0; i < 5; ++i) org.create("Deal " + std::to_string(i));
  auto pulled = pull_all(org, kColumns);
  const std::string full = pulled.cursors.back().value;
  org.advance(minutes(11));
  pulled = pull_all(org, kColumns, pulled.cursors.back());
  org.advance(minutes(1));
  pulled = pull_all(org, kColumns, pulled.cursors.back());
  // Nothing of the five is remembered any more.
  EXPECT_LT(pulled.cursors.back().value.size() + 5 * salesforce::kDigestLength - 1, full.size());
  EXPECT_THAT(org.asked.back(), HasSubstr("SystemModstamp >= "));
}

TEST(SalesforcePull, DeliversAChangeAgainButNotItsUnchangedNeighbours) {
  TestOrg org;
  const std::string a = org.create("A");
  org.create("B");
  auto pulled = pull_all(org, kColumns);
  org.advance(minutes(1));
  org.edit(a, R"({"Amount":7})");
  pulled = pull_all(org, kColumns, pulled.cursors.back());
  EXPECT_THAT(names_of(pulled.seen), ElementsAre("A"));
  pulled = pull_all(org, kColumns, pulled.cursors.back());
  EXPECT_THAT(pulled.seen, IsEmpty());
}

TEST(SalesforcePull, SeesASecondEditWithinTheSameSecond) {
  TestOrg org;
  const std::string a = org.create("A", R"(,"Amount":1)");
  auto pulled = pull_all(org, kColumns);
  org.edit(a, R"({"Amount":2})");
  const auto again = pull_all(org, kColumns, pulled.cursors.back());
  ASSERT_EQ(again.seen.size(), 1U);
  EXPECT_EQ(again.seen[0].version, pulled.seen[0].version) << "the premise: both edits carry one stamp";
  EXPECT_EQ(again.seen[0].columns.at("Amount"), Value(Number{"2"}));
}

TEST(SalesforcePull, SeesAnEditThatWasCommittedAfterNewerOnesWereRead) {
  TestOrg org;
  const std::string slow = org.create("Slow");
  const std::string quick = org.create("Quick");
  auto pulled = pull_all(org, kColumns);
  org.advance(hours(1));
  pulled = pull_all(org, kColumns, pulled.cursors.back());

  org.control("begin", "{}");
  org.edit(slow, R"({"Amount":5})");
  org.advance(minutes(4));
  org.control("edit", R"({"transaction":null,"id":")" + quick + R"(","fields":{"Amount":6}})");
  pulled = pull_all(org, kColumns, pulled.cursors.back());
  EXPECT_THAT(names_of(pulled.seen), ElementsAre("Quick"));
  org.advance(minutes(4));
  org.control("commit", "{}");
  pulled = pull_all(org, kColumns, pulled.cursors.back());
  EXPECT_THAT(names_of(pulled.seen), ElementsAre("Slow"));
}

TEST(SalesforcePull, KeepsTheSnapshotWhileRowsChange) {
  TestOrg org;
  org.set(R"({"page_size":2})");
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(org.create("Deal " + std::to_string(i)));
  const auto first = pull_once(org, {});
  ASSERT_TRUE(first);
  org.advance(seconds(30));
  org.edit(ids[4], R"({"Amount":9})");
  const auto rest = pull_all(org, kColumns, first->next);
  EXPECT_EQ(first->seen.size() + rest.seen.size(), 5U);
  const auto next = pull_all(org, kColumns, rest.cursors.back());
  EXPECT_THAT(names_of(next.seen), ElementsAre("Deal 4"));
}

TEST(SalesforcePull, ShowsDeletedRecordsAsDeleted) {
  TestOrg org;
  const std::string a = org.create("A");
  auto pulled = pull_all(org, kColumns);
  org.advance(minutes(30));
  org.control("edit", R"({"id":")" + a + R"(","delete":true})");
  pulled = pull_all(org, kColumns, pulled.cursors.back());
  ASSERT_EQ(pulled.seen.size(), 1U);
  EXPECT_EQ(pulled.seen[0].existence, Existence::deleted);
  EXPECT_EQ(pulled.seen[0].id.value, a);
}

// The recycle bin keeps deleted records for 15 days, but somebody may empty it, and it may be full; what was deleted
// and purged between two reads shows nowhere.
TEST(SalesforcePull, ReadsEverythingAgainAfterABreakInWhichDeletionsMayHaveBeenPurged) {
  for (const auto& [with_date, shown_for] :
       {std::pair{true, days(1)}, std::pair{false, days(1)}, std::pair{true, days(15)}, std::pair{true, hours(1)}}) {
    SalesforceSettings settings = TestOrg::default_settings();
    settings.deleted_shown_for = shown_for;
    TestOrg org(settings);
    org.send_date = with_date;
    const std::string gone = org.create("Gone");
    org.create("Stays");
    const Cursor before = pull_all(org, kColumns).cursors.back();
    org.control("edit", R"({"id":")" + gone + R"(","delete":true})");
    org.control("empty_bin", "{}");
    org.advance(shown_for + seconds(1));
    const auto page = pull_once(org, before);
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().kind, ErrorClass::cursor_invalid);
    EXPECT_THAT(page.error().message,
                testing::HasSubstr("deleted more than " + in_words(shown_for) + " ago may not show any more"));
    const auto again = pull_all(org, kColumns);
    EXPECT_TRUE(again.full_listing);
    EXPECT_THAT(names_of(again.seen), ElementsAre("Stays")) << "the comparison misses the other one";
  }
}

TEST(SalesforcePull, FollowsChangesAcrossABreakInWhichEveryDeletionStillShows) {
  for (const Duration shown_for : {days(1), days(15), hours(1)}) {
    SalesforceSettings settings = TestOrg::default_settings();
    settings.deleted_shown_for = shown_for;
    TestOrg org(settings);
    const std::string gone = org.create("Gone");
    const Cursor before = pull_all(org, kColumns).cursors.back();
    org.control("edit", R"({"id":")" + gone + R"(","delete":true})");
    org.advance(shown_for);
    const auto pulled = pull_all(org, kColumns, before);
    EXPECT_FALSE(pulled.full_listing);
    ASSERT_EQ(pulled.seen.size(), 1U);
    EXPECT_EQ(pulled.seen[0].existence, Existence::deleted);
  }
}

TEST(SalesforcePull, RefusesACursorThatDoesNotBelongToIt) {
  TestOrg org;
  org.create("A");
  const Cursor cursor = pull_all(org, kColumns).cursors.back();
  const auto before = org.requests();
  const auto kind = [&](const Cursor& c, const std::vector<std::string>& columns) {
    const auto page = pull_once(org, c, columns);
    return page ? std::string("accepted") : std::string(name_of(page.error().kind));
  };
  EXPECT_EQ(kind(cursor, {"Name"}), "cursor_invalid");
  EXPECT_EQ(kind(Cursor("rubbish"), kColumns), "cursor_invalid");
  EXPECT_EQ(kind(Cursor("{}"), kColumns), "cursor_invalid");
  EXPECT_EQ(kind(Cursor(text::replace_all(cursor.value, "\"v\":1", "\"v\":2")), kColumns), "cursor_invalid");
  EXPECT_EQ(kind(Cursor(text::replace_all(cursor.value, "@127.0.0.1", "@other.my.salesforce.com")), kColumns),
            "cursor_invalid");
  EXPECT_EQ(kind(Cursor(text::replace_all(cursor.value, "\"env\":\"00D", "\"env\":\"00X")), kColumns),
            "cursor_invalid");
  EXPECT_EQ(org.requests(), before) << "nothing is asked for a cursor that cannot be used";
}

TEST(SalesforcePull, StartsThePullOverWhenThePageIsForgotten) {
  TestOrg org;
  org.set(R"({"page_size":2,"locator_hours":0})");
  for (int i = 0; i < 5; ++i) org.create("Deal " + std::to_string(i));
  const auto first = pull_once(org, {});
  ASSERT_TRUE(first);
  ASSERT_EQ(first->seen.size(), 2U);
  org.advance(seconds(1));
  const auto second = pull_once(org, first->next);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(second->full_listing);
  org.set(R"({"locator_hours":48})");
  const auto rest = pull_all(org, kColumns, second->next);
  std::vector<std::string> names = names_of(first->seen);
  for (const auto* part : {&second->seen, &rest.seen}) {
    for (const std::string& n : names_of(*part)) names.push_back(n);
  }
  // Nothing is missed, and what was delivered before the restart does not come again.
  EXPECT_THAT(names, UnorderedElementsAre("Deal 0", "Deal 1", "Deal 2", "Deal 3", "Deal 4"));
}

// The list that the version before asked for has no lookups beside the columns of other records.
TEST(SalesforcePull, StartsThePullOverWhenAnUpgradeOfTheBridgeSelectsMoreThanTheKeptPageShows) {
  TestOrg org;
  org.set(R"({"page_size":2})");
  for (int i = 0; i < 5; ++i) org.create("Deal " + std::to_string(i));
  const std::vector<std::string> columns = {"Name", "Contact.Email"};
  const auto first = pull_once(org, {}, columns);
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_EQ(first->seen.size(), 2U);
  const auto written = json::read(first->next.value);
  ASSERT_TRUE(written);
  json::Value kept = json::Value::object();
  for (const json::Member& m : written->members()) {
    if (m.key != "selected") kept.set(m.key, m.value);
  }
  const std::string old_page = kept.text_of("next");
  ASSERT_FALSE(old_page.empty());
  org.tamper = [&](http::Response& answer) {
    if (!text::ends_with(org.asked.back(), old_page)) return;
    answer.body = text::replace_all(answer.body, "\"ContactId\"", "\"Other\"");
  };
  const auto rest = pull_all(org, columns, Cursor(json::write(kept)));
  EXPECT_TRUE(rest.full_listing);
  EXPECT_THAT(names_of(rest.seen), testing::IsSupersetOf({"Deal 2", "Deal 3", "Deal 4"}));
}

TEST(SalesforcePull, KeepsThePageWhenTheTokenEndsBetweenPages) {
  TestOrg org;
  org.set(R"({"page_size":2})");
  for (int i = 0; i < 5; ++i) org.create("Deal " + std::to_string(i));
  const auto first = pull_once(org, {});
  ASSERT_TRUE(first);
  org.control("expire", "{}");
  const auto logins = org.meter.of("crm").logins;
  const auto rest = pull_all(org, kColumns, first->next);
  EXPECT_EQ(rest.seen.size(), 3U);
  EXPECT_EQ(org.meter.of("crm").logins - logins, 1U);
}

TEST(SalesforcePull, GivesUpAfterOneNewToken) {
  TestOrg org;
  org.faults(R"([{"match":{"path":"/services/data"},"times":0,"action":{"kind":"status","status":401,
    "body":[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]}}])");
  const auto page = pull_once(org, {}, {"Name"});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorClass::auth_expired);
  EXPECT_EQ(org.requests(), 2U);
}

TEST(SalesforcePull, WaitsLongForTheDailyLimitAndShortForTheConcurrentOne) {
  TestOrg org;
  org.set(R"({"daily_api_limit":0})");
  auto page = pull_once(org, {}, {"Name"});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorClass::throttled);
  EXPECT_EQ(page.error().rule, "REQUEST_LIMIT_EXCEEDED");
  EXPECT_EQ(page.error().not_before, org.manual.now() + minutes(15));
  EXPECT_EQ(org.requests(), 1U);

  org.set(R"({"daily_api_limit":1000})");
  org.faults(R"([{"match":{"path":"/services/data"},"action":{"kind":"status","status":403,"body":[{"message":
    "ConcurrentRequests (Concurrent API Requests) Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]}}])");
  page = pull_once(org, {}, {"Name"});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().not_before, org.manual.now() + seconds(10));
}

TEST(SalesforcePull, TriesAgainWhenTheServerIsDownForAMoment) {
  TestOrg org;
  org.create("A");
  org.faults(R"([{"match":{"path":"/services/data"},"times":2,"action":{"kind":"html","status":503}}])");
  const auto page = pull_once(org, {}, {"Name"});
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->seen.size(), 1U);
  EXPECT_EQ(org.requests(), 3U);
}

TEST(SalesforcePull, NamesTheRequestWhenAWebPageComesInsteadOfData) {
  TestOrg org;
  org.faults(R"([{"match":{"path":"/services/data"},"times":0,"action":{"kind":"html","status":200}}])");
  auto page = pull_once(org, {}, {"Name"});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorClass::bad_response);
  EXPECT_THAT(page.error().message, testing::AllOf(HasSubstr("GET query"), HasSubstr("web page")));

  org.faults(R"([{"match":{"path":"/services/data"},"times":0,"action":{"kind":"html","status":503}}])");
  page = pull_once(org, {}, {"Name"});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorClass::transient);
}

TEST(SalesforcePull, DoesNotFollowAPageToAnotherHostOrToItself) {
  for (const char* next : {"https://evil.example/services/data/v60.0/query/x", "/somewhere/else", "//evil.example/x"}) {
    TestOrg org;
    org.faults(R"([{"match":{"path":"/services/data"},"action":{"kind":"status","status":200,"body":{"done":false,
      "nextRecordsUrl":")" +
               std::string(next) + R"(","records":[]}}}])");
    const auto first = pull_once(org, {}, {"Name"});
    ASSERT_TRUE(first) << first.error().message;
    const auto before = org.asked.size();
    const auto second = pull_once(org, first->next, {"Name"});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorClass::bad_response);
    EXPECT_EQ(org.asked.size(), before) << next;
  }
  TestOrg org;
  org.faults(
      R"([{"match":{"path":"/services/data"},"times":0,"action":{"kind":"status","status":200,"body":{"done":false,
    "nextRecordsUrl":"/services/data/v60.0/query/0r8-1","records":[]}}}])");
  auto page = pull_once(org, {}, {"Name"});
  ASSERT_TRUE(page);
  page = pull_once(org, page->next, {"Name"});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorClass::bad_response);
}

TEST(SalesforcePull, NeverTakesAMissingColumnForAnEmptyOne) {
  TestOrg org;
  org.faults(
      R"([{"match":{"path":"/services/data"},"action":{"kind":"status","status":200,"body":{"done":true,"records":
    [{"Id":"006000000000001AAA","SystemModstamp":"2026-01-01T00:00:00.000+0000","Cosell_Referral_Id__c":null}]}}}])");
  const auto page = pull_once(org, {}, {"Name"});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorClass::bad_response);
  EXPECT_THAT(page.error().message, HasSubstr("Name"));
}

TEST(SalesforcePull, GoesWithoutTheCurrencyColumnWhereThereIsOneCurrency) {
  TestOrg org;
  org.set(R"({"multi_currency":false})");
  const std::string a = org.create("A");
  const std::vector<std::string> columns = {"Name", "CurrencyIsoCode"};
  auto pulled = pull_all(org, columns);
  ASSERT_EQ(pulled.seen.size(), 1U);
  ASSERT_EQ(pulled.seen[0].columns.count("CurrencyIsoCode"), 1U);
  EXPECT_TRUE(is_blank(pulled.seen[0].columns.at("CurrencyIsoCode")));
  // A new process knows it from the cursor.
  org.reconnect();
  org.edit(a, R"({"Amount":3})");
  const auto before = org.requests();
  pulled = pull_all(org, columns, pulled.cursors.back());
  EXPECT_EQ(org.requests() - before, 1U);
}

// Amounts without their currency would be taken for amounts in that of the organisation.
TEST(SalesforcePull, NoticesThatTheOrganisationHasSeveralCurrenciesNow) {  // I-07
  const std::vector<std::string> columns = {"Name", "CurrencyIsoCode"};
  const auto begun = [&](TestOrg& org) {
    org.set(R"({"multi_currency":false})");
    org.create("A");
    return pull_all(org, columns).cursors.back();
  };
  {
    TestOrg org;
    const Cursor cursor = begun(org);
    org.set(R"({"multi_currency":true})");
    org.reconnect();
    EXPECT_EQ(kind_of_pull(org, cursor, columns), "cursor_invalid") << "a new process, told by its first page";
    EXPECT_FALSE(is_blank(pull_all(org, columns).seen[0].columns.at("CurrencyIsoCode")));
  }
  TestOrg org;
  const Cursor cursor = begun(org);
  Call call = org.call();
  ASSERT_TRUE(org.connector->describe_stages(call));
  EXPECT_EQ(kind_of_pull(org, cursor, columns), "accepted");
  org.set(R"({"multi_currency":true})");
  const auto before = org.requests();
  ASSERT_TRUE(org.connector->describe_stages(call)) << "as it is asked every hour";
  EXPECT_EQ(org.requests() - before, 1U);
  EXPECT_EQ(kind_of_pull(org, cursor, columns), "cursor_invalid");
  EXPECT_FALSE(is_blank(pull_all(org, columns).seen[0].columns.at("CurrencyIsoCode")));
}

TEST(SalesforcePull, NamesTheColumnThatTheOrganisationLacks) {
  TestOrg org;
  org.set(R"({"missing_columns":["NextStep"]})");
  const auto page = pull_once(org, {}, {"Name", "NextStep"});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorClass::schema_drift);
  EXPECT_THAT(page.error().fields, ElementsAre("NextStep"));
}

TEST(SalesforcePull, WorksWithoutADateHeader) {
  TestOrg org;
  org.send_date = false;
  const std::string a = org.create("A");
  org.create("B");
  auto pulled = pull_all(org, kColumns);
  EXPECT_EQ(pulled.seen.size(), 2U);
  org.advance(hours(1));
  org.edit(a, R"({"Amount":3})");
  pulled = pull_all(org, kColumns, pulled.cursors.back());
  EXPECT_THAT(names_of(pulled.seen), ElementsAre("A"));
  EXPECT_FALSE(pulled.full_listing);
}

TEST(SalesforcePull, DecidesNothingByOurOwnClock) {
  for (const Duration off : {days(400), Duration{-days(400).ms}}) {
    TestOrg org;
    const std::string a = org.create("A");
    ManualClock ours(org.manual.now() + off);
    Call call{org.transport, ours, org.random, org.meter, "crm", 4, seconds(60), {}};
    PullRequest request;
    request.columns = {"Name"};
    request.cursor = org.connector->pull(call, request)->next;
    org.advance(hours(1));
    org.edit(a, R"({"Amount":4})");
    const auto page = org.connector->pull(call, request);
    ASSERT_TRUE(page) << page.error().message;
    EXPECT_EQ(page->seen.size(), 1U);
  }
}

TEST(SalesforceWire, RefusesEveryBrokenPageWithoutFailing) {
  const std::string body =
      R"({"totalSize":1,"done":true,"records":[{"attributes":{"type":"Opportunity"},"Id":"006000000000001AAA",)"
      R"("SystemModstamp":"2026-01-01T00:00:00.000+0000","Name":"A","Account":{"Name":"B"},"K__c":null}]})";
  salesforce::RowShape shape;
  shape.object = "Opportunity";
  shape.columns = {"Name", "Account.Name"};
  shape.key_column = "K__c";
  ASSERT_TRUE(salesforce::read_page(body, shape, "GET query"));
  for (std::size_t n = 0; n < body.size(); ++n) {
    const auto page = salesforce::read_page(body.substr(0, n), shape, "GET query");
    ASSERT_FALSE(page) << n;
    ASSERT_EQ(page.error().kind, ErrorClass::bad_response);
  }
  for (const char* wrong :
       {"[]", "{}", "null", R"({"records":{}})", R"({"records":[null],"done":true})", R"({"records":[],"done":"yes"})",
        R"({"records":[],"done":false})", R"({"records":[{"Id":5}],"done":true})", "\xFF\xFE", "<html>"}) {
    EXPECT_FALSE(salesforce::read_page(wrong, shape, "GET query")) << wrong;
  }
}

TEST(SalesforceWire, LeavesANumberThatIsNoAmountToItsColumn) {
  salesforce::RowShape shape;
  shape.object = "Opportunity";
  shape.columns = {"Name", "Score__c"};
  for (const std::string huge : {"1e300", "1e-300", "12345678901234567890123456789012345678901"}) {
    const std::string body =
        R"({"totalSize":1,"done":true,"records":[{"attributes":{"type":"Opportunity"},"Id":"006000000000001AAA",)"
        R"("SystemModstamp":"2026-01-01T00:00:00.000+0000","Name":"A","Score__c":)" +
        huge + "}]}";
    const auto page = salesforce::read_page(body, shape, "GET query");
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_EQ(page->rows.size(), 1U);
    EXPECT_EQ(page->rows[0].columns.at("Score__c"), text_value(huge));
    EXPECT_EQ(page->rows[0].columns.at("Name"), text_value("A"));
  }
}

TEST(SalesforcePull, GoesOnBehindPagesWithoutRows) {
  TestOrg org;
  org.create("Alder");
  int left = 0;
  int n = 0;
  http::Response real;
  org.tamper = [&](http::Response& answer) {
    if (org.asked.back().find("/query") == std::string::npos) return;
    if (real.body.empty()) real = answer;
    if (left-- <= 0) {
      answer = real;
      return;
    }
    answer.status = 200;
    answer.body = R"({"totalSize":1,"done":false,"records":[],"nextRecordsUrl":"/services/data/v60.0/query/01g-)" +
                  std::to_string(++n) + "\"}";
  };
  left = 40;
  EXPECT_EQ(pull_all(org, {"Name"}).seen.size(), 1U);

  // So many that it is told: the next pull goes on from there.
  left = 400;
  Call call = org.call();
  PullRequest request;
  request.columns = {"Name"};
  std::string failed;
  for (int i = 0; i < 1000 && failed.empty(); ++i) {
    const auto page = org.connector->pull(call, request);
    if (!page) failed = name_of(page.error().kind);
    if (page) request.cursor = page->next;
  }
  EXPECT_EQ(failed, "bad_response");
  EXPECT_GT(left, 0);
  bool caught_up = false;
  for (int i = 0; i < 1000 && !caught_up; ++i) {
    const auto page = org.connector->pull(call, request);
    ASSERT_TRUE(page) << page.error().message;
    request.cursor = page->next;
    caught_up = page->caught_up;
  }
  EXPECT_TRUE(caught_up);
}

// Contacts of another team are not shared with the bridge's user.
TEST(SalesforcePull, SaysThatAContactIsHiddenInsteadOfEmpty) {
  TestOrg org;
  const std::string account = org.create_account(R"({"Name":"Alder Foods"})");
  const std::string contact = org.normal_id(
      org.control("edit", R"({"object":"Contact","fields":{"LastName":"Berg","Email":"ida.berg@alder.example"}})")
          .text_of("id"));
  const std::string id = org.create("Alder", R"(,"ContactId":")" + contact + R"(","AccountId":")" + account + R"(")");
  org.create("Birch");
  const std::vector<std::string> columns = {"Name",         "Contact.LastName", "Contact.Email",
                                            "Account.Name", "Owner.Name",       "Account.Owner.Name"};
  org.set(R"({"hidden_rows":[")" + contact + R"("]})");
  const auto pulled = pull_all(org, columns);
  ASSERT_EQ(pulled.seen.size(), 2U);
  EXPECT_THAT(pulled.seen[0].hidden, ElementsAre("Contact.LastName", "Contact.Email"));
  EXPECT_TRUE(is_blank(pulled.seen[0].columns.at("Contact.LastName")));
  EXPECT_EQ(pulled.seen[0].columns.at("Account.Name"), text_value("Alder Foods"));
  EXPECT_THAT(pulled.seen[1].hidden, testing::IsEmpty()) << "it has neither contact nor account";
  EXPECT_THAT(fetch(org, {by_id(id)}, columns).front().hidden, ElementsAre("Contact.LastName", "Contact.Email"));
  org.set(R"({"hidden_rows":[")" + account + R"("]})");
  EXPECT_THAT(fetch(org, {by_id(id)}, columns).front().hidden, ElementsAre("Account.Name", "Account.Owner.Name"));
  org.set(R"({"hidden_rows":[]})");
  org.edit(id, R"({"Name":"Alder Foods"})");
  const auto again = pull_all(org, columns, pulled.cursors.back());
  EXPECT_THAT(again.seen.back().hidden, testing::IsEmpty());
  EXPECT_EQ(again.seen.back().columns.at("Contact.LastName"), text_value("Berg"));
}

}  // namespace
}  // namespace cosell::test
