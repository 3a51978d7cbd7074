// The table of Dynamics 365's errors.
#include "connectors/dynamics365/dynamics365_errors.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/json.h"
#include "base/text.h"
#include "net/retry.h"
#include "net/secrets.h"

namespace cosell::dynamics365 {
namespace {

// When the server asks to wait without saying how long.
constexpr Duration kUsualWait = seconds(30);
constexpr Duration kLongestWait = hours(1);
struct Meaning {
  std::string_view code;
  ErrorClass kind;
  std::string_view text;  // for people; the server's words follow
};

constexpr std::array<Meaning, 46> kMeanings = {{
    {"0x80072322", ErrorClass::throttled, "Dynamics 365 has had too many requests in the last minutes"},
    {"0x80072321", ErrorClass::throttled, "The requests of the last minutes took Dynamics 365 too long"},
    {"0x80072326", ErrorClass::throttled, "Dynamics 365 has too many requests at once"},
    {"0x80044150", ErrorClass::transient, "The database of Dynamics 365 was busy"},
    {"0x80044151", ErrorClass::transient, "The database of Dynamics 365 took too long"},
    {"0x80048544", ErrorClass::transient, "The database of Dynamics 365 was busy"},
    {"0x80071154", ErrorClass::transient, "Another process is changing the record in Dynamics 365 at this moment"},
    {"0x80048105", ErrorClass::transient, "Another process is changing the record in Dynamics 365 at this moment"},
    {"0x80060882", ErrorClass::precondition, "Somebody changed the record in Dynamics 365 meanwhile"},
    {"0x80060883", ErrorClass::bug, "Dynamics 365 misses the version of the record"},
    {"0x8006088d", ErrorClass::config, "Dynamics 365 does not check versions of this table"},
    {"0x80040237", ErrorClass::precondition, "The record is already in Dynamics 365"},
    {"0x80060892", ErrorClass::precondition,
     "Another record in Dynamics 365 has a value of this one that must be unique"},
    {"0x80040333", ErrorClass::rejected, "A duplicate rule in Dynamics 365 refuses the record"},
    {"0x80040265", ErrorClass::rejected, "An automation in Dynamics 365 refuses the change"},
    {"0x80044331", ErrorClass::rejected, "A text is longer than Dynamics 365 allows"},
    {"0x8004431a", ErrorClass::rejected, "Dynamics 365 does not offer this value in its choice"},
    {"0x80044330", ErrorClass::rejected, "A number is larger than Dynamics 365 allows"},
    {"0x8004432f", ErrorClass::rejected, "A number is larger than Dynamics 365 allows"},
    {"0x80040203", ErrorClass::rejected, "Dynamics 365 does not accept a value"},
    {"0x80048d19", ErrorClass::rejected, "Dynamics 365 expects another kind of value"},
    {"0x80048408", ErrorClass::rejected, "The status reason does not belong to this status in Dynamics 365"},
    {"0x8004f00e", ErrorClass::rejected, "Dynamics 365 does not allow this change of status"},
    {"0x80040505", ErrorClass::rejected, "An opportunity in Dynamics 365 needs an account or a contact"},
    {"0x80048479", ErrorClass::rejected, "The currency of this opportunity can no longer be changed in Dynamics 365"},
    {"0x80040515", ErrorClass::precondition, "Somebody closed the opportunity in Dynamics 365 meanwhile"},
    {"0x8004051a", ErrorClass::precondition, "Somebody reopened the opportunity in Dynamics 365 meanwhile"},
    {"0x80040516", ErrorClass::rejected, "Dynamics 365 does not let this opportunity be closed"},
    {"0x80100005", ErrorClass::bug, "Dynamics 365 closes opportunities only by its own actions"},
    {"0x8004022e", ErrorClass::rejected, "Closed opportunities are read-only in this Dynamics 365 organisation"},
    {"0x80040233", ErrorClass::rejected, "The record is read-only in Dynamics 365"},
    {"0x80040217", ErrorClass::not_found, "The record is not in Dynamics 365"},
    {"0x80060891", ErrorClass::not_found, "No record in Dynamics 365 carries this referral"},
    {"0x80100006", ErrorClass::not_found, "The opportunity is not in Dynamics 365"},
    {"0x80040220", ErrorClass::forbidden, "The bridge's user lacks a privilege in Dynamics 365"},
    {"0x80048405", ErrorClass::forbidden, "The bridge's user may not do this in Dynamics 365"},
    {"0x80040231", ErrorClass::forbidden, "The bridge's user lacks a privilege in Dynamics 365"},
    {"0x80048306", ErrorClass::forbidden, "The bridge's user lacks a privilege in Dynamics 365"},
    {"0x8004f508", ErrorClass::forbidden, "The bridge's user may not write a secured column in Dynamics 365"},
    {"0x8005f101", ErrorClass::auth_expired, "Dynamics 365 refuses the login"},
    {"0x80072560", ErrorClass::auth_expired, "The application is not a user of this Dynamics 365 organisation"},
    {"0x8004a112", ErrorClass::auth_expired, "The application user is disabled in Dynamics 365"},
    {"0x80044352", ErrorClass::cursor_invalid, "Dynamics 365 no longer knows what changed since the last read"},
    {"0x80072491", ErrorClass::config, "Change tracking is switched off for opportunities in Dynamics 365"},
    {"0x80060890", ErrorClass::config, "Dynamics 365 has no such alternate key"},
    {"0x80041103", ErrorClass::schema_drift, "A column of the mapping does not exist in Dynamics 365"},
}};

struct ServerError {
  std::string code;
  std::string message;
};

// Empty when the body is not in the form of the Web API: then something else answered.
std::optional<ServerError> read_error(const std::string& body) {
  const auto root = json::read(body);
  const json::Value* error = root ? root->find("error") : nullptr;
  if (error == nullptr || !error->is_object()) return std::nullopt;
  // A plug-in writes what it likes, and at any length: whole characters of it are kept.
  return ServerError{normal_code(error->text_of("code")), net::detail_of(error->text_of("message"))};
}

ErrorClass kind_by_status(int status, bool writes) {
  switch (status) {
    case 401:
      return ErrorClass::auth_expired;
    case 403:
      return ErrorClass::forbidden;
    case 404:
      return ErrorClass::not_found;
    case 408:
      return writes ? ErrorClass::unknown : ErrorClass::transient;  // who gave up waiting may have passed it on
    case 409:
    case 412:
      return ErrorClass::precondition;
    case 414:
      return ErrorClass::bug;
    case 429:
      return ErrorClass::throttled;
    default:
      break;
  }
  // A gateway that gave up does not know whether the server behind it went on.
  if (status >= 500) return writes ? ErrorClass::unknown : ErrorClass::transient;
  return status >= 400 ? ErrorClass::rejected : ErrorClass::bad_response;
}

std::string sentence(std::string_view start, const std::string& server_words) {
  const std::string words = text::trim(text::replace_all(text::replace_all(server_words, "\r", ""), "\n", " "));
  return words.empty() ? std::string(start) + "." : std::string(start) + ": " + words;
}

// Unknown names have no code of their own; only the words tell.
bool names_unknown_column(const ServerError& error) {
  return error.message.find("Could not find a property named '") != std::string::npos ||
         error.message.find("Invalid property '") != std::string::npos;
}

// The first text in single quotes: the column that the words are about.
std::vector<std::string> columns_in(const ServerError& error) {
  const std::size_t open = error.message.find('\'');
  const std::size_t close = open == std::string::npos ? open : error.message.find('\'', open + 1);
  if (close == std::string::npos) return {};
  std::string name = error.message.substr(open + 1, close - open - 1);
  return name.empty() ? std::vector<std::string>{} : std::vector<std::string>{std::move(name)};
}

bool is_web_page(const http::Response& response) {
  return text::lower_ascii(response.headers.get("Content-Type")).find("html") != std::string::npos ||
         text::starts_with(text::trim(std::string_view(response.body).substr(0, 200)), "<");
}

// No word from the Web API itself: something in between answered, or its front.
Error of_bare_status(const http::Response& response, const Asked& asked) {
  Error e =
      net::error_from(kind_by_status(response.status, asked.writes),
                      "Dynamics 365 answered " + asked.request + " with status " + std::to_string(response.status) +
                          (is_web_page(response) ? " and a web page instead of data." : "."),
                      response);
  const bool about_a_record =
      e.kind == ErrorClass::rejected || e.kind == ErrorClass::not_found || e.kind == ErrorClass::precondition;
  const bool odd = response.status < 500 && is_web_page(response) && e.kind != ErrorClass::auth_expired &&
                   e.kind != ErrorClass::throttled;
  // A read names no record, so a bare refusal of it is an answer that makes no sense.
  if (odd || (about_a_record && !asked.writes)) e.kind = ErrorClass::bad_response;
  return e;
}

Error of_server_error(const ServerError& error, int status, const Asked& asked) {
  const auto* known =
      std::find_if(kMeanings.begin(), kMeanings.end(), [&](const Meaning& m) { return m.code == error.code; });
  Error e;
  if (known != kMeanings.end()) {
    e = make_error(known->kind, sentence(known->text, error.message));
  } else if (names_unknown_column(error)) {
    e = make_error(ErrorClass::schema_drift,
                   sentence("A column of the mapping does not exist in Dynamics 365, or the bridge's user may not see "
                            "it",
                            error.message));
    e.fields = columns_in(error);
  } else {
    const std::string code = error.code.empty() || error.code == "0x0" ? std::to_string(status) : error.code;
    e = make_error(kind_by_status(status, asked.writes),
                   sentence("Dynamics 365 refuses (" + code + ")", error.message));
  }
  if (error.code == "0x80044331" || error.code == "0x8004431a" || error.code == "0x80044330" ||
      error.code == "0x8004432f") {
    e.fields = columns_in(error);
  }
  e.message = net::redact(e.message);
  e.detail = error.message;
  e.rule = error.code;
  return e;
}

}  // namespace

std::string normal_code(std::string_view written) {
  const std::string code = text::lower_ascii(text::trim(written));
  std::int64_t number = 0;
  const auto parsed = std::from_chars(code.data(), code.data() + code.size(), number);
  const bool decimal = !code.empty() && parsed.ec == std::errc() && parsed.ptr == code.data() + code.size();
  if (!decimal || number >= 0) return code;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) hex += kHex[static_cast<std::uint32_t>(number) >> shift & 15U];
  return hex;
}

