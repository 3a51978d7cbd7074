// The emulator as a whole: takes a request apart, decides whether it needs a session, counts it, and shapes the answer.
#include "connectors/salesforce/emulator/salesforce_emulator.h"

#include <algorithm>

#include "base/text.h"
#include "connectors/emulator/toolkit.h"
#include "connectors/salesforce/emulator/api.h"
#include "connectors/salesforce/emulator/control.h"
#include "connectors/salesforce/emulator/load.h"
#include "connectors/salesforce/emulator/sessions.h"
#include "connectors/salesforce/emulator/state.h"

namespace cosell::emulator {

namespace {

using namespace salesforce;

constexpr int kFirstVersion = 46;
constexpr int kLastVersion = 68;
constexpr std::size_t kUrlAndHeadersMax = 16'384;

std::optional<int> version_of(const std::string& segment) {
  if (segment.size() != 5 || segment[0] != 'v' || segment.compare(3, 2, ".0") != 0) return std::nullopt;
  const auto number = parse_number(segment.substr(1, 2));
  if (!number || *number < kFirstVersion || *number > kLastVersion) return std::nullopt;
  return static_cast<int>(*number);
}

http::Response versions() {
  Json list = Json::array();
  constexpr const char* kSeasons[] = {"Spring", "Summer", "Winter"};
  for (int v = kFirstVersion; v <= kLastVersion; ++v) {
    // Three releases a year; version 46 was Summer '19.
    const int since = v - kFirstVersion + 1;
    const std::string label = std::string(kSeasons[since % 3]) + " '" + std::to_string(19 + (since + 1) / 3);
    const std::string version = std::to_string(v) + ".0";
    list.push_back(Json{{"label", label}, {"url", "/services/data/v" + version}, {"version", version}});
  }
  return json_answer(200, list);
}

http::Response to_response(const Answer& answer) {
  if (answer.csv) {
    http::Response csv = empty_answer(answer.status);
    csv.body = *answer.csv;
    csv.headers = answer.headers;
    csv.headers.set("Content-Type", "text/csv");
    return csv;
  }
  http::Response response = answer.has_body ? json_answer(answer.status, answer.body) : empty_answer(answer.status);
  if (answer.has_body) response.headers.set("Content-Type", "application/json;charset=UTF-8");
  for (const http::Header& h : answer.headers.list) response.headers.set(h.name, h.value);
  return response;
}

std::size_t header_bytes(const http::Request& request) {
  std::size_t bytes = request.url.size();
  for (const http::Header& h : request.headers.list) bytes += h.name.size() + h.value.size() + 4;
  return bytes;
}

class Core final : public SalesforceEmulator {
 public:
  explicit Core(SalesforceOptions options) : state_(std::make_unique<State>(std::move(options))) {
    last_now_ = state_->options.created;
    furnish(*state_, last_now_);
  }

  std::string name() const override { return "salesforce"; }
  bool takes_gzip_bodies() const override { return true; }

  http::Response handle(const http::Request& request, Clock& clock, Random& random) override {
    served_.clear();
    last_now_ = clock.now();
    Served served;
    served.method = request.method;
    http::Response response = answer(request, random, served.path_template);
    response.headers.set("Date", http_date(last_now_));
    if (request.method == "HEAD") response.body.clear();
    served.status = response.status;
    served_.insert(served_.begin(), served);
    return response;
  }

  const std::vector<Served>& last_served() const override { return served_; }
  std::vector<Setting> settings() const override { return list_settings(*state_); }
  std::string set(const std::string& name, const Json& value) override {
    return change_setting(*state_, name, value, last_now_);
  }
  Json records(Clock&) override { return all_records(*state_); }
  std::vector<ControlVerb> verbs() const override { return control_verbs(); }
  std::optional<http::Response> control(const std::string& verb, const http::Request& request, Clock& clock,
                                        Random&) override {
    last_now_ = clock.now();
    return salesforce::control(*state_, verb, request, last_now_);
  }
  void reset() override {
    state_->model.clear_records();
    state_->cursors.clear();
    state_->cursor_order.clear();
    state_->bulk_jobs.clear();
  }
  Json save() const override { return save_state(*state_); }
  void load(const Json& saved) override { load_state(*state_, saved); }

