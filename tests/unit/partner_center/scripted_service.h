// A service that answers what a test tells it to, for wire forms that no healthy emulator sends, and a login that
// always works. Requests are kept for looking at.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "connectors/partner_center/partner_center_connector.h"
#include "net/in_process_transport.h"

namespace cosell::test {

class FixedTokens final : public net::TokenSource {
 public:
  Result<std::string> token() override { return "token-" + std::to_string(renewed); }
  void invalidate() override { ++renewed; }
  int renewed = 0;
};

inline http::Response answer(int status, std::string body, std::vector<http::Header> headers = {}) {
  http::Response response;
  response.status = status;
  response.headers.list = std::move(headers);
  if (!body.empty() && !response.headers.find("Content-Type")) {
    response.headers.set("Content-Type", "application/json; charset=utf-8");
  }
  response.body = std::move(body);
  return response;
}

class ScriptedService {
 public:
  using Handler = std::function<net::Delivered(const http::Request&)>;

  explicit ScriptedService(PartnerCenterSettings settings = {})
      : tokens(std::make_shared<FixedTokens>()),
        transport([this](const http::Request& request) { return serve(request); }),
        connector(make_partner_center_connector(std::move(settings), tokens)) {}

  // Answers in turn; when they run out, `otherwise` decides.
  void then(int status, std::string body, std::vector<http::Header> headers = {}) {
    script.push_back({net::Delivered::Kind::response, answer(status, std::move(body), std::move(headers))});
  }
  void then(net::Delivered::Kind kind) { script.push_back({kind, {}}); }

  Call call() {
    Call c{transport, clock, random, meter, "partner_center"};
    return c;
  }

  ManualClock clock{*parse_instant("2026-03-01T12:00:00Z")};
  SeededRandom random{7};
  net::CallMeter meter;
  std::shared_ptr<FixedTokens> tokens;
  std::deque<net::Delivered> script;
  Handler otherwise = [](const http::Request&) {
    return net::Delivered{net::Delivered::Kind::response, answer(200, R"({"value":[]})")};
  };
  std::vector<http::Request> requests;
  net::InProcessTransport transport;
  std::unique_ptr<Connector> connector;

 private:
  net::Delivered serve(const http::Request& request) {
    requests.push_back(request);
    if (script.empty()) return otherwise(request);
    net::Delivered next = std::move(script.front());
    script.pop_front();
    return next;
  }
};

// A referral row as the list call prints it; `more` is further members beginning with a comma.
inline std::string row(const std::string& id, const std::string& updated, const std::string& more = "") {
  return R"({"id":")" + id + R"(","engagementId":"e-)" + id +
         R"(","organizationId":"org-1","organizationName":"Example",)" +
         R"("createdDateTime":"2026-01-01T00:00:00Z","updatedDateTime":")" + updated +
         R"(","status":"Active","substatus":"Accepted","eTag":"\"tag-)" + id + updated + R"(\"")" + more + "}";
}

inline std::string list_of(const std::vector<std::string>& rows, const std::string& next = "") {
  std::string body = R"({"@odata.count":1,"value":[)";
  for (std::size_t i = 0; i < rows.size(); ++i) body += (i > 0 ? "," : "") + rows[i];
  return body + "]" + (next.empty() ? "" : R"(,"@odata.nextLink":")" + next + "\"") + "}";
}

inline std::vector<std::string> ids_of(const std::vector<Observation>& seen) {
  std::vector<std::string> ids;
  for (const Observation& o : seen) ids.push_back(o.id.value);
  return ids;
}

inline PartnerCenterSettings ours() {
  PartnerCenterSettings s;
  s.organization_id = "org-1";
  return s;
}

inline Operation edit(const std::string& id, const std::string& version = "\"v1\"") {
  Operation op;
  op.id = OperationId("op-" + id);
  op.kind = RecordKind::referral;
  op.verb = Verb::update;
  op.target.id = RecordId(id);
  op.must_match = VersionToken(version);
  op.changes = {{"notes", Value(std::string("new"))}};
  return op;
}

inline const Error& error_in(const Outcome& o) { return std::get<Error>(o.what); }

inline Outcome push_one(ScriptedService& service, const Operation& op) {
  Call call = service.call();
  std::vector<Outcome> outcomes = service.connector->push(call, std::span(&op, 1));
  EXPECT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes.front().id, op.id);
  return outcomes.front();
}

inline Result<Page> pull(ScriptedService& service, const Cursor& cursor = {}, int limit = 2000) {
  Call call = service.call();
  return service.connector->pull(call, {cursor, {}, limit});
}

}  // namespace cosell::test
