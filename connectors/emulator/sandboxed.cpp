// The control API, statistics, faults and latency around an emulator core. Nothing here knows which system the
// core plays, and nothing here waits: a delay is only written into the Delivery.
#include "connectors/emulator/sandboxed.h"

#include <exception>
#include <map>
#include <tuple>

#include "base/text.h"
#include "connectors/emulator/faults.h"
#include "connectors/emulator/toolkit.h"

namespace cosell::emulator {

namespace {

constexpr std::string_view kControlPrefix = "/_sandbox/";

// What every system offers; the name begins with the method.
const std::vector<ControlVerb>& common_verbs() {
  static const std::vector<ControlVerb> verbs = {
      {"GET stats", "", "Requests by method, path template and status; operations inside batches apart."},
      {"POST stats/reset", "", "Counts from nothing again."},
      {"GET records", "", "Every record, as an operator would like to see it."},
      {"GET settings", "",
       "The switches of this system and the latency of the wire; with ?describe what each one does."},
      {"POST settings", R"({"latency_ms":25})", "Turns switches, all of them or none."},
      {"GET faults", "", "The scripted faults, and how often each has fired."},
      {"POST faults",
       R"([{"match":{"method":"POST","path":"/v1.0"},"after":0,"times":1,"action":{"kind":"status","status":503}}])",
       "Replaces the scripted faults. A path is a prefix, or a template with {id}; \"after\" lets so many matches "
       "through "
       "first; \"times\":0 never ends. Kinds: status (body, headers), throttle {retry_after}, html, delay {ms}, "
       "drop_before, "
       "drop_after, truncate {bytes}, duplicate."},
      {"GET clock", "", "What time it is in the sandbox."},
      {"POST clock", R"({"advance":"2h"})",
       "Moves the clock of the whole sandbox forward; also {\"advance_ms\":500} or "
       "{\"set\":\"2030-01-31T00:00:00Z\"}."},
      {"POST reset", "", "Forgets all records; settings and users stay."},
  };
  return verbs;
}

http::Response refusal(int status, const std::string& sentence) {
  return json_answer(status, Json{{"error", sentence}});
}

// How often each (method, path template, status) was served. Status 0 is a request that got no answer.
class Statistics {
 public:
  void count(const Served& served) {
    auto& table = served.inner ? inner_ : calls_;
    ++table[std::make_tuple(served.method, served.path_template, served.status)];
  }

  void clear() {
    calls_.clear();
    inner_.clear();
  }

  // {"total":3,"requests":[{"method","path","status","count"}],"inside_batches_total":0,"inside_batches":[…]}
  Json report() const {
    Json report = Json::object();
    report["total"] = total(calls_);
    report["requests"] = rows(calls_);
    report["inside_batches_total"] = total(inner_);
    report["inside_batches"] = rows(inner_);
    return report;
  }

 private:
  using Table = std::map<std::tuple<std::string, std::string, int>, std::int64_t>;

  static std::int64_t total(const Table& table) {
    std::int64_t sum = 0;
    for (const auto& row : table) sum += row.second;
    return sum;
  }

  static Json rows(const Table& table) {
    Json rows = Json::array();
    for (const auto& row : table) {
      rows.push_back(Json{{"method", std::get<0>(row.first)},
                          {"path", std::get<1>(row.first)},
                          {"status", std::get<2>(row.first)},
                          {"count", row.second}});
    }
    return rows;
  }

  Table calls_;
  Table inner_;
};

http::Response scripted_answer(const Fault& fault) {
  http::Response response = empty_answer(fault.status);
  response.body = fault.body;
  if (fault.kind == FaultKind::throttle) {
    const std::string wait = std::to_string(fault.retry_after_s);
    response.headers.set("Retry-After", wait);
    if (response.body.empty()) {
      response.body = write_json(Json{{"statusCode", fault.status},
                                      {"message", "Rate limit is exceeded. Try again in " + wait + " seconds."}});
    }
  }
  if (fault.kind == FaultKind::html) {
    response.headers.set("Content-Type", "text/html; charset=utf-8");
    if (response.body.empty()) {
      response.body = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>\n";
    }
  } else if (!response.body.empty()) {
    response.headers.set("Content-Type", "application/json; charset=utf-8");
  }
  for (const http::Header& header : fault.headers) response.headers.set(header.name, header.value);
  return response;
}

}  // namespace

Instant SandboxClock::now() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return real_.now() + offset_;
}

Duration SandboxClock::offset() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return offset_;
}

void SandboxClock::advance(Duration d) {
  const std::lock_guard<std::mutex> lock(mutex_);
  offset_.ms += d.ms;
}

