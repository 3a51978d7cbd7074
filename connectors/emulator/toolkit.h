// Small things that emulator cores share: JSON answers, the request target, switches, paging tokens, ids and times.
// Nothing here knows a rule of one of the systems; each core keeps its own model and its own error shapes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "connectors/emulator/emulator.h"
#include "net/http.h"

namespace cosell::emulator {

// Answers -------------------------------------------------------------------------------------------------------

// Compact text; invalid UTF-8 becomes U+FFFD, so that writing never throws.
std::string write_json(const Json& value);
// Empty when the text is not JSON or nests deeper than 64 levels.
std::optional<Json> read_json(std::string_view text);

// A member that is a text; "" when there is none, or when `object` is something else.
std::string text_at(const Json& object, const char* key);

http::Response json_answer(int status, const Json& body);
http::Response json_text_answer(int status, std::string body);
http::Response empty_answer(int status);

// "http://127.0.0.1:8080": where the caller thinks that it called, from the Host header. Behind something that takes
// TLS off and says so (X-Forwarded-Proto: https) it begins with https.
std::string address_called(const http::Request& request);

// True when the request's Content-Type is application/json (parameters such as charset are ignored).
bool has_json_body(const http::Request& request);

// Targets -------------------------------------------------------------------------------------------------------

// The origin-form URL of a request, taken apart and decoded once.
struct Target {
  std::string path;                   // "/v1.0/engagements/referrals"
  std::vector<std::string> segments;  // decoded one by one, empty ones left out
  std::vector<std::pair<std::string, std::string>> query;

  std::optional<std::string> value(std::string_view name) const;  // first value of a query parameter
};
Target target_of(std::string_view url);

// True when `path` fits "/a/{id}/b": a part in braces stands for any one segment. A template without braces
// must equal the path, a trailing slash apart.
bool fits_template(std::string_view path, std::string_view path_template);

// A template for a request that no core looked at: GUIDs, long numbers and 15 or 18 character CRM ids become
// {id}, the version after ".../data/" becomes {v}.
std::string guess_template(std::string_view path);

// Switches ------------------------------------------------------------------------------------------------------

// The behaviour switches of a core. The first value fixes the type; `allowed` or the bounds narrow it further.
class Switches {
 public:
  void add(std::string name, std::string description, Json initial, std::vector<Json> allowed = {});
  void add_number(std::string name, std::string description, std::int64_t initial, std::int64_t least,
                  std::int64_t most);

  // Returns an error sentence for an unknown name or a wrong value, else "".
  std::string set(const std::string& name, const Json& value);
  std::vector<Setting> list() const;

  // The name must have been added; an unknown one is a mistake of the core and gives an empty value.
  const Json& value(std::string_view name) const;
  bool on(std::string_view name) const;
  std::int64_t number(std::string_view name) const;
  std::string text(std::string_view name) const;

  Json save() const;             // {"page_size":100}
  void load(const Json& saved);  // unknown names and unfit values are skipped

 private:
  struct Switch {
    Setting setting;
    std::vector<Json> allowed;
    std::optional<std::pair<std::int64_t, std::int64_t>> bounds;
  };
  std::vector<Switch> switches_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

// Paging --------------------------------------------------------------------------------------------------------

// Opaque tokens for "next page" links. The state stays on the server; the oldest tokens are forgotten beyond a bound.
class PageTokens {
 public:
  explicit PageTokens(std::size_t keep = 4096) : keep_(keep) {}
  std::string issue(Json state, Instant now, Random& random);
  // The state behind a token; empty when it is unknown or older than `life` (zero: no age limit).
  std::optional<Json> redeem(const std::string& token, Instant now, Duration life) const;
  void clear();

 private:
  struct Issued {
    Json state;
    Instant at;
  };
  std::size_t keep_;
  std::map<std::string, Issued> issued_;
  std::deque<std::string> order_;
};

// Ids and times -------------------------------------------------------------------------------------------------

// Letters and digits, drawn from `random`.
std::string random_text(Random& random, std::size_t length);
std::string random_hex(Random& random, std::size_t length);

// Times finer than a millisecond: ticks of 100 ns since 1970, as .NET services print them.
constexpr std::int64_t ticks_of(Instant t) { return t.ms * 10'000; }
constexpr Instant instant_of_ticks(std::int64_t ticks) { return Instant{ticks / 10'000}; }
std::string ticks_to_string(std::int64_t ticks);  // "2026-02-02T09:15:42.4579542Z"
std::optional<std::int64_t> parse_ticks(std::string_view text);

std::string http_date(Instant t);  // "Fri, 21 Nov 2025 03:41:07 GMT"

// Hands out modification times that never repeat and never go back, however often a clock stands still.
class Stamps {
 public:
  std::int64_t next(Instant now, Random& random);
  std::int64_t last() const { return last_; }
  void raise(std::int64_t at_least);  // after loading records

 private:
  std::int64_t last_ = 0;
};

}  // namespace cosell::emulator
