// Builds SOQL text. Whatever comes from outside is escaped here and nowhere else.
#include "connectors/salesforce/soql.h"

#include <algorithm>

#include "base/text.h"

namespace cosell::soql {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_name(std::string_view s) {
  return !s.empty() && s.size() <= 255 && is_letter(s.front()) &&
         std::all_of(s.begin(), s.end(), [](char c) { return is_letter(c) || c == '_' || (c >= '0' && c <= '9'); });
}

void escape(char c, std::string& out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  switch (c) {
    case '\\':
      out += "\\\\";
      return;
    case '\'':
      out += "\\'";
      return;
    case '"':
      out += "\\\"";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default: {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= 0x20 && byte != 0x7f) {
        out += c;
        return;
      }
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

}  // namespace

bool is_column_path(std::string_view name) {
  const auto parts = text::split(name, '.');
  return parts.size() <= 6 && std::all_of(parts.begin(), parts.end(), [](const std::string& p) { return is_name(p); });
}

std::string quoted(std::string_view s) {
  std::string out = "'";
  for (const char c : text::nfc(s)) escape(c, out);
  return out += '\'';
}

std::string literal(Instant t) { return t.ms % 1000 == 0 ? to_string_seconds(t) : to_string(t); }
std::string literal(Date d) { return to_string(d); }

std::string literal(const Value& v) {
  if (is_blank(v)) return "null";
  if (const auto* s = std::get_if<std::string>(&v)) return quoted(*s);
  if (const auto* b = std::get_if<bool>(&v)) return *b ? "true" : "false";
  if (const auto* n = std::get_if<Number>(&v)) return n->text;
  if (const auto* m = std::get_if<Money>(&v)) return amount_of(*m).text;
  if (const auto* d = std::get_if<Date>(&v)) return literal(*d);
  if (const auto* t = std::get_if<Instant>(&v)) return literal(*t);
  return "";
}

std::string select(const std::vector<std::string>& columns, std::string_view object) {
  std::vector<std::string> once;
  for (const std::string& c : columns) {
    const bool there =
        std::any_of(once.begin(), once.end(), [&](const std::string& o) { return text::equals_ignore_case(o, c); });
    if (!there) once.push_back(c);
  }
  return "SELECT " + text::join(once, ", ") + " FROM " + std::string(object);
}

std::vector<std::vector<std::string>> in_groups(const std::vector<std::string>& texts, std::size_t max_bytes) {
  std::vector<std::vector<std::string>> groups;
  std::size_t bytes = 0;
  for (const std::string& t : texts) {
    const std::size_t more = text::percent_encode(quoted(t)).size() + 3;  // and a comma, encoded
    if (groups.empty() || bytes + more > max_bytes) {
      groups.emplace_back();
      bytes = 0;
    }
    groups.back().push_back(t);
    bytes += more;
  }
  return groups;
}

std::string in(std::string_view column, const std::vector<std::string>& texts) {
  std::string out = std::string(column) + " IN (";
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out += ',';
    out += quoted(texts[i]);
  }
  return out += ')';
}

Result<void> check_columns(const std::vector<std::string>& columns) {
  for (const std::string& c : columns) {
    if (!is_column_path(c)) {
      return make_error(ErrorClass::config, "\"" + c +
                                                "\" is not the API name of a Salesforce column (letters, "
                                                "digits and underscores, like Amount or Account.Name)");
    }
  }
  return {};
}

}  // namespace cosell::soql
