// The page's address with its challenge, and what the address says at which the browser ended.
#include "net/browser_login.h"

#include <openssl/sha.h>

#include <array>
#include <utility>

#include "base/json.h"
#include "base/text.h"

namespace cosell::net {
namespace {

// 256 random bits, as RFC 7636 section 7.1 recommends.
std::string random_verifier(Random& random) {
  std::string bytes;
  for (int word = 0; word < 4; ++word) {
    const std::uint64_t drawn = random.next();
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>((drawn >> shift) & 0xFFU);
  }
  return text::base64url_encode(bytes);
}

// The parameters of an address, or of the part behind its "?".
LoginForm parameters_of(std::string_view address) {
  std::string query = text::trim(address);
  if (const std::size_t begin = query.find('?'); begin != std::string::npos) query.erase(0, begin + 1);
  if (const std::size_t end = query.find('#'); end != std::string::npos) query.erase(end);
  return http::parse_form(query);
}

}  // namespace

std::string pkce_challenge(std::string_view verifier) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(verifier.data()), verifier.size(), digest.data());
  return text::base64url_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

BrowserLogin::BrowserLogin(const PersonLogin& login, const Lane& lane, std::string landing)
    : login_(&login),
      lane_(&lane),
      landing_(std::move(landing)),
      verifier_(random_verifier(lane.random)),
      state_(lane.random.uuid()) {}

Result<BrowserLogin> BrowserLogin::begin(const PersonLogin& login, const Lane& lane, const std::string& landing) {
  auto page = beside_token_endpoint(login, "authorize");
  if (!page) return page.error();
  BrowserLogin begun(login, lane, landing);
  begun.page_ = *page + "?" +
                http::encode_form({{"client_id", login.client.client_id},
                                   {"response_type", "code"},
                                   {"redirect_uri", landing},
                                   {"response_mode", "query"},
                                   {"scope", login.client.scope},
                                   {"state", begun.state_},
                                   {"code_challenge", pkce_challenge(begun.verifier_)},
                                   {"code_challenge_method", "S256"}});
  return begun;
}

std::string BrowserLogin::wrong_with(std::string_view address) const {
  const LoginForm said = parameters_of(address);
  if (!http::form_value(said, "code_challenge").empty()) {
    return "This is the address of the page to sign in on. What is wanted is the address at which the browser ends "
           "after that; it begins with " +
           landing_ + ".";
  }
  if (http::form_value(said, "code").empty() && http::form_value(said, "error").empty()) {
    return "This is not the address at which the browser ends after the sign-in; it begins with " + landing_ +
           "/?code= and is long. Copy it whole.";
  }
  if (http::form_value(said, "state") != state_) {
    return "This address belongs to another sign-in. Open the address above once more and sign in there.";
  }
  return "";
}

Result<StoredToken> BrowserLogin::finish(std::string_view address) const {
  const LoginForm said = parameters_of(address);
  const std::string error = http::form_value(said, "error");
  if (!error.empty()) {
    // The service tells the browser what it would have told us.
    json::Value body = json::Value::object();
    body.set("error", json::Value::string(error));
    body.set("error_description", json::Value::string(http::form_value(said, "error_description")));
    http::Response told;
    told.status = 400;
    told.body = json::write(body);
    return login_error(told, context_of(*login_, *lane_, "a token"));
  }
  LoginForm form = {{"grant_type", "authorization_code"},
                    {"client_id", login_->client.client_id},
                    {"code", http::form_value(said, "code")},
                    {"redirect_uri", landing_},
                    {"code_verifier", verifier_},
                    {"scope", login_->client.scope}};
  if (login_->client_secret) form.emplace_back("client_secret", login_->client_secret->reveal());
  auto response = post_login(*lane_, login_->client.token_endpoint, form, login_sent_once, Safety::once);
  if (response) return lasting_token(*login_, *lane_, *response);
  Error lost = response.error();
  if (lost.kind == ErrorClass::unknown) lost.message += " The code of this sign-in may be used up.";
  if (!login_->client.login_command.empty()) lost.message += " Log in again: " + login_->client.login_command + ".";
  return lost;
}

}  // namespace cosell::net
