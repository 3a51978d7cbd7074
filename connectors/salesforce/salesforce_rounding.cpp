// Which way half a unit goes is not asked: both neighbours are what the column may have made of the number.
#include "connectors/salesforce/salesforce_rounding.h"

#include <algorithm>
#include <set>
#include <string>

#include "base/text.h"
#include "connectors/salesforce/salesforce_ids.h"
#include "connectors/salesforce/salesforce_reads.h"

namespace cosell::salesforce {
namespace {

constexpr std::size_t kReadMost = 2000;  // ids in one read
constexpr std::size_t kDecimalsOfAmount = 2;

std::size_t decimals_of(const std::string& number) {
  const std::size_t point = number.find('.');
  return point == std::string::npos ? 0 : number.size() - point - 1;
}

// The number in units of its last decimal that is kept, cut off behind it.
std::string cut(const std::string& number, std::size_t decimals) {
  std::string digits = number;
  const std::size_t point = std::min(digits.find('.'), digits.size());
  std::string fraction = point == digits.size() ? "" : digits.substr(point + 1);
  fraction.resize(decimals, '0');
  return digits.substr(0, point) + fraction;
}

std::string without_zeros(const std::string& digits) {
  const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size());
  return digits.substr(first);
}

std::string one_more(std::string digits) {
  for (std::size_t i = digits.size(); i > 0; --i) {
    if (digits[i - 1] != '9') {
      ++digits[i - 1];
      return digits;
    }
    digits[i - 1] = '0';
  }
  return "1" + digits;
}

std::optional<Number> number_of(const Value& value) {
  if (const auto* money = std::get_if<Money>(&value)) return amount_of(*money);
  const auto* number = std::get_if<Number>(&value);
  return number == nullptr ? std::nullopt : std::optional<Number>(*number);
}

// How many decimals the organisation's own columns hold is for it to say.
bool may_be_rounded(std::string_view column, const Value& value) {
  const auto number = number_of(value);
  const std::size_t held = text::equals_ignore_case(column, "Amount") ? kDecimalsOfAmount : 0;
  return number && decimals_of(number->text) > held;
}

}  // namespace

bool is_rounded(const Number& sent, const Number& kept) {
  const auto sign_of = [](const Number& n) { return !n.text.empty() && n.text.front() == '-'; };
  const auto size_of = [&](const Number& n) { return sign_of(n) ? n.text.substr(1) : n.text; };
  const std::string all = size_of(sent);
  const std::string some = size_of(kept);
  const std::size_t decimals = decimals_of(some);
  if (decimals >= decimals_of(all)) return false;
  const std::string below = cut(all, decimals);
  const std::string there = without_zeros(cut(some, decimals));
  if (sign_of(sent) != sign_of(kept) && !there.empty()) return false;
  return there == without_zeros(below) || there == without_zeros(one_more(below));
}

void note_rounded(Call& call, SalesforceClient& client, std::span<const Operation> operations,
                  std::vector<std::optional<Outcome>>& outcomes) {
  std::vector<std::size_t> rounded;
  std::set<std::string> fields = {"Id"};
  json::Value ids = json::Value::array();
  for (std::size_t i = 0; i < operations.size() && rounded.size() < kReadMost; ++i) {
    const Applied* applied = outcomes[i] ? std::get_if<Applied>(&outcomes[i]->what) : nullptr;
    if (applied == nullptr || operations[i].kind != RecordKind::opportunity) continue;
    bool any = false;
    for (const auto& [column, value] : operations[i].changes) {
      if (!may_be_rounded(column, value)) continue;
      fields.insert(column);
      any = true;
    }
    if (!any) continue;
    rounded.push_back(i);
    ids.append(json::Value::string(applied->id.value));
  }
  if (rounded.empty()) return;
  const auto rows = read_by_id(call, client, "Opportunity", std::move(ids), fields);
  if (!rows) return;
  for (std::size_t n = 0; n < rounded.size(); ++n) {
    const json::Value& row = rows->items()[n];
    Applied& applied = std::get<Applied>(outcomes[rounded[n]]->what);
    if (normal_salesforce_id(row.text_of("Id")) != applied.id.value) continue;
    for (const auto& [column, value] : operations[rounded[n]].changes) {
      const json::Value* shown = may_be_rounded(column, value) ? row.find(column) : nullptr;
      const auto kept = shown != nullptr && shown->is_number() ? parse_number(shown->text()) : std::nullopt;
      if (kept && is_rounded(*number_of(value), *kept)) applied.shown[column] = *kept;
    }
  }
}

}  // namespace cosell::salesforce
