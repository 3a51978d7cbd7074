// Taking a request to the Web API apart, finding the resource that answers it, and the shapes of answers.
#include "connectors/dynamics365/emulator/api.h"

#include <algorithm>

#include "base/text.h"
#include "connectors/emulator/toolkit.h"

namespace cosell::emulator::dynamics365 {

namespace {

// Splits at commas outside quotes.
std::vector<std::string> split_list(const std::string& text, char quote) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (const char c : text) {
    if (c == quote) quoted = !quoted;
    if (c == ',' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string unquoted(std::string text) {
  text = text::trim(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

void read_preference(Preferences& p, const std::string& item) {
  const std::size_t equals = item.find('=');
  const std::string name = text::lower_ascii(text::trim(item.substr(0, equals)));
  const std::string value = equals == std::string::npos ? "" : unquoted(item.substr(equals + 1));
  if (name == "return" && value == "representation") p.representation = true;
  if (name == "odata.track-changes") p.track = true;
  if (name == "odata.continue-on-error" && value != "false") p.continue_on_error = true;
  if (name == "odata.maxpagesize") p.page = parse_integer(value);
  if (name != "odata.include-annotations") return;
  for (const std::string& pattern : text::split(value, ',')) {
    if (!text::trim(pattern).empty()) p.annotations.push_back(text::trim(pattern));
  }
}

Segment read_segment(const std::string& text) {
  Segment segment;
  const std::size_t open = text.find('(');
  segment.name = text.substr(0, open);
  if (open == std::string::npos) return segment;
  segment.parentheses = true;
  std::string inner = text.substr(open + 1);
  if (!inner.empty() && inner.back() == ')') inner.pop_back();
  if (text::trim(inner).empty()) return segment;
  for (const std::string& part : split_list(inner, '\'')) {
    const std::size_t equals = part[0] == '\'' ? std::string::npos : part.find('=');
    const std::string name = equals == std::string::npos ? "" : text::trim(part.substr(0, equals));
    segment.arguments.emplace_back(name, text::trim(equals == std::string::npos ? part : part.substr(equals + 1)));
  }
  return segment;
}

Answer service_document(const Call& call) {
  Json value = Json::array();
  for (const Table& table : call.state().model.schema().tables()) {
    value.push_back(Json{{"name", table.set}, {"kind", "EntitySet"}, {"url", table.set}});
  }
  return with_body(Json{{"@odata.context", call.context.root + "$metadata"}, {"value", std::move(value)}});
}

Answer route(Call& call) {
  if (call.path.empty()) return service_document(call);
  const std::string& first = call.path.front().name;
  if (first == "EntityDefinitions" || first == "GlobalOptionSetDefinitions") return metadata_resource(call);
  if (const Table* table = call.state().model.schema().find_set(first)) return rows_resource(call, *table);
  if (auto answer = operation_resource(call)) return std::move(*answer);
  return refuse(404, "0x8006088a", "Resource not found for the segment '" + first + "'.");
}

// Impersonation: whoever the headers name writes in place of the application user.
Outcome<Guid> acting_user(const Call& call) {
  const Table& users = call.state().model.schema().get("systemuser");
  const auto object = call.headers->find("CallerObjectId");
  const auto user = call.headers->find("MSCRMCallerID");
  if (!object && !user) return call.context.user;
  const auto wanted = parse_guid(object ? *object : *user);
  for (const RowPtr& row : call.state().model.rows(users).all()) {
    if (row == nullptr || !wanted) continue;
    const Value id = object ? row->cell(users.at("azureactivedirectoryobjectid")) : Value{row->id};
    if (id == Value{*wanted}) return row->id;
  }
  return fail(403, "0x80040204", "Invalid user id or type: the user to act for was not found.");
}

// With annotations asked for, errors tell more.
void explain(const Call& call, Answer& answer) {
  if (answer.status < 400 || !answer.body || !answer.body->contains("error")) return;
  Json& error = (*answer.body)["error"];
  if (!call.prefer.wants("Microsoft.PowerApps.CDS.TraceText")) return;
  error["@Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus"] = "0";
  error["@Microsoft.PowerApps.CDS.ErrorDetails.SubErrorCode"] = "0";
  error["@Microsoft.PowerApps.CDS.HelpLink"] =
      "http://go.microsoft.com/fwlink/?LinkID=398563&error=Microsoft.Crm.CrmException%3a" +
      (error.contains("code") && error["code"].is_string() ? error["code"].get<std::string>() : "");
  error["@Microsoft.PowerApps.CDS.TraceText"] = "";
  error["@Microsoft.PowerApps.CDS.InnerError.Message"] = error.value("message", "");
}

}  // namespace

bool Preferences::wants(std::string_view annotation) const {
  return std::any_of(annotations.begin(), annotations.end(), [annotation](const std::string& pattern) {
    if (text::ends_with(pattern, "*")) return text::starts_with(annotation, pattern.substr(0, pattern.size() - 1));
    return annotation == pattern;
  });
}

Preferences read_preferences(const http::Headers& headers) {
  Preferences p;
  for (const http::Header& h : headers.list) {
    if (!text::equals_ignore_case(h.name, "Prefer")) continue;
    for (const std::string& item : split_list(h.value, '"')) read_preference(p, item);
  }
  return p;
}

std::optional<std::string> Call::option(std::string_view name) const {
  for (const auto& field : query) {
    if (field.first == name) return field.second;
  }
  return std::nullopt;
}

Answer refuse(int status, const std::string& code, const std::string& message) {
  return with_body(Json{{"error", Json{{"code", code}, {"message", message}}}}, status);
}
Answer refuse(const ApiError& error) { return refuse(error.status, error.code, error.message); }

Answer no_content() {
  Answer answer;
  answer.status = 204;
  return answer;
}

Answer with_body(Json body, int status) {
  Answer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

std::optional<std::string> below_root(std::string_view url) {
  std::string rest(url);
  if (const std::size_t scheme = rest.find("://"); scheme != std::string::npos && scheme < rest.find('?')) {
    const std::size_t slash = rest.find('/', scheme + 3);
    rest = slash == std::string::npos ? "/" : rest.substr(slash);
  }
  constexpr std::string_view kRoot = "/api/data/v9.";
  if (text::starts_with(rest, kRoot)) {
    const std::size_t slash = rest.find_first_of("/?", kRoot.size());
    return slash == std::string::npos || rest[slash] == '?' ? "" : rest.substr(slash + 1);
  }
  if (text::starts_with(rest, "/api/")) return std::nullopt;
  if (text::starts_with(rest, "/")) rest.erase(0, 1);
  return rest;
}

std::vector<Segment> read_path(std::string_view decoded_path) {
  std::vector<Segment> path;
  for (const std::string& part : text::split(decoded_path, '/')) {
    if (!part.empty()) path.push_back(read_segment(part));
  }
  return path;
}

std::string shape_of(const std::vector<Segment>& path) {
  std::string shape = "/api/data/{v}";
  for (const Segment& s : path) {
    shape += "/" + s.name;
    if (!s.parentheses) continue;
    const bool key = !s.arguments.empty() && !s.arguments.front().first.empty();
    shape += s.arguments.empty() ? "()" : key ? "({key})" : "({id})";
  }
  return shape;
}

Outcome<Json> json_body(const Call& call) {
  const std::string type = call.headers->get("Content-Type");
  const std::string media = text::trim(type.substr(0, type.find(';')));
  if (!text::equals_ignore_case(media, "application/json")) {
    return fail(415, "0x80048d19", "The content type of the request must be application/json.");
  }
  auto body = read_json(call.body_text);
  if (!body || !body->is_object()) {
    return fail(400, "0x80048d19", "Error identified in Payload provided by the user: the body is not a JSON object.");
  }
  return std::move(*body);
}

namespace {

Outcome<void> refuse_missing(const std::vector<std::string>& missing, const Guid& user, const std::string& name) {
  if (std::find(missing.begin(), missing.end(), name) == missing.end()) return {};
  return fail(403, "0x80040220",
              "Principal user (Id=" + to_string(user) + ", type=8) is missing " + name + " privilege.");
}

}  // namespace

Outcome<void> need_named_privilege(const State& state, const Guid& user, const std::string& privilege) {
  return refuse_missing(state.settings.missing_privileges, user, privilege);
}

Outcome<void> need_named_privilege(const Call& call, const std::string& privilege) {
  return refuse_missing(shown_to(call).missing_privileges, call.context.user, privilege);
}

Shown shown_to(const Call& call) {
  const State& state = call.state();
  const Duration age = seconds(state.settings.definitions_age_seconds);
  const bool latest = text::equals_ignore_case(call.headers->get("Consistency"), "Strong");
  for (const OlderDefinitions& older : state.older_definitions) {
    if (latest || call.context.now - older.until >= age) continue;
    return {older.schema, older.missing_privileges, older.organization_read};
  }
  return {state.model.schema(), state.settings.missing_privileges, state.settings.organization_read};
}

std::string privilege_of(std::string_view verb, const Table& table) {
  const std::string named = table.name == "systemuser"         ? "User"
                            : table.name == "opportunityclose" ? "Activity"
                                                               : table.schema_name;
  return "prv" + std::string(verb) + named;
}

Outcome<void> need_privilege(const Call& call, const char* verb, const Table& table) {
  if (!table.owned) return {};
  const std::string privilege = privilege_of(verb, table);
  const auto& missing = shown_to(call).missing_privileges;
  if (std::find(missing.begin(), missing.end(), privilege) == missing.end()) return {};
  return fail(403, "0x80040220",
              "Principal user (Id=" + to_string(call.context.user) + ", type=8) is missing " + privilege +
                  " privilege on OTC=" + std::to_string(table.type_code) + " for entity '" + table.name + "'.");
}

Answer answer(Context& context, const Operation& operation) {
  Call call{context, operation.method};
  call.headers = &operation.headers;
  call.prefer = read_preferences(operation.headers);
  call.body_text = operation.body;
  call.inside = operation.inside;
  call.in_change_set = operation.in_change_set;
  const auto below = below_root(operation.url);
  if (!below)
    return refuse(404, "", "No HTTP resource was found that matches the request URI '" + operation.url + "'.");
  const std::size_t mark = below->find('?');
  call.path = read_path(text::percent_decode(below->substr(0, mark)));
  if (mark != std::string::npos) {
    call.raw_query = below->substr(mark + 1);
    call.query = http::parse_form(call.raw_query);
  }
  const Guid logged_in = context.user;
  const auto user = acting_user(call);
  if (!user) return refuse(user.error());
  context.user = *user;
  Answer result = route(call);
  context.user = logged_in;
  explain(call, result);
  if (result.path_template.empty()) result.path_template = shape_of(call.path);
  if (!operation.inside || context.served == nullptr) return result;
  Served served;
  served.method = operation.method;
  served.path_template = result.path_template;
  served.status = result.status;
  served.inner = true;
  context.served->push_back(std::move(served));
  return result;
}

http::Response to_response(const Answer& answer) {
  http::Response response;
  response.status = answer.status;
  if (answer.body) {
    response.body = write_json(*answer.body);
    response.headers.set("Content-Type", "application/json; odata.metadata=minimal");
  } else if (!answer.content_type.empty()) {
    response.body = answer.text;
    response.headers.set("Content-Type", answer.content_type);
  }
  response.headers.set("OData-Version", "4.0");
  for (const http::Header& h : answer.headers.list) response.headers.set(h.name, h.value);
  return response;
}

}  // namespace cosell::emulator::dynamics365
