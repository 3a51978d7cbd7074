// Tables, CSV, colour and exit codes.
#include "cli/output.h"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/exit.h"

namespace cosell::cli {
namespace {

struct Captured {
  explicit Captured(OutputOptions options = {}, Terminal terminal = {}) : output(out, err, terminal, options) {}
  std::ostringstream out;
  std::ostringstream err;
  Output output;
};

TEST(Table, LinesUpColumnsAlsoWithAccentsAndLineBreaks) {
  Captured c;
  Table table({"Deal", "State"});
  table.row({"Käse", "In sync"});
  table.row({"Alder\nFoods", "Failed"});
  table.print(c.output);
  EXPECT_EQ(c.out.str(), "Deal         State\nKäse         In sync\nAlder Foods  Failed\n");
}

TEST(Table, LinesUpColumnsAlsoWithWideCharactersAndMarksThatCombine) {
  Captured c;
  Table table({"Deal", "State"});
  table.row({"東京電力", "In sync"});
  table.row({"🚀 Rocket", "In sync"});
  table.row({"Cafe\u0301", "In sync"});
  table.print(c.output);
  EXPECT_EQ(c.out.str(), "Deal       State\n東京電力   In sync\n🚀 Rocket  In sync\nCafe\u0301       In sync\n");
}

TEST(Table, PutsItsSentenceBelowWhereTheTerminalIsTooNarrow) {
  const auto printed = [](std::size_t width) {
    Captured c({}, {.out = true, .no_color = true, .width = width});
    Table table({"Deal", "State"});
    table.last_is_sentence();
    table.row({"Alder Foods", "Waiting for the seller: Partner Center needs the city."});
    table.row({"Birch", "In sync"});
    table.print(c.output, "  ");
    return c.out.str();
  };
  const std::string wide =
      "  Deal         State\n"
      "  Alder Foods  Waiting for the seller: Partner Center needs the city.\n"
      "  Birch        In sync\n";
  EXPECT_EQ(printed(0), wide) << "no terminal";
  EXPECT_EQ(printed(69), wide);
  EXPECT_EQ(printed(40),
            "  Deal\n      State\n"
            "  Alder Foods\n      Waiting for the seller: Partner\n      Center needs the city.\n"
            "  Birch\n      In sync\n");
}

TEST(Output, ShowsAMarkForWhatWouldSteerTheTerminal) {
  Captured c({}, {.out = true});
  c.output.line(c.output.styled("good", Style::good) +
                " a\033[2Jb\033]0;t\007c\xc2\x9b"
                "1md\u202Ee\tf\u200Eg\xFFh");
  EXPECT_EQ(c.out.str(), "\033[32mgood\033[0m a\uFFFD[2Jb\uFFFD]0;t\uFFFDc\uFFFD1md\uFFFDe\tf\u200Eg\xFFh\n");
  c.output.error("\033[5mwrong");
  EXPECT_EQ(c.err.str(), "\uFFFD[5mwrong\n");
  Captured json({.json = true});
  json.output.answer("\u202E");
  EXPECT_EQ(json.out.str(), "\u202E\n") << "programs get what is there";
}

TEST(Table, CsvCellsCannotSteerATerminal) {
  Captured c({.csv = true});
  Table table({"deal"});
  table.row({"\033[31mRed\033[0m \033]0;title\a \u009b \u202e"});
  table.row({"two\r\nlines"});
  table.print_csv(c.output);
  EXPECT_EQ(c.out.str(), "deal\r\n\uFFFD[31mRed\uFFFD[0m \uFFFD]0;title\uFFFD \uFFFD \uFFFD\r\n\"two\nlines\"\r\n");
}

TEST(Table, CsvQuotesWhatNeedsItAndDisarmsFormulas) {
  Captured c({.csv = true});
  Table table({"deal", "crm id"});
  table.row({"a, \"b\"", "=HYPERLINK(1)"});
  table.print_csv(c.output);
  EXPECT_EQ(c.out.str(), "deal,crm_id\r\n\"a, \"\"b\"\"\",'=HYPERLINK(1)\r\n");
}

TEST(Output, ColourIsForTerminalsWithoutNoColor) {
  EXPECT_EQ(Captured({}, {.out = true}).output.styled("x", Style::bad), "\033[31mx\033[0m");
  EXPECT_EQ(Captured({}, {.out = false}).output.styled("x", Style::bad), "x");
  EXPECT_EQ(Captured({}, {.out = true, .no_color = true}).output.styled("x", Style::bad), "x");
  EXPECT_EQ(Captured({.json = true}, {.out = true}).output.styled("x", Style::bad), "x");
}

TEST(Output, ProgressIsForTerminalsAndIsWipedBeforeTheNextLine) {
  Captured people({}, {.err = true});
  people.output.progress("Reading: 5");
  people.output.line("done");
  EXPECT_EQ(people.err.str(), "\r\033[KReading: 5\r\033[K");
  Captured file;
  file.output.progress("Reading: 5");
  EXPECT_EQ(file.err.str(), "");
}

TEST(Output, QuietAndJsonSilenceLinesForPeopleButNotErrors) {
  for (const OutputOptions options : {OutputOptions{.quiet = true}, OutputOptions{.json = true}}) {
    Captured c(options);
    c.output.line("for people");
    c.output.error("wrong");
    EXPECT_EQ(c.out.str(), "");
    EXPECT_EQ(c.err.str(), "wrong\n");
  }
}

// The disk of a service's log was full for a while.
TEST(Output, OfAServiceGoesOnAfterALineThatCouldNotBeWritten) {  // F-59
  Captured c;
  c.out.setstate(std::ios::badbit);
  c.err.setstate(std::ios::badbit);
  c.output.line("lost");
  c.output.error("lost");
  c.output.try_again();
  c.output.line("written");
  c.output.error("written too");
  EXPECT_EQ(c.out.str(), "written\n");
  EXPECT_EQ(c.err.str(), "written too\n");
}

TEST(Text, ThatIsPaddedNeverTouchesWhatFollows) {
  for (const std::string text : {"done", "mapping", "mapping-rollback"}) {
    EXPECT_EQ(padded(text, 7).substr(0, text.size() + 1), text + " ");
  }
  EXPECT_EQ(padded("done", 7), "done   ");
}

TEST(Text, IsShortenedBetweenCharacters) {
  EXPECT_EQ(shortened("äöü", 3), "äöü");
  EXPECT_EQ(shortened("äöüß", 3), "äö…");
  EXPECT_EQ(shortened("東京電力", 8), "東京電力");
  EXPECT_EQ(shortened("東京電力", 7), "東京電…");
  EXPECT_EQ(shortened("東京電力", 6), "東京…");
  EXPECT_EQ(grouped(-1234567), "-1,234,567");
  EXPECT_EQ(grouped(999), "999");
}

TEST(ExitCodes, FollowFromTheErrorAndTheWorseOneCounts) {
  EXPECT_EQ(exit_code_of(ErrorClass::config), 2);
  EXPECT_EQ(exit_code_of(ErrorClass::auth_expired), 3);
  EXPECT_EQ(exit_code_of(ErrorClass::bad_response), 3);
  EXPECT_EQ(exit_code_of(ErrorClass::guard), 4);
  EXPECT_EQ(exit_code_of(ErrorClass::store_damaged), 5);
  EXPECT_EQ(exit_code_of(ErrorClass::store_busy), 6);
  EXPECT_EQ(exit_code_of(ErrorClass::cancelled), 130);
  EXPECT_EQ(worse(exit_failures, exit_unreachable), exit_unreachable);
  EXPECT_EQ(worse(exit_store, exit_done), exit_store);
}

TEST(JsonDocument, ReadsAsOneThatWasWrittenAtOnce) {
  const json::Value nested = *json::read(R"({"b":[{"c":"d\n","e":{}},[],{}],"f":1})");
  json::Value item = json::Value::object();
  item.set("pair", json::Value::string("a \"b\""));
  item.set("rows", json::Value::array());
  item.set("lines", json::Value::array()).append(nested);
  json::Value whole = json::Value::object();
  whole.set("pairs", json::Value::array()).append(item);
  whole.set("exit_code", json::Value::integer(0));
  Captured at_once({.json = true});
  at_once.output.json(whole);
  Captured bit_by_bit({.json = true});
  {
    JsonDocument document(bit_by_bit.output);
    document.begin_list("pairs");
    document.begin_item();
    document.member("pair", json::Value::string("a \"b\""));
    document.begin_list("rows");
    document.end();
    document.begin_list("lines");
    document.item(nested);
    document.end();
    document.end();
    document.end();
    document.member("exit_code", json::Value::integer(0));
  }
  EXPECT_EQ(bit_by_bit.out.str(), at_once.out.str());
}

TEST(JsonDocument, IsWholeWhateverWasBegun) {
  Captured c({.json = true});
  {
    JsonDocument document(c.output);
    document.begin_list("deals");
    document.begin_item();
  }
  EXPECT_EQ(*json::read(c.out.str()), *json::read(R"({"deals":[{}]})"));
}

}  // namespace
}  // namespace cosell::cli
