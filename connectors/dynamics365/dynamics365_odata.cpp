// Builds and checks the texts that go into addresses and filters.
#include "connectors/dynamics365/dynamics365_odata.h"

#include <algorithm>

#include "base/text.h"

namespace cosell {
namespace {

constexpr std::size_t kGuidLength = 36;
constexpr std::size_t kTextsInOneRead = 50;
// Encoded, of an address of 32 KB; columns and the names before each text take the remainder.
constexpr std::size_t kTextBytesInOneRead = 16'000;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }
bool is_hyphen_place(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

std::string normal_guid(std::string_view written) {
  written = text::trimmed(written);
  if (written.size() == kGuidLength + 2 && written.front() == '{' && written.back() == '}') {
    written = written.substr(1, kGuidLength);
  }
  if (written.size() != kGuidLength) return "";
  std::string guid = text::lower_ascii(written);
  for (std::size_t i = 0; i < guid.size(); ++i) {
    if (is_hyphen_place(i) ? guid[i] != '-' : !is_hex(guid[i])) return "";
  }
  return guid;
}

namespace dynamics365 {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

bool is_column_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter(c) || c == '_' || (c >= '0' && c <= '9'); });
}

bool is_column_path(std::string_view name) {
  const auto parts = text::split(name, '.');
  return parts.size() <= 2 && std::all_of(parts.begin(), parts.end(), [](const auto& p) { return is_column_name(p); });
}

Result<void> check_columns(const std::vector<std::string>& columns) {
  for (const std::string& c : columns) {
    if (is_column_path(c)) continue;
    return make_error(ErrorClass::config,
                      "\"" + c +
                          "\" is not the logical name of a Dynamics 365 column (letters, digits and underscores, like "
                          "estimatedvalue or parentaccountid.name)");
  }
  return {};
}

std::string guid_from(std::string_view text) {
  std::string hex = text::sha256_hex(text).substr(0, 32);
  hex[12] = '8';
  constexpr std::string_view kVariants = "89ab";
  const char c = hex[16];
  const auto digit = static_cast<std::size_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  hex[16] = kVariants[digit % kVariants.size()];
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

std::string quoted(std::string_view s) { return "'" + text::replace_all(text::nfc(s), "'", "''") + "'"; }

std::string literal(const Value& v) {
  if (is_blank(v)) return "null";
  if (const auto* s = std::get_if<std::string>(&v)) return quoted(*s);
  if (const auto* b = std::get_if<bool>(&v)) return *b ? "true" : "false";
  if (const auto* n = std::get_if<Number>(&v)) return n->text;
  if (const auto* m = std::get_if<Money>(&v)) return amount_of(*m).text;
  if (const auto* d = std::get_if<Date>(&v)) return to_string(*d);
  if (const auto* t = std::get_if<Instant>(&v)) return to_string_seconds(*t);
  return "";
}

std::string in(std::string_view property, const std::vector<std::string>& ids) {
  std::string out = "Microsoft.Dynamics.CRM.In(PropertyName='" + std::string(property) + "',PropertyValues=[";
  for (std::size_t i = 0; i < ids.size(); ++i) out += (i == 0 ? "" : ",") + quoted(ids[i]);
  return out + "])";
}

std::string equals_one_of(std::string_view property, const std::vector<std::string>& texts) {
  std::vector<std::string> terms;
  terms.reserve(texts.size());
  for (const std::string& t : texts) terms.push_back(std::string(property) + " eq " + quoted(t));
  return "(" + text::join(terms, " or ") + ")";
}

std::string resource(std::string_view set, const std::vector<std::pair<std::string, std::string>>& options) {
  std::string out(set);
  char mark = '?';
  for (const auto& [name, value] : options) {
    if (value.empty()) continue;
    // Commas may stand as they are, which keeps lists of columns readable in logs.
    out += mark + name + "=" + text::replace_all(text::percent_encode(value), "%2C", ",");
    mark = '&';
  }
  return out;
}

std::vector<std::vector<std::string>> in_groups(std::vector<std::string> texts, std::size_t group_max) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  std::vector<std::vector<std::string>> groups;
  for (std::string& t : texts) {
    if (groups.empty() || groups.back().size() == group_max) groups.emplace_back();
    groups.back().push_back(std::move(t));
  }
  return groups;
}

std::vector<std::vector<std::string>> text_groups(std::vector<std::string> texts) {
  std::vector<std::vector<std::string>> groups;
  for (std::vector<std::string>& some : in_groups(std::move(texts), kTextsInOneRead)) {
    std::size_t bytes = kTextBytesInOneRead;  // of the group so far; none yet
    for (std::string& t : some) {
      const std::size_t more = text::percent_encode(quoted(t)).size();
      if (bytes + more > kTextBytesInOneRead) {
        groups.emplace_back();
        bytes = 0;
      }
      groups.back().push_back(std::move(t));
      bytes += more;
    }
  }
  return groups;
}

}  // namespace dynamics365
}  // namespace cosell
