// Fields both ways: what columns become, what they are written back as, and the values that a new referral gets.
#include <gtest/gtest.h>

#include "mapping_fixture.h"

namespace cosell::mapping {
namespace {

// A mapping whose only interesting part is its fields.
Mapping with_fields(const std::string& fields) {
  return mapping_from(R"({ "base": true, "select": "all", "bridge": { "referral_id": "Ref" },
"stages": { "column": "Stage", "map": { "a": 10, "b": 20, "c": 40, "d": 60, "e": 80, "won": "won", "lost": "lost" } },
"fields": { )" + fields +
                      " } }");
}

Columns deal_with(Columns columns) {
  columns["Stage"] = t("a");
  return columns;
}

std::string read(const Mapping& mapping, Field f, const Columns& columns) {
  const ReadDeal deal = mapping.read(deal_with(columns));
  if (!deal.problems.empty()) return problems_of(deal.problems);
  return deal.deal.shows(f) ? display(deal.deal.get(f)) : "absent";
}

std::string written(const Mapping& mapping, Field f, Value v, const Columns& present = {}) {
  Deal changes;
  changes.set(f, std::move(v));
  const auto out = mapping.write(changes, deal_with(present));
  return out.problems.empty() ? shown(out.columns) : problems_of(out.problems);
}

std::string at_creation(const Mapping& mapping, Field f, const Columns& columns = {}) {
  const Columns all = deal_with(columns);
  return display(mapping.complete_for_create(mapping.read(all).deal, all, Date{2026, 11, 21}).get(f));
}

TEST(Fields, AreAbsentWhenUnmappedAndBlankWhenTheColumnIs) {
  const Mapping mapping = with_fields(R"("notes": "Notes")");
  EXPECT_EQ(read(mapping, Field::notes, {}), "absent") << "nobody asked the CRM for it yet";
  EXPECT_EQ(read(mapping, Field::notes, {{"Notes", Value()}}), "(empty)");
  EXPECT_EQ(read(mapping, Field::notes, {{"Notes", t("  ")}}), "(empty)");
  EXPECT_EQ(read(mapping, Field::notes, {{"Notes", t(" x ")}}), " x ");
  EXPECT_EQ(read(mapping, Field::campaign, {}), "absent");
  EXPECT_EQ(mapping.rule(Field::campaign).direction, Direction::off);
}

TEST(Fields, TakeTheFirstColumnThatIsNotBlank) {
  const Mapping mapping = with_fields(R"("name": { "columns": ["Title", "Name"], "trim": true })");
  EXPECT_EQ(read(mapping, Field::name, {{"Title", t("A")}, {"Name", t("B")}}), "A");
  EXPECT_EQ(read(mapping, Field::name, {{"Title", t(" ")}, {"Name", t(" B ")}}), "B");
  EXPECT_EQ(written(mapping, Field::name, t("C")), "Title=C");
}

TEST(Value, NeedsAmountAndCurrency) {
  const Mapping mapping = with_fields(R"("value": { "column": "Amount", "currency_column": "Cur" })");
  EXPECT_EQ(read(mapping, Field::value, {{"Amount", Number{"1234.5"}}, {"Cur", t("eur")}}), "1,234.50 EUR");
  EXPECT_EQ(read(mapping, Field::value, {{"Amount", t("1.5e3")}, {"Cur", t("JPY")}}), "1,500 JPY");
  EXPECT_EQ(read(mapping, Field::value, {{"Amount", Value()}, {"Cur", t("EUR")}}), "(empty)");
  EXPECT_EQ(read(mapping, Field::value, {{"Amount", Number{"5"}}}), "no-currency:value");
  EXPECT_EQ(read(mapping, Field::value, {{"Amount", Number{"5"}}, {"Cur", t("XYZ")}}), "unknown-currency:value");
  EXPECT_EQ(read(mapping, Field::value, {{"Amount", t("5,00")}, {"Cur", t("EUR")}}), "bad-number:value");
  EXPECT_EQ(read(mapping, Field::value, {{"Amount", Number{"92233720368547758.08"}}, {"Cur", t("EUR")}}),
            "bad-number:value");
  const ReadDeal held = mapping.read(deal_with({{"Amount", Number{"5"}}}));
  EXPECT_EQ(held.problems[0].message, "Amount \"5\" has no currency: Cur is empty (acme.jsonc:3)");
  EXPECT_TRUE(is_blank(held.deal.get(Field::value)));
}

TEST(Value, IsWrittenWithItsCurrencyOnlyWhenThatChanges) {
  const Mapping mapping = with_fields(R"("value": { "column": "Amount", "currency_column": "Cur" })");
  const Columns present = {{"Amount", Number{"5"}}, {"Cur", t("EUR")}};
  EXPECT_EQ(written(mapping, Field::value, Money{700, "EUR"}, present), "Amount=7");
  EXPECT_EQ(written(mapping, Field::value, Money{700, "USD"}, present), "Amount=7, Cur=USD");
  EXPECT_EQ(written(mapping, Field::value, Money{500, "EUR"}, present), "");
  EXPECT_EQ(written(mapping, Field::value, Value(), present), "Amount=(empty)");
  EXPECT_EQ(written(mapping, Field::value, Money{700, "EUR"}), "Amount=7, Cur=EUR");
  const Mapping fixed = with_fields(R"("value": { "column": "Amount", "currency": "EUR" })");
  EXPECT_EQ(written(fixed, Field::value, Money{700, "EUR"}, present), "Amount=7");
  EXPECT_EQ(written(fixed, Field::value, Money{700, "USD"}, present), "other-currency:value");
}

TEST(CloseDate, NeverShiftsADay) {  // F-55
  const Mapping mapping = with_fields(R"("close_date": "Close")");
  EXPECT_EQ(read(mapping, Field::close_date, {{"Close", Date{2026, 11, 30}}}), "2026-11-30");
  EXPECT_EQ(read(mapping, Field::close_date, {{"Close", t("2026-11-30")}}), "2026-11-30");
  EXPECT_EQ(read(mapping, Field::close_date, {{"Close", t("2026-11-30T23:59:59Z")}}), "2026-11-30");
  EXPECT_EQ(read(mapping, Field::close_date, {{"Close", t("30.11.2026")}}), "bad-date:close_date");
  EXPECT_EQ(written(mapping, Field::close_date, Date{2026, 12, 1}, {{"Close", t("2026-11-30")}}), "Close=2026-12-01");
  EXPECT_EQ(written(mapping, Field::close_date, Date{2026, 11, 30}, {{"Close", t("2026-11-30")}}), "");
}

TEST(ValueTables, WorkBothWays) {
  const Mapping mapping = with_fields(R"("campaign": { "column": "C", "values": { "Spring": "S1", "Autumn": "A1" } },
      "location": { "column": "R", "values": { "north": "1", "south": 2 }, "else": "3" })");
  EXPECT_EQ(read(mapping, Field::campaign, {{"C", t("Spring")}}), "S1");
  EXPECT_EQ(read(mapping, Field::campaign, {{"C", t("Summer")}}), "unknown-value:campaign");
  EXPECT_EQ(mapping.read(deal_with({{"C", t("Summer")}})).problems[0].message,
            "C \"Summer\" is not in the table of \"campaign\" (acme.jsonc:3)");
  EXPECT_EQ(written(mapping, Field::campaign, t("A1"), {{"C", t("Spring")}}), "C=Autumn");
  EXPECT_EQ(written(mapping, Field::campaign, t("S1"), {{"C", t("Spring")}}), "");
  EXPECT_EQ(written(mapping, Field::campaign, t("X1"), {{"C", t("Spring")}}), "no-write-back:campaign");
  EXPECT_EQ(written(mapping, Field::campaign, Value(), {{"C", t("Spring")}}), "C=(empty)");
  EXPECT_EQ(read(mapping, Field::location, {{"R", t("south")}}), "2");
  EXPECT_EQ(read(mapping, Field::location, {{"R", t("west")}}), "3");
}

TEST(ValueTables, InvertForEveryEntryThatIsNotAmbiguous) {
  const Mapping mapping = with_fields(R"("campaign": { "column": "C", "values": { "x": "1", "y": "2", "z": "3" } })");
  for (const char* crm : {"x", "y", "z"}) {
    const Value canonical = mapping.read(deal_with({{"C", t(crm)}})).deal.get(Field::campaign);
    EXPECT_EQ(written(mapping, Field::campaign, canonical), t("C=") + crm);
  }
}

TEST(Flags, ComeFromCheckboxesAndTables) {
  const Mapping mapping = with_fields(R"("visible": { "column": "V" })");
  EXPECT_EQ(read(mapping, Field::visible, {{"V", true}}), "yes");
  EXPECT_EQ(read(mapping, Field::visible, {{"V", t("No")}}), "no");
  EXPECT_EQ(read(mapping, Field::visible, {{"V", Number{"1"}}}), "yes");
  EXPECT_EQ(read(mapping, Field::visible, {{"V", t("maybe")}}), "bad-value:visible");
  EXPECT_EQ(written(mapping, Field::visible, false, {{"V", true}}), "V=no");  // a checkbox is never blank
  EXPECT_EQ(written(mapping, Field::visible, true, {{"V", true}}), "");
  const Mapping table = with_fields(R"("visible": { "column": "V", "values": { "open": true, "shut": false } })");
  EXPECT_EQ(read(table, Field::visible, {{"V", t("open")}}), "yes");
  EXPECT_EQ(read(table, Field::visible, {{"V", t("ajar")}}), "unknown-value:visible");
  EXPECT_EQ(written(table, Field::visible, true, {{"V", t("shut")}}), "V=open");
}

TEST(HelpAndIntent, BecomeCodesFromLabelsOrCodes) {
  const Mapping mapping = with_fields(R"("help": { "column": "H", "values": {
      "No help required at this time": "", "Angebot": "QuotesOrLicensing" } })");
  const auto help = [&](const char* label) { return read(mapping, Field::help, {{"H", t(label)}}); };
  EXPECT_EQ(help("Angebot"), "QuotesOrLicensing");
  EXPECT_EQ(help("No help required at this time"), "(empty)");
  EXPECT_EQ(help("ProofOfConceptOrDemo"), "ProofOfConceptOrDemo");
  EXPECT_EQ(help("Coffee"), "unknown-value:help");
  const Mapping plain = with_fields(R"("help": "H", "marketplace_intent": "M")");
  EXPECT_EQ(read(plain, Field::help, {{"H", t("Post-Sales Customer Success")}}), "PostSalesCustomerSuccess");
  EXPECT_EQ(read(plain, Field::marketplace_intent, {{"M", t("Have not decided")}}), "HaveNotDecided");
  EXPECT_EQ(read(plain, Field::marketplace_intent, {{"M", t("Maybe")}}), "unknown-value:marketplace_intent");
}