std::string request_id_of(const http::Headers& headers) {
  for (const char* name : {"x-ms-service-request-id", "REQ_ID"}) {
    if (const auto id = headers.find(name)) return id->substr(0, 100);
  }
  return net::request_id_of(headers);
}

Error error_of(const http::Response& response, const Asked& asked, Instant now) {
  const auto server = read_error(response.body);
  Error e = server ? of_server_error(*server, response.status, asked) : of_bare_status(response, asked);
  if (response.status == 401) e.kind = ErrorClass::auth_expired;
  if (response.status == 429) e.kind = ErrorClass::throttled;
  if (e.kind == ErrorClass::throttled) {
    // A date is the server's, and so is the time that it is measured from.
    const Instant theirs = net::parse_http_date(response.headers.get("Date")).value_or(now);
    const auto wait = net::parse_retry_after(response.headers.get("Retry-After"), theirs);
    e.not_before = now + std::min(wait.value_or(kUsualWait), kLongestWait);
  }
  e.http_status = response.status;
  e.request_id = request_id_of(response.headers);
  return e;
}

Error error_of_part(const http::Response& part, const Asked& asked, Instant now) {
  Error e = error_of(part, asked, now);
  if (e.kind == ErrorClass::unknown || e.kind == ErrorClass::auth_expired) e.kind = ErrorClass::transient;
  // What is wrong with one record must not stop the others.
  if (e.kind == ErrorClass::bug || e.kind == ErrorClass::config) e.kind = ErrorClass::rejected;
  // A request to wait is about the side, whichever part it was told of.
  e.of_one_record = e.kind != ErrorClass::throttled;
  return e;
}

bool comes_later(const Error& e) {
  return e.kind == ErrorClass::transient || e.kind == ErrorClass::throttled || e.kind == ErrorClass::auth_expired ||
         e.kind == ErrorClass::cancelled;
}

}  // namespace cosell::dynamics365
