// Change tracking: first reads, deltas, deletions, and tokens that expire.
#include "tests/unit/dynamics365_emulator/organization.h"

namespace cosell::emulator {
namespace {

using Names = std::vector<std::string>;

class Tracking : public ::testing::Test {
 protected:
  Tracking() {
    for (const char* name : {"A", "B", "C"}) ids_.push_back(org_.create(org_.deal(name)));
  }

  // All rows of a tracked read, page by page; `delta_` is the link at its end.
  Json read(std::string link, const HeaderList& headers = kTrack) {
    Json all = Json::array();
    for (int i = 0; i < 100 && !link.empty(); ++i) {
      const Json page = org_.get(link, headers);
      EXPECT_TRUE(page.contains("value")) << page.dump();
      if (!page.contains("value")) break;
      for (const Json& row : page["value"]) all.push_back(row);
      delta_ = page.value("@odata.deltaLink", "");
      link = page.value("@odata.nextLink", "");
      EXPECT_NE(delta_.empty(), link.empty()) << "a page ends in one link or the other";
    }
    return all;
  }
  Json first() { return read("opportunities?$select=name,statecode"); }

  static Names names(const Json& rows) {
    Names out;
    for (const Json& row : rows) out.push_back(row.contains("name") ? row["name"].get<std::string>() : "deleted");
    return out;
  }

