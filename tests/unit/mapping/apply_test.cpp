// Selection on both sides, new opportunities for inbound deals, accounts, and the columns that sellers see.
#include <gtest/gtest.h>

#include <algorithm>

#include "mapping_fixture.h"

namespace cosell::mapping {
namespace {

Mapping over_salesforce(const std::string& parts) {
  return mapping_from("{ \"extends\": \"salesforce\", " + parts + " }");
}
Mapping standard() { return over_salesforce("\"title\": \"Acme\""); }

bool names(const std::vector<std::string>& columns, const std::string& name) {
  return std::find(columns.begin(), columns.end(), name) != columns.end();
}

Deal inbound() {
  Deal d;
  d.set(Field::standing, Standing{Status::fresh, Substatus::received, ""});
  d.set(Field::stage, Value());
  d.set(Field::direction, t("Incoming"));
  d.set(Field::referral_id, t("4111fffc"));
  d.set(Field::name, t("Analytics for Contoso"));
  d.set(Field::value, Money{9500000, "EUR"});
  d.set(Field::close_date, Date{2026, 11, 30});
  d.set(Field::notes, t("Please call"));
  d.set(Field::visible, true);
  d.set(Field::location, t("1234567"));
  d.set(Field::customer, Customer{"Contoso", "Main St 1", "", "Hamburg", "", "20095", "DE"});
  return d;
}

TEST(Selection, TakesTickedOpportunities) {
  const Mapping mapping = standard();
  const Columns ticked = {{"StageName", t("Prospecting")}, {"Cosell_Sync__c", true}};
  EXPECT_TRUE(mapping.select_opportunity(ticked).takes_part);
  const Selection no = mapping.select_opportunity({{"StageName", t("Prospecting")}, {"Cosell_Sync__c", false}});
  EXPECT_FALSE(no.takes_part);
  EXPECT_EQ(no.reason, "not_selected");
  EXPECT_EQ(no.text, "Cosell_Sync__c is not ticked");
  EXPECT_FALSE(mapping.select_opportunity({}).takes_part);
}

TEST(Selection, TakesTheListedValuesOrAll) {
  const Mapping listed = over_salesforce(R"("select": { "column": "Type", "value": ["Partner", 2] })");
  EXPECT_TRUE(listed.select_opportunity({{"Type", t("Partner")}}).takes_part);
  EXPECT_TRUE(listed.select_opportunity({{"Type", Number{"2"}}}).takes_part);
  EXPECT_TRUE(listed.select_opportunity({{"Type", t("2")}}).takes_part);
  EXPECT_EQ(listed.select_opportunity({{"Type", t("Direct")}}).text, "Type is \"Direct\"");
  EXPECT_EQ(listed.select_opportunity({}).text, "Type is empty");
  EXPECT_TRUE(over_salesforce(R"("select": "all")").select_opportunity({}).takes_part);
  // Another column keeps the value that counts.
  EXPECT_TRUE(
      over_salesforce(R"("select": { "column": "Mine__c" })").select_opportunity({{"Mine__c", true}}).takes_part);
}

TEST(Referrals, BelongToThePairByLocation) {
  const Mapping mapping = over_salesforce(R"("referrals": { "belongs": { "locations": [1234567, "88"] } })");
  EXPECT_TRUE(mapping.select_referral(inbound()).takes_part);
  Deal other = inbound();
  other.set(Field::location, t("99"));
  EXPECT_EQ(mapping.select_referral(other).reason, "other_location");
  EXPECT_EQ(mapping.select_referral(other).text, "location 99 does not belong to this pair");
  EXPECT_FALSE(mapping.appears_in_crm(other));
  EXPECT_TRUE(standard().select_referral(other).takes_part);
}

TEST(Referrals, OfANewDealGoToTheLocationsThatTheFileNames) {
  const auto created = [](const std::string& location) {
    return over_salesforce(R"("fields": { "location": )" + location + " }").locations_of_new_referrals();
  };
  using Locations = std::set<std::string>;
  EXPECT_EQ(created(R"({ "constant": "1234567" })"), Locations{"1234567"});
  EXPECT_EQ(created(R"({ "column": "Region__c", "values": { "EMEA": "11", "US": "22" }, "else": "33" })"),
            (Locations{"11", "22", "33"}));
  EXPECT_EQ(created(R"({ "column": "Location__c", "default": "44" })"), Locations{"44"});
  EXPECT_EQ(created(R"({ "column": "Location__c" })"), Locations{}) << "only the CRM knows";
  const Mapping located = over_salesforce(R"("referrals": { "belongs": { "locations": [1234567, "88"] } })");
  EXPECT_EQ(located.locations(), (Locations{"1234567", "88"}));
  EXPECT_EQ(standard().locations(), Locations{}) << "all";
}

TEST(Referrals, AppearInTheCrmAsTheMappingSays) {
  Deal own = inbound();
  own.set(Field::direction, t("Outgoing"));
  own.set(Field::standing, Standing{Status::active, Substatus::accepted, ""});
  Deal closed = inbound();
  closed.set(Field::standing, Standing{Status::closed, Substatus::expired, ""});
  const auto appears = [](const std::string& which, const Deal& d) {
    return over_salesforce("\"referrals\": { \"create_in_crm\": \"" + which + "\" }").appears_in_crm(d);
  };
  EXPECT_TRUE(appears("inbound", inbound()));
  EXPECT_FALSE(appears("inbound", own));
  EXPECT_TRUE(appears("all", own));
  EXPECT_FALSE(appears("none", inbound()));
  EXPECT_FALSE(appears("all", closed));
}

TEST(NewOpportunity, CarriesKeyStageAccountAndFields) {
  const Mapping mapping =
      over_salesforce(R"("owner": { "new": "005xx" }, "new_opportunity": { "Type": "Co-sell", "Score__c": 5 })");
  const auto created = mapping.create_opportunity(inbound(), "001A", Date{2026, 11, 21});
  EXPECT_EQ(problems_of(created.problems), "");
  EXPECT_EQ(shown(created.columns),
            "AccountId=001A, Amount=95000, CloseDate=2026-11-30, Cosell_Notes__c=Please call, "
            "Cosell_Referral_Id__c=4111fffc, Cosell_Sync__c=yes, Cosell_Visible__c=yes, CurrencyIsoCode=EUR, "
            "Name=Analytics for Contoso, OwnerId=005xx, Score__c=5, StageName=Received from Microsoft, Type=Co-sell");
  // It takes part, and nothing of it has to be written again.
  EXPECT_TRUE(mapping.select_opportunity(created.columns).takes_part);
  const Deal back = mapping.read(created.columns).deal;
  for (const Field f : {Field::name, Field::value, Field::close_date, Field::notes, Field::visible, Field::standing}) {
    EXPECT_TRUE(same_value(back.get(f), inbound().get(f))) << info(f).name;
  }
}

TEST(NewOpportunity, StandsInTheStageOfAnAcceptedReferral) {
  Deal accepted = inbound();
  accepted.set(Field::standing, Standing{Status::active, Substatus::accepted, ""});
  accepted.set(Field::stage, Stage::s60);
  const auto created = standard().create_opportunity(accepted, "", Date{2026, 11, 21});
  EXPECT_EQ(display(created.columns.at("StageName")), "Proposal/Price Quote");
  EXPECT_FALSE(created.columns.contains("AccountId"));
}

TEST(NewOpportunity, WaitsWhenNoStageSaysThatItIsUnanswered) {
  const Mapping mapping = over_salesforce(R"("stages": { "map": { "A": 10, "W": "won", "L": "lost" } })");
  EXPECT_EQ(problems_of(mapping.create_opportunity(inbound(), "", Date{2026, 11, 21}).problems),
            "no-write-back:standing");
}

TEST(NewOpportunity, GetsADateFromTheDefaultWhenTheReferralHasNone) {
  const Mapping mapping =
      over_salesforce(R"("fields": { "close_date": { "default": "today + 90d", "direction": "to_partner_center" } })");
  Deal undated = inbound();
  undated.set(Field::close_date, Value());
  const auto created = mapping.create_opportunity(undated, "", Date{2026, 11, 21});
  EXPECT_EQ(display(created.columns.at("CloseDate")), "2027-02-19");
}

TEST(Owner, OfNewOpportunitiesMayBeNamedByEmail) {
  const Mapping mapping = over_salesforce(R"("owner": { "new": { "email": "sales@p.example" } })");
  EXPECT_EQ(mapping.new_owner_emails({}), std::vector<std::string>{"sales@p.example"});
  EXPECT_EQ(mapping.owner_column(), "OwnerId");
  EXPECT_FALSE(mapping.create_opportunity(inbound(), "", Date{2026, 1, 1}).columns.contains("OwnerId"));
  EXPECT_TRUE(names(mapping.columns_written(), "OwnerId"));
  EXPECT_FALSE(names(standard().columns_written(), "OwnerId"));
}

TEST(Owner, IsShownToPeople) {
  const ReadDeal deal = standard().read(
      {{"StageName", t("Prospecting")}, {"Owner.Name", t("Ida Berg")}, {"Owner.Email", t("ida@p.example")}});
  EXPECT_EQ(deal.deal.text(Field::owner), "Ida Berg");
  EXPECT_EQ(deal.deal.text(Field::owner_email), "ida@p.example");
}

TEST(Account, IsMatchedByTheNamedPartsAndCreatedWhole) {
  const Customer contoso = *customer_in(inbound().get(Field::customer));
  const Mapping mapping = over_salesforce(R"("customer": { "match": ["name", "postal_code", "country"],
      "record": { "country": { "column": "BillingCountryCode", "form": "code" } } })");
  EXPECT_EQ(shown(mapping.account_match(contoso)), "BillingCountryCode=DE, BillingPostalCode=20095, Name=Contoso");
  EXPECT_EQ(
      shown(mapping.account_record(contoso)),
      "BillingCity=Hamburg, BillingCountryCode=DE, BillingPostalCode=20095, BillingStreet=Main St 1, Name=Contoso");
  EXPECT_TRUE(mapping.account_match(Customer{}).empty());
  EXPECT_EQ(mapping.customer_rule().none, NoMatch::create);
  const Mapping by_name = over_salesforce(
      R"("customer": { "match": ["name"], "none": "wait", "record": { "country": { "column": "BillingCountry", "form": "name" } } })");
  EXPECT_EQ(shown(by_name.account_match(contoso)), "Name=Contoso");
  EXPECT_EQ(display(by_name.account_record(contoso).at("BillingCountry")), "Germany");
  EXPECT_EQ(by_name.customer_rule().none, NoMatch::wait);
}

TEST(SellerColumns, AreOnlyThoseOfTheMapping) {
  SellerView view;
  view.state = "Waiting for you";
  view.since = parse_instant("2026-11-21T03:41:00Z");
  view.registration = "Pending";
  EXPECT_EQ(shown(standard().seller_columns(view)),
            "Cosell_Message__c=(empty), Cosell_Microsoft_Answer__c=(empty), Cosell_Microsoft_Id__c=(empty), "
            "Cosell_Microsoft_Reason__c=(empty), Cosell_Referral_Id__c=(empty), Cosell_Referral_Link__c=(empty), "
            "Cosell_Registration__c=Pending, Cosell_Since__c=2026-11-21 03:41, Cosell_State__c=Waiting for you");
  const Mapping few = over_salesforce(R"("bridge": { "link": null, "registration": "Reg__c" })");
  const Columns columns = few.seller_columns(view);
  EXPECT_FALSE(columns.contains("Cosell_Referral_Link__c"));
  EXPECT_EQ(display(columns.at("Reg__c")), "Pending");
}

TEST(Columns, ThatAreReadAndWrittenAreKnownBefore) {
  const Mapping mapping = over_salesforce(R"("fields": { "close_date": { "default": "{Engaged__c} + 9d" } })");
  for (const char* name : {"StageName", "Amount", "CurrencyIsoCode", "CloseDate", "Account.Name", "Owner.Email",
                           "Cosell_Referral_Id__c", "Cosell_State__c", "AccountId", "Engaged__c", "Cosell_Sync__c",
                           "Cosell_Loss_Reason__c", "Account.BillingCountry"}) {
    EXPECT_TRUE(names(mapping.columns_read(), name)) << name;
  }
  for (const char* name : {"StageName", "Amount", "CurrencyIsoCode", "CloseDate", "Name", "Cosell_Referral_Id__c",
                           "Cosell_State__c", "AccountId", "Cosell_Sync__c", "Cosell_Loss_Reason__c"}) {
    EXPECT_TRUE(names(mapping.columns_written(), name)) << name;
  }
  for (const char* name : {"Account.Name", "Owner.Email", "Engaged__c", "Cosell_Help__c", "Cosell_Solution__c"}) {
    EXPECT_FALSE(names(mapping.columns_written(), name)) << name;
  }
  EXPECT_EQ(mapping.key_column(), "Cosell_Referral_Id__c");
  EXPECT_EQ(mapping.account_column(), "AccountId");
}

TEST(Write, LeavesEverythingElseAlone) {
  Deal changes;
  changes.set(Field::notes, t("New notes"));
  const Columns present = {{"StageName", t("Prospecting")}, {"Cosell_Notes__c", t("Old")}, {"Amount", Number{"5"}}};
  EXPECT_EQ(shown(standard().write(changes, present).columns), "Cosell_Notes__c=New notes");
  Deal unmapped;
  unmapped.set(Field::location, t("1"));
  EXPECT_EQ(problems_of(standard().write(unmapped, present).problems), "no-column:location");
}

}  // namespace
}  // namespace cosell::mapping
