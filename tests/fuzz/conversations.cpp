// Logins, what is saved of them and of a pilot, and compressed answers.
#include "tests/fuzz/conversations.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "cli/learned.h"
#include "net/device_login.h"
#include "net/gzip.h"
#include "net/sealed.h"
#include "net/token_store.h"
#include "tests/fuzz/talk.h"

namespace cosell::fuzz {

namespace {

// ---- logins

Read token_answer(std::string_view input) {
  Talk talk([input](const http::Request&) { return std::string(input); });
  net::OAuthClient client;
  client.token_endpoint = kHere + "/services/oauth2/token";
  client.client_id = "app";
  net::RefreshTokenLogin login;
  login.first_refresh_token = net::Secret("first");
  const auto source = net::make_token_source(client, login, talk.lane(), nullptr);
  const auto token = source->token();
  if (!token) return as_refusal(token.error());
  if (token->empty()) return make_error(ErrorClass::bug, "an empty token");
  source->instance_url();
  return std::nullopt;
}

constexpr const char* kCode =
    R"({"device_code":"d","user_code":"ABC-DEF","verification_uri":"https://page.example",)"
    R"("message":"Open https://page.example and enter ABC-DEF.","interval":5,"expires_in":20})";
constexpr const char* kSignedIn = R"({"access_token":"a","refresh_token":"r","expires_in":3599,"token_type":"Bearer"})";

// The first login by a person, in which one of its two kinds of answers is the input.
Result<net::StoredToken> device_login(const std::string& code, const std::string& token) {
  Talk talk([&](const http::Request& r) { return asks_for(r, "devicecode") ? code : token; });
  net::PersonLogin login;
  login.client.token_endpoint = "https://login.example/contoso/oauth2/v2.0/token";
  login.client.client_id = "app";
  login.client.scope = "scope offline_access";
  std::string shown;
  auto done = net::log_in_with_code(login, talk.lane(), [&](const std::string& what) { shown = what; });
  if (done && shown.empty()) return make_error(ErrorClass::bug, "nobody was told what to do");
  const bool lasts = done && !done->access_token.empty() && !done->refresh_token.empty();
  if (done && !lasts) return make_error(ErrorClass::bug, "a login without a token");
  return done;
}

Read device_code(std::string_view input) {
  const auto done = device_login(std::string(input), kSignedIn);
  return done ? std::nullopt : as_refusal(done.error());
}

Read device_token(std::string_view input) {
  const auto done = device_login(kCode, std::string(input));
  return done ? std::nullopt : as_refusal(done.error());
}

// A word against the login is understood: it is told to a person.
Read device_refusal(std::string_view input) {
  const auto done = device_login(kCode, std::string(input));
  if (done || done.error().kind == ErrorClass::auth_expired) return std::nullopt;
  return as_refusal(done.error());
}

// A folder that goes away with the process.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "cosell-fuzz-XXXXXX").string();
    path_ = ::mkdtemp(name.data()) == nullptr ? "." : name;
  }
  ~Folder() {
    std::error_code ignored;
    if (path_ != ".") std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

const net::Secret kKey("a key of at least thirty-two characters");

std::string sealed(std::string_view plain) {
  SeededRandom random(5);
  return net::seal(plain, kKey, random).value_or("");
}

Read saved_logins(const std::string& bytes) {
  static const Folder folder;
  const std::string path = folder.file("tokens");
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  SeededRandom random(7);
  const auto store = net::TokenStore::open(path, kKey, random);
  if (!store) return as_refusal(store.error());
  const auto token = store->get("contoso");
  if (!token) return as_refusal(token.error());
  return std::nullopt;
}

constexpr const char* kLogins = R"({"contoso":{"access_token":"a","expires":"2027-01-01T00:00:00.000Z",)"
                                R"("refresh_token":"r","instance_url":"https://x","issued_for":"i"}})";

// ---- what a pilot learnt

Read learnt_settings(std::string_view input) {
  static const Folder folder;
  const std::string store = folder.file("contoso.db");
  std::ofstream(cli::learned_file(store), std::ios::binary | std::ios::trunc) << input;
  const auto part = cli::with_learned(json::Value::object(), store);
  if (part) return part->is_object() ? Read{} : make_error(ErrorClass::bug, "no part of a configuration");
  const bool names_it = part.error().message.find(cli::learned_file(store)) != std::string::npos;
  return names_it ? as_refusal(part.error()) : make_error(ErrorClass::bug, "does not name its file");
}

// ---- compression

constexpr std::size_t kUnpackedMost = 1U << 20;

// One piece or two must make no difference. An answer without a body is whole, a text that was packed is never nothing.
Read packed(std::string_view input) {
  const auto whole = net::gunzipped(input, kUnpackedMost);
  net::Gunzip halves(kUnpackedMost);
  std::string out;
  const std::size_t middle = input.size() / 2;
  const bool taken = halves.take(input.substr(0, middle), out) == net::Gunzip::Taken::yes &&
                     halves.take(input.substr(middle), out) == net::Gunzip::Taken::yes && halves.whole() &&
                     !input.empty();
  if (out.size() > kUnpackedMost) return make_error(ErrorClass::bug, "unpacked more than allowed");
  if (whole.has_value() != taken || (whole && *whole != out)) {
    return make_error(ErrorClass::bug, "another text in two pieces than in one");
  }
  if (!whole) return not_understood("not one whole stream");
  return std::nullopt;
}

}  // namespace

std::vector<Target> conversations() {
  return {
      {"token", "",
       R"({"access_token":"a","refresh_token":"r","expires_in":"3599","instance_url":"https://x","token_type":"Bearer"})",
       token_answer},
      {"device_code", "", kCode, device_code},
      {"device_token", "", kSignedIn, device_token},
      {"device_refusal", "",
       R"({"error":"slow_down","error_description":"AADSTS50126: no.","error_codes":[50126],"suberror":"bad_token"})",
       device_refusal},
      {"saved_logins", "", sealed(kLogins), [](std::string_view s) { return saved_logins(std::string(s)); }},
      {"saved_logins_inside", "", kLogins, [](std::string_view s) { return saved_logins(sealed(s)); }},
      {"learnt_settings", "", R"({"learned_at":"2026-11-01","record":"r","settings":{"stage_form":"percent"}})",
       learnt_settings},
      {"gzip", "", net::gzipped("a text, a text, a text"), packed},
  };
}

}  // namespace cosell::fuzz
