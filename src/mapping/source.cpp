// Value tables, column reads and defaults.
#include "mapping/source.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace cosell::mapping {
namespace {

std::string key_of(std::string_view s) { return text::nfc(text::trim(s)); }

struct PlainText {
  std::string operator()(bool b) const { return b ? "true" : "false"; }
  std::string operator()(Date d) const { return to_string(d); }
  std::string operator()(Instant t) const { return to_string_seconds(t); }
  std::string operator()(const Number& n) const { return n.text; }
  std::string operator()(const std::string& s) const { return s; }
  template <class Other>
  std::string operator()(const Other&) const {
    return "";
  }
};

// "+ 90d", "-3d", "": the part of a date rule behind its beginning.
std::optional<std::int64_t> days_from(std::string_view rest) {
  const std::string compact = text::replace_all(text::trim(rest), " ", "");
  if (compact.empty()) return 0;
  if ((compact.front() != '+' && compact.front() != '-') || compact.back() != 'd') return std::nullopt;
  std::int64_t days = 0;
  const char* end = compact.data() + compact.size() - 1;
  const auto parsed = std::from_chars(compact.data() + 1, end, days);
  constexpr std::int64_t kLongest = 36'500;
  if (parsed.ec != std::errc() || parsed.ptr != end || days < 0 || days > kLongest) return std::nullopt;
  return compact.front() == '-' ? -days : days;
}

// Calls `column` for every {Column} and `plain` for the texts between them.
template <class Plain, class Column>
void walk_pattern(std::string_view pattern, Plain plain, Column column) {
  while (!pattern.empty()) {
    const std::size_t open = pattern.find('{');
    const std::size_t close = open == std::string_view::npos ? open : pattern.find('}', open);
    if (close == std::string_view::npos) return plain(pattern);
    plain(pattern.substr(0, open));
    column(pattern.substr(open + 1, close - open - 1));
    pattern.remove_prefix(close + 1);
  }
}

// Ticks and crosses, and the selector that makes coloured pictures of them.
constexpr std::array<std::string_view, 9> kMarks = {"\u2713", "\u2714", "\u2705", "\u2611", "\u2717",
                                                    "\u2718", "\u274c", "\u274e", "\ufe0f"};

std::string joined_text(const Source& source, const Columns& columns) {
  std::vector<std::string> parts;
  for (const std::string& name : source.columns) {
    std::string part = text::trim(plain_text(column(columns, name)));
    if (!part.empty()) parts.push_back(std::move(part));
  }
  return text::join(parts, " ");
}

}  // namespace

std::string without_marks(std::string_view s) {
  std::string out = text::trim(s);
  const auto at_begin = [&](std::string_view mark) { return text::starts_with(out, mark); };
  const auto at_end = [&](std::string_view mark) { return text::ends_with(out, mark); };
  while (true) {
    const auto* begin = std::find_if(kMarks.begin(), kMarks.end(), at_begin);
    const auto* end = std::find_if(kMarks.begin(), kMarks.end(), at_end);
    if (begin != kMarks.end()) {
      out.erase(0, begin->size());
    } else if (end != kMarks.end()) {
      out.erase(out.size() - end->size());
    } else {
      return out;
    }
    out = text::trim(out);
  }
}

std::string cut(std::string_view s, std::size_t most) {
  if (most == 0) return std::string(s);
  std::size_t units = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const auto byte = static_cast<unsigned char>(s[i]);
    if ((byte & 0xC0U) == 0x80U) continue;  // goes on with a character
    units += byte >= 0xF0U ? 2 : 1;         // beyond U+FFFF
    if (units > most) return text::trim(s.substr(0, i));
  }
  return std::string(s);
}

void ValueTable::add(std::string from, std::string to) {
  by_key_.emplace(key_of(from), entries_.size());
  entries_.emplace_back(std::move(from), std::move(to));
}

const std::string* ValueTable::find(std::string_view from) const {
  const auto found = by_key_.find(key_of(from));
  return found == by_key_.end() ? nullptr : &entries_[found->second].second;
}

const std::string* ValueTable::inverse(std::string_view to) const {
  for (const auto& entry : entries_) {
    if (text::comparable(entry.second) == text::comparable(to)) return &entry.first;
  }
  return nullptr;
}

std::string ValueTable::ambiguous() const {
  std::unordered_map<std::string, int> seen;
  for (const auto& entry : entries_) {
    if (++seen[text::comparable(entry.second)] > 1) return entry.second;
  }
  return "";
}