TEST(DealType, TellsDealsBetweenPartnersAndAssessmentsFromOrdinaryOnes) {  // T-2, T-5, T-6
  const Mapping mapping = with_fields(R"("type": { "column": "Kind", "values": { "New business": "ordinary",
      "With a partner": "partner to partner", "Assessment": "solution assessment" } })");
  const auto type = [&](const char* kind) { return read(mapping, Field::type, {{"Kind", t(kind)}}); };
  EXPECT_EQ(type("With a partner"), "partner to partner");
  EXPECT_EQ(type("Assessment"), "solution assessment");
  EXPECT_EQ(type("New business"), "(empty)");
  EXPECT_EQ(type(""), "(empty)");
  EXPECT_EQ(type("Renewal"), "unknown-value:type");
  EXPECT_EQ(mapping.column_of(Field::type, ""), "Kind");
  EXPECT_EQ(mapping.columns_written(),
            mapping_from(R"({ "base": true, "select": "all", "bridge": { "referral_id": "Ref" },
"stages": { "column": "Stage", "map": { "a": 10, "b": 20, "c": 40, "d": 60, "e": 80, "won": "won", "lost": "lost" } } })")
                .columns_written())
      << "only read";
  const Loaded wrong = read_text_as("acme.jsonc", R"({ "extends": "salesforce", "fields": {
"type": { "column": "Kind", "values": { "A": "co-sell" } } } })");
  EXPECT_NE(texts_of(wrong.findings).find("acme.jsonc:2"), std::string::npos) << texts_of(wrong.findings);
}

