// The connector against the emulated service: reading what changed, creating, changing, answering, searching.
#include "emulated_tenant.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "base/text.h"

namespace cosell::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> names_of(const Page& page) {
  std::vector<std::string> names;
  for (const Observation& o : page.seen) names.push_back(text_of(column(o.columns, "name")));
  return names;
}

Deal only(Field f, Value v) {
  Deal deal;
  deal.set(f, std::move(v));
  return deal;
}

const Applied& applied(const Outcome& o) {
  if (const auto* e = std::get_if<Error>(&o.what)) ADD_FAILURE() << e->message << " " << e->detail;
  return std::get<Applied>(o.what);
}
ErrorClass failed(const Outcome& o) {
  const auto* e = std::get_if<Error>(&o.what);
  EXPECT_NE(e, nullptr) << "was applied";
  return e == nullptr ? ErrorClass::bug : e->kind;
}

// ---- reading

TEST(PartnerCenterPull, ListsEverythingFirstOverAllPageSizes) {
  for (const std::size_t count : {0U, 1U, 9U, 10U, 11U, 35U}) {
    EmulatedTenant tenant;
    tenant.set("page_size", 10);
    for (std::size_t i = 0; i < count; ++i) tenant.created("006" + std::to_string(i), complete_deal("D"));
    const Page page = tenant.pull_all();
    std::set<std::string> ids;
    for (const Observation& o : page.seen) ids.insert(o.id.value);
    EXPECT_EQ(ids.size(), count);
    EXPECT_EQ(page.seen.size(), count);
    EXPECT_TRUE(page.full_listing);
  }
}

TEST(PartnerCenterPull, UnderstandsEveryRowOfALongHistory) {
  EmulatedTenant tenant;
  tenant.post("seed", Json{{"count", 300}});
  const Page page = tenant.pull_all();
  EXPECT_GE(page.seen.size(), 300U);
  for (const Observation& o : page.seen) {
    for (const auto& shown : o.columns) {
      EXPECT_FALSE(text::starts_with(shown.first, "raw_")) << o.id.value << " " << shown.first;
    }
  }
}

TEST(PartnerCenterPull, ThenDeliversOnlyWhatChanged) {
  EmulatedTenant tenant;
  const Observation a = tenant.created("006A", complete_deal("A"));
  tenant.created("006B", complete_deal("B"));
  Page page = tenant.pull_all();
  EXPECT_THAT(names_of(page), UnorderedElementsAre("A", "B"));
  tenant.edit(a.id.value, "/details/notes", "edited in the portal");
  page = tenant.pull_all(page.next);
  EXPECT_THAT(names_of(page), ElementsAre("A"));
  EXPECT_FALSE(page.full_listing);
  EXPECT_EQ(text_of(column(page.seen[0].columns, "notes")), "edited in the portal");
  EXPECT_THAT(tenant.pull_all(page.next).seen, IsEmpty());
}

TEST(PartnerCenterPull, CostsOneRequestWhenNothingChanged) {
  EmulatedTenant tenant;
  tenant.set("page_size", 10);
  for (int i = 0; i < 35; ++i) tenant.created("006" + std::to_string(i), complete_deal("Deal " + std::to_string(i)));
  Page page = tenant.pull_all();
  EXPECT_EQ(page.seen.size(), 35u);
  // Within the overlap the fresh rows are looked at again, and not delivered again.
  tenant.clock.advance(seconds(30));
  page = tenant.pull_all(page.next);
  EXPECT_THAT(page.seen, IsEmpty());
  tenant.clock.advance(minutes(3));
  page = tenant.pull_all(page.next);
  for (int i = 0; i < 3; ++i) {
    tenant.clock.advance(minutes(1));
    const int before = tenant.requests();
    page = tenant.pull_all(page.next);
    EXPECT_THAT(page.seen, IsEmpty());
    EXPECT_EQ(tenant.requests() - before, 1);
  }
}

TEST(PartnerCenterPull, ReadsWhatIsOlderThanTheOverlapOnceOnly) {
  for (const bool dated : {true, false}) {
    EmulatedTenant tenant;
    tenant.set("page_size", 10);
    tenant.set("date_header", dated);
    Page page = tenant.pull_all();
    std::string id;
    for (int i = 0; i < 35; ++i) id = tenant.created("006" + std::to_string(i), complete_deal("D")).id.value;
    tenant.clock.advance(hours(1));
    page = tenant.pull_all(page.next);
    EXPECT_EQ(page.seen.size(), 35u);
    EXPECT_LT(page.next.value.size(), dated ? 300u : 1000u) << "it carries no row but the newest";
    tenant.clock.advance(hours(1));
    tenant.edit(id, "/details/notes", "edited in the portal");
    const int before = tenant.requests();
    page = tenant.pull_all(page.next);
    EXPECT_THAT(names_of(page), ElementsAre("D"));
    // A service that does not tell its time is asked for the overlap before the newest stamp once more.
    EXPECT_EQ(tenant.requests() - before, dated ? 1 : 4);
  }
}

