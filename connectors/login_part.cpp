// Reads the members of a part and the files that they name.
#include "connectors/login_part.h"

#include <algorithm>

#include "base/text.h"
#include "net/http.h"

namespace cosell::parts {
namespace {

Error unfit(const std::string& setting, const std::string& what) {
  return make_error(ErrorClass::config, "crm.login." + setting + ": " + what + ".");
}

// "" without one.
Result<std::string> read_certificate(const Signing& from, const Surroundings& s) {
  if (from.certificate.empty() || !s.with_login) return std::string();
  auto certificate = net::read_named(from.certificate, "crm.login." + from.certificate_setting, s.base_dir);
  if (!certificate) return certificate;
  const std::string problem = net::certificate_problem(*certificate);
  if (problem.empty()) return certificate;
  return unfit(from.certificate_setting,
               "the certificate in " + net::place_of(from.certificate, s.base_dir) + " " + problem);
}

}  // namespace

Error wrong(json::Position at, const std::string& message) {
  return make_error(ErrorClass::config, std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + message);
}

std::optional<Error> only_known(const json::Value& object, const std::string& what,
                                const std::vector<std::string>& known) {
  if (!object.is_object()) return wrong(object.at(), what + " must be an object { … }");
  for (const json::Member& m : object.members()) {
    if (std::find(known.begin(), known.end(), m.key) != known.end()) continue;
    const std::string near = text::nearest(m.key, known);
    return wrong(m.at, "unknown name \"" + m.key + "\" in " + what + "; " +
                           (near.empty() ? "known are " + text::join(known, ", ") : "did you mean \"" + near + "\"?"));
  }
  return std::nullopt;
}

std::optional<Error> text_member(const json::Value& object, const std::string& name, const std::string& expected,
                                 bool required, std::string& out) {
  const json::Value* v = object.find(name);
  if (v == nullptr) {
    if (required) return wrong(object.at(), "\"" + name + "\" is missing: " + expected);
    return std::nullopt;
  }
  if (!v->is_string() || text::trim(v->text()).empty()) {
    return wrong(v->at(), "\"" + name + "\" must be " + expected);
  }
  out = text::trim(v->text());
  return std::nullopt;
}

std::optional<Error> address_member(const json::Value& object, const std::string& name, const std::string& expected,
                                    bool required, std::string& out) {
  if (auto error = text_member(object, name, expected, required, out)) return error;
  if (out.empty() || object.find(name) == nullptr) return std::nullopt;
  const auto url = http::parse_url(out);
  const json::Position at = object.find(name)->at();
  if (!url || url->host.empty()) return wrong(at, "\"" + name + "\" must be " + expected);
  if (url->scheme != "https" && !http::is_loopback(url->host)) {
    return wrong(at, "\"" + name + "\" must begin with https:// (plain http only to this machine)");
  }
  return std::nullopt;
}

std::optional<Error> secret_member(const json::Value& object, const std::string& name, bool required,
                                   std::string& out) {
  const std::string expected = "where the secret is: \"file:PATH\", \"env:NAME\" or \"credential:NAME\"";
  if (auto error = text_member(object, name, expected, required, out)) return error;
  if (out.empty()) return std::nullopt;
  for (const char* kind : {"env:", "file:", "credential:"}) {
    if (text::starts_with(out, kind) && out.size() > std::string(kind).size()) return std::nullopt;
  }
  return wrong(object.find(name)->at(), "\"" + name + "\" must say " + expected + ", never the secret itself");
}

std::optional<Error> secret_expires_member(const json::Value& login, std::optional<Date>& out) {
  const std::string name = "client_secret_expires";
  std::string written;
  const std::string expected = "the day on which \"client_secret\" expires, such as \"2027-01-31\"";
  if (auto error = text_member(login, name, expected, false, written)) return error;
  if (written.empty()) return std::nullopt;
  out = parse_date(written);
  if (!out) return wrong(login.find(name)->at(), "\"" + name + "\" must be " + expected);
  if (login.find("client_secret") != nullptr) return std::nullopt;
  return wrong(login.find(name)->at(), "\"" + name + "\" needs a \"client_secret\" beside it");
}

Result<std::optional<net::Secret>> read_optional(const std::string& reference, const std::string& setting,
                                                 const Surroundings& s) {
  if (reference.empty() || !s.with_login) return std::optional<net::Secret>{};
  auto secret = net::read_secret(reference, setting, s.base_dir);
  if (!secret) return secret.error();
  return std::optional<net::Secret>{*secret};
}

Result<std::optional<net::Secret>> read_key(const Signing& from, const Surroundings& s) {
  auto key = read_optional(from.key, "crm.login." + from.key_setting, s);
  if (!key || !*key) return key;
  const std::string problem = net::key_problem(**key);
  if (problem.empty()) return key;
  return unfit(from.key_setting, "the key in " + net::place_of(from.key, s.base_dir) + " " + problem);
}

Result<KeyPair> read_key_pair(const Signing& from, const Surroundings& s) {
  auto key = read_key(from, s);
  if (!key) return key.error();
  auto certificate = read_certificate(from, s);
  if (!certificate) return certificate.error();
  if (*key && !certificate->empty() && !net::belong_together(**key, *certificate)) {
    return unfit(from.certificate_setting, "the certificate in " + net::place_of(from.certificate, s.base_dir) +
                                               " is not that of the key in " + net::place_of(from.key, s.base_dir) +
                                               "; put the two that were made together in place");
  }
  return KeyPair{*std::move(key), *std::move(certificate)};
}

std::optional<Error> read_certificate_term(const Signing& from, const Surroundings& s, LoginFacts& facts) {
  auto pair = read_key_pair(from, s);
  if (!pair) return pair.error();
  if (pair->certificate.empty()) return std::nullopt;
  auto term = net::certificate_term(pair->certificate);
  if (!term) return unfit(from.certificate_setting, term.error().message);
  facts.certificate = *term;
  facts.certificate_place = net::place_of(from.certificate, s.base_dir);
  return std::nullopt;
}

const json::Value& member_or_empty(const json::Value& part, const std::string& name) {
  static const json::Value empty = json::Value::object();
  const json::Value* v = part.find(name);
  return v == nullptr ? empty : *v;
}

net::Lane login_lane(const std::string& title, const Surroundings& s) {
  return {title, s.transport, s.clock, s.random, &s.meter};
}

}  // namespace cosell::parts
