// The values that records and deals are made of.
//
// A side shows Columns (columns.h): its own column names with typed values. A deal (deal.h) holds the same values under
// the canonical fields. Money is integer minor units; numbers keep exact decimal text; nothing here is a double.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"

namespace cosell {

// An exact decimal in canonical text: no exponent, no leading '+', no trailing fraction zeros ("-12.5", "0").
struct Number {
  std::string text = "0";
  auto operator<=>(const Number&) const = default;
};

// Canonical form of JSON or CSV number text ("1.50e3" -> "1500"); empty when it is not a number or is
// longer than 40 digits.
std::optional<Number> parse_number(std::string_view text);

// Integer minor units (cents, yen, fils) and the ISO 4217 code.
struct Money {
  std::int64_t minor = 0;
  std::string currency;  // three upper-case letters
  auto operator<=>(const Money&) const = default;
};

// Minor units per currency (0 for JPY, 3 for KWD, else 2); empty for a text that is no ISO 4217 code.
std::optional<int> currency_exponent(std::string_view code);
// Rounds half away from zero to the currency's minor unit. Empty: unknown currency or beyond 64 bit.
std::optional<Money> money_from(const Number& amount, std::string_view currency);
Number amount_of(const Money& m);       // "1234.50" -> Number{"1234.5"}
std::string to_string(const Money& m);  // "1,234.50 EUR" for people

// The standard sales stages (S-1..S-7). `none`: not reported; equals 10 and causes no write (S-11).
enum class Stage : std::uint8_t { none = 0, s10 = 10, s20 = 20, s40 = 40, s60 = 60, s80 = 80, s100 = 100 };
std::optional<Stage> stage_from_percent(int percent);  // exactly one of the standard figures
Stage stage_at_or_below(int percent);                  // 50 -> s40, below 20 -> s10
int percent_of(Stage s);
const char* stage_title(Stage s);  // "Qualified"

// Where a deal stands in its life (co-sell-lifecycle L-1..L-9). One group: never split (I-10).
enum class Status : std::uint8_t { fresh, active, closed };  // wire: New, Active, Closed
enum class Substatus : std::uint8_t { pending, received, accepted, won, lost, declined, expired, error };

struct Standing {
  Status status = Status::active;
  Substatus substatus = Substatus::accepted;
  std::string reason;  // decline or loss reason; "" when none
  auto operator<=>(const Standing&) const = default;
};
const char* name_of(Status s);                             // "New", "Active", "Closed"
const char* name_of(Substatus s);                          // "Won"
std::optional<Status> status_from(std::string_view wire);  // without regard to case
std::optional<Substatus> substatus_from(std::string_view wire);

struct Person {
  std::string first_name, last_name, phone, email;
  auto operator<=>(const Person&) const = default;
};

struct Solution {
  std::string id;  // "SOL-ABCDE-FGH"
  std::string name;
  std::string type;  // "Name" (catalogue), "Category"
  auto operator<=>(const Solution&) const = default;
};

struct Customer {
  std::string name, line1, line2, city, state, postal_code;
  std::string country;  // ISO 3166-1 alpha-2
  auto operator<=>(const Customer&) const = default;
};

// A customer as one of many values. It would take five times the room of any other kind, in every column of every
// record; so it stands apart, shared by its copies, and never changes.
class SharedCustomer {
 public:
  SharedCustomer(Customer customer)  // NOLINT(google-explicit-constructor)
      : customer_(std::make_shared<const Customer>(std::move(customer))) {}
  operator const Customer&() const { return *customer_; }  // NOLINT(google-explicit-constructor)
  friend bool operator==(const SharedCustomer& a, const SharedCustomer& b) { return *a.customer_ == *b.customer_; }
  friend auto operator<=>(const SharedCustomer& a, const SharedCustomer& b) { return *a.customer_ <=> *b.customer_; }

 private:
  std::shared_ptr<const Customer> customer_;
};

// std::monostate: the column is there and empty (null, "" and blank text are the same; I-24).
using Value = std::variant<std::monostate, bool, Number, std::string, Date, Instant, Money, Stage, Standing,
                           std::vector<Person>, std::vector<Solution>, SharedCustomer>;
static_assert(sizeof(Value) <= 48, "a first sync holds millions of values");

inline bool is_blank(const Value& v) { return std::holds_alternative<std::monostate>(v); }
const Customer* customer_in(const Value& v);  // nullptr when it is none
// For people: "1,234.50 EUR", "2026-11-30", "Qualified (20 %)", "(empty)".
std::string display(const Value& v);
// Equality as the bridge sees it: texts in NFC without trailing blanks, team and solutions without order (I-24).
bool same_value(const Value& a, const Value& b);
// Is `kept`, a number or an amount, what a column with fewer decimals makes of `sent`? Which way half a unit goes is
// not asked: both neighbours are.
bool rounds_to(const Value& sent, const Value& kept);
std::size_t decimals_of(const Value& v);  // 0 for what is no number

std::string text_of(const Value& v);  // text value, or number text, or ""

}  // namespace cosell
