// Value checks of the emulated service. See checks.h.
#include "connectors/partner_center/emulator/checks.h"

#include <algorithm>

#include "base/text.h"

namespace cosell::emulator::partner_center {

namespace {

constexpr std::size_t kListMax = 50;

std::string joined(const Words& words) {
  std::string result;
  for (const std::string_view word : words) {
    if (!result.empty()) result += ", ";
    result += word;
  }
  return result;
}

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : ""; }

bool holds(const Json& list, const std::string& word) {
  return std::any_of(list.begin(), list.end(), [&word](const Json& entry) { return entry == word; });
}

// "50" -> 50; -1 when the text is no whole percentage.
int percentage(const std::string& text) {
  if (text.empty() || text.size() > 3) return -1;
  if (text.find_first_not_of("0123456789") != std::string::npos) return -1;
  const int number = std::stoi(text);
  return number <= 100 ? number : -1;
}

}  // namespace

Problem refused_by_rule(const Call& call, Problem problem) {
  problem.status = static_cast<int>(call.settings.number("refusal_status"));
  return problem;
}

bool is_blank(const Json& value) {
  if (value.is_null()) return true;
  if (value.is_string()) return text::trim(value.get<std::string>()).empty();
  return value.is_structured() && value.empty();
}

Check check_word(const Json& value, const Words& words, const std::string& target) {
  if (is_blank(value) || is_one_of(words, text_of(value))) return std::nullopt;
  return invalid(target, "\"" + text_of(value) + "\" is not a known value. Known are " + joined(words) + ".",
                 "unknownValue");
}

Check check_deal_value(const Json& value, const std::string& target) {
  if (!value.is_number()) return invalid(target, "The deal value must be a number.", "invalidType");
  if (value.get<double>() < 0) return invalid(target, "The deal value must not be negative.", "outOfRange");
  return std::nullopt;
}

Check check_currency(const Json& value, const std::string& target) {
  if (is_currency(text_of(value))) return std::nullopt;
  return invalid(target, "\"" + text_of(value) + "\" is not a currency code (ISO 4217).", "unknownValue");
}

Check check_close_date(const Call& call, const Json& value, const std::string& target) {
  const std::optional<Instant> date = parse_instant(text_of(value));
  if (!date) return invalid(target, "The close date must be a date and time with an offset.", "invalidType");
  if (!call.settings.on("past_close_date_allowed") && date_of(*date) < date_of(call.now)) {
    return invalid(target, "The close date lies in the past.", "outOfRange");
  }
  return std::nullopt;
}

Check check_country(const Json& value, const std::string& target) {
  if (is_country(text_of(value))) return std::nullopt;
  return invalid(target, "\"" + text_of(value) + "\" is not a two-letter country code.", "unknownValue");
}

Check check_member(const Json& member, const std::string& target) {
  for (const char* field : {"/firstName", "/lastName", "/phoneNumber", "/email"}) {
    if (is_blank(value_at(member, field))) {
      return invalid(target + field, "A person needs first name, last name, phone number and e-mail address.",
                     "missingValue");
    }
  }
  const std::string email = text_at(member, "/email");
  const std::size_t at = email.find('@');
  if (at == std::string::npos || at == 0 || at + 1 == email.size()) {
    return invalid(target + "/email", "\"" + email + "\" is not an e-mail address.", "invalidFormat");
  }
  return std::nullopt;
}

Check check_members(const Json& members, const std::string& target) {
  if (members.size() > kListMax) return invalid(target, "At most 50 people are allowed.", "outOfRange");
  for (std::size_t i = 0; i < members.size(); ++i) {
    Check check = check_member(members[i], target + "/" + std::to_string(i));
    if (check) return check;
  }
  return std::nullopt;
}

Check check_solution(const Call& call, const Json& solution, const std::string& target) {
  const std::string id = text_at(solution, "/id");
  if (text::trim(id).empty()) return invalid(target + "/id", "Solution ID is required.", "missingValue");
  Check type = check_word(value_at(solution, "/type"), kSolutionTypes, target + "/type");
  if (type) return type;
  const Json& catalogue = call.settings.value("known_solutions");
  if (!catalogue.empty() && text_at(solution, "/type") != "Category" && !holds(catalogue, id)) {
    return invalid(target + "/id", "The solution \"" + id + "\" is not in the catalogue.", "unknownValue");
  }
  return std::nullopt;
}

Check check_solutions(const Call& call, const Json& solutions, const std::string& target) {
  if (solutions.size() > kListMax) return invalid(target, "At most 50 solutions are allowed.", "outOfRange");
  for (std::size_t i = 0; i < solutions.size(); ++i) {
    Check check = check_solution(call, solutions[i], target + "/" + std::to_string(i));
    if (check) return check;
  }
  return std::nullopt;
}

Outcome<Json> accepted_stage(const Call& call, const Json& value, const std::string& target) {
  const auto refuse = [&target](const std::string& message) {
    return tl::make_unexpected(invalid(target, message, "unknownValue"));
  };
  if (is_blank(value)) {
    if (!call.settings.on("stage_clearable")) return refuse("The sales stage cannot be emptied.");
    return Json();
  }
  const std::string stage = text_of(value);
  const std::string form = call.settings.text("stage_values");
  if (is_one_of(kStageNames, stage)) {
    if (form == "percent") return refuse("The sales stage must be a percentage.");
    return value;
  }
  const int number = percentage(stage);
  if (number < 0 || form == "names") return refuse("\"" + stage + "\" is not a sales stage.");
  if (is_one_of(kStagePercents, stage)) return value;
  const std::string rounding = call.settings.text("stage_rounding");
  if (rounding == "keep") return value;
  if (rounding == "refuse") return refuse("\"" + stage + "\" is none of the percentages 10, 20, 40, 60, 80 and 100.");
  std::string lower = "10";
  for (const std::string_view standard : kStagePercents) {
    if (std::stoi(std::string(standard)) <= number) lower = standard;
  }
  return Json(lower);
}

}  // namespace cosell::emulator::partner_center
