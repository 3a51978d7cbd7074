// Takes secrets out of texts that people or files will see. Works on any text, also on broken JSON: it goes from word
// to word and looks at what stands behind the words that name secrets.
#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "base/text.h"
#include "net/living_secrets.h"
#include "net/secrets.h"

namespace cosell::net {
namespace living_secrets {
namespace {

// Shorter values would blank out ordinary words.
constexpr std::size_t kShortest = 5;

struct Registry {
  std::mutex mutex;
  std::map<std::string, int> values;  // by value: living copies
};

Registry& registry() {
  static Registry* const kept = new Registry;  // outlives every Secret, also static ones
  return *kept;
}

// A value as it may stand in a form and in JSON.
std::array<std::string, 3> forms_of(const std::string& value) {
  return {value, text::percent_encode(value),
          text::replace_all(text::replace_all(text::replace_all(value, "\\", "\\\\"), "\"", "\\\""), "\n", "\\n")};
}

}  // namespace

void add(const std::string& value) {
  if (value.size() < kShortest) return;
  const std::lock_guard lock(registry().mutex);
  ++registry().values[value];
}

void remove(const std::string& value) {
  const std::lock_guard lock(registry().mutex);
  const auto it = registry().values.find(value);
  if (it != registry().values.end() && --it->second == 0) registry().values.erase(it);
}

std::string hide_in(std::string text) {
  const std::lock_guard lock(registry().mutex);
  for (const auto& [value, copies] : registry().values) {
    for (const std::string& form : forms_of(value)) {
      if (text.find(form) != std::string::npos) text = text::replace_all(std::move(text), form, "***");
    }
  }
  return text;
}

}  // namespace living_secrets

namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}
bool is_token(char c) { return is_word(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=' || c == '!'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

// "accessToken", "access_token" and "Access-Token" are one name.
std::string plain_name(std::string_view word) {
  std::string out;
  for (const char c : text::lower_ascii(word)) {
    if (c != '_' && c != '-') out += c;
  }
  return out;
}

bool names_a_secret(std::string_view word) {
  constexpr std::array<std::string_view, 12> kNames = {"accesstoken",     "refreshtoken", "idtoken",  "clientsecret",
                                                       "clientassertion", "assertion",    "password", "devicecode",
                                                       "apikey",          "sessionid",    "token",    "securitytoken"};
  const std::string name = plain_name(word);
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// Headers whose whole line is secret.
bool names_a_secret_line(std::string_view word) {
  constexpr std::array<std::string_view, 4> kNames = {"authorization", "proxyauthorization", "cookie", "setcookie"};
  const std::string name = plain_name(word);
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_scheme(std::string_view word) {
  return text::equals_ignore_case(word, "Bearer") || text::equals_ignore_case(word, "Basic");
}

class Redactor {
 public:
  explicit Redactor(std::string_view text) : text_(text) {}

  std::string run() && {
    while (at_ < text_.size()) {
      const std::size_t begin = at_;
      while (at_ < text_.size() && is_word(text_[at_])) ++at_;
      if (at_ == begin) {
        out_ += text_[at_++];
      } else {
        word(text_.substr(begin, at_ - begin));
      }
    }
    return std::move(out_);
  }

 private:
  void word(std::string_view w) {
    const bool web_token = w.size() > 10 && text::starts_with(w, "eyJ") && at_ < text_.size() && text_[at_] == '.';
    if (web_token) {
      out_ += "***";
      skip_token();
      return;
    }
    out_ += w;
    if (is_scheme(w)) {
      hide_credentials();
    } else if (names_a_secret_line(w)) {
      hide_value(true);
    } else if (names_a_secret(w)) {
      hide_value(false);
    }
  }

  void skip_token() {
    while (at_ < text_.size() && is_token(text_[at_])) ++at_;
  }

  // Behind "Bearer": one token, if it is long enough not to be an ordinary word.
  void hide_credentials() {
    std::size_t begin = at_;
    while (begin < text_.size() && is_blank(text_[begin])) ++begin;
    std::size_t end = begin;
    while (end < text_.size() && is_token(text_[end])) ++end;
    if (begin == at_ || end - begin < 8) return;
    out_ += " ***";
    at_ = end;
  }

  // Behind a name: [quote] blanks (: or =) blanks [quote] value.
  void hide_value(bool whole_line) {
    std::size_t p = at_;
    while (p < text_.size() && (text_[p] == '"' || text_[p] == '\'' || text_[p] == '\\')) ++p;
    while (p < text_.size() && is_blank(text_[p])) ++p;
    if (p >= text_.size() || (text_[p] != ':' && text_[p] != '=')) return;
    ++p;
    while (p < text_.size() && (is_blank(text_[p]) || text_[p] == '\n' || text_[p] == '\r') && !whole_line) ++p;
    while (p < text_.size() && is_blank(text_[p])) ++p;
    const std::size_t begin = p;
    const std::size_t end = end_of_value(begin, whole_line);
    if (end == begin || text_.substr(begin, end - begin) == "null") return;
    const bool quoted = text_[begin] == '"' || text_[begin] == '\'';
    out_ += text_.substr(at_, begin - at_);
    out_ += quoted ? std::string(1, text_[begin]) + "***" : std::string("***");
    at_ = end;
  }

  std::size_t end_of_value(std::size_t begin, bool whole_line) const {
    if (begin >= text_.size()) return begin;
    // The value inside a string that is itself escaped: \"access_token\":\"…\"
    if (text_[begin] == '\\' && begin + 1 < text_.size() && text_[begin + 1] == '"') {
      return std::min(text_.find("\\\"", begin + 2), text_.size());
    }
    const char quote = text_[begin];
    if (quote == '"' || quote == '\'') {
      std::size_t p = begin + 1;
      while (p < text_.size() && text_[p] != quote) p += text_[p] == '\\' ? 2 : 1;
      return std::min(p, text_.size());
    }
    const std::string_view stops = whole_line ? std::string_view("\r\n\"") : std::string_view("&, ;\t\r\n\"'}])<");
    return std::min(text_.find_first_of(stops, begin), text_.size());
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string redact(std::string_view text) { return living_secrets::hide_in(Redactor(text).run()); }

}  // namespace cosell::net
