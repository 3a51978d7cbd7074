// A small core for the tests of what surrounds cores: POST /items stores the body, GET /items/{id} answers it.
// It behaves like a real one (it keeps state, answers 404, counts what it served), it only has no rules.
#pragma once

#include <string>
#include <vector>

#include "connectors/emulator/toolkit.h"

namespace cosell::emulator::testing {

class LedgerCore final : public Emulator {
 public:
  LedgerCore() { switches_.add_number("page_size", "Rows of a page.", 10, 1, 100); }

  bool takes_gzip = false;
  std::string name() const override { return "ledger"; }
  bool takes_gzip_bodies() const override { return takes_gzip; }

  http::Response handle(const http::Request& request, Clock& clock, Random& random) override {
    const Target target = target_of(request.url);
    Served served;
    served.method = request.method;
    served.path_template = target.segments.size() > 1 ? "/items/{id}" : "/items";
    http::Response response;
    if (request.method == "POST") {
      items_.push_back(request.body);
      response = json_answer(201, Json{{"id", items_.size()},
                                       {"size", request.body.size()},
                                       {"at", to_string(clock.now())},
                                       {"draw", random.below(1'000'000)}});
    } else if (target.segments.size() == 2 && target.segments[1] == "all") {
      response = json_answer(200, Json(items_));
    } else if (target.segments.size() == 2) {
      response = json_answer(404, Json{{"url", request.url}, {"header", request.headers.get("X-Test")}});
    } else {
      response = json_answer(200, Json{{"count", items_.size()}});
    }
    served.status = response.status;
    served_.assign(1, served);
    if (request.headers.get("X-Batch") == "2") {
      Served inner = served;
      inner.inner = true;
      served_.insert(served_.end(), {inner, inner});
    }
    return response;
  }

  const std::vector<Served>& last_served() const override { return served_; }
  std::vector<Setting> settings() const override { return switches_.list(); }
  std::string set(const std::string& name, const Json& value) override { return switches_.set(name, value); }
  Json records(Clock&) override { return Json{{"items", items_}}; }
  std::vector<ControlVerb> verbs() const override { return {{"stamp", "{}", "Stamps."}}; }
  std::optional<http::Response> control(const std::string& verb, const http::Request&, Clock&, Random&) override {
    if (verb != "stamp") return std::nullopt;
    return json_answer(200, Json{{"stamped", true}});
  }
  void reset() override { items_.clear(); }
  Json save() const override { return Json(items_); }
  void load(const Json& saved) override { items_ = saved.get<std::vector<std::string>>(); }

 private:
  Switches switches_;
  std::vector<std::string> items_;
  std::vector<Served> served_;
};

inline http::Request request_of(std::string method, std::string url, std::string body = "") {
  http::Request request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.body = std::move(body);
  return request;
}

inline Json body_of(const http::Response& response) { return read_json(response.body).value_or(Json()); }

}  // namespace cosell::emulator::testing
