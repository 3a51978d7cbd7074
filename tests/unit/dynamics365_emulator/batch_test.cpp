// $batch: parts and their answers, stopping and going on, change sets that happen as a whole.
#include "tests/unit/dynamics365_emulator/organization.h"

namespace cosell::emulator {
namespace {

struct PartAnswer {
  int status = 0;
  std::string content_id;
  std::string text;
};

class Batch : public ::testing::Test {
 protected:
  static std::string operation(const std::string& method, const std::string& url, const Json& body = nullptr,
                               const std::string& headers = "") {
    return method + " " + url + " HTTP/1.1\r\n" +
           (body.is_null() ? "Accept: application/json\r\n" : "Content-Type: application/json\r\n") + headers + "\r\n" +
           (body.is_null() ? "" : body.dump()) + "\r\n";
  }
  static std::string part(const std::string& operation, const std::string& content_id = "") {
    return "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n" +
           (content_id.empty() ? "" : "Content-ID: " + content_id + "\r\n") + "\r\n" + operation;
  }
  static std::string change_set(const std::vector<std::string>& operations) {
    std::string text = "Content-Type: multipart/mixed;boundary=changeset_1\r\n\r\n";
    int id = 0;
    for (const std::string& o : operations) text += "--changeset_1\r\n" + part(o, std::to_string(++id));
    return text + "--changeset_1--\r\n";
  }
  http::Response post(const std::string& body, bool go_on = false) {
    http::Request r;
    r.method = "POST";
    r.url = "/api/data/v9.2/$batch";
    r.headers.set("Authorization", "Bearer " + org_.token);
    r.headers.set("Content-Type", "multipart/mixed;boundary=b_1");
    if (go_on) r.headers.set("Prefer", "odata.continue-on-error");
    r.body = body;
    return org_.send(r);
  }
  http::Response run(const std::vector<std::string>& parts, bool go_on = false) {
    std::string body;
    for (const std::string& p : parts) body += "--b_1\r\n" + p;
    return post(body + "--b_1--\r\n", go_on);
  }
  static std::vector<PartAnswer> answers(const http::Response& r) {
    std::vector<PartAnswer> list;
    for (std::size_t at = r.body.find("HTTP/1.1 "); at != std::string::npos; at = r.body.find("HTTP/1.1 ", at + 1)) {
      PartAnswer a;
      a.status = std::stoi(r.body.substr(at + 9, 3));
      const std::size_t begin = r.body.rfind("--", r.body.rfind("Content-Type: application/http", at));
      const std::string head = r.body.substr(begin, at - begin);
      const std::size_t id = head.find("Content-ID: ");
      if (id != std::string::npos) a.content_id = head.substr(id + 12, head.find("\r\n", id) - id - 12);
      a.text = r.body.substr(at, r.body.find("HTTP/1.1 ", at + 1) - at);
      list.push_back(a);
    }
    return list;
  }

  Organization org_;
};

TEST_F(Batch, AnswersEveryPartInOrder) {
  const std::string id = org_.create(org_.deal("Deal"));
  const auto r = run({part(operation("GET", "opportunities?$select=name")),
                      part(operation("POST", "accounts", Json{{"name", "Contoso"}})),
                      part(operation("PATCH", "http://127.0.0.1:8080/api/data/v9.2/opportunities(" + id + ")",
                                     Json{{"name", "Renamed"}}, "If-Match: *\r\n")),
                      part(operation("GET", "/api/data/v9.2/opportunities(" + id + ")?$select=name"))});
  ASSERT_EQ(r.status, 200);
  EXPECT_TRUE(text::starts_with(r.headers.get("Content-Type"), "multipart/mixed; boundary=batchresponse_"));
  EXPECT_TRUE(text::starts_with(r.body, "--batchresponse_")) << "no empty line before the first boundary";
  const auto parts = answers(r);
  ASSERT_EQ(parts.size(), 4U);
  EXPECT_EQ(parts[0].status, 200);
  EXPECT_EQ(parts[1].status, 204);
  EXPECT_NE(parts[1].text.find("OData-EntityId: http://127.0.0.1:8080/api/data/v9.2/accounts("), std::string::npos);
  EXPECT_NE(parts[1].text.find("Location: "), std::string::npos);
  EXPECT_EQ(parts[2].status, 204);
  EXPECT_NE(parts[3].text.find("\"name\":\"Renamed\""), std::string::npos);
}

TEST_F(Batch, StopsAtTheFirstErrorUnlessToldToGoOn) {
  const std::vector<std::string> parts = {part(operation("POST", "accounts", Json{{"name", "One"}})),
                                          part(operation("GET", "nothing")),
                                          part(operation("POST", "accounts", Json{{"name", "Two"}}))};
  auto r = run(parts);
  EXPECT_EQ(r.status, 400);
  EXPECT_EQ(answers(r).size(), 2U);
  EXPECT_EQ(answers(r)[1].status, 404);
  EXPECT_NE(r.body.find("REQ_ID: "), std::string::npos);
  EXPECT_EQ(org_.column("accounts", "name"), std::vector<std::string>{"One"}) << "what went before stays";
  r = run(parts, true);
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.headers.get("Preference-Applied"), "odata.continue-on-error");
  EXPECT_EQ(answers(r).size(), 3U);
  EXPECT_EQ(org_.column("accounts", "name").size(), 3U);
}

TEST_F(Batch, HonoursTheConditionsOfEachPart) {
  const std::string id = org_.create(org_.deal("Deal"));
  const auto r =
      run({part(operation("PATCH", org_.path_of(id), Json{{"name", "x"}}, "If-Match: W/\"1\"\r\n"), "7"),
           part(operation("PATCH", org_.path_of(id), org_.deal("x"), "If-None-Match: *\r\n"), "8"),
           part(operation("PATCH", org_.path_of(id), Json{{"name", "ok"}}, "Prefer: return=representation\r\n"), "9")},
          true);
  const auto parts = answers(r);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].status, 412);
  EXPECT_EQ(parts[0].content_id, "7");
  EXPECT_EQ(parts[1].status, 412);
  EXPECT_EQ(parts[2].status, 200);
  EXPECT_EQ(parts[2].content_id, "9");
  EXPECT_NE(parts[2].text.find("\"name\":\"ok\""), std::string::npos);
}

