// The patch call of the emulated service. See patch.h.
#include "connectors/partner_center/emulator/patch.h"

#include <algorithm>

#include "base/text.h"
#include "connectors/partner_center/emulator/checks.h"
#include "connectors/partner_center/emulator/life_cycle.h"
#include "connectors/partner_center/emulator/registration.h"
#include "connectors/partner_center/emulator/shape.h"

namespace cosell::emulator::partner_center {

namespace {

constexpr const char* kShareFlag = "/consent/consentToShareReferralWithMicrosoftSellers";
constexpr std::size_t kListMax = 50;

enum class Kind {
  text,
  required_text,
  deal_value,
  currency,
  close_date,
  stage,
  state,
  share_flag,
  members,
  member,
  contacts,
  contact,
  solutions,
  solution,
  registration,
  registration_part,
  flag,
  attributes
};

struct Path {
  const char* path;
  Kind kind;
  const char* needs;  // the switch that allows it; a person in the portal does not need it
};

const std::vector<Path>& known_paths() {
  static const std::vector<Path> paths = {
      {"/campaignId", Kind::text, nullptr},
      {kShareFlag, Kind::share_flag, nullptr},
      {"/customerProfile/team", Kind::contacts, nullptr},
      {"/customerProfile/team/-", Kind::contact, nullptr},
      {"/details/closingDateTime", Kind::close_date, nullptr},
      {"/details/currency", Kind::currency, nullptr},
      {"/details/dealValue", Kind::deal_value, nullptr},
      {"/details/notes", Kind::required_text, nullptr},
      {"/details/requirements/solutions", Kind::solutions, nullptr},
      {"/details/requirements/solutions/-", Kind::solution, nullptr},
      {"/externalReferenceId", Kind::text, nullptr},
      {"/referralProgram", Kind::text, nullptr},
      {"/salesStage", Kind::stage, nullptr},
      {"/status", Kind::state, nullptr},
      {"/substatus", Kind::state, nullptr},
      {"/statusReason", Kind::text, nullptr},
      {"/team", Kind::members, nullptr},
      {"/team/-", Kind::member, nullptr},
      {"/registrations/-", Kind::registration, nullptr},
      {"/name", Kind::required_text, "name_patchable"},
      {"/favorite", Kind::flag, "favorite_patchable"},
      {"/details/requirements/additionalRequirements/attributes", Kind::attributes, "intent_patchable"}};
  return paths;
}

const std::vector<std::string>& registration_paths() {
  static const std::vector<std::string> paths = [] {
    std::vector<std::string> list;
    for (const char* field : {"startDateTime", "endDateTime", "signDateTime", "term", "value"}) {
      list.push_back(std::string("/registrations/0/contract/") + field);
    }
    const std::string detail = "/registrations/0/solutionDetails/0/";
    for (const char* field : {"value", "currency", "isDeployedOnAzure", "primaryDeploymentOn", "pricingModel"}) {
      list.push_back(detail + field);
    }
    for (const char* field : {"isMarketplaceTransacted", "marketplaceTransactionDateTime"}) {
      list.push_back(detail + "marketplaceTransactionDetails/" + field);
    }
    return list;
  }();
  return paths;
}

struct Operation {
  std::string path;  // in the known spelling
  Kind kind = Kind::text;
  Json value;
};

bool appends(const Operation& operation) { return text::ends_with(operation.path, "/-"); }

bool is_registration(const Operation& operation) {
  return operation.kind == Kind::registration || operation.kind == Kind::registration_part;
}

bool is_allowed(const Call& call, const Path& path, bool in_portal) {
  return path.needs == nullptr || in_portal || call.settings.on(path.needs);
}

// Finds the path among the known ones; names are read without regard to case, like everywhere in this service.
std::optional<Operation> known_operation(const Call& call, const std::string& path, bool in_portal) {
  Operation operation;
  for (const Path& known : known_paths()) {
    if (!text::equals_ignore_case(known.path, path) || !is_allowed(call, known, in_portal)) continue;
    operation.path = known.path;
    operation.kind = known.kind;
    return operation;
  }
  for (const std::string& known : registration_paths()) {
    if (!text::equals_ignore_case(known, path)) continue;
    operation.path = known;
    operation.kind = Kind::registration_part;
    return operation;
  }
  return std::nullopt;
}

Outcome<Operation> read_operation(const Call& call, const Json& entry, bool in_portal) {
  const std::string op = text::lower_ascii(text_at(entry, "/op"));
  const std::string path = text_at(entry, "/path");
  if (!entry.is_object() || path.empty()) {
    return tl::make_unexpected(invalid("", "Each operation needs op, path and value.", "invalidPatch"));
  }
  if (op != "replace" && op != "add") {
    return tl::make_unexpected(invalid(path, "The operation \"" + op + "\" is not supported.", "invalidPatch"));
  }
  std::optional<Operation> operation = known_operation(call, path, in_portal);
  if (!operation) {
    return tl::make_unexpected(invalid(path, "The path \"" + path + "\" cannot be changed.", "invalidPath"));
  }
  if (!entry.contains("value")) {
    return tl::make_unexpected(invalid(path, "The operation has no value.", "invalidPatch"));
  }
  if (op == "replace" && appends(*operation)) {
    return tl::make_unexpected(invalid(path, "Only \"add\" can name the end of a list.", "invalidPatch"));
  }
  operation->value = entry["value"];
  return *operation;
}

const Json& shape_at(const Operation& operation) {
  static const Json text = "string";
  static const Json flag = "boolean";
  switch (operation.kind) {
    case Kind::member:
    case Kind::contact:
      return member_shape();
    case Kind::solution:
      return solution_shape();
    case Kind::registration:
      return registration_shape();
    case Kind::flag:
      return flag;
    case Kind::registration_part: {
      std::string inside = text::replace_all(operation.path, "/registrations/0", "");
      return value_at(registration_shape(), inside);
    }
    default:
      break;
  }
  const Json& shape = value_at(referral_shape(), operation.path);
  return shape.is_null() ? text : shape;
}

Check check_required_value(const Call& call, const Operation& operation) {
  switch (operation.kind) {
    case Kind::required_text:
    case Kind::deal_value:
    case Kind::currency:
    case Kind::close_date:
    case Kind::members:
    case Kind::solutions:
      if (!is_blank(operation.value) || call.settings.on("required_clearable")) return std::nullopt;
      return invalid(operation.path, "This field cannot be emptied.", "missingValue");
    case Kind::state:
    case Kind::share_flag:
    case Kind::member:
    case Kind::contact:
    case Kind::solution:
    case Kind::registration:
    case Kind::flag:
      if (!is_blank(operation.value)) return std::nullopt;
      return invalid(operation.path, "The value is required.", "missingValue");
    default:
      return std::nullopt;
  }
}

Check check_value(const Call& call, const Operation& operation) {
  if (is_blank(operation.value)) return check_required_value(call, operation);
  const Json& value = operation.value;
  const std::string& path = operation.path;
  switch (operation.kind) {
    case Kind::deal_value:
      return check_deal_value(value, path);
    case Kind::currency:
      return check_currency(value, path);
    case Kind::close_date:
      return check_close_date(call, value, path);
    case Kind::state:
      return check_word(value, path == "/status" ? kStatuses : kSubstatuses, path);
    case Kind::members:
    case Kind::contacts:
      return check_members(value, path);
    case Kind::member:
    case Kind::contact:
      return check_member(value, path);
    case Kind::solutions:
      return check_solutions(call, value, path);
    case Kind::solution:
      return check_solution(call, value, path);
    case Kind::attributes:
      for (const Json& attribute : value) {
        if (text_at(attribute, "/type") != "CustomerMarketplaceIntent") continue;
        Check check = check_word(value_at(attribute, "/id"), kMarketplaceIntents, path);
        if (check) return check;
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

Check check_money_form(const Call& call, const Operation& operation) {
  const std::string form = call.settings.text("patch_money");
  if (operation.kind != Kind::deal_value || form == "both" || operation.value.is_null()) return std::nullopt;
  if (form == "text" ? operation.value.is_string() : operation.value.is_number()) return std::nullopt;
  return invalid(operation.path, "The value must be a " + form + ".", "invalidType");
}

// What the value becomes in the store: known spelling, right type, stage rounded.
Outcome<Json> accepted_value(const Call& call, const Operation& operation) {
  if (Check form = check_money_form(call, operation)) return tl::make_unexpected(*form);
  Outcome<Json> value = conform(operation.value, shape_at(operation), operation.path);
  if (!value) return value;
  Operation known = operation;
  known.value = *value;
  Check check = check_value(call, known);
  if (check) return tl::make_unexpected(*check);
  if (operation.kind == Kind::stage) return accepted_stage(call, *value, operation.path);
  // An emptied list stays a list.
  if (value->is_null() && shape_at(operation).is_array()) return Json(Json::array());
  return value;
}

Check check_locks(const Call& call, const Json& before, const Operation& operation) {
  const bool shared = true_at(before, kShareFlag);
  if (operation.kind == Kind::share_flag && shared && operation.value == false) {
    return invalid(operation.path, "A deal that Microsoft can see cannot be made private again.", "fieldLocked");
  }
  const bool contact = operation.kind == Kind::contacts || operation.kind == Kind::contact;
  if (contact && shared && call.settings.on("contact_locked_after_share")) {
    return invalid(operation.path, "The customer contact is fixed once Microsoft can see the deal.", "fieldLocked");
  }
  return std::nullopt;
}

// A closed deal takes nothing but a registration when it was won, and what a switch allows.
Check check_closed(const Call& call, const Json& before, const Operation& operation) {
  if (text_at(before, "/status") != "Closed") return std::nullopt;
  if (is_registration(operation) && text_at(before, "/substatus") == "Won") return std::nullopt;
  const bool crm_id = operation.path == "/externalReferenceId" && call.settings.on("closed_accepts_crm_id");
  const bool same_state = operation.kind == Kind::state && operation.value == value_at(before, operation.path) &&
                          call.settings.on("closed_same_status_allowed");
  if (crm_id || same_state) return std::nullopt;
  return invalid(operation.path, "The referral is closed as " + text_at(before, "/substatus") + ".", "referralClosed");
}

Check add_registration(Call& call, Json& document, const Json& registration) {
  Check check = check_eligible(call, document);
  if (!check && !document["registrations"].empty()) {
    check = invalid("/registrations", "The deal is already registered.", "duplicate");
  }
  if (!check) check = check_registration(call, document, registration);
  if (check) return check;
  document["registrations"].push_back(stored_registration(call, registration));
  document["registrationStatus"] = "ReviewPending";
  return std::nullopt;
}

Check correct_registration(Json& document, const Operation& operation, const Json& value) {
  if (document["registrations"].empty()) {
    return invalid(operation.path, "The deal is not registered.", "invalidPath");
  }
  if (document["registrationStatus"] != "ActionRequired") {
    return invalid(operation.path, "The registration can be changed only when an action is required.", "invalidState");
  }
  document[Json::json_pointer(operation.path)] = value;
  return std::nullopt;
}

Check apply(Call& call, Json& document, const Operation& operation, const Json& value) {
  if (operation.kind == Kind::registration) return add_registration(call, document, value);
  if (operation.kind == Kind::registration_part) return correct_registration(document, operation, value);
  if (appends(operation)) {
    Json& list = document[Json::json_pointer(operation.path.substr(0, operation.path.size() - 2))];
    if (list.size() >= kListMax) return invalid(operation.path, "At most 50 entries are allowed.", "outOfRange");
    list.push_back(value);
    return std::nullopt;
  }
  document[Json::json_pointer(operation.path)] = value;
  return std::nullopt;
}

bool is_ignored(const Call& call, const Operation& operation) {
  const Json& paths = call.settings.value("ignored_paths");
  return std::find(paths.begin(), paths.end(), operation.path) != paths.end();
}

// Rules about the outcome of the whole patch.
Check check_outcome(Call& call, const Json& before, Json& after, const std::vector<Operation>& operations) {
  const auto any = [&operations](auto is_kind) { return std::any_of(operations.begin(), operations.end(), is_kind); };
  Check check = check_transition(call, before, after);
  if (check) return check;
  const bool waits = text_at(after, "/status") == "New";
  if (waits && any([](const Operation& o) { return o.kind == Kind::stage; }) &&
      call.settings.on("stage_needs_accepted")) {
    return invalid("/salesStage", "The deal must be accepted before it has a sales stage.", "invalidState");
  }
  if (waits && any([](const Operation& o) { return o.kind != Kind::state; }) &&
      !call.settings.on("new_accepts_edits")) {
    return invalid("/status", "The deal must be accepted before it is edited.", "invalidState");
  }
  if (any([](const Operation& o) { return o.kind == Kind::registration_part; })) {
    check = check_registration(call, after, after["registrations"][0]);
    if (check) return check;
    // A correction sends the registration back to review.
    after["registrations"][0]["status"] = "ReviewPending";
    after["registrations"][0]["statusHistory"]["reviewPendingDateTime"] = to_string_seconds(call.now);
    after["registrationStatus"] = "ReviewPending";
  }
  if (call.settings.on("derive_type") && true_at(after, kShareFlag)) after["type"] = "Shared";
  return std::nullopt;
}

Check check_if_match(const Call& call, const Referral& referral, const std::optional<std::string>& sent) {
  if (!sent || !call.settings.on("if_match_honoured")) return std::nullopt;
  const std::string tag = text::trim(*sent);
  if (tag == "*" && call.settings.on("if_match_star")) return std::nullopt;
  if (tag.size() < 2 || tag.front() != '"' || tag.back() != '"') {
    return invalid("If-Match", "The tag must stand in double quotes.", "invalidHeader");
  }
  if (tag == referral.etag) return std::nullopt;
  const auto status = static_cast<int>(call.settings.number("stale_tag_status"));
  const std::string code = status == 409 ? "resourceModified" : status == 412 ? "preconditionFailed" : "invalidRequest";
  return refused(status, code, "The referral was changed since it was read.");
}

Outcome<std::vector<Operation>> read_operations(const Call& call, const Json& list, bool in_portal) {
  if (!list.is_array() || list.empty()) {
    return tl::make_unexpected(invalid("", "The body must be a list of patch operations.", "invalidPatch"));
  }
  std::vector<Operation> operations;
  for (const Json& entry : list) {
    Outcome<Operation> operation = read_operation(call, entry, in_portal);
    if (!operation) return tl::make_unexpected(operation.error());
    operations.push_back(std::move(*operation));
  }
  return operations;
}

// What the referral becomes.
Outcome<Json> changed(Call& call, const Referral& referral, const Json& list, bool in_portal) {
  const Outcome<std::vector<Operation>> read = read_operations(call, list, in_portal);
  if (!read) return tl::make_unexpected(read.error());

  const Json before = document_of(referral);
  Json after = before;
  for (const Operation& operation : *read) {
    Outcome<Json> value = accepted_value(call, operation);
    if (!value) return value;
    Check check = check_closed(call, before, operation);
    if (!check) check = check_locks(call, before, operation);
    if (!check && !is_ignored(call, operation)) check = apply(call, after, operation, *value);
    if (check) return tl::make_unexpected(*check);
  }
  Check check = check_outcome(call, before, after, *read);
  if (check) return tl::make_unexpected(*check);
  return after;
}

}  // namespace

Outcome<Json> patch_referral(Call& call, const Referral& referral, const Json& operations,
                             const PatchOptions& options) {
  const Check stale = check_if_match(call, referral, options.if_match);
  if (stale) return tl::make_unexpected(*stale);
  Outcome<Json> after = changed(call, referral, operations, options.in_portal);
  if (!after) return tl::make_unexpected(refused_by_rule(call, after.error()));
  const Json before = document_of(referral);
  if (*after == before && !call.settings.on("noop_changes_tag")) return before;
  call.model.touch(*after, call.now, call.random);
  stamp_transition(call, before, *after);
  call.model.put(*after);
  return after;
}

}  // namespace cosell::emulator::partner_center