TEST(Columns, AreNamedForEachPartThatAPersonFillsIn) {
  const Mapping mapping = with_fields(R"("value": { "column": "Amount", "currency_column": "Currency" },
      "customer": { "name": "Account.Name", "city": "Account.City", "country": { "constant": "DE" } },
      "team": [ { "name": "Owner.Name", "phone": "Owner.Phone", "email": "Owner.Email" } ],
      "notes": { "constant": "Ask the owner" })");
  EXPECT_EQ(mapping.column_of(Field::value, ""), "Amount");
  EXPECT_EQ(mapping.column_of(Field::value, "currency"), "Currency");
  EXPECT_EQ(mapping.column_of(Field::customer, "city"), "Account.City");
  EXPECT_EQ(mapping.column_of(Field::customer, "country"), "") << "a constant is filled in by nobody";
  EXPECT_EQ(mapping.column_of(Field::customer, "line1"), "");
  EXPECT_EQ(mapping.column_of(Field::team, "phone"), "Owner.Phone");
  EXPECT_EQ(mapping.column_of(Field::team, ""), "Owner") << "nobody is there: the record is to be chosen";
  EXPECT_EQ(mapping.column_of(Field::team, "last_name"), "Owner.Name");
  EXPECT_EQ(mapping.column_of(Field::notes, ""), "");
  EXPECT_EQ(mapping.column_of(Field::location, ""), "") << "not mapped";
}

