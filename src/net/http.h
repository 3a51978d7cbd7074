// HTTP messages as plain values. Used by the transport, the connectors and the emulators alike, so that
// a connector can talk to an emulator in the same process.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cosell::http {

struct Header {
  std::string name;
  std::string value;
};

struct Headers {
  std::vector<Header> list;
  // First value by case-insensitive name, or empty.
  std::optional<std::string> find(std::string_view name) const;
  std::string get(std::string_view name) const { return find(name).value_or(""); }
  void set(std::string name, std::string value);  // replaces
  void add(std::string name, std::string value);
};

struct Request {
  std::string method;  // "GET"
  std::string url;     // absolute for a client; origin form ("/path?query") inside an emulator
  Headers headers;
  std::string body;
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;
};

// "https://host:443/a/b?c=d" taken apart; path and query stay percent-encoded.
struct Url {
  std::string scheme;
  std::string host;
  int port = 0;                // default of the scheme when absent
  std::string path;            // at least "/"
  std::string query;           // without '?'
  std::string origin() const;  // "https://host" or "https://host:8443"
};
std::optional<Url> parse_url(std::string_view text);

// Decoded name-value pairs of a query or form body; `+` is a blank in both.
std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text);
std::string encode_form(const std::vector<std::pair<std::string, std::string>>& fields);
std::string form_value(const std::vector<std::pair<std::string, std::string>>& fields, std::string_view name);

// 127.0.0.0/8, ::1 or localhost.
bool is_loopback(std::string_view host);

}  // namespace cosell::http
