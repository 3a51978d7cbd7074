// Texts of the wire in isolation: literals and filters, batches, stages, dates, codes.
#include "connectors/dynamics365/dynamics365_wire.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_errors.h"
#include "connectors/dynamics365/dynamics365_multipart.h"
#include "connectors/dynamics365/dynamics365_odata.h"

namespace cosell::dynamics365 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Dynamics365Texts, QuotesWhatComesFromOutside) {
  EXPECT_EQ(quoted("it's"), "'it''s'");
  EXPECT_EQ(quoted("' or 1 eq 1 or name eq '"), "''' or 1 eq 1 or name eq '''");
  EXPECT_EQ(literal(Value(Number{"1.5"})), "1.5");
  EXPECT_EQ(literal(Value(true)), "true");
  EXPECT_EQ(literal(Value()), "null");
  EXPECT_EQ(literal(Value(Date{2027, 1, 31})), "2027-01-31");
  EXPECT_EQ(literal(Value(Customer{})), "");
  EXPECT_EQ(resource("accounts", {{"$select", "a,b"}, {"$top", ""}, {"$filter", "name eq 'A&B #1'"}}),
            "accounts?$select=a,b&$filter=name%20eq%20%27A%26B%20%231%27");
}

TEST(Dynamics365Texts, NamesOnlyColumns) {
  for (const char* good : {"name", "cosell_referralid", "address1_city", "parentaccountid.name", "New_Partner.name"}) {
    EXPECT_TRUE(is_column_path(good)) << good;
  }
  for (const char* bad : {"", ".", "a.b.c", "1a", "a b", "a;b", "a,b", "a'", "ä", "a.", "_x"}) {
    EXPECT_FALSE(is_column_path(bad)) << bad;
  }
}

TEST(Dynamics365Texts, GiveTheSameIdForTheSameText) {
  const std::string id = guid_from("cosell opportunity ref-1");
  EXPECT_EQ(id, guid_from("cosell opportunity ref-1"));
  EXPECT_NE(id, guid_from("cosell opportunity ref-2"));
  for (int i = 0; i < 100; ++i) {
    const std::string any = guid_from(std::to_string(i));
    EXPECT_EQ(normal_guid(any), any);
    EXPECT_EQ(any[14], '8') << "version 8: made from a digest";
    EXPECT_THAT(std::string("89ab"), HasSubstr(std::string(1, any[19])));
  }
}

TEST(Dynamics365Batch, ReadsBackWhatItWrites) {
  BatchRequest one;
  one.method = "PATCH";
  one.path = "/api/data/v9.2/opportunities(1)";
  one.headers = {{"If-Match", "*"}};
  one.body = R"({"name":"--x"})";
  BatchRequest two;
  two.path = "/api/data/v9.2/accounts";
  const std::string text = write_batch({{false, {one}}, {true, {one, one}}, {false, {two}}}, "x");
  EXPECT_EQ(text.find("\n"), text.find("\r\n") + 1);
  EXPECT_EQ(text.substr(text.size() - 7), "--x--\r\n");
  EXPECT_THAT(text, HasSubstr("Content-ID: 1\r\n"));
  EXPECT_THAT(text, HasSubstr("Content-ID: 2\r\n"));
  EXPECT_THAT(text, HasSubstr("If-Match: *\r\nContent-Type: application/json\r\n\r\n{\"name\":\"--x\"}\r\n--"));
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
    EXPECT_EQ(text[at - 1], '\r') << "every line ends in CR LF";
  }
}

http::Response batch_answer(const std::string& body) {
  http::Response r;
  r.status = 200;
  r.headers.set("Content-Type", "multipart/mixed; boundary=\"b\"");
  r.body = body;
  return r;
}

