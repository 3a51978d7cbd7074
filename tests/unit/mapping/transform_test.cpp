// Transforms of texts, owners of new opportunities, and the laws of everything that can be undone.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "mapping/countries.h"
#include "mapping/source.h"
#include "mapping_fixture.h"

namespace cosell::mapping {
namespace {

Mapping with_fields(const std::string& fields) {
  return mapping_from("{ \"extends\": \"salesforce\", \"fields\": " + fields + " }");
}

std::string name_read_from(const Mapping& mapping, const std::string& written) {
  return mapping.read({{"Name", written}, {"StageName", std::string("Prospecting")}}).deal.text(Field::name);
}

TEST(Marks, AreDroppedFromNamesWhenAsked) {
  const Mapping mapping = with_fields(R"({ "name": { "strip_marks": true } })");
  EXPECT_EQ(name_read_from(mapping, "\u2705 Data platform"), "Data platform");
  EXPECT_EQ(name_read_from(mapping, "Data platform \u2714\ufe0f"), "Data platform");
  EXPECT_EQ(name_read_from(mapping, "\u274c \u274c Data \u2713 platform"), "Data \u2713 platform");
  EXPECT_EQ(name_read_from(mapping, "\u2705"), "");
  EXPECT_EQ(name_read_from(mapping_from("{ \"extends\": \"salesforce\" }"), "\u2705 Data platform"),
            "\u2705 Data platform");
}

TEST(Marks, AreLeftWhereTheyAreWhileTheNameIsTheSame) {
  const Mapping mapping = with_fields(R"({ "name": { "strip_marks": true } })");
  Deal same;
  same.set(Field::name, std::string("Data platform"));
  EXPECT_EQ(shown(mapping.write(same, {{"Name", std::string("\u2705 Data platform")}}).columns), "");
}

TEST(Length, IsCutOnlyIfAskedFor) {
  Deal deal;
  deal.set(Field::name, std::string("Größe und Länge"));
  const Columns present = {{"Name", std::string("old")}};
  EXPECT_EQ(shown(with_fields(R"({ "name": { "max_length": 5 } })").write(deal, present).columns), "Name=Größe");
  EXPECT_EQ(shown(with_fields(R"({ "name": { "max_length": 6 } })").write(deal, present).columns), "Name=Größe");
  EXPECT_EQ(shown(with_fields("{}").write(deal, present).columns), "Name=Größe und Länge");
}

TEST(Length, ATextThatWasCutIsNotWrittenAgain) {
  Deal deal;
  deal.set(Field::name, std::string("Größe und Länge"));
  const Mapping mapping = with_fields(R"({ "name": { "max_length": 5 } })");
  EXPECT_EQ(shown(mapping.write(deal, {{"Name", std::string("Größe")}}).columns), "");
}

// CRMs count UTF-16 units: an emoji fills two of them.
TEST(Length, IsCountedAsTheCrmCounts) {  // F-57
  Deal deal;
  deal.set(Field::name, std::string("\U0001F680\U0001F680 Launch"));
  const Columns present = {{"Name", std::string("old")}};
  const auto cut_to = [&](const char* most) {
    return shown(
        with_fields(std::string(R"({ "name": { "max_length": )") + most + " } }").write(deal, present).columns);
  };
  EXPECT_EQ(cut_to("4"), "Name=\U0001F680\U0001F680");
  EXPECT_EQ(cut_to("3"), "Name=\U0001F680") << "no half of a character";
  EXPECT_EQ(cut_to("6"), "Name=\U0001F680\U0001F680 L");
}

TEST(Join, PutsColumnsTogetherAndIsOnlyRead) {
  const Mapping mapping = with_fields(R"({ "name": { "join": ["Project", "Phase"], "direction": "to_partner_center" },
    "customer": { "line1": { "join": ["Street", "Box"] } } })");
  const Deal deal = mapping
                        .read({{"Project", std::string(" Harbor ")},
                               {"Phase", std::string("2")},
                               {"Street", std::string("Kai 3")},
                               {"Account.Name", std::string("Contoso")}})
                        .deal;
  EXPECT_EQ(deal.text(Field::name), "Harbor 2");
  EXPECT_EQ(customer_in(deal.get(Field::customer))->line1, "Kai 3");
  const Loaded both =
      read_text_as("acme.jsonc",
                   "{ \"extends\": \"salesforce\", \"fields\": { \"name\": { \"join\": [\"A\", \"B\"], \"direction\": "
                   "\"both\" } } }");
  EXPECT_NE(texts_of(both.findings).find("it is joined from several columns"), std::string::npos);
}

Deal inbound(const std::string& location, const std::vector<std::string>& team) {
  Deal deal;
  deal.set(Field::standing, Standing{Status::fresh, Substatus::pending, ""});
  deal.set(Field::location, location);
  std::vector<Person> people;
  for (const std::string& email : team) people.push_back({"A", "B", "", email});
  deal.set(Field::team, people);
  return deal;
}

TEST(NewOwners, AreOfTheLocationThenOfTheTeamThenOfAll) {
  const Mapping mapping = mapping_from(R"({ "extends": "salesforce", "owner": { "new": {
    "locations": { "11": "005A", "22": "south@p.example" }, "team": true, "else": "005Z" } } })");
  const auto owner = [&](const Deal& deal) {
    const std::string id = text_of(column(mapping.create_opportunity(deal, "", Date{2026, 1, 1}).columns, "OwnerId"));
    return text::join(mapping.new_owner_emails(deal), " ") + " | " + id;
  };
  EXPECT_EQ(owner(inbound("11", {"ida@p.example"})), " | 005A");
  EXPECT_EQ(owner(inbound("22", {"ida@p.example"})), "south@p.example ida@p.example | 005Z");
  EXPECT_EQ(owner(inbound("33", {"ida@p.example", ""})), "ida@p.example | 005Z");
  EXPECT_EQ(owner(inbound("33", {})), " | 005Z");
}

