// Reads, matches and counts scripted faults. See faults.h.
#include "connectors/emulator/faults.h"

#include <optional>

#include "base/text.h"

namespace cosell::emulator {

namespace {

const Json& member(const Json& object, const char* name) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}

std::string text_member(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : "";
}

std::int64_t number_member(const Json& object, const char* name, std::int64_t otherwise) {
  const Json& value = member(object, name);
  return value.is_number_integer() ? value.get<std::int64_t>() : otherwise;
}

std::optional<FaultKind> kind_from(const std::string& name) {
  static const std::vector<std::pair<std::string, FaultKind>> kKinds = {
      {"status", FaultKind::status},         {"delay", FaultKind::delay},       {"drop_before", FaultKind::drop_before},
      {"drop_after", FaultKind::drop_after}, {"truncate", FaultKind::truncate}, {"duplicate", FaultKind::duplicate},
      {"throttle", FaultKind::throttle},     {"html", FaultKind::html}};
  for (const auto& kind : kKinds) {
    if (kind.first == name) return kind.second;
  }
  return std::nullopt;
}

int default_status(FaultKind kind) {
  if (kind == FaultKind::throttle) return 429;
  return kind == FaultKind::html ? 200 : 503;
}

// Fills `fault` from one entry; returns what is wrong with it, or "".
std::string read_fault(const Json& entry, Fault& fault) {
  const Json& action = member(entry, "action");
  if (!action.is_object()) return "needs an \"action\" object.";
  const std::string name = text_member(action, "kind");
  const std::optional<FaultKind> kind = kind_from(name);
  if (!kind) {
    return "has the unknown kind \"" + name +
           "\"; known are status, delay, drop_before, drop_after, truncate, duplicate, throttle and html.";
  }
  fault.described = entry;
  fault.method = text_member(member(entry, "match"), "method");
  fault.path = text_member(member(entry, "match"), "path");
  fault.after = number_member(entry, "after", 0);
  fault.times = number_member(entry, "times", 1);
  fault.kind = *kind;
  fault.status = static_cast<int>(number_member(action, "status", default_status(*kind)));
  fault.delay_ms = number_member(action, "ms", 0);
  fault.retry_after_s = number_member(action, "retry_after", 1);
  const std::int64_t bytes = number_member(action, "bytes", 0);
  const bool in_range = fault.after >= 0 && fault.times >= 0 && fault.delay_ms >= 0 && fault.retry_after_s >= 0 &&
                        bytes >= 0 && fault.status >= 200 && fault.status <= 599;
  if (!in_range) return "has a negative number or a status outside 200 to 599.";
  fault.keep_bytes = static_cast<std::size_t>(bytes);
  const Json& body = member(action, "body");
  fault.body = body.is_string() ? body.get<std::string>() : (body.is_null() ? "" : write_json(body));
  const Json& headers = member(action, "headers");
  if (headers.is_object()) {
    for (const auto& item : headers.items()) {
      fault.headers.push_back(
          {item.key(), item.value().is_string() ? item.value().get<std::string>() : write_json(item.value())});
    }
  }
  return "";
}

bool fits(const Fault& fault, const std::string& method, const std::string& path) {
  if (!fault.method.empty() && fault.method != "*" && !text::equals_ignore_case(fault.method, method)) return false;
  if (fault.path.empty()) return true;
  if (fault.path.find('{') != std::string::npos) return fits_template(path, fault.path);
  return text::starts_with(path, fault.path);
}

}  // namespace

std::string Faults::replace(const Json& list) {
  if (!list.is_array()) return "Faults are a list: [{\"match\":{…},\"after\":0,\"times\":1,\"action\":{…}}].";
  std::vector<Fault> faults;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Fault fault;
    const std::string wrong = read_fault(list[i], fault);
    if (!wrong.empty()) return "Fault " + std::to_string(i + 1) + " " + wrong;
    faults.push_back(std::move(fault));
  }
  faults_ = std::move(faults);
  return "";
}

Json Faults::list() const {
  Json list = Json::array();
  for (const Fault& fault : faults_) {
    Json entry = fault.described;
    entry["matched"] = fault.matched;
    entry["fired"] = fault.fired;
    list.push_back(std::move(entry));
  }
  return list;
}

const Fault* Faults::due(const std::string& method, const std::string& path) {
  for (Fault& fault : faults_) {
    if (!fits(fault, method, path)) continue;
    ++fault.matched;
    const bool used_up = fault.times > 0 && fault.fired >= fault.times;
    if (fault.matched <= fault.after || used_up) continue;
    ++fault.fired;
    return &fault;
  }
  return nullptr;
}

}  // namespace cosell::emulator