  Organization org_;
  Names ids_;
  std::string delta_;
};

TEST_F(Tracking, BeginsWithTheWholeTableAndTellsOnlyChangesThen) {
  EXPECT_EQ(names(first()), (Names{"A", "B", "C"}));
  EXPECT_NE(delta_.find("$deltatoken=10"), std::string::npos);
  EXPECT_NE(delta_.find("%21"), std::string::npos) << "version and date, joined by a mark";
  EXPECT_TRUE(read(delta_).empty());
  org_.call("PATCH", org_.path_of(ids_[1]), Json{{"name", "B2"}});
  org_.call("PATCH", org_.path_of(ids_[0]), Json{{"name", "A2"}});
  org_.call("PATCH", org_.path_of(ids_[1]), Json{{"name", "B3"}});
  const Json changed = read(delta_);
  EXPECT_EQ(names(changed), (Names{"A2", "B3"})) << "each row once, by version";
  EXPECT_TRUE(changed[0].contains("statecode")) << "all selected columns, not only those that changed";
  EXPECT_TRUE(read(delta_).empty());
}

TEST_F(Tracking, NamesDeltaContextAndPreference) {
  first();
  EXPECT_EQ(org_.last.headers.get("Preference-Applied"), "odata.track-changes");
  const Json page = org_.get(delta_, kTrack);
  EXPECT_TRUE(text::ends_with(page["@odata.context"].get<std::string>(), "#opportunities(name,statecode)/$delta"));
}

TEST_F(Tracking, TellsDeletionsAfterChangesEvenOfRowsNeverSeen) {
  first();
  const std::string brief = org_.create(org_.deal("Brief"));
  org_.call("DELETE", org_.path_of(ids_[0]));
  org_.call("DELETE", org_.path_of(brief));
  org_.call("PATCH", org_.path_of(ids_[2]), Json{{"name", "C2"}});
  const Json changed = read(delta_);
  ASSERT_EQ(names(changed), (Names{"C2", "deleted", "deleted"}));
  EXPECT_EQ(changed[1]["id"], ids_[0]);
  EXPECT_EQ(changed[1]["reason"], "deleted");
  EXPECT_TRUE(
      text::ends_with(changed[1]["@odata.context"].get<std::string>(), "$metadata#opportunities/$deletedEntity"));
  EXPECT_FALSE(changed[1].contains("@odata.etag"));
  EXPECT_EQ(changed[2]["id"], brief);
}

TEST_F(Tracking, DoesNotTellTheDeletionOfARowThatIsThereAgain) {
  first();
  org_.call("DELETE", org_.path_of(ids_[0]));
  org_.call("PATCH", org_.path_of(ids_[0]), org_.deal("A again"));
  EXPECT_EQ(names(read(delta_)), Names{"A again"});
}

TEST_F(Tracking, LosesNothingThatHappensBetweenPages) {
  org_.set("page_size", 2);
  Json page = org_.get("opportunities?$select=name", kTrack);
  ASSERT_EQ(page["value"].size(), 2U);
  org_.call("PATCH", org_.path_of(ids_[0]), Json{{"name", "A2"}});
  org_.call("DELETE", org_.path_of(ids_[1]));
  org_.create(org_.deal("D"));
  page = org_.get(page["@odata.nextLink"].get<std::string>(), kTrack);
  EXPECT_EQ(names(page["value"]), (Names{"C", "D"}));
  EXPECT_EQ(names(read(page["@odata.deltaLink"].get<std::string>())), (Names{"A2", "D", "deleted"}));
}

TEST_F(Tracking, PagesLongDeltas) {
  first();
  org_.set("page_size", 2);
  for (const std::string& id : ids_) org_.call("PATCH", org_.path_of(id), Json{{"name", "x"}});
  const std::string d = org_.create(org_.deal("D"));
  const std::string e = org_.create(org_.deal("E"));
  org_.call("DELETE", org_.path_of(d));
  org_.call("DELETE", org_.path_of(e));
  org_.call("DELETE", org_.path_of(ids_[0]));
  EXPECT_EQ(names(read(delta_)), (Names{"x", "x", "deleted", "deleted", "deleted"}));
  EXPECT_TRUE(read(delta_).empty());
}

TEST_F(Tracking, MovesARowThatChangesBetweenPagesOfADeltaToTheNextOne) {
  first();
  org_.set("page_size", 1);
  for (const std::string& id : ids_) org_.call("PATCH", org_.path_of(id), Json{{"name", "x"}});
  Json page = org_.get(delta_, kTrack);
  org_.call("PATCH", org_.path_of(ids_[1]), Json{{"name", "later"}});
  const Json rest = read(page["@odata.nextLink"].get<std::string>());
  EXPECT_EQ(rest.size(), 1U);
  EXPECT_EQ(names(read(delta_)), Names{"later"});
}

TEST_F(Tracking, CountsWhatIsPending) {
  first();
  org_.call("PATCH", org_.path_of(ids_[1]), Json{{"name", "B2"}});
  org_.call("DELETE", org_.path_of(ids_[2]));
  const std::string token = delta_.substr(delta_.find("$deltatoken="));
  EXPECT_EQ(org_.call("GET", "/api/data/v9.2/opportunities/$count?" + token, nullptr, kTrack).body, "2");
}

TEST_F(Tracking, RefusesFiltersOrdersLimitsAndExpansions) {
  for (const char* option : {"$filter=name eq 'A'", "$orderby=name", "$top=1", "$expand=parentaccountid"}) {
    const auto r = org_.call("GET", std::string("opportunities?$select=name&") + option, nullptr, kTrack);
    EXPECT_EQ(r.status, 400) << option;
    EXPECT_NE(Organization::message(r).find("query parameter isn't supported when Change Tracking is enabled."),
              std::string::npos);
  }
}

TEST_F(Tracking, ExpiresAfterTheDaysOfTheOrganisation) {
  first();
  org_.pass(days(7));
  EXPECT_TRUE(read(delta_).empty());
  const std::string renewed = delta_;
  org_.pass(days(7) + seconds(1));
  const auto r = org_.call("GET", renewed, nullptr, kTrack);
  EXPECT_EQ(r.status, 400);
  EXPECT_EQ(Organization::code(r), "0x80044352");
}

TEST_F(Tracking, ExpiresSoonerWhereFewerDaysAreSet) {
  org_.set("change_tracking_days", 1);
  first();
  org_.pass(days(1));
  EXPECT_TRUE(read(delta_).empty());
  const std::string renewed = delta_;
  org_.pass(days(1) + seconds(1));
  EXPECT_EQ(Organization::code(org_.call("GET", renewed, nullptr, kTrack)), "0x80044352");
  org_.set("change_tracking_days", 30);
  EXPECT_TRUE(read(renewed).empty()) << "the days count that are set when it is asked";
}

TEST_F(Tracking, ExpiresOnDemandAndWhenRecordsAreReset) {
  first();
  org_.control("expire_delta", Json::object());
  EXPECT_EQ(Organization::code(org_.call("GET", delta_, nullptr, kTrack)), "0x80044352");
  first();
  EXPECT_TRUE(read(delta_).empty());
  org_.core->reset();
  EXPECT_EQ(Organization::code(org_.call("GET", delta_, nullptr, kTrack)), "0x80044352");
  EXPECT_TRUE(first().empty());
}

TEST_F(Tracking, NeedsTheTableEnabledAndTheWholeOrganisationReadable) {
  EXPECT_EQ(Organization::code(org_.call("GET", "systemusers?$select=fullname", nullptr, kTrack)), "0x80072491");
  org_.set("organization_read", false);
  EXPECT_EQ(org_.call("GET", "opportunities?$select=name", nullptr, kTrack).status, 403);
  EXPECT_EQ(org_.call("GET", "opportunities?$select=name").status, 200);
}

TEST_F(Tracking, CanLoseTheDeltaLinkToAnnotations) {
  const HeaderList annotated = {{"Prefer", "odata.track-changes,odata.include-annotations=\"*\""}};
  EXPECT_TRUE(org_.get("opportunities?$select=name", annotated).contains("@odata.deltaLink"));
  org_.set("delta_link_with_annotations", false);
  EXPECT_FALSE(org_.get("opportunities?$select=name", annotated).contains("@odata.deltaLink"));
}

TEST_F(Tracking, RefusesTokensThatItNeverGave) {
  EXPECT_EQ(org_.call("GET", "opportunities?$deltatoken=nonsense", nullptr, kTrack).status, 400);
  EXPECT_EQ(
      org_.call("GET", "opportunities?$deltatoken=99999999%2106%2f01%2f2026%2010%3a00%3a00", nullptr, kTrack).status,
      400);
}

}  // namespace
}  // namespace cosell::emulator