TEST(People, ComeFromPartsFullNamesAndConstants) {
  const Mapping mapping = with_fields(R"("team": [
      { "name": "Owner.Name", "phone": { "column": "Owner.Phone", "default": "+49 1" }, "email": "Owner.Email" },
      { "first": { "constant": "Ida" }, "last": { "constant": "Berg" }, "phone": { "constant": "2" },
        "email": { "constant": "ida@p.example" } } ])");
  const auto people = [&](const Columns& columns) {
    return std::get<std::vector<Person>>(mapping.read(deal_with(columns)).deal.get(Field::team));
  };
  const auto both = people({{"Owner.Name", t("Maria del Carmen Ruiz")}, {"Owner.Email", t("mc@p.example")}});
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0], (Person{"Maria del Carmen", "Ruiz", "+49 1", "mc@p.example"}));
  EXPECT_EQ(people({{"Owner.Name", t("Cher")}})[0], (Person{"", "Cher", "+49 1", ""}));
  EXPECT_EQ(people({{"Owner.Name", Value()}}).size(), 1U);              // an owner without name and e-mail is nobody
  EXPECT_EQ(people({{"Owner.Email", t("IDA@p.example")}}).size(), 1U);  // the same person twice
  EXPECT_EQ(mapping.rule(Field::team).direction, Direction::to_partner_center);
  EXPECT_EQ(written(mapping, Field::team, Value()), "no-column:team");
}

TEST(People, WithAFamilyNameBeforeACommaKeepIt) {
  const Mapping mapping = with_fields(R"("team": [ { "name": "Owner.Name", "email": "Owner.Email" } ])");
  const auto name = [&](const char* written) {
    const auto people = std::get<std::vector<Person>>(
        mapping.read(deal_with({{"Owner.Name", t(written)}, {"Owner.Email", t("x@p.example")}})).deal.get(Field::team));
    return people[0].first_name + "|" + people[0].last_name;
  };
  EXPECT_EQ(name("Berg, Ida"), "Ida|Berg");
  EXPECT_EQ(name("van der Berg, Ida Maria"), "Ida Maria|van der Berg");
  EXPECT_EQ(name("Berg,Ida"), "Ida|Berg");
  EXPECT_EQ(name("Martin Luther King, Jr."), "Martin Luther|King, Jr.");
  EXPECT_EQ(name("Ida Berg, Ph.D., MBA"), "Ida|Berg, Ph.D., MBA");
  EXPECT_EQ(name("Berg,"), "|Berg");
  EXPECT_EQ(name(", Ida"), ",|Ida");
}