TEST(NewOwners, MayBeOneForAll) {
  const auto emails = [](const std::string& fresh) {
    return text::join(mapping_from("{ \"extends\": \"salesforce\", \"owner\": { \"new\": " + fresh + " } }")
                          .new_owner_emails(inbound("1", {"ida@p.example"})),
                      " ");
  };
  EXPECT_EQ(emails("{ \"email\": \"sales@p.example\" }"), "sales@p.example");
  EXPECT_EQ(emails("\"sales@p.example\""), "sales@p.example");
  EXPECT_EQ(emails("\"005Z\""), "");
}

// --- laws

// A stage table in which every standard stage and outcome has at least one CRM stage, and several have more.
struct Table {
  std::vector<std::pair<std::string, std::string>> entries;  // CRM stage -> target
  std::string text;
};

Table any_table() {
  Table table;
  std::string write_back;
  for (const char* target : {"10", "20", "40", "60", "80", "won", "lost", "declined", "expired", "error", "waiting"}) {
    const int count = *rc::gen::inRange(1, 4);
    const int written = *rc::gen::inRange(0, count);
    for (int i = 0; i < count; ++i) {
      std::string name = std::string("S") + target + " " + std::to_string(i);
      if (i == written)
        write_back += (write_back.empty() ? "\"" : ", \"") + std::string(target) + "\": \"" + name + "\"";
      table.entries.emplace_back(std::move(name), target);
    }
  }
  const auto swaps =
      *rc::gen::container<std::vector<std::size_t>>(8, rc::gen::inRange<std::size_t>(0, table.entries.size()));
  for (std::size_t i = 0; i + 1 < swaps.size(); ++i) std::swap(table.entries[swaps[i]], table.entries[swaps[i + 1]]);
  std::string map;
  for (const auto& [name, target] : table.entries) {
    const bool open = target.front() >= '1' && target.front() <= '9';
    map += (map.empty() ? "\"" : ", \"") + name + "\": " + (open ? target : "\"" + target + "\"");
  }
  table.text = "\"map\": { " + map + " }, \"write_back\": { " + write_back + " }";
  return table;
}

RC_GTEST_PROP(Laws, EveryStageOfATotalTableComesBackAsAnEquivalentOne, ()) {
  const Table table = any_table();
  const Mapping mapping = mapping_from("{ \"extends\": \"salesforce\", \"stages\": { " + table.text + " } }");
  const auto from = *rc::gen::elementOf(table.entries);
  const auto present = *rc::gen::elementOf(table.entries);
  const Deal read = mapping.read({{"StageName", from.first}}).deal;
  Deal said;
  for (const Field f : {Field::standing, Field::stage}) said.set(f, read.get(f));
  Columns crm = {{"StageName", present.first}};
  const auto written = mapping.write(said, crm);
  RC_ASSERT(written.problems.empty());
  // An equivalent stage is never rewritten.
  if (from.second == present.second) RC_ASSERT(written.columns.empty());
  for (const auto& column : written.columns) crm[column.first] = column.second;
  const Deal back = mapping.read(crm).deal;
  RC_ASSERT(back.stage() == read.stage());
  RC_ASSERT(back.standing() == read.standing());
  // Said again, nothing is left to write.
  RC_ASSERT(mapping.write(said, crm).columns.empty());
}

