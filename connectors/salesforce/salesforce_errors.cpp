// The table of Salesforce's errors.
#include "connectors/salesforce/salesforce_errors.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "net/retry.h"
#include "net/secrets.h"

namespace cosell::salesforce {
namespace {

// Salesforce names no time to wait. The daily figure rolls over 24 hours, so some of it is back after a while;
// concurrent requests end within seconds.
constexpr Duration kDailyLimitWait = minutes(15);
constexpr Duration kConcurrentLimitWait = seconds(10);

struct Meaning {
  std::string_view code;
  ErrorClass kind;
  std::string_view text;  // for people; the server's words follow
};

constexpr std::array<Meaning, 41> kMeanings = {{
    {"UNABLE_TO_LOCK_ROW", ErrorClass::transient,
     "Another process is changing the record in Salesforce at this moment"},
    {"QUERY_TIMEOUT", ErrorClass::transient, "Salesforce took too long to answer the query"},
    {"SERVER_UNAVAILABLE", ErrorClass::transient, "Salesforce is too busy to answer"},
    {"API_CURRENTLY_DISABLED", ErrorClass::transient, "Salesforce has a problem and answers nobody for now"},
    {"ALL_OR_NONE_OPERATION_ROLLED_BACK", ErrorClass::transient, "Salesforce took the change back with others"},
    {"PROCESSING_HALTED", ErrorClass::transient, "Salesforce did not get to this change"},
    {"UNKNOWN_EXCEPTION", ErrorClass::unknown, "Salesforce met an error of its own"},
    {"REQUIRED_FIELD_MISSING", ErrorClass::rejected, "Salesforce requires a field that is empty"},
    {"FIELD_CUSTOM_VALIDATION_EXCEPTION", ErrorClass::rejected, "A validation rule in Salesforce refuses the change"},
    {"STRING_TOO_LONG", ErrorClass::rejected, "A text is longer than Salesforce allows"},
    {"NUMBER_OUTSIDE_VALID_RANGE", ErrorClass::rejected, "A number is larger than Salesforce allows"},
    {"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ErrorClass::rejected,
     "Salesforce does not offer this value in its picklist"},
    {"INVALID_EMAIL_ADDRESS", ErrorClass::rejected, "Salesforce does not accept this e-mail address"},
    {"INVALID_TYPE_ON_FIELD_IN_RECORD", ErrorClass::rejected, "Salesforce expects another kind of value"},
    {"JSON_PARSER_ERROR", ErrorClass::rejected, "Salesforce expects another kind of value"},
    {"FIELD_INTEGRITY_EXCEPTION", ErrorClass::rejected, "The values do not fit together in Salesforce"},
    {"DUPLICATES_DETECTED", ErrorClass::rejected,
     "A duplicate rule in Salesforce refuses the record (use or merge the one that is there; where the rule only "
     "alerts, \"duplicate_detection\": false in the settings lets it be saved)"},
    {"DUPLICATE_VALUE", ErrorClass::rejected, "Another record in Salesforce already has this value"},
    {"DUPLICATE_EXTERNAL_ID", ErrorClass::rejected, "Several records in Salesforce carry the same referral"},
    {"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", ErrorClass::rejected, "An automation in Salesforce refuses the change"},
    {"APEX_ERROR", ErrorClass::rejected, "An automation in Salesforce failed on the change"},
    {"CANNOT_EXECUTE_FLOW_TRIGGER", ErrorClass::rejected, "An automation in Salesforce failed on the change"},
    {"INVALID_FIELD_FOR_INSERT_UPDATE", ErrorClass::rejected, "Salesforce does not let this field be written"},
    {"ENTITY_IS_LOCKED", ErrorClass::rejected, "The record is locked in Salesforce, for instance by an approval"},
    {"INACTIVE_OWNER_OR_USER", ErrorClass::rejected, "The owner is not active in Salesforce"},
    {"STORAGE_LIMIT_EXCEEDED", ErrorClass::rejected, "Salesforce has no storage left"},
    {"MALFORMED_ID", ErrorClass::not_found, "Salesforce does not know this id"},
    {"NOT_FOUND", ErrorClass::not_found, "The record is not in Salesforce"},
    {"ENTITY_IS_DELETED", ErrorClass::not_found, "The record was deleted in Salesforce"},
    {"INVALID_CROSS_REFERENCE_KEY", ErrorClass::not_found, "The record, or one it refers to, is not in Salesforce"},
    {"INSUFFICIENT_ACCESS_OR_READONLY", ErrorClass::forbidden,
     "The bridge's user may not do this in Salesforce; check its permissions and sharing"},
    {"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", ErrorClass::forbidden,
     "The bridge's user may not use the account or owner of this record in Salesforce"},
    {"INSUFFICIENT_ACCESS", ErrorClass::forbidden, "The bridge's user may not do this in Salesforce"},
    {"API_DISABLED_FOR_ORG", ErrorClass::forbidden, "The API is switched off for this Salesforce organisation or user"},
    {"INVALID_SESSION_ID", ErrorClass::auth_expired, "Salesforce refuses the login"},
    {"INVALID_QUERY_LOCATOR", ErrorClass::cursor_invalid, "Salesforce no longer knows this read position"},
    {"INVALID_FIELD", ErrorClass::schema_drift,
     "A column of the mapping does not exist in Salesforce, or the bridge's user may not see it"},
    {"INVALID_TYPE", ErrorClass::schema_drift,
     "An object does not exist in Salesforce, or the bridge's user may not see it"},
    {"MALFORMED_QUERY", ErrorClass::bug, "Salesforce does not understand the query"},
    {"REQUEST_LIMIT_EXCEEDED", ErrorClass::throttled, ""},
    {"TXN_SECURITY_NO_ACCESS", ErrorClass::forbidden, "A security policy in Salesforce refuses the change"},
}};

ErrorClass kind_by_status(int status, bool writes) {
  switch (status) {
    case 300:
      return ErrorClass::rejected;
    case 401:
      return ErrorClass::auth_expired;
    case 403:
      return ErrorClass::forbidden;
    case 404:
      return ErrorClass::not_found;
    case 408:
    case 420:
      return writes ? ErrorClass::unknown : ErrorClass::transient;  // who gave up waiting may have passed it on
    case 409:
    case 412:
      return ErrorClass::precondition;
    case 414:
    case 431:
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

Error of_limit(const ServerError& error, Instant now) {
  const bool concurrent = text::lower_ascii(error.message).find("concurrent") != std::string::npos;
  Error e = make_error(ErrorClass::throttled,
                       concurrent ? "Salesforce has too many requests at once; the bridge waits a moment."
                                  : "Salesforce's API requests for today are used up; the bridge waits for more.");
  e.not_before = now + (concurrent ? kConcurrentLimitWait : kDailyLimitWait);
  return e;
}

// A trigger or flow that meets a locked row fails as a whole, and its failure is told as that of the automation: only
// the words tell that it goes better in a moment.
bool met_a_lock(const ServerError& error) {
  constexpr std::array<std::string_view, 3> kAutomations = {"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "APEX_ERROR",
                                                            "CANNOT_EXECUTE_FLOW_TRIGGER"};
  const bool automation = std::find(kAutomations.begin(), kAutomations.end(), error.code) != kAutomations.end();
  return automation && (error.message.find("UNABLE_TO_LOCK_ROW") != std::string::npos ||
                        error.message.find("Record Currently Unavailable") != std::string::npos);
}

std::string sentence(std::string_view start, const std::string& server_words) {
  std::string words = text::trim(text::replace_all(text::replace_all(server_words, "\r", ""), "\n", " "));
  if (words.empty()) return std::string(start) + ".";
  return std::string(start) + ": " + words;
}

bool is_web_page(const http::Response& response) {
  return text::lower_ascii(response.headers.get("Content-Type")).find("html") != std::string::npos ||
         text::starts_with(text::trim(std::string_view(response.body).substr(0, 200)), "<");
}

// No word from Salesforce itself: something in between answered, or its front.
Error of_bare_status(const http::Response& response, const Asked& asked) {
  Error e = net::error_from(kind_by_status(response.status, asked.writes),
                            "Salesforce answered " + asked.request + " with status " + std::to_string(response.status) +
                                (is_web_page(response) ? " and a web page instead of data." : "."),
                            response);
  const bool odd = response.status < 500 && is_web_page(response) && e.kind != ErrorClass::auth_expired &&
                   e.kind != ErrorClass::throttled;
  if (odd) e.kind = ErrorClass::bad_response;
  if (response.status == 300) {
    e.message = "Several records in Salesforce carry the same referral; the bridge does not choose one.";
    e.rule = "MULTIPLE_CHOICES";
  }
  return e;
}

}  // namespace

Error error_of_code(const ServerError& error, int http_status, Instant now) {
  Error e;
  const auto* known =
      std::find_if(kMeanings.begin(), kMeanings.end(), [&](const Meaning& m) { return m.code == error.code; });
  if (error.code == "REQUEST_LIMIT_EXCEEDED") {
    e = of_limit(error, now);
  } else if (met_a_lock(error)) {
    e = make_error(
        ErrorClass::transient,
        sentence("An automation in Salesforce met a record that another process is changing", error.message));
  } else if (known != kMeanings.end()) {
    e = make_error(known->kind, sentence(known->text, error.message));
  } else {
    e = make_error(kind_by_status(http_status == 0 ? 400 : http_status, true),
                   sentence("Salesforce refuses (" + error.code + ")", error.message));
  }
  e.message = net::redact(e.message);
  e.detail = net::redact(error.message);
  e.rule = error.code;
  e.fields = error.fields;
  e.http_status = http_status;
  return e;
}

Error error_of_row(const ServerError& error, Instant now) {
  Error e = error_of_code(error, 0, now);
  // Within a collection the answer itself arrived: what failed was not written.
  if (e.kind == ErrorClass::unknown) e.kind = ErrorClass::transient;
  if (e.kind == ErrorClass::schema_drift || e.kind == ErrorClass::bug) e.kind = ErrorClass::rejected;
  // A request to wait is about the side, whichever row it was told of.
  e.of_one_record = e.kind != ErrorClass::throttled;
  return e;
}

Error error_of(const http::Response& response, const Asked& asked, Instant now) {
  const auto errors = read_errors(response.body);
  Error e;
  if (errors.empty() || response.status == 300) {
    e = of_bare_status(response, asked);
  } else {
    e = error_of_code(errors.front(), response.status, now);
    const bool server_fault = response.status >= 500 && errors.front().code != "SERVER_UNAVAILABLE";
    if (server_fault) e.kind = kind_by_status(response.status, asked.writes);
    if (response.status == 401) e.kind = ErrorClass::auth_expired;
    if (errors.front().code == "INVALID_FIELD" && e.fields.empty()) {
      if (const std::string column = column_of(e); !column.empty()) {
        e.fields.push_back(column);
        // The server answers with a piece of the query; people need the column's name.
        e.message =
            "Salesforce has no column " + column + ", or the bridge's user may not see it. Look with: cosell check";
        e.detail = "No such column '" + column + "'";
      }
    }
  }
  // A read changes nothing, so no rule and no version can stand against it: the answer makes no sense.
  const bool senseless = e.kind == ErrorClass::rejected || e.kind == ErrorClass::precondition;
  if (!asked.writes && senseless) e.kind = ErrorClass::bad_response;
  e.http_status = response.status;
  e.request_id = net::request_id_of(response.headers);
  return e;
}

std::string column_of(const Error& error) {
  constexpr std::string_view kNoSuchColumn = "No such column '";
  const std::size_t at = error.detail.find(kNoSuchColumn);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + kNoSuchColumn.size();
  const std::size_t end = error.detail.find('\'', begin);
  return end == std::string::npos ? "" : error.detail.substr(begin, end - begin);
}

}  // namespace cosell::salesforce