TEST(Solutions, ALabelOfSeveralIdsIsWrittenBack) {
  const Mapping labels = with_fields(R"("solutions": { "column": "S", "separator": ",", "direction": "both",
      "values": { "Hub": "SOL-B", "Suite": ["SOL-B", "SOL-C"], "Harbor": "SOL-A" } })");
  const auto ids = [](std::initializer_list<const char*> all) {
    std::vector<Solution> list;
    for (const char* id : all) list.push_back({id, "", "Name"});
    return Value(list);
  };
  EXPECT_EQ(written(labels, Field::solutions, ids({"SOL-B", "SOL-C"})), "S=Suite");
  EXPECT_EQ(written(labels, Field::solutions, ids({"SOL-C", "SOL-A", "SOL-B"})), "S=Suite,Harbor");
  EXPECT_EQ(written(labels, Field::solutions, ids({"SOL-B"})), "S=Hub") << "not what means more than the deal has";
  EXPECT_EQ(written(labels, Field::solutions, ids({"SOL-C"})), "no-write-back:solutions");
  EXPECT_EQ(written(labels, Field::solutions, ids({"SOL-C", "SOL-B"}), {{"S", t("Suite")}}), "")
      << "it says so already";
}

TEST(Solutions, ComeFromIdsLabelsAndConstants) {
  const Mapping ids = with_fields(R"("solutions": { "column": "S" })");
  EXPECT_EQ(read(ids, Field::solutions, {{"S", t("SOL-A; SOL-B;;SOL-A")}}), "SOL-A; SOL-B");
  const Mapping labels = with_fields(R"("solutions": { "column": "S", "separator": ",",
      "values": { "Harbor": "SOL-A", "Suite": ["SOL-B", "SOL-C"] } })");
  EXPECT_EQ(read(labels, Field::solutions, {{"S", t("Suite")}}), "SOL-B; SOL-C");
  EXPECT_EQ(read(labels, Field::solutions, {{"S", t("Harbor, Suite")}}), "SOL-A; SOL-B; SOL-C");
  EXPECT_EQ(read(labels, Field::solutions, {{"S", t("Harbor, Other")}}), "unknown-value:solutions");
  const Mapping constant = with_fields(R"("solutions": { "constant": ["SOL-A", { "id": "SOL-B", "name": "Hub" }] })");
  EXPECT_EQ(read(constant, Field::solutions, {}), "absent");
  EXPECT_EQ(at_creation(constant, Field::solutions), "SOL-A; Hub (SOL-B)");
}

TEST(Solutions, HaveEachLabelLookedUpAlsoWhereTheTableHasAnElse) {  // R-11, G-2
  const Mapping labels = with_fields(R"("solutions": { "column": "S", "separator": ",",
      "values": { "Harbor": "SOL-A", "Suite": ["SOL-B", "SOL-A"] }, "else": "SOL-Z" })");
  EXPECT_EQ(read(labels, Field::solutions, {{"S", t("Harbor")}}), "SOL-A");
  EXPECT_EQ(read(labels, Field::solutions, {{"S", t("Other")}}), "SOL-Z");
  EXPECT_EQ(read(labels, Field::solutions, {{"S", t("Harbor, Other")}}), "SOL-A; SOL-Z");
  EXPECT_EQ(read(labels, Field::solutions, {{"S", t("Harbor, Suite")}}), "SOL-A; SOL-B") << "each solution once";
}

