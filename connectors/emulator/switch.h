// One switch of an emulated organisation under /_sandbox/settings: a member of its settings with a name, a description
// and the values that it takes.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "base/text.h"
#include "connectors/emulator/emulator.h"

namespace cosell::emulator {

template <class Settings>
struct Switch {
  const char* name;
  const char* description;
  std::function<Json(const Settings&)> show;
  std::function<std::string(Settings&, const Json&)> change;  // answers a sentence when the value does not fit
};

template <class Settings>
Switch<Settings> number(const char* name, const char* description, std::int64_t Settings::*member, std::int64_t least,
                        std::int64_t most = 1'000'000'000) {
  return {name, description, [member](const Settings& s) { return Json(s.*member); },
          [member, least, most](Settings& s, const Json& v) -> std::string {
            const bool fits = v.is_number_integer() && v.get<std::int64_t>() >= least && v.get<std::int64_t>() <= most;
            if (!fits) return "expected a whole number from " + std::to_string(least) + " to " + std::to_string(most);
            s.*member = v.get<std::int64_t>();
            return "";
          }};
}

template <class Settings>
Switch<Settings> one_of_numbers(const char* name, const char* description, std::int64_t Settings::*member,
                                const std::vector<std::int64_t>& allowed) {
  return {name, description, [member](const Settings& s) { return Json(s.*member); },
          [member, allowed](Settings& s, const Json& v) -> std::string {
            const bool fits = v.is_number_integer() &&
                              std::find(allowed.begin(), allowed.end(), v.get<std::int64_t>()) != allowed.end();
            if (!fits) return "expected one of: " + Json(allowed).dump();
            s.*member = v.get<std::int64_t>();
            return "";
          }};
}

template <class Settings>
Switch<Settings> flag(const char* name, const char* description, bool Settings::*member) {
  return {name, description, [member](const Settings& s) { return Json(s.*member); },
          [member](Settings& s, const Json& v) -> std::string {
            if (!v.is_boolean()) return "expected true or false";
            s.*member = v.get<bool>();
            return "";
          }};
}

// Any text where none are listed.
template <class Settings>
Switch<Settings> word(const char* name, const char* description, std::string Settings::*member,
                      const std::vector<std::string>& allowed) {
  return {name, description, [member](const Settings& s) { return Json(s.*member); },
          [member, allowed](Settings& s, const Json& v) -> std::string {
            if (!v.is_string()) return "expected a text";
            const std::string value = v.get<std::string>();
            if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
              return "expected one of: " + text::join(allowed, ", ");
            }
            s.*member = value;
            return "";
          }};
}

inline bool is_list_of_texts(const Json& v) {
  return v.is_array() && std::all_of(v.begin(), v.end(), [](const Json& e) { return e.is_string(); });
}

template <class Settings>
Switch<Settings> words(const char* name, const char* description, std::vector<std::string> Settings::*member) {
  return {name, description, [member](const Settings& s) { return Json(s.*member); },
          [member](Settings& s, const Json& v) -> std::string {
            if (!is_list_of_texts(v)) return "expected a list of texts";
            s.*member = v.get<std::vector<std::string>>();
            return "";
          }};
}

template <class Settings>
Switch<Settings> currency_codes(const char* name, const char* description, std::vector<std::string> Settings::*member) {
  return {name, description, [member](const Settings& s) { return Json(s.*member); },
          [member](Settings& s, const Json& v) -> std::string {
            const bool fits = is_list_of_texts(v) && !v.empty() && std::all_of(v.begin(), v.end(), [](const Json& e) {
                                return e.get<std::string>().size() == 3;
                              });
            if (!fits) return "expected a list of three-letter currency codes";
            s.*member = v.get<std::vector<std::string>>();
            return "";
          }};
}

template <class Settings>
std::vector<Setting> shown(const std::vector<Switch<Settings>>& switches, const Settings& settings) {
  std::vector<Setting> list;
  for (const auto& s : switches) {
    Setting setting;
    setting.name = s.name;
    setting.description = s.description;
    setting.value = s.show(settings);
    list.push_back(std::move(setting));
  }
  return list;
}

// Answers "" or a sentence for people; then nothing has changed.
template <class Settings>
std::string change(const std::vector<Switch<Settings>>& switches, Settings& settings, const std::string& name,
                   const Json& value) {
  std::vector<std::string> names;
  for (const auto& s : switches) {
    names.emplace_back(s.name);
    if (s.name != name) continue;
    const std::string problem = s.change(settings, value);
    return problem.empty() ? "" : name + ": " + problem;
  }
  const std::string near = text::nearest(name, names);
  return "no setting " + name + (near.empty() ? "" : "; did you mean " + near + "?");
}

}  // namespace cosell::emulator