  Result<LoadReport> load_csv(std::string_view csv, const Pairs& map, const Pairs& set, Clock& clock,
                              Random&) override {
    last_now_ = clock.now();
    return salesforce::load_csv(*state_, LoadRequest{csv, map, set, last_now_});
  }
  void seed(std::size_t count, Clock& clock, Random& random, const SeedOptions& options) override {
    last_now_ = clock.now();
    seed_deals(*state_, count, options, last_now_, random);
  }

 private:
  http::Response answer(const http::Request& request, Random& random, std::string& shape) {
    const Target target = target_of(request.url);
    shape = guess_template(target.path);
    if (request.url.size() > kUrlAndHeadersMax) return empty_answer(414);
    if (header_bytes(request) > kUrlAndHeadersMax) return empty_answer(431);
    const auto& s = target.segments;
    const LoginCall login{*state_, random, last_now_, request, address_called(request)};
    const auto is = [&](std::size_t i, const char* word) { return i < s.size() && s[i] == word; };
    if (is(0, "services") && is(1, "oauth2") && s.size() == 3) {
      if (is(2, "token")) return token(login);
      if (is(2, "revoke")) return revoke(login);
    }
    if (is(0, "id") && s.size() == 3) {
      shape = "/id/{organization}/{user}";
      return identity(login, s[1], s[2]);
    }
    if (is(0, "services") && is(1, "data")) {
      if (s.size() == 2) return versions();
      http::Response response = data(request, target, random, shape);
      response.headers.set("Sforce-Limit-Info", limit_info(*state_));
      return response;
    }
    return to_response(not_found());
  }

  http::Response data(const http::Request& request, const Target& target, Random& random, std::string& shape) {
    if (!version_of(target.segments[2])) return to_response(not_found());
    const auto user = user_of(*state_, request.headers, last_now_);
    if (!user) {
      http::Response response = to_response(refuse(401, "INVALID_SESSION_ID", "Session expired or invalid"));
      response.headers.set("WWW-Authenticate", "Token");
      return response;
    }
    if (const auto refused = count_call()) return to_response(*refused);
    Call call{*state_, random, last_now_, *user, target.segments[2], method_of(request, target)};
    call.path.assign(target.segments.begin() + 3, target.segments.end());
    call.query = target.query;
    call.headers = &request.headers;
    call.served = &served_;
    const bool has_body = !request.body.empty() && (call.method == "POST" || call.method == "PATCH");
    if (has_body) {
      if (!has_json_body(request)) {
        return to_response(refuse(415, "UNSUPPORTED_MEDIA_TYPE", "The content type of the request is not supported"));
      }
      const auto body = read_json(request.body);
      call.body_is_json = body.has_value();
      if (body) call.body = *body;
    }
    if (call.method == "PUT") call.raw_body = request.body;
    const Answer answer = route(call);
    shape = answer.path_template;
    return to_response(answer);
  }

  // POST may stand for another verb, for clients that know only two.
  static std::string method_of(const http::Request& request, const Target& target) {
    const std::string override_by = target.value("_HttpMethod").value_or("");
    if (request.method == "POST" && !override_by.empty()) return override_by;
    return request.method == "HEAD" ? "GET" : request.method;
  }

  std::optional<Answer> count_call() {
    Settings& s = state_->settings;
    if (last_now_ - state_->usage_since >= hours(24)) {
      if (state_->usage_since.ms != 0) s.api_used = 0;
      state_->usage_since = last_now_;
    }
    if (s.api_used >= s.daily_api_limit) {
      return refuse(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
    }
    ++s.api_used;
    return std::nullopt;
  }

  std::unique_ptr<State> state_;
  std::vector<Served> served_;
  Instant last_now_{};
};

}  // namespace

std::unique_ptr<SalesforceEmulator> make_salesforce_emulator(SalesforceOptions options) {
  return std::make_unique<Core>(std::move(options));
}

}  // namespace cosell::emulator
