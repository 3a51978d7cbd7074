// An emulated CRM with its connector in front of it, in one process: what the tests of both CRMs' connectors share.
// The clock stands still unless told, so stamps, overlaps and waits are exact.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "connectors/connector.h"
#include "connectors/emulator/sandboxed.h"
#include "net/in_process_transport.h"
#include "net/oauth.h"

namespace cosell::test {

inline const char* kHost = "http://127.0.0.1:8080";

class CrmOrg {
 public:
  explicit CrmOrg(std::unique_ptr<emulator::Emulator> emulated)
      : manual(Instant{1'795'000'000'000}),
        clock(manual),
        box(std::move(emulated), clock, 7),
        random(11),
        transport([this](const http::Request& r) { return deliver(r); }),
        lane{"crm", transport, manual, random, &meter} {}

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
  std::vector<std::string> asked;   // "GET /api/data/…", decoded, in order
  std::vector<std::string> bodies;  // of the same requests
  Duration takes{};                 // how long each request takes
  bool send_date = true;
  std::function<void(http::Response&)> tamper;  // changes answers on their way
  std::function<void(http::Request&)> reword;   // changes questions on their way

 private:
  net::Delivered deliver(const http::Request& request) {
    asked.push_back(request.method + " " + text::percent_decode(request.url));
    bodies.push_back(request.body);
    http::Request arrives = request;
    if (reword) reword(arrives);
    auto d = box.handle(arrives);
    manual.advance(takes);
    if (d.drop) return {net::Delivered::Kind::dropped_after, {}};
    if (d.truncate_to) return {net::Delivered::Kind::truncated, {}};
    if (!send_date) std::erase_if(d.response.headers.list, [](const http::Header& h) { return h.name == "Date"; });
    if (tamper) tamper(d.response);
    return {net::Delivered::Kind::response, std::move(d.response)};
  }
};

// All pages from a cursor on, as the engine reads them.
struct Pulled {
  std::vector<Observation> seen;
  std::vector<Cursor> cursors;  // after each page
  bool full_listing = false;
};

inline Pulled pull_all(CrmOrg& org, const std::vector<std::string>& columns, Cursor from = {}) {
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

inline std::vector<std::string> texts_of(const std::vector<Observation>& seen, const std::string& name) {
  std::vector<std::string> texts;
  for (const Observation& o : seen) texts.push_back(text_of(column(o.columns, name)));
  return texts;
}

inline Value text_value(const std::string& s) { return Value(s); }
inline Value number(const char* s) { return Value(Number{s}); }

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

inline const Error* error_in(const Outcome& o) { return std::get_if<Error>(&o.what); }
inline const Applied* applied_in(const Outcome& o) { return std::get_if<Applied>(&o.what); }

inline std::string kind_of(const Outcome& o) { return error_in(o) == nullptr ? "applied" : name_of(error_in(o)->kind); }
// With everything that a person would read, for messages of failed tests.
inline std::string told(const Outcome& o) {
  return error_in(o) == nullptr
             ? "applied"
             : kind_of(o) + ": " + error_in(o)->message + " [" + error_in(o)->rule + "] " + error_in(o)->detail;
}

inline std::vector<Outcome> push(CrmOrg& org, const std::vector<Operation>& operations) {
  Call call = org.call();
  auto outcomes = org.connector->push(call, operations);
  EXPECT_EQ(outcomes.size(), operations.size());
  for (std::size_t i = 0; i < std::min(outcomes.size(), operations.size()); ++i) {
    EXPECT_EQ(outcomes[i].id, operations[i].id);
  }
  return outcomes;
}

inline std::vector<Observation> fetch(CrmOrg& org, const std::vector<RecordRef>& refs,
                                      const std::vector<std::string>& columns) {
  Call call = org.call();
  auto rows = org.connector->fetch(call, refs, columns);
  if (rows) return *std::move(rows);
  ADD_FAILURE() << rows.error().message << " / " << rows.error().detail;
  return {};
}

inline RecordRef by_id(const std::string& id, RecordKind kind = RecordKind::opportunity) {
  RecordRef ref;
  ref.kind = kind;
  ref.id = RecordId(id);
  return ref;
}

inline RecordRef by_key(const std::string& key) {
  RecordRef ref;
  ref.key = BridgeKey(key);
  return ref;
}

// The one record with the id.
inline Observation seen_of(CrmOrg& org, const std::string& id, const std::vector<std::string>& columns) {
  auto rows = fetch(org, {by_id(id)}, columns);
  EXPECT_EQ(rows.size(), 1U);
  return rows.empty() ? Observation() : rows.front();
}

inline Value value_of(CrmOrg& org, const std::string& id, const std::string& name) {
  return column(seen_of(org, id, {name}).columns, name);
}

}  // namespace cosell::test
