// Values: what goes in comes out, or is refused by name. Nothing is cut, moved by a day or rounded in silence, and
// what a system makes of a value is stable from then on.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "tests/conformance/awkward_texts.h"
#include "tests/conformance/conformance.h"

namespace cosell::conformance {
namespace {

using testing::Contains;

class Values : public Conformance {
 protected:
  // Writes one change to the record and gives what is shown afterwards; empty when it was refused.
  std::optional<Observation> stored(const RecordId& id, const Columns& changes) {
    const Outcome done = push(update_of(read(id), changes));
    if (applied_in(done) != nullptr) return read(id);
    EXPECT_EQ(error_in(done)->kind, ErrorClass::rejected) << told(done);
    return std::nullopt;
  }
};
INSTANTIATE_TEST_SUITE_P(Conformance, Values, testing::ValuesIn(systems()), name_of_system);

// ---- nothing

TEST_P(Values, NullAndEmptyClearAndMissingLeavesAlone) {  // F-56
  for (const Value& nothing : {Value(), Value(std::string())}) {
    const Observation a = created("A");
    const auto full = stored(a.id, {{parts.clearable, text_value("something")}});
    ASSERT_TRUE(full.has_value());
    const auto missing = stored(a.id, {{parts.text, text_value("another column")}});
    ASSERT_TRUE(missing.has_value());
    EXPECT_EQ(target().text_on_server(a.id, parts.clearable), "something");
    const auto cleared = stored(a.id, {{parts.clearable, nothing}});
    ASSERT_TRUE(cleared.has_value());
    EXPECT_EQ(target().text_on_server(a.id, parts.clearable), "");
    EXPECT_TRUE(is_blank(column(cleared->columns, parts.clearable)));
  }
}

TEST_P(Values, WhatMayNotBeEmptyIsRefusedByNameAndStays) {
  const Observation a = created("A");
  const auto before = target().on_server(a.id);
  const Outcome done = push(update_of(a, {{parts.required, Value()}}));
  ASSERT_NE(error_in(done), nullptr);
  EXPECT_EQ(error_in(done)->kind, ErrorClass::rejected) << told(done);
  EXPECT_THAT(error_in(done)->fields, Contains(parts.required));
  EXPECT_EQ(target().on_server(a.id), before);
}

TEST_P(Values, ARecordWithoutItsTitleIsRefusedByName) {
  LEAVE_IF_IT_CANNOT("required title");
  Columns nameless = complete("A");
  nameless.erase(parts.title);
  const Outcome created_without = push(create_of(target().new_key(), nameless));
  ASSERT_NE(error_in(created_without), nullptr);
  EXPECT_EQ(error_in(created_without)->kind, ErrorClass::rejected);
  EXPECT_THAT(error_in(created_without)->fields, Contains(parts.title));
  EXPECT_EQ(target().count_on_server(), 0U);
}

// ---- texts

TEST_P(Values, TheLongestTextIsTakenAndOneMoreIsRefusedByName) {  // F-57
  LEAVE_IF_IT_CANNOT("longest text");
  Call call = bench().call();
  const Result<Descriptor> d = connector().describe(call);
  ASSERT_TRUE(d.has_value());
  const auto info = std::find_if(d->columns.begin(), d->columns.end(),
                                 [this](const ColumnInfo& c) { return c.name == parts.bounded; });
  ASSERT_NE(info, d->columns.end());
  ASSERT_GT(info->length, 0);
  const auto length = static_cast<std::size_t>(info->length);
  const Observation a = created("A");
  for (const std::string& letter : {std::string("x"), std::string("ü"), std::string("漢")}) {
    std::string longest;
    for (std::size_t i = 0; i < length; ++i) longest += letter;
    const auto whole = stored(a.id, {{parts.bounded, Value(longest)}});
    ASSERT_TRUE(whole.has_value()) << letter;
    EXPECT_EQ(text(*whole, parts.bounded), longest);
    const Outcome done = push(update_of(read(a.id), {{parts.bounded, Value(longest + letter)}}));
    ASSERT_NE(error_in(done), nullptr) << letter;
    EXPECT_EQ(error_in(done)->kind, ErrorClass::rejected) << told(done);
    EXPECT_THAT(error_in(done)->fields, Contains(parts.bounded));
    EXPECT_EQ(target().text_on_server(a.id, parts.bounded), longest);
  }
}

TEST_P(Values, AVeryLongTextIsStoredWholeOrRefused) {
  const Observation a = created("A");
  for (const std::size_t size : {std::size_t{1'000}, std::size_t{32'000}, std::size_t{200'000}}) {
    std::string longer;
    while (longer.size() < size) longer += "Lorem ipsum dolor sit amet, ";
    longer = text::trim(longer);
    const auto shown = stored(a.id, {{parts.text, Value(longer)}});
    if (shown) {
      EXPECT_EQ(text(*shown, parts.text), longer) << size;
    }
    if (!shown) {
      EXPECT_NE(target().text_on_server(a.id, parts.text), longer);
    }
  }
}

TEST_P(Values, AwkwardTextsComeBackAsTheyWere) {  // F-54
  std::vector<Operation> ops;
  const auto& texts = awkward_texts();
  for (const AwkwardText& t : texts) {
    Columns columns = complete("Deal");
    columns[parts.text] = Value(t.text);
    columns[parts.title] = Value("Deal " + t.text.substr(0, t.safe_prefix));
    ops.push_back(create_of(target().new_key(), columns));
  }
  const auto done = push(ops);
  std::size_t taken = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const AwkwardText& t = texts[i];
    if (error_in(done[i]) != nullptr) {
      // A system may refuse control characters; it may not change them.
      EXPECT_EQ(error_in(done[i])->kind, ErrorClass::rejected) << t.name << ": " << told(done[i]);
      EXPECT_TRUE(t.may_be_refused) << t.name << ": " << told(done[i]);
      continue;
    }
    ++taken;
    const RecordId id = applied_in(done[i])->id;
    const Observation shown = read(id);
    EXPECT_TRUE(same_value(column(shown.columns, parts.text), Value(t.text)))
        << t.name << ": " << display(column(shown.columns, parts.text));
    EXPECT_EQ(shown.key, ops[i].target.key) << t.name;
    EXPECT_TRUE(same_value(column(shown.columns, parts.title), column(ops[i].changes, parts.title))) << t.name;
  }
  EXPECT_EQ(target().count_on_server(), taken);
  EXPECT_EQ(pull_all().seen.size(), taken) << "a listing with such texts can be read";
}

TEST_P(Values, AnAwkwardUpdateChangesOneRecordOnly) {
  const Observation a = created("A");
  const Observation other = created("Other");
  const auto before = target().on_server(other.id);
  for (const AwkwardText& t : awkward_texts()) {
    const auto shown = stored(a.id, {{parts.text, Value(t.text)}});
    if (shown) {
      EXPECT_TRUE(same_value(column(shown->columns, parts.text), Value(t.text))) << t.name;
    }
  }
  EXPECT_EQ(target().on_server(other.id), before);
  EXPECT_EQ(target().count_on_server(), 2U);
}

// What the system made of a value (blanks cut, composed, rounded) is written back and must not change again: otherwise
// the bridge would write for ever.
TEST_P(Values, WhatTheSystemMadeOfAValueIsStableOnTheSecondWrite) {  // I-24
  const Observation a = created("A");
  std::vector<Columns> writes;
  for (const AwkwardText& t : awkward_texts()) writes.push_back({{parts.text, Value(t.text)}});
  for (const char* amount : {"0", "0.01", "12345.67", "12345.675", "0.005", "99999999.99"}) {
    writes.push_back(target().money(amount, "EUR"));
  }
  writes.push_back({{parts.day, Value(Date{2028, 2, 29})}});
  if (!parts.moment.empty()) writes.push_back({{parts.moment, Value(*parse_instant("2026-11-20T10:00:00.987Z"))}});
  if (!parts.flag.empty()) writes.push_back({{parts.flag, Value(true)}});
  for (const Columns& write : writes) {
    const auto once = stored(a.id, write);
    if (!once) continue;
    Columns back;
    for (const auto& change : write) back[change.first] = column(once->columns, change.first);
    const Outcome again = push(update_of(*once, back));
    if (error_in(again) != nullptr) {
      // A text of which nothing is left cannot be written where the system wants one.
      EXPECT_TRUE(is_blank(back.begin()->second)) << told(again);
      continue;
    }
    const Observation twice = read(a.id);
    for (const auto& change : back) {
      EXPECT_EQ(column(twice.columns, change.first), change.second) << change.first << " " << display(change.second);
    }
  }
}

// ---- amounts

TEST_P(Values, AmountsKeepTheDecimalsOfTheirCurrency) {  // F-53
  const Observation a = created("A");
  struct Case {
    const char* currency;
    const char* decimal;
  };
  for (const Case& c :
       {Case{"EUR", "0"}, Case{"EUR", "0.01"}, Case{"EUR", "0.1"}, Case{"EUR", "0.07"}, Case{"EUR", "1234567.89"},
        Case{"EUR", "80000.1"}, Case{"EUR", "999999999999.99"}, Case{"JPY", "1"}, Case{"JPY", "123456789012"},
        Case{"KWD", "1.5"}, Case{"KWD", "1.234"}, Case{"KWD", "1234567.891"}}) {
    const auto shown = stored(a.id, target().money(c.decimal, c.currency));
    ASSERT_TRUE(shown.has_value()) << c.decimal << " " << c.currency;
    const std::string digits(c.decimal);
    const std::size_t dot = digits.find('.');
    const bool fits = dot == std::string::npos ||
                      digits.size() - dot - 1 <= static_cast<std::size_t>(target().decimals_of(c.currency));
    const std::string read_back = decimal_of(column(shown->columns, parts.money));
    if (fits) {
      EXPECT_EQ(read_back, digits) << c.currency;
    } else {
      EXPECT_NEAR(std::stod(read_back), std::stod(digits), 0.00501) << c.currency;
    }
    if (const auto* money = std::get_if<Money>(&column(shown->columns, parts.money))) {
      EXPECT_EQ(money->currency, c.currency);
    }
  }
}

TEST_P(Values, ReadsAmountsInEveryFormOfANumber) {  // F-53
  const RecordId id = target().person_creates("A");
  const std::vector<std::pair<std::string, std::string>> forms = {
      {"15000000", "15000000"}, {"15000000.0", "15000000"},
      {"1.5e7", "15000000"},    {"1.5E+7", "15000000"},
      {"25e-2", "0.25"},        {"0", "0"},
      {"0.10", "0.1"},          {"123456789012.34", "123456789012.34"}};
  for (const auto& [written, meant] : forms) {
    target().person_sets_amount(id, written);
    EXPECT_EQ(decimal_of(column(read(id).columns, parts.money)), meant) << written;
  }
}

// ---- dates

TEST_P(Values, DatesKeepTheirDay) {  // F-55
  const Observation a = created("A");
  for (const Date day : {Date{2028, 2, 29}, Date{2026, 12, 31}, Date{2027, 1, 1}, Date{2027, 2, 28}, Date{2027, 3, 28},
                         Date{2027, 10, 31}, Date{2027, 3, 14}, Date{2027, 11, 7}, Date{2099, 12, 31}}) {
    const auto shown = stored(a.id, {{parts.day, Value(day)}});
    ASSERT_TRUE(shown.has_value()) << to_string(day);
    EXPECT_EQ(column(shown->columns, parts.day), Value(day));
    const auto server = target().on_server(a.id);
    bool there = false;
    for (const std::string& path : target().paths_of(parts.day)) {
      const auto value = server.find(path);
      there = there || (value != server.end() && value->second.find(to_string(day)) != std::string::npos);
    }
    EXPECT_TRUE(there) << to_string(day) << " on the server";
  }
}

TEST_P(Values, TimesKeepTheirSecond) {  // F-55
  LEAVE_IF_IT_CANNOT("time column");
  const Observation a = created("A");
  for (const char* written :
       {"2027-03-28T00:59:59Z", "2027-03-28T01:00:00Z", "2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z",
        "2028-02-29T23:59:59Z", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z", "2027-06-30T12:00:00.999Z"}) {
    const Instant moment = *parse_instant(written);
    const auto shown = stored(a.id, {{parts.moment, Value(moment)}});
    ASSERT_TRUE(shown.has_value()) << written;
    const auto* back = std::get_if<Instant>(&column(shown->columns, parts.moment));
    ASSERT_NE(back, nullptr) << written;
    EXPECT_LE(moment.ms - back->ms, 999) << written;
    EXPECT_GE(moment.ms - back->ms, 0) << "cut, never rounded";
  }
}

TEST_P(Values, TicksCanBeSetAndTakenBack) {
  LEAVE_IF_IT_CANNOT("tick");
  const Observation a = created("A");
  for (const bool tick : {true, false, true}) {
    const auto shown = stored(a.id, {{parts.flag, Value(tick)}});
    ASSERT_TRUE(shown.has_value());
    EXPECT_EQ(column(shown->columns, parts.flag), Value(tick));
  }
}

// ---- choices

TEST_P(Values, AChoiceThatTheSystemDoesNotOfferIsRefusedByName) {  // F-51
  Columns columns = complete("A");
  const Columns choice = target().unknown_choice();
  for (const auto& [name, value] : choice) columns[name] = value;
  const Outcome done = push(create_of(target().new_key(), columns));
  ASSERT_NE(error_in(done), nullptr);
  EXPECT_EQ(error_in(done)->kind, ErrorClass::rejected) << told(done);
  EXPECT_THAT(error_in(done)->fields, Contains(choice.begin()->first)) << told(done);
  EXPECT_EQ(target().count_on_server(), 0U);
}

}  // namespace
}  // namespace cosell::conformance
