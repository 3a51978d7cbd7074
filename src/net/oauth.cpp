// The three flows differ in the form they post; caching, rotation and storing are the same and live in CachedSource.
#include "net/oauth.h"

#include "base/text.h"
#include "net/certificate.h"
#include "net/jwt.h"
#include "net/oauth_errors.h"

namespace cosell::net {
namespace {

using Form = std::vector<std::pair<std::string, std::string>>;

constexpr Duration kMargin = minutes(2);
constexpr Duration kLongestLife = days(1);
constexpr Duration kAssertionLife = minutes(10);
constexpr std::size_t kMaxAnswer = 1U << 20;
constexpr RetryPolicy kTokenRetry = {{.attempts = 4, .total = minutes(1)}, {}};

class CachedSource : public TokenSource {
 public:
  CachedSource(OAuthClient client, const Lane& lane, TokenStore* store)
      : client_(std::move(client)), lane_(lane), store_(client_.store_name.empty() ? nullptr : store) {}

  Result<std::string> token() override {
    const std::lock_guard lock(mutex_);
    if (usable(current_)) return current_.access_token;
    const TokenStore::Turn turn =
        store_ != nullptr && by_person() ? store_->turn(client_.store_name, lane_.clock) : TokenStore::Turn();
    if (Result<void> loaded = load(); !loaded) return loaded.error();
    if (usable(current_)) return current_.access_token;
    // The answer may end the old refresh token, so none is asked for that could not be kept.
    if (store_ != nullptr && by_person()) {
      if (Result<void> writable = store_->try_writing(); !writable) return writable.error();
    }
    Result<StoredToken> fresh = request();
    if (!fresh) return fresh.error();
    // First on disk, then in use: a crash in between must not lose a refresh token that replaced the old one.
    current_ = std::move(*fresh);
    // A service may hand out the token of a session that is still under way: it stands by it, whoever refused it.
    if (current_.access_token == refused_) refused_.clear();
    unsaved_ = true;
    if (Result<void> saved = save(); !saved) return saved.error();
    return current_.access_token;
  }

  void invalidate() override {
    const std::lock_guard lock(mutex_);
    refused_ = current_.access_token;
  }

  std::string instance_url() override {
    const std::lock_guard lock(mutex_);
    return current_.instance_url;
  }

 protected:
  // The form of one token request, given what is known so far.
  virtual Result<Form> form(const StoredToken& known) = 0;
  // Whether what is stored alone can get a token: a person logged in once.
  virtual bool by_person() const { return false; }
  // Whether the configuration offers another start than the refused token: an admin put a new one in place.
  virtual bool starts_anew(const StoredToken& /*refused*/) const { return false; }
  // For whom, where the client id alone does not say it.
  virtual std::string subject() const { return ""; }
  // Which audiences a signed login may have, in words.
  virtual std::string audiences() const { return ""; }

  const OAuthClient client_;
  const Lane lane_;

 private:
  bool usable(const StoredToken& t) const {
    if (t.access_token.empty() || t.access_token == refused_ || unsaved_) return false;
    return !t.expires || lane_.clock.now() + kMargin < *t.expires;
  }

  // Who asks whom, and for what. Only the first part binds a refresh token: it goes to no other endpoint.
  std::string asker() const {
    return text::sha256_hex(client_.token_endpoint + "\n" + client_.client_id + "\n" + subject());
  }
  std::string issued_for() const { return asker() + "/" + text::sha256_hex(client_.scope); }

  // Another process may have got a newer token meanwhile.
  Result<void> load() {
    if (store_ == nullptr) return {};
    if (unsaved_) return save();
    Result<std::optional<StoredToken>> stored = store_->get(client_.store_name);
    if (!stored) return stored.error();
    if (!*stored) return {};
    StoredToken& found = **stored;
    const bool by_login_command = found.issued_for.empty();
    if (!by_login_command && !text::starts_with(found.issued_for, asker())) return {};
    if (found.issued_for != issued_for()) found.access_token.clear();
    current_ = std::move(found);
    return {};
  }

  Result<void> save() {
    if (store_ != nullptr) {
      if (Result<void> put = store_->put(client_.store_name, current_); !put) return put;
    }
    unsaved_ = false;
    return {};
  }

