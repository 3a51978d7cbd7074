// The list call: filters, order, paging, selection.
#include <algorithm>
#include <set>

#include "tests/unit/partner_center_emulator/tenant.h"

namespace cosell::emulator {
namespace {

class PartnerCenterList : public Tenant {
 protected:
  std::vector<std::string> make_many(int count) {
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) {
      clock_.advance(seconds(1));
      ids.push_back(make(deal()));
    }
    return ids;
  }
  static std::vector<std::string> reversed(std::vector<std::string> ids) {
    std::reverse(ids.begin(), ids.end());
    return ids;
  }
};

TEST_F(PartnerCenterList, PagesHoldTheirSizeAndTheLastOneHasNoLink) {
  set("page_size", 3);
  const std::vector<std::string> ids = make_many(7);
  const Reply first = list();
  EXPECT_EQ(first.text("/@odata.context"), "http://api.partner.microsoft.com/v1.0/$metadata#Referrals");
  EXPECT_EQ(first.body["value"].size(), 3U);
  EXPECT_EQ(first.body["@odata.count"], 3);
  EXPECT_EQ(list_all(), ids);
  EXPECT_EQ(list_all("$orderby=createdDateTime desc"), reversed(ids));
  set("page_size", 7);
  EXPECT_FALSE(list().body.contains("@odata.nextLink"));
}

TEST_F(PartnerCenterList, PrintsTheDefectiveLinkUntilToldOtherwise) {
  set("page_size", 1);
  make_many(2);
  EXPECT_EQ(list().text("/@odata.nextLink").find("http://api.partner.microsoft.com/v1.0/referrals?$skiptoken="), 0U);
  set("defective_next_link", false);
  EXPECT_EQ(list().text("/@odata.nextLink").find("http://127.0.0.1:8080/v1.0/engagements/referrals?$skiptoken="), 0U);
}

TEST_F(PartnerCenterList, LinksExpireAndForeignOnesAreRefused) {
  set("page_size", 1);
  set("skiptoken_seconds", 60);
  make_many(2);
  const std::string link = list().text("/@odata.nextLink");
  const std::string next = kReferrals + link.substr(link.find('?'));
  clock_.advance(seconds(60));
  EXPECT_EQ(call("GET", next).status, 200);
  clock_.advance(seconds(1));
  EXPECT_EQ(call("GET", next).target(), "$skiptoken");
  EXPECT_EQ(list("$skiptoken=abc").status, 400);
}

TEST_F(PartnerCenterList, OrdersByTheTimeOfTheLastChange) {
  const std::vector<std::string> ids = make_many(3);
  clock_.advance(seconds(1));
  ASSERT_EQ(patch(ids[0], changes({{"/details/notes", "newer"}})).status, 204);
  EXPECT_EQ(list_all("$orderby=updatedDateTime desc"), (std::vector<std::string>{ids[0], ids[2], ids[1]}));
  EXPECT_EQ(list_all("$orderby=updatedDateTime"), (std::vector<std::string>{ids[1], ids[2], ids[0]}));
  EXPECT_EQ(list("$orderby=name").target(), "$orderby");
}

TEST_F(PartnerCenterList, NoTwoChangesShareATimeEvenWhenTheClockStands) {
  std::set<std::string> times;
  std::string last;
  const std::string id = make(deal());
  for (int i = 0; i < 200; ++i) {
    patch(id, changes({{"/details/notes", "n" + std::to_string(i)}}));
    const std::string time = get(id).text("/updatedDateTime");
    EXPECT_GT(time, last);
    last = time;
    times.insert(time);
  }
  EXPECT_EQ(times.size(), 200U);
}

TEST_F(PartnerCenterList, ARowThatChangesWhilePagingIsNotRepeatedAfterTheLastRow) {
  set("page_size", 2);
  const std::vector<std::string> ids = make_many(5);
  const Reply first = list("$orderby=updatedDateTime desc");
  clock_.advance(seconds(1));
  patch(ids[1], changes({{"/details/notes", "moved to the front"}}));
  const std::string link = first.text("/@odata.nextLink");
  const Reply second = call("GET", kReferrals + link.substr(link.find('?')));
  ASSERT_EQ(second.body["value"].size(), 2U);
  EXPECT_EQ(second.body["value"][0]["id"], ids[2]);
  EXPECT_EQ(second.body["value"][1]["id"], ids[0]);
}

TEST_F(PartnerCenterList, RowNumberPagingRepeatsRowsWhenOthersMoveToTheFront) {
  set("page_size", 2);
  set("paging", "row_number");
  const std::vector<std::string> ids = make_many(5);
  EXPECT_EQ(list_all("$orderby=updatedDateTime desc"), reversed(ids));
  const Reply first = list("$orderby=updatedDateTime desc");
  clock_.advance(seconds(1));
  patch(ids[0], changes({{"/details/notes", "moved to the front"}}));
  const std::string link = first.text("/@odata.nextLink");
  const Reply second = call("GET", kReferrals + link.substr(link.find('?')));
  EXPECT_EQ(second.body["value"][0]["id"], first.body["value"][1]["id"]);
}

TEST_F(PartnerCenterList, FiltersTheDocumentedFields) {
  const Reply own = create(deal(true));
  const std::string mine = own.text("/id");
  const std::string engagement = own.text("/engagementId");
  const std::string inbound = control("inbound", Json{{"customer", Json{{"country", "GB"}}}}).text("/id");
  using Ids = std::vector<std::string>;
  EXPECT_EQ(list_all("$filter=engagementId eq '" + engagement + "'"), Ids{mine});
  EXPECT_EQ(list_all("$filter=engagementId eq " + engagement), Ids{mine});
  EXPECT_EQ(list_all("$filter=status eq 'New'"), Ids{inbound});
  EXPECT_EQ(list_all("$filter=substatus eq 'Accepted'"), Ids{mine});
  EXPECT_EQ(list_all("$filter=direction eq 'Incoming'"), Ids{inbound});
  EXPECT_EQ(list_all("$filter=type eq 'Shared' and qualification eq 'SalesQualified'").size(), 2U);
  EXPECT_EQ(list_all("$filter=customerProfile/address/country eq 'DE'"), Ids{mine});
  EXPECT_EQ(list_all("$filter=team/any(t:t/email eq 'IDA.berg@partner.example')"), Ids{mine});
  EXPECT_EQ(list_all("$filter=team/any(t: t/email eq 'nobody@partner.example')"), Ids{});
  EXPECT_EQ(list_all("$filter=(status eq 'Active' and (direction eq 'Outgoing'))"), Ids{mine});
  EXPECT_EQ(list_all("$filter=status eq 'Active' and direction eq 'Incoming'"), Ids{});
  set("filter_unquoted_id", false);
  EXPECT_EQ(list("$filter=engagementId eq " + engagement).status, 400);
}

TEST_F(PartnerCenterList, RefusesFiltersThatAreNotDocumented) {
  for (const char* filter :
       {"updatedDateTime ge 2030-01-01T00:00:00Z", "externalReferenceId eq '006XX000004C9aZ'", "name eq 'x'",
        "status eq 'New' or status eq 'Active'", "not (status eq 'New')", "status ne 'New'", "status eq New",
        "status eq 'Sleeping'", "status eq 'New", "status eq", "(status eq 'New'", "status eq 'New' status",
        "team/any(t:t/name eq 'x')", "contains(name,'x')", "engagementId eq 'x'"}) {
    EXPECT_EQ(list("$filter=" + std::string(filter)).target(), "$filter") << filter;
  }
  for (const char* option : {"$search=x", "$expand=team", "$top=many", "$count=maybe", "$select=nothing"}) {
    EXPECT_EQ(list(option).status, 400) << option;
  }
}

TEST_F(PartnerCenterList, FiltersByTimeAndCrmIdWhereSwitchedOn) {
  const std::vector<std::string> ids = make_many(4);
  set("filter_updated", true);
  set("page_size", 1);
  const std::string third = get(ids[2]).text("/updatedDateTime");
  using Ids = std::vector<std::string>;
  for (const char* order : {"&$orderby=updatedDateTime asc", "&$orderby=createdDateTime asc"}) {
    EXPECT_EQ(list_all("$filter=updatedDateTime ge " + third + order), (Ids{ids[2], ids[3]}));
    EXPECT_EQ(list_all("$filter=updatedDateTime lt " + third + order), (Ids{ids[0], ids[1]}));
  }
  EXPECT_EQ(list_all("$filter=updatedDateTime ge " + third + "&$orderby=updatedDateTime desc"), (Ids{ids[3], ids[2]}));
  EXPECT_EQ(list_all("$filter=updatedDateTime gt " + third + " and status eq 'Active'"), Ids{ids[3]});
  EXPECT_EQ(list("$filter=updatedDateTime ge '" + third + "'").status, 400);
  set("filter_updated_quoted", true);
  EXPECT_EQ(list_all("$filter=updatedDateTime gt '" + third + "'"), Ids{ids[3]});
  EXPECT_EQ(list("$filter=updatedDateTime ge yesterday").status, 400);

  patch(ids[1], changes({{"/externalReferenceId", "O'Hara-1"}}));
  set("filter_external_reference", true);
  EXPECT_EQ(list_all("$filter=externalReferenceId eq 'O''Hara-1'"), Ids{ids[1]});
  set("filter_or", true);
  EXPECT_EQ(list_all("$filter=externalReferenceId eq 'O''Hara-1' or updatedDateTime eq " + third),
            (Ids{ids[1], ids[2]}));
  EXPECT_EQ(list_all("$filter=not (status eq 'Active')"), Ids{});
}

TEST_F(PartnerCenterList, TopEndsTheListUnlessItIsThePageSize) {
  set("page_size", 2);
  const std::vector<std::string> ids = make_many(6);
  EXPECT_EQ(list_all("$top=5").size(), 5U);
  EXPECT_EQ(list_all("$top=2").size(), 2U);
  EXPECT_EQ(list("$top=1").body["value"].size(), 1U);
  EXPECT_EQ(list_all("$skip=4"), (std::vector<std::string>{ids[4], ids[5]}));
  set("top_is_page_size", true);
  EXPECT_EQ(list("$top=5").body["value"].size(), 5U);
  EXPECT_EQ(list_all("$top=5").size(), 6U);
  set("skip_supported", false);
  EXPECT_EQ(list("$skip=4").target(), "$skip");
}

TEST_F(PartnerCenterList, CountsAndSelectsAsAsked) {
  set("page_size", 2);
  make_many(5);
  EXPECT_EQ(list("$count=true").body["@odata.count"], 5);
  set("count_shown", "asked");
  EXPECT_FALSE(list().body.contains("@odata.count"));
  const Json row = list("$select=id,status,customerProfile").body["value"][0];
  EXPECT_EQ(row.size(), 3U);
  EXPECT_EQ(row["status"], "Active");
  set("list_shows_etag", false);
  EXPECT_FALSE(list().body["value"][0].contains("eTag"));
  set("honours_maxpagesize", true);
  EXPECT_EQ(call("GET", kReferrals, Json(), {{"Prefer", "odata.maxpagesize=4"}}).body["value"].size(), 4U);
}

TEST_F(PartnerCenterList, ALaggingIndexShowsNewDealsLater) {
  set("list_lag_ms", 5'000);
  const std::string id = make(deal());
  EXPECT_EQ(get(id).status, 200);
  EXPECT_TRUE(list_all().empty());
  clock_.advance(seconds(6));
  EXPECT_EQ(list_all(), std::vector<std::string>{id});
}

TEST_F(PartnerCenterList, AnswersWhatTheRouteAllows) {
  const std::string id = make(deal());
  const std::string one = std::string(kReferrals) + "/" + id;
  EXPECT_EQ(call("GET", one + "/").status, 200);
  EXPECT_EQ(call("DELETE", one).status, 405);
  EXPECT_EQ(call("PUT", one, deal()).headers.get("Allow"), "GET, PATCH");
  EXPECT_EQ(call("PATCH", kReferrals, Json::array()).status, 405);
  EXPECT_EQ(call("GET", "/v1.0/engagments/referrals").status, 404);
  EXPECT_EQ(get("c5fbb3b6-0000-4000-8000-4324c73fed37").text("/error/code"), "itemNotFound");
  const Reply echoed = call("GET", one, Json(), {{"MS-CorrelationId", "c-1"}, {"client-request-id", "r-1"}});
  EXPECT_EQ(echoed.headers.get("ms-correlationid"), "c-1");
  EXPECT_EQ(echoed.headers.get("client-request-id"), "r-1");
  EXPECT_FALSE(echoed.headers.get("request-id").empty());
  EXPECT_EQ(core_->last_served().at(0).path_template, "/v1.0/engagements/referrals/{id}");
}

}  // namespace
}  // namespace cosell::emulator