struct Sandboxed::State {
  State(std::unique_ptr<Emulator> emulator, SandboxClock& shared_clock, std::uint64_t seed)
      : core(std::move(emulator)), clock(shared_clock), random(seed), jitter(seed + 1) {
    wire.add_number("latency_ms", "Every answer waits this long before it is sent.", 0, 0, 600'000);
    wire.add_number("jitter_ms", "Up to this much is added to the latency, drawn anew for each answer.", 0, 0, 600'000);
  }

  Delivery serve(const http::Request& request, const std::string& path);
  http::Response ask_core(const http::Request& request);

  http::Response control(const http::Request& request, const std::string& verb);
  Json contents() const;
  http::Response no_such_verb(const std::string& verb, const std::string& method) const;
  http::Response control_settings(const http::Request& request);
  http::Response control_clock(const http::Request& request);
  http::Response control_faults(const http::Request& request);
  std::string apply_settings(const Json& changes);
  std::string set_one(const std::string& name, const Json& value);
  std::vector<Setting> all_settings() const;
  Json clock_report();

  std::mutex mutex;
  std::unique_ptr<Emulator> core;
  SandboxClock& clock;
  SeededRandom random;
  SeededRandom jitter;  // its own sequence, so that ids do not depend on the jitter
  Switches wire;
  Faults faults;
  Statistics statistics;
};

http::Response Sandboxed::State::ask_core(const http::Request& request) {
  http::Response response = core->handle(request, clock, random);
  for (const Served& served : core->last_served()) statistics.count(served);
  return response;
}

Delivery Sandboxed::State::serve(const http::Request& request, const std::string& path) {
  Delivery delivery;
  const std::int64_t jitter_ms = wire.number("jitter_ms");
  delivery.delay = milliseconds(wire.number("latency_ms"));
  if (jitter_ms > 0)
    delivery.delay.ms += static_cast<std::int64_t>(jitter.below(static_cast<std::uint64_t>(jitter_ms) + 1));

  const Fault* fault = faults.due(request.method, path);
  if (fault == nullptr) {
    delivery.response = ask_core(request);
    return delivery;
  }
  Served unserved;
  unserved.method = request.method;
  unserved.path_template = guess_template(path);
  delivery.delay.ms += fault->delay_ms;
  switch (fault->kind) {
    case FaultKind::status:
    case FaultKind::throttle:
    case FaultKind::html:
      delivery.response = scripted_answer(*fault);
      unserved.status = delivery.response.status;
      statistics.count(unserved);
      break;
    case FaultKind::drop_before:
      delivery.drop = true;
      statistics.count(unserved);
      break;
    case FaultKind::drop_after:
      delivery.response = ask_core(request);
      delivery.drop = true;
      break;
    case FaultKind::duplicate:
      ask_core(request);
      delivery.response = ask_core(request);
      break;
    case FaultKind::delay:
      delivery.response = ask_core(request);
      break;
    case FaultKind::truncate:
      delivery.response = ask_core(request);
      delivery.truncate_to = fault->keep_bytes;
      break;
  }
  return delivery;
}

// What there is to ask and to order, the system's own verbs last.
Json Sandboxed::State::contents() const {
  Json entries = Json::array();
  const auto add = [&entries](const std::string& how, const std::string& body, const std::string& description) {
    entries.push_back(Json{{"request", how}, {"body", body}, {"does", description}});
  };
  for (const ControlVerb& verb : common_verbs()) add(verb.name, verb.body, verb.description);
  for (const ControlVerb& verb : core->verbs()) add("POST " + verb.name, verb.body, verb.description);
  return Json{{"system", core->name()}, {"control", std::move(entries)}};
}

http::Response Sandboxed::State::no_such_verb(const std::string& verb, const std::string& method) const {
  std::vector<std::string> names;
  for (const ControlVerb& known : common_verbs()) names.push_back(known.name.substr(known.name.find(' ') + 1));
  for (const ControlVerb& known : core->verbs()) names.push_back(known.name);
  const std::string near = text::nearest(verb, names);
  return refusal(404, "There is no control verb \"" + verb + "\" for " + method + "." +
                          (near.empty() || near == verb ? "" : " Did you mean " + near + "?") +
                          " GET /_sandbox/ lists what there is.");
}

http::Response Sandboxed::State::control(const http::Request& request, const std::string& verb) {
  const bool get = request.method == "GET";
  const bool post = request.method == "POST";
  if (!get && !post) return refusal(405, "The control API takes GET and POST.");
  if (verb.empty() && get) return json_answer(200, contents());
  if (verb == "stats" && get) return json_answer(200, statistics.report());
  if (verb == "stats/reset" && post) {
    statistics.clear();
    return empty_answer(204);
  }
  if (verb == "faults") return control_faults(request);
  if (verb == "settings") return control_settings(request);
  if (verb == "clock") return control_clock(request);
  if (verb == "records" && get) return json_answer(200, core->records(clock));
  if (verb == "reset" && post) {
    core->reset();
    return empty_answer(204);
  }
  const std::optional<http::Response> own = core->control(verb, request, clock, random);
  return own ? *own : no_such_verb(verb, request.method);
}

http::Response Sandboxed::State::control_faults(const http::Request& request) {
  if (request.method == "POST") {
    const std::optional<Json> list = read_json(request.body);
    const std::string wrong = list ? faults.replace(*list) : "The body is not JSON.";
    if (!wrong.empty()) return refusal(400, wrong);
  }
  return json_answer(200, faults.list());
}

std::vector<Setting> Sandboxed::State::all_settings() const {
  std::vector<Setting> settings = wire.list();
  for (Setting& setting : core->settings()) settings.push_back(std::move(setting));
  return settings;
}

std::string Sandboxed::State::set_one(const std::string& name, const Json& value) {
  for (const Setting& setting : wire.list()) {
    if (setting.name == name) return wire.set(name, value);
  }
  return core->set(name, value);
}

// All or nothing: a wrong value takes back the ones before it.
std::string Sandboxed::State::apply_settings(const Json& changes) {
  if (!changes.is_object()) return "Settings are an object: {\"latency_ms\":25}.";
  std::map<std::string, Json> before;
  for (const Setting& setting : all_settings()) before[setting.name] = setting.value;
  std::vector<std::string> changed;
  for (const auto& item : changes.items()) {
    const std::string wrong = set_one(item.key(), item.value());
    if (!wrong.empty()) {
      for (const std::string& name : changed) set_one(name, before[name]);
      return wrong;
    }
    changed.push_back(item.key());
  }
  return "";
}

// GET and POST answer {"latency_ms":0,…}; "?describe" gives the list with descriptions.
http::Response Sandboxed::State::control_settings(const http::Request& request) {
  if (request.method == "POST") {
    const std::optional<Json> changes = read_json(request.body);
    const std::string wrong = changes ? apply_settings(*changes) : "The body is not JSON.";
    if (!wrong.empty()) return refusal(400, wrong);
  }
  Json values = Json::object();
  Json described = Json::array();
  for (const Setting& setting : all_settings()) {
    values[setting.name] = setting.value;
    described.push_back(Json{{"name", setting.name}, {"description", setting.description}, {"value", setting.value}});
  }
  const bool describe = target_of(request.url).value("describe").has_value();
  return json_answer(200, describe ? described : values);
}

Json Sandboxed::State::clock_report() {
  return Json{{"now", to_string(clock.now())}, {"offset_ms", clock.offset().ms}};
}

http::Response Sandboxed::State::control_clock(const http::Request& request) {
  if (request.method == "GET") return json_answer(200, clock_report());
  const std::optional<Json> body = read_json(request.body);
  std::optional<Duration> step;
  if (body && body->is_object()) {
    const Json advance = body->value("advance", Json());
    const Json advance_ms = body->value("advance_ms", Json());
    const Json set = body->value("set", Json());
    if (advance.is_string()) step = parse_duration(advance.get<std::string>());
    if (advance_ms.is_number_integer()) step = milliseconds(advance_ms.get<std::int64_t>());
    if (set.is_string()) {
      const std::optional<Instant> target = parse_instant(set.get<std::string>());
      if (target) step = *target - clock.now();
    }
  }
  if (!step) {
    return refusal(400, "Say {\"advance\":\"2h\"}, {\"advance_ms\":500} or {\"set\":\"2030-01-31T00:00:00Z\"}.");
  }
  if (step->ms < 0) return refusal(400, "The clock of a sandbox only moves forward.");
  clock.advance(*step);
  return json_answer(200, clock_report());
}

Sandboxed::Sandboxed(std::unique_ptr<Emulator> core, SandboxClock& clock, std::uint64_t seed)
    : state_(std::make_unique<State>(std::move(core), clock, seed)) {}

Sandboxed::~Sandboxed() = default;

Emulator& Sandboxed::core() { return *state_->core; }

Delivery Sandboxed::handle(const http::Request& request) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  try {
    const std::string path = target_of(request.url).path;
    if (!text::starts_with(path, kControlPrefix)) return state_->serve(request, path);
    Delivery delivery;
    delivery.response = state_->control(request, path.substr(kControlPrefix.size()));
    return delivery;
  } catch (const std::exception& e) {
    // A core promises not to throw; if it does, the test that sees this answer must fail loudly, not hang.
    Delivery delivery;
    delivery.response = refusal(500, std::string("The sandbox failed: ") + e.what());
    return delivery;
  }
}

}  // namespace cosell::emulator
