// An emulated Dynamics 365 organisation that tests talk to as a client would: requests in, answers out, one clock that
// tests move.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "base/time.h"
#include "connectors/dynamics365/emulator/dynamics365_emulator.h"

namespace cosell::emulator {

using HeaderList = std::vector<http::Header>;

inline const HeaderList kRepresentation = {{"Prefer", "return=representation"}};
inline const HeaderList kTrack = {{"Prefer", "odata.track-changes"}};

class Organization {
 public:
  explicit Organization(Dynamics365Options options = {}) : core(make_dynamics365_emulator(std::move(options))) {
    log_in();
  }

  void log_in() {
    const Json body = json(ask_token({}));
    token = body.value("access_token", "");
  }

  // Time goes by; whoever is logged in logs in anew.
  void pass(Duration d) {
    clock.advance(d);
    log_in();
  }

  // A token request; `changed` replaces or adds fields of a valid one, an empty value leaves the field out.
  http::Response ask_token(const std::vector<std::pair<std::string, std::string>>& changed,
                           const std::string& tenant = Dynamics365Options().tenant) {
    const Dynamics365Options options;
    std::vector<std::pair<std::string, std::string>> form = {{"grant_type", "client_credentials"},
                                                             {"client_id", options.client_id},
                                                             {"client_secret", options.client_secret},
                                                             {"scope", options.organization_url + "/.default"}};
    for (const auto& change : changed) {
      std::erase_if(form, [&](const auto& f) { return f.first == change.first; });
      if (!change.second.empty()) form.push_back(change);
    }
    http::Request r;
    r.method = "POST";
    r.url = "/" + tenant + "/oauth2/v2.0/token";
    r.headers.set("Content-Type", "application/x-www-form-urlencoded");
    r.body = http::encode_form(form);
    return send(r);
  }

  http::Response send(http::Request request) {
    if (!request.headers.find("Host")) request.headers.set("Host", "127.0.0.1:8080");
    last = core->handle(request, clock, random);
    return last;
  }

  http::Response call(const std::string& method, const std::string& path, const Json& body = nullptr,
                      const HeaderList& headers = {}) {
    http::Request r;
    r.method = method;
    const std::size_t scheme = path.find("/api/data/");
    r.url = scheme == std::string::npos ? "/api/data/v9.2/" + encoded(path) : path.substr(scheme);
    r.headers.set("Authorization", "Bearer " + token);
    for (const http::Header& h : headers) r.headers.set(h.name, h.value);
    if (!body.is_null()) {
      r.headers.set("Content-Type", "application/json");
      r.body = body.dump();
    }
    return send(r);
  }

  // Blanks and quotes of a query, as clients encode them.
  static std::string encoded(const std::string& path) {
    return text::replace_all(text::replace_all(path, " ", "%20"), "'", "%27");
  }

  static Json json(const http::Response& r) { return Json::parse(r.body, nullptr, false); }
  Json get(const std::string& path, const HeaderList& headers = {}) {
    return json(call("GET", path, nullptr, headers));
  }
  static std::string code(const http::Response& r) {
    const Json body = json(r);
    return body.is_object() && body.contains("error") ? body["error"].value("code", "?") : "";
  }
  static std::string message(const http::Response& r) {
    const Json body = json(r);
    return body.is_object() && body.contains("error") ? body["error"].value("message", "") : "";
  }

  // Creates a row and answers its id.
  std::string create(const Json& fields, const std::string& set = "opportunities") {
    const http::Response r = call("POST", set, fields);
    EXPECT_EQ(r.status, 204) << r.body;
    const std::string entity = r.headers.get("OData-EntityId");
    return entity.size() < 37 ? "" : entity.substr(entity.size() - 37, 36);
  }
  Json deal(const std::string& name) {
    return Json{{"name", name}, {"estimatedvalue", 1000.5}, {"estimatedclosedate", "2026-11-30"}};
  }
  std::string path_of(const std::string& id) { return "opportunities(" + id + ")"; }
  Json row(const std::string& id, const std::string& select = "") {
    return get(path_of(id) + (select.empty() ? "" : "?$select=" + select));
  }
  std::vector<std::string> column(const std::string& path, const std::string& name) {
    std::vector<std::string> out;
    const Json answer = get(path);
    EXPECT_TRUE(answer.contains("value")) << answer.dump();
    if (!answer.contains("value")) return out;
    for (const Json& r : answer["value"])
      out.push_back(r[name].is_string() ? r[name].get<std::string>() : r[name].dump());
    return out;
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
  void set(const std::string& name, const Json& value) { ASSERT_EQ(core->set(name, value), ""); }

  std::string currency(const std::string& code) {
    const auto ids = column("transactioncurrencies?$filter=isocurrencycode eq '" + code + "'", "transactioncurrencyid");
    return ids.empty() ? "" : ids.front();
  }

  ManualClock clock{*parse_instant("2026-06-01T10:00:00Z")};
  SeededRandom random{7};
  std::unique_ptr<Dynamics365Emulator> core;
  std::string token;
  http::Response last;
  int control_status = 0;
};

}  // namespace cosell::emulator