TEST_F(Batch, RunsAChangeSetAsAWhole) {
  const std::string id = org_.create(org_.deal("Deal"));
  auto r = run({change_set(
      {operation("POST", "accounts", Json{{"name", "Contoso"}}),
       operation("PATCH", org_.path_of(id), Json{{"parentaccountid@odata.bind", "$1"}, {"name", "Linked"}})})});
  ASSERT_EQ(r.status, 200) << r.body;
  auto parts = answers(r);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].content_id, "1");
  EXPECT_EQ(parts[1].content_id, "2");
  EXPECT_NE(r.body.find("Content-Type: multipart/mixed; boundary=changesetresponse_"), std::string::npos);
  EXPECT_FALSE(org_.row(id)["_parentaccountid_value"].is_null());

  const Json before = org_.row(id);
  r = run(
      {change_set({operation("POST", "accounts", Json{{"name", "Gone"}}),
                   operation("PATCH", org_.path_of(id), Json{{"name", "Gone"}}), operation("DELETE", org_.path_of(id)),
                   operation("POST", "opportunities", Json{{"salesstage", 99}})})},
      true);
  parts = answers(r);
  ASSERT_EQ(parts.size(), 1U) << "a failed change set has one answer";
  EXPECT_EQ(parts[0].status, 400);
  EXPECT_EQ(parts[0].content_id, "4");
  EXPECT_EQ(org_.row(id), before);
  EXPECT_EQ(org_.column("accounts", "name"), std::vector<std::string>{"Contoso"});
}

TEST_F(Batch, LeavesNoTraceOfATakenBackDeletionInTheChanges) {
  const std::string id = org_.create(org_.deal("Deal"));
  const std::string delta = org_.get("opportunities?$select=name", kTrack)["@odata.deltaLink"].get<std::string>();
  run({change_set(
          {operation("DELETE", org_.path_of(id)), operation("POST", "opportunities", Json{{"salesstage", 99}})})},
      true);
  EXPECT_TRUE(org_.get(delta, kTrack)["value"].empty());
}

TEST_F(Batch, CanNestTheAnswerOfAFailedChangeSet) {
  org_.set("failed_change_set", "nested");
  const auto r = run({change_set({operation("POST", "opportunities", Json{{"salesstage", 99}})})}, true);
  EXPECT_NE(r.body.find("boundary=changesetresponse_"), std::string::npos);
  EXPECT_EQ(answers(r)[0].status, 400);
}

TEST_F(Batch, RefusesReferencesToNothingAndReadsInChangeSets) {
  auto r = run({change_set({operation("PATCH", "$7", Json{{"name", "x"}})})}, true);
  EXPECT_NE(r.body.find("Content-ID Reference: '$7' does not exist in the batch context."), std::string::npos);
  EXPECT_EQ(run({change_set({operation("GET", "opportunities")})}).status, 400);
  EXPECT_EQ(run({part(operation("POST", "$batch", Json::object()))}).status, 400);
}

TEST_F(Batch, NeedsCarriageReturnsToTheLastLine) {
  const std::string good = "--b_1\r\n" + part(operation("GET", "WhoAmI()")) + "--b_1--\r\n";
  EXPECT_EQ(post(good).status, 200);
  EXPECT_EQ(post("\r\n" + good).status, 200) << "an empty line before the first boundary does no harm";
  EXPECT_EQ(post(text::replace_all(good, "\r\n", "\n")).status, 400);
  EXPECT_EQ(Organization::code(org_.last), "0x80048d19");
  EXPECT_EQ(post(good.substr(0, good.size() - 2)).status, 400);
}

TEST_F(Batch, TakesAThousandOperationsAndNoMore) {
  std::vector<std::string> parts(1000, part(operation("GET", "WhoAmI()")));
  EXPECT_EQ(answers(run(parts)).size(), 1000U);
  EXPECT_EQ(org_.core->last_served().size(), 1001U) << "the batch and each operation in it";
  EXPECT_TRUE(org_.core->last_served()[1].inner);
  parts.push_back(parts.front());
  EXPECT_EQ(run(parts).status, 400);
}

TEST_F(Batch, ClosesDeals) {
  const std::string id = org_.create(org_.deal("Deal"));
  const auto r = run({part(
      operation("POST", "WinOpportunity",
                Json{{"Status", 3}, {"OpportunityClose", {{"opportunityid@odata.bind", "/" + org_.path_of(id)}}}}))});
  EXPECT_EQ(answers(r)[0].status, 204);
  EXPECT_EQ(org_.row(id)["statecode"], 1);
}

}  // namespace
}  // namespace cosell::emulator
