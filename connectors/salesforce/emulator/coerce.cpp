// From a JSON value to the value that a field stores, or to Salesforce's words why not.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "connectors/salesforce/emulator/records.h"

namespace cosell::emulator::salesforce {

namespace {

const char* token_name(const Json& json) {
  if (json.is_boolean()) return json.get<bool>() ? "VALUE_TRUE" : "VALUE_FALSE";
  if (json.is_number_integer()) return "VALUE_NUMBER_INT";
  if (json.is_number()) return "VALUE_NUMBER_FLOAT";
  if (json.is_array()) return "START_ARRAY";
  if (json.is_object()) return "START_OBJECT";
  return "VALUE_STRING";
}

tl::unexpected<ApiErrors> wrong_type(const Field& field, const Json& json) {
  std::string shown = json.is_string() ? json.get<std::string>() : json.dump();
  return fail("JSON_PARSER_ERROR", "Cannot deserialize instance of " + std::string(name_of(field.type)) + " from " +
                                       token_name(json) + " value " + shown +
                                       " or request may be missing a required field at [line:1, column:1]");
}

std::string quoted_start(const std::string& value) {
  constexpr std::size_t kShown = 255;
  return value.size() <= kShown ? value : value.substr(0, kShown);
}

bool looks_like_email(const std::string& s) {
  const std::size_t at = s.find('@');
  if (at == std::string::npos || at == 0 || s.find('@', at + 1) != std::string::npos) return false;
  const std::size_t dot = s.find('.', at);
  return dot != std::string::npos && dot > at + 1 && dot + 1 < s.size() && s.find(' ') == std::string::npos;
}

Outcome<Value> coerce_text(const State& state, const Field& field, const Json& json, bool set_up) {
  if (!json.is_string()) return wrong_type(field, json);
  std::string s = text::trim(json.get<std::string>());
  if (s.empty()) return Value{};
  if (field.length > 0 && count_characters(s) > static_cast<std::size_t>(field.length)) {
    return fail("STRING_TOO_LONG",
                field.label + ": data value too large: " + quoted_start(s) +
                    " (max length=" + std::to_string(field.length) + ")",
                {field.name});
  }
  if (field.type == Type::email && !looks_like_email(s)) {
    return fail("INVALID_EMAIL_ADDRESS", field.label + ": invalid email address: " + s, {field.name});
  }
  if (field.type != Type::picklist) return Value{std::move(s)};
  for (const PickValue& pick : field.picks) {
    // The stored value takes the case of the picklist.
    if (compare_text(pick.value, s) == 0) return Value{pick.value};
  }
  const bool closed = field.currency_code || (field.restricted && state.settings.restricted_picklists && !set_up);
  if (closed) {
    return fail("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                field.label + ": bad value for restricted picklist field: " + s, {field.name});
  }
  return Value{std::move(s)};
}

Outcome<Value> coerce_number(const Field& field, const Json& json) {
  std::optional<double> number;
  if (json.is_number()) number = json.get<double>();
  if (json.is_string()) {
    const std::string s = text::trim(json.get<std::string>());
    if (s.empty()) return Value{};
    number = parse_number(s);
  }
  if (!number) return wrong_type(field, json);
  const int digits = field.type == Type::integer ? 9 : field.precision - field.scale;
  const double rounded = round_to(*number, field.scale);
  if (std::fabs(rounded) >= std::pow(10.0, digits)) {
    return fail("NUMBER_OUTSIDE_VALID_RANGE",
                field.label + ": value outside of valid range on numeric field: " + json.dump(), {field.name});
  }
  return Value{rounded};
}

Outcome<Value> coerce_boolean(const Field& field, const Json& json) {
  if (json.is_boolean()) return Value{json.get<bool>()};
  if (json.is_string()) {
    const std::string s = text::lower_ascii(json.get<std::string>());
    if (s == "true") return Value{true};
    if (s == "false") return Value{false};
  }
  return wrong_type(field, json);
}

Outcome<Value> coerce_date(const Field& field, const Json& json) {
  if (!json.is_string()) return wrong_type(field, json);
  const std::string s = text::trim(json.get<std::string>());
  if (s.empty()) return Value{};
  if (const auto date = parse_date(s)) return Value{*date};
  return wrong_type(field, json);  // a moment too, as several clients report
}

Outcome<Value> coerce_datetime(const Field& field, const Json& json) {
  if (!json.is_string()) return wrong_type(field, json);
  const std::string s = text::trim(json.get<std::string>());
  if (s.empty()) return Value{};
  if (const auto time = parse_instant(s)) return Value{whole_seconds(*time)};
  if (const auto date = parse_date(s)) return Value{start_of(*date)};
  return wrong_type(field, json);
}

Outcome<Value> coerce_reference(const State& state, const Field& field, const Json& json) {
  if (!json.is_string()) return wrong_type(field, json);
  const std::string s = text::trim(json.get<std::string>());
  if (s.empty()) return Value{};
  const auto id = parse_id(s);
  const Object* target = field.reference_to.empty() ? nullptr : state.model.schema().find(field.reference_to);
  if (!id || (target != nullptr && id->compare(0, 3, target->prefix) != 0)) {
    return fail("MALFORMED_ID", field.label + ": id value of incorrect type: " + s, {field.name});
  }
  const RowPtr row = target == nullptr ? nullptr : state.model.find(*id);
  if (row == nullptr || row->deleted) return fail("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
  if (field.name == "OwnerId" && row->cell(target->at("IsActive")) != Value{true}) {
    return fail("INACTIVE_OWNER_OR_USER", "operation performed with inactive user [" + to_18(*id) + "] as owner",
                {field.name});
  }
  return Value{*id};
}

}  // namespace

Outcome<Value> coerce(const State& state, const Object&, const Field& field, const Json& json, bool set_up) {
  if (json.is_null()) return field.type == Type::boolean ? Value{false} : Value{};
  if (field.is_text()) return coerce_text(state, field, json, set_up);
  if (field.is_number()) return coerce_number(field, json);
  switch (field.type) {
    case Type::boolean:
      return coerce_boolean(field, json);
    case Type::date:
      return coerce_date(field, json);
    case Type::datetime:
      return coerce_datetime(field, json);
    default:
      return coerce_reference(state, field, json);
  }
}

}  // namespace cosell::emulator::salesforce