  Result<StoredToken> request() {
    const StoredToken known = current_;
    Result<StoredToken> fresh = request_with(known);
    const bool refused = !fresh && fresh.error().kind == ErrorClass::auth_expired;
    if (!refused) return fresh;
    // Two processes may refresh at once; the one that comes second finds the other's new token here.
    if (Result<void> loaded = load(); !loaded) return loaded.error();
    if (usable(current_)) return current_;
    if (current_.refresh_token != known.refresh_token) return request_with(current_);
    if (starts_anew(known)) return request_with({});
    return fresh;
  }

  Result<StoredToken> request_with(const StoredToken& known) {
    Result<Form> fields = form(known);
    if (!fields) return fields.error();
    Exchange exchange;
    exchange.counts = false;
    exchange.timeout = seconds(30);
    exchange.max_body_bytes = kMaxAnswer;
    exchange.request.method = "POST";
    exchange.request.url = client_.token_endpoint;
    exchange.request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    exchange.request.headers.set("Accept", "application/json");
    exchange.request.body = http::encode_form(*fields);
    const Instant asked_at = lane_.clock.now();
    const Result<http::Response> response = send(lane_, exchange, kTokenRetry, Safety::repeatable, CallKind::login);
    if (!response) return response.error();
    return read_token(*response, known, asked_at);
  }

  Result<StoredToken> read_token(const http::Response& response, const StoredToken& known, Instant asked_at) const {
    const auto body = json::read(response.body, {.max_bytes = kMaxAnswer});
    const bool good = response.status == 200 && body && body->is_object() && !body->text_of("access_token").empty();
    if (!good) return login_error(response, context());
    StoredToken t;
    t.access_token = body->text_of("access_token");
    t.refresh_token = body->text_of("refresh_token");
    // Without rotation the old one stays valid.
    if (t.refresh_token.empty()) t.refresh_token = known.refresh_token;
    t.instance_url = body->text_of("instance_url");
    t.issued_for = issued_for();
    if (!t.refresh_token.empty()) t.renewed_at = asked_at;
    if (const json::Value* life = body->find("expires_in")) t.expires = expiry(*life, asked_at);
    return t;
  }

  // Seconds as a number or, from older endpoints, as a text.
  static std::optional<Instant> expiry(const json::Value& life, Instant asked_at) {
    const bool digits = !life.text().empty() && life.text().find_first_not_of("0123456789") == std::string::npos;
    if (!digits) return std::nullopt;
    const Duration told = life.text().size() > 9 ? kLongestLife : seconds(std::stoll(life.text()));
    return asked_at + std::min(told, kLongestLife);
  }

  LoginContext context() const {
    const auto url = http::parse_url(client_.token_endpoint);
    LoginContext context;
    context.side = lane_.name();
    context.host = url ? url->host : "the login service";
    context.login_command = client_.login_command;
    if (by_person()) context.how = LoginContext::How::saved_login;
    context.now = lane_.clock.now();
    context.audiences = audiences();
    return context;
  }

  TokenStore* const store_;
  std::mutex mutex_;
  StoredToken current_;
  std::string refused_;
  bool unsaved_ = false;
};

class RefreshSource final : public CachedSource {
 public:
  RefreshSource(OAuthClient client, RefreshTokenLogin login, const Lane& lane, TokenStore* store)
      : CachedSource(std::move(client), lane, store), login_(std::move(login)) {}

 private:
  Result<Form> form(const StoredToken& known) override {
    std::string refresh_token = known.refresh_token;
    if (refresh_token.empty() && login_.first_refresh_token) refresh_token = login_.first_refresh_token->reveal();
    if (refresh_token.empty()) {
      std::string message = "Nobody has logged in to " + lane_.name() + " yet.";
      if (!client_.login_command.empty()) message += " Log in: " + client_.login_command + ".";
      Error nobody = make_error(ErrorClass::auth_expired, std::move(message));
      nobody.log_in_again = true;
      return nobody;
    }
    Form fields = {{"grant_type", "refresh_token"}, {"client_id", client_.client_id}, {"refresh_token", refresh_token}};
    if (login_.client_secret) fields.emplace_back("client_secret", login_.client_secret->reveal());
    if (!client_.scope.empty()) fields.emplace_back("scope", client_.scope);
    return fields;
  }
  bool by_person() const override { return true; }
  bool starts_anew(const StoredToken& refused) const override {
    return login_.first_refresh_token && !refused.refresh_token.empty() &&
           login_.first_refresh_token->reveal() != refused.refresh_token;
  }

