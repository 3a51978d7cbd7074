// Exact decimals and money: from the text that a system wrote to integer minor units and back. No floating point
// anywhere; which currencies exist is in currency.cpp.
#include <algorithm>
#include <limits>

#include "base/text.h"
#include "deal/value.h"

namespace cosell {
namespace {

constexpr std::size_t kMaxDigits = 40;
constexpr int kMaxExponent = 400;  // far beyond what kMaxDigits lets through

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The parts of a number text as written: sign, all digits, and how many of them follow the point.
struct Parts {
  bool negative = false;
  std::string digits;
  int fraction = 0;
};

std::size_t take_digits(std::string_view& rest, std::string& out) {
  std::size_t n = 0;
  while (n < rest.size() && is_digit(rest[n])) ++n;
  out.append(rest.substr(0, n));
  rest.remove_prefix(n);
  return n;
}

bool take_sign(std::string_view& rest) {
  const bool negative = !rest.empty() && rest.front() == '-';
  if (negative || (!rest.empty() && rest.front() == '+')) rest.remove_prefix(1);
  return negative;
}

// "e3", "E-12"; empty when malformed.
std::optional<int> take_exponent(std::string_view& rest) {
  rest.remove_prefix(1);
  const bool negative = take_sign(rest);
  std::string digits;
  if (take_digits(rest, digits) == 0) return std::nullopt;
  int exponent = 0;
  for (const char c : digits) exponent = std::min(exponent * 10 + (c - '0'), 10 * kMaxExponent);
  return negative ? -exponent : exponent;
}

std::optional<Parts> take_apart(std::string_view text) {
  Parts parts;
  parts.negative = take_sign(text);
  std::size_t seen = take_digits(text, parts.digits);
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    const std::size_t behind = take_digits(text, parts.digits);
    parts.fraction = static_cast<int>(std::min<std::size_t>(behind, 1'000'000));
    seen += behind;
  }
  if (seen == 0) return std::nullopt;
  if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    const auto exponent = take_exponent(text);
    if (!exponent) return std::nullopt;
    parts.fraction -= *exponent;
  }
  if (!text.empty()) return std::nullopt;
  return parts;
}

std::size_t decimals_in(const std::string& number) {
  const std::size_t point = number.find('.');
  return point == std::string::npos ? 0 : number.size() - point - 1;
}

// The number in units of its last decimal that is kept, cut off behind it.
std::string cut(const std::string& number, std::size_t decimals) {
  std::string digits = number;
  const std::size_t point = std::min(digits.find('.'), digits.size());
  std::string fraction = point == digits.size() ? "" : digits.substr(point + 1);
  fraction.resize(decimals, '0');
  return digits.substr(0, point) + fraction;
}

std::string without_zeros(const std::string& digits) {
  const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size());
  return digits.substr(first);
}

std::string one_more(std::string digits) {
  for (std::size_t i = digits.size(); i > 0; --i) {
    if (digits[i - 1] != '9') {
      ++digits[i - 1];
      return digits;
    }
    digits[i - 1] = '0';
  }
  return "1" + digits;
}

std::optional<Number> number_of(const Value& value) {
  if (const auto* money = std::get_if<Money>(&value)) return amount_of(*money);
  const auto* number = std::get_if<Number>(&value);
  return number == nullptr ? std::nullopt : std::optional<Number>(*number);
}

}  // namespace

std::optional<Number> parse_number(std::string_view text) {
  auto parts = take_apart(text::trim(text));
  if (!parts) return std::nullopt;
  std::string& digits = parts->digits;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return Number{};
  while (parts->fraction > 0 && digits.back() == '0') {
    digits.pop_back();
    --parts->fraction;
  }
  if (digits.size() > kMaxDigits || parts->fraction > kMaxExponent || parts->fraction < -kMaxExponent) {
    return std::nullopt;
  }
  if (parts->fraction < 0) digits.append(static_cast<std::size_t>(-parts->fraction), '0');
  const auto fraction = static_cast<std::size_t>(std::max(parts->fraction, 0));
  if (fraction >= digits.size()) digits.insert(0, fraction + 1 - digits.size(), '0');
  if (digits.size() > kMaxDigits) return std::nullopt;
  if (fraction > 0) digits.insert(digits.size() - fraction, 1, '.');
  return Number{(parts->negative ? "-" : "") + digits};
}

