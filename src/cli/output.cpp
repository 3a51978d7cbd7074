// Tables, JSON, CSV, colour and progress.
#include "cli/output.h"

#include <utf8proc.h>

#include <algorithm>
#include <numeric>
#include <ostream>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "cli/exit.h"

namespace cosell::cli {

namespace {

constexpr std::size_t progress_width = 100;  // at most

// The character that begins at `at`, and how many bytes it has; a byte that begins none counts as one by itself.
struct Character {
  utf8proc_int32_t point = 0;
  std::size_t bytes = 1;
};
Character character_at(const std::string& text, std::size_t at) {
  utf8proc_int32_t point = 0;
  const auto* from = reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at);
  const auto bytes = utf8proc_iterate(from, static_cast<utf8proc_ssize_t>(text.size() - at), &point);
  if (bytes <= 0) return {static_cast<unsigned char>(text[at]), 1};
  return {point, static_cast<std::size_t>(bytes)};
}

// Columns of a terminal: two for Chinese, Japanese and Korean characters and for pictures, none for marks that combine.
std::size_t width_of(const Character& c) { return static_cast<std::size_t>(std::max(0, utf8proc_charwidth(c.point))); }
std::size_t width_of(const std::string& text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    width += width_of(c);
    at += c.bytes;
  }
  return width;
}

// One of the codes by which Output itself colours; anything else that begins like one comes from outside.
std::size_t colour_code_at(const std::string& text, std::size_t at) {
  for (const char* code : {"\033[0m", "\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[33m"}) {
    const std::string_view known(code);
    if (text.compare(at, known.size(), known) == 0) return known.size();
  }
  return 0;
}

bool turns_the_direction(utf8proc_int32_t point) {
  return (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

// Names come from other people: what would move the cursor, set a title or turn the line around is shown as a mark.
std::string harmless(const std::string& text, bool coloured) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t code = coloured ? colour_code_at(text, at) : 0; code > 0) {
      out.append(text, at, code);
      at += code;
      continue;
    }
    const Character c = character_at(text, at);
    const bool steers = (c.point < 0x20 && c.point != '\n' && c.point != '\t') || (c.point >= 0x7F && c.point < 0xA0);
    if (steers || turns_the_direction(c.point)) {
      out += "\uFFFD";
    } else {
      out.append(text, at, c.bytes);
    }
    at += c.bytes;
  }
  return out;
}

// Lines of at most `width` columns, broken between words.
std::vector<std::string> wrapped(const std::string& text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  for (const std::string& word : text::split(text, ' ')) {
    const bool fits = line.empty() || width_of(line) + 1 + width_of(word) <= width;
    if (!fits) lines.push_back(std::exchange(line, ""));
    line += (line.empty() ? "" : " ") + word;
  }
  lines.push_back(line);
  return lines;
}

const char* code_of(Style style) {
  switch (style) {
    case Style::good:
      return "\033[32m";
    case Style::warning:
      return "\033[33m";
    case Style::bad:
      return "\033[31m";
    case Style::faint:
      return "\033[2m";
    case Style::strong:
      return "\033[1m";
    case Style::plain:
      break;
  }
  return "";
}

std::string csv_cell(const std::string& text) {
  // A cell that begins like a formula would be run by a spreadsheet.
  const bool formula = !text.empty() && std::string("=+-@\t\r").find(text.front()) != std::string::npos;
  const std::string safe = harmless(text::replace_all(formula ? "'" + text : text, "\r\n", "\n"), false);
  if (safe.find_first_of(",\"\r\n") == std::string::npos) return safe;
  return "\"" + text::replace_all(safe, "\"", "\"\"") + "\"";
}

// One line per cell, without what would move the cursor.
std::string on_one_line(const std::string& text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20U || c == 0x7F ? ' ' : c;
  return out;
}

}  // namespace

int exit_code_of(ErrorClass c) {
  switch (c) {
    case ErrorClass::config:
    case ErrorClass::schema_drift:
    case ErrorClass::not_found:
      return exit_usage;
    case ErrorClass::transient:
    case ErrorClass::throttled:
    case ErrorClass::unknown:
    case ErrorClass::forbidden:
    case ErrorClass::auth_expired:
    case ErrorClass::cursor_invalid:
    case ErrorClass::bad_response:
      return exit_unreachable;
    case ErrorClass::guard:
      return exit_guard;
    case ErrorClass::store_damaged:
      return exit_store;
    case ErrorClass::store_busy:
      return exit_busy;
    case ErrorClass::cancelled:
      return exit_interrupted;
    case ErrorClass::precondition:
    case ErrorClass::rejected:
    case ErrorClass::bug:
      break;
  }
  return exit_failures;
}

int worse(int a, int b) {
  static const std::vector<int> order = {exit_done,        exit_failures, exit_interrupted, exit_guard,
                                         exit_unreachable, exit_busy,     exit_usage,       exit_store};
  const auto rank = [](int code) { return std::find(order.begin(), order.end(), code) - order.begin(); };
  return rank(a) >= rank(b) ? a : b;
}

void Output::line(const std::string& text) {
  if (options_.quiet || !for_people()) return;
  answer(harmless(text, colours()));
}

void Output::answer(const std::string& text) {
  end_progress();
  out_ << text << "\n";
  out_.flush();
}

void Output::json(const json::Value& value) { answer(json::write_pretty(value)); }

void Output::error(const std::string& text) {
  end_progress();
  err_ << harmless(text, false) << "\n";
  err_.flush();
}

void Output::note(const std::string& text) {
  if (!options_.quiet) error(text);
}