  const RefreshTokenLogin login_;
};

class ClientCredentialsSource final : public CachedSource {
 public:
  ClientCredentialsSource(OAuthClient client, ClientCredentialsLogin login, const Lane& lane, TokenStore* store)
      : CachedSource(std::move(client), lane, store), login_(std::move(login)) {}

 private:
  Result<Form> form(const StoredToken&) override {
    Form fields = {{"grant_type", "client_credentials"}, {"client_id", client_.client_id}};
    if (!client_.scope.empty()) fields.emplace_back("scope", client_.scope);
    if (login_.certificate_key) {
      const Result<std::string> assertion = certificate_assertion();
      if (!assertion) return assertion.error();
      fields.emplace_back("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
      fields.emplace_back("client_assertion", *assertion);
    } else if (login_.client_secret) {
      fields.emplace_back("client_secret", login_.client_secret->reveal());
    } else {
      return make_error(ErrorClass::config, lane_.name() + " login: a client secret or a certificate is needed.");
    }
    return fields;
  }

  Result<std::string> certificate_assertion() const {
    const bool newer = login_.algorithm == JwtAlgorithm::ps256;
    const Result<std::string> thumbprint =
        certificate_thumbprint(login_.certificate, newer ? Thumbprint::sha256 : Thumbprint::sha1);
    if (!thumbprint) return thumbprint.error();
    json::Value header = json::Value::object();
    header.set(newer ? "x5t#S256" : "x5t", json::Value::string(*thumbprint));
    const std::int64_t now = lane_.clock.now().ms / 1000;
    json::Value claims = json::Value::object();
    claims.set("aud", json::Value::string(client_.token_endpoint));
    claims.set("iss", json::Value::string(client_.client_id));
    claims.set("sub", json::Value::string(client_.client_id));
    claims.set("jti", json::Value::string(lane_.random.uuid()));
    claims.set("nbf", json::Value::integer(now));
    claims.set("exp", json::Value::integer(now + kAssertionLife.ms / 1000));
    return sign_jwt(login_.algorithm, header, claims, *login_.certificate_key);
  }

  const ClientCredentialsLogin login_;
};

class JwtBearerSource final : public CachedSource {
 public:
  JwtBearerSource(OAuthClient client, JwtBearerLogin login, const Lane& lane, TokenStore* store)
      : CachedSource(std::move(client), lane, store), login_(std::move(login)) {}

 private:
  Result<Form> form(const StoredToken&) override {
    json::Value claims = json::Value::object();
    claims.set("iss", json::Value::string(client_.client_id));
    claims.set("sub", json::Value::string(login_.subject));
    claims.set("aud", json::Value::string(login_.audience));
    claims.set("exp", json::Value::integer((lane_.clock.now() + login_.lifetime).ms / 1000));
    const Result<std::string> assertion =
        sign_jwt(JwtAlgorithm::rs256, json::Value::object(), claims, login_.private_key);
    if (!assertion) return assertion.error();
    return Form{{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", *assertion}};
  }
  std::string subject() const override { return login_.subject; }
  std::string audiences() const override { return login_.audiences; }

  const JwtBearerLogin login_;
};

}  // namespace

std::unique_ptr<TokenSource> make_token_source(OAuthClient client, RefreshTokenLogin login, const Lane& lane,
                                               TokenStore* store) {
  return std::make_unique<RefreshSource>(std::move(client), std::move(login), lane, store);
}

std::unique_ptr<TokenSource> make_token_source(OAuthClient client, ClientCredentialsLogin login, const Lane& lane,
                                               TokenStore* store) {
  return std::make_unique<ClientCredentialsSource>(std::move(client), std::move(login), lane, store);
}

std::unique_ptr<TokenSource> make_token_source(OAuthClient client, JwtBearerLogin login, const Lane& lane,
                                               TokenStore* store) {
  return std::make_unique<JwtBearerSource>(std::move(client), std::move(login), lane, store);
}

}  // namespace cosell::net
