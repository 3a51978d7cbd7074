// Reads the Partner Center settings of a configuration file: every key is known, every value is checked where it
// stands, and a slip of the pen is answered with the nearest valid name.
#include "connectors/partner_center/partner_center_settings.h"

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "net/http.h"

namespace cosell {
namespace {

Error error_at(json::Position at, const std::string& message) {
  return make_error(ErrorClass::config, std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + message);
}

// Each reader returns what was expected instead, or "" when the value was taken.
using Expected = std::string;
using Reader = std::function<Expected(const json::Value&)>;

Reader flag(bool& target) {
  return [&target](const json::Value& v) -> Expected {
    if (!v.is_bool()) return "true or false";
    target = v.as_bool();
    return "";
  };
}

Reader figure(int& target, int least, int most) {
  return [&target, least, most](const json::Value& v) -> Expected {
    const std::optional<std::int64_t> n = v.as_integer();
    if (!n || *n < least || *n > most) {
      return "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
    }
    target = static_cast<int>(*n);
    return "";
  };
}

Reader duration(Duration& target) {
  return [&target](const json::Value& v) -> Expected {
    const std::optional<Duration> d = v.is_string() ? parse_duration(v.text()) : std::nullopt;
    if (!d) return "a duration such as \"2m\" or \"90s\"";
    target = *d;
    return "";
  };
}

template <class Word>
Reader one_of(Word& target, const std::vector<std::pair<std::string, Word>>& words) {
  return [&target, words](const json::Value& v) -> Expected {
    std::vector<std::string> names;
    for (const auto& [name, word] : words) {
      if (v.is_string() && v.text() == name) {
        target = word;
        return "";
      }
      names.push_back("\"" + name + "\"");
    }
    return text::join(names, " or ");
  };
}

Reader stage_form(PartnerCenterSettings::StageForm& target) {
  using Form = PartnerCenterSettings::StageForm;
  return one_of<Form>(target, {{"percent", Form::percent}, {"name", Form::name}});
}

Reader changes_filter(PartnerCenterSettings::ChangesFilter& target) {
  using Filter = PartnerCenterSettings::ChangesFilter;
  return one_of<Filter>(target, {{"none", Filter::none}, {"bare", Filter::bare}, {"quoted", Filter::quoted}});
}

Reader origin(std::string& target) {
  return [&target](const json::Value& v) -> Expected {
    const std::optional<http::Url> url = v.is_string() ? http::parse_url(v.text()) : std::nullopt;
    if (!url || url->host.empty() || url->path != "/" || !url->query.empty()) {
      return "an address such as \"https://api.partner.microsoft.com\"";
    }
    if (url->scheme != "https" && !http::is_loopback(url->host)) return "https (plain http only to this machine)";
    target = url->origin();
    return "";
  };
}

Reader organization(std::string& target) {
  return [&target](const json::Value& v) -> Expected {
    if (!v.is_string() || text::trim(v.text()).empty()) return "the organisation id as text";
    target = text::lower_ascii(text::trim(v.text()));
    return "";
  };
}

Reader link(std::string& target) {
  return [&target](const json::Value& v) -> Expected {
    if (!v.is_string() || v.text().find("{id}") == std::string::npos) return "an address that contains {id}";
    target = v.text();
    return "";
  };
}

std::map<std::string, Reader> readers_for(PartnerCenterSettings& s) {
  return {{"base_url", origin(s.base_url)},
          {"organization_id", organization(s.organization_id)},
          {"link_template", link(s.link_template)},
          {"page_size", figure(s.page_size, 1, 1000)},
          {"read_overlap", duration(s.read_overlap)},
          {"create_search_pages", figure(s.create_search_pages, 1, 100'000)},
          {"stage_form", stage_form(s.stage_form)},
          {"stage_at_create", flag(s.stage_at_create)},
          {"patch_name", flag(s.patch_name)},
          {"patch_marketplace_intent", flag(s.patch_marketplace_intent)},
          {"money_as_text", flag(s.money_as_text)},
          {"quoted_engagement_filter", flag(s.quoted_engagement_filter)},
          {"changes_filter", changes_filter(s.changes_filter)}};
}

}  // namespace

Result<PartnerCenterSettings> read_partner_center_settings(const json::Value& object) {
  if (!object.is_object()) return error_at(object.at(), "expected an object with the Partner Center settings");
  PartnerCenterSettings settings;
  const std::map<std::string, Reader> readers = readers_for(settings);
  std::vector<std::string> names;
  names.reserve(readers.size());
  for (const auto& entry : readers) names.push_back(entry.first);
  for (const json::Member& member : object.members()) {
    const auto reader = readers.find(member.key);
    if (reader == readers.end()) {
      const std::string near = text::nearest(member.key, names);
      const std::string hint = near.empty() ? "valid are " + text::join(names, ", ") : "did you mean \"" + near + "\"?";
      return error_at(member.at, "unknown Partner Center setting \"" + member.key + "\"; " + hint);
    }
    const Expected expected = reader->second(member.value);
    if (!expected.empty()) return error_at(member.value.at(), "\"" + member.key + "\": expected " + expected);
  }
  return settings;
}

}  // namespace cosell
