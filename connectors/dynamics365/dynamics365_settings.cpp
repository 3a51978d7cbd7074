// Reads and checks the settings of the Dynamics 365 side. Every refusal says where, what was expected and, for a
// misspelt name, what was probably meant.
#include "connectors/dynamics365/dynamics365_settings.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_odata.h"
#include "net/http.h"

namespace cosell {
namespace {

Error wrong(json::Position at, const std::string& message) {
  const std::string place = at.line == 0 ? "" : std::to_string(at.line) + ":" + std::to_string(at.column) + ": ";
  return make_error(ErrorClass::config, place + message);
}

Error wrong_value(const json::Member& m, const std::string& expected) {
  return wrong(m.value.at(), "\"" + m.key + "\" must be " + expected);
}

std::optional<Error> read_instance(const json::Member& m, Dynamics365Settings& out) {
  const std::string expected = "the https address of the environment, like https://contoso.crm.dynamics.com";
  const auto url = http::parse_url(m.value.text());
  if (!m.value.is_string() || !url || url->host.empty()) return wrong_value(m, expected);
  // Plain http is for a sandbox on the same machine only: a token must not cross a network in clear.
  if (url->scheme != "https" && !http::is_loopback(url->host)) return wrong_value(m, expected);
  if (url->path != "/" || !url->query.empty()) return wrong_value(m, expected + ", without a path");
  out.instance = url->origin();
  return std::nullopt;
}

std::optional<Error> read_api_version(const json::Member& m, Dynamics365Settings& out) {
  const std::string written = text::starts_with(m.value.text(), "v") ? m.value.text() : "v" + m.value.text();
  if (!m.value.is_string() || (written != "v9.0" && written != "v9.1" && written != "v9.2")) {
    return wrong_value(m, "\"v9.0\", \"v9.1\" or \"v9.2\"");
  }
  out.api_version = written;
  return std::nullopt;
}

std::optional<Error> read_number(const json::Member& m, int least, int most, int& out) {
  const auto n = m.value.as_integer();
  if (!n || *n < least || *n > most) {
    return wrong_value(m, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  out = static_cast<int>(*n);
  return std::nullopt;
}

std::optional<Error> read_column(const json::Member& m, const std::string& example, std::string& out) {
  if (!m.value.is_string() || !dynamics365::is_column_name(m.value.text())) {
    return wrong_value(m, "the logical name of a column of opportunity, like \"" + example + "\"");
  }
  out = m.value.text();
  return std::nullopt;
}

std::optional<Error> read_processes(const json::Member& m, Dynamics365Settings& out) {
  const auto& named = m.value.items();
  const bool sound = m.value.is_array() && !named.empty() && std::all_of(named.begin(), named.end(), [](const auto& v) {
                       return v.is_string() && dynamics365::is_column_name(v.text());
                     });
  if (!sound) {
    return wrong_value(m, "a list of the tables of business processes, like [\"opportunitysalesprocess\"]");
  }
  out.processes.clear();
  for (const json::Value& v : named) {
    if (std::find(out.processes.begin(), out.processes.end(), v.text()) == out.processes.end()) {
      out.processes.push_back(v.text());
      out.process_places[v.text()] = std::to_string(v.at().line) + ":" + std::to_string(v.at().column);
    }
  }
  return std::nullopt;
}

std::optional<Error> read_app_id(const json::Member& m, Dynamics365Settings& out) {
  out.app_id = normal_guid(m.value.text());
  if (!m.value.is_string() || out.app_id.empty()) return wrong_value(m, "the id (GUID) of a model-driven app");
  return std::nullopt;
}

template <class Enum>
std::optional<Error> read_word(const json::Member& m, const char* usual, Enum usual_value, const char* other,
                               Enum other_value, Enum& out) {
  if (m.value.is_string() && m.value.text() == usual) {
    out = usual_value;
  } else if (m.value.is_string() && m.value.text() == other) {
    out = other_value;
  } else {
    return wrong_value(m, std::string("\"") + usual + "\" or \"" + other + "\"");
  }
  return std::nullopt;
}

const std::vector<std::string> kKeys = {"instance",           "api_version",    "page_size",           "batch_start",
                                        "batch_max",          "stage_column",   "processes",           "key_column",
                                        "calculated_revenue", "closed_records", "duplicate_detection", "app_id"};

std::optional<Error> read_member(const json::Member& m, Dynamics365Settings& out) {
  if (m.key == "instance") return read_instance(m, out);
  if (m.key == "api_version") return read_api_version(m, out);
  if (m.key == "page_size") return read_number(m, 1, 5000, out.page_size);
  if (m.key == "batch_start") return read_number(m, 1, 1000, out.batch_start);
  if (m.key == "batch_max") return read_number(m, 1, 1000, out.batch_max);
  if (m.key == "stage_column") return read_column(m, "salesstage", out.stage_column);
  if (m.key == "processes") return read_processes(m, out);
  if (m.key == "key_column") return read_column(m, "cosell_referralid", out.key_column);
  if (m.key == "app_id") return read_app_id(m, out);
  if (m.key == "calculated_revenue") {
    return read_word(m, "refuse", CalculatedRevenue::refuse, "take_over", CalculatedRevenue::take_over,
                     out.calculated_revenue);
  }
  if (m.key == "closed_records") {
    return read_word(m, "as_is", ClosedRecords::as_is, "reopen", ClosedRecords::reopen, out.closed_records);
  }
  if (m.key == "duplicate_detection") {
    if (!m.value.is_bool()) return wrong_value(m, "true or false");
    out.duplicate_detection = m.value.as_bool();
    return std::nullopt;
  }
  const std::string near = text::nearest(m.key, kKeys);
  return wrong(m.at, "unknown setting \"" + m.key + "\" for Dynamics 365; " +
                         (near.empty() ? "known are " + text::join(kKeys, ", ") : "did you mean \"" + near + "\"?"));
}

}  // namespace

Result<Dynamics365Settings> read_dynamics365_settings(const json::Value& object,
                                                      const std::vector<std::string>& keys_of_others) {
  if (!object.is_object()) return wrong(object.at(), "the settings for Dynamics 365 must be an object { … }");
  Dynamics365Settings settings;
  for (const json::Member& m : object.members()) {
    if (std::find(keys_of_others.begin(), keys_of_others.end(), m.key) != keys_of_others.end()) continue;
    if (auto error = read_member(m, settings)) return *std::move(error);
  }
  if (settings.instance.empty()) {
    return wrong(object.at(),
                 "\"instance\" is missing: the address of the environment, like https://contoso.crm.dynamics.com");
  }
  settings.batch_start = std::min(settings.batch_start, settings.batch_max);
  return settings;
}

}  // namespace cosell