TEST(Dynamics365Batch, TakesAnAnswerApartPartByPart) {
  const std::string plain = "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\nX: 1\r\n\r\n\r\n";
  const std::string failed =
      "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 412 Precondition Failed\r\nREQ_ID: "
      "r1\r\n\r\n{\"a\":\"--b\"}\r\n";
  const std::string set =
      "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-ID: 1\r\n\r\nHTTP/1.1 200 "
      "OK\r\n\r\n{}\r\n"
      "--c\r\nContent-ID: 2\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n--c--\r\n";
  const auto answers = read_batch(batch_answer(plain + failed + set + "--b--\r\n"), "POST");
  ASSERT_TRUE(answers) << answers.error().message;
  ASSERT_EQ(answers->size(), 3U);
  EXPECT_EQ((*answers)[0].answers[0].status, 204);
  EXPECT_EQ((*answers)[0].answers[0].headers.get("x"), "1");
  EXPECT_FALSE((*answers)[0].failed());
  EXPECT_TRUE((*answers)[1].failed());
  EXPECT_EQ((*answers)[1].answers[0].body, R"({"a":"--b"})");
  EXPECT_EQ((*answers)[2].answers.size(), 2U);
}

TEST(Dynamics365Batch, RefusesEveryAnswerThatIsCutOrMalformed) {
  const std::string whole =
      "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-ID: 1\r\n\r\nHTTP/1.1 200 "
      "OK\r\n\r\n{}\r\n"
      "--c--\r\n--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n--b--";
  ASSERT_TRUE(read_batch(batch_answer(whole), "POST"));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto cut = read_batch(batch_answer(whole.substr(0, n)), "POST");
    ASSERT_FALSE(cut) << n;
    EXPECT_EQ(cut.error().kind, ErrorClass::bad_response);
  }
  for (const char* bad :
       {"--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 2x4 No\r\n\r\n\r\n--b--",
        "--b\r\nContent-Type: application/http\r\n\r\nHELLO\r\n\r\n\r\n--b--",
        "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--",
        "--b\r\nContent-Type: multipart/mixed\r\n\r\n--c\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}\r\n--c--\r\n--b--",
        "--b\r\nno header\r\n\r\nHTTP/1.1 200 OK\r\n\r\n\r\n--b--"}) {
    EXPECT_FALSE(read_batch(batch_answer(bad), "POST")) << bad;
  }
}

