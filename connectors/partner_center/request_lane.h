// What the reads and the stream of writes of Partner Center's client share: a request before it is sent, the lane that
// it leaves by, and what its response says of the login. Nobody else needs it.
#pragma once

#include <string>

#include "base/text.h"
#include "connectors/partner_center/partner_center_client.h"

namespace cosell::partner_center {

inline constexpr const char* kPartnerCenter = "Partner Center";

// The retry layer names one side in the meter and in messages; people read "Partner Center", the meter counts under
// the name that the engine chose.
class Lane {
 public:
  explicit Lane(Call& call) : call_(call) {}
  ~Lane() {
    const net::Calls counted = meter_.of(kPartnerCenter);
    for (const auto& [method, times] : counted.by_method) {
      for (std::uint64_t i = 0; i < times; ++i) call_.meter.count(call_.side, method);
    }
    if (const auto told = meter_.in_flight(kPartnerCenter)) call_.meter.tell_in_flight(call_.side, *told);
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  net::Lane open() { return {kPartnerCenter, call_.transport, call_.clock, call_.random, &meter_}; }

 private:
  Call& call_;
  net::CallMeter meter_;
};

struct Client::Request {
  std::string method;
  std::string target;
  std::string body;
  std::string if_match;
  std::string operation_id;
  std::string correlation_id;  // of the newest attempt

  Asked asked() const {
    const bool writes = method != "GET";
    return {name_of_request(method, target), writes, writes ? !target.empty() : text::starts_with(target, "/"),
            correlation_id, !if_match.empty()};
  }
};

inline bool is_success(int status) { return status >= 200 && status < 300; }

// Was the request refused because the login had ended?
inline bool ended_login(const Result<http::Response>& response) { return response && response->status == 401; }

inline Error never_left() { return make_error(ErrorClass::cancelled, "Stopped before the request was sent."); }

}  // namespace cosell::partner_center
