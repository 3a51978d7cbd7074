// How commands speak: aligned tables for people, JSON and CSV for programs, colour and progress only on a terminal.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/app.h"

namespace cosell::cli {

enum class Style : std::uint8_t { plain, good, warning, bad, faint, strong };

struct OutputOptions {
  bool json = false;
  bool csv = false;
  bool quiet = false;
  bool verbose = false;
};

class Output {
 public:
  Output(std::ostream& out, std::ostream& err, Terminal terminal, OutputOptions options)
      : out_(out), err_(err), terminal_(terminal), options_(options) {}

  // A line for people on standard output; nothing with --quiet, --json or --csv.
  void line(const std::string& text = "");
  // A line that is the answer itself: also with --quiet.
  void answer(const std::string& text);
  void json(const json::Value& value);
  void error(const std::string& text);
  void note(const std::string& text);  // on standard error; nothing with --quiet
  // A line that could not be written (its disk is full) silences what follows, so that half an answer is noticed. Not
  // in a service, whose lines stand alone.
  void try_again();

  // One line on standard error that is written over; only on a terminal.
  void progress(const std::string& text);
  void end_progress();

  std::string styled(const std::string& text, Style style) const;
  std::size_t width() const { return terminal_.width; }  // 0: not known, or no terminal
  bool for_people() const { return !options_.json && !options_.csv; }
  const OutputOptions& options() const { return options_; }
  std::ostream& err_stream() { return err_; }

 private:
  bool colours() const { return terminal_.out && !terminal_.no_color; }

  std::ostream& out_;
  std::ostream& err_;
  Terminal terminal_;
  OutputOptions options_;
  bool progress_shown_ = false;
};

// A table whose columns line up; the last one may be long.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}
  // The last column is a sentence: on a terminal that is too narrow for it, it stands below its row.
  Table& last_is_sentence() {
    last_is_sentence_ = true;
    return *this;
  }
  void row(std::vector<std::string> cells, Style style = Style::plain);
  bool empty() const { return rows_.empty(); }
  std::size_t size() const { return rows_.size(); }
  void print(Output& output, const std::string& indent = "") const;
  void print_csv(Output& output) const;  // RFC 4180, headings first

 private:
  struct Row {
    std::vector<std::string> cells;
    Style style;
  };
  std::vector<std::string> headings_;
  std::vector<Row> rows_;
  bool last_is_sentence_ = false;
};

// A document for programs that is written while what it tells is still being found, so that a long list is never held
// as a whole. It reads as Output::json() writes one. What was begun is ended: where something fails in the middle of a
// list, the list ends there and the failure is a member behind it, so that the whole is one valid document.
class JsonDocument {
 public:
  explicit JsonDocument(Output& output) : output_(output) { begin(Bracket::object, ""); }
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;
  ~JsonDocument();

  void member(const std::string& name, const json::Value& value);
  void item(const json::Value& value);
  void begin_list(const std::string& name) { begin(Bracket::list, name); }
  void begin_item() { begin(Bracket::object, ""); }
  void end();  // of the list or the item that was begun last

 private:
  enum class Bracket : std::uint8_t { object, list };
  void begin(Bracket bracket, const std::string& name);
  void add(const std::string& text);

  Output& output_;
  std::string line_;  // not written yet: a comma may follow it
  bool is_first_ = true;
  std::vector<Bracket> open_;
};

// Rows for a spreadsheet, written one by one: RFC 4180, headings first.
class CsvRows {
 public:
  CsvRows(Output& output, const std::vector<std::string>& headings);
  void row(const std::vector<std::string>& cells);

 private:
  Output& output_;
};

// JSON objects in one expression.
class Object {
 public:
  Object& text(const std::string& name, const std::string& value);
  Object& number(const std::string& name, std::int64_t value);
  Object& flag(const std::string& name, bool value);
  Object& value(const std::string& name, json::Value value);
  json::Value done() { return std::move(value_); }

 private:
  json::Value value_ = json::Value::object();
};

json::Value json_of(const Error& error);
using text::grouped;
std::string shortened(const std::string& text, std::size_t most);  // to columns of a terminal, "…" at the end
std::string padded(const std::string& text, std::size_t width);    // with one blank at least: something follows

}  // namespace cosell::cli