TEST(Dynamics365Stages, AreTextsThatGoBothWays) {
  const StageColumn stage("salesstage");
  for (const char* text : {"salesstage:2", "salesstage:none", "won:3", "lost:100000004", "salesstage:-1"}) {
    const auto value = stage.parse(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(stage.text_of(*value), text);
  }
  for (const char* text : {"", "2", "salesstage", "salesstage:", "salesstage:x", "salesstage:2 ", "statuscode:2",
                           "won:", "won:none", "lost:x", "Won:3", "salesstage:99999999999999999999"}) {
    EXPECT_FALSE(stage.parse(text)) << text;
  }
  EXPECT_FALSE(StageColumn("statuscode").parse("statuscode:none")) << "a status always has a reason";
}

TEST(Dynamics365Stages, AreNotGuessedFromRowsThatShowSomethingElse) {
  const StageColumn stage("salesstage");
  const auto read = [&](const std::string& row) {
    const auto value = stage.read(json::read(row).value());
    return value ? stage.text_of(*value) : std::string("?");
  };
  EXPECT_EQ(read(R"({"statecode":0,"statuscode":1,"salesstage":2})"), "salesstage:2");
  EXPECT_EQ(read(R"({"statecode":0,"statuscode":1,"salesstage":null})"), "salesstage:none");
  EXPECT_EQ(read(R"({"statecode":1,"statuscode":3,"salesstage":2})"), "won:3");
  EXPECT_EQ(read(R"({"statecode":3,"statuscode":1,"salesstage":2})"), "?");
  EXPECT_EQ(read(R"({"statecode":1,"statuscode":null,"salesstage":2})"), "?");
  EXPECT_EQ(read(R"({"statecode":0,"statuscode":1})"), "?");
  EXPECT_EQ(read(R"({"statecode":0,"statuscode":1,"salesstage":"2"})"), "?");
}

TEST(Dynamics365Values, BecomeWhatTheColumnHolds) {
  const auto written = [](ColumnType type, const Value& v) {
    const auto w = written_value("c", type, v);
    return w ? json::write(*w) : std::string(name_of(w.error().kind));
  };
  const Value text(std::string("7"));
  EXPECT_EQ(written(ColumnType::text, text), "\"7\"");
  EXPECT_EQ(written(ColumnType::choice, text), "7");
  EXPECT_EQ(written(ColumnType::choice, Value(std::string("Hot"))), "rejected");
  EXPECT_EQ(written(ColumnType::text, Value(Number{"7"})), "\"7\"");
  EXPECT_EQ(written(ColumnType::boolean, Value(std::string("true"))), "true");
  EXPECT_EQ(written(ColumnType::boolean, Value(Number{"1"})), "config");
  EXPECT_EQ(written(ColumnType::number, Value(Money{1050, "EUR"})), "10.5");
  EXPECT_EQ(written(ColumnType::number, Value(true)), "config");
  EXPECT_EQ(written(ColumnType::date, Value(Date{2027, 1, 31})), "\"2027-01-31\"");
  EXPECT_EQ(written(ColumnType::date, Value(*parse_instant("2027-01-31T23:59:59Z"))), "\"2027-01-31\"");
  EXPECT_EQ(written(ColumnType::local_date, Value(Date{2027, 1, 31})), "\"2027-01-31T10:00:00Z\"");
  EXPECT_EQ(written(ColumnType::instant, Value(Date{2027, 1, 31})), "\"2027-01-31T00:00:00Z\"");
  EXPECT_EQ(written(ColumnType::number, Value(Date{2027, 1, 31})), "config");
  EXPECT_EQ(written(ColumnType::text, Value()), "null");
}

TEST(Dynamics365Values, ThatAreNoAmountAreOnesOfTheirColumnAlone) {
  for (const std::string huge : {"1e300", "1e-300", "12345678901234567890123456789012345678901"}) {
    const auto v = json::read(huge);
    ASSERT_TRUE(v) << huge;
    const auto value = typed(*v, ColumnType::number);
    ASSERT_TRUE(value.has_value()) << huge;
    EXPECT_EQ(*value, Value(huge));
  }
}

TEST(Dynamics365Codes, AreOneInHexAndDecimal) {
  EXPECT_EQ(normal_code("0x80060882"), "0x80060882");
  EXPECT_EQ(normal_code("0x8004F508"), "0x8004f508");
  EXPECT_EQ(normal_code("-2147204270"), "0x80044352");
  EXPECT_EQ(normal_code("-2147015902"), "0x80072322");
  EXPECT_EQ(normal_code(""), "");
  EXPECT_EQ(normal_code("0x0"), "0x0");
  EXPECT_EQ(normal_code("17"), "17");
}

TEST(Dynamics365Facts, SurviveTheReadPosition) {
  for (const char* text : {"text", "choice", "local_date",
                           "lookup new_partnerid new_PartnerId account accounts accountid", "lookup customerid    "}) {
    const auto facts = facts_from_text(text);
    ASSERT_TRUE(facts) << text;
    EXPECT_EQ(to_text(*facts), text);
  }
  for (const char* bad : {"", "txt", "lookup", "lookup a b"}) EXPECT_FALSE(facts_from_text(bad)) << bad;
}

TEST(Dynamics365Errors, MeasureADateToComeBackByTheServersOwnClock) {
  http::Response answer;
  answer.status = 429;
  answer.headers.set("Date", "Sat, 21 Nov 2026 03:41:07 GMT");
  answer.headers.set("Retry-After", "Sat, 21 Nov 2026 03:42:07 GMT");
  const Instant ours = *parse_instant("2026-11-21T06:00:00Z");  // this machine's clock is hours ahead
  const Error e = error_of(answer, {"GET opportunities", false}, ours);
  EXPECT_EQ(e.kind, ErrorClass::throttled);
  EXPECT_EQ(*e.not_before, ours + seconds(60));
}

TEST(Dynamics365Errors, KeepWholeCharactersOfWhatAPlugInSays) {
  for (const char* pad : {"", "x", "xx"}) {
    std::string said = pad;
    while (said.size() < 3000) said += "Größe unzulässig 🚫 ";
    http::Response answer;
    answer.status = 400;
    answer.body = R"({"error":{"code":"0x80040265","message":")" + said + R"("}})";
    const Error e = error_of(answer, {"PATCH", true}, Instant{});
    EXPECT_TRUE(text::is_valid_utf8(e.message)) << pad;
    EXPECT_TRUE(text::is_valid_utf8(e.detail)) << pad;
    EXPECT_LE(e.detail.size(), 1000U);
  }
}

}  // namespace
}  // namespace cosell::dynamics365
