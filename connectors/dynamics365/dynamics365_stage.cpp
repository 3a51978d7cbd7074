// Three columns to one text and back.
#include "connectors/dynamics365/dynamics365_stage.h"

#include <charconv>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_odata.h"

namespace cosell::dynamics365 {
namespace {

constexpr std::string_view kNone = "none";

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t n = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return n;
}

}  // namespace

std::vector<std::string> StageColumn::properties() const {
  std::vector<std::string> names = {"statecode", "statuscode"};
  if (!is_status() && !is_process()) names.push_back(choice_);
  return names;
}

std::string StageColumn::text_of(const StageValue& value) const {
  if (value.is_open() && is_process()) {
    return choice_ + ":" + (value.process_stage.empty() ? std::string(kNone) : value.process_stage);
  }
  const std::string kind = value.is_open() ? choice_ : value.state == StageValue::State::won ? "won" : "lost";
  return kind + ":" + (value.option ? std::to_string(*value.option) : std::string(kNone));
}

std::optional<StageValue> StageColumn::parse(std::string_view text) const {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view kind = text.substr(0, colon);
  StageValue value;
  if (kind == choice_ && is_process()) {
    value.process_stage = normal_guid(text.substr(colon + 1));
    const bool known = !value.process_stage.empty() || text.substr(colon + 1) == kNone;
    return known ? std::optional<StageValue>(value) : std::nullopt;
  }
  value.option = whole_number(text.substr(colon + 1));
  if (kind == choice_) {
    const bool none = !is_status() && text.substr(colon + 1) == kNone;
    return value.option || none ? std::optional<StageValue>(value) : std::nullopt;
  }
  if (kind != "won" && kind != "lost") return std::nullopt;
  value.state = kind == "won" ? StageValue::State::won : StageValue::State::lost;
  return value.option ? std::optional<StageValue>(value) : std::nullopt;
}

std::optional<StageValue> StageColumn::read(const json::Value& row) const {
  const json::Value* state = row.find("statecode");
  const json::Value* reason = row.find("statuscode");
  const json::Value* choice = is_process() ? reason : row.find(choice_);
  if (state == nullptr || reason == nullptr || choice == nullptr) return std::nullopt;
  const auto number = state->as_integer();
  if (!number || *number < 0 || *number > 2) return std::nullopt;
  StageValue value;
  value.state = static_cast<StageValue::State>(*number);
  if (value.is_open() && is_process()) return value;
  const json::Value& shown = value.is_open() ? *choice : *reason;
  value.option = shown.as_integer();
  const bool may_be_empty = value.is_open() && !is_status() && shown.is_null();
  return value.option || may_be_empty ? std::optional<StageValue>(value) : std::nullopt;
}

}  // namespace cosell::dynamics365