RC_GTEST_PROP(Laws, ARecordTypesTableComesBackLikeTheGeneralOne, ()) {
  const Table general = any_table();
  const Table own = any_table();
  const Mapping mapping =
      mapping_from("{ \"extends\": \"salesforce\", \"stages\": { " + general.text +
                   ", \"by\": { \"column\": \"R\", \"tables\": { \"own\": { " + own.text + " } } } } }");
  const auto from = *rc::gen::elementOf(own.entries);
  const auto present = *rc::gen::elementOf(own.entries);
  const Deal read = mapping.read({{"R", std::string("own")}, {"StageName", from.first}}).deal;
  Deal said;
  for (const Field f : {Field::standing, Field::stage}) said.set(f, read.get(f));
  Columns crm = {{"R", std::string("own")}, {"StageName", present.first}};
  for (const auto& column : mapping.write(said, crm).columns) crm[column.first] = column.second;
  RC_ASSERT(mapping.read(crm).deal.stage() == read.stage());
  RC_ASSERT(mapping.read(crm).deal.standing() == read.standing());
}

RC_GTEST_PROP(Laws, AValueTableWithoutDoublesInverts, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(1, 20);
  std::string values;
  for (std::size_t i = 0; i < count; ++i) {
    values +=
        (i == 0 ? "\"v" : ", \"v") + std::to_string(i) + "\": \"d" + std::to_string((i * 7) % count + i * count) + "\"";
  }
  const Mapping mapping = with_fields("{ \"campaign\": { \"column\": \"C\", \"values\": { " + values + " } } }");
  const std::string crm = "v" + std::to_string(*rc::gen::inRange<std::size_t>(0, count));
  Deal deal;
  deal.set(Field::campaign, mapping.read({{"C", crm}}).deal.get(Field::campaign));
  const auto written = mapping.write(deal, {{"C", std::string("v0")}});
  RC_ASSERT(written.problems.empty());
  RC_ASSERT(text_of(written.columns.empty() ? Value(std::string("v0")) : column(written.columns, "C")) == crm);
}

RC_GTEST_PROP(Laws, MoneyComesBackToTheMinorUnit, ()) {
  const Mapping mapping = mapping_from("{ \"extends\": \"salesforce\" }");
  const Money money{*rc::gen::inRange<std::int64_t>(0, 99'999'999'999),
                    *rc::gen::element<std::string>("EUR", "JPY", "KWD", "USD")};
  Deal deal;
  deal.set(Field::value, money);
  const auto written = mapping.write(deal, {{"Amount", Value()}, {"CurrencyIsoCode", std::string("XXX")}});
  RC_ASSERT(mapping.read(written.columns).deal.get(Field::value) == Value(money));
}

RC_GTEST_PROP(Laws, DatesComeBackOnTheSameDay, ()) {
  const Mapping mapping = mapping_from("{ \"extends\": \"salesforce\" }");
  const Date date = add_days(Date{2000, 1, 1}, *rc::gen::inRange<std::int64_t>(0, 36'500));
  Deal deal;
  deal.set(Field::close_date, date);
  const auto written = mapping.write(deal, {{"CloseDate", Value()}});
  RC_ASSERT(mapping.read(written.columns).deal.get(Field::close_date) == Value(date));
  // A CRM that shows the day as text or as an instant in UTC shows the same day.
  for (const std::string& shown_as :
       {to_string(date), to_string(date) + "T00:00:00Z", to_string(date) + "T23:59:59Z"}) {
    RC_ASSERT(mapping.read({{"CloseDate", shown_as}}).deal.get(Field::close_date) == Value(date));
  }
}

RC_GTEST_PROP(Laws, CuttingIsIdempotentAndNeverBreaksACharacter, ()) {
  std::string s;
  for (const char32_t c : *rc::gen::container<std::u32string>(rc::gen::element<char32_t>(U'a', U'\u00fc', U'\u20ac'))) {
    s += c == U'a' ? "a" : c == U'\u00fc' ? "\u00fc" : "\u20ac";
  }
  const auto most = *rc::gen::inRange<std::size_t>(1, 12);
  const std::string once = cut(s, most);
  RC_ASSERT(cut(once, most) == once);
  RC_ASSERT(text::is_valid_utf8(once));
  RC_ASSERT(text::starts_with(s, once));
}

RC_GTEST_PROP(Laws, StrippingMarksTwiceStripsNothingMore, ()) {
  std::string s;
  for (const int part : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 4))) {
    s += part == 0 ? "\u2705" : part == 1 ? " " : part == 2 ? "\ufe0f" : "deal";
  }
  RC_ASSERT(without_marks(without_marks(s)) == without_marks(s));
}

TEST(Countries, ComeBackFromTheirNames) {
  for (char a = 'A'; a <= 'Z'; ++a) {
    for (char b = 'A'; b <= 'Z'; ++b) {
      const std::string code = {a, b};
      if (country_name(code).empty()) continue;
      EXPECT_EQ(country_code(code), code);
      EXPECT_EQ(country_code(country_name(code)), code);
    }
  }
}

}  // namespace
}  // namespace cosell::mapping