void Output::try_again() {
  if (!out_) out_.clear();
  if (!err_) err_.clear();
}

void Output::progress(const std::string& text) {
  if (!terminal_.err || options_.quiet || options_.verbose) return;
  const std::size_t room = terminal_.width > 1 ? terminal_.width - 1 : progress_width;
  err_ << "\r\033[K" << harmless(shortened(text, std::min(room, progress_width)), false);
  err_.flush();
  progress_shown_ = true;
}

void Output::end_progress() {
  if (!progress_shown_) return;
  err_ << "\r\033[K";
  err_.flush();
  progress_shown_ = false;
}

std::string Output::styled(const std::string& text, Style style) const {
  if (!colours() || style == Style::plain || !for_people()) return text;
  return std::string(code_of(style)) + text + "\033[0m";
}

void Table::row(std::vector<std::string> cells, Style style) {
  cells.resize(headings_.size());
  rows_.push_back({std::move(cells), style});
}

void Table::print(Output& output, const std::string& indent) const {
  std::vector<std::size_t> widths;
  for (const std::string& heading : headings_) widths.push_back(width_of(heading));
  for (const Row& row : rows_) {
    for (std::size_t i = 0; i < widths.size(); ++i)
      widths[i] = std::max(widths[i], width_of(on_one_line(row.cells[i])));
  }
  const std::size_t all = std::accumulate(widths.begin(), widths.end(), indent.size() + 2 * (widths.size() - 1));
  const bool below = last_is_sentence_ && output.width() > 0 && all > output.width();
  const auto line_of = [&](const std::vector<std::string>& cells) {
    std::string line = indent;
    const std::size_t beside = below ? cells.size() - 1 : cells.size();
    for (std::size_t i = 0; i < beside; ++i) {
      const std::string cell = on_one_line(cells[i]);
      line += i + 1 == cells.size() ? cell : padded(cell, widths[i] + 2);
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    if (!below) return line;
    const std::string deeper = indent + "    ";
    const std::size_t room = output.width() > deeper.size() ? output.width() - deeper.size() : 1;
    for (const std::string& part : wrapped(on_one_line(cells.back()), room)) line += "\n" + deeper + part;
    return line;
  };
  const bool headed = std::any_of(headings_.begin(), headings_.end(), [](const std::string& h) { return !h.empty(); });
  if (headed) output.line(output.styled(line_of(headings_), Style::strong));
  for (const Row& row : rows_) output.line(output.styled(line_of(row.cells), row.style));
}

void Table::print_csv(Output& output) const {
  CsvRows csv(output, headings_);
  for (const Row& row : rows_) csv.row(row.cells);
}

CsvRows::CsvRows(Output& output, const std::vector<std::string>& headings) : output_(output) {
  std::vector<std::string> names;
  for (const std::string& heading : headings) names.push_back(text::replace_all(text::lower_ascii(heading), " ", "_"));
  row(names);
}

void CsvRows::row(const std::vector<std::string>& cells) {
  std::vector<std::string> parts;
  for (const std::string& cell : cells) parts.push_back(csv_cell(cell));
  output_.answer(text::join(parts, ",") + "\r");
}

JsonDocument::~JsonDocument() {
  while (!open_.empty()) end();
  output_.answer(line_);
}

void JsonDocument::add(const std::string& text) {
  if (!line_.empty()) output_.answer(line_ + (is_first_ ? "" : ","));
  const std::string indent(2 * open_.size(), ' ');
  line_ = indent + text::replace_all(text, "\n", "\n" + indent);
  is_first_ = false;
}

void JsonDocument::begin(Bracket bracket, const std::string& name) {
  add((name.empty() ? "" : json::write(json::Value::string(name)) + ": ") + (bracket == Bracket::list ? "[" : "{"));
  is_first_ = true;
  open_.push_back(bracket);
}

void JsonDocument::end() {
  const char* close = open_.back() == Bracket::list ? "]" : "}";
  open_.pop_back();
  if (is_first_) {
    line_ += close;  // there is nothing in it
  } else {
    output_.answer(line_);
    line_ = std::string(2 * open_.size(), ' ') + close;
  }
  is_first_ = false;
}

void JsonDocument::member(const std::string& name, const json::Value& value) {
  add(json::write(json::Value::string(name)) + ": " + json::write_pretty(value));
}

void JsonDocument::item(const json::Value& value) { add(json::write_pretty(value)); }

Object& Object::text(const std::string& name, const std::string& value) {
  value_.set(name, json::Value::string(value));
  return *this;
}
Object& Object::number(const std::string& name, std::int64_t value) {
  value_.set(name, json::Value::integer(value));
  return *this;
}
Object& Object::flag(const std::string& name, bool value) {
  value_.set(name, json::Value::boolean(value));
  return *this;
}
Object& Object::value(const std::string& name, json::Value value) {
  value_.set(name, std::move(value));
  return *this;
}

json::Value json_of(const Error& error) {
  Object o;
  o.text("class", name_of(error.kind)).text("message", error.message);
  if (!error.detail.empty()) o.text("detail", error.detail);
  if (!error.rule.empty()) o.text("rule", error.rule);
  if (!error.request_id.empty()) o.text("request_id", error.request_id);
  return o.done();
}

std::string shortened(const std::string& text, std::size_t most) {
  if (width_of(text) <= most) return text;
  std::size_t width = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const Character c = character_at(text, end);
    width += width_of(c);
    if (width >= most) break;
    end += c.bytes;
  }
  return text.substr(0, end) + "…";
}

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t shown = width_of(text);
  return text + std::string(shown < width ? width - shown : 1, ' ');
}

}  // namespace cosell::cli
