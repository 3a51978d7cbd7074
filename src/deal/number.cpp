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

}  // namespace cosell
