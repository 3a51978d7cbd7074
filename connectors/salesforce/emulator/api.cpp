// Routing of a REST call to its resource, and the error answers that all resources share.
#include "connectors/salesforce/emulator/api.h"

#include <algorithm>

#include "base/text.h"

namespace cosell::emulator::salesforce {

namespace {

Answer resources(const Call& call) {
  Answer answer;
  answer.body = Json::object();
  for (const char* name : {"sobjects", "query", "queryAll", "composite", "jobs", "limits", "tooling"}) {
    answer.body[name] = call.base() + "/" + name;
  }
  answer.body["identity"] = "/id/" + to_18(call.state.organization) + "/" + to_18(call.user);
  return answer;
}

Answer route_row(Call& call, const Object& object, std::string& shape) {
  const std::string& name = call.path[2];
  const bool get = call.method == "GET";
  if (call.path.size() == 3) {
    if (name == "describe") return get ? describe_object(call, object) : wrong_method(call, "GET,HEAD");
    if (name == "updated") return get ? updated(call, object) : wrong_method(call, "GET");
    if (name == "deleted") return get ? deleted(call, object) : wrong_method(call, "GET");
    if (text::equals_ignore_case(name, "Id") && call.method == "POST") return create(call, object);
    shape = call.base() + "/sobjects/" + object.name + "/{id}";
    return row_by_id(call, object, name);
  }
  const auto field = object.find(name);
  shape = call.base() + "/sobjects/" + object.name + "/" + (field ? object.fields[*field].name : name) + "/{value}";
  return row_by_value(call, object, name, call.path[3]);
}

Answer route_objects(Call& call, std::string& shape) {
  if (call.path.size() == 1) return call.method == "GET" ? describe_global(call) : wrong_method(call, "GET,HEAD");
  const Object* object = call.state.model.schema().find(call.path[1]);
  if (object == nullptr || call.path.size() > 4) return not_found();
  shape = call.base() + "/sobjects/" + object->name + (call.path.size() == 3 ? "/" + call.path[2] : "");
  if (call.path.size() > 2) return route_row(call, *object, shape);
  if (call.method == "GET") return object_basics(call, *object);
  if (call.method == "POST") return create(call, *object);
  return wrong_method(call, "GET,HEAD,POST");
}

Answer route_query(Call& call, bool with_deleted, std::string& shape) {
  if (call.method != "GET") return wrong_method(call, "GET,HEAD");
  if (call.path.size() == 1) return query(call, with_deleted);
  shape = call.base() + "/" + call.path[0] + "/{locator}";
  return call.path.size() == 2 ? query_more(call, call.path[1]) : not_found();
}

Answer route_composite(Call& call) {
  if (call.path.size() == 1) {
    return call.method == "POST" ? composite(call) : wrong_method(call, "POST");
  }
  if (call.path[1] == "sobjects" && call.path.size() <= 4) return collections(call);
  if (call.path[1] == "batch" && call.path.size() == 2) {
    return call.method == "POST" ? composite_batch(call) : wrong_method(call, "POST");
  }
  return not_found();
}

Answer dispatch(Call& call, std::string& shape) {
  if (!call.body_is_json) {
    return refuse(400, "JSON_PARSER_ERROR", "The HTTP entity body is required to be JSON, and this one is not.");
  }
  if (call.path.empty()) return resources(call);
  const std::string& first = call.path[0];
  if (first == "sobjects") return route_objects(call, shape);
  if (first == "query") return route_query(call, false, shape);
  if (first == "queryAll") return route_query(call, true, shape);
  if (first == "composite") return route_composite(call);
  if (first == "tooling") return tooling(call);
  if (first == "jobs") return bulk_jobs(call, shape);
  if (first == "limits" && call.path.size() == 1)
    return call.method == "GET" ? limits(call) : wrong_method(call, "GET");
  if (first == "ui-api") return picklist_values(call);
  return not_found();
}

}  // namespace

std::string Call::parameter(std::string_view name) const {
  for (const auto& pair : query) {
    if (pair.first == name) return pair.second;
  }
  return "";
}

std::string Call::header(std::string_view name) const { return headers == nullptr ? "" : headers->get(name); }

Writer Call::writer() const {
  Writer w{state, now, user};
  if (version < "v52.0") return w;  // does not know the header
  for (const std::string& part : text::split(header("Sforce-Duplicate-Rule-Header"), ';')) {
    if (text::equals_ignore_case(text::trim(part), "allowSave=true")) w.allow_duplicates = true;
  }
  return w;
}

Answer route(Call& call) {
  std::string shape = call.base();
  for (const std::string& segment : call.path) shape += "/" + segment;
  Answer answer = dispatch(call, shape);
  answer.path_template = text::replace_all(shape, call.base(), "/services/data/{v}");
  return answer;
}

Json errors_json(const ApiErrors& errors) {
  Json body = Json::array();
  for (const ApiError& e : errors) {
    Json entry = Json{{"message", e.message}, {"errorCode", e.code}};
    if (!e.fields.empty()) entry["fields"] = e.fields;
    // Salesforce itself misspells the member.
    if (e.code == "DUPLICATES_DETECTED") entry["duplicateResut"] = Json{{"allowSave", true}};
    body.push_back(std::move(entry));
  }
  return body;
}

Answer refuse(const ApiErrors& errors) {
  Answer answer;
  answer.status = errors.empty() ? 500 : errors.front().status;
  answer.body = errors_json(errors);
  return answer;
}

Answer refuse(int status, std::string code, std::string message, std::vector<std::string> fields) {
  return refuse(fail(std::move(code), std::move(message), std::move(fields), status).value());
}

Answer not_found() { return refuse(404, "NOT_FOUND", "The requested resource does not exist"); }

Answer wrong_method(const Call& call, std::string_view allowed) {
  return refuse(405, "METHOD_NOT_ALLOWED",
                "HTTP Method '" + call.method + "' not allowed. Allowed are " + std::string(allowed));
}

Answer no_content() {
  Answer answer;
  answer.status = 204;
  answer.has_body = false;
  return answer;
}

std::string limit_info(const State& state) {
  return "api-usage=" + std::to_string(state.settings.api_used) + "/" + std::to_string(state.settings.daily_api_limit);
}

Answer limits(Call& call) {
  const Settings& s = call.state.settings;
  const auto limit = [](std::int64_t most, std::int64_t used) {
    return Json{{"Max", most}, {"Remaining", std::max<std::int64_t>(0, most - used)}};
  };
  Answer answer;
  answer.body = Json::object();
  answer.body["ConcurrentAsyncGetReportInstances"] = limit(200, 0);
  answer.body["DailyApiRequests"] = limit(s.daily_api_limit, s.api_used);
  answer.body["DailyBulkApiBatches"] = limit(15000, 0);
  answer.body["DailyBulkV2QueryJobs"] = limit(10000, 0);
  answer.body["DataStorageMB"] = limit(1024, 0);
  return answer;
}

}  // namespace cosell::emulator::salesforce
