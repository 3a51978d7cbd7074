// Composite: several subrequests in one call, with references to earlier answers and one transaction if asked for.
#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "connectors/emulator/toolkit.h"
#include "connectors/salesforce/emulator/api.h"

namespace cosell::emulator::salesforce {

namespace {

constexpr std::size_t kSubrequestsMax = 25;
constexpr std::size_t kHeavyMax = 5;  // queries and collections

Json halted(const std::string& reference) {
  return Json{{"body", Json::array({Json{{"errorCode", "PROCESSING_HALTED"},
                                         {"message",
                                          "The transaction was rolled back since another operation in the same "
                                          "transaction failed."}}})},
              {"httpHeaders", Json::object()},
              {"httpStatusCode", 400},
              {"referenceId", reference}};
}

// "records[0].Id" inside an answer's body.
const Json* reach(const Json& from, std::string_view path) {
  const Json* at = &from;
  std::size_t i = 0;
  while (i < path.size()) {
    if (path[i] == '.') {
      ++i;
    } else if (path[i] == '[') {
      const std::size_t close = path.find(']', i);
      const auto n = close == std::string_view::npos ? std::nullopt : parse_number(path.substr(i + 1, close - i - 1));
      if (!n || *n < 0 || !at->is_array() || static_cast<std::size_t>(*n) >= at->size()) return nullptr;
      at = &(*at)[static_cast<std::size_t>(*n)];
      i = close + 1;
    } else {
      const std::size_t end = std::min(path.find_first_of(".[", i), path.size());
      const std::string key(path.substr(i, end - i));
      if (!at->is_object() || !at->contains(key)) return nullptr;
      at = &at->at(key);
      i = end;
    }
  }
  return at;
}

// Replaces @{ref.path} in texts by values of earlier answers.
class References {
 public:
  void add(const std::string& name, Json body) { bodies_[name] = std::move(body); }

  // The first reference of the present subrequest that has no value, or "".
  const std::string& missing() const { return missing_; }
  void begin() { missing_.clear(); }

  Json resolve(const Json& value) {
    if (value.is_string()) return resolve_text(value.get<std::string>());
    if (!value.is_structured()) return value;
    Json out = value.is_array() ? Json::array() : Json::object();
    if (value.is_array()) {
      for (const Json& entry : value) out.push_back(resolve(entry));
    } else {
      for (const auto& member : value.items()) out[member.key()] = resolve(member.value());
    }
    return out;
  }

  std::string resolve_url(const std::string& url) {
    const Json resolved = resolve_text(url);
    return resolved.is_string() ? resolved.get<std::string>() : resolved.dump();
  }

 private:
  const Json* find(const std::string& reference) const {
    const std::size_t end = std::min(reference.find_first_of(".["), reference.size());
    const auto it = bodies_.find(reference.substr(0, end));
    return it == bodies_.end() ? nullptr : reach(it->second, std::string_view(reference).substr(end));
  }

  Json resolve_text(const std::string& text) {
    std::string out;
    std::size_t at = 0;
    for (std::size_t begin = text.find("@{"); begin != std::string::npos; begin = text.find("@{", at)) {
      const std::size_t end = text.find('}', begin);
      if (end == std::string::npos) break;
      const std::string reference = text.substr(begin + 2, end - begin - 2);
      const Json* value = find(reference);
      if (value == nullptr) {
        if (missing_.empty()) missing_ = reference;
        return text;
      }
      // A text that is nothing but a reference takes the value with its type.
      if (begin == 0 && end + 1 == text.size()) return *value;
      out += text.substr(at, begin - at);
      out += value->is_string() ? value->get<std::string>() : value->dump();
      at = end + 1;
    }
    return out + text.substr(at);
  }

