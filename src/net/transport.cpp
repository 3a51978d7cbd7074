// What all transports have in common: which URLs may be called, and how the ways to fail are told apart.
#include "net/transport.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace cosell::net {
namespace {

bool breaks_line(std::string_view s) {
  return std::any_of(s.begin(), s.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

}  // namespace

std::vector<Reply> Transport::exchange(std::span<const Exchange> exchanges, int max_in_flight) {
  std::vector<Reply> replies;
  replies.reserve(exchanges.size());
  for (std::size_t i = 0; i < exchanges.size(); ++i) {
    replies.push_back(not_sent(ErrorClass::cancelled, "Stopped before the request was sent."));
  }
  std::size_t started = 0;
  stream(
      [&]() -> std::optional<Exchange> {
        if (started == exchanges.size()) return std::nullopt;
        return exchanges[started++];
      },
      [&](std::size_t index, Reply reply) { replies[index] = std::move(reply); }, [&] { return max_in_flight; });
  return replies;
}

Reply Transport::exchange(const Exchange& one) { return std::move(exchange(std::span(&one, 1), 1).front()); }

Result<void> check_callable(const http::Request& request) {
  const auto url = http::parse_url(request.url);
  if (!url || url->host.empty()) {
    return make_error(ErrorClass::config, "This is not a complete web address: \"" +
                                              request.url.substr(0, request.url.find('?')) +
                                              "\". It must begin with https://.");
  }
  if (url->scheme != "https" && !http::is_loopback(url->host)) {
    return make_error(ErrorClass::config, "Plain http is refused for " + url->host +
                                              ": it would show the login to the network. Use https://.");
  }
  for (const http::Header& h : request.headers.list) {
    if (breaks_line(h.name) || breaks_line(h.value)) {
      return make_error(ErrorClass::config,
                        "The header " + text::percent_encode(h.name) + " for " + url->host + " contains a line break.");
    }
  }
  return {};
}

bool only_reads(const http::Request& request) {
  return request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
}

std::string host_of(const http::Request& request) {
  const auto url = http::parse_url(request.url);
  return url && !url->host.empty() ? url->host : "the server";
}

std::string id_sent_with(const http::Request& request) {
  constexpr std::array<const char*, 4> kNames = {"MS-CorrelationId", "client-request-id", "x-ms-client-request-id",
                                                 "x-request-id"};
  for (const char* name : kNames) {
    if (auto id = request.headers.find(name)) return id->substr(0, 100);
  }
  return "";
}

Reply lost(const http::Request& request, const std::string& what_happened) {
  const ErrorClass kind = only_reads(request) ? ErrorClass::transient : ErrorClass::unknown;
  Error error = make_error(kind, "No complete answer from " + host_of(request) + ": " + what_happened + ".");
  error.request_id = id_sent_with(request);
  return {std::move(error), true};
}

Reply not_sent(ErrorClass kind, std::string message) { return {make_error(kind, std::move(message)), false}; }

Reply too_large(const Exchange& exchange) {
  Error error =
      make_error(ErrorClass::bad_response, "The answer of " + host_of(exchange.request) + " is larger than the " +
                                               std::to_string(exchange.max_body_bytes) + " bytes allowed.");
  error.request_id = id_sent_with(exchange.request);
  error.rule = kTooLarge;
  return {std::move(error), true};
}

}  // namespace cosell::net
