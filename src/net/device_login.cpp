// Asking for a code, and polling. See device_login.h.
#include "net/device_login.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/text.h"

namespace cosell::net {
namespace {

constexpr const char* kDeviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
constexpr Duration kLongestCodeLife = minutes(30);
constexpr Duration kLongestInterval = minutes(1);
constexpr Duration kSlowDown = seconds(5);  // RFC 8628, 3.5

struct DeviceCode {
  std::string code;
  std::string message;  // what the person has to do, in the service's words
  Duration interval = seconds(5);
  Duration life = minutes(15);
};

// Whether asking again may bring an answer.
bool is_for_the_moment(const Error& e) {
  return e.kind == ErrorClass::transient || e.kind == ErrorClass::throttled || e.kind == ErrorClass::unknown;
}

Duration seconds_in(const json::Value& body, const char* name, Duration otherwise, Duration most) {
  const json::Value* v = body.find(name);
  const bool digits =
      v != nullptr && !v->text().empty() && v->text().find_first_not_of("0123456789") == std::string::npos;
  if (!digits || v->text().size() > 6) return otherwise;
  return std::min(most, seconds(std::stoll(v->text())));
}

class DeviceFlow {
 public:
  DeviceFlow(const PersonLogin& login, const Lane& lane) : login_(login), lane_(lane) {}

  Result<StoredToken> go(const std::function<void(const std::string&)>& show) {
    auto code = ask_for_code();
    if (!code) return code.error();
    show(code->message);
    const Instant until = lane_.clock.now() + code->life;
    Duration wait = code->interval;
    std::optional<Error> failed;  // the newest poll, when it had no answer
    while (lane_.clock.now() < until) {
      if (!lane_.clock.sleep_for(wait)) {
        return make_error(ErrorClass::cancelled, "Stopped as asked; nothing was changed.");
      }
      auto token = ask_for_token(*code);
      if (token && *token) return **token;
      if (token) {
        failed.reset();
        wait = code->interval;
      } else if (is_for_the_moment(token.error())) {
        failed = token.error();
        code->interval = std::min(kLongestInterval, code->interval + code->interval);
        wait = code->interval;
        if (failed->not_before) wait = std::max(wait, *failed->not_before - lane_.clock.now());
      } else {
        return failed ? after_a_lost_answer(token.error()) : token.error();
      }
    }
    return over(failed);
  }

 private:
  Result<DeviceCode> ask_for_code() const {
    const auto url = beside_token_endpoint(login_, "devicecode");
    if (!url) return url.error();
    const LoginForm form = {{"client_id", login_.client.client_id}, {"scope", login_.client.scope}};
    // A code that nobody was told of does no harm.
    auto response = post_login(lane_, *url, form, {}, Safety::repeatable);
    if (!response) return response.error();
    const auto body = json::read(response->body);
    if (response->status != 200 || !body || body->text_of("device_code").empty()) {
      return login_error(*response, context_of(login_, lane_, "a code"));
    }
    DeviceCode code;
    code.code = body->text_of("device_code");
    code.message = body->text_of("message");
    if (code.message.empty()) {
      const std::string page = body->text_of("verification_uri");
      const std::string typed = body->text_of("user_code");
      // A code that nobody can be told how to use is none.
      if (page.empty() || typed.empty()) return login_error(*response, context_of(login_, lane_, "a code"));
      code.message = "Open " + page + " and enter the code " + typed;
    }
    code.interval = std::max(seconds(1), seconds_in(*body, "interval", code.interval, kLongestInterval));
    code.life = seconds_in(*body, "expires_in", code.life, kLongestCodeLife);
    return code;
  }

  // Nothing while the person has not finished.
  Result<std::optional<StoredToken>> ask_for_token(DeviceCode& code) const {
    LoginForm form = {{"grant_type", kDeviceGrant}, {"client_id", login_.client.client_id}, {"device_code", code.code}};
    if (login_.client_secret) form.emplace_back("client_secret", login_.client_secret->reveal());
    // Once: the code works once, and the loop asks again anyway.
    auto response = post_login(lane_, login_.client.token_endpoint, form, login_sent_once, Safety::once);
    if (!response) return response.error();
    const auto parsed = json::read(response->body);
    const json::Value body = parsed ? *parsed : json::Value::object();
    const std::string error = body.text_of("error");
    if (error == "slow_down") code.interval = std::min(kLongestInterval, code.interval + kSlowDown);
    if (error == "authorization_pending" || error == "slow_down") return std::optional<StoredToken>{};
    auto token = lasting_token(login_, lane_, *response);
    if (!token) return std::move(token.error());
    return std::optional<StoredToken>{std::move(*token)};
  }

  // The code works once: what was lost may have been the token itself.
  static Error after_a_lost_answer(Error refused) {
    refused.message += " An answer of the login service was lost before; the sign-in may have gone through.";
    return refused;
  }

  Error over(const std::optional<Error>& failed) const {
    const std::string& command = login_.client.login_command;
    const std::string again = command.empty() ? "" : " Log in again: " + command + ".";
    if (!failed) return make_error(ErrorClass::auth_expired, "Nobody entered the code in time." + again);
    Error e = *failed;
    e.message =
        "The code has ended, and the login service could not be asked whether it was entered: " + e.message + again;
    return e;
  }

  const PersonLogin& login_;
  const Lane& lane_;
};

}  // namespace

Result<StoredToken> log_in_with_code(const PersonLogin& login, const Lane& lane,
                                     const std::function<void(const std::string&)>& show) {
  return DeviceFlow(login, lane).go(show);
}

}  // namespace cosell::net
