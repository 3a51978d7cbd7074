// Reads back in one request what the columns made of numbers.
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

// How many decimals the organisation's own columns hold is for it to say.
bool may_be_rounded(std::string_view column, const Value& value) {
  const std::size_t held = text::equals_ignore_case(column, "Amount") ? kDecimalsOfAmount : 0;
  return decimals_of(value) > held;
}

}  // namespace

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
      if (kept && rounds_to(value, *kept)) applied.shown[column] = *kept;
    }
  }
}

}  // namespace cosell::salesforce
