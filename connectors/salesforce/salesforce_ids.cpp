// 15- and 18-character ids of Salesforce and the arithmetic between them.
#include "connectors/salesforce/salesforce_ids.h"

#include <algorithm>

#include "base/text.h"

namespace cosell {
namespace {

constexpr std::string_view kCheckCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
constexpr std::size_t kShort = 15;
constexpr std::size_t kLong = 18;
constexpr std::size_t kGroup = 5;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
char to_upper(char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; }
char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_alphanumeric(std::string_view s) {
  return std::all_of(s.begin(), s.end(), [](char c) { return is_upper(c) || is_lower(c) || (c >= '0' && c <= '9'); });
}

std::string with_check(std::string id15) {
  for (std::size_t group = 0; group < kShort; group += kGroup) {
    unsigned mask = 0;
    for (std::size_t i = 0; i < kGroup; ++i) mask |= is_upper(id15[group + i]) ? 1U << i : 0U;
    id15 += kCheckCharacters[mask];
  }
  return id15;
}

// Gives every letter the case that the check characters tell; "" when they tell of a capital digit.
std::string with_told_case(std::string_view id18) {
  std::string id15(id18.substr(0, kShort));
  for (std::size_t i = 0; i < kShort; ++i) {
    const std::size_t mask = kCheckCharacters.find(to_upper(id18[kShort + i / kGroup]));
    if (mask == std::string_view::npos) return "";
    const bool capital = (mask >> (i % kGroup) & 1U) != 0;
    if (capital && !is_upper(to_upper(id15[i]))) return "";
    id15[i] = capital ? to_upper(id15[i]) : to_lower(id15[i]);
  }
  return with_check(std::move(id15));
}

std::string normal_segment(std::string_view s) {
  if (!is_alphanumeric(s)) return "";
  if (s.size() == kShort) return with_check(std::string(s));
  return s.size() == kLong ? with_told_case(s) : "";
}

}  // namespace

std::string normal_salesforce_id(std::string_view written) {
  const std::string trimmed = text::trim(written);
  if (const std::string id = normal_segment(trimmed); !id.empty()) return id;
  if (trimmed.find('/') == std::string::npos) return trimmed;
  // An address: the last part that looks like a record (it begins with a digit: 006…, 001…).
  std::string found;
  for (const std::string& part : text::split(trimmed.substr(0, trimmed.find_first_of("?#")), '/')) {
    if (part.empty() || part.front() != '0') continue;
    if (const std::string id = normal_segment(part); !id.empty()) found = id;
  }
  return found.empty() ? trimmed : found;
}

bool is_salesforce_id(std::string_view id) {
  return id.size() == kLong && is_alphanumeric(id) && with_told_case(id) == id;
}

}  // namespace cosell
