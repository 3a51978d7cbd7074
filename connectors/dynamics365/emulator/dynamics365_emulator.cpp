// The emulator as a whole: decides whether a request is a login, whether it may pass, and counts it against the
// service protection limits before the Web API answers it.
#include "connectors/dynamics365/emulator/dynamics365_emulator.h"

#include <algorithm>

#include "base/text.h"
#include "connectors/dynamics365/emulator/api.h"
#include "connectors/dynamics365/emulator/control.h"
#include "connectors/dynamics365/emulator/load.h"
#include "connectors/dynamics365/emulator/logins.h"
#include "connectors/emulator/toolkit.h"

namespace cosell::emulator {

namespace {

using namespace dynamics365;

constexpr std::size_t kUrlMax = 32'768;

struct Limit {
  const char* code;
  std::string text;
};

Limit limit_of(const Settings& s, const std::string& kind) {
  const std::string window = " over time window of " + std::to_string(s.protection_seconds) + " seconds.";
  if (kind == "execution") {
    return {"0x80072321",
            "Combined execution time of incoming requests exceeded limit of " +
                std::to_string(s.protection_execution_ms) + " milliseconds" + window +
                " Decrease number of concurrent requests or reduce the duration of requests and try again later."};
  }
  if (kind == "concurrency") return {"0x80072326", "Number of concurrent requests exceeded the limit of 52."};
  return {"0x80072322", "Number of requests exceeded the limit of " + std::to_string(s.protection_requests) + window};
}

http::Response throttled(const Settings& s, const std::string& kind, std::int64_t wait_s) {
  const Limit limit = limit_of(s, kind);
  http::Response response = to_response(refuse(429, limit.code, limit.text));
  response.headers.set("Retry-After", std::to_string(wait_s));
  return response;
}

class Core final : public Dynamics365Emulator {
 public:
  explicit Core(Dynamics365Options options) : state_(std::make_unique<State>(std::move(options))) {
    last_now_ = state_->options.created;
    furnish(*state_, last_now_);
  }

  std::string name() const override { return "dynamics365"; }

  http::Response handle(const http::Request& request, Clock& clock, Random& random) override {
    served_.clear();
    last_now_ = clock.now();
    Served served;
    served.method = request.method;
    http::Response response = answer(request, random, served.path_template);
    response.headers.set("x-ms-service-request-id", random.uuid());
    response.headers.set("Date", http_date(last_now_));
    served.status = response.status;
    served_.insert(served_.begin(), served);
    return response;
  }

  const std::vector<Served>& last_served() const override { return served_; }
  std::vector<Setting> settings() const override { return list_settings(*state_); }
  std::string set(const std::string& setting, const Json& value) override {
    return change_setting(*state_, setting, value, last_now_);
  }
  Json records(Clock&) override { return all_records(*state_); }
  std::vector<ControlVerb> verbs() const override { return dynamics365::control_verbs(); }
  std::optional<http::Response> control(const std::string& verb, const http::Request& request, Clock& clock,
                                        Random& random) override {
    last_now_ = clock.now();
    return dynamics365::control(*state_, verb, request, last_now_, random);
  }
  void reset() override {
    state_->model.clear_records();
    // Nobody could tell deletions that left no trace, so a reader has to begin anew.
    state_->oldest_delta_version = state_->model.next_version();
  }
  Json save() const override { return save_state(*state_); }
  void load(const Json& saved) override { load_state(*state_, saved); }

  Result<LoadReport> load_csv(std::string_view csv, const Pairs& map, const Pairs& set, Clock& clock,
                              Random& random) override {
    last_now_ = clock.now();
    return dynamics365::load_csv(*state_, LoadRequest{csv, map, set, last_now_, random});
  }
  void seed(std::size_t count, Clock& clock, Random& random, const SeedOptions& options) override {
    last_now_ = clock.now();
    seed_deals(*state_, count, options, last_now_, random);
  }