TEST(CustomerField, JoinsItsPartsAndNamesTheCountry) {
  const Mapping mapping =
      with_fields(R"("customer": { "name": "A.Name", "city": { "column": "A.City", "default": "n/a" },
      "country": { "columns": ["A.Code", "A.Country"], "values": { "Philipines": "PH" } } })");
  EXPECT_EQ(read(mapping, Field::customer, {{"A.Name", t("Contoso")}, {"A.Country", t("germany")}}),
            "Contoso, n/a, DE");
  EXPECT_EQ(read(mapping, Field::customer, {{"A.Name", t("C")}, {"A.Code", t("FR")}, {"A.Country", t("Germany")}}),
            "C, n/a, FR");
  EXPECT_EQ(read(mapping, Field::customer, {{"A.Name", t("C")}, {"A.Country", t("Philipines")}}), "C, n/a, PH");
  EXPECT_EQ(read(mapping, Field::customer, {{"A.Name", t("C")}, {"A.Country", t("Grmany")}}),
            "unknown-country:customer");
  EXPECT_EQ(mapping.read(deal_with({{"A.Name", t("C")}, {"A.Country", t("Grmany")}})).problems[0].message,
            "A.Country \"Grmany\" is no country that is known; add it to \"values\" of the country (acme.jsonc:4)");
  EXPECT_EQ(read(mapping, Field::customer, {{"A.Name", Value()}}),
            "(empty)");  // an opportunity without account has no customer
  // In any case and with any apostrophe.
  const auto country = [&](const char* written) {
    return read(mapping, Field::customer, {{"A.Name", t("C")}, {"A.Country", t(written)}});
  };
  EXPECT_EQ(country("ÅLAND ISLANDS"), "C, n/a, AX");
  EXPECT_EQ(country("CÔTE D'IVOIRE"), "C, n/a, CI");
  EXPECT_EQ(country("Côte d\u2019Ivoire"), "C, n/a, CI");
  EXPECT_EQ(country("usa"), "C, n/a, US");
  EXPECT_EQ(country("U.S.A."), "C, n/a, US");
  EXPECT_EQ(country("UK"), "C, n/a, GB");
  EXPECT_EQ(country("Kosovo"), "C, n/a, XK");
  EXPECT_EQ(country("XK"), "C, n/a, XK");
}

TEST(Defaults, FillBlanksOnceWhenTheReferralIsCreated) {
  const Mapping mapping = with_fields(R"(
      "name": { "column": "Name", "default": "{Account.Name}: {Product}" },
      "close_date": { "column": "Close", "default": "{Engaged} + 90d" },
      "value": { "column": "Amount", "currency_column": "Cur", "currency": "USD",
                 "default": { "column": "Product", "values": { "Basic": 550, "Pro": 4821.5 }, "else": 1000 } },
      "marketplace_intent": { "column": "M", "default": "HaveNotDecided" },
      "visible": { "column": "V", "default": true },
      "location": { "constant": 1234567 },
      "solutions": { "column": "S", "default": "SOL-A" })");
  const Columns columns = {
      {"Account.Name", t("Contoso")}, {"Product", t("Pro")}, {"Engaged", t("2016-10-20")}, {"V", false}};
  EXPECT_EQ(at_creation(mapping, Field::name, columns), "Contoso: Pro");
  EXPECT_EQ(at_creation(mapping, Field::close_date, columns), "2017-01-18");
  EXPECT_EQ(at_creation(mapping, Field::value, columns), "4,821.50 USD");
  EXPECT_EQ(at_creation(mapping, Field::value, {{"Product", t("New")}, {"Cur", t("EUR")}}), "1,000.00 EUR");
  EXPECT_EQ(at_creation(mapping, Field::marketplace_intent), "HaveNotDecided");
  EXPECT_EQ(at_creation(mapping, Field::location), "1234567");
  EXPECT_EQ(at_creation(mapping, Field::solutions), "SOL-A");
  EXPECT_EQ(at_creation(mapping, Field::visible, columns), "no");  // an unticked box is an answer
  // A default whose column is empty gives nothing.
  EXPECT_EQ(at_creation(mapping, Field::name), "(empty)");
  EXPECT_EQ(at_creation(mapping, Field::close_date), "(empty)");
  // What the seller entered stays.
  EXPECT_EQ(at_creation(mapping, Field::close_date, {{"Close", t("2027-01-01")}, {"Engaged", t("2016-10-20")}}),
            "2027-01-01");
  // And nothing of it is read as if it were in the CRM.
  EXPECT_EQ(read(mapping, Field::close_date, {{"Close", Value()}, {"Engaged", t("2016-10-20")}}), "(empty)");
  EXPECT_EQ(read(mapping, Field::location, {}), "absent");
}