  std::map<std::string, Json> bodies_;
  std::string missing_;
};

bool is_heavy(const std::string& url) {
  const Target target = target_of(url);
  // /services/data/vXX.0/<resource>
  if (target.segments.size() < 4) return false;
  const std::string& resource = target.segments[3];
  return resource == "query" || resource == "queryAll" ||
         (resource == "composite" && target.segments.size() > 4 && target.segments[4] == "sobjects");
}

http::Headers headers_of(const Json& subrequest) {
  http::Headers headers;
  const auto it = subrequest.find("httpHeaders");
  if (it == subrequest.end() || !it->is_object()) return headers;
  for (const auto& member : it->items()) {
    if (member.value().is_string()) headers.add(member.key(), member.value().get<std::string>());
  }
  return headers;
}

Json headers_json(const http::Headers& headers) {
  Json out = Json::object();
  for (const http::Header& h : headers.list) out[h.name] = h.value;
  return out;
}

// The resources that the documentation names for each of the two; what it does not name is refused.
enum class Within : std::uint8_t { composite, batch };

bool is_allowed(Within within, const std::vector<std::string>& segments) {
  if (segments.size() < 4 || segments[0] != "services" || segments[1] != "data") return false;
  const std::string& resource = segments[3];
  if (resource == "sobjects" || resource == "query" || resource == "queryAll") return true;
  if (within == Within::batch) return resource == "limits";
  return resource == "composite" && segments.size() > 4 && segments[4] == "sobjects";
}

// Answers one subrequest through the router.
Answer answer_inner(Call& outer, Within within, const std::string& method, const std::string& url, Json body,
                    const http::Headers& headers) {
  const Target target = target_of(url);
  const auto& segments = target.segments;
  if (!is_allowed(within, segments)) {
    return refuse(400, "INVALID_INPUT", "The resource of a subrequest is not supported here: " + url);
  }
  Call call{outer.state, outer.random, outer.now, outer.user, segments[2], method};
  call.path.assign(segments.begin() + 3, segments.end());
  call.query = target.query;
  call.headers = &headers;
  call.body = std::move(body);
  call.served = outer.served;
  Answer answer = route(call);
  if (outer.served != nullptr) {
    outer.served->push_back(Served{method, answer.path_template, answer.status, true});
  }
  return answer;
}

std::optional<Answer> composite_refused(const Json& list) {
  if (list.size() > kSubrequestsMax) {
    return refuse(400, "INVALID_INPUT", "Number of subrequests must not be greater than 25");
  }
  std::set<std::string> names;
  std::size_t heavy = 0;
  for (const Json& sub : list) {
    const std::string name = sub.is_object() ? text_at(sub, "referenceId") : "";
    const bool complete = !name.empty() && !text_at(sub, "method").empty() && !text_at(sub, "url").empty();
    if (!complete) {
      return refuse(400, "INVALID_INPUT", "Each subrequest needs method, url and referenceId");
    }
    if (!names.insert(name).second) {
      return refuse(400, "INVALID_INPUT", "Duplicate ReferenceId provided [" + name + "]");
    }
    if (is_heavy(text_at(sub, "url"))) ++heavy;
  }
  if (heavy > kHeavyMax) {
    return refuse(400, "INVALID_INPUT",
                  "At most 5 subrequests of a composite request can be queries or sObject collections");
  }
  return std::nullopt;
}

Json answer_subrequest(Call& call, References& references, const Json& sub, bool& failed) {
  const std::string name = text_at(sub, "referenceId");
  references.begin();
  const std::string url = references.resolve_url(text_at(sub, "url"));
  Json body = sub.contains("body") ? references.resolve(sub.at("body")) : Json(nullptr);
  const http::Headers headers = headers_of(sub);
  Answer answer = references.missing().empty()
                      ? answer_inner(call, Within::composite, text_at(sub, "method"), url, std::move(body), headers)
                      : refuse(400, "PROCESSING_HALTED",
                               "Invalid reference specified. No value for " + references.missing() + " found");
  failed = answer.status >= 400;
  if (!failed) references.add(name, answer.body);
  return Json{{"body", answer.has_body ? std::move(answer.body) : Json(nullptr)},
              {"httpHeaders", headers_json(answer.headers)},
              {"httpStatusCode", answer.status},
              {"referenceId", name}};
}

}  // namespace

Answer composite(Call& call) {
  const bool listed =
      call.body.is_object() && call.body.contains("compositeRequest") && call.body.at("compositeRequest").is_array();
  if (!listed) return refuse(400, "INVALID_INPUT", "The request body needs an array \"compositeRequest\".");
  const Json& list = call.body.at("compositeRequest");
  if (auto refused = composite_refused(list)) return std::move(*refused);
  const bool all = call.body.contains("allOrNone") && call.body.at("allOrNone") == Json(true);
  const std::size_t savepoint = call.state.model.savepoint();
  References references;
  Json responses = Json::array();
  std::optional<std::size_t> failed_at;
  for (const Json& sub : list) {
    bool failed = false;
    if (failed_at && all) {
      responses.push_back(halted(text_at(sub, "referenceId")));
      continue;
    }
    responses.push_back(answer_subrequest(call, references, sub, failed));
    if (failed && !failed_at) failed_at = responses.size() - 1;
  }
  if (all && failed_at) {
    call.state.model.roll_back(savepoint);
    for (std::size_t i = 0; i < *failed_at; ++i) responses[i] = halted(text_at(list[i], "referenceId"));
  } else {
    call.state.model.release(savepoint);
  }
  Answer answer;
  answer.body = Json{{"compositeResponse", std::move(responses)}};
  return answer;
}

Answer composite_batch(Call& call) {
  const bool listed =
      call.body.is_object() && call.body.contains("batchRequests") && call.body.at("batchRequests").is_array();
  if (!listed) return refuse(400, "INVALID_INPUT", "The request body needs an array \"batchRequests\".");
  const Json& list = call.body.at("batchRequests");
  if (list.size() > kSubrequestsMax) {
    return refuse(400, "INVALID_INPUT", "Number of subrequests must not be greater than 25");
  }
  Json results = Json::array();
  bool errors = false;
  for (const Json& sub : list) {
    const http::Headers headers;
    const std::string url = sub.is_object() ? text_at(sub, "url") : "";
    const std::string whole = text::starts_with(url, "/services/data/") ? url : "/services/data/" + url;
    Json body = sub.is_object() && sub.contains("richInput") ? sub.at("richInput") : Json(nullptr);
    // Each part of a batch counts as a call of its own.
    ++call.state.settings.api_used;
    Answer answer = answer_inner(call, Within::batch, sub.is_object() ? text_at(sub, "method") : "", whole,
                                 std::move(body), headers);
    errors = errors || answer.status >= 400;
    results.push_back(Json{{"statusCode", answer.status}, {"result", answer.has_body ? answer.body : Json(nullptr)}});
  }
  Answer answer;
  answer.body = Json{{"hasErrors", errors}, {"results", std::move(results)}};
  return answer;
}

}  // namespace cosell::emulator::salesforce
