// An emulated org that tests talk to as a client would: requests in, answers out, one clock that tests move.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "base/time.h"
#include "connectors/salesforce/emulator/salesforce_emulator.h"

namespace cosell::emulator {

class Org {
 public:
  explicit Org(SalesforceOptions options = {}) : core(make_salesforce_emulator(std::move(options))) { log_in(); }

  void log_in() {
    const Json body = json(form("/services/oauth2/token",
                                "grant_type=refresh_token&client_id=cosell-sandbox-app&"
                                "refresh_token=cosell-sandbox-refresh-token"));
    token = body.value("access_token", "");
  }

  http::Response send(http::Request request) {
    if (!request.headers.find("Host")) request.headers.set("Host", "127.0.0.1:8080");
    last = core->handle(request, clock, random);
    return last;
  }

  http::Response form(const std::string& url, const std::string& body) {
    http::Request r;
    r.method = "POST";
    r.url = url;
    r.headers.set("Content-Type", "application/x-www-form-urlencoded");
    r.body = body;
    return send(r);
  }

  http::Response call(const std::string& method, const std::string& path, const Json& body = nullptr,
                      const std::vector<http::Header>& headers = {}) {
    http::Request r;
    r.method = method;
    r.url = text::starts_with(path, "/services/data/") ? path : "/services/data/v64.0" + path;
    r.headers.set("Authorization", "Bearer " + token);
    for (const http::Header& h : headers) r.headers.set(h.name, h.value);
    if (!body.is_null()) {
      r.headers.set("Content-Type", "application/json");
      r.body = body.dump();
    }
    return send(r);
  }

  static Json json(const http::Response& r) { return Json::parse(r.body, nullptr, false); }
  Json get(const std::string& path) { return json(call("GET", path)); }
  Json query(const std::string& soql, const char* resource = "/query") {
    return get(std::string(resource) + "?q=" + text::percent_encode(soql));
  }
  // Values of the first column of every record on the first page.
  std::vector<std::string> column(const std::string& soql, const std::string& field) {
    std::vector<std::string> out;
    const Json answer = query(soql);
    if (!answer.contains("records")) {
      ADD_FAILURE() << answer.dump();
      return out;
    }
    for (const Json& record : answer["records"])
      out.push_back(record[field].is_null() ? "null" : record[field].get<std::string>());
    return out;
  }
  static std::string code(const Json& errors) {
    return errors.is_array() && !errors.empty() ? errors[0].value("errorCode", "") : "";
  }

  Json deal(const std::string& name) {
    return Json{{"Name", name}, {"StageName", "Prospecting"}, {"CloseDate", "2026-11-30"}};
  }
  std::string create(const Json& fields, const std::string& object = "Opportunity") {
    const http::Response r = call("POST", "/sobjects/" + object, fields);
    EXPECT_EQ(r.status, 201) << r.body;
    return json(r).value("id", "");
  }
  Json control(const std::string& verb, const Json& body) {
    http::Request r;
    r.method = "POST";
    r.url = "/_sandbox/" + verb;
    r.body = body.dump();
    const auto answer = core->control(verb, r, clock, random);
    EXPECT_TRUE(answer.has_value()) << verb;
    control_status = answer ? answer->status : 0;
    return answer ? json(*answer) : Json(nullptr);
  }

  ManualClock clock{*parse_instant("2026-06-01T10:00:00Z")};
  SeededRandom random{7};
  std::unique_ptr<SalesforceEmulator> core;
  std::string token;
  http::Response last;
  int control_status = 0;
};

}  // namespace cosell::emulator