// What a mapping keeps out of Partner Center stays out of it when the referral is created, too.
TEST(Directions, CountWhenTheReferralIsCreated) {  // R-9, T-8
  const auto internal = [](const char* direction) {
    return with_fields(std::string(R"("notes": { "column": "Description", "direction": ")") + direction +
                       R"(", "default": "Ask the owner." })");
  };
  const Columns columns = {{"Description", t("The customer is about to go bankrupt")}};
  EXPECT_EQ(at_creation(internal("both"), Field::notes, columns), "The customer is about to go bankrupt");
  EXPECT_EQ(at_creation(internal("to_partner_center"), Field::notes, columns), "The customer is about to go bankrupt");
  EXPECT_EQ(at_creation(internal("off"), Field::notes, columns), "(empty)");
  EXPECT_EQ(at_creation(internal("to_crm"), Field::notes, columns), "Ask the owner.");
  const Mapping shown_by_microsoft_only = with_fields(R"("visible": { "column": "Visible", "direction": "to_crm" })");
  EXPECT_EQ(at_creation(shown_by_microsoft_only, Field::visible, {{"Visible", true}}), "(empty)");
  // Help that is off asks for nothing, shows the deal to nobody, and holds nothing back when nobody understands it.
  const Mapping no_help = with_fields(R"("help": { "column": "Help", "direction": "off" })");
  EXPECT_EQ(read(no_help, Field::help, {{"Help", t("QuotesOrLicensing")}}), "absent");
  EXPECT_EQ(read(no_help, Field::help, {{"Help", t("no such help")}}), "absent");
  // No referral is created without name, value and close date, whatever their direction is afterwards.
  const Mapping needed = with_fields(R"("name": { "column": "Name", "direction": "to_crm" },
      "value": { "column": "Amount", "currency": "EUR", "direction": "to_crm" },
      "close_date": { "column": "Close", "direction": "to_crm" })");
  EXPECT_EQ(at_creation(needed, Field::name, {{"Name", t("Harbor")}}), "Harbor");
  EXPECT_EQ(at_creation(needed, Field::value, {{"Amount", Number{"5"}}}), "5.00 EUR");
  EXPECT_EQ(at_creation(needed, Field::close_date, {{"Close", Date{2026, 11, 30}}}), "2026-11-30");
}

TEST(Defaults, CountFromToday) {
  EXPECT_EQ(at_creation(with_fields(R"("close_date": { "column": "C", "default": "today + 90d" })"), Field::close_date),
            "2027-02-19");
  EXPECT_EQ(at_creation(with_fields(R"("close_date": { "column": "C", "default": "today" })"), Field::close_date),
            "2026-11-21");
  EXPECT_EQ(at_creation(with_fields(R"("close_date": { "column": "C", "default": "{D}-1d" })"), Field::close_date,
                        {{"D", Date{2026, 3, 1}}}),
            "2026-02-28");
}

TEST(Consent, ComesFromAColumnOrASignedStatementOnly) {
  const Mapping column = with_fields(R"("consent_contact": { "column": "Ok" })");
  EXPECT_EQ(at_creation(column, Field::consent_contact), "(empty)");
  EXPECT_EQ(read(column, Field::consent_contact, {{"Ok", true}}), "yes");
  const Mapping signed_one =
      with_fields(R"("consent_contact": { "statement": "All agreed", "signed_by": "Ida Berg", "date": "2026-01-31" })");
  EXPECT_EQ(at_creation(signed_one, Field::consent_contact), "yes");
  EXPECT_EQ(read(signed_one, Field::consent_contact, {}), "absent");
}

TEST(FieldRules, HaveDirectionsThatFitTheirColumns) {
  const Mapping mapping = with_fields(R"("name": "Account.Title", "notes": { "column": "N", "required": true },
      "campaign": { "column": "C", "direction": "to_crm", "conflict": "partner_center", "first_link": "partner_center",
                    "create_only": true })");
  EXPECT_EQ(mapping.rule(Field::name).direction, Direction::to_partner_center);  // a column of another record
  EXPECT_EQ(mapping.rule(Field::notes).direction, Direction::both);
  EXPECT_TRUE(mapping.rule(Field::notes).required);
  EXPECT_EQ(mapping.rule(Field::campaign).direction, Direction::to_crm);
  EXPECT_EQ(mapping.rule(Field::campaign).conflict, ConflictRule::partner_center);
  EXPECT_EQ(mapping.rule(Field::campaign).first_link, FirstLink::partner_center);
  EXPECT_TRUE(mapping.rule(Field::campaign).create_only);
  EXPECT_EQ(mapping.rule(Field::crm_id).direction, Direction::to_partner_center);
}

}  // namespace
}  // namespace cosell::mapping
