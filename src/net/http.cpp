// HTTP messages as values: headers, URLs and forms taken apart and put together. Sends nothing and
// decides nothing about which URL may be called.
#include "net/http.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace cosell::http {
namespace {

constexpr int kHighestPort = 65535;

int default_port(std::string_view scheme) {
  if (scheme == "https") return 443;
  return scheme == "http" ? 80 : 0;
}

bool parse_port(std::string_view digits, int& port) {
  if (digits.empty() || digits.size() > 5) return false;
  int n = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return false;
    n = n * 10 + (c - '0');
  }
  if (n < 1 || n > kHighestPort) return false;
  port = n;
  return true;
}

// "host", "host:port", "[::1]:port". User names in URLs are refused: they only serve to disguise a host.
bool parse_authority(std::string_view authority, Url& url) {
  if (authority.empty() || authority.find('@') != std::string_view::npos) return false;
  std::string_view host = authority;
  std::string_view port;
  if (authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return false;
    host = authority.substr(1, close - 1);
    const std::string_view after = authority.substr(close + 1);
    if (!after.empty() && after.front() != ':') return false;
    port = after;
  } else if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  url.port = default_port(url.scheme);
  if (port.size() > 1 && !parse_port(port.substr(1), url.port)) return false;
  url.host = text::lower_ascii(host);
  return !host.empty() && host.find_first_of("\\%<>\"") == std::string_view::npos;
}

}  // namespace

std::optional<std::string> Headers::find(std::string_view name) const {
  for (const Header& h : list) {
    if (text::equals_ignore_case(h.name, name)) return h.value;
  }
  return std::nullopt;
}

void Headers::set(std::string name, std::string value) {
  list.erase(
      std::remove_if(list.begin(), list.end(), [&](const Header& h) { return text::equals_ignore_case(h.name, name); }),
      list.end());
  add(std::move(name), std::move(value));
}

void Headers::add(std::string name, std::string value) { list.push_back({std::move(name), std::move(value)}); }

std::string Url::origin() const {
  if (host.empty()) return "";
  const bool v6 = host.find(':') != std::string::npos;
  std::string out = scheme + "://" + (v6 ? "[" + host + "]" : host);
  if (port != default_port(scheme)) out += ":" + std::to_string(port);
  return out;
}

std::optional<Url> parse_url(std::string_view text) {
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f;
  });
  if (!printable) return std::nullopt;
  Url url;
  std::string_view rest = text.substr(0, text.find('#'));
  if (rest.empty()) return std::nullopt;
  // Origin form, as an emulator sees it: path and query alone, host stays empty.
  if (rest.front() != '/') {
    const std::size_t colon = rest.find("://");
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    url.scheme = text::lower_ascii(rest.substr(0, colon));
    if (default_port(url.scheme) == 0) return std::nullopt;
    rest.remove_prefix(colon + 3);
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    if (!parse_authority(rest.substr(0, end), url)) return std::nullopt;
    rest.remove_prefix(end);
  }
  const std::size_t mark = rest.find('?');
  url.path = std::string(rest.substr(0, mark));
  if (url.path.empty()) url.path = "/";
  if (mark != std::string_view::npos) url.query = std::string(rest.substr(mark + 1));
  return url;
}

std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const std::string& part : text::split(text, '&')) {
    if (part.empty()) continue;
    const std::string_view view = part;
    const std::size_t eq = view.find('=');
    const std::string_view value = eq == std::string_view::npos ? std::string_view() : view.substr(eq + 1);
    fields.emplace_back(text::percent_decode(view.substr(0, eq), true), text::percent_decode(value, true));
  }
  return fields;
}

std::string encode_form(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out += text::percent_encode(name) + "=" + text::percent_encode(value);
  }
  return out;
}

std::string form_value(const std::vector<std::pair<std::string, std::string>>& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return "";
}

bool is_loopback(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (text::equals_ignore_case(host, "localhost") || host == "::1") return true;
  std::array<unsigned char, 4> address{};
  return inet_pton(AF_INET, std::string(host).c_str(), address.data()) == 1 && address[0] == 127;
}

}  // namespace cosell::http