std::optional<Money> money_from(const Number& amount, std::string_view currency) {
  const auto exponent = currency_exponent(currency);
  const auto parts = take_apart(amount.text);
  if (!exponent || !parts) return std::nullopt;
  std::string digits = parts->digits;
  int drop = parts->fraction - *exponent;
  if (drop < 0) digits.append(static_cast<std::size_t>(std::min(-drop, kMaxExponent)), '0');
  bool round_up = false;
  if (drop > 0) {
    const std::size_t whole = digits.size() > static_cast<std::size_t>(drop) ? digits.size() - drop : 0;
    // Half away from zero: the first dropped digit decides; digits before the text are zeros.
    round_up = digits.size() >= static_cast<std::size_t>(drop) && digits[whole] >= '5';
    digits.resize(whole);
  }
  std::int64_t minor = 0;
  for (const char c : digits) {
    if (__builtin_mul_overflow(minor, std::int64_t{10}, &minor)) return std::nullopt;
    if (__builtin_add_overflow(minor, std::int64_t{c - '0'}, &minor)) return std::nullopt;
  }
  if (round_up && __builtin_add_overflow(minor, std::int64_t{1}, &minor)) return std::nullopt;
  std::string code(currency);
  std::transform(code.begin(), code.end(), code.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return Money{parts->negative ? -minor : minor, std::move(code)};
}

Number amount_of(const Money& m) {
  const int exponent = currency_exponent(m.currency).value_or(2);
  const auto number = parse_number(std::to_string(m.minor) + "e-" + std::to_string(exponent));
  return number.value_or(Number{});
}

std::string to_string(const Money& m) {
  const auto exponent = static_cast<std::size_t>(currency_exponent(m.currency).value_or(2));
  std::string digits = std::to_string(m.minor);
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  if (digits.size() <= exponent) digits.insert(0, exponent + 1 - digits.size(), '0');
  const std::string fraction = digits.substr(digits.size() - exponent);
  digits.resize(digits.size() - exponent);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return (negative ? "-" : "") + digits + (exponent > 0 ? "." + fraction : "") + " " + m.currency;
}

std::size_t decimals_of(const Value& value) {
  const auto number = number_of(value);
  return number ? decimals_in(number->text) : 0;
}

bool rounds_to(const Value& sent_value, const Value& kept_value) {
  const auto sent = number_of(sent_value);
  const auto kept = number_of(kept_value);
  const auto* sent_money = std::get_if<Money>(&sent_value);
  const auto* kept_money = std::get_if<Money>(&kept_value);
  const bool other_currency =
      sent_money != nullptr && kept_money != nullptr && sent_money->currency != kept_money->currency;
  if (!sent || !kept || other_currency) return false;
  const auto sign_of = [](const Number& n) { return !n.text.empty() && n.text.front() == '-'; };
  const auto size_of = [&](const Number& n) { return sign_of(n) ? n.text.substr(1) : n.text; };
  const std::string all = size_of(*sent);
  const std::string some = size_of(*kept);
  const std::size_t decimals = decimals_in(some);
  if (decimals >= decimals_in(all)) return false;
  const std::string below = cut(all, decimals);
  const std::string there = without_zeros(cut(some, decimals));
  if (sign_of(*sent) != sign_of(*kept) && !there.empty()) return false;
  return there == without_zeros(below) || there == without_zeros(one_more(below));
}

}  // namespace cosell
