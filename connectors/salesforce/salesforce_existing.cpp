// Finds the records that refused creates have met, by the id that the refusal names or by the key.
#include "connectors/salesforce/salesforce_existing.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "connectors/salesforce/salesforce_ids.h"

namespace cosell::salesforce {
namespace {

constexpr const char* kDuplicateValue = "DUPLICATE_VALUE";
constexpr std::string_view kUntold = "<unknown>";

// "duplicate value found: X__c duplicates value on record with id: 006…"; empty where the id is not told.
RecordId id_in(const std::string& words) {
  constexpr std::string_view kBefore = "record with id: ";
  const std::size_t at = words.find(kBefore);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + kBefore.size();
  const std::size_t end = words.find_first_of(" ,;:.\"]", begin);
  std::string id = normal_salesforce_id(words.substr(begin, end == std::string::npos ? end : end - begin));
  return is_salesforce_id(id) ? RecordId(std::move(id)) : RecordId();
}

const Error* refusal_by_key(const Operation& op, const std::optional<Outcome>& outcome) {
  if (op.verb != Verb::create || op.kind != RecordKind::opportunity || !outcome) return nullptr;
  const Error* e = std::get_if<Error>(&outcome->what);
  return e != nullptr && e->kind == ErrorClass::precondition && e->rule == kDuplicateValue ? e : nullptr;
}

Error out_of_sight(Error refusal) {
  refusal.kind = ErrorClass::rejected;
  const bool told = refusal.detail.find(kUntold) == std::string::npos;
  refusal.message = (told ? std::string("Another opportunity in Salesforce carries the same referral")
                          : "Another opportunity in Salesforce carries the same referral or another value that must "
                            "be unique (" +
                                refusal.detail + ")") +
                    ", and the bridge's user may not see it. Give the user read access to all opportunities.";
  return refusal;
}

Applied link_to(const Observation& there, const Operation& op) {
  Applied applied;
  applied.id = there.id;
  for (const auto& [name, value] : op.changes) {
    const bool hidden = std::find(there.hidden.begin(), there.hidden.end(), name) != there.hidden.end();
    const auto shown = there.columns.find(name);
    if (!hidden && shown != there.columns.end()) applied.shown[name] = shown->second;
  }
  return applied;
}

}  // namespace

bool is_about_key(const ServerError& refusal, const std::string& key_column) {
  if (refusal.code != kDuplicateValue) return false;
  const auto is_key = [&](const std::string& f) { return text::equals_ignore_case(f, key_column); };
  return std::any_of(refusal.fields.begin(), refusal.fields.end(), is_key) ||
         refusal.message.find(key_column) != std::string::npos || refusal.message.find(kUntold) != std::string::npos;
}

void settle_existing(Call& call, SalesforceReads& reads, std::span<const Operation> operations,
                     std::vector<std::optional<Outcome>>& outcomes) {
  std::vector<std::size_t> met;
  std::vector<RecordRef> refs;
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Error* refusal = refusal_by_key(operations[i], outcomes[i]);
    if (refusal == nullptr) continue;
    met.push_back(i);
    RecordRef& ref = refs.emplace_back();
    ref.id = id_in(refusal->detail);
    if (ref.id.empty()) ref.key = operations[i].target.key;
    for (const auto& [name, value] : operations[i].changes) {
      if (std::find(columns.begin(), columns.end(), name) == columns.end()) columns.push_back(name);
    }
  }
  if (met.empty()) return;
  const auto found = reads.fetch(call, refs, columns);
  for (std::size_t n = 0; n < met.size(); ++n) {
    const Operation& op = operations[met[n]];
    Outcome& outcome = *outcomes[met[n]];
    if (!found) {
      // The create was refused; only the look at what is there failed.
      Error e = found.error();
      if (e.kind == ErrorClass::unknown || e.kind == ErrorClass::bad_response) e.kind = ErrorClass::transient;
      outcome.what = std::move(e);
      continue;
    }
    const auto is_meant = [&](const Observation& o) {
      return o.id == refs[n].id || text::equals_ignore_case(o.key.value, op.target.key.value);
    };
    const auto there = std::find_if(found->begin(), found->end(), is_meant);
    if (there == found->end()) {
      outcome.what = out_of_sight(std::get<Error>(outcome.what));
    } else if (there->existence == Existence::live && text::equals_ignore_case(there->key.value, op.target.key.value)) {
      outcome.what = link_to(*there, op);
    }  // else it was deleted or lost the key since: the create is planned again
  }
}

}  // namespace cosell::salesforce
