// An emulated organisation with the connector in front of it, in one process: what the Salesforce tests share.
// The clock stands still unless told, so stamps, overlaps and waits are exact.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "connectors/emulator/sandboxed.h"
#include "connectors/salesforce/emulator/salesforce_emulator.h"
#include "connectors/salesforce/salesforce_connector.h"
#include "net/in_process_transport.h"
#include "net/oauth.h"

namespace cosell::test {

inline const char* kHost = "http://127.0.0.1:8080";

class TestOrg {
 public:
  explicit TestOrg(SalesforceSettings settings = default_settings())
      : manual(Instant{1'795'000'000'000}),
        clock(manual),
        box(emulator::make_salesforce_emulator(), clock, 7),
        random(11),
        transport([this](const http::Request& r) { return deliver(r); }),
        lane{"crm", transport, manual, random, &meter},
        settings_(std::move(settings)) {
    reconnect();
  }

  static SalesforceSettings default_settings() {
    SalesforceSettings s;
    s.instance = kHost;
    return s;
  }

  // A new process: nothing remembered but what the engine stores.
  void reconnect() {
    tokens = net::make_token_source({std::string(kHost) + "/services/oauth2/token", "cosell-sandbox-app"},
                                    net::ClientCredentialsLogin{net::Secret("cosell-sandbox-secret")}, lane, nullptr);
    connector = make_salesforce_connector(settings_, tokens);
  }

  Call call() { return Call{transport, manual, random, meter, "crm", 4, seconds(60), {}}; }

  json::Value control(const std::string& verb, const std::string& body, const std::string& method = "POST") {
    http::Request r;
    r.method = method;
    r.url = "/_sandbox/" + verb;
    r.headers.set("Content-Type", "application/json");
    r.body = body;
    const auto answer = box.handle(r).response;
    EXPECT_LT(answer.status, 300) << verb << " " << body << " -> " << answer.body;
    return json::read(answer.body).value_or(json::Value());
  }

  // A person creates an opportunity; `more` are further members (", \"Amount\":5").
  std::string create(const std::string& name, const std::string& more = "") {
    const auto answer = control("edit", R"({"object":"Opportunity","fields":{"Name":")" + name +
                                            R"(","StageName":"Prospecting","CloseDate":"2027-01-31")" + more + "}}");
    const std::string id = answer.text_of("id");
    EXPECT_FALSE(id.empty()) << json::write(answer);
    return normal_id(id);
  }
  std::string create_account(const std::string& fields) {
    return normal_id(control("edit", R"({"object":"Account","fields":)" + fields + "}").text_of("id"));
  }
  void edit(const std::string& id, const std::string& fields) {
    control("edit", R"({"id":")" + id + R"(","fields":)" + fields + "}");
  }
  std::string normal_id(const std::string& id) { return connector->normal_id(id).value; }
  void set(const std::string& settings) { control("settings", settings); }
  void faults(const std::string& list) { control("faults", list); }
  void advance(Duration d) { manual.advance(d); }
  std::uint64_t requests() { return meter.of("crm").total(); }

  ManualClock manual;
  emulator::SandboxClock clock;
  emulator::Sandboxed box;
  SeededRandom random;
  net::CallMeter meter;
  net::InProcessTransport transport;
  net::Lane lane;
  std::shared_ptr<net::TokenSource> tokens;
  std::unique_ptr<Connector> connector;
  std::vector<std::string> asked;   // "GET /services/data/…", decoded, in order
  std::vector<std::string> bodies;  // of the same requests
  bool send_date = true;
  std::function<void(http::Response&)> tamper;  // changes answers on their way

 private:
  net::Delivered deliver(const http::Request& request) {
    asked.push_back(request.method + " " + text::percent_decode(request.url));
    bodies.push_back(request.body);
    auto d = box.handle(request);
    if (d.drop) return {net::Delivered::Kind::dropped_after, {}};
    if (d.truncate_to) return {net::Delivered::Kind::truncated, {}};
    if (!send_date) {
      auto& headers = d.response.headers.list;
      headers.erase(
          std::remove_if(headers.begin(), headers.end(), [](const http::Header& h) { return h.name == "Date"; }),
          headers.end());
    }
    if (tamper) tamper(d.response);
    return {net::Delivered::Kind::response, std::move(d.response)};
  }

  SalesforceSettings settings_;
};

// All pages from a cursor on, as the engine reads them.
struct Pulled {
  std::vector<Observation> seen;
  std::vector<Cursor> cursors;  // after each page
  bool full_listing = false;
};

inline Pulled pull_all(TestOrg& org, const std::vector<std::string>& columns, Cursor from = {}) {
  Pulled out;
  Call call = org.call();
  for (int page = 0; page < 100; ++page) {
    PullRequest request;
    request.cursor = from;
    request.columns = columns;
    auto got = org.connector->pull(call, request);
    if (!got) {
      ADD_FAILURE() << name_of(got.error().kind) << ": " << got.error().message << " / " << got.error().detail;
      return out;
    }
    for (Observation& o : got->seen) out.seen.push_back(std::move(o));
    out.full_listing = got->full_listing;
    out.cursors.push_back(got->next);
    from = got->next;
    if (got->caught_up) return out;
  }
  ADD_FAILURE() << "the pull does not end";
  return out;
}

inline std::vector<std::string> names_of(const std::vector<Observation>& seen) {
  std::vector<std::string> names;
  for (const Observation& o : seen) names.push_back(text_of(column(o.columns, "Name")));
  return names;
}

inline Operation update_of(const std::string& id, Columns changes, Columns expected = {}) {
  Operation op;
  op.id = OperationId("update-" + id);
  op.target.id = RecordId(id);
  op.changes = std::move(changes);
  op.expected = std::move(expected);
  return op;
}

inline Operation create_of(const std::string& key, Columns changes) {
  Operation op;
  op.id = OperationId("create-" + key);
  op.verb = Verb::create;
  op.target.key = BridgeKey(key);
  op.changes = std::move(changes);
  return op;
}

inline Columns new_deal(const std::string& name) {
  return {
      {"Name", Value(name)}, {"StageName", Value(std::string("Prospecting"))}, {"CloseDate", Value(Date{2027, 1, 31})}};
}

inline const Error* error_in(const Outcome& o) { return std::get_if<Error>(&o.what); }
inline const Applied* applied_in(const Outcome& o) { return std::get_if<Applied>(&o.what); }

}  // namespace cosell::test
