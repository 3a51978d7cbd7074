// Writes and reads the text of a read position.
#include "connectors/salesforce/salesforce_cursor.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace cosell::salesforce {
namespace {

constexpr std::int64_t kVersion = 1;

// Digests have one length, so they are written without separators.
std::string joined(const std::set<std::string>& digests) {
  std::string out;
  out.reserve(std::min(digests.size(), kDigestsKept) * kDigestLength);
  std::size_t n = 0;
  for (const std::string& d : digests) {
    if (n++ == kDigestsKept) break;
    out += d;
  }
  return out;
}

bool cut(const std::string& text, std::set<std::string>& out) {
  if (text.size() % kDigestLength != 0) return false;
  for (std::size_t i = 0; i < text.size(); i += kDigestLength) out.insert(out.end(), text.substr(i, kDigestLength));
  return true;
}

json::Value list_of(const TextTypes& types, TextType type) {
  json::Value list = json::Value::array();
  for (const auto& [column, t] : types) {
    if (t == type) list.append(json::Value::string(column));
  }
  return list;
}

void read_types(const json::Value* list, TextType type, TextTypes& out) {
  if (list == nullptr) return;
  for (const json::Value& column : list->items()) out[column.text()] = type;
}

// False when the member is there and is no time.
bool read_time(const json::Value& root, std::string_view key, std::optional<Instant>& out) {
  if (root.find(key) == nullptr) return true;
  out = parse_instant(root.text_of(key));
  return out.has_value();
}

Error invalid() {
  return make_error(ErrorClass::cursor_invalid,
                    "The kept read position of Salesforce cannot be used; everything is read again and compared.");
}

}  // namespace

std::string print_of(const std::string& text) { return text::sha256_hex(text).substr(0, 16); }

std::string shape_of(std::vector<std::string> columns, const std::string& key_column) {
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return print_of(text::join(columns, ",") + "|" + key_column);
}

Cursor write_cursor(const ReadPosition& p) {
  json::Value root = json::Value::object();
  const auto put = [&root](const char* key, const std::string& s) {
    if (!s.empty()) root.set(key, json::Value::string(s));
  };
  const auto put_time = [&put](const char* key, const std::optional<Instant>& t) {
    if (t) put(key, to_string(*t));
  };
  root.set("v", json::Value::integer(kVersion));
  put("shape", p.shape);
  put("env", p.environment);
  put_time("since", p.since);
  if (!p.has_currency) root.set("no_currency", json::Value::boolean(true));
  if (json::Value dates = list_of(p.types, TextType::date); !dates.items().empty()) root.set("dates", std::move(dates));
  if (json::Value times = list_of(p.types, TextType::instant); !times.items().empty()) {
    root.set("times", std::move(times));
  }
  put("seen", joined(p.seen));
  if (p.within_pull()) {
    put("next", p.next);
    put("selected", p.selected);
    put_time("began", p.began);
    put_time("top", p.top);
    put("fresh", joined(p.fresh));
  }
  return Cursor(json::write(root));
}

Result<ReadPosition> read_cursor(const Cursor& cursor) {
  const auto root = json::read(cursor.value);
  if (!root) return invalid();
  const json::Value* version = root->find("v");
  if (version == nullptr || version->as_integer() != kVersion) return invalid();
  ReadPosition p;
  p.shape = root->text_of("shape");
  p.environment = root->text_of("env");
  p.next = root->text_of("next");
  p.selected = root->text_of("selected");
  p.has_currency = root->find("no_currency") == nullptr;
  read_types(root->find("dates"), TextType::date, p.types);
  read_types(root->find("times"), TextType::instant, p.types);
  const bool sound = read_time(*root, "since", p.since) && read_time(*root, "began", p.began) &&
                     read_time(*root, "top", p.top) && cut(root->text_of("seen"), p.seen) &&
                     cut(root->text_of("fresh"), p.fresh);
  if (!sound || p.shape.empty()) return invalid();
  return p;
}

bool same_environment(const std::string& then, const std::string& now) {
  const auto a = text::split(then, '@');
  const auto b = text::split(now, '@');
  if (a.size() != 2 || b.size() != 2) return then == now;
  const bool same_organisation = a[0].empty() || b[0].empty() || a[0] == b[0];
  return same_organisation && a[1] == b[1];
}

}  // namespace cosell::salesforce