TEST(PartnerCenterPull, CostsOneRequestAfterARestartToo) {
  EmulatedTenant tenant;
  tenant.created("006A", complete_deal("A"));
  const Page page = tenant.pull_all();
  tenant.connector = tenant.restarted();
  const int before = tenant.requests();
  EXPECT_THAT(tenant.pull_all(page.next).seen, IsEmpty());
  EXPECT_EQ(tenant.requests() - before, 1);
}

TEST(PartnerCenterPull, FindsRowsThatShowUpLateWithinTheOverlap) {
  EmulatedTenant tenant;
  const Observation first = tenant.created("006A", complete_deal("A"));
  tenant.clock.advance(hours(1));
  Page page = tenant.pull_all();
  tenant.clock.advance(hours(1));
  page = tenant.pull_all(page.next);
  tenant.set("list_lag_ms", 60'000);
  tenant.created("006L", complete_deal("Late"));
  tenant.clock.advance(seconds(5));
  // A newer change is seen, twice, while the late row is still hidden.
  tenant.edit(first.id.value, "/details/notes", "newer");
  page = tenant.pull_all(page.next);
  EXPECT_THAT(names_of(page), ElementsAre("A"));
  tenant.clock.advance(seconds(5));
  page = tenant.pull_all(page.next);
  EXPECT_THAT(page.seen, IsEmpty());
  tenant.clock.advance(seconds(60));
  page = tenant.pull_all(page.next);
  EXPECT_THAT(names_of(page), ElementsAre("Late"));
  EXPECT_THAT(tenant.pull_all(page.next).seen, IsEmpty());
}

TEST(PartnerCenterPull, SettlesToOneRequestHoweverOftenItIsAsked) {
  EmulatedTenant tenant;
  tenant.set("page_size", 10);
  for (int i = 0; i < 25; ++i) tenant.created("006" + std::to_string(i), complete_deal("D"));
  Page page = tenant.pull_all();
  for (int i = 0; i < 10; ++i) {
    tenant.clock.advance(seconds(20));
    page = tenant.pull_all(page.next);
  }
  const int before = tenant.requests();
  tenant.pull_all(page.next);
  EXPECT_EQ(tenant.requests() - before, 1);
}

struct Reading {
  const char* name;
  PartnerCenterSettings::ChangesFilter filter;
  const char* switches;  // of the emulator
  int page_size = 100;
};

std::string name_of_reading(const testing::TestParamInfo<Reading>& reading) { return reading.param.name; }

class WaysOfReading : public testing::TestWithParam<Reading> {
 protected:
  WaysOfReading() : tenant_(settings()) {
    const Json switches = Json::parse(GetParam().switches);
    for (const auto& change : switches.items()) tenant_.set(change.key(), change.value());
  }
  static PartnerCenterSettings settings() {
    PartnerCenterSettings s;
    s.changes_filter = GetParam().filter;
    s.page_size = GetParam().page_size;
    return s;
  }
  EmulatedTenant tenant_;
};

using Filter = PartnerCenterSettings::ChangesFilter;
INSTANTIATE_TEST_SUITE_P(
    PartnerCenterPull, WaysOfReading,
    testing::Values(Reading{"AfterRow", Filter::none, R"({"paging":"after_row"})"},
                    Reading{"RowNumber", Filter::none, R"({"paging":"row_number"})"},
                    Reading{"TopIsPageSize", Filter::none, R"({"top_is_page_size":true})"},
                    Reading{"OwnPageSize", Filter::none, R"({"honours_maxpagesize":true})", 7},
                    Reading{"OwnPageSizeNotHonoured", Filter::none, R"({"honours_maxpagesize":false})", 7},
                    Reading{"FilterAfterRow", Filter::bare, R"({"filter_updated":true})"},
                    Reading{"FilterRowNumber", Filter::bare, R"({"filter_updated":true,"paging":"row_number"})"},
                    Reading{"FilterQuoted", Filter::quoted,
                            R"({"filter_updated":true,"filter_updated_quoted":true,"filter_updated_bare":false})"},
                    Reading{"FilterRefused", Filter::bare, R"({"filter_updated":false})"},
                    Reading{"FilterIgnored", Filter::bare,
                            R"({"filter_updated":true,"filter_ignored":["updatedDateTime"]})"}),
    name_of_reading);

TEST_P(WaysOfReading, LoseNoDealWhileRowsChangeBetweenPages) {
  tenant_.set("page_size", 5);
  std::vector<Observation> deals;
  for (int i = 0; i < 23; ++i)
    deals.push_back(tenant_.created("006" + std::to_string(i), complete_deal("D" + std::to_string(i))));
  std::map<std::string, std::string> shown;
  Cursor cursor;
  std::size_t edited = 0;
  for (int i = 0; i < 60; ++i) {
    Call call = tenant_.call();
    const Result<Page> page = tenant_.connector->pull(call, {cursor, {}, 5});
    ASSERT_TRUE(page.has_value()) << page.error().message;
    for (const Observation& o : page->seen) shown[o.id.value] = text_of(column(o.columns, "notes"));
    cursor = page->next;
    if (edited < deals.size()) {
      tenant_.edit(deals[edited].id.value, "/details/notes", "edit " + std::to_string(edited));
      edited += 2;
    } else if (page->caught_up) {
      break;
    }
  }
  ASSERT_EQ(shown.size(), 23u);
  for (std::size_t i = 0; i < deals.size(); ++i) {
    const std::string expected = i % 2 == 0 ? "edit " + std::to_string(i) : "First call done.";
    EXPECT_EQ(shown[deals[i].id.value], expected) << i;
  }
}

TEST_P(WaysOfReading, DeliverOnlyWhatChanged) {
  tenant_.set("page_size", 5);
  std::vector<std::string> ids;
  for (int i = 0; i < 12; ++i) ids.push_back(tenant_.created("006" + std::to_string(i), complete_deal("D")).id.value);
  tenant_.clock.advance(hours(1));
  Page page = tenant_.pull_all();
  EXPECT_EQ(page.seen.size(), 12u);
  tenant_.clock.advance(hours(1));
  tenant_.edit(ids[3], "/details/notes", "edited in the portal");
  page = tenant_.pull_all(page.next);
  ASSERT_EQ(page.seen.size(), 1u);
  EXPECT_EQ(page.seen[0].id.value, ids[3]);
  EXPECT_FALSE(page.full_listing);
  EXPECT_THAT(tenant_.pull_all(page.next).seen, IsEmpty());
}

TEST(PartnerCenterPull, WorksWhenListedRowsCarryNoVersion) {
  EmulatedTenant tenant;
  tenant.set("list_shows_etag", false);
  tenant.created("006A", complete_deal("A"));
  Page page = tenant.pull_all();
  ASSERT_EQ(page.seen.size(), 1u);
  EXPECT_TRUE(page.seen[0].version.empty());
  EXPECT_THAT(tenant.pull_all(page.next).seen, IsEmpty());
  EXPECT_FALSE(tenant.by_id(page.seen[0].id.value).front().version.empty());
}

TEST(PartnerCenterPull, GoesOnWithANewTokenWhenTheOldOneDiesBetweenPages) {
  EmulatedTenant tenant;
  tenant.set("page_size", 2);
  for (int i = 0; i < 6; ++i) tenant.created("006" + std::to_string(i), complete_deal("D"));
  tenant.fault("GET", Json{{"kind", "status"}, {"status", 401}}, 2);
  EXPECT_EQ(tenant.pull_all().seen.size(), 6u);
}

TEST(PartnerCenterPull, ReadsInboundDealsAsWaiting) {
  EmulatedTenant tenant;
  tenant.post("inbound", Json{{"name", "Birch Clinics"}, {"dealValue", 60000}, {"currency", "GBP"}});
  const Page page = tenant.pull_all();
  ASSERT_EQ(page.seen.size(), 1u);
  const Deal deal = deal_from_columns(page.seen[0].columns);
  EXPECT_EQ(deal.standing()->status, Status::fresh);
  EXPECT_EQ(deal.text(Field::direction), "Incoming");
  EXPECT_EQ(deal.get(Field::value), Value(Money{6'000'000, "GBP"}));
  EXPECT_TRUE(std::holds_alternative<Instant>(deal.get(Field::expires_at)));
}

// ---- creating

TEST(PartnerCenterCreate, StoresTheDealAsItWasSentWhateverTheStatusOfTheAnswer) {
  for (const int status : {200, 201}) {
    EmulatedTenant tenant;
    tenant.set("create_status", status);
    const Outcome o = tenant.push(tenant.creation("006XX000004C9aZ", complete_deal("Alder")));
    const Applied& a = applied(o);
    EXPECT_TRUE(a.created);
    EXPECT_FALSE(a.version.empty());
    EXPECT_FALSE(o.request_id.empty());
    ASSERT_TRUE(a.stored.has_value());
    EXPECT_EQ(a.stored->key.value, "006XX000004C9aZ");
    const Deal stored = deal_from_columns(tenant.by_id(a.id.value).front().columns);
    EXPECT_EQ(stored.standing(), (Standing{Status::active, Substatus::accepted, ""}));
    EXPECT_EQ(stored.text(Field::direction), "Outgoing");
    EXPECT_EQ(stored.text(Field::type), "private");
    const Deal sent = complete_deal("Alder");
    for (const auto& [field, value] : sent.values()) {
      EXPECT_TRUE(same_value(stored.get(field), value)) << info(field).name << ": " << display(stored.get(field));
    }
  }
}

TEST(PartnerCenterCreate, OwnDealsAreOutgoingEvenWhenTheServiceSaysIncoming) {
  EmulatedTenant tenant;
  tenant.set("own_direction", "Incoming");
  EXPECT_EQ(text_of(column(tenant.created("006A", complete_deal("A")).columns, "direction")), "Outgoing");
}

TEST(PartnerCenterCreate, NamesTheFieldThatTheServiceMisses) {
  EmulatedTenant tenant;
  Deal deal = complete_deal("A");
  deal.erase(Field::solutions);
  const Outcome o = tenant.push(tenant.creation("006A", deal));
  ASSERT_EQ(failed(o), ErrorClass::rejected);
  EXPECT_EQ(std::get<Error>(o.what).fields, std::vector<std::string>{"solutions"});
  EXPECT_THAT(std::get<Error>(o.what).message, HasSubstr("Solution ID is required"));
}

TEST(PartnerCenterCreate, ALostReplyIsFoundByTheCrmId) {
  EmulatedTenant tenant;
  for (int i = 0; i < 15; ++i) tenant.created("old" + std::to_string(i), complete_deal("Old"));
  tenant.set("page_size", 4);
  tenant.pull_all();
  tenant.clock.advance(hours(2));
  const Instant before = tenant.clock.now();
  tenant.fault("POST", Json{{"kind", "drop_after"}});
  EXPECT_EQ(failed(tenant.push(tenant.creation("006XX000004C9aZ", complete_deal("Lost")))), ErrorClass::unknown);
  const int requests = tenant.requests();
  const std::vector<Observation> found = tenant.by_key("006XX000004C9aZYAS", before);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(text_of(column(found[0].columns, "name")), "Lost");
  EXPECT_EQ(tenant.requests() - requests, 1) << "the search stops at the time of the create";
}

TEST(PartnerCenterCreate, ARequestThatNeverArrivedIsNotFound) {
  EmulatedTenant tenant;
  tenant.created("006A", complete_deal("A"));
  tenant.fault("POST", Json{{"kind", "drop_before"}});
  EXPECT_EQ(failed(tenant.push(tenant.creation("006B", complete_deal("B")))), ErrorClass::unknown);
  EXPECT_THAT(tenant.by_key("006B", tenant.clock.now() - minutes(1)), IsEmpty());
}

TEST(PartnerCenterCreate, AllHoldersOfACrmIdAreShown) {
  EmulatedTenant tenant;
  tenant.fault("POST", Json{{"kind", "duplicate"}});
  tenant.created("006A", complete_deal("Twin"));
  EXPECT_EQ(tenant.by_key("006A", tenant.clock.now()).size(), 2u);
}

TEST(PartnerCenterCreate, AWebPageInsteadOfAnAnswerLeavesTheOutcomeOpen) {
  EmulatedTenant tenant;
  tenant.fault("POST", Json{{"kind", "html"}, {"status", 200}});
  EXPECT_EQ(failed(tenant.push(tenant.creation("006A", complete_deal("A")))), ErrorClass::unknown);
}

TEST(PartnerCenterCreate, ManyAtOnceKeepTheirOrder) {
  EmulatedTenant tenant;
  std::vector<Operation> ops;
  for (int i = 0; i < 40; ++i)
    ops.push_back(tenant.creation("006" + std::to_string(i), complete_deal("D" + std::to_string(i))));
  const std::vector<Outcome> outcomes = tenant.push(ops, 8);
  ASSERT_EQ(outcomes.size(), ops.size());
  for (std::size_t i = 0; i < ops.size(); ++i) {
    EXPECT_EQ(outcomes[i].id, ops[i].id);
    EXPECT_EQ(applied(outcomes[i]).stored->key.value, "006" + std::to_string(i));
  }
}

// ---- asking Microsoft

struct CoSell {
  Observation own;
  Operation ask;
};
CoSell co_sell(EmulatedTenant& tenant) {
  Deal deal = complete_deal("Alder");
  deal.set(Field::visible, true);
  deal.set(Field::help, std::string("ProofOfConceptOrDemo"));
  deal.set(Field::help_notes, std::string("A proof of concept in May."));
  const Observation own = tenant.created("006A", deal);
  Operation ask = tenant.creation("006A", deal);
  ask.kind = RecordKind::microsoft_half;
  ask.engagement_id = text_of(column(own.columns, "engagement_id"));
  ask.target.key = BridgeKey(ask.engagement_id);
  return {own, ask};
}

TEST(PartnerCenterHelp, IsASecondReferralInTheSameEngagement) {
  EmulatedTenant tenant;
  const CoSell deal = co_sell(tenant);
  const Applied a = applied(tenant.push(deal.ask));
  ASSERT_TRUE(a.stored.has_value());
  EXPECT_EQ(a.stored->kind, RecordKind::microsoft_half);
  EXPECT_EQ(a.stored->key.value, deal.ask.engagement_id);
  EXPECT_EQ(text_of(column(a.stored->columns, "microsoft_answer")), "waiting");
  EXPECT_EQ(text_of(column(a.stored->columns, "help")), "ProofOfConceptOrDemo");
  EXPECT_EQ(tenant.by_key("006A", tenant.clock.now()).size(), 1u) << "Microsoft's half is no second holder of the id";
}

TEST(PartnerCenterHelp, ALostRequestIsFoundByItsEngagement) {
  for (const auto& [quoted, only_form] :
       {std::pair{true, "filter_unquoted_id"}, std::pair{true, "filter_quoted_id"},
        std::pair{false, "filter_unquoted_id"}, std::pair{false, "filter_quoted_id"}}) {
    PartnerCenterSettings settings;
    settings.quoted_engagement_filter = quoted;
    EmulatedTenant tenant(settings);
    tenant.set(only_form, false);  // the other form is the only one then
    const CoSell deal = co_sell(tenant);
    EXPECT_THAT(tenant.half_in(deal.ask.engagement_id), IsEmpty());
    tenant.fault("POST", Json{{"kind", "drop_after"}});
    EXPECT_EQ(failed(tenant.push(deal.ask)), ErrorClass::unknown);
    EXPECT_EQ(tenant.half_in(deal.ask.engagement_id).size(), 1u);
  }
}

TEST(PartnerCenterHelp, ShowsMicrosoftsAnswer) {
  EmulatedTenant tenant;
  const CoSell deal = co_sell(tenant);
  applied(tenant.push(deal.ask));
  const auto answer = [&] { return tenant.half_in(deal.ask.engagement_id).front().columns; };
  EXPECT_TRUE(std::holds_alternative<Instant>(column(answer(), "expires_at")));
  tenant.post("microsoft", Json{{"engagementId", deal.ask.engagement_id}, {"action", "accept"}});
  EXPECT_EQ(text_of(column(answer(), "microsoft_answer")), "accepted");
  EXPECT_FALSE(text_of(column(answer(), "microsoft_seller")).empty());
  EXPECT_FALSE(text_of(column(answer(), "microsoft_crm_id")).empty());
}

TEST(PartnerCenterHelp, ShowsAReasonWhenMicrosoftDeclines) {
  EmulatedTenant tenant;
  const CoSell deal = co_sell(tenant);
  applied(tenant.push(deal.ask));
  tenant.post("microsoft",
              Json{{"engagementId", deal.ask.engagement_id}, {"action", "decline"}, {"reason", "No seller"}});
  const Columns columns = tenant.half_in(deal.ask.engagement_id).front().columns;
  EXPECT_EQ(text_of(column(columns, "microsoft_answer")), "declined");
  EXPECT_EQ(text_of(column(columns, "microsoft_reason")), "No seller");
}

TEST(PartnerCenterHelp, IsReadFromListsThatShowMicrosoftsHalves) {
  EmulatedTenant tenant;
  tenant.set("list_shows_microsoft_half", true);
  tenant.set("microsoft_half_fields", "brief");
  applied(tenant.push(co_sell(tenant).ask));
  const Page page = tenant.pull_all();
  std::vector<RecordKind> kinds;
  for (const Observation& o : page.seen) kinds.push_back(o.kind);
  EXPECT_THAT(kinds, UnorderedElementsAre(RecordKind::referral, RecordKind::microsoft_half));
}

// ---- changing

TEST(PartnerCenterChange, WritesExactlyTheFieldsAndShowsWhatIsStored) {
  EmulatedTenant tenant;
  const Observation before = tenant.created("006A", complete_deal("A"));
  Deal edits;
  edits.set(Field::value, Money{9'500'050, "USD"});
  edits.set(Field::close_date, Date{2026, 12, 31});
  edits.set(Field::notes, std::string("Scope extended."));
  edits.set(Field::stage, Stage::s60);
  edits.set(Field::campaign, std::string("SPRING-26"));
  edits.set(Field::crm_id, std::string("006B"));
  edits.set(Field::team, std::vector<Person>{{"Sam", "Cole", "+1", "sam@partner.example"}});
  edits.set(Field::solutions, std::vector<Solution>{{"SOL-ZZZZZ-YYY", "Link Hub", "Name"}});
  edits.set(Field::customer_contacts, std::vector<Person>{{"Eve", "Oak", "+1", "eve@customer.example"}});
  const Applied a = applied(tenant.push(tenant.change(before.id.value, before.version, edits)));
  EXPECT_NE(a.version, before.version);
  const Observation after = tenant.by_id(before.id.value).front();
  EXPECT_EQ(after.version, a.version);
  EXPECT_EQ(after.columns, a.stored->columns);
  Deal expected = deal_from_columns(before.columns);
  for (const auto& [field, value] : edits.values()) expected.set(field, value);
  for (const auto& [field, value] : expected.values()) {
    EXPECT_TRUE(same_value(deal_from_columns(after.columns).get(field), value)) << info(field).name;
  }
}

TEST(PartnerCenterChange, OfTheMarketplaceIntentKeepsWhatElseIsRequired) {  // I-09
  PartnerCenterSettings settings;
  settings.patch_marketplace_intent = true;
  EmulatedTenant tenant(settings);
  tenant.set("intent_patchable", true);
  const Observation created = tenant.created("006A", complete_deal("A"));
  const std::string attributes = "/details/requirements/additionalRequirements/attributes";
  const Json role = {{"type", "PartnerRole"}, {"id", "Reseller"}};
  const Json play = {{"type", "SolutionPlay"}, {"id", "Migrate"}};
  tenant.edit(created.id.value, attributes,
              Json::array({role, Json{{"type", "CustomerMarketplaceIntent"}, {"id", "No"}}, play}));
  const Observation before = tenant.by_id(created.id.value).front();
  ASSERT_EQ(text_of(column(before.columns, "marketplace_intent")), "No");
  applied(
      tenant.push(tenant.change(before.id.value, before.version, only(Field::marketplace_intent, std::string("Yes")))));
  EXPECT_EQ(tenant.record(before.id.value).at(Json::json_pointer(attributes)),
            Json::array({role, Json{{"type", "CustomerMarketplaceIntent"}, {"id", "Yes"}}, play}));
}

TEST(PartnerCenterChange, AStaleVersionIsRefusedAndChangesNothing) {
  for (const int status : {412, 409}) {
    EmulatedTenant tenant;
    tenant.set("stale_tag_status", status);
    const Observation a = tenant.created("006A", complete_deal("A"));
    tenant.edit(a.id.value, "/details/notes", "by a person");
    const Outcome o =
        tenant.push(tenant.change(a.id.value, a.version, only(Field::notes, std::string("by the bridge"))));
    EXPECT_EQ(failed(o), ErrorClass::precondition);
    EXPECT_EQ(text_of(column(tenant.by_id(a.id.value).front().columns, "notes")), "by a person");
  }
}

TEST(PartnerCenterChange, BothStageFormsAreTakenAndReadBack) {
  for (const auto form : {PartnerCenterSettings::StageForm::percent, PartnerCenterSettings::StageForm::name}) {
    PartnerCenterSettings settings;
    settings.stage_form = form;
    EmulatedTenant tenant(settings);
    tenant.set("stage_values", form == PartnerCenterSettings::StageForm::percent ? "percent" : "names");
    Observation now = tenant.created("006A", complete_deal("A"));
    for (const Stage stage : {Stage::s20, Stage::s40, Stage::s60, Stage::s80}) {
      now = *applied(tenant.push(tenant.change(now.id.value, now.version, only(Field::stage, stage)))).stored;
      EXPECT_EQ(deal_from_columns(now.columns).stage(), stage);
    }
  }
}

TEST(PartnerCenterChange, AcceptsAnInboundDealWithTheEditsMadeMeanwhileInOneRequest) {
  EmulatedTenant tenant;
  tenant.post("inbound", Json{{"name", "Birch"}});
  const Observation waiting = tenant.pull_all().seen.front();
  Deal edits = only(Field::standing, Standing{Status::active, Substatus::accepted, ""});
  edits.set(Field::stage, Stage::s20);
  edits.set(Field::crm_id, std::string("006A"));
  const int before = tenant.requests();
  const Applied a = applied(tenant.push(tenant.change(waiting.id.value, waiting.version, edits)));
  EXPECT_EQ(tenant.requests() - before, 1);
  const Deal deal = deal_from_columns(a.stored->columns);
  EXPECT_EQ(deal.standing(), (Standing{Status::active, Substatus::accepted, ""}));
  EXPECT_EQ(deal.stage(), Stage::s20);
  EXPECT_EQ(deal.text(Field::direction), "Incoming");
  EXPECT_EQ(a.stored->key.value, "006A");
}

TEST(PartnerCenterChange, DeclinesWithAReason) {
  EmulatedTenant tenant;
  tenant.post("inbound", Json{{"name", "Birch"}});
  const Observation waiting = tenant.pull_all().seen.front();
  const Standing declined{Status::closed, Substatus::declined, "Requirement not met"};
  const Applied a =
      applied(tenant.push(tenant.change(waiting.id.value, waiting.version, only(Field::standing, declined))));
  EXPECT_EQ(deal_from_columns(a.stored->columns).standing(), declined);
}

TEST(PartnerCenterChange, AClosedDealRefusesEverything) {
  EmulatedTenant tenant;
  const Observation a = tenant.created("006A", complete_deal("A"));
  const Applied won = applied(tenant.push(
      tenant.change(a.id.value, a.version, only(Field::standing, Standing{Status::closed, Substatus::won, ""}))));
  EXPECT_TRUE(std::holds_alternative<Instant>(column(won.stored->columns, "closed_at")));
  const Outcome o = tenant.push(tenant.change(a.id.value, won.version, only(Field::notes, std::string("late"))));
  EXPECT_EQ(failed(o), ErrorClass::rejected);
  EXPECT_EQ(std::get<Error>(o.what).rule, "referralClosed");
}

TEST(PartnerCenterChange, ALostReplyIsUnknownAndTheRecordTellsWhatHappened) {
  EmulatedTenant tenant;
  const Observation a = tenant.created("006A", complete_deal("A"));
  tenant.fault("PATCH", Json{{"kind", "drop_after"}});
  EXPECT_EQ(failed(tenant.push(tenant.change(a.id.value, a.version, only(Field::notes, std::string("new"))))),
            ErrorClass::unknown);
  const Observation now = tenant.by_id(a.id.value).front();
  EXPECT_NE(now.version, a.version);
  EXPECT_EQ(text_of(column(now.columns, "notes")), "new");
}

TEST(PartnerCenterChange, ThrottledWritesSayWhenAndAreNotRepeatedHere) {
  EmulatedTenant tenant;
  const Observation a = tenant.created("006A", complete_deal("A"));
  tenant.fault("PATCH", Json{{"kind", "throttle"}, {"retry_after", 30}});
  const int before = tenant.requests();
  const Outcome o = tenant.push(tenant.change(a.id.value, a.version, only(Field::notes, std::string("new"))));
  EXPECT_EQ(failed(o), ErrorClass::throttled);
  EXPECT_EQ(tenant.requests() - before, 1);
  EXPECT_GE(*std::get<Error>(o.what).not_before - tenant.clock.now(), seconds(29));
}

TEST(PartnerCenterChange, TheNameTravelsOnlyWhereTheTenantTakesIt) {
  PartnerCenterSettings settings;
  settings.patch_name = true;
  EmulatedTenant tenant(settings);
  const Observation a = tenant.created("006A", complete_deal("A"));
  const Operation rename = tenant.change(a.id.value, a.version, only(Field::name, std::string("Renamed")));
  EXPECT_EQ(failed(tenant.push(rename)), ErrorClass::rejected);
  tenant.set("name_patchable", true);
  EXPECT_EQ(text_of(column(applied(tenant.push(rename)).stored->columns, "name")), "Renamed");
}

TEST(PartnerCenterChange, AmountsGoOutAsTextWhereTheSettingSaysSo) {
  PartnerCenterSettings settings;
  settings.money_as_text = true;
  EmulatedTenant tenant(settings);
  tenant.set("patch_money", "text");
  const Observation a = tenant.created("006A", complete_deal("A"));
  const Money amount{1'000'010, "EUR"};
  const Applied b = applied(tenant.push(tenant.change(a.id.value, a.version, only(Field::value, amount))));
  EXPECT_EQ(column(b.stored->columns, "value"), Value(amount));
}

// ---- describing and checking

TEST(PartnerCenterDescribe, IsConstantAndNamesTheOrganisation) {
  EmulatedTenant tenant;
  tenant.created("006A", complete_deal("A"));
  Call call = tenant.call();
  const Result<Descriptor> first = tenant.connector->describe(call);
  tenant.connector = tenant.restarted();
  const Result<Descriptor> second = tenant.connector->describe(call);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(first->environment, "api.partner.microsoft.com/7d23e5ca-52f1-4d7e-9c1b-5e6b559f0d1d");
  EXPECT_EQ(first->environment, second->environment);
  EXPECT_THAT(first->title, HasSubstr("Example Partner Ltd"));
  std::vector<std::string> stages;
  for (const StageEntry& s : first->stages) stages.push_back(s.id);
  EXPECT_THAT(stages, ElementsAre("10", "20", "40", "60", "80", "100"));
  for (const ColumnInfo& c : first->columns) {
    EXPECT_TRUE(field_from(c.name).has_value()) << c.name;
    if (c.name == "name" || c.name == "notes") {
      EXPECT_TRUE(c.writable);
    }
    if (c.name == "referral_id") {
      EXPECT_FALSE(c.writable);
    }
  }
}

TEST(PartnerCenterCheck, IsGreenOnAHealthyTenant) {
  EmulatedTenant tenant;
  tenant.created("006A", complete_deal("A"));
  Call call = tenant.call();
  for (const Finding& f : tenant.connector->check(call, {"notes"}, {"notes"})) {
    EXPECT_EQ(f.level, Finding::Level::ok) << f.what << ": " << f.text;
  }
}

TEST(PartnerCenterCheck, ExplainsALoginThatIsRefused) {
  EmulatedTenant tenant;
  tenant.set("mfa_satisfied", false);
  Call call = tenant.call();
  const std::vector<Finding> findings = tenant.connector->check(call, {}, {});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].what, "Login");
  EXPECT_THAT(findings[0].text, HasSubstr("multi-factor"));
  EXPECT_EQ(findings[0].remedy, "Run cosell login partner-center and log in as the service user.");
}

