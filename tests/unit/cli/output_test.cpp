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

TEST(Text, IsShortenedBetweenCharacters) {
  EXPECT_EQ(shortened("äöü", 3), "äöü");
  EXPECT_EQ(shortened("äöüß", 3), "äö…");
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

}  // namespace
}  // namespace cosell::cli
