// Requests that no client should send: the organisation answers every one of them and stays whole.
#include "tests/unit/dynamics365_emulator/organization.h"

namespace cosell::emulator {
namespace {

std::vector<http::Request> good_requests(Organization& org, const std::string& id) {
  const auto request = [&](const std::string& method, const std::string& path, const std::string& body = "",
                           const std::string& type = "application/json") {
    http::Request r;
    r.method = method;
    r.url = "/api/data/v9.2/" + Organization::encoded(path);
    r.headers.set("Authorization", "Bearer " + org.token);
    if (!body.empty()) r.headers.set("Content-Type", type);
    r.body = body;
    return r;
  };
  const std::string delta = org.get("opportunities?$select=name", kTrack)["@odata.deltaLink"].get<std::string>();
  return {
      request("GET",
              "opportunities?$select=name,estimatedvalue&$filter=(name eq 'a' or contains(name,'b')) and not "
              "(statecode ne 0)&$orderby=name desc&$top=3&$expand=parentaccountid($select=name)"),
      request(
          "GET",
          "opportunities?$filter=Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=['a','b'])&$count=true"),
      request("GET", delta.substr(delta.find("opportunities"))),
      request("GET", "opportunities(cosell_referralid='x',b=2)/parentaccountid/$ref"),
      request("PATCH", "opportunities(" + id + ")",
              R"json({"name":"x","parentaccountid@odata.bind":"/accounts(1)","estimatedvalue":1.5})json"),
      request(
          "POST", "opportunities",
          R"json({"name":"x","salesstage":1,"parentaccountid":{"name":"y"},"estimatedclosedate":"2026-01-01"})json"),
      request("POST", "WinOpportunity",
              R"json({"Status":3,"OpportunityClose":{"opportunityid@odata.bind":"/opportunities(1)"
}
})json"),
      request("POST", "opportunities/Microsoft.Dynamics.CRM.UpdateMultiple",
              R"json({"Targets":[{"@odata.type":"Microsoft.Dynamics.CRM.opportunity","@odata.id":"opportunities(1)"
}]
})json"),
      request(
          "GET",
          "EntityDefinitions(LogicalName='opportunity')/Attributes(LogicalName='salesstage')/"
          "Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet($select=Options)"),
      request("POST", "$batch",
              "--b\r\nContent-Type: multipart/mixed;boundary=c\r\n\r\n--c\r\nContent-Type: "
              "application/http\r\nContent-ID: 1\r\n\r\nPOST accounts HTTP/1.1\r\nContent-Type: "
              "application/json\r\n\r\n{\"name\":\"x\"}\r\n--c--\r\n--b--\r\n",
              "multipart/mixed;boundary=b")};
}

void spoil(std::string& text, Random& random) {
  static const std::string kMarks = "()'$,=/@[]{}\":;-0 %\r\n\\\xC3";
  if (text.empty()) return;
  const std::size_t at = random.below(text.size());
  switch (random.below(4)) {
    case 0:
      text.erase(at, 1 + random.below(8));
      break;
    case 1:
      text.insert(at, 1, kMarks[random.below(kMarks.size())]);
      break;
    case 2:
      text[at] = kMarks[random.below(kMarks.size())];
      break;
    default:
      text.insert(at, text.substr(at, random.below(12)));
  }
}

TEST(Dynamics365Robustness, SurvivesSpoiledRequests) {
  Organization org;
  const std::string id = org.create(org.deal("Deal"));
  const auto requests = good_requests(org, id);
  SeededRandom random(11);
  for (int i = 0; i < 20'000; ++i) {
    http::Request r = requests[random.below(requests.size())];
    for (std::uint64_t n = random.below(4) + 1; n > 0; --n)
      spoil(!r.body.empty() && random.below(2) == 0 ? r.body : r.url, random);
    const http::Response answer = org.send(r);
    ASSERT_GE(answer.status, 200) << r.url;
    ASSERT_LT(answer.status, 500) << r.method << " " << r.url << "\n" << r.body << "\n" << answer.body;
  }
  EXPECT_EQ(org.call("GET", "WhoAmI").status, 200);
}

TEST(Dynamics365Robustness, RefusesExpressionsThatNestWithoutEnd) {
  Organization org;
  EXPECT_EQ(org.call("GET", "opportunities?$filter=" + std::string(5000, '(') + "name eq 'x'").status, 400);
  std::string nots;
  for (int i = 0; i < 5000; ++i) nots += "not ";
  EXPECT_EQ(org.call("GET", "opportunities?$filter=" + nots + "name eq 'x'").status, 400);
}

TEST(Dynamics365Robustness, RefusesValuesOfTheWrongKindEverywhere) {
  Organization org;
  const std::string id = org.create(org.deal("Deal"));
  const std::vector<Json> values = {Json(nullptr), Json(true),       Json(7),       Json(1.5),
                                    Json("text"),  Json::array({1}), Json{{"a", 1}}};
  const Json row = org.row(id);
  for (const auto& column : row.items()) {
    for (const Json& value : values) {
      for (const char* suffix : {"", "@odata.bind"}) {
        const auto r = org.call("PATCH", org.path_of(id), Json{{column.key() + suffix, value}});
        ASSERT_LT(r.status, 500) << column.key() << suffix << " " << value.dump();
      }
    }
  }
  for (const Json& value : values) {
    EXPECT_EQ(org.call("POST", "WinOpportunity", Json{{"Status", value}, {"OpportunityClose", value}}).status, 400);
    EXPECT_EQ(org.call("POST", "opportunities/Microsoft.Dynamics.CRM.CreateMultiple",
                       Json{{"Targets", Json::array({Json{{"@odata.type", value}}})}})
                  .status,
              400);
  }
}

}  // namespace
}  // namespace cosell::emulator