// A remedy that a person can follow: a new login where that helps, and only there.
TEST(PartnerCenterCheck, AsksForANewLoginOnlyWhereOneHelps) {
  const std::string by_admin =
      "Put that right in Microsoft Entra, or under \"login\" of \"partner_center\" in the configuration; a new login "
      "does not help.";
  const std::string by_person = "Run cosell login partner-center and log in as the service user.";
  const auto login = [](EmulatedTenant& tenant) {
    Call call = tenant.call();
    const std::vector<Finding> findings = tenant.connector->check(call, {}, {});
    EXPECT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings.front().what, "Login");
    return findings.front();
  };
  const auto refused_as = [&](const std::string& error, const std::string& description) {
    EmulatedTenant tenant;
    const Json body{{"error", error}, {"error_description", description}};
    tenant.post("faults", Json::array({Json{{"match", Json{{"path", "/{tenant}/oauth2/v2.0/token"}}},
                                            {"times", 0},
                                            {"action", Json{{"kind", "status"}, {"status", 401}, {"body", body}}}}}));
    return login(tenant);
  };
  const auto with = [&](const std::string& setting, const std::string& value) {
    EmulatedTenant tenant;
    tenant.set(setting, value);
    return login(tenant);
  };
  struct Case {
    Finding told;
    std::string text, remedy;
  };
  const std::string inactive = "AADSTS700082: The refresh token has expired due to inactivity.";
  for (const Case& c :
       {Case{with("client_secret", "another"), "the app asks for a secret", by_admin},
        {with("client_id", "another"), "this tenant does not know the app", by_admin},
        {with("tenant", "another"), "there is no such tenant", by_admin},
        {refused_as("invalid_client", "AADSTS7000222: The provided client secret keys are expired."),
         "the client secret has expired", by_admin},
        {refused_as("unsupported_grant_type", "AADSTS70003: unknown"), "unsupported_grant_type", by_admin},
        {refused_as("invalid_grant", inactive), "was not used for too long", by_person},
        {refused_as("interaction_required", "AADSTS50076: multi-factor"), "multi-factor", by_person}}) {
    EXPECT_THAT(c.told.text, HasSubstr(c.text));
    EXPECT_EQ(c.told.remedy, c.remedy) << c.told.text;
  }
}

TEST(PartnerCenterCheck, NamesTheKeyOfTheConfigurationWhenSomethingElseAnswers) {
  EmulatedTenant tenant;
  tenant.fault("GET", Json{{"kind", "html"}, {"status", 200}}, 0, 0);
  Call call = tenant.call();
  const Finding last = tenant.connector->check(call, {}, {}).back();
  EXPECT_EQ(last.what, "Referrals");
  EXPECT_EQ(last.remedy, "Check \"url\" of \"partner_center\", if it is set, and any proxy in between.");
}

TEST(PartnerCenterCheck, SaysWhenTheConfiguredOrganisationIsAnother) {
  PartnerCenterSettings settings;
  settings.organization_id = "11111111-2222-4333-8444-555555555555";
  EmulatedTenant tenant;
  tenant.created("006A", complete_deal("A"));
  tenant.connector = tenant.restarted(settings);
  Call call = tenant.call();
  EXPECT_EQ(tenant.connector->check(call, {}, {}).back().level, Finding::Level::problem);
}

}  // namespace
}  // namespace cosell::test
