// The login service that guards the emulated service: refresh tokens, device codes, browsers that are sent back with a
// code, and the check of bearer tokens. Tokens are opaque random texts; nothing is signed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/random.h"
#include "base/time.h"
#include "connectors/emulator/toolkit.h"

namespace cosell::emulator::partner_center {

class Logins {
 public:
  struct Desk {  // what one request works with
    const Switches& settings;
    Instant now;
    Random& random;
  };

  void register_refresh_token(const std::string& token);

  // POST /{tenant}/oauth2/token (v1) and /{tenant}/oauth2/v2.0/token.
  http::Response token(const Desk& desk, const std::string& tenant, bool v1, const http::Request& request);
  // POST /{tenant}/oauth2/devicecode and /{tenant}/oauth2/v2.0/devicecode.
  http::Response device_code(const Desk& desk, const std::string& tenant, bool v1, const http::Request& request);

  // GET /{tenant}/oauth2/authorize and /{tenant}/oauth2/v2.0/authorize: the person at the sign-in page, as the switch
  // says, and the way back to the app.
  http::Response authorize(const Desk& desk, const std::string& tenant, bool v1, const Target& target);

  enum class Bearer { fine, missing, unknown, expired, wrong_audience };
  Bearer check(const Desk& desk, const std::string& authorization) const;

  // The person at the browser; an empty user code means every open login. Returns how many logins were decided.
  int decide_device(const std::string& user_code, bool approve);
  void revoke(bool refresh, bool access);

  Json save() const;
  void load(const Json& saved);

 private:
  struct Access {
    std::int64_t expires_ms = 0;
    std::string audience;
  };
  struct Refresh {
    std::int64_t used_ms = 0;  // 0: never used
    bool revoked = false;
    std::string audience;  // empty: any
  };
  struct Device {
    std::string user_code;
    std::int64_t expires_ms = 0;
    std::string audience;
    bool offline = false;  // a refresh token was asked for
    std::string state;     // "", "approved", "declined"
  };
  struct Code {
    std::string redirect_uri;
    std::string challenge;  // empty: the app asked without
    bool plain = false;     // the challenge is the verifier itself
    std::int64_t expires_ms = 0;
    std::string audience;
    bool offline = false;
    bool redeemed = false;
  };
  using Form = std::vector<std::pair<std::string, std::string>>;

  http::Response redeem_refresh(const Desk& desk, bool v1, const Form& form);
  http::Response redeem_device(const Desk& desk, bool v1, const Form& form);
  http::Response redeem_code(const Desk& desk, bool v1, const Form& form);
  // A new refresh token where one was asked for, else "".
  std::string lasting(const Desk& desk, bool offline, const std::string& audience);
  http::Response grant(const Desk& desk, bool v1, const std::string& audience, const std::string& refresh_token);

  std::map<std::string, Access> access_;
  std::map<std::string, Refresh> refresh_;
  std::map<std::string, Device> devices_;
  std::map<std::string, Code> codes_;
};

}  // namespace cosell::emulator::partner_center
