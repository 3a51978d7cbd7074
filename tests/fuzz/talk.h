// Somebody to talk to: a reader that stands behind a request meets its input as the answer to that request, while all
// others are answered as they should be.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "connectors/connector.h"
#include "net/in_process_transport.h"
#include "net/oauth.h"
#include "tests/fuzz/targets.h"

namespace cosell::fuzz {

using Read = std::optional<Error>;
using Text = std::function<std::string(const http::Request&)>;

inline const std::string kHere = "https://crm.example";

template <class T>
Read error_in(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error();
}

inline Error not_understood(const std::string& why) { return make_error(ErrorClass::bad_response, why); }

// Refusals of the login or of the configuration are as good as "not understood"; a fault of our own is not.
inline Read as_refusal(Error e) {
  if (e.kind != ErrorClass::bug) e.kind = ErrorClass::bad_response;
  return e;
}

// A path that a link may lead to must not smuggle anything into the request.
inline Read sound_path(const Result<std::string>& path, const std::string& below) {
  if (!path) return path.error();
  const bool sound = path->compare(0, below.size(), below) == 0 &&
                     path->find_first_of(std::string("\r\n \t\0", 5)) == std::string::npos;
  if (!sound) return make_error(ErrorClass::bug, "leads to " + *path);
  return std::nullopt;
}

class FixedToken final : public net::TokenSource {
 public:
  Result<std::string> token() override { return std::string("t"); }
  void invalidate() override {}
};

inline http::Response answer_with(std::string body, const std::string& type = "application/json") {
  http::Response response;
  response.status = 200;
  response.headers.set("Content-Type", type);
  response.body = std::move(body);
  return response;
}

// Another end of the line that answers with a text of the test's choice.
class Talk {
 public:
  explicit Talk(Text text)
      : text_(std::move(text)), transport_([this](const http::Request& r) { return deliver(r); }) {}

  Call call() { return Call{transport_, clock_, random_, meter_, "crm", 4, seconds(60), {}}; }
  net::Lane lane() { return {"Salesforce", transport_, clock_, random_, &meter_}; }
  static std::shared_ptr<net::TokenSource> tokens() { return std::make_shared<FixedToken>(); }

 private:
  net::Delivered deliver(const http::Request& request) const {
    const bool batch = request.url.find("$batch") != std::string::npos;
    return {net::Delivered::Kind::response,
            answer_with(text_(request), batch ? "multipart/mixed; boundary=b" : "application/json")};
  }

  Text text_;
  ManualClock clock_{Instant{1'795'000'000'000}};
  SeededRandom random_{3};
  net::CallMeter meter_;
  net::InProcessTransport transport_;
};

inline bool asks_for(const http::Request& request, std::string_view part) {
  return request.url.find(part) != std::string::npos;
}

}  // namespace cosell::fuzz