std::string plain_text(const Value& v) { return std::visit(PlainText{}, v); }

const Value& first_value(const Source& source, const Columns& columns) {
  static const Value blank;
  for (const std::string& name : source.columns) {
    const Value& v = column(columns, name);
    const auto* written = std::get_if<std::string>(&v);
    if (written != nullptr ? !text::trimmed(*written).empty() : !plain_text(v).empty()) return v;
  }
  return blank;
}

TextRead read_text(const Source& source, const Columns& columns) {
  TextRead read;
  std::string written = source.joined ? joined_text(source, columns) : plain_text(first_value(source, columns));
  if (source.trim) written = text::trim(written);
  if (source.strip_marks) written = without_marks(written);
  if (written.empty()) {
    // A table may give the empty column a meaning of its own.
    const std::string* blank = source.table.find("");
    read.text = blank != nullptr ? *blank : source.fallback.value_or("");
    return read;
  }
  if (source.table.empty()) {
    read.text = std::move(written);
    return read;
  }
  if (const std::string* found = source.table.find(written)) {
    read.text = *found;
  } else if (source.otherwise) {
    read.text = *source.otherwise;
  } else {
    read.known = false;
  }
  read.written = std::move(written);
  return read;
}

Default Default::of_text(std::string pattern) {
  Default d;
  d.written_ = pattern;
  d.pattern_ = std::move(pattern);
  return d;
}

std::optional<Default> Default::of_date(std::string_view rule) {
  Default d;
  d.kind_ = Kind::date;
  const std::string trimmed = text::trim(rule);
  d.written_ = trimmed;
  if ((d.fixed_ = parse_date(trimmed))) return d;
  std::string_view rest = trimmed;
  if (text::starts_with(rest, "today")) {
    rest.remove_prefix(5);
  } else if (text::starts_with(rest, "{") && rest.find('}') != std::string_view::npos) {
    d.date_column_ = text::trim(rest.substr(1, rest.find('}') - 1));
    if (d.date_column_.empty()) return std::nullopt;
    rest.remove_prefix(rest.find('}') + 1);
  } else {
    return std::nullopt;
  }
  const auto days = days_from(rest);
  if (!days) return std::nullopt;
  d.days_ = *days;
  return d;
}

Default Default::of_table(Source source) {
  Default d;
  d.kind_ = Kind::table;
  d.table_ = std::move(source);
  return d;
}

std::optional<std::string> Default::evaluate(const Columns& columns, Date today) const {
  if (kind_ == Kind::date) {
    if (fixed_) return to_string(*fixed_);
    const auto from = date_column_.empty() ? std::optional<Date>(today) : date_from(column(columns, date_column_));
    if (!from) return std::nullopt;
    return to_string(add_days(*from, days_));
  }
  if (kind_ == Kind::table) {
    TextRead read = read_text(table_, columns);
    if (!read.written.empty() && !read.known) return std::nullopt;
    if (read.text.empty() && table_.otherwise) return table_.otherwise;
    return read.text.empty() ? std::nullopt : std::optional<std::string>(std::move(read.text));
  }
  std::string out;
  bool complete = true;
  walk_pattern(
      pattern_, [&](std::string_view plain) { out += plain; },
      [&](std::string_view name) {
        const std::string text = plain_text(column(columns, text::trim(name)));
        complete = complete && !text::trim(text).empty();
        out += text;
      });
  return complete ? std::optional<std::string>(std::move(out)) : std::nullopt;
}

std::string Default::written() const {
  return kind_ == Kind::table ? "from " + text::join(table_.columns, ", else ") : "\"" + written_ + "\"";
}

std::vector<std::string> Default::columns() const {
  if (kind_ == Kind::table) return table_.columns;
  std::vector<std::string> names;
  if (!date_column_.empty()) names.push_back(date_column_);
  walk_pattern(
      pattern_, [](std::string_view) {}, [&](std::string_view name) { names.push_back(text::trim(name)); });
  return names;
}

std::optional<Date> date_from(const Value& v) {
  if (const auto* d = std::get_if<Date>(&v)) return *d;
  if (const auto* t = std::get_if<Instant>(&v)) return date_of(*t);
  const std::string text = text::trim(plain_text(v));
  if (const auto d = parse_date(text)) return d;
  if (const auto t = parse_instant(text)) return date_of(*t);
  return std::nullopt;
}

}  // namespace cosell::mapping