 private:
  http::Response answer(const http::Request& request, Random& random, std::string& shape) {
    const Target target = target_of(request.url);
    shape = guess_template(target.path);
    if (request.url.size() > kUrlMax) return empty_answer(414);
    const auto& s = target.segments;
    if (s.size() == 4 && s[1] == "oauth2" && s[2] == "v2.0" && s[3] == "token") {
      shape = "/{tenant}/oauth2/v2.0/token";
      return token(LoginCall{*state_, random, last_now_, request, address_called(request), s[0]});
    }
    const bool api =
        s.size() >= 3 && s[0] == "api" && s[1] == "data" && text::starts_with(s[2], "v9.") && s[2].size() == 4;
    if (!api)
      return to_response(
          refuse(404, "", "No HTTP resource was found that matches the request URI '" + request.url + "'."));
    const Caller caller = caller_of(*state_, request.headers, last_now_);
    if (caller.bearer != Bearer::fine) return unauthorized(request, caller);
    if (auto refused = user_refused()) return *refused;
    if (auto refused = over_limit()) return *refused;
    Context context{*state_, random, last_now_, caller.user, address_called(request) + "/api/data/" + s[2] + "/"};
    context.served = &served_;
    http::Response response;
    if (s.size() == 4 && s[3] == "$batch") {
      shape = "/api/data/{v}/$batch";
      response = request.method == "POST" ? batch(context, request)
                                          : to_response(refuse(404, "", "No HTTP resource was found."));
    } else {
      response = single(context, request, shape);
    }
    count(response);
    return response;
  }

  static http::Response single(Context& context, const http::Request& request, std::string& shape) {
    Operation operation;
    operation.method = request.method;
    operation.url = request.url;
    operation.headers = request.headers;
    operation.body = request.body;
    const Answer answer = dynamics365::answer(context, operation);
    shape = answer.path_template;
    return to_response(answer);
  }

  http::Response unauthorized(const http::Request& request, const Caller& caller) const {
    const bool expired = caller.bearer == Bearer::expired;
    http::Response response =
        to_response(refuse(401, expired ? "0x8005f101" : "",
                           expired ? "The access token has expired." : "The access token is missing or not valid."));
    response.headers.set("WWW-Authenticate",
                         "Bearer authorization_uri=" + address_called(request) + "/" + state_->options.tenant +
                             "/oauth2/authorize, resource_id=" + state_->options.organization_url + "/");
    return response;
  }

  std::optional<http::Response> user_refused() const {
    const std::string& user = state_->settings.user_state;
    if (user == "disabled") return to_response(refuse(403, "0x8004a112", "The application user is disabled."));
    if (user == "active") return std::nullopt;
    return to_response(refuse(403, "0x80072560", "The user is not a member of the organization."));
  }

  // The sliding window of the service protection limits; whoever goes on while refused waits longer each time.
  std::optional<http::Response> over_limit() {
    Settings& s = state_->settings;
    if (s.throttle_next > 0) {
      --s.throttle_next;
      return throttled(s, s.throttle_kind, s.throttle_retry_after);
    }
    auto& counted = state_->counted;
    while (!counted.empty() && last_now_ - counted.front().at >= seconds(s.protection_seconds)) {
      state_->counted_ms -= counted.front().execution_ms;
      counted.pop_front();
    }
    if (!s.protection_limits) return std::nullopt;
    const bool many = static_cast<std::int64_t>(counted.size()) >= s.protection_requests;
    const bool long_running = state_->counted_ms >= s.protection_execution_ms;
    if (!many && !long_running) {
      state_->refused_in_a_row = 0;
      return std::nullopt;
    }
    const std::int64_t free_in_ms = (counted.front().at + seconds(s.protection_seconds) - last_now_).ms;
    const std::int64_t wait_s = (free_in_ms + 999) / 1000 + state_->refused_in_a_row++;
    return throttled(s, many ? "requests" : "execution", wait_s);
  }

  // A batch is one request, but each operation in it takes its time.
  void count(http::Response& response) {
    const Settings& s = state_->settings;
    Counted entry;
    entry.at = last_now_;
    entry.execution_ms = s.operation_ms * std::max<std::int64_t>(1, static_cast<std::int64_t>(served_.size()));
    state_->counted.push_back(entry);
    state_->counted_ms += entry.execution_ms;
    const std::int64_t left = s.protection_requests - static_cast<std::int64_t>(state_->counted.size());
    response.headers.set("x-ms-ratelimit-burst-remaining-xrm-requests",
                         std::to_string(std::max<std::int64_t>(0, left)));
    const std::int64_t ms = std::max<std::int64_t>(0, s.protection_execution_ms - state_->counted_ms);
    response.headers.set("x-ms-ratelimit-time-remaining-xrm-requests", std::to_string(ms / 1000) + ".00");
  }

  std::unique_ptr<State> state_;
  std::vector<Served> served_;
  Instant last_now_{};
};

}  // namespace

std::unique_ptr<Dynamics365Emulator> make_dynamics365_emulator(Dynamics365Options options) {
  return std::make_unique<Core>(std::move(options));
}

}  // namespace cosell::emulator
