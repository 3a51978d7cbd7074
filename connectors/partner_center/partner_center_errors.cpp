// What Partner Center's refusals mean: the class of each status, the server's words out of the shapes in which it
// sends them, and a sentence for people.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/text.h"
#include "connectors/partner_center/named_member.h"
#include "connectors/partner_center/partner_center_client.h"
#include "deal/deal.h"
#include "net/secrets.h"

namespace cosell::partner_center {
namespace {

struct Refusal {
  std::string code;        // the most specific one
  std::string message;     // the server's words
  std::string target;      // JSON pointer of the field, or what the server calls it
  bool of_a_rule = false;  // by its code it is not about the version of a record
};

// The two that the documents have for a version that is not the newest (1.5). All other ones name something else.
bool is_about_the_version(const std::string& code) {
  return text::equals_ignore_case(code, "preconditionFailed") || text::equals_ignore_case(code, "resourceModified");
}

std::string first_text(const json::Value& v, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const json::Value* found = named_member(&v, name);
    if (found != nullptr && !found->text().empty()) return found->text();
  }
  return "";
}

const json::Value* inner_of(const json::Value& error) {
  const json::Value* inner = named_member(&error, "innerError");
  return inner != nullptr && inner->is_object() ? inner : nullptr;
}

// The documented nested shape, the flat one of the sister service, and the gateway's.
Refusal read_refusal(const std::string& body) {
  Refusal refusal;
  const auto read = json::read(body);
  if (!read || !read->is_object()) return refusal;
  const json::Value* error = read->find("error");
  if (error != nullptr && error->is_string()) {
    return {error->text(), first_text(*read, {"error_description", "message"}), "",
            !is_about_the_version(error->text())};
  }
  const json::Value* level = error != nullptr && error->is_object() ? error : &*read;
  for (int depth = 0; level != nullptr && depth < 8; ++depth) {
    const std::string code = first_text(*level, {"code"});
    const std::string message = first_text(*level, {"message", "description"});
    const std::string target = first_text(*level, {"target"});
    // The outermost one says what it is about, those beneath it say more (1.6).
    if (!code.empty() && refusal.code.empty()) refusal.of_a_rule = !is_about_the_version(code);
    if (!code.empty()) refusal.code = code;
    if (!message.empty()) refusal.message = message;
    if (!target.empty()) refusal.target = target;
    level = inner_of(*level);
  }
  return refusal;
}

struct TargetField {
  std::string_view word;
  Field field;
};
// Later entries are more general; the first that occurs in the target names the field.
constexpr TargetField kTargets[] = {{"customerprofile/team", Field::customer_contacts},
                                    {"customerprofile", Field::customer},
                                    {"dealvalue", Field::value},
                                    {"currency", Field::value},
                                    {"closingdatetime", Field::close_date},
                                    {"invitecontext/notes", Field::help_notes},
                                    {"invitecontext", Field::help},
                                    {"notes", Field::notes},
                                    {"solutions", Field::solutions},
                                    {"marketplaceintent", Field::marketplace_intent},
                                    {"additionalrequirements", Field::marketplace_intent},
                                    {"sharereferralwithmicrosoft", Field::visible},
                                    {"consent", Field::consent_contact},
                                    {"salesstage", Field::stage},
                                    {"status", Field::standing},
                                    {"externalreferenceid", Field::crm_id},
                                    {"campaignid", Field::campaign},
                                    {"mpnid", Field::location},
                                    {"team", Field::team},
                                    {"name", Field::name}};

std::optional<Field> field_of(const std::string& target) {
  const std::string lower = text::lower_ascii(text::replace_all(target, ".", "/"));
  for (const TargetField& t : kTargets) {
    if (lower.find(t.word) != std::string::npos) return t.field;
  }
  return std::nullopt;
}

bool mentions(const std::string& haystack, std::string_view needle) {
  return text::lower_ascii(haystack).find(needle) != std::string::npos;
}

std::string sentence_of(std::string words) {
  const bool ends = !words.empty() && std::string_view(".!?").find(words.back()) != std::string_view::npos;
  return ends ? words : words + ".";
}

// Wants a login that only a person can give.
bool asks_for_person(const http::Response& response, const Refusal& refusal) {
  const std::string challenge = response.headers.get("WWW-Authenticate");
  return mentions(refusal.message, "mfa") || mentions(refusal.code, "mfa") || mentions(challenge, "mfa") ||
         mentions(refusal.code, "insufficent_claims") || mentions(refusal.code, "insufficient_claims") ||
         mentions(challenge, "insufficient_claims");
}

std::string short_words(const std::string& words) {
  constexpr std::size_t kMax = 240;
  std::string s = text::trim(net::redact(words));  // it may repeat the token
  if (s.size() > kMax) {
    std::size_t end = kMax;
    while (end > 0 && (static_cast<unsigned char>(s[end]) & 0xC0U) == 0x80U) --end;
    s = s.substr(0, end) + "…";
  }
  return s;
}

std::string rejected_message(const Refusal& refusal) {
  const std::optional<Field> field = field_of(refusal.target);
  std::string message = "Partner Center did not accept ";
  message += field ? std::string("the ") + info(*field).label : "this change";
  return refusal.message.empty() ? message + "." : message + ": " + short_words(refusal.message);
}

Error login_error(const http::Response& response, const Refusal& refusal) {
  const char* message = asks_for_person(response, refusal)
                            ? "Partner Center asks for a login with multi-factor authentication. Log in again as the "
                              "service user and confirm the second factor."
                            : "Partner Center refuses the login. Log in again; if that does not help, the token is for "
                              "another address or the application lacks consent.";
  Error e = net::error_from(ErrorClass::auth_expired, message, response);
  e.log_in_again = true;
  return e;
}

// Not the service spoke but something in front of it, which knows nothing of referrals: a web page, or the gateway that
// has no such way.
bool is_of_something_between(const http::Response& response) {
  const std::string body = text::trim(std::string_view(response.body).substr(0, 200));
  if (text::lower_ascii(response.headers.get("Content-Type")).find("html") != std::string::npos ||
      text::starts_with(body, "<")) {
    return true;
  }
  const auto read = json::read(response.body);
  return read && read->is_object() && read->find("statusCode") != nullptr && read->find("error") == nullptr;
}

// What such an answer to a write stands for: it was turned away before the service saw it.
Error of_something_between(const http::Response& response, const Asked& asked) {
  return net::error_from(
      asked.writes ? ErrorClass::rejected : ErrorClass::bad_response,
      "Something between the bridge and Partner Center answered " + asked.name + " with status " +
          std::to_string(response.status) +
          (asked.writes ? " and did not let the change through. Ask those who run the proxy or the "
                          "firewall; a word in the notes may be the reason."
                        : "; it says nothing about the referral. Look at the proxy or the firewall."),
      response);
}

// No document says which status a refused value or step gets (11, item 6), so 409 and 412 alone do not tell it from an
// old version. One that names a field is none; nor is a 409 with a code for something else, which would be sent again
// for ever. By 412 HTTP means the version, whatever code stands beside it.
bool is_of_an_old_version(int status, const Refusal& refusal, const Asked& asked) {
  return asked.carries_a_version && !field_of(refusal.target) && (status == 412 || !refusal.of_a_rule);
}

ErrorClass class_of(int status, const Refusal& refusal, const Asked& asked) {
  const bool is_write = asked.writes;
  switch (status) {
    case 404:
    case 410:
      return asked.names_a_referral ? ErrorClass::not_found : ErrorClass::bad_response;
    case 409:
    case 412:
      if (is_write && is_of_an_old_version(status, refusal, asked)) return ErrorClass::precondition;
      break;
    case 423:
      return ErrorClass::transient;
    default:
      break;
  }
  if (status >= 400 && status < 500) return is_write ? ErrorClass::rejected : ErrorClass::bad_response;
  if (status >= 500) return is_write ? ErrorClass::unknown : ErrorClass::transient;
  return is_write ? ErrorClass::unknown : ErrorClass::bad_response;  // redirects and stranger things
}

std::string sentence_for(ErrorClass kind, int status, const Refusal& refusal, const Asked& asked) {
  switch (kind) {
    case ErrorClass::not_found:
      return "The referral does not exist in Partner Center, or this login may not see it.";
    case ErrorClass::precondition:
      return "The referral was changed in Partner Center in the meantime.";
    case ErrorClass::transient:
      return "Partner Center cannot do this just now (" + std::to_string(status) + ").";
    case ErrorClass::rejected:
      return rejected_message(refusal);
    case ErrorClass::unknown:
      return "Partner Center answered " + std::to_string(status) + "; the change may have been carried out.";
    default:
      return "Partner Center answered " + std::to_string(status) + " to " + asked.name +
             (refusal.message.empty() ? "." : ": " + short_words(refusal.message));
  }
}

}  // namespace

Error error_of(const http::Response& response, const Asked& asked) {
  const Refusal refusal = read_refusal(response.body);
  Error e;
  if (response.status == 401 || (response.status == 403 && asks_for_person(response, refusal))) {
    e = login_error(response, refusal);
  } else if ((response.status == 403 || response.status == 404 || response.status == 410) &&
             is_of_something_between(response)) {
    e = of_something_between(response, asked);
  } else if (response.status == 403) {
    const std::string said = refusal.message.empty() ? "." : ": " + sentence_of(short_words(refusal.message));
    e = net::error_from(ErrorClass::forbidden,
                        "This login may not do that in Partner Center" + said +
                            " The service user needs the role Referrals admin; a new role takes up to an hour.",
                        response);
    e.of_one_record = asked.writes || asked.names_a_referral;  // roles differ from referral to referral
  } else {
    const ErrorClass kind = class_of(response.status, refusal, asked);
    e = net::error_from(kind, sentence_for(kind, response.status, refusal, asked), response);
  }
  if (e.request_id.empty()) e.request_id = asked.correlation_id;
  e.rule = refusal.code;
  if (const std::optional<Field> field = field_of(refusal.target)) e.fields = {info(*field).name};
  return e;
}

}  // namespace cosell::partner_center
